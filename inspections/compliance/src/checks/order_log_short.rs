//! `compliance/order-log-short`
//!
//! # What
//! Audit logs of electronic trading whose configured retention, or oldest record at hand, is shorter than five years,
//! and questions on them answered "no" or "partial".
//!
//! # Why
//! Disputes over orders are settled by these records.
//!
//! # Evidence
//! Answer files; `[[retention]]` with `what = "order_log"`.
//!
//! # Limits
//! The figure is the firm's. 1,825 days are a day short of five years with a leap day, and are reported.
//!
//! # References
//! MECH (2002) 4(6).

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx};

use crate::asked::{Dated, judge_gaps};
use crate::checks::judge_retention;
use crate::records::Kept;
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/order-log-short", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
    judge_retention(&CHECK, Kept::OrderLog, LimitId::OrderLogRetention, Some("order-log"), view, cx);
}
