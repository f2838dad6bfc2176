//! The network as a picture with findings on it: SVG, one row a zone, outside on top, users at the bottom. No script, no
//! font of its own, nothing loaded.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::topology::Topology;
use crate::words::{Role, ZoneKind};

const WIDTH: usize = 150;
const HEIGHT: usize = 44;
const GAP: usize = 30;
const ROW: usize = 110;

/// The picture; elements of `marked` carry the number of their findings.
pub fn svg(topology: &Topology, marked: &BTreeMap<usize, usize>) -> String {
    let mut rows: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
    for at in 0..topology.elements.len() {
        rows.entry(row(topology, at)).or_default().push(at);
    }
    let mut places: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    let mut widest = 1;
    for (number, elements) in rows.values().enumerate() {
        widest = widest.max(elements.len());
        for (column, at) in elements.iter().enumerate() {
            places.insert(*at, (GAP + column * (WIDTH + GAP), GAP + number * ROW));
        }
    }
    let (width, height) = (GAP + widest * (WIDTH + GAP), GAP + rows.len() * ROW);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n"
    );
    for wire in &topology.wires {
        let (Some((ax, ay)), Some((bx, by))) = (places.get(&wire.a), places.get(&wire.b)) else { continue };
        let dash = if wire.implied { " stroke-dasharray=\"3 3\"" } else { "" };
        let (x, y) = (WIDTH / 2, HEIGHT / 2);
        let _ = writeln!(
            out,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"#888\"{dash}/>",
            ax + x,
            ay + y,
            bx + x,
            by + y
        );
    }
    for (at, (x, y)) in &places {
        let element = &topology.elements[*at];
        let found = marked.get(at).copied().unwrap_or(0);
        let (stroke, width) = if found > 0 { ("#b00020", 3) } else { ("#333", 1) };
        let _ = writeln!(
            out,
            "<g><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"4\" fill=\"#fff\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>",
            escape(&element.label)
        );
        let label: String = element.label.chars().take(20).collect();
        let role = element.role.map_or(if element.segment { "segment" } else { "?" }, Role::slug);
        let mark = if found > 0 { format!(" ▲{found}") } else { String::new() };
        let _ = writeln!(out, "<text x=\"{}\" y=\"{}\">{}</text>", x + 8, y + 18, escape(&label));
        let _ = writeln!(out, "<text x=\"{}\" y=\"{}\" fill=\"#666\">{role}{mark}</text></g>", x + 8, y + 36);
    }
    out.push_str("</svg>\n");
    out
}

/// Outside first, then what guards, the DMZ, the inside, data, management, users.
fn row(topology: &Topology, at: usize) -> u8 {
    let role = topology.elements[at].role;
    match (role, topology.kind(at)) {
        (Some(role), _) if role.is_outside() => 0,
        (Some(Role::Workstation | Role::Mobile | Role::Iot | Role::Wireless), _) => 7,
        (_, Some(ZoneKind::Internet)) => 0,
        (_, Some(ZoneKind::Dmz | ZoneKind::Extranet)) => 2,
        (_, Some(ZoneKind::Core | ZoneKind::Cloud | ZoneKind::Test | ZoneKind::Development)) => 3,
        (_, Some(ZoneKind::Database)) => 4,
        (_, Some(ZoneKind::Backup | ZoneKind::Recovery)) => 5,
        (_, Some(ZoneKind::Management)) => 6,
        (_, Some(ZoneKind::User | ZoneKind::Branch | ZoneKind::Wireless | ZoneKind::Iot)) => 7,
        (Some(role), None) if role.is_server() => 3,
        (_, None) => 1,
    }
}

fn escape(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect::<String>().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts;

    #[test]
    fn labels_cannot_break_out_and_findings_are_marked() {
        let text = "secdiag = \"architecture\"\n[[element]]\nid = \"<script>\"\nrole = \"web\"\n[[element]]\nid = \"net\"\nrole = \"internet\"\n[[link]]\nfrom = \"net\"\nto = \"<script>\"\n";
        let (facts, _) = facts::read(text, secdiag_records::tree::Syntax::Toml);
        let topology = Topology::of(&[], &[(0, &facts)]);
        let picture = svg(&topology, &BTreeMap::from([(0, 2)]));
        assert!(picture.contains("&lt;script&gt;") && !picture.contains("<script"), "{picture}");
        assert!(picture.contains("web ▲2") && picture.matches("<line").count() == 1);
    }
}
