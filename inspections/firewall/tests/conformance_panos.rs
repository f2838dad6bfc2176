//! PAN-OS against the shared evidence (`SECDIAG_DATA`): coverage of configurations, and what real devices did.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a test reads files; the inspection does not")]

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use secdiag_firewall::ask::{Lists, Question, Verdict};
use secdiag_firewall::translate::through;
use secdiag_firewall::vendors::cisco_ios::{self, Dialect};
use secdiag_firewall::vendors::{Parsed, panos};
use secdiag_inspect::DecodedText;

fn data() -> PathBuf {
    std::env::var_os("SECDIAG_DATA")
        .map(PathBuf::from)
        .expect("SECDIAG_DATA names the evidence folder")
        .join("firewall")
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

fn text(path: &Path) -> String {
    DecodedText::decode(&std::fs::read(path).unwrap()).text
}

fn parse(text: &str) -> Parsed {
    if text.trim_start().starts_with('<') { panos::parse_xml(text) } else { panos::parse_text(text) }
}

/// The evidence's names for files that are wrong on purpose.
fn is_wrong_on_purpose(name: &str) -> bool {
    ["warn", "bad", "invalid", "recovery", "malformed", "garbage", "misconfigured"]
        .iter()
        .any(|word| name.contains(word))
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn nearly_every_line_is_understood() {
    for folder in ["vendor_snippets/palo_alto", "generated_fragments/paloaltofw"] {
        let (mut total, mut unknown) = (0, 0);
        for path in files(&data().join(folder)) {
            let text = text(&path);
            let parsed = parse(&text);
            let notes = parsed.notes.iter().filter(|note| note.kind == secdiag_model::NoteKind::NotUnderstood);
            let notes: Vec<_> = notes.filter(|note| note.reason != "not-inspected").collect();
            if std::env::var_os("SECDIAG_LIST").is_some() {
                for note in &notes {
                    println!("{} {:?} {}: {}", name(&path), note.place, note.reason, note.text);
                }
            }
            if !is_wrong_on_purpose(&name(&path)) {
                total += text.lines().filter(|line| !line.trim().is_empty()).count() as u64;
                unknown += notes.iter().map(|note| note.count).sum::<u64>();
            }
        }
        println!("{folder}: {} of {total} lines understood", total - unknown);
        assert!((total - unknown) * 100 >= total * 98, "{folder}");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn rules_of_renderings_are_all_there() {
    let folder = data().join("one_policy_many_vendors");
    for file in ["sample_paloalto.xml", "sample_stateful_multitarget_simple.xml"] {
        let text = text(&folder.join(file));
        let parsed = parse(&text);
        assert!(parsed.notes.iter().all(|note| note.reason == "undefined"), "{file}: {:?}", parsed.notes);
        let rules = parsed.policies[0].rules().filter(|rule| !rule.implicit).count();
        println!("{file}: {rules} rules");
        // Nothing but a rule has an action.
        assert_eq!(rules, text.matches("<action>").count(), "{file}");
    }
}

/// What the devices of the laboratory did with a packet of one host to another.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn laboratory_devices_did_what_is_said_here() {
    for number in 1..=5 {
        let lab = data().join(format!("labs/palo_alto_nat_{number}"));
        let parsed = parse(&text(&lab.join("configs/pa")));
        assert_eq!(parsed.policies.len(), 1, "{number}: {:?}", parsed.notes);
        let policy = &parsed.policies[0];
        let lists = Lists::of(policy, None);
        let decider = lists.ready();
        let flows = text(&lab.join("show/connectivity.yaml"));
        let value = |key: &str| {
            flows.lines().find_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(key)).unwrap().trim()
        };
        let host = cisco_ios::parse(&text(&lab.join("configs").join(value("src_hostname:"))), Dialect::Ios);
        let own = host.policies[0].interfaces.iter().find_map(|interface| interface.addresses.v4.first()).unwrap();
        let question = Question {
            in_if: None,
            out_if: None,
            src: IpAddr::V4(own.into()),
            dst: value("dst_ip:").parse().unwrap(),
            proto: secdiag_firewall::net::proto::ICMP,
            sport: 0,
            dport: 8 << 8,
        };
        assert_eq!(value("application:"), "icmp");
        let outcome = through(policy, &decider, &question);
        let by = outcome.decision.by.and_then(|by| by.rule).map_or("the default", |rule| rule.id.as_str());
        println!("{number}: {:?} by {by}, to {}", outcome.decision.verdict, outcome.dst);
        let expected = if value("disposition:") == "success" { Verdict::Permit } else { Verdict::Deny };
        assert_eq!(outcome.decision.verdict, expected, "{number}");
    }
}
