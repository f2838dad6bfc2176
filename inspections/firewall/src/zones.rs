//! Which side of the firewall a name or an address speaks for.

use crate::interval::Intervals;
use crate::net::AddrSet;
use crate::policy::Role;

/// Address space that is not routed on the Internet: RFC 1918, RFC 6598 (carriers' NAT), loopback and link-local
/// addresses of both families, RFC 4193 (unique local IPv6).
pub fn private() -> AddrSet {
    let v4 = [
        (0x0a00_0000, 0x0aff_ffff),
        (0x6440_0000, 0x647f_ffff),
        (0x7f00_0000, 0x7fff_ffff),
        (0xa9fe_0000, 0xa9fe_ffff),
        (0xac10_0000, 0xac1f_ffff),
        (0xc0a8_0000, 0xc0a8_ffff),
    ];
    let v6 = [(1, 1), (0xfc << 120, (0xfe << 120) - 1), (0xfe80 << 112, (0xfec0 << 112) - 1)];
    AddrSet { v4: Intervals::of(v4), v6: Intervals::of(v6) }
}

/// Addresses that no single host on the Internet has: unspecified, multicast, broadcast, reserved (RFC 6890).
pub fn special() -> AddrSet {
    let v4 = [(0, 0x00ff_ffff), (0xe000_0000, u32::MAX)];
    let v6 = [(0, 0), (0xff << 120, u128::MAX)];
    AddrSet { v4: Intervals::of(v4), v6: Intervals::of(v6) }
}

/// The role that a name speaks for, with the reason. Words count only whole: `vlan3` is no `lan`.
pub fn role_by_name(name: &str) -> Option<(Role, String)> {
    const WORDS: &[(Role, &[&str])] = &[
        (
            Role::External,
            &[
                "wan",
                "outside",
                "external",
                "ext",
                "extern",
                "internet",
                "inet",
                "untrust",
                "untrusted",
                "isp",
                "ppp",
                "pppoe",
                "public",
                "wwan",
                "uplink",
                "adsl",
                "hinet",
                "fetnet",
                "virtual-wan-link",
            ],
        ),
        (Role::Dmz, &["dmz"]),
        (Role::Mgmt, &["mgmt", "management", "oob", "mgt"]),
        (
            Role::Internal,
            &[
                "inside", "internal", "int", "intern", "lan", "trust", "trusted", "intranet", "office", "user",
                "users", "server", "servers", "core", "db", "branch",
            ],
        ),
    ];
    let lower = name.to_ascii_lowercase();
    let mut words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    words.push(&lower);
    for word in words {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        for (role, known) in WORDS {
            if known.contains(&bare) {
                return Some((*role, format!("the name says `{bare}`")));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_speak_only_in_whole_words() {
        let role = |name| role_by_name(name).map(|(role, _)| role);
        for (name, expected) in [
            ("wan1", Some(Role::External)),
            ("OUTSIDE", Some(Role::External)),
            ("untrust", Some(Role::External)),
            ("zone_trust", Some(Role::Internal)),
            ("br-lan", Some(Role::Internal)),
            ("DMZ-web", Some(Role::Dmz)),
            ("mgmt0", Some(Role::Mgmt)),
            ("vlan30", None),
            ("eth0", None),
            ("port1", None),
        ] {
            assert_eq!(role(name), expected, "{name}");
        }
    }
}
