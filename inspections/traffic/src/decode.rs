//! From a frame to transport segments: link layers, tags, tunnels, IP and its fragments.
//!
//! A frame gives one segment for each IP layer that ends in a transport: the inner packet of a tunnel and the tunnel's
//! own packet are both traffic between two endpoints. What cannot be decoded is counted by reason.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use secdiag_inspect::Stop;

use crate::bytes::{u8_at, u16_be, u16_le, u32_be};
use crate::capture::NO_LINK_TYPE;
use crate::fragment::{Fragment, Fragments};

/// Tunnels inside tunnels that are followed.
const MAX_TUNNELS: usize = 8;
/// Tags, labels and extension headers in a row that are followed.
const MAX_TAGS: usize = 16;

/// IP protocol numbers.
pub(crate) mod proto {
    pub(crate) const ICMP: u8 = 1;
    pub(crate) const IPV4: u8 = 4;
    pub(crate) const TCP: u8 = 6;
    pub(crate) const UDP: u8 = 17;
    pub(crate) const IPV6: u8 = 41;
    pub(crate) const GRE: u8 = 47;
    pub(crate) const ICMP6: u8 = 58;
    pub(crate) const ETHERNET_IP: u8 = 97;
    pub(crate) const SCTP: u8 = 132;
    pub(crate) const MPLS: u8 = 137;
}

/// A packet of two endpoints.
pub(crate) struct Segment<'a> {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// Ports; ICMP type and code; zeros for protocols without either.
    pub src_port: u16,
    pub dst_port: u16,
    /// IP protocol number.
    pub proto: u8,
    /// For TCP.
    pub tcp: Option<TcpHeader>,
    /// What was captured of the payload.
    pub payload: &'a [u8],
    /// Length of the payload by the headers: more than was captured where a snap length cut it.
    pub payload_len: u32,
}

#[derive(Clone, Copy)]
pub(crate) struct TcpHeader {
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    pub window: u16,
}

/// How a segment was wrapped.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wrapping {
    /// Outermost VLAN.
    pub vlan: Option<u16>,
    tunnels: [&'static str; MAX_TUNNELS],
    depth: usize,
}

impl Wrapping {
    /// Tunnels, outermost first.
    pub(crate) fn tunnels(&self) -> &[&'static str] {
        &self.tunnels[..self.depth]
    }

    fn inside(mut self, tunnel: &'static str) -> Result<Self, Fail> {
        *self.tunnels.get_mut(self.depth).ok_or(Fail::Why("tunnels nested too deep".into()))? = tunnel;
        self.depth += 1;
        Ok(self)
    }
}

/// Takes segments.
pub(crate) trait Take {
    fn take(&mut self, segment: &Segment<'_>, wrapping: &Wrapping) -> Result<(), Stop>;
}

/// Why nothing, or not all, of a frame was decoded.
enum Fail {
    Why(Cow<'static, str>),
    Stop(Stop),
}

impl From<Stop> for Fail {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

type Outcome = Result<(), Fail>;

fn fail<T>(why: &'static str) -> Result<T, Fail> {
    Err(Fail::Why(why.into()))
}

fn need<T>(value: Option<T>, why: &'static str) -> Result<T, Fail> {
    value.ok_or(Fail::Why(why.into()))
}

/// Decodes frames and remembers fragments and what it could not decode.
#[derive(Default)]
pub(crate) struct Decoder {
    fragments: Fragments,
    recent: Recent,
    /// Frames, or inner packets, that were not decoded, by reason.
    pub undecoded: BTreeMap<Cow<'static, str>, u64>,
    /// Frames seen a second time at once: the mirror port copies in both directions.
    pub duplicates: u64,
    now: i64,
}

impl Decoder {
    /// Reasons kept apart; a hostile file must not make a long list.
    const MAX_REASONS: usize = 64;

    /// Decodes one frame. `wire_len` is its length before a snap length cut it; `now` its time.
    pub(crate) fn frame(
        &mut self,
        link_type: u32,
        frame: &[u8],
        wire_len: usize,
        now: i64,
        take: &mut dyn Take,
    ) -> Result<(), Stop> {
        self.now = now;
        match self.link(link_type, Piece { bytes: frame, wire_len }, take) {
            Ok(()) => Ok(()),
            Err(Fail::Stop(stop)) => Err(stop),
            Err(Fail::Why(why)) => {
                let full = self.undecoded.len() >= Self::MAX_REASONS && !self.undecoded.contains_key(&why);
                *self.undecoded.entry(if full { "other".into() } else { why }).or_default() += 1;
                Ok(())
            }
        }
    }

    /// Fragments that never became a whole packet.
    pub(crate) fn incomplete_fragments(&self) -> u64 {
        self.fragments.lost()
    }

    fn link(&mut self, link_type: u32, piece: Piece<'_>, take: &mut dyn Take) -> Outcome {
        let none = Wrapping::default();
        match link_type {
            0 | 108 => {
                // The address family is in the byte order of the recording machine.
                let family = need(u32_be(piece.bytes, 0), "loopback header cut")?;
                let family = if family > 0xffff { family.swap_bytes() } else { family };
                match family {
                    2 | 10 | 24 | 28 | 30 => self.ip(piece.skip(4), none, take),
                    _ => fail("not IP"),
                }
            }
            1 => self.ethernet(piece, none, take),
            9 | 50 => self.ppp(piece, none, take),
            51 => self.pppoe(piece, none, take),
            12 | 14 | 101 | 228 | 229 => self.ip(piece, none, take),
            104 => self.ether_type(need(u16_be(piece.bytes, 2), "HDLC header cut")?, piece.skip(4), none, take),
            105 => self.wifi(piece, take),
            109 => self.ip(piece.skip(12), none, take),
            113 => self.ether_type(need(u16_be(piece.bytes, 14), "cooked header cut")?, piece.skip(16), none, take),
            117 => {
                let len = usize::from(need(u8_at(piece.bytes, 0), "pflog header cut")?);
                self.ip(piece.skip(len.next_multiple_of(4)), none, take)
            }
            127 => self.radiotap(piece, take),
            276 => self.ether_type(need(u16_be(piece.bytes, 0), "cooked header cut")?, piece.skip(20), none, take),
            NO_LINK_TYPE => fail("the file does not describe the packet's interface"),
            other => Err(Fail::Why(format!("link type {other}").into())),
        }
    }

    fn ethernet(&mut self, piece: Piece<'_>, wrapping: Wrapping, take: &mut dyn Take) -> Outcome {
        self.ether_type(need(u16_be(piece.bytes, 12), "Ethernet header cut")?, piece.skip(14), wrapping, take)
    }

    /// What follows an EtherType, through any tags.
    fn ether_type(
        &mut self,
        mut kind: u16,
        mut piece: Piece<'_>,
        mut wrapping: Wrapping,
        take: &mut dyn Take,
    ) -> Outcome {
        for _ in 0..MAX_TAGS {
            match kind {
                // IEEE 802.1Q and 802.1ad, and the numbers used before it.
                0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => {
                    let tag = need(u16_be(piece.bytes, 0), "VLAN tag cut")?;
                    wrapping.vlan.get_or_insert(tag & 0x0fff);
                    kind = need(u16_be(piece.bytes, 2), "VLAN tag cut")?;
                    piece = piece.skip(4);
                }
                // VN-Tag.
                0x8926 => {
                    kind = need(u16_be(piece.bytes, 4), "VN-Tag cut")?;
                    piece = piece.skip(6);
                }
                // IEEE 802.1ah: four bytes of service tag, then a whole Ethernet frame.
                0x88e7 => {
                    kind = need(u16_be(piece.bytes, 16), "backbone header cut")?;
                    piece = piece.skip(18);
                }
                0x0800 | 0x86dd => return self.ip(piece, wrapping, take),
                0x8847 | 0x8848 => return self.mpls(piece, wrapping, take),
                0x8864 => return self.pppoe(piece, wrapping, take),
                0x0806 => return fail("ARP"),
                0x88cc => return fail("LLDP"),
                0x888e => return fail("EAPOL"),
                length if length < 0x0600 => return self.llc(piece, wrapping, take),
                other => return Err(Fail::Why(format!("EtherType {other:#06x}").into())),
            }
        }
        fail("too many tags")
    }

    /// IEEE 802.2, with a SNAP header where IP follows.
    fn llc(&mut self, piece: Piece<'_>, wrapping: Wrapping, take: &mut dyn Take) -> Outcome {
        match piece.bytes {
            [0xaa, 0xaa, 3, 0, 0, 0, high, low, ..] => {
                let kind = u16::from_be_bytes([*high, *low]);
                if kind < 0x0600 {
                    return fail("LLC");
                }
                self.ether_type(kind, piece.skip(8), wrapping, take)
            }
            [0x42, 0x42, ..] => fail("spanning tree"),
            [6, 6, 3, ..] => self.ip(piece.skip(3), wrapping, take),
            _ => fail("LLC"),
        }
    }

    fn mpls(&mut self, mut piece: Piece<'_>, wrapping: Wrapping, take: &mut dyn Take) -> Outcome {
        for _ in 0..MAX_TAGS {
            let label = need(u32_be(piece.bytes, 0), "MPLS label cut")?;
            piece = piece.skip(4);
            if label & 0x100 != 0 {
                // Nothing names the payload: IP by its version, else a pseudowire (RFC 4448) with or without its
                // control word.
                return match piece.bytes.first().map(|byte| byte >> 4) {
                    Some(4 | 6) => self.ip(piece, wrapping, take),
                    Some(0) => self.ethernet(piece.skip(4), wrapping.inside("mpls")?, take),
                    _ => self.ethernet(piece, wrapping.inside("mpls")?, take),
                };
            }
        }
        fail("too many tags")
    }

    fn pppoe(&mut self, piece: Piece<'_>, wrapping: Wrapping, take: &mut dyn Take) -> Outcome {
        if need(u8_at(piece.bytes, 1), "PPPoE header cut")? != 0 {
            return fail("PPPoE discovery");
        }
        self.ppp(piece.skip(6), wrapping, take)
    }

    /// RFC 1661, with or without the HDLC address and control bytes (RFC 1662) and with a compressed protocol field.
    fn ppp(&mut self, mut piece: Piece<'_>, wrapping: Wrapping, take: &mut dyn Take) -> Outcome {
        if let [0xff, 3, ..] = piece.bytes {
            piece = piece.skip(2);
        } else if let [0x0f | 0x8f, 0, high, low, ..] = piece.bytes {
            // Cisco HDLC under the PPP link type.
            return self.ether_type(u16::from_be_bytes([*high, *low]), piece.skip(4), wrapping, take);
        }
        let first = need(u8_at(piece.bytes, 0), "PPP header cut")?;
        let (kind, len) =
            if first & 1 == 1 { (u16::from(first), 1) } else { (need(u16_be(piece.bytes, 0), "PPP header cut")?, 2) };
        let piece = piece.skip(len);
        match kind {
            0x21 | 0x57 => self.ip(piece, wrapping, take),
            0x281 | 0x283 => self.mpls(piece, wrapping, take),
            0x8000.. => fail("PPP control"),
            other => Err(Fail::Why(format!("PPP protocol {other:#06x}").into())),
        }
    }

    /// IEEE 802.11 data frames; anything encrypted stays closed.
    fn wifi(&mut self, piece: Piece<'_>, take: &mut dyn Take) -> Outcome {
        let [control, flags, ..] = piece.bytes else { return fail("802.11 header cut") };
        let (kind, subtype) = (control >> 2 & 3, control >> 4);
        if kind != 2 || subtype & 4 != 0 {
            return fail("802.11 management, control or empty");
        }
        if flags & 0x40 != 0 {
            return fail("802.11 encrypted");
        }
        let (both, quality) = (flags & 3 == 3, subtype & 8 != 0);
        let ordered = quality && flags & 0x80 != 0;
        let len = 24 + if both { 6 } else { 0 } + if quality { 2 } else { 0 } + if ordered { 4 } else { 0 };
        if quality && need(u8_at(piece.bytes, if both { 30 } else { 24 }), "802.11 header cut")? & 0x80 != 0 {
            return fail("802.11 aggregated");
        }
        self.llc(piece.skip(len), Wrapping::default(), take)
    }

    fn radiotap(&mut self, piece: Piece<'_>, take: &mut dyn Take) -> Outcome {
        let len = usize::from(need(u16_le(piece.bytes, 2), "radiotap header cut")?);
        self.wifi(piece.skip(len), take)
    }

    fn ip(&mut self, piece: Piece<'_>, wrapping: Wrapping, take: &mut dyn Take) -> Outcome {
        if wrapping.depth == 0 && self.recent.seen(piece.bytes, self.now) {
            self.duplicates += 1;
            return Ok(());
        }
        match piece.bytes.first().map(|byte| byte >> 4) {
            Some(4) => self.ipv4(piece, wrapping, take),
            Some(6) => self.ipv6(piece, wrapping, take),
            Some(_) => fail("IP of no version"),
            None => fail("IP header cut"),
        }
    }

    fn ipv4(&mut self, piece: Piece<'_>, wrapping: Wrapping, take: &mut dyn Take) -> Outcome {
        let bytes = piece.bytes;
        let header = need(bytes.first_chunk::<20>(), "IP header cut")?;
        let header_len = usize::from(header[0] & 0x0f) * 4;
        // Zero where the network card cuts a large buffer into packets after the recorder saw it.
        let total = match usize::from(u16::from_be_bytes([header[2], header[3]])) {
            0 => piece.wire_len,
            total => total,
        };
        if header_len < 20 || total < header_len {
            return fail("IP lengths impossible");
        }
        let inner = Piece {
            bytes: bytes.get(header_len..total.min(bytes.len())).unwrap_or_default(),
            wire_len: total - header_len,
        };
        let src = IpAddr::V4(Ipv4Addr::new(header[12], header[13], header[14], header[15]));
        let dst = IpAddr::V4(Ipv4Addr::new(header[16], header[17], header[18], header[19]));
        let flags = u16::from_be_bytes([header[6], header[7]]);
        let fragment = Fragment {
            src,
            dst,
            id: u32::from(u16::from_be_bytes([header[4], header[5]])),
            proto: header[9],
            offset: usize::from(flags & 0x1fff) * 8,
            more: flags & 0x2000 != 0,
        };
        self.maybe_fragment(fragment, inner, wrapping, take)
    }

    fn ipv6(&mut self, piece: Piece<'_>, wrapping: Wrapping, take: &mut dyn Take) -> Outcome {
        let bytes = piece.bytes;
        let header = need(bytes.first_chunk::<40>(), "IP header cut")?;
        let address = |at: usize| {
            let octets = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()).copied().unwrap_or_default();
            IpAddr::V6(Ipv6Addr::from(octets))
        };
        let (src, dst) = (address(8), address(24));
        let len = match usize::from(u16::from_be_bytes([header[4], header[5]])) {
            0 => piece.wire_len.saturating_sub(40),
            len => len,
        };
        let mut inner = Piece { bytes: bytes.get(40..(40 + len).min(bytes.len())).unwrap_or_default(), wire_len: len };
        let mut next = header[6];
        for _ in 0..MAX_TAGS {
            match next {
                // Hop-by-hop, routing, destination options, mobility, host identity, shim6.
                0 | 43 | 60 | 139 | 140 => {
                    let [following, units, ..] = inner.bytes else { return fail("IPv6 extension header cut") };
                    next = *following;
                    inner = inner.skip((usize::from(*units) + 1) * 8);
                }
                51 => {
                    let [following, units, ..] = inner.bytes else { return fail("IPv6 extension header cut") };
                    next = *following;
                    inner = inner.skip((usize::from(*units) + 2) * 4);
                }
                44 => {
                    let header = need(inner.bytes.first_chunk::<8>(), "IPv6 extension header cut")?;
                    let place = u16::from_be_bytes([header[2], header[3]]);
                    let fragment = Fragment {
                        src,
                        dst,
                        id: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
                        proto: header[0],
                        offset: usize::from(place & 0xfff8),
                        more: place & 1 == 1,
                    };
                    return self.maybe_fragment(fragment, inner.skip(8), wrapping, take);
                }
                59 => return fail("IPv6 without a next header"),
                _ => {
                    return self.transport(src, dst, next, inner, wrapping, take);
                }
            }
        }
        fail("too many extension headers")
    }

    fn maybe_fragment(
        &mut self,
        fragment: Fragment,
        piece: Piece<'_>,
        wrapping: Wrapping,
        take: &mut dyn Take,
    ) -> Outcome {
        let (src, dst, proto) = (fragment.src, fragment.dst, fragment.proto);
        if !fragment.more && fragment.offset == 0 {
            return self.transport(src, dst, proto, piece, wrapping, take);
        }
        if piece.bytes.len() < piece.wire_len {
            return fail("fragment cut by the snap length");
        }
        match self.fragments.add(fragment, piece.bytes, self.now) {
            Some(whole) => {
                let piece = Piece { bytes: &whole, wire_len: whole.len() };
                self.transport(src, dst, proto, piece, wrapping, take)
            }
            None => Ok(()),
        }
    }

    fn transport(
        &mut self,
        src: IpAddr,
        dst: IpAddr,
        proto: u8,
        piece: Piece<'_>,
        wrapping: Wrapping,
        take: &mut dyn Take,
    ) -> Outcome {
        let bytes = piece.bytes;
        let mut segment = Segment {
            src,
            dst,
            src_port: 0,
            dst_port: 0,
            proto,
            tcp: None,
            payload: bytes,
            payload_len: u32::try_from(piece.wire_len).unwrap_or(u32::MAX),
        };
        let mut set_payload = |start: usize, end: usize| {
            segment.payload = bytes.get(start..end.min(bytes.len())).unwrap_or_default();
            segment.payload_len = u32::try_from(end.saturating_sub(start)).unwrap_or(u32::MAX);
        };
        match proto {
            proto::TCP => {
                let header = need(bytes.first_chunk::<20>(), "TCP header cut")?;
                let header_len = usize::from(header[12] >> 4) * 4;
                if header_len < 20 || header_len > piece.wire_len {
                    return fail("TCP lengths impossible");
                }
                set_payload(header_len, piece.wire_len);
                segment.src_port = u16::from_be_bytes([header[0], header[1]]);
                segment.dst_port = u16::from_be_bytes([header[2], header[3]]);
                segment.tcp = Some(TcpHeader {
                    seq: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
                    ack: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
                    flags: header[13],
                    window: u16::from_be_bytes([header[14], header[15]]),
                });
                Ok(take.take(&segment, &wrapping)?)
            }
            proto::UDP => {
                let header = need(bytes.first_chunk::<8>(), "UDP header cut")?;
                let len = match usize::from(u16::from_be_bytes([header[4], header[5]])) {
                    0 => piece.wire_len,
                    len if len < 8 => return fail("UDP lengths impossible"),
                    len => len.min(piece.wire_len),
                };
                set_payload(8, len);
                segment.src_port = u16::from_be_bytes([header[0], header[1]]);
                segment.dst_port = u16::from_be_bytes([header[2], header[3]]);
                take.take(&segment, &wrapping)?;
                let inner = Piece { bytes: segment.payload, wire_len: segment.payload_len as usize };
                self.udp_tunnel(segment.src_port, segment.dst_port, inner, wrapping, take)
            }
            proto::ICMP | proto::ICMP6 => {
                let [kind, code, ..] = bytes else { return fail("ICMP header cut") };
                set_payload(8, piece.wire_len);
                segment.src_port = u16::from(*kind);
                segment.dst_port = u16::from(*code);
                Ok(take.take(&segment, &wrapping)?)
            }
            proto::SCTP => {
                segment.src_port = need(u16_be(bytes, 0), "SCTP header cut")?;
                segment.dst_port = need(u16_be(bytes, 2), "SCTP header cut")?;
                set_payload(12, piece.wire_len);
                Ok(take.take(&segment, &wrapping)?)
            }
            proto::IPV4 | proto::IPV6 => {
                take.take(&segment, &wrapping)?;
                self.ip(piece, wrapping.inside(if proto == proto::IPV4 { "ipip" } else { "6in4" })?, take)
            }
            proto::GRE => {
                take.take(&segment, &wrapping)?;
                self.gre(piece, wrapping, take)
            }
            proto::ETHERNET_IP => {
                take.take(&segment, &wrapping)?;
                self.ethernet(piece.skip(2), wrapping.inside("etherip")?, take)
            }
            proto::MPLS => {
                take.take(&segment, &wrapping)?;
                self.mpls(piece, wrapping.inside("mpls")?, take)
            }
            _ => Ok(take.take(&segment, &wrapping)?),
        }
    }

    /// RFC 2784 and 2890; version 1 is PPTP's (RFC 2637).
    fn gre(&mut self, piece: Piece<'_>, wrapping: Wrapping, take: &mut dyn Take) -> Outcome {
        let flags = need(u16_be(piece.bytes, 0), "GRE header cut")?;
        let kind = need(u16_be(piece.bytes, 2), "GRE header cut")?;
        let (checksum, key, sequence) = (flags & 0x8000 != 0, flags & 0x2000 != 0, flags & 0x1000 != 0);
        if flags & 0x4000 != 0 {
            return fail("GRE with source routes");
        }
        let acknowledgement = flags & 7 == 1 && flags & 0x80 != 0;
        let fields = [checksum, key, sequence, acknowledgement].iter().filter(|there| **there).count();
        let piece = piece.skip(4 + fields * 4);
        if piece.wire_len == 0 {
            return Ok(());
        }
        match kind {
            0x880b => self.ppp(piece, wrapping.inside("pptp")?, take),
            0x6558 => self.ethernet(piece, wrapping.inside("gre")?, take),
            // Type II has a header of 8 bytes and always a sequence number; type I has neither.
            0x88be => {
                let header = if sequence { 8 } else { 0 };
                self.ethernet(piece.skip(header), wrapping.inside("erspan")?, take)
            }
            0x22eb => {
                let optional = need(u8_at(piece.bytes, 11), "ERSPAN header cut")? & 1 != 0;
                self.ethernet(piece.skip(if optional { 20 } else { 12 }), wrapping.inside("erspan")?, take)
            }
            _ => self.ether_type(kind, piece, wrapping.inside("gre")?, take),
        }
    }

    /// Tunnels over UDP, believed only where the port and the header agree.
    fn udp_tunnel(
        &mut self,
        src_port: u16,
        dst_port: u16,
        piece: Piece<'_>,
        wrapping: Wrapping,
        take: &mut dyn Take,
    ) -> Outcome {
        match (dst_port, piece.bytes) {
            // RFC 7348; 8472 is Linux's own port.
            (4789 | 8472, [0x08, 0, 0, 0, _, _, _, 0, ..]) => {
                self.ethernet(piece.skip(8), wrapping.inside("vxlan")?, take)
            }
            // RFC 8926: version 0.
            (6081, [first @ 0..=0x3f, _, high, low, ..]) => {
                let header = 8 + usize::from(first & 0x3f) * 4;
                let inside = wrapping.inside("geneve")?;
                self.ether_type_or_frame(u16::from_be_bytes([*high, *low]), piece.skip(header), inside, take)
            }
            // 3GPP TS 29.281: version 1, protocol type GTP, message type G-PDU.
            (2152, [first, 0xff, ..]) if first & 0xf0 == 0x30 => {
                let Some(header) = gtp_header(piece.bytes) else { return Ok(()) };
                let inner = piece.skip(header);
                match inner.bytes.first().map(|byte| byte >> 4) {
                    Some(4 | 6) => self.ip(inner, wrapping.inside("gtp")?, take),
                    _ => Ok(()),
                }
            }
            // AYIYA (draft-massar-v6ops-ayiya-02 §4): identity, signature; operation 1 carries a packet.
            (_, [id, signature, operation, 41, ..])
                if (dst_port == 5072 || src_port == 5072) && operation & 0x0f == 1 =>
            {
                let header = 8 + (1usize << (id >> 4)) + usize::from(signature >> 4) * 4;
                self.ip(piece.skip(header), wrapping.inside("ayiya")?, take)
            }
            _ if dst_port == 3544 || src_port == 3544 => match teredo_header(piece.bytes) {
                Some(header) => self.ip(piece.skip(header), wrapping.inside("teredo")?, take),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn ether_type_or_frame(&mut self, kind: u16, piece: Piece<'_>, wrapping: Wrapping, take: &mut dyn Take) -> Outcome {
        if kind == 0x6558 { self.ethernet(piece, wrapping, take) } else { self.ether_type(kind, piece, wrapping, take) }
    }
}

/// Length of a GTP-U header with its extension headers.
fn gtp_header(bytes: &[u8]) -> Option<usize> {
    let flags = u8_at(bytes, 0)?;
    if flags.trailing_zeros() >= 3 {
        return Some(8);
    }
    let mut len = 12;
    let mut next = if flags & 4 != 0 { u8_at(bytes, 11)? } else { 0 };
    for _ in 0..MAX_TAGS {
        if next == 0 {
            return Some(len);
        }
        let extension = usize::from(u8_at(bytes, len)?) * 4;
        if extension == 0 {
            return None;
        }
        len += extension;
        next = u8_at(bytes, len - 1)?;
    }
    None
}

/// Length of what stands before the IPv6 packet (RFC 4380 §5.1.1): authentication, origin indication.
fn teredo_header(bytes: &[u8]) -> Option<usize> {
    let mut len = 0;
    if let [0, 1, id, auth, ..] = bytes {
        len = 4 + usize::from(*id) + usize::from(*auth) + 9;
    }
    if let Some([0, 0, ..]) = bytes.get(len..) {
        len += 8;
    }
    // Version 6, and a payload length that fits: port 3544 alone proves nothing.
    let rest = bytes.get(len..)?;
    (rest.len() >= 40 && rest[0] >> 4 == 6 && usize::from(u16_be(rest, 4)?) + 40 <= rest.len()).then_some(len)
}

/// Bytes of a layer, with the length that they had on the wire.
#[derive(Clone, Copy)]
struct Piece<'a> {
    bytes: &'a [u8],
    wire_len: usize,
}

impl Piece<'_> {
    fn skip(self, len: usize) -> Self {
        Self { bytes: self.bytes.get(len..).unwrap_or_default(), wire_len: self.wire_len.saturating_sub(len) }
    }
}

/// The last packets, to notice a copy of one of them. Copies are equal from the IP header on (a retransmission has
/// another identification) and come within a millisecond.
#[derive(Default)]
struct Recent {
    ring: [(u64, i64); Self::SIZE],
    next: usize,
}

impl Recent {
    const SIZE: usize = 16;
    const WINDOW_US: i64 = 1000;

    fn seen(&mut self, packet: &[u8], now: i64) -> bool {
        let hash = fingerprint(packet);
        let known = self.ring.iter().any(|(other, time)| *other == hash && (now - time).abs() <= Self::WINDOW_US);
        if !known {
            self.ring[self.next] = (hash, now);
            self.next = (self.next + 1) % Self::SIZE;
        }
        known
    }
}

/// A quick hash of the first bytes and the length (FNV-1a over words).
fn fingerprint(packet: &[u8]) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ packet.len() as u64;
    let (words, rest) = packet.get(..packet.len().min(128)).unwrap_or_default().as_chunks::<8>();
    for word in words {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME);
        hash ^= hash >> 29;
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    }
    hash | 1
}
