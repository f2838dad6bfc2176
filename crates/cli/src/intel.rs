//! Gathers indicator lists: from `--intel`, from `assessment.toml`, and threat intelligence found among the evidence.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use secdiag_evidence::{Intake, Vault};
use secdiag_intel::{gate, is_warning_list, read_list, read_warning_list};
use secdiag_model::result::IntelList;
use secdiag_model::{EvidenceKind, Indicator, Note, NoteKind, Recognition, Sha256};

use crate::args::UsageError;

/// Lists of more than this are cut, with a note by the reader of the list.
const MAX_LIST: u64 = 256 << 20;

/// All indicators of a run.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) indicators: Vec<Indicator>,
    pub(crate) lists: Vec<IntelList>,
    pub(crate) notes: Vec<Note>,
}

/// Files by name and digest, so that each is read once however often it was named.
pub(crate) type Files = BTreeMap<(String, Sha256), Vec<u8>>;

/// Lists named on the command line: files, and all files of folders.
pub(crate) fn named(paths: &[PathBuf]) -> Result<Files> {
    let mut lists = Files::new();
    for path in paths {
        let meta =
            std::fs::metadata(path).map_err(|error| UsageError(format!("--intel {}: {error}", path.display())))?;
        let files = if meta.is_dir() { files_below(path)? } else { vec![path.clone()] };
        for file in files {
            let mut bytes = Vec::new();
            std::fs::File::open(&file)
                .and_then(|opened| opened.take(MAX_LIST).read_to_end(&mut bytes))
                .with_context(|| file.display().to_string())?;
            let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
            lists.insert((name, Sha256::of(&bytes)), bytes);
        }
    }
    Ok(lists)
}

/// Lists among the evidence: those that `assessment.toml` names, and threat intelligence that was recognised.
pub(crate) fn among_evidence(intake: &Intake, vault: &Vault) -> Result<Files> {
    let mut lists = Files::new();
    let recognised = intake
        .evidence
        .artefacts
        .iter()
        .filter(|artefact| artefact.kind().or(artefact.binding.declared_kind) == Some(EvidenceKind::Cti))
        // The ledger tells what became of intelligence; it is no list.
        .filter(|artefact| !matches!(&artefact.recognition, Recognition::Recognised { format, .. } if format == "advisory-ledger"));
    for artefact in intake.assessment.intel(&intake.evidence).into_iter().chain(recognised) {
        let bytes = kept(vault, &artefact.sha256).with_context(|| artefact.display_path())?;
        lists.insert((artefact.file_name().to_owned(), artefact.sha256), bytes);
    }
    Ok(lists)
}

/// A list in the vault.
pub(crate) fn kept(vault: &Vault, sha256: &Sha256) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    vault.open_verified(sha256)?.take(MAX_LIST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads lists; what warning lists among them call innocent is marked in all others. Sorted by name.
pub(crate) fn read(lists: Files) -> Known {
    let (gates, lists): (Vec<_>, Vec<_>) = lists.into_iter().partition(|(_, bytes)| is_warning_list(bytes));
    let mut known = Known::default();
    let mut warnings = Vec::new();
    for ((name, sha256), bytes) in gates {
        match read_warning_list(&name, &bytes) {
            Ok((list, notes)) => {
                warnings.push(list);
                known.notes.extend(notes);
            }
            Err(why) => {
                let mut note = Note::new(NoteKind::Unsupported, "warning-list", format!("not used: {why}"));
                (note.path, note.sha256) = (name, Some(sha256));
                known.notes.push(note);
            }
        }
    }
    for ((name, sha256), bytes) in lists {
        let (mut indicators, info, notes) = read_list(&name, &bytes, None);
        for ((_, warning), count) in gate(&warnings, &mut indicators) {
            let text = format!(
                "indicators stand in the warning list {warning}: they are doubtful and accuse nobody by themselves"
            );
            let mut note = Note::new(NoteKind::Assumed, "doubtful-indicator", text).times(count);
            (note.path, note.sha256) = (name.clone(), Some(sha256));
            known.notes.push(note);
        }
        known.lists.push(IntelList {
            name,
            sha256,
            date: info.date,
            indicators: indicators.len() as u64,
            skipped: info.skipped.values().sum(),
            by_kind: info.by_kind,
            doubtful: indicators.iter().filter(|indicator| !indicator.warning.is_empty()).count() as u64,
            hits: 0,
        });
        known.indicators.extend(indicators);
        known.notes.extend(notes);
    }
    known.lists.sort();
    known
}

/// A note as the terminal shows it.
pub(crate) fn told(note: &Note) -> String {
    let place = note.place.as_ref().map_or(String::new(), |place| format!(", {place}"));
    let times = if note.count > 1 { format!(" ({} times)", note.count) } else { String::new() };
    format!("note: {}{place}: {}{times}", note.path, note.text)
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}
