//! TOML, YAML and CSV as one tree of values with their lines.
//!
//! References: TOML 1.1; YAML 1.2; RFC 4180 (with `;` and tabs, which spreadsheets of this region also write).

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// Records of a CSV that are read; more are counted.
pub const CSV_RECORDS: usize = 100_000;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// Comma, semicolon or tab separated.
    Csv,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Line, counted from 1; 0 where the format does not tell.
    pub line: u64,
    /// The value.
    pub value: Value,
}

/// A value. Dates and numbers of unusual form are kept as text, as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string, a date, or a number that is no whole number of 64 bits.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Bool(bool),
    /// A list.
    List(Vec<Node>),
    /// Fields by name.
    Map(BTreeMap<String, Node>),
    /// YAML's null.
    Null,
}

impl Value {
    /// What it is, for a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Int(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::List(_) => "a list",
            Self::Map(_) => "a table",
            Self::Null => "nothing",
        }
    }
}

/// A text that could not be parsed, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, counted from 1; 0 where it is not known.
    pub line: u64,
    /// What is wrong.
    pub text: String,
}

/// Parses a text. `list` is the name under which the records of a CSV appear, as the tables of a TOML array do. What
/// could be read comes beside the faults.
pub fn parse(text: &str, syntax: Syntax, list: &str) -> (Node, Vec<Fault>) {
    let text = text.trim_start_matches('\u{feff}');
    match syntax {
        Syntax::Toml => parse_toml(text),
        Syntax::Yaml => parse_yaml(text),
        Syntax::Csv => parse_csv(text, list),
    }
}

/// Columns of a CSV's first line, trimmed and in lower case.
pub fn csv_header(text: &str) -> Vec<String> {
    let line = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    line.split(separator(line)).map(column).collect()
}

fn parse_toml(text: &str) -> (Node, Vec<Fault>) {
    let lines = Lines::new(text);
    match DeTable::parse(text) {
        Ok(table) => {
            let line = lines.at(table.span().start);
            (Node { line, value: toml_map(table.into_inner(), &lines) }, Vec::new())
        }
        Err(error) => {
            let line = error.span().map_or(0, |span| lines.at(span.start));
            (empty(), vec![Fault { line, text: error.message().to_owned() }])
        }
    }
}

fn toml_map(table: DeTable<'_>, lines: &Lines) -> Value {
    let fields = table.into_iter().map(|(key, value)| {
        let line = lines.at(key.span().start);
        (key.into_inner().into_owned(), Node { line, value: toml_value(value.into_inner(), lines) })
    });
    Value::Map(fields.collect())
}

fn toml_value(value: DeValue<'_>, lines: &Lines) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Text(number.as_str().to_owned()), Value::Int),
        DeValue::Float(number) => Value::Text(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Value::Bool(yes),
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(list) => Value::List(
            list.into_iter()
                .map(|node| {
                    let line = lines.at(node.span().start);
                    Node { line, value: toml_value(node.into_inner(), lines) }
                })
                .collect(),
        ),
        DeValue::Table(table) => toml_map(table, lines),
    }
}

fn parse_yaml(text: &str) -> (Node, Vec<Fault>) {
    match yaml_serde::from_str::<yaml_serde::Value>(text) {
        Ok(value) => (Node { line: 0, value: yaml_value(value) }, Vec::new()),
        Err(error) => {
            let line = error.location().map_or(0, |location| location.line() as u64);
            (empty(), vec![Fault { line, text: error.to_string() }])
        }
    }
}

fn yaml_value(value: yaml_serde::Value) -> Value {
    use yaml_serde::Value as Yaml;
    let node = |value| Node { line: 0, value: yaml_value(value) };
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(yes) => Value::Bool(yes),
        Yaml::Number(number) => number.as_i64().map_or_else(|| Value::Text(number.to_string()), Value::Int),
        Yaml::String(text) => Value::Text(text),
        Yaml::Sequence(list) => Value::List(list.into_iter().map(node).collect()),
        Yaml::Mapping(map) => Value::Map(map.into_iter().map(|(key, value)| (yaml_key(&key), node(value))).collect()),
        Yaml::Tagged(tagged) => yaml_value(tagged.value),
    }
}

fn yaml_key(key: &yaml_serde::Value) -> String {
    match key {
        yaml_serde::Value::String(text) => text.clone(),
        yaml_serde::Value::Number(number) => number.to_string(),
        yaml_serde::Value::Bool(yes) => yes.to_string(),
        _ => "(a key that is no word)".to_owned(),
    }
}

fn parse_csv(text: &str, list: &str) -> (Node, Vec<Fault>) {
    let first = text.lines().next().unwrap_or_default();
    let separator = u8::try_from(separator(first)).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(true).from_reader(text.as_bytes());
    let mut faults = Vec::new();
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(column).collect(),
        Err(error) => {
            faults.push(Fault { line: 1, text: error.to_string() });
            Vec::new()
        }
    };
    let lines = Lines::new(text);
    let mut records = Vec::new();
    let mut beyond: u64 = 0;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(Fault { line, text: error.to_string() });
                continue;
            }
        };
        if records.len() >= CSV_RECORDS {
            beyond += 1;
            continue;
        }
        let line = record.position().map_or(0, |position| lines.of_record(text, position));
        let cells = record.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty()).map(|(index, cell)| {
            let name = header.get(index).filter(|name| !name.is_empty()).cloned();
            let name = name.unwrap_or_else(|| format!("column {}", index + 1));
            (name, Node { line, value: Value::Text(cell.trim().to_owned()) })
        });
        let cells: BTreeMap<String, Node> = cells.collect();
        if !cells.is_empty() {
            records.push(Node { line, value: Value::Map(cells) });
        }
    }
    if beyond > 0 {
        let text = format!("only the first {CSV_RECORDS} records were read, {beyond} more were not: split the file");
        faults.push(Fault { line: 0, text });
    }
    let map = BTreeMap::from([(list.to_owned(), Node { line: 1, value: Value::List(records) })]);
    (Node { line: 1, value: Value::Map(map) }, faults)
}

/// The name of a column as records know it.
pub(crate) fn column(name: &str) -> String {
    name.trim().trim_matches('"').trim().to_lowercase()
}

/// The separator that stands most often in the header; of equals the comma.
fn separator(header: &str) -> char {
    let count = |separator: char| header.matches(separator).count();
    if count('\t') > count(',').max(count(';')) {
        '\t'
    } else if count(';') > count(',') {
        ';'
    } else {
        ','
    }
}

fn empty() -> Node {
    Node { line: 0, value: Value::Map(BTreeMap::new()) }
}

/// Byte offsets of line ends.
pub struct Lines(Vec<usize>);

impl Lines {
    /// Those of a text.
    pub fn new(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    /// Line of a CSV record of the same text, counted from 1. The reader says that a record begins right after the last
    /// one's carriage return, where its line feed still stands.
    pub fn of_record(&self, text: &str, position: &csv::Position) -> u64 {
        let start = usize::try_from(position.byte()).unwrap_or(usize::MAX).min(text.len());
        let ends = text.as_bytes()[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.at(start + ends)
    }

    /// Line of a byte, counted from 1.
    fn at(&self, byte: usize) -> u64 {
        self.0.partition_point(|end| *end < byte) as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(node: &Node) -> &BTreeMap<String, Node> {
        let Value::Map(map) = &node.value else { panic!("no map: {node:?}") };
        map
    }

    fn list<'a>(node: &'a Node, name: &str) -> &'a [Node] {
        let Value::List(list) = &map(node)[name].value else { panic!("no list") };
        list
    }

    #[test]
    fn toml_keeps_lines_and_values() {
        let text = "secdiag = \"answers\"\n\n[[answer]]\nquestion = \"A\"\ndate = 2026-10-05\n\n[[answer]]\nquestion = \"B\"\nyears = 0x10\n";
        let (tree, faults) = parse(text, Syntax::Toml, "answer");
        assert_eq!(faults, []);
        let answers = list(&tree, "answer");
        assert_eq!(map(&answers[0])["date"], Node { line: 5, value: Value::Text("2026-10-05".into()) });
        assert_eq!(map(&answers[1])["question"].line, 8);
        assert_eq!(map(&answers[1])["years"].value, Value::Int(16));
    }

    #[test]
    fn toml_that_does_not_parse_says_where() {
        let (tree, faults) = parse("a = 1\nb = = 2\n", Syntax::Toml, "x");
        assert!(map(&tree).is_empty());
        assert_eq!((faults.len(), faults[0].line), (1, 2));
    }

    #[test]
    fn yaml_says_where_it_breaks() {
        let (_, faults) = parse("secdiag: continuity\nfunction: [\n", Syntax::Yaml, "x");
        assert_eq!(faults.len(), 1);
        assert!(faults[0].line >= 2, "{faults:?}");
        let (tree, faults) =
            parse("function:\n  - {id: a, core: true, rto_minutes: 240, ratio: 1.5}\n", Syntax::Yaml, "x");
        assert_eq!(faults, []);
        let fields = map(&list(&tree, "function")[0]);
        assert_eq!((&fields["core"].value, &fields["ratio"].value), (&Value::Bool(true), &Value::Text("1.5".into())));
    }

    #[test]
    fn csv_is_read_with_its_own_separator_and_lines() {
        let text = "\u{feff}Question;Answer;by\r\nA;yes;\"Chen; M.\"\r\n;;\r\nB;no\r\nC;no;x;more\r\n";
        let (tree, faults) = parse(text, Syntax::Csv, "answer");
        assert_eq!(faults, []);
        let answers = list(&tree, "answer");
        assert_eq!(answers.iter().map(|node| node.line).collect::<Vec<_>>(), [2, 4, 5]);
        assert_eq!(map(&answers[0])["by"].value, Value::Text("Chen; M.".into()));
        assert!(map(&answers[2]).contains_key("column 4"));
    }

    #[test]
    fn nesting_without_end_is_no_crash() {
        let deep = format!("a = {}{}", "[".repeat(20_000), "]".repeat(20_000));
        assert_eq!(parse(&deep, Syntax::Toml, "x").1.len(), 1);
        let deep = format!("a: {}{}", "[".repeat(20_000), "]".repeat(20_000));
        assert_eq!(parse(&deep, Syntax::Yaml, "x").1.len(), 1);
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f]\n";
        assert_eq!(parse(bomb, Syntax::Yaml, "x").1.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_tree_or_a_fault(text in "\\PC*(\n\\PC*){0,8}", choice in 0..3usize) {
            let syntax = [Syntax::Toml, Syntax::Yaml, Syntax::Csv][choice];
            let (tree, _) = parse(&text, syntax, "x");
            let _ = tree.value.kind();
        }
    }
}
