//! Azure network security groups: `az network nsg list`/`show`, or an ARM template's resources (Azure REST API,
//! "Network Security Groups").
//!
//! Each group is a filter in front of what it is attached to: an interface `protected` and everything else. Rules of one
//! direction are tried by priority; six default rules stand behind them, also where an export leaves them out. Groups
//! are stateful.
//!
//! *Service tags* that Microsoft fills (`Storage`, `AzureCloud`) are unknown and wide; `Internet` is every address
//! that is not private; `VirtualNetwork` is the address space of the networks in the file, and perhaps any private address.

use secdiag_model::{EvidenceKind, Format, Head, Match, Note, NoteKind};

use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Protos, Service, proto, proto_number};
use crate::policy::{
    Action, Addrs, Chain, DefaultAction, Hook, Interface, Log, Names, Path, Policy, Role, Route, Rule, Services,
};
use crate::vendors::cloud::{OUTSIDE, Way};
use crate::vendors::json::{self, Json};
use crate::vendors::{Parsed, Trouble, Vendor};
use crate::zones;

/// The format and its parser.
pub const VENDOR: &Vendor = &Vendor {
    format: Format { id: "azure-nsg", kind: EvidenceKind::Fwcfg, title: "Azure network security groups", sniff },
    parse,
};

/// What a group is attached to.
const PROTECTED: &str = "protected";

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let has = |word: &str| head.text().contains(word);
    let rules = has("\"securityRules\"") || has("\"defaultSecurityRules\"");
    let group = has("Microsoft.Network/networkSecurityGroups");
    match (rules, group) {
        (true, _) if has("\"direction\"") || group => Match::Yes(85),
        (false, true) => {
            Match::Close("a description of Azure resources without `securityRules`: give az network nsg list")
        }
        _ => Match::No,
    }
}

/// Reads an export.
pub fn parse(text: &str) -> Parsed {
    let texts = json::read(text);
    let mut trouble = Trouble::default();
    for (line, reason) in &texts.bad {
        trouble.line(*line, reason, "not JSON");
    }
    let (mut groups, mut networks) = (Vec::new(), AddrSet::empty());
    texts.documents.iter().for_each(|document| sort(document, &mut groups, &mut networks, 0));
    let mut policies: Vec<Policy> = Vec::new();
    for group in groups {
        let policy = policy(group, &networks, &mut trouble);
        policies.push(policy);
    }
    let coverage = trouble.coverage(texts.lines);
    for policy in &mut policies {
        (policy.coverage, policy.truncated) = (coverage, texts.truncated);
    }
    Parsed { policies, notes: trouble.into_notes() }
}

/// What members of an object are called: at its top (`az`) or under `properties` (ARM).
fn get<'j>(value: &'j Json, key: &str) -> &'j Json {
    let own = value.get(key);
    if own.is_null() { value.get("properties").get(key) } else { own }
}

fn sort<'j>(value: &'j Json, groups: &mut Vec<&'j Json>, networks: &mut AddrSet, depth: usize) {
    if depth > 12 {
        return;
    }
    let rules = get(value, "securityRules").items().len() + get(value, "defaultSecurityRules").items().len();
    let is_group = value
        .get("type")
        .text()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("Microsoft.Network/networkSecurityGroups"));
    if rules > 0 || (is_group && !value.get("name").is_null()) {
        groups.push(value);
        return;
    }
    for prefix in get(value, "addressSpace").get("addressPrefixes").items() {
        if let Some(Ok(set)) = prefix.text().map(str::parse::<AddrSet>) {
            *networks = networks.union(&set);
        }
    }
    value.items().iter().for_each(|item| sort(item, groups, networks, depth + 1));
    value.members().iter().for_each(|(_, member)| sort(member, groups, networks, depth + 1));
}

fn policy(group: &Json, networks: &AddrSet, trouble: &mut Trouble) -> Policy {
    let device = group.any_of(&["name", "id"]).string();
    let mut rules = [Vec::new(), Vec::new()];
    let mut has_defaults = false;
    for (key, implicit) in [("securityRules", false), ("defaultSecurityRules", true)] {
        for value in get(group, key).items() {
            has_defaults |= implicit;
            let (way, priority, rule) = rule(value, implicit, networks, trouble);
            rules[way as usize].push((priority, rule));
        }
    }
    if !has_defaults {
        for way in [Way::In, Way::Out] {
            rules[way as usize].extend(defaults(way, networks));
        }
    }
    let attached = ["subnets", "networkInterfaces"].iter().any(|key| !get(group, key).items().is_empty());
    if !attached && !get(group, "subnets").is_null() {
        let text = format!("{device}: no subnet or interface is attached: it filters nothing until one is");
        trouble.other(Note::new(NoteKind::Assumed, "group-not-applied", text));
    }
    let names = ["inbound", "outbound"];
    let chains = rules.into_iter().zip(names).map(|(mut rules, name)| {
        rules.sort_by_key(|(priority, _)| *priority);
        let mut rules: Vec<Rule> = rules.into_iter().map(|(_, rule)| rule).collect();
        for (seq, rule) in (1..).zip(&mut rules) {
            rule.seq = seq;
        }
        Chain { name: name.into(), rules, default: DefaultAction::implicit_deny(Log::Unknown) }
    });
    let side = |name: &str| Names::of(vec![name.to_owned()]);
    let path = |from: &str, to: &str, list: &str| Path {
        hook: Hook::Forward,
        in_ifs: side(from),
        out_ifs: side(to),
        layers: vec![vec![list.to_owned()]],
    };
    let interface = |name: &str, role: Role, why: &str| Interface {
        name: name.into(),
        role,
        role_why: why.into(),
        line: group.from,
        ..Interface::default()
    };
    Policy {
        device,
        vendor: VENDOR.format.id.into(),
        interfaces: vec![
            interface(OUTSIDE, Role::Unknown, "everything that is not behind the group, by its addresses"),
            interface(PROTECTED, Role::Internal, "what the group is attached to"),
        ],
        chains: chains.collect(),
        paths: vec![path(OUTSIDE, PROTECTED, "inbound"), path(PROTECTED, OUTSIDE, "outbound")],
        routes: [AddrSet::full_v4(), AddrSet::full_v6()].map(outside).to_vec(),
        ..Policy::default()
    }
}

fn outside(dst: AddrSet) -> Route {
    Route { dst, next_hop: None, interface: OUTSIDE.into(), discard: false, distance: 0, line: 0 }
}

/// The platform's own rules, for exports that leave them out.
fn defaults(way: Way, networks: &AddrSet) -> Vec<(i64, Rule)> {
    let rule = |name: &str, action: Action, src: &str, dst: &str| {
        let mut rule = Rule::new(action, 0);
        rule.id = name.into();
        rule.implicit = true;
        rule.src = tag(src, networks);
        rule.dst = tag(dst, networks);
        rule
    };
    match way {
        Way::In => vec![
            (65_000, rule("AllowVnetInBound", Action::Permit, "VirtualNetwork", "VirtualNetwork")),
            (65_001, rule("AllowAzureLoadBalancerInBound", Action::Permit, "AzureLoadBalancer", "*")),
            (65_500, rule("DenyAllInBound", Action::Deny, "*", "*")),
        ],
        Way::Out => vec![
            (65_000, rule("AllowVnetOutBound", Action::Permit, "VirtualNetwork", "VirtualNetwork")),
            (65_001, rule("AllowInternetOutBound", Action::Permit, "*", "Internet")),
            (65_500, rule("DenyAllOutBound", Action::Deny, "*", "*")),
        ],
    }
}

fn rule(value: &Json, implicit: bool, networks: &AddrSet, trouble: &mut Trouble) -> (Way, i64, Rule) {
    let word = |key: &str| get(value, key).string().to_ascii_lowercase();
    let way = match word("direction").as_str() {
        "outbound" => Way::Out,
        "inbound" => Way::In,
        _ => {
            trouble.line(value.from, "no-direction", "a rule without a direction: read as inbound");
            Way::In
        }
    };
    let action = match word("access").as_str() {
        "allow" => Action::Permit,
        "deny" => Action::Deny,
        _ => {
            trouble.line(value.from, "no-action", "a rule without `Allow` or `Deny`: read as a denial");
            Action::Deny
        }
    };
    let priority = get(value, "priority").number().unwrap_or(i64::MAX);
    let mut rule = Rule::new(action, value.from);
    rule.line_to = value.to;
    rule.implicit = implicit;
    rule.id = value.get("name").string();
    if rule.id.is_empty() {
        rule.id = format!("{} {priority}", way.word());
    }
    rule.name = get(value, "description").text().filter(|text| !text.is_empty()).map(str::to_owned);
    rule.text = value.compact(&["id", "etag", "provisioningState", "resourceGroup", "type"]);
    rule.src = side(value, "source", networks, trouble);
    rule.dst = side(value, "destination", networks, trouble);
    rule.services = services(value, trouble);
    (way, priority, rule)
}

fn side(value: &Json, side: &str, networks: &AddrSet, trouble: &mut Trouble) -> Addrs {
    let mut all = Addrs::none();
    let (one, many) = (format!("{side}AddressPrefix"), format!("{side}AddressPrefixes"));
    let texts = get(value, &one).one_or_more().iter().chain(get(value, &many).items());
    for text in texts.filter_map(Json::text).filter(|text| !text.is_empty()) {
        let addrs = tag(text, networks);
        if text.starts_with(|c: char| c.is_ascii_digit()) && !addrs.unknown.is_empty() {
            trouble.line(value.from, "not-an-address", format!("`{text}` is not an address"));
        }
        all.add(&addrs);
        all.names.extend(addrs.names);
    }
    for group in get(value, &format!("{side}ApplicationSecurityGroups")).items() {
        let id = group.get("id").string();
        let name = id.rsplit('/').next().unwrap_or_default().to_owned();
        all.add(&Addrs::unknown(format!("application security group {name}"), AddrSet::full()));
        all.names.push(name);
    }
    if all == Addrs::none() {
        trouble.line(value.from, "no-address", format!("a rule without a {side}: read as any"));
        return Addrs::any();
    }
    all
}

/// A prefix, or a service tag.
fn tag(text: &str, networks: &AddrSet) -> Addrs {
    let named = |addrs: Addrs| Addrs { names: vec![text.to_owned()], ..addrs };
    match text {
        "*" | "Any" | "any" => Addrs::any(),
        "Internet" | "INTERNET" => {
            named(Addrs::exactly(AddrSet::full().minus(&zones::private()).minus(&zones::special())))
        }
        // Networks that are joined to this one are not in the file; they have private addresses.
        "VirtualNetwork" | "VIRTUAL_NETWORK" => named(Addrs {
            lower: networks.clone(),
            ..Addrs::unknown("VirtualNetwork", zones::private().union(networks))
        }),
        // The probes' address (Azure documentation, "What is IP address 168.63.129.16?").
        "AzureLoadBalancer" | "AZURE_LOADBALANCER" => {
            named(Addrs::exactly(AddrSet::host(std::net::IpAddr::from([168, 63, 129, 16]))))
        }
        text => match text.parse::<AddrSet>() {
            Ok(set) => Addrs::exactly(set),
            Err(_) => named(Addrs { wide: true, ..Addrs::unknown(text, AddrSet::full()) }),
        },
    }
}

fn services(value: &Json, trouble: &mut Trouble) -> Services {
    let protocol = get(value, "protocol").string();
    let protos = match protocol.to_ascii_lowercase().as_str() {
        "*" | "any" | "" => Intervals::full(),
        "icmp" => Intervals::of([(proto::ICMP, proto::ICMP), (proto::ICMP6, proto::ICMP6)]),
        name => match proto_number(name) {
            Some(number) => Intervals::one(number),
            None => {
                trouble.line(value.from, "not-a-protocol", format!("`{protocol}` is not a protocol"));
                return Services::unknown(protocol);
            }
        },
    };
    let mut ports = |side: &str| {
        let (one, many) = (format!("{side}PortRange"), format!("{side}PortRanges"));
        let texts: Vec<&str> = get(value, &one)
            .one_or_more()
            .iter()
            .chain(get(value, &many).items())
            .filter_map(Json::text)
            .filter(|text| !text.is_empty())
            .collect();
        if texts.is_empty() || texts.contains(&"*") {
            return Some(Intervals::full());
        }
        let mut ranges = Vec::new();
        for text in texts.iter().flat_map(|text| text.split(',')) {
            let (low, high) = text.split_once('-').unwrap_or((text, text));
            match (low.trim().parse::<u16>(), high.trim().parse::<u16>()) {
                (Ok(low), Ok(high)) if low <= high => ranges.push((low, high)),
                _ => {
                    trouble.line(value.from, "not-a-port", format!("`{text}` is not a port"));
                    return None;
                }
            }
        }
        Some(Intervals::of(ranges))
    };
    let (Some(sport), Some(dport)) = (ports("source"), ports("destination")) else {
        return Services::unknown("ports");
    };
    // Ports with any protocol are those of the protocols that have some.
    let ported = !(sport.is_full() && dport.is_full());
    let protos = if ported && protos.is_full() {
        Intervals::of([(proto::TCP, proto::TCP), (proto::UDP, proto::UDP)])
    } else {
        protos
    };
    Services::exactly(vec![Service { proto: Protos(protos), sport: Ports(sport), dport: Ports(dport) }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::{Lists, Question, Verdict};

    const FILE: &str = r#"[{"name": "nsg1", "type": "Microsoft.Network/networkSecurityGroups", "subnets": [{"id": "/x/s1"}],
      "securityRules": [
        {"name": "deny-ssh", "priority": 200, "direction": "Inbound", "access": "Deny", "protocol": "Tcp", "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"},
        {"name": "ssh-office", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefixes": ["198.51.100.0/24", "203.0.113.7"], "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRanges": ["22", "3389-3390"]},
        {"name": "storage", "priority": 300, "direction": "Inbound", "access": "Allow", "protocol": "*", "sourceAddressPrefix": "Storage.EastAsia", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "443"},
        {"name": "asg", "properties": {"priority": 310, "direction": "Inbound", "access": "Allow", "protocol": "Udp", "sourceApplicationSecurityGroups": [{"id": "/a/b/web"}], "destinationAddressPrefix": "*", "destinationPortRange": "x"}}
      ]}]"#;

    #[test]
    fn priorities_decide_whatever_the_order_of_the_file() {
        let parsed = parse(FILE);
        let policy = &parsed.policies[0];
        let ids: Vec<&str> = policy.chains[0].rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids[..4], ["ssh-office", "deny-ssh", "storage", "asg"]);
        assert_eq!(ids[4..], ["AllowVnetInBound", "AllowAzureLoadBalancerInBound", "DenyAllInBound"]);
        let lists = Lists::of(policy, None);
        let decider = lists.ready();
        let ask = |src: &str, dport| {
            decider
                .decide(&Question {
                    in_if: Some(OUTSIDE.into()),
                    out_if: Some(PROTECTED.into()),
                    src: src.parse().unwrap(),
                    dst: "10.0.0.4".parse().unwrap(),
                    proto: proto::TCP,
                    sport: 5000,
                    dport,
                })
                .verdict
        };
        assert_eq!((ask("203.0.113.7", 22), ask("203.0.113.8", 22)), (Verdict::Permit, Verdict::Deny));
        // Storage may be anywhere; a virtual network's addresses are not known.
        assert_eq!(ask("192.0.2.1", 443), Verdict::Undecided);
        let rule = &policy.chains[0].rules[2];
        assert!(rule.src.wide && rule.src.unknown == ["Storage.EastAsia"]);
        assert_eq!(policy.chains[0].rules[3].services.unknown, ["ports"]);
    }
}
