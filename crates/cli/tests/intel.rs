//! The ledger of intelligence: received, loaded by every diagnostic, searched for in the evidence of the past, gated by
//! warning lists, judged when nobody sees to it.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;

fn secdiag(place: &Path, arguments: &[&str]) -> Output {
    let workspace = ["--workspace", "demo/workspace"];
    Command::new(env!("CARGO_BIN_EXE_secdiag")).current_dir(place).args(arguments).args(workspace).output().unwrap()
}

fn told(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn demo() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
        .current_dir(place.path())
        .args(["demo", "--out", "demo"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    place
}

fn advisories(place: &Path) -> Vec<Json> {
    told(&secdiag(place, &["intel", "list", "--json"]))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn new_intelligence_is_found_in_the_evidence_of_the_past() {
    let place = demo();
    let here = place.path();
    // The compromised computer of 2025 and 2026 was given this address by its master's name server.
    std::fs::write(here.join("new.txt"), "192.0.2.140 # botnet\n").unwrap();
    let received = secdiag(here, &["intel", "add", "new.txt", "--from", "F-ISAC", "--severity", "high", "--by", "Lin"]);
    assert!(told(&received).contains("1 files received, 1 of them new"));
    assert_eq!(advisories(here)[0]["searched"], Json::Null);
    let hunted = told(&secdiag(here, &["intel", "hunt"]));
    assert!(
        hunted.contains("2025-04-18") && hunted.contains("2026-06-30") && !hunted.contains("2023-06-30"),
        "{hunted}"
    );
    assert!(hunted.contains("3 diagnostics searched"), "{hunted}");
    let known = &advisories(here)[0];
    assert!(known["searched"].is_string() && known["hits"].as_u64().unwrap() >= 2, "{known}");
    assert!(told(&secdiag(here, &["intel", "hunt"])).contains("3 diagnostics searched, 0 findings"), "once is enough");
    // Findings of a hunt change nothing in what the diagnostics found.
    let count = told(&secdiag(here, &["findings", "--as-of", "2026-06-30", "--count"]));
    assert!(count.contains("critical") && !count.contains("botnet"));
}

#[test]
fn an_advisory_goes_its_way_and_no_other() {
    let place = demo();
    let here = place.path();
    std::fs::write(here.join("a.txt"), "198.51.100.9\n").unwrap();
    told(&secdiag(
        here,
        &["intel", "add", "a.txt", "--from", "F-ISAC", "--severity", "high", "--by", "Lin", "--at", "2026-06-01"],
    ));
    let id = advisories(here)[0]["id"].as_str().unwrap()[..8].to_owned();
    let step = |what: &str, by: &str, reason: &str| {
        secdiag(here, &["intel", what, &id, "--by", by, "--reason", reason, "--at", "2026-06-20"])
    };
    assert_eq!(step("close", "Lin", "done").status.code(), Some(2), "nobody has assessed it");
    told(&step("assess", "Lin", "our provider"));
    assert_eq!(step("close", "Lin", "done").status.code(), Some(2), "nothing was done");
    assert_eq!(step("act", "Lin", "").status.code(), Some(2), "why?");
    // A diagnostic loads what was received by its day, and the ledger among its evidence is judged.
    told(&secdiag(here, &["intel", "export", "demo/evidence/ledger.csv"]));
    let run = ["diagnose", "demo/evidence", "--out", "again", "--as-of", "2026-06-30"];
    told(&secdiag(here, &run));
    let run: Json = serde_json::from_slice(&std::fs::read(here.join("again/run.json")).unwrap()).unwrap();
    assert!(run["intel"].as_array().unwrap().iter().any(|list| list["name"] == "a.txt"), "{}", run["intel"]);
    let findings = std::fs::read_to_string(here.join("again/findings.jsonl")).unwrap();
    assert!(
        findings.contains("programme/advisory-open-too-long") && findings.contains("programme/advisory-not-searched")
    );
    assert_eq!(advisories(here)[0]["searched"], "2026-06-30", "the diagnostic has searched for it");
    told(&step("act", "Lin", "blocked, CHG-1"));
    told(&step("close", "Lin", "done"));
    assert_eq!(step("act", "Lin", "again").status.code(), Some(2), "it is closed");
}

#[test]
fn a_warning_list_keeps_the_innocent_out() {
    let place = demo();
    let here = place.path();
    std::fs::create_dir(here.join("lists")).unwrap();
    std::fs::write(here.join("lists/bad.txt"), "quote.market.example\n").unwrap();
    let diagnose = |out: &str| {
        told(&secdiag(here, &["diagnose", "demo/evidence", "--out", out, "--as-of", "2026-06-30", "--intel", "lists"]));
        let read = |name: &str| std::fs::read_to_string(here.join(out).join(name)).unwrap();
        (read("findings.jsonl"), read("notes.jsonl"), read("run.json"))
    };
    let (findings, ..) = diagnose("before");
    assert!(findings.contains("quote.market.example"));
    let warning = r#"{"name": "Markets", "type": "hostname", "list": ["market.example"], "matching_attributes": ["hostname", "domain"]}"#;
    std::fs::write(here.join("lists/warning.json"), warning).unwrap();
    let (findings, notes, run) = diagnose("after");
    assert!(!findings.contains("which bad.txt names as malicious"), "{findings}");
    assert!(findings.contains("evil-update.example"), "what stands in no warning list is still found");
    assert!(notes.contains("doubtful-indicator") && run.contains("\"doubtful\": 1"), "{notes}");
}
