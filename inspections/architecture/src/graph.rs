//! What a network's shape alone says: pieces, cut points, bridges, what stands on every way, and how many ways there are.
//!
//! Undirected multigraphs in compressed rows, so that 100,000 devices take milliseconds. Two links beside each other are
//! two ways: neither is a bridge. A link from a device to itself is none. Nothing recurses: a chain of 100,000 devices is
//! as good as a tree.
//!
//! *Sources.* Hopcroft and Tarjan 1973 for cut points and bridges by the lowest reachable entry number; in an undirected
//! graph the dominators of a root are exactly the cut points met on the way up its depth-first tree, so they need no
//! algorithm of their own; Menger's theorem with augmenting paths for the number of disjoint ways.

/// A network's shape. Nodes and links are counted from 0 in the order given.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Where each node's arcs begin; one more than there are nodes.
    starts: Vec<u32>,
    /// Neighbour and link.
    arcs: Vec<(u32, u32)>,
    links: usize,
}

const NONE: u32 = u32::MAX;

impl Graph {
    /// Links whose ends do not exist or are the same are kept in the numbering and lead nowhere.
    pub fn new(nodes: usize, links: &[(u32, u32)]) -> Self {
        let counts = |&&(a, b): &&(u32, u32)| a != b && (a as usize) < nodes && (b as usize) < nodes;
        let mut starts = vec![0_u32; nodes + 1];
        for &(a, b) in links.iter().filter(counts) {
            starts[a as usize + 1] += 1;
            starts[b as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut arcs = vec![(0, 0); starts[nodes] as usize];
        for (index, &(a, b)) in (0_u32..).zip(links).filter(|(_, link)| counts(link)) {
            for (from, to) in [(a, b), (b, a)] {
                arcs[next[from as usize] as usize] = (to, index);
                next[from as usize] += 1;
            }
        }
        Self { starts, arcs, links: links.len() }
    }

    /// How many nodes.
    pub fn nodes(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many links.
    pub fn links(&self) -> usize {
        self.links
    }

    /// Neighbours with the links to them, one entry a link.
    pub fn around(&self, node: u32) -> &[(u32, u32)] {
        let at = node as usize;
        &self.arcs[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// The piece that each node is in, and how many pieces there are, without nodes and links that are `gone`.
    pub fn components(&self, gone: &Gone<'_>) -> (Vec<u32>, u32) {
        let mut piece = vec![NONE; self.nodes()];
        let mut pieces = 0;
        let mut todo = Vec::new();
        for root in (0_u32..).take(self.nodes()) {
            if piece[root as usize] != NONE || (gone.node)(root) {
                continue;
            }
            piece[root as usize] = pieces;
            todo.push(root);
            while let Some(node) = todo.pop() {
                for &(next, link) in self.around(node) {
                    if piece[next as usize] == NONE && !(gone.link)(link) && !(gone.node)(next) {
                        piece[next as usize] = pieces;
                        todo.push(next);
                    }
                }
            }
            pieces += 1;
        }
        (piece, pieces)
    }

    /// Nodes that some of `roots` reach, without what is `gone`.
    pub fn reached(&self, roots: &[u32], gone: &Gone<'_>) -> Vec<bool> {
        let mut reached = vec![false; self.nodes()];
        let mut todo: Vec<u32> = Vec::new();
        for &root in roots {
            if !(gone.node)(root) && !std::mem::replace(&mut reached[root as usize], true) {
                todo.push(root);
            }
        }
        while let Some(node) = todo.pop() {
            for &(next, link) in self.around(node) {
                if !reached[next as usize] && !(gone.link)(link) && !(gone.node)(next) {
                    reached[next as usize] = true;
                    todo.push(next);
                }
            }
        }
        reached
    }

    /// A shortest way from one of `from` to one of `to` as nodes, without what is `gone`.
    pub fn path(&self, from: &[u32], to: &dyn Fn(u32) -> bool, gone: &Gone<'_>) -> Option<Vec<u32>> {
        let mut back = vec![NONE; self.nodes()];
        let mut queue = std::collections::VecDeque::new();
        for &root in from.iter().filter(|root| !(gone.node)(**root)) {
            if back[root as usize] == NONE {
                back[root as usize] = root;
                queue.push_back(root);
            }
        }
        while let Some(node) = queue.pop_front() {
            if to(node) {
                let mut path = vec![node];
                let mut at = node;
                while back[at as usize] != at {
                    at = back[at as usize];
                    path.push(at);
                }
                path.reverse();
                return Some(path);
            }
            for &(next, link) in self.around(node) {
                if back[next as usize] == NONE && !(gone.link)(link) && !(gone.node)(next) {
                    back[next as usize] = node;
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// Cut points and bridges.
    pub fn structure(&self) -> Structure {
        let search = Search::run(self, None);
        let mut cut_points = vec![false; self.nodes()];
        let mut bridges = vec![false; self.links];
        let mut children_of_roots = vec![0_u32; self.nodes()];
        for &node in &search.order {
            let parent = search.parent[node as usize];
            if parent == NONE {
                continue;
            }
            let (low, entry) = (search.low[node as usize], search.entry[parent as usize]);
            if low > entry {
                bridges[search.up[node as usize] as usize] = true;
            }
            if search.parent[parent as usize] == NONE {
                children_of_roots[parent as usize] += 1;
            } else if low >= entry {
                cut_points[parent as usize] = true;
            }
        }
        for (node, children) in children_of_roots.iter().enumerate() {
            cut_points[node] |= *children > 1;
        }
        Structure { cut_points, bridges }
    }

    /// What stands on every way from the roots, taken together, to each node.
    pub fn dominators(&self, roots: &[u32]) -> Dominators {
        let search = Search::run(self, Some(roots));
        let mut nearest = vec![NONE; self.nodes()];
        let mut bridge = vec![NONE; self.nodes()];
        // Parents come before their children in the order of entry.
        for &node in &search.order {
            let parent = search.parent[node as usize];
            if parent == NONE {
                continue;
            }
            // Entry numbers begin at 1: 0 is the source behind the roots, which every root can reach another root over.
            let (low, entry) = (search.low[node as usize], search.entry[parent as usize]);
            nearest[node as usize] = if low >= entry { parent } else { nearest[parent as usize] };
            bridge[node as usize] = if low > entry { node } else { bridge[parent as usize] };
        }
        Dominators { entry: search.entry, nearest, bridge, parent: search.parent, up: search.up }
    }

    /// How many ways from `from` to `to` share no link (or, with `nodes`, no node between them), counted up to `limit`.
    pub fn disjoint_ways(&self, from: u32, to: u32, apart: Apart, limit: usize) -> usize {
        let mut flow = Flow::of(self, apart);
        flow.augment(from, to, limit)
    }

    /// A smallest set of nodes that parts `from` from `to`, sorted; nothing where they are neighbours or the set is
    /// larger than `limit`.
    pub fn smallest_cut(&self, from: u32, to: u32, limit: usize) -> Option<Vec<u32>> {
        if from == to || self.around(from).iter().any(|(next, _)| *next == to) {
            return None;
        }
        let mut flow = Flow::of(self, Apart::Nodes);
        if flow.augment(from, to, limit + 1) > limit {
            return None;
        }
        let reached = flow.reached(from);
        let cut = (0_u32..).take(self.nodes()).filter(|node| {
            let entrance = *node as usize * 2;
            *node != from && *node != to && reached[entrance] && !reached[entrance + 1]
        });
        Some(cut.collect())
    }
}

/// What is taken away for a question.
#[derive(Clone, Copy)]
pub struct Gone<'a> {
    /// Whether a node is.
    pub node: &'a dyn Fn(u32) -> bool,
    /// Whether a link is.
    pub link: &'a dyn Fn(u32) -> bool,
}

impl Gone<'_> {
    /// Nothing is.
    pub const NOTHING: Gone<'static> = Gone { node: &|_| false, link: &|_| false };
}

/// What must not be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// No link.
    Links,
    /// No node between the ends.
    Nodes,
}

/// Whose failure alone parts something from something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// By node.
    pub cut_points: Vec<bool>,
    /// By link.
    pub bridges: Vec<bool>,
}

/// What stands on every way from some roots.
#[derive(Clone, Debug)]
pub struct Dominators {
    entry: Vec<u32>,
    nearest: Vec<u32>,
    /// The node below the nearest bridge on the way up.
    bridge: Vec<u32>,
    parent: Vec<u32>,
    up: Vec<u32>,
}

impl Dominators {
    /// Whether the roots reach it at all.
    pub fn reached(&self, node: u32) -> bool {
        self.entry.get(node as usize).is_some_and(|entry| *entry != NONE)
    }

    /// Nodes on every way to it, nearest first, itself left out. A root is one where it is the only way in.
    pub fn nodes(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        walk(&self.nearest, node)
    }

    /// Links on every way to it, nearest first.
    pub fn links(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let mut at = node;
        std::iter::from_fn(move || {
            let below = *self.bridge.get(at as usize)?;
            if below == NONE {
                return None;
            }
            at = self.parent[below as usize];
            Some(self.up[below as usize])
        })
    }
}

fn walk(next: &[u32], from: u32) -> impl Iterator<Item = u32> + '_ {
    let step = |node: u32| next.get(node as usize).copied().filter(|found| *found != NONE);
    std::iter::successors(step(from), move |node| step(*node))
}

/// One depth-first search with entry numbers, the lowest entry that each subtree reaches, and the tree itself.
struct Search {
    entry: Vec<u32>,
    low: Vec<u32>,
    parent: Vec<u32>,
    up: Vec<u32>,
    order: Vec<u32>,
}

impl Search {
    /// Over all nodes; or from a source behind the roots, which has entry 0 and is linked to each of them.
    fn run(graph: &Graph, roots: Option<&[u32]>) -> Self {
        let nodes = graph.nodes();
        let mut search = Self {
            entry: vec![NONE; nodes],
            low: vec![NONE; nodes],
            parent: vec![NONE; nodes],
            up: vec![NONE; nodes],
            order: Vec::with_capacity(nodes),
        };
        let mut next: Vec<u32> = graph.starts[..nodes].to_vec();
        match roots {
            None => (0_u32..).take(nodes).for_each(|root| search.from(graph, root, &|_| false, &mut next)),
            Some(roots) => {
                let mut is_root = vec![false; nodes];
                for root in roots.iter().filter(|root| (**root as usize) < nodes) {
                    is_root[*root as usize] = true;
                }
                for root in roots.iter().copied().filter(|root| (*root as usize) < nodes) {
                    search.from(graph, root, &|node| is_root[node as usize], &mut next);
                }
            }
        }
        search
    }

    fn from(&mut self, graph: &Graph, root: u32, reaches_source: &dyn Fn(u32) -> bool, next: &mut [u32]) {
        if self.entry[root as usize] != NONE {
            return;
        }
        self.enter(root, NONE, NONE);
        let mut stack = vec![root];
        while let Some(&node) = stack.last() {
            let at = node as usize;
            if next[at] < graph.starts[at + 1] {
                let (to, link) = graph.arcs[next[at] as usize];
                next[at] += 1;
                if self.entry[to as usize] == NONE {
                    self.enter(to, node, link);
                    if reaches_source(to) {
                        self.low[to as usize] = 0;
                    }
                    stack.push(to);
                } else if link != self.up[at] {
                    self.low[at] = self.low[at].min(self.entry[to as usize]);
                }
            } else {
                stack.pop();
                if self.parent[at] != NONE {
                    let parent = self.parent[at] as usize;
                    self.low[parent] = self.low[parent].min(self.low[at]);
                }
            }
        }
    }

    fn enter(&mut self, node: u32, parent: u32, link: u32) {
        let number = u32::try_from(self.order.len()).unwrap_or(NONE - 1).saturating_add(1);
        self.entry[node as usize] = number;
        self.low[node as usize] = number;
        self.parent[node as usize] = parent;
        self.up[node as usize] = link;
        self.order.push(node);
    }
}

/// Unit flow by augmenting paths. With [`Apart::Nodes`] every node is an entrance (`2n`) and an exit (`2n + 1`).
struct Flow {
    starts: Vec<u32>,
    /// Target, place of the opposite arc, and whether the arc is free.
    arcs: Vec<(u32, u32, bool)>,
    apart: Apart,
}

impl Flow {
    fn of(graph: &Graph, apart: Apart) -> Self {
        let mut pairs: Vec<(u32, u32, bool)> = Vec::new();
        let nodes = graph.nodes();
        for node in (0_u32..).take(nodes) {
            if apart == Apart::Nodes {
                pairs.push((node * 2, node * 2 + 1, false));
            }
            for &(next, _) in graph.around(node) {
                match apart {
                    Apart::Links if node < next => pairs.push((node, next, true)),
                    Apart::Nodes => pairs.push((node * 2 + 1, next * 2, false)),
                    Apart::Links => {}
                }
            }
        }
        let vertices = if apart == Apart::Nodes { nodes * 2 } else { nodes };
        let mut starts = vec![0_u32; vertices + 1];
        for &(a, b, _) in &pairs {
            starts[a as usize + 1] += 1;
            starts[b as usize + 1] += 1;
        }
        for vertex in 0..vertices {
            starts[vertex + 1] += starts[vertex];
        }
        let mut next = starts.clone();
        let mut arcs = vec![(0, 0, false); starts[vertices] as usize];
        for (a, b, both) in pairs {
            let (there, back) = (next[a as usize], next[b as usize]);
            arcs[there as usize] = (b, back, true);
            arcs[back as usize] = (a, there, both);
            next[a as usize] += 1;
            next[b as usize] += 1;
        }
        Self { starts, arcs, apart }
    }

    fn ends(&self, from: u32, to: u32) -> (u32, u32) {
        match self.apart {
            Apart::Links => (from, to),
            Apart::Nodes => (from * 2 + 1, to * 2),
        }
    }

    fn augment(&mut self, from: u32, to: u32, limit: usize) -> usize {
        if from == to {
            return 0;
        }
        let (source, sink) = self.ends(from, to);
        let mut found = 0;
        while found < limit {
            let (_, by) = self.search(source, Some(sink), &|_, _| false);
            if by[sink as usize] == NONE {
                break;
            }
            let mut at = sink;
            while at != source {
                let arc = by[at as usize] as usize;
                let (_, back, _) = self.arcs[arc];
                self.arcs[arc].2 = false;
                self.arcs[back as usize].2 = true;
                at = self.arcs[back as usize].0;
            }
            found += 1;
        }
        found
    }

    fn reached(&self, from: u32) -> Vec<bool> {
        // Only nodes are to be cut: links carry any number of ways.
        let link = |vertex: u32, to: u32| vertex % 2 == 1 && to.is_multiple_of(2) && to + 1 != vertex;
        self.search(self.ends(from, from).0, None, &link).0
    }

    /// Vertices that free arcs lead to, and the arc by which each was reached.
    fn search(&self, source: u32, sink: Option<u32>, endless: &dyn Fn(u32, u32) -> bool) -> (Vec<bool>, Vec<u32>) {
        let vertices = self.starts.len() - 1;
        let (mut seen, mut by) = (vec![false; vertices], vec![NONE; vertices]);
        let mut queue = std::collections::VecDeque::from([source]);
        seen[source as usize] = true;
        while let Some(vertex) = queue.pop_front() {
            if Some(vertex) == sink {
                break;
            }
            for arc in self.starts[vertex as usize]..self.starts[vertex as usize + 1] {
                let (to, _, free) = self.arcs[arc as usize];
                if (free || endless(vertex, to)) && !std::mem::replace(&mut seen[to as usize], true) {
                    by[to as usize] = arc;
                    queue.push_back(to);
                }
            }
        }
        (seen, by)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn without(node: Option<u32>, link: Option<u32>, ask: impl Fn(&Gone<'_>) -> bool) -> bool {
        ask(&Gone { node: &|at| Some(at) == node, link: &|at| Some(at) == link })
    }

    fn graphs() -> impl Strategy<Value = (usize, Vec<(u32, u32)>)> {
        (1_usize..9).prop_flat_map(|nodes| {
            let end = 0..u32::try_from(nodes).unwrap();
            (Just(nodes), proptest::collection::vec((end.clone(), end), 0..14))
        })
    }

    fn parted_by(graph: &Graph, roots: &[u32], to: u32, gone: &Gone<'_>) -> bool {
        !graph.reached(roots, gone)[to as usize]
    }

    proptest! {
        #[test]
        fn cut_points_and_bridges_are_those_whose_removal_makes_more_pieces((nodes, links) in graphs()) {
            let graph = Graph::new(nodes, &links);
            let structure = graph.structure();
            let (piece, before) = graph.components(&Gone::NOTHING);
            for node in 0..u32::try_from(nodes).unwrap() {
                let gone = Gone { node: &|at| at == node, link: &|_| false };
                let alone = u32::from(!piece.iter().enumerate().any(|(at, found)| at != node as usize && *found == piece[node as usize]));
                prop_assert_eq!(structure.cut_points[node as usize], graph.components(&gone).1 > before - alone);
            }
            for link in 0..u32::try_from(links.len()).unwrap() {
                let gone = Gone { node: &|_| false, link: &|at| at == link };
                prop_assert_eq!(structure.bridges[link as usize], graph.components(&gone).1 > before);
            }
        }

        #[test]
        fn dominators_are_those_whose_removal_parts((nodes, links) in graphs(), some in proptest::collection::vec(0_u32..9, 1..4)) {
            let graph = Graph::new(nodes, &links);
            let roots: Vec<u32> = some.iter().map(|root| root % u32::try_from(nodes).unwrap()).collect();
            let dominators = graph.dominators(&roots);
            for to in 0..u32::try_from(nodes).unwrap() {
                let reached = !parted_by(&graph, &roots, to, &Gone::NOTHING);
                prop_assert_eq!(dominators.reached(to), reached);
                let mut found: Vec<u32> = dominators.nodes(to).collect();
                found.sort_unstable();
                let slow: Vec<u32> = (0..u32::try_from(nodes).unwrap())
                    .filter(|node| reached && *node != to)
                    .filter(|node| without(Some(*node), None, |gone| parted_by(&graph, &roots, to, gone)))
                    .collect();
                prop_assert_eq!(found, slow);
                let mut found: Vec<u32> = dominators.links(to).collect();
                found.sort_unstable();
                let slow: Vec<u32> = (0..u32::try_from(links.len()).unwrap())
                    .filter(|link| reached && without(None, Some(*link), |gone| parted_by(&graph, &roots, to, gone)))
                    .collect();
                prop_assert_eq!(found, slow);
            }
        }

        #[test]
        fn a_smallest_cut_parts_and_nothing_smaller_does((nodes, links) in graphs(), a in 0_u32..9, b in 0_u32..9) {
            let count = u32::try_from(nodes).unwrap();
            let (from, to) = (a % count, b % count);
            let graph = Graph::new(nodes, &links);
            let neighbours = graph.around(from).iter().any(|(next, _)| *next == to);
            prop_assume!(from != to && !neighbours);
            let parts = |set: u32| {
                let gone = Gone { node: &|node| set >> node & 1 == 1, link: &|_| false };
                parted_by(&graph, &[from], to, &gone)
            };
            let slow = (0_u32..1 << nodes)
                .filter(|set| set >> from & 1 == 0 && set >> to & 1 == 0 && parts(*set))
                .map(u32::count_ones)
                .min();
            let cut = graph.smallest_cut(from, to, 9).unwrap();
            prop_assert!(parts(cut.iter().fold(0, |set, node| set | 1 << node)));
            prop_assert_eq!(Some(u32::try_from(cut.len()).unwrap()), slow);
            prop_assert_eq!(graph.disjoint_ways(from, to, Apart::Nodes, 9), cut.len());
            let parted = |set: u32| {
                let gone = Gone { node: &|_| false, link: &|link| set >> link & 1 == 1 };
                parted_by(&graph, &[from], to, &gone)
            };
            let slow = (0_u32..1 << links.len()).filter(|set| parted(*set)).map(u32::count_ones).min();
            let ways = graph.disjoint_ways(from, to, Apart::Links, 99);
            prop_assert_eq!(Some(u32::try_from(ways).unwrap()), slow);
        }
    }

    #[test]
    fn parallel_links_are_no_bridges_and_loops_are_nothing() {
        let graph = Graph::new(3, &[(0, 1), (1, 0), (1, 1), (1, 2), (7, 1)]);
        let structure = graph.structure();
        assert_eq!(structure.bridges, [false, false, false, true, false]);
        assert_eq!(structure.cut_points, [false, true, false]);
    }

    #[test]
    fn a_chain_of_many_devices_does_not_overflow() {
        let nodes = 200_000;
        let links: Vec<(u32, u32)> = (1..nodes).map(|node| (node - 1, node)).collect();
        let graph = Graph::new(nodes as usize, &links);
        let structure = graph.structure();
        assert_eq!(structure.cut_points.iter().filter(|cut| **cut).count(), 199_998);
        assert!(structure.bridges.iter().all(|bridge| *bridge));
        assert_eq!(graph.dominators(&[0]).nodes(199_999).count(), 199_999);
    }
}
