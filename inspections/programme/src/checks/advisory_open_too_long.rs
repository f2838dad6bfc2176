//! An advisory is open for longer than the firm allows.
//!
//! **What.** Advisories of the ledger that are not closed although their time is over: 7 days from receipt for high severity
//! or worse, 30 days for others, where the firm sets no numbers of its own. Those judged not to concern the firm count too:
//! they are closed with that reason.
//!
//! **Why.** Intelligence that is filed unread protects nobody.
//!
//! **Evidence.** The ledger of intelligence (`secdiag intel export`, or a CSV with the same columns).
//!
//! **Limits.** What never reached the ledger is not known. That something was done is believed.
//!
//! **References.** ART III.1; INS 肆.一.(一)4

use secdiag_inspect::{Check, JudgeCx, Looked};

use super::{READS_LEDGER, about, allowed};
use crate::Case;

/// The check.
pub(crate) const CHECK: Check = Check::new("programme/advisory-open-too-long", READS_LEDGER);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    if !case.advisories.is_empty() {
        cx.looked(Looked::at(&CHECK, case.advisories.len() as u64, "advisories"));
    }
    for (artefact, line, advisory) in &case.advisories {
        let Some(limit) = allowed(advisory, cx) else { continue };
        let due = limit.until(advisory.received);
        let closed = advisory.closed.filter(|day| *day <= cx.as_of);
        if closed.is_none() && due < cx.as_of {
            let late = i64::from((cx.as_of - due).get_days());
            cx.report(about(&CHECK, (artefact, *line, advisory), limit).fact("days_late", late));
        }
    }
}
