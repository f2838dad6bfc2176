//! A morning at the core switch: more than six hours of ordinary traffic, with a few conversations that are not.

use std::net::Ipv4Addr;

use serde_json::json;

use crate::random::Random;
use crate::{Book, TRADING};

/// Six hours and twenty minutes.
const SECONDS: u64 = 22_800;

/// What the lists of [`crate::intel`] call bad, and what stands beside it.
pub(crate) const CONTROL_SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 45);
pub(crate) const BAD_NETWORK: (Ipv4Addr, u8) = (Ipv4Addr::new(198, 51, 100, 128), 27);
pub(crate) const SCANNER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 211);
pub(crate) const EXPIRED: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 66);
pub(crate) const BAD_DOMAIN: &str = "evil-update.example";
const JUST_BEYOND: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 160);
const JUST_BEFORE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 127);

const RESOLVER: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 53);

const ADDRESS: &str = "traffic/known-bad-address";
const DOMAIN: &str = "traffic/known-bad-domain";

pub(crate) fn write(seed: u64, book: &mut Book) {
    let mut random = Random::new(seed, "capture");
    let mut wire = Wire::beginning(book.edition.morning());
    ordinary(&mut wire, &mut random);
    let mut hosts: Vec<u8> = (20..60).collect();
    random.shuffle(&mut hosts);
    let host = |n: usize| Ipv4Addr::new(10, 20, 1, hosts[n]);
    let between =
        |src: Ipv4Addr, dst: Ipv4Addr| json!({"kind": "connection", "src": src.to_string(), "dst": dst.to_string()});

    if book.edition.year >= 2025 {
        asks_by_name(&mut wire, host(1), book, &mut random);
    }
    if book.edition.year >= 2026 {
        talks(&mut wire, [host(0), host(2)], book, &mut random);
    }

    for (at, what, address) in [
        (3_000, "stands just beyond a listed network", JUST_BEYOND),
        (3_600, "stands just before a listed network", JUST_BEFORE),
        (4_200, "was listed, but its entry ended before the capture", EXPIRED),
    ] {
        wire.session(at + random.range(0, 300), host(3), address, 443, &mut random);
        book.innocent(TRADING, between(host(3), address), &[ADDRESS], &format!("{address} {what}"));
    }
    for (at, what, asked) in [
        (7_000, "ends like a listed name, but is another domain", format!("not{BAD_DOMAIN}")),
        (7_500, "begins like a listed name, but lies below the firm's own", format!("{BAD_DOMAIN}.hlsec.example")),
        (8_000, "is the domain above a listed one", "example".to_owned()),
    ] {
        wire.question(at + random.range(0, 300), host(4), &asked, Some(Ipv4Addr::new(192, 0, 2, 30)), &mut random);
        book.innocent(
            TRADING,
            json!({"kind": "name", "src": host(4).to_string()}),
            &[DOMAIN],
            &format!("{asked} {what}"),
        );
    }
    book.file("traffic/core-switch.pcapng", wire.pcapng());
}

/// Another computer looks for its master by name; the address that it is given stands in no list.
fn asks_by_name(wire: &mut Wire, host: Ipv4Addr, book: &mut Book, random: &mut Random) {
    let given = Ipv4Addr::new(192, 0, 2, 140);
    let asked_at = random.range(5_000, 6_000);
    wire.question(asked_at, host, &format!("cdn.{BAD_DOMAIN}"), Some(given), random);
    wire.session(asked_at + 1, host, given, 443, random);
    let name = |name: &str, src: Ipv4Addr| json!({"kind": "name", "name": name, "src": src.to_string()});
    book.plant(DOMAIN, TRADING, name(BAD_DOMAIN, host), "a question for a name below a listed one");
}

/// What only the last capture shows: a computer that reports to its master, a call that nobody answered, a scanner.
fn talks(wire: &mut Wire, [reporting, calling]: [Ipv4Addr; 2], book: &mut Book, random: &mut Random) {
    let connection = |src: Ipv4Addr, dst: Ipv4Addr, port: u16| json!({"kind": "connection", "src": src.to_string(), "dst": dst.to_string(), "dst_port": port, "proto": "tcp"});
    // A compromised computer reports to its master several times.
    for call in 0..random.range(4, 8) {
        let at = 1_800 + call * 2_400 + random.range(0, 300);
        wire.session(at, reporting, CONTROL_SERVER, 443, random);
    }
    book.plant(ADDRESS, TRADING, connection(reporting, CONTROL_SERVER, 443), "conversations with a control server")
        .fact("two_way", true)
        .fact("inbound", false);

    // A call into a listed network that nobody answered.
    let target = Ipv4Addr::from(u32::from(BAD_NETWORK.0) + u32::from(random.short(3, 28)));
    for again in [0, 3] {
        wire.knock(random.range(9_000, 9_002) + again, calling, target, 8_443, random);
    }
    book.plant(ADDRESS, TRADING, connection(calling, target, 8_443), "a call into a listed network, unanswered")
        .fact("two_way", false)
        .fact("inbound", false);

    // A listed scanner knocks at the public web server.
    let server = Ipv4Addr::new(10, 20, 8, 80);
    wire.knock(random.range(14_000, 15_000), SCANNER, server, 8_080, random);
    book.plant(ADDRESS, TRADING, connection(SCANNER, server, 8_080), "a listed address knocks, nobody answers")
        .fact("two_way", false)
        .fact("inbound", true);
}

/// Questions every few seconds, sessions every minute: no silence comes near five minutes.
fn ordinary(wire: &mut Wire, random: &mut Random) {
    const NAMES: &[&str] = &[
        "quote.market.example",
        "order.market.example",
        "www.hlsec.example",
        "mail.hlsec.example",
        "time.hlsec.example",
        "news.press.example",
        "update.vendor.example",
        "ocsp.authority.example",
    ];
    let client = |random: &mut Random| Ipv4Addr::new(10, 20, 1, u8::try_from(random.range(20, 60)).unwrap_or(20));
    let server = |random: &mut Random| Ipv4Addr::new(192, 0, 2, u8::try_from(random.range(10, 40)).unwrap_or(10));
    let mut at = 0;
    while at < SECONDS {
        let host = client(random);
        let name = *random.pick(NAMES);
        let address = Some(server(random)).filter(|_| random.range(0, 20) > 0);
        wire.question(at, host, name, address, random);
        at += random.range(10, 40);
    }
    let mut at = 5;
    while at < SECONDS - 20 {
        let (host, address) = (client(random), server(random));
        let port = *random.pick(&[443, 443, 443, 80, 8_443]);
        wire.session(at, host, address, port, random);
        at += random.range(20, 90);
    }
    // The first and the last packet are a known time apart.
    wire.question(SECONDS, Ipv4Addr::new(10, 20, 1, 20), NAMES[0], Some(Ipv4Addr::new(192, 0, 2, 10)), random);
}

/// Frames with their times, in any order, and when the capture begins, in seconds since 1970.
struct Wire {
    start: u64,
    frames: Vec<(u64, Vec<u8>)>,
}

impl Wire {
    fn beginning(start: u64) -> Self {
        Self { start, frames: Vec::new() }
    }

    /// A moment some microseconds into a second of the capture.
    fn time(&self, second: u64, micros: u64) -> u64 {
        (self.start + second) * 1_000_000 + micros
    }

    /// A question to the resolver and its answer; without an address the name does not exist.
    fn question(&mut self, at: u64, src: Ipv4Addr, name: &str, address: Option<Ipv4Addr>, random: &mut Random) {
        let (port, id) = (random.short(32_768, 61_000), random.short(1, u16::MAX));
        let start = self.time(at, random.range(0, 900_000));
        let rest = random.range(400, 9_000);
        self.frames.push((start, udp(src, RESOLVER, port, 53, &dns(id, name, Says::Question))));
        self.frames.push((
            start + rest,
            udp(RESOLVER, src, 53, port, &dns(id, name, address.map_or(Says::NoSuchName, Says::Address))),
        ));
    }

    /// A TCP conversation that begins, carries data both ways and ends (RFC 9293).
    fn session(&mut self, at: u64, src: Ipv4Addr, dst: Ipv4Addr, port: u16, random: &mut Random) {
        const SYN: u8 = 0x02;
        const FIN: u8 = 0x01;
        const ACK: u8 = 0x10;
        const PUSH: u8 = 0x08;
        let own_port = random.short(32_768, 61_000);
        let mut time = self.time(at, random.range(0, 500_000));
        let (mut ours, mut theirs) = (random.next(), random.next());
        let ask = body(port, false, random);
        let tell = body(port, true, random);
        let mut send = |outward: bool, flags: u8, data: &[u8]| {
            let (from, to, sp, dp) = if outward { (src, dst, own_port, port) } else { (dst, src, port, own_port) };
            let (sequence, acknowledged) = if outward { (ours, theirs) } else { (theirs, ours) };
            let segment = Segment { ports: (sp, dp), sequence, acknowledged, flags };
            self.frames.push((time, tcp(from, to, &segment, data)));
            time += random.range(200, 30_000);
            let used = data.len() as u64 + u64::from(flags & (SYN | FIN) != 0);
            if outward { ours = ours.wrapping_add(used) } else { theirs = theirs.wrapping_add(used) }
        };
        send(true, SYN, &[]);
        send(false, SYN | ACK, &[]);
        send(true, ACK, &[]);
        send(true, PUSH | ACK, &ask);
        send(false, ACK, &[]);
        send(false, PUSH | ACK, &tell);
        send(true, ACK, &[]);
        send(true, FIN | ACK, &[]);
        send(false, FIN | ACK, &[]);
        send(true, ACK, &[]);
    }

    /// A first packet that nobody answers.
    fn knock(&mut self, at: u64, src: Ipv4Addr, dst: Ipv4Addr, port: u16, random: &mut Random) {
        let ports = (random.short(32_768, 61_000), port);
        let segment = Segment { ports, sequence: random.next(), acknowledged: 0, flags: 0x02 };
        self.frames.push((self.time(at, random.range(0, 900_000)), tcp(src, dst, &segment, &[])));
    }

    /// draft-ietf-opsawg-pcapng: one section, one interface, its statistics at the end.
    fn pcapng(mut self) -> Vec<u8> {
        self.frames.sort();
        let mut file = Vec::new();
        let option = |code: u16, value: &[u8]| {
            let length = u16::try_from(value.len()).unwrap_or(0);
            let mut bytes = [code.to_le_bytes(), length.to_le_bytes()].concat();
            bytes.extend(value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes
        };
        let mut block = |kind: u32, body: &[&[u8]]| {
            let body = body.concat();
            let length = u32::try_from(body.len() + 12).unwrap_or(0).to_le_bytes();
            file.extend([kind.to_le_bytes(), length].concat());
            file.extend(body);
            file.extend(length);
        };
        let end = option(0, &[]);
        let application = option(4, b"secdiag demo");
        block(
            0x0a0d_0d0a,
            &[&0x1a2b_3c4d_u32.to_le_bytes(), &[1, 0, 0, 0], &(-1_i64).to_le_bytes(), &application, &end],
        );
        block(1, &[&[1, 0, 0, 0], &262_144_u32.to_le_bytes(), &option(2, b"mirror0"), &option(9, &[6]), &end]);
        let words = |time: u64| {
            let bytes = time.to_le_bytes();
            [&bytes[4..], &bytes[..4]].concat()
        };
        for (time, frame) in &self.frames {
            let length = u32::try_from(frame.len()).unwrap_or(0).to_le_bytes();
            let padding = vec![0; frame.len().next_multiple_of(4) - frame.len()];
            block(6, &[&[0; 4], &words(*time), &length, &length, frame, &padding]);
        }
        let last = self.frames.last().map_or(0, |(time, _)| *time);
        let received = option(4, &(self.frames.len() as u64).to_le_bytes());
        block(5, &[&[0; 4], &words(last), &received, &option(5, &0_u64.to_le_bytes()), &end]);
        file
    }
}

/// Bytes as the port's protocol has them; encrypted ones are random.
fn body(port: u16, answer: bool, random: &mut Random) -> Vec<u8> {
    match (port, answer) {
        (80, false) => b"GET /quotes HTTP/1.1\r\nHost: quote.market.example\r\nAccept: */*\r\n\r\n".to_vec(),
        (80, true) => b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok".to_vec(),
        _ => {
            let length = random.short(40, 160);
            // An application data record of TLS 1.2 (RFC 5246, 6.2.1).
            let head = [0x17, 3, 3, length.to_be_bytes()[0], length.to_be_bytes()[1]];
            head.into_iter().chain((0..length).map(|_| random.byte())).collect()
        }
    }
}

/// What a DNS message says.
#[derive(Clone, Copy)]
enum Says {
    Question,
    Address(Ipv4Addr),
    NoSuchName,
}

/// RFC 1035.
fn dns(id: u16, name: &str, says: Says) -> Vec<u8> {
    let (flags, answers): (u16, u16) = match says {
        Says::Question => (0x0100, 0),
        Says::Address(_) => (0x8180, 1),
        Says::NoSuchName => (0x8183, 0),
    };
    let mut message: Vec<u8> = [id, flags, 1, answers, 0, 0].into_iter().flat_map(u16::to_be_bytes).collect();
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).unwrap_or(0));
        message.extend(label.bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    if let Says::Address(address) = says {
        message.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        message.extend(address.octets());
    }
    message
}

struct Segment {
    ports: (u16, u16),
    sequence: u64,
    acknowledged: u64,
    flags: u8,
}

fn tcp(src: Ipv4Addr, dst: Ipv4Addr, segment: &Segment, data: &[u8]) -> Vec<u8> {
    let low = |number: u64| u32::try_from(number & 0xffff_ffff).unwrap_or(0).to_be_bytes();
    let mut bytes = [segment.ports.0.to_be_bytes(), segment.ports.1.to_be_bytes()].concat();
    bytes.extend(low(segment.sequence));
    bytes.extend(low(segment.acknowledged));
    bytes.extend([0x50, segment.flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    bytes.extend(data);
    frame(src, dst, 6, bytes, 16)
}

fn udp(src: Ipv4Addr, dst: Ipv4Addr, from: u16, to: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 8).unwrap_or(0);
    let mut bytes: Vec<u8> = [from, to, length, 0].into_iter().flat_map(u16::to_be_bytes).collect();
    bytes.extend(data);
    frame(src, dst, 17, bytes, 6)
}

/// Ethernet and IPv4 (RFC 791) around a segment whose checksum stands at `checksum`.
fn frame(src: Ipv4Addr, dst: Ipv4Addr, proto: u8, mut segment: Vec<u8>, checksum: usize) -> Vec<u8> {
    let length = u16::try_from(segment.len()).unwrap_or(0);
    let pseudo = [&src.octets()[..], &dst.octets(), &[0, proto], &length.to_be_bytes()].concat();
    let sum = internet_checksum(&[pseudo, segment.clone()].concat());
    segment[checksum..checksum + 2].copy_from_slice(&sum.to_be_bytes());
    let mut header = vec![0x45, 0];
    header.extend((length + 20).to_be_bytes());
    header.extend([0, 0, 0x40, 0, 64, proto, 0, 0]);
    header.extend(src.octets());
    header.extend(dst.octets());
    let sum = internet_checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    // Locally administered addresses: the last three octets of the IP address.
    let mac = |address: Ipv4Addr| {
        let [_, b, c, d] = address.octets();
        [0x02, 0, 0, b, c, d]
    };
    [&mac(dst)[..], &mac(src), &[8, 0], &header, &segment].concat()
}

/// RFC 1071.
fn internet_checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 =
        bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_rfc_1071() {
        assert_eq!(internet_checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
    }

    #[test]
    fn the_capture_is_long_enough_and_never_silent() {
        let mut wire = Wire::beginning(0);
        ordinary(&mut wire, &mut Random::new(1, "test"));
        wire.frames.sort();
        let times: Vec<u64> = wire.frames.iter().map(|(time, _)| *time).collect();
        assert!(times[times.len() - 1] - times[0] > 6 * 3_600 * 1_000_000);
        let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        assert!(longest < 120 * 1_000_000, "{longest}");
    }
}
