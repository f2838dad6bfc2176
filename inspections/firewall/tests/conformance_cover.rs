//! Union coverage over the shared evidence (`SECDIAG_DATA`): filter sets whose dead rules are known.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a test reads files and the clock; the inspection does not")]

use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use secdiag_firewall::cover::Index;
use secdiag_firewall::flat::{Universe, flatten};
use secdiag_firewall::vendors;

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
