//! `programme.json`: how things stand over the years, seen from a run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Bilingual, Severity};

/// How a firm's findings and dates stand at the end of the day that a run is about, as far as the workspace knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Improvement actions, those to be done first, by their last day.
    #[serde(default)]
    pub actions: Vec<ImprovementAction>,
    /// Mail drills that the evidence of the run tells of, oldest first.
    #[serde(default)]
    pub drills: Vec<Drill>,
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

/// What a firm says it does about a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImprovementAction {
    /// Its id.
    pub id: String,
    /// Fingerprint of the finding.
    pub finding: String,
    /// Slug of the finding's check.
    pub check: String,
    /// Headline of the finding as last seen.
    pub title: Bilingual,
    /// System.
    pub system: String,
    /// Severity of the finding.
    pub severity: Severity,
    /// State of the finding, such as `open`.
    pub finding_state: String,
    /// What is done.
    pub plan: String,
    /// Who does it; nothing: nobody is named.
    pub owner: Option<String>,
    /// Last day, `YYYY-MM-DD`.
    pub due: Option<String>,
    /// `planned`, `in_progress` or `done`.
    pub state: String,
    /// Of 100, as last reported.
    pub percent: u8,
    /// What was last reported.
    pub note: String,
    /// Day on which it was said to be done, `YYYY-MM-DD`.
    pub done: Option<String>,
    /// What shows that.
    pub evidence: Vec<String>,
    /// Its last day is over, it is not done, and the finding is open.
    pub overdue: bool,
    /// Days past the last day while something is to be done; negative while there is time.
    pub days_late: Option<i64>,
}

/// A mail drill: how many persons did what, without the visits of programs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drill {
    /// Name of the campaign.
    pub campaign: String,
    /// Day of the first mail, `YYYY-MM-DD`; null where no time is told.
    pub launched: Option<String>,
    /// Whether single visits are told; where they are not, those of programs could not be taken out.
    pub visits_told: bool,
    /// Mailboxes that a program visited.
    pub automated_mailboxes: u64,
    /// Seconds from the first mail to the first report.
    pub first_report_seconds: Option<i64>,
    /// All persons.
    pub people: DrillFigures,
    /// The same counting every visit, as tools do.
    pub every_visit: DrillFigures,
    /// By unit (department); persons whose unit is not told stand under the empty name.
    pub units: BTreeMap<String, DrillFigures>,
}

/// Distinct persons of a drill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DrillFigures {
    /// Whose mail arrived.
    pub delivered: u64,
    /// Who opened it, or did more.
    pub opened: u64,
    /// Who called the link or opened the attachment, or did more.
    pub clicked: u64,
    /// Who handed data in.
    pub submitted: u64,
    /// Who reported it.
    pub reported: u64,
    /// The same over those whose mail arrived.
    pub rates: DrillRates,
    /// What became of those who clicked; null without training records or without the day of the drill.
    pub training: Option<Retraining>,
}

/// Rates of a drill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DrillRates {
    /// Who opened.
    pub opened: Rate,
    /// Who clicked.
    pub clicked: Rate,
    /// Who handed data in.
    pub submitted: Rate,
    /// Who reported.
    pub reported: Rate,
}

/// A rate with the Wilson score interval at 95 %, from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rate {
    /// The rate; null where no mail arrived.
    pub rate: Option<f64>,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Who clicked and was trained again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Retraining {
    /// Last day, `YYYY-MM-DD`.
    pub until: String,
    /// Persons who clicked.
    pub clicked: u64,
    /// Of these, who completed a course by the last day.
    pub in_time: u64,
    /// Who completed one later.
    pub late: u64,
    /// Who has not, though the time is over.
    pub missing: u64,
    /// Who has not, and has time left.
    pub waiting: u64,
    /// In time over clicked, 0 to 1; null where nobody clicked.
    pub closure: Option<f64>,
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
