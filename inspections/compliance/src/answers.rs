//! Answers to questionnaires as a file gives them.

use jiff::civil::Date;
use secdiag_model::Note;
use secdiag_records::continuity::each;
use secdiag_records::tree::Fault;
use secdiag_records::{At, Fields, Node, Notes, Syntax, tree, workbook};
use serde::{Deserialize, Serialize};

/// The word after `secdiag` in a file of this kind.
pub const KIND: &str = "answers";

/// Everything that a file answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// `[[answer]]`, or the lines of a CSV.
    pub answers: Vec<Answer>,
}

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Where it stands.
    pub at: At,
    /// Id of the question.
    pub question: String,
    /// What is answered; nothing where the field is empty or no such word: then the question is not answered.
    pub answer: Option<Word>,
    /// Why it does not apply, or what is lacking.
    pub reason: Option<String>,
    /// Who answers.
    pub by: Option<String>,
    /// In which position.
    pub role: Option<String>,
    /// When.
    pub date: Option<Date>,
    /// What shows it: paths in the evidence, or SHA-256 digests.
    pub evidence: Vec<String>,
    /// Entry of a register, where the proof is kept elsewhere.
    pub register: Option<String>,
    /// Date of the evidence.
    pub evidence_date: Option<Date>,
    /// What will close the gap.
    pub action: Option<String>,
    /// Who does that.
    pub action_owner: Option<String>,
    /// Until when.
    pub action_due: Option<Date>,
}

/// The words of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the field's own")]
pub enum Word {
    Yes,
    No,
    Partial,
    NotApplicable,
}

/// How answers are written, in either language of a template.
const WORDS: &[(&str, Word)] = &[
    ("yes", Word::Yes),
    ("no", Word::No),
    ("partial", Word::Partial),
    ("not_applicable", Word::NotApplicable),
    ("y", Word::Yes),
    ("n", Word::No),
    ("partly", Word::Partial),
    ("n/a", Word::NotApplicable),
    ("na", Word::NotApplicable),
    ("是", Word::Yes),
    ("符合", Word::Yes),
    ("否", Word::No),
    ("不符合", Word::No),
    ("部分符合", Word::Partial),
    ("部分", Word::Partial),
    ("不適用", Word::NotApplicable),
];

/// Columns that tell answers in a table.
pub const COLUMNS: &[&str] = &["question", "answer"];

/// Reads a file; what is not understood is in the notes.
pub fn read(text: &str, syntax: Syntax) -> (Answers, Vec<Note>) {
    let (tree, faults) = tree::parse(text, syntax, "answer");
    take(&tree, faults)
}

/// Reads a workbook.
pub fn read_workbook(bytes: &[u8]) -> (Answers, Vec<Note>) {
    let (tree, faults) = workbook::parse(bytes, COLUMNS, "answer");
    take(&tree, faults)
}

fn take(tree: &Node, faults: Vec<Fault>) -> (Answers, Vec<Note>) {
    let mut notes = Notes::default();
    for fault in faults {
        notes.add("does-not-parse", &At { line: fault.line, path: String::new() }, fault.text);
    }
    let mut answers = Answers::default();
    if let Some(mut top) = Fields::top(tree, &mut notes) {
        let _ = top.text("secdiag", &mut notes);
        answers.answers = each(&mut top, "answer", &mut notes, answer);
        top.done(&mut notes);
    }
    (answers, notes.into_notes())
}

fn answer(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Answer> {
    // Templates repeat these beside the fields to fill in, for whoever reads the file.
    for shown in ["text", "asked_evidence", "severity", "item"] {
        let _ = fields.text(shown, notes);
    }
    Some(Answer {
        at: fields.at(),
        answer: fields.choice("answer", WORDS, notes),
        reason: fields.text("reason", notes),
        by: fields.text("by", notes),
        role: fields.text("role", notes),
        date: fields.date("date", notes),
        evidence: fields.texts("evidence", notes),
        register: fields.text("register", notes),
        evidence_date: fields.date("evidence_date", notes),
        action: fields.text("action", notes),
        action_owner: fields.text("action_owner", notes),
        action_due: fields.date("action_due", notes),
        question: fields.needed("question", notes)?,
    })
}
