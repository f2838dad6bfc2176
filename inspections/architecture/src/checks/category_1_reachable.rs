//! A category 1 system that users or category 3 systems reach without a firewall.
//!
//! **What.** Elements of category 1 in the firm's file, and ways to them from user-end computers and category 3
//! elements.
//!
//! **Why.** The least protected machine then protects the most important one.
//!
//! **Evidence.** `category` of elements in the firm's file; the drawing.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for.
//!
//! **References.** GOV-1; SEC-1.4

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, firewall, looked};
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/category-1-reachable", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let from = {
        let mut from = case.users();
        from.extend(case.those(|_, element| element.facts.category == Some(3)));
        from
    };
    let to = case.those(|_, element| element.facts.category == Some(1) && element.role.is_some_and(Role::is_server));
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
