//! Findings in the Open Cybersecurity Schema Framework 1.5 (<https://schema.ocsf.io/1.5.0/categories/findings>), one
//! JSON object per line.

use jiff::civil::Date;
use jiff::tz::Offset;
use secdiag_model::result::{FindingRecord, FindingStatus, ResolvedFinding};
use secdiag_model::{Proof, Severity, Subject};
use serde_json::{Value as Json, json};

use super::{Exception, Export, Product, TAXONOMY, about, path};
use crate::finding::Component;

const VERSION: &str = "1.5.0";

/// Class of a finding: its number and name.
type Class = (u64, &'static str);
const VULNERABILITY: Class = (2002, "Vulnerability Finding");
const COMPLIANCE: Class = (2003, "Compliance Finding");
const DETECTION: Class = (2004, "Detection Finding");

/// What happened to a finding: its number and name.
type Activity = (u64, &'static str);
const CREATE: Activity = (1, "Create");
const UPDATE: Activity = (2, "Update");
const CLOSE: Activity = (3, "Close");

/// The findings, and those of earlier runs that are gone as closed ones.
///
/// A finding about a vulnerability in a product is of class 2002; what was seen in traffic, or answers no item of a
/// checklist, is a detection (2004); any other finding is a requirement that is not met (2003). An exception of
/// whatever kind is the status `Suppressed`, the kind in `unmapped.secdiag`, since the schema knows one word only. A
/// finding that is gone has kept its title and severity only: it is closed as a detection, under its `uid`.
pub fn ocsf(export: &Export<'_>) -> Vec<u8> {
    let exceptions = export.exceptions();
    let found =
        export.findings.iter().map(|finding| event(export, finding, exceptions.get(finding.id.as_str()).copied()));
    let gone = export.resolved.iter().map(|gone| closed(export, gone));
    found.chain(gone).map(|event| format!("{event}\n")).collect::<String>().into_bytes()
}

/// What every finding has (base event and finding of the schema).
fn base(export: &Export<'_>, check: &str, severity: Severity, class: Class, activity: Activity) -> Json {
    let (id, word) = graded(severity);
    json!({
        "activity_id": activity.0,
        "activity_name": activity.1,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": class.0,
        "class_name": class.1,
        "type_uid": class.0 * 100 + activity.0,
        "type_name": format!("{}: {}", class.1, activity.1),
        "severity_id": id,
        "severity": word,
        "time": millis(export.as_of).unwrap_or_default(),
        "time_dt": midnight(export.as_of),
        "metadata": {
            "version": VERSION,
            "profiles": ["datetime"],
            "event_code": check,
            "correlation_uid": export.run,
            "product": {"name": "secdiag", "vendor_name": "secdiag", "version": export.version, "lang": export.lang.tag()},
        },
    })
}

fn event(export: &Export<'_>, finding: &FindingRecord, exception: Option<&Exception>) -> Json {
    let (title, risk, advice) = export.texts(finding);
    let about = about(finding);
    let class = match (&about, &finding.subject) {
        (Some(_), _) => VULNERABILITY,
        (None, Subject::Connection { .. } | Subject::Name { .. } | Subject::Series { .. }) => DETECTION,
        (None, _) if finding.items.is_empty() => DETECTION,
        (None, _) => COMPLIANCE,
    };
    let activity = match finding.status {
        FindingStatus::New => CREATE,
        FindingStatus::Persisting | FindingStatus::Returned => UPDATE,
    };
    let mut event = base(export, &finding.check, finding.severity, class, activity);
    event["message"] = json!(format!("{title}: {}", finding.subject.summary()));
    event["finding_info"] = info(&finding.id, title, &finding.check, &finding.first_seen, &finding.last_seen);
    if !risk.is_empty() {
        event["finding_info"]["desc"] = json!(risk);
    }
    #[expect(clippy::cast_possible_truncation, reason = "0 to 100")]
    let confidence = (finding.confidence.clamp(0.0, 1.0) * 100.0).round() as i64;
    event["confidence_score"] = json!(confidence);
    let asset = finding.asset.as_deref().unwrap_or(&finding.system.0);
    event["resources"] = json!([{"name": asset, "group": {"name": finding.system}}]);
    if !advice.is_empty() && class != VULNERABILITY {
        event["remediation"] = json!({"desc": advice});
    }
    let mut unmapped = json!({
        "secdiag": {
            "aspect": finding.aspect,
            "facts": finding.facts,
            "status": finding.status,
            "subject": finding.subject,
            "system": finding.system,
        },
    });
    (event["status_id"], event["status"]) = (json!(1), json!("New"));
    if let Some(exception) = exception {
        (event["status_id"], event["status"]) = (json!(3), json!("Suppressed"));
        event["comment"] = json!(exception.justification);
        unmapped["secdiag"]["exception"] = json!({
            "kind": exception.kind.word(),
            "approved_by": exception.approved_by,
            "until": exception.until,
        });
    }
    let proofs: Json = finding.evidence.iter().map(evidence).collect();
    if class == VULNERABILITY {
        unmapped["evidences"] = proofs;
    } else {
        event["evidences"] = proofs;
    }
    let items: Json = finding.items.iter().map(|item| json!(item)).collect();
    if class == COMPLIANCE {
        event["compliance"] = json!({
            "standards": [TAXONOMY],
            "requirements": items,
            "control": finding.check,
            "status_id": 3,
            "status": "Fail",
        });
    } else if !finding.items.is_empty() {
        unmapped["compliance"] = json!({TAXONOMY: items});
    }
    if let Some((name, product)) = &about {
        event["vulnerabilities"] = json!([vulnerability(name, product, risk, advice)]);
    }
    event["unmapped"] = unmapped;
    event
}

fn closed(export: &Export<'_>, gone: &ResolvedFinding) -> Json {
    let mut event = base(export, &gone.check, gone.severity, DETECTION, CLOSE);
    event["message"] = json!(gone.title);
    event["finding_info"] = info(&gone.id, &gone.title, &gone.check, &gone.first_seen, &gone.last_seen);
    event["resources"] = json!([{"name": gone.system, "group": {"name": gone.system}}]);
    (event["status_id"], event["status"]) = (json!(4), json!("Resolved"));
    event
}

fn info(id: &str, title: &str, check: &str, first: &str, last: &str) -> Json {
    let family = check.split('/').next().unwrap_or_default();
    let mut info = json!({
        "uid": id,
        "title": title,
        "types": [family],
        "analytic": {"uid": check, "name": check, "type_id": 1, "type": "Rule"},
    });
    for (name, day) in [("first_seen_time", first), ("last_seen_time", last)] {
        if let Some(millis) = millis(day) {
            info[name] = json!(millis);
            info[format!("{name}_dt")] = json!(midnight(day));
        }
    }
    info
}

/// A vulnerability of a list other than CVE is an advisory (`advisory.uid`).
fn vulnerability(name: &str, product: &Product, risk: &str, advice: &str) -> Json {
    let list = if name.starts_with("CVE-") { "cve" } else { "advisory" };
    let mut vulnerability = json!({list: {"uid": name}, "title": name});
    if !risk.is_empty() {
        vulnerability["desc"] = json!(risk);
    }
    if !advice.is_empty() {
        vulnerability["remediation"] = json!({"desc": advice});
    }
    let Component { purl, name, version } = Component::named(product.part.as_ref().unwrap_or(&product.whole));
    if !purl.is_empty() {
        vulnerability["affected_packages"] = json!([{"name": name, "version": version, "purl": purl}]);
    }
    vulnerability
}

fn evidence(proof: &Proof) -> Json {
    let path = path(proof);
    let name = path.rsplit('/').next().unwrap_or_default();
    json!({
        "name": proof.locator.to_string(),
        "file": {
            "name": name,
            "path": path,
            "type_id": 1,
            "type": "Regular File",
            "hashes": [{"algorithm_id": 3, "algorithm": "SHA-256", "value": proof.sha256}],
        },
        "data": {"locator": proof.locator, "excerpt": proof.excerpt},
    })
}

fn graded(severity: Severity) -> (u64, &'static str) {
    match severity {
        Severity::Info => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

fn midnight(day: &str) -> String {
    format!("{day}T00:00:00Z")
}

/// Milliseconds since 1970 (`timestamp_t`); nothing where the text is no day.
fn millis(day: &str) -> Option<i64> {
    let day: Date = day.parse().ok()?;
    Some(Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?.as_millisecond())
}
