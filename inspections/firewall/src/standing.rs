//! What becomes of each rule among the others: it decides something, others take all its packets, or it could be left
//! out. Exact, by [`crate::cover`].

use std::collections::{BTreeMap, BTreeSet};

use crate::cover::{Index, Need, Undecided};
use crate::flat::{Cube, Effect, Flat};
use crate::policy::{Chain, Log, Rule};

/// A rule of a path, with its list.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The rule; none for what a list does at its end.
    pub rule: Option<&'a Rule>,
    /// Its list.
    pub chain: &'a Chain,
}

impl Placed<'_> {
    /// Number or statement as a reader names it; the list's name for its end.
    pub fn label(&self) -> String {
        self.rule.map_or_else(|| self.chain.name.clone(), crate::checks::label)
    }

    fn key(&self) -> usize {
        self.rule.map_or(std::ptr::from_ref(self.chain) as usize, |rule| std::ptr::from_ref(rule) as usize)
    }
}

/// What becomes of a rule.
#[derive(Clone, Debug)]
pub enum Standing<'a> {
    /// It decides packets that without it would be decided otherwise.
    Needed,
    /// Earlier rules take all its packets, and do some of them the opposite.
    Shadowed {
        /// They; none can be left out.
        by: Vec<Placed<'a>>,
        /// The first of them that does the opposite.
        against: Placed<'a>,
        /// Packets that show it.
        witness: Box<Cube>,
    },
    /// Earlier rules take all its packets and do the same.
    Repeated {
        /// They; none can be left out.
        by: Vec<Placed<'a>>,
    },
    /// It decides packets, but later rules would do the same to all of them.
    Overtaken {
        /// They.
        by: Vec<Placed<'a>>,
    },
    /// The budget did not suffice to tell.
    Undecided,
}

/// Standing of every rule of a policy's paths that permits or denies new connections here and now, in the order of the
/// paths. A rule that stands on several ways is dead only where it is dead on all of them.
pub fn standings<'a>(flats: &'a [Flat<'a>], indexes: &[Index<'a>]) -> Vec<(Placed<'a>, Standing<'a>)> {
    let mut order: Vec<Placed<'a>> = Vec::new();
    let mut places: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for (number, flat) in flats.iter().enumerate() {
        for (entry, of) in flat.entries.iter().enumerate() {
            let placed = Placed { rule: of.rule, chain: of.chain };
            if of.rule.is_none_or(|rule| rule.implicit) || !matches!(of.effect, Effect::Permit | Effect::Deny) {
                continue;
            }
            let here = places.entry(placed.key()).or_default();
            if here.is_empty() {
                order.push(placed);
            }
            here.push((number, entry));
        }
    }
    order.into_iter().map(|placed| (placed, standing(&places[&placed.key()], flats, indexes))).collect()
}

fn standing<'a>(places: &[(usize, usize)], flats: &'a [Flat<'a>], indexes: &[Index<'a>]) -> Standing<'a> {
    if places.iter().any(|(number, _)| flats[*number].incomplete) {
        return Standing::Undecided;
    }
    let placed = |number: usize, entry: usize| {
        let of = &flats[number].entries[entry];
        Placed { rule: of.rule, chain: of.chain }
    };
    let mut by: BTreeMap<(usize, usize), Placed<'a>> = BTreeMap::new();
    let mut against = None;
    let mut dead = true;
    for (number, entry) in places {
        match indexes[*number].dead(*entry) {
            Ok(Some(takers)) => {
                let fewest = indexes[*number].fewest(*entry, takers);
                by.extend(fewest.into_iter().map(|taker| ((*number, taker), placed(*number, taker))));
                if against.is_none() {
                    against =
                        indexes[*number].contradicted(*entry).map(|(taker, witness)| (placed(*number, taker), witness));
                }
            }
            Ok(None) => dead = false,
            Err(Undecided) => return Standing::Undecided,
        }
    }
    if dead {
        let by = once(by.into_values());
        return match against {
            Some((against, witness)) => Standing::Shadowed { by, against, witness },
            None => Standing::Repeated { by },
        };
    }
    overtaken(places, flats, indexes)
}

/// Whether a live rule could be left out: later stated rules do the same, and log as much.
fn overtaken<'a>(places: &[(usize, usize)], flats: &'a [Flat<'a>], indexes: &[Index<'a>]) -> Standing<'a> {
    let mut by = Vec::new();
    for (number, entry) in places {
        let of = &flats[*number].entries[*entry];
        match indexes[*number].needed(*entry) {
            Ok(Need::Redundant(later)) => {
                for later in later {
                    let later = &flats[*number].entries[later];
                    let logs = |rule: Option<&Rule>, end: Log| rule.map_or(end, |rule| rule.log);
                    let less_log = logs(of.rule, Log::Unknown) == Log::Yes
                        && logs(later.rule, later.chain.default.log) != Log::Yes;
                    // What a list does at its end is no reason to drop a rule that says so.
                    if later.rule.is_none() || less_log {
                        return Standing::Needed;
                    }
                    by.push(Placed { rule: later.rule, chain: later.chain });
                }
            }
            Ok(Need::Needed { .. } | Need::End) => return Standing::Needed,
            Err(Undecided) => return Standing::Undecided,
        }
    }
    Standing::Overtaken { by: once(by.into_iter()) }
}

fn once<'a>(placed: impl Iterator<Item = Placed<'a>>) -> Vec<Placed<'a>> {
    let mut seen = BTreeSet::new();
    placed.filter(|placed| seen.insert(placed.key())).collect()
}
