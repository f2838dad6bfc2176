//! IPv6 that passes a firewall which does not know it.
//!
//! **What.** Elements with IPv6 in the firm's file, and ways to them from the Internet on which no firewall filters
//! IPv6.
//!
//! **Why.** The rules that everybody looks at are those of IPv4.
//!
//! **Evidence.** `ipv6` of elements in the firm's file.
//!
//! **Limits.** Only what the file says has IPv6; tunnels are not seen.
//!
//! **References.** RFC 9099, 2.1

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, firewall, looked};
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/ipv6-unguarded", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let from = case.with(&[Role::Internet]);
    let to = case.those(|_, element| element.facts.ipv6 == Some(true) && element.role != Some(Role::Firewall));
    if from.is_empty() || to.is_empty() {
        return;
    }
    looked(&CHECK, to.len(), cx);
    let Some(hit) = case.hit(&from, &to, |element| firewall(element) && element.facts.ipv6 == Some(true)) else {
        return;
    };
    for element in hit.elements.iter().copied() {
        let excerpt = format!("{}: {}", case.topology.name(element), hit.way);
        case.about(&CHECK, element, excerpt, cx, |finding| finding.fact("way", hit.way.as_str()));
    }
}
