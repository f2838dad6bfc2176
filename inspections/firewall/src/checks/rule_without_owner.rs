//! `firewall/rule-without-owner`
//!
//! # What
//! Permits in force without name, comment or remark: nothing says who asked for them and why; one finding per list.
//!
//! # Why
//! A rule that nobody answers for is never removed.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! Lists for packets through the device; rules for its own administration are not judged.
//! Any words count as an answer; whether the person or the ticket exists is not seen. Rules for established connections
//! and the loopback interface need no owner.
//!
//! # References
//! NIST SP 800-41 rev. 1, 5.2.2 (documentation of rules); 資通安全管理法 應辦事項, review of firewall rules.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::policy::{Action, Rule};

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/rule-without-owner", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    let loopback = |rule: &Rule| rule.in_ifs.names.iter().chain(&rule.out_ifs.names).any(|name| name == "lo");
    let nameless = |rule: &Rule| rule.name.as_deref().is_none_or(|name| name.trim().is_empty());
    firewall.judge_forwarding_rules(&CHECK, cx, &|rule| {
        rule.enabled && rule.action == Action::Permit && rule.matches_new() && !loopback(rule) && nameless(rule)
    });
}
