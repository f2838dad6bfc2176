//! Continuity records: what stops when a system stops, how fast it must be back, and what shows that it would be.
//!
//! One typed value for whoever judges continuity: the compliance inspection holds it against limits, an architecture
//! inspection against the graph of single points of failure. Terms as in ISO 22301: MTPD the longest tolerable outage,
//! RTO the time to recover in, RPO the stretch of data that may be lost.

use jiff::civil::Date;
use secdiag_model::{EvidenceKind, Format, Head, Match, Note};
use serde::{Deserialize, Serialize};

use crate::tree::{self, Syntax};
use crate::{At, Fields, Notes, declared, has_columns};

/// The word after `secdiag` in a file of this kind.
pub const KIND: &str = "continuity";

/// Files of this kind. Intake knows it once, by the compliance inspection; whoever else reads it names it from here.
pub const FORMAT: Format =
    Format { id: "continuity-records", kind: EvidenceKind::Bcp, title: "Continuity records (TOML, YAML)", sniff };

/// Columns that tell a register of backup jobs as CSV.
pub const BACKUP_COLUMNS: &[&str] = &["job", "date", "result"];

/// Everything that a file says of continuity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continuity {
    /// `[[function]]`
    pub functions: Vec<BusinessFunction>,
    /// `[[drill]]`
    pub drills: Vec<ContinuityDrill>,
    /// `[[restore]]`
    pub restores: Vec<RestoreTest>,
    /// `[[backup]]`, or the lines of a CSV.
    pub backups: Vec<BackupJob>,
    /// `[[appetite]]`
    pub appetites: Vec<RiskAppetite>,
    /// `[[monitored]]`
    pub monitored: Vec<Monitored>,
    /// `[[redundancy]]`
    pub redundancies: Vec<Redundancy>,
}

/// A business function with its impact analysis and recovery objectives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessFunction {
    /// Where it stands.
    pub at: At,
    /// Slug.
    pub id: String,
    /// Name for readers.
    pub name: Option<String>,
    /// System that carries it.
    pub system: Option<String>,
    /// Whether it is core; nothing: not stated, which is held to be core.
    pub core: Option<bool>,
    /// Loss per hour of outage, in the firm's currency.
    pub loss_per_hour: Option<u64>,
    /// Loss per hour in the peak hours.
    pub peak_loss_per_hour: Option<u64>,
    /// Peak hours, as written: `09:00-13:30`.
    pub peak_hours: Option<String>,
    /// Clients who are hit.
    pub clients: Option<u64>,
    /// Longest tolerable outage, minutes.
    pub mtpd_minutes: Option<u64>,
    /// Recovery time objective, minutes.
    pub rto_minutes: Option<u64>,
    /// Recovery point objective, minutes.
    pub rpo_minutes: Option<u64>,
    /// When the impact was analysed.
    pub bia_on: Option<Date>,
    /// Who approved the objectives.
    pub approval: Approval,
}

/// Who approved something, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Person or body.
    pub by: Option<String>,
    /// When.
    pub on: Option<Date>,
    /// Last day that it holds, where one is named.
    pub until: Option<Date>,
}

/// A drill with what was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContinuityDrill {
    /// Where it stands.
    pub at: At,
    /// Slug, where it has one.
    pub id: Option<String>,
    /// When.
    pub date: Date,
    /// Functions drilled, by id.
    pub functions: Vec<String>,
    /// What was supposed to have failed.
    pub scenario: Option<String>,
    /// Minutes until the functions were back, as measured.
    pub recovery_minutes: Option<u64>,
    /// Minutes of data lost, as measured.
    pub data_loss_minutes: Option<u64>,
    /// Reference of the report.
    pub report: Option<String>,
}

/// A restore from backup, tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreTest {
    /// Where it stands.
    pub at: At,
    /// System restored.
    pub system: String,
    /// When.
    pub date: Option<Date>,
    /// Whether it succeeded; nothing: not stated, which is no success.
    pub succeeded: Option<bool>,
    /// Minutes that it took.
    pub minutes: Option<u64>,
}

/// One run of a backup job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupJob {
    /// Where it stands.
    pub at: At,
    /// Name of the job.
    pub job: String,
    /// System that it saves.
    pub system: Option<String>,
    /// Day of the run.
    pub date: Option<Date>,
    /// Whether it succeeded; nothing: the result was not understood, which is no success.
    pub succeeded: Option<bool>,
}

/// How much loss the board bears.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskAppetite {
    /// Where it stands.
    pub at: At,
    /// What it bounds: one event, or a year.
    pub scope: Option<AppetiteScope>,
    /// Most that is accepted, in the firm's currency.
    pub appetite: Option<u64>,
    /// Most that the firm can bear, in the firm's currency.
    pub capacity: Option<u64>,
    /// The board's approval.
    pub approval: Approval,
}

/// What an appetite bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppetiteScope {
    /// One event.
    Event,
    /// All events of a year.
    Year,
}

/// A system and what watches it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitored {
    /// Where it stands.
    pub at: At,
    /// System.
    pub system: String,
    /// Whether its availability is watched; nothing: not stated.
    pub availability: Option<bool>,
    /// Whether its capacity is watched; nothing: not stated.
    pub capacity: Option<bool>,
}

/// Elements that stand in for each other, and when that was last tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redundancy {
    /// Where it stands.
    pub at: At,
    /// Name of the group.
    pub group: String,
    /// Elements.
    pub members: Vec<String>,
    /// How many of them carry the load.
    pub needed: Option<u64>,
    /// When the switch-over was last tried.
    pub tested_on: Option<Date>,
}

/// Recognises TOML and YAML files of this kind.
pub fn sniff(head: &Head<'_>) -> Match {
    declared(head, KIND)
}

/// Recognises a register of backup jobs as CSV.
pub fn sniff_backups(head: &Head<'_>) -> Match {
    has_columns(head, BACKUP_COLUMNS)
}

/// Reads a file; what is not understood is in the notes.
pub fn read(text: &str, syntax: Syntax) -> (Continuity, Vec<Note>) {
    let mut notes = Notes::default();
    let (tree, faults) = tree::parse(text, syntax, "backup");
    for fault in faults {
        notes.add("does-not-parse", &At { line: fault.line, path: String::new() }, fault.text);
    }
    let mut continuity = Continuity::default();
    if let Some(mut top) = Fields::top(&tree, &mut notes) {
        let _ = top.text("secdiag", &mut notes);
        continuity = take(&mut top, &mut notes);
        top.done(&mut notes);
    }
    (continuity, notes.into_notes())
}

fn take(top: &mut Fields<'_>, notes: &mut Notes) -> Continuity {
    Continuity {
        functions: each(top, "function", notes, function),
        drills: each(top, "drill", notes, drill),
        restores: each(top, "restore", notes, restore),
        backups: each(top, "backup", notes, backup),
        appetites: each(top, "appetite", notes, appetite),
        monitored: each(top, "monitored", notes, monitored),
        redundancies: each(top, "redundancy", notes, redundancy),
    }
}

/// Reads each table of a list; a table that lacks what it cannot do without is noted and left out.
pub fn each<T>(
    top: &mut Fields<'_>,
    key: &'static str,
    notes: &mut Notes,
    read: fn(&mut Fields<'_>, &mut Notes) -> Option<T>,
) -> Vec<T> {
    let mut found = Vec::new();
    for mut fields in top.tables(key, notes) {
        found.extend(read(&mut fields, notes));
        fields.done(notes);
    }
    found
}

/// `approved_by`, `approved_on`, `approved_until`.
pub fn approval(fields: &mut Fields<'_>, notes: &mut Notes) -> Approval {
    Approval {
        by: fields.text("approved_by", notes),
        on: fields.date("approved_on", notes),
        until: fields.date("approved_until", notes),
    }
}

fn function(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<BusinessFunction> {
    Some(BusinessFunction {
        at: fields.at(),
        name: fields.text("name", notes),
        system: fields.text("system", notes),
        core: fields.flag("core", notes),
        loss_per_hour: fields.number("loss_per_hour", notes),
        peak_loss_per_hour: fields.number("peak_loss_per_hour", notes),
        peak_hours: fields.text("peak_hours", notes),
        clients: fields.number("clients", notes),
        mtpd_minutes: fields.number("mtpd_minutes", notes),
        rto_minutes: fields.number("rto_minutes", notes),
        rpo_minutes: fields.number("rpo_minutes", notes),
        bia_on: fields.date("bia_on", notes),
        approval: approval(fields, notes),
        id: fields.needed("id", notes)?,
    })
}

fn drill(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<ContinuityDrill> {
    Some(ContinuityDrill {
        at: fields.at(),
        id: fields.text("id", notes),
        functions: fields.texts("functions", notes),
        scenario: fields.text("scenario", notes),
        recovery_minutes: fields.number("recovery_minutes", notes),
        data_loss_minutes: fields.number("data_loss_minutes", notes),
        report: fields.text("report", notes),
        date: fields.needed_date("date", notes)?,
    })
}

fn restore(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<RestoreTest> {
    Some(RestoreTest {
        at: fields.at(),
        date: fields.date("date", notes),
        succeeded: fields.choice("result", RESULTS, notes),
        minutes: fields.number("minutes", notes),
        system: fields.needed("system", notes)?,
    })
}

fn backup(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<BackupJob> {
    Some(BackupJob {
        at: fields.at(),
        system: fields.text("system", notes),
        date: fields.date("date", notes),
        succeeded: fields.choice("result", RESULTS, notes),
        job: fields.needed("job", notes)?,
    })
}

/// How results are written; a partial result or a warning is no success.
const RESULTS: &[(&str, bool)] = &[
    ("ok", true),
    ("success", true),
    ("succeeded", true),
    ("completed", true),
    ("yes", true),
    ("成功", true),
    ("failed", false),
    ("failure", false),
    ("error", false),
    ("partial", false),
    ("warning", false),
    ("cancelled", false),
    ("missed", false),
    ("no", false),
    ("失敗", false),
];

fn appetite(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<RiskAppetite> {
    const SCOPES: &[(&str, AppetiteScope)] = &[("event", AppetiteScope::Event), ("year", AppetiteScope::Year)];
    let stated = RiskAppetite {
        at: fields.at(),
        scope: fields.choice("scope", SCOPES, notes),
        appetite: fields.number("appetite", notes),
        capacity: fields.number("capacity", notes),
        approval: approval(fields, notes),
    };
    if stated.appetite.is_none() && stated.capacity.is_none() {
        let text = "neither `appetite` nor `capacity` is a figure: the record was left out";
        notes.add("field-missing", &stated.at, text);
        return None;
    }
    Some(stated)
}

fn monitored(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Monitored> {
    Some(Monitored {
        at: fields.at(),
        availability: fields.flag("availability", notes),
        capacity: fields.flag("capacity", notes),
        system: fields.needed("system", notes)?,
    })
}

fn redundancy(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Redundancy> {
    Some(Redundancy {
        at: fields.at(),
        members: fields.texts("members", notes),
        needed: fields.number("needed", notes),
        tested_on: fields.date("tested_on", notes),
        group: fields.needed("group", notes)?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn toml_and_yaml_say_the_same() {
        let toml = "secdiag = \"continuity\"\n[[function]]\nid = \"orders\"\ncore = true\nrto_minutes = 240\napproved_by = \"board\"\napproved_on = 2026-03-01\n[[drill]]\ndate = 2026-05-02\nfunctions = [\"orders\"]\nrecovery_minutes = 90\n";
        let yaml = "secdiag: continuity\nfunction:\n  - {id: orders, core: true, rto_minutes: 240, approved_by: board, approved_on: 2026-03-01}\ndrill:\n  - {date: 2026-05-02, functions: [orders], recovery_minutes: 90}\n";
        let (mut a, notes) = read(toml, Syntax::Toml);
        assert_eq!(notes, []);
        let (mut b, notes) = read(yaml, Syntax::Yaml);
        assert_eq!(notes, []);
        assert_eq!((a.functions[0].at.line, b.functions[0].at.line), (2, 0));
        assert_eq!(b.functions[0].at.path, "function[0]");
        for found in [&mut a, &mut b] {
            found.functions[0].at = At::default();
            found.drills[0].at = At::default();
        }
        assert_eq!(a, b);
        assert_eq!(a.functions[0].approval.on, Some(date(2026, 3, 1)));
    }

    #[test]
    fn backup_registers_are_read_as_csv() {
        let text = "Job,System,Date,Result,Note\nnightly,orders,2026-10-01,OK,\nnightly,orders,115/10/02,失敗,tape\n,orders,2026-10-03,ok,\nnightly,orders,2026-10-04,maybe,\n";
        let (found, notes) = read(text, Syntax::Csv);
        let results: Vec<_> = found.backups.iter().map(|job| (job.at.line, job.succeeded)).collect();
        assert_eq!(results, [(2, Some(true)), (3, Some(false)), (5, None)]);
        let reasons: Vec<_> = notes.iter().map(|note| (note.reason.as_str(), note.count)).collect();
        assert_eq!(reasons, [("field-missing", 1), ("unknown-key", 1), ("unknown-word", 1)]);
    }
}
