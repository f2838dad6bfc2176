//! `firewall/management-from-any`
//!
//! # What
//! The device itself can be administered (SSH, Telnet, SNMP, remote desktop; web consoles where the platform says that they
//! are its own) from any address that reaches an interface, and the interface is not one for administration.
//!
//! # Why
//! Who owns the firewall owns the network. Flaws of its console are exploited within days, and passwords are guessed.
//!
//! # Evidence
//! A firewall configuration with its lists for packets to the device: `allowaccess` and `local-in-policy` with
//! `system admin` (FortiOS), `ssh`, `telnet` and `http` lines (ASA), INPUT (iptables).
//!
//! # Limits
//! "Any" is a source that holds all of an address family, or all of the networks known to lie behind the interface.
//! Ports 80 and 443 of a general computer are services of it, so they are judged only where the list is one for
//! administration. A management interface is known by its role or name.
//!
//! # References
//! CIS Controls v8, 12.3, 12.8; NIST SP 800-41 rev. 1, 5.2.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS, those};
use crate::flat::Cube;
use crate::policy::{Chain, Hook, Role};
use crate::risky;
use crate::zones::role_by_name;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/management-from-any", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    if !firewall.flats.iter().any(|flat| flat.path.hook == Hook::Input) {
        return;
    }
    cx.looked(firewall.looked(&CHECK, firewall.rule_count(), "rules"));
    let of_administration = |chain: &Chain| {
        ["implicit allowaccess", "implicit host-inbound-traffic", "management"].contains(&chain.name.as_str())
    };
    let permits = firewall.permits_on(Hook::Input, &|entry, cubes| {
        let mut services = risky::management();
        if of_administration(entry.chain) {
            services.extend(risky::web_consoles());
        }
        let from_anywhere = cubes.iter().filter(|cube| is_anywhere(firewall, cube) && !for_management(firewall, cube));
        those(&from_anywhere.cloned().collect::<Vec<_>>(), &services)
    });
    for permit in &permits {
        let mut finding = firewall.finding(&CHECK, permit);
        // The question has one side only; how bad it is depends on the side that can ask.
        let outside = finding.aspect.take().as_deref() == Some("inbound");
        cx.report(
            finding
                .fact("reached", permit.witness.service.to_string())
                .fact("interface", firewall.interfaces_of(&permit.witness))
                .fact("outside", outside),
        );
    }
}

/// The source holds a whole family, or everything known to lie behind the interfaces.
fn is_anywhere(firewall: &Firewall<'_>, cube: &Cube) -> bool {
    let interfaces = firewall.policy.interfaces.iter().filter(|one| firewall.is_on(cube, &one.name));
    cube.src.is_any()
        || (!cube.in_ifs.is_empty()
            && interfaces.clone().next().is_some()
            && interfaces
                .clone()
                .all(|one| one.role != Role::External && !one.networks.is_empty() && cube.src.covers(&one.networks)))
}

fn for_management(firewall: &Firewall<'_>, cube: &Cube) -> bool {
    let mut interfaces = firewall.policy.interfaces.iter().filter(|one| firewall.is_on(cube, &one.name)).peekable();
    let named = |name: &str| role_by_name(name).is_some_and(|(role, _)| role == Role::Mgmt);
    interfaces.peek().is_some() && interfaces.all(|one| one.role == Role::Mgmt || named(&one.name) || one.name == "lo")
}
