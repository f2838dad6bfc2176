//! One direction of DNS over TCP: segments put in order, cut into messages by their length fields (RFC 1035 §4.2.2).

use secdiag_inspect::Stop;

/// A message and its length field.
const MAX_HELD: usize = 64 * 1024 + 2;
/// Segments that wait for one before them.
const MAX_WAITING: usize = 32;

/// A direction. Gives up, for good, where bytes are missing: nothing marks the next message.
#[derive(Default)]
pub(crate) struct Stream {
    /// Relative number of the first byte that is not yet here.
    next: i64,
    held: Vec<u8>,
    waiting: Vec<(i64, Vec<u8>)>,
    dead: bool,
}

impl Stream {
    /// Adds payload at a relative sequence number; hands over the messages that it completes. True when one of them
    /// was understood.
    pub(crate) fn add(
        &mut self,
        at: i64,
        bytes: &[u8],
        whole: bool,
        each: &mut dyn FnMut(&[u8]) -> Result<bool, Stop>,
    ) -> Result<bool, Stop> {
        if self.dead {
            return Ok(false);
        }
        if self.next == 0 {
            self.next = 1;
        }
        let waiting: usize = self.waiting.iter().map(|(_, bytes)| bytes.len()).sum();
        if !whole || self.waiting.len() >= MAX_WAITING || waiting > MAX_HELD {
            return Ok(self.die());
        }
        let place = self.waiting.partition_point(|(other, _)| *other <= at);
        self.waiting.insert(place, (at, bytes.to_vec()));
        let mut understood = false;
        while let Some((at, _)) = self.waiting.first()
            && *at <= self.next
        {
            let (at, bytes) = self.waiting.remove(0);
            let known = usize::try_from(self.next - at).unwrap_or(usize::MAX);
            let new = bytes.get(known..).unwrap_or_default();
            self.next += i64::try_from(new.len()).unwrap_or(0);
            self.held.extend_from_slice(new);
            understood |= self.cut(each)?;
            if self.dead {
                break;
            }
        }
        Ok(understood)
    }

    fn cut(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<bool, Stop>) -> Result<bool, Stop> {
        let (mut done, mut understood) = (0, false);
        while let Some([high, low, rest @ ..]) = self.held.get(done..) {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            // Shorter than a header: not DNS.
            if len < 12 {
                return Ok(self.die());
            }
            let Some(message) = rest.get(..len) else { break };
            if !each(message)? {
                return Ok(self.die());
            }
            understood = true;
            done += 2 + len;
        }
        self.held.drain(..done);
        Ok(understood)
    }

    fn die(&mut self) -> bool {
        *self = Self { dead: true, ..Self::default() };
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_whole_whatever_the_order_of_the_segments() {
        let stream: Vec<u8> = [b"\0\x0d", &[b'a'; 13][..], b"\0\x0e", &[b'b'; 14][..]].concat();
        for size in 1..stream.len() {
            for reverse in [false, true] {
                let mut pieces: Vec<_> = stream.chunks(size).enumerate().collect();
                if reverse {
                    pieces.reverse();
                }
                let mut lengths = Vec::new();
                let mut direction = Stream::default();
                for (n, piece) in pieces {
                    let at = 1 + i64::try_from(n * size).unwrap();
                    direction
                        .add(at, piece, true, &mut |message| {
                            lengths.push(message.len());
                            Ok(true)
                        })
                        .unwrap();
                }
                assert_eq!(lengths, [13, 14], "{size} {reverse}");
            }
        }
    }

    #[test]
    fn what_waits_in_vain_is_bounded() {
        let mut direction = Stream::default();
        let segment = vec![0; 60_000];
        for n in 0..10_000 {
            direction.add(100 + n * 70_000, &segment, true, &mut |_| Ok(true)).unwrap();
            assert!(direction.waiting.len() <= MAX_WAITING);
        }
        assert!(direction.dead);
    }
}
