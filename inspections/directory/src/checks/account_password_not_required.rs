//! An account needs no password.
//!
//! **What.** Enabled accounts with PASSWD_NOTREQD in `userAccountControl`, or an empty password field in `shadow`.
//!
//! **Why.** The length rule does not hold for them: their password may be empty.
//!
//! **Evidence.** LDIF of Active Directory with `userAccountControl`; `/etc/shadow`.
//!
//! **Limits.** Whether the password is really empty is not tested.
//!
//! **References.** MS-ADTS 2.2.16 (`PASSWD_NOTREQD`); shadow(5)

use secdiag_inspect::{Check, JudgeCx};

use crate::assess::{AccountQuestion, View, judge_accounts};

/// The check.
pub(crate) const CHECK: Check = Check::new("directory/account-password-not-required", crate::ACCOUNT_FORMATS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let question = AccountQuestion { known: |accounts| accounts.need_known, is: |account| account.not_required };
    let looked = judge_accounts(&CHECK, &question, view, cx);
    looked.say(&CHECK, "accounts", cx);
}
