//! Virtual networks of clouds against the shared evidence (`SECDIAG_DATA`): allowed connections, lint findings and
//! differences that another analyser reported for them.
//!
//! That analyser knows TCP, UDP and ICMP, ports from 1, and lists an endpoint's connections to the Internet only where
//! it has a public address or its subnet gives one; rules alone do not say that, so the tests ask for it here.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a test reads files; the inspection does not")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use secdiag_firewall::cover::Index;
use secdiag_firewall::flat::{Effect, Left, Universe, flatten, merged, subtract};
use secdiag_firewall::interval::Intervals;
use secdiag_firewall::net::{AddrSet, Ports, Protos, Service, proto};
use secdiag_firewall::policy::{Chain, Hook, Names, Path, Policy, Rule};
use secdiag_firewall::vendors::Parsed;
use secdiag_firewall::vendors::cloud::{OUTSIDE, aws, ibm};
use secdiag_firewall::zones;
use serde_json::Value;

fn data(path: &str) -> String {
    let folder = std::env::var_os("SECDIAG_DATA").map(PathBuf::from).expect("SECDIAG_DATA names the evidence folder");
    std::fs::read_to_string(folder.join("firewall").join(path)).unwrap()
}

/// Services as disjoint parts.
type Set = Vec<Service>;

fn minus(set: &Set, other: &Set) -> Set {
    other.iter().fold(set.clone(), |left, taken| left.iter().flat_map(|piece| piece.minus(taken)).collect())
}

fn intersect(set: &Set, other: &Set) -> Set {
    let all = set.iter().flat_map(|a| other.iter().map(move |b| a.intersect(b)));
    all.filter(|both| !both.is_empty()).collect()
}

fn same(set: &Set, other: &Set) -> bool {
    minus(set, other).is_empty() && minus(other, set).is_empty()
}

fn show(set: &Set) -> String {
    set.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ")
}

fn ports(low: u16, high: u16) -> Ports {
    Ports(Intervals::range(low, high))
}

fn whole(number: u8) -> Service {
    let service = Service::proto(number);
    if number == proto::ICMP {
        service
    } else {
        Service { sport: ports(1, u16::MAX), dport: ports(1, u16::MAX), ..service }
    }
}

/// What the other analyser knows.
fn known() -> Set {
    [proto::ICMP, proto::TCP, proto::UDP].map(whole).to_vec()
}

/// What a layer lets through between two sides.
fn through(policy: &Policy, universe: &Universe, layer: &[String], way: &Way) -> Set {
    let path = Path {
        hook: Hook::Forward,
        in_ifs: Names::of(vec![way.from.0.clone()]),
        out_ifs: Names::of(vec![way.to.0.clone()]),
        layers: vec![layer.to_vec()],
    };
    let flat = flatten(policy, universe, &path, None);
    assert!(!flat.incomplete);
    let mut waiting: Vec<(Service, usize)> = known().into_iter().map(|service| (service, 0)).collect();
    let mut passed = Set::new();
    for (number, entry) in flat.entries.iter().enumerate() {
        for cube in entry.lower() {
            if !cube.src.overlaps(&way.from.1) || !cube.dst.overlaps(&way.to.1) {
                continue;
            }
            assert!(cube.src.covers(&way.from.1) && cube.dst.covers(&way.to.1), "{way:?} is split by {:?}", entry.rule);
            let mut left = Vec::new();
            for (service, start) in waiting {
                let taken = service.intersect(&cube.service);
                if start > number || taken.is_empty() {
                    left.push((service, start));
                    continue;
                }
                left.extend(service.minus(&cube.service).into_iter().map(|piece| (piece, start)));
                match entry.effect {
                    Effect::Permit => passed.push(taken),
                    Effect::Skip => left.push((taken, entry.until)),
                    _ => {}
                }
            }
            waiting = left;
        }
    }
    // What no list of the layer decides goes on.
    passed.extend(waiting.into_iter().map(|(service, _)| service));
    passed
}

/// A side: its interface and addresses.
type Side = (String, AddrSet);

#[derive(Debug)]
struct Way {
    from: Side,
    to: Side,
}

/// A network with what is asked about it.
struct Network {
    policy: Policy,
    universe: Universe,
}

impl Network {
    fn of(policy: &Policy) -> Self {
        Self { universe: Universe::of(policy), policy: policy.clone() }
    }

    /// Services that pass all layers of the way's path for which `wanted` holds.
    fn passes(&self, way: &Way, wanted: &dyn Fn(&[String]) -> bool) -> Set {
        let zones = &self.policy.zones;
        let fits = |names: &Names, name: &String| {
            names.names.iter().any(|of| of == name || zones.get(of).is_some_and(|members| members.contains(name)))
        };
        let path =
            self.policy.paths.iter().find(|path| fits(&path.in_ifs, &way.from.0) && fits(&path.out_ifs, &way.to.0));
        let layers = path.unwrap().layers.iter().filter(|layer| wanted(layer));
        layers.fold(known(), |all, layer| intersect(&all, &through(&self.policy, &self.universe, layer, way)))
    }

    /// Services that pass, and those of them whose TCP answers do.
    fn allowed(&self, way: &Way, groups: bool) -> (Set, Set) {
        let is_list = |layer: &[String]| !layer.iter().any(|chain| chain.starts_with("implicit end of groups"));
        let passes = self.passes(way, &|layer| groups || is_list(layer));
        let back = Way { from: way.to.clone(), to: way.from.clone() };
        let answers = self.passes(&back, &is_list);
        let flipped: Set = answers
            .into_iter()
            .map(|service| {
                if service.proto.0.contains(proto::TCP) {
                    Service { sport: service.dport.clone(), dport: service.sport.clone(), ..service }
                } else {
                    Service { proto: Protos(Intervals::empty()), ..service }
                }
            })
            .collect();
        let tcp = vec![whole(proto::TCP)];
        let unanswered = minus(&intersect(&passes, &tcp), &flipped);
        (passes, unanswered)
    }
}

/// A connection of a report: what is allowed, and what of it is marked as unanswered.
fn connections(text: &str) -> (Set, Set) {
    let (mut all, mut unanswered) = (Set::new(), Set::new());
    let text = text.trim();
    if text == "No Connections" {
        return (all, unanswered);
    }
    for part in text.split(';') {
        let marked = part.trim().ends_with('*');
        let part = part.trim().trim_end_matches('*').trim().trim_start_matches("protocol: ");
        let (names, rest) =
            if part == "All Connections" { ("ICMP,TCP,UDP", "") } else { part.split_once(' ').unwrap_or((part, "")) };
        for name in names.split(',') {
            let mut service = whole(secdiag_firewall::net::proto_number(name).unwrap());
            let mut words = rest.split_whitespace();
            while let (Some(key), Some(value)) = (words.next(), words.next()) {
                let ranges = value.split(',').map(|range| {
                    let (low, high) = range.split_once('-').unwrap_or((range, range));
                    (low.parse::<u16>().unwrap(), high.parse::<u16>().unwrap())
                });
                let set = Ports(Intervals::of(ranges));
                match key {
                    "src-ports:" => service.sport = set,
                    "dst-ports:" => service.dport = set,
                    other => panic!("{other}"),
                }
            }
            if marked {
                unanswered.push(service.clone());
            }
            all.push(service);
        }
    }
    (all, unanswered)
}

/// Lines of a report: network → (from, to) → connections.
type Report = BTreeMap<String, Vec<(String, String, Set, Set)>>;

fn report(text: &str) -> Report {
    let mut report = Report::new();
    let mut network = String::new();
    for line in text.lines() {
        if let Some((_, name)) = line.split_once("connectivity for VPC ") {
            name.clone_into(&mut network);
            report.insert(name.to_owned(), Vec::new());
        } else if let Some((from, rest)) = line.split_once(" => ") {
            let (to, connection) = rest.split_once(" : ").unwrap();
            let (all, unanswered) = connections(connection);
            report.get_mut(&network).unwrap().push((from.to_owned(), to.to_owned(), all, unanswered));
        }
    }
    report
}

/// A named side that the report speaks of.
struct Endpoint {
    name: String,
    side: Side,
    is_public: bool,
}

/// Addresses of the Internet that the rules could tell apart.
fn internet(policy: &Policy) -> Vec<AddrSet> {
    let mut points = BTreeSet::from([u32::from_be_bytes([8, 8, 8, 8]), u32::from_be_bytes([203, 1, 0, 9])]);
    for rule in policy.rules() {
        for set in [&rule.src.upper, &rule.dst.upper] {
            for (low, high) in set.v4.ranges() {
                points.extend([*low, *high, low.wrapping_sub(1), high.wrapping_add(1)]);
            }
        }
    }
    let special = zones::private().union(&zones::special());
    let points = points.into_iter().map(|point| AddrSet::host(std::net::Ipv4Addr::from(point).into()));
    points.filter(|point| !special.overlaps(point)).collect()
}

fn is_named(name: &str, point: &AddrSet) -> bool {
    let Some(range) = name.strip_prefix("Public Internet ") else { return false };
    range == "(all ranges)" || range.split(", ").any(|part| part.parse::<AddrSet>().unwrap().covers(point))
}

/// Compares every pair; gives how many pairs with connections there are.
fn compare(
    network: &Network,
    endpoints: &[Endpoint],
    expected: &[(String, String, Set, Set)],
    groups: bool,
    inward: bool,
) -> usize {
    let mut found = 0;
    let mut check = |way: &Way, is_way: &dyn Fn(&str, &str) -> bool, open: bool| {
        let (passes, unanswered) = if open { network.allowed(way, groups) } else { (Set::new(), Set::new()) };
        let lines = || expected.iter().filter(|(from, to, ..)| is_way(from, to));
        let wanted: Set = lines().flat_map(|line| line.2.clone()).collect();
        let marked: Set = lines().flat_map(|line| line.3.clone()).collect();
        assert!(same(&passes, &wanted), "{way:?}: {} instead of {}", show(&passes), show(&wanted));
        assert!(same(&unanswered, &marked), "{way:?}: unanswered {} instead of {}", show(&unanswered), show(&marked));
        found += usize::from(!passes.is_empty());
    };
    for from in endpoints {
        for to in endpoints.iter().filter(|to| to.name != from.name) {
            let way = Way { from: from.side.clone(), to: to.side.clone() };
            check(&way, &|a, b| a == from.name && b == to.name, true);
        }
        for point in internet(&network.policy) {
            let outside = (OUTSIDE.to_owned(), point.clone());
            let out = Way { from: from.side.clone(), to: outside.clone() };
            check(&out, &|a, b| a == from.name && is_named(b, &point), from.is_public);
            if inward {
                let back = Way { from: outside, to: from.side.clone() };
                check(&back, &|a, b| is_named(a, &point) && b == from.name, from.is_public);
            }
        }
    }
    found
}

fn tag(value: &Value) -> &str {
    let tags = value["Tags"].as_array();
    tags.and_then(|tags| tags.iter().find(|tag| tag["Key"] == "Name")).map_or("", |tag| tag["Value"].as_str().unwrap())
}

/// A subnet's zone or interface.
fn subnet_of(policy: &Policy, id: &str) -> String {
    let fits = |name: &&String| **name == id || name.ends_with(&format!("({id})"));
    let interfaces = policy.interfaces.iter().map(|interface| &interface.name);
    policy.zones.keys().chain(interfaces).find(fits).unwrap().clone()
}

/// The interface that an address is on.
fn interface_of(policy: &Policy, address: &AddrSet) -> String {
    let narrowest = policy.interfaces.iter().filter(|interface| interface.networks.covers(address));
    narrowest.min_by_key(|interface| interface.networks.size_v4()).unwrap().name.clone()
}

fn aws_endpoints(json: &Value, policy: &Policy, vpc: &str) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for instance in json["instances"].as_array().unwrap() {
        for interface in instance["NetworkInterfaces"].as_array().unwrap().iter().filter(|of| of["VpcId"] == vpc) {
            let address = interface["PrivateIpAddress"].as_str().unwrap();
            endpoints.push(Endpoint {
                name: format!("{}[{address}]", tag(instance)),
                side: (interface_of(policy, &address.parse().unwrap()), address.parse().unwrap()),
                is_public: policy.nat.iter().any(|nat| nat.to_dst.as_ref().unwrap().upper == address.parse().unwrap()),
            });
        }
    }
    endpoints
}

fn aws_subnets(json: &Value, policy: &Policy, vpc: &str) -> Vec<Endpoint> {
    let of_vpc = json["subnets"].as_array().unwrap().iter().filter(|subnet| subnet["VpcId"] == vpc);
    of_vpc
        .map(|subnet| {
            let id = subnet["SubnetId"].as_str().unwrap();
            Endpoint {
                name: if tag(subnet).is_empty() { id.to_owned() } else { tag(subnet).to_owned() },
                side: (subnet_of(policy, id), subnet["CidrBlock"].as_str().unwrap().parse().unwrap()),
                is_public: subnet["MapPublicIpOnLaunch"] == true,
            }
        })
        .collect()
}

fn no_trouble(parsed: &Parsed) {
    for policy in &parsed.policies {
        assert_eq!(policy.coverage.total, policy.coverage.understood);
        println!("{}: {} of {} lines understood", policy.device, policy.coverage.understood, policy.coverage.total);
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn reports_of_aws_networks_are_reproduced() {
    for (file, endpoints_report, subnets_report) in [
        ("input_aws_acl_1.json", "aws_acl_1_all_vpcs_.txt", "aws_acl_1_all_vpcs_subnetsBased_withPGW.txt"),
        (
            "input_basic_config_with_sg.json",
            "basic_config_with_sg_all_vpcs_.txt",
            "basic_config_with_sg_all_vpcs_subnetsBased_withPGW.txt",
        ),
    ] {
        let text = data(&format!("aws_vpc/{file}"));
        let json: Value = serde_json::from_str(&text).unwrap();
        let parsed = aws::parse(&text);
        no_trouble(&parsed);
        let count = |key: &str, lists: &[&str]| -> usize {
            let all = json[key].as_array().unwrap().iter();
            all.map(|of| lists.iter().map(|list| of[*list].as_array().unwrap().len()).sum::<usize>()).sum()
        };
        let written = |rule: &&Rule| !rule.implicit;
        let rules: usize = parsed.policies.iter().map(|policy| policy.rules().filter(written).count()).sum();
        let entries = count("network_acls", &["Entries"]);
        println!("{file}: {rules} rules, {entries} of them in lists of subnets");
        assert!(rules >= entries + json["security_groups"].as_array().unwrap().len());
        for vpc in json["vpcs"].as_array().unwrap() {
            let (id, name) = (vpc["VpcId"].as_str().unwrap(), tag(vpc));
            let device = if name.is_empty() { id } else { name };
            let policy = parsed.policies.iter().find(|policy| policy.device == device).unwrap();
            let network = Network::of(policy);
            let of = |text: &str| report(text)[device].clone();
            let (ends, nets) =
                (of(&data(&format!("aws_vpc/{endpoints_report}"))), of(&data(&format!("aws_vpc/{subnets_report}"))));
            let found = compare(&network, &aws_endpoints(&json, policy, id), &ends, true, true);
            let by_subnet = compare(&network, &aws_subnets(&json, policy, id), &nets, false, false);
            println!("{file} {device}: {found} connections of endpoints, {by_subnet} of subnets as reported");
        }
    }
}

/// Rules of a list of subnets that earlier ones take wholly.
fn shadowed(policy: &Policy, list: &str) -> Vec<String> {
    let universe = Universe::of(policy);
    let path = Path::through(Hook::Forward, vec![list.to_owned()]);
    let flat = flatten(policy, &universe, &path, None);
    let mut found = Vec::new();
    for (index, entry) in flat.entries.iter().enumerate() {
        let Some(rule) = entry.rule.filter(|rule| !rule.implicit) else { continue };
        let before = flat.entries[..index].iter().filter(|entry| entry.effect != Effect::Skip);
        let before: Vec<_> = before.flat_map(secdiag_firewall::flat::Entry::lower).collect();
        if subtract(entry.upper.clone(), &before) == Left::Nothing {
            found.push(rule.id.clone());
        }
    }
    found
}

fn lists(policy: &Policy) -> impl Iterator<Item = &Chain> {
    policy.chains.iter().filter(|chain| chain.rules.iter().any(|rule| rule.implicit))
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn lint_findings_of_aws_networks_are_reproduced() {
    let parsed = aws::parse(&data("aws_vpc/input_aws_acl_1.json"));
    let dead: Vec<String> =
        parsed.policies.iter().flat_map(|policy| lists(policy).flat_map(|list| shadowed(policy, &list.name))).collect();
    println!("shadowed: {dead:?}");
    // The two default lists, both ways.
    assert_eq!(dead.len(), 4);
    assert!(dead.iter().all(|id| id.ends_with(" 32767")));
    assert_eq!(dead.iter().filter(|id| id.contains("NetworkAclId:45")).count(), 2);
    assert_eq!(dead.iter().filter(|id| id.contains("NetworkAclId:54")).count(), 2);
    let unused: Vec<&str> =
        parsed.notes.iter().filter(|note| note.reason.starts_with("group-")).map(|note| note.text.as_str()).collect();
    assert_eq!(unused.len(), 2);
    assert!(unused[0].contains("GroupId:58") && unused[1].contains("GroupId:61"), "{unused:?}");
    assert!(!unused[1].contains("GroupId:10"));
}

fn ibm_endpoints(json: &Value, policy: &Policy) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for instance in json["instances"].as_array().unwrap() {
        for interface in instance["network_interfaces"].as_array().unwrap() {
            let address = interface["primary_ip"]["address"].as_str().unwrap();
            endpoints.push(Endpoint {
                name: format!("{}[{address}]", instance["name"].as_str().unwrap()),
                side: (interface_of(policy, &address.parse().unwrap()), address.parse().unwrap()),
                is_public: false,
            });
        }
    }
    for gateway in json["endpoint_gateways"].as_array().unwrap() {
        let address = gateway["ips"][0]["address"].as_str().unwrap();
        let set: AddrSet = address.parse().unwrap();
        endpoints.push(Endpoint {
            name: format!("{}[{address}]", gateway["name"].as_str().unwrap()),
            side: (interface_of(policy, &set), set),
            is_public: false,
        });
    }
    endpoints
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn lint_findings_of_ibm_networks_are_reproduced() {
    for (file, lint) in [
        ("input_acl_testing3.json", "basic_acl3_Lint"),
        ("input_acl_testing3_with_redundant_rules.json", "acl3_shadowed_rules_Lint"),
    ] {
        let (text, lint) = (data(&format!("ibm_vpc/{file}")), data(&format!("ibm_vpc/{lint}")));
        let json: Value = serde_json::from_str(&text).unwrap();
        let parsed = ibm::parse(&text);
        no_trouble(&parsed);
        let [policy] = parsed.policies.as_slice() else { panic!("one network") };
        let network = Network::of(policy);
        let written: usize = policy.rules().filter(|rule| !rule.implicit).count();
        let in_file = ["network_acls", "security_groups"].map(|key| json[key].as_array().unwrap());
        let expected: usize =
            in_file.iter().flat_map(|all| all.iter()).map(|of| of["rules"].as_array().unwrap().len()).sum();
        assert_eq!(written, expected);

        // Connections whose TCP answers are blocked: three are named, of the others only the number.
        let endpoints = ibm_endpoints(&json, policy);
        let mut blocked = BTreeSet::new();
        for from in &endpoints {
            for to in endpoints.iter().filter(|to| to.name != from.name) {
                let way = Way { from: from.side.clone(), to: to.side.clone() };
                if !network.allowed(&way, true).1.is_empty() {
                    blocked.insert((from.name.clone(), to.name.clone()));
                }
            }
        }
        let part = |title: &str| {
            lint.split(&format!("\"{title}\" issues:")).nth(1).map(|rest| rest.split("____").next().unwrap().to_owned())
        };
        let section = part("Blocked TCP response").unwrap();
        let mut named = 0;
        for line in section.lines().filter(|line| line.starts_with("In the connection")) {
            let quoted: Vec<&str> = line.split('"').collect();
            let bare = |text: &str| text.split_once('/').unwrap().1.to_owned();
            assert!(blocked.contains(&(bare(quoted[1]), bare(quoted[3]))), "{line}");
            named += 1;
        }
        let more =
            section.lines().find_map(|line| line.strip_prefix("... (")?.split(' ').next()?.parse::<usize>().ok());
        println!("{file}: {} connections with blocked answers", blocked.len());
        assert_eq!(blocked.len(), named + more.unwrap_or(0));

        // Names of rules in a section, as its details give them.
        let rules_of = |title: &str| -> BTreeSet<String> {
            let section = part(title).unwrap_or_default();
            let details = section.lines().filter_map(|line| line.trim().strip_prefix("Rule details: name: "));
            details.map(|line| line.split(',').next().unwrap().to_owned()).collect()
        };
        let names = |wanted: &dyn Fn(&Chain, &Rule) -> bool| -> BTreeSet<String> {
            let rules = lists(policy).flat_map(|list| list.rules.iter().map(move |rule| (list, rule)));
            rules
                .filter(|(list, rule)| {
                    !rule.implicit && list.rules.iter().any(|rule| !rule.implicit) && wanted(list, rule)
                })
                .map(|(_, rule)| rule.name.clone().unwrap())
                .collect()
        };
        let dead = names(&|list, rule| shadowed(policy, &list.name).contains(&rule.id));
        assert_eq!(dead, rules_of("Network ACL rules shadowed by higher priority rules"), "shadowed");
        let near = |list: &Chain, rule: &Rule| {
            if list.name.ends_with(" in") { rule.dst.upper.clone() } else { rule.src.upper.clone() }
        };
        let all = policy.interfaces.iter().fold(AddrSet::empty(), |all, interface| all.union(&interface.networks));
        let outside = names(&|list, rule| !near(list, rule).overlaps(&all));
        assert_eq!(
            outside,
            rules_of("Network ACL rules referencing CIDRs outside of the VPC address space"),
            "outside"
        );
        let splits = names(&|list, rule| {
            let subnets = &if list.name.ends_with(" in") { &rule.out_ifs } else { &rule.in_ifs }.names;
            let rest = |name: &String| policy.interface(&format!("{name}: rest")).or_else(|| policy.interface(name));
            let mut networks = subnets.iter().map(|name| &rest(name).unwrap().networks);
            networks.any(|network| near(list, rule).overlaps(network) && !near(list, rule).covers(network))
        });
        assert_eq!(
            splits,
            rules_of("Network ACLs implying different connectivity for endpoints inside a subnet"),
            "splits"
        );
        for (title, reason) in [
            ("Network ACL not applied to any resources", "list-not-applied"),
            ("SG not applied to any resources", "group-not-applied"),
        ] {
            let section = part(title).unwrap();
            let line = section.lines().find(|line| line.starts_with("In VPC")).unwrap();
            let name = line.split('"').nth(3).unwrap();
            let note = parsed.notes.iter().find(|note| note.reason == reason).unwrap();
            assert!(note.text.ends_with(&format!(": {name}")), "{}", note.text);
        }
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_difference_of_two_ibm_networks_is_reproduced() {
    let texts = ["input_acl_testing3.json", "input_acl_testing3_2nd.json"].map(|file| data(&format!("ibm_vpc/{file}")));
    let json = serde_json::from_str(&texts[0]).unwrap();
    let parsed = texts.map(|text| ibm::parse(&text));
    let endpoints = ibm_endpoints(&json, &parsed[0].policies[0]);
    let networks = [0, 1].map(|n| Network::of(&parsed[n].policies[0]));
    let service_network = Endpoint {
        name: "Service Network 161.26.0.0/16".into(),
        side: (OUTSIDE.into(), "161.26.0.0/16".parse().unwrap()),
        is_public: false,
    };
    let mut found = BTreeMap::new();
    for from in &endpoints {
        for to in endpoints.iter().chain([&service_network]).filter(|to| to.name != from.name) {
            let way = Way { from: from.side.clone(), to: to.side.clone() };
            let [old, new] = [0, 1].map(|n| networks[n].allowed(&way, true));
            if !same(&old.0, &new.0) || !same(&old.1, &new.1) {
                found.insert((from.name.clone(), to.name.clone()), [old, new]);
            }
        }
    }
    let report = data("ibm_vpc/acl_testing3_all_vpcs_endpointsDiff.txt");
    let lines: Vec<&str> = report.lines().filter(|line| line.starts_with("diff-type")).collect();
    assert_eq!(found.len(), lines.len(), "{:?}", found.keys());
    for line in lines {
        let field = |key: &str, end: &str| {
            let rest = line.split(key).nth(1).unwrap();
            if end.is_empty() { rest.to_owned() } else { rest.split(end).next().unwrap().to_owned() }
        };
        let way = (field("source: ", ", destination"), field("destination: ", ", config1"));
        let [old, new] = &found[&way];
        for (ours, theirs) in [(old, field("config1: ", ", config2")), (new, field("config2: ", ""))] {
            let (all, unanswered) = connections(&theirs);
            assert!(same(&ours.0, &all) && same(&ours.1, &unanswered), "{way:?}: {} / {theirs}", show(&ours.0));
        }
    }
    // The comparison of versions says the same: nothing was opened.
    let policies = [&parsed[0].policies[0], &parsed[1].policies[0]];
    let universes = Universe::common(policies);
    let flats = [0, 1].map(|n| merged(policies[n], &universes[n], Hook::Forward, None).unwrap());
    let diff = secdiag_firewall::diff::diff(&Index::of(&flats[0]), &Index::of(&flats[1]));
    println!("{} differences by pairs of rules", diff.differences.len());
    assert!(!diff.differences.is_empty() && diff.differences.iter().all(|one| !one.opened && one.certain));
}
