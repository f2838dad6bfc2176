//! Accounts are never locked, whatever the number of failed logins.
//!
//! **What.** Policy scopes that govern a user and whose lockout threshold is 0, or that have no lockout at all.
//!
//! **Why.** Passwords can be guessed without limit.
//!
//! **Evidence.** Any source that states the setting; for Linux the PAM stack, as faillock.conf alone locks nobody.
//!
//! **Limits.** A scope that does not define the setting is not assessed. Lockout by another product is not seen.
//!
//! **References.** TWGCB-01-010-0007; CIS 1.2.2; slapo-ppolicy(5) `pwdLockout`, `pwdMaxFailure`; pam_faillock(8)

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{Only, View, judge_scopes};

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/lockout-never", crate::POLICY_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_scopes(&CHECK, Setting::LockoutThreshold, Only::Endless, view, cx).say(&CHECK, "policy scopes", cx);
}
