//! Importers against diagrams of other people: what they draw is counted here by other means, with the crudest of readers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a step of a test that fails is a failed test"
)]
#![allow(clippy::disallowed_methods, reason = "a test reads files and the clock; the inspection does not")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Instant;

use base64::Engine as _;
use secdiag_architecture::drawing::Drawing;
use secdiag_architecture::import::{containerlab, drawio, drawio_csv, netbox, yed};
use secdiag_model::{Head, Match};

fn folder(name: &str) -> PathBuf {
    let data = std::env::var("SECDIAG_DATA").expect("SECDIAG_DATA");
    PathBuf::from(data).join("firewall/topology").join(name)
}

fn files(name: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn timed(name: &str, read: impl Fn() -> Drawing) -> Drawing {
    let start = Instant::now();
    let drawing = read();
    assert!(start.elapsed().as_secs() < 10, "{name}: {:?}", start.elapsed());
    let ids: BTreeSet<&str> = drawing.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids.len(), drawing.nodes.len(), "{name}");
    for node in &drawing.nodes {
        assert!(node.within.as_deref().is_none_or(|outer| ids.contains(outer)), "{name}: {}", node.id);
    }
    for link in &drawing.links {
        assert!(ids.contains(link.from.as_str()) && ids.contains(link.to.as_str()), "{name}");
    }
    drawing
}

fn sniffed(format: &secdiag_model::Format, name: &str, bytes: &[u8]) -> bool {
    matches!((format.sniff)(&Head::new(bytes, name, bytes.len() as u64)), Match::Yes(_))
}

fn noted(drawing: &Drawing, reasons: &[&str]) -> usize {
    let count: u64 =
        drawing.notes.iter().filter(|note| reasons.contains(&note.reason.as_str())).map(|note| note.count).sum();
    usize::try_from(count).unwrap()
}

/// Pages of a file as XML: by splitting the text, not by the importer.
fn pages(text: &str) -> String {
    let mut all = String::new();
    for diagram in text.split("<diagram").skip(1) {
        let body = diagram.split_once('>').unwrap().1.split("</diagram>").next().unwrap().trim();
        if body.starts_with('<') {
            all.push_str(body);
            continue;
        }
        let packed = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
        let mut plain = String::new();
        flate2::read::DeflateDecoder::new(packed.as_slice()).read_to_string(&mut plain).unwrap();
        let mut bytes = Vec::new();
        let mut rest = plain.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            if *first == b'%' {
                bytes.push(u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).unwrap());
                rest = &after[2..];
            } else {
                bytes.push(*first);
                rest = after;
            }
        }
        all.push_str(&String::from_utf8(bytes).unwrap());
    }
    all
}

fn attribute<'t>(tag: &'t str, name: &str) -> &'t str {
    tag.split_once(&format!(" {name}=\"")).map_or("", |(_, value)| value.split('"').next().unwrap())
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn drawio_diagrams_are_read_without_loss() {
    let (mut nodes, mut links, mut loose) = (0, 0, 0);
    let others = files("yed").into_iter().filter(|(name, _)| name.ends_with(".drawio"));
    for (name, bytes) in files("drawio").into_iter().chain(others).filter(|(name, _)| !name.ends_with(".txt")) {
        assert!(sniffed(&drawio::FORMAT, &name, &bytes), "{name}");
        let drawing = timed(&name, || drawio::read(&bytes));
        let xml = pages(std::str::from_utf8(&bytes).unwrap());
        let cells: Vec<&str> = xml.split("<mxCell").skip(1).map(|tag| tag.split('>').next().unwrap()).collect();
        let edges: Vec<&&str> = cells.iter().filter(|tag| attribute(tag, "edge") == "1").collect();
        let edge_ids: BTreeSet<&str> = edges.iter().map(|tag| attribute(tag, "id")).collect();
        let on_edges =
            |tag: &&&str| !attribute(tag, "parent").is_empty() && edge_ids.contains(attribute(tag, "parent"));
        let vertices = cells.iter().filter(|tag| attribute(tag, "vertex") == "1").filter(|tag| !on_edges(tag)).count();
        let glued = edges
            .iter()
            .filter(|tag| !attribute(tag, "source").is_empty() && !attribute(tag, "target").is_empty())
            .count();
        let snapped = noted(&drawing, &["edge-end-as-drawn"]);
        let unread = noted(&drawing, &["edge-without-end", "edge-without-ends"]);
        let joints = noted(&drawing, &["edge-on-edge"]);
        let strange = drawing
            .notes
            .iter()
            .filter(|note| {
                !["edge-without-end", "edge-without-ends", "edge-end-as-drawn", "within-as-drawn", "edge-on-edge"]
                    .contains(&note.reason.as_str())
            })
            .collect::<Vec<_>>();
        assert!(strange.is_empty(), "{name}: {strange:?}");
        assert_eq!(drawing.nodes.len(), vertices + joints, "{name}: nodes");
        assert_eq!(drawing.links.len() + unread, edges.len() + joints, "{name}: links");
        assert_eq!(drawing.links.len(), glued + snapped + joints, "{name}: ends");
        nodes += vertices;
        links += drawing.links.len();
        loose += unread;
    }
    println!("draw.io: {nodes} nodes, {links} links, {loose} edges without an end noted");
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_drawio_csv_is_read_without_loss() {
    let bytes = std::fs::read(folder("drawio/network-topology.txt")).unwrap();
    assert!(sniffed(&drawio_csv::FORMAT, "network-topology.txt", &bytes));
    let drawing = timed("network-topology.txt", || drawio_csv::read(&bytes));
    // Counted by hand: twelve rows; 3, 4, 5 6, 7 8 12, 9, 10 11 12, 12, 11.
    assert_eq!((drawing.nodes.len(), drawing.links.len(), drawing.notes.len()), (12, 13, 0), "{:?}", drawing.notes);
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn yed_diagrams_are_read_without_loss() {
    for (name, bytes) in files("yed").into_iter().filter(|(name, _)| name.ends_with(".graphml")) {
        assert!(sniffed(&yed::FORMAT, &name, &bytes), "{name}");
        let drawing = timed(&name, || yed::read(&bytes));
        let text = String::from_utf8(bytes.clone()).unwrap();
        let count = |tag: &str| text.matches(tag).count();
        assert_eq!((drawing.nodes.len(), drawing.links.len()), (count("<node "), count("<edge ")), "{name}");
        assert!(drawing.notes.is_empty(), "{name}: {:?}", drawing.notes);
        assert!(drawing.nodes.iter().all(|node| !node.label.is_empty()), "{name}");
        println!("yEd: {name}: {} nodes, {} links", drawing.nodes.len(), drawing.links.len());
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn containerlab_topologies_are_read_without_loss() {
    let (mut nodes, mut links) = (0, 0);
    for (name, bytes) in files("containerlab") {
        assert!(sniffed(&containerlab::FORMAT, &name, &bytes), "{name}");
        let drawing = timed(&name, || containerlab::read(&bytes));
        // Keys one step below `nodes:` and items that name endpoints, by their indent.
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> =
            text.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty()).collect();
        let indent = |line: &str| line.len() - line.trim_start().len();
        let start = lines.iter().position(|line| line.trim_start().starts_with("nodes:")).unwrap();
        let inner = indent(lines[start + 1]);
        let own = lines[start + 1..]
            .iter()
            .take_while(|line| indent(line) > indent(lines[start]))
            .filter(|line| indent(line) == inner)
            .count();
        let joined = lines.iter().filter(|line| line.contains("endpoints:")).count();
        let made = drawing.nodes.iter().filter(|node| node.place.starts_with("topology.links")).count();
        assert_eq!(drawing.nodes.len() - made, own, "{name}: nodes");
        assert_eq!(drawing.links.len(), joined, "{name}: links {:?}", drawing.notes);
        assert!(drawing.notes.is_empty(), "{name}: {:?}", drawing.notes);
        nodes += own;
        links += joined;
    }
    println!("containerlab: {nodes} nodes, {links} links");
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn the_netbox_dump_is_read_without_loss() {
    let packed = std::fs::read(folder("netbox-demo-v3.6.json.gz")).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    assert!(sniffed(&netbox::FORMAT, "netbox.json", &bytes));
    let drawing = timed("netbox", || netbox::read(&bytes));
    let text = String::from_utf8(bytes).unwrap();
    let count = |model: &str| text.matches(&format!("\"model\": \"{model}\"")).count();
    let drawn = [
        "dcim.site",
        "dcim.location",
        "dcim.rack",
        "dcim.device",
        "dcim.powerpanel",
        "dcim.powerfeed",
        "circuits.provider",
        "circuits.providernetwork",
        "circuits.circuit",
        "virtualization.cluster",
        "virtualization.virtualmachine",
    ];
    assert_eq!(drawing.nodes.len(), drawn.iter().map(|model| count(model)).sum::<usize>());
    let by_kind = drawing.links.iter().fold(BTreeMap::<&str, usize>::new(), |mut kinds, link| {
        *kinds.entry(link.place.split(' ').next().unwrap()).or_default() += 1;
        kinds
    });
    // Every cable of this dump has one end on each side.
    assert_eq!(by_kind["dcim.cable"], count("dcim.cable"));
    assert_eq!(by_kind["dcim.powerfeed"], count("dcim.powerfeed"));
    let uncabled = text
        .split("\"model\": \"circuits.circuittermination\"")
        .skip(1)
        .filter(|object| object.split("\"cable\": ").nth(1).unwrap().starts_with("null"))
        .count();
    assert_eq!(by_kind["circuits.circuittermination"], uncabled);
    assert!(drawing.notes.is_empty(), "{:?}", drawing.notes);
    println!("NetBox: {} nodes, {} links {by_kind:?}", drawing.nodes.len(), drawing.links.len());
}
