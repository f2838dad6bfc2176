//! `firewall/redundant-rule`
//!
//! # What
//! A rule that could be left out without changing what happens to any packet: earlier rules take all of its packets and
//! do the same (`earlier`), or later ones would (`later`).
//!
//! # Why
//! Each rule without effect hides those that have one. Who closes a service by removing one of two rules has not closed
//! it.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! Permit and deny only: other inspection profiles, address translation by policy, quotas or marks of the two rules are
//! not compared; look at them before removing. A rule that logs is kept where those that would replace it do not.
//! A stated deny in front of the platform's silent one is kept. Otherwise as `firewall/shadowed-rule`.
//!
//! # References
//! Al-Shaer, Hamed, "Discovery of policy anomalies in distributed firewalls", 2004 (redundancy).

use std::collections::BTreeMap;

use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::{Note, NoteKind};

use crate::checks::{Firewall, READS, Taken};
use crate::standing::Standing;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/redundant-rule", READS);

const EARLIER: &str = "earlier";
const LATER: &str = "later";

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    let mut groups: BTreeMap<(u32, &str), Taken<'_>> = BTreeMap::new();
    let mut undecided = 0;
    for (placed, standing) in firewall.standings() {
        let (by, how) = match standing {
            Standing::Repeated { by } => (by, EARLIER),
            Standing::Overtaken { by } => (by, LATER),
            Standing::Undecided => {
                undecided += 1;
                continue;
            }
            _ => continue,
        };
        let Some((rule, first)) = placed.rule.zip(by.first()) else { continue };
        let line = first.rule.map_or(u32::MAX, |rule| rule.line_from);
        let group = groups.entry((line, how)).or_insert_with(|| Taken::by(*first));
        group.rules.push((*placed, rule));
        group.others = group.others.max(by.len().saturating_sub(1));
    }
    if undecided > 0 {
        let text = format!("{}: the budget did not suffice to compare these rules with the others", firewall.name);
        cx.note(Note::new(NoteKind::NotUnderstood, "undecided-rules", text).times(undecided).on(firewall.artefact));
    }
    cx.looked(firewall.looked(&CHECK, firewall.rule_count(), "rules"));
    for ((_, how), group) in groups {
        if let Some(finding) = firewall.finding_of_taken(&CHECK, &group) {
            let how_zh = if how == EARLIER { "前方" } else { "後方" };
            cx.report(finding.fact("how", how).fact("how_zh", how_zh));
        }
    }
}
