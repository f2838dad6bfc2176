//! A table of what-if cases: a firm's spreadsheet of systems and incidents in, dates and states out.
//!
//! Columns, in any order, found by their header: `case`, `kind` (cycle or incident), `category`, `last_completed`,
//! `commissioned`, `change_effective`, `change_to`, `incident_occurred`, `assessments`, `as_of`. Several changes or
//! assessments stand in one cell, separated by `;`; an assessment is `full|first evidence|completed`, its last part
//! empty while it is open. Dates are read as firms write them: `2026-06-30`, `2026/6/30`, `115/06/30`. Other columns are
//! passed over and counted.

use jiff::civil::Date;
use serde::Serialize;

use crate::cycle::{CategoryChange, Cycle, Cycles};
use crate::incident::{Assessed, Scope, duty};

/// The answer to one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Name of the case.
    pub case: String,
    /// Date to plan by; empty for an incident.
    pub plan_by: Option<Date>,
    /// Last date.
    pub must_by: Option<Date>,
    /// State of the cycle.
    pub state: &'static str,
    /// Last date of the re-assessment; empty for a cycle.
    pub incident_due: Option<Date>,
    /// State of the re-assessment.
    pub incident_state: &'static str,
}

/// A row that could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct Refused {
    /// Line of the file, counted from 1.
    pub line: u64,
    /// Column by its header.
    pub column: String,
    /// What is wrong.
    pub reason: String,
}

/// A table, answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Answers, in the order of the rows.
    pub answers: Vec<Answer>,
    /// Rows without an answer.
    pub refused: Vec<Refused>,
    /// Headers that mean nothing here.
    pub unused_columns: Vec<String>,
}

const COLUMNS: [&str; 10] = [
    "case",
    "kind",
    "category",
    "last_completed",
    "commissioned",
    "change_effective",
    "change_to",
    "incident_occurred",
    "assessments",
    "as_of",
];

/// Answers every row of a CSV text, separated as its header is: by commas, semicolons or tabulators.
/// `incident_months` is the catalogue's.
pub fn evaluate(text: &str, cycles: &Cycles, incident_months: u32) -> Table {
    // The reader counts lines by their last byte: with two of them it would be one behind.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let header = text.lines().next().unwrap_or_default();
    let fits = |separator: &&u8| {
        header.split(char::from(**separator)).any(|cell| cell.trim().trim_matches('"').eq_ignore_ascii_case("case"))
    };
    let separator = b",;\t".iter().find(fits).copied().unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut rows, mut broken) = (Vec::new(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                rows.push((line, record.iter().map(str::to_owned).collect()));
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                broken.push(Refused { line, column: "-".into(), reason: error.to_string() });
            }
        }
    }
    let mut table = evaluate_rows(&rows, cycles, incident_months);
    table.refused.extend(broken);
    table.refused.sort_by_key(|refused| refused.line);
    table
}

/// The same for rows with their numbers, the first of which is the header.
pub fn evaluate_rows(rows: &[(u64, Vec<String>)], cycles: &Cycles, incident_months: u32) -> Table {
    let mut table = Table::default();
    let Some(((top, headers), rows)) = rows.split_first() else {
        let reason = "the table is empty".to_owned();
        table.refused.push(Refused { line: 1, column: "-".into(), reason });
        return table;
    };
    let index = |name: &str| headers.iter().position(|header| header.trim().eq_ignore_ascii_case(name));
    for needed in ["case", "as_of"] {
        if index(needed).is_none() {
            let reason = "the table has no such column".to_owned();
            table.refused.push(Refused { line: *top, column: needed.to_owned(), reason });
        }
    }
    if !table.refused.is_empty() {
        return table;
    }
    let known = |header: &str| COLUMNS.iter().any(|known| header.trim().eq_ignore_ascii_case(known));
    table.unused_columns = headers.iter().filter(|header| !known(header)).cloned().collect();
    for (line, cells) in rows {
        let cell = |name: &'static str| Cell {
            line: *line,
            column: name,
            text: index(name).and_then(|index| cells.get(index)).map(|text| text.trim()).unwrap_or_default(),
        };
        match answer(&cell, cycles, incident_months) {
            Ok(answer) => table.answers.push(answer),
            Err(refused) => table.refused.push(refused),
        }
    }
    table
}

/// The answers as CSV.
pub fn to_csv(answers: &[Answer]) -> String {
    let mut text = String::from("case,plan_by,must_by,state,incident_due,incident_state\n");
    let date = |date: Option<Date>| date.map_or_else(String::new, |date| date.to_string());
    for answer in answers {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let cells = [
            answer.case.clone(),
            date(answer.plan_by),
            date(answer.must_by),
            answer.state.to_owned(),
            date(answer.incident_due),
            answer.incident_state.to_owned(),
        ];
        // Writing to memory does not fail.
        let _ = writer.write_record(cells);
        text += &String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default();
    }
    text
}

struct Cell<'a> {
    line: u64,
    column: &'static str,
    text: &'a str,
}

impl Cell<'_> {
    fn refuse(&self, reason: String) -> Refused {
        Refused { line: self.line, column: self.column.to_owned(), reason }
    }

    fn date_of(&self, text: &str) -> Result<Date, Refused> {
        secdiag_model::text::date(text).ok_or_else(|| self.refuse(format!("`{text}` is not a date such as 2026-06-30")))
    }

    fn date(&self) -> Result<Option<Date>, Refused> {
        if self.text.is_empty() { Ok(None) } else { self.date_of(self.text).map(Some) }
    }

    fn category_of(&self, text: &str) -> Result<u8, Refused> {
        text.trim().parse().map_err(|_| self.refuse(format!("`{text}` is not a category such as 1")))
    }
}

fn answer<'a>(
    cell: &impl Fn(&'static str) -> Cell<'a>,
    cycles: &Cycles,
    incident_months: u32,
) -> Result<Answer, Refused> {
    let case = cell("case").text.to_owned();
    let needed =
        |name: &'static str| cell(name).date()?.ok_or_else(|| cell(name).refuse("a date is needed here".to_owned()));
    let as_of = needed("as_of")?;
    let mut answer = Answer { case, plan_by: None, must_by: None, state: "", incident_due: None, incident_state: "" };
    let kind = cell("kind");
    let (is_cycle, is_incident) = match kind.text {
        "cycle" => (true, false),
        "incident" => (false, true),
        "" => (!cell("category").text.is_empty(), !cell("incident_occurred").text.is_empty()),
        other => return Err(kind.refuse(format!("`{other}` is neither cycle nor incident"))),
    };
    if is_cycle {
        let cycle = Cycle {
            category: cell("category").category_of(cell("category").text)?,
            last_completed: cell("last_completed").date()?,
            commissioned: needed("commissioned")?,
            changes: changes(&cell("change_effective"), &cell("change_to"))?,
        };
        if cycle.last_completed.is_some_and(|completed| completed < cycle.commissioned) {
            return Err(cell("last_completed").refuse("it was assessed before it was commissioned".to_owned()));
        }
        if cycle.last_completed.is_some_and(|completed| completed > as_of) {
            return Err(cell("last_completed").refuse("it lies after as_of".to_owned()));
        }
        let due = cycle.due(cycles, as_of).map_err(|error| cell("category").refuse(error.to_string()))?;
        answer.plan_by = Some(due.plan_by);
        answer.must_by = Some(due.must_by);
        answer.state = cycle.state(due, as_of).word();
    }
    if is_incident {
        let occurred = needed("incident_occurred")?;
        if occurred > as_of {
            return Err(cell("incident_occurred").refuse("it lies after as_of".to_owned()));
        }
        let assessments = assessments(&cell("assessments"))?;
        let duty = duty(occurred, incident_months, &assessments, None, as_of)
            .ok_or_else(|| cell("incident_occurred").refuse("the date is beyond the calendar".to_owned()))?;
        answer.incident_due = Some(duty.due);
        answer.incident_state = duty.state.word();
    }
    if !is_cycle && !is_incident {
        return Err(kind.refuse("the row names neither a category nor an incident".to_owned()));
    }
    Ok(answer)
}

fn parts(text: &str) -> Vec<&str> {
    if text.is_empty() { Vec::new() } else { text.split(';').map(str::trim).collect() }
}

fn changes(effective: &Cell<'_>, to: &Cell<'_>) -> Result<Vec<CategoryChange>, Refused> {
    let (days, categories) = (parts(effective.text), parts(to.text));
    if days.len() != categories.len() {
        let reason = format!("{} days of change, but {} categories", days.len(), categories.len());
        return Err(to.refuse(reason));
    }
    let change = |(day, category): (&str, &str)| {
        Ok(CategoryChange { effective: effective.date_of(day)?, to: to.category_of(category)? })
    };
    days.into_iter().zip(categories).map(change).collect()
}

fn assessments(cell: &Cell<'_>) -> Result<Vec<Assessed>, Refused> {
    let read = |text: &str| {
        let fields: Vec<&str> = text.split('|').map(str::trim).collect();
        let [scope, first, completed] = fields[..] else {
            return Err(cell.refuse(format!("`{text}` is not scope|first evidence|completed")));
        };
        let scope = match scope {
            "full" => Scope::Full,
            "partial" => Scope::Partial,
            other => return Err(cell.refuse(format!("`{other}` is neither full nor partial"))),
        };
        let first_evidence = cell.date_of(first)?;
        let completed = if completed.is_empty() { None } else { Some(cell.date_of(completed)?) };
        if completed.is_some_and(|completed| completed < first_evidence) {
            return Err(cell.refuse(format!("`{text}`: completed before its first evidence")));
        }
        Ok(Assessed { scope, first_evidence, completed })
    };
    parts(cell.text).into_iter().map(read).collect()
}
