//! Paths of a policy as flat lists: jumps unfolded, objects as boxes, one order of evaluation.
//!
//! A *box* is a product of sets: interface in, interface out, one address family's source and destination, protocol,
//! source port, destination port. A rule is a union of boxes. An [`Entry`] is a rule reached on one way through the
//! lists, with the boxes that are left of it on that way.
//!
//! *Return and goto* do not end evaluation, they skip the rest of a list. So an entry says up to which entry its packets
//! skip ([`Entry::until`]): a return to the end of the list that it leaves, a permit of a layer to the next layer. What
//! reaches an entry is asked of [`crate::cover`].
//!
//! *Certain and possible.* `upper` boxes may match, `lower` boxes surely match. What is surely permitted is `lower` of
//! a permit without the `upper` of what is before it; what may be permitted is `upper` without their `lower`.
//!
//! Limits: analysis is of a connection's first packet; network address translation is not followed; unfolding stops at
//! [`MAX_ENTRIES`] entries, [`MAX_VISITS`] rules or [`MAX_DEPTH`] nested lists, [`subtract`] at [`MAX_STEPS`] steps, and the answer
//! is then "possible", never a guess.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::interval::Intervals;
use crate::net::{AddrSet, Service};
use crate::policy::{Action, Chain, Hook, Names, Path, Policy, Rule};

/// Entries that one path may unfold to.
pub const MAX_ENTRIES: usize = 200_000;
/// Lists that may be nested.
pub const MAX_DEPTH: usize = 64;
/// Rules that unfolding one path may look at.
pub const MAX_VISITS: usize = 500_000;
/// Pieces that one subtraction may look at.
pub const MAX_STEPS: usize = 50_000;

/// A product of sets. Empty where any of its sets is.
#[derive(Clone, Debug, PartialEq)]
pub struct Cube {
    /// Interfaces that packets come in by, as numbers of [`Universe`].
    pub in_ifs: Intervals<u16>,
    /// Interfaces that packets go out by.
    pub out_ifs: Intervals<u16>,
    /// Source addresses; one family only.
    pub src: AddrSet,
    /// Destination addresses; the same family only.
    pub dst: AddrSet,
    /// Protocol and ports.
    pub service: Service,
}

impl Cube {
    /// Every packet of one family.
    pub fn full(family: AddrSet) -> Self {
        Self {
            in_ifs: Intervals::full(),
            out_ifs: Intervals::full(),
            src: family.clone(),
            dst: family,
            service: Service::any(),
        }
    }

    /// Whether no packet is in it.
    pub fn is_empty(&self) -> bool {
        self.in_ifs.is_empty()
            || self.out_ifs.is_empty()
            || self.src.is_empty()
            || self.dst.is_empty()
            || self.service.is_empty()
    }

    /// Packets in both; `None` when there are none.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        if !self.overlaps(other) {
            return None;
        }
        let both = Self {
            in_ifs: self.in_ifs.intersect(&other.in_ifs),
            out_ifs: self.out_ifs.intersect(&other.out_ifs),
            src: self.src.intersect(&other.src),
            dst: self.dst.intersect(&other.dst),
            service: self.service.intersect(&other.service),
        };
        (!both.is_empty()).then_some(both)
    }

    /// Whether some packet is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.service.dport.0.overlaps(&other.service.dport.0)
            && self.service.proto.0.overlaps(&other.service.proto.0)
            && overlaps_in_a_family(&self.src, &self.dst, &other.src, &other.dst)
            && self.in_ifs.overlaps(&other.in_ifs)
            && self.out_ifs.overlaps(&other.out_ifs)
            && self.service.sport.0.overlaps(&other.service.sport.0)
    }

    /// Whether every packet of `other` is in this one.
    pub fn covers(&self, other: &Self) -> bool {
        self.service.dport.0.covers(&other.service.dport.0)
            && self.service.proto.0.covers(&other.service.proto.0)
            && self.dst.covers(&other.dst)
            && self.src.covers(&other.src)
            && self.in_ifs.covers(&other.in_ifs)
            && self.out_ifs.covers(&other.out_ifs)
            && self.service.sport.0.covers(&other.service.sport.0)
    }

    /// Packets of this one that are not in the other, as disjoint pieces.
    pub fn minus(&self, other: &Self) -> Vec<Self> {
        let Some(both) = self.intersect(other) else { return vec![self.clone()] };
        let mut pieces = Vec::new();
        let mut rest = self.clone();
        let mut cut = |piece: Self| {
            if !piece.is_empty() {
                pieces.push(piece);
            }
        };
        cut(Self { in_ifs: rest.in_ifs.minus(&both.in_ifs), ..rest.clone() });
        rest.in_ifs = both.in_ifs;
        cut(Self { out_ifs: rest.out_ifs.minus(&both.out_ifs), ..rest.clone() });
        rest.out_ifs = both.out_ifs;
        cut(Self { src: rest.src.minus(&both.src), ..rest.clone() });
        rest.src = both.src;
        cut(Self { dst: rest.dst.minus(&both.dst), ..rest.clone() });
        rest.dst = both.dst;
        for service in rest.service.minus(&both.service) {
            cut(Self { service, ..rest.clone() });
        }
        pieces
    }
}

fn overlaps_in_a_family(src: &AddrSet, dst: &AddrSet, other_src: &AddrSet, other_dst: &AddrSet) -> bool {
    (src.v4.overlaps(&other_src.v4) && dst.v4.overlaps(&other_dst.v4))
        || (src.v6.overlaps(&other_src.v6) && dst.v6.overlaps(&other_dst.v6))
}

/// Interfaces of a policy as numbers. Number 0 stands for interfaces that the file does not name; each pattern such as
/// `eth+` has a number of its own for the names that it would match and that the file does not name.
#[derive(Debug)]
pub struct Universe {
    numbers: BTreeMap<String, u16>,
    zones: BTreeMap<String, Vec<String>>,
    /// Every number in use.
    pub all: Intervals<u16>,
}

impl Universe {
    /// Of a policy's interfaces, zones and all names in its rules.
    pub fn of(policy: &Policy) -> Self {
        Self::numbering(&[policy]).zoned(policy)
    }

    /// Of several policies that are compared: a name has the same number in all.
    pub fn common<const N: usize>(policies: [&Policy; N]) -> [Self; N] {
        let shared = Self::numbering(&policies);
        policies.map(|policy| shared.zoned(policy))
    }

    fn zoned(&self, policy: &Policy) -> Self {
        Self { numbers: self.numbers.clone(), zones: policy.zones.clone(), all: self.all.clone() }
    }

    fn numbering(policies: &[&Policy]) -> Self {
        let mut names: BTreeSet<&String> = BTreeSet::new();
        for policy in policies {
            let in_rules = policy.rules().flat_map(|rule| rule.in_ifs.names.iter().chain(&rule.out_ifs.names));
            let in_paths = policy.paths.iter().flat_map(|path| path.in_ifs.names.iter().chain(&path.out_ifs.names));
            let defined = policy.interfaces.iter().map(|interface| &interface.name);
            let members = policy.zones.values().flatten();
            let all = in_rules.chain(in_paths).chain(defined).chain(members);
            names.extend(all.filter(|name| !policy.zones.contains_key(*name)));
        }
        let numbers: BTreeMap<String, u16> = (1..u16::MAX).zip(names).map(|(n, name)| (name.clone(), n)).collect();
        let last = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
        Self { numbers, zones: BTreeMap::new(), all: Intervals::range(0, last) }
    }

    /// Numbers of the interfaces meant.
    pub fn resolve(&self, names: &Names) -> Intervals<u16> {
        if names.is_any() {
            return self.all.clone();
        }
        let mut found = Vec::new();
        for name in &names.names {
            let members = self.zones.get(name).map_or(std::slice::from_ref(name), Vec::as_slice);
            for member in members {
                if let Some(prefix) = member.strip_suffix('+') {
                    found.extend(
                        self.numbers.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, n)| (*n, *n)),
                    );
                }
                // A name beyond the numbers (65,535 interfaces) falls to those that are not named.
                let number = self.numbers.get(member).copied().unwrap_or(0);
                found.push((number, number));
            }
        }
        let found = Intervals::of(found);
        if names.negated { self.all.minus(&found) } else { found }
    }

    /// Names of the interfaces behind numbers; `None` stands for those that the file does not name.
    pub fn names<'a>(&'a self, set: &'a Intervals<u16>) -> impl Iterator<Item = Option<&'a str>> {
        let unnamed = set.contains(0).then_some(None);
        unnamed
            .into_iter()
            .chain(self.numbers.iter().filter(|(_, n)| set.contains(**n)).map(|(name, _)| Some(name.as_str())))
    }
}

/// What an entry does to the packets that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Lets them through.
    Permit,
    /// Drops them.
    Deny,
    /// Logs them and goes on.
    Log,
    /// Skips the rest of a list, or hands on to the next layer.
    Skip,
}

/// A rule as it is reached on one way through the lists.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The rule; none for what a list does at its end.
    pub rule: Option<&'a Rule>,
    /// The list that it stands in.
    pub chain: &'a Chain,
    /// What it does.
    pub effect: Effect,
    /// Its packets go on at this entry; the end of the list for permits and denies.
    pub until: usize,
    /// May match.
    pub upper: Vec<Cube>,
    /// Surely match; `None` when that is all of `upper`.
    pub lower: Option<Vec<Cube>>,
}

impl Entry<'_> {
    /// Boxes that surely match.
    pub fn lower(&self) -> &[Cube] {
        self.lower.as_deref().unwrap_or(&self.upper)
    }
}

/// A path, unfolded.
#[derive(Debug)]
pub struct Flat<'a> {
    /// The path.
    pub path: &'a Path,
    /// In order of evaluation. The last is what happens to packets that no rule takes.
    pub entries: Vec<Entry<'a>>,
    /// The budget did not suffice: entries are missing and nothing after them is certain.
    pub incomplete: bool,
}

/// Boxes of a rule or a way to it, as upper and lower bounds.
#[derive(Clone)]
struct Bounds {
    upper: Vec<Cube>,
    /// `None`: the same.
    lower: Option<Vec<Cube>>,
}

impl Bounds {
    fn lower(&self) -> &[Cube] {
        self.lower.as_deref().unwrap_or(&self.upper)
    }

    fn intersect(&self, other: &Self) -> Self {
        let cross = |a: &[Cube], b: &[Cube]| -> Vec<Cube> {
            a.iter().flat_map(|a| b.iter().filter_map(|b| a.intersect(b))).collect()
        };
        let exact = self.lower.is_none() && other.lower.is_none();
        Self { upper: cross(&self.upper, &other.upper), lower: (!exact).then(|| cross(self.lower(), other.lower())) }
    }
}

/// Unfolds a path. `as_of` decides which schedules have ended.
pub fn flatten<'a>(policy: &'a Policy, universe: &Universe, path: &'a Path, as_of: Option<Date>) -> Flat<'a> {
    let cube = |family| Cube {
        in_ifs: universe.resolve(&path.in_ifs),
        out_ifs: universe.resolve(&path.out_ifs),
        ..Cube::full(family)
    };
    let start = Bounds { upper: vec![cube(AddrSet::full_v4()), cube(AddrSet::full_v6())], lower: None };
    let chains = policy.chains.iter().map(|chain| (chain.name.as_str(), chain)).collect();
    let mut unfolding =
        Unfolding { chains, universe, hook: path.hook, as_of, entries: Vec::new(), visits: 0, incomplete: false };
    let mut layers = path.layers.iter().peekable();
    while let Some(layer) = layers.next() {
        let begin = unfolding.entries.len();
        for name in layer {
            let Some(chain) = unfolding.chains.get(name.as_str()).copied() else { continue };
            let mut returns = Vec::new();
            unfolding.walk(chain, &start, 0, &mut returns);
            unfolding.land(&returns);
            let effect = match chain.default.action {
                Action::Permit => Effect::Permit,
                Action::Deny => Effect::Deny,
                _ => continue,
            };
            unfolding.push(None, chain, effect, start.clone());
        }
        if layers.peek().is_some() {
            unfolding.pass_on(begin);
        }
    }
    Flat { path, incomplete: unfolding.incomplete, entries: unfolding.entries }
}

/// All paths of a hook as one list. Paths of a hook are for different interfaces, so their order does not matter.
pub fn merged<'a>(policy: &'a Policy, universe: &Universe, hook: Hook, as_of: Option<Date>) -> Option<Flat<'a>> {
    let of_hook = policy.paths.iter().filter(|path| path.hook == hook);
    let mut flats = of_hook.map(|path| flatten(policy, universe, path, as_of));
    let mut all = flats.next()?;
    for flat in flats {
        let base = all.entries.len();
        all.entries.extend(flat.entries.into_iter().map(|mut entry| {
            entry.until = entry.until.saturating_add(base);
            entry
        }));
        all.incomplete |= flat.incomplete;
    }
    Some(all)
}

struct Unfolding<'a, 'u> {
    chains: BTreeMap<&'a str, &'a Chain>,
    universe: &'u Universe,
    hook: Hook,
    as_of: Option<Date>,
    entries: Vec<Entry<'a>>,
    visits: usize,
    incomplete: bool,
}

impl<'a> Unfolding<'a, '_> {
    /// Adds the rules of `chain` for packets that come on `way`. Entries that leave the chain are listed in `returns`;
    /// the caller tells them where they land.
    fn walk(&mut self, chain: &'a Chain, way: &Bounds, depth: usize, returns: &mut Vec<usize>) {
        if depth >= MAX_DEPTH {
            self.incomplete = true;
            return;
        }
        for rule in &chain.rules {
            self.visits += 1;
            if self.entries.len() >= MAX_ENTRIES || self.visits > MAX_VISITS {
                self.incomplete = true;
                return;
            }
            let Some(bounds) = self.bounds(rule) else { continue };
            let bounds = way.intersect(&bounds);
            if bounds.upper.is_empty() {
                continue;
            }
            match &rule.action {
                Action::Permit => self.push(Some(rule), chain, Effect::Permit, bounds),
                Action::Deny => self.push(Some(rule), chain, Effect::Deny, bounds),
                Action::Log => self.push(Some(rule), chain, Effect::Log, bounds),
                Action::Continue => {}
                Action::Return => {
                    returns.push(self.entries.len());
                    self.push(Some(rule), chain, Effect::Skip, bounds);
                }
                Action::Jump(target) => {
                    if let Some(target) = self.chains.get(target.as_str()).copied() {
                        let mut inner = Vec::new();
                        self.walk(target, &bounds, depth + 1, &mut inner);
                        self.land(&inner);
                    }
                }
                Action::Goto(target) => {
                    if let Some(target) = self.chains.get(target.as_str()).copied() {
                        // Its returns, and its end, leave this chain as well.
                        self.walk(target, &bounds, depth + 1, returns);
                        returns.push(self.entries.len());
                        self.push(Some(rule), chain, Effect::Skip, bounds);
                    }
                }
            }
        }
    }

    fn push(&mut self, rule: Option<&'a Rule>, chain: &'a Chain, effect: Effect, bounds: Bounds) {
        let until = usize::MAX;
        self.entries.push(Entry { rule, chain, effect, until, upper: bounds.upper, lower: bounds.lower });
    }

    fn land(&mut self, returns: &[usize]) {
        let here = self.entries.len();
        for index in returns {
            self.entries[*index].until = here;
        }
    }

    /// What a layer permits goes on to the next one.
    fn pass_on(&mut self, begin: usize) {
        let next = self.entries.len();
        for entry in self.entries[begin..].iter_mut().filter(|entry| entry.effect == Effect::Permit) {
            (entry.effect, entry.until) = (Effect::Skip, next);
        }
    }

    /// The rule's own boxes; none when it cannot match the first packet of a connection here and now.
    fn bounds(&self, rule: &Rule) -> Option<Bounds> {
        if !rule.enabled || !rule.matches_new() {
            return None;
        }
        let mut uncertain = !rule.unknown.is_empty();
        if let Some(schedule) = &rule.schedule {
            if schedule.never || schedule.ends.zip(self.as_of).is_some_and(|(end, now)| end < now) {
                return None;
            }
            // Now and then it does not apply: as a permit it counts, as a deny it cannot be relied on.
            uncertain |= rule.action != Action::Permit;
        }
        match (rule.dst_local, self.hook) {
            (Some(true), Hook::Forward) | (Some(false), Hook::Input) => return None,
            (Some(_), Hook::Output) => uncertain = true,
            _ => {}
        }
        let in_ifs = self.universe.resolve(&rule.in_ifs);
        let out_ifs = self.universe.resolve(&rule.out_ifs);
        let cubes = |src: &AddrSet, dst: &AddrSet, services: &mut dyn Iterator<Item = &Service>| -> Vec<Cube> {
            let mut cubes = Vec::new();
            for service in services {
                for family in [AddrSet::full_v4(), AddrSet::full_v6()] {
                    let (src, dst) = (src.intersect(&family), dst.intersect(&family));
                    let cube =
                        Cube { in_ifs: in_ifs.clone(), out_ifs: out_ifs.clone(), src, dst, service: service.clone() };
                    if !cube.is_empty() {
                        cubes.push(cube);
                    }
                }
            }
            cubes
        };
        let all = &mut rule.services.lower.iter().chain(&rule.services.maybe);
        let upper = cubes(&rule.src.upper, &rule.dst.upper, all);
        let exact =
            rule.src.lower == rule.src.upper && rule.dst.lower == rule.dst.upper && rule.services.maybe.is_empty();
        let lower = if uncertain {
            Some(Vec::new())
        } else if exact {
            None
        } else {
            Some(cubes(&rule.src.lower, &rule.dst.lower, &mut rule.services.lower.iter()))
        };
        Some(Bounds { upper, lower })
    }
}

/// What is left of some boxes.
#[derive(Clone, Debug, PartialEq)]
pub enum Left {
    /// Nothing: others have taken all.
    Nothing,
    /// At least this piece.
    Piece(Box<Cube>),
    /// The budget did not suffice to tell; the piece was being looked at.
    Undecided(Box<Cube>),
}

/// What is left of `cubes` when all of `taken` is taken away.
pub fn subtract(cubes: Vec<Cube>, taken: &[&Cube]) -> Left {
    let mut steps = 0;
    let mut work: Vec<(Cube, usize)> = cubes.into_iter().rev().map(|cube| (cube, 0)).collect();
    while let Some((cube, mut next)) = work.pop() {
        let hit = loop {
            let Some(candidate) = taken.get(next) else { break None };
            steps += 1;
            next += 1;
            if candidate.overlaps(&cube) {
                break Some(candidate);
            }
        };
        let Some(hit) = hit else { return Left::Piece(Box::new(cube)) };
        if steps > MAX_STEPS {
            return Left::Undecided(Box::new(cube));
        }
        work.extend(cube.minus(hit).into_iter().map(|piece| (piece, next)));
    }
    Left::Nothing
}

impl Flat<'_> {
    /// What happens to a packet: the first certain answer, or `None` where a rule that cannot be evaluated comes before.
    pub fn decide(&self, packet: &Packet) -> Option<Effect> {
        let mut index = 0;
        while let Some(entry) = self.entries.get(index) {
            index += 1;
            if entry.effect == Effect::Log || !entry.upper.iter().any(|cube| packet.is_in(cube)) {
                continue;
            }
            if !entry.lower().iter().any(|cube| packet.is_in(cube)) {
                return None;
            }
            if entry.effect != Effect::Skip {
                return Some(entry.effect);
            }
            index = entry.until.max(index);
        }
        None
    }
}

/// Whether a question asks for what is surely so or for what may be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// Surely so.
    Certain,
    /// Perhaps so.
    Possible,
}

/// The first packet of a connection.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Interface numbers of [`Universe`].
    pub in_if: u16,
    /// The same for the way out.
    pub out_if: u16,
    /// Source.
    pub src: std::net::IpAddr,
    /// Destination.
    pub dst: std::net::IpAddr,
    /// Protocol.
    pub proto: u8,
    /// Source port, 0 without ports.
    pub sport: u16,
    /// Destination port, or ICMP type * 256 + code.
    pub dport: u16,
}

impl Packet {
    pub(crate) fn is_in(&self, cube: &Cube) -> bool {
        let has = |set: &AddrSet, address| match address {
            std::net::IpAddr::V4(address) => set.v4.contains(u32::from(address)),
            std::net::IpAddr::V6(address) => set.v6.contains(u128::from(address)),
        };
        cube.service.proto.0.contains(self.proto)
            && cube.service.dport.0.contains(self.dport)
            && cube.service.sport.0.contains(self.sport)
            && cube.in_ifs.contains(self.in_if)
            && cube.out_ifs.contains(self.out_if)
            && has(&cube.src, self.src)
            && has(&cube.dst, self.dst)
    }
}

impl Universe {
    /// Number of an interface; 0 when the policy does not name it.
    pub fn number(&self, name: &str) -> u16 {
        // A name that only a pattern covers has the pattern's number.
        self.numbers.get(name).copied().unwrap_or_else(|| {
            let patterns = self.numbers.iter().filter(|(known, _)| known.ends_with('+'));
            let covering = patterns.filter(|(known, _)| name.starts_with(known.trim_end_matches('+')));
            covering.max_by_key(|(known, _)| known.len()).map_or(0, |(_, n)| *n)
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::policy::{Addrs, DefaultAction, Log, Services};
    use proptest::prelude::*;

    /// Small worlds: few addresses, ports and lists, so that every packet can be tried.
    pub(crate) fn rule() -> impl Strategy<Value = Rule> {
        let action = prop_oneof![
            Just(Action::Permit),
            Just(Action::Deny),
            Just(Action::Return),
            Just(Action::Log),
            Just(Action::Jump("b".into())),
            Just(Action::Goto("b".into())),
            Just(Action::Jump("c".into())),
            Just(Action::Goto("c".into())),
        ];
        (action, 0u32..4, 0u32..4, 0u16..4, 0u16..4).prop_map(|(action, low, high, from, to)| {
            let mut rule = Rule::new(action, 1);
            let v4 = |low: u32, high: u32| AddrSet {
                v4: Intervals::range(low.min(high), low.max(high)),
                v6: Intervals::empty(),
            };
            rule.src = Addrs::exactly(v4(low, high));
            rule.dst = Addrs::exactly(AddrSet::full_v4());
            rule.services = Services::exactly(vec![Service::to(6, Intervals::range(from.min(to), from.max(to)))]);
            rule
        })
    }

    /// Three lists that call downwards only: a calls b and c, b calls c, c calls nothing.
    pub(crate) fn small_world(a: Vec<Rule>, mut b: Vec<Rule>, mut c: Vec<Rule>) -> Policy {
        for rule in &mut b {
            if matches!(&rule.action, Action::Jump(to) | Action::Goto(to) if to == "b") {
                rule.action = Action::Jump("c".into());
            }
        }
        c.retain(|rule| !matches!(rule.action, Action::Jump(_) | Action::Goto(_)));
        let chain = |name: &str, rules, default| Chain { name: name.into(), rules, default };
        Policy {
            chains: vec![
                chain("a", a, DefaultAction::implicit_deny(Log::No)),
                chain("b", b, DefaultAction::go_back()),
                chain("c", c, DefaultAction::go_back()),
            ],
            paths: vec![Path::through(Hook::Forward, vec!["a".into()])],
            ..Policy::default()
        }
    }

    /// A packet of the small world.
    pub(crate) fn packet(src: u32, dport: u16) -> Packet {
        Packet {
            in_if: 0,
            out_if: 0,
            src: std::net::Ipv4Addr::from(src).into(),
            dst: std::net::Ipv4Addr::LOCALHOST.into(),
            proto: 6,
            sport: 1,
            dport,
        }
    }

    /// What a kernel does: lists call each other, one packet at a time.
    fn walk(policy: &Policy, chain: &str, src: u32, port: u16) -> Option<Effect> {
        let chain = policy.chain(chain)?;
        for rule in &chain.rules {
            let hit = rule.src.lower.v4.contains(src) && rule.services.lower.iter().any(|s| s.dport.0.contains(port));
            if !hit {
                continue;
            }
            match &rule.action {
                Action::Permit => return Some(Effect::Permit),
                Action::Deny => return Some(Effect::Deny),
                Action::Return => return None,
                Action::Jump(to) => {
                    if let Some(verdict) = walk(policy, to, src, port) {
                        return Some(verdict);
                    }
                }
                Action::Goto(to) => return walk(policy, to, src, port),
                Action::Log | Action::Continue => {}
            }
        }
        match chain.default.action {
            Action::Permit => Some(Effect::Permit),
            Action::Deny => Some(Effect::Deny),
            _ => None,
        }
    }

    proptest! {
        #[test]
        fn unfolding_agrees_with_packet_by_packet_evaluation(
            a in prop::collection::vec(rule(), 0..6),
            b in prop::collection::vec(rule(), 0..5),
            c in prop::collection::vec(rule(), 0..4),
        ) {
            let policy = small_world(a, b, c);
            let universe = Universe::of(&policy);
            let flat = flatten(&policy, &universe, &policy.paths[0], None);
            for src in 0..5 {
                for port in 0..5 {
                    // A return or goto out of the first list leaves the packet to that list's default.
                    let expected = walk(&policy, "a", src, port).or(Some(Effect::Deny));
                    prop_assert_eq!(flat.decide(&packet(src, port)), expected, "{} {}", src, port);
                }
            }
        }
    }

    #[test]
    fn loops_and_exploding_calls_end_in_incomplete() {
        let jump = |to: &str| Rule::new(Action::Jump(to.into()), 1);
        let chain = |name: &str, rules| Chain { name: name.into(), rules, default: DefaultAction::go_back() };
        let path = |name: &str| Path::through(Hook::Forward, vec![name.into()]);
        let looping = Policy {
            chains: vec![chain("a", vec![jump("a"), jump("a")])],
            paths: vec![path("a")],
            ..Policy::default()
        };
        // 2^40 ways to the last list.
        let mut chains: Vec<Chain> =
            (0..40).map(|n| chain(&format!("c{n}"), vec![jump(&format!("c{}", n + 1)); 2])).collect();
        chains.push(chain("c40", vec![Rule::new(Action::Permit, 1)]));
        let exploding = Policy { chains, paths: vec![path("c0")], ..Policy::default() };
        for policy in [looping, exploding] {
            let universe = Universe::of(&policy);
            assert!(flatten(&policy, &universe, &policy.paths[0], None).incomplete);
        }
    }
}
