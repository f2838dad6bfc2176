//! OpenVEX 0.0.1 to 0.2.0 (<https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>): statements of a supplier about
//! vulnerabilities in products.

use std::collections::BTreeMap;

use secdiag_model::{Head, Match};
use serde_json::Value as Json;

use super::cyclonedx::distinct;
use super::public_id;
use crate::collect::{Collector, Given};
use crate::finding::{Component, ImportedFinding, Suppression, SuppressionKind, Verdict};
use crate::json::{self, Lenient, plain};
use crate::keys::unversioned;
use crate::severity;

pub(super) fn sniff(head: &Head<'_>) -> Match {
    let text = head.text().trim_start();
    let named = text.contains("openvex.dev/ns") || text.contains("\"text/vex\"");
    if text.starts_with('{') && named { Match::Yes(95) } else { Match::No }
}

pub(super) fn read(text: &str, out: &mut Collector) -> Result<(), String> {
    let document = json::whole(text)?;
    if !document.at("statements").is_array() {
        return Err("the document has no list of statements".to_owned());
    }
    let context = document.text("@context");
    out.log.version =
        context.rsplit_once("/ns/v").map_or_else(|| "0.0.1".to_owned(), |(_, version)| version.to_owned());
    let statements: Vec<_> =
        document.items("statements").iter().map(|value| Statement::new(value, &document)).collect();
    // A later statement about the same product takes the place of an earlier one.
    let mut latest: BTreeMap<(&str, &Subject), (&str, usize)> = BTreeMap::new();
    for (index, statement) in statements.iter().enumerate() {
        for subject in &statement.subjects {
            let entry = latest.entry((&statement.rule, subject)).or_insert((&statement.date, index));
            *entry = (*entry).max((&statement.date, index));
        }
    }
    for (index, statement) in statements.iter().enumerate() {
        out.record(format!("/statements/{index}"));
        if statement.rule.is_empty() {
            out.refuse("the statement names no vulnerability");
            continue;
        }
        let current = |subject: &&Subject| latest[&(&*statement.rule, *subject)].1 == index;
        let current: Vec<_> = statement.subjects.iter().filter(current).collect();
        if statement.subjects.is_empty() {
            out.keep(statement.finding(None, &document), Vec::new());
        } else if current.is_empty() {
            out.pass("a later statement about the same products takes its place");
        } else {
            let given =
                current.iter().map(|subject| -> Given { (statement.finding(Some(subject), &document), Vec::new()) });
            out.keep_all(given.collect());
        }
    }
    Ok(())
}

/// Product, and the component in it that the statement is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    product: Component,
    part: Option<Component>,
}

struct Statement<'a> {
    value: &'a Json,
    rule: String,
    date: String,
    subjects: Vec<Subject>,
}

impl<'a> Statement<'a> {
    fn new(value: &'a Json, document: &Json) -> Self {
        let vulnerability = value.at("vulnerability");
        let names = [vulnerability.text("name"), plain(vulnerability), vulnerability.text("@id")];
        let dates = [value.text("last_updated"), value.text("timestamp"), document.text("timestamp")];
        let mut subjects: Vec<_> = value.items("products").iter().flat_map(subjects).collect();
        subjects.sort();
        subjects.dedup();
        Self {
            value,
            rule: distinct(names).into_iter().next().unwrap_or_default(),
            date: distinct(dates).into_iter().next().unwrap_or_default(),
            subjects,
        }
    }

    fn finding(&self, subject: Option<&Subject>, document: &Json) -> ImportedFinding {
        let value = self.value;
        let vulnerability = value.at("vulnerability");
        let status = value.text("status");
        let kind = match &*status {
            "not_affected" => Some(SuppressionKind::NotAffected),
            "fixed" => Some(SuppressionKind::Fixed),
            _ => None,
        };
        let reasons = distinct(["justification", "impact_statement", "status_notes"].map(|name| value.text(name)));
        let tooling = document.text("tooling");
        let (component, asset) = match subject {
            Some(Subject { product, part: Some(part) }) => (Some(part.clone()), Some(asset(product))),
            Some(Subject { product, part: None }) => (Some(product.clone()), None),
            None => (None, None),
        };
        let name = component.as_ref().map(|component| component.name.clone());
        let mut finding = ImportedFinding {
            tool: if tooling.is_empty() { document.text("author") } else { tooling },
            rule: self.rule.clone(),
            title: name.map_or_else(|| self.rule.clone(), |name| format!("{} in {name}", self.rule)),
            description: vulnerability.text("description"),
            advice: value.text("action_statement"),
            severity: severity::of_ratings(&[], &[]),
            verdict: if status == "under_investigation" { Verdict::Review } else { Verdict::Fail },
            suppressed: kind.map(|kind| Suppression { kind, given: status, justification: reasons.join("; ") }),
            component,
            asset,
            seen_at: self.date.clone(),
            ..ImportedFinding::default()
        };
        let aliases = vulnerability.items("aliases").iter().map(plain);
        finding.ids.extend(std::iter::once(self.rule.clone()).chain(aliases).filter_map(|id| public_id(&id)));
        finding
    }
}

/// A product as what a component is in: without its version where it has a package URL.
fn asset(product: &Component) -> String {
    if product.purl.is_empty() { product.name.clone() } else { unversioned(product) }
}

fn subjects(product: &Json) -> Vec<Subject> {
    let whole = component(product);
    let parts: Vec<_> = product.items("subcomponents").iter().map(component).collect();
    if parts.is_empty() {
        return vec![Subject { product: whole, part: None }];
    }
    parts.into_iter().map(|part| Subject { product: whole.clone(), part: Some(part) }).collect()
}

/// By its package URL, its id, or just its text.
fn component(value: &Json) -> Component {
    let purl = value.at("identifiers").text("purl");
    let names = distinct([purl, value.text("@id"), plain(value)]);
    Component::named(names.first().map_or("", String::as_str))
}
