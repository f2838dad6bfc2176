//! No bytes make an importer panic or break what a drawing promises.

use std::collections::BTreeSet;

use proptest::prelude::*;
use secdiag_architecture::drawing::Drawing;
use secdiag_architecture::import::{
    containerlab, d2, dot, drawio, drawio_csv, mermaid, netbox, nmap, plantuml, tables, vsdx, yed,
};
use secdiag_model::{Format, Head};

type Importer = (&'static Format, fn(&[u8]) -> Drawing, &'static str);

const IMPORTERS: &[Importer] = &[
    (
        &containerlab::FORMAT,
        containerlab::read,
        "name: x\ntopology:\n  nodes:\n    a: {kind: linux}\n    b:\n  links:\n    - endpoints: [\"a:e\", \"b:e\"]\n",
    ),
    (
        &d2::FORMAT,
        d2::read,
        "a: X { shape: cloud; b -> c: |md # t | }\n(a -> b)[0].label: x\nvars: { y: 1 }\na.\"q.r\": ${y}\n",
    ),
    (
        &dot::FORMAT,
        dot::read,
        "strict digraph \"x\" { a [label=<<b>x</b>>] -> {b c}; subgraph cluster_1 { d:p:n -> e [dir=back] } }",
    ),
    (
        &drawio::FORMAT,
        drawio::read,
        "<mxfile><diagram name='p'><mxGraphModel><root><mxCell id='0'/><mxCell id='1' parent='0'/><mxCell id='2' value='&lt;b&gt;x' style='html=1' parent='1' vertex='1'><mxGeometry x='1' y='1' width='9' height='9'/></mxCell><mxCell id='3' edge='1' source='2' target='3' parent='1'/></root></mxGraphModel></diagram></mxfile>",
    ),
    (
        &drawio_csv::FORMAT,
        drawio_csv::read,
        "# label: %a%\n# styles: {\"x\": \"shape=y\"}\n# connect: {\"from\": \"b\", \"to\": \"a\"}\na,b\n1,2\n2,\"1,3\"\n",
    ),
    (
        &mermaid::FORMAT,
        mermaid::read,
        "flowchart LR\nsubgraph s [x]\na[\"y\"] -- t --> b & c@{shape: cyl}\nend\ns -.->|z| d:::k\n",
    ),
    (
        &netbox::FORMAT,
        netbox::read,
        "[{\"model\": \"dcim.site\", \"pk\": 1, \"fields\": {\"name\": \"a\"}}, {\"model\": \"dcim.cable\", \"pk\": 1, \"fields\": {\"termination_a_id\": 1}}]",
    ),
    (
        &nmap::FORMAT,
        nmap::read,
        "<nmaprun scanner=\"nmap\"><host><status state=\"up\"/><address addr=\"1.1.1.1\"/><trace><hop ttl=\"1\" ipaddr=\"2.2.2.2\"/></trace></host></nmaprun>",
    ),
    (
        &plantuml::FORMAT,
        plantuml::read,
        "@startuml\nnode \"a\" as b <<c>> {\n[d] -[#red]-> (e) : f\n}\nSystem(x, \"y\")\n@enduml\n@startnwdiag\nnwdiag { network n { a [address=\"1\"]; } group { a } a -- b }\n@endnwdiag",
    ),
    (&tables::FORMAT, tables::read, "from,to,label\na,b,c\n\"d\",e,\n"),
    (&vsdx::FORMAT, vsdx::read, "PK\u{3}\u{4}visio/pages/pages.xml"),
    (
        &yed::FORMAT,
        yed::read,
        "<graphml xmlns:y=\"http://www.yworks.com/xml/graphml\"><graph><node id=\"a\"><data key=\"d\"><y:ShapeNode><y:NodeLabel>x</y:NodeLabel></y:ShapeNode></data><graph><node id=\"b\"/></graph></node><edge source=\"a\" target=\"b\"/></graph></graphml>",
    ),
];

fn check(bytes: &[u8]) {
    for (format, read, _) in IMPORTERS {
        let _ = (format.sniff)(&Head::new(bytes, "file", bytes.len() as u64));
        let drawing = read(bytes);
        let ids: BTreeSet<&str> = drawing.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids.len(), drawing.nodes.len(), "{}", format.id);
        assert!(
            drawing.nodes.iter().all(|node| node.within.as_deref().is_none_or(|outer| ids.contains(outer))),
            "{}",
            format.id
        );
        assert!(
            drawing.links.iter().all(|link| ids.contains(link.from.as_str()) && ids.contains(link.to.as_str())),
            "{}",
            format.id
        );
    }
}

#[test]
fn samples_are_recognised_and_each_by_one() {
    for (format, _, sample) in IMPORTERS.iter().filter(|(format, ..)| format.id != "d2") {
        for (other, ..) in IMPORTERS {
            let found = matches!(
                (other.sniff)(&Head::new(sample.as_bytes(), "file", sample.len() as u64)),
                secdiag_model::Match::Yes(_)
            );
            // What stands for a package of Visio here is binary enough.
            assert_eq!(found, other.id == format.id, "{} as {}", format.id, other.id);
        }
    }
}

#[test]
fn every_cut_of_every_sample_is_read() {
    for (_, _, sample) in IMPORTERS {
        for cut in (0..sample.len()).filter(|cut| sample.is_char_boundary(*cut)) {
            check(&sample.as_bytes()[..cut]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn any_words(words in proptest::collection::vec(prop_oneof![
        Just("a"), Just("b "), Just("->"), Just("--"), Just("<"), Just(">"), Just("{"), Just("}"), Just("["), Just("]"), Just("("),
        Just(")"), Just("\""), Just(":"), Just(";"), Just("\n"), Just("|"), Just("&"), Just("="), Just("."), Just("subgraph "),
        Just("end\n"), Just("@startuml\n"), Just("nwdiag {"), Just("graph {"), Just("flowchart\n"), Just("architecture-beta\n"), Just("é"), Just("網"), Just("\\"), Just("$"), Just("#"), Just("*"), Just("'"), Just("/*"),
    ], 0..60)) {
        check(words.concat().as_bytes());
    }

    #[test]
    fn changed_samples(which in 0..12usize, changes in proptest::collection::vec((any::<usize>(), any::<u8>(), 0..3u8), 1..8)) {
        let mut bytes = IMPORTERS[which].2.as_bytes().to_vec();
        for (at, byte, kind) in changes {
            let at = at % bytes.len().max(1);
            match kind {
                0 if !bytes.is_empty() => bytes[at] = byte,
                1 if !bytes.is_empty() => drop(bytes.remove(at)),
                _ => bytes.insert(at.min(bytes.len()), byte),
            }
        }
        check(&bytes);
    }
}
