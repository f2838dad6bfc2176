//! The one form that XML, `set` commands and braces become: a tree of names.
//!
//! `<from><member>trust</member></from>`, `set … from trust` and `from trust;` are all the node `from` with the node
//! `trust` in it. An entry (`<entry name="web">`) is a node of its name. Nodes live in one list and know each other by
//! number, so that no depth of nesting can exhaust a stack.

use std::collections::{BTreeSet, HashMap};

/// Nesting that is followed; PAN-OS itself needs about twenty levels.
pub(super) const MAX_DEPTH: usize = 64;

/// A node's number.
pub(super) type Id = usize;

#[derive(Debug)]
struct Node {
    name: String,
    children: Vec<Id>,
    first: u32,
    last: u32,
}

/// The tree; node 0 is its root.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    index: HashMap<(Id, String), Id>,
    /// Lines of a node are those of the nodes below it (`set`), not all between its first and its last.
    pub(super) scattered: bool,
}

impl Tree {
    pub(super) const ROOT: Id = 0;

    pub(super) fn new(scattered: bool) -> Self {
        let root = Node { name: String::new(), children: Vec::new(), first: 1, last: 1 };
        Self { nodes: vec![root], index: HashMap::new(), scattered }
    }

    /// The node of this name below another; made where there is none.
    pub(super) fn enter(&mut self, parent: Id, name: &str, line: u32) -> Id {
        let known = self.index.get(&(parent, name.to_owned())).copied();
        let id = known.unwrap_or_else(|| self.add(parent, name, line));
        self.reach(id, line);
        id
    }

    /// A new node, also where there is one of this name; that one stays the one that is found by name.
    pub(super) fn add(&mut self, parent: Id, name: &str, line: u32) -> Id {
        let id = self.nodes.len();
        self.nodes.push(Node { name: name.to_owned(), children: Vec::new(), first: line, last: line });
        self.nodes[parent].children.push(id);
        self.index.entry((parent, name.to_owned())).or_insert(id);
        id
    }

    /// The node goes on up to this line.
    pub(super) fn reach(&mut self, id: Id, line: u32) {
        let last = &mut self.nodes[id].last;
        *last = (*last).max(line);
    }

    /// Takes a node out.
    pub(super) fn remove(&mut self, parent: Id, id: Id) {
        self.nodes[parent].children.retain(|child| *child != id);
        let name = self.nodes[id].name.clone();
        self.index.remove(&(parent, name));
    }

    /// Puts a node at a place among the others of its parent.
    pub(super) fn place(&mut self, parent: Id, id: Id, place: Place<'_>) -> bool {
        let others: Vec<Id> = self.nodes[parent].children.iter().copied().filter(|child| *child != id).collect();
        let at = |name: &str| others.iter().position(|other| self.nodes[*other].name == name);
        let index = match place {
            Place::Top => Some(0),
            Place::Bottom => Some(others.len()),
            Place::Before(name) => at(name),
            Place::After(name) => at(name).map(|index| index + 1),
        };
        let Some(index) = index else { return false };
        let mut children = others;
        children.insert(index, id);
        self.nodes[parent].children = children;
        true
    }

    /// Gives a node another name.
    pub(super) fn rename(&mut self, parent: Id, id: Id, name: &str) {
        let old = std::mem::replace(&mut self.nodes[id].name, name.to_owned());
        self.index.remove(&(parent, old));
        self.index.insert((parent, name.to_owned()), id);
    }

    pub(super) fn name(&self, id: Id) -> &str {
        &self.nodes[id].name
    }

    pub(super) fn children(&self, id: Id) -> impl DoubleEndedIterator<Item = Id> + '_ {
        self.nodes[id].children.iter().copied()
    }

    pub(super) fn is_leaf(&self, id: Id) -> bool {
        self.nodes[id].children.is_empty()
    }

    pub(super) fn child(&self, id: Id, name: &str) -> Option<Id> {
        self.index.get(&(id, name.to_owned())).copied()
    }

    /// The node at the end of a way.
    pub(super) fn at(&self, id: Id, way: &[&str]) -> Option<Id> {
        way.iter().try_fold(id, |id, name| self.child(id, name))
    }

    /// The last value stated for a key: `set` overwrites.
    pub(super) fn value(&self, id: Id, key: &str) -> Option<&str> {
        self.children(self.child(id, key)?).next_back().map(|value| self.name(value))
    }

    /// All values of a key, with their lines.
    pub(super) fn values(&self, id: Id, key: &str) -> Vec<(&str, u32)> {
        let key = self.child(id, key);
        key.into_iter().flat_map(|key| self.children(key)).map(|value| (self.name(value), self.first(value))).collect()
    }

    pub(super) fn is_yes(&self, id: Id, key: &str) -> bool {
        self.value(id, key) == Some("yes")
    }

    pub(super) fn first(&self, id: Id) -> u32 {
        self.nodes[id].first
    }

    pub(super) fn last(&self, id: Id) -> u32 {
        self.nodes[id].last
    }

    /// Numbers of the lines that state a node.
    pub(super) fn lines_of(&self, id: Id) -> Vec<u32> {
        let (first, last) = (self.first(id), self.last(id));
        if !self.scattered {
            return (first..=last).take(LINES_SHOWN).collect();
        }
        let mut lines = BTreeSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            lines.extend([self.first(id), self.last(id)]);
            if lines.len() > LINES_SHOWN * 4 {
                break;
            }
            open.extend(self.children(id));
        }
        lines.into_iter().take(LINES_SHOWN).collect()
    }
}

/// Lines of a node that an excerpt may be made of.
const LINES_SHOWN: usize = 400;

/// Where to move a node.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Top,
    Bottom,
    Before(&'a str),
    After(&'a str),
}
