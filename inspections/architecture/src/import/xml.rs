//! XML (1.0, W3C) as a tree, as far as it goes: depth and size are bounded, entities of the document's own are refused,
//! and a document that breaks off keeps what stood before.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::sketch::Sketch;

/// Nesting that is followed.
const DEPTH_MAX: usize = 200;

/// Elements and texts of one document.
const ELEMENTS_MAX: usize = 3_000_000;

/// A document.
pub(crate) struct Tree {
    elements: Vec<Element>,
}

struct Element {
    /// Empty for a text.
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<usize>,
    line: u32,
}

/// An element of a tree.
#[derive(Clone, Copy)]
pub(crate) struct At<'t> {
    tree: &'t Tree,
    at: usize,
}

impl Tree {
    /// The document's element.
    pub(crate) fn root(&self) -> Option<At<'_>> {
        self.elements.iter().position(|element| !element.name.is_empty()).map(|at| At { tree: self, at })
    }

    /// All elements in the order of the document.
    pub(crate) fn all(&self) -> impl Iterator<Item = At<'_>> {
        (0..self.elements.len()).map(|at| At { tree: self, at }).filter(|at| !at.name().is_empty())
    }
}

impl<'t> At<'t> {
    fn element(self) -> &'t Element {
        &self.tree.elements[self.at]
    }

    /// Name without prefix.
    pub(crate) fn name(self) -> &'t str {
        &self.element().name
    }

    /// Its place among the elements of the document.
    pub(crate) const fn number(self) -> usize {
        self.at
    }

    /// Line, counted from 1.
    pub(crate) fn line(self) -> u32 {
        self.element().line
    }

    /// Attributes with their names as written.
    pub(crate) fn attributes(self) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.element().attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Value of an attribute, with or without prefix; empty where there is none.
    pub(crate) fn get(self, name: &str) -> &'t str {
        self.find(name).unwrap_or_default()
    }

    /// The same, telling an empty one from none.
    pub(crate) fn find(self, name: &str) -> Option<&'t str> {
        let local = |key: &str| key.rsplit_once(':').is_some_and(|(_, local)| local == name);
        let attributes = &self.element().attributes;
        let found = attributes.iter().find(|(key, _)| key == name);
        found.or_else(|| attributes.iter().find(|(key, _)| local(key))).map(|(_, value)| value.as_str())
    }

    /// Elements in it.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        let tree = self.tree;
        self.element().children.iter().map(move |at| Self { tree, at: *at }).filter(|at| !at.name().is_empty())
    }

    /// Elements of a name in it.
    pub(crate) fn each(self, name: &str) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.name() == name)
    }

    /// The first of them.
    pub(crate) fn child(self, name: &str) -> Option<Self> {
        self.children().find(|child| child.name() == name)
    }

    /// Everything below it, in the order of the document.
    #[cfg(test)]
    pub(crate) fn below(self) -> impl Iterator<Item = Self> {
        let mut next: Vec<Self> = Vec::new();
        let push = |next: &mut Vec<Self>, at: Self| {
            let from = next.len();
            next.extend(at.element().children.iter().map(|child| Self { tree: at.tree, at: *child }));
            next[from..].reverse();
        };
        push(&mut next, self);
        std::iter::from_fn(move || {
            let at = next.pop()?;
            push(&mut next, at);
            Some(at)
        })
        .filter(|at| !at.name().is_empty())
    }

    /// Its own text and that of all elements in it.
    pub(crate) fn text(self) -> String {
        let mut text = String::new();
        let mut next = vec![self.at];
        while let Some(at) = next.pop() {
            let element = &self.tree.elements[at];
            text.push_str(&element.text);
            next.extend(element.children.iter().rev());
        }
        text
    }

    /// Its own text without that of elements in it.
    pub(crate) fn own_text(self) -> String {
        self.element().children.iter().map(|at| self.tree.elements[*at].text.as_str()).collect()
    }
}

/// Reads a document; nothing where it has no element or must not be read.
pub(crate) fn parse(text: &str, sketch: &mut Sketch) -> Option<Tree> {
    parse_at(text, "", sketch)
}

/// The same for a document inside another file, whose `place` stands before the lines.
pub(crate) fn parse_at(text: &str, place: &str, sketch: &mut Sketch) -> Option<Tree> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut lines = Lines { text, byte: 0, line: 1 };
    let mut tree = Tree { elements: Vec::new() };
    let mut open: Vec<usize> = Vec::new();
    let mut too_deep = 0_usize;
    let where_ = |line: u32| if place.is_empty() { format!("line {line}") } else { format!("{place} line {line}") };
    loop {
        let line = lines.at(reader.buffer_position());
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                sketch.broken("xml-broken", format!("the document breaks off: {error}"), where_(line));
                break;
            }
        };
        if tree.elements.len() >= ELEMENTS_MAX {
            let text = format!("only the first {ELEMENTS_MAX} elements were read");
            sketch.broken("xml-too-large", text, where_(line));
            break;
        }
        match event {
            Event::Start(start) if open.len() + too_deep < DEPTH_MAX => {
                let at = tree.push(&open, element(&start, line, &where_, sketch));
                open.push(at);
            }
            Event::Empty(start) if too_deep == 0 => {
                tree.push(&open, element(&start, line, &where_, sketch));
            }
            Event::Start(_) => {
                if too_deep == 0 {
                    let text = format!("elements lie more than {DEPTH_MAX} deep: not read");
                    sketch.broken("xml-too-deep", text, where_(line));
                }
                too_deep += 1;
            }
            Event::End(end) => {
                let name = end.local_name();
                let name: &str = name.as_ref();
                if too_deep > 0 {
                    too_deep -= 1;
                } else if let Some(at) = open.iter().rposition(|at| tree.elements[*at].name == name) {
                    if at + 1 < open.len() {
                        sketch.broken("xml-broken", "an element is not closed", where_(line));
                    }
                    open.truncate(at);
                } else {
                    sketch.broken("xml-broken", "an element is closed that is not open", where_(line));
                }
            }
            Event::Text(part) if too_deep == 0 => tree.add_text(&open, &part, line),
            Event::CData(part) if too_deep == 0 => tree.add_text(&open, &part, line),
            Event::GeneralRef(reference) if too_deep == 0 => match reference.resolve_char_ref() {
                Ok(Some(c)) => tree.add_text(&open, c.encode_utf8(&mut [0; 4]), line),
                _ => {
                    if let Some(text) = quick_xml::escape::resolve_predefined_entity(&reference) {
                        tree.add_text(&open, text, line);
                    } else {
                        let text = format!("the entity {} is not known: left out", &*reference);
                        sketch.unknown("xml-entity", text, where_(line));
                    }
                }
            },
            Event::DocType(doctype) if doctype.contains('[') || doctype.contains("<!") => {
                let text = "the document declares entities of its own: it was not read";
                sketch.broken("xml-doctype", text, where_(line));
                return None;
            }
            Event::Eof => {
                if !open.is_empty() || too_deep > 0 {
                    sketch.broken("truncated", "the document ends before its elements do", where_(line));
                }
                break;
            }
            _ => {}
        }
    }
    tree.root().is_some().then_some(tree)
}

fn element(start: &BytesStart<'_>, line: u32, where_: &dyn Fn(u32) -> String, sketch: &mut Sketch) -> Element {
    let mut attributes = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        match attribute {
            Ok(attribute) => {
                let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
                let value = value.map_or_else(|_| attribute.value.to_string(), std::borrow::Cow::into_owned);
                attributes.push((AsRef::<str>::as_ref(&attribute.key).to_owned(), value));
            }
            Err(error) => {
                sketch.unknown("xml-attribute", format!("an attribute cannot be read: {error}"), where_(line));
                break;
            }
        }
    }
    let name = start.local_name();
    let name = AsRef::<str>::as_ref(&name).to_owned();
    Element { name, attributes, text: String::new(), children: Vec::new(), line }
}

impl Tree {
    fn push(&mut self, open: &[usize], element: Element) -> usize {
        let at = self.elements.len();
        self.elements.push(element);
        if let Some(outer) = open.last().and_then(|outer| self.elements.get_mut(*outer)) {
            outer.children.push(at);
        }
        at
    }

    fn add_text(&mut self, open: &[usize], part: &str, line: u32) {
        let Some(outer) = open.last().copied() else { return };
        let last = self.elements[outer].children.last().copied().filter(|last| self.elements[*last].name.is_empty());
        if let Some(last) = last {
            self.elements[last].text.push_str(part);
        } else if !part.trim_ascii().is_empty() {
            let text = part.to_owned();
            self.push(open, Element { name: String::new(), attributes: Vec::new(), text, children: Vec::new(), line });
        }
    }
}

/// Lines of bytes that only grow.
struct Lines<'t> {
    text: &'t str,
    byte: usize,
    line: u32,
}

impl Lines<'_> {
    fn at(&mut self, byte: u64) -> u32 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        if let Some(passed) = self.text.as_bytes().get(self.byte..byte) {
            let ends = passed.iter().filter(|byte| **byte == b'\n').count();
            self.line = self.line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
            self.byte = byte;
        }
        self.line
    }
}

/// Name and line-free look at the first element of a text, for recognisers: its name and its raw attributes.
pub(crate) fn first_element(text: &str) -> Option<(&str, &str)> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let tag = rest.strip_prefix('<')?;
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1.trim_start();
        } else if tag.starts_with(['?', '!']) {
            rest = tag.split_once('>')?.1.trim_start();
        } else {
            let tag = tag.split_once('>').map_or(tag, |(tag, _)| tag);
            let end = tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(tag.len());
            let name = &tag[..end];
            return Some((name.rsplit_once(':').map_or(name, |(_, local)| local), &tag[end..]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_its_lines_texts_and_attributes() {
        let mut sketch = Sketch::default();
        let tree = parse("<?xml version=\"1.0\"?>\n<a x:b='1&amp;2'>\n <c>t&#65;<d/>u</c></a>", &mut sketch).unwrap();
        let root = tree.root().unwrap();
        assert_eq!((root.name(), root.get("b"), root.line()), ("a", "1&2", 2));
        let c = root.child("c").unwrap();
        assert_eq!((c.text(), c.own_text(), c.line()), ("tAu".to_owned(), "tAu".to_owned(), 3));
        assert_eq!(root.below().map(At::name).collect::<Vec<_>>(), ["c", "d"]);
        assert!(sketch.finish().notes.is_empty());
    }

    #[test]
    fn entities_of_the_document_are_refused() {
        let mut sketch = Sketch::default();
        assert!(parse("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", &mut sketch).is_none());
        assert!(parse("<!DOCTYPE nmaprun><a>&x;</a>", &mut sketch).is_some());
        let reasons: Vec<_> = sketch.finish().notes.into_iter().map(|note| note.reason).collect();
        assert_eq!(reasons, ["xml-doctype", "xml-entity"]);
    }

    #[test]
    fn what_breaks_off_or_nests_without_end_is_told() {
        let mut sketch = Sketch::default();
        assert!(parse("<a><b><c x='1", &mut sketch).is_some());
        let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
        assert!(parse(&deep, &mut sketch).is_some());
        assert_eq!(sketch.finish().notes.len(), 2);
    }
}
