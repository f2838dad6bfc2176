//! A host asked for a name that a list calls bad.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_inspect::{Check, Facts, JudgeCx, Stop};
use secdiag_model::{Finding, Subject};
use serde::Deserialize;

use super::{moment, proof};

/// What: a DNS question for a name that stands in an indicator list, or lies below one that does; or an answer with a
/// listed address.
///
/// Why: malicious programs find their servers by name; the question shows the infected host even where the connection
/// was blocked or not recorded.
///
/// Evidence: packet captures or DNS logs, and at least one list of indicators.
///
/// Limits: behind an internal resolver the one who asks is the resolver; encrypted DNS is not seen; answers are compared
/// with single addresses, not with networks.
///
/// References: MITRE ATT&CK T1071.004; NIST SP 800-81.
pub(super) const CHECK: Check = Check { id: "traffic/known-bad-domain", reads: &["pcap", "pcapng"] };

/// A row of `known_bad_domain.sql`.
#[derive(Deserialize)]
struct Row {
    host: String,
    domain: String,
    matched: String,
    indicator: String,
    label: String,
    list: String,
    list_date: String,
    confidence: f64,
    questions: u64,
    names: u64,
    example: String,
    first: i64,
    last: i64,
    answered: bool,
    connections: u64,
    bytes_out: u64,
    bytes_in: u64,
    two_way: bool,
    dst_port: Option<u16>,
    evidence: String,
    locator: u64,
}

pub(super) fn judge(facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
    // One name may stand in several lists: one finding, led by the surest entry about the name itself.
    let mut pairs: BTreeMap<(String, String), Vec<Row>> = BTreeMap::new();
    for row in facts.rows::<Row>(CHECK.id)? {
        pairs.entry((row.host.clone(), row.domain.clone())).or_default().push(row);
    }
    let by_name: BTreeSet<(String, String)> = pairs
        .values()
        .flatten()
        .filter(|row| row.matched == "name")
        .map(|row| (row.host.clone(), row.domain.clone()))
        .collect();
    for rows in pairs.into_values() {
        let Some(best) = rows.first() else { continue };
        // An address in the answer adds nothing where the name, or one above it, is listed itself.
        let mut above = best.domain.match_indices('.').map(|(at, _)| &best.domain[at + 1..]);
        if best.matched == "answer" && above.any(|name| by_name.contains(&(best.host.clone(), name.to_owned()))) {
            continue;
        }
        let excerpt = format!("{} asks for {}, {} questions in all", best.host, best.example, best.questions);
        let Some(proof) = proof(facts, &best.evidence, best.locator, excerpt) else { continue };
        let mut lists: Vec<&str> = rows.iter().map(|row| row.list.as_str()).collect();
        lists.dedup();
        let subject = Subject::Name { name: best.domain.clone(), src: Some(best.host.clone()) };
        cx.report(
            Finding::new(CHECK.id, subject, proof)
                .asset(&best.host)
                .confidence(best.confidence)
                .fact("host", best.host.as_str())
                .fact("domain", best.domain.as_str())
                .fact("matched", best.matched.as_str())
                .fact("example", best.example.as_str())
                .fact("names", best.names)
                .fact("questions", best.questions)
                .fact("answered", best.answered)
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
                .fact("dst_port", best.dst_port),
        );
    }
    Ok(())
}
