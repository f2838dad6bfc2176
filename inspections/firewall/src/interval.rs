//! Sets of numbers as sorted, disjoint, non-adjacent closed intervals: the one idea under addresses, ports,
//! protocols and interfaces. Every operation is exact and linear in the number of intervals.

use std::fmt::Debug;

/// A number that intervals are made of.
pub trait Point: Copy + Ord + Debug {
    /// Least value.
    const MIN: Self;
    /// Greatest value.
    const MAX: Self;
    /// The value after, unless it is the greatest.
    fn after(self) -> Option<Self>;
    /// The value before, unless it is the least.
    fn before(self) -> Option<Self>;
    /// The value at a share of the way to `high`, in 2^64ths.
    fn towards(self, high: Self, share: u64) -> Self;
}

macro_rules! point {
    ($($int:ty),*) => {$(
        impl Point for $int {
            const MIN: Self = <$int>::MIN;
            const MAX: Self = <$int>::MAX;
            fn after(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn before(self) -> Option<Self> {
                self.checked_sub(1)
            }
            fn towards(self, high: Self, share: u64) -> Self {
                let length = u128::from(high - self);
                // A 128-bit product of 64-bit numbers; longer ranges lose their lower half, which no caller needs.
                let part = match (u64::try_from(length), share) {
                    (_, u64::MAX) => length,
                    (Ok(length), share) => (u128::from(length) * u128::from(share)) >> 64,
                    (Err(_), share) => (length >> 64) * u128::from(share),
                };
                self + <$int>::try_from(part).unwrap_or(0)
            }
        }
    )*};
}
point!(u8, u16, u32, u128);

/// A set of numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Intervals<T>(Vec<(T, T)>);

impl<T> Default for Intervals<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Point> Intervals<T> {
    /// Nothing.
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// Everything.
    pub fn full() -> Self {
        Self(vec![(T::MIN, T::MAX)])
    }

    /// One number.
    pub fn one(value: T) -> Self {
        Self(vec![(value, value)])
    }

    /// From `low` to `high`, both included; nothing when they are reversed.
    pub fn range(low: T, high: T) -> Self {
        if low <= high { Self(vec![(low, high)]) } else { Self::empty() }
    }

    /// The union of ranges in any order, overlapping or not; reversed ones count for nothing.
    pub fn of(ranges: impl IntoIterator<Item = (T, T)>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|(low, high)| low <= high).collect();
        ranges.sort_unstable();
        let mut merged: Vec<(T, T)> = Vec::with_capacity(ranges.len());
        for (low, high) in ranges {
            match merged.last_mut() {
                Some(last) if last.1.after().is_none_or(|next| low <= next) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        Self(merged)
    }

    /// The intervals in ascending order.
    pub fn ranges(&self) -> &[(T, T)] {
        &self.0
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everything is in it.
    pub fn is_full(&self) -> bool {
        self.0 == [(T::MIN, T::MAX)]
    }

    /// The least number in it.
    pub fn first(&self) -> Option<T> {
        self.0.first().map(|range| range.0)
    }

    /// The greatest number in it.
    pub fn last(&self) -> Option<T> {
        self.0.last().map(|range| range.1)
    }

    /// A number in it: from the range at one share of the way through the list, at another share of the way through it.
    pub fn pick(&self, which: u64, share: u64) -> Option<T> {
        let last = u32::try_from(self.0.len()).ok()?.checked_sub(1)?;
        self.0.get(0.towards(last, which) as usize).map(|(low, high)| low.towards(*high, share))
    }

    /// Whether `value` is in it.
    pub fn contains(&self, value: T) -> bool {
        let index = self.0.partition_point(|(_, high)| *high < value);
        self.0.get(index).is_some_and(|(low, _)| *low <= value)
    }

    /// In either.
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        Self::of(self.0.iter().chain(&other.0).copied())
    }

    /// In both.
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut i, mut j) = (0, 0);
        let mut both = Vec::new();
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            let (low, high) = (a.0.max(b.0), a.1.min(b.1));
            if low <= high {
                both.push((low, high));
            }
            if a.1 < b.1 {
                i += 1;
            } else {
                j += 1;
            }
        }
        Self(both)
    }

    /// Everything else.
    pub fn complement(&self) -> Self {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut next = Some(T::MIN);
        for (low, high) in &self.0 {
            if let (Some(start), Some(end)) = (next, low.before())
                && start <= end
            {
                gaps.push((start, end));
            }
            next = high.after();
        }
        if let Some(start) = next {
            gaps.push((start, T::MAX));
        }
        Self(gaps)
    }

    /// In this one and not in the other.
    pub fn minus(&self, other: &Self) -> Self {
        self.intersect(&other.complement())
    }

    /// Whether every number of `other` is in this one.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|(low, high)| {
            let index = self.0.partition_point(|range| range.1 < *low);
            self.0.get(index).is_some_and(|range| range.0 <= *low && *high <= range.1)
        })
    }

    /// Whether the two share a number.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (mut i, mut j) = (0, 0);
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            if a.0.max(b.0) <= a.1.min(b.1) {
                return true;
            }
            if a.1 < b.1 {
                i += 1;
            } else {
                j += 1;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The slow model: one bool for each of the 256 numbers.
    fn model(set: &Intervals<u8>) -> Vec<bool> {
        (0..=255).map(|n| set.ranges().iter().any(|(low, high)| (*low..=*high).contains(&n))).collect()
    }

    fn is_canonical(set: &Intervals<u8>) -> bool {
        set.ranges().iter().all(|(low, high)| low <= high)
            && set.ranges().windows(2).all(|pair| u16::from(pair[0].1) + 1 < u16::from(pair[1].0))
    }

    proptest! {
        #[test]
        fn the_algebra_agrees_with_a_table_of_bools(
            a in prop::collection::vec((any::<u8>(), any::<u8>()), 0..8),
            b in prop::collection::vec((any::<u8>(), any::<u8>()), 0..8),
        ) {
            let (a, b) = (Intervals::of(a), Intervals::of(b));
            let (in_a, in_b) = (model(&a), model(&b));
            let zip = |f: fn(bool, bool) -> bool| -> Vec<bool> {
                in_a.iter().zip(&in_b).map(|(x, y)| f(*x, *y)).collect()
            };
            for (set, expected) in [
                (a.union(&b), zip(|x, y| x || y)),
                (a.intersect(&b), zip(|x, y| x && y)),
                (a.minus(&b), zip(|x, y| x && !y)),
                (a.complement(), zip(|x, _| !x)),
            ] {
                prop_assert_eq!(model(&set), expected);
                prop_assert!(is_canonical(&set));
            }
            prop_assert_eq!(a.covers(&b), !zip(|x, y| !x && y).contains(&true));
            prop_assert_eq!(a.overlaps(&b), zip(|x, y| x && y).contains(&true));
            prop_assert_eq!(a.is_empty(), !in_a.contains(&true));
            prop_assert_eq!(a.is_full(), !in_a.contains(&false));
            for n in 0..=255u8 {
                prop_assert_eq!(a.contains(n), in_a[usize::from(n)]);
            }
        }
    }

    #[test]
    fn adjacent_and_extreme_ranges_merge() {
        assert!(Intervals::of([(0u16, 99), (100, 65535)]).is_full());
        assert!(Intervals::<u128>::full().complement().is_empty());
        assert!(Intervals::range(5u8, 4).is_empty());
    }
}
