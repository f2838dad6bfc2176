//! Saved profiles: which column of a table is what, for tables whose headers have words of their own.
//!
//! ```toml
//! secdiag = "firewall-columns"
//! default = "deny"            # what happens to the rest
//!
//! [columns]                   # what it is = the header's words
//! source = "From host"
//! destination = "To host"
//! service = "Application port"
//! action = "Decision"
//!
//! [actions]                   # words of the action column
//! "Go" = "permit"
//! ```
//! Columns are called `number`, `id`, `name`, `enabled`, `disabled`, `action`, `in`, `out`, `source`, `destination`,
//! `service`, `protocol`, `source port`, `destination port`, `log`, `hits`, `time`, `ends`, `comment`, `device`; `ignore`
//! leaves a column out.

use std::collections::BTreeMap;

use secdiag_model::{EvidenceKind, Format, Head, Match};
use secdiag_records::tree::{Node, Syntax, Value, parse};

/// The format of profiles. They are read with the tables beside them.
pub const FORMAT: Format =
    Format { id: "firewall-columns", kind: EvidenceKind::Fwcfg, title: "Columns of a table of firewall rules", sniff };

fn sniff(head: &Head<'_>) -> Match {
    let says_so = |line: &str| {
        let compact: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        compact.starts_with("secdiag=\"firewall-columns\"") || compact.starts_with("secdiag='firewall-columns'")
    };
    if !head.is_binary() && head.text().lines().any(says_so) { Match::Yes(100) } else { Match::No }
}

/// A profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// What it is → the header's words.
    pub columns: Vec<(String, String)>,
    /// Words of the action column, in lower case → whether they permit.
    pub actions: BTreeMap<String, bool>,
    /// What happens to the rest: whether it is permitted.
    pub default: Option<bool>,
}

impl Profile {
    /// Reads a profile; gives what is wrong beside it.
    pub fn read(text: &str) -> (Self, Vec<String>) {
        let (node, faults) = parse(text, Syntax::Toml, "columns");
        let mut wrong: Vec<String> =
            faults.into_iter().map(|fault| format!("line {}: {}", fault.line, fault.text)).collect();
        let mut profile = Self::default();
        let Value::Map(root) = node.value else { return (profile, wrong) };
        for (key, header) in fields(root.get("columns")) {
            match &header.value {
                Value::Text(header) => profile.columns.push((key.clone(), header.clone())),
                Value::List(headers) => {
                    profile.columns.extend(headers.iter().filter_map(text_of).map(|header| (key.clone(), header)));
                }
                other => wrong.push(format!("line {}: the column `{key}` is {}", header.line, other.kind())),
            }
        }
        for (word, meaning) in fields(root.get("actions")) {
            match text_of(meaning).as_deref().and_then(super::cells::action) {
                Some(permits) => {
                    profile.actions.insert(word.to_lowercase(), permits);
                }
                None => wrong.push(format!("line {}: an action is `permit` or `deny`", meaning.line)),
            }
        }
        if let Some(default) = root.get("default") {
            profile.default = text_of(default).as_deref().and_then(super::cells::action);
            if profile.default.is_none() {
                wrong.push(format!("line {}: `default` is `permit` or `deny`", default.line));
            }
        }
        (profile, wrong)
    }

    /// Whether a header has all columns that the profile names.
    pub(super) fn fits(&self, names: &[String], plain: fn(&str) -> String) -> bool {
        self.columns.iter().all(|(_, wanted)| names.iter().any(|name| plain(name) == plain(wanted)))
    }

    pub(super) fn action(&self, text: &str) -> Option<bool> {
        self.actions.get(&text.trim().to_lowercase()).copied()
    }
}

fn fields(node: Option<&Node>) -> Vec<(&String, &Node)> {
    match node.map(|node| &node.value) {
        Some(Value::Map(map)) => map.iter().collect(),
        _ => Vec::new(),
    }
}

fn text_of(node: &Node) -> Option<String> {
    if let Value::Text(text) = &node.value { Some(text.clone()) } else { None }
}
