//! DOT (Graphviz, "DOT Language"): the whole grammar. Subgraphs called `cluster…` (or with `cluster=true`) are
//! containers; other subgraphs only gather nodes. Defaults of attributes hold from where they stand in their subgraph and
//! in those within. An edge between subgraphs joins all their nodes.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{EvidenceKind, Format, Head, Match};

use super::scan::{Scan, after_word};
use super::sketch::{Sketch, html_to_text, link, set, squeeze};
use crate::drawing::Drawing;

/// The format.
pub const FORMAT: Format = Format { id: "dot", kind: EvidenceKind::Diag, title: "DOT graph (Graphviz)", sniff };

/// Subgraphs in each other.
const NESTING_MAX: usize = 60;

/// Links that one edge between subgraphs may stand for.
const PRODUCT_MAX: usize = 100_000;

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let mut scan = Scan::new(head.text(), 1);
    gap(&mut scan);
    let mut rest = scan.rest();
    let lower = |text: &str, word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if lower(rest, "strict") {
        rest = rest["strict".len()..].trim_start();
    }
    let Some(word) = ["digraph", "graph"].into_iter().find(|word| lower(rest, word)) else { return Match::No };
    if after_word(rest, &rest[..word.len()]).is_none() {
        return Match::No;
    }
    let mut scan = Scan::new(&rest[word.len()..], 1);
    gap(&mut scan);
    if scan.peek() != Some('{')
        && (!matches!(token(&mut scan), Some(Token::Id(_) | Token::Html(_))) || {
            gap(&mut scan);
            scan.peek() != Some('{')
        })
    {
        return Match::No;
    }
    Match::Yes(90)
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    let mut reader = Reader {
        scan: Scan::new(&text, 1),
        held: None,
        sketch: &mut sketch,
        prefix: String::new(),
        directed: false,
        pairs: None,
        subgraphs: BTreeMap::new(),
        anonymous: 0,
    };
    reader.file();
    sketch.finish()
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Id(String),
    Html(String),
    /// `{ } [ ] ; , : =`
    Mark(char),
    /// `->`: true, `--`: false.
    Edge(bool),
    /// A character that no token begins with.
    Odd(char),
}

/// Blanks, comments, and lines that a preprocessor left.
fn gap(scan: &mut Scan<'_>) {
    let mut line_start = scan.line() == 1 && scan.rest().starts_with('#');
    loop {
        let line = scan.line();
        scan.take(|c| c.is_whitespace() || c == '\u{feff}');
        line_start |= scan.line() > line;
        let rest = scan.rest();
        if rest.starts_with("//") || (line_start && rest.starts_with('#')) {
            scan.rest_of_line();
            line_start = true;
        } else if scan.eat("/*") {
            if scan.until("*/").is_none() {
                scan.skip(usize::MAX - 1);
            }
        } else {
            return;
        }
    }
}

fn token(scan: &mut Scan<'_>) -> Option<Token> {
    gap(scan);
    let c = scan.peek()?;
    if matches!(c, '{' | '}' | '[' | ']' | ';' | ',' | ':' | '=') {
        scan.next();
        return Some(Token::Mark(c));
    }
    if scan.eat("->") {
        return Some(Token::Edge(true));
    }
    if scan.eat("--") {
        return Some(Token::Edge(false));
    }
    if c == '"' {
        return Some(string(scan));
    }
    if c == '<' {
        return Some(html(scan));
    }
    let numeral = c == '-' || c == '.' || c.is_ascii_digit();
    let word = scan
        .take(|c| if numeral { c.is_ascii_digit() || c == '.' || c == '-' } else { c.is_alphanumeric() || c == '_' });
    // A numeral ends where an edge begins.
    if word.is_empty() {
        scan.next();
        return Some(Token::Odd(c));
    }
    Some(Token::Id(word.to_owned()))
}

/// A string in quotes, joined by `+`; a backslash at a line's end joins lines.
fn string(scan: &mut Scan<'_>) -> Token {
    let mut all = String::new();
    loop {
        if let Some(text) = scan.quoted('"') {
            all.push_str(&text.replace("\\\r\n", "").replace("\\\n", ""));
        } else {
            scan.next();
            return Token::Odd('"');
        }
        let before = scan.clone();
        gap(scan);
        if scan.eat("+") {
            gap(scan);
            if scan.peek() == Some('"') {
                continue;
            }
        }
        *scan = before;
        return Token::Id(all);
    }
}

/// `<…>` with as many closing as opening brackets.
fn html(scan: &mut Scan<'_>) -> Token {
    let start = scan.clone();
    let rest = scan.rest();
    let mut depth = 0_usize;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            scan.skip(at + 1);
            return Token::Html(rest[1..at].to_owned());
        }
    }
    *scan = start;
    scan.next();
    Token::Odd('<')
}

/// Attributes by name, with what is HTML in them already text.
type Attributes = BTreeMap<String, String>;

#[derive(Clone, Default)]
struct Defaults {
    node: Attributes,
    edge: Attributes,
}

#[derive(Default)]
struct Subgraph {
    nodes: BTreeSet<String>,
    attributes: Attributes,
}

struct Reader<'r, 't> {
    scan: Scan<'t>,
    held: Option<(Token, u32)>,
    sketch: &'r mut Sketch,
    prefix: String,
    directed: bool,
    /// Pairs already joined, where the graph is strict.
    pairs: Option<BTreeSet<(String, String)>>,
    subgraphs: BTreeMap<String, Subgraph>,
    anonymous: usize,
}

/// One side of an edge.
struct Side {
    nodes: Vec<String>,
    port: String,
}

impl Reader<'_, '_> {
    fn next(&mut self) -> Option<(Token, u32)> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        gap(&mut self.scan);
        let line = self.scan.line();
        token(&mut self.scan).map(|token| (token, line))
    }

    fn peek(&mut self) -> Option<&Token> {
        if self.held.is_none() {
            self.held = self.next();
        }
        self.held.as_ref().map(|(token, _)| token)
    }

    fn eat(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(&Token::Mark(mark));
        if found {
            self.held = None;
        }
        found
    }

    fn line(&mut self) -> u32 {
        self.peek();
        self.held.as_ref().map_or(self.scan.line(), |(_, line)| *line)
    }

    fn file(&mut self) {
        let mut number = 0_usize;
        while let Some((token, line)) = self.next() {
            let Token::Id(word) = &token else {
                self.odd(&token, line);
                continue;
            };
            let mut word = word.to_ascii_lowercase();
            let strict = word == "strict";
            if strict {
                match self.next() {
                    Some((Token::Id(next), _)) => word = next.to_ascii_lowercase(),
                    _ => return self.sketch.broken("no-diagram", "strict without a graph", format!("line {line}")),
                }
            }
            if word != "graph" && word != "digraph" {
                self.sketch.unknown("unknown-word", format!("not understood: {word}"), format!("line {line}"));
                continue;
            }
            number += 1;
            let name = self.name();
            if !self.eat('{') {
                self.sketch.broken("no-diagram", "a graph without a body", format!("line {line}"));
                continue;
            }
            self.prefix =
                if number > 1 { format!("{}/", name.unwrap_or_else(|| number.to_string())) } else { String::new() };
            self.directed = word == "digraph";
            self.pairs = strict.then(BTreeSet::new);
            self.subgraphs.clear();
            self.statements("", None, &mut Defaults::default(), 0);
        }
        if number == 0 {
            self.sketch.broken("no-diagram", "the text is no graph", "");
        }
    }

    fn name(&mut self) -> Option<String> {
        match self.peek() {
            Some(Token::Id(_) | Token::Html(_)) => match self.next() {
                Some((Token::Id(name) | Token::Html(name), _)) => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    fn odd(&mut self, token: &Token, line: u32) {
        let shown = match token {
            Token::Id(text) | Token::Html(text) => text.chars().take(40).collect(),
            Token::Mark(c) | Token::Odd(c) => c.to_string(),
            Token::Edge(true) => "->".to_owned(),
            Token::Edge(false) => "--".to_owned(),
        };
        self.sketch.unknown("unknown-word", format!("not understood: {shown}"), format!("line {line}"));
    }

    /// Statements up to the closing bracket. `scope` is the subgraph, `container` the innermost cluster around.
    fn statements(&mut self, scope: &str, container: Option<&str>, defaults: &mut Defaults, depth: usize) {
        loop {
            let line = self.line();
            match self.peek() {
                None => {
                    return self.sketch.broken(
                        "truncated",
                        "the graph ends before it is closed",
                        format!("line {line}"),
                    );
                }
                Some(Token::Mark('}')) => {
                    self.held = None;
                    return;
                }
                Some(Token::Mark(';' | ',')) => self.held = None,
                Some(Token::Mark('{') | Token::Id(_) | Token::Html(_)) => {
                    self.statement(scope, container, defaults, depth, line);
                }
                Some(_) => {
                    if let Some((token, line)) = self.next() {
                        self.odd(&token, line);
                    }
                }
            }
        }
    }

    fn statement(&mut self, scope: &str, container: Option<&str>, defaults: &mut Defaults, depth: usize, line: u32) {
        let keyword = match self.peek() {
            Some(Token::Id(word)) => word.to_ascii_lowercase(),
            _ => String::new(),
        };
        if matches!(keyword.as_str(), "graph" | "node" | "edge") {
            self.held = None;
            if self.peek() == Some(&Token::Mark('[')) {
                let attributes = self.attributes();
                match keyword.as_str() {
                    "node" => defaults.node.extend(attributes),
                    "edge" => defaults.edge.extend(attributes),
                    _ => self.subgraphs.entry(scope.to_owned()).or_default().attributes.extend(attributes),
                }
                return;
            }
            // In quotes these words are names like any other.
            return self.sides(Some(keyword), scope, container, defaults, depth, line);
        }
        if matches!(self.peek(), Some(Token::Id(_) | Token::Html(_))) && keyword != "subgraph" {
            let Some(name) = self.name() else { return };
            if self.eat('=') {
                let value = self.name().unwrap_or_default();
                self.subgraphs.entry(scope.to_owned()).or_default().attributes.insert(name, value);
                return;
            }
            return self.sides(Some(name), scope, container, defaults, depth, line);
        }
        self.sides(None, scope, container, defaults, depth, line);
    }

    /// A node, or a chain of nodes and subgraphs, with attributes.
    fn sides(
        &mut self,
        first: Option<String>,
        scope: &str,
        container: Option<&str>,
        defaults: &mut Defaults,
        depth: usize,
        line: u32,
    ) {
        let alone = first.clone();
        let Some(side) = self.side(first, scope, container, defaults, depth, line) else { return };
        let mut sides = vec![side];
        while let Some(Token::Edge(arrow)) = self.peek() {
            let arrow = *arrow;
            self.held = None;
            if arrow != self.directed {
                let text = "-> stands in a graph without directions, or -- in one with them";
                self.sketch.assumed("edge-operator", text, format!("line {line}"));
            }
            let at = self.line();
            let Some(side) = self.side(None, scope, container, defaults, depth, at) else {
                self.sketch.unknown("edge-without-end", "an edge without its second end", format!("line {line}"));
                break;
            };
            sides.push(side);
        }
        let attributes = self.attributes();
        if sides.len() > 1 {
            let mut all = defaults.edge.clone();
            all.extend(attributes);
            for pair in sides.windows(2) {
                self.edges(&pair[0], &pair[1], &all, line);
            }
        } else if let Some(name) = alone {
            self.describe(&name, attributes);
        }
    }

    fn side(
        &mut self,
        first: Option<String>,
        scope: &str,
        container: Option<&str>,
        defaults: &mut Defaults,
        depth: usize,
        line: u32,
    ) -> Option<Side> {
        let name = match first {
            Some(name) => name,
            None => match self.peek()? {
                Token::Mark('{') => return Some(self.subgraph(scope, container, defaults, depth, line)),
                Token::Id(word) if word.eq_ignore_ascii_case("subgraph") => {
                    return Some(self.subgraph(scope, container, defaults, depth, line));
                }
                Token::Id(_) | Token::Html(_) => self.name()?,
                _ => return None,
            },
        };
        let mut port = String::new();
        while self.eat(':') {
            let part = self.name().unwrap_or_default();
            port = if port.is_empty() { part } else { format!("{port}:{part}") };
        }
        self.node(&name, scope, container, defaults, line);
        Some(Side { nodes: vec![name], port })
    }

    fn subgraph(&mut self, scope: &str, container: Option<&str>, defaults: &Defaults, depth: usize, line: u32) -> Side {
        let name = if self.peek() == Some(&Token::Mark('{')) {
            None
        } else {
            self.held = None;
            self.name()
        };
        let name = name.unwrap_or_else(|| {
            self.anonymous += 1;
            format!("\u{0}{}", self.anonymous)
        });
        if self.eat('{') {
            if depth >= NESTING_MAX {
                self.sketch.unknown(
                    "too-deep",
                    "subgraphs lie too deep in each other: not read",
                    format!("line {line}"),
                );
                self.skip_block();
            } else {
                self.body(&name, container, &mut defaults.clone(), depth, line);
            }
        }
        let nodes: Vec<String> =
            self.subgraphs.get(&name).map(|subgraph| subgraph.nodes.iter().cloned().collect()).unwrap_or_default();
        // What a subgraph holds is held by the one around, too.
        self.subgraphs.entry(scope.to_owned()).or_default().nodes.extend(nodes.iter().cloned());
        Side { nodes, port: String::new() }
    }

    fn body(&mut self, name: &str, container: Option<&str>, defaults: &mut Defaults, depth: usize, line: u32) {
        let id = format!("{}{name}", self.prefix);
        let cluster = name.to_ascii_lowercase().starts_with("cluster") || self.says_cluster();
        if cluster {
            let place = format!("line {line}");
            if let Some(node) = self.sketch.mention(&id, &|| place.clone()) {
                "cluster".clone_into(&mut node.shape);
                node.within = node.within.take().or(container.map(str::to_owned)).filter(|outer| *outer != id);
            }
        }
        self.statements(name, if cluster { Some(&id) } else { container }, defaults, depth + 1);
        let attributes = self.subgraphs.get(name).map(|subgraph| subgraph.attributes.clone()).unwrap_or_default();
        if cluster && let Some(node) = self.sketch.get(&id) {
            node.label = attributes.get("label").map(|text| escaped(text, name)).unwrap_or_default();
            for (name, value) in attributes.iter().filter(|(name, _)| name.as_str() != "label") {
                set(&mut node.properties, name, value);
            }
        }
    }

    /// Whether the body that begins here says `cluster=true` among its first statements.
    fn says_cluster(&self) -> bool {
        let held = matches!(&self.held, Some((Token::Id(word), _)) if word == "cluster");
        let mut scan = self.scan.clone();
        let name = held || token(&mut scan) == Some(Token::Id("cluster".to_owned()));
        name && token(&mut scan) == Some(Token::Mark('=')) && token(&mut scan) == Some(Token::Id("true".to_owned()))
    }

    fn skip_block(&mut self) {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next() {
                Some((Token::Mark('{'), _)) => depth += 1,
                Some((Token::Mark('}'), _)) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    fn node(&mut self, name: &str, scope: &str, container: Option<&str>, defaults: &Defaults, line: u32) {
        let id = format!("{}{name}", self.prefix);
        let new = !self.sketch.has(&id);
        if let Some(node) = self.sketch.mention(&id, &|| format!("line {line}")) {
            if new {
                name.clone_into(&mut node.label);
            }
            node.within = node.within.take().or(container.map(str::to_owned)).filter(|outer| *outer != id);
        }
        if new {
            self.describe(name, defaults.node.clone());
        }
        self.subgraphs.entry(scope.to_owned()).or_default().nodes.insert(name.to_owned());
    }

    fn describe(&mut self, name: &str, attributes: Attributes) {
        let Some(node) = self.sketch.get(&format!("{}{name}", self.prefix)) else { return };
        for (key, value) in attributes {
            match key.as_str() {
                "label" => {
                    let record = attributes_shape(&node.shape);
                    node.label = escaped(&if record { fields(&value) } else { value }, name);
                }
                "shape" => {
                    if attributes_shape(&value) {
                        node.label = fields(&node.label);
                    }
                    node.shape = value;
                }
                "image" => {
                    node.shape.clone_from(&value);
                    set(&mut node.properties, "image", &value);
                }
                _ => set(&mut node.properties, &key, &value),
            }
        }
    }

    fn edges(&mut self, from: &Side, to: &Side, attributes: &Attributes, line: u32) {
        if from.nodes.len().saturating_mul(to.nodes.len()) > PRODUCT_MAX {
            let text = "an edge between subgraphs stands for too many links: not read";
            return self.sketch.unknown("too-many", text, format!("line {line}"));
        }
        let direction = attributes.get("dir").map(String::as_str);
        let (directed, back) = match direction {
            Some("both" | "none") => (false, false),
            Some("back") => (true, true),
            Some("forward") => (true, false),
            _ => (self.directed, false),
        };
        for from_node in &from.nodes {
            for to_node in &to.nodes {
                let (mut start, mut end) = ((from_node, &from.port), (to_node, &to.port));
                if let Some(pairs) = &mut self.pairs {
                    let mut pair = (from_node.clone(), to_node.clone());
                    if !self.directed && pair.0 > pair.1 {
                        std::mem::swap(&mut pair.0, &mut pair.1);
                    }
                    if !pairs.insert(pair) {
                        continue;
                    }
                }
                if back {
                    std::mem::swap(&mut start, &mut end);
                }
                let label =
                    ["label", "xlabel"].iter().find_map(|key| attributes.get(*key)).map(|text| escaped(text, ""));
                let ids = (format!("{}{}", self.prefix, start.0), format!("{}{}", self.prefix, end.0));
                let mut drawn = link(&ids.0, &ids.1, &label.unwrap_or_default(), directed, format!("line {line}"));
                for (key, value) in attributes.iter().filter(|(key, _)| !matches!(key.as_str(), "label" | "dir")) {
                    set(&mut drawn.properties, key, value);
                }
                set(&mut drawn.properties, "from-port", start.1);
                set(&mut drawn.properties, "to-port", end.1);
                self.sketch.connect(drawn);
            }
        }
    }

    /// `[a=b, c; d]`, any number of times.
    fn attributes(&mut self) -> Attributes {
        let mut attributes = Attributes::new();
        while self.eat('[') {
            loop {
                match self.next() {
                    None => {
                        self.sketch.broken("truncated", "a list of attributes is not closed", self.scan.place());
                        return attributes;
                    }
                    Some((Token::Mark(']'), _)) => break,
                    Some((Token::Mark(';' | ','), _)) => {}
                    Some((Token::Id(name), _)) => {
                        let value = if self.eat('=') { self.value() } else { "true".to_owned() };
                        attributes.insert(name, value);
                    }
                    Some((token @ Token::Mark('}'), line)) => {
                        // The list was not closed; its graph goes on.
                        self.odd(&token, line);
                        self.held = Some((token, line));
                        return attributes;
                    }
                    Some((token, line)) => self.odd(&token, line),
                }
            }
        }
        attributes
    }

    fn value(&mut self) -> String {
        match self.peek() {
            Some(Token::Id(_)) => self.name().unwrap_or_default(),
            Some(Token::Html(_)) => html_to_text(&self.name().unwrap_or_default()),
            _ => String::new(),
        }
    }
}

fn attributes_shape(shape: &str) -> bool {
    matches!(shape, "record" | "Mrecord")
}

/// Texts of a record's fields, without the ports.
fn fields(label: &str) -> String {
    let mut text = String::new();
    let mut escape = false;
    let mut port = false;
    for c in label.chars() {
        match c {
            _ if std::mem::take(&mut escape) => text.extend(['\\', c]),
            '\\' => escape = true,
            '<' => port = true,
            '>' if port => port = false,
            _ if port => {}
            '{' | '}' | '|' => text.push('\n'),
            c => text.push(c),
        }
    }
    text
}

/// Escapes of labels: `\n`, `\l`, `\r` end a line, `\N` is the node's name.
fn escaped(label: &str, name: &str) -> String {
    let mut text = String::new();
    let mut chars = label.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'l' | 'r') => text.push('\n'),
                Some('N' | 'G') => text.push_str(name),
                Some(c) => text.push(c),
                None => {}
            },
            c => text.push(c),
        }
    }
    squeeze(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(drawing: &Drawing) -> (Vec<String>, Vec<String>) {
        let nodes = drawing.nodes.iter().map(|node| {
            format!("{} {} [{}] {}", node.id, node.label, node.shape, node.within.as_deref().unwrap_or("-"))
        });
        let links = drawing.links.iter().map(|link| {
            format!("{}{}{} {}", link.from, if link.directed { ">" } else { "-" }, link.to, link.label)
                .trim()
                .to_owned()
        });
        (nodes.collect(), links.collect())
    }

    #[test]
    fn the_grammar_is_read() {
        let text = "/* c */ digraph \"net\" {\n# 1 \"file\"\n rankdir=LR; node [shape=box]\n inet [label=<<b>Internet</b><br/>AS 1>, shape=cloud]\n\
            subgraph cluster_dmz { label=\"DM\" + \"Z\"; node [shape=record, color=red] web [label=\"{<p0> web | 10.0.0.1}\"]; app; edge [style=dashed]; web -> app:p1:n [label=\"80\"] }\n\
            inet -> fw -> {web app} // tail\n fw -> db [dir=both, headport=w]; db -> log [dir=back]\n -1.5 -> \"a \\\"b\\\"\\N\" ; fw -- x\n}\n graph second { a--b; a--b }";
        let drawing = read(text.as_bytes());
        let (nodes, links) = shown(&drawing);
        assert_eq!(
            links,
            [
                "web>app 80",
                "inet>fw",
                "fw>app",
                "fw>web",
                "fw-db",
                "log>db",
                "-1.5>a \"b\"\\N",
                "fw>x",
                "second/a-second/b",
                "second/a-second/b",
            ]
        );
        assert_eq!(
            nodes[..5],
            [
                "inet Internet\nAS 1 [cloud] -",
                "cluster_dmz DMZ [cluster] -",
                "web web\n10.0.0.1 [record] cluster_dmz",
                "app app [record] cluster_dmz",
                "fw fw [box] -",
            ]
        );
        assert_eq!(drawing.links[0].properties["to-port"], "p1:n");
        assert_eq!(drawing.links[0].properties["style"], "dashed");
        let reasons: Vec<_> = drawing.notes.iter().map(|note| note.reason.as_str()).collect();
        assert_eq!(reasons, ["edge-operator"]);
    }

    #[test]
    fn strict_graphs_join_a_pair_once() {
        let (_, links) = shown(&read(b"strict graph { a -- b -- a; subgraph s { b c } subgraph s -- d }"));
        assert_eq!(links, ["a-b", "b-d", "c-d"]);
    }

    #[test]
    fn damage_is_told_and_depth_is_bounded() {
        for text in [
            "graph {",
            "digraph { a -> ",
            "graph { a [x=",
            "graph { a [label=\"x",
            "nothing",
            "graph { a [ } b }",
            "graph { < }",
        ] {
            assert!(!read(text.as_bytes()).notes.is_empty(), "{text}");
        }
        let deep = format!("graph {{ {} a {} }}", "{".repeat(50_000), "}".repeat(50_000));
        assert!(read(deep.as_bytes()).notes.iter().any(|note| note.reason == "too-deep"));
    }

    #[test]
    fn graphs_are_recognised() {
        let sniffed = |text: &str| sniff(&Head::new(text.as_bytes(), "a", text.len() as u64));
        for yes in ["digraph{a}", "// c\nstrict graph \"x\" {", "# 1\ngraph x\n{", "Digraph <a<b>c> {"] {
            assert_eq!(sniffed(yes), Match::Yes(90), "{yes}");
        }
        for no in ["graph TD\n A-->B{x}", "graphs {", "", "graph", "digraph of things"] {
            assert_eq!(sniffed(no), Match::No, "{no}");
        }
    }
}
