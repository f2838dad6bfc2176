//! The overview of a run: what it counts, what it leaves out, and that the order of events does not matter.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{Timestamp, tz};
use secdiag_model::{Bilingual, Severity};
use secdiag_programme::event::{Act, Event, in_order};
use secdiag_programme::life::{Change, Exception, Verification};
use secdiag_programme::overview::{Facts, Run, overview};

fn noon(day: Date) -> Timestamp {
    tz::offset(8).to_timestamp(day.at(12, 0, 0, 0)).unwrap()
}

fn event(id: &str, day: Date, change: &Change) -> Event {
    let act = Act { actor: "x".into(), reason: "x".into(), at: noon(day), recorded_at: noon(day) };
    Event::new("f", id, &act, change)
}

fn run(id: &str, day: Date) -> Run {
    Run { run: id.into(), as_of: day, assessment: None }
}

const FIRST: Date = date(2024, 6, 30);
const SECOND: Date = date(2025, 6, 30);
const THIRD: Date = date(2026, 6, 30);

fn story() -> Vec<Event> {
    let found = |run: &str, severity| Change::Found { severity, run: run.into() };
    let gone = Change::Verified { by: Verification::Run { run: "2".into() } };
    let accepted = Change::RiskAccepted {
        exception: Some(Exception {
            requested_by: "a".into(),
            approved_by: "b".into(),
            until: Some(date(2026, 12, 31)),
            digest: String::new(),
            restarts_clock: false,
        }),
    };
    vec![
        event("stays", FIRST, &found("1", Severity::High)),
        event("returns", FIRST, &found("1", Severity::Medium)),
        event("returns", SECOND, &gone),
        event("returns", THIRD, &Change::Reopened { run: Some("3".into()) }),
        event("gone", FIRST, &found("1", Severity::Low)),
        event("gone", SECOND, &gone),
        event("accepted", SECOND, &found("2", Severity::Critical)),
        event("accepted", date(2025, 7, 4), &accepted),
        event("later", date(2026, 7, 1), &found("4", Severity::Critical)),
    ]
}

fn asked(mut events: Vec<Event>, as_of: Date, runs: &[Run]) -> secdiag_model::programme::Programme {
    in_order(&mut events);
    let facts = ["stays", "returns", "gone", "accepted", "later"].map(|id| {
        let title = Bilingual { en: id.into(), zh_tw: id.into() };
        (id.to_owned(), Facts { check: "a/b".into(), system: "s".into(), category: Some(1), title })
    });
    let limit = |severity: Severity, _: Option<u8>, clock: Date| {
        (severity > Severity::Info).then(|| clock.checked_add(jiff::Span::new().days(90)).unwrap())
    };
    overview(as_of, runs, &events, &BTreeMap::from(facts), &[], &limit)
}

#[test]
fn the_trend_the_late_and_the_returned() {
    let runs = [run("1", FIRST), run("2", SECOND), run("3", THIRD)];
    let told = asked(story(), THIRD, &runs);
    let points: Vec<_> = told
        .trend
        .iter()
        .map(|point| (point.open.values().sum::<u64>(), point.new, point.returned, point.resolved))
        .collect();
    assert_eq!(points, [(3, 3, 0, 0), (2, 1, 0, 2), (2, 0, 1, 0)]);
    let ids = |rows: &[secdiag_model::programme::FollowUp]| -> Vec<String> {
        rows.iter().map(|row| row.id.clone()).collect()
    };
    assert_eq!(ids(&told.overdue), ["stays"]);
    assert_eq!((told.overdue[0].due.as_deref(), told.overdue[0].days_late), (Some("2024-09-28"), Some(640)));
    assert_eq!(ids(&told.repeats), ["returns"]);
    assert_eq!(told.repeats[0].days_late, Some(-90));
    assert_eq!(ids(&told.accepted), ["accepted"]);
    assert_eq!(told.accepted[0].due.as_deref(), Some("2026-12-31"));
    // A year before, what came later is not known of.
    let before = asked(story(), SECOND, &runs[..2]);
    assert_eq!((ids(&before.overdue), ids(&before.repeats)), (vec!["stays".to_owned()], vec![]));
    assert_eq!(before.trend, told.trend[..2]);
}

#[test]
fn the_order_of_events_does_not_matter() {
    let runs = [run("1", FIRST), run("2", SECOND), run("3", THIRD)];
    let mut events = story();
    events.reverse();
    assert_eq!(asked(events, THIRD, &runs), asked(story(), THIRD, &runs));
}
