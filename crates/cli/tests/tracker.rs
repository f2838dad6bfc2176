//! The tracker and the exports, there and back.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;

fn secdiag(place: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_secdiag")).current_dir(place).args(arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

const WORKSPACE: [&str; 2] = ["--workspace", "demo/workspace"];

fn tracker(place: &Path, arguments: &[&str]) -> Output {
    secdiag(place, &[&["tracker"], arguments, &WORKSPACE].concat())
}

fn demo() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let output = secdiag(place.path(), &["demo", "--out", "demo"]);
    assert!(output.status.success(), "{}", told(&output));
    place
}

fn table(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn save(path: &Path, rows: &[Vec<String>]) {
    let mut writer = csv::Writer::from_path(path).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.flush().unwrap();
}

fn column(rows: &[Vec<String>], word: &str) -> usize {
    rows[0].iter().position(|header| header.contains(word)).unwrap()
}

#[test]
fn answers_come_back_once_and_a_refused_row_refuses_the_file() {
    let place = demo();
    let path = |name: &str| place.path().join(name);
    assert!(tracker(place.path(), &["export", "t.csv"]).status.success());
    let open = table(&path("t.csv")).len() - 1;
    assert!(open > 20);
    for file in ["t.xlsx", "t.csv"] {
        assert!(tracker(place.path(), &["export", file]).status.success());
        let unchanged = tracker(place.path(), &["import", file, "--by", "Lin"]);
        let none = format!("0 findings answered, {open} rows unchanged; 0 events");
        assert!(told(&unchanged).contains(&none), "{}", told(&unchanged));
    }
    let mut rows = table(&path("t.csv"));
    let (owner, plan, due, state) =
        (column(&rows, "Owner"), column(&rows, "Measure"), column(&rows, "Done by"), column(&rows, "State"));
    let fresh = rows.iter().position(|row| row[owner].is_empty()).unwrap();
    rows[fresh][owner] = "王小明".into();
    rows[fresh][plan] = "改用 VPN".into();
    rows[fresh][due] = "2026/12/15".into();
    rows[fresh][state] = "已改善待確認".into();
    // People sort.
    rows[1..].reverse();
    save(&path("answered.csv"), &rows);
    let id = rows.iter().find(|row| row[owner] == "王小明").unwrap()[0].clone();

    let mut wrong = rows.clone();
    wrong[1][state] = "perhaps".into();
    save(&path("wrong.csv"), &wrong);
    let refused = tracker(place.path(), &["import", "wrong.csv", "--by", "Lin"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        told(&refused).contains("row 2") && told(&refused).contains("nothing was taken over"),
        "{}",
        told(&refused)
    );

    let taken = tracker(place.path(), &["import", "answered.csv", "--by", "Lin"]);
    let one = format!("1 findings answered, {} rows unchanged; 3 events", open - 1);
    assert!(told(&taken).contains(&one), "{}", told(&taken));
    let again = tracker(place.path(), &["import", "answered.csv", "--by", "Lin"]);
    let none = format!("0 findings answered, {open} rows unchanged; 0 events");
    assert!(told(&again).contains(&none), "{}", told(&again));

    let shown = secdiag(place.path(), &[&["findings", "--json"], &WORKSPACE[..]].concat());
    let rows: Vec<Json> = told(&shown).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let row = rows.iter().find(|row| row["finding"] == *id).unwrap();
    assert_eq!((row["state"].as_str(), row["owner"].as_str()), (Some("remediated"), Some("王小明")));
    assert!(tracker(place.path(), &["export", "later.csv"]).status.success());
    let later = table(&path("later.csv"));
    let row = later.iter().find(|row| row[0] == id).unwrap();
    assert_eq!((row[plan].as_str(), row[due].as_str()), ("改用 VPN", "2026-12-15"));
}

#[test]
fn every_export_holds_every_finding_and_the_decisions() {
    let place = demo();
    let findings = std::fs::read_to_string(place.path().join("demo/result/findings.jsonl")).unwrap();
    let count = findings.lines().count();
    let id = serde_json::from_str::<Json>(findings.lines().last().unwrap()).unwrap()["id"].as_str().unwrap().to_owned();
    let accept = ["finding", "accept", &id, "--requested-by", "Chen", "--by", "Lin", "--until", "2099-01-01"];
    let accept = [&accept[..], &["--reason", "replaced", "--at", "2026-06-30T10:00:00Z"], &WORKSPACE].concat();
    let accepted = secdiag(place.path(), &accept);
    assert!(accepted.status.success(), "{}", told(&accepted));
    let run: Json = serde_json::from_slice(&std::fs::read(place.path().join("demo/result/run.json")).unwrap()).unwrap();
    let gone = run["resolved"].as_array().unwrap().len();
    for format in ["sarif", "generic-json", "generic-csv", "ocsf", "csaf"] {
        let arguments = ["export", "demo/result", "--format", format, "--out", format];
        let written = secdiag(place.path(), &[&arguments[..], &WORKSPACE].concat());
        assert!(told(&written).contains(&format!("{count} findings, 1 exceptions")), "{}", told(&written));
        let back = secdiag(place.path(), &["import", format, "--system", format, "--workspace", "other"]);
        // OCSF closes by records of their own what is gone.
        let new = count + if format == "ocsf" { gone } else { 0 };
        assert!(told(&back).contains(&format!("{new} new")), "{format}: {}", told(&back));
        let again = secdiag(place.path(), &["import", format, "--system", format, "--workspace", "other"]);
        assert!(told(&again).contains("nothing changed"), "{format}: {}", told(&again));
    }
    let sarif: Json = serde_json::from_slice(&std::fs::read(place.path().join("sarif")).unwrap()).unwrap();
    let suppressed = sarif["runs"][0]["results"].as_array().unwrap().iter();
    let suppressed = suppressed.filter(|result| result["suppressions"].as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(suppressed.count(), 1);
    let csaf: Json = serde_json::from_slice(&std::fs::read(place.path().join("csaf")).unwrap()).unwrap();
    assert_eq!(csaf["document"]["category"], "csaf_base", "not all findings are about vulnerabilities in products");
    let silent = secdiag(place.path(), &["export", "demo/result", "--format", "openvex", "--out", "vex"]);
    assert_eq!(silent.status.code(), Some(2), "{}", told(&silent));
    assert!(!place.path().join("vex").exists());
    let missing = secdiag(place.path(), &["export", "nowhere", "--format", "sarif", "--out", "x"]);
    assert_eq!(missing.status.code(), Some(2));
}
