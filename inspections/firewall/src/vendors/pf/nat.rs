//! Translations: port forwards, outbound rules, one-to-one.

use super::config::Config;
use super::xml::Element;
use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Service, proto, proto_number};
use crate::policy::{Action, Addrs, Log, Names, Nat, Role, Rule, Services, Unknown};
use crate::vendors::Trouble;

/// A translation, and the rule that lets its packets through where it passes by itself.
pub(super) struct Found {
    pub(super) nat: Nat,
    pub(super) pass: Option<Rule>,
}

/// Children that are read, or that change nothing about which packets are translated to what.
const KNOWN: &[&str] = &[
    "id",
    "interface",
    "ipprotocol",
    "protocol",
    "source",
    "destination",
    "target",
    "local-port",
    "descr",
    "disabled",
    "nordr",
    "nonat",
    "associated-rule-id",
    "natreflection",
    "created",
    "updated",
    "nosync",
    "targetip",
    "targetip_subnet",
    "sourceport",
    "dstport",
    "natport",
    "staticnatport",
    "poolopts",
    "source_hash_key",
    "poolopts_sourcehashkey",
    "external",
    "nobinat",
    "log",
    "tag",
    "tagged",
    "statictype",
    "category",
    "sequence",
    "type",
    "subnet",
    "tracker",
    "uuid",
    "nat_tag",
];

/// All translations, in the order in which the platform tries them.
pub(super) fn read(config: &mut Config<'_>, root: &Element, trouble: &mut Trouble) -> Vec<Found> {
    let mut all = Vec::new();
    let Some(nat) = root.child("nat") else { return all };
    for element in nat.all("onetoone") {
        told(element, trouble);
        all.push(Found { nat: one_to_one(config, element), pass: None });
    }
    for element in nat.all("rule") {
        told(element, trouble);
        all.push(forward(config, element));
    }
    let outbound = nat.child("outbound");
    for element in outbound.into_iter().flat_map(|list| list.all("rule")) {
        told(element, trouble);
        all.push(Found { nat: source(config, element), pass: None });
    }
    let mode = outbound.map_or("", |outbound| outbound.text("mode"));
    if matches!(mode, "automatic" | "hybrid") {
        all.extend(outbound.and_then(|outbound| automatic(config, outbound)).map(|nat| Found { nat, pass: None }));
    }
    all
}

fn told(element: &Element, trouble: &mut Trouble) {
    for child in element.children.iter().filter(|child| !KNOWN.contains(&child.name.as_str())) {
        let name: String = child.name.chars().take(60).collect();
        trouble.line(child.first, "unknown-option", format!("`{name}` of a translation is not known"));
    }
}

fn begin(config: &Config<'_>, element: &Element, what: &str) -> Nat {
    let mut nat = Nat::new(element.first);
    nat.line_to = element.last;
    nat.text = config.text(element);
    nat.enabled = !element.is_on("disabled");
    let described = element.text("descr");
    nat.id = if described.is_empty() { format!("{what}, line {}", element.first) } else { described.to_owned() };
    if !element.text("tagged").is_empty() {
        let text = format!("tagged {}", element.text("tagged"));
        nat.unknown.push(Unknown { text, line: element.first });
    }
    nat
}

fn interfaces(element: &Element) -> Names {
    let names = element.text("interface").split(',').map(str::trim).filter(|name| !name.is_empty());
    Names::of(names.map(str::to_owned).collect())
}

/// Addresses of one side; everything where it names none.
fn addresses(config: &mut Config<'_>, element: Option<&Element>) -> Addrs {
    let Some(element) = element else { return Addrs::any() };
    let word = match (element.text("network"), element.text("address")) {
        ("", address) => address,
        (network, _) => network,
    };
    let mut found = match word {
        "" | "any" => return Addrs::any(),
        "(self)" => Addrs::unknown("this firewall itself", AddrSet::full()),
        word => config.named(word),
    };
    if element.is_on("not") {
        found.negate(&AddrSet::full());
    }
    found
}

fn services(config: &mut Config<'_>, element: &Element, from: &str, to: &str) -> Services {
    let numbers: Vec<u8> = match element.text("protocol") {
        "" | "any" => Vec::new(),
        "tcp/udp" => vec![proto::TCP, proto::UDP],
        name => proto_number(name).into_iter().collect(),
    };
    let mut service = match numbers.as_slice() {
        [] => Service::any(),
        some => Service::protos(Intervals::of(some.iter().map(|number| (*number, *number)))),
    };
    let mut unknown = None;
    for (word, set) in [(from, &mut service.sport.0), (to, &mut service.dport.0)] {
        match config.ports(word) {
            Some(ports) => *set = ports,
            None if !matches!(word, "" | "any") => unknown = Some(format!("port {word}")),
            None => {}
        }
    }
    match unknown {
        None => Services::exactly(vec![service]),
        Some(unknown) => Services { maybe: vec![service], unknown: vec![unknown], ..Services::default() },
    }
}

fn port<'e>(element: &'e Element, side: &str) -> &'e str {
    element.child(side).map_or("", |side| side.text("port"))
}

/// A port forward: what comes to this address and port goes to another.
fn forward(config: &mut Config<'_>, element: &Element) -> Found {
    let mut nat = begin(config, element, "port forward");
    nat.in_ifs = interfaces(element);
    nat.src = addresses(config, element.child("source"));
    nat.dst = addresses(config, element.child("destination"));
    nat.services = services(config, element, port(element, "source"), port(element, "destination"));
    if element.is_on("nordr") {
        return Found { nat, pass: None };
    }
    let target = config.named(element.text("target"));
    let local = config.ports(element.text("local-port"));
    // A range is moved as a whole: the local port is where it begins.
    let spans =
        nat.services.lower.first().and_then(|service| Some((service.dport.0.first()?, service.dport.0.last()?)));
    let moved = local
        .as_ref()
        .and_then(Intervals::first)
        .zip(spans)
        .filter(|(_, (low, high))| low != high && *high != u16::MAX);
    nat.to_port = match moved {
        Some((first, (low, high))) => first.checked_add(high - low).map(|last| Ports(Intervals::range(first, last))),
        None => local.map(Ports),
    };
    nat.to_dst = Some(target.clone());
    let pass = (element.text("associated-rule-id") == "pass").then(|| {
        let mut rule = Rule::new(Action::Permit, element.first);
        rule.line_to = element.last;
        rule.id = format!("port forward {}", nat.id);
        rule.name = Some(nat.id.clone());
        rule.text.clone_from(&nat.text);
        rule.enabled = nat.enabled;
        rule.in_ifs = nat.in_ifs.clone();
        (rule.src, rule.dst) = (nat.src.clone(), target);
        rule.services = nat.services.clone();
        if let Some(to) = &nat.to_port {
            rule.services.lower.iter_mut().for_each(|service| service.dport = to.clone());
        }
        rule.log = Log::No;
        rule
    });
    Found { nat, pass }
}

/// An outbound rule: what goes out this way gets another source.
fn source(config: &mut Config<'_>, element: &Element) -> Nat {
    let mut nat = begin(config, element, "outbound");
    nat.out_ifs = interfaces(element);
    nat.src = addresses(config, element.child("source"));
    nat.dst = addresses(config, element.child("destination"));
    nat.services = services(config, element, element.text("sourceport"), element.text("dstport"));
    if !element.is_on("nonat") {
        let target = match element.text("target") {
            "other-subnet" => {
                let subnet = format!("{}/{}", element.text("targetip"), element.text("targetip_subnet"));
                subnet.parse().map_or_else(|_| Addrs::unknown(subnet.as_str(), AddrSet::full()), Addrs::exactly)
            }
            "" => Addrs::unknown("the device's own address", AddrSet::full()),
            word => config.named(word),
        };
        nat.to_src = Some(target);
    }
    nat
}

/// Every internal address behind an outer one of its own.
fn one_to_one(config: &mut Config<'_>, element: &Element) -> Nat {
    let mut nat = begin(config, element, "one-to-one");
    nat.out_ifs = interfaces(element);
    nat.src = addresses(config, element.child("source"));
    nat.dst = addresses(config, element.child("destination"));
    if !element.is_on("nobinat") {
        nat.to_src = Some(outer(element.text("external"), &nat.src));
        nat.both_ways = true;
    }
    nat
}

/// As many addresses as the inner side has, from this one on.
fn outer(external: &str, inner: &Addrs) -> Addrs {
    let address = external.split('/').next().unwrap_or_default();
    let count = u32::try_from(inner.lower.size_v4().max(1)).unwrap_or(1);
    let set = match (external.contains('/'), address.parse::<std::net::Ipv4Addr>()) {
        (false, Ok(first)) => {
            let last = u32::from(first).saturating_add(count - 1);
            Some(AddrSet::range(first.into(), std::net::Ipv4Addr::from(last).into()))
        }
        _ => external.parse().ok(),
    };
    set.map_or_else(|| Addrs::unknown(external, AddrSet::full()), Addrs::exactly)
}

/// What the platform does by itself: inner networks go out with the address of the outer interface.
fn automatic(config: &Config<'_>, element: &Element) -> Option<Nat> {
    let mut nat = Nat::new(element.first);
    nat.line_to = element.last;
    nat.text = config.text(element);
    nat.id = "automatic outbound".into();
    let outside: Vec<String> = config
        .interfaces
        .iter()
        .filter(|interface| interface.role == Role::External)
        .map(|interface| interface.name.clone())
        .collect();
    if outside.is_empty() {
        return None;
    }
    nat.src = Addrs::none();
    for interface in config.interfaces.iter().filter(|interface| !outside.contains(&interface.name)) {
        nat.src.add(&Addrs::exactly(AddrSet { v4: interface.networks.v4.clone(), v6: Intervals::empty() }));
    }
    nat.out_ifs = Names::of(outside);
    nat.to_src = Some(Addrs::unknown("the device's own address", AddrSet::full()));
    Some(nat)
}
