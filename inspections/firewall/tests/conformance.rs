//! Runs over the shared evidence (`SECDIAG_DATA`): real dumps, vendors' test configurations, kernel verdicts.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a test reads files and the clock; the inspection does not")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use secdiag_firewall::flat::{Effect, Packet, Universe, flatten};
use secdiag_firewall::net::{proto, proto_number};
use secdiag_firewall::policy::{Action, Hook, Policy};
use secdiag_firewall::vendors::{self, Parsed, VENDORS, tables};
use secdiag_firewall::{FIREWALL, FORMATS};
use secdiag_inspect::DecodedText;
use secdiag_inspect::testkit::{Bench, recognise};
use secdiag_model::{Head, Match, NoteKind};

fn data() -> PathBuf {
    std::env::var_os("SECDIAG_DATA").map(PathBuf::from).expect("SECDIAG_DATA names the evidence folder")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{} holds nothing", folder.display());
    found
}

fn head_of(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).unwrap().take(Head::LEN as u64).read_to_end(&mut bytes).unwrap();
    bytes
}

fn parse(format: &str, bytes: &[u8]) -> Parsed {
    let vendor = VENDORS.iter().find(|vendor| vendor.format.id == format).unwrap();
    (vendor.parse)(&DecodedText::decode(bytes).text)
}

/// Every parser over every small file, recognised or not: no crash, no hang; every line of a recognised file is
/// understood or noted with its number.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn vendor_files_are_understood_or_noted() {
    let data = data();
    let firewall = data.join("firewall");
    let mut seen: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
    let mut count = 0;
    let mut wrong = Vec::new();
    for folder in [
        "vendor_snippets",
        "mixed_unit",
        "generated_fragments",
        "labs",
        "one_policy_many_vendors",
        "iptables/rulesets",
        "iptables/kernel_verdicts",
    ] {
        for path in files(&firewall.join(folder)) {
            let bytes = std::fs::read(&path).unwrap();
            count += 1;
            for vendor in VENDORS {
                let id = vendor.format.id;
                let start = Instant::now();
                parse(id, &bytes);
                assert!(start.elapsed() < Duration::from_secs(10), "{id} hangs on {}", path.display());
            }
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Some(format) = recognise(FORMATS, &name, &bytes) else { continue };
            // Workbooks are read from bytes, with the profiles beside them: the tests of tables do so.
            if [tables::WORKBOOK.format.id, tables::profile::FORMAT.id].contains(&format.id) {
                continue;
            }
            let parsed = parse(format.id, &bytes);
            let lines = DecodedText::decode(&bytes).text.lines().count() as u64;
            for note in &parsed.notes {
                let Some(place) = &note.place else {
                    // What a file as a whole leaves open has no line.
                    let whole_file = [
                        "list-not-applied",
                        "profile-defaults",
                        "rest-denied",
                        "group-not-applied",
                        "group-without-members",
                    ];
                    if !whole_file.contains(&note.reason.as_str()) {
                        wrong.push(format!("{}: {note:?} has no line", path.display()));
                    }
                    continue;
                };
                let number = place.rsplit([' ', '-']).next().unwrap();
                if !number.parse::<u64>().is_ok_and(|n| n >= 1 && n <= lines) {
                    wrong.push(format!("{}: {note:?}", path.display()));
                }
            }
            let Some(coverage) = parsed.policies.first().map(|policy| policy.coverage) else { continue };
            let noted: u64 = parsed
                .notes
                .iter()
                .filter(|note| note.kind == NoteKind::NotUnderstood && note.reason != "not-inspected")
                .map(|note| note.count)
                .sum();
            if coverage.total - coverage.understood != noted {
                wrong.push(format!("{}: {coverage:?}, but {noted} noted", path.display()));
            }
            let entry = seen.entry(format.id).or_default();
            *entry = (entry.0 + 1, entry.1 + coverage.total, entry.2 + coverage.understood);
            // What is read is judged without a crash.
            let thresholds = serde_json::from_str(
                r#"{"id":"x","title":{"en":"","zh-TW":""},"publisher":"","version":"","settings":{}}"#,
            )
            .unwrap();
            let start = Instant::now();
            Bench::default().file(FIREWALL, &name, &bytes).judge(
                FIREWALL,
                jiff::civil::date(2026, 11, 23),
                &thresholds,
            );
            assert!(start.elapsed() < Duration::from_mins(1), "judging {} takes too long", path.display());
        }
    }
    println!("{count} files; recognised (files, lines, understood): {seen:?}");
    assert!(count > 800);
    assert!(wrong.is_empty(), "{}: {}", wrong.len(), wrong.join("\n"));
    for (format, (_, total, understood)) in seen {
        assert!(understood * 100 >= total * 97, "{format}: {understood} of {total} lines understood");
    }
}

/// Counts of rules equal the number of `-A` lines, chain by chain.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn every_rule_of_real_dumps_is_kept() {
    let data = data();
    let mut rules = 0;
    for path in files(&data.join("firewall/iptables/rulesets")) {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if recognise(FORMATS, &name, &bytes).is_none() {
            continue;
        }
        let text = DecodedText::decode(&bytes).text;
        let parsed = vendors::iptables::parse(&text);
        let mut expected: BTreeMap<String, usize> = BTreeMap::new();
        let mut table = "filter";
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('*') {
                table = name;
            }
            let mut words = line.split_whitespace().skip_while(|word| word.starts_with('['));
            if words.next() == Some("-A") {
                *expected.entry(format!("{table}/{}", words.next().unwrap())).or_default() += 1;
            }
        }
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for chain in parsed.policies.iter().flat_map(|policy| &policy.chains).filter(|chain| !chain.rules.is_empty()) {
            *found.entry(chain.name.clone()).or_default() += chain.rules.len();
        }
        assert_eq!(found, expected, "{}", path.display());
        rules += found.values().sum::<usize>();
    }
    println!("{rules} rules");
    assert!(rules > 8_000);
}

/// Packets that a Linux kernel forwarded or blocked: the policy decides each the same.
///
/// The data's description calls its TCP packets SYN, but the verdicts say that the kernel saw none: in `home_user` every
/// one of 2,533 TCP packets was blocked, as `! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP` does to packets that are no
/// SYN, and elsewhere no verdict fits a match of `--tcp-flags FIN,SYN,RST,ACK SYN`. So the rules are read twice: as they
/// are, for the first packet of a connection (the product's question), and with those flag matches replaced by what
/// they are for a packet that is no SYN (what the verdicts fit). The second must agree everywhere; the first may
/// differ on TCP packets only.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_kernel_s_verdicts_are_reproduced() {
    let data = data();
    let folder = data.join("firewall/iptables/kernel_verdicts");
    let (mut all, mut agreed, mut as_syn) = (0, 0, 0);
    for path in files(&folder).into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rules")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let policies = [&text, &without_syn(&text)].map(|text| vendors::iptables::parse(text).policies.remove(0));
        let universes = [Universe::of(&policies[0]), Universe::of(&policies[1])];
        let flats = [0, 1].map(|i| {
            let forward = policies[i].paths.iter().find(|path| path.hook == Hook::Forward).unwrap();
            flatten(&policies[i], &universes[i], forward, None)
        });
        let mut csv = String::new();
        let packed = std::fs::File::open(path.with_extension("csv.gz")).unwrap();
        flate2::read::GzDecoder::new(packed).read_to_string(&mut csv).unwrap();
        for row in csv.lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            let [_, in_if, out_if, src, dst, protocol, sport, dport, verdict] = cells.as_slice() else {
                panic!("{row}")
            };
            let number = proto_number(protocol).unwrap();
            let port = |text: &str| text.parse::<u16>().unwrap_or(0);
            let [first, seen] = [0, 1].map(|i| {
                let packet = Packet {
                    in_if: universes[i].number(in_if),
                    out_if: universes[i].number(out_if),
                    src: src.parse().unwrap(),
                    dst: dst.parse().unwrap(),
                    proto: number,
                    sport: port(sport),
                    // Echo request.
                    dport: if number == proto::ICMP { 8 << 8 } else { port(dport) },
                };
                let expected = if *verdict == "forwarded" { Effect::Permit } else { Effect::Deny };
                flats[i].decide(&packet) == Some(expected)
            });
            assert!(first || number == proto::TCP, "{}: {row}", path.display());
            assert!(seen, "{}: {row}", path.display());
            all += 1;
            agreed += usize::from(seen);
            as_syn += usize::from(first);
        }
    }
    println!("kernel verdicts: {agreed} of {all} agree; {as_syn} if TCP packets were SYN");
    assert!(all > 20_000);
}

/// The rules as a TCP packet without SYN meets them.
fn without_syn(text: &str) -> String {
    let plain = text.replace(" ! --tcp-flags FIN,SYN,RST,ACK SYN", "");
    let kept = plain.lines().filter(|line| {
        !line.contains("--tcp-flags FIN,SYN,RST,ACK SYN") && !line.contains("--tcp-flags SYN,ACK SYN,ACK")
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// What the FortiGate of the lab did: ping, ssh, tcp/9100 and udp/9200 pass, tcp/9101 and udp/9201 do not.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_lab_s_outcomes_are_reproduced() {
    let data = data();
    let bytes = std::fs::read(data.join("firewall/labs/fortios_fw_policy_basic/configs/fw/show.txt")).unwrap();
    let parsed = parse("fortios", &bytes);
    let policy: &Policy = &parsed.policies[0];
    assert_eq!(policy.device, "fw");
    let universe = Universe::of(policy);
    let flat = flatten(policy, &universe, &policy.paths[0], None);
    for (number, dport, expected) in [
        (proto::ICMP, 8 << 8, Effect::Permit),
        (proto::TCP, 22, Effect::Permit),
        (proto::TCP, 9100, Effect::Permit),
        (proto::UDP, 9200, Effect::Permit),
        (proto::TCP, 9101, Effect::Deny),
        (proto::UDP, 9201, Effect::Deny),
    ] {
        let packet = Packet {
            in_if: universe.number("port2"),
            out_if: universe.number("port3"),
            src: "192.168.123.1".parse().unwrap(),
            dst: "192.168.123.6".parse().unwrap(),
            proto: number,
            sport: 40_000,
            dport,
        };
        assert_eq!(flat.decide(&packet), Some(expected), "{number}/{dport}");
    }
}

/// Nothing but firewall configurations is taken, over all evidence of all slices.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn other_evidence_is_left_alone() {
    let data = data();
    let mut taken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut close: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in files(&data) {
        let bytes = head_of(&path);
        let size = path.metadata().unwrap().len();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let shown = path.strip_prefix(&data).unwrap().display().to_string();
        let head = Head::new(&bytes, &name, size);
        for format in FORMATS {
            match (format.sniff)(&head) {
                Match::Yes(_) => taken.entry(format.id.into()).or_default().push(shown.clone()),
                Match::Close(why) => close.entry(why.into()).or_default().push(shown.clone()),
                Match::No => {}
            }
        }
    }
    for (what, paths) in taken.iter().chain(&close) {
        println!("## {what}: {}", paths.len());
        if std::env::var_os("SECDIAG_LIST").is_some() {
            println!("   {}", paths.join("\n   "));
        }
    }
    for paths in taken.values() {
        for path in paths {
            assert!(path.starts_with("firewall/"), "{path} is no firewall configuration");
        }
    }
    assert!(taken["iptables-save"].len() >= 40 && taken["cisco-asa"].len() >= 40 && taken["fortios"].len() >= 40);
}

/// A core firewall with thousands of rules is judged to its end: every rule was looked at in every direction.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn large_rule_sets_are_judged_whole() {
    let data = data();
    for name in ["tum_2013-10", "tum_2014-07"] {
        let bytes = std::fs::read(data.join("firewall/iptables/rulesets").join(name)).unwrap();
        let rules: usize = parse("iptables-save", &bytes).policies.iter().map(|policy| policy.rules().count()).sum();
        let thresholds = serde_json::from_str(
            r#"{"id":"x","title":{"en":"","zh-TW":""},"publisher":"","version":"","settings":{}}"#,
        )
        .unwrap();
        let judged =
            Bench::default().file(FIREWALL, name, &bytes).judge(FIREWALL, jiff::civil::date(2026, 11, 23), &thresholds);
        let looked: u64 = judged
            .looked
            .iter()
            .filter(|looked| looked.check == "firewall/telnet-allowed" && looked.aspect.as_deref() == Some("inbound"))
            .map(|looked| looked.count)
            .sum();
        assert!(rules > 2_000 && looked >= 1_000, "{name}: {rules} rules, {looked} looked at");
        assert!(!judged.findings.is_empty(), "{name}");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn nat_and_policy_tables_never_lose_an_action() {
    let data = data();
    for path in files(&data.join("firewall/vendor_snippets/fortios")) {
        let bytes = std::fs::read(&path).unwrap();
        for policy in parse("fortios", &bytes).policies {
            for rule in policy.rules() {
                assert!(matches!(rule.action, Action::Permit | Action::Deny), "{}", path.display());
                assert!(rule.line_from > 0 && rule.line_from <= rule.line_to);
            }
        }
    }
}
