//! Stable identity of a finding: several keys, the most specific first, all of them kept; and the comparison of two
//! runs by them.
//!
//! A key says who may be the same. Where several findings share a key, closeness decides: the same words and
//! surroundings first, then the order of lines, moved as the rest of the file moved. What cannot be told to be the
//! same stays apart: a wrong merge hides a finding, a missed one only shows it twice.

mod matching;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use matching::{match_findings, match_with_rulings};

/// How a key was made. Keys are tried in this order; the first that matches exactly one finding decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Set by a person who merged or split findings; overrides all others.
    Manual,
    /// Given by the tool that found it, where the tool is known to keep such ids stable.
    Tool,
    /// Rule, asset and the parts of the place that do not move.
    Semantic,
    /// The neighbourhood of the place: survives shifted line numbers.
    Context,
}

/// One key of a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// How it was made.
    pub kind: KeyKind,
    /// Name and version of the recipe, such as `primaryLocationLineHash/v1` or `secdiag/v1`.
    pub scheme: String,
    /// The value; compared byte by byte.
    pub value: String,
}

/// Where in the inspected thing a finding was seen: decides between findings that share a key, never identity itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// File, resource or component without its version; empty where there is none.
    pub path: String,
    /// Line, counted from 1.
    pub line: Option<u64>,
    /// Column, counted from 1.
    pub column: Option<u64>,
    /// Position among the findings of one import: keeps identical records apart and in order.
    pub ordinal: u64,
}

/// A finding as one run or one imported file shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// All its keys.
    pub keys: Vec<Key>,
    /// Where it was seen.
    pub place: Place,
    /// Digest of the words that tell it from its neighbours of the same rule.
    pub wording: String,
    /// Digest of everything whose change a reader should be told: severity, texts, versions; never line numbers.
    pub digest: String,
}

/// A finding of earlier runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Known {
    /// Its id in the store; ids are unique.
    pub id: String,
    /// Closed as remedied: seen again, it is a repeat finding.
    pub resolved: bool,
    /// As it was last seen, with all keys that it ever had.
    pub seen: Candidate,
}

/// A person's decision that outlives runs: what has this key is, or is not, that finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Ruling {
    /// Key of the findings concerned.
    pub key: Key,
    /// The finding.
    pub id: String,
    /// True for a merge: it is that finding. False for a split: it is another one.
    pub same: bool,
}

/// What became of a finding between two runs: exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Not known before.
    New,
    /// Known, and nothing that matters changed.
    Unchanged,
    /// Known, and its severity, texts or versions changed.
    Updated,
    /// Known, not seen, and its rule was evaluated there: it may be verified as gone.
    AbsentEvaluated,
    /// Known, not seen, and nobody looked: says nothing.
    AbsentNotEvaluated,
    /// Known as resolved, and seen again.
    Repeat,
}

/// The answer for one finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Match {
    /// What became of it.
    pub standing: Standing,
    /// Index into the known findings; nothing when it is new.
    pub known: Option<usize>,
    /// Index into the current findings; nothing when it is absent.
    pub current: Option<usize>,
    /// Kind of the key that decided.
    pub kind: Option<KeyKind>,
    /// Name and version of that key's recipe.
    pub scheme: Option<String>,
}

/// One answer per current finding in their order, then one per absent known finding in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Matches {
    /// The answers.
    pub list: Vec<Match>,
}

impl Matches {
    /// How many findings have this standing.
    pub fn count(&self, standing: Standing) -> usize {
        self.list.iter().filter(|answer| answer.standing == standing).count()
    }
}
