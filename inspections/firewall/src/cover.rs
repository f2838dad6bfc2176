//! Rules against each other: what reaches an entry, who takes its packets, whether it is needed.
//!
//! *Exact.* The question "is this box covered by the union of those boxes?" is answered by subtraction of products of
//! sets, never by comparing rules in pairs: pairs miss what several rules cover only together. A *live* answer carries a
//! piece that reaches the entry, so it can be tested with a packet; a *dead* answer carries the rules that take all.
//!
//! *Quick.* A bounding-volume hierarchy over the boxes' hulls finds those that touch a point or a box. Most live entries
//! show a free point among few tried; what is left is a search by subtraction that takes the largest overlap first.
//!
//! *Bounded.* A question may look at [`STEPS_MAX`] candidates, all questions to one index at [`STEPS_ALL`]; beyond that
//! the answer is [`Left::Undecided`], never a guess.
//!
//! *Jumps.* A return, or a layer's permit, lets packets pass by the rules up to where it lands. So a rule takes a packet
//! exactly if the packet is in it and in no jump that passes by it and is reached; a jump is not reached by packets of an
//! earlier one that passes by it and lands before the rule. (Lists nest, so nothing passes by that earlier one alone.)
//! With that the order of the rules does not matter.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;

use crate::flat::{Cube, Effect, Flat, Left, Packet, Sure};
use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Protos, Service};

/// Candidates that one question may look at.
pub const STEPS_MAX: u64 = 5_000_000;
/// Candidates that all questions to one index may look at.
pub const STEPS_ALL: u64 = 300_000_000;
/// Boxes that all questions to one index about what is needed may look at, besides.
pub const NEED_ALL: u64 = 20_000_000;
/// Entries named as those that make another one redundant.
const NAMED_MAX: usize = 20;
/// Boxes of a leaf.
const LEAF: usize = 8;
/// Points tried in a box before it is searched.
const POINTS: u64 = 16;
/// Sides of a box.
const SIDES: usize = 7;

/// Smallest box of single ranges around a product of sets. IPv6 addresses count by their first 64 bits.
#[derive(Clone, Copy, Debug)]
struct Hull {
    low: [u64; SIDES],
    high: [u64; SIDES],
}

impl Hull {
    const NONE: Self = Self { low: [u64::MAX; SIDES], high: [0; SIDES] };

    /// Around a box, with whether every packet of the hull is in the box.
    fn of(cube: &Cube) -> (Self, bool) {
        let mut hull = Self::NONE;
        let mut exact = true;
        let mut side = |n: usize, range: Option<(u64, u64)>, single: bool| {
            if let Some((low, high)) = range {
                (hull.low[n], hull.high[n]) = (low, high);
            }
            exact &= single;
        };
        side(0, ends(&cube.in_ifs), cube.in_ifs.ranges().len() == 1);
        side(1, ends(&cube.out_ifs), cube.out_ifs.ranges().len() == 1);
        for (n, set) in [(2, &cube.src), (3, &cube.dst)] {
            match (ends(&set.v4), set.v6.first().zip(set.v6.last())) {
                (Some(range), _) => side(n, Some(range), set.v4.ranges().len() == 1),
                (None, Some((low, high))) => side(n, Some((top(low), top(high))), false),
                (None, None) => side(n, None, false),
            }
        }
        side(4, ends(&cube.service.proto.0), cube.service.proto.0.ranges().len() == 1);
        side(5, ends(&cube.service.sport.0), cube.service.sport.0.ranges().len() == 1);
        side(6, ends(&cube.service.dport.0), cube.service.dport.0.ranges().len() == 1);
        (hull, exact)
    }

    fn point(packet: &Packet) -> Self {
        let address = |address| match address {
            std::net::IpAddr::V4(address) => u64::from(u32::from(address)),
            std::net::IpAddr::V6(address) => top(u128::from(address)),
        };
        let at = [
            packet.in_if.into(),
            packet.out_if.into(),
            address(packet.src),
            address(packet.dst),
            packet.proto.into(),
            packet.sport.into(),
            packet.dport.into(),
        ];
        Self { low: at, high: at }
    }

    fn add(&mut self, other: &Self) {
        for n in 0..SIDES {
            self.low[n] = self.low[n].min(other.low[n]);
            self.high[n] = self.high[n].max(other.high[n]);
        }
    }

    fn touches(&self, other: &Self) -> bool {
        (0..SIDES).all(|n| self.low[n] <= other.high[n] && other.low[n] <= self.high[n])
    }

    fn covers(&self, other: &Self) -> bool {
        (0..SIDES).all(|n| self.low[n] <= other.low[n] && other.high[n] <= self.high[n])
    }

    /// How much of `other` is in it at most, as a share of it: the product over the sides.
    #[expect(clippy::cast_precision_loss, reason = "an order of magnitude is enough")]
    fn share_of(&self, other: &Self) -> f64 {
        let part = |n: usize| {
            let low = self.low[n].max(other.low[n]);
            let high = self.high[n].min(other.high[n]);
            (high.saturating_sub(low) as f64 + 1.0) / ((other.high[n] - other.low[n]) as f64 + 1.0)
        };
        (0..SIDES).map(part).product()
    }
}

const fn top(address: u128) -> u64 {
    (address >> 64) as u64
}

fn ends<T: crate::interval::Point + Into<u64>>(set: &Intervals<T>) -> Option<(u64, u64)> {
    Some((set.first()?.into(), set.last()?.into()))
}

/// When a box counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// It surely matches.
    Lower,
    /// It may match.
    Upper,
    /// Both: it is known exactly.
    Exact,
}

/// A box of an entry.
pub(crate) struct Boxed<'f> {
    entry: usize,
    cube: &'f Cube,
    hull: Hull,
    /// The hull holds nothing that the box does not.
    exact: bool,
    bound: Bound,
}

impl Boxed<'_> {
    fn overlaps(&self, hull: &Hull, exact: bool, cube: &Cube) -> bool {
        self.hull.touches(hull) && ((self.exact && exact) || self.cube.overlaps(cube))
    }

    fn covers(&self, hull: &Hull, cube: &Cube) -> bool {
        if self.exact { self.hull.covers(hull) } else { self.cube.covers(cube) }
    }
}

/// A node of a hierarchy: its boxes are `from..to` in the tree's order; inner nodes have their first child next to
/// them and the second at `second`.
struct Node {
    hull: Hull,
    /// Least and greatest entry below.
    entries: (usize, usize),
    from: usize,
    to: usize,
    second: usize,
}

/// Boxes of one address family.
#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
    order: Vec<u32>,
}

impl Tree {
    fn of(boxes: &[Boxed<'_>], mut order: Vec<u32>) -> Self {
        let mut nodes = Vec::with_capacity(order.len() / LEAF * 4 + 1);
        // (range, index of the parent whose second child this is)
        let mut work = vec![(0, order.len(), None::<usize>)];
        while let Some((from, to, parent)) = work.pop() {
            let here = nodes.len();
            if let Some(parent) = parent {
                let parent: &mut Node = &mut nodes[parent];
                parent.second = here;
            }
            let part = &mut order[from..to];
            let mut node = Node { hull: Hull::NONE, entries: (usize::MAX, 0), from, to, second: 0 };
            for index in part.iter() {
                let boxed = &boxes[*index as usize];
                node.hull.add(&boxed.hull);
                node.entries = (node.entries.0.min(boxed.entry), node.entries.1.max(boxed.entry));
            }
            nodes.push(node);
            if part.len() > LEAF {
                let side = widest(boxes, part);
                let centre = |index: &u32| {
                    let hull = &boxes[*index as usize].hull;
                    u128::from(hull.low[side]) + u128::from(hull.high[side])
                };
                let half = part.len() / 2;
                part.select_nth_unstable_by_key(half, |index| (centre(index), *index));
                // The first child is taken next, so it stands next to its parent.
                work.push((from + half, to, Some(here)));
                work.push((from, from + half, None));
            }
        }
        Self { nodes, order }
    }

    /// Calls `found` for each box of entries in `range` whose hull touches `hull`, until it says false.
    fn visit(&self, hull: &Hull, range: std::ops::Range<usize>, found: &mut dyn FnMut(u32) -> bool) -> bool {
        let mut work = Vec::with_capacity(64);
        if !self.nodes.is_empty() {
            work.push(0);
        }
        while let Some(at) = work.pop() {
            let node: &Node = &self.nodes[at];
            if node.entries.0 >= range.end || node.entries.1 < range.start || !node.hull.touches(hull) {
                continue;
            }
            if node.second == 0 {
                if !self.order[node.from..node.to].iter().all(|index| found(*index)) {
                    return false;
                }
            } else {
                work.push(node.second);
                work.push(at + 1);
            }
        }
        true
    }
}

impl Tree {
    /// The least entry of `range` of which `hit` holds for a box whose hull touches `hull`.
    fn first(
        &self,
        boxes: &[Boxed<'_>],
        hull: &Hull,
        range: std::ops::Range<usize>,
        hit: &dyn Fn(&Boxed<'_>) -> bool,
    ) -> Option<usize> {
        let mut best = range.end;
        let mut work = Vec::with_capacity(64);
        if !self.nodes.is_empty() {
            work.push(0);
        }
        while let Some(at) = work.pop() {
            let node: &Node = &self.nodes[at];
            if node.entries.0 >= best || node.entries.1 < range.start || !node.hull.touches(hull) {
                continue;
            }
            if node.second == 0 {
                for index in &self.order[node.from..node.to] {
                    let boxed = &boxes[*index as usize];
                    if boxed.entry < best && boxed.entry >= range.start && boxed.hull.touches(hull) && hit(boxed) {
                        best = boxed.entry;
                    }
                }
                continue;
            }
            // The child with the earlier entry is looked at first: what it gives saves looking at the other.
            let (one, other) = (at + 1, node.second);
            if self.nodes[one].entries.0 <= self.nodes[other].entries.0 {
                work.extend([other, one]);
            } else {
                work.extend([one, other]);
            }
        }
        (best < range.end).then_some(best)
    }
}

/// The side on which the centres differ most, measured against the side's whole extent.
#[expect(clippy::cast_precision_loss, reason = "an order of magnitude is enough")]
fn widest(boxes: &[Boxed<'_>], part: &[u32]) -> usize {
    let spread = |side: usize| {
        let (mut sum, mut squares, mut low, mut high) = (0.0, 0.0, u64::MAX, 0);
        for index in part {
            let hull = &boxes[*index as usize].hull;
            let centre = hull.low[side] as f64 / 2.0 + hull.high[side] as f64 / 2.0;
            sum += centre;
            squares += centre * centre;
            low = low.min(hull.low[side]);
            high = high.max(hull.high[side]);
        }
        let count = part.len() as f64;
        let variance = (squares / count - (sum / count).powi(2)).max(0.0);
        let extent = high.saturating_sub(low) as f64 + 1.0;
        variance / (extent * extent)
    };
    let mut best = (0, -1.0);
    for side in 0..SIDES {
        let here = spread(side);
        if here > best.1 {
            best = (side, here);
        }
    }
    best.0
}

/// The entries of a path, ready for questions.
pub struct Index<'f> {
    flat: &'f Flat<'f>,
    boxes: Vec<Boxed<'f>>,
    v4: Tree,
    v6: Tree,
    jumps: bool,
    budget: Budget,
    need: Budget,
}

impl std::fmt::Debug for Index<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("boxes", &self.boxes.len()).finish_non_exhaustive()
    }
}

/// What a question asks of the entries before.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// What is surely so, or what may be so.
    pub sure: Sure,
    /// Earlier permits take packets too; else what they let through, the entry would let through as well.
    pub permits_take: bool,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What is left.
    pub left: Left,
    /// Entries that took something, in order; complete only where nothing is left.
    pub takers: Vec<usize>,
}

/// What a box does to packets on their way to an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Takes them.
    Take,
    /// Lets them go on at an entry.
    Jump(usize),
}

impl<'f> Index<'f> {
    /// Of a path's entries.
    pub fn of(flat: &'f Flat<'f>) -> Self {
        let mut boxes = Vec::new();
        let mut add = |entry: usize, cubes: &'f [Cube], bound: Bound| {
            boxes.extend(cubes.iter().map(|cube| {
                let (hull, exact) = Hull::of(cube);
                Boxed { entry, cube, hull, exact, bound }
            }));
        };
        for (number, entry) in flat.entries.iter().enumerate().filter(|(_, entry)| entry.effect != Effect::Log) {
            match &entry.lower {
                None => add(number, &entry.upper, Bound::Exact),
                Some(lower) => {
                    add(number, &entry.upper, Bound::Upper);
                    add(number, lower, Bound::Lower);
                }
            }
        }
        let of_family = |v6: bool| {
            let all = (0..).zip(&boxes).filter(|(_, boxed)| boxed.cube.src.v4.is_empty() == v6);
            Tree::of(&boxes, all.map(|(index, _)| index).collect())
        };
        let (v4, v6) = (of_family(false), of_family(true));
        let jumps = flat.entries.iter().any(|entry| entry.effect == Effect::Skip);
        Self { flat, boxes, v4, v6, jumps, budget: Budget::default(), need: Budget::default() }
    }

    /// What of `cubes` reaches entry `target`, and who takes the rest.
    pub fn reaching(&self, target: usize, cubes: &[Cube], ask: Ask) -> Answer {
        let mut takers = BTreeSet::new();
        for cube in cubes {
            let left = first_left(cube, &self.candidates(target, cube, ask), &self.budget, &mut |boxed| {
                takers.insert(boxed.entry);
            });
            if left != Left::Nothing {
                return Answer { left, takers: takers.into_iter().collect() };
            }
        }
        Answer { left: Left::Nothing, takers: takers.into_iter().collect() }
    }

    /// Whether a packet of `cubes` surely reaches entry `target`, tried with a few points; a cheap first question.
    fn free_point(&self, target: usize, cubes: &[Cube], ask: Ask) -> Option<Packet> {
        cubes
            .iter()
            .find_map(|cube| (0..POINTS).map(|n| point(cube, n)).find(|packet| !self.is_taken(target, packet, ask)))
    }

    /// Entries that surely take every packet of entry `target` before it; `Ok` when there are none, with a piece that
    /// may reach it, `Err` when the budget did not suffice.
    pub fn dead(&self, target: usize) -> Result<Option<Vec<usize>>, Undecided> {
        let ask = Ask { sure: Sure::Possible, permits_take: true };
        let cubes = &self.flat.entries[target].upper;
        if self.free_point(target, cubes, ask).is_some() {
            return Ok(None);
        }
        match self.reaching(target, cubes, ask) {
            Answer { left: Left::Nothing, takers } => Ok(Some(takers)),
            Answer { left: Left::Piece(_), .. } => Ok(None),
            Answer { left: Left::Undecided(_), .. } => Err(Undecided),
        }
    }

    /// Of a dead entry: the first entry of another effect that decides some of its packets, with such packets.
    pub fn contradicted(&self, target: usize) -> Option<(usize, Box<Cube>)> {
        let ask = Ask { sure: Sure::Possible, permits_take: true };
        let of = &self.flat.entries[target];
        for packet in of.upper.iter().flat_map(|cube| (0..POINTS).map(|n| point(cube, n))) {
            let by = self.decides(&packet).filter(|by| *by < target);
            if let Some(by) = by.filter(|by| self.flat.entries[*by].effect != of.effect) {
                let shared = intersections(&of.upper, self.flat.entries[by].lower());
                if let Left::Piece(piece) = self.reaching(by, &shared, ask).left {
                    return Some((by, piece));
                }
            }
        }
        let before = of.upper.iter().flat_map(|cube| self.candidates(target, cube, ask));
        let before: BTreeSet<usize> = before.map(|candidate| candidate.boxed.entry).collect();
        let opposite = |entry: &usize| match self.flat.entries[*entry].effect {
            Effect::Skip | Effect::Log => false,
            effect => effect != of.effect,
        };
        before.into_iter().filter(opposite).find_map(|taker| {
            let shared = intersections(&of.upper, self.flat.entries[taker].lower());
            match self.reaching(taker, &shared, ask).left {
                Left::Piece(piece) => Some((taker, piece)),
                Left::Nothing | Left::Undecided(_) => None,
            }
        })
    }

    /// Fewer of the takers that still take all: each is left out where the others do without it, those with the least
    /// share first. More than 200 stay as they are.
    pub fn fewest(&self, target: usize, takers: Vec<usize>) -> Vec<usize> {
        const MANY: usize = 200;
        if takers.len() > MANY {
            return takers;
        }
        let ask = Ask { sure: Sure::Possible, permits_take: true };
        let cubes = &self.flat.entries[target].upper;
        let mut by_share: Vec<(f64, usize)> = takers.iter().map(|taker| (self.share(*taker, cubes), *taker)).collect();
        by_share.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let mut kept: BTreeSet<usize> = takers.into_iter().collect();
        for (_, taker) in by_share {
            kept.remove(&taker);
            let still = cubes.iter().all(|cube| {
                let keep = |boxed: &Boxed<'_>| {
                    kept.contains(&boxed.entry) || self.flat.entries[boxed.entry].effect == Effect::Skip
                };
                let candidates = self.candidates_if(target, cube, ask, &keep);
                first_left(cube, &candidates, &self.budget, &mut |_| {}) == Left::Nothing
            });
            if !still {
                kept.insert(taker);
            }
        }
        kept.into_iter().collect()
    }

    /// Whether leaving entry `target` out would change what happens to a packet; of an entry that is not needed, the
    /// later entries that do the same to its packets.
    pub fn needed(&self, target: usize) -> Result<Need, Undecided> {
        let ask = Ask { sure: Sure::Possible, permits_take: true };
        let entry = &self.flat.entries[target];
        if let Some((packet, instead)) = self.missed_point(target, ask) {
            return Ok(Need::Needed { piece: Box::new(only(&packet)), instead });
        }
        if self.need.0.get() > NEED_ALL {
            return Err(Undecided);
        }
        let mut looked = 0;
        let mut same: Vec<u32> = Vec::new();
        let mut others: Vec<u32> = Vec::new();
        for cube in &entry.upper {
            let (hull, exact) = Hull::of(cube);
            self.tree(cube).visit(&hull, target + 1..usize::MAX, &mut |index| {
                looked += 1;
                let boxed = &self.boxes[index as usize];
                let differs = self.flat.entries[boxed.entry].effect != entry.effect;
                let counts = boxed.bound != if differs { Bound::Lower } else { Bound::Upper };
                if counts && boxed.entry > target && boxed.overlaps(&hull, exact, cube) {
                    if differs { others.push(index) } else { same.push(index) }
                }
                true
            });
        }
        self.need.0.set(self.need.0.get() + looked);
        for list in [&mut same, &mut others] {
            list.sort_by_key(|index| (self.boxes[*index as usize].entry, *index));
            list.dedup();
        }
        for other in &others {
            let boxed = &self.boxes[*other as usize];
            // One later entry of the same effect that holds all of a box saves the search.
            let held = |cube: &Cube| {
                let (hull, _) = Hull::of(cube);
                let mut later = same.iter().map(|index| &self.boxes[*index as usize]);
                later.any(|later| later.entry < boxed.entry && later.covers(&hull, cube))
            };
            self.need.0.set(self.need.0.get() + same.len() as u64);
            if self.need.0.get() > NEED_ALL {
                return Err(Undecided);
            }
            if entry.upper.iter().all(held) {
                continue;
            }
            for part in intersections(&entry.upper, std::slice::from_ref(boxed.cube)) {
                let mut candidates = self.candidates(target, &part, ask);
                let later = same.iter().map(|index| &self.boxes[*index as usize]);
                candidates.extend(later.filter(|later| later.entry < boxed.entry).map(Candidate::taking));
                match first_left(&part, &candidates, &self.budget, &mut |_| {}) {
                    Left::Nothing => {}
                    Left::Piece(piece) => return Ok(Need::Needed { piece, instead: boxed.entry }),
                    Left::Undecided(_) => return Err(Undecided),
                }
            }
        }
        let mut by: Vec<usize> = same.iter().map(|index| self.boxes[*index as usize].entry).collect();
        by.dedup();
        by.truncate(NAMED_MAX);
        // Without another effect behind it, the end of the list has to do the same.
        if by.is_empty() { Ok(Need::End) } else { Ok(Need::Redundant(by)) }
    }

    /// A packet among a few that gets to entry `target` and would be decided otherwise without it, and by whom.
    fn missed_point(&self, target: usize, ask: Ask) -> Option<(Packet, usize)> {
        let entry = &self.flat.entries[target];
        let points = entry.upper.iter().flat_map(|cube| (0..POINTS).map(|n| point(cube, n)));
        points.filter(|packet| !self.is_taken(target, packet, ask)).find_map(|packet| {
            let next = self.first_match(&packet, target + 1)?;
            (self.flat.entries[next].effect != entry.effect).then_some((packet, next))
        })
    }

    /// The entry that decides a packet, where that is certain.
    pub fn decides(&self, packet: &Packet) -> Option<usize> {
        let mut next = 0;
        loop {
            let entry = self.first_match(packet, next)?;
            if !self.flat.entries[entry].lower().iter().any(|cube| packet.is_in(cube)) {
                return None;
            }
            match self.flat.entries[entry].effect {
                Effect::Skip => next = self.flat.entries[entry].until.max(entry + 1),
                _ => return Some(entry),
            }
        }
    }

    /// The first entry from `from` on that may match a packet.
    fn first_match(&self, packet: &Packet, from: usize) -> Option<usize> {
        let tree = if packet.src.is_ipv4() { &self.v4 } else { &self.v6 };
        // Of a hull that is the box, touching a point is holding it.
        let hit = |boxed: &Boxed<'_>| boxed.exact || packet.is_in(boxed.cube);
        tree.first(&self.boxes, &Hull::point(packet), from..usize::MAX, &hit)
    }

    /// Entries of the opposite effect that may share packets with `cubes`.
    pub(crate) fn opposite(&self, effect: Effect, cubes: &[Cube]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for cube in cubes {
            let (hull, exact) = Hull::of(cube);
            self.tree(cube).visit(&hull, 0..usize::MAX, &mut |index| {
                let boxed = &self.boxes[index as usize];
                let of = self.flat.entries[boxed.entry].effect;
                if of != effect && of != Effect::Skip && boxed.overlaps(&hull, exact, cube) {
                    found.insert(boxed.entry);
                }
                true
            });
        }
        found
    }

    /// Every box of an entry as a taker.
    pub(crate) fn takers_of(&self, entry: usize) -> impl Iterator<Item = Candidate<'_>> {
        let from = self.boxes.partition_point(|boxed| boxed.entry < entry);
        self.boxes[from..].iter().take_while(move |boxed| boxed.entry == entry).map(Candidate::taking)
    }

    /// The path that it is of.
    pub fn flat(&self) -> &'f Flat<'f> {
        self.flat
    }

    /// How much of `cubes` an entry may take, roughly.
    fn share(&self, entry: usize, cubes: &[Cube]) -> f64 {
        let hulls = self.flat.entries[entry].upper.iter().map(|cube| Hull::of(cube).0);
        let shares = hulls.flat_map(|hull| {
            cubes.iter().map(move |cube| {
                let (around, _) = Hull::of(cube);
                if hull.touches(&around) { hull.share_of(&around) } else { 0.0 }
            })
        });
        shares.sum()
    }

    fn tree(&self, cube: &Cube) -> &Tree {
        if cube.src.v4.is_empty() { &self.v6 } else { &self.v4 }
    }

    /// What a box does to packets on their way to `target`.
    fn role(&self, boxed: &Boxed<'_>, target: usize, ask: Ask) -> Option<Role> {
        let entry = &self.flat.entries[boxed.entry];
        let passes = entry.effect == Effect::Skip && entry.until <= target;
        if entry.effect == Effect::Permit && !ask.permits_take {
            return None;
        }
        // Who asks what surely arrives counts every taker and only sure jumps.
        let wanted = if (ask.sure == Sure::Certain) == passes { Bound::Lower } else { Bound::Upper };
        (boxed.bound == Bound::Exact || boxed.bound == wanted).then_some(if passes {
            Role::Jump(entry.until)
        } else {
            Role::Take
        })
    }

    fn is_taken(&self, target: usize, packet: &Packet, ask: Ask) -> bool {
        let tree = if packet.src.is_ipv4() { &self.v4 } else { &self.v6 };
        let hull = Hull::point(packet);
        let mut hits: Vec<(usize, Role)> = Vec::new();
        let finished = tree.visit(&hull, 0..target, &mut |index| {
            let boxed = &self.boxes[index as usize];
            if boxed.entry < target
                && let Some(role) = self.role(boxed, target, ask)
                && ((boxed.exact && boxed.hull.touches(&hull)) || packet.is_in(boxed.cube))
            {
                if !self.jumps {
                    return !boxed.hull.touches(&hull);
                }
                hits.push((boxed.entry, role));
            }
            true
        });
        if !self.jumps {
            return !finished;
        }
        hits.sort_unstable_by_key(|(entry, _)| *entry);
        let mut next = 0;
        for (entry, role) in hits {
            match role {
                _ if entry < next => {}
                Role::Take => return true,
                Role::Jump(until) => next = until,
            }
        }
        false
    }

    /// Boxes before `target` that do something to packets of `cube`, in order.
    pub(crate) fn candidates(&self, target: usize, cube: &Cube, ask: Ask) -> Vec<Candidate<'_>> {
        self.candidates_if(target, cube, ask, &|_| true)
    }

    fn candidates_if(
        &self,
        target: usize,
        cube: &Cube,
        ask: Ask,
        keep: &dyn Fn(&Boxed<'_>) -> bool,
    ) -> Vec<Candidate<'_>> {
        let (hull, exact) = Hull::of(cube);
        let mut found: Vec<(u32, Role)> = Vec::new();
        self.tree(cube).visit(&hull, 0..target, &mut |index| {
            let boxed = &self.boxes[index as usize];
            if boxed.entry < target
                && keep(boxed)
                && let Some(role) = self.role(boxed, target, ask)
                && boxed.overlaps(&hull, exact, cube)
            {
                found.push((index, role));
            }
            true
        });
        // Boxes stand in the order of their entries.
        found.sort_unstable_by_key(|(index, _)| *index);
        let boxed = |index: u32| &self.boxes[index as usize];
        let jumps: Vec<(&Boxed<'_>, usize)> = found
            .iter()
            .filter_map(|(index, role)| match role {
                Role::Take => None,
                Role::Jump(until) => Some((boxed(*index), *until)),
            })
            .collect();
        let takers = found.iter().filter(|(_, role)| *role == Role::Take).map(|(index, _)| boxed(*index));
        let candidates = takers.map(|taker| {
            let by = |(jump, until): &&(&Boxed<'_>, usize)| jump.entry < taker.entry && taker.entry < *until;
            let passed_by = jumps.iter().filter(by).flat_map(|(jump, _)| {
                let before = |(other, until): &&(&Boxed<'_>, usize)| {
                    other.entry < jump.entry && jump.entry < *until && *until <= taker.entry
                };
                Gap::of(jump, jumps.iter().filter(before).map(|(other, _)| *other))
            });
            Candidate { boxed: taker, passed_by: passed_by.collect() }
        });
        candidates.collect()
    }
}

/// A box that takes packets on their way.
#[derive(Clone)]
pub(crate) struct Candidate<'c> {
    boxed: &'c Boxed<'c>,
    /// Packets that jump over it.
    passed_by: Vec<Gap<'c>>,
}

/// Packets of a jump that is reached.
#[derive(Clone)]
struct Gap<'c> {
    cube: Cow<'c, Cube>,
    hull: Hull,
    exact: bool,
}

impl<'c> Gap<'c> {
    /// A jump's box without those of others.
    fn of(jump: &'c Boxed<'c>, without: impl Iterator<Item = &'c Boxed<'c>>) -> Vec<Self> {
        let mut parts = vec![Cow::Borrowed(jump.cube)];
        for other in without {
            if parts.iter().any(|part| part.overlaps(other.cube)) {
                parts = parts.iter().flat_map(|part| part.minus(other.cube)).map(Cow::Owned).collect();
            }
        }
        let gap = |cube: Cow<'c, Cube>| {
            let (hull, exact) = Hull::of(&cube);
            Self { cube, hull, exact }
        };
        parts.into_iter().map(gap).collect()
    }

    fn overlaps(&self, hull: &Hull, exact: bool, cube: &Cube) -> bool {
        self.hull.touches(hull) && ((self.exact && exact) || self.cube.overlaps(cube))
    }
}

impl<'c> Candidate<'c> {
    const fn taking(boxed: &'c Boxed<'c>) -> Self {
        Self { boxed, passed_by: Vec::new() }
    }
}

/// Counts candidates looked at.
#[derive(Debug, Default)]
pub(crate) struct Budget(Cell<u64>);

impl Budget {
    /// False when nothing is left for this question, or for all.
    fn spend(&self, looked: usize, of_this_question: &mut u64) -> bool {
        *of_this_question += looked as u64;
        let all = self.0.get().saturating_add(looked as u64);
        self.0.set(all);
        *of_this_question <= STEPS_MAX && all <= STEPS_ALL
    }
}

/// The first piece of `cube` that is left when the candidates have done what they do.
fn first_left(
    cube: &Cube,
    candidates: &[Candidate<'_>],
    budget: &Budget,
    taken_by: &mut dyn FnMut(&Boxed<'_>),
) -> Left {
    let mut piece = Left::Nothing;
    let mut keep = |left: Cube| {
        piece = Left::Piece(Box::new(left));
        false
    };
    match carve(cube, candidates, budget, taken_by, &mut keep) {
        Ok(()) => piece,
        Err(Undecided) => Left::Undecided(Box::new(cube.clone())),
    }
}

/// Takes from `cube` what the candidates take; `left` is called for each disjoint piece that is left, until it says
/// false.
pub(crate) fn carve(
    cube: &Cube,
    candidates: &[Candidate<'_>],
    budget: &Budget,
    taken_by: &mut dyn FnMut(&Boxed<'_>),
    left: &mut dyn FnMut(Cube) -> bool,
) -> Result<(), Undecided> {
    let mut steps = 0;
    let mut work: Vec<(Cube, Vec<&Candidate<'_>>)> = vec![(cube.clone(), candidates.iter().collect())];
    while let Some((piece, takers)) = work.pop() {
        if takers.is_empty() {
            if left(piece) {
                continue;
            }
            return Ok(());
        }
        if !budget.spend(takers.len(), &mut steps) {
            return Err(Undecided);
        }
        let (hull, exact) = Hull::of(&piece);
        let unpassed = |taker: &Candidate<'_>| !taker.passed_by.iter().any(|gap| gap.overlaps(&hull, exact, &piece));
        if let Some(whole) = takers.iter().find(|taker| taker.boxed.covers(&hull, &piece) && unpassed(taker)) {
            taken_by(whole.boxed);
            continue;
        }
        let largest = largest(&takers, &hull);
        taken_by(largest.boxed);
        let mut parts = piece.minus(largest.boxed.cube);
        if !largest.passed_by.is_empty() {
            parts.extend(passing(&piece, largest));
        }
        let mut parts: Vec<(Cube, Vec<&Candidate<'_>>)> = parts
            .into_iter()
            .map(|part| {
                let (hull, exact) = Hull::of(&part);
                let touching = |taker: &&Candidate<'_>| {
                    !std::ptr::eq(*taker, largest) && taker.boxed.overlaps(&hull, exact, &part)
                };
                let rest = takers.iter().copied().filter(touching).collect();
                (part, rest)
            })
            .collect();
        // The part with the fewest takers comes next: if one is free, it is most likely that one.
        parts.sort_by_key(|(_, rest)| std::cmp::Reverse(rest.len()));
        work.append(&mut parts);
    }
    Ok(())
}

/// The taker with the largest share of a piece; one that jumps pass by counts half.
fn largest<'t, 'c>(takers: &[&'t Candidate<'c>], piece: &Hull) -> &'t Candidate<'c> {
    let share =
        |taker: &Candidate<'_>| taker.boxed.hull.share_of(piece) * if taker.passed_by.is_empty() { 1.0 } else { 0.5 };
    let mut largest = (takers[0], share(takers[0]));
    for taker in &takers[1..] {
        let here = share(taker);
        if here > largest.1 {
            largest = (taker, here);
        }
    }
    largest.0
}

/// Packets of a piece that are in a taker and pass by it.
fn passing(piece: &Cube, taker: &Candidate<'_>) -> Vec<Cube> {
    let mut passing = Vec::new();
    let mut rest: Vec<Cube> = piece.intersect(taker.boxed.cube).into_iter().collect();
    for gap in &taker.passed_by {
        let mut next = Vec::new();
        for part in rest {
            match part.intersect(&gap.cube) {
                Some(gone) => {
                    passing.push(gone);
                    next.extend(part.minus(&gap.cube));
                }
                None => next.push(part),
            }
        }
        rest = next;
    }
    passing
}

/// The budget did not suffice to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided;

/// Whether an entry is needed.
#[derive(Clone, Debug)]
pub enum Need {
    /// Without it these packets would be decided by another entry, with another effect.
    Needed {
        /// Packets.
        piece: Box<Cube>,
        /// Who would decide them.
        instead: usize,
    },
    /// Without it the same would happen, by these.
    Redundant(Vec<usize>),
    /// Nothing behind it decides its packets.
    End,
}

/// Packets in a box of each side.
pub(crate) fn intersections(a: &[Cube], b: &[Cube]) -> Vec<Cube> {
    a.iter().flat_map(|a| b.iter().filter_map(|b| a.intersect(b))).collect()
}

/// The box of one packet.
fn only(packet: &Packet) -> Cube {
    Cube {
        in_ifs: Intervals::one(packet.in_if),
        out_ifs: Intervals::one(packet.out_if),
        src: AddrSet::host(packet.src),
        dst: AddrSet::host(packet.dst),
        service: Service {
            proto: Protos(Intervals::one(packet.proto)),
            sport: Ports(Intervals::one(packet.sport)),
            dport: Ports(Intervals::one(packet.dport)),
        },
    }
}

/// The `n`th packet to try of a box: its two ends, then others by a fixed sequence.
fn point(cube: &Cube, n: u64) -> Packet {
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || match n {
        0 => 0,
        1 => u64::MAX,
        _ => {
            // SplitMix64 (Steele, Lea, Flood 2014).
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }
    };
    let address = |set: &AddrSet, next: &mut dyn FnMut() -> u64| match set.v4.pick(next(), next()) {
        Some(address) => std::net::IpAddr::from(std::net::Ipv4Addr::from(address)),
        None => std::net::Ipv6Addr::from(set.v6.pick(next(), next()).unwrap_or(0)).into(),
    };
    Packet {
        src: address(&cube.src, &mut next),
        dst: address(&cube.dst, &mut next),
        in_if: cube.in_ifs.pick(next(), next()).unwrap_or(0),
        out_if: cube.out_ifs.pick(next(), next()).unwrap_or(0),
        proto: cube.service.proto.0.pick(next(), next()).unwrap_or(0),
        sport: cube.service.sport.0.pick(next(), next()).unwrap_or(0),
        dport: cube.service.dport.0.pick(next(), next()).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flat::tests::{packet, rule, small_world};
    use crate::flat::{Universe, flatten};
    use proptest::prelude::*;

    /// All packets of the small world.
    fn world() -> impl Iterator<Item = Packet> {
        (0..5).flat_map(|src| (0..5).map(move |port| packet(src, port)))
    }

    fn matches(flat: &Flat<'_>, entry: usize, packet: &Packet) -> bool {
        flat.entries[entry].effect != Effect::Log && flat.entries[entry].upper.iter().any(|cube| packet.is_in(cube))
    }

    /// The entry that decides, one packet at a time; `without` is left out.
    fn decides(flat: &Flat<'_>, packet: &Packet, without: Option<usize>) -> Option<usize> {
        let mut next = 0;
        for index in 0..flat.entries.len() {
            if index < next || without == Some(index) || !matches(flat, index, packet) {
                continue;
            }
            match flat.entries[index].effect {
                Effect::Skip => next = flat.entries[index].until,
                _ => return Some(index),
            }
        }
        None
    }

    /// Whether a packet of entry `target` gets there.
    fn arrives(flat: &Flat<'_>, packet: &Packet, target: usize, permits_take: bool) -> bool {
        let mut next = 0;
        for index in 0..target {
            if index < next || !matches(flat, index, packet) {
                continue;
            }
            match flat.entries[index].effect {
                Effect::Skip => next = flat.entries[index].until,
                Effect::Permit if !permits_take => {}
                _ => return false,
            }
        }
        next <= target && matches(flat, target, packet)
    }

    /// Whether a packet gets to entry `target` when of the uncertain rules those match whose line is in `holds`.
    fn arrives_if(flat: &Flat<'_>, packet: &Packet, target: usize, holds: u32) -> bool {
        let applies = |index: usize| {
            matches(flat, index, packet)
                && flat.entries[index]
                    .rule
                    .is_none_or(|rule| rule.unknown.is_empty() || holds >> rule.line_from & 1 == 1)
        };
        let mut next = 0;
        for index in 0..target {
            if index < next || !applies(index) {
                continue;
            }
            match flat.entries[index].effect {
                Effect::Skip => next = flat.entries[index].until,
                _ => return false,
            }
        }
        next <= target && applies(target)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn what_is_sure_holds_however_unknown_matches_turn_out(
            a in prop::collection::vec(rule(), 1..6),
            b in prop::collection::vec(rule(), 1..5),
            unsure in any::<u16>(),
        ) {
            let mut policy = small_world(a, b, Vec::new());
            let mut line = 0;
            for rule in policy.chains.iter_mut().flat_map(|chain| &mut chain.rules) {
                line += 1;
                rule.line_from = line;
                if unsure >> line & 1 == 1 {
                    rule.add_unknown("mark", line);
                }
            }
            let universe = Universe::of(&policy);
            let flat = flatten(&policy, &universe, &policy.paths[0], None);
            let index = Index::of(&flat);
            let doubtful: Vec<u32> = (1..=line).filter(|line| unsure >> line & 1 == 1).collect();
            let resolutions = || (0..1u32 << doubtful.len()).map(|bits| {
                doubtful.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).fold(0u32, |all, (_, line)| all | 1 << line)
            });
            for target in (0..flat.entries.len()).filter(|target| flat.entries[*target].effect != Effect::Log) {
                if index.dead(target).unwrap().is_some() {
                    for holds in resolutions() {
                        prop_assert!(!world().any(|packet| arrives_if(&flat, &packet, target, holds)), "{target} {holds:b}");
                    }
                }
                let ask = Ask { sure: Sure::Certain, permits_take: true };
                if let Left::Piece(piece) = index.reaching(target, flat.entries[target].lower(), ask).left {
                    for holds in resolutions() {
                        let all = world().filter(|packet| packet.is_in(&piece)).all(|packet| arrives_if(&flat, &packet, target, holds));
                        prop_assert!(all, "{target} {holds:b}");
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn every_answer_agrees_with_trying_every_packet(
            a in prop::collection::vec(rule(), 0..7),
            b in prop::collection::vec(rule(), 0..6),
            c in prop::collection::vec(rule(), 0..4),
            layered in any::<bool>(),
        ) {
            let mut policy = small_world(a, b, c);
            if layered {
                // Two lists that both have to permit.
                policy.chains[1].default = policy.chains[0].default.clone();
                policy.paths[0].layers.insert(0, vec!["b".into()]);
            }
            let universe = Universe::of(&policy);
            let flat = flatten(&policy, &universe, &policy.paths[0], None);
            let index = Index::of(&flat);
            for packet in world() {
                prop_assert_eq!(index.decides(&packet), decides(&flat, &packet, None));
            }
            for target in 0..flat.entries.len() {
                if flat.entries[target].effect == Effect::Log {
                    continue;
                }
                for permits_take in [true, false] {
                    let some = world().any(|packet| arrives(&flat, &packet, target, permits_take));
                    let ask = Ask { sure: Sure::Certain, permits_take };
                    match index.reaching(target, &flat.entries[target].upper, ask).left {
                        Left::Nothing => prop_assert!(!some, "{target}"),
                        Left::Piece(piece) => {
                            // Ports beyond the small world exist too, so a piece may lie outside of it.
                            let inside: Vec<Packet> = world().filter(|packet| packet.is_in(&piece)).collect();
                            prop_assert!(inside.iter().all(|packet| arrives(&flat, packet, target, permits_take)));
                        }
                        Left::Undecided(_) => prop_assert!(false, "undecided"),
                    }
                }
                let dead = index.dead(target).unwrap();
                let alive = world().any(|packet| arrives(&flat, &packet, target, true));
                if let Some(takers) = &dead {
                    prop_assert!(!alive);
                    let fewer = index.fewest(target, takers.clone());
                    for packet in world().filter(|packet| matches(&flat, target, packet)) {
                        let by = decides(&flat, &packet, None);
                        prop_assert!(by.is_some_and(|by| by < target || flat.entries[by].until <= target || by > target));
                    }
                    prop_assert!(fewer.iter().all(|taker| takers.contains(taker)));
                    let effect = flat.entries[target].effect;
                    if !matches!(effect, Effect::Skip) {
                        let differs = world().any(|packet| {
                            matches(&flat, target, &packet)
                                && decides(&flat, &packet, None).is_some_and(|by| by < target && flat.entries[by].effect != effect && flat.entries[by].effect != Effect::Skip)
                        });
                        let found = index.contradicted(target);
                        prop_assert!(!differs || found.is_some(), "{target}");
                    }
                } else if matches!(flat.entries[target].effect, Effect::Permit | Effect::Deny) && flat.entries[target].rule.is_some() {
                    let effect = flat.entries[target].effect;
                    let changes = world().any(|packet| {
                        decides(&flat, &packet, None) == Some(target)
                            && decides(&flat, &packet, Some(target)).is_none_or(|by| flat.entries[by].effect != effect)
                    });
                    match index.needed(target).unwrap() {
                        Need::Redundant(_) => prop_assert!(!changes, "{target}"),
                        Need::Needed { .. } | Need::End => {}
                    }
                }
            }
        }
    }
}
