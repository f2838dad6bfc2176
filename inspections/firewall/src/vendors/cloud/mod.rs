//! Networks of a cloud: lists of subnets (stateless, ordered) and groups of interfaces (stateful, allow only).
//!
//! A virtual network is one policy. Its subnets stand for interfaces, everything else is `outside`, whose side addresses
//! tell. A packet passes the list of the subnet that it leaves, the list of the subnet that it enters, a group of its
//! sender and a group of its receiver; lists do not see what stays in one subnet. Groups are the last layers, so that
//! they are what is found to permit: lists of subnets permit everything unless somebody changed them.
//!
//! *Members.* Interfaces of one subnet with the same groups are one interface of the policy; subnets and groups are zones
//! of them, and what else lies in a subnet is its rest. Where the file has no interfaces at all, each group stands for an
//! interface of its own, and subnets and groups are judged apart. An unknown group (another account's, another file's)
//! has unknown addresses.
//!
//! *Answers* of connections are the groups' business; lists of subnets are stateless, and only the first packet is asked
//! about.

pub mod aws;
pub mod azure;
pub mod ibm;

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{Note, NoteKind};

use crate::net::AddrSet;
use crate::policy::{
    Action, Addrs, Chain, DefaultAction, Hook, Interface, Log, Names, Nat, Path, Policy, Role, Route, Rule,
};
use crate::vendors::Trouble;

/// Name of what is not in the network.
pub const OUTSIDE: &str = "outside";

/// A virtual network as an export describes it.
#[derive(Debug, Default)]
struct Fabric {
    device: String,
    subnets: Vec<Subnet>,
    lists: Vec<List>,
    groups: Vec<Group>,
    ports: Vec<Port>,
    nat: Vec<Nat>,
    /// The file shows interfaces, of this network or of another.
    shows_ports: bool,
    /// All interfaces of the network are in `ports`: a group without one has no members.
    is_complete: bool,
}

/// An interface of the network.
#[derive(Debug, Default)]
struct Port {
    /// Id of its subnet.
    subnet: String,
    /// Ids of its groups.
    groups: BTreeSet<String>,
    addresses: AddrSet,
}

#[derive(Debug, Default)]
struct Subnet {
    id: String,
    label: String,
    networks: AddrSet,
    line: u32,
}

/// Rules of subnets.
#[derive(Debug, Default)]
struct List {
    label: String,
    inbound: Vec<Rule>,
    outbound: Vec<Rule>,
    /// Ids of the subnets that it is for.
    subnets: Vec<String>,
}

/// Rules of interfaces.
#[derive(Debug, Default)]
struct Group {
    id: String,
    label: String,
    inbound: Vec<GroupRule>,
    outbound: Vec<GroupRule>,
    line: u32,
}

/// A rule whose far side may be another group.
#[derive(Debug)]
struct GroupRule {
    /// Its far side is in `src` (inbound) or `dst` (outbound) where it is no group.
    rule: Rule,
    /// Id of the group on the far side.
    peer: Option<String>,
}

/// Which way rules filter, seen from the subnet or the interface.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    In,
    Out,
}

impl Way {
    const fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

impl Fabric {
    fn has_members(&self) -> bool {
        self.is_complete || self.shows_ports
    }

    /// The policy. `elsewhere` finds members of groups in the other networks of the file.
    fn policy(&self, vendor: &str, elsewhere: &dyn Fn(&str) -> Option<Addrs>, trouble: &mut Trouble) -> Policy {
        let mut policy =
            Policy { device: self.device.clone(), vendor: vendor.into(), nat: self.nat.clone(), ..Policy::default() };
        self.add_interfaces(&mut policy);
        let lists = [self.add_lists(&mut policy, Way::In), self.add_lists(&mut policy, Way::Out)];
        let groups =
            [self.add_groups(&mut policy, Way::In, elsewhere), self.add_groups(&mut policy, Way::Out, elsewhere)];
        self.note_unused(trouble);
        let with_groups = self.has_members() && !self.groups.is_empty();
        let mut inside: Vec<String> = self.subnets.iter().map(|subnet| subnet.label.clone()).collect();
        if with_groups {
            inside.extend(self.groups.iter().filter(|group| self.is_stray(group)).map(|group| group.label.clone()));
        }
        if !inside.is_empty() {
            let filled = |layers: &[&Vec<String>]| -> Vec<Vec<String>> {
                layers.iter().filter(|layer| !layer.is_empty()).map(|layer| (*layer).clone()).collect()
            };
            let none = Vec::new();
            let [group_in, group_out] = if with_groups { [&groups[0], &groups[1]] } else { [&none, &none] };
            let ways = [
                filled(&[&lists[0], group_in]),
                filled(&[&lists[1], group_out]),
                filled(&[&lists[1], &lists[0], group_out, group_in]),
            ];
            add_paths(&mut policy, &Names::of(inside), ways, with_groups);
        }
        if !self.has_members() && !self.groups.is_empty() {
            let members = Names::of(self.groups.iter().map(|group| group.label.clone()).collect());
            let [inward, outward] = groups;
            let between = vec![outward.clone(), inward.clone()];
            add_paths(&mut policy, &members, [vec![inward], vec![outward], between], true);
        }
        policy
    }

    /// Interfaces of the policy, and subnets and groups as zones of them.
    fn add_interfaces(&self, policy: &mut Policy) {
        let inside = |name: String, networks: AddrSet, line: u32, why: &str| Interface {
            name,
            role: Role::Internal,
            role_why: why.to_owned(),
            networks,
            addresses: AddrSet::empty(),
            line: line.max(1),
        };
        // Interfaces that are filtered alike.
        let mut alike: BTreeMap<(&str, Vec<&str>), AddrSet> = BTreeMap::new();
        for port in &self.ports {
            let groups = self.groups.iter().filter(|group| port.groups.contains(&group.id));
            let key = (port.subnet.as_str(), groups.map(|group| group.label.as_str()).collect());
            let addresses = alike.entry(key).or_default();
            *addresses = addresses.union(&port.addresses);
        }
        for subnet in &self.subnets {
            let mut members = Vec::new();
            for ((_, groups), addresses) in alike.iter().filter(|((of, _), _)| *of == subnet.id) {
                let name = format!("{}: {}", subnet.label, groups.join(" + "));
                for group in groups {
                    policy.zones.entry((*group).to_owned()).or_default().push(name.clone());
                }
                members.push(name.clone());
                let why = "interfaces of one subnet in the same groups";
                policy.interfaces.push(inside(name, addresses.clone(), subnet.line, why));
            }
            let rest = if members.is_empty() { subnet.label.clone() } else { format!("{}: rest", subnet.label) };
            if !members.is_empty() {
                members.push(rest.clone());
                policy.zones.insert(subnet.label.clone(), members);
            }
            policy.interfaces.push(inside(rest, subnet.networks.clone(), subnet.line, "a subnet of the network"));
        }
        for group in &self.groups {
            if !self.has_members() || self.is_stray(group) {
                let why = "interfaces of the network that are in this group";
                policy.interfaces.push(inside(group.label.clone(), AddrSet::empty(), group.line, why));
            } else {
                policy.zones.entry(group.label.clone()).or_default();
            }
        }
        policy.interfaces.push(Interface {
            name: OUTSIDE.into(),
            role_why: "everything that is not in the network: the Internet, other networks by their addresses".into(),
            line: 1,
            ..Interface::default()
        });
        policy.interfaces.sort_by(|a, b| a.name.cmp(&b.name));
        for dst in [AddrSet::full_v4(), AddrSet::full_v6()] {
            let route = Route { dst, next_hop: None, interface: OUTSIDE.into(), discard: false, distance: 0, line: 0 };
            policy.routes.push(route);
        }
    }

    fn is_empty(&self, group: &Group) -> bool {
        !self.ports.iter().any(|port| port.groups.contains(&group.id))
    }

    /// A group of which the file shows no member, though there may be some.
    fn is_stray(&self, group: &Group) -> bool {
        !self.is_complete && self.is_empty(group)
    }

    fn is_unused(&self, group: &Group) -> bool {
        self.is_complete && self.is_empty(group)
    }

    /// Addresses of a group's members; `None` where the file shows none.
    fn addresses_of(&self, group: &str) -> Option<AddrSet> {
        let members: Vec<&Port> = self.ports.iter().filter(|port| port.groups.contains(group)).collect();
        let all = members.iter().fold(AddrSet::empty(), |all, port| all.union(&port.addresses));
        (!members.is_empty()).then_some(all)
    }

    /// Lists of subnets as one layer. Each ends in a denial of its own subnets' packets, so nothing falls through it but
    /// what is not its business.
    fn add_lists(&self, policy: &mut Policy, way: Way) -> Vec<String> {
        let mut layer = Vec::new();
        for list in &self.lists {
            let labels: Vec<String> = self
                .subnets
                .iter()
                .filter(|subnet| list.subnets.contains(&subnet.id))
                .map(|subnet| subnet.label.clone())
                .collect();
            let mut rules: Vec<Rule> = labels.iter().map(|label| stays_inside(label)).collect();
            let written = if way == Way::In { &list.inbound } else { &list.outbound };
            rules.extend(written.iter().cloned());
            if !written.last().is_some_and(is_deny_all) {
                let mut end = Rule::new(Action::Deny, 0);
                end.id = format!("{} {} (end)", list.label, way.word());
                end.implicit = true;
                rules.push(end);
            }
            for rule in &mut rules {
                if rule.action != Action::Return {
                    let side = if way == Way::In { &mut rule.out_ifs } else { &mut rule.in_ifs };
                    *side = Names::of(labels.clone());
                }
            }
            let name = format!("{} {}", list.label, way.word());
            if !labels.is_empty() {
                layer.push(name.clone());
            }
            policy.chains.push(chain(name, rules, DefaultAction::go_back()));
        }
        layer
    }

    /// Groups as one layer: what no group permits is denied.
    fn add_groups(&self, policy: &mut Policy, way: Way, elsewhere: &dyn Fn(&str) -> Option<Addrs>) -> Vec<String> {
        let mut layer = Vec::new();
        for group in &self.groups {
            let written = if way == Way::In { &group.inbound } else { &group.outbound };
            let mut rules: Vec<Rule> =
                written.iter().map(|rule| self.group_rule(group, rule, way, elsewhere)).collect();
            for (seq, rule) in (1..).zip(&mut rules) {
                rule.seq = seq;
            }
            let name = format!("{} {}", group.label, way.word());
            if !self.is_unused(group) {
                layer.push(name.clone());
            }
            policy.chains.push(chain(name, rules, DefaultAction::go_back()));
        }
        if !self.groups.is_empty() {
            let name = format!("implicit end of groups {}", way.word());
            layer.push(name.clone());
            policy.chains.push(chain(name, Vec::new(), DefaultAction::implicit_deny(Log::Unknown)));
        }
        layer
    }

    fn group_rule(
        &self,
        group: &Group,
        written: &GroupRule,
        way: Way,
        elsewhere: &dyn Fn(&str) -> Option<Addrs>,
    ) -> Rule {
        let mut rule = written.rule.clone();
        let (near, far, far_if) = match way {
            Way::In => (&mut rule.out_ifs, &mut rule.src, &mut rule.in_ifs),
            Way::Out => (&mut rule.in_ifs, &mut rule.dst, &mut rule.out_ifs),
        };
        *near = Names::of(vec![group.label.clone()]);
        if let Some(id) = &written.peer {
            match self.groups.iter().find(|other| other.id == *id) {
                Some(peer) => *far_if = Names::of(vec![peer.label.clone()]),
                None => {
                    *far = elsewhere(id).unwrap_or_else(|| Addrs::unknown(format!("members of {id}"), AddrSet::full()));
                    far.names = vec![id.clone()];
                }
            }
        }
        rule
    }

    fn note_unused(&self, trouble: &mut Trouble) {
        let mut note = |what: &str, reason: &'static str, labels: Vec<String>| {
            if labels.is_empty() {
                return;
            }
            let count = labels.len() as u64;
            let text = format!("{}: {what}: {}", self.device, crate::net::shorten(labels, 20));
            trouble.other(Note::new(NoteKind::Assumed, reason, text).times(count));
        };
        let lists = self.lists.iter().filter(|list| list.subnets.is_empty()).map(|list| list.label.clone());
        note("lists without a subnet filter nothing and are not judged", "list-not-applied", lists.collect());
        if self.has_members() {
            let groups = |wanted: &dyn Fn(&Group) -> bool| -> Vec<String> {
                self.groups.iter().filter(|group| wanted(group)).map(|group| group.label.clone()).collect()
            };
            note(
                "groups without members filter nothing and are not judged",
                "group-not-applied",
                groups(&|group| self.is_unused(group)),
            );
            let unknown = groups(&|group| self.is_stray(group));
            let text = "no interface of this file is in these groups: which addresses they filter is not known";
            note(text, "group-without-members", unknown);
        }
    }
}

fn chain(name: String, mut rules: Vec<Rule>, default: DefaultAction) -> Chain {
    for (seq, rule) in (1..).zip(rules.iter_mut().filter(|rule| !rule.implicit)) {
        rule.seq = seq;
    }
    Chain { name, rules, default }
}

/// Lists of subnets do not see packets that stay in one.
fn stays_inside(subnet: &str) -> Rule {
    let mut rule = Rule::new(Action::Return, 0);
    rule.id = format!("inside {subnet}");
    rule.implicit = true;
    rule.in_ifs = Names::of(vec![subnet.to_owned()]);
    rule.out_ifs = rule.in_ifs.clone();
    rule
}

fn is_deny_all(rule: &Rule) -> bool {
    let whole = |addrs: &Addrs| addrs.lower == AddrSet::full();
    rule.action == Action::Deny && whole(&rule.src) && whole(&rule.dst) && rule.services.is_any()
}

/// From outside in, from inside out, and from inside to inside.
fn add_paths(policy: &mut Policy, inside: &Names, mut ways: [Vec<Vec<String>>; 3], denies_at_end: bool) {
    if !denies_at_end {
        let ends = [
            ("implicit end of lists", Action::Deny),
            ("implicit end of lists", Action::Deny),
            // What stays in one subnet passes.
            ("implicit inside a subnet", Action::Permit),
        ];
        for (layers, (name, action)) in ways.iter_mut().zip(ends) {
            if let Some(last) = layers.last_mut() {
                last.push(name.into());
            }
            if policy.chain(name).is_none() {
                let default = DefaultAction { action, ..DefaultAction::implicit_deny(Log::Unknown) };
                policy.chains.push(chain(name.into(), Vec::new(), default));
            }
        }
    }
    let outside = Names::of(vec![OUTSIDE.into()]);
    let ends = [(&outside, inside), (inside, &outside), (inside, inside)];
    for ((from, to), layers) in ends.into_iter().zip(ways) {
        if !layers.is_empty() {
            policy.paths.push(Path { hook: Hook::Forward, in_ifs: from.clone(), out_ifs: to.clone(), layers });
        }
    }
}

/// An object's label: its name with its id where it has both.
fn label(name: &str, id: &str) -> String {
    match (name.is_empty() || name == id, id.is_empty()) {
        (true, _) => id.to_owned(),
        (false, true) => name.to_owned(),
        (false, false) => format!("{name} ({id})"),
    }
}
