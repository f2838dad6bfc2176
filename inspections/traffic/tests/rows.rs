//! Captures made here, byte by byte, and the rows, notes and findings that they must give.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::collections::BTreeMap;

use secdiag_catalogue::ThresholdSet;
use secdiag_inspect::testkit::{Bench, Judged, Parsed, recognise};
use secdiag_model::{Bilingual, Sha256};
use secdiag_traffic::{PCAP, PCAPNG, TRAFFIC};
use serde_json::{Value, json};

const SYN: u8 = 2;
const ACK: u8 = 16;
const FIN: u8 = 1;

/// A capture in the making: packets of two hosts, a millisecond apart.
#[derive(Default)]
struct Capture {
    packets: Vec<Vec<u8>>,
}

const CLIENT: [u8; 4] = [10, 1, 2, 3];
const SERVER: [u8; 4] = [203, 0, 113, 7];
const RESOLVER: [u8; 4] = [10, 1, 0, 53];

impl Capture {
    fn ip(mut self, src: [u8; 4], dst: [u8; 4], proto: u8, payload: &[u8]) -> Self {
        let total = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
        let id = u16::try_from(self.packets.len()).unwrap().to_be_bytes();
        let header = [&[0x45, 0, total[0], total[1], id[0], id[1], 0, 0, 64, proto, 0, 0], &src[..], &dst[..]].concat();
        self.packets.push([&[0xee; 12], &[8, 0][..], &header, payload].concat());
        self
    }

    fn tcp(self, from_client: bool, flags: u8, seq: u32, ack: u32, payload: &[u8]) -> Self {
        let (src, dst, ports) =
            if from_client { (CLIENT, SERVER, [50_000_u16, 443]) } else { (SERVER, CLIENT, [443, 50_000]) };
        let segment = [
            &ports[0].to_be_bytes()[..],
            &ports[1].to_be_bytes(),
            &seq.to_be_bytes(),
            &ack.to_be_bytes(),
            &[0x50, flags, 1, 0, 0, 0, 0, 0],
            payload,
        ];
        self.ip(src, dst, 6, &segment.concat())
    }

    fn udp(self, src: ([u8; 4], u16), dst: ([u8; 4], u16), payload: &[u8]) -> Self {
        let len = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
        let datagram = [&src.1.to_be_bytes()[..], &dst.1.to_be_bytes(), &len, &[0, 0], payload].concat();
        self.ip(src.0, dst.0, 17, &datagram)
    }

    fn pcap(&self) -> Vec<u8> {
        let mut bytes =
            [&0xa1b2_c3d4_u32.to_le_bytes()[..], &[2, 0, 4, 0], &[0; 8], &[0, 0, 4, 0], &[1, 0, 0, 0]].concat();
        for (n, packet) in (0u32..).zip(&self.packets) {
            let len = u32::try_from(packet.len()).unwrap();
            for number in [1_790_000_000 + n / 1000, n % 1000 * 1000, len, len] {
                bytes.extend(number.to_le_bytes());
            }
            bytes.extend(packet);
        }
        bytes
    }

    /// The same as pcapng with nanoseconds, big-endian, with a block that nobody knows and statistics of loss.
    fn pcapng(&self) -> Vec<u8> {
        let block = |kind: u32, body: &[u8]| {
            let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
            let len = u32::try_from(12 + body.len() + padding.len()).unwrap().to_be_bytes();
            [&kind.to_be_bytes()[..], &len, body, &padding, &len].concat()
        };
        let section =
            [&0x1a2b_3c4d_u32.to_be_bytes()[..], &[0, 1, 0, 0], &[0xff; 8], &[0, 4, 0, 4], b"test", &[0; 4]].concat();
        let interface = [&[0, 1, 0, 0, 0, 0, 0, 0][..], &[0, 9, 0, 1, 9, 0, 0, 0], &[0; 4]].concat();
        let mut bytes = [block(0x0a0d_0d0a, &section), block(1, &interface), block(0x8000_0001, b"private")].concat();
        for (n, packet) in (0u64..).zip(&self.packets) {
            let nanos = 1_790_000_000_000_000_000 + n * 1_000_000;
            let len = u32::try_from(packet.len()).unwrap().to_be_bytes();
            bytes.extend(block(6, &[&[0; 4][..], &nanos.to_be_bytes(), &len, &len, packet].concat()));
        }
        let statistics = [&[0; 12][..], &[0, 5, 0, 8], &7_u64.to_be_bytes(), &[0; 4]].concat();
        bytes.extend(block(5, &statistics));
        bytes
    }
}

/// A handshake, a TLS hello and its answer, a retransmission, an orderly end.
fn conversation() -> Capture {
    let hello = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00";
    Capture::default()
        .tcp(true, SYN, 100, 0, b"")
        .tcp(false, SYN | ACK, 500, 101, b"")
        .tcp(true, ACK, 101, 501, b"")
        .tcp(true, ACK, 101, 501, hello)
        .tcp(false, ACK, 501, 111, &[7; 1000])
        .tcp(false, ACK, 501, 111, &[7; 1000])
        .tcp(true, FIN | ACK, 111, 1501, b"")
        .tcp(false, FIN | ACK, 1501, 112, b"")
        .tcp(true, ACK, 112, 1502, b"")
}

fn question(name: &[u8]) -> Vec<u8> {
    [b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0", name, b"\0\x01\0\x01"].concat()
}

/// A name asked for and answered, one asked for in vain, and one answered that nobody asked for.
fn names() -> Capture {
    let name = b"\x03c2x\x03bad\x07EXAMPLE\0";
    let mut answer = question(name);
    (answer[2], answer[3], answer[7]) = (0x81, 0x80, 1);
    answer.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xcb\0\x71\x07");
    let mut other = question(b"\x05other\0");
    (other[0], other[2], other[3]) = (9, 0x81, 0x83);
    Capture::default()
        .udp((CLIENT, 40_000), (RESOLVER, 53), &question(name))
        .udp((RESOLVER, 53), (CLIENT, 40_000), &answer)
        .udp((CLIENT, 40_001), (RESOLVER, 53), &question(b"\x04lost\x07example\0"))
        .udp((RESOLVER, 53), (CLIENT, 40_002), &other)
}

fn parse(bytes: &[u8]) -> Parsed {
    Bench::default().file(TRAFFIC, "tap.pcap", bytes).parse(TRAFFIC)
}

fn snapshot(parsed: &Parsed) -> Value {
    let notes: Vec<_> =
        parsed.notes.iter().map(|note| format!("{} {} ({})", note.reason, note.text, note.count)).collect();
    json!({
        "rows": parsed.rows,
        "summary": parsed.documents[0].value,
        "notes": notes,
        "periods": parsed.periods,
        "losses": parsed.losses,
    })
}

#[test]
fn a_conversation_becomes_a_row() {
    insta::assert_json_snapshot!(snapshot(&parse(&conversation().pcap())));
}

#[test]
fn names_become_transactions() {
    insta::assert_json_snapshot!(snapshot(&parse(&names().pcap())));
}

#[test]
fn pcapng_tells_the_same_and_more() {
    let bytes = conversation().pcapng();
    assert_eq!(recognise(&[&PCAP, &PCAPNG], "x", &bytes).unwrap().id, "pcapng");
    let (classic, next) = (parse(&conversation().pcap()), parse(&bytes));
    assert_eq!(classic.rows, next.rows);
    assert_eq!(next.losses, [(9, 7)]);
    assert!(next.notes.iter().any(|note| note.reason == "unknown-block"));
    assert_eq!(next.documents[0].value["application"], "test");
}

#[test]
fn a_capture_cut_anywhere_keeps_its_packets_and_names_the_place() {
    for bytes in [conversation().pcap(), conversation().pcapng()] {
        let whole = parse(&bytes).documents[0].value["packets"].clone();
        assert_eq!(whole, 9);
        let mut known = 0;
        for len in 24..bytes.len() {
            let parsed = parse(&bytes[..len]);
            let Some(document) = parsed.documents.first() else { continue };
            let packets = document.value["packets"].as_u64().unwrap();
            assert!(packets >= known && packets <= 9);
            known = packets;
            let place = document.value["truncated_at"].as_str();
            assert!(
                place.is_none_or(|place| place.starts_with(&format!("packet {}, byte ", packets + 1))),
                "{place:?}"
            );
        }
    }
}

#[test]
fn any_byte_may_be_wrong() {
    for bytes in [conversation().pcap(), names().pcapng()] {
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0xff;
            parse(&broken);
        }
    }
}

fn judge(rows: &[(&'static str, Value)]) -> Judged {
    let bytes = conversation().pcap();
    let evidence = Sha256::of(&bytes).to_string();
    let rows: BTreeMap<_, _> = rows
        .iter()
        .map(|(query, rows)| {
            let mut rows = rows.as_array().unwrap().clone();
            for row in &mut rows {
                row["evidence"] = evidence.clone().into();
            }
            (*query, rows)
        })
        .collect();
    let thresholds = ThresholdSet {
        id: "none".into(),
        title: Bilingual::default(),
        publisher: String::new(),
        version: String::new(),
        settings: BTreeMap::new(),
    };
    let as_of = jiff::civil::date(2026, 11, 24);
    Bench::default().file(TRAFFIC, "tap.pcap", &bytes).judge_with(TRAFFIC, as_of, &thresholds, &rows)
}

fn address_row(list: &str, confidence: f64, two_way: bool, inbound: bool) -> Value {
    json!({
        "host": "10.1.2.3", "address": "203.0.113.7", "proto": "tcp", "inbound": inbound, "indicator": "203.0.113.0/24",
        "label": "Emotet", "list": list, "list_date": "2026-11-01", "confidence": confidence, "connections": 3,
        "first": 1_790_000_000_000_000_i64, "last": 1_790_000_060_000_000_i64, "bytes_out": 10, "bytes_in": 1000,
        "two_way": two_way, "dst_port": 443, "ports": 1, "locator": 1
    })
}

#[test]
fn a_listed_address_is_one_finding_whatever_the_number_of_lists() {
    let judged = judge(&[
        ("traffic/looked-at", json!([{"conversations": 9, "questions": 0, "addresses": 2, "domains": 0}])),
        ("traffic/known-bad-address", json!([address_row("a", 0.9, true, false), address_row("b", 0.5, true, false)])),
    ]);
    insta::assert_json_snapshot!(judged.findings);
    assert_eq!(judged.looked.len(), 1);
    assert_eq!((judged.looked[0].check, judged.looked[0].count), ("traffic/known-bad-address", 9));
}

#[test]
fn an_unanswered_call_from_outside_is_told_apart() {
    let judged = judge(&[("traffic/known-bad-address", json!([address_row("a", 0.9, false, true)]))]);
    let facts = &judged.findings[0].facts;
    assert_eq!((&facts["unanswered_inbound"], &facts["two_way"]), (&json!(true), &json!(false)));
    assert_eq!(judged.findings[0].subject.summary(), "203.0.113.7 → 10.1.2.3:443/tcp");
}

#[test]
fn a_listed_name_is_a_finding() {
    let row = json!({
        "host": "10.1.2.3", "domain": "bad.example", "matched": "name", "indicator": "*.bad.example", "label": "", "list": "a",
        "list_date": "", "confidence": 0.75, "questions": 2, "names": 1, "example": "c2x.bad.example", "first": 0, "last": 1,
        "answered": true, "connections": 0, "bytes_out": 0, "bytes_in": 0, "two_way": false, "dst_port": null, "locator": 1
    });
    let judged = judge(&[
        ("traffic/looked-at", json!([{"conversations": 0, "questions": 4, "addresses": 0, "domains": 1}])),
        ("traffic/known-bad-domain", json!([row])),
    ]);
    insta::assert_json_snapshot!(judged.findings);
    assert_eq!(judged.looked.iter().map(|looked| looked.check).collect::<Vec<_>>(), ["traffic/known-bad-domain"]);
}

#[test]
fn an_address_in_the_answer_adds_nothing_to_a_listed_name() {
    let row = |domain: &str, matched: &str| {
        json!({
            "host": "10.1.2.3", "domain": domain, "matched": matched, "indicator": "x", "label": "", "list": "a",
            "list_date": "", "confidence": 0.75, "questions": 2, "names": 1, "example": domain, "first": 0, "last": 1,
            "answered": true, "connections": 0, "bytes_out": 0, "bytes_in": 0, "two_way": false, "dst_port": null, "locator": 1
        })
    };
    let rows = [row("a.bad.example", "answer"), row("bad.example", "name"), row("other.example", "answer")];
    let judged = judge(&[("traffic/known-bad-domain", json!(rows))]);
    let named: Vec<_> = judged.findings.iter().map(|finding| finding.facts["domain"].clone()).collect();
    assert_eq!(named, ["bad.example", "other.example"]);
}

#[test]
fn without_a_list_nothing_was_looked_at() {
    let judged =
        judge(&[("traffic/looked-at", json!([{"conversations": 9, "questions": 9, "addresses": 0, "domains": 0}]))]);
    assert!(judged.looked.is_empty() && judged.findings.is_empty());
}
