//! `programme/assessor-unqualified`
//!
//! # What
//! Teams that together lack a kind of qualification which the category demands, and certificates that were not valid on
//! the day of the assessment.
//!
//! # Why
//! What an unqualified assessor did not find is not known.
//!
//! # Evidence
//! Answer files; `[[team]]` with persons and certificates.
//!
//! # Limits
//! Certificates are believed as listed. Categories 2 and 3 demand no fixed kinds; there only invalid certificates are
//! reported.
//!
//! # References
//! INS 柒.

use jiff::civil::Date;
use secdiag_catalogue::Qualification;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Note, NoteKind};

use crate::asked::{Dated, judge_gaps};
use crate::checks::teams;
use crate::records::{Certificate, Person, Team};
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/assessor-unqualified", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
    let kinds = &view.catalogue.duties().qualifications;
    let mut looked = 0;
    for (artefact, team, date) in teams(view, cx) {
        let demanded: Vec<&Qualification> =
            kinds.iter().filter(|kind| kind.categories.contains(&view.category.unwrap_or(1))).collect();
        looked += demanded.len() as u64;
        for kind in &demanded {
            judge_kind(kind, artefact, team, date, cx);
        }
        for person in &team.people {
            for certificate in &person.certificates {
                looked += 1;
                note_kind(kinds, certificate, artefact, cx);
                judge_certificate(certificate, person, artefact, team, date, cx);
            }
        }
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "qualifications and certificates").aspect("assessor"));
    }
}

/// Whether anybody holds a kind on the day.
fn judge_kind(kind: &Qualification, artefact: &Artefact, team: &Team, date: Date, cx: &JudgeCx<'_>) {
    let held = |certificate: &&Certificate| certificate.kind.as_deref() == Some(kind.id.as_str());
    let of = |person: &Person| person.certificates.iter().filter(held).any(|held| invalid(held, date).is_none());
    if team.people.iter().any(of) {
        return;
    }
    let people: Vec<&str> = team.people.iter().map(|person| person.name.as_str()).collect();
    let record = format!("{} {}", team.assessment, kind.id);
    let found = finding(
        &CHECK,
        record.as_str(),
        proof(artefact, &team.at, format!("team of {}: {}", team.assessment, people.join(", "))),
    )
    .aspect("assessor")
    .fact("record", team.assessment.as_str())
    .fact("state", "kind_missing")
    .fact("people", people.clone())
    .both(
        "detail",
        &words(
            format!("on {date} none of {} held {}", people.join(", "), kind.title.en),
            format!("{date} 時 {} 均不具備「{}」", people.join("、"), kind.title.zh_tw),
        ),
    );
    cx.report(found);
}

fn judge_certificate(
    certificate: &Certificate,
    person: &Person,
    artefact: &Artefact,
    team: &Team,
    date: Date,
    cx: &JudgeCx<'_>,
) {
    let Some(why) = invalid(certificate, date) else { return };
    let record = format!("{} {} {}", team.assessment, person.name, certificate.name);
    let found =
        finding(&CHECK, record, proof(artefact, &certificate.at, format!("{}: {}", person.name, certificate.name)))
            .aspect("assessor")
            .fact("record", team.assessment.as_str())
            .fact("state", "certificate_invalid")
            .fact("people", vec![person.name.as_str()])
            .both(
                "detail",
                &words(
                    format!("{}: {} {} (assessment of {date})", person.name, certificate.name, why.en),
                    format!("{}：{} {}（評估日 {date}）", person.name, certificate.name, why.zh_tw),
                ),
            );
    cx.report(found);
}

/// Why a certificate does not count on a day.
fn invalid(certificate: &Certificate, date: Date) -> Option<secdiag_model::Bilingual> {
    match (certificate.valid_from, certificate.valid_to) {
        (None, _) => Some(words("has no first day of validity", "未載生效日")),
        (Some(from), _) if from > date => {
            Some(words(format!("is valid only from {from}"), format!("自 {from} 始生效")))
        }
        (_, Some(to)) if to < date => Some(words(format!("ended on {to}"), format!("已於 {to} 屆期"))),
        _ => None,
    }
}

/// A certificate that is known to show another kind than it is listed under, or a kind that does not exist.
fn note_kind(kinds: &[Qualification], certificate: &Certificate, artefact: &Artefact, cx: &JudgeCx<'_>) {
    let named = certificate.kind.as_deref();
    let known = kinds.iter().find(|kind| kind.examples.iter().any(|name| name.eq_ignore_ascii_case(&certificate.name)));
    let text = match (named, known) {
        (Some(named), _) if !kinds.iter().any(|kind| kind.id == named) => {
            let all: Vec<&str> = kinds.iter().map(|kind| kind.id.as_str()).collect();
            format!("{}: {named} is no kind of qualification; they are {}", certificate.name, all.join(", "))
        }
        (None, _) => format!("{}: no kind is given; it counts for none", certificate.name),
        (Some(named), Some(known)) if known.id != named => {
            format!("{} is listed as {named}; it usually shows {}", certificate.name, known.id)
        }
        _ => return,
    };
    cx.note(Note::new(NoteKind::Assumed, "certificate-kind", text).on(artefact));
}
