//! What a run writes: the machine contract. `xtask docs` turns these types into the JSON schemas of `docs/schemas/`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::programme::Programme;
use crate::{Artefact, Bilingual, CheckState, ItemId, Note, Outcome, Proof, Severity, Sha256, Subject, SystemId};

/// Version of the files' shapes; raised when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 2;

/// Where a finding stands against earlier runs of the same system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingStatus {
    /// Not seen before.
    New,
    /// Seen in the run before.
    Persisting,
    /// Seen earlier, resolved in between, seen again.
    Returned,
}

/// A line of `findings.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindingRecord {
    /// The fingerprint under which it was first seen: the same defect has the same id in every run, also on a device
    /// that was renamed or re-addressed since, where the register of devices says so.
    pub id: String,
    /// Slug of the check; `secdiag explain CHECK` tells more.
    pub check: String,
    /// Which side of the check's question, where items ask for sides apart.
    pub aspect: Option<String>,
    /// Headline, English.
    pub title: String,
    /// Severity after the catalogue's rules.
    pub severity: Severity,
    /// 0 to 1: how sure the fact is.
    pub confidence: f64,
    /// Items that the finding counts for, sorted.
    pub items: Vec<ItemId>,
    /// System that it belongs to.
    pub system: SystemId,
    /// Device or host, where the evidence names it.
    pub asset: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// Facts that the texts are made of.
    pub facts: BTreeMap<String, Json>,
    /// Proof, sorted; at least one.
    pub evidence: Vec<Proof>,
    /// Risk description, English.
    pub risk: String,
    /// Concrete improvement, English.
    pub advice: String,
    /// The same texts in Traditional Chinese.
    pub zh_tw: FindingTexts,
    /// Against earlier runs of the workspace.
    pub status: FindingStatus,
    /// As-of date of the first run that saw it, `YYYY-MM-DD`.
    pub first_seen: String,
    /// As-of date of the last run that saw it: this one.
    pub last_seen: String,
}

impl FindingRecord {
    /// The fingerprint by the names that the evidence of this run uses.
    pub fn fingerprint(&self) -> String {
        let (aspect, asset) = (self.aspect.as_deref(), self.asset.as_deref());
        crate::finding::fingerprint(&self.check, aspect, &self.system, asset, &self.subject)
    }
}

/// A finding's texts in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingTexts {
    /// Headline.
    pub title: String,
    /// Risk description.
    pub risk: String,
    /// Concrete improvement.
    pub advice: String,
}

/// A finding of earlier runs that this run looked for again and did not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResolvedFinding {
    /// Fingerprint.
    pub id: String,
    /// Slug of the check.
    pub check: String,
    /// System.
    pub system: SystemId,
    /// Headline, English, as it was last seen.
    pub title: String,
    /// Severity as it was last seen.
    pub severity: Severity,
    /// As-of date of the first run that saw it.
    pub first_seen: String,
    /// As-of date of the last run that saw it.
    pub last_seen: String,
}

/// `items.json`: the outcome of every item of the regime for every system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemsFile {
    /// [`SCHEMA_VERSION`].
    pub schema: u32,
    /// Sorted by item, then system.
    pub items: Vec<ItemResult>,
}

/// One item for one system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemResult {
    /// Item.
    pub item: ItemId,
    /// Revision of the item's wording.
    pub rev: u32,
    /// Name of the item.
    pub title: Bilingual,
    /// System.
    pub system: SystemId,
    /// Outcome.
    pub outcome: Outcome,
    /// Weight of passed checks over weight of decided checks, 0 to 100; null where nothing was decided.
    pub score: Option<f64>,
    /// Weight of decided checks over weight of all checks of the item, 0 to 100; null where the item has no checks.
    pub coverage: Option<f64>,
    /// False when a check of the item crashed.
    pub trustworthy: bool,
    /// What decides the outcome, a sentence or two.
    pub why: Bilingual,
    /// Open findings by severity; severities without findings are left out.
    pub findings: BTreeMap<Severity, u64>,
    /// Ids of the findings, sorted by severity and title.
    pub finding_ids: Vec<String>,
    /// The item's checks.
    pub checks: Vec<ItemCheckResult>,
    /// The item's evidence needs.
    pub evidence: Vec<NeedResult>,
    /// Attestations asked for and given.
    pub attestations: Vec<AttestationResult>,
}

/// One check as it counts for one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemCheckResult {
    /// Slug.
    pub check: String,
    /// State.
    pub state: CheckState,
    /// Subjects looked at.
    pub looked_at: u64,
    /// What was counted, such as `rules`.
    pub what: String,
    /// Findings.
    pub findings: u64,
}

/// One evidence need of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeedResult {
    /// Codes of the kinds, any of which would do.
    pub any_of: Vec<String>,
    /// Enough.
    pub sufficient: bool,
    /// The item can be decided without it.
    pub optional: bool,
    /// What was measured against what is asked.
    pub why: Bilingual,
}

/// One attestation of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttestationResult {
    /// Slug within the item.
    pub id: String,
    /// What is stated.
    pub text: Bilingual,
    /// Who stated it and when; nothing when nobody did.
    pub by: Option<String>,
}

/// `coverage.json`: what was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoverageFile {
    /// [`SCHEMA_VERSION`].
    pub schema: u32,
    /// Every check of the binary for every system, sorted.
    pub checks: Vec<CheckCoverage>,
    /// Every file and archive member, sorted by path and member.
    pub evidence: Vec<Artefact>,
}

/// What one check did for one system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CheckCoverage {
    /// System.
    pub system: SystemId,
    /// Slug.
    pub check: String,
    /// State over all aspects.
    pub state: CheckState,
    /// Subjects looked at.
    pub looked_at: u64,
    /// What was counted.
    pub what: String,
    /// What was looked at by side of the check's question, sorted; one part without a side where it has none.
    pub parts: Vec<CoveragePart>,
    /// Findings.
    pub findings: u64,
}

/// What one check looked at on one side of its question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CoveragePart {
    /// Side of the check's question; null where it has none.
    pub aspect: Option<String>,
    /// Subjects looked at, more than 0.
    pub looked_at: u64,
    /// The devices or hosts looked at, as findings name them in `asset`; empty: all that the system has.
    pub assets: BTreeSet<String>,
}

impl CoveragePart {
    /// Adds another look at the same side. Once all of the system was looked at, single assets say nothing more.
    pub fn add(&mut self, looked_at: u64, assets: &BTreeSet<String>) {
        self.looked_at += looked_at;
        if assets.is_empty() {
            self.assets.clear();
        } else if !self.assets.is_empty() {
            self.assets.extend(assets.iter().cloned());
        }
    }

    /// Whether a finding of this side of the question would have been seen.
    pub fn is_side(&self, aspect: Option<&str>) -> bool {
        self.aspect.is_none() || aspect.is_none() || self.aspect.as_deref() == aspect
    }
}

/// A system of the assessment, as `assessment.toml` declares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemInfo {
    /// Id.
    pub id: SystemId,
    /// Name for readers.
    pub name: String,
    /// 1, 2 or 3; nothing when it was not declared.
    pub category: Option<u8>,
    /// Sampling populations by kind of evidence code.
    #[serde(default)]
    pub population: BTreeMap<String, u64>,
}

/// `run.json`: what was run on what. Nothing in it depends on the clock, the machine or the number of threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunInfo {
    /// [`SCHEMA_VERSION`].
    pub schema: u32,
    /// Digest of engine version, catalogue, parameters and evidence: the same inputs are the same run.
    pub run: String,
    /// Version of secdiag.
    pub engine: String,
    /// Digest of the catalogue.
    pub catalogue: Sha256,
    /// Regime.
    pub regime: String,
    /// Date that the run is about, `YYYY-MM-DD`.
    pub as_of: String,
    /// Threshold set.
    pub thresholds: String,
    /// Name of the firm, from `assessment.toml`.
    pub firm: Option<String>,
    /// Name of the assessment, from `assessment.toml`.
    pub assessment: Option<String>,
    /// False when no `assessment.toml` bound the evidence: everything belongs to one unnamed system.
    pub bound: bool,
    /// Systems, sorted by id.
    pub systems: Vec<SystemInfo>,
    /// Digest over all evidence digests and paths.
    pub evidence: Sha256,
    /// Files and members by state: `recognised`, `container`, `unsupported`, `broken`.
    pub files: BTreeMap<String, u64>,
    /// Bytes of all files given.
    pub bytes: u64,
    /// Indicator lists used, sorted.
    pub intel: Vec<IntelList>,
    /// Findings by severity.
    pub findings: BTreeMap<Severity, u64>,
    /// Items by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Findings of earlier runs that are gone: looked for again and not seen.
    pub resolved: Vec<ResolvedFinding>,
    /// Lines, records and files that were not understood.
    pub not_understood: u64,
    /// SHA-256 over the findings without their history: what the evidence says, whatever the workspace remembers.
    pub seal: Sha256,
    /// Whether an inspection crashed.
    pub crashed: bool,
}

/// An indicator list that a run used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct IntelList {
    /// Name.
    pub name: String,
    /// Digest of its file.
    pub sha256: Sha256,
    /// `YYYY-MM-DD`; empty when the list has no date.
    pub date: String,
    /// Indicators used.
    pub indicators: u64,
    /// Entries that were not understood or are of kinds that are not matched.
    pub skipped: u64,
    /// Indicators by kind: `ip`, `domain`, `hash`, `email`.
    #[serde(default)]
    pub by_kind: BTreeMap<String, u64>,
    /// Indicators that a warning list calls innocent: they accuse nobody by themselves.
    #[serde(default)]
    pub doubtful: u64,
    /// Findings of this run that name the list.
    #[serde(default)]
    pub hits: u64,
}

/// Everything a run found: what reports are made of.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResult {
    /// `run.json`.
    pub run: RunInfo,
    /// `findings.jsonl`, most severe first, then by content.
    pub findings: Vec<FindingRecord>,
    /// `items.json`.
    pub items: Vec<ItemResult>,
    /// `coverage.json`.
    pub coverage: CoverageFile,
    /// `notes.jsonl`, sorted.
    pub notes: Vec<Note>,
    /// `programme.json`, once the workspace was asked. The seal leaves it out, as it does all of history.
    pub programme: Option<Programme>,
}
