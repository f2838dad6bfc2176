//! `drill/ddos-timing-missing`
//!
//! # What
//! The record of the last drill lacks the minutes until detection, report, diversion or recovery.
//!
//! # Why
//! Without times a drill proves that something was done, not that it was fast enough.
//!
//! # Evidence
//! Records of the defence against denial of service (`secdiag = "ddos"`).
//!
//! # Limits
//! Only the last drill is looked at.
//!
//! # References
//! INS 伍; SEC-10.2.

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::view::{View, proof, record};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/ddos-timing-missing", &["ddos-records"]);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some((file, drill)) = view
        .ddos()
        .flat_map(|(file, ddos)| ddos.drills.iter().map(move |drill| (file, drill)))
        .filter(|(_, drill)| drill.date <= cx.as_of)
        .max_by_key(|(_, drill)| drill.date)
    else {
        return;
    };
    cx.looked(Looked::at(&CHECK, 4, "times"));
    let missing: Vec<&str> = [
        ("detect_minutes", drill.detect_minutes),
        ("report_minutes", drill.report_minutes),
        ("divert_minutes", drill.divert_minutes),
        ("recover_minutes", drill.recover_minutes),
    ]
    .into_iter()
    .filter(|(_, minutes)| minutes.is_none())
    .map(|(name, _)| name)
    .collect();
    if !missing.is_empty() {
        let place = proof(file, &drill.at, format!("drill of {}", drill.date));
        cx.report(
            record(&CHECK, "times of the denial-of-service drill", place)
                .fact("date", drill.date.to_string())
                .fact("missing", missing.join(", ")),
        );
    }
}
