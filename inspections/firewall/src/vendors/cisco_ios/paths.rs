//! Policies of a configuration: interfaces, lists, and the ways of packets through them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use secdiag_model::{Note, NoteKind};

use super::config::{Applied, Config, Family, IfConfig, NatSide, Terminal, ZonePair, clip};
use super::lists::Reader;
use super::{Dialect, nat, routes, zone_firewall};
use crate::interval::Intervals;
use crate::net::{AddrSet, Service, proto};
use crate::policy::{
    Action, Addrs, Chain, DefaultAction, Hook, Interface, Log, Names, Path, Policy, Role, Rule, RulesSee, Services,
};
use crate::vendors::excerpt;
use crate::zones;

/// Pairs of groups of interfaces that become paths of their own.
const COMBINATIONS_MAX: usize = 1_024;

/// All policies of a configuration.
pub(super) fn policies(config: &mut Config) -> Vec<Policy> {
    let mut reader = Reader::default();
    let lists = std::mem::take(&mut config.lists);
    let (mut chains_v4, mut chains_v6) = (Vec::new(), Vec::new());
    for list in &lists {
        let chain = reader.chain(list, config);
        if list.family == Family::V4 { chains_v4.push(chain) } else { chains_v6.push(chain) }
    }
    config.lists = lists;
    reader.groups.check(config);
    undefined_lists(config);
    note_unused(config);
    let mut policies = Vec::new();
    let interfaces = config.interfaces.clone();
    let tables: BTreeSet<String> = interfaces
        .iter()
        .map(|interface| interface.vrf.clone())
        .chain(config.routes.iter().map(|route| route.vrf.clone()))
        .chain([String::new()])
        .collect();
    for vrf in &tables {
        let own: Vec<&IfConfig> = interfaces.iter().filter(|interface| interface.vrf == *vrf).collect();
        for (family, lists) in [(Family::V4, &chains_v4), (Family::V6, &chains_v6)] {
            let table = Table { vrf, family, own: &own, lists };
            if table.is_used(config) {
                policies.extend(table.policy(&mut reader, config));
            }
        }
    }
    policies
}

/// Lists that something names and the file does not define.
fn undefined_lists(config: &mut Config) {
    let mut missing = Vec::new();
    for applied in all_applied(config) {
        for name in &applied.lists {
            if config.list(applied.family, name).is_none() {
                missing.push((applied.line, name.clone()));
            }
        }
    }
    for (line, name) in missing {
        let passes =
            if config.dialect.empty_list_permits() { "everything passes it" } else { "everything may pass it" };
        let text = format!("list `{}` is applied but not defined: {passes}", clip(&name));
        config.trouble.line(line, "undefined", text);
    }
}

fn all_applied(config: &Config) -> impl Iterator<Item = &Applied> {
    let at_interfaces = config.interfaces.iter().flat_map(|interface| &interface.applied);
    let at_terminals = config.terminals.iter().flat_map(|terminal| &terminal.applied);
    at_interfaces.chain(at_terminals).chain(&config.control_plane).chain(&config.web_lists)
}

/// Neither interfaces nor anything that asks a list: a part of a configuration, its lists are read as if applied.
fn is_fragment(config: &Config) -> bool {
    config.interfaces.is_empty() && all_applied(config).next().is_none() && config.zone_pairs.is_empty()
}

fn note_unused(config: &mut Config) {
    if is_fragment(config) {
        return;
    }
    let used: BTreeSet<(Family, &String)> =
        all_applied(config).flat_map(|applied| applied.lists.iter().map(|name| (applied.family, name))).collect();
    let in_classes: BTreeSet<&String> =
        config.class_maps.values().flat_map(|map| &map.matches).filter_map(|line| line.words.last()).collect();
    let unused: Vec<String> = config
        .lists
        .iter()
        .filter(|list| !used.contains(&(list.family, &list.name)) && !in_classes.contains(&list.name))
        .map(|list| list.name.clone())
        .collect();
    if !unused.is_empty() {
        let count = unused.len() as u64;
        let text = format!(
            "lists that filter at no interface and no terminal were not judged: {}",
            crate::net::shorten(unused, 20)
        );
        config.trouble.other(Note::new(NoteKind::Assumed, "list-not-applied", text).times(count));
    }
}

/// Interfaces that treat packets alike on one way.
#[derive(Clone, Debug, Default)]
struct Group {
    interfaces: Vec<String>,
    /// Lists of the stage; none lets everything pass.
    lists: Vec<String>,
    zone: Option<String>,
    line: u32,
    text: String,
}

/// One routing table in one family.
struct Table<'a> {
    vrf: &'a str,
    family: Family,
    own: &'a [&'a IfConfig],
    lists: &'a [Chain],
}

impl Table<'_> {
    /// Whether the file says anything about this family in this table.
    fn is_used(&self, config: &Config) -> bool {
        let route = config.routes.iter().any(|route| route.vrf == self.vrf && route.family == self.family);
        let applied = self.own.iter().any(|interface| interface.applied.iter().any(|a| a.family == self.family));
        let addressed = self.own.iter().any(|interface| self.has_address(interface));
        let global = self.vrf.is_empty() && (!self.lists.is_empty() || (self.is_v4() && !self.own.is_empty()));
        route || applied || addressed || global
    }

    fn is_v4(&self) -> bool {
        self.family == Family::V4
    }

    fn has_address(&self, interface: &IfConfig) -> bool {
        let unknown = if self.is_v4() { interface.unknown_v4 } else { interface.unknown_v6 };
        unknown || interface.addresses.iter().any(|(address, _)| address.is_ipv4() == self.is_v4())
    }

    fn policy(&self, reader: &mut Reader, config: &mut Config) -> Option<Policy> {
        let global = self.vrf.is_empty();
        let device = if global { config.hostname.clone() } else { format!("{}/{}", config.hostname, self.vrf) };
        let routes = routes::of_table(self.vrf, self.family, config);
        let table = nat::Table { vrf: self.vrf, interfaces: self.own, chains: self.lists };
        let translations = if self.is_v4() { nat::of_table(&table, config) } else { Vec::new() };
        let mut policy = Policy {
            device,
            vendor: config.dialect.format_id().into(),
            interfaces: self.interfaces(&routes),
            zones: self.zones(),
            chains: if global { self.lists.to_vec() } else { Vec::new() },
            nat: translations,
            rules_see: RulesSee::Original,
            routes,
            ..Policy::default()
        };
        if is_fragment(config) {
            let paths = self.lists.iter().map(|chain| Path::through(Hook::Forward, vec![chain.name.clone()]));
            policy.paths.extend(paths);
        } else {
            self.forward(&mut policy, config);
            self.to_device(&mut policy, reader, config);
        }
        if !global && !self.add_used(&mut policy, config) {
            return None;
        }
        for rule in policy.chains.iter_mut().flat_map(|chain| &mut chain.rules).filter(|rule| rule.src.upper.is_any()) {
            // The platform's own rules and the classes of zones are of both families.
            for side in [&mut rule.src, &mut rule.dst] {
                side.lower = self.family.part(std::mem::take(&mut side.lower));
                side.upper = self.family.part(std::mem::take(&mut side.upper));
            }
        }
        Some(policy)
    }

    /// Adds the lists that a table beside the global one asks. False when the file has too many of them.
    fn add_used(&self, policy: &mut Policy, config: &mut Config) -> bool {
        let known: BTreeSet<&str> = policy.chains.iter().map(|chain| chain.name.as_str()).collect();
        let targets = policy.chains.iter().flat_map(|chain| &chain.rules).filter_map(|rule| match &rule.action {
            Action::Jump(target) | Action::Goto(target) => Some(target),
            _ => None,
        });
        let asked: BTreeSet<&String> = policy.paths.iter().flat_map(Path::chains).chain(targets).collect();
        let used = |chain: &&Chain| asked.contains(&chain.name) && !known.contains(chain.name.as_str());
        let lists: Vec<&Chain> = self.lists.iter().filter(used).collect();
        let Some(left) = config.copies.checked_sub(lists.iter().map(|chain| chain.rules.len() + 1).sum()) else {
            let text = format!("routing table `{}` was left out: the file has too many", clip(self.vrf));
            config.trouble.other(Note::new(NoteKind::NotUnderstood, "not-inspected", text).at("line 1"));
            return false;
        };
        config.copies = left;
        let mut chains: Vec<Chain> = lists.into_iter().cloned().collect();
        chains.append(&mut policy.chains);
        policy.chains = chains;
        true
    }

    fn zones(&self) -> BTreeMap<String, Vec<String>> {
        let mut zones: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for interface in self.own {
            if let Some(zone) = &interface.zone {
                zones.entry(zone.clone()).or_default().push(interface.name.clone());
            }
        }
        zones
    }

    fn interfaces(&self, routes: &[crate::policy::Route]) -> Vec<Interface> {
        let mut found: BTreeMap<String, Interface> = BTreeMap::new();
        for config in self.own {
            let (role, role_why) = role(config);
            let networks = config.addresses.iter().fold(AddrSet::empty(), |all, (_, set)| all.union(set));
            let addresses =
                config.addresses.iter().fold(AddrSet::empty(), |all, (own, _)| all.union(&AddrSet::host(*own)));
            let name = config.name.clone();
            let line = config.line_from;
            found.insert(name.clone(), Interface { name, role, role_why, networks, addresses, line });
        }
        for route in routes.iter().filter(|route| !route.discard) {
            let Some(name) = self.way(route.next_hop, &route.interface) else { continue };
            let Some(interface) = found.get_mut(&name) else { continue };
            if !route.dst.is_any() {
                interface.networks = interface.networks.union(&route.dst);
            } else if interface.role == Role::Unknown && is_public(route.next_hop, &interface.addresses) {
                interface.role = Role::External;
                interface.role_why = format!("the default route leads to a public address here (line {})", route.line);
            }
        }
        found.into_values().collect()
    }

    /// The interface that a route leads to: named, or with the neighbour in one of its networks.
    fn way(&self, next_hop: Option<IpAddr>, named: &str) -> Option<String> {
        if let Some(interface) = self.own.iter().find(|interface| interface.name.eq_ignore_ascii_case(named)) {
            return Some(interface.name.clone());
        }
        let holds = |set: &AddrSet, neighbour| match neighbour {
            IpAddr::V4(address) => set.v4.contains(u32::from(address)),
            IpAddr::V6(address) => set.v6.contains(u128::from(address)),
        };
        let neighbour = next_hop?;
        let near = |interface: &&&IfConfig| interface.addresses.iter().any(|(_, set)| holds(set, neighbour));
        self.own.iter().find(near).map(|interface| interface.name.clone())
    }

    /// Interfaces that forward packets of this family.
    fn active(&self) -> Vec<&IfConfig> {
        let counts = |interface: &&&IfConfig| {
            let applied = interface.applied.iter().any(|applied| applied.family == self.family);
            // Nothing is forwarded by an address of the device itself.
            let loopback = interface.name.to_ascii_lowercase().starts_with("loopback");
            !loopback && !interface.shutdown && (self.has_address(interface) || applied || interface.zone.is_some())
        };
        self.own.iter().filter(counts).copied().collect()
    }

    /// Groups of interfaces with equal lists and zones on one way, in the order of the file.
    fn groups(&self, inbound: bool, extra: &mut Vec<Chain>, dialect: Dialect) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for interface in self.active() {
            let mut lists = Vec::new();
            // The last one said replaces those before it.
            let applied = interface.applied.iter().rev().find(|a| a.family == self.family && a.inbound == inbound);
            for (index, name) in applied.into_iter().flat_map(|applied| (0..).zip(&applied.lists)) {
                let followed = applied.is_some_and(|applied| index + 1 < applied.lists.len());
                let line = applied.map_or(0, |applied| applied.line);
                lists.extend(self.stage(name, followed, (line, &interface.text), extra, dialect));
            }
            let zone = interface.zone.clone();
            match groups.iter_mut().find(|group| group.lists == lists && group.zone == zone) {
                Some(group) => group.interfaces.push(interface.name.clone()),
                None => groups.push(Group {
                    interfaces: vec![interface.name.clone()],
                    lists,
                    zone,
                    line: interface.line_from,
                    text: excerpt(interface.text.iter().map(String::as_str)),
                }),
            }
        }
        groups
    }

    /// The chain that stands for an applied list: the list, a variant that another list follows, or nothing.
    fn stage(
        &self,
        name: &str,
        followed: bool,
        (line, texts): (u32, &[String]),
        extra: &mut Vec<Chain>,
        dialect: Dialect,
    ) -> Option<String> {
        let chain = self.lists.iter().find(|chain| chain.name == name);
        let empty = chain.is_none_or(|chain| chain.rules.is_empty());
        if empty && dialect.empty_list_permits() {
            return None;
        }
        let variant = match (empty, followed) {
            (false, false) => return Some(name.to_owned()),
            (false, true) => format!("{name} (common)"),
            (true, _) => format!("implicit empty {name}"),
        };
        if !extra.iter().any(|chain| chain.name == variant) {
            let mut copy = chain.cloned().unwrap_or_else(|| Chain {
                name: String::new(),
                rules: Vec::new(),
                default: DefaultAction::implicit_deny(Log::No),
            });
            if empty {
                let mut rule = Rule::new(Action::Permit, line);
                rule.id.clone_from(&variant);
                rule.seq = 1;
                rule.text = excerpt(texts.iter().map(String::as_str).find(|text| text.contains(name)));
                rule.implicit = true;
                rule.log = Log::No;
                rule.add_unknown("a list without statements", line);
                copy.rules.push(rule);
            }
            if followed {
                copy.default = DefaultAction::go_back();
            }
            copy.name.clone_from(&variant);
            extra.push(copy);
        }
        Some(variant)
    }

    /// Paths through the device.
    fn forward(&self, policy: &mut Policy, config: &mut Config) {
        let mut extra = Vec::new();
        let incoming = self.groups(true, &mut extra, config.dialect);
        let outgoing = self.groups(false, &mut extra, config.dialect);
        let simple_out = outgoing.len() == 1;
        if incoming.len().saturating_mul(outgoing.len()) > COMBINATIONS_MAX {
            let text = format!(
                "{} groups of interfaces in and {} out: their lists are judged one by one",
                incoming.len(),
                outgoing.len()
            );
            config.trouble.other(Note::new(NoteKind::Assumed, "list-not-applied", text));
            one_by_one(&incoming, &outgoing, policy);
            policy.chains.extend(extra);
            return;
        }
        for from in &incoming {
            for to in &outgoing {
                let mut layers: Vec<Vec<String>> = vec![from.lists.clone(), Vec::new(), to.lists.clone()];
                layers[1].extend(self.between(from, to, &mut extra, config));
                layers.retain(|layer| !layer.is_empty());
                let in_ifs = self.names(from, incoming.len() == 1);
                let out_ifs = self.names(to, simple_out);
                if !simple_out && from.interfaces.len() == 1 && from.interfaces == to.interfaces {
                    // Packets do not go back where they came from.
                    continue;
                }
                if layers.is_empty() {
                    if from.interfaces.len() == 1 && from.interfaces == to.interfaces {
                        continue;
                    }
                    let chain = open_chain(from, &in_ifs, &out_ifs, extra.len());
                    layers.push(vec![chain.name.clone()]);
                    extra.push(chain);
                }
                policy.paths.push(Path { hook: Hook::Forward, in_ifs, out_ifs, layers });
            }
        }
        policy.chains.extend(extra);
    }

    /// A group as rules name it: its zone where it is all of that, any interface where there is no other group.
    fn names(&self, group: &Group, only: bool) -> Names {
        if only {
            return Names::any();
        }
        if let Some(zone) = &group.zone {
            let members = self.own.iter().filter(|interface| interface.zone.as_ref() == Some(zone)).count();
            if members == group.interfaces.len() {
                return Names::of(vec![zone.clone()]);
            }
        }
        Names::of(group.interfaces.clone())
    }

    /// What the zone firewall says between two groups; nothing where it lets everything pass.
    fn between(&self, from: &Group, to: &Group, extra: &mut Vec<Chain>, config: &mut Config) -> Option<String> {
        let default = config.zones.contains("default").then_some("default");
        let (source, destination) = match (from.zone.as_deref().or(default), to.zone.as_deref().or(default)) {
            (None, None) => return None,
            (Some(source), Some(destination)) => (source, destination),
            _ => return Some(closed_chain(extra)),
        };
        match pair(source, destination, config) {
            Some(pair) => Some(self.pair_chain(&pair, extra, config)),
            None if source == destination => None,
            None => Some(closed_chain(extra)),
        }
    }

    fn pair_chain(&self, pair: &ZonePair, extra: &mut Vec<Chain>, config: &mut Config) -> String {
        let name = format!("zone-pair {}", pair.name);
        if !extra.iter().any(|chain| chain.name == name) {
            extra.extend(zone_firewall::chains(pair, self.family, self.lists, config));
        }
        name
    }

    /// Paths to the device itself, where the file says what it offers.
    fn to_device(&self, policy: &mut Policy, reader: &mut Reader, config: &mut Config) {
        let offers = self.offers(reader, config);
        let has_self = config.zone_pairs.iter().any(|pair| pair.source == "self" || pair.destination == "self");
        let control: Vec<String> = config
            .control_plane
            .iter()
            .filter(|applied| applied.family == self.family)
            .flat_map(|applied| {
                applied.lists.iter().filter(|name| self.lists.iter().any(|chain| chain.name == **name)).cloned()
            })
            .take(1)
            .collect();
        if offers.is_empty() && !has_self && control.is_empty() {
            return;
        }
        let mut extra = Vec::new();
        let groups = self.groups(true, &mut extra, config.dialect);
        for from in &groups {
            let zone = from.zone.as_deref().and_then(|zone| pair(zone, "self", config));
            let own_pair = zone.map(|pair| self.pair_chain(&pair, &mut extra, config));
            let in_ifs = self.names(from, groups.len() == 1);
            let ends: Vec<Vec<String>> = if offers.is_empty() {
                vec![Vec::new()]
            } else {
                offers.iter().map(|c| vec![c.name.clone()]).collect()
            };
            for end in ends {
                let mut layers = vec![from.lists.clone(), own_pair.iter().cloned().collect(), control.clone(), end];
                layers.retain(|layer| !layer.is_empty());
                if !layers.is_empty() {
                    policy.paths.push(Path {
                        hook: Hook::Input,
                        in_ifs: in_ifs.clone(),
                        out_ifs: Names::any(),
                        layers,
                    });
                }
            }
            let back = from.zone.as_deref().and_then(|zone| pair("self", zone, config));
            if let Some(pair) = back {
                let chain = self.pair_chain(&pair, &mut extra, config);
                let out_ifs = in_ifs.clone();
                let layers = vec![vec![chain]];
                policy.paths.push(Path { hook: Hook::Output, in_ifs: Names::any(), out_ifs, layers });
            }
        }
        if groups.is_empty() {
            let paths = offers.iter().map(|chain| Path::through(Hook::Input, vec![chain.name.clone()]));
            policy.paths.extend(paths);
        }
        extra.retain(|chain| policy.chain(&chain.name).is_none());
        policy.chains.extend(extra);
        policy.chains.extend(offers);
    }

    /// One list per kind of terminal; the web server stands in the first.
    fn offers(&self, reader: &mut Reader, config: &mut Config) -> Vec<Chain> {
        let mut kinds: Vec<(&Terminal, Vec<String>, Services)> = Vec::new();
        let terminals = std::mem::take(&mut config.terminals);
        let by_name = config.dialect == Dialect::IosXr;
        for terminal in &terminals {
            let services = terminal_services(terminal, config);
            if services.lower.is_empty() && services.maybe.is_empty() {
                continue;
            }
            let lists: Vec<String> = terminal
                .applied
                .iter()
                // A list of IOS-XR is asked by its name in either family.
                .filter(|applied| applied.inbound && (applied.family == self.family || by_name))
                .flat_map(|applied| applied.lists.clone())
                .collect();
            if !kinds.iter().any(|(_, known, offered)| *known == lists && *offered == services) {
                kinds.push((terminal, lists, services));
            }
        }
        let mut chains: Vec<Chain> = Vec::new();
        for (terminal, lists, services) in kinds {
            let place = Place {
                name: &terminal.name,
                line_from: terminal.line_from,
                line_to: terminal.line_to,
                text: excerpt(terminal.text.iter().map(String::as_str)),
            };
            chains.push(self.offer(&place, &lists, services, reader));
        }
        let web_lists: Vec<String> = config
            .web_lists
            .iter()
            .filter(|applied| applied.family == self.family)
            .flat_map(|applied| applied.lists.clone())
            .collect();
        for (line, number) in &config.web {
            let services = Services::exactly(vec![Service::to(proto::TCP, Intervals::one(*number))]);
            let name = line.words.join(" ");
            let text = excerpt([line.text.as_str()]);
            let place = Place { name: &name, line_from: line.number, line_to: line.number, text };
            let web = self.offer(&place, &web_lists, services, reader);
            match chains.first_mut() {
                Some(first) => first.rules.extend(web.rules),
                None => chains.push(web),
            }
        }
        for chain in &mut chains {
            (1..).zip(&mut chain.rules).for_each(|(seq, rule)| rule.seq = seq);
        }
        config.terminals = terminals;
        chains
    }

    /// A service of the device that asks lists, or none.
    fn offer(&self, place: &Place<'_>, lists: &[String], services: Services, reader: &mut Reader) -> Chain {
        let known: Vec<&Chain> = lists
            .iter()
            .filter_map(|name| self.lists.iter().find(|c| c.name == *name && !c.rules.is_empty()))
            .collect();
        let mut rules = Vec::new();
        let rule = |action: Action, what: &str, reader: &mut Reader| {
            let mut rule = Rule::new(action, place.line_from);
            rule.id = reader.unique(format!("{}{what}", place.name));
            rule.line_to = place.line_to;
            rule.text.clone_from(&place.text);
            rule.services = services.clone();
            rule.src = Addrs::exactly(self.family.universe());
            rule.dst = rule.src.clone();
            rule.log = Log::No;
            rule
        };
        for chain in &known {
            rules.push(rule(Action::Jump(chain.name.clone()), &format!(" access-class {}", chain.name), reader));
        }
        if known.is_empty() {
            rules.push(rule(Action::Permit, "", reader));
        } else {
            let mut rest = rule(Action::Deny, " others", reader);
            rest.implicit = true;
            rules.push(rest);
        }
        Chain { name: place.name.to_owned(), rules, default: DefaultAction::go_back() }
    }
}

/// Where a service of the device is stated.
struct Place<'a> {
    name: &'a str,
    line_from: u32,
    line_to: u32,
    text: String,
}

/// What a terminal answers: as `transport input` says; where it says nothing, what the platform does.
fn terminal_services(terminal: &Terminal, config: &Config) -> Services {
    let tcp = |numbers: &[u16]| {
        let numbers = numbers.iter().map(|number| (*number, *number));
        Services::exactly(vec![Service::to(proto::TCP, Intervals::of(numbers))])
    };
    match (&terminal.transport, config.dialect) {
        (Some(words), _) => {
            let mut numbers = Vec::new();
            for word in words {
                match word.as_str() {
                    "telnet" => numbers.push(23),
                    "ssh" => numbers.push(22),
                    "rlogin" => numbers.push(513),
                    "all" => numbers.extend([22, 23]),
                    _ => {}
                }
            }
            tcp(&numbers)
        }
        // It depends on the release.
        (None, Dialect::Ios) => Services { lower: Vec::new(), maybe: tcp(&[22, 23]).lower, ..Services::default() },
        (None, Dialect::NxOs) => tcp(if config.telnet { &[22, 23] } else { &[22] }),
        (None, Dialect::Eos) if terminal.name.ends_with("telnet") => tcp(if config.telnet { &[23] } else { &[] }),
        (None, Dialect::Eos) => tcp(&[22]),
        (None, Dialect::IosXr) => match (config.ssh, config.telnet) {
            (true, true) => tcp(&[22, 23]),
            (true, false) => tcp(&[22]),
            (false, true) => tcp(&[23]),
            (false, false) => tcp(&[]),
        },
    }
}

/// The list of a way without any stage.
fn open_chain(from: &Group, in_ifs: &Names, out_ifs: &Names, number: usize) -> Chain {
    let mut rule = Rule::new(Action::Permit, from.line);
    rule.id = format!("implicit permit {} → {}", in_ifs.describe(), out_ifs.describe());
    rule.name = Some("no list on this way".into());
    rule.text.clone_from(&from.text);
    rule.seq = 1;
    rule.implicit = true;
    rule.in_ifs = in_ifs.clone();
    rule.out_ifs = out_ifs.clone();
    rule.log = Log::No;
    Chain {
        name: format!("implicit permit {}", number + 1),
        rules: vec![rule],
        default: DefaultAction::implicit_deny(Log::No),
    }
}

fn pair(source: &str, destination: &str, config: &Config) -> Option<ZonePair> {
    config.zone_pairs.iter().find(|pair| pair.source == source && pair.destination == destination).cloned()
}

/// The list between zones that no pair joins.
fn closed_chain(extra: &mut Vec<Chain>) -> String {
    const NAME: &str = "implicit deny between zones";
    if !extra.iter().any(|chain| chain.name == NAME) {
        let default = DefaultAction::implicit_deny(Log::No);
        extra.push(Chain { name: NAME.into(), rules: Vec::new(), default });
    }
    NAME.into()
}

/// Too many combinations: each list by itself.
fn one_by_one(incoming: &[Group], outgoing: &[Group], policy: &mut Policy) {
    for group in incoming.iter().filter(|group| !group.lists.is_empty()) {
        let in_ifs = Names::of(group.interfaces.clone());
        let layers = vec![group.lists.clone()];
        policy.paths.push(Path { hook: Hook::Forward, in_ifs, out_ifs: Names::any(), layers });
    }
    for group in outgoing.iter().filter(|group| !group.lists.is_empty()) {
        let out_ifs = Names::of(group.interfaces.clone());
        let layers = vec![group.lists.clone()];
        policy.paths.push(Path { hook: Hook::Forward, in_ifs: Names::any(), out_ifs, layers });
    }
}

/// The side that an interface is on: by name, zone, translation, routing table, description.
fn role(config: &IfConfig) -> (Role, String) {
    let because = |(role, why): (Role, String), what: &str| (role, format!("{what}: {why}"));
    if config.name.starts_with("Loopback") || config.name.starts_with("loopback") {
        return (Role::Unknown, "an address of the device itself".into());
    }
    if let Some(found) = zones::role_by_name(&config.name) {
        return found;
    }
    if let Some(found) = config.zone.as_deref().and_then(zones::role_by_name) {
        return because(found, "zone");
    }
    match config.nat {
        Some(NatSide::Outside) => return (Role::External, "`ip nat outside`".into()),
        Some(NatSide::Inside) => return (Role::Internal, "`ip nat inside`".into()),
        None => {}
    }
    if config.name.starts_with("Dialer") || config.name.starts_with("Cellular") {
        return (Role::External, "an interface that dials out".into());
    }
    if let Some(found) = zones::role_by_name(&config.vrf) {
        return because(found, "routing table");
    }
    // A switch's uplink leads further in, a router's leads out.
    let description = config.description.to_ascii_lowercase().replace("uplink", "");
    match zones::role_by_name(&description) {
        Some(found) => because(found, "description"),
        None => (Role::Unknown, "the file does not tell".into()),
    }
}

fn is_public(next_hop: Option<IpAddr>, own: &AddrSet) -> bool {
    let private = zones::private();
    let set = next_hop.map_or_else(|| own.clone(), AddrSet::host);
    !set.is_empty() && !private.overlaps(&set)
}
