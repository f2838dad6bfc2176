//! `compliance/question-unanswered`
//!
//! # What
//! Questions of a topic that nobody answered, although others of the topic were.
//!
//! # Why
//! What was not answered was not examined: the topic cannot pass.
//!
//! # Evidence
//! Answer files.
//!
//! # Limits
//! A topic without a single answer is not assessed at all; a note names it.
//!
//! # References
//! INS 肆.一.(七).

use std::collections::BTreeMap;

use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Note, NoteKind};
use secdiag_records::At;

use crate::asked::Asked;
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/question-unanswered", crate::formats::READS_ANSWERS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut topics: BTreeMap<&str, Vec<&Asked<'_>>> = BTreeMap::new();
    for asked in &view.asked {
        topics.entry(&asked.question.topic).or_default().push(asked);
    }
    let any = view.asked.iter().any(|asked| asked.artefact().is_some());
    for (topic, questions) in topics {
        let open: Vec<&str> = questions
            .iter()
            .filter(|asked| asked.artefact().is_none())
            .map(|asked| asked.question.id.as_str())
            .collect();
        let Some(artefact) = questions.iter().find_map(|asked| asked.artefact()) else {
            if any {
                let text = format!("no question of the topic {topic} is answered: {}", open.join(", "));
                cx.note(Note::new(NoteKind::Assumed, "topic-unanswered", text).times(open.len() as u64));
            }
            continue;
        };
        cx.looked(Looked::at(&CHECK, questions.len() as u64, "questions").aspect(topic));
        if open.is_empty() {
            continue;
        }
        let list = open.join(", ");
        let found = finding(&CHECK, topic, proof(artefact, &At::default(), format!("no answer to {list}")))
            .aspect(topic)
            .fact("record", topic)
            .fact("questions", open.clone())
            .fact("count", open.len())
            .fact("of", questions.len())
            .both("detail", &words(list, open.join("、")));
        cx.report(found);
    }
}
