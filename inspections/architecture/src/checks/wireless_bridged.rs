//! A wireless network joined with the internal one.
//!
//! **What.** Ways from wireless access points and their zones to servers without a firewall.
//!
//! **Why.** Radio does not end at the wall.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for.
//!
//! **References.** NIST SP 800-153

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, firewall, looked};
use crate::words::{Role, ZoneKind};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/wireless-bridged", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let from = case.those(|at, element| {
        element.role == Some(Role::Wireless) || case.topology.kind(at) == Some(ZoneKind::Wireless)
    });
    let to = case.servers();
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
