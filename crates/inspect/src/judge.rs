//! What a judge may touch.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use secdiag_catalogue::{Catalogue, ThresholdSet};
use secdiag_model::result::SystemInfo;
use secdiag_model::{Artefact, EvidenceSet, Finding, Note, Sha256};
use serde::de::DeserializeOwned;

use crate::{Check, Document, Stop, StoredDocument};

/// One system's facts: its evidence, the documents parsed from it, the answers to the inspection's queries.
pub struct Facts<'a> {
    /// The system's artefacts only.
    pub evidence: &'a EvidenceSet,
    documents: Vec<(&'a StoredDocument, Vec<&'a Artefact>)>,
    rows: &'a BTreeMap<&'static str, Vec<serde_json::Value>>,
}

/// A document with the artefacts that it was made from.
pub struct ParsedDocument<'a, D> {
    /// In the order of the unit; the first is the main one.
    pub artefacts: Vec<&'a Artefact>,
    /// The value.
    pub value: D,
}

impl<'a> Facts<'a> {
    /// For the engine and the test kit. Each document comes with the artefacts of the system that it was made from.
    pub fn new(
        evidence: &'a EvidenceSet,
        documents: Vec<(&'a StoredDocument, Vec<&'a Artefact>)>,
        rows: &'a BTreeMap<&'static str, Vec<serde_json::Value>>,
    ) -> Self {
        Self { evidence, documents, rows }
    }

    /// The documents of one type, in the order of their paths.
    pub fn documents<D: Document>(&self) -> Result<Vec<ParsedDocument<'a, D>>, Stop> {
        let of_kind = self.documents.iter().filter(|(document, _)| document.kind == D::KIND);
        of_kind
            .map(|(document, artefacts)| {
                let value = D::deserialize(&document.value).map_err(|error| {
                    Stop::Infrastructure(format!("a stored {} cannot be read back: {error}", D::KIND))
                })?;
                Ok(ParsedDocument { artefacts: artefacts.clone(), value })
            })
            .collect()
    }

    /// The answer of a query: one value per row, its columns as fields (addresses as text, times as microseconds).
    pub fn rows<T: DeserializeOwned>(&self, query: &str) -> Result<Vec<T>, Stop> {
        let rows = self.rows.get(query).map(Vec::as_slice).unwrap_or_default();
        rows.iter()
            .map(|row| {
                T::deserialize(row)
                    .map_err(|error| Stop::Infrastructure(format!("query {query}: unexpected row {row}: {error}")))
            })
            .collect()
    }

    /// The system's first artefact with this content.
    pub fn artefact(&self, sha256: Sha256) -> Option<&'a Artefact> {
        self.evidence.artefacts.iter().find(|artefact| artefact.sha256 == sha256)
    }
}

/// Coverage: how many subjects a check looked at. A pass is worth this much and no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Slug of the check.
    pub check: &'static str,
    /// Side of the check's question, as in [`Finding::aspect`].
    pub aspect: Option<String>,
    /// The devices or hosts looked at, as in [`Finding::asset`]; empty: all that the system has.
    pub assets: BTreeSet<String>,
    /// Subjects looked at.
    pub count: u64,
    /// What was counted, in English, such as `rules`.
    pub what: &'static str,
}

impl Looked {
    /// `check` looked at `count` subjects.
    pub fn at(check: &Check, count: u64, what: &'static str) -> Self {
        Self { check: check.id, aspect: None, assets: BTreeSet::new(), count, what }
    }

    /// For one side of the check's question only.
    pub fn aspect(mut self, aspect: &str) -> Self {
        self.aspect = Some(aspect.to_owned());
        self
    }

    /// On this device or host only: what was found earlier on another one has not been looked for again.
    pub fn on(mut self, asset: impl Into<String>) -> Self {
        self.assets.insert(asset.into());
        self
    }
}

/// Where a judge's output goes.
pub trait JudgeSink {
    /// A finding.
    fn finding(&self, finding: Finding);
    /// Coverage.
    fn looked(&self, looked: Looked);
    /// A note.
    fn note(&self, note: Note);
}

/// All that [`Inspection::judge`](crate::Inspection::judge) may touch.
pub struct JudgeCx<'a> {
    /// The date that the diagnostic is about; never the clock's.
    pub as_of: Date,
    /// The threshold set chosen for this engagement.
    pub thresholds: &'a ThresholdSet,
    /// Other sets, whose verdicts are shown beside it.
    pub also: &'a [ThresholdSet],
    /// The system that is judged.
    pub system: &'a SystemInfo,
    /// The catalogue of the run: categories, questionnaires, duties.
    pub catalogue: &'a Catalogue,
    sink: &'a dyn JudgeSink,
}

impl<'a> JudgeCx<'a> {
    /// For the engine and the test kit.
    pub fn new(
        as_of: Date,
        thresholds: &'a ThresholdSet,
        also: &'a [ThresholdSet],
        system: &'a SystemInfo,
        catalogue: &'a Catalogue,
        sink: &'a dyn JudgeSink,
    ) -> Self {
        Self { as_of, thresholds, also, system, catalogue, sink }
    }

    /// Reports a finding.
    pub fn report(&self, finding: Finding) {
        self.sink.finding(finding);
    }

    /// Says what a check looked at. Without this a check has not been assessed, whatever it reports.
    pub fn looked(&self, looked: Looked) {
        self.sink.looked(looked);
    }

    /// Adds a note.
    pub fn note(&self, note: Note) {
        self.sink.note(note);
    }
}
