//! Inspection of what a firm writes down about its own practice: answers to questionnaires, registers of audits and
//! letters, continuity records, the papers of the assessment itself.
//!
//! Items: FIN-1.2 and FIN-7 with their counterparts SEC-1.6 and SEC-9, the duties SEC-11.1 and SEC-11.5 to 11.8, and
//! online ordering SEC-12. Evidence: TOML, YAML and CSV files as `docs/questionnaires.md` describes them.
//!
//! The questions, rhythms and limits are the catalogue's (`questionnaires/`, `duties.yaml`). A "yes" is worth what its
//! evidence is worth: an artefact that is really in the evidence set and fresh on the as-of date; else it is a finding,
//! never a pass. What was not answered is listed.
//!
//! The slugs are of two families, as the items plan them: `compliance/…` for practice, `programme/…` for the papers of
//! the assessment programme (plan, assessors, report, follow-up, continuity).
//!
//! Limits: that a file named as evidence exists, is readable and fresh is checked; what it says is for the reader. The
//! register is believed where nothing contradicts it.

pub mod answers;
mod asked;
mod checks;
mod formats;
pub mod records;
mod results;
pub mod rhythm;
mod say;
pub mod template;
mod view;

use secdiag_inspect::{Facts, Inspection, JudgeCx, Meta, ParseCx, Stop, Unit};
use secdiag_model::EvidenceSet;

pub use answers::Answers;
pub use records::Records;

/// The inspection.
pub static COMPLIANCE: &dyn Inspection = &Compliance;

static META: Meta =
    Meta { id: "compliance", parser_version: 1, checks: checks::CHECKS, formats: &formats::FORMATS, tables: &[] };

struct Compliance;

impl Inspection for Compliance {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn units(&self, evidence: &EvidenceSet) -> Vec<Unit> {
        let mut units = Unit::per_content(evidence, formats::FILES);
        units.extend(results::units(evidence));
        units
    }

    fn parse(&self, unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
        formats::parse(unit, cx)
    }

    fn judge(&self, facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
        let Some(view) = view::View::gather(facts, cx)? else { return Ok(()) };
        for judge in checks::JUDGES {
            judge(&view, cx);
        }
        Ok(())
    }
}
