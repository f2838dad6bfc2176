//! Improvement actions: what a firm says it will do about a finding, who does it, by when, and how far it is.
//!
//! Their events stand beside the finding's own and do not change its state: an action that is done is a claim like any
//! other, and the finding is gone only when somebody looked again.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, tz};
use secdiag_model::{Severity, Sha256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use crate::event::{Act, Body, Event, NotUnderstood};
use crate::life::{Life, State};

/// What happens to an improvement action; the event's subject is the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", remote = "Self")]
pub enum Step {
    /// It is planned, or planned anew: what is told replaces what was told of this action before.
    Planned {
        /// Which one; empty in answers of old trackers, which knew one action per finding.
        #[serde(default)]
        action: String,
        /// What will be done.
        plan: String,
        /// Who does it; empty: whoever owns the finding.
        #[serde(default)]
        owner: String,
        /// By when.
        due: Option<Date>,
        /// Anything else.
        #[serde(default)]
        comment: String,
    },
    /// How far it is.
    Progress {
        /// Which one.
        action: String,
        /// Of 100.
        percent: u8,
        /// What was done so far, or what is in the way.
        note: String,
    },
    /// Said to be done.
    Done {
        /// Which one.
        action: String,
        /// What shows it: digests or names of documents.
        evidence: Vec<String>,
    },
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Step {
    /// Answers of trackers were recorded without a type before actions had any other step.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Json::deserialize(deserializer)?;
        if let Some(body) = value.as_object_mut() {
            body.entry("type").or_insert_with(|| "planned".into());
        }
        Self::deserialize(value).map_err(serde::de::Error::custom)
    }
}

impl Body for Step {
    const ENTITY: &'static str = "action";
}

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// Nothing was reported yet.
    Planned,
    /// Progress was reported.
    InProgress,
    /// Said to be done.
    Done,
}

impl ActionState {
    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::InProgress => "in_progress",
            Self::Done => "done",
        }
    }
}

/// An action after its events so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// Firm; empty where none is named.
    pub firm: String,
    /// Its id.
    pub id: String,
    /// The finding that it was planned for.
    pub finding: String,
    /// What will be done.
    pub plan: String,
    /// Who does it; empty: whoever owns the finding.
    pub owner: String,
    /// By when.
    pub due: Option<Date>,
    /// Anything else.
    pub comment: String,
    /// When it was first planned.
    pub planned_at: Timestamp,
    /// Who planned it last.
    pub planned_by: String,
    /// Of 100, as last reported; 100 once it is done.
    pub percent: u8,
    /// What was last reported.
    pub note: String,
    /// When progress was last reported.
    pub reported_at: Option<Timestamp>,
    /// When it was said to be done.
    pub done_at: Option<Timestamp>,
    /// What shows that.
    pub evidence: Vec<String>,
}

/// All actions, and events about none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// In the order in which they were planned.
    pub all: Vec<Action>,
    /// Events that are damaged, or about an action that was not planned by then.
    pub not_understood: Vec<NotUnderstood>,
    /// Places in `all` by firm and id.
    by_id: BTreeMap<(String, String), usize>,
    /// Places in `all` by firm and finding, in order.
    of_finding: BTreeMap<(String, String), Vec<usize>>,
}

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing is said.
    #[error("say what will be done: the measure is empty")]
    NoPlan,
    /// Nobody does it.
    #[error("say who does it: the owner is empty")]
    NoOwner,
    /// The last day is over on the day on which it is planned.
    #[error("the last day {due} is before the day on which the action is planned ({today})")]
    DuePast {
        /// The last day.
        due: Date,
        /// The day of planning.
        today: Date,
    },
    /// The finding needs none.
    #[error("a finding that is {state} needs no action; it can be planned for one that is open or whose risk is accepted", state = .0.word())]
    NotOpen(State),
    /// Not planned yet.
    #[error("action {id} was planned on {on}, after the day given: give a later one with --at")]
    NotYet {
        /// The action.
        id: String,
        /// The day on which it was planned.
        on: Date,
    },
    /// Done already.
    #[error("action {id} was reported as done on {on}; plan another one for what is left")]
    AlreadyDone {
        /// The action.
        id: String,
        /// The day.
        on: Date,
    },
    /// More than all.
    #[error("{0} % is more than all of it: give 0 to 100")]
    MoreThanAll(u8),
    /// Nothing is told.
    #[error("say how far it is: the note is empty")]
    NoNote,
    /// Nothing shows it.
    #[error("say what shows that it is done: name at least one document")]
    NoEvidence,
}

/// Merges of a finding that are followed.
const MOST_MERGES: usize = 64;

/// The day of an instant in Taiwan.
pub fn day_of(at: Timestamp) -> Date {
    tz::offset(8).to_datetime(at).date()
}

/// The id of an action that is planned now: made of what was said, by whom and when.
pub fn new_id(firm: &str, finding: &str, plan: &str, act: &Act) -> String {
    let content = serde_json::json!([firm, finding, plan, act.actor, act.at.as_microsecond()]);
    // Ten digits are enough to tell the actions of a firm apart, and few enough to type.
    Sha256::of(content.to_string().as_bytes()).short()[..10].to_owned()
}

impl Actions {
    /// The actions after events, which must be in order ([`crate::event::in_order`]); of other entities nothing is said.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut actions = Self::default();
        for event in events {
            match event.body::<Step>() {
                Some(Ok(step)) => actions.apply(event, step),
                Some(Err(error)) => actions.not_understood.push(error),
                None => {}
            }
        }
        actions
    }

    fn apply(&mut self, event: &Event, step: Step) {
        match step {
            Step::Planned { action, plan, owner, due, comment } => {
                let index = match action.as_str() {
                    "" => self.current_index(&event.firm, &event.subject),
                    id => self.index(&event.firm, id),
                };
                let id = if action.is_empty() { event.id.clone() } else { action };
                let index = index.unwrap_or_else(|| self.begin(event, id));
                let known = &mut self.all[index];
                (known.plan, known.owner, known.due, known.comment) = (plan, owner, due, comment);
                known.planned_by.clone_from(&event.actor);
            }
            Step::Progress { action, percent, note } => {
                let Some(known) = self.named(event, &action) else { return };
                known.percent = percent.min(100);
                known.note = note;
                known.reported_at = Some(event.at);
            }
            Step::Done { action, evidence } => {
                let Some(known) = self.named(event, &action) else { return };
                known.percent = 100;
                known.done_at = Some(event.at);
                known.evidence = evidence;
            }
        }
    }

    fn named(&mut self, event: &Event, action: &str) -> Option<&mut Action> {
        let Some(index) = self.index(&event.firm, action) else {
            self.not_understood.push(NotUnderstood {
                id: event.id.clone(),
                entity: event.entity.clone(),
                subject: event.subject.clone(),
                message: format!("no action {action} was planned by then"),
            });
            return None;
        };
        self.all.get_mut(index)
    }

    fn begin(&mut self, event: &Event, id: String) -> usize {
        let place = self.all.len();
        self.by_id.insert((event.firm.clone(), id.clone()), place);
        self.of_finding.entry((event.firm.clone(), event.subject.clone())).or_default().push(place);
        self.all.push(begun(event, id));
        place
    }

    fn index(&self, firm: &str, id: &str) -> Option<usize> {
        self.by_id.get(&(firm.to_owned(), id.to_owned())).copied()
    }

    fn current_index(&self, firm: &str, finding: &str) -> Option<usize> {
        let places = self.of_finding.get(&(firm.to_owned(), finding.to_owned()))?;
        places.iter().rev().copied().find(|place| self.all[*place].done_at.is_none())
    }

    /// The action that a tracker's row shows: the last one planned for the finding that is not done.
    pub fn current(&self, firm: &str, finding: &str) -> Option<&Action> {
        self.current_index(firm, finding).map(|index| &self.all[index])
    }
}

fn begun(event: &Event, id: String) -> Action {
    Action {
        firm: event.firm.clone(),
        id,
        finding: event.subject.clone(),
        plan: String::new(),
        owner: String::new(),
        due: None,
        comment: String::new(),
        planned_at: event.at,
        planned_by: String::new(),
        percent: 0,
        note: String::new(),
        reported_at: None,
        done_at: None,
        evidence: Vec::new(),
    }
}

impl Action {
    /// Where it stands.
    pub const fn state(&self) -> ActionState {
        match (self.done_at, self.reported_at) {
            (Some(_), _) => ActionState::Done,
            (None, Some(_)) => ActionState::InProgress,
            (None, None) => ActionState::Planned,
        }
    }

    /// Whether something is to be done: a tracker's row may hold a comment only, or was emptied again.
    pub fn stands(&self) -> bool {
        !self.plan.trim().is_empty() || self.due.is_some() || self.done_at.is_some()
    }

    /// Whether a step may be taken on the day of an act.
    pub fn allows(&self, step: &Step, act: &Act) -> Result<(), Refusal> {
        if act.at < self.planned_at {
            return Err(Refusal::NotYet { id: self.id.clone(), on: day_of(self.planned_at) });
        }
        if let Some(done) = self.done_at {
            return Err(Refusal::AlreadyDone { id: self.id.clone(), on: day_of(done) });
        }
        match step {
            Step::Progress { percent, .. } if *percent > 100 => Err(Refusal::MoreThanAll(*percent)),
            Step::Progress { note, .. } if note.trim().is_empty() => Err(Refusal::NoNote),
            Step::Planned { .. } | Step::Progress { .. } => Ok(()),
            Step::Done { evidence, .. } => {
                let none = evidence.iter().all(|document| document.trim().is_empty());
                if none { Err(Refusal::NoEvidence) } else { Ok(()) }
            }
        }
    }
}

/// Whether an action may be planned for a finding.
pub fn may_plan(life: &Life, plan: &str, owner: &str, due: Date, today: Date) -> Result<(), Refusal> {
    if !life.state.is_open() && life.state != State::RiskAccepted {
        return Err(Refusal::NotOpen(life.state));
    }
    match () {
        () if plan.trim().is_empty() => Err(Refusal::NoPlan),
        () if owner.trim().is_empty() => Err(Refusal::NoOwner),
        () if due < today => Err(Refusal::DuePast { due, today }),
        () => Ok(()),
    }
}

/// An action as it stands on a day, with what is known of its finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The action; its owner is the finding's where it names none.
    #[serde(flatten)]
    pub action: Action,
    /// Where it stands.
    pub state: ActionState,
    /// The finding that it is about now: the one that goes on, where its own was merged into another.
    pub about: String,
    /// State of that finding; nothing where the finding is not known by then.
    pub finding_state: Option<State>,
    /// Its severity.
    pub severity: Option<Severity>,
    /// Its last day is over, it is not done, and the finding is open.
    pub overdue: bool,
    /// Days past the last day while something is to be done; negative while there is time.
    pub days_late: Option<i64>,
}

/// Every action that stands, by its last day; `lives` are those of the findings, by firm and id, as of the day.
pub fn rows(actions: &Actions, lives: &BTreeMap<(String, String), Life>, as_of: Date) -> Vec<Row> {
    let mut rows: Vec<Row> =
        actions.all.iter().filter(|action| action.stands()).map(|action| row(action, lives, as_of)).collect();
    rows.sort_by(|a, b| {
        let key = |row: &Row| {
            let action = &row.action;
            let (firm, finding, id) = (action.firm.clone(), action.finding.clone(), action.id.clone());
            (firm, row.state == ActionState::Done, action.due.is_none(), action.due, finding, action.planned_at, id)
        };
        key(a).cmp(&key(b))
    });
    rows
}

fn row(action: &Action, lives: &BTreeMap<(String, String), Life>, as_of: Date) -> Row {
    let life_of = |id: &str| lives.get(&(action.firm.clone(), id.to_owned()));
    let mut about = action.finding.clone();
    // A merged finding's actions go along; the bound holds where another tracker's history merges in circles.
    for _ in 0..MOST_MERGES {
        let merged = life_of(&about).filter(|life| life.state == State::Superseded);
        match merged.and_then(|life| life.superseded_by.as_ref()) {
            Some(other) if life_of(other).is_some() => about.clone_from(other),
            _ => break,
        }
    }
    let life = life_of(&about);
    let open = life.is_some_and(|life| life.state.is_open());
    let state = action.state();
    let waits = open && state != ActionState::Done;
    let days_late = action.due.filter(|_| waits).map(|due| i64::from((as_of - due).get_days()));
    let mut action = action.clone();
    if action.owner.is_empty() {
        action.owner = life.and_then(|life| life.owner.clone()).unwrap_or_default();
    }
    Row {
        state,
        finding_state: life.map(|life| life.state),
        severity: life.map(|life| life.severity),
        overdue: days_late.is_some_and(|days| days > 0),
        days_late,
        about,
        action,
    }
}
