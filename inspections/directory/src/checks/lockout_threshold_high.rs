//! Accounts are locked after too many failures.
//!
//! **What.** Lockout threshold of every policy scope that locks at all.
//!
//! **Why.** Each further attempt is one more guess per account and period.
//!
//! **Evidence.** Any source that states the setting: LDIF, security template, `samba-tool` output, `/etc` of a Linux computer.
//!
//! **Limits.** A scope that does not define the setting is not assessed. A Group Policy template says what is meant to apply. Scopes that never lock are `lockout-never`'s.
//!
//! **References.** TWGCB-01-010-0007; CIS 1.2.2; pam_faillock(8)

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{Only, View, judge_scopes};

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/lockout-threshold-high", crate::POLICY_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_scopes(&CHECK, Setting::LockoutThreshold, Only::Numbers, view, cx).say(&CHECK, "policy scopes", cx);
}
