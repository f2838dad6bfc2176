//! The files of the machine contract. Each is written beside its place and renamed, so that a half-written file is
//! never taken for a result; `run.json` comes last, so that a folder with it is whole.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use secdiag_model::Sha256;
use secdiag_model::result::{FindingRecord, FindingStatus, ItemsFile, RunResult, SCHEMA_VERSION};
use serde::Serialize;

/// A result file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be written: {error}")]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub error: std::io::Error,
}

/// Digest over the findings without their history: what the evidence says, whatever the workspace remembers.
pub(crate) fn seal(findings: &[FindingRecord]) -> Sha256 {
    let mut bytes = Vec::new();
    for finding in findings {
        let bare = FindingRecord {
            status: FindingStatus::New,
            first_seen: String::new(),
            last_seen: String::new(),
            ..finding.clone()
        };
        append_line(&mut bytes, &bare);
    }
    Sha256::of(&bytes)
}

/// Writes `findings.jsonl`, `items.json`, `coverage.json`, `notes.jsonl`, `programme.json`, the reports given by name,
/// and `run.json`.
pub fn write(result: &RunResult, reports: &[(&str, &[u8])], folder: &Path) -> Result<(), WriteError> {
    let run_json = folder.join("run.json");
    std::fs::create_dir_all(folder).map_err(|error| WriteError { path: folder.to_owned(), error })?;
    if run_json.exists() {
        std::fs::remove_file(&run_json).map_err(|error| WriteError { path: run_json.clone(), error })?;
    }
    write_atomically(&folder.join("findings.jsonl"), &lines(&result.findings))?;
    write_atomically(&folder.join("notes.jsonl"), &lines(&result.notes))?;
    write_atomically(
        &folder.join("items.json"),
        &pretty(&ItemsFile { schema: SCHEMA_VERSION, items: result.items.clone() }),
    )?;
    write_atomically(&folder.join("coverage.json"), &pretty(&result.coverage))?;
    if let Some(programme) = &result.programme {
        write_atomically(&folder.join("programme.json"), &pretty(programme))?;
    }
    for (name, bytes) in reports {
        write_atomically(&folder.join(name), bytes)?;
    }
    write_atomically(&run_json, &pretty(&result.run))
}

/// Writes a file beside its place, flushes it to the disk and renames it.
fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let unfinished = path.with_extension("unfinished");
    let write = || {
        let mut file = std::fs::File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&unfinished);
        WriteError { path: path.to_owned(), error }
    })
}

fn lines<T: Serialize>(values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in values {
        append_line(&mut bytes, value);
    }
    bytes
}

fn append_line<T: Serialize>(bytes: &mut Vec<u8>, value: &T) {
    // Writing JSON to memory fails only for maps with keys that are not text, which the contract's types rule out.
    if serde_json::to_writer(&mut *bytes, value).is_ok() {
        bytes.push(b'\n');
    }
}

fn pretty<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
