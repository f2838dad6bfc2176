//! `drill/ddos-drill-stale`
//!
//! # What
//! No drill against denial of service within the limit.
//!
//! # Why
//! A procedure that nobody has tried fails at the first step.
//!
//! # Evidence
//! Records of the defence against denial of service (`secdiag = "ddos"`).
//!
//! # Limits
//! Drills without a record are not known.
//!
//! # References
//! INS 伍 (regular actual drills).

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_records::At;

use crate::view::{View, proof, record};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/ddos-drill-stale", &["ddos-records"]);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::DdosDrill) else { return };
    let Some((artefact, _)) = view.ddos().next() else { return };
    let drills = || view.ddos().flat_map(|(file, ddos)| ddos.drills.iter().map(move |drill| (file, drill)));
    cx.looked(Looked::at(&CHECK, drills().count().max(1) as u64, "records of drills"));
    let last = drills().filter(|(_, drill)| drill.date <= cx.as_of).max_by_key(|(_, drill)| drill.date);
    if last.is_some_and(|(_, drill)| drill.date >= limit.since(cx.as_of)) {
        return;
    }
    let place = last.map_or_else(
        || proof(artefact, &At::default(), "no drill is on record"),
        |(file, drill)| proof(file, &drill.at, format!("drill of {}", drill.date)),
    );
    cx.report(
        record(&CHECK, "denial-of-service drill", place)
            .fact("last", last.map(|(_, drill)| drill.date.to_string()))
            .fact("state", if last.is_some() { "old" } else { "never" })
            .fact("allowed", limit.words().en)
            .fact("allowed_zh", limit.words().zh_tw),
    );
}
