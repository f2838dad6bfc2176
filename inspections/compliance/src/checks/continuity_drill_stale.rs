//! `programme/continuity-drill-stale`
//!
//! # What
//! Core business functions whose last continuity drill is older than the limit of the category, or that were never
//! drilled.
//!
//! # Why
//! People and addresses change; a plan nobody tried for years fails on the day.
//!
//! # Evidence
//! `[[drill]]` and `[[function]]` of the continuity records.
//!
//! # Limits
//! A drill covers the functions that it names.
//!
//! # References
//! BRK (every 2 years); INS 肆.一.(一)3.

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/continuity-drill-stale", crate::formats::READS_CONTINUITY);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::ContinuityDrill) else { return };
    let mut looked = 0;
    for (artefact, function) in view.of_continuity(|continuity| &continuity.functions) {
        if function.core == Some(false) {
            continue;
        }
        looked += 1;
        let last = view
            .of_continuity(|continuity| &continuity.drills)
            .filter(|(_, drill)| drill.functions.iter().any(|id| id.eq_ignore_ascii_case(&function.id)))
            .filter_map(|(artefact, drill)| {
                Some((Some(drill.date).filter(|date| *date <= cx.as_of)?, artefact, &drill.at))
            })
            .max_by_key(|(date, ..)| *date);
        if last.is_some_and(|(date, ..)| date >= limit.since(cx.as_of)) {
            continue;
        }
        let (allowed, record) = (limit.words(), function.id.as_str());
        let (state, detail, place) = match last {
            Some((date, artefact, at)) => (
                "old",
                words(
                    format!("the last drill was on {date}, longer than {} ago", allowed.en),
                    format!("最近一次演練為 {date}，已逾 {}", allowed.zh_tw),
                ),
                proof(artefact, at, format!("drill of {record} on {date}")),
            ),
            None => (
                "never",
                words("no drill of it is on record", "無演練紀錄"),
                proof(artefact, &function.at, format!("function {record}")),
            ),
        };
        let found = finding(&CHECK, record, place)
            .fact("record", record)
            .fact("state", state)
            .day("last_drill", last.map(|(date, ..)| date))
            .both("detail", &detail);
        cx.report(found);
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "core functions"));
    }
}
