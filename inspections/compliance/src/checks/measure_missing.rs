//! `compliance/measure-missing`
//!
//! # What
//! Measures of reliability or against assault that are answered "no" or "partial".
//!
//! # Why
//! Where the firm itself says that a measure is missing, the item cannot pass, whatever is planned.
//!
//! # Evidence
//! Answer files.
//!
//! # Limits
//! Believes a "no"; a "yes" is `compliance/answer-without-evidence`'s matter.
//!
//! # References
//! INS 肆.一.(七)1 and 2.

use secdiag_inspect::{Check, JudgeCx};

use crate::asked::{Dated, judge_gaps};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/measure-missing", crate::formats::READS_ANSWERS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
}
