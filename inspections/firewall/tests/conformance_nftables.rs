//! nftables and pf over the shared evidence (`SECDIAG_DATA`).

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a test reads files and starts a translator; the inspection does not")]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use secdiag_firewall::FORMATS;
use secdiag_firewall::flat::{Effect, Packet, Universe, flatten};
use secdiag_firewall::policy::{Hook, Names, Policy};
use secdiag_firewall::vendors::{Parsed, iptables, nftables, pf};
use secdiag_inspect::DecodedText;
use secdiag_inspect::testkit::recognise;

fn firewall() -> PathBuf {
    std::env::var_os("SECDIAG_DATA")
        .map(PathBuf::from)
        .expect("SECDIAG_DATA names the evidence folder")
        .join("firewall")
}

fn text(path: &Path) -> String {
    DecodedText::decode(&std::fs::read(path).unwrap()).text
}

fn lines_with_rules(parsed: &Parsed) -> usize {
    let of =
        |policy: &Policy| policy.rules().filter(|rule| !rule.implicit).map(|rule| rule.line_from).collect::<Vec<_>>();
    parsed.policies.iter().flat_map(of).collect::<BTreeSet<_>>().len()
}

/// Every dump is recognised; every line is understood but those whose words nft(8) does not know; every rule is there.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn nftables_dumps_are_understood() {
    let firewall = firewall();
    let (mut total, mut understood, mut files) = (0, 0, 0);
    for name in [
        "iptables/rulesets/flat_share.nft",
        "generated_fragments/nftables/NftablesTest.testGoodHeader.stdout.ref",
        "generated_fragments/nftables/NftablesTest.testOverridePolicyHeader.stdout.ref",
        "one_policy_many_vendors/sample_nftables-mixed-icmp.nft",
    ] {
        let text = text(&firewall.join(name));
        assert_eq!(recognise(FORMATS, name, text.as_bytes()).map(|format| format.id), Some("nftables"), "{name}");
        let parsed = nftables::parse(&text);
        for note in &parsed.notes {
            println!("{name}: {} {:?}: {}", note.reason, note.place, note.text);
        }
        // Counted without the parser: lines of chains that are neither their heads nor their ends.
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let is_rule = |line: &&str| {
            let head = ["table ", "chain ", "type ", "policy ", "comment ", "}", "#"];
            !head.iter().any(|head| line.starts_with(head))
        };
        assert_eq!(lines_with_rules(&parsed), lines.clone().filter(is_rule).count(), "{name}");
        let coverage = parsed.policies[0].coverage;
        assert_eq!(coverage.total, lines.count() as u64, "{name}");
        (total, understood, files) = (total + coverage.total, understood + coverage.understood, files + 1);
    }
    println!("nftables: {files} files, {understood} of {total} lines understood");
    assert!(understood * 100 >= total * 98);
}

/// What the rendering of a policy for nftables permits: the source says `root0` lets in what its terms name.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_rendered_policy_decides_as_its_source() {
    let parsed = nftables::parse(&text(&firewall().join("one_policy_many_vendors/sample_nftables-mixed-icmp.nft")));
    let policy = &parsed.policies[0];
    let input = policy.paths.iter().find(|path| path.hook == Hook::Input).unwrap();
    let universe = Universe::of(policy);
    let flat = flatten(policy, &universe, input, None);
    let ask = |src: &str, dst: &str, proto, dport| {
        let (src, dst) = (src.parse().unwrap(), dst.parse().unwrap());
        flat.decide(&Packet { in_if: 0, out_if: 0, src, dst, proto, sport: 80, dport })
    };
    for (src, dst, proto, dport, expected) in [
        ("9.9.9.9", "8.8.8.8", 17, 9, Some(Effect::Permit)),
        ("9.9.9.9", "8.8.8.8", 47, 0, Some(Effect::Deny)),
        ("2001:db8::1", "2001:db8::2", 6, 5, Some(Effect::Permit)),
        ("2001:db8::1", "2001:db8::2", 58, 128 << 8, Some(Effect::Permit)),
        ("9.9.9.9", "8.8.8.8", 1, 8 << 8, Some(Effect::Permit)),
        ("9.9.9.9", "8.8.8.8", 132, 80, Some(Effect::Deny)),
    ] {
        assert_eq!(ask(src, dst, proto, dport), expected, "{src} {dst} {proto}/{dport}");
    }
}

/// The real rule sets of iptables, translated to nftables by the platform's own translator, decide the same. Packets that a
/// match which is not evaluated may take are left out; those are few.
#[test]
#[ignore = "needs SECDIAG_DATA and the translator of iptables"]
fn translated_rule_sets_decide_alike() {
    if !Command::new("iptables-restore-translate").arg("-V").output().is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: iptables-restore-translate is not there: nothing was compared");
        return;
    }
    let firewall = firewall();
    let (mut files, mut compared, mut unsure) = (0, 0, 0);
    for folder in ["iptables/kernel_verdicts", "iptables/rulesets"] {
        for entry in std::fs::read_dir(firewall.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "gz" || extension == "nft") {
                continue;
            }
            let source = text(&path);
            let old = iptables::parse(&source);
            let Some(old) = old.policies.first().filter(|_| source.contains("*filter") && old.policies.len() == 1)
            else {
                continue;
            };
            let output = Command::new("iptables-restore-translate").arg("-f").arg(&path).output().unwrap();
            let script = String::from_utf8_lossy(&output.stdout).into_owned();
            if !output.status.success()
                || !script.contains("add rule")
                || script.lines().any(|line| line.starts_with("# -t") || line.starts_with("# -A"))
            {
                println!("{}: the translator does not know all of it", path.display());
                continue;
            }
            let parsed = nftables::parse(&script);
            let new = parsed.policies.first().unwrap();
            let (seen, left) = alike(old, new, &path);
            assert!(seen > 0 || left > 0);
            (files, compared, unsure) = (files + 1, compared + seen, unsure + left);
        }
    }
    println!("translated: {files} files, {compared} decisions equal, {unsure} not certain");
    assert!(files >= 5 && compared > 10_000);
}

/// Compares random packets near the borders of the rules' sets.
fn alike(old: &Policy, new: &Policy, file: &Path) -> (u64, u64) {
    let universes = Universe::common([old, new]);
    let mut addresses: Vec<u32> = vec![0x0808_0808];
    let mut ports: Vec<u16> = vec![1, 80, 40_000];
    for rule in old.rules() {
        for (low, high) in rule.src.upper.v4.ranges().iter().chain(rule.dst.upper.v4.ranges()).take(4) {
            addresses.extend([*low, *high, high.wrapping_add(1)]);
        }
        for service in &rule.services.lower {
            ports.extend(service.dport.0.ranges().iter().take(4).flat_map(|(low, high)| [*low, high.wrapping_add(1)]));
        }
    }
    let names: Vec<String> =
        old.interfaces.iter().map(|interface| interface.name.clone()).chain(["other0".into()]).collect();
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let (mut seen, mut left) = (0, 0);
    for hook in [Hook::Forward, Hook::Input, Hook::Output] {
        let find = |policy: &Policy| policy.paths.iter().position(|path| path.hook == hook);
        let (Some(a), Some(b)) = (find(old), find(new)) else {
            assert_eq!(find(old).is_some(), find(new).is_some(), "{}", file.display());
            continue;
        };
        let flats =
            [flatten(old, &universes[0], &old.paths[a], None), flatten(new, &universes[1], &new.paths[b], None)];
        for _ in 0..2_000 {
            let proto = [6, 6, 17, 1, 47][random(5)];
            let address = |number: u32| IpAddr::from(Ipv4Addr::from(number));
            let (input, output) = (&names[random(names.len())], &names[random(names.len())]);
            let packet = Packet {
                in_if: universes[0].number(input),
                out_if: universes[0].number(output),
                src: address(addresses[random(addresses.len())]),
                dst: address(addresses[random(addresses.len())]),
                proto,
                sport: if matches!(proto, 6 | 17) { ports[random(ports.len())] } else { 0 },
                dport: match proto {
                    6 | 17 => ports[random(ports.len())],
                    1 => 8 << 8,
                    _ => 0,
                },
            };
            match (flats[0].decide(&packet), flats[1].decide(&packet)) {
                (Some(old), Some(new)) => {
                    assert_eq!(old, new, "{} {hook:?} {input} → {output} {packet:?}", file.display());
                    seen += 1;
                }
                _ => left += 1,
            }
        }
    }
    (seen, left)
}

/// Configurations of pfSense and OPNsense: every rule is there, and the defaults let the LAN out and nobody in.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn pf_configurations_are_understood() {
    for (name, format) in [("pfSense-CE-2.3.4-config.xml", "pfsense"), ("opnsense-config.sample.xml", "opnsense")] {
        let text = text(&firewall().join("pf_opn").join(name));
        assert_eq!(recognise(FORMATS, name, text.as_bytes()).map(|format| format.id), Some(format), "{name}");
        let parsed = pf::parse(&text);
        assert!(parsed.notes.is_empty(), "{name}: {:?}", parsed.notes);
        let policy = &parsed.policies[0];
        assert_eq!(policy.coverage.understood, policy.coverage.total);
        assert_eq!(policy.coverage.total, text.lines().filter(|line| !line.trim().is_empty()).count() as u64);
        assert_eq!(lines_with_rules(&parsed), text.matches("<rule>").count(), "{name}");
        let universe = Universe::of(policy);
        let forward = policy.paths.iter().find(|path| path.hook == Hook::Forward).unwrap();
        let flat = flatten(policy, &universe, forward, None);
        let ask = |input: &str, src: &str, dst: &str| {
            let numbers = universe.resolve(&Names::of(vec![input.to_owned()]));
            let (src, dst) = (src.parse().unwrap(), dst.parse().unwrap());
            let in_if = numbers.first().unwrap();
            flat.decide(&Packet { in_if, out_if: 0, src, dst, proto: 6, sport: 1, dport: 443 })
        };
        assert_eq!(ask("lan", "192.168.1.77", "8.8.8.8"), Some(Effect::Permit), "{name}");
        assert_eq!(ask("lan", "192.168.2.77", "8.8.8.8"), Some(Effect::Deny), "{name}");
        assert_eq!(ask("wan", "10.0.0.1", "192.168.1.77"), Some(Effect::Deny), "{name}");
        // Whether a source is a bogon is not in the file; either way it is not let in.
        let reached = ask("wan", "8.8.8.8", "192.168.1.77");
        assert!(matches!(reached, None | Some(Effect::Deny)), "{name}: {reached:?}");
        assert_eq!(policy.nat.len(), 1, "{name}");
    }
}
