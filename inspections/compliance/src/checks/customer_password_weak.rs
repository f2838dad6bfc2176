//! `compliance/customer-password-weak`
//!
//! # What
//! Rules for customers' passwords or their lockout that fall short.
//!
//! # Why
//! Weak passwords without lockout are guessed by machine.
//!
//! # Evidence
//! Answer files.
//!
//! # Limits
//! What the firm says; the rule itself is not probed.
//!
//! # References
//! TWSE measures of January 2022.

use secdiag_inspect::{Check, JudgeCx};

use crate::asked::{Dated, judge_gaps};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/customer-password-weak", crate::formats::READS_ANSWERS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
}
