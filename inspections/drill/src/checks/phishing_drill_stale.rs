//! `drill/phishing-drill-stale`
//!
//! # What
//! The last social-engineering drill is older than the limit.
//!
//! # Why
//! People forget within months, and new ones were never drilled; the rule asks for a drill every year.
//!
//! # Evidence
//! Exports of GoPhish, Microsoft, KnowBe4, or a table with well-known columns.
//!
//! # Limits
//! Only drills whose files are among the evidence are known. A drill without a time is not counted.
//!
//! # References
//! INS 陸; FIN-8.3.

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::READS_MAILS;
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/phishing-drill-stale", READS_MAILS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::PhishingDrill) else { return };
    let Some((drilled, day)) = view.dated().next_back() else { return };
    cx.looked(Looked::at(&CHECK, view.dated().count() as u64, "campaigns"));
    if day >= limit.since(cx.as_of) {
        return;
    }
    let allowed = limit.words();
    let excerpt = format!("campaign {}, first mail on {day}", drilled.campaign.name);
    let mut found = drilled.finding(&CHECK, excerpt).fact("allowed", allowed.en).fact("allowed_zh", allowed.zh_tw);
    // There is one drill that is due, whichever was the last.
    found.subject = secdiag_model::Subject::Record { record: "social-engineering drill".to_owned() };
    cx.report(found);
}
