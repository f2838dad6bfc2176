//! A run made by hand, with figures that hang together, for tests and for `examples/sample.rs`.
//!
//! Names are from the ranges kept for documentation: RFC 5737 addresses, RFC 2606 domains.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::collections::BTreeMap;

use secdiag_model::programme::{
    Drill, DrillFigures, DrillRates, FollowUp, ImprovementAction, Programme, Rate, Reassessment, Retraining,
    SystemDates, TrendPoint,
};
use secdiag_model::result::{
    AttestationResult, CheckCoverage, CoverageFile, FindingRecord, FindingStatus, FindingTexts, IntelList,
    ItemCheckResult, ItemResult, NeedResult, ResolvedFinding, RunInfo, RunResult, SCHEMA_VERSION, SystemInfo,
};
use secdiag_model::{
    Artefact, Bilingual, Binding, CheckState, EvidenceKind, ItemId, Locator, Note, NoteKind, Outcome, Proof,
    Recognition, Severity, Sha256, Subject, SystemId,
};
use serde_json::json;

/// A run of the government set over one system that nothing bound.
pub fn one_system() -> RunResult {
    let mut result = sample(&["unnamed"]);
    result.run.bound = false;
    result.run.firm = None;
    result.run.assessment = None;
    result.run.systems.clear();
    result
}

/// A run over three systems of a firm.
pub fn three_systems() -> RunResult {
    sample(&["order-gateway", "back-office", "website"])
}

/// A run that found nothing because it was given nothing.
pub fn empty() -> RunResult {
    let mut result = sample(&["unnamed"]);
    result.findings.clear();
    result.items.clear();
    result.notes.clear();
    result.coverage = CoverageFile { schema: SCHEMA_VERSION, checks: vec![], evidence: vec![] };
    result.run.resolved.clear();
    result.programme = None;
    result.run.intel.clear();
    result.run.files.clear();
    result.run.not_understood = 0;
    result.run.bytes = 0;
    result
}

/// `n` findings of a few checks in `files` files.
pub fn many(n: u64, files: u64) -> RunResult {
    let mut result = sample(&["order-gateway"]);
    result.findings = (0..n)
        .map(|i| {
            let severity = Severity::DESCENDING[usize::try_from(i * 5 / n.max(1)).unwrap().min(4)];
            let check = ["firewall/permit-any-any", "firewall/risky-service", "traffic/cleartext-password"];
            let check = check[usize::try_from(i % 3).unwrap()];
            Maker::new(check, severity, "order-gateway")
                .texts(
                    &format!("fw-core-{} rule {i} permits any source to 10.8.{}.0/24", i % 7, i % 250),
                    "Whoever reaches the device reaches every service behind it; a single foothold becomes the whole segment, and the log does not tell wanted from unwanted.",
                    &format!("Replace rule {i} by rules for the sources and services that its log shows in use, end with a logged deny, and check after 30 days that nothing else was hit."),
                )
                .zh(
                    &format!("fw-core-{} 規則 {i} 允許任意來源連線至 10.8.{}.0/24", i % 7, i % 250),
                    "任何能到達該設備者皆可存取其後方所有服務，單一立足點即可擴及整個網段，且日誌無從區分必要與非必要之連線。",
                    &format!("將規則 {i} 改為僅允許日誌所見之來源與服務，最後加上記錄之拒絕規則，30 日後複查確認無其他命中。"),
                )
                .subject(Subject::Rule { device: format!("fw-core-{}", i % 7), rule: i.to_string(), line: i })
                .proof(&format!("fw/fw-core-{}.conf", i % 7), None, Locator::Line(i + 1), "permit ip any 10.8.0.0 0.0.0.255")
                .build()
        })
        .collect();
    result.coverage.evidence =
        (0..files).map(|i| file(&format!("hosts/h{i:05}.txt"), i % 3, "order-gateway")).collect();
    for item in &mut result.items {
        link(item, &result.findings);
    }
    result
}

/// Texts that would be markup, would leave a style sheet, drive a terminal or reorder what a reader sees.
pub const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "'/></style></title><svg onload=alert(3)>",
    "{{ 7*7 }}{% raw %}",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "invoice\u{202e}fdp.exe",
    "a\r\nb\u{0}c\u{2028}d",
];

/// The sample with hostile text wherever evidence or a user's file can put text.
pub fn hostile() -> RunResult {
    let mut result = three_systems();
    for (at, text) in HOSTILE.iter().enumerate() {
        let finding = &mut result.findings[at];
        let text = (*text).to_owned();
        finding.id = format!("{}{text}", finding.id);
        finding.check.push_str(&text);
        finding.title.push_str(&text);
        finding.risk.push_str(&text);
        finding.advice.push_str(&text);
        finding.zh_tw = FindingTexts { title: text.clone(), risk: text.clone(), advice: text.clone() };
        finding.asset = Some(text.clone());
        finding.first_seen.clone_from(&text);
        finding.subject = Subject::Host { host: text.clone() };
        finding.facts.insert(text.clone(), json!(text));
        finding.evidence[0].path.clone_from(&text);
        finding.evidence[0].member = Some(text.clone());
        finding.evidence[0].locator = Locator::Setting(text.clone());
        finding.evidence[0].excerpt.clone_from(&text);
        let artefact = &mut result.coverage.evidence[at];
        artefact.path.clone_from(&text);
        artefact.recognition = Recognition::Broken { reason: text.clone() };
        result.notes.push(Note::new(NoteKind::Broken, &text, text.clone()).at(text.clone()));
        let item = &mut result.items[at];
        item.why = Bilingual { en: text.clone(), zh_tw: text.clone() };
        item.title = Bilingual { en: text.clone(), zh_tw: text.clone() };
        result.run.resolved[0].title.push_str(&text);
    }
    let all = HOSTILE.concat();
    result.run.firm = Some(all.clone());
    result.run.assessment = Some(all.clone());
    result.run.systems[0].name.clone_from(&all);
    result.run.regime.clone_from(&all);
    result.run.as_of.clone_from(&all);
    result.run.thresholds.clone_from(&all);
    result.run.engine.clone_from(&all);
    result.run.run.clone_from(&all);
    result.run.intel[0].name = all;
    result
}

fn sample(systems: &[&str]) -> RunResult {
    let mut findings: Vec<_> = findings(systems);
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| (&a.check, &a.id).cmp(&(&b.check, &b.id))));
    let mut items: Vec<_> = systems.iter().enumerate().flat_map(|(at, system)| items(at, system)).collect();
    items.sort_by(|a, b| (&a.item, &a.system).cmp(&(&b.item, &b.system)));
    for item in &mut items {
        link(item, &findings);
    }
    let mut counts = BTreeMap::new();
    for finding in &findings {
        *counts.entry(finding.severity).or_default() += 1;
    }
    let mut outcomes = BTreeMap::new();
    for item in &items {
        *outcomes.entry(item.outcome).or_default() += 1;
    }
    let evidence = evidence(systems);
    let mut files = BTreeMap::new();
    for artefact in &evidence {
        let state = match artefact.recognition {
            Recognition::Recognised { .. } => "recognised",
            Recognition::Container { .. } => "container",
            Recognition::Unsupported { .. } => "unsupported",
            Recognition::Broken { .. } => "broken",
            Recognition::Assessment => "assessment",
        };
        *files.entry(state.to_owned()).or_default() += 1;
    }
    RunResult {
        run: RunInfo {
            schema: SCHEMA_VERSION,
            run: Sha256::of(b"run").short(),
            engine: "0.1.0".into(),
            catalogue: Sha256::of(b"catalogue"),
            regime: "securities".into(),
            as_of: "2026-11-23".into(),
            thresholds: "gcb-win11".into(),
            firm: Some("Example Securities Co., Ltd.".into()),
            assessment: Some("2026 second half".into()),
            bound: true,
            systems: systems.iter().enumerate().map(|(at, id)| system(at, id)).collect(),
            evidence: Sha256::of(b"evidence"),
            files,
            bytes: evidence.iter().map(|artefact| artefact.size).sum(),
            intel: vec![
                IntelList {
                    name: "f-isac-2026-11.stix.json".into(),
                    sha256: Sha256::of(b"fisac"),
                    date: "2026-11-20".into(),
                    indicators: 1842,
                    skipped: 12,
                    by_kind: BTreeMap::new(),
                    doubtful: 3,
                    hits: 1,
                },
                IntelList {
                    name: "own-blocklist.csv".into(),
                    sha256: Sha256::of(b"own"),
                    date: String::new(),
                    indicators: 96,
                    skipped: 0,
                    by_kind: BTreeMap::new(),
                    doubtful: 3,
                    hits: 1,
                },
            ],
            findings: counts,
            outcomes,
            resolved: resolved(systems[0]),
            not_understood: 49,
            seal: Sha256::of(b"seal"),
            crashed: false,
        },
        findings,
        items,
        coverage: CoverageFile { schema: SCHEMA_VERSION, checks: checks(systems), evidence },
        notes: notes(),
        programme: Some(programme(systems)),
    }
}

fn system(at: usize, id: &str) -> SystemInfo {
    let (name, category) = match id {
        "order-gateway" => ("Order gateway", Some(1)),
        "back-office" => ("Back office", Some(2)),
        "website" => ("Public website", Some(2)),
        _ => ("", None),
    };
    let population = if at == 0 { BTreeMap::from([("EPCOL".to_owned(), 212)]) } else { BTreeMap::new() };
    SystemInfo { id: SystemId(id.to_owned()), name: name.to_owned(), category, population }
}

fn link(item: &mut ItemResult, findings: &[FindingRecord]) {
    item.findings.clear();
    item.finding_ids.clear();
    for finding in findings.iter().filter(|f| f.system == item.system && f.items.contains(&item.item)) {
        *item.findings.entry(finding.severity).or_default() += 1;
        item.finding_ids.push(finding.id.clone());
    }
}

fn bi(en: &str, zh_tw: &str) -> Bilingual {
    Bilingual { en: en.to_owned(), zh_tw: zh_tw.to_owned() }
}

/// Item, names, outcome for the first and for the other systems, score, coverage, what decides.
#[rustfmt::skip]
type Line = (&'static str, &'static str, &'static str, Outcome, Outcome, Option<f64>, Option<f64>, &'static str, &'static str);

#[rustfmt::skip]
const ITEMS: &[Line] = {
    use Outcome::{Error, Fail, InsufficientEvidence, NotApplicable, NotTested, Observation, Pass};
    &[
        ("GOV-1", "Network architecture", "網路架構檢視", NotTested, NotTested, None, Some(0.0), "The check that compares the diagram with the traffic is not in this version.", "本版尚無比對架構圖與實際流量之檢核點。"),
        ("GOV-2.1", "Packet capture and analysis", "封包監聽與分析", Fail, Pass, Some(41.0), Some(78.0), "A computer calls a control server every 10 minutes.", "一部電腦每 10 分鐘連線至中繼站。"),
        ("GOV-2.2", "Records of network devices", "網路設備紀錄檔分析", InsufficientEvidence, InsufficientEvidence, None, Some(20.0), "The firewall log spans 9 of the 30 days asked for.", "防火牆日誌僅涵蓋 9 日，未達要求之 30 日。"),
        ("GOV-3.1", "User-end malware", "使用者端惡意程式檢視", InsufficientEvidence, InsufficientEvidence, None, Some(0.0), "No collection from user-end computers was given.", "未提供使用者端電腦蒐集資料。"),
        ("GOV-4.1", "Server malware", "伺服器惡意程式檢視", NotTested, NotApplicable, None, Some(0.0), "Two checks are not in this version.", "本版尚無其中兩項檢核點。"),
        ("GOV-5.1", "Password setting principles", "密碼設定原則", Observation, Pass, Some(88.0), Some(100.0), "Minimum age is 0 days; everything else meets the baseline.", "密碼最短使用期限為 0 日，其餘均符合基準。"),
        ("GOV-5.2", "Account lockout principles", "帳號鎖定原則", Fail, Pass, Some(0.0), Some(100.0), "Accounts of the domain never lock.", "網域帳號永不鎖定。"),
        ("GOV-6.1", "Outside to inside", "外網對內網", Fail, Pass, Some(62.0), Some(100.0), "Rule 57 opens the whole core segment to any source.", "規則 57 對任意來源開放整個核心網段。"),
        ("GOV-6.2", "Inside to outside", "內網對外網", Pass, Pass, Some(100.0), Some(100.0), "All 118 rules were looked at; none is open to any destination.", "已檢視全部 118 條規則，均未開放任意目的地。"),
        ("GOV-6.3", "Inside to inside", "內網對內網", Error, Pass, None, None, "The inspection failed on fw-branch.conf.", "檢測程式處理 fw-branch.conf 時發生異常。"),
        ("SEC-8.2", "Account lockout policy", "帳號鎖定原則", Fail, Pass, Some(0.0), Some(100.0), "Accounts of the domain never lock.", "網域帳號永不鎖定。"),
        ("SEC-8.4", "Firewall rules by direction", "防火牆連線設定", Fail, Pass, Some(62.0), Some(100.0), "Rule 57 opens the whole core segment to any source.", "規則 57 對任意來源開放整個核心網段。"),
        ("SEC-10.3", "Social-engineering drill", "社交工程演練", InsufficientEvidence, InsufficientEvidence, None, Some(0.0), "No drill records were given.", "未提供演練紀錄。"),
    ]
};

fn items(at: usize, system: &str) -> Vec<ItemResult> {
    ITEMS
        .iter()
        .map(|(id, en, zh, first, others, score, coverage, why_en, why_zh)| {
            let outcome = if at == 0 { *first } else { *others };
            let (why, score) = match outcome {
                Outcome::Pass if at > 0 => (
                    bi("All evidence is sufficient and no check found anything.", "佐證充足，檢核點均無發現。"),
                    Some(100.0),
                ),
                Outcome::NotApplicable => {
                    (bi("The inventory lists no server of the firm's own.", "資產清冊未列有自有伺服器。"), None)
                }
                _ => (bi(why_en, why_zh), *score),
            };
            ItemResult {
                item: ItemId((*id).to_owned()),
                rev: 1,
                title: bi(en, zh),
                system: SystemId(system.to_owned()),
                outcome,
                score,
                coverage: if outcome == Outcome::Pass { Some(100.0) } else { *coverage },
                trustworthy: outcome != Outcome::Error,
                why,
                findings: BTreeMap::new(),
                finding_ids: vec![],
                checks: item_checks(id, outcome),
                evidence: needs(id, outcome),
                attestations: attestations(id, outcome),
            }
        })
        .collect()
}

fn item_checks(id: &str, outcome: Outcome) -> Vec<ItemCheckResult> {
    let state = match outcome {
        Outcome::Fail | Outcome::Observation => CheckState::Found,
        Outcome::Pass => CheckState::Passed,
        Outcome::Error => CheckState::Error,
        Outcome::NotTested => CheckState::Planned,
        Outcome::InsufficientEvidence | Outcome::NotApplicable => CheckState::NotAssessed,
    };
    let (slugs, what): (&[&str], _) = match id.split('.').next().unwrap() {
        "GOV-1" => (&["architecture/undrawn-host"], "hosts"),
        "GOV-2" => (&["traffic/beaconing", "traffic/known-bad-address"], "connections"),
        "GOV-3" | "GOV-4" => (&["malware/known-bad-file", "host/hidden-process"], "files"),
        "GOV-5" => (&["directory/lockout-never", "directory/password-age-short"], "settings"),
        "GOV-6" => (&["firewall/permit-any-any", "firewall/risky-service"], "rules"),
        _ => (&["firewall/permit-any-any", "directory/lockout-never"], "rules"),
    };
    let looked_at = if matches!(state, CheckState::Found | CheckState::Passed) { 118 } else { 0 };
    slugs
        .iter()
        .map(|check| ItemCheckResult {
            check: (*check).to_owned(),
            state,
            looked_at,
            what: what.to_owned(),
            findings: u64::from(state == CheckState::Found),
        })
        .collect()
}

fn needs(id: &str, outcome: Outcome) -> Vec<NeedResult> {
    let (kinds, en, zh): (&[&str], _, _) = match id {
        "GOV-2.1" => (
            &["PCAP"],
            "2 capture points, 7.2 and 6.1 hours; at least 6 hours are asked for.",
            "2 個側錄點，分別為 7.2 及 6.1 小時，要求至少 6 小時。",
        ),
        "GOV-2.2" => (
            &["FWLOG", "IDSLOG"],
            "9 days and 12.4 MB; 30 days or 100 MB are asked for.",
            "9 日、12.4 MB，要求 30 日或 100 MB。",
        ),
        "GOV-3.1" => {
            (&["EPCOL"], "0 of 212 computers; 10 % or 100 are asked for.", "212 部電腦中之 0 部，要求 10 % 或 100 部。")
        }
        "SEC-10.3" => (&["PHISH"], "No file of this kind.", "沒有此類檔案。"),
        _ => (&["FWCFG"], "1 file.", "1 份檔案。"),
    };
    let sufficient = outcome != Outcome::InsufficientEvidence;
    let need = |kinds: &[&str], why, sufficient, optional| NeedResult {
        any_of: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        sufficient,
        optional,
        why,
    };
    vec![need(kinds, bi(en, zh), sufficient, false), need(&["INV"], bi("No inventory.", "沒有資產清冊。"), false, true)]
}

fn attestations(id: &str, outcome: Outcome) -> Vec<AttestationResult> {
    if id != "GOV-2.1" && outcome != Outcome::NotApplicable {
        return vec![];
    }
    let text = bi("The use of every suspicious host was confirmed.", "每一可疑主機之使用人與用途均已確認。");
    let by = (outcome == Outcome::NotApplicable).then(|| "Lin Mei-hua, CISO, 2026-11-18".to_owned());
    vec![AttestationResult { id: "hosts-confirmed".into(), text, by }]
}

struct Maker(FindingRecord);

impl Maker {
    fn new(check: &str, severity: Severity, system: &str) -> Self {
        Self(FindingRecord {
            id: String::new(),
            check: check.to_owned(),
            aspect: None,
            title: String::new(),
            severity,
            confidence: 1.0,
            items: vec![ItemId("GOV-6.1".into()), ItemId("SEC-8.4".into())],
            system: SystemId(system.to_owned()),
            asset: Some("fw-dmz-1".into()),
            subject: Subject::Host { host: "fw-dmz-1".into() },
            facts: BTreeMap::new(),
            evidence: vec![],
            risk: String::new(),
            advice: String::new(),
            zh_tw: FindingTexts { title: String::new(), risk: String::new(), advice: String::new() },
            status: FindingStatus::New,
            first_seen: "2026-11-23".into(),
            last_seen: "2026-11-23".into(),
        })
    }

    fn texts(mut self, title: &str, risk: &str, advice: &str) -> Self {
        (self.0.title, self.0.risk, self.0.advice) = (title.to_owned(), risk.to_owned(), advice.to_owned());
        self
    }

    fn zh(mut self, title: &str, risk: &str, advice: &str) -> Self {
        self.0.zh_tw = FindingTexts { title: title.to_owned(), risk: risk.to_owned(), advice: advice.to_owned() };
        self
    }

    fn items(mut self, items: &[&str]) -> Self {
        self.0.items = items.iter().map(|id| ItemId((*id).to_owned())).collect();
        self
    }

    fn asset(mut self, asset: &str) -> Self {
        self.0.asset = Some(asset.to_owned());
        self
    }

    fn subject(mut self, subject: Subject) -> Self {
        self.0.subject = subject;
        self
    }

    fn sure(mut self, confidence: f64) -> Self {
        self.0.confidence = confidence;
        self
    }

    fn since(mut self, status: FindingStatus, first: &str) -> Self {
        self.0.status = status;
        first.clone_into(&mut self.0.first_seen);
        self
    }

    fn fact(mut self, name: &str, value: serde_json::Value) -> Self {
        self.0.facts.insert(name.to_owned(), value);
        self
    }

    fn proof(mut self, path: &str, member: Option<&str>, locator: Locator, excerpt: &str) -> Self {
        self.0.evidence.push(Proof {
            sha256: Sha256::of(path.as_bytes()),
            path: path.to_owned(),
            member: member.map(str::to_owned),
            locator,
            excerpt: excerpt.to_owned(),
        });
        self
    }

    fn build(mut self) -> FindingRecord {
        let identity = format!("{} {} {:?}", self.0.check, self.0.system, self.0.subject);
        self.0.id = Sha256::of(identity.as_bytes()).short();
        self.0
    }
}

fn findings(systems: &[&str]) -> Vec<FindingRecord> {
    let first = systems[0];
    let mut findings = vec![
        Maker::new("traffic/beaconing", Severity::Critical, first)
            .texts(
                "10.20.1.21 calls static.c2.example every 10 minutes",
                "The computer is very probably controlled from outside. It holds a session to the order gateway, so orders and positions are within reach of whoever controls it.",
                "Isolate 10.20.1.21 today and keep its memory and disk. Block static.c2.example and 198.51.100.31 at the proxy. Search the other floors for the same client fingerprint.",
            )
            .zh(
                "10.20.1.21 每 10 分鐘連線至 static.c2.example",
                "該電腦極可能已受外部控制。其持有下單閘道之連線，控制者可觸及委託與部位資料。",
                "今日即隔離 10.20.1.21，並保存其記憶體與磁碟；於代理伺服器封鎖 static.c2.example 及 198.51.100.31；以相同用戶端指紋清查其他樓層。",
            )
            .items(&["GOV-2.1"])
            .asset("10.20.1.21")
            .sure(0.97)
            .subject(Subject::Connection {
                src: "10.20.1.21".into(),
                dst: "198.51.100.31".into(),
                dst_name: Some("static.c2.example".into()),
                dst_port: Some(443),
                proto: "tcp".into(),
            })
            .fact("connections", json!(141))
            .fact("median_interval_s", json!(600.2))
            .fact("score", json!(0.97))
            .fact("first", json!("2026-11-02 00:04"))
            .fact("last", json!("2026-11-02 23:58"))
            .fact("fingerprint", json!("771,4865-4866,0-23,29-23,0"))
            .proof("captures.zip", Some("tap-core.pcapng"), Locator::Packet(4711), "TLS ClientHello, SNI static.c2.example")
            .proof("captures.zip", Some("tap-core.pcapng"), Locator::Packet(391_204), "")
            .build(),
        Maker::new("firewall/permit-any-any", Severity::High, first)
            .texts(
                "fw-dmz-1 rule 57 permits any source to every service of 10.8.0.0/16",
                "From the internet every service of the core segment can be reached. One unpatched service there is enough to enter, and the rule hides the attempt among permitted traffic.",
                "Replace rule 57 by three rules for the partners' sources and the services that the log shows in use (443 and 22), end with a logged deny, and remove rule 57 within two months.",
            )
            .zh(
                "fw-dmz-1 規則 57 允許任意來源存取 10.8.0.0/16 之所有服務",
                "自網際網路可到達核心網段之所有服務，其中任一未修補之服務即足以遭入侵，且該規則使攻擊混雜於允許之流量中。",
                "將規則 57 改為三條規則，僅允許合作機構之來源及日誌所見使用中之服務（443 與 22），最後加上記錄之拒絕規則，並於兩個月內移除規則 57。",
            )
            .subject(Subject::Rule { device: "fw-dmz-1".into(), rule: "57".into(), line: 1842 })
            .since(FindingStatus::Persisting, "2025-11-20")
            .fact("services", json!("ALL"))
            .fact("sources", json!(["all"]))
            .fact("addresses", json!(65_536))
            .proof(
                "firewall/fw-dmz-1.conf",
                None,
                Locator::Line(1842),
                "        set srcaddr \"all\"\n        set dstaddr \"core-servers\"\n        set service \"ALL\"\n        set action accept",
            )
            .build(),
        Maker::new("directory/lockout-never", Severity::High, first)
            .texts(
                "Accounts of corp.example never lock",
                "Passwords can be guessed without limit. All 1,204 accounts are open to it, among them 31 administrators.",
                "Set the lockout threshold of the default domain policy to 5 attempts or fewer, duration and reset to at least 15 minutes, and confirm the effective value for the service accounts.",
            )
            .zh(
                "corp.example 之帳號永不鎖定",
                "可無限次猜測密碼，影響全部 1,204 個帳號，其中 31 個為管理者。",
                "將預設網域原則之鎖定閾值設為 5 次以下，鎖定期間與重設計數器至少 15 分鐘，並確認服務帳號之實際生效值。",
            )
            .items(&["GOV-5.2", "SEC-8.2"])
            .asset("dc01.corp.example")
            .subject(Subject::Policy { scope: "corp.example".into(), setting: "lockoutThreshold".into() })
            .since(FindingStatus::Returned, "2024-11-18")
            .fact("accounts", json!(1204))
            .fact("administrators", json!(31))
            .fact("value", json!(0))
            .proof("directory/corp.ldif", None, Locator::Setting("dc=corp,dc=example lockoutThreshold".into()), "lockoutThreshold: 0")
            .build(),
        Maker::new("directory/password-age-short", Severity::Low, first)
            .texts(
                "Passwords of corp.example can be changed again at once",
                "Users can run through the history within minutes and return to their old password.",
                "Set the minimum password age to 1 day or more.",
            )
            .zh("corp.example 之密碼可立即再次變更", "使用者可於數分鐘內用盡密碼歷程並沿用舊密碼。", "將密碼最短使用期限設為 1 日以上。")
            .items(&["GOV-5.1"])
            .asset("dc01.corp.example")
            .subject(Subject::Policy { scope: "corp.example".into(), setting: "minPwdAge".into() })
            .since(FindingStatus::Persisting, "2025-11-20")
            .fact("days", json!(0))
            .proof("directory/corp.ldif", None, Locator::Setting("dc=corp,dc=example minPwdAge".into()), "minPwdAge: 0")
            .build(),
        Maker::new("firewall/rule-unused", Severity::Info, first)
            .texts("fw-dmz-1 rule 12 was not hit in 90 days", "It may be a leftover.", "Ask its owner.")
            .zh("fw-dmz-1 規則 12 於 90 日內未曾命中", "可能為遺留規則。", "請洽其負責人確認。")
            .subject(Subject::Rule { device: "fw-dmz-1".into(), rule: "12".into(), line: 410 })
            .sure(0.6)
            .proof("firewall/fw-dmz-1.conf", None, Locator::Line(410), "    edit 12")
            .build(),
    ];
    // Enough of one check for the table of the rest.
    for rule in 60..72_u64 {
        findings.push(
            Maker::new("firewall/risky-service", Severity::Medium, first)
                .texts(
                    &format!("fw-dmz-1 rule {rule} permits SMB from the office to the server zone"),
                    "Ransomware spreads over exactly this service from any office computer to the servers.",
                    &format!("Limit rule {rule} to the two file servers and the computers that need them."),
                )
                .zh(
                    &format!("fw-dmz-1 規則 {rule} 允許辦公區至伺服器區之 SMB 連線"),
                    "勒索軟體正是經由此服務自任一辦公電腦擴散至伺服器。",
                    &format!("將規則 {rule} 限縮為兩部檔案伺服器及確有需要之電腦。"),
                )
                .subject(Subject::Rule { device: "fw-dmz-1".into(), rule: rule.to_string(), line: rule * 31 })
                .since(if rule < 66 { FindingStatus::Persisting } else { FindingStatus::New }, "2026-05-19")
                .sure(0.92)
                .fact("port", json!(445))
                .proof(
                    "firewall/fw-dmz-1.conf",
                    None,
                    Locator::Line(rule * 31),
                    &format!("    edit {rule}\n        set service \"SMB\""),
                )
                .build(),
        );
    }
    findings
}

fn resolved(system: &str) -> Vec<ResolvedFinding> {
    [
        ("firewall/no-final-deny", Severity::High, "fw-dmz-1 does not end with a logged deny"),
        ("directory/reversible-encryption", Severity::Medium, "Passwords of corp.example are stored reversibly"),
    ]
    .map(|(check, severity, title)| ResolvedFinding {
        id: Sha256::of(title.as_bytes()).short(),
        check: check.to_owned(),
        system: SystemId(system.to_owned()),
        title: title.to_owned(),
        severity,
        first_seen: "2025-11-20".into(),
        last_seen: "2026-05-19".into(),
    })
    .into()
}

fn checks(systems: &[&str]) -> Vec<CheckCoverage> {
    use CheckState::{Found, NotAssessed, Passed};
    let checks = [
        ("directory/lockout-never", Found, 3, "settings"),
        ("firewall/permit-any-any", Found, 118, "rules"),
        ("firewall/risky-service", Found, 118, "rules"),
        ("malware/known-bad-file", NotAssessed, 0, "files"),
        ("traffic/beaconing", Found, 48_211, "connections"),
        ("traffic/known-bad-address", Passed, 48_211, "connections"),
    ];
    let of_system = |system: &&str| {
        checks.map(|(check, state, looked_at, what)| CheckCoverage {
            system: SystemId((*system).to_owned()),
            check: check.to_owned(),
            state,
            looked_at,
            what: what.to_owned(),
            parts: vec![],
            findings: u64::from(state == Found),
        })
    };
    systems.iter().flat_map(of_system).collect()
}

fn file(path: &str, state: u64, system: &str) -> Artefact {
    let recognition = match state {
        0 => Recognition::Recognised { format: "fortios".into(), kind: EvidenceKind::Fwcfg },
        1 => Recognition::Unsupported {
            format: Some("docx".into()),
            reason: "no inspection reads documents".into(),
            close: vec![],
        },
        _ => Recognition::Broken { reason: "ends in the middle of a record at byte 4096".into() },
    };
    Artefact {
        sha256: Sha256::of(path.as_bytes()),
        size: 48_211 + state,
        path: path.to_owned(),
        member: None,
        recognition,
        binding: Binding { systems: vec![SystemId(system.to_owned())], ..Binding::default() },
    }
}

fn evidence(systems: &[&str]) -> Vec<Artefact> {
    let recognised = |format: &str, kind| Recognition::Recognised { format: format.to_owned(), kind };
    let one = |path: &str, member: Option<&str>, size, recognition| Artefact {
        sha256: Sha256::of(path.as_bytes()),
        size,
        path: path.to_owned(),
        member: member.map(str::to_owned),
        recognition,
        binding: Binding { systems: vec![SystemId(systems[0].to_owned())], ..Binding::default() },
    };
    let unsupported = |format: Option<&str>, reason: &str, close: &[&str]| Recognition::Unsupported {
        format: format.map(str::to_owned),
        reason: reason.to_owned(),
        close: close.iter().map(|text| (*text).to_owned()).collect(),
    };
    vec![
        one("captures.zip", None, 3_412_000_000, Recognition::Container { format: "zip".into(), members: 2 }),
        one("captures.zip", Some("tap-core.pcapng"), 5_104_331_008, recognised("pcapng", EvidenceKind::Pcap)),
        one("captures.zip", Some("tap-dmz.pcapng"), 2_210_433_112, recognised("pcapng", EvidenceKind::Pcap)),
        one("directory/corp.ldif", None, 8_120_331, recognised("ldif", EvidenceKind::Adx)),
        one("docs/network.vsdx", None, 412_000, unsupported(Some("vsdx"), "no inspection reads diagrams yet", &[])),
        one("docs/policy.docx", None, 88_000, unsupported(Some("docx"), "no inspection reads documents", &[])),
        one("docs/notes.txt", None, 2_100, unsupported(None, "not a known format", &["cisco-ios: no hostname line"])),
        one("firewall/fw-branch.conf", None, 30_311, recognised("fortios", EvidenceKind::Fwcfg)),
        one("firewall/fw-dmz-1.conf", None, 148_022, recognised("fortios", EvidenceKind::Fwcfg)),
        one("firewall/fw-old.conf", None, 0, Recognition::Broken { reason: "the file is empty".into() }),
    ]
}

fn notes() -> Vec<Note> {
    let evidence = evidence(&["x"]);
    vec![
        Note::new(NoteKind::Broken, "empty", "The file is empty.").on(&evidence[9]),
        Note::new(
            NoteKind::NotUnderstood,
            "unknown-directive",
            "`set fancy-thing` is not a directive that this version knows; the rule was read without it.",
        )
        .on(&evidence[8])
        .at("line 88")
        .times(48),
        Note::new(NoteKind::NotUnderstood, "bad-attribute", "An attribute without a value was left out.")
            .on(&evidence[3])
            .at("line 41877"),
        Note::new(NoteKind::Assumed, "time-zone", "The log names no time zone; Asia/Taipei was assumed.")
            .on(&evidence[8]),
    ]
}

/// A drill of one unit, and of persons whose unit is not told.
fn drill() -> Drill {
    let rate = |rate: f64| Rate { rate: Some(rate), low: rate / 2.0, high: rate * 1.5 };
    let figures = |delivered, clicked| DrillFigures {
        delivered,
        opened: clicked + 1,
        clicked,
        submitted: 0,
        reported: 2,
        rates: DrillRates { opened: rate(0.2), clicked: rate(0.1), submitted: rate(0.0), reported: rate(0.05) },
        training: Some(Retraining {
            until: "2026-12-31".into(),
            clicked,
            in_time: clicked / 2,
            waiting: clicked - clicked / 2,
            closure: (clicked > 0).then_some(0.5),
            ..Retraining::default()
        }),
    };
    Drill {
        campaign: "2026h2".into(),
        launched: Some("2026-11-01".into()),
        visits_told: true,
        automated_mailboxes: 7,
        first_report_seconds: Some(60),
        people: figures(40, 4),
        every_visit: DrillFigures { training: None, ..figures(40, 30) },
        units: [("<b>Sales", figures(30, 4)), ("", figures(10, 0))].map(|(unit, of)| (unit.to_owned(), of)).into(),
    }
}

/// An action that is overdue, one in time and one that is done.
fn actions(systems: &[&str]) -> Vec<ImprovementAction> {
    let action = |id: &str, state: &str, percent, late: i64| ImprovementAction {
        id: Sha256::of(id.as_bytes()).short()[..10].to_owned(),
        finding: Sha256::of(b"rule 4").short(),
        check: "firewall/permit-any-any".into(),
        title: Bilingual {
            en: "fw-core: rule 4 permits everything".into(),
            zh_tw: "fw-core：rule 4 允許任意連線".into(),
        },
        system: systems[0].into(),
        severity: Severity::High,
        finding_state: if state == "done" { "verified".into() } else { "in_progress".into() },
        plan: format!("Replace rule {id} <by> a narrow one"),
        owner: (state != "planned").then(|| "C. Wang".into()),
        due: Some("2026-11-01".into()),
        state: state.into(),
        percent,
        note: if percent > 0 { "tested in the laboratory".into() } else { String::new() },
        done: (state == "done").then(|| "2026-10-30".into()),
        evidence: if state == "done" { vec!["change-4711.pdf".into()] } else { Vec::new() },
        overdue: late > 0,
        days_late: (state != "done").then_some(late),
    };
    vec![action("4", "in_progress", 40, 22), action("5", "planned", 0, -3), action("6", "done", 100, 0)]
}

/// Three years of a firm, with something of everything that is followed up.
fn programme(systems: &[&str]) -> Programme {
    let follow_up = |id: &str, severity, state: &str, due: &str, late| FollowUp {
        id: Sha256::of(id.as_bytes()).short(),
        check: "firewall/permit-any-any".into(),
        system: systems[0].into(),
        title: Bilingual {
            en: format!("fw-core: {id} permits everything"),
            zh_tw: format!("fw-core：{id} 允許任意連線"),
        },
        severity,
        state: state.into(),
        owner: (state != "new").then(|| "C. Wang".into()),
        first_seen: "2024-11-20".into(),
        due: Some(due.into()),
        days_late: Some(late),
        repeats: 0,
        approved_by: None,
    };
    let point = |run: &str, as_of: &str, open: [u64; 3], [new, returned, resolved]: [u64; 3]| TrendPoint {
        run: run.into(),
        as_of: as_of.into(),
        assessment: Some(format!("{} diagnostic", &as_of[..4])),
        open: [Severity::Critical, Severity::High, Severity::Low].into_iter().zip(open).collect(),
        new,
        returned,
        resolved,
    };
    Programme {
        schema: SCHEMA_VERSION,
        as_of: "2026-11-23".into(),
        trend: vec![
            point("a", "2024-11-20", [2, 9, 4], [15, 0, 0]),
            point("b", "2025-11-21", [0, 4, 4], [1, 0, 8]),
            point(&Sha256::of(b"run").short(), "2026-11-23", [1, 5, 3], [1, 1, 1]),
        ],
        systems: vec![SystemDates {
            system: systems[0].into(),
            name: "Order gateway".into(),
            category: Some(1),
            last_completed: Some("2025-11-28".into()),
            plan_by: Some("2026-11-28".into()),
            must_by: Some("2026-12-31".into()),
            state: Some("due_soon".into()),
            reassessments: vec![Reassessment {
                incident: "2026-10 break-in".into(),
                counted_from: "2026-10-05".into(),
                due: "2027-01-05".into(),
                state: "open".into(),
                days_left: Some(43),
                predating: vec!["dc01/gpo.inf".into(), "fw-old.conf".into()],
                undated: 3,
            }],
        }],
        overdue: vec![
            follow_up("rule 4", Severity::High, "remediated", "2024-12-20", 703),
            follow_up("rule 9", Severity::Low, "new", "2025-05-19", 553),
        ],
        repeats: vec![FollowUp { repeats: 2, ..follow_up("rule 11", Severity::High, "open", "2026-12-23", -30) }],
        accepted: vec![FollowUp {
            approved_by: Some("M. Hsieh".into()),
            ..follow_up("rule 7", Severity::High, "risk_accepted", "2027-03-31", -128)
        }],
        actions: actions(systems),
        drills: vec![drill()],
    }
}
