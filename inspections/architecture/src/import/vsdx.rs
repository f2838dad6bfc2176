//! Visio drawings (`.vsdx`, MS-VSDX: a package of Office Open XML parts).
//!
//! `visio/pages/pages.xml` lists the pages, its relationships say which part holds each. A page has shapes and connects.
//! A shape that has a begin and an end, or is glued by them, is a link; every other is a node. Shapes in a master's
//! instance are parts of its picture, shapes in a group of the author's are nodes in it. Texts and names of properties
//! that a shape does not state come from its master. Membership in containers stands in the cell `Relationships`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use secdiag_model::{EvidenceKind, Format, Head, Match};
use zip::ZipArchive;

use super::sketch::{Sketch, link, node, set, squeeze};
use super::xml::{self, At, Tree};
use crate::drawing::Drawing;

/// The format.
pub const FORMAT: Format = Format { id: "vsdx", kind: EvidenceKind::Diag, title: "Visio drawing", sniff };

/// Most bytes that the parts read may unpack to together.
const UNPACKED_MAX: u64 = 128 << 20;

/// Groups are followed this deep.
const NESTING_MAX: usize = 50;

fn sniff(head: &Head<'_>) -> Match {
    const OLD: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0];
    let has = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    if head.bytes.starts_with(b"PK\x03\x04") {
        // Names of members stand in the clear before each of them and in the directory at the end.
        let named = has(head.bytes, b"visio/");
        return if named { Match::Yes(100) } else { Match::No };
    }
    let utf16 = b"V\0i\0s\0i\0o\0D\0o\0c\0u\0m\0e\0n\0t\0";
    if head.bytes.starts_with(OLD) && has(head.bytes, utf16) {
        return Match::Close("a Visio drawing of the old kind (.vsd): save it as .vsdx");
    }
    match xml::first_element(head.text()) {
        Some(("VisioDocument", _)) => Match::Close("a Visio drawing as XML (.vdx): save it as .vsdx"),
        _ => Match::No,
    }
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    match ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => read_package(&mut Package { archive, left: UNPACKED_MAX }, &mut sketch),
        Err(error) => sketch.broken("package-broken", format!("the file is no package of Visio: {error}"), ""),
    }
    sketch.finish()
}

struct Package<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
    left: u64,
}

impl Package<'_> {
    /// A part as text; nothing where it is not there or cannot be unpacked, which is noted.
    fn part(&mut self, name: &str, sketch: &mut Sketch) -> Option<String> {
        let member = self.archive.by_name(name).ok()?;
        let mut bytes = Vec::new();
        let result = member.take(self.left + 1).read_to_end(&mut bytes);
        let size = bytes.len() as u64;
        if size > self.left {
            let text = format!("the parts unpack to more than {UNPACKED_MAX} bytes: the rest was not read");
            self.left = 0;
            sketch.broken("package-too-large", text, name);
            return None;
        }
        self.left -= size;
        if let Err(error) = result {
            sketch.broken("part-broken", format!("the part breaks off: {error}"), name);
        }
        Some(sketch.text(&bytes))
    }

    fn tree(&mut self, name: &str, sketch: &mut Sketch) -> Option<Tree> {
        let text = self.part(name, sketch)?;
        xml::parse_at(&text, name, sketch)
    }

    /// Ids of a part's relationships with the parts that they lead to.
    fn relations(&mut self, name: &str, sketch: &mut Sketch) -> BTreeMap<String, String> {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let Some(tree) = self.tree(&format!("{folder}/_rels/{file}.rels"), sketch) else { return BTreeMap::new() };
        let relations = tree.all().filter(|element| element.name() == "Relationship");
        relations.map(|relation| (relation.get("Id").to_owned(), resolve(folder, relation.get("Target")))).collect()
    }
}

/// A target as the name of a member.
fn resolve(folder: &str, target: &str) -> String {
    if let Some(whole) = target.strip_prefix('/') {
        return whole.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// What instances take from a master.
#[derive(Default)]
struct Master {
    name: String,
    /// Text of the master's own shape.
    text: String,
    /// Row of a property → its label.
    labels: BTreeMap<String, String>,
    connector: bool,
}

fn read_package(package: &mut Package<'_>, sketch: &mut Sketch) {
    let masters = masters(package, sketch);
    let list = "visio/pages/pages.xml";
    let Some(tree) = package.tree(list, sketch) else {
        return sketch.broken("no-diagram", "the package has no list of pages", list);
    };
    let relations = package.relations(list, sketch);
    let pages: Vec<At<'_>> = tree.all().filter(|element| element.name() == "Page").collect();
    let several = pages.len() > 1;
    for (number, page) in (1_usize..).zip(pages) {
        let name = [page.get("Name"), page.get("NameU")].into_iter().find(|name| !name.is_empty());
        let name = name.map_or_else(|| number.to_string(), str::to_owned);
        let id = Some(page.get("ID")).filter(|id| !id.is_empty()).map_or_else(|| number.to_string(), str::to_owned);
        let prefix = if several { format!("{id}/") } else { String::new() };
        let part = page.child("Rel").and_then(|relation| relations.get(relation.get("id")));
        let tree = part.and_then(|part| package.tree(part, sketch));
        match tree.as_ref().and_then(Tree::root) {
            Some(root) => Page::new(root, &masters, prefix, format!("page {name}")).read(sketch),
            None => {
                sketch.broken("page-missing", "the page's part is missing or cannot be read", format!("page {name}"));
            }
        }
    }
}

fn masters(package: &mut Package<'_>, sketch: &mut Sketch) -> BTreeMap<String, Master> {
    let list = "visio/masters/masters.xml";
    let Some(tree) = package.tree(list, sketch) else { return BTreeMap::new() };
    let relations = package.relations(list, sketch);
    let mut masters = BTreeMap::new();
    for element in tree.all().filter(|element| element.name() == "Master") {
        // The universal name does not depend on the language of the program.
        let name = [element.get("NameU"), element.get("Name")].into_iter().find(|name| !name.is_empty()).unwrap_or("");
        let mut master = Master { name: name.to_owned(), ..Master::default() };
        let part = element.child("Rel").and_then(|relation| relations.get(relation.get("id")));
        let tree = part.and_then(|part| package.tree(part, sketch));
        let shape =
            tree.as_ref().and_then(Tree::root).and_then(|root| root.child("Shapes")).and_then(|all| all.child("Shape"));
        if let Some(shape) = shape {
            master.text = text(shape);
            master.connector = one_dimensional(shape);
            for row in properties(shape) {
                master.labels.insert(row_name(row), value(row, "Label").to_owned());
            }
        }
        masters.insert(element.get("ID").to_owned(), master);
    }
    masters
}

fn text(shape: At<'_>) -> String {
    shape.child("Text").map(|text| squeeze(&text.text())).unwrap_or_default()
}

/// A cell's value.
fn value<'t>(element: At<'t>, name: &str) -> &'t str {
    element.each("Cell").find(|cell| cell.get("N") == name).map(|cell| cell.get("V")).unwrap_or_default()
}

fn one_dimensional(shape: At<'_>) -> bool {
    let has = |name: &str| shape.each("Cell").any(|cell| cell.get("N") == name);
    has("BeginX") && has("EndX")
}

fn section<'t>(shape: At<'t>, name: &'static str) -> impl Iterator<Item = At<'t>> {
    shape.each("Section").filter(move |section| section.get("N") == name).flat_map(|section| section.each("Row"))
}

fn properties(shape: At<'_>) -> impl Iterator<Item = At<'_>> {
    section(shape, "Property")
}

fn row_name(row: At<'_>) -> String {
    row.find("N").or_else(|| row.find("IX")).unwrap_or_default().to_owned()
}

struct Page<'t, 'm> {
    root: At<'t>,
    masters: &'m BTreeMap<String, Master>,
    prefix: String,
    place: String,
    shapes: Vec<Shape<'t, 'm>>,
    /// Id of a shape → its place in `shapes`.
    index: BTreeMap<&'t str, usize>,
}

struct Shape<'t, 'm> {
    element: At<'t>,
    id: &'t str,
    /// The shape around, by its place in the list.
    outer: Option<usize>,
    master: Option<&'m Master>,
    /// A part of the picture of the shape around.
    part: bool,
}

impl<'t, 'm> Page<'t, 'm> {
    fn new(root: At<'t>, masters: &'m BTreeMap<String, Master>, prefix: String, place: String) -> Self {
        Self { root, masters, prefix, place, shapes: Vec::new(), index: BTreeMap::new() }
    }

    fn read(mut self, sketch: &mut Sketch) {
        self.gather(sketch);
        let (glue, targets) = self.glue(sketch);
        let connectors: BTreeSet<usize> = (0..self.shapes.len())
            .filter(|at| {
                let shape = &self.shapes[*at];
                let drawn = one_dimensional(shape.element) || shape.master.is_some_and(|master| master.connector);
                (drawn && !shape.part && !targets.contains(at)) || glue.contains_key(at)
            })
            .collect();
        let contained = self.contained();
        for at in 0..self.shapes.len() {
            if !connectors.contains(&at) && !self.shapes[at].part {
                self.node(at, &connectors, &contained, sketch);
            }
        }
        for at in connectors {
            self.link(at, glue.get(&at), sketch);
        }
    }

    /// All shapes, those around before those within.
    fn gather(&mut self, sketch: &mut Sketch) {
        let Some(shapes) = self.root.child("Shapes") else { return };
        let mut next: Vec<(At<'t>, Option<usize>, usize)> =
            shapes.each("Shape").map(|shape| (shape, None, 0)).collect();
        next.reverse();
        while let Some((element, outer, depth)) = next.pop() {
            let masters = self.masters;
            let master = element.find("Master").and_then(|id| masters.get(id));
            if element.find("Master").is_some() && master.is_none() {
                sketch.unknown("no-such-master", "the shape's master is missing", self.at(element.get("ID")));
            }
            let around = outer.map(|at: usize| &self.shapes[at]);
            // Parts of a picture have no master of their own, and the picture has one.
            let part = element.find("Master").is_none()
                && around.is_some_and(|around| around.part || around.element.find("Master").is_some());
            let at = self.shapes.len();
            let id = element.get("ID");
            self.index.entry(id).or_insert(at);
            self.shapes.push(Shape { element, id, outer, master, part });
            let Some(inner) = element.child("Shapes") else { continue };
            if depth >= NESTING_MAX {
                sketch.unknown("too-deep", "groups lie too deep in each other: not read", self.at(id));
                continue;
            }
            let from = next.len();
            next.extend(inner.each("Shape").map(|shape| (shape, Some(at), depth + 1)));
            next[from..].reverse();
        }
    }

    fn at(&self, id: &str) -> String {
        format!("{} shape {id}", self.place)
    }

    fn id(&self, at: usize) -> String {
        format!("{}{}", self.prefix, self.shapes[at].id)
    }

    /// Which shapes are glued by their begin and end, and to what; and what is glued to.
    fn glue(&self, sketch: &mut Sketch) -> (BTreeMap<usize, [Option<usize>; 2]>, BTreeSet<usize>) {
        let mut glue: BTreeMap<usize, [Option<usize>; 2]> = BTreeMap::new();
        let mut targets = BTreeSet::new();
        for connect in self.root.child("Connects").into_iter().flat_map(|all| all.each("Connect")) {
            let ends = (self.index.get(connect.get("FromSheet")), self.index.get(connect.get("ToSheet")));
            let (Some(from), Some(to)) = ends else {
                sketch.unknown(
                    "glue-to-nothing",
                    "a connection names a shape that is not there",
                    self.at(connect.get("FromSheet")),
                );
                continue;
            };
            let end = match connect.get("FromCell") {
                cell if cell.starts_with("Begin") => 0,
                cell if cell.starts_with("End") => 1,
                // A shape that holds on by another point is no link of two ends.
                _ => {
                    sketch.unknown(
                        "glue-by-another-point",
                        "a connection by neither begin nor end",
                        self.at(connect.get("FromSheet")),
                    );
                    continue;
                }
            };
            targets.insert(*to);
            glue.entry(*from).or_default()[end] = Some(*to);
        }
        (glue, targets)
    }

    /// The node that a shape belongs to: itself, or the picture that it is a part of.
    fn whole(&self, mut at: usize) -> usize {
        while let Some(outer) = self.shapes[at].outer.filter(|_| self.shapes[at].part) {
            at = outer;
        }
        at
    }

    /// Members of containers, from either side of the relation (Relationships Cell: 1, 2 members; 4, 5 containers).
    fn contained(&self) -> BTreeMap<usize, usize> {
        let mut contained = BTreeMap::new();
        for (at, shape) in self.shapes.iter().enumerate() {
            let Some(cell) = shape.element.each("Cell").find(|cell| cell.get("N") == "Relationships") else { continue };
            for call in cell.get("F").split("DEPENDSON(").skip(1) {
                let call = call.split_once("!SheetRef())").map_or(call, |_| call);
                let mut words = call.split(',');
                let kind = words.next().unwrap_or_default().trim();
                let sheets = words.map_while(|word| word.trim().strip_prefix("Sheet.")).filter_map(|word| {
                    let digits = word.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
                    self.index.get(digits).copied()
                });
                match kind {
                    "1" | "2" => sheets.for_each(|member| {
                        contained.entry(member).or_insert(at);
                    }),
                    "4" | "5" => contained.extend(sheets.map(|container| (at, container))),
                    _ => {}
                }
            }
        }
        contained
    }

    fn node(&self, at: usize, connectors: &BTreeSet<usize>, contained: &BTreeMap<usize, usize>, sketch: &mut Sketch) {
        let shape = &self.shapes[at];
        let stencil = match shape.master {
            Some(master) => master.name.as_str(),
            None if shape.element.get("Type") == "Group" => "group",
            None if shape.element.get("Type") == "Foreign" => "picture",
            None => "shape",
        };
        let mut shown = node(&self.id(at), &self.label(at), stencil, self.at(shape.id));
        let group = shape.outer.map(|outer| self.whole(outer));
        let outer = group.or_else(|| contained.get(&at).map(|outer| self.whole(*outer)));
        shown.within = outer.filter(|outer| !connectors.contains(outer) && *outer != at).map(|outer| self.id(outer));
        self.take_properties(at, &mut shown.properties);
        let structure = section(shape.element, "User").find(|row| row_name(*row) == "msvStructureType");
        set(&mut shown.properties, "structure", structure.map(|row| value(row, "Value")).unwrap_or_default());
        sketch.add(shown);
    }

    /// The shape's own text, that of the parts of its picture, or its master's.
    fn label(&self, at: usize) -> String {
        let shape = &self.shapes[at];
        let own = text(shape.element);
        if shape.element.child("Text").is_some() && !own.is_empty() {
            return own;
        }
        let parts: Vec<String> = (at + 1..self.shapes.len())
            .take_while(|part| self.shapes[*part].outer.is_some_and(|outer| outer >= at))
            .filter(|part| self.shapes[*part].part && self.whole(*part) == at)
            .map(|part| text(self.shapes[part].element))
            .filter(|text| !text.is_empty())
            .collect();
        if !parts.is_empty() {
            return parts.join("\n");
        }
        shape.master.map(|master| master.text.clone()).unwrap_or_default()
    }

    fn take_properties(&self, at: usize, into: &mut BTreeMap<String, String>) {
        let shape = &self.shapes[at];
        for row in properties(shape.element) {
            let name = row_name(row);
            let label = match value(row, "Label") {
                "" => shape.master.and_then(|master| master.labels.get(&name)).cloned().unwrap_or_default(),
                label => label.to_owned(),
            };
            set(into, if label.is_empty() { &name } else { &label }, value(row, "Value"));
        }
        for row in section(shape.element, "Hyperlink") {
            set(into, "link", value(row, "Address"));
        }
    }

    fn link(&self, at: usize, glue: Option<&[Option<usize>; 2]>, sketch: &mut Sketch) {
        let shape = &self.shapes[at];
        let label = self.label(at);
        let place = self.at(shape.id);
        let said = if label.is_empty() { String::new() } else { format!(": {label}") };
        let ends = glue.copied().unwrap_or_default().map(|end| end.map(|end| self.id(self.whole(end))));
        let (from, to) = match ends {
            [Some(from), Some(to)] => (from, to),
            [None, None] => {
                return sketch.unknown("edge-without-ends", format!("a connector joins nothing{said}"), place);
            }
            _ => return sketch.unknown("edge-without-end", format!("a connector has one end only{said}"), place),
        };
        let arrow = |name: &str| !matches!(value(shape.element, name), "" | "0");
        let (begin, end) = (arrow("BeginArrow"), arrow("EndArrow"));
        let (from, to) = if begin && !end { (to, from) } else { (from, to) };
        let mut drawn = link(&from, &to, &label, begin != end, place);
        self.take_properties(at, &mut drawn.properties);
        if let Some(master) = shape.master {
            set(&mut drawn.properties, "shape", &master.name);
        }
        sketch.connect(drawn);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use super::*;

    /// A package with these parts.
    pub(crate) fn package(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const MASTERS: &str = "<Masters xmlns:r='x'><Master ID='2' NameU='Firewall' Name='防火牆'><Rel r:id='rId1'/></Master>\
        <Master ID='3' NameU='Dynamic connector'><Rel r:id='rId2'/></Master></Masters>";
    const FIREWALL: &str = "<MasterContents><Shapes><Shape ID='5'><Text>FW</Text><Section N='Property'>\
        <Row N='IP'><Cell N='Label' V='IP Address'/></Row></Section></Shape></Shapes></MasterContents>";
    const CONNECTOR: &str = "<MasterContents><Shapes><Shape ID='5'><Cell N='BeginX' V='0'/><Cell N='EndX' V='1'/></Shape></Shapes></MasterContents>";
    const PAGES: &str = "<Pages xmlns:r='x'><Page ID='0' Name='Net'><Rel r:id='rId1'/></Page></Pages>";

    fn rels(targets: &[&str]) -> String {
        let all = (1..).zip(targets).map(|(id, target)| format!("<Relationship Id='rId{id}' Target='{target}'/>"));
        format!("<Relationships>{}</Relationships>", all.collect::<String>())
    }

    /// A drawing with one page.
    pub(crate) fn visio(page: &str) -> Vec<u8> {
        package(&[
            ("[Content_Types].xml", "<Types/>"),
            ("visio/masters/masters.xml", MASTERS),
            ("visio/masters/_rels/masters.xml.rels", &rels(&["master1.xml", "/visio/masters/master2.xml"])),
            ("visio/masters/master1.xml", FIREWALL),
            ("visio/masters/master2.xml", CONNECTOR),
            ("visio/pages/pages.xml", PAGES),
            ("visio/pages/_rels/pages.xml.rels", &rels(&["page1.xml"])),
            ("visio/pages/page1.xml", page),
        ])
    }

    pub(crate) const PAGE: &str = "<PageContents><Shapes>\
        <Shape ID='1' Type='Shape' Master='2'><Section N='Property'><Row N='IP'><Cell N='Value' V='10.0.0.1'/></Row></Section>\
        <Shapes><Shape ID='7' MasterShape='6'/></Shapes></Shape>\
        <Shape ID='2' Type='Group'><Cell N='Relationships' V='0' F='SUM(DEPENDSON(4,Sheet.9!SheetRef()))'/><Text><cp IX='0'/>DB\nroom</Text>\
        <Shapes><Shape ID='3' Type='Shape'><Text>db1</Text></Shape></Shapes></Shape>\
        <Shape ID='9' Type='Shape'><Cell N='Relationships' F='SUM(DEPENDSON(1,Sheet.1!SheetRef(),Sheet.2!SheetRef()))'/><Text>Core</Text>\
        <Section N='User'><Row N='msvStructureType'><Cell N='Value' V='Container'/></Row></Section></Shape>\
        <Shape ID='4' Master='3'><Cell N='EndArrow' V='13'/><Text>1433</Text></Shape>\
        <Shape ID='8' Master='3'/>\
        </Shapes><Connects><Connect FromSheet='4' FromCell='BeginX' ToSheet='7'/><Connect FromSheet='4' FromCell='EndX' ToSheet='3'/>\
        <Connect FromSheet='8' FromCell='EndX' ToSheet='3'/></Connects></PageContents>";

    #[test]
    fn shapes_groups_containers_and_connectors() {
        let bytes = visio(PAGE);
        assert_eq!(sniff(&Head::new(&bytes, "a.vsdx", bytes.len() as u64)), Match::Yes(100));
        let drawing = read(&bytes);
        let nodes: Vec<_> = drawing
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node.label.as_str(), node.shape.as_str(), node.within.as_deref()))
            .collect();
        let expected = [
            ("1", "FW", "Firewall", Some("9")),
            ("2", "DB\nroom", "group", Some("9")),
            ("3", "db1", "shape", Some("2")),
            ("9", "Core", "shape", None),
        ];
        assert_eq!(nodes, expected);
        assert_eq!(drawing.nodes[0].properties["IP Address"], "10.0.0.1");
        assert_eq!(drawing.nodes[3].properties["structure"], "Container");
        let link = &drawing.links[0];
        assert_eq!(
            (link.from.as_str(), link.to.as_str(), link.label.as_str(), link.directed),
            ("1", "3", "1433", true)
        );
        assert_eq!(drawing.links.len(), 1);
        let notes: Vec<_> =
            drawing.notes.iter().map(|note| (note.reason.as_str(), note.place.as_deref().unwrap())).collect();
        assert_eq!(notes, [("edge-without-end", "page Net shape 8")]);
    }

    #[test]
    fn damaged_packages_are_told() {
        assert_eq!(read(b"PK\x03\x04").notes[0].reason, "package-broken");
        assert_eq!(read(&package(&[("visio/document.xml", "<a/>")])).notes[0].reason, "no-diagram");
        let bytes = visio(PAGE);
        for cut in 0..bytes.len() / 7 {
            assert!(!read(&bytes[..cut * 7]).notes.is_empty());
        }
    }
}
