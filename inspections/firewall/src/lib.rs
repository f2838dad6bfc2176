//! Inspection of firewall rules: items GOV-6, FIN-6.3 and SEC-8.4.
//!
//! *Evidence*: configurations of the formats of [`vendors`]. Each becomes a neutral [`policy::Policy`]; judging unfolds
//! it into flat lists of boxes ([`flat`]), tells which way each rule lets packets go ([`direction`]), what becomes of each
//! rule among the others ([`standing`], by the exact answers of [`cover`]), and asks the questions of [`checks`].
//!
//! *Questions without a diagnostic*: one packet ([`ask`]), two versions ([`diff`]), one service ([`matrix`]), sources
//! that cannot be ([`spoof`]), a configuration to show ([`anonymise`]).
//!
//! *Other evidence* ([`beside`]): listed addresses that are not blocked, and what a wide rule was used for
//! ([`proposal`]).
//!
//! *Limits*: one device at a time; translation and routing are read, but rules are judged as they see addresses:
//! FortiOS virtual IPs stand for their targets.

#![allow(
    clippy::match_same_arms,
    clippy::unnested_or_patterns,
    reason = "recognisers and tables of words say line by line what they know; merged lines cannot be read"
)]
#![allow(clippy::naive_bytecount, reason = "line ends are counted in pieces of one line each")]
#![allow(clippy::single_match_else, reason = "a match shows both outcomes of a parse side by side")]

pub mod anonymise;
pub mod ask;
pub mod beside;
pub mod checks;
pub mod cover;
pub mod diff;
pub mod direction;
pub mod edit;
pub mod flat;
pub mod interval;
pub mod matrix;
pub mod net;
pub mod policy;
pub mod ports;
pub mod proposal;
pub mod risky;
mod roles;
mod secrets;
pub mod spoof;
pub mod standing;
pub mod translate;
pub mod vendors;
pub mod zones;

use secdiag_inspect::{Facts, Inspection, JudgeCx, Meta, ParseCx, Stop, Unit};
use secdiag_model::{Artefact, EvidenceSet, Note, NoteKind};

use crate::policy::Policy;
use crate::vendors::{Parsed, tables};

/// The inspection.
pub static FIREWALL: &dyn Inspection = &Firewall;

pub use crate::checks::example;
pub use crate::vendors::FORMATS;

/// A box as a reader writes it: `wan1 → dmz: any → 10.9.0.10 tcp/443`.
pub fn describe(cube: &flat::Cube, universe: &flat::Universe) -> String {
    let names = |set: &interval::Intervals<u16>| {
        if set.covers(&universe.all) {
            return "any".to_owned();
        }
        net::shorten(universe.names(set).map(|name| name.unwrap_or("(others)").to_owned()).collect(), 4)
    };
    let (from, to) = (names(&cube.in_ifs), names(&cube.out_ifs));
    let way = if from == "any" && to == "any" { String::new() } else { format!("{from} → {to}: ") };
    format!("{way}{} → {} {}", cube.src.describe(4), cube.dst.describe(4), cube.service)
}

static META: Meta = Meta { id: "firewall", parser_version: 3, checks: checks::CHECKS, formats: FORMATS, tables: &[] };

/// See the crate's documentation.
#[derive(Debug)]
pub struct Firewall;

impl Inspection for Firewall {
    fn meta(&self) -> &'static Meta {
        &META
    }

    /// Tables are read with the profiles beside them; a profile is no piece of work of its own.
    fn units(&self, evidence: &EvidenceSet) -> Vec<Unit> {
        let mut units = Unit::per_content(evidence, FORMATS);
        let profiles: Vec<Artefact> =
            evidence.artefacts.iter().filter(|artefact| is_profile(artefact)).cloned().collect();
        units.retain(|unit| !is_profile(unit.first()));
        for unit in units.iter_mut().filter(|unit| is_table(unit.first())) {
            unit.artefacts.extend(profiles.iter().cloned());
        }
        units
    }

    fn parse(&self, unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
        let artefact = unit.first();
        let Some(vendor) = vendors::VENDORS.iter().find(|vendor| artefact.format() == Some(vendor.format.id)) else {
            return Ok(());
        };
        let parsed = if is_table(artefact) { table(unit, cx)? } else { (vendor.parse)(&cx.text(artefact)?.text) };
        let artefacts: Vec<Artefact> = unit.artefacts.iter().filter(|of| !is_profile(of)).cloned().collect();
        cx.check_cancelled()?;
        if parsed.policies.is_empty() {
            let text = "no list of rules was found in it: give the whole configuration";
            cx.note(Note::new(NoteKind::Broken, "no-rules", text).on(artefact));
        }
        for policy in &parsed.policies {
            if policy.truncated {
                let text = "the file breaks off in the middle of a section: rules may be missing at its end";
                cx.note(Note::new(NoteKind::Broken, "truncated", text).on(artefact));
            }
            cx.document(&artefacts, policy)?;
        }
        for note in parsed.notes {
            cx.note(note.on(artefact));
        }
        Ok(())
    }

    fn judge(&self, facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
        let beside = beside::Beside::of(facts)?;
        for document in &facts.documents::<Policy>()? {
            let unfolded = checks::Unfolded::of(&document.value, cx.as_of);
            let Some(firewall) = checks::Firewall::new(document, &unfolded, &beside) else { continue };
            if firewall.flats.iter().any(|flat| flat.incomplete) {
                let text = format!("{}: lists are nested so deep that not all of them were followed", firewall.name);
                let note = Note::new(NoteKind::NotUnderstood, "too-deep", text);
                cx.note(document.artefacts.first().map_or(note.clone(), |artefact| note.clone().on(artefact)));
            }
            if firewall.policy.paths.is_empty() {
                continue;
            }
            for judge in checks::JUDGES {
                judge(&firewall, cx);
            }
        }
        Ok(())
    }
}

fn is_profile(artefact: &Artefact) -> bool {
    artefact.format() == Some(tables::profile::FORMAT.id)
}

fn is_table(artefact: &Artefact) -> bool {
    [tables::VENDOR.format.id, tables::WORKBOOK.format.id].iter().any(|id| artefact.format() == Some(id))
}

/// Most bytes of a workbook.
const WORKBOOK_MAX: u64 = 64 << 20;

fn table(unit: &Unit, cx: &ParseCx<'_>) -> Result<Parsed, Stop> {
    let mut profiles = Vec::new();
    for artefact in unit.artefacts.iter().filter(|artefact| is_profile(artefact)) {
        let (profile, wrong) = tables::profile::Profile::read(&cx.text(artefact)?.text);
        for text in wrong {
            cx.note(Note::new(NoteKind::NotUnderstood, "profile", text).on(artefact));
        }
        profiles.push(profile);
    }
    let artefact = unit.first();
    if artefact.format() == Some(tables::VENDOR.format.id) {
        return Ok(tables::parse_with(&cx.text(artefact)?.text, &profiles));
    }
    let (bytes, cut) = cx.bytes(artefact, WORKBOOK_MAX)?;
    if cut {
        let text = format!("a workbook of more than {WORKBOOK_MAX} bytes is not read: save the sheet as CSV");
        cx.note(Note::new(NoteKind::Broken, "too-large", text).on(artefact));
        return Ok(Parsed::default());
    }
    Ok(tables::parse_workbook(&bytes, &profiles))
}
