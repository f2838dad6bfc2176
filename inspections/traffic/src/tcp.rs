//! State of a TCP conversation as Zeek keeps it: endpoint states, sizes by sequence number, gaps, history letters.
//!
//! The behaviour follows Zeek's documentation of `conn.log`
//! (<https://docs.zeek.org/en/current/scripts/base/protocols/conn/main.zeek.html>), so that records compare with those
//! of other tools.

use crate::decode::TcpHeader;

pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;

/// Jump of a sequence number beyond which a SYN or RST is not believed.
const TOO_FAR: i64 = 1 << 20;
/// Pieces of a stream that may wait for a hole to be filled.
const MAX_WAITING: usize = 32;
/// Letters of a history.
const MAX_HISTORY: usize = 48;

/// State of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Inactive,
    SynSent,
    SynAckSent,
    Partial,
    Established,
    Closed,
    Reset,
}

/// One side of the conversation. Sequence numbers are relative to the SYN's, in 64 bits.
#[derive(Default)]
struct Side {
    state: State,
    previous: State,
    start: u32,
    /// One past the last sequence number sent.
    last: i64,
    /// Highest number that the other side acknowledged.
    acked: i64,
    fins: u32,
    did_close: bool,
    /// Letters that are recorded once.
    once: u8,
    last_syn: i64,
    last_fin: i64,
    last_rst: i64,
    retransmissions: Scaled,
    zero_windows: Scaled,
    gaps: Scaled,
    /// All payload before this relative number was seen or given up.
    reached: i64,
    /// Seen behind a hole: start and end, in order, not touching.
    waiting: Vec<(i64, i64)>,
    missed: u64,
}

/// Counts an event that the history shows at its 1st, 10th, 100th … time.
#[derive(Default)]
struct Scaled {
    count: u64,
    next: u64,
}

impl Scaled {
    fn shows(&mut self) -> bool {
        self.count += 1;
        let shows = self.count >= self.next.max(1);
        if shows {
            self.next = self.count * 10;
        }
        shows
    }
}

/// A conversation: side 0 opened it.
#[derive(Default)]
pub(crate) struct Tcp {
    sides: [Side; 2],
}

/// Letters of a conversation, capital for the opener.
#[derive(Default)]
pub(crate) struct History(String);

impl History {
    /// The letter for a side.
    pub(crate) fn add(&mut self, side: usize, letter: char) {
        if self.0.len() < MAX_HISTORY {
            self.0.push(if side == 0 { letter } else { letter.to_ascii_lowercase() });
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where new payload stands in its stream, for those who put it together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    /// Relative number of the first byte: 1 is the first of the stream.
    pub at: i64,
}

impl Tcp {
    /// Takes a segment from `from`. Returns where its payload stands, unless that cannot be told, and whether the roles
    /// must be swapped because the answer came before the question.
    pub(crate) fn segment(
        &mut self,
        from: usize,
        tcp: TcpHeader,
        len: u32,
        history: &mut History,
    ) -> (Option<Payload>, bool) {
        let to = 1 - from;
        let (syn, fin, rst, ack) =
            (tcp.flags & SYN != 0, tcp.flags & FIN != 0, tcp.flags & RST != 0, tcp.flags & ACK != 0);
        let len = i64::from(len);
        let consumed = i64::from(syn) + i64::from(fin) + if rst { 0 } else { len };
        let side = &mut self.sides[from];
        side.begin(tcp.seq, consumed, syn);
        let relative = side.relative(tcp.seq, side.last);
        let past = relative + consumed;
        side.letters(from, tcp.flags, relative, len, history);
        let peer_closed = self.sides[to].state == State::Closed;
        let side = &mut self.sides[from];
        if tcp.window == 0 && !rst && !peer_closed && side.state != State::Reset && side.zero_windows.shows() {
            history.add(from, 'W');
        }
        if fin {
            side.fins += 1;
        }
        let mut acknowledged = None;
        if ack {
            let peer = &mut self.sides[to];
            if peer.state == State::Inactive {
                // As if a SYN had been seen, so that later data is numbered from 1.
                peer.restart(tcp.ack.wrapping_sub(1), 0);
                acknowledged = Some(1);
            } else {
                let relative = peer.relative(tcp.ack, peer.acked);
                acknowledged = (relative >= 0).then_some(relative);
                let broken = tcp.ack == 0 && relative - peer.acked > TOO_FAR;
                if relative > peer.acked && !rst && !broken {
                    peer.acked = relative;
                }
            }
        }
        self.sides[from].advance(from, past, tcp.flags, len, history);
        let swapped = self.change_state(from, tcp, len);
        let (from, to) = if swapped { (to, from) } else { (from, to) };
        let ending = fin || rst;
        if let Some(acknowledged) = acknowledged.filter(|_| !rst) {
            self.sides[to].acknowledge(to, acknowledged, ending, history);
        }
        let payload = (len > 0 && !rst && relative >= 0).then_some(Payload { at: relative + i64::from(syn) });
        if let Some(payload) = payload {
            self.sides[from].saw(payload.at, payload.at + len);
        }
        (payload, swapped)
    }

    /// Payload bytes of a side by its sequence numbers.
    pub(crate) fn size(&self, of: usize) -> u64 {
        let (side, peer) = (&self.sides[of], &self.sides[1 - of]);
        let half_open = side.previous == State::SynSent && side.state == State::Reset && peer.state == State::Inactive;
        if half_open && side.acked > 0 {
            return 0;
        }
        let size = side.last.max(side.acked);
        // The SYN and the FIN take a number each.
        let size = size - i64::from(size != 0);
        let size = size - i64::from(size != 0 && side.fins > 0);
        u64::try_from(size).unwrap_or(0)
    }

    /// Payload bytes that the sequence numbers prove but that were not captured.
    pub(crate) fn missed(&self) -> u64 {
        self.sides.iter().map(|side| side.missed + side.holes()).sum()
    }

    /// Both sides ended, or one ended and the other will not answer.
    pub(crate) fn is_over(&self) -> bool {
        let [a, b] = &self.sides;
        let one = a.did_close || b.did_close;
        let quiet = |side: &Side| matches!(side.state, State::Reset | State::Inactive);
        a.did_close && b.did_close || one && (quiet(a) || quiet(b))
    }

    /// Both sides ended: what follows does not lengthen the conversation.
    pub(crate) fn both_closed(&self) -> bool {
        self.sides.iter().all(|side| side.did_close)
    }

    /// A SYN without an answer so far.
    pub(crate) fn is_attempt(&self) -> bool {
        matches!(self.sides[0].state, State::SynSent | State::SynAckSent) && self.sides[1].state == State::Inactive
    }

    /// Whether this SYN opens another conversation of the same two endpoints.
    pub(crate) fn reuses(&self, tcp: TcpHeader) -> bool {
        let [opener, called] = &self.sides;
        if tcp.flags & SYN == 0 {
            return false;
        }
        let answer = tcp.flags & ACK != 0;
        if answer && opener.state != State::Inactive {
            return false;
        }
        let side = if answer { called } else { opener };
        if !self.is_over() {
            let same = tcp.seq == side.start;
            // The answer was recorded before the question.
            let reversed = !answer
                && opener.state == State::SynAckSent
                && called.state == State::Inactive
                && tcp.seq == called.start;
            if same || reversed {
                return false;
            }
        }
        true
    }

    /// Zeek's word for how the conversation went.
    pub(crate) fn conn_state(&self, history: &History) -> &'static str {
        use State::{Closed, Established, Inactive, Partial, Reset, SynAckSent, SynSent};
        let [opener, called] = &self.sides;
        let (o, r) = (opener.state, called.state);
        let silent = |state| matches!(state, Inactive | Partial);
        match (o, r) {
            (SynSent | SynAckSent, Reset) => "REJ",
            (Reset, Reset) if self.size(0) == 0 && self.size(1) == 0 => "REJ",
            (o, Reset) if silent(o) => "RSTRH",
            (_, Reset) => "RSTR",
            (Reset, r) if silent(r) => {
                let letters = history.as_str().trim_start_matches('^');
                let before = letters.strip_prefix('S').and_then(|rest| rest.split_once('R'));
                match before {
                    Some((before, _)) if !before.contains(['H', 'A', 'F', 'G', 'I', 'Q']) => "RSTOS0",
                    _ => "OTH",
                }
            }
            (Reset, _) => "RSTO",
            (Closed, Closed) => "SF",
            (Closed, r) => {
                if silent(r) {
                    "SH"
                } else {
                    "S2"
                }
            }
            (o, Closed) => {
                if silent(o) {
                    "SHR"
                } else {
                    "S3"
                }
            }
            (SynSent, Inactive) => "S0",
            (Established, Established) => "S1",
            _ => "OTH",
        }
    }

    /// The state machine. Returns whether the roles were swapped.
    fn change_state(&mut self, from: usize, tcp: TcpHeader, len: i64) -> bool {
        use State::{Closed, Established, Inactive, Partial, Reset, SynAckSent, SynSent};
        let (syn, fin, rst, ack) =
            (tcp.flags & SYN != 0, tcp.flags & FIN != 0, tcp.flags & RST != 0, tcp.flags & ACK != 0);
        let [opener, called] = &mut self.sides;
        let (side, peer) = if from == 0 { (opener, called) } else { (called, opener) };
        let mut swapped = false;
        let mut close = false;
        match side.state {
            Inactive => {
                if syn && from == 0 {
                    side.set(if ack { SynAckSent } else { SynSent });
                } else if syn {
                    if !ack && peer.state == SynAckSent && tcp.seq == side.start {
                        swapped = true;
                        peer.set(Established);
                    } else if peer.state == SynSent {
                        peer.set(Established);
                    }
                    side.set(Established);
                }
                if fin {
                    side.set(Closed);
                    close = true;
                }
                if rst {
                    side.set(Reset);
                    close = true;
                }
                if side.state == Inactive {
                    // A bare acknowledgement of a SYN comes before the real answer with some systems.
                    let eccentric = from == 1 && len == 0 && peer.state == SynSent;
                    if !eccentric {
                        side.set(if ack && peer.state == Established { Established } else { Partial });
                    }
                }
            }
            SynSent | SynAckSent => {
                if fin {
                    side.set(Closed);
                    close = true;
                }
                if rst {
                    side.set(Reset);
                    close = true;
                }
            }
            Established | Partial => {
                if syn && !ack && side.state == Partial && peer.state == Inactive {
                    side.set(SynSent);
                }
                if fin && !rst {
                    side.set(Closed);
                    if peer.state == Reset && peer.previous == Closed {
                        // FIN and then RST from the other side was a normal end.
                        peer.set(Closed);
                    }
                    close = true;
                }
                if rst {
                    side.set(Reset);
                    close = true;
                }
            }
            Closed => {
                if rst && peer.state != Closed {
                    side.set(Reset);
                    close = true;
                }
            }
            Reset => {}
        }
        if close {
            side.did_close = true;
        }
        if swapped {
            self.sides.swap(0, 1);
        }
        swapped
    }
}

impl Side {
    fn set(&mut self, state: State) {
        if state != self.state {
            self.previous = std::mem::replace(&mut self.state, state);
        }
    }

    /// A sequence number relative to the start, near a known one.
    fn relative(&self, seq: u32, near: i64) -> i64 {
        let known = u32::try_from(near & 0xffff_ffff).unwrap_or(0).wrapping_add(self.start);
        near + i64::from(seq.wrapping_sub(known).cast_signed())
    }

    fn restart(&mut self, start: u32, last: i64) {
        (self.start, self.last, self.acked, self.reached) = (start, last, 0, 1);
        self.waiting.clear();
    }

    fn begin(&mut self, seq: u32, consumed: i64, syn: bool) {
        match self.state {
            State::Inactive if syn => self.restart(seq, consumed),
            // As if a SYN had stood before it; the first segment is no retransmission.
            State::Inactive => self.restart(seq.wrapping_sub(1), 1),
            State::Reset if syn && self.previous == State::Inactive => self.restart(seq, consumed),
            // Perhaps the conversation was not established after all, and this SYN sets it up.
            State::SynSent | State::SynAckSent | State::Established | State::Partial if syn && seq != self.start => {
                self.restart(seq, consumed);
            }
            _ => {}
        }
    }

    fn letters(&mut self, side: usize, flags: u8, relative: i64, len: i64, history: &mut History) {
        const SYN_SEEN: u8 = 1;
        const FIN_SEEN: u8 = 2;
        const RST_SEEN: u8 = 4;
        const DATA: u8 = 8;
        const PURE_ACK: u8 = 16;
        const MANY: u8 = 32;
        const FIN_RST: u8 = 64;
        let mut once = |bit: u8, letter: char| {
            let known = self.once & bit != 0;
            if !known {
                self.once |= bit;
                history.add(side, letter);
            }
            known
        };
        match flags & (SYN | FIN | RST) {
            0 if len > 0 => {
                once(DATA, 'D');
            }
            0 if flags & ACK != 0 => {
                once(PURE_ACK, 'A');
            }
            0 => {}
            SYN => {
                let letter = if flags & ACK != 0 { 'H' } else { 'S' };
                if once(SYN_SEEN, letter) && relative != self.last_syn {
                    history.add(side, letter);
                }
                self.last_syn = relative;
            }
            FIN => {
                if once(FIN_SEEN, 'F') && relative + len != self.last_fin {
                    history.add(side, 'F');
                }
                self.last_fin = relative + len;
            }
            RST => {
                if once(RST_SEEN, 'R') && relative != self.last_rst {
                    history.add(side, 'R');
                }
                self.last_rst = relative;
            }
            both if both & FIN != 0 && both & RST != 0 => {
                once(FIN_RST, 'I');
            }
            _ => {
                once(MANY, 'Q');
            }
        }
    }

    /// Moves the end of what was sent, where the number can be believed.
    fn advance(&mut self, side: usize, past: i64, flags: u8, len: i64, history: &mut History) {
        let delta = past - self.last;
        if flags & (SYN | RST) != 0 && delta.abs() > TOO_FAR {
            return;
        }
        if flags & FIN != 0 && self.last == 1 || self.state != State::Reset && delta > 0 {
            self.last = past;
        } else if self.state != State::Reset && len > 0 && self.retransmissions.shows() {
            history.add(side, 'T');
        }
    }

    /// Payload between two relative numbers was captured.
    fn saw(&mut self, start: i64, end: i64) {
        if end <= self.reached {
            return;
        }
        if start <= self.reached {
            self.reached = end;
            self.join();
            return;
        }
        let at = self.waiting.partition_point(|(other, _)| *other < start);
        self.waiting.insert(at, (start, end));
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(self.waiting.len());
        for (start, end) in self.waiting.drain(..) {
            match joined.last_mut() {
                Some((_, reached)) if start <= *reached => *reached = end.max(*reached),
                _ => joined.push((start, end)),
            }
        }
        self.waiting = joined;
        if self.waiting.len() > MAX_WAITING {
            self.give_up_to(self.waiting[0].0);
        }
    }

    /// The other side has everything before `seq`: what was not captured of it will not come.
    fn acknowledge(&mut self, side: usize, seq: i64, ending: bool, history: &mut History) {
        // The last number may be the FIN's.
        let seq = seq.min(self.last.max(self.acked)) - i64::from(self.fins > 0 && seq >= self.last);
        if seq <= self.reached || self.state == State::Inactive {
            return;
        }
        let before = self.missed;
        self.give_up_to(seq);
        if self.missed > before && !ending && self.gaps.shows() {
            history.add(side, 'G');
        }
    }

    fn give_up_to(&mut self, seq: i64) {
        while self.reached < seq {
            let hole_ends = self.waiting.first().map_or(seq, |(start, _)| (*start).min(seq));
            self.missed += u64::try_from(hole_ends - self.reached).unwrap_or(0);
            self.reached = hole_ends;
            self.join();
        }
    }

    fn join(&mut self) {
        let joined = self.waiting.iter().take_while(|(start, _)| *start <= self.reached).count();
        for (_, end) in self.waiting.drain(..joined) {
            self.reached = self.reached.max(end);
        }
    }

    /// Bytes missing in front of what was seen.
    fn holes(&self) -> u64 {
        let mut reached = self.reached;
        let mut holes = 0;
        for (start, end) in &self.waiting {
            holes += start - reached;
            reached = *end;
        }
        u64::try_from(holes).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs segments `(side, flags, seq, ack, len)` and gives state, history, sizes and missed bytes.
    fn run(segments: &[(usize, u8, u32, u32, u32)]) -> (String, String, u64, u64, u64) {
        let (mut tcp, mut history) = (Tcp::default(), History::default());
        for (side, flags, seq, ack, len) in segments.iter().copied() {
            tcp.segment(side, TcpHeader { seq, ack, flags, window: 100 }, len, &mut history);
        }
        let state = tcp.conn_state(&history).to_owned();
        (state, history.as_str().to_owned(), tcp.size(0), tcp.size(1), tcp.missed())
    }

    #[test]
    fn a_normal_conversation() {
        let got = run(&[
            (0, SYN, 100, 0, 0),
            (1, SYN | ACK, 500, 101, 0),
            (0, ACK, 101, 501, 0),
            (0, ACK, 101, 501, 10),
            (1, ACK, 501, 111, 20),
            (1, ACK, 501, 111, 20),
            (0, FIN | ACK, 111, 521, 0),
            (1, FIN | ACK, 521, 112, 0),
            (0, ACK, 112, 522, 0),
        ]);
        assert_eq!(got, ("SF".into(), "ShADdtFf".into(), 10, 20, 0));
    }

    #[test]
    fn states_without_a_conversation() {
        assert_eq!(run(&[(0, SYN, 1, 0, 0)]).0, "S0");
        assert_eq!(run(&[(0, SYN, 1, 0, 0), (1, RST | ACK, 0, 2, 0)]).0, "REJ");
        assert_eq!(run(&[(0, SYN, 1, 0, 0), (0, RST, 2, 0, 0)]).0, "RSTOS0");
        assert_eq!(run(&[(0, ACK, 1, 9, 5)]).0, "OTH");
        assert_eq!(run(&[(0, SYN, 1, 0, 0), (1, SYN | ACK, 7, 2, 0), (0, ACK, 2, 8, 0)]).0, "S1");
    }

    #[test]
    fn a_gap_is_missed_once_acknowledged_and_sequence_numbers_wrap() {
        let start = u32::MAX - 5;
        let got = run(&[
            (0, SYN, start, 0, 0),
            (1, SYN | ACK, 7, start.wrapping_add(1), 0),
            (0, ACK, start.wrapping_add(1), 8, 4),
            (0, ACK, start.wrapping_add(15), 8, 6),
            (1, ACK, 8, start.wrapping_add(21), 0),
        ]);
        assert_eq!(got, ("S1".into(), "ShDaG".into(), 20, 0, 10));
    }

    #[test]
    fn the_answer_may_be_recorded_before_the_question() {
        let (mut tcp, mut history) = (Tcp::default(), History::default());
        let header = |seq, ack, flags| TcpHeader { seq, ack, flags, window: 1 };
        assert!(!tcp.segment(0, header(50, 11, SYN | ACK), 0, &mut history).1);
        assert!(!tcp.reuses(header(10, 0, SYN)));
        assert!(tcp.segment(1, header(10, 0, SYN), 0, &mut history).1);
        assert_eq!(tcp.conn_state(&history), "S1");
    }

    #[test]
    fn any_segments_keep_the_memory_small() {
        let (mut tcp, mut history) = (Tcp::default(), History::default());
        let mut seed = 1u32;
        for i in 0..200_000u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let header = TcpHeader { seq: seed, ack: seed.rotate_left(9), flags: (seed >> 24) as u8, window: 0 };
            tcp.segment((i & 1) as usize, header, seed >> 16, &mut history);
            assert!(tcp.sides.iter().all(|side| side.waiting.len() <= MAX_WAITING));
        }
        assert!(history.as_str().len() <= MAX_HISTORY);
    }
}
