//! The register of a firm and what is due.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use jiff::Timestamp;
use jiff::civil::{Date, date};
use secdiag_programme::cycle::{CycleState, usual_cycles};
use secdiag_programme::event::{Act, in_order};
use secdiag_programme::incident::DutyState;
use secdiag_programme::register::{Fact, Register, System};
use secdiag_programme::schedule::{CalendarWords, IncidentAnchor, IncidentDuty, Row, Rules, ics, schedule};

const REGISTER: &str = r#"
firm = "Example Securities"

[[system]]
id = "trading"
name = "Online order system 網路下單系統"
commissioned = 2015-01-05
internet_facing = true
category_reviewed = 2026-01-10
category = [{ category = 1, effective = 2015-01-05 }]

[[system]]
id = "back-office"
name = "Back office"
commissioned = "2018-03-01"
customer_data = "large"
category = [{ category = 2, effective = 2018-03-01, reason = "customer data", approved_by = "CISO" }]

[[system]]
id = "canteen"
name = "Canteen"
commissioned = 2024-05-20

[[system]]
id = "old"
name = "Old"
commissioned = 2010-01-01
retired = 2025-12-31
category = [{ category = 3, effective = 2010-01-01, reason = "no data", approved_by = "CISO" }]

[[assessment]]
id = "2025"
systems = ["trading", "back-office"]
scope = "full"
first_evidence = 2025-02-03
completed = 2025-03-14

[[assessment]]
id = "2026-open"
systems = ["trading"]
scope = "full"
first_evidence = 2026-05-02

[[incident]]
id = "ransom"
systems = ["trading", "old"]
level = 3
occurred = 2025-11-30
discovered = 2025-12-04

[[incident]]
id = "lost phone"
systems = ["back-office"]
level = 1
occurred = 2026-01-02
"#;

fn rules(anchor: IncidentAnchor) -> Rules {
    Rules { cycles: usual_cycles(), incident_months: 3, anchor, major_from: 3 }
}

fn rows(as_of: Date) -> Vec<Row> {
    schedule(&Register::parse(REGISTER).unwrap(), &rules(IncidentAnchor::Occurred), as_of)
}

#[test]
fn the_most_urgent_comes_first_and_unclassified_before_all() {
    let rows = rows(date(2026, 3, 1));
    let short: Vec<_> = rows.iter().map(|row| (row.system.as_str(), row.category, row.state, row.deadline)).collect();
    assert_eq!(
        short,
        [
            ("canteen", None, None, None),
            ("trading", Some(1), Some(CycleState::DueSoon), Some(date(2026, 2, 28))),
            ("back-office", Some(2), Some(CycleState::Current), Some(date(2028, 12, 31))),
            ("old", Some(3), None, None),
        ]
    );
    assert!(rows[0].is_due() && rows[1].is_due() && !rows[2].is_due() && !rows[3].is_due());
    assert_eq!(rows[1].incidents[0].duty.state, DutyState::Overdue);
    assert_eq!(rows[2].incidents, [], "an incident of level 1 is not major");
    assert_eq!(rows[3].incidents[0].duty.state, DutyState::ClosedByRetirement);
}

#[test]
fn the_day_from_which_an_incident_counts_is_the_firm_s_choice() {
    let register = Register::parse(REGISTER).unwrap();
    let due = |anchor| {
        let rows = schedule(&register, &rules(anchor), date(2026, 3, 1));
        rows.into_iter().find(|row| row.system == "trading").unwrap().incidents[0].duty.due
    };
    assert_eq!(due(IncidentAnchor::Occurred), date(2026, 2, 28));
    assert_eq!(due(IncidentAnchor::Discovered), date(2026, 3, 4));
    assert_eq!(due(IncidentAnchor::Reported), date(2026, 2, 28));
}

#[test]
fn facts_propose_a_category_and_a_laxer_one_needs_approval() {
    let register = Register::parse(REGISTER).unwrap();
    let system = |id: &str| register.systems.iter().find(|system| system.id == id).unwrap().clone();
    assert_eq!(
        (system("trading").proposal().category, system("trading").proposal().because),
        (1, Fact::InternetFacing)
    );
    assert_eq!((system("back-office").proposal().category, system("canteen").proposal().category), (2, 3));
    let mut lax = system("trading");
    lax.categories[0].category = 3;
    assert_eq!(lax.lowered_without_approval().len(), 1);
    lax.categories[0].approved_by = "CISO".into();
    lax.categories[0].reason = "behind the portal of another system".into();
    assert!(lax.lowered_without_approval().is_empty());
    // Until it is approved the stricter category holds, and its dates run.
    let mut lowered = system("trading");
    lowered.categories.push(lowered.categories[0].clone());
    (lowered.categories[1].category, lowered.categories[1].effective) = (3, date(2026, 1, 1));
    assert_eq!((lowered.category_held(date(2014, 1, 1)), lowered.category_held(date(2026, 6, 1))), (None, Some(1)));
    let must_by = |system: &System| {
        let cycle = system.cycle(&register.assessed("trading"), date(2026, 6, 1)).unwrap();
        cycle.due(&usual_cycles(), date(2026, 6, 1)).unwrap().must_by
    };
    assert_eq!(must_by(&lowered), date(2026, 12, 31));
    lowered.categories[1].approved_by = "CISO".into();
    lowered.categories[1].reason = "behind the portal of another system".into();
    assert_eq!(lowered.category_held(date(2026, 6, 1)), Some(3));
    assert!(must_by(&lowered) > date(2026, 12, 31));
    lowered.categories[1].requested_by = "ciso".into();
    assert_eq!(lowered.category_held(date(2026, 6, 1)), Some(1), "who asks does not approve");
    let mut strict = system("canteen");
    strict.categories = system("trading").categories;
    assert!(strict.lowered_without_approval().is_empty(), "raising needs nobody");
}

#[test]
fn contradictions_are_all_told_and_nothing_is_used() {
    let bad = r#"
        [[system]]
        id = "a"
        name = "A"
        commissioned = 2020-01-01
        retired = 2019-01-01
        category = [{ category = 4, effective = 2020-01-01 }, { category = 1, effective = 2020-01-01, requested_by = "Lin", approved_by = "Lin" }]
        [[system]]
        id = "a"
        name = "A again"
        commissioned = 2020-01-01
        [[assessment]]
        id = "x"
        systems = ["a", "nowhere"]
        scope = "full"
        first_evidence = 2026-02-01
        completed = 2026-01-01
        [[incident]]
        id = "i"
        systems = ["a"]
        level = 7
        occurred = 2026-02-01
        discovered = 2026-01-31
    "#;
    let complaints = Register::parse(bad).unwrap_err().0;
    assert_eq!(complaints.len(), 13, "{complaints:#?}");
    let syntax = Register::parse("[[system]]\nid = \"a\"\nname = \"A\"\ncommissioned = \"soon\"\n").unwrap_err();
    assert!(syntax.to_string().contains("soon"), "{syntax}");
    let unknown = Register::parse("[[system]]\nid = \"a\"\nname = \"A\"\ncommissioned = 2020-01-01\ncolour = 1\n");
    assert!(unknown.unwrap_err().to_string().contains("colour"));
}

#[test]
fn days_that_cannot_be_are_told() {
    let bad = r#"
        [[system]]
        id = "a"
        name = "A"
        commissioned = 2020-01-01
        retired = 2025-01-01
        addresses = ["10.0.0.0/8", "2001:db8::1", "the third floor"]
        category = [{ category = 1, effective = 2025-06-01 }]
        [[assessment]]
        id = "x"
        systems = ["a"]
        scope = "full"
        first_evidence = 2025-02-01
        [[incident]]
        id = "early"
        systems = ["a"]
        level = 3
        occurred = 2019-12-31
        [[incident]]
        id = "late"
        systems = ["a"]
        level = 3
        occurred = 2025-02-01
        discovered = 2025-02-03
        reported = 2025-02-02
        judged_on = 2025-01-31
    "#;
    let said = Register::parse(bad).unwrap_err().0;
    let wanted = [
        "`the third floor`",
        "effect on 2025-06-01, after it was retired on 2025-01-01",
        "first evidence is of 2025-02-01, after system a was retired",
        "incident early: it occurred on 2019-12-31, before system a was commissioned",
        "incident late: its level judged on 2025-01-31, before it occurred",
        "incident late: reported on 2025-02-02, before it was discovered",
        "incident late: it occurred on 2025-02-01, after system a was retired",
    ];
    for words in wanted {
        assert!(said.iter().any(|line| line.contains(words)), "{words}: {said:#?}");
    }
    assert_eq!(said.len(), wanted.len(), "{said:#?}");
    let register = Register::parse(REGISTER).unwrap();
    assert_eq!(register.not_yet(date(2026, 6, 1)), Vec::<String>::new());
    let ahead = register.not_yet(date(2026, 1, 1));
    assert_eq!(ahead.len(), 3, "{ahead:#?}");
    assert!(ahead.iter().all(|line| line.contains("has not come yet")), "{ahead:#?}");
}

#[test]
fn the_event_log_gives_the_register_back() {
    let register = Register::parse(REGISTER).unwrap();
    let act = |second| {
        let at = Timestamp::from_second(second).unwrap();
        Act { actor: "Lin".into(), reason: "register".into(), at, recorded_at: at }
    };
    let mut register = register;
    register.systems.sort_by(|a, b| a.id.cmp(&b.id));
    register.incidents.sort_by(|a, b| a.id.cmp(&b.id));
    let mut changed = register.clone();
    changed.systems[1].name = "Restaurant".into();
    let first = register.events(&Register::default(), &act(1));
    let second = changed.events(&register, &act(2));
    assert_eq!((first.len(), second.len()), (8, 1), "only what changed is an event");
    let mut events = [second, first].concat();
    in_order(&mut events);
    assert_eq!(Register::fold(&events)["Example Securities"], changed);
    assert_eq!(Register::fold(&events[..8])["Example Securities"], register);
    assert_eq!(changed.events(&changed, &act(3)), []);
}

#[test]
fn plans_drills_trainings_and_controls_are_kept_and_asked_as_of_any_day() {
    let more = r#"
[[plan]]
id = "2026-2028"
from_year = 2026
to_year = 2028
approved_by = "board"
approved_on = 2025-12-18

[[drill]]
id = "2026h1"
kind = "social_engineering"
date = 2026-04-13
persons = 400

[[training]]
id = "2026-05"
course = "資安通識"
date = 2026-05-11
minutes = 180

[[control]]
id = "CC-17010"
text = "Firewall rules are reviewed."
frequency = "half-yearly"
"#;
    let register = Register::parse(&format!("{REGISTER}{more}")).unwrap();
    let at = |second| {
        let at = Timestamp::from_second(second).unwrap();
        Act { actor: "Lin".into(), reason: "register".into(), at, recorded_at: at }
    };
    let mut events = register.events(&Register::default(), &at(1));
    let of = |events: &[secdiag_programme::event::Event], entity: &str| {
        events.iter().filter(|event| event.entity == entity).count()
    };
    for entity in Register::ENTITIES {
        assert!(of(&events, entity) >= 1, "{entity}");
    }
    let mut later = register.clone();
    later.plans[0].approved_by = "authorised department".into();
    events.extend(later.events(&register, &at(2)));
    in_order(&mut events);
    let folded = |until: i64| {
        let until = Timestamp::from_second(until).unwrap();
        let known: Vec<_> = events.iter().filter(|event| event.at <= until).cloned().collect();
        Register::fold(&known).remove("Example Securities").unwrap()
    };
    assert_eq!((folded(1).plans, folded(1).drills), (register.plans.clone(), register.drills.clone()));
    assert_eq!((folded(2).plans, folded(2).controls), (later.plans, register.controls.clone()));
    let wrong = more.replace("to_year = 2028", "to_year = 2020\nsystems = [\"nowhere\"]");
    let said = Register::parse(&format!("{REGISTER}{wrong}{more}")).unwrap_err().0.join("\n");
    for words in ["it ends in 2020", "there is no system nowhere", "drill 2026h1: it is there twice"] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_calendar_is_folded_escaped_and_keeps_its_uids() {
    let words = CalendarWords {
        plan_by: "Plan the assessment, of {system}",
        must_by: "評估最後期限：{system}；逾期即違反規定，請儘速完成全部項目並提報董事會",
        incident: "Re-assess {system} after {incident}",
    };
    let stamp = Timestamp::from_second(1_790_000_000).unwrap();
    let text = ics(&rows(date(2026, 2, 1)), &words, stamp);
    assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    assert!(text.lines().all(|line| line.trim_end_matches('\r').len() <= 75), "{text}");
    assert!(text.split("\r\n").all(|line| !line.contains('\n')));
    let unfolded = text.replace("\r\n ", "");
    assert!(unfolded.contains("SUMMARY:Plan the assessment\\, of Online order system 網路下單系統\r\n"), "{unfolded}");
    assert!(unfolded.contains("DTSTART;VALUE=DATE:20260228\r\nSUMMARY:Re-assess"), "{unfolded}");
    let uids = |text: &str| text.lines().filter(|line| line.starts_with("UID:")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(uids(&text), uids(&ics(&rows(date(2026, 2, 2)), &words, stamp)));
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 5);
}

#[test]
fn no_two_dates_of_a_calendar_have_one_uid() {
    let words = CalendarWords { plan_by: "p", must_by: "m", incident: "i" };
    // Names that meet when they are put together without care, and incidents called like the other dates.
    let names = ["a", "b", "a|b", "|", "\\", "\\|", "plan_by", "must_by", "a|plan_by", "\\incident plan_by"];
    let (model, mut all) = (rows(date(2026, 2, 1)), Vec::new());
    let dated = model.iter().find(|row| row.due.is_some() && !row.incidents.is_empty()).unwrap();
    for firm in names {
        for system in names {
            let mut row = dated.clone();
            (row.firm, row.system) = (firm.into(), system.into());
            let mut duty = row.incidents[0].clone();
            duty.duty.state = DutyState::Open;
            row.incidents = names.map(|incident| IncidentDuty { incident: incident.into(), ..duty.clone() }).into();
            all.push(row);
        }
    }
    let text = ics(&all, &words, Timestamp::UNIX_EPOCH).replace("\r\n ", "");
    let uids: Vec<&str> = text.lines().filter(|line| line.starts_with("UID:")).collect();
    assert_eq!(uids.len(), names.len().pow(2) * (2 + names.len()));
    assert_eq!(uids.iter().collect::<std::collections::BTreeSet<_>>().len(), uids.len());
    // Whoever subscribed to the calendar before keeps his entries: these two are those of the first version.
    let digest = |what: &str| secdiag_model::Sha256::of(format!("a|b|{what}").as_bytes()).short();
    for what in ["must_by", "a"] {
        assert!(text.contains(&format!("UID:{}@secdiag", digest(what))), "{what}");
    }
    assert!(dated.has_dates());
    let retired = Row { due: None, incidents: Vec::new(), ..dated.clone() };
    assert!(!retired.has_dates());
}
