//! `programme/assessor-not-independent`
//!
//! # What
//! Assessors who own, developed or operate a system that they assess, work for who did, or have an interest in it; a
//! lead who is its owner; assessors without undertaking or declaration of independence.
//!
//! # Why
//! Nobody finds his own mistakes.
//!
//! # Evidence
//! Answer files; `[[team]]` with relations, and `[[system]]` with owner, developer and operator.
//!
//! # Limits
//! Only relations that are written down are seen. Where nobody wrote who built and runs a system, employment cannot be
//! held against it; a note says so.
//!
//! # References
//! INS 柒.

use jiff::civil::Date;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Bilingual, Note, NoteKind};

use crate::asked::{Dated, judge_gaps};
use crate::checks::teams;
use crate::records::{Parties, Person, Relation, RelationKind, Team};
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/assessor-not-independent", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
    let mut looked = 0;
    for (artefact, team, date) in teams(view, cx) {
        let systems = systems_of(team, view, cx);
        for system in &systems {
            if system.parties.is_none() {
                let text = format!(
                    "no [[system]] says who owns, developed and operates {}: employment was not held against it",
                    system.id
                );
                cx.note(Note::new(NoteKind::Assumed, "parties-unknown", text).on(artefact));
            }
        }
        for person in &team.people {
            let team_of = Member { artefact, team, person, date };
            // Without parties one half of the question stays open: that is no look.
            looked += systems.iter().filter(|system| system.parties.is_some()).count() as u64;
            for system in &systems {
                team_of.judge_system(system, cx);
            }
            team_of.judge_papers(cx);
        }
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "assessors and systems").aspect("assessor"));
    }
}

/// A system that a team assesses.
struct System<'a> {
    id: &'a str,
    parties: Option<&'a Parties>,
}

/// The systems that a team names; without names all that the records know.
fn systems_of<'v>(team: &'v Team, view: &'v View<'_>, cx: &'v JudgeCx<'_>) -> Vec<System<'v>> {
    let parties: Vec<&Parties> = view.of_records(|records| &records.systems).map(|(_, parties)| parties).collect();
    let of = |id: &'v str| {
        let parties = parties.iter().copied().find(|parties| parties.id.eq_ignore_ascii_case(id));
        System { id, parties }
    };
    match (team.systems.is_empty(), parties.is_empty()) {
        (false, _) => team.systems.iter().map(|id| of(id)).collect(),
        (true, true) => vec![of(&cx.system.id.0)],
        (true, false) => parties.iter().map(|parties| of(&parties.id)).collect(),
    }
}

/// One assessor of a team.
struct Member<'a> {
    artefact: &'a Artefact,
    team: &'a Team,
    person: &'a Person,
    date: Date,
}

impl Member<'_> {
    fn judge_system(&self, system: &System<'_>, cx: &JudgeCx<'_>) {
        let lead = self.team.lead.as_deref() == Some(self.person.name.as_str());
        let owner = system.parties.and_then(|parties| parties.owner.as_deref());
        if owner == Some(self.person.name.as_str()) {
            let (state, detail) = if lead {
                ("lead_is_owner", words("leads the assessment and owns the system", "擔任評估主持人且為系統負責人"))
            } else {
                ("bound", words("owns the system", "為系統負責人"))
            };
            cx.report(self.finding(system.id, state, &self.person.at, &detail));
        }
        for relation in &self.person.relations {
            if let Some(detail) = conflict(relation, system, self.date) {
                cx.report(self.finding(system.id, "bound", &relation.at, &detail));
            }
        }
    }

    fn judge_papers(&self, cx: &JudgeCx<'_>) {
        let late = |date: Option<Date>| date.is_none_or(|date| date > self.date);
        if late(self.person.nda_signed_on) {
            let detail =
                words("no confidentiality undertaking signed by the day of the assessment", "評估日前未簽署保密切結書");
            cx.report(self.finding("undertaking", "no_undertaking", &self.person.at, &detail));
        }
        if late(self.person.independence_declared_on) {
            let detail =
                words("no declaration of independence by the day of the assessment", "評估日前未聲明無利害關係");
            cx.report(self.finding("declaration", "undeclared", &self.person.at, &detail));
        }
    }

    fn finding(
        &self,
        about: &str,
        state: &str,
        at: &secdiag_records::At,
        detail: &Bilingual,
    ) -> secdiag_model::Finding {
        let name = &self.person.name;
        finding(
            &CHECK,
            format!("{} {name} {about}", self.team.assessment),
            proof(self.artefact, at, format!("{name}: {}", detail.en)),
        )
        .aspect("assessor")
        .fact("record", self.team.assessment.as_str())
        .fact("state", state)
        .fact("people", vec![name.as_str()])
        .both("detail", &words(format!("{name}, {about}: {}", detail.en), format!("{name}，{about}：{}", detail.zh_tw)))
    }
}

/// Why a relation binds a person to a system on a day. Who developed it stays bound; other ties end.
fn conflict(relation: &Relation, system: &System<'_>, date: Date) -> Option<Bilingual> {
    let began = relation.from.is_none_or(|from| from <= date);
    let lasts = relation.until.is_none_or(|until| until >= date);
    let here = relation.to.eq_ignore_ascii_case(system.id);
    let among = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(&relation.to));
    let parties = system.parties;
    let develops = parties.is_some_and(|parties| among(&parties.developer));
    let operates = parties.is_some_and(|parties| among(&parties.operator));
    let owns = parties.is_some_and(|parties| parties.owner.iter().any(|name| name.eq_ignore_ascii_case(&relation.to)));
    let to = &relation.to;
    match relation.kind {
        RelationKind::Developed if began && here => Some(words("developed the system", "曾開發本系統")),
        RelationKind::Operated if began && lasts && here => Some(words("operates the system", "維運本系統")),
        RelationKind::Owns if began && lasts && here => Some(words("owns the system", "為本系統負責人")),
        RelationKind::EmployedBy if began && lasts && develops => {
            Some(words(format!("works for its developer {to}"), format!("任職於開發單位 {to}")))
        }
        RelationKind::EmployedBy if began && lasts && operates => {
            Some(words(format!("works for its operator {to}"), format!("任職於維運單位 {to}")))
        }
        RelationKind::Interest if began && lasts && (here || develops || operates || owns) => {
            Some(words(format!("has an interest in {to}"), format!("與 {to} 有利害關係")))
        }
        _ => None,
    }
}
