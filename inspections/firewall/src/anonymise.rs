//! A configuration that can be shown to others: addresses replaced so that prefixes stay prefixes, secrets removed.
//!
//! Two addresses that share their first *n* bits share their first *n* bits afterwards (Xu et al., "Prefix-Preserving IP
//! Address Anonymization", 2002; here with SHA-256 as the keyed function). What an address *is* stays: private space stays
//! private, loopback, multicast, documentation and reserved space stay in their blocks, masks and wildcards are kept. So
//! every rule covers what it covered, and all checks but those of single known addresses find the same.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sha2::{Digest, Sha256};

use crate::secrets::Masker;

/// How many first bits of an IPv4 address are kept, by its first eight: those, and as many more as tell private and other
/// special space from public space (RFC 6890).
const fn kept_v4(first: u8) -> u32 {
    match first {
        100 => 10,
        172 => 12,
        169 | 192 => 16,
        _ => 8,
    }
}

/// Blocks of IPv6 whose first bits are kept: global, unique local, link-local, multicast and the rest by their first bits.
const KEPT_V6: &[(u128, u32)] = &[(0, 96), (0xfc << 120, 7), (0xfe80 << 112, 10), (0xff << 120, 8), (0x2 << 124, 3)];

/// Replaces addresses by a secret key; the same key gives the same replacements.
pub struct Anonymiser {
    key: [u8; 32],
    bits: HashMap<(bool, u32, u128), bool>,
}

impl Anonymiser {
    /// With a key of any length.
    pub fn new(key: &str) -> Self {
        Self { key: Sha256::digest(key.as_bytes()).into(), bits: HashMap::new() }
    }

    /// A whole text, line by line.
    pub fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut masker = Masker::default();
        for line in text.split_inclusive('\n') {
            let end = &line[line.trim_end_matches(['\r', '\n']).len()..];
            let _ = write!(out, "{}{end}", self.line(&masker.line(line)));
        }
        out
    }

    /// An address.
    pub fn address(&mut self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(address) => IpAddr::V4(self.v4(address)),
            IpAddr::V6(address) => {
                let number = u128::from(address);
                let kept = KEPT_V6.iter().filter(|(block, length)| same_start(number, *block, *length, 128));
                let kept = kept.map(|(_, length)| *length).max().unwrap_or(0);
                Ipv6Addr::from(self.scramble(number, kept, 128)).into()
            }
        }
    }

    fn v4(&mut self, address: Ipv4Addr) -> Ipv4Addr {
        let number = u32::from(address);
        // Masks and wildcards: ones then zeros, or zeros then ones.
        if number.leading_ones() + number.trailing_zeros() >= 32
            || number.leading_zeros() + number.trailing_ones() >= 32
        {
            return address;
        }
        let kept = kept_v4(address.octets()[0]);
        Ipv4Addr::from(u32::try_from(self.scramble(number.into(), kept, 32)).unwrap_or_default())
    }

    /// Each bit after the kept ones is turned over or not, by a keyed function of the bits before it.
    fn scramble(&mut self, number: u128, kept: u32, width: u32) -> u128 {
        let mut result = number;
        for bit in kept..width {
            let shift = width - 1 - bit;
            let before = number >> (shift + 1).min(127) & if bit == 0 { 0 } else { u128::MAX };
            let key = &self.key;
            let flip = *self.bits.entry((width == 32, bit, before)).or_insert_with(|| {
                let mut hash = Sha256::new();
                hash.update(key);
                hash.update([u8::from(width == 32), u8::try_from(bit).unwrap_or_default()]);
                hash.update(before.to_be_bytes());
                hash.finalize()[0] & 1 == 1
            });
            if flip {
                result ^= 1 << shift;
            }
        }
        result
    }

    fn line(&mut self, line: &str) -> String {
        let mut out = String::with_capacity(line.len());
        let mut rest = line;
        while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit() || c == ':') {
            let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.');
            out.push_str(&rest[..start]);
            let word = &rest[start..];
            let word = &word[..word.find(|c: char| !is_part(c)).unwrap_or(word.len())];
            let alone = !out.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                && !rest[start + word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
            // A port or a full stop may stand behind an address.
            let bare = word.trim_end_matches(['.', ':']);
            let (address, tail) = match bare.split_once(':') {
                Some((address, port)) if address.contains('.') && port.bytes().all(|b| b.is_ascii_digit()) => {
                    (address, &word[address.len()..])
                }
                _ => (bare, &word[bare.len()..]),
            };
            match address.parse::<IpAddr>().ok().filter(|_| alone) {
                Some(address) => {
                    let _ = write!(out, "{}{tail}", self.address(address));
                }
                None => out.push_str(word),
            }
            rest = &rest[start + word.len()..];
        }
        out.push_str(rest);
        out
    }
}

/// Whether two numbers of `width` bits share their first `length` bits.
const fn same_start(a: u128, b: u128, length: u32, width: u32) -> bool {
    (a ^ b) >> (width - length) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prefixes_stay_prefixes(a in any::<u32>(), b in any::<u32>(), same in 0u32..32) {
            // The two share some first bits.
            let b = a & !(u32::MAX >> same) | b & (u32::MAX >> same);
            let mut anonymiser = Anonymiser::new("k");
            let is_mask = |n: u32| n.leading_ones() + n.trailing_zeros() >= 32 || n.leading_zeros() + n.trailing_ones() >= 32;
            prop_assume!(!is_mask(a) && !is_mask(b));
            let [x, y] = [a, b].map(|n| u32::from(anonymiser.v4(n.into())));
            prop_assert_eq!((a ^ b).leading_zeros(), (x ^ y).leading_zeros());
            let private = crate::zones::private();
            prop_assert_eq!(private.v4.contains(a), private.v4.contains(x));
        }
    }

    #[test]
    fn masks_words_and_secrets() {
        let mut anonymiser = Anonymiser::new("secret");
        let told = anonymiser.text(
            "set subnet 10.1.2.0 255.255.255.0\r\nset psksecret ENC abc\npermit tcp 192.168.7.0 0.0.0.255 eq 80\nversion 7.2.5\n\
             ip address 2001:db8::1/64\nat 10:20:30 face::beef-x\n-d 10.1.2.3:443\n",
        );
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].starts_with("set subnet 10.") && lines[0].ends_with(" 255.255.255.0"), "{told}");
        assert_eq!(lines[1], "set psksecret ***");
        assert!(lines[2].starts_with("permit tcp 192.168.") && lines[2].ends_with(" 0.0.0.255 eq 80"));
        assert_eq!(lines[3], "version 7.2.5");
        assert!(lines[4].ends_with("/64") && !lines[4].contains("2001:db8::1/"));
        assert!(lines[5].starts_with("at 10:20:30"));
        assert!(lines[6].ends_with(":443") && !lines[6].contains("10.1.2.3"));
        assert_ne!(told, Anonymiser::new("other").text("set subnet 10.1.2.0 255.255.255.0\r\n"));
    }
}
