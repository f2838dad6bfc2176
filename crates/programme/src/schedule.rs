//! What is due when: one row per system, most urgent first; and the same as a calendar.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use secdiag_model::{Artefact, SystemId};
use serde::{Deserialize, Serialize};

use crate::cycle::{CycleState, Cycles, Due};
use crate::incident::{Duty, duty, predating};
use crate::register::{Incident, Proposal, Register, System};

/// From which day of an incident the three months count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentAnchor {
    /// Its occurrence.
    #[default]
    Occurred,
    /// The day on which it became known; its occurrence where that is not told.
    Discovered,
    /// The day on which it was reported; its occurrence where that is not told.
    Reported,
}

/// How dates are counted: the catalogue's numbers and the firm's choices.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Years by category.
    pub cycles: Cycles,
    /// Months to a re-assessment.
    pub incident_months: u32,
    /// From which day they count.
    pub anchor: IncidentAnchor,
    /// Incidents of this level and above are major.
    pub major_from: u8,
}

/// A system's next dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Firm.
    pub firm: String,
    /// System.
    pub system: String,
    /// Its name.
    pub name: String,
    /// The category that it is held to; nothing: unclassified, which is an error.
    pub category: Option<u8>,
    /// The category that the last decision gives, where that is less strict and nobody else approved it.
    pub unapproved: Option<u8>,
    /// What the facts propose.
    pub proposed: Proposal,
    /// Dates of the cycle; nothing while it is unclassified or retired.
    pub due: Option<Due>,
    /// Where it stands.
    pub state: Option<CycleState>,
    /// Day of the last full assessment.
    pub last_completed: Option<Date>,
    /// Duties to assess again, one per major incident, in the order of their dates.
    pub incidents: Vec<IncidentDuty>,
    /// The next day on which something is breached.
    pub deadline: Option<Date>,
    /// Left service on this day.
    pub retired: Option<Date>,
}

/// A duty with its incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncidentDuty {
    /// Incident.
    pub incident: String,
    /// The day from which it counts.
    pub anchor: Date,
    /// The duty.
    #[serde(flatten)]
    pub duty: Duty,
    /// While it is open: evidence of the last diagnostic that was collected before that day and does not count for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub predating: Vec<String>,
    /// While it is open: how much of that evidence does not say when it was collected.
    #[serde(skip_serializing_if = "is_zero")]
    pub undated: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Says of every open duty which of a diagnostic's evidence of the system was collected too early to count for it.
pub fn mark_predating(rows: &mut [Row], evidence: &[Artefact]) {
    let read = || evidence.iter().filter(|artefact| artefact.format().is_some());
    for row in rows {
        let of_system = |artefact: &&Artefact| {
            artefact.binding.systems.iter().any(|id| id.0 == row.system || id.0 == SystemId::UNNAMED)
        };
        for duty in row.incidents.iter_mut().filter(|duty| duty.duty.state.is_open()) {
            let dated: Vec<(String, Option<Date>)> = read()
                .filter(of_system)
                .map(|artefact| (artefact.display_path(), artefact.binding.collected_on()))
                .collect();
            duty.undated = dated.iter().filter(|(_, day)| day.is_none()).count() as u64;
            let dated = dated.iter().filter_map(|(name, day)| Some((name.as_str(), (*day)?)));
            duty.predating = predating(duty.anchor, dated).into_iter().map(str::to_owned).collect();
            duty.predating.sort();
        }
    }
}

impl Row {
    /// Whether it has any date to come; a system that is retired or unclassified may have none.
    pub fn has_dates(&self) -> bool {
        self.due.is_some() || self.incidents.iter().any(|duty| duty.duty.state.is_open())
    }

    /// Something has to be done now: unclassified, past a date, due soon, or a re-assessment is open.
    pub fn is_due(&self) -> bool {
        let by_cycle =
            self.state.is_some_and(|state| !matches!(state, CycleState::Current | CycleState::NeverAssessedCurrent));
        by_cycle
            || (self.retired.is_none() && self.category.is_none())
            || self.incidents.iter().any(|duty| duty.duty.state.is_open())
    }
}

/// Every system's next dates as of a day, most urgent first. Systems that are not in service yet are left out.
pub fn schedule(register: &Register, rules: &Rules, as_of: Date) -> Vec<Row> {
    let in_service = register.systems.iter().filter(|system| system.commissioned <= as_of);
    let mut rows: Vec<Row> = in_service.map(|system| row(register, system, rules, as_of)).collect();
    rows.sort_by(|a, b| {
        let key = |row: &Row| {
            let unclassified = row.retired.is_none() && row.category.is_none();
            (row.retired.is_some(), !unclassified, row.deadline.is_none(), row.deadline, row.system.clone())
        };
        key(a).cmp(&key(b))
    });
    rows
}

fn row(register: &Register, system: &System, rules: &Rules, as_of: Date) -> Row {
    let assessed = register.assessed(&system.id);
    let retired = system.retired.filter(|retired| *retired <= as_of);
    let cycle = system.cycle(&assessed, as_of).filter(|_| retired.is_none());
    let due = cycle.as_ref().and_then(|cycle| cycle.due(&rules.cycles, as_of).ok());
    let state = cycle.as_ref().zip(due).map(|(cycle, due)| cycle.state(due, as_of));
    let mut incidents: Vec<IncidentDuty> = register
        .incidents
        .iter()
        .filter(|incident| incident.level >= rules.major_from && incident.systems.contains(&system.id))
        .filter_map(|incident| {
            let anchor = anchor(incident, rules.anchor);
            let duty = duty(anchor, rules.incident_months, &assessed, system.retired, as_of)?;
            (anchor <= as_of).then(|| IncidentDuty {
                incident: incident.id.clone(),
                anchor,
                duty,
                predating: Vec::new(),
                undated: 0,
            })
        })
        .collect();
    incidents.sort_by(|a, b| (a.duty.due, &a.incident).cmp(&(b.duty.due, &b.incident)));
    let held = system.category_held(as_of);
    let open = incidents.iter().filter(|duty| duty.duty.state.is_open()).map(|duty| duty.duty.due);
    let deadline = open.chain(due.map(|due| due.must_by)).min();
    Row {
        firm: register.firm.clone(),
        system: system.id.clone(),
        name: system.name.clone(),
        category: held,
        unapproved: system.category_on(as_of).map(|decision| decision.category).filter(|given| Some(*given) != held),
        proposed: system.proposal(),
        due,
        state,
        last_completed: cycle.and_then(|cycle| cycle.last_completed),
        incidents,
        deadline,
        retired,
    }
}

/// The day from which an incident's duty counts.
pub fn anchor(incident: &Incident, rule: IncidentAnchor) -> Date {
    match rule {
        IncidentAnchor::Occurred => incident.occurred,
        IncidentAnchor::Discovered => incident.discovered.unwrap_or(incident.occurred),
        IncidentAnchor::Reported => incident.reported.unwrap_or(incident.occurred),
    }
}

/// Words of the calendar; `{system}` and `{incident}` are filled in.
#[derive(Clone, Debug)]
pub struct CalendarWords<'a> {
    /// Of the planned date.
    pub plan_by: &'a str,
    /// Of the last date.
    pub must_by: &'a str,
    /// Of a re-assessment.
    pub incident: &'a str,
}

/// The dates as an iCalendar (RFC 5545). A date keeps its UID from export to export, so that a calendar that
/// subscribes to it moves entries instead of doubling them.
pub fn ics(rows: &[Row], words: &CalendarWords<'_>, stamp: Timestamp) -> String {
    let mut text = String::new();
    for line in ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//secdiag//schedule//EN", "CALSCALE:GREGORIAN"] {
        fold(&mut text, line);
    }
    let mut event = |uid: String, day: Date, summary: String| {
        fold(&mut text, "BEGIN:VEVENT");
        fold(&mut text, &format!("UID:{}", escape(&uid)));
        fold(&mut text, &format!("DTSTAMP:{}", stamp.strftime("%Y%m%dT%H%M%SZ")));
        fold(&mut text, &format!("DTSTART;VALUE=DATE:{}", day.strftime("%Y%m%d")));
        fold(&mut text, &format!("SUMMARY:{}", escape(&summary)));
        fold(&mut text, "TRANSP:TRANSPARENT");
        fold(&mut text, "END:VEVENT");
    };
    for row in rows {
        let of = |words: &str, incident: &str| words.replace("{system}", &row.name).replace("{incident}", incident);
        let uid = |what: &str| {
            let name = format!("{}|{}|{what}", unmixed(&row.firm), unmixed(&row.system));
            format!("{}@secdiag", secdiag_model::Sha256::of(name.as_bytes()).short())
        };
        if let Some(due) = row.due {
            event(uid("plan_by"), due.plan_by, of(words.plan_by, ""));
            event(uid("must_by"), due.must_by, of(words.must_by, ""));
        }
        for duty in row.incidents.iter().filter(|duty| duty.duty.state.is_open()) {
            event(uid(&of_incident(&duty.incident)), duty.duty.due, of(words.incident, &duty.incident));
        }
    }
    fold(&mut text, "END:VCALENDAR");
    text
}

/// A name in which the separator of names does not stand for itself. Names without it stay as they are, and so do the
/// UIDs made of them.
fn unmixed(name: &str) -> String {
    name.replace('\\', "\\\\").replace('|', "\\|")
}

/// What an incident's date is about; an incident may be called like one of the two dates that every system has.
fn of_incident(incident: &str) -> String {
    match incident {
        "plan_by" | "must_by" => format!("\\incident {incident}"),
        _ => unmixed(incident),
    }
}

/// RFC 5545 §3.3.11.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace(';', "\\;")
        .replace(',', "\\,")
        .replace("\r\n", "\\n")
        .replace(['\n', '\r'], "\\n")
}

/// RFC 5545 §3.1: lines end with CRLF and have at most 75 octets; a character is never split.
fn fold(text: &mut String, line: &str) {
    let mut room = 75;
    for character in line.chars() {
        if character.len_utf8() > room {
            text.push_str("\r\n ");
            room = 74;
        }
        text.push(character);
        room -= character.len_utf8();
    }
    text.push_str("\r\n");
}
