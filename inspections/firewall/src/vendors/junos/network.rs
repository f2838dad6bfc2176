//! Interfaces with their filters, and static routes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::objects::{Mask, Prefix, prefix};
use super::tree::{Id, ROOT, Tree};
use crate::net::AddrSet;
use crate::policy::{Interface, Role, Route};
use crate::vendors::Trouble;
use crate::zones;

/// Filters of one direction, for one kind of packets.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Applied {
    pub(super) names: Vec<String>,
    pub(super) line: u32,
}

/// A logical interface.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) line: u32,
    pub(super) description: String,
    pub(super) disabled: bool,
    pub(super) networks: AddrSet,
    pub(super) addresses: AddrSet,
    pub(super) inet: bool,
    pub(super) inet6: bool,
    /// By family (`inet`, `inet6`, `any`) and direction (`input`, `output`).
    pub(super) filters: BTreeMap<(&'static str, &'static str), Applied>,
}

impl Unit {
    /// The device itself, not a way through it.
    pub(super) fn is_loopback(&self) -> bool {
        self.name.starts_with("lo0.")
    }

    /// Ports for administration only: nothing passes from them to others.
    pub(super) fn is_management(&self) -> bool {
        ["fxp", "em", "me", "vme", "re0:mgmt", "re1:mgmt"].iter().any(|stem| {
            self.name
                .strip_prefix(stem)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || ".-".contains(c)))
        })
    }

    /// Whether packets pass through it.
    pub(super) fn forwards(&self) -> bool {
        !self.disabled && !self.is_loopback() && !self.is_management() && (self.inet || self.inet6)
    }
}

/// Logical interfaces of a system, sorted by name.
pub(super) fn units(tree: &Tree, system: Id, trouble: &mut Trouble) -> Vec<Unit> {
    let mut units = Vec::new();
    for interface in tree.get(system, "interfaces").into_iter().flat_map(|id| tree.kids(id)) {
        let name = tree.word(interface);
        if ["interface-range", "interface-set", "traceoptions", "stacked-interface-set"].contains(&name) {
            continue;
        }
        let down = tree.get(interface, "disable").is_some();
        for unit in tree.get(interface, "unit").into_iter().flat_map(|id| tree.kids(id)) {
            let mut read = unit_of(tree, unit, trouble);
            read.name = format!("{name}.{}", tree.word(unit));
            read.disabled |= down;
            if read.description.is_empty() {
                tree.value(interface, "description").unwrap_or_default().clone_into(&mut read.description);
            }
            units.push(read);
        }
    }
    units.sort_by(|a, b| a.name.cmp(&b.name));
    units
}

fn unit_of(tree: &Tree, id: Id, trouble: &mut Trouble) -> Unit {
    let mut unit = Unit {
        line: tree.line(id),
        disabled: tree.get(id, "disable").is_some(),
        description: tree.value(id, "description").unwrap_or_default().to_owned(),
        ..Unit::default()
    };
    if let Some(filter) = tree.get(id, "filter") {
        filters(tree, filter, "any", &mut unit, trouble);
    }
    for family in tree.get(id, "family").into_iter().flat_map(|id| tree.kids(id)) {
        let name = match tree.word(family) {
            "inet" => "inet",
            "inet6" => "inet6",
            // Switching, MPLS and the like: packets that these filters do not look into.
            _ => continue,
        };
        unit.inet |= name == "inet";
        unit.inet6 |= name == "inet6";
        if let Some(filter) = tree.get(family, "filter") {
            filters(tree, filter, name, &mut unit, trouble);
        }
        for address in tree.get(family, "address").into_iter().flat_map(|id| tree.kids(id)) {
            let word = tree.word(address);
            let Some(read) = Prefix::read(word) else {
                // A name that stands for an address elsewhere, or a removed one.
                continue;
            };
            if matches!(read.mask, Mask::Length(_))
                && let Some(network) = read.set()
            {
                unit.networks = unit.networks.union(&network);
            }
            unit.addresses = unit.addresses.union(&AddrSet::host(read.address));
            // Addresses that the device shares with another one.
            for group in ["vrrp-group", "vrrp-inet6-group"] {
                for shared in tree.get(address, group).into_iter().flat_map(|id| tree.kids(id)) {
                    for key in ["virtual-address", "virtual-inet6-address"] {
                        let own = tree.get(shared, key).into_iter().flat_map(|id| tree.kids(id));
                        let own: Vec<AddrSet> = own.filter_map(|id| prefix(tree.word(id))).collect();
                        unit.addresses = own.iter().fold(unit.addresses, |all, one| all.union(one));
                    }
                }
            }
        }
    }
    unit
}

fn filters(tree: &Tree, id: Id, family: &'static str, unit: &mut Unit, trouble: &mut Trouble) {
    for key in tree.kids(id) {
        let direction = match tree.word(key) {
            "input" | "input-list" => "input",
            "output" | "output-list" => "output",
            "group" | "dialer" | "input-chain" => continue,
            _ => {
                super::unknown(tree, key, "the filters of an interface", trouble);
                continue;
            }
        };
        let single = !tree.word(key).ends_with("-list");
        let names = match (single, tree.pick(key)) {
            (true, Some(name)) => vec![tree.word(name).to_owned()],
            _ => tree.words(key),
        };
        let applied = unit.filters.entry((family, direction)).or_default();
        applied.names.extend(names);
        applied.line = tree.line(key);
    }
}

/// Static routes of the system and of its routing instances.
pub(super) fn routes(tree: &Tree, system: Id, units: &[Unit], trouble: &mut Trouble) -> Vec<Route> {
    let instances = tree.get(system, "routing-instances").into_iter().flat_map(|id| tree.kids(id));
    let places: Vec<Id> = [system].into_iter().chain(instances).collect();
    let mut routes = Vec::new();
    for place in places {
        let Some(options) = tree.get(place, "routing-options") else { continue };
        let ribs = tree.get(options, "rib").into_iter().flat_map(|id| tree.kids(id));
        for holder in [options].into_iter().chain(ribs) {
            let Some(statics) = tree.get(holder, "static") else { continue };
            let preference = tree.find(statics, &["defaults", "preference"]);
            let usual = preference.and_then(|id| tree.pick(id)).and_then(|id| tree.word(id).parse().ok()).unwrap_or(5);
            for route in tree.get(statics, "route").into_iter().flat_map(|id| tree.kids(id)) {
                match prefix(tree.word(route)) {
                    Some(dst) => routes.extend(route_of(tree, route, &dst, usual, units)),
                    None => super::unknown(tree, route, "static routes", trouble),
                }
            }
        }
    }
    routes
}

fn route_of(tree: &Tree, id: Id, dst: &AddrSet, usual: u32, units: &[Unit]) -> Vec<Route> {
    let number = |id: Id, key: &str| tree.value(id, key).and_then(|text| text.parse::<u32>().ok());
    let distance = number(id, "preference").unwrap_or(usual);
    let new = |distance| Route {
        dst: dst.clone(),
        next_hop: None,
        interface: String::new(),
        discard: false,
        distance,
        line: tree.line(id),
    };
    if ["discard", "reject", "receive"].iter().any(|word| tree.get(id, word).is_some()) {
        return vec![Route { discard: true, ..new(distance) }];
    }
    let mut routes = Vec::new();
    for key in ["next-hop", "qualified-next-hop"] {
        for hop in tree.get(id, key).into_iter().flat_map(|id| tree.kids(id)) {
            let mut route = new(number(hop, "preference").unwrap_or(distance));
            match tree.word(hop).parse::<IpAddr>() {
                Ok(address) => {
                    let holds = |unit: &&Unit| unit.networks.overlaps(&AddrSet::host(address));
                    route.next_hop = Some(address);
                    route.interface = units.iter().find(holds).map(|unit| unit.name.clone()).unwrap_or_default();
                }
                Err(_) => tree.word(hop).clone_into(&mut route.interface),
            }
            if let Some(interface) = tree.value(hop, "interface") {
                interface.clone_into(&mut route.interface);
            }
            routes.push(route);
        }
    }
    routes
}

/// Interfaces with their roles. Evidence in this order: a port or zone for administration, the name of its zone, the
/// default route, its description, a public address; a private address counts as internal only where another interface
/// is external.
pub(super) fn interfaces(
    units: &[Unit],
    zones_of: &BTreeMap<String, Vec<String>>,
    management: &BTreeSet<String>,
    routes: &[Route],
    named: &BTreeSet<String>,
) -> Vec<Interface> {
    let private = zones::private();
    let mut all: BTreeMap<String, Interface> = BTreeMap::new();
    for unit in units {
        let mut interface = Interface {
            name: unit.name.clone(),
            networks: unit.networks.clone(),
            addresses: unit.addresses.clone(),
            line: unit.line,
            ..Interface::default()
        };
        if management.contains(&unit.name) {
            (interface.role, interface.role_why) = (Role::Mgmt, "it is in the functional zone management".into());
        } else if unit.is_management() {
            (interface.role, interface.role_why) = (Role::Mgmt, "it is a port for administration".into());
        }
        all.insert(unit.name.clone(), interface);
    }
    for name in named.iter().filter(|name| !zones_of.contains_key(*name)).chain(zones_of.values().flatten()) {
        all.entry(name.clone()).or_insert_with(|| Interface { name: name.clone(), ..Interface::default() });
    }
    for (name, interface) in all.iter_mut().filter(|(_, interface)| interface.role == Role::Unknown) {
        let zone = zones_of.iter().find(|(_, members)| members.contains(name)).map(|(zone, _)| zone);
        if let Some((zone, (role, why))) = zone.and_then(|zone| Some((zone, zones::role_by_name(zone)?))) {
            (interface.role, interface.role_why) = (role, format!("of its zone {zone} {why}"));
        } else if let Some((role, why)) = zones::role_by_name(name).filter(|_| interface.line == 0) {
            (interface.role, interface.role_why) = (role, why);
        }
    }
    for route in routes.iter().filter(|route| !route.discard) {
        let Some(interface) = all.get_mut(&route.interface) else { continue };
        if !route.dst.is_any() {
            interface.networks = interface.networks.union(&route.dst);
        } else if interface.role == Role::Unknown {
            interface.role = Role::External;
            interface.role_why = format!("the default route leads here (line {})", route.line);
        }
    }
    for unit in units {
        let Some(interface) = all.get_mut(&unit.name).filter(|interface| interface.role == Role::Unknown) else {
            continue;
        };
        if let Some((role, why)) = zones::role_by_name(&unit.description) {
            (interface.role, interface.role_why) = (role, why);
        } else if !interface.networks.is_empty() && !private.overlaps(&interface.networks) && !unit.is_loopback() {
            (interface.role, interface.role_why) = (Role::External, "its address is public".into());
        }
    }
    if all.values().any(|interface| interface.role == Role::External) {
        for interface in all.values_mut().filter(|interface| interface.role == Role::Unknown) {
            if !interface.networks.is_empty() && private.covers(&interface.networks) {
                interface.role = Role::Internal;
                interface.role_why = "its address is private and another interface is external".into();
            }
        }
    }
    for interface in all.values_mut().filter(|interface| interface.role_why.is_empty()) {
        interface.role_why = "neither zone, route, name nor address tell".into();
    }
    all.into_values().collect()
}

/// The host name of a system, and of the device above it.
pub(super) fn host_name(tree: &Tree, system: Id) -> String {
    let own = |id: Id| tree.get(id, "system").and_then(|system| tree.value(system, "host-name"));
    own(system).or_else(|| own(ROOT)).unwrap_or_default().to_owned()
}
