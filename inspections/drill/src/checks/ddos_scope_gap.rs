//! `drill/ddos-scope-gap`
//!
//! # What
//! A public system that no drill within the limit included.
//!
//! # Why
//! Attackers choose the system that was left out.
//!
//! # Evidence
//! Records of the defence against denial of service (`secdiag = "ddos"`).
//!
//! # Limits
//! Needs the list of public systems in the record (`public`).
//!
//! # References
//! INS 伍; SEC-10.2.

use std::collections::BTreeSet;

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::view::{View, proof, record};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/ddos-scope-gap", &["ddos-records"]);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::DdosDrill) else { return };
    let public: BTreeSet<&str> = view.ddos().flat_map(|(_, ddos)| &ddos.public).map(String::as_str).collect();
    let recent: Vec<_> = view
        .ddos()
        .flat_map(|(file, ddos)| ddos.drills.iter().map(move |drill| (file, drill)))
        .filter(|(_, drill)| drill.date >= limit.since(cx.as_of) && drill.date <= cx.as_of)
        .collect();
    // Without a drill there is no scope: that is `drill/ddos-drill-stale`.
    let Some((file, last)) = recent.iter().max_by_key(|(_, drill)| drill.date).filter(|_| !public.is_empty()) else {
        return;
    };
    cx.looked(Looked::at(&CHECK, public.len() as u64, "public systems"));
    for system in public {
        let drilled =
            recent.iter().any(|(_, drill)| drill.systems.iter().any(|name| name.eq_ignore_ascii_case(system)));
        if !drilled {
            let place = proof(file, &last.at, format!("drill of {}: {}", last.date, last.systems.join(", ")));
            cx.report(record(&CHECK, system, place).fact("last", last.date.to_string()));
        }
    }
}
