//! CycloneDX 1.6 VEX (ECMA-424, `vulnerabilities`): findings about vulnerabilities in products, with what was decided.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{ExceptionKind, Export, Product, about, decision, iri};
use crate::finding::Component;

/// A document, and what it cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycloneDx {
    /// The document.
    pub bytes: Vec<u8>,
    /// Ids of findings that are not about a vulnerability in a product, or that are out of scope.
    pub left_out: Vec<String>,
}

/// Every finding about a vulnerability in a product. Without a decision it is in triage; an accepted or otherwise
/// contained risk stays exploitable, with the decision as the response: nobody else's risk is accepted by it.
pub fn cyclonedx(export: &Export<'_>) -> CycloneDx {
    let exceptions = export.exceptions();
    let (mut vulnerabilities, mut left_out): (Vec<Json>, _) = (Vec::new(), Vec::new());
    let mut products = BTreeSet::new();
    for finding in export.findings {
        let decided = exceptions.get(finding.id.as_str());
        let out_of_scope = decided.is_some_and(|exception| exception.kind == ExceptionKind::OutOfScope);
        let (Some((name, product)), false) = (about(finding), out_of_scope) else {
            left_out.push(finding.id.clone());
            continue;
        };
        let (title, risk, advice) = export.texts(finding);
        let analysis = match decided {
            None => json!({"state": "in_triage"}),
            Some(exception) => {
                let detail = decision(exception);
                match exception.kind {
                    ExceptionKind::FalsePositive => json!({"state": "false_positive", "detail": detail}),
                    ExceptionKind::Compensating => {
                        json!({"state": "exploitable", "response": ["workaround_available"], "detail": detail})
                    }
                    _ => json!({"state": "exploitable", "response": ["will_not_fix"], "detail": detail}),
                }
            }
        };
        let mut vulnerability = json!({
            "bom-ref": finding.id,
            "id": name,
            "ratings": [{"severity": finding.severity.word()}],
            "description": if risk.is_empty() { title.to_owned() } else { format!("{title}\n\n{risk}") },
            "analysis": analysis,
            "affects": [{"ref": product.id()}],
        });
        if !advice.is_empty() {
            vulnerability["recommendation"] = json!(advice);
        }
        vulnerabilities.push(vulnerability);
        products.insert(product);
    }
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": format!("{}T00:00:00Z", export.as_of),
            "tools": {"components": [{"type": "application", "name": "secdiag", "version": export.version}]},
        },
        "components": components(&products),
        "vulnerabilities": vulnerabilities,
    });
    CycloneDx { bytes: super::pretty(&document), left_out }
}

/// The products that vulnerabilities refer to (`affects[].ref` is the reference of a component), each with its parts.
fn components(products: &BTreeSet<Product>) -> Vec<Json> {
    let wholes: BTreeSet<&str> = products.iter().map(|product| product.whole.as_str()).collect();
    let component = |whole: &str| {
        let parts: Vec<Json> = products
            .iter()
            .filter(|product| product.whole == whole)
            .filter_map(|product| Some(described(&product.id(), product.part.as_ref()?)))
            .collect();
        let mut component = described(&iri(whole), whole);
        if !parts.is_empty() {
            component["components"] = json!(parts);
        }
        component
    };
    wholes.into_iter().map(component).collect()
}

fn described(reference: &str, name: &str) -> Json {
    let Component { purl, name, version } = Component::named(name);
    let mut component = json!({"type": "device", "bom-ref": reference, "name": name});
    if !purl.is_empty() {
        component["type"] = json!("library");
        component["purl"] = json!(purl);
    }
    if !version.is_empty() {
        component["version"] = json!(version);
    }
    component
}
