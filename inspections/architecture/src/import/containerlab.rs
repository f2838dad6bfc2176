//! containerlab topologies (containerlab.dev: "Topology definition", "Nodes", "Links"): YAML with `topology.nodes` and
//! `topology.links`. What a node does not say comes from its group, its kind and the defaults, in this order.

use std::collections::BTreeMap;

use secdiag_model::{EvidenceKind, Format, Head, Match};
use secdiag_records::tree::{self, Node as Tree, Syntax, Value};

use super::sketch::{Sketch, link, node, set};
use crate::drawing::Drawing;

/// The format.
pub const FORMAT: Format =
    Format { id: "containerlab", kind: EvidenceKind::Diag, title: "containerlab topology", sniff };

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let mut topology = false;
    let mut name = false;
    for line in head.text().lines() {
        name |= line.starts_with("name:");
        if topology
            && line.trim_start() != line
            && matches!(line.split('#').next().map(str::trim), Some("nodes:" | "links:"))
        {
            return if line.contains("{{") { Match::No } else { Match::Yes(if name { 85 } else { 60 }) };
        }
        topology = match line.split('#').next().map(str::trim_end) {
            Some("topology:") => true,
            _ => topology && (line.trim().is_empty() || line.starts_with([' ', '\t', '#'])),
        };
    }
    Match::No
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    let (tree, faults) = tree::parse(&text, Syntax::Yaml, "");
    for fault in faults {
        let place = if fault.line > 0 { format!("line {}", fault.line) } else { String::new() };
        sketch.broken("yaml-broken", fault.text, place);
    }
    match field(&tree, "topology") {
        Some(topology) => read_topology(topology, &mut sketch),
        None => sketch.broken("no-diagram", "the file has no topology", ""),
    }
    sketch.finish()
}

/// A field; `<<` merges another table (YAML 1.1, which containerlab reads).
fn field<'t>(tree: &'t Tree, name: &str) -> Option<&'t Tree> {
    let Value::Map(map) = &tree.value else { return None };
    map.get(name).or_else(|| match &map.get("<<")?.value {
        Value::List(list) => list.iter().find_map(|merged| match &merged.value {
            Value::Map(map) => map.get(name),
            _ => None,
        }),
        Value::Map(map) => map.get(name),
        _ => None,
    })
}

fn scalar(tree: &Tree) -> String {
    match &tree.value {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::List(list) => list
            .iter()
            .filter(|item| !matches!(item.value, Value::List(_) | Value::Map(_)))
            .map(scalar)
            .collect::<Vec<_>>()
            .join(", "),
        Value::Map(_) | Value::Null => String::new(),
    }
}

fn text(tree: &Tree, name: &str) -> String {
    field(tree, name).map(scalar).unwrap_or_default()
}

fn entries<'t>(tree: &'t Tree, name: &str) -> impl Iterator<Item = (&'t str, &'t Tree)> {
    let map = field(tree, name).and_then(|tree| match &tree.value {
        Value::Map(map) => Some(map),
        _ => None,
    });
    map.into_iter().flatten().map(|(name, tree)| (name.as_str(), tree))
}

/// What a node of each level may say and a drawing shows; contents of files, commands and variables are not.
const SHOWN: &[&str] =
    &["type", "image", "mgmt-ipv4", "mgmt-ipv6", "network-mode", "startup-config", "group", "position"];

fn read_topology(topology: &Tree, sketch: &mut Sketch) {
    for (name, own) in entries(topology, "nodes") {
        read_node(name, own, topology, sketch);
    }
    let Some(links) = field(topology, "links") else { return };
    match &links.value {
        Value::List(links) => (0..).zip(links).for_each(|(at, link)| read_link(at, link, sketch)),
        Value::Null => {}
        _ => sketch.unknown("unknown-field", "links are no list", "topology.links"),
    }
}

fn read_node(name: &str, own: &Tree, topology: &Tree, sketch: &mut Sketch) {
    let place = format!("topology.nodes.{name}");
    if !matches!(own.value, Value::Map(_) | Value::Null) {
        sketch.unknown("unknown-field", "a node that is no table", place.clone());
    }
    let of = |list: &str, key: &str| entries(topology, list).find(|(name, _)| *name == key).map(|(_, tree)| tree);
    let defaults = field(topology, "defaults");
    let group_name = text(own, "group");
    let group = of("groups", &group_name);
    if !group_name.is_empty() && group.is_none() {
        sketch.unknown("no-such-group", format!("the group {group_name} is not there"), place.clone());
    }
    let kind = [Some(own), group, defaults]
        .into_iter()
        .flatten()
        .map(|level| text(level, "kind"))
        .find(|kind| !kind.is_empty());
    let kind = kind.unwrap_or_default();
    let levels: Vec<&Tree> = [Some(own), group, of("kinds", &kind), defaults].into_iter().flatten().collect();
    let mut shown = node(name, name, &kind, place);
    for key in SHOWN {
        // A start configuration may stand in the file itself.
        let value = levels.iter().map(|level| text(level, key)).find(|value| !value.is_empty());
        let value = value.filter(|value| *key != "startup-config" || !value.contains('\n'));
        set(&mut shown.properties, key, &value.unwrap_or_default());
    }
    for level in levels.iter().rev() {
        for (key, value) in entries(level, "labels") {
            set(&mut shown.properties, &format!("label {key}"), &scalar(value));
        }
    }
    if let Some(Value::List(parts)) = field(own, "components").map(|parts| &parts.value) {
        let slots: Vec<String> = parts.iter().map(|part| text(part, "slot")).collect();
        set(&mut shown.properties, "components", &slots.join(", "));
    }
    if let Some(icon) = shown.properties.get("label graph-icon").cloned() {
        set(&mut shown.properties, "icon", &icon);
    }
    // A node that shares another's network is a part of the same box.
    let shared = shown.properties.get("network-mode").and_then(|mode| mode.strip_prefix("container:"));
    shown.within = shared.filter(|other| entries(topology, "nodes").any(|(name, _)| name == *other)).map(str::to_owned);
    sketch.add(shown);
}

/// Ends that are not nodes of the file but the host's side of a link.
const HOST_SIDE: &[&str] = &["host", "mgmt-net", "macvlan"];

struct End {
    node: String,
    port: String,
}

fn read_link(at: usize, tree: &Tree, sketch: &mut Sketch) {
    let place = format!("topology.links[{at}]");
    let kind = text(tree, "type");
    let mut ends: Vec<End> = match field(tree, "endpoints").map(|ends| &ends.value) {
        Some(Value::List(list)) => list.iter().filter_map(end).collect(),
        _ => Vec::new(),
    };
    ends.extend(field(tree, "endpoint").and_then(end));
    let host_port = text(tree, "host-interface");
    let other = match kind.as_str() {
        "host" | "mgmt-net" | "macvlan" => Some(End { node: kind.clone(), port: host_port }),
        "vxlan" | "vxlan-stitch" => Some(End { node: format!("vxlan:{}", text(tree, "remote")), port: String::new() }),
        _ => None,
    };
    ends.extend(other.filter(|_| ends.len() == 1));
    if kind == "dummy" {
        return;
    }
    let [from, to] = ends.as_slice() else {
        let text = format!("a link with {} ends", ends.len());
        return sketch.unknown(if ends.is_empty() { "edge-without-ends" } else { "edge-without-end" }, text, place);
    };
    for end in [from, to] {
        let side = end.node.split(':').next().unwrap_or_default();
        if !sketch.has(&end.node) && (HOST_SIDE.contains(&side) || side == "vxlan") {
            sketch.add(node(&end.node, &end.node, side, place.clone()));
        }
    }
    let mut drawn = link(&from.node, &to.node, &text(tree, "label"), false, place);
    for (name, end) in [("from-port", from), ("to-port", to)] {
        set(&mut drawn.properties, name, &end.port);
    }
    set(&mut drawn.properties, "type", &kind);
    let labels: BTreeMap<&str, &Tree> = entries(tree, "labels").collect();
    for (name, value) in labels {
        set(&mut drawn.properties, &format!("label {name}"), &scalar(value));
    }
    sketch.connect(drawn);
}

/// `node:port`, or a table of both.
fn end(tree: &Tree) -> Option<End> {
    match &tree.value {
        Value::Text(text) => {
            let (node, port) = text.split_once(':').unwrap_or((text, ""));
            Some(End { node: node.trim().to_owned(), port: port.trim().to_owned() })
        }
        Value::Map(_) => Some(End { node: text(tree, "node"), port: text(tree, "interface") }),
        _ => None,
    }
    .filter(|end| !end.node.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAB: &str = "name: x\ntopology:\n  defaults: {kind: linux}\n  kinds:\n    linux: {image: alpine}\n  groups:\n    core: {kind: nokia_srlinux, type: ixr}\n  nodes:\n    a:\n      group: core\n      labels: {role: spine}\n      env: {PASSWORD: x}\n    b:\n    c: {kind: bridge, network-mode: 'container:a', group: none}\n  links:\n    - endpoints: [\"a:e1\", \"b:eth1\"]\n    - type: veth\n      endpoints:\n        - {node: b, interface: eth2}\n        - {node: c, interface: eth1}\n    - type: mgmt-net\n      endpoint: {node: a, interface: e2}\n    - endpoints: [\"a:e3\"]\n    - endpoints: [\"a:e4\", \"gone:e1\"]\n    - endpoints: [\"b:e5\", \"host:br0\"]\n";

    #[test]
    fn levels_and_links() {
        assert_eq!(sniff(&Head::new(LAB.as_bytes(), "x", LAB.len() as u64)), Match::Yes(85));
        let drawing = read(LAB.as_bytes());
        let nodes: Vec<_> = drawing.nodes.iter().map(|node| (node.id.as_str(), node.shape.as_str())).collect();
        let expected =
            [("a", "nokia_srlinux"), ("b", "linux"), ("c", "bridge"), ("mgmt-net", "mgmt-net"), ("host", "host")];
        assert_eq!(nodes, expected);
        assert_eq!(drawing.nodes[0].properties["type"], "ixr");
        assert_eq!(drawing.nodes[1].properties["image"], "alpine");
        assert_eq!(drawing.nodes[2].within.as_deref(), Some("a"));
        let links: Vec<_> = drawing.links.iter().map(|link| format!("{}-{}", link.from, link.to)).collect();
        assert_eq!(links, ["a-b", "b-c", "a-mgmt-net", "b-host"]);
        let notes: Vec<_> =
            drawing.notes.iter().map(|note| (note.reason.as_str(), note.place.as_deref().unwrap())).collect();
        let expected = [
            ("no-such-group", "topology.nodes.c"),
            ("edge-without-end", "topology.links[3]"),
            ("link-to-nothing", "topology.links[4]"),
        ];
        assert_eq!(notes, expected);
    }

    #[test]
    fn damage_is_told() {
        assert_eq!(read(b"name: x\ntopology: [\n").notes[0].reason, "yaml-broken");
        assert_eq!(read(b"a: b").notes[0].reason, "no-diagram");
    }
}
