//! SARIF 2.1.0: our findings as results of one run; ids as fingerprints, items as taxa, exceptions as suppressions.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::result::{FindingRecord, FindingStatus};
use secdiag_model::{ItemId, Proof, Severity};
use serde_json::{Value as Json, json};

use super::{Exception, Export, TAXONOMY, line, path};
use crate::keys::OWN_SCHEME;
use crate::severity;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The findings as a SARIF log.
pub fn sarif(export: &Export<'_>) -> Vec<u8> {
    let exceptions = export.exceptions();
    let mut rules: BTreeMap<&str, (Severity, &str)> = BTreeMap::new();
    for finding in export.findings {
        let rule = rules.entry(&finding.check).or_insert((finding.severity, export.texts(finding).2));
        rule.0 = rule.0.max(finding.severity);
    }
    for gone in export.resolved {
        rules.entry(&gone.check).or_insert((gone.severity, ""));
    }
    let items: BTreeSet<&ItemId> = export.findings.iter().flat_map(|finding| &finding.items).collect();
    let items: Vec<_> = items.into_iter().collect();
    let index = |check: &str| rules.keys().position(|rule| *rule == check);
    let found = export.findings.iter().map(|finding| {
        let mut result = result(export, finding, exceptions.get(finding.id.as_str()).copied());
        result["ruleIndex"] = json!(index(&finding.check));
        let taxon = |item: &ItemId| {
            let at = items.iter().position(|known| *known == item);
            json!({"id": item.0, "index": at, "toolComponent": {"name": TAXONOMY, "index": 0}})
        };
        result["taxa"] = finding.items.iter().map(taxon).collect();
        result
    });
    let gone = export.resolved.iter().map(|gone| {
        json!({
            "ruleId": gone.check,
            "ruleIndex": index(&gone.check),
            "level": severity::to_sarif_level(gone.severity),
            "message": {"text": gone.title},
            "fingerprints": {OWN_SCHEME: gone.id},
            "baselineState": "absent",
            "properties": {"secdiag/system": gone.system, "secdiag/lastSeen": gone.last_seen},
        })
    });
    let results: Vec<Json> = found.chain(gone).collect();
    let rule = |(id, (worst, advice)): (&&str, &(Severity, &str))| {
        let mut rule = json!({"id": id, "properties": {"security-severity": severity::to_score(*worst)}});
        if !advice.is_empty() {
            rule["help"] = json!({"text": advice});
        }
        rule
    };
    let rules: Vec<_> = rules.iter().map(rule).collect();
    let taxa: Vec<_> = items.iter().map(|item| json!({"id": item.0})).collect();
    super::pretty(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "secdiag", "version": export.version, "rules": rules}},
            "automationDetails": {"id": format!("secdiag/{}/{}", export.as_of, export.run)},
            "language": export.lang.tag(),
            "columnKind": "unicodeCodePoints",
            "taxonomies": [{"name": TAXONOMY, "taxa": taxa}],
            "results": results,
        }],
    }))
}

fn result(export: &Export<'_>, finding: &FindingRecord, exception: Option<&Exception>) -> Json {
    let (title, risk, advice) = export.texts(finding);
    let text = if risk.is_empty() { title.to_owned() } else { format!("{title}\n\n{risk}") };
    let mut proofs = finding.evidence.iter();
    let subject = json!([{"name": finding.subject.summary(), "kind": "resource"}]);
    let mut first = proofs.next().map_or_else(|| json!({}), location);
    first["logicalLocations"] = subject;
    let mut result = json!({
        "ruleId": finding.check,
        "kind": "fail",
        "level": severity::to_sarif_level(finding.severity),
        "message": {"text": text},
        "locations": [first],
        // More proofs of the same finding: `locations` would make each a place to correct.
        "relatedLocations": proofs.map(location).collect::<Json>(),
        "fingerprints": {OWN_SCHEME: finding.id},
        "baselineState": if finding.status == FindingStatus::Persisting { "unchanged" } else { "new" },
        "properties": {
            "security-severity": severity::to_score(finding.severity),
            "secdiag/advice": advice,
            "secdiag/asset": finding.asset,
            "secdiag/confidence": finding.confidence,
            "secdiag/facts": finding.facts,
            "secdiag/firstSeen": finding.first_seen,
            "secdiag/status": finding.status,
            "secdiag/subject": finding.subject,
            "secdiag/system": finding.system,
        },
    });
    if let Some(exception) = exception {
        result["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": exception.justification,
            "properties": {
                "secdiag/kind": exception.kind.word(),
                "secdiag/approvedBy": exception.approved_by,
                "secdiag/until": exception.until,
            },
        }]);
    }
    result
}

fn location(proof: &Proof) -> Json {
    let mut physical = json!({"artifactLocation": {"uri": uri(&path(proof))}});
    if let Some(line) = line(proof).filter(|line| *line > 0) {
        physical["region"] = json!({"startLine": line});
        if !proof.excerpt.is_empty() {
            physical["region"]["snippet"] = json!({"text": proof.excerpt});
        }
    }
    json!({
        "physicalLocation": physical,
        "message": {"text": proof.locator.to_string()},
        "properties": {"secdiag/sha256": proof.sha256, "secdiag/locator": proof.locator, "secdiag/excerpt": proof.excerpt},
    })
}

/// A path as a relative URI reference (RFC 3986 §4.2): what is not unreserved or a separator is escaped.
fn uri(path: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!@()+,;=".contains(&byte);
    path.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
