//! What a diagram does not say: the firm's own file beside it (`secdiag = "architecture"`, TOML or YAML).
//!
//! It corrects or adds elements and links, says which stand in for each other and when that was tried, what fails
//! together, what a business function needs and costs, and what the board bears. Nothing in it is required; what is
//! missing is asked for where a verdict needs it.

use jiff::civil::Date;
use secdiag_model::{Head, Match, Note, NoteKind};
use secdiag_records::continuity::{Approval, approval, each};
use secdiag_records::tree::{self, Syntax};
use secdiag_records::{At, Fields, Notes, declared};
use serde::{Deserialize, Serialize};

use crate::needs::Needs;
use crate::words::{Role, ZoneKind};

/// The word after `secdiag` in a file of this kind.
pub const KIND: &str = "architecture";

/// All that a file says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// `[[element]]`
    pub elements: Vec<ElementFact>,
    /// `[[link]]`
    pub links: Vec<LinkFact>,
    /// `[[zone]]`
    pub zones: Vec<ZoneFact>,
    /// `[[redundancy]]`
    pub redundancies: Vec<Redundancy>,
    /// `[[common_cause]]`
    pub common_causes: Vec<CommonCause>,
    /// `[[function]]`
    pub functions: Vec<Function>,
    /// `[[repair]]`
    pub repairs: Vec<Repair>,
    /// `[[measure]]`
    pub measures: Vec<Measure>,
    /// `[[accepted]]`
    pub accepted: Vec<Accepted>,
    /// `[[appetite]]`
    pub appetites: Vec<Appetite>,
    /// `[[approved_connection]]`
    pub approved: Vec<ApprovedConnection>,
}

/// An element of the drawing, corrected, or one that it leaves out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ElementFact {
    /// Where it stands.
    pub at: At,
    /// Id or label in the drawing, or a new id.
    pub id: String,
    /// Name for readers.
    pub label: Option<String>,
    /// What it does.
    pub role: Option<Role>,
    /// Zone by name.
    pub zone: Option<String>,
    /// Site by name.
    pub site: Option<String>,
    /// Rack by name.
    pub rack: Option<String>,
    /// Power feeds by name; any of them carries it.
    pub power: Vec<String>,
    /// Whose line or service it is.
    pub provider: Option<String>,
    /// Category of the system that it belongs to.
    pub category: Option<u8>,
    /// Load that it can carry.
    pub capacity: Option<u64>,
    /// Minutes until it is back after a failure.
    pub repair_minutes: Option<u64>,
    /// Day after which its maker supports it no more.
    pub supported_until: Option<Date>,
    /// Remote access: whether it asks for a second factor.
    pub second_factor: Option<bool>,
    /// Backups: whether a copy lies offline.
    pub offline_copy: Option<bool>,
    /// Whether it has IPv6.
    pub ipv6: Option<bool>,
    /// Whether its logs are collected.
    pub logged: Option<bool>,
    /// Whether the Internet may reach it.
    pub public: Option<bool>,
}

/// A link that the drawing leaves out, or what it does not say of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkFact {
    /// Where it stands.
    pub at: At,
    /// An end.
    pub from: String,
    /// The other.
    pub to: String,
    /// Name for readers.
    pub label: Option<String>,
    /// Whose line it is.
    pub provider: Option<String>,
    /// Minutes until it is back after a failure.
    pub repair_minutes: Option<u64>,
}

/// What a zone is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneFact {
    /// Where it stands.
    pub at: At,
    /// Id or label in the drawing, or a name that elements give.
    pub name: String,
    /// What for.
    pub kind: ZoneKind,
}

/// Elements that stand in for each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Redundancy {
    /// Where it stands.
    pub at: At,
    /// Name.
    pub group: String,
    /// Elements.
    pub members: Vec<String>,
    /// How many of them must work; nothing: one.
    pub needed: Option<u64>,
    /// Load that they carry together at the peak.
    pub peak_load: Option<u64>,
    /// When the switch-over was last tried.
    pub tested_on: Option<Date>,
}

/// What fails together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CommonCause {
    /// Where it stands.
    pub at: At,
    /// Name.
    pub id: String,
    /// In the firm's word: `power`, `storage`, `duct`, `firmware`.
    pub kind: Option<String>,
    /// Elements.
    pub members: Vec<String>,
    /// Minutes until they are back.
    pub repair_minutes: Option<u64>,
}

/// A business function.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Where it stands.
    pub at: At,
    /// Slug.
    pub id: String,
    /// Name for readers.
    pub name: Option<String>,
    /// Where those stand who use it; any of them.
    pub from: Vec<String>,
    /// Elements that must work and be reached.
    pub needs: Needs,
    /// Loss per hour of outage, in the firm's currency.
    pub loss_per_hour: Option<u64>,
    /// Loss per hour while the market is open.
    pub peak_loss_per_hour: Option<u64>,
    /// Loss of an outage that lasts longer than is tolerable, once.
    pub fixed_loss: Option<u64>,
    /// Hours of the market, `09:00-13:30` where nothing is said, Monday to Friday.
    pub peak_hours: Option<String>,
    /// Recovery time objective.
    pub rto_minutes: Option<u64>,
    /// Longest tolerable outage.
    pub mtpd_minutes: Option<u64>,
    /// Longest stretch of data that may be lost.
    pub rpo_minutes: Option<u64>,
    /// How far back the last copy of its data can lie.
    pub copy_minutes: Option<u64>,
}

/// How long a failure lasts, by role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repair {
    /// Where it stands.
    pub at: At,
    /// Of which role; nothing: of links.
    pub role: Option<Role>,
    /// Minutes until somebody notices and it is back.
    pub minutes: u64,
}

/// What brings a function back sooner than a repair does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Where it stands.
    pub at: At,
    /// Name.
    pub name: String,
    /// Events that it helps in: elements, links, common causes.
    pub covers: Vec<String>,
    /// Minutes that it takes.
    pub minutes: Option<u64>,
    /// When it was last tried.
    pub tested_on: Option<Date>,
}

/// A remaining risk that somebody accepted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// Where it stands.
    pub at: At,
    /// The event's id.
    pub event: String,
    /// Who and when.
    pub approval: Approval,
}

/// Most that one event may cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Appetite {
    /// Where it stands.
    pub at: At,
    /// In the firm's currency.
    pub appetite: Option<u64>,
    /// Who and when.
    pub approval: Approval,
}

/// A connection across the boundary that was approved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ApprovedConnection {
    /// Where it stands.
    pub at: At,
    /// The element outside.
    pub outside: String,
    /// Who and when.
    pub approval: Approval,
}

/// Recognises files of this kind.
pub fn sniff(head: &Head<'_>) -> Match {
    declared(head, KIND)
}

/// Reads a file; what is not understood is in the notes.
pub fn read(text: &str, syntax: Syntax) -> (Facts, Vec<Note>) {
    let mut notes = Notes::default();
    let (tree, faults) = tree::parse(text, syntax, "element");
    for fault in faults {
        notes.add("does-not-parse", &At { line: fault.line, path: String::new() }, fault.text);
    }
    let mut facts = Facts::default();
    let mut told = Vec::new();
    if let Some(mut top) = Fields::top(&tree, &mut notes) {
        let _ = top.text("secdiag", &mut notes);
        facts = take(&mut top, &mut notes);
        top.done(&mut notes);
        for function in &facts.functions {
            told.extend(function.needs.complaint.as_ref().map(|text| {
                let text = format!("`needs` of {}: {text}", function.id);
                Note::new(NoteKind::NotUnderstood, "bad-needs", text).at(function.at.place())
            }));
        }
    }
    let mut notes = notes.into_notes();
    notes.extend(told);
    (facts, notes)
}

fn take(top: &mut Fields<'_>, notes: &mut Notes) -> Facts {
    Facts {
        elements: each(top, "element", notes, element),
        links: each(top, "link", notes, link),
        zones: each(top, "zone", notes, zone),
        redundancies: each(top, "redundancy", notes, redundancy),
        common_causes: each(top, "common_cause", notes, common_cause),
        functions: each(top, "function", notes, function),
        repairs: each(top, "repair", notes, repair),
        measures: each(top, "measure", notes, measure),
        accepted: each(top, "accepted", notes, accepted),
        appetites: each(top, "appetite", notes, |fields, notes| Some(appetite(fields, notes))),
        approved: each(top, "approved_connection", notes, approved),
    }
}

fn element(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<ElementFact> {
    Some(ElementFact {
        at: fields.at(),
        label: fields.text("label", notes),
        role: fields.choice("role", Role::ALL, notes),
        zone: fields.text("zone", notes),
        site: fields.text("site", notes),
        rack: fields.text("rack", notes),
        power: fields.texts("power", notes),
        provider: fields.text("provider", notes),
        category: fields.number("category", notes).and_then(|category| u8::try_from(category).ok()),
        capacity: fields.number("capacity", notes),
        repair_minutes: fields.number("repair_minutes", notes),
        supported_until: fields.date("supported_until", notes),
        second_factor: fields.flag("second_factor", notes),
        offline_copy: fields.flag("offline_copy", notes),
        ipv6: fields.flag("ipv6", notes),
        logged: fields.flag("logged", notes),
        public: fields.flag("public", notes),
        id: fields.needed("id", notes)?,
    })
}

fn link(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<LinkFact> {
    Some(LinkFact {
        at: fields.at(),
        label: fields.text("label", notes),
        provider: fields.text("provider", notes),
        repair_minutes: fields.number("repair_minutes", notes),
        from: fields.needed("from", notes)?,
        to: fields.needed("to", notes)?,
    })
}

fn zone(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<ZoneFact> {
    let (at, name) = (fields.at(), fields.needed("name", notes)?);
    let kind = fields.choice("kind", ZoneKind::ALL, notes);
    if kind.is_none() {
        notes.add("field-missing", &at, "`kind` is missing: the record was left out");
    }
    Some(ZoneFact { at, name, kind: kind? })
}

fn redundancy(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Redundancy> {
    Some(Redundancy {
        at: fields.at(),
        members: fields.texts("members", notes),
        needed: fields.number("needed", notes),
        peak_load: fields.number("peak_load", notes),
        tested_on: fields.date("tested_on", notes),
        group: fields.needed("group", notes)?,
    })
}

fn common_cause(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<CommonCause> {
    Some(CommonCause {
        at: fields.at(),
        kind: fields.text("kind", notes),
        members: fields.texts("members", notes),
        repair_minutes: fields.number("repair_minutes", notes),
        id: fields.needed("id", notes)?,
    })
}

fn function(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Function> {
    Some(Function {
        at: fields.at(),
        name: fields.text("name", notes),
        from: fields.texts("from", notes),
        needs: Needs::parse(&fields.text("needs", notes).unwrap_or_default()),
        loss_per_hour: fields.number("loss_per_hour", notes),
        peak_loss_per_hour: fields.number("peak_loss_per_hour", notes),
        fixed_loss: fields.number("fixed_loss", notes),
        peak_hours: fields.text("peak_hours", notes),
        rto_minutes: fields.number("rto_minutes", notes),
        mtpd_minutes: fields.number("mtpd_minutes", notes),
        rpo_minutes: fields.number("rpo_minutes", notes),
        copy_minutes: fields.number("copy_minutes", notes),
        id: fields.needed("id", notes)?,
    })
}

fn repair(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Repair> {
    let (at, role) = (fields.at(), fields.text("of", notes));
    let of = role.as_deref().and_then(|of| Role::ALL.iter().find(|(slug, _)| *slug == of)).map(|(_, role)| *role);
    if of.is_none() && role.as_deref() != Some("link") {
        notes.add("unknown-word", &at, "`of` is a role or `link`: the record was left out");
        return None;
    }
    Some(Repair { at, role: of, minutes: fields.number("minutes", notes)? })
}

fn measure(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Measure> {
    Some(Measure {
        at: fields.at(),
        covers: fields.texts("covers", notes),
        minutes: fields.number("minutes", notes),
        tested_on: fields.date("tested_on", notes),
        name: fields.needed("name", notes)?,
    })
}

fn accepted(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Accepted> {
    Some(Accepted { at: fields.at(), approval: approval(fields, notes), event: fields.needed("event", notes)? })
}

fn appetite(fields: &mut Fields<'_>, notes: &mut Notes) -> Appetite {
    Appetite { at: fields.at(), appetite: fields.number("single_event", notes), approval: approval(fields, notes) }
}

fn approved(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<ApprovedConnection> {
    Some(ApprovedConnection {
        at: fields.at(),
        approval: approval(fields, notes),
        outside: fields.needed("outside", notes)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_noted_and_costs_nothing_else() {
        let text = r#"
secdiag = "architecture"
[[element]]
id = "fw-1"
role = "firewall"
category = 1
power = ["a", "b"]
supported_until = 2027-01-01
[[element]]
role = "router"
[[element]]
id = "x"
role = "wizard"
[[function]]
id = "order"
from = "internet"
needs = "all(web, 2 of (a, b, c)"
"#;
        let (facts, notes) = read(text, Syntax::Toml);
        assert_eq!((facts.elements.len(), facts.functions.len()), (2, 1));
        assert_eq!((facts.elements[0].category, facts.elements[0].power.len()), (Some(1), 2));
        let mut reasons: Vec<&str> = notes.iter().map(|note| note.reason.as_str()).collect();
        reasons.sort_unstable();
        assert_eq!(reasons, ["bad-needs", "field-missing", "unknown-word"]);
    }
}
