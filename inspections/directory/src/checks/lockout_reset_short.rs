//! Failed attempts are forgotten too soon.
//!
//! **What.** Time after which the counter of failures is reset, of every policy scope that locks.
//!
//! **Why.** An attacker who waits that long between guesses is never locked.
//!
//! **Evidence.** Any source that states the setting: LDIF, security template, `samba-tool` output, `/etc` of a Linux computer.
//!
//! **Limits.** A scope that does not define the setting is not assessed. A Group Policy template says what is meant to apply. Scopes that never lock are left out.
//!
//! **References.** TWGCB-01-010-0008; CIS 1.2.4; pam_faillock(8) `fail_interval`

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{Only, View, judge_scopes};

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/lockout-reset-short", crate::POLICY_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_scopes(&CHECK, Setting::LockoutResetMinutes, Only::Locking, view, cx).say(&CHECK, "policy scopes", cx);
}
