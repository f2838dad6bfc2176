//! draw.io's CSV to be inserted as a diagram ("Insert from CSV"): lines of `#` say what columns mean, then rows follow.
//!
//! `# label: %host%` is a node's text, `# identity: id` its id, `# parent: zone` the column that names its container,
//! `# stylename: type` with `# styles: {…}` its look, and every `# connect: {"from": "refs", "to": "id"}` says that the
//! column `refs` lists values of the column `id` in other rows.

use std::collections::BTreeMap;

use secdiag_model::{EvidenceKind, Format, Head, Match};
use secdiag_records::tree::{self, Node as Tree, Syntax, Value};

use super::sketch::{Sketch, html_to_text, link, node, set};
use crate::drawing::Drawing;

/// The format.
pub const FORMAT: Format =
    Format { id: "drawio-csv", kind: EvidenceKind::Diag, title: "draw.io diagram as CSV", sniff };

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() || !head.text().trim_start_matches('\u{feff}').starts_with('#') {
        return Match::No;
    }
    let has =
        |word: &str| head.text().lines().take_while(|line| line.starts_with('#')).any(|line| line.starts_with(word));
    if has("# connect:") || (has("# label:") && (has("# style:") || has("# styles:"))) {
        Match::Yes(90)
    } else {
        Match::No
    }
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    let settings = Settings::read(&text, &mut sketch);
    // The rows keep their lines where the settings are empty lines before them.
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut end = start;
    for line in text[start..].split_inclusive('\n').take_while(|line| line.starts_with('#') || line.trim().is_empty()) {
        end += line.len();
    }
    let before = u64::try_from(text[..end].matches('\n').count()).unwrap_or_default();
    let (rows, faults) = tree::parse(&text[end..], Syntax::Csv, "row");
    for fault in faults {
        sketch.broken("csv-broken", fault.text, format!("line {}", fault.line + before));
    }
    let rows: Vec<Row> = rows_of(&rows).map(|(line, cells)| Row { line: line + before, cells }).collect();
    if rows.is_empty() {
        sketch.broken("no-diagram", "the file has no rows", "");
    }
    draw(&rows, &settings, &mut sketch);
    sketch.finish()
}

/// Rows of a table that [`tree::parse`] read, with their lines.
pub(crate) fn rows_of(table: &Tree) -> impl Iterator<Item = (u64, BTreeMap<String, String>)> {
    let map = match &table.value {
        Value::Map(map) => map.values().next(),
        _ => None,
    };
    let list = map.and_then(|list| match &list.value {
        Value::List(list) => Some(list),
        _ => None,
    });
    list.into_iter().flatten().filter_map(|row| match &row.value {
        Value::Map(cells) => {
            let cells = cells.iter().filter_map(|(name, cell)| match &cell.value {
                Value::Text(text) => Some((name.clone(), text.clone())),
                _ => None,
            });
            Some((row.line, cells.collect()))
        }
        _ => None,
    })
}

struct Row {
    line: u64,
    cells: BTreeMap<String, String>,
}

#[derive(Default)]
struct Settings {
    label: String,
    identity: String,
    parent: String,
    style_name: String,
    styles: BTreeMap<String, String>,
    style: String,
    ignore: Vec<String>,
    connects: Vec<Connect>,
}

struct Connect {
    from: String,
    to: String,
    label: String,
    directed: bool,
    inverted: bool,
}

impl Settings {
    fn read(text: &str, sketch: &mut Sketch) -> Self {
        let mut settings = Self::default();
        let mut lines = (1_u32..).zip(text.trim_start_matches('\u{feff}').lines()).peekable();
        while let Some((number, line)) =
            lines.next().filter(|(_, line)| line.starts_with('#') || line.trim().is_empty())
        {
            if line.starts_with("##") {
                continue;
            }
            // A backslash at its end carries a setting on.
            let mut whole = line.trim_start_matches('#').trim().to_owned();
            while whole.ends_with('\\') {
                whole.pop();
                match lines.next() {
                    Some((_, more)) => whole.push_str(more.trim_start_matches('#').trim()),
                    None => break,
                }
            }
            let Some((key, value)) = whole.split_once(':') else { continue };
            settings.set(key.trim(), value.trim(), number, sketch);
        }
        settings
    }

    fn set(&mut self, key: &str, value: &str, line: u32, sketch: &mut Sketch) {
        let json = |sketch: &mut Sketch| match serde_json::from_str::<serde_json::Value>(value) {
            Ok(value) => Some(value),
            Err(error) => {
                sketch.unknown("unknown-setting", format!("{key} is no JSON: {error}"), format!("line {line}"));
                None
            }
        };
        let column = |name: &str| name.trim().to_lowercase();
        match key {
            "label" => value.clone_into(&mut self.label),
            "identity" => self.identity = column(value),
            "parent" => self.parent = column(value),
            "stylename" => self.style_name = column(value),
            "style" => value.clone_into(&mut self.style),
            "ignore" => self.ignore = value.split(',').map(column).collect(),
            "styles" => {
                let map = json(sketch).and_then(|value| value.as_object().cloned()).unwrap_or_default();
                self.styles =
                    map.into_iter().filter_map(|(name, style)| Some((name, style.as_str()?.to_owned()))).collect();
            }
            "connect" => {
                let Some(value) = json(sketch) else { return };
                let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
                let arrows = |name: &str, default: &'static str| {
                    let style = text("style").split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
                    style.unwrap_or(default) != "none"
                };
                let (start, end) = (arrows("startArrow", "none"), arrows("endArrow", "classic"));
                let inverted = value.get("invert").and_then(serde_json::Value::as_bool) == Some(true);
                self.connects.push(Connect {
                    from: column(text("from")),
                    to: column(text("to")),
                    label: text("label").to_owned(),
                    directed: start != end,
                    inverted: inverted != (start && !end),
                });
            }
            _ => {}
        }
    }
}

fn draw(rows: &[Row], settings: &Settings, sketch: &mut Sketch) {
    let cell = |row: &Row, name: &str| row.cells.get(name).cloned().unwrap_or_default();
    let mut ids: Vec<String> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let identity = Some(cell(row, &settings.identity)).filter(|id| !id.is_empty());
        let id = identity.unwrap_or_else(|| format!("row {}", number + 1));
        let place = format!("line {}", row.line);
        let mut shown = node(&id, &label(row, &settings.label), &shape(row, settings), place);
        for (name, value) in
            row.cells.iter().filter(|(name, _)| !settings.connects.iter().any(|connect| connect.from == **name))
        {
            set(&mut shown.properties, name, value);
        }
        shown.within = Some(cell(row, &settings.parent)).filter(|outer| !outer.is_empty() && outer != "-");
        sketch.add(shown);
        ids.push(id);
    }
    for connect in &settings.connects {
        let mut by_value: BTreeMap<String, usize> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            by_value.entry(cell(row, &connect.to)).or_insert(at);
        }
        for (at, row) in rows.iter().enumerate() {
            let values = cell(row, &connect.from);
            for value in values.split(',').map(str::trim).filter(|value| !value.is_empty()) {
                let place = format!("line {}", row.line);
                let Some(to) = by_value.get(value) else {
                    let text = format!("the row refers to {value}, which is not there");
                    sketch.unknown("link-to-nothing", text, place);
                    continue;
                };
                let (from, to) = if connect.inverted { (&ids[*to], &ids[at]) } else { (&ids[at], &ids[*to]) };
                sketch.connect(link(from, to, &connect.label, connect.directed, place));
            }
        }
    }
}

/// `%column%` in a text replaced by the row's cells.
fn label(row: &Row, template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        match after.split_once('%') {
            Some((name, after)) => {
                text.push_str(row.cells.get(&name.trim().to_lowercase()).map_or("", String::as_str));
                rest = after;
            }
            None => rest = after,
        }
    }
    text.push_str(rest);
    html_to_text(&text)
}

/// The look's most telling word, or its name.
fn shape(row: &Row, settings: &Settings) -> String {
    let named = row.cells.get(&settings.style_name).cloned().unwrap_or_default();
    if !named.is_empty() && settings.styles.contains_key(&named) {
        return named;
    }
    let style = label(row, &settings.style);
    let find =
        |key: &str| style.split(';').find_map(|part| part.strip_prefix(key)?.strip_prefix('=').map(str::to_owned));
    ["resIcon", "shape", "image"].into_iter().find_map(find).unwrap_or(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_joined_by_their_columns() {
        let text = "## Net\n# label: %host%<br>%ip%\n# identity: id\n# parent: zone\n# stylename: type\n# styles: {\"fw\": \"shape=a;\",\\\n# \"srv\": \"shape=b;\"}\n\
            # connect: {\"from\": \"to\", \"to\": \"id\", \"style\": \"endArrow=none\"}\n# connect: {\"from\": \"uses\", \"to\": \"host\", \"label\": \"api\", \"invert\": true}\n\
            id,host,ip,zone,type,to,uses\n1,fw1,10.0.0.1,-,fw,\"2, 9\",\n2,web,,,srv,,fw1\n3,in,,2,srv,,\n";
        assert_eq!(sniff(&Head::new(text.as_bytes(), "a", text.len() as u64)), Match::Yes(90));
        let drawing = read(text.as_bytes());
        let nodes: Vec<_> = drawing
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node.label.as_str(), node.shape.as_str(), node.within.as_deref()))
            .collect();
        assert_eq!(
            nodes,
            [("1", "fw1\n10.0.0.1", "fw", None), ("2", "web", "srv", None), ("3", "in", "srv", Some("2"))]
        );
        let links: Vec<_> = drawing
            .links
            .iter()
            .map(|link| (link.from.as_str(), link.to.as_str(), link.label.as_str(), link.directed))
            .collect();
        assert_eq!(links, [("1", "2", "", false), ("1", "2", "api", true)]);
        let notes: Vec<_> = drawing.notes.iter().map(|note| (note.reason.as_str(), note.place.as_deref())).collect();
        assert_eq!(notes, [("link-to-nothing", Some("line 11"))]);
    }
}
