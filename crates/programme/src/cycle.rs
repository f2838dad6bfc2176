//! When a system has to be assessed next: two dates, one to plan by and one that accuses.

use jiff::civil::{Date, date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::period_end;

/// Days before the planned date in which a system is due soon.
const SOON: i32 = 90;

/// Years between assessments, by category; the catalogue's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycles(pub std::collections::BTreeMap<u8, u32>);

/// A system's category from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CategoryChange {
    /// First day on which it holds.
    #[schemars(with = "String")]
    pub effective: Date,
    /// Category from then on.
    pub to: u8,
}

/// What the next date depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// Category before any change.
    pub category: u8,
    /// Day of the last full assessment's report; nothing: never assessed.
    pub last_completed: Option<Date>,
    /// Day on which the system went into service.
    pub commissioned: Date,
    /// Changes of category, in order of their days.
    pub changes: Vec<CategoryChange>,
}

/// The next dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Due {
    /// Rolling anniversary: plan for it.
    #[schemars(with = "String")]
    pub plan_by: Date,
    /// 31 December of the year: after it the duty is breached.
    #[schemars(with = "String")]
    pub must_by: Date,
}

/// Where a system stands in its cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CycleState {
    /// Nothing to do yet.
    Current,
    /// At most 90 days to the planned date.
    DueSoon,
    /// After the planned date, before the last one.
    PastAnniversary,
    /// After the last date.
    Overdue,
    /// The same for a system that no assessment has completed yet.
    NeverAssessedCurrent,
    /// See above.
    NeverAssessedDueSoon,
    /// See above.
    NeverAssessedPastAnniversary,
    /// See above.
    NeverAssessedOverdue,
}

/// Why dates cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CycleError {
    /// No such category.
    #[error("there is no category {0}; there are {known}", known = list(.1))]
    Category(u8, Vec<u8>),
    /// Changes that contradict each other.
    #[error("two changes of category take effect on {0}")]
    TwoChanges(Date),
    /// Beyond the calendar.
    #[error("the date counted from {0} is beyond the calendar")]
    Calendar(Date),
}

fn list(known: &[u8]) -> String {
    known.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
}

impl Cycle {
    /// The next dates as of a day: changes that take effect later do not count yet.
    ///
    /// A stricter category moves no date before the day on which it took effect. A looser one gives more time, unless
    /// the duty was breached before: then the old dates stay until an assessment completes.
    pub fn due(&self, cycles: &Cycles, as_of: Date) -> Result<Due, CycleError> {
        let anchor = self.last_completed.unwrap_or(self.commissioned);
        let of = |category: u8| -> Result<(u32, Due), CycleError> {
            let known = || cycles.0.keys().copied().collect();
            let years = *cycles.0.get(&category).ok_or_else(|| CycleError::Category(category, known()))?;
            let beyond = || CycleError::Calendar(anchor);
            let year =
                i16::try_from(years).ok().and_then(|years| anchor.year().checked_add(years)).ok_or_else(beyond)?;
            let plan_by = period_end(anchor, years * 12).ok_or_else(beyond)?;
            let must_by = Date::new(year, 12, 31).map_err(|_| beyond())?;
            Ok((years, Due { plan_by, must_by }))
        };
        let (mut years, mut due) = of(self.category)?;
        let mut changes = self.changes.clone();
        changes.sort();
        if let Some(twice) = changes.windows(2).find(|pair| pair[0].effective == pair[1].effective) {
            return Err(CycleError::TwoChanges(twice[0].effective));
        }
        for change in changes.into_iter().filter(|change| change.effective <= as_of) {
            let (new_years, new) = of(change.to)?;
            if new_years < years {
                due.plan_by = new.plan_by.max(change.effective);
                due.must_by = new.must_by.max(change.effective);
            } else if new_years > years && due.must_by >= change.effective {
                due = new;
            }
            years = new_years;
        }
        Ok(due)
    }

    /// Where the system stands on a day.
    pub fn state(&self, due: Due, as_of: Date) -> CycleState {
        use CycleState::{
            Current, DueSoon, NeverAssessedCurrent, NeverAssessedDueSoon, NeverAssessedOverdue,
            NeverAssessedPastAnniversary, Overdue, PastAnniversary,
        };
        let days = (due.plan_by - as_of).get_days();
        let (assessed, never) = match () {
            () if as_of > due.must_by => (Overdue, NeverAssessedOverdue),
            () if as_of > due.plan_by => (PastAnniversary, NeverAssessedPastAnniversary),
            () if days <= SOON => (DueSoon, NeverAssessedDueSoon),
            () => (Current, NeverAssessedCurrent),
        };
        if self.last_completed.is_some() { assessed } else { never }
    }

    /// The category that holds on a day.
    pub fn category_on(&self, day: Date) -> u8 {
        let so_far = self.changes.iter().filter(|change| change.effective <= day);
        so_far.max().map_or(self.category, |change| change.to)
    }
}

impl CycleState {
    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::DueSoon => "due_soon",
            Self::PastAnniversary => "past_anniversary",
            Self::Overdue => "overdue",
            Self::NeverAssessedCurrent => "never_assessed_current",
            Self::NeverAssessedDueSoon => "never_assessed_due_soon",
            Self::NeverAssessedPastAnniversary => "never_assessed_past_anniversary",
            Self::NeverAssessedOverdue => "never_assessed_overdue",
        }
    }

    /// The duty is breached.
    pub const fn is_overdue(self) -> bool {
        matches!(self, Self::Overdue | Self::NeverAssessedOverdue)
    }
}

/// The cycles that the law has today: 1, 3 and 5 years. For tests and tables that carry none of their own.
pub fn usual_cycles() -> Cycles {
    Cycles([(1, 1), (2, 3), (3, 5)].into())
}

/// A day before every system.
pub const LONG_AGO: Date = date(1900, 1, 1);
