//! Findings of other tools in, ours out: bytes to values and back, no I/O.
//!
//! [`import`] recognises a file by its content and gives [`ImportedFinding`]s with an [`ImportLog`] that accounts for
//! every record; a file is taken over whole or refused with one sentence. [`mod@write`] makes files for other tools,
//! [`tracker`] the workbook that a firm fills in.

mod collect;
pub mod finding;
mod json;
pub mod keys;
pub mod read;
mod severity;
mod table;
mod text;
pub mod tracker;
pub mod write;

pub use finding::{ImportLog, ImportedFinding};
pub use read::{FORMATS, Import, MAX_BYTES, Refusal, import};

/// Rows as CSV that spreadsheet programs show and never compute: what begins like a formula has a quote before it.
pub fn spreadsheet_csv(rows: &[Vec<String>]) -> Vec<u8> {
    let guarded: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| table::guarded(cell)).collect()).collect();
    table::csv(&guarded)
}
