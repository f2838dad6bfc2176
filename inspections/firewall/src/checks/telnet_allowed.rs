//! `firewall/telnet-allowed`
//!
//! # What
//! A live rule lets Telnet connections through: see [`crate::risky::telnet`] for the ports.
//!
//! # Why
//! Telnet carries names, passwords and sessions in the clear: whoever is on the way reads and changes them.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! Ports, not applications: Telnet on another port is not seen, and another service on its port is reported. A rule that
//! permits everything is reported by `firewall/permit-any-any` only. Rules before it that deny part of its packets
//! are subtracted exactly, as long as the budget of [`crate::flat`] suffices; beyond it the finding says "possible".
//!
//! # References
//! RFC 854; CIS Controls v8, 4.6 (secure management protocols); NIST SP 800-41 rev. 1.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::risky;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/telnet-allowed", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.judge_service(&CHECK, &risky::telnet(), cx);
}
