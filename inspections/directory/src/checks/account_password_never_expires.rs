//! An account's password never expires.
//!
//! **What.** Enabled accounts with DONT_EXPIRE_PASSWORD, or without a maximum age of their own in `shadow`.
//!
//! **Why.** They escape the maximum age of the policy; service accounts keep a password known to former staff for years.
//!
//! **Evidence.** LDIF of Active Directory with `userAccountControl`; `/etc/shadow`.
//!
//! **Limits.** Silent where the standard demands no maximum age. Disabled accounts, and those that have no password, do not count.
//!
//! **References.** MS-ADTS 2.2.16 (`DONT_EXPIRE_PASSWORD`); shadow(5); TWGCB-01-010-0002

use secdiag_catalogue::Setting;
use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{AccountQuestion, View, judge_accounts, no_demand};
use crate::policy::FlaggedAccount;

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/account-password-never-expires", crate::ACCOUNT_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let demanded = cx.thresholds.get(Setting::MaxAgeDays).is_some_and(|threshold| threshold.at_most.is_some());
    let is: fn(&FlaggedAccount) -> bool = if demanded { |account| account.never_expires } else { |_| false };
    let question = AccountQuestion { known: |accounts| accounts.expiry_known, is };
    let looked = judge_accounts(&CHECK, &question, view, cx);
    if !demanded {
        no_demand(Setting::MaxAgeDays, &looked, cx);
    }
    looked.say(&CHECK, "accounts", cx);
}
