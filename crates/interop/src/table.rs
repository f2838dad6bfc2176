//! Tables as text: columns by name, whatever the separator; cells that no spreadsheet program takes for a formula.

use std::collections::BTreeMap;

/// One row by column name (lower case), with the line it begins on.
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) cells: BTreeMap<String, String>,
    /// Cells beyond the header, or fewer than it.
    pub(crate) ragged: bool,
}

impl Row {
    /// A cell, trimmed; empty where there is no such column.
    pub(crate) fn text(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }
}

/// Columns of the first row, lower case and trimmed, and the separator that splits it best.
pub(crate) fn header(text: &str) -> (Vec<String>, u8) {
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
pub(crate) fn rows(text: &str, mut take: impl FnMut(Row)) -> Result<(), String> {
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

/// Beginnings that spreadsheet programs take for a formula (OWASP, CSV Injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that is shown, never computed: a quote before what could be a formula, and before a quote.
pub(crate) fn guarded(text: &str) -> String {
    if text.starts_with(FORMULA) || text.starts_with('\'') { format!("'{text}") } else { text.to_owned() }
}

/// What [`guarded`] was given.
pub(crate) fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) || rest.starts_with('\'') => rest,
        _ => text,
    }
}

/// Rows as CSV (RFC 4180), lines ended by CR LF.
pub(crate) fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let quoted = |cell: &String| {
        if cell.contains([',', '"', '\n', '\r']) || cell != cell.trim() {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n";
    rows.iter().map(line).collect::<String>().into_bytes()
}
