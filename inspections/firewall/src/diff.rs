//! What two versions of a policy, or two devices of a pair, do differently: exact, pair of deciding rules by pair.
//!
//! For every rule of the old version and every rule of the new one with the opposite effect, the packets are asked for
//! that each of the two decides. Rules that cannot be evaluated are the same unknown in both versions where they are
//! written alike, so a rule with an unknown match that nobody touched is no difference.

use std::collections::{BTreeMap, BTreeSet};

use crate::cover::{Ask, Budget, Candidate, Index, Undecided, carve, intersections};
use crate::flat::{Cube, Effect, Entry, Sure};
use crate::policy::Rule;
use crate::standing::Placed;

/// Boxes shown of one difference.
pub const SHOWN_MAX: usize = 20;

/// Packets that two rules decide differently.
#[derive(Debug)]
pub struct Difference<'a> {
    /// Who decided in the old version.
    pub old: Placed<'a>,
    /// Who decides in the new one.
    pub new: Placed<'a>,
    /// The new version permits what the old one denied; else the other way round.
    pub opened: bool,
    /// Surely; else a match of one of the rules, or of one before them, could not be evaluated.
    pub certain: bool,
    /// Disjoint boxes of these packets, [`SHOWN_MAX`] at most.
    pub cubes: Vec<Cube>,
    /// There are more boxes.
    pub more: bool,
}

/// All differences.
#[derive(Debug, Default)]
pub struct Diff<'a> {
    /// In the order of the old version, then of the new.
    pub differences: Vec<Difference<'a>>,
    /// Pairs of rules that the budget did not suffice to compare.
    pub undecided: u64,
}

/// Compares two versions. Their interfaces must have common numbers ([`crate::flat::Universe::common`]).
pub fn diff<'a>(old: &Index<'a>, new: &Index<'a>) -> Diff<'a> {
    let budget = Budget::default();
    let twins = [twins(old), twins(new)];
    let same = [Same::of(old, new), Same::of(new, old)];
    let mut result = Diff::default();
    for (number, entry) in old.flat().entries.iter().enumerate() {
        if !matches!(entry.effect, Effect::Permit | Effect::Deny) {
            continue;
        }
        for other in new.opposite(entry.effect, &entry.upper) {
            // Most rules stand in both versions: such a rule decides its packets before the other one does.
            if same[0].stands_before(number, other) || same[1].stands_before(other, number) {
                continue;
            }
            match pair(old, new, (number, other), &twins, &budget) {
                Ok(None) => {}
                Ok(Some(difference)) => result.differences.push(difference),
                Err(Undecided) => result.undecided += 1,
            }
        }
    }
    result
}

/// Where the entries of one version stand in the other, with the same effect on the same packets.
struct Same(Vec<Option<usize>>);

impl Same {
    /// Only entries that surely match what they match, and that nothing jumps over.
    fn of(index: &Index<'_>, other: &Index<'_>) -> Self {
        let jumps = |index: &Index<'_>| index.flat().entries.iter().any(|entry| entry.effect == Effect::Skip);
        if jumps(index) || jumps(other) {
            return Self(vec![None; index.flat().entries.len()]);
        }
        let key = |entry: &Entry<'_>| {
            let known = entry.lower.is_none() && matches!(entry.effect, Effect::Permit | Effect::Deny);
            entry.rule.filter(|_| known).map(content)
        };
        let mut there: BTreeMap<String, usize> = BTreeMap::new();
        for (number, entry) in other.flat().entries.iter().enumerate() {
            if let Some(key) = key(entry) {
                there.entry(key).or_insert(number);
            }
        }
        // A zone of the same name may have other members.
        let alike = |entry: &Entry<'_>, there: usize| other.flat().entries[there].upper == entry.upper;
        let twin = |entry: &Entry<'_>| {
            key(entry).and_then(|key| there.get(&key).copied()).filter(|there| alike(entry, *there))
        };
        Self(index.flat().entries.iter().map(twin).collect())
    }

    fn stands_before(&self, entry: usize, limit: usize) -> bool {
        self.0[entry].is_some_and(|there| there < limit)
    }
}

/// Entries with unknown matches, by what they are.
type Twins = BTreeMap<String, Vec<usize>>;

fn twins(index: &Index<'_>) -> Twins {
    let mut twins = Twins::new();
    for (number, entry) in index.flat().entries.iter().enumerate() {
        if let (Some(_), Some(rule)) = (&entry.lower, entry.rule) {
            twins.entry(content(rule)).or_default().push(number);
        }
    }
    twins
}

/// What a rule asks and does, whatever its place, name and counters.
fn content(rule: &Rule) -> String {
    let unknown: BTreeSet<&str> = rule.unknown.iter().map(|unknown| unknown.text.as_str()).collect();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {unknown:?} {:?}",
        rule.action, rule.in_ifs, rule.out_ifs, rule.src, rule.dst, rule.services, rule.states, rule.dst_local
    )
}

fn pair<'a>(
    old: &Index<'a>,
    new: &Index<'a>,
    (number, other): (usize, usize),
    twins: &[Twins; 2],
    budget: &Budget,
) -> Result<Option<Difference<'a>>, Undecided> {
    let (before, after) = (&old.flat().entries[number], &new.flat().entries[other]);
    let sure = old.flat().incomplete || new.flat().incomplete;
    for certain in [true, false].into_iter().filter(|certain| !(sure && *certain)) {
        let ask = Ask { sure: if certain { Sure::Certain } else { Sure::Possible }, permits_take: true };
        let shared = if certain {
            intersections(before.lower(), after.lower())
        } else {
            intersections(&before.upper, &after.upper)
        };
        let mut cubes = Vec::new();
        let mut more = false;
        for part in shared {
            let mut candidates = old.candidates(number, &part, ask);
            candidates.extend(new.candidates(other, &part, ask));
            candidates.extend(same_unknown(before.rule, new, other, &twins[1]));
            candidates.extend(same_unknown(after.rule, old, number, &twins[0]));
            carve(&part, &candidates, budget, &mut |_| {}, &mut |piece| {
                more = cubes.len() >= SHOWN_MAX;
                if !more {
                    cubes.push(piece);
                }
                !more
            })?;
        }
        if !cubes.is_empty() {
            let placed = |entry: &Entry<'a>| Placed { rule: entry.rule, chain: entry.chain };
            let opened = after.effect == Effect::Permit;
            return Ok(Some(Difference { old: placed(before), new: placed(after), opened, certain, cubes, more }));
        }
    }
    Ok(None)
}

/// The entries before `place` in the other version that are this rule written alike: if it matches, so do they.
fn same_unknown<'c>(
    rule: Option<&Rule>,
    index: &'c Index<'_>,
    place: usize,
    twins: &Twins,
) -> impl Iterator<Item = Candidate<'c>> {
    let written = rule.filter(|rule| !twins.is_empty() && !rule.unknown.is_empty());
    let alike = written.and_then(|rule| twins.get(&content(rule))).map(Vec::as_slice).unwrap_or_default();
    alike.iter().filter(move |entry| **entry < place).flat_map(|entry| index.takers_of(*entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flat::tests::{packet, rule, small_world};
    use crate::flat::{Universe, flatten};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn every_difference_is_found_and_is_one(
            a in prop::collection::vec(rule(), 0..6),
            b in prop::collection::vec(rule(), 0..5),
            other in prop::collection::vec(rule(), 0..6),
        ) {
            let [old, new] = [a, other].map(|rules| small_world(rules, b.clone(), Vec::new()));
            let universes = Universe::common([&old, &new]);
            let before = flatten(&old, &universes[0], &old.paths[0], None);
            let after = flatten(&new, &universes[1], &new.paths[0], None);
            let diff = diff(&Index::of(&before), &Index::of(&after));
            prop_assert_eq!(diff.undecided, 0);
            for src in 0..5 {
                for port in 0..5 {
                    let packet = packet(src, port);
                    let said = diff.differences.iter().filter(|one| one.cubes.iter().any(|cube| packet.is_in(cube)));
                    let said: Vec<bool> = said.map(|one| one.opened).collect();
                    let (then, now) = (before.decide(&packet), after.decide(&packet));
                    if then == now {
                        prop_assert!(said.is_empty());
                    } else {
                        prop_assert_eq!(said, [now == Some(Effect::Permit)]);
                    }
                }
            }
        }

        #[test]
        fn a_policy_does_not_differ_from_itself_whatever_is_unknown(
            rules in prop::collection::vec(rule(), 0..6),
            b in prop::collection::vec(rule(), 0..5),
            unsure in any::<u16>(),
        ) {
            let mut policy = small_world(rules, b, Vec::new());
            for (n, rule) in policy.chains.iter_mut().flat_map(|chain| &mut chain.rules).enumerate() {
                rule.line_from = u32::try_from(n).unwrap();
                if unsure >> n & 1 == 1 && matches!(rule.action, crate::policy::Action::Permit | crate::policy::Action::Deny) {
                    rule.add_unknown(format!("mark {n}"), 1);
                }
            }
            let universes = Universe::common([&policy, &policy]);
            let flats = universes.each_ref().map(|universe| flatten(&policy, universe, &policy.paths[0], None));
            let diff = diff(&Index::of(&flats[0]), &Index::of(&flats[1]));
            prop_assert!(diff.differences.is_empty(), "{:?}", diff.differences);
        }
    }
}
