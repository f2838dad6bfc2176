//! Units on worker threads, largest first; each result is kept in the lake by the content that it was made from, so
//! that a run continues after a crash and a second run parses nothing twice.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use secdiag_inspect::{Inspection, ParseCx, ParseSink, Stop, StoredDocument, Unit};
use secdiag_lake::PartWriter;
use secdiag_model::{Note, NoteKind, Period, RowValues, Sha256, Table};
use serde::{Deserialize, Serialize};

use crate::{EngineError, Phase, Request, Workplace};

/// What parsing came to.
pub(crate) struct Parsed {
    /// Units that were parsed, now or earlier, in the order of inspections and paths.
    pub(crate) units: Vec<ParsedUnit>,
    /// Units whose parser crashed.
    pub(crate) crashes: Vec<Crash>,
}

/// One unit with its output.
pub(crate) struct ParsedUnit {
    pub(crate) inspection: &'static dyn Inspection,
    pub(crate) unit: Unit,
    pub(crate) output: UnitOutput,
    folder: PathBuf,
}

/// A parser that panicked.
pub(crate) struct Crash {
    pub(crate) inspection: &'static str,
    pub(crate) unit: Unit,
    pub(crate) note: Note,
}

/// What trying a unit came to: parsed, crashed, or the machine failed.
type Tried = Result<Result<ParsedUnit, Crash>, EngineError>;

/// `unit.json` of a unit's folder in the lake.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct UnitOutput {
    pub(crate) documents: Vec<StoredDocument>,
    pub(crate) notes: Vec<Note>,
    pub(crate) periods: Vec<(Sha256, Period)>,
    pub(crate) losses: Vec<(Sha256, u64, u64)>,
    /// Rows by table.
    pub(crate) rows: BTreeMap<String, u64>,
}

impl ParsedUnit {
    /// The unit's part of a table, if it filled any.
    pub(crate) fn part(&self, table: &Table) -> Option<PathBuf> {
        self.output.rows.contains_key(table.name).then(|| part_path(&self.folder, table))
    }
}

/// Parses every unit of every inspection, or takes its result from the lake.
pub(crate) fn parse(request: &Request<'_>, work: &Workplace<'_>) -> Result<Parsed, EngineError> {
    remove_leftovers(work.lake);
    let mut jobs: Vec<(&'static dyn Inspection, Unit)> = Vec::new();
    for inspection in request.inspections {
        jobs.extend(inspection.units(request.evidence).into_iter().map(|unit| (*inspection, unit)));
    }
    work.progress.phase(Phase::Parse, jobs.len() as u64, jobs.iter().map(|(_, unit)| unit.size()).sum());

    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(jobs[*index].1.size()));
    let results: Vec<Mutex<Option<Tried>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..work.threads.max(1) {
            scope.spawn(|| {
                while let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let (inspection, unit) = &jobs[*index];
                    let result = parse_unit(*inspection, unit, work);
                    if result.is_err() {
                        stop.store(true, Ordering::Relaxed);
                    }
                    work.progress.finished(&unit.name);
                    if let Ok(mut slot) = results[*index].lock() {
                        *slot = Some(result);
                    }
                }
            });
        }
    });

    let mut parsed = Parsed { units: Vec::new(), crashes: Vec::new() };
    let mut failure = None;
    for result in results.into_iter().filter_map(|slot| slot.into_inner().ok().flatten()) {
        match result {
            Ok(Ok(unit)) => parsed.units.push(unit),
            Ok(Err(crash)) => parsed.crashes.push(crash),
            // A failure of the machine says more than the cancel that it may have caused.
            Err(error) if failure.is_none() || !matches!(error, EngineError::Cancelled) => failure = Some(error),
            Err(_) => {}
        }
    }
    failure.map_or(Ok(parsed), Err)
}

fn parse_unit(
    inspection: &'static dyn Inspection,
    unit: &Unit,
    work: &Workplace<'_>,
) -> Result<Result<ParsedUnit, Crash>, EngineError> {
    if work.progress.cancelled() {
        return Err(EngineError::Cancelled);
    }
    let key = unit_key(inspection, unit);
    let folder = work.lake.join(inspection.meta().id).join(&key);
    if let Some(output) = read_output(&folder) {
        work.progress.advanced(unit.size());
        return Ok(Ok(ParsedUnit { inspection, unit: unit.clone(), output, folder }));
    }
    let scratch = work.lake.join(format!("{SCRATCH}{key}"));
    create_dir(&scratch)?;
    let sink = LakeSink { folder: &scratch, work, parts: RefCell::default(), output: RefCell::default() };
    let run = || inspection.parse(unit, &ParseCx::new(work.source, &sink));
    match std::panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => {}
        Ok(Err(Stop::Cancelled)) => {
            let _ = std::fs::remove_dir_all(&scratch);
            return Err(EngineError::Cancelled);
        }
        Ok(Err(Stop::Infrastructure(what))) => {
            return Err(EngineError::Infrastructure(format!("{}: {what}", unit.name)));
        }
        Err(panic) => {
            let _ = std::fs::remove_dir_all(&scratch);
            let text = format!(
                "the {} parser crashed: {}. The items that depend on it are marked as errors; please report this with the file if you can",
                inspection.meta().id,
                panic_text(&*panic)
            );
            let note = Note::new(NoteKind::Internal, "parser-crashed", text).on(unit.first());
            return Ok(Err(Crash { inspection: inspection.meta().id, unit: unit.clone(), note }));
        }
    }
    let output = sink.finish()?;
    let json = serde_json::to_vec(&output).map_err(|error| EngineError::Infrastructure(error.to_string()))?;
    std::fs::write(scratch.join(OUTPUT), json).map_err(io(&scratch))?;
    create_dir(&work.lake.join(inspection.meta().id))?;
    if let Err(error) = std::fs::rename(&scratch, &folder) {
        // Another process may have parsed the same unit meanwhile: its result is as good as ours.
        let _ = std::fs::remove_dir_all(&scratch);
        if read_output(&folder).is_none() {
            return Err(EngineError::Io { path: folder, error });
        }
    }
    Ok(Ok(ParsedUnit { inspection, unit: unit.clone(), output, folder }))
}

const OUTPUT: &str = "unit.json";
const SCRATCH: &str = "unfinished-";

/// Names a unit's result: the inspection and its version, and everything of the artefacts that a parser can see.
fn unit_key(inspection: &dyn Inspection, unit: &Unit) -> String {
    let meta = inspection.meta();
    let seen = unit.artefacts.iter().map(|artefact| {
        (
            artefact.sha256,
            artefact.format(),
            artefact.display_path(),
            &artefact.binding.asset,
            &artefact.binding.capture_point,
        )
    });
    let key = serde_json::json!([meta.id, meta.parser_version, env!("CARGO_PKG_VERSION"), seen.collect::<Vec<_>>()]);
    Sha256::of(key.to_string().as_bytes()).short()
}

fn read_output(folder: &Path) -> Option<UnitOutput> {
    serde_json::from_slice(&std::fs::read(folder.join(OUTPUT)).ok()?).ok()
}

fn part_path(folder: &Path, table: &Table) -> PathBuf {
    folder.join(table.name).with_extension("parquet")
}

/// What a killed run left half-written is never taken for a result; here it goes away.
fn remove_leftovers(lake: &Path) {
    let Ok(entries) = std::fs::read_dir(lake) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(SCRATCH)) {
        let _ = std::fs::remove_dir_all(entry.path());
    }
}

fn create_dir(path: &Path) -> Result<(), EngineError> {
    std::fs::create_dir_all(path).map_err(io(path))
}

pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> EngineError {
    let path = path.to_owned();
    move |error| EngineError::Io { path, error }
}

/// The message of a panic.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown panic")
}

/// Takes one unit's output: rows to Parquet, the rest into memory.
struct LakeSink<'a> {
    folder: &'a Path,
    work: &'a Workplace<'a>,
    parts: RefCell<BTreeMap<&'static str, (PartWriter, u64)>>,
    output: RefCell<UnitOutput>,
}

impl LakeSink<'_> {
    fn finish(self) -> Result<UnitOutput, EngineError> {
        let mut output = self.output.into_inner();
        for (table, (writer, rows)) in self.parts.into_inner() {
            writer.finish()?;
            output.rows.insert(table.to_owned(), rows);
        }
        output.notes.sort();
        output.periods.sort();
        Ok(output)
    }
}

impl ParseSink for LakeSink<'_> {
    fn row(&self, table: &'static Table, evidence: Sha256, locator: u64, values: RowValues<'_>) -> Result<(), Stop> {
        let mut parts = self.parts.borrow_mut();
        let failed = |error: secdiag_lake::LakeError| Stop::Infrastructure(error.to_string());
        if !parts.contains_key(table.name) {
            let writer = PartWriter::create(&part_path(self.folder, table), table).map_err(failed)?;
            parts.insert(table.name, (writer, 0));
        }
        match parts.get_mut(table.name) {
            Some((writer, rows)) => {
                *rows += 1;
                writer.push(evidence, locator, values).map_err(failed)
            }
            None => Ok(()),
        }
    }

    fn document(&self, document: StoredDocument) {
        self.output.borrow_mut().documents.push(document);
    }

    fn note(&self, note: Note) {
        self.output.borrow_mut().notes.push(note);
    }

    fn period(&self, evidence: Sha256, period: Period) {
        self.output.borrow_mut().periods.push((evidence, period));
    }

    fn loss(&self, evidence: Sha256, captured: u64, lost: u64) {
        self.output.borrow_mut().losses.push((evidence, captured, lost));
    }

    fn tick(&self, bytes: u64) -> bool {
        self.work.progress.advanced(bytes);
        !self.work.progress.cancelled()
    }
}
