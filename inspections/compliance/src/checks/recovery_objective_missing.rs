//! `programme/recovery-objective-missing`
//!
//! # What
//! Core business functions without an impact analysis, a loss figure, a tolerable outage, an RTO or an RPO.
//!
//! # Why
//! Without a figure nobody can say whether a recovery was in time.
//!
//! # Evidence
//! `[[function]]` of the continuity records.
//!
//! # Limits
//! A function that does not say whether it is core is held to be.
//!
//! # References
//! MECH 1(4); INS 肆.一.(一)3; ISO 22301:2019 8.2.2.

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::say::{BothLanguages, finding, listed, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/recovery-objective-missing", crate::formats::READS_CONTINUITY);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut looked = 0;
    for (artefact, function) in view.of_continuity(|continuity| &continuity.functions) {
        if function.core == Some(false) {
            continue;
        }
        looked += 1;
        let analysed = function.bia_on.is_some_and(|date| date <= cx.as_of);
        let parts = [
            (analysed, words("date of the impact analysis", "營運衝擊分析日期")),
            (function.loss_per_hour.is_some(), words("loss per hour", "每小時損失")),
            (function.mtpd_minutes.is_some(), words("tolerable outage (MTPD)", "可容忍中斷時間（MTPD）")),
            (function.rto_minutes.is_some(), words("RTO", "復原時間目標（RTO）")),
            (function.rpo_minutes.is_some(), words("RPO", "資料復原點目標（RPO）")),
        ];
        let missing: Vec<_> = parts.into_iter().filter(|(there, _)| !there).map(|(_, name)| name).collect();
        if missing.is_empty() {
            continue;
        }
        let record = function.id.as_str();
        let found = finding(&CHECK, record, proof(artefact, &function.at, format!("function {record}")))
            .fact("record", record)
            .fact("state", "function")
            .both("detail", &listed(&missing));
        cx.report(found);
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "core functions"));
    }
}
