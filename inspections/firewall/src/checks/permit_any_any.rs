//! `firewall/permit-any-any`
//!
//! # What
//! A live rule permits every source, every destination and every service between its interfaces.
//!
//! # Why
//! Such a rule is no filter: whatever listens behind it, today or after the next installation, can be reached.
//!
//! # Evidence
//! A firewall configuration; with captures or connection logs beside it the finding says which narrow rules would have let
//! the same connections pass.
//!
//! # Limits
//! "Any" is every address of a family; every service is every protocol, or every TCP and UDP port. Rules that are
//! nearly that wide are not reported here. Rules that deny a part before it do not acquit it; if earlier denies take
//! all of it, it is silent. Rules for established connections only are no finding. The platform's own permissions
//! count (ASA: towards lower security levels; FortiOS: `intrazone allow`), marked `implicit`; an accepting default of
//! a chain is `firewall/missing-deny-all`.
//!
//! # References
//! NIST SP 800-41 rev. 1, 4.1; CIS Controls v8, 13.4; CIS FortiGate Benchmark, "no policy uses ALL as service".

use secdiag_inspect::{Check, JudgeCx};

use crate::beside::OBSERVED;
use crate::checks::{Firewall, READS, any_to_any};

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/permit-any-any", READS).asks(&[&OBSERVED]);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.looked_every_way(&CHECK, cx);
    for permit in firewall.permits(&|_, cubes| any_to_any(cubes)) {
        cx.report(firewall.with_proposal(firewall.finding(&CHECK, &permit), permit.rule));
    }
}
