//! A host talked, or tried to talk, with an address that a list calls bad.

use std::collections::BTreeMap;

use secdiag_inspect::{Check, Facts, JudgeCx, Stop};
use secdiag_model::{Finding, Subject};
use serde::Deserialize;

use super::{moment, proof};

/// What: a conversation of which one end stands in an indicator list, as an address or inside a network, while the
/// entry was valid.
///
/// Why: a machine that exchanges payload with a command-and-control server is most likely compromised.
///
/// Evidence: packet captures or connection logs, and at least one list of indicators.
///
/// Limits: addresses are shared and change hands; a list says what was so when it was made. Unanswered calls from a
/// listed address are ordinary scanning of the Internet and told apart by the fact `unanswered_inbound`.
///
/// References: MITRE ATT&CK TA0011; NIST SP 800-94.
pub(super) const CHECK: Check = Check { id: "traffic/known-bad-address", reads: &["pcap", "pcapng"] };

/// A row of `known_bad_address.sql`.
#[derive(Deserialize)]
struct Row {
    host: String,
    address: String,
    proto: String,
    inbound: bool,
    indicator: String,
    label: String,
    list: String,
    list_date: String,
    confidence: f64,
    connections: u64,
    first: i64,
    last: i64,
    bytes_out: u64,
    bytes_in: u64,
    two_way: bool,
    dst_port: Option<u16>,
    ports: u64,
    evidence: String,
    locator: u64,
}

pub(super) fn judge(facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
    // One address may stand in several lists: one finding, led by the surest entry.
    let mut pairs: BTreeMap<(String, String, String, bool), Vec<Row>> = BTreeMap::new();
    for row in facts.rows::<Row>(CHECK.id)? {
        let pair = (row.host.clone(), row.address.clone(), row.proto.clone(), row.inbound);
        pairs.entry(pair).or_default().push(row);
    }
    for rows in pairs.into_values() {
        let Some(best) = rows.first() else { continue };
        let (src, dst) = if best.inbound { (&best.address, &best.host) } else { (&best.host, &best.address) };
        let port = best.dst_port.filter(|_| best.ports == 1);
        let target = port.map_or_else(|| dst.clone(), |port| format!("{dst} port {port}"));
        let excerpt = format!(
            "{src} → {target}, {}: {} connections, {} bytes to and {} bytes from {}",
            best.proto, best.connections, best.bytes_out, best.bytes_in, best.address
        );
        let Some(proof) = proof(facts, &best.evidence, best.locator, excerpt) else { continue };
        let subject = Subject::Connection {
            src: src.clone(),
            dst: dst.clone(),
            dst_name: None,
            dst_port: port,
            proto: best.proto.clone(),
        };
        let mut lists: Vec<&str> = rows.iter().map(|row| row.list.as_str()).collect();
        lists.dedup();
        cx.report(
            Finding::new(CHECK.id, subject, proof)
                .asset(&best.host)
                .confidence(best.confidence)
                .fact("host", best.host.as_str())
                .fact("address", best.address.as_str())
                .fact("proto", best.proto.as_str())
                .fact("dst_port", port)
                .fact("ports", best.ports)
                .fact("inbound", best.inbound)
                .fact("indicator", best.indicator.as_str())
                .fact("label", best.label.as_str())
                .fact("list", best.list.as_str())
                .fact("lists", lists)
                .fact("list_date", best.list_date.as_str())
                .fact("confidence", best.confidence)
                .fact("connections", best.connections)
                .fact("first", moment(best.first))
                .fact("last", moment(best.last))
                .fact("bytes_out", best.bytes_out)
                .fact("bytes_in", best.bytes_in)
                .fact("two_way", best.two_way)
                .fact("unanswered_inbound", best.inbound && !best.two_way),
        );
    }
    Ok(())
}
