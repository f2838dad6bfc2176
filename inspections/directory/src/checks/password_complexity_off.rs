//! Passwords need no mix of character classes.
//!
//! **What.** Whether complexity is enforced in every policy scope that governs a user.
//!
//! **Why.** Without it, dictionary words are valid passwords.
//!
//! **Evidence.** Any source that states the setting: LDIF, security template, `samba-tool` output, `/etc` of a Linux computer.
//!
//! **Limits.** A scope that does not define the setting is not assessed. A Group Policy template says what is meant to apply. Linux: on from three classes (`minclass` or negative credits); LDAP: left to a module whose rules are not seen.
//!
//! **References.** TWGCB-01-010-0004; CIS 1.1.5; MS-SAMR 2.2.1.7

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{Only, View, judge_scopes};

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/password-complexity-off", crate::POLICY_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_scopes(&CHECK, Setting::Complexity, Only::All, view, cx).say(&CHECK, "policy scopes", cx);
}
