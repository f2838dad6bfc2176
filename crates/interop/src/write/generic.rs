//! DefectDojo's generic findings, JSON and CSV.

use secdiag_model::Severity;
use secdiag_model::result::FindingRecord;
use serde_json::{Value as Json, json};

use super::{Exception, ExceptionKind, Export, line, path};

/// Longest title that DefectDojo stores, in characters.
const MAX_TITLE: usize = 511;

/// Columns of the CSV; DefectDojo ignores the last, our own reader knows the finding again by it.
const COLUMNS: [&str; 11] = [
    "Date",
    "Title",
    "Severity",
    "Description",
    "Mitigation",
    "Impact",
    "References",
    "Active",
    "Verified",
    "FalsePositive",
    "secdiag_id",
];

/// The findings in the generic JSON format.
pub fn generic_json(export: &Export<'_>) -> Vec<u8> {
    let exceptions = export.exceptions();
    let findings = export.findings.iter().map(|finding| {
        let (title, risk, advice) = export.texts(finding);
        let exception = exceptions.get(finding.id.as_str()).copied();
        let is = |kind| exception.is_some_and(|exception| exception.kind == kind);
        let mut value = json!({
            "title": shortened(title),
            "severity": word(finding.severity),
            "description": description(finding, risk),
            "mitigation": advice,
            "date": finding.first_seen,
            "active": exception.is_none(),
            "verified": true,
            "false_p": is(ExceptionKind::FalsePositive),
            "out_of_scope": is(ExceptionKind::OutOfScope),
            "risk_accepted": is(ExceptionKind::RiskAccepted) || is(ExceptionKind::Compensating),
            "unique_id_from_tool": finding.id,
            "vuln_id_from_tool": finding.check,
            "service": finding.asset.as_deref().unwrap_or(&finding.system.0),
            "tags": finding.items.iter().map(|item| Json::from(item.0.clone())).collect::<Json>(),
        });
        if let Some(Exception { justification, .. }) = exception {
            value["severity_justification"] = json!(justification);
        }
        if let Some(proof) = finding.evidence.first() {
            value["file_path"] = json!(path(proof));
            if let Some(line) = line(proof) {
                value["line"] = json!(line);
            }
        }
        value
    });
    super::pretty(&json!({
        "name": "secdiag",
        "type": "secdiag",
        "version": export.version,
        "findings": findings.collect::<Json>(),
    }))
}

/// The findings in the generic CSV format, UTF-8. The format knows no accepted risks: those are written as inactive.
pub fn generic_csv(export: &Export<'_>) -> Vec<u8> {
    let exceptions = export.exceptions();
    let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
    for finding in export.findings {
        let (title, risk, advice) = export.texts(finding);
        let exception = exceptions.get(finding.id.as_str());
        let truth = |value: bool| if value { "True" } else { "False" }.to_owned();
        rows.push(vec![
            finding.first_seen.clone(),
            crate::table::guarded(&shortened(title)),
            word(finding.severity).to_owned(),
            crate::table::guarded(&description(finding, risk)),
            crate::table::guarded(advice),
            String::new(),
            String::new(),
            truth(exception.is_none()),
            truth(true),
            truth(exception.is_some_and(|exception| exception.kind == ExceptionKind::FalsePositive)),
            finding.id.clone(),
        ]);
    }
    crate::table::csv(&rows)
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Info => "Info",
    }
}

fn shortened(title: &str) -> String {
    title.chars().take(MAX_TITLE).collect()
}

/// Risk, subject and proofs: findings with one title stay apart by it, also where only text is compared.
pub(super) fn description(finding: &FindingRecord, risk: &str) -> String {
    let mut lines: Vec<_> = Some(risk.to_owned()).filter(|risk| !risk.is_empty()).into_iter().collect();
    lines.push(finding.subject.summary());
    lines.extend(finding.evidence.iter().map(|proof| format!("{} {}: {}", path(proof), proof.locator, proof.excerpt)));
    lines.push(format!("secdiag {}", finding.id));
    lines.join("\n\n")
}
