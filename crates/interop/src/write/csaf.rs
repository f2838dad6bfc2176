//! CSAF 2.0 (OASIS Standard, <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>); section numbers below are
//! the standard's.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::result::FindingRecord;
use serde_json::{Value as Json, json};

use super::{Exception, ExceptionKind, Export, Product, about, decision, iri, reason};
use crate::finding::Component;
use crate::keys::OWN_SYSTEM;

/// A document, and what it cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csaf {
    /// The document.
    pub bytes: Vec<u8>,
    /// Ids of findings that are out of scope: the format has no word for them.
    pub left_out: Vec<String>,
}

/// One finding as a statement about a product.
struct Statement<'a> {
    finding: &'a FindingRecord,
    exception: Option<&'a Exception>,
    product: Product,
    status: &'static str,
}

/// States of a product that we write (§3.2.3.9), the strongest first: where several findings are about one vulnerability
/// in one product, the strongest holds (§6.1.6 allows one).
const STATES: [&str; 3] = ["known_affected", "under_investigation", "known_not_affected"];

/// Every finding that is in scope. `namespace` is an address of the firm's own (§3.2.1.8), `publisher`
/// its name.
///
/// The profile is VEX (§4.5) where every finding is about a vulnerability in a product, else the base profile (§4.1): a
/// wrong setting is a weakness of one firm's system, and no other profile is for such. Without a decision a vulnerability
/// is under investigation; any other finding is proved, so its system is affected. A false positive is stated as not
/// affected; an accepted or otherwise contained risk stays affected, with the decision as the remediation: nobody else's
/// risk is accepted by it.
pub fn csaf(export: &Export<'_>, namespace: &str, publisher: &str) -> Csaf {
    let exceptions = export.exceptions();
    let mut left_out = Vec::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<(Option<String>, Vec<Statement<'_>>)> = Vec::new();
    for finding in export.findings {
        let exception = exceptions.get(finding.id.as_str()).copied();
        if exception.is_some_and(|exception| exception.kind == ExceptionKind::OutOfScope) {
            left_out.push(finding.id.clone());
            continue;
        }
        let (name, product) = match about(finding) {
            Some((name, product)) => (Some(name), product),
            None => (None, Product::named(finding.asset.as_deref().unwrap_or(&finding.system.0))),
        };
        let status = match exception.map(|exception| exception.kind) {
            Some(ExceptionKind::FalsePositive) => "known_not_affected",
            None if name.is_some() => "under_investigation",
            _ => "known_affected",
        };
        // §6.1.23: a vulnerability stands in the document once.
        let at = match &name {
            Some(name) => *names.entry(name.clone()).or_insert(groups.len()),
            None => groups.len(),
        };
        if at == groups.len() {
            groups.push((name, Vec::new()));
        }
        groups[at].1.push(Statement { finding, exception, product, status });
    }
    let vex = !groups.is_empty() && groups.iter().all(|(name, _)| name.is_some());
    let day = format!("{}T00:00:00Z", export.as_of);
    let mut document = json!({
        "document": {
            "category": if vex { "csaf_vex" } else { "csaf_base" },
            "csaf_version": "2.0",
            "lang": export.lang.tag(),
            "title": format!("secdiag findings as of {}", export.as_of),
            "publisher": {"category": "user", "name": publisher, "namespace": namespace},
            "tracking": {
                "id": format!("secdiag-{}", export.run),
                "status": "final",
                "version": "1",
                "initial_release_date": day,
                "current_release_date": day,
                "revision_history": [{"number": "1", "date": day, "summary": format!("Run {}", export.run)}],
                "generator": {"engine": {"name": "secdiag", "version": export.version}},
            },
        },
    });
    if !groups.is_empty() {
        let products = groups.iter().flat_map(|(_, statements)| statements).map(|statement| &statement.product);
        document["product_tree"] = product_tree(&products.collect());
        let vulnerabilities =
            groups.iter().map(|(name, statements)| vulnerability(export, name.as_deref(), statements));
        document["vulnerabilities"] = vulnerabilities.collect();
    }
    Csaf { bytes: super::pretty(&document), left_out }
}

/// §3.2.2. A package on a host is a product of its own, made of the two.
fn product_tree(products: &BTreeSet<&Product>) -> Json {
    let single = products.iter().flat_map(|product| [Some(&product.whole), product.part.as_ref()]).flatten();
    let single: BTreeSet<&String> = single.collect();
    let mut tree = json!({"full_product_names": single.iter().map(|name| full_name(name)).collect::<Json>()});
    let installed = products.iter().filter_map(|product| {
        let part = product.part.as_ref()?;
        let name = format!("{} on {}", product_name(part), product_name(&product.whole));
        Some(json!({
            "category": "installed_on",
            "product_reference": iri(part),
            "relates_to_product_reference": iri(&product.whole),
            "full_product_name": {"product_id": product.id(), "name": name},
        }))
    });
    let installed: Vec<Json> = installed.collect();
    if !installed.is_empty() {
        tree["relationships"] = json!(installed);
    }
    tree
}

fn full_name(name: &str) -> Json {
    let mut product = json!({"product_id": iri(name), "name": product_name(name)});
    if is_purl(name) {
        product["product_identification_helper"] = json!({"purl": name});
    }
    product
}

/// §3.1.3.1: by which a person knows the product, with its version.
fn product_name(name: &str) -> String {
    let Component { name, version, .. } = Component::named(name);
    let text = format!("{name} {version}").trim().to_owned();
    if text.is_empty() { "unnamed".to_owned() } else { text }
}

/// What the schema takes for a package URL.
fn is_purl(text: &str) -> bool {
    let Some((kind, name)) = text.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')) else { return false };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    !name.is_empty()
        && !kind.starts_with(|first: char| first.is_ascii_digit())
        && !kind.is_empty()
        && kind.bytes().all(allowed)
}

/// §3.2.3. Scores are left out: a finding has a severity and no CVSS; the severity is told as an impact in words.
fn vulnerability(export: &Export<'_>, name: Option<&str>, statements: &[Statement<'_>]) -> Json {
    let mut strongest: BTreeMap<String, usize> = BTreeMap::new();
    let (mut ids, mut notes, mut threats, mut remediations) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut titles = BTreeSet::new();
    let known = if name.is_some() { name } else { statements.first().map(|first| first.finding.check.as_str()) };
    let cve = known.filter(|name| is_cve(name));
    if let (Some(known), None) = (known, cve) {
        ids.push(json!({"system_name": if name.is_some() { list_of(known) } else { "secdiag check" }, "text": known}));
    }
    for Statement { finding, exception, product, status } in statements {
        let (title, risk, advice) = export.texts(finding);
        let product = [product.id()];
        let rank = STATES.iter().position(|state| state == status).unwrap_or_default();
        strongest.entry(product[0].clone()).and_modify(|known| *known = rank.min(*known)).or_insert(rank);
        titles.insert(title);
        ids.push(json!({"system_name": OWN_SYSTEM, "text": finding.id}));
        let description = super::generic::description(finding, risk);
        let mut note = json!({"category": "description", "text": description});
        if !title.is_empty() {
            note["title"] = json!(title);
        }
        notes.push(note);
        threats.push(json!({"category": "impact", "details": finding.severity.word(), "product_ids": product}));
        if !advice.is_empty() {
            remediations.push(json!({"category": "mitigation", "details": advice, "product_ids": product}));
        }
        match exception {
            Some(exception) if *status == "known_not_affected" => {
                threats.push(json!({"category": "impact", "details": reason(exception), "product_ids": product}));
            }
            Some(exception) => {
                let contained = exception.kind == ExceptionKind::Compensating;
                let category = if contained { "workaround" } else { "no_fix_planned" };
                remediations
                    .push(json!({"category": category, "details": decision(exception), "product_ids": product}));
            }
            None => {}
        }
    }
    let status = STATES.iter().enumerate().filter_map(|(rank, state)| {
        let products = strongest.iter().filter(|(_, known)| **known == rank).map(|(product, _)| product);
        let products: Vec<_> = products.collect();
        (!products.is_empty()).then(|| ((*state).to_owned(), json!(products)))
    });
    let mut vulnerability = json!({
        "ids": ids,
        "notes": notes,
        "product_status": status.collect::<serde_json::Map<_, _>>(),
        "threats": threats,
    });
    if let Some(cve) = cve {
        vulnerability["cve"] = json!(cve);
    }
    // One title for all; where findings differ, each has its own above its note.
    if let Some(title) = titles.first().filter(|title| titles.len() == 1 && !title.is_empty()) {
        vulnerability["title"] = json!(title);
    }
    if !remediations.is_empty() {
        vulnerability["remediations"] = json!(remediations);
    }
    vulnerability
}

/// §3.2.3.2
fn is_cve(name: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let number = name.strip_prefix("CVE-").and_then(|rest| rest.split_once('-'));
    number.is_some_and(|(year, number)| year.len() == 4 && number.len() >= 4 && digits(year) && digits(number))
}

/// The list that an id is of, by its beginning: `GHSA`, `TVN`, `PYSEC`.
fn list_of(id: &str) -> &str {
    id.split_once('-').map_or(id, |(list, _)| list)
}
