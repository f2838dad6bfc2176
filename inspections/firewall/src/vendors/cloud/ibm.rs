//! IBM Cloud VPC: network ACLs, security groups and what they are for, as a collection of the VPC API's objects
//! (`network_acls`, `security_groups`, `subnets`, `instances`, `endpoint_gateways` … ; IBM Cloud VPC API).
//!
//! ACLs are ordered and stateless, what no rule of one permits is denied; groups permit and are stateful.

use std::collections::BTreeSet;
use std::net::IpAddr;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Protos, Service, proto, proto_number};
use crate::policy::{Action, Addrs, Names, Nat, Rule, Services};
use crate::vendors::cloud::{Fabric, Group, GroupRule, List, OUTSIDE, Port, Subnet, Way};
use crate::vendors::json::{self, Json};
use crate::vendors::{Parsed, Trouble, Vendor};

/// The format and its parser.
pub const VENDOR: &Vendor = &Vendor {
    format: Format {
        id: "ibm-vpc",
        kind: EvidenceKind::Fwcfg,
        title: "IBM Cloud VPC security groups and network ACLs",
        sniff,
    },
    parse,
};

fn sniff(head: &Head<'_>) -> Match {
    let text = head.text();
    if head.is_binary() || !text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']).starts_with(['{', '[']) {
        return Match::No;
    }
    let has = |word: &str| text.contains(word);
    let rules = (has("\"network_acls\"") || has("\"security_groups\"")) && has("\"crn\"");
    if rules && (has("\"direction\"") || head.size > head.bytes.len() as u64) {
        Match::Yes(80)
    } else if has("\"crn\"") && has("\"ipv4_cidr_block\"") {
        Match::Close(
            "a description of an IBM Cloud VPC without its rules: put network_acls and security_groups into the same file",
        )
    } else {
        Match::No
    }
}

/// Reads an export.
pub fn parse(text: &str) -> Parsed {
    let texts = json::read(text);
    let mut trouble = Trouble::default();
    for (line, reason) in &texts.bad {
        trouble.line(*line, reason, "not JSON");
    }
    let all =
        |key: &str| -> Vec<&Json> { texts.documents.iter().flat_map(|document| document.get(key).items()).collect() };
    let networks: BTreeSet<String> =
        all("security_groups").into_iter().chain(all("network_acls")).map(network).collect();
    let mut policies = Vec::new();
    for device in networks {
        let here = |key: &str| all(key).into_iter().filter(|value| network(value) == device).collect::<Vec<_>>();
        let mut fabric = Fabric { device: device.clone(), ..Fabric::default() };
        fabric.subnets = here("subnets").into_iter().map(subnet).collect();
        for value in here("network_acls") {
            let list = list(value, &fabric.subnets, &here("subnets"), &mut trouble);
            for id in &list.subnets {
                if !fabric.subnets.iter().any(|subnet| subnet.id == *id) {
                    fabric.subnets.push(Subnet { id: id.clone(), label: id.clone(), ..Subnet::default() });
                }
            }
            fabric.lists.push(list);
        }
        for value in here("security_groups") {
            fabric.groups.push(group(value, &mut trouble));
        }
        let targets = targets(&here("instances"), &here("endpoint_gateways"), &here("load_balancers"), &fabric.subnets);
        // Groups list what they are for: the file is complete when it describes all of these.
        let mut named = here("security_groups").into_iter().flat_map(|group| group.get("targets").items());
        fabric.is_complete =
            !targets.is_empty() && named.all(|of| targets.iter().any(|(id, _)| of.get("id").text() == Some(id)));
        fabric.shows_ports = !targets.is_empty();
        fabric.ports = targets.into_iter().map(|(_, port)| port).collect();
        fabric.nat = all("floating_ips").into_iter().filter_map(floating).collect();
        policies.push(fabric.policy(VENDOR.format.id, &|_| None, &mut trouble));
    }
    let coverage = trouble.coverage(texts.lines);
    for policy in &mut policies {
        (policy.coverage, policy.truncated) = (coverage, texts.truncated);
    }
    Parsed { policies, notes: trouble.into_notes() }
}

fn network(value: &Json) -> String {
    value.get("vpc").any_of(&["name", "id", "crn"]).string()
}

fn subnet(value: &Json) -> Subnet {
    let networks = ["ipv4_cidr_block", "ipv6_cidr_block"].into_iter().filter_map(|key| value.get(key).text());
    let networks = networks.filter_map(|text| text.parse::<AddrSet>().ok());
    Subnet {
        id: value.get("id").string(),
        label: value.any_of(&["name", "id"]).string(),
        networks: networks.fold(AddrSet::empty(), |all, set| all.union(&set)),
        line: value.from,
    }
}

/// What groups are for, with its id.
fn targets(instances: &[&Json], gateways: &[&Json], balancers: &[&Json], subnets: &[Subnet]) -> Vec<(String, Port)> {
    let mut all = Vec::new();
    let mut add = |target: &Json, subnet: Option<&str>, addresses: &mut dyn Iterator<Item = &str>| {
        let groups: BTreeSet<String> =
            target.get("security_groups").items().iter().map(|group| group.get("id").string()).collect();
        for address in addresses.filter_map(|text| text.parse::<AddrSet>().ok()) {
            let home =
                || subnets.iter().find(|subnet| subnet.networks.covers(&address)).map(|subnet| subnet.id.clone());
            let subnet = subnet.map(str::to_owned).or_else(home).unwrap_or_default();
            let port = Port { subnet, groups: groups.clone(), addresses: address };
            all.push((target.get("id").string(), port));
        }
    };
    for interface in instances.iter().flat_map(|instance| instance.get("network_interfaces").items()) {
        let address = interface.get("primary_ip").get("address");
        let old = interface.get("primary_ipv4_address");
        add(interface, interface.get("subnet").get("id").text(), &mut address.text().or(old.text()).into_iter());
    }
    for (targets, key) in [(gateways, "ips"), (balancers, "private_ips")] {
        for target in targets {
            add(target, None, &mut target.get(key).items().iter().filter_map(|ip| ip.get("address").text()));
        }
    }
    all
}

fn list(value: &Json, subnets: &[Subnet], described: &[&Json], trouble: &mut Trouble) -> List {
    let id = value.get("id").string();
    let mut list = List { label: value.any_of(&["name", "id"]).string(), ..List::default() };
    let named = value.get("subnets").items().iter().map(|subnet| subnet.get("id").string());
    let pointing = described
        .iter()
        .zip(subnets)
        .filter(|(value, _)| value.get("network_acl").get("id").text() == Some(&id))
        .map(|(_, subnet)| subnet.id.clone());
    let ids: BTreeSet<String> = named.chain(pointing).filter(|id| !id.is_empty()).collect();
    list.subnets = ids.into_iter().collect();
    for rule in value.get("rules").items() {
        let way = way(rule, trouble);
        let mut read = written(&list.label, rule, way, trouble);
        let action = rule.get("action").text();
        read.action = if action == Some("allow") { Action::Permit } else { Action::Deny };
        if !matches!(action, Some("allow" | "deny")) {
            trouble.line(rule.from, "no-action", "a rule without `allow` or `deny`: read as a denial");
        }
        read.src = address(rule.get("source"), trouble);
        read.dst = address(rule.get("destination"), trouble);
        if way == Way::In { list.inbound.push(read) } else { list.outbound.push(read) }
    }
    list
}

fn group(value: &Json, trouble: &mut Trouble) -> Group {
    let mut group = Group {
        id: value.get("id").string(),
        label: value.any_of(&["name", "id"]).string(),
        line: value.from,
        ..Group::default()
    };
    for rule in value.get("rules").items() {
        let way = way(rule, trouble);
        let mut read = written(&group.label, rule, way, trouble);
        let side = |key: &str, trouble: &mut Trouble| {
            let side = rule.get(key);
            let set = side.any_of(&["cidr_block", "address"]);
            if set.is_null() { None } else { Some(address(set, trouble)) }
        };
        let (far, near) = (side("remote", trouble), side("local", trouble).unwrap_or_else(Addrs::any));
        let peer = rule.get("remote").get("id").text().map(str::to_owned);
        let far = far.unwrap_or_else(Addrs::any);
        (read.src, read.dst) = if way == Way::In { (far, near) } else { (near, far) };
        let rule = GroupRule { rule: read, peer };
        if way == Way::In { group.inbound.push(rule) } else { group.outbound.push(rule) }
    }
    group
}

fn way(rule: &Json, trouble: &mut Trouble) -> Way {
    match rule.get("direction").text() {
        Some("outbound") => Way::Out,
        Some("inbound") => Way::In,
        _ => {
            trouble.line(rule.from, "no-direction", "a rule without `inbound` or `outbound`: read as inbound");
            Way::In
        }
    }
}

/// What rules of both kinds have.
fn written(of: &str, value: &Json, way: Way, trouble: &mut Trouble) -> Rule {
    let mut rule = Rule::new(Action::Permit, value.from);
    rule.line_to = value.to;
    rule.name = value.get("name").text().map(str::to_owned);
    let id = value.any_of(&["name", "id"]).string();
    rule.id = format!("{of} {} {id}", way.word());
    rule.text = value.compact(&["href", "id", "created_at", "before"]);
    match service(value) {
        Some(service) => rule.services = Services::exactly(vec![service]),
        None => {
            trouble.line(value.from, "not-a-service", "not a service");
            rule.services = Services::unknown(value.get("protocol").string());
        }
    }
    rule
}

fn address(value: &Json, trouble: &mut Trouble) -> Addrs {
    match value.text().map(str::parse::<AddrSet>) {
        Some(Ok(set)) => Addrs::exactly(set),
        _ => {
            trouble.line(value.from, "not-an-address", "not an address or a network");
            Addrs::unknown(value.string(), AddrSet::full())
        }
    }
}

fn service(value: &Json) -> Option<Service> {
    // An interface may hold the members at the top or under the protocol's name.
    let inner = ["tcp", "udp", "icmp"].into_iter().find_map(|name| value.find(name)).unwrap_or(value);
    let name = value.get("protocol").string();
    let number = match name.as_str() {
        "all" | "any" | "-1" => return Some(Service::any()),
        "icmp_tcp_udp" => {
            let three = [proto::ICMP, proto::TCP, proto::UDP].map(|number| (number, number));
            return Some(Service { proto: Protos(Intervals::of(three)), ..Service::any() });
        }
        name => proto_number(name)?,
    };
    let range = |low: &Json, high: &Json| -> Option<Intervals<u16>> {
        match (low.number(), high.number()) {
            (None, None) => Some(Intervals::full()),
            (low, high) => {
                let (low, high) = (u16::try_from(low.unwrap_or(0)).ok()?, u16::try_from(high.unwrap_or(65535)).ok()?);
                // The whole range begins at 1; nothing uses port 0.
                Some(if (low, high) == (1, u16::MAX) { Intervals::full() } else { Intervals::range(low, high) })
            }
        }
    };
    if number == proto::ICMP || number == proto::ICMP6 {
        let Some(kind) = inner.get("type").number() else { return Some(Service::proto(number)) };
        let code = match inner.get("code").number() {
            Some(code) => Some(u8::try_from(code).ok()?),
            None => None,
        };
        return Some(Service::icmp(number, u8::try_from(kind).ok()?, code));
    }
    let dport = range(
        inner.any_of(&["destination_port_min", "port_min"]),
        inner.any_of(&["destination_port_max", "port_max"]),
    )?;
    let sport = range(inner.get("source_port_min"), inner.get("source_port_max"))?;
    Some(Service { proto: Protos(Intervals::one(number)), sport: Ports(sport), dport: Ports(dport) })
}

/// A floating address stands for the private one of its target.
fn floating(value: &Json) -> Option<Nat> {
    let outside: IpAddr = value.get("address").text()?.parse().ok()?;
    let inside: IpAddr = value.get("target").get("primary_ip").get("address").text()?.parse().ok()?;
    let mut nat = Nat::new(value.from);
    nat.line_to = value.to;
    nat.id = value.any_of(&["name", "id"]).string();
    nat.text = format!("{outside} = {inside}");
    nat.in_ifs = Names::of(vec![OUTSIDE.into()]);
    nat.dst = Addrs::exactly(AddrSet::host(outside));
    nat.to_dst = Some(Addrs::exactly(AddrSet::host(inside)));
    nat.both_ways = true;
    Some(nat)
}
