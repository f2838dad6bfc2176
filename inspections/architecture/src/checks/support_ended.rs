//! A device that its maker no longer supports, in use.
//!
//! **What.** Elements whose `supported_until` in the firm's file is past; more urgent where a business function hangs on
//! them alone.
//!
//! **Why.** What is found in it will not be mended.
//!
//! **Evidence.** `supported_until` of elements in the firm's file.
//!
//! **Limits.** Dates are the firm's; those of makers are not known here.
//!
//! **References.** CIS Controls v8, 12.1

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::failure::Event;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/support-ended", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let stated = case.those(|_, element| element.facts.supported_until.is_some());
    if stated.is_empty() {
        return;
    }
    looked(&CHECK, stated.len(), cx);
    for element in stated {
        let Some(until) = case.topology.elements[element].facts.supported_until.filter(|day| *day < cx.as_of) else {
            continue;
        };
        let critical = case.outcomes.iter().any(|outcome| outcome.event == Event::Element(element));
        let excerpt = format!("{}: supported until {until}", case.topology.name(element));
        case.about(&CHECK, element, excerpt, cx, |finding| {
            finding.fact("until", until.to_string()).fact("critical", critical)
        });
    }
}
