//! `firewall/permissive-inbound-service`
//!
//! # What
//! A live rule lets a wide part of the Internet reach a risky service inside: administration, databases, file shares,
//! directories, orchestration. The table with reasons is [`crate::risky::RISKY`].
//!
//! # Why
//! These services are found within hours by scanners and are the usual first way in.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! Wide is 65,536 public IPv4 addresses or an IPv6 /32 and more, or a country or vendor list (then "possible"): a
//! partner's few addresses are no finding. Ports, not applications. A rule that permits everything is reported by
//! `firewall/permit-any-any` only; Telnet, FTP and SMB by their own checks. Where no interface tells the direction and
//! the rule names any source, it is taken for possible.
//!
//! # References
//! CISA "Internet-exposed services" guidance; NIST SP 800-41 rev. 1; MITRE ATT&CK T1133, T1190.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS, any_to_any, those};
use crate::direction::{Direction, is_wide};
use crate::flat::Cube;
use crate::net::Service;
use crate::risky::RISKY;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/permissive-inbound-service", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    cx.looked(firewall.looked(&CHECK, firewall.rule_count(), "rules"));
    // What each risky service of each rule comes to, then one finding per rule.
    let mut found: Vec<(crate::checks::Permit<'_>, Vec<usize>)> = Vec::new();
    for (number, risky) in RISKY.iter().enumerate() {
        let services = risky.services();
        let permits = firewall.permits(&|entry, cubes| {
            if any_to_any(&entry.upper).is_empty() {
                from_the_internet(firewall, entry.rule, cubes, &services)
            } else {
                Vec::new()
            }
        });
        for permit in permits {
            if !matches!(permit.direction, Direction::Inbound | Direction::Unknown) {
                continue;
            }
            match found.iter_mut().find(|(known, _)| std::ptr::eq(known.rule, permit.rule)) {
                Some((_, numbers)) if numbers.contains(&number) => {}
                Some((known, numbers)) => {
                    numbers.push(number);
                    known.certain |= permit.certain;
                }
                None => found.push((permit, vec![number])),
            }
        }
    }
    found.sort_by_key(|(permit, _)| permit.rule.line_from);
    for (permit, numbers) in &found {
        let risks: Vec<_> = numbers.iter().map(|number| &RISKY[*number]).collect();
        let worst =
            ["critical", "high", "medium"].into_iter().find(|word| risks.iter().any(|risky| risky.severity == *word));
        let all = numbers.len() == RISKY.len();
        let exposed = if all {
            "every service".to_owned()
        } else {
            let names = risks.iter().map(|risky| format!("{} ({})", risky.name, risky.ports.replace(' ', ", ")));
            crate::net::shorten(names.collect(), 6)
        };
        let reasons = if all {
            "every service behind the rule can be reached".to_owned()
        } else {
            crate::net::shorten(risks.iter().map(|risky| format!("{}: {}", risky.name, risky.rationale)).collect(), 3)
        };
        let mut finding = firewall.finding(&CHECK, permit);
        // The question has one side only.
        finding.aspect = None;
        cx.report(
            finding
                .fact("exposed", exposed)
                .fact("reasons", reasons)
                .fact("worst", worst.unwrap_or("medium"))
                .fact("exposed_count", numbers.len()),
        );
    }
}

/// Boxes of these services whose source is a wide part of the outside.
fn from_the_internet(
    firewall: &Firewall<'_>,
    rule: Option<&crate::policy::Rule>,
    cubes: &[Cube],
    services: &[Service],
) -> Vec<Cube> {
    let guess = rule.is_some_and(|rule| !rule.src.unknown.is_empty() && !rule.src.wide);
    let known = rule.map(|rule| &rule.src.lower);
    let wide = |cube: &Cube| {
        let outside = cube.src.intersect(&firewall.compass.outside_addrs);
        match known {
            // An unresolved name may be anything; only what is known, or stands for a country, counts as wide.
            Some(known) if guess => is_wide(&outside.intersect(known)),
            _ => is_wide(&outside),
        }
    };
    those(cubes, services).into_iter().filter(wide).collect()
}
