//! `firewall/database-from-outside`
//!
//! # What
//! A live rule lets connections from outside reach the port of a database: see [`crate::risky::databases`].
//!
//! # Why
//! Data belongs behind its application. A database that the Internet can talk to is guessed, dumped or held to ransom.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! As of `firewall/remote-desktop-from-outside`.
//!
//! # References
//! CIS Controls v8, 3.12, 13.4; PCI DSS 4.0, 1.4.4 (stored data is not reachable from untrusted networks).

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::risky;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/database-from-outside", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.judge_from_outside(&CHECK, &risky::databases(), cx);
}
