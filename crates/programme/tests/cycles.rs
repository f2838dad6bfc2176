//! Dates of cycles and re-assessments.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use jiff::civil::{Date, date};
use proptest::prelude::*;
use secdiag_programme::calendar::{period_end, roc};
use secdiag_programme::case_table::{evaluate, to_csv};
use secdiag_programme::cycle::{CategoryChange, Cycle, CycleError, CycleState, usual_cycles};
use secdiag_programme::incident::{Assessed, DutyState, Scope, duty, predating};

/// The same rule said otherwise: the end of a month leads to the end of a month, any other day to the same day, or to
/// the month's last where it is shorter.
fn other_wording(anchor: Date, months: u32) -> Date {
    let month = i32::from(anchor.year()) * 12 + i32::from(anchor.month()) - 1 + i32::try_from(months).unwrap();
    let first = date(i16::try_from(month / 12).unwrap(), i8::try_from(month % 12).unwrap() + 1, 1);
    let last = first.last_of_month();
    if anchor == anchor.last_of_month() || anchor.day() > last.day() {
        last
    } else {
        date(first.year(), first.month(), anchor.day())
    }
}

#[test]
fn every_period_of_a_century_ends_as_a_second_wording_says() {
    let mut day = date(1999, 1, 1);
    let mut cases = 0;
    while day <= date(2100, 12, 31) {
        for months in [3, 12, 36, 60] {
            assert_eq!(period_end(day, months), Some(other_wording(day, months)), "{day} + {months} months");
            cases += 1;
        }
        day = day.tomorrow().unwrap();
    }
    assert_eq!(cases, 149_020);
    assert_eq!(period_end(Date::MAX, 1), None);
    assert_eq!(roc(date(2026, 6, 30)).as_deref(), Some("民國 115 年 6 月 30 日"));
    assert_eq!(roc(date(1911, 12, 31)), None);
}

fn system(category: u8, last: Option<Date>, changes: &[(Date, u8)]) -> Cycle {
    let changes = changes.iter().map(|(effective, to)| CategoryChange { effective: *effective, to: *to }).collect();
    Cycle { category, last_completed: last, commissioned: date(2015, 1, 5), changes }
}

#[test]
fn a_change_counts_from_its_day_on_and_several_in_their_order() {
    let cycles = usual_cycles();
    let last = Some(date(2024, 3, 10));
    let changed = system(3, last, &[(date(2026, 1, 1), 1), (date(2025, 1, 1), 2)]);
    let plan = |as_of: Date| changed.due(&cycles, as_of).unwrap().plan_by;
    assert_eq!(plan(date(2024, 12, 31)), date(2029, 3, 10));
    assert_eq!(plan(date(2025, 1, 1)), date(2027, 3, 10));
    assert_eq!(plan(date(2026, 1, 1)), date(2026, 1, 1));
    assert_eq!((changed.category_on(date(2025, 6, 1)), changed.category_on(date(2026, 6, 1))), (2, 1));
    let twice = system(3, last, &[(date(2026, 1, 1), 1), (date(2026, 1, 1), 2)]);
    assert_eq!(twice.due(&cycles, date(2026, 6, 1)), Err(CycleError::TwoChanges(date(2026, 1, 1))));
    assert_eq!(system(4, last, &[]).due(&cycles, date(2026, 6, 1)), Err(CycleError::Category(4, vec![1, 2, 3])));
}

#[test]
fn one_assessment_meets_several_incidents_and_retirement_closes_without_hiding() {
    let full = |first: Date, completed: Date| Assessed {
        scope: Scope::Full,
        first_evidence: first,
        completed: Some(completed),
    };
    let done = [full(date(2026, 3, 2), date(2026, 4, 30))];
    let as_of = date(2026, 12, 1);
    let state = |anchor: Date| duty(anchor, 3, &done, None, as_of).unwrap().state;
    assert_eq!(state(date(2026, 2, 1)), DutyState::MetOnTime);
    assert_eq!(state(date(2026, 3, 2)), DutyState::MetOnTime);
    assert_eq!(state(date(2026, 1, 10)), DutyState::MetLate);
    assert_eq!(state(date(2026, 3, 3)), DutyState::Overdue);
    let retired = duty(date(2026, 3, 3), 3, &done, Some(date(2026, 11, 1)), as_of).unwrap();
    assert_eq!((retired.state, retired.due), (DutyState::ClosedByRetirement, date(2026, 6, 3)));
    let later = duty(date(2026, 3, 3), 3, &done, Some(date(2027, 1, 1)), as_of).unwrap();
    assert_eq!(later.state, DutyState::Overdue);
    let evidence = [("tap.pcap", date(2026, 3, 1)), ("fw.conf", date(2026, 3, 3)), ("ad.ldif", date(2025, 1, 1))];
    assert_eq!(predating(date(2026, 3, 3), evidence), ["tap.pcap", "ad.ldif"]);
}

#[test]
fn a_table_may_have_its_columns_in_any_order_and_says_which_cell_is_wrong() {
    let text = "\u{feff}note,as_of,case,category,commissioned,last_completed\r\n\
        x,2025-12-01,A,1,2019-01-02,2025-03-14\r\nx,2025-12-01,B,one,2019-01-02,\r\n\
        x,soon,C,1,2019-01-02,\r\nx,2025-12-01,D,7,2019-01-02,\r\nx,2025-12-01,E,,,\r\n\
        x,2025-12-01,F,1,2019-01-02,2018-01-01\r\n";
    let table = evaluate(text, &usual_cycles(), 3);
    assert_eq!(to_csv(&table.answers).lines().nth(1), Some("A,2026-03-14,2026-12-31,current,,"));
    assert_eq!(table.unused_columns, ["note"]);
    let refused: Vec<String> = table.refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        refused,
        [
            "line 3, column category: `one` is not a category such as 1",
            "line 4, column as_of: `soon` is not a date such as 2026-06-30",
            "line 5, column category: there is no category 7; there are 1, 2, 3",
            "line 6, column kind: the row names neither a category nor an incident",
            "line 7, column last_completed: it was assessed before it was commissioned",
        ]
    );
    // A spreadsheet of Taiwan, with its own separator and calendar.
    let local = "case;as_of;category;commissioned;last_completed\nA;114/12/01;1;2019/1/2;20250314\n";
    let table = evaluate(local, &usual_cycles(), 3);
    assert_eq!(to_csv(&table.answers).lines().nth(1), Some("A,2026-03-14,2026-12-31,current,,"), "{:?}", table.refused);
    let headless = evaluate("a,b\n1,2\n", &usual_cycles(), 3);
    assert_eq!(headless.refused.iter().map(|refused| refused.column.as_str()).collect::<Vec<_>>(), ["case", "as_of"]);
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_shared_cases_are_all_answered_right() {
    let data = std::env::var_os("SECDIAG_DATA").expect("SECDIAG_DATA names the evidence folder");
    let text = std::fs::read_to_string(std::path::Path::new(&data).join("regulation/cycle_cases.csv")).unwrap();
    let table = evaluate(&text, &usual_cycles(), 3);
    assert!(table.refused.is_empty(), "{:?}", table.refused);
    let answered = to_csv(&table.answers);
    let mut expected = csv::Reader::from_reader(text.as_bytes());
    let headers = expected.headers().unwrap().clone();
    let columns: Vec<usize> =
        ["case", "exp_plan_by", "exp_must_by", "exp_state", "exp_incident_due", "exp_incident_state"]
            .iter()
            .map(|name| headers.iter().position(|header| header == *name).unwrap())
            .collect();
    let lines: Vec<String> = expected
        .records()
        .map(|record| record.unwrap())
        .map(|record| columns.iter().map(|column| record[*column].to_owned()).collect::<Vec<_>>().join(","))
        .collect();
    assert!(lines.len() >= 21);
    assert_eq!(answered.lines().skip(1).collect::<Vec<_>>(), lines);
}

fn any_day() -> impl Strategy<Value = Date> {
    (0_i32..20_000).prop_map(|days| date(2000, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap())
}

proptest! {
    #[test]
    fn dates_are_never_earlier_than_what_made_them(
        category in 1_u8..=3,
        last in any_day(),
        change in any_day(),
        to in 1_u8..=3,
        as_of in any_day(),
    ) {
        let cycles = usual_cycles();
        let cycle = Cycle { commissioned: date(1999, 1, 1), ..system(category, Some(last), &[(change, to)]) };
        let plain = system(category, Some(last), &[]).due(&cycles, as_of).unwrap();
        let due = cycle.due(&cycles, as_of).unwrap();
        prop_assert!(due.plan_by <= due.must_by);
        if change > as_of {
            prop_assert_eq!(due, plain);
        } else {
            // Nobody is accused of a day before the change that made the duty stricter.
            prop_assert!(due.must_by >= plain.must_by.min(change.max(last)));
        }
        let state = cycle.state(due, as_of);
        prop_assert_eq!(state.is_overdue(), as_of > due.must_by);
        prop_assert_eq!(state == CycleState::Current, (due.plan_by - as_of).get_days() > 90);
    }
}
