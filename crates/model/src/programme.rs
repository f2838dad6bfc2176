//! `programme.json`: how things stand over the years, seen from a run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Bilingual, Severity};

/// How a firm's findings and dates stand at the end of the day that a run is about, as far as the workspace knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Programme {
    /// [`crate::result::SCHEMA_VERSION`].
    pub schema: u32,
    /// The day, `YYYY-MM-DD`.
    pub as_of: String,
    /// The firm's runs up to this one, oldest first.
    pub trend: Vec<TrendPoint>,
    /// Systems with their dates, most urgent first; empty without a register.
    pub systems: Vec<SystemDates>,
    /// Open findings whose time limit is over, most severe first, then by date.
    pub overdue: Vec<FollowUp>,
    /// Open findings that came back after they had been shown to be gone.
    pub repeats: Vec<FollowUp>,
    /// Findings whose risk is accepted.
    pub accepted: Vec<FollowUp>,
}

/// One run of the past, or this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrendPoint {
    /// Run.
    pub run: String,
    /// Day that it is about, `YYYY-MM-DD`.
    pub as_of: String,
    /// Name of the assessment.
    pub assessment: Option<String>,
    /// Findings that somebody has to do something about at the end of that day, by severity.
    pub open: BTreeMap<Severity, u64>,
    /// Findings that it saw for the first time.
    pub new: u64,
    /// Findings that it saw again after they had been shown to be gone.
    pub returned: u64,
    /// Findings that it showed to be gone.
    pub resolved: u64,
}

/// A finding that has to be followed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FollowUp {
    /// Fingerprint.
    pub id: String,
    /// Slug of the check.
    pub check: String,
    /// System.
    pub system: String,
    /// Headline as last seen.
    pub title: Bilingual,
    /// Severity.
    pub severity: Severity,
    /// State of its life, such as `open`.
    pub state: String,
    /// Who has to do something.
    pub owner: Option<String>,
    /// Day of first sight, `YYYY-MM-DD`.
    pub first_seen: String,
    /// Last day of its time limit, or of the acceptance.
    pub due: Option<String>,
    /// Days past that day; negative while there is time.
    pub days_late: Option<i64>,
    /// How often it came back.
    pub repeats: u32,
    /// Who approved the acceptance.
    pub approved_by: Option<String>,
}

/// A system and its dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemDates {
    /// System.
    pub system: String,
    /// Name for readers.
    pub name: String,
    /// Category; nothing: unclassified.
    pub category: Option<u8>,
    /// Day of the last full assessment.
    pub last_completed: Option<String>,
    /// Day by which the next one is planned.
    pub plan_by: Option<String>,
    /// Last day of the next one.
    pub must_by: Option<String>,
    /// State of the cycle, such as `past_anniversary`; nothing for an unclassified or retired system.
    pub state: Option<String>,
    /// Duties to assess again after major incidents.
    pub reassessments: Vec<Reassessment>,
}

/// The clock of a re-assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reassessment {
    /// Incident.
    pub incident: String,
    /// Day from which the months count.
    pub counted_from: String,
    /// Last day.
    pub due: String,
    /// `open`, `overdue`, `met_on_time`, `met_late` or `closed_by_retirement`.
    pub state: String,
    /// Days left until the last day while it is open; negative once it is over.
    pub days_left: Option<i64>,
    /// While it is open: evidence of this run that was collected before that day and has to be collected again.
    #[serde(default)]
    pub predating: Vec<String>,
    /// While it is open: how much of this run's evidence does not say when it was collected.
    #[serde(default)]
    pub undated: u64,
}
