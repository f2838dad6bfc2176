//! One file per check; what they share is in [`crate::View`].

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::Case;

pub(crate) use category_contradicted::{INBOUND, Inbound};

secdiag_inspect::checks! {
    fn(&Case<'_>, &JudgeCx<'_>);
    system_unclassified,
    category_contradicted,
    classification_review_overdue,
    cycle_overdue,
    incident_reassessment_overdue,
}

/// Formats that every check here reads.
pub(crate) const READS: &[&str] = &["register"];

/// Says that a check looked at these systems.
fn looked_at<'a>(check: &Check, systems: impl Iterator<Item = &'a str>, cx: &JudgeCx<'_>) {
    let mut none = true;
    for system in systems {
        none = false;
        cx.looked(Looked::at(check, 1, "systems").on(system));
    }
    if none {
        cx.looked(Looked::at(check, 0, "systems"));
    }
}
