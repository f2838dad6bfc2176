//! `programme/follow-up-not-reported`
//!
//! # What
//! Assessment reports that were not handed to the audit unit or not reported to the board or its authorised department
//! in time, re-checks whose result was not reported, and the question on it answered "no" or "partial".
//!
//! # Why
//! What neither audit nor board knows is not followed up.
//!
//! # Evidence
//! Answer files; `[[report]]` with the dates of hand-over and report.
//!
//! # Limits
//! The dates are believed; keep receipt and minutes as evidence of the answer.
//!
//! # References
//! INS 捌; SEC25 2.

use jiff::civil::Date;
use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Note, NoteKind};

use crate::asked::{Dated, judge_gaps};
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/follow-up-not-reported", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
    let mut looked = 0;
    for (artefact, report) in view.of_records(|records| &records.reports) {
        let Some(date) = report.date else {
            let text = format!("report {}: it has no date; its follow-up was not judged", report.id);
            cx.note(Note::new(NoteKind::NotUnderstood, "report-undated", text).on(artefact));
            continue;
        };
        let steps: [(&str, Option<Date>, Option<Date>, LimitId, _); 3] = [
            (
                "audit",
                Some(date),
                report.audit_received_on,
                LimitId::AuditHandOver,
                words("the audit unit", "稽核單位"),
            ),
            (
                "board",
                Some(date),
                report.board_reported_on,
                LimitId::BoardReport,
                words("the board or its authorised department", "董事會或其授權單位"),
            ),
            (
                "recheck",
                report.rechecked_on,
                report.recheck_reported_on,
                LimitId::BoardReport,
                words(
                    "the board or its authorised department (result of the re-check)",
                    "董事會或其授權單位（覆查結果）",
                ),
            ),
        ];
        for (state, from, done, limit, whom) in steps {
            let Some((from, limit)) = from.zip(view.limit(limit)) else { continue };
            looked += 1;
            if done.is_some_and(|done| done <= cx.as_of) || limit.until(from) >= cx.as_of {
                continue;
            }
            let found = finding(
                &CHECK,
                format!("{} {state}", report.id),
                proof(artefact, &report.at, format!("report {} of {date}", report.id)),
            )
            .aspect("follow-up")
            .fact("record", report.id.as_str())
            .fact("state", state)
            .both(
                "detail",
                &words(
                    format!("no report to {} by {}", whom.en, limit.until(from)),
                    format!("至 {} 仍未送達{}", limit.until(from), whom.zh_tw),
                ),
            );
            cx.report(found);
        }
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "steps of follow-up").aspect("follow-up"));
    }
}
