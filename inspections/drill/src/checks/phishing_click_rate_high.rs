//! `drill/phishing-click-rate-high`
//!
//! # What
//! At the last drill, the share of distinct persons who called the link, opened the attachment or handed in data is
//! at or above the limit. Visits of mail scanners are taken out; both counts are shown.
//!
//! # Why
//! A click is what an attacker needs.
//!
//! # Evidence
//! Exports of GoPhish, Microsoft, KnowBe4, or a table with well-known columns.
//!
//! # Limits
//! Where single visits are not told, scanners cannot be taken out and the rate may be too high.
//!
//! # References
//! SOC (click below 6 %); Wilson 1927.

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::READS_MAILS;
use crate::view::{View, clicks, interval, percent, reaches, some};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/phishing-click-rate-high", READS_MAILS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::PhishingClick) else { return };
    let Some(drilled) = view.latest() else { return };
    let counts = &drilled.measures.human;
    if counts.delivered == 0 {
        return;
    }
    cx.looked(Looked::at(&CHECK, counts.delivered, "persons"));
    if !reaches(counts.clicked, counts.delivered, limit.value) {
        return;
    }
    let (hits, of) = (counts.clicked, counts.delivered);
    let excerpt = format!("campaign {}: clicked by {hits} of {of} persons", drilled.campaign.name);
    let clicks = clicks(view);
    let repeaters: std::collections::BTreeSet<String> =
        clicks.into_iter().filter(|(_, times)| *times >= 2).map(|(person, _)| person).collect();
    cx.report(
        drilled
            .finding(&CHECK, excerpt)
            .fact("rate", percent(hits, of))
            .fact("interval", interval(hits, of))
            .fact("rate_counting_every_visit", percent(drilled.measures.every.clicked, of))
            .fact("limit", limit.words().en)
            .fact("limit_zh", limit.words().zh_tw)
            .fact("units_above", drilled.units_above(|counts| counts.clicked, limit.value))
            .fact("repeat_clickers", repeaters.len() as u64)
            .fact("repeat_clickers_named", some(&repeaters)),
    );
}
