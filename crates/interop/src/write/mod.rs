//! Our findings for other tools.

mod csaf;
mod cyclonedx;
mod generic;
mod ocsf;
mod openvex;
mod sarif;

use std::collections::BTreeMap;

use secdiag_model::result::{FindingRecord, ResolvedFinding};
use secdiag_model::{Lang, Locator, Proof, Subject};
use serde::{Deserialize, Serialize};

pub use csaf::{Csaf, csaf};
pub use cyclonedx::{CycloneDx, cyclonedx};
pub use generic::{generic_csv, generic_json};
pub use ocsf::ocsf;
pub use openvex::{OpenVex, openvex};
pub use sarif::sarif;

/// What is written.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// Version of secdiag.
    pub version: &'a str,
    /// Id of the run.
    pub run: &'a str,
    /// Date that the run is about, `YYYY-MM-DD`.
    pub as_of: &'a str,
    /// Language of the texts.
    pub lang: Lang,
    /// Findings, in the order in which they are written.
    pub findings: &'a [FindingRecord],
    /// Findings of earlier runs that are gone.
    pub resolved: &'a [ResolvedFinding],
    /// Exceptions in force.
    pub exceptions: &'a [Exception],
}

/// A decision that a finding needs no action, or not now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exception {
    /// Id of the finding.
    pub finding: String,
    /// What was decided.
    pub kind: ExceptionKind,
    /// Why.
    pub justification: String,
    /// Who approved it.
    pub approved_by: String,
    /// Last day that it holds, `YYYY-MM-DD`.
    pub until: Option<String>,
}

/// Kinds of exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// The risk is accepted.
    RiskAccepted,
    /// The finding is not true.
    FalsePositive,
    /// Outside of what is assessed.
    OutOfScope,
    /// Other controls stand in.
    Compensating,
}

impl ExceptionKind {
    /// The word used in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RiskAccepted => "risk_accepted",
            Self::FalsePositive => "false_positive",
            Self::OutOfScope => "out_of_scope",
            Self::Compensating => "compensating",
        }
    }
}

impl<'a> Export<'a> {
    fn exceptions(&self) -> BTreeMap<&'a str, &'a Exception> {
        self.exceptions.iter().map(|exception| (exception.finding.as_str(), exception)).collect()
    }

    /// Title, risk and advice in the language asked for.
    fn texts(&self, finding: &'a FindingRecord) -> (&'a str, &'a str, &'a str) {
        match self.lang {
            Lang::En => (&finding.title, &finding.risk, &finding.advice),
            Lang::ZhTw => (&finding.zh_tw.title, &finding.zh_tw.risk, &finding.zh_tw.advice),
        }
    }
}

/// Path of a proof's evidence with its member.
fn path(proof: &Proof) -> String {
    match &proof.member {
        Some(member) => format!("{}!/{member}", proof.path),
        None => proof.path.clone(),
    }
}

fn line(proof: &Proof) -> Option<u64> {
    match proof.locator {
        Locator::Line(line) => Some(line),
        _ => None,
    }
}

fn pretty(value: &serde_json::Value) -> Vec<u8> {
    let mut text = format!("{value:#}");
    text.push('\n');
    text.into_bytes()
}

/// Name of the set that our items are taken from, for formats that know standards or taxonomies.
const TAXONOMY: &str = "secdiag items";

/// Beginning of the IRIs of assets that have no package URL.
pub(crate) const ASSET: &str = "urn:secdiag:asset:";

/// A product, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Product {
    /// Host, device or package.
    whole: String,
    /// Package in it: what is decided about one host says nothing about another.
    part: Option<String>,
}

impl Product {
    fn named(whole: &str) -> Self {
        Self { whole: whole.to_owned(), part: None }
    }

    /// One id for product and part together.
    fn id(&self) -> String {
        match &self.part {
            Some(part) => format!("{}/{}", iri(&self.whole), iri(part)),
            None => iri(&self.whole),
        }
    }
}

/// The vulnerability that a finding is about and the product that has it, where it is about such.
fn about(finding: &FindingRecord) -> Option<(String, Product)> {
    match &finding.subject {
        Subject::Vulnerability { asset, vulnerability } => Some((vulnerability.clone(), Product::named(asset))),
        Subject::Package { host, purl } => {
            let product = match host.as_str() {
                "" => Product::named(purl),
                host => Product { whole: host.to_owned(), part: Some(purl.clone()) },
            };
            vulnerability(finding).map(|name| (name, product))
        }
        _ => None,
    }
}

/// The id of the vulnerability that a finding about a package names among its facts.
fn vulnerability(finding: &FindingRecord) -> Option<String> {
    let named = ["vulnerability", "cve"].into_iter().find_map(|fact| finding.facts.get(fact)?.as_str());
    named.map(str::to_owned)
}

/// An asset as an IRI; a package URL is one already.
fn iri(asset: &str) -> String {
    if asset.starts_with("pkg:") {
        return asset.to_owned();
    }
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escaped =
        asset.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    format!("{ASSET}{}", escaped.collect::<String>())
}

/// What was decided, until when and why, in one line.
fn decision(exception: &Exception) -> String {
    let until = exception.until.as_deref().map(|until| format!(" (until {until})")).unwrap_or_default();
    format!("{}{until}: {}", exception.kind.word(), exception.justification)
}

/// Why it was decided; what was decided, where no reason is given.
fn reason(exception: &Exception) -> &str {
    if exception.justification.is_empty() { exception.kind.word() } else { &exception.justification }
}
