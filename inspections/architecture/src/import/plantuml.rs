//! PlantUML (plantuml.com): deployment and component diagrams, the macros of its icon and C4 libraries, and nwdiag
//! (`@startnwdiag`, `nwdiag { … }`). Sequence and other diagrams are noted.

use std::collections::BTreeMap;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use super::scan::{Scan, after_word};
use super::sketch::{Sketch, html_to_text, link, set};
use crate::drawing::Drawing;

/// The format.
pub const FORMAT: Format =
    Format { id: "plantuml", kind: EvidenceKind::Diag, title: "PlantUML deployment or network diagram", sniff };

/// Containers in each other.
const NESTING_MAX: usize = 100;

/// Elements that a deployment or component diagram declares.
const ELEMENTS: &[&str] = &[
    "actor",
    "agent",
    "artifact",
    "boundary",
    "card",
    "circle",
    "cloud",
    "collections",
    "component",
    "container",
    "control",
    "database",
    "entity",
    "file",
    "folder",
    "frame",
    "hexagon",
    "interface",
    "label",
    "node",
    "package",
    "person",
    "process",
    "queue",
    "rectangle",
    "stack",
    "storage",
    "usecase",
    "object",
    "action",
    "portin",
    "portout",
    "port",
];

/// Lines that say how a diagram looks.
const LOOKS: &[&str] = &[
    "skinparam",
    "hide",
    "show",
    "remove",
    "restore",
    "scale",
    "title",
    "caption",
    "header",
    "footer",
    "left",
    "top",
    "right",
    "bottom",
    "page",
    "newpage",
    "allowmixing",
    "allow_mixing",
    "mainframe",
    "autonumber",
    "!theme",
    "!pragma",
    "!define",
    "!definelong",
    "!undef",
    "!$",
    "!if",
    "!ifdef",
    "!ifndef",
    "!else",
    "!elseif",
    "!endif",
    "!function",
    "!procedure",
    "!endfunction",
    "!endprocedure",
    "!return",
    "!unquoted",
    "!assert",
    "!log",
    "!import",
    "!startsub",
    "!endsub",
];

/// Lines of sequence, activity and state diagrams.
const OTHERS: &[&str] = &[
    "participant",
    "activate",
    "deactivate",
    "start",
    "stop",
    "state",
    "alt",
    "loop",
    "opt",
    "class",
    "enum",
    "clock",
    "robust",
    "concise",
    "swimlane",
    "autoactivate",
    "box",
];

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let text = head.text();
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(['\'', '/'])).unwrap_or_default();
    if first.starts_with("@startnwdiag")
        || after_word(first, "nwdiag").is_some_and(|rest| rest.trim_start().starts_with('{'))
    {
        return Match::Yes(95);
    }
    // Prose may stand around the diagram; PlantUML looks for the line.
    let start = text.find("@startuml").filter(|at| text[..*at].ends_with(['\n', ' ', '\u{feff}']) || *at == 0);
    let Some(start) = start else {
        return if first.starts_with("@start") {
            Match::Close("a PlantUML diagram of another kind than deployment, component or nwdiag")
        } else {
            Match::No
        };
    };
    let mut known = false;
    let mut other = false;
    for line in text[start..].lines().map(str::trim) {
        let word = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '!')).next().unwrap_or_default();
        known |= ELEMENTS.contains(&word) || word == "nwdiag" || line.starts_with('[') || macro_call(line).is_some();
        other |= OTHERS.contains(&word);
    }
    match (known, other) {
        (true, _) => Match::Yes(90),
        (false, true) => Match::Close("a PlantUML diagram of another kind than deployment, component or nwdiag"),
        (false, false) => Match::Close("a PlantUML diagram without elements of a deployment"),
    }
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Drawing {
    let mut sketch = Sketch::default();
    let text = sketch.text(bytes);
    let mut found = 0_usize;
    let starts: Vec<(u32, &str, &str)> = diagrams(&text);
    let several = starts.len() > 1;
    for (number, (line, kind, body)) in (1_usize..).zip(&starts) {
        let prefix = if several { format!("{number}/") } else { String::new() };
        let mut reader =
            Reader { prefix, groups: Vec::new(), aliases: BTreeMap::new(), last: None, sketch: &mut sketch };
        match *kind {
            "uml" | "" if body.trim_start().starts_with("nwdiag") || body.contains("\nnwdiag") => {
                reader.nwdiag(body, *line);
            }
            "uml" | "c4" => reader.deployment(body, *line),
            "nwdiag" | "" => reader.nwdiag(body, *line),
            kind => {
                let text = format!("a diagram of the kind {kind}: not read");
                reader.sketch.unknown("other-diagram", text, format!("line {line}"));
                continue;
            }
        }
        found += 1;
    }
    if found == 0 {
        sketch.broken("no-diagram", "the text has no deployment or network diagram", "");
    }
    sketch.finish()
}

/// Diagrams of a text: the line that each begins behind, its kind, and its lines. A bare `nwdiag` has no kind.
fn diagrams(text: &str) -> Vec<(u32, &str, &str)> {
    let mut all = Vec::new();
    let mut open: Option<(u32, &str, usize)> = None;
    let mut at = 0;
    for (number, line) in (1_u32..).zip(text.split_inclusive('\n')) {
        let start = at;
        at += line.len();
        let bare = line.trim_start_matches(['\u{feff}', ' ', '\t', '*', '/', '#', '\'']).trim_end();
        if let Some(kind) = bare.strip_prefix("@start") {
            let end = kind.find(|c: char| !c.is_alphanumeric()).unwrap_or(kind.len());
            open = Some((number + 1, &kind[..end], at));
        } else if bare.starts_with("@end")
            && let Some((line, kind, from)) = open.take()
        {
            all.push((line, kind, &text[from..start]));
        }
    }
    if let Some((line, kind, from)) = open {
        all.push((line, kind, &text[from..]));
    }
    if all.is_empty() && text.contains("nwdiag") {
        all.push((1, "", text));
    }
    all
}

/// `Name(alias, "label", …)`: a macro of a library.
fn macro_call(line: &str) -> Option<(&str, Vec<String>, &str)> {
    let end = line.find('(').filter(|end| *end > 0)?;
    let name = &line[..end];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic())
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    {
        return None;
    }
    let mut scan = Scan::new(&line[end + 1..], 1);
    let mut arguments = Vec::new();
    loop {
        scan.space();
        let argument = match scan.quoted('"') {
            Some(text) => text,
            None => scan.take(|c| !matches!(c, ',' | ')' | '"')).trim().to_owned(),
        };
        scan.take(|c| !matches!(c, ',' | ')'));
        // `$tags="x"` names an argument that is not counted by its place.
        if !argument.starts_with('$') {
            arguments.push(argument);
        }
        match scan.next() {
            Some(',') if arguments.len() < 20 => {}
            Some(')') => return Some((name, arguments, scan.rest())),
            _ => return None,
        }
    }
}

struct Reader<'r> {
    prefix: String,
    groups: Vec<Option<String>>,
    /// What stands in brackets or quotes → the id that it has.
    aliases: BTreeMap<String, String>,
    last: Option<String>,
    sketch: &'r mut Sketch,
}

struct Named {
    id: String,
    label: String,
    stereotype: String,
}

impl Reader<'_> {
    fn place(line: u32) -> String {
        format!("line {line}")
    }

    fn outer(&self) -> Option<String> {
        self.groups.iter().rev().find_map(Clone::clone)
    }

    fn open(&mut self, group: Option<String>, line: u32) {
        if self.groups.len() == NESTING_MAX {
            self.sketch.unknown("too-deep", "containers lie too deep in each other", Self::place(line));
        }
        self.groups.push(group.filter(|_| self.groups.len() < NESTING_MAX));
    }

    fn deployment(&mut self, body: &str, first: u32) {
        let mut scan = Scan::new(body, first);
        while !scan.done() {
            let line = scan.line();
            scan.blanks();
            if scan.eat("/'") {
                if scan.until("'/").is_none() {
                    self.sketch.broken("truncated", "a comment is not closed", Self::place(line));
                    break;
                }
                continue;
            }
            let text = scan.rest_of_line().trim();
            let word = text
                .split(|c: char| c.is_whitespace() || matches!(c, '(' | '{' | '"' | '<'))
                .next()
                .unwrap_or_default();
            if text.is_empty() || text.starts_with('\'') {
                continue;
            }
            if text.starts_with("!include") || text.starts_with("!theme ") {
                // Libraries of icons are included by address; a file of the author's may draw.
                if text.starts_with("!include") && !text.contains('<') && !text.contains("http") && !text.contains("C4")
                {
                    self.sketch.unknown("import", "another file is drawn here: not read", Self::place(line));
                }
                continue;
            }
            let note_line = matches!(word, "note" | "legend") || word == "hnote" || word == "rnote";
            if note_line {
                let single = word == "note" && (text.contains(" : ") || (text.contains('"') && text.contains(" as ")));
                if !single
                    && [format!("end {word}"), format!("end{word}")]
                        .iter()
                        .any(|end| scan.rest().contains(end.as_str()))
                {
                    skip_to_end(&mut scan, word);
                }
                continue;
            }
            if LOOKS.contains(&word) || LOOKS.iter().any(|look| look.starts_with('!') && text.starts_with(look)) {
                // A block of settings, or a text of several lines.
                if text.ends_with('{') {
                    scan.until("}");
                } else if matches!(word, "title" | "header" | "footer" | "legend") && text == word {
                    skip_to_end(&mut scan, word);
                }
                continue;
            }
            if text == "}" {
                if self.groups.pop().is_none() {
                    self.sketch.unknown("unknown-line", "a container is closed that is not open", Self::place(line));
                }
                continue;
            }
            if word == "together" && text.ends_with('{') {
                self.open(None, line);
                continue;
            }
            if !self.element(text, word, &mut scan, line)
                && !self.called(text, line)
                && !self.joined(text, line)
                && !self.short(text, line)
            {
                if text.ends_with('{') {
                    self.open(None, line);
                }
                let other = OTHERS.contains(&word);
                let shown: String = text.chars().take(80).collect();
                let reason = if other { "other-diagram" } else { "unknown-line" };
                self.sketch.unknown(reason, format!("not understood: {shown}"), Self::place(line));
            }
        }
        if !self.groups.is_empty() {
            self.sketch.broken("truncated", "the diagram ends within a container", scan.place());
        }
        self.groups.clear();
    }

    /// `database "Orders" as db <<class 1>> #red {`.
    fn element(&mut self, text: &str, word: &str, scan: &mut Scan<'_>, line: u32) -> bool {
        if !ELEMENTS.contains(&word) {
            return false;
        }
        let mut rest = text[word.len()..].trim();
        if rest.is_empty() || (find_arrow(rest).is_some() && !rest.starts_with('"')) {
            return false;
        }
        let container = rest.ends_with('{');
        rest = rest.trim_end_matches('{').trim_end();
        // A text in square brackets may go on over lines.
        let mut body = String::new();
        if let Some(at) = rest.find('[').filter(|at| !rest[..*at].contains('"') && *at > 0) {
            let inner = &rest[at + 1..];
            match inner.find(']') {
                Some(end) => inner[..end].clone_into(&mut body),
                None => body = format!("{inner}\n{}", scan.until("]").unwrap_or_default()),
            }
            if inner.find(']').is_none() {
                scan.rest_of_line();
            }
            rest = rest[..at].trim_end();
        }
        let mut named = self.named(rest);
        if !body.is_empty() {
            named.label = html_to_text(&body.replace("\\n", "\n"));
        }
        let id = self.declare(named, word, line);
        if container {
            self.open(Some(id), line);
        }
        true
    }

    fn declare(&mut self, named: Named, shape: &str, line: u32) -> String {
        let outer = self.outer();
        let id = named.id;
        if let Some(node) = self.sketch.mention(&id, &|| Self::place(line)) {
            node.label = named.label;
            shape.clone_into(&mut node.shape);
            node.within = outer.or(node.within.take()).filter(|outer| *outer != id);
            set(&mut node.properties, "stereotype", &named.stereotype);
        }
        self.last = Some(id.clone());
        id
    }

    /// `"label" as alias`, `alias as "label"`, `alias`, `[label] as alias`, with stereotypes and colours behind.
    fn named(&mut self, text: &str) -> Named {
        let mut stereotypes = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("<<") {
            plain.push_str(before);
            let (inner, after) = after.split_once(">>").unwrap_or((after, ""));
            stereotypes.push(inner.trim().to_owned());
            rest = after;
        }
        plain.push_str(rest);
        let colour = plain.rfind(" #").filter(|at| !plain[*at..].contains('"'));
        let plain = colour.map_or(plain.as_str(), |at| &plain[..at]);
        let plain = plain.split(" [[").next().unwrap_or_default();
        let plain = plain.trim().trim_end_matches('$').trim();
        let (name, alias) = split_as(plain);
        let (label, alias) = match (alias, is_quoted(name)) {
            (Some(alias), false) if is_quoted(alias) => (alias, name),
            (Some(alias), _) => (name, alias),
            (None, _) => (name, name),
        };
        let label = clean(label);
        let id = format!("{}{}", self.prefix, clean(alias));
        self.aliases.insert(label.clone(), id.clone());
        Named { id, label, stereotype: stereotypes.join(", ") }
    }

    /// `[component] as x`, `(use case)`, `:actor:`, `() "interface" as i`.
    fn short(&mut self, text: &str, line: u32) -> bool {
        let container = text.ends_with('{');
        let text = text.trim_end_matches('{').trim();
        let (shape, rest) = if let Some(name) = text.strip_prefix("()") {
            ("interface", name.trim())
        } else if text.starts_with('[') && text.contains(']') {
            ("component", text)
        } else if text.starts_with('(') && text.contains(')') {
            ("usecase", text)
        } else if text.starts_with(':') && text.len() > 2 && text[1..].contains(':') {
            ("actor", text)
        } else {
            return false;
        };
        let named = self.named(rest);
        let id = self.declare(named, shape, line);
        if container {
            self.open(Some(id), line);
        }
        true
    }

    /// Macros: `Rel(a, b, "label")` links, `…Boundary(a, "label") {` contains, others are elements.
    fn called(&mut self, text: &str, line: u32) -> bool {
        let Some((name, arguments, rest)) = macro_call(text) else { return false };
        let container = rest.trim_start().starts_with('{');
        if !rest.trim().is_empty() && !container {
            return false;
        }
        let argument = |at: usize| arguments.get(at).cloned().unwrap_or_default();
        if name.starts_with("Rel") || name.starts_with("BiRel") {
            // `RelIndex` counts first.
            let from = usize::from(name.starts_with("RelIndex"));
            let ends = (self.end(&argument(from), line), self.end(&argument(from + 1), line));
            let directed = !name.starts_with("Bi");
            let (a, b) = if name.ends_with("_Back") { (ends.1, ends.0) } else { ends };
            let mut drawn = link(&a, &b, &clean(&argument(from + 2)), directed, Self::place(line));
            set(&mut drawn.properties, "technology", &argument(from + 3));
            self.sketch.connect(drawn);
            return true;
        }
        let layout =
            ["Lay_", "LAYOUT_", "SHOW_", "HIDE_", "Update", "Add", "Set", "SetProperty", "WithoutPropertyHeader"];
        if layout.iter().any(|start| name.starts_with(start)) {
            return true;
        }
        if arguments.is_empty() || argument(0).is_empty() {
            return false;
        }
        let label = if argument(1).is_empty() { argument(0) } else { argument(1) };
        let named =
            Named { id: format!("{}{}", self.prefix, argument(0)), label: clean(&label), stereotype: String::new() };
        let id = self.declare(named, name, line);
        if let Some(node) = self.sketch.get(&id) {
            set(&mut node.properties, "technology", &argument(2));
            set(&mut node.properties, "description", &argument(3));
        }
        if container {
            self.open(Some(id), line);
        }
        true
    }

    /// `a "1" --> "n" b : label`.
    fn joined(&mut self, text: &str, line: u32) -> bool {
        let Some(arrow) = find_arrow(text) else { return false };
        let (left, right) = (text[..arrow.start].trim(), text[arrow.end..].trim());
        let (right, label) = split_label(right);
        let (left, from_mark) = multiplicity(left, false);
        let (right, to_mark) = multiplicity(right, true);
        if left.is_empty() || right.is_empty() {
            return false;
        }
        let (from, to) = (self.end(left, line), self.end(right, line));
        let (from, to) = if arrow.left && !arrow.right { (to, from) } else { (from, to) };
        let mut drawn = link(&from, &to, &clean(label), arrow.left != arrow.right, Self::place(line));
        let swapped = arrow.left && !arrow.right;
        for (name, mark) in [("from", from_mark), ("to", to_mark)] {
            let name = if swapped { if name == "from" { "to" } else { "from" } } else { name };
            set(&mut drawn.properties, name, mark);
        }
        set(&mut drawn.properties, "line", arrow.line);
        self.sketch.connect(drawn);
        true
    }

    /// The node that an end of a link means; made where it is not declared.
    fn end(&mut self, text: &str, line: u32) -> String {
        let text = text.trim();
        let shape = match text.chars().next() {
            Some('[') => "component",
            Some('(') => "usecase",
            Some(':') => "actor",
            _ => "",
        };
        // An element may be declared where it is linked: `node "x" as y`.
        let name = clean(text);
        let id = self.aliases.get(&name).cloned().unwrap_or_else(|| format!("{}{name}", self.prefix));
        let outer = self.outer();
        if !self.sketch.has(&id)
            && let Some(node) = self.sketch.mention(&id, &|| Self::place(line))
        {
            node.label = name;
            shape.clone_into(&mut node.shape);
            node.within = outer;
        }
        id
    }

    /// `nwdiag { network dmz { address = "…"; web [address = "…"]; } group { web; } a -- b; }`.
    fn nwdiag(&mut self, body: &str, first: u32) {
        let mut scan = Scan::new(body, first);
        // What each open bracket is: the diagram, a network, or a group.
        let mut frames: Vec<Frame> = Vec::new();
        loop {
            scan.take(|c| c.is_whitespace() || c == ';' || c == ',');
            let line = scan.line();
            if scan.done() {
                break;
            }
            if scan.eat("//") || scan.eat("#") || scan.eat("'") {
                scan.rest_of_line();
            } else if scan.eat("/*") {
                if scan.until("*/").is_none() {
                    break;
                }
            } else if scan.eat("}") {
                if frames.pop().is_none() {
                    self.sketch.unknown("unknown-line", "a bracket is closed that is not open", Self::place(line));
                }
            } else if scan.eat("{") {
                frames.push(Frame::Diagram);
            } else {
                self.network_statement(&mut scan, &mut frames, line);
            }
        }
        if !frames.is_empty() {
            self.sketch.broken("truncated", "the diagram ends within a network", scan.place());
        }
    }

    fn network_statement(&mut self, scan: &mut Scan<'_>, frames: &mut Vec<Frame>, line: u32) {
        let Some(word) = name(scan) else {
            let rest: String = scan.rest_of_line().chars().take(80).collect();
            return self.sketch.unknown("unknown-line", format!("not understood: {rest}"), Self::place(line));
        };
        let before = scan.clone();
        scan.space();
        if matches!(word.as_str(), "nwdiag" | "network" | "group" | "internal" | "packetdiag" | "rackdiag") {
            let named = name(scan);
            scan.space();
            if scan.eat("{") {
                let frame = match word.as_str() {
                    "network" | "internal" => Frame::Network(self.network(named, line)),
                    "group" => Frame::Group(self.group(named, line)),
                    _ => Frame::Diagram,
                };
                if frames.len() >= NESTING_MAX {
                    self.sketch.unknown("too-deep", "networks lie too deep in each other", Self::place(line));
                }
                frames.push(frame);
                return;
            }
            *scan = before.clone();
            scan.space();
        }
        if scan.eat("=") {
            scan.space();
            let value =
                scan.quoted('"').unwrap_or_else(|| scan.take(|c| !matches!(c, ';' | '\n' | '}')).trim().to_owned());
            return self.network_property(frames.last(), &word, &value);
        }
        // `a -- b -- c`, or one node.
        let mut chain = vec![word];
        while scan.eat("--") || scan.eat("->") {
            scan.space();
            match name(scan) {
                Some(next) if chain.len() < 1_000 => chain.push(next),
                _ => break,
            }
            scan.space();
        }
        let properties = if scan.eat("[") { list(scan) } else { BTreeMap::new() };
        if chain.len() == 1 && properties.is_empty() {
            *scan = before;
        }
        if chain.len() == 2 && chain[0] == "peer" {
            chain.remove(0);
        }
        let ids: Vec<String> = chain.iter().map(|name| self.host(name, line)).collect();
        if let [id] = ids.as_slice() {
            self.member(id, frames.last(), properties.clone(), line);
        }
        for pair in ids.windows(2) {
            let mut drawn = link(&pair[0], &pair[1], "", false, Self::place(line));
            for (name, value) in &properties {
                set(&mut drawn.properties, name, value);
            }
            self.sketch.connect(drawn);
        }
    }

    fn network(&mut self, named: Option<String>, line: u32) -> String {
        let name = named.unwrap_or_else(|| Self::place(line));
        let id = format!("{}network {name}", self.prefix);
        if let Some(node) = self.sketch.mention(&id, &|| Self::place(line)) {
            node.label = name;
            "network".clone_into(&mut node.shape);
        }
        id
    }

    fn group(&mut self, named: Option<String>, line: u32) -> String {
        let name = named.unwrap_or_else(|| Self::place(line));
        let id = format!("{}group {name}", self.prefix);
        if let Some(node) = self.sketch.mention(&id, &|| Self::place(line)) {
            node.label = name;
            "group".clone_into(&mut node.shape);
        }
        id
    }

    fn host(&mut self, name: &str, line: u32) -> String {
        let id = format!("{}{name}", self.prefix);
        if !self.sketch.has(&id)
            && let Some(node) = self.sketch.mention(&id, &|| Self::place(line))
        {
            name.clone_into(&mut node.label);
        }
        id
    }

    fn network_property(&mut self, frame: Option<&Frame>, key: &str, value: &str) {
        let (Some(Frame::Network(id) | Frame::Group(id)), false) = (frame, key == "color") else { return };
        if let Some(node) = self.sketch.get(id) {
            if matches!(key, "description" | "label") && !value.is_empty() {
                node.label = html_to_text(value);
            } else {
                set(&mut node.properties, key, value);
            }
        }
    }

    /// A host in a network is joined to it, one in a group lies in it.
    fn member(&mut self, id: &str, frame: Option<&Frame>, properties: BTreeMap<String, String>, line: u32) {
        let address = properties.get("address").cloned().unwrap_or_default();
        let network = matches!(frame, Some(Frame::Network(_)));
        if let Some(node) = self.sketch.get(id) {
            for (name, value) in properties {
                match name.as_str() {
                    "shape" => node.shape = value,
                    "description" | "label" => node.label = html_to_text(&value),
                    "address" if !node.properties.contains_key("address") => set(&mut node.properties, &name, &value),
                    "address" => {
                        let all = format!("{}, {value}", node.properties["address"]);
                        set(&mut node.properties, "address", &all);
                    }
                    "color" => {}
                    _ => set(&mut node.properties, &name, &value),
                }
            }
            if let Some(Frame::Group(group)) = frame {
                node.within = Some(group.clone());
            }
        }
        if let (true, Some(Frame::Network(to))) = (network, frame) {
            let mut drawn = link(id, to, "", false, Self::place(line));
            set(&mut drawn.properties, "address", &address);
            self.sketch.connect(drawn);
        }
    }
}

enum Frame {
    Diagram,
    Network(String),
    Group(String),
}

/// A word, or a text in quotes.
fn name(scan: &mut Scan<'_>) -> Option<String> {
    if scan.peek() == Some('"') {
        return scan.quoted('"');
    }
    let rest = scan.rest();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ':' | '@');
    let mut end = rest.find(|c| !fits(c)).unwrap_or(rest.len());
    // An arrow is no part of a word.
    end = ["--", "->"].iter().filter_map(|arrow| rest[..end].find(arrow)).min().unwrap_or(end);
    if end > 0 && rest[..end].ends_with('-') && rest[end..].starts_with('>') {
        end -= 1;
    }
    scan.skip(end);
    (end > 0).then(|| rest[..end].to_owned())
}

/// `address = "…", shape = cloud]`.
fn list(scan: &mut Scan<'_>) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::new();
    loop {
        scan.take(|c| c.is_whitespace() || matches!(c, ',' | ';'));
        if scan.eat("]") || scan.done() {
            return properties;
        }
        let key = scan.take(|c| !matches!(c, '=' | ',' | ']' | '\n')).trim().to_owned();
        let mut value = String::new();
        if scan.eat("=") {
            scan.blanks();
            value = scan.quoted('"').unwrap_or_else(|| scan.take(|c| !matches!(c, ',' | ']' | '\n')).trim().to_owned());
        } else if key.is_empty() {
            scan.next();
        }
        if !key.is_empty() {
            properties.insert(key, value);
        }
    }
}

/// Goes behind `end note`, `endlegend` and the like.
fn skip_to_end(scan: &mut Scan<'_>, word: &str) {
    while !scan.done() {
        let line = scan.rest_of_line().trim();
        if line
            .strip_prefix("end")
            .is_some_and(|rest| rest.trim() == word || (word.ends_with("note") && rest.trim() == "note"))
        {
            return;
        }
    }
}

struct Arrow {
    start: usize,
    end: usize,
    left: bool,
    right: bool,
    line: &'static str,
}

/// The first arrow outside of quotes and brackets: heads, a line of `-`, `.`, `=` or `~` with a direction or style in it.
fn find_arrow(text: &str) -> Option<Arrow> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut close: Option<u8> = None;
    while at < bytes.len() {
        let byte = bytes[at];
        if let Some(wanted) = close {
            close = close.filter(|_| byte != wanted);
            at += 1;
            continue;
        }
        match byte {
            b'"' => close = Some(b'"'),
            b'[' if !bytes[..at].ends_with(b"-") => close = Some(b']'),
            b'(' if bytes.get(at + 1) != Some(&b')') && !bytes[..at].ends_with(b"-") => close = Some(b')'),
            b'-' | b'.' | b'=' | b'~' => {
                if let Some(arrow) = arrow_at(bytes, at) {
                    return Some(arrow);
                }
                while bytes.get(at + 1) == Some(&byte) {
                    at += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// An arrow whose line begins at a byte.
fn arrow_at(bytes: &[u8], line: usize) -> Option<Arrow> {
    const HEADS: &[u8] = b"<>|*o#x^+0@()}{";
    let blank = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_none_or(u8::is_ascii_whitespace);
    let closing = |at: usize| {
        at.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(|byte| matches!(byte, b']' | b'"' | b')' | b':'))
    };
    let mut start = line;
    while start > 0 && HEADS.contains(&bytes[start - 1]) && !matches!(bytes[start - 1], b')' | b']') {
        start -= 1;
    }
    // Letters that may be heads belong to a name unless they stand alone.
    if start < line && !blank(start.checked_sub(1)) && !closing(start) {
        start = (start..line).rev().take_while(|at| !bytes[*at].is_ascii_alphanumeric()).last().unwrap_or(line);
    }
    let stroke = bytes[line];
    let mut end = line;
    let mut length = 0;
    while let Some(byte) = bytes.get(end) {
        if *byte == stroke {
            length += 1;
            end += 1;
        } else if *byte == b'[' && length > 0 {
            // Colours and styles.
            end += bytes[end..].iter().position(|byte| *byte == b']')? + 1;
        } else if length > 0 && byte.is_ascii_alphabetic() {
            let word = bytes[end..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            let known: &[&[u8]] =
                &[b"left", b"right", b"up", b"down", b"le", b"ri", b"do", b"l", b"r", b"u", b"d", b"hidden"];
            if known.contains(&&bytes[end..end + word]) && bytes.get(end + word) == Some(&stroke) {
                end += word;
            } else {
                break;
            }
        } else {
            break;
        }
    }
    let heads_end = end;
    while end < bytes.len() && HEADS.contains(&bytes[end]) && !matches!(bytes[end], b'(' | b'{') {
        if bytes[end].is_ascii_alphanumeric() && !blank(Some(end + 1)) {
            break;
        }
        end += 1;
    }
    let left = bytes[start..line].contains(&b'<');
    let right = bytes[heads_end..end].contains(&b'>');
    let spaced = blank(start.checked_sub(1)) || closing(start);
    // One stroke without a head may be part of a name.
    if length == 0 || (length == 1 && !left && !right && !spaced) || (stroke != b'-' && length == 1 && !left && !right)
    {
        return None;
    }
    if length == 1 && !spaced && !left && !right {
        return None;
    }
    let kind = match stroke {
        b'.' => "dotted",
        b'=' => "thick",
        b'~' => "dashed",
        _ => "",
    };
    Some(Arrow { start, end, left, right, line: kind })
}

/// `b : label`; a colon within `:actor:` or an address is no label's.
fn split_label(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        let actor = text.starts_with(':') && text[1..].find(':').is_some_and(|end| at <= end + 1);
        if c == ':' && !quoted && !actor && at > 0 {
            let after = text[at + 1..].chars().next();
            if last.is_whitespace() || after.is_none_or(char::is_whitespace) {
                return (text[..at].trim(), text[at + 1..].trim());
            }
        }
        last = c;
    }
    (text, "")
}

/// The mark at an end: `a "1"` on the left, `"n" b` on the right.
fn multiplicity(text: &str, first: bool) -> (&str, &str) {
    if first {
        if let Some((mark, rest)) = text.strip_prefix('"').and_then(|rest| rest.split_once('"'))
            && !rest.trim().is_empty()
        {
            return (rest.trim(), mark);
        }
    } else if let Some((rest, mark)) = text.strip_suffix('"').and_then(|rest| rest.rsplit_once('"'))
        && !rest.trim().is_empty()
    {
        return (rest.trim(), mark);
    }
    (text, "")
}

/// `x as y`, outside of quotes.
fn split_as(text: &str) -> (&str, Option<&str>) {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        if !quoted && text[at..].starts_with(" as ") {
            return (text[..at].trim(), Some(text[at + 4..].trim()));
        }
    }
    (text, None)
}

fn is_quoted(text: &str) -> bool {
    text.starts_with('"') || text.starts_with('[') || text.starts_with('(') || text.starts_with(':')
}

/// A name or label without what stands around it.
fn clean(text: &str) -> String {
    let text = text.trim();
    let inner = [('"', '"'), ('[', ']'), ('(', ')'), (':', ':')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    html_to_text(&inner.unwrap_or(text).trim().replace("\\n", "\n"))
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
    fn deployments() {
        let text = "@startuml\ntitle Net\nskinparam node {\n x y\n}\n' comment\ncloud Internet\nnode \"FW 1\" as fw-1 <<class 1>> #red\n\
            frame dmz {\n [web] as w\n database \"Orders\\nDB\" as db\n}\nInternet --> fw-1 : 443/tcp\nfw-1 -[#blue]-> w\nw <.. db\n\
            db \"1\" -right- \"n\" [cache] : x\nfw-1 <--> dmz\nrectangle r [\nlong\ntext\n]\nnote left of w\n a --> b\nend note\n() \"API\" as api\n\
            api -- w\nw ~~ r\nA->B\nwhat is this\n@enduml\n";
        let (nodes, links, notes) = shown(text);
        assert_eq!(links, ["Internet>fw-1 443/tcp", "fw-1>w", "db>w", "db-cache x", "fw-1-dmz", "api-w", "w-r", "A>B"]);
        assert_eq!(
            nodes,
            [
                "Internet Internet [cloud] -",
                "fw-1 FW 1 [node] -",
                "dmz dmz [frame] -",
                "w web [component] dmz",
                "db Orders\nDB [database] dmz",
                "cache cache [component] -",
                "r long\ntext [rectangle] -",
                "api API [interface] -",
                "A A [] -",
                "B B [] -",
            ]
        );
        assert_eq!(notes, ["unknown-line line 29"]);
        assert_eq!(sniff(&Head::new(text.as_bytes(), "a", text.len() as u64)), Match::Yes(90));
    }

    #[test]
    fn macros() {
        let text = "@startuml\n!include <C4/C4_Container>\nSystem_Boundary(b, \"Bank\") {\n ContainerDb(db, \"DB\", \"Oracle\", \"Orders, all\")\n}\n\
            Person(p, \"Client\")\nRel(p, db, \"reads\", \"JDBC\")\nBiRel(p, b, \"x\", $tags=\"y\")\nLayout()\n@enduml";
        let (nodes, links, _) = shown(text);
        assert_eq!(nodes, ["b Bank [System_Boundary] -", "db DB [ContainerDb] b", "p Client [Person] -"]);
        assert_eq!(links, ["p>db reads", "p-b x"]);
    }

    #[test]
    fn networks() {
        let text = "@startuml\nnwdiag {\n  inet [shape = cloud];\n  inet -- router;\n  network dmz {\n    address = \"210.0.0.0/24\"\n    router [address = \"210.0.0.1\"];\n\
            web01 [address = \"210.0.0.2\", description = \"Web\"];\n  }\n  network internal {\n web01 [address = \"172.0.0.1\"];\n db01;\n }\n group g { web01; db01; }\n}\n@enduml";
        let (nodes, links, notes) = shown(text);
        assert_eq!(
            nodes,
            [
                "inet inet [cloud] -",
                "router router [] -",
                "network dmz dmz [network] -",
                "web01 Web [] group g",
                "network internal internal [network] -",
                "db01 db01 [] group g",
                "group g g [group] -",
            ]
        );
        assert_eq!(
            links,
            [
                "inet-router",
                "router-network dmz",
                "web01-network dmz",
                "web01-network internal",
                "db01-network internal"
            ]
        );
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(read(text.as_bytes()).nodes[3].properties["address"], "210.0.0.2, 172.0.0.1");
    }

    #[test]
    fn other_diagrams_and_damage() {
        let sniffed = |text: &str| sniff(&Head::new(text.as_bytes(), "a", text.len() as u64));
        assert!(matches!(sniffed("@startuml\nAlice -> Bob: hi\nparticipant X\n@enduml"), Match::Close(_)));
        assert!(matches!(sniffed("@startmindmap\n* a\n@endmindmap"), Match::Close(_)));
        assert_eq!(sniffed("nwdiag {\n}"), Match::Yes(95));
        assert_eq!(sniffed("text"), Match::No);
        for text in ["@startuml\nnode a {\n", "@startmindmap\n* a\n", "nwdiag { network x {", "@startuml\n}\n@enduml"] {
            assert!(!shown(text).2.is_empty(), "{text}");
        }
    }
}
