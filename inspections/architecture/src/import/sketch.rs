//! What importers draw on: nodes, links and notes, within limits. A sketch becomes a [`Drawing`] whose links end at
//! nodes and whose containers are nodes that do not contain themselves; what does not hold is noted.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_inspect::DecodedText;
use secdiag_model::{Note, NoteKind};

use crate::drawing::{Drawing, Link, Node};

/// Nodes of one file; more are counted.
const NODES_MAX: usize = 200_000;

/// Links of one file; more are counted.
const LINKS_MAX: usize = 400_000;

/// Notes of one file, before the rest is summed up.
const NOTES_MAX: usize = 500;

/// Longest text that a node or link keeps, in bytes.
const TEXT_MAX: usize = 2_000;

/// A drawing while it is read.
#[derive(Default)]
pub(crate) struct Sketch {
    nodes: Vec<Node>,
    links: Vec<Link>,
    by_id: BTreeMap<String, usize>,
    notes: Vec<Note>,
    /// Reason → how many notes of it were left out, with their kind.
    more: BTreeMap<String, (NoteKind, u64)>,
    beyond: (u64, u64),
}

/// A node without container and properties.
pub(crate) fn node(id: &str, label: &str, shape: &str, place: impl Into<String>) -> Node {
    Node {
        id: id.to_owned(),
        label: label.to_owned(),
        shape: shape.to_owned(),
        within: None,
        properties: BTreeMap::new(),
        place: place.into(),
    }
}

/// A link without properties.
pub(crate) fn link(from: &str, to: &str, label: &str, directed: bool, place: impl Into<String>) -> Link {
    Link {
        from: from.to_owned(),
        to: to.to_owned(),
        label: label.to_owned(),
        directed,
        properties: BTreeMap::new(),
        place: place.into(),
    }
}

impl Sketch {
    /// The file's text, in whatever encoding; assumptions and losses are noted.
    pub(crate) fn text(&mut self, bytes: &[u8]) -> String {
        let decoded = DecodedText::decode(bytes);
        if decoded.replaced > 0 {
            let text = "bytes that are no text in the file's encoding were replaced";
            self.notes.push(Note::new(NoteKind::NotUnderstood, "encoding", text).times(decoded.replaced));
        } else if decoded.encoding == "Big5" {
            let text = "the text is no UTF-8: read as Big5";
            self.notes.push(Note::new(NoteKind::Assumed, "encoding", text));
        }
        decoded.text
    }

    /// A note with its place; beyond [`NOTES_MAX`] notes are counted by their reason.
    pub(crate) fn note(&mut self, kind: NoteKind, reason: &str, text: impl Into<String>, place: impl Into<String>) {
        if self.notes.len() >= NOTES_MAX {
            self.more.entry(reason.to_owned()).or_insert((kind, 0)).1 += 1;
            return;
        }
        let place: String = place.into();
        let note = Note::new(kind, reason, cut(text.into()));
        self.notes.push(if place.is_empty() { note } else { note.at(cut(place)) });
    }

    /// Something that was not understood.
    pub(crate) fn unknown(&mut self, reason: &str, text: impl Into<String>, place: impl Into<String>) {
        self.note(NoteKind::NotUnderstood, reason, text, place);
    }

    /// Something that had to be assumed.
    pub(crate) fn assumed(&mut self, reason: &str, text: impl Into<String>, place: impl Into<String>) {
        self.note(NoteKind::Assumed, reason, text, place);
    }

    /// The file is damaged here.
    pub(crate) fn broken(&mut self, reason: &str, text: impl Into<String>, place: impl Into<String>) {
        self.note(NoteKind::Broken, reason, text, place);
    }

    /// Notes that another reader made.
    pub(crate) fn take_notes(&mut self, notes: impl IntoIterator<Item = Note>) {
        for note in notes {
            if self.notes.len() >= NOTES_MAX {
                self.more.entry(note.reason.clone()).or_insert((note.kind, 0)).1 += note.count;
            } else {
                self.notes.push(note);
            }
        }
    }

    /// Adds a node. One whose id is taken is noted and its properties go to the first.
    pub(crate) fn add(&mut self, mut node: Node) {
        if let Some(first) = self.by_id.get(&node.id).and_then(|at| self.nodes.get_mut(*at)) {
            for (name, value) in std::mem::take(&mut node.properties) {
                first.properties.entry(name).or_insert(value);
            }
            let text = format!("the id {} stands a second time: taken as one", node.id);
            return self.unknown("id-twice", text, node.place);
        }
        if self.nodes.len() >= NODES_MAX {
            self.beyond.0 += 1;
            return;
        }
        self.by_id.insert(node.id.clone(), self.nodes.len());
        self.nodes.push(node);
    }

    /// The node of this id, made on its first mention; nothing beyond the limit.
    pub(crate) fn mention(&mut self, id: &str, place: &dyn Fn() -> String) -> Option<&mut Node> {
        if !self.by_id.contains_key(id) {
            self.add(node(id, id, "", place()));
        }
        self.get(id)
    }

    pub(crate) fn get(&mut self, id: &str) -> Option<&mut Node> {
        self.by_id.get(id).and_then(|at| self.nodes.get_mut(*at))
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// Adds a link; whether its ends are nodes is seen when all are read.
    pub(crate) fn connect(&mut self, link: Link) {
        if self.links.len() >= LINKS_MAX {
            self.beyond.1 += 1;
        } else {
            self.links.push(link);
        }
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The drawing, with every promise of it kept.
    pub(crate) fn finish(mut self) -> Drawing {
        self.tidy_containers();
        self.tidy_links();
        for (what, count, most) in [("nodes", self.beyond.0, NODES_MAX), ("links", self.beyond.1, LINKS_MAX)] {
            if count > 0 {
                let text = format!("only the first {most} {what} were read");
                self.notes.push(Note::new(NoteKind::NotUnderstood, "too-many", text).times(count));
            }
        }
        for (reason, (kind, count)) in std::mem::take(&mut self.more) {
            let text = format!("further notes with the reason {reason} were left out");
            self.notes.push(Note::new(kind, &reason, text).times(count));
        }
        for node in &mut self.nodes {
            node.label = cut(std::mem::take(&mut node.label));
            node.shape = cut(std::mem::take(&mut node.shape));
            node.properties.values_mut().for_each(|value| *value = cut(std::mem::take(value)));
        }
        for link in &mut self.links {
            link.label = cut(std::mem::take(&mut link.label));
            link.properties.values_mut().for_each(|value| *value = cut(std::mem::take(value)));
        }
        Drawing { nodes: self.nodes, links: self.links, notes: self.notes }
    }

    /// Containers that are no nodes or lie in themselves contain nothing.
    fn tidy_containers(&mut self) {
        let mut told = Vec::new();
        let mut outer: Vec<Option<usize>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let at = node.within.as_ref().and_then(|id| self.by_id.get(id)).copied();
            if let (Some(id), None) = (&node.within, at) {
                told.push((
                    "no-such-container",
                    format!("{} lies in {id}, which is not there", node.id),
                    node.place.clone(),
                ));
            }
            outer.push(at);
        }
        // 0: not seen, 1: on the way, 2: done.
        let mut state = vec![0_u8; outer.len()];
        for start in 0..outer.len() {
            let mut way = Vec::new();
            let mut next = Some(start);
            while let Some(at) = next.filter(|at| state[*at] == 0) {
                state[at] = 1;
                way.push(at);
                next = outer[at];
            }
            if let (Some(at), Some(last)) = (next.filter(|at| state[*at] == 1), way.last()) {
                let text = format!("{} contains itself", self.nodes[at].id);
                told.push(("container-cycle", text, self.nodes[*last].place.clone()));
                outer[*last] = None;
            }
            for at in way {
                state[at] = 2;
            }
        }
        for (at, outer) in outer.iter().enumerate() {
            if outer.is_none() {
                self.nodes[at].within = None;
            }
        }
        for (reason, text, place) in told {
            self.unknown(reason, text, place);
        }
    }

    /// A link whose end is no node is no link.
    fn tidy_links(&mut self) {
        let (kept, lost): (Vec<Link>, Vec<Link>) = std::mem::take(&mut self.links)
            .into_iter()
            .partition(|link| self.by_id.contains_key(&link.from) && self.by_id.contains_key(&link.to));
        self.links = kept;
        for link in lost {
            let missing: BTreeSet<&str> =
                [link.from.as_str(), link.to.as_str()].into_iter().filter(|id| !self.by_id.contains_key(*id)).collect();
            let missing = missing.into_iter().collect::<Vec<_>>().join(", ");
            let text = format!("a link ends at {missing}, which is not there");
            self.unknown("link-to-nothing", text, link.place);
        }
    }
}

fn cut(mut text: String) -> String {
    if text.len() > TEXT_MAX {
        let end = (0..=TEXT_MAX).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// A property where there is something to say.
pub(crate) fn set(properties: &mut BTreeMap<String, String>, name: &str, value: &str) {
    let value = value.trim();
    if !value.is_empty() && !is_secret(name) {
        properties.insert(name.to_owned(), value.to_owned());
    }
}

/// Properties that may hold what nobody should read in a report.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["password", "passwd", "secret", "token", "passphrase", "psk", "community", "private_key", "密碼"]
        .iter()
        .any(|word| name.contains(word))
}

/// HTML reduced to its text: tags go, breaks and blocks become line ends, entities their characters.
pub(crate) fn html_to_text(html: &str) -> String {
    const BREAKS: &[&str] =
        &["br", "p", "div", "li", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr"];
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let tag = &rest[at + 1..];
        let starts_tag = tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        let Some(end) = tag.find('>').filter(|_| starts_tag) else {
            text.push('<');
            rest = tag;
            continue;
        };
        let name = tag[..end]
            .trim_start_matches('/')
            .split([' ', '/', '\t', '\n'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        rest = &tag[end + 1..];
        if BREAKS.contains(&name.as_str()) {
            text.push('\n');
        } else if name == "td" || name == "th" {
            text.push(' ');
        } else if matches!(name.as_str(), "style" | "script") && !tag.starts_with('/') {
            let close = format!("</{name}");
            let lower = rest.to_ascii_lowercase();
            rest = lower.find(&close).map_or("", |at| &rest[at..]);
        }
    }
    text.push_str(rest);
    squeeze(&entities(&text))
}

/// Entities of HTML that drawing programs write, and character references.
pub(crate) fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let end = tail.bytes().take(10).position(|byte| byte == b';');
        if let Some((c, end)) = end.and_then(|end| Some((entity(&tail[..end])?, end))) {
            out.push(c);
            rest = &tail[end + 1..];
        } else {
            out.push('&');
            rest = tail;
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "ndash" => Some('–'),
        "mdash" => Some('—'),
        "middot" => Some('·'),
        "rarr" => Some('→'),
        "larr" => Some('←'),
        "harr" => Some('↔'),
        _ => match name.strip_prefix(['#']) {
            Some(digits) => match digits.strip_prefix(['x', 'X']) {
                Some(hex) => number(hex, 16),
                None => number(digits, 10),
            },
            None => None,
        },
    }
}

/// Lines without space around and within, and without empty lines.
pub(crate) fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let mut words = line.split_whitespace().peekable();
        if words.peek().is_some() && !out.is_empty() {
            out.push('\n');
        }
        let mut first = true;
        for word in words {
            if !std::mem::take(&mut first) {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_its_lines() {
        assert_eq!(
            html_to_text("<b>FW&nbsp;1</b><br/>10.0.0.1<div>a &lt; b</div><style>x{}</style>"),
            "FW 1\n10.0.0.1\na < b"
        );
        assert_eq!(html_to_text("a < b & c <"), "a < b & c <");
        assert_eq!(html_to_text("&#x41;&#66;&bogus; &"), "AB&bogus; &");
    }

    #[test]
    fn containers_and_links_are_promises() {
        let mut sketch = Sketch::default();
        for (id, within) in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "gone"), ("e", "a")] {
            sketch.add(Node { within: Some(within.to_owned()), ..node(id, id, "", "here") });
        }
        sketch.connect(link("a", "e", "", false, "here"));
        sketch.connect(link("a", "nobody", "", false, "there"));
        let drawing = sketch.finish();
        let within: Vec<_> = drawing.nodes.iter().map(|node| node.within.as_deref().unwrap_or("-")).collect();
        assert_eq!(within, ["b", "c", "-", "-", "a"]);
        assert_eq!(drawing.links.len(), 1);
        let reasons: Vec<_> = drawing.notes.iter().map(|note| note.reason.as_str()).collect();
        assert_eq!(reasons, ["no-such-container", "container-cycle", "link-to-nothing"]);
    }

    #[test]
    fn many_notes_are_summed_up() {
        let mut sketch = Sketch::default();
        (0..10_000).for_each(|at| sketch.unknown("x", "y", format!("line {at}")));
        let drawing = sketch.finish();
        assert_eq!(drawing.notes.len(), NOTES_MAX + 1);
        assert_eq!(drawing.notes.iter().map(|note| note.count).sum::<u64>(), 10_000);
    }
}
