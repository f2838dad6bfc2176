//! Findings in the Open Cybersecurity Schema Framework 1.x (<https://schema.ocsf.io/>): security (2001), vulnerability
//! (2002), compliance (2003) and detection findings (2004), as a JSON array, as one object, or as JSON lines.

use secdiag_model::{Head, Match, Severity};
use serde_json::Value as Json;

use super::cyclonedx::distinct;
use super::{cwes_in, headline, ids_in, public_id};
use crate::collect::{Collector, Given};
use crate::finding::{Component, Cvss, Grade, ImportedFinding, Location, Suppression, SuppressionKind, Verdict};
use crate::json::{self, Lenient, Step, plain};
use crate::keys::{FINDING_UID, OWN_SCHEME, OWN_SYSTEM};
use crate::severity;

/// `severity_id` of every class.
const SEVERITIES: &[(u64, Severity)] = &[
    (1, Severity::Info),
    (2, Severity::Low),
    (3, Severity::Medium),
    (4, Severity::High),
    (5, Severity::Critical),
    (6, Severity::Critical),
];

pub(super) fn sniff(head: &Head<'_>) -> Match {
    let text = head.text().trim_start();
    let named = text.contains("\"class_uid\"") || text.contains("\"class_name\"");
    // `metadata` may stand behind long evidence.
    let event = text.contains("\"metadata\"") || text.contains("\"category_uid\"");
    if text.starts_with(['{', '[']) && named && event {
        return Match::Yes(80);
    }
    // A scan without findings: an empty list names no format, but nothing else that is read is a bare list.
    let empty = text.strip_prefix('[').and_then(|rest| rest.trim().strip_suffix(']'));
    if empty.is_some_and(|inner| inner.trim().is_empty()) { Match::Yes(10) } else { Match::No }
}

pub(super) fn read(text: &str, out: &mut Collector) -> Result<(), String> {
    if text.trim_start().starts_with('[') {
        return json::each(text, &[Step::Each], &mut |at, value| {
            out.record(format!("/{}", at.last().unwrap_or(&0)));
            record(&value, out);
        });
    }
    for (number, value) in (1_u64..).zip(serde_json::Deserializer::from_str(text).into_iter::<Json>()) {
        let value = value.map_err(|error| json::explain(&error))?;
        out.record(format!("object {number}"));
        record(&value, out);
    }
    Ok(())
}

fn record(value: &Json, out: &mut Collector) {
    if !value.is_object() {
        return out.refuse("the record is not an object");
    }
    let version = value.at("metadata").text("version");
    if out.log.version.is_empty() {
        out.log.version = version;
    }
    let class = value.count("class_uid").unwrap_or_default();
    if !(2001..=2004).contains(&class) {
        return out.refuse(format!("class {class} ({}) is not a finding that is read", value.text("class_name")));
    }
    let compliance = value.at("compliance");
    let states = [value.text("status_code"), compliance.text("status"), compliance.text("status_code")];
    let state = distinct(states).into_iter().next().unwrap_or_default().to_ascii_uppercase();
    if matches!(&*state, "PASS" | "PASSED") || compliance.count("status_id") == Some(1) {
        return out.pass("the check passed");
    }
    let info = if value.at("finding_info").is_object() { value.at("finding_info") } else { value.at("finding") };
    let product = value.at("metadata").at("product");
    let title = distinct([info.text("title"), value.text("message")]).into_iter().next().unwrap_or_default();
    let rules = [
        value.at("metadata").text("event_code"),
        info.at("analytic").text("uid"),
        compliance.text("control"),
        value.at("rule").text("uid"),
        info.at("analytic").text("name"),
        title.clone(),
    ];
    let Some(rule) = distinct(rules).into_iter().next() else {
        return out.refuse("the finding has neither a rule nor a title");
    };
    let said = [value.text("status_detail"), value.text("message"), info.text("desc"), value.text("risk_details")];
    let remediation =
        if value.at("remediation").is_object() { value.at("remediation") } else { info.at("remediation") };
    let commands = remediation.items("references").iter().map(plain).filter(|text| !text.starts_with("http"));
    let mut finding = ImportedFinding {
        tool: product.text("name"),
        tool_version: product.text("version"),
        title: headline(if title.is_empty() { &rule } else { &title }),
        rule,
        description: distinct(said).join("\n\n"),
        // References that are no addresses are commands.
        advice: distinct(std::iter::once(remediation.text("desc")).chain(commands)).join("\n\n"),
        severity: grade(value),
        verdict: if matches!(&*state, "MANUAL" | "WARNING") || compliance.count("status_id") == Some(2) {
            Verdict::Review
        } else {
            Verdict::Fail
        },
        suppressed: suppression(value),
        seen_at: distinct([value.text("time_dt"), value.text("time")]).into_iter().next().unwrap_or_default(),
        ..ImportedFinding::default()
    };
    finding.cwes.extend(cwes_in(&finding.rule));
    finding.ids.extend(ids_in(&finding.title));
    let links = remediation.items("references").iter().chain(value.at("unmapped").items("additional_urls"));
    let links = links.map(plain).chain([value.at("unmapped").text("related_url"), info.text("src_url")]);
    finding.references.extend(links.filter(|link| link.starts_with("http")));
    finding.taxa.extend(taxa(value));

    finding.locations = places(value);

    let scheme = if finding.tool == OWN_SYSTEM { OWN_SCHEME } else { FINDING_UID };
    let ids = vec![(scheme.to_owned(), info.text("uid"))];
    let flaws = value.items("vulnerabilities");
    let weak: Vec<_> = if flaws.is_empty() {
        vec![finding]
    } else {
        flaws.iter().flat_map(|flaw| vulnerability(&finding, flaw)).collect()
    };
    let assets = assets(value);
    let mut given: Vec<Given> = Vec::new();
    for finding in weak {
        for asset in &assets {
            given.push((ImportedFinding { asset: asset.clone(), ..finding.clone() }, ids.clone()));
        }
    }
    out.keep_all(given);
}

/// One finding per package that a vulnerability names.
fn vulnerability(finding: &ImportedFinding, flaw: &Json) -> Vec<ImportedFinding> {
    let mut finding = finding.clone();
    let cve = flaw.at("cve");
    let advisory = flaw.at("advisory").text("uid");
    let name = distinct([cve.text("uid"), advisory.clone(), flaw.text("title")]).into_iter().next();
    finding.rule = name.unwrap_or(finding.rule);
    finding.ids.extend([cve.text("uid"), advisory].iter().filter_map(|id| public_id(id)));
    let cvss = cve.items("cvss").iter().chain(flaw.items("cvss"));
    finding.cvss =
        cvss.map(|one| Cvss { vector: one.text("vector_string"), score: one.number("base_score") }).collect();
    let weaknesses = [cve.at("cwe").text("uid"), flaw.at("cwe").text("uid"), cve.text("cwe_uid")];
    let listed = cve.items("related_cwes").iter().map(|cwe| cwe.text("uid"));
    finding.cwes.extend(weaknesses.into_iter().chain(listed).flat_map(|cwe| cwes_in(&cwe)));
    finding.description = distinct([flaw.text("desc"), cve.text("desc"), finding.description.clone()]).join("\n\n");
    finding.advice = distinct([flaw.at("remediation").text("desc"), finding.advice.clone()]).join("\n\n");
    finding.references.extend(flaw.items("references").iter().map(plain).filter(|link| link.starts_with("http")));
    if finding.severity.given.is_empty() {
        finding.severity = severity::of_ratings(&distinct([flaw.text("severity")]), &finding.cvss);
    }
    let packages: Vec<_> = flaw.items("affected_packages").iter().chain(flaw.items("packages")).collect();
    if packages.is_empty() {
        return vec![finding];
    }
    let component = |package: &&Json| Component {
        purl: package.text("purl"),
        name: package.text("name"),
        version: package.text("version"),
    };
    packages.iter().map(|package| ImportedFinding { component: Some(component(package)), ..finding.clone() }).collect()
}

fn grade(value: &Json) -> Grade {
    let given = value.text("severity");
    let by_id = value.count("severity_id").and_then(|id| SEVERITIES.iter().find(|(known, _)| *known == id));
    let ours = by_id.map(|(_, severity)| *severity).or_else(|| severity::word(&given));
    let number = by_id.filter(|_| given.is_empty()).map(|(id, _)| format!("severity_id {id}"));
    Grade { ours: ours.unwrap_or(Severity::Info), given: number.unwrap_or(given) }
}

/// `status_id` 3 is suppressed, 4 resolved; `activity_id` 3 closes the finding.
fn suppression(value: &Json) -> Option<Suppression> {
    let status = value.text("status");
    let kind = match (value.count("status_id"), &*status.to_ascii_lowercase()) {
        (Some(3), _) | (_, "suppressed" | "muted") => SuppressionKind::Muted,
        (Some(4), _) | (_, "resolved") => SuppressionKind::Fixed,
        _ if value.count("activity_id") == Some(3) => SuppressionKind::Fixed,
        _ => return None,
    };
    // `unmapped.secdiag` is what our own writer adds.
    let kind = match &*value.at("unmapped").at("secdiag").at("exception").text("kind") {
        "risk_accepted" | "compensating" => SuppressionKind::RiskAccepted,
        "false_positive" => SuppressionKind::FalsePositive,
        "out_of_scope" => SuppressionKind::OutOfScope,
        _ => kind,
    };
    Some(Suppression { kind, given: status, justification: value.text("comment") })
}

/// Files that show it; a line where our own writer adds one.
fn places(value: &Json) -> Vec<Location> {
    let evidences = value.items("evidences").iter().chain(value.at("unmapped").items("evidences"));
    let place = |evidence: &Json| {
        let file = evidence.at("file");
        let names = [file.at("path"), file.at("name")].into_iter().filter_map(Json::as_str);
        let path = names.map(str::to_owned).find(|name| !name.is_empty())?;
        let data = evidence.at("data");
        let locator = data.at("locator");
        let line = locator.count("value").filter(|_| locator.text("kind") == "line");
        let snippet = if line.is_some() { data.text("excerpt") } else { String::new() };
        Some(Location { path, line, snippet, ..Location::default() })
    };
    evidences.filter_map(place).collect()
}

/// Resources, else the device; one empty asset where nothing is named.
fn assets(value: &Json) -> Vec<Option<String>> {
    let cloud = value.at("cloud");
    let account = cloud.at("account").text("uid");
    let resources = value.items("resources").iter().chain(value.items("resource"));
    let named = resources.map(|resource| {
        let region = distinct([resource.text("region"), cloud.text("region")]).into_iter().next().unwrap_or_default();
        asset(
            &account,
            &region,
            &distinct([resource.text("uid"), resource.text("name")]).into_iter().next().unwrap_or_default(),
        )
    });
    let device = value.at("device");
    let device = distinct(["hostname", "name", "uid", "ip"].map(|name| device.text(name))).into_iter().next();
    let found = distinct(named.flatten());
    match (found.is_empty(), device) {
        (false, _) => found.into_iter().map(Some).collect(),
        (true, device) => vec![device],
    }
}

/// A resource's name that tells it from its namesakes in other accounts and regions.
pub(super) fn asset(account: &str, region: &str, resource: &str) -> Option<String> {
    if resource.is_empty() && account.is_empty() {
        return None;
    }
    let around = [account, region].into_iter().filter(|part| !part.is_empty() && !resource.contains(part));
    Some(around.chain(Some(resource).filter(|part| !part.is_empty())).collect::<Vec<_>>().join("/"))
}

fn taxa(value: &Json) -> Vec<String> {
    let mut found = Vec::new();
    for (standard, controls) in value.at("unmapped").at("compliance").as_object().into_iter().flatten() {
        let controls = controls.as_array().into_iter().flatten().map(plain);
        found.extend(controls.filter(|control| !control.is_empty()).map(|control| format!("{standard}: {control}")));
    }
    let compliance = value.at("compliance");
    for requirement in compliance.items("requirements").iter().map(plain).filter(|text| !text.is_empty()) {
        let standard = compliance.items("standards").first().map(plain).unwrap_or_default();
        found.push(if standard.is_empty() { requirement } else { format!("{standard}: {requirement}") });
    }
    found
}
