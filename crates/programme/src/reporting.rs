//! Reporting an incident: a notice at once, and a formal report of seven blocks later (資通安全事件通報及應變辦法).
//!
//! The register keeps days, the rule counts hours: what is accused here is late by any reading of the hours.

use jiff::civil::Date;
use serde::Serialize;

use crate::register::Incident;

/// Where one of the two duties stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Done, and in time as far as the register tells the day.
    Done,
    /// Done, too late.
    Late,
    /// There is time.
    Open,
    /// Time is over.
    Overdue,
}

impl Told {
    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Late => "late",
            Self::Open => "open",
            Self::Overdue => "overdue",
        }
    }
}

/// How far the reporting of an incident is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reporting {
    /// Day on which it became known; that of its occurrence where the register does not tell.
    pub known: Date,
    /// Last day of the notice.
    pub notice_by: Date,
    /// Where the notice stands.
    pub notice: Told,
    /// Last day of the formal report.
    pub report_by: Date,
    /// Where the formal report stands; the register does not tell the day on which it was handed in.
    pub report: Told,
    /// Names of its blocks that are empty.
    pub missing: Vec<&'static str>,
}

impl Reporting {
    /// Somebody should have done something by now.
    pub const fn is_overdue(&self) -> bool {
        matches!(self.notice, Told::Overdue) || matches!(self.report, Told::Overdue)
    }
}

/// How far the reporting of an incident is on a day; nothing where the incident was not known by then. The limits give
/// the last day for something that became known on a day.
pub fn reporting(
    incident: &Incident,
    notice: impl Fn(Date) -> Date,
    report: impl Fn(Date) -> Date,
    as_of: Date,
) -> Option<Reporting> {
    let known = incident.discovered.unwrap_or(incident.occurred);
    if known > as_of {
        return None;
    }
    let (notice_by, report_by) = (notice(known), report(known));
    let waits = |by: Date| if as_of <= by { Told::Open } else { Told::Overdue };
    let missing = incident.report.missing();
    Some(Reporting {
        known,
        notice_by,
        notice: match incident.reported.filter(|day| *day <= as_of) {
            Some(day) if day <= notice_by => Told::Done,
            Some(_) => Told::Late,
            None => waits(notice_by),
        },
        report_by,
        report: if missing.is_empty() { Told::Done } else { waits(report_by) },
        missing,
    })
}
