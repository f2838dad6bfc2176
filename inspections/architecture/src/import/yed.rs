//! yEd's GraphML (GraphML 1.0 with yWorks' graphics): labels, groups, ports and shapes stand in the `y:` elements of
//! `<data>`. GraphML of other programs is another format.

use std::collections::BTreeMap;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use super::sketch::{Sketch, html_to_text, link, node, set, squeeze};
use super::xml::{self, At, Tree};
use crate::drawing::Drawing;

/// The format.
pub const FORMAT: Format = Format { id: "yed", kind: EvidenceKind::Diag, title: "yEd diagram (GraphML)", sniff };

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    match xml::first_element(head.text()) {
        Some(("graphml", attributes)) if attributes.contains("www.yworks.com/xml/graphml") => Match::Yes(100),
        Some(("graphml", attributes)) if attributes.contains("www.yworks.com") => {
            Match::Close("GraphML of another program of yWorks: save it with yEd")
        }
        _ => Match::No,
    }
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    if let Some(tree) = xml::parse(&text, &mut sketch) {
        read_tree(&tree, &mut sketch);
    } else {
        sketch.broken("xml-broken", "the file is no GraphML", "");
    }
    sketch.finish()
}

/// What a `<key>` says of the `<data>` that name it.
struct Key<'t> {
    name: &'t str,
    default: String,
    on: &'t str,
}

fn read_tree(tree: &Tree, sketch: &mut Sketch) {
    let Some(root) = tree.root().filter(|root| root.name() == "graphml") else {
        return sketch.broken("no-diagram", "the file is no GraphML", "");
    };
    let keys: BTreeMap<&str, Key<'_>> = root
        .each("key")
        .map(|key| {
            let default = key.child("default").map(At::text).unwrap_or_default();
            (key.get("id"), Key { name: key.get("attr.name"), default, on: key.get("for") })
        })
        .collect();
    // Graphs lie in nodes; the way through them is a list, not a recursion.
    let mut graphs: Vec<(At<'_>, Option<String>)> = root.each("graph").map(|graph| (graph, None)).collect();
    graphs.reverse();
    if graphs.is_empty() {
        sketch.broken("no-diagram", "the file has no graph", "");
    }
    let mut edges = Vec::new();
    while let Some((graph, outer)) = graphs.pop() {
        let directed = graph.get("edgedefault") != "undirected";
        let mut inner = Vec::new();
        for child in graph.children() {
            match child.name() {
                "node" => {
                    read_node(child, outer.as_deref(), &keys, sketch);
                    inner.extend(child.each("graph").map(|graph| (graph, Some(child.get("id").to_owned()))));
                }
                "edge" => edges.push((child, directed)),
                "data" | "desc" => {}
                "hyperedge" => {
                    sketch.unknown("hyperedge", "yEd knows no edges of several ends: not read", at(child));
                }
                other => sketch.unknown("unknown-element", format!("the element {other} is not known"), at(child)),
            }
        }
        inner.reverse();
        graphs.extend(inner);
    }
    for (edge, directed) in edges {
        read_edge(edge, directed, &keys, sketch);
    }
}

fn at(element: At<'_>) -> String {
    format!("line {}", element.line())
}

/// Values of the user's own data, and the graphics.
fn data<'t>(element: At<'t>, keys: &BTreeMap<&str, Key<'_>>) -> (BTreeMap<String, String>, Vec<At<'t>>) {
    let mut properties = BTreeMap::new();
    for key in keys.values().filter(|key| key.on == element.name() || key.on == "all") {
        if !key.name.is_empty() {
            set(&mut properties, key.name, &key.default);
        }
    }
    let mut graphics = Vec::new();
    for data in element.each("data") {
        let named = keys.get(data.get("key")).filter(|key| !key.name.is_empty());
        match (data.children().next(), named) {
            (Some(drawn), _) => graphics.push(active(drawn)),
            (None, Some(key)) => set(&mut properties, key.name, &data.text()),
            (None, None) => {}
        }
    }
    (properties, graphics)
}

/// A group has a picture for open and one for closed; the one that is shown counts.
fn active(drawn: At<'_>) -> At<'_> {
    let Some(several) = drawn.child("Realizers") else { return drawn };
    let shown = several.get("active").parse().unwrap_or(0_usize);
    several.children().nth(shown).or_else(|| several.children().next()).unwrap_or(drawn)
}

fn labels(drawn: At<'_>, name: &str) -> Vec<(String, String)> {
    let texts = drawn.each(name).map(|label| {
        let text = label.own_text();
        let text = if text.trim_start().starts_with("<html>") { html_to_text(&text) } else { squeeze(&text) };
        let place = format!("{} {}", label.get("preferredPlacement"), label.get("modelPosition"));
        (text, place)
    });
    texts.filter(|(text, _)| !text.is_empty()).collect()
}

fn read_node(element: At<'_>, outer: Option<&str>, keys: &BTreeMap<&str, Key<'_>>, sketch: &mut Sketch) {
    let id = element.get("id");
    if id.is_empty() {
        return sketch.unknown("node-without-id", "a node without an id", at(element));
    }
    let (mut properties, graphics) = data(element, keys);
    let mut texts = Vec::new();
    let mut shape = String::new();
    for drawn in graphics {
        texts.extend(labels(drawn, "NodeLabel").into_iter().map(|(text, _)| text));
        if shape.is_empty() && drawn.name().ends_with("Node") {
            shape = shape_of(drawn);
        }
    }
    let ports: Vec<&str> = element.each("port").map(|port| port.get("name")).filter(|name| !name.is_empty()).collect();
    set(&mut properties, "ports", &ports.join(", "));
    let mut texts = texts.into_iter();
    let label = texts.next().unwrap_or_default();
    for (number, text) in (2..).zip(texts) {
        set(&mut properties, &format!("label {number}"), &text);
    }
    if element.get("yfiles.foldertype") == "folder" {
        set(&mut properties, "folded", "true");
    }
    let mut shown = node(id, &label, &shape, at(element));
    shown.properties = properties;
    shown.within = outer.map(str::to_owned);
    sketch.add(shown);
}

/// The most telling of what the graphics say.
fn shape_of(drawn: At<'_>) -> String {
    if let Some(kind) = drawn.find("configuration").filter(|kind| !kind.is_empty()) {
        return kind.to_owned();
    }
    let shape = drawn.child("Shape").map(|shape| shape.get("type")).filter(|shape| !shape.is_empty());
    let image = drawn.child("Image").map(|image| image.get("href")).filter(|href| !href.is_empty());
    match (drawn.name(), image, shape) {
        (_, Some(image), _) => image.to_owned(),
        ("ShapeNode", _, Some(shape)) => shape.to_owned(),
        ("GroupNode", ..) => "group".to_owned(),
        (name, ..) => name.to_owned(),
    }
}

fn read_edge(element: At<'_>, directed: bool, keys: &BTreeMap<&str, Key<'_>>, sketch: &mut Sketch) {
    let (from, to) = (element.get("source"), element.get("target"));
    if from.is_empty() || to.is_empty() {
        return sketch.unknown("edge-without-end", "an edge without two ends", at(element));
    }
    let (mut properties, graphics) = data(element, keys);
    let mut directed = element.find("directed").map_or(directed, |said| said == "true");
    let mut swapped = false;
    let mut middle = Vec::new();
    for drawn in graphics {
        if let Some(arrows) = drawn.child("Arrows") {
            let arrow = |end: &str| !matches!(arrows.get(end), "none" | "");
            directed = arrow("source") != arrow("target");
            swapped = directed && arrow("source");
        }
        if let Some(line) = drawn.child("LineStyle").map(|line| line.get("type")).filter(|line| *line != "line") {
            set(&mut properties, "line", line);
        }
        for (text, place) in labels(drawn, "EdgeLabel") {
            // Places: `source_on_edge` of free labels; `shead`, `stail` … of those at the ends.
            let end = ["source", "shead", "stail", "scentr"].iter().any(|word| place.contains(word));
            let other = ["target", "thead", "ttail", "tcentr"].iter().any(|word| place.contains(word));
            match (end, other) {
                (true, false) => set(&mut properties, if swapped { "to" } else { "from" }, &text),
                (false, true) => set(&mut properties, if swapped { "from" } else { "to" }, &text),
                _ => middle.push(text),
            }
        }
    }
    for (name, attribute) in [("from-port", "sourceport"), ("to-port", "targetport")] {
        set(&mut properties, name, element.get(attribute));
    }
    let (from, to) = if swapped { (to, from) } else { (from, to) };
    let mut drawn = link(from, to, &middle.join("\n"), directed, at(element));
    drawn.properties = properties;
    sketch.connect(drawn);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" xmlns:y=\"http://www.yworks.com/xml/graphml\">\n\
        <key for=\"node\" id=\"d1\" yfiles.type=\"nodegraphics\"/><key attr.name=\"ip\" for=\"node\" id=\"d2\"><default>none</default></key>\
        <key for=\"edge\" id=\"d3\" yfiles.type=\"edgegraphics\"/>\n";

    #[test]
    fn groups_labels_and_ends_are_read() {
        let text = format!(
            "{HEAD}<graph edgedefault=\"directed\" id=\"G\">\
             <node id=\"n0\" yfiles.foldertype=\"group\"><data key=\"d1\"><y:ProxyAutoBoundsNode><y:Realizers active=\"0\">\
             <y:GroupNode><y:NodeLabel>DMZ</y:NodeLabel></y:GroupNode><y:GroupNode><y:NodeLabel>Folder 1</y:NodeLabel></y:GroupNode>\
             </y:Realizers></y:ProxyAutoBoundsNode></data><graph id=\"n0:\">\n<node id=\"n0::n0\"><data key=\"d2\">10.0.0.1</data>\
             <data key=\"d1\"><y:ShapeNode><y:NodeLabel>web<y:LabelModel/></y:NodeLabel><y:NodeLabel>more</y:NodeLabel><y:Shape type=\"octagon\"/></y:ShapeNode></data></node></graph></node>\
             <node id=\"n1\"><data key=\"d1\"><y:GenericNode configuration=\"com.yworks.flowchart.cloud\"/></data></node>\
             <edge id=\"e\" source=\"n1\" target=\"n0::n0\"><data key=\"d3\"><y:PolyLineEdge><y:Arrows source=\"standard\" target=\"none\"/>\
             <y:EdgeLabel preferredPlacement=\"source_on_edge\">ge0</y:EdgeLabel><y:EdgeLabel>trunk</y:EdgeLabel></y:PolyLineEdge></data></edge>\
             <edge source=\"n1\" target=\"n9\"/></graph></graphml>"
        );
        let drawing = read(text.as_bytes());
        let nodes: Vec<_> = drawing
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node.label.as_str(), node.shape.as_str(), node.within.as_deref()))
            .collect();
        let expected = [
            ("n0", "DMZ", "group", None),
            ("n1", "", "com.yworks.flowchart.cloud", None),
            ("n0::n0", "web", "octagon", Some("n0")),
        ];
        assert_eq!(nodes, expected);
        assert_eq!(drawing.nodes[2].properties["ip"], "10.0.0.1");
        assert_eq!(drawing.nodes[2].properties["label 2"], "more");
        let link = &drawing.links[0];
        assert_eq!(
            (link.from.as_str(), link.to.as_str(), link.label.as_str(), link.directed),
            ("n0::n0", "n1", "trunk", true)
        );
        assert_eq!(link.properties["to"], "ge0");
        assert_eq!(drawing.notes.len(), 1);
        assert_eq!(drawing.notes[0].reason, "link-to-nothing");
    }

    #[test]
    fn other_graphml_is_another_format() {
        let yes = |text: &str| sniff(&Head::new(text.as_bytes(), "a", text.len() as u64));
        assert_eq!(yes(HEAD), Match::Yes(100));
        assert_eq!(yes("<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\"><graph/></graphml>"), Match::No);
    }
}
