//! `compliance/answer-without-evidence`
//!
//! # What
//! Answers "yes" (or "not applicable") whose proof is missing, not in the evidence set, unreadable, stale, undated or
//! dated in the future, and answers that nobody signed.
//!
//! # Why
//! A questionnaire shows what somebody says; only evidence shows what is. An unproven yes is no pass.
//!
//! # Evidence
//! Answer files, and the system's artefacts that they name by path or digest.
//!
//! # Limits
//! Whether the artefact says what the answer claims is for the reader. A "no" needs no proof.
//!
//! # References
//! INS 肆.一.(七) (evidence column of the questionnaire in practice); ISO/IEC 27001:2022 A.5.36.

use std::collections::BTreeMap;

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::asked::{State, Worth};
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/answer-without-evidence", crate::formats::READS_ANSWERS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut looked: BTreeMap<&str, u64> = BTreeMap::new();
    for asked in &view.asked {
        let State::Answered(given, worth) = &asked.state else { continue };
        let question = asked.question;
        *looked.entry(&question.topic).or_default() += 1;
        let Worth::Unproven(weakness) = worth else { continue };
        let why = weakness.words();
        let excerpt = format!("{}: {}", question.id, given.answer.evidence.join("; "));
        let found = finding(&CHECK, question.id.as_str(), proof(given.artefact, &given.answer.at, excerpt))
            .aspect(&question.topic)
            .fact("record", question.id.as_str())
            .fact("state", weakness.slug())
            .fact("by", given.answer.by.as_deref())
            .day("evidence_date", given.answer.evidence_date)
            .fact("fresh_months", question.fresh_months)
            .both(
                "detail",
                &words(
                    format!("{} ({}; asked: {})", why.en, question.text.en, question.evidence.en),
                    format!("{}（{}；應附：{}）", why.zh_tw, question.text.zh_tw, question.evidence.zh_tw),
                ),
            );
        cx.report(found);
    }
    for (topic, count) in looked {
        cx.looked(Looked::at(&CHECK, count, "questionnaire answers").aspect(topic));
    }
}
