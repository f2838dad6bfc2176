//! The life of a finding: its states, what may happen in each, and how it stood at any instant.
//!
//! ```text
//! new ─► triaged ─► open ─► in_progress ─► remediated ─► verified ─► closed
//!          └─────────┴─────────┘   claimed     │  ▲           │ seen again: a repeat finding
//!   risk_accepted (until) · false_positive     ▼  └─ open ◄───┘
//! ```
//!
//! [`Life::apply`] follows events, also those of another tracker that knew no guards; [`Life::allows`] is the guard in
//! front of a new event. Absence alone never closes a finding: it needs a run that looked again, or a named verifier
//! who is not the owner and has evidence.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, tz};
use schemars::JsonSchema;
use secdiag_model::result::FindingRecord;
use secdiag_model::{Severity, Sha256, Subject};
use serde::{Deserialize, Serialize};

use crate::event::{Act, Body, Event};
use crate::identity::Standing;
use crate::person;

/// Where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Found, and nobody has looked at it yet.
    New,
    /// Looked at, and given to somebody.
    Triaged,
    /// Confirmed.
    Open,
    /// Somebody works on it.
    InProgress,
    /// Said to be remedied; nobody has looked again.
    Remediated,
    /// Looked for again, and gone.
    Verified,
    /// Done with.
    Closed,
    /// Accepted for a time.
    RiskAccepted,
    /// Not true.
    FalsePositive,
    /// The same as another one.
    Superseded,
}

impl State {
    /// All, in the order of a life.
    pub const ALL: [Self; 10] = [
        Self::New,
        Self::Triaged,
        Self::Open,
        Self::InProgress,
        Self::Remediated,
        Self::Verified,
        Self::Closed,
        Self::RiskAccepted,
        Self::FalsePositive,
        Self::Superseded,
    ];

    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Triaged => "triaged",
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Remediated => "remediated",
            Self::Verified => "verified",
            Self::Closed => "closed",
            Self::RiskAccepted => "risk_accepted",
            Self::FalsePositive => "false_positive",
            Self::Superseded => "superseded",
        }
    }

    /// Somebody still has to do something.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Triaged | Self::Open | Self::InProgress | Self::Remediated)
    }

    /// Gone, and shown to be.
    pub const fn is_resolved(self) -> bool {
        matches!(self, Self::Verified | Self::Closed)
    }
}

/// Who says that a finding is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "who")]
pub enum Verification {
    /// A later run, whose check looked at the same asset and did not fire.
    Run {
        /// The run.
        run: String,
    },
    /// A person other than the owner.
    Person {
        /// Who.
        verifier: String,
        /// What shows it: digests or names of documents; at least one.
        evidence: Vec<String>,
    },
    /// Told by another tracker without saying who.
    #[default]
    Unknown,
}

/// A decision to live with a finding, or that it is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exception {
    /// Who asked for it.
    pub requested_by: String,
    /// Who approved it; never the same person.
    pub approved_by: String,
    /// Last day on which it holds; nothing: until something changes.
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
    /// Digest of the finding as it was when decided: when it changes materially, the decision is asked for again.
    pub digest: String,
    /// The approver let the time limit begin anew when the exception ends.
    #[serde(default)]
    pub restarts_clock: bool,
}

/// What happens to a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Change {
    /// A run saw it for the first time.
    Found {
        /// As the run judged it.
        severity: Severity,
        /// The run.
        run: String,
    },
    /// Confirmed, or opened by a person or another tracker.
    Opened {
        /// Nothing: as it was.
        severity: Option<Severity>,
    },
    /// Looked at and given to somebody.
    Triaged {
        /// To whom.
        owner: String,
    },
    /// Work has begun.
    InProgress,
    /// Judged anew.
    SeverityChanged {
        /// From now on.
        severity: Severity,
        /// Who asked for it, where a person judged; whoever did it approved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requested_by: Option<String>,
    },
    /// Said to be remedied.
    Remediated {
        /// What shows it.
        #[serde(default)]
        evidence: Vec<String>,
    },
    /// Shown to be gone.
    Verified {
        /// By whom.
        #[serde(default)]
        by: Verification,
    },
    /// Said to be remedied, and is not.
    VerificationFailed,
    /// Done with.
    Closed,
    /// Gone, and seen again.
    Reopened {
        /// The run that saw it; nothing where a person says so.
        run: Option<String>,
    },
    /// Accepted for a time.
    RiskAccepted {
        /// The decision; nothing where another tracker told no details.
        exception: Option<Exception>,
    },
    /// The acceptance ended: its time is over, or the finding changed.
    AcceptanceExpired,
    /// Decided to be none.
    FalsePositive {
        /// The decision; nothing where another tracker told no details.
        exception: Option<Exception>,
    },
    /// Merged into another one.
    Superseded {
        /// The one that stays.
        by: String,
    },
}

impl Body for Change {
    const ENTITY: &'static str = "finding";
}

/// Why a change is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not in this state.
    #[error("a finding that is {from} cannot become {to}", from = from.word())]
    NotFrom {
        /// The state it is in.
        from: State,
        /// What was asked for.
        to: &'static str,
    },
    /// Requester and approver are one person.
    #[error("{person} asks for the exception and cannot approve it: name another approver")]
    OwnApprover {
        /// The person.
        person: String,
    },
    /// Owner and verifier are one person.
    #[error("{person} owns the finding and cannot verify it: name another verifier")]
    OwnVerifier {
        /// The person.
        person: String,
    },
    /// Nothing shows it.
    #[error("a person's verification needs evidence: name at least one document")]
    NoEvidence,
    /// An exception without a last day, or one that is over.
    #[error("an accepted risk needs a last day after today ({today})")]
    NoEnd {
        /// The day of the decision.
        today: Date,
    },
    /// Merged into itself.
    #[error("a finding cannot be merged into itself, nor into one that was merged into it")]
    Cycle,
    /// No reason given.
    #[error("say why: the reason is empty")]
    NoReason,
    /// Nobody is named who does it.
    #[error("say who does it: the name is empty")]
    Nobody,
    /// Nobody is named who asked for it.
    #[error("name the person who asked for it: it takes one who asks and another who approves")]
    NoRequester,
    /// Whoever said that it is remedied also says that it is gone.
    #[error("{person} said that it is remedied and cannot verify it: name another verifier")]
    OwnClaim {
        /// The person.
        person: String,
    },
    /// It was not known yet.
    #[error("the finding was not known at {at}")]
    NotKnown {
        /// The instant asked for.
        at: Timestamp,
    },
    /// It did not happen yet.
    #[error("{at} has not come yet: an act is written down when it was done")]
    NotYet {
        /// The instant asked for.
        at: Timestamp,
    },
    /// Written down afterwards, it would make what happened later mean something else.
    #[error("written down for {at} it would turn what a run saw later into a repeat finding: write it down as of now")]
    ChangesPast {
        /// The instant asked for.
        at: Timestamp,
    },
}

/// How a finding stands after its events so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// State.
    pub state: State,
    /// Severity.
    pub severity: Severity,
    /// Who has to do something.
    pub owner: Option<String>,
    /// First sight.
    pub first_at: Timestamp,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// When the time limit began to run.
    pub clock: Timestamp,
    /// How often it came back after it had been shown to be gone.
    pub repeats: u32,
    /// The decision that holds, while risk_accepted or false_positive.
    pub exception: Option<Exception>,
    /// The finding that it was merged into.
    pub superseded_by: Option<String>,
}

impl Life {
    /// A finding's life begins with whatever event is first.
    pub fn begin(at: Timestamp, change: &Change) -> Self {
        let mut life = Self {
            state: State::Open,
            severity: Severity::Info,
            owner: None,
            first_at: at,
            since: at,
            clock: at,
            repeats: 0,
            exception: None,
            superseded_by: None,
        };
        life.apply(at, change);
        if let Change::Found { .. } = change {
            life.state = State::New;
        }
        life
    }

    /// The life after `events`, which must be in order ([`crate::event::in_order`]) and of one finding; an acceptance
    /// whose time is over by `at` has ended. Nothing before the first event.
    pub fn fold<'a>(changes: impl IntoIterator<Item = (Timestamp, &'a Change)>, at: Timestamp) -> Option<Self> {
        let mut life: Option<Self> = None;
        for (when, change) in changes.into_iter().take_while(|(when, _)| *when <= at) {
            match &mut life {
                None => life = Some(Self::begin(when, change)),
                Some(life) => {
                    life.expire(when);
                    life.apply(when, change);
                }
            }
        }
        if let Some(life) = &mut life {
            life.expire(at);
        }
        life
    }

    /// Follows an event, whatever the state.
    pub fn apply(&mut self, at: Timestamp, change: &Change) {
        if let Change::SeverityChanged { severity, .. } = change {
            self.severity = *severity;
            return;
        }
        let before = self.state;
        let exception = self.exception.take();
        self.state = match change {
            // First sight by a run that was recorded out of order: it changes only what was thought to be gone.
            Change::Found { severity, .. } => {
                self.severity = *severity;
                self.exception.clone_from(&exception);
                if before.is_resolved() { State::Open } else { before }
            }
            Change::Opened { severity } => {
                self.severity = severity.unwrap_or(self.severity);
                State::Open
            }
            Change::Triaged { owner } => {
                self.owner = Some(owner.clone());
                State::Triaged
            }
            Change::InProgress => State::InProgress,
            Change::Remediated { .. } => State::Remediated,
            Change::Verified { .. } => State::Verified,
            Change::Closed => State::Closed,
            Change::RiskAccepted { exception } => {
                self.exception.clone_from(exception);
                State::RiskAccepted
            }
            Change::VerificationFailed | Change::Reopened { .. } | Change::AcceptanceExpired => State::Open,
            Change::FalsePositive { exception } => {
                self.exception.clone_from(exception);
                State::FalsePositive
            }
            Change::Superseded { by } => {
                self.superseded_by = Some(by.clone());
                State::Superseded
            }
            Change::SeverityChanged { .. } => before,
        };
        self.since = at;
        if before.is_resolved() && self.state.is_open() {
            self.repeats += 1;
            self.clock = at;
        }
        if exception.is_some_and(|exception| exception.restarts_clock)
            && self.state.is_open()
            && self.exception.is_none()
        {
            self.clock = at;
        }
    }

    /// Ends an acceptance whose last day is over: what nobody had to write down. Says when it ended.
    pub fn expire(&mut self, now: Timestamp) -> Option<Timestamp> {
        let end = self.ends()?;
        if self.state != State::RiskAccepted || end > now {
            return None;
        }
        self.apply(end, &Change::AcceptanceExpired);
        Some(end)
    }

    /// The first instant after the exception's last day, in Taiwan.
    fn ends(&self) -> Option<Timestamp> {
        let until = self.exception.as_ref()?.until?;
        let end = tz::offset(8).to_timestamp(until.tomorrow().ok()?.at(0, 0, 0, 0)).ok()?;
        // Another tracker may have accepted it when the last day was over already.
        Some(end.max(self.since))
    }

    /// Whether a change may happen now.
    pub fn allows(&self, change: &Change, reason: &str, today: Date) -> Result<(), Refusal> {
        use State::{
            Closed, FalsePositive, InProgress, New, Open, Remediated, RiskAccepted, Superseded, Triaged, Verified,
        };
        let from = |states: &[State], to: &'static str| {
            if states.contains(&self.state) { Ok(()) } else { Err(Refusal::NotFrom { from: self.state, to }) }
        };
        if reason.trim().is_empty() {
            return Err(Refusal::NoReason);
        }
        match change {
            Change::Found { .. } => Err(Refusal::NotFrom { from: self.state, to: "new" }),
            Change::Opened { .. } => from(&[New, Triaged, Remediated, FalsePositive, RiskAccepted], "open"),
            Change::Triaged { .. } => from(&[New, Triaged, Open, InProgress], "triaged"),
            Change::InProgress => from(&[New, Triaged, Open], "in_progress"),
            Change::SeverityChanged { .. } => {
                if self.state == Superseded {
                    from(&[], "judged anew")
                } else {
                    Ok(())
                }
            }
            Change::Remediated { .. } => from(&[New, Triaged, Open, InProgress], "remediated"),
            Change::Verified { by } => self.verification(by, from),
            Change::VerificationFailed => from(&[Remediated], "open"),
            Change::Closed => from(&[Verified], "closed"),
            Change::Reopened { .. } => from(&[Verified, Closed], "open"),
            Change::RiskAccepted { exception } => {
                from(&[New, Triaged, Open, InProgress], "risk_accepted")?;
                let exception = exception.as_ref().ok_or(Refusal::NoEnd { today })?;
                if exception.until.is_none_or(|until| until <= today) {
                    return Err(Refusal::NoEnd { today });
                }
                two_persons(exception)
            }
            Change::AcceptanceExpired => from(&[RiskAccepted, FalsePositive], "open"),
            Change::FalsePositive { exception } => {
                from(&[New, Triaged, Open, InProgress], "false_positive")?;
                exception.as_ref().map_or(Ok(()), two_persons)
            }
            Change::Superseded { .. } => from(&[New, Triaged, Open, InProgress, Remediated], "superseded"),
        }
    }

    fn verification(
        &self,
        by: &Verification,
        from: impl Fn(&[State], &'static str) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        match by {
            Verification::Run { .. } => from(
                &[State::New, State::Triaged, State::Open, State::InProgress, State::Remediated, State::RiskAccepted],
                "verified",
            ),
            Verification::Person { verifier, evidence } => {
                from(&[State::Remediated], "verified")?;
                if self.owner.as_ref().is_some_and(|owner| person::same(owner, verifier)) {
                    return Err(Refusal::OwnVerifier { person: verifier.clone() });
                }
                if evidence.iter().all(|document| document.trim().is_empty()) {
                    return Err(Refusal::NoEvidence);
                }
                Ok(())
            }
            Verification::Unknown => Err(Refusal::NoEvidence),
        }
    }

    /// Whether the decision that holds was made about something else: the finding changed materially since.
    pub fn must_be_decided_again(&self, digest: &str) -> bool {
        self.exception.as_ref().is_some_and(|exception| exception.digest != digest)
    }
}

fn two_persons(exception: &Exception) -> Result<(), Refusal> {
    if exception.requested_by.trim().is_empty() {
        return Err(Refusal::NoRequester);
    }
    if person::same(&exception.requested_by, &exception.approved_by) {
        return Err(Refusal::OwnApprover { person: exception.approved_by.clone() });
    }
    Ok(())
}

/// The guard in front of what a person writes down: whether `change` may happen to the finding whose events so far are
/// given in order; gives how it stands then. Beyond [`Life::allows`], whoever claimed a remedy does not verify it, a
/// severity is lowered by two persons, and nothing is written into the future or so that it changes what came after.
pub fn guard(events: &[Event], act: &Act, change: &Change, now: Timestamp) -> Result<Life, Refusal> {
    if act.actor.trim().is_empty() {
        return Err(Refusal::Nobody);
    }
    if act.at > now {
        return Err(Refusal::NotYet { at: act.at });
    }
    let (changes, _) = changes_of(events);
    let dated = || changes.iter().map(|(at, change)| (*at, change));
    let mut life = Life::fold(dated(), act.at).ok_or(Refusal::NotKnown { at: act.at })?;
    life.allows(change, &act.reason, tz::offset(8).to_datetime(act.at).date())?;
    match change {
        Change::Verified { by: Verification::Person { verifier, .. } } => {
            let claimed = |event: &&Event| {
                event.at <= act.at && matches!(event.body::<Change>(), Some(Ok(Change::Remediated { .. })))
            };
            if events.iter().rfind(claimed).is_some_and(|claim| person::same(&claim.actor, verifier)) {
                return Err(Refusal::OwnClaim { person: verifier.clone() });
            }
        }
        Change::SeverityChanged { severity, requested_by } if *severity < life.severity => {
            let requested_by = requested_by.as_deref().unwrap_or_default();
            if requested_by.trim().is_empty() {
                return Err(Refusal::NoRequester);
            }
            if person::same(requested_by, &act.actor) {
                return Err(Refusal::OwnApprover { person: act.actor.clone() });
            }
        }
        Change::Triaged { owner } if owner.trim().is_empty() => return Err(Refusal::Nobody),
        _ => {}
    }
    let with = |when: Timestamp| dated().filter(move |(at, _)| *at <= when).chain([(act.at, change)]);
    let after = |changes: &mut dyn Iterator<Item = (Timestamp, &Change)>| {
        Life::fold(changes, Timestamp::MAX).map_or(0, |life| life.repeats)
    };
    let later = dated().filter(|(at, _)| *at > act.at);
    if after(&mut with(act.at).chain(later)) > after(&mut dated()) && !matches!(change, Change::Reopened { .. }) {
        return Err(Refusal::ChangesPast { at: act.at });
    }
    life.apply(act.at, change);
    Ok(life)
}

/// The findings of a circle of merges, where there is one: `merged` gives for each finding the one that it was merged
/// into.
pub fn circle<'a>(merged: &BTreeMap<&'a str, &'a str>) -> Option<Vec<&'a str>> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in merged.keys() {
        let (mut way, mut at) = (Vec::new(), *start);
        while let Some(into) = merged.get(at) {
            if !done.insert(at) {
                let from = way.iter().position(|known| *known == at);
                if let Some(from) = from {
                    return Some(way.split_off(from));
                }
                break;
            }
            way.push(at);
            at = into;
        }
    }
    None
}

/// Digest of what an exception is about: when it changes, the decision is asked for again. Counts and dates that differ
/// from run to run do not belong to it; the text of a rule or setting does.
pub fn digest_of(finding: &FindingRecord) -> String {
    let text = match &finding.subject {
        Subject::Rule { .. } | Subject::Policy { .. } => finding.evidence.first().map(|proof| proof.excerpt.as_str()),
        _ => None,
    };
    let content = serde_json::json!([finding.check, finding.aspect, finding.severity, text]);
    Sha256::of(content.to_string().as_bytes()).short()
}

/// What a run does to a finding that it compared with what was known: nothing where it only saw it again.
///
/// `digest` is the finding's as the run saw it.
pub fn after_run(life: Option<&Life>, standing: Standing, severity: Severity, digest: &str, run: &str) -> Vec<Change> {
    let run = run.to_owned();
    let Some(life) = life else { return vec![Change::Found { severity, run }] };
    let mut changes = Vec::new();
    match standing {
        Standing::New | Standing::Unchanged | Standing::Updated | Standing::Repeat => {
            if life.severity != severity {
                changes.push(Change::SeverityChanged { severity, requested_by: None });
            }
            if life.state.is_resolved() {
                changes.push(Change::Reopened { run: Some(run) });
            } else if life.must_be_decided_again(digest) {
                changes.push(Change::AcceptanceExpired);
            } else if life.state == State::Remediated {
                changes.push(Change::VerificationFailed);
            }
        }
        Standing::AbsentEvaluated if life.state.is_open() || life.state == State::RiskAccepted => {
            changes.push(Change::Verified { by: Verification::Run { run } });
        }
        Standing::AbsentEvaluated | Standing::AbsentNotEvaluated => {}
    }
    changes
}

/// A stretch of time in which a finding's state and severity were the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// State.
    pub state: State,
    /// Severity.
    pub severity: Severity,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to this one, not included; nothing: still so.
    pub to: Option<Timestamp>,
}

/// The intervals of one finding; `changes` in order.
pub fn intervals<'a>(changes: impl IntoIterator<Item = (Timestamp, &'a Change)>) -> Vec<Interval> {
    let mut all: Vec<Interval> = Vec::new();
    let mut life: Option<Life> = None;
    for (at, change) in changes {
        match &mut life {
            None => life = Some(Life::begin(at, change)),
            Some(life) => {
                if let Some(end) = life.expire(at) {
                    step(&mut all, life, end);
                }
                life.apply(at, change);
            }
        }
        if let Some(life) = &life {
            step(&mut all, life, at);
        }
    }
    if let Some(life) = &mut life
        && let Some(end) = life.expire(Timestamp::MAX)
    {
        step(&mut all, life, end);
    }
    all
}

fn step(all: &mut Vec<Interval>, life: &Life, at: Timestamp) {
    if let Some(last) = all.last_mut() {
        if (last.state, last.severity) == (life.state, life.severity) {
            return;
        }
        if last.from == at {
            (last.state, last.severity) = (life.state, life.severity);
            return;
        }
        last.to = Some(at);
    }
    all.push(Interval { state: life.state, severity: life.severity, from: at, to: None });
}

/// The changes of one finding out of its events, in order; what is not understood comes beside.
pub fn changes_of(events: &[Event]) -> (Vec<(Timestamp, Change)>, Vec<crate::event::NotUnderstood>) {
    let (mut changes, mut bad) = (Vec::new(), Vec::new());
    for event in events {
        match event.body::<Change>() {
            Some(Ok(change)) => changes.push((event.at, change)),
            Some(Err(error)) => bad.push(error),
            None => {}
        }
    }
    (changes, bad)
}
