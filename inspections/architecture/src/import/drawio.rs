//! draw.io / diagrams.net: `<mxfile>` with pages, a bare `<mxGraphModel>`, or an SVG that carries one.
//!
//! A page holds its model as XML, or as base64 of raw deflate of percent-encoded XML. A cell is a vertex, an edge, a
//! layer (a child of the root cell) or the root. A vertex whose parent is a vertex lies in it; one whose parent is an
//! edge is a label of that edge. `<object>` and `<UserObject>` put properties around a cell.
//!
//! Where the drawing only shows what the model does not say, geometry answers, and the answer is noted: an end of an edge
//! that is not glued goes to the smallest vertex at that point, and a vertex that lies wholly in a drawn box lies in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use secdiag_model::{EvidenceKind, Format, Head, Match};

use super::sketch::{Sketch, entities, html_to_text, link, node, set, squeeze};
use super::xml::{self, At};
use crate::drawing::{Drawing, Link, Node};

/// The format.
pub const FORMAT: Format =
    Format { id: "drawio", kind: EvidenceKind::Diag, title: "draw.io diagram (diagrams.net)", sniff };

/// Most bytes that the pages of one file may unpack to.
const UNPACKED_MAX: u64 = 64 << 20;

/// Containment is followed this deep.
const NESTING_MAX: usize = 100;

/// Comparisons of places on one page, beyond which geometry is not asked.
const GEOMETRY_MAX: usize = 20_000_000;

/// How far, in the drawing's units, an end may lie outside the vertex that it is taken to mean.
const REACH: f64 = 10.0;

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let text = head.text();
    match xml::first_element(text) {
        Some(("mxfile" | "mxGraphModel", _)) => Match::Yes(100),
        Some(("mxlibrary", _)) => Match::Close("a draw.io library of shapes: give the diagram itself"),
        Some(("svg", rest)) if carries(rest) => Match::Yes(95),
        _ => Match::No,
    }
}

/// Whether an attribute of an SVG says that it carries a diagram.
fn carries(attributes: &str) -> bool {
    attributes.contains("content=\"&lt;mxfile") || attributes.contains("content=\"&lt;mxGraphModel")
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    read_text(&text, &mut sketch);
    sketch.finish()
}

fn read_text(text: &str, sketch: &mut Sketch) {
    let Some(tree) = xml::parse(text, sketch) else {
        return sketch.broken("xml-broken", "the file is no draw.io diagram", "");
    };
    let Some(root) = tree.root() else { return };
    match root.name() {
        "mxfile" => read_file(root, sketch),
        "mxGraphModel" => read_model(root, &Page::only(), sketch),
        "svg" => match xml::parse_at(root.get("content"), "attribute content", sketch) {
            Some(tree) => match tree.root() {
                Some(inner) if inner.name() == "mxfile" => read_file(inner, sketch),
                Some(inner) if inner.name() == "mxGraphModel" => read_model(inner, &Page::only(), sketch),
                _ => sketch.broken("no-diagram", "the picture carries no diagram", ""),
            },
            None => sketch.broken("no-diagram", "the picture carries no diagram", ""),
        },
        other => sketch.broken("no-diagram", format!("the file's element is {other}: no draw.io diagram"), ""),
    }
}

/// A page as notes and ids name it.
struct Page {
    /// Before ids; empty where the file has one page.
    prefix: String,
    /// Before places.
    place: String,
}

impl Page {
    fn only() -> Self {
        Self { prefix: String::new(), place: String::new() }
    }

    fn id(&self, cell: &str) -> String {
        format!("{}{cell}", self.prefix)
    }

    fn at(&self, cell: &str) -> String {
        let space = if self.place.is_empty() { "" } else { " " };
        format!("{}{space}cell {cell}", self.place)
    }
}

fn read_file(file: At<'_>, sketch: &mut Sketch) {
    let pages: Vec<At<'_>> = file.each("diagram").collect();
    if pages.is_empty() {
        sketch.broken("no-diagram", "the file has no pages", "");
    }
    let several = pages.len() > 1;
    let mut names = BTreeSet::new();
    let mut left = UNPACKED_MAX;
    for (number, diagram) in (1_usize..).zip(pages) {
        let title = Some(diagram.get("name")).filter(|name| !name.is_empty());
        let mut name = title.map_or_else(|| number.to_string(), str::to_owned);
        if !names.insert(name.clone()) {
            name = format!("{name} ({number})");
            names.insert(name.clone());
        }
        let prefix = if several { format!("{name}/") } else { String::new() };
        let page = Page { prefix, place: format!("page {name}") };
        if let Some(model) = diagram.child("mxGraphModel") {
            read_model(model, &page, sketch);
            continue;
        }
        let text = diagram.text();
        if text.trim().is_empty() {
            sketch.assumed("empty-page", "the page is empty", &page.place);
            continue;
        }
        match unpack(&text, &mut left) {
            Ok(text) => match xml::parse_at(&text, &page.place, sketch) {
                Some(tree) => match tree.root().filter(|root| root.name() == "mxGraphModel") {
                    Some(model) => read_model(model, &page, sketch),
                    None => sketch.broken("no-diagram", "the page holds no diagram", &page.place),
                },
                None => sketch.broken("no-diagram", "the page holds no diagram", &page.place),
            },
            Err(why) => sketch.broken("page-broken", format!("the page cannot be unpacked: {why}"), &page.place),
        }
    }
}

/// Base64, raw deflate, percent-encoding: what the program itself writes.
fn unpack(text: &str, left: &mut u64) -> Result<String, String> {
    if text.trim_start().starts_with("<mxGraphModel") {
        return Ok(text.to_owned());
    }
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if packed.starts_with("%3C") {
        return Ok(percent(packed.as_bytes()));
    }
    let packed = STANDARD.decode(packed.as_bytes()).map_err(|error| error.to_string())?;
    let mut plain = Vec::new();
    let result = DeflateDecoder::new(packed.as_slice()).take(*left + 1).read_to_end(&mut plain);
    let size = plain.len() as u64;
    if size > *left {
        return Err(format!("it unpacks to more than {UNPACKED_MAX} bytes"));
    }
    *left -= size;
    match result {
        Err(error) if plain.is_empty() => Err(error.to_string()),
        _ => Ok(percent(&plain)),
    }
}

fn percent(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let digit = |byte: Option<&u8>| {
        byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok())
    };
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            out.push(high * 16 + low);
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Root,
    Layer,
    Vertex,
    Edge,
    /// A label of the edge that is its parent.
    Label,
}

struct Cell<'t> {
    id: String,
    parent: String,
    kind: Kind,
    value: String,
    style: Style<'t>,
    source: &'t str,
    target: &'t str,
    geometry: Option<At<'t>>,
    properties: BTreeMap<String, String>,
    visible: bool,
}

/// `shape=cloud;html=1;dashed` as words with values.
#[derive(Clone, Copy)]
struct Style<'t>(&'t str);

impl<'t> Style<'t> {
    fn get(self, name: &str) -> Option<&'t str> {
        self.0
            .split(';')
            .find_map(|part| part.split_once('=').filter(|(key, _)| key.trim() == name))
            .map(|(_, value)| value)
    }

    fn has(self, word: &str) -> bool {
        self.0.split(';').any(|part| part.trim() == word)
    }

    /// What the vertex looks like: the most telling of what the style says.
    fn shape(self) -> String {
        for key in ["resIcon", "grIcon", "prIcon", "shape", "image", "prType", "mermaidData"] {
            match self.get(key) {
                Some(value) if key == "image" && value.starts_with("data:") => return "image".to_owned(),
                Some(value) if key == "shape" && matches!(value, "image" | "label") && self.get("image").is_some() => {}
                Some(value) if !value.is_empty() => return value.to_owned(),
                _ => {}
            }
        }
        let word = self.0.split(';').map(str::trim).find(|part| !part.is_empty() && !part.contains('='));
        word.unwrap_or("rectangle").to_owned()
    }
}

fn read_model(model: At<'_>, page: &Page, sketch: &mut Sketch) {
    let Some(root) = model.child("root") else {
        return sketch.broken("no-diagram", "the model has no cells", &page.place);
    };
    let mut cells: Vec<Cell<'_>> = Vec::new();
    for child in root.children() {
        match child.name() {
            "mxCell" => cells.push(cell(child, None)),
            "object" | "UserObject" => match child.child("mxCell") {
                Some(inner) => cells.push(cell(inner, Some(child))),
                None => sketch.unknown("object-without-cell", "an object without a cell", page.at(child.get("id"))),
            },
            other => {
                sketch.unknown(
                    "unknown-element",
                    format!("the element {other} is not known"),
                    page.at(child.get("id")),
                );
            }
        }
    }
    let index: BTreeMap<String, usize> =
        cells.iter().enumerate().rev().map(|(at, cell)| (cell.id.clone(), at)).collect();
    classify(&mut cells, &index);
    let mut labels: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for cell in cells.iter().filter(|cell| matches!(cell.kind, Kind::Edge | Kind::Label) && !cell.value.is_empty()) {
        let edge = if cell.kind == Kind::Edge { &cell.id } else { &cell.parent };
        labels.entry(edge).or_default().push(&cell.value);
    }
    let labels = labels.into_iter().map(|(edge, texts)| (edge, texts.join("\n"))).collect();
    Reader { cells: &cells, index: &index, labels: &labels, page, sketch }.read();
}

fn cell<'t>(cell: At<'t>, object: Option<At<'t>>) -> Cell<'t> {
    let mut properties = BTreeMap::new();
    let mut value = cell.get("value").to_owned();
    let mut id = cell.get("id");
    if let Some(object) = object {
        id = object.find("id").unwrap_or(id);
        value = object.find("label").unwrap_or(&value).to_owned();
        for (name, text) in object.attributes() {
            if !matches!(name, "id" | "label" | "placeholders") {
                set(&mut properties, name, &entities(text));
            }
        }
        if object.get("placeholders") == "1" {
            for (name, text) in object.attributes() {
                value = value.replace(&format!("%{name}%"), text);
            }
        }
    }
    let kind = match (cell.get("vertex"), cell.get("edge")) {
        ("1", _) => Kind::Vertex,
        (_, "1") => Kind::Edge,
        _ if cell.get("parent").is_empty() => Kind::Root,
        _ => Kind::Layer,
    };
    let style = Style(cell.get("style"));
    let value = if style.get("html") == Some("1") { html_to_text(&value) } else { squeeze(&value) };
    Cell {
        id: id.to_owned(),
        parent: cell.get("parent").to_owned(),
        kind,
        value,
        style,
        source: cell.get("source"),
        target: cell.get("target"),
        geometry: cell.child("mxGeometry"),
        properties,
        visible: cell.get("visible") != "0",
    }
}

/// A vertex on an edge is a label of it. Cells without a kind that carry other cells, or lie right below the root, are
/// layers; so they are when a vertex is their parent, which old versions write for groups.
fn classify(cells: &mut [Cell<'_>], index: &BTreeMap<String, usize>) {
    let on_edge: Vec<usize> = (0..cells.len())
        .filter(|at| {
            let parent = index.get(&cells[*at].parent).map(|parent| cells[*parent].kind);
            cells[*at].kind == Kind::Vertex && parent == Some(Kind::Edge)
        })
        .collect();
    for at in on_edge {
        cells[at].kind = Kind::Label;
    }
}

#[derive(Clone, Copy)]
struct Rect {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Rect {
    fn holds(&self, x: f64, y: f64, reach: f64) -> bool {
        x >= self.x - reach
            && x <= self.x + self.width + reach
            && y >= self.y - reach
            && y <= self.y + self.height + reach
    }

    fn encloses(&self, inner: &Self) -> bool {
        inner.x >= self.x
            && inner.y >= self.y
            && inner.x + inner.width <= self.x + self.width
            && inner.y + inner.height <= self.y + self.height
            && inner.area() < self.area()
    }

    fn area(&self) -> f64 {
        self.width * self.height
    }
}

struct Reader<'r, 't> {
    cells: &'r [Cell<'t>],
    index: &'r BTreeMap<String, usize>,
    /// Texts of edges and of the labels on them.
    labels: &'r BTreeMap<&'r str, String>,
    page: &'r Page,
    sketch: &'r mut Sketch,
}

impl<'r, 't> Reader<'r, 't> {
    fn cell(&self, id: &str) -> Option<&'r Cell<'t>> {
        self.index.get(id).map(|at| &self.cells[*at])
    }

    fn read(&mut self) {
        let rects = self.rects();
        let by_geometry = self.drawn_in(&rects);
        for (at, cell) in self.cells.iter().enumerate().filter(|(_, cell)| cell.kind == Kind::Vertex) {
            let mut node = self.node(cell);
            if node.within.is_none()
                && let Some(outer) = by_geometry.get(&at)
            {
                node.within = Some(self.page.id(&self.cells[*outer].id));
                set(&mut node.properties, "within", "as drawn");
            }
            self.sketch.add(node);
        }
        if !by_geometry.is_empty() {
            let text = format!("{} shapes lie in a box only as drawn: taken to be in it", by_geometry.len());
            self.sketch.assumed("within-as-drawn", text, &self.page.place);
        }
        let junctions = self.junctions();
        for cell in self.cells.iter().filter(|cell| cell.kind == Kind::Edge) {
            self.edge(cell, &rects, &junctions);
        }
        for cell in self.cells {
            match cell.kind {
                Kind::Layer if !self.is_layer(cell) => {
                    let text = "a cell that is neither vertex nor edge";
                    self.sketch.unknown("unknown-cell", text, self.page.at(&cell.id));
                }
                _ => {}
            }
        }
    }

    /// A layer is what the root holds.
    fn is_layer(&self, cell: &Cell<'_>) -> bool {
        self.cell(&cell.parent).is_some_and(|parent| parent.kind == Kind::Root)
    }

    fn node(&self, cell: &Cell<'_>) -> Node {
        let mut shown = node(&self.page.id(&cell.id), &cell.value, &cell.style.shape(), self.page.at(&cell.id));
        shown.properties.clone_from(&cell.properties);
        let mut outer = self.cell(&cell.parent);
        let mut visible = cell.visible;
        for _ in 0..NESTING_MAX {
            match outer {
                Some(parent) if parent.kind == Kind::Vertex => {
                    if shown.within.is_none() {
                        shown.within = Some(self.page.id(&parent.id));
                    }
                    visible &= parent.visible;
                    outer = self.cell(&parent.parent);
                }
                Some(parent) => {
                    visible &= parent.visible;
                    if parent.kind == Kind::Layer && !parent.value.is_empty() {
                        set(&mut shown.properties, "layer", &parent.value);
                    }
                    break;
                }
                None => break,
            }
        }
        if !visible {
            set(&mut shown.properties, "hidden", "true");
        }
        shown
    }

    /// Edges that are ends of other edges stand as nodes in the middle of themselves.
    fn junctions(&mut self) -> BTreeSet<String> {
        let ends = self.cells.iter().filter(|cell| cell.kind == Kind::Edge).flat_map(|cell| [cell.source, cell.target]);
        let met: BTreeSet<String> =
            ends.filter_map(|end| self.carrying_edge(end)).map(|edge| edge.id.clone()).collect();
        for id in &met {
            let place = self.page.at(id);
            let label = self.cell(id).map(|cell| self.edge_label(cell)).unwrap_or_default();
            self.sketch.assumed(
                "edge-on-edge",
                "an edge ends on another edge: taken as a joint of both",
                place.clone(),
            );
            self.sketch.add(node(&self.page.id(id), &label, "junction", place));
        }
        met
    }

    /// The edge that an end of another means: itself or through its label.
    fn carrying_edge(&self, end: &str) -> Option<&'r Cell<'t>> {
        let cell = self.cell(end)?;
        match cell.kind {
            Kind::Edge => Some(cell),
            Kind::Label => self.cell(&cell.parent),
            _ => None,
        }
    }

    fn edge_label(&self, edge: &Cell<'_>) -> String {
        self.labels.get(edge.id.as_str()).cloned().unwrap_or_default()
    }

    fn edge(&mut self, edge: &Cell<'_>, rects: &BTreeMap<usize, Rect>, junctions: &BTreeSet<String>) {
        let place = self.page.at(&edge.id);
        let mut drawn = false;
        let mut end = |glued: &str, point: &str| -> Option<String> {
            if let Some(cell) = self.cell(glued) {
                match cell.kind {
                    Kind::Vertex => return Some(self.page.id(&cell.id)),
                    Kind::Edge | Kind::Label => return self.carrying_edge(glued).map(|edge| self.page.id(&edge.id)),
                    Kind::Root | Kind::Layer => {}
                }
            }
            let found = self.vertex_at(edge, point, rects);
            drawn |= found.is_some();
            found.map(|at| self.page.id(&self.cells[at].id))
        };
        let (from, to) = (end(edge.source, "sourcePoint"), end(edge.target, "targetPoint"));
        let label = self.edge_label(edge);
        if junctions.contains(&edge.id) {
            let joint = self.page.id(&edge.id);
            for (from, to) in [(from, Some(joint.clone())), (Some(joint), to)] {
                if let (Some(from), Some(to)) = (from, to) {
                    self.sketch.connect(Self::link_of(edge, &from, &to, &label, &place));
                }
            }
            return;
        }
        match (from, to) {
            (Some(from), Some(to)) => {
                if drawn {
                    let text = "an edge is not glued: its end is the shape where it is drawn";
                    self.sketch.assumed("edge-end-as-drawn", text, place.clone());
                }
                let mut link = Self::link_of(edge, &from, &to, &label, &place);
                if drawn {
                    set(&mut link.properties, "ends", "as drawn");
                }
                self.sketch.connect(link);
            }
            (None, None) => {
                self.sketch.unknown("edge-without-ends", format!("an edge joins nothing{}", said(&label)), place);
            }
            _ => self.sketch.unknown("edge-without-end", format!("an edge has one end only{}", said(&label)), place),
        }
    }

    /// An arrow at the end alone points from first to second, one at the start alone the other way round.
    fn link_of(edge: &Cell<'_>, from: &str, to: &str, label: &str, place: &str) -> Link {
        let arrow = |name: &str, default: &'static str| edge.style.get(name).unwrap_or(default) != "none";
        let (start, end) = (arrow("startArrow", "none"), arrow("endArrow", "classic"));
        let (from, to) = if start && !end { (to, from) } else { (from, to) };
        let mut link = link(from, to, label, start != end, place);
        link.properties.clone_from(&edge.properties);
        if edge.style.get("dashed") == Some("1") {
            set(&mut link.properties, "line", "dashed");
        }
        link
    }

    /// Places of vertices on the page; positions are relative to the vertex around.
    fn rects(&self) -> BTreeMap<usize, Rect> {
        let mut rects: BTreeMap<usize, Rect> = BTreeMap::new();
        for (at, cell) in self.cells.iter().enumerate().filter(|(_, cell)| cell.kind == Kind::Vertex) {
            let Some(own) = cell.geometry.filter(|geometry| geometry.get("relative") != "1").map(rect) else {
                continue;
            };
            let (x, y) = self.origin(&cell.parent);
            rects.insert(at, Rect { x: own.x + x, y: own.y + y, ..own });
        }
        rects
    }

    /// Where what lies in a cell counts its position from.
    fn origin(&self, parent: &str) -> (f64, f64) {
        let (mut x, mut y) = (0.0, 0.0);
        let mut outer = self.cell(parent);
        for _ in 0..NESTING_MAX {
            let Some(cell) = outer.filter(|cell| cell.kind == Kind::Vertex) else { break };
            if let Some(own) = cell.geometry.map(rect) {
                x += own.x;
                y += own.y;
            }
            outer = self.cell(&cell.parent);
        }
        (x, y)
    }

    /// The smallest vertex at the loose end of an edge, where one is near. Texts are no ends.
    fn vertex_at(&self, edge: &Cell<'_>, point: &str, rects: &BTreeMap<usize, Rect>) -> Option<usize> {
        if rects.len().saturating_mul(self.cells.len()) > GEOMETRY_MAX {
            return None;
        }
        let point = edge.geometry?.each("mxPoint").find(|child| child.get("as") == point)?;
        let (dx, dy) = self.origin(&edge.parent);
        let (x, y) = (number(point.get("x")) + dx, number(point.get("y")) + dy);
        let near = rects.iter().filter(|(at, rect)| {
            let style = self.cells[**at].style;
            rect.holds(x, y, REACH) && !style.has("text") && !style.has("group")
        });
        near.min_by(|(_, a), (_, b)| a.area().total_cmp(&b.area())).map(|(at, _)| *at)
    }

    /// Vertices that lie wholly in a box that is drawn before them, without being its children.
    fn drawn_in(&self, rects: &BTreeMap<usize, Rect>) -> BTreeMap<usize, usize> {
        if rects.len().saturating_mul(self.cells.len()) > GEOMETRY_MAX {
            return BTreeMap::new();
        }
        let boxes: Vec<(usize, &Rect)> =
            rects.iter().map(|(at, rect)| (*at, rect)).filter(|(at, _)| self.is_box(*at)).collect();
        let top = rects.iter().filter(|(at, _)| {
            let parent = self.cell(&self.cells[**at].parent).map(|parent| parent.kind);
            parent != Some(Kind::Vertex)
        });
        top.filter_map(|(at, inner)| {
            let around = boxes.iter().filter(|(outer, rect)| outer < at && rect.encloses(inner));
            let smallest = around.min_by(|(_, a), (_, b)| a.area().total_cmp(&b.area()));
            smallest.map(|(outer, _)| (*at, *outer))
        })
        .collect()
    }

    /// Whether a vertex is a box that things may stand in: no picture, no text, no icon.
    fn is_box(&self, at: usize) -> bool {
        let style = self.cells[at].style;
        let stencil = style.get("shape").is_some_and(|shape| {
            (shape.starts_with("mxgraph.") && !shape.contains("group")) || matches!(shape, "image" | "line" | "label")
        });
        !stencil && !style.has("text") && !style.has("image") && !style.has("line") && style.get("image").is_none()
    }
}

fn said(label: &str) -> String {
    if label.is_empty() { String::new() } else { format!(": {label}") }
}

fn rect(geometry: At<'_>) -> Rect {
    let relative = geometry.get("relative") == "1";
    let offset = geometry.each("mxPoint").find(|child| child.get("as") == "offset").filter(|_| relative);
    let at = |name: &str| match offset {
        Some(point) => number(point.get(name)),
        None if relative => 0.0,
        None => number(geometry.get(name)),
    };
    Rect { x: at("x"), y: at("y"), width: number(geometry.get("width")), height: number(geometry.get("height")) }
}

/// A coordinate; nothing sensible is nought.
fn number(text: &str) -> f64 {
    text.parse().ok().filter(|number: &f64| number.is_finite()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn model(cells: &str) -> String {
        format!("<mxGraphModel><root><mxCell id=\"0\"/><mxCell id=\"1\" parent=\"0\"/>{cells}</root></mxGraphModel>")
    }

    fn vertex(id: &str, parent: &str, value: &str, style: &str) -> String {
        format!("<mxCell id=\"{id}\" value=\"{value}\" style=\"{style}\" parent=\"{parent}\" vertex=\"1\"/>")
    }

    fn edge(id: &str, ends: &str, style: &str) -> String {
        format!("<mxCell id=\"{id}\" style=\"{style}\" parent=\"1\" {ends} edge=\"1\"/>")
    }

    fn links(drawing: &Drawing) -> Vec<String> {
        let shown = |link: &Link| {
            format!("{}{}{} {}", link.from, if link.directed { ">" } else { "-" }, link.to, link.label)
                .trim()
                .to_owned()
        };
        drawing.links.iter().map(shown).collect()
    }

    fn reasons(drawing: &Drawing) -> Vec<&str> {
        drawing.notes.iter().map(|note| note.reason.as_str()).collect()
    }

    fn packed(text: &str) -> String {
        let quoted: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(quoted.as_bytes()).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }

    #[test]
    fn containers_labels_properties_and_arrows() {
        let cells = vertex("z", "1", "DMZ", "swimlane;html=1")
            + &vertex(
                "w",
                "z",
                "&lt;b&gt;web&lt;/b&gt;&lt;br&gt;10.1.1.1",
                "shape=mxgraph.cisco.servers.standard_host;html=1",
            )
            + "<object id=\"f\" label=\"%host%\" host=\"fw1\" password=\"x\" placeholders=\"1\"><mxCell style=\"shape=image;image=img/fw.svg\" parent=\"1\" vertex=\"1\"/></object>"
            + &edge("e1", "source=\"f\" target=\"w\" value=\"443\"", "endArrow=none")
            + &edge("e2", "source=\"f\" target=\"w\"", "startArrow=block;endArrow=none")
            + &vertex("l", "e1", "tcp", "edgeLabel");
        let drawing = read(model(&cells).as_bytes());
        let nodes: Vec<_> = drawing
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node.label.as_str(), node.shape.as_str(), node.within.as_deref()))
            .collect();
        assert_eq!(
            nodes,
            [
                ("z", "DMZ", "swimlane", None),
                ("w", "web\n10.1.1.1", "mxgraph.cisco.servers.standard_host", Some("z")),
                ("f", "fw1", "img/fw.svg", None),
            ]
        );
        assert_eq!(drawing.nodes[2].properties, BTreeMap::from([("host".to_owned(), "fw1".to_owned())]));
        assert_eq!(links(&drawing), ["f-w 443\ntcp", "w>f"]);
        assert_eq!(drawing.notes, []);
    }

    #[test]
    fn pages_packed_and_plain_keep_their_ids_apart() {
        let one = model(&vertex("a", "1", "A", ""));
        let file = format!(
            "<mxfile><diagram name=\"P\">{}</diagram><diagram name=\"P\">{one}</diagram><diagram>%%%</diagram></mxfile>",
            packed(&one)
        );
        let drawing = read(file.as_bytes());
        assert_eq!(drawing.nodes.iter().map(|node| node.id.as_str()).collect::<Vec<_>>(), ["P/a", "P (2)/a"]);
        assert_eq!(drawing.nodes[1].place, "page P (2) cell a");
        assert_eq!(reasons(&drawing), ["page-broken"]);
    }

    #[test]
    fn loose_ends_are_snapped_or_noted() {
        let at = |id: &str, x: u32| {
            format!(
                "<mxCell id=\"{id}\" value=\"{id}\" parent=\"1\" vertex=\"1\"><mxGeometry x=\"{x}\" y=\"0\" width=\"50\" height=\"50\" as=\"geometry\"/></mxCell>"
            )
        };
        let loose = |id: &str, x: u32| {
            format!(
                "<mxCell id=\"{id}\" source=\"a\" parent=\"1\" edge=\"1\"><mxGeometry relative=\"1\" as=\"geometry\"><mxPoint x=\"{x}\" y=\"10\" as=\"targetPoint\"/></mxGeometry></mxCell>"
            )
        };
        let drawing = read(
            model(&(at("a", 0) + &at("b", 200) + &loose("e", 195) + &loose("g", 120) + &edge("h", "", ""))).as_bytes(),
        );
        assert_eq!(links(&drawing), ["a>b"]);
        assert_eq!(reasons(&drawing), ["edge-end-as-drawn", "edge-without-end", "edge-without-ends"]);
    }

    #[test]
    fn what_is_drawn_in_a_box_lies_in_it() {
        let at = |id: &str, style: &str, x: u32, size: u32| {
            format!(
                "<mxCell id=\"{id}\" value=\"{id}\" style=\"{style}\" parent=\"1\" vertex=\"1\"><mxGeometry x=\"{x}\" y=\"{x}\" width=\"{size}\" height=\"{size}\" as=\"geometry\"/></mxCell>"
            )
        };
        let cells = at("big", "rounded=1", 0, 500)
            + &at("small", "dashed=1", 10, 200)
            + &at("host", "ellipse", 20, 50)
            + &at("out", "", 600, 50);
        let drawing = read(model(&cells).as_bytes());
        let within: Vec<_> = drawing.nodes.iter().map(|node| node.within.as_deref()).collect();
        assert_eq!(within, [None, Some("big"), Some("small"), None]);
        assert_eq!(reasons(&drawing), ["within-as-drawn"]);
    }

    #[test]
    fn an_edge_on_an_edge_is_a_joint() {
        let cells = vertex("a", "1", "A", "")
            + &vertex("b", "1", "B", "")
            + &vertex("c", "1", "C", "")
            + &edge("e", "source=\"a\" target=\"b\"", "endArrow=none")
            + &vertex("l", "e", "trunk", "edgeLabel")
            + &edge("g", "source=\"c\" target=\"l\"", "endArrow=none");
        let drawing = read(model(&cells).as_bytes());
        assert_eq!(links(&drawing), ["a-e trunk", "e-b trunk", "c-e"]);
        assert_eq!(reasons(&drawing), ["edge-on-edge"]);
    }

    #[test]
    fn bombs_and_cycles_are_told() {
        let bomb = packed(&"<".repeat(1 << 20));
        let mut left = 1 << 16;
        assert!(unpack(&bomb, &mut left).unwrap_err().contains("more than"));
        let drawing = read(
            model(
                &(vertex("a", "b", "", "") + &vertex("b", "a", "", "") + &edge("e", "source=\"e\" target=\"e\"", "")),
            )
            .as_bytes(),
        );
        assert_eq!(drawing.nodes.len(), 3);
        assert!(reasons(&drawing).contains(&"container-cycle"));
    }

    #[test]
    fn a_picture_may_carry_a_diagram() {
        let inner = model(&vertex("a", "1", "A", "")).replace('<', "&lt;").replace('"', "&quot;");
        let svg = format!("<svg xmlns=\"x\" content=\"{inner}\"><g/></svg>");
        assert_eq!(read(svg.as_bytes()).nodes.len(), 1);
        assert_eq!(sniff(&Head::new(svg.as_bytes(), "a.svg", svg.len() as u64)), Match::Yes(95));
    }
}
