//! `compliance/gap-open`
//!
//! # What
//! Rules answered "no" or "partial" without an action that has an owner and a date still ahead.
//!
//! # Why
//! A known breach that nobody is closing stays one until the examiner finds it.
//!
//! # Evidence
//! Answer files.
//!
//! # Limits
//! A gap with a dated action is noted, not reported; whether the date is kept shows the next run.
//!
//! # References
//! INS 肆.一.(七)3; MECH.

use secdiag_inspect::{Check, JudgeCx};

use crate::asked::{Dated, judge_gaps};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/gap-open", crate::formats::READS_ANSWERS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsNoFinding, view, cx);
}
