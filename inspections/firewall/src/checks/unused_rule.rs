//! `firewall/unused-rule`
//!
//! # What
//! Permits in force that no packet has matched since the device began to count; one finding per list.
//!
//! # Why
//! An open way that nobody needs is an open way for others.
//!
//! # Evidence
//! A firewall configuration with counters: `iptables-save -c`, ASA `show access-list`.
//!
//! # Limits
//! When the counters began is rarely in the file: a rule for a yearly task may be needed. So the confidence is low, and
//! a list of which no rule was hit at all is passed over, because its counters were just cleared or the device is a
//! stand-by. Rules that others take wholly are `firewall/redundant-rule`, `firewall/shadowed-rule` or
//! `firewall/deny-shadows-permit`.
//!
//! # References
//! NIST SP 800-41 rev. 1, 5.2.2; CIS Controls v8, 4.4.

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::policy::{Action, Rule};
use crate::standing::Standing;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/unused-rule", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    let dead: BTreeSet<*const Rule> = firewall
        .standings()
        .iter()
        .filter(|(_, standing)| matches!(standing, Standing::Shadowed { .. } | Standing::Repeated { .. }))
        .filter_map(|(placed, _)| placed.rule.map(std::ptr::from_ref))
        .collect();
    let mut counted = 0;
    for chain in firewall.lists() {
        if !chain.rules.iter().any(|rule| rule.hits.is_some_and(|hits| hits > 0)) {
            continue;
        }
        counted += chain.rules.iter().filter(|rule| rule.hits.is_some()).count() as u64;
        let unused: Vec<&Rule> = chain
            .rules
            .iter()
            .filter(|rule| rule.enabled && rule.action == Action::Permit && rule.hits == Some(0))
            .filter(|rule| !dead.contains(&std::ptr::from_ref(*rule)))
            .collect();
        if let Some(finding) = firewall.finding_of_rules(&CHECK, chain, &unused) {
            cx.report(finding.confidence(0.5));
        }
    }
    if counted > 0 {
        cx.looked(firewall.looked(&CHECK, counted, "counters"));
    }
}
