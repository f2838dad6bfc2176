//! OpenVEX 0.2.0: what was decided about vulnerabilities in products, for those who scan the same products.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{ExceptionKind, Export, Product, about, decision, iri, reason};

/// A document, and what it cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenVex {
    /// The document; nothing where no statement can be made: the format has no document without one.
    pub bytes: Option<Vec<u8>>,
    /// Ids of findings with exceptions that are not about a vulnerability in a product, or that say nothing about it.
    pub left_out: Vec<String>,
}

/// The exceptions as statements. `id` names the document (an IRI of the firm's own), `author` who speaks.
///
/// A false positive is stated as `not_affected`; an accepted or otherwise contained risk stays `affected`, with the
/// decision as the action: nobody else's risk is accepted by it.
pub fn openvex(export: &Export<'_>, id: &str, author: &str) -> OpenVex {
    let exceptions = export.exceptions();
    let timestamp = format!("{}T00:00:00Z", export.as_of);
    let (mut statements, mut left_out): (Vec<Json>, _) = (Vec::new(), Vec::new());
    let mut said = BTreeSet::new();
    for finding in export.findings {
        let Some(exception) = exceptions.get(finding.id.as_str()) else { continue };
        let (Some((name, product)), false) = (about(finding), exception.kind == ExceptionKind::OutOfScope) else {
            left_out.push(finding.id.clone());
            continue;
        };
        let mut statement = json!({
            "vulnerability": {"name": name},
            "products": [component(&product)],
            "timestamp": timestamp,
        });
        if exception.kind == ExceptionKind::FalsePositive {
            statement["status"] = json!("not_affected");
            statement["impact_statement"] = json!(reason(exception));
        } else {
            statement["status"] = json!("affected");
            statement["action_statement"] = json!(decision(exception));
        }
        // The schema allows each statement once; several checks may find the same.
        if said.insert(statement.to_string()) {
            statements.push(statement);
        }
    }
    if statements.is_empty() {
        return OpenVex { bytes: None, left_out };
    }
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": id,
        "author": author,
        "timestamp": timestamp,
        "version": 1,
        "tooling": format!("secdiag {}", export.version),
        "statements": statements,
    });
    OpenVex { bytes: Some(super::pretty(&document)), left_out }
}

fn component(product: &Product) -> Json {
    match &product.part {
        Some(part) => json!({"@id": iri(&product.whole), "subcomponents": [{"@id": iri(part)}]}),
        None => json!({"@id": iri(&product.whole)}),
    }
}
