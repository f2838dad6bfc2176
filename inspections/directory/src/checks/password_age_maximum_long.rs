//! Passwords live longer than the standard allows, or for ever.
//!
//! **What.** Maximum password age of every policy scope that governs a user; 0, -1, -2^63 and 99999 mean never.
//!
//! **Why.** A stolen password stays useful until it is changed.
//!
//! **Evidence.** Any source that states the setting: LDIF, security template, `samba-tool` output, `/etc` of a Linux computer.
//!
//! **Limits.** A scope that does not define the setting is not assessed. A Group Policy template says what is meant to apply. Single accounts that never expire have a check of their own.
//!
//! **References.** TWGCB-01-010-0002; CIS 1.1.2; MS-ADA2 maxPwdAge; slapo-ppolicy(5); login.defs(5)

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{Only, View, judge_scopes};

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/password-age-maximum-long", crate::POLICY_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_scopes(&CHECK, Setting::MaxAgeDays, Only::All, view, cx).say(&CHECK, "policy scopes", cx);
}
