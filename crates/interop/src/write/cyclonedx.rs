//! CycloneDX 1.6 VEX (ECMA-424, `vulnerabilities`): findings about vulnerabilities in products, with what was decided.

use serde_json::{Value as Json, json};

use super::{ExceptionKind, Export, about};

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
                let until = exception.until.as_deref().map(|until| format!(" (until {until})")).unwrap_or_default();
                let detail = format!("{}{until}: {}", exception.kind.word(), exception.justification);
                match exception.kind {
                    ExceptionKind::FalsePositive => json!({"state": "false_positive", "detail": detail}),
                    ExceptionKind::Compensating => {
                        json!({"state": "exploitable", "response": ["workaround_available"], "detail": detail})
                    }
                    _ => json!({"state": "exploitable", "response": ["will_not_fix"], "detail": detail}),
                }
            }
        };
        vulnerabilities.push(json!({
            "bom-ref": finding.id,
            "id": name,
            "ratings": [{"severity": finding.severity.word()}],
            "description": format!("{title}\n\n{risk}"),
            "recommendation": advice,
            "analysis": analysis,
            "affects": [{"ref": product}],
        }));
    }
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": format!("{}T00:00:00Z", export.as_of),
            "tools": {"components": [{"type": "application", "name": "secdiag", "version": export.version}]},
        },
        "vulnerabilities": vulnerabilities,
    });
    CycloneDx { bytes: super::pretty(&document), left_out }
}
