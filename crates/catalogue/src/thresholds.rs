//! Threshold sets: what a standard demands of password and lockout settings. Data, one file per standard.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use secdiag_model::Bilingual;
use serde::{Deserialize, Serialize};

use crate::TextStatus;

/// A setting of password and lockout principles. Switches are 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Minimum password age, days.
    MinAgeDays,
    /// Maximum password age, days. "Never expires" is above every limit.
    MaxAgeDays,
    /// Minimum password length, characters.
    MinLength,
    /// Complexity required.
    Complexity,
    /// Passwords remembered.
    History,
    /// Passwords stored with reversible encryption.
    Reversible,
    /// Failed attempts until lockout. 0 means that accounts never lock and is above every limit.
    LockoutThreshold,
    /// Lockout duration, minutes. "Until an administrator unlocks" is above every minimum.
    LockoutDurationMinutes,
    /// Minutes until the counter of failed attempts is reset.
    LockoutResetMinutes,
}

/// What a standard demands of one setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The least that passes.
    #[serde(default)]
    pub at_least: Option<i64>,
    /// The most that passes.
    #[serde(default)]
    pub at_most: Option<i64>,
    /// Rule id and document, such as `TWGCB-01-010-0007`.
    pub source: String,
    /// Whether the value was read in its source.
    pub text_status: TextStatus,
}

/// A named standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdSet {
    /// Slug: `gcb-win11`.
    pub id: String,
    /// Name for readers.
    pub title: Bilingual,
    /// Who publishes the standard.
    pub publisher: String,
    /// Version or date of the document.
    pub version: String,
    /// Where a setting is missing, the standard demands nothing of it.
    pub settings: BTreeMap<Setting, Threshold>,
}

impl ThresholdSet {
    /// What the standard demands of a setting, if anything.
    pub fn get(&self, setting: Setting) -> Option<&Threshold> {
        self.settings.get(&setting)
    }
}
