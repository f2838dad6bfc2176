//! Golden files: what checks say to configurations of our own, and what parsers make of hostile ones.
//!
//! `fixtures/<check>/fires-*.conf` and `silent-*.conf` are judged; the findings of that check are compared with the
//! `.expected` beside a firing one. `fixtures/parse/*` are parsed; policy and notes are compared. Run with
//! `SECDIAG_UPDATE=1` to write what is found, then read the difference.

#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures; the inspection does not")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use secdiag_firewall::{FIREWALL, FORMATS};
use secdiag_inspect::testkit::{Bench, Judged, recognise};

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "conf"));
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn judge(path: &Path) -> Judged {
    let bytes = std::fs::read(path).unwrap();
    let none = r#"{"id":"none","title":{"en":"","zh-TW":""},"publisher":"","version":"","settings":{}}"#;
    let thresholds = serde_json::from_str(none).unwrap();
    assert!(recognise(FORMATS, &name(path), &bytes).is_some(), "{} is not recognised", path.display());
    // Answers of queries to other evidence lie beside the configuration.
    let beside = std::fs::read(path.with_extension("rows.json")).unwrap_or_else(|_| b"{}".to_vec());
    let mut answers: BTreeMap<String, Vec<serde_json::Value>> = serde_json::from_slice(&beside).unwrap();
    let queries = FIREWALL.meta().checks.iter().flat_map(|check| check.queries);
    let rows = queries.filter_map(|query| Some((query.name, answers.remove(query.name)?))).collect();
    assert!(answers.is_empty(), "{}: no check asks {:?}", path.display(), answers.keys());
    let bench = Bench::default().file(FIREWALL, &name(path), &bytes);
    bench.judge_with(FIREWALL, jiff::civil::date(2026, 11, 23), &thresholds, &rows)
}

fn compare(path: &Path, found: &str) {
    let expected = path.with_extension("expected");
    if std::env::var_os("SECDIAG_UPDATE").is_some() {
        std::fs::write(&expected, found).unwrap();
    }
    let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
    assert_eq!(found, wanted, "{}", path.display());
}

#[test]
fn every_check_fires_where_it_should_and_nowhere_else() {
    for check in FIREWALL.meta().checks {
        let files = fixtures(check.id.trim_start_matches("firewall/"));
        let count = |prefix: &str| files.iter().filter(|path| name(path).starts_with(prefix)).count();
        assert!(count("fires-") >= 1 && count("silent-") >= 1, "{} needs fixtures", check.id);
        for path in files {
            let judged = judge(&path);
            let mut found = String::new();
            for finding in judged.findings.iter().filter(|finding| finding.check == check.id) {
                assert!(!finding.evidence.is_empty());
                let aspect = finding.aspect.as_deref().unwrap_or("-");
                writeln!(found, "{aspect} {} confidence {}", finding.subject.summary(), finding.confidence).unwrap();
                for (fact, value) in &finding.facts {
                    writeln!(found, "    {fact}: {value}").unwrap();
                }
                for proof in &finding.evidence {
                    writeln!(found, "    {}:\n      {}", proof.locator, proof.excerpt.replace('\n', "\n      "))
                        .unwrap();
                }
            }
            if name(&path).starts_with("fires-") {
                assert!(!found.is_empty(), "{} is silent", path.display());
                compare(&path, &found);
            } else {
                assert_eq!(found, "", "{} fires", path.display());
                let truncated = name(&path).contains("truncated");
                let looked = judged.looked.iter().any(|looked| looked.check == check.id && looked.count > 0);
                assert!(looked != truncated, "{}: coverage of {}", path.display(), check.id);
            }
        }
    }
}

#[test]
fn parsers_keep_every_rule_of_hostile_files() {
    for path in fixtures("parse") {
        let bytes = std::fs::read(&path).unwrap();
        let parsed = Bench::default().file(FIREWALL, &name(&path), &bytes).parse(FIREWALL);
        let mut found = String::new();
        for document in &parsed.documents {
            writeln!(found, "{}", serde_json::to_string_pretty(&document.value).unwrap()).unwrap();
        }
        for note in &parsed.notes {
            let place = note.place.as_deref().unwrap_or("-");
            writeln!(found, "{:?} {} {place} x{}: {}", note.kind, note.reason, note.count, note.text).unwrap();
        }
        compare(&path, &found);
    }
}

/// Files made to hang or crash a parser: groups that double at each level, rings of groups, deep sections, long lines.
#[test]
fn hostile_sizes_end_soon() {
    let mut forti = String::from("config firewall addrgrp\n");
    let mut asa = String::from("access-list a extended permit tcp object-group n0 any object-group s0\n");
    for n in 0..60 {
        let next = n + 1;
        writeln!(forti, "edit g{n}\nset member g{next} g{next} g0\nnext").unwrap();
        writeln!(asa, "object-group network n{n}\n group-object n{next}\n group-object n{next}\n group-object n0")
            .unwrap();
        writeln!(asa, "object-group service s{n} tcp\n group-object s{next}\n group-object s{next}\n group-object s0")
            .unwrap();
    }
    let mut ios = String::from("access-list 100 permit tcp object-group n0 any portgroup p0\n");
    for n in 0..60 {
        let next = n + 1;
        writeln!(ios, "object-group network n{n}\n group-object n{next}\n group-object n{next}\n group-object n0")
            .unwrap();
        writeln!(ios, "object-group ip port p{n}\n group-object p{next}\n group-object p{next}\n group-object p0")
            .unwrap();
        writeln!(ios, "class-map type inspect match-all c{n}\n match class-map c{next}\n match class-map c{next}\n match class-map c0").unwrap();
        writeln!(ios, "policy-map type inspect m{n}\n class type inspect c{n}\n  inspect").unwrap();
        writeln!(ios, "zone-pair security z{n} source a{n} destination b{n}\n service-policy type inspect m{n}")
            .unwrap();
    }
    for n in 0..400 {
        writeln!(ios, "interface Ethernet{n}\n ip address 10.{}.{}.1 255.255.255.0", n / 256, n % 256).unwrap();
        writeln!(ios, " zone-member security a{}\n ip access-group in{n} in\n ip access-group out{n} out", n % 60)
            .unwrap();
        writeln!(ios, "ip access-list extended in{n}\n permit ip 0.0.0.1 85.85.255.254 any\nip access-list extended out{n}\n permit ip any any").unwrap();
    }
    let statements = "access-list 101 permit tcp any 10.0.0.1 0.170.170.0 eq 80 443 8080\n".repeat(4_000);
    forti.push_str("end\nconfig firewall policy\nedit 1\nset srcaddr g0\nset dstaddr all\nset service ALL\nset action accept\nnext\nend\n");
    let deep = format!(
        "{}config firewall policy\nedit 1\nset srcaddr all\nset dstaddr all\nset service ALL\nnext\nend\n",
        "config a\nedit b\n".repeat(20_000)
    );
    let long = format!(
        "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p tcp {} -j ACCEPT\nCOMMIT\n",
        "-m comment --comment \"x\" ".repeat(40_000)
    );
    let quotes = format!("config firewall policy\nedit 1\n{}next\nend\n", "set comments \"open\n".repeat(20_000));
    for (name, text) in [
        ("forti.conf", forti),
        ("asa.cfg", asa),
        ("deep.conf", deep),
        ("long", long),
        ("quotes.conf", quotes),
        ("ios.cfg", ios),
        ("statements.cfg", statements),
    ] {
        for vendor in secdiag_firewall::vendors::VENDORS {
            let start = std::time::Instant::now();
            (vendor.parse)(&text);
            let took = start.elapsed();
            assert!(took < std::time::Duration::from_secs(20), "{} on {name}: {took:?}", vendor.format.id);
        }
    }
}
