//! Findings follow their devices through other names and addresses, and stay with them when another device gets the name.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use secdiag_model::result::{
    CheckCoverage, CoverageFile, CoveragePart, FindingRecord, FindingStatus, FindingTexts, RunInfo, RunResult,
    SCHEMA_VERSION,
};
use secdiag_model::{CheckState, Locator, Proof, Severity, Sha256, Subject, SystemId};
use secdiag_programme::asset::{Change as Device, KeyKind, Keys};
use secdiag_programme::event::{Act, Event};
use secdiag_programme::life::{Change, Exception, Life, State};
use secdiag_store::Store;

use FindingStatus::{New, Persisting, Returned};

const FIRM: &str = "Example Securities";
const CHECK: &str = "firewall/permit-any-any";

/// A workspace where the days are told in tens: day 1 is 2026-01-10, day 2 is 2026-01-20.
struct Place {
    store: Store,
    _folder: tempfile::TempDir,
}

fn day(n: u32) -> String {
    format!("2026-{:02}-{}", 1 + (n - 1) / 2, if n % 2 == 1 { 10 } else { 20 })
}

fn noon(n: u32) -> Timestamp {
    format!("{}T12:00:00+08:00", day(n)).parse().unwrap()
}

fn act(n: u32) -> Act {
    Act { actor: "Lin".into(), reason: "r".into(), at: noon(n), recorded_at: noon(n) }
}

/// A rule of a firewall that permits everything.
fn rule(device: &str) -> FindingRecord {
    let subject = Subject::Rule { device: device.into(), rule: "57".into(), line: 7 };
    finding(Some(device), subject)
}

fn finding(asset: Option<&str>, subject: Subject) -> FindingRecord {
    let proof = Proof {
        sha256: Sha256::of(b"evidence"),
        path: "fw.conf".into(),
        member: None,
        locator: Locator::Line(7),
        excerpt: "permit any any".into(),
    };
    let mut finding = FindingRecord {
        id: String::new(),
        check: CHECK.into(),
        aspect: None,
        title: "permits everything".into(),
        severity: Severity::High,
        confidence: 1.0,
        items: vec![],
        system: SystemId("office".into()),
        asset: asset.map(str::to_owned),
        subject,
        facts: BTreeMap::new(),
        evidence: vec![proof],
        risk: String::new(),
        advice: String::new(),
        zh_tw: FindingTexts { title: String::new(), risk: String::new(), advice: String::new() },
        status: New,
        first_seen: String::new(),
        last_seen: String::new(),
    };
    finding.id = finding.fingerprint();
    finding
}

fn result(n: u32, looked_at: &[&str], findings: Vec<FindingRecord>) -> RunResult {
    let assets: BTreeSet<String> = looked_at.iter().map(|name| (*name).to_owned()).collect();
    let checks = vec![CheckCoverage {
        system: SystemId("office".into()),
        check: CHECK.into(),
        state: if findings.is_empty() { CheckState::Passed } else { CheckState::Found },
        looked_at: 9,
        what: "rules".into(),
        parts: vec![CoveragePart { aspect: None, looked_at: 9, assets }],
        findings: findings.len() as u64,
    }];
    RunResult {
        run: RunInfo {
            schema: SCHEMA_VERSION,
            run: format!("run {n} {}", findings.iter().map(|finding| finding.id.as_str()).collect::<String>()),
            engine: "0.1.0".into(),
            catalogue: Sha256::of(b"catalogue"),
            regime: "securities".into(),
            as_of: day(n),
            thresholds: "gcb".into(),
            firm: Some(FIRM.into()),
            assessment: None,
            bound: true,
            systems: vec![],
            evidence: Sha256::of(b"evidence"),
            files: BTreeMap::new(),
            bytes: 0,
            intel: vec![],
            findings: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            resolved: vec![],
            not_understood: 0,
            seal: Sha256::of(format!("{findings:?}").as_bytes()),
            crashed: false,
        },
        findings,
        items: vec![],
        coverage: CoverageFile { schema: SCHEMA_VERSION, checks, evidence: vec![] },
        notes: vec![],
        programme: None,
    }
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("secdiag.db")).await.unwrap();
        Self { store, _folder: folder }
    }

    /// A diagnostic on a day.
    async fn run(&self, n: u32, looked_at: &[&str], findings: Vec<FindingRecord>) -> RunResult {
        let (fresh, now) = (result(n, looked_at, findings), noon(n));
        let mut told = fresh.clone();
        self.life(&fresh, now).await.apply(&mut told);
        self.store.record(&told, now).await.unwrap();
        let mut again = fresh.clone();
        self.life(&fresh, noon(20)).await.apply(&mut again);
        assert_eq!(again, told, "repeating a run gives the same");
        told
    }

    async fn life(&self, result: &RunResult, now: Timestamp) -> secdiag_store::Lifecycle {
        self.store.lifecycle(&result.run, &result.coverage.checks, &result.findings, now).await.unwrap()
    }

    /// The inventory says on a day: this device has these names and addresses.
    async fn device(&self, n: u32, serial: &str, names: &[&str], addresses: &[&str]) {
        let set = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let keys: Keys =
            [(KeyKind::Serial, set(&[serial])), (KeyKind::Hostname, set(names)), (KeyKind::Ip, set(addresses))]
                .into_iter()
                .collect();
        let name = names.first().copied().unwrap_or(serial).to_owned();
        let seen = Device::Seen { system: "office".into(), name, keys };
        self.store.append(&[Event::new(FIRM, serial, &act(n), &seen)]).await.unwrap();
    }

    async fn state(&self, id: &str, n: u32) -> Option<Life> {
        let lives = self.store.lives(Some(FIRM), noon(n), None).await.unwrap();
        lives.get(&(FIRM.to_owned(), id.to_owned())).cloned()
    }
}

fn stands(result: &RunResult) -> Vec<(&str, FindingStatus, &str)> {
    result.findings.iter().map(|finding| (finding.id.as_str(), finding.status, finding.first_seen.as_str())).collect()
}

#[tokio::test]
async fn a_renamed_device_keeps_its_finding_with_owner_exception_and_clock() {
    let place = Place::new().await;
    place.device(1, "S1", &["fw-edge-1"], &[]).await;
    let first = place.run(1, &["fw-edge-1"], vec![rule("fw-edge-1")]).await;
    let id = first.findings[0].id.as_str();
    assert_eq!(id, rule("fw-edge-1").id, "the first one goes under its fingerprint");
    let triaged = Change::Triaged { owner: "Chen".into() };
    let exception = Exception {
        requested_by: "Chen".into(),
        approved_by: "Lin".into(),
        until: Some("2026-12-31".parse().unwrap()),
        digest: secdiag_programme::life::digest_of(&first.findings[0]),
        restarts_clock: false,
    };
    let accepted = Change::RiskAccepted { exception: Some(exception) };
    place.store.append(&[Event::new(FIRM, id, &act(1), &triaged)]).await.unwrap();
    place.store.append(&[Event::new(FIRM, id, &act(2), &accepted)]).await.unwrap();
    place.device(3, "S1", &["fw-hq-1"], &[]).await;
    let second = place.run(4, &["fw-hq-1"], vec![rule("fw-hq-1")]).await;
    assert_eq!(stands(&second), [(id, Persisting, day(1).as_str())]);
    assert_eq!(second.findings[0].asset.as_deref(), Some("fw-hq-1"), "told by the name of today");
    assert_eq!(second.run.resolved, []);
    let life = place.state(id, 5).await.unwrap();
    assert_eq!((life.state, life.owner.as_deref(), life.first_at), (State::RiskAccepted, Some("Chen"), life.clock));
    assert!(place.state(&rule("fw-hq-1").id, 5).await.is_none(), "it is no finding of its own");
    let names = place.store.device_names(FIRM, id).await.unwrap().unwrap();
    assert_eq!((names.name.as_str(), names.formerly), ("fw-hq-1", vec!["fw-edge-1".to_owned()]));
    let facts = place.store.finding_facts(Some(FIRM), secdiag_store::AsOf::default()).await.unwrap();
    assert_eq!(facts[&(FIRM.to_owned(), id.to_owned())].asset.as_deref(), Some("fw-hq-1"));
    // Gone on the renamed device: it was looked for. Back again: a repeat.
    let third = place.run(6, &["fw-hq-1"], vec![]).await;
    assert_eq!(third.run.resolved.iter().map(|gone| gone.id.as_str()).collect::<Vec<_>>(), [id]);
    assert_eq!(place.state(id, 7).await.unwrap().state, State::Verified);
    let fourth = place.run(8, &["fw-hq-1"], vec![rule("fw-hq-1")]).await;
    assert_eq!(stands(&fourth), [(id, Returned, day(1).as_str())]);
    assert_eq!(place.state(id, 9).await.unwrap().repeats, 1);
    // As of a day before the rename all is as it was.
    assert_eq!(place.state(id, 1).await.unwrap().state, State::Triaged);
}

#[tokio::test]
async fn an_address_that_moves_and_a_name_that_goes_with_it_change_nothing() {
    let host = |name: &str| finding(Some(name), Subject::Host { host: name.into() });
    let call = |src: &str| {
        let (dst, proto) = ("198.51.100.31".to_owned(), "tcp".to_owned());
        finding(Some(src), Subject::Connection { src: src.into(), dst, dst_name: None, dst_port: Some(443), proto })
    };
    let place = Place::new().await;
    place.device(1, "S1", &["web01"], &["10.0.0.1"]).await;
    let (a, b) = ("10.0.0.1", "10.0.0.9");
    let first = place.run(1, &[a, "web01"], vec![call(a), host("web01")]).await;
    // Another address, then another name and another address at once; the full name is the same name.
    place.device(2, "S1", &["web01"], &[b]).await;
    let second = place.run(3, &[b, "web01"], vec![call(b), host("WEB01.firm.example")]).await;
    place.device(4, "S1", &["web77"], &["2001:db8::7"]).await;
    place.device(4, "S2", &["web01"], &[a, b]).await;
    let third = place.run(5, &["2001:db8:0::7"], vec![call("2001:DB8::0007"), host("web77")]).await;
    for later in [second, third] {
        for (now, then) in later.findings.iter().zip(&first.findings) {
            assert_eq!((&now.id, now.status, &now.first_seen), (&then.id, Persisting, &day(1)));
        }
    }
    // The newcomer has the old name and addresses, not the old findings.
    let fourth = place.run(6, &[a, "web01"], vec![call(a), host("web01")]).await;
    assert!(fourth.findings.iter().zip(&first.findings).all(|(now, then)| now.id != then.id && now.status == New));
    assert_eq!(fourth.run.resolved, [], "nobody looked at the first device");
}

#[tokio::test]
async fn two_devices_that_swap_their_names_keep_their_findings_apart() {
    let place = Place::new().await;
    place.device(1, "S1", &["fw1"], &[]).await;
    place.device(1, "S2", &["fw2"], &[]).await;
    let first = place.run(1, &["fw1", "fw2"], vec![rule("fw1")]).await;
    let of_one = first.findings[0].id.clone();
    place.device(2, "S1", &["fw2"], &[]).await;
    place.device(2, "S2", &["fw1"], &[]).await;
    // Both have it: the first one's is known, the other's is new, whatever their names and fingerprints say.
    let second = place.run(3, &["fw1", "fw2"], vec![rule("fw1"), rule("fw2")]).await;
    let of_two = second.findings[0].id.clone();
    assert_eq!(stands(&second), [(of_two.as_str(), New, day(3).as_str()), (&of_one, Persisting, &day(1))]);
    assert_ne!(of_two, of_one);
    let third = place.run(4, &["fw1"], vec![]).await;
    assert_eq!(third.run.resolved.iter().map(|gone| &gone.id).collect::<Vec<_>>(), [&of_two]);
    assert_eq!(place.state(&of_one, 5).await.unwrap().state, State::New, "its device was not looked at");
    assert_eq!(place.state(&of_two, 5).await.unwrap().state, State::Verified);
    // And back again.
    place.device(5, "S1", &["fw1"], &[]).await;
    place.device(5, "S2", &["fw2"], &[]).await;
    let fourth = place.run(6, &["fw1", "fw2"], vec![rule("fw1"), rule("fw2")]).await;
    assert_eq!(stands(&fourth), [(of_one.as_str(), Persisting, day(1).as_str()), (&of_two, Returned, &day(3))]);
}

#[tokio::test]
async fn a_device_replaced_under_its_name_leaves_its_findings_behind() {
    let place = Place::new().await;
    let first = place.run(1, &["fw1"], vec![rule("fw1")]).await;
    place.device(2, "S1", &["fw1"], &[]).await;
    place.device(3, "S2", &["fw1"], &[]).await;
    let second = place.run(4, &["fw1"], vec![rule("fw1")]).await;
    assert_eq!(second.findings[0].status, New);
    assert_ne!(second.findings[0].id, first.findings[0].id);
    let third = place.run(5, &["fw1"], vec![]).await;
    assert_eq!(third.run.resolved.len(), 1, "the new device was looked at, the old one was not");
    assert_eq!(place.state(&first.findings[0].id, 6).await.unwrap().state, State::New);
    assert_eq!(place.state(&second.findings[0].id, 6).await.unwrap().state, State::Verified);
    // The old one comes back from the shelf.
    place.device(7, "S1", &["fw1"], &[]).await;
    let fourth = place.run(8, &["fw1"], vec![rule("fw1")]).await;
    assert_eq!(stands(&fourth), [(first.findings[0].id.as_str(), Persisting, day(1).as_str())]);
}

#[tokio::test]
async fn what_the_register_learns_late_joins_what_was_told_apart() {
    // The rename was not in the register when the second run looked.
    let place = Place::new().await;
    place.device(1, "S1", &["fw1"], &[]).await;
    let first = place.run(1, &["fw1"], vec![rule("fw1")]).await;
    let second = place.run(2, &["fw-new"], vec![rule("fw-new")]).await;
    assert_eq!(second.findings[0].status, New);
    place.device(3, "S1", &["fw-new"], &[]).await;
    let third = place.run(4, &["fw-new"], vec![rule("fw-new")]).await;
    let id = first.findings[0].id.as_str();
    assert_eq!(stands(&third), [(id, Persisting, day(1).as_str())]);
    assert_eq!(third.run.resolved, [], "nothing was remedied");
    let joined = place.state(&second.findings[0].id, 5).await.unwrap();
    assert_eq!((joined.state, joined.superseded_by.as_deref()), (State::Superseded, Some(id)));
    let fourth = place.run(6, &["fw-new"], vec![rule("fw-new")]).await;
    assert_eq!(stands(&fourth), [(id, Persisting, day(1).as_str())]);
}

#[tokio::test]
async fn merged_devices_have_one_finding_the_one_that_is_known_longer() {
    let place = Place::new().await;
    place.device(1, "S1", &["fw1"], &[]).await;
    let first = place.run(1, &["fw1"], vec![rule("fw1")]).await;
    place.device(2, "S2", &["fw-new"], &[]).await;
    let second = place.run(3, &["fw-new"], vec![rule("fw-new")]).await;
    assert_eq!(second.findings[0].status, New);
    let merged = Device::Merged { into: "S1".into() };
    place.store.append(&[Event::new(FIRM, "S2", &act(4), &merged)]).await.unwrap();
    let third = place.run(5, &["fw-new"], vec![rule("fw-new")]).await;
    let id = first.findings[0].id.as_str();
    assert_eq!(stands(&third), [(id, Persisting, day(1).as_str())]);
    assert_eq!(place.state(&second.findings[0].id, 6).await.unwrap().superseded_by.as_deref(), Some(id));
    assert_eq!(place.state(&second.findings[0].id, 4).await.unwrap().state, State::New, "as of a day before");
}

#[tokio::test]
async fn without_an_entry_a_name_is_a_name() {
    let place = Place::new().await;
    place.device(1, "S9", &["printer"], &[]).await;
    let first = place.run(1, &["fw1"], vec![rule("fw1")]).await;
    let second = place.run(2, &["fw1", "fw2"], vec![rule("fw1"), rule("fw2")]).await;
    assert_eq!(stands(&second)[0], (first.findings[0].id.as_str(), Persisting, day(1).as_str()));
    assert_eq!(second.findings[1].status, New);
    assert!(second.findings.iter().all(|finding| finding.id == finding.fingerprint()));
    // A device that gave its name up, and evidence that still uses it where nobody else has it.
    let place = Place::new().await;
    place.device(1, "S1", &["fw1"], &[]).await;
    let first = place.run(1, &["fw1"], vec![rule("fw1")]).await;
    place.device(2, "S1", &["fw-new"], &[]).await;
    let second = place.run(3, &["fw1"], vec![rule("fw1")]).await;
    assert_eq!(stands(&second), [(first.findings[0].id.as_str(), Persisting, day(1).as_str())]);
    let third = place.run(4, &["fw1", "fw-new"], vec![rule("fw1"), rule("fw-new")]).await;
    assert_eq!(third.findings[0].status, New, "the device itself is there: who this is nobody knows");
    assert_eq!(stands(&third)[1], (first.findings[0].id.as_str(), Persisting, day(1).as_str()));
}

#[tokio::test]
async fn on_one_day_a_run_sees_the_register_as_it_was_when_it_was_recorded() {
    let place = Place::new().await;
    let at = |hour: u32| format!("{}T{hour:02}:00:00+08:00", day(1)).parse::<Timestamp>().unwrap();
    let seen = |name: &str, hour| {
        let keys = [(KeyKind::Serial, ["S1".to_owned()].into()), (KeyKind::Hostname, [name.to_owned()].into())];
        let seen = Device::Seen { system: String::new(), name: name.into(), keys: keys.into_iter().collect() };
        Event::new(
            FIRM,
            "S1",
            &Act { actor: "Lin".into(), reason: String::new(), at: at(hour), recorded_at: at(hour) },
            &seen,
        )
    };
    let run = async |name: &str, hour| {
        let mut told = result(1, &[name], vec![rule(name)]);
        place.life(&told.clone(), at(hour)).await.apply(&mut told);
        place.store.record(&told, at(hour)).await.unwrap();
        told
    };
    place.store.append(&[seen("fw1", 8)]).await.unwrap();
    let first = run("fw1", 9).await;
    place.store.append(&[seen("fw-new", 10)]).await.unwrap();
    let second = run("fw-new", 11).await;
    assert_eq!(stands(&second), [(first.findings[0].id.as_str(), Persisting, day(1).as_str())]);
}
