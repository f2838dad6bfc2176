//! `programme/plan-not-approved`
//!
//! # What
//! Assessment plans without an approval by the board, its authorised department or the head of a foreign branch, and
//! the question on it answered "no" or "partial".
//!
//! # Why
//! The rule has the board decide what is assessed, how deeply and when.
//!
//! # Evidence
//! Answer files; `[[plan]]`.
//!
//! # Limits
//! The newest plan counts.
//!
//! # References
//! INS 柒; SEC25 2.

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::asked::{Dated, judge_gaps};
use crate::checks::newest_plan;
use crate::records::Body;
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/plan-not-approved", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
    let Some((artefact, plan)) = newest_plan(view, cx) else { return };
    cx.looked(Looked::at(&CHECK, 1, "plans").aspect("plan"));
    let detail = match (plan.approved_by, plan.approved_on) {
        (Some(Body::Board | Body::AuthorisedDepartment | Body::BranchHead), Some(date)) if date <= cx.as_of => return,
        (_, None) => words("no date of approval is on record", "無核定日期紀錄"),
        (_, Some(date)) if date > cx.as_of => {
            words(format!("approved only on {date}"), format!("核定日期 {date} 晚於診斷基準日"))
        }
        _ => words("approved by neither the board nor its authorised department", "核定者非董事會或其授權單位"),
    };
    let record = plan.title.as_str();
    let found = finding(&CHECK, record, proof(artefact, &plan.at, format!("plan {record}")))
        .aspect("plan")
        .fact("record", record)
        .fact("state", "plan")
        .both("detail", &detail);
    cx.report(found);
}
