//! `compliance/letter-open`
//!
//! # What
//! Letters of the authority that are past their reply date without a reply, or replied to without being carried out and
//! without a date ahead.
//!
//! # Why
//! An instruction of the authority that is not carried out is a breach of its own.
//!
//! # Evidence
//! The register of letters (CSV, or `[[letter]]`).
//!
//! # Limits
//! The register is believed; whether what was done is enough is for the reader. A letter without a reply date has the
//! catalogue's default.
//!
//! # References
//! INS 肆.一.(七)3 (authority letters).

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Note, NoteKind};

use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/letter-open", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let reply = view.limit(LimitId::LetterReply);
    let by_now = |date: &jiff::civil::Date| *date <= cx.as_of;
    let mut looked = 0;
    for (artefact, letter) in view.of_records(|records| &records.letters) {
        let due = letter.due.or_else(|| Some(reply?.until(letter.received_on?)));
        let done = letter.done_on.filter(by_now);
        let Some(due) = due.or(done) else {
            let text = format!("letter {}: neither received_on nor due is given; it was not judged", letter.letter);
            cx.note(Note::new(NoteKind::NotUnderstood, "letter-undated", text).on(artefact));
            continue;
        };
        looked += 1;
        let replied = letter.replied_on.filter(by_now);
        let planned = letter.action_due.is_some_and(|date| date >= cx.as_of);
        let (state, detail) = if done.is_some() {
            continue;
        } else if replied.is_none() && due < cx.as_of {
            ("no_reply", words(format!("no reply by {due}"), format!("至 {due} 仍未回復")))
        } else if due < cx.as_of && !planned {
            (
                "not_done",
                words(
                    "replied to, but not carried out and without a date ahead",
                    "已回復但尚未辦理，且無未到期之預定日期",
                ),
            )
        } else {
            continue;
        };
        let subject = letter.subject.as_deref().unwrap_or_default();
        let found = finding(
            &CHECK,
            letter.letter.as_str(),
            proof(artefact, &letter.at, format!("{} {subject}", letter.letter)),
        )
        .fact("record", letter.letter.as_str())
        .fact("state", state)
        .fact("due", due.to_string())
        .both("detail", &detail);
        cx.report(found);
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "letters"));
    }
}
