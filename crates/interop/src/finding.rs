//! A finding of another tool, whatever format brought it, and the log that accounts for every record of its file.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{Severity, Sha256};
use secdiag_programme::identity::{Candidate, Key, Place};
use serde::{Deserialize, Serialize};

use crate::keys;

/// A finding of another tool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportedFinding {
    /// Name of the tool as the file gives it; empty when it gives none.
    pub tool: String,
    /// Version of the tool.
    pub tool_version: String,
    /// Id of the rule, check or vulnerability; the title where the format has no ids.
    pub rule: String,
    /// Headline: one line.
    pub title: String,
    /// What was found.
    pub description: String,
    /// What to do about it.
    pub advice: String,
    /// On our scale.
    pub severity: Grade,
    /// Whether the tool is sure that something is wrong.
    pub verdict: Verdict,
    /// CVSS scores and vectors, as given.
    pub cvss: Vec<Cvss>,
    /// CWE numbers, sorted.
    pub cwes: BTreeSet<u32>,
    /// Ids of the vulnerability (CVE, GHSA, …), sorted.
    pub ids: BTreeSet<String>,
    /// The component concerned.
    pub component: Option<Component>,
    /// The host, resource or product concerned.
    pub asset: Option<String>,
    /// Addresses where it shows. Occurrences: never part of its identity.
    pub endpoints: BTreeSet<String>,
    /// Places in files.
    pub locations: Vec<Location>,
    /// Set when somebody decided that it needs no action.
    pub suppressed: Option<Suppression>,
    /// Where to read more, sorted.
    pub references: BTreeSet<String>,
    /// Controls and categories that the tool assigns, such as `CIS-1.4: 1.20`, sorted.
    pub taxa: BTreeSet<String>,
    /// When the tool saw it, as written; empty where it does not say.
    pub seen_at: String,
    /// How the tool itself compares it with its own baseline (`new`, `unchanged`, `updated`, `absent`).
    pub baseline: String,
    /// Its keys, the most specific first.
    pub keys: Vec<Key>,
    /// Where in the file it comes from.
    pub source: Source,
    /// Position among the findings of the file, counted from 0: tells identical records apart.
    pub ordinal: u64,
}

/// Severity on our scale, with what the tool wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grade {
    /// On our scale.
    pub ours: Severity,
    /// As the tool wrote it, such as `error` or `security-severity 9.8`; empty where it wrote nothing.
    pub given: String,
}

impl Default for Grade {
    fn default() -> Self {
        Self { ours: Severity::Info, given: String::new() }
    }
}

/// How sure the tool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Something is wrong.
    #[default]
    Fail,
    /// A person has to look: the tool could not decide.
    Review,
}

/// One CVSS rating.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cvss {
    /// Vector string as given; empty where only a score is given.
    pub vector: String,
    /// Base score 0 to 10.
    pub score: Option<f64>,
}

/// A software component.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Component {
    /// Package URL; empty where there is none.
    pub purl: String,
    /// Name, with its group.
    pub name: String,
    /// Version; empty where there is none.
    pub version: String,
}

/// A place in a file or program.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Path below the project, with `/`.
    pub path: String,
    /// First line, counted from 1.
    pub line: Option<u64>,
    /// Last line.
    pub end_line: Option<u64>,
    /// First column, counted from 1.
    pub column: Option<u64>,
    /// Fully qualified name of the function, class or resource.
    pub logical: String,
    /// The text of the place itself.
    pub snippet: String,
    /// The text around it.
    pub context: String,
}

/// Why a finding needs no action, according to the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// What was decided.
    pub kind: SuppressionKind,
    /// As the file words it, such as `inSource accepted` or `not_affected`.
    pub given: String,
    /// Reason given; empty where there is none.
    pub justification: String,
}

/// Kinds of decision that files carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionKind {
    /// Silenced by a comment in the code or a setting of the tool.
    Muted,
    /// The risk is accepted.
    RiskAccepted,
    /// It is not true.
    FalsePositive,
    /// The product contains the component but is not affected.
    NotAffected,
    /// It was remedied.
    Fixed,
    /// Outside of what is assessed.
    OutOfScope,
    /// A copy of another finding.
    Duplicate,
}

/// Where in the file a finding comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// Record, counted from 1 over the whole file.
    pub record: u64,
    /// JSON pointer, `line N`, or element number, as a reader would look it up.
    pub pointer: String,
    /// Which of the findings that the record was expanded into, counted from 0.
    pub part: u64,
}

impl ImportedFinding {
    /// What the matching of runs needs to know.
    pub fn candidate(&self) -> Candidate {
        let location = self.locations.first();
        let place = Place {
            path: match (location, &self.component) {
                (Some(location), _) if !location.path.is_empty() => location.path.clone(),
                (_, Some(component)) => component.name.clone(),
                _ => self.asset.clone().unwrap_or_default(),
            },
            line: location.and_then(|location| location.line),
            column: location.and_then(|location| location.column),
            ordinal: self.ordinal,
        };
        let wording = keys::digest(&[&keys::steady(&self.title), &keys::steady(&self.description)]);
        let decided = self.suppressed.as_ref();
        let digest = keys::digest(&[
            self.severity.ours.word(),
            &self.title,
            &self.description,
            &self.advice,
            decided.map_or("", |decided| &decided.given),
            decided.map_or("", |decided| &decided.justification),
            self.component.as_ref().map_or("", |component| &component.version),
            &self.ids.iter().cloned().collect::<Vec<_>>().join(" "),
            &self.endpoints.iter().cloned().collect::<Vec<_>>().join(" "),
        ]);
        Candidate { keys: self.keys.clone(), place, wording, digest }
    }
}

/// What happened to every record of a file. [`ImportLog::balance`] proves that none got lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLog {
    /// Id of the format recognised.
    pub format: String,
    /// Version of the format that the file claims.
    pub version: String,
    /// SHA-256 of the file.
    pub sha256: Option<Sha256>,
    /// Tools that the file names, with versions, sorted.
    pub tools: BTreeSet<String>,
    /// Rules that the file says the tools evaluated; a rule that is not listed was not, or the file does not say.
    pub evaluated: BTreeSet<String>,
    /// The file itself says that it does not hold everything: the run failed, or results are kept elsewhere.
    pub partial: bool,
    /// Records read.
    pub records: u64,
    /// Findings kept.
    pub kept: u64,
    /// Findings kept that somebody decided need no action.
    pub suppressed: u64,
    /// Records that became several findings, one per place or component.
    pub expanded: Vec<Expanded>,
    /// Records that repeat an earlier one and were merged into it.
    pub merged: Vec<Merged>,
    /// Records that are no findings (passed, not applicable), by reason.
    pub passed: BTreeMap<String, Tally>,
    /// Records that could not be taken over.
    pub refused: Vec<Refused>,
    /// What was assumed about the file as a whole.
    pub notes: Vec<String>,
}

/// A record that became several findings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Expanded {
    /// Record, counted from 1.
    pub record: u64,
    /// Findings made of it.
    pub into: u64,
}

/// A record that was merged into an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Merged {
    /// Record, counted from 1.
    pub record: u64,
    /// The record that it repeats.
    pub into: u64,
    /// Why they are one.
    pub reason: String,
}

/// How many records, and the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Records.
    pub count: u64,
    /// The first of them, counted from 1.
    pub first: u64,
}

/// A record that could not be taken over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refused {
    /// Record, counted from 1.
    pub record: u64,
    /// Where, as a reader would look it up.
    pub place: String,
    /// Why.
    pub reason: String,
}

impl ImportLog {
    /// Findings that the records must have given: records, more by expansion, fewer by merging, passing and refusal.
    /// Equal to `kept` always.
    pub fn balance(&self) -> u64 {
        let more: u64 = self.expanded.iter().map(|expanded| expanded.into - 1).sum();
        let passed: u64 = self.passed.values().map(|tally| tally.count).sum();
        self.records + more - passed - self.merged.len() as u64 - self.refused.len() as u64
    }

    /// Whether a finding of this rule that the file does not show is known to be gone from what was looked at: only
    /// where the file says that the rule was evaluated, is whole, and no record was refused.
    pub fn looked_for(&self, rule: &str) -> bool {
        !self.partial && self.refused.is_empty() && self.evaluated.contains(rule)
    }

    /// The account in sentences, one per difference between records and findings.
    pub fn explain(&self) -> Vec<String> {
        let mut lines =
            vec![format!("{} {}: {} records, {} findings", self.format, self.version, self.records, self.kept)];
        let more: u64 = self.expanded.iter().map(|expanded| expanded.into - 1).sum();
        if more > 0 {
            lines.push(format!(
                "+{more}: {} records name several places or components; each is a finding of its own",
                self.expanded.len()
            ));
        }
        for (reason, tally) in &self.passed {
            lines.push(format!("-{}: {reason} (first: record {})", tally.count, tally.first));
        }
        for merged in &self.merged {
            lines.push(format!("-1: record {} repeats record {}: {}", merged.record, merged.into, merged.reason));
        }
        for refused in &self.refused {
            lines.push(format!("-1: record {} ({}) was refused: {}", refused.record, refused.place, refused.reason));
        }
        if self.suppressed > 0 {
            lines.push(format!("{} of the findings carry a decision that they need no action", self.suppressed));
        }
        lines.extend(self.notes.iter().cloned());
        lines
    }
}
