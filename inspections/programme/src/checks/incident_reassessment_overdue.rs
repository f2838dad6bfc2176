//! A system was not assessed again within three months of a major incident.
//!
//! **What.** Major incidents whose three months are over without a full assessment of the system, all of whose evidence
//! was collected on or after the incident.
//!
//! **Why.** What the intruder left behind is found only by looking again, with fresh evidence.
//!
//! **Evidence.** The register (incidents with level and day, assessments with the day of their oldest evidence).
//!
//! **Limits.** Levels 3 and 4 count as major. A re-assessment that came late is shown by the schedule, not accused here.
//!
//! **References.** ART III (re-assessment within three months of a major incident)

use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::Subject;
use secdiag_programme::incident::DutyState;

use super::{READS, looked_at};
use crate::Case;

/// The check.
pub(crate) const CHECK: Check = Check::new("programme/incident-reassessment-overdue", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    looked_at(&CHECK, case.views.iter().flat_map(|view| &view.rows).map(|row| row.system.as_str()), cx);
    for view in &case.views {
        for row in &view.rows {
            for duty in row.incidents.iter().filter(|duty| duty.duty.state == DutyState::Overdue) {
                let mut finding = view.finding(&CHECK, row);
                finding.subject = Subject::Record { record: format!("{} {}", row.system, duty.incident) };
                cx.report(
                    finding
                        .fact("incident", duty.incident.as_str())
                        .fact("occurred", duty.anchor.to_string())
                        .fact("due", duty.duty.due.to_string()),
                );
            }
        }
    }
}
