//! `programme/plan-stale`
//!
//! # What
//! Assessment plans whose approval or last review is older than three years or than the last change of the rule, and
//! the question on it answered "no" or "partial".
//!
//! # Why
//! A plan of another rule and another network assesses the wrong things.
//!
//! # Evidence
//! Answer files; `[[plan]]`; the changes of the rule in `duties.yaml`.
//!
//! # Limits
//! The newest plan counts; what a review changed is for the reader.
//!
//! # References
//! INS 柒; BANK (opening); SEC25.

use jiff::civil::Date;
use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::asked::{Dated, judge_gaps};
use crate::checks::newest_plan;
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/plan-stale", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
    let Some((artefact, plan)) = newest_plan(view, cx) else { return };
    let passed = |date: Option<Date>| date.filter(|date| *date <= cx.as_of);
    let Some(last) = passed(plan.approved_on).max(passed(plan.reviewed_on)) else { return };
    cx.looked(Looked::at(&CHECK, 1, "plans").aspect("plan"));
    let changes = view.catalogue.duties().rule_changes.iter();
    let changed = changes
        .filter_map(|change| Some((change.date.parse::<Date>().ok().filter(|date| *date <= cx.as_of)?, change)))
        .filter(|(date, _)| *date > last)
        .max_by_key(|(date, _)| *date);
    let limit = view.limit(LimitId::PlanReview).filter(|limit| limit.until(last) < cx.as_of);
    let detail = match (limit, changed) {
        (None, None) => return,
        (Some(limit), _) => {
            let allowed = limit.words();
            words(
                format!("last approved or reviewed on {last}, longer than {} ago", allowed.en),
                format!("最近一次核定或檢討為 {last}，已逾 {}", allowed.zh_tw),
            )
        }
        (None, Some((date, change))) => words(
            format!("last approved or reviewed on {last}, before the rule changed on {date} ({})", change.title.en),
            format!("最近一次核定或檢討為 {last}，早於 {date} 之法規修正（{}）", change.title.zh_tw),
        ),
    };
    let record = plan.title.as_str();
    let found = finding(&CHECK, record, proof(artefact, &plan.at, format!("plan {record}")))
        .aspect("plan")
        .fact("record", record)
        .fact("state", "plan")
        .both("detail", &detail);
    cx.report(found);
}
