//! The workspace database as its users meet it: rules of a finding's life, a second process, damage, sudden death.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what is wrong by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use secdiag_model::result::{
    CheckCoverage, CoverageFile, CoveragePart, FindingRecord, FindingStatus, FindingTexts, ItemResult, RunInfo,
    RunResult, SCHEMA_VERSION, SystemInfo,
};
use secdiag_model::{
    Bilingual, CheckState, ItemId, Locator, Note, NoteKind, Outcome, Proof, Severity, Sha256, Subject, SystemId,
};
use secdiag_programme::event::{Act, Event};
use secdiag_programme::life::{Change, State, Verification};
use secdiag_store::{AsOf, Lifecycle, Recorded, Store, StoreError, View};

use CheckState::{Error, Found, NotAssessed, Passed, Planned};
use FindingStatus::{New, Persisting, Returned};

/// A run of one check `a` (and others by name) on system `s`, as few words as possible.
struct Run {
    id: String,
    as_of: String,
    firm: Option<String>,
    coverage: Vec<CheckCoverage>,
    findings: Vec<FindingRecord>,
    crashed: bool,
}

fn part(aspect: Option<&str>, looked_at: u64, assets: &[&str]) -> CoveragePart {
    let assets = assets.iter().map(|asset| (*asset).to_owned()).collect();
    CoveragePart { aspect: aspect.map(str::to_owned), looked_at, assets }
}

fn run(id: &str, as_of: &str) -> Run {
    let (id, as_of) = (id.to_owned(), as_of.to_owned());
    Run { id, as_of, firm: Some("Example Securities".into()), coverage: vec![], findings: vec![], crashed: false }
}

impl Run {
    fn firm(mut self, firm: Option<&str>) -> Self {
        self.firm = firm.map(str::to_owned);
        self
    }

    fn looked(mut self, check: &str, state: CheckState, looked_at: u64) -> Self {
        self.coverage.push(CheckCoverage {
            system: SystemId("s".into()),
            check: check.into(),
            state,
            looked_at,
            what: "rules".into(),
            parts: if looked_at > 0 { vec![part(None, looked_at, &[])] } else { vec![] },
            findings: 0,
        });
        self
    }

    fn sides(mut self, sides: &[(&str, u64)]) -> Self {
        let line = self.coverage.last_mut().unwrap();
        let looked = sides.iter().filter(|(_, n)| *n > 0);
        line.parts = looked.map(|(side, n)| part(Some(side), *n, &[])).collect();
        self
    }

    fn devices(mut self, devices: &[&str]) -> Self {
        self.coverage.last_mut().unwrap().parts = vec![part(None, 9, devices)];
        self
    }

    fn found(mut self, check: &str, id: &str, severity: Severity) -> Self {
        self.findings.push(finding(check, id, severity, &self.as_of));
        self
    }

    fn device(mut self, asset: &str) -> Self {
        self.findings.last_mut().unwrap().asset = Some(asset.into());
        self
    }

    fn side(mut self, aspect: &str) -> Self {
        self.findings.last_mut().unwrap().aspect = Some(aspect.into());
        self
    }

    fn result(&self) -> RunResult {
        let what: Vec<_> = self.findings.iter().map(|f| (&f.id, f.severity)).collect();
        RunResult {
            run: RunInfo {
                schema: SCHEMA_VERSION,
                run: self.id.clone(),
                engine: "0.1.0".into(),
                catalogue: Sha256::of(b"catalogue"),
                regime: "securities".into(),
                as_of: self.as_of.clone(),
                thresholds: "gcb".into(),
                firm: self.firm.clone(),
                assessment: None,
                bound: self.firm.is_some(),
                systems: vec![SystemInfo {
                    id: SystemId("s".into()),
                    name: "Order entry".into(),
                    category: Some(1),
                    population: BTreeMap::new(),
                }],
                evidence: Sha256::of(b"evidence"),
                files: BTreeMap::new(),
                bytes: 0,
                intel: vec![],
                findings: BTreeMap::new(),
                outcomes: BTreeMap::new(),
                resolved: vec![],
                not_understood: 0,
                seal: Sha256::of(serde_json::to_string(&what).unwrap().as_bytes()),
                crashed: self.crashed,
            },
            findings: self.findings.clone(),
            items: vec![item()],
            coverage: CoverageFile { schema: SCHEMA_VERSION, checks: self.coverage.clone(), evidence: vec![] },
            notes: vec![Note::new(NoteKind::Unsupported, "format", "nothing reads this").at("line 3")],
            programme: None,
        }
    }
}

fn finding(check: &str, id: &str, severity: Severity, as_of: &str) -> FindingRecord {
    FindingRecord {
        id: id.into(),
        check: check.into(),
        aspect: None,
        title: format!("{check} {id} as of {as_of}"),
        severity,
        confidence: 1.0,
        items: vec![],
        system: SystemId("s".into()),
        asset: Some("fw-1".into()),
        subject: Subject::Host { host: id.into() },
        facts: BTreeMap::new(),
        evidence: vec![Proof {
            sha256: Sha256::of(b"evidence"),
            path: "fw.conf".into(),
            member: None,
            locator: Locator::Line(7),
            excerpt: "allow 'all'; -- 全部允許".into(),
        }],
        risk: String::new(),
        advice: String::new(),
        zh_tw: FindingTexts { title: String::new(), risk: String::new(), advice: String::new() },
        status: New,
        first_seen: as_of.into(),
        last_seen: as_of.into(),
    }
}

fn item() -> ItemResult {
    let text = || Bilingual { en: "x".into(), zh_tw: "x".into() };
    ItemResult {
        item: ItemId("GOV-6.1".into()),
        rev: 1,
        title: text(),
        system: SystemId("s".into()),
        outcome: Outcome::Fail,
        score: Some(62.5),
        coverage: None,
        trustworthy: true,
        why: text(),
        findings: BTreeMap::new(),
        finding_ids: vec![],
        checks: vec![],
        evidence: vec![],
        attestations: vec![],
    }
}

async fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(&folder.path().join("secdiag.db")).await.unwrap()
}

async fn lifecycle(store: &Store, run: &Run) -> Lifecycle {
    let result = run.result();
    store.lifecycle(&result.run, &result.coverage.checks, &result.findings, Timestamp::UNIX_EPOCH).await.unwrap()
}

/// Records all but the last run and tells how the last one stands.
async fn stand(runs: &[Run]) -> Lifecycle {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let (last, earlier) = runs.split_last().unwrap();
    for run in earlier {
        store.record(&run.result(), Timestamp::UNIX_EPOCH).await.unwrap();
    }
    lifecycle(&store, last).await
}

fn statuses(lifecycle: &Lifecycle) -> Vec<(&str, FindingStatus, &str)> {
    lifecycle.findings.iter().map(|(id, life)| (id.as_str(), life.status, life.first_seen.as_str())).collect()
}

fn resolved(lifecycle: &Lifecycle) -> Vec<&str> {
    lifecycle.resolved.iter().map(|finding| finding.id.as_str()).collect()
}

#[tokio::test]
async fn new_then_persisting_then_resolved_then_returned() {
    let first = || run("1", "2023-06-30").looked("a", Found, 9).found("a", "x", Severity::High);
    let second = || run("2", "2024-06-30").looked("a", Found, 9).found("a", "x", Severity::Low);
    let third = || run("3", "2025-06-30").looked("a", Passed, 9);
    let fourth = || run("4", "2026-06-30").looked("a", Found, 9).found("a", "x", Severity::High);

    assert_eq!(statuses(&stand(&[first()]).await), [("x", New, "2023-06-30")]);
    assert_eq!(statuses(&stand(&[first(), second()]).await), [("x", Persisting, "2023-06-30")]);
    let gone = stand(&[first(), second(), third()]).await;
    assert_eq!((statuses(&gone), resolved(&gone)), (vec![], vec!["x"]));
    let gone = &gone.resolved[0];
    assert_eq!((gone.first_seen.as_str(), gone.last_seen.as_str()), ("2023-06-30", "2024-06-30"));
    assert_eq!((gone.severity, gone.title.as_str()), (Severity::Low, "a x as of 2024-06-30"));
    let back = stand(&[first(), second(), third(), fourth()]).await;
    assert_eq!(statuses(&back), [("x", Returned, "2023-06-30")]);
    assert_eq!(back.findings["x"].last_seen, "2026-06-30");
    assert_eq!(resolved(&stand(&[first(), third(), third()]).await), ["x"], "the same run twice does not count");
    let later = run("5", "2027-06-30").looked("a", Passed, 9);
    assert!(resolved(&stand(&[first(), third(), later]).await).is_empty(), "resolved once, not every year");
}

#[tokio::test]
async fn nothing_is_resolved_by_not_looking() {
    let first = || run("1", "2023-06-30").looked("a", Found, 9).found("a", "x", Severity::High);
    let not_looking = [
        run("2", "2024-06-30"),
        run("2", "2024-06-30").looked("b", Passed, 9),
        run("2", "2024-06-30").looked("a", NotAssessed, 0),
        run("2", "2024-06-30").looked("a", Planned, 0),
        run("2", "2024-06-30").looked("a", Error, 9),
        run("2", "2024-06-30").looked("a", Passed, 0),
    ];
    for second in not_looking {
        let coverage = second.coverage.clone();
        let third = run("3", "2025-06-30").looked("a", Found, 9).found("a", "x", Severity::High);
        let three = [first(), second, third];
        assert_eq!(statuses(&stand(&three).await), [("x", Persisting, "2023-06-30")]);
        assert!(resolved(&stand(&three[..2]).await).is_empty(), "{coverage:?}");
    }
}

#[tokio::test]
async fn a_side_that_was_not_looked_at_resolves_nothing() {
    let first = || run("1", "2023-06-30").looked("a", Found, 9).found("a", "x", Severity::High).side("inbound");
    let second = |inbound| {
        run("2", "2024-06-30").looked("a", Passed, 9).sides(&[("inbound", inbound), ("outbound", 9 - inbound)])
    };
    assert!(resolved(&stand(&[first(), second(0)]).await).is_empty());
    assert_eq!(resolved(&stand(&[first(), second(4)]).await), ["x"]);
}

#[tokio::test]
async fn a_device_that_was_not_looked_at_resolves_nothing() {
    let first = || run("1", "2023-06-30").looked("a", Found, 9).found("a", "x", Severity::High).device("fw-1");
    let second = |devices: &[&str]| run("2", "2024-06-30").looked("a", Passed, 9).devices(devices);
    assert!(resolved(&stand(&[first(), second(&["fw-2"])]).await).is_empty());
    assert_eq!(resolved(&stand(&[first(), second(&["fw-1", "fw-2"])]).await), ["x"]);
    assert_eq!(resolved(&stand(&[first(), second(&[])]).await), ["x"], "the check looked at the whole system");
}

#[tokio::test]
async fn only_earlier_runs_of_the_same_firm_count() {
    let seen = |id, as_of| run(id, as_of).looked("a", Found, 9).found("a", "x", Severity::High);
    let other = seen("1", "2023-06-30").firm(Some("Another Securities"));
    let nameless = seen("2", "2023-06-30").firm(None);
    let later = seen("3", "2029-06-30");
    assert_eq!(statuses(&stand(&[other, nameless, later, seen("4", "2026-06-30")]).await), [("x", New, "2026-06-30")]);
}

#[tokio::test]
async fn a_repeated_run_has_the_same_history_whatever_came_after() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let first = run("1", "2026-06-30").looked("a", Found, 9).found("a", "x", Severity::High);
    let before = lifecycle(&store, &first).await;
    assert_eq!(store.record(&first.result(), Timestamp::UNIX_EPOCH).await.unwrap(), Recorded::New);
    assert_eq!(lifecycle(&store, &first).await, before);
    let second = run("2", "2026-06-30").looked("a", Passed, 9);
    assert_eq!(resolved(&lifecycle(&store, &second).await), ["x"]);
    store.record(&second.result(), Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(lifecycle(&store, &first).await, before);
    assert_eq!(store.record(&first.result(), Timestamp::UNIX_EPOCH).await.unwrap(), Recorded::Already);
    assert_eq!(store.runs().await.unwrap().len(), 2);
}

#[tokio::test]
async fn other_findings_from_the_same_inputs_are_refused_unless_the_first_run_crashed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let whole = run("1", "2026-06-30").looked("a", Found, 9).found("a", "x", Severity::High);
    let mut crashed = run("1", "2026-06-30").looked("a", Error, 0);
    crashed.crashed = true;
    assert_eq!(store.record(&crashed.result(), Timestamp::UNIX_EPOCH).await.unwrap(), Recorded::New);
    assert_eq!(store.record(&whole.result(), Timestamp::UNIX_EPOCH).await.unwrap(), Recorded::Repaired);
    assert_eq!(store.record(&crashed.result(), Timestamp::UNIX_EPOCH).await.unwrap(), Recorded::Already);
    let runs = store.runs().await.unwrap();
    assert_eq!((runs.len(), runs[0].sequence, runs[0].findings, runs[0].crashed), (1, 1, 1, false));
    let other = run("1", "2026-06-30").looked("a", Passed, 9);
    assert!(matches!(store.record(&other.result(), Timestamp::UNIX_EPOCH).await, Err(StoreError::SealDiffers { .. })));
}

#[tokio::test]
async fn a_finding_s_history_tells_not_seen_from_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    for run in [
        run("1", "2023-06-30").looked("a", Found, 9).found("a", "x", Severity::High),
        run("2", "2024-06-30").looked("a", NotAssessed, 0),
        run("3", "2025-06-30").looked("a", Passed, 9),
    ] {
        store.record(&run.result(), Timestamp::UNIX_EPOCH).await.unwrap();
    }
    let histories = store.finding_history("x").await.unwrap();
    assert_eq!(histories.len(), 1);
    let history = &histories[0];
    assert_eq!((history.firm.as_deref(), history.check.as_str()), (Some("Example Securities"), "a"));
    assert_eq!(history.subject, serde_json::json!({"kind": "host", "host": "x"}));
    let views: Vec<_> = history.runs.iter().map(|sighting| sighting.view.clone()).collect();
    let title = "a x as of 2023-06-30".to_owned();
    assert_eq!(views, [View::Seen { severity: Severity::High, title }, View::NotLookedAt, View::NotSeen]);
    assert!(store.finding_history("y").await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_recorded_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let first = run("1", "2026-06-30").looked("a", Found, 9).found("a", "x", Severity::High).firm(None);
    store.record(&first.result(), Timestamp::UNIX_EPOCH).await.unwrap();
    let before = store.runs().await.unwrap();
    store.close().await;
    let after = open(&folder).await.runs().await.unwrap();
    assert_eq!(after, before);
    assert_eq!((after[0].firm.as_deref(), after[0].bound, after[0].findings), (None, false, 1));
}

#[tokio::test]
async fn files_that_are_no_database_are_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secdiag.db");
    std::fs::write(&path, "not a database, but long enough to be looked at ".repeat(100)).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("restore it from a backup"), "{error}");

    let error = Store::open(&path.join("below-a-file").join("secdiag.db")).await.unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
}

#[tokio::test]
async fn a_damaged_page_is_noticed_on_opening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secdiag.db");
    let store = open(&folder).await;
    store.record(&many("1", 500).result(), Timestamp::UNIX_EPOCH).await.unwrap();
    store.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 40 * 4096, "{}", bytes.len());
    for page in 30..40 {
        bytes[page * 4096..page * 4096 + 2048].fill(0x5a);
    }
    std::fs::write(&path, bytes).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secdiag.db");
    open(&folder).await.close().await;
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    sqlx::query("INSERT INTO _sqlx_migrations VALUES (9999, 'later', CURRENT_TIMESTAMP, TRUE, x'00', 1)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    assert!(matches!(Store::open(&path).await, Err(StoreError::Newer { version: 9999, .. })));
}

#[tokio::test]
async fn a_second_writer_waits_and_then_says_who_is_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secdiag.db");
    let store = Store::open_patiently(&path, Duration::from_millis(100)).await.unwrap();
    let other = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let tx = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let error = store.record(&run("1", "2026-06-30").result(), Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    assert!(store.runs().await.unwrap().is_empty(), "reading goes on while another writes");
    tx.rollback().await.unwrap();
    store.record(&run("1", "2026-06-30").result(), Timestamp::UNIX_EPOCH).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_on_a_new_workspace_all_get_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep").join("secdiag.db");
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let path = path.clone();
            tokio::spawn(async move {
                let store = Store::open(&path).await.unwrap();
                store.record(&many(&format!("run {n}"), 20).result(), Timestamp::UNIX_EPOCH).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let runs = Store::open(&path).await.unwrap().runs().await.unwrap();
    assert_eq!(runs.iter().map(|run| run.sequence).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
}

fn many(id: &str, findings: usize) -> Run {
    let start = run(id, "2026-06-30").looked("a", Found, 9);
    (0..findings).fold(start, |run, n| run.found("a", &format!("{id} {n}"), Severity::Medium))
}

/// Records runs until it is killed; started by the next test in a process of its own.
#[tokio::test]
async fn child_that_records() {
    let Some(path) = std::env::var_os("SECDIAG_STORE_CHILD") else { return };
    let store = Store::open(Path::new(&path)).await.unwrap();
    for n in 0.. {
        store
            .record(&many(&format!("run {n} of {}", std::process::id()), 300).result(), Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        println!("recorded {n}");
    }
}

#[test]
fn killed_in_the_middle_leaves_whole_runs_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secdiag.db");
    let mut told = 0;
    for round in 0..4_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child_that_records", "--exact", "--nocapture"])
            .env("SECDIAG_STORE_CHILD", &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok).filter(|line| line.contains("recorded"));
        lines.next().unwrap();
        std::thread::sleep(Duration::from_millis(7 * round));
        child.kill().unwrap();
        told += 1 + lines.count();
        child.wait().unwrap();
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (runs, occurrences) = runtime.block_on(async {
        let runs = Store::open(&path).await.unwrap().runs().await.unwrap();
        let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM occurrences").fetch_one(&pool).await.unwrap();
        (runs, count)
    });
    assert!(runs.len() >= told, "{} runs are there, {told} were reported as recorded", runs.len());
    assert_eq!(occurrences, 300 * i64::try_from(runs.len()).unwrap());
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_run_speaks_when_it_was_held_and_a_late_one_at_the_end_of_its_day() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let record = async |run: Run, now: &str| store.record(&run.result(), instant(now)).await.unwrap();
    record(run("r1", "2026-01-01").looked("a", Found, 1).found("a", "f", Severity::High), "2026-01-01T02:00:00Z").await;
    let life = async |at: &str| {
        let lives = store.lives(Some("Example Securities"), instant(at), None).await.unwrap();
        lives.into_values().next().map(|life| (life.state, life.repeats))
    };
    assert_eq!(life("2026-01-01T01:59:00Z").await, None, "not before it was held");
    let person = |hour: &str, change: &Change| {
        let at = instant(&format!("2026-01-02T{hour}:00:00Z"));
        let act = Act { actor: "Wu".into(), reason: "looked".into(), at, recorded_at: at };
        Event::new("Example Securities", "f", &act, change)
    };
    let by = Verification::Person { verifier: "Wu".into(), evidence: vec!["photo".into()] };
    store
        .append(&[person("01", &Change::Remediated { evidence: vec![] }), person("02", &Change::Verified { by })])
        .await
        .unwrap();
    // A scan in the afternoon of the same day still sees it.
    let scan = run("r2", "2026-01-02").looked("a", Found, 1).found("a", "f", Severity::High);
    record(scan, "2026-01-02T06:00:00Z").await;
    assert_eq!(life("2026-01-02T05:00:00Z").await, Some((State::Verified, 0)));
    assert_eq!(life("2026-01-02T06:00:00Z").await, Some((State::Open, 1)));
    // One that is recorded days later speaks at the end of its day in Taiwan.
    record(run("r3", "2026-01-04").looked("a", Passed, 1), "2026-02-01T00:00:00Z").await;
    assert_eq!(life("2026-01-04T15:59:59Z").await, Some((State::Open, 1)));
    assert_eq!(life("2026-01-04T16:00:00Z").await, Some((State::Verified, 1)));
}

#[tokio::test]
async fn a_past_day_is_told_in_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let told = |id: &str, day: &str, title: &str, category: Option<u8>| {
        let mut result = run(id, day).looked("a", Found, 1).found("a", "f", Severity::High).result();
        result.findings[0].title = title.into();
        result.findings[0].zh_tw.title = format!("{title}（中文）");
        result.run.systems[0].category = category;
        result
    };
    let runs = [
        (told("r1", "2025-01-01", "4 rules", Some(3)), "2025-01-01T04:00:00Z"),
        (told("r2", "2026-01-01", "9 rules", Some(1)), "2026-01-01T04:00:00Z"),
        // Another tool's report knows no category: it takes none away.
        (told("r3", "2026-02-01", "9 rules", None), "2026-02-01T04:00:00Z"),
    ];
    for (result, now) in &runs {
        store.record(result, instant(now)).await.unwrap();
    }
    let facts = async |at: Option<&str>, known_on: Option<&str>| {
        let as_of = AsOf { at: at.map(instant), known_on: known_on.map(instant) };
        let facts = store.finding_facts(Some("Example Securities"), as_of).await.unwrap();
        facts.into_values().next().map(|facts| (facts.title, facts.title_zh_tw, facts.category))
    };
    let of = |title: &str, category| Some((title.to_owned(), format!("{title}（中文）"), Some(category)));
    assert_eq!(facts(Some("2024-12-31T00:00:00Z"), None).await, None);
    assert_eq!(facts(Some("2025-06-01T00:00:00Z"), None).await, of("4 rules", 3));
    assert_eq!(facts(None, Some("2025-06-01T00:00:00Z")).await, of("4 rules", 3));
    assert_eq!(facts(None, None).await, of("9 rules", 1));
}

/// What a random run does about four findings of two checks: `None` where its check did not look.
type Story = (u8, [Option<[bool; 2]>; 2]);

/// Slow and obvious: for each finding, the list of what each earlier run says of it, read from the end.
fn obvious(
    earlier: &[(String, &Story)],
    now: &(String, &Story),
) -> (Vec<(String, FindingStatus, String)>, Vec<String>) {
    let (mut findings, mut resolved) = (vec![], vec![]);
    for check in 0..2 {
        for n in 0..2 {
            let id = format!("{check}{n}");
            let says = |(date, story): &(String, &Story)| Some((date.clone(), story.1[check]?[n]));
            let history: Vec<_> = earlier.iter().filter_map(says).collect();
            let first = history.iter().find(|(_, seen)| *seen).map(|(date, _)| date.clone());
            let last = history.last().map(|(_, seen)| *seen);
            let status = match (&first, last) {
                (None, _) => New,
                (Some(_), Some(true)) => Persisting,
                _ => Returned,
            };
            match says(now) {
                Some((date, true)) => findings.push((id, status, first.unwrap_or(date))),
                Some((_, false)) if status == Persisting => resolved.push(id),
                _ => {}
            }
        }
    }
    (findings, resolved)
}

fn tell(n: usize, (date, story): &(String, &Story)) -> Run {
    let mut told = run(&format!("run {n}"), date);
    for (check, looks) in ["0", "1"].iter().zip(story.1) {
        let state = if looks.is_some() { Found } else { NotAssessed };
        told = told.looked(check, state, u64::from(looks.is_some()));
        for (n, _) in looks.iter().flatten().enumerate().filter(|(_, seen)| **seen) {
            told = told.found(check, &format!("{check}{n}"), Severity::Low);
        }
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_history_is_read_as_the_obvious_model_reads_it(stories in prop::collection::vec(any::<Story>(), 1..9)) {
        let dated: Vec<_> = stories.iter().map(|story| (format!("2026-01-0{}", 1 + story.0 % 4), story)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let store = open(&folder).await;
            // Once before and once after it is recorded, and again when all are there: runs with an earlier date that
            // were recorded later may change it then, runs with the same date may not.
            for (n, now) in dated.iter().enumerate() {
                let run = tell(n, now);
                let expected = expected(&dated[..n], now, n);
                prop_assert_eq!(shape(&lifecycle(&store, &run).await), expected.clone());
                store.record(&run.result(), Timestamp::UNIX_EPOCH).await.unwrap();
                prop_assert_eq!(shape(&lifecycle(&store, &run).await), expected);
            }
            for (n, now) in dated.iter().enumerate() {
                prop_assert_eq!(shape(&lifecycle(&store, &tell(n, now)).await), expected(&dated, now, n));
            }
            // At every instant each finding that was known is in one state: the sums are the totals.
            for hour in 0..6 * 24 {
                let at = instant("2025-12-31T00:00:00Z") + jiff::SignedDuration::from_hours(hour);
                let counted: u64 = store.counts_as_of(None, at).await.unwrap().iter().map(|count| count.count).sum();
                prop_assert_eq!(counted, store.lives(None, at, None).await.unwrap().len() as u64);
            }
            Ok(())
        })?;
    }
}

fn expected(
    all: &[(String, &Story)],
    now: &(String, &Story),
    n: usize,
) -> (Vec<(String, FindingStatus, String)>, BTreeSet<String>) {
    let mut earlier: Vec<_> =
        all.iter().enumerate().filter(|(m, (date, _))| (date, *m) < (&now.0, n)).map(|(_, run)| run.clone()).collect();
    earlier.sort_by(|a, b| a.0.cmp(&b.0));
    let (findings, resolved) = obvious(&earlier, now);
    (findings, resolved.into_iter().collect())
}

fn shape(lifecycle: &Lifecycle) -> (Vec<(String, FindingStatus, String)>, BTreeSet<String>) {
    let findings = statuses(lifecycle).into_iter().map(|(id, status, first)| (id.to_owned(), status, first.to_owned()));
    (findings.collect(), resolved(lifecycle).into_iter().map(str::to_owned).collect())
}
