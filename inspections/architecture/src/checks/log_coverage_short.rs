//! Servers and devices whose logs nobody collects.
//!
//! **What.** The share of servers and network devices whose `logged` is true in the firm's file, where it says so of
//! any.
//!
//! **Why.** What is not logged did not happen.
//!
//! **Evidence.** `logged` of elements in the firm's file.
//!
//! **Limits.** Elements of which nothing is said count as not logged once the file says it of others.
//!
//! **References.** NIST SP 800-92; CIS Controls v8, 8.2

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/log-coverage-short", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let all = case.those(|_, element| {
        let device = matches!(element.role, Some(Role::Firewall | Role::Router | Role::Waf | Role::Vpn | Role::Ids));
        device || element.role.is_some_and(Role::is_server)
    });
    if !all.iter().any(|at| case.topology.elements[*at].facts.logged.is_some()) {
        return;
    }
    looked(&CHECK, all.len(), cx);
    let not: Vec<usize> =
        all.iter().copied().filter(|at| case.topology.elements[*at].facts.logged != Some(true)).collect();
    let Some(first) = not.first() else { return };
    let percent = (all.len() - not.len()) * 100 / all.len().max(1);
    let excerpt = format!("{percent} % logged; not: {}", case.names(&not));
    case.on_network(&CHECK, "log coverage", &case.topology.elements[*first].source, excerpt, cx, |finding| {
        finding.fact("percent", percent).fact("names", case.names(&not)).fact("count", not.len())
    });
}
