//! The engine through its public face, with a scripted inspection: each evidence file is a script of what its parser and
//! its judge do.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use secdiag_catalogue::Catalogue;
use secdiag_engine::{EngineError, Phase, Progress, Request, Scope, Statement, Workplace, diagnose};
use secdiag_inspect::{Check, Document, Facts, Inspection, JudgeCx, Looked, Meta, ParseCx, Source, Stop, Unit};
use secdiag_model::result::{ItemResult, RunResult, SystemInfo};
use secdiag_model::{
    Artefact, Binding, CheckState, EvidenceKind, EvidenceSet, Finding, Format, ItemId, Locator, Match, NoteKind,
    Outcome, Period, Proof, Recognition, Sha256, Subject, SystemId,
};
use serde::{Deserialize, Serialize};

/// The four lockout checks that `SEC-8.2` and `GOV-5.2` consist of, and two firewall checks with aspects.
const LOCKOUT: [&str; 4] = [
    "directory/lockout-never",
    "directory/lockout-threshold-high",
    "directory/lockout-duration-short",
    "directory/lockout-reset-short",
];
static CHECKS: [Check; 6] = [
    Check::new(LOCKOUT[0], &["script"]),
    Check::new(LOCKOUT[1], &["script"]),
    Check::new(LOCKOUT[2], &["script"]),
    Check::new(LOCKOUT[3], &["script"]),
    Check::new("firewall/missing-deny-all", &["other"]),
    Check::new("firewall/deny-all-not-logged", &["other"]),
];
static FORMATS: [Format; 2] = [
    Format { id: "script", kind: EvidenceKind::Adx, title: "script", sniff: |_| Match::No },
    Format { id: "other", kind: EvidenceKind::Fwcfg, title: "other", sniff: |_| Match::No },
];
static META: Meta = Meta {
    id: "scripted",
    parser_version: 1,
    checks: &[&CHECKS[0], &CHECKS[1], &CHECKS[2], &CHECKS[3], &CHECKS[4], &CHECKS[5]],
    formats: &[&FORMATS[0], &FORMATS[1]],
    tables: &[],
};

struct Scripted;

#[derive(Serialize, Deserialize)]
struct Script {
    words: Vec<String>,
}

impl Document for Script {
    const KIND: &'static str = "script";
}

impl Inspection for Scripted {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn parse(&self, unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
        let text = cx.text(unit.first())?.text;
        assert!(!text.contains("crash-parse"), "scripted crash");
        cx.period(unit.first(), Period { start_us: 0, end_us: 1 });
        cx.document(&unit.artefacts, &Script { words: text.split_whitespace().map(str::to_owned).collect() })
    }

    fn judge(&self, facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
        for script in facts.documents::<Script>()? {
            let artefact = script.artefacts[0];
            for word in &script.value.words {
                match word.split_once('=') {
                    Some(("look", check)) => CHECKS
                        .iter()
                        .filter(|known| known.id.starts_with(check))
                        .for_each(|known| cx.looked(Looked::at(known, 7, "rules"))),
                    Some(("find", check)) => cx.report(finding(check, artefact)),
                    _ if word == "crash-judge" => panic!("scripted crash"),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn finding(check: &str, artefact: &Artefact) -> Finding {
    let proof = Proof::new(artefact, Locator::Line(1), "LockoutBadCount = 0");
    let mut finding = Finding::new(
        check,
        Subject::Policy { scope: artefact.path.clone(), setting: "lockout_threshold".into() },
        proof,
    );
    // Whatever the texts name; the texts themselves are tested with the inspections.
    for name in placeholders(check) {
        finding = finding.fact(&name, "x");
    }
    finding
}

fn placeholders(check: &str) -> Vec<String> {
    let catalogue = Catalogue::built_in().unwrap();
    let text = catalogue.check(check).unwrap();
    let all = [&text.title, &text.risk, &text.advice].map(|text| format!("{}{}", text.en, text.zh_tw)).concat();
    all.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect()
}

#[derive(Default)]
struct Memory(BTreeMap<Sha256, Vec<u8>>);

impl Source for Memory {
    fn open(&self, sha256: &Sha256) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(std::io::Cursor::new(self.0[sha256].clone())))
    }
}

#[derive(Default)]
struct Quiet {
    cancel_after: Option<u64>,
    units: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress for Quiet {
    fn phase(&self, _: Phase, _: u64, _: u64) {}
    fn advanced(&self, _: u64) {}
    fn finished(&self, _: &str) {
        if self.cancel_after == Some(self.units.fetch_add(1, Ordering::SeqCst) + 1) {
            self.cancelled.store(true, Ordering::SeqCst);
        }
    }
    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }
}

/// Evidence `(path, format, system, script)` and how it is run.
struct Setup {
    files: Vec<(&'static str, &'static str, &'static str, String)>,
    scope: Scope,
    threads: usize,
    progress: Quiet,
    lake: tempfile::TempDir,
}

fn setup(files: &[(&'static str, &'static str, &'static str, &str)]) -> Setup {
    let systems = ["a", "b"].map(|id| SystemInfo {
        id: SystemId(id.into()),
        name: id.into(),
        category: Some(1),
        population: BTreeMap::new(),
    });
    Setup {
        files: files
            .iter()
            .map(|(path, format, system, script)| (*path, *format, *system, (*script).to_owned()))
            .collect(),
        scope: Scope { bound: true, systems: systems.into(), ..Scope::default() },
        threads: 2,
        progress: Quiet::default(),
        lake: tempfile::tempdir().unwrap(),
    }
}

impl Setup {
    fn try_run(&self) -> Result<RunResult, EngineError> {
        let catalogue = Catalogue::built_in().unwrap();
        let mut source = Memory::default();
        let artefacts = self.files.iter().map(|(path, format, system, script)| {
            let sha256 = Sha256::of(script.as_bytes());
            source.0.insert(sha256, script.clone().into_bytes());
            let known = FORMATS.iter().find(|known| known.id == *format);
            let recognition = match known {
                Some(known) => Recognition::Recognised { format: known.id.into(), kind: known.kind },
                None => Recognition::Unsupported { format: None, reason: "unknown".into(), close: vec![] },
            };
            let declared_kind = (*format == "inventory").then_some(EvidenceKind::Inv);
            let binding = Binding { systems: vec![SystemId((*system).into())], declared_kind, ..Binding::default() };
            Artefact { sha256, size: script.len() as u64, path: (*path).into(), member: None, recognition, binding }
        });
        let evidence = EvidenceSet::new(artefacts.collect());
        let request = Request {
            inspections: &[&Scripted],
            catalogue: &catalogue,
            regime: catalogue.regime("all").unwrap(),
            thresholds: catalogue.threshold_set("gcb-win11").unwrap(),
            also: &[],
            as_of: "2026-11-23".parse().unwrap(),
            evidence: &evidence,
            bytes: 0,
            notes: &[],
            scope: &self.scope,
            indicators: &[],
            lists: &[],
        };
        let work = Workplace {
            source: &source,
            lake: self.lake.path(),
            threads: self.threads,
            memory: 64 << 20,
            progress: &self.progress,
        };
        diagnose(&request, &work)
    }

    fn run(&self) -> RunResult {
        self.try_run().unwrap()
    }
}

fn item<'a>(result: &'a RunResult, id: &str, system: &str) -> &'a ItemResult {
    result.items.iter().find(|item| item.item == ItemId(id.into()) && item.system.0 == system).unwrap()
}

#[test]
fn all_checks_passing_on_enough_evidence_is_a_pass_that_says_what_was_looked_at() {
    let result = setup(&[("policy", "script", "a", "look=directory/")]).run();
    let lockout = item(&result, "SEC-8.2", "a");
    assert_eq!((lockout.outcome, lockout.score, lockout.coverage), (Outcome::Pass, Some(100.0), Some(100.0)));
    assert!(lockout.why.en.contains("7 rules"), "{}", lockout.why.en);
    assert!(lockout.checks.iter().all(|check| check.state == CheckState::Passed && check.looked_at == 7));
}

#[test]
fn missing_evidence_is_never_a_pass_and_has_no_score() {
    let result = setup(&[("policy", "script", "a", "look=directory/")]).run();
    for item in result.items.iter().filter(|item| item.system.0 == "b") {
        assert!(
            matches!(item.outcome, Outcome::InsufficientEvidence | Outcome::NotTested),
            "{} is {:?}",
            item.item,
            item.outcome
        );
        assert_eq!(item.score, None, "{}", item.item);
        assert!(!item.why.en.is_empty() && !item.why.zh_tw.is_empty(), "{} says nothing", item.item);
    }
}

#[test]
fn evidence_without_anything_to_look_at_is_insufficient() {
    let result = setup(&[("policy", "script", "a", "nothing")]).run();
    let lockout = item(&result, "SEC-8.2", "a");
    assert_eq!((lockout.outcome, lockout.score, lockout.coverage), (Outcome::InsufficientEvidence, None, Some(0.0)));
}

#[test]
fn a_finding_fails_its_items_on_its_own_system_only() {
    let result = setup(&[
        ("policy", "script", "a", "look=directory/ find=directory/lockout-never"),
        ("policy-b", "script", "b", "look=directory/"),
    ])
    .run();
    let failed = item(&result, "GOV-5.2", "a");
    assert_eq!((failed.outcome, failed.score), (Outcome::Fail, Some(75.0)));
    assert_eq!(item(&result, "GOV-5.2", "b").outcome, Outcome::Pass);
    assert_eq!(result.findings.len(), 1);
    assert!(!result.findings[0].title.contains('{') && !result.findings[0].zh_tw.risk.contains('{'));
}

#[test]
fn the_same_defect_told_twice_is_one_finding_with_both_proofs() {
    let result = setup(&[(
        "policy",
        "script",
        "a",
        "look=directory/ find=directory/lockout-never find=directory/lockout-never",
    )])
    .run();
    assert_eq!(result.findings.len(), 1);
    assert_eq!(result.findings[0].evidence.len(), 1);
}

#[test]
fn a_crashed_parser_makes_its_items_errors_and_leaves_the_rest_alone() {
    let result = setup(&[
        ("bad", "script", "a", "crash-parse look=directory/"),
        ("good", "script", "a", "look=directory/ find=directory/lockout-never"),
        ("fw", "other", "a", "look=firewall/"),
    ])
    .run();
    assert!(result.run.crashed);
    let lockout = item(&result, "SEC-8.2", "a");
    assert_eq!((lockout.outcome, lockout.trustworthy), (Outcome::Error, false));
    assert_eq!(lockout.finding_ids.len(), 1, "what was found is still told");
    assert!(result.notes.iter().any(|note| note.kind == NoteKind::Internal && note.path == "bad"));
    let states: Vec<_> = result
        .coverage
        .checks
        .iter()
        .filter(|check| check.check.starts_with("firewall/") && check.system.0 == "a")
        .map(|check| check.state)
        .collect();
    assert_eq!(states, [CheckState::Passed, CheckState::Passed]);
}

#[test]
fn a_crashed_judge_makes_the_items_of_that_system_errors() {
    let result =
        setup(&[("bad", "script", "a", "look=directory/ crash-judge"), ("good", "script", "b", "look=directory/")])
            .run();
    assert!(result.run.crashed);
    assert_eq!(item(&result, "SEC-8.2", "a").outcome, Outcome::Error);
    assert_eq!(item(&result, "SEC-8.2", "b").outcome, Outcome::Pass);
}

#[test]
fn an_item_that_waits_for_a_check_can_fail_but_not_pass() {
    let passing = setup(&[("fw", "other", "a", "look=firewall/")]).run();
    let waiting = item(&passing, "GOV-6.1", "a");
    assert_eq!(waiting.outcome, Outcome::NotTested, "{}", waiting.why.en);
}

#[test]
fn not_applicable_needs_a_person_and_an_inventory_and_no_evidence_to_the_contrary() {
    let claim = |item: &str| Statement {
        item: ItemId(item.into()),
        id: String::new(),
        system: None,
        text: "no SWIFT".into(),
        by: "M. Chen".into(),
        date: None,
    };
    let with = |files: &[(&'static str, &'static str, &'static str, &str)]| {
        let mut setup = setup(files);
        setup.scope.not_applicable = vec![claim("SEC-9.4")];
        item(&setup.run(), "SEC-9.4", "a").outcome
    };
    assert_ne!(with(&[("policy", "script", "a", "look")]), Outcome::NotApplicable);
    assert_eq!(with(&[("inventory.xlsx", "inventory", "a", "list")]), Outcome::NotApplicable);
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let scripts: Vec<_> = (0..40)
        .map(|n| {
            (
                Box::leak(format!("policy-{n:02}").into_boxed_str()) as &'static str,
                "script",
                if n % 2 == 0 { "a" } else { "b" },
                format!("{n} look=directory/ find={}", LOCKOUT[n % 4]),
            )
        })
        .collect();
    let files: Vec<_> =
        scripts.iter().map(|(path, format, system, script)| (*path, *format, *system, script.as_str())).collect();
    let results = [1, 2, 8].map(|threads| {
        let setup = Setup { threads, ..setup(&files) };
        let result = setup.run();
        assert_eq!(result.findings.len(), 40);
        let folder = setup.lake.path().join("out");
        secdiag_engine::write(&result, &[], &folder).unwrap();
        ["findings.jsonl", "items.json", "coverage.json", "notes.jsonl", "run.json"]
            .map(|name| std::fs::read(folder.join(name)).unwrap())
    });
    assert!(results[0] == results[1] && results[1] == results[2]);
}

#[test]
fn a_cancelled_run_continues_and_nothing_is_parsed_twice() {
    let scripts: Vec<_> = (0..20)
        .map(|n| {
            (
                Box::leak(format!("resume-{n:02}").into_boxed_str()) as &'static str,
                "script",
                "a",
                format!("resume {n} look=directory/"),
            )
        })
        .collect();
    let files: Vec<_> =
        scripts.iter().map(|(path, format, system, script)| (*path, *format, *system, script.as_str())).collect();
    let whole = setup(&files).run();

    let mut setup = setup(&files);
    setup.threads = 1;
    setup.progress.cancel_after = Some(5);
    assert!(matches!(setup.try_run(), Err(EngineError::Cancelled)));
    setup.progress = Quiet::default();
    let counted = |setup: &Setup| {
        let folders = std::fs::read_dir(setup.lake.path().join("scripted")).unwrap().count();
        (folders, setup.run())
    };
    let (before, resumed) = counted(&setup);
    assert_eq!(before, 5, "what was finished before the cancel is kept");
    assert_eq!(resumed, whole);
    let unit = std::fs::read_dir(setup.lake.path().join("scripted"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path()
        .join("unit.json");
    let written = std::fs::metadata(&unit).unwrap().modified().unwrap();
    assert_eq!(setup.run(), whole);
    assert_eq!(std::fs::metadata(&unit).unwrap().modified().unwrap(), written, "a second run parses nothing again");
}
