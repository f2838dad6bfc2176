//! `compliance/restore-test-stale`
//!
//! # What
//! Systems whose last successful restore test is older than the limit, or that were never restored.
//!
//! # Why
//! A backup that nobody restored is a hope.
//!
//! # Evidence
//! `[[restore]]` of the continuity records, held against the systems that functions, backups and restores name.
//!
//! # Limits
//! The register is believed. A test that failed, or whose result is not stated, does not count.
//!
//! # References
//! INS 肆.一.(七)1 (backup media verified); ISO/IEC 27001:2022 A.8.13.

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::checks::systems_named;
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/restore-test-stale", crate::formats::READS_CONTINUITY);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::RestoreTest) else { return };
    let systems = systems_named(view);
    let looked = systems.len() as u64;
    for (key, (system, artefact, at)) in systems {
        let last = view
            .of_continuity(|continuity| &continuity.restores)
            .filter(|(_, test)| test.system.to_lowercase() == key && test.succeeded == Some(true))
            .filter_map(|(artefact, test)| Some((test.date.filter(|date| *date <= cx.as_of)?, artefact, &test.at)))
            .max_by_key(|(date, ..)| *date);
        if last.is_some_and(|(date, ..)| date >= limit.since(cx.as_of)) {
            continue;
        }
        let allowed = limit.words();
        let (state, detail, place) = match last {
            Some((date, artefact, at)) => (
                "old",
                words(
                    format!("the last successful test was on {date}, longer than {} ago", allowed.en),
                    format!("最近一次成功還原測試為 {date}，已逾 {}", allowed.zh_tw),
                ),
                proof(artefact, at, format!("restore of {system} on {date}")),
            ),
            None => (
                "never",
                words("no successful test is on record", "無成功之還原測試紀錄"),
                proof(artefact, at, format!("system {system}")),
            ),
        };
        let found = finding(&CHECK, system, place)
            .fact("record", system)
            .fact("state", state)
            .day("last_test", last.map(|(date, ..)| date))
            .both("detail", &detail);
        cx.report(found);
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "systems"));
    }
}
