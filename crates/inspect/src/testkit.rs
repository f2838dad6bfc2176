//! Runs an inspection over bytes in memory, so that its tests need no engine, no disk and no lake.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::LazyLock;

use secdiag_catalogue::{Catalogue, ThresholdSet};
use secdiag_model::result::SystemInfo;
use secdiag_model::{
    Artefact, Binding, EvidenceSet, Finding, Format, Head, Match, Note, Period, Recognition, RowValues, Sha256,
    SystemId, Table,
};
use serde_json::Value as Json;

use crate::{
    Facts, Inspection, JudgeCx, JudgeSink, Looked, ParseCx, ParseSink, Source, Stop, StoredDocument, row_json,
};

/// What judges have where a test gives nothing else.
static BUILT_IN: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::built_in().unwrap_or_else(|error| panic!("the built-in catalogue: {error}")));

/// Evidence in memory and what an inspection made of it.
#[derive(Default)]
pub struct Bench {
    contents: BTreeMap<Sha256, Vec<u8>>,
    artefacts: Vec<Artefact>,
    catalogue: Option<Catalogue>,
}

/// What parsing gave.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Rows of every table as JSON objects, in order, with `_locator`.
    pub rows: BTreeMap<&'static str, Vec<Json>>,
    /// Documents.
    pub documents: Vec<StoredDocument>,
    /// Notes.
    pub notes: Vec<Note>,
    /// Covered stretches of time.
    pub periods: Vec<Period>,
    /// Packets captured and lost.
    pub losses: Vec<(u64, u64)>,
}

/// What judging gave.
#[derive(Debug, Default)]
pub struct Judged {
    /// Findings in the order reported.
    pub findings: Vec<Finding>,
    /// Coverage.
    pub looked: Vec<Looked>,
    /// Notes.
    pub notes: Vec<Note>,
}

impl Judged {
    /// Slugs of the checks that fired, sorted, once each.
    pub fn checks(&self) -> Vec<&str> {
        let mut checks: Vec<_> = self.findings.iter().map(|finding| finding.check.as_str()).collect();
        checks.sort_unstable();
        checks.dedup();
        checks
    }

    /// Subjects that each check looked at, over all assets and aspects, in the order of the checks.
    pub fn looked_at(&self) -> Vec<(&'static str, u64, &'static str)> {
        let mut sums: Vec<(&'static str, u64, &'static str)> = Vec::new();
        for looked in &self.looked {
            match sums.iter_mut().find(|(check, ..)| *check == looked.check) {
                Some((_, count, _)) => *count += looked.count,
                None => sums.push((looked.check, looked.count, looked.what)),
            }
        }
        sums
    }
}

/// The format that a file is recognised as among `formats`, as intake decides it.
pub fn recognise(formats: &[&'static Format], name: &str, bytes: &[u8]) -> Option<&'static Format> {
    let head = Head::new(bytes, name, bytes.len() as u64);
    let rank = |format: &&'static Format| match (format.sniff)(&head) {
        Match::Yes(rank) => Some(rank),
        _ => None,
    };
    formats
        .iter()
        .copied()
        .filter_map(|format| Some((rank(&format)?, format)))
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, format)| format)
}

impl Bench {
    /// Adds a file, recognised among the inspection's formats by content as intake would.
    pub fn file(self, inspection: &dyn Inspection, path: &str, bytes: &[u8]) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        if let Some(format) = recognise(inspection.meta().formats, name, bytes) {
            return self.file_as(format, path, bytes);
        }
        let reason = "not recognised".into();
        self.add(path, bytes, Recognition::Unsupported { format: None, reason, close: vec![] })
    }

    /// Adds a file as one of a format, whatever it holds: for fuzzing a parser behind its recogniser.
    pub fn file_as(self, format: &'static Format, path: &str, bytes: &[u8]) -> Self {
        self.add(path, bytes, Recognition::Recognised { format: format.id.to_owned(), kind: format.kind })
    }

    fn add(mut self, path: &str, bytes: &[u8], recognition: Recognition) -> Self {
        let sha256 = Sha256::of(bytes);
        let binding = Binding { systems: vec![SystemId::unnamed()], ..Binding::default() };
        let size = bytes.len() as u64;
        self.artefacts.push(Artefact { sha256, size, path: path.to_owned(), member: None, recognition, binding });
        self.contents.insert(sha256, bytes.to_vec());
        self
    }

    /// Hands this catalogue to the judge instead of the built-in one.
    pub fn with_catalogue(mut self, catalogue: Catalogue) -> Self {
        self.catalogue = Some(catalogue);
        self
    }

    /// The evidence set so far.
    pub fn evidence(&self) -> EvidenceSet {
        EvidenceSet::new(self.artefacts.clone())
    }

    /// Parses everything.
    pub fn parse(&self, inspection: &dyn Inspection) -> Parsed {
        let collector = Collector::default();
        for unit in inspection.units(&self.evidence()) {
            if let Err(stop) = inspection.parse(&unit, &ParseCx::new(self, &collector)) {
                panic!("{}: {stop}", unit.name);
            }
        }
        collector.0.into_inner()
    }

    /// Parses and judges everything as one system, without queries' answers.
    pub fn judge(&self, inspection: &dyn Inspection, as_of: jiff::civil::Date, thresholds: &ThresholdSet) -> Judged {
        self.judge_with(inspection, as_of, thresholds, &BTreeMap::new())
    }

    /// The same with answers of queries.
    pub fn judge_with(
        &self,
        inspection: &dyn Inspection,
        as_of: jiff::civil::Date,
        thresholds: &ThresholdSet,
        rows: &BTreeMap<&'static str, Vec<Json>>,
    ) -> Judged {
        let system =
            SystemInfo { id: SystemId::unnamed(), name: String::new(), category: None, population: BTreeMap::new() };
        self.judge_system(inspection, as_of, thresholds, rows, &system)
    }

    /// The same for a system that is declared as somebody declared it.
    pub fn judge_system(
        &self,
        inspection: &dyn Inspection,
        as_of: jiff::civil::Date,
        thresholds: &ThresholdSet,
        rows: &BTreeMap<&'static str, Vec<Json>>,
        system: &SystemInfo,
    ) -> Judged {
        let parsed = self.parse(inspection);
        let evidence = self.evidence();
        let artefacts = |digests: &[Sha256]| {
            evidence.artefacts.iter().filter(|artefact| digests.contains(&artefact.sha256)).collect()
        };
        let documents = parsed.documents.iter().map(|document| (document, artefacts(&document.evidence))).collect();
        let collector = JudgeCollector::default();
        let catalogue = self.catalogue.as_ref().unwrap_or(&BUILT_IN);
        let cx = JudgeCx::new(as_of, thresholds, &[], system, catalogue, &collector);
        if let Err(stop) = inspection.judge(&Facts::new(&evidence, documents, rows), &cx) {
            panic!("{stop}");
        }
        collector.0.into_inner()
    }
}

impl Source for Bench {
    fn open(&self, sha256: &Sha256) -> std::io::Result<Box<dyn Read + Send>> {
        let bytes = self.contents.get(sha256).ok_or(std::io::ErrorKind::NotFound)?;
        Ok(Box::new(std::io::Cursor::new(bytes.clone())))
    }
}

#[derive(Default)]
struct Collector(RefCell<Parsed>);

impl ParseSink for Collector {
    fn row(&self, table: &'static Table, _: Sha256, locator: u64, values: RowValues<'_>) -> Result<(), Stop> {
        let mut row = row_json(table, values);
        row.insert("_locator".into(), locator.into());
        self.0.borrow_mut().rows.entry(table.name).or_default().push(Json::Object(row));
        Ok(())
    }
    fn document(&self, document: StoredDocument) {
        self.0.borrow_mut().documents.push(document);
    }
    fn note(&self, note: Note) {
        self.0.borrow_mut().notes.push(note);
    }
    fn period(&self, _: Sha256, period: Period) {
        self.0.borrow_mut().periods.push(period);
    }
    fn loss(&self, _: Sha256, captured: u64, lost: u64) {
        self.0.borrow_mut().losses.push((captured, lost));
    }
    fn tick(&self, _: u64) -> bool {
        true
    }
}

#[derive(Default)]
struct JudgeCollector(RefCell<Judged>);

impl JudgeSink for JudgeCollector {
    fn finding(&self, finding: Finding) {
        self.0.borrow_mut().findings.push(finding);
    }
    fn looked(&self, looked: Looked) {
        self.0.borrow_mut().looked.push(looked);
    }
    fn note(&self, note: Note) {
        self.0.borrow_mut().notes.push(note);
    }
}
