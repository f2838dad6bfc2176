//! Addresses and services as sets, in the words of a reader: prefixes, ranges, ports.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::interval::Intervals;

/// A set of addresses. IPv4 and IPv6 are separate universes. Written as a list of prefixes, ranges and addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddrSet {
    /// IPv4 addresses.
    pub v4: Intervals<u32>,
    /// IPv6 addresses.
    pub v6: Intervals<u128>,
}

impl AddrSet {
    /// Nothing.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every address of both families.
    pub fn full() -> Self {
        Self { v4: Intervals::full(), v6: Intervals::full() }
    }

    /// Every IPv4 address.
    pub fn full_v4() -> Self {
        Self { v4: Intervals::full(), v6: Intervals::empty() }
    }

    /// Every IPv6 address.
    pub fn full_v6() -> Self {
        Self { v4: Intervals::empty(), v6: Intervals::full() }
    }

    /// One address.
    pub fn host(address: IpAddr) -> Self {
        Self::range(address, address)
    }

    /// Both ends included; nothing when they are reversed or of two families.
    pub fn range(low: IpAddr, high: IpAddr) -> Self {
        match (low, high) {
            (IpAddr::V4(low), IpAddr::V4(high)) => {
                Self { v4: Intervals::range(low.into(), high.into()), v6: Intervals::empty() }
            }
            (IpAddr::V6(low), IpAddr::V6(high)) => {
                Self { v4: Intervals::empty(), v6: Intervals::range(low.into(), high.into()) }
            }
            _ => Self::empty(),
        }
    }

    /// The network that `address` lies in; `None` when the length is beyond the family's.
    pub fn prefix(address: IpAddr, length: u8) -> Option<Self> {
        let net = ipnet::IpNet::new(address, length).ok()?;
        Some(Self::range(net.network(), net.broadcast()))
    }

    /// IPv4 addresses that agree with `address` in every bit set in `care`. Bits may be scattered
    /// (`10.0.1.0 255.0.255.0`); `None` when that makes more than 65,536 intervals.
    pub fn masked_v4(address: Ipv4Addr, care: Ipv4Addr) -> Option<Self> {
        let (address, care) = (u32::from(address), u32::from(care));
        // The trailing don't-care bits make each interval long; the scattered ones above them multiply intervals.
        let low_bits = care.trailing_zeros();
        let low_mask = if low_bits == 32 { u32::MAX } else { (1 << low_bits) - 1 };
        let scattered = !care & !low_mask;
        if scattered.count_ones() > 16 {
            return None;
        }
        let base = address & care;
        let mut ranges = Vec::with_capacity(1 << scattered.count_ones());
        let mut part = 0u32;
        loop {
            ranges.push((base | part, base | part | low_mask));
            // The next subset of the scattered bits, in ascending order.
            part = part.wrapping_sub(scattered) & scattered;
            if part == 0 {
                break;
            }
        }
        Some(Self { v4: Intervals::of(ranges), v6: Intervals::empty() })
    }

    /// In either.
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// In both.
    pub fn intersect(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersect(&other.v4), v6: self.v6.intersect(&other.v6) }
    }

    /// In this one and not in the other.
    pub fn minus(&self, other: &Self) -> Self {
        Self { v4: self.v4.minus(&other.v4), v6: self.v6.minus(&other.v6) }
    }

    /// Everything else, in both families.
    pub fn complement(&self) -> Self {
        Self { v4: self.v4.complement(), v6: self.v6.complement() }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether it holds every address of at least one family: what a rule calls "any".
    pub fn is_any(&self) -> bool {
        self.v4.is_full() || self.v6.is_full()
    }

    /// Whether the two share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.v4.overlaps(&other.v4) || self.v6.overlaps(&other.v6)
    }

    /// Whether every address of `other` is in this one.
    pub fn covers(&self, other: &Self) -> bool {
        self.v4.covers(&other.v4) && self.v6.covers(&other.v6)
    }

    /// Number of IPv4 addresses.
    pub fn size_v4(&self) -> u64 {
        self.v4.ranges().iter().map(|(low, high)| u64::from(high - low) + 1).sum()
    }

    /// Number of IPv6 /64 networks touched, at most `u64::MAX`.
    pub fn networks_v6(&self) -> u64 {
        let touched = |(low, high): &(u128, u128)| {
            u64::try_from((high >> 64) - (low >> 64)).unwrap_or(u64::MAX).saturating_add(1)
        };
        self.v6.ranges().iter().map(touched).fold(0, u64::saturating_add)
    }

    /// As a reader writes it: `any`, `any IPv4`, or up to `limit` entries and how many more.
    pub fn describe(&self, limit: usize) -> String {
        match (self.v4.is_full(), self.v6.is_full()) {
            (true, true) => return "any".into(),
            (true, false) if self.v6.is_empty() => return "any".into(),
            (false, true) if self.v4.is_empty() => return "any".into(),
            _ => {}
        }
        shorten(self.texts(), limit)
    }

    fn texts(&self) -> Vec<String> {
        let v4 = self.v4.ranges().iter().map(|(low, high)| range_text(*low, *high, 32, |n| Ipv4Addr::from(n).into()));
        let v6 = self.v6.ranges().iter().map(|(low, high)| {
            let (low, high) = (*low, *high);
            let full = low == 0 && high == u128::MAX;
            let length = 128u32.saturating_sub((high - low).checked_add(1).map_or(128, u128::trailing_zeros));
            let prefix =
                full || ((high - low).checked_add(1).is_some_and(u128::is_power_of_two) && low & (high - low) == 0);
            let (low, high) = (Ipv6Addr::from(low), Ipv6Addr::from(high));
            match (prefix, length) {
                (true, 128) => low.to_string(),
                (true, length) => format!("{low}/{length}"),
                _ => format!("{low}-{high}"),
            }
        });
        v4.chain(v6).collect()
    }
}

fn range_text(low: u32, high: u32, bits: u32, show: fn(u32) -> IpAddr) -> String {
    let size = u64::from(high - low) + 1;
    if size == 1 {
        show(low).to_string()
    } else if size.is_power_of_two() && u64::from(low) % size == 0 {
        format!("{}/{}", show(low), bits - size.trailing_zeros())
    } else {
        format!("{}-{}", show(low), show(high))
    }
}

impl FromStr for AddrSet {
    type Err = String;

    /// An address, a prefix or a range.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not an address, a prefix or a range");
        if let Some((low, high)) = text.split_once('-') {
            let (low, high) = (low.parse().map_err(|_| wrong())?, high.parse().map_err(|_| wrong())?);
            return Ok(Self::range(low, high));
        }
        if let Some((address, length)) = text.split_once('/') {
            let (address, length) = (address.parse().map_err(|_| wrong())?, length.parse().map_err(|_| wrong())?);
            return Self::prefix(address, length).ok_or_else(wrong);
        }
        text.parse().map(Self::host).map_err(|_| wrong())
    }
}

impl Serialize for AddrSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.texts().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AddrSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for text in Vec::<String>::deserialize(deserializer)? {
            let set: Self = text.parse().map_err(serde::de::Error::custom)?;
            v4.extend_from_slice(set.v4.ranges());
            v6.extend_from_slice(set.v6.ranges());
        }
        Ok(Self { v4: Intervals::of(v4), v6: Intervals::of(v6) })
    }
}

macro_rules! number_set {
    ($name:ident, $int:ty, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub Intervals<$int>);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.ranges().serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self(Intervals::of(Vec::<($int, $int)>::deserialize(deserializer)?)))
            }
        }
    };
}
number_set!(Protos, u8, "IP protocol numbers (IANA), written as a list of `[low, high]`.");
number_set!(Ports, u16, "Ports, written as a list of `[low, high]`.");

/// IP protocol numbers that rules name.
pub mod proto {
    #![expect(missing_docs, reason = "the names are IANA's")]
    pub const ICMP: u8 = 1;
    pub const IGMP: u8 = 2;
    pub const TCP: u8 = 6;
    pub const UDP: u8 = 17;
    pub const GRE: u8 = 47;
    pub const ESP: u8 = 50;
    pub const AH: u8 = 51;
    pub const ICMP6: u8 = 58;
    pub const SCTP: u8 = 132;
}

/// A protocol with its ports. For ICMP and `ICMPv6` the destination "port" is `type * 256 + code`, so that one algebra
/// serves all. For protocols without ports both port sets are full.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Service {
    /// Protocols.
    pub proto: Protos,
    /// Source ports.
    pub sport: Ports,
    /// Destination ports.
    pub dport: Ports,
}

impl Service {
    /// Every protocol and port.
    pub fn any() -> Self {
        Self::protos(Intervals::full())
    }

    /// Every port of one protocol.
    pub fn proto(number: u8) -> Self {
        Self::protos(Intervals::one(number))
    }

    /// Every port of some protocols.
    pub fn protos(protos: Intervals<u8>) -> Self {
        Self { proto: Protos(protos), sport: Ports(Intervals::full()), dport: Ports(Intervals::full()) }
    }

    /// Destination ports of one protocol.
    pub fn to(number: u8, dport: Intervals<u16>) -> Self {
        Self { dport: Ports(dport), ..Self::proto(number) }
    }

    /// The same from some source ports only.
    pub fn from_ports(self, sport: Intervals<u16>) -> Self {
        Self { sport: Ports(sport), ..self }
    }

    /// An ICMP message; without a code every code of the type.
    pub fn icmp(number: u8, kind: u8, code: Option<u8>) -> Self {
        let low = u16::from(kind) << 8;
        let range = match code {
            Some(code) => Intervals::one(low | u16::from(code)),
            None => Intervals::range(low, low | 0xff),
        };
        Self::to(number, range)
    }

    /// Whether it is every protocol and port.
    pub fn is_any(&self) -> bool {
        self.proto.0.is_full() && self.sport.0.is_full() && self.dport.0.is_full()
    }

    /// Whether nothing can match it.
    pub fn is_empty(&self) -> bool {
        self.proto.0.is_empty() || self.sport.0.is_empty() || self.dport.0.is_empty()
    }

    /// In both.
    pub fn intersect(&self, other: &Self) -> Self {
        Self {
            proto: Protos(self.proto.0.intersect(&other.proto.0)),
            sport: Ports(self.sport.0.intersect(&other.sport.0)),
            dport: Ports(self.dport.0.intersect(&other.dport.0)),
        }
    }

    /// This one without the other, as disjoint pieces.
    pub fn minus(&self, other: &Self) -> Vec<Self> {
        let common = self.intersect(other);
        if common.is_empty() {
            return vec![self.clone()];
        }
        let pieces = [
            Self { proto: Protos(self.proto.0.minus(&common.proto.0)), ..self.clone() },
            Self { sport: Ports(self.sport.0.minus(&common.sport.0)), proto: common.proto.clone(), ..self.clone() },
            Self { dport: Ports(self.dport.0.minus(&common.dport.0)), ..common },
        ];
        pieces.into_iter().filter(|piece| !piece.is_empty()).collect()
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.proto.0.is_full() {
            f.write_str("any")?;
        } else {
            let names = |(low, high): &(u8, u8)| {
                if low == high { proto_name(*low) } else { format!("{low}-{high}") }
            };
            let names: Vec<_> = self.proto.0.ranges().iter().map(names).collect();
            f.write_str(&names.join("+"))?;
        }
        let icmp = self.proto.0.ranges() == [(1, 1)] || self.proto.0.ranges() == [(58, 58)];
        if !self.dport.0.is_full() {
            let text = |(low, high): &(u16, u16)| match (icmp, low == high) {
                (true, _) if high - low == 0xff && low.trailing_zeros() >= 8 => format!("type {}", low >> 8),
                (true, true) => format!("type {} code {}", low >> 8, low & 0xff),
                (_, true) => low.to_string(),
                _ => format!("{low}-{high}"),
            };
            write!(f, "/{}", shorten(self.dport.0.ranges().iter().map(text).collect(), 8))?;
        }
        if !self.sport.0.is_full() {
            let text = |(low, high): &(u16, u16)| if low == high { low.to_string() } else { format!("{low}-{high}") };
            write!(f, " from port {}", shorten(self.sport.0.ranges().iter().map(text).collect(), 4))?;
        }
        Ok(())
    }
}

/// Joins texts with commas; beyond `limit` it says how many more there are.
pub fn shorten(texts: Vec<String>, limit: usize) -> String {
    match texts.len() {
        0 => "none".into(),
        n if n <= limit => texts.join(", "),
        n => format!("{} and {} more", texts[..limit].join(", "), n - limit),
    }
}

/// Name of a protocol number, the number itself where it has no common one.
pub fn proto_name(number: u8) -> String {
    let known = PROTOCOLS.iter().find(|(_, n)| *n == number);
    known.map_or_else(|| format!("protocol {number}"), |(name, _)| (*name).to_owned())
}

/// Number of a protocol by the name that Linux (`/etc/protocols`) and Cisco use.
pub fn proto_number(name: &str) -> Option<u8> {
    let lower = name.to_ascii_lowercase();
    PROTOCOLS.iter().find(|(known, _)| *known == lower).map(|(_, n)| *n).or_else(|| name.parse().ok())
}

/// The first name of a number is the one shown.
const PROTOCOLS: &[(&str, u8)] = &[
    ("icmp", 1),
    ("igmp", 2),
    ("ipinip", 4),
    ("ipip", 4),
    ("ipencap", 4),
    ("st", 5),
    ("tcp", 6),
    ("egp", 8),
    ("igrp", 9),
    ("pup", 12),
    ("udp", 17),
    ("hmp", 20),
    ("dccp", 33),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ipv6-crypt", 50),
    ("ah", 51),
    ("ipv6-auth", 51),
    ("ahp", 51),
    ("icmpv6", 58),
    ("icmp6", 58),
    ("ipv6-icmp", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("eigrp", 88),
    ("ospf", 89),
    ("nos", 94),
    ("etherip", 97),
    ("encap", 98),
    ("pim", 103),
    ("pcp", 108),
    ("ipcomp", 108),
    ("snp", 109),
    ("vrrp", 112),
    ("carp", 112),
    ("pgm", 113),
    ("l2tp", 115),
    ("isis", 124),
    ("sctp", 132),
    ("mh", 135),
    ("mobility-header", 135),
    ("udplite", 136),
    ("hopopt", 0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_round_trip_as_readable_text() {
        for text in [
            r#"["0.0.0.0/0","::/0"]"#,
            r#"["10.0.0.0/8","192.0.2.1","192.0.2.9-192.0.2.11"]"#,
            r#"["2001:db8::/32","2001:db9::1"]"#,
            r#"["::1-::3"]"#,
        ] {
            let set: AddrSet = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&set).unwrap(), text);
        }
    }

    #[test]
    fn scattered_masks_are_exact_or_refused() {
        let mask = |address: [u8; 4], care: [u8; 4]| AddrSet::masked_v4(address.into(), care.into());
        let set = mask([1, 1, 0, 1], [255, 255, 0, 255]).unwrap();
        assert_eq!((set.v4.ranges().len(), set.size_v4()), (256, 256));
        assert!(set.v4.contains(Ipv4Addr::new(1, 1, 77, 1).into()));
        assert!(!set.v4.contains(Ipv4Addr::new(1, 1, 77, 2).into()));
        assert_eq!(mask([10, 0, 0, 9], [255, 0, 0, 0]).unwrap().describe(9), "10.0.0.0/8");
        assert_eq!(mask([9, 9, 9, 9], [0, 0, 0, 0]).unwrap().describe(9), "any");
        assert!(mask([0, 0, 0, 1], [0, 0, 0, 255]).is_none());
    }

    #[test]
    fn service_difference_is_exact() {
        let web = Service::to(proto::TCP, Intervals::of([(80, 80), (443, 443)]));
        let rest = Service::any().minus(&web);
        assert!(rest.iter().all(|piece| piece.intersect(&web).is_empty()));
        let ssh = Service::to(proto::TCP, Intervals::one(22));
        assert_eq!(rest.iter().filter(|piece| !piece.intersect(&ssh).is_empty()).count(), 1);
        assert_eq!(web.to_string(), "tcp/80, 443");
        assert_eq!(Service::icmp(proto::ICMP, 8, None).to_string(), "icmp/type 8");
    }
}
