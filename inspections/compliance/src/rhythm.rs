//! Calendar periods of an audit rhythm.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// A month, quarter, half-year or year of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    year: i16,
    /// Which one of the year, counted from 0.
    index: i8,
    /// Its length in months; divides 12.
    months: i8,
}

impl Period {
    /// The period of `months` months that holds a date; nothing where the year has no whole number of them.
    pub fn holding(date: Date, months: u32) -> Option<Self> {
        let months = i8::try_from(months).ok().filter(|months| matches!(months, 1 | 2 | 3 | 4 | 6 | 12))?;
        Some(Self { year: date.year(), index: (date.month() - 1) / months, months })
    }

    /// First day.
    pub fn first(self) -> Date {
        Date::new(self.year, self.index * self.months + 1, 1).unwrap_or(Date::MAX)
    }

    /// Last day.
    pub fn last(self) -> Date {
        let month = self.index * self.months + self.months;
        Date::new(self.year, month, 1).map_or(Date::MAX, Date::last_of_month)
    }

    /// The period before it.
    fn before(self) -> Self {
        if self.index > 0 {
            Self { index: self.index - 1, ..self }
        } else {
            Self { year: self.year - 1, index: 12 / self.months - 1, ..self }
        }
    }

    /// `2026`, `2026-H1`, `2026-Q3`, `2026-09`; of unusual lengths `2026-03/04`.
    pub fn label(self) -> String {
        let (year, number) = (self.year, self.index + 1);
        match self.months {
            12 => format!("{year:04}"),
            6 => format!("{year:04}-H{number}"),
            3 => format!("{year:04}-Q{number}"),
            1 => format!("{year:04}-{number:02}"),
            _ => format!("{year:04}-{:02}/{:02}", self.first().month(), self.last().month()),
        }
    }

    /// What a register calls a period: a label as [`Period::label`] writes it, in either case, with the year of the
    /// Republic too (`115-H1`), or `上半年` and `下半年` behind the year. A longer period than the rhythm asks is none.
    pub fn read(label: &str, months: u32) -> Option<Self> {
        let label = label.trim().to_uppercase().replace("上半年", "-H1").replace("下半年", "-H2");
        let label = label.replace('年', "-").replace('月', "").replace("--", "-");
        let (year, rest) = match label.trim_end_matches('-').split_once(['-', '/']) {
            Some((year, rest)) => (year.trim().to_owned(), Some(rest.trim().to_owned())),
            None => (label.trim_end_matches('-').to_owned(), None),
        };
        let year: i16 = match year.len() {
            4 => year.parse().ok()?,
            3 => year.parse::<i16>().ok()?.checked_add(1911)?,
            _ => return None,
        };
        let (length, number): (i8, i8) = match rest.as_deref() {
            None => (12, 1),
            Some(rest) => match (rest.strip_prefix('H'), rest.strip_prefix('Q')) {
                (Some(half), _) => (6, half.parse().ok()?),
                (_, Some(quarter)) => (3, quarter.parse().ok()?),
                _ => (1, rest.parse().ok()?),
            },
        };
        let fits = i8::try_from(months).ok()? == length && (1..=12 / length).contains(&number);
        (fits && (1..=9999).contains(&year)).then_some(Self { year, index: number - 1, months: length })
    }
}

/// Periods of `months` months that ended before `as_of` and not before `look_back` months earlier, the oldest first.
pub fn closed(as_of: Date, look_back: u32, months: u32) -> Vec<Period> {
    let start = as_of.checked_sub(span(look_back)).unwrap_or(Date::MIN);
    let mut found = Vec::new();
    let mut next = Period::holding(as_of, months).map(Period::before);
    while let Some(period) = next.filter(|period| period.last() >= start && period.year > 0) {
        found.push(period);
        next = Some(period.before());
    }
    found.reverse();
    found
}

fn span(months: u32) -> Span {
    i32::try_from(months).unwrap_or(i32::MAX).min(12 * 200).months()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn labels(as_of: Date, look_back: u32, months: u32) -> Vec<String> {
        closed(as_of, look_back, months).into_iter().map(Period::label).collect()
    }

    #[test]
    fn periods_are_the_calendar_s() {
        assert_eq!(labels(date(2026, 11, 24), 12, 12), ["2025"]);
        assert_eq!(labels(date(2026, 11, 24), 12, 6), ["2025-H2", "2026-H1"]);
        assert_eq!(labels(date(2026, 7, 1), 12, 6), ["2025-H2", "2026-H1"]);
        assert_eq!(labels(date(2026, 6, 30), 12, 6), ["2025-H1", "2025-H2"]);
        assert_eq!(labels(date(2026, 3, 1), 3, 1), ["2025-12", "2026-01", "2026-02"]);
        assert_eq!(labels(date(2026, 3, 1), 12, 5), [""; 0]);
    }

    #[test]
    fn labels_are_read_as_registers_write_them() {
        let cases = [
            ("2026", 12, "2026"),
            ("115年", 12, "2026"),
            ("2026-h1", 6, "2026-H1"),
            ("115年下半年", 6, "2026-H2"),
            ("2026/09", 1, "2026-09"),
            ("115年9月", 1, "2026-09"),
            ("2026-Q3", 3, "2026-Q3"),
        ];
        for (text, months, label) in cases {
            assert_eq!(Period::read(text, months).map(Period::label).as_deref(), Some(label), "{text}");
        }
        for (text, months) in [("2026", 6), ("2026-H3", 6), ("2026-13", 1), ("last year", 12), ("", 12), ("2026-H1", 1)]
        {
            assert_eq!(Period::read(text, months), None, "{text}");
        }
    }

    /// Another formulation: walk day by day, group days by what a calendar prints, keep the groups whose end was seen.
    fn slow(as_of: Date, look_back: u32, months: u32) -> Vec<String> {
        let key = |day: Date| {
            let month = u32::from(day.month().unsigned_abs());
            format!("{:04} {:02}", day.year(), month.div_ceil(months))
        };
        let mut day = as_of.checked_sub(span(look_back)).unwrap();
        let mut ended: BTreeMap<String, Date> = BTreeMap::new();
        while day < as_of {
            let next = day.tomorrow().unwrap();
            if key(next) != key(day) {
                ended.insert(key(day), day);
            }
            day = next;
        }
        ended.into_values().map(|last| Period::holding(last, months).unwrap().label()).collect()
    }

    proptest! {
        #[test]
        fn closed_periods_are_those_whose_last_day_was_passed(
            days in 0..70_000i32,
            look_back in 1..40u32,
            months in prop::sample::select(vec![1u32, 2, 3, 4, 6, 12]),
        ) {
            let as_of = date(1912, 1, 1).checked_add(days.days()).unwrap();
            prop_assert_eq!(labels(as_of, look_back, months), slow(as_of, look_back, months));
        }

        #[test]
        fn labels_come_back(days in 0..70_000i32, months in prop::sample::select(vec![1u32, 3, 6, 12])) {
            let day = date(1912, 1, 1).checked_add(days.days()).unwrap();
            let period = Period::holding(day, months).unwrap();
            prop_assert!(period.first() <= day && day <= period.last());
            prop_assert_eq!(Period::read(&period.label(), months), Some(period));
        }

        #[test]
        fn any_label_is_read_or_not(text in "\\PC{0,12}", months in 0..14u32) {
            let _ = Period::read(&text, months);
        }
    }
}
