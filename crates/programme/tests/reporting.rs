//! Reporting of incidents: deadlines and missing blocks.
#![allow(clippy::unwrap_used)]

use jiff::ToSpan;
use jiff::civil::{Date, date};
use secdiag_programme::register::{Incident, Register};
use secdiag_programme::reporting::{Reporting, Told, reporting};

fn incident(more: &str) -> Incident {
    let text = format!(
        "[[system]]\nid = \"a\"\nname = \"A\"\ncommissioned = 2020-01-01\n[[incident]]\nid = \"i\"\nsystems = [\"a\"]\nlevel = 3\noccurred = 2026-06-01\n{more}"
    );
    Register::parse(&text).unwrap().incidents.remove(0)
}

fn asked(incident: &Incident, as_of: Date) -> Option<Reporting> {
    let after = |days: i32| move |known: Date| known.checked_add(days.days()).unwrap();
    reporting(incident, after(1), after(33), as_of)
}

#[test]
fn time_counts_from_the_day_on_which_it_became_known() {
    let known_later = incident("discovered = 2026-06-10\n");
    assert_eq!(asked(&known_later, date(2026, 6, 9)), None);
    let told = asked(&known_later, date(2026, 6, 10)).unwrap();
    assert_eq!((told.notice_by, told.report_by), (date(2026, 6, 11), date(2026, 7, 13)));
    assert_eq!(asked(&incident(""), date(2026, 6, 2)).unwrap().notice_by, date(2026, 6, 2));
}

#[test]
fn notice_and_report_are_open_then_overdue_then_done() {
    let silent = incident("");
    let states = |incident: &Incident, day| asked(incident, day).map(|told| (told.notice, told.report)).unwrap();
    assert_eq!(states(&silent, date(2026, 6, 2)), (Told::Open, Told::Open));
    assert_eq!(states(&silent, date(2026, 6, 3)), (Told::Overdue, Told::Open));
    assert_eq!(states(&silent, date(2026, 7, 4)), (Told::Overdue, Told::Open));
    assert_eq!(states(&silent, date(2026, 7, 5)), (Told::Overdue, Told::Overdue));
    assert_eq!(asked(&silent, date(2026, 7, 5)).unwrap().missing.len(), 7);
    let late = incident("reported = 2026-06-04\n");
    assert_eq!(states(&late, date(2026, 6, 3)).0, Told::Overdue, "nobody knows what will be reported");
    assert_eq!(states(&late, date(2026, 6, 4)).0, Told::Late);
    assert!(!asked(&late, date(2026, 6, 4)).unwrap().is_overdue());
    let blocks = ["times", "impact", "containment", "investigation", "root_cause", "measures", "follow_up"];
    let text = |blocks: &[&str]| blocks.iter().map(|block| format!("{block} = \"x\"\n")).collect::<String>();
    let whole = incident(&format!("reported = 2026-06-02\n[incident.report]\n{}", text(&blocks)));
    assert_eq!(states(&whole, date(2026, 12, 31)), (Told::Done, Told::Done));
    let lacks = incident(&format!("reported = 2026-06-02\n[incident.report]\n{}", text(&blocks[1..])));
    let told = asked(&lacks, date(2026, 12, 31)).unwrap();
    assert_eq!((told.missing.as_slice(), told.is_overdue()), (["times"].as_slice(), true));
}
