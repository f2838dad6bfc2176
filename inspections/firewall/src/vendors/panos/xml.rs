//! PAN-OS XML as a tree. Only the five entities of XML itself and character references stand for something; a document
//! type declaration, which could define others, is refused.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use secdiag_model::{Note, NoteKind};

use super::tree::{Id, MAX_DEPTH, Tree};
use crate::vendors::Trouble;

/// Reads a document. The second value says whether it breaks off.
pub(super) fn read(text: &str, trouble: &mut Trouble) -> (Tree, bool) {
    let mut builder = Builder { tree: Tree::new(false), way: Vec::new(), beyond: 0, content: String::new() };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut places = Places { text: text.as_bytes(), at: 0, line: 1 };
    loop {
        let event = reader.read_event();
        let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let line = match &event {
            // Text begins where the tag before it ends; only what stands in it matters.
            Ok(Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) => places.line,
            _ => places.line_of_end(end),
        };
        match event {
            Ok(Event::Start(start)) => builder.open(&start, places.line, trouble),
            Ok(Event::Empty(start)) => {
                builder.open(&start, places.line, trouble);
                builder.close(places.line, "");
            }
            Ok(Event::End(end)) => {
                let name = end.name().as_ref().to_owned();
                if !builder.closes(&name) {
                    trouble.line(line, "mismatched-tag", "an element is closed that is not the innermost one");
                }
                builder.close(line, &name);
            }
            Ok(Event::Text(text)) => builder.text(&text),
            Ok(Event::CData(text)) => builder.text(&text),
            Ok(Event::GeneralRef(reference)) => match (reference.resolve_char_ref(), entity(&reference)) {
                (Ok(Some(character)), _) => builder.text(character.encode_utf8(&mut [0; 4])),
                (_, Some(text)) => builder.text(text),
                _ => {
                    builder.text(&format!("&{};", &*reference));
                    trouble.line(line, "unknown-entity", "an entity that XML itself does not have was not expanded");
                }
            },
            Ok(Event::DocType(_)) => {
                let text = "a document type declaration was not followed: PAN-OS writes none";
                trouble.line(line, "document-type", text);
            }
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
            Ok(Event::Eof) => break,
            Err(_) => {
                let note =
                    Note::new(NoteKind::Broken, "xml-broken", "the XML breaks off here: nothing after it was read");
                trouble.other(note.at(format!("line {line}")));
                // What is not read is not understood.
                for (number, rest) in (1..).zip(text.split('\n')).skip(line.saturating_sub(1) as usize) {
                    if !rest.trim().is_empty() {
                        trouble.line(number, "xml-broken", "after the place where the XML breaks off");
                    }
                }
                builder.finish(line);
                return (builder.tree, true);
            }
        }
    }
    let open = !builder.way.is_empty();
    builder.finish(places.line);
    (builder.tree, open)
}

fn entity(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    })
}

/// Lines by position, counted once along the text.
struct Places<'t> {
    text: &'t [u8],
    at: usize,
    line: u32,
}

impl Places<'_> {
    fn line_of_end(&mut self, end: usize) -> u32 {
        let end = end.min(self.text.len());
        if let Some(part) = self.text.get(self.at..end) {
            let breaks = part.iter().filter(|byte| **byte == b'\n').count();
            self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
            self.at = end;
        }
        self.line
    }
}

struct Builder {
    tree: Tree,
    /// Elements that are open, and what they are called in the file.
    way: Vec<(Id, String)>,
    /// Elements open beyond the depth that is followed.
    beyond: usize,
    content: String,
}

impl Builder {
    fn here(&self) -> Id {
        self.way.last().map_or(Tree::ROOT, |(id, _)| *id)
    }

    fn open(&mut self, start: &BytesStart<'_>, line: u32, trouble: &mut Trouble) {
        self.content.clear();
        if self.way.len() >= MAX_DEPTH {
            self.beyond += 1;
            trouble.line(line, "too-deep", "elements are nested deeper than is followed");
            return;
        }
        let element = start.name().as_ref().to_owned();
        let here = self.here();
        let id = match element.as_str() {
            // The value is the content: it is added when the element closes.
            "member" => here,
            "entry" => {
                let name = start.attributes().with_checks(false).flatten().find(|one| one.key.as_ref() == "name");
                let name = name.map(|name| {
                    let value = name.normalized_value(XmlVersion::Implicit1_0);
                    value.map_or_else(|_| name.value.to_string(), std::borrow::Cow::into_owned)
                });
                if name.is_none() {
                    trouble.line(line, "no-name", "an entry has no name");
                }
                self.tree.add(here, &name.unwrap_or_default(), line)
            }
            name => self.tree.enter(here, name, line),
        };
        self.way.push((id, element));
    }

    fn text(&mut self, text: &str) {
        self.content.push_str(text);
    }

    fn closes(&self, name: &str) -> bool {
        self.beyond > 0 || self.way.last().is_some_and(|(_, open)| open == name)
    }

    /// Closes the innermost element of this name and all in it; any innermost one where no name is given.
    fn close(&mut self, line: u32, name: &str) {
        let content = std::mem::take(&mut self.content);
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        if !name.is_empty() && !self.way.iter().any(|(_, open)| open == name) {
            return;
        }
        let value = content.trim();
        if let Some((id, element)) = self.way.last()
            && !value.is_empty()
            && (element == "member" || self.tree.is_leaf(*id))
        {
            let breaks = u32::try_from(value.matches('\n').count()).unwrap_or(0);
            let id = *id;
            let value = self.tree.enter(id, value, line.saturating_sub(breaks));
            self.tree.reach(value, line);
        }
        while let Some((id, element)) = self.way.pop() {
            self.tree.reach(id, line);
            if name.is_empty() || element == name {
                break;
            }
        }
    }

    fn finish(&mut self, line: u32) {
        while let Some((id, _)) = self.way.pop() {
            self.tree.reach(id, line);
        }
    }
}
