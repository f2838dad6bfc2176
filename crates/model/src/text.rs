//! Texts that users read, in the two languages of the product.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Language of a text or a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Lang {
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
    /// Traditional Chinese as used in Taiwan.
    #[serde(rename = "zh-TW")]
    ZhTw,
}

impl Lang {
    /// BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhTw => "zh-TW",
        }
    }
}

/// One text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// English.
    pub en: String,
    /// Traditional Chinese as used in Taiwan.
    #[serde(rename = "zh-TW")]
    pub zh_tw: String,
}

impl Bilingual {
    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::ZhTw => &self.zh_tw,
        }
    }
}

/// `2026-10-05`, `2026/10/05`, `20261005`, with a time behind it or not, or the year of the Republic (`115/10/05`,
/// 1911 less).
pub fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    let text = text.split(['T', ' ']).next().unwrap_or_default();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = if digits(text) && text.len() == 8 {
        vec![&text[..4], &text[4..6], &text[6..]]
    } else {
        text.split(['-', '/', '.']).collect()
    };
    let [year, month, day] = parts[..] else { return None };
    if ![year, month, day].iter().all(|part| digits(part)) || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let year: i16 = match year.len() {
        4 => year.parse().ok()?,
        3 => year.parse::<i16>().ok()?.checked_add(1911)?,
        _ => return None,
    };
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_firms_write_them() {
        for text in ["2026-10-05", "2026/10/5", "20261005", "115/10/05", "115.10.5", "2026-10-05T09:00:00+08:00"] {
            assert_eq!(date(text), Some(jiff::civil::date(2026, 10, 5)), "{text}");
        }
        for text in ["", "26/10/05", "2026-13-01", "2026-02-30", "05-10-2026", "next week", "2026", "９９９-1-1"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
