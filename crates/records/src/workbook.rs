//! Registers that come back as a workbook (Office Open XML, ECMA-376): the first sheet that has the columns, read as a
//! CSV of it would be. A locator's line is the sheet's row.

use secdiag_model::{Head, Match};
use secdiag_sheet::{Cell, Limits, Row, Sheet};
use std::collections::BTreeMap;

use crate::tree::{CSV_RECORDS, Fault, Node, Value, column};

/// How much of a workbook is read; the row more than [`CSV_RECORDS`] is the header.
const LIMITS: Limits = Limits { unpacked: 64 << 20, rows: CSV_RECORDS + 1, columns: 256 };

/// The same while recognising.
const HEAD: Limits = Limits { unpacked: 4 << 20, rows: 1, columns: 256 };

/// Whether a workbook has a sheet with all these columns. Only a file that the head holds whole can be looked into; of a
/// larger one `assessment.toml` must say the format.
pub fn has_sheet(head: &Head<'_>, columns: &[&str]) -> Match {
    if !secdiag_sheet::is_workbook(head.bytes) || head.size != head.bytes.len() as u64 {
        return Match::No;
    }
    match secdiag_sheet::read(head.bytes, HEAD) {
        Ok(sheets) if sheets.iter().any(|sheet| has(sheet, columns)) => Match::Yes(100),
        _ => Match::No,
    }
}

/// The first row of every sheet, under the same condition.
pub fn headers(head: &Head<'_>) -> Vec<Vec<String>> {
    if !secdiag_sheet::is_workbook(head.bytes) || head.size != head.bytes.len() as u64 {
        return Vec::new();
    }
    secdiag_sheet::read(head.bytes, HEAD).map(|sheets| sheets.iter().map(names).collect()).unwrap_or_default()
}

/// Reads the first sheet with these columns; its records appear under `list`.
pub fn parse(bytes: &[u8], columns: &[&str], list: &str) -> (Node, Vec<Fault>) {
    let fits = |names: &[String]| columns.iter().all(|wanted| names.iter().any(|name| name == wanted));
    parse_where(bytes, &fits, &columns.join(", "), list)
}

/// Reads the first sheet whose first row fits; `wanted` says which columns were looked for.
pub fn parse_where(bytes: &[u8], fits: &dyn Fn(&[String]) -> bool, wanted: &str, list: &str) -> (Node, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut records = Vec::new();
    match secdiag_sheet::read(bytes, LIMITS) {
        Err(text) => faults.push(Fault { line: 0, text }),
        Ok(sheets) => match sheets.into_iter().find(|sheet| fits(&names(sheet))) {
            None => {
                let text = format!("no sheet has the columns {wanted} in its first row");
                faults.push(Fault { line: 0, text });
            }
            Some(sheet) => {
                faults.extend(sheet.damage.map(|text| Fault { line: 0, text }));
                records = take(sheet.rows);
            }
        },
    }
    let map = BTreeMap::from([(list.to_owned(), Node { line: 1, value: Value::List(records) })]);
    (Node { line: 1, value: Value::Map(map) }, faults)
}

/// Every column of every sheet: its name and its filled cells as text.
///
/// # Errors
///
/// Why the workbook cannot be read as a whole.
pub fn columns(bytes: &[u8]) -> Result<Vec<(String, Vec<String>)>, String> {
    let mut all = Vec::new();
    for sheet in secdiag_sheet::read(bytes, LIMITS)? {
        if let Some(damage) = sheet.damage {
            return Err(damage);
        }
        let mut rows = sheet.rows.into_iter();
        let Some(header) = rows.next() else { continue };
        let mut columns: BTreeMap<u32, (String, Vec<String>)> =
            header.cells.iter().map(|(at, name)| (*at, (column(&shown(name)), Vec::new()))).collect();
        for (at, cell) in rows.flat_map(|row| row.cells) {
            columns.entry(at).or_default().1.push(shown(&cell));
        }
        all.extend(columns.into_values());
    }
    Ok(all)
}

fn has(sheet: &Sheet, columns: &[&str]) -> bool {
    let names = names(sheet);
    columns.iter().all(|wanted| names.iter().any(|name| name == wanted))
}

fn names(sheet: &Sheet) -> Vec<String> {
    let first = sheet.rows.first().map(|first| first.cells.as_slice()).unwrap_or_default();
    first.iter().map(|(_, name)| column(&shown(name))).collect()
}

fn take(rows: Vec<Row>) -> Vec<Node> {
    let mut rows = rows.into_iter();
    let Some(header) = rows.next() else { return Vec::new() };
    let names: BTreeMap<u32, String> = header.cells.iter().map(|(at, name)| (*at, column(&shown(name)))).collect();
    let record = |row: Row| {
        let line = u64::from(row.number);
        let fields = row.cells.into_iter().map(|(at, cell)| {
            let name = names.get(&at).cloned().unwrap_or_else(|| format!("column {}", at + 1));
            (name, Node { line, value: Value::Text(shown(&cell)) })
        });
        Node { line, value: Value::Map(fields.collect()) }
    };
    rows.map(record).collect()
}

/// A cell as text; a date as `2026-10-05`, with a time of day as `2026-10-05 09:30:00`.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) | Cell::Broken(text) => text.trim().to_owned(),
        Cell::Date(date) => date.to_string(),
        Cell::Moment(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

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
