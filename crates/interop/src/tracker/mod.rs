//! The tracker: findings out as a workbook or CSV, the firm's answers back in.
//!
//! Every row carries three columns that people do not see: the finding's id, a digest of the row's cells that are not
//! to be changed, and a digest of the answers as they were when the file was made. So rows may be sorted, filtered,
//! deleted and added, columns may be moved, and only what was really answered comes back. A row whose fixed cells do
//! not belong to its id (only some columns sorted, cells overwritten) is refused, with the cell and the reason.
//!
//! The digests find accidents, not malice: what comes back can only ever be an answer to a known finding.

mod date;
mod judge;
mod layout;
mod plain;
mod xlsx;

use jiff::civil::Date;
use secdiag_model::Severity;
use secdiag_sheet::{Cell, Limits, Row, Sheet};
use serde::{Deserialize, Serialize};

pub use judge::{Change, Reading, RefusedCell};
pub use layout::{Choice, Column, ColumnText, Layout};

/// Largest workbook or table that is read, in bytes after unpacking.
pub const MAX_BYTES: u64 = 256 << 20;
/// Most rows that are read, with the header.
pub const MAX_ROWS: usize = 200_000;

const LIMITS: Limits = Limits { unpacked: MAX_BYTES, rows: MAX_ROWS, columns: 256 };

/// One finding as the tracker shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackerRow {
    /// Id of the finding.
    pub id: String,
    /// Severity.
    pub severity: Severity,
    /// Headline.
    pub title: String,
    /// System.
    pub system: String,
    /// Device or host.
    pub asset: String,
    /// Slug of the check.
    pub check: String,
    /// Where the proof is, such as `fw.conf line 12`.
    pub place: String,
    /// What to do.
    pub advice: String,
    /// Date of the first run that saw it, `YYYY-MM-DD`.
    pub first_seen: String,
    /// The answer so far.
    pub response: Response,
}

/// What a firm answers to a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Response {
    /// Who sees to it.
    pub owner: String,
    /// What will be done.
    pub plan: String,
    /// By when.
    pub due: Option<Date>,
    /// Code of one of the layout's states; empty where nothing is answered.
    pub status: String,
    /// Anything else.
    pub comment: String,
}

/// Why a file was not read, or could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrackerError {
    /// Not a workbook, damaged, or too large.
    #[error("the workbook cannot be read: {0}")]
    Unreadable(String),
    /// No sheet has the tracker's columns.
    #[error("no sheet has the tracker's columns; missing: {0}")]
    NotATracker(String),
    /// More rows than a sheet can hold, or a text that cannot be written.
    #[error("the workbook cannot be written: {0}")]
    Unwritable(String),
}

/// The tracker as a workbook (Office Open XML, ECMA-376). The same rows, layout and date give the same bytes.
pub fn write_xlsx(rows: &[TrackerRow], layout: &Layout, made_on: Date) -> Result<Vec<u8>, TrackerError> {
    if rows.len() >= MAX_ROWS {
        return Err(TrackerError::Unwritable(format!(
            "{} findings; a tracker holds fewer than {MAX_ROWS}",
            rows.len()
        )));
    }
    xlsx::write(rows, layout, made_on).map_err(|error| TrackerError::Unwritable(error.to_string()))
}

/// The answers in a workbook, against what is known now.
pub fn read_xlsx(bytes: &[u8], known: &[TrackerRow], layout: &Layout) -> Result<Reading, TrackerError> {
    judge::read(&xlsx::read(bytes)?, known, layout)
}

/// The tracker as CSV: UTF-8 with a mark, so that spreadsheet programs show Chinese.
pub fn write_csv(rows: &[TrackerRow], layout: &Layout) -> Vec<u8> {
    plain::write(rows, layout)
}

/// The answers in a CSV file, against what is known now.
pub fn read_csv(bytes: &[u8], known: &[TrackerRow], layout: &Layout) -> Result<Reading, TrackerError> {
    judge::read(&[plain::read(bytes)?], known, layout)
}
