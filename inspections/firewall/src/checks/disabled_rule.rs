//! `firewall/disabled-rule`
//!
//! # What
//! Rules that an administrator switched off and left in the list; one finding per list.
//!
//! # Why
//! One click brings them back, and nobody knows whether they are still right.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! Since when they are off is not in the configuration.
//!
//! # References
//! NIST SP 800-41 rev. 1, 5.2.2 (rules that are no longer needed are removed).

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/disabled-rule", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.judge_rules(&CHECK, cx, &|rule| !rule.enabled);
}
