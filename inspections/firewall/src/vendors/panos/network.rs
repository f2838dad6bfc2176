//! Interfaces, zones and static routes of a virtual system.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::objects::{Objects, literal};
use super::tree::{Id, Tree};
use crate::net::AddrSet;
use crate::policy::{Interface, Role, Route};
use crate::vendors::Trouble;
use crate::zones;

/// Where the network of a virtual system is stated.
pub(super) struct Network<'t> {
    pub(super) tree: &'t Tree,
    /// Nodes that hold `network`: the device, or templates in the order in which the first one wins.
    pub(super) devices: Vec<Id>,
    /// Nodes that hold its `zone` and `import`.
    pub(super) vsys: Vec<Id>,
    /// Interfaces that are not imported belong to it as well: there is no other.
    pub(super) alone: bool,
}

/// What the file says of an interface.
#[derive(Clone, Debug, Default)]
struct Stated {
    line: u32,
    comment: String,
    networks: AddrSet,
    addresses: AddrSet,
}

/// A zone.
#[derive(Clone, Debug, Default)]
pub(super) struct Zone {
    pub(super) members: BTreeSet<String>,
    pub(super) line: u32,
}

/// Kinds of zones that hold interfaces; `external` holds other virtual systems.
const KINDS: &[&str] = &["layer3", "layer2", "virtual-wire", "tap"];

impl Network<'_> {
    /// Zones with their interfaces.
    pub(super) fn zones(&self) -> BTreeMap<String, Zone> {
        let tree = self.tree;
        let mut zones: BTreeMap<String, Zone> = BTreeMap::new();
        let tables = self.vsys.iter().filter_map(|vsys| tree.child(*vsys, "zone"));
        for id in tables.flat_map(|table| tree.children(table)) {
            let zone = zones
                .entry(tree.name(id).to_owned())
                .or_insert_with(|| Zone { line: tree.first(id), ..Zone::default() });
            let Some(network) = tree.child(id, "network") else { continue };
            for kind in KINDS {
                zone.members.extend(tree.values(network, kind).into_iter().map(|(name, _)| name.to_owned()));
            }
        }
        zones
    }

    fn stated(&self, objects: &Objects<'_>, trouble: &mut Trouble) -> BTreeMap<String, Stated> {
        let tree = self.tree;
        let mut found: BTreeMap<String, Stated> = BTreeMap::new();
        for device in &self.devices {
            let Some(table) = tree.at(*device, &["network", "interface"]) else { continue };
            let mut nodes: Vec<(Id, Id)> = Vec::new();
            for kind in tree.children(table) {
                if matches!(tree.name(kind), "ethernet" | "aggregate-ethernet") {
                    for id in tree.children(kind) {
                        nodes.push((id, id));
                        for mode in ["layer3", "layer2", "virtual-wire", "tap"] {
                            nodes.extend(tree.child(id, mode).map(|mode| (id, mode)));
                        }
                    }
                } else {
                    nodes.push((kind, kind));
                }
            }
            let mut here: BTreeMap<String, Stated> = BTreeMap::new();
            for (named, id) in nodes {
                self.take(named, id, objects, &mut here, trouble);
                for unit in tree.child(id, "units").into_iter().flat_map(|units| tree.children(units)) {
                    self.take(unit, unit, objects, &mut here, trouble);
                }
            }
            for (name, stated) in here {
                found.entry(name).or_insert(stated);
            }
        }
        found
    }

    fn take(
        &self,
        named: Id,
        id: Id,
        objects: &Objects<'_>,
        found: &mut BTreeMap<String, Stated>,
        trouble: &mut Trouble,
    ) {
        let tree = self.tree;
        let stated = found.entry(tree.name(named).to_owned()).or_default();
        stated.line = tree.first(named);
        if let Some(comment) = tree.value(id, "comment") {
            comment.clone_into(&mut stated.comment);
        }
        let v6 = tree.child(id, "ipv6").into_iter().flat_map(|v6| tree.values(v6, "address"));
        for (text, line) in tree.values(id, "ip").into_iter().chain(v6) {
            match objects.single(text) {
                Some((address, length)) => {
                    let network = AddrSet::prefix(address, length).unwrap_or_default();
                    stated.networks = stated.networks.union(&network);
                    stated.addresses = stated.addresses.union(&AddrSet::host(address));
                }
                None => {
                    let text: String = text.chars().take(60).collect();
                    trouble.line(line, "bad-value", format!("`{text}` is no address of an interface"));
                }
            }
        }
    }

    /// Names of the interfaces that were given to this virtual system.
    fn imported(&self) -> BTreeSet<String> {
        let tree = self.tree;
        let networks = self.vsys.iter().filter_map(|vsys| tree.at(*vsys, &["import", "network"]));
        networks.flat_map(|network| tree.values(network, "interface")).map(|(name, _)| name.to_owned()).collect()
    }

    /// Interfaces with their roles. Evidence in this order: the default route, the name of the interface or its zone or
    /// its comment, a public address; a private address counts as internal only where another interface is external.
    /// Zones without interfaces, and zones that only rules name, stand for themselves.
    pub(super) fn interfaces(
        &self,
        zones: &BTreeMap<String, Zone>,
        named: &BTreeSet<String>,
        routes: &[Route],
        objects: &Objects<'_>,
        trouble: &mut Trouble,
    ) -> Vec<Interface> {
        let stated = self.stated(objects, trouble);
        let members: BTreeSet<String> = zones.values().flat_map(|zone| zone.members.iter().cloned()).collect();
        let mut own: BTreeSet<String> = self.imported().union(&members).cloned().collect();
        if self.alone {
            own.extend(stated.keys().filter(|name| !stated[*name].networks.is_empty()).cloned());
        }
        let mut interfaces: Vec<Interface> = Vec::new();
        for name in own {
            let one = stated.get(&name).cloned().unwrap_or_default();
            let zone = zones.iter().find(|(_, zone)| zone.members.contains(&name)).map(|(zone, _)| zone.as_str());
            let (role, role_why) = role(&name, zone, &one.comment);
            let (networks, addresses, line) = (one.networks, one.addresses, one.line);
            interfaces.push(Interface { name, role, role_why, networks, addresses, line });
        }
        let empty = zones.iter().filter(|(_, zone)| zone.members.is_empty()).map(|(name, _)| name);
        let undefined = named.iter().filter(|name| !zones.contains_key(*name));
        for name in empty.chain(undefined).collect::<BTreeSet<_>>() {
            let (role, role_why) = role(name, None, "");
            let line = zones.get(name).map_or(0, |zone| zone.line);
            interfaces.push(Interface { name: name.clone(), role, role_why, line, ..Interface::default() });
        }
        for route in routes.iter().filter(|route| !route.discard) {
            let Some(at) = behind(&interfaces, route) else { continue };
            let interface = &mut interfaces[at];
            if route.dst.is_any() {
                interface.role = Role::External;
                interface.role_why = format!("the default route leads here (line {})", route.line);
            } else {
                interface.networks = interface.networks.union(&route.dst);
            }
        }
        let private = zones::private();
        for interface in interfaces.iter_mut().filter(|interface| interface.role == Role::Unknown) {
            if !interface.networks.is_empty() && !private.overlaps(&interface.networks) {
                (interface.role, interface.role_why) = (Role::External, "its address is public".into());
            }
        }
        if interfaces.iter().any(|interface| interface.role == Role::External) {
            for interface in interfaces.iter_mut().filter(|interface| interface.role == Role::Unknown) {
                if !interface.networks.is_empty() && private.covers(&interface.networks) {
                    interface.role = Role::Internal;
                    interface.role_why = "its address is private and another interface is external".into();
                }
            }
        }
        for interface in interfaces.iter_mut().filter(|interface| interface.role_why.is_empty()) {
            interface.role_why = "neither route, name, zone nor address tell".into();
        }
        interfaces.sort_by(|a, b| a.name.cmp(&b.name));
        interfaces
    }

    /// Static routes of the routers that serve this virtual system.
    pub(super) fn routes(
        &self,
        zones: &BTreeMap<String, Zone>,
        objects: &Objects<'_>,
        trouble: &mut Trouble,
    ) -> Vec<Route> {
        let tree = self.tree;
        let members: BTreeSet<&String> = zones.values().flat_map(|zone| &zone.members).collect();
        let imported = self.imported();
        let mut routes = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for device in &self.devices {
            for router in self.routers(*device) {
                let name = tree.name(router).to_owned();
                let interfaces = tree.values(router, "interface");
                let serves = self.alone
                    || interfaces
                        .iter()
                        .any(|(name, _)| imported.contains(*name) || members.contains(&(*name).to_owned()));
                if !serves || !seen.insert(name) {
                    continue;
                }
                for family in ["ip", "ipv6"] {
                    let table = tree.at(router, &["routing-table", family, "static-route"]);
                    for id in table.into_iter().flat_map(|table| tree.children(table)) {
                        routes.extend(self.route(id, objects, trouble));
                    }
                }
            }
        }
        routes
    }

    /// Virtual routers, and the routing tables of logical routers.
    fn routers(&self, device: Id) -> Vec<Id> {
        let tree = self.tree;
        let of =
            |way: &[&str]| tree.at(device, way).into_iter().flat_map(|table| tree.children(table)).collect::<Vec<_>>();
        let logical = of(&["network", "logical-router"]).into_iter().filter_map(|router| tree.child(router, "vrf"));
        let tables: Vec<Id> = logical.flat_map(|vrfs| tree.children(vrfs)).collect();
        of(&["network", "virtual-router"]).into_iter().chain(tables).collect()
    }

    fn route(&self, id: Id, objects: &Objects<'_>, trouble: &mut Trouble) -> Option<Route> {
        let tree = self.tree;
        let line = tree.first(id);
        let Some(destination) = tree.value(id, "destination") else {
            trouble.line(line, "bad-value", "a static route has no destination");
            return None;
        };
        let dst = literal(destination).or_else(|| {
            let (address, length) = objects.single(destination)?;
            AddrSet::prefix(address, length)
        });
        let Some(dst) = dst else {
            trouble.line(line, "bad-value", "the destination of a static route is no network");
            return None;
        };
        let next = tree.child(id, "nexthop");
        let hop = next.and_then(|next| tree.value(next, "ip-address").or_else(|| tree.value(next, "ipv6-address")));
        let next_hop: Option<IpAddr> = hop.and_then(|hop| objects.single(hop)).map(|(address, _)| address);
        let discard = next.is_some_and(|next| tree.child(next, "discard").is_some());
        // To another routing table of the device: where that leads is looked up there.
        let interface = tree.value(id, "interface").unwrap_or_default().to_owned();
        let distance = tree.value(id, "admin-dist").and_then(|distance| distance.parse().ok()).unwrap_or(10);
        Some(Route { dst, next_hop, interface, discard, distance, line })
    }
}

fn role(name: &str, zone: Option<&str>, comment: &str) -> (Role, String) {
    if let Some(by_zone) = zone.and_then(|zone| Some((zone, zones::role_by_name(zone)?))) {
        let (zone, (role, why)) = by_zone;
        return (role, format!("of its zone {zone} {why}"));
    }
    // The names of tunnels and VLANs say nothing; a firm's own words do.
    zones::role_by_name(name).or_else(|| zones::role_by_name(comment)).unwrap_or_default()
}

/// The interface that a route leads to.
fn behind(interfaces: &[Interface], route: &Route) -> Option<usize> {
    if !route.interface.is_empty() {
        return interfaces.iter().position(|interface| interface.name == route.interface);
    }
    let hop = AddrSet::host(route.next_hop?);
    interfaces.iter().position(|interface| interface.networks.overlaps(&hop))
}
