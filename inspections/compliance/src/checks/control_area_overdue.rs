//! `compliance/control-area-overdue`
//!
//! # What
//! Control areas whose audit register lacks a calendar period of their rhythm within the look-back.
//!
//! # Why
//! The rule sets the rhythm area by area; an area nobody audits is one nobody knows.
//!
//! # Evidence
//! The register of internal audits (CSV, or `[[audit]]`) with report references.
//!
//! # Limits
//! Areas whose rhythm the catalogue does not know are noted, neither missed nor passed. An audit without a report
//! reference, before its period or in the future does not count.
//!
//! # References
//! MECH (rhythm of each point).

use std::collections::{BTreeMap, BTreeSet};

use secdiag_catalogue::{ControlArea, LimitId};
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Note, NoteKind};
use secdiag_records::At;

use crate::records::Audit;
use crate::rhythm::{Period, closed};
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/control-area-overdue", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let audits: Vec<(&Artefact, &Audit)> = view.of_records(|records| &records.audits).collect();
    let Some(&(register, _)) = audits.first() else { return };
    let Some(look_back) = view.limit(LimitId::AuditLookBack) else { return };
    let areas: Vec<&ControlArea> =
        view.catalogue.questionnaires().flat_map(|questionnaire| &questionnaire.areas).collect();
    note_unknown(&areas, &audits, cx);
    let mut looked = 0;
    for area in areas {
        if does_not_apply(area, view, cx) {
            continue;
        }
        let Some(months) = area.rhythm_months else {
            let text =
                format!("{}: the rhythm of this area was not seen in the rule; its audits were not judged", area.id);
            cx.note(Note::new(NoteKind::Assumed, "rhythm-unknown", text));
            continue;
        };
        let mut mine: Vec<&(&Artefact, &Audit)> =
            audits.iter().filter(|(_, audit)| audit.area.eq_ignore_ascii_case(&area.id)).collect();
        mine.sort_by_key(|(_, audit)| audit.date);
        let done: BTreeSet<Period> =
            mine.iter().filter_map(|(artefact, audit)| counts(audit, artefact, months, cx)).collect();
        let demanded = closed(cx.as_of, look_back.months(), months);
        looked += demanded.len() as u64;
        let missing: Vec<String> =
            demanded.into_iter().filter(|period| !done.contains(period)).map(Period::label).collect();
        if missing.is_empty() {
            continue;
        }
        let last = mine.last();
        let excerpt = format!("{}: no audit of {}", area.id, missing.join(", "));
        let place = match last {
            Some((artefact, audit)) => proof(artefact, &audit.at, excerpt),
            None => proof(register, &At::default(), excerpt),
        };
        let found = finding(&CHECK, area.id.as_str(), place)
            .fact("record", area.id.as_str())
            .fact("missing", missing.clone())
            .day("last_audit", last.and_then(|(_, audit)| audit.date))
            .both(
                "detail",
                &words(
                    format!("{}, every {months} months: no audit of {}", area.title.en, missing.join(", ")),
                    format!("{}（每 {months} 個月查核）：未查核期間 {}", area.title.zh_tw, missing.join("、")),
                ),
            );
        cx.report(found);
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "audit periods"));
    }
}

/// The period that an audit covers; nothing, with a note, where it cannot count.
fn counts(audit: &Audit, artefact: &Artefact, months: u32, cx: &JudgeCx<'_>) -> Option<Period> {
    let note = |reason: &str, text: &str| {
        let note = Note::new(NoteKind::NotUnderstood, reason, format!("audit of {}: {text}", audit.area));
        let note = if audit.at.line > 0 { note.at(format!("line {}", audit.at.line)) } else { note.at(&audit.at.path) };
        cx.note(note.on(artefact));
    };
    let Some(date) = audit.date else {
        note("audit-undated", "it has no date and does not count");
        return None;
    };
    if date > cx.as_of {
        note("audit-future", "it is dated after the date of the diagnostic and does not count");
        return None;
    }
    if audit.report.is_none() {
        note("audit-without-report", "it names no report and does not count");
        return None;
    }
    let period = match &audit.period {
        None => Period::holding(date, months),
        Some(label) => Period::read(label, months),
    };
    let Some(period) = period else {
        note(
            "audit-period",
            "its period is none of the area's rhythm (2026, 2026-H1, 2026-Q3, 2026-09); it does not count",
        );
        return None;
    };
    if date < period.first() {
        note("audit-early", "it is dated before its period begins and does not count");
        return None;
    }
    Some(period)
}

/// Whether a named person states, with a reason, that the area does not apply.
fn does_not_apply(area: &ControlArea, view: &View<'_>, cx: &JudgeCx<'_>) -> bool {
    let statement = view
        .of_records(|records| &records.areas)
        .find(|(_, statement)| statement.id.eq_ignore_ascii_case(&area.id) && statement.applicable == Some(false));
    let Some((artefact, statement)) = statement else { return false };
    let complete = statement.reason.is_some()
        && statement.by.is_some()
        && statement.date.is_some_and(|date| date <= cx.as_of)
        && area.applies_to.is_some();
    let (reason, text) = if complete {
        ("area-not-applicable", format!("{}: stated not to apply; not judged", area.id))
    } else {
        (
            "area-statement-refused",
            format!(
                "{}: it applies to every firm, or the statement lacks reason, name or date; judged as applicable",
                area.id
            ),
        )
    };
    cx.note(Note::new(NoteKind::Assumed, reason, text).on(artefact));
    complete
}

fn note_unknown(areas: &[&ControlArea], audits: &[(&Artefact, &Audit)], cx: &JudgeCx<'_>) {
    let mut unknown: BTreeMap<&str, (&Artefact, u64)> = BTreeMap::new();
    for (artefact, audit) in audits {
        if !areas.iter().any(|area| area.id.eq_ignore_ascii_case(&audit.area)) {
            unknown.entry(&audit.area).or_insert((artefact, 0)).1 += 1;
        }
    }
    for (artefact, count) in unknown.into_values() {
        let text = "audits of an area that no questionnaire has: correct the area's id";
        cx.note(Note::new(NoteKind::NotUnderstood, "unknown-area", text).times(count).on(artefact));
    }
}
