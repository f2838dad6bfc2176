//! Records of the defence against denial of service, kept by hand: `secdiag = "ddos"`.

use jiff::civil::Date;
use secdiag_model::{Head, Match, Note};
use secdiag_records::{At, Fields, Notes, declared, tree};
use serde::{Deserialize, Serialize};

/// The word after `secdiag` in a file of this kind.
const KIND: &str = "ddos";

/// Everything that a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ddos {
    /// `public`: systems that customers reach over the Internet.
    pub public: Vec<String>,
    /// `[[contract]]`
    pub contracts: Vec<Contract>,
    /// `[[contact]]`
    pub contacts: Vec<Contact>,
    /// `[[drill]]`
    pub drills: Vec<Drill>,
}

/// A contract for scrubbing or line protection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contract {
    /// Where it stands.
    pub at: At,
    /// With whom.
    pub provider: String,
    /// Systems that it protects; none named: all public ones.
    pub systems: Vec<String>,
    /// Last day.
    pub until: Option<Date>,
}

/// Somebody to call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contact {
    /// Where it stands.
    pub at: At,
    /// Whom or which post.
    pub name: String,
    /// When it was last tried.
    pub checked_on: Option<Date>,
}

/// A drill with what was measured, in minutes from the beginning of the attack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Drill {
    /// Where it stands.
    pub at: At,
    /// When.
    pub date: Date,
    /// Systems drilled.
    pub systems: Vec<String>,
    /// When the attack began, microseconds since 1970.
    pub started: Option<i64>,
    /// Until it was detected (T0).
    pub detect_minutes: Option<u64>,
    /// Until it was reported (T1).
    pub report_minutes: Option<u64>,
    /// Until traffic was led through scrubbing (T2).
    pub divert_minutes: Option<u64>,
    /// Until the service was back (T3).
    pub recover_minutes: Option<u64>,
    /// Minutes in which it had to be back.
    pub objective_minutes: Option<u64>,
}

/// Whether a file is of this kind.
pub(crate) fn sniff(head: &Head<'_>) -> Match {
    declared(head, KIND)
}

/// Reads a file.
pub(crate) fn parse(text: &str) -> (Ddos, Vec<Note>) {
    let mut notes = Notes::default();
    let syntax = secdiag_records::declaration(text).map_or(secdiag_records::Syntax::Toml, |(syntax, _)| syntax);
    let (tree, faults) = tree::parse(text, syntax, "drill");
    for fault in faults {
        notes.add("does-not-parse", &At { line: fault.line, path: String::new() }, fault.text);
    }
    let mut ddos = Ddos::default();
    if let Some(mut top) = Fields::top(&tree, &mut notes) {
        top.text("secdiag", &mut notes);
        ddos.public = top.texts("public", &mut notes);
        for mut table in top.tables("contract", &mut notes) {
            if let Some(provider) = table.needed("provider", &mut notes) {
                let systems = table.texts("systems", &mut notes);
                ddos.contracts.push(Contract {
                    at: table.at(),
                    provider,
                    systems,
                    until: table.date("until", &mut notes),
                });
            }
            table.done(&mut notes);
        }
        for mut table in top.tables("contact", &mut notes) {
            if let Some(name) = table.needed("name", &mut notes) {
                ddos.contacts.push(Contact { at: table.at(), name, checked_on: table.date("checked_on", &mut notes) });
            }
            table.done(&mut notes);
        }
        for mut table in top.tables("drill", &mut notes) {
            if let Some(date) = table.needed_date("date", &mut notes) {
                ddos.drills.push(Drill {
                    at: table.at(),
                    date,
                    systems: table.texts("systems", &mut notes),
                    started: started(&mut table, &mut notes),
                    detect_minutes: table.number("detect_minutes", &mut notes),
                    report_minutes: table.number("report_minutes", &mut notes),
                    divert_minutes: table.number("divert_minutes", &mut notes),
                    recover_minutes: table.number("recover_minutes", &mut notes),
                    objective_minutes: table.number("objective_minutes", &mut notes),
                });
            }
            for said in ["scenario", "participants", "lessons", "next", "report"] {
                table.text(said, &mut notes);
            }
            table.done(&mut notes);
        }
        top.done(&mut notes);
    }
    (ddos, notes.into_notes())
}

/// An instant; without an offset it is Taiwan's.
fn started(table: &mut Fields<'_>, notes: &mut Notes) -> Option<i64> {
    let text = table.text("started", notes)?;
    let at = crate::when::micros(&text);
    if at.is_none() {
        notes.add("not-a-time", &table.at(), "`started` is a time such as 2026-05-05T10:00:00+08:00");
    }
    at
}
