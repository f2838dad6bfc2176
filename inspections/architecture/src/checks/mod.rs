//! One file per check; what they share is in [`Case`].

use std::collections::{BTreeSet, VecDeque};

use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Finding, Locator, Proof, Subject};

use crate::facts::Facts;
use crate::failure::{Outcome, Play};
use crate::graph::Graph;
use crate::topology::{Element, Source, Topology};
use crate::words::{Role, ZoneKind};

secdiag_inspect::checks! {
    fn(&Case<'_>, &JudgeCx<'_>);
    role_unresolved,
    single_point_of_failure,
    redundancy_untested,
    outage_exceeds_tolerance,
    bearing_not_shown,
    line_without_backup,
    database_in_dmz,
    server_in_user_segment,
    internal_host_exposed,
    zones_joined_without_firewall,
    dual_homed_host,
    unguarded_internet_path,
    management_plane_reachable,
    admin_path_without_jump_host,
    remote_access_single_factor,
    wireless_bridged,
    unapproved_boundary_connection,
    backup_beside_production,
    base_service_single,
    test_production_mixed,
    egress_without_proxy,
    category_1_reachable,
    support_ended,
    log_coverage_short,
    ipv6_unguarded,
    iot_exposed,
}

/// Formats that every check here reads.
pub(crate) const READS: &[&str] = crate::READS;

/// One system's network, its failures, and the files that show them.
pub(crate) struct Case<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) graph: Graph,
    pub(crate) play: &'a Play<'a>,
    pub(crate) outcomes: &'a [Outcome],
    /// By the number of a [`Source`]'s file.
    pub(crate) artefacts: &'a [&'a Artefact],
    pub(crate) facts: &'a [(usize, &'a Facts)],
}

/// Elements that a search reached, with a way to the first of them.
pub(crate) struct Hit {
    pub(crate) elements: Vec<usize>,
    pub(crate) way: String,
}

impl Case<'_> {
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &Element)> {
        self.topology.elements.iter().enumerate().filter(|(_, element)| !element.segment)
    }

    /// Elements of which this is so.
    pub(crate) fn those(&self, so: impl Fn(usize, &Element) -> bool) -> Vec<usize> {
        self.all().filter(|(at, element)| so(*at, element)).map(|(at, _)| at).collect()
    }

    pub(crate) fn with(&self, roles: &[Role]) -> Vec<usize> {
        self.those(|_, element| element.role.is_some_and(|role| roles.contains(&role)))
    }

    pub(crate) fn servers(&self) -> Vec<usize> {
        self.those(|_, element| element.role.is_some_and(Role::is_server))
    }

    pub(crate) fn in_zones(&self, kinds: &[ZoneKind]) -> Vec<usize> {
        self.those(|at, _| self.topology.kind(at).is_some_and(|kind| kinds.contains(&kind)))
    }

    /// Servers that callers of the Internet are meant to reach.
    pub(crate) fn public(&self) -> Vec<usize> {
        self.those(|at, element| {
            let role = element.role.unwrap_or(Role::Switch);
            let served = matches!(role, Role::Web | Role::OrderGateway | Role::Mail | Role::Dns);
            element.facts.public.unwrap_or(served && self.topology.kind(at) == Some(ZoneKind::Dmz))
        })
    }

    /// Who sits at user-end computers: those drawn, else whatever stands in their zones.
    pub(crate) fn users(&self) -> Vec<usize> {
        self.those(|at, element| {
            matches!(element.role, Some(Role::Workstation | Role::Mobile))
                || (self.topology.kind(at) == Some(ZoneKind::User) && !element.role.is_some_and(Role::is_server))
        })
    }

    /// Which of `to` can be reached from `from` without passing an element that guards, a host, or the Internet.
    pub(crate) fn hit(&self, from: &[usize], to: &[usize], guards: impl Fn(&Element) -> bool) -> Option<Hit> {
        let wanted: BTreeSet<usize> = to.iter().copied().filter(|at| !from.contains(at)).collect();
        if wanted.is_empty() {
            return None;
        }
        let mut back: Vec<Option<usize>> = vec![None; self.topology.elements.len()];
        let mut queue: VecDeque<usize> = VecDeque::new();
        for root in from.iter().copied().filter(|at| !guards(&self.topology.elements[*at])) {
            back[root] = Some(root);
            queue.push_back(root);
        }
        let mut elements = Vec::new();
        while let Some(at) = queue.pop_front() {
            if wanted.contains(&at) {
                elements.push(at);
            }
            if back[at] != Some(at) && ends_here(&self.topology.elements[at]) {
                continue;
            }
            for (next, _) in self.graph.around(u32::try_from(at).unwrap_or(u32::MAX)) {
                let next = *next as usize;
                if back[next].is_none() && !guards(&self.topology.elements[next]) {
                    back[next] = Some(at);
                    queue.push_back(next);
                }
            }
        }
        let first = *elements.first()?;
        let mut path = vec![first];
        let mut at = first;
        while let Some(before) = back[at].filter(|before| *before != at) {
            path.push(before);
            at = before;
        }
        path.reverse();
        let way = path.iter().map(|at| self.topology.name(*at)).collect::<Vec<_>>().join(" → ");
        elements.sort_unstable();
        Some(Hit { elements, way })
    }

    /// Names for readers, a few of many.
    pub(crate) fn names(&self, elements: &[usize]) -> String {
        const MOST: usize = 8;
        let mut names: Vec<&str> = elements.iter().take(MOST).map(|at| self.topology.name(*at)).collect();
        if elements.len() > MOST {
            names.push("…");
        }
        names.join(", ")
    }

    pub(crate) fn proof(&self, source: &Source, excerpt: String) -> Option<Proof> {
        let artefact = self.artefacts.get(source.file).or_else(|| self.artefacts.first())?;
        let line = source.place.strip_prefix("line ").and_then(|line| line.parse().ok());
        let locator = match line {
            Some(line) => Locator::Line(line),
            None if source.place.is_empty() => Locator::Whole,
            None => Locator::Setting(source.place.clone()),
        };
        Some(Proof::new(artefact, locator, excerpt))
    }

    /// Reports a finding about an element, as `facts` complete it.
    pub(crate) fn about(
        &self,
        check: &Check,
        element: usize,
        excerpt: String,
        cx: &JudgeCx<'_>,
        facts: impl FnOnce(Finding) -> Finding,
    ) {
        let drawn = &self.topology.elements[element];
        let Some(proof) = self.proof(&drawn.source, excerpt) else { return };
        let finding = Finding::new(check.id, Subject::Host { host: drawn.label.clone() }, proof)
            .asset(drawn.label.as_str())
            .fact("element", drawn.label.as_str())
            .fact("role", drawn.role.map_or("?", Role::slug))
            .fact("zone", drawn.zone.map_or("?", |zone| self.topology.zones[zone].name.as_str()));
        cx.report(facts(finding));
    }

    /// Reports a finding about the network as a whole or a part of it that has no element of its own.
    pub(crate) fn on_network(
        &self,
        check: &Check,
        record: &str,
        source: &Source,
        excerpt: String,
        cx: &JudgeCx<'_>,
        facts: impl FnOnce(Finding) -> Finding,
    ) {
        let Some(proof) = self.proof(source, excerpt) else { return };
        cx.report(facts(Finding::new(check.id, Subject::Record { record: record.to_owned() }, proof)));
    }
}

/// Firewalls, and nothing else, part networks.
pub(crate) fn firewall(element: &Element) -> bool {
    element.role == Some(Role::Firewall)
}

/// Whether traffic of others does not pass through it.
fn ends_here(element: &Element) -> bool {
    element.role.is_some_and(|role| {
        role.is_server() || matches!(role, Role::Workstation | Role::Mobile | Role::Iot | Role::Internet)
    })
}

/// Says that a check looked at so many elements.
pub(crate) fn looked(check: &Check, count: usize, cx: &JudgeCx<'_>) {
    cx.looked(Looked::at(check, count as u64, "elements"));
}
