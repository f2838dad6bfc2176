//! Drawings and the firm's facts as one network: elements with roles, zones, sites, power; wires between them.
//!
//! A role comes from the firm's file first, then from what the drawing's source says in so many words (`role`), then from
//! the label, then from the shape. A label that names several roles, and a thing on a line that names none, is *asked
//! for*: it passes traffic like anything else, and no check holds it to be something.
//!
//! A line that ends at a box reaches whatever stands in the box: the box then is an element of its own, a segment. Two
//! drawings of one system are one network: things with the same label that is more than the name of a role are the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::drawing::Drawing;
use crate::facts::{ElementFact, Facts};
use crate::graph::{Gone, Graph};
use crate::words::{self, Holder, Role, ZoneKind};

/// A file of the evidence, counted from 0, and the place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Which file.
    pub file: usize,
    /// Line, page or path in it.
    pub place: String,
}

/// A thing of the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Element {
    /// Unique in the network.
    pub id: String,
    /// Name for readers.
    pub label: String,
    /// What it does, where that is known.
    pub role: Option<Role>,
    /// Whether it is a box that lines end at, or the segment of a zone.
    pub segment: bool,
    /// The innermost zone that it stands in.
    pub zone: Option<usize>,
    /// Site, room and rack that it stands in, each with its name.
    pub holders: Vec<(Holder, String)>,
    /// What else the firm says of it.
    pub facts: ElementFact,
    /// Where it is drawn.
    pub source: Source,
}

/// A part of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Name.
    pub name: String,
    /// What for.
    pub kind: ZoneKind,
    /// Where it is drawn.
    pub source: Source,
}

/// A line between two elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    /// An end.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// Name for readers.
    pub label: String,
    /// Whose line it is.
    pub provider: Option<String>,
    /// Minutes until it is back after a failure.
    pub repair_minutes: Option<u64>,
    /// Whether no line is drawn and the box that both stand in joins them: such a wire cannot fail alone.
    pub implied: bool,
    /// Where it is drawn.
    pub source: Source,
}

/// Something that the diagram and the firm's file leave open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// What does it do? With what its label could mean.
    Role(usize, Vec<Role>),
    /// It is on no line.
    Unconnected(usize),
    /// The firm's file names something that is not there.
    Unknown(Source, String),
}

/// A network.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// Things.
    pub elements: Vec<Element>,
    /// Lines.
    pub wires: Vec<Wire>,
    /// Parts.
    pub zones: Vec<Zone>,
    /// What is open.
    pub questions: Vec<Question>,
    names: BTreeMap<String, Option<usize>>,
}

impl Topology {
    /// The network of these drawings and facts; files are counted through both, in the order given.
    pub fn of(drawings: &[(usize, &Drawing)], facts: &[(usize, &Facts)]) -> Self {
        let mut maker = Maker { facts: facts.to_vec(), ..Maker::default() };
        for (file, drawing) in drawings {
            maker.draw(*file, drawing);
        }
        maker.correct();
        maker.finish()
    }

    /// The element of this id or label; nothing where there is none, or several of the label.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.get(&key(name)).copied().flatten()
    }

    /// Its graph: elements are nodes, wires are links, in the same order.
    pub fn graph(&self) -> Graph {
        let count = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let links: Vec<(u32, u32)> = self.wires.iter().map(|wire| (count(wire.a), count(wire.b))).collect();
        Graph::new(self.elements.len(), &links)
    }

    /// Elements of a role.
    pub fn with(&self, role: Role) -> impl Iterator<Item = usize> + '_ {
        (0..self.elements.len()).filter(move |at| self.elements[*at].role == Some(role))
    }

    /// The kind of zone that an element stands in.
    pub fn kind(&self, element: usize) -> Option<ZoneKind> {
        let element = self.elements.get(element)?;
        let drawn = element.zone.and_then(|zone| self.zones.get(zone)).map(|zone| zone.kind);
        drawn.or((element.role == Some(Role::Internet)).then_some(ZoneKind::Internet))
    }

    /// A name for readers.
    pub fn name(&self, element: usize) -> &str {
        self.elements.get(element).map_or("", |element| element.label.as_str())
    }

    /// A way for readers: `Internet → edge-fw → web`.
    pub fn way(&self, path: &[u32]) -> String {
        let names: Vec<&str> = path.iter().map(|at| self.name(*at as usize)).collect();
        names.join(" → ")
    }

    /// A shortest way from some elements to one, passing no element that `stops`; the ends are asked too.
    pub fn way_around(&self, from: &[usize], to: usize, stops: impl Fn(&Element) -> bool) -> Option<Vec<u32>> {
        let stopped = |at: u32| self.elements.get(at as usize).is_some_and(&stops);
        let from: Vec<u32> = from.iter().filter_map(|at| u32::try_from(*at).ok()).collect();
        let gone = Gone { node: &stopped, link: &|_| false };
        self.graph().path(&from, &|at| at as usize == to, &gone)
    }
}

/// Names are compared without regard to case and outer spaces.
fn key(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[derive(Default)]
struct Maker<'a> {
    facts: Vec<(usize, &'a Facts)>,
    topology: Topology,
    /// Labels already drawn by an earlier file, with their element.
    drawn: BTreeMap<String, usize>,
    /// Elements whose label could mean several roles.
    ambiguous: BTreeMap<usize, Vec<Role>>,
    by_zone: BTreeMap<(usize, String), usize>,
}

/// What a node of a drawing became.
#[derive(Clone, Copy)]
enum Became {
    Element(usize),
    Nothing,
}

impl<'a> Maker<'a> {
    fn draw(&mut self, file: usize, drawing: &Drawing) {
        let index: BTreeMap<&str, usize> =
            drawing.nodes.iter().enumerate().map(|(at, node)| (node.id.as_str(), at)).collect();
        let outer: Vec<Option<usize>> = drawing
            .nodes
            .iter()
            .map(|node| node.within.as_ref().and_then(|id| index.get(id.as_str())).copied())
            .collect();
        let mut holds = vec![false; drawing.nodes.len()];
        outer.iter().flatten().for_each(|at| holds[*at] = true);
        let mut linked = vec![false; drawing.nodes.len()];
        for link in &drawing.links {
            [&link.from, &link.to].iter().filter_map(|id| index.get(id.as_str())).for_each(|at| linked[*at] = true);
        }
        let earlier = self.drawn.clone();
        let mut became = Vec::with_capacity(drawing.nodes.len());
        for (at, node) in drawing.nodes.iter().enumerate() {
            let source = Source { file, place: node.place.clone() };
            let named = Self::named_roles(node);
            let plain = node.label.trim().is_empty() && node.shape.trim().is_empty();
            let is_box = holds[at];
            if !linked[at] && (is_box || plain || named.is_empty()) {
                became.push(Became::Nothing);
                continue;
            }
            // A device with its ports or machines in it is a device.
            let is_segment = is_box && (named.len() != 1 || !words::zones(&node.label).is_empty());
            let merged =
                if is_segment || roles_only(&node.label) { None } else { earlier.get(&key(&node.label)).copied() };
            let element = merged.unwrap_or_else(|| {
                let label = if node.label.trim().is_empty() { &node.id } else { &node.label };
                let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
                let taken = self.topology.names.contains_key(&key(&node.id));
                let id = if taken { format!("{file}/{}", node.id) } else { node.id.clone() };
                self.add(Element { id, label, segment: is_segment, source, ..Element::default() })
            });
            if !is_segment {
                self.role(element, &named);
                if !roles_only(&node.label) {
                    self.drawn.insert(key(&node.label), element);
                }
            }
            became.push(Became::Element(element));
        }
        self.place(file, drawing, &outer, &holds, &became);
        for link in &drawing.links {
            let end = |id: &String| match index.get(id.as_str()).map(|at| became[*at]) {
                Some(Became::Element(at)) => Some(at),
                _ => None,
            };
            let (Some(a), Some(b)) = (end(&link.from), end(&link.to)) else { continue };
            let provider = link.properties.get("provider").filter(|value| !value.is_empty()).cloned();
            let provider =
                provider.or_else(|| words::roles(&link.label).contains(&Role::Provider).then(|| link.label.clone()));
            self.topology.wires.push(Wire {
                a,
                b,
                label: link.label.clone(),
                provider,
                repair_minutes: None,
                implied: false,
                source: Source { file, place: link.place.clone() },
            });
        }
    }

    /// Roles that a node names: by what its source says in so many words, by its label, by its shape.
    fn named_roles(node: &crate::drawing::Node) -> BTreeSet<Role> {
        let said = ["role", "device_role", "kind", "type"].iter().filter_map(|name| node.properties.get(*name));
        for said in said {
            let found = words::roles(said);
            if found.len() == 1 && !found.iter().any(|role| words::is_general(*role)) {
                return found;
            }
        }
        let (label, shape) = (words::roles(&node.label), words::roles(&node.shape));
        let exact = |roles: &BTreeSet<Role>| roles.len() == 1 && !roles.iter().any(|role| words::is_general(*role));
        let both: BTreeSet<Role> = label.intersection(&shape).copied().collect();
        match () {
            () if exact(&label) => label,
            () if both.len() == 1 => both,
            () if label.len() > 1 => label,
            () if exact(&shape) || label.is_empty() => shape,
            () => label,
        }
    }

    fn role(&mut self, element: usize, named: &BTreeSet<Role>) {
        let known = &mut self.topology.elements[element].role;
        let mut named = named.iter().copied();
        match (named.next(), named.next()) {
            (Some(role), None) => {
                if known.is_none_or(words::is_general) {
                    *known = Some(role);
                }
            }
            (Some(first), Some(second)) => {
                let all = [first, second].into_iter().chain(named).collect();
                self.ambiguous.insert(element, all);
            }
            (None, _) => {}
        }
    }

    fn add(&mut self, element: Element) -> usize {
        let at = self.topology.elements.len();
        let names = &mut self.topology.names;
        names.insert(key(&element.id), Some(at));
        let label = key(&element.label);
        if label != key(&element.id) {
            names.entry(label).and_modify(|found| *found = None).or_insert(Some(at));
        }
        self.topology.elements.push(element);
        at
    }

    /// Zones, sites, rooms and racks from the boxes that things stand in.
    fn place(&mut self, file: usize, drawing: &Drawing, outer: &[Option<usize>], holds: &[bool], became: &[Became]) {
        let mut kinds: Vec<(Option<usize>, Option<Holder>)> = Vec::with_capacity(drawing.nodes.len());
        for (at, node) in drawing.nodes.iter().enumerate() {
            if !holds[at] {
                kinds.push((None, None));
                continue;
            }
            let stated = self.zone_fact(&[&node.id, &node.label]);
            let (zones, holders) = (words::zones(&node.label), words::holders(&node.label));
            let kind = stated.or_else(|| if zones.len() == 1 { zones.first().copied() } else { None });
            let zone = kind.map(|kind| {
                let source = Source { file, place: node.place.clone() };
                self.zone(file, &node.label, kind, source)
            });
            kinds.push((zone, holders.first().copied().filter(|_| stated.is_none())));
        }
        for (at, became) in became.iter().enumerate() {
            let Became::Element(element) = *became else { continue };
            let mut next = if holds[at] { Some(at) } else { outer[at] };
            let mut steps = 0;
            while let Some(container) = next.filter(|_| steps < 64) {
                let (zone, holder) = kinds[container];
                let found = &mut self.topology.elements[element];
                found.zone = found.zone.or(zone);
                let name = drawing.nodes[container].label.clone();
                if let Some(holder) = holder.filter(|holder| !found.holders.contains(&(*holder, name.clone()))) {
                    found.holders.push((holder, name));
                }
                next = outer[container];
                steps += 1;
            }
            for (name, holder) in [("site", Holder::Site), ("room", Holder::Room), ("rack", Holder::Rack)] {
                let value = drawing.nodes[at].properties.get(name).filter(|value| !value.is_empty());
                let found = &mut self.topology.elements[element].holders;
                if let Some(value) = value.filter(|_| !found.iter().any(|(known, _)| *known == holder)) {
                    found.push((holder, value.clone()));
                }
            }
        }
        // A box that lines end at is joined with what stands in it.
        for (at, inner) in became.iter().enumerate() {
            let (Became::Element(inner), Some(container)) = (*inner, outer[at]) else { continue };
            let Became::Element(segment) = became[container] else { continue };
            let source = Source { file, place: drawing.nodes[at].place.clone() };
            self.imply(inner, segment, source);
        }
    }

    fn imply(&mut self, a: usize, b: usize, source: Source) {
        let label = String::new();
        self.topology.wires.push(Wire { a, b, label, provider: None, repair_minutes: None, implied: true, source });
    }

    fn zone(&mut self, file: usize, name: &str, kind: ZoneKind, source: Source) -> usize {
        let zones = &mut self.topology.zones;
        *self.by_zone.entry((file, key(name))).or_insert_with(|| {
            zones.push(Zone { name: name.split_whitespace().collect::<Vec<_>>().join(" "), kind, source });
            zones.len() - 1
        })
    }

    fn zone_fact(&self, names: &[&str]) -> Option<ZoneKind> {
        let stated = self.facts.iter().flat_map(|(_, facts)| &facts.zones);
        stated.filter(|zone| names.iter().any(|name| key(name) == key(&zone.name))).map(|zone| zone.kind).next()
    }

    /// What the firm's file says of elements and links, and those that it adds.
    fn correct(&mut self) {
        let all: Vec<(usize, &'a Facts)> = self.facts.clone();
        for (file, facts) in &all {
            for fact in &facts.elements {
                let source = Source { file: *file, place: fact.at.place() };
                let known = self.topology.find(&fact.id).or_else(|| self.topology.find(fact.label.as_deref()?));
                let element = known.unwrap_or_else(|| {
                    let label = fact.label.clone().unwrap_or_else(|| fact.id.clone());
                    let at =
                        self.add(Element { id: fact.id.clone(), label, source: source.clone(), ..Element::default() });
                    if fact.role.is_none() {
                        let named = words::roles(fact.label.as_deref().unwrap_or(&fact.id));
                        self.role(at, &named);
                    }
                    at
                });
                if fact.role.is_some() {
                    self.ambiguous.remove(&element);
                    self.topology.elements[element].role = fact.role;
                }
                if let Some(name) = &fact.zone {
                    self.put_in_zone(*file, element, name, source);
                }
                let found = &mut self.topology.elements[element];
                for (holder, name) in [(Holder::Site, &fact.site), (Holder::Rack, &fact.rack)] {
                    if let Some(name) = name {
                        found.holders.retain(|(known, _)| *known != holder);
                        found.holders.push((holder, name.clone()));
                    }
                }
                found.facts = fact.clone();
            }
        }
        for (file, facts) in &all {
            for fact in &facts.links {
                let source = Source { file: *file, place: fact.at.place() };
                let (Some(a), Some(b)) = (self.end(&fact.from, &source), self.end(&fact.to, &source)) else { continue };
                let label = fact.label.clone().unwrap_or_default();
                let same = |wire: &&mut Wire| {
                    !wire.implied
                        && wire.source.file != *file
                        && (wire.a.min(wire.b), wire.a.max(wire.b)) == (a.min(b), a.max(b))
                        && (label.is_empty() || wire.label == label)
                };
                if let Some(wire) = self.topology.wires.iter_mut().find(same) {
                    wire.provider = fact.provider.clone().or_else(|| wire.provider.take());
                    wire.repair_minutes = fact.repair_minutes;
                    continue;
                }
                let (provider, repair_minutes) = (fact.provider.clone(), fact.repair_minutes);
                self.topology.wires.push(Wire { a, b, label, provider, repair_minutes, implied: false, source });
            }
        }
    }

    fn end(&mut self, name: &str, source: &Source) -> Option<usize> {
        let found = self.topology.find(name);
        if found.is_none() {
            self.topology.questions.push(Question::Unknown(source.clone(), name.to_owned()));
        }
        found
    }

    /// An element into a zone that the firm's file names; those who stand in one zone so are on one segment unless the
    /// drawing links them itself.
    fn put_in_zone(&mut self, file: usize, element: usize, name: &str, source: Source) {
        let drawn = self.topology.zones.iter().position(|zone| key(&zone.name) == key(name));
        let zone = drawn.or_else(|| {
            let named = words::zones(name);
            let kind = self.zone_fact(&[name]).or_else(|| if named.len() == 1 { named.first().copied() } else { None });
            kind.map(|kind| self.zone(file, name, kind, source.clone()))
        });
        if let Some(zone) = zone {
            self.topology.elements[element].zone = Some(zone);
        } else {
            let text = format!("zone {name}: what it is for");
            self.topology.questions.push(Question::Unknown(source, text));
        }
    }

    fn finish(mut self) -> Topology {
        let mut linked = vec![false; self.topology.elements.len()];
        for wire in &self.topology.wires {
            linked[wire.a] = true;
            linked[wire.b] = true;
        }
        for (at, element) in self.topology.elements.iter().enumerate() {
            if element.segment {
                continue;
            }
            let open = self.ambiguous.get(&at).filter(|_| element.role.is_none());
            if element.role.is_none() && linked[at] {
                self.topology.questions.push(Question::Role(at, open.cloned().unwrap_or_default()));
            }
            if !linked[at] && !matches!(element.role, Some(Role::Ups | Role::Power)) {
                self.topology.questions.push(Question::Unconnected(at));
            }
        }
        self.topology.questions.sort();
        self.topology
    }
}

/// Whether two things of this label are two: it says nothing, or nothing but what they are. There is one Internet.
fn roles_only(label: &str) -> bool {
    label.trim().is_empty() || (words::is_only_a_role(label) && !words::roles(label).contains(&Role::Internet))
}

#[cfg(test)]
mod tests {
    use secdiag_records::tree::Syntax;

    use super::*;
    use crate::drawing::{Link, Node};

    fn node(id: &str, label: &str, within: Option<&str>) -> Node {
        Node { id: id.into(), label: label.into(), within: within.map(str::to_owned), ..Node::default() }
    }

    fn link(from: &str, to: &str) -> Link {
        Link { from: from.into(), to: to.into(), ..Link::default() }
    }

    fn facts(text: &str) -> Facts {
        let (facts, notes) = crate::facts::read(text, Syntax::Toml);
        assert!(notes.is_empty(), "{notes:?}");
        facts
    }

    fn office() -> Drawing {
        Drawing {
            nodes: vec![
                node("1", "網際網路", None),
                node("2", "FW-A", None),
                node("z", "DMZ", None),
                node("3", "官網主機 Web01", Some("z")),
                node("4", "thing", None),
                node("5", "legend", None),
                node("hq", "內湖機房", None),
                node("6", "Web / DB", Some("hq")),
            ],
            links: vec![link("1", "2"), link("2", "z"), link("2", "4"), link("2", "6")],
            notes: vec![],
        }
    }

    #[test]
    fn roles_zones_and_sites_are_read_and_the_rest_is_asked_for() {
        let drawing = office();
        let topology = Topology::of(&[(0, &drawing)], &[]);
        let role = |name: &str| topology.elements[topology.find(name).unwrap()].role;
        assert_eq!((role("網際網路"), role("fw-a")), (Some(Role::Internet), Some(Role::Firewall)));
        let web = topology.find("官網主機 web01").unwrap();
        assert_eq!((topology.elements[web].role, topology.kind(web)), (Some(Role::Web), Some(ZoneKind::Dmz)));
        assert!(topology.find("legend").is_none());
        let mixed = topology.find("Web / DB").unwrap();
        assert_eq!(topology.elements[mixed].holders, [(Holder::Site, "內湖機房".to_owned())]);
        let asked = [
            Question::Role(topology.find("thing").unwrap(), vec![]),
            Question::Role(mixed, vec![Role::Web, Role::Database]),
        ];
        assert_eq!(topology.questions, asked);
        let path = topology.way_around(&[topology.find("1").unwrap()], web, |_| false).unwrap();
        assert_eq!(
            topology.way(&path),
            "網際網路 → FW-A → DMZ → 官網主機 Web01",
            "a line to a box reaches what is in it"
        );
    }

    #[test]
    fn the_firm_s_file_corrects_adds_and_joins_drawings() {
        let (first, second) = (office(), office());
        let facts = facts(
            "secdiag = \"architecture\"\n[[element]]\nid = \"thing\"\nrole = \"switch\"\n[[element]]\nid = \"Web / DB\"\nrole = \"database\"\nzone = \"資料庫區\"\n\
             [[element]]\nid = \"ups-1\"\n[[link]]\nfrom = \"fw-a\"\nto = \"thing\"\nprovider = \"A\"\n[[link]]\nfrom = \"nobody\"\nto = \"thing\"\n",
        );
        let topology = Topology::of(&[(0, &first), (1, &second)], &[(2, &facts)]);
        let count = |label: &str| topology.elements.iter().filter(|element| element.label == label).count();
        assert_eq!((count("FW-A"), count("官網主機 Web01"), count("網際網路")), (1, 1, 1));
        let database = topology.find("web / db").unwrap();
        assert_eq!(topology.kind(database), Some(ZoneKind::Database));
        assert_eq!(topology.wires.iter().filter(|wire| wire.provider.as_deref() == Some("A")).count(), 1);
        assert_eq!(topology.elements[topology.find("ups-1").unwrap()].role, Some(Role::Ups));
        assert!(matches!(&topology.questions[..], [Question::Unknown(_, name)] if name == "nobody"));
    }
}
