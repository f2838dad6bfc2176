//! One device, line, feed, provider or site whose failure stops a business function.
//!
//! **What.** Every single event, played through: elements, drawn lines, and what fails together. Without functions in
//! the firm's file: elements on every way from the Internet to a server.
//!
//! **Why.** A function that hangs on one thing stops with it, however good the rest is.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//! `[[function]]` with `needs`.
//!
//! **Limits.** Redundancy inside a device (power supplies, modules) is not seen unless the file says it.
//!
//! **References.** ISO 22301:2019, 8.2; NIST SP 800-34 Rev. 1

use std::collections::BTreeMap;

use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::Finding;

use super::{Case, READS, looked};
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/single-point-of-failure", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    if case.play.functions.is_empty() {
        return without_functions(case, cx);
    }
    looked(&CHECK, case.play.events(), cx);
    for outcome in case.outcomes {
        let functions: Vec<&str> = outcome.stopped.iter().map(|at| case.play.functions[*at].1.id.as_str()).collect();
        let name = case.play.name(&outcome.event);
        let excerpt = format!("{name}: stops {}", functions.join(", "));
        case.on_network(
            &CHECK,
            &case.play.id(&outcome.event),
            &case.play.source(&outcome.event),
            excerpt,
            cx,
            |finding| {
                tell(finding, &name, functions.len(), &functions.join(", "))
                    .fact("verdict", outcome.verdict.word())
                    .fact("minutes", outcome.minutes)
                    .fact("worst_loss", outcome.worst_loss)
            },
        );
    }
}

fn tell(finding: Finding, element: &str, count: usize, names: &str) -> Finding {
    finding.fact("element", element).fact("count", count).fact("names", names)
}

/// Nobody said what matters: whatever stands on every way from the Internet to servers.
fn without_functions(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let node = |at: &usize| u32::try_from(*at).unwrap_or(u32::MAX);
    let internet: Vec<u32> = case.with(&[Role::Internet]).iter().map(node).collect();
    let servers = case.servers();
    if internet.is_empty() || servers.is_empty() {
        return;
    }
    let ways = case.graph.dominators(&internet);
    let mut behind: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for server in servers.iter().filter(|at| ways.reached(node(at))) {
        for at in ways.nodes(node(server)).map(|at| at as usize) {
            let element = &case.topology.elements[at];
            if !element.segment && element.role != Some(Role::Internet) && !element.role.is_some_and(Role::is_server) {
                behind.entry(at).or_default().push(*server);
            }
        }
    }
    looked(&CHECK, case.all().count(), cx);
    for (element, servers) in behind {
        let names = case.names(&servers);
        let excerpt = format!("{}: on every way to {names}", case.topology.name(element));
        case.on_network(
            &CHECK,
            &case.topology.elements[element].id,
            &case.topology.elements[element].source,
            excerpt,
            cx,
            |finding| {
                tell(finding, case.topology.name(element), servers.len(), &names).fact("verdict", "cannot conclude")
            },
        );
    }
}
