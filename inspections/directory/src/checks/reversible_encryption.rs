//! Passwords can be read back from where they are stored.
//!
//! **What.** Policy scopes that store passwords with reversible encryption, and enabled accounts that do, or whose password stands in clear text in the directory.
//!
//! **Why.** Who copies the directory or its backup has the passwords themselves.
//!
//! **Evidence.** LDIF of Active Directory or another directory (with `userPassword`), security template, `samba-tool` output.
//!
//! **Limits.** Only passwords set while the rule is on are readable; the value itself is never shown.
//!
//! **References.** TWGCB-01-010 (ClearTextPassword); CIS 1.1.7; MS-SAMR 2.2.1.7; RFC 3112

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{AccountQuestion, Only, View, judge_accounts, judge_scopes};
use crate::policy::FlaggedAccount;

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/reversible-encryption", crate::POLICY_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let scopes = judge_scopes(&CHECK, Setting::Reversible, Only::All, view, cx);
    let demanded = cx.thresholds.get(Setting::Reversible).is_some();
    let is: fn(&FlaggedAccount) -> bool = if demanded { |account| account.reversible } else { |_| false };
    let question = AccountQuestion { known: |accounts| accounts.storage_known, is };
    let accounts = judge_accounts(&CHECK, &question, view, cx);
    scopes.and(accounts).say(&CHECK, "policy scopes and accounts", cx);
}
