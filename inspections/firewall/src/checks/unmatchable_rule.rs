//! `firewall/unmatchable-rule`
//!
//! # What
//! Rules in force that no packet can match: an empty or undefined object, a list that no traffic comes to by the rule's
//! interfaces, matches that exclude each other; one finding per list.
//!
//! # Why
//! What the rule was to permit does not work, or what it was to stop passes; and the day the object is filled, it opens
//! something that nobody has looked at since.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! An object that the file does not define may exist elsewhere (management server): such rules match "perhaps" and are
//! not reported here. Rules for established connections only are no concern of this check.
//!
//! # References
//! NIST SP 800-41 rev. 1, 5.2.2.

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::policy::Rule;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/unmatchable-rule", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    let reached: BTreeSet<*const Rule> = firewall
        .flats
        .iter()
        .flat_map(|flat| &flat.entries)
        .filter_map(|entry| entry.rule.map(std::ptr::from_ref))
        .collect();
    let incomplete = firewall.flats.iter().any(|flat| flat.incomplete);
    let expired = |rule: &Rule| {
        let schedule = rule.schedule.as_ref();
        schedule.is_some_and(|schedule| schedule.never || schedule.ends.is_some_and(|end| end < cx.as_of))
    };
    // Jumps and marks leave no entry of their own.
    let decides = |rule: &Rule| matches!(rule.action, crate::policy::Action::Permit | crate::policy::Action::Deny);
    firewall.judge_rules(&CHECK, cx, &|rule| {
        !incomplete
            && rule.enabled
            && decides(rule)
            && rule.matches_new()
            && !expired(rule)
            && rule.dst_local.is_none()
            && !reached.contains(&std::ptr::from_ref(rule))
    });
}
