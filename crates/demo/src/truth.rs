//! What is wrong with the fictional firm, and what only looks wrong.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// The truth about the generated evidence: every finding that a right diagnostic reports stands in `planted`, and it
/// reports no other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Name of the firm.
    pub firm: String,
    /// Seed that it was made from.
    pub seed: u64,
    /// Date to diagnose it as of, `YYYY-MM-DD`.
    pub as_of: String,
    /// Problems that are there.
    pub planted: Vec<Planted>,
    /// What a careless check reports although it is right.
    pub innocent: Vec<Innocent>,
    /// Files that no inspection can read.
    pub unreadable: Vec<Unreadable>,
    /// Members of archives that break off.
    pub damaged: Vec<Damaged>,
    /// Mail drills.
    pub drills: Vec<Drill>,
    /// The diagnostics before, oldest first.
    pub earlier: Vec<Earlier>,
    /// What people did between the diagnostics, oldest first.
    pub acts: Vec<Act>,
    /// How every finding stands on some days.
    pub standings: Vec<Standing>,
    /// What is due on some days.
    pub due: Vec<DueRow>,
}

/// An earlier diagnostic: its evidence lies in `FOLDER/evidence` beside the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// Folder, named after its year.
    pub folder: String,
    /// Date to diagnose the firm as of, `YYYY-MM-DD`.
    pub as_of: String,
    /// Problems that were there.
    pub planted: Vec<Planted>,
    /// What only looked wrong.
    pub innocent: Vec<Innocent>,
    /// Mail drills.
    pub drills: Vec<Drill>,
}

/// What a mail drill came to, in persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// Name of the campaign.
    pub campaign: String,
    /// Mails that arrived.
    pub delivered: u64,
    /// Who opened it.
    pub opened: u64,
    /// Who clicked.
    pub clicked: u64,
    /// What tools count that know no mail scanners.
    pub opened_counting_every_visit: u64,
    /// The same for clicks.
    pub clicked_counting_every_visit: u64,
}

/// Something that a person did about a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// Day, `YYYY-MM-DD`.
    pub on: String,
    /// Slug of the finding's check.
    pub check: String,
    /// Its system.
    pub system: String,
    /// Keys of its subject.
    pub subject: Map<String, Json>,
    /// What was done.
    pub deed: Deed,
    /// Who did it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What a person can do about a finding, as far as the story has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Deed {
    /// Give it to somebody.
    Triage {
        /// To whom.
        owner: String,
    },
    /// Say that it is remedied.
    Remediate {
        /// What shows it.
        evidence: Vec<String>,
    },
    /// Accept the risk.
    Accept {
        /// Who asked for it.
        requested_by: String,
        /// Last day, `YYYY-MM-DD`.
        until: String,
    },
    /// Done with.
    Close,
}

/// How a finding stands on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Day, `YYYY-MM-DD`; meant is its end.
    pub on: String,
    /// Slug of the check.
    pub check: String,
    /// System.
    pub system: String,
    /// Keys of the subject.
    pub subject: Map<String, Json>,
    /// State.
    pub state: String,
    /// Who has to do something.
    pub owner: Option<String>,
    /// Day from which the time limit counts.
    pub clock: String,
    /// How often it came back.
    pub repeats: u32,
}

/// What is due for a system on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DueRow {
    /// Day, `YYYY-MM-DD`.
    pub on: String,
    /// System.
    pub system: String,
    /// Date by which the next assessment is planned.
    pub plan_by: String,
    /// Last date.
    pub must_by: String,
    /// State of the cycle.
    pub state: String,
    /// Last day of the re-assessment after the incident, once it has occurred.
    pub incident_due: Option<String>,
    /// Where that stands.
    pub incident_state: Option<String>,
}

/// A problem that is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planted {
    /// Slug of the check that finds it.
    pub check: String,
    /// System that it belongs to.
    pub system: String,
    /// Keys of the finding's subject that identify it.
    pub subject: Map<String, Json>,
    /// Facts that the finding must state, where the subject alone does not say it all.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Json>,
    /// What is wrong, for a reader.
    pub why: String,
}

/// Something right that looks wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Innocent {
    /// What it is, for a reader.
    pub what: String,
    /// Slugs of checks that must not report it.
    pub must_not_fire: Vec<String>,
    /// System that it belongs to.
    pub system: String,
    /// Keys of the subject that a wrong finding about it would have.
    pub subject: Map<String, Json>,
}

/// A file that is not read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unreadable {
    /// Path below the evidence folder.
    pub path: String,
    /// `unsupported` or `broken`.
    pub state: String,
    /// Why.
    pub why: String,
}

/// A member of an archive that breaks off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Damaged {
    /// Path of the archive below the evidence folder.
    pub path: String,
    /// Member.
    pub member: String,
    /// Why.
    pub why: String,
}
