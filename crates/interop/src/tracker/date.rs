//! Dates as people in Taiwan type them.

use jiff::civil::Date;

/// Years that a due date can be in; a number outside of them was not meant as a date.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2199;
/// Year before the first of the Republic's calendar.
const ROC: i16 = 1911;

/// `2026-03-31`, `2026/3/31`, `2026.3.31`, `2026年3月31日`, `20260331`, and the same in the Republic's years
/// (`115/3/31`, `民國115年3月31日`, `1150331`), with or without a time behind. A day before the month is ambiguous, and
/// no date.
pub(super) fn parse(text: &str) -> Option<Date> {
    let text = text.trim();
    let text = text.split(['T', ' ']).next().unwrap_or_default();
    let text = text.trim_start_matches("民國");
    if text.len() > 24 {
        return None;
    }
    let parts: Vec<&str> = text.split(['-', '/', '.', '年', '月', '日']).filter(|part| !part.is_empty()).collect();
    let parts: Vec<i16> = match *parts.as_slice() {
        [digits] if matches!(digits.len(), 7 | 8) && digits.bytes().all(|b| b.is_ascii_digit()) => {
            let (year, rest) = digits.split_at(digits.len() - 4);
            [year, &rest[..2], &rest[2..]].iter().filter_map(|part| part.parse().ok()).collect()
        }
        [year, month, day] if year.len() >= 3 => [year, month, day].iter().filter_map(|part| number(part)).collect(),
        _ => return None,
    };
    let [year, month, day] = parts[..] else { return None };
    let year = if (100..200).contains(&year) { year + ROC } else { year };
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    YEARS.contains(&year).then_some(date)
}

fn number(part: &str) -> Option<i16> {
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let expected = Some(jiff::civil::date(2026, 3, 31));
        for text in [
            "2026-03-31",
            "2026/3/31",
            "2026.3.31",
            "2026年3月31日",
            "20260331",
            "115/3/31",
            "115年3月31日",
            "民國115年03月31日",
            "1150331",
            " 2026-03-31 00:00:00",
            "2026-03-31T00:00:00",
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        for text in ["31/3/2026", "2026-02-30", "soon", "2026", "46112", "", "99/1/1", "2026-3", "1-2-3-4", "2026-x-1"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
