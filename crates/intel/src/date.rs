//! Dates as lists write them.

use secdiag_model::Micros;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The first date in a text, as `YYYY-MM-DD`: `2026-11-03`, `2026/11/3`, `20261103`, `3 Nov 2026`, `Nov 3, 2026`.
pub(crate) fn find(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let number = |word: &str| word.parse::<u16>().ok().filter(|_| word.len() <= 4);
    let month = |word: &str| {
        let start = word.get(..3)?.to_ascii_lowercase();
        MONTHS.iter().position(|month| *month == start).and_then(|at| u16::try_from(at + 1).ok())
    };
    for (at, word) in words.iter().enumerate() {
        let next = |n: usize| words.get(at + n).copied().unwrap_or_default();
        // `2026-11-03T10:00:00Z` is one word from its day on.
        let day_of = |word: &str| number(word.split(['T', 't']).next().unwrap_or_default());
        let found = if let (4, Some(year), Some(month)) = (word.len(), number(word), number(next(1))) {
            day_of(next(2)).and_then(|day| civil(year, month, day))
        } else if let (Some(day), Some(month), Some(year)) = (number(word), month(next(1)), number(next(2))) {
            civil(year, month, day)
        } else if let (Some(month), Some(day), Some(year)) = (month(word), number(next(1)), number(next(2))) {
            civil(year, month, day)
        } else if word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            let part = |range| word.get(range).and_then(number);
            part(0..4).zip(part(4..6)).zip(part(6..8)).and_then(|((year, month), day)| civil(year, month, day))
        } else {
            None
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// An RFC 3339 time in microseconds since 1970 UTC.
pub(crate) fn micros(text: &str) -> Option<Micros> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}

/// The date of seconds since 1970 UTC.
pub(crate) fn of_seconds(seconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(jiff::tz::TimeZone::UTC.to_datetime(time).date().to_string())
}

fn civil(year: u16, month: u16, day: u16) -> Option<String> {
    let date = jiff::civil::Date::new(year.cast_signed(), i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    (1990..2100).contains(&year).then(|| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_lists_write_them() {
        for (text, date) in [
            ("# Last updated: 2026-11-03 10:02:33 UTC", Some("2026-11-03")),
            ("; Last-Modified: Tue, 03 Nov 2026 11:00:00 GMT", Some("2026-11-03")),
            ("Date: Nov 3, 2026", Some("2026-11-03")),
            ("version 20261103", Some("2026-11-03")),
            ("2026/11/3", Some("2026-11-03")),
            ("2026-11-03T10:02:33Z", Some("2026-11-03")),
            ("2026-13-03", None),
            ("Copyright (c) 2014-2026", None),
            ("1.2.3.4", None),
        ] {
            assert_eq!(find(text).as_deref(), date, "{text}");
        }
        assert_eq!(micros("1970-01-01T00:00:01.5Z"), Some(1_500_000));
        assert_eq!(of_seconds(1_465_681_304).as_deref(), Some("2016-06-11"));
    }
}
