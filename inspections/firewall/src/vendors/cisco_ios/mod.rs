//! Routers and switches that speak Cisco's command language: IOS and IOS-XE, NX-OS, IOS-XR, and Arista EOS. Written from
//! the *Security Command Reference* of IOS and of NX-OS, the *IP Addresses and Services Command Reference* of IOS-XR, the
//! *Zone-Based Policy Firewall* guide of IOS-XE, and the chapter *ACLs and Route Maps* of the EOS manual.
//!
//! ```text
//! ip access-list extended OUTSIDE_IN            IOS
//!  10 permit tcp any host 192.0.2.10 eq 443 log
//! ip access-list OUTSIDE_IN                     NX-OS, EOS
//!   10 permit tcp any 192.0.2.10/32 eq 443 log
//! ipv4 access-list OUTSIDE_IN                   IOS-XR
//!  10 permit tcp any net-group WEB port-group HTTPS
//! ```
//!
//! *One grammar.* What a line means follows from its words, not from the platform; the platform decides only what happens
//! where nothing is written (an empty list, a terminal without `transport input`).
//!
//! *Policies.* One per routing table (VRF) and address family, as lists are: a list of one family says nothing about the
//! other. The global table carries every list of the file, the others only those applied in them.
//!
//! *Paths.* A packet that comes in by an interface with an in-list and goes out by one with an out-list must pass both,
//! and between them the zone firewall. Interfaces with equal lists and zones are one group; each pair of groups is a path
//! with a layer per stage. Where no out-list exists, a path leads from a group to any interface. Beyond
//! `COMBINATIONS_MAX` pairs each list is a path of its own, with a note. A pair of groups without any stage permits;
//! interfaces that are shut down and loopbacks are on no path, nor is the way from one interface back to itself.
//!
//! *Ends.* A list denies what it does not name; one of IPv6 permits neighbour discovery before that. A list that is
//! applied but not defined permits (IOS, IOS-XR), and so does an empty one; on NX-OS and EOS it *may* permit.
//!
//! *First packets.* `established` and `evaluate` match packets of known connections only, `fragments` only later
//! fragments: none of them is the first packet of a connection.
//!
//! *Zones.* Traffic within a zone passes, between zones only what a `zone-pair` inspects or passes; an interface without a
//! zone reaches none that has one, unless zone `default` exists. Traffic to the device itself passes unless a pair with
//! `self` says otherwise.
//!
//! *Terminals.* `line vty` with its `access-class` and `transport input`, and `ip http server`, open the device itself;
//! they are lists of their own at the hook for traffic to the device, behind the in-list of the interface.
//!
//! *Translations.* An in-list sees packets before NAT, an out-list after it: rules are read as seeing what came.
//!
//! *Not followed*: VLAN access maps, control-plane policing and MAC lists, each of which is noted; policy routing and
//! source checks (`ip verify unicast`), which are passed over.

#![expect(
    clippy::match_same_arms,
    clippy::unnested_or_patterns,
    reason = "each command has its own arm, as in the reference"
)]

mod config;
mod groups;
mod lists;
mod nat;
mod paths;
mod routes;
mod words;
mod zone_firewall;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use crate::vendors::{Parsed, Vendor, head_lines, lines};
use config::Config;

/// IOS and IOS-XE.
pub(crate) const IOS: &Vendor = &Vendor {
    format: Format {
        id: "cisco-ios",
        kind: EvidenceKind::Fwcfg,
        title: "Cisco IOS or IOS-XE configuration",
        sniff: |head| sniff(head, Dialect::Ios),
    },
    parse: |text| parse(text, Dialect::Ios),
};

/// NX-OS.
pub(crate) const NXOS: &Vendor = &Vendor {
    format: Format {
        id: "cisco-nxos",
        kind: EvidenceKind::Fwcfg,
        title: "Cisco NX-OS configuration",
        sniff: |head| sniff(head, Dialect::NxOs),
    },
    parse: |text| parse(text, Dialect::NxOs),
};

/// IOS-XR.
pub(crate) const IOSXR: &Vendor = &Vendor {
    format: Format {
        id: "cisco-iosxr",
        kind: EvidenceKind::Fwcfg,
        title: "Cisco IOS-XR configuration",
        sniff: |head| sniff(head, Dialect::IosXr),
    },
    parse: |text| parse(text, Dialect::IosXr),
};

/// Arista EOS.
pub(crate) const EOS: &Vendor = &Vendor {
    format: Format {
        id: "arista-eos",
        kind: EvidenceKind::Fwcfg,
        title: "Arista EOS configuration",
        sniff: |head| sniff(head, Dialect::Eos),
    },
    parse: |text| parse(text, Dialect::Eos),
};

/// Whose words the file speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// IOS and IOS-XE.
    #[default]
    Ios,
    /// NX-OS.
    NxOs,
    /// IOS-XR.
    IosXr,
    /// Arista EOS.
    Eos,
}

impl Dialect {
    fn format_id(self) -> &'static str {
        match self {
            Self::Ios => IOS.format.id,
            Self::NxOs => NXOS.format.id,
            Self::IosXr => IOSXR.format.id,
            Self::Eos => EOS.format.id,
        }
    }

    /// Whether a list that is empty or not defined is documented to let everything pass.
    fn empty_list_permits(self) -> bool {
        matches!(self, Self::Ios | Self::IosXr)
    }
}

/// Reads a configuration.
pub fn parse(text: &str, dialect: Dialect) -> Parsed {
    let mut config = Config::new(dialect);
    let mut total = 0;
    for (number, line) in lines(text) {
        if !line.trim().is_empty() {
            total += 1;
            config.line(number, line.trim_end());
        }
    }
    config.finish(text.ends_with('\n'));
    let mut policies = paths::policies(&mut config);
    let coverage = config.trouble.coverage(total);
    for policy in &mut policies {
        policy.coverage = coverage;
        policy.truncated = config.truncated;
    }
    Parsed { policies, notes: config.trouble.into_notes() }
}

/// Which dialect a file speaks, and how sure that is. Words of one platform only weigh most; an ASA and other devices
/// with a similar language are told by theirs.
fn sniff(head: &Head<'_>, wanted: Dialect) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let mut clues = Clues::default();
    for line in head_lines(head) {
        clues.line(line);
    }
    match clues.dialect() {
        Some((dialect, sure)) if dialect == wanted => Match::Yes(sure),
        _ => Match::No,
    }
}

/// Counts of telling lines.
#[derive(Debug, Default)]
struct Clues {
    /// By [`Dialect`], in its order.
    points: [u32; 4],
    /// The file says what it is.
    stated: Option<Dialect>,
    /// Lines that any of these platforms has.
    common: u32,
    /// Lines about filters or interfaces, without which a file is of no use here.
    useful: bool,
    other: bool,
    in_interface: bool,
    /// In a list that says neither `extended` nor `standard`.
    in_plain_list: bool,
}

impl Clues {
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().take(6).collect();
        let indented = line.starts_with([' ', '\t']);
        if !indented && !words.is_empty() {
            self.in_interface = words[0] == "interface";
            self.in_plain_list = matches!(words.as_slice(), ["ip", "access-list", _]);
        }
        let mut point = |dialect: Dialect, weight: u32| self.points[dialect as usize] += weight;
        match words.as_slice() {
            ["!RANCID-CONTENT-TYPE:", kind, ..] => match *kind {
                "cisco" => self.stated = Some(Dialect::Ios),
                "cisco-nx" => self.stated = Some(Dialect::NxOs),
                "cisco-xr" => self.stated = Some(Dialect::IosXr),
                "arista" => self.stated = Some(Dialect::Eos),
                _ => self.other = true,
            },
            ["security-level", level] if level.parse::<u8>().is_ok() => self.other = true,
            ["nameif", _] | ["ASA" | "NGFW" | "PIX" | "FWSM", "Version", ..] => self.other = true,
            ["access-list", _, "extended", "permit" | "deny", ..] | ["access-group", _, "in", "interface", ..] => {
                point(Dialect::Ios, 0);
            }
            ["frr", "version" | "defaults", ..] | ["slb" | "undo" | "sysname" | "set" | "config", ..] if !indented => {
                self.other = true;
            }
            // A10, Brocade.
            ["interface", "ethernet", _] | ["aFleX" | "active-partition" | "partition", ..] => self.other = true,
            ["!!", "IOS", "XR", ..] => self.stated = Some(Dialect::IosXr),
            ["ipv4" | "ipv6", "access-list", ..] if !indented => {
                self.useful = true;
                point(if words[0] == "ipv4" { Dialect::IosXr } else { Dialect::Ios }, 2);
            }
            ["ipv4", "address", ..] if indented => {
                self.useful = true;
                point(Dialect::IosXr, 2);
            }
            ["ipv4" | "ipv6", "access-group", .., "ingress" | "egress"] | ["end-policy" | "end-set"] => {
                point(Dialect::IosXr, 3);
            }
            ["router", "static"] => point(Dialect::IosXr, 3),
            ["!Command:", "show", ..] | ["vdc", _, "id", _] | ["switchname", _] | ["vrf", "context", _] => {
                point(Dialect::NxOs, 4);
            }
            ["feature", _] | ["boot", "nxos" | "kickstart" | "system", ..] if !indented => point(Dialect::NxOs, 3),
            ["vrf", "member", _] if indented => point(Dialect::NxOs, 3),
            ["object-group", "ip", "address" | "port", _] => {
                self.useful = true;
                point(Dialect::NxOs, 2);
            }
            ["!", "device:", ..] if line.contains("EOS") => self.stated = Some(Dialect::Eos),
            ["!", "Command:", "show", ..] => point(Dialect::Eos, 4),
            ["daemon", "TerminAttr"] | ["management", "api", ..] | ["transceiver", "qsfp", ..] => {
                point(Dialect::Eos, 4);
            }
            ["Building", "configuration...", ..] => self.common += 1,
            ["Current", "configuration", ":", _, "bytes", ..] | ["boot-start-marker"] => point(Dialect::Ios, 4),
            ["service", "timestamps" | "password-encryption", ..] if !indented => point(Dialect::Ios, 3),
            ["Extended" | "Standard", "IP", "access", "list", _, ..] => {
                self.useful = true;
                point(Dialect::Ios, 6);
            }
            ["ip", "access-list", "extended" | "standard", _] if !indented => {
                self.useful = true;
                point(Dialect::Ios, 6);
            }
            ["ip", "access-list", _] if !indented => {
                self.useful = true;
                point(Dialect::NxOs, 2);
                point(Dialect::Eos, 1);
            }
            ["access-list", number, "permit" | "deny" | "remark", ..] if number.parse::<u16>().is_ok() => {
                self.useful = true;
                point(Dialect::Ios, 6);
            }
            ["zone-pair", "security", ..]
            | ["zone", "security", _]
            | ["class-map" | "policy-map", "type", "inspect", ..] => {
                self.useful = true;
                point(Dialect::Ios, 4);
            }
            ["ip", "nat", "inside" | "outside" | "pool", ..] => point(Dialect::Ios, 3),
            ["line", "vty" | "con", ..] if !indented => {
                self.common += 1;
                point(Dialect::Ios, 1);
            }
            ["line", "console"] => point(Dialect::NxOs, 1),
            ["ip", "address", address, rest @ ..] if indented && self.in_interface => {
                self.useful = true;
                match (address.contains('/'), rest.first()) {
                    (true, _) => {
                        point(Dialect::NxOs, 2);
                        point(Dialect::Eos, 1);
                    }
                    (false, Some(mask)) if mask.starts_with("255.") => point(Dialect::Ios, 3),
                    _ => {}
                }
            }
            ["ip", "access-group", _, "in" | "out", ..] if indented => {
                self.useful = true;
                self.common += 2;
            }
            [number, "permit" | "deny", ..] | [number @ ("permit" | "deny"), ..]
                if self.in_plain_list && (number.parse::<u32>().is_ok() || number.starts_with(['p', 'd'])) =>
            {
                // EOS indents by three blanks, NX-OS by two.
                point(if line.starts_with("   ") { Dialect::Eos } else { Dialect::NxOs }, 1);
            }
            ["interface", name, ..] if !indented => match name.split_at_checked(8) {
                // Modules of NX-OS are numbered from 1.
                Some(("Ethernet", rest)) if rest.starts_with("0/") => point(Dialect::Ios, 2),
                Some(("vasileft" | "vasirigh", _)) => point(Dialect::Ios, 4),
                Some(("Ethernet", rest)) if rest.contains('/') => point(Dialect::NxOs, 1),
                Some(("Ethernet", rest)) if rest.parse::<u16>().is_ok() => point(Dialect::Eos, 1),
                _ if name.starts_with("GigabitEthernet") || name.starts_with("FastEthernet") => {
                    let slashes = name.matches('/').count();
                    point(if slashes >= 3 { Dialect::IosXr } else { Dialect::Ios }, 3);
                }
                _ if name.starts_with("TenGigE") || name.starts_with("Bundle-Ether") => point(Dialect::IosXr, 3),
                _ => {}
            },
            ["hostname", _] | ["router", ..] | ["switchport", ..] | ["no", "switchport", ..] => self.common += 1,
            _ => {}
        }
    }

    fn dialect(&self) -> Option<(Dialect, u8)> {
        const ALL: [Dialect; 4] = [Dialect::Ios, Dialect::NxOs, Dialect::IosXr, Dialect::Eos];
        if self.other {
            return None;
        }
        if let Some(dialect) = self.stated {
            return Some((dialect, 90));
        }
        // The first of equals: IOS, which is the most common.
        let (dialect, points) = ALL.into_iter().zip(self.points).rev().max_by_key(|(_, points)| *points)?;
        let enough = points + self.common >= 5 && points >= 3;
        (self.useful && enough).then_some((dialect, if points >= 8 { 80 } else { 65 }))
    }
}

#[cfg(test)]
mod tests;
