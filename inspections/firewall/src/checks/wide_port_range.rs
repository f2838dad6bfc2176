//! `firewall/wide-port-range`
//!
//! # What
//! A live rule permits a range of 1,000 ports or more of TCP or UDP, though not all of them, between hosts that are not
//! outside on both sides.
//!
//! # Why
//! A range opens what was never meant: the next service that listens on one of its ports.
//!
//! # Evidence
//! A firewall configuration; with captures or connection logs beside it the finding says which narrow rules would have let
//! the same connections pass.
//!
//! # Limits
//! A rule for every port has other findings. Ranges for media (RTP) and for passive FTP are found as well where they are that
//! wide: narrow them at the server first.
//!
//! # References
//! NIST SP 800-41 rev. 1, 4.1; CIS Controls v8, 13.4.

use secdiag_inspect::{Check, JudgeCx};

use crate::beside::OBSERVED;
use crate::checks::{Firewall, READS};
use crate::flat::Cube;
use crate::interval::Intervals;
use crate::net::proto;
use crate::policy::Hook;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/wide-port-range", READS).asks(&[&OBSERVED]);

/// Ports in a row from which a range is wide.
const WIDE: u16 = 1_000;

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.looked_every_way(&CHECK, cx);
    let permits = firewall
        .permits_on(Hook::Forward, &|_, cubes| cubes.iter().filter(|cube| widest(cube).is_some()).cloned().collect());
    for permit in &permits {
        let Some((low, high)) = widest(&permit.witness).or_else(|| written(permit.rule)) else { continue };
        let finding = firewall.finding(&CHECK, permit).fact("ports", format!("{low}-{high}"));
        cx.report(firewall.with_proposal(finding, permit.rule).fact("port_count", u32::from(high - low) + 1));
    }
}

/// The widest wide range of a box of TCP or UDP that is not for all ports.
fn widest(cube: &Cube) -> Option<(u16, u16)> {
    let protocols = &cube.service.proto.0;
    let of_ports = protocols.contains(proto::TCP) || protocols.contains(proto::UDP);
    if !of_ports || protocols.is_full() {
        return None;
    }
    wide(&cube.service.dport.0)
}

/// The same of a rule as it is written.
fn written(rule: &crate::policy::Rule) -> Option<(u16, u16)> {
    rule.services.lower.iter().chain(&rule.services.maybe).find_map(|service| wide(&service.dport.0))
}

fn wide(ports: &Intervals<u16>) -> Option<(u16, u16)> {
    if ports.covers(&Intervals::range(1, u16::MAX)) {
        return None;
    }
    let ranges = ports.ranges().iter().copied().filter(|(low, high)| high - low >= WIDE - 1);
    ranges.max_by_key(|(low, high)| high - low)
}
