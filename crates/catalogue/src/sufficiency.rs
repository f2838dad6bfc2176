//! When evidence is enough. The numbers are the catalogue's; the arithmetic is here.

use schemars::JsonSchema;
use secdiag_model::Period;
use serde::{Deserialize, Serialize};

/// A sufficiency rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Sufficiency {
    /// Captures: each capture point covers at least `hours`, counting no silence longer than `max_gap_minutes`.
    Capture {
        /// Hours covered at each capture point.
        hours: u32,
        /// Silences up to this long still count as covered.
        max_gap_minutes: u32,
        /// Packets that the recorder lost, in percent of all, where the capture says so.
        max_drop_percent: u32,
    },
    /// Logs: first to last record spans `days`, or the records come to `megabytes` (10^6 bytes).
    SpanOrSize {
        /// Days from first to last record.
        days: u32,
        /// Size in 10^6 bytes.
        megabytes: u32,
    },
    /// Sampling: at least `percent` of the population or `count` units.
    Sample {
        /// Percent of the declared population.
        percent: u32,
        /// Units.
        count: u32,
    },
    /// Lists that age: the newest is at most `days` old on the as-of date.
    Fresh {
        /// Days.
        days: u32,
    },
}

/// What there is of a kind of evidence, for one system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Readable artefacts of the kind.
    pub artefacts: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Covered stretches by capture point or device; the empty name is "not named".
    pub periods: std::collections::BTreeMap<String, Vec<Period>>,
    /// Packets captured and packets that the recorder says it lost, by capture point, where it says so.
    pub drops: std::collections::BTreeMap<String, (u64, u64)>,
    /// Distinct devices or hosts.
    pub units: u64,
    /// Population declared for sampling.
    pub population: Option<u64>,
    /// Age in days of the newest artefact, where it has a date.
    pub age_days: Option<i64>,
}

/// Whether evidence is enough, with the figures that decide it, in English and Chinese.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Enough.
    pub sufficient: bool,
    /// What was measured against what is asked, one sentence.
    pub why: secdiag_model::Bilingual,
}
