//! Linux nftables: `nft list ruleset`, `/etc/nftables.conf` and other scripts for `nft -f`, `nft -j list ruleset`.
//! Written from nft(8) and libnftables-json(5).
//!
//! ```text
//! table inet filter {
//!     set admins { type ipv4_addr; flags interval; elements = { 10.0.0.0/24, 10.9.0.1-10.9.0.9 } }
//!     chain input {
//!         type filter hook input priority filter; policy drop;
//!         ct state vmap { established : accept, related : accept, invalid : drop }
//!         ip saddr @admins tcp dport 22 counter packets 7 bytes 420 log prefix "ssh " accept
//!     }
//! }
//! ```
//!
//! *Layers.* Base chains of one hook are tried in the order of their priorities; accept in one is not final, drop is. So
//! each base chain is a layer of the hook's path. Chains of `prerouting`, `postrouting` and `ingress` are layers where
//! they can deny. A chain of type `nat` decides nothing: its rules are translations.
//!
//! *Families.* A rule set of family `inet` alone is one policy. As soon as tables of `ip` or `ip6` filter too, there is a
//! policy for IPv4 and one for IPv6, each with what its packets meet. Tables of family `bridge` are a policy of their own;
//! those of `arp` filter no IP packet.
//!
//! *Sets.* Elements as the file states them. A set that rules fill (`flags dynamic`, `timeout`) may hold anything. A rule
//! over a concatenation is one rule per product of sets, a verdict map one rule per verdict; all have the rule's line.
//!
//! *Not evaluated*: marks, card addresses, users, quotas, rates (a limited permit permits), reverse paths; expressions that
//! are not known make a rule uncertain. Includes are not followed; each is noted.

mod json;
mod lex;
mod matching;
mod policies;
mod rule;
mod script;
#[cfg(test)]
mod tests;
mod words;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use crate::vendors::{Parsed, Vendor, head_lines};

/// The text of scripts and dumps.
pub(crate) const TEXT: &Vendor = &Vendor {
    format: Format {
        id: "nftables",
        kind: EvidenceKind::Fwcfg,
        title: "Linux nftables rule set (nft list ruleset, nftables.conf)",
        sniff: sniff_text,
    },
    parse: |text| script::parse(text),
};

/// The JSON of the same.
pub(crate) const JSON: &Vendor = &Vendor {
    format: Format {
        id: "nftables-json",
        kind: EvidenceKind::Fwcfg,
        title: "Linux nftables rule set as JSON (nft -j list ruleset)",
        sniff: sniff_json,
    },
    parse: |text| json::parse(text),
};

/// Reads a script or a dump.
pub fn parse(text: &str) -> Parsed {
    script::parse(text)
}

/// Reads a dump in JSON.
pub fn parse_json(text: &str) -> Parsed {
    json::parse(text)
}

const FAMILIES: &[&str] = &["ip", "ip6", "inet", "arp", "bridge", "netdev"];

fn sniff_text(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let (mut tables, mut chains, mut commands) = (0, 0, 0);
    for line in head_lines(head).map(str::trim) {
        let mut words: Vec<&str> = line.split_ascii_whitespace().collect();
        if words.first() == Some(&"nft") {
            words.remove(0);
        }
        match words.as_slice() {
            ["table", family, _, "{", ..] if FAMILIES.contains(family) => tables += 1,
            ["table", name, "{"] if !name.starts_with('"') => tables += 1,
            ["chain", _, "{", ..] => chains += 1,
            ["type", "filter" | "nat" | "route", "hook", ..] => chains += 1,
            ["add" | "create" | "insert", "table" | "chain" | "rule" | "set" | "map", family, _, ..]
                if FAMILIES.contains(family) =>
            {
                commands += 1;
            }
            ["flush", "ruleset"] => commands += 1,
            _ => {}
        }
    }
    match (tables, chains, commands) {
        (1.., 1.., _) => Match::Yes(95),
        (1.., 0, _) => Match::Yes(70),
        (0, _, 2..) => Match::Yes(85),
        _ => Match::No,
    }
}

fn sniff_json(head: &Head<'_>) -> Match {
    let text = head.text();
    let start: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').take(16).collect();
    if start.starts_with("{\"nftables\":[") { Match::Yes(97) } else { Match::No }
}
