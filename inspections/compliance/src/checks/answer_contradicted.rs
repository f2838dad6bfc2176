//! `compliance/answer-contradicted`
//!
//! # What
//! Questions answered in two ways, and a "yes" that rests on something which another answer denies.
//!
//! # Why
//! One of the two is wrong, and nobody knows which: neither can carry a pass.
//!
//! # Evidence
//! Answer files, all of a system together.
//!
//! # Limits
//! Only contradictions that the questionnaires name (`requires`) are seen between different questions.
//!
//! # References
//! INS 肆.一.(七).

use std::collections::BTreeMap;

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::asked::State;
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/answer-contradicted", crate::formats::READS_ANSWERS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut looked: BTreeMap<&str, u64> = BTreeMap::new();
    for asked in &view.asked {
        let question = asked.question;
        let (given, other) = match &asked.state {
            State::Unanswered => continue,
            State::Answered(..) => {
                *looked.entry(&question.topic).or_default() += 1;
                continue;
            }
            State::Contradicted { given, other } => (given, other),
        };
        *looked.entry(&question.topic).or_default() += 1;
        let excerpt = |given: &crate::asked::Given<'_>| {
            let word = given.answer.answer.map(|word| format!("{word:?}").to_lowercase()).unwrap_or_default();
            format!("{} = {word}", given.answer.question)
        };
        let mut proofs = given.iter().map(|given| proof(given.artefact, &given.answer.at, excerpt(given)));
        let Some(first) = proofs.next() else { continue };
        let detail = match other {
            Some(other) => words(
                format!("the yes rests on {other}, which is not answered yes"),
                format!("本題答「是」，但所依據之 {other} 並非答「是」"),
            ),
            None => words(format!("{} different answers", given.len()), format!("共 {} 筆不一致之回答", given.len())),
        };
        let found = finding(&CHECK, question.id.as_str(), first)
            .aspect(&question.topic)
            .fact("record", question.id.as_str())
            .both("detail", &detail);
        cx.report(proofs.fold(found, secdiag_model::Finding::proof));
    }
    for (topic, count) in looked {
        cx.looked(Looked::at(&CHECK, count, "questionnaire answers").aspect(topic));
    }
}
