//! `compliance/swift-control-missed`
//!
//! # What
//! Questions on SWIFT's Customer Security Programme answered "no" or "partial".
//!
//! # Why
//! Payment messages can be forged, and counterparties see the missing attestation.
//!
//! # Evidence
//! Answer files.
//!
//! # Limits
//! The mandatory controls themselves are those of the version in force; the questionnaire asks whether they are met. A
//! firm without SWIFT answers "not_applicable": that is no pass, the item becomes not applicable by `assessment.toml`.
//!
//! # References
//! INS 肆.一.(七)4.

use secdiag_inspect::{Check, JudgeCx};

use crate::asked::{Dated, judge_gaps};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/swift-control-missed", crate::formats::READS_ANSWERS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
}
