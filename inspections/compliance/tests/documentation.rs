//! The examples of `docs/questionnaires.md` are read to the last field.

#![expect(clippy::disallowed_methods, reason = "tests read the documentation")]

mod common;

use std::path::Path;

use secdiag_compliance::COMPLIANCE;
use secdiag_inspect::testkit::Bench;

#[test]
fn every_example_is_recognised_and_read_without_a_note() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/questionnaires.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut examples = 0;
    for block in text.split("\n```").skip(1).step_by(2) {
        let (syntax, example) = block.split_once('\n').unwrap();
        let bench = Bench::default().file(COMPLIANCE, &format!("example.{syntax}"), example.as_bytes());
        let parsed = bench.parse(COMPLIANCE);
        assert_eq!(parsed.documents.len(), 1, "{syntax}: {example}");
        assert_eq!(parsed.notes, [], "{syntax}");
        examples += 1;
    }
    assert_eq!(examples, 4);
}

/// The examples together are a firm in order but for what they mean to show.
#[test]
fn the_examples_show_what_they_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/questionnaires.md");
    let text = std::fs::read_to_string(path).unwrap();
    let continuity =
        text.split("\n```").skip(1).step_by(2).find(|block| block.contains("secdiag: continuity")).unwrap();
    let (_, example) = continuity.split_once('\n').unwrap();
    let judged = common::judge(Bench::default().file(COMPLIANCE, "continuity.yaml", example.as_bytes()));
    let lines: Vec<_> = judged.findings.iter().map(common::short).collect();
    assert_eq!(lines, [""; 0]);
    let looked: Vec<&str> = judged.looked.iter().map(|looked| looked.check).collect();
    assert_eq!(looked.len(), 8, "{looked:?}");
}
