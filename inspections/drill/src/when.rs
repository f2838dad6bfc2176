//! Times as tools write them.

use jiff::civil::DateTime;
use jiff::{Timestamp, tz};

/// Microseconds since 1970. RFC 3339 with its offset; a time without one is taken as Taiwan's.
pub(crate) fn micros(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return real(at);
    }
    let civil = text.replace('/', "-");
    let civil = if civil.contains(':') { civil } else { format!("{civil} 00:00:00") };
    for form in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(at) = DateTime::strptime(form, &civil) {
            return tz::offset(8).to_timestamp(at).ok().and_then(real);
        }
    }
    None
}

/// GoPhish writes the year 1 where nothing has happened.
fn real(at: Timestamp) -> Option<i64> {
    (at > Timestamp::UNIX_EPOCH).then(|| at.as_microsecond())
}

/// The day in Taiwan.
pub(crate) fn day(micros: i64) -> Option<jiff::civil::Date> {
    Timestamp::from_microsecond(micros).ok().map(|at| tz::offset(8).to_datetime(at).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_an_offset() {
        let at = Some(1_744_621_200_000_000);
        for text in
            ["2025-04-14T09:00:00.000000000Z", "2025-04-14T17:00:00+08:00", "2025-04-14 17:00", "2025/04/14 17:00:00"]
        {
            assert_eq!(micros(text), at, "{text}");
        }
        assert_eq!(micros("2025-04-14").and_then(day), Some(jiff::civil::date(2025, 4, 14)));
        for text in ["", "soon", "0001-01-01T00:00:00Z", "14.04.2025 17 o'clock"] {
            assert_eq!(micros(text), None, "{text}");
        }
    }
}
