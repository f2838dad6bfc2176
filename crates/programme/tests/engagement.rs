//! The life of an assessment and the identity of devices: what is allowed, what is refused, and that order and spelling do
//! not matter where they must not.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use secdiag_programme::asset::{Asset, Change, Devices, KeyKind, Keys, normal, resolve};
use secdiag_programme::engagement::{Engagement, Facts, Refusal, RunFacts, Stage, Step};
use secdiag_programme::event::{Act, Event, in_order};

fn act(at: i64, actor: &str) -> Act {
    let at = Timestamp::from_second(1_700_000_000 + at).unwrap();
    Act { actor: actor.into(), reason: "because".into(), at, recorded_at: at }
}

fn to(stage: Stage) -> Step {
    Step::To { stage, run: None }
}

/// Takes steps; gives where it ends, or the first refusal.
fn walk(steps: &[(&str, Step)], facts: &Facts) -> Result<Engagement, Refusal> {
    let mut events: Vec<Event> = Vec::new();
    for (at, (actor, step)) in (0..).zip(steps) {
        let known = Engagement::fold(&events);
        Engagement::allows(known.as_ref(), step, actor, "because", facts)?;
        events.push(Event::new("f", "2026", &act(at, actor), step));
    }
    Engagement::fold(&events).ok_or(Refusal::Unknown)
}

fn facts() -> Facts {
    Facts { owners: BTreeSet::from(["Owner".into()]), run: Some(RunFacts::default()) }
}

fn until_response() -> Vec<(&'static str, Step)> {
    let mut steps = vec![("Lead", Step::Planned { lead: "Lead".into() })];
    steps.extend(
        [Stage::Preparing, Stage::Collecting, Stage::Analysing, Stage::Review].map(|stage| ("Lead", to(stage))),
    );
    steps.push(("Peer", to(Stage::FirmResponse)));
    steps
}

#[test]
fn an_assessment_goes_its_way_to_the_end_and_begins_anew_as_a_revision() {
    let mut steps = until_response();
    steps.extend([Stage::Signed, Stage::Issued, Stage::Closed].map(|stage| ("Lead", to(stage))));
    let closed = walk(&steps, &facts()).unwrap();
    assert_eq!((closed.stage, closed.revision, closed.reviewer.as_deref()), (Stage::Closed, 1, Some("Peer")));
    steps.push(("Lead", Step::Reopened));
    let again = walk(&steps, &facts()).unwrap();
    assert_eq!((again.stage, again.revision, again.reviewer), (Stage::Analysing, 2, None));
}

#[test]
fn guards_refuse_what_must_not_happen() {
    let refused = |steps: &[(&str, Step)], facts: &Facts| walk(steps, facts).unwrap_err();
    let leads = Step::Planned { lead: "Owner".into() };
    assert_eq!(refused(&[("x", leads)], &facts()), Refusal::OwnerLeads("Owner".into()));
    let before_review = &until_response()[..4];
    let with = |actor, stage| [before_review, &[(actor, to(stage))]].concat();
    let run = |undecided, without_reason| Facts { run: Some(RunFacts { undecided, without_reason }), ..facts() };
    assert_eq!(refused(&with("Lead", Stage::Review), &Facts { run: None, ..facts() }), Refusal::NoRun);
    assert_eq!(refused(&with("Lead", Stage::Review), &run(2, 0)), Refusal::Undecided(2));
    assert_eq!(refused(&with("Lead", Stage::Review), &run(0, 3)), Refusal::WithoutReason(3));
    assert_eq!(
        refused(&with("Lead", Stage::Signed), &facts()),
        Refusal::NotFrom { from: Stage::Analysing, to: Stage::Signed }
    );
    let review = &until_response()[..5];
    assert_eq!(
        refused(&[review, &[("Lead", to(Stage::FirmResponse))]].concat(), &facts()),
        Refusal::OwnReview("Lead".into())
    );
    let response = until_response();
    assert_eq!(
        refused(&[&response[..], &[("Peer", to(Stage::Signed))]].concat(), &facts()),
        Refusal::NotLead("Lead".into())
    );
    let signed = [&response[..], &[("Lead", to(Stage::Signed))]].concat();
    for stage in [Stage::Cancelled, Stage::Analysing, Stage::Planned] {
        assert_eq!(refused(&[&signed[..], &[("Lead", to(stage))]].concat(), &facts()), Refusal::Final(Stage::Signed));
    }
    assert_eq!(Engagement::allows(None, &to(Stage::Review), "x", " ", &facts()), Err(Refusal::NoReason));
    assert_eq!(Engagement::allows(None, &to(Stage::Review), "x", "y", &facts()), Err(Refusal::Unknown));
}

proptest! {
    /// Whatever is tried in whatever order: nothing is signed without a review by another one and a run, nor by an owner.
    #[test]
    fn no_way_leads_around_the_guards(tries in proptest::collection::vec((0usize..3, 0usize..10), 1..40)) {
        let mut events: Vec<Event> = vec![Event::new("f", "a", &act(0, "Lead"), &Step::Planned { lead: "Lead".into() })];
        for (at, (who, which)) in (1..).zip(tries) {
            let actor = ["Lead", "Peer", "Owner"][who];
            let known = Engagement::fold(&events).unwrap();
            let step = to(Stage::ALL[which]);
            if Engagement::allows(Some(&known), &step, actor, "because", &facts()).is_ok() {
                events.push(Event::new("f", "a", &act(at, actor), &step));
            }
        }
        let now = Engagement::fold(&events).unwrap();
        if matches!(now.stage, Stage::Signed | Stage::Issued | Stage::Closed) {
            prop_assert!(now.reviewer.is_some_and(|reviewer| reviewer != now.lead));
            let signer = events.iter().rev().find(|event| event.body["stage"] == "signed").unwrap();
            prop_assert_eq!(&signer.actor, "Lead");
        }
    }
}

fn keys(pairs: &[(KeyKind, &str)]) -> Keys {
    let mut keys = Keys::new();
    for (kind, value) in pairs {
        keys.entry(*kind).or_default().extend(normal(*kind, value));
    }
    keys
}

fn device(id: &str, pairs: &[(KeyKind, &str)]) -> Asset {
    Asset { id: id.into(), system: "s".into(), name: id.into(), keys: keys(pairs) }
}

#[test]
fn a_device_stays_itself_with_another_address_or_name() {
    use KeyKind::{Hostname, Ip, Mac, MachineId, Serial};
    let known = [
        device("a", &[(Serial, "FGT1"), (Hostname, "fw-edge-1"), (Ip, "10.0.0.1")]),
        device("b", &[(Hostname, "web01.firm.example"), (Ip, "10.0.0.2"), (Mac, "00-50-56-AA-BB-CC")]),
        device("c", &[(MachineId, "m1"), (Hostname, "web02.firm.example")]),
    ];
    let is = |pairs: &[(KeyKind, &str)]| resolve(&known, &keys(pairs)).map(|asset| asset.id.as_str());
    assert_eq!(
        is(&[(Serial, "fgt1"), (Hostname, "fw-hq-9"), (Ip, "192.0.2.9")]),
        Some("a"),
        "renamed and re-addressed"
    );
    assert_eq!(is(&[(Hostname, "WEB01"), (Ip, "10.9.9.9")]), Some("b"), "the name without its domain");
    assert_eq!(is(&[(Mac, "0050.56aa.bbcc"), (Hostname, "new-name")]), Some("b"));
    assert_eq!(is(&[(Ip, "10.0.0.1")]), None, "an address says nothing: it may be anybody's today");
    assert_eq!(is(&[(Serial, "FGT2"), (Hostname, "fw-edge-1")]), None, "another device took over the name");
    assert_eq!(is(&[(Hostname, "web01.other.example")]), None);
    assert_eq!(is(&[(Serial, "To be filled by O.E.M."), (Hostname, "localhost")]), None, "what makers leave empty");
    assert_eq!(is(&[(Mac, "02:42:ac:11:00:02")]), None, "made up by software");
}

#[test]
fn merges_keep_everything_and_never_bite_their_tail() {
    let seen = |name: &str, pairs: &[(KeyKind, &str)]| Change::Seen {
        system: "s".into(),
        name: name.into(),
        keys: keys(pairs),
    };
    let merged = |into: &str| Change::Merged { into: into.into() };
    let event = |at, id: &str, change: &Change| Event::new("f", id, &act(at, "x"), change);
    let mut events = vec![
        event(0, "a", &seen("a", &[(KeyKind::Serial, "1")])),
        event(1, "b", &seen("b", &[(KeyKind::Hostname, "b")])),
        event(2, "c", &seen("c", &[(KeyKind::Hostname, "c")])),
        event(3, "b", &merged("a")),
        event(4, "c", &merged("b")),
        event(5, "a", &merged("c")),
        event(6, "b", &seen("b2", &[(KeyKind::Ip, "10.0.0.9")])),
    ];
    let devices = Devices::of(&events);
    let all = devices.all();
    assert_eq!(all.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(all["a"].name, "b2");
    assert_eq!(all["a"].keys[&KeyKind::Hostname].len(), 2);
    events.reverse();
    in_order(&mut events);
    assert_eq!(Devices::of(&events), devices);
}

#[test]
fn a_name_is_the_device_s_that_was_last_seen_with_it() {
    use KeyKind::{Hostname, Ip, Serial};
    let seen = |at, id: &str, pairs: &[(KeyKind, &str)]| {
        let change = Change::Seen { system: "s".into(), name: pairs[1].1.into(), keys: keys(pairs) };
        Event::new("f", id, &act(at, "x"), &change)
    };
    let mut events = vec![
        seen(10, "a", &[(Serial, "1"), (Hostname, "fw1"), (Ip, "10.0.0.1")]),
        seen(10, "b", &[(Serial, "2"), (Hostname, "fw2.firm.example")]),
        // Swapped at one instant; without an address the old one stays.
        seen(20, "a", &[(Serial, "1"), (Hostname, "fw2")]),
        seen(20, "b", &[(Serial, "2"), (Hostname, "fw1")]),
        // Replaced; then the newcomer is renamed and nobody is called so.
        seen(30, "c", &[(Serial, "3"), (Hostname, "fw1"), (Ip, "10.0.0.1")]),
        seen(40, "c", &[(Serial, "3"), (Hostname, "fw3")]),
    ];
    in_order(&mut events);
    let devices = Devices::of(&events);
    let whose = |name: &str, at| devices.bearer("s", name, act(at, "x").at);
    assert_eq!(
        [5, 10, 19, 20, 30, 39, 40].map(|at| whose("FW1", at)),
        [
            Some("a"), // first known by it
            Some("a"),
            Some("a"),
            Some("b"),
            Some("c"),
            Some("c"),
            None,
        ]
    );
    assert_eq!([10, 20].map(|at| whose("fw2", at)), [Some("b"), Some("a")]);
    assert_eq!(whose("fw2.other.example", 10), None);
    assert_eq!([20, 30, 40].map(|at| whose("10.0.0.1", at)), [Some("a"), Some("c"), Some("c")]);
    assert_eq!([5, 39].map(|at| whose("fw3", at)), [None, None], "it had another name then");
    assert_eq!(whose("nobody", 10), None);
    // An inventory without serial numbers: of all that were ever called so, the one that is now.
    let which = |name: &str, at| devices.resolve("s", name, &keys(&[(Hostname, name)]), act(at, "x").at);
    assert_eq!(which("fw1", 30).map(|asset| asset.id.as_str()), Some("c"));
    assert_eq!(devices.resolve("s", "fw1", &keys(&[(Serial, "9"), (Hostname, "fw1")]), act(30, "x").at), None);
}
