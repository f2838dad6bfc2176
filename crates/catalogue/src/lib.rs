//! Loads, validates and resolves the catalogue: items, crosswalk, regimes, categories, thresholds, check texts, trace.
//!
//! The catalogue is data (`catalogue/` at the root of the project, compiled in) that a user overlays with a folder of
//! their own: a file of the same path replaces ours, a new file adds to it.

mod lint;
mod load;
mod questionnaire;
mod schema;
pub mod sufficiency;
mod template;
mod thresholds;

pub use lint::{Complaint, KnownCheck};
pub use load::{Catalogue, LoadError};
pub use questionnaire::{
    Allowed, ControlArea, Duties, Limit, LimitId, LimitUnit, NotApplicable, Qualification, Question, Questionnaire,
    ReportElement, RuleChange, Scoring, Section,
};
pub use schema::{
    Attestation, Category, CheckSeverity, CheckText, Crosswalk, CrosswalkRow, EvidenceNeed, Group, Item, ItemCheck,
    ItemRefs, ItemSeverity, PlannedCheck, Protects, Regime, Requirement, SeverityRule, Sla, TextStatus, TraceStatus,
    Tracker, TrackerColumn, TrackerWord, Words, file_schemas,
};
pub use sufficiency::{Measured, Sufficiency, Verdict};
pub use template::MissingFact;
pub use thresholds::{Setting, Threshold, ThresholdSet};
