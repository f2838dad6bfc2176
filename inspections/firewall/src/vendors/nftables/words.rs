//! Names of nft(8): messages of ICMP, priorities of hooks.

use crate::net::proto;

/// Type of an ICMP message by name or number.
pub(super) fn icmp_type(number: u8, word: &str) -> Option<u8> {
    let known = TYPES.iter().find(|(of, name, _)| *of == number && *name == word);
    known.map(|(_, _, kind)| *kind).or_else(|| self::number(word)?.try_into().ok())
}

/// Code of an ICMP message by name or number.
pub(super) fn icmp_code(number: u8, word: &str) -> Option<u8> {
    let known = CODES.iter().find(|(of, name, _)| *of == number && *name == word);
    known.map(|(_, _, code)| *code).or_else(|| self::number(word)?.try_into().ok())
}

/// A number in decimal or hexadecimal.
pub(super) fn number(word: &str) -> Option<u64> {
    match word.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => word.parse().ok(),
    }
}

/// Number that a named priority stands for (nft(8), table *Standard priority names*).
pub(super) fn priority(name: &str, bridge: bool) -> Option<i64> {
    Some(match (name, bridge) {
        ("raw", false) => -300,
        ("mangle", false) => -150,
        ("dstnat", false) => -100,
        ("filter", false) => 0,
        ("security", false) => 50,
        ("srcnat", false) => 100,
        ("dstnat", true) => -300,
        ("filter", true) => -200,
        ("out", true) => 100,
        ("srcnat", true) => 300,
        _ => return None,
    })
}

const TYPES: &[(u8, &str, u8)] = &[
    (proto::ICMP, "echo-reply", 0),
    (proto::ICMP, "destination-unreachable", 3),
    (proto::ICMP, "source-quench", 4),
    (proto::ICMP, "redirect", 5),
    (proto::ICMP, "echo-request", 8),
    (proto::ICMP, "router-advertisement", 9),
    (proto::ICMP, "router-solicitation", 10),
    (proto::ICMP, "time-exceeded", 11),
    (proto::ICMP, "parameter-problem", 12),
    (proto::ICMP, "timestamp-request", 13),
    (proto::ICMP, "timestamp-reply", 14),
    (proto::ICMP, "info-request", 15),
    (proto::ICMP, "info-reply", 16),
    (proto::ICMP, "address-mask-request", 17),
    (proto::ICMP, "address-mask-reply", 18),
    (proto::ICMP6, "destination-unreachable", 1),
    (proto::ICMP6, "packet-too-big", 2),
    (proto::ICMP6, "time-exceeded", 3),
    (proto::ICMP6, "parameter-problem", 4),
    (proto::ICMP6, "echo-request", 128),
    (proto::ICMP6, "echo-reply", 129),
    (proto::ICMP6, "mld-listener-query", 130),
    (proto::ICMP6, "mld-listener-report", 131),
    (proto::ICMP6, "mld-listener-done", 132),
    (proto::ICMP6, "mld-listener-reduction", 132),
    (proto::ICMP6, "nd-router-solicit", 133),
    (proto::ICMP6, "nd-router-advert", 134),
    (proto::ICMP6, "nd-neighbor-solicit", 135),
    (proto::ICMP6, "nd-neighbor-advert", 136),
    (proto::ICMP6, "nd-redirect", 137),
    (proto::ICMP6, "router-renumbering", 138),
    (proto::ICMP6, "ind-neighbor-solicit", 141),
    (proto::ICMP6, "ind-neighbor-advert", 142),
    (proto::ICMP6, "mld2-listener-report", 143),
];

const CODES: &[(u8, &str, u8)] = &[
    (proto::ICMP, "net-unreachable", 0),
    (proto::ICMP, "host-unreachable", 1),
    (proto::ICMP, "prot-unreachable", 2),
    (proto::ICMP, "port-unreachable", 3),
    (proto::ICMP, "frag-needed", 4),
    (proto::ICMP, "net-prohibited", 9),
    (proto::ICMP, "host-prohibited", 10),
    (proto::ICMP, "admin-prohibited", 13),
    (proto::ICMP6, "no-route", 0),
    (proto::ICMP6, "admin-prohibited", 1),
    (proto::ICMP6, "addr-unreachable", 3),
    (proto::ICMP6, "port-unreachable", 4),
    (proto::ICMP6, "policy-fail", 5),
    (proto::ICMP6, "reject-route", 6),
];
