//! Tables as text: header by name, whatever the separator.

use std::collections::BTreeMap;

/// One row by column name (lower case), with the line it begins on.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) cells: BTreeMap<String, String>,
    /// Cells beyond the header, or fewer than it.
    pub(super) ragged: bool,
}

impl Row {
    /// A cell, trimmed; empty where there is no such column.
    pub(super) fn text(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }
}

/// Columns of the first row, lower case and trimmed, and the separator that splits it best.
pub(super) fn header(text: &str) -> (Vec<String>, u8) {
    let line = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    let separator = *[b',', b';', b'\t', b'|']
        .iter()
        .max_by_key(|&&byte| line.bytes().filter(|b| *b == byte).count())
        .unwrap_or(&b',');
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(line.as_bytes());
    let columns = reader.records().next().and_then(Result::ok);
    let clean = |name: &str| name.trim().to_lowercase();
    (columns.map(|row| row.iter().map(clean).collect()).unwrap_or_default(), separator)
}

/// Calls `take` with every row below the header.
pub(super) fn rows(text: &str, mut take: impl FnMut(Row)) -> Result<(), String> {
    let (columns, separator) = header(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    for record in reader.records() {
        let record = record.map_err(|error| format!("the table cannot be read: {error}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = columns.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
        take(Row { line, cells, ragged: record.len() != columns.len() });
    }
    Ok(())
}
