//! An internal host that the Internet reaches without passing a firewall.
//!
//! **What.** Servers and user-end computers outside the DMZ, and a way from the Internet to them without a firewall on
//! it.
//!
//! **Why.** Nothing decides who may knock.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for. What the
//! firewall on the way lets through is the firewall inspection's question.
//!
//! **References.** NIST SP 800-41 Rev. 1; CIS Controls v8, 12.2 and 13.4

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, firewall, looked};
use crate::words::{Role, ZoneKind};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/internal-host-exposed", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let from = case.with(&[Role::Internet]);
    let to = case.those(|at, element| {
        let host = element.role.is_some_and(Role::is_server) || element.role == Some(Role::Workstation);
        host && case.topology.kind(at) != Some(ZoneKind::Dmz) && element.facts.public != Some(true)
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
