//! `compliance/encryption-off`
//!
//! # What
//! Storage or transmission of sensitive data answered as not or only partly encrypted.
//!
//! # Why
//! Whoever gets at the store or the line reads customers' data.
//!
//! # Evidence
//! Answer files.
//!
//! # Limits
//! What the firm says; scans of stores and lines are other checks.
//!
//! # References
//! INS 肆.一.(七)2; ISO/IEC 27001:2022 A.8.24.

use secdiag_inspect::{Check, JudgeCx};

use crate::asked::{Dated, judge_gaps};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/encryption-off", crate::formats::READS_ANSWERS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
}
