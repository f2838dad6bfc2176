//! Locked accounts open again too soon.
//!
//! **What.** Lockout duration of every policy scope that locks; "until an administrator unlocks" passes.
//!
//! **Why.** A short lock lets an attacker go on guessing all day.
//!
//! **Evidence.** Any source that states the setting: LDIF, security template, `samba-tool` output, `/etc` of a Linux computer.
//!
//! **Limits.** A scope that does not define the setting is not assessed. A Group Policy template says what is meant to apply. Scopes that never lock are left out: their duration means nothing.
//!
//! **References.** TWGCB-01-010-0006; CIS 1.2.1; MS-SAMR 2.2.3.5

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{Only, View, judge_scopes};

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/lockout-duration-short", crate::POLICY_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_scopes(&CHECK, Setting::LockoutDurationMinutes, Only::Locking, view, cx).say(&CHECK, "policy scopes", cx);
}
