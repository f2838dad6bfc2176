//! Union coverage over the shared evidence (`SECDIAG_DATA`): filter sets whose dead rules are known.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a test reads files and the clock; the inspection does not")]

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use secdiag_firewall::cover::Index;
use secdiag_firewall::flat::{Effect, Flat, Packet, Universe, flatten};
use secdiag_firewall::interval::Intervals;
use secdiag_firewall::matrix::{Asked, behind, v4};
use secdiag_firewall::net::{AddrSet, Service, proto, proto_number};
use secdiag_firewall::policy::{Action, Addrs, Chain, DefaultAction, Hook, Log, Path, Policy, Rule, Services};
use secdiag_firewall::{spoof, vendors};

fn data() -> PathBuf {
    std::env::var_os("SECDIAG_DATA").map(PathBuf::from).expect("SECDIAG_DATA names the evidence folder")
}

/// Rules that the union of earlier ones covers: the same line numbers in every filter set.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn union_shadowed_rules_of_every_filter_set_are_found() {
    let folder = data().join("firewall/classbench");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".union_shadowed.txt").map(Into::into))
        .collect();
    names.sort();
    assert!(names.len() >= 10);
    for name in names {
        let expected = std::fs::read_to_string(folder.join(format!("{name}.union_shadowed.txt"))).unwrap();
        let expected: Vec<usize> = expected.lines().map(|line| line.trim().parse().unwrap()).collect();
        let mut text = String::new();
        match std::fs::File::open(folder.join(format!("{name}.txt.gz"))) {
            Ok(packed) => flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap(),
            Err(_) => {
                std::fs::File::open(folder.join(format!("{name}.txt"))).unwrap().read_to_string(&mut text).unwrap()
            }
        };
        let start = Instant::now();
        let parsed = vendors::classbench::parse(&text);
        let policy = &parsed.policies[0];
        let universe = Universe::of(policy);
        let flat = flatten(policy, &universe, &policy.paths[0], None);
        let ready = start.elapsed();
        let index = Index::of(&flat);
        let rules = policy.chains[0].rules.len();
        assert!(flat.entries.iter().take(rules).all(|entry| entry.rule.is_some()));
        let dead: Vec<usize> = (0..rules).filter(|rule| index.dead(*rule).unwrap().is_some()).collect();
        println!("{name}: {rules} rules, {} dead; parsed in {ready:.2?}, all in {:.2?}", dead.len(), start.elapsed());
        assert_eq!(dead, expected, "{name}");
    }
}

fn text(name: &str) -> String {
    let path = data().join("firewall/iptables/verified_matrices").join(name);
    let mut text = String::new();
    let file = std::fs::File::open(&path).unwrap();
    if name.ends_with(".gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        std::io::BufReader::new(file).read_to_string(&mut text).unwrap();
    }
    text
}

/// `{0.0.0.0 .. 126.255.255.255} u {128.0.0.0 .. 255.255.255.255}`
fn classes(text: &str) -> Intervals<u32> {
    let range = |part: &str| {
        let part = part.trim().trim_matches(['{', '}']);
        let (low, high) = part.split_once(" .. ").unwrap_or((part, part));
        let number = |text: &str| u32::from(text.parse::<std::net::Ipv4Addr>().unwrap());
        (number(low), number(high))
    };
    Intervals::of(text.split(" u ").map(range))
}

/// The proved tool's service matrices: the same classes of addresses, the same pairs.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn verified_matrices_are_reproduced() {
    let mut compared = 0;
    for (rules, golden, chain) in [
        ("parser_test.iptables-save", "parser_test.golden.gz", "filter/FORWARD"),
        ("sqrl_2015_raw.iptables-save", "sqrl_2015_raw.golden", "raw/PREROUTING"),
        ("synology.iptables-save", "synology.golden", "filter/INPUT"),
    ] {
        let mut policy = vendors::iptables::parse(&text(rules)).policies.remove(0);
        policy.paths = vec![Path::through(Hook::Forward, vec![chain.into()])];
        let universe = Universe::of(&policy);
        let flat = flatten(&policy, &universe, &policy.paths[0], None);
        let golden = text(golden);
        for section in golden.split("=========== TCP port ").skip(1) {
            let (title, body) = section.split_once(" =========").unwrap();
            let (sport, dport) = title.split_once("->").unwrap();
            let asked = Asked { proto: proto::TCP, sport: sport.parse().unwrap(), dport: dport.parse().unwrap() };
            let named = |line: &str| line.split_once(" |-> ").map(|(name, set)| (name.to_owned(), classes(set)));
            let expected: Vec<(String, Intervals<u32>)> = body.lines().filter_map(named).collect();
            let set = |name: &str| expected.iter().find(|(known, _)| known == name).unwrap().1.clone();
            let pairs: BTreeSet<(Intervals<u32>, Intervals<u32>)> = body
                .lines()
                .filter_map(|line| line.strip_prefix('(')?.strip_suffix(')')?.split_once(','))
                .map(|(from, to)| (set(from), set(to)))
                .collect();
            let found = v4(&flat, asked, &behind(&policy, &universe));
            let found_pairs: BTreeSet<_> = found
                .pairs
                .iter()
                .map(|(from, to)| (found.classes[*from].clone(), found.classes[*to].clone()))
                .collect();
            let known: BTreeSet<_> = expected.iter().map(|(_, set)| set.clone()).collect();
            assert_eq!(found.classes.iter().cloned().collect::<BTreeSet<_>>(), known, "{rules} {title}");
            assert_eq!(found_pairs, pairs, "{rules} {title}");
            compared += 1;
        }
    }
    println!("{compared} matrices");
    assert!(compared >= 7);
}

/// The proved tool's certificates: which interfaces may accept a source that does not lie behind them.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn spoofing_certificates_are_reproduced() {
    let mut policy = vendors::iptables::parse(&text("sqrl_2015_raw.iptables-save")).policies.remove(0);
    policy.paths = vec![Path::through(Hook::Forward, vec!["raw/PREROUTING".into()])];
    let universe = Universe::of(&policy);
    let flat = flatten(&policy, &universe, &policy.paths[0], None);
    let index = Index::of(&flat);
    let assigned = text("sqrl.ipassmt").replace(['\n', '\r'], " ");
    let golden = text("sqrl_2015_raw.golden");
    let mut compared = (0, 0);
    for part in assigned.split(']') {
        let Some((name, sets)) = part.split_once('=') else { continue };
        let name = name.trim();
        let (how, list) = sets.split_once('[').unwrap();
        let listed = list.split(',').map(str::trim).filter(|text| !text.is_empty());
        let listed = listed.fold(AddrSet::empty(), |all, text| all.union(&text.parse().unwrap()));
        let all = AddrSet::full_v4();
        let foreign = if how.contains("all_but") { listed } else { all.minus(&listed) };
        let certified = spoof::accepted(&index, universe.number(name), &foreign).is_none();
        let expected = golden.contains(&format!("(\"{name}\",\"True (certified)\")"));
        assert!(expected || golden.contains(&format!("(\"{name}\",\"Probably not (False)\")")), "{name}");
        assert_eq!(certified, expected, "{name}");
        compared = (compared.0 + usize::from(certified), compared.1 + usize::from(!certified));
    }
    println!("{} certified, {} not", compared.0, compared.1);
    assert_eq!(compared.0 + compared.1, 11);
}

/// `iptables -Ln` as the proved simplifier prints it: action, protocol, addresses, ports.
fn closure(text: &str, chain: &str) -> Policy {
    let mut rules = Vec::new();
    let mut default = DefaultAction::implicit_deny(Log::Unknown);
    let mut here = false;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("Chain ") {
            here = rest.starts_with(chain);
            if here && rest.contains("policy ACCEPT") {
                default.action = Action::Permit;
            }
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let [action @ ("ACCEPT" | "DROP"), protocol, _, src, dst, rest @ ..] = words.as_slice() else { continue };
        if !here {
            continue;
        }
        let action = if *action == "ACCEPT" { Action::Permit } else { Action::Deny };
        let mut rule = Rule::new(action, u32::try_from(rules.len() + 1).unwrap());
        let v4 = |text: &str| Addrs::exactly(text.parse::<AddrSet>().unwrap());
        (rule.src, rule.dst) = (v4(src), v4(dst));
        let number = (*protocol != "all").then(|| proto_number(protocol).unwrap());
        let mut service = number.map_or_else(Service::any, Service::proto);
        for word in rest {
            let Some((what, ports)) = word.split_once(':') else { continue };
            let range = |text: &str| {
                let (low, high) = text.split_once(':').unwrap_or((text, text));
                (low.parse().unwrap(), high.parse().unwrap())
            };
            let ports = Intervals::of(ports.split(',').map(range));
            match what {
                "dpt" | "dpts" => service.dport.0 = ports,
                "spt" | "spts" => service.sport.0 = ports,
                other => panic!("{other}"),
            }
        }
        rule.services = Services::exactly(vec![service]);
        rules.push(rule);
    }
    assert!(!rules.is_empty());
    Policy {
        chains: vec![Chain { name: chain.into(), rules, default }],
        paths: vec![Path::through(Hook::Forward, vec![chain.into()])],
        ..Policy::default()
    }
}

/// Packets at the corners of every box, and some within.
fn packets_of<'f>(flat: &'f Flat<'_>) -> impl Iterator<Item = Packet> + 'f {
    let cubes = flat.entries.iter().flat_map(|entry| &entry.upper).filter(|cube| !cube.src.v4.is_empty());
    cubes.flat_map(|cube| {
        (0..12u64).map(move |n| {
            let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(cube.dst.v4.first().unwrap());
            let mut next = move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                match n {
                    0 => 0,
                    1 => u64::MAX,
                    _ => state ^ state >> 29,
                }
            };
            Packet {
                src: std::net::Ipv4Addr::from(cube.src.v4.pick(next(), next()).unwrap()).into(),
                dst: std::net::Ipv4Addr::from(cube.dst.v4.pick(next(), next()).unwrap()).into(),
                in_if: cube.in_ifs.pick(next(), next()).unwrap(),
                out_if: cube.out_ifs.pick(next(), next()).unwrap(),
                proto: cube.service.proto.0.pick(next(), next()).unwrap(),
                sport: cube.service.sport.0.pick(next(), next()).unwrap(),
                dport: cube.service.dport.0.pick(next(), next()).unwrap(),
            }
        })
    })
}

/// What a proved simplifier says is accepted whatever happens, we say may be; what we say surely is, it says may be.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn verified_closures_bound_our_answers() {
    let folder = data().join("firewall/iptables");
    let rules = |name: &str| {
        let local = folder.join("verified_closures").join(name);
        std::fs::read_to_string(&local)
            .or_else(|_| std::fs::read_to_string(folder.join("rulesets").join(name)))
            .unwrap()
    };
    let (mut bounds, mut compared) = (0, 0);
    for (closure_name, ruleset, chain) in [
        ("TUM_Net_iptables_20.10.2013.Ln.FWD", "tum_2013-10", "FORWARD"),
        ("TUM_Net_iptables_25.07.2014.Ln.FWD", "tum_2014-07", "FORWARD"),
        ("config_home_user_typical_home_user.Ln.FWD", "home_user", "FORWARD"),
        ("config_memphis_testbed_iptables.Ln.FWD", "memphis", "FORWARD"),
        ("configs_sqrl_shorewall_2014_sep_iptables-saveakachan.Ln.FWD", "sqrl_2014", "FORWARD"),
        ("configs_srvs_ufw_server2-iptables-save.Ln.INP", "ufw_server2", "INPUT"),
        ("configs_ugent_iptables.Ln.INP", "configs_ugent_iptables-save", "INPUT"),
        ("medium-sized-company_iptables-save.Ln.FWD", "medium-sized-company_iptables-save", "FORWARD"),
    ] {
        let mut ours = vendors::iptables::parse(&rules(ruleset)).policies.remove(0);
        ours.paths = vec![Path::through(Hook::Forward, vec![format!("filter/{chain}")])];
        for bound in ["lower", "upper"] {
            let Ok(text) =
                std::fs::read_to_string(folder.join("verified_closures").join(format!("{closure_name}.{bound}")))
            else {
                continue;
            };
            let theirs = closure(&text, chain);
            let universes = Universe::common([&ours, &theirs]);
            let flats = [
                flatten(&ours, &universes[0], &ours.paths[0], None),
                flatten(&theirs, &universes[1], &theirs.paths[0], None),
            ];
            let indexes = [Index::of(&flats[0]), Index::of(&flats[1])];
            let (mut packets, mut sure) = (0, 0);
            for packet in flats.iter().flat_map(packets_of) {
                packets += 1;
                // Where we are not sure, every bound holds.
                let Some(by) = indexes[0].decides(&packet).map(|entry| &flats[0].entries[entry]) else { continue };
                // The simplifier takes an interface for the addresses assigned to it, so a rule that names one is not
                // the same question.
                if by.rule.is_some_and(|rule| !rule.in_ifs.is_any()) {
                    continue;
                }
                sure += 1;
                let theirs = indexes[1].decides(&packet).map(|entry| flats[1].entries[entry].effect).unwrap();
                let numbers = || universes[0].all.ranges().iter().flat_map(|(low, high)| *low..=*high);
                let denied = |in_if, out_if| {
                    let decided = indexes[0].decides(&Packet { in_if, out_if, ..packet.clone() });
                    decided.is_some_and(|entry| flats[0].entries[entry].effect == Effect::Deny)
                };
                let wrong = match bound {
                    "lower" if theirs == Effect::Permit && by.effect == Effect::Deny => {
                        numbers().all(|in_if| numbers().all(|out_if| denied(in_if, out_if)))
                    }
                    "lower" => false,
                    _ => theirs == Effect::Deny && by.effect == Effect::Permit,
                };
                assert!(!wrong, "{closure_name}.{bound}: {packet:?} by {:?}", by.rule.map(|rule| &rule.text));
            }
            println!("{closure_name}.{bound}: {packets} packets, of {sure} we are sure");
            assert!(packets > 300, "{closure_name}.{bound}");
            compared += sure;
            bounds += 1;
        }
    }
    println!("{bounds} bounds, {compared} packets");
    assert!(compared > 3_000);
    assert_eq!(bounds, 15);
}
