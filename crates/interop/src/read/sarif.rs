//! SARIF 2.1.0 (OASIS Standard, <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>); section numbers
//! below are the standard's. The results are read one at a time.

use std::collections::HashMap;

use secdiag_model::{Head, Match};
use serde_json::Value as Json;

use super::{cwes_in, headline, percent_decoded, public_id};
use crate::collect::{Collector, Given};
use crate::finding::{Grade, ImportedFinding, Location, Suppression, SuppressionKind, Verdict};
use crate::json::{self, Lenient, Step, plain};
use crate::severity;

const RESULTS: &[Step] = &[Step::Key("runs"), Step::Each, Step::Key("results"), Step::Each];

pub(super) fn sniff(head: &Head<'_>) -> Match {
    let text = head.text().trim_start();
    if !text.starts_with('{') || !text.contains("\"runs\"") {
        return Match::No;
    }
    // `version`, `$schema` and `tool` may stand at the very end, behind all results.
    let result = text.contains("\"results\"") && (text.contains("\"ruleId\"") || text.contains("\"ruleIndex\""));
    let named = text.contains("sarif") || text.contains("\"driver\"") || result;
    if named { Match::Yes(90) } else { Match::Close("`runs` without `tool.driver`") }
}

pub(super) fn read(text: &str, out: &mut Collector) -> Result<(), String> {
    let frame = json::without(text, RESULTS)?;
    let schema = frame.text("$schema");
    let version = frame.text("version");
    let known = if version.is_empty() { schema.contains("2.1") } else { version.starts_with("2.1") };
    if !known {
        let given = if version.is_empty() { "without a version".to_owned() } else { format!("version {version}") };
        return Err(format!("SARIF {given} is not read; write version 2.1.0"));
    }
    out.log.version = if version.is_empty() { "2.1.0".to_owned() } else { version };
    if !frame.at("runs").is_array() {
        return Err("`runs` is not an array".to_owned());
    }
    if frame.items("inlineExternalProperties").iter().any(|part| !part.items("results").is_empty()) {
        out.log.partial = true;
        out.note("the file keeps results outside of its runs (inlineExternalProperties); these were not read");
    }
    let runs: Vec<_> = frame.items("runs").iter().map(|run| Run::new(run, out)).collect();
    json::each(text, RESULTS, &mut |at, result| {
        let (Some(&run), Some(&index)) = (at.first(), at.last()) else { return };
        out.record(format!("/runs/{run}/results/{index}"));
        match runs.get(run) {
            Some(run) => run.result(&result, out),
            None => out.refuse("its run is not an object"),
        }
    })
}

/// What results of a run refer to.
struct Run<'a> {
    json: &'a Json,
    tool: String,
    version: String,
    /// Components in the order of §3.18.3: the driver first, then the extensions.
    components: Vec<&'a Json>,
    by_id: HashMap<&'a str, &'a Json>,
    /// Levels that the invocation set instead of the rules' own (§3.20.5).
    levels: HashMap<String, String>,
}

impl<'a> Run<'a> {
    fn new(run: &'a Json, out: &mut Collector) -> Self {
        let driver = run.at("tool").at("driver");
        let components: Vec<_> = std::iter::once(driver).chain(run.at("tool").items("extensions")).collect();
        let rules = components.iter().flat_map(|component| component.items("rules"));
        let by_id: HashMap<_, _> = rules.filter_map(|rule| Some((rule.at("id").as_str()?, rule))).collect();
        let overrides = run.items("invocations").iter().flat_map(|one| one.items("ruleConfigurationOverrides"));
        let level = |one: &Json| (one.at("descriptor").text("id"), one.at("configuration").text("level"));
        let levels = overrides.map(level).filter(|(id, level)| !id.is_empty() && !level.is_empty()).collect();
        let version = driver.text("semanticVersion");
        let version = if version.is_empty() { driver.text("version") } else { version };
        let tool = driver.text("name");
        out.log.tools.extend(Some(format!("{tool} {version}").trim().to_owned()).filter(|name| !name.is_empty()));
        if run.items("invocations").iter().any(|invocation| invocation.at("executionSuccessful") == false) {
            out.log.partial = true;
            out.note("the tool says that its run did not succeed: what it does not report is not known to be absent");
        } else {
            out.log.evaluated.extend(by_id.keys().map(|id| (*id).to_owned()));
        }
        if !run.at("externalPropertyFileReferences").items("results").is_empty() {
            out.log.partial = true;
            out.note("the file says that more results are in other files, which were not given");
        }
        Self { json: run, tool, version, components, by_id, levels }
    }

    fn result(&self, result: &Json, out: &mut Collector) {
        if !result.is_object() {
            return out.refuse("the result is not an object");
        }
        // §3.27.9
        let kind = result.text("kind");
        match &*kind {
            "pass" => return out.pass("the rule was evaluated and passed (kind `pass`)"),
            "notApplicable" => return out.pass("the rule does not apply (kind `notApplicable`)"),
            "informational" => return out.pass("the result indicates no problem (kind `informational`)"),
            _ => {}
        }
        let baseline = result.text("baselineState");
        if baseline == "absent" {
            return out.pass("the tool says that it is gone (baselineState `absent`)");
        }
        let rule = self.rule(result);
        let ids = [result.text("ruleId"), result.at("rule").text("id"), rule.text("id")];
        let id = ids.into_iter().find(|id| !id.is_empty()).unwrap_or_default();
        let description = self.message(result.at("message"), rule);
        if id.is_empty() && description.is_empty() {
            return out.refuse("the result has neither a rule nor a message");
        }
        let own = result.at("properties");
        let mut finding = ImportedFinding {
            tool: self.tool.clone(),
            tool_version: self.version.clone(),
            title: title(rule, &description, &id),
            // `secdiag/…` is what our own writer adds.
            advice: [own.text("secdiag/advice"), rule.at("help").text("text")]
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_default(),
            asset: Some(own.text("secdiag/asset")).filter(|asset| !asset.is_empty()),
            severity: grade(result, rule, self.levels.get(&id), &kind),
            verdict: if matches!(&*kind, "review" | "open") { Verdict::Review } else { Verdict::Fail },
            suppressed: suppression(result),
            baseline,
            ..ImportedFinding::default()
        };
        finding.ids.extend(public_id(&id));
        finding.references.extend(Some(rule.text("helpUri")).filter(|uri| !uri.is_empty()));
        finding.endpoints.extend(Some(result.at("webRequest").text("target")).filter(|target| !target.is_empty()));
        self.taxa(result, rule, &mut finding);
        finding.cwes.extend(cwes_in(&description));
        finding.description = description;
        finding.rule = if id.is_empty() { finding.title.clone() } else { id };

        let mut ids = Vec::new();
        for field in ["fingerprints", "partialFingerprints"] {
            let members = result.at(field).as_object().into_iter().flatten();
            ids.extend(members.map(|(name, value)| (name.clone(), plain(value))));
        }
        let target = result.at("analysisTarget");
        let places: Vec<_> = match result.items("locations") {
            [] if target.is_object() => vec![self.artifact(target)],
            places => places.iter().map(|place| self.location(place)).collect(),
        };
        let expanded: Vec<Given> = match places.len() {
            0 => vec![(finding, ids)],
            _ => places.into_iter().map(|place| (at(finding.clone(), place), ids.clone())).collect(),
        };
        out.keep_all(expanded);
    }

    /// §3.27.5–7: by `rule`, by `ruleIndex`, else by id, where a hierarchical id names a rule by its beginning.
    fn rule(&self, result: &Json) -> &'a Json {
        let reference = result.at("rule");
        let component = match reference.at("toolComponent").count("index") {
            Some(extension) => extension.saturating_add(1),
            None => 0,
        };
        let index = reference.count("index").or_else(|| result.count("ruleIndex"));
        let position = |n: u64| usize::try_from(n).ok();
        let by_index = position(component)
            .and_then(|component| self.components.get(component))
            .and_then(|component| component.items("rules").get(position(index?)?));
        let by_id = || {
            let id = result.at("ruleId").as_str().or_else(|| reference.at("id").as_str())?;
            let mut parents = std::iter::successors(Some(id), |id| id.rsplit_once('/').map(|(parent, _)| parent));
            parents.find_map(|id| self.by_id.get(id)).copied()
        };
        by_index.or_else(by_id).unwrap_or(&Json::Null)
    }

    /// §3.11: the text itself, or a message of the rule or tool with its arguments put in.
    fn message(&self, message: &Json, rule: &Json) -> String {
        let own = [message.text("text"), message.text("markdown")].into_iter().find(|text| !text.is_empty());
        let text = own.unwrap_or_else(|| {
            let id = message.text("id");
            let places = [rule.at("messageStrings"), self.components[0].at("globalMessageStrings")];
            places.iter().map(|strings| strings.at(&id).text("text")).find(|text| !text.is_empty()).unwrap_or_default()
        });
        with_arguments(&text, message.at("arguments"))
    }

    fn location(&self, location: &Json) -> Location {
        let physical = location.at("physicalLocation");
        let region = physical.at("region");
        let mut place = self.artifact(physical.at("artifactLocation"));
        place.line = region.count("startLine");
        place.end_line = region.count("endLine");
        place.column = region.count("startColumn");
        place.snippet = exact(region.at("snippet").at("text"));
        place.context = exact(physical.at("contextRegion").at("snippet").at("text"));
        let logical = location.items("logicalLocations").first().unwrap_or(location.at("logicalLocation"));
        let known = logical
            .count("index")
            .and_then(|index| self.json.items("logicalLocations").get(usize::try_from(index).ok()?));
        let names = [Some(logical), known].into_iter().flatten();
        let mut names = names.flat_map(|names| [names.text("fullyQualifiedName"), names.text("name")]);
        place.logical = names.find(|name| !name.is_empty()).unwrap_or_default();
        place
    }

    /// §3.4: by its URI, else by its index into the run's artifacts. The base stays unresolved: it differs between
    /// machines, the path below it does not.
    fn artifact(&self, location: &Json) -> Location {
        let mut uri = location.text("uri");
        if uri.is_empty()
            && let Some(index) = location.count("index").and_then(|index| usize::try_from(index).ok())
            && let Some(artifact) = self.json.items("artifacts").get(index)
        {
            uri = artifact.at("location").text("uri");
        }
        Location { path: percent_decoded(&uri), ..Location::default() }
    }

    fn taxa(&self, result: &Json, rule: &Json, finding: &mut ImportedFinding) {
        let relations = rule.items("relationships").iter().map(|relation| relation.at("target"));
        for taxon in result.items("taxa").iter().chain(relations) {
            let component = taxon.at("toolComponent");
            let index = component.count("index").and_then(|index| usize::try_from(index).ok());
            let known = index.and_then(|index| self.json.items("taxonomies").get(index)).unwrap_or(&Json::Null);
            let name = [component.text("name"), known.text("name")].into_iter().find(|name| !name.is_empty());
            let by_index = || {
                let at = usize::try_from(taxon.count("index")?).ok()?;
                Some(known.items("taxa").get(at)?.text("id"))
            };
            let id = Some(taxon.text("id")).filter(|id| !id.is_empty()).or_else(by_index).unwrap_or_default();
            let name = name.unwrap_or_default();
            finding.cwes.extend(if name == "CWE" { id.parse::<u32>().ok() } else { None });
            finding.cwes.extend(cwes_in(&id));
            if !id.is_empty() {
                finding.taxa.insert(if name.is_empty() { id } else { format!("{name}: {id}") });
            }
        }
        for properties in [result.at("properties"), rule.at("properties")] {
            for tag in properties.items("tags").iter().map(plain).filter(|tag| !tag.is_empty()) {
                finding.cwes.extend(cwes_in(&tag));
                finding.ids.extend(public_id(&tag));
                finding.taxa.insert(tag);
            }
        }
    }
}

/// The finding at one of its places.
fn at(mut finding: ImportedFinding, place: Location) -> ImportedFinding {
    if place.path.starts_with("http://") || place.path.starts_with("https://") {
        finding.endpoints.insert(place.path.clone());
    }
    finding.locations = vec![place];
    finding
}

fn title(rule: &Json, description: &str, id: &str) -> String {
    let texts = [rule.at("shortDescription").text("text"), description.to_owned(), rule.text("name"), id.to_owned()];
    texts.iter().map(|text| headline(text)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// §3.27.10, before it the score that code hosts read (`security-severity`, 0 to 10).
fn grade(result: &Json, rule: &Json, set: Option<&String>, kind: &str) -> Grade {
    for properties in [result.at("properties"), rule.at("properties")] {
        if let Some(score) = properties.number("security-severity") {
            return Grade { ours: severity::score(score), given: format!("security-severity {score}") };
        }
    }
    let own = result.text("level");
    let default = set.cloned().unwrap_or_else(|| rule.at("defaultConfiguration").text("level"));
    let level = match (&*own, kind, &*default) {
        ("", "" | "fail" | "review" | "open", "") => "warning",
        ("", "" | "fail" | "review" | "open", level) => level,
        ("", ..) => "none",
        (level, ..) => level,
    };
    Grade { ours: severity::sarif_level(level).unwrap_or(secdiag_model::Severity::Medium), given: level.to_owned() }
}

/// §3.27.23 and §3.35: suppressed when there are suppressions and none is under review or rejected.
fn suppression(result: &Json) -> Option<Suppression> {
    let list = result.items("suppressions");
    let first = list.first()?;
    if list.iter().any(|one| matches!(&*one.text("status"), "underReview" | "rejected")) {
        return None;
    }
    let kind = match &*first.at("properties").text("secdiag/kind") {
        "risk_accepted" | "compensating" => SuppressionKind::RiskAccepted,
        "false_positive" => SuppressionKind::FalsePositive,
        "out_of_scope" => SuppressionKind::OutOfScope,
        _ => SuppressionKind::Muted,
    };
    let given = format!("{} {}", first.text("kind"), first.text("status")).trim().to_owned();
    let reasons: Vec<_> = list.iter().map(|one| one.text("justification")).filter(|text| !text.is_empty()).collect();
    Some(Suppression { kind, given, justification: reasons.join("; ") })
}

/// §3.11.5: `{0}` is the first argument; `{{` and `}}` are braces.
fn with_arguments(text: &str, arguments: &Json) -> String {
    let Some(arguments) = arguments.as_array() else { return text.to_owned() };
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let placeholder = rest
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'))
            .and_then(|(index, after)| Some((arguments.get(index.parse::<usize>().ok()?)?, after)));
        if let Some((argument, after)) = placeholder {
            out.push_str(&plain(argument));
            rest = after;
        } else {
            out.push_str(&rest[..1]);
            rest = if rest.starts_with("{{") || rest.starts_with("}}") { &rest[2..] } else { &rest[1..] };
        }
    }
    out + rest
}

fn exact(text: &Json) -> String {
    text.as_str().unwrap_or_default().to_owned()
}
