//! Events: what happened to the things of a programme. Appended, never changed; what is so at any date is computed.
//!
//! Two times on every event: when it took effect (`at`) and when it became known here (`recorded_at`), so that one can
//! ask how things stood on a day, and what one knew of it on another.

use jiff::Timestamp;
use schemars::JsonSchema;
use secdiag_model::Sha256;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Something that happened to one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Digest of everything but `recorded_at`: the same event told twice is one event.
    pub id: String,
    /// Firm; empty where none is named.
    pub firm: String,
    /// Kind of thing, as [`Body::ENTITY`].
    pub entity: String,
    /// Which one.
    pub subject: String,
    /// When it took effect.
    pub at: Timestamp,
    /// When it became known here.
    pub recorded_at: Timestamp,
    /// Who did it: a person, or a run.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// What happened, as the entity's type.
    pub body: Json,
}

/// What can happen to one kind of thing.
pub trait Body: Serialize + DeserializeOwned {
    /// Stable name of the kind of thing, such as `finding`.
    const ENTITY: &'static str;
}

/// An event whose body is not of its entity's type: written by a newer version, or damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {id} of {entity} {subject} is not understood: {message}")]
pub struct NotUnderstood {
    /// Its id.
    pub id: String,
    /// Kind of thing.
    pub entity: String,
    /// Which one.
    pub subject: String,
    /// What is wrong.
    pub message: String,
}

/// Who did something when, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Act {
    /// A person, or a run.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When it took effect.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// When it became known here.
    #[schemars(with = "String")]
    pub recorded_at: Timestamp,
}

impl Event {
    /// An event with its content's id.
    pub fn new<B: Body>(firm: &str, subject: &str, act: &Act, body: &B) -> Self {
        // Writing JSON to memory fails only for maps with keys that are not text, which no body has.
        let body = serde_json::to_value(body).unwrap_or_default();
        let content =
            serde_json::json!([firm, B::ENTITY, subject, act.at.as_microsecond(), act.actor, act.reason, body]);
        Self {
            id: Sha256::of(content.to_string().as_bytes()).short(),
            firm: firm.to_owned(),
            entity: B::ENTITY.to_owned(),
            subject: subject.to_owned(),
            at: act.at,
            recorded_at: act.recorded_at,
            actor: act.actor.clone(),
            reason: act.reason.clone(),
            body,
        }
    }

    /// Its body, where it is about this kind of thing.
    pub fn body<B: Body>(&self) -> Option<Result<B, NotUnderstood>> {
        (self.entity == B::ENTITY).then(|| {
            B::deserialize(&self.body).map_err(|error| NotUnderstood {
                id: self.id.clone(),
                entity: self.entity.clone(),
                subject: self.subject.clone(),
                message: error.to_string(),
            })
        })
    }
}

/// The order in which events are folded: by effect, then by when they became known, then by id, so that it does not
/// depend on the order in which they are given.
pub fn in_order(events: &mut [Event]) {
    events.sort_by(|a, b| (a.at, a.recorded_at, &a.id).cmp(&(b.at, b.recorded_at, &b.id)));
}
