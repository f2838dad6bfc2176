//! Two zones with nothing between that decides.
//!
//! **What.** Each pair of zones of different kinds whose elements reach each other without a firewall.
//!
//! **Why.** A zone that nothing closes is a colour on paper.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for. Filters on
//! routers and layer 3 switches are not drawn: where they do the work, the element is to be named `firewall`.
//!
//! **References.** NIST SP 800-41 Rev. 1; CIS Controls v8, 12.2 and 13.4

use std::collections::{BTreeMap, BTreeSet};

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, firewall, looked};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/zones-joined-without-firewall", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let members: BTreeMap<usize, Vec<usize>> =
        case.topology.elements.iter().enumerate().fold(BTreeMap::new(), |mut all, (at, element)| {
            if let Some(zone) = element.zone.filter(|_| !firewall(element)) {
                all.entry(zone).or_insert_with(Vec::new).push(at);
            }
            all
        });
    looked(&CHECK, members.len(), cx);
    for (zone, from) in &members {
        let others: Vec<usize> = members
            .iter()
            .filter(|(other, _)| *other > zone && case.topology.zones[**other].kind != case.topology.zones[*zone].kind)
            .flat_map(|(_, elements)| elements.iter().copied())
            .collect();
        let Some(hit) = case.hit(from, &others, firewall) else { continue };
        let reached: BTreeSet<usize> = hit.elements.iter().filter_map(|at| case.topology.elements[*at].zone).collect();
        for other in reached {
            let (a, b) = (&case.topology.zones[*zone], &case.topology.zones[other]);
            let way = case.hit(from, &members[&other], firewall).map_or_else(String::new, |hit| hit.way);
            let excerpt = format!("{} – {}: {way}", a.name, b.name);
            case.on_network(&CHECK, &format!("{} – {}", a.name, b.name), &a.source, excerpt, cx, |finding| {
                finding.fact("zone", a.name.as_str()).fact("other", b.name.as_str()).fact("way", way.as_str())
            });
        }
    }
}
