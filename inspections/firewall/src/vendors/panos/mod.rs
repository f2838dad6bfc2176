//! Palo Alto Networks PAN-OS: the running configuration as XML, as `set` commands, or with braces (`show`), of a firewall
//! or of Panorama (PAN-OS CLI Quick Start; PAN-OS and Panorama XML API Guide).
//!
//! All three become one [`tree`], which is translated by one way. A firewall gives a policy for each virtual system;
//! Panorama one for each device group that has firewalls or nothing below it, with the rules of the groups above it and
//! the zones of its template stack. Order: pre-rules of Panorama from the outside in, the firewall's own, post-rules from
//! the inside out, then `intrazone-default` and `interzone-default`.
//!
//! *Applications* are recognised by what is said. Those that own their port ([`apps`]) count as that port; of others only
//! possible packets are known. *Translations* come before rules: a rule sees the destination as it came, and the zone
//! where the translated destination lies ([`crate::translate`]).
//!
//! *Not read*: application overrides, policy-based forwarding, decryption and the like; rules of shared gateways; what
//! interfaces let reach the device itself; static routes between virtual routers.

mod apps;
mod network;
mod objects;
mod rules;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod xml;

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{EvidenceKind, Format, Head, Match, Note, NoteKind};

use self::network::{Network, Zone};
use self::objects::Objects;
use self::rules::{Reader, lists};
use self::tree::{Id, Tree};
use crate::policy::{Chain, Hook, Path, Policy, RulesSee};
use crate::vendors::{Parsed, Trouble, Vendor, head_lines, lines};

/// XML and its parser.
pub(crate) const XML: &Vendor = &Vendor {
    format: Format {
        id: "panos-xml",
        kind: EvidenceKind::Fwcfg,
        title: "Palo Alto PAN-OS or Panorama configuration (XML)",
        sniff: sniff_xml,
    },
    parse: parse_xml,
};

/// Commands or braces and their parser.
pub(crate) const TEXT: &Vendor = &Vendor {
    format: Format {
        id: "panos-set",
        kind: EvidenceKind::Fwcfg,
        title: "Palo Alto PAN-OS or Panorama configuration (set commands or show)",
        sniff: sniff_text,
    },
    parse: parse_text,
};

fn sniff_xml(head: &Head<'_>) -> Match {
    let text = head.text();
    let text = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    if head.is_binary() || !text.starts_with('<') {
        return Match::No;
    }
    let has = |wanted: &str| text.contains(wanted);
    let entries = has("<entry name=");
    match () {
        () if has("urldb=\"paloaltonetworks\"") => Match::Yes(100),
        () if has("<config") && has("<entry name=\"localhost.localdomain\"") => Match::Yes(95),
        () if has("<config") && has("<mgt-config>") => Match::Yes(90),
        () if entries && (has("<rulebase>") || has("<pre-rulebase>") || has("<post-rulebase>")) => Match::Yes(80),
        () if entries && has("<ip-netmask>") => {
            Match::Close("a part of a PAN-OS configuration without rules: give the whole running configuration")
        }
        () => Match::No,
    }
}

fn sniff_text(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    // Words of PAN-OS only, and words that Junos or Gaia may begin a line with.
    let mut points = 0;
    let mut after_config = false;
    for line in head_lines(head).map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().take(5).collect();
        points += match words.as_slice() {
            ["#RANCID-CONTENT-TYPE:" | "!RANCID-CONTENT-TYPE:", "paloalto"] => 20,
            ["set", "deviceconfig" | "mgt-config", ..] | ["deviceconfig" | "mgt-config", "{"] => 10,
            [
                "set",
                "rulebase" | "pre-rulebase" | "post-rulebase",
                "security" | "nat" | "default-security-rules",
                ..,
            ] => 10,
            ["set", "config", "devices" | "shared" | "mgt-config", ..] => 10,
            ["set", "vsys", _, "rulebase" | "zone" | "import" | "address" | "address-group" | "service", ..] => 10,
            ["set", "device-group" | "template" | "template-stack", _, ..] => 8,
            ["set", "shared", "address" | "service" | "pre-rulebase" | "post-rulebase" | "log-settings", ..] => 8,
            ["set", "network", "interface" | "virtual-router" | "profiles" | "ike", ..] => 6,
            ["set", "zone", _, "network", ..] | ["set", "address", _, "ip-netmask" | "ip-range" | "fqdn", ..] => 6,
            ["localhost.localdomain", "{"] => 10,
            ["devices", "{"] if after_config => 10,
            ["set", "security" | "interfaces" | "system" | "firewall" | "version" | "groups" | "hostname", ..] => -20,
            ["version", _] | ["security" | "interfaces" | "system" | "firewall", "{"]
                if !after_config && points == 0 =>
            {
                -20
            }
            _ => 0,
        };
        after_config = words == ["config", "{"];
        points = points.clamp(-1_000, 1_000);
    }
    match points {
        30.. => Match::Yes(85),
        10.. => Match::Yes(70),
        6.. => Match::Yes(60),
        _ => Match::No,
    }
}

/// Reads XML.
pub fn parse_xml(text: &str) -> Parsed {
    let mut trouble = Trouble::default();
    let (tree, truncated) = xml::read(text, &mut trouble);
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    finish(XML.format.id, &tree, &lines, truncated, trouble)
}

/// Reads `set` commands or braces.
pub fn parse_text(text: &str) -> Parsed {
    let mut trouble = Trouble::default();
    let lines: Vec<&str> = lines(text).map(|(_, line)| line).collect();
    let (tree, truncated) = if text::is_commands(&lines) {
        (text::commands(&lines, &mut trouble), false)
    } else {
        text::braces(&lines, &mut trouble)
    };
    finish(TEXT.format.id, &tree, &lines, truncated, trouble)
}

fn finish(vendor: &str, tree: &Tree, lines: &[&str], truncated: bool, mut trouble: Trouble) -> Parsed {
    let total = lines.iter().filter(|line| !line.trim().is_empty()).count() as u64;
    let layout = Layout::of(tree);
    let mut policies: Vec<Policy> =
        layout.systems().iter().map(|system| policy(tree, system, lines, &mut trouble)).collect();
    layout.not_inspected(&mut trouble);
    let coverage = trouble.coverage(total);
    for policy in &mut policies {
        vendor.clone_into(&mut policy.vendor);
        policy.coverage = coverage;
        policy.truncated = truncated;
    }
    Parsed { policies, notes: trouble.into_notes() }
}

/// Where a configuration keeps what.
struct Layout<'t> {
    tree: &'t Tree,
    /// Nodes of devices: what holds `network`, `deviceconfig`, `vsys`, `device-group`, `template`.
    devices: Vec<Id>,
    shared: Vec<Id>,
    /// What Panorama pushed to this firewall.
    pushed: Vec<Id>,
    readonly: Vec<Id>,
}

/// Nodes of one place where objects and rules are kept.
#[derive(Clone)]
struct Scope {
    /// How commands call it: `vsys vsys2`, `device-group DG1`, `shared`; nothing for the only virtual system.
    label: String,
    nodes: Vec<Id>,
}

/// A virtual system or device group.
struct System<'t> {
    name: String,
    /// From the inside out.
    scopes: Vec<Scope>,
    network: Network<'t>,
    variables: BTreeMap<String, String>,
}

/// Tables of a virtual system. Commands leave out the virtual system where there is only one.
const OF_VSYS: &[&str] = &["rulebase", "zone", "import", "address", "address-group", "service", "service-group"];

impl<'t> Layout<'t> {
    fn of(tree: &'t Tree) -> Self {
        let mut roots = vec![Tree::ROOT];
        for way in [&["config"][..], &["response", "result"], &["response", "result", "config"]] {
            roots.extend(tree.at(Tree::ROOT, way));
        }
        Self::at(tree, &roots)
    }

    /// Of roots: a whole configuration, or what a template holds.
    fn at(tree: &'t Tree, roots: &[Id]) -> Self {
        let mut devices = Vec::new();
        for root in roots {
            devices.extend(tree.child(*root, "devices").into_iter().flat_map(|devices| tree.children(devices)));
            devices.push(*root);
        }
        let of = |way: &[&str]| roots.iter().filter_map(|root| tree.at(*root, way)).collect::<Vec<_>>();
        let mut pushed = of(&["policy", "panorama"]);
        pushed.extend(of(&["panorama"]));
        let mut readonly = Vec::new();
        for node in of(&["readonly"]) {
            readonly.push(node);
            readonly.extend(tree.child(node, "devices").into_iter().flat_map(|devices| tree.children(devices)));
        }
        Self { tree, devices, shared: of(&["shared"]), pushed, readonly }
    }

    fn entries(&self, table: &str) -> Vec<Id> {
        let tables = self.devices.iter().filter_map(|device| self.tree.child(*device, table));
        tables.flat_map(|table| self.tree.children(table)).collect()
    }

    /// Virtual systems by name; the one that commands leave out is the first.
    fn vsys(&self) -> BTreeMap<String, Vec<Id>> {
        let mut all: BTreeMap<String, Vec<Id>> = BTreeMap::new();
        for id in self.entries("vsys") {
            all.entry(self.tree.name(id).to_owned()).or_default().push(id);
        }
        for device in &self.devices {
            if OF_VSYS.iter().any(|table| self.tree.child(*device, table).is_some()) {
                all.entry("vsys1".to_owned()).or_default().push(*device);
            }
        }
        all
    }

    fn host(&self) -> String {
        let way = ["deviceconfig", "system"];
        let mut host = self.devices.iter().filter_map(|device| self.tree.at(*device, &way));
        let host = host.find_map(|system| self.tree.value(system, "hostname"));
        host.unwrap_or_default().to_owned()
    }

    fn outer(&self) -> Vec<Scope> {
        let mut scopes = Vec::new();
        if !self.pushed.is_empty() {
            scopes.push(Scope { label: "panorama".into(), nodes: self.pushed.clone() });
        }
        scopes.push(Scope { label: "shared".into(), nodes: self.shared.clone() });
        scopes
    }

    fn systems(&self) -> Vec<System<'t>> {
        let groups = self.groups();
        let firewall = self.firewalls(!groups.is_empty());
        if !groups.is_empty() || !firewall.is_empty() {
            return groups.into_iter().chain(firewall).collect();
        }
        // Rules that Panorama has for all, or pushed, and no more.
        let scopes = self.outer();
        if !scopes.iter().any(|scope| has_rules(self.tree, &scope.nodes)) {
            return Vec::new();
        }
        let network =
            Network { tree: self.tree, devices: self.devices.clone(), vsys: self.devices.clone(), alone: true };
        vec![System { name: self.host(), scopes, network, variables: BTreeMap::new() }]
    }

    fn firewalls(&self, panorama: bool) -> Vec<System<'t>> {
        let tree = self.tree;
        let host = self.host();
        let all = self.vsys();
        let useful = |nodes: &[Id]| {
            has_rules(tree, nodes) || (!panorama && nodes.iter().any(|node| tree.child(*node, "zone").is_some()))
        };
        let several = all.len() > 1;
        let mut systems = Vec::new();
        for (name, nodes) in &all {
            // One without rules and zones is of use only where rules were pushed to it.
            if !useful(nodes) && (several || panorama || !has_rules(tree, &self.pushed)) {
                continue;
            }
            let label = if several { format!("vsys {name}") } else { String::new() };
            let mut scopes = vec![Scope { label, nodes: nodes.clone() }];
            scopes.extend(self.outer());
            let device = match (several, host.is_empty()) {
                (false, _) => host.clone(),
                (true, true) => name.clone(),
                (true, false) => format!("{host}/{name}"),
            };
            let network = Network { tree, devices: self.devices.clone(), vsys: nodes.clone(), alone: !several };
            systems.push(System { name: device, scopes, network, variables: BTreeMap::new() });
        }
        systems
    }

    /// Device groups that have firewalls, or nothing below them.
    fn groups(&self) -> Vec<System<'t>> {
        let tree = self.tree;
        let mut nodes: BTreeMap<String, Vec<Id>> = BTreeMap::new();
        for id in self.entries("device-group") {
            nodes.entry(tree.name(id).to_owned()).or_default().push(id);
        }
        let mut parents: BTreeMap<String, String> = BTreeMap::new();
        let noted = self.readonly.iter().filter_map(|node| tree.child(*node, "device-group"));
        let noted = noted.flat_map(|table| tree.children(table));
        for id in nodes.values().flatten().copied().chain(noted) {
            if let Some(parent) = tree.value(id, "parent-dg") {
                parents.insert(tree.name(id).to_owned(), parent.to_owned());
            }
        }
        let host = self.host();
        let mut systems = Vec::new();
        for name in nodes.keys() {
            let devices: Vec<Id> = nodes[name]
                .iter()
                .filter_map(|id| tree.child(*id, "devices"))
                .flat_map(|devices| tree.children(devices))
                .collect();
            if devices.is_empty() && parents.values().any(|parent| parent == name) {
                continue;
            }
            // From the inside out; a group that is above itself ends the way.
            let mut scopes: Vec<Scope> = Vec::new();
            let mut seen = BTreeSet::new();
            let mut next = Some(name);
            while let Some(group) = next.filter(|group| seen.insert((*group).clone())) {
                if let Some(nodes) = nodes.get(group) {
                    scopes.push(Scope { label: format!("device-group {group}"), nodes: nodes.clone() });
                }
                next = parents.get(group);
            }
            scopes.extend(self.outer());
            let device = if host.is_empty() { name.clone() } else { format!("{host}/{name}") };
            let (network, variables) = self.templates(&devices);
            systems.push(System { name: device, scopes, network, variables });
        }
        systems
    }

    /// The network that templates give to firewalls, and values of variables.
    fn templates(&self, firewalls: &[Id]) -> (Network<'t>, BTreeMap<String, String>) {
        let tree = self.tree;
        let serials: BTreeSet<&str> = firewalls.iter().map(|id| tree.name(*id)).collect();
        let systems: BTreeSet<&str> =
            firewalls.iter().flat_map(|id| tree.values(*id, "vsys")).map(|(name, _)| name).collect();
        let templates = self.entries("template");
        let mut sources: Vec<Id> = Vec::new();
        for stack in self.entries("template-stack") {
            let own = tree.values(stack, "devices");
            if !own.iter().any(|(serial, _)| serials.contains(serial)) {
                continue;
            }
            sources.push(stack);
            for (name, _) in tree.values(stack, "templates") {
                sources.extend(templates.iter().filter(|id| tree.name(**id) == name));
            }
        }
        let mut variables = BTreeMap::new();
        let (mut devices, mut vsys) = (Vec::new(), Vec::new());
        for source in sources {
            for variable in tree.child(source, "variable").into_iter().flat_map(|table| tree.children(table)) {
                let kind = tree.child(variable, "type").unwrap_or(variable);
                let value = tree.children(kind).next().and_then(|kind| tree.children(kind).next_back());
                if let Some(value) = value {
                    variables.entry(tree.name(variable).to_owned()).or_insert_with(|| tree.name(value).to_owned());
                }
            }
            let Some(config) = tree.child(source, "config") else { continue };
            let inner = Self::at(tree, &[config]);
            for (name, nodes) in inner.vsys() {
                if systems.is_empty() || systems.contains(name.as_str()) {
                    vsys.extend(nodes);
                }
            }
            devices.extend(inner.devices);
        }
        (Network { tree, devices, vsys, alone: systems.is_empty() }, variables)
    }

    /// Rules of kinds that change what others see, and that are not inspected.
    fn not_inspected(&self, trouble: &mut Trouble) {
        let tree = self.tree;
        let gateways = self.devices.iter().filter_map(|device| tree.at(*device, &["network", "shared-gateway"]));
        let gateways = gateways.flat_map(|table| tree.children(table)).map(|id| ("shared-gateway", id));
        let vsys = self.vsys().into_values().flatten();
        let places = vsys.chain(self.entries("device-group")).chain(self.shared.clone()).chain(self.pushed.clone());
        let mut found: Vec<(&str, Id)> = gateways.filter(|(_, id)| tree.child(*id, "rulebase").is_some()).collect();
        for place in places {
            for rulebase in ["pre-rulebase", "rulebase", "post-rulebase"] {
                for kind in ["application-override", "pbf"] {
                    let table = tree.at(place, &[rulebase, kind, "rules"]).filter(|table| !tree.is_leaf(*table));
                    found.extend(table.map(|table| (kind, table)));
                }
            }
        }
        for (kind, id) in found {
            let text = format!("rules of {kind} are not inspected by this version");
            let place = format!("line {}", tree.first(id));
            trouble.other(Note::new(NoteKind::NotUnderstood, "not-inspected", text).at(place));
        }
    }
}

fn has_rules(tree: &Tree, nodes: &[Id]) -> bool {
    nodes
        .iter()
        .any(|node| ["pre-rulebase", "rulebase", "post-rulebase"].iter().any(|kind| tree.child(*node, kind).is_some()))
}

/// Rules of one kind of one scope.
fn rules_of(tree: &Tree, scope: &Scope, rulebase: &str, kind: &str) -> Vec<Id> {
    let tables = scope.nodes.iter().filter_map(|node| tree.at(*node, &[rulebase, kind, "rules"]));
    tables.flat_map(|table| tree.children(table)).collect()
}

/// Lists in the order of evaluation: scope and which of its lists.
fn order(scopes: &[Scope]) -> Vec<(&Scope, &'static str)> {
    let pre = scopes.iter().rev().map(|scope| (scope, "pre-rulebase"));
    let local = scopes.iter().take(1).map(|scope| (scope, "rulebase"));
    let post = scopes.iter().map(|scope| (scope, "post-rulebase"));
    pre.chain(local).chain(post).collect()
}

fn policy(tree: &Tree, system: &System<'_>, lines: &[&str], trouble: &mut Trouble) -> Policy {
    let nodes: Vec<Id> = system.scopes.iter().flat_map(|scope| scope.nodes.iter().copied()).collect();
    let mut objects = Objects::new(tree, nodes.clone(), system.variables.clone());
    let zones = system.network.zones();
    let named = zones_named(tree, &system.scopes);
    let all: BTreeSet<String> = zones.keys().chain(&named).cloned().collect();
    let routes = system.network.routes(&zones, &objects, trouble);
    let mut interfaces = system.network.interfaces(&zones, &named, &routes, &objects, trouble);
    let mut policy = Policy { device: system.name.clone(), rules_see: RulesSee::Original, ..Policy::default() };
    let mut reader = Reader { tree, lines, objects: &mut objects, trouble, zones: &all };
    let mut layer: Vec<String> = Vec::new();
    for (scope, rulebase) in order(&system.scopes) {
        for id in rules_of(tree, scope, rulebase, "nat") {
            let nat = reader.nat(id, &interfaces);
            policy.nat.push(nat);
        }
        let rules = rules_of(tree, scope, rulebase, "security");
        if rules.is_empty() {
            continue;
        }
        let name = format!("{} {rulebase}", scope.label).trim_start().to_owned();
        let read = (1..).zip(rules).map(|(seq, id)| reader.security(id, seq)).collect();
        policy.chains.extend(lists(&name, rulebase == "rulebase", read));
        layer.push(name);
    }
    if layer.is_empty() {
        policy.chains.push(Chain {
            name: "rulebase".into(),
            rules: Vec::new(),
            default: crate::policy::DefaultAction::go_back(),
        });
        layer.push("rulebase".into());
    }
    let defaults: Vec<Id> = nodes
        .iter()
        .flat_map(|node| ["rulebase", "post-rulebase"].map(|rulebase| (*node, rulebase)))
        .filter_map(|(node, rulebase)| tree.at(node, &[rulebase, "default-security-rules", "rules"]))
        .collect();
    let last = layer.last().cloned().unwrap_or_default();
    reader.defaults(&defaults, &mut policy.chains, &last);
    policy.paths.push(Path::through(Hook::Forward, layer));
    policy.zones = members(&zones, &mut interfaces);
    policy.interfaces = interfaces;
    policy.routes = routes;
    policy
}

/// Zones with interfaces. An interface that has the name of a zone gets another one, so that a name means one of them.
fn members(
    zones: &BTreeMap<String, Zone>,
    interfaces: &mut [crate::policy::Interface],
) -> BTreeMap<String, Vec<String>> {
    let held: BTreeSet<&String> = zones.values().flat_map(|zone| &zone.members).collect();
    let full = |name: &String| zones.get(name).is_some_and(|zone| !zone.members.is_empty());
    let other = |name: &String| if full(name) { format!("{name} (interface)") } else { name.clone() };
    for interface in interfaces.iter_mut().filter(|interface| held.contains(&interface.name)) {
        interface.name = other(&interface.name);
    }
    let zones = zones.iter().filter(|(_, zone)| !zone.members.is_empty());
    zones.map(|(name, zone)| (name.clone(), zone.members.iter().map(&other).collect())).collect()
}

/// Zones that rules name.
fn zones_named(tree: &Tree, scopes: &[Scope]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (scope, rulebase) in order(scopes) {
        for kind in ["security", "nat"] {
            for id in rules_of(tree, scope, rulebase, kind) {
                for (name, _) in tree.values(id, "from").into_iter().chain(tree.values(id, "to")) {
                    if name != "any" && name != "multicast" {
                        named.insert(name.to_owned());
                    }
                }
            }
        }
    }
    named
}
