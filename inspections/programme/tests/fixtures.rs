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
