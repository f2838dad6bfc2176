//! `compliance/objective-contradiction`
//!
//! # What
//! Business functions whose recovery time objective is longer than the longest tolerable outage.
//!
//! # Why
//! The plan then succeeds and the firm still fails.
//!
//! # Evidence
//! `[[function]]` of the continuity records.
//!
//! # Limits
//! Only what both figures state; a missing figure is `programme/recovery-objective-missing`.
//!
//! # References
//! MECH 1(4); ISO 22301:2019 8.2.2.

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/objective-contradiction", crate::formats::READS_CONTINUITY);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut looked = 0;
    for (artefact, function) in view.of_continuity(|continuity| &continuity.functions) {
        let Some((rto, mtpd)) = function.rto_minutes.zip(function.mtpd_minutes) else { continue };
        looked += 1;
        if rto <= mtpd {
            continue;
        }
        let place = proof(artefact, &function.at, format!("RTO {rto} min, MTPD {mtpd} min"));
        let found = finding(&CHECK, function.id.as_str(), place)
            .fact("record", function.id.as_str())
            .fact("rto_minutes", rto)
            .fact("mtpd_minutes", mtpd)
            .both(
                "detail",
                &words(
                    format!("RTO {rto} minutes, tolerable outage {mtpd} minutes"),
                    format!("RTO {rto} 分鐘，可容忍中斷時間 {mtpd} 分鐘"),
                ),
            );
        cx.report(found);
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "functions"));
    }
}
