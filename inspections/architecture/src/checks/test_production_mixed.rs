//! Test and production joined without a firewall.
//!
//! **What.** Ways from test and development zones to servers of other zones without a firewall.
//!
//! **Why.** Test systems are patched late, have weak passwords and real data.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for.
//!
//! **References.** ISO/IEC 27001:2022, A.8.31

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, firewall, looked};
use crate::words::{Role, ZoneKind};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/test-production-mixed", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let from = case.in_zones(&[ZoneKind::Test, ZoneKind::Development]);
    let to = case.those(|at, element| {
        let test = matches!(case.topology.kind(at), Some(ZoneKind::Test | ZoneKind::Development));
        element.role.is_some_and(Role::is_server) && !test
    });
    if from.is_empty() || to.is_empty() {
        return;
    }
    looked(&CHECK, to.len(), cx);
    let Some(hit) = case.hit(&from, &to, firewall) else { return };
    for element in hit.elements.iter().copied() {
        let excerpt = format!("{}: {}", case.topology.name(element), hit.way);
        case.about(&CHECK, element, excerpt, cx, |finding| finding.fact("way", hit.way.as_str()));
    }
}
