//! CSAF 2.0 security advisories and VEX (OASIS Standard,
//! <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>); section numbers below are the standard's.

use std::collections::BTreeMap;

use secdiag_model::{Head, Match};
use serde_json::Value as Json;

use super::cyclonedx::distinct;
use super::{cwes_in, public_id};
use crate::collect::{Collector, Given};
use crate::finding::{Component, Cvss, ImportedFinding, Suppression, SuppressionKind, Verdict};
use crate::json::{self, Lenient, Step, plain};
use crate::keys::{OWN_SCHEME, OWN_SYSTEM};
use crate::severity;

const VULNERABILITIES: &[Step] = &[Step::Key("vulnerabilities"), Step::Each];
/// Deepest nesting of branches that is followed.
const MAX_DEPTH: usize = 60;

/// §3.2.3.9: states of a product, the strongest statement first, with what it means here.
const STATES: &[(&str, Option<SuppressionKind>)] = &[
    ("known_affected", None),
    ("first_affected", None),
    ("last_affected", None),
    ("under_investigation", None),
    ("known_not_affected", Some(SuppressionKind::NotAffected)),
    ("fixed", Some(SuppressionKind::Fixed)),
    ("first_fixed", Some(SuppressionKind::Fixed)),
];

pub(super) fn sniff(head: &Head<'_>) -> Match {
    let text = head.text().trim_start();
    if text.starts_with('{') && text.contains("\"csaf_version\"") { Match::Yes(95) } else { Match::No }
}

pub(super) fn read(text: &str, out: &mut Collector) -> Result<(), String> {
    let frame = json::without(text, VULNERABILITIES)?;
    let document = frame.at("document");
    let version = document.text("csaf_version");
    if version != "2.0" {
        return Err(format!("CSAF version `{version}` is not read; version 2.0 is"));
    }
    out.log.version = version;
    let (mut products, mut wholes) = (BTreeMap::new(), BTreeMap::new());
    let tree = frame.at("product_tree");
    for product in tree.items("full_product_names") {
        add(&mut products, product, "");
    }
    for branch in tree.items("branches") {
        branches(&mut products, branch, "", 0);
    }
    // §3.2.2.4: a product installed on, or part of, another one; the statement is about the first, on the second.
    for relation in tree.items("relationships") {
        let full = relation.at("full_product_name");
        let part = products.get(&relation.text("product_reference")).cloned();
        add(&mut products, full, "");
        if let Some(whole) = products.get(&relation.text("relates_to_product_reference")) {
            wholes.insert(full.text("product_id"), whole.name.clone());
        }
        if let Some(Component { purl, version, .. }) = part
            && let Some(product) = products.get_mut(&full.text("product_id"))
        {
            product.purl = if product.purl.is_empty() { purl } else { product.purl.clone() };
            product.version = if product.version.is_empty() { version } else { product.version.clone() };
        }
    }
    let engine = document.at("tracking").at("generator").at("engine");
    let advisory = Advisory {
        publisher: document.at("publisher").text("name"),
        generator: (engine.text("name"), engine.text("version")),
        id: document.at("tracking").text("id"),
        date: document.at("tracking").text("current_release_date"),
        products,
        wholes,
    };
    json::each(text, VULNERABILITIES, &mut |at, value| {
        out.record(format!("/vulnerabilities/{}", at.last().unwrap_or(&0)));
        if !value.is_object() {
            return out.refuse("the vulnerability is not an object");
        }
        advisory.vulnerability(&value, out);
    })
}

struct Advisory {
    publisher: String,
    generator: (String, String),
    id: String,
    date: String,
    products: BTreeMap<String, Component>,
    /// What a product of a relationship is on, or a part of, by the product's id.
    wholes: BTreeMap<String, String>,
}

impl Advisory {
    fn vulnerability(&self, value: &Json, out: &mut Collector) {
        let ids = value.items("ids").iter().map(|id| id.text("text"));
        let ids = distinct(std::iter::once(value.text("cve")).chain(ids));
        let title = value.text("title");
        let Some(rule) = ids.first().or(Some(&title).filter(|title| !title.is_empty())) else {
            return out.refuse("the vulnerability has neither an id nor a title");
        };
        let notes = value.items("notes").iter();
        let notes = notes.filter(|note| matches!(&*note.text("category"), "description" | "summary" | "details"));
        let mut finding = ImportedFinding {
            tool: if self.generator.0.is_empty() { self.publisher.clone() } else { self.generator.0.clone() },
            tool_version: self.generator.1.clone(),
            rule: rule.clone(),
            description: distinct(notes.map(|note| note.text("text"))).join("\n\n"),
            seen_at: self.date.clone(),
            ..ImportedFinding::default()
        };
        finding.ids.extend(ids.iter().filter_map(|id| public_id(id)));
        finding.cwes.extend(cwes_in(&value.at("cwe").text("id")));
        finding.taxa.extend(Some(self.id.clone()).filter(|id| !id.is_empty()).map(|id| format!("CSAF: {id}")));
        finding.references.extend(value.items("references").iter().map(|link| link.text("url")));
        finding.references.remove("");

        let mut stated: BTreeMap<String, &(&str, Option<SuppressionKind>)> = BTreeMap::new();
        let states = value.at("product_status");
        for state in STATES {
            for product in states.items(state.0) {
                stated.entry(plain(product)).or_insert(state);
            }
        }
        if stated.is_empty() {
            finding.title = if title.is_empty() { rule.clone() } else { title };
            finding.severity = rating(value, None).1;
            finding.cvss = rating(value, None).0;
            return out.keep(finding, Vec::new());
        }
        // Which of several products an id of ours is about is not told.
        let own = own_id(value).filter(|_| stated.len() == 1 && finding.tool == OWN_SYSTEM);
        let own: Vec<_> = own.into_iter().map(|id| (OWN_SCHEME.to_owned(), id)).collect();
        let given = stated.into_iter().map(|(product, (state, kind))| -> Given {
            let mut finding = finding.clone();
            let component = self.products.get(&product).cloned().unwrap_or_else(|| Component::named(&product));
            finding.title =
                if title.is_empty() { format!("{} in {}", finding.rule, component.name) } else { title.clone() };
            (finding.cvss, finding.severity) = rating(value, Some(&product));
            finding.advice =
                distinct(about(value, "remediations", &product).map(|fix| fix.text("details"))).join("\n\n");
            finding.verdict = if *state == "under_investigation" { Verdict::Review } else { Verdict::Fail };
            // The VEX profile (§4.5) states as a threat why a product is not affected.
            let not_affected = *kind == Some(SuppressionKind::NotAffected);
            let statements = not_affected.then(|| about(value, "threats", &product));
            finding.suppressed = kind.map(|kind| Suppression {
                kind,
                given: (*state).to_owned(),
                justification: distinct(
                    about(value, "flags", &product)
                        .map(|flag| flag.text("label"))
                        .chain(statements.into_iter().flatten().map(|threat| threat.text("details")))
                        // A word of severity is no reason.
                        .filter(|text| severity::word(text).is_none()),
                )
                .join("; "),
            });
            finding.component = Some(component);
            finding.asset = self.wholes.get(&product).cloned();
            (finding, own.clone())
        });
        out.keep_all(given.collect());
    }
}

/// The id that our own writer gave, where the vulnerability has exactly one.
fn own_id(value: &Json) -> Option<String> {
    let mut own = value.items("ids").iter().filter(|id| id.text("system_name") == OWN_SYSTEM);
    own.next().filter(|_| own.next().is_none()).map(|id| id.text("text"))
}

/// Entries of a list that are about a product, or about all.
fn about<'a>(value: &'a Json, list: &str, product: &'a str) -> impl Iterator<Item = &'a Json> {
    value.items(list).iter().filter(move |entry| {
        let named: Vec<_> = entry.items("product_ids").iter().chain(entry.items("products")).map(plain).collect();
        named.is_empty() || named.iter().any(|name| name == product)
    })
}

/// §3.2.3.13 scores, and the impact of §3.2.3.14 threats in words.
fn rating(value: &Json, product: Option<&str>) -> (Vec<Cvss>, crate::finding::Grade) {
    let all = value.items("scores").iter();
    let scores: Vec<_> = match product {
        Some(product) => about(value, "scores", product).collect(),
        None => all.collect(),
    };
    let kinds = ["cvss_v3", "cvss_v4", "cvss_v2"];
    let ratings = scores.iter().flat_map(|score| kinds.map(|kind| score.at(kind))).filter(|rating| rating.is_object());
    let cvss: Vec<_> =
        ratings.clone().map(|one| Cvss { vector: one.text("vectorString"), score: one.number("baseScore") }).collect();
    let threats: Vec<_> = match product {
        Some(product) => about(value, "threats", product).collect(),
        None => value.items("threats").iter().collect(),
    };
    let impact = threats.iter().filter(|threat| threat.text("category") == "impact");
    let words = ratings.map(|one| one.text("baseSeverity")).chain(impact.map(|threat| threat.text("details")));
    let words = distinct(words);
    let grade = severity::of_ratings(&words, &cvss);
    (cvss, grade)
}

/// §3.1.2: branches nest vendor, product and version; the leaf names the product as a whole.
fn branches(products: &mut BTreeMap<String, Component>, branch: &Json, version: &str, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    let own = branch.text("name");
    let version = if branch.text("category") == "product_version" { own.as_str() } else { version };
    add(products, branch.at("product"), version);
    for inner in branch.items("branches") {
        branches(products, inner, version, depth + 1);
    }
}

fn add(products: &mut BTreeMap<String, Component>, product: &Json, version: &str) {
    let id = product.text("product_id");
    if id.is_empty() {
        return;
    }
    let helper = product.at("product_identification_helper");
    let purl = [helper.text("purl"), helper.items("purls").first().map(plain).unwrap_or_default()];
    let purl = purl.into_iter().find(|purl| !purl.is_empty()).unwrap_or_default();
    let version = if version.is_empty() { Component::named(&purl).version } else { version.to_owned() };
    products.insert(id, Component { purl, name: product.text("name"), version });
}
