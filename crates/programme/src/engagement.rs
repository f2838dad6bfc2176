//! The life of an assessment: from its plan to its report and the firm's answer, with a guard in front of every step.
//!
//! ```text
//! planned ─► preparing ─► collecting ─► analysing ─► review ─► firm_response ─► signed ─► issued ─► closed
//!     └─────────┴────────────┴────────────┴──── cancelled (with a reason)          reopened ◄──┴───────┘
//! ```
//!
//! Going back a step before it is signed is allowed; after that only a new revision (`reopened`) changes anything.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Body, Event};
use crate::person;

/// Where an assessment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is to be held.
    Planned,
    /// Evidence was asked for.
    Preparing,
    /// Evidence comes in.
    Collecting,
    /// Runs are made and read.
    Analysing,
    /// Somebody else of the team reads it.
    Review,
    /// The firm says what is wrong in it.
    FirmResponse,
    /// The lead has signed.
    Signed,
    /// The report was handed over.
    Issued,
    /// Everything is done.
    Closed,
    /// It will not be held.
    Cancelled,
}

impl Stage {
    /// All, in their order.
    pub const ALL: [Self; 10] = [
        Self::Planned,
        Self::Preparing,
        Self::Collecting,
        Self::Analysing,
        Self::Review,
        Self::FirmResponse,
        Self::Signed,
        Self::Issued,
        Self::Closed,
        Self::Cancelled,
    ];

    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Preparing => "preparing",
            Self::Collecting => "collecting",
            Self::Analysing => "analysing",
            Self::Review => "review",
            Self::FirmResponse => "firm_response",
            Self::Signed => "signed",
            Self::Issued => "issued",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Only a new revision changes anything.
    const fn is_final(self) -> bool {
        matches!(self, Self::Signed | Self::Issued | Self::Closed)
    }

    /// Where it may go from here.
    const fn leads_to(self) -> &'static [Self] {
        match self {
            Self::Planned => &[Self::Preparing, Self::Cancelled],
            Self::Preparing => &[Self::Collecting, Self::Cancelled],
            Self::Collecting => &[Self::Analysing, Self::Preparing, Self::Cancelled],
            Self::Analysing => &[Self::Review, Self::Collecting, Self::Cancelled],
            Self::Review => &[Self::FirmResponse, Self::Analysing, Self::Cancelled],
            Self::FirmResponse => &[Self::Signed, Self::Analysing, Self::Cancelled],
            Self::Signed => &[Self::Issued],
            Self::Issued => &[Self::Closed],
            Self::Closed | Self::Cancelled => &[],
        }
    }
}

/// What happens to an assessment; its subject is its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Step {
    /// It is planned, with who leads it.
    Planned {
        /// Who leads it.
        lead: String,
    },
    /// It goes to a stage.
    To {
        /// Which.
        stage: Stage,
        /// The run that it rests on, from the review on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<String>,
    },
    /// A new revision begins where evidence is read.
    Reopened,
}

impl Body for Step {
    const ENTITY: &'static str = "engagement";
}

/// An assessment as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engagement {
    /// Stage.
    pub stage: Stage,
    /// Who leads it.
    pub lead: String,
    /// The run that it rests on.
    pub run: Option<String>,
    /// Who reviewed it: never its lead.
    pub reviewer: Option<String>,
    /// From 1; one more with every reopening.
    pub revision: u32,
}

/// What the guards have to know besides the assessment itself.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Owners of the systems that it covers.
    pub owners: BTreeSet<String>,
    /// The run that is named, where it is recorded.
    pub run: Option<RunFacts>,
}

/// A recorded run.
#[derive(Clone, Debug, Default)]
pub struct RunFacts {
    /// Items without an outcome that can stand in a report: an inspection failed.
    pub undecided: u64,
    /// Items not tested, or not applicable, without a reason.
    pub without_reason: u64,
}

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not follow.
    #[error("an assessment that is {from} cannot go to {to}", from = from.word(), to = to.word())]
    NotFrom {
        /// Where it is.
        from: Stage,
        /// Where it was to go.
        to: Stage,
    },
    /// It was planned before.
    #[error("the assessment is planned already")]
    Planned,
    /// Nothing is known of it.
    #[error("the assessment was not planned yet")]
    Unknown,
    /// No reason given.
    #[error("say why: the reason is empty")]
    NoReason,
    /// The review needs a run.
    #[error("name the run that the assessment rests on: it must be recorded in this workspace")]
    NoRun,
    /// The run does not decide everything.
    #[error("{0} items of the run have no outcome because an inspection failed: run it again before the review")]
    Undecided(u64),
    /// Not tested, and nobody says why.
    #[error("{0} items of the run are not tested or not applicable without a reason")]
    WithoutReason(u64),
    /// Lead and owner are one person.
    #[error("{0} owns a system of this assessment and cannot lead or sign it")]
    OwnerLeads(String),
    /// Lead and reviewer are one person.
    #[error("{0} leads the assessment and cannot review it: another one of the team must")]
    OwnReview(String),
    /// Somebody else signs.
    #[error("only {0}, who leads the assessment, signs it")]
    NotLead(String),
    /// It is signed.
    #[error("the assessment is {}: reopen it for a new revision", .0.word())]
    Final(Stage),
}

impl Engagement {
    /// The assessment after events in order; nothing where it was not planned.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let mut engagement: Option<Self> = None;
        for event in events {
            let Some(Ok(step)) = event.body::<Step>() else { continue };
            match (step, &mut engagement) {
                (Step::Planned { lead }, None) => {
                    engagement = Some(Self { stage: Stage::Planned, lead, run: None, reviewer: None, revision: 1 });
                }
                (Step::To { stage, run }, Some(known)) => {
                    if known.stage == Stage::Review && stage == Stage::FirmResponse {
                        known.reviewer = Some(event.actor.clone());
                    }
                    known.stage = stage;
                    known.run = run.or_else(|| known.run.take());
                }
                (Step::Reopened, Some(known)) => {
                    known.revision += 1;
                    (known.stage, known.run, known.reviewer) = (Stage::Analysing, None, None);
                }
                (Step::Planned { .. }, Some(_)) | (_, None) => {}
            }
        }
        engagement
    }

    /// Whether somebody may take a step now.
    pub fn allows(known: Option<&Self>, step: &Step, actor: &str, reason: &str, facts: &Facts) -> Result<(), Refusal> {
        if reason.trim().is_empty() {
            return Err(Refusal::NoReason);
        }
        match (known, step) {
            (None, Step::Planned { lead }) if person::among(lead, &facts.owners) => {
                Err(Refusal::OwnerLeads(lead.clone()))
            }
            (None, Step::Planned { .. }) => Ok(()),
            (None, _) => Err(Refusal::Unknown),
            (Some(_), Step::Planned { .. }) => Err(Refusal::Planned),
            (Some(known), Step::Reopened) => match known.stage {
                from if from.is_final() => Ok(()),
                from => Err(Refusal::NotFrom { from, to: Stage::Analysing }),
            },
            (Some(known), Step::To { stage, .. }) => known.goes(*stage, actor, facts),
        }
    }

    fn goes(&self, to: Stage, actor: &str, facts: &Facts) -> Result<(), Refusal> {
        let from = self.stage;
        if from.is_final() && (to == Stage::Cancelled || to < Stage::Signed) {
            return Err(Refusal::Final(from));
        }
        if !from.leads_to().contains(&to) {
            return Err(Refusal::NotFrom { from, to });
        }
        match to {
            Stage::Review => match &facts.run {
                None => Err(Refusal::NoRun),
                Some(run) if run.undecided > 0 => Err(Refusal::Undecided(run.undecided)),
                Some(run) if run.without_reason > 0 => Err(Refusal::WithoutReason(run.without_reason)),
                Some(_) => Ok(()),
            },
            Stage::FirmResponse if person::same(actor, &self.lead) => Err(Refusal::OwnReview(actor.to_owned())),
            Stage::Signed if !person::same(actor, &self.lead) => Err(Refusal::NotLead(self.lead.clone())),
            Stage::Signed if person::among(actor, &facts.owners) => Err(Refusal::OwnerLeads(actor.to_owned())),
            _ => Ok(()),
        }
    }
}
