//! Stable identity of a finding: several keys, the most specific first, all of them kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
