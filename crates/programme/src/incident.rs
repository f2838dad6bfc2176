//! After a major incident: assess the system again, whole and with fresh evidence, within three months.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::period_end;

/// How much of a system an assessment covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every item that applies to it.
    Full,
    /// Some.
    Partial,
}

/// An assessment, as far as dates go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Assessed {
    /// How much it covered.
    pub scope: Scope,
    /// Day on which its oldest evidence was collected.
    #[schemars(with = "String")]
    pub first_evidence: Date,
    /// Day of its report; nothing: still open.
    #[schemars(with = "Option<String>")]
    pub completed: Option<Date>,
}

/// What became of the duty to assess again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyState {
    /// There is time.
    Open,
    /// Time is over.
    Overdue,
    /// Done in time.
    MetOnTime,
    /// Done, too late.
    MetLate,
    /// The system was retired before.
    ClosedByRetirement,
}

impl DutyState {
    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::MetOnTime => "met_on_time",
            Self::MetLate => "met_late",
            Self::ClosedByRetirement => "closed_by_retirement",
        }
    }

    /// Somebody still has to do something.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Overdue)
    }
}

/// One duty: of one incident on one system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Duty {
    /// Last day.
    #[schemars(with = "String")]
    pub due: Date,
    /// State as of the day asked.
    pub state: DutyState,
    /// The day of the report that met it.
    #[schemars(with = "Option<String>")]
    pub met: Option<Date>,
}

/// The duty that an incident on `anchor` lays on a system. Only a full assessment meets it whose evidence is all from
/// that day or later and whose report is there. One assessment may meet several duties.
pub fn duty(anchor: Date, months: u32, assessments: &[Assessed], retired: Option<Date>, as_of: Date) -> Option<Duty> {
    let due = period_end(anchor, months)?;
    let meets = |assessed: &&Assessed| {
        assessed.scope == Scope::Full
            && assessed.first_evidence >= anchor
            && assessed.completed.is_some_and(|completed| completed <= as_of)
    };
    let met = assessments.iter().filter(meets).filter_map(|assessed| assessed.completed).min();
    let retired = retired.filter(|retired| *retired <= as_of);
    let state = match (met, retired) {
        (Some(met), _) if met <= due => DutyState::MetOnTime,
        (Some(_), _) => DutyState::MetLate,
        (None, Some(_)) => DutyState::ClosedByRetirement,
        (None, None) if as_of <= due => DutyState::Open,
        (None, None) => DutyState::Overdue,
    };
    Some(Duty { due, state, met })
}

/// The evidence that was collected before the incident and has to be collected again before an open assessment counts:
/// names in the order given.
pub fn predating<'a>(anchor: Date, evidence: impl IntoIterator<Item = (&'a str, Date)>) -> Vec<&'a str> {
    evidence.into_iter().filter(|(_, collected)| *collected < anchor).map(|(name, _)| name).collect()
}
