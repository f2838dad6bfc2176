//! The configuration as one tree of words, whichever form it was written in, with groups inherited.
//!
//! `policy p { match { source-address [ a b ]; } }` and `set … policy p match source-address a` make the same nodes: each
//! word is a node below the word before it. So a reader of the tree never asks which form the file had.

use std::collections::{BTreeMap, BTreeSet};

use crate::vendors::Trouble;

/// Number of a node.
pub(super) type Id = usize;

/// The node above all others.
pub(super) const ROOT: Id = 0;

/// Nodes that groups and ranges may add, and steps that adding them may take.
const INHERITED_MAX: usize = 2_000_000;

/// Children from which on a node has an index of its own.
const INDEX_FROM: usize = 12;

#[derive(Clone, Debug)]
struct Node {
    word: Box<str>,
    parent: Id,
    /// First line that says it.
    line: u32,
    /// Line of its closing brace, 0 without one.
    close: u32,
    /// When it was last said: of several values of one setting the last counts.
    said: u32,
    inactive: bool,
    /// 0 for what stands here itself; more for what a group says, and more the further out the group is applied.
    rank: u16,
    children: Vec<Id>,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    index: BTreeMap<Id, BTreeMap<Box<str>, Id>>,
    clock: u32,
}

impl Tree {
    pub(super) fn new() -> Self {
        let root = Node {
            word: "".into(),
            parent: ROOT,
            line: 0,
            close: 0,
            said: 0,
            inactive: false,
            rank: 0,
            children: Vec::new(),
        };
        Self { nodes: vec![root], index: BTreeMap::new(), clock: 0 }
    }

    /// The child of this word, also one that is switched off.
    pub(super) fn child(&self, id: Id, word: &str) -> Option<Id> {
        match self.index.get(&id) {
            Some(index) => index.get(word).copied(),
            None => self.nodes[id].children.iter().copied().find(|child| &*self.nodes[*child].word == word),
        }
    }

    /// Adds a child, or says it again.
    pub(super) fn add(&mut self, id: Id, word: &str, line: u32) -> Id {
        self.clock = self.clock.saturating_add(1);
        let clock = self.clock;
        if let Some(known) = self.child(id, word) {
            self.nodes[known].said = clock;
            return known;
        }
        let new = self.nodes.len();
        self.nodes.push(Node {
            word: word.into(),
            parent: id,
            line,
            close: 0,
            said: clock,
            inactive: false,
            rank: 0,
            children: Vec::new(),
        });
        self.nodes[id].children.push(new);
        if let Some(index) = self.index.get_mut(&id) {
            index.insert(word.into(), new);
        } else if self.nodes[id].children.len() >= INDEX_FROM {
            self.reindex(id);
        }
        new
    }

    fn reindex(&mut self, id: Id) {
        let children = &self.nodes[id].children;
        let index = children.iter().map(|child| (self.nodes[*child].word.clone(), *child)).collect();
        self.index.insert(id, index);
    }

    /// Takes a node and all below it out.
    pub(super) fn remove(&mut self, id: Id) {
        let parent = self.nodes[id].parent;
        self.nodes[parent].children.retain(|child| *child != id);
        if let Some(index) = self.index.get_mut(&parent) {
            index.remove(&self.nodes[id].word);
        }
    }

    /// Takes all below a node out.
    pub(super) fn clear(&mut self, id: Id) {
        self.nodes[id].children.clear();
        self.index.remove(&id);
    }

    /// Moves a node before or after a sibling.
    pub(super) fn place(&mut self, id: Id, sibling: Id, after: bool) {
        let parent = self.nodes[id].parent;
        if id == sibling || self.nodes[sibling].parent != parent {
            return;
        }
        let children = &mut self.nodes[parent].children;
        children.retain(|child| *child != id);
        if let Some(at) = children.iter().position(|child| *child == sibling) {
            children.insert(at + usize::from(after), id);
        }
    }

    /// Gives a node another word; nothing where a sibling has it.
    pub(super) fn rename(&mut self, id: Id, word: &str) {
        let parent = self.nodes[id].parent;
        if self.child(parent, word).is_some() {
            return;
        }
        self.nodes[id].word = word.into();
        if self.index.contains_key(&parent) {
            self.reindex(parent);
        }
    }

    pub(super) fn set_inactive(&mut self, id: Id, inactive: bool) {
        self.nodes[id].inactive = inactive;
    }

    pub(super) fn set_close(&mut self, id: Id, line: u32) {
        self.nodes[id].close = line;
    }

    pub(super) fn word(&self, id: Id) -> &str {
        &self.nodes[id].word
    }

    pub(super) fn line(&self, id: Id) -> u32 {
        self.nodes[id].line
    }

    pub(super) fn is_inactive(&self, id: Id) -> bool {
        self.nodes[id].inactive
    }

    /// Children, also those that are switched off, without the words by which groups are applied.
    pub(super) fn all(&self, id: Id) -> impl DoubleEndedIterator<Item = Id> + '_ {
        let own = |child: &Id| !INHERITANCE.contains(&&*self.nodes[*child].word);
        self.nodes[id].children.iter().copied().filter(own)
    }

    /// Children that count.
    pub(super) fn kids(&self, id: Id) -> impl DoubleEndedIterator<Item = Id> + '_ {
        self.all(id).filter(|child| !self.nodes[*child].inactive)
    }

    /// Words of the children that count.
    pub(super) fn words(&self, id: Id) -> Vec<String> {
        self.kids(id).map(|child| self.word(child).to_owned()).collect()
    }

    pub(super) fn is_leaf(&self, id: Id) -> bool {
        self.kids(id).next().is_none()
    }

    /// The child of this word that counts.
    pub(super) fn get(&self, id: Id, word: &str) -> Option<Id> {
        self.child(id, word).filter(|child| !self.nodes[*child].inactive)
    }

    /// The node at the end of a path, all of which counts.
    pub(super) fn find(&self, id: Id, path: &[&str]) -> Option<Id> {
        path.iter().try_fold(id, |id, word| self.get(id, word))
    }

    /// Of several values of a setting the one that counts: of its own place before a group's, then the last said.
    pub(super) fn pick(&self, id: Id) -> Option<Id> {
        let order = |child: &Id| {
            let node = &self.nodes[*child];
            (std::cmp::Reverse(node.rank), if node.rank == 0 { node.said } else { u32::MAX - node.said })
        };
        self.kids(id).max_by_key(order)
    }

    /// Which of these nodes counts, as of [`Self::pick`].
    pub(super) fn latest(&self, ids: &[Id]) -> Option<Id> {
        ids.iter().copied().max_by_key(|id| (std::cmp::Reverse(self.nodes[*id].rank), self.nodes[*id].said))
    }

    /// The value of a setting.
    pub(super) fn value(&self, id: Id, key: &str) -> Option<&str> {
        self.get(id, key).and_then(|key| self.pick(key)).map(|value| self.word(value))
    }

    /// Lines that say a node and what is below it, in ascending order.
    pub(super) fn lines(&self, id: Id) -> Vec<u32> {
        let node = &self.nodes[id];
        if node.close > 0 {
            return (node.line..=node.close).collect();
        }
        let mut lines = BTreeSet::new();
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            let node = &self.nodes[id];
            lines.insert(node.line);
            if node.close > node.line {
                lines.extend(node.line..=node.close);
            } else {
                stack.extend(&node.children);
            }
        }
        lines.into_iter().collect()
    }

    fn path(&self, mut id: Id) -> Vec<Id> {
        let mut path = Vec::new();
        while id != ROOT {
            path.push(id);
            id = self.nodes[id].parent;
        }
        path.reverse();
        path
    }

    /// Brings what groups and ranges of interfaces say to where it applies.
    pub(super) fn inherit(&mut self, trouble: &mut Trouble) {
        let mut work = INHERITED_MAX;
        self.inherit_groups(trouble, &mut work);
        self.inherit_ranges(&mut work);
        if work == 0 {
            trouble.line(1, "too-much", "groups say so much that not all of it was read");
        }
    }

    fn inherit_groups(&mut self, trouble: &mut Trouble, work: &mut usize) {
        let Some(groups) = self.get(ROOT, "groups") else { return };
        let mut stack = vec![(ROOT, 0u16)];
        while let Some((id, depth)) = stack.pop() {
            if id == groups || *work == 0 {
                continue;
            }
            let mut applied: BTreeSet<String> = BTreeSet::new();
            // A group may apply further groups here.
            while let Some(names) = self.applied_here(id, &applied) {
                for (name, line) in names {
                    applied.insert(name.clone());
                    let found = self.groups_named(groups, &name);
                    if found.is_empty() {
                        trouble.line(line, "undefined", format!("group `{}` is not defined", super::clip(&name)));
                    }
                    for group in found {
                        self.apply(group, id, &name, u16::MAX.saturating_sub(depth), work);
                    }
                }
            }
            stack.extend(self.nodes[id].children.iter().map(|child| (*child, depth.saturating_add(1))));
        }
    }

    /// Names of groups applied at a node that were not applied yet; `None` when there are none.
    fn applied_here(&self, id: Id, applied: &BTreeSet<String>) -> Option<Vec<(String, u32)>> {
        let names = self.nodes[id].children.iter().filter(|child| &*self.nodes[**child].word == "apply-groups");
        let new: Vec<_> = names
            .filter(|names| !self.nodes[**names].inactive)
            .flat_map(|names| self.nodes[*names].children.iter())
            .map(|name| &self.nodes[*name])
            .filter(|name| !name.inactive && !applied.contains(&*name.word))
            .map(|name| (name.word.to_string(), name.line))
            .collect();
        (!new.is_empty()).then_some(new)
    }

    /// `${node}` is the cluster member that reads the file: both are read, the first before the second.
    fn groups_named(&self, groups: Id, name: &str) -> Vec<Id> {
        if name.contains("${node}") {
            let members = ["node0", "node1"].map(|node| name.replace("${node}", node));
            return members.iter().filter_map(|name| self.get(groups, name)).collect();
        }
        self.get(groups, name).into_iter().collect()
    }

    /// Merges what `group` says about the place of `id` into it.
    fn apply(&mut self, group: Id, id: Id, name: &str, rank: u16, work: &mut usize) {
        let mut sources = vec![group];
        for step in self.path(id) {
            let word = self.nodes[step].word.clone();
            let below = sources.iter().flat_map(|source| self.nodes[*source].children.iter().copied());
            sources = below.filter(|child| !self.nodes[*child].inactive && matches(self.word(*child), &word)).collect();
            *work = work.saturating_sub(sources.len() + 1);
            if sources.is_empty() || *work == 0 {
                return;
            }
        }
        for source in sources {
            self.merge(source, id, Some(name), rank, work);
        }
    }

    fn merge(&mut self, source: Id, target: Id, group: Option<&str>, rank: u16, work: &mut usize) {
        let mut stack = vec![(source, target)];
        while let Some((source, target)) = stack.pop() {
            if group.is_some_and(|group| self.refuses(target, group)) {
                continue;
            }
            for child in self.nodes[source].children.clone() {
                *work = work.saturating_sub(1);
                if *work == 0 {
                    return;
                }
                let from = self.nodes[child].clone();
                if from.inactive {
                    continue;
                }
                if is_pattern(&from.word) {
                    let there = self.nodes[target].children.clone();
                    *work = work.saturating_sub(there.len());
                    let fitting = there.into_iter().filter(|there| matches(&from.word, self.word(*there)));
                    let pairs: Vec<_> = fitting.map(|there| (child, there)).collect();
                    stack.extend(pairs);
                } else if let Some(there) = self.child(target, &from.word) {
                    stack.push((child, there));
                } else {
                    let new = self.add(target, &from.word, from.line);
                    (self.nodes[new].rank, self.nodes[new].close) = (rank, from.close);
                    stack.push((child, new));
                }
            }
        }
    }

    /// `apply-groups-except`.
    fn refuses(&self, id: Id, group: &str) -> bool {
        self.child(id, "apply-groups-except").is_some_and(|names| self.get(names, group).is_some())
    }

    /// `interface-range`: its settings are those of each of its members.
    fn inherit_ranges(&mut self, work: &mut usize) {
        let places: Vec<Id> = [ROOT]
            .into_iter()
            .chain(self.get(ROOT, "logical-systems").into_iter().flat_map(|id| self.kids(id).collect::<Vec<_>>()))
            .collect();
        for place in places {
            let Some(interfaces) = self.get(place, "interfaces") else { continue };
            let Some(ranges) = self.get(interfaces, "interface-range") else { continue };
            for range in self.kids(ranges).collect::<Vec<_>>() {
                for member in self.members(interfaces, range) {
                    let line = self.nodes[range].line;
                    let target = self.add(interfaces, &member, line);
                    self.merge(range, target, None, u16::MAX, work);
                }
            }
        }
    }

    fn members(&self, interfaces: Id, range: Id) -> Vec<String> {
        let mut members = Vec::new();
        for member in self.get(range, "member").into_iter().flat_map(|id| self.kids(id)) {
            let pattern = format!("<{}>", self.word(member));
            if pattern.contains(['*', '?', '[']) {
                let fitting = self.kids(interfaces).map(|id| self.word(id)).filter(|word| matches(&pattern, word));
                members.extend(fitting.filter(|word| *word != "interface-range").map(str::to_owned));
            } else {
                members.push(self.word(member).to_owned());
            }
        }
        for low in self.get(range, "member-range").into_iter().flat_map(|id| self.kids(id)) {
            let Some(high) = self.value(low, "to") else { continue };
            let split = |name: &str| {
                let at = name.rfind(|c: char| !c.is_ascii_digit())? + 1;
                Some((name.get(..at)?.to_owned(), name.get(at..)?.parse::<u32>().ok()?))
            };
            if let (Some((stem, low)), Some((_, high))) = (split(self.word(low)), split(high)) {
                members.extend((low..=high.min(low.saturating_add(4_095))).map(|number| format!("{stem}{number}")));
            }
        }
        members
    }
}

/// Words by which groups are applied, which are no settings themselves.
const INHERITANCE: &[&str] = &["apply-groups", "apply-groups-except", "apply-flags"];

/// `<ge-*>` in a group stands for every name there that fits.
fn is_pattern(word: &str) -> bool {
    word.len() > 2 && word.starts_with('<') && word.ends_with('>')
}

/// Whether a group's word stands for this one: the same, or a pattern that it fits.
pub(super) fn matches(pattern: &str, word: &str) -> bool {
    if !is_pattern(pattern) {
        return pattern == word;
    }
    let pattern: Vec<char> = pattern[1..pattern.len() - 1].chars().collect();
    let word: Vec<char> = word.chars().collect();
    let (mut p, mut w) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while w < word.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, w));
                p += 1;
                continue;
            }
            Some('?') => Some(p + 1),
            Some('[') => class(&pattern, p, word[w]),
            Some(c) if *c == word[w] => Some(p + 1),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => (p, w) = (next, w + 1),
            (None, Some((at, from))) => {
                star = Some((at, from + 1));
                (p, w) = (at + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// `[0-3]`, `[0,1]`, `[!a]`: the position behind it when the character fits.
fn class(pattern: &[char], open: usize, c: char) -> Option<usize> {
    let close = open + pattern[open..].iter().position(|c| *c == ']')?;
    let inside = &pattern[open + 1..close];
    let (negated, inside) = match inside.first() {
        Some('!' | '^') => (true, &inside[1..]),
        _ => (false, inside),
    };
    let mut fits = false;
    let mut at = 0;
    while at < inside.len() {
        if inside.get(at + 1) == Some(&'-') && at + 2 < inside.len() {
            fits |= (inside[at]..=inside[at + 2]).contains(&c);
            at += 3;
        } else {
            fits |= inside[at] == c && c != ',';
            at += 1;
        }
    }
    (fits != negated).then_some(close + 1)
}
