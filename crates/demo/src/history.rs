//! What happened between the diagnostics, and how things must stand for it.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use serde_json::{Map, Value as Json};

use crate::truth::{Act, Deed, DueRow, Planted, Standing};
use crate::{BACK_OFFICE, Edition, OFFICE, TRADING};

/// Days on which the truth says how every finding stands: the diagnostics, and days between them.
const ASKED: [Date; 7] = [
    date(2023, 6, 30),
    date(2023, 12, 31),
    date(2025, 4, 18),
    date(2025, 12, 31),
    date(2026, 1, 1),
    date(2026, 6, 29),
    date(2026, 6, 30),
];

/// What people did, oldest first.
pub(crate) fn acts(books: &[(&Edition, Vec<Planted>)]) -> Vec<Act> {
    let act = |on: Date, check: &str, deed: Deed, by: &str, reason: &str| {
        let planted = books
            .iter()
            .flat_map(|(_, planted)| planted)
            .find(|planted| planted.check == check && planted.system == TRADING)?;
        let (check, system, subject) = (check.to_owned(), planted.system.clone(), planted.subject.clone());
        Some(Act { on: on.to_string(), check, system, subject, deed, by: by.to_owned(), reason: reason.to_owned() })
    };
    let triage = |owner: &str| Deed::Triage { owner: owner.to_owned() };
    let remediate = |ticket: &str| Deed::Remediate { evidence: vec![ticket.to_owned()] };
    let accept = Deed::Accept { requested_by: "C. Wang".to_owned(), until: date(2025, 12, 31).to_string() };
    let (any, ftp, log, rdp) = (
        "firewall/permit-any-any",
        "firewall/ftp-allowed",
        "firewall/deny-all-not-logged",
        "firewall/permissive-inbound-service",
    );
    [
        act(date(2023, 7, 10), any, triage("C. Wang"), "M. Hsieh", "his firewall"),
        act(date(2023, 7, 10), ftp, triage("C. Wang"), "M. Hsieh", "his firewall"),
        act(date(2023, 7, 10), log, triage("C. Wang"), "M. Hsieh", "his firewall"),
        act(date(2023, 7, 25), any, remediate("CHG-31007"), "C. Wang", "the printers got rules of their own"),
        act(date(2023, 8, 2), log, accept, "M. Hsieh", "the log server is replaced in 2025"),
        act(date(2023, 9, 1), ftp, remediate("CHG-31244"), "C. Wang", "brokers hand files in by SFTP"),
        act(date(2025, 4, 25), ftp, Deed::Close, "M. Hsieh", "gone for a diagnostic"),
        act(date(2025, 4, 25), rdp, triage("L. Hung"), "M. Hsieh", "her server"),
        act(date(2025, 5, 20), rdp, remediate("CHG-36518"), "L. Hung", "support comes in by VPN"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

type Key = (String, String, Map<String, Json>);

/// How every finding stands on every day that is asked for, told from sightings and acts in the plainest way.
pub(crate) fn standings(books: &[(&Edition, Vec<Planted>)], acts: &[Act]) -> Vec<Standing> {
    let mut keys: Vec<Key> = Vec::new();
    for planted in books.iter().flat_map(|(_, planted)| planted) {
        let key = (planted.check.clone(), planted.system.clone(), planted.subject.clone());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut standings = Vec::new();
    for day in ASKED {
        standings.extend(keys.iter().filter_map(|key| standing(key, day, books, acts)));
    }
    standings
}

fn standing(key: &Key, day: Date, books: &[(&Edition, Vec<Planted>)], acts: &[Act]) -> Option<Standing> {
    let is = |check: &str, system: &str, subject: &Map<String, Json>| {
        (check, system, subject) == (key.0.as_str(), key.1.as_str(), &key.2)
    };
    // What happened by day; a diagnostic stands at the beginning of its day.
    let mut happened: BTreeMap<(String, u8), Happening<'_>> = BTreeMap::new();
    for (edition, planted) in books.iter().filter(|(edition, _)| edition.covers(&key.1)) {
        let seen = planted.iter().any(|planted| is(&planted.check, &planted.system, &planted.subject));
        happened.insert((edition.as_of.to_string(), 0), Happening::Looked { seen });
    }
    for act in acts.iter().filter(|act| is(&act.check, &act.system, &act.subject)) {
        happened.insert((act.on.clone(), 1), Happening::Done(&act.deed));
    }
    let mut now: Option<Standing> = None;
    let mut until: Option<String> = None;
    let today = day.to_string();
    for ((on, _), what) in happened.into_iter().filter(|((on, _), _)| *on <= today) {
        expire(now.as_mut(), &mut until, &on);
        match (what, now.as_mut()) {
            (Happening::Looked { seen: true }, None) => now = Some(first_seen(key, &today, on)),
            (Happening::Looked { seen: true }, Some(now)) => {
                let gone = ["verified", "closed"].contains(&now.state.as_str());
                if gone {
                    now.repeats += 1;
                    now.clock = on;
                }
                if gone || now.state == "remediated" {
                    "open".clone_into(&mut now.state);
                }
            }
            (Happening::Looked { seen: false }, Some(now)) if now.state != "closed" => {
                "verified".clone_into(&mut now.state);
            }
            (Happening::Looked { seen: false }, _) | (Happening::Done(_), None) => {}
            (Happening::Done(deed), Some(now)) => {
                let state = match deed {
                    Deed::Triage { owner } => {
                        now.owner = Some(owner.clone());
                        "triaged"
                    }
                    Deed::Remediate { .. } => "remediated",
                    Deed::Accept { until: last, .. } => {
                        until = Some(last.clone());
                        "risk_accepted"
                    }
                    Deed::Close => "closed",
                };
                state.clone_into(&mut now.state);
            }
        }
    }
    expire(now.as_mut(), &mut until, &today);
    now
}

enum Happening<'a> {
    Looked { seen: bool },
    Done(&'a Deed),
}

fn first_seen((check, system, subject): &Key, today: &str, on: String) -> Standing {
    Standing {
        on: today.to_owned(),
        check: check.clone(),
        system: system.clone(),
        subject: subject.clone(),
        state: "new".to_owned(),
        owner: None,
        clock: on,
        repeats: 0,
    }
}

/// An acceptance ends after its last day.
fn expire(now: Option<&mut Standing>, until: &mut Option<String>, on: &str) {
    if let Some(now) = now.filter(|now| now.state == "risk_accepted")
        && until.as_deref().is_some_and(|last| last < on)
    {
        "open".clone_into(&mut now.state);
        *until = None;
    }
}

/// What is due, counted by hand from the register.
pub(crate) fn due() -> Vec<DueRow> {
    let row =
        |on: &str, system: &str, plan_by: &str, must_by: &str, state: &str, incident: Option<(&str, &str)>| DueRow {
            on: on.to_owned(),
            system: system.to_owned(),
            plan_by: plan_by.to_owned(),
            must_by: must_by.to_owned(),
            state: state.to_owned(),
            incident_due: incident.map(|(due, _)| due.to_owned()),
            incident_state: incident.map(|(_, state)| state.to_owned()),
        };
    let open = Some(("2025-05-10", "open"));
    let met = Some(("2025-05-10", "met_on_time"));
    vec![
        row("2023-12-31", TRADING, "2024-07-14", "2024-12-31", "current", None),
        row("2023-12-31", BACK_OFFICE, "2026-07-14", "2026-12-31", "current", None),
        row("2024-12-31", TRADING, "2024-07-14", "2024-12-31", "past_anniversary", None),
        row("2025-01-01", TRADING, "2024-07-14", "2024-12-31", "overdue", None),
        row("2025-03-01", TRADING, "2024-07-14", "2024-12-31", "overdue", open),
        row("2025-04-25", TRADING, "2026-04-25", "2026-12-31", "current", met),
        row("2026-06-30", TRADING, "2026-04-25", "2026-12-31", "past_anniversary", met),
        row("2026-06-30", BACK_OFFICE, "2026-07-14", "2026-12-31", "due_soon", None),
        row("2026-06-30", OFFICE, "2028-07-14", "2028-12-31", "current", None),
    ]
}

/// The firm's register as it was kept at a diagnostic.
pub(crate) fn register(edition: &Edition) -> String {
    let mut text = edition.filled(include_str!("register.toml"));
    let first = edition.day(14);
    let open = |id: &str, kind: &str, systems: &str| {
        format!(
            "\n[[assessment]]\nid = \"{id}\"\nkind = \"{kind}\"\nsystems = [{systems}]\nscope = \"full\"\nfirst_evidence = {first}\n"
        )
    };
    let all = format!("\"{TRADING}\", \"{BACK_OFFICE}\", \"{OFFICE}\"");
    let hit = format!("\"{TRADING}\"");
    let held = |id: &str, kind: &str, systems: &str, first: &str, completed: &str| {
        format!(
            "\n[[assessment]]\nid = \"{id}\"\nkind = \"{kind}\"\nsystems = [{systems}]\nscope = \"full\"\nfirst_evidence = {first}\ncompleted = {completed}\n"
        )
    };
    text += &held("2022", "periodic", &all, "2022-06-13", "2022-07-15");
    if edition.year >= 2025 {
        text += &held("2023", "periodic", &all, "2023-06-16", "2023-07-14");
        text += include_str!("incident.toml");
    }
    if edition.year >= 2026 {
        text += &held("2025", "incident", &hit, "2025-04-04", "2025-04-25");
    }
    let kind = if edition.covers(OFFICE) { "periodic" } else { "incident" };
    text + &open(&edition.year.to_string(), kind, if edition.covers(OFFICE) { &all } else { &hit })
}
