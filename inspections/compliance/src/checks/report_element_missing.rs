//! `programme/report-element-missing`
//!
//! # What
//! Assessment reports that lack one of the ten elements, or deficiencies in them without severity, kind, risk or
//! improvement.
//!
//! # Why
//! A report without it cannot be followed up, and does not complete the cycle.
//!
//! # Evidence
//! Answer files; `[[report]]` with its elements and deficiencies; or a result of ours, as `run.json`, `items.json` and
//! `findings.jsonl` of one folder, with the team in the registers.
//!
//! # Limits
//! Where an element stands is believed; whether it is true is for the reader.
//!
//! # References
//! INS 捌.

use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Note, NoteKind};
use secdiag_records::At;

use crate::asked::{Dated, judge_gaps};
use crate::records::{Deficiency, Report};
use crate::results::ResultReport;
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/report-element-missing", crate::formats::READS_REPORTS);

/// Deficiencies named in a finding.
const NAMED: usize = 10;

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
    let elements = &view.catalogue.duties().report_elements;
    let mut looked = 0;
    for (artefact, report) in view.of_records(|records| &records.reports) {
        for unknown in report.elements.keys().filter(|name| !elements.iter().any(|element| element.id == **name)) {
            let text = format!("report {}: {unknown} is none of the elements of a report", report.id);
            cx.note(Note::new(NoteKind::NotUnderstood, "unknown-element", text).on(artefact));
        }
        for element in elements {
            looked += 1;
            let there = report.elements.get(&element.id).is_some_and(|place| !place.trim().is_empty());
            let open: Vec<&str> = incomplete(&element.id, &report.deficiencies);
            let detail = match (there, open.is_empty()) {
                (true, true) => continue,
                (false, _) => element.title.clone(),
                (true, false) => {
                    let named: Vec<&str> = open.iter().copied().take(NAMED).collect();
                    words(
                        format!("{}, of {} deficiencies ({})", element.title.en, open.len(), named.join(", ")),
                        format!("{}（{} 項缺失未載：{}）", element.title.zh_tw, open.len(), named.join("、")),
                    )
                }
            };
            cx.report(missing(report, &element.id, artefact, &detail));
        }
    }
    for known in &view.results {
        looked += elements.len() as u64;
        judge_result(&known.value, known.artefact, view, cx);
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "elements").aspect("report"));
    }
}

/// Holds a result of ours to the elements: what a report of it could not say.
fn judge_result(result: &ResultReport, artefact: &Artefact, view: &View<'_>, cx: &JudgeCx<'_>) {
    let complete = result.counted == Some(result.findings);
    let decided = |items: &[secdiag_model::ItemId]| {
        let outcomes = items.iter().filter_map(|item| result.outcomes.get(&item.0)).flatten();
        outcomes.into_iter().any(|outcome| matches!(outcome.as_str(), "pass" | "fail" | "observation"))
    };
    for element in &view.catalogue.duties().report_elements {
        let lacking = result.lacking.get(&element.id).copied().unwrap_or_default();
        let there = match element.id.as_str() {
            "assessor_qualifications" => {
                view.of_records(|records| &records.teams).any(|(_, team)| !team.people.is_empty())
            }
            "scope" => !result.systems.is_empty(),
            "tasks_and_targets" => !result.outcomes.is_empty(),
            "records" => result.files > 0,
            "social_engineering" => decided(&element.items),
            _ => complete,
        };
        if there && lacking == 0 {
            continue;
        }
        let detail = if lacking > 0 {
            words(
                format!("{}, of {lacking} findings", element.title.en),
                format!("{}（{lacking} 項未載）", element.title.zh_tw),
            )
        } else {
            element.title.clone()
        };
        let record = format!("run {}", result.run);
        let place = proof(artefact, &At::default(), format!("{record}: no {}", element.id));
        let found = finding(&CHECK, format!("{record} {}", element.id), place)
            .aspect("report")
            .fact("record", record)
            .fact("state", "element")
            .fact("element", element.id.as_str())
            .both("detail", &detail);
        cx.report(found);
    }
}

/// Deficiencies that lack what an element demands of each.
fn incomplete<'r>(element: &str, deficiencies: &'r [Deficiency]) -> Vec<&'r str> {
    let field: fn(&Deficiency) -> &Option<String> = match element {
        "severity" => |deficiency| &deficiency.severity,
        "deficiency_kind" => |deficiency| &deficiency.kind,
        "risk_description" => |deficiency| &deficiency.risk,
        "improvement" => |deficiency| &deficiency.improvement,
        _ => return Vec::new(),
    };
    deficiencies
        .iter()
        .filter(|deficiency| field(deficiency).is_none())
        .map(|deficiency| deficiency.id.as_str())
        .collect()
}

fn missing(
    report: &Report,
    element: &str,
    artefact: &Artefact,
    detail: &secdiag_model::Bilingual,
) -> secdiag_model::Finding {
    let place = proof(artefact, &report.at, format!("report {}: no {element}", report.id));
    finding(&CHECK, format!("{} {element}", report.id), place)
        .aspect("report")
        .fact("record", report.id.as_str())
        .fact("state", "element")
        .fact("element", element)
        .both("detail", detail)
}
