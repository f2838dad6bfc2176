//! Lists of nodes and of links as CSV or as sheets of a workbook, with headers in English or Chinese.
//!
//! A list of links has a column for each end ("from" and "to", 「起點」 and 「終點」 …), a list of nodes one for the node and
//! one for its kind or container. A workbook may have both on two sheets. Ends are names or ids of the list of nodes; one
//! that is not in it stands for a node that nothing more is known of. Columns that have no meaning here are properties.

use std::collections::BTreeMap;

use secdiag_model::{EvidenceKind, Format, Head, Match};
use secdiag_records::tree::{self, Fault, Syntax};
use secdiag_records::workbook;

use super::drawio_csv::rows_of;
use super::sketch::{Sketch, link, node, set};
use crate::drawing::Drawing;

/// The format.
pub const FORMAT: Format = Format {
    id: "network-tables",
    kind: EvidenceKind::Diag,
    title: "List of network nodes or links (CSV, workbook)",
    sniff,
};

type Names = &'static [&'static str];

const FROM: Names = &[
    "from",
    "from node",
    "from device",
    "source node",
    "source device",
    "device a",
    "node a",
    "a end",
    "a-end",
    "local device",
    "來源節點",
    "來源設備",
    "起點",
    "起點設備",
    "起始節點",
    "本端",
    "本端設備",
    "a端",
    "a端設備",
    "設備a",
];

const TO: Names = &[
    "to",
    "to node",
    "to device",
    "target",
    "target node",
    "destination node",
    "destination device",
    "device b",
    "node b",
    "b end",
    "b-end",
    "z end",
    "z-end",
    "remote device",
    "目的節點",
    "目的設備",
    "目標節點",
    "目標設備",
    "終點",
    "終點設備",
    "對端",
    "對端設備",
    "遠端設備",
    "b端",
    "b端設備",
    "z端",
    "z端設備",
    "設備b",
];

const FROM_PORT: Names = &[
    "from port",
    "from interface",
    "source port",
    "source interface",
    "local port",
    "local interface",
    "port a",
    "interface a",
    "來源埠",
    "來源介面",
    "起點介面",
    "起點埠",
    "本端介面",
    "本端埠",
    "a端介面",
    "a端埠",
];

const TO_PORT: Names = &[
    "to port",
    "to interface",
    "target port",
    "target interface",
    "destination port",
    "destination interface",
    "remote port",
    "remote interface",
    "port b",
    "interface b",
    "目的埠",
    "目的介面",
    "終點介面",
    "終點埠",
    "對端介面",
    "對端埠",
    "b端介面",
    "b端埠",
];

const LABEL: Names = &["label", "link", "link name", "circuit", "線路", "線路名稱", "線路編號", "連線名稱", "標籤"];

const DIRECTED: Names = &["directed", "direction", "方向", "單向"];

const ID: Names = &["id", "node id", "device id", "asset id", "編號", "節點編號", "設備編號", "資產編號", "代號"];

const NODE: Names = &[
    "node",
    "node name",
    "device",
    "device name",
    "host",
    "hostname",
    "host name",
    "name",
    "節點",
    "節點名稱",
    "設備",
    "設備名稱",
    "主機",
    "主機名稱",
    "名稱",
];

const SHAPE: Names = &[
    "type",
    "kind",
    "role",
    "shape",
    "device type",
    "node type",
    "device role",
    "function",
    "類型",
    "種類",
    "類別",
    "設備類型",
    "設備種類",
    "節點類型",
    "角色",
    "設備角色",
    "用途",
];

const WITHIN: Names = &[
    "within",
    "container",
    "parent",
    "zone",
    "network zone",
    "security zone",
    "segment",
    "group",
    "所在區域",
    "網路區域",
    "安全區域",
    "區域",
    "所屬區域",
    "所屬",
    "網段",
    "區段",
    "群組",
];

/// Columns that lists of firewall rules and logs have, and lists of cables do not.
const RULES: Names = &[
    "action",
    "service",
    "services",
    "protocol",
    "proto",
    "rule",
    "rule id",
    "policy",
    "policy id",
    "bytes",
    "packets",
    "動作",
    "服務",
    "協定",
    "規則",
    "規則編號",
    "政策",
];

fn has(header: &[String], names: Names) -> bool {
    header.iter().any(|column| names.contains(&bare(column).as_str()))
}

/// A column's name as it is compared: `From_Node (name)` is `from node`.
fn bare(column: &str) -> String {
    let column = column.split(['(', '(']).next().unwrap_or_default();
    column.trim().to_lowercase().replace(['_', '-'], " ")
}

fn is_links(header: &[String]) -> bool {
    let pair = has(header, FROM) && has(header, TO);
    let plain = has(header, &["source"]) && has(header, &["target"]);
    (pair || plain) && !has(header, RULES)
}

fn is_nodes(header: &[String]) -> bool {
    let named = has(header, NODE);
    !is_links(header) && !has(header, RULES) && named && has(header, SHAPE) && has(header, WITHIN)
}

fn sniff(head: &Head<'_>) -> Match {
    let found = |header: &Vec<String>| is_links(header) || is_nodes(header);
    if head.bytes.starts_with(b"PK") {
        return if workbook::headers(head).iter().any(found) { Match::Yes(60) } else { Match::No };
    }
    if head.is_binary() {
        return Match::No;
    }
    let header = tree::csv_header(head.text());
    if header.len() >= 2 && found(&header) { Match::Yes(55) } else { Match::No }
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let mut nodes = Vec::new();
    let mut links = Vec::new();
    if bytes.starts_with(b"PK") {
        let (sheet, node_faults) = workbook::parse_where(bytes, &is_nodes, "node, type, zone", "row");
        nodes.extend(rows_of(&sheet));
        let (sheet, link_faults) = workbook::parse_where(bytes, &is_links, "from, to", "row");
        links.extend(rows_of(&sheet));
        let found = !nodes.is_empty() || !links.is_empty();
        let mut faults: Vec<Fault> = node_faults.into_iter().chain(link_faults).collect();
        faults.dedup();
        for fault in faults.into_iter().filter(|fault| !found || !fault.text.starts_with("no sheet has")) {
            sketch.broken("workbook-broken", fault.text, "");
        }
    } else {
        let text = sketch.text(bytes);
        let header = tree::csv_header(&text);
        let (table, faults) = tree::parse(&text, Syntax::Csv, "row");
        for fault in faults {
            sketch.broken(
                "csv-broken",
                fault.text,
                if fault.line > 0 { format!("line {}", fault.line) } else { String::new() },
            );
        }
        if is_links(&header) {
            links.extend(rows_of(&table));
        } else if is_nodes(&header) {
            nodes.extend(rows_of(&table));
        } else {
            sketch.broken("no-diagram", "the first line names neither a list of nodes nor one of links", "line 1");
        }
    }
    let mut names = BTreeMap::new();
    for (line, cells) in nodes {
        read_node(line, cells, &mut names, &mut sketch);
    }
    for (line, cells) in links {
        read_link(line, cells, &names, &mut sketch);
    }
    contain(&names, &mut sketch);
    sketch.finish()
}

/// Takes the first filled column of these names, in the order of the names.
fn take(cells: &mut BTreeMap<String, String>, names: Names) -> String {
    for name in names {
        let column = cells.keys().find(|column| bare(column) == *name).cloned();
        if let Some(value) = column.and_then(|column| cells.remove(&column)) {
            return value;
        }
    }
    String::new()
}

/// Names and ids compare without regard to case and blanks.
fn key(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn read_node(
    line: u64,
    mut cells: BTreeMap<String, String>,
    names: &mut BTreeMap<String, String>,
    sketch: &mut Sketch,
) {
    let place = format!("line {line}");
    let id = take(&mut cells, ID);
    let label = take(&mut cells, NODE);
    if id.is_empty() && label.is_empty() {
        return sketch.unknown("node-without-id", "a row without a node", place);
    }
    let id = if id.is_empty() { label.clone() } else { id };
    let label = if label.is_empty() { id.clone() } else { label };
    if sketch.has(&id) {
        return sketch.unknown("id-twice", format!("the node {id} stands a second time"), place);
    }
    let mut shown = node(&id, &label, &take(&mut cells, SHAPE), place);
    shown.within = Some(take(&mut cells, WITHIN)).filter(|outer| !outer.is_empty());
    for (name, value) in cells {
        set(&mut shown.properties, &name, &value);
    }
    names.entry(key(&label)).or_insert_with(|| id.clone());
    names.insert(key(&id), id);
    sketch.add(shown);
}

fn read_link(line: u64, mut cells: BTreeMap<String, String>, names: &BTreeMap<String, String>, sketch: &mut Sketch) {
    let place = format!("line {line}");
    let mut end = |columns: Names, plain: Names| {
        let named = take(&mut cells, columns);
        if named.is_empty() { take(&mut cells, plain) } else { named }
    };
    let (from, to) = (end(FROM, &["source"]), end(TO, &["target"]));
    if from.is_empty() || to.is_empty() {
        let both = from.is_empty() && to.is_empty();
        return sketch.unknown(
            if both { "edge-without-ends" } else { "edge-without-end" },
            "a row without two ends",
            place,
        );
    }
    let mut id = |name: &str| {
        let id = names.get(&key(name)).cloned().unwrap_or_else(|| name.to_owned());
        if !sketch.has(&id) {
            sketch.add(node(&id, name, "", place.clone()));
        }
        id
    };
    let (from, to) = (id(&from), id(&to));
    let directed = matches!(
        key(&take(&mut cells, DIRECTED)).as_str(),
        "yes" | "true" | "1" | "y" | "directed" | "是" | "單向" | "->" | "→" | "one way"
    );
    let mut drawn = link(&from, &to, &take(&mut cells, LABEL), directed, place);
    set(&mut drawn.properties, "from-port", &take(&mut cells, FROM_PORT));
    set(&mut drawn.properties, "to-port", &take(&mut cells, TO_PORT));
    for (name, value) in cells {
        set(&mut drawn.properties, &name, &value);
    }
    sketch.connect(drawn);
}

/// Containers are nodes, too: those that have no row of their own are made.
fn contain(names: &BTreeMap<String, String>, sketch: &mut Sketch) {
    let inside: Vec<(String, String, String)> = sketch
        .nodes()
        .iter()
        .filter_map(|node| Some((node.id.clone(), node.within.clone()?, node.place.clone())))
        .collect();
    for (id, outer, place) in inside {
        let own = names.get(&key(&outer)).filter(|outer| **outer != id);
        let outer = if let Some(outer) = own {
            outer.clone()
        } else {
            let zone = format!("zone {}", key(&outer));
            if !sketch.has(&zone) {
                sketch.add(node(&zone, &outer, "zone", place));
            }
            zone
        };
        if let Some(node) = sketch.get(&id) {
            node.within = Some(outer);
        }
    }
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::Workbook;

    use super::*;

    fn sniffed(bytes: &[u8]) -> Match {
        sniff(&Head::new(bytes, "a", bytes.len() as u64))
    }

    #[test]
    fn links_in_english_and_chinese() {
        for text in [
            "From,To,From Port,Medium\nfw1,sw1,ge0,fibre\nfw1,,ge1,\n",
            "\u{feff}起點;終點;本端介面;介質\r\nfw1;sw1;ge0;fibre\r\n;sw2;;\r\n",
            "source\ttarget\tlocal_port\nfw1\tsw1\tge0\nfw1\t\t\n",
        ] {
            assert_eq!(sniffed(text.as_bytes()), Match::Yes(55), "{text}");
            let drawing = read(text.as_bytes());
            assert_eq!(drawing.nodes.len(), 2, "{text}");
            assert_eq!(drawing.links[0].properties["from-port"], "ge0");
            assert_eq!(drawing.links[0].place, "line 2");
            let notes: Vec<_> =
                drawing.notes.iter().map(|note| (note.reason.as_str(), note.place.as_deref())).collect();
            assert_eq!(notes, [("edge-without-end", Some("line 3"))]);
        }
    }

    #[test]
    fn nodes_with_their_zones() {
        let text =
            "節點名稱,設備類型,網路區域,IP,密碼\nFW 1,防火牆,DMZ,10.0.0.1,x\nsw1,交換器,fw 1,,\n,,,x,\nFW 1,a,b,,\n";
        assert_eq!(sniffed(text.as_bytes()), Match::Yes(55));
        let drawing = read(text.as_bytes());
        let nodes: Vec<_> =
            drawing.nodes.iter().map(|node| (node.id.as_str(), node.shape.as_str(), node.within.as_deref())).collect();
        assert_eq!(
            nodes,
            [("FW 1", "防火牆", Some("zone dmz")), ("sw1", "交換器", Some("FW 1")), ("zone dmz", "zone", None)]
        );
        assert_eq!(drawing.nodes[0].properties, BTreeMap::from([("ip".to_owned(), "10.0.0.1".to_owned())]));
        assert_eq!(drawing.notes.len(), 2);
    }

    #[test]
    fn lists_of_rules_and_other_tables_are_none() {
        for text in
            ["from,to,service,action\na,b,c,d\n", "name,type\na,b\n", "source,destination\n1,2\n", "from\na\n", "", "x"]
        {
            assert_eq!(sniffed(text.as_bytes()), Match::No, "{text}");
        }
    }

    #[test]
    fn a_workbook_has_both() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (row, cells) in ["Node ID,Name,Role,Zone", "1,FW,firewall,Edge", "2,SW,switch,Core"].iter().enumerate() {
            for (column, cell) in cells.split(',').enumerate() {
                sheet.write_string(u32::try_from(row).unwrap(), u16::try_from(column).unwrap(), cell).unwrap();
            }
        }
        let sheet = book.add_worksheet();
        for (row, cells) in ["來源設備,目的設備", "fw,2", "SW,Internet"].iter().enumerate() {
            for (column, cell) in cells.split(',').enumerate() {
                sheet.write_string(u32::try_from(row).unwrap(), u16::try_from(column).unwrap(), cell).unwrap();
            }
        }
        let bytes = book.save_to_buffer().unwrap();
        assert_eq!(sniffed(&bytes), Match::Yes(60));
        let drawing = read(&bytes);
        let links: Vec<_> = drawing.links.iter().map(|link| (link.from.as_str(), link.to.as_str())).collect();
        assert_eq!(links, [("1", "2"), ("2", "Internet")]);
        assert_eq!(drawing.nodes.len(), 5);
        assert_eq!(drawing.notes, []);
        assert_eq!(read(&bytes[..bytes.len() / 2]).notes.len(), 1);
    }
}
