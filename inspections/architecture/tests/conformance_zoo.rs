//! Real networks: cut points, bridges and pieces of the Topology Zoo against what another program computed.

#![allow(clippy::disallowed_methods, reason = "tests read their fixtures")]
#![allow(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]
#![allow(clippy::print_stdout, reason = "the figures are what the test is for")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use secdiag_architecture::graph::{Gone, Graph};
use secdiag_architecture::import::graphml;
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    articulation_points: BTreeSet<String>,
    bridges: Vec<[String; 2]>,
    components: u32,
    links: usize,
    nodes: usize,
    self_loops_ignored: usize,
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn structure_of_every_network_of_the_zoo_is_as_computed_elsewhere() {
    let folder = PathBuf::from(std::env::var_os("SECDIAG_DATA").unwrap()).join("firewall/topology");
    let expected = std::fs::read_to_string(folder.join("zoo_expected.json")).unwrap();
    let expected: BTreeMap<String, Expected> = serde_json::from_str(&expected).unwrap();
    let mut wrong = Vec::new();
    for (name, expected) in &expected {
        let drawing = graphml::read(&std::fs::read(folder.join("zoo").join(name)).unwrap());
        assert!(drawing.notes.is_empty(), "{name}: {:?}", drawing.notes);
        let ids: BTreeMap<&str, u32> = (0..).zip(&drawing.nodes).map(|(at, node)| (node.id.as_str(), at)).collect();
        let links: Vec<(u32, u32)> =
            drawing.links.iter().map(|link| (ids[link.from.as_str()], ids[link.to.as_str()])).collect();
        let graph = Graph::new(drawing.nodes.len(), &links);
        let structure = graph.structure();
        let id = |at: usize| drawing.nodes[at].id.clone();
        let cut: BTreeSet<String> = (0..graph.nodes()).filter(|at| structure.cut_points[*at]).map(id).collect();
        let pair = |a: &str, b: &str| if a < b { [a.to_owned(), b.to_owned()] } else { [b.to_owned(), a.to_owned()] };
        let bridges: BTreeSet<[String; 2]> = (drawing.links.iter().enumerate())
            .filter(|(at, _)| structure.bridges[*at])
            .map(|(_, link)| pair(&link.from, &link.to))
            .collect();
        let bridges_expected: BTreeSet<[String; 2]> = expected.bridges.iter().map(|[a, b]| pair(a, b)).collect();
        let loops = links.iter().filter(|(a, b)| a == b).count();
        let same = cut == expected.articulation_points
            && bridges == bridges_expected
            && graph.components(&Gone::NOTHING).1 == expected.components
            && graph.nodes() == expected.nodes
            && links.len() - loops == expected.links
            && loops == expected.self_loops_ignored;
        if !same {
            wrong.push(format!("{name} {}/{} {loops}", links.len(), expected.links));
        }
    }
    println!("{} of {} networks equal", expected.len() - wrong.len(), expected.len());
    assert!(expected.len() >= 184 && wrong.is_empty(), "{wrong:?}");
}
