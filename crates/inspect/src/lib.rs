//! What an inspection is, and all that it may touch.
//!
//! An inspection is pure: bytes in through [`ParseCx`], rows, documents and notes out; then facts in through
//! [`JudgeCx`], findings and coverage out. It has no clock, file system, network or environment of its own
//! (`clippy.toml` forbids them), so the same evidence gives the same findings anywhere.
//!
//! *Parsing knows no policy*: it sees neither the as-of date nor thresholds, so its result is cached by the digest
//! of the evidence alone. *Judging sees one system at a time*: the engine calls it once for each system with that
//! system's evidence only.
//!
//! The two rules of thumb: one record at a time is code in `parse`; more than one record at a time is a query.

mod judge;
mod parse;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

use secdiag_model::evidence::Format;
use secdiag_model::{Artefact, EvidenceSet, RowValues, Table, Value};

pub use judge::{Facts, JudgeCx, JudgeSink, Looked, ParsedDocument};
pub use parse::{DecodedText, Document, ParseCx, ParseSink, Source, StoredDocument};

/// What a check is, declared once beside its logic. Texts, items, severity and weight are the catalogue's
/// (`catalogue/checks/<id>.yaml`).
#[derive(Debug)]
pub struct Check {
    /// Slug that names the bad thing: `firewall/permit-any-any`.
    pub id: &'static str,
    /// Formats of evidence whose parsing the check depends on: if one of their parsers crashes, so has the check.
    pub reads: &'static [&'static str],
    /// Set-shaped questions over the tables that the check asks; their answers are in [`Facts::rows`]. Checks may share
    /// one: it is asked once.
    pub queries: &'static [&'static Query],
}

impl Check {
    /// A check that asks no queries.
    pub const fn new(id: &'static str, reads: &'static [&'static str]) -> Self {
        Self { id, reads, queries: &[] }
    }

    /// The queries that it asks.
    pub const fn asks(mut self, queries: &'static [&'static Query]) -> Self {
        self.queries = queries;
        self
    }
}

/// The one list of an inspection's checks, in the order of the documentation: `checks! { JudgeType; name, … }` makes,
/// of every file named in it with its `CHECK` and `judge`, a module and a line of `CHECKS` and of `JUDGES`.
#[macro_export]
macro_rules! checks {
    ($judge:ty; $($check:ident),+ $(,)?) => {
        $(mod $check;)+

        /// What the checks are, in the order of the documentation.
        pub(crate) const CHECKS: &[&$crate::Check] = &[$(&$check::CHECK),+];

        /// What they do, in the same order.
        pub(crate) const JUDGES: &[$judge] = &[$($check::judge),+];
    };
}

/// Identity of an inspection.
#[derive(Debug)]
pub struct Meta {
    /// Slug: `firewall`, `directory`, `traffic`.
    pub id: &'static str,
    /// Raised when the parsers' output changes: results cached by an older version are parsed again.
    pub parser_version: u32,
    /// Checks in the order of the documentation.
    pub checks: &'static [&'static Check],
    /// Formats that its parsers read.
    pub formats: &'static [&'static Format],
    /// Tables that its parsers fill.
    pub tables: &'static [&'static Table],
}

/// A family of checks over the same kinds of evidence.
pub trait Inspection: Send + Sync {
    /// Who it is and what it reads.
    fn meta(&self) -> &'static Meta;

    /// Splits the evidence into pieces that parse alone, in any order, on any core. The default is one unit for each
    /// distinct content of a format that the inspection reads.
    fn units(&self, evidence: &EvidenceSet) -> Vec<Unit> {
        Unit::per_content(evidence, self.meta().formats)
    }

    /// Streams one unit: records become rows, typed documents, notes. A parser never fails on bad input, it notes.
    fn parse(&self, unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop>;

    /// Turns one system's facts into findings and coverage.
    fn judge(&self, facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop>;
}

/// One piece of parsing work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// What the unit is about, for a reader: a path, or a host's root folder.
    pub name: String,
    /// The artefacts that it reads, in order; at least one.
    pub artefacts: Vec<Artefact>,
}

impl Unit {
    /// One unit for each distinct content: the same bytes at two places are parsed once. The unit carries every
    /// artefact with that content (all bindings count), the first of which is the one to read.
    pub fn per_content(evidence: &EvidenceSet, formats: &[&'static Format]) -> Vec<Self> {
        let mut units: Vec<Self> = Vec::new();
        let mut seen = std::collections::BTreeMap::new();
        for artefact in &evidence.artefacts {
            if !artefact.format().is_some_and(|id| formats.iter().any(|format| format.id == id)) {
                continue;
            }
            let index = *seen.entry(artefact.sha256).or_insert_with(|| {
                units.push(Self { name: artefact.display_path(), artefacts: Vec::new() });
                units.len() - 1
            });
            units[index].artefacts.push(artefact.clone());
        }
        units
    }

    /// The artefact to read when the unit is one content.
    pub fn first(&self) -> &Artefact {
        &self.artefacts[0]
    }

    /// Bytes to read: the engine starts the largest units first.
    pub fn size(&self) -> u64 {
        self.artefacts.iter().map(|artefact| artefact.size).sum()
    }
}

/// A question over the lake's tables. The text is a `.sql` file beside the check that owns it, so that it runs
/// unchanged on any engine. It must order its rows totally.
#[derive(Debug)]
pub struct Query {
    /// Name under which [`Facts::rows`] finds the answer.
    pub name: &'static str,
    /// SQL over the tables' names and the lake's functions (`ip_prefix`, `ip_text`, `domain_suffixes`, …).
    pub sql: &'static str,
    /// Tables that it reads; an empty table is made where no evidence filled it.
    pub tables: &'static [&'static Table],
}

/// Why an inspection stops before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The user cancelled; the run can be resumed.
    Cancelled,
    /// The machine failed: disk full, evidence vanished from the vault.
    Infrastructure(String),
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cancelled => f.write_str("cancelled"),
            Self::Infrastructure(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Stop {}

/// A row as a JSON object with the table's column names: addresses as text (IPv4 unmapped), times as microseconds.
pub fn row_json(table: &Table, values: RowValues<'_>) -> serde_json::Map<String, serde_json::Value> {
    let mut row = serde_json::Map::new();
    let mut columns = table.columns.iter();
    values(&mut |value| {
        let Some(column) = columns.next() else { return };
        let value = match value {
            Value::Null => serde_json::Value::Null,
            Value::Time(n) | Value::Int(n) => n.into(),
            Value::UInt(n) => n.into(),
            Value::Float(n) => n.into(),
            Value::Bool(yes) => yes.into(),
            Value::Text(text) => text.into(),
            Value::Ip(ip) => ip.to_canonical().to_string().into(),
            Value::TextList(list) => list.into(),
        };
        row.insert(column.name.to_owned(), value);
    });
    row
}
