//! The files of `platform/findings`: counts, identity between imports, moved lines.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secdiag_interop::read::Import;
use secdiag_interop::{ImportedFinding, import};
use secdiag_programme::identity::{Candidate, Known, Matches, Standing, match_findings};

fn folder() -> PathBuf {
    PathBuf::from(std::env::var("SECDIAG_DATA").expect("SECDIAG_DATA")).join("platform/findings")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(name: &str) -> Import {
    import(&bytes(name), name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn candidates(findings: &[ImportedFinding]) -> Vec<Candidate> {
    findings.iter().map(ImportedFinding::candidate).collect()
}

/// The findings as the store would hold them; ids are record indexes, so a wrong merge can be told.
fn known(findings: &[ImportedFinding]) -> Vec<Known> {
    let known = |(n, seen)| Known { id: format!("{n:06}"), resolved: false, seen };
    candidates(findings).into_iter().enumerate().map(known).collect()
}

fn compare(before: &[ImportedFinding], now: &[ImportedFinding]) -> Matches {
    match_findings(&known(before), &candidates(now), |_| false)
}

/// Counts of the folder's README: records, findings.
const COUNTS: &[(&str, u64, u64)] = &[
    ("sarif/bash-report.sarif", 27, 27),
    ("sarif/bash-report-fabricated-no-internal-dupes.sarif", 5, 5),
    ("sarif/bash-report-fabricated-no-internal-dupes-subset.sarif", 4, 4),
    ("sarif/bash-report-subset-same-hash-code-same-unique-id.sarif", 4, 4),
    ("sarif/semgrepowasp-benchmark-sample.sarif", 1768, 1768),
    ("sarif/flawfinder.sarif", 54, 53),
    ("sarif/codeQL-output.sarif", 72, 72),
    ("sarif/mobsfscan.json", 9, 18),
    ("sarif/dockle_0_3_15.sarif", 4, 4),
    ("sarif/appendix_k.sarif", 1, 1),
    ("sarif/appendix_k1.sarif", 0, 0),
    ("sarif/appendix_k2.sarif", 1, 1),
    ("sarif/appendix_k3.sarif", 1, 1),
    ("sarif/appendix_k4.sarif", 1, 1),
    ("sarif/no_runs.sarif", 0, 0),
    ("sarif/suppression_test.sarif", 5, 5),
    ("cyclonedx/log4j.json", 8, 8),
    ("cyclonedx/log4j.xml", 8, 8),
    ("cyclonedx/valid-vulnerability-1.4.json", 1, 1),
    ("cyclonedx/valid-vulnerability-1.4.xml", 1, 1),
    ("cyclonedx/dd_1_15_0.xml", 381, 381),
    ("cyclonedx/jake2.json", 7, 7),
    ("cyclonedx/spec1.xml", 1, 1),
    ("cyclonedx/no-severity.json", 1, 1),
    ("csaf/csaf_no_vuln.json", 0, 0),
    ("csaf/csaf_one_vuln.json", 1, 1),
    ("openvex/openvex_no_vuln.json", 0, 0),
    ("openvex/openvex_one_vuln.json", 1, 1),
    ("prowler/example_output_aws.ocsf.json", 3, 3),
    ("prowler/example_output_azure.ocsf.json", 3, 3),
    ("prowler/example_output_aws.csv", 4, 4),
    ("prowler/prowler_zero_vul.json", 0, 0),
    ("generic/generic_report1.csv", 5, 1),
    ("generic/generic_report1.json", 2, 2),
    ("generic/generic_report2.json", 2, 2),
    ("generic/generic_report3.json", 4, 4),
    ("generic/generic_report3.csv", 2, 2),
    ("generic/generic_csv_with_epss.csv", 1, 1),
    ("generic/generic_empty.json", 1, 0),
];

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn every_file_gives_its_count_and_accounts_for_the_difference() {
    let mut wrong = Vec::new();
    for (name, records, findings) in COUNTS {
        match import(&bytes(name), name) {
            Ok(Import { log, findings: list }) => {
                println!("{name}: {}", log.explain().join(" | "));
                assert_eq!(log.balance(), log.kept, "{name}");
                assert_eq!(log.kept, list.len() as u64, "{name}");
                if (log.records, log.kept) != (*records, *findings) {
                    wrong.push(format!("{name}: {} records, {} findings", log.records, log.kept));
                }
                if log.records != log.kept {
                    assert!(log.explain().iter().any(|line| line.starts_with(['+', '-'])), "{name}");
                }
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn what_is_refused_says_why_in_one_sentence() {
    for (name, word) in [
        ("csaf/csaf_unsupported_version.json", "1.2"),
        ("openvex/openvex_not_a_document.json", "no format"),
        ("generic/generic_invalid.json", "invalid_field"),
    ] {
        let why = import(&bytes(name), name).expect_err(name).to_string();
        println!("{name}: {why}");
        assert!(why.contains(word), "{name}: {why}");
        assert!(!why.contains('\n'), "{name}: {why}");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn suppressed_results_stay_and_say_so() {
    for (name, suppressed) in [
        ("sarif/suppression_test.sarif", 3),
        ("sarif/appendix_k.sarif", 1),
        ("sarif/appendix_k4.sarif", 1),
        ("sarif/bash-report.sarif", 0),
        ("cyclonedx/valid-vulnerability-1.4.json", 1),
        ("openvex/openvex_one_vuln.json", 1),
        ("generic/generic_report3.csv", 2),
    ] {
        assert_eq!(read(name).log.suppressed, suppressed, "{name}");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn importing_twice_changes_nothing() {
    for (name, _, findings) in COUNTS {
        let (first, second) = (read(name), read(name));
        let mut resolved = known(&first.findings);
        let matches = match_findings(&resolved, &candidates(&second.findings), |_| true);
        assert_eq!(matches.count(Standing::Unchanged) as u64, *findings, "{name}");
        assert_eq!(matches.list.len() as u64, *findings, "{name}: new {}", matches.count(Standing::New));
        assert!(matches.list.iter().all(|answer| answer.known == answer.current), "{name}");
        // And in any order.
        resolved.reverse();
        let mut shuffled = candidates(&second.findings);
        shuffled.sort_by(|a, b| a.digest.cmp(&b.digest));
        let matches = match_findings(&resolved, &shuffled, |_| true);
        assert_eq!(matches.count(Standing::Unchanged) as u64, *findings, "{name} shuffled");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn one_of_five_disappears() {
    let before = read("sarif/bash-report-fabricated-no-internal-dupes.sarif");
    let after = read("sarif/bash-report-fabricated-no-internal-dupes-subset.sarif");
    let matches = compare(&before.findings, &after.findings);
    assert_eq!(matches.count(Standing::AbsentNotEvaluated), 1);
    assert_eq!(matches.count(Standing::Unchanged), 4);
    assert_eq!(matches.count(Standing::New), 0);
    let matches = match_findings(&known(&before.findings), &candidates(&after.findings), |_| true);
    assert_eq!(matches.count(Standing::AbsentEvaluated), 1);
}

/// Adds to every line number and changes the tools' versions, wherever they stand.
fn moved(value: &mut serde_json::Value, by: u64) {
    match value {
        serde_json::Value::Array(list) => list.iter_mut().for_each(|value| moved(value, by)),
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                match (&**name, value.as_u64()) {
                    ("startLine" | "endLine", Some(line)) => *value = (line + by).into(),
                    ("semanticVersion", _) => *value = "99.9.9".into(),
                    _ => moved(value, by),
                }
            }
        }
        _ => {}
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn moved_lines_and_another_tool_version_lose_nothing_and_merge_nothing_wrongly() {
    for (name, _, findings) in COUNTS.iter().filter(|(name, ..)| name.starts_with("sarif/")) {
        let before = read(name);
        let mut document: serde_json::Value = serde_json::from_slice(&bytes(name)).unwrap();
        moved(&mut document, 7);
        for run in document["runs"].as_array_mut().unwrap() {
            run["tool"]["driver"]["version"] = "99.9.9".into();
        }
        let after = import(document.to_string().as_bytes(), name).unwrap();
        let matches = compare(&before.findings, &after.findings);
        let pairs: Vec<_> = matches.list.iter().filter_map(|answer| Some((answer.known?, answer.current?))).collect();
        let wrong = pairs.iter().filter(|(known, current)| known != current).count();
        let mut by: BTreeMap<String, usize> = BTreeMap::new();
        for scheme in matches.list.iter().filter_map(|answer| answer.scheme.clone()) {
            *by.entry(scheme).or_default() += 1;
        }
        println!("{name}: {} of {findings} matched, {wrong} wrong, by {by:?}", pairs.len());
        assert!(pairs.len() as f64 >= 0.95 * *findings as f64, "{name}");
        assert_eq!(wrong, 0, "{name}");
    }
}

/// A finding without its place in the file, which no two encodings share.
fn placeless(mut finding: ImportedFinding) -> ImportedFinding {
    finding.source = secdiag_interop::finding::Source::default();
    finding
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn both_encodings_of_cyclonedx_give_the_same_findings() {
    for (json, xml) in [
        ("cyclonedx/log4j.json", "cyclonedx/log4j.xml"),
        ("cyclonedx/valid-vulnerability-1.4.json", "cyclonedx/valid-vulnerability-1.4.xml"),
    ] {
        let (json, xml) = (read(json), read(xml));
        assert_eq!(json.findings.len(), xml.findings.len());
        let matches = compare(&json.findings, &xml.findings);
        assert_eq!(matches.count(Standing::Unchanged), json.findings.len());
        for (a, b) in json.findings.into_iter().zip(xml.findings) {
            // The time of creation is the only difference that the two files themselves have.
            assert_eq!(placeless(a), placeless(b));
        }
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_encoding_of_the_text_makes_no_difference() {
    for name in
        ["sarif/flawfinder.sarif", "cyclonedx/log4j.xml", "generic/generic_report3.csv", "generic/generic_report2.json"]
    {
        let plain = String::from_utf8(bytes(name)).unwrap();
        let marked = [b"\xef\xbb\xbf", plain.as_bytes()].concat();
        let little: Vec<u8> = std::iter::once(0xfeff).chain(plain.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = std::iter::once(0xfeff).chain(plain.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        for bytes in [marked, little, big] {
            assert_eq!(import(&bytes, name).expect(name).findings, read(name).findings, "{name}");
        }
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn a_file_cut_off_anywhere_is_refused_whole() {
    for (name, ..) in COUNTS.iter().filter(|(name, ..)| !name.ends_with(".csv")) {
        let whole = bytes(name);
        let end = whole.trim_ascii_end().len();
        for part in 1..8 {
            assert!(import(&whole[..end * part / 8], name).is_err(), "{name} {part}/8");
        }
        assert!(import(&whole[..end - 1], name).is_err(), "{name}");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn moved_lines_with_some_findings_gone_and_no_ids_of_the_tool() {
    for (name, _, findings) in COUNTS.iter().filter(|(name, ..)| name.starts_with("sarif/")) {
        let before = read(name);
        for (every, offset) in [(7, 0), (3, 1), (2, 0)] {
            let mut document: serde_json::Value = serde_json::from_slice(&bytes(name)).unwrap();
            moved(&mut document, 7);
            let after = import(document.to_string().as_bytes(), name).unwrap().findings;
            let gone = |n: &usize| n % every == offset;
            let stayed: Vec<usize> = (0..after.len()).filter(|n| !gone(n)).collect();
            let mut now: Vec<_> = stayed.iter().map(|n| after[*n].candidate()).collect();
            let mut known = known(&before.findings);
            let keys =
                known.iter_mut().map(|known| &mut known.seen.keys).chain(now.iter_mut().map(|now| &mut now.keys));
            keys.for_each(|keys| keys.retain(|key| key.kind != secdiag_programme::identity::KeyKind::Tool));
            let matches = match_findings(&known, &now, |_| true);
            let pairs = matches.list.iter().filter_map(|answer| Some((answer.known?, answer.current?)));
            // Records that are equal in all but their order in the file cannot be told apart by anyone.
            let same = |a: usize, b: usize| {
                let of = |n: usize| {
                    let mut seen = known[n].seen.clone();
                    seen.place.ordinal = 0;
                    seen
                };
                a == b || of(a) == of(b)
            };
            let wrong = pairs.filter(|(k, c)| !same(*k, stayed[*c])).count();
            println!(
                "{name} without every {every}th: {} of {} matched, {wrong} wrong, {findings} before",
                matches.list.iter().filter(|one| one.known.is_some() && one.current.is_some()).count(),
                stayed.len()
            );
            assert_eq!(matches.count(Standing::New), 0, "{name}");
            // With half of them gone, a file may hold nothing that tells how far it moved: of two equal lines the nearer
            // is then taken.
            assert!(wrong <= usize::from(every == 2), "{name}: {wrong}");
        }
    }
}
