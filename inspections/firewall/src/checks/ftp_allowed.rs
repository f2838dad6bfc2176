//! `firewall/ftp-allowed`
//!
//! # What
//! A live rule lets FTP connections through: see [`crate::risky::ftp`] for the ports.
//!
//! # Why
//! FTP carries passwords and files in the clear, and its data connections open further ports.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! Ports, not applications: FTP on another port is not seen, and another service on its port is reported. A rule that
//! permits everything is reported by `firewall/permit-any-any` only. Rules before it that deny part of its packets
//! are subtracted exactly, as long as the budget of [`crate::flat`] suffices; beyond it the finding says "possible".
//!
//! # References
//! RFC 959, RFC 2577 (FTP security considerations); NIST SP 800-41 rev. 1.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::risky;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/ftp-allowed", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.judge_service(&CHECK, &risky::ftp(), cx);
}
