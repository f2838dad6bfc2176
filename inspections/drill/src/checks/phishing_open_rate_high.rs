//! `drill/phishing-open-rate-high`
//!
//! # What
//! At the last drill, the share of distinct persons who opened the mail, clicked or did more is at or above the
//! limit. Visits of mail scanners are taken out; both counts are shown.
//!
//! # Why
//! Whoever opens such mails unasked will open the real one.
//!
//! # Evidence
//! Exports of GoPhish, Microsoft, KnowBe4, or a table with well-known columns.
//!
//! # Limits
//! Opening is seen by pictures that load; mail programs that load none hide it, previews show it. Where single
//! visits are not told, scanners cannot be taken out and the rate may be too high.
//!
//! # References
//! SOC (open below 10 %); Wilson 1927.

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::READS_MAILS;
use crate::view::{View, interval, percent, reaches};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/phishing-open-rate-high", READS_MAILS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::PhishingOpen) else { return };
    let Some(drilled) = view.latest() else { return };
    let counts = &drilled.measures.human;
    if counts.delivered == 0 {
        return;
    }
    cx.looked(Looked::at(&CHECK, counts.delivered, "persons"));
    if !reaches(counts.opened, counts.delivered, limit.value) {
        return;
    }
    let (hits, of) = (counts.opened, counts.delivered);
    let excerpt = format!("campaign {}: opened by {hits} of {of} persons", drilled.campaign.name);
    cx.report(
        drilled
            .finding(&CHECK, excerpt)
            .fact("rate", percent(hits, of))
            .fact("interval", interval(hits, of))
            .fact("rate_counting_every_visit", percent(drilled.measures.every.opened, of))
            .fact("limit", limit.words().en)
            .fact("limit_zh", limit.words().zh_tw)
            .fact("units_above", drilled.units_above(|counts| counts.opened, limit.value)),
    );
}
