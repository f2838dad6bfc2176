//! What a check and an item can come to. Missing evidence is never a pass and never not-applicable.

use serde::{Deserialize, Serialize};

/// Outcome of an item for a system (regulation: result states).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All evidence sufficient, every check of the item ran, no open finding above info.
    Pass,
    /// An open finding of medium severity or above.
    Fail,
    /// Open findings of low severity only.
    Observation,
    /// Absent by the inventory and attested by a named person.
    NotApplicable,
    /// Evidence is missing or below what the item asks for.
    InsufficientEvidence,
    /// Evidence may be there, but a check that the item needs does not exist yet or was not run.
    NotTested,
    /// A check of the item crashed: the item says nothing, whatever else was found.
    Error,
}

/// State of one check for one system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// It reported at least one finding.
    Found,
    /// It looked at something and found nothing.
    Passed,
    /// There was nothing that it could look at.
    NotAssessed,
    /// The catalogue asks for it, but this version does not have it.
    Planned,
    /// It, or a parser that it depends on, crashed.
    Error,
}
