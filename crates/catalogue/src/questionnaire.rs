//! Questionnaires and duties: what a firm is asked about its practice, and the numbers that its records are held
//! against. Data, one file per questionnaire and `duties.yaml`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use schemars::JsonSchema;
use secdiag_model::{Bilingual, ItemId, Severity};
use serde::{Deserialize, Serialize};

use crate::TextStatus;

/// Questions on one rule or topic, `questionnaires/<id>.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Questionnaire {
    /// Slug: `control-areas`.
    pub id: String,
    /// Name.
    pub title: Bilingual,
    /// Version or date of the rule that it follows.
    pub version: String,
    /// Clauses and documents.
    pub source: Vec<String>,
    /// Control areas that internal audit must visit in a rhythm.
    #[serde(default)]
    pub areas: Vec<ControlArea>,
    /// How its answers are counted, where its rule gives points.
    #[serde(default)]
    pub scoring: Option<Scoring>,
    /// The questions, in order.
    pub questions: Vec<Question>,
}

/// How answers are counted: a proven yes gets the weight of its question, an unproven one a part of it, everything else
/// nothing; what is shown not to apply is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// Percent of the weight that an unproven yes gets.
    pub unproven_percent: u32,
    /// Sections that are counted apart, in order; every question belongs to one.
    pub sections: Vec<Section>,
    /// Where the way of counting stands.
    pub source: Vec<String>,
    /// Whether it was read in its source.
    pub text_status: TextStatus,
}

/// A part of a questionnaire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Slug.
    pub id: String,
    /// Name.
    pub title: Bilingual,
}

/// An area of internal control with its audit rhythm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlArea {
    /// `CC-11000`.
    pub id: String,
    /// Name.
    pub title: Bilingual,
    /// Months of one audit period: 1, 3, 6 or 12, counted by the calendar. Nothing where the rule's cell was not seen:
    /// then no audit is missed, and none is passed either.
    #[serde(default)]
    pub rhythm_months: Option<u32>,
    /// To which firms it applies, where not to all; others state that it does not apply.
    #[serde(default)]
    pub applies_to: Option<Bilingual>,
    /// Clause.
    pub source: Vec<String>,
    /// Whether number, name and rhythm were read in the source.
    pub text_status: TextStatus,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Unique over all questionnaires; never reused: `CC-11000.1`.
    pub id: String,
    /// Control area that it belongs to.
    #[serde(default)]
    pub area: Option<String>,
    /// Section in which it is counted, where the questionnaire counts.
    #[serde(default)]
    pub section: Option<String>,
    /// How much it counts among the others.
    #[serde(default = "one")]
    pub weight: u32,
    /// The question, to be answered yes, no, partial or not applicable. Yes is the good answer.
    pub text: Bilingual,
    /// What evidence is asked for.
    pub evidence: Bilingual,
    /// Item of the securities set that it belongs to; items that it views follow.
    pub item: ItemId,
    /// Aspect under which the checks report it.
    pub topic: String,
    /// The check that reports "no" and "partial".
    pub check: String,
    /// How bad a gap is.
    pub severity: Severity,
    /// System categories that are asked.
    pub categories: Vec<u8>,
    /// What "not applicable" needs.
    #[serde(default)]
    pub not_applicable: NotApplicable,
    /// Months after which evidence no longer proves a yes.
    pub fresh_months: u32,
    /// Questions that must not be answered "no" or "not applicable" where this one is answered "yes".
    #[serde(default)]
    pub requires: Vec<String>,
    /// Clause.
    pub source: Vec<String>,
    /// How sure we are of the wording and the numbers.
    pub text_status: TextStatus,
}

const fn one() -> u32 {
    1
}

/// What the answer "not applicable" needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotApplicable {
    /// It is never accepted.
    Never,
    /// A reason, and who states it and when.
    #[default]
    Statement,
    /// A statement with evidence, like a yes.
    Evidence,
}

/// `duties.yaml`: limits and lists that records are held against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Duties {
    /// Limits.
    pub limits: Vec<Limit>,
    /// Kinds of qualification that assessors need.
    pub qualifications: Vec<Qualification>,
    /// What an assessment report must contain.
    pub report_elements: Vec<ReportElement>,
    /// Changes of the rule after which an assessment plan must be reviewed.
    #[serde(default)]
    pub rule_changes: Vec<RuleChange>,
}

/// A limit in whole units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// What it limits.
    pub id: LimitId,
    /// Name.
    pub title: Bilingual,
    /// The unit that values count.
    pub unit: LimitUnit,
    /// The value for every category without one of its own; nothing: no limit.
    #[serde(default)]
    pub value: Option<u32>,
    /// Values for single categories.
    #[serde(default)]
    pub by_category: BTreeMap<u8, u32>,
    /// Clause, or `ours` where no rule was seen.
    pub source: Vec<String>,
    /// Whether the value was read in its source.
    pub text_status: TextStatus,
}

/// The limits that checks know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitId {
    /// Age of an answer.
    AnswerAge,
    /// Stretch before the as-of date whose audit periods must be complete.
    AuditLookBack,
    /// Time to answer a letter that names no date.
    LetterReply,
    /// Age of the last continuity drill.
    ContinuityDrill,
    /// Age of the last successful restore test.
    RestoreTest,
    /// Time within which a failed backup is repeated.
    BackupRepeat,
    /// Age of the approval of recovery objectives.
    ObjectiveApproval,
    /// Age of the approval of risk appetite and capacity.
    AppetiteApproval,
    /// Age of the assessment plan's approval or review.
    PlanReview,
    /// Retention of security logs.
    SecurityLogRetention,
    /// Retention of electronic trading's audit logs.
    OrderLogRetention,
    /// Retention of assessment reports and remediation papers.
    ReportRetention,
    /// Time to hand a report to the audit unit.
    AuditHandOver,
    /// Time to report a report or re-check to the board or its authorised department.
    BoardReport,
    /// Age of the last social-engineering drill.
    PhishingDrill,
    /// Share of persons who open its mail from which on it is too high.
    PhishingOpen,
    /// Share of persons who click from which on it is too high.
    PhishingClick,
    /// Time within which those who clicked are trained again.
    ClickerRetraining,
    /// Time after a mail within which a visit is a program's, whatever else is known of it.
    ScanAtOnce,
    /// Time after a mail within which it is when something else speaks for it.
    ScanSoon,
    /// Mailboxes that one address visits that soon from which on it is a scanner's.
    ScanMailboxes,
    /// Versions behind the newest of a campaign from which on a browser is of years ago.
    ScanBrowserVersions,
    /// Training of a year.
    TrainingHours,
    /// Training of a year of those who work in information security.
    SecurityTrainingHours,
    /// Age of the last drill against denial of service.
    DdosDrill,
    /// Age of the last check of its contacts.
    DdosContact,
    /// Time to close an advisory of high severity or worse.
    AdvisoryUrgent,
    /// Time to close other advisories.
    Advisory,
    /// Time to give notice of an incident after it became known.
    IncidentNotice,
    /// Time to hand in an incident's formal report after it became known.
    IncidentReport,
}

impl LimitId {
    /// Every limit; `duties.yaml` has each once.
    pub const ALL: [Self; 30] = [
        Self::AnswerAge,
        Self::AuditLookBack,
        Self::LetterReply,
        Self::ContinuityDrill,
        Self::RestoreTest,
        Self::BackupRepeat,
        Self::ObjectiveApproval,
        Self::AppetiteApproval,
        Self::PlanReview,
        Self::SecurityLogRetention,
        Self::OrderLogRetention,
        Self::ReportRetention,
        Self::AuditHandOver,
        Self::BoardReport,
        Self::PhishingDrill,
        Self::PhishingOpen,
        Self::PhishingClick,
        Self::ClickerRetraining,
        Self::ScanAtOnce,
        Self::ScanSoon,
        Self::ScanMailboxes,
        Self::ScanBrowserVersions,
        Self::TrainingHours,
        Self::SecurityTrainingHours,
        Self::DdosDrill,
        Self::DdosContact,
        Self::AdvisoryUrgent,
        Self::Advisory,
        Self::IncidentNotice,
        Self::IncidentReport,
    ];
}

/// Unit of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitUnit {
    /// Days.
    Days,
    /// Calendar months.
    Months,
    /// Calendar years.
    Years,
    /// Hundredths of all.
    Percent,
    /// Hours.
    Hours,
    /// Seconds.
    Seconds,
    /// A number of things.
    Count,
}

impl LimitUnit {
    /// The unit in words, for `value` of them.
    pub fn words(self, value: u32) -> Bilingual {
        let (one, zh) = match self {
            Self::Days => ("day", "日"),
            Self::Months => ("month", "個月"),
            Self::Years => ("year", "年"),
            Self::Hours => ("hour", "小時"),
            Self::Seconds => ("second", "秒"),
            Self::Percent => return Bilingual { en: format!("{value} %"), zh_tw: format!("{value}%") },
            Self::Count => return Bilingual { en: value.to_string(), zh_tw: value.to_string() },
        };
        let plural = if value == 1 { "" } else { "s" };
        Bilingual { en: format!("{value} {one}{plural}"), zh_tw: format!("{value} {zh}") }
    }
}

/// A limit with its value for a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Unit.
    pub unit: LimitUnit,
    /// How many of them.
    pub value: u32,
}

impl Allowed {
    /// The last day on which a thing of this date is within the limit.
    pub fn until(self, date: Date) -> Date {
        date.checked_add(self.span()).unwrap_or(Date::MAX)
    }

    /// The first day from which a thing is within the limit on `as_of`.
    pub fn since(self, as_of: Date) -> Date {
        as_of.checked_sub(self.span()).unwrap_or(Date::MIN)
    }

    /// The value in months, where the limit is a time.
    pub fn months(self) -> u32 {
        match self.unit {
            LimitUnit::Days => self.value.div_ceil(31),
            LimitUnit::Months => self.value,
            LimitUnit::Years => self.value.saturating_mul(12),
            LimitUnit::Percent | LimitUnit::Hours | LimitUnit::Seconds | LimitUnit::Count => 0,
        }
    }

    /// `12 months` and `12 個月`.
    pub fn words(self) -> Bilingual {
        self.unit.words(self.value)
    }

    /// Shares, numbers and times of less than a day are no stretch of the calendar.
    fn span(self) -> Span {
        // Beyond these the calendar ends; jiff's limits are larger.
        let value = i64::from(self.value);
        match self.unit {
            LimitUnit::Days => value.min(3_000_000).days(),
            LimitUnit::Months => value.min(100_000).months(),
            LimitUnit::Years => value.min(9_000).years(),
            LimitUnit::Percent | LimitUnit::Hours | LimitUnit::Seconds | LimitUnit::Count => Span::new(),
        }
    }
}

/// A kind of qualification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Qualification {
    /// Slug: `management`.
    pub id: String,
    /// Name.
    pub title: Bilingual,
    /// Categories whose assessors must together hold it.
    pub categories: Vec<u8>,
    /// Certificates that show it, as firms write them; others may be accepted.
    pub examples: Vec<String>,
    /// Clause.
    pub source: Vec<String>,
}

/// An element of the assessment report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportElement {
    /// Slug: `assessor_qualifications`.
    pub id: String,
    /// Name.
    pub title: Bilingual,
    /// Items whose outcome is this element, where the report is a result of ours.
    #[serde(default)]
    pub items: Vec<ItemId>,
    /// Clause.
    pub source: Vec<String>,
}

/// A change of the rule that plans follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleChange {
    /// In force since, `YYYY-MM-DD`.
    pub date: String,
    /// What changed.
    pub title: Bilingual,
    /// Clause.
    pub source: Vec<String>,
}

impl Duties {
    /// A limit with its value for a category; nothing where none is set. An undeclared category is held to category 1.
    pub fn limit(&self, id: LimitId, category: Option<u8>) -> Option<(&Limit, u32)> {
        let limit = self.limits.iter().find(|limit| limit.id == id)?;
        let value = limit.by_category.get(&category.unwrap_or(1)).copied().or(limit.value)?;
        Some((limit, value))
    }

    /// The same, ready to be counted with.
    pub fn allowed(&self, id: LimitId, category: Option<u8>) -> Option<Allowed> {
        self.limit(id, category).map(|(limit, value)| Allowed { unit: limit.unit, value })
    }
}
