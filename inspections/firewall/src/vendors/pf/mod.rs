//! pfSense and OPNsense: `config.xml`. Written from pfSense's documentation (*Firewall*, *Network Address Translation*) and
//! OPNsense's manual (*Rules*, *Aliases*), and pf.conf(5) for what the rules become.
//!
//! *Order.* pf lets the last matching rule decide unless a matching rule is `quick`, which ends the search. Rules of
//! interfaces are quick, floating rules are where they say so; floating rules come first, then those of interface groups,
//! then those of interfaces. Read from the first to the last this is: the quick rules in their order, then the others in
//! the opposite order, then the platform's own end. That is how the lists of a policy stand; it is exact.
//!
//! *Lists.* `in` is what a packet meets where it comes in, `out` where it goes out (floating rules, and OPNsense's rules with
//! a direction). A packet through the device must pass both. What no rule names is blocked on its way in and passes on
//! its way out.
//!
//! *The platform's own rules* are there as implicit ones: the anti-lockout rule, the blocking of private and bogon networks
//! on an interface, port forwards that pass by themselves.
//!
//! *Not evaluated*: tags, operating systems, code points, priorities of VLANs; aliases that are fetched from elsewhere or
//! hold host names. Limits of states are not looked at: a limited pass lets at least the first connection through.

mod config;
mod nat;
mod rules;
#[cfg(test)]
mod tests;
mod xml;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use crate::vendors::{Parsed, Vendor};

/// pfSense.
pub(crate) const PFSENSE: &Vendor = &Vendor {
    format: Format {
        id: "pfsense",
        kind: EvidenceKind::Fwcfg,
        title: "pfSense config.xml",
        sniff: |head| sniff(head, "pfsense"),
    },
    parse: |text| config::parse(text, "pfsense"),
};

/// OPNsense.
pub(crate) const OPNSENSE: &Vendor = &Vendor {
    format: Format {
        id: "opnsense",
        kind: EvidenceKind::Fwcfg,
        title: "OPNsense config.xml",
        sniff: |head| sniff(head, "opnsense"),
    },
    parse: |text| config::parse(text, "opnsense"),
};

/// Reads a configuration of either.
pub fn parse(text: &str) -> Parsed {
    let vendor = if text.contains("<opnsense") { "opnsense" } else { "pfsense" };
    config::parse(text, vendor)
}

/// By the outermost element.
fn sniff(head: &Head<'_>, root: &str) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let text = head.text();
    let first = text.match_indices('<').map(|(at, _)| &text[at + 1..]);
    let mut elements = first.filter(|rest| !rest.starts_with(['?', '!']));
    let is_root = elements.next().and_then(|rest| rest.strip_prefix(root));
    match is_root {
        Some(rest) if rest.starts_with(['>', ' ', '\n', '\r', '\t']) => Match::Yes(97),
        _ => Match::No,
    }
}
