//! The checks, in the order of the documentation.

mod known_bad_address;
mod known_bad_domain;

use secdiag_inspect::{Check, Facts, JudgeCx, Query, Stop};
use secdiag_model::{Conn, Dns, Indicator, Locator, Proof, Record, Sha256};
use serde::Deserialize;

pub(crate) const ALL: &[&Check] = &[&known_bad_address::CHECK, &known_bad_domain::CHECK];

pub(crate) const QUERIES: &[Query] = &[
    Query { name: LOOKED_AT, sql: include_str!("looked_at.sql"), tables: &[Conn::TABLE, Dns::TABLE, Indicator::TABLE] },
    Query {
        name: known_bad_address::CHECK.id,
        sql: include_str!("known_bad_address.sql"),
        tables: &[Conn::TABLE, Indicator::TABLE],
    },
    Query {
        name: known_bad_domain::CHECK.id,
        sql: include_str!("known_bad_domain.sql"),
        tables: &[Conn::TABLE, Dns::TABLE, Indicator::TABLE],
    },
];

const LOOKED_AT: &str = "traffic/looked-at";

/// How much there is to match, and to match against.
#[derive(Deserialize)]
struct LookedAt {
    conversations: u64,
    questions: u64,
    addresses: u64,
    domains: u64,
}

pub(crate) fn judge(facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
    for looked in facts.rows::<LookedAt>(LOOKED_AT)? {
        // Without a list nothing was looked at, however much traffic there is.
        if looked.addresses > 0 && looked.conversations > 0 {
            cx.looked_at(&known_bad_address::CHECK, looked.conversations, "conversations");
        }
        if looked.addresses + looked.domains > 0 && looked.questions > 0 {
            cx.looked_at(&known_bad_domain::CHECK, looked.questions, "DNS questions");
        }
    }
    known_bad_address::judge(facts, cx)?;
    known_bad_domain::judge(facts, cx)
}

/// The place of a row, for a finding's proof; nothing when the evidence is another system's.
fn proof(facts: &Facts<'_>, evidence: &str, locator: u64, excerpt: String) -> Option<Proof> {
    let artefact = facts.artefact(evidence.parse::<Sha256>().ok()?)?;
    let locator = match artefact.format() {
        Some("pcap" | "pcapng") => Locator::Packet(locator),
        _ => Locator::Record(locator),
    };
    Some(Proof::new(artefact, locator, excerpt))
}

/// A moment for readers: ISO 8601, UTC.
fn moment(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |time| format!("{time:.0}"))
}
