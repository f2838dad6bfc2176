//! Takes typed fields out of a table, and notes what is missing, of another type or not known.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use secdiag_model::{Note, NoteKind};

use crate::At;
use crate::tree::{Node, Value};

/// Distinct complaints that are kept of one file; more only count.
const KEPT: usize = 200;

/// What was not understood, put together by reason and words.
#[derive(Debug, Default)]
pub struct Notes {
    found: BTreeMap<(String, String), (u64, String)>,
    beyond: u64,
}

impl Notes {
    /// Something that was not understood.
    pub fn add(&mut self, reason: &str, at: &At, text: impl Into<String>) {
        let key = (reason.to_owned(), text.into());
        if let Some((count, _)) = self.found.get_mut(&key) {
            *count += 1;
        } else if self.found.len() < KEPT {
            self.found.insert(key, (1, at.place()));
        } else {
            self.beyond += 1;
        }
    }

    /// As notes about a file; each stands for as many places as it counts and names the first.
    pub fn into_notes(self) -> Vec<Note> {
        let mut notes: Vec<Note> = self
            .found
            .into_iter()
            .map(|((reason, text), (count, place))| {
                let kind = if reason == "does-not-parse" { NoteKind::Broken } else { NoteKind::NotUnderstood };
                let note = Note::new(kind, &reason, text).times(count);
                if place.is_empty() { note } else { note.at(place) }
            })
            .collect();
        if self.beyond > 0 {
            let text = "more was not understood than is listed: correct what is listed and run again";
            notes.push(Note::new(NoteKind::NotUnderstood, "more", text).times(self.beyond));
        }
        notes
    }
}

/// The fields of one table. Each is taken once; [`Fields::done`] notes those that nobody took.
pub struct Fields<'a> {
    map: &'a BTreeMap<String, Node>,
    at: At,
    taken: BTreeSet<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of the whole file; nothing where it is no table.
    pub fn top(tree: &'a Node, notes: &mut Notes) -> Option<Self> {
        Self::of(tree, At { line: tree.line, path: String::new() }, notes)
    }

    fn of(node: &'a Node, at: At, notes: &mut Notes) -> Option<Self> {
        match &node.value {
            Value::Map(map) => Some(Self { map, at, taken: BTreeSet::new() }),
            other => {
                notes.add("wrong-type", &at, format!("a table of fields is expected here, not {}", other.kind()));
                None
            }
        }
    }

    /// Where the table stands.
    pub fn at(&self) -> At {
        self.at.clone()
    }

    fn take(&mut self, key: &'static str) -> Option<(&'a Value, At)> {
        self.taken.insert(key);
        let node = self.map.get(key)?;
        let line = if node.line > 0 { node.line } else { self.at.line };
        let path = if self.at.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at.path) };
        if matches!(node.value, Value::Null) { None } else { Some((&node.value, At { line, path })) }
    }

    /// A text; numbers and switches are taken as written. Empty text is nothing.
    pub fn text(&mut self, key: &'static str, notes: &mut Notes) -> Option<String> {
        let (value, at) = self.take(key)?;
        let text = match value {
            Value::Text(text) => text.trim().to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            other => {
                notes.add("wrong-type", &at, format!("`{key}` is a text, not {}", other.kind()));
                return None;
            }
        };
        (!text.is_empty()).then_some(text)
    }

    /// A text that a record cannot do without.
    pub fn needed(&mut self, key: &'static str, notes: &mut Notes) -> Option<String> {
        let text = self.text(key, notes);
        if text.is_none() {
            notes.add("field-missing", &self.at, format!("`{key}` is missing: the record was left out"));
        }
        text
    }

    /// Texts: a list, or one text separated by `;`.
    pub fn texts(&mut self, key: &'static str, notes: &mut Notes) -> Vec<String> {
        let Some((value, at)) = self.take(key) else { return Vec::new() };
        let parts: Vec<String> = match value {
            Value::Text(text) => text.split(';').map(|part| part.trim().to_owned()).collect(),
            Value::Int(number) => vec![number.to_string()],
            Value::List(list) => list
                .iter()
                .filter_map(|node| match &node.value {
                    Value::Text(text) => Some(text.trim().to_owned()),
                    Value::Int(number) => Some(number.to_string()),
                    other => {
                        notes.add("wrong-type", &at, format!("`{key}` is a list of texts, not of {}", other.kind()));
                        None
                    }
                })
                .collect(),
            other => {
                notes.add("wrong-type", &at, format!("`{key}` is a list of texts, not {}", other.kind()));
                Vec::new()
            }
        };
        parts.into_iter().filter(|part| !part.is_empty()).collect()
    }

    /// A date.
    pub fn date(&mut self, key: &'static str, notes: &mut Notes) -> Option<Date> {
        let (value, at) = self.take(key)?;
        let Value::Text(text) = value else {
            notes.add("wrong-type", &at, format!("`{key}` is a date such as 2026-10-05, not {}", value.kind()));
            return None;
        };
        if text.trim().is_empty() {
            return None;
        }
        let date = date(text);
        if date.is_none() {
            notes.add(
                "not-a-date",
                &at,
                format!("`{key}`: {} is no date such as 2026-10-05 or 115/10/05", short(text)),
            );
        }
        date
    }

    /// A date that a record cannot do without.
    pub fn needed_date(&mut self, key: &'static str, notes: &mut Notes) -> Option<Date> {
        let date = self.date(key, notes);
        if date.is_none() {
            notes.add("field-missing", &self.at, format!("`{key}` is missing: the record was left out"));
        }
        date
    }

    /// A whole number that is not negative.
    pub fn number(&mut self, key: &'static str, notes: &mut Notes) -> Option<u64> {
        let (value, at) = self.take(key)?;
        let number = match value {
            Value::Int(number) => u64::try_from(*number).ok(),
            Value::Text(text) => text.trim().replace([',', '_'], "").parse().ok(),
            _ => None,
        };
        if number.is_none() {
            notes.add("not-a-number", &at, format!("`{key}` is a whole number that is not negative"));
        }
        number
    }

    /// Yes or no.
    pub fn flag(&mut self, key: &'static str, notes: &mut Notes) -> Option<bool> {
        let (value, at) = self.take(key)?;
        let flag = match value {
            Value::Bool(yes) => Some(*yes),
            Value::Text(text) => match text.trim().to_lowercase().as_str() {
                "yes" | "true" | "y" | "1" | "是" => Some(true),
                "no" | "false" | "n" | "0" | "否" => Some(false),
                _ => None,
            },
            Value::Int(1) => Some(true),
            Value::Int(0) => Some(false),
            _ => None,
        };
        if flag.is_none() {
            notes.add("not-yes-or-no", &at, format!("`{key}` is true or false"));
        }
        flag
    }

    /// One of some words, each with what it means; case does not count.
    pub fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)], notes: &mut Notes) -> Option<T> {
        let (value, at) = self.take(key)?;
        let text = match value {
            Value::Text(text) => text.trim().to_lowercase(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            _ => String::new(),
        };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() && !text.is_empty() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            notes.add("unknown-word", &at, format!("`{key}`: {} is none of {}", short(&text), known.join(", ")));
        }
        found
    }

    /// The tables of a list.
    pub fn tables(&mut self, key: &'static str, notes: &mut Notes) -> Vec<Self> {
        let Some((value, at)) = self.take(key) else { return Vec::new() };
        match value {
            Value::List(list) => list
                .iter()
                .enumerate()
                .filter_map(|(index, node)| {
                    let line = if node.line > 0 { node.line } else { at.line };
                    Self::of(node, At { line, path: format!("{}[{index}]", at.path) }, notes)
                })
                .collect(),
            Value::Map(map) => vec![Self { map, at, taken: BTreeSet::new() }],
            other => {
                notes.add("wrong-type", &at, format!("`{key}` is a list of tables, not {}", other.kind()));
                Vec::new()
            }
        }
    }

    /// A table of texts by free names.
    pub fn named_texts(&mut self, key: &'static str, notes: &mut Notes) -> BTreeMap<String, String> {
        let Some((value, at)) = self.take(key) else { return BTreeMap::new() };
        let Value::Map(map) = value else {
            notes.add("wrong-type", &at, format!("`{key}` is a table, not {}", value.kind()));
            return BTreeMap::new();
        };
        map.iter()
            .map(|(name, node)| {
                let text = match &node.value {
                    Value::Text(text) => text.trim().to_owned(),
                    Value::Int(number) => number.to_string(),
                    Value::Null => String::new(),
                    other => {
                        notes.add("wrong-type", &at, format!("`{key}` holds texts, not {}", other.kind()));
                        String::new()
                    }
                };
                (name.clone(), text)
            })
            .collect()
    }

    /// Notes every field that nobody took.
    pub fn done(self, notes: &mut Notes) {
        for (name, node) in self.map.iter().filter(|(name, _)| !self.taken.contains(name.as_str())) {
            let at = At { line: if node.line > 0 { node.line } else { self.at.line }, path: self.at.path.clone() };
            notes.add("unknown-key", &at, format!("`{}` is no field of this record: it was not read", short(name)));
        }
    }
}

pub use secdiag_model::text::date;

/// Words of the file in a message stay short.
fn short(text: &str) -> String {
    const LIMIT: usize = 60;
    if text.chars().count() <= LIMIT { text.to_owned() } else { text.chars().take(LIMIT).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Syntax, parse};

    #[test]
    fn what_is_not_understood_is_counted_with_its_place() {
        let text =
            "[[r]]\nid = \"a\"\nflag = \"maybe\"\ndate = \"soon\"\nextra = 1\n[[r]]\nid = \"b\"\nextra = 2\n[[r]]\n";
        let (tree, _) = parse(text, Syntax::Toml, "r");
        let mut notes = Notes::default();
        let mut top = Fields::top(&tree, &mut notes).unwrap();
        let mut ids = Vec::new();
        for mut fields in top.tables("r", &mut notes) {
            assert_eq!(fields.flag("flag", &mut notes), None);
            assert_eq!(fields.date("date", &mut notes), None);
            ids.extend(fields.needed("id", &mut notes));
            fields.done(&mut notes);
        }
        top.done(&mut notes);
        let lines: Vec<String> = notes
            .into_notes()
            .into_iter()
            .map(|note| format!("{} {} x{}", note.reason, note.place.unwrap_or_default(), note.count))
            .collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(
            lines,
            ["field-missing line 9 x1", "not-a-date line 4 x1", "not-yes-or-no line 3 x1", "unknown-key line 5 x2"]
        );
    }

    #[test]
    fn complaints_without_end_are_capped_and_counted() {
        let mut notes = Notes::default();
        (0..1000).for_each(|n| notes.add("unknown-key", &At::default(), format!("k{n}")));
        let notes = notes.into_notes();
        assert_eq!(notes.len(), KEPT + 1);
        assert_eq!(notes.iter().map(|note| note.count).sum::<u64>(), 1000);
    }
}
