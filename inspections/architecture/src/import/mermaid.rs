//! Mermaid (mermaid.js.org, version 11): `flowchart` / `graph` and `architecture-beta`, bare or fenced in Markdown.
//!
//! Statements end with the line or `;`. A chain `a & b --> c --> d` links every node of a list with every node of the
//! next. Nodes belong to the subgraph in which they are mentioned first. Diagrams of other kinds are noted.

use std::collections::BTreeMap;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use super::scan::{Scan, after_word};
use super::sketch::{Sketch, entities, html_to_text, link, set};
use crate::drawing::Drawing;

/// The format.
pub const FORMAT: Format = Format { id: "mermaid", kind: EvidenceKind::Diag, title: "Mermaid diagram", sniff };

/// Nodes that stand on one side of a link together.
const LIST_MAX: usize = 1_000;

/// Subgraphs in each other.
const NESTING_MAX: usize = 100;

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let blocks = blocks(head.text());
    let fenced = blocks.iter().any(|block| block.fenced);
    let mut other = false;
    for block in &blocks {
        match kind(block.text) {
            Some(Kind::Flowchart | Kind::Architecture) => return Match::Yes(if fenced { 70 } else { 90 }),
            Some(Kind::Other) => other = true,
            None => {}
        }
    }
    if other {
        return Match::Close("a Mermaid diagram of another kind than flowchart and architecture-beta");
    }
    Match::No
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    let blocks: Vec<(Block<'_>, Option<Kind>)> =
        blocks(&text).into_iter().map(|block| (block, kind(block.text))).collect();
    let several =
        blocks.iter().filter(|(_, kind)| matches!(kind, Some(Kind::Flowchart | Kind::Architecture))).count() > 1;
    let mut number = 0;
    for (block, kind) in &blocks {
        let place = format!("line {}", block.line);
        match kind {
            Some(Kind::Other) => sketch.unknown("other-diagram", "a diagram of another kind: not read", place),
            None if block.fenced => sketch.unknown("other-diagram", "a diagram whose kind is not known", place),
            None => sketch.broken("no-diagram", "the text is no Mermaid diagram", place),
            Some(kind) => {
                number += 1;
                let prefix = if several { format!("{number}/") } else { String::new() };
                let mut reader =
                    Reader { scan: Scan::new(block.text, block.line), prefix, groups: Vec::new(), sketch: &mut sketch };
                reader.head();
                match kind {
                    Kind::Architecture => reader.architecture(),
                    _ => reader.flowchart(),
                }
            }
        }
    }
    if blocks.is_empty() {
        sketch.broken("no-diagram", "the text is no Mermaid diagram", "");
    }
    sketch.finish()
}

#[derive(Clone, Copy)]
struct Block<'t> {
    text: &'t str,
    line: u32,
    fenced: bool,
}

/// Fenced blocks of Markdown that say that they are Mermaid; a text without any is one block.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Option<(usize, u32)>)> = None;
    let mut at = 0;
    for (number, line) in (1_u32..).zip(text.split_inclusive('\n')) {
        let start = at;
        at += line.len();
        let bare = line.trim();
        let fence = ["```", "~~~", ":::"].into_iter().find(|fence| bare.starts_with(fence));
        match (open, fence) {
            (Some((with, body)), Some(fence)) if with == fence && bare.trim_matches(['`', '~', ':']).is_empty() => {
                if let Some((from, line)) = body {
                    blocks.push(Block { text: &text[from..start], line, fenced: true });
                }
                open = None;
            }
            (None, Some(fence)) => {
                let info = bare.trim_start_matches(['`', '~', ':']).trim_start_matches([' ', '{', '.']);
                let mermaid = after_word(info, "mermaid").is_some();
                open = (fence != ":::" || mermaid).then_some((fence, mermaid.then_some((at, number + 1))));
            }
            _ => {}
        }
    }
    if let Some((_, Some((from, line)))) = open {
        blocks.push(Block { text: &text[from..], line, fenced: true });
    }
    if blocks.is_empty() {
        blocks.push(Block { text, line: 1, fenced: false });
    }
    blocks
}

#[derive(Clone, Copy)]
enum Kind {
    Flowchart,
    Architecture,
    Other,
}

/// What a diagram's first statement says that it is.
fn kind(text: &str) -> Option<Kind> {
    const OTHERS: &[&str] = &[
        "sequenceDiagram",
        "classDiagram",
        "classDiagram-v2",
        "stateDiagram",
        "stateDiagram-v2",
        "erDiagram",
        "gantt",
        "pie",
        "journey",
        "gitGraph",
        "mindmap",
        "timeline",
        "quadrantChart",
        "requirementDiagram",
        "C4Context",
        "C4Container",
        "C4Component",
        "C4Dynamic",
        "C4Deployment",
        "sankey-beta",
        "xychart-beta",
        "block-beta",
        "block",
        "packet-beta",
        "kanban",
        "zenuml",
    ];
    let mut scan = Scan::new(text, 1);
    preamble(&mut scan);
    let rest = scan.rest();
    if after_word(rest, "architecture-beta").or_else(|| after_word(rest, "architecture")).is_some_and(ends_line) {
        return Some(Kind::Architecture);
    }
    let chart = ["flowchart-elk", "flowchart", "graph"].iter().find_map(|word| after_word(rest, word));
    if let Some(after) = chart {
        let after = after.trim_start_matches([' ', '\t']);
        let direction = after.split([';', '\n', '\r', ' ']).next().unwrap_or_default();
        let known = matches!(direction, "" | "TB" | "TD" | "BT" | "RL" | "LR" | "<" | ">" | "^" | "v");
        // `graph {` is DOT.
        return (known && !after.trim_start().starts_with('{')).then_some(Kind::Flowchart);
    }
    OTHERS
        .iter()
        .any(|word| after_word(rest, word).is_some_and(|rest| rest.starts_with(['\n', '\r', ' ', ':', '\t'])))
        .then_some(Kind::Other)
}

fn ends_line(rest: &str) -> bool {
    rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n') || rest.trim().is_empty()
}

/// Front matter, directives, comments and empty lines before the first statement.
fn preamble(scan: &mut Scan<'_>) {
    scan.space();
    if scan.rest().starts_with("---") {
        let start = scan.clone();
        scan.rest_of_line();
        loop {
            if scan.done() {
                *scan = start;
                return;
            }
            if scan.rest_of_line().trim() == "---" {
                break;
            }
        }
    }
    loop {
        scan.space();
        if scan.rest().starts_with("%%{") {
            if scan.until("}%%").is_none() {
                return;
            }
        } else if scan.rest().starts_with("%%") {
            scan.rest_of_line();
        } else {
            return;
        }
    }
}

struct Reader<'r, 't> {
    scan: Scan<'t>,
    prefix: String,
    groups: Vec<String>,
    sketch: &'r mut Sketch,
}

/// A link's line and heads.
struct Arrow {
    label: String,
    start: bool,
    end: bool,
    line: &'static str,
}

impl Reader<'_, '_> {
    /// Goes over everything before the first statement and the word that says what the diagram is.
    fn head(&mut self) {
        preamble(&mut self.scan);
        self.scan.take(|c| !matches!(c, '\n' | ';'));
    }

    /// Goes to the next statement; false at the end.
    fn next_statement(&mut self) -> bool {
        loop {
            self.scan.take(|c| c.is_whitespace() || c == ';');
            if !self.scan.rest().starts_with("%%") {
                return !self.scan.done();
            }
            self.scan.rest_of_line();
        }
    }

    fn skip_statement(&mut self) {
        self.scan.take(|c| c != '\n');
    }

    fn flowchart(&mut self) {
        while self.next_statement() {
            let rest = self.scan.rest();
            let word = |word: &str| {
                after_word(rest, word).filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
            };
            if word("subgraph").is_some() {
                self.scan.skip("subgraph".len());
                self.subgraph();
            } else if after_word(rest, "end").is_some_and(|rest| {
                let rest = rest.trim_start_matches([' ', '\t', '\r']);
                rest.is_empty() || rest.starts_with(['\n', ';', '%'])
            }) {
                if self.groups.pop().is_none() {
                    self.sketch.unknown("unknown-line", "an end without a subgraph", self.scan.place());
                }
                self.scan.skip("end".len());
            } else if ["direction", "style", "classDef", "linkStyle", "click", "class"]
                .iter()
                .any(|known| word(known).is_some())
                || rest.starts_with("accTitle")
            {
                self.skip_statement();
            } else if rest.starts_with("accDescr") {
                self.description();
            } else {
                self.chain();
            }
        }
        if !self.groups.is_empty() {
            self.sketch.broken("truncated", "the diagram ends within a subgraph", self.scan.place());
        }
    }

    /// `accDescr: text` or `accDescr { several lines }`.
    fn description(&mut self) {
        self.scan.skip("accDescr".len());
        self.scan.blanks();
        if !self.scan.eat("{") || self.scan.until("}").is_none() {
            self.skip_statement();
        }
    }

    /// `subgraph id [title]`, `subgraph id["title"]`, `subgraph a title of words`, `subgraph "title"`.
    fn subgraph(&mut self) {
        let place = self.scan.place();
        self.scan.blanks();
        let head = self.scan.take(|c| !matches!(c, '\n' | ';')).trim();
        let (id, title) = match head.split_once('[') {
            Some((id, title)) if !id.trim().is_empty() && !id.starts_with('"') => {
                (id.trim(), unquote(title.trim_end_matches(']')))
            }
            _ => (head.trim_matches('"'), unquote(head)),
        };
        let id = self.id(if id.is_empty() { &place } else { id });
        let outer = self.groups.last().cloned();
        if let Some(node) = self.sketch.mention(&id, &|| place.clone()) {
            node.label = if title.is_empty() { node.label.clone() } else { title };
            "subgraph".clone_into(&mut node.shape);
            node.within = node.within.take().or(outer).filter(|outer| *outer != id);
        }
        if self.groups.len() >= NESTING_MAX {
            self.sketch.unknown("too-deep", "subgraphs lie too deep in each other", place);
        }
        self.groups.push(id);
    }

    fn id(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// `a & b --> c -->|text| d`.
    fn chain(&mut self) {
        let line = self.scan.line();
        let Some(mut left) = self.nodes() else { return self.not_understood(line) };
        loop {
            self.scan.blanks();
            if self.scan.done() || matches!(self.scan.peek(), Some('\n' | ';')) || self.scan.rest().starts_with("%%") {
                return;
            }
            let Some(arrow) = self.arrow() else { return self.not_understood(line) };
            // A chain may go on in the next line after its arrow.
            self.scan.space();
            let Some(right) = self.nodes() else { return self.not_understood(line) };
            if arrow.line != "invisible" {
                for from in &left {
                    for to in &right {
                        let (from, to) = if arrow.start && !arrow.end { (to, from) } else { (from, to) };
                        let mut drawn = link(from, to, &arrow.label, arrow.start != arrow.end, format!("line {line}"));
                        set(&mut drawn.properties, "line", arrow.line);
                        self.sketch.connect(drawn);
                    }
                }
            }
            left = right;
        }
    }

    /// One line that is not understood from here; what stood before in it counts.
    fn not_understood(&mut self, line: u32) {
        let rest: String = self.scan.take(|c| c != '\n').trim().chars().take(80).collect();
        self.sketch.unknown("unknown-line", format!("not understood: {rest}"), format!("line {line}"));
    }

    /// `a & b:::class & c@{…}`.
    fn nodes(&mut self) -> Option<Vec<String>> {
        let mut nodes = Vec::new();
        loop {
            self.scan.blanks();
            nodes.push(self.node()?);
            let before = self.scan.clone();
            self.scan.space();
            if nodes.len() >= LIST_MAX || !self.scan.eat("&") {
                self.scan = before;
                return Some(nodes);
            }
            self.scan.space();
        }
    }

    fn node(&mut self) -> Option<String> {
        let place = self.scan.place();
        let name = self.name();
        if name.is_empty() {
            return None;
        }
        let id = self.id(&name);
        let shape = self.shape();
        let mut attributes = BTreeMap::new();
        while self.scan.rest().starts_with(":::") || self.scan.rest().starts_with("@{") {
            if self.scan.eat(":::") {
                let class = self.scan.take(|c| c.is_alphanumeric() || c == '_' || c == '-');
                set(&mut attributes, "class", class);
            } else {
                self.scan.eat("@{");
                self.attributes(&mut attributes);
            }
        }
        let outer = self.groups.last().cloned();
        let node = self.sketch.mention(&id, &|| place.clone())?;
        if node.label == id {
            node.label.clone_from(&name);
        }
        if let Some((shape, label)) = shape {
            shape.clone_into(&mut node.shape);
            node.label = label;
        }
        node.within = node.within.take().or(outer).filter(|outer| *outer != id);
        for (name, value) in attributes {
            match name.as_str() {
                "shape" => node.shape = value,
                "label" => node.label = html_to_text(&value),
                "icon" | "img" => {
                    node.shape.clone_from(&value);
                    set(&mut node.properties, &name, &value);
                }
                _ => set(&mut node.properties, &name, &value),
            }
        }
        Some(id)
    }

    /// A hyphen belongs to a name unless a link begins with it.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.scan.peek() {
            let mut after = self.scan.rest().chars().skip(1);
            let fits = match c {
                '-' => after.next().is_some_and(|c| !matches!(c, '-' | '>' | '.') && !c.is_whitespace()),
                '=' => after.next() != Some('='),
                ':' => !self.scan.rest().starts_with(":::"),
                c => !c.is_whitespace() && !"[](){}<>|;&\"@,~^%".contains(c),
            };
            if !fits {
                break;
            }
            name.push(c);
            self.scan.next();
        }
        name
    }

    /// The brackets around a label say what the node looks like.
    fn shape(&mut self) -> Option<(&'static str, String)> {
        const SHAPES: &[(&str, &[&str], &str)] = &[
            ("(((", &[")))"], "double-circle"),
            ("([", &["])"], "stadium"),
            ("((", &["))"], "circle"),
            ("(", &[")"], "rounded"),
            ("[[", &["]]"], "subroutine"),
            ("[(", &[")]"], "cylinder"),
            ("[/", &["/]", "\\]"], "parallelogram"),
            ("[\\", &["\\]", "/]"], "parallelogram"),
            ("[", &["]"], "rectangle"),
            ("{{", &["}}"], "hexagon"),
            ("{", &["}"], "rhombus"),
            (">", &["]"], "flag"),
        ];
        let before = self.scan.clone();
        for (open, closes, shape) in SHAPES {
            if !self.scan.eat(open) {
                continue;
            }
            if let Some(label) = self.label(closes) {
                return Some((shape, label));
            }
            self.scan = before.clone();
        }
        None
    }

    /// A label up to its bracket: in quotes it may hold brackets and line ends.
    fn label(&mut self, closes: &[&str]) -> Option<String> {
        self.scan.space();
        if self.scan.eat("\"") {
            let text = self.scan.until("\"")?;
            self.scan.space();
            return closes.iter().any(|close| self.scan.eat(close)).then(|| words(text));
        }
        let rest = self.scan.rest();
        let line = rest.find('\n').unwrap_or(rest.len());
        let (at, close) = closes.iter().filter_map(|close| Some((rest[..line].find(close)?, *close))).min()?;
        self.scan.skip(at + close.len());
        Some(words(&rest[..at]))
    }

    /// `shape: cyl, label: "text"` up to the bracket.
    fn attributes(&mut self, into: &mut BTreeMap<String, String>) {
        loop {
            self.scan.take(|c| c.is_whitespace() || c == ',');
            if self.scan.eat("}") || self.scan.done() {
                return;
            }
            let name = self.scan.take(|c| !matches!(c, ':' | '}' | ',' | '\n')).trim().to_owned();
            if !self.scan.eat(":") {
                if name.is_empty() {
                    self.scan.next();
                }
                continue;
            }
            self.scan.blanks();
            let value = self.scan.quoted('"').or_else(|| self.scan.quoted('\''));
            let value = value.unwrap_or_else(|| self.scan.take(|c| !matches!(c, '}' | ',' | '\n')).trim().to_owned());
            set(into, &name, &value);
        }
    }

    fn arrow(&mut self) -> Option<Arrow> {
        // `e1@-->` gives the edge a name.
        let before = self.scan.clone();
        let name = self.scan.take(|c| c.is_alphanumeric() || c == '_');
        if name.is_empty() || !self.scan.eat("@") {
            self.scan = before;
        }
        let mut arrow = Arrow { label: String::new(), start: false, end: false, line: "" };
        let after = self.scan.rest().chars().nth(1);
        if let Some(mark @ ('<' | 'o' | 'x')) = self.scan.peek().filter(|_| matches!(after, Some('-' | '='))) {
            arrow.start = mark == '<';
            self.scan.next();
        }
        let rest = self.scan.rest();
        if rest.starts_with("~~~") {
            self.scan.take(|c| c == '~');
            arrow.line = "invisible";
        } else if rest.starts_with("-.") {
            arrow.line = "dotted";
            self.scan.next();
            self.scan.take(|c| c == '.');
            if !self.scan.eat("-") {
                arrow.label = self.until_line_of(".-")?;
                self.scan.take(|c| c == '.');
                self.scan.eat("-");
            }
            arrow.end = self.arrow_head();
        } else if rest.starts_with("--") || rest.starts_with("==") {
            let stroke = if rest.starts_with('-') { '-' } else { '=' };
            arrow.line = if stroke == '=' { "thick" } else { "" };
            let length = self.scan.take(|c| c == stroke).len();
            let head = matches!(self.scan.peek(), Some('>' | 'o' | 'x'));
            // Two strokes and no head begin a text in the middle of the line; so may a text that begins with o or x.
            let text_begins = length == 2 && !head;
            if text_begins {
                arrow.label = self.until_line_of(if stroke == '-' { "--" } else { "==" })?;
                self.scan.take(|c| c == stroke);
            }
            arrow.end = self.arrow_head();
        } else {
            return None;
        }
        self.scan.blanks();
        if self.scan.eat("|") {
            let text = self.scan.until("|")?;
            arrow.label = words(text);
        }
        Some(arrow)
    }

    fn arrow_head(&mut self) -> bool {
        let head = self.scan.peek();
        if matches!(head, Some('>' | 'o' | 'x')) {
            self.scan.next();
        }
        head == Some('>')
    }

    /// A text on a link up to where its line goes on, in the same line of the file.
    fn until_line_of(&mut self, stroke: &str) -> Option<String> {
        let rest = self.scan.rest();
        let line = rest.find('\n').unwrap_or(rest.len());
        let at = rest[..line].find(stroke)?;
        self.scan.skip(at);
        Some(words(&rest[..at]))
    }

    /// `group id(icon)[title] in outer`, `service …`, `junction id in outer`, `a:R --> L:b`.
    fn architecture(&mut self) {
        while self.next_statement() {
            let line = self.scan.line();
            let text = self.scan.take(|c| c != '\n').trim();
            let word = text.split(char::is_whitespace).next().unwrap_or_default();
            let understood = match word {
                "group" | "service" | "junction" => self.declared(word, text[word.len()..].trim(), line),
                "align" | "title" => true,
                word if word.starts_with("accTitle") || word.starts_with("accDescr") => true,
                _ => self.joined(text, line),
            };
            if !understood {
                let rest: String = text.chars().take(80).collect();
                self.sketch.unknown("unknown-line", format!("not understood: {rest}"), format!("line {line}"));
            }
        }
    }

    fn declared(&mut self, kind: &str, text: &str, line: u32) -> bool {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(text.len());
        let (name, mut rest) = (&text[..end], text[end..].trim_start());
        if name.is_empty() {
            return false;
        }
        let mut bracketed = |open: char, close: char| {
            let inner = rest.strip_prefix(open)?;
            let (inner, after) = inner.split_once(close)?;
            rest = after.trim_start();
            Some(unquote(inner))
        };
        let icon = bracketed('(', ')');
        let title = bracketed('[', ']');
        let outer = rest.strip_prefix("in ").map(|outer| self.id(outer.trim()));
        let understood = rest.is_empty() || outer.is_some();
        let (id, place) = (self.id(name), format!("line {line}"));
        if let Some(node) = self.sketch.mention(&id, &|| place.clone()) {
            node.label = title.unwrap_or_else(|| name.to_owned());
            node.shape = icon.unwrap_or_else(|| kind.to_owned());
            node.within = outer.or(node.within.take());
            set(&mut node.properties, "kind", kind);
        }
        understood
    }

    /// `a{group}:R <-[label]-> L:b`.
    fn joined(&mut self, text: &str, line: u32) -> bool {
        let strokes = text.find('-').filter(|_| text.contains("--") || text.contains("-["));
        let Some(from_end) = strokes else { return false };
        let (left, rest) = text.split_at(from_end);
        let mut rest = &rest[1..];
        let mut label = String::new();
        if let Some(inner) = rest.strip_prefix('[') {
            let Some((inner, after)) = inner.split_once(']') else { return false };
            label = unquote(inner);
            rest = after;
        }
        let right = rest.trim_start_matches('-');
        let (start, left) = (left.trim_end().ends_with('<'), left.trim_end().trim_end_matches('<'));
        let (end, right) = (right.starts_with('>'), right.trim_start_matches('>'));
        let end_of = |text: &str, side_first: bool| {
            let text = text.trim();
            let parts = text.split_once(':').filter(|_| !text.is_empty());
            let (name, side) = match parts {
                Some((side, name)) if side_first => (name, side),
                Some((name, side)) => (name, side),
                None => (text, ""),
            };
            let (name, group) = match name.trim().strip_suffix("{group}") {
                Some(name) => (name, true),
                None => (name.trim(), false),
            };
            (name.to_owned(), side.trim().to_owned(), group)
        };
        let ((from, from_side, from_group), (to, to_side, to_group)) = (end_of(left, false), end_of(right, true));
        let known = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
        if !known(&from) || !known(&to) {
            return false;
        }
        let (mut from, mut to) = ((from, from_side, from_group), (to, to_side, to_group));
        if start && !end {
            std::mem::swap(&mut from, &mut to);
        }
        let mut drawn = link(&self.id(&from.0), &self.id(&to.0), &label, start != end, format!("line {line}"));
        for (name, (_, side, group)) in [("from", &from), ("to", &to)] {
            set(&mut drawn.properties, &format!("{name}-port"), side);
            set(&mut drawn.properties, &format!("{name}-group"), if *group { "true" } else { "" });
        }
        self.sketch.connect(drawn);
        true
    }
}

/// A label: quotes and Markdown's backticks go, HTML and `#quot;` become text.
fn words(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let text = text.trim().trim_matches('`');
    // Mermaid writes entities with `#` in place of `&`, and numbers without a second `#`.
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('#') {
        plain.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let name = tail.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let entity = !name.is_empty() && tail[name.len()..].starts_with(';');
        let number = name.bytes().all(|byte| byte.is_ascii_digit());
        if entity {
            plain.push_str(&entities(&if number { format!("&#{name};") } else { format!("&{name};") }));
        } else {
            plain.push('#');
        }
        rest = if entity { &tail[name.len() + 1..] } else { tail };
    }
    plain.push_str(rest);
    html_to_text(&plain.replace("\\n", "\n"))
}

fn unquote(text: &str) -> String {
    words(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Link;

    fn shown(drawing: &Drawing) -> (Vec<String>, Vec<String>) {
        let nodes = drawing.nodes.iter().map(|node| {
            format!("{} {} [{}] {}", node.id, node.label, node.shape, node.within.as_deref().unwrap_or("-"))
        });
        let links = drawing.links.iter().map(|link: &Link| {
            format!("{}{}{} {}", link.from, if link.directed { ">" } else { "-" }, link.to, link.label)
                .trim()
                .to_owned()
        });
        (nodes.collect(), links.collect())
    }

    #[test]
    fn flowcharts_with_subgraphs_and_chains() {
        let text = "---\ntitle: x\n---\n%%{init: {}}%%\nflowchart LR\n  inet((Internet)) -->|443/tcp| fw-1[\"FW #quot;1#quot;<br>10.0.0.1\"]:::crit\n\
            subgraph dmz [\"DMZ zone\"]\n direction TB\n web1 & web2[(DB)] --- sw{{SW}}\n subgraph inner\n a@{ shape: cyl, label: \"A b\" }\n end\n end\n\
            fw-1 ==> dmz; dmz -. mirrored .-> ids\n x1 -- text --> y1 <--> z1 --o w1 e1@--> v1\n a1 ~~~ b1 %% comment\n click a1 \"http://x\"\n ??? [\n";
        let drawing = read(text.as_bytes());
        let (nodes, links) = shown(&drawing);
        assert_eq!(
            links,
            [
                "inet>fw-1 443/tcp",
                "web1-sw",
                "web2-sw",
                "fw-1>dmz",
                "dmz>ids mirrored",
                "x1>y1 text",
                "y1-z1",
                "z1-w1",
                "w1>v1",
            ]
        );
        assert_eq!(nodes[0], "inet Internet [circle] -");
        assert_eq!(nodes[1], "fw-1 FW \"1\"\n10.0.0.1 [rectangle] -");
        assert_eq!(nodes[2], "dmz DMZ zone [subgraph] -");
        assert_eq!(nodes[3..6], ["web1 web1 [] dmz", "web2 DB [cylinder] dmz", "sw SW [hexagon] dmz"]);
        assert_eq!(nodes[6..8], ["inner inner [subgraph] dmz", "a A b [cyl] inner"]);
        let notes: Vec<_> =
            drawing.notes.iter().map(|note| (note.reason.as_str(), note.place.as_deref().unwrap())).collect();
        assert_eq!(notes, [("unknown-line", "line 18")]);
    }

    #[test]
    fn architecture_diagrams() {
        let text = "architecture-beta\n group api(cloud)[API]\n group sub(cloud)[Sub] in api\n service db(database)[Database] in api\n\
            service gw(logos:aws)[Gate way] in sub\n junction j1\n db:L -- R:gw\n gw{group}:B --> T:j1\n db:R <-[sync]- L:j1\n nonsense\n";
        let (nodes, links) = shown(&read(text.as_bytes()));
        let expected = [
            "api API [cloud] -",
            "sub Sub [cloud] api",
            "db Database [database] api",
            "gw Gate way [logos:aws] sub",
            "j1 j1 [junction] -",
        ];
        assert_eq!(nodes, expected);
        assert_eq!(links, ["db-gw", "gw>j1", "j1>db sync"]);
        assert_eq!(read(text.as_bytes()).notes.len(), 1);
    }

    #[test]
    fn markdown_holds_several() {
        let text = "# Net\n\n```mermaid\ngraph TD\nA-->B\n```\n\n```text\nA-->C\n```\n~~~mermaid\nflowchart\nA---C\n~~~\n```mermaid\nsequenceDiagram\nA->>B: x\n```\n";
        let drawing = read(text.as_bytes());
        assert_eq!(shown(&drawing).1, ["1/A>1/B", "2/A-2/C"]);
        assert_eq!(drawing.nodes[0].place, "line 5");
        assert_eq!(drawing.notes[0].place.as_deref(), Some("line 16"));
        let sniffed = |text: &str| sniff(&Head::new(text.as_bytes(), "a", text.len() as u64));
        assert_eq!(sniffed(text), Match::Yes(70));
        assert_eq!(sniffed("graph TD\n A-->B"), Match::Yes(90));
        assert_eq!(sniffed("graph { a -- b }"), Match::No);
        assert_eq!(sniffed("graph G {\n a -- b }"), Match::No);
        assert!(matches!(sniffed("sequenceDiagram\nA->>B: x"), Match::Close(_)));
        assert_eq!(sniffed("graphs are nice"), Match::No);
    }
}
