//! Records that a firm keeps by hand are judged by the whole program, with the catalogue's questions and limits.

use std::process::Command;

#[test]
fn an_answer_a_drill_record_and_a_register_become_findings() {
    let place = tempfile::tempdir().unwrap();
    let evidence = place.path().join("evidence");
    std::fs::create_dir_all(&evidence).unwrap();
    let answers = "secdiag = \"answers\"\n[[answer]]\nquestion = \"AST-1\"\nanswer = \"no\"\nby = \"Lin\"\nrole = \"CISO\"\ndate = 2026-06-01\n";
    std::fs::write(evidence.join("answers.toml"), answers).unwrap();
    let ddos = "secdiag = \"ddos\"\npublic = [\"web\"]\n[[contact]]\nname = \"SOC\"\n";
    std::fs::write(evidence.join("ddos.toml"), ddos).unwrap();
    let register = "firm = \"F\"\n[[system]]\nid = \"web\"\nname = \"Web\"\ncommissioned = 2019-05-01\n";
    std::fs::write(evidence.join("register.toml"), register).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
        .current_dir(place.path())
        .args(["diagnose", "evidence", "--workspace", "w", "--out", "result", "--as-of", "2026-06-30"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let findings = std::fs::read_to_string(place.path().join("result/findings.jsonl")).unwrap();
    for check in [
        "compliance/measure-missing",
        "drill/ddos-contract-expired",
        "drill/ddos-contact-stale",
        "drill/ddos-drill-stale",
        "programme/system-unclassified",
    ] {
        assert!(findings.contains(&format!("\"{check}\"")), "{check} is missing:\n{findings}");
    }
}
