//! `compliance/retention-setting-short`
//!
//! # What
//! Security logs whose configured retention, or oldest record at hand, is shorter than the rule demands.
//!
//! # Why
//! An intrusion is noticed after months; without the records nobody knows what was taken.
//!
//! # Evidence
//! `[[retention]]` with `what = "security_log"`: configured days and the oldest record.
//!
//! # Limits
//! The figure is the firm's; what the logs really hold is `devicelog/retention-short`. Category 3 systems have no
//! limit.
//!
//! # References
//! SELF 17 (180 days for categories 1 and 2).

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx};

use crate::checks::judge_retention;
use crate::records::Kept;
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/retention-setting-short", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_retention(&CHECK, Kept::SecurityLog, LimitId::SecurityLogRetention, None, view, cx);
}
