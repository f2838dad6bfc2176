//! Puts IP fragments together (RFC 791 §3.2, RFC 8200 §4.5), within limits.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;

/// Memory for fragments that wait for others.
const MAX_BYTES: usize = 16 << 20;
/// Packets that wait for their fragments.
const MAX_PACKETS: usize = 4096;
/// Largest packet that IP can carry.
const MAX_PACKET: usize = 65_535;
/// Fragments of one packet; an Ethernet needs 45 for the largest.
const MAX_PIECES: usize = 512;
/// How long fragments wait: 30 seconds, as Linux does.
const PATIENCE_US: i64 = 30_000_000;

/// Where a fragment belongs.
pub(crate) struct Fragment {
    pub src: IpAddr,
    pub dst: IpAddr,
    pub id: u32,
    pub proto: u8,
    /// In bytes.
    pub offset: usize,
    pub more: bool,
}

type Key = (IpAddr, IpAddr, u32, u8);

#[derive(Default)]
struct Partial {
    /// By offset; what came first stays.
    pieces: BTreeMap<usize, Vec<u8>>,
    /// Length of the whole, once the last fragment was seen.
    len: Option<usize>,
    count: u64,
}

/// Fragments that wait for the rest of their packet.
#[derive(Default)]
pub(crate) struct Fragments {
    waiting: HashMap<Key, Partial>,
    /// In order of arrival, with the time; packets that became whole are skipped.
    order: VecDeque<(Key, i64)>,
    bytes: usize,
    lost: u64,
}

impl Fragments {
    /// Fragments that waited in vain so far, those still waiting included.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
            + self.order.iter().filter_map(|(key, _)| self.waiting.get(key)).map(|partial| partial.count).sum::<u64>()
    }

    /// Adds a fragment; gives the whole payload when it was the last one missing.
    pub(crate) fn add(&mut self, fragment: Fragment, bytes: &[u8], now: i64) -> Option<Vec<u8>> {
        self.make_room(now);
        let end = fragment.offset + bytes.len();
        if end > MAX_PACKET || bytes.is_empty() {
            self.lost += 1;
            return None;
        }
        let key = (fragment.src, fragment.dst, fragment.id, fragment.proto);
        let partial = self.waiting.entry(key).or_insert_with(|| {
            self.order.push_back((key, now));
            Partial::default()
        });
        partial.count += 1;
        if partial.pieces.len() >= MAX_PIECES {
            return None;
        }
        if !fragment.more {
            partial.len.get_or_insert(end);
        }
        partial.pieces.entry(fragment.offset).or_insert_with(|| {
            self.bytes += bytes.len();
            bytes.to_vec()
        });
        let whole = partial.whole()?;
        self.forget(&key);
        if let Some(at) = self.order.iter().rposition(|(other, _)| *other == key) {
            self.order.remove(at);
        }
        Some(whole)
    }

    fn make_room(&mut self, now: i64) {
        while let Some((key, since)) = self.order.front().copied() {
            let late = now.saturating_sub(since) > PATIENCE_US;
            if !late && self.bytes <= MAX_BYTES && self.waiting.len() < MAX_PACKETS {
                return;
            }
            self.order.pop_front();
            self.lost += self.forget(&key);
        }
    }

    fn forget(&mut self, key: &Key) -> u64 {
        let Some(partial) = self.waiting.remove(key) else { return 0 };
        self.bytes -= partial.pieces.values().map(Vec::len).sum::<usize>();
        partial.count
    }
}

impl Partial {
    /// The payload, when no byte is missing.
    fn whole(&self) -> Option<Vec<u8>> {
        let len = self.len?;
        let mut reached = 0;
        for (offset, piece) in &self.pieces {
            if *offset > reached {
                return None;
            }
            reached = reached.max(offset + piece.len());
        }
        if reached < len {
            return None;
        }
        let mut whole = Vec::with_capacity(len);
        for (offset, piece) in &self.pieces {
            let new = piece.get(whole.len() - offset..).unwrap_or_default();
            whole.extend_from_slice(new);
        }
        whole.truncate(len);
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(id: u32, offset: usize, more: bool) -> Fragment {
        let ip = IpAddr::from([10, 0, 0, 1]);
        Fragment { src: ip, dst: ip, id, proto: 17, offset, more }
    }

    #[test]
    fn whole_in_any_order_and_overlapping() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.add(at(1, 8, true), b"bbbbbbbb", 0), None);
        assert_eq!(fragments.add(at(1, 16, false), b"cc", 0), None);
        assert_eq!(fragments.add(at(1, 0, true), b"aaaaaaaaXXXX", 0).as_deref(), Some(&b"aaaaaaaaXXXXbbbbcc"[..]));
        assert_eq!(fragments.lost(), 0);
        assert_eq!(fragments.bytes, 0);
    }

    #[test]
    fn what_never_becomes_whole_is_counted_and_forgotten() {
        let mut fragments = Fragments::default();
        for id in 0..10_000 {
            assert_eq!(fragments.add(at(id, 8, true), &[0; 4000], 0), None);
            assert!(fragments.bytes <= MAX_BYTES + 4000 && fragments.waiting.len() <= MAX_PACKETS);
        }
        assert_eq!(fragments.lost(), 10_000);
        fragments.add(at(1, 8, true), b"x", PATIENCE_US + 1);
        assert_eq!(fragments.waiting.len(), 1);
        assert_eq!(fragments.add(at(2, 65_528, false), &[0; 100], 0), None);
    }
}
