//! The comparison of two runs by the keys of their findings.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::{Candidate, Key, KeyKind, Known, Match, Matches, Place, Ruling, Standing};

/// Compares what was known with what is seen now, for one firm, one system and one source of findings.
///
/// `evaluated` says whether the known finding's rule was really evaluated on its asset this time. The answer for a
/// finding does not depend on the order of either list. Takes O(n log n) for n findings.
pub fn match_findings(previous: &[Known], current: &[Candidate], evaluated: impl Fn(&Known) -> bool) -> Matches {
    match_with_rulings(previous, current, &[], evaluated)
}

/// [`match_findings`] with what people decided about merging and splitting.
pub fn match_with_rulings(
    previous: &[Known],
    current: &[Candidate],
    rulings: &[Ruling],
    evaluated: impl Fn(&Known) -> bool,
) -> Matches {
    let mut matcher = Matcher::new(previous, current, rulings);
    matcher.rule(rulings);
    let levels: BTreeSet<Level<'_>> =
        previous.iter().map(|known| &known.seen).chain(current).flat_map(|seen| seen.keys.iter().map(level)).collect();
    let levels: Vec<_> = levels.into_iter().collect();
    for (index, level) in levels.iter().enumerate() {
        matcher.level(*level, &levels[index + 1..]);
    }
    matcher.finish(evaluated)
}

/// How far, in lines, a finding whose words and surroundings changed may be from where it is expected and still count
/// as the edited form of the old one. A judgement: the span of a small edit.
const NEAR: i64 = 5;
/// Largest line number that is believed; a file of text has fewer lines.
const MAX_LINE: i64 = 1 << 40;
/// Most cells of one alignment table; larger groups are paired in order.
const MAX_CELLS: usize = 250_000;
/// Most displacements tried for a group without a landmark.
const MAX_SHIFTS: usize = 32;

type Level<'a> = (KeyKind, &'a str);

fn level(key: &Key) -> Level<'_> {
    (key.kind, &key.scheme)
}

/// The findings of both sides that share something, in canonical order.
#[derive(Default)]
struct Group {
    known: Vec<usize>,
    current: Vec<usize>,
}

struct Matcher<'a> {
    previous: &'a [Known],
    current: &'a [Candidate],
    /// Indexes in canonical order: what makes the answer independent of the callers' order.
    known_order: Vec<usize>,
    current_order: Vec<usize>,
    of_known: Vec<Option<usize>>,
    /// Known findings that something was merged into.
    merged: BTreeSet<usize>,
    of_current: Vec<Option<(usize, Level<'a>)>>,
    /// For each path: line of a known finding → where it went, from pairs that left no doubt.
    landmarks: HashMap<&'a str, BTreeMap<i64, i64>>,
    apart: BTreeSet<(&'a Key, &'a str)>,
}

impl<'a> Matcher<'a> {
    fn new(previous: &'a [Known], current: &'a [Candidate], rulings: &'a [Ruling]) -> Self {
        let mut known_order: Vec<_> = (0..previous.len()).collect();
        known_order.sort_by_key(|&k| (by_place(&previous[k].seen), &previous[k].id));
        let mut current_order: Vec<_> = (0..current.len()).collect();
        current_order.sort_by_key(|&c| by_place(&current[c]));
        Self {
            previous,
            current,
            known_order,
            current_order,
            of_known: vec![None; previous.len()],
            merged: BTreeSet::new(),
            of_current: vec![None; current.len()],
            landmarks: HashMap::new(),
            apart: rulings.iter().filter(|ruling| !ruling.same).map(|ruling| (&ruling.key, &*ruling.id)).collect(),
        }
    }

    /// Merges: everything with the key is that finding, however many there are.
    fn rule(&mut self, rulings: &'a [Ruling]) {
        let by_id: HashMap<&str, usize> = self.previous.iter().enumerate().map(|(k, known)| (&*known.id, k)).collect();
        let merges: BTreeMap<&Key, &Ruling> =
            rulings.iter().filter(|ruling| ruling.same).map(|ruling| (&ruling.key, ruling)).collect();
        for c in self.current_order.clone() {
            let ruling = self.current[c].keys.iter().find_map(|key| merges.get(key));
            if let Some((k, ruling)) = ruling.and_then(|ruling| Some((*by_id.get(&*ruling.id)?, ruling))) {
                self.merged.insert(k);
                self.of_current[c] = Some((k, (KeyKind::Manual, &ruling.key.scheme)));
            }
        }
    }

    fn level(&mut self, here: Level<'a>, below: &[Level<'a>]) {
        let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
        for &k in self.known_order.iter().filter(|&&k| self.of_known[k].is_none()) {
            for key in self.previous[k].seen.keys.iter().filter(|key| level(key) == here) {
                groups.entry(&key.value).or_default().known.push(k);
            }
        }
        for &c in self.current_order.iter().filter(|&&c| self.of_current[c].is_none()) {
            for key in self.current[c].keys.iter().filter(|key| level(key) == here) {
                if let Some(group) = groups.get_mut(&*key.value) {
                    group.current.push(c);
                }
            }
        }
        let groups: Vec<_> = groups.into_values().filter(|group| !group.current.is_empty()).collect();
        // Within a group the closest relatives are paired first: same in all respects, then one respect at a time.
        self.stage(here, &groups, false, |seen| {
            let lower = seen.keys.iter().filter(|key| below.contains(&level(key)));
            vec![(lower.map(|key| &*key.value).collect(), &*seen.wording, &*seen.digest)]
        });
        if here.0 == KeyKind::Context {
            self.stage(here, &groups, false, |seen| vec![(vec![tail(&seen.place.path)], "", "")]);
        }
        for respect in below {
            // A known finding may have had several keys of one scheme over the years.
            self.stage(here, &groups, false, |seen| {
                let values = seen.keys.iter().filter(|key| level(key) == *respect);
                values.map(|key| (vec![&*key.value], "", "")).collect()
            });
        }
        self.stage(here, &groups, false, |seen| vec![(Vec::new(), &*seen.wording, "")]);
        self.stage(here, &groups, here.0 == KeyKind::Semantic, |_| vec![(Vec::new(), "", "")]);
    }

    /// Pairs what is left of each group by `respects`: first where one stands against one, which gives landmarks, then
    /// the rest with their help. `wary` pairs of different words or surroundings must also be near.
    fn stage(
        &mut self,
        here: Level<'a>,
        groups: &[Group],
        wary: bool,
        respects: impl Fn(&'a Candidate) -> Vec<(Vec<&'a str>, &'a str, &'a str)>,
    ) {
        let mut doubtful = Vec::new();
        for group in groups {
            let alone = group.known.len() == 1 && group.current.len() == 1;
            let mut parts: BTreeMap<_, Group> = BTreeMap::new();
            for &k in group.known.iter().filter(|&&k| self.of_known[k].is_none()) {
                for value in respects(&self.previous[k].seen) {
                    parts.entry(value).or_default().known.push(k);
                }
            }
            for &c in group.current.iter().filter(|&&c| self.of_current[c].is_none()) {
                for value in respects(&self.current[c]) {
                    if let Some(part) = parts.get_mut(&value) {
                        part.current.push(c);
                    }
                }
            }
            for part in parts.into_values().filter(|part| !part.current.is_empty()) {
                match (&*part.known, &*part.current) {
                    ([k], [c]) if !wary => self.pair(*k, *c, here, true),
                    _ => doubtful.push((part, alone)),
                }
            }
        }
        for (part, alone) in doubtful {
            for (k, c) in self.align(part) {
                if !wary || self.plausible(k, c, alone) {
                    self.pair(k, c, here, false);
                }
            }
        }
    }

    fn pair(&mut self, k: usize, c: usize, here: Level<'a>, landmark: bool) {
        let (known, seen) = (&self.previous[k], &self.current[c]);
        let apart = !self.apart.is_empty() && seen.keys.iter().any(|key| self.apart.contains(&(key, &*known.id)));
        if apart || self.of_known[k].is_some() || self.of_current[c].is_some() {
            return;
        }
        self.of_known[k] = Some(c);
        self.of_current[c] = Some((k, here));
        if landmark
            && known.seen.place.path == seen.place.path
            && let (Some(from), Some(to)) = (line(&known.seen), line(seen))
        {
            self.landmarks.entry(&known.seen.place.path).or_default().insert(from, to);
        }
    }

    /// Where a line of the old file is expected in the new one: moved as the nearest landmark moved.
    fn expected(&self, k: usize) -> Option<i64> {
        let at = line(&self.previous[k].seen)?;
        let marks = self.landmarks.get(&*self.previous[k].seen.place.path)?;
        let (before, after) = (marks.range(..=at).next_back(), marks.range(at..).next());
        let nearest = before.into_iter().chain(after).min_by_key(|(from, _)| (at - **from).abs())?;
        Some(at + nearest.1 - nearest.0)
    }

    /// Whether findings that share rule and subject, but neither words nor surroundings, may be one finding, edited:
    /// near where it is expected, or, where there are no lines, the only one of its rule on both sides.
    fn plausible(&self, k: usize, c: usize, alone: bool) -> bool {
        let (old, new) = (&self.previous[k].seen, &self.current[c]);
        let context = |seen: &Candidate| -> Vec<Key> {
            seen.keys.iter().filter(|key| key.kind == KeyKind::Context).cloned().collect()
        };
        let (of_old, of_new) = (context(old), context(new));
        let comparable = of_old.iter().any(|key| of_new.iter().any(|other| other.scheme == key.scheme));
        let alike = if comparable { of_old.iter().any(|key| of_new.contains(key)) } else { old.wording == new.wording };
        match (line(old), line(new)) {
            _ if alike => true,
            (Some(at), Some(now)) => (now - self.expected(k).unwrap_or(at)).abs() <= NEAR,
            _ => alone,
        }
    }

    /// Pairs as many as both sides have, in order, with the least displacement.
    fn align(&self, part: Group) -> Vec<(usize, usize)> {
        let Group { mut known, mut current } = part;
        known.retain(|&k| self.of_known[k].is_none());
        current.retain(|&c| self.of_current[c].is_none());
        // What is open is seen again rather than what was remedied long ago.
        if known.iter().filter(|&&k| !self.previous[k].resolved).count() >= current.len() {
            known.retain(|&k| !self.previous[k].resolved);
        }
        let mut pairs = Vec::new();
        // With a landmark in the file, what is exactly where it is expected is the same; without one, a line that
        // happens to be equal proves nothing.
        let mut waiting: HashMap<(&str, i64), VecDeque<usize>> = HashMap::new();
        for &c in &current {
            if let Some(at) = line(&self.current[c]) {
                waiting.entry((&self.current[c].place.path, at)).or_default().push_back(c);
            }
        }
        let mut taken = BTreeSet::new();
        known.retain(|&k| {
            let path = &*self.previous[k].seen.place.path;
            let hit = self.expected(k).and_then(|at| waiting.get_mut(&(path, at))?.pop_front());
            if let Some(c) = hit {
                taken.insert(c);
                pairs.push((k, c));
            }
            hit.is_none()
        });
        current.retain(|c| !taken.contains(c));
        let lines_of = |of: &dyn Fn(usize) -> Option<i64>, list: &[usize]| -> Option<Vec<i64>> {
            list.iter().map(|&index| of(index)).collect()
        };
        let from = lines_of(&|k| self.expected(k).or_else(|| line(&self.previous[k].seen)), &known);
        let to = lines_of(&|c| line(&self.current[c]), &current);
        let landmark = known.first().is_some_and(|&k| self.expected(k).is_some());
        match (from, to) {
            (Some(from), Some(to)) if known.len() != current.len() => {
                pairs.extend(in_order(&from, &to, landmark).into_iter().map(|(i, j)| (known[i], current[j])));
            }
            _ => pairs.extend(known.into_iter().zip(current)),
        }
        pairs
    }

    fn finish(self, evaluated: impl Fn(&Known) -> bool) -> Matches {
        let seen = self.of_current.iter().enumerate().map(|(c, pair)| {
            let Some((k, (kind, scheme))) = *pair else {
                return Match { standing: Standing::New, known: None, current: Some(c), kind: None, scheme: None };
            };
            let known = &self.previous[k];
            let standing = if known.resolved {
                Standing::Repeat
            } else if known.seen.digest == self.current[c].digest {
                Standing::Unchanged
            } else {
                Standing::Updated
            };
            Match { standing, known: Some(k), current: Some(c), kind: Some(kind), scheme: Some(scheme.to_owned()) }
        });
        let absent =
            (0..self.previous.len()).filter(|k| self.of_known[*k].is_none() && !self.merged.contains(k)).map(|k| {
                let looked = evaluated(&self.previous[k]);
                let standing = if looked { Standing::AbsentEvaluated } else { Standing::AbsentNotEvaluated };
                Match { standing, known: Some(k), current: None, kind: None, scheme: None }
            });
        Matches { list: seen.chain(absent).collect() }
    }
}

fn line(seen: &Candidate) -> Option<i64> {
    seen.place.line.and_then(|line| i64::try_from(line).ok()).filter(|line| *line <= MAX_LINE)
}

/// The last two parts of a path: what a project keeps when it is checked out elsewhere.
fn tail(path: &str) -> &str {
    let cut = path.rmatch_indices(['/', '\\']).nth(1).map_or(0, |(at, _)| at + 1);
    &path[cut..]
}

fn by_place(seen: &Candidate) -> (&Place, &str, &str, &[Key]) {
    (&seen.place, &seen.digest, &seen.wording, &seen.keys)
}

/// Pairs the shorter of two sorted lists of lines with elements of the longer one, in order. Without a landmark the
/// common displacement that explains most is looked for: a file grows by lines above, all findings move alike.
fn in_order(from: &[i64], to: &[i64], landmark: bool) -> Vec<(usize, usize)> {
    if from.len() > to.len() {
        return in_order(to, from, landmark).into_iter().map(|(i, j)| (j, i)).collect();
    }
    let Some(first) = from.first() else { return Vec::new() };
    let cells = from.len() * to.len();
    let mut shifts = BTreeSet::from([0]);
    if !landmark && cells * MAX_SHIFTS <= MAX_CELLS * 4 {
        shifts.extend(to.iter().take(MAX_SHIFTS).map(|at| at - first));
    }
    if cells > MAX_CELLS {
        shifts.extend(to.iter().take(MAX_SHIFTS).filter(|_| !landmark).map(|at| at - first));
        return most_exact(from, to, &shifts);
    }
    let best = shifts.into_iter().map(|shift| {
        let (cost, pairs) = cheapest(from, to, shift);
        (cost, shift.abs(), shift, pairs)
    });
    best.min().map(|(.., pairs)| pairs).unwrap_or_default()
}

/// For lists too long for a table: the displacement that puts most lines exactly on a line of the other side; what it
/// leaves over is paired in order.
fn most_exact(from: &[i64], to: &[i64], shifts: &BTreeSet<i64>) -> Vec<(usize, usize)> {
    let exact = |shift: i64| {
        let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
        while i < from.len() && j < to.len() {
            match (from[i] + shift).cmp(&to[j]) {
                Ordering::Less => i += 1,
                Ordering::Greater => j += 1,
                Ordering::Equal => {
                    pairs.push((i, j));
                    (i, j) = (i + 1, j + 1);
                }
            }
        }
        pairs
    };
    let best = shifts.iter().max_by_key(|&&shift| (exact(shift).len(), -shift.abs(), shift));
    let mut pairs = exact(best.copied().unwrap_or_default());
    let (taken, used): (BTreeSet<_>, BTreeSet<_>) = pairs.iter().copied().unzip();
    let left = (0..from.len()).filter(|i| !taken.contains(i));
    pairs.extend(left.zip((0..to.len()).filter(|j| !used.contains(j))));
    pairs
}

/// Cheapest pairing in order of all of `from` with some of `to` under one displacement; cost is the sum of distances.
fn cheapest(from: &[i64], to: &[i64], shift: i64) -> (i64, Vec<(usize, usize)>) {
    let width = to.len() + 1;
    let at = |i: usize, j: usize| i * width + j;
    // table[i][j]: the first i of `from` paired within the first j of `to`.
    let mut table = vec![i64::MAX / 4; (from.len() + 1) * width];
    table[..width].fill(0);
    for i in 1..=from.len() {
        for j in i..=to.len() {
            let paired = table[at(i - 1, j - 1)].saturating_add((from[i - 1] + shift - to[j - 1]).abs());
            table[at(i, j)] = paired.min(table[at(i, j - 1)]);
        }
    }
    let (mut i, mut j) = (from.len(), to.len());
    let mut pairs = Vec::with_capacity(i);
    while i > 0 && j > 0 {
        if j > i && table[at(i, j)] == table[at(i, j - 1)] {
            j -= 1;
        } else {
            pairs.push((i - 1, j - 1));
            (i, j) = (i - 1, j - 1);
        }
    }
    pairs.reverse();
    (table[at(from.len(), to.len())], pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `semantic context line wording`, as `r1 ctx 10 words`; `-` leaves a part out.
    fn seen(text: &str) -> Candidate {
        let parts: Vec<_> = text.split(' ').collect();
        let key = |kind, value: &str| Key { kind, scheme: "test/v1".into(), value: value.into() };
        let mut keys = vec![key(KeyKind::Semantic, parts[0])];
        if parts[1] != "-" {
            keys.push(key(KeyKind::Context, parts[1]));
        }
        let place = Place { path: "f".into(), line: parts[2].parse().ok(), ..Place::default() };
        Candidate { keys, place, wording: parts[3].into(), digest: parts[3].into() }
    }

    fn known(list: &[&str]) -> Vec<Known> {
        let of = |(n, text): (usize, &&str)| Known { id: format!("{n}"), resolved: false, seen: seen(text) };
        list.iter().enumerate().map(of).collect()
    }

    /// Each current finding's partner, then the absent ones.
    fn run(before: &[&str], now: &[&str]) -> String {
        let now: Vec<_> = now.iter().map(|text| seen(text)).collect();
        let matches = match_findings(&known(before), &now, |known| known.id != "9");
        let show = |answer: &Match| match (answer.known, answer.current) {
            (Some(k), Some(c)) => format!("{k}>{c}{}", if answer.standing == Standing::Updated { "*" } else { "" }),
            (None, Some(c)) => format!("+{c}"),
            (Some(k), None) => format!("-{k}"),
            (None, None) => "?".to_owned(),
        };
        matches.list.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_of_many_alike_goes_and_the_others_move() {
        // Nothing tells them apart but their lines; all moved by 7 and the middle one is gone.
        assert_eq!(run(&["r c 10 w", "r c 20 w", "r c 30 w"], &["r c 17 w", "r c 37 w"]), "0>0 2>1 -1");
        // The first is gone, nothing moved.
        assert_eq!(run(&["r c 10 w", "r c 20 w", "r c 30 w"], &["r c 20 w", "r c 30 w"]), "1>0 2>1 -0");
        // A landmark tells how the file moved.
        assert_eq!(
            run(&["r c 10 w", "r c 20 w", "q d 25 w"], &["r c 20 w", "q d 35 w"]),
            "0>0 2>1 -1",
            "everything moved by 10"
        );
        assert_eq!(run(&["r c 10 w", "r c 20 w", "q d 25 w"], &["r c 20 w", "q d 25 w"]), "1>0 2>1 -0");
    }

    #[test]
    fn equally_spaced_findings_that_all_move_by_their_spacing_stay_themselves() {
        assert_eq!(run(&["r c 10 w", "r c 20 w", "r c 30 w"], &["r c 20 w", "r c 30 w", "r c 40 w"]), "0>0 1>1 2>2");
    }

    #[test]
    fn long_lists_are_aligned_too() {
        let from: Vec<i64> = (500..2000).map(|n| n * 3).collect();
        let to: Vec<i64> = (0..2000).map(|n| n * 3).collect();
        assert_eq!(in_order(&from, &to, false), (0..1500).map(|i| (i, i + 500)).collect::<Vec<_>>());
        let moved: Vec<i64> = to.iter().map(|line| line + 7).collect();
        assert_eq!(in_order(&to[..1900], &moved, false), (0..1900).map(|i| (i, i)).collect::<Vec<_>>());
    }

    #[test]
    fn one_fixed_and_another_made_in_the_same_file_are_two_findings() {
        assert_eq!(run(&["r a 10 x"], &["r b 300 y"]), "+0 -0");
        assert_eq!(run(&["r a 10 x"], &["r b 11 y"]), "0>0*", "edited in place");
        assert_eq!(run(&["r a 10 x"], &["r b 300 x"]), "0>0", "same words, moved");
        assert_eq!(run(&["r - 10 x"], &["r - 300 y"]), "+0 -0");
        assert_eq!(run(&["r - - x"], &["r - - y"]), "0>0*", "nothing but the rule and its subject to go by");
        assert_eq!(
            run(&["r - - x", "r - - z"], &["r - - y", "r - - z"]),
            "+0 1>1 -0",
            "others of the rule: no telling"
        );
    }

    #[test]
    fn surroundings_find_what_moved_to_another_file() {
        assert_eq!(run(&["r1 a 10 x"], &["r2 a 99 x"]), "0>0");
    }

    #[test]
    fn absent_is_told_apart_by_whether_anyone_looked() {
        let mut before = known(&["r a 1 x", "s b 2 y"]);
        before[1].id = "9".into();
        before.push(Known { id: "2".into(), resolved: true, seen: seen("t c 3 z") });
        let matches = match_findings(&before, &[seen("t c 3 z")], |known| known.id != "9");
        let standings: Vec<_> = matches.list.iter().map(|answer| answer.standing).collect();
        assert_eq!(standings, [Standing::Repeat, Standing::AbsentEvaluated, Standing::AbsentNotEvaluated]);
        assert_eq!(matches.list[0].scheme.as_deref(), Some("test/v1"));
        assert_eq!(matches.list[0].kind, Some(KeyKind::Semantic));
    }

    #[test]
    fn what_is_open_comes_before_what_was_remedied() {
        let mut before = known(&["r c 10 w", "r c 20 w"]);
        before[0].resolved = true;
        let matches = match_findings(&before, &[seen("r c 11 w")], |_| true);
        assert_eq!((matches.list[0].known, matches.list[0].standing), (Some(1), Standing::Unchanged));
    }

    #[test]
    fn keys_of_former_years_and_absurd_lines_do_no_harm() {
        let mut before = known(&["r b 10 w", "r a 50 x"]);
        before[0].seen.keys.insert(0, Key { kind: KeyKind::Context, scheme: "test/v1".into(), value: "z".into() });
        let now = [seen("r b 400 n"), seen(&format!("r a {} x", u64::MAX)), seen(&format!("r q {} x", i64::MAX))];
        let matches = match_findings(&before, &now, |_| true);
        assert_eq!(matches.list.iter().map(|one| one.known).collect::<Vec<_>>(), [Some(0), Some(1), None]);
    }

    #[test]
    fn people_merge_and_split() {
        let before = known(&["r a 1 x"]);
        let now = [seen("r a 1 x"), seen("other b 9 y")];
        let key = now[1].keys[0].clone();
        let merge = Ruling { key, id: "0".into(), same: true };
        let matches = match_with_rulings(&before, &now, std::slice::from_ref(&merge), |_| true);
        assert!(matches.list.iter().all(|answer| answer.known == Some(0)), "{matches:?}");
        assert_eq!(matches.list[1].kind, Some(KeyKind::Manual));

        let split = Ruling { key: now[0].keys[1].clone(), id: "0".into(), same: false };
        let matches = match_with_rulings(&before, &now[..1], &[split], |_| true);
        assert_eq!(matches.count(Standing::New), 1);
        assert_eq!(matches.count(Standing::AbsentEvaluated), 1);
    }
}
