//! Records that a firm keeps by hand: registers, answers, continuity figures. Several inspections read them, so what
//! reads them sits below all of them.
//!
//! - [`tree`]: TOML, YAML or CSV as one tree of values, each with its line where the format tells it.
//! - [`workbook`]: the same from a sheet of a workbook.
//! - [`fields`]: takes typed fields out of a tree; what is missing, of another type or not known is noted with its place
//!   and count, and never costs the rest of the file.
//! - [`continuity`]: business functions, recovery objectives, drills, restores, backups, risk appetite.
//!
//! A file of ours says what it is by the key `secdiag` ([`declared`]); a CSV by its header ([`has_columns`]). Nothing
//! here touches a file: bytes come from whoever calls.

pub mod continuity;
pub mod fields;
pub mod tree;
pub mod workbook;

use secdiag_model::{Head, Match};
use serde::{Deserialize, Serialize};

pub use fields::{Fields, Notes};
pub use tree::{Node, Syntax, Value};

/// Where a record stands in its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct At {
    /// Line, counted from 1; 0 where the format does not tell (YAML).
    pub line: u64,
    /// Path inside the file: `answer[3]`, `team[0].person[2]`, counted from 0.
    pub path: String,
}

impl At {
    /// `line 12` where the line is known, else the path.
    pub fn place(&self) -> String {
        if self.line > 0 { format!("line {}", self.line) } else { self.path.clone() }
    }
}

/// Whether a TOML or YAML file declares itself as `kind`: a top-level `secdiag = "kind"` or `secdiag: kind` within its
/// first lines.
pub fn declared(head: &Head<'_>, kind: &str) -> Match {
    match declaration(head.text()) {
        Some((_, found)) if found == kind => Match::Yes(90),
        Some(_) | None => Match::No,
    }
}

/// The syntax and kind that a text declares.
pub fn declaration(text: &str) -> Option<(Syntax, String)> {
    const LINES: usize = 60;
    let text = text.trim_start_matches('\u{feff}');
    for line in text.lines().take(LINES) {
        let Some(rest) = line.strip_prefix("secdiag") else { continue };
        let rest = rest.trim_start();
        let (syntax, value) = match (rest.strip_prefix('='), rest.strip_prefix(':')) {
            (Some(value), _) => (Syntax::Toml, value),
            (_, Some(value)) => (Syntax::Yaml, value),
            _ => continue,
        };
        let value = value.split('#').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        return Some((syntax, value.to_owned()));
    }
    None
}

/// Whether a text is a CSV whose header has all these columns.
pub fn has_columns(head: &Head<'_>, columns: &[&str]) -> Match {
    let header = tree::csv_header(head.text());
    if columns.iter().all(|column| header.iter().any(|found| found == column)) { Match::Yes(80) } else { Match::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head<'_> {
        Head::new(text.as_bytes(), "file", text.len() as u64)
    }

    #[test]
    fn files_say_what_they_are() {
        let yes = ["secdiag = \"answers\"\n", "# ours\n\nsecdiag='answers' # kind\n", "\u{feff}secdiag: answers\n"];
        for text in yes {
            assert_eq!(declared(&head(text), "answers"), Match::Yes(90), "{text}");
        }
        for text in ["secdiag = \"records\"\n", "[x]\n  secdiag = \"answers\"\n", "secdiagnosis = 1\n", ""] {
            assert_eq!(declared(&head(text), "answers"), Match::No, "{text}");
        }
        assert_eq!(has_columns(&head("\u{feff}Question;Answer;by\n1;yes;\n"), &["question", "answer"]), Match::Yes(80));
        assert_eq!(has_columns(&head("question,reply\n"), &["question", "answer"]), Match::No);
    }
}
