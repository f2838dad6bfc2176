//! Inspection of network architecture: items GOV-1, FIN-1 and SEC-1; diagrams, single points of failure, what they cost.
//!
//! *Evidence*: drawings of the formats of [`import`], each read into a [`drawing::Drawing`], and the firm's own file
//! beside them ([`facts`]), with continuity records where there are some ([`joined`]). Judging makes one typed network
//! of a system's drawings and facts ([`topology`]), takes its shape apart ([`graph`]), plays every single failure through
//! ([`failure`]) and asks the questions of [`checks`].
//!
//! *Limits*: what is not drawn is not known. A role that nothing says is asked for, never guessed; a limit, repair time
//! or loss that is not given makes no verdict, never a pass.

#![allow(
    clippy::match_same_arms,
    clippy::unnested_or_patterns,
    reason = "recognisers and tables of words say line by line what they know; merged lines cannot be read"
)]
#![allow(clippy::naive_bytecount, reason = "line ends are counted in pieces of one line each")]

mod checks;
pub mod drawing;
pub mod facts;
pub mod failure;
pub mod graph;
pub mod import;
pub mod joined;
pub mod map;
pub mod needs;
pub mod topology;
pub mod words;

use secdiag_inspect::{Document, Facts as Evidence, Inspection, JudgeCx, Meta, ParseCx, Stop, Unit};
use secdiag_model::{Artefact, EvidenceKind, EvidenceSet, Format, Note, NoteKind};
use secdiag_records::continuity::{self, Continuity};
use serde::{Deserialize, Serialize};

use crate::drawing::Drawing;
use crate::facts::Facts;

/// The inspection.
pub static ARCHITECTURE: &dyn Inspection = &Architecture;

/// The firm's own file.
pub static FACTS: Format = Format {
    id: "architecture",
    kind: EvidenceKind::Diag,
    title: "Network architecture: elements, redundancy, functions, risk appetite (TOML, YAML)",
    sniff: facts::sniff,
};

/// Declares what is read, once: formats in the order of documentation, their ids, and their readers.
macro_rules! readers {
    ($($module:ident $id:literal),+ $(,)?) => {
        /// Every format that is read.
        pub static FORMATS: &[&Format] = &[&FACTS, $(&import::$module::FORMAT),+];

        /// Their ids.
        const READS: &[&str] = &["architecture", $($id),+];

        /// What reads a drawing of a format.
        fn reader(format: &str) -> Option<fn(&[u8]) -> Drawing> {
            match format { $($id => Some(import::$module::read),)+ _ => None }
        }
    };
}

readers! {
    drawio "drawio", drawio_csv "drawio-csv", vsdx "vsdx", yed "yed", graphml "graphml", mermaid "mermaid",
    plantuml "plantuml", d2 "d2", dot "dot", tables "network-tables", netbox "netbox", containerlab "containerlab",
    nmap "nmap-xml",
}

static META: Meta =
    Meta { id: "architecture", parser_version: 2, checks: checks::CHECKS, formats: FORMATS, tables: &[] };

struct Architecture;

/// Bytes of one drawing; more is cut.
const CAP: u64 = 64 << 20;

impl Inspection for Architecture {
    fn meta(&self) -> &'static Meta {
        &META
    }

    /// Continuity records belong to another inspection, which tells them apart; they are read here as well.
    fn units(&self, evidence: &EvidenceSet) -> Vec<Unit> {
        let mut units = Unit::per_content(evidence, FORMATS);
        units.extend(Unit::per_content(evidence, &[&continuity::FORMAT]));
        units
    }

    fn parse(&self, unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
        let artefact = unit.first();
        let format = artefact.format().unwrap_or_default();
        let syntax =
            |text: &str| secdiag_records::declaration(text).map_or(secdiag_records::Syntax::Toml, |(syntax, _)| syntax);
        if format == continuity::FORMAT.id {
            // What is not understood in it is noted by the inspection of continuity.
            let text = cx.text(artefact)?.text;
            let (records, _) = continuity::read(&text, syntax(&text));
            return cx.document(&unit.artefacts, &ContinuityDocument { records });
        }
        if format == FACTS.id {
            let text = cx.text(artefact)?.text;
            let (facts, notes) = facts::read(&text, syntax(&text));
            for note in notes {
                cx.note(note.on(artefact));
            }
            return cx.document(&unit.artefacts, &FactsDocument { facts });
        }
        let Some(read) = reader(format) else { return Ok(()) };
        let (bytes, cut) = cx.bytes(artefact, CAP)?;
        if cut {
            let text = format!("only the first {CAP} bytes were read: give one page a file");
            cx.note(Note::new(NoteKind::Broken, "too-large", text).on(artefact));
        }
        let mut drawing = read(&bytes);
        cx.check_cancelled()?;
        if drawing.nodes.is_empty() {
            let text = "nothing was found drawn in it";
            cx.note(Note::new(NoteKind::Broken, "empty-drawing", text).on(artefact));
        }
        for note in std::mem::take(&mut drawing.notes) {
            cx.note(note.on(artefact));
        }
        cx.document(&unit.artefacts, &DrawingDocument { drawing })
    }

    fn judge(&self, evidence: &Evidence<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
        let drawings = evidence.documents::<DrawingDocument>()?;
        let facts = evidence.documents::<FactsDocument>()?;
        let records = evidence.documents::<ContinuityDocument>()?;
        let mut artefacts: Vec<&Artefact> = Vec::new();
        let mut drawn = Vec::new();
        for document in &drawings {
            let Some(artefact) = document.artefacts.first() else { continue };
            // A scan says what is there, not how it hangs together.
            if artefact.format() != Some(import::nmap::FORMAT.id) {
                drawn.push((artefacts.len(), &document.value.drawing));
                artefacts.push(artefact);
            }
        }
        let mut told = Vec::new();
        for document in &facts {
            let Some(artefact) = document.artefacts.first() else { continue };
            told.push((artefacts.len(), document.value.facts.clone()));
            artefacts.push(artefact);
        }
        if artefacts.is_empty() {
            return Ok(());
        }
        for document in &records {
            let Some(artefact) = document.artefacts.first() else { continue };
            for note in joined::join(&mut told, artefacts.len(), &document.value.records, cx.as_of) {
                cx.note(note.on(artefact));
            }
            artefacts.push(artefact);
        }
        let stated: Vec<(usize, &Facts)> = told.iter().map(|(file, facts)| (*file, facts)).collect();
        let topology = topology::Topology::of(&drawn, &stated);
        if topology.elements.is_empty() {
            return Ok(());
        }
        let play = failure::Play::new(&topology, &stated, cx.as_of, cycle_days(cx));
        let outcomes = play.outcomes();
        let case = checks::Case {
            topology: &topology,
            graph: topology.graph(),
            play: &play,
            outcomes: &outcomes,
            artefacts: &artefacts,
            facts: &stated,
        };
        for judge in checks::JUDGES {
            judge(&case, cx);
        }
        Ok(())
    }
}

/// How long a test of a switch-over holds: the cycle of the system's category, the shortest where it has none.
fn cycle_days(cx: &JudgeCx<'_>) -> i32 {
    let own = |id: u8| cx.system.category.is_none_or(|category| category == id);
    let categories = cx.catalogue.categories().iter().filter(|category| own(category.id));
    categories.map(|category| i32::try_from(category.cycle_years).unwrap_or(1).saturating_mul(366)).min().unwrap_or(366)
}

/// A drawing as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct DrawingDocument {
    drawing: Drawing,
}

impl Document for DrawingDocument {
    const KIND: &'static str = "drawing";
}

/// Continuity records as they are kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ContinuityDocument {
    records: Continuity,
}

impl Document for ContinuityDocument {
    const KIND: &'static str = "continuity";
}

/// The firm's file as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct FactsDocument {
    facts: Facts,
}

impl Document for FactsDocument {
    const KIND: &'static str = "architecture";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_declared_under_its_own_id() {
        let ids: Vec<&str> = FORMATS.iter().map(|format| format.id).collect();
        assert_eq!(ids, READS);
        assert!(READS[1..].iter().all(|id| reader(id).is_some()));
    }
}
