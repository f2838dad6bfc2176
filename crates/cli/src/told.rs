//! What an inspection's parsers tell about some files, for commands that ask about them without a diagnostic.

use std::cell::RefCell;
use std::path::PathBuf;

use anyhow::Result;
use secdiag_evidence::{Options, Vault};
use secdiag_inspect::{Inspection, ParseCx, ParseSink, Stop, StoredDocument};
use secdiag_model::{EvidenceSet, Note, Period, RowValues, Sha256, Table};

use crate::args::UsageError;
use crate::diagnose::VaultSource;
use crate::out;

/// Documents of the files that the inspection recognises, each with the path of its file; notes go to standard error.
pub(crate) fn documents(
    paths: &[PathBuf],
    inspection: &dyn Inspection,
    options: &Options,
) -> Result<Vec<(String, StoredDocument)>> {
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        return Err(UsageError(format!("{}: there is no such file or folder", missing.display())).into());
    }
    let scratch = tempfile::tempdir()?;
    let vault = Vault::open_dir(scratch.path())?;
    let intake = secdiag_evidence::intake(paths, inspection.meta().formats, &vault, options, &())
        .map_err(|error| UsageError(error.to_string()))?;
    let (documents, notes) = parsed(&intake.evidence, &vault, inspection)?;
    for note in notes {
        let place = note.place.as_ref().map_or(String::new(), |place| format!(", {place}"));
        out::error(&format!("note: {}{place}: {}", note.path, note.text));
    }
    let path = |document: &StoredDocument| {
        let of = |sha: &&Sha256| intake.evidence.artefacts.iter().find(|artefact| artefact.sha256 == **sha);
        document.evidence.first().as_ref().and_then(of).map(secdiag_model::Artefact::display_path).unwrap_or_default()
    };
    Ok(documents.into_iter().map(|document| (path(&document), document)).collect())
}

/// What an inspection's parsers tell of evidence that was taken in.
pub(crate) fn parsed(
    evidence: &EvidenceSet,
    vault: &Vault,
    inspection: &dyn Inspection,
) -> Result<(Vec<StoredDocument>, Vec<Note>)> {
    let told = Told::default();
    let source = VaultSource(vault);
    for unit in inspection.units(evidence) {
        inspection.parse(&unit, &ParseCx::new(&source, &told))?;
    }
    Ok((told.documents.take(), told.notes.take()))
}

#[derive(Default)]
struct Told {
    documents: RefCell<Vec<StoredDocument>>,
    notes: RefCell<Vec<Note>>,
}

impl ParseSink for Told {
    fn row(&self, _: &'static Table, _: Sha256, _: u64, _: RowValues<'_>) -> Result<(), Stop> {
        Ok(())
    }

    fn document(&self, document: StoredDocument) {
        self.documents.borrow_mut().push(document);
    }

    fn note(&self, note: Note) {
        self.notes.borrow_mut().push(note);
    }

    fn period(&self, _: Sha256, _: Period) {}

    fn loss(&self, _: Sha256, _: u64, _: u64) {}

    fn tick(&self, _: u64) -> bool {
        true
    }
}
