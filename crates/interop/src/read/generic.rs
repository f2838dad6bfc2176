//! DefectDojo's generic findings, JSON and CSV (<https://docs.defectdojo.com/supported_tools/parsers/generic_findings_import/>):
//! the way out of its two hundred other parsers.

use secdiag_model::{Head, Match, Severity};
use serde_json::Value as Json;

use super::{cwes_in, headline, public_id};
use crate::collect::Collector;
use crate::finding::{Component, Cvss, Grade, ImportedFinding, Location, Suppression, SuppressionKind};
use crate::json::{self, Lenient, Step, plain};
use crate::keys::OWN_SCHEME;
use crate::severity;
use crate::table::{self, Row};

const FINDINGS: &[Step] = &[Step::Key("findings"), Step::Each];

/// Fields of a finding that the format has. A file with others is another format: its fields would mean something that
/// is not known here.
const FIELDS: &[&str] = &[
    "active",
    "component_name",
    "component_version",
    "cve",
    "cvssv3",
    "cvssv3_score",
    "cvssv4",
    "cvssv4_score",
    "cwe",
    "cwes",
    "date",
    "description",
    "dynamic_finding",
    "effort_for_fixing",
    "endpoints",
    "epss_percentile",
    "epss_score",
    "false_p",
    "file_path",
    "files",
    "fix_available",
    "fix_version",
    "impact",
    "is_mitigated",
    "kev_date",
    "known_exploited",
    "line",
    "mitigated",
    "mitigation",
    "nb_occurences",
    "numerical_severity",
    "out_of_scope",
    "param",
    "payload",
    "planned_remediation_date",
    "planned_remediation_version",
    "publish_date",
    "ransomware_used",
    "references",
    "risk_accepted",
    "sast_sink_object",
    "sast_source_file_path",
    "sast_source_line",
    "sast_source_object",
    "scanner_confidence",
    "service",
    "severity",
    "severity_justification",
    "static_finding",
    "steps_to_reproduce",
    "tags",
    "thread_id",
    "title",
    "under_review",
    "unique_id_from_tool",
    "verified",
    "vuln_id_from_tool",
    "vulnerability_ids",
];
const REQUIRED: &[&str] = &["title", "severity", "description"];

pub(super) fn sniff_json(head: &Head<'_>) -> Match {
    let text = head.text().trim_start();
    if text.starts_with('{') && text.contains("\"findings\"") { Match::Yes(40) } else { Match::No }
}

pub(super) fn sniff_csv(head: &Head<'_>) -> Match {
    let (columns, _) = table::header(head.text());
    let has = |name: &str| columns.iter().any(|column| column == name);
    match (has("title"), has("severity"), has("description")) {
        (true, true, true) => Match::Yes(50),
        (true, true, false) => Match::Close("a column `Description`"),
        _ => Match::No,
    }
}

pub(super) fn read_json(text: &str, out: &mut Collector) -> Result<(), String> {
    let frame = json::without(text, FINDINGS)?;
    if !frame.at("findings").is_array() {
        return Err("`findings` is not a list".to_owned());
    }
    let tool = [frame.text("type"), frame.text("name")].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let version = frame.text("version");
    let mut foreign = None;
    json::each(text, FINDINGS, &mut |at, value| {
        let index = at.last().copied().unwrap_or_default();
        out.record(format!("/findings/{index}"));
        let Some(object) = value.as_object() else { return out.refuse("the finding is not an object") };
        let others: Vec<_> = object.keys().filter(|name| !FIELDS.contains(&name.as_str())).cloned().collect();
        if !others.is_empty() {
            foreign.get_or_insert(format!(
                "finding {} has fields that the format does not know: {}",
                index + 1,
                others.join(", ")
            ));
        }
        let missing: Vec<_> = REQUIRED.iter().filter(|name| value.text(name).is_empty()).copied().collect();
        if !missing.is_empty() {
            return out.refuse(format!("required fields are missing: {}", missing.join(", ")));
        }
        let mut finding = of_json(&value);
        finding.tool.clone_from(&tool);
        finding.tool_version.clone_from(&version);
        let ids = if tool == "secdiag" {
            vec![(OWN_SCHEME.to_owned(), value.text("unique_id_from_tool"))]
        } else {
            Vec::new()
        };
        out.keep(finding, ids);
    })?;
    foreign.map_or(Ok(()), Err)
}

pub(super) fn read_csv(text: &str, out: &mut Collector) -> Result<(), String> {
    table::rows(text, |row| {
        out.record(format!("line {}", row.line));
        if row.ragged {
            return out.refuse("the row has not as many cells as the header");
        }
        let missing: Vec<_> = REQUIRED.iter().filter(|name| row.text(name).is_empty()).copied().collect();
        if !missing.is_empty() {
            return out.refuse(format!("required cells are empty: {}", missing.join(", ")));
        }
        let finding = of_row(&row);
        let own = row.text("secdiag_id");
        if own.is_empty() {
            // DefectDojo's own reader merges by these three.
            let content = [row.text("severity"), row.text("title"), row.text("description")];
            return out.keep_or_merge(finding, &content, "same severity, title and description; its address was added");
        }
        let mut finding = finding;
        for text in [&mut finding.title, &mut finding.description, &mut finding.advice] {
            *text = table::unguarded(text).to_owned();
        }
        finding.rule.clone_from(&finding.title);
        "secdiag".clone_into(&mut finding.tool);
        out.keep(finding, vec![(OWN_SCHEME.to_owned(), own.to_owned())]);
    })
}

fn of_json(value: &Json) -> ImportedFinding {
    let flag = |name: &str| value.text(name).eq_ignore_ascii_case("true");
    let text = |name: &str| value.text(name);
    let own_id = text("vuln_id_from_tool");
    let mut finding = ImportedFinding {
        title: headline(&text("title")),
        rule: if own_id.is_empty() { headline(&text("title")) } else { own_id },
        description: paragraphs(&[text("description"), text("impact"), text("steps_to_reproduce")]),
        advice: text("mitigation"),
        severity: grade(&text("severity")),
        asset: Some(text("service")).filter(|service| !service.is_empty()),
        suppressed: suppression(&flag, text("active").eq_ignore_ascii_case("false"), &text("severity_justification")),
        seen_at: text("date"),
        ..ImportedFinding::default()
    };
    for (vector, score) in [("cvssv3", "cvssv3_score"), ("cvssv4", "cvssv4_score")] {
        let rating = Cvss { vector: text(vector), score: value.number(score) };
        finding.cvss.extend(Some(rating).filter(|rating| !rating.vector.is_empty() || rating.score.is_some()));
    }
    let cwes = value.items("cwes").iter().map(plain).chain([text("cwe")]);
    finding.cwes.extend(cwes.flat_map(|cwe| cwe_numbers(&cwe)));
    let ids = value.items("vulnerability_ids").iter().map(plain).chain([text("cve")]);
    finding.ids.extend(ids.filter_map(|id| public_id(&id)));
    finding.endpoints.extend(value.items("endpoints").iter().map(endpoint).filter(|address| !address.is_empty()));
    finding.taxa.extend(value.items("tags").iter().map(plain).filter(|tag| !tag.is_empty()));
    finding.references.extend(links(&text("references")));
    let component =
        Component { name: text("component_name"), version: text("component_version"), ..Component::default() };
    finding.component = Some(component).filter(|component| !component.name.is_empty());
    let path = [text("file_path"), text("sast_source_file_path")].into_iter().find(|path| !path.is_empty());
    let parameter = text("param");
    if path.is_some() || !parameter.is_empty() {
        let line = value.count("line").or_else(|| value.count("sast_source_line"));
        let path = path.unwrap_or_default();
        finding.locations.push(Location { path, line, logical: parameter, ..Location::default() });
    }
    finding
}

fn of_row(row: &Row) -> ImportedFinding {
    let text = |name: &str| row.text(name).to_owned();
    let flag = |name: &str| {
        let column = match name {
            "false_p" => "falsepositive",
            "is_mitigated" => "ismitigated",
            other => other,
        };
        row.text(column).to_lowercase().starts_with('t')
    };
    let inactive = row.cells.contains_key("active") && row.text("active").to_lowercase().starts_with('f');
    let mut finding = ImportedFinding {
        title: headline(&text("title")),
        rule: headline(&text("title")),
        description: paragraphs(&[text("description"), text("impact")]),
        advice: text("mitigation"),
        severity: grade(row.text("severity")),
        suppressed: suppression(&flag, inactive, ""),
        seen_at: text("date"),
        ..ImportedFinding::default()
    };
    for (vector, score) in [("cvssv3", "cvssv3_score"), ("cvssv4", "cvssv4_score")] {
        let rating = Cvss { vector: text(vector), score: row.text(score).parse().ok().filter(|n: &f64| n.is_finite()) };
        finding.cvss.extend(Some(rating).filter(|rating| !rating.vector.is_empty() || rating.score.is_some()));
    }
    for column in ["cweid", "cweids"] {
        finding.cwes.extend(cwe_numbers(row.text(column)));
    }
    for column in ["cve", "vulnerability id"] {
        finding.ids.extend(row.text(column).split([',', ' ']).filter_map(public_id));
    }
    finding.endpoints.extend(Some(text("url")).filter(|url| !url.is_empty()));
    finding.references.extend(links(row.text("references")));
    finding
}

fn grade(given: &str) -> Grade {
    Grade { ours: severity::word(given).unwrap_or(Severity::Info), given: given.to_owned() }
}

/// Decisions, the strongest first.
fn suppression(flag: &dyn Fn(&str) -> bool, inactive: bool, reason: &str) -> Option<Suppression> {
    let named = [
        ("false_p", SuppressionKind::FalsePositive),
        ("risk_accepted", SuppressionKind::RiskAccepted),
        ("out_of_scope", SuppressionKind::OutOfScope),
        ("duplicate", SuppressionKind::Duplicate),
        ("is_mitigated", SuppressionKind::Fixed),
    ];
    let found = named.into_iter().find(|(name, _)| flag(name));
    let (given, kind) = found.or(Some(("inactive", SuppressionKind::Muted)).filter(|_| inactive))?;
    Some(Suppression { kind, given: given.to_owned(), justification: reason.to_owned() })
}

/// 0 stands for none.
fn cwe_numbers(text: &str) -> Vec<u32> {
    let plain = text.split([',', ' ', ';']).filter_map(|part| part.trim().parse().ok());
    plain.chain(cwes_in(text)).filter(|number| *number > 0).collect()
}

/// An address given as text or in parts.
fn endpoint(value: &Json) -> String {
    if !value.is_object() {
        return plain(value);
    }
    let (protocol, host, port) = (value.text("protocol"), value.text("host"), value.text("port"));
    let before = if protocol.is_empty() { String::new() } else { format!("{protocol}://") };
    let port = if port.is_empty() { port } else { format!(":{port}") };
    let path = value.text("path");
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    let mark = |name: &str, mark: char| {
        let text = value.text(name);
        if text.is_empty() { text } else { format!("{mark}{}", text.trim_start_matches(mark)) }
    };
    format!("{before}{host}{port}{slash}{path}{}{}", mark("query", '?'), mark("fragment", '#'))
}

fn links(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split_whitespace()
        .map(|word| word.trim_end_matches([',', ';']))
        .filter(|word| word.starts_with("http"))
        .map(str::to_owned)
}

fn paragraphs(texts: &[String]) -> String {
    texts.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join("\n\n")
}
