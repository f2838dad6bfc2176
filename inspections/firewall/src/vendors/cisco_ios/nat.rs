//! `ip nat inside|outside source|destination …` of IOS and NX-OS, and the translations that EOS states at interfaces.

use std::net::IpAddr;

use super::config::{Config, IfConfig, Line, NatSide, clip};
use super::lists::Words;
use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Service, proto};
use crate::policy::{Action, Addrs, Chain, Names, Nat, Services, Unknown};
use crate::vendors::excerpt;

/// What translations of one routing table refer to.
pub(super) struct Table<'a> {
    pub(super) vrf: &'a str,
    pub(super) interfaces: &'a [&'a IfConfig],
    pub(super) chains: &'a [Chain],
}

/// Translations of one routing table, static ones first, as the device tries them.
pub(super) fn of_table(table: &Table<'_>, config: &mut Config) -> Vec<Nat> {
    let mut translations = Vec::new();
    for line in &config.nat.clone() {
        let vrf = line.words.iter().position(|word| word == "vrf").and_then(|at| line.words.get(at + 1));
        if vrf.map_or("", String::as_str) == table.vrf {
            translations.extend(table.command(line, config));
        }
    }
    for interface in table.interfaces {
        for line in &interface.nat_lines {
            translations.push(table.at_interface(interface, line, config));
        }
    }
    let (mut fixed, others): (Vec<_>, Vec<_>) = translations.into_iter().partition(|(_, fixed)| *fixed);
    fixed.extend(others);
    fixed.into_iter().map(|(nat, _)| nat).collect()
}

impl Table<'_> {
    fn side(&self, side: NatSide) -> Names {
        let names = self.interfaces.iter().filter(|interface| interface.nat == Some(side));
        Names::of(names.map(|interface| interface.name.clone()).collect())
    }

    /// One command, and whether it is a static one.
    fn command(&self, line: &Line, config: &mut Config) -> Option<(Nat, bool)> {
        let mut nat = stated(line);
        let mut words = Words::of(&line.words, line.number);
        words.next();
        words.next();
        let inside = words.next()? == "inside";
        let (from, to) = if inside { (NatSide::Inside, NatSide::Outside) } else { (NatSide::Outside, NatSide::Inside) };
        (nat.in_ifs, nat.out_ifs) = (self.side(from), self.side(to));
        let destination = words.next()? == "destination";
        let kind = words.next()?;
        let done = match kind {
            "static" => self.fixed(&mut words, &mut nat),
            "list" | "route-map" => {
                self.selected(kind, &mut words, &mut nat, destination, config);
                self.target(&mut words, &mut nat, destination, config)
            }
            _ => None,
        };
        if destination {
            // Servers behind one address: packets come in from the other side.
            std::mem::swap(&mut nat.in_ifs, &mut nat.out_ifs);
        }
        options(&mut words, &mut nat);
        Some((checked(done, nat, line, config), kind == "static"))
    }

    /// `10.0.0.5 192.0.2.5`, `tcp 10.0.0.5 80 192.0.2.5 8080`, `tcp 10.0.0.5 80 interface Gi0/0 80`, `network A B mask`.
    fn fixed(&self, words: &mut Words<'_>, nat: &mut Nat) -> Option<()> {
        let protocol = match words.peek()? {
            "tcp" => Some(proto::TCP),
            "udp" => Some(proto::UDP),
            "esp" => Some(proto::ESP),
            _ => None,
        };
        if protocol.is_some() {
            words.next();
        }
        let network = words.eat(&["network"]);
        let local: IpAddr = words.next()?.parse().ok()?;
        let ported = protocol.filter(|number| *number != proto::ESP);
        let local_port = if ported.is_some() { Some(super::lists::port(words.next()?)?) } else { None };
        let global = match words.peek()? {
            "interface" => self.interface_address(words),
            address => {
                let address = address.parse().ok()?;
                words.next();
                Addrs::exactly(AddrSet::host(address))
            }
        };
        let global_port = if ported.is_some() { words.next().and_then(super::lists::port) } else { None };
        if network {
            let mask = words.next()?;
            let whole = |address: IpAddr| -> Option<AddrSet> {
                match (mask.strip_prefix('/'), address) {
                    (Some(length), address) => AddrSet::prefix(address, length.parse().ok()?),
                    (None, IpAddr::V4(address)) => AddrSet::masked_v4(address, mask.parse().ok()?),
                    _ => None,
                }
            };
            let first = std::net::Ipv4Addr::from(global.lower.v4.first()?);
            nat.src = Addrs::exactly(whole(local)?);
            nat.to_src = Some(Addrs::exactly(whole(first.into())?));
            nat.both_ways = true;
            return Some(());
        }
        let local = Addrs::exactly(AddrSet::host(local));
        match (ported, local_port, global_port) {
            (Some(number), Some(local_port), Some(global_port)) => {
                // A single port is published: seen from the other side.
                std::mem::swap(&mut nat.in_ifs, &mut nat.out_ifs);
                nat.dst = global;
                nat.services = Services::exactly(vec![Service::to(number, Intervals::one(global_port))]);
                nat.to_dst = Some(local);
                nat.to_port = Some(Ports(Intervals::one(local_port)));
            }
            _ => {
                nat.src = local;
                nat.to_src = Some(global);
                if let Some(number) = protocol {
                    nat.services = Services::exactly(vec![Service::proto(number)]);
                }
            }
        }
        nat.both_ways = true;
        Some(())
    }

    fn interface_address(&self, words: &mut Words<'_>) -> Addrs {
        words.next();
        let mut name = words.next().unwrap_or_default().to_owned();
        if name.chars().all(|c| c.is_ascii_alphabetic())
            && let Some(place) = words.peek().filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            && place.contains('/')
        {
            name.push_str(place);
            words.next();
        }
        let own = self.interfaces.iter().find(|interface| interface.name == name);
        let address = own.and_then(|own| own.addresses.iter().find(|(address, _)| address.is_ipv4()));
        match address {
            Some((address, _)) => Addrs::exactly(AddrSet::host(*address)),
            None => Addrs::unknown(format!("address of {name}"), AddrSet::full_v4()),
        }
    }

    /// What a list or a route map selects.
    fn selected(&self, kind: &str, words: &mut Words<'_>, nat: &mut Nat, destination: bool, config: &mut Config) {
        let name = words.next().unwrap_or_default();
        let line = words.line;
        let lists: Vec<String> = if kind == "list" {
            vec![name.to_owned()]
        } else {
            nat.unknown.push(Unknown { text: format!("route-map {name}"), line });
            let matches = config.route_maps.get(name).into_iter().flatten();
            let matches = matches.filter(|line| line.words().starts_with(&["match", "ip", "address"]));
            matches.flat_map(|line| line.words[3..].iter().cloned()).collect()
        };
        let mut sources = Addrs::none();
        let mut narrow = false;
        for list in &lists {
            let Some(chain) = self.chains.iter().find(|chain| chain.name == *list) else {
                config.trouble.line(line, "undefined", format!("list `{}` is not defined", clip(list)));
                sources.add(&Addrs::unknown(format!("undefined {list}"), AddrSet::full_v4()));
                continue;
            };
            let (set, exact) = permitted_sources(chain);
            sources.add(&set);
            narrow |= !exact;
        }
        if lists.is_empty() {
            sources = Addrs::unknown(name, AddrSet::full_v4());
        } else if narrow {
            nat.unknown.push(Unknown { text: format!("{kind} {name}"), line });
        }
        sources.names = lists;
        if destination {
            nat.dst = sources;
        } else {
            nat.src = sources;
        }
    }

    /// `pool P`, `interface I`
    fn target(&self, words: &mut Words<'_>, nat: &mut Nat, destination: bool, config: &mut Config) -> Option<()> {
        let target = match words.peek()? {
            "interface" => self.interface_address(words),
            "pool" => {
                words.next();
                pool(words.next()?, words.line, config)
            }
            _ => return None,
        };
        if destination {
            nat.to_dst = Some(target);
        } else {
            nat.to_src = Some(target);
        }
        Some(())
    }

    /// `ip nat source static A B`, `ip nat destination static A [port] B [port]`,
    /// `ip nat source dynamic access-list L pool P|overload` of EOS.
    fn at_interface(&self, interface: &IfConfig, line: &Line, config: &mut Config) -> (Nat, bool) {
        let mut nat = stated(line);
        nat.id = format!("{} {}", interface.name, nat.id);
        let here = Names::of(vec![interface.name.clone()]);
        let words = line.words();
        let done = match words.as_slice() {
            ["ip", "nat", "source", "static", local, global, ..] => {
                nat.out_ifs = here;
                local.parse().ok().zip(global.parse().ok()).map(|(local, global)| {
                    nat.src = Addrs::exactly(AddrSet::host(local));
                    nat.to_src = Some(Addrs::exactly(AddrSet::host(global)));
                    nat.both_ways = true;
                })
            }
            ["ip", "nat", "destination", "static", global, rest @ ..] => {
                nat.in_ifs = here;
                let (port, rest) = match rest {
                    [port, rest @ ..] if port.parse::<u16>().is_ok() => (port.parse::<u16>().ok(), rest),
                    rest => (None, rest),
                };
                let local = rest.first().and_then(|local| local.parse::<IpAddr>().ok());
                global.parse().ok().zip(local).map(|(global, local)| {
                    nat.dst = Addrs::exactly(AddrSet::host(global));
                    nat.to_dst = Some(Addrs::exactly(AddrSet::host(local)));
                    if let Some(port) = port {
                        let ports = Intervals::one(port);
                        nat.services = Services::exactly(
                            [proto::TCP, proto::UDP].map(|number| Service::to(number, ports.clone())).to_vec(),
                        );
                        nat.to_port =
                            rest.get(1).and_then(|port| port.parse().ok()).map(|port| Ports(Intervals::one(port)));
                    }
                })
            }
            ["ip", "nat", "source", "dynamic", "access-list", list, how, rest @ ..] => {
                nat.out_ifs = here;
                let chain = self.chains.iter().find(|chain| chain.name == **list);
                let (set, exact) = chain.map_or_else(
                    || (Addrs::unknown(format!("undefined {list}"), AddrSet::full_v4()), true),
                    permitted_sources,
                );
                nat.src = set;
                if !exact {
                    nat.unknown.push(Unknown { text: format!("list {list}"), line: line.number });
                }
                nat.to_src = match (*how, rest.first()) {
                    ("overload", _) => {
                        Some(Addrs::unknown(format!("address of {}", interface.name), AddrSet::full_v4()))
                    }
                    ("pool", Some(name)) => Some(pool(name, line.number, config)),
                    _ => None,
                };
                nat.to_src.is_some().then_some(())
            }
            _ => None,
        };
        (checked(done, nat, line, config), words.contains(&"static"))
    }
}

fn stated(line: &Line) -> Nat {
    Nat { id: line.words.join(" "), text: excerpt([line.text.as_str()]), ..Nat::new(line.number) }
}

/// What could not be read of a translation makes it uncertain.
fn checked(done: Option<()>, mut nat: Nat, line: &Line, config: &mut Config) -> Nat {
    if done.is_none() {
        config.trouble.line(line.number, "bad-value", format!("`{}` is no translation", clip(&line.text)));
        nat.unknown.push(Unknown { text: clip(&line.text), line: line.number });
    }
    nat
}

fn options(words: &mut Words<'_>, nat: &mut Nat) {
    while let Some(word) = words.next() {
        if word == "route-map" {
            let name = words.next().unwrap_or_default();
            nat.unknown.push(Unknown { text: format!("route-map {name}"), line: words.line });
        }
    }
}

/// `ip nat pool P 192.0.2.10 192.0.2.20 prefix-length 24`
fn pool(name: &str, line: u32, config: &mut Config) -> Addrs {
    let Some(lines) = config.pools.get(name) else {
        config.trouble.line(line, "undefined", format!("pool `{}` is not defined", clip(name)));
        return Addrs::unknown(format!("undefined {name}"), AddrSet::full_v4());
    };
    let mut all = Addrs::none();
    for line in lines.clone() {
        let range = match line.words.as_slice() {
            [_, _, _, _, low, high, ..] => low.parse().ok().zip(high.parse().ok()),
            _ => None,
        };
        let set = range.map(|(low, high)| AddrSet::range(low, high)).filter(|set| !set.is_empty());
        match set {
            Some(set) => all.add(&Addrs::exactly(set)),
            None => {
                config.trouble.line(line.number, "bad-value", format!("pool `{}` is no range", clip(name)));
                all.add(&Addrs::unknown(format!("pool {name}"), AddrSet::full_v4()));
            }
        }
    }
    all.names = vec![name.to_owned()];
    all
}

/// Sources that a list permits, and whether it asks for nothing else.
fn permitted_sources(chain: &Chain) -> (Addrs, bool) {
    let (mut sources, mut denied, mut exact) = (Addrs::none(), AddrSet::empty(), true);
    for rule in &chain.rules {
        let plain = rule.dst.lower.is_any() && rule.services.is_any() && rule.unknown.is_empty();
        if rule.action == Action::Permit {
            let mut left = rule.src.clone();
            left.lower = left.lower.minus(&denied);
            left.upper = left.upper.minus(&denied);
            sources.add(&left);
            exact &= plain;
        } else if plain && rule.src.lower == rule.src.upper {
            denied = denied.union(&rule.src.lower);
        } else {
            exact = false;
        }
    }
    (sources, exact)
}
