//! Puts answers to their questions and judges what each answer is worth.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use secdiag_catalogue::{Catalogue, LimitId, NotApplicable, Question};
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Bilingual, EvidenceSet, Note, NoteKind, Recognition, Sha256};

use crate::answers::{Answer, Answers, Word};
use crate::formats::READS_ANSWERS;
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::{Known, View};

/// A question that the system's category is asked.
pub(crate) struct Asked<'a> {
    pub(crate) question: &'a Question,
    pub(crate) state: State<'a>,
}

impl<'a> Asked<'a> {
    /// The file that answers it.
    pub(crate) fn artefact(&self) -> Option<&'a Artefact> {
        match &self.state {
            State::Unanswered => None,
            State::Answered(given, _) => Some(given.artefact),
            State::Contradicted { given, .. } => given.first().map(|given| given.artefact),
        }
    }
}

/// An answer and its file.
#[derive(Clone)]
pub(crate) struct Given<'a> {
    pub(crate) artefact: &'a Artefact,
    pub(crate) answer: Box<Answer>,
}

/// What became of a question.
pub(crate) enum State<'a> {
    /// Nobody answered.
    Unanswered,
    /// Answered in two ways, or at odds with another answer.
    Contradicted {
        /// The answers that do not go together.
        given: Vec<Given<'a>>,
        /// The other question, where it is not the same one.
        other: Option<String>,
    },
    /// Answered.
    Answered(Given<'a>, Worth),
}

/// What an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// Yes, shown by fresh evidence in the set.
    Proven,
    /// Does not apply, as the question allows it.
    NotApplicable,
    /// No or partly.
    Gap,
    /// Yes or not applicable, but not shown.
    Unproven(Weakness),
}

/// Why an answer shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weakness {
    NoEvidence,
    NotFound,
    Ambiguous,
    OwnFile,
    Unreadable,
    EvidenceFuture,
    AnswerFuture,
    Refused,
    Unreasoned,
    RegisterOnly,
    Stale,
    Undated,
    Unsigned,
    AnswerOld,
}

impl Weakness {
    /// Slug, which severities in the catalogue go by.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::NoEvidence => "no_evidence",
            Self::NotFound => "not_found",
            Self::Ambiguous => "ambiguous",
            Self::OwnFile => "own_file",
            Self::Unreadable => "unreadable",
            Self::EvidenceFuture => "evidence_future",
            Self::AnswerFuture => "answer_future",
            Self::Refused => "refused",
            Self::Unreasoned => "unreasoned",
            Self::RegisterOnly => "register_only",
            Self::Stale => "stale",
            Self::Undated => "undated",
            Self::Unsigned => "unsigned",
            Self::AnswerOld => "answer_old",
        }
    }

    /// In words.
    pub(crate) fn words(self) -> Bilingual {
        let (en, zh) = match self {
            Self::NoEvidence => ("no evidence is named", "未列佐證"),
            Self::NotFound => ("the evidence named is not in the evidence set", "所列佐證不在佐證資料中"),
            Self::Ambiguous => {
                ("several different files have the name given as evidence", "有數個不同檔案符合所列佐證名稱")
            }
            Self::OwnFile => ("a questionnaire is named as its own evidence", "以問卷本身作為佐證"),
            Self::Unreadable => ("the evidence named is empty or cannot be read", "所列佐證為空檔或無法讀取"),
            Self::EvidenceFuture => {
                ("the evidence is dated after the date of the diagnostic", "佐證日期晚於診斷基準日")
            }
            Self::AnswerFuture => ("the answer is dated after the date of the diagnostic", "回答日期晚於診斷基準日"),
            Self::Refused => ("the question applies to every firm", "本題適用於所有公司，不得答不適用"),
            Self::Unreasoned => {
                ("\"not applicable\" lacks a reason, a name or a date", "答不適用而缺少理由、姓名或日期")
            }
            Self::RegisterOnly => ("only a register entry is named, no artefact", "僅列登錄編號，未附佐證檔案"),
            Self::Stale => ("the evidence is too old", "佐證已逾時效"),
            Self::Undated => ("the evidence has no date", "佐證未載日期"),
            Self::Unsigned => ("the answer names neither who gave it nor when", "回答未載回答人員或日期"),
            Self::AnswerOld => ("the answer itself is too old", "回答已逾時效"),
        };
        words(en, zh)
    }
}

/// Every question of the category with its answer, in the order of the questionnaires.
pub(crate) fn ask<'a>(
    catalogue: &'a Catalogue,
    category: Option<u8>,
    answers: &[Known<'a, Answers>],
    evidence: &EvidenceSet,
    cx: &JudgeCx<'_>,
) -> Vec<Asked<'a>> {
    let known: BTreeMap<&str, &Question> =
        catalogue.questions().map(|question| (question.id.as_str(), question)).collect();
    let mut given: BTreeMap<&str, Vec<Given<'a>>> = BTreeMap::new();
    for file in answers {
        for answer in &file.value.answers {
            match known.get_key_value(answer.question.as_str()) {
                None => {
                    let text = "the answer is to a question that no questionnaire asks: correct its id";
                    let place = place_of(answer);
                    cx.note(Note::new(NoteKind::NotUnderstood, "unknown-question", text).at(place).on(file.artefact));
                }
                Some(_) if answer.answer.is_none() => {}
                Some((id, _)) => {
                    let answer = Given { artefact: file.artefact, answer: Box::new(answer.clone()) };
                    given.entry(id).or_default().push(answer);
                }
            }
        }
    }
    let words: BTreeMap<&str, BTreeSet<Word>> =
        given.iter().map(|(id, given)| (*id, given.iter().filter_map(|given| given.answer.answer).collect())).collect();
    let oldest = catalogue.duties().allowed(LimitId::AnswerAge, category).map(|limit| limit.since(cx.as_of));
    let asked = catalogue.questions().filter(|question| {
        let asks = |category| question.categories.contains(&category);
        category.map_or(!question.categories.is_empty(), asks)
    });
    asked
        .map(|question| {
            let all = given.get(question.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let state = state(question, all, &given, &words, evidence, oldest, cx);
            Asked { question, state }
        })
        .collect()
}

fn state<'a>(
    question: &Question,
    all: &[Given<'a>],
    given: &BTreeMap<&str, Vec<Given<'a>>>,
    words: &BTreeMap<&str, BTreeSet<Word>>,
    evidence: &EvidenceSet,
    oldest: Option<Date>,
    cx: &JudgeCx<'_>,
) -> State<'a> {
    let Some(first) = all.first() else { return State::Unanswered };
    if all.iter().any(|other| other.answer.answer != first.answer.answer) {
        return State::Contradicted { given: all.to_vec(), other: None };
    }
    if first.answer.answer == Some(Word::Yes) {
        let denied = |other: &&String| {
            words
                .get(other.as_str())
                .is_some_and(|words| !words.contains(&Word::Yes) && !words.contains(&Word::Partial))
        };
        if let Some(other) = question.requires.iter().find(denied) {
            let theirs = given.get(other.as_str()).and_then(|given| given.first()).cloned();
            let given = [first.clone()].into_iter().chain(theirs).collect();
            return State::Contradicted { given, other: Some(other.clone()) };
        }
    }
    if all.len() > 1 {
        let text =
            format!("{} is answered {} times in the same way: the answer of best worth counts", question.id, all.len());
        cx.note(Note::new(NoteKind::Assumed, "answered-twice", text).times(all.len() as u64 - 1).on(first.artefact));
    }
    let rated = all.iter().map(|given| (worth(question, given, evidence, oldest, cx.as_of), given));
    let best = rated.min_by_key(|(worth, _)| match worth {
        Worth::Unproven(weakness) => 100 - *weakness as i32,
        _ => 0,
    });
    best.map_or(State::Unanswered, |(worth, given)| State::Answered(given.clone(), worth))
}

fn worth(question: &Question, given: &Given<'_>, evidence: &EvidenceSet, oldest: Option<Date>, as_of: Date) -> Worth {
    let answer = &given.answer;
    let proof = |answer: &Answer| {
        shown(question, given, evidence, as_of).and_then(|()| match (&answer.by, answer.date) {
            (None, _) | (_, None) => Err(Weakness::Unsigned),
            (_, Some(date)) if oldest.is_some_and(|oldest| date < oldest) => Err(Weakness::AnswerOld),
            _ => Ok(()),
        })
    };
    let worth = match answer.answer {
        None | Some(Word::No | Word::Partial) => return Worth::Gap,
        Some(_) if answer.date.is_some_and(|date| date > as_of) => Err(Weakness::AnswerFuture),
        Some(Word::Yes) => proof(answer).map(|()| Worth::Proven),
        Some(Word::NotApplicable) => match question.not_applicable {
            NotApplicable::Never => Err(Weakness::Refused),
            _ if answer.reason.is_none() || answer.by.is_none() || answer.date.is_none() => Err(Weakness::Unreasoned),
            NotApplicable::Statement if oldest.zip(answer.date).is_some_and(|(oldest, date)| date < oldest) => {
                Err(Weakness::AnswerOld)
            }
            NotApplicable::Statement => Ok(Worth::NotApplicable),
            NotApplicable::Evidence => proof(answer).map(|()| Worth::NotApplicable),
        },
    };
    worth.unwrap_or_else(Worth::Unproven)
}

/// Whether the evidence that an answer names is in the set, readable and fresh. All that is named must be there.
fn shown(question: &Question, given: &Given<'_>, evidence: &EvidenceSet, as_of: Date) -> Result<(), Weakness> {
    let answer = &given.answer;
    if answer.evidence.is_empty() {
        return Err(if answer.register.is_some() { Weakness::RegisterOnly } else { Weakness::NoEvidence });
    }
    let mut collected: Vec<Option<Date>> = Vec::new();
    for reference in &answer.evidence {
        let found = match find(evidence, reference, given.artefact) {
            Found::ByName(found) if found.iter().any(|artefact| artefact.sha256 != found[0].sha256) => {
                return Err(Weakness::Ambiguous);
            }
            Found::Exactly(found) | Found::ByName(found) => found,
            Found::Nothing => return Err(Weakness::NotFound),
        };
        let answers = |artefact: &&Artefact| artefact.format().is_some_and(|format| READS_ANSWERS.contains(&format));
        let others: Vec<_> = found.into_iter().filter(|artefact| !answers(artefact)).collect();
        if others.is_empty() {
            return Err(Weakness::OwnFile);
        }
        let readable =
            |artefact: &&&Artefact| artefact.size > 0 && !matches!(artefact.recognition, Recognition::Broken { .. });
        let Some(readable) = others.iter().find(readable) else { return Err(Weakness::Unreadable) };
        let day = readable.binding.collected_at.as_deref().and_then(secdiag_records::fields::date);
        collected.push(day);
    }
    // The date that the answer names; without one the day on which the oldest of its evidence was collected.
    let dated = answer.evidence_date.or_else(|| collected.into_iter().collect::<Option<Vec<_>>>()?.into_iter().min());
    match dated {
        None => Err(Weakness::Undated),
        Some(date) if date > as_of => Err(Weakness::EvidenceFuture),
        Some(date) if date < months_before(as_of, question.fresh_months) => Err(Weakness::Stale),
        Some(_) => Ok(()),
    }
}

/// What a reference names.
pub(crate) enum Found<'e> {
    /// By digest, by path as shown, or by path from the folder of the file that names it; at least one.
    Exactly(Vec<&'e Artefact>),
    /// By the last components of the path only; at least one.
    ByName(Vec<&'e Artefact>),
    /// Nothing in the evidence.
    Nothing,
}

/// Looks a reference up in the evidence.
pub(crate) fn find<'e>(evidence: &'e EvidenceSet, reference: &str, from: &Artefact) -> Found<'e> {
    let reference = reference.trim().trim_start_matches("./").replace('\\', "/");
    if reference.is_empty() {
        return Found::Nothing;
    }
    let digest: Option<Sha256> = reference.trim_start_matches("sha256:").to_lowercase().parse().ok();
    let beside = from.path.rsplit_once('/').map(|(folder, _)| format!("{folder}/{reference}"));
    let tail = format!("/{reference}");
    let (mut exactly, mut by_name) = (Vec::new(), Vec::new());
    for artefact in &evidence.artefacts {
        let path = artefact.display_path();
        if digest == Some(artefact.sha256) || path == reference || beside.as_ref() == Some(&path) {
            exactly.push(artefact);
        } else if path.ends_with(&tail) {
            by_name.push(artefact);
        }
    }
    match (exactly.is_empty(), by_name.is_empty()) {
        (false, _) => Found::Exactly(exactly),
        (true, false) => Found::ByName(by_name),
        (true, true) => Found::Nothing,
    }
}

/// The day so many months before another.
pub(crate) fn months_before(date: Date, months: u32) -> Date {
    date.checked_sub(i64::from(months.min(100_000)).months()).unwrap_or(Date::MIN)
}

/// Reports every "no" and "partial" to the questions that feed a check, and says what was looked at: answers that are
/// shown, and gaps. An unproven "yes" is neither; `compliance/answer-without-evidence` reports it. Where `dated` is
/// set, a gap with an owner and a date that is still ahead is no finding.
pub(crate) fn judge_gaps(check: &Check, dated: Dated, view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut looked: BTreeMap<&str, u64> = BTreeMap::new();
    for asked in view.asked.iter().filter(|asked| asked.question.check == check.id) {
        let State::Answered(given, worth) = &asked.state else { continue };
        if !matches!(worth, Worth::Proven | Worth::Gap) {
            continue;
        }
        *looked.entry(&asked.question.topic).or_default() += 1;
        if *worth == Worth::Proven {
            continue;
        }
        let answer = &given.answer;
        let action = Action::of(answer, cx.as_of);
        if dated == Dated::IsNoFinding && action == Action::Dated {
            let due = answer.action_due.map(|date| date.to_string()).unwrap_or_default();
            let text = format!("{} is a known gap with an owner and the date {due}", asked.question.id);
            cx.note(Note::new(NoteKind::Assumed, "gap-with-action", text).at(place_of(answer)).on(given.artefact));
            continue;
        }
        cx.report(gap(check, asked, given, action));
    }
    for (topic, count) in looked {
        cx.looked(Looked::at(check, count, "questionnaire answers").aspect(topic));
    }
}

/// Whether a dated action makes a gap no finding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dated {
    IsNoFinding,
    IsFinding,
}

/// What was planned against a gap.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    None,
    Undated,
    Overdue,
    Dated,
}

impl Action {
    fn of(answer: &Answer, as_of: Date) -> Self {
        match (&answer.action, &answer.action_owner, answer.action_due) {
            (None, _, _) => Self::None,
            (Some(_), Some(_), Some(due)) if due >= as_of => Self::Dated,
            (Some(_), Some(_), Some(_)) => Self::Overdue,
            _ => Self::Undated,
        }
    }

    fn words(self) -> Bilingual {
        let (en, zh) = match self {
            Self::None => ("no action is planned", "未訂改善措施"),
            Self::Undated => ("the action lacks an owner or a date", "改善措施缺少負責人或期限"),
            Self::Overdue => ("the action is overdue", "改善措施已逾期"),
            Self::Dated => ("an action with owner and date is planned", "已訂有負責人及期限之改善措施"),
        };
        words(en, zh)
    }
}

fn gap(check: &Check, asked: &Asked<'_>, given: &Given<'_>, action: Action) -> secdiag_model::Finding {
    let (question, answer) = (asked.question, &given.answer);
    let partial = answer.answer == Some(Word::Partial);
    let word = if partial { words("partial", "部分符合") } else { words("no", "否") };
    let excerpt = format!("{} = {}", question.id, word.en);
    finding(check, question.id.as_str(), proof(given.artefact, &answer.at, excerpt))
        .aspect(&question.topic)
        .fact("record", question.id.as_str())
        .fact("state", "answered")
        .fact("gap", question.severity.word())
        .fact("action_due", answer.action_due.map(|date| date.to_string()))
        .fact("by", answer.by.as_deref())
        .both("answer", &word)
        .both(
            "detail",
            &words(
                format!("answered \"{}\" to: {} ({})", word.en, question.text.en, action.words().en),
                format!("問項「{}」回答「{}」（{}）", question.text.zh_tw, word.zh_tw, action.words().zh_tw),
            ),
        )
}

/// Where an answer stands, for a note.
fn place_of(answer: &Answer) -> String {
    if answer.at.line > 0 { format!("line {}", answer.at.line) } else { answer.at.path.clone() }
}
