//! Union coverage over the shared evidence (`SECDIAG_DATA`): filter sets whose dead rules are known.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a test reads files and the clock; the inspection does not")]

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use secdiag_firewall::cover::Index;
use secdiag_firewall::flat::{Universe, flatten};
use secdiag_firewall::interval::Intervals;
use secdiag_firewall::matrix::{Asked, behind, v4};
use secdiag_firewall::net::{AddrSet, proto};
use secdiag_firewall::policy::{Hook, Path};
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
