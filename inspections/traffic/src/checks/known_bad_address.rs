//! A host talked, or tried to talk, with an address that a list calls bad.

use std::collections::BTreeMap;

use secdiag_inspect::{Check, Facts, JudgeCx, Query, Stop};
use secdiag_model::{Conn, Indicator, Record, Subject};
use serde::Deserialize;

use super::{HOSTS, Hit, LOOKED_AT, READS, finding, looked, looked_at, proof};

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
pub(super) const CHECK: Check =
    Check::new("traffic/known-bad-address", READS).asks(&[&LOOKED_AT, &HOSTS, &CONVERSATIONS]);

const CONVERSATIONS: Query = Query {
    name: "traffic/known-bad-address",
    sql: include_str!("known_bad_address.sql"),
    tables: &[Conn::TABLE, Indicator::TABLE],
};

/// A row of `known_bad_address.sql`.
#[derive(Deserialize)]
struct Row {
    #[serde(flatten)]
    hit: Hit,
    address: String,
    proto: String,
    inbound: bool,
    ports: u64,
}

pub(super) fn judge(facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
    // Without a list nothing was looked at, however much traffic there is.
    if let Some(there) = looked_at(facts)?.filter(|there| there.addresses > 0 && there.conversations > 0) {
        cx.looked(looked(&CHECK, there.conversations, "conversations", facts, cx, |host| host.talks)?);
    }
    let mut pairs: BTreeMap<(String, String, String, bool), Vec<Row>> = BTreeMap::new();
    for row in facts.rows::<Row>(CONVERSATIONS.name)? {
        let pair = (row.hit.host.clone(), row.address.clone(), row.proto.clone(), row.inbound);
        pairs.entry(pair).or_default().push(row);
    }
    for rows in pairs.into_values() {
        let Some(row) = rows.first() else { continue };
        let best = &row.hit;
        let (src, dst) = if row.inbound { (&row.address, &best.host) } else { (&best.host, &row.address) };
        let port = best.dst_port.filter(|_| row.ports == 1);
        let target = port.map_or_else(|| dst.clone(), |port| format!("{dst} port {port}"));
        let excerpt = format!(
            "{src} → {target}, {}: {} connections, {} bytes to and {} bytes from {}",
            row.proto, best.connections, best.bytes_out, best.bytes_in, row.address
        );
        let Some(proof) = proof(facts, &best.evidence, best.locator, excerpt) else { continue };
        let subject = Subject::Connection {
            src: src.clone(),
            dst: dst.clone(),
            dst_name: None,
            dst_port: port,
            proto: row.proto.clone(),
        };
        cx.report(
            finding(&CHECK, subject, proof, best, rows.iter().map(|row| row.hit.list.as_str()).collect())
                .fact("address", row.address.as_str())
                .fact("proto", row.proto.as_str())
                .fact("dst_port", port)
                .fact("ports", row.ports)
                .fact("inbound", row.inbound)
                .fact("unanswered_inbound", row.inbound && !best.two_way),
        );
    }
    Ok(())
}
