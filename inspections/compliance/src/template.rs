//! Empty answer files: what a firm is given to fill in.

use std::fmt::Write;

use secdiag_catalogue::{Question, Questionnaire};
use secdiag_model::Lang;

/// The form of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One `[[answer]]` per question, with the question as a comment.
    Toml,
    /// One line per question, for a spreadsheet; begins with a byte-order mark, without which some show Chinese wrongly.
    Csv,
}

/// Columns of the CSV, in order. The names are the same in both languages, so that either file is read.
const COLUMNS: &[&str] = &[
    "question",
    "text",
    "asked_evidence",
    "answer",
    "reason",
    "by",
    "role",
    "date",
    "evidence",
    "register",
    "evidence_date",
    "action",
    "action_owner",
    "action_due",
];

/// The questions of a questionnaire that a category is asked (all where none is named), unanswered.
pub fn template(questionnaire: &Questionnaire, category: Option<u8>, lang: Lang, form: Form) -> String {
    let asks = |question: &&Question| category.is_none_or(|category| question.categories.contains(&category));
    let questions = questionnaire.questions.iter().filter(asks);
    match form {
        Form::Toml => toml(questionnaire, questions, lang),
        Form::Csv => csv(questions, lang),
    }
}

fn toml<'a>(questionnaire: &Questionnaire, questions: impl Iterator<Item = &'a Question>, lang: Lang) -> String {
    let how = match lang {
        Lang::En => [
            "answer: yes, no, partial or not_applicable (then with a reason). Leave it empty where nobody answered.",
            "evidence: paths in the evidence folder or SHA-256 digests; evidence_date: the date of what it shows.",
        ],
        Lang::ZhTw => [
            "answer：yes（是）、no（否）、partial（部分符合）或 not_applicable（不適用，須填 reason）；未回答者留空。",
            "evidence：佐證資料夾內之路徑或 SHA-256 雜湊值；evidence_date：佐證所載日期。",
        ],
    };
    let mut text =
        format!("secdiag = \"answers\"\n\n# {} ({})\n", questionnaire.title.get(lang), questionnaire.version);
    for line in how {
        add(&mut text, format_args!("# {line}\n"));
    }
    for question in questions {
        add(&mut text, format_args!("\n[[answer]]\nquestion = \"{}\"\n", question.id));
        for line in [question.text.get(lang), question.evidence.get(lang)] {
            add(&mut text, format_args!("# {}\n", line.replace('\n', " ")));
        }
        for field in ["answer", "reason", "by", "role", "date"] {
            add(&mut text, format_args!("{field} = \"\"\n"));
        }
        add(&mut text, format_args!("evidence = []\nevidence_date = \"\"\n"));
        for field in ["action", "action_owner", "action_due"] {
            add(&mut text, format_args!("{field} = \"\"\n"));
        }
    }
    text
}

fn csv<'a>(questions: impl Iterator<Item = &'a Question>, lang: Lang) -> String {
    let mut text = format!("\u{feff}{}\r\n", COLUMNS.join(","));
    for question in questions {
        let shown = [question.id.as_str(), question.text.get(lang), question.evidence.get(lang)];
        let cells = shown.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        let empty = std::iter::repeat_n(String::new(), COLUMNS.len() - shown.len());
        add(&mut text, format_args!("{}\r\n", cells.chain(empty).collect::<Vec<_>>().join(",")));
    }
    text
}

/// Writing to a string cannot fail.
fn add(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(line);
}

#[cfg(test)]
mod tests {
    use secdiag_catalogue::Catalogue;
    use secdiag_records::Syntax;

    use super::*;
    use crate::answers;

    #[test]
    fn a_template_is_an_answer_file_without_answers() {
        let catalogue = Catalogue::built_in().unwrap();
        for questionnaire in catalogue.questionnaires() {
            for lang in [Lang::En, Lang::ZhTw] {
                for (form, syntax) in [(Form::Toml, Syntax::Toml), (Form::Csv, Syntax::Csv)] {
                    let text = template(questionnaire, None, lang, form);
                    let (read, notes) = answers::read(&text, syntax);
                    assert_eq!(notes, [], "{} {lang:?} {form:?}", questionnaire.id);
                    let ids: Vec<_> = read.answers.iter().map(|answer| answer.question.as_str()).collect();
                    let asked: Vec<_> = questionnaire.questions.iter().map(|question| question.id.as_str()).collect();
                    assert_eq!(ids, asked);
                    assert!(read.answers.iter().all(|answer| answer.answer.is_none() && answer.evidence.is_empty()));
                    assert!(text.contains(questionnaire.questions[0].text.get(lang)));
                }
            }
        }
    }

    #[test]
    fn a_category_is_asked_its_own_questions_only() {
        let catalogue = Catalogue::built_in().unwrap();
        let assault = catalogue.questionnaire("assault").unwrap();
        assert!(template(assault, Some(1), Lang::En, Form::Csv).contains("AST-7"));
        assert!(!template(assault, Some(3), Lang::En, Form::Csv).contains("AST-7"));
    }
}
