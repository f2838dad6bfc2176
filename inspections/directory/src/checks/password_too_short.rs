//! Passwords may be shorter than the standard allows.
//!
//! **What.** Minimum length in effect of every policy scope that governs a user.
//!
//! **Why.** Short passwords are guessed, sprayed and cracked in minutes.
//!
//! **Evidence.** Any source that states the setting: LDIF, security template, `samba-tool` output, `/etc` of a Linux computer.
//!
//! **Limits.** A scope that does not define the setting is not assessed. A Group Policy template says what is meant to apply. Linux: positive credits of pwquality are subtracted; `pwdMinLength` without `pwdCheckQuality` counts as 0.
//!
//! **References.** TWGCB-01-010-0003; CIS 1.1.4; slapo-ppolicy(5); pwquality.conf(5)

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{Only, View, judge_scopes};

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/password-too-short", crate::POLICY_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_scopes(&CHECK, Setting::MinLength, Only::All, view, cx).say(&CHECK, "policy scopes", cx);
}
