//! What a run puts on record besides findings: which evidence it was given by whom, and what named people stated.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::Body;

/// What happens to a piece of evidence; its subject is its digest, 64 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Custody {
    /// Somebody collected it and a run took it in.
    TakenIn {
        /// The run.
        run: String,
        /// Path as it was given, and its member where it lay in an archive.
        path: String,
        /// Systems that it is about.
        systems: Vec<String>,
        /// Device or host that it was taken from.
        asset: Option<String>,
        /// Who collected it and how.
        collected_by: Option<String>,
        /// When, as written.
        collected_at: Option<String>,
    },
}

impl Body for Custody {
    const ENTITY: &'static str = "evidence";
}

/// A statement of a named person about an item; its subject is `SYSTEM ITEM ID`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Attestation {
    /// Stated for a run.
    Stated {
        /// The run.
        run: String,
        /// Who, in which role, and when.
        by: String,
        /// What, English.
        text: String,
    },
}

impl Body for Attestation {
    const ENTITY: &'static str = "attestation";
}
