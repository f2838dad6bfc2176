//! A system in service has no category.
//!
//! **What.** Systems of the register that are in service and for which no decision about the category holds.
//!
//! **Why.** Without a category nobody knows what has to be assessed and when; the law knows no unclassified system.
//!
//! **Evidence.** The register.
//!
//! **Limits.** Systems that the register does not name are not known.
//!
//! **References.** INS notes on 肆.一 ("no system may stay unclassified"); SEC25 art. 2

use secdiag_inspect::{Check, JudgeCx};

use super::{READS, looked_at};
use crate::{Case, View};

/// The check.
pub(crate) const CHECK: Check = Check::new("programme/system-unclassified", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let all = case.views.iter().flat_map(View::in_service);
    looked_at(&CHECK, all.map(|(row, _)| row.system.as_str()), cx);
    for view in &case.views {
        for (row, _) in view.in_service().filter(|(row, _)| row.category.is_none()) {
            cx.report(view.finding(&CHECK, row).fact("proposed", row.proposed.category));
        }
    }
}
