//! Rules of filters, in the order in which pf lets them decide.

use std::collections::BTreeSet;

use super::config::{Config, number_ids};
use super::nat::Found;
use super::xml::Element;
use crate::interval::Intervals;
use crate::net::{AddrSet, Service, proto, proto_number};
use crate::policy::{Action, Addrs, ConnState, Log, Names, Rule, Schedule, Services};
use crate::vendors::Trouble;
use crate::zones;

/// A rule with what decides about its place.
pub(super) struct Written {
    rule: Rule,
    quick: bool,
    inward: bool,
    outward: bool,
    /// Floating rules, then those of groups, then those of interfaces.
    class: u8,
}

/// Children of a rule that are read, or that change nothing about which packets it takes.
const KNOWN: &[&str] = &[
    "id",
    "tracker",
    "type",
    "action",
    "interface",
    "interfacenot",
    "ipprotocol",
    "protocol",
    "icmptype",
    "icmp6-type",
    "source",
    "destination",
    "descr",
    "description",
    "log",
    "disabled",
    "enabled",
    "quick",
    "floating",
    "direction",
    "sched",
    "gateway",
    "replyto",
    "reply-to",
    "disablereplyto",
    "associated-rule-id",
    "created",
    "updated",
    "statetype",
    "statetimeout",
    "state-policy",
    "tag",
    "tagged",
    "os",
    "dscp",
    "tos",
    "vlanprio",
    "vlanprioset",
    "set-prio",
    "set-prio-low",
    "prio",
    "prio_group",
    "sequence",
    "sort_order",
    "max",
    "max-src-nodes",
    "max-src-conn",
    "max-src-states",
    "max-src-conn-rate",
    "max-src-conn-rates",
    "overload",
    "adaptivestart",
    "adaptiveend",
    "tcpflags1",
    "tcpflags2",
    "tcpflags_any",
    "allowopts",
    "nopfsync",
    "nosync",
    "nosync_",
    "dnpipe",
    "pdnpipe",
    "shaper1",
    "shaper2",
    "defaultqueue",
    "ackqueue",
    "source_net",
    "source_not",
    "source_port",
    "destination_net",
    "destination_not",
    "destination_port",
    "category",
    "categories",
    "separator",
    "divert-to",
    "udp-first",
    "udp-single",
    "udp-multiple",
    "username",
    "schedule",
    "label",
    "natreflection",
    "bridgeto",
    "uuid",
    "local",
    "target",
];

/// All rules, in the order of the file.
pub(super) fn read(config: &mut Config<'_>, root: &Element, trouble: &mut Trouble) -> Vec<Written> {
    let mut all = Vec::new();
    let mut new: Vec<&Element> =
        root.path(&["OPNsense", "Firewall", "Filter", "rules"]).into_iter().flat_map(|list| list.all("rule")).collect();
    new.sort_by_key(|rule| rule.text("sequence").parse::<u32>().unwrap_or(u32::MAX));
    for element in new {
        all.push(rule(config, element, true, trouble));
    }
    for element in root.child("filter").into_iter().flat_map(|list| list.all("rule")) {
        all.push(rule(config, element, false, trouble));
    }
    // A stable sort: within a class the order of the file stays.
    all.sort_by_key(|written| written.class);
    all
}

/// `new` is a rule of OPNsense's newer kind, with other names for the same.
fn rule(config: &mut Config<'_>, element: &Element, new: bool, trouble: &mut Trouble) -> Written {
    for child in element.children.iter().filter(|child| !KNOWN.contains(&child.name.as_str())) {
        let name: String = child.name.chars().take(60).collect();
        trouble.line(child.first, "unknown-option", format!("`{name}` of a rule is not known"));
    }
    let kind = if new { element.text("action") } else { element.text("type") };
    let action = match kind {
        "pass" | "" => Action::Permit,
        "block" | "reject" => Action::Deny,
        "match" => Action::Continue,
        other => {
            let other: String = other.chars().take(60).collect();
            trouble.line(element.first, "unknown-action", format!("`{other}` is not an action that is known"));
            Action::Continue
        }
    };
    let mut rule = Rule::new(action, element.first);
    rule.line_to = element.last;
    rule.text = config.text(element);
    rule.enabled = if new { element.text("enabled") != "0" } else { !element.is_on("disabled") };
    rule.log = if element.says_yes("log") || (!new && element.is_on("log")) { Log::Yes } else { Log::No };
    let described = if new { element.text("description") } else { element.text("descr") };
    rule.name = (!described.is_empty()).then(|| described.to_owned());
    for child in element.children.iter().filter(|child| !KNOWN.contains(&child.name.as_str())) {
        rule.add_unknown(format!("{} {}", child.name, child.content.trim()), child.first);
    }
    let universe = match element.text("ipprotocol") {
        "inet6" => AddrSet::full_v6(),
        "inet46" => AddrSet::full(),
        _ => AddrSet::full_v4(),
    };
    let (source, destination) = if new {
        (new_side(config, element, "source"), new_side(config, element, "destination"))
    } else {
        (side(config, element.child("source")), side(config, element.child("destination")))
    };
    rule.src = source.within(&universe);
    rule.dst = destination.within(&universe);
    rule.dst_local = destination.local;
    if source.local.is_some() {
        rule.add_unknown("source: this firewall itself", element.first);
    }
    rule.services = services(config, element, &universe, &source.ports, &destination.ports);
    unknowns(&mut rule, element);
    first_packets(&mut rule, element);
    schedule(&mut rule, config, element);
    let names: Vec<String> = element
        .text("interface")
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != "any")
        .map(str::to_owned)
        .collect();
    let floating = if new { names.len() != 1 || element.says_yes("interfacenot") } else { element.is_on("floating") };
    let class = match names.as_slice() {
        _ if floating => 0,
        [group] if config.groups.contains_key(group) => 1,
        _ => 2,
    };
    let interfaces = Names { names, negated: element.says_yes("interfacenot") };
    let direction = match element.text("direction") {
        "" if floating && !new => "any",
        "" => "in",
        other => other,
    };
    let quick = match (element.child("quick"), floating && !new) {
        (None, floating) => !floating,
        // An empty `quick` of an interface's rule is none that says no.
        (Some(quick), floating) if quick.content.trim().is_empty() => !floating,
        (Some(_), _) => element.is_on("quick"),
    };
    rule.id = id(element, &rule, &interfaces);
    rule.in_ifs = interfaces;
    Written { quick, inward: direction != "out", outward: direction != "in", class, rule }
}

/// The number or name that the platform knows a rule by, else what it says.
fn id(element: &Element, rule: &Rule, interfaces: &Names) -> String {
    if !element.uuid.is_empty() {
        return element.uuid.clone();
    }
    let tracker = element.text("tracker");
    if !tracker.is_empty() && tracker != "0" {
        return tracker.to_owned();
    }
    let verb = if rule.action == Action::Deny { "block" } else { "pass" };
    let (from, to) = (rule.src.describe(), rule.dst.describe());
    format!("{verb} on {} from {from} to {to} {}", interfaces.describe(), rule.services.describe())
}

/// One side of a rule.
struct Side {
    addresses: Addrs,
    local: Option<bool>,
    not: bool,
    /// As written; empty for all.
    ports: String,
}

impl Side {
    fn any() -> Self {
        Self { addresses: Addrs::any(), local: None, not: false, ports: String::new() }
    }

    fn within(&self, universe: &AddrSet) -> Addrs {
        let mut found = self.addresses.clone();
        if self.not {
            found.negate(universe);
        }
        found.lower = found.lower.intersect(universe);
        found.upper = found.upper.intersect(universe);
        found
    }
}

/// `<source><network>lan</network><port>80</port></source>`
fn side(config: &mut Config<'_>, element: Option<&Element>) -> Side {
    let Some(element) = element else { return Side::any() };
    let word = match element.text("network") {
        "" => element.text("address"),
        network => network,
    };
    let mut side = named_side(config, word, element.is_on("not"));
    element.text("port").clone_into(&mut side.ports);
    side
}

/// `<source_net>lan,10.0.0.0/8</source_net><source_not>0</source_not><source_port>80</source_port>`
fn new_side(config: &mut Config<'_>, element: &Element, which: &str) -> Side {
    let word = element.text(&format!("{which}_net")).to_owned();
    let mut side = named_side(config, &word, element.says_yes(&format!("{which}_not")));
    element.text(&format!("{which}_port")).clone_into(&mut side.ports);
    side
}

fn named_side(config: &mut Config<'_>, word: &str, not: bool) -> Side {
    let mut side = Side::any();
    if matches!(word, "" | "any") {
        return side;
    }
    if word == "(self)" {
        side.local = Some(!not);
        return side;
    }
    side.not = not;
    side.addresses = Addrs::none();
    for name in word.split([',', ' ']).map(str::trim).filter(|name| !name.is_empty()) {
        let named = config.named(name);
        side.addresses.names.extend(named.names.iter().cloned());
        side.addresses.add(&named);
    }
    side
}

fn services(config: &mut Config<'_>, element: &Element, universe: &AddrSet, from: &str, to: &str) -> Services {
    let protocol = element.text("protocol").to_ascii_lowercase();
    let numbers: Vec<u8> = match protocol.as_str() {
        "" | "any" => Vec::new(),
        "tcp/udp" => vec![proto::TCP, proto::UDP],
        "icmp" if universe.v4.is_empty() => vec![proto::ICMP6],
        "icmp" if !universe.v6.is_empty() => vec![proto::ICMP, proto::ICMP6],
        "pfsync" => vec![240],
        name => match proto_number(name) {
            Some(number) => vec![number],
            None => return Services::unknown(format!("protocol {name}")),
        },
    };
    let protos = if numbers.is_empty() {
        Intervals::full()
    } else {
        Intervals::of(numbers.iter().map(|number| (*number, *number)))
    };
    let mut service = Service::protos(protos);
    let mut unknown = Vec::new();
    let mut names = Vec::new();
    for (word, set) in [(from, &mut service.sport.0), (to, &mut service.dport.0)] {
        if word.is_empty() || word == "any" {
            continue;
        }
        if config.has_alias(word) {
            names.push(word.to_owned());
        }
        let mut found = Intervals::empty();
        for one in word.split(',').map(str::trim) {
            match config.ports(one) {
                Some(ports) => found = found.union(&ports),
                None => unknown.push(format!("port {one}")),
            }
        }
        if unknown.is_empty() {
            *set = found;
        }
    }
    let types = match element.text("icmptype") {
        "" => element.text("icmp6-type"),
        types => types,
    };
    let mut services = if types.is_empty() || types == "any" || !numbers.iter().any(|n| [1, 58].contains(n)) {
        Services::exactly(vec![service])
    } else {
        let known = |word: &str| {
            let of = |number: &u8| icmp_type(*number, word).map(|kind| Service::icmp(*number, kind, None));
            numbers.iter().filter_map(of).collect::<Vec<_>>()
        };
        let mut found = Vec::new();
        for word in types.split(',').map(str::trim) {
            let services = known(word);
            if services.is_empty() {
                unknown.push(format!("icmp type {word}"));
            }
            found.extend(services);
        }
        Services::exactly(found)
    };
    if !unknown.is_empty() {
        services.maybe = std::mem::take(&mut services.lower);
        services.maybe.extend(numbers.iter().map(|number| Service::proto(*number)));
        services.unknown = unknown;
    }
    services.names = names;
    services
}

/// Matches that are not evaluated.
fn unknowns(rule: &mut Rule, element: &Element) {
    for name in ["os", "dscp", "tos", "tagged", "vlanprio", "prio", "username"] {
        let value = element.text(name);
        if !value.is_empty() && value != "any" {
            let line = element.child(name).map_or(element.first, |child| child.first);
            rule.add_unknown(format!("{name} {value}"), line);
        }
    }
}

/// Flags of TCP: `flags set / out of`. The first packet of a connection has SYN and nothing else.
fn first_packets(rule: &mut Rule, element: &Element) {
    let flags = |name: &str| -> BTreeSet<String> {
        element
            .text(name)
            .split(',')
            .map(|flag| flag.trim().to_ascii_lowercase())
            .filter(|flag| !flag.is_empty())
            .collect()
    };
    let (set, of) = (flags("tcpflags1"), flags("tcpflags2"));
    if of.is_empty() || element.says_yes("tcpflags_any") {
        return;
    }
    let seen: BTreeSet<String> = of.into_iter().filter(|flag| flag == "syn").collect();
    if seen != set {
        rule.states = vec![ConnState::Established];
    }
}

fn schedule(rule: &mut Rule, config: &Config<'_>, element: &Element) {
    let name = match element.text("sched") {
        "" => element.text("schedule"),
        name => name,
    };
    if name.is_empty() || name == "none" {
        return;
    }
    if !config.schedules.contains(name) {
        rule.add_unknown(format!("schedule {name}, which is not defined"), element.first);
    }
    rule.schedule = Some(Schedule { name: name.to_owned(), ends: None, never: false });
}

/// Whether blocked packets that no rule names are logged.
pub(super) fn logs_default_block(root: &Element) -> bool {
    !root.child("syslog").is_some_and(|syslog| syslog.is_on("nologdefaultblock"))
}

/// The lists for packets that come in and that go out, with the platform's own rules.
pub(super) fn lists(
    config: &mut Config<'_>,
    root: &Element,
    rules: Vec<Written>,
    nat: &[Found],
) -> (Vec<Rule>, Vec<Rule>) {
    let mut inward: Vec<Rule> = nat.iter().filter_map(|found| found.pass.clone()).collect();
    inward.extend(own_rules(config, root));
    let mut outward = Vec::new();
    let (quick, mut others): (Vec<Written>, Vec<Written>) =
        rules.into_iter().partition(|written| written.quick || written.rule.action == Action::Continue);
    // Of those that do not end the search the last one decides.
    others.reverse();
    for written in quick.into_iter().chain(others) {
        if written.outward {
            let mut rule = written.rule.clone();
            rule.out_ifs = std::mem::take(&mut rule.in_ifs);
            if written.inward {
                rule.id = format!("{} (out)", rule.id);
            }
            outward.push(rule);
        }
        if written.inward {
            inward.push(written.rule);
        }
    }
    number_ids(&mut inward);
    number_ids(&mut outward);
    (inward, outward)
}

/// What the platform adds before the rules of the administrator.
fn own_rules(config: &mut Config<'_>, root: &Element) -> Vec<Rule> {
    let mut own = Vec::new();
    for interface in root.child("interfaces").into_iter().flat_map(|list| &list.children) {
        let blocks = [
            ("blockpriv", Addrs::exactly(zones::private()), "block private networks"),
            ("blockbogons", Addrs::unknown("bogon networks", AddrSet::full()), "block bogon networks"),
        ];
        for (switch, src, name) in blocks {
            if interface.is_on(switch) {
                let mut rule = implicit(Action::Deny, interface, switch, name);
                rule.in_ifs = Names::of(vec![interface.name.clone()]);
                rule.src = src;
                rule.log = Log::Yes;
                own.push(rule);
            }
        }
    }
    own.extend(anti_lockout(config, root));
    own
}

fn implicit(action: Action, interface: &Element, switch: &str, name: &str) -> Rule {
    let line = interface.child(switch).map_or(interface.first, |child| child.first);
    let mut rule = Rule::new(action, line);
    rule.implicit = true;
    rule.id = format!("{name} on {}", interface.name);
    rule.name = Some(name.to_owned());
    rule
}

/// The web interface and SSH stay reachable from the LAN unless that is switched off.
fn anti_lockout(config: &mut Config<'_>, root: &Element) -> Option<Rule> {
    let system = root.child("system")?;
    let web = system.child("webgui");
    if web.is_some_and(|web| web.is_on("noantilockout")) {
        return None;
    }
    let interfaces = root.child("interfaces")?;
    let interface = match (interfaces.child("lan"), interfaces.children.as_slice()) {
        (Some(lan), _) => lan,
        (None, [only]) => only,
        _ => return None,
    };
    let mut ports = Vec::new();
    let text = |name: &str| web.map_or("", |web| web.text(name));
    match (text("port").parse::<u16>(), text("protocol")) {
        (Ok(port), _) => ports.push(port),
        (Err(_), "http") => ports.push(80),
        (Err(_), _) => ports.push(443),
    }
    if text("protocol") != "http" && !web.is_some_and(|web| web.is_on("disablehttpredirect")) {
        ports.push(80);
    }
    if system.is_on("enablesshd")
        || system.child("ssh").is_some_and(|ssh| ssh.says_yes("enable") || ssh.says_yes("enabled"))
    {
        ports.push(system.child("ssh").and_then(|ssh| ssh.text("port").parse().ok()).unwrap_or(22));
    }
    let mut rule = implicit(Action::Permit, interface, "enable", "anti-lockout rule");
    rule.in_ifs = Names::of(vec![interface.name.clone()]);
    rule.dst = config.of_interface(&interface.name, true).unwrap_or_else(Addrs::any);
    rule.dst_local = Some(true);
    rule.services = Services::exactly(vec![Service::to(proto::TCP, Intervals::of(ports.into_iter().map(|p| (p, p))))]);
    rule.log = Log::No;
    Some(rule)
}

/// Types of ICMP messages as pf.conf(5) names them.
fn icmp_type(number: u8, word: &str) -> Option<u8> {
    let table = if number == proto::ICMP { V4 } else { V6 };
    table.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind).or_else(|| word.parse().ok())
}

const V4: &[(&str, u8)] = &[
    ("echorep", 0),
    ("unreach", 3),
    ("squench", 4),
    ("redir", 5),
    ("althost", 6),
    ("echoreq", 8),
    ("routeradv", 9),
    ("routersol", 10),
    ("timex", 11),
    ("paramprob", 12),
    ("timereq", 13),
    ("timerep", 14),
    ("inforeq", 15),
    ("inforep", 16),
    ("maskreq", 17),
    ("maskrep", 18),
    ("trace", 30),
    ("dataconv", 31),
    ("mobredir", 32),
    ("ipv6-where", 33),
    ("ipv6-here", 34),
    ("mobregreq", 35),
    ("mobregrep", 36),
    ("skip", 39),
    ("photuris", 40),
];

const V6: &[(&str, u8)] = &[
    ("unreach", 1),
    ("toobig", 2),
    ("timex", 3),
    ("paramprob", 4),
    ("echoreq", 128),
    ("echorep", 129),
    ("groupqry", 130),
    ("listqry", 130),
    ("grouprep", 131),
    ("listenrep", 131),
    ("groupterm", 132),
    ("listendone", 132),
    ("routersol", 133),
    ("routeradv", 134),
    ("neighbrsol", 135),
    ("neighbradv", 136),
    ("redir", 137),
    ("routrrenum", 138),
    ("fqdnreq", 139),
    ("niqry", 139),
    ("wrureq", 139),
    ("fqdnrep", 140),
    ("nirep", 140),
    ("wrurep", 140),
    ("mtraceresp", 200),
    ("mtrace", 201),
];
