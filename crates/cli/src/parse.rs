//! `secdiag parse FILE`: what a parser makes of one file, row by row.

use std::cell::RefCell;

use anyhow::Result;
use secdiag_evidence::{Options, Vault};
use secdiag_inspect::{ParseCx, ParseSink, Stop, StoredDocument, row_json};
use secdiag_model::{Note, Period, Recognition, RowValues, Sha256, Table};
use serde_json::Value as Json;

use crate::args::unknown;
use crate::diagnose::VaultSource;
use crate::{Exit, args, inspections, out};

pub(crate) fn parse(options: &args::Parse) -> Result<Exit> {
    let tables: Vec<&str> = inspections::INSPECTIONS
        .iter()
        .flat_map(|inspection| inspection.meta().tables.iter().map(|table| table.name))
        .collect();
    if let Some(table) = options.table.as_deref().filter(|table| !tables.contains(table)) {
        return Err(unknown("table", table, &tables));
    }
    let scratch = tempfile::tempdir()?;
    let vault = Vault::open_dir(scratch.path())?;
    let intake = secdiag_evidence::intake(
        std::slice::from_ref(&options.file),
        &inspections::formats(),
        &vault,
        &Options::default(),
        &(),
    )
    .map_err(|error| args::UsageError(error.to_string()))?;
    for note in &intake.notes {
        show_note(note);
    }
    let source = VaultSource(&vault);
    let mut units = 0;
    for inspection in inspections::INSPECTIONS {
        for unit in inspection.units(&intake.evidence) {
            let printer = Printer {
                wanted: options.table.as_deref(),
                json: options.json,
                headed: RefCell::default(),
                failed: RefCell::default(),
            };
            let ended = inspection.parse(&unit, &ParseCx::new(&source, &printer));
            if let Some(error) = printer.failed.into_inner() {
                return Err(error);
            }
            ended?;
            units += 1;
        }
    }
    if units > 0 {
        return Ok(Exit::Ran);
    }
    for artefact in &intake.evidence.artefacts {
        if let Recognition::Unsupported { reason, close, .. } = &artefact.recognition {
            let close = if close.is_empty() { String::new() } else { format!(" (close: {})", close.join("; ")) };
            out::error(&format!("{}: {reason}{close}", artefact.display_path()));
        }
    }
    Ok(Exit::NothingToInspect)
}

fn show_note(note: &Note) {
    let member = note.member.as_ref().map_or(String::new(), |member| format!("!/{member}"));
    let place = note.place.as_ref().map_or(String::new(), |place| format!(", {place}"));
    let times = if note.count > 1 { format!(" (× {})", note.count) } else { String::new() };
    out::error(&format!("note: {}{member}{place}: {}{times}", note.path, note.text));
}

/// Prints what a parser gives as it comes.
struct Printer<'a> {
    wanted: Option<&'a str>,
    json: bool,
    headed: RefCell<bool>,
    failed: RefCell<Option<anyhow::Error>>,
}

impl Printer<'_> {
    /// Remembers a failed write; the parser is then stopped.
    fn heard(&self, printed: Result<()>) -> Result<(), Stop> {
        printed.map_err(|error| {
            *self.failed.borrow_mut() = Some(error);
            Stop::Cancelled
        })
    }
}

impl ParseSink for Printer<'_> {
    fn row(&self, table: &'static Table, evidence: Sha256, locator: u64, values: RowValues<'_>) -> Result<(), Stop> {
        if self.wanted != Some(table.name) {
            return Ok(());
        }
        let mut row = row_json(table, values);
        if self.json {
            row.insert("_evidence".to_owned(), evidence.to_string().into());
            row.insert("_locator".to_owned(), locator.into());
            return self.heard(out::print_json(&row));
        }
        if !self.headed.replace(true) {
            let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
            self.heard(out::print(&names.join("\t")))?;
        }
        let cells: Vec<String> = table.columns.iter().map(|column| cell(row.get(column.name))).collect();
        self.heard(out::print(&cells.join("\t")))
    }

    fn document(&self, document: StoredDocument) {
        if self.wanted.is_none() {
            let _ = self.heard(if self.json {
                out::print_json(&document.value)
            } else {
                serde_json::to_string_pretty(&document.value)
                    .map_err(Into::into)
                    .and_then(|text| out::print(&format!("{}\n{text}", document.kind)))
            });
        }
    }

    fn note(&self, note: Note) {
        show_note(&note);
    }

    fn period(&self, _: Sha256, _: Period) {}

    fn loss(&self, _: Sha256, _: u64, _: u64) {}

    fn tick(&self, _: u64) -> bool {
        self.failed.borrow().is_none()
    }
}

/// A value in a tab-separated line: as Zeek writes it, `-` for nothing.
fn cell(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => "-".to_owned(),
        Some(Json::String(text)) => text.replace(['\t', '\n', '\r'], " "),
        Some(Json::Array(list)) => list.iter().map(|each| cell(Some(each))).collect::<Vec<_>>().join(","),
        Some(other) => other.to_string(),
    }
}
