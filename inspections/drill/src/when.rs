//! Times as tools write them.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::Offset;
use jiff::{Timestamp, tz};

/// Forms of times without an offset that tables are known to write.
const FORMS: [&str; 4] = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];

/// How a table writes its times.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    /// A form of its own, as `strftime` has them.
    pub(crate) form: Option<String>,
    /// Of times without an offset.
    pub(crate) zone: Offset,
}

impl Default for Times {
    /// The usual forms; a time without an offset is taken as Taiwan's.
    fn default() -> Self {
        Self { form: None, zone: tz::offset(8) }
    }
}

impl Times {
    /// Microseconds since 1970: by the table's own form, RFC 3339, or one of the usual forms.
    pub(crate) fn micros(&self, text: &str) -> Option<i64> {
        let text = text.trim();
        let own = self.form.as_ref().and_then(|form| self.in_form(form, text));
        own.or_else(|| text.parse().ok()).or_else(|| self.usual(text)).and_then(real)
    }

    fn in_form(&self, form: &str, text: &str) -> Option<Timestamp> {
        let parsed = strtime::parse(form, text).ok()?;
        let civil = || parsed.to_datetime().or_else(|_| parsed.to_date().map(Date::into)).ok();
        parsed.to_timestamp().ok().or_else(|| self.zone.to_timestamp(civil()?).ok())
    }

    fn usual(&self, text: &str) -> Option<Timestamp> {
        let civil = text.replace('/', "-");
        let civil = if civil.contains(':') { civil } else { format!("{civil} 00:00:00") };
        let at = FORMS.iter().find_map(|form| DateTime::strptime(form, &civil).ok())?;
        self.zone.to_timestamp(at).ok()
    }
}

/// Microseconds since 1970. RFC 3339 with its offset; a time without one is taken as Taiwan's.
pub(crate) fn micros(text: &str) -> Option<i64> {
    Times::default().micros(text)
}

/// An offset from UTC: `+08:00`, `Z`.
pub(crate) fn offset(text: &str) -> Option<Offset> {
    let noon = |zone: &str| format!("2000-01-01T12:00:00{zone}").parse::<Timestamp>().ok();
    let east = noon("Z")?.as_second() - noon(text.trim())?.as_second();
    Offset::from_seconds(i32::try_from(east).ok()?).ok()
}

/// GoPhish writes the year 1 where nothing has happened.
fn real(at: Timestamp) -> Option<i64> {
    (at > Timestamp::UNIX_EPOCH).then(|| at.as_microsecond())
}

/// The day in Taiwan.
pub(crate) fn day(micros: i64) -> Option<Date> {
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

    #[test]
    fn a_table_may_have_a_form_and_a_zone_of_its_own() {
        let at = Some(1_744_621_200_000_000);
        let times = |form: &str, zone| Times { form: Some(form.to_owned()), zone: offset(zone).unwrap() };
        assert_eq!(times("%d.%m.%Y %H:%M", "+02:00").micros("14.04.2025 11:00"), at);
        assert_eq!(times("%d/%m/%Y %I:%M %p %z", "Z").micros("14/04/2025 05:00 PM +0800"), at);
        let day = times("%d/%m/%Y", "+08:00").micros("14/04/2025");
        assert_eq!(day.and_then(super::day), Some(jiff::civil::date(2025, 4, 14)));
        // What a workbook tells as a date comes in the usual form.
        assert_eq!(times("%d.%m.%Y", "Z").micros("2025-04-14 09:00:00"), at);
        assert_eq!(times("%q nonsense", "Z").micros("14.04.2025"), None);
        assert_eq!((offset("Asia"), offset("+99:00"), offset("")), (None, None, None));
    }
}
