//! What rules refer to: interfaces, aliases, schedules; and the policy that all makes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use secdiag_model::{Note, NoteKind};

use super::xml::{self, Element};
use super::{nat, rules};
use crate::interval::Intervals;
use crate::net::AddrSet;
use crate::policy::{Action, Addrs, Chain, DefaultAction, Hook, Interface, Log, Path, Policy, Role, Route, Rule};
use crate::vendors::{Enter, Nesting, Parsed, Trouble, excerpt};
use crate::zones;

/// Reads a configuration.
pub(super) fn parse(text: &str, vendor: &str) -> Parsed {
    let mut trouble = Trouble::default();
    let total = text.lines().filter(|line| !line.trim().is_empty()).count() as u64;
    let Some(document) = xml::read(text) else {
        return Parsed { policies: Vec::new(), notes: trouble.into_notes() };
    };
    let root = &document.root;
    let mut config = Config::new(root, text);
    let rules = rules::read(&mut config, root, &mut trouble);
    let nat = nat::read(&mut config, root, &mut trouble);
    if rules.is_empty() && root.child("filter").is_none() && root.path(&["OPNsense", "Firewall"]).is_none() {
        return Parsed { policies: Vec::new(), notes: trouble.into_notes() };
    }
    let off = root.child("system").is_some_and(|system| system.is_on("disablefilter"));
    if off {
        let text = "the packet filter is switched off as a whole (System, Advanced): no rule takes effect";
        trouble.other(Note::new(NoteKind::Assumed, "filter-disabled", text));
    }
    let (inward, outward) = rules::lists(&mut config, root, rules, &nat);
    let mut policy = Policy {
        device: root.child("system").map(|system| system.text("hostname")).unwrap_or_default().to_owned(),
        vendor: vendor.to_owned(),
        zones: config.groups.clone(),
        routes: routes(&config, root),
        coverage: trouble.coverage(total),
        truncated: document.truncated,
        nat: nat.into_iter().map(|found| found.nat).collect(),
        ..Policy::default()
    };
    policy.interfaces = config.interfaces;
    add_routes(&mut policy);
    let logged = if rules::logs_default_block(root) { Log::Yes } else { Log::No };
    policy.chains = vec![Chain { name: "in".into(), rules: inward, default: DefaultAction::implicit_deny(logged) }];
    policy.paths = vec![Path::through(Hook::Forward, vec!["in".into()]), Path::through(Hook::Input, vec!["in".into()])];
    if !outward.is_empty() {
        let passes = DefaultAction { action: Action::Permit, ..DefaultAction::go_back() };
        policy.chains.push(Chain { name: "out".into(), rules: outward, default: passes });
        policy.paths[0].layers.push(vec!["out".into()]);
        policy.paths.push(Path::through(Hook::Output, vec!["out".into()]));
    }
    if off {
        for chain in &mut policy.chains {
            chain.default.action = Action::Permit;
            chain.rules.iter_mut().for_each(|rule| rule.enabled = false);
        }
    }
    for chain in &mut policy.chains {
        for (seq, rule) in (1..).zip(&mut chain.rules) {
            rule.seq = seq;
        }
    }
    Parsed { policies: vec![policy], notes: trouble.into_notes() }
}

/// Networks that static routes send behind an interface lie behind it.
fn add_routes(policy: &mut Policy) {
    for route in policy.routes.iter().filter(|route| !route.dst.is_any()) {
        if let Some(interface) = policy.interfaces.iter_mut().find(|interface| interface.name == route.interface) {
            interface.networks = interface.networks.union(&route.dst);
        }
    }
}

/// An alias as written.
#[derive(Clone, Debug, Default)]
struct Alias {
    kind: String,
    entries: Vec<String>,
}

/// What rules refer to.
pub(super) struct Config<'t> {
    pub(super) lines: Vec<&'t str>,
    pub(super) interfaces: Vec<Interface>,
    /// Interfaces whose address comes from elsewhere, per family: their networks are not known.
    dynamic: BTreeSet<(String, bool)>,
    pub(super) groups: BTreeMap<String, Vec<String>>,
    aliases: BTreeMap<String, Alias>,
    addresses: BTreeMap<String, Addrs>,
    pub(super) schedules: BTreeSet<String>,
    nesting: Nesting,
}

impl<'t> Config<'t> {
    fn new(root: &Element, text: &'t str) -> Self {
        let mut config = Self {
            lines: text.split('\n').collect(),
            interfaces: Vec::new(),
            dynamic: BTreeSet::new(),
            groups: BTreeMap::new(),
            aliases: BTreeMap::new(),
            addresses: BTreeMap::new(),
            schedules: BTreeSet::new(),
            nesting: Nesting::default(),
        };
        for interface in root.child("interfaces").into_iter().flat_map(|list| &list.children) {
            config.interface(interface, root);
        }
        for entry in root.child("ifgroups").into_iter().flat_map(|list| list.all("ifgroupentry")) {
            let members = entry.text("members").split([' ', ',']).filter(|name| !name.is_empty());
            config.groups.insert(entry.text("ifname").to_owned(), members.map(str::to_owned).collect());
        }
        let old = root.child("aliases").into_iter().flat_map(|list| list.all("alias"));
        let new = root.path(&["OPNsense", "Firewall", "Alias", "aliases"]);
        for alias in old.chain(new.into_iter().flat_map(|list| list.all("alias"))) {
            config.alias(alias);
        }
        for schedule in root.child("schedules").into_iter().flat_map(|list| list.all("schedule")) {
            config.schedules.insert(schedule.text("name").to_owned());
        }
        config.interfaces.sort_by(|a, b| a.name.cmp(&b.name));
        config
    }

    fn interface(&mut self, element: &Element, root: &Element) {
        let name = element.name.clone();
        let mut interface = Interface { name: name.clone(), line: element.first, ..Interface::default() };
        for (address, length, v6) in [("ipaddr", "subnet", false), ("ipaddrv6", "subnetv6", true)] {
            let word = element.text(address);
            match word.parse::<IpAddr>() {
                Ok(address) => {
                    let host = if v6 { 128 } else { 32 };
                    let length = element.text(length).parse().unwrap_or(host);
                    interface.addresses = interface.addresses.union(&AddrSet::host(address));
                    if let Some(network) = AddrSet::prefix(address, length) {
                        interface.networks = interface.networks.union(&network);
                    }
                }
                Err(_) if !word.is_empty() => {
                    self.dynamic.insert((name.clone(), v6));
                }
                Err(_) => {}
            }
        }
        for vip in root.child("virtualip").into_iter().flat_map(|list| list.all("vip")) {
            if vip.text("interface") == name
                && let Ok(address) = vip.text("subnet").parse()
            {
                interface.addresses = interface.addresses.union(&AddrSet::host(address));
            }
        }
        let described = element.text("descr");
        let upstream = !element.text("gateway").is_empty() && element.text("gateway") != "none";
        let dials = matches!(element.text("ipaddr"), "pppoe" | "ppp" | "pptp" | "l2tp");
        let named = zones::role_by_name(described).or_else(|| zones::role_by_name(&name));
        (interface.role, interface.role_why) = match named {
            Some(named) => named,
            None if upstream => (Role::External, "it has a gateway of its own".to_owned()),
            None if dials => (Role::External, "it dials out".to_owned()),
            None if zones::private().covers(&interface.networks) && !interface.networks.is_empty() => {
                (Role::Internal, "its network is private".to_owned())
            }
            None => (Role::Unknown, "neither its name nor its addresses tell".to_owned()),
        };
        self.interfaces.push(interface);
    }

    fn alias(&mut self, element: &Element) {
        let words = match element.child("content") {
            Some(content) => content.content.as_str(),
            None => element.text("address"),
        };
        let entries: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let off = element.child("enabled").is_some_and(|enabled| enabled.content.trim() == "0");
        let alias = Alias { kind: element.text("type").to_owned(), entries: if off { Vec::new() } else { entries } };
        self.aliases.insert(element.text("name").to_owned(), alias);
    }

    pub(super) fn has_alias(&self, name: &str) -> bool {
        self.aliases.contains_key(name)
    }

    /// The excerpt of an element.
    pub(super) fn text(&self, element: &Element) -> String {
        let from = (element.first as usize).saturating_sub(1);
        let lines = self.lines.get(from..(element.last as usize).min(self.lines.len())).unwrap_or_default();
        excerpt(lines.iter().map(|line| line.trim()))
    }

    /// The network behind an interface, or its address.
    pub(super) fn of_interface(&self, name: &str, own: bool) -> Option<Addrs> {
        let interface = self.interfaces.iter().find(|interface| interface.name == name)?;
        let set = if own { &interface.addresses } else { &interface.networks };
        let mut found = Addrs::exactly(set.clone());
        for (v6, all) in [(false, AddrSet::full_v4()), (true, AddrSet::full_v6())] {
            if self.dynamic.contains(&(name.to_owned(), v6)) {
                let what = if own { format!("the address of {name}") } else { format!("the network of {name}") };
                found.add(&Addrs::unknown(what, all));
            }
        }
        Some(found)
    }

    /// Addresses that a rule names.
    pub(super) fn named(&mut self, word: &str) -> Addrs {
        let mut found = self.lookup(word);
        if found.names.is_empty() && word.parse::<AddrSet>().is_err() {
            found.names = vec![word.to_owned()];
        }
        found
    }

    fn lookup(&mut self, word: &str) -> Addrs {
        if let Some(known) = self.addresses.get(word) {
            return known.clone();
        }
        if let Ok(set) = word.parse() {
            return Addrs::exactly(set);
        }
        if let Some(inner) = word.strip_suffix("ip").and_then(|name| self.of_interface(name, true)) {
            return inner;
        }
        if let Some(inner) = self.of_interface(word, false) {
            return inner;
        }
        let Some(alias) = self.aliases.get(word).cloned() else {
            return Addrs::unknown(word, AddrSet::full());
        };
        match self.nesting.enter(word) {
            Enter::Go => {}
            Enter::Cycle => return Addrs::none(),
            Enter::TooMuch => return Addrs::unknown(word, AddrSet::full()),
        }
        let found = self.alias_addresses(word, &alias);
        if self.nesting.leave() {
            self.addresses.insert(word.to_owned(), found.clone());
        }
        found
    }

    fn alias_addresses(&mut self, name: &str, alias: &Alias) -> Addrs {
        if !matches!(alias.kind.as_str(), "host" | "network" | "networkgroup" | "") {
            // Tables fetched from elsewhere, countries, cards, users.
            let mut found = Addrs::unknown(name, AddrSet::full());
            found.wide = alias.kind == "geoip" || alias.kind == "asn";
            return found;
        }
        let mut found = Addrs::none();
        let mut without = Addrs::none();
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for entry in &alias.entries {
            match (entry.strip_prefix('!'), entry.parse::<AddrSet>()) {
                (Some(excluded), _) => without.add(&self.lookup(excluded)),
                (None, Ok(set)) => {
                    v4.extend_from_slice(set.v4.ranges());
                    v6.extend_from_slice(set.v6.ranges());
                }
                (None, Err(_)) => found.add(&self.lookup(entry)),
            }
        }
        found.add(&Addrs::exactly(AddrSet { v4: Intervals::of(v4), v6: Intervals::of(v6) }));
        found.lower = found.lower.minus(&without.upper);
        found.upper = found.upper.minus(&without.lower);
        found
    }

    /// Ports that a rule names: a number, a range, an alias of ports. `None` where they are not known.
    pub(super) fn ports(&mut self, word: &str) -> Option<Intervals<u16>> {
        if let Some(set) = port_range(word) {
            return Some(set);
        }
        let alias = self.aliases.get(word).cloned()?;
        if alias.kind != "port" {
            return None;
        }
        match self.nesting.enter(word) {
            Enter::Go => {}
            Enter::Cycle => return Some(Intervals::empty()),
            Enter::TooMuch => return None,
        }
        let mut ranges = Vec::new();
        let mut whole = true;
        for entry in &alias.entries {
            match self.ports(entry) {
                Some(set) => ranges.extend_from_slice(set.ranges()),
                None => whole = false,
            }
        }
        self.nesting.leave();
        whole.then(|| Intervals::of(ranges))
    }
}

/// `80`, `8000:8010`, `8000-8010`, `https`.
fn port_range(word: &str) -> Option<Intervals<u16>> {
    let one = |word: &str| word.parse().ok().or_else(|| crate::ports::number(word));
    if let Some(port) = one(word) {
        return Some(Intervals::one(port));
    }
    let (low, high) = word.split_once([':', '-'])?;
    let (low, high): (u16, u16) = (one(low)?, one(high)?);
    (low <= high).then(|| Intervals::range(low, high))
}

/// Static routes, by the interfaces of their gateways.
fn routes(config: &Config<'_>, root: &Element) -> Vec<Route> {
    let mut gateways: BTreeMap<&str, (&str, Option<IpAddr>)> = BTreeMap::new();
    let old = root.child("gateways").into_iter().flat_map(|list| list.all("gateway_item"));
    let new = root.path(&["OPNsense", "Gateways"]).into_iter().flat_map(|list| list.all("gateway_item"));
    for gateway in old.chain(new) {
        gateways.insert(gateway.text("name"), (gateway.text("interface"), gateway.text("gateway").parse().ok()));
    }
    let mut found = Vec::new();
    for route in root.child("staticroutes").into_iter().flat_map(|list| list.all("route")) {
        let Ok(dst) = route.text("network").parse::<AddrSet>() else { continue };
        if route.says_yes("disabled") || (route.is_on("disabled") && route.text("disabled").is_empty()) {
            continue;
        }
        let (interface, next_hop) = gateways.get(route.text("gateway")).copied().unwrap_or_default();
        let known = config.interfaces.iter().any(|known| known.name == interface);
        found.push(Route {
            dst,
            next_hop,
            interface: if known { interface.to_owned() } else { String::new() },
            discard: route.text("gateway").starts_with("Null"),
            distance: 1,
            line: route.first,
        });
    }
    found
}

/// Rules with the same id get numbers.
pub(super) fn number_ids(rules: &mut [Rule]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for rule in rules {
        let count = seen.entry(rule.id.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            rule.id = format!("{} #{count}", rule.id);
        }
    }
}
