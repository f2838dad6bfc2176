//! What came back: answers, and everything that is none.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::layout::{Column, Layout, clean};
use super::{Cell, Response, Sheet, TrackerError, TrackerRow, date};

/// Rows at the top among which the header may stand: people put titles above it.
const HEADER_ROWS: usize = 20;

/// What a tracker that came back says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Answers that differ from what the file was made with, by finding.
    pub changes: Vec<Change>,
    /// Rows without a new answer.
    pub unchanged: u64,
    /// Rows that somebody added: they have no id, and nothing is done with them.
    pub inserted: Vec<u32>,
    /// Findings that no row is about: somebody deleted them, which changes nothing.
    pub missing: Vec<String>,
    /// Whether the rows are in another order than the findings.
    pub reordered: bool,
    /// Rows and cells that were refused; nothing of their rows is taken over.
    pub refused: Vec<RefusedCell>,
}

/// A new answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    /// Id of the finding.
    pub id: String,
    /// Row of the sheet, counted from 1.
    pub row: u32,
    /// The answer that is known.
    pub before: Response,
    /// The answer that was given.
    pub after: Response,
}

/// A cell that cannot be taken over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RefusedCell {
    /// Name of the sheet; empty for CSV.
    pub sheet: String,
    /// Row, counted from 1.
    pub row: u32,
    /// Column as spreadsheet programs name it, such as `M`.
    pub column: String,
    /// Which column it is.
    pub what: Column,
    /// Why, and what to do.
    pub reason: String,
}

/// Reads the first sheet that has the tracker's columns.
pub(super) fn read(sheets: &[Sheet], known: &[TrackerRow], layout: &Layout) -> Result<Reading, TrackerError> {
    let mut missing: Option<Vec<Column>> = None;
    for sheet in sheets {
        for (at, row) in sheet.rows.iter().take(HEADER_ROWS).enumerate() {
            let found = columns(&row.cells, layout);
            let absent: Vec<_> = layout.all().into_iter().filter(|column| !found.contains_key(column)).collect();
            if absent.is_empty() {
                // Half a tracker would answer for half of the findings.
                if let Some(damage) = &sheet.damage {
                    return Err(TrackerError::Unreadable(damage.clone()));
                }
                return Ok(Judge { sheet, known, layout, columns: found }.rows(at + 1));
            }
            if missing.as_ref().is_none_or(|best| absent.len() < best.len()) {
                missing = Some(absent);
            }
        }
    }
    let names = missing.unwrap_or_else(|| layout.all());
    let names: Vec<_> = names.into_iter().map(|column| layout.header(column).replace('\n', " ")).collect();
    Err(TrackerError::NotATracker(names.join(", ")))
}

/// Which column stands where. A header that stands twice counts where it stands first.
fn columns(cells: &[(u32, Cell)], layout: &Layout) -> BTreeMap<Column, u32> {
    let mut found = BTreeMap::new();
    for (at, cell) in cells {
        if let Cell::Text(text) = cell
            && let Some(column) = layout.all().into_iter().find(|column| layout.is_header(*column, text))
        {
            found.entry(column).or_insert(*at);
        }
    }
    found
}

struct Judge<'a> {
    sheet: &'a Sheet,
    known: &'a [TrackerRow],
    layout: &'a Layout,
    columns: BTreeMap<Column, u32>,
}

/// A row's cells by column.
type Cells = BTreeMap<Column, Cell>;

impl Judge<'_> {
    fn rows(&self, from: usize) -> Reading {
        let by_id: HashMap<&str, usize> = self.known.iter().enumerate().map(|(at, row)| (&*row.id, at)).collect();
        let rows: Vec<_> = self.sheet.rows[from..].iter().map(|row| (row.number, self.cells(&row.cells))).collect();
        let mut times: BTreeMap<String, u32> = BTreeMap::new();
        for (_, cells) in &rows {
            *times.entry(text(cells, Column::Id)).or_default() += 1;
        }
        let mut reading = Reading::default();
        let mut seen = BTreeSet::new();
        let mut last = None;
        for (number, cells) in &rows {
            if cells.values().all(|cell| matches!(cell, Cell::Text(text) if text.trim().is_empty())) {
                continue;
            }
            let id = text(cells, Column::Id);
            if id.is_empty() {
                reading.inserted.push(*number);
                continue;
            }
            let Some(&at) = by_id.get(&*id) else {
                let reason = "no finding of this tracker has this id: the row belongs to another file or its hidden cell was changed";
                reading.refused.push(self.refused(*number, Column::Id, reason));
                continue;
            };
            seen.insert(at);
            reading.reordered |= last.is_some_and(|last| at < last);
            last = Some(at);
            if times[&id] > 1 {
                let reason = "several rows have this id: the row was copied; keep one of them";
                reading.refused.push(self.refused(*number, Column::Id, reason));
                continue;
            }
            self.row(*number, cells, &self.known[at], &mut reading);
        }
        let missing = self.known.iter().enumerate().filter(|(at, _)| !seen.contains(at));
        reading.missing = missing.map(|(_, row)| row.id.clone()).collect();
        reading.changes.sort();
        reading.refused.sort();
        reading
    }

    fn row(&self, number: u32, cells: &Cells, known: &TrackerRow, reading: &mut Reading) {
        let base = text(cells, Column::Base);
        let digest = self.layout.digest(&known.id, &base, |column| text(cells, column));
        if digest != text(cells, Column::Digest) {
            // Which cell it is can only be told when the finding itself has not changed since.
            let fixed = self.layout.fixed();
            let differs = |column: &&Column| clean(&text(cells, **column)) != clean(&self.layout.cell(known, **column));
            let what = fixed.iter().find(differs).copied().unwrap_or(Column::Digest);
            let reason = "the cells of this row that are not to be changed do not belong to its finding: a cell was \
                          overwritten, or only some of the columns were sorted; take the row from the original file";
            reading.refused.push(self.refused(number, what, reason));
            return;
        }
        let mut trouble = Vec::new();
        let after = self.response(number, cells, &mut trouble);
        if !trouble.is_empty() {
            reading.refused.extend(trouble);
            return;
        }
        let answered = TrackerRow { response: after.clone(), ..known.clone() };
        let (now, answer) = (self.layout.base(known), self.layout.base(&answered));
        if answer == base || answer == now {
            reading.unchanged += 1;
        } else if now == base {
            reading.changes.push(Change { id: known.id.clone(), row: number, before: known.response.clone(), after });
        } else {
            let reason =
                "the finding was answered elsewhere after this file was made: compare, and answer in a new file";
            reading.refused.push(self.refused(number, Column::Base, reason));
        }
    }

    fn response(&self, number: u32, cells: &Cells, trouble: &mut Vec<RefusedCell>) -> Response {
        for column in Column::RESPONSE {
            if let Some(Cell::Broken(error)) = cells.get(&column) {
                trouble.push(self.refused(number, column, &format!("the cell holds the error {error}")));
            }
        }
        let due = match cells.get(&Column::Due) {
            Some(Cell::Date(date)) => Some(date.to_string()),
            Some(Cell::Moment(at)) => Some(at.date().to_string()),
            Some(Cell::Text(text)) if !text.trim().is_empty() => Some(text.clone()),
            _ => None,
        };
        let due = due.and_then(|given| {
            let parsed = date::parse(&given);
            if parsed.is_none() {
                let reason = format!("`{}` is not a date; write it as 2026-03-31", shortened(&given));
                trouble.push(self.refused(number, Column::Due, &reason));
            }
            parsed
        });
        let given = text(cells, Column::Status);
        let status = self.layout.status(&given).map(str::to_owned);
        if status.is_none() && !given.is_empty() {
            let allowed =
                self.layout.statuses.iter().map(|choice| self.layout.label(&self.layout.statuses, &choice.code));
            let allowed: Vec<_> = allowed.collect();
            let reason = format!("`{}` is not one of the states: {}", shortened(&given), allowed.join(", "));
            trouble.push(self.refused(number, Column::Status, &reason));
        }
        Response {
            owner: text(cells, Column::Owner),
            plan: text(cells, Column::Plan),
            due,
            status: status.unwrap_or_default(),
            comment: text(cells, Column::Comment),
        }
    }

    fn cells(&self, cells: &[(u32, Cell)]) -> Cells {
        let by_place: HashMap<u32, &Cell> = cells.iter().map(|(at, cell)| (*at, cell)).collect();
        let of = |(column, at): (&Column, &u32)| {
            (*column, by_place.get(at).map_or_else(|| Cell::Text(String::new()), |cell| (*cell).clone()))
        };
        self.columns.iter().map(of).collect()
    }

    fn refused(&self, row: u32, what: Column, reason: &str) -> RefusedCell {
        let column = self.columns.get(&what).map(|at| letters(*at)).unwrap_or_default();
        RefusedCell { sheet: self.sheet.name.clone(), row, column, what, reason: reason.to_owned() }
    }
}

/// A cell's text without what programs add to it.
fn text(cells: &Cells, column: Column) -> String {
    match cells.get(&column) {
        Some(Cell::Text(text)) => text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned(),
        Some(Cell::Date(date)) => date.to_string(),
        Some(Cell::Moment(at)) => at.date().to_string(),
        Some(Cell::Broken(error)) => error.clone(),
        None => String::new(),
    }
}

/// `A` to `Z`, `AA` and on.
fn letters(at: u32) -> String {
    let (high, low) = (at / 26, char::from(b'A' + u8::try_from(at % 26).unwrap_or_default()));
    if high == 0 { low.to_string() } else { letters(high - 1) + &low.to_string() }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}
