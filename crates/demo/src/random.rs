//! Numbers that only the seed decides.

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): small, and the same on
/// every machine. Nothing secret is made with it.
pub(crate) struct Random(u64);

impl Random {
    /// A stream of its own for each part of the firm, so that a change in one part leaves the others as they were.
    pub(crate) fn new(seed: u64, part: &str) -> Self {
        // FNV-1a of the part's name.
        let name = part
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// At least `from`, less than `to`.
    pub(crate) fn range(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from).max(1)
    }

    /// A number that fits where ports and the like go.
    pub(crate) fn short(&mut self, from: u16, to: u16) -> u16 {
        u16::try_from(self.range(from.into(), to.into())).unwrap_or(from)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = usize::try_from(self.range(0, of.len() as u64)).unwrap_or(0);
        &of[at]
    }

    /// Puts them into another order (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.range(0, last as u64 + 1)).unwrap_or(last);
            items.swap(last, other);
        }
    }
}
