//! The diagnostics of the firm: one every few years and one after an incident, each with its own evidence.

use std::path::{Path, PathBuf};

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use crate::{BACK_OFFICE, OFFICE, TRADING};

/// One diagnostic.
#[derive(Debug)]
pub struct Edition {
    /// Year; the folder of an earlier one is named after it.
    pub year: i16,
    /// Day to diagnose the firm as of.
    pub as_of: Date,
    /// Systems that it looks at.
    pub systems: &'static [&'static str],
}

/// All of them, oldest first. The second one follows an incident and looks at the system that was hit.
pub static EDITIONS: [Edition; 3] = [FIRST, AFTER_INCIDENT, NOW];

const FIRST: Edition = Edition { year: 2023, as_of: date(2023, 6, 30), systems: &[TRADING, BACK_OFFICE, OFFICE] };
const AFTER_INCIDENT: Edition = Edition { year: 2025, as_of: date(2025, 4, 18), systems: &[TRADING] };

/// The one of today.
pub const NOW: Edition = Edition { year: 2026, as_of: date(2026, 6, 30), systems: &[TRADING, BACK_OFFICE, OFFICE] };

impl Edition {
    /// Where its evidence lies when that of today lies in `evidence`.
    pub fn folder(&self, evidence: &Path) -> PathBuf {
        if self.as_of == NOW.as_of {
            return evidence.to_owned();
        }
        let name = evidence.file_name().unwrap_or_default();
        evidence.with_file_name(self.year.to_string()).join(name)
    }

    /// A day some days before the diagnostic.
    pub(crate) fn day(&self, before: i32) -> Date {
        self.as_of.saturating_sub(before.days())
    }

    /// The month of the diagnostic, such as `2026-06`.
    pub(crate) fn month(&self) -> String {
        self.as_of.strftime("%Y-%m").to_string()
    }

    /// 08:50 in Taiwan, two weeks before the diagnostic, in seconds since 1970.
    pub(crate) fn morning(&self) -> u64 {
        let since = self.day(14) - date(1970, 1, 1);
        u64::try_from(since.get_days()).unwrap_or(0) * 86_400 + 50 * 60
    }

    /// Whether it is about a system.
    pub(crate) fn covers(&self, system: &str) -> bool {
        self.systems.contains(&system)
    }

    /// A template with its days: `{4}` is the day four days before the diagnostic, `{year}` and `{roc}` its year.
    pub(crate) fn filled(&self, template: &str) -> String {
        let mut text = template.replace("{year}", &self.year.to_string());
        text = text.replace("{roc}", &(self.year - 1911).to_string());
        (0..=120).fold(text, |text, before| text.replace(&format!("{{{before}}}"), &self.day(before).to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_back_from_the_diagnostic() {
        assert_eq!(NOW.filled("{4} {year} {roc} {x}"), "2026-06-26 2026 115 {x}");
        assert_eq!(NOW.morning(), 1_781_571_000);
        assert!(EDITIONS.windows(2).all(|pair| pair[0].as_of < pair[1].as_of));
    }
}
