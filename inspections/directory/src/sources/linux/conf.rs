//! Files of `key = value` or `KEY value` lines, such as faillock.conf and login.defs.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::policy::{Place, Stated};

/// `key = value`, or a key alone.
pub(super) const EQUALS: char = '=';
/// `KEY value`.
pub(super) const BLANK: char = ' ';

/// A file's settings: the last line of a key holds.
pub(super) struct Conf {
    pub(super) file: usize,
    values: BTreeMap<String, (u64, String, String)>,
    odd: Cell<(u64, u64)>,
}

impl Conf {
    pub(super) fn read(file: usize, text: &str, separator: char) -> Self {
        let mut values = BTreeMap::new();
        for (line, raw) in (1..).zip(text.lines()) {
            let trimmed = raw.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let trimmed = trimmed.split(" #").next().unwrap_or(trimmed).trim();
            let pair = match separator {
                EQUALS => trimmed.split_once('='),
                _ => trimmed.split_once(char::is_whitespace),
            };
            let (key, value) = pair.unwrap_or((trimmed, ""));
            values.insert(key.trim().to_owned(), (line, value.trim().trim_matches('"').to_owned(), trimmed.to_owned()));
        }
        Self { file, values, odd: Cell::default() }
    }

    /// The text of a key.
    pub(super) fn get(&self, key: &str) -> Option<Stated<&str>> {
        let (line, value, raw) = self.values.get(key)?;
        Some(Place::line(self.file, *line, raw.as_str()).state(value.as_str()))
    }

    /// A whole number; a value that is none is counted.
    pub(super) fn number(&self, key: &str) -> Option<Stated<i64>> {
        let stated = self.get(key)?;
        let number = stated.value.parse().ok();
        if number.is_none() {
            let (count, first) = self.odd.get();
            let line = self.values.get(key).map_or(0, |(line, ..)| *line);
            self.odd.set((count + 1, if count == 0 { line } else { first }));
        }
        Some(stated.at.state(number?))
    }

    /// Days; a negative number switches the rule off and is taken as absent.
    pub(super) fn days(&self, key: &str) -> Option<Stated<u64>> {
        let number = self.number(key)?;
        let days = u64::try_from(number.value).ok()?.min(super::NEVER_DAYS);
        Some(number.at.state(days))
    }

    /// Where a key would stand.
    pub(super) fn absent(&self, key: &str) -> Place {
        match self.get(key) {
            Some(stated) => stated.at,
            None => Place::absent(self.file, key, format!("{key} is not set")),
        }
    }

    /// Values that are no numbers: count and first line.
    pub(super) fn odd(&self) -> (u64, u64) {
        self.odd.get()
    }
}
