//! The figures of mail drills: of all persons and by unit.

use secdiag_model::programme::{Drill, DrillFigures, Programme, Rate};

use crate::format;
use crate::labels::{Labels, fill};
use crate::view::Cx;

/// Drills that are shown, the latest first; the rest is in `programme.json`.
const SHOWN: usize = 3;

/// One drill.
pub(crate) struct DrillTable {
    pub(crate) title: String,
    pub(crate) rows: Vec<DrillRow>,
    pub(crate) notes: Vec<String>,
}

/// All persons, or one unit.
pub(crate) struct DrillRow {
    pub(crate) unit: String,
    pub(crate) is_all: bool,
    pub(crate) persons: String,
    /// Head of the column, persons with their rate, the interval.
    pub(crate) cells: Vec<(&'static str, String, String)>,
    pub(crate) retrained: String,
}

/// The latest drills.
pub(crate) fn tables(cx: &Cx<'_>, programme: &Programme) -> Vec<DrillTable> {
    programme.drills.iter().rev().take(SHOWN).map(|drill| table(cx, drill)).collect()
}

/// How many are not shown.
pub(crate) fn more(cx: &Cx<'_>, programme: &Programme) -> Option<String> {
    let more = format::len(programme.drills.len().saturating_sub(SHOWN));
    (more > 0).then(|| fill(cx.l.drill_earlier, &[("n", &format::number(more))]))
}

fn table(cx: &Cx<'_>, drill: &Drill) -> DrillTable {
    let l = cx.l;
    let day = drill.launched.as_deref().map_or_else(|| l.drill_undated.to_owned(), |day| format::date(day, cx.lang));
    let values =
        [("campaign", format::visible(&drill.campaign)), ("date", day), ("n", format::number(drill.people.delivered))];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut rows = vec![row(l, l.drill_all.to_owned(), true, &drill.people)];
    if drill.units.keys().any(|unit| !unit.is_empty()) {
        rows.extend(drill.units.iter().map(|(unit, figures)| {
            let unit = if unit.is_empty() { l.drill_no_unit.to_owned() } else { format::visible(unit) };
            row(l, unit, false, figures)
        }));
    }
    DrillTable { title: fill(l.drill_on, &values), rows, notes: notes(cx, drill) }
}

fn row(l: &'static Labels, unit: String, is_all: bool, figures: &DrillFigures) -> DrillRow {
    let rates = &figures.rates;
    let cell = |head: &'static str, hits: u64, rate: &Rate| {
        let shown = format!("{} · {}", format::number(hits), share(rate.rate));
        (head, shown, format!("({}–{})", tenths(rate.low), share(Some(rate.high))))
    };
    DrillRow {
        unit,
        is_all,
        persons: format::number(figures.delivered),
        cells: vec![
            cell(l.drill_opened, figures.opened, &rates.opened),
            cell(l.drill_clicked, figures.clicked, &rates.clicked),
            cell(l.drill_submitted, figures.submitted, &rates.submitted),
            cell(l.drill_reported, figures.reported, &rates.reported),
        ],
        retrained: figures.training.as_ref().map_or_else(
            || "–".to_owned(),
            |training| format!("{} / {} · {}", training.in_time, training.clicked, share(training.closure)),
        ),
    }
}

fn notes(cx: &Cx<'_>, drill: &Drill) -> Vec<String> {
    let l = cx.l;
    let mut notes = Vec::new();
    if !drill.visits_told {
        notes.push(l.drill_not_told.to_owned());
    } else if drill.automated_mailboxes > 0 {
        let rates = &drill.every_visit.rates;
        let (opened, clicked) = (share(rates.opened.rate), share(rates.clicked.rate));
        let n = format::number(drill.automated_mailboxes);
        notes.push(fill(l.drill_programs, &[("n", &n), ("opened", &opened), ("clicked", &clicked)]));
    }
    notes.push(match &drill.people.training {
        None => l.drill_retrained_unknown.to_owned(),
        Some(training) => {
            let [late, missing, waiting] = [training.late, training.missing, training.waiting].map(format::number);
            let date = format::date(&training.until, cx.lang);
            let values = [("date", date.as_str()), ("late", &late), ("missing", &missing), ("waiting", &waiting)];
            fill(l.drill_retrained_until, &values)
        }
    });
    notes
}

/// `10.6 %`, or a dash where there is nothing to be a share of.
fn share(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{}\u{a0}%", tenths(rate)))
}

fn tenths(rate: f64) -> String {
    format!("{:.1}", rate * 100.0)
}
