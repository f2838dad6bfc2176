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

/// Whether a file holds a text, in whatever encoding.
fn holds(file: &Path, text: &str) -> bool {
    let bytes = std::fs::read(file).unwrap();
    let has = |wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    has(text.as_bytes()) || has(&utf16(text)) || has(&utf16_big(text))
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16_big(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Runs the whole program, and gives its notes and findings.
fn diagnose(place: &Path) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_secdiag"))
        .current_dir(place)
        .args(["diagnose", "evidence", "--workspace", "w", "--out", "result", "--as-of", "2026-11-01"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let result = |file: &str| std::fs::read_to_string(place.join("result").join(file)).unwrap();
    (result("notes.jsonl"), result("findings.jsonl"))
}

fn files_with(place: &Path, text: &str) -> Vec<PathBuf> {
    let kept: Vec<PathBuf> = ["w", "result"].iter().flat_map(|folder| files(&place.join(folder))).collect();
    assert!(kept.len() > 8);
    kept.into_iter().filter(|file| holds(file, text)).collect()
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
        let (notes, findings) = diagnose(place.path());
        assert_eq!(files_with(place.path(), PASSWORD), Vec::<PathBuf>::new(), "round {round}");
        // The drill itself was judged: three campaigns, each with somebody who handed data in.
        assert!(findings.contains("drill/phishing-credential-given"), "{findings}");
        assert_eq!(notes.matches("\"redacted\"").count(), 3, "{notes}");
        assert_eq!(notes.matches("\"not-kept\"").count(), 1, "{notes}");
        // The evidence itself is left alone.
        assert!(holds(&evidence.join("drill-events.csv"), PASSWORD));
    }
}

const SENT: &str = "2026-10-12T01:00:00Z";

/// A table of a vendor with what people typed, or what stands in its place.
fn typed(password: &str) -> String {
    format!(
        "信箱;單位;寄送時間;點閱;輸入密碼\r\na@firm.example;交易部;{SENT};是;{password}\r\nb@firm.example;交易部;{SENT};否;\r\n"
    )
}

#[test]
fn files_of_every_encoding_are_rewritten_and_kept() {
    let place = tempfile::tempdir().unwrap();
    let evidence = place.path().join("evidence");
    std::fs::create_dir_all(&evidence).unwrap();
    let semicolons =
        events().replace("campaign_id,email,time,message,details", "campaign_id;email;time;message;details");
    let semicolons = semicolons.replace(
        "7,a@firm.example,2026-10-12T01:00:00Z,Email Sent,",
        "7;a@firm.example;2026-10-12T01:00:00Z;Email Sent;",
    );
    let semicolons = semicolons.replace(
        "7,a@firm.example,2026-10-12T01:20:00Z,Clicked Link,",
        "7;a@firm.example;2026-10-12T01:20:00Z;Clicked Link;",
    );
    let semicolons = semicolons.replace(
        "7,a@firm.example,2026-10-12T01:21:00Z,Submitted Data,",
        "7;a@firm.example;2026-10-12T01:21:00Z;Submitted Data;",
    );
    let given: [(&str, Vec<u8>); 6] = [
        ("semicolons-events.csv", semicolons.into_bytes()),
        ("utf16-events.csv", [vec![0xff, 0xfe], utf16(&events())].concat()),
        ("marked.json", format!("\u{feff}{}", api()).into_bytes()),
        ("typed.csv", typed(PASSWORD).into_bytes()),
        ("typed-utf16.csv", [vec![0xfe, 0xff], utf16_big(&typed(PASSWORD).replace("@firm", "@other"))].concat()),
        ("typed-big5.csv", big5(PASSWORD)),
    ];
    for (name, bytes) in &given {
        std::fs::write(evidence.join(name), bytes).unwrap();
    }
    let (notes, findings) = diagnose(place.path());
    assert_eq!(files_with(place.path(), PASSWORD), Vec::<PathBuf>::new());
    assert_eq!(
        (notes.matches("\"redacted\"").count(), notes.matches("\"not-kept\"").count()),
        (given.len(), 0),
        "{notes}"
    );
    assert!(findings.contains("drill/phishing-credential-given"), "{findings}");
    // As they were given, but for the passwords.
    for bytes in [typed("[dropped]").into_bytes(), big5("[dropped]")] {
        let kept = files(&place.path().join("w")).into_iter().any(|file| std::fs::read(file).unwrap() == bytes);
        assert!(kept, "{}", String::from_utf8_lossy(&bytes));
    }
}

/// A table in Big5, as spreadsheet programs of this region write CSV.
fn big5(password: &str) -> Vec<u8> {
    let header = b"\xabH\xbdc,\xc2I\xbe\\,\xbf\xe9\xa4J\xb1K\xbdX\n"; // 信箱,點閱,輸入密碼
    [&header[..], format!("c@firm.example,yes,{password}\n").as_bytes()].concat()
}

#[test]
fn a_map_of_columns_makes_any_table_a_drill_and_drops_what_was_typed() {
    let place = tempfile::tempdir().unwrap();
    let evidence = place.path().join("evidence");
    std::fs::create_dir_all(evidence.join("exports")).unwrap();
    let map = "secdiag = \"drill-map\"\n[[file]]\nname = \"wynik*.csv\"\ncampaign = \"autumn\"\nyes = [\"tak\"]\nno = [\"nie\"]\n\
               [file.columns]\naddress = \"Kto\"\nsent = \"Kiedy\"\nclicked = \"Klik\"\nsubmitted = \"Co\"\nshown = \"x\"\n";
    std::fs::write(evidence.join("map.toml"), map).unwrap();
    let table = format!("Kto;Kiedy;Klik;Co\na@firm.example;{SENT};tak;{PASSWORD}\nb@firm.example;{SENT};nie;nie\n");
    std::fs::write(evidence.join("exports/wynik-1.csv"), &table).unwrap();
    // Where the column for what was typed has another name, nobody knows what to drop.
    std::fs::write(evidence.join("exports/wynik-2.csv"), table.replace(";Co\n", ";Czego\n")).unwrap();
    let (notes, findings) = diagnose(place.path());
    assert_eq!(files_with(place.path(), PASSWORD), Vec::<PathBuf>::new());
    for (reason, count) in
        [("redacted", 1), ("not-kept", 1), ("taken-as-handed-in", 1), ("unknown-key", 1), ("unsupported", 0)]
    {
        assert_eq!(notes.matches(&format!("\"{reason}\"")).count(), count, "{reason}: {notes}");
    }
    assert!(notes.contains("no such column but kto, kiedy, klik, czego"), "{notes}");
    assert!(findings.contains("drill/phishing-click-rate-high") && findings.contains("\"autumn\""), "{findings}");
    assert!(findings.contains("drill/phishing-credential-given"), "{findings}");
    assert!(!findings.contains("@firm.example"));
}

#[test]
fn a_format_that_the_description_says_is_rewritten_too() {
    let place = tempfile::tempdir().unwrap();
    let evidence = place.path().join("evidence");
    std::fs::create_dir_all(&evidence).unwrap();
    let table = format!("email,note,password\na@firm.example,x,{PASSWORD}\n");
    std::fs::write(evidence.join("odd.csv"), table).unwrap();
    std::fs::write(evidence.join("assessment.toml"), "[[evidence]]\npath = \"*.csv\"\nformat = \"drill-table\"\n")
        .unwrap();
    let (notes, _) = diagnose(place.path());
    assert_eq!(files_with(place.path(), PASSWORD), Vec::<PathBuf>::new());
    assert!(notes.contains("\"redacted\"") && notes.contains("\"format-forced\""), "{notes}");
}
