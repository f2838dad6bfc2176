//! `drill/phishing-trend-worse`
//!
//! # What
//! At the last drill more persons clicked than at the one before, by more than chance explains (two proportions,
//! one-sided, 95 %).
//!
//! # Why
//! A rate that rises says that training has stopped working, even below the limit.
//!
//! # Evidence
//! Exports of GoPhish, Microsoft, KnowBe4, or a table with well-known columns.
//!
//! # Limits
//! Mails differ in difficulty: read the two together. Needs two dated drills.
//!
//! # References
//! FIN-8.3; SEC-10.3.

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::READS_MAILS;
use crate::measure::Counts;
use crate::view::{View, percent};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/phishing-trend-worse", READS_MAILS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut latest =
        view.dated().rev().map(|(drilled, _)| drilled).filter(|drilled| drilled.measures.human.delivered > 0);
    let (Some(now), Some(before)) = (latest.next(), latest.next()) else { return };
    cx.looked(Looked::at(&CHECK, 2, "campaigns"));
    let (new, old) = (&now.measures.human, &before.measures.human);
    if !rose(old, new) {
        return;
    }
    let (then, rate) = (percent(old.clicked, old.delivered), percent(new.clicked, new.delivered));
    let excerpt = format!("clicked: {then} at {}, {rate} at {}", before.campaign.name, now.campaign.name);
    cx.report(
        now.finding(&CHECK, excerpt)
            .fact("rate", rate)
            .fact("rate_before", then)
            .fact("campaign_before", before.campaign.name.as_str()),
    );
}

/// Whether the share of clickers rose by more than chance explains.
#[expect(clippy::cast_precision_loss, reason = "people are fewer than 2^52")]
fn rose(old: &Counts, new: &Counts) -> bool {
    const ONE_SIDED_95: f64 = 1.644_853_626_951_472_7;
    let (a, n) = (old.clicked as f64, old.delivered as f64);
    let (b, m) = (new.clicked as f64, new.delivered as f64);
    let pooled = (a + b) / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    error > 0.0 && (b / m - a / n) / error > ONE_SIDED_95
}
