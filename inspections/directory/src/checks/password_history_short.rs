//! Former passwords may be used again too soon.
//!
//! **What.** Number of former passwords refused in every policy scope that governs a user.
//!
//! **Why.** A forced change is worth nothing when the old password comes back.
//!
//! **Evidence.** Any source that states the setting: LDIF, security template, `samba-tool` output, `/etc` of a Linux computer.
//!
//! **Limits.** A scope that does not define the setting is not assessed. A Group Policy template says what is meant to apply.
//!
//! **References.** TWGCB-01-010-0005; CIS 1.1.1; pam_pwhistory(8)

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{Only, View, judge_scopes};

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/password-history-short", crate::POLICY_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_scopes(&CHECK, Setting::History, Only::All, view, cx).say(&CHECK, "policy scopes", cx);
}
