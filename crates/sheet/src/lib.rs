//! Workbooks (Office Open XML, ECMA-376) as rows of cells, within limits.
//!
//! Whoever reads says how much a workbook may unpack to and how many rows and columns of a sheet are wanted. What lies
//! outside the limits, and a sheet that breaks off, is told beside the rows that could be read.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader as _, Xlsx};
use jiff::civil::{Date, DateTime, Time};

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most bytes that all members of the workbook may unpack to.
    pub unpacked: u64,
    /// Rows of one sheet with at least one cell.
    pub rows: usize,
    /// Columns of one sheet.
    pub columns: u32,
}

/// A sheet, as far as it could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Rows with at least one cell, from the top.
    pub rows: Vec<Row>,
    /// Where it broke off, or what of it lies outside the limits.
    pub damage: Option<String>,
}

/// A row: its number, counted from 1, and its filled cells by column, counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Number as the spreadsheet program shows it.
    pub number: u32,
    /// Filled cells in the order of the columns.
    pub cells: Vec<(u32, Cell)>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A text, a number or a truth value, as text.
    Text(String),
    /// A date.
    Date(Date),
    /// A date with a time of day, to the second.
    Moment(DateTime),
    /// An error value of the spreadsheet program, such as `#REF!`.
    Broken(String),
}

/// Whether bytes may be a workbook: a ZIP archive.
pub fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Reads every sheet that can be read. A chart is no sheet; one that cannot be opened is damaged from its start.
///
/// # Errors
///
/// Says why the file as a whole cannot be read: no workbook, damaged, or it unpacks to more than the limit.
pub fn read(bytes: &[u8], limits: Limits) -> Result<Vec<Sheet>, String> {
    measure(bytes, limits.unpacked)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let tables: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == calamine::SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    Ok(tables.into_iter().map(|name| sheet(&mut workbook, name, limits)).collect())
}

fn sheet(workbook: &mut Xlsx<Cursor<&[u8]>>, name: String, limits: Limits) -> Sheet {
    let mut rows: Vec<Row> = Vec::new();
    let mut cells = match workbook.worksheet_cells_reader(&name) {
        Ok(cells) => cells,
        Err(error) => {
            let damage = Some(format!("the sheet {name} cannot be read: {error}"));
            return Sheet { name, rows, damage };
        }
    };
    let mut beyond: u64 = 0;
    let damage = loop {
        let cell = match cells.next_cell() {
            Ok(Some(cell)) => cell,
            Ok(None) => break None,
            Err(error) => break Some(format!("the sheet {name} breaks off: {error}")),
        };
        let (row, column) = cell.get_position();
        let Some(value) = value(cell.get_value()) else { continue };
        if column >= limits.columns {
            beyond += 1;
            continue;
        }
        let number = row.saturating_add(1);
        let full = rows.len() >= limits.rows;
        match rows.last_mut() {
            Some(last) if last.number == number => last.cells.push((column, value)),
            _ if full => {
                break Some(format!("only the first {} rows of the sheet {name} were read", limits.rows));
            }
            _ => rows.push(Row { number, cells: vec![(column, value)] }),
        }
    };
    let outside = (beyond > 0)
        .then(|| format!("{beyond} cells of the sheet {name} lie beyond column {}: not read", limits.columns));
    Sheet { damage: damage.or(outside), name, rows }
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

fn value(value: &DataRef<'_>) -> Option<Cell> {
    let text = match value {
        DataRef::Empty => return None,
        DataRef::Error(error) => return Some(Cell::Broken(error.to_string())),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let part = |value: u8| i8::try_from(value).unwrap_or_default();
            let date = i16::try_from(year).ok().and_then(|year| Date::new(year, part(month), part(day)).ok());
            match date {
                Some(date) => {
                    let time = Time::new(part(hour), part(minute), part(second), 0).unwrap_or(Time::midnight());
                    let whole_day = time == Time::midnight();
                    return Some(if whole_day { Cell::Date(date) } else { Cell::Moment(date.to_datetime(time)) });
                }
                None => at.as_f64().to_string(),
            }
        }
        DataRef::DateTime(at) => at.as_f64().to_string(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTimeIso(iso) | DataRef::DurationIso(iso) => iso.clone(),
    };
    (!text.trim().is_empty()).then_some(Cell::Text(text))
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

    use super::*;

    const LIMITS: Limits = Limits { unpacked: 1 << 20, rows: 10, columns: 8 };

    fn workbook(rows: u32) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let day = Format::new().set_num_format("yyyy-mm-dd");
        let sheet = workbook.add_worksheet().set_name("一")?;
        for row in 0..rows {
            sheet.write_string(row * 2, 1, "是")?;
            sheet.write_number(row * 2, 2, 2.5)?;
            sheet.write_datetime_with_format(row * 2, 4, ExcelDateTime::from_ymd(2026, 10, 5)?, &day)?;
        }
        workbook.save_to_buffer()
    }

    #[test]
    fn rows_keep_their_numbers_and_cells_their_columns() {
        let sheets = read(&workbook(2).unwrap(), LIMITS).unwrap();
        let cells = vec![
            (1, Cell::Text("是".to_owned())),
            (2, Cell::Text("2.5".to_owned())),
            (4, Cell::Date(jiff::civil::date(2026, 10, 5))),
        ];
        let rows = vec![Row { number: 1, cells: cells.clone() }, Row { number: 3, cells }];
        assert_eq!(sheets, [Sheet { name: "一".to_owned(), rows, damage: None }]);
    }

    #[test]
    fn a_date_with_a_time_of_day_keeps_it() {
        let at = ExcelDateTime::from_ymd(2026, 10, 5).and_then(|day| day.and_hms(9, 30, 15)).unwrap();
        let mut workbook = Workbook::new();
        let form = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        workbook.add_worksheet().write_datetime_with_format(0, 0, at, &form).unwrap();
        let sheets = read(&workbook.save_to_buffer().unwrap(), LIMITS).unwrap();
        let moment = jiff::civil::date(2026, 10, 5).at(9, 30, 15, 0);
        assert_eq!(sheets[0].rows[0].cells, [(0, Cell::Moment(moment))]);
    }

    #[test]
    fn what_lies_outside_the_limits_is_told() {
        let bytes = workbook(4).unwrap();
        let cut = |limits| read(&bytes, limits).unwrap()[0].clone();
        let rows = cut(Limits { rows: 3, ..LIMITS });
        assert_eq!(
            (rows.rows.len(), rows.damage.as_deref()),
            (3, Some("only the first 3 rows of the sheet 一 were read"))
        );
        let columns = cut(Limits { columns: 3, ..LIMITS });
        assert_eq!(columns.damage.as_deref(), Some("4 cells of the sheet 一 lie beyond column 3: not read"));
        assert!(read(&bytes, Limits { unpacked: 100, ..LIMITS }).unwrap_err().contains("more than 100 bytes"));
        assert!(read(b"PK\x03\x04", LIMITS).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_change_of_a_workbook_is_read_or_told(at in 0..8000usize, byte: u8) {
            let mut bytes = workbook(2).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = read(&bytes, LIMITS);
        }
    }
}
