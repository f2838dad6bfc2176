//! Real captures with known contents. `SECDIAG_DATA` names the folder that holds them.

#![allow(clippy::unwrap_used, clippy::unnecessary_debug_formatting)]
#![allow(clippy::disallowed_methods, reason = "tests read files; inspections do not")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use secdiag_inspect::testkit::{Bench, Parsed};
use secdiag_model::NoteKind;
use secdiag_traffic::{CaptureSummary, TRAFFIC};
use serde_json::Value;

fn data() -> PathBuf {
    Path::new(&std::env::var_os("SECDIAG_DATA").expect("SECDIAG_DATA names the evidence folder")).join("traffic")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{folder:?} is empty");
    files
}

/// A file's bytes, decompressed as intake would hand them over.
fn read(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let mut plain = Vec::new();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => {
            let _ = flate2::read::MultiGzDecoder::new(&bytes[..]).take(100 << 20).read_to_end(&mut plain);
            plain
        }
        Some("zst") => {
            zstd::stream::read::Decoder::new(&bytes[..]).unwrap().read_to_end(&mut plain).unwrap();
            plain
        }
        _ => bytes,
    }
}

/// Parses bytes as a capture whatever they are.
fn parse(name: &str, bytes: &[u8]) -> Parsed {
    Bench::default().file(TRAFFIC, name, bytes).parse(TRAFFIC)
}

fn parse_file(path: &Path) -> Parsed {
    parse(path.file_name().unwrap().to_str().unwrap(), &read(path))
}

fn summary(parsed: &Parsed) -> Option<CaptureSummary> {
    let document = parsed.documents.first()?;
    Some(serde_json::from_value(document.value.clone()).unwrap())
}

fn rows<'a>(parsed: &'a Parsed, table: &str) -> &'a [Value] {
    parsed.rows.get(table).map(Vec::as_slice).unwrap_or_default()
}

fn text(row: &Value, column: &str) -> String {
    match &row[column] {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// The TCP conversations without what differs by wrapping.
fn tcp(parsed: &Parsed) -> Vec<String> {
    let columns = [
        "ts",
        "src_ip",
        "src_port",
        "dst_ip",
        "dst_port",
        "bytes_out",
        "bytes_in",
        "pkts_out",
        "pkts_in",
        "conn_state",
        "history",
        "service",
        "community_id",
    ];
    let mut tcp: Vec<_> = rows(parsed, "conn")
        .iter()
        .filter(|row| row["proto"] == "tcp")
        .map(|row| columns.map(|column| text(row, column)).join(" "))
        .collect();
    tcp.sort();
    tcp
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn one_capture_in_eighteen_wrappings_gives_the_same_conversations() {
    let data = data();
    let expected = tcp(&parse_file(&data.join("variants/usec_le.pcap")));
    assert_eq!(expected.len(), 6);
    let files = files(&data.join("variants"));
    assert_eq!(files.len(), 18);
    for path in files {
        assert_eq!(tcp(&parse_file(&path)), expected, "{path:?}");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn pcapng_blocks_of_every_kind_are_read() {
    let data = data();
    for path in files(&data.join("pcapng_variants/le")) {
        let description = path.with_extension("txt");
        if path == description {
            continue;
        }
        let parsed = parse_file(&path);
        let summary = summary(&parsed).unwrap();
        assert!(summary.truncated_at.is_none() && summary.damaged_at.is_none(), "{path:?} {summary:?}");
        let description = fs::read_to_string(&description).unwrap();
        let blocks = ["EPB", "SPB", "PB"].iter().any(|block| description.contains(block));
        assert!(summary.packets > 0 || !blocks || description.contains("no packet"), "{path:?}: {description}");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn damaged_files_keep_what_is_whole_and_say_so() {
    let data = data();
    let folder = data.join("hostile/damaged");
    let table = fs::read_to_string(folder.join("expected.tsv")).unwrap();
    for line in table.lines().skip(1) {
        let fields: Vec<_> = line.split('\t').collect();
        let (name, whole) = (fields[0], fields[2].parse::<u64>());
        let parsed = parse_file(&folder.join(name));
        let Some(summary) = summary(&parsed) else {
            assert!(
                ["empty.pcap", "bad_magic.pcap", "random_1MB.pcap", "text.pcap"].contains(&name),
                "{name} not read"
            );
            continue;
        };
        let damaged = summary.truncated_at.is_some() || summary.damaged_at.is_some();
        match whole {
            Ok(whole) if damaged => assert!(summary.packets >= whole, "{name}: {} of {whole}", summary.packets),
            Ok(whole) => assert_eq!(summary.packets, whole, "{name}"),
            Err(_) => assert!(summary.packets > 0, "{name}"),
        }
        if ["cut", "huge", "100MB", "garbage"].iter().any(|word| name.contains(word)) && !name.contains("gzip") {
            let note = parsed.notes.iter().find(|note| note.kind == NoteKind::Broken).expect(name);
            assert!(
                note.place.as_ref().is_some_and(|place| place.contains("packet ") && place.contains("byte ")),
                "{name}"
            );
        }
    }
    let lab = |name: &str| parse_file(&folder.join(name));
    let clean = lab("snaplen_zero.pcap");
    let bytes = |parsed: &Parsed| -> BTreeSet<_> {
        tcp(parsed).into_iter().map(|row| row.split(' ').skip(1).take(6).collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(bytes(&lab("snap54.pcap")), bytes(&clean));
    assert_eq!(tcp(&lab("every_packet_twice.pcap")), tcp(&clean));
    assert!(lab("every_packet_twice.pcap").notes.iter().any(|note| note.reason == "duplicates"));
    assert!(lab("zeros_tail.pcap").notes.iter().any(|note| note.reason == "zero-filled"));
    assert!(lab("linktype_unknown.pcap").notes.iter().any(|note| note.reason == "undecoded" && note.count == 164));
    assert!(lab("timestamps_absurd.pcap").notes.iter().any(|note| note.reason == "odd-time"));
    assert_eq!(lab("timestamps_absurd.pcap").periods.len(), clean.periods.len());
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn hostile_captures_are_survived_quickly() {
    let data = data();
    let mut read_any = 0;
    for folder in ["hostile/tcpdump_tests", "zeek/pcap_no_expected", "zeek/pcap", "attack", "slips", "ja4", "lab"] {
        for path in files(&data.join(folder)) {
            if path.is_dir() {
                continue;
            }
            let start = Instant::now();
            let parsed = parse_file(&path);
            let took = start.elapsed();
            assert!(took < Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 }), "{path:?} took {took:?}");
            read_any += summary(&parsed).map_or(0, |summary| u64::from(summary.packets > 0));
        }
    }
    assert!(read_any > 500, "{read_any}");
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn ndpi_captures_are_survived() {
    let data = data();
    let mut stack = vec![data.join("ndpi"), data.join("suricata_verify")];
    let (mut captures, mut conversations) = (0, 0);
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
            captures += 1;
            conversations += rows(&parse_file(&path), "conn").len();
        }
    }
    assert!(captures > 100 && conversations > 2_500, "{captures} captures, {conversations} conversations");
}

/// Fields of a Zeek log in its text form, by column.
fn zeek_log(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let mut columns: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(fields) = line.strip_prefix("#fields\t") {
            columns = fields.split('\t').map(str::to_owned).collect();
        } else if !line.starts_with('#') {
            rows.push(columns.iter().cloned().zip(line.split('\t').map(str::to_owned)).collect());
        }
    }
    rows
}

/// How many of the expected lines are among the found, each used once.
fn agreement(expected: &[String], found: &[String]) -> usize {
    let mut left: BTreeMap<&String, usize> = BTreeMap::new();
    for line in found {
        *left.entry(line).or_default() += 1;
    }
    expected
        .iter()
        .filter(|line| {
            left.get_mut(line).is_some_and(|n| {
                *n > 0 && {
                    *n -= 1;
                    true
                }
            })
        })
        .count()
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn conversations_agree_with_zeek() {
    let data = data();
    let manifest = fs::read_to_string(data.join("zeek/manifest.tsv")).unwrap();
    let mut totals: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for line in manifest.lines().skip(1) {
        let fields: Vec<_> = line.split('\t').collect();
        let (case, capture, logs) = (fields[0], fields[1], fields[2]);
        if !logs.split(',').any(|log| log == "conn.log" || log == "dns.log") {
            continue;
        }
        let parsed = parse_file(&data.join("zeek/pcap").join(capture));
        let mut compare = |what: &'static str, expected: Vec<String>, found: Vec<String>| {
            let same = agreement(&expected, &found);
            let total = totals.entry(what).or_default();
            *total = (total.0 + same, total.1 + expected.len());
            if same < expected.len() {
                println!("{case} {what}: {same} of {}", expected.len());
                let missing: Vec<_> = expected.iter().filter(|line| !found.contains(line)).take(3).collect();
                println!("   expected {missing:?}\n   found    {:?}", found.iter().take(4).collect::<Vec<_>>());
            }
        };
        let log = data.join("zeek/expected").join(case).join("conn.log");
        if log.exists() {
            let expected: Vec<_> = zeek_log(&log)
                .into_iter()
                .filter(|row| row.get("proto").is_some_and(|proto| ["tcp", "udp", "icmp"].contains(&proto.as_str())))
                .collect();
            let found: Vec<_> = rows(&parsed, "conn")
                .iter()
                .filter(|row| ["tcp", "udp", "icmp", "icmp6"].iter().any(|proto| row["proto"] == *proto))
                .collect();
            let zeek = |columns: &[&str]| -> Vec<String> {
                let line = |row: &BTreeMap<String, String>| {
                    let icmp = row["proto"] == "icmp";
                    columns
                        .iter()
                        .map(|column| match *column {
                            "id.resp_p" if icmp => "-".to_owned(),
                            column => row.get(column).cloned().unwrap_or_default(),
                        })
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                expected.iter().map(line).collect()
            };
            let ours = |columns: &[&str]| -> Vec<String> {
                let line = |row: &&Value| {
                    let icmp = text(row, "proto").starts_with("icmp");
                    columns
                        .iter()
                        .map(|column| match *column {
                            "dst_port" if icmp => "-".to_owned(),
                            "proto" => text(row, "proto").replace("icmp6", "icmp"),
                            // Zeek leaves sizes of conversations of one packet open.
                            "bytes_out" | "bytes_in" if row["dur_us"] == 0 => "-".to_owned(),
                            column => text(row, column),
                        })
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                found.iter().map(line).collect()
            };
            let tuple = ["id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto"];
            let our_tuple = ["src_ip", "src_port", "dst_ip", "dst_port", "proto"];
            for (what, theirs, mine) in [
                ("five-tuple", "proto", "proto"),
                ("state", "conn_state", "conn_state"),
                ("bytes out", "orig_bytes", "bytes_out"),
                ("bytes in", "resp_bytes", "bytes_in"),
                ("packets out", "orig_pkts", "pkts_out"),
                ("packets in", "resp_pkts", "pkts_in"),
                ("history", "history", "history"),
                ("missed bytes", "missed_bytes", "missed_bytes"),
            ] {
                let mut found = ours(&[&our_tuple[..], &[mine]].concat());
                if what == "missed bytes" {
                    for line in &mut found {
                        if let Some(start) = line.strip_suffix(" -") {
                            *line = format!("{start} 0");
                        }
                    }
                }
                compare(what, zeek(&[&tuple[..], &[theirs]].concat()), found);
            }
        }
        let log = data.join("zeek/expected").join(case).join("dns.log");
        if log.exists() {
            let expected = zeek_log(&log);
            let zeek = expected.iter().map(|row| format!("{} {} {}", row["id.orig_h"], row["trans_id"], row["query"]));
            let ours = rows(&parsed, "dns")
                .iter()
                .map(|row| format!("{} {} {}", text(row, "src_ip"), text(row, "trans_id"), text(row, "query")));
            compare("dns question", zeek.collect(), ours.collect());
            let code = |code: &str| code.replace("(empty)", "-");
            let zeek =
                expected.iter().map(|row| format!("{} {} {}", row["trans_id"], row["query"], code(&row["rcode_name"])));
            let ours = rows(&parsed, "dns")
                .iter()
                .map(|row| format!("{} {} {}", text(row, "trans_id"), text(row, "query"), text(row, "rcode")));
            compare("dns rcode", zeek.collect(), ours.collect());
        }
    }
    for (what, (same, of)) in &totals {
        println!("{what}: {same} of {of}");
    }
    // The figures measured; Zeek's rules for ports and roles were followed with these cases in view. What differs:
    // packets equal from the IP header on and within a millisecond count once here, which Zeek does not do (q-in-q,
    // vlan-logging, pppoe-over-qinq; in the last, with identification 0, it may be a real repeated acknowledgement),
    // and the letter X is Zeek's own business.
    let floors = [
        ("five-tuple", 61),
        ("state", 61),
        ("bytes out", 57),
        ("bytes in", 57),
        ("packets out", 56),
        ("packets in", 61),
        ("history", 60),
        ("missed bytes", 61),
        ("dns question", 15),
        ("dns rcode", 15),
    ];
    for (what, floor) in floors {
        assert!(totals[what].0 >= floor, "{what}: {:?}", totals[what]);
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_same_file_gives_the_same_rows() {
    let data = data();
    let bytes = read(&data.join("days/day_benign_a.pcap.zst"));
    let (first, second) = (parse("day.pcap", &bytes), parse("day.pcap", &bytes));
    assert!(first.rows == second.rows && first.notes == second.notes && first.periods == second.periods);
    let summary = summary(&first).unwrap();
    assert!(summary.undecoded.keys().all(|why| why == "ARP"), "{:?}", summary.undecoded);
    println!("{summary:?}");
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn dns_of_known_tools_is_read() {
    let data = data();
    let iodine = parse_file(&data.join("lab/iodine_NULL.pcap"));
    let dns = rows(&iodine, "dns");
    let tunnel: Vec<_> = dns.iter().filter(|row| text(row, "query").ends_with("null.t.lab-example.org")).collect();
    assert!(tunnel.len() > 100, "{}", tunnel.len());
    assert!(tunnel.iter().all(|row| row["src_ip"] == "10.77.0.10" && row["dst_ip"] == "10.77.0.53"));
    assert!(tunnel.iter().any(|row| row["qtype"] == "NULL" && row["rtt_us"].as_i64().is_some_and(|rtt| rtt > 0)));

    let axfr = parse_file(&data.join("attack/cs_dns_axfr.pcapng"));
    assert!(rows(&axfr, "dns").iter().any(|row| row["qtype"] == "AXFR" && row["proto"] == "tcp"));
}
