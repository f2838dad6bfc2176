//! GraphML 1.0 of any program but yEd (<http://graphml.graphdrawing.org/specification.html>): `<key>` names what `<data>`
//! says; nodes with graphs in them are containers; edges of several ends (`<hyperedge>`) become a node of their own.

use std::collections::BTreeMap;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use super::sketch::{Sketch, link, node};
use super::xml::{self, At, Tree};
use crate::drawing::{Drawing, Node};

/// The format.
pub const FORMAT: Format = Format { id: "graphml", kind: EvidenceKind::Diag, title: "Network map (GraphML)", sniff };

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    match xml::first_element(head.text()) {
        Some(("graphml", attributes)) if !attributes.contains("www.yworks.com") => Match::Yes(80),
        _ => Match::No,
    }
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    match xml::parse(&text, &mut sketch) {
        Some(tree) => read_tree(&tree, &mut sketch),
        None => sketch.broken("xml-broken", "the file is no GraphML", ""),
    }
    sketch.finish()
}

/// What `<data>` of a key is called, and its value where none is given.
type Keys<'t> = BTreeMap<&'t str, (&'t str, String, &'t str)>;

fn read_tree(tree: &Tree, sketch: &mut Sketch) {
    let Some(root) = tree.root().filter(|root| root.name() == "graphml") else {
        return sketch.broken("no-diagram", "the file is no GraphML", "");
    };
    let keys: Keys<'_> = root
        .each("key")
        .map(|key| {
            let default = key.child("default").map(At::text).unwrap_or_default();
            let name = if key.get("attr.name").is_empty() { key.get("id") } else { key.get("attr.name") };
            (key.get("id"), (name, default, key.get("for")))
        })
        .collect();
    let mut graphs: Vec<(At<'_>, Option<&str>)> = root.each("graph").map(|graph| (graph, None)).collect();
    if graphs.is_empty() {
        sketch.broken("no-diagram", "the file has no graph", "");
    }
    graphs.reverse();
    let mut edges = Vec::new();
    while let Some((graph, outer)) = graphs.pop() {
        let directed = graph.get("edgedefault") == "directed";
        let mut inner = Vec::new();
        for child in graph.children() {
            match child.name() {
                "node" => {
                    sketch.add(read_node(child, outer, &keys));
                    inner.extend(child.each("graph").map(|graph| (graph, Some(child.get("id")))));
                }
                "edge" | "hyperedge" => edges.push((child, directed)),
                "data" | "desc" => {}
                other => sketch.unknown("unknown-element", format!("the element {other} is not known"), place(child)),
            }
        }
        inner.reverse();
        graphs.extend(inner);
    }
    for (edge, directed) in edges {
        if edge.name() == "hyperedge" { hyperedge(edge, &keys, sketch) } else { simple(edge, directed, &keys, sketch) }
    }
}

fn place(at: At<'_>) -> String {
    format!("line {}", at.line())
}

fn properties(at: At<'_>, on: &str, keys: &Keys<'_>) -> BTreeMap<String, String> {
    let of = |found: &&str| *found == on || *found == "all" || found.is_empty();
    let defaults = keys.values().filter(|(_, default, scope)| !default.is_empty() && of(scope));
    let mut found: BTreeMap<String, String> =
        defaults.map(|(name, default, _)| ((*name).to_owned(), default.clone())).collect();
    for data in at.each("data") {
        let name = keys.get(data.get("key")).map_or(data.get("key"), |(name, ..)| *name);
        found.insert(name.to_owned(), data.text().trim().to_owned());
    }
    found
}

/// The first of these properties that says something.
fn take(properties: &mut BTreeMap<String, String>, names: &[&str]) -> String {
    names
        .iter()
        .find(|name| properties.get(**name).is_some_and(|value| !value.is_empty()))
        .and_then(|name| properties.remove(*name))
        .unwrap_or_default()
}

fn read_node(at: At<'_>, outer: Option<&str>, keys: &Keys<'_>) -> Node {
    let mut properties = properties(at, "node", keys);
    let label = take(&mut properties, &["label", "Label", "name", "Name", "d_label"]);
    let shape = take(&mut properties, &["role", "type", "Type", "kind", "shape", "device"]);
    let mut found = node(at.get("id"), &label, &shape, place(at));
    found.within = outer.map(str::to_owned);
    found.properties = properties;
    found
}

fn simple(at: At<'_>, directed: bool, keys: &Keys<'_>, sketch: &mut Sketch) {
    let mut properties = properties(at, "edge", keys);
    let label = take(&mut properties, &["LinkLabel", "label", "Label", "name"]);
    let directed = at.find("directed").map_or(directed, |written| written == "true");
    let mut found = link(at.get("source"), at.get("target"), &label, directed, place(at));
    found.properties = properties;
    sketch.connect(found);
}

fn hyperedge(at: At<'_>, keys: &Keys<'_>, sketch: &mut Sketch) {
    let id = if at.get("id").is_empty() { format!("hyperedge {}", at.number()) } else { at.get("id").to_owned() };
    let mut properties = properties(at, "edge", keys);
    let label = take(&mut properties, &["LinkLabel", "label", "Label", "name"]);
    let mut medium = node(&id, &label, "hyperedge", place(at));
    medium.properties = properties;
    sketch.add(medium);
    for end in at.each("endpoint") {
        sketch.connect(link(&id, end.get("node"), "", false, place(end)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_containers_and_edges_of_several_ends_are_read() {
        let text = r#"<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="k" for="node" attr.name="label"/><key id="s" for="edge" attr.name="speed"><default>1G</default></key>
<graph edgedefault="undirected"><node id="dmz"><data key="k">DMZ</data><graph edgedefault="directed">
<node id="w"><data key="k">Web &amp; API</data></node></graph></node><node id="f"/><node id="g"/>
<edge source="w" target="f" directed="true"/><edge source="f" target="missing"/>
<hyperedge><endpoint node="f"/><endpoint node="g"/></hyperedge></graph></graphml>"#;
        let drawing = read(text.as_bytes());
        let nodes: Vec<_> = drawing.nodes.iter().map(|node| (node.label.as_str(), node.within.as_deref())).collect();
        assert_eq!(nodes[..2], [("DMZ", None), ("", None)], "{nodes:?}");
        assert!(nodes.contains(&("Web & API", Some("dmz"))));
        let first = drawing.links.iter().find(|link| link.from == "w").unwrap();
        assert_eq!((first.directed, first.properties["speed"].as_str(), first.place.as_str()), (true, "1G", "line 5"));
        assert_eq!(drawing.links.iter().filter(|link| link.from.starts_with("hyperedge")).count(), 2);
        assert!(!drawing.notes.is_empty(), "a link to nothing is told");
    }

    #[test]
    fn hostile_files_end() {
        for text in ["", "<graphml", "<graphml><graph><node/><edge/></graph>", &"<graph>".repeat(9000)] {
            let _ = read(text.as_bytes());
        }
    }
}
