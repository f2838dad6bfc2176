//! Check Point Gaia: `show configuration` of a gateway (Gaia Administration Guide, "Gaia Clish"): host name, interfaces,
//! static routes. Rules are kept by the management server; a gateway's own file has none.

use std::collections::BTreeMap;
use std::net::IpAddr;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use crate::net::AddrSet;
use crate::policy::{Interface, Policy, Role, Route};
use crate::vendors::{Parsed, Trouble, Vendor, excerpt, head_lines, lines};
use crate::zones;

/// The format and its parser.
pub const VENDOR: &Vendor = &Vendor {
    format: Format {
        id: "checkpoint-gaia",
        kind: EvidenceKind::Fwcfg,
        title: "Check Point Gaia configuration (interfaces and routes)",
        sniff,
    },
    parse,
};

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let has = |wanted: &dyn Fn(&str) -> bool| head_lines(head).any(|line| wanted(line.trim()));
    let interface = |line: &str| {
        line.starts_with("set interface ")
            && (line.contains(" state o") || line.contains(" mask-length ") || line.contains(" subnet-mask "))
    };
    let gaia = |line: &str| {
        ["set installer policy ", "set clienv ", "set expert-password", "set web ssl-port", "# Language version: 1"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let route = |line: &str| line.starts_with("set static-route ") && line.contains(" nexthop ");
    let count = [has(&interface), has(&gaia), has(&route)].into_iter().filter(|yes| *yes).count();
    if count >= 2 { Match::Yes(85) } else { Match::No }
}

/// Reads a configuration.
pub fn parse(text: &str) -> Parsed {
    let mut trouble = Trouble::default();
    let mut gateway = Gateway::default();
    let mut total = 0;
    for (number, line) in lines(text).filter(|(_, line)| !line.trim().is_empty()) {
        total += 1;
        if !gateway.line(number, line) {
            trouble.line(number, "unknown-statement", format!("not a Gaia statement: {}", excerpt([line])));
        }
    }
    let mut policies = Vec::new();
    if gateway.found() {
        let mut policy = Policy { vendor: VENDOR.format.id.into(), ..Policy::default() };
        gateway.fill(&mut policy);
        policy.coverage = trouble.coverage(total);
        policies.push(policy);
    }
    Parsed { policies, notes: trouble.into_notes() }
}

/// What the lines say.
#[derive(Debug, Default)]
pub(super) struct Gateway {
    hostname: String,
    interfaces: BTreeMap<String, Port>,
    routes: Vec<Route>,
}

#[derive(Debug, Default)]
struct Port {
    line: u32,
    networks: AddrSet,
    addresses: AddrSet,
    comment: String,
}

/// First words of statements.
const VERBS: &[&str] = &["set", "add", "delete", "save", "lock", "unlock", "show", "enable", "exit"];

impl Gateway {
    pub(super) fn found(&self) -> bool {
        !self.hostname.is_empty() || !self.interfaces.is_empty()
    }

    /// Takes a line; false where it is none of a configuration's.
    pub(super) fn line(&mut self, number: u32, line: &str) -> bool {
        let line = line.trim();
        let is_prompt = line.ends_with('>') && !line.contains(' ');
        if line.is_empty() || line.starts_with('#') || is_prompt {
            return true;
        }
        // `host> set …` as a terminal's log shows it.
        let statement = match line.split_once("> ") {
            Some((prompt, rest)) if !prompt.contains(' ') => rest,
            _ => line,
        };
        let words: Vec<&str> = statement.split_whitespace().collect();
        match words.as_slice() {
            ["set", "hostname", name, ..] => (*name).clone_into(&mut self.hostname),
            ["set", "interface", name, rest @ ..] => self.interface(number, name, rest),
            ["add", "interface", name, "vlan", vlan, ..] => self.port(number, &format!("{name}.{vlan}")),
            ["set", "static-route", dst, rest @ ..] | ["set", "ipv6", "static-route", dst, rest @ ..] => {
                self.route(number, dst, rest);
            }
            [verb, ..] => return VERBS.contains(verb),
            [] => {}
        }
        true
    }

    fn port(&mut self, number: u32, name: &str) {
        self.interfaces.entry(name.to_owned()).or_insert_with(|| Port { line: number, ..Port::default() });
    }

    fn interface(&mut self, number: u32, name: &str, rest: &[&str]) {
        self.port(number, name);
        let Some(port) = self.interfaces.get_mut(name) else { return };
        match rest {
            ["ipv4-address" | "ipv6-address", address, "mask-length" | "subnet-mask", mask, ..] => {
                let length = mask.parse().ok().or_else(|| length_of(mask));
                if let (Ok(address), Some(length)) = (address.parse::<IpAddr>(), length) {
                    port.addresses = port.addresses.union(&AddrSet::host(address));
                    port.networks = port.networks.union(&AddrSet::prefix(address, length).unwrap_or_default());
                }
            }
            ["comments", words @ ..] => words.join(" ").trim_matches('"').clone_into(&mut port.comment),
            _ => {}
        }
    }

    /// `10.0.0.0/8 nexthop gateway address 10.1.1.1 priority 1 on`, `default nexthop blackhole`, `… off`.
    fn route(&mut self, number: u32, dst: &str, rest: &[&str]) {
        let gateway = rest.windows(2).find(|pair| pair[0] == "address").and_then(|pair| pair[1].parse::<IpAddr>().ok());
        let logical = rest.windows(2).find(|pair| pair[0] == "logical").map(|pair| pair[1].to_owned());
        let prefix = match dst {
            "default" if gateway.is_some_and(|address| address.is_ipv6()) => AddrSet::full_v6(),
            "default" => AddrSet::full_v4(),
            dst => match dst.parse() {
                Ok(prefix) => prefix,
                Err(_) => return,
            },
        };
        if rest.last() == Some(&"off") {
            self.routes.retain(|route| route.dst != prefix || (gateway.is_some() && route.next_hop != gateway));
            return;
        }
        let discard = rest.contains(&"blackhole") || rest.contains(&"reject");
        if gateway.is_none() && logical.is_none() && !discard {
            return;
        }
        let priority = rest.windows(2).find(|pair| pair[0] == "priority").and_then(|pair| pair[1].parse().ok());
        self.routes.push(Route {
            dst: prefix,
            next_hop: gateway,
            interface: logical.unwrap_or_default(),
            discard,
            distance: priority.unwrap_or(60),
            line: number,
        });
    }

    /// Adds what is known to a policy; what it knows already about an interface's side stays.
    pub(super) fn fill(&self, policy: &mut Policy) {
        if policy.device.is_empty() {
            policy.device.clone_from(&self.hostname);
        }
        policy.routes.extend(self.routes.iter().cloned());
        for (name, port) in &self.interfaces {
            let known = policy.interfaces.iter_mut().find(|interface| interface.name == *name);
            let interface = match known {
                Some(known) => known,
                None => {
                    let role = zones::role_by_name(&port.comment).or_else(|| zones::role_by_name(name));
                    let (role, role_why) = role.unwrap_or((Role::Unknown, String::new()));
                    policy.interfaces.push(Interface { name: name.clone(), role, role_why, ..Interface::default() });
                    let Some(last) = policy.interfaces.last_mut() else { continue };
                    last
                }
            };
            interface.line = port.line;
            interface.networks = interface.networks.union(&port.networks);
            interface.addresses = interface.addresses.union(&port.addresses);
        }
        // Networks behind a neighbour lie behind the interface that it is on.
        for route in self.routes.iter().filter(|route| !route.discard && !route.dst.is_any()) {
            let hop = route.next_hop.map(AddrSet::host).unwrap_or_default();
            let by = |interface: &&mut Interface| {
                if route.interface.is_empty() {
                    self.interfaces.get(&interface.name).is_some_and(|port| port.networks.overlaps(&hop))
                } else {
                    interface.name == route.interface
                }
            };
            if let Some(interface) = policy.interfaces.iter_mut().find(by) {
                interface.networks = interface.networks.union(&route.dst);
            }
        }
        policy.interfaces.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Length of a mask such as `255.255.255.0`.
fn length_of(mask: &str) -> Option<u8> {
    let bits = u32::from(mask.parse::<std::net::Ipv4Addr>().ok()?);
    (bits.leading_ones() + bits.trailing_zeros() >= 32).then(|| u8::try_from(bits.leading_ones()).unwrap_or(32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_and_routes_are_read() {
        let parsed = parse(
            "# Configuration of gw\r\nset hostname gw\r\nset interface eth0 state on\r\n\
             set interface eth0 ipv4-address 192.0.2.1 subnet-mask 255.255.255.0\r\n\
             add interface eth1 vlan 5\r\nset interface eth1.5 ipv4-address 10.5.0.1 mask-length 24\r\n\
             set interface eth1.5 comments \"LAN office\"\r\n\
             set static-route default nexthop gateway address 192.0.2.254 on\r\n\
             set static-route 10.9.0.0/16 nexthop gateway address 10.5.0.9 priority 2 on\r\n\
             set static-route 10.8.0.0/16 nexthop blackhole\r\nset user admin password-hash $1$x\r\nwhat is this\r\n",
        );
        let [policy] = parsed.policies.as_slice() else { unreachable!() };
        assert_eq!((policy.device.as_str(), policy.routes.len()), ("gw", 3));
        let inside = policy.interface("eth1.5").unwrap();
        assert_eq!((inside.role, inside.networks.describe(9)), (Role::Internal, "10.5.0.0/24, 10.9.0.0/16".into()));
        assert_eq!((policy.coverage.total, policy.coverage.understood), (12, 11));
        assert!(policy.routes[2].discard && policy.paths.is_empty());
    }
}
