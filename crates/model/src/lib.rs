//! The vocabulary of a diagnostic: evidence, findings, outcomes, tables. No I/O, no clock, no configuration.
//!
//! Every other crate speaks these words; see `ARCHITECTURE.md` for how they fit together.

pub mod evidence;
pub mod finding;
pub mod glob;
pub mod id;
pub mod indicator;
pub mod note;
pub mod outcome;
pub mod programme;
pub mod result;
pub mod table;
pub mod text;

pub use evidence::{Artefact, Binding, EvidenceKind, EvidenceSet, Format, Head, Match, Period, Recognition};
pub use finding::{Finding, Locator, Proof, Severity, Subject};
pub use id::{ItemId, Sha256, SystemId};
pub use indicator::Indicator;
pub use note::{Note, NoteKind};
pub use outcome::{CheckState, Outcome};
pub use table::{Cell, CellKind, Column, Conn, Dns, Micros, Record, RowValues, Table, Value};
pub use text::{Bilingual, Lang};
