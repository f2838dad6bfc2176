//! Findings: a check's yes, about a subject, with proof in the evidence.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{Artefact, Sha256, SystemId};

/// Severity of a finding. Ordered: info is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the field's own")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// Most severe first, as reports list them.
    pub const DESCENDING: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// One step worse; critical stays critical.
    pub const fn raised(self) -> Self {
        match self {
            Self::Info => Self::Low,
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Where in a piece of evidence the proof is. Numbers count from 1 as a reader's tools do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Locator {
    /// The evidence as a whole.
    Whole,
    /// A line of a text.
    Line(u64),
    /// A packet of a capture.
    Packet(u64),
    /// A byte offset, counted from 0.
    Byte(u64),
    /// A record of a structured file.
    Record(u64),
    /// A named setting, such as `LockoutBadCount` or `dc=example,dc=org maxPwdAge`.
    Setting(String),
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole file"),
            Self::Line(n) => write!(f, "line {n}"),
            Self::Packet(n) => write!(f, "packet {n}"),
            Self::Byte(n) => write!(f, "byte {n}"),
            Self::Record(n) => write!(f, "record {n}"),
            Self::Setting(name) => f.write_str(name),
        }
    }
}

/// One place in one piece of evidence that a reader can look up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Proof {
    /// Digest of the evidence.
    pub sha256: Sha256,
    /// Path below the folder given to the run.
    pub path: String,
    /// Member inside an archive.
    pub member: Option<String>,
    /// Where in it.
    pub locator: Locator,
    /// What stands there, with secrets masked.
    pub excerpt: String,
}

impl Proof {
    /// A proof in an artefact.
    pub fn new(artefact: &Artefact, locator: Locator, excerpt: impl Into<String>) -> Self {
        Self {
            sha256: artefact.sha256,
            path: artefact.path.clone(),
            member: artefact.member.clone(),
            locator,
            excerpt: excerpt.into(),
        }
    }
}

/// What a finding is about: a closed list with fixed keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[expect(missing_docs, reason = "keys of the machine contract; their meaning is the kind's")]
pub enum Subject {
    Connection { src: String, dst: String, dst_name: Option<String>, dst_port: Option<u16>, proto: String },
    Host { host: String },
    Name { name: String, src: Option<String> },
    Rule { device: String, rule: String, line: u64 },
    Account { domain: String, account: String },
    Policy { scope: String, setting: String },
    File { host: Option<String>, file: String, sha256: Option<Sha256> },
    Package { host: String, purl: String },
    Vulnerability { asset: String, vulnerability: String },
    Certificate { certificate: String },
    Key { key: String },
    Component { component: String },
    Series { series: String },
    Record { record: String },
}

impl Subject {
    /// What stays the same when the same defect is seen again next year: everything but the place in the file.
    pub fn identity(&self) -> Self {
        match self.clone() {
            Self::Rule { device, rule, .. } => Self::Rule { device, rule, line: 0 },
            other => other,
        }
    }

    /// The same subject with every name or address of a device or host in it rewritten.
    pub fn with_devices(mut self, mut rewrite: impl FnMut(&str) -> String) -> Self {
        let names: [Option<&mut String>; 3] = match &mut self {
            Self::Connection { src, dst, dst_name, .. } => [Some(src), Some(dst), dst_name.as_mut()],
            Self::Name { src, .. } => [src.as_mut(), None, None],
            Self::File { host, .. } => [host.as_mut(), None, None],
            // A local policy or account is its host's.
            Self::Account { domain: name, .. }
            | Self::Policy { scope: name, .. }
            | Self::Host { host: name }
            | Self::Rule { device: name, .. }
            | Self::Package { host: name, .. }
            | Self::Vulnerability { asset: name, .. } => [Some(name), None, None],
            Self::Certificate { .. }
            | Self::Key { .. }
            | Self::Component { .. }
            | Self::Series { .. }
            | Self::Record { .. } => [None, None, None],
        };
        for name in names.into_iter().flatten() {
            *name = rewrite(name);
        }
        self
    }

    /// Short form for a terminal line.
    pub fn summary(&self) -> String {
        match self {
            Self::Connection { src, dst, dst_name, dst_port, proto } => {
                let name = dst_name.as_deref().unwrap_or(dst);
                match dst_port {
                    Some(port) => format!("{src} → {name}:{port}/{proto}"),
                    None => format!("{src} → {name} ({proto})"),
                }
            }
            Self::Host { host } => host.clone(),
            Self::Name { name, src: Some(src) } => format!("{src} asks {name}"),
            Self::Name { name, src: None } => name.clone(),
            Self::Rule { device, rule, .. } => format!("{device} rule {rule}"),
            Self::Account { domain, account } => format!("{domain}\\{account}"),
            Self::Policy { scope, setting } => format!("{scope} {setting}"),
            Self::File { host, file, .. } => {
                host.as_ref().map_or_else(|| file.clone(), |host| format!("{host}:{file}"))
            }
            Self::Package { host, purl } => format!("{host} {purl}"),
            Self::Vulnerability { asset, vulnerability } => format!("{asset} {vulnerability}"),
            Self::Certificate { certificate: text }
            | Self::Key { key: text }
            | Self::Component { component: text }
            | Self::Series { series: text }
            | Self::Record { record: text } => text.clone(),
        }
    }
}

/// A check's yes. It cannot be made without a proof. Texts, items and severity are added by the engine from the
/// catalogue, so that a check holds logic only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Slug of the check, such as `firewall/permit-any-any`.
    pub check: String,
    /// Which side of the check's question, where items ask for sides apart, such as `inbound`.
    pub aspect: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// The device or host concerned, where the evidence names it.
    pub asset: Option<String>,
    /// 0 to 1: how sure the check is that the fact is as stated. Not how bad it is.
    pub confidence: f64,
    /// What the texts of the catalogue may name in braces.
    pub facts: BTreeMap<String, Json>,
    /// At least one.
    pub evidence: Vec<Proof>,
}

impl Finding {
    /// A finding of `check` about `subject`, shown by `proof`.
    pub fn new(check: &str, subject: Subject, proof: Proof) -> Self {
        Self {
            check: check.to_owned(),
            aspect: None,
            subject,
            asset: None,
            confidence: 1.0,
            facts: BTreeMap::new(),
            evidence: vec![proof],
        }
    }

    /// Which side of the check's question.
    pub fn aspect(mut self, aspect: &str) -> Self {
        self.aspect = Some(aspect.to_owned());
        self
    }

    /// The device or host concerned.
    pub fn asset(mut self, asset: impl Into<String>) -> Self {
        self.asset = Some(asset.into());
        self
    }

    /// How sure, 0 to 1.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence.clamp(0.0, 1.0);
        self
    }

    /// A fact that texts can name.
    pub fn fact(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// One more place to look.
    pub fn proof(mut self, proof: Proof) -> Self {
        self.evidence.push(proof);
        self
    }

    /// The fingerprint that survives the years: check, aspect, system, asset and the subject's identity; never a
    /// line number, a time or a count.
    pub fn fingerprint(&self, system: &SystemId) -> String {
        fingerprint(&self.check, self.aspect.as_deref(), system, self.asset.as_deref(), &self.subject)
    }
}

/// See [`Finding::fingerprint`].
pub(crate) fn fingerprint(
    check: &str,
    aspect: Option<&str>,
    system: &SystemId,
    asset: Option<&str>,
    subject: &Subject,
) -> String {
    let identity = serde_json::json!([check, aspect, system, asset, subject.identity()]);
    Sha256::of(identity.to_string().as_bytes()).short()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(line: u64) -> Finding {
        let proof = Proof {
            sha256: Sha256::of(b""),
            path: "a".into(),
            member: None,
            locator: Locator::Line(line),
            excerpt: String::new(),
        };
        Finding::new("firewall/permit-any-any", Subject::Rule { device: "fw".into(), rule: "57".into(), line }, proof)
    }

    #[test]
    fn fingerprint_ignores_the_line_but_not_the_system() {
        let (a, b) = (SystemId("a".into()), SystemId("b".into()));
        assert_eq!(rule(1).fingerprint(&a), rule(2).fact("n", 3).fingerprint(&a));
        assert_ne!(rule(1).fingerprint(&a), rule(1).fingerprint(&b));
    }

    #[test]
    fn locators_have_the_contract_s_shape() {
        assert_eq!(serde_json::json!(Locator::Packet(4711)), serde_json::json!({"kind": "packet", "value": 4711}));
        assert_eq!(serde_json::json!(Locator::Whole), serde_json::json!({"kind": "whole"}));
    }
}
