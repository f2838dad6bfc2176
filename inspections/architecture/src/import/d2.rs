//! D2 (d2lang.com, "Language tour", version 0.7): shapes, containers, connections, classes and variables. Keys do not
//! mind case. Tables and classes are shapes whose rows are properties. Further boards, imports and globs are noted.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{EvidenceKind, Format, Head, Match};

use super::scan::Scan;
use super::sketch::{Sketch, html_to_text, link, node, set, squeeze};
use crate::drawing::Drawing;

/// The format.
pub const FORMAT: Format = Format { id: "d2", kind: EvidenceKind::Diag, title: "D2 diagram", sniff };

/// Maps in each other.
const NESTING_MAX: usize = 60;

/// Parts of a path, and shapes in one chain.
const PARTS_MAX: usize = 200;

/// Keys that describe the shape or connection around them.
const DESCRIBING: &[&str] = &[
    "label",
    "shape",
    "icon",
    "near",
    "link",
    "tooltip",
    "desc",
    "direction",
    "width",
    "height",
    "class",
    "constraint",
    "grid-rows",
    "grid-columns",
    "grid-gap",
    "vertical-gap",
    "horizontal-gap",
    "top",
    "left",
    "source-arrowhead",
    "target-arrowhead",
    "style",
    "filled",
    "theme-overrides",
];

/// D2 has no word that begins every file: what must fit is its whole head, and something in it that is D2's own.
fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let text = head.text().trim_start();
    let others = ["{", "[", "<", "@start", "graph ", "digraph ", "flowchart ", "---", "//", "config ", "!"];
    if others.iter().any(|start| text.starts_with(start)) {
        return Match::No;
    }
    let (mut lines, mut connections, mut own, mut strange) = (0_usize, 0_usize, 0_usize, 0_usize);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        lines += 1;
        let key = line.split([':', '{']).next().unwrap_or_default().trim();
        let arrow = [" -> ", " <- ", " <-> ", " -- "]
            .iter()
            .any(|arrow| line.split(": ").next().unwrap_or_default().contains(arrow));
        connections += usize::from(arrow && !line.ends_with(';') && !line.contains("-->"));
        let last = key.rsplit('.').next().unwrap_or_default();
        own += usize::from(
            line.contains(':')
                && (matches!(last, "shape" | "direction" | "icon" | "grid-columns") || key.contains("style.")),
        );
        strange += usize::from(
            ["-->", ";;", "@", "=="].iter().any(|word| key.contains(word))
                || line.starts_with(['%', '!', '-', '<', '/']),
        );
    }
    let named =
        std::path::Path::new(head.name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("d2"));
    if lines == 0 || strange * 10 > lines {
        return Match::No;
    }
    match (named, connections, own) {
        (true, 1.., _) | (true, _, 1..) => Match::Yes(60),
        (false, 1.., 1..) => Match::Yes(30),
        _ => Match::No,
    }
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    let mut reader = Reader {
        scan: Scan::new(&text, 1),
        sketch: &mut sketch,
        frames: Vec::new(),
        names: BTreeMap::new(),
        edges: Vec::new(),
        variables: BTreeMap::new(),
        classes: BTreeMap::new(),
        gone: BTreeSet::new(),
    };
    reader.read();
    let Reader { edges, gone, .. } = reader;
    finish(edges, &gone, sketch)
}

/// What a map in braces is about.
#[derive(Clone)]
enum Frame {
    /// A shape by the parts of its path; none for the board.
    Shape(Vec<String>),
    /// Connections.
    Edges(Vec<usize>),
    /// A class, by its name.
    Class(Vec<String>),
    /// Variables below a path.
    Variables(Vec<String>),
    /// Styles and what else is not drawn.
    Beside,
}

struct Edge {
    from: String,
    to: String,
    directed: bool,
    label: String,
    properties: BTreeMap<String, String>,
    place: String,
    /// Ends as written, for references to the connection.
    written: (String, String),
}

struct Reader<'r, 't> {
    scan: Scan<'t>,
    sketch: &'r mut Sketch,
    frames: Vec<Frame>,
    /// Path in lower case → id as first written.
    names: BTreeMap<String, String>,
    edges: Vec<Edge>,
    variables: BTreeMap<String, String>,
    classes: BTreeMap<String, BTreeMap<String, String>>,
    gone: BTreeSet<String>,
}

/// Rows of tables and classes go to the table; what was set to null goes.
fn finish(edges: Vec<Edge>, gone: &BTreeSet<String>, sketch: Sketch) -> Drawing {
    let tables: BTreeSet<String> = sketch
        .nodes()
        .iter()
        .filter(|node| matches!(node.shape.as_str(), "sql_table" | "class"))
        .map(|node| node.id.clone())
        .collect();
    let whole = |id: &str| -> Option<String> {
        let mut end = 0;
        for part in id.split('.') {
            end += part.len() + usize::from(end > 0);
            if gone.contains(&id[..end]) {
                return None;
            }
            if tables.contains(&id[..end]) {
                return Some(id[..end].to_owned());
            }
        }
        Some(id.to_owned())
    };
    let mut clean = Sketch::default();
    let drawing = sketch.finish();
    clean.take_notes(drawing.notes);
    for node in drawing.nodes {
        match whole(&node.id) {
            Some(id) if id == node.id => clean.add(node),
            Some(table) => {
                if let Some(table) = clean.get(&table) {
                    let row = node.id.rsplit('.').next().unwrap_or_default().to_owned();
                    table.properties.insert(row, node.label);
                }
            }
            None => {}
        }
    }
    for edge in edges {
        if let (Some(from), Some(to)) = (whole(&edge.from), whole(&edge.to)) {
            let mut drawn = link(&from, &to, &edge.label, edge.directed, edge.place);
            drawn.properties = edge.properties;
            clean.connect(drawn);
        }
    }
    clean.finish()
}

/// What follows a key.
enum After {
    Nothing,
    Scalar(String),
    /// A map opens, after a scalar or without one.
    Map(String),
}

/// Paths, and between each two of them whether the arrow points to the left and to the right.
type Key = (Vec<Vec<String>>, Vec<(bool, bool)>);

impl Reader<'_, '_> {
    fn read(&mut self) {
        loop {
            self.scan.take(|c| c.is_whitespace() || c == ';' || c == '\u{feff}');
            let rest = self.scan.rest();
            if self.scan.done() {
                break;
            } else if self.scan.eat("\"\"\"") {
                if self.scan.until("\"\"\"").is_none() {
                    self.sketch.broken("truncated", "a comment is not closed", self.scan.place());
                    break;
                }
            } else if rest.starts_with('#') {
                self.scan.rest_of_line();
            } else if self.scan.eat("}") {
                if self.frames.pop().is_none() {
                    self.sketch.unknown("unknown-line", "a map is closed that is not open", self.scan.place());
                }
            } else {
                self.statement();
            }
        }
        if !self.frames.is_empty() {
            self.sketch.broken("truncated", "the diagram ends within a map", self.scan.place());
        }
    }

    fn statement(&mut self) {
        let place = self.scan.place();
        let rest = self.scan.rest();
        if rest.starts_with("...") || rest.starts_with('@') {
            self.sketch.unknown("import", "another file is drawn here: not read", place);
            self.scan.take(|c| !matches!(c, '\n' | ';' | '}'));
            return;
        }
        let start = self.scan.clone();
        let reference = self.scan.eat("(");
        let Some((ends, arrows)) = self.key() else {
            self.scan = start;
            let rest: String = self.scan.take(|c| c != '\n').trim().chars().take(80).collect();
            return self.sketch.unknown("unknown-line", format!("not understood: {rest}"), place);
        };
        let mut number = None;
        let mut below = Vec::new();
        if reference {
            self.scan.blanks();
            self.scan.eat(")");
            if self.scan.eat("[") {
                number = Some(self.scan.take(|c| c != ']' && c != '\n').to_owned());
                self.scan.eat("]");
            }
            if self.scan.eat(".") {
                below = self.key().map(|(mut ends, _)| ends.swap_remove(0)).unwrap_or_default();
            }
        }
        let after = self.after();
        let mut frame = self.apply(ends, &arrows, number, &below, &after, &place);
        if let After::Map(_) = after {
            if self.frames.len() >= NESTING_MAX {
                self.sketch.unknown("too-deep", "maps lie too deep in each other: not read", place);
                frame = Frame::Beside;
                if self.frames.len() >= NESTING_MAX * 100 {
                    self.scan.skip(usize::MAX / 2);
                    return;
                }
            }
            self.frames.push(frame);
        }
    }

    /// `a.b -> c -> d`: paths, and arrows between them.
    fn key(&mut self) -> Option<Key> {
        let mut ends = Vec::new();
        let mut arrows = Vec::new();
        loop {
            self.scan.blanks();
            let path = self.path();
            if path.is_empty() || ends.len() >= PARTS_MAX {
                return None;
            }
            ends.push(path);
            self.scan.blanks();
            match self.arrow() {
                Some(arrow) => arrows.push(arrow),
                None => return Some((ends, arrows)),
            }
        }
    }

    /// `<-`, `->`, `<->`, `--`, of any length; whether it points to the left and to the right.
    fn arrow(&mut self) -> Option<(bool, bool)> {
        let rest = self.scan.rest();
        let left = rest.starts_with('<');
        let line = rest[usize::from(left)..].bytes().take_while(|byte| *byte == b'-').count();
        let right = rest[usize::from(left) + line..].starts_with('>');
        let whole = line >= 2 || (line == 1 && (left || right));
        if !whole {
            return None;
        }
        self.scan.skip(usize::from(left) + line + usize::from(right));
        // A line may go on after a backslash.
        self.scan.blanks();
        if self.scan.rest().starts_with("\\\n") || self.scan.rest().starts_with("\\\r\n") {
            self.scan.next();
            self.scan.space();
        }
        Some((left, right))
    }

    fn path(&mut self) -> Vec<String> {
        let mut parts = Vec::new();
        while parts.len() < PARTS_MAX {
            let part = match self.scan.peek() {
                Some(quote @ ('"' | '\'')) => self.scan.quoted(quote).unwrap_or_default(),
                _ => self.word(),
            };
            if part.is_empty() {
                break;
            }
            parts.push(part);
            if !self.scan.eat(".") {
                break;
            }
        }
        parts
    }

    /// A word of a path: blanks within belong to it, an arrow ends it.
    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.scan.peek() {
            match c {
                '\\' => {
                    self.scan.next();
                    if let Some(c) = self.scan.next() {
                        word.push(c);
                    }
                    continue;
                }
                '.' | ':' | ';' | '{' | '}' | '(' | ')' | '[' | ']' | '\n' | '#' | '|' => break,
                '<' if self.scan.rest().starts_with("<-") => break,
                '-' if self.scan.rest().starts_with("--") || self.scan.rest().starts_with("->") => break,
                c => word.push(c),
            }
            self.scan.next();
        }
        word.trim().to_owned()
    }

    fn after(&mut self) -> After {
        self.scan.blanks();
        if self.scan.eat("{") {
            return After::Map(String::new());
        }
        if !self.scan.eat(":") {
            return After::Nothing;
        }
        self.scan.blanks();
        if self.scan.eat("{") {
            return After::Map(String::new());
        }
        let scalar = self.scalar();
        self.scan.blanks();
        if self.scan.eat("{") { After::Map(scalar) } else { After::Scalar(scalar) }
    }

    fn scalar(&mut self) -> String {
        match self.scan.peek() {
            Some('|') => self.block(),
            Some('[') => {
                let text = self.scan.take(|c| c != ']').trim_start_matches('[').to_owned();
                self.scan.eat("]");
                squeeze(&text)
            }
            Some(quote @ ('"' | '\'')) => match self.scan.quoted(quote) {
                Some(text) => self.filled(&text.replace("\\n", "\n")),
                None => self.bare(),
            },
            _ => self.bare(),
        }
    }

    /// A text without quotes: up to the line's end, a map, or a comment.
    fn bare(&mut self) -> String {
        let mut text = String::new();
        while let Some(c) = self.scan.peek() {
            match c {
                '\\' => {
                    self.scan.next();
                    match self.scan.next() {
                        Some('n') => text.push('\n'),
                        Some('\n') | None => {}
                        Some(c) => text.push(c),
                    }
                    continue;
                }
                '$' if self.scan.rest().starts_with("${") => {
                    if let Some(whole) = self.scan.until("}") {
                        text.push_str(whole);
                        text.push('}');
                        continue;
                    }
                    text.push(c);
                }
                '\n' | ';' | '{' | '}' => break,
                '#' if text.is_empty() || text.ends_with(' ') => {
                    self.scan.take(|c| c != '\n');
                    break;
                }
                c => text.push(c),
            }
            self.scan.next();
        }
        self.filled(text.trim())
    }

    /// `|md … |`, with as many bars and the marks behind them.
    fn block(&mut self) -> String {
        let place = self.scan.place();
        let open = self.scan.take(|c| c == '|').to_owned();
        let marks = self.scan.take(|c| "`~!@$%^&*+=".contains(c)).to_owned();
        let language = self.scan.take(char::is_alphanumeric).to_owned();
        let close = format!("{}{open}", marks.chars().rev().collect::<String>());
        match self.scan.until(&close) {
            Some(text) if language == "md" || language == "markdown" || language.is_empty() => {
                let plain: Vec<&str> =
                    text.lines().map(|line| line.trim().trim_start_matches(['#', '*']).trim()).collect();
                html_to_text(&plain.join("\n"))
            }
            Some(text) => squeeze(text),
            None => {
                self.sketch.broken("truncated", "a text in bars is not closed", place);
                self.scan.rest_of_line().trim().to_owned()
            }
        }
    }

    /// `${name}` replaced by what the variable says.
    fn filled(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            out.push_str(&rest[..at]);
            let Some((name, after)) = rest[at + 2..].split_once('}') else { break };
            if let Some(value) = self.variables.get(&name.trim().to_lowercase()) {
                out.push_str(value);
            } else {
                let place = self.scan.place();
                self.sketch.unknown("no-such-variable", format!("the variable {name} is not set"), place);
                out.push_str(name);
            }
            rest = after;
            if out.len() > 100_000 {
                break;
            }
        }
        out.push_str(rest);
        out
    }

    /// Does what a statement says, and tells what a map behind it is about.
    fn apply(
        &mut self,
        mut ends: Vec<Vec<String>>,
        arrows: &[(bool, bool)],
        number: Option<String>,
        below: &[String],
        after: &After,
        place: &str,
    ) -> Frame {
        let scalar = match after {
            After::Nothing => "",
            After::Scalar(text) | After::Map(text) => text.as_str(),
        };
        let frame = self.frames.last().cloned().unwrap_or(Frame::Shape(Vec::new()));
        let scope = match frame {
            Frame::Beside => return Frame::Beside,
            Frame::Variables(mut path) => {
                path.append(&mut ends[0]);
                if !scalar.is_empty() && self.variables.len() < 10_000 {
                    self.variables.insert(path.join(".").to_lowercase(), scalar.to_owned());
                }
                return Frame::Variables(path);
            }
            Frame::Class(mut path) => {
                path.append(&mut ends[0]);
                if let ([name, key], false) = (path.as_slice(), scalar.is_empty()) {
                    self.classes.entry(name.to_lowercase()).or_default().insert(key.to_lowercase(), scalar.to_owned());
                }
                return Frame::Class(path);
            }
            Frame::Edges(edges) => {
                self.describe_edges(&edges, &ends[0], scalar);
                return Frame::Beside;
            }
            Frame::Shape(scope) => scope,
        };
        if arrows.is_empty() {
            return self.shape(scope, ends.swap_remove(0), scalar, after, place);
        }
        if let Some(number) = number {
            return self.reference(&scope, &ends, &number, below, scalar, place);
        }
        Frame::Edges(self.connect(&scope, &ends, arrows, scalar, place))
    }

    fn shape(&mut self, scope: Vec<String>, path: Vec<String>, scalar: &str, after: &After, place: &str) -> Frame {
        let lower = path[0].to_lowercase();
        match lower.as_str() {
            "vars" if scope.is_empty() => return Frame::Variables(path[1..].to_vec()),
            "classes" if scope.is_empty() => return Frame::Class(path[1..].to_vec()),
            "layers" | "scenarios" | "steps" if matches!(after, After::Map(_)) => {
                self.sketch.unknown("further-board", format!("boards below {lower} are not read"), place);
                return Frame::Beside;
            }
            _ => {}
        }
        if path.iter().any(|part| part.contains('*') || part.starts_with(['&', '!'])) {
            // Patterns mostly set styles; what they draw is not known here.
            let style = path.iter().any(|part| part.eq_ignore_ascii_case("style"));
            if !style {
                self.sketch.unknown("glob", "a pattern over shapes: not applied", place);
            }
            return Frame::Beside;
        }
        let split = path.iter().position(|part| DESCRIBING.contains(&part.to_lowercase().as_str()));
        let (named, described) = path.split_at(split.unwrap_or(path.len()));
        let whole = resolve(scope, named);
        if !described.is_empty() {
            if !whole.is_empty() {
                let id = self.mention(&whole, place);
                self.describe(&id, described, scalar);
            }
            return Frame::Beside;
        }
        let id = self.mention(&whole, place);
        if scalar == "null" && matches!(after, After::Scalar(_)) {
            self.gone.insert(id);
            return Frame::Beside;
        }
        if let Some(node) = self.sketch.get(&id).filter(|_| !scalar.is_empty()) {
            node.label = squeeze(scalar);
        }
        Frame::Shape(whole)
    }

    /// The shape of a path and all containers around it.
    fn mention(&mut self, path: &[String], place: &str) -> String {
        let mut id = String::new();
        for part in path {
            // A dot in a quoted key is no step.
            let part = part.replace('.', "·");
            let whole = if id.is_empty() { part.clone() } else { format!("{id}.{part}") };
            let known = self.names.entry(whole.to_lowercase()).or_insert(whole).clone();
            if !self.sketch.has(&known) {
                let mut shown = node(&known, &part.replace('·', "."), "", place);
                shown.within = Some(id).filter(|outer| !outer.is_empty());
                self.sketch.add(shown);
            }
            id = known;
        }
        id
    }

    fn describe(&mut self, id: &str, path: &[String], scalar: &str) {
        let key = path.join(".").to_lowercase();
        let classes = if key == "class" {
            let names = scalar.split([';', ',', '\n']).map(|name| name.trim().to_lowercase());
            names.filter_map(|name| self.classes.get(&name).cloned()).collect()
        } else {
            Vec::new()
        };
        let Some(node) = self.sketch.get(id) else { return };
        for (name, value) in classes.into_iter().flatten() {
            describe(node, &name, &value);
        }
        describe(node, &key, scalar);
    }

    fn connect(
        &mut self,
        scope: &[String],
        ends: &[Vec<String>],
        arrows: &[(bool, bool)],
        label: &str,
        place: &str,
    ) -> Vec<usize> {
        let glob = ends.iter().flatten().any(|part| part.contains('*'));
        if glob {
            self.sketch.unknown("glob", "a connection of patterns: not drawn", place);
            return Vec::new();
        }
        let ids: Vec<String> = ends.iter().map(|end| self.mention(&resolve(scope.to_vec(), end), place)).collect();
        let mut new = Vec::new();
        for (pair, (left, right)) in ids.windows(2).zip(arrows) {
            if self.edges.len() >= 400_000 {
                self.sketch.unknown("too-many", "more connections than are read", place);
                break;
            }
            let (from, to) = if *left && !*right { (&pair[1], &pair[0]) } else { (&pair[0], &pair[1]) };
            new.push(self.edges.len());
            self.edges.push(Edge {
                from: from.clone(),
                to: to.clone(),
                directed: left != right,
                label: squeeze(label),
                properties: BTreeMap::new(),
                place: place.to_owned(),
                written: (pair[0].clone(), pair[1].clone()),
            });
        }
        new
    }

    /// `(a -> b)[0].label: text` speaks of connections made before.
    fn reference(
        &mut self,
        scope: &[String],
        ends: &[Vec<String>],
        number: &str,
        below: &[String],
        scalar: &str,
        place: &str,
    ) -> Frame {
        let ids: Vec<String> = ends.iter().map(|end| self.mention(&resolve(scope.to_vec(), end), place)).collect();
        let [from, to, ..] = ids.as_slice() else { return Frame::Beside };
        let same = |edge: &Edge| edge.written.0 == *from && edge.written.1 == *to;
        let all: Vec<usize> = (0..self.edges.len()).filter(|at| same(&self.edges[*at])).collect();
        let meant: Vec<usize> = match number.trim().parse::<usize>() {
            Ok(number) => all.get(number).copied().into_iter().collect(),
            Err(_) => all,
        };
        if meant.is_empty() {
            self.sketch.unknown("no-such-edge", "a connection is spoken of that is not there", place);
        }
        if !below.is_empty() {
            self.describe_edges(&meant, below, scalar);
            return Frame::Beside;
        }
        if !scalar.is_empty() {
            self.describe_edges(&meant, &["label".to_owned()], scalar);
        }
        Frame::Edges(meant)
    }

    fn describe_edges(&mut self, edges: &[usize], path: &[String], scalar: &str) {
        let key = path.join(".").to_lowercase();
        for at in edges {
            let Some(edge) = self.edges.get_mut(*at) else { continue };
            match key.as_str() {
                "label" => edge.label = squeeze(scalar),
                "source-arrowhead" | "source-arrowhead.label" => set(&mut edge.properties, "from", scalar),
                "target-arrowhead" | "target-arrowhead.label" => set(&mut edge.properties, "to", scalar),
                key if key.starts_with("style") => {}
                key => set(&mut edge.properties, key, scalar),
            }
        }
    }
}

fn describe(node: &mut crate::drawing::Node, key: &str, value: &str) {
    match key {
        "label" => node.label = squeeze(value),
        "shape" => value.clone_into(&mut node.shape),
        "icon" => {
            set(&mut node.properties, "icon", value);
            if node.shape.is_empty() || node.shape == "image" {
                value.clone_into(&mut node.shape);
            }
        }
        key if key.starts_with("style") || matches!(key, "width" | "height" | "top" | "left" | "near") => {}
        key => set(&mut node.properties, key, value),
    }
}

/// `_` steps to the container around.
fn resolve(mut scope: Vec<String>, path: &[String]) -> Vec<String> {
    for part in path {
        if part == "_" {
            scope.pop();
        } else if scope.len() < PARTS_MAX {
            scope.push(part.clone());
        }
    }
    scope
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
        let drawing = read(text.as_bytes());
        let nodes = drawing.nodes.iter().map(|node| {
            format!("{} {} [{}] {}", node.id, node.label, node.shape, node.within.as_deref().unwrap_or("-"))
        });
        let links = drawing.links.iter().map(|link| {
            format!("{}{}{} {}", link.from, if link.directed { ">" } else { "-" }, link.to, link.label)
                .trim()
                .to_owned()
        });
        let notes =
            drawing.notes.iter().map(|note| format!("{} {}", note.reason, note.place.as_deref().unwrap_or_default()));
        (nodes.collect(), links.collect(), notes.collect())
    }

    #[test]
    fn shapes_containers_and_connections() {
        let text = "# network\nvars: { site: Taipei }\nclasses: { fw: { shape: hexagon; style.fill: red } }\ndirection: right\n\
            inet: Internet { shape: cloud }\ndmz: \"DMZ ${site}\" {\n  web 1: Web\n  web 1 -> _.core.db: 1433 { style.stroke: red; source-arrowhead: eth0 }\n}\n\
            fw1.class: fw\ninet -> fw1 -> dmz.web 1: https\ncore.db.shape: cylinder\nCORE.DB <- backup\nfw1 <-> fw2: HA; fw2 -- sw\n(inet -> fw1)[0].label: tcp\n\
            note: |md\n  # Title\n  text\n|\nold: null\nold2 -> x\nold2: null\nt: { shape: sql_table; id: int {constraint: primary_key} }\nt.id -> fw2\n*.style.fill: red\n** -> y\n...@other\nlayers: { a: { b -> c } }\n";
        let (nodes, links, notes) = shown(text);
        assert_eq!(
            links,
            [
                "dmz.web 1>core.db 1433",
                "inet>fw1 tcp",
                "fw1>dmz.web 1 https",
                "backup>core.db",
                "fw1-fw2 HA",
                "fw2-sw",
                "t>fw2",
            ]
        );
        assert_eq!(
            nodes[..6],
            [
                "inet Internet [cloud] -",
                "dmz DMZ Taipei [] -",
                "dmz.web 1 Web [] dmz",
                "core core [] -",
                "core.db db [cylinder] core",
                "fw1 fw1 [hexagon] -",
            ]
        );
        assert!(nodes.contains(&"note Title\ntext [] -".to_owned()));
        assert!(!nodes.iter().any(|node| node.starts_with("old") || node.starts_with("t.id")));
        assert_eq!(notes, ["glob line 26", "import line 27", "further-board line 28"]);
        assert_eq!(read(text.as_bytes()).links[0].properties["from"], "eth0");
    }

    #[test]
    fn damage_and_depth() {
        for text in ["a: {", "}", "a: |md x", "-> b", "\"\"\" open", "a -> "] {
            assert!(!shown(text).2.is_empty(), "{text}");
        }
        let deep = "a: {\n".repeat(20_000);
        assert!(!shown(&deep).2.is_empty());
    }

    #[test]
    fn diagrams_are_recognised() {
        let sniffed = |name: &str, text: &str| sniff(&Head::new(text.as_bytes(), name, text.len() as u64));
        assert_eq!(sniffed("a", "x: { shape: cloud }\nx -> y: z\ndirection: right\n"), Match::Yes(30));
        assert_eq!(sniffed("a.d2", "x -> y\n"), Match::Yes(60));
        for no in [
            "key: value\nother: 1\n",
            "x -> y\n",
            "A --> B\n",
            "{\"shape\": 1}",
            "{{ template }}",
            "permit ip any any\n",
        ] {
            assert_eq!(sniffed("a.txt", no), Match::No, "{no}");
        }
    }
}
