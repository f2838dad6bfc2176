//! `compliance/monitoring-gap`
//!
//! # What
//! Systems whose availability or capacity nobody watches, and questions on monitoring answered "no" or "partial".
//!
//! # Why
//! Trouble that nothing notices lasts until a customer calls.
//!
//! # Evidence
//! Answer files; `[[monitored]]` of the continuity records.
//!
//! # Limits
//! A system is missed only where the continuity records name it.
//!
//! # References
//! INS 肆.一.(七)1 (early detection); ISO/IEC 27001:2022 A.8.6.

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::Finding;

use crate::asked::{Dated, judge_gaps};
use crate::checks::systems_named;
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/monitoring-gap", crate::formats::READS_CONTINUITY);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
    let mut watched: BTreeSet<String> = BTreeSet::new();
    let mut looked = 0;
    for (artefact, record) in view.of_continuity(|continuity| &continuity.monitored) {
        looked += 1;
        watched.insert(record.system.to_lowercase());
        let detail = match (record.availability == Some(true), record.capacity == Some(true)) {
            (true, true) => continue,
            (false, true) => words("availability is not monitored", "未監控可用性"),
            (true, false) => words("capacity is not monitored", "未監控容量"),
            (false, false) => words("neither availability nor capacity is monitored", "可用性及容量均未監控"),
        };
        let place = proof(artefact, &record.at, format!("monitored: {}", record.system));
        cx.report(about(finding(&CHECK, record.system.as_str(), place), &record.system, &detail));
    }
    // Without a list of what is monitored nothing is known to be left out.
    if looked > 0 {
        for (key, (system, artefact, at)) in systems_named(view) {
            if watched.contains(&key) {
                continue;
            }
            looked += 1;
            let detail = words("it is not on the monitoring list", "未列於監控清單");
            let place = proof(artefact, at, format!("system {system}"));
            cx.report(about(finding(&CHECK, system, place), system, &detail));
        }
        cx.looked(Looked::at(&CHECK, looked, "systems"));
    }
}

fn about(finding: Finding, system: &str, detail: &secdiag_model::Bilingual) -> Finding {
    finding.fact("record", system).fact("state", "listed").fact("gap", "medium").both("detail", detail)
}
