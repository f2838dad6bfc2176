//! Every check with its firing and silent fixtures: `fixtures/<check>/{fires,silent}-*`; and traffic against a category.

#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]
#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::date;
use secdiag_catalogue::ThresholdSet;
use secdiag_inspect::testkit::{Bench, Judged, recognise};
use secdiag_model::SystemId;
use secdiag_model::result::SystemInfo;
use secdiag_programme_inspection::{LEDGER, PROGRAMME, REGISTER};
use serde_json::json;

fn nothing() -> ThresholdSet {
    let none = r#"{"id":"none","title":{"en":"","zh-TW":""},"publisher":"","version":"","settings":{}}"#;
    serde_json::from_str(none).unwrap()
}

fn judge(bench: &Bench) -> Judged {
    bench.judge(PROGRAMME, date(2026, 11, 23), &nothing())
}

#[test]
fn every_check_fires_and_stays_silent_as_its_fixtures_say() {
    for check in PROGRAMME.meta().checks {
        let slug = check.id.trim_start_matches("programme/");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(slug);
        let (mut fires, mut silent) = (0, 0);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            assert!(recognise(&[&REGISTER, &LEDGER], &name, &bytes).is_some(), "{slug}/{name}: not recognised");
            let judged = judge(&Bench::default().file(PROGRAMME, &name, &bytes));
            assert!(
                judged.looked.iter().any(|looked| looked.check == check.id && looked.count > 0),
                "{slug}/{name}: not looked at"
            );
            let found = judged.checks().contains(&check.id);
            assert_eq!(found, name.starts_with("fires-"), "{slug}/{name}: {:?}", judged.checks());
            if found { fires += 1 } else { silent += 1 }
        }
        assert!(fires > 0 && silent > 0, "{slug}: {fires} firing, {silent} silent fixtures");
    }
}

#[test]
fn a_register_that_contradicts_itself_is_noted_and_judged_by_nobody() {
    let text = "[[system]]\nid = \"a\"\nname = \"A\"\ncommissioned = 2020-01-01\nretired = 2019-01-01\n";
    let bench = Bench::default().file(PROGRAMME, "register.toml", text.as_bytes());
    assert_eq!(bench.parse(PROGRAMME).notes[0].reason, "bad-register");
    assert!(judge(&bench).looked.iter().all(|looked| looked.count == 0));
}

#[test]
fn only_systems_declared_as_lax_are_contradicted_by_answers_to_the_internet() {
    let bench = Bench::default().file(PROGRAMME, "any.bin", b"x");
    let digest = bench.evidence().artefacts[0].sha256.to_string();
    let row = json!({"host": "10.1.2.3", "dst_port": 443, "callers": 9, "connections": 12, "example": "203.0.113.7",
                     "evidence": digest, "locator": 17, "conversations": 400});
    let quiet = json!({"host": null, "dst_port": null, "callers": 0, "connections": 0, "example": null,
                       "evidence": null, "locator": null, "conversations": 400});
    let of = |category: Option<u8>, row: &serde_json::Value| {
        let id = SystemId("office".into());
        let system = SystemInfo { id, name: "Office".into(), category, population: BTreeMap::new() };
        let rows = BTreeMap::from([("programme/inbound", vec![row.clone()])]);
        let judged = bench.judge_system(PROGRAMME, date(2026, 11, 23), &nothing(), &rows, &system);
        let looked: u64 = judged.looked.iter().map(|looked| looked.count).sum();
        (judged.findings.len(), looked)
    };
    assert_eq!((of(Some(3), &row), of(Some(3), &quiet)), ((1, 400), (0, 400)));
    assert_eq!((of(Some(1), &row), of(None, &row)), ((0, 0), (0, 0)));
}

/// A register and a system that `assessment.toml` declares.
fn declared(register: &str, id: &str, category: Option<u8>, rows: &[serde_json::Value]) -> Judged {
    let bench = Bench::default().file(PROGRAMME, "register.toml", register.as_bytes()).file(PROGRAMME, "any.bin", b"x");
    let system = SystemInfo { id: SystemId(id.into()), name: id.into(), category, population: BTreeMap::new() };
    let digest = bench.evidence().artefacts[1].sha256.to_string();
    let mut rows = rows.to_vec();
    for row in &mut rows {
        row["evidence"] = json!(digest);
    }
    let rows = BTreeMap::from([("programme/inbound", rows)]);
    bench.judge_system(PROGRAMME, date(2026, 11, 23), &nothing(), &rows, &system)
}

const TWO: &str = r#"
[[system]]
id = "portal"
name = "Portal"
commissioned = 2020-01-01
addresses = ["203.0.113.0/28"]
category = [{ category = 2, effective = 2020-01-01, reason = "customers", approved_by = "CISO" }]
[[system]]
id = "office"
name = "Office"
commissioned = 2020-01-01
category = [{ category = 3, effective = 2020-01-01 }]
"#;

#[test]
fn what_assessment_toml_declares_is_held_against_the_register() {
    let contradicted = |id: &str, category| {
        let judged = declared(TWO, id, category, &[]);
        let of = judged.findings.iter().filter(|finding| finding.check == "programme/category-contradicted").count();
        (of, judged.notes.iter().map(|note| note.reason.clone()).collect::<Vec<_>>())
    };
    assert_eq!(contradicted("portal", Some(3)), (1, vec![]));
    assert_eq!(contradicted("portal", Some(2)), (0, vec![]));
    assert_eq!(contradicted("portal", Some(1)), (0, vec!["category-differs".to_owned()]));
    let unclassified = |category| {
        let judged = declared(TWO, "forgotten", category, &[]);
        assert!(judged.findings.iter().all(|finding| finding.check == "programme/system-unclassified"));
        (judged.findings.len(), judged.notes.iter().map(|note| note.reason.clone()).collect::<Vec<_>>())
    };
    assert_eq!(unclassified(None), (1, vec![]), "a system that is diagnosed and that the register does not name");
    assert_eq!(unclassified(Some(2)), (0, vec!["system-not-registered".to_owned()]));
}

#[test]
fn a_server_with_a_public_address_is_known_by_the_register() {
    let row = |host: &str, private: bool| {
        json!({"host": host, "dst_port": 443, "private": private, "callers": 9, "connections": 12,
               "example": "198.51.100.7", "evidence": null, "locator": 17, "conversations": 400})
    };
    let hosts = |id: &str, category, row: serde_json::Value| {
        let judged = declared(TWO, id, category, &[row]);
        judged.findings.iter().filter(|finding| finding.facts.get("how") == Some(&json!("observed traffic"))).count()
    };
    // The category comes from the register where assessment.toml gives none.
    assert_eq!(hosts("portal", None, row("203.0.113.5", false)), 1);
    assert_eq!(hosts("portal", None, row("203.0.113.77", false)), 0, "a site that the firm calls");
    assert_eq!(hosts("portal", None, row("10.1.1.1", true)), 0, "another system's host");
    assert_eq!(hosts("office", None, row("10.1.1.1", true)), 1);
    assert_eq!(hosts("office", None, row("203.0.113.5", true)), 0, "the portal's");
    assert_eq!(hosts("office", None, row("203.0.113.99", false)), 0);
}
