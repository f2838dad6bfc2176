//! Which way a rule lets packets go: from the outside in, from the inside out, or from inside to inside.
//!
//! | who sends | who receives | direction |
//! |---|---|---|
//! | external | internal, DMZ, management, the device itself | `inbound` |
//! | internal, DMZ, management, the device itself | external | `outbound` |
//! | internal, DMZ, management | internal, DMZ, management, the device itself | `internal` |
//!
//! *By zone.* Where a rule names interfaces or zones whose [`Role`] is known, the roles decide, whatever the addresses:
//! a private address behind the external interface is still the other side.
//!
//! *By address.* Where a rule names no interface, or one of unknown role, addresses decide: RFC 1918 and the like and
//! the networks known behind inside interfaces are inside, all else is outside. A rule for any interface and any
//! address goes every way.
//!
//! *Traffic from an external interface* with no way out named is inbound even to a public destination: such addresses
//! are published servers. Without any interface, any source to a narrow public destination is read as inbound, and a
//! narrow public source to any destination as outbound: a firewall stands in front of the servers it names.
//!
//! *The same interface.* Where a rule leaves one of the ways open, packets do not go back where they came from.
//!
//! *Neither.* An interface of unknown role with any address on both sides has no direction that could be told; the
//! finding then says `unknown` and has no aspect. The loopback interface has no side at all.

use std::collections::BTreeMap;

use crate::flat::{Cube, Universe};
use crate::interval::Intervals;
use crate::net::AddrSet;
use crate::policy::{Hook, Policy, Role};
use crate::zones;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the outside in.
    Inbound,
    /// From the inside out.
    Outbound,
    /// From inside to inside.
    Internal,
    /// It cannot be told.
    Unknown,
}

impl Direction {
    /// The directions that items ask for.
    pub const ASPECTS: [Self; 3] = [Self::Inbound, Self::Outbound, Self::Internal];

    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
            Self::Unknown => "unknown",
        }
    }
}

/// The part of some boxes that goes one way.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// Boxes.
    pub cubes: Vec<Cube>,
    /// Roles of interfaces said so for at least one of them; else addresses did.
    pub by_zones: bool,
}

/// Tells directions for one policy.
#[derive(Debug)]
pub struct Compass {
    all: Intervals<u16>,
    external: Intervals<u16>,
    inside: Intervals<u16>,
    unknown: Intervals<u16>,
    /// Addresses of the outside.
    pub outside_addrs: AddrSet,
    /// Addresses of the inside.
    pub inside_addrs: AddrSet,
}

/// Interfaces and addresses of one side.
#[derive(Clone)]
struct Part {
    ifs: Intervals<u16>,
    addrs: AddrSet,
}

#[derive(Default)]
struct Side {
    external: Option<Part>,
    inside: Option<Part>,
    /// One of the two, and nothing tells which.
    either: Option<Part>,
    by_zones: bool,
}

impl Compass {
    /// For a policy and its interface numbers.
    pub fn of(policy: &Policy, universe: &Universe) -> Self {
        let (mut external, mut inside) = (Vec::new(), Vec::new());
        let (mut external_nets, mut inside_nets) = (AddrSet::empty(), zones::private());
        let mut loopback = Vec::new();
        for interface in &policy.interfaces {
            let number = universe.number(&interface.name);
            if number == 0 {
                continue;
            }
            match interface.role {
                _ if matches!(interface.name.as_str(), "lo" | "lo0") => loopback.push((number, number)),
                Role::External => {
                    external.push((number, number));
                    external_nets = external_nets.union(&interface.networks);
                }
                role if role.is_inside() => {
                    inside.push((number, number));
                    inside_nets = inside_nets.union(&interface.networks);
                }
                _ => {}
            }
        }
        let (external, inside, loopback) = (Intervals::of(external), Intervals::of(inside), Intervals::of(loopback));
        let inside_addrs = inside_nets.minus(&external_nets);
        // A file that defines its interfaces has no others.
        let defined = policy.interfaces.iter().any(|interface| interface.line > 0);
        let unnamed = if defined { Intervals::one(0) } else { Intervals::empty() };
        Self {
            unknown: universe.all.minus(&external).minus(&inside).minus(&loopback).minus(&unnamed),
            all: universe.all.clone(),
            external,
            inside,
            outside_addrs: AddrSet::full().minus(&inside_addrs).minus(&zones::special()),
            inside_addrs,
        }
    }

    /// The ways that these boxes go.
    pub fn directions(&self, hook: Hook, cubes: &[Cube]) -> BTreeMap<Direction, Sight> {
        let mut sights: BTreeMap<Direction, Sight> = BTreeMap::new();
        for cube in cubes {
            for (direction, part, by_zones) in self.of_cube(hook, cube) {
                let sight = sights.entry(direction).or_default();
                sight.cubes.push(part);
                sight.by_zones |= by_zones;
            }
        }
        sights
    }

    fn of_cube(&self, hook: Hook, cube: &Cube) -> Vec<(Direction, Cube, bool)> {
        let device = |ifs: &Intervals<u16>, addrs: &AddrSet| Side {
            inside: Some(Part { ifs: ifs.clone(), addrs: addrs.clone() }),
            by_zones: true,
            ..Side::default()
        };
        let from =
            if hook == Hook::Output { device(&cube.in_ifs, &cube.src) } else { self.side(&cube.in_ifs, &cube.src) };
        let mut to =
            if hook == Hook::Input { device(&cube.out_ifs, &cube.dst) } else { self.side(&cube.out_ifs, &cube.dst) };
        let any_way_in = self.is_any(&cube.in_ifs);
        let any_way_out = self.is_any(&cube.out_ifs);
        if hook == Hook::Forward && any_way_out && !any_way_in && from.external.is_some() && from.inside.is_none() {
            to = device(&cube.out_ifs, &cube.dst);
        }
        let join = |direction, from: &Part, to: &Part, by_zones| {
            let cube = Cube {
                in_ifs: from.ifs.clone(),
                out_ifs: to.ifs.clone(),
                src: from.addrs.clone(),
                dst: to.addrs.clone(),
                service: cube.service.clone(),
            };
            (direction, cube, by_zones)
        };
        let whole = |direction| vec![(direction, cube.clone(), false)];
        match (&from.either, &to.either) {
            (Some(_), Some(_)) => return whole(Direction::Unknown),
            (Some(part), None) => {
                return match (&to.external, &to.inside) {
                    (None, Some(to)) => vec![join(Direction::Inbound, part, to, false)],
                    (Some(to), None) => vec![join(Direction::Outbound, part, to, false)],
                    (Some(_), Some(_)) => whole(Direction::Unknown),
                    (None, None) => Vec::new(),
                };
            }
            (None, Some(part)) => {
                return match (&from.external, &from.inside) {
                    (Some(from), None) => vec![join(Direction::Inbound, from, part, false)],
                    (None, Some(from)) => vec![join(Direction::Outbound, from, part, false)],
                    (Some(_), Some(_)) => whole(Direction::Unknown),
                    (None, None) => Vec::new(),
                };
            }
            (None, None) => {}
        }
        let by_zones = from.by_zones && to.by_zones;
        if hook == Hook::Forward && any_way_in && any_way_out {
            let wide = |side: &Side| side.external.as_ref().is_some_and(|part| is_wide(&part.addrs));
            match (&from.external, &to.external) {
                (Some(source), Some(target)) if to.inside.is_none() && !wide(&to) => {
                    let direction = if wide(&from) { Direction::Inbound } else { Direction::Unknown };
                    return vec![join(direction, source, target, false)];
                }
                (Some(source), Some(target)) if from.inside.is_none() && !wide(&from) => {
                    return vec![join(Direction::Outbound, source, target, false)];
                }
                _ => {}
            }
        }
        // Packets do not leave by the interface that they came in by, unless a rule says so.
        let (mut inside_from, mut inside_to) = (from.inside.clone(), to.inside.clone());
        if let (Hook::Forward, Some(sender), Some(receiver)) = (hook, &mut inside_from, &mut inside_to) {
            if any_way_out && is_single(&sender.ifs) {
                receiver.ifs = receiver.ifs.minus(&sender.ifs);
            } else if any_way_in && is_single(&receiver.ifs) {
                sender.ifs = sender.ifs.minus(&receiver.ifs);
            }
            if sender.ifs.is_empty() || receiver.ifs.is_empty() {
                inside_from = None;
            }
        }
        let pairs = [
            (Direction::Inbound, &from.external, &to.inside),
            (Direction::Outbound, &from.inside, &to.external),
            (Direction::Internal, &inside_from, &inside_to),
        ];
        pairs
            .into_iter()
            .filter_map(|(direction, from, to)| Some(join(direction, from.as_ref()?, to.as_ref()?, by_zones)))
            .collect()
    }

    fn is_any(&self, ifs: &Intervals<u16>) -> bool {
        ifs.covers(&self.all)
    }

    fn side(&self, ifs: &Intervals<u16>, addrs: &AddrSet) -> Side {
        let part =
            |ifs: Intervals<u16>, addrs: AddrSet| (!ifs.is_empty() && !addrs.is_empty()).then_some(Part { ifs, addrs });
        let (outside, inside) = (addrs.intersect(&self.outside_addrs), addrs.intersect(&self.inside_addrs));
        if self.is_any(ifs) {
            return Side {
                external: part(self.external.union(&self.unknown), outside),
                inside: part(self.inside.union(&self.unknown), inside),
                ..Side::default()
            };
        }
        let unknown = ifs.intersect(&self.unknown);
        let mut side = Side {
            external: part(ifs.intersect(&self.external), addrs.clone()),
            inside: part(ifs.intersect(&self.inside), addrs.clone()),
            either: None,
            by_zones: unknown.is_empty(),
        };
        if unknown.is_empty() {
            return side;
        }
        if side.external.is_none() && side.inside.is_none() {
            match (outside.is_empty(), inside.is_empty()) {
                (false, false) => side.either = part(unknown, addrs.clone()),
                (false, true) => side.external = part(unknown, outside),
                (true, false) => side.inside = part(unknown, inside),
                (true, true) => {}
            }
        }
        side
    }
}

/// One interface that has a name.
fn is_single(ifs: &Intervals<u16>) -> bool {
    matches!(ifs.ranges(), [(low, high)] if low == high && *low != 0)
}

/// More of the Internet than a partner or a site has: at least 65,536 IPv4 addresses or an IPv6 /32.
pub fn is_wide(addrs: &AddrSet) -> bool {
    addrs.size_v4() >= 1 << 16 || addrs.networks_v6() >= 1 << 32
}
