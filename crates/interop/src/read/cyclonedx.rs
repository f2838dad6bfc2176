//! CycloneDX 1.2 to 1.6 (ECMA-424, <https://cyclonedx.org/specification/overview/>): vulnerabilities and VEX. This file
//! holds what both encodings share and the JSON encoding; vulnerabilities are read one at a time.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{Head, Match};
use serde_json::Value as Json;

use super::{cwes_in, public_id};
use crate::collect::{Collector, Given};
use crate::finding::{Component, Cvss, ImportedFinding, Suppression, SuppressionKind, Verdict};
use crate::json::{self, Lenient, Step, plain};
use crate::severity;
use crate::write::ASSET;

/// Minor versions of the specification that are read.
const VERSIONS: std::ops::RangeInclusive<u32> = 2..=6;
const COMPONENTS: &[Step] = &[Step::Key("components"), Step::Each];
const VULNERABILITIES: &[Step] = &[Step::Key("vulnerabilities"), Step::Each];

pub(super) fn sniff(head: &Head<'_>) -> Match {
    let text = head.text().trim_start();
    if text.starts_with('{') && text.contains("\"bomFormat\"") && text.contains("CycloneDX") {
        return Match::Yes(95);
    }
    Match::No
}

pub(super) fn read(text: &str, out: &mut Collector) -> Result<(), String> {
    let frame = json::without(text, VULNERABILITIES)?;
    let mut bom = Bom::new(&frame.text("specVersion"), &frame.text("serialNumber"), out)?;
    let metadata = frame.at("metadata");
    let tools = metadata.at("tools");
    let tool = metadata.items("tools").first().filter(|tool| tool.get("components").is_none());
    let tool = tool.or_else(|| tools.items("components").first()).unwrap_or(&Json::Null);
    (bom.tool, bom.tool_version) = (tool.text("name"), tool.text("version"));
    let about = metadata.at("component");
    bom.about(&about.text("type"), &about.text("name"), out);
    bom.add(about);
    json::each(text, COMPONENTS, &mut |_, component| bom.add(&component))?;
    json::each(text, VULNERABILITIES, &mut |at, value| {
        out.record(format!("/vulnerabilities/{}", at.last().unwrap_or(&0)));
        if !value.is_object() {
            return out.refuse("the vulnerability is not an object");
        }
        bom.emit(vulnerability(&value), out);
    })
}

/// What vulnerabilities refer to.
pub(super) struct Bom {
    serial: String,
    pub(super) tool: String,
    pub(super) tool_version: String,
    asset: Option<String>,
    components: BTreeMap<String, Component>,
}

/// One vulnerability, whatever the encoding.
#[derive(Default)]
pub(super) struct Vulnerability {
    pub(super) id: String,
    pub(super) references: Vec<String>,
    /// Words of severity.
    pub(super) words: Vec<String>,
    pub(super) cvss: Vec<Cvss>,
    pub(super) cwes: Vec<String>,
    pub(super) description: String,
    pub(super) detail: String,
    pub(super) advice: Vec<String>,
    pub(super) urls: Vec<String>,
    pub(super) updated: String,
    pub(super) tool: (String, String),
    pub(super) state: String,
    pub(super) justification: Vec<String>,
    pub(super) affects: Vec<Affected>,
}

/// A component that a vulnerability names.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Affected {
    pub(super) reference: String,
    /// What is said about single versions: `affected`, `unaffected`, `unknown`.
    pub(super) states: Vec<String>,
}

impl Bom {
    /// An empty document of a version, or why that version is not read.
    pub(super) fn new(version: &str, serial: &str, out: &mut Collector) -> Result<Self, String> {
        let minor = version.strip_prefix("1.").and_then(|minor| minor.parse().ok());
        if minor.is_none_or(|minor: u32| minor < *VERSIONS.start()) {
            return Err(format!("CycloneDX version `{version}` is not read; versions 1.2 to 1.6 are"));
        }
        if minor.is_some_and(|minor| minor > *VERSIONS.end()) {
            out.note(format!("CycloneDX {version} is newer than 1.6 and was read as 1.6"));
        }
        version.clone_into(&mut out.log.version);
        let (tool, tool_version) = Default::default();
        Ok(Self { serial: serial.to_owned(), tool, tool_version, asset: None, components: BTreeMap::new() })
    }

    /// What the document is about. A container's tag is its version, not its name.
    pub(super) fn about(&mut self, kind: &str, name: &str, out: &mut Collector) {
        let bare = match name.rsplit_once(':') {
            Some((image, tag)) if kind == "container" && !tag.contains('/') => image,
            _ => name,
        };
        self.asset = Some(bare.to_owned()).filter(|name| !name.is_empty());
        if !self.tool.is_empty() {
            out.log.tools.insert(format!("{} {}", self.tool, self.tool_version).trim().to_owned());
        }
    }

    /// A component by its reference.
    pub(super) fn component(&mut self, reference: String, group: &str, name: String, version: String, purl: String) {
        let name = if group.is_empty() { name } else { format!("{group}/{name}") };
        if !reference.is_empty() {
            self.components.insert(reference, Component { purl, name, version });
        }
    }

    fn add(&mut self, value: &Json) {
        let text = |name| value.text(name);
        self.component(text("bom-ref"), &text("group"), text("name"), text("version"), text("purl"));
        for inner in value.items("components") {
            self.add(inner);
        }
    }

    /// What a reference means: a component of the document, one of it by BOM-Link, a package URL, or just a name.
    fn resolve(&self, reference: &str) -> Component {
        if let Some(component) = self.components.get(reference) {
            return component.clone();
        }
        let serial = self.serial.trim_start_matches("urn:uuid:");
        if let Some((link, fragment)) = reference.split_once('#')
            && link.strip_prefix("urn:cdx:").is_some_and(|rest| !serial.is_empty() && rest.starts_with(serial))
            && let Some(component) = self.components.get(&super::percent_decoded(fragment))
        {
            return component.clone();
        }
        Component::named(reference)
    }

    /// The record's findings: one for each component that it names.
    pub(super) fn emit(&self, vulnerability: Vulnerability, out: &mut Collector) {
        let Vulnerability { id, description, detail, references, .. } = &vulnerability;
        if id.is_empty() && description.is_empty() && detail.is_empty() {
            return out.refuse("the vulnerability has neither an id nor a description");
        }
        let own_tool = !vulnerability.tool.0.is_empty();
        let (tool, tool_version) =
            if own_tool { vulnerability.tool.clone() } else { (self.tool.clone(), self.tool_version.clone()) };
        let description = match (description.is_empty(), detail.is_empty() || description == detail) {
            (true, _) => detail.clone(),
            (false, true) => description.clone(),
            (false, false) => format!("{description}\n\n{detail}"),
        };
        let justification = vulnerability.justification.join("; ");
        let mut finding = ImportedFinding {
            tool,
            tool_version,
            rule: if id.is_empty() { super::headline(&description) } else { id.clone() },
            description,
            advice: vulnerability.advice.join("\n\n"),
            severity: severity::of_ratings(&vulnerability.words, &vulnerability.cvss),
            verdict: if vulnerability.state == "in_triage" { Verdict::Review } else { Verdict::Fail },
            cvss: vulnerability.cvss.clone(),
            asset: self.asset.clone(),
            suppressed: suppression(&vulnerability.state, &justification),
            seen_at: vulnerability.updated.clone(),
            ..ImportedFinding::default()
        };
        finding.ids.extend(std::iter::once(id).chain(references).filter_map(|id| public_id(id)));
        finding.references.extend(vulnerability.urls.into_iter().filter(|url| !url.is_empty()));
        for cwe in vulnerability.cwes {
            finding.cwes.extend(cwe.parse::<u32>().ok());
            finding.cwes.extend(cwes_in(&cwe));
        }
        let mut affects: Vec<Affected> = Vec::new();
        for affected in vulnerability.affects {
            match affects.iter_mut().find(|known| known.reference == affected.reference) {
                Some(known) => known.states.extend(affected.states),
                None => affects.push(affected),
            }
        }
        if affects.is_empty() {
            finding.title.clone_from(&finding.rule);
            return out.keep(finding, Vec::new());
        }
        let given = affects.into_iter().map(|affected| -> Given {
            let component = self.resolve(&affected.reference);
            let mut finding = finding.clone();
            finding.title = format!("{} in {}", finding.rule, component.name);
            finding.component = Some(component);
            let unaffected = !affected.states.is_empty() && affected.states.iter().all(|state| state == "unaffected");
            if unaffected && finding.suppressed.is_none() {
                finding.suppressed = Some(Suppression {
                    kind: SuppressionKind::NotAffected,
                    given: "unaffected".to_owned(),
                    justification: "every version named is stated to be unaffected".to_owned(),
                });
            }
            (finding, Vec::new())
        });
        out.keep_all(given.collect());
    }
}

impl Component {
    /// A component that only its package URL, its name or our own IRI of an asset is known of.
    pub(crate) fn named(reference: &str) -> Self {
        if let Some(asset) = reference.strip_prefix(ASSET) {
            return Self { name: super::percent_decoded(asset), ..Self::default() };
        }
        let Some(rest) = reference.strip_prefix("pkg:") else {
            return Self { name: reference.to_owned(), ..Self::default() };
        };
        let bare = rest.split(['?', '#']).next().unwrap_or_default();
        let (path, version) = match bare.rsplit_once('@') {
            Some((path, version)) if !version.contains('/') => (path, version),
            _ => (bare, ""),
        };
        let name = path.split_once('/').map_or(path, |(_, name)| name);
        Self {
            purl: reference.to_owned(),
            name: super::percent_decoded(name),
            version: super::percent_decoded(version),
        }
    }
}

/// States of the impact analysis (1.4 and later).
fn suppression(state: &str, justification: &str) -> Option<Suppression> {
    let kind = match state {
        "resolved" | "resolved_with_pedigree" => SuppressionKind::Fixed,
        "false_positive" => SuppressionKind::FalsePositive,
        "not_affected" => SuppressionKind::NotAffected,
        _ => return None,
    };
    Some(Suppression { kind, given: state.to_owned(), justification: justification.to_owned() })
}

fn vulnerability(value: &Json) -> Vulnerability {
    let ratings = value.items("ratings");
    let analysis = value.at("analysis");
    let tools = value.at("tools");
    let tool = value.items("tools").first().filter(|tool| tool.get("components").is_none());
    let tool = tool.or_else(|| tools.items("components").first()).unwrap_or(&Json::Null);
    let advice = [value.text("recommendation"), value.text("workaround")];
    let mut justification = vec![analysis.text("justification"), analysis.text("detail")];
    justification.retain(|text| !text.is_empty());
    let url_of_source = |value: &Json| value.at("source").text("url");
    Vulnerability {
        id: value.text("id"),
        references: value.items("references").iter().map(|reference| reference.text("id")).collect(),
        words: ratings.iter().map(|rating| rating.text("severity")).filter(|word| !word.is_empty()).collect(),
        cvss: ratings
            .iter()
            .filter(|rating| is_cvss(&rating.text("method"), &rating.text("vector")))
            .map(|rating| Cvss { vector: rating.text("vector"), score: rating.number("score") })
            .collect(),
        cwes: value.items("cwes").iter().map(plain).collect(),
        description: value.text("description"),
        detail: value.text("detail"),
        advice: advice.into_iter().filter(|text| !text.is_empty()).collect(),
        urls: std::iter::once(url_of_source(value))
            .chain(value.items("advisories").iter().map(|advisory| advisory.text("url")))
            .collect(),
        updated: value.text("updated"),
        tool: (tool.text("name"), tool.text("version")),
        state: analysis.text("state"),
        justification,
        affects: value.items("affects").iter().map(affected).collect(),
    }
}

fn affected(value: &Json) -> Affected {
    let states = value.items("versions").iter().map(|version| version.text("status"));
    // The schema's default for a version without a state is `affected`.
    let states = states.map(|state| if state.is_empty() { "affected".to_owned() } else { state }).collect();
    Affected { reference: value.text("ref"), states }
}

/// Whether a rating is a CVSS rating: other methods have scales of their own.
pub(super) fn is_cvss(method: &str, vector: &str) -> bool {
    method.to_ascii_uppercase().starts_with("CVSS") || (method.is_empty() && vector.starts_with("CVSS:"))
}

/// Distinct texts in their order.
pub(super) fn distinct(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    texts.into_iter().filter(|text| !text.is_empty() && seen.insert(text.clone())).collect()
}
