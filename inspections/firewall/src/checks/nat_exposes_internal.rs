//! `firewall/nat-exposes-internal`
//!
//! # What
//! A translation of destinations (virtual IP, DNAT) leads connections from outside to a host of an internal network, and the
//! rules let them pass.
//!
//! # Why
//! Published servers belong into a network of their own. Who takes over one that stands among internal ones stands among
//! them as well.
//!
//! # Evidence
//! A firewall configuration with its translations: FortiOS virtual IPs, `iptables-save` with the nat table.
//!
//! # Limits
//! Translations of other platforms are not read yet. Internal is what lies behind an interface of an internal role; where
//! the file does not say what lies behind its interfaces, as in a dump of iptables, the way out that the rule names
//! decides. A translation that cannot be evaluated makes the finding possible, not certain.
//!
//! # References
//! NIST SP 800-41 rev. 1, 2.4 (demilitarised zones); CIS Controls v8, 12.2.

use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::Subject;

use crate::checks::{Firewall, READS};
use crate::direction::Direction;
use crate::flat::Cube;
use crate::interval::Intervals;
use crate::net::AddrSet;
use crate::policy::{Hook, Nat, Role, RulesSee};

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/nat-exposes-internal", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    let translations: Vec<&Nat> =
        firewall.policy.nat.iter().filter(|nat| nat.enabled && nat.to_dst.is_some()).collect();
    if translations.is_empty() {
        return;
    }
    cx.looked(firewall.looked(&CHECK, translations.len() as u64, "translations"));
    let networks = |role: Role| {
        let of = firewall.policy.interfaces.iter().filter(|interface| interface.role == role);
        of.fold(AddrSet::empty(), |all, interface| all.union(&interface.networks))
    };
    let internal = networks(Role::Internal).minus(&networks(Role::Dmz));
    for nat in translations {
        let Some(to) = &nat.to_dst else { continue };
        let permits = firewall.permits_on(Hook::Forward, &|_, cubes| {
            cubes.iter().filter_map(|cube| through(firewall, nat, cube, &internal)).collect()
        });
        let Some(permit) = permits.iter().find(|permit| permit.direction == Direction::Inbound) else { continue };
        let mut finding = firewall.finding(&CHECK, permit);
        finding.aspect = None;
        finding.subject =
            Subject::Rule { device: firewall.name.clone(), rule: nat.id.clone(), line: nat.line_from.into() };
        finding.evidence.insert(0, firewall.proof_at(secdiag_model::Locator::Line(nat.line_from.into()), &nat.text));
        if !nat.unknown.is_empty() || to.lower != to.upper {
            finding.confidence = finding.confidence.min(0.5);
        }
        cx.report(
            finding
                .fact("translation", nat.id.as_str())
                .fact("translation_line", nat.line_from)
                .fact("outside", nat.dst.describe())
                .fact("inside", to.describe())
                .fact("reached", permit.witness.service.to_string()),
        );
    }
}

/// What of a box is translated to an internal host.
fn through(firewall: &Firewall<'_>, nat: &Nat, cube: &Cube, internal: &AddrSet) -> Option<Cube> {
    let to = &nat.to_dst.as_ref()?.upper;
    let (dst, mut service) = match firewall.policy.rules_see {
        RulesSee::Translated => (to, nat.to_port.clone()),
        RulesSee::Original => (&nat.dst.upper, None),
    };
    let inside = if internal.is_empty() {
        let goes_inside = firewall.policy.interfaces.iter().any(|one| {
            one.role == Role::Internal
                && cube.out_ifs != firewall.any_interface()
                && firewall.goes_out_by(cube, &one.name)
        });
        if goes_inside { to.clone() } else { AddrSet::empty() }
    } else {
        to.intersect(internal)
    };
    if inside.is_empty() {
        return None;
    }
    if service.is_none() {
        let ports = nat.services.lower.iter().chain(&nat.services.maybe).map(|one| one.dport.0.clone());
        service = Some(crate::net::Ports(ports.fold(Intervals::empty(), |all, one| all.union(&one))));
    }
    let mut part = Cube { dst: cube.dst.intersect(dst), src: cube.src.intersect(&nat.src.upper), ..cube.clone() };
    if let Some(ports) = service {
        part.service.dport.0 = part.service.dport.0.intersect(&ports.0);
    }
    (!part.is_empty()).then_some(part)
}
