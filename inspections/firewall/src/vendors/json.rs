//! JSON (RFC 8259) with the line that each value stands on, for exports whose rules are objects.
//!
//! A reader of evidence is lenient where a parser of protocols is not: several texts may follow each other (pages of an
//! export, lines of JSON), lines between them are passed over, and a text that breaks off gives what was whole before.

/// A value and the lines that it stands on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Json {
    /// First line, from 1.
    pub(crate) from: u32,
    /// Last line.
    pub(crate) to: u32,
    /// What it is.
    pub(crate) value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as it is written.
    Number(String),
    /// A string without its escapes.
    Text(String),
    /// `[…]`
    List(Vec<Json>),
    /// `{…}` in the order of the file.
    Object(Vec<(String, Json)>),
}

/// The value of a member that is not there.
static NOTHING: Json = Json { from: 0, to: 0, value: Value::Null };

impl Json {
    /// A member of an object; nothing (`null`) where there is none.
    pub(crate) fn get(&self, key: &str) -> &Self {
        self.find(key).unwrap_or(&NOTHING)
    }

    /// A member of an object, if it has it.
    pub(crate) fn find(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The first of some spellings of a member that is there and not `null`.
    pub(crate) fn any_of(&self, keys: &[&str]) -> &Self {
        keys.iter().map(|key| self.get(key)).find(|value| !value.is_null()).unwrap_or(&NOTHING)
    }

    /// Members of an object, else nothing.
    pub(crate) fn members(&self) -> &[(String, Self)] {
        if let Value::Object(members) = &self.value { members } else { &[] }
    }

    /// Items of a list, else nothing.
    pub(crate) fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// Items of a list; a value that is no list is the only item.
    pub(crate) fn one_or_more(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The string; a number as it is written.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) | Value::Number(text) = &self.value { Some(text) } else { None }
    }

    /// The string, empty where there is none.
    pub(crate) fn string(&self) -> String {
        self.text().unwrap_or_default().to_owned()
    }

    /// The number, also where it is written as a string.
    pub(crate) fn number(&self) -> Option<i64> {
        self.text()?.trim().parse().ok()
    }

    /// The truth value, also where it is written as a string.
    pub(crate) fn flag(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(flag) => Some(*flag),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether it is `null`, or not there.
    pub(crate) fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// As one line, up to about 2,000 characters; members whose value is null, empty or called in `without` left out.
    pub(crate) fn compact(&self, without: &[&str]) -> String {
        let mut text = String::new();
        self.write(&mut text, without);
        crate::vendors::excerpt([text.as_str()])
    }

    fn write(&self, out: &mut String, without: &[&str]) {
        if out.len() > 4_000 {
            return;
        }
        match &self.value {
            Value::Null => out.push_str("null"),
            Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Value::Number(number) => out.push_str(number),
            Value::Text(text) => quote(text, out),
            Value::List(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        out.push_str(", ");
                    }
                    item.write(out, without);
                }
                out.push(']');
            }
            Value::Object(members) => {
                out.push('{');
                let mut first = true;
                for (key, value) in members {
                    let empty = value.is_null()
                        || matches!(&value.value, Value::Text(text) if text.is_empty())
                        || matches!(&value.value, Value::List(items) if items.is_empty());
                    if empty || without.contains(&key.as_str()) {
                        continue;
                    }
                    if !first {
                        out.push_str(", ");
                    }
                    first = false;
                    quote(key, out);
                    out.push_str(": ");
                    value.write(out, without);
                }
                out.push('}');
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// What a text holds.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// Objects and lists, one after the other.
    pub(crate) documents: Vec<Json>,
    /// The last of them breaks off.
    pub(crate) truncated: bool,
    /// Lines that are no JSON, with a reason.
    pub(crate) bad: Vec<(u32, &'static str)>,
    /// Lines with something on them.
    pub(crate) lines: u64,
}

/// Values nested deeper are passed over: no export goes that deep.
const DEPTH: usize = 100;

/// Reads all objects and lists of a text.
pub(crate) fn read(text: &str) -> Texts {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0, line: 1, broken: false };
    let mut texts = Texts {
        lines: text.split('\n').filter(|line| !line.trim_matches(['\r', '\0', ' ', '\t']).is_empty()).count() as u64,
        ..Texts::default()
    };
    loop {
        reader.blank();
        match reader.peek() {
            None => break,
            Some(b'{' | b'[') => match reader.value(0) {
                Some(value) => {
                    texts.documents.push(value);
                    if reader.broken {
                        if reader.peek().is_none() {
                            texts.truncated = true;
                        } else {
                            texts.bad.push((reader.line, "not-json"));
                        }
                        reader.broken = false;
                    }
                }
                None => reader.at += 1,
            },
            Some(_) => {
                let line = reader.line;
                reader.rest_of_line();
                if texts.bad.last().is_none_or(|(last, _)| *last != line) {
                    texts.bad.push((line, "not-json"));
                }
            }
        }
    }
    texts
}

struct Reader<'t> {
    bytes: &'t [u8],
    text: &'t str,
    at: usize,
    line: u32,
    /// Something does not follow the grammar: what is open is closed here.
    broken: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self) {
        if self.peek() == Some(b'\n') {
            self.line = self.line.saturating_add(1);
        }
        self.at += 1;
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace() || byte == 0 || byte == b'\x1e') {
            self.step();
        }
    }

    fn rest_of_line(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        self.blank();
        let from = self.line;
        let value = match self.peek()? {
            b'{' if depth < DEPTH => self.object(depth),
            b'[' if depth < DEPTH => self.list(depth),
            b'{' | b'[' => {
                self.pass_over();
                Value::Null
            }
            b'"' => Value::Text(self.string()),
            _ => self.word()?,
        };
        Some(Json { from, to: self.line, value })
    }

    fn object(&mut self, depth: usize) -> Value {
        self.step();
        let mut members = Vec::new();
        loop {
            self.blank();
            match self.peek() {
                Some(b'}') => {
                    self.step();
                    break;
                }
                Some(b',') => self.step(),
                Some(b'"') => {
                    let key = self.string();
                    self.blank();
                    if self.peek() != Some(b':') {
                        self.broken = true;
                        break;
                    }
                    self.step();
                    let Some(value) = self.value(depth + 1) else {
                        self.broken = true;
                        break;
                    };
                    members.push((key, value));
                    if self.broken {
                        break;
                    }
                }
                _ => {
                    self.broken = true;
                    break;
                }
            }
        }
        Value::Object(members)
    }

    fn list(&mut self, depth: usize) -> Value {
        self.step();
        let mut items = Vec::new();
        loop {
            self.blank();
            match self.peek() {
                Some(b']') => {
                    self.step();
                    break;
                }
                Some(b',') => self.step(),
                Some(_) => {
                    let Some(value) = self.value(depth + 1) else {
                        self.broken = true;
                        break;
                    };
                    items.push(value);
                    if self.broken {
                        break;
                    }
                }
                None => {
                    self.broken = true;
                    break;
                }
            }
        }
        Value::List(items)
    }

    /// A string; one that breaks off ends with the text.
    fn string(&mut self) -> String {
        self.step();
        let mut out = String::new();
        let mut begin = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    out.push_str(self.part(begin));
                    self.step();
                    return out;
                }
                Some(b'\\') => {
                    out.push_str(self.part(begin));
                    self.step();
                    out.push(self.escape());
                    begin = self.at;
                }
                Some(_) => self.step(),
                None => {
                    self.broken = true;
                    out.push_str(self.part(begin));
                    return out;
                }
            }
        }
    }

    fn part(&self, begin: usize) -> &str {
        self.text.get(begin..self.at.min(self.bytes.len())).unwrap_or_default()
    }

    fn escape(&mut self) -> char {
        let Some(letter) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else {
            return char::REPLACEMENT_CHARACTER;
        };
        if letter == '\n' {
            self.step();
        } else {
            self.at += letter.len_utf8();
        }
        match letter {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => self.unit(),
            other => other,
        }
    }

    /// `XXXX`, or a pair of them for characters beyond the basic plane.
    fn unit(&mut self) -> char {
        let hex = |at: usize| self.text.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(high) = hex(self.at) else { return char::REPLACEMENT_CHARACTER };
        let low = (self.text.get(self.at + 4..self.at + 6) == Some("\\u")).then(|| hex(self.at + 6)).flatten();
        self.at += 4;
        match (high, low) {
            (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
                self.at += 6;
                char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                    .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER),
        }
    }

    fn word(&mut self) -> Option<Value> {
        let begin = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            self.at += 1;
        }
        match self.part(begin) {
            "" => None,
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            number if number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                Some(Value::Number(number.to_owned()))
            }
            _ => None,
        }
    }

    /// Goes behind the bracket that closes the one here, without looking at what is inside.
    fn pass_over(&mut self) {
        let mut open = 0u32;
        loop {
            match self.peek() {
                Some(b'{' | b'[') => open += 1,
                Some(b'}' | b']') => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        return self.step();
                    }
                }
                Some(b'"') => {
                    self.string();
                    continue;
                }
                Some(_) => {}
                None => {
                    self.broken = true;
                    return;
                }
            }
            self.step();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines() {
        let texts = read(
            "\u{feff}{\r\n \"a\": [1,\n  {\"b\": \"x\\u4e2d\\\"\\ud83d\\ude00\"}],\n \"c\": true\n}\n{\"a\": null}\n",
        );
        let [first, second] = texts.documents.as_slice() else { unreachable!() };
        let b = first.get("a").items()[1].get("b");
        assert_eq!((b.text(), b.from), (Some("x中\"😀"), 3));
        assert_eq!((first.from, first.to, second.from, texts.lines), (1, 5, 6, 6));
        assert_eq!((first.get("c").flag(), first.get("a").items()[0].number()), (Some(true), Some(1)));
        assert_eq!(first.compact(&["c"]), r#"{"a": [1, {"b": "x中\"😀"}]}"#);
        assert!(!texts.truncated && texts.bad.is_empty());
    }

    #[test]
    fn what_breaks_off_gives_what_was_whole() {
        let texts = read("{\"rules\": [{\"n\": 1}, {\"n\": 2}, {\"n\":");
        assert!(texts.truncated);
        let rules = texts.documents[0].get("rules").items();
        assert_eq!(rules.iter().map(|rule| rule.get("n").number()).collect::<Vec<_>>(), [Some(1), Some(2), None]);
    }

    #[test]
    fn lines_between_texts_are_passed_over_and_told() {
        let texts = read("$ mgmt_cli show x\n{\"a\": 1}\nDone.\n{\"a\": }\n{\"a\": 3}");
        assert_eq!(texts.documents.len(), 3);
        assert_eq!(texts.bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3, 4]);
    }

    #[test]
    fn depth_is_bounded() {
        let texts = read(&"[".repeat(1_000_000));
        assert!(texts.truncated);
        let deep = format!("{}{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
        assert_eq!(read(&deep).documents.len(), 1);
    }
}
