//! `drill/phishing-credential-given`
//!
//! # What
//! At the last drill, persons handed in data at the page behind the link.
//!
//! # Why
//! A password handed in is an intruder with an account.
//!
//! # Evidence
//! Exports of GoPhish, Microsoft, KnowBe4, or a table with well-known columns.
//!
//! # Limits
//! What was handed in is dropped before the file is kept: whether it was a real password is not known.
//!
//! # References
//! MITRE ATT&CK T1566.002, T1056.003.

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::READS_MAILS;
use crate::view::{View, interval, percent};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/phishing-credential-given", READS_MAILS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(drilled) = view.latest() else { return };
    let counts = &drilled.measures.human;
    if counts.delivered == 0 {
        return;
    }
    cx.looked(Looked::at(&CHECK, counts.delivered, "persons"));
    if counts.submitted == 0 {
        return;
    }
    let excerpt = format!(
        "campaign {}: data handed in by {} of {} persons",
        drilled.campaign.name, counts.submitted, counts.delivered
    );
    cx.report(
        drilled
            .finding(&CHECK, excerpt)
            .fact("rate", percent(counts.submitted, counts.delivered))
            .fact("interval", interval(counts.submitted, counts.delivered)),
    );
}
