//! Check Point against the shared evidence (`SECDIAG_DATA`): exports of lab networks and what their gateways then did.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a test reads files; the inspection does not")]

use std::path::PathBuf;

use secdiag_firewall::ask::{Lists, Question, Verdict};
use secdiag_firewall::policy::Log;
use secdiag_firewall::vendors::checkpoint::{self, gaia};
use secdiag_inspect::DecodedText;
use serde_json::Value;

fn labs() -> PathBuf {
    let folder = std::env::var_os("SECDIAG_DATA").map(PathBuf::from).expect("SECDIAG_DATA names the evidence folder");
    folder.join("firewall/labs")
}

fn read(path: &str) -> String {
    DecodedText::decode(&std::fs::read(labs().join(path)).unwrap()).text
}

/// Answers of the management server put into one file, as an administrator would.
fn together(names: &[&str]) -> String {
    names.iter().map(|name| read(&format!("checkpoint_bond_vlan/configs/{name}"))).collect::<Vec<_>>().join("\n")
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_gateway_of_the_lab_decides_as_recorded() {
    let text = together(&[
        "cp_mgmt/show-access-rulebase.json",
        "cp_mgmt/show-packages.json",
        "cp_mgmt/show-gateways-and-servers.json",
        "cp_mgmt/show-simple-gateways.json",
        "cp_mgmt/show-nat-rulebase.json",
        "cp_mgmt/show-objects.json",
        "cp_fw/show_configuration.txt",
    ]);
    let parsed = checkpoint::parse(&text);
    let [policy] = parsed.policies.as_slice() else { panic!("one package: {:?}", parsed.policies.len()) };
    println!(
        "{}: {} of {} lines understood, {} notes",
        policy.device,
        policy.coverage.understood,
        policy.coverage.total,
        parsed.notes.len()
    );
    for note in &parsed.notes {
        println!("{:?} {} {}", note.place, note.reason, note.text);
    }
    assert!(policy.coverage.understood * 100 >= policy.coverage.total * 98);
    assert_eq!(policy.device, "cp_fw");
    let export: Value =
        serde_json::from_str(&read("checkpoint_bond_vlan/configs/cp_mgmt/show-access-rulebase.json")).unwrap();
    let rulebase = export["rulebase"].as_array().unwrap();
    let rules = &policy.chains[0].rules;
    assert_eq!(rules.len(), rulebase.len());
    for (rule, value) in rules.iter().zip(rulebase) {
        assert_eq!(rule.name.as_deref(), value["name"].as_str());
        assert_eq!(rule.hits, value["hits"]["value"].as_u64());
        assert_eq!(rule.log, Log::Yes);
    }
    assert!(policy.interface("bond34.3").unwrap().networks.covers(&"10.23.3.2".parse().unwrap()));
    assert_eq!(policy.routes.len(), 1);

    let lists = Lists::of(policy, None);
    let decider = lists.ready();
    let (mut agreed, mut flow) = (0, (String::new(), String::new(), false));
    for line in read("checkpoint_bond_vlan/show/connectivity.yaml").lines() {
        let Some((key, value)) = line.trim().trim_start_matches("- ").split_once(": ") else { continue };
        match key {
            "disposition" => flow.2 = value == "success",
            "src_ip" => value.clone_into(&mut flow.0),
            "dst_ip" => value.clone_into(&mut flow.1),
            "application" => {
                assert_eq!(value, "icmp");
                let question = Question {
                    in_if: None,
                    out_if: None,
                    src: flow.0.parse().unwrap(),
                    dst: flow.1.parse().unwrap(),
                    proto: 1,
                    sport: 0,
                    dport: 8 << 8,
                };
                let decision = decider.decide(&question);
                let wanted = if flow.2 { Verdict::Permit } else { Verdict::Deny };
                assert_eq!(decision.verdict, wanted, "{flow:?}");
                agreed += 1;
            }
            _ => {}
        }
    }
    println!("{agreed} flows as recorded");
    assert_eq!(agreed, 4);
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_rule_base_alone_is_enough() {
    let parsed = checkpoint::parse(&together(&["cp_mgmt/show-access-rulebase.json"]));
    assert_eq!(parsed.policies[0].device, "Network");
    assert_eq!(parsed.policies[0].chains[0].rules.len(), 2);
    assert!(parsed.notes.is_empty());
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn configurations_of_gateways_are_read() {
    let mut files: Vec<(String, String)> = [
        "checkpoint_bond_vlan/configs/cp_fw",
        "checkpoint_bond_vlan/configs/cp_mgmt",
        "checkpoint_simple_routing/configs/cp_fwl",
    ]
    .iter()
    .map(|folder| ((*folder).to_owned(), read(&format!("{folder}/show_configuration.txt"))))
    .collect();
    let snippets = labs().join("../vendor_snippets/checkpoint_gw");
    for entry in std::fs::read_dir(snippets).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.push((path.display().to_string(), DecodedText::decode(&std::fs::read(&path).unwrap()).text));
        }
    }
    let (mut total, mut unknown) = (0, 0);
    for (name, text) in files {
        let parsed = gaia::parse(&text);
        let missed: u64 = parsed.notes.iter().map(|note| note.count).sum();
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count() as u64;
        if missed > 0 {
            println!("{name}: {:?}", parsed.notes);
        }
        (total, unknown) = (total + lines, unknown + missed);
        if let Some(policy) = parsed.policies.first() {
            let addresses = text
                .lines()
                .filter(|line| line.starts_with("set interface ") && line.contains(" ipv4-address "))
                .count();
            let found = policy.interfaces.iter().filter(|interface| !interface.addresses.is_empty()).count();
            assert!(found <= addresses && (addresses == 0 || found > 0), "{name}");
        }
    }
    println!("{} of {total} lines understood", total - unknown);
    assert!((total - unknown) * 100 >= total * 98);
}
