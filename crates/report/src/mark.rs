//! Shapes: severity and outcome are shape, colour and word, never colour alone.

use secdiag_model::{CheckState, Lang, Outcome, Severity};

use crate::labels::Labels;

/// A shape with its word.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    /// Id of the drawn shape and class of its colour.
    pub(crate) class: &'static str,
    /// The shape as a character, for terminals.
    pub(crate) glyph: char,
    /// The word.
    pub(crate) word: &'static str,
}

/// Outcomes in the order in which reports count them: decided ones first.
pub(crate) const OUTCOMES: [Outcome; 7] = [
    Outcome::Fail,
    Outcome::Observation,
    Outcome::Pass,
    Outcome::NotApplicable,
    Outcome::InsufficientEvidence,
    Outcome::NotTested,
    Outcome::Error,
];

impl Mark {
    /// Of a severity.
    pub(crate) fn severity(severity: Severity, lang: Lang) -> Self {
        let (class, glyph) = match severity {
            Severity::Critical => ("critical", '▲'),
            Severity::High => ("high", '◆'),
            Severity::Medium => ("medium", '●'),
            Severity::Low => ("low", '■'),
            Severity::Info => ("info", '○'),
        };
        Self { class, glyph, word: Labels::severity(severity, lang) }
    }

    /// Of an outcome.
    pub(crate) fn outcome(outcome: Outcome, lang: Lang) -> Self {
        let (class, glyph) = match outcome {
            Outcome::Pass => ("pass", '✓'),
            Outcome::Fail => ("fail", '✕'),
            Outcome::Observation => ("observation", '◐'),
            Outcome::NotApplicable => ("na", '–'),
            Outcome::InsufficientEvidence => ("insufficient", '▨'),
            Outcome::NotTested => ("untested", '□'),
            Outcome::Error => ("error", '!'),
        };
        Self { class, glyph, word: Labels::outcome(outcome, lang) }
    }

    /// Of a check's state, with the shapes of outcomes.
    pub(crate) fn check(state: CheckState, lang: Lang) -> Self {
        let outcome = match state {
            CheckState::Found => Outcome::Fail,
            CheckState::Passed => Outcome::Pass,
            CheckState::NotAssessed => Outcome::InsufficientEvidence,
            CheckState::Planned => Outcome::NotTested,
            CheckState::Error => Outcome::Error,
        };
        Self { word: Labels::check_state(state, lang), ..Self::outcome(outcome, lang) }
    }

    /// Shape and word. Made of our own words only, so that templates may show it unescaped.
    pub(crate) fn html(&self) -> String {
        format!("<span class=\"mark {}\">{}{}</span>", self.class, self.shape(), self.word)
    }

    /// The shape, with the word for those who hear the page.
    pub(crate) fn shape_only(&self) -> String {
        let Self { class, word, .. } = self;
        format!("<span class=\"mark {class}\" title=\"{word}\">{}<span class=\"sr\">{word}</span></span>", self.shape())
    }

    /// The shape and how often; `count` must be a written number.
    pub(crate) fn counted(&self, count: &str) -> String {
        let Self { class, word, .. } = self;
        format!(
            "<span class=\"mark {class}\" title=\"{word}\">{}<span class=\"sr\">{word} </span>{count}</span>",
            self.shape()
        )
    }

    /// The shape of a warning.
    pub(crate) fn warning() -> &'static str {
        "<svg class=\"m\" aria-hidden=\"true\"><use href=\"#m-error\"/></svg>"
    }

    /// Class of a number written on the outcome's colour in a bar.
    pub(crate) fn ink(&self) -> &'static str {
        if matches!(self.class, "fail" | "pass" | "error") { "solid" } else { "hatched" }
    }

    fn shape(&self) -> String {
        format!("<svg class=\"m\" aria-hidden=\"true\"><use href=\"#m-{}\"/></svg>", self.class)
    }
}

/// Whether an item with this outcome has a verdict.
pub(crate) fn decided(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Pass | Outcome::Fail | Outcome::Observation)
}

/// How bad, for the one outcome that stands for several systems: the worst first.
pub(crate) fn rank(outcome: Outcome) -> usize {
    [
        Outcome::Fail,
        Outcome::Error,
        Outcome::InsufficientEvidence,
        Outcome::NotTested,
        Outcome::Observation,
        Outcome::Pass,
        Outcome::NotApplicable,
    ]
    .iter()
    .position(|other| *other == outcome)
    .unwrap_or_default()
}
