//! How numbers, dates and foreign text are written for a reader.

use jiff::civil::Date;
use secdiag_model::Lang;

/// A count with separators: `1,204`.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A length as a count.
pub(crate) fn len(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Bytes in decimal units (IEC 80000-13 leaves `kB`, `MB`, `GB` to powers of 1000): `38.2 GB`.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let (mut value, mut unit) = (n as f64, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.95 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// A share of 100 as a whole number that never rounds up to all or down to nothing.
pub(crate) fn hundredths(value: f64) -> u8 {
    let rounded = value.clamp(0.0, 100.0).round();
    let honest = match rounded {
        r if r >= 100.0 && value < 100.0 => 99.0,
        r if r <= 0.0 && value > 0.0 => 1.0,
        r => r,
    };
    // Between 0 and 100 by the clamp above; not-a-number becomes 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100")]
    let small = honest as u8;
    small
}

/// A date as its language writes it; in Chinese with the year of the Republic (民國). Other text stays as it is.
pub(crate) fn date(text: &str, lang: Lang) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let Ok(date) = text.parse::<Date>() else { return visible(text) };
    let (year, month, day) = (date.year(), date.month(), date.day());
    let name = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default();
    match lang {
        Lang::En => format!("{day} {name} {year}"),
        Lang::ZhTw if year > 1911 => format!("民國 {} 年 {month} 月 {day} 日（{year} 年）", year - 1911),
        Lang::ZhTw => format!("{year} 年 {month} 月 {day} 日"),
    }
}

/// Text from the evidence with what a reader cannot see, or what reorders what they see, written out: control
/// characters, direction overrides (Unicode TR 36 §2.5.2), zero-width characters. Tabs stay.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
        if hidden || (c.is_control() && c != '\t') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// At most `max` characters, and whether any were cut.
pub(crate) fn capped(text: &str, max: usize) -> (&str, bool) {
    match text.char_indices().nth(max) {
        Some((at, _)) => (&text[..at], true),
        None => (text, false),
    }
}

/// A name that is safe inside an `id` or a `#` link.
pub(crate) fn anchor(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }).collect()
}

/// A CSS string in which nothing but letters, digits and blanks stands unescaped (CSS Syntax 3 §4.3.7).
pub(crate) fn css_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in visible(text).chars() {
        if c.is_ascii_alphanumeric() || c == ' ' {
            out.push(c);
        } else {
            let code = format!("\\{:06x}", u32::from(c));
            out.push_str(&code);
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_readers() {
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1000, 1_234_567].map(number).as_slice());
        assert_eq!(
            ["0 B", "999 B", "1.0 kB", "38.2 GB", "1.0 MB"],
            [0, 999, 1000, 38_210_000_000, 999_999].map(bytes).as_slice()
        );
    }

    #[test]
    fn shares_never_round_to_all_or_nothing() {
        assert_eq!([0, 1, 50, 99, 100], [0.0, 0.2, 50.4, 99.9, 100.0].map(hundredths));
        assert_eq!(hundredths(f64::NAN), 0);
    }

    #[test]
    fn dates_have_the_year_of_the_republic_in_chinese() {
        assert_eq!(date("2026-11-23", Lang::ZhTw), "民國 115 年 11 月 23 日（2026 年）");
        assert_eq!(date("2026-11-23", Lang::En), "23 November 2026");
        assert_eq!(date("soon\u{202e}", Lang::En), "soon\\u{202e}");
    }

    #[test]
    fn css_strings_cannot_be_left() {
        assert_eq!(css_string("a\"}</style>"), "\"a\\000022\\00007d\\00003c\\00002fstyle\\00003e\"");
    }
}
