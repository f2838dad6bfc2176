//! `firewall/smb-allowed`
//!
//! # What
//! A live rule lets SMB connections through: see [`crate::risky::smb`] for the ports.
//!
//! # Why
//! SMB is how ransomware spreads, how stolen hashes are relayed, and outbound how they leak.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! Ports, not applications: SMB on another port is not seen, and another service on its port is reported. A rule that
//! permits everything is reported by `firewall/permit-any-any` only. Rules before it that deny part of its packets
//! are subtracted exactly, as long as the budget of [`crate::flat`] suffices; beyond it the finding says "possible".
//!
//! # References
//! Microsoft: "Secure SMB traffic in Windows Server"; CISA AA17-132A (WannaCry); MITRE ATT&CK T1021.002, T1187.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::risky;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/smb-allowed", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.judge_service(&CHECK, &risky::smb(), cx);
}
