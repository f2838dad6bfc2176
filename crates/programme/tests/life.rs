//! The life of a finding through its public face.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use secdiag_model::Severity;
use secdiag_programme::event::{Act, Event, in_order};
use secdiag_programme::history;
use secdiag_programme::identity::Standing;
use secdiag_programme::life::{
    Change, Exception, Interval, Life, Refusal, State, Verification, after_run, changes_of, circle, guard, intervals,
};

const TODAY: Date = date(2026, 6, 30);

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + day * 86_400).unwrap()
}

fn life(changes: &[Change]) -> Life {
    let dated: Vec<_> = (0..).zip(changes).map(|(day, change)| (at(day), change)).collect();
    Life::fold(dated, at(60)).unwrap()
}

fn found() -> Change {
    Change::Found { severity: Severity::High, run: "r1".into() }
}

fn exception(until: Option<Date>) -> Exception {
    Exception {
        requested_by: "Chen".into(),
        approved_by: "Lin".into(),
        until,
        digest: "as-it-was".into(),
        restarts_clock: false,
    }
}

#[test]
fn nobody_approves_their_own_exception_nor_verifies_their_own_work() {
    let open = life(&[found(), Change::Triaged { owner: "Chen".into() }]);
    let mut own = exception(Some(date(2026, 12, 31)));
    own.approved_by = "Chen".into();
    let accept = |exception| Change::RiskAccepted { exception: Some(exception) };
    assert_eq!(open.allows(&accept(own), "old", TODAY), Err(Refusal::OwnApprover { person: "Chen".into() }));
    assert_eq!(open.allows(&accept(exception(Some(date(2026, 12, 31)))), "old", TODAY), Ok(()));
    for until in [None, Some(TODAY), Some(date(2020, 1, 1))] {
        assert_eq!(open.allows(&accept(exception(until)), "old", TODAY), Err(Refusal::NoEnd { today: TODAY }));
    }
    let claimed = life(&[found(), Change::Triaged { owner: "Chen".into() }, Change::Remediated { evidence: vec![] }]);
    let verify = |verifier: &str, evidence: &[&str]| {
        let evidence = evidence.iter().map(|text| (*text).to_owned()).collect();
        let by = Verification::Person { verifier: verifier.into(), evidence };
        claimed.allows(&Change::Verified { by }, "looked", TODAY)
    };
    assert_eq!(verify("Chen", &["photo"]), Err(Refusal::OwnVerifier { person: "Chen".into() }));
    assert_eq!(verify("Lin", &[" "]), Err(Refusal::NoEvidence));
    assert_eq!(verify("Lin", &["photo"]), Ok(()));
    assert_eq!(open.allows(&Change::InProgress, " ", TODAY), Err(Refusal::NoReason));
}

#[test]
fn a_person_verifies_only_what_was_claimed_and_a_run_what_it_looked_for() {
    let by = Verification::Person { verifier: "Lin".into(), evidence: vec!["photo".into()] };
    let open = life(&[found()]);
    assert_eq!(
        open.allows(&Change::Verified { by }, "looked", TODAY),
        Err(Refusal::NotFrom { from: State::New, to: "verified" })
    );
    assert_eq!(after_run(Some(&open), Standing::AbsentNotEvaluated, Severity::High, "d", "r2"), []);
    let gone = after_run(Some(&open), Standing::AbsentEvaluated, Severity::High, "d", "r2");
    assert_eq!(gone, [Change::Verified { by: Verification::Run { run: "r2".into() } }]);
    assert_eq!(open.allows(&gone[0], "run r2", TODAY), Ok(()));
}

#[test]
fn what_comes_back_is_a_repeat_finding_and_its_clock_begins_anew() {
    let verified = Change::Verified { by: Verification::Run { run: "r2".into() } };
    let back = Change::Reopened { run: Some("r3".into()) };
    let life = life(&[found(), verified.clone(), back.clone(), verified, Change::Closed, back]);
    assert_eq!((life.state, life.repeats, life.first_at, life.clock), (State::Open, 2, at(0), at(5)));
}

#[test]
fn a_claim_that_a_run_disproves_fails_and_a_changed_finding_is_decided_again() {
    let claimed = life(&[found(), Change::Remediated { evidence: vec![] }]);
    assert_eq!(after_run(Some(&claimed), Standing::Unchanged, Severity::High, "d", "r2"), [Change::VerificationFailed]);
    let until = Some(date(2099, 1, 1));
    let decided = |change: fn(Option<Exception>) -> Change| life(&[found(), change(Some(exception(until)))]);
    let accepted = decided(|exception| Change::RiskAccepted { exception });
    assert_eq!(accepted.state, State::RiskAccepted);
    assert_eq!(after_run(Some(&accepted), Standing::Unchanged, Severity::High, "as-it-was", "r2"), []);
    let denied = decided(|exception| Change::FalsePositive { exception });
    for life in [&accepted, &denied] {
        let again = after_run(Some(life), Standing::Updated, Severity::High, "worse", "r2");
        assert_eq!(again, [Change::AcceptanceExpired]);
    }
    let worse = after_run(Some(&life(&[found()])), Standing::Updated, Severity::Critical, "d", "r2");
    assert_eq!(worse, [Change::SeverityChanged { severity: Severity::Critical, requested_by: None }]);
}

#[test]
fn an_acceptance_ends_by_itself_after_its_last_day_in_taiwan_and_keeps_the_clock() {
    let accepted = Change::RiskAccepted { exception: Some(exception(Some(date(2024, 6, 30)))) };
    let changes = [(at(0), &Change::Opened { severity: Some(Severity::High) }), (at(1), &accepted)];
    let state = |instant: &str| Life::fold(changes, instant.parse().unwrap()).unwrap().state;
    assert_eq!(state("2024-06-30T15:59:59Z"), State::RiskAccepted);
    assert_eq!(state("2024-06-30T16:00:00Z"), State::Open);
    let life = Life::fold(changes, Timestamp::MAX).unwrap();
    assert_eq!((life.clock, life.repeats), (at(0), 0));
    let mut restarting = exception(Some(date(2024, 6, 30)));
    restarting.restarts_clock = true;
    let accepted = Change::RiskAccepted { exception: Some(restarting) };
    let changes = [(at(0), &Change::Opened { severity: None }), (at(1), &accepted)];
    assert_eq!(Life::fold(changes, Timestamp::MAX).unwrap().clock, "2024-06-30T16:00:00Z".parse().unwrap());
}

#[test]
fn a_history_is_taken_over_whole_or_refused_line_by_line() {
    let now = at(0);
    let good = "{\"at\":\"2024-01-02T03:04:05Z\",\"finding\":\"F-1\",\"type\":\"verified\"}\n\n\
        {\"at\":\"2023-01-02T03:04:05Z\",\"finding\":\"F-1\",\"type\":\"opened\",\"severity\":\"high\",\"firm\":\"A\"}\n";
    let events = history::read(good, None, "old tracker", now).unwrap();
    assert!(events.iter().all(|event| event.firm == "A" && event.actor == "old tracker"));
    assert_eq!(history::read(good, None, "old tracker", at(9)).unwrap()[0].id, events[0].id);
    let bad = "{\"at\":\"2024-01-02T03:04:05Z\",\"finding\":\"F-1\",\"type\":\"vanished\"}\n\
        {\"at\":\"yesterday\",\"finding\":\"F-1\",\"type\":\"opened\"}\nhello\n\
        {\"at\":\"2024-01-02T03:04:05Z\",\"finding\":\"F-2\",\"type\":\"opened\"}\n\
        {\"at\":\"2024-01-02T03:04:05Z\",\"finding\":\"F-3\",\"type\":\"opened\",\"firm\":\"A\"}\n\
        {\"at\":\"2024-01-02T03:04:05Z\",\"finding\":\"F-3\",\"type\":\"closed\",\"firm\":\"B\"}\n";
    let refused = history::read(bad, None, "old tracker", now).unwrap_err();
    assert_eq!(refused.iter().map(|line| line.line).collect::<Vec<_>>(), [1, 2, 3, 4, 6]);
    assert!(refused[4].reason.contains("line 5"), "{}", refused[4]);
}

/// Events of one finding, one a day, each by whom and what.
fn events(acts: &[(&str, Change)]) -> Vec<Event> {
    let event = |(day, (actor, change)): (i64, &(&str, Change))| {
        let act = Act { actor: (*actor).into(), reason: "because".into(), at: at(day), recorded_at: at(day) };
        Event::new("A", "F-1", &act, change)
    };
    (0..).zip(acts).map(event).collect()
}

fn person(actor: &str, day: i64) -> Act {
    Act { actor: actor.into(), reason: "because".into(), at: at(day), recorded_at: at(day) }
}

#[test]
fn one_person_is_one_however_the_name_is_written() {
    let claimed = events(&[
        ("run r1", found()),
        ("Lin", Change::Triaged { owner: "M. Hsieh".into() }),
        ("CHEN", Change::Remediated { evidence: vec![] }),
    ]);
    let verify = |who: &str| {
        let by = Verification::Person { verifier: who.into(), evidence: vec!["photo".into()] };
        guard(&claimed, &person(who, 5), &Change::Verified { by }, at(9)).map(|life| life.state)
    };
    assert_eq!(verify(" m hsieh"), Err(Refusal::OwnVerifier { person: " m hsieh".into() }));
    assert_eq!(verify("chen "), Err(Refusal::OwnClaim { person: "chen ".into() }), "who claimed it does not verify");
    assert_eq!(verify("Wu"), Ok(State::Verified));
    let accept = |requested_by: &str, approved_by: &str| {
        let until = Some(date(2099, 1, 1));
        let exception =
            Exception { requested_by: requested_by.into(), approved_by: approved_by.into(), ..exception(until) };
        let open = events(&[("run r1", found())]);
        guard(&open, &person(approved_by, 5), &Change::RiskAccepted { exception: Some(exception) }, at(9))
    };
    assert_eq!(accept("lin", "LIN").unwrap_err(), Refusal::OwnApprover { person: "LIN".into() });
    assert_eq!(accept(" ", "Lin").unwrap_err(), Refusal::NoRequester);
    assert!(accept("Wu", "Lin").is_ok());
}

#[test]
fn lowering_takes_two_and_nobody_writes_into_the_future_or_changes_what_came_after() {
    let open = events(&[("run r1", found())]);
    let lower = |requested_by: Option<&str>| {
        let severity = Severity::Low;
        let change = Change::SeverityChanged { severity, requested_by: requested_by.map(str::to_owned) };
        guard(&open, &person("Lin", 5), &change, at(9)).map(|life| life.severity)
    };
    assert_eq!(lower(None), Err(Refusal::NoRequester));
    assert_eq!(lower(Some("lin")), Err(Refusal::OwnApprover { person: "Lin".into() }));
    assert_eq!(lower(Some("Chen")), Ok(Severity::Low));
    let raise = Change::SeverityChanged { severity: Severity::Critical, requested_by: None };
    assert!(guard(&open, &person("Lin", 5), &raise, at(9)).is_ok());
    assert_eq!(guard(&open, &person("Lin", 10), &raise, at(9)).unwrap_err(), Refusal::NotYet { at: at(10) });
    assert_eq!(guard(&open, &person(" ", 5), &raise, at(9)).unwrap_err(), Refusal::Nobody);
    assert_eq!(guard(&open, &person("Lin", -1), &raise, at(9)).unwrap_err(), Refusal::NotKnown { at: at(-1) });
    let nameless = Act { reason: " ".into(), ..person("Lin", 5) };
    assert_eq!(guard(&open, &nameless, &raise, at(9)).unwrap_err(), Refusal::NoReason);
    // Claimed on day 1, disproved by a run on day 2: a verification dated between them would make the run's sight a
    // repeat finding.
    let disproved = events(&[
        ("run r1", found()),
        ("Chen", Change::Remediated { evidence: vec![] }),
        ("run r2", Change::Reopened { run: Some("r2".into()) }),
    ]);
    let by = Verification::Person { verifier: "Wu".into(), evidence: vec!["photo".into()] };
    let between = Act { at: at(2) - jiff::SignedDuration::from_secs(1), ..person("Wu", 5) };
    let verified = Change::Verified { by };
    assert_eq!(guard(&disproved, &between, &verified, at(9)).unwrap_err(), Refusal::ChangesPast { at: between.at });
}

#[test]
fn circles_of_merges_are_found_however_long() {
    let of = |pairs: &[(&'static str, &'static str)]| circle(&pairs.iter().copied().collect());
    assert_eq!(of(&[("a", "b"), ("b", "c"), ("d", "c")]), None);
    assert_eq!(of(&[("x", "a"), ("a", "b"), ("b", "c"), ("c", "a")]).map(|circle| circle.len()), Some(3));
    assert_eq!(of(&[("a", "a")]), Some(vec!["a"]));
}

fn any_change() -> impl Strategy<Value = Change> {
    let severity = prop::sample::select(&Severity::DESCENDING[..]);
    let until =
        prop::option::of((0_i16..400).prop_map(|days| date(2023, 11, 1).saturating_add(jiff::Span::new().days(days))));
    prop_oneof![
        severity.clone().prop_map(|severity| Change::Found { severity, run: "r".into() }),
        severity.clone().prop_map(|severity| Change::Opened { severity: Some(severity) }),
        severity.prop_map(|severity| Change::SeverityChanged { severity, requested_by: None }),
        Just(Change::Triaged { owner: "Chen".into() }),
        Just(Change::InProgress),
        Just(Change::Remediated { evidence: vec![] }),
        Just(Change::Verified { by: Verification::Unknown }),
        Just(Change::VerificationFailed),
        Just(Change::Closed),
        Just(Change::Reopened { run: None }),
        until.clone().prop_map(|until| Change::RiskAccepted { exception: Some(exception(until)) }),
        Just(Change::AcceptanceExpired),
        until.prop_map(|until| Change::FalsePositive { exception: Some(exception(until)) }),
        Just(Change::Superseded { by: "other".into() }),
    ]
}

/// The state at an instant by a slow and obvious way: the interval that holds it.
fn standing_at(all: &[Interval], instant: Timestamp) -> Option<(State, Severity)> {
    let holds = |interval: &&Interval| interval.from <= instant && interval.to.is_none_or(|to| instant < to);
    let found: Vec<_> = all.iter().filter(holds).collect();
    assert!(found.len() <= 1, "two intervals at once: {found:?}");
    found.first().map(|interval| (interval.state, interval.severity))
}

proptest! {
    #[test]
    fn intervals_say_at_every_instant_what_the_fold_says(
        steps in prop::collection::vec((0_i64..300, any_change()), 1..20),
        asked in prop::collection::vec(-5_i64..500, 20),
    ) {
        let act = |day: i64| Act { actor: "x".into(), reason: "y".into(), at: at(day), recorded_at: at(day) };
        let mut events: Vec<Event> =
            steps.iter().map(|(day, change)| Event::new("f", "F-1", &act(*day), change)).collect();
        in_order(&mut events);
        let mut shuffled = events.clone();
        shuffled.reverse();
        in_order(&mut shuffled);
        prop_assert_eq!(&shuffled, &events);
        let (changes, bad) = changes_of(&events);
        prop_assert!(bad.is_empty());
        let all = intervals(changes.iter().map(|(at, change)| (*at, change)));
        for day in asked {
            let life = Life::fold(changes.iter().map(|(at, change)| (*at, change)), at(day));
            prop_assert_eq!(standing_at(&all, at(day)), life.map(|life| (life.state, life.severity)));
        }
    }

    #[test]
    fn a_run_only_does_what_the_guards_allow(
        steps in prop::collection::vec(any_change(), 1..12),
        standing in prop::sample::select(vec![
            Standing::Unchanged, Standing::Updated, Standing::Repeat, Standing::AbsentEvaluated, Standing::AbsentNotEvaluated,
        ]),
        severity in prop::sample::select(&Severity::DESCENDING[..]),
    ) {
        let mut life = life(&steps);
        prop_assume!(life.state != State::Superseded);
        for change in after_run(Some(&life), standing, severity, "d", "r9") {
            prop_assert_eq!(life.allows(&change, "run r9", TODAY), Ok(()));
            life.apply(at(100), &change);
        }
        if standing == Standing::AbsentNotEvaluated {
            prop_assert_eq!(&life, &self::life(&steps));
        }
        if !matches!(standing, Standing::AbsentEvaluated | Standing::AbsentNotEvaluated) {
            prop_assert!(!life.state.is_resolved(), "seen, so not gone");
        }
    }
}

/// The shared history, in three orders: states and open high findings per firm at every instant asked.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_shared_history_stands_as_expected_at_every_instant() {
    let data = std::env::var_os("SECDIAG_DATA").expect("SECDIAG_DATA names the evidence folder");
    let folder = std::path::Path::new(&data).join("platform/history");
    let text = std::fs::read_to_string(folder.join("events.jsonl")).unwrap();
    let expected: std::collections::BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(&std::fs::read(folder.join("asof_expected.json")).unwrap()).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    for order in 0..3 {
        match order {
            1 => lines.reverse(),
            2 => lines.sort_unstable(),
            _ => {}
        }
        let events = history::read(&lines.join("\n"), None, "tracker", at(0)).unwrap();
        let mut findings: std::collections::BTreeMap<&str, Vec<Event>> = std::collections::BTreeMap::new();
        for event in &events {
            findings.entry(&event.subject).or_default().push(event.clone());
        }
        assert_eq!((events.len(), findings.len()), (3877, 1000));
        for (instant, expected) in &expected {
            let (mut by_state, mut open_high) = (serde_json::Map::new(), serde_json::Map::new());
            for events in findings.values_mut() {
                in_order(events);
                let (changes, bad) = changes_of(events);
                assert!(bad.is_empty());
                let folded = Life::fold(changes.iter().map(|(at, change)| (*at, change)), instant.parse().unwrap());
                let Some(life) = folded else { continue };
                let count = |map: &mut serde_json::Map<String, serde_json::Value>, key: &str| {
                    let before = map.get(key).and_then(serde_json::Value::as_u64).unwrap_or(0);
                    map.insert(key.to_owned(), (before + 1).into());
                };
                count(&mut by_state, life.state.word());
                if life.state == State::Open && life.severity == Severity::High {
                    count(&mut open_high, &events[0].firm);
                }
            }
            assert_eq!(
                serde_json::json!({"by_state": by_state, "open_high_by_firm": open_high}),
                *expected,
                "{instant}"
            );
        }
    }
}
