//! Files that are broken, huge or meant to harm: a note with its place, never a crash and never a pass.

#[expect(dead_code, reason = "shared with the tests of findings")]
mod common;

use std::collections::BTreeSet;

use proptest::prelude::*;
use secdiag_compliance::COMPLIANCE;
use secdiag_inspect::testkit::{Bench, Parsed};

fn parse(name: &str, bytes: &[u8]) -> Parsed {
    Bench::default().file(COMPLIANCE, name, bytes).parse(COMPLIANCE)
}

fn reasons(parsed: &Parsed) -> Vec<String> {
    let of = |note: &secdiag_model::Note| {
        format!("{:?} {} {} x{}", note.kind, note.reason, note.place.clone().unwrap_or_default(), note.count)
    };
    parsed.notes.iter().map(of).collect()
}

#[test]
fn toml_that_does_not_parse_names_its_line() {
    let text = b"secdiag = \"answers\"\n[[answer]]\nquestion = \"REL-1\"\nanswer = yes\n";
    assert_eq!(reasons(&parse("a.toml", text)), ["Broken does-not-parse line 4 x1"]);
    let text = b"secdiag: continuity\nfunction: [\n";
    assert!(reasons(&parse("a.yaml", text))[0].starts_with("Broken does-not-parse line "));
}

#[test]
fn unknown_keys_are_counted_and_the_rest_is_read() {
    let text = b"secdiag = \"answers\"\ncolour = 1\n[[answer]]\nquestion = \"REL-1\"\nanswer = \"no\"\nmood = \"bad\"\n[[answer]]\nquestion = \"REL-2\"\nanswer = \"no\"\nmood = \"good\"\n";
    let parsed = parse("a.toml", text);
    assert_eq!(reasons(&parsed), ["NotUnderstood unknown-key line 2 x1", "NotUnderstood unknown-key line 6 x2"]);
    assert_eq!(parsed.documents[0].value["answers"].as_array().unwrap().len(), 2);
}

#[test]
fn other_encodings_are_read_and_broken_ones_told() {
    let text = "question,answer,reason\r\nREL-1,否,未建置\r\n";
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (big5, ..) = encoding_rs::BIG5.encode(text);
    for bytes in [text.as_bytes().to_vec(), utf16, big5.into_owned()] {
        let parsed = parse("a.csv", &bytes);
        assert_eq!(parsed.documents[0].value["answers"][0]["answer"], "no", "{bytes:?}");
        assert_eq!(parsed.documents[0].value["answers"][0]["reason"], "未建置");
    }
    let broken = b"question,answer\nREL-1,no\xff\xff\xff\n";
    let parsed = parse("a.csv", broken);
    assert_eq!(reasons(&parsed), ["NotUnderstood encoding  x3", "NotUnderstood unknown-word line 2 x1"]);
}

#[test]
fn huge_files_are_told_and_not_read() {
    let mut bytes = b"secdiag = \"answers\"\n".to_vec();
    bytes.resize((8 << 20) + 1, b'#');
    let parsed = parse("a.toml", &bytes);
    assert_eq!(reasons(&parsed), ["Broken too-large  x1"]);
    assert!(parsed.documents.is_empty());
    let judged = common::judge(Bench::default().file(COMPLIANCE, "a.toml", &bytes));
    assert!(judged.looked.is_empty() && judged.findings.is_empty());
}

#[test]
fn registers_without_end_are_capped_and_counted() {
    let mut text = String::from("job,date,result\n");
    (0..100_050).for_each(|_| text.push_str("nightly,2026-10-01,ok\n"));
    let parsed = parse("a.csv", text.as_bytes());
    assert_eq!(parsed.documents[0].value["backups"].as_array().unwrap().len(), 100_000);
    assert!(parsed.notes.iter().any(|note| note.text.contains("50 more were not")), "{:?}", parsed.notes);
}

#[test]
fn numbers_and_dates_beyond_all_measure_are_no_crash() {
    let text = "secdiag = \"continuity\"\n[[function]]\nid = \"a\"\nrto_minutes = 9223372036854775807\nmtpd_minutes = -1\nrpo_minutes = 99999999999999999999\nbia_on = 9999-12-31\napproved_by = \"b\"\napproved_on = \"0001-01-01\"\n[[drill]]\ndate = -1\nfunctions = [[1]]\nrecovery_minutes = 1.5\n";
    common::judge(Bench::default().file(COMPLIANCE, "a.toml", text.as_bytes()));
    let text = "secdiag = \"records\"\n[[retention]]\nwhat = \"security_log\"\nsource = \"a\"\ndays = 9223372036854775807\nyears = 9223372036854775807\n[[paper]]\ntitle = \"a\"\ndate = 9999-12-31\n[[letter]]\nletter = \"a\"\nreceived_on = 9999-12-31\n[[report]]\nid = \"r\"\ndate = 9999-12-31\n[[plan]]\ntitle = \"p\"\napproved_on = \"0001-01-01\"\n";
    common::judge(Bench::default().file(COMPLIANCE, "a.toml", text.as_bytes()));
}

#[test]
fn formats_have_an_id_of_their_own() {
    let ids: BTreeSet<&str> = COMPLIANCE.meta().formats.iter().map(|format| format.id).collect();
    assert_eq!(ids.len(), COMPLIANCE.meta().formats.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_judged_without_a_crash(choice in 0..16usize, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let formats = COMPLIANCE.meta().formats;
        let bench = Bench::default().file_as(formats[choice % formats.len()], "a", &bytes);
        common::judge(bench);
    }

    #[test]
    fn any_words_in_any_field_are_judged_without_a_crash(
        words in prop::collection::vec("(yes|no|REL-1|CC-17010|trading|2026-10-05|115/1/2|2026-H1|-1|true|[a-z\\\\/#\"]{0,6})", 12),
        kind in prop::sample::select(vec!["answers", "continuity", "records"]),
    ) {
        let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        let fields = ["question", "answer", "evidence", "date", "evidence_date", "id", "job", "area", "period", "letter",
            "title", "result"];
        let lists = ["answer", "function", "drill", "restore", "backup", "audit", "letter", "report", "paper", "team"];
        let mut text = format!("secdiag = \"{kind}\"\n");
        for list in lists {
            text.push_str(&format!("[[{list}]]\n"));
            fields.iter().zip(&quoted).for_each(|(field, word)| text.push_str(&format!("{field} = {word}\n")));
        }
        common::judge(Bench::default().file(COMPLIANCE, "a.toml", text.as_bytes()));
    }
}
