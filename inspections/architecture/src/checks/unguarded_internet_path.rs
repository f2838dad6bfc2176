//! A way from the Internet around a control.
//!
//! **What.** For servers that the Internet is meant to reach: a way without a firewall, without intrusion detection,
//! without protection from denial of service, and, to web servers, without an application firewall. The control must
//! stand on *every* way.
//!
//! **Why.** One way around a control is enough.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it. `public` of
//! elements.
//!
//! **Limits.** An IDS drawn at a side of an element is taken to see all that passes the element. Controls inside other
//! devices have to be named.
//!
//! **References.** GOV-1; SEC-1.3; NIST SP 800-94

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx, Looked};

use super::{Case, READS};
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/unguarded-internet-path", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let (internet, public) = (case.with(&[Role::Internet]), case.public());
    if internet.is_empty() || public.is_empty() {
        return;
    }
    let web: Vec<usize> =
        public.iter().copied().filter(|at| case.topology.elements[*at].role == Some(Role::Web)).collect();
    let controls = [
        ("firewall", Role::Firewall, &public),
        ("ids", Role::Ids, &public),
        ("waf", Role::Waf, &web),
        ("ddos", Role::Ddos, &public),
    ];
    for (aspect, role, to) in controls {
        cx.looked(Looked::at(&CHECK, to.len() as u64, "servers").aspect(aspect));
        let guards = guarding(case, role);
        let Some(hit) = case.hit(&internet, to, |element| guards.contains(element.id.as_str())) else { continue };
        for element in hit.elements.iter().copied() {
            let excerpt = format!("{}: {}", case.topology.name(element), hit.way);
            case.about(&CHECK, element, excerpt, cx, |finding| {
                finding.aspect(aspect).fact("control", aspect).fact("way", hit.way.as_str())
            });
        }
    }
}

/// Elements that a control guards: itself, and for a sensor at a side the element that it hangs on.
fn guarding<'a>(case: &'a Case<'_>, role: Role) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for at in case.with(&[role]) {
        found.insert(case.topology.elements[at].id.as_str());
        let around = case.graph.around(u32::try_from(at).unwrap_or(u32::MAX));
        if let ([(next, _)], true) = (around, role == Role::Ids) {
            found.insert(case.topology.elements[*next as usize].id.as_str());
        }
    }
    found
}
