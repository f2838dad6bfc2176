//! Nmap's XML output (`-oX`, nmap.dtd 1.05): hosts that answered with their open services, and the ways to them that
//! `--traceroute` found. A host is called by its first address.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{EvidenceKind, Format, Head, Match};

use super::sketch::{Sketch, link, node, set};
use super::xml::{self, At, Tree};
use crate::drawing::Drawing;

/// The format.
pub const FORMAT: Format = Format { id: "nmap-xml", kind: EvidenceKind::Inv, title: "Nmap scan (XML)", sniff };

/// The id of where the scan ran.
const SCANNER: &str = "scanner";

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    match xml::first_element(head.text()) {
        Some(("nmaprun", attributes)) if attributes.contains("\"nmap\"") || !attributes.contains("scanner=") => {
            Match::Yes(100)
        }
        // Masscan writes the same elements.
        Some(("nmaprun", _)) => Match::Yes(90),
        _ if head.text().starts_with("# Nmap ") => Match::Close("a scan by Nmap as text: give its XML (-oX)"),
        _ => Match::No,
    }
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    match xml::parse(&text, &mut sketch) {
        Some(tree) => read_scan(&tree, &mut sketch),
        None => sketch.broken("xml-broken", "the file is no scan by Nmap", ""),
    }
    sketch.finish()
}

fn read_scan(tree: &Tree, sketch: &mut Sketch) {
    let Some(root) = tree.root().filter(|root| root.name() == "nmaprun") else {
        return sketch.broken("no-diagram", "the file is no scan by Nmap", "");
    };
    let up = |host: &At<'_>| host.child("status").is_none_or(|status| status.get("state") != "down");
    let hosts: Vec<At<'_>> = root.each("host").filter(up).collect();
    // Any address of a host → its id.
    let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
    for host in &hosts {
        let Some(first) = addresses(*host).next() else { continue };
        addresses(*host).for_each(|address| {
            ids.entry(address).or_insert(first);
        });
    }
    for host in &hosts {
        read_host(*host, sketch);
    }
    let down = root.each("host").count() - hosts.len();
    if down > 0 {
        sketch.assumed("host-down", format!("{down} hosts did not answer: not drawn"), "");
    }
    let mut ways = BTreeSet::new();
    for host in &hosts {
        read_trace(*host, &ids, &mut ways, root, sketch);
    }
}

/// Addresses of the network layer first, for they name the host.
fn addresses(host: At<'_>) -> impl Iterator<Item = &str> {
    let of = move |mac: bool| host.each("address").filter(move |address| (address.get("addrtype") == "mac") == mac);
    of(false).chain(of(true)).map(|address| address.get("addr")).filter(|address| !address.is_empty())
}

fn read_host(host: At<'_>, sketch: &mut Sketch) {
    let place = format!("line {}", host.line());
    let Some(first) = addresses(host).next() else {
        return sketch.unknown("host-without-address", "a host without an address", place);
    };
    let names: Vec<&str> = host
        .child("hostnames")
        .into_iter()
        .flat_map(|names| names.each("hostname"))
        .map(|name| name.get("name"))
        .collect();
    let system = host.child("os").and_then(|os| os.child("osmatch"));
    let class = system.and_then(|system| system.child("osclass")).map(|class| class.get("type")).unwrap_or_default();
    let ports: Vec<At<'_>> = host.child("ports").into_iter().flat_map(|ports| ports.each("port")).collect();
    let device = ports.iter().filter_map(|port| port.child("service")).map(|service| service.get("devicetype"));
    let shape = std::iter::once(class).chain(device).find(|shape| !shape.is_empty()).unwrap_or("host");
    let label = names.iter().find(|name| !name.is_empty()).copied().unwrap_or(first);
    let mut shown = node(first, label, shape, place);
    set(&mut shown.properties, "addresses", &addresses(host).collect::<Vec<_>>().join(", "));
    set(&mut shown.properties, "names", &names.join(", "));
    let vendor = host.each("address").map(|address| address.get("vendor")).find(|vendor| !vendor.is_empty());
    set(&mut shown.properties, "vendor", vendor.unwrap_or_default());
    if let Some(system) = system {
        set(&mut shown.properties, "os", system.get("name"));
        set(&mut shown.properties, "os-accuracy", system.get("accuracy"));
    }
    let open: Vec<String> = ports.iter().filter(|port| state(**port) == "open").map(|port| service(*port)).collect();
    set(&mut shown.properties, "services", &open.join(", "));
    let unsure = ports.iter().filter(|port| state(**port) == "open|filtered").count();
    if unsure > 0 {
        set(&mut shown.properties, "open-or-filtered", &unsure.to_string());
    }
    set(
        &mut shown.properties,
        "distance",
        host.child("distance").map(|distance| distance.get("value")).unwrap_or_default(),
    );
    sketch.add(shown);
}

fn state(port: At<'_>) -> &str {
    port.child("state").map(|state| state.get("state")).unwrap_or_default()
}

/// `443/tcp https nginx 1.24`.
fn service(port: At<'_>) -> String {
    let mut words = vec![format!("{}/{}", port.get("portid"), port.get("protocol"))];
    if let Some(service) = port.child("service") {
        let tunnel =
            if service.get("tunnel").is_empty() { String::new() } else { format!("{}/", service.get("tunnel")) };
        words.push(format!("{tunnel}{}", service.get("name")));
        words.extend(["product", "version"].map(|name| service.get(name).to_owned()));
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// The way from the scanner over the hops that answered; where some did not, the link says how many.
fn read_trace(
    host: At<'_>,
    ids: &BTreeMap<&str, &str>,
    ways: &mut BTreeSet<(String, String)>,
    root: At<'_>,
    sketch: &mut Sketch,
) {
    let (Some(trace), Some(target)) = (host.child("trace"), addresses(host).next()) else { return };
    if !sketch.has(SCANNER) {
        sketch.add(node(SCANNER, "scanner", "scanner", format!("line {}", root.line())));
    }
    let mut hops: Vec<(u32, At<'_>)> = Vec::new();
    for hop in trace.each("hop") {
        match hop.get("ttl").parse() {
            Ok(ttl) if !hop.get("ipaddr").is_empty() => hops.push((ttl, hop)),
            _ => sketch.unknown(
                "hop-without-address",
                "a hop without its distance or address",
                format!("line {}", hop.line()),
            ),
        }
    }
    hops.sort_by_key(|(ttl, _)| *ttl);
    let (mut last, mut at) = (0_u32, SCANNER.to_owned());
    for (ttl, hop) in hops {
        let address = hop.get("ipaddr");
        let id = ids.get(address).copied().unwrap_or(address).to_owned();
        let place = format!("line {}", hop.line());
        if !sketch.has(&id) {
            let label = if hop.get("host").is_empty() { address } else { hop.get("host") };
            let mut shown = node(&id, label, "hop", place.clone());
            set(&mut shown.properties, "addresses", address);
            sketch.add(shown);
        }
        let pair = if at < id { (at.clone(), id.clone()) } else { (id.clone(), at.clone()) };
        if at != id && ways.insert(pair) {
            let mut way = link(&at, &id, "", false, place);
            let missing = ttl.saturating_sub(last.saturating_add(1));
            set(&mut way.properties, "hops-missing", &if missing > 0 { missing.to_string() } else { String::new() });
            set(&mut way.properties, "kind", "traceroute");
            sketch.connect(way);
        }
        (last, at) = (ttl, id);
    }
    if at != target && last > 0 {
        sketch.assumed(
            "way-breaks-off",
            format!("the way to {target} breaks off at {at}"),
            format!("line {}", trace.line()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCAN: &str = "<?xml version=\"1.0\"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner=\"nmap\" version=\"7.94\">\n\
        <host><status state=\"up\"/><address addr=\"10.0.0.5\" addrtype=\"ipv4\"/><address addr=\"00:11\" addrtype=\"mac\" vendor=\"Dell\"/>\
        <hostnames><hostname name=\"web.example\" type=\"PTR\"/></hostnames><ports>\
        <port protocol=\"tcp\" portid=\"443\"><state state=\"open\"/><service name=\"http\" product=\"nginx\" version=\"1.24\" tunnel=\"ssl\"/></port>\
        <port protocol=\"tcp\" portid=\"22\"><state state=\"closed\"/></port></ports>\
        <os><osmatch name=\"Linux 5\" accuracy=\"96\"><osclass type=\"general purpose\"/></osmatch></os>\
        <trace><hop ttl=\"1\" ipaddr=\"10.1.0.1\" host=\"gw\"/><hop ttl=\"4\" ipaddr=\"10.0.0.5\"/></trace></host>\n\
        <host><status state=\"down\"/><address addr=\"10.0.0.6\" addrtype=\"ipv4\"/></host>\n\
        <host><status state=\"up\"/><address addr=\"10.1.0.1\" addrtype=\"ipv4\"/><trace><hop ttl=\"1\" ipaddr=\"10.1.0.1\"/></trace></host>";

    #[test]
    fn hosts_services_and_ways() {
        assert_eq!(sniff(&Head::new(SCAN.as_bytes(), "x", SCAN.len() as u64)), Match::Yes(100));
        let drawing = read(SCAN.as_bytes());
        let nodes: Vec<_> =
            drawing.nodes.iter().map(|node| (node.id.as_str(), node.label.as_str(), node.shape.as_str())).collect();
        let expected = [
            ("10.0.0.5", "web.example", "general purpose"),
            ("10.1.0.1", "10.1.0.1", "host"),
            ("scanner", "scanner", "scanner"),
        ];
        assert_eq!(nodes, expected);
        assert_eq!(drawing.nodes[0].properties["services"], "443/tcp ssl/http nginx 1.24");
        let links: Vec<_> = drawing
            .links
            .iter()
            .map(|link| (link.from.as_str(), link.to.as_str(), link.properties.get("hops-missing").map(String::as_str)))
            .collect();
        assert_eq!(links, [("scanner", "10.1.0.1", None), ("10.1.0.1", "10.0.0.5", Some("2"))]);
        let reasons: Vec<_> = drawing.notes.iter().map(|note| note.reason.as_str()).collect();
        assert_eq!(reasons, ["truncated", "host-down"]);
    }
}
