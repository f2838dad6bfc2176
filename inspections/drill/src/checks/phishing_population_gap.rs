//! `drill/phishing-population-gap`
//!
//! # What
//! Users of computers on the list of users to whom no drill within the period sent a mail.
//!
//! # Why
//! Those who are left out, contractors above all, are the ones attackers find.
//!
//! # Evidence
//! A list of users (address, unit, role) beside the exports of drills.
//!
//! # Limits
//! The list is believed; who is on none is not known. A mail that bounced counts as none.
//!
//! # References
//! INS 陸 (all users of computers).

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::view::{View, proof, record, some};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/phishing-population-gap", &["people", "people-xlsx"]);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let drilled: BTreeSet<&str> = view
        .recent(cx.as_of)
        .flat_map(|drilled| &drilled.campaign.mails)
        .filter(|mail| mail.delivered)
        .map(|mail| mail.person.as_str())
        .collect();
    let Some((artefact, first)) = view.members().next() else { return };
    // Without a drill there is nothing to hold the list against.
    if drilled.is_empty() {
        return;
    }
    let all: BTreeSet<&str> = view.members().map(|(_, member)| member.person.as_str()).collect();
    cx.looked(Looked::at(&CHECK, all.len() as u64, "persons"));
    let missing: BTreeSet<String> =
        all.iter().filter(|person| !drilled.contains(**person)).map(|person| (*person).to_owned()).collect();
    if missing.is_empty() {
        return;
    }
    let units: BTreeSet<String> = view
        .members()
        .filter(|(_, member)| missing.contains(&member.person) && !member.unit.is_empty())
        .map(|(_, member)| member.unit.clone())
        .collect();
    let line = view.members().find(|(_, member)| missing.contains(&member.person)).map_or(first.line, |(_, m)| m.line);
    let excerpt = format!("{} of {} users: no mail of a drill", missing.len(), all.len());
    cx.report(
        record(&CHECK, "users without a drill", proof(artefact, &crate::table::at(line), excerpt))
            .fact("missing", missing.len() as u64)
            .fact("users", all.len() as u64)
            .fact("persons", some(&missing))
            .fact("units", some(&units)),
    );
}
