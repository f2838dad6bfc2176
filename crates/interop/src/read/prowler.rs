//! Prowler's CSV, versions 3 to 5 (<https://docs.prowler.com/projects/prowler-open-source/en/latest/tutorials/reporting/>):
//! one row per check and resource, columns by name.

use secdiag_model::{Head, Match, Severity};

use super::cyclonedx::distinct;
use super::ocsf::asset;
use crate::collect::Collector;
use crate::finding::{Grade, ImportedFinding, Suppression, SuppressionKind, Verdict};
use crate::keys::FINDING_UID;
use crate::severity;
use crate::table;

pub(super) fn sniff(head: &Head<'_>) -> Match {
    let (columns, _) = table::header(head.text());
    let has = |name: &str| columns.iter().any(|column| column == name);
    if has("check_id") && has("status") && has("severity") && (has("status_extended") || has("resource_id")) {
        return Match::Yes(90);
    }
    Match::No
}

pub(super) fn read(text: &str, out: &mut Collector) -> Result<(), String> {
    table::rows(text, |row| {
        out.record(format!("line {}", row.line));
        if row.ragged {
            return out.refuse("the row has not as many cells as the header");
        }
        let first = |names: &[&str]| {
            distinct(names.iter().map(|name| row.text(name).to_owned())).into_iter().next().unwrap_or_default()
        };
        if row.text("check_id").is_empty() {
            return out.refuse("the row names no check");
        }
        let status = row.text("status").to_ascii_uppercase();
        if matches!(&*status, "PASS" | "INFO") {
            return out.pass("the check passed or only informs");
        }
        let given = row.text("severity");
        let muted = row.text("muted").eq_ignore_ascii_case("true") || status == "MUTED";
        let said = ["status_extended", "description", "risk"].map(|name| row.text(name).to_owned());
        let codes = ["nativeiac", "terraform", "cli", "other"].map(|name| format!("remediation_code_{name}"));
        let fixes = std::iter::once("remediation_recommendation_text").chain(codes.iter().map(String::as_str));
        let fixes = fixes.map(|name| row.text(name).to_owned());
        let mut finding = ImportedFinding {
            tool: "Prowler".to_owned(),
            tool_version: row.text("prowler_version").to_owned(),
            rule: row.text("check_id").to_owned(),
            title: first(&["check_title", "check_id"]),
            description: distinct(said).join("\n\n"),
            advice: distinct(fixes.filter(|text| !text.starts_with("http"))).join("\n\n"),
            severity: Grade { ours: severity::word(given).unwrap_or(Severity::Info), given: given.to_owned() },
            verdict: if status == "MANUAL" { Verdict::Review } else { Verdict::Fail },
            asset: asset(
                &first(&["account_uid", "account_id", "subscription", "tenant_id"]),
                row.text("region"),
                &first(&["resource_uid", "resource_arn", "resource_id", "resource_name"]),
            ),
            suppressed: muted.then(|| Suppression {
                kind: SuppressionKind::Muted,
                given: "muted".to_owned(),
                justification: row.text("notes").to_owned(),
            }),
            seen_at: first(&["timestamp", "assessment_start_time"]),
            ..ImportedFinding::default()
        };
        let links = ["related_url", "remediation_recommendation_url", "additional_urls"].map(|name| row.text(name));
        let links = links.iter().flat_map(|cell| cell.split(" | ")).map(str::trim);
        finding.references.extend(links.filter(|link| link.starts_with("http")).map(str::to_owned));
        for standard in row.text("compliance").split(" | ") {
            if let Some((name, controls)) = standard.split_once(": ") {
                finding.taxa.extend(controls.split(", ").map(|control| format!("{}: {}", name.trim(), control.trim())));
            }
        }
        let uid = first(&["finding_uid", "finding_unique_id"]);
        out.keep(finding, vec![(FINDING_UID.to_owned(), uid)]);
    })
}
