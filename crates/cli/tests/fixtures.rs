//! Fixtures of checks that are queries: they need the lake, so the whole command runs over them.

use std::path::Path;
use std::process::Command;

#[test]
fn checks_over_tables_fire_and_stay_silent_as_their_fixtures_say() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../inspections/traffic/fixtures");
    let mut cases = 0;
    for check in std::fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path()) {
        let slug = format!("traffic/{}", check.file_name().unwrap().to_string_lossy());
        for case in std::fs::read_dir(&check).unwrap().map(|entry| entry.unwrap().path()) {
            let name = case.file_name().unwrap().to_string_lossy().into_owned();
            let place = tempfile::tempdir().unwrap();
            let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
                .current_dir(place.path())
                .arg("diagnose")
                .arg(case.join("tap.pcap"))
                .arg("--intel")
                .arg(case.join("list.txt"))
                .args(["--out", "out", "--workspace", "ws", "--as-of", "2026-11-23"])
                .output()
                .unwrap();
            assert!(output.status.success(), "{slug} {name}: {}", String::from_utf8_lossy(&output.stderr));
            let read = |file: &str| std::fs::read_to_string(place.path().join("out").join(file)).unwrap();
            let coverage: serde_json::Value = serde_json::from_str(&read("coverage.json")).unwrap();
            let looked =
                coverage["checks"].as_array().unwrap().iter().find(|row| row["check"] == slug.as_str()).unwrap();
            assert_ne!(looked["state"], "not_assessed", "{slug} {name} was not looked at");
            let fired = read("findings.jsonl").lines().any(|line| line.contains(&format!("\"check\":\"{slug}\"")));
            assert_eq!(fired, name.starts_with("fires-"), "{slug} {name}");
            cases += 1;
        }
    }
    assert!(cases >= 5);
}
