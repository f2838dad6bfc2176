//! What is wrong with the fictional firm, and what only looks wrong.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// The truth about the generated evidence: every finding that a right diagnostic reports stands in `planted`, and it
/// reports no other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Name of the firm.
    pub firm: String,
    /// Seed that it was made from.
    pub seed: u64,
    /// Date to diagnose it as of, `YYYY-MM-DD`.
    pub as_of: String,
    /// Problems that are there.
    pub planted: Vec<Planted>,
    /// What a careless check reports although it is right.
    pub innocent: Vec<Innocent>,
    /// Files that no inspection can read.
    pub unreadable: Vec<Unreadable>,
    /// Members of archives that break off.
    pub damaged: Vec<Damaged>,
}

/// A problem that is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planted {
    /// Slug of the check that finds it.
    pub check: String,
    /// System that it belongs to.
    pub system: String,
    /// Keys of the finding's subject that identify it.
    pub subject: Map<String, Json>,
    /// Facts that the finding must state, where the subject alone does not say it all.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Json>,
    /// What is wrong, for a reader.
    pub why: String,
}

/// Something right that looks wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Innocent {
    /// What it is, for a reader.
    pub what: String,
    /// Slugs of checks that must not report it.
    pub must_not_fire: Vec<String>,
    /// System that it belongs to.
    pub system: String,
    /// Keys of the subject that a wrong finding about it would have.
    pub subject: Map<String, Json>,
}

/// A file that is not read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unreadable {
    /// Path below the evidence folder.
    pub path: String,
    /// `unsupported` or `broken`.
    pub state: String,
    /// Why.
    pub why: String,
}

/// A member of an archive that breaks off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Damaged {
    /// Path of the archive below the evidence folder.
    pub path: String,
    /// Member.
    pub member: String,
    /// Why.
    pub why: String,
}
