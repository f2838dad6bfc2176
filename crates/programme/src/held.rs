//! What else a firm's register keeps: plans of assessments, drills and trainings that were held, controls.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::Body;
use crate::register::{Kept, date, maybe_date};

/// A plan of assessments over years.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Id.
    pub id: String,
    /// First year.
    pub from_year: i16,
    /// Last year.
    pub to_year: i16,
    /// Systems that it covers.
    #[serde(default)]
    pub systems: Vec<String>,
    /// The board, or the department that it authorised.
    #[serde(default)]
    pub approved_by: String,
    /// When it was approved.
    #[serde(default, deserialize_with = "maybe_date")]
    #[schemars(with = "Option<String>")]
    pub approved_on: Option<Date>,
}

/// Kinds of drills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DrillKind {
    /// Mails that try to deceive.
    SocialEngineering,
    /// Denial of service.
    DenialOfService,
    /// Recovery of business.
    Continuity,
    /// Handling of an incident.
    Incident,
}

/// A drill that was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// Id, such as the campaign's name.
    pub id: String,
    /// Kind.
    pub kind: DrillKind,
    /// When.
    #[serde(deserialize_with = "date")]
    #[schemars(with = "String")]
    pub date: Date,
    /// Systems that were drilled.
    #[serde(default)]
    pub systems: Vec<String>,
    /// Persons who took part or got a mail.
    #[serde(default)]
    pub persons: Option<u64>,
    /// What it came to, in the firm's words.
    #[serde(default)]
    pub result: String,
}

/// A training that was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Id.
    pub id: String,
    /// Course.
    pub course: String,
    /// When.
    #[serde(deserialize_with = "date")]
    #[schemars(with = "String")]
    pub date: Date,
    /// How long, in minutes.
    pub minutes: u32,
    /// Persons who completed it.
    #[serde(default)]
    pub persons: Option<u64>,
}

/// A control that the firm is held to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Reference, such as CC-17010.
    pub id: String,
    /// What it demands.
    pub text: String,
    /// How often it is looked at, in the firm's words.
    #[serde(default)]
    pub frequency: String,
    /// Systems that it applies to; none named: all.
    #[serde(default)]
    pub systems: Vec<String>,
    /// Items of the catalogue that examine it.
    #[serde(default)]
    pub items: Vec<String>,
}

/// Kinds of things with an id and an entity.
macro_rules! kept {
    ($($kind:ident $entity:literal;)+) => {$(
        impl Body for $kind {
            const ENTITY: &'static str = $entity;
        }

        impl Kept for $kind {
            fn id(&self) -> &str {
                &self.id
            }
        }
    )+};
}

kept! {
    Plan "plan";
    Drill "drill";
    Training "training";
    Control "control";
}
