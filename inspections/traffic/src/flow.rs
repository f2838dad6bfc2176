//! Conversations: segments of the same two endpoints become one row.
//!
//! Memory follows the number of open conversations: each ends by its own close, by silence, or when there are too many,
//! and its row is written then. Time is the capture's own.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use secdiag_inspect::{ParseCx, Stop};
use secdiag_model::table::Time;
use secdiag_model::{Artefact, Conn};

use crate::community::{community_id, icmp_counterpart};
use crate::decode::{Segment, Take, Wrapping, proto};
use crate::resolve::Transactions;
use crate::service;
use crate::stream::Stream;
use crate::tcp::{ACK, History, SYN, Tcp};

/// Conversations open at once; about 100 MB.
const MAX_OPEN: usize = 200_000;
/// Payloads of each side that are looked at for a protocol.
const MAX_LOOKS: u8 = 3;

/// Kinds of silence that end a conversation, microseconds.
const SILENCE_US: [i64; 3] = [
    // After its end, for late packets.
    5_000_000,
    // Datagrams, and SYNs without an answer.
    60_000_000,
    // An open TCP conversation.
    300_000_000,
];
const ENDED: usize = 0;
const SHORT: usize = 1;
const OPEN: usize = 2;

/// No index.
const NONE: u32 = u32::MAX;

/// The two endpoints in an order of their own, so that both directions find the same conversation. For ICMP that comes
/// in pairs the ports are those of the question, else type and code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    low: (IpAddr, u16),
    high: (IpAddr, u16),
    proto: u8,
}

struct Flow {
    key: Key,
    src: (IpAddr, u16),
    dst: (IpAddr, u16),
    first: i64,
    last: i64,
    first_packet: u64,
    packets: [u64; 2],
    /// Payload bytes of protocols without sequence numbers.
    bytes: [u64; 2],
    tcp: Option<Box<Tcp>>,
    history: History,
    wrapping: Wrapping,
    service: Option<&'static str>,
    looks: [u8; 2],
    /// DNS over TCP: the two directions put together.
    streams: Option<Box<[Stream; 2]>>,
    class: usize,
    before: u32,
    after: u32,
}

#[derive(Clone, Copy)]
struct List {
    first: u32,
    last: u32,
}

/// The open conversations of one capture.
pub(crate) struct Flows<'a> {
    cx: &'a ParseCx<'a>,
    artefact: &'a Artefact,
    index: HashMap<Key, u32>,
    slots: Vec<Flow>,
    free: Vec<u32>,
    /// By kind of silence, the longest silent first.
    lists: [List; 3],
    dns: Transactions<'a>,
    now: i64,
    packet: u64,
    /// Rows written.
    pub written: u64,
    /// Conversations that ended early because too many were open.
    pub evicted: u64,
}

impl<'a> Flows<'a> {
    pub(crate) fn new(cx: &'a ParseCx<'a>, artefact: &'a Artefact) -> Self {
        Self {
            cx,
            artefact,
            index: HashMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            lists: [List { first: NONE, last: NONE }; 3],
            dns: Transactions::new(cx, artefact),
            now: 0,
            packet: 0,
            written: 0,
            evicted: 0,
        }
    }

    /// The packet whose segments come next.
    pub(crate) fn at(&mut self, packet: u64, now: i64) -> Result<(), Stop> {
        (self.packet, self.now) = (packet, now);
        for (class, silence) in SILENCE_US.iter().enumerate() {
            while let Some(flow) = self.slots.get(self.lists[class].first as usize)
                && now.saturating_sub(flow.last) > *silence
            {
                self.close(self.lists[class].first)?;
            }
        }
        self.dns.at(packet, now)
    }

    /// Writes what is still open, in the order of the first packets.
    pub(crate) fn finish(&mut self) -> Result<DnsFigures, Stop> {
        let mut open: Vec<(u64, u32)> =
            self.index.values().map(|at| (self.slots[*at as usize].first_packet, *at)).collect();
        // Two conversations can begin in one packet (a tunnel and its content): the slot decides, which depends on the
        // packets alone.
        open.sort_unstable();
        for (_, at) in open {
            self.close(at)?;
        }
        self.dns.finish()
    }

    fn find(&mut self, segment: &Segment<'_>, wrapping: &Wrapping) -> Result<u32, Stop> {
        let key = key(segment);
        if let Some(at) = self.index.get(&key).copied() {
            let flow = &self.slots[at as usize];
            let reused = match (&flow.tcp, segment.tcp) {
                (Some(tcp), Some(header)) => tcp.reuses(header),
                _ => false,
            };
            if !reused {
                return Ok(at);
            }
            self.close(at)?;
        }
        if self.index.len() >= MAX_OPEN {
            let oldest = self.lists.iter().map(|list| list.first).find(|first| *first != NONE);
            if let Some(oldest) = oldest {
                self.evicted += 1;
                self.close(oldest)?;
            }
        }
        let (sender, receiver) = ((segment.src, segment.src_port), (segment.dst, segment.dst_port));
        let swap = sender_was_called(segment);
        let mut history = History::default();
        if swap {
            history.add(0, '^');
        }
        let (src, dst) = if swap { (receiver, sender) } else { (sender, receiver) };
        let class = if segment.tcp.is_some() { OPEN } else { SHORT };
        let dns_stream = segment.tcp.is_some() && (src.1 == 53 || dst.1 == 53);
        let flow = Flow {
            key,
            src,
            dst,
            first: self.now,
            last: self.now,
            first_packet: self.packet,
            packets: [0; 2],
            bytes: [0; 2],
            tcp: segment.tcp.map(|_| Box::default()),
            history,
            wrapping: *wrapping,
            service: None,
            looks: [0; 2],
            streams: dns_stream.then(Box::default),
            class,
            before: NONE,
            after: NONE,
        };
        let at = if let Some(at) = self.free.pop() {
            self.slots[at as usize] = flow;
            at
        } else {
            self.slots.push(flow);
            u32::try_from(self.slots.len() - 1).unwrap_or(NONE)
        };
        self.index.insert(key, at);
        self.append(class, at);
        Ok(at)
    }

    fn append(&mut self, class: usize, at: u32) {
        let last = std::mem::replace(&mut self.lists[class].last, at);
        match self.slots.get_mut(last as usize) {
            Some(flow) => flow.after = at,
            None => self.lists[class].first = at,
        }
        let flow = &mut self.slots[at as usize];
        (flow.class, flow.before, flow.after) = (class, last, NONE);
    }

    fn unlink(&mut self, at: u32) {
        let Flow { class, before, after, .. } = self.slots[at as usize];
        match self.slots.get_mut(before as usize) {
            Some(flow) => flow.after = after,
            None => self.lists[class].first = after,
        }
        match self.slots.get_mut(after as usize) {
            Some(flow) => flow.before = before,
            None => self.lists[class].last = before,
        }
    }

    fn close(&mut self, at: u32) -> Result<(), Stop> {
        self.unlink(at);
        let flow = &mut self.slots[at as usize];
        self.index.remove(&flow.key);
        self.free.push(at);
        self.written += 1;
        let (row, locator) = (flow.row(), flow.first_packet);
        // What the slot holds on the heap goes with the row.
        (flow.tcp, flow.streams, flow.history) = (None, None, History::default());
        self.cx.row(self.artefact, locator, &row)
    }
}

impl Take for Flows<'_> {
    fn take(&mut self, segment: &Segment<'_>, wrapping: &Wrapping) -> Result<(), Stop> {
        let at = self.find(segment, wrapping)?;
        let now = self.now;
        let flow = &mut self.slots[at as usize];
        let mut from = usize::from((segment.src, segment.src_port) != flow.src);
        if matches!(segment.proto, proto::ICMP | proto::ICMP6) {
            from = usize::from(segment.src != flow.src.0);
        }
        let mut class = SHORT;
        let mut placed = None;
        if let (Some(tcp), Some(header)) = (&mut flow.tcp, segment.tcp) {
            let ended = tcp.both_closed();
            let (payload, swapped) = tcp.segment(from, header, segment.payload_len, &mut flow.history);
            if swapped {
                std::mem::swap(&mut flow.src, &mut flow.dst);
                flow.packets.swap(0, 1);
                flow.looks.swap(0, 1);
                flow.history.add(0, '^');
                from = 1 - from;
            }
            placed = payload;
            class = match () {
                () if tcp.is_over() => ENDED,
                () if tcp.is_attempt() => SHORT,
                () => OPEN,
            };
            if !ended {
                flow.last = now;
            }
        } else {
            flow.last = now;
            flow.bytes[from] += u64::from(segment.payload_len);
            if segment.proto == proto::UDP && flow.packets[from] == 0 {
                flow.history.add(from, 'D');
            }
        }
        flow.packets[from] += 1;
        if !segment.payload.is_empty() {
            match segment.proto {
                proto::TCP => {
                    if flow.service.is_none() && flow.looks[from] < MAX_LOOKS && placed.is_some() {
                        flow.looks[from] += 1;
                        flow.service = service::of_stream(segment.payload, from == 0);
                    }
                    if let (Some(streams), Some(placed)) = (&mut flow.streams, placed) {
                        let whole = segment.payload.len() == segment.payload_len as usize;
                        let dns = &mut self.dns;
                        let ends = if from == 0 { (flow.src, flow.dst) } else { (flow.dst, flow.src) };
                        let understood = streams[from].add(placed.at, segment.payload, whole, &mut |message| {
                            dns.message(ends.0, ends.1, "tcp", message, false)
                        })?;
                        if understood && flow.service.is_none() {
                            flow.service = Some("dns");
                        }
                    }
                }
                proto::UDP => {
                    let is_port = |port| matches!(port, 53 | 5353 | 5355);
                    let expected = is_port(segment.src_port) || is_port(segment.dst_port);
                    let looking = flow.service.is_none() && flow.looks[from] < MAX_LOOKS;
                    if looking {
                        flow.looks[from] += 1;
                        flow.service = service::of_datagram(segment.payload);
                    }
                    if (expected || looking || flow.service == Some("dns")) && flow.service.is_none_or(|is| is == "dns")
                    {
                        let (src, dst) = ((segment.src, segment.src_port), (segment.dst, segment.dst_port));
                        if self.dns.message(src, dst, "udp", segment.payload, !expected)? {
                            flow.service = Some("dns");
                        }
                    }
                }
                _ => {}
            }
        }
        self.unlink(at);
        self.append(class, at);
        Ok(())
    }
}

/// What the DNS side of a capture came to.
#[derive(Default)]
pub(crate) struct DnsFigures {
    /// Rows written.
    pub written: u64,
    /// Messages on DNS ports that could not be read.
    pub malformed: u64,
    /// Questions given up early because too many waited for answers.
    pub evicted: u64,
}

impl Flow {
    fn row(&self) -> Conn {
        let ((src_ip, src_port), (dst_ip, dst_port)) = (self.src, self.dst);
        let has_ports = matches!(self.key.proto, proto::TCP | proto::UDP | proto::SCTP | proto::ICMP | proto::ICMP6);
        let tunnels = self.wrapping.tunnels();
        let bytes = self.tcp.as_ref().map_or(self.bytes, |tcp| [tcp.size(0), tcp.size(1)]);
        let state = match (&self.tcp, self.key.proto) {
            (Some(tcp), _) => tcp.conn_state(&self.history),
            (None, proto::UDP) => match self.packets {
                [0, _] => "SHR",
                [_, 0] => "S0",
                _ => "SF",
            },
            _ => "OTH",
        };
        Conn {
            ts: Time(self.first),
            dur_us: Some(self.last.saturating_sub(self.first)),
            src_ip,
            src_port: has_ports.then_some(src_port),
            dst_ip,
            dst_port: has_ports.then_some(dst_port),
            proto: proto_name(self.key.proto),
            service: self.service.map(str::to_owned),
            action: None,
            bytes_out: bytes[0],
            bytes_in: bytes[1],
            pkts_out: self.packets[0],
            pkts_in: self.packets[1],
            direction: Some(direction(src_ip, dst_ip).to_owned()),
            rule_id: None,
            in_zone: None,
            out_zone: None,
            user: None,
            device: None,
            conn_state: Some(state.to_owned()),
            history: Some(self.history.as_str().to_owned()).filter(|history| !history.is_empty()),
            missed_bytes: self.tcp.as_ref().map(|tcp| tcp.missed()),
            vlan: self.wrapping.vlan,
            tunnel: (!tunnels.is_empty()).then(|| tunnels.join(",")),
            community_id: Some(community_id(src_ip, src_port, dst_ip, dst_port, self.key.proto)),
        }
    }
}

fn key(segment: &Segment<'_>) -> Key {
    let proto = segment.proto;
    let (mut a, mut b) = ((segment.src, segment.src_port), (segment.dst, segment.dst_port));
    if matches!(proto, proto::ICMP | proto::ICMP6) {
        match icmp_counterpart(proto, segment.src_port) {
            Some(counterpart) => {
                let question = segment.src_port.max(counterpart);
                (a.1, b.1) = (question, question);
            }
            // One-way messages: each direction for itself, which `low` and `high` in order of sending say.
            None => return Key { low: a, high: b, proto },
        }
    }
    Key { low: a.min(b), high: a.max(b), proto }
}

/// Whether the sender of a conversation's first packet was the one called: so by Zeek's rule for captures that begin in
/// the middle, where only the ports can tell.
fn sender_was_called(segment: &Segment<'_>) -> bool {
    let (from, to) = (segment.src_port, segment.dst_port);
    match (segment.proto, segment.tcp) {
        (_, Some(tcp)) => {
            let opens = tcp.flags & SYN != 0 && tcp.flags & ACK == 0;
            if opens || !is_server_port(from) {
                return false;
            }
            if !is_server_port(to) {
                return true;
            }
            // Both plausible: the lower port; but SYN and ACK may be a scan, unless an inside host is answered.
            if tcp.flags & SYN == 0 { from < to } else { is_internal(segment.dst) && !is_internal(segment.src) }
        }
        (proto::UDP, None) => {
            // Nobody calls from a group's address, so a message to a group was not asked for.
            let to_group = segment.dst.is_multicast() || segment.dst == IpAddr::V4(Ipv4Addr::BROADCAST);
            is_udp_server_port(from) && !is_udp_server_port(to) && !to_group
        }
        _ => false,
    }
}

/// TCP ports of services, as in Zeek's `likely_server_ports`.
fn is_server_port(port: u16) -> bool {
    matches!(
        port,
        21 | 22
            | 25
            | 53
            | 80
            | 81
            | 88
            | 102
            | 110
            | 135
            | 139
            | 143
            | 179
            | 389
            | 443
            | 445
            | 464
            | 502
            | 514
            | 563
            | 585
            | 587
            | 614
            | 631
            | 636
            | 989
            | 990
            | 992
            | 993
            | 995
            | 1080
            | 1433
            | 1434
            | 1521
            | 1883
            | 2811
            | 3128
            | 3268
            | 3306
            | 3389
            | 5060
            | 5222
            | 5223
            | 5269
            | 5432
            | 5985
            | 5986
            | 6379
            | 6666..=6669 | 8000 | 8080 | 8443 | 8883 | 8888 | 20000
    )
}

fn is_udp_server_port(port: u16) -> bool {
    matches!(
        port,
        53 | 67
            | 69
            | 88
            | 111
            | 123
            | 137
            | 138
            | 161
            | 162
            | 389
            | 443
            | 464
            | 500
            | 502
            | 514
            | 1434
            | 1645
            | 1646
            | 1812
            | 1813
            | 1900
            | 2123
            | 2152
            | 3544
            | 4011
            | 4500
            | 4789
            | 5060
            | 5072
            | 5353
            | 5355
            | 6081
            | 20000
    )
}

fn proto_name(proto: u8) -> String {
    match proto {
        proto::ICMP => "icmp".to_owned(),
        proto::TCP => "tcp".to_owned(),
        proto::UDP => "udp".to_owned(),
        proto::ICMP6 => "icmp6".to_owned(),
        proto::SCTP => "sctp".to_owned(),
        other => other.to_string(),
    }
}

fn direction(src: IpAddr, dst: IpAddr) -> &'static str {
    match (is_internal(src), is_internal(dst)) {
        (true, true) => "internal",
        (true, false) => "outbound",
        (false, true) => "inbound",
        (false, false) => "external",
    }
}

/// Private, shared, link-local, loopback, and the addresses of many hosts that stay in the network (RFC 1918, RFC 6598,
/// RFC 4193, RFC 3927, RFC 4291).
fn is_internal(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_unspecified()
                || a == 100 && b & 0xc0 == 64
        }
        IpAddr::V6(ip) => {
            ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_loopback()
                || ip.is_multicast()
                || ip.is_unspecified()
        }
    }
}
