//! `firewall/deny-shadows-permit`
//!
//! # What
//! A rule that permits is never reached for packets that earlier rules deny: together they take every packet of it.
//!
//! # Why
//! The service that it was written for does not work, or works because of another, wider rule. Who repairs it in a hurry
//! opens too much.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! As of `firewall/shadowed-rule`.
//!
//! # References
//! Al-Shaer, Hamed, "Discovery of policy anomalies in distributed firewalls", 2004 (shadowing); NIST SP 800-41 rev. 1,
//! 4.1.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::flat::Effect;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/deny-shadows-permit", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.judge_shadowed(&CHECK, Effect::Permit, cx);
}
