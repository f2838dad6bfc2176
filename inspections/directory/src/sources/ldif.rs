//! LDIF as a stream of entries (RFC 2849): folded lines, base64 values, comments, attribute options, change records.
//!
//! Beyond the RFC it takes what tools write: `ldapsearch` result trailers, `ldifde -u` (UTF-16), CR LF, white space
//! after the value. Memory is bounded by one entry, and an entry by [`ENTRY_CAP`].

use std::io::{BufRead, BufReader, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes kept of one value; the rest is dropped and counted.
const VALUE_CAP: usize = 1 << 20;

/// Bytes kept of one entry's values; the rest is dropped and counted.
const ENTRY_CAP: usize = 64 << 20;

/// An entry, with the attributes that were asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Line of its `dn:`, from 1.
    pub(crate) line: u64,
    /// Distinguished name as written; empty for the root.
    pub(crate) dn: String,
    /// Attributes in order.
    pub(crate) attributes: Vec<Attribute>,
}

/// One value of an attribute.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Name without options, lower case.
    pub(crate) name: String,
    /// Options, such as `range=0-1499`, lower case; empty without.
    pub(crate) options: String,
    /// Line, from 1.
    pub(crate) line: u64,
    /// Bytes after decoding.
    pub(crate) value: Vec<u8>,
}

impl Attribute {
    /// The value as text.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }
}

impl Entry {
    /// The first value of an attribute, by lower-case name.
    pub(crate) fn get(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// All values of an attribute.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Attribute> {
        self.attributes.iter().filter(move |attribute| attribute.name == name)
    }

    /// Whether the entry is of a class, whatever its case.
    pub(crate) fn is_a(&self, class: &str) -> bool {
        self.all("objectclass").any(|value| value.value.eq_ignore_ascii_case(class.as_bytes()))
    }
}

/// What was met beside entries; each count with the line of its first case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oddities {
    /// Lines that are not LDIF.
    pub(crate) not_ldif: Tally,
    /// Values whose base64 does not decode.
    pub(crate) bad_base64: Tally,
    /// Values that stand in another file (`:<`), which is not followed.
    pub(crate) references: Tally,
    /// Records that change or delete an entry, which are not applied.
    pub(crate) changes: Tally,
    /// Values or entries that were cut.
    pub(crate) cut: Tally,
    /// The server's result code other than success, with its text: the export is not complete.
    pub(crate) result: Option<(u64, String)>,
}

/// A count with the line of the first case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How many.
    pub(crate) count: u64,
    /// Line of the first.
    pub(crate) first: u64,
}

impl Tally {
    /// One more.
    pub(crate) fn add(&mut self, line: u64) {
        if self.count == 0 {
            self.first = line;
        }
        self.count += 1;
    }
}

/// A reader of entries.
pub(crate) struct Ldif<R> {
    lines: Lines<R>,
    /// The physical line that was read ahead to see whether it continues the one before.
    ahead: Option<(u64, Vec<u8>)>,
    wanted: fn(&str) -> bool,
    /// What was met beside entries, so far.
    pub(crate) oddities: Oddities,
}

impl<R: Read> Ldif<R> {
    /// Reads entries, keeping the attributes whose lower-case names are `wanted`.
    pub(crate) fn new(input: R, wanted: fn(&str) -> bool) -> Self {
        Self { lines: Lines::new(input), ahead: None, wanted, oddities: Oddities::default() }
    }

    /// The next entry; nothing at the end.
    pub(crate) fn next_entry(&mut self) -> std::io::Result<Option<Entry>> {
        loop {
            match self.record()? {
                Record::End => return Ok(None),
                Record::Entry(entry) => return Ok(Some(entry)),
                Record::Other => {}
            }
        }
    }

    fn record(&mut self) -> std::io::Result<Record> {
        let mut entry: Option<Entry> = None;
        let mut trailer = false;
        let mut change = false;
        let mut size = 0;
        let mut any = false;
        while let Some((line, text, cut)) = self.logical()? {
            if text.is_empty() {
                if any {
                    break;
                }
                continue;
            }
            any = true;
            if cut {
                self.oddities.cut.add(line);
            }
            if change && text == b"-" {
                continue;
            }
            let Some((name, value)) = self.split(line, &text) else { continue };
            let (base, options) = name.split_once(';').unwrap_or((name.as_str(), ""));
            match (&mut entry, base) {
                (None, "dn") => {
                    let dn = String::from_utf8_lossy(&value.unwrap_or_default()).into_owned();
                    entry = Some(Entry { line, dn, attributes: Vec::new() });
                }
                (None, "version") => any = false,
                (None, "search" | "ref") => trailer = true,
                (None, "result") => {
                    trailer = true;
                    let text = String::from_utf8_lossy(&value.unwrap_or_default()).into_owned();
                    if text.split_whitespace().next() != Some("0") {
                        self.oddities.result.get_or_insert((line, text));
                    }
                }
                (None, _) => {
                    if !trailer {
                        self.oddities.not_ldif.add(line);
                    }
                }
                // `ldifde` writes every entry as `changetype: add`; its attributes are the entry's.
                (Some(_), "changetype") => {
                    change = value.is_some_and(|value| !value.eq_ignore_ascii_case(b"add"));
                }
                (Some(_), "control") => {}
                (Some(entry), _) => {
                    let Some(value) = value else { continue };
                    if change || !(self.wanted)(base) {
                        continue;
                    }
                    size += value.len();
                    if size > ENTRY_CAP {
                        self.oddities.cut.add(line);
                        continue;
                    }
                    let (name, options) = (base.to_owned(), options.to_owned());
                    entry.attributes.push(Attribute { name, options, line, value });
                }
            }
        }
        match entry {
            Some(entry) if change => {
                self.oddities.changes.add(entry.line);
                Ok(Record::Other)
            }
            Some(entry) => Ok(Record::Entry(entry)),
            None if any => Ok(Record::Other),
            None => Ok(Record::End),
        }
    }

    /// Splits `name: value`, `name:: base64`, `name:< url`. The value is nothing where it cannot be had or is not
    /// wanted.
    fn split(&mut self, line: u64, text: &[u8]) -> Option<(String, Option<Vec<u8>>)> {
        let Some(colon) = text.iter().position(|byte| *byte == b':') else {
            self.oddities.not_ldif.add(line);
            return None;
        };
        let name = &text[..colon];
        let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';' | b'=' | b'_' | b'*');
        if name.is_empty() || !name.iter().all(legal) {
            self.oddities.not_ldif.add(line);
            return None;
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let rest = &text[colon + 1..];
        let value = match rest.first() {
            Some(b':') => {
                let base = name.split(';').next().unwrap_or_default();
                if !matches!(base, "dn" | "changetype" | "result") && !(self.wanted)(base) {
                    return Some((name, None));
                }
                let decoded = STANDARD.decode(rest[1..].trim_ascii());
                if decoded.is_err() {
                    self.oddities.bad_base64.add(line);
                }
                decoded.ok()
            }
            Some(b'<') => {
                self.oddities.references.add(line);
                None
            }
            _ => Some(rest.trim_ascii().to_vec()),
        };
        Some((name, value))
    }

    /// The next line with its continuations, comments left out; true when it was cut.
    fn logical(&mut self) -> std::io::Result<Option<(u64, Vec<u8>, bool)>> {
        loop {
            let Some((line, mut text)) = (match self.ahead.take() {
                Some(ahead) => Some(ahead),
                None => self.lines.next()?,
            }) else {
                return Ok(None);
            };
            let mut cut = std::mem::take(&mut self.lines.cut);
            if !text.is_empty() {
                while let Some((next, more)) = self.lines.next()? {
                    if more.first() != Some(&b' ') {
                        self.ahead = Some((next, more));
                        break;
                    }
                    let room = VALUE_CAP.saturating_sub(text.len());
                    let more = &more[1..];
                    cut |= more.len() > room || std::mem::take(&mut self.lines.cut);
                    text.extend_from_slice(&more[..more.len().min(room)]);
                }
            }
            if text.first() != Some(&b'#') {
                return Ok(Some((line, text, cut)));
            }
        }
    }
}

enum Record {
    Entry(Entry),
    Other,
    End,
}

/// Physical lines of UTF-8 or UTF-16 text, without their ends, each up to [`VALUE_CAP`].
struct Lines<R> {
    input: BufReader<R>,
    number: u64,
    wide: Option<Endian>,
    /// The last line was longer than the cap.
    cut: bool,
}

#[derive(Clone, Copy)]
enum Endian {
    Little,
    Big,
}

impl<R: Read> Lines<R> {
    fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(128 * 1024, input), number: 0, wide: None, cut: false }
    }

    fn next(&mut self) -> std::io::Result<Option<(u64, Vec<u8>)>> {
        if self.number == 0 {
            self.wide = match self.input.fill_buf()? {
                [0xff, 0xfe, ..] => Some(Endian::Little),
                [0xfe, 0xff, ..] => Some(Endian::Big),
                _ => None,
            };
            match (self.wide, self.input.fill_buf()?) {
                (Some(_), _) => self.input.consume(2),
                (None, [0xef, 0xbb, 0xbf, ..]) => self.input.consume(3),
                _ => {}
            }
        }
        let mut line = Vec::new();
        // Bytes of the line so far, those beyond the cap included.
        let mut total = 0_usize;
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(buffer.len(), |end| end + 1);
            let room = (VALUE_CAP * 2).saturating_sub(line.len());
            line.extend_from_slice(&buffer[..taken.min(room)]);
            self.cut |= taken > room;
            total += taken;
            self.input.consume(taken);
            let Some(_) = end else { continue };
            match self.wide {
                None => break,
                // The zero byte that belongs to the line feed comes after it (little) or came before it (big).
                Some(Endian::Little) => {
                    if total.is_multiple_of(2) {
                        continue;
                    }
                    let next = self.input.fill_buf()?.first().copied();
                    if let Some(byte) = next {
                        line.push(byte);
                        total += 1;
                        self.input.consume(1);
                    }
                    if next.is_none_or(|byte| byte == 0) {
                        break;
                    }
                }
                Some(Endian::Big) => {
                    if total.is_multiple_of(2) && (self.cut || line[line.len() - 2] == 0) {
                        break;
                    }
                }
            }
        }
        if total == 0 {
            return Ok(None);
        }
        self.number += 1;
        if let Some(endian) = self.wide {
            let units = line.chunks_exact(2).map(|pair| match endian {
                Endian::Little => u16::from_le_bytes([pair[0], pair[1]]),
                Endian::Big => u16::from_be_bytes([pair[0], pair[1]]),
            });
            let text: String =
                char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            line = text.into_bytes();
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.len() > VALUE_CAP {
            line.truncate(VALUE_CAP);
            self.cut = true;
        }
        Ok(Some((self.number, line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> (Vec<Entry>, Oddities) {
        let mut ldif = Ldif::new(text, |_| true);
        let mut entries = Vec::new();
        while let Some(entry) = ldif.next_entry().unwrap() {
            entries.push(entry);
        }
        (entries, ldif.oddities)
    }

    fn shown(text: &[u8]) -> Vec<String> {
        let (entries, _) = read(text);
        let show = |entry: &Entry| {
            let values: Vec<_> =
                entry.attributes.iter().map(|a| format!("{}@{}={}", a.name, a.line, a.text())).collect();
            format!("{}@{} {}", entry.dn, entry.line, values.join(" "))
        };
        entries.iter().map(show).collect()
    }

    #[test]
    fn the_rfc_s_forms_are_read() {
        let text = b"version: 1\n# a comment\n  that goes on\ndn: cn=Barbara\n  Jensen,dc=example\nobjectclass: top\ncn;lang-en: Barbara\n\n\ndn:: Y249w6k=\ndescription:: \xe2\n\ndn: cn=x\nphoto:< file:///x\nsn:x";
        assert_eq!(
            shown(text),
            ["cn=Barbara Jensen,dc=example@4 objectclass@6=top cn@7=Barbara", "cn=é@10 ", "cn=x@13 sn@15=x"]
        );
        let (_, oddities) = read(text);
        assert_eq!(
            (oddities.bad_base64, oddities.references),
            (Tally { count: 1, first: 11 }, Tally { count: 1, first: 14 })
        );
    }

    #[test]
    fn tools_variants_are_read() {
        let expected = ["dc=a@1 cn@2=x", "dc=b@4 cn@6=y"];
        let plain = "dn: dc=a\ncn: x\n\ndn: dc=b\nchangetype: add\ncn: y\n";
        assert_eq!(shown(plain.as_bytes()), expected);
        assert_eq!(shown(plain.replace('\n', "\r\n").as_bytes()), expected);
        let utf16 = |big: bool| {
            let text = format!("\u{feff}{plain}");
            text.encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(&utf16(false)), expected);
        assert_eq!(shown(&utf16(true)), expected);
        // U+0A41 and U+410A hold the byte of a line feed without being one.
        let hard: Vec<u8> =
            "\u{feff}dn: dc=\u{0a41}\u{410a}\ncn: x\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(shown(&hard), ["dc=\u{0a41}\u{410a}@1 cn@2=x"]);
        let hard: Vec<u8> =
            "\u{feff}dn: dc=\u{0a41}\u{410a}\ncn: x\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(shown(&hard), ["dc=\u{0a41}\u{410a}@1 cn@2=x"]);
    }

    #[test]
    fn nothing_is_dropped_silently() {
        let text = b"dn: dc=a\nchangetype: modify\nreplace: x\nx: 1\n-\n\ndn: dc=b\nno colon here\n\nstray: 1\n\n# search result\nsearch: 2\nresult: 4 Size limit exceeded\n\n# numResponses: 3\n";
        let (entries, oddities) = read(text);
        assert_eq!(entries.len(), 1);
        assert_eq!(oddities.changes, Tally { count: 1, first: 1 });
        assert_eq!(oddities.not_ldif, Tally { count: 2, first: 8 });
        assert_eq!(oddities.result, Some((14, "4 Size limit exceeded".to_owned())));
    }

    #[test]
    fn a_huge_value_is_cut_and_counted() {
        let mut text = b"dn: dc=a\nx: ".to_vec();
        text.resize(text.len() + 3 * VALUE_CAP, b'y');
        text.extend_from_slice(b"\nz: 1\n");
        let (entries, oddities) = read(&text);
        assert_eq!(entries[0].attributes.len(), 2);
        assert!(entries[0].attributes[0].value.len() <= VALUE_CAP);
        assert_eq!(oddities.cut.count, 1);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_to_the_end(bytes: Vec<u8>) {
            let _ = read(&bytes);
            let mut wide = vec![0xff, 0xfe];
            wide.extend(bytes);
            let _ = read(&wide);
        }
    }
}
