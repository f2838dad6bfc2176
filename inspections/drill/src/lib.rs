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
mod figures;
mod gophish;
mod map;
pub mod measure;
mod people;
pub mod redact;
mod retraining;
mod review;
mod table;
mod view;
mod visits;
mod when;

use secdiag_inspect::{Document, Facts, Inspection, JudgeCx, Meta, ParseCx, Stop, Unit};
use secdiag_model::evidence::{Declare, Format, Redact};
use secdiag_model::{Artefact, EvidenceKind, EvidenceSet, Head, Match, Note, NoteKind};
use secdiag_records::{At, Notes};
use serde::{Deserialize, Serialize};

pub use campaign::{Mail, Part, Source, Visit, What, person};
pub use figures::{All, Figures, figures};
pub use retraining::Retrained;
pub use visits::{Reason, Signs, automated};

use exports::Wording;
use map::Map;
use people::{Course, Member};
use table::{Table, header};

/// The inspection.
pub static DRILL: &dyn Inspection = &Drills;

static META: Meta = Meta { id: "drill", parser_version: 2, checks: checks::CHECKS, formats: FORMATS, tables: &[] };

/// Largest workbook that is read.
const MAX_BYTES: u64 = 32 << 20;

/// Formats whose files may hold what people handed in.
pub static REDACTIONS: &[(&str, Redact)] = &[
    ("gophish-events", redact::events_csv),
    ("gophish-campaign", redact::api_json),
    ("gophish-results", redact::table_csv),
    ("drill-table", redact::table_csv),
    ("drill-table-xlsx", redact::table_xlsx),
    ("drill-mapped", redact::table_csv),
    ("drill-mapped-xlsx", redact::table_xlsx),
];

/// Reads the maps that say of other files which column holds what.
pub static DECLARES: Declare = map::declares;

static FORMATS: &[&Format] = &[
    &RESULTS,
    &EVENTS,
    &CAMPAIGN,
    &MICROSOFT,
    &KNOWBE4,
    &TABLE,
    &TABLE_XLSX,
    &MAPPED,
    &MAPPED_XLSX,
    &MAP,
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

/// A table that only a map makes one: its content alone tells nothing.
pub(crate) static MAPPED: Format = Format {
    id: "drill-mapped",
    kind: EvidenceKind::Phish,
    title: "Results of a mail drill by a map of its columns (CSV)",
    sniff: |_| Match::No,
};

pub(crate) static MAPPED_XLSX: Format = Format {
    id: "drill-mapped-xlsx",
    kind: EvidenceKind::Phish,
    title: "Results of a mail drill by a map of its columns (XLSX)",
    sniff: |_| Match::No,
};

static MAP: Format = Format {
    id: "drill-map",
    kind: EvidenceKind::Phish,
    title: "Which column of a drill's table holds what (TOML, YAML)",
    sniff: map::sniff,
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
    "drill-mapped",
    "drill-mapped-xlsx",
];

/// Reasons of notes about what was understood: they say what was made of it.
const UNDERSTOOD: &[&str] = &["course-failed", "not-sent", "taken-as-handed-in"];

fn all(columns: &[String], needed: &[&str]) -> bool {
    needed.iter().all(|needed| columns.iter().any(|column| column == needed))
}

fn columns(head: &Head<'_>, fits: impl Fn(&[String]) -> bool, sure: u8) -> Match {
    if fits(&header(&table::first_line(head))) { Match::Yes(sure) } else { Match::No }
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

    /// A table that a map describes is read with all maps.
    fn units(&self, evidence: &EvidenceSet) -> Vec<Unit> {
        let is_map = |artefact: &&Artefact| artefact.format() == Some(MAP.id) && artefact.member.is_none();
        let maps: Vec<&Artefact> = evidence.artefacts.iter().filter(is_map).collect();
        let mut units = Unit::per_content(evidence, FORMATS);
        for unit in units.iter_mut().filter(|unit| is_mapped(unit.first())) {
            unit.artefacts.extend(maps.iter().copied().cloned());
        }
        units
    }

    fn parse(&self, unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
        let artefact = unit.first();
        let mut notes = Notes::default();
        let name = stem(artefact.file_name());
        let mut told = Told::default();
        let format = artefact.format().unwrap_or_default();
        let map = map_of(unit, cx)?;
        if format.ends_with("-xlsx") {
            let (bytes, _) = cx.bytes(artefact, MAX_BYTES)?;
            let table = match (format, &map) {
                ("people-xlsx", _) => Table::workbook(&bytes, &people::is_people, &mut notes),
                ("training-xlsx", _) => Table::workbook(&bytes, &people::is_training, &mut notes),
                (_, Some(map)) => Table::workbook(&bytes, &|columns| map.fits(columns), &mut notes),
                _ => Table::workbook(&bytes, &exports::is_drill, &mut notes),
            };
            tables(unit, &table, map.as_ref(), &mut told, &mut notes);
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
                "drill-map" => {
                    let (maps, found) = map::parse(&text);
                    for note in found {
                        cx.note(note.on(artefact));
                    }
                    if artefact.member.is_some() {
                        let text = "a map within an archive is not used: put it beside the archive";
                        cx.note(Note::new(NoteKind::NotUnderstood, "map-in-archive", text).on(artefact));
                    } else {
                        told.maps = maps;
                    }
                }
                _ => tables(unit, &Table::csv(&text, &mut notes), map.as_ref(), &mut told, &mut notes),
            }
        }
        told.parts.retain(|part| !part.mails.is_empty() || !part.visits.is_empty());
        for mut note in notes.into_notes() {
            if UNDERSTOOD.contains(&note.reason.as_str()) {
                note.kind = NoteKind::Assumed;
            }
            cx.note(note.on(artefact));
        }
        let own: Vec<Artefact> =
            unit.artefacts.iter().filter(|other| other.sha256 == artefact.sha256).cloned().collect();
        cx.document(&own, &told)
    }

    fn judge(&self, facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
        let Some(view) = view::View::gather(facts, cx)? else { return Ok(()) };
        for judge in checks::JUDGES {
            judge(&view, cx);
        }
        Ok(())
    }
}

fn tables(unit: &Unit, table: &Table, map: Option<&Map>, told: &mut Told, notes: &mut Notes) {
    let artefact = unit.first();
    let name = stem(artefact.file_name());
    match (artefact.format().unwrap_or_default().trim_end_matches("-xlsx"), map) {
        ("people", _) => told.members = people::members(table, notes),
        ("training", _) => told.courses = people::courses(table, notes),
        ("drill-mapped", None) => {
            notes.add("map-missing", &At::default(), "no map names this file: which column holds what is not known");
        }
        (_, Some(map)) => {
            map.miss(table, notes);
            let campaign = map.campaign.as_deref().unwrap_or(name);
            told.parts = exports::table(table, campaign, &map.wording(), notes);
        }
        _ => told.parts = exports::table(table, name, &Wording::usual(), notes),
    }
}

fn is_mapped(artefact: &Artefact) -> bool {
    artefact.format().is_some_and(|format| [MAPPED.id, MAPPED_XLSX.id].contains(&format))
}

/// The first map of a unit that is about its table.
fn map_of(unit: &Unit, cx: &ParseCx<'_>) -> Result<Option<Map>, Stop> {
    let table = unit.first();
    if !is_mapped(table) {
        return Ok(None);
    }
    for artefact in unit.artefacts.iter().filter(|artefact| artefact.format() == Some(MAP.id)) {
        // What is wrong in it is noted where the map itself is read.
        let (maps, _) = map::parse(&cx.text(artefact)?.text);
        if let Some(map) = maps.into_iter().find(|map| map.is_about(table)) {
            return Ok(Some(map));
        }
    }
    Ok(None)
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
    maps: Vec<Map>,
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
