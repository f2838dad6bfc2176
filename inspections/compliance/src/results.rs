//! A result of this program handed in as evidence: `run.json`, `items.json` and `findings.jsonl` of one folder are an
//! assessment report, and are held to its elements.
//!
//! The shapes are the machine contract's (`secdiag_model::result`), read leniently: a result of another version is read
//! as far as it goes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};

use secdiag_inspect::{Document, ParseCx, Stop, Unit};
use secdiag_model::{Artefact, EvidenceSet, Head, Match, Note, NoteKind};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Longest line of `findings.jsonl` that is read.
const LINE: u64 = 1 << 20;

/// Largest `run.json` and `items.json`.
const FILE: u64 = 64 << 20;

/// What a result holds of a report's elements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResultReport {
    /// Id of the run.
    pub(crate) run: String,
    /// Its as-of date.
    pub(crate) as_of: String,
    /// Systems that it names, without the unnamed one.
    pub(crate) systems: BTreeSet<String>,
    /// Files that it read.
    pub(crate) files: u64,
    /// Findings that it counts; nothing where it does not say.
    pub(crate) counted: Option<u64>,
    /// Outcomes of its items, each once; empty without `items.json`.
    pub(crate) outcomes: BTreeMap<String, BTreeSet<String>>,
    /// Findings in `findings.jsonl`.
    pub(crate) findings: u64,
    /// Findings that lack a part of the report: severity, kind, risk, improvement, proof.
    pub(crate) lacking: BTreeMap<String, u64>,
}

impl Document for ResultReport {
    const KIND: &'static str = "result";
}

/// Recognises `run.json`.
pub(crate) fn sniff_run(head: &Head<'_>) -> Match {
    has(head, &["\"schema\"", "\"run\"", "\"engine\"", "\"catalogue\"", "\"as_of\""])
}

/// Recognises `items.json`.
pub(crate) fn sniff_items(head: &Head<'_>) -> Match {
    has(head, &["\"schema\"", "\"items\"", "\"rev\"", "\"outcome\"", "\"trustworthy\""])
}

/// Recognises `findings.jsonl`.
pub(crate) fn sniff_findings(head: &Head<'_>) -> Match {
    has(head, &["\"check\"", "\"severity\"", "\"subject\"", "\"facts\"", "\"first_seen\""])
}

fn has(head: &Head<'_>, words: &[&str]) -> Match {
    let text = head.text();
    if text.trim_start().starts_with('{') && words.iter().all(|word| text.contains(word)) {
        Match::Yes(85)
    } else {
        Match::No
    }
}

/// The results in the evidence: the files of one folder together. Without its `run.json` a file is no result.
pub(crate) fn units(evidence: &EvidenceSet) -> Vec<Unit> {
    let mut folders: BTreeMap<String, Vec<Artefact>> = BTreeMap::new();
    for artefact in &evidence.artefacts {
        if artefact.format().is_some_and(|format| super::formats::RESULT.contains(&format)) {
            let path = artefact.display_path();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            folders.entry(folder.to_owned()).or_default().push(artefact.clone());
        }
    }
    let units = folders.into_iter().map(|(name, mut artefacts)| {
        artefacts.sort_by_key(|artefact| super::formats::RESULT.iter().position(|id| artefact.format() == Some(id)));
        Unit { name: if name.is_empty() { artefacts[0].display_path() } else { name }, artefacts }
    });
    units.collect()
}

/// Reads one result.
pub(crate) fn parse(unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
    let mut report = ResultReport::default();
    let mut is_result = false;
    for artefact in &unit.artefacts {
        match artefact.format() {
            Some("secdiag-run") => {
                is_result = true;
                take_run(&json(artefact, cx)?, &mut report);
            }
            Some("secdiag-items") => take_items(&json(artefact, cx)?, &mut report),
            _ => take_findings(artefact, &mut report, cx)?,
        }
    }
    if is_result {
        return cx.document(&unit.artefacts, &report);
    }
    let text = "the run.json that belongs to it is not beside it: it was not taken for a result";
    cx.note(Note::new(NoteKind::Assumed, "result-without-run", text).on(unit.first()));
    Ok(())
}

fn json(artefact: &Artefact, cx: &ParseCx<'_>) -> Result<Json, Stop> {
    let (bytes, cut) = cx.bytes(artefact, FILE)?;
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(value),
        Err(error) => {
            let text = if cut { format!("the file is larger than {FILE} bytes") } else { error.to_string() };
            let note = Note::new(NoteKind::Broken, "does-not-parse", text).at(format!("line {}", error.line()));
            cx.note(note.on(artefact));
            Ok(Json::Null)
        }
    }
}

fn take_run(run: &Json, report: &mut ResultReport) {
    let text = |key: &str| run.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    (report.run, report.as_of) = (text("run"), text("as_of"));
    let systems = run.get("systems").and_then(Json::as_array).into_iter().flatten();
    let ids = systems.filter_map(|system| system.get("id")?.as_str()).filter(|id| *id != "unnamed");
    report.systems = ids.map(str::to_owned).collect();
    let sum = |key: &str| -> Option<u64> {
        let counts = run.get(key)?.as_object()?.values().filter_map(Json::as_u64);
        Some(counts.fold(0, u64::saturating_add))
    };
    report.files = sum("files").unwrap_or_default();
    report.counted = sum("findings");
}

fn take_items(items: &Json, report: &mut ResultReport) {
    for item in items.get("items").and_then(Json::as_array).into_iter().flatten() {
        let text = |key: &str| item.get(key).and_then(Json::as_str);
        if let (Some(id), Some(outcome)) = (text("item"), text("outcome")) {
            report.outcomes.entry(id.to_owned()).or_default().insert(outcome.to_owned());
        }
    }
}

fn take_findings(artefact: &Artefact, report: &mut ResultReport, cx: &ParseCx<'_>) -> Result<(), Stop> {
    let mut reader = BufReader::new(cx.open(artefact)?);
    let (mut broken, mut first) = (0, 0);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if (&mut reader).take(LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Json>(&line) {
            Ok(finding) if finding.is_object() => take_finding(&finding, report),
            _ => {
                broken += 1;
                first = if first == 0 { number } else { first };
            }
        }
    }
    if broken > 0 {
        let note = Note::new(NoteKind::NotUnderstood, "not-a-finding", "lines that are no finding were not counted");
        cx.note(note.at(format!("line {first}")).times(broken).on(artefact));
    }
    Ok(())
}

fn take_finding(finding: &Json, report: &mut ResultReport) {
    report.findings += 1;
    let text = |key: &str| finding.get(key).and_then(Json::as_str).is_some_and(|text| !text.trim().is_empty());
    let proof = finding.get("evidence").and_then(Json::as_array).is_some_and(|proofs| !proofs.is_empty());
    let parts = [
        ("severity", text("severity")),
        ("deficiency_kind", text("check")),
        ("risk_description", text("risk")),
        ("improvement", text("advice")),
        ("records", proof),
        ("deficiencies", text("title")),
    ];
    for (part, _) in parts.into_iter().filter(|(_, there)| !there) {
        *report.lacking.entry(part.to_owned()).or_default() += 1;
    }
}
