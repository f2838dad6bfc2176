//! An XML file as a tree of elements with their lines. A file that is broken gives what stands before the break.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Elements that may be nested; deeper ones are left out.
const DEPTH: usize = 64;

/// An element with what is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    /// The attribute `uuid`, which is what OPNsense knows a rule by.
    pub(super) uuid: String,
    pub(super) content: String,
    pub(super) children: Vec<Self>,
    /// First line, from 1.
    pub(super) first: u32,
    /// Last line.
    pub(super) last: u32,
}

impl Element {
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn path(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |element, name| element.child(name))
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of a child, without spaces around it; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.content.trim())
    }

    /// Switches are children that are there, unless they say `0` or `no`.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.child(name).is_some_and(|child| !matches!(child.content.trim(), "0" | "no" | "false"))
    }

    /// Such a switch where an empty child says nothing (OPNsense).
    pub(super) fn says_yes(&self, name: &str) -> bool {
        self.is_on(name) && !self.text(name).is_empty()
    }
}

/// A document.
pub(super) struct Document {
    pub(super) root: Element,
    /// It ends before its outermost element does.
    pub(super) truncated: bool,
}

/// Reads a document; `None` when it has no element.
pub(super) fn read(text: &str) -> Option<Document> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut too_deep = 0_usize;
    let mut broken = false;
    loop {
        let from = position(reader.buffer_position());
        let Ok(event) = reader.read_event() else {
            broken = true;
            break;
        };
        let to = position(reader.buffer_position());
        match event {
            Event::Start(start) => {
                if open.len() >= DEPTH || root.is_some() {
                    too_deep += 1;
                    continue;
                }
                let name = start.local_name();
                let mut element = Element { name: AsRef::<str>::as_ref(&name).to_owned(), ..Element::default() };
                element.uuid = uuid(&start);
                element.first = lines.of(from);
                open.push(element);
            }
            Event::Empty(start) if root.is_none() && open.len() < DEPTH => {
                let name = start.local_name();
                let mut element = Element { name: AsRef::<str>::as_ref(&name).to_owned(), ..Element::default() };
                (element.uuid, element.first) = (uuid(&start), lines.of(from));
                element.last = lines.of(to);
                match open.last_mut() {
                    Some(outer) => outer.children.push(element),
                    None => root = Some(element),
                }
            }
            Event::End(_) if too_deep > 0 => too_deep -= 1,
            Event::End(end) => {
                let name = end.local_name();
                let name: &str = name.as_ref();
                // An end that belongs to nothing is passed over; one that belongs further out ends what is within.
                if open.iter().any(|element| element.name == name) {
                    let line = lines.of(to);
                    while close(&mut open, &mut root, line).is_some_and(|closed| closed != name) {}
                }
            }
            Event::Text(text) => add(&mut open, &text),
            Event::CData(text) => add(&mut open, &text),
            Event::GeneralRef(reference) => {
                let name: &str = reference.as_ref();
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character),
                    _ => match name {
                        "amp" => Some('&'),
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ => None,
                    },
                };
                if let Some(character) = character {
                    add(&mut open, character.encode_utf8(&mut [0; 4]));
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let truncated = broken || !open.is_empty();
    let line = lines.of(text.len());
    while close(&mut open, &mut root, line).is_some() {}
    root.map(|root| Document { root, truncated })
}

fn position(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn uuid(start: &quick_xml::events::BytesStart<'_>) -> String {
    let attributes = start.attributes().filter_map(Result::ok);
    for attribute in attributes {
        if AsRef::<str>::as_ref(&attribute.key) == "uuid" {
            return attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .map(std::borrow::Cow::into_owned)
                .unwrap_or_default();
        }
    }
    String::new()
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.content.push_str(text);
    }
}

/// Ends the innermost element and gives its name.
fn close(open: &mut Vec<Element>, root: &mut Option<Element>, line: u32) -> Option<String> {
    let mut element = open.pop()?;
    element.last = line;
    let name = element.name.clone();
    match open.last_mut() {
        Some(outer) => outer.children.push(element),
        None => *root = Some(element),
    }
    Some(name)
}

/// Lines of ascending places.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn of(&mut self, place: usize) -> u32 {
        if let Some(part) = self.text.as_bytes().get(self.at..place) {
            let more = part.iter().filter(|byte| **byte == b'\n').count();
            self.line = self.line.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
            self.at = place;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_with_lines_and_text() {
        let document =
            read("<?xml version=\"1.0\"?>\n<a>\n <b uuid=\"u\">x &amp; <![CDATA[<y>]]></b>\n <c/>\n</a>\n").unwrap();
        assert!(!document.truncated);
        let b = document.root.child("b").unwrap();
        assert_eq!((b.content.as_str(), b.uuid.as_str(), b.first, b.last), ("x & <y>", "u", 3, 3));
        assert_eq!((document.root.first, document.root.last), (2, 5));
        assert!(document.root.is_on("c") && !document.root.says_yes("c"));
    }

    #[test]
    fn broken_documents_give_what_stands_before() {
        for (text, children) in [("<a><b>1</b><c>2", 2), ("<a><b>1</b><c", 1), ("<a><b>1</x></b></a>", 1)] {
            let document = read(text).unwrap();
            assert_eq!(document.root.children.len(), children, "{text}");
        }
        assert!(read("<a><b>").unwrap().truncated);
        assert!(read("nothing").is_none());
        let deep = "<a>".repeat(100_000);
        assert!(read(&deep).unwrap().truncated);
    }
}
