//! `firewall/expired-rule`
//!
//! # What
//! Rules whose schedule has ended on the as-of date, or can never begin; one finding per list.
//!
//! # Why
//! They were meant for a time that is over. An extended schedule opens all of them again.
//!
//! # Evidence
//! A firewall configuration with the schedules that its rules name.
//!
//! # Limits
//! The end of a schedule is read in the device's own time zone and compared by the day.
//!
//! # References
//! NIST SP 800-41 rev. 1, 5.2.2.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/expired-rule", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    let over = |rule: &crate::policy::Rule| {
        let schedule = rule.schedule.as_ref();
        rule.enabled
            && schedule.is_some_and(|schedule| schedule.never || schedule.ends.is_some_and(|end| end < cx.as_of))
    };
    firewall.judge_rules(&CHECK, cx, &over);
}
