//! The tracker as CSV: the same columns, the hidden ones in front.

use super::layout::Layout;
use super::{Cell, LIMITS, Row, Sheet, TrackerError, TrackerRow};
use crate::{table, text};

pub(super) fn write(rows: &[TrackerRow], layout: &Layout) -> Vec<u8> {
    let columns = layout.all();
    let header = columns.iter().map(|column| layout.header(*column).replace('\n', " ")).collect();
    let body = rows.iter().map(|row| columns.iter().map(|column| table::guarded(&layout.cell(row, *column))).collect());
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(body).collect();
    [b"\xef\xbb\xbf".to_vec(), table::csv(&lines)].concat()
}

pub(super) fn read(bytes: &[u8]) -> Result<Sheet, TrackerError> {
    if bytes.len() as u64 > super::MAX_BYTES {
        return Err(TrackerError::Unreadable("the file is too large".to_owned()));
    }
    let (text, _) = text::decode(bytes);
    let (_, separator) = table::header(&text);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| TrackerError::Unreadable(error.to_string()))?;
        let cells = (0..).zip(record.iter().map(|cell| Cell::Text(table::unguarded(cell).to_owned())));
        if rows.len() >= LIMITS.rows || record.len() > LIMITS.columns as usize {
            let text = format!("more than {} rows or {} columns are filled", LIMITS.rows, LIMITS.columns);
            return Err(TrackerError::Unreadable(text));
        }
        // Rows as a spreadsheet program counts them, not lines of the text.
        let number = u32::try_from(rows.len() + 1).unwrap_or(u32::MAX);
        rows.push(Row { number, cells: cells.collect() });
    }
    Ok(Sheet { name: String::new(), rows, damage: None })
}
