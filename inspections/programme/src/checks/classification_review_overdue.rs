//! The grading of a core system was not looked at within a year.
//!
//! **What.** Systems of category 1 whose category was last decided or reviewed more than a year before the as-of date.
//!
//! **Why.** Systems change: what was internal yesterday is reachable today.
//!
//! **Evidence.** The register (`category_reviewed`, or the day of the last decision).
//!
//! **Limits.** A review that is not written down did not happen.
//!
//! **References.** MECH art. 4(3): core and non-core grading reviewed yearly

use secdiag_inspect::{Check, JudgeCx};
use secdiag_programme::calendar::period_end;

use super::{READS, looked_at};
use crate::{Case, View};

/// The check.
pub(crate) const CHECK: Check = Check::new("programme/classification-review-overdue", READS);

/// Months that a review lasts: MECH art. 4(3), yearly.
const MONTHS: u32 = 12;

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    fn core<'a>(
        view: &'a View<'_>,
    ) -> impl Iterator<Item = (&'a secdiag_programme::schedule::Row, &'a secdiag_programme::register::System)> {
        view.in_service().filter(|(row, _)| row.category == Some(1))
    }
    looked_at(&CHECK, case.views.iter().flat_map(core).map(|(row, _)| row.system.as_str()), cx);
    for view in &case.views {
        for (row, system) in core(view) {
            let decided = system.category_on(cx.as_of).map(|decision| decision.effective);
            let reviewed = system.category_reviewed.filter(|day| *day <= cx.as_of);
            let Some(last) = reviewed.max(decided) else { continue };
            let Some(end) = period_end(last, MONTHS).filter(|end| *end < cx.as_of) else { continue };
            cx.report(view.finding(&CHECK, row).fact("last", last.to_string()).fact("due", end.to_string()));
        }
    }
}
