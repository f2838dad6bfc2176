//! `compliance/certificate-issue-same-factor`
//!
//! # What
//! Customer certificates issued with the factor that the login uses, or without telling the customer.
//!
//! # Why
//! Whoever has the login also gets the certificate, and with it signs orders.
//!
//! # Evidence
//! Answer files.
//!
//! # Limits
//! What the firm says.
//!
//! # References
//! TWSE measures of January 2022.

use secdiag_inspect::{Check, JudgeCx};

use crate::asked::{Dated, judge_gaps};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/certificate-issue-same-factor", crate::formats::READS_ANSWERS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
}
