//! Amazon VPC: what `aws ec2 describe-security-groups`, `describe-network-acls` and the like print as JSON (Amazon EC2
//! API Reference), and collections of them under names such as `security_groups`.
//!
//! *Security groups* permit; a group's permissions are a union and stateful. *Network ACLs* are ordered by rule number,
//! stateless, and end in a `*` that denies. With `describe-network-interfaces` or `describe-instances` in the same file
//! a group's members have addresses; with `describe-subnets` subnets have. One file may hold several of these one after
//! the other.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use crate::interval::Intervals;
use crate::net::{AddrSet, Service, proto, proto_number};
use crate::policy::{Action, Addrs, Names, Nat, Rule, Services};
use crate::vendors::cloud::{Fabric, Group, GroupRule, List, OUTSIDE, Port, Subnet, Way, label};
use crate::vendors::json::{self, Json};
use crate::vendors::{Parsed, Trouble, Vendor};

/// The format and its parser.
pub const VENDOR: &Vendor = &Vendor {
    format: Format {
        id: "aws-vpc",
        kind: EvidenceKind::Fwcfg,
        title: "Amazon VPC security groups and network ACLs",
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
    let group = has("\"IpPermissions\"") && has("\"GroupId\"");
    let list = has("\"RuleAction\"") && has("\"NetworkAclId\"");
    let network = has("\"VpcId\"") && has("\"SubnetId\"");
    if group || list {
        Match::Yes(85)
    } else if network && head.size > head.bytes.len() as u64 {
        // The rules may stand behind what recognisers see.
        Match::Yes(60)
    } else if network {
        Match::Close(
            "a description of an Amazon VPC without its rules: put describe-security-groups and describe-network-acls into the same file",
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
    let mut export = Export::default();
    texts.documents.iter().for_each(|document| export.sort(document, 0));
    let fabrics = export.fabrics(&mut trouble);
    let elsewhere = |id: &str| fabrics.iter().find_map(|fabric| fabric.addresses_of(id)).map(Addrs::exactly);
    let mut policies: Vec<_> = fabrics
        .iter()
        .filter(|fabric| !fabric.lists.is_empty() || !fabric.groups.is_empty())
        .map(|fabric| fabric.policy(VENDOR.format.id, &elsewhere, &mut trouble))
        .collect();
    let coverage = trouble.coverage(texts.lines);
    for policy in &mut policies {
        (policy.coverage, policy.truncated) = (coverage, texts.truncated);
    }
    Parsed { policies, notes: trouble.into_notes() }
}

/// The objects of a file by kind.
#[derive(Default)]
struct Export<'j> {
    groups: Vec<&'j Json>,
    lists: Vec<&'j Json>,
    networks: Vec<&'j Json>,
    subnets: Vec<&'j Json>,
    interfaces: Vec<&'j Json>,
    /// `describe-network-interfaces` was there: nothing has an interface that is not listed.
    all_interfaces: bool,
    prefix_lists: BTreeMap<String, AddrSet>,
}

impl<'j> Export<'j> {
    /// Sorts what a document holds. An object is what its members say it is, whatever the list is called.
    fn sort(&mut self, value: &'j Json, depth: usize) {
        let has = |key: &str| value.find(key).is_some();
        if depth > 6 {
            return;
        }
        if has("IpPermissions") && has("GroupId") {
            self.groups.push(value);
        } else if has("NetworkAclId") && has("Entries") {
            self.lists.push(value);
        } else if has("NetworkInterfaceId") && has("PrivateIpAddress") {
            self.all_interfaces = true;
            self.interfaces.push(value);
        } else if has("InstanceId") {
            self.interfaces.extend(value.get("NetworkInterfaces").items());
        } else if has("SubnetId") && has("CidrBlock") {
            self.subnets.push(value);
        } else if has("VpcId") && has("CidrBlock") {
            self.networks.push(value);
        } else if has("PrefixListId") && has("Cidrs") {
            let cidrs = value.get("Cidrs").items().iter().filter_map(|cidr| cidr.text()?.parse::<AddrSet>().ok());
            let set = cidrs.fold(AddrSet::empty(), |all, cidr| all.union(&cidr));
            self.prefix_lists.insert(value.get("PrefixListId").string(), set);
        } else {
            value.items().iter().for_each(|item| self.sort(item, depth + 1));
            value.members().iter().for_each(|(_, member)| self.sort(member, depth + 1));
        }
    }

    /// One for each VPC.
    fn fabrics(&self, trouble: &mut Trouble) -> Vec<Fabric> {
        let of = |value: &Json| value.get("VpcId").string();
        let ids: BTreeSet<String> = self.groups.iter().chain(&self.lists).map(|value| of(value)).collect();
        let names: Vec<(String, String)> = self.networks.iter().map(|value| (of(value), tag(value, "Name"))).collect();
        ids.into_iter().map(|id| self.fabric(&id, &names, trouble)).collect()
    }

    fn fabric(&self, id: &str, names: &[(String, String)], trouble: &mut Trouble) -> Fabric {
        let here = |value: &&&'j Json| value.get("VpcId").string() == id;
        let name = names.iter().find(|(of, _)| of == id).map(|(_, name)| name.as_str()).unwrap_or_default();
        let unique = names.iter().filter(|(_, other)| other == name).count() == 1;
        let device = if name.is_empty() || !unique { label(name, id) } else { name.to_owned() };
        let interfaces: Vec<&Json> = self.interfaces.iter().filter(here).copied().collect();
        let mut fabric = Fabric {
            device,
            is_complete: self.all_interfaces,
            shows_ports: !self.interfaces.is_empty(),
            ..Fabric::default()
        };
        for value in self.subnets.iter().filter(here) {
            fabric.subnets.push(subnet(value));
        }
        for value in self.lists.iter().filter(here) {
            fabric.lists.push(list(value, trouble));
        }
        for value in self.groups.iter().filter(here) {
            fabric.groups.push(self.group(value, trouble));
        }
        // Subnets that are only named.
        let named = fabric.lists.iter().flat_map(|list| list.subnets.clone()).collect::<Vec<_>>();
        let used = interfaces.iter().map(|value| value.get("SubnetId").string());
        for id in named.into_iter().chain(used).filter(|id| !id.is_empty()) {
            if !fabric.subnets.iter().any(|subnet| subnet.id == id) {
                fabric.subnets.push(Subnet { label: id.clone(), id, ..Subnet::default() });
            }
        }
        fabric.ports = interfaces.iter().map(|value| port(value)).collect();
        fabric.nat = interfaces.iter().flat_map(|value| public_addresses(value)).collect();
        fabric
    }

    fn group(&self, value: &Json, trouble: &mut Trouble) -> Group {
        let id = value.get("GroupId").string();
        let name = Some(tag(value, "Name")).filter(|name| !name.is_empty());
        let label = label(&name.unwrap_or_else(|| value.get("GroupName").string()), &id);
        let mut group = Group { line: value.from, label, ..Group::default() };
        for (key, way) in [("IpPermissions", Way::In), ("IpPermissionsEgress", Way::Out)] {
            for permission in value.get(key).items() {
                let rules = self.permission(&group.label, permission, way, trouble);
                if way == Way::In { group.inbound.extend(rules) } else { group.outbound.extend(rules) }
            }
        }
        group.id = id;
        group
    }

    /// One permission holds a service and several far sides; each of these is a rule of its own, as in the console.
    fn permission(&self, group: &str, permission: &Json, way: Way, trouble: &mut Trouble) -> Vec<GroupRule> {
        let ports = (permission.get("FromPort").number(), permission.get("ToPort").number());
        let service = service(&permission.get("IpProtocol").string(), ports);
        let bare = permission.compact(&FAR_SIDES.map(|(list, _)| list));
        let mut rules = Vec::new();
        for (list, key) in FAR_SIDES {
            for far in permission.get(list).items() {
                let name = far.get(key).string();
                let mut rule = Rule::new(Action::Permit, far.from);
                rule.line_to = far.to;
                rule.id = format!("{group} {} {} {name}", way.word(), service_text(service.as_ref(), permission));
                rule.name = Some(far.get("Description").string()).filter(|text| !text.is_empty());
                rule.text = crate::vendors::excerpt([format!("{bare} {}", far.compact(&[])).as_str()]);
                match &service {
                    Some(service) => rule.services = Services::exactly(vec![service.clone()]),
                    None => not_a_service(&mut rule, permission, trouble),
                }
                let mut peer = None;
                let addrs = match list {
                    "UserIdGroupPairs" => {
                        peer = Some(name.clone());
                        Addrs::any()
                    }
                    "PrefixListIds" => match self.prefix_lists.get(&name) {
                        Some(set) => Addrs { names: vec![name.clone()], ..Addrs::exactly(set.clone()) },
                        None => Addrs { names: vec![name.clone()], ..Addrs::unknown(&name, AddrSet::full()) },
                    },
                    _ => cidr(&name).unwrap_or_else(|| {
                        trouble.line(far.from, "not-an-address", format!("`{name}` is not a network"));
                        Addrs::unknown(&name, AddrSet::full())
                    }),
                };
                if way == Way::In {
                    rule.src = addrs;
                } else {
                    rule.dst = addrs;
                }
                rules.push(GroupRule { rule, peer });
            }
        }
        rules
    }
}

/// Lists of far sides, and what names one.
const FAR_SIDES: [(&str, &str); 4] = [
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId"),
    ("UserIdGroupPairs", "GroupId"),
];

fn not_a_service(rule: &mut Rule, value: &Json, trouble: &mut Trouble) {
    let text = value.compact(&FAR_SIDES.map(|(list, _)| list));
    trouble.line(value.from, "not-a-service", format!("not a service: {text}"));
    rule.services = Services::unknown(text);
}

fn service_text(service: Option<&Service>, permission: &Json) -> String {
    service.map_or_else(|| permission.get("IpProtocol").string(), ToString::to_string)
}

fn tag(value: &Json, key: &str) -> String {
    let tags = value.get("Tags").items();
    tags.iter().find(|tag| tag.get("Key").text() == Some(key)).map(|tag| tag.get("Value").string()).unwrap_or_default()
}

fn subnet(value: &Json) -> Subnet {
    let v6 = value.get("Ipv6CidrBlockAssociationSet").items().iter().map(|set| set.get("Ipv6CidrBlock"));
    let cidrs = std::iter::once(value.get("CidrBlock")).chain(v6);
    let networks = cidrs.filter_map(|cidr| cidr.text()?.parse::<AddrSet>().ok());
    let id = value.get("SubnetId").string();
    Subnet {
        label: label(&tag(value, "Name"), &id),
        networks: networks.fold(AddrSet::empty(), |all, set| all.union(&set)),
        line: value.from,
        id,
    }
}

/// A network ACL: its entries of each way by rule number.
fn list(value: &Json, trouble: &mut Trouble) -> List {
    let id = value.get("NetworkAclId").string();
    let mut list = List { label: label(&tag(value, "Name"), &id), ..List::default() };
    let subnets = value.get("Associations").items().iter().map(|association| association.get("SubnetId").string());
    list.subnets = subnets.filter(|id| !id.is_empty()).collect();
    let mut entries: Vec<&Json> = value.get("Entries").items().iter().collect();
    entries.sort_by_key(|entry| entry.get("RuleNumber").number().unwrap_or(i64::MAX));
    for value in entries {
        let way = if value.get("Egress").flag() == Some(true) { Way::Out } else { Way::In };
        let rule = entry(&list.label, value, way, trouble);
        if way == Way::In { list.inbound.push(rule) } else { list.outbound.push(rule) }
    }
    list
}

fn entry(list: &str, value: &Json, way: Way, trouble: &mut Trouble) -> Rule {
    let permits = match value.get("RuleAction").text() {
        Some("allow") => true,
        Some("deny") => false,
        _ => {
            trouble.line(value.from, "no-action", "an entry without `allow` or `deny`: read as a denial");
            false
        }
    };
    let mut rule = Rule::new(if permits { Action::Permit } else { Action::Deny }, value.from);
    rule.line_to = value.to;
    rule.id = format!("{list} {} {}", way.word(), value.get("RuleNumber").string());
    rule.text = value.compact(&[]);
    let range = value.get("PortRange");
    let icmp = value.get("IcmpTypeCode");
    let ports = if icmp.is_null() {
        (range.get("From").number(), range.get("To").number())
    } else {
        (icmp.get("Type").number(), icmp.get("Code").number())
    };
    match service(&value.get("Protocol").string(), ports) {
        Some(service) => rule.services = Services::exactly(vec![service]),
        None => not_a_service(&mut rule, value, trouble),
    }
    let network = value.any_of(&["CidrBlock", "Ipv6CidrBlock"]).string();
    let addrs = cidr(&network).unwrap_or_else(|| {
        trouble.line(value.from, "not-an-address", format!("`{network}` is not a network"));
        Addrs::unknown(&network, AddrSet::full())
    });
    if way == Way::In {
        rule.src = addrs;
    } else {
        rule.dst = addrs;
    }
    rule
}

fn cidr(text: &str) -> Option<Addrs> {
    text.parse::<AddrSet>().ok().map(Addrs::exactly)
}

/// A protocol by name or number, `-1` for all, with its ports, or an ICMP type and code; `-1` is every one of them.
fn service(protocol: &str, ports: (Option<i64>, Option<i64>)) -> Option<Service> {
    if matches!(protocol, "-1" | "all") {
        return Some(Service::any());
    }
    let number = proto_number(protocol)?;
    let (Some(from), Some(to)) = ports else { return Some(Service::proto(number)) };
    match number {
        proto::ICMP | proto::ICMP6 if from < 0 => Some(Service::proto(number)),
        proto::ICMP | proto::ICMP6 => {
            let code = if to < 0 { None } else { Some(u8::try_from(to).ok()?) };
            Some(Service::icmp(number, u8::try_from(from).ok()?, code))
        }
        proto::TCP | proto::UDP if from >= 0 => {
            let range = (u16::try_from(from).ok()?, u16::try_from(to).ok()?);
            (range.0 <= range.1).then(|| Service::to(number, Intervals::range(range.0, range.1)))
        }
        // Other protocols have no ports; whatever stands there is not looked at.
        _ => Some(Service::proto(number)),
    }
}

fn port(interface: &Json) -> Port {
    let v4 = interface.get("PrivateIpAddresses").items().iter().map(|entry| entry.get("PrivateIpAddress"));
    let v6 = interface.get("Ipv6Addresses").items().iter().map(|entry| entry.get("Ipv6Address"));
    let all = std::iter::once(interface.get("PrivateIpAddress")).chain(v4).chain(v6);
    let sets = all.filter_map(|text| text.text()?.parse::<AddrSet>().ok());
    Port {
        subnet: interface.get("SubnetId").string(),
        groups: interface.get("Groups").items().iter().map(|group| group.get("GroupId").string()).collect(),
        addresses: sets.fold(AddrSet::empty(), |all, set| all.union(&set)),
    }
}

/// Public addresses of an interface stand for its private ones.
fn public_addresses(interface: &Json) -> Vec<Nat> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in interface.get("PrivateIpAddresses").items().iter().chain([interface]) {
        let inside = entry.get("PrivateIpAddress").text().and_then(|text| text.parse::<IpAddr>().ok());
        let outside = entry.get("Association").get("PublicIp").text().and_then(|text| text.parse::<IpAddr>().ok());
        let (Some(inside), Some(outside)) = (inside, outside) else { continue };
        if !seen.insert((inside, outside)) {
            continue;
        }
        let mut nat = Nat::new(entry.from);
        nat.line_to = entry.to;
        nat.id = format!("{outside} of {}", interface.get("NetworkInterfaceId").string());
        nat.text = format!("{outside} = {inside}");
        nat.in_ifs = Names::of(vec![OUTSIDE.into()]);
        nat.dst = Addrs::exactly(AddrSet::host(outside));
        nat.to_dst = Some(Addrs::exactly(AddrSet::host(inside)));
        nat.both_ways = true;
        all.push(nat);
    }
    all
}
