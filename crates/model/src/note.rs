//! Notes: what a reader of the result must know about the evidence itself.

use serde::{Deserialize, Serialize};

use crate::Sha256;

/// What a note is about. The three kinds of trouble stay apart: broken evidence is a note, a bug in an
/// inspection makes its items `error`, and trouble of the machine is an `Err`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// The evidence could not be read, or not to its end: truncated, empty, encrypted, mislabelled, a bomb.
    Broken,
    /// No inspection of this version reads this evidence.
    Unsupported,
    /// Parts of a readable piece of evidence were not understood; `count` says how many.
    NotUnderstood,
    /// The evidence was read, with an assumption that the reader should know.
    Assumed,
    /// A part of the product failed on this evidence: the items concerned are `error`.
    Internal,
}

/// One statement about the evidence or the run, with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Note {
    /// Path below the folder or archive given to the run; empty when the note is about the whole run.
    pub path: String,
    /// Member inside an archive; nested members are joined with `!/`.
    pub member: Option<String>,
    /// Line, packet, offset: where in the file, as text (`line 42`, `packet 17`, `byte 4096`).
    pub place: Option<String>,
    /// What the note is about.
    pub kind: NoteKind,
    /// Stable slug of the reason, such as `truncated`, `unknown-directive`, `password-protected`.
    pub reason: String,
    /// What happened and what to do, in English.
    pub text: String,
    /// How many records, lines or members this note stands for; at least 1.
    pub count: u64,
    /// Digest of the evidence, where it could be read at all.
    pub sha256: Option<Sha256>,
}

impl Note {
    /// A note without a place; [`Note::at`] and [`Note::times`] add what is known.
    pub fn new(kind: NoteKind, reason: &str, text: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            member: None,
            place: None,
            kind,
            reason: reason.to_owned(),
            text: text.into(),
            count: 1,
            sha256: None,
        }
    }

    /// The place inside the file, as a reader would look it up.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// How many records or lines the note stands for.
    pub fn times(mut self, count: u64) -> Self {
        self.count = count.max(1);
        self
    }

    /// The file that the note is about.
    pub fn on(mut self, artefact: &crate::Artefact) -> Self {
        self.path.clone_from(&artefact.path);
        self.member.clone_from(&artefact.member);
        self.sha256 = Some(artefact.sha256);
        self
    }
}
