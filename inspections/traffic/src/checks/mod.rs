//! The checks, in the order of the documentation.

use secdiag_inspect::{Check, Facts, JudgeCx, Looked, Query, Stop};
use secdiag_model::{Conn, Dns, Finding, Indicator, Locator, Note, NoteKind, Proof, Record, Sha256, Subject};
use serde::Deserialize;

secdiag_inspect::checks! {
    fn(&Facts<'_>, &JudgeCx<'_>) -> Result<(), Stop>;
    known_bad_address,
    known_bad_domain,
}

/// Formats that every check here reads.
const READS: &[&str] = &["pcap", "pcapng"];

/// How much there is to match, and to match against.
const LOOKED_AT: Query = Query {
    name: "traffic/looked-at",
    sql: include_str!("looked_at.sql"),
    tables: &[Conn::TABLE, Dns::TABLE, Indicator::TABLE],
};

/// The hosts that showed themselves: what was found on another one earlier has not been looked for again.
const HOSTS: Query =
    Query { name: "traffic/hosts", sql: include_str!("hosts.sql"), tables: &[Conn::TABLE, Dns::TABLE] };

/// The limit in `hosts.sql`.
const MOST_HOSTS: usize = 20_000;

/// The row of `looked_at.sql`.
#[derive(Deserialize)]
struct LookedAt {
    conversations: u64,
    questions: u64,
    addresses: u64,
    domains: u64,
}

/// A row of `hosts.sql`.
#[derive(Deserialize)]
struct Host {
    address: String,
    talks: bool,
    asks: bool,
}

fn looked_at(facts: &Facts<'_>) -> Result<Option<LookedAt>, Stop> {
    Ok(facts.rows::<LookedAt>(LOOKED_AT.name)?.pop())
}

/// Coverage of a check on the hosts that `of` picks.
fn looked(
    check: &Check,
    count: u64,
    what: &'static str,
    facts: &Facts<'_>,
    cx: &JudgeCx<'_>,
    of: fn(&Host) -> bool,
) -> Result<Looked, Stop> {
    let hosts = facts.rows::<Host>(HOSTS.name)?;
    if hosts.len() >= MOST_HOSTS {
        let text = format!(
            "{}: more than {MOST_HOSTS} hosts: what was found earlier on the others stays open, as if they had not been looked at",
            check.id
        );
        cx.note(Note::new(NoteKind::Assumed, "too-many-hosts", text));
    }
    let assets = hosts.into_iter().filter(of).map(|host| host.address).collect();
    Ok(Looked { assets, ..Looked::at(check, count, what) })
}

/// What rows of both checks have: who, why it is bad, how much and when. One pair may stand in several lists: the
/// surest entry leads.
#[derive(Deserialize)]
struct Hit {
    host: String,
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
    evidence: String,
    locator: u64,
}

/// A finding about a hit with the facts that texts of both checks use.
fn finding(check: &Check, subject: Subject, proof: Proof, best: &Hit, lists: Vec<&str>) -> Finding {
    let mut lists = lists;
    lists.dedup();
    Finding::new(check.id, subject, proof)
        .asset(&best.host)
        .confidence(best.confidence)
        .fact("host", best.host.as_str())
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
        .fact("dst_port", best.dst_port)
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
