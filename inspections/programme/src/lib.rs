//! Inspection of the programme itself: is every system classified, is its category true, is it assessed in time.
//!
//! Items: SEC-11.2, SEC-11.3 and SEC-11.4; FIN-1.3 and SEC-1.7 by the ledger of intelligence. Evidence: the firm's register (`register.toml`: systems with the decisions
//! about their categories, assessments, incidents), and connections out of captures and logs, whatever filled the `conn`
//! table. The rules are `secdiag_programme`'s, the numbers the catalogue's.
//!
//! A register is judged for the system that it is bound to; where it is bound to nobody, for all systems that it names.
//!
//! Limits: what the register does not name is not known; dates are believed as written.

mod checks;

use secdiag_catalogue::Category;
use secdiag_inspect::{Document, Facts, Inspection, JudgeCx, Meta, ParseCx, Stop, Unit};
use secdiag_model::evidence::Format;
use secdiag_model::{
    Artefact, EvidenceKind, Finding, Head, Locator, Match, Note, NoteKind, Proof, Recognition, Subject, SystemId,
};
use secdiag_programme::advisory::{Advisory, COLUMNS, parse_csv};
use secdiag_programme::cycle::Cycles;
use secdiag_programme::register::{Register, System};
use secdiag_programme::schedule::{IncidentAnchor, Row, Rules, schedule};
use serde::{Deserialize, Serialize};

/// The inspection.
pub static PROGRAMME: &dyn Inspection = &Programme;

/// Registers.
pub static REGISTER: Format = Format {
    id: "register",
    kind: EvidenceKind::Inv,
    title: "Register of systems, assessments and incidents (TOML)",
    sniff,
};

/// Ledgers of intelligence.
pub static LEDGER: Format = Format {
    id: "advisory-ledger",
    kind: EvidenceKind::Cti,
    title: "Ledger of intelligence: advisories received, assessed, searched, closed (CSV)",
    sniff: sniff_ledger,
};

static META: Meta =
    Meta { id: "programme", parser_version: 2, checks: checks::CHECKS, formats: &[&REGISTER, &LEDGER], tables: &[] };

/// Incidents of this level and above are major.
pub(crate) const MAJOR_FROM: u8 = 3;

struct Programme;

impl Inspection for Programme {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn parse(&self, unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
        let artefact = unit.first();
        let decoded = cx.text(artefact)?;
        if matches!(&artefact.recognition, Recognition::Recognised { format, .. } if format == LEDGER.id) {
            let (advisories, refused) = parse_csv(&decoded.text);
            for row in refused {
                let note = Note::new(NoteKind::NotUnderstood, "record-refused", row.reason);
                cx.note(note.on(artefact).at(format!("line {}", row.line)));
            }
            return cx.document(&unit.artefacts, &LedgerDocument { advisories });
        }
        match Register::parse(&decoded.text) {
            Ok(register) => cx.document(&unit.artefacts, &RegisterDocument { register, text: decoded.text }),
            Err(bad) => {
                for complaint in bad.0 {
                    cx.note(Note::new(NoteKind::Broken, "bad-register", complaint).on(artefact));
                }
                Ok(())
            }
        }
    }

    fn judge(&self, facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
        let documents = facts.documents::<RegisterDocument>()?;
        let mut views = Vec::new();
        for document in &documents {
            let Some(artefact) = document.artefacts.first() else { continue };
            views.push(View::of(&document.value, artefact, cx));
        }
        let ledgers = facts.documents::<LedgerDocument>()?;
        let advisories = ledgers
            .iter()
            .filter_map(|ledger| Some((*ledger.artefacts.first()?, &ledger.value.advisories)))
            .flat_map(|(artefact, rows)| rows.iter().map(move |(line, advisory)| (artefact, *line, advisory)))
            .filter(|(_, _, advisory)| advisory.received <= cx.as_of)
            .collect();
        let case = Case { views, advisories, inbound: facts.rows(checks::INBOUND.name)?, facts };
        for judge in checks::JUDGES {
            judge(&case, cx);
        }
        Ok(())
    }
}

/// TOML whose tables are those of a register.
fn sniff(head: &Head<'_>) -> Match {
    let Ok(text) =
        std::str::from_utf8(head.bytes).or_else(|error| std::str::from_utf8(&head.bytes[..error.valid_up_to()]))
    else {
        return Match::No;
    };
    let line = |start: &str| text.lines().any(|line| line.trim_start().starts_with(start));
    match (line("[[system]]"), line("commissioned"), line("[[evidence]]")) {
        (true, true, false) => Match::Yes(90),
        (true, false, false) => Match::Close("a register gives each [[system]] its day of `commissioned`"),
        _ => Match::No,
    }
}

/// A register as it is kept: with its text, so that a finding can show the line.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct RegisterDocument {
    register: Register,
    text: String,
}

impl Document for RegisterDocument {
    const KIND: &'static str = "register";
}

/// Whether a text is a ledger as [`secdiag_programme::advisory::to_csv`] writes it.
fn sniff_ledger(head: &Head<'_>) -> Match {
    let first = head.text().trim_start_matches('\u{feff}').lines().next().unwrap_or_default().to_lowercase();
    let columns: Vec<&str> = first.split(',').map(|column| column.trim().trim_matches('"')).collect();
    let needed = [COLUMNS[0], COLUMNS[2], COLUMNS[3], COLUMNS[7]];
    if needed.iter().all(|column| columns.contains(column)) { Match::Yes(90) } else { Match::No }
}

/// A ledger with the line of each advisory.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct LedgerDocument {
    advisories: Vec<(u64, Advisory)>,
}

impl Document for LedgerDocument {
    const KIND: &'static str = "advisory-ledger";
}

/// All that the checks ask about.
pub(crate) struct Case<'a> {
    views: Vec<View<'a>>,
    /// Advisories received by the as-of date, with their file and line.
    pub(crate) advisories: Vec<(&'a Artefact, u64, &'a Advisory)>,
    inbound: Vec<checks::Inbound>,
    facts: &'a Facts<'a>,
}

/// A register ready for questions: the systems that it is judged for, and their next dates.
pub(crate) struct View<'a> {
    document: &'a RegisterDocument,
    artefact: &'a Artefact,
    rows: Vec<Row>,
}

impl<'a> View<'a> {
    fn of(document: &'a RegisterDocument, artefact: &'a Artefact, cx: &JudgeCx<'_>) -> Self {
        let mut rows = schedule(&document.register, &rules(cx.catalogue.categories()), cx.as_of);
        rows.retain(|row| row.retired.is_none() || !row.incidents.is_empty());
        let own = cx.system.id.0.as_str();
        if own != SystemId::UNNAMED {
            rows.retain(|row| row.system == own);
        }
        Self { document, artefact, rows }
    }

    /// The systems in service with their records, in the order of their urgency.
    fn in_service(&self) -> impl Iterator<Item = (&Row, &System)> {
        self.rows.iter().filter(|row| row.retired.is_none()).filter_map(|row| Some((row, self.record(row)?)))
    }

    /// Whether the register names a system, in service or not.
    fn names(&self, id: &str) -> bool {
        self.document.register.systems.iter().any(|system| system.id == id)
    }

    fn record(&self, row: &Row) -> Option<&System> {
        self.document.register.systems.iter().find(|system| system.id == row.system)
    }

    /// A finding about a system, at the line that names it.
    fn finding(&self, check: &secdiag_inspect::Check, row: &Row) -> Finding {
        let quoted = format!("\"{}\"", row.system);
        let line = self
            .document
            .text
            .lines()
            .position(|line| line.trim_start().starts_with("id") && line.contains(&quoted))
            .map_or(Locator::Whole, |line| Locator::Line(line as u64 + 1));
        let excerpt = format!("system {} ({})", row.system, row.name);
        Finding::new(check.id, Subject::Record { record: row.system.clone() }, Proof::new(self.artefact, line, excerpt))
            .asset(row.system.as_str())
            .fact("system", row.system.as_str())
            .fact("name", row.name.as_str())
            .fact("category", row.category)
    }
}

fn rules(categories: &[Category]) -> Rules {
    let cycles = Cycles(categories.iter().map(|category| (category.id, category.cycle_years)).collect());
    Rules {
        cycles,
        incident_months: categories.first().map_or(3, |category| category.incident_months),
        anchor: IncidentAnchor::Occurred,
        major_from: MAJOR_FROM,
    }
}
