//! A host with a leg in each of two zones.
//!
//! **What.** Servers and user-end computers wired to switches, routers or boxes of two zones.
//!
//! **Why.** It is a way around the firewall between them.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** Lines from host to host are taken as flows, not as wires.
//!
//! **References.** CIS Controls v8, 12.2

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/dual-homed-host", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let hosts = case.those(|_, element| {
        let between = matches!(element.role, Some(Role::JumpHost | Role::Backup | Role::LogCollector));
        element.role.is_some_and(|role| role.is_server() || role == Role::Workstation) && !between
    });
    looked(&CHECK, hosts.len(), cx);
    for element in hosts {
        let mut zones = BTreeSet::new();
        for (next, _) in case.graph.around(u32::try_from(element).unwrap_or(u32::MAX)) {
            let next = *next as usize;
            let there = &case.topology.elements[next];
            if there.segment || there.role.is_some_and(Role::is_wiring) {
                zones.extend(there.zone);
            }
        }
        let kinds: BTreeSet<_> = zones.iter().map(|zone| case.topology.zones[*zone].kind).collect();
        if kinds.len() > 1 {
            let names: Vec<&str> = zones.iter().map(|zone| case.topology.zones[*zone].name.as_str()).collect();
            let names = names.join(", ");
            let excerpt = format!("{}: {names}", case.topology.name(element));
            case.about(&CHECK, element, excerpt, cx, |finding| finding.fact("zones", names.as_str()));
        }
    }
}
