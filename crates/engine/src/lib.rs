//! A diagnostic as a function: evidence, catalogue and as-of date in; sealed findings out.
//!
//! Four phases, each in its own file: `parse` (units on worker threads into the lake, kept by content), `judge`
//! (queries and checks, one system at a time), `items` (findings and coverage rolled up to outcomes), `seal` (the
//! files of the machine contract). Nothing here reads the clock; order comes from content, so any number of threads
//! gives the same bytes.

mod items;
mod judge;
mod parse;
mod seal;
mod why;

use std::path::Path;

use jiff::civil::Date;
use secdiag_catalogue::{Catalogue, Regime, ThresholdSet};
use secdiag_inspect::{Inspection, Source};
use secdiag_lake::LakeError;
use secdiag_model::result::{CoverageFile, FindingRecord, IntelList, RunInfo, RunResult, SCHEMA_VERSION, SystemInfo};
use secdiag_model::{EvidenceSet, Indicator, ItemId, Note, NoteKind, Outcome, Recognition, Severity, Sha256, SystemId};

pub use seal::{WriteError, write};

/// All that a run depends on.
pub struct Request<'a> {
    /// The inspections of the binary, in order.
    pub inspections: &'a [&'static dyn Inspection],
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// Which items are answered.
    pub regime: &'a Regime,
    /// The threshold set chosen.
    pub thresholds: &'a ThresholdSet,
    /// The other sets, shown beside it.
    pub also: &'a [ThresholdSet],
    /// The date that the diagnostic is about.
    pub as_of: Date,
    /// The evidence, bound to systems.
    pub evidence: &'a EvidenceSet,
    /// Bytes given to the run.
    pub bytes: u64,
    /// What intake noted.
    pub notes: &'a [Note],
    /// Who and what is assessed.
    pub scope: &'a Scope,
    /// Indicators to match against.
    pub indicators: &'a [Indicator],
    /// The lists that they came from.
    pub lists: &'a [IntelList],
}

/// Who and what is assessed, as `assessment.toml` declares it.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Name of the firm.
    pub firm: Option<String>,
    /// Name of the assessment.
    pub assessment: Option<String>,
    /// Whether an `assessment.toml` was there.
    pub bound: bool,
    /// Systems, sorted; at least one.
    pub systems: Vec<SystemInfo>,
    /// Attestations given.
    pub attestations: Vec<Statement>,
    /// Items said not to apply.
    pub not_applicable: Vec<Statement>,
}

/// A statement by a named person about an item, for one system or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Item.
    pub item: ItemId,
    /// For attestations: slug within the item; empty: the item's only one.
    pub id: String,
    /// System; nothing: all.
    pub system: Option<SystemId>,
    /// What was stated or why it does not apply.
    pub text: String,
    /// Who.
    pub by: String,
    /// When, as written.
    pub date: Option<String>,
}

/// Where and how a run works; none of it changes the result.
pub struct Workplace<'a> {
    /// Evidence by digest.
    pub source: &'a dyn Source,
    /// Folder of the lake.
    pub lake: &'a Path,
    /// Worker threads.
    pub threads: usize,
    /// Bytes of memory for queries before they spill.
    pub memory: usize,
    /// Told how far the run is.
    pub progress: &'a dyn Progress,
}

/// Hears how far a run is, and may stop it.
pub trait Progress: Sync {
    /// A phase begins: so many units, so many bytes.
    fn phase(&self, phase: Phase, units: u64, bytes: u64);
    /// Bytes read.
    fn advanced(&self, bytes: u64);
    /// A unit is done; `name` is what it was about.
    fn finished(&self, name: &str);
    /// Whether the user cancelled.
    fn cancelled(&self) -> bool;
}

/// A phase of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Evidence into tables and documents.
    Parse,
    /// Queries and checks.
    Judge,
}

/// Why a run did not come to an end. Broken evidence is not among it.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The user cancelled; what was parsed is kept, and the same command continues.
    #[error("cancelled: run the same command again to continue")]
    Cancelled,
    /// The machine failed.
    #[error("{0}")]
    Infrastructure(String),
    /// The lake failed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A file of the workspace cannot be written or read.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
}

/// Runs a diagnostic. The findings' history (`status`, `first_seen`) is not known here: all are new until the caller
/// asks its workspace.
pub fn diagnose(request: &Request<'_>, work: &Workplace<'_>) -> Result<RunResult, EngineError> {
    let parsed = parse::parse(request, work)?;
    let judged = judge::judge(request, work, &parsed)?;
    let items = items::roll_up(request, &parsed, &judged);

    let mut notes: Vec<Note> = request.notes.to_vec();
    notes.extend(judged.notes);
    for unit in &parsed.units {
        notes.extend(unit.output.notes.iter().cloned());
    }
    notes.extend(parsed.crashes.iter().map(|crash| crash.note.clone()));
    notes.sort();
    notes.dedup();

    let coverage =
        CoverageFile { schema: SCHEMA_VERSION, checks: judged.coverage, evidence: request.evidence.artefacts.clone() };
    let crashed = !parsed.crashes.is_empty() || judged.crashed;
    let evidence = evidence_digest(request.evidence);
    let run = RunInfo {
        schema: SCHEMA_VERSION,
        run: run_id(request, evidence),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        catalogue: request.catalogue.revision(),
        regime: request.regime.id.clone(),
        as_of: request.as_of.to_string(),
        thresholds: request.thresholds.id.clone(),
        firm: request.scope.firm.clone(),
        assessment: request.scope.assessment.clone(),
        bound: request.scope.bound,
        systems: request.scope.systems.clone(),
        evidence,
        files: count(request.evidence.artefacts.iter().map(|artefact| state_word(&artefact.recognition).to_owned())),
        bytes: request.bytes,
        intel: with_hits(request.lists, &judged.findings),
        findings: count::<Severity>(judged.findings.iter().map(|finding| finding.severity)),
        outcomes: count::<Outcome>(items.iter().map(|item| item.outcome)),
        resolved: Vec::new(),
        not_understood: notes.iter().filter(|note| note.kind == NoteKind::NotUnderstood).map(|note| note.count).sum(),
        seal: seal::seal(&judged.findings),
        crashed,
    };
    Ok(RunResult { run, findings: judged.findings, items, coverage, notes, programme: None })
}

/// The lists with how many findings name each.
fn with_hits(lists: &[IntelList], findings: &[FindingRecord]) -> Vec<IntelList> {
    let names = |finding: &FindingRecord, list: &str| {
        let lists = finding.facts.get("lists").and_then(|lists| lists.as_array());
        lists.is_some_and(|lists| lists.iter().any(|name| name.as_str() == Some(list)))
    };
    let hits = |list: &IntelList| findings.iter().filter(|finding| names(finding, &list.name)).count() as u64;
    lists.iter().map(|list| IntelList { hits: hits(list), ..list.clone() }).collect()
}

/// The word for a recognition in counts and lists.
pub fn state_word(recognition: &Recognition) -> &'static str {
    match recognition {
        Recognition::Recognised { .. } => "recognised",
        Recognition::Container { .. } => "container",
        Recognition::Unsupported { .. } => "unsupported",
        Recognition::Broken { .. } => "broken",
        Recognition::Assessment => "assessment",
    }
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> std::collections::BTreeMap<K, u64> {
    let mut counts = std::collections::BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Digest over every artefact with its place and binding: two runs with the same digest looked at the same evidence.
fn evidence_digest(evidence: &EvidenceSet) -> Sha256 {
    Sha256::of(&serde_json::to_vec(&evidence.artefacts).unwrap_or_default())
}

fn run_id(request: &Request<'_>, evidence: Sha256) -> String {
    let scope = request.scope;
    let inputs = serde_json::json!([
        env!("CARGO_PKG_VERSION"),
        request
            .inspections
            .iter()
            .map(|inspection| (inspection.meta().id, inspection.meta().parser_version))
            .collect::<Vec<_>>(),
        request.catalogue.revision(),
        request.regime.id,
        request.thresholds.id,
        request.as_of.to_string(),
        evidence,
        request.lists,
        [scope.firm.as_deref(), scope.assessment.as_deref()],
        scope.systems,
        scope.attestations.iter().chain(&scope.not_applicable).map(|s| format!("{s:?}")).collect::<Vec<_>>(),
    ]);
    Sha256::of(inputs.to_string().as_bytes()).short()
}
