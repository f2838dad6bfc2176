//! Statements of access lists as rules.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::Dialect;
use super::config::{Config, Family, List, Statement, clip};
use super::groups::{Groups, Kind};
use crate::interval::Intervals;
use crate::net::{AddrSet, Protos, Service, proto, proto_number};
use crate::policy::{Action, Addrs, Chain, ConnState, DefaultAction, Log, Rule, Services};
use crate::vendors::excerpt;

/// Words of one statement, consumed from the front.
#[derive(Clone, Debug)]
pub(super) struct Words<'w> {
    words: &'w [String],
    pub(super) line: u32,
}

impl<'w> Words<'w> {
    pub(super) fn of(words: &'w [String], line: u32) -> Self {
        Self { words, line }
    }

    pub(super) fn peek(&self) -> Option<&'w str> {
        self.words.first().map(String::as_str)
    }

    fn second(&self) -> Option<&'w str> {
        self.words.get(1).map(String::as_str)
    }

    pub(super) fn next(&mut self) -> Option<&'w str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    /// Consumes the next word if it is one of these.
    pub(super) fn eat(&mut self, any: &[&str]) -> bool {
        let hit = self.peek().is_some_and(|word| any.contains(&word));
        if hit {
            self.next();
        }
        hit
    }

    fn rest(&self) -> String {
        self.words.join(" ")
    }
}

/// Makes rules of statements.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) groups: Groups,
    ids: BTreeMap<String, u32>,
    /// What of the ports of the rule at hand could not be read.
    doubts: Vec<String>,
}

impl Reader {
    /// A list as a chain: what it does not name it denies.
    pub(super) fn chain(&mut self, list: &List, config: &mut Config) -> Chain {
        let mut rules = Vec::new();
        for statement in &list.statements {
            let mut rule = self.rule(list, statement, config);
            rule.seq = u32::try_from(rules.len() + 1).unwrap_or(u32::MAX);
            rules.push(rule);
        }
        if list.family == Family::V6 && !rules.is_empty() {
            neighbour_discovery(list, config.dialect, &mut rules);
        }
        Chain { name: list.name.clone(), rules, default: DefaultAction::implicit_deny(Log::No) }
    }

    /// The same statement twice in a list has two ids.
    pub(super) fn unique(&mut self, id: String) -> String {
        let seen = self.ids.entry(id.clone()).or_insert(0);
        *seen += 1;
        if *seen > 1 { format!("{id} #{seen}") } else { id }
    }

    fn rule(&mut self, list: &List, statement: &Statement, config: &mut Config) -> Rule {
        let line = &statement.line;
        let mut rule = Rule::new(Action::Deny, line.number);
        rule.id = self.unique(format!("{} {}", list.name, line.words.join(" ")));
        rule.name.clone_from(&statement.remark);
        rule.text = excerpt([line.text.as_str()]);
        rule.hits = statement.hits;
        rule.log = Log::No;
        rule.src = Addrs::exactly(list.family.universe());
        rule.dst = rule.src.clone();
        let mut words = Words::of(&line.words, line.number);
        self.doubts.clear();
        match words.next() {
            Some("permit") => rule.action = Action::Permit,
            Some("evaluate") => {
                rule.action = Action::Permit;
                rule.states = vec![ConnState::Established, ConnState::Related];
                rule.add_unknown(format!("evaluate {}", words.rest()), line.number);
                return rule;
            }
            Some("dynamic") => {
                let name = words.next().unwrap_or_default();
                rule.add_unknown(format!("dynamic {name}: opened after a log-in"), line.number);
                if words.eat(&["timeout"]) {
                    words.next();
                }
                if words.next() == Some("permit") {
                    rule.action = Action::Permit;
                }
            }
            _ => {}
        }
        self.matches(&mut words, list.family, &mut rule, config);
        Self::options(&mut words, &mut rule, config);
        if !self.doubts.is_empty() {
            rule.services.maybe.append(&mut rule.services.lower);
            rule.services.unknown.append(&mut self.doubts);
        }
        rule
    }

    fn matches(&mut self, words: &mut Words<'_>, family: Family, rule: &mut Rule, config: &mut Config) {
        words.eat(&["inline"]);
        if words.eat(&["response"]) {
            rule.add_unknown("response", words.line);
        }
        if words.peek() == Some("vlan") {
            let text: Vec<&str> = (0..3).map_while(|_| words.next()).collect();
            rule.add_unknown(text.join(" "), words.line);
        }
        let Some(first) = words.peek() else {
            Self::ends_early(rule, words.line, config);
            return;
        };
        if is_address(first) {
            rule.src = self.address(words, family, true, config);
            return;
        }
        words.next();
        rule.services = self.protocol(first, words, family, config);
        rule.src = self.address(words, family, false, config);
        if let Some(ports) = self.port_match(words, config) {
            narrow_all(&mut rule.services, &ports, true);
        }
        rule.dst = self.address(words, family, false, config);
        if let Some(ports) = self.port_match(words, config) {
            narrow_all(&mut rule.services, &ports, false);
        }
        Self::message(first, words, family, rule);
        if words.peek().is_none() && (rule.src.upper.is_empty() || rule.dst.upper.is_empty()) {
            // An address of the other family, or an empty group: it stays as it is.
            return;
        }
        if rule.src.unknown.iter().chain(&rule.dst.unknown).any(|what| what == MISSING) {
            Self::ends_early(rule, words.line, config);
        }
    }

    fn ends_early(rule: &mut Rule, line: u32, config: &mut Config) {
        config.trouble.line(line, "bad-value", "the statement ends before its addresses");
        config.statement_ends_early(line);
        rule.add_unknown("the statement is not complete", line);
    }

    fn protocol(&mut self, word: &str, words: &mut Words<'_>, family: Family, config: &mut Config) -> Services {
        let both = Protos(Intervals::of([(proto::TCP, proto::TCP), (proto::UDP, proto::UDP)]));
        match word {
            "ip" | "ipv4" | "any" => Services::any(),
            "ipv6" if family == Family::V6 => Services::any(),
            "tcp-udp" | "tcpudp" => Services::exactly(vec![Service { proto: both, ..Service::any() }]),
            "icmp" if family == Family::V6 => Services::exactly(vec![Service::proto(proto::ICMP6)]),
            "object-group" => {
                let name = words.next().unwrap_or_default();
                let mut services = self.groups.services(name, words.line, config);
                services.names = vec![name.to_owned()];
                services
            }
            name => match proto_number(name) {
                Some(number) => Services::exactly(vec![Service::proto(number)]),
                None => {
                    let text = format!("`{}` is no protocol known here", clip(name));
                    config.trouble.line(words.line, "unknown-option", text);
                    Services::unknown(name)
                }
            },
        }
    }

    /// `any`, `host A`, `A wildcard`, `A/len`, a group. In a list of sources an address alone is a host.
    fn address(&mut self, words: &mut Words<'_>, family: Family, sources_only: bool, config: &mut Config) -> Addrs {
        let whole = family.universe();
        let Some(word) = words.next() else { return Addrs::unknown(MISSING, whole) };
        let set = match word {
            "any" | "any4" | "any6" => Some(whole.clone()),
            "host" => words.next().and_then(|address| address.parse().ok()).map(AddrSet::host),
            "object-group" | "addrgroup" | "net-group" => {
                let name = words.next().unwrap_or_default();
                let mut addrs = self.groups.addresses(name, words.line, config);
                addrs.lower = family.part(addrs.lower);
                addrs.upper = family.part(addrs.upper);
                addrs.names = vec![name.to_owned()];
                return addrs;
            }
            "fqdn-group" | "fqdn" | "user-group" | "security-group" => {
                let name = words.next().unwrap_or_default();
                return Addrs::unknown(format!("{word} {name}"), whole);
            }
            prefix if prefix.contains('/') => prefix.parse().ok(),
            address => {
                let address = address.trim_end_matches(',');
                // `show access-lists` writes `10.0.0.0, wildcard bits 0.0.0.255`.
                if words.eat(&["wildcard"]) {
                    words.eat(&["bits"]);
                }
                match (address.parse::<Ipv4Addr>(), words.peek().and_then(|mask| mask.parse::<Ipv4Addr>().ok())) {
                    (Ok(address), Some(wildcard)) => {
                        words.next();
                        AddrSet::masked_v4(address, (!u32::from(wildcard)).into())
                    }
                    (Ok(address), None) if sources_only => Some(AddrSet::host(address.into())),
                    (Err(_), _) if family == Family::V6 => masked_v6(address, words),
                    _ => None,
                }
            }
        };
        match set {
            Some(set) => Addrs::exactly(family.part(set)),
            None => {
                let text = format!("`{}` is no address", clip(word));
                config.trouble.line(words.line, "bad-value", text);
                Addrs::unknown(clip(word), whole)
            }
        }
    }

    /// Ports, or a group of them. Nothing is consumed where none stands.
    fn port_match(&mut self, words: &mut Words<'_>, config: &mut Config) -> Option<Intervals<u16>> {
        let word = words.peek()?;
        let group = match word {
            "portgroup" | "port-group" => true,
            // Behind an address `object-group` is the other address, unless it is a group of ports.
            "object-group" => {
                words.second().and_then(|name| config.groups.get(name)).is_some_and(|group| group.kind == Kind::Ports)
            }
            _ => false,
        };
        if group {
            words.next();
            let name = words.next().unwrap_or_default();
            return self.groups.ports(name, words.line, config).or_else(|| {
                self.doubts.push(format!("port group {name}"));
                Some(Intervals::full())
            });
        }
        match ports(words)? {
            Some(set) => Some(set),
            None => {
                let text = format!("a port was expected after `{word}`");
                config.trouble.line(words.line, "bad-value", text.as_str());
                self.doubts.push(text);
                Some(Intervals::full())
            }
        }
    }

    /// The kind of an ICMP or IGMP message.
    fn message(protocol: &str, words: &mut Words<'_>, family: Family, rule: &mut Rule) {
        let Some(word) = words.peek() else { return };
        if protocol == "igmp" || protocol == "2" {
            let known = ["dvmrp", "host-query", "host-report", "pim", "trace", "v2-report", "v3-report", "leave-group"];
            if known.contains(&word) || word.parse::<u8>().is_ok() {
                words.next();
                rule.add_unknown(format!("igmp {word}"), words.line);
            }
            return;
        }
        let number = match protocol {
            "icmp" if family == Family::V4 => proto::ICMP,
            "1" => proto::ICMP,
            "icmp" | "icmpv6" | "icmp6" | "58" => proto::ICMP6,
            _ => return,
        };
        words.eat(&["message-type", "type"]);
        let Some(word) = words.peek() else { return };
        let (kind, mut code) = match (icmp_message(word, number == proto::ICMP6), word.parse::<u8>()) {
            (Some(known), _) => known,
            (None, Ok(kind)) => (kind, None),
            (None, Err(_)) => return,
        };
        words.next();
        words.eat(&["code"]);
        if let Some(given) = words.peek().and_then(|word| word.parse().ok()) {
            words.next();
            code = Some(given);
        }
        rule.services = Services::exactly(vec![Service::icmp(number, kind, code)]);
    }

    /// What stands behind the addresses.
    fn options(words: &mut Words<'_>, rule: &mut Rule, config: &mut Config) {
        while let Some(word) = words.next() {
            let line = words.line;
            match word {
                "log" | "log-input" => {
                    rule.log = Log::Yes;
                    log_details(words);
                }
                "established" => known_connections(rule),
                "tracked" => {
                    known_connections(rule);
                    rule.states.push(ConnState::Related);
                }
                "fragments" | "fragment" => {
                    // Only later fragments: never the first packet of a connection.
                    known_connections(rule);
                    rule.add_unknown("fragments", line);
                }
                "syn" | "ack" | "rst" | "fin" | "psh" | "urg" | "ece" | "cwr" | "match-any" | "match-all" => {
                    flags(word, words, rule);
                }
                "time-range" => {
                    let name = words.next().unwrap_or_default();
                    rule.schedule = config.schedules.get(name).cloned();
                    if rule.schedule.is_none() {
                        config.trouble.line(line, "undefined", format!("time range `{}` is not defined", clip(name)));
                        rule.add_unknown(format!("time-range {name}"), line);
                    }
                }
                "inactive" => rule.enabled = false,
                // It opens a list for the answers; what it matches itself is not changed.
                "reflect" => {
                    words.next();
                    if words.eat(&["timeout"]) {
                        words.next();
                    }
                }
                // Where matching packets go, or how they are counted.
                "nexthop1" | "nexthop2" | "nexthop3" | "nexthop" | "default" => next_hop(words),
                "capture" | "icmp-off" | "count" | "copy" | "sample" | "statistics" => {
                    if words.eat(&["session"]) {
                        words.next();
                    }
                }
                "counter" | "set-ttl" | "police" | "nexthop-group" | "mirror" | "session" => {
                    words.next();
                }
                "dscp" | "precedence" | "tos" | "traffic-class" | "cos" | "vlan" | "option" | "flow-label"
                | "routing-type" | "mobility-type" | "dest-option-type" | "http-method" | "tcp-option-length"
                | "load-balance" | "sgt" | "protocol" | "nd-type" | "fragment-offset" | "fragment-type" => {
                    let value = words.next().unwrap_or_default();
                    rule.add_unknown(format!("{word} {value}"), line);
                }
                // Changes the packet and does not ask about it.
                "set" => {
                    words.next();
                    words.next();
                }
                "udf" => {
                    let field: Vec<&str> = (0..3).map_while(|_| words.next()).collect();
                    rule.add_unknown(format!("udf {}", field.join(" ")), line);
                }
                "ttl" | "packet-length" | "hop-limit" => {
                    let operator = words.next().unwrap_or_default();
                    let mut text = format!("{word} {operator}");
                    let values = match operator {
                        "range" => 2,
                        "eq" | "neq" | "lt" | "gt" => 1,
                        _ => 0,
                    };
                    for value in (0..values).map_while(|_| words.next()) {
                        text.push(' ');
                        text.push_str(value);
                    }
                    rule.add_unknown(text, line);
                }
                "routing"
                | "mobility"
                | "hbh"
                | "dest-option"
                | "destopts"
                | "auth"
                | "undetermined-transport"
                | "ipv6-any"
                | "redirect"
                | "wildcard" => rule.add_unknown(word, line),
                other => {
                    let text = format!("{other} {}", words.rest());
                    let text = text.trim_end();
                    let note = format!("`{}` at the end of a statement", clip(text));
                    config.trouble.line(line, "unknown-option", note);
                    rule.add_unknown(text, line);
                    return;
                }
            }
        }
    }
}

/// What the platform permits at the end of every list of IPv6, before it denies the rest.
fn neighbour_discovery(list: &List, dialect: Dialect, rules: &mut Vec<Rule>) {
    let routers: &[&str] =
        if dialect == Dialect::NxOs { &["router-advertisement", "router-solicitation"] } else { &[] };
    let line = rules.last().map_or(0, |rule| rule.line_to);
    for name in ["nd-na", "nd-ns"].iter().chain(routers) {
        let Some((kind, code)) = icmp_message(name, true) else { continue };
        let mut rule = Rule::new(Action::Permit, line);
        rule.id = format!("{} implicit permit icmp any any {name}", list.name);
        rule.seq = u32::try_from(rules.len() + 1).unwrap_or(u32::MAX);
        rule.implicit = true;
        rule.log = Log::No;
        rule.src = Addrs::exactly(list.family.universe());
        rule.dst = rule.src.clone();
        rule.services = Services::exactly(vec![Service::icmp(proto::ICMP6, kind, code)]);
        rules.push(rule);
    }
}

/// Stands for an address that the statement does not have any more.
const MISSING: &str = "nothing";

fn is_address(word: &str) -> bool {
    let bare = word.trim_end_matches(',');
    matches!(word, "any" | "host" | "any4" | "any6" | "addrgroup" | "net-group")
        || bare.parse::<std::net::IpAddr>().is_ok()
        || (bare.contains('/') && bare.parse::<AddrSet>().is_ok())
}

/// `2001:db8:: ::ffff` of IOS-XR; an address alone is a host.
fn masked_v6(address: &str, words: &mut Words<'_>) -> Option<AddrSet> {
    let address: std::net::Ipv6Addr = address.parse().ok()?;
    let Some(wildcard) = words.peek().and_then(|mask| mask.parse::<std::net::Ipv6Addr>().ok()) else {
        return Some(AddrSet::host(address.into()));
    };
    words.next();
    let wildcard = u128::from(wildcard);
    let contiguous = wildcard.checked_add(1).is_none_or(u128::is_power_of_two);
    let low = u128::from(address) & !wildcard;
    contiguous.then(|| AddrSet { v4: Intervals::empty(), v6: Intervals::range(low, low | wildcard) })
}

/// The rule matches packets of known connections only.
fn known_connections(rule: &mut Rule) {
    rule.states = vec![ConnState::Established];
}

/// Flags of TCP, as the first packet of a connection meets them: it has SYN and no other.
fn flags(first: &str, words: &mut Words<'_>, rule: &mut Rule) {
    const FLAGS: [&str; 8] = ["syn", "ack", "rst", "fin", "psh", "urg", "ece", "cwr"];
    let mut wanted: Vec<&str> = Vec::new();
    if FLAGS.contains(&first) {
        wanted.push(first);
    }
    while let Some(word) = words.peek().filter(|word| FLAGS.contains(&word.trim_start_matches(['+', '-']))) {
        wanted.push(word);
        words.next();
    }
    let holds = |flag: &&str| (flag.trim_start_matches(['+', '-']) == "syn") != flag.starts_with('-');
    let held = wanted.iter().filter(|flag| holds(flag)).count();
    let first_packet = match first {
        "match-any" => Some(held > 0),
        "match-all" => Some(held == wanted.len()),
        _ if held == wanted.len() => Some(true),
        _ if held == 0 => Some(false),
        // Without a word before them, platforms differ in whether one of the flags suffices.
        _ => None,
    };
    match first_packet {
        Some(true) => {}
        Some(false) => known_connections(rule),
        None => rule.add_unknown(wanted.join(" "), words.line),
    }
}

fn log_details(words: &mut Words<'_>) {
    const LEVELS: &[&str] = &[
        "disable",
        "default",
        "emergencies",
        "alerts",
        "critical",
        "errors",
        "warnings",
        "notifications",
        "informational",
        "debugging",
        "interval",
    ];
    while words.peek().is_some_and(|word| LEVELS.contains(&word) || word.parse::<u32>().is_ok()) {
        words.next();
    }
}

/// `nexthop1 [vrf V] [ipv4 A]`
fn next_hop(words: &mut Words<'_>) {
    words.eat(&["nexthop"]);
    if words.eat(&["track"]) {
        words.next();
    }
    if words.eat(&["vrf"]) {
        words.next();
    }
    if words.eat(&["ipv4", "ipv6"]) || words.peek().is_some_and(|word| word.parse::<std::net::IpAddr>().is_ok()) {
        words.next();
    }
}

fn narrow_all(services: &mut Services, ports: &Intervals<u16>, source: bool) {
    narrow(&mut services.lower, ports, source);
    narrow(&mut services.maybe, ports, source);
    services.lower.retain(|service| !service.is_empty());
    services.maybe.retain(|service| !service.is_empty());
}

/// Restricts services to source or destination ports.
pub(super) fn narrow(services: &mut [Service], ports: &Intervals<u16>, source: bool) {
    for service in services {
        let side = if source { &mut service.sport } else { &mut service.dport };
        side.0 = side.0.intersect(ports);
    }
}

/// `eq 80 443`, `neq`, `lt`, `gt`, `range 1 2`. `None` where none stands, and nothing is consumed then; `Some(None)`
/// where a port is missing.
#[expect(clippy::option_option, reason = "no ports, ports that cannot be read, ports")]
pub(super) fn ports(words: &mut Words<'_>) -> Option<Option<Intervals<u16>>> {
    let operator = words.peek()?;
    if !matches!(operator, "eq" | "neq" | "lt" | "gt" | "range") {
        return None;
    }
    words.next();
    if operator == "range" {
        let low = words.next().and_then(port);
        let high = words.next().and_then(port);
        return Some(low.zip(high).map(|(low, high)| Intervals::range(low.min(high), low.max(high))));
    }
    let mut listed: Vec<u16> = Vec::new();
    while let Some(number) = words.peek().and_then(port) {
        words.next();
        listed.push(number);
        if matches!(operator, "lt" | "gt") {
            break;
        }
    }
    let Some(first) = listed.first().copied() else {
        // What stands in the port's place is consumed, so that the addresses behind it are still read.
        if words.peek().is_some_and(|word| !is_address(word) && word != "object-group") {
            words.next();
        }
        return Some(None);
    };
    let set = Intervals::of(listed.into_iter().map(|number| (number, number)));
    Some(Some(match operator {
        "eq" => set,
        "neq" => set.complement(),
        "lt" => first.checked_sub(1).map_or_else(Intervals::empty, |last| Intervals::range(0, last)),
        _ => first.checked_add(1).map_or_else(Intervals::empty, |next| Intervals::range(next, u16::MAX)),
    }))
}

/// A port by number or name; names of these platforms that others do not have stand here.
pub(super) fn port(word: &str) -> Option<u16> {
    const NAMES: &[(&str, u16)] = &[
        ("bfd", 3784),
        ("bfd-echo", 3785),
        ("bfd-lag", 6784),
        ("bftp", 152),
        ("connectedapps-plain", 15001),
        ("connectedapps-tls", 15002),
        ("drip", 3949),
        ("gre-in-udp", 4754),
        ("lag", 6784),
        ("ldp", 646),
        ("mlag", 4432),
        ("monitor", 561),
        ("msdp", 639),
        ("msrpc", 135),
        ("netbios-ss", 139),
        ("netconf-ssh", 830),
        ("non500-isakmp", 4500),
        ("onep-plain", 15001),
        ("onep-tls", 15002),
        ("pim-auto-rp", 496),
        ("rtsp", 554),
        ("snmp-trap", 162),
        ("tacacs-ds", 65),
        ("twamp", 862),
    ];
    let named = || NAMES.iter().find(|(name, _)| *name == word).map(|(_, number)| *number);
    word.parse().ok().or_else(named).or_else(|| crate::ports::number(word))
}

/// Messages of ICMP by the names of the command references, with their codes.
pub(super) fn icmp_message(name: &str, v6: bool) -> Option<(u8, Option<u8>)> {
    const V4: &[(&str, u8, Option<u8>)] = &[
        ("administratively-prohibited", 3, Some(13)),
        ("alternate-address", 6, None),
        ("conversion-error", 31, None),
        ("dod-host-prohibited", 3, Some(10)),
        ("dod-net-prohibited", 3, Some(9)),
        ("echo", 8, None),
        ("echo-request", 8, None),
        ("echo-reply", 0, None),
        ("general-parameter-problem", 12, Some(0)),
        ("host-isolated", 3, Some(8)),
        ("host-precedence-unreachable", 3, Some(14)),
        ("host-redirect", 5, Some(1)),
        ("host-tos-redirect", 5, Some(3)),
        ("host-tos-unreachable", 3, Some(12)),
        ("host-unknown", 3, Some(7)),
        ("host-unreachable", 3, Some(1)),
        ("information-reply", 16, None),
        ("information-request", 15, None),
        ("mask-reply", 18, None),
        ("mask-request", 17, None),
        ("mobile-redirect", 32, None),
        ("net-redirect", 5, Some(0)),
        ("net-tos-redirect", 5, Some(2)),
        ("net-tos-unreachable", 3, Some(11)),
        ("net-unreachable", 3, Some(0)),
        ("network-unknown", 3, Some(6)),
        ("no-room-for-option", 12, Some(2)),
        ("option-missing", 12, Some(1)),
        ("packet-too-big", 3, Some(4)),
        ("fragmentation-needed", 3, Some(4)),
        ("parameter-problem", 12, None),
        ("port-unreachable", 3, Some(3)),
        ("precedence-unreachable", 3, Some(15)),
        ("protocol-unreachable", 3, Some(2)),
        ("reassembly-timeout", 11, Some(1)),
        ("redirect", 5, None),
        ("router-advertisement", 9, None),
        ("router-solicitation", 10, None),
        ("source-quench", 4, None),
        ("source-route-failed", 3, Some(5)),
        ("time-exceeded", 11, None),
        ("timestamp-reply", 14, None),
        ("timestamp-request", 13, None),
        ("traceroute", 30, None),
        ("ttl-exceeded", 11, Some(0)),
        ("unreachable", 3, None),
    ];
    const V6: &[(&str, u8, Option<u8>)] = &[
        ("beyond-scope", 1, Some(2)),
        ("destination-unreachable", 1, Some(3)),
        ("dhaad-reply", 145, None),
        ("dhaad-request", 144, None),
        ("echo-reply", 129, None),
        ("echo-request", 128, None),
        ("echo", 128, None),
        ("header", 4, Some(0)),
        ("hop-limit", 3, Some(0)),
        ("mld-query", 130, None),
        ("mld-reduction", 132, None),
        ("mld-report", 131, None),
        ("mldv2", 143, None),
        ("mpd-advertisement", 147, None),
        ("mpd-solicitation", 146, None),
        ("nd-na", 136, None),
        ("nd-ns", 135, None),
        ("neighbor-advertisement", 136, None),
        ("neighbor-solicitation", 135, None),
        ("next-header", 4, Some(1)),
        ("no-admin", 1, Some(1)),
        ("no-route", 1, Some(0)),
        ("packet-too-big", 2, None),
        ("parameter-option", 4, Some(2)),
        ("parameter-problem", 4, None),
        ("port-unreachable", 1, Some(4)),
        ("reassembly-timeout", 3, Some(1)),
        ("redirect", 137, None),
        ("renum-command", 138, Some(0)),
        ("renum-result", 138, Some(1)),
        ("renum-seq-number", 138, Some(255)),
        ("router-advertisement", 134, None),
        ("router-renumbering", 138, None),
        ("router-solicitation", 133, None),
        ("time-exceeded", 3, None),
        ("unreachable", 1, None),
    ];
    let names = if v6 { V6 } else { V4 };
    names.iter().find(|(known, ..)| *known == name).map(|(_, kind, code)| (*kind, *code))
}
