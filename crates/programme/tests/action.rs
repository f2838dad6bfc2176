//! Improvement actions: what their events come to, what is refused, and what is late.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{Timestamp, tz};
use secdiag_model::Severity;
use secdiag_programme::action::{Action, ActionState, Actions, Refusal, Step, may_plan, new_id, rows};
use secdiag_programme::event::{Act, Event, in_order};
use secdiag_programme::life::{Change, Life, State, Verification};
use serde_json::json;

fn noon(day: Date) -> Timestamp {
    tz::offset(8).to_timestamp(day.at(12, 0, 0, 0)).unwrap()
}

fn act(day: Date) -> Act {
    Act { actor: "Lin".into(), reason: "agreed".into(), at: noon(day), recorded_at: noon(day) }
}

fn event(finding: &str, day: Date, step: &Step) -> Event {
    Event::new("f", finding, &act(day), step)
}

fn planned(action: &str, plan: &str, owner: &str, due: Option<Date>) -> Step {
    Step::Planned { action: action.into(), plan: plan.into(), owner: owner.into(), due, comment: String::new() }
}

fn progress(action: &str, percent: u8) -> Step {
    Step::Progress { action: action.into(), percent, note: "half".into() }
}

fn done(action: &str) -> Step {
    Step::Done { action: action.into(), evidence: vec!["change.pdf".into()] }
}

const MAY: Date = date(2026, 5, 1);
const JUNE: Date = date(2026, 6, 1);
const JULY: Date = date(2026, 7, 1);

fn fold(mut events: Vec<Event>) -> Actions {
    in_order(&mut events);
    Actions::fold(&events)
}

fn life(changes: &[Change]) -> Life {
    let changes: Vec<(Timestamp, Change)> = changes.iter().map(|change| (noon(MAY), change.clone())).collect();
    Life::fold(changes.iter().map(|(at, change)| (*at, change)), noon(JULY)).unwrap()
}

fn found() -> Change {
    Change::Found { severity: Severity::High, run: "1".into() }
}

fn lives(all: &[(&str, &[Change])]) -> BTreeMap<(String, String), Life> {
    all.iter().map(|(id, changes)| (("f".to_owned(), (*id).to_owned()), life(changes))).collect()
}

fn only(actions: &Actions) -> &Action {
    assert_eq!(actions.all.len(), 1, "{actions:?}");
    &actions.all[0]
}

#[test]
fn an_action_is_planned_moves_on_and_is_done() {
    let events = vec![
        event("x", MAY, &planned("a", "replace it", "Chen", Some(JUNE))),
        event("x", date(2026, 5, 10), &progress("a", 40)),
        event("x", JUNE, &done("a")),
    ];
    let states = [1, 2, 3].map(|count| fold(events[..count].to_vec()));
    let told = states.each_ref().map(|actions| (only(actions).state(), only(actions).percent));
    assert_eq!(told, [(ActionState::Planned, 0), (ActionState::InProgress, 40), (ActionState::Done, 100)]);
    assert_eq!(only(&states[2]).evidence, ["change.pdf"]);
    // The order in which events are given does not matter.
    let mut shuffled = events.clone();
    shuffled.reverse();
    assert_eq!(fold(shuffled), states[2]);
}

#[test]
fn answers_of_old_trackers_are_the_same_kind_of_event() {
    // As it was recorded before actions had steps.
    let old = |day: Date, plan: &str| {
        let mut event = event("x", day, &planned("", plan, "", None));
        event.body = json!({"plan": plan, "due": "2026-06-01", "comment": "c"});
        event.id = format!("{plan} {day}");
        event
    };
    let actions = fold(vec![old(MAY, "first"), old(JUNE, "second")]);
    let (action, id) = (only(&actions), "first 2026-05-01");
    assert_eq!((action.id.as_str(), action.plan.as_str(), action.due), (id, "second", Some(JUNE)));
    // What is planned beside it is another one, and a row that was emptied is none any more.
    let mut emptied = old(JULY, "");
    emptied.body = json!({"plan": "", "due": null, "comment": ""});
    let later = fold(vec![old(MAY, "first"), event("x", JUNE, &done(id)), emptied]);
    let stands: Vec<bool> = later.all.iter().map(Action::stands).collect();
    assert_eq!(stands, [true, false], "what is done is not planned anew");
    assert_eq!(actions.current("f", "x").unwrap().id, id);
    assert_eq!(actions.current("g", "x"), None);
}

#[test]
fn events_about_no_action_are_told_of_and_change_nothing() {
    let mut damaged = event("x", MAY, &done("a"));
    damaged.body = json!({"type": "progress", "percent": "many"});
    let actions = fold(vec![event("x", MAY, &progress("b", 10)), damaged]);
    assert!(actions.all.is_empty());
    let mut told: Vec<String> = actions.not_understood.iter().map(ToString::to_string).collect();
    told.sort();
    assert!(told.iter().any(|text| text.contains("no action b was planned by then")), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let open = life(&[found()]);
    let plan = |life: &Life, plan, owner, due| may_plan(life, plan, owner, due, MAY);
    assert_eq!(plan(&open, "replace", "Chen", MAY), Ok(()));
    assert_eq!(plan(&open, " ", "Chen", JUNE), Err(Refusal::NoPlan));
    assert_eq!(plan(&open, "replace", "", JUNE), Err(Refusal::NoOwner));
    let yesterday = date(2026, 4, 30);
    let past = Refusal::DuePast { due: yesterday, today: MAY };
    assert_eq!(plan(&open, "replace", "Chen", yesterday), Err(past));
    let gone = life(&[found(), Change::Verified { by: Verification::Unknown }]);
    assert_eq!(plan(&gone, "replace", "Chen", JUNE), Err(Refusal::NotOpen(State::Verified)));

    let actions = fold(vec![event("x", MAY, &planned("a", "replace", "Chen", Some(JUNE)))]);
    let action = only(&actions);
    assert_eq!(action.allows(&progress("a", 100), &act(MAY)), Ok(()));
    assert_eq!(action.allows(&progress("a", 101), &act(MAY)), Err(Refusal::MoreThanAll(101)));
    let silent = Step::Progress { action: "a".into(), percent: 1, note: " ".into() };
    assert_eq!(action.allows(&silent, &act(MAY)), Err(Refusal::NoNote));
    let unproven = Step::Done { action: "a".into(), evidence: vec![String::new()] };
    assert_eq!(action.allows(&unproven, &act(MAY)), Err(Refusal::NoEvidence));
    let early = action.allows(&done("a"), &act(yesterday));
    assert_eq!(early, Err(Refusal::NotYet { id: "a".into(), on: MAY }));
    let over = fold(vec![event("x", MAY, &planned("a", "replace", "Chen", Some(JUNE))), event("x", JUNE, &done("a"))]);
    let again = only(&over).allows(&progress("a", 10), &act(JULY));
    assert_eq!(again, Err(Refusal::AlreadyDone { id: "a".into(), on: JUNE }));
}

#[test]
fn late_is_what_is_not_done_and_whose_finding_is_open() {
    let due = Some(JUNE);
    let actions = fold(vec![
        event("open", MAY, &planned("late", "a", "Chen", due)),
        event("open", MAY, &planned("done", "b", "Chen", due)),
        event("open", JUNE, &done("done")),
        event("gone", MAY, &planned("moot", "c", "Chen", due)),
        event("merged", MAY, &planned("merged", "d", "", due)),
        event("unknown", MAY, &planned("unknown", "e", "Chen", due)),
    ]);
    let lives = lives(&[
        ("open", &[found(), Change::Triaged { owner: "Wu".into() }]),
        ("gone", &[found(), Change::Verified { by: Verification::Unknown }]),
        ("merged", &[found(), Change::Superseded { by: "open".into() }]),
    ]);
    let late = |as_of: Date| -> Vec<(String, bool, Option<i64>)> {
        let rows = rows(&actions, &lives, as_of).into_iter();
        rows.map(|row| (row.action.id, row.overdue, row.days_late)).collect()
    };
    let on = |as_of| late(as_of).into_iter().filter(|(_, overdue, _)| *overdue).collect::<Vec<_>>();
    assert!(on(JUNE).is_empty(), "the last day is not over yet");
    let expected = [("merged".to_owned(), true, Some(1)), ("late".to_owned(), true, Some(1))];
    assert_eq!(on(date(2026, 6, 2)), expected);
    let all = rows(&actions, &lives, JULY);
    assert_eq!(all.len(), 5, "nothing is left out");
    assert_eq!(all.last().unwrap().action.id, "done", "what is done comes last");
    let merged = all.iter().find(|row| row.action.id == "merged").unwrap();
    // It goes along with the finding that goes on, and is done by that one's owner where it names none.
    assert_eq!((merged.about.as_str(), merged.action.owner.as_str()), ("open", "Wu"));
}

#[test]
fn merges_in_a_circle_end() {
    let actions = fold(vec![event("a", MAY, &planned("x", "a", "Chen", Some(JUNE)))]);
    let lives = lives(&[
        ("a", &[found(), Change::Superseded { by: "b".into() }]),
        ("b", &[found(), Change::Superseded { by: "a".into() }]),
    ]);
    assert_eq!(rows(&actions, &lives, JULY).len(), 1);
}

#[test]
fn ids_tell_actions_apart() {
    let id = |plan: &str, day| new_id("f", "x", plan, &act(day));
    assert_eq!(id("a", MAY), id("a", MAY));
    assert!(id("a", MAY) != id("b", MAY) && id("a", MAY) != id("a", JUNE) && id("a", MAY).len() == 10);
}
