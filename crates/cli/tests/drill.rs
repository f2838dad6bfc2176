//! What people handed in at a drill is nowhere in the workspace, however the file came.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

const PASSWORD: &str = "Tr0ub4dor-and-3";

fn events() -> String {
    let details = format!(
        r#"{{""payload"":{{""rid"":[""r1""],""username"":[""a@firm.example""],""password"":[""{PASSWORD}""]}},""browser"":{{""address"":""10.0.0.7"",""user-agent"":""Mozilla/5.0""}}}}"#
    );
    format!(
        "campaign_id,email,time,message,details\n\
         7,a@firm.example,2026-10-12T01:00:00Z,Email Sent,\n\
         7,a@firm.example,2026-10-12T01:20:00Z,Clicked Link,\"{{\"\"payload\"\":{{\"\"rid\"\":[\"\"r1\"\"]}}}}\"\n\
         7,a@firm.example,2026-10-12T01:21:00Z,Submitted Data,\"{details}\"\n"
    )
}

fn api() -> String {
    let details = format!(r#"{{\"payload\":{{\"rid\":[\"r2\"],\"pw\":[\"{PASSWORD}\"]}}}}"#);
    format!(
        r#"{{"id":8,"name":"api","results":[{{"email":"b@firm.example","status":"Submitted Data","send_date":"2026-10-13T01:00:00Z"}}],
            "timeline":[{{"email":"b@firm.example","time":"2026-10-13T01:00:00Z","message":"Email Sent","details":""}},
                        {{"email":"b@firm.example","time":"2026-10-13T02:00:00Z","message":"Submitted Data","details":"{details}"}}]}}"#
    )
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

fn holds(file: &Path, text: &str) -> bool {
    let bytes = std::fs::read(file).unwrap();
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn submitted_passwords_are_nowhere_in_the_workspace() {
    let place = tempfile::tempdir().unwrap();
    let evidence = place.path().join("evidence");
    std::fs::create_dir_all(&evidence).unwrap();
    std::fs::write(evidence.join("drill-events.csv"), events()).unwrap();
    std::fs::write(evidence.join("campaign.json"), api()).unwrap();
    // A broken one cannot be rewritten: nothing of it is kept.
    std::fs::write(evidence.join("cut.json"), &api()[..api().len() - 9]).unwrap();
    let mut tar = tar::Builder::new(std::fs::File::create(evidence.join("handed-in.tar")).unwrap());
    let content = events().replace("a@firm", "c@firm");
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append_data(&mut header, "more-events.csv", content.as_bytes()).unwrap();
    tar.finish().unwrap();
    for round in 0..2 {
        let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
            .current_dir(place.path())
            .args(["diagnose", "evidence", "--workspace", "w", "--out", "result", "--as-of", "2026-11-01"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let kept: Vec<PathBuf> = ["w", "result"].iter().flat_map(|folder| files(&place.path().join(folder))).collect();
        assert!(kept.len() > 8);
        let bad: Vec<_> = kept.iter().filter(|file| holds(file, PASSWORD)).collect();
        assert_eq!(bad, Vec::<&PathBuf>::new(), "round {round}");
        // The drill itself was judged: three campaigns, each with somebody who handed data in.
        let findings = std::fs::read_to_string(place.path().join("result/findings.jsonl")).unwrap();
        assert!(findings.contains("drill/phishing-credential-given"), "{findings}");
        let notes = std::fs::read_to_string(place.path().join("result/notes.jsonl")).unwrap();
        assert_eq!(notes.matches("\"redacted\"").count(), 3, "{notes}");
        assert_eq!(notes.matches("\"not-kept\"").count(), 1, "{notes}");
        // The evidence itself is left alone.
        assert!(holds(&evidence.join("drill-events.csv"), PASSWORD));
    }
}
