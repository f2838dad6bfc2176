//! `compliance/order-login-single-factor`
//!
//! # What
//! Ordering channels or customer groups that log in with a password alone.
//!
//! # Why
//! A leaked password is enough to trade on a customer's account.
//!
//! # Evidence
//! Answer files.
//!
//! # Limits
//! What the firm says; login records are other checks.
//!
//! # References
//! TWSE measures of January 2022.

use secdiag_inspect::{Check, JudgeCx};

use crate::asked::{Dated, judge_gaps};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/order-login-single-factor", crate::formats::READS_ANSWERS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
}
