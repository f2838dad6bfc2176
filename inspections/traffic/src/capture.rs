//! Container formats: classic pcap and pcapng, read as a stream of packets.
//!
//! Formats: <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html> and
//! <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>. The reader holds one buffer, believes no length
//! that it has not compared with a limit, keeps what stands before damage, and says where the damage is.

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::bytes::{u16_be, u16_le};

/// Largest captured length believed: libpcap's `MAXIMUM_SNAPLEN`.
const MAX_PACKET: usize = 256 * 1024;
/// Largest pcapng block that is held in memory: a packet with generous options.
const MAX_BLOCK: usize = 1024 * 1024;
/// How far behind damage the next record is searched.
const RESYNC_WINDOW: usize = 1024 * 1024;
/// Records in a row that must look right before the reader believes that it found its place again.
const RESYNC_CHAIN: usize = 4;
/// Interfaces of one pcapng section that are kept; real files have a handful.
const MAX_INTERFACES: usize = 4096;

/// Link type of a packet whose interface the file does not describe.
pub(crate) const NO_LINK_TYPE: u32 = u32::MAX;

/// One packet as its recorder wrote it.
pub(crate) struct Packet<'a> {
    /// Counted from 1, as Wireshark counts.
    pub number: u64,
    /// Microseconds since 1970 UTC; nothing where the container stores none (simple packet blocks) or an impossible one.
    pub time: Option<i64>,
    /// LINKTYPE value.
    pub link_type: u32,
    /// What was captured.
    pub data: &'a [u8],
    /// Length on the wire.
    pub wire_len: usize,
}

/// A place in the file where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Number of the packet that would have come next.
    pub packet: u64,
    /// Byte offset.
    pub offset: u64,
    /// What is wrong.
    pub what: &'static str,
}

/// What the container itself said, and what was wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Container {
    /// `pcap` or `pcapng`, with its variant; empty when not recognised.
    pub format: &'static str,
    /// Program that wrote the file, where it says so.
    pub application: Option<String>,
    /// Packets that the recorder says it lost, where it says so.
    pub lost: Option<u64>,
    /// Where the file ends inside a record.
    pub truncated: Option<Place>,
    /// The first place where the file is damaged.
    pub damage: Option<Place>,
    /// How many damaged places there are.
    pub damages: u64,
    /// Bytes passed over to find the next packet.
    pub skipped_bytes: u64,
    /// Records of sixteen zero bytes: space that a ring buffer set aside, not traffic.
    pub zero_records: u64,
    /// Packets whose captured length is greater than their length on the wire.
    pub odd_lengths: u64,
    /// Blocks of types that this reader does not know, by type.
    pub unknown_blocks: BTreeMap<u32, u64>,
}

/// Reads packets from a file of either format.
pub(crate) struct Reader<R> {
    buffer: Buffer<R>,
    state: State,
    /// What is known about the container so far.
    pub container: Container,
    number: u64,
    /// Bytes of the packet handed out last, given up by the next read.
    spent: usize,
    last_seconds: Option<i64>,
}

enum State {
    Start,
    Classic(Classic),
    Blocks(Section),
    Done,
}

#[derive(Clone, Copy)]
struct Classic {
    big: bool,
    nanoseconds: bool,
    /// 16, or 24 for the format that Alexey Kuznetzov's patch writes.
    header_len: usize,
    link_type: u32,
    /// Versions before 2.3 stored the two lengths in the other order; 2.3 exists in both.
    swapped: Swapped,
}

#[derive(Clone, Copy, PartialEq)]
enum Swapped {
    No,
    Yes,
    Maybe,
}

#[derive(Default)]
struct Section {
    started: bool,
    big: bool,
    interfaces: Vec<Interface>,
    /// Packets lost by interface, from the last statistics block of each.
    lost: BTreeMap<u32, u64>,
    /// Packets lost as told packet by packet.
    lost_between: u64,
    tells_loss: bool,
}

#[derive(Clone, Copy)]
struct Interface {
    link_type: u32,
    snap_len: u32,
    /// `if_tsresol` as written.
    resolution: u8,
    /// `if_tsoffset`, seconds.
    offset: i64,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            buffer: Buffer::new(inner),
            state: State::Start,
            container: Container::default(),
            number: 0,
            spent: 0,
            last_seconds: None,
        }
    }

    /// The next packet; nothing at the end of what can be read.
    pub(crate) fn next_packet(&mut self) -> io::Result<Option<Packet<'_>>> {
        self.buffer.consume(std::mem::take(&mut self.spent));
        if matches!(self.state, State::Start) {
            self.state = self.start()?;
        }
        let found = match std::mem::replace(&mut self.state, State::Done) {
            State::Start | State::Done => None,
            State::Classic(classic) => {
                let found = self.next_classic(classic)?;
                self.state = if found.is_some() { State::Classic(classic) } else { State::Done };
                found
            }
            State::Blocks(mut section) => {
                let found = self.next_block(&mut section)?;
                if found.is_some() {
                    self.state = State::Blocks(section);
                } else {
                    self.end_section(&section);
                }
                found
            }
        };
        let Some(found) = found else { return Ok(None) };
        self.number += 1;
        self.spent = found.spent;
        if found.end - found.start > found.wire_len {
            self.container.odd_lengths += 1;
        }
        Ok(Some(Packet {
            number: self.number,
            time: found.time,
            link_type: found.link_type,
            data: self.buffer.available().get(found.start..found.end).unwrap_or_default(),
            wire_len: found.wire_len.max(found.end - found.start),
        }))
    }

    fn start(&mut self) -> io::Result<State> {
        if !self.buffer.fill(4)? {
            self.truncated("the file ends inside its first four bytes");
            return Ok(State::Done);
        }
        let magic = self.buffer.number(0, true);
        if magic == SECTION_HEADER {
            self.container.format = "pcapng";
            return Ok(State::Blocks(Section::default()));
        }
        let (big, variant) = match (classic_magic(magic), classic_magic(magic.swap_bytes())) {
            (Some(variant), _) => (true, variant),
            (None, Some(variant)) => (false, variant),
            (None, None) => {
                self.damaged("the file does not begin as a packet capture does");
                return Ok(State::Done);
            }
        };
        if !self.buffer.fill(24)? {
            self.truncated("the file ends inside its header");
            return Ok(State::Done);
        }
        let minor = if big { u16_be(self.buffer.available(), 6) } else { u16_le(self.buffer.available(), 6) };
        let classic = Classic {
            big,
            nanoseconds: variant == "pcap, nanoseconds",
            header_len: if variant == "pcap, modified" { 24 } else { 16 },
            // The upper bits hold the length of a frame check sequence.
            link_type: self.buffer.number(20, big) & 0xffff,
            swapped: match minor {
                Some(0..=2) => Swapped::Yes,
                Some(3) => Swapped::Maybe,
                _ => Swapped::No,
            },
        };
        self.container.format = variant;
        self.buffer.consume(24);
        Ok(State::Classic(classic))
    }

    fn next_classic(&mut self, classic: Classic) -> io::Result<Option<Found>> {
        loop {
            if !self.buffer.fill(classic.header_len)? {
                if !self.buffer.available().is_empty() {
                    self.truncated("the file ends inside a record header");
                }
                return Ok(None);
            }
            if self.buffer.available().get(..16).is_some_and(|header| header.iter().all(|byte| *byte == 0)) {
                self.container.zero_records += 1;
                self.buffer.consume(16);
                continue;
            }
            let header = self.record_header(classic, 0);
            if header.captured > MAX_PACKET {
                if self.resync(classic, "a record claims more bytes than any packet has")? {
                    continue;
                }
                return Ok(None);
            }
            let len = classic.header_len + header.captured;
            if !self.buffer.fill(len)? {
                // Either the file was cut, or the length is wrong and packets follow.
                if self.find_record(classic)?.is_some() {
                    self.resync(classic, "a record claims more bytes than the file has")?;
                    continue;
                }
                self.truncated("the file ends inside a packet");
                return Ok(None);
            }
            let units = if classic.nanoseconds { 1_000_000_000 } else { 1_000_000 };
            self.last_seconds = Some(header.seconds);
            let fraction = if classic.nanoseconds { header.fraction / 1000 } else { header.fraction };
            return Ok(Some(Found {
                start: classic.header_len,
                end: len,
                spent: len,
                // A fraction of a second or more is no time.
                time: (header.fraction < units).then_some(header.seconds * 1_000_000 + i64::from(fraction)),
                link_type: classic.link_type,
                wire_len: header.original,
            }));
        }
    }

    fn record_header(&self, classic: Classic, at: usize) -> RecordHeader {
        let number = |field: usize| self.buffer.number(at + field, classic.big);
        let (mut captured, mut original) = (number(8) as usize, number(12) as usize);
        if classic.swapped == Swapped::Yes || classic.swapped == Swapped::Maybe && captured > original {
            std::mem::swap(&mut captured, &mut original);
        }
        RecordHeader { seconds: i64::from(number(0)), fraction: number(4), captured, original }
    }

    /// Passes over damage to the next place that looks like records; false when there is none near.
    fn resync(&mut self, classic: Classic, what: &'static str) -> io::Result<bool> {
        self.damaged(what);
        let found = self.find_record(classic)?;
        let skip = found.unwrap_or_else(|| self.buffer.available().len());
        self.container.skipped_bytes += skip as u64;
        self.buffer.consume(skip);
        Ok(found.is_some())
    }

    /// Offset of the next place where some records in a row look right.
    fn find_record(&mut self, classic: Classic) -> io::Result<Option<usize>> {
        self.buffer.fill(RESYNC_WINDOW + MAX_PACKET)?;
        let end = self.buffer.available().len();
        let last = end.saturating_sub(classic.header_len).min(RESYNC_WINDOW);
        Ok((1..=last).find(|at| self.looks_like_records(classic, *at, end)))
    }

    fn looks_like_records(&self, classic: Classic, mut at: usize, end: usize) -> bool {
        let units = if classic.nanoseconds { 1_000_000_000 } else { 1_000_000 };
        for records in 0..RESYNC_CHAIN {
            if at == end {
                return records >= 2;
            }
            if at + classic.header_len > end {
                return false;
            }
            let header = self.record_header(classic, at);
            let near = self.last_seconds.is_none_or(|last| (header.seconds - last).abs() < 86_400);
            if !near
                || header.fraction >= units
                || header.captured == 0
                || header.captured > MAX_PACKET
                || header.captured > header.original
                || header.original > MAX_BLOCK
            {
                return false;
            }
            at += classic.header_len + header.captured;
        }
        true
    }

    fn next_block(&mut self, section: &mut Section) -> io::Result<Option<Found>> {
        loop {
            if !self.buffer.fill(12)? {
                if !self.buffer.available().is_empty() {
                    self.truncated("the file ends inside a block header");
                }
                return Ok(None);
            }
            if self.buffer.number(0, true) == SECTION_HEADER {
                match self.buffer.number(8, true) {
                    BYTE_ORDER => section.big = true,
                    order if order.swap_bytes() == BYTE_ORDER => section.big = false,
                    _ => {
                        self.damaged("a section header has no byte-order magic");
                        return Ok(None);
                    }
                }
                if section.started {
                    self.end_section(section);
                }
                *section = Section { started: true, big: section.big, ..Section::default() };
            } else if !section.started {
                self.damaged("the file has no section header");
                return Ok(None);
            }
            let kind = self.buffer.number(0, section.big);
            let len = self.buffer.number(4, section.big) as usize;
            if len < 12 || !len.is_multiple_of(4) {
                self.damaged("a block has an impossible length");
                return Ok(None);
            }
            let known = [SECTION_HEADER, INTERFACE, PACKET, SIMPLE_PACKET, STATISTICS, ENHANCED_PACKET].contains(&kind);
            if !known || len > MAX_BLOCK {
                if known {
                    self.damaged("a block claims more bytes than any packet has");
                    return Ok(None);
                }
                if kind != NAME_RESOLUTION {
                    *self.container.unknown_blocks.entry(kind).or_default() += 1;
                }
                if !self.buffer.skip(len)? {
                    self.truncated("the file ends inside a block");
                    return Ok(None);
                }
                continue;
            }
            if !self.buffer.fill(len)? {
                self.truncated("the file ends inside a block");
                return Ok(None);
            }
            if self.buffer.number(len - 4, section.big) as usize != len {
                self.damaged("a block's two lengths differ");
                return Ok(None);
            }
            let body = self.buffer.available().get(8..len - 4).unwrap_or_default();
            let found = match kind {
                SECTION_HEADER => {
                    let text = options(body.get(16..).unwrap_or_default(), section.big).find(|(code, _)| *code == 4);
                    if let Some((_, text)) = text
                        && self.container.application.is_none()
                    {
                        let text: String = String::from_utf8_lossy(text).chars().take(200).collect();
                        self.container.application = Some(text);
                    }
                    None
                }
                INTERFACE => {
                    if section.interfaces.len() < MAX_INTERFACES {
                        section.interfaces.extend(interface(body, section.big));
                    }
                    None
                }
                STATISTICS => {
                    if let Some((id, lost)) = statistics(body, section.big) {
                        section.tells_loss = true;
                        section.lost.insert(id, lost);
                    }
                    None
                }
                ENHANCED_PACKET => enhanced_packet(body, section),
                PACKET => packet_block(body, section),
                _ => simple_packet(body, section),
            };
            if let Some(found) = found {
                return Ok(Some(Found { start: found.start + 8, end: found.end + 8, spent: len, ..found }));
            }
            if [ENHANCED_PACKET, PACKET, SIMPLE_PACKET].contains(&kind) {
                self.damaged("a packet block is shorter than its packet");
                self.number += 1;
            }
            self.buffer.consume(len);
        }
    }

    fn end_section(&mut self, section: &Section) {
        if section.tells_loss {
            let lost = section.lost.values().fold(section.lost_between, |sum, lost| sum.saturating_add(*lost));
            self.container.lost = Some(self.container.lost.unwrap_or(0).saturating_add(lost));
        }
    }

    fn truncated(&mut self, what: &'static str) {
        self.container.truncated = Some(self.place(what));
    }

    fn damaged(&mut self, what: &'static str) {
        let place = self.place(what);
        self.container.damage.get_or_insert(place);
        self.container.damages += 1;
    }

    fn place(&self, what: &'static str) -> Place {
        Place { packet: self.number + 1, offset: self.buffer.offset, what }
    }
}

/// What a capture's first four bytes, read as a big-endian number, say about it.
pub(crate) fn classic_magic(magic: u32) -> Option<&'static str> {
    match magic {
        0xa1b2_c3d4 => Some("pcap"),
        0xa1b2_3c4d => Some("pcap, nanoseconds"),
        0xa1b2_cd34 => Some("pcap, modified"),
        _ => None,
    }
}

pub(crate) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
pub(crate) const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const INTERFACE: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAME_RESOLUTION: u32 = 4;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

struct RecordHeader {
    seconds: i64,
    fraction: u32,
    captured: usize,
    original: usize,
}

/// A packet's place in the buffer.
struct Found {
    start: usize,
    end: usize,
    spent: usize,
    time: Option<i64>,
    link_type: u32,
    wire_len: usize,
}

fn number(bytes: &[u8], at: usize, big: bool) -> Option<u32> {
    let chunk = bytes.get(at..)?.first_chunk()?;
    Some(if big { u32::from_be_bytes(*chunk) } else { u32::from_le_bytes(*chunk) })
}

fn short(bytes: &[u8], at: usize, big: bool) -> Option<u16> {
    if big { u16_be(bytes, at) } else { u16_le(bytes, at) }
}

fn long(bytes: &[u8], at: usize, big: bool) -> Option<u64> {
    let chunk = bytes.get(at..)?.first_chunk()?;
    Some(if big { u64::from_be_bytes(*chunk) } else { u64::from_le_bytes(*chunk) })
}

/// Options of a block; ends at the first that does not fit.
fn options(mut bytes: &[u8], big: bool) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (code, len) = (short(bytes, 0, big)?, usize::from(short(bytes, 2, big)?));
        let value = bytes.get(4..4 + len)?;
        bytes = bytes.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
        (code != 0).then_some((code, value))
    })
}

fn interface(body: &[u8], big: bool) -> Option<Interface> {
    let mut interface = Interface {
        link_type: u32::from(short(body, 0, big)?),
        snap_len: number(body, 4, big)?,
        resolution: 6,
        offset: 0,
    };
    for (code, value) in options(body.get(8..)?, big) {
        match (code, value) {
            (9, [resolution]) => interface.resolution = *resolution,
            (14, value) => interface.offset = long(value, 0, big).map_or(0, u64::cast_signed),
            _ => {}
        }
    }
    Some(interface)
}

fn statistics(body: &[u8], big: bool) -> Option<(u32, u64)> {
    const INTERFACE_DROP: u16 = 5;
    const SYSTEM_DROP: u16 = 7;
    let id = number(body, 0, big)?;
    let drops = options(body.get(12..)?, big).filter(|(code, _)| [INTERFACE_DROP, SYSTEM_DROP].contains(code));
    let drops: Vec<u64> = drops.filter_map(|(_, value)| long(value, 0, big)).collect();
    (!drops.is_empty()).then(|| (id, drops.iter().fold(0u64, |sum, drop| sum.saturating_add(*drop))))
}

fn enhanced_packet(body: &[u8], section: &mut Section) -> Option<Found> {
    const DROP_COUNT: u16 = 4;
    let big = section.big;
    let captured = number(body, 12, big)? as usize;
    let found = Found {
        start: 20,
        end: 20 + body.get(20..20usize.checked_add(captured)?)?.len(),
        spent: 0,
        wire_len: number(body, 16, big)? as usize,
        ..stamped(section, number(body, 0, big)?, number(body, 4, big)?, number(body, 8, big)?)
    };
    let rest = body.get(20 + captured.next_multiple_of(4)..).unwrap_or_default();
    for (_, value) in options(rest, big).filter(|(code, _)| *code == DROP_COUNT) {
        section.tells_loss = true;
        section.lost_between = section.lost_between.saturating_add(long(value, 0, big).unwrap_or(0));
    }
    Some(found)
}

/// The obsolete packet block: like the enhanced one, with a 16-bit interface and a count of drops.
fn packet_block(body: &[u8], section: &mut Section) -> Option<Found> {
    let big = section.big;
    let captured = number(body, 12, big)? as usize;
    let drops = short(body, 2, big)?;
    if drops != 0xffff {
        section.tells_loss = true;
        section.lost_between = section.lost_between.saturating_add(u64::from(drops));
    }
    Some(Found {
        start: 20,
        end: 20 + body.get(20..20usize.checked_add(captured)?)?.len(),
        spent: 0,
        wire_len: number(body, 16, big)? as usize,
        ..stamped(section, u32::from(short(body, 0, big)?), number(body, 4, big)?, number(body, 8, big)?)
    })
}

/// A packet of the section's first interface, without a time. Its captured length follows from the snap length.
fn simple_packet(body: &[u8], section: &Section) -> Option<Found> {
    let wire_len = number(body, 0, section.big)? as usize;
    let interface = section.interfaces.first();
    let snap = interface.map_or(0, |interface| interface.snap_len as usize);
    let captured = if snap == 0 { wire_len } else { wire_len.min(snap) };
    body.get(4..4usize.checked_add(captured)?)?;
    let link_type = interface.map_or(NO_LINK_TYPE, |interface| interface.link_type);
    Some(Found { start: 4, end: 4 + captured, spent: 0, time: None, link_type, wire_len })
}

fn stamped(section: &Section, interface: u32, high: u32, low: u32) -> Found {
    let ticks = u128::from(high) << 32 | u128::from(low);
    let interface = section.interfaces.get(interface as usize);
    let time = interface.and_then(|interface| {
        let exponent = u32::from(interface.resolution & 0x7f);
        let base: u128 = if interface.resolution & 0x80 == 0 { 10 } else { 2 };
        let micros = ticks.checked_mul(1_000_000)?.checked_div(base.checked_pow(exponent)?)?;
        i64::try_from(micros).ok()?.checked_add(interface.offset.checked_mul(1_000_000)?)
    });
    Found {
        start: 0,
        end: 0,
        spent: 0,
        time,
        link_type: interface.map_or(NO_LINK_TYPE, |interface| interface.link_type),
        wire_len: 0,
    }
}

/// A window over the stream.
struct Buffer<R> {
    inner: R,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of the window's first byte in the file.
    offset: u64,
    ended: bool,
}

impl<R: Read> Buffer<R> {
    const STEP: usize = 256 * 1024;

    fn new(inner: R) -> Self {
        Self { inner, bytes: Vec::new(), start: 0, end: 0, offset: 0, ended: false }
    }

    fn available(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// A number at a place known to be filled.
    fn number(&self, at: usize, big: bool) -> u32 {
        number(self.available(), at, big).unwrap_or(0)
    }

    /// Reads until `len` bytes are there; false when the stream ends before.
    fn fill(&mut self, len: usize) -> io::Result<bool> {
        while self.end - self.start < len && !self.ended {
            if self.start > 0 {
                self.bytes.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if self.bytes.len() < self.end + Self::STEP {
                self.bytes.resize(self.end + Self::STEP, 0);
            }
            match self.inner.read(&mut self.bytes[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(n) => self.end += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.end - self.start >= len)
    }

    fn consume(&mut self, len: usize) {
        let len = len.min(self.end - self.start);
        self.start += len;
        self.offset += len as u64;
    }

    /// Passes over `len` bytes without holding them; false when the stream ends before.
    fn skip(&mut self, mut len: usize) -> io::Result<bool> {
        while len > 0 {
            if !self.fill(1)? {
                return Ok(false);
            }
            let step = len.min(self.end - self.start);
            self.consume(step);
            len -= step;
        }
        Ok(true)
    }
}
