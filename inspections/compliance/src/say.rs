//! How a record becomes a finding.

use jiff::civil::Date;
use secdiag_inspect::Check;
use secdiag_model::{Artefact, Bilingual, Finding, Locator, Proof, Subject};
use secdiag_records::At;

/// A finding about a record that is named the same next year.
pub(crate) fn finding(check: &Check, record: impl Into<String>, proof: Proof) -> Finding {
    Finding::new(check.id, Subject::Record { record: record.into() }, proof)
}

/// A place in a file: its line, or its path where the format does not tell lines.
pub(crate) fn proof(artefact: &Artefact, at: &At, excerpt: impl Into<String>) -> Proof {
    let locator = match (at.line, at.path.as_str()) {
        (0, "") => Locator::Whole,
        (0, path) => Locator::Setting(path.to_owned()),
        (line, _) => Locator::Line(line),
    };
    Proof::new(artefact, locator, shorten(&excerpt.into()))
}

/// A finding's fact in both languages: `name` and `name_zh`.
pub(crate) trait BothLanguages {
    /// Adds the fact.
    fn both(self, name: &str, text: &Bilingual) -> Self;
    /// Adds a date, or the word for its absence.
    fn day(self, name: &str, date: Option<Date>) -> Self;
}

impl BothLanguages for Finding {
    fn both(self, name: &str, text: &Bilingual) -> Self {
        self.fact(name, text.en.as_str()).fact(&format!("{name}_zh"), text.zh_tw.as_str())
    }

    fn day(self, name: &str, date: Option<Date>) -> Self {
        self.fact(name, date.map(|date| date.to_string()))
    }
}

/// A text in both languages.
pub(crate) fn words(en: impl Into<String>, zh_tw: impl Into<String>) -> Bilingual {
    Bilingual { en: en.into(), zh_tw: zh_tw.into() }
}

/// Texts of a list in both languages.
pub(crate) fn listed(texts: &[Bilingual]) -> Bilingual {
    let join = |pick: fn(&Bilingual) -> &str, with: &str| texts.iter().map(pick).collect::<Vec<_>>().join(with);
    words(join(|text| &text.en, "; "), join(|text| &text.zh_tw, "；"))
}

fn shorten(text: &str) -> String {
    const LIMIT: usize = 240;
    if text.chars().count() <= LIMIT { text.to_owned() } else { text.chars().take(LIMIT).chain(['…']).collect() }
}
