//! `programme/records-not-retained`
//!
//! # What
//! Reports and remediation papers younger than five years that are not at hand, differ from the digest recorded when
//! they were filed, may be deleted too early or are not locked; and the question on it answered "no" or "partial".
//!
//! # Why
//! Examiners ask for three to five years back, and a paper that changed proves nothing.
//!
//! # Evidence
//! Answer files; `[[paper]]`, and the papers themselves in the evidence.
//!
//! # Limits
//! A paper without a path or digest cannot be looked for and is reported as not at hand.
//!
//! # References
//! INS 捌; TWSE letter 1060504884 (electronic working papers).

use jiff::civil::Date;
use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Bilingual, Note, NoteKind, Sha256};

use crate::asked::{Dated, Found, find, judge_gaps};
use crate::records::Paper;
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/records-not-retained", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
    let Some(limit) = view.limit(LimitId::ReportRetention) else { return };
    let mut looked = 0;
    for (artefact, paper) in view.of_records(|records| &records.papers) {
        let Some(date) = paper.date else {
            let text = format!("{}: it has no date; how long it must be kept is not known", paper.title);
            cx.note(Note::new(NoteKind::NotUnderstood, "paper-undated", text).on(artefact));
            continue;
        };
        let until = limit.until(date);
        if until < cx.as_of {
            continue;
        }
        looked += 1;
        for (state, detail) in wrong(paper, until, artefact, view) {
            let found = finding(
                &CHECK,
                format!("{} {state}", paper.title),
                proof(artefact, &paper.at, format!("{} of {date}", paper.title)),
            )
            .aspect("retention")
            .fact("record", paper.title.as_str())
            .fact("state", state)
            .both("detail", &detail);
            cx.report(found);
        }
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "papers").aspect("retention"));
    }
}

fn wrong(paper: &Paper, until: Date, artefact: &Artefact, view: &View<'_>) -> Vec<(&'static str, Bilingual)> {
    let mut wrong = Vec::new();
    let digest: Option<Sha256> =
        paper.sha256.as_deref().and_then(|text| text.trim_start_matches("sha256:").to_lowercase().parse().ok());
    let reference = paper.path.as_deref().or(paper.sha256.as_deref()).unwrap_or_default();
    let found = match find(view.evidence, reference, artefact) {
        Found::Exactly(found) | Found::ByName(found) => found,
        Found::Nothing => Vec::new(),
    };
    if found.is_empty() {
        wrong.push(("not_at_hand", words("it is not in the evidence", "未見於佐證資料")));
    } else if digest.is_some_and(|digest| found.iter().all(|artefact| artefact.sha256 != digest)) {
        wrong.push(("changed", words("its digest differs from the one recorded", "雜湊值與歸檔時不符")));
    } else if digest.is_none() {
        wrong.push((
            "no_digest",
            words("no valid SHA-256 digest was recorded when it was filed", "歸檔時未記錄有效之 SHA-256 雜湊值"),
        ));
    }
    match paper.kept_until {
        Some(kept) if kept >= until => {}
        Some(kept) => wrong.push((
            "kept_short",
            words(format!("kept only until {kept} instead of {until}"), format!("僅保存至 {kept}，應至 {until}")),
        )),
        None => wrong.push((
            "kept_short",
            words(
                format!("no date until which it is kept; demanded is {until}"),
                format!("未載保存期限，應至 {until}"),
            ),
        )),
    }
    if paper.locked != Some(true) {
        wrong.push(("not_locked", words("it is not locked against change and deletion", "未設定防竄改及防刪除")));
    }
    wrong
}
