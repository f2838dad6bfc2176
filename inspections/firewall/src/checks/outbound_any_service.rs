//! `firewall/outbound-any-service`
//!
//! # What
//! A live rule lets hosts inside, though not every source, reach every address outside on every service.
//!
//! # Why
//! Whatever gets in gets out: a remote control on any port, a tunnel, a data theft.
//!
//! # Evidence
//! A firewall configuration; with captures or connection logs beside it the finding says which narrow rules would have let
//! the same connections pass.
//!
//! # Limits
//! A rule for any source has the finding `firewall/permit-any-any`. Every service is every protocol, or every TCP and UDP
//! port; every address outside is all that is not known to lie inside. Denies before the rule that take a part of it, such
//! as lists of bad addresses, do not acquit it.
//!
//! # References
//! NIST SP 800-41 rev. 1, 4.1 (outbound traffic is filtered as well); CIS Controls v8, 13.4; PCI DSS 4.0, 1.3.2.

use secdiag_inspect::{Check, JudgeCx};

use crate::beside::OBSERVED;
use crate::checks::{Firewall, READS, all_ports, any_to_any};
use crate::direction::Direction;
use crate::flat::Cube;
use crate::policy::Hook;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/outbound-any-service", READS).asks(&[&OBSERVED]);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    cx.looked(firewall.looked(&CHECK, firewall.rule_count(), "rules"));
    let outside = &firewall.compass.outside_addrs;
    let permits = firewall.permits_on(Hook::Forward, &|entry, cubes| {
        if !any_to_any(&entry.upper).is_empty() {
            return Vec::new();
        }
        let covers = |cube: &&Cube| {
            cube.dst.v4.covers(&outside.v4) || (cube.dst.v4.is_empty() && cube.dst.v6.covers(&outside.v6))
        };
        let wide: Vec<&Cube> = cubes.iter().filter(covers).collect();
        if all_ports(&wide) { wide.into_iter().cloned().collect() } else { Vec::new() }
    });
    for permit in permits.iter().filter(|permit| permit.direction == Direction::Outbound) {
        let mut finding = firewall.finding(&CHECK, permit);
        // The question has one side only.
        finding.aspect = None;
        cx.report(firewall.with_proposal(finding, permit.rule));
    }
}
