//! User-end computers that reach the Internet without a proxy.
//!
//! **What.** Ways from the Internet to user-end computers that pass no proxy.
//!
//! **Why.** What leaves unseen is found late.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for. Firewalls that
//! do a proxy's work have to be named as `proxy`.
//!
//! **References.** CIS Controls v8, 9.3 and 13.10

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/egress-without-proxy", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let from = case.with(&[Role::Internet]);
    let to = case.with(&[Role::Workstation, Role::Mobile]);
    if from.is_empty() || to.is_empty() {
        return;
    }
    looked(&CHECK, to.len(), cx);
    let Some(hit) = case.hit(&from, &to, |element| element.role == Some(Role::Proxy)) else { return };
    for element in hit.elements.iter().copied() {
        let excerpt = format!("{}: {}", case.topology.name(element), hit.way);
        case.about(&CHECK, element, excerpt, cx, |finding| finding.fact("way", hit.way.as_str()));
    }
}
