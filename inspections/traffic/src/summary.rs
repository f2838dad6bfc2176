//! What a capture is worth as evidence: how much, of when, how much of it was understood.

use std::collections::BTreeMap;

use secdiag_inspect::Document;
use secdiag_model::Period;
use serde::{Deserialize, Serialize};

/// Figures of one capture, for the report's evidence table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureSummary {
    /// `pcap` with its variant, or `pcapng`; empty when the file is neither.
    pub format: String,
    /// Program that wrote the file, where it says so.
    pub application: Option<String>,
    /// Packets in the file.
    pub packets: u64,
    /// Bytes of them that are in the file.
    pub captured_bytes: u64,
    /// Bytes that they had on the wire.
    pub wire_bytes: u64,
    /// Packets of which the snap length cut something away.
    pub snapped_packets: u64,
    /// Earliest believable time, microseconds since 1970 UTC.
    pub first_us: Option<i64>,
    /// Latest believable time, microseconds since 1970 UTC.
    pub last_us: Option<i64>,
    /// Packets without a time, or with one more than a day away from those around it.
    pub odd_times: u64,
    /// Packets by LINKTYPE value.
    pub link_types: BTreeMap<u32, u64>,
    /// Packets, or inner packets of tunnels, that were not decoded, by reason; `ARP` and the like are among them.
    pub undecoded: BTreeMap<String, u64>,
    /// Packets that are copies of one just before, counted once in the rows.
    pub duplicates: u64,
    /// IP fragments whose packet never became whole.
    pub incomplete_fragments: u64,
    /// Packets that the recorder says it lost, where it says so.
    pub lost: Option<u64>,
    /// Where the file ends inside a record: `packet n, byte m`.
    pub truncated_at: Option<String>,
    /// Where the file is damaged first.
    pub damaged_at: Option<String>,
    /// Rows of `conn`.
    pub conversations: u64,
    /// Of these, ended early because too many were open at once.
    pub conversations_cut: u64,
    /// Rows of `dns`.
    pub dns_transactions: u64,
}

impl Document for CaptureSummary {
    const KIND: &'static str = "capture-summary";
}

/// Follows the capture's time: what it covers, and which times cannot be believed.
#[derive(Default)]
pub(crate) struct Clock {
    now: Option<i64>,
    /// A time far from the others, believed once the next packet agrees.
    doubtful: Option<i64>,
    stretches: Vec<Period>,
    /// Packets whose time was not believed.
    pub odd: u64,
}

impl Clock {
    /// Silence that splits what a capture covers.
    const SILENCE_US: i64 = 60_000_000;
    /// Step beyond which a time needs a second witness.
    const DAY_US: i64 = 86_400_000_000;
    /// Stretches kept apart; with more, silences are passed over.
    const MAX_STRETCHES: usize = 100_000;

    /// Takes a packet's time and gives the time to use for it.
    pub(crate) fn see(&mut self, time: Option<i64>) -> i64 {
        let Some(time) = time else {
            self.odd += 1;
            return self.now.unwrap_or(0);
        };
        let near = |other: i64| time.saturating_sub(other).saturating_abs() <= Self::DAY_US;
        if self.now.is_none_or(near) {
            self.doubtful = None;
        } else if self.doubtful.is_some_and(near) {
            // A second packet agrees: the capture really goes on at another time.
            self.doubtful = None;
            self.odd = self.odd.saturating_sub(1);
        } else {
            self.doubtful = Some(time);
            self.odd += 1;
            return self.now.unwrap_or(time);
        }
        self.now = Some(time);
        self.cover(time);
        time
    }

    fn cover(&mut self, time: i64) {
        let full = self.stretches.len() >= Self::MAX_STRETCHES;
        match self.stretches.last_mut() {
            Some(last)
                if full
                    || time >= last.start_us.saturating_sub(Self::SILENCE_US)
                        && time <= last.end_us.saturating_add(Self::SILENCE_US) =>
            {
                last.start_us = last.start_us.min(time);
                last.end_us = last.end_us.max(time);
            }
            _ => self.stretches.push(Period { start_us: time, end_us: time }),
        }
    }

    /// The stretches covered, in order of time, joined where they touch.
    pub(crate) fn stretches(mut self) -> Vec<Period> {
        self.stretches.sort_unstable();
        let mut joined: Vec<Period> = Vec::new();
        for period in self.stretches {
            match joined.last_mut() {
                Some(last) if period.start_us <= last.end_us.saturating_add(Self::SILENCE_US) => {
                    last.end_us = last.end_us.max(period.end_us);
                }
                _ => joined.push(period),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silences_split_and_impossible_times_do_not() {
        let second = 1_000_000;
        let start = 1_800_000_000 * second;
        let mut clock = Clock::default();
        for at in [0, 30, 60, 200, 210, 190] {
            assert_eq!(clock.see(Some(start + at * second)), start + at * second);
        }
        assert_eq!(clock.see(Some(0)), start + 190 * second);
        assert_eq!(clock.see(Some(i64::MAX)), start + 190 * second);
        assert_eq!(clock.see(None), start + 190 * second);
        clock.see(Some(start + 220 * second));
        assert_eq!(clock.odd, 3);
        let later = start + 10 * Clock::DAY_US;
        clock.see(Some(later));
        clock.see(Some(later + second));
        assert_eq!(clock.odd, 3);
        let period = |from: i64, to: i64| Period { start_us: start + from * second, end_us: start + to * second };
        let stretches = clock.stretches();
        assert_eq!(stretches[..2], [period(0, 60), period(190, 220)]);
        assert_eq!(stretches[2], Period { start_us: later + second, end_us: later + second });
    }
}
