//! Junos and SRX against the shared evidence (`SECDIAG_DATA`): coverage of vendors' test configurations, counts, and
//! equality with another platform's rendering of one policy.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a test reads files; the inspection does not")]

use std::path::{Path, PathBuf};

use secdiag_firewall::flat::{Cube, Effect, Entry, Left, Universe, flatten, subtract};
use secdiag_firewall::interval::Intervals;
use secdiag_firewall::policy::{DefaultAction, Hook, Log, Path as Way, Policy};
use secdiag_firewall::vendors::{cisco_asa, junos};
use secdiag_inspect::DecodedText;

fn data() -> PathBuf {
    std::env::var_os("SECDIAG_DATA")
        .map(PathBuf::from)
        .expect("SECDIAG_DATA names the evidence folder")
        .join("firewall")
}

fn text(path: &Path) -> String {
    DecodedText::decode(&std::fs::read(path).unwrap()).text
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_file());
    found.sort();
    assert!(!found.is_empty(), "{} holds nothing", folder.display());
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn nearly_every_line_is_understood() {
    let data = data();
    for folder in ["vendor_snippets/juniper", "generated_fragments/junipersrx"] {
        let (mut total, mut missed) = (0, 0);
        for path in files(&data.join(folder)) {
            let text = text(&path);
            let filled = text.lines().filter(|line| !line.trim().is_empty()).count() as u64;
            let parsed = junos::parse(&text);
            let notes = parsed
                .notes
                .iter()
                .filter(|note| note.kind == secdiag_model::NoteKind::NotUnderstood && note.reason != "not-inspected");
            let mut unknown = 0;
            for note in notes {
                unknown += note.count;
                if std::env::var_os("SECDIAG_LIST").is_some() {
                    println!("{} {:?} {}: {}", name(&path), note.place, note.reason, note.text);
                }
            }
            let wrong =
                ["warn", "bad", "invalid", "recovery", "misbraced"].iter().any(|word| name(&path).contains(word));
            if !wrong {
                total += filled;
                missed += unknown;
            }
        }
        println!("{folder}: {} of {total} lines understood", total - missed);
        assert!((total - missed) * 100 >= total * 98, "{folder}");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn every_policy_of_the_generated_files_is_a_rule() {
    for path in files(&data().join("generated_fragments/junipersrx")) {
        let text = text(&path);
        // A name that a pair of zones has twice is one policy.
        let mut pair = "";
        let mut named = std::collections::BTreeSet::new();
        for line in text.lines().map(str::trim).filter(|line| line.ends_with('{')) {
            if line.starts_with("from-zone ") || line == "global {" {
                pair = line;
            } else if line.starts_with("policy ") {
                named.insert((pair, line));
            }
        }
        let wanted = named.len();
        let found: usize = junos::parse(&text).policies.iter().map(|policy| policy.rules().count()).sum();
        assert_eq!(found, wanted, "{}", name(&path));
    }
}

/// What a list lets through.
fn permitted(policy: &Policy, list: &str) -> Vec<Cube> {
    let mut policy = policy.clone();
    let chain = policy.chains.iter_mut().find(|chain| chain.name == list).unwrap();
    chain.default = DefaultAction::implicit_deny(Log::No);
    chain.rules.iter_mut().for_each(|rule| rule.states.clear());
    let universe = Universe::of(&policy);
    let way = Way::through(Hook::Forward, vec![list.to_owned()]);
    let flat = flatten(&policy, &universe, &way, None);
    let mut all = Vec::new();
    for (index, entry) in flat.entries.iter().enumerate().filter(|(_, entry)| entry.effect == Effect::Permit) {
        let mut left = entry.upper.clone();
        let denies = flat.entries[..index].iter().filter(|entry| entry.effect == Effect::Deny);
        for taken in denies.flat_map(Entry::lower) {
            left = left.iter().flat_map(|cube| cube.minus(taken)).collect();
        }
        all.extend(left);
    }
    all.retain(|cube| !cube.src.v4.is_empty() && !cube.dst.v4.is_empty());
    for cube in &mut all {
        (cube.in_ifs, cube.out_ifs) = (Intervals::full(), Intervals::full());
    }
    all
}

/// One policy written for Junos and for ASA lets the same IPv4 packets through.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn renderings_of_one_policy_let_the_same_through() {
    let folder = data().join("one_policy_many_vendors");
    let junos = junos::parse(&text(&folder.join("sample_multitarget.jcl"))).policies.remove(0);
    let asa = cisco_asa::parse(&text(&folder.join("sample_multitarget.asa"))).policies.remove(0);
    for (ours, theirs) in [("edge-inbound", "asa_in"), ("edge-outbound", "asa_out")] {
        // The ASA's rendering leaves `established` out, as it keeps states; with states cleared both permit it.
        let (first, second) = (permitted(&junos, ours), permitted(&asa, theirs));
        for (a, b) in [(&first, &second), (&second, &first)] {
            let b: Vec<&Cube> = b.iter().collect();
            assert_eq!(subtract(a.clone(), &b), Left::Nothing, "{ours}");
        }
    }
}
