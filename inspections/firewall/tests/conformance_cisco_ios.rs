//! Routers and switches of Cisco and Arista against the shared evidence (`SECDIAG_DATA`): coverage of vendors' test
//! configurations, and what another tool found in a network of thirteen routers.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a test reads files; the inspection does not")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use secdiag_firewall::flat::{Cube, Effect, Flat, Left, Universe, flatten, subtract};
use secdiag_firewall::policy::{Action, DefaultAction, Hook, Path as Way, Policy};
use secdiag_firewall::vendors::cisco_ios::{Dialect, parse};
use secdiag_firewall::vendors::{Parsed, cisco_asa};
use secdiag_firewall::{FORMATS, vendors};
use secdiag_inspect::DecodedText;
use secdiag_inspect::testkit::recognise;

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

/// The evidence's names for files that are wrong on purpose.
fn is_wrong_on_purpose(name: &str) -> bool {
    ["warn", "bad", "invalid", "recovery", "malformed", "garbage"].iter().any(|word| name.contains(word))
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn nearly_every_line_is_understood() {
    for (folder, dialect) in [
        ("vendor_snippets/cisco_ios", Dialect::Ios),
        ("vendor_snippets/cisco_nxos", Dialect::NxOs),
        ("vendor_snippets/cisco_xr", Dialect::IosXr),
        ("multi_device/example_live/configs", Dialect::Ios),
        ("multi_device/example_candidate/configs", Dialect::Ios),
        ("multi_device/iptables_zones/configs", Dialect::Eos),
        ("labs/checkpoint_simple_routing/configs/ibgp", Dialect::Ios),
        ("labs/checkpoint_bond_vlan/configs/inside", Dialect::NxOs),
    ] {
        let (mut total, mut unknown) = (0, 0);
        for path in files(&data().join(folder)) {
            let text = text(&path);
            let parsed = parse(&text, dialect);
            let lines: Vec<&str> = text.lines().collect();
            let filled = lines.iter().filter(|line| !line.trim().is_empty()).count() as u64;
            let missed = not_understood(&parsed);
            if std::env::var_os("SECDIAG_LIST").is_some() {
                for (first, last, note) in &missed {
                    let shown = lines[*first - 1..*last].join(" / ");
                    println!("{} {first}-{last} {note}: {shown}", name(&path));
                }
            }
            if !is_wrong_on_purpose(&name(&path)) {
                total += filled;
                unknown += missed.iter().map(|(first, last, _)| (last - first + 1) as u64).sum::<u64>();
            }
        }
        println!("{folder}: {} of {total} lines understood", total - unknown);
        assert!((total - unknown) * 100 >= total * 98, "{folder}");
    }
}

/// First and last line, and reason, of what was not understood.
fn not_understood(parsed: &Parsed) -> Vec<(usize, usize, String)> {
    let mut missed = Vec::new();
    for note in &parsed.notes {
        if note.kind != secdiag_model::NoteKind::NotUnderstood || note.reason == "not-inspected" {
            continue;
        }
        let place = note.place.as_deref().unwrap().trim_start_matches("lines ").trim_start_matches("line ");
        let (first, last) = place.split_once('-').unwrap_or((place, place));
        missed.push((first.parse().unwrap(), last.parse().unwrap(), note.reason.clone()));
    }
    missed
}

/// Boxes of earlier rules taken away: what is left of each rule of a list, by itself.
fn rules_never_reached(policy: &Policy, list: &str) -> Vec<(String, bool)> {
    let universe = Universe::of(policy);
    let mut alone = policy.clone();
    // States do not matter here: a line for known connections is a line.
    for chain in &mut alone.chains {
        chain.rules.iter_mut().for_each(|rule| rule.states.clear());
    }
    let way = Way::through(Hook::Forward, vec![list.to_owned()]);
    let flat = flatten(&alone, &universe, &way, None);
    let mut found = Vec::new();
    for (index, entry) in flat.entries.iter().enumerate() {
        let Some(rule) = entry.rule else { continue };
        let before: Vec<&Cube> = flat.entries[..index].iter().flat_map(secdiag_firewall::flat::Entry::lower).collect();
        if subtract(entry.upper.clone(), &before) == Left::Nothing {
            found.push((rule.text.clone(), rule.action == Action::Permit));
        }
    }
    found
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_lines_that_can_never_match_are_found() {
    let folder = data().join("multi_device");
    let expected: serde_json::Value =
        serde_json::from_str(&text(&folder.join("example_live.filterLineReachability.expected.json"))).unwrap();
    let mut wanted: BTreeSet<(String, String, bool)> = BTreeSet::new();
    for row in expected[0]["rows"].as_array().unwrap() {
        let words = |text: &serde_json::Value| text.as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        let permit = row["Unreachable_Line_Action"] == "PERMIT";
        wanted.insert((words(&row["Sources"][0]), words(&row["Unreachable_Line"]), permit));
    }
    let (mut found, mut lists) = (BTreeSet::new(), 0);
    for path in files(&folder.join("example_live/configs")) {
        let parsed = parse(&text(&path), Dialect::Ios);
        let policy = &parsed.policies[0];
        let own = |name: &str| name.starts_with("implicit ") || name.starts_with("line ");
        for chain in policy.chains.iter().filter(|chain| !own(&chain.name)) {
            lists += 1;
            for (rule, permit) in rules_never_reached(policy, &chain.name) {
                let rule = rule.split_whitespace().collect::<Vec<_>>().join(" ");
                found.insert((format!("{}: {}", policy.device, chain.name), rule, permit));
            }
        }
    }
    println!("{lists} lists; lines that can never match: {found:#?}");
    assert_eq!(found, wanted);
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn connected_networks_and_own_addresses_are_those_of_the_network() {
    let folder = data().join("multi_device");
    let expected: serde_json::Value =
        serde_json::from_str(&text(&folder.join("example_live.routes.expected.json"))).unwrap();
    let mut wanted: BTreeMap<&str, BTreeSet<(String, String, String)>> = BTreeMap::new();
    for row in expected[0]["rows"].as_array().unwrap() {
        let kind = row["Protocol"].as_str().unwrap();
        if ["connected", "local", "static"].contains(&kind) {
            let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let network = word(&row["Network"]);
            let row_of = (kind.to_owned(), network, word(&row["Next_Hop"]["interface"]));
            wanted.entry(row["Node"]["name"].as_str().unwrap()).or_default().insert(row_of);
        }
    }
    wanted.retain(|node, _| !node.starts_with("host"));
    let mut compared = 0;
    for path in files(&folder.join("example_live/configs")) {
        let text = text(&path);
        let parsed = parse(&text, Dialect::Ios);
        let policy = &parsed.policies[0];
        let mut found = BTreeSet::new();
        for interface in &policy.interfaces {
            if is_shut_down(&text, &interface.name) {
                continue;
            }
            for (low, high) in interface.networks.v4.ranges() {
                let length = 32 - (high - low + 1).trailing_zeros();
                let network = format!("{}/{length}", std::net::Ipv4Addr::from(*low));
                found.insert(("connected".to_owned(), network, interface.name.clone()));
                let own = interface.addresses.v4.first().unwrap();
                // The other tool has no row of its own for a network of one address.
                if length < 32 {
                    let network = format!("{}/32", std::net::Ipv4Addr::from(own));
                    found.insert(("local".to_owned(), network, interface.name.clone()));
                }
            }
        }
        assert_eq!(found, wanted[policy.device.as_str()], "{}", policy.device);
        assert!(policy.routes.is_empty(), "{}: no file states a route", policy.device);
        compared += found.len();
    }
    println!("{compared} connected and local routes");
    assert!(compared > 80);
}

fn is_shut_down(text: &str, interface: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| *line != format!("interface {interface}")).skip(1);
    lines.by_ref().take_while(|line| line.starts_with(' ')).any(|line| line.trim() == "shutdown")
}

/// Interfaces of two routers in one network are neighbours.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn neighbours_are_those_of_the_network() {
    let folder = data().join("multi_device");
    let expected: serde_json::Value =
        serde_json::from_str(&text(&folder.join("example_live.topology.expected.json"))).unwrap();
    let end = |value: &serde_json::Value| value.as_str().unwrap().trim_start_matches("interface-node-").to_owned();
    let wanted: BTreeSet<(String, String)> = expected["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| (end(&link["srcId"]), end(&link["dstId"])))
        .filter(|(from, to)| !from.starts_with("host") && !to.starts_with("host"))
        .collect();
    let mut ends = Vec::new();
    for path in files(&folder.join("example_live/configs")) {
        let text = text(&path);
        let policy = parse(&text, Dialect::Ios).policies.remove(0);
        for interface in policy.interfaces.iter().filter(|i| !i.networks.is_empty() && !is_shut_down(&text, &i.name)) {
            ends.push((policy.device.clone(), interface.name.clone(), interface.networks.clone()));
        }
    }
    let mut found = BTreeSet::new();
    for (device, interface, network) in &ends {
        for (other, their, theirs) in ends.iter().filter(|(other, ..)| other != device) {
            // A network of one address has no neighbours.
            if network == theirs && network.size_v4() > 1 {
                found.insert((format!("{device}-{interface}"), format!("{other}-{their}")));
            }
        }
    }
    println!("{} links", found.len());
    assert_eq!(found, wanted);
}

/// Boxes that a list lets through, one by one.
fn permitted(flat: &Flat<'_>) -> Vec<Vec<Cube>> {
    let mut all = Vec::new();
    for (index, entry) in flat.entries.iter().enumerate() {
        if entry.effect == Effect::Permit {
            let before: Vec<&Cube> = flat.entries[..index]
                .iter()
                .filter(|entry| entry.effect == Effect::Deny)
                .flat_map(secdiag_firewall::flat::Entry::lower)
                .collect();
            let mut left = entry.upper.clone();
            for taken in before {
                left = left.iter().flat_map(|cube| cube.minus(taken)).collect();
            }
            all.push(left);
        }
    }
    all
}

/// One policy written for several platforms: what each rendering lets through is the same.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn renderings_of_one_policy_let_the_same_through() {
    let folder = data().join("one_policy_many_vendors");
    let ios = parse(&text(&folder.join("sample_multitarget.acl")), Dialect::Ios).policies;
    let nxos = parse(&text(&folder.join("sample_multitarget.nxacl")), Dialect::NxOs).policies;
    let asa = cisco_asa::parse(&text(&folder.join("sample_multitarget.asa"))).policies;
    let cubes = |policy: &Policy, list: &str| -> Vec<Cube> {
        let mut policy = policy.clone();
        let chain = policy.chains.iter_mut().find(|chain| chain.name == list).unwrap();
        chain.default = DefaultAction::implicit_deny(secdiag_firewall::policy::Log::No);
        chain.rules.iter_mut().for_each(|rule| rule.states.clear());
        let universe = Universe::of(&policy);
        let way = Way::through(Hook::Forward, vec![list.to_owned()]);
        let flat = flatten(&policy, &universe, &way, None);
        let four = |cube: &Cube| !cube.src.v4.is_empty() && !cube.dst.v4.is_empty();
        permitted(&flat)
            .concat()
            .into_iter()
            .filter(four)
            .map(|cube| Cube {
                in_ifs: secdiag_firewall::interval::Intervals::full(),
                out_ifs: secdiag_firewall::interval::Intervals::full(),
                ..cube
            })
            .collect()
    };
    let first = cubes(&ios[0], "edge-inbound");
    assert!(!first.is_empty());
    let mut lists = vec![("nxos", cubes(&nxos[0], "edge-inbound"))];
    if asa[0].chain("asa_in").is_some() {
        lists.push(("asa", cubes(&asa[0], "asa_in")));
    }
    for (other, second) in &lists {
        for (a, b) in [(&first, second), (second, &first)] {
            let b: Vec<&Cube> = b.iter().collect();
            assert_eq!(subtract(a.clone(), &b), Left::Nothing, "{other}");
        }
    }
    println!("equal: ios and {:?}", lists.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let six = ios.iter().find(|policy| policy.chain("ipv6-edge-inbound").is_some()).unwrap();
    assert!(six.rules().all(|rule| !rule.src.upper.v6.is_empty() && rule.src.upper.v4.is_empty()));
}

/// Each platform's files are recognised as its own, and no other vendor's as one of these.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn files_are_recognised_by_content() {
    let data = data();
    let ours: BTreeSet<&str> = ["cisco-ios", "cisco-nxos", "cisco-iosxr", "arista-eos"].into();
    for folder in std::fs::read_dir(data.join("vendor_snippets")).unwrap() {
        let folder = folder.unwrap().path();
        let wanted = match name(&folder).as_str() {
            "cisco_ios" => "cisco-ios",
            "cisco_nxos" => "cisco-nxos",
            "cisco_xr" => "cisco-iosxr",
            _ => "",
        };
        let mut counts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for path in files(&folder) {
            let bytes = std::fs::read(&path).unwrap();
            let format = recognise(FORMATS, &name(&path), &bytes).map_or("-", |format| format.id);
            counts.entry(format).or_default().push(name(&path));
        }
        println!("{}: {:?}", name(&folder), counts.iter().map(|(id, files)| (id, files.len())).collect::<Vec<_>>());
        for (format, names) in &counts {
            if std::env::var_os("SECDIAG_LIST").is_some() && *format != wanted {
                println!("  {format}: {names:?}");
            }
            assert!(!ours.contains(format) || *format == wanted, "{format}: {names:?} of {}", folder.display());
        }
    }
    for (file, wanted) in [
        ("one_policy_many_vendors/sample_multitarget.acl", "cisco-ios"),
        ("one_policy_many_vendors/sample_multitarget.nxacl", "cisco-nxos"),
        ("one_policy_many_vendors/sample_cisco_lab.acl", "cisco-ios"),
        ("one_policy_many_vendors/sample_multitarget.asa", "cisco-asa"),
        ("mixed_unit/arista_acl", "arista-eos"),
        ("multi_device/example_live/configs/as2dept1.cfg", "cisco-ios"),
    ] {
        let bytes = std::fs::read(data.join(file)).unwrap();
        assert_eq!(recognise(FORMATS, file, &bytes).map(|format| format.id), Some(wanted), "{file}");
    }
    assert!(vendors::VENDORS.len() >= ours.len());
}
