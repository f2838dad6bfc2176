//! The formats and how a file becomes a document.

use secdiag_inspect::{Document, ParseCx, Stop, Unit};
use secdiag_model::evidence::Format;
use secdiag_model::{EvidenceKind, Note, NoteKind};
use secdiag_records::continuity::{self, Continuity};
use secdiag_records::{Syntax, declaration, declared, has_columns, workbook};
use serde::{Deserialize, Serialize};

use crate::answers::{self, Answers};
use crate::records::{self, Records};
use crate::results;

/// Largest file that is read: registers of ten years are far below.
pub(crate) const MAX_BYTES: u64 = 8 << 20;

/// Answers to questionnaires.
const ANSWERS: Format = Format {
    id: "compliance-answers",
    kind: EvidenceKind::Quest,
    title: "Answers to questionnaires (TOML, YAML)",
    sniff: |head| declared(head, answers::KIND),
};

/// The same, from a spreadsheet.
const ANSWERS_CSV: Format = Format {
    id: "compliance-answers-csv",
    kind: EvidenceKind::Quest,
    title: "Answers to questionnaires (CSV)",
    sniff: |head| has_columns(head, answers::COLUMNS),
};

/// The same, as a workbook.
const ANSWERS_XLSX: Format = Format {
    id: "compliance-answers-xlsx",
    kind: EvidenceKind::Quest,
    title: "Answers to questionnaires (XLSX)",
    sniff: |head| workbook::has_sheet(head, answers::COLUMNS),
};

/// Register of backup jobs.
const BACKUPS: Format = Format {
    id: "backup-register",
    kind: EvidenceKind::Bcp,
    title: "Register of backup jobs (CSV)",
    sniff: continuity::sniff_backups,
};

/// Registers and papers.
const RECORDS: Format = Format {
    id: "compliance-records",
    kind: EvidenceKind::Doc,
    title: "Plan, team, registers and report of the assessment (TOML, YAML)",
    sniff: |head| declared(head, records::KIND),
};

/// Register of internal audits.
const AUDITS: Format = Format {
    id: "audit-register",
    kind: EvidenceKind::Doc,
    title: "Register of internal audits (CSV)",
    sniff: |head| has_columns(head, &["area", "period", "date"]),
};

/// Register of the authority's letters.
const LETTERS: Format = Format {
    id: "letter-register",
    kind: EvidenceKind::Doc,
    title: "Register of the authority's letters (CSV)",
    sniff: |head| has_columns(head, &["letter", "received_on"]),
};

/// `run.json` of a result of ours.
const RUN: Format = Format {
    id: "secdiag-run",
    kind: EvidenceKind::Doc,
    title: "Result of secdiag (run.json)",
    sniff: results::sniff_run,
};

/// `items.json` of a result of ours.
const ITEMS: Format = Format {
    id: "secdiag-items",
    kind: EvidenceKind::Doc,
    title: "Result of secdiag (items.json)",
    sniff: results::sniff_items,
};

/// `findings.jsonl` of a result of ours.
const FINDINGS: Format = Format {
    id: "secdiag-findings",
    kind: EvidenceKind::Doc,
    title: "Result of secdiag (findings.jsonl)",
    sniff: results::sniff_findings,
};

/// In the order of the documentation.
pub(crate) static FORMATS: [&Format; 11] = [
    &ANSWERS,
    &ANSWERS_CSV,
    &ANSWERS_XLSX,
    &continuity::FORMAT,
    &BACKUPS,
    &RECORDS,
    &AUDITS,
    &LETTERS,
    &RUN,
    &ITEMS,
    &FINDINGS,
];

/// Formats whose files are each read alone.
pub(crate) static FILES: &[&Format] =
    &[&ANSWERS, &ANSWERS_CSV, &ANSWERS_XLSX, &continuity::FORMAT, &BACKUPS, &RECORDS, &AUDITS, &LETTERS];

/// Formats whose files of one folder are one result, the run first.
pub(crate) const RESULT: [&str; 3] = ["secdiag-run", "secdiag-items", "secdiag-findings"];

/// Formats that the check of reports depends on.
pub(crate) const READS_REPORTS: &[&str] = &[
    "compliance-answers",
    "compliance-answers-csv",
    "compliance-answers-xlsx",
    "compliance-records",
    "secdiag-run",
    "secdiag-items",
    "secdiag-findings",
];

/// Formats that checks of answers depend on. Every check of a register depends on answers too: questions feed it.
pub(crate) const READS_ANSWERS: &[&str] = &["compliance-answers", "compliance-answers-csv", "compliance-answers-xlsx"];

/// Formats that checks of registers and papers depend on.
pub(crate) const READS_RECORDS: &[&str] = &[
    "compliance-answers",
    "compliance-answers-csv",
    "compliance-answers-xlsx",
    "compliance-records",
    "audit-register",
    "letter-register",
];

/// Formats that checks of continuity depend on.
pub(crate) const READS_CONTINUITY: &[&str] = &[
    "compliance-answers",
    "compliance-answers-csv",
    "compliance-answers-xlsx",
    "continuity-records",
    "backup-register",
];

impl Document for Answers {
    const KIND: &'static str = "answers";
}

impl Document for Records {
    const KIND: &'static str = "records";
}

/// Continuity records as a document of this inspection.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ContinuityDocument(pub(crate) Continuity);

impl Document for ContinuityDocument {
    const KIND: &'static str = "continuity";
}

/// Reads one file.
pub(crate) fn parse(unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
    let artefact = unit.first();
    let Some(format) = artefact.format() else { return Ok(()) };
    if RESULT.contains(&format) {
        return results::parse(unit, cx);
    }
    if artefact.size > MAX_BYTES {
        let text = format!("the file is larger than {MAX_BYTES} bytes and was not read: split it");
        cx.note(Note::new(NoteKind::Broken, "too-large", text).on(artefact));
        return Ok(());
    }
    if format == ANSWERS_XLSX.id {
        let (bytes, _) = cx.bytes(artefact, MAX_BYTES)?;
        let (document, notes) = answers::read_workbook(&bytes);
        cx.document(&unit.artefacts, &document)?;
        for note in notes {
            cx.note(note.on(artefact));
        }
        return Ok(());
    }
    let text = cx.text(artefact)?.text;
    let syntax = |csv: bool| {
        let declared = declaration(&text).map(|(syntax, _)| syntax);
        if csv { Syntax::Csv } else { declared.unwrap_or(Syntax::Toml) }
    };
    let notes = match format {
        "compliance-answers" | "compliance-answers-csv" => {
            let (document, notes) = answers::read(&text, syntax(format == ANSWERS_CSV.id));
            cx.document(&unit.artefacts, &document)?;
            notes
        }
        "continuity-records" | "backup-register" => {
            let (document, notes) = continuity::read(&text, syntax(format == BACKUPS.id));
            cx.document(&unit.artefacts, &ContinuityDocument(document))?;
            notes
        }
        "audit-register" | "letter-register" | "compliance-records" => {
            let list = if format == LETTERS.id { "letter" } else { "audit" };
            let (document, notes) = records::read(&text, syntax(format != RECORDS.id), list);
            cx.document(&unit.artefacts, &document)?;
            notes
        }
        _ => return Ok(()),
    };
    for note in notes {
        cx.note(note.on(artefact));
    }
    Ok(())
}
