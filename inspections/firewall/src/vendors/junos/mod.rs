//! Juniper Junos: routers, switches and SRX firewalls. Written from the *CLI User Guide* (both forms, groups, deactivated
//! statements), the *Routing Policies, Firewall Filters, and Traffic Policers User Guide*, the *Security Policies User
//! Guide*, the *Network Address Translation User Guide* and the statement hierarchies of the *CLI Reference*.
//!
//! ```text
//! security {                                              show configuration
//!     policies {
//!         from-zone trust to-zone untrust {
//!             policy web { match { source-address any; … } then { permit; } }
//! set security policies from-zone trust to-zone untrust policy web match source-address any      … | display set
//! ```
//! *One tree.* Both forms give one tree of words ([`tree`]), into which groups are inherited (`apply-groups`, with
//! wildcards, in groups too; `apply-groups-except`) and `interface-range`; then one translation reads it. Statements that
//! are switched off (`inactive:`, `deactivate`) count for nothing, rules among them are kept as disabled.
//!
//! *Policies.* One per device, logical system (`host/name`) and tenant that has policies, zones, translations or filters.
//!
//! *Security policies* are one list: those between two zones, in the order of the file, then the global ones, then the
//! default policy. Those to `junos-host` stand behind `host-inbound-traffic`; where none of them matches, that alone
//! decides. Names of addresses are those of the zone's books, then of the global one. Policies see translated destinations.
//!
//! *Firewall filters* are lists of their own ([`filters`]). A packet meets the input filters of its interface (any family,
//! then its own), the security policies, and the output filters of the interface that it leaves by; a packet to the device
//! meets the input filters, those of `lo0`, and `host-inbound-traffic`. A filter of one family says nothing about the other.
//! Pairs of groups of interfaces with equal filters are paths, up to [`COMBINATIONS_MAX`]. Where nothing is applied and no
//! interface is defined, the file is a part of a configuration and each filter a path.
//!
//! *Not followed*: filters of switching and MPLS, service filters and filters of forwarding tables, each of which is
//! noted; routing policy, IDP, UTM, screens and VPN, which are passed over; which routing instance an interface is in.

mod filters;
mod names;
mod nat;
mod network;
mod objects;
mod security;
mod text;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{EvidenceKind, Format, Head, Match, Note, NoteKind};

use self::filters::{Family, Filters, Key, list_name};
use self::network::Unit;
use self::objects::{Applications, Books};
use self::tree::{Id, ROOT, Tree};
use crate::net::AddrSet;
use crate::policy::{Action, Addrs, Chain, DefaultAction, Hook, Log, Names, Path, Policy, Rule, RulesSee};
use crate::vendors::{Parsed, Trouble, Vendor, excerpt, head_lines, lines};

/// The format and its parser.
pub(crate) const VENDOR: &Vendor = &Vendor {
    format: Format { id: "junos", kind: EvidenceKind::Fwcfg, title: "Juniper Junos or SRX configuration", sniff },
    parse,
};

/// Pairs of groups of interfaces that become paths of their own.
const COMBINATIONS_MAX: usize = 1_024;

/// Hierarchies at the top of a configuration.
const TOP: &[&str] = &[
    "access",
    "access-profile",
    "accounting-options",
    "applications",
    "apply-groups",
    "bridge-domains",
    "chassis",
    "class-of-service",
    "diameter",
    "dynamic-profiles",
    "ethernet-switching-options",
    "event-options",
    "fabric",
    "firewall",
    "forwarding-options",
    "groups",
    "host-outbound-traffic",
    "interfaces",
    "jsrc",
    "jsrc-partition",
    "logical-systems",
    "multi-chassis",
    "multicast-snooping-options",
    "openconfig",
    "policy-options",
    "poe",
    "protocols",
    "redundant-power-system",
    "routing-instances",
    "routing-options",
    "schedulers",
    "security",
    "services",
    "smtp",
    "snmp",
    "switch-options",
    "system",
    "tenants",
    "unified-edge",
    "version",
    "virtual-chassis",
    "vlans",
    "vmhost",
    "wlan",
];

/// Hierarchies below `security`; those that are not read say nothing about which packets pass.
const SECURITY: &[&str] = &[
    "address-book",
    "advance-policy-based-routing",
    "alarms",
    "alg",
    "analysis",
    "anti-spam",
    "application-firewall",
    "application-tracking",
    "authentication-key-chains",
    "certificates",
    "cloud",
    "datapath-debug",
    "dynamic-address",
    "dynamic-application",
    "dynamic-vpn",
    "firewall-authentication",
    "flow",
    "forwarding-options",
    "forwarding-process",
    "gprs",
    "group-vpn",
    "host-vpn",
    "idp",
    "ike",
    "ipsec",
    "ipsec-policy",
    "key-chain",
    "l3vpn",
    "log",
    "macsec",
    "mirror-filter",
    "nat",
    "ngfw",
    "pki",
    "policies",
    "remote-access",
    "resource-manager",
    "screen",
    "secure-wire",
    "security-intelligence",
    "softwires",
    "ssh-known-hosts",
    "tcp-encap",
    "traceoptions",
    "tunnel-inspection",
    "user-identification",
    "utm",
    "zones",
];

/// How sure a file is one of Junos: words of its hierarchies in one of its two forms.
fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let mut clues = Clues::default();
    for line in head_lines(head) {
        clues.line(line);
    }
    clues.verdict(head.size > head.bytes.len() as u64)
}

#[derive(Default)]
struct Clues {
    points: u32,
    useful: bool,
    other: bool,
    /// A hierarchy of the top is open.
    top: bool,
}

impl Clues {
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().take(8).collect();
        let words = match words.first() {
            Some(tag) if ["inactive:", "replace:", "protect:"].contains(tag) => &words[1..],
            _ => &words[..],
        };
        match words {
            ["#RANCID-CONTENT-TYPE:" | "!RANCID-CONTENT-TYPE:", kind, ..] => {
                if kind.starts_with("juniper") {
                    self.points += 10;
                } else {
                    self.other = true;
                }
            }
            ["##", "Last", "commit:" | "changed:", ..] => self.points += 4,
            // Other systems with the same shape: VyOS, PAN-OS, Gaia, F5, FortiOS.
            ["set", "interfaces", "ethernet" | "loopback" | "bonding", ..]
            | ["set", "firewall", "name" | "ipv4" | "ipv6" | "group", ..]
            | ["set", "deviceconfig" | "rulebase" | "mgt-config" | "vsys" | "shared" | "network", ..]
            | ["ethernet", _, "{"]
            | ["ltm" | "sys" | "net" | "auth" | "cm", _, ..]
            | ["config", _, ..]
            | ["edit", _]
                if !line.starts_with("edit ") || !self.top =>
            {
                self.other = true;
            }
            ["set" | "deactivate", rest @ ..] => self.command(rest),
            [top, "{"] if TOP.contains(top) => {
                self.points += 2;
                self.top = true;
            }
            ["host-name", name] if self.top && name.ends_with(';') => self.points += 2,
            ["version", version] if version.ends_with(';') => self.points += 3,
            ["family", "inet" | "inet6", "{"] | ["unit", _, "{"] | ["term", _, "{"] if self.top => {
                self.points += 2;
                self.useful |= words[0] != "term";
            }
            ["from-zone", _, "to-zone", _, "{"] => {
                self.points += 4;
                self.useful = true;
            }
            ["policies" | "address-book" | "zones" | "nat" | "filter", .., "{"] if self.top => {
                self.points += 2;
                self.useful = true;
            }
            _ => {}
        }
    }

    fn command(&mut self, words: &[&str]) {
        match words {
            ["security", "policies" | "zones" | "nat" | "address-book", ..]
            | ["firewall", "family" | "filter", ..]
            | ["interfaces", _, "unit", ..]
            | ["logical-systems" | "tenants", _, ..] => {
                self.points += 4;
                self.useful = true;
            }
            ["groups", _, "security" | "firewall" | "interfaces", ..] => {
                self.points += 4;
                self.useful = true;
            }
            [
                "system",
                "host-name" | "services" | "login" | "root-authentication" | "syslog" | "ntp" | "domain-name",
                ..,
            ]
            | ["version", _]
            | [
                "policy-options" | "routing-options" | "protocols" | "routing-instances" | "snmp" | "chassis"
                | "applications" | "groups" | "apply-groups" | "class-of-service" | "vlans" | "switch-options",
                _,
                ..,
            ]
            | ["security", "ike" | "ipsec" | "screen" | "flow" | "log" | "idp" | "utm" | "pki", ..]
            | ["interfaces", _, ..] => self.points += 2,
            _ => {}
        }
    }

    fn verdict(&self, more: bool) -> Match {
        match (self.points >= 4 && !self.other, self.useful || more) {
            (false, _) => Match::No,
            (true, true) => Match::Yes(if self.points >= 8 { 80 } else { 65 }),
            (true, false) => {
                Match::Close("a part of a Junos configuration without policies and filters: give the whole")
            }
        }
    }
}

/// The lines of a file.
pub(super) struct Source<'a> {
    lines: Vec<&'a str>,
}

impl Source<'_> {
    fn line(&self, number: u32) -> &str {
        self.lines.get((number as usize).wrapping_sub(1)).copied().unwrap_or_default()
    }
}

/// Reads a configuration in either form.
pub fn parse(text: &str) -> Parsed {
    let source = Source { lines: lines(text).map(|(_, line)| line).collect() };
    let mut trouble = Trouble::default();
    let mut reader = text::Reader::new(&source.lines, &mut trouble);
    reader.read();
    let truncated = reader.truncated;
    let mut tree = reader.tree;
    tree.inherit(&mut trouble);
    for top in tree.kids(ROOT).collect::<Vec<_>>() {
        if !TOP.contains(&tree.word(top)) {
            unknown(&tree, top, "a Junos configuration", &mut trouble);
        }
    }
    let mut policies = Vec::new();
    for (system, name) in systems(&tree) {
        if let Some(mut policy) = (System { source: &source, tree: &tree, id: system }).policy(&mut trouble) {
            let host = network::host_name(&tree, system);
            policy.device = if name.is_empty() { host } else { format!("{host}/{name}") };
            policies.push(policy);
        }
    }
    let total = source.lines.iter().filter(|line| !line.trim().is_empty()).count() as u64;
    let coverage = trouble.coverage(total);
    for policy in &mut policies {
        policy.coverage = coverage;
        policy.truncated = truncated;
    }
    Parsed { policies, notes: trouble.into_notes() }
}

/// The device, its logical systems and tenants.
fn systems(tree: &Tree) -> Vec<(Id, String)> {
    let mut systems = vec![(ROOT, String::new())];
    for kind in ["logical-systems", "tenants"] {
        for id in tree.get(ROOT, kind).into_iter().flat_map(|id| tree.kids(id)) {
            systems.push((id, tree.word(id).to_owned()));
        }
    }
    systems
}

/// Notes a statement that is not understood, with all its lines.
fn unknown(tree: &Tree, id: Id, what: &str, trouble: &mut Trouble) {
    for line in tree.lines(id) {
        trouble.line(line, "unknown-statement", format!("`{}` in {what} is not known", clip(tree.word(id))));
    }
}

/// Notes a hierarchy that is read over.
fn not_inspected(tree: &Tree, id: Id, what: &str, trouble: &mut Trouble) {
    let text = format!("{what} are not inspected by this version");
    trouble.other(Note::new(NoteKind::NotUnderstood, "not-inspected", text).at(format!("line {}", tree.line(id))));
}

/// A statement in one line, as it may be shown.
fn text_of(tree: &Tree, id: Id) -> String {
    let mut words = vec![tree.word(id)];
    for kid in tree.kids(id).take(20) {
        words.push(tree.word(kid));
        words.extend(tree.kids(kid).take(5).map(|id| tree.word(id)));
    }
    clip(&words.join(" "))
}

/// Text for a note: not longer than a line, secrets masked.
fn clip(text: &str) -> String {
    let masked = crate::vendors::mask(text);
    match masked.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &masked[..end]),
        None => masked,
    }
}

/// Says where a rule stands.
fn proof(rule: &mut Rule, source: &Source<'_>, lines: &[u32]) {
    rule.line_from = lines.first().copied().unwrap_or(rule.line_from);
    rule.line_to = end_of_run(lines).max(rule.line_from);
    rule.text = excerpt(lines.iter().map(|line| source.line(*line)));
}

/// Last line of those that stand together from the first on.
fn end_of_run(lines: &[u32]) -> u32 {
    let Some(mut end) = lines.first().copied() else { return 0 };
    for line in lines {
        if *line > end.saturating_add(2) {
            break;
        }
        end = *line;
    }
    end
}

/// The device, or a part of it with rules of its own.
struct System<'a> {
    source: &'a Source<'a>,
    tree: &'a Tree,
    id: Id,
}

impl System<'_> {
    fn policy(&self, trouble: &mut Trouble) -> Option<Policy> {
        let tree = self.tree;
        let security = tree.get(self.id, "security");
        let firewalls =
            security.filter(|id| ["policies", "zones", "nat"].iter().any(|part| tree.child(*id, part).is_some()));
        self.check(security, trouble);
        let units = network::units(tree, self.id, trouble);
        let mut policy =
            Policy { vendor: VENDOR.format.id.into(), rules_see: RulesSee::Translated, ..Policy::default() };
        policy.routes = network::routes(tree, self.id, &units, trouble);
        let mut flow = Flow::default();
        if let Some(security) = firewalls {
            flow.secured = true;
            self.security(security, &units, &mut policy, &mut flow, trouble);
        }
        let mut filters = Filters::new(self.source, tree, self.id, trouble);
        flow.apply(&units, &policy.zones, &mut filters);
        policy.chains.extend(filters.chains(&flow.used, &flow.continued));
        let own_filters = filters.order.clone();
        if !flow.secured && own_filters.is_empty() && flow.used.is_empty() {
            return None;
        }
        flow.note_unused(&own_filters, trouble);
        flow.paths(&mut policy, &own_filters, trouble);
        let management = security::management(tree, security);
        let named = policy
            .rules()
            .flat_map(|rule| rule.in_ifs.names.iter().chain(&rule.out_ifs.names))
            .filter(|name| !name.ends_with('+'))
            .cloned()
            .collect();
        policy.interfaces = network::interfaces(&units, &policy.zones, &management, &policy.routes, &named);
        Some(policy)
    }

    fn check(&self, security: Option<Id>, trouble: &mut Trouble) {
        let tree = self.tree;
        for key in security.into_iter().flat_map(|id| tree.kids(id)) {
            if !SECURITY.contains(&tree.word(key)) {
                unknown(tree, key, "security", trouble);
            }
        }
        Books::check(tree, security, trouble);
        Applications::check(tree, self.id, trouble);
        objects::check_lists(tree, self.id, trouble);
        for options in tree.get(self.id, "forwarding-options").into_iter().flat_map(|id| tree.kids(id)) {
            let families = tree.kids(options).filter(|family| tree.get(*family, "filter").is_some());
            for family in families.filter(|_| tree.word(options) == "family") {
                not_inspected(tree, family, "filters of forwarding tables", trouble);
            }
        }
    }

    fn security(&self, security: Id, units: &[Unit], policy: &mut Policy, flow: &mut Flow, trouble: &mut Trouble) {
        let tree = self.tree;
        let all: Vec<String> = units.iter().filter(|unit| unit.forwards()).map(|unit| unit.name.clone()).collect();
        policy.zones = security::zones(tree, security, &all);
        let mut reader = security::Reader {
            source: self.source,
            tree,
            system: self.id,
            books: Books::new(tree, Some(security)),
            applications: Applications::new(tree, self.id),
            trouble,
        };
        policy.chains.extend(reader.chains(security));
        let own = units.iter().fold(AddrSet::empty(), |all, unit| all.union(&unit.addresses));
        let inbound = reader.host_inbound(security, &policy.zones, &own);
        if tree.get(security, "zones").is_some() && !policy.zones.is_empty() {
            flow.inbound = true;
            policy.chains.push(security::chain(security::HOST_INBOUND, inbound, DefaultAction::implicit_deny(Log::No)));
        }
        let security::Reader { mut books, mut applications, trouble, .. } = reader;
        let mut nat =
            nat::Reader { source: self.source, tree, books: &mut books, applications: &mut applications, trouble };
        policy.nat = nat.read(security);
        let mode = |family: &str| {
            let id = tree.find(security, &["forwarding-options", "family", family]);
            id.and_then(|id| tree.value(id, "mode")).is_some_and(|mode| mode == "packet-based")
        };
        if mode("mpls") || mode("inet") {
            flow.secured = false;
            flow.inbound = false;
            let text = "packets are forwarded one by one: security policies are not asked";
            nat.trouble.other(Note::new(NoteKind::Assumed, "packet-mode", text));
        }
    }
}

/// Lists that let packets of one family pass a filter of the other.
const PAST: [(&str, Family); 2] =
    [("implicit IPv4 without a filter", Family::Inet), ("implicit IPv6 without a filter", Family::Inet6)];

/// The list of a way without any filter.
const OPEN: &str = "implicit way without a filter";

/// Layers of one direction of an interface.
type Layers = Vec<Vec<String>>;

/// How packets pass.
#[derive(Default)]
struct Flow {
    /// Security policies are asked.
    secured: bool,
    /// Zones say what reaches the device.
    inbound: bool,
    /// Filters that end a list, and those that others follow.
    used: BTreeSet<Key>,
    continued: BTreeSet<Key>,
    /// Of each interface: name, whether packets pass through it, layers in and out.
    ways: Vec<Way>,
    /// Of `lo0`.
    host: Way,
}

#[derive(Clone, Default)]
struct Way {
    name: String,
    forwards: bool,
    management: bool,
    input: Layers,
    output: Layers,
}

/// Interfaces with the same layers.
struct Group {
    layers: Layers,
    names: Vec<String>,
}

impl Flow {
    fn apply(&mut self, units: &[Unit], zones: &BTreeMap<String, Vec<String>>, filters: &mut Filters<'_>) {
        let six = units.iter().any(|unit| unit.inet6);
        for unit in units.iter().filter(|unit| !unit.disabled) {
            let mut way = Way {
                name: unit.name.clone(),
                forwards: unit.forwards(),
                management: unit.is_management(),
                ..Way::default()
            };
            let inet6 = if unit.is_loopback() { six } else { unit.inet6 };
            way.input = self.layers(unit, "input", inet6, filters);
            way.output = self.layers(unit, "output", inet6, filters);
            if unit.is_loopback() {
                // Of several units the first with a filter: the others belong to routing instances.
                if self.host.name.is_empty() || (self.host.input.is_empty() && self.host.output.is_empty()) {
                    self.host = way;
                }
            } else {
                self.ways.push(way);
            }
        }
        // Interfaces of zones without a definition in this file, such as those that get their address elsewhere.
        for name in zones.values().flatten() {
            if !units.iter().any(|unit| unit.name == *name && (unit.disabled || unit.is_loopback())) {
                match self.ways.iter_mut().find(|way| way.name == *name) {
                    Some(way) => way.forwards = !way.management,
                    None => self.ways.push(Way { name: name.clone(), forwards: true, ..Way::default() }),
                }
            }
        }
    }

    fn layers(&mut self, unit: &Unit, direction: &'static str, inet6: bool, filters: &mut Filters<'_>) -> Layers {
        let mut layers = Vec::new();
        for (word, family) in [("any", Family::Any), ("inet", Family::Inet), ("inet6", Family::Inet6)] {
            let Some(applied) = unit.filters.get(&(word, direction)) else { continue };
            let mut keys = Vec::new();
            for name in &applied.names {
                // At a unit itself stands a filter of any family; older files mean one of IPv4.
                let found = filters
                    .find(family, name)
                    .or_else(|| (family == Family::Any).then(|| filters.find(Family::Inet, name)).flatten());
                match found {
                    Some(key) => keys.push(key),
                    None => filters.undefined(name, applied.line),
                }
            }
            let Some((last, before)) = keys.split_last() else { continue };
            let mut layer = Vec::new();
            let others = keys.iter().all(|key| key.0 != Family::Any);
            match family {
                Family::Inet if inet6 && others => layer.push(PAST[1].0.to_owned()),
                Family::Inet6 if others => layer.push(PAST[0].0.to_owned()),
                _ => {}
            }
            layer.extend(before.iter().map(|key| list_name(key, true)));
            layer.push(list_name(last, false));
            self.continued.extend(before.iter().cloned());
            self.used.insert(last.clone());
            layers.push(layer);
        }
        layers
    }

    fn is_fragment(&self) -> bool {
        self.used.is_empty() && self.continued.is_empty() && !self.ways.iter().any(|way| way.forwards)
    }

    fn note_unused(&self, own: &[Key], trouble: &mut Trouble) {
        let unused: Vec<String> = own
            .iter()
            .filter(|key| !self.used.contains(key) && !self.continued.contains(key))
            .map(|key| list_name(key, false))
            .collect();
        if !unused.is_empty() && !self.is_fragment() {
            let count = unused.len() as u64;
            let text = format!(
                "filters that are applied to no interface were not judged: {}",
                crate::net::shorten(unused, 20)
            );
            trouble.other(Note::new(NoteKind::Assumed, "list-not-applied", text).times(count));
        }
    }

    fn paths(&self, policy: &mut Policy, own: &[Key], trouble: &mut Trouble) {
        if self.is_fragment() {
            for key in own {
                let list = list_name(key, false);
                if policy.chain(&list).is_some() {
                    policy.paths.push(Path::through(Hook::Forward, vec![list]));
                }
            }
        }
        self.forward(policy, trouble);
        self.input(policy);
        self.output(policy);
        let asked: BTreeSet<&String> = policy.paths.iter().flat_map(Path::chains).collect();
        let mut own_lists = Vec::new();
        for (name, family) in PAST {
            if asked.contains(&name.to_owned()) {
                own_lists.push(past(name, family));
            }
        }
        if asked.contains(&OPEN.to_owned()) {
            let open = DefaultAction { action: Action::Permit, ..DefaultAction::implicit_deny(Log::No) };
            own_lists.push(security::chain(OPEN, Vec::new(), open));
        }
        policy.chains.extend(own_lists);
    }

    /// Every interface that packets pass through: by zones where all that rules name are defined.
    fn everywhere(policy: &Policy) -> Names {
        let policies = policy.chain(security::POLICIES);
        let known = |name: &String| policy.zones.contains_key(name);
        let mut named = policies
            .iter()
            .flat_map(|chain| &chain.rules)
            .flat_map(|rule| rule.in_ifs.names.iter().chain(&rule.out_ifs.names));
        if !policy.zones.is_empty() && named.all(known) {
            return Names::of(policy.zones.keys().cloned().collect());
        }
        Names::any()
    }

    fn forward(&self, policy: &mut Policy, trouble: &mut Trouble) {
        let middle: Layers = if self.secured { vec![vec![security::POLICIES.to_owned()]] } else { Vec::new() };
        let forwarding: Vec<&Way> = self.ways.iter().filter(|way| way.forwards).collect();
        let incoming = groups(forwarding.iter().map(|way| (&way.name, &way.input)));
        let outgoing = groups(forwarding.iter().map(|way| (&way.name, &way.output)));
        let filtered = incoming.iter().chain(&outgoing).any(|group| !group.layers.is_empty());
        let everywhere = Self::everywhere(policy);
        if !filtered {
            if self.secured {
                let path =
                    Path { hook: Hook::Forward, in_ifs: everywhere.clone(), out_ifs: everywhere, layers: middle };
                policy.paths.push(path);
            }
            return;
        }
        if incoming.len().saturating_mul(outgoing.len()) > COMBINATIONS_MAX {
            let text = format!(
                "{} groups of interfaces in and {} out: their filters are judged one by one",
                incoming.len(),
                outgoing.len()
            );
            trouble.other(Note::new(NoteKind::Assumed, "list-not-applied", text));
            for (group, is_in) in incoming.iter().map(|group| (group, true)).chain(outgoing.iter().map(|g| (g, false)))
            {
                if !group.layers.is_empty() {
                    let names = Names::of(group.names.clone());
                    let (in_ifs, out_ifs) = if is_in { (names, Names::any()) } else { (Names::any(), names) };
                    policy.paths.push(Path { hook: Hook::Forward, in_ifs, out_ifs, layers: group.layers.clone() });
                }
            }
            if self.secured {
                policy.paths.push(Path {
                    hook: Hook::Forward,
                    in_ifs: everywhere.clone(),
                    out_ifs: everywhere,
                    layers: middle,
                });
            }
            return;
        }
        let names = |group: &Group, only: bool| if only { everywhere.clone() } else { Names::of(group.names.clone()) };
        for from in &incoming {
            for to in &outgoing {
                // Packets do not go back where they came from.
                if from.names.len() == 1 && from.names == to.names {
                    continue;
                }
                let parts = [&from.layers, &middle, &to.layers];
                let mut layers: Layers = parts.into_iter().flatten().cloned().collect();
                if layers.is_empty() {
                    layers.push(vec![OPEN.to_owned()]);
                }
                let (in_ifs, out_ifs) = (names(from, incoming.len() == 1), names(to, outgoing.len() == 1));
                policy.paths.push(Path { hook: Hook::Forward, in_ifs, out_ifs, layers });
            }
        }
    }

    fn input(&self, policy: &mut Policy) {
        let to_host = policy.chain(security::TO_HOST).is_some();
        for management in [false, true] {
            let ways: Vec<&Way> = self.ways.iter().filter(|way| way.management == management).collect();
            let groups = groups(ways.iter().map(|way| (&way.name, &way.input)));
            let all = groups.len() == 1 && !self.ways.iter().any(|way| way.management);
            for group in &groups {
                let mut layers = group.layers.clone();
                layers.extend(self.host.input.iter().cloned());
                if self.inbound && !management {
                    layers.push(vec![security::HOST_INBOUND.to_owned()]);
                }
                if self.secured && to_host && !management {
                    layers.push(vec![security::TO_HOST.to_owned()]);
                }
                if layers.is_empty() {
                    continue;
                }
                let in_ifs = if all { Self::everywhere(policy) } else { Names::of(group.names.clone()) };
                policy.paths.push(Path { hook: Hook::Input, in_ifs, out_ifs: Names::any(), layers });
            }
            if groups.is_empty() && !management && !self.host.input.is_empty() {
                let layers = self.host.input.clone();
                policy.paths.push(Path { layers, ..Path::through(Hook::Input, Vec::new()) });
            }
        }
    }

    fn output(&self, policy: &mut Policy) {
        let mut layers = self.host.output.clone();
        if self.secured && policy.chain(security::FROM_HOST).is_some() {
            layers.push(vec![security::FROM_HOST.to_owned()]);
        }
        if !layers.is_empty() {
            policy.paths.push(Path { layers, ..Path::through(Hook::Output, Vec::new()) });
        }
    }
}

fn groups<'a>(ways: impl Iterator<Item = (&'a String, &'a Layers)>) -> Vec<Group> {
    let mut groups: BTreeMap<&Layers, Vec<String>> = BTreeMap::new();
    for (name, layers) in ways {
        groups.entry(layers).or_default().push(name.clone());
    }
    groups.into_iter().map(|(layers, names)| Group { layers: layers.clone(), names }).collect()
}

/// A list that lets one family pass, for filters of the other.
fn past(name: &str, family: Family) -> Chain {
    let mut rule = Rule::new(Action::Permit, 0);
    let set = if family == Family::Inet { AddrSet::full_v4() } else { AddrSet::full_v6() };
    name.clone_into(&mut rule.id);
    rule.text = format!("({name})");
    rule.implicit = true;
    rule.log = Log::No;
    rule.src = Addrs::exactly(set.clone());
    rule.dst = Addrs::exactly(set);
    security::chain(name, vec![rule], DefaultAction::go_back())
}

#[cfg(test)]
mod tests;
