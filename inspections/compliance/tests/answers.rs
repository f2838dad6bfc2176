//! What an answer is worth: every kind of weakness, told apart; what is never a pass.

mod common;

use common::{catalogue, judge, judge_as, short, system};
use secdiag_compliance::COMPLIANCE;
use secdiag_inspect::testkit::{Bench, Judged};
use secdiag_model::Sha256;

/// An answer to AST-10 (evidence fresh for three months) with these lines beside it.
fn answer(lines: &str) -> String {
    format!("secdiag = \"answers\"\n[[answer]]\nquestion = \"AST-10\"\n{lines}\n")
}

const SIGNED: &str = "by = \"M. Chen\"\ndate = 2026-10-05\n";

fn bench(text: &str) -> Bench {
    Bench::default()
        .file(COMPLIANCE, "quest/answers.toml", text.as_bytes())
        .file(COMPLIANCE, "quest/proof/console.txt", b"coverage 100 %, signatures of 2026-10-01")
        .file(COMPLIANCE, "quest/empty.txt", b"")
        .file(COMPLIANCE, "quest/other.csv", b"question,answer\n")
        .file(COMPLIANCE, "a/twice.txt", b"one")
        .file(COMPLIANCE, "b/twice.txt", b"two")
}

fn states(judged: &Judged) -> Vec<String> {
    let of = |finding: &secdiag_model::Finding| {
        let state = finding.facts.get("state").and_then(|state| state.as_str()).unwrap_or_default();
        format!("{} {state}", finding.check)
    };
    judged.findings.iter().map(of).filter(|line| !line.starts_with("compliance/question-unanswered")).collect()
}

#[test]
fn every_weakness_is_told_apart_and_only_shown_answers_pass() {
    let digest = Sha256::of(b"coverage 100 %, signatures of 2026-10-01");
    let yes = |evidence: &str, date: &str| format!("answer = \"yes\"\n{SIGNED}evidence = [{evidence}]\n{date}");
    let fresh = "evidence_date = 2026-10-01";
    let cases: Vec<(String, &str)> = vec![
        (yes("\"proof/console.txt\"", fresh), ""),
        (yes("\"console.txt\"", fresh), ""),
        (yes("\"./proof\\\\console.txt\"", fresh), ""),
        (yes(&format!("\"{digest}\""), fresh), ""),
        (yes(&format!("\"sha256:{}\"", digest.to_string().to_uppercase()), fresh), ""),
        (yes("\"proof/console.txt\"", "evidence_date = 2026-08-24"), ""),
        (yes("\"proof/console.txt\"", "evidence_date = 2026-08-23"), "stale"),
        (yes("\"proof/console.txt\"", "evidence_date = 2026-11-25"), "evidence_future"),
        (yes("\"proof/console.txt\"", ""), "undated"),
        (yes("\"proof/console.pdf\"", fresh), "not_found"),
        (yes("\"proof/console.txt\", \"proof/other.txt\"", fresh), "not_found"),
        (yes("\"nsole.txt\"", fresh), "not_found"),
        (yes("\"answers.toml\"", fresh), "own_file"),
        (yes("\"other.csv\"", fresh), "own_file"),
        (yes("\"twice.txt\"", fresh), "ambiguous"),
        (yes("\"a/twice.txt\"", fresh), ""),
        (yes("\"empty.txt\"", fresh), "unreadable"),
        (yes("", fresh), "no_evidence"),
        (yes("", "register = \"DOC-2026-17\""), "register_only"),
        (yes("\"proof/console.txt\"", fresh).replace("by = \"M. Chen\"\n", ""), "unsigned"),
        (yes("\"proof/console.txt\"", fresh).replace("date = 2026-10-05\n", ""), "unsigned"),
        (yes("\"proof/console.txt\"", fresh).replacen("2026-10-05", "2026-11-25", 1), "answer_future"),
        (yes("\"proof/console.txt\"", fresh).replacen("2026-10-05", "2025-11-23", 1), "answer_old"),
        (format!("answer = \"not_applicable\"\nreason = \"none here\"\n{SIGNED}"), "refused"),
    ];
    for (lines, state) in cases {
        let judged = judge(bench(&answer(&lines)));
        let expected: Vec<String> = match state {
            "" => Vec::new(),
            state => vec![format!("compliance/answer-without-evidence {state}")],
        };
        assert_eq!(states(&judged), expected, "{lines}");
        // The check that a gap feeds has looked only where the answer is shown.
        let looked = judged.looked.iter().any(|looked| looked.check == "compliance/measure-missing");
        assert_eq!(looked, state.is_empty(), "{lines}");
    }
}

#[test]
fn not_applicable_needs_a_reason_a_name_and_a_date_and_is_no_pass() {
    let swift = |lines: &str| answer(lines).replace("AST-10", "SWIFT-3");
    let whole = format!("answer = \"不適用\"\nreason = \"未使用 SWIFT\"\n{SIGNED}");
    let judged = judge(bench(&swift(&whole)));
    assert_eq!(states(&judged), [""; 0]);
    assert!(!judged.looked.iter().any(|looked| looked.check == "compliance/swift-control-missed"));
    for line in ["reason = \"未使用 SWIFT\"\n", "by = \"M. Chen\"\n", "date = 2026-10-05\n"] {
        let judged = judge(bench(&swift(&whole.replace(line, ""))));
        assert_eq!(states(&judged), ["compliance/answer-without-evidence unreasoned"], "{line}");
    }
}

#[test]
fn an_answer_that_is_no_word_is_no_answer() {
    for lines in ["answer = \"probably\"", "answer = \"\"", ""] {
        let judged = judge(bench(&answer(lines)));
        assert_eq!(judged.checks(), [""; 0], "{lines}");
        assert!(judged.looked.is_empty(), "{lines}: {:?}", judged.looked);
    }
}

#[test]
fn unknown_and_repeated_questions_are_noted_and_contradictions_found() {
    let two = |first: &str, second: &str| {
        format!(
            "secdiag = \"answers\"\n[[answer]]\nquestion = \"AST-10\"\nanswer = \"{first}\"\n[[answer]]\nquestion = \"AST-10\"\nanswer = \"{second}\"\n[[answer]]\nquestion = \"AST-99\"\nanswer = \"yes\"\n"
        )
    };
    let reasons = |judged: &Judged| -> Vec<String> {
        judged
            .notes
            .iter()
            .filter(|note| note.reason != "topic-unanswered")
            .map(|note| format!("{} {}", note.reason, note.place.clone().unwrap_or_default()))
            .collect()
    };
    let judged = judge(bench(&two("no", "no")));
    assert_eq!(states(&judged), ["compliance/measure-missing answered"]);
    assert_eq!(reasons(&judged), ["unknown-question line 8", "answered-twice "]);
    let judged = judge(bench(&two("yes", "no")));
    assert_eq!(states(&judged), ["compliance/answer-contradicted "]);
    assert_eq!(judged.findings.iter().find(|found| found.check.ends_with("contradicted")).unwrap().evidence.len(), 2);
    assert_eq!(reasons(&judged), ["unknown-question line 8"]);
}

#[test]
fn two_files_of_one_system_are_held_against_each_other() {
    let csv = "question;answer;by;date\nAST-10;no;L. Lin;115/10/06\n";
    let yes =
        answer(&format!("answer = \"yes\"\n{SIGNED}evidence = [\"proof/console.txt\"]\nevidence_date = 2026-10-01"));
    let judged = judge(bench(&yes).file(COMPLIANCE, "quest/audit.csv", csv.as_bytes()));
    assert_eq!(states(&judged), ["compliance/answer-contradicted "]);
}

#[test]
fn unanswered_questions_are_listed() {
    let judged = judge(bench(&answer(&format!("answer = \"no\"\n{SIGNED}"))));
    let open: Vec<_> = judged.findings.iter().filter(|found| found.check.ends_with("unanswered")).collect();
    assert_eq!(open.len(), 1);
    let asked: Vec<String> = (1..=11).filter(|n| *n != 10).map(|n| format!("AST-{n}")).collect();
    assert_eq!(open[0].facts["questions"], serde_json::json!(asked));
    let topics = judged.notes.iter().filter(|note| note.reason == "topic-unanswered").count();
    assert_eq!(topics, 13);
}

#[test]
fn a_category_is_held_to_its_own_questions_and_limits() {
    let no = answer("answer = \"no\"").replace("AST-10", "AST-7");
    let of = |category| judge_as(bench(&no), system("trading", category));
    assert_eq!(states(&of(Some(2))), ["compliance/measure-missing answered"]);
    assert_eq!(states(&of(Some(3))), [""; 0]);
    let undeclared = of(None);
    assert_eq!(states(&undeclared), ["compliance/measure-missing answered"]);
    assert!(undeclared.notes.iter().any(|note| note.reason == "category-1-assumed"));
    let retention = b"secdiag = \"records\"\n[[retention]]\nwhat = \"security_log\"\nsource = \"fw\"\ndays = 30\n";
    let of = |category| {
        let bench = Bench::default().file(COMPLIANCE, "records.toml", retention);
        judge_as(bench, system("trading", Some(category)))
    };
    assert_eq!(of(2).checks(), ["compliance/retention-setting-short"]);
    let third = of(3);
    assert_eq!(third.looked_at(), [("compliance/retention-setting-short", 1, "retention settings")]);
    assert!(third.findings.is_empty() && third.notes.iter().any(|note| note.reason == "no-demand"));
}

#[test]
fn a_firm_s_own_numbers_take_effect() {
    let folder = tempfile::tempdir().unwrap();
    let own =
        include_str!("../../../catalogue/questionnaires/assault.yaml").replace("fresh_months: 3", "fresh_months: 1");
    #[expect(clippy::disallowed_methods, reason = "tests write their overlay")]
    {
        std::fs::create_dir(folder.path().join("questionnaires")).unwrap();
        std::fs::write(folder.path().join("questionnaires/assault.yaml"), own).unwrap();
    }
    let overlaid = secdiag_catalogue::Catalogue::with_overlay(folder.path()).unwrap();
    let text =
        answer(&format!("answer = \"yes\"\n{SIGNED}evidence = [\"proof/console.txt\"]\nevidence_date = 2026-10-01"));
    let judge_with = |catalogue| {
        states(&bench(&text).with_catalogue(catalogue).judge(COMPLIANCE, common::AS_OF, &common::no_thresholds()))
    };
    assert_eq!(judge_with(catalogue()), [""; 0]);
    assert_eq!(judge_with(overlaid), ["compliance/answer-without-evidence stale"]);
}

/// A template filled in with a spreadsheet and saved as a workbook is read as the CSV is.
#[test]
fn a_workbook_says_the_same_as_its_csv() {
    let rows = [
        ["question", "text", "answer", "by", "date", "evidence", "evidence_date"],
        ["AST-10", "受測問項", "是", "陳大文", "2026-10-05", "console.txt", "2026-10-01"],
        ["AST-8", "", "否", "陳大文", "2026-10-05", "", ""],
    ];
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0..).zip(&rows) {
        for (at, cell) in (0..).zip(cells) {
            sheet.write_string(row, at, *cell).unwrap();
        }
    }
    let workbook = workbook.save_to_buffer().unwrap();
    let csv: String = rows.iter().map(|row| format!("{}\n", row.join(","))).collect();
    let lines = |name: &str, bytes: &[u8]| {
        let judged = judge(bench("").file(COMPLIANCE, name, bytes));
        (judged.findings.iter().map(short).collect::<Vec<_>>(), judged.looked_at())
    };
    let found = lines("quest/a.xlsx", &workbook);
    assert_eq!(found, lines("quest/a.csv", csv.as_bytes()));
    assert!(
        found.0.iter().any(|line| line.starts_with("compliance/measure-missing | AST-8") && line.ends_with("line 3"))
    );
}

#[test]
fn findings_say_where_and_what() {
    let judged = judge(bench(&answer(&format!("answer = \"partial\"\n{SIGNED}"))));
    let lines: Vec<String> = judged.findings.iter().map(short).filter(|line| line.contains("measure")).collect();
    assert_eq!(
        lines,
        [
            "compliance/measure-missing | AST-10 | answered | answered \"partial\" to: Are all computers and servers protected against malicious programs, with current signatures? (no action is planned) | line 2"
        ]
    );
}

#[test]
fn an_unproven_yes_of_the_ddos_checklist_counts_half_and_what_does_not_apply_is_left_out() {
    let answer = |n: u32| {
        let evidence = "evidence = [\"proof/console.txt\"]\nevidence_date = 2026-10-01\n";
        let (word, more) = match n {
            4 => ("not_applicable", "reason = \"no such program\"\n"),
            9 => ("no", ""),
            2 | 6 => ("yes", ""),
            12 => return String::new(),
            _ => ("yes", evidence),
        };
        format!("[[answer]]\nquestion = \"DDOS-{n}\"\nanswer = \"{word}\"\n{SIGNED}{more}\n")
    };
    let text =
        |of: std::ops::RangeInclusive<u32>| format!("secdiag = \"answers\"\n{}", of.map(answer).collect::<String>());
    let points = |text: &str| {
        let judged = judge(bench(text));
        let found = judged.findings.iter().find(|finding| finding.check == "compliance/checklist-points-short");
        found.map(|finding| (finding.facts["total"].to_string(), finding.facts["sections"].to_string()))
    };
    let (total, sections) = points(&text(1..=12)).unwrap();
    assert_eq!(total, r#"{"of":11,"points":8}"#);
    assert_eq!(
        sections,
        r#"{"after":{"of":3,"points":2},"before":{"of":4,"points":3.5},"during":{"of":4,"points":2.5}}"#
    );
    assert_eq!(points(&answer_to_another_questionnaire()), None, "not answered at all");
}

fn answer_to_another_questionnaire() -> String {
    answer(&format!("answer = \"no\"\n{SIGNED}"))
}
