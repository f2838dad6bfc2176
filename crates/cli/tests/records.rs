//! Records that a firm keeps by hand are judged by the whole program, with the catalogue's questions and limits.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::path::Path;
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

/// A capture of first packets (libpcap format, Ethernet, IPv4, TCP): `per_minute` of every minute, from `start` on.
fn capture(path: &Path, start: u32, per_minute: &[u32]) {
    let mut file =
        [0xa1b2_c3d4_u32.to_le_bytes(), [2, 0, 4, 0], [0; 4], [0; 4], 65_535_u32.to_le_bytes(), 1_u32.to_le_bytes()]
            .concat();
    for (minute, count) in (0_u32..).zip(per_minute) {
        let of_minute = u8::try_from(minute % 250).unwrap();
        for number in 0..*count {
            let [a, b] = u16::try_from(number % 60_000).unwrap().to_be_bytes();
            let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
            frame.extend([0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 198, 51, 100, of_minute, 203, 0, 113, 5]);
            // Another caller in every minute, another port for every call, to port 443, a first packet.
            frame.extend([a ^ 0x40, b, 1, 187, 0, 0, 0, a, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]);
            let second = start + minute * 60 + number * 59 / (*count).max(1);
            let length = u32::try_from(frame.len()).unwrap();
            for word in [second, number % 1_000_000, length, length] {
                file.extend(word.to_le_bytes());
            }
            file.extend(frame);
        }
    }
    std::fs::write(path, file).unwrap();
}

#[test]
fn a_drill_is_shown_by_its_flood_or_accused() {
    // 2026-05-05T10:00 in Taiwan, after forty ordinary minutes.
    let start = 1_777_946_400 - 40 * 60;
    for (flood, expected) in [(4, true), (400, false)] {
        let place = tempfile::tempdir().unwrap();
        let evidence = place.path().join("evidence");
        std::fs::create_dir_all(&evidence).unwrap();
        let mut minutes = vec![3; 60];
        minutes[45] = flood;
        capture(&evidence.join("tap.pcap"), start, &minutes);
        let record = "secdiag = \"ddos\"\npublic = [\"web\"]\n[[drill]]\ndate = 2026-05-05\nsystems = [\"web\"]\nstarted = \"2026-05-05T10:00:00+08:00\"\nrecover_minutes = 15\n";
        std::fs::write(evidence.join("ddos.toml"), record).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
            .current_dir(place.path())
            .args(["diagnose", "evidence", "--workspace", "w", "--out", "result", "--as-of", "2026-06-30"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = |name: &str| std::fs::read_to_string(place.path().join("result").join(name)).unwrap();
        let coverage: serde_json::Value = serde_json::from_str(&read("coverage.json")).unwrap();
        let all = coverage["checks"].as_array().unwrap();
        let line = all.iter().find(|line| line["check"] == "drill/ddos-drill-unproven").unwrap();
        assert_eq!(line["state"], if expected { "found" } else { "passed" }, "{line}\n{}", read("notes.jsonl"));
    }
}
