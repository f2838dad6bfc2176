//! `compliance/checklist-points-short`
//!
//! # What
//! The points of a checklist that gives points, by section and in total, where not all are reached.
//!
//! # Why
//! Points show at a glance how far a firm is, and where: before, during or after an attack.
//!
//! # Evidence
//! Answer files, and the artefacts that they name.
//!
//! # Limits
//! A proven yes gets the weight of its question, an unproven one the part that the questionnaire gives (half), everything
//! else nothing; what is shown not to apply is left out. What is missing has findings of its own: this one adds up and
//! counts for no outcome.
//!
//! # References
//! Template of the association for the defence against denial of service, 2025-09-18.

use secdiag_catalogue::{Questionnaire, Scoring};
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_records::At;

use crate::answers::Word;
use crate::asked::{Asked, State, Worth};
use crate::say::{BothLanguages, finding, listed, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/checklist-points-short", crate::formats::READS_ANSWERS);

/// Points reached and points there are, in hundredths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Points {
    reached: u64,
    of: u64,
}

impl Points {
    fn sum(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter()
            .fold(Self::default(), |sum, one| Self { reached: sum.reached + one.reached, of: sum.of + one.of })
    }

    /// What the answer to a question gets.
    fn of(asked: &Asked<'_>, scoring: &Scoring) -> Self {
        let weight = u64::from(asked.question.weight);
        let percent = match &asked.state {
            State::Answered(_, Worth::NotApplicable) => return Self::default(),
            State::Answered(_, Worth::Proven) => 100,
            State::Answered(given, Worth::Unproven(_)) if given.answer.answer == Some(Word::Yes) => {
                u64::from(scoring.unproven_percent)
            }
            State::Answered(..) | State::Unanswered | State::Contradicted { .. } => 0,
        };
        Self { reached: weight * percent, of: weight * 100 }
    }

    fn text(self) -> String {
        format!("{} / {}", decimal(self.reached), decimal(self.of))
    }

    fn fact(self) -> serde_json::Value {
        serde_json::json!({"points": number(self.reached), "of": number(self.of)})
    }
}

fn decimal(hundredths: u64) -> String {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn number(hundredths: u64) -> serde_json::Value {
    serde_json::from_str(&decimal(hundredths)).unwrap_or_default()
}

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    for questionnaire in cx.catalogue.questionnaires() {
        if let Some(scoring) = &questionnaire.scoring {
            count(questionnaire, scoring, view, cx);
        }
    }
}

fn count(questionnaire: &Questionnaire, scoring: &Scoring, view: &View<'_>, cx: &JudgeCx<'_>) {
    let own = |asked: &&Asked<'_>| questionnaire.questions.iter().any(|question| question.id == asked.question.id);
    let asked: Vec<&Asked<'_>> = view.asked.iter().filter(own).collect();
    // Whoever answers nothing has no points, and not none.
    let Some((artefact, topic)) =
        asked.iter().find_map(|asked| Some((asked.artefact()?, asked.question.topic.as_str())))
    else {
        return;
    };
    cx.looked(Looked::at(&CHECK, asked.len() as u64, "questions").aspect(topic));
    let of_section = |id: &str| {
        let own = asked.iter().filter(|asked| asked.question.section.as_deref() == Some(id));
        Points::sum(own.map(|asked| Points::of(asked, scoring)))
    };
    let sections: Vec<_> = scoring.sections.iter().map(|section| (section, of_section(&section.id))).collect();
    let total = Points::sum(sections.iter().map(|(_, points)| *points));
    if total.reached == total.of {
        return;
    }
    let said: Vec<_> = sections
        .iter()
        .map(|(section, points)| {
            let points = points.text();
            words(format!("{} {points}", section.title.en), format!("{} {points}", section.title.zh_tw))
        })
        .collect();
    let facts: serde_json::Map<_, _> =
        sections.iter().map(|(section, points)| (section.id.clone(), points.fact())).collect();
    let detail = listed(&said);
    let found = finding(&CHECK, questionnaire.id.as_str(), proof(artefact, &At::default(), detail.en.as_str()))
        .aspect(topic)
        .both("record", &questionnaire.title)
        .both("detail", &detail)
        .fact("points", decimal(total.reached))
        .fact("of", decimal(total.of))
        .fact("total", total.fact())
        .fact("sections", facts);
    cx.report(found);
}
