//! Registers and papers: the assessment plan, the assessors, internal audits, the authority's letters, retention, the
//! report and its follow-up.

use std::collections::BTreeMap;

use jiff::civil::Date;
use secdiag_model::Note;
use secdiag_records::continuity::each;
use secdiag_records::{At, Fields, Notes, Syntax, tree};
use serde::{Deserialize, Serialize};

/// The word after `secdiag` in a file of this kind.
pub const KIND: &str = "records";

/// Everything that a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    /// `[[plan]]`
    pub plans: Vec<Plan>,
    /// `[[system]]`
    pub systems: Vec<Parties>,
    /// `[[team]]`
    pub teams: Vec<Team>,
    /// `[[area]]`
    pub areas: Vec<AreaStatement>,
    /// `[[audit]]`, or the lines of a CSV.
    pub audits: Vec<Audit>,
    /// `[[letter]]`, or the lines of a CSV.
    pub letters: Vec<Letter>,
    /// `[[retention]]`
    pub retentions: Vec<Retention>,
    /// `[[report]]`
    pub reports: Vec<Report>,
    /// `[[paper]]`
    pub papers: Vec<Paper>,
}

/// An assessment plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as in docs/questionnaires.md")]
pub struct Plan {
    pub at: At,
    pub title: String,
    pub approved_by: Option<Body>,
    pub approved_on: Option<Date>,
    pub reviewed_on: Option<Date>,
}

/// Who approved a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// The board of directors.
    Board,
    /// A department that the board authorised.
    AuthorisedDepartment,
    /// The responsible person in Taiwan of a foreign firm's branch.
    BranchHead,
    /// Somebody else, which is no approval.
    Other,
}

/// Who owns, developed and operates a system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as in docs/questionnaires.md")]
pub struct Parties {
    pub at: At,
    pub id: String,
    pub owner: Option<String>,
    pub developer: Vec<String>,
    pub operator: Vec<String>,
}

/// Those who assess.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Where it stands.
    pub at: At,
    /// Which assessment.
    pub assessment: String,
    /// The day on which certificates must be valid and relations count.
    pub date: Option<Date>,
    /// Systems assessed; none: all.
    pub systems: Vec<String>,
    /// Name of the lead assessor.
    pub lead: Option<String>,
    /// The assessors.
    pub people: Vec<Person>,
}

/// An assessor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Where it stands.
    pub at: At,
    /// Name.
    pub name: String,
    /// Part in the team.
    pub role: Option<String>,
    /// When the confidentiality undertaking was signed.
    pub nda_signed_on: Option<Date>,
    /// When independence was declared.
    pub independence_declared_on: Option<Date>,
    /// Certificates and proven experience.
    pub certificates: Vec<Certificate>,
    /// Employment and interests.
    pub relations: Vec<Relation>,
}

/// A certificate, or experience that counts as one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Where it stands.
    pub at: At,
    /// `CISSP`.
    pub name: String,
    /// Who issued it.
    pub issuer: Option<String>,
    /// Kind of qualification, as `duties.yaml` names them.
    pub kind: Option<String>,
    /// First day.
    pub valid_from: Option<Date>,
    /// Last day; nothing: without end.
    pub valid_to: Option<Date>,
}

/// What binds a person to a party or a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// Where it stands.
    pub at: At,
    /// In which way.
    pub kind: RelationKind,
    /// To whom or what: a party's name or a system's id.
    pub to: String,
    /// First day, where known.
    pub from: Option<Date>,
    /// Last day, where it ended.
    pub until: Option<Date>,
}

/// Ways of being bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// Works or worked for a party.
    EmployedBy,
    /// Developed the system.
    Developed,
    /// Operates or operated the system.
    Operated,
    /// Owns the system.
    Owns,
    /// Another interest in the party or system: shares, family, supply.
    Interest,
}

/// A statement that a control area does not apply to the firm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as in docs/questionnaires.md")]
pub struct AreaStatement {
    pub at: At,
    pub id: String,
    pub applicable: Option<bool>,
    pub reason: Option<String>,
    pub by: Option<String>,
    pub date: Option<Date>,
}

/// An internal audit of a control area.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Where it stands.
    pub at: At,
    /// `CC-11000`.
    pub area: String,
    /// `2026`, `2026-H1`, `2026-Q3`, `2026-09`; nothing: the one that `date` falls into.
    pub period: Option<String>,
    /// When.
    pub date: Option<Date>,
    /// Reference of the report.
    pub report: Option<String>,
}

/// A letter of the authority.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as in docs/questionnaires.md")]
pub struct Letter {
    pub at: At,
    pub letter: String,
    pub subject: Option<String>,
    pub received_on: Option<Date>,
    pub due: Option<Date>,
    pub replied_on: Option<Date>,
    pub done_on: Option<Date>,
    pub action_due: Option<Date>,
}

/// How long something is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Where it stands.
    pub at: At,
    /// What is kept.
    pub what: Option<Kept>,
    /// Name of the source or store.
    pub source: String,
    /// Days configured.
    pub days: Option<u64>,
    /// Years configured.
    pub years: Option<u64>,
    /// Date of the oldest record at hand.
    pub oldest: Option<Date>,
    /// In operation since, where younger than the limit.
    pub since: Option<Date>,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Logs of systems and security devices.
    SecurityLog,
    /// Audit logs of electronic trading.
    OrderLog,
}

/// An assessment report with its follow-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Where it stands.
    pub at: At,
    /// Reference.
    pub id: String,
    /// Date of the report.
    pub date: Option<Date>,
    /// Where each element is found: chapter, page, or the text itself.
    pub elements: BTreeMap<String, String>,
    /// Deficiencies, where the report lists them so.
    pub deficiencies: Vec<Deficiency>,
    /// When the audit unit received it.
    pub audit_received_on: Option<Date>,
    /// When it was reported to the board or its authorised department.
    pub board_reported_on: Option<Date>,
    /// When the re-check was done.
    pub rechecked_on: Option<Date>,
    /// When the re-check's result was reported to the board or its authorised department.
    pub recheck_reported_on: Option<Date>,
}

/// A deficiency and its improvement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as in docs/questionnaires.md")]
pub struct Deficiency {
    pub at: At,
    pub id: String,
    pub severity: Option<String>,
    pub kind: Option<String>,
    pub risk: Option<String>,
    pub improvement: Option<String>,
    pub owner: Option<String>,
    pub due: Option<Date>,
    pub done_on: Option<Date>,
}

/// A report or paper that must be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// Where it stands.
    pub at: At,
    /// Name.
    pub title: String,
    /// Date of the paper.
    pub date: Option<Date>,
    /// Path in the evidence.
    pub path: Option<String>,
    /// Digest recorded when it was filed.
    pub sha256: Option<String>,
    /// Day until which it is kept.
    pub kept_until: Option<Date>,
    /// Whether it is locked against change and deletion.
    pub locked: Option<bool>,
}

/// Reads a file; what is not understood is in the notes. `list` is what the lines of a CSV are.
pub fn read(text: &str, syntax: Syntax, list: &str) -> (Records, Vec<Note>) {
    let mut notes = Notes::default();
    let (tree, faults) = tree::parse(text, syntax, list);
    for fault in faults {
        notes.add("does-not-parse", &At { line: fault.line, path: String::new() }, fault.text);
    }
    let mut records = Records::default();
    if let Some(mut top) = Fields::top(&tree, &mut notes) {
        let _ = top.text("secdiag", &mut notes);
        records = take(&mut top, &mut notes);
        top.done(&mut notes);
    }
    (records, notes.into_notes())
}

fn take(top: &mut Fields<'_>, notes: &mut Notes) -> Records {
    Records {
        plans: each(top, "plan", notes, plan),
        systems: each(top, "system", notes, parties),
        teams: each(top, "team", notes, team),
        areas: each(top, "area", notes, area),
        audits: each(top, "audit", notes, audit),
        letters: each(top, "letter", notes, letter),
        retentions: each(top, "retention", notes, retention),
        reports: each(top, "report", notes, report),
        papers: each(top, "paper", notes, paper),
    }
}

fn plan(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Plan> {
    const BODIES: &[(&str, Body)] = &[
        ("board", Body::Board),
        ("authorised_department", Body::AuthorisedDepartment),
        ("branch_head", Body::BranchHead),
        ("other", Body::Other),
    ];
    Some(Plan {
        at: fields.at(),
        approved_by: fields.choice("approved_by", BODIES, notes),
        approved_on: fields.date("approved_on", notes),
        reviewed_on: fields.date("reviewed_on", notes),
        title: fields.needed("title", notes)?,
    })
}

fn parties(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Parties> {
    Some(Parties {
        at: fields.at(),
        owner: fields.text("owner", notes),
        developer: fields.texts("developer", notes),
        operator: fields.texts("operator", notes),
        id: fields.needed("id", notes)?,
    })
}

fn team(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Team> {
    Some(Team {
        at: fields.at(),
        date: fields.date("date", notes),
        systems: fields.texts("systems", notes),
        lead: fields.text("lead", notes),
        people: each(fields, "person", notes, person),
        assessment: fields.needed("assessment", notes)?,
    })
}

fn person(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Person> {
    Some(Person {
        at: fields.at(),
        role: fields.text("role", notes),
        nda_signed_on: fields.date("nda_signed_on", notes),
        independence_declared_on: fields.date("independence_declared_on", notes),
        certificates: each(fields, "certificate", notes, certificate),
        relations: each(fields, "relation", notes, relation),
        name: fields.needed("name", notes)?,
    })
}

fn certificate(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Certificate> {
    Some(Certificate {
        at: fields.at(),
        issuer: fields.text("issuer", notes),
        kind: fields.text("kind", notes),
        valid_from: fields.date("valid_from", notes),
        valid_to: fields.date("valid_to", notes),
        name: fields.needed("name", notes)?,
    })
}

fn relation(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Relation> {
    const KINDS: &[(&str, RelationKind)] = &[
        ("employed_by", RelationKind::EmployedBy),
        ("developed", RelationKind::Developed),
        ("operated", RelationKind::Operated),
        ("owns", RelationKind::Owns),
        ("interest", RelationKind::Interest),
    ];
    let kind = fields.choice("kind", KINDS, notes);
    Some(Relation {
        at: fields.at(),
        from: fields.date("from", notes),
        until: fields.date("until", notes),
        to: fields.needed("to", notes)?,
        // A relation in words that are not known is still one.
        kind: kind.unwrap_or(RelationKind::Interest),
    })
}

fn area(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<AreaStatement> {
    Some(AreaStatement {
        at: fields.at(),
        applicable: fields.flag("applicable", notes),
        reason: fields.text("reason", notes),
        by: fields.text("by", notes),
        date: fields.date("date", notes),
        id: fields.needed("id", notes)?,
    })
}

fn audit(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Audit> {
    Some(Audit {
        at: fields.at(),
        period: fields.text("period", notes),
        date: fields.date("date", notes),
        report: fields.text("report", notes),
        area: fields.needed("area", notes)?,
    })
}

fn letter(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Letter> {
    Some(Letter {
        at: fields.at(),
        subject: fields.text("subject", notes),
        received_on: fields.date("received_on", notes),
        due: fields.date("due", notes),
        replied_on: fields.date("replied_on", notes),
        done_on: fields.date("done_on", notes),
        action_due: fields.date("action_due", notes),
        letter: fields.needed("letter", notes)?,
    })
}

fn retention(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Retention> {
    const WHAT: &[(&str, Kept)] = &[("security_log", Kept::SecurityLog), ("order_log", Kept::OrderLog)];
    Some(Retention {
        at: fields.at(),
        what: fields.choice("what", WHAT, notes),
        days: fields.number("days", notes),
        years: fields.number("years", notes),
        oldest: fields.date("oldest", notes),
        since: fields.date("since", notes),
        source: fields.needed("source", notes)?,
    })
}

fn report(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Report> {
    Some(Report {
        at: fields.at(),
        date: fields.date("date", notes),
        elements: fields.named_texts("elements", notes),
        deficiencies: each(fields, "deficiency", notes, deficiency),
        audit_received_on: fields.date("audit_received_on", notes),
        board_reported_on: fields.date("board_reported_on", notes),
        rechecked_on: fields.date("rechecked_on", notes),
        recheck_reported_on: fields.date("recheck_reported_on", notes),
        id: fields.needed("id", notes)?,
    })
}

fn deficiency(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Deficiency> {
    Some(Deficiency {
        at: fields.at(),
        severity: fields.text("severity", notes),
        kind: fields.text("kind", notes),
        risk: fields.text("risk", notes),
        improvement: fields.text("improvement", notes),
        owner: fields.text("owner", notes),
        due: fields.date("due", notes),
        done_on: fields.date("done_on", notes),
        id: fields.needed("id", notes)?,
    })
}

fn paper(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Paper> {
    Some(Paper {
        at: fields.at(),
        date: fields.date("date", notes),
        path: fields.text("path", notes),
        sha256: fields.text("sha256", notes),
        kept_until: fields.date("kept_until", notes),
        locked: fields.flag("locked", notes),
        title: fields.needed("title", notes)?,
    })
}
