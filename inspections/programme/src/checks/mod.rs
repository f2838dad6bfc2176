//! One file per check; what they share is in [`crate::View`].

use secdiag_catalogue::{Allowed, LimitId};
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Finding, Locator, Proof, Severity, Subject};
use secdiag_programme::advisory::Advisory;

use crate::Case;

pub(crate) use category_contradicted::{INBOUND, Inbound};

secdiag_inspect::checks! {
    fn(&Case<'_>, &JudgeCx<'_>);
    system_unclassified,
    category_contradicted,
    classification_review_overdue,
    cycle_overdue,
    incident_reassessment_overdue,
    incident_report_incomplete,
    advisory_open_too_long,
    advisory_not_searched,
}

/// Formats that every check here reads.
pub(crate) const READS: &[&str] = &["register"];

/// Formats that tell of intelligence.
pub(crate) const READS_LEDGER: &[&str] = &["advisory-ledger"];

/// The time allowed for an advisory, by its urgency.
fn allowed(advisory: &Advisory, cx: &JudgeCx<'_>) -> Option<Allowed> {
    let urgent = advisory.severity >= Severity::High;
    let limit = if urgent { LimitId::AdvisoryUrgent } else { LimitId::Advisory };
    cx.catalogue.duties().allowed(limit, cx.system.category)
}

/// A finding about an advisory, at its line.
fn about(check: &Check, (artefact, line, advisory): (&Artefact, u64, &Advisory), limit: Allowed) -> Finding {
    let excerpt = format!("{} from {}, received {}", advisory.name, advisory.source, advisory.received);
    let proof = Proof::new(artefact, Locator::Line(line), excerpt);
    Finding::new(check.id, Subject::Record { record: advisory.id.clone() }, proof)
        .fact("advisory", advisory.name.as_str())
        .fact("source", advisory.source.as_str())
        .fact("urgency", advisory.severity.word())
        .fact("received", advisory.received.to_string())
        .fact("due", limit.until(advisory.received).to_string())
        .fact("state", advisory.state())
        .fact("indicators", advisory.indicators)
}

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
