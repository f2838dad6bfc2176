//! The papers of the assessment: each missing element is told alone, and findings about people say who and what.

mod common;

use common::{judge, judge_as, short, system};
use secdiag_compliance::COMPLIANCE;
use secdiag_inspect::testkit::{Bench, Judged};

const REPORT: &str = include_str!("../fixtures/report-element-missing/silent-all-ten.toml");

fn judged(text: &str) -> Judged {
    judge(Bench::default().file(COMPLIANCE, "records.toml", text.as_bytes()))
}

fn of(judged: &Judged, check: &str) -> Vec<String> {
    judged.findings.iter().filter(|finding| finding.check == check).map(short).collect()
}

#[test]
fn of_ten_elements_exactly_the_one_removed_is_reported() {
    let catalogue = common::catalogue();
    let elements = &catalogue.duties().report_elements;
    assert_eq!(elements.len(), 10);
    for element in elements {
        let removed: Vec<&str> =
            REPORT.lines().filter(|line| !line.starts_with(&format!("{} = \"chapter", element.id))).collect();
        assert_eq!(removed.len() + 1, REPORT.lines().count(), "{}", element.id);
        let found = judged(&removed.join("\n")).findings;
        let told: Vec<_> =
            found.iter().map(|finding| (finding.check.as_str(), finding.facts["element"].as_str())).collect();
        assert_eq!(told, [("programme/report-element-missing", Some(element.id.as_str()))]);
        assert_eq!(found[0].facts["detail_zh"], element.title.zh_tw.as_str());
    }
}

#[test]
fn each_part_of_a_deficiency_belongs_to_an_element() {
    for (field, element) in [
        ("severity", "severity"),
        ("kind", "deficiency_kind"),
        ("risk", "risk_description"),
        ("improvement", "improvement"),
    ] {
        let text = REPORT.replace(&format!("\n{field} = \""), "\nowner_note = \"");
        let judged = judged(&text.replace("owner_note = \"chapter", &format!("{field} = \"chapter")));
        let found: Vec<_> = judged.findings.iter().map(|finding| finding.facts["element"].as_str().unwrap()).collect();
        assert_eq!(found, [element]);
        assert!(judged.findings[0].facts["detail"].as_str().unwrap().ends_with("of 1 deficiencies (D-1)"));
    }
}

const TEAM: &str = include_str!("../fixtures/assessor-unqualified/silent-all-four.toml");

#[test]
fn category_1_needs_all_four_kinds_valid_on_the_day_and_others_none() {
    // The certificate's last day is the assessment's own: one day later it is short of one kind.
    let late = TEAM.replace("date = 2026-09-01", "date = 2026-09-02");
    assert_eq!(
        of(&judged(&late), "programme/assessor-unqualified"),
        [
            "programme/assessor-unqualified | 2026 attack | kind_missing | on 2026-09-02 none of A. Wu, B. Kao held attack simulation | line 9",
            "programme/assessor-unqualified | 2026 B. Kao CEH | certificate_invalid | B. Kao: CEH ended on 2026-09-01 (assessment of 2026-09-02) | line 39",
        ]
    );
    let of_category = |category| {
        let bench = Bench::default().file(COMPLIANCE, "team.toml", late.as_bytes());
        of(&judge_as(bench, system("trading", Some(category))), "programme/assessor-unqualified")
    };
    assert_eq!(of_category(2).len(), 1);
    // Kinds held by different people count together; nobody holds two here.
    for kind in ["management", "technical", "attack", "financial"] {
        let without = TEAM.replace(&format!("kind = \"{kind}\""), "kind = \"juggling\"");
        let found = of(&judged(&without), "programme/assessor-unqualified");
        assert_eq!(found.len(), 1, "{kind}: {found:?}");
        assert!(found[0].contains(&format!("2026 {kind}")), "{found:?}");
    }
}

#[test]
fn a_team_is_held_to_the_systems_that_it_assesses() {
    let tied = format!("{TEAM}\n[[team.person.relation]]\nkind = \"employed_by\"\nto = \"blue software\"\n");
    let expected = [
        "programme/assessor-not-independent | 2026 B. Kao trading | bound | B. Kao, trading: works for its developer blue software | line 52",
    ];
    assert_eq!(of(&judged(&tied), "programme/assessor-not-independent"), expected);
    let elsewhere = Bench::default().file(COMPLIANCE, "team.toml", tied.as_bytes());
    let elsewhere = judge_as(elsewhere, system("settlement", Some(1)));
    assert!(!elsewhere.looked.iter().any(|looked| looked.check.contains("assessor")), "{:?}", elsewhere.looked);
    // Nobody wrote who built and runs it: that is no look, and it is told.
    let unknown = tied.replace("id = \"trading\"", "id = \"other\"");
    let unknown = judged(&unknown);
    assert!(unknown.notes.iter().any(|note| note.reason == "parties-unknown"));
    assert!(!unknown.looked.iter().any(|looked| looked.check == "programme/assessor-not-independent"));
}

#[test]
fn missing_audit_periods_are_listed_and_unknown_rhythms_are_no_pass() {
    let judged = judged(
        "secdiag = \"records\"\n[[audit]]\narea = \"CC-14000\"\nperiod = \"115年上半年\"\ndate = \"115/07/10\"\nreport = \"IA-1\"\n",
    );
    let found: Vec<_> = judged.findings.iter().map(|finding| finding.facts["record"].as_str().unwrap()).collect();
    assert_eq!(found, ["CC-11000", "CC-12000", "CC-13000", "CC-14000", "CC-17010", "CC-19000", "CC-20000", "CC-23000"]);
    assert_eq!(judged.findings[3].facts["missing"], serde_json::json!(["2025-H2"]));
    assert_eq!(judged.findings[4].facts["missing"].as_array().unwrap().len(), 12);
    assert_eq!(judged.notes.iter().filter(|note| note.reason == "rhythm-unknown").count(), 6);
    let looked = judged.looked_at();
    assert_eq!(looked, [("compliance/control-area-overdue", 23, "audit periods")]);
}
