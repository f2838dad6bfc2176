//! Passwords may be changed again at once.
//!
//! **What.** Minimum password age of every policy scope that governs a user.
//!
//! **Why.** Users cycle through the history in a minute to keep their password.
//!
//! **Evidence.** Any source that states the setting: LDIF, security template, `samba-tool` output, `/etc` of a Linux computer.
//!
//! **Limits.** A scope that does not define the setting is not assessed. A Group Policy template says what is meant to apply. Linux: the account's own field in `shadow` counts, `login.defs` for new accounts.
//!
//! **References.** TWGCB-01-010-0001; CIS 1.1.3

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{Only, View, judge_scopes};

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/password-age-minimum-short", crate::POLICY_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_scopes(&CHECK, Setting::MinAgeDays, Only::All, view, cx).say(&CHECK, "policy scopes", cx);
}
