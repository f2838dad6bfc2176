//! `compliance/continuity-approval-missing`
//!
//! # What
//! Recovery objectives, and the risk appetite and capacity, that nobody approved, or whose approval has expired.
//!
//! # Why
//! How much loss the firm bears is for the board to say; figures of a technician bind nobody.
//!
//! # Evidence
//! `[[function]]` and `[[appetite]]` of the continuity records with approved_by, approved_on and approved_until.
//!
//! # Limits
//! Who may approve is not judged beyond a name being there; the appetite is the board's.
//!
//! # References
//! MECH 1(2), 1(4); INS 肆.一.(一)2.

use secdiag_catalogue::{Allowed, LimitId};
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::Bilingual;
use secdiag_records::At;
use secdiag_records::continuity::Approval;

use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/continuity-approval-missing", crate::formats::READS_CONTINUITY);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut looked = 0;
    let objectives = view.limit(LimitId::ObjectiveApproval);
    for (artefact, function) in view.of_continuity(|continuity| &continuity.functions) {
        if function.core == Some(false) {
            continue;
        }
        looked += 1;
        if let Some((state, detail)) = wrong(&function.approval, objectives, cx) {
            let record = function.id.as_str();
            let found = finding(&CHECK, record, proof(artefact, &function.at, format!("function {record}")));
            cx.report(found.fact("record", record).fact("state", state).both("detail", &detail));
        }
    }
    let functions = looked;
    let appetites = view.limit(LimitId::AppetiteApproval);
    let mut stated = false;
    for (artefact, appetite) in view.of_continuity(|continuity| &continuity.appetites) {
        stated = true;
        looked += 1;
        if let Some((state, detail)) = wrong(&appetite.approval, appetites, cx) {
            let scope = appetite.scope.map_or("unstated", |scope| match scope {
                secdiag_records::continuity::AppetiteScope::Event => "event",
                secdiag_records::continuity::AppetiteScope::Year => "year",
            });
            let record = format!("risk appetite ({scope})");
            let found = finding(&CHECK, record.as_str(), proof(artefact, &appetite.at, record.as_str()));
            cx.report(found.fact("record", record).fact("state", state).both("detail", &detail));
        }
    }
    if !stated
        && functions > 0
        && let Some(known) = view.continuity.first()
    {
        let record = "risk appetite";
        let detail = words("no risk appetite or capacity is on record", "無風險胃納或承擔能力之紀錄");
        let found = finding(&CHECK, record, proof(known.artefact, &At::default(), "no [[appetite]]"));
        cx.report(found.fact("record", record).fact("state", "missing").both("detail", &detail));
        looked += 1;
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "approvals"));
    }
}

/// What is wrong with an approval.
fn wrong(approval: &Approval, limit: Option<Allowed>, cx: &JudgeCx<'_>) -> Option<(&'static str, Bilingual)> {
    let (Some(by), Some(on)) = (&approval.by, approval.on) else {
        return Some(("missing", words("no approval with name and date", "無載有姓名及日期之核定")));
    };
    if on > cx.as_of {
        return Some(("future", words(format!("approved only on {on}"), format!("核定日期 {on} 晚於診斷基準日"))));
    }
    let end = approval.until.or_else(|| limit.map(|limit| limit.until(on)))?;
    (end < cx.as_of).then(|| {
        (
            "expired",
            words(
                format!("approved by {by} on {on}; the approval ended on {end}"),
                format!("{by} 於 {on} 核定，已於 {end} 屆期"),
            ),
        )
    })
}
