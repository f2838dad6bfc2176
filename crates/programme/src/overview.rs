//! How things stand seen from a run: the trend over the runs before, what is late, what came back, what is accepted.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, tz};
use secdiag_model::programme::{FollowUp, Programme, Reassessment, SystemDates, TrendPoint};
use secdiag_model::result::SCHEMA_VERSION;
use secdiag_model::{Bilingual, Severity};

use crate::event::Event;
use crate::life::{Change, Interval, Life, Verification, changes_of, intervals};
use crate::schedule::Row;

/// A run of the firm.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its id.
    pub run: String,
    /// Day that it is about.
    pub as_of: Date,
    /// Name of the assessment.
    pub assessment: Option<String>,
}

/// What is known of a finding besides its events.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Slug of the check.
    pub check: String,
    /// System.
    pub system: String,
    /// Category of the system.
    pub category: Option<u8>,
    /// Headline.
    pub title: Bilingual,
}

/// Last day of a time limit, by severity, category of the system and the day on which the clock began.
pub type Limit<'a> = &'a dyn Fn(Severity, Option<u8>, Date) -> Option<Date>;

/// The overview at the end of a day. `events` are those of the firm's findings in order, `runs` in order and up to the
/// one that asks, `rows` the schedule as of the day.
pub fn overview(
    as_of: Date,
    runs: &[Run],
    events: &[Event],
    facts: &BTreeMap<String, Facts>,
    rows: &[Row],
    limit: Limit<'_>,
) -> Programme {
    let mut of_finding: BTreeMap<&str, Vec<(Timestamp, Change)>> = BTreeMap::new();
    for event in events {
        of_finding.entry(&event.subject).or_default().extend(changes_of(std::slice::from_ref(event)).0);
    }
    let mut programme = Programme {
        schema: SCHEMA_VERSION,
        as_of: as_of.to_string(),
        trend: trend(runs, &of_finding),
        systems: rows.iter().map(|row| dates(row, as_of)).collect(),
        ..Programme::default()
    };
    for (id, changes) in &of_finding {
        let Some(life) = Life::fold(changes.iter().map(|(at, change)| (*at, change)), end_of(as_of)) else { continue };
        let Some(facts) = facts.get(*id) else { continue };
        follow_up(&mut programme, id, &life, facts, as_of, limit);
    }
    for list in [&mut programme.overdue, &mut programme.repeats, &mut programme.accepted] {
        list.sort_by(|a, b| (b.severity, &a.due, &a.id).cmp(&(a.severity, &b.due, &b.id)));
    }
    programme
}

/// The last instant of a day in Taiwan.
fn end_of(day: Date) -> Timestamp {
    let next = day.tomorrow().ok().and_then(|next| tz::offset(8).to_timestamp(next.at(0, 0, 0, 0)).ok());
    next.and_then(|next| next.checked_sub(jiff::SignedDuration::from_micros(1)).ok()).unwrap_or(Timestamp::MAX)
}

fn day_of(at: Timestamp) -> Date {
    tz::offset(8).to_datetime(at).date()
}

fn trend(runs: &[Run], of_finding: &BTreeMap<&str, Vec<(Timestamp, Change)>>) -> Vec<TrendPoint> {
    let mut points: Vec<TrendPoint> = runs
        .iter()
        .map(|run| TrendPoint {
            run: run.run.clone(),
            as_of: run.as_of.to_string(),
            assessment: run.assessment.clone(),
            open: BTreeMap::new(),
            new: 0,
            returned: 0,
            resolved: 0,
        })
        .collect();
    let ends: Vec<Timestamp> = runs.iter().map(|run| end_of(run.as_of)).collect();
    let place: BTreeMap<&str, usize> = runs.iter().enumerate().map(|(at, run)| (run.run.as_str(), at)).collect();
    for changes in of_finding.values() {
        for (_, change) in changes {
            match change {
                Change::Found { run, .. } => place.get(run.as_str()).map(|at| points[*at].new += 1),
                Change::Reopened { run: Some(run) } => place.get(run.as_str()).map(|at| points[*at].returned += 1),
                Change::Verified { by: Verification::Run { run } } => {
                    place.get(run.as_str()).map(|at| points[*at].resolved += 1)
                }
                _ => None,
            };
        }
        for Interval { state, severity, from, to } in intervals(changes.iter().map(|(at, change)| (*at, change))) {
            if !state.is_open() {
                continue;
            }
            for (point, end) in points.iter_mut().zip(&ends) {
                if from <= *end && to.is_none_or(|to| to > *end) {
                    *point.open.entry(severity).or_default() += 1;
                }
            }
        }
    }
    points
}

fn follow_up(programme: &mut Programme, id: &str, life: &Life, facts: &Facts, as_of: Date, limit: Limit<'_>) {
    let accepted = life.state == crate::life::State::RiskAccepted;
    if !life.state.is_open() && !accepted {
        return;
    }
    let due = match &life.exception {
        Some(exception) if accepted => exception.until,
        _ => limit(life.severity, facts.category, day_of(life.clock)),
    };
    let days_late = due.map(|due| i64::from((as_of - due).get_days()));
    let row = FollowUp {
        id: id.to_owned(),
        check: facts.check.clone(),
        system: facts.system.clone(),
        title: facts.title.clone(),
        severity: life.severity,
        state: life.state.word().to_owned(),
        owner: life.owner.clone(),
        first_seen: day_of(life.first_at).to_string(),
        due: due.map(|due| due.to_string()),
        days_late,
        repeats: life.repeats,
        approved_by: life.exception.as_ref().map(|exception| exception.approved_by.clone()),
    };
    if accepted {
        programme.accepted.push(row);
        return;
    }
    if life.repeats > 0 {
        programme.repeats.push(row.clone());
    }
    if days_late.is_some_and(|days| days > 0) {
        programme.overdue.push(row);
    }
}

fn dates(row: &Row, as_of: Date) -> SystemDates {
    let text = |date: Option<Date>| date.map(|date| date.to_string());
    SystemDates {
        system: row.system.clone(),
        name: row.name.clone(),
        category: row.category,
        last_completed: text(row.last_completed),
        plan_by: text(row.due.map(|due| due.plan_by)),
        must_by: text(row.due.map(|due| due.must_by)),
        state: row.state.map(|state| state.word().to_owned()),
        reassessments: row
            .incidents
            .iter()
            .map(|duty| Reassessment {
                incident: duty.incident.clone(),
                counted_from: duty.anchor.to_string(),
                due: duty.duty.due.to_string(),
                state: duty.duty.state.word().to_owned(),
                days_left: duty.duty.state.is_open().then(|| i64::from((duty.duty.due - as_of).get_days())),
                predating: duty.predating.clone(),
                undated: duty.undated,
            })
            .collect(),
    }
}
