//! Tables as tools and people export them: CSV with any separator, or a workbook; columns by their names, in any order.

use std::borrow::Cow;
use std::cell::RefCell;

use secdiag_inspect::DecodedText;
use secdiag_model::Head;
use secdiag_records::tree::{Lines, Node, Value};
use secdiag_records::{At, Notes, workbook};

/// Records that are read; a campaign to a hundred thousand people with ten events each is below.
const RECORDS: usize = 2_000_000;

/// A table.
pub(crate) struct Table {
    columns: Vec<String>,
    rows: Vec<Row>,
}

/// A record: where it stands and its cells.
pub(crate) struct Row {
    pub(crate) line: u64,
    cells: Vec<String>,
}

impl Table {
    /// Reads a CSV text. A record that is no CSV ends the table, with a note.
    pub(crate) fn csv(text: &str, notes: &mut Notes) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator(text))
            .from_reader(text.as_bytes());
        let lines = Lines::new(text);
        let mut table = Self { columns: Vec::new(), rows: Vec::new() };
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = error.position().map_or(0, |position| lines.of_record(text, position));
                    notes.add("does-not-parse", &at(line), format!("the table breaks off: {error}"));
                    break;
                }
            };
            let line = record.position().map_or(0, |position| lines.of_record(text, position));
            if table.columns.is_empty() {
                table.columns = record.iter().map(name).collect();
                continue;
            }
            if table.rows.len() >= RECORDS {
                notes.add("too-many-records", &at(line), format!("only the first {RECORDS} records were read"));
                break;
            }
            table.rows.push(Row { line, cells: record.iter().map(|cell| cell.trim().to_owned()).collect() });
        }
        table
    }

    /// Reads the sheet with these columns.
    pub(crate) fn workbook(bytes: &[u8], fits: &dyn Fn(&[String]) -> bool, notes: &mut Notes) -> Self {
        let header = RefCell::new(Vec::new());
        let named = |found: &[String]| {
            let names: Vec<String> = found.iter().map(|cell| name(cell)).collect();
            let fits = fits(&names);
            if fits {
                header.replace(names);
            }
            fits
        };
        let (tree, faults) = workbook::parse_where(bytes, &named, "of a drill, a list of users or of trainings", "row");
        for fault in faults {
            notes.add("does-not-parse", &at(fault.line), fault.text);
        }
        let mut table = Self { columns: header.into_inner(), rows: Vec::new() };
        let Value::Map(map) = tree.value else { return table };
        let Some(Node { value: Value::List(records), .. }) = map.get("row") else { return table };
        for record in records {
            let Value::Map(fields) = &record.value else { continue };
            let mut cells = vec![String::new(); table.columns.len()];
            for (column, node) in fields {
                let column = name(column);
                let place = table.columns.iter().position(|known| *known == column).unwrap_or_else(|| {
                    table.columns.push(column);
                    table.columns.len() - 1
                });
                cells.resize(cells.len().max(place + 1), String::new());
                if let Value::Text(text) = &node.value {
                    cells[place].clone_from(text);
                }
            }
            table.rows.push(Row { line: record.line, cells });
        }
        table
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Names of the columns, as [`name`] writes them.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The filled cells of a row under these columns.
    pub(crate) fn filled<'a, N: AsRef<str>>(&self, row: &'a Row, names: &[N]) -> impl Iterator<Item = &'a str> {
        let cells = self.columns.iter().zip(&row.cells);
        cells
            .filter(|(column, cell)| !cell.is_empty() && names.iter().any(|name| name.as_ref() == column.as_str()))
            .map(|(_, cell)| cell.as_str())
    }

    /// The first of them.
    pub(crate) fn get<'a, N: AsRef<str>>(&self, row: &'a Row, names: &[N]) -> Option<&'a str> {
        self.filled(row, names).next()
    }
}

/// Column names as they are compared: `Send Date` is `send_date`.
pub(crate) fn name(column: &str) -> String {
    let column = column.trim().trim_matches('\u{feff}').to_lowercase();
    column.chars().map(|c| if c.is_whitespace() || c == '-' { '_' } else { c }).collect()
}

/// The column names of a text's first line.
pub(crate) fn header(text: &str) -> Vec<String> {
    let text = text.trim_start_matches('\u{feff}');
    let line = text.lines().next().unwrap_or_default();
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).delimiter(separator(text)).from_reader(line.as_bytes());
    let first = reader.records().next().and_then(Result::ok);
    first.map(|record| record.iter().map(name).collect()).unwrap_or_default()
}

/// The first line of a file in the encoding that all of it will be read in: recognisers see Big5 as broken UTF-8.
pub(crate) fn first_line<'a>(head: &'a Head<'_>) -> Cow<'a, str> {
    let line = head.text().trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    if !line.contains(char::REPLACEMENT_CHARACTER) {
        return Cow::Borrowed(line);
    }
    let bytes = head.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Cow::Owned(DecodedText::decode(bytes).text)
}

/// The separator that stands most often in a text's first line.
pub(crate) fn separator(text: &str) -> u8 {
    let line = text.lines().next().unwrap_or_default();
    let count = |separator: char| line.matches(separator).count();
    [(',', b','), (';', b';'), ('\t', b'\t')].into_iter().max_by_key(|(c, _)| count(*c)).map_or(b',', |(_, byte)| byte)
}

pub(crate) fn at(line: u64) -> At {
    At { line, path: String::new() }
}
