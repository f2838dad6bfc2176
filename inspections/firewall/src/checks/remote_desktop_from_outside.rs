//! `firewall/remote-desktop-from-outside`
//!
//! # What
//! A live rule lets connections from outside reach a remote desktop or a remote shell: see
//! [`crate::risky::remote_access`].
//!
//! # Why
//! Guessed or stolen passwords on such services are how most ransomware comes in.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! Ports, not applications. Whether the source is a single partner's address is in the finding; it is reported all the
//! same, because the address can be taken over. A rule that permits everything is `firewall/permit-any-any` only.
//!
//! # References
//! CISA, "Stop Ransomware" guide (2023), limit remote desktop; CIS Controls v8, 12.7, 13.5.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::risky;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/remote-desktop-from-outside", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.judge_from_outside(&CHECK, &risky::remote_access(), cx);
}
