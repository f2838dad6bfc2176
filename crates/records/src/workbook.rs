//! Registers that come back as a workbook (Office Open XML, ECMA-376): the first sheet that has the columns, read as a
//! CSV of it would be. A locator's line is the sheet's row.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use calamine::{DataRef, Reader as _, Xlsx};
use secdiag_model::{Head, Match};

use crate::tree::{CSV_RECORDS, Fault, Node, Value, column};

/// Most that a workbook may unpack to.
const UNPACKED: u64 = 64 << 20;

/// The same while recognising.
const UNPACKED_HEAD: u64 = 4 << 20;

/// Columns that are read.
const COLUMNS: u32 = 256;

/// Whether a workbook has a sheet with all these columns. Only a file that the head holds whole can be looked into; of a
/// larger one `assessment.toml` must say the format.
pub fn has_sheet(head: &Head<'_>, columns: &[&str]) -> Match {
    if !head.bytes.starts_with(b"PK\x03\x04") || head.size != head.bytes.len() as u64 {
        return Match::No;
    }
    match sheets(head.bytes, UNPACKED_HEAD, Some(1)) {
        Ok(sheets) if sheets.iter().any(|sheet| sheet.has(columns)) => Match::Yes(100),
        _ => Match::No,
    }
}

/// Reads the first sheet with these columns; its records appear under `list`.
pub fn parse(bytes: &[u8], columns: &[&str], list: &str) -> (Node, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut records = Vec::new();
    match sheets(bytes, UNPACKED, None) {
        Err(text) => faults.push(Fault { line: 0, text }),
        Ok(sheets) => match sheets.into_iter().find(|sheet| sheet.has(columns)) {
            None => {
                let text = format!("no sheet has the columns {} in its first row", columns.join(", "));
                faults.push(Fault { line: 0, text });
            }
            Some(sheet) => {
                faults.extend(sheet.damage.map(|text| Fault { line: 0, text }));
                records = take(sheet.rows, &mut faults);
            }
        },
    }
    let map = BTreeMap::from([(list.to_owned(), Node { line: 1, value: Value::List(records) })]);
    (Node { line: 1, value: Value::Map(map) }, faults)
}

/// A sheet, as far as it could be read.
struct Sheet {
    rows: Vec<Row>,
    /// Where it broke off.
    damage: Option<String>,
}

impl Sheet {
    fn has(&self, columns: &[&str]) -> bool {
        self.rows.first().is_some_and(|first| is_header(first, columns))
    }
}

/// A row: its number, counted from 1, and its cells by column.
struct Row {
    number: u64,
    cells: BTreeMap<u32, String>,
}

fn is_header(row: &Row, columns: &[&str]) -> bool {
    let names: Vec<String> = row.cells.values().map(|name| column(name)).collect();
    columns.iter().all(|wanted| names.iter().any(|name| name == wanted))
}

fn take(rows: Vec<Row>, faults: &mut Vec<Fault>) -> Vec<Node> {
    let mut rows = rows.into_iter();
    let Some(header) = rows.next() else { return Vec::new() };
    let names: BTreeMap<u32, String> = header.cells.iter().map(|(at, name)| (*at, column(name))).collect();
    let mut records = Vec::new();
    let mut beyond: u64 = 0;
    for row in rows {
        if records.len() >= CSV_RECORDS {
            beyond += 1;
            continue;
        }
        let line = row.number;
        let fields = row.cells.into_iter().map(|(at, text)| {
            let name = names.get(&at).cloned().unwrap_or_else(|| format!("column {}", at + 1));
            (name, Node { line, value: Value::Text(text) })
        });
        records.push(Node { line, value: Value::Map(fields.collect()) });
    }
    if beyond > 0 {
        let text = format!("only the first {CSV_RECORDS} records were read, {beyond} more were not: split the file");
        faults.push(Fault { line: 0, text });
    }
    records
}

/// The rows of every sheet that can be read, at most `most` of each; rows without a cell are left out.
fn sheets(bytes: &[u8], unpacked: u64, most: Option<usize>) -> Result<Vec<Sheet>, String> {
    measure(bytes, unpacked)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        // A sheet that is no table (a chart) or is damaged is missed only when no other has the columns.
        let Ok(mut cells) = workbook.worksheet_cells_reader(&name) else { continue };
        let mut rows: Vec<Row> = Vec::new();
        let damage = loop {
            let cell = match cells.next_cell() {
                Ok(Some(cell)) => cell,
                Ok(None) => break None,
                Err(error) => break Some(format!("the sheet {name} breaks off: {error}")),
            };
            let (row, at) = cell.get_position();
            let (number, text) = (u64::from(row) + 1, shown(cell.get_value()));
            let Some(text) = text.filter(|_| at < COLUMNS) else { continue };
            if rows.last().is_none_or(|last| last.number != number) {
                if most.is_some_and(|most| rows.len() >= most) {
                    break None;
                }
                rows.push(Row { number, cells: BTreeMap::new() });
            }
            if let Some(last) = rows.last_mut() {
                last.cells.insert(at, text);
            }
        };
        sheets.push(Sheet { rows, damage });
    }
    Ok(sheets)
}

/// Unpacks every member once without keeping it: a workbook that would fill the memory is refused before it does.
fn measure(bytes: &[u8], unpacked: u64) -> Result<(), String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut left = unpacked;
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(|error| error.to_string())?;
        let size =
            std::io::copy(&mut member.take(left + 1), &mut std::io::sink()).map_err(|error| error.to_string())?;
        left = left.checked_sub(size).ok_or_else(|| format!("it unpacks to more than {unpacked} bytes"))?;
    }
    Ok(())
}

/// A cell as text; a date as `2026-10-05`.
fn shown(value: &DataRef<'_>) -> Option<String> {
    let text = match value {
        DataRef::Empty | DataRef::Error(_) => return None,
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTimeIso(iso) | DataRef::DurationIso(iso) => iso.clone(),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTime(at) => at.as_f64().to_string(),
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

    use super::*;

    fn workbook(rows: u32) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().set_name("notes")?.write_string(0, 0, "question")?;
        let sheet = workbook.add_worksheet();
        for (at, name) in ["Question", "Answer", "By", "Date"].into_iter().enumerate() {
            sheet.write_string(0, u16::try_from(at).unwrap_or_default(), name)?;
        }
        let day = Format::new().set_num_format("yyyy-mm-dd");
        for row in 0..rows {
            sheet.write_string(row * 2 + 1, 0, format!("Q-{row}"))?;
            sheet.write_string(row * 2 + 1, 1, "是")?;
            sheet.write_datetime_with_format(row * 2 + 1, 3, ExcelDateTime::from_ymd(2026, 10, 5)?, &day)?;
        }
        workbook.save_to_buffer()
    }

    fn head(bytes: &[u8]) -> Match {
        has_sheet(&Head::new(bytes, "a.xlsx", bytes.len() as u64), &["question", "answer"])
    }

    #[test]
    fn the_sheet_with_the_columns_is_read_with_its_rows() {
        let bytes = workbook(2).unwrap();
        assert_eq!(head(&bytes), Match::Yes(100));
        let (tree, faults) = parse(&bytes, &["question", "answer"], "answer");
        assert_eq!(faults, []);
        let text = |line, text: &str| Node { line, value: Value::Text(text.to_owned()) };
        let record = |line, id: &str| {
            let fields = [("question", id), ("answer", "是"), ("date", "2026-10-05")];
            let fields = fields.map(|(name, value)| (name.to_owned(), text(line, value)));
            Node { line, value: Value::Map(fields.into_iter().collect()) }
        };
        let list = Value::List(vec![record(2, "Q-0"), record(4, "Q-1")]);
        assert_eq!(tree.value, Value::Map(BTreeMap::from([("answer".to_owned(), Node { line: 1, value: list })])));
    }

    #[test]
    fn other_workbooks_and_broken_ones_are_told() {
        let bytes = workbook(1).unwrap();
        let (_, faults) = parse(&bytes, &["job", "result"], "backup");
        assert_eq!(faults[0].text, "no sheet has the columns job, result in its first row");
        for cut in [3, 30, bytes.len() / 2, bytes.len() - 1] {
            assert_eq!(head(&bytes[..cut]), Match::No);
            assert_eq!(parse(&bytes[..cut], &["question"], "answer").1.len(), 1, "{cut}");
        }
    }

    #[test]
    fn a_workbook_that_would_fill_the_memory_is_refused() {
        let mut bomb = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        bomb.start_file("xl/sharedStrings.xml", options).unwrap();
        let zeros = vec![b' '; 1 << 20];
        (0..=64).for_each(|_| std::io::Write::write_all(&mut bomb, &zeros).unwrap());
        let bytes = bomb.finish().unwrap().into_inner();
        assert!(bytes.len() < 1 << 20);
        let (_, faults) = parse(&bytes, &["question"], "answer");
        assert_eq!(faults[0].text, "it unpacks to more than 67108864 bytes");
    }

    proptest::proptest! {
        #[test]
        fn any_change_of_a_workbook_is_read_or_told(at in 0..4000usize, byte: u8) {
            let mut bytes = workbook(1).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = parse(&bytes, &["question", "answer"], "answer");
            let _ = head(&bytes);
        }
    }
}
