//! Who can reach whom on one service: all addresses in as few classes as behave alike, and the pairs of classes between
//! which a connection may pass.
//!
//! The addresses are cut at every bound that a rule names; each pair of pieces is decided by the first rule that matches,
//! 64 at a time; pieces with the same row and the same column then fall into one class. (Diekmann et al., "Verified
//! iptables Firewall Analysis", 2016, service matrices.)
//!
//! *Over interfaces.* Where it is known what lies behind the interfaces that a rule names, the rule speaks of those
//! sources. Elsewhere a permit on any interface counts, and a deny only where it holds on all of them. So the matrix says
//! what may pass by some way.

use std::collections::BTreeMap;

use crate::flat::{Cube, Effect, Flat, Universe};
use crate::interval::{Intervals, Point};
use crate::net::AddrSet;
use crate::policy::{Policy, Role};

/// A service that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Protocol number.
    pub proto: u8,
    /// Source port.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceMatrix<T> {
    /// Classes of addresses that behave alike, by their first address; together they are all addresses.
    pub classes: Vec<Intervals<T>>,
    /// From which class to which a connection may pass.
    pub pairs: Vec<(usize, usize)>,
}

/// What lies behind interfaces, by their numbers.
pub type Behind = BTreeMap<u16, AddrSet>;

/// What a policy says of its interfaces; behind the loopback interface lies its own network (RFC 1122, RFC 4291).
pub fn behind(policy: &Policy, universe: &Universe) -> Behind {
    let loopback = AddrSet { v4: Intervals::range(0x7f00_0000, 0x7fff_ffff), v6: Intervals::one(1) };
    let known = policy.interfaces.iter().filter_map(|interface| match interface.name.as_str() {
        "lo" | "lo0" => Some((universe.number(&interface.name), loopback.clone())),
        _ if interface.networks.is_empty() || interface.role == Role::External => None,
        name => Some((universe.number(name), interface.networks.clone())),
    });
    known.collect()
}

/// Matrix of IPv4.
pub fn v4(flat: &Flat<'_>, asked: Asked, behind: &Behind) -> ServiceMatrix<u32> {
    matrix(flat, asked, behind, |set| &set.v4)
}

/// Matrix of IPv6.
pub fn v6(flat: &Flat<'_>, asked: Asked, behind: &Behind) -> ServiceMatrix<u128> {
    matrix(flat, asked, behind, |set| &set.v6)
}

/// Square of bits: row by row, source by destination.
#[derive(Clone)]
struct Bits {
    words: usize,
    bits: Vec<u64>,
}

impl Bits {
    fn empty(size: usize) -> Self {
        let words = size.div_ceil(64);
        Self { words, bits: vec![0; words * size] }
    }

    fn row(&self, row: usize) -> &[u64] {
        &self.bits[row * self.words..(row + 1) * self.words]
    }

    fn row_mut(&mut self, row: usize) -> &mut [u64] {
        &mut self.bits[row * self.words..(row + 1) * self.words]
    }

    fn has(&self, row: usize, column: usize) -> bool {
        self.row(row)[column / 64] >> (column % 64) & 1 == 1
    }
}

/// Sources and destinations that an entry is for.
type Sides<T> = (Intervals<T>, Intervals<T>);

fn matrix<T: Point>(
    flat: &Flat<'_>,
    asked: Asked,
    behind: &Behind,
    family: impl Fn(&AddrSet) -> &Intervals<T>,
) -> ServiceMatrix<T> {
    let everywhere = everywhere(flat);
    let sides = |cube: &Cube, must: bool| -> Option<Sides<T>> {
        let service = &cube.service;
        let asks = service.proto.0.contains(asked.proto)
            && service.sport.0.contains(asked.sport)
            && service.dport.0.contains(asked.dport);
        let from = (!cube.in_ifs.covers(&everywhere.0)).then(|| sources(&cube.in_ifs, behind)).flatten();
        let anywhere = (from.is_some() || cube.in_ifs.covers(&everywhere.0)) && cube.out_ifs.covers(&everywhere.1);
        let src = from.map_or_else(|| cube.src.clone(), |from| cube.src.intersect(&from));
        let (src, dst) = (family(&src).clone(), family(&cube.dst).clone());
        (asks && (anywhere || !must) && !src.is_empty() && !dst.is_empty()).then_some((src, dst))
    };
    // What each entry does to the service: a permit may match, everything else must match wherever packets come in.
    let mut steps: Vec<(usize, Vec<Sides<T>>)> = Vec::new();
    for (number, entry) in flat.entries.iter().enumerate().filter(|(_, entry)| entry.effect != Effect::Log) {
        let may = entry.effect == Effect::Permit;
        let cubes = if may { &entry.upper } else { entry.lower() };
        let all: Vec<Sides<T>> = cubes.iter().filter_map(|cube| sides(cube, !may)).collect();
        if !all.is_empty() {
            steps.push((number, all));
        }
    }
    let pieces = pieces(steps.iter().flat_map(|(_, sides)| sides));
    let permitted = decide(flat, &steps, &pieces);
    classes(&pieces, &permitted)
}

/// What lies behind some interfaces, where that is known of all of them.
fn sources(interfaces: &Intervals<u16>, behind: &Behind) -> Option<AddrSet> {
    let numbers = interfaces.ranges().iter().flat_map(|(low, high)| *low..=*high);
    numbers.map(|number| behind.get(&number)).try_fold(AddrSet::empty(), |all, set| Some(all.union(set?)))
}

/// Interfaces that any entry of the list is for.
fn everywhere(flat: &Flat<'_>) -> (Intervals<u16>, Intervals<u16>) {
    let all = flat.entries.iter().flat_map(|entry| &entry.upper);
    all.fold((Intervals::empty(), Intervals::empty()), |(from, to), cube| {
        (from.union(&cube.in_ifs), to.union(&cube.out_ifs))
    })
}

/// First numbers of the pieces into which the bounds of all sets cut the addresses.
fn pieces<'s, T: Point + 's>(sides: impl Iterator<Item = &'s Sides<T>>) -> Vec<T> {
    let mut bounds = vec![T::MIN];
    for (low, high) in sides.flat_map(|(src, dst)| src.ranges().iter().chain(dst.ranges())) {
        bounds.push(*low);
        bounds.extend(high.after());
    }
    bounds.sort_unstable();
    bounds.dedup();
    bounds
}

fn decide<T: Point>(flat: &Flat<'_>, steps: &[(usize, Vec<Sides<T>>)], pieces: &[T]) -> Bits {
    let size = pieces.len();
    let mut permitted = Bits::empty(size);
    // Pairs for which nothing is left to decide at this entry: decided, or on their way to a later one.
    let mut settled = Bits::empty(size);
    let mut away: Vec<(usize, Bits)> = Vec::new();
    for (number, sides) in steps {
        away.retain(|(until, bits)| {
            let back = until <= number;
            if back {
                settled.bits.iter_mut().zip(&bits.bits).for_each(|(here, gone)| *here &= !gone);
            }
            !back
        });
        let entry = &flat.entries[*number];
        let mut leaving = (entry.effect == Effect::Skip).then(|| Bits::empty(size));
        for (src, dst) in sides {
            let columns = mask(dst, pieces, settled.words);
            for row in rows(src, pieces) {
                let taken = settled.row_mut(row);
                for (word, column) in columns.iter().enumerate() {
                    let fresh = column & !taken[word];
                    taken[word] |= fresh;
                    match &mut leaving {
                        Some(leaving) => leaving.row_mut(row)[word] |= fresh,
                        None if entry.effect == Effect::Permit => permitted.row_mut(row)[word] |= fresh,
                        None => {}
                    }
                }
            }
        }
        away.extend(leaving.map(|bits| (entry.until, bits)));
    }
    permitted
}

fn rows<'p, T: Point>(set: &'p Intervals<T>, pieces: &'p [T]) -> impl Iterator<Item = usize> + 'p {
    set.ranges().iter().flat_map(|(low, high)| {
        pieces.partition_point(|piece| piece < low)..pieces.partition_point(|piece| piece <= high)
    })
}

fn mask<T: Point>(set: &Intervals<T>, pieces: &[T], words: usize) -> Vec<u64> {
    let mut mask = vec![0; words];
    for column in rows(set, pieces) {
        mask[column / 64] |= 1 << (column % 64);
    }
    mask
}

fn classes<T: Point>(pieces: &[T], permitted: &Bits) -> ServiceMatrix<T> {
    let size = pieces.len();
    // Equal columns get the same number.
    let mut columns: Vec<Vec<u64>> = vec![vec![0; permitted.words]; size];
    for row in 0..size {
        for (word, bits) in permitted.row(row).iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let column = word * 64 + bits.trailing_zeros() as usize;
                columns[column][row / 64] |= 1 << (row % 64);
                bits &= bits - 1;
            }
        }
    }
    let mut of_class: BTreeMap<(&[u64], &[u64]), usize> = BTreeMap::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (piece, column) in columns.iter().enumerate() {
        let class = *of_class.entry((permitted.row(piece), column)).or_insert_with(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        members[class].push(piece);
    }
    let range = |piece: &usize| {
        let end = pieces.get(piece + 1).and_then(|next| next.before()).unwrap_or(T::MAX);
        (pieces[*piece], end)
    };
    let pairs = (0..members.len()).flat_map(|from| (0..members.len()).map(move |to| (from, to)));
    let pairs = pairs.filter(|(from, to)| permitted.has(members[*from][0], members[*to][0])).collect();
    ServiceMatrix { classes: members.iter().map(|pieces| Intervals::of(pieces.iter().map(range))).collect(), pairs }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flat::flatten;
    use crate::flat::tests::{packet, rule, small_world};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn classes_and_pairs_agree_with_packets(
            a in prop::collection::vec(rule(), 0..7),
            b in prop::collection::vec(rule(), 0..6),
            c in prop::collection::vec(rule(), 0..4),
            port in 0u16..5,
        ) {
            let policy = small_world(a, b, c);
            let universe = Universe::of(&policy);
            let flat = flatten(&policy, &universe, &policy.paths[0], None);
            let matrix = v4(&flat, Asked { proto: 6, sport: 1, dport: port }, &Behind::new());
            let class = |address: u32| matrix.classes.iter().position(|class| class.contains(address)).unwrap();
            for src in 0..6 {
                let packet = packet(src, port);
                let to = class(u32::from(std::net::Ipv4Addr::LOCALHOST));
                let said = matrix.pairs.contains(&(class(src), to));
                prop_assert_eq!(said, flat.decide(&packet) == Some(Effect::Permit), "{}", src);
            }
            // As few classes as there are.
            let row = |class: usize| matrix.pairs.iter().filter(|pair| pair.0 == class).map(|pair| pair.1).collect::<Vec<_>>();
            let column = |class: usize| matrix.pairs.iter().filter(|pair| pair.1 == class).map(|pair| pair.0).collect::<Vec<_>>();
            for one in 0..matrix.classes.len() {
                for other in 0..one {
                    prop_assert!(row(one) != row(other) || column(one) != column(other));
                }
            }
        }
    }
}
