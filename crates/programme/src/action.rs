//! What a firm says it will do about a finding: its own words, beside the finding's states.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Body, Event};

/// An improvement action; its subject is the finding. The latest one stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// What will be done.
    pub plan: String,
    /// By when.
    #[schemars(with = "Option<String>")]
    pub due: Option<Date>,
    /// Anything else.
    #[serde(default)]
    pub comment: String,
}

impl Body for Action {
    const ENTITY: &'static str = "action";
}

/// The action that stands after events in order; nothing where there is none.
pub fn latest<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Action> {
    events.into_iter().filter_map(|event| event.body::<Action>()?.ok()).last()
}
