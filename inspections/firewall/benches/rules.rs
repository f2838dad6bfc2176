//! How fast rules are read, compared and asked. `cargo bench -p secdiag-firewall -- DATA` (DATA: the folder of evidence).
//!
//! Figures are of one run on one thread; the sizes are those of real dumps and of published filter sets.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a bench reads files and the clock; the inspection does not")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use secdiag_firewall::cover::Index;
use secdiag_firewall::diff::diff;
use secdiag_firewall::flat::{Packet, Universe, flatten};
use secdiag_firewall::matrix::{Asked, behind, v4};
use secdiag_firewall::policy::{Action, Policy};
use secdiag_firewall::standing::{Standing, standings};
use secdiag_firewall::vendors;

fn main() {
    let data = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let Some(data) = data.map(PathBuf::from).filter(|data| data.join("firewall").is_dir()) else {
        println!("usage: cargo bench -p secdiag-firewall -- DATA");
        return;
    };
    let firewall = data.join("firewall");
    for name in ["fw1_1000", "fw1_10000", "fw1_100000", "acl1_100000"] {
        coverage(&firewall, name);
    }
    core_firewall(&firewall);
    versions(&firewall);
    tuples(&firewall);
    reading(&firewall);
}

fn text(path: &Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    if path.extension().is_some_and(|ext| ext == "gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        std::io::BufReader::new(file).read_to_string(&mut text).unwrap();
    }
    text
}

fn filters(firewall: &Path, name: &str) -> Policy {
    vendors::classbench::parse(&text(&firewall.join(format!("classbench/{name}.txt.gz")))).policies.remove(0)
}

/// Dead rules, then the whole account of every rule.
fn coverage(firewall: &Path, name: &str) {
    let start = Instant::now();
    let mut policy = filters(firewall, name);
    // The sets have no actions: every third rule denies.
    for rule in policy.chains[0].rules.iter_mut().step_by(3) {
        rule.action = Action::Deny;
    }
    let universe = Universe::of(&policy);
    let flats = [flatten(&policy, &universe, &policy.paths[0], None)];
    let read = start.elapsed();
    let start = Instant::now();
    let index = Index::of(&flats[0]);
    let dead = (0..policy.chains[0].rules.len()).filter(|rule| index.dead(*rule).unwrap().is_some()).count();
    let covered = start.elapsed();
    let start = Instant::now();
    let all = standings(&flats, &[index]);
    let count = |of: fn(&Standing<'_>) -> bool| all.iter().filter(|(_, standing)| of(standing)).count();
    let redundant = count(|standing| matches!(standing, Standing::Repeated { .. } | Standing::Overtaken { .. }));
    let undecided = count(|standing| matches!(standing, Standing::Undecided));
    println!(
        "{name}: {} rules read in {read:.2?}; {dead} dead found in {covered:.2?}; every rule's standing in {:.2?} ({redundant} could be left out, {undecided} undecided)",
        policy.chains[0].rules.len(),
        start.elapsed()
    );
}

/// A real core firewall: read, every rule's standing, and who reaches whom on 60 services.
fn core_firewall(firewall: &Path) {
    let dump = text(&firewall.join("iptables/rulesets/tum_2014-07"));
    let start = Instant::now();
    let policy = vendors::iptables::parse(&dump).policies.remove(0);
    let universe = Universe::of(&policy);
    let flats: Vec<_> = policy.paths.iter().map(|path| flatten(&policy, &universe, path, None)).collect();
    let indexes: Vec<Index<'_>> = flats.iter().map(Index::of).collect();
    let ready = start.elapsed();
    let standing = standings(&flats, &indexes).len();
    let stood = start.elapsed();
    let known = behind(&policy, &universe);
    let classes: usize =
        (1..=60).map(|n| v4(&flats[0], Asked { proto: 6, sport: 40_000, dport: n * 37 }, &known).classes.len()).sum();
    println!(
        "core firewall: {} lines read in {ready:.2?}; {standing} rules' standing in {:.2?}; 60 matrices ({classes} classes) in {:.2?}; all in {:.2?}",
        dump.lines().count(),
        stood.saturating_sub(ready),
        start.elapsed().saturating_sub(stood),
        start.elapsed()
    );
}

/// Two versions of 10,000 rules of which 200 changed.
fn versions(firewall: &Path) {
    let old = filters(firewall, "fw1_10000");
    let mut new = old.clone();
    for rule in new.chains[0].rules.iter_mut().step_by(49) {
        rule.action = Action::Deny;
    }
    let start = Instant::now();
    let universes = Universe::common([&old, &new]);
    let before = flatten(&old, &universes[0], &old.paths[0], None);
    let after = flatten(&new, &universes[1], &new.paths[0], None);
    let found = diff(&Index::of(&before), &Index::of(&after));
    println!(
        "two versions of {} rules: {} pairs differ, {} undecided, in {:.2?}",
        old.chains[0].rules.len(),
        found.differences.len(),
        found.undecided,
        start.elapsed()
    );
}

/// A million connections attributed to 10,000 rules.
fn tuples(firewall: &Path) {
    let policy = filters(firewall, "fw1_10000");
    let universe = Universe::of(&policy);
    let flat = flatten(&policy, &universe, &policy.paths[0], None);
    let index = Index::of(&flat);
    let mut state = 7u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 16
    };
    let mut hits = 0;
    let start = Instant::now();
    for _ in 0..1_000_000 {
        let rule = &policy.chains[0].rules[usize::try_from(random()).unwrap() % policy.chains[0].rules.len()];
        let service = &rule.services.lower[0];
        let packet = Packet {
            in_if: 0,
            out_if: 0,
            src: std::net::Ipv4Addr::from(rule.src.lower.v4.pick(random(), random() << 16).unwrap()).into(),
            dst: std::net::Ipv4Addr::from(rule.dst.lower.v4.pick(random(), random() << 16).unwrap()).into(),
            proto: service.proto.0.pick(random(), random() << 16).unwrap(),
            sport: service.sport.0.pick(random(), random() << 16).unwrap(),
            dport: service.dport.0.pick(random(), random() << 16).unwrap(),
        };
        hits += u64::from(index.decides(&packet).is_some());
    }
    println!(
        "1,000,000 connections attributed to {} rules ({hits} decided) in {:.2?}",
        flat.entries.len(),
        start.elapsed()
    );
}

fn reading(firewall: &Path) {
    let dump = text(&firewall.join("iptables/rulesets/tum_2014-07")).repeat(40);
    speed("iptables-save", &dump, vendors::iptables::parse);
    let config = text(&firewall.join("labs/fortios_fw_policy_basic/configs/fw/show.txt")).repeat(40);
    speed("FortiOS", &config, vendors::fortios::parse);
}

fn speed(what: &str, text: &str, parse: fn(&str) -> vendors::Parsed) {
    let start = Instant::now();
    let parsed = parse(text);
    let took: Duration = start.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let megabytes = text.len() as f64 / 1e6;
    println!(
        "{what}: {megabytes:.1} MB read in {took:.2?}, {:.0} MB/s ({} policies)",
        megabytes / took.as_secs_f64(),
        parsed.policies.len()
    );
}
