//! `firewall/shadowed-rule`
//!
//! # What
//! A rule that denies is never reached for packets that earlier rules permit: together they take every packet of it.
//!
//! # Why
//! Somebody wanted this traffic stopped and believes that it is. It passes.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! First packets of connections. Rules count as taken only where earlier rules *surely* match (names resolved by DNS,
//! countries and application signatures do not), and only where a rule is taken on all of its ways through the lists.
//! Rules taken by the same first opposite rule make one finding. What the budget of [`crate::cover`] does not decide is
//! noted.
//!
//! # References
//! Al-Shaer, Hamed, "Discovery of policy anomalies in distributed firewalls", 2004 (shadowing); NIST SP 800-41 rev. 1,
//! 4.1.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::flat::Effect;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/shadowed-rule", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.judge_shadowed(&CHECK, Effect::Deny, cx);
}
