//! Indicators of an advisory were not searched for in time.
//!
//! **What.** Advisories with indicators that no search of the evidence has used within their time: 7 days from receipt for
//! high severity or worse, 30 days for others, where the firm sets no numbers of its own.
//!
//! **Why.** An indicator finds an intruder only where somebody looks for it.
//!
//! **Evidence.** The ledger of intelligence (`secdiag intel export`): diagnostics and hunts write their searches into it.
//!
//! **Limits.** Searches with other tools count only when they are entered (`searched`). Advisories judged not to concern the
//! firm need none.
//!
//! **References.** ART III.1; INS 肆.一.(一)4

use secdiag_inspect::{Check, JudgeCx, Looked};

use super::{READS_LEDGER, about, allowed};
use crate::Case;

/// The check.
pub(crate) const CHECK: Check = Check::new("programme/advisory-not-searched", READS_LEDGER);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let with_indicators = || {
        case.advisories.iter().filter(|(_, _, advisory)| advisory.indicators > 0 && advisory.relevant != Some(false))
    };
    let count = with_indicators().count() as u64;
    if count > 0 {
        cx.looked(Looked::at(&CHECK, count, "advisories"));
    }
    for (artefact, line, advisory) in with_indicators() {
        let Some(limit) = allowed(advisory, cx) else { continue };
        let searched = advisory.searched.filter(|day| *day <= cx.as_of);
        if searched.is_none() && limit.until(advisory.received) < cx.as_of {
            cx.report(about(&CHECK, (artefact, *line, advisory), limit));
        }
    }
}
