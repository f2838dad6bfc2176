//! A host asked for a name that a list calls bad.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_inspect::{Check, Facts, JudgeCx, Query, Stop};
use secdiag_model::{Conn, Dns, Indicator, Record, Subject};
use serde::Deserialize;

use super::{HOSTS, Hit, LOOKED_AT, READS, finding, looked, looked_at, proof};

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
pub(super) const CHECK: Check = Check::new("traffic/known-bad-domain", READS).asks(&[&LOOKED_AT, &HOSTS, &QUESTIONS]);

const QUESTIONS: Query = Query {
    name: "traffic/known-bad-domain",
    sql: include_str!("known_bad_domain.sql"),
    tables: &[Conn::TABLE, Dns::TABLE, Indicator::TABLE],
};

/// A row of `known_bad_domain.sql`.
#[derive(Deserialize)]
struct Row {
    #[serde(flatten)]
    hit: Hit,
    domain: String,
    matched: String,
    questions: u64,
    names: u64,
    example: String,
    answered: bool,
}

pub(super) fn judge(facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
    // Without a list nothing was looked at, however many questions there are.
    if let Some(there) = looked_at(facts)?.filter(|there| there.addresses + there.domains > 0 && there.questions > 0) {
        cx.looked(looked(&CHECK, there.questions, "DNS questions", facts, cx, |host| host.asks)?);
    }
    let mut pairs: BTreeMap<(String, String), Vec<Row>> = BTreeMap::new();
    for row in facts.rows::<Row>(QUESTIONS.name)? {
        pairs.entry((row.hit.host.clone(), row.domain.clone())).or_default().push(row);
    }
    let by_name: BTreeSet<(String, String)> = pairs
        .values()
        .flatten()
        .filter(|row| row.matched == "name")
        .map(|row| (row.hit.host.clone(), row.domain.clone()))
        .collect();
    for rows in pairs.into_values() {
        // The surest entry about the name itself leads.
        let Some(row) = rows.first() else { continue };
        let best = &row.hit;
        // An address in the answer adds nothing where the name, or one above it, is listed itself.
        let mut above = row.domain.match_indices('.').map(|(at, _)| &row.domain[at + 1..]);
        if row.matched == "answer" && above.any(|name| by_name.contains(&(best.host.clone(), name.to_owned()))) {
            continue;
        }
        let excerpt = format!("{} asks for {}, {} questions in all", best.host, row.example, row.questions);
        let Some(proof) = proof(facts, &best.evidence, best.locator, excerpt) else { continue };
        let subject = Subject::Name { name: row.domain.clone(), src: Some(best.host.clone()) };
        cx.report(
            finding(&CHECK, subject, proof, best, rows.iter().map(|row| row.hit.list.as_str()).collect())
                .fact("domain", row.domain.as_str())
                .fact("matched", row.matched.as_str())
                .fact("example", row.example.as_str())
                .fact("names", row.names)
                .fact("questions", row.questions)
                .fact("answered", row.answered),
        );
    }
    Ok(())
}
