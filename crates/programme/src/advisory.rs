//! The intelligence ledger: what was received, what was made of it, where it was searched, and whether it was closed in
//! time.
//!
//! ```text
//! received ─► assessed ─► acted on ─► closed        searched: any number of times, in the evidence of a run
//!                └── not relevant ──────┘
//! ```

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, tz};
use schemars::JsonSchema;
use secdiag_model::Severity;
use serde::{Deserialize, Serialize};

use crate::event::{Body, Event};

/// What happens to an advisory; its subject is the short digest of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Step {
    /// It came.
    Received {
        /// Name of the file or collection.
        name: String,
        /// Who sent it, such as F-ISAC.
        source: String,
        /// How urgent the sender says it is.
        severity: Severity,
        /// Traffic light protocol; empty where none is named.
        tlp: String,
        /// Digest of the file, 64 hex digits.
        sha256: String,
        /// Indicators that it holds.
        indicators: u64,
    },
    /// Somebody judged whether it concerns the firm.
    Assessed {
        /// Whether it does.
        relevant: bool,
    },
    /// Something was done.
    Acted,
    /// Its indicators were searched in the evidence of a run.
    Searched {
        /// The run.
        run: String,
        /// Findings that name it.
        hits: u64,
    },
    /// Done with.
    Closed,
}

impl Body for Step {
    const ENTITY: &'static str = "advisory";
}

/// An advisory as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// Short digest of its file.
    pub id: String,
    /// See [`Step::Received`].
    pub name: String,
    /// Sender.
    pub source: String,
    /// Urgency.
    pub severity: Severity,
    /// Traffic light protocol.
    pub tlp: String,
    /// Digest of the file.
    pub sha256: String,
    /// Indicators.
    pub indicators: u64,
    /// Day of receipt, in Taiwan, as are the others.
    pub received: Date,
    /// Day of the judgement.
    pub assessed: Option<Date>,
    /// What it was.
    pub relevant: Option<bool>,
    /// Day of the action.
    pub acted: Option<Date>,
    /// Day of the last search.
    pub searched: Option<Date>,
    /// Findings of all searches.
    pub hits: u64,
    /// Day on which it was closed.
    pub closed: Option<Date>,
}

/// Why a step is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is closed.
    #[error("the advisory was closed on {0}")]
    Closed(Date),
    /// Nobody has judged it.
    #[error("the advisory was not assessed yet")]
    NotAssessed,
    /// It concerns the firm, and nothing was done.
    #[error("the advisory is relevant: say what was done before it is closed")]
    NotActed,
    /// No reason given.
    #[error("say why: the reason is empty")]
    NoReason,
}

impl Advisory {
    /// The advisories after events in order; what has no receipt is left out.
    pub fn fold(events: &[Event]) -> BTreeMap<String, Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for event in events {
            let Some(Ok(step)) = event.body::<Step>() else { continue };
            let day = day(event.at);
            match (step, all.get_mut(&event.subject)) {
                (Step::Received { name, source, severity, tlp, sha256, indicators }, None) => {
                    let id = event.subject.clone();
                    let advisory = Self {
                        id: id.clone(),
                        name,
                        source,
                        severity,
                        tlp,
                        sha256,
                        indicators,
                        received: day,
                        assessed: None,
                        relevant: None,
                        acted: None,
                        searched: None,
                        hits: 0,
                        closed: None,
                    };
                    all.insert(id, advisory);
                }
                (Step::Assessed { relevant }, Some(known)) => {
                    (known.assessed, known.relevant) = (Some(day), Some(relevant));
                }
                (Step::Acted, Some(known)) => known.acted = Some(day),
                (Step::Searched { hits, .. }, Some(known)) => {
                    known.searched = Some(day);
                    known.hits += hits;
                }
                (Step::Closed, Some(known)) => known.closed = Some(day),
                // The same file again is the same advisory.
                (_, _) => {}
            }
        }
        all
    }

    /// Whether a step may follow.
    pub fn allows(&self, step: &Step, reason: &str) -> Result<(), Refusal> {
        if let Some(day) = self.closed {
            return Err(Refusal::Closed(day));
        }
        if reason.trim().is_empty() {
            return Err(Refusal::NoReason);
        }
        match step {
            Step::Acted | Step::Closed if self.relevant.is_none() => Err(Refusal::NotAssessed),
            Step::Closed if self.relevant == Some(true) && self.acted.is_none() => Err(Refusal::NotActed),
            _ => Ok(()),
        }
    }

    /// The word for where it stands.
    pub const fn state(&self) -> &'static str {
        match self {
            Self { closed: Some(_), .. } => "closed",
            Self { acted: Some(_), .. } => "acted",
            Self { relevant: Some(true), .. } => "relevant",
            Self { relevant: Some(false), .. } => "not_relevant",
            Self { .. } => "received",
        }
    }
}

fn day(at: Timestamp) -> Date {
    tz::offset(8).to_datetime(at).date()
}

/// Columns of a ledger as CSV.
pub const COLUMNS: [&str; 14] = [
    "advisory",
    "name",
    "source",
    "severity",
    "tlp",
    "sha256",
    "indicators",
    "received",
    "assessed",
    "relevant",
    "acted",
    "searched",
    "hits",
    "closed",
];

/// The ledger as CSV, for the evidence folder.
pub fn to_csv<'a>(advisories: impl IntoIterator<Item = &'a Advisory>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    // Writing to memory cannot fail.
    let _ = writer.write_record(COLUMNS);
    for advisory in advisories {
        let relevant = advisory.relevant.map(|yes| yes.to_string()).unwrap_or_default();
        let _ = writer.write_record([
            advisory.id.clone(),
            advisory.name.clone(),
            advisory.source.clone(),
            advisory.severity.word().to_owned(),
            advisory.tlp.clone(),
            advisory.sha256.clone(),
            advisory.indicators.to_string(),
            advisory.received.to_string(),
            day(advisory.assessed),
            relevant,
            day(advisory.acted),
            day(advisory.searched),
            advisory.hits.to_string(),
            day(advisory.closed),
        ]);
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A row that cannot be used: its line and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Line, counted from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// Reads a ledger, each advisory with its line. Columns may be in any order; only the first four of [`COLUMNS`] and
/// `received` are needed.
pub fn parse_csv(text: &str) -> (Vec<(u64, Advisory)>, Vec<RefusedRow>) {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let columns: Vec<String> = match reader.headers() {
        Ok(headers) => headers.iter().map(|name| name.trim().to_lowercase()).collect(),
        Err(error) => return (Vec::new(), vec![RefusedRow { line: 1, reason: error.to_string() }]),
    };
    let (mut advisories, mut refused) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                refused.push(RefusedRow { line, reason: error.to_string() });
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let get = |name: &str| {
            let place = columns.iter().position(|column| column == name);
            place.and_then(|place| record.get(place)).unwrap_or_default().trim()
        };
        match row(&get) {
            Ok(advisory) => advisories.push((line, advisory)),
            Err(reason) => refused.push(RefusedRow { line, reason }),
        }
    }
    (advisories, refused)
}

fn row<'a>(get: &dyn Fn(&str) -> &'a str) -> Result<Advisory, String> {
    let date = |name: &str| match get(name) {
        "" => Ok(None),
        text => text.parse::<Date>().map(Some).map_err(|_| format!("`{name}`: `{text}` is no date such as 2026-10-05")),
    };
    let severity = Severity::DESCENDING.into_iter().find(|severity| severity.word() == get("severity").to_lowercase());
    let advisory = Advisory {
        id: get("advisory").to_owned(),
        name: get("name").to_owned(),
        source: get("source").to_owned(),
        severity: severity
            .ok_or_else(|| format!("`severity`: `{}` is none of critical, high, medium, low, info", get("severity")))?,
        tlp: get("tlp").to_owned(),
        sha256: get("sha256").to_owned(),
        indicators: get("indicators").parse().unwrap_or_default(),
        received: date("received")?.ok_or("`received` is missing")?,
        assessed: date("assessed")?,
        relevant: match get("relevant") {
            "" => None,
            text => Some(matches!(text.to_lowercase().as_str(), "true" | "yes" | "是")),
        },
        acted: date("acted")?,
        searched: date("searched")?,
        hits: get("hits").parse().unwrap_or_default(),
        closed: date("closed")?,
    };
    if advisory.id.is_empty() {
        return Err("`advisory` is missing".to_owned());
    }
    if let Some(closed) = advisory.closed.filter(|closed| *closed < advisory.received) {
        return Err(format!("closed on {closed}, before it was received on {}", advisory.received));
    }
    Ok(advisory)
}
