//! What a function needs, as gates over elements: `all(web, any(app-1, app-2), 2 of (db-1, db-2, db-3))`.

use serde::{Deserialize, Serialize};

/// Nesting that is followed.
const DEPTH_MAX: usize = 16;

/// Gates over elements, in one list: a gate comes after what it joins, and the last one decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// Gates; empty: nothing is said.
    pub gates: Vec<Gate>,
    /// What could not be read.
    pub complaint: Option<String>,
}

/// A step of the decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// An element by name.
    Element(String),
    /// At least so many of these earlier gates.
    AtLeast(usize, Vec<usize>),
}

impl Needs {
    /// Reads a formula; one that cannot be read has no gates and a complaint.
    pub fn parse(text: &str) -> Self {
        let mut reader = Reader { rest: text, gates: Vec::new() };
        let read = if text.trim().is_empty() { Ok(()) } else { reader.gate(0).and_then(|_| reader.end()) };
        match read {
            Ok(()) => Self { gates: reader.gates, complaint: None },
            Err(complaint) => Self { gates: Vec::new(), complaint: Some(complaint) },
        }
    }

    /// The elements named.
    pub fn elements(&self) -> impl Iterator<Item = &str> {
        self.gates.iter().filter_map(|gate| match gate {
            Gate::Element(name) => Some(name.as_str()),
            Gate::AtLeast(..) => None,
        })
    }

    /// Whether the function works, given which of its elements do; what is not known to fail is held to work. A function
    /// that needs nothing works.
    pub fn work(&self, mut works: impl FnMut(&str) -> bool) -> bool {
        let mut so: Vec<bool> = Vec::with_capacity(self.gates.len());
        for gate in &self.gates {
            let holds = match gate {
                Gate::Element(name) => works(name),
                Gate::AtLeast(count, of) => of.iter().filter(|at| so.get(**at) == Some(&true)).count() >= *count,
            };
            so.push(holds);
        }
        so.last().copied().unwrap_or(true)
    }
}

struct Reader<'t> {
    rest: &'t str,
    gates: Vec<Gate>,
}

impl Reader<'_> {
    fn gate(&mut self, depth: usize) -> Result<usize, String> {
        if depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} gates lie in each other"));
        }
        let end = self.rest.find(['(', ')', ',']).unwrap_or(self.rest.len());
        let word = self.rest[..end].trim();
        self.rest = &self.rest[end..];
        let gate = if self.rest.starts_with('(') {
            let (word, count) = (word.to_lowercase(), word.to_owned());
            self.rest = &self.rest[1..];
            let inner = self.list(depth)?;
            let least = match word.as_str() {
                "all" | "and" | "" => inner.len(),
                "any" | "or" => 1,
                _ => count
                    .strip_suffix("of")
                    .and_then(|count| count.trim().parse().ok())
                    .filter(|count| (1..=inner.len()).contains(count))
                    .ok_or_else(|| format!("`{count}` is none of all, any, `2 of`"))?,
            };
            Gate::AtLeast(least, inner)
        } else if word.is_empty() {
            return Err("an element's name is missing".to_owned());
        } else {
            Gate::Element(word.to_owned())
        };
        self.gates.push(gate);
        Ok(self.gates.len() - 1)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<usize>, String> {
        let mut inner = Vec::new();
        loop {
            inner.push(self.gate(depth + 1)?);
            self.rest = self.rest.trim_start();
            let Some(sign) = self.rest.chars().next() else { return Err("a `)` is missing".to_owned()) };
            self.rest = &self.rest[sign.len_utf8()..];
            match sign {
                ',' => {}
                ')' => return Ok(inner),
                _ => return Err("`,` or `)` is missing".to_owned()),
            }
        }
    }

    fn end(&self) -> Result<(), String> {
        if self.rest.trim().is_empty() { Ok(()) } else { Err("something stands after its end".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_decide_as_written() {
        let needs = Needs::parse("all(web, any(app 1, app 2), 2 of (a, b, c))");
        assert_eq!(needs.complaint, None);
        let works = |down: &[&str]| needs.work(|name| !down.contains(&name));
        assert!(works(&[]) && works(&["app 1", "c"]));
        assert!(!works(&["web"]) && !works(&["app 1", "app 2"]) && !works(&["a", "b"]));
        assert!(Needs::parse("資料庫").work(|name| name == "資料庫"));
    }

    #[test]
    fn what_cannot_be_read_is_a_complaint() {
        let deep = "all(".repeat(5000);
        for text in ["all(", "all()", "3 of (a)", "most(a, b)", "a)", "a b(", ",", "all(a) b", &deep] {
            assert!(Needs::parse(text).complaint.is_some(), "{text}");
        }
    }
}
