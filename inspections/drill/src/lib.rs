//! Inspection of drills: social-engineering mails, denial of service, education.
//!
//! Items: FIN-8 and SEC-10. Evidence: exports of GoPhish, Microsoft's attack simulation and KnowBe4, tables with
//! well-known columns, lists of users, training records, and records of the defence against denial of service
//! (`docs/drills.md`).
//!
//! People appear as pseudonyms in everything that leaves a parser; what they handed in at a drill is never read, and
//! [`redact`] takes it out of a file before it is kept.
//!
//! Limits: a drill without single visits (GoPhish results alone, most tables) cannot be freed of the visits of mail
//! scanners; its rates may be too high, and say so.

mod campaign;
mod checks;
mod ddos;
mod exports;
mod gophish;
pub mod measure;
mod people;
pub mod redact;
mod review;
mod table;
mod view;
mod visits;
mod when;

use secdiag_inspect::{Document, Facts, Inspection, JudgeCx, Meta, ParseCx, Stop, Unit};
use secdiag_model::evidence::{Format, Redact};
use secdiag_model::{Artefact, EvidenceKind, Head, Match, NoteKind};
use secdiag_records::Notes;
use serde::{Deserialize, Serialize};

pub use campaign::{Mail, Part, Source, Visit, What, person};
pub use visits::{Reason, automated};

use people::{Course, Member};
use table::{Table, header};

/// The inspection.
pub static DRILL: &dyn Inspection = &Drills;

static META: Meta = Meta { id: "drill", parser_version: 2, checks: checks::CHECKS, formats: FORMATS, tables: &[] };

/// Largest workbook that is read.
const MAX_BYTES: u64 = 32 << 20;

/// Formats whose files may hold what people handed in.
pub static REDACTIONS: &[(&str, Redact)] =
    &[("gophish-events", redact::events_csv), ("gophish-campaign", redact::api_json)];

static FORMATS: &[&Format] = &[
    &RESULTS,
    &EVENTS,
    &CAMPAIGN,
    &MICROSOFT,
    &KNOWBE4,
    &TABLE,
    &TABLE_XLSX,
    &PEOPLE,
    &PEOPLE_XLSX,
    &TRAINING,
    &TRAINING_XLSX,
    &DDOS,
    &REVIEW,
];

static RESULTS: Format = Format {
    id: "gophish-results",
    kind: EvidenceKind::Phish,
    title: "GoPhish results (CSV)",
    sniff: |head| columns(head, |columns| all(columns, gophish::RESULTS), 90),
};

static EVENTS: Format = Format {
    id: "gophish-events",
    kind: EvidenceKind::Phish,
    title: "GoPhish events (CSV)",
    sniff: |head| columns(head, |columns| all(columns, gophish::EVENTS), 90),
};

static CAMPAIGN: Format = Format {
    id: "gophish-campaign",
    kind: EvidenceKind::Phish,
    title: "GoPhish campaign (API, JSON)",
    sniff: |head| json(head, &["\"timeline\"", "\"results\"", "\"send_by_date\""], 2),
};

static MICROSOFT: Format = Format {
    id: "microsoft-simulation",
    kind: EvidenceKind::Phish,
    title: "Microsoft attack simulation, users (Graph, JSON)",
    sniff: |head| json(head, &["\"simulationUser\"", "\"isCompromised\"", "\"simulationEvents\""], 2),
};

static KNOWBE4: Format = Format {
    id: "knowbe4-recipients",
    kind: EvidenceKind::Phish,
    title: "KnowBe4 recipients of a phishing test (JSON)",
    sniff: |head| json(head, &["\"recipient_id\"", "\"pst_id\"", "\"clicked_at\"", "\"delivered_at\""], 3),
};

static TABLE: Format = Format {
    id: "drill-table",
    kind: EvidenceKind::Phish,
    title: "Results of a mail drill (CSV)",
    sniff: |head| columns(head, |columns| exports::is_drill(columns) && !all(columns, gophish::RESULTS), 70),
};

static TABLE_XLSX: Format = Format {
    id: "drill-table-xlsx",
    kind: EvidenceKind::Phish,
    title: "Results of a mail drill (XLSX)",
    sniff: |head| sheet(head, exports::is_drill),
};

static PEOPLE: Format = Format {
    id: "people",
    kind: EvidenceKind::Phish,
    title: "List of users (CSV)",
    sniff: |head| columns(head, people::is_people, 70),
};

static PEOPLE_XLSX: Format = Format {
    id: "people-xlsx",
    kind: EvidenceKind::Phish,
    title: "List of users (XLSX)",
    sniff: |head| sheet(head, people::is_people),
};

static TRAINING: Format = Format {
    id: "training",
    kind: EvidenceKind::Train,
    title: "Training records (CSV)",
    sniff: |head| columns(head, people::is_training, 75),
};

static TRAINING_XLSX: Format = Format {
    id: "training-xlsx",
    kind: EvidenceKind::Train,
    title: "Training records (XLSX)",
    sniff: |head| sheet(head, people::is_training),
};

static DDOS: Format = Format {
    id: "ddos-records",
    kind: EvidenceKind::Ddos,
    title: "Defence against denial of service: contracts, contacts, drills (TOML, YAML)",
    sniff: ddos::sniff,
};

static REVIEW: Format = Format {
    id: "drill-review",
    kind: EvidenceKind::Phish,
    title: "An assessor's judgement of visits at a drill (TOML, YAML)",
    sniff: review::sniff,
};

/// Formats that tell of mail drills.
const READS_MAILS: &[&str] = &[
    "gophish-results",
    "gophish-events",
    "gophish-campaign",
    "microsoft-simulation",
    "knowbe4-recipients",
    "drill-table",
    "drill-table-xlsx",
];

/// Reasons of notes about what was understood, and left out for what it says.
const LEFT_OUT: &[&str] = &["course-failed", "not-sent", "taken-as-handed-in"];

fn all(columns: &[String], needed: &[&str]) -> bool {
    needed.iter().all(|needed| columns.iter().any(|column| column == needed))
}

fn columns(head: &Head<'_>, fits: impl Fn(&[String]) -> bool, sure: u8) -> Match {
    if fits(&header(head.text())) { Match::Yes(sure) } else { Match::No }
}

/// JSON whose beginning has at least `least` of these keys.
fn json(head: &Head<'_>, keys: &[&str], least: usize) -> Match {
    let text = head.text().trim_start_matches('\u{feff}').trim_start();
    let found = keys.iter().filter(|key| text.contains(**key)).count();
    if text.starts_with(['{', '[']) && found >= least { Match::Yes(90) } else { Match::No }
}

fn sheet(head: &Head<'_>, fits: fn(&[String]) -> bool) -> Match {
    let found = secdiag_records::workbook::headers(head);
    let named: Vec<Vec<String>> = found.iter().map(|row| row.iter().map(|cell| table::name(cell)).collect()).collect();
    if named.iter().any(|columns| fits(columns)) { Match::Yes(100) } else { Match::No }
}

struct Drills;

impl Inspection for Drills {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn parse(&self, unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
        let artefact = unit.first();
        let mut notes = Notes::default();
        let name = stem(artefact.file_name());
        let mut told = Told::default();
        let format = match &artefact.recognition {
            secdiag_model::Recognition::Recognised { format, .. } => format.as_str(),
            _ => "",
        };
        if format.ends_with("-xlsx") {
            let (bytes, _) = cx.bytes(artefact, MAX_BYTES)?;
            let fits = match format {
                "people-xlsx" => people::is_people,
                "training-xlsx" => people::is_training,
                _ => exports::is_drill,
            };
            let table = Table::workbook(&bytes, fits, &mut notes);
            tables(format, &table, name, &mut told, &mut notes);
        } else {
            let text = cx.text(artefact)?.text;
            match format {
                "gophish-results" => told.parts.push(gophish::results(&text, name, &mut notes)),
                "gophish-events" => told.parts.push(gophish::events(&text, name, &mut notes)),
                "gophish-campaign" => told.parts = gophish::api(&text, name, &mut notes),
                "microsoft-simulation" => told.parts = exports::microsoft(&text, name, &mut notes),
                "knowbe4-recipients" => told.parts = exports::knowbe4(&text, name, &mut notes),
                "ddos-records" => {
                    let (ddos, found) = ddos::parse(&text);
                    told.ddos = Some(ddos);
                    for note in found {
                        cx.note(note.on(artefact));
                    }
                }
                "drill-review" => {
                    let (reviews, found) = review::parse(&text);
                    told.reviews = reviews;
                    for note in found {
                        cx.note(note.on(artefact));
                    }
                }
                _ => tables(format, &Table::csv(&text, &mut notes), name, &mut told, &mut notes),
            }
        }
        told.parts.retain(|part| !part.mails.is_empty() || !part.visits.is_empty());
        for mut note in notes.into_notes() {
            if LEFT_OUT.contains(&note.reason.as_str()) {
                note.kind = NoteKind::Assumed;
            }
            cx.note(note.on(artefact));
        }
        cx.document(&unit.artefacts, &told)
    }

    fn judge(&self, facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
        let Some(view) = view::View::gather(facts, cx)? else { return Ok(()) };
        for judge in checks::JUDGES {
            judge(&view, cx);
        }
        Ok(())
    }
}

fn tables(format: &str, table: &Table, name: &str, told: &mut Told, notes: &mut Notes) {
    match format.trim_end_matches("-xlsx") {
        "people" => told.members = people::members(table, notes),
        "training" => told.courses = people::courses(table, notes),
        _ => told.parts = exports::table(table, name, notes),
    }
}

/// A file's name without its ending.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// What one file tells.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Told {
    parts: Vec<Part>,
    members: Vec<Member>,
    courses: Vec<Course>,
    reviews: Vec<review::Review>,
    ddos: Option<ddos::Ddos>,
}

impl Document for Told {
    const KIND: &'static str = "drill";
}

/// What a document of this inspection tells of campaigns.
pub fn parts(document: &secdiag_inspect::StoredDocument) -> Vec<Part> {
    if document.kind != Told::KIND {
        return Vec::new();
    }
    Told::deserialize(&document.value).map(|told| told.parts).unwrap_or_default()
}

/// A file and what it tells.
pub(crate) struct Known<'a> {
    pub(crate) artefact: &'a Artefact,
    pub(crate) told: Told,
}
