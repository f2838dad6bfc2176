//! `object-group` of IOS, NX-OS and IOS-XR, `field-set` of EOS: addresses, ports, services, protocols.

use std::collections::BTreeMap;

use super::config::{Config, Line, clip};
use super::lists::{Words, narrow, ports};
use crate::interval::Intervals;
use crate::net::{AddrSet, Protos, Service, proto, proto_number};
use crate::policy::{Addrs, Services};
use crate::vendors::{Enter, Nesting};

/// What a group consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Addresses,
    Ports,
    Services,
    Protocols,
    /// Users, security groups, host names.
    Other,
}

impl Kind {
    /// Kind and name from the words behind `object-group`.
    pub(super) fn of<'w>(words: &[&'w str]) -> Option<(Self, &'w str)> {
        Some(match words {
            ["network", "ipv4" | "ipv6", name]
            | ["network" | "v6-network", name, ..]
            | ["ip" | "ipv4" | "ipv6", "address" | "prefix", name] => (Self::Addresses, name),
            ["ip", "port", name] | ["port" | "l4-port", name] => (Self::Ports, name),
            ["service" | "v6-service", name, ..] => (Self::Services, name),
            ["protocol", name] => (Self::Protocols, name),
            [
                "security" | "fqdn" | "user" | "url" | "mac" | "vlan" | "as-path" | "integer" | "udp" | "tcp",
                ..,
                name,
            ] => (Self::Other, name),
            [.., name] if words.len() <= 3 => (Self::Other, name),
            _ => return None,
        })
    }
}

/// A group as written.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) kind: Kind,
    pub(super) line: u32,
    pub(super) members: Vec<Line>,
}

/// Values of groups, each computed once.
#[derive(Debug, Default)]
pub(super) struct Groups {
    addresses: BTreeMap<String, Addrs>,
    services: BTreeMap<String, Services>,
    ports: BTreeMap<String, Option<Intervals<u16>>>,
    nesting: Nesting,
}

/// Whether a group's members can be looked at now.
enum Opened {
    Members(Vec<Line>, Kind),
    /// It is not there, or nested too deep.
    Unknown(String),
    /// It holds itself.
    Nothing,
}

impl Groups {
    /// Looks at every group, so that what is wrong in one that nothing names is noted as well.
    pub(super) fn check(&mut self, config: &mut Config) {
        let all: Vec<(String, Kind, u32)> =
            config.groups.iter().map(|(name, group)| (name.clone(), group.kind, group.line)).collect();
        for (name, kind, line) in all {
            match kind {
                Kind::Addresses => drop(self.addresses(&name, line, config)),
                Kind::Ports => drop(self.ports(&name, line, config)),
                Kind::Services | Kind::Protocols => drop(self.services(&name, line, config)),
                Kind::Other => {}
            }
        }
    }

    fn open(&mut self, name: &str, line: u32, config: &mut Config) -> Opened {
        let Some(group) = config.groups.get(name) else {
            config.trouble.line(line, "undefined", format!("group `{}` is not defined", clip(name)));
            return Opened::Unknown(format!("undefined {name}"));
        };
        match self.nesting.enter(name) {
            Enter::Go => Opened::Members(group.members.clone(), group.kind),
            Enter::Cycle => {
                config.trouble.line(group.line, "cyclic-group", format!("group `{}` holds itself", clip(name)));
                Opened::Nothing
            }
            Enter::TooMuch => {
                config.trouble.line(group.line, "too-deep", format!("group `{}` is nested too deep", clip(name)));
                Opened::Unknown(format!("group {name}"))
            }
        }
    }

    /// Addresses of a group; an empty one matches nothing.
    pub(super) fn addresses(&mut self, name: &str, line: u32, config: &mut Config) -> Addrs {
        if let Some(known) = self.addresses.get(name) {
            return known.clone();
        }
        let members = match self.open(name, line, config) {
            Opened::Members(members, Kind::Addresses) => members,
            Opened::Members(..) => {
                self.nesting.leave();
                config.trouble.line(line, "unsupported-object", format!("group `{}` has no addresses", clip(name)));
                return Addrs::unknown(format!("group {name}"), AddrSet::full());
            }
            Opened::Unknown(what) => return Addrs::unknown(what, AddrSet::full()),
            Opened::Nothing => return Addrs::none(),
        };
        let (mut sets, mut addrs) = (Vec::new(), Addrs::none());
        for member in &members {
            let words = member.words();
            let words = match words.as_slice() {
                [number, rest @ ..] if number.parse::<u32>().is_ok() && !rest.is_empty() => rest.to_vec(),
                ["network-object", rest @ ..] => rest.to_vec(),
                words => words.to_vec(),
            };
            match words.as_slice() {
                ["group-object" | "object-group", inner] => {
                    addrs.add(&self.addresses(inner, member.number, config));
                }
                ["no" | "exit" | "remark" | "ignore-routes" | "contextual", ..] => {}
                words => match member_set(words) {
                    Some(set) => sets.push(set),
                    None => {
                        let text = format!("`{}` in a group of addresses", clip(&member.text));
                        config.trouble.line(member.number, "bad-value", text);
                        addrs.add(&Addrs::unknown(clip(&member.text), AddrSet::full()));
                    }
                },
            }
        }
        addrs.add(&Addrs::exactly(union(sets)));
        if self.nesting.leave() {
            self.addresses.insert(name.to_owned(), addrs.clone());
        }
        addrs
    }

    /// Ports of a group; `None` where it may be any.
    pub(super) fn ports(&mut self, name: &str, line: u32, config: &mut Config) -> Option<Intervals<u16>> {
        if let Some(known) = self.ports.get(name) {
            return known.clone();
        }
        let members = match self.open(name, line, config) {
            Opened::Members(members, Kind::Ports) => members,
            Opened::Members(..) => {
                self.nesting.leave();
                config.trouble.line(line, "unsupported-object", format!("group `{}` has no ports", clip(name)));
                return None;
            }
            Opened::Unknown(_) => return None,
            Opened::Nothing => return Some(Intervals::empty()),
        };
        let mut all = Some(Vec::new());
        for member in &members {
            let mut words = Words::of(&member.words, member.number);
            if words.peek().is_some_and(|word| word.parse::<u32>().is_ok()) && member.words.len() > 1 {
                words.next();
            }
            let one = if words.eat(&["group-object", "object-group"]) {
                let inner = words.next().unwrap_or_default();
                self.ports(inner, member.number, config)
            } else {
                ports(&mut words).unwrap_or_else(|| {
                    let listed: Option<Vec<_>> = member.words.iter().map(|word| port_range(word)).collect();
                    listed.map(Intervals::of)
                })
            };
            match one {
                Some(ports) => {
                    if let Some(all) = &mut all {
                        all.extend_from_slice(ports.ranges());
                    }
                }
                None => {
                    let text = format!("`{}` in a group of ports", clip(&member.text));
                    config.trouble.line(member.number, "bad-value", text);
                    all = None;
                }
            }
        }
        let all = all.map(Intervals::of);
        if self.nesting.leave() {
            self.ports.insert(name.to_owned(), all.clone());
        }
        all
    }

    /// Services of a group of services or protocols.
    pub(super) fn services(&mut self, name: &str, line: u32, config: &mut Config) -> Services {
        if let Some(known) = self.services.get(name) {
            return known.clone();
        }
        let members = match self.open(name, line, config) {
            Opened::Members(members, Kind::Services | Kind::Protocols) => members,
            Opened::Members(..) => {
                self.nesting.leave();
                config.trouble.line(line, "unsupported-object", format!("group `{}` has no services", clip(name)));
                return Services::unknown(format!("group {name}"));
            }
            Opened::Unknown(what) => return Services::unknown(what),
            Opened::Nothing => return Services::default(),
        };
        let mut services = Services::default();
        for member in &members {
            let mut words = Words::of(&member.words, member.number);
            if words.eat(&["group-object", "object-group"]) {
                let inner = words.next().unwrap_or_default();
                services.add(&self.services(inner, member.number, config));
                continue;
            }
            words.eat(&["protocol-object", "service-object"]);
            match service(&mut words) {
                Some(one) if words.peek().is_none() => services.add(&Services::exactly(vec![one])),
                _ => {
                    let text = format!("`{}` in a group of services", clip(&member.text));
                    config.trouble.line(member.number, "bad-value", text);
                    services.add(&Services::unknown(clip(&member.text)));
                }
            }
        }
        if self.nesting.leave() {
            self.services.insert(name.to_owned(), services.clone());
        }
        services
    }
}

/// Many sets at once: one sort in place of as many merges.
fn union(sets: Vec<AddrSet>) -> AddrSet {
    AddrSet {
        v4: Intervals::of(sets.iter().flat_map(|set| set.v4.ranges().iter().copied())),
        v6: Intervals::of(sets.iter().flat_map(|set| set.v6.ranges().iter().copied())),
    }
}

/// `any`, `host 10.0.0.1`, `10.0.0.0 255.0.0.0`, `10.0.0.0/8`, `range 10.0.0.1 10.0.0.9`. IOS writes network masks,
/// NX-OS wildcards; which of them a mask is shows in its first bit.
fn member_set(words: &[&str]) -> Option<AddrSet> {
    match words {
        ["any"] => Some(AddrSet::full()),
        ["host", address] => address.parse().ok().map(AddrSet::host),
        ["range", low, high] | [low, "-", high] => {
            let (low, high) = (low.parse().ok()?, high.parse().ok()?);
            Some(AddrSet::range(low, high)).filter(|set| !set.is_empty())
        }
        [prefix] if prefix.contains('/') || prefix.parse::<std::net::IpAddr>().is_ok() => prefix.parse().ok(),
        [address, mask] if !address.contains('/') => {
            let (address, mask) = (address.parse().ok()?, mask.parse::<std::net::Ipv4Addr>().ok()?);
            let bits = u32::from(mask);
            let care = if bits >> 31 == 1 { bits } else { !bits };
            AddrSet::masked_v4(address, care.into())
        }
        // EOS: several prefixes on a line.
        [_, _, ..] => words.iter().map(|word| word.parse().ok()).collect::<Option<Vec<AddrSet>>>().map(union),
        _ => None,
    }
}

fn port_range(word: &str) -> Option<(u16, u16)> {
    let (low, high) = word.trim_end_matches(',').split_once('-').unwrap_or((word, word));
    Some((low.parse().ok()?, high.parse().ok()?))
}

/// `tcp eq www`, `tcp source gt 1024 eq 80`, `tcp 8080`, `icmp echo`, `ip`.
fn service(words: &mut Words<'_>) -> Option<Service> {
    let word = words.next()?;
    let mut service = match word {
        "ip" | "ipv4" | "ipv6" | "any" => Service::any(),
        "tcp-udp" => Service {
            proto: Protos(Intervals::of([(proto::TCP, proto::TCP), (proto::UDP, proto::UDP)])),
            ..Service::any()
        },
        name => Service::proto(proto_number(name)?),
    };
    if word == "icmp" {
        if let Some(kind) = words.peek() {
            let (kind, code) = super::lists::icmp_message(kind, false).or_else(|| Some((kind.parse().ok()?, None)))?;
            words.next();
            return Some(Service::icmp(proto::ICMP, kind, code));
        }
        return Some(service);
    }
    if words.eat(&["source"]) {
        let ports = ports(words)??;
        narrow(std::slice::from_mut(&mut service), &ports, true);
    }
    match words.peek() {
        None => {}
        Some(bare) if super::lists::port(bare).is_some() => {
            words.next();
            narrow(std::slice::from_mut(&mut service), &Intervals::one(super::lists::port(bare)?), false);
        }
        Some(_) => {
            let ports = ports(words)??;
            narrow(std::slice::from_mut(&mut service), &ports, false);
        }
    }
    Some(service)
}
