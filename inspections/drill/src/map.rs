//! Tables of other tools: `secdiag = "drill-map"` says for files of a name which column holds what.

use std::collections::BTreeMap;

use jiff::tz::Offset;
use secdiag_model::evidence::Declared;
use secdiag_model::{Artefact, Format, Head, Match, Note, glob};
use secdiag_records::{At, Fields, Notes, Syntax, declaration, declared, tree};
use serde::{Deserialize, Serialize};

use crate::campaign::What;
use crate::exports::Wording;
use crate::table::{self, Table, at, header, name};
use crate::when::{Times, offset};
use crate::{MAPPED, MAPPED_XLSX, redact};

/// The word after `secdiag` in a file of this kind.
const KIND: &str = "drill-map";

/// What a column may hold, in the words of the file.
const COLUMNS: [&str; 12] = [
    "address",
    "unit",
    "campaign",
    "sent",
    "bounced",
    "opened",
    "clicked",
    "attachment",
    "submitted",
    "reported",
    "ip",
    "agent",
];

/// How the files of a name are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Map {
    /// Where it stands.
    pub at: At,
    /// Pattern over the names of files.
    pub file: String,
    /// The campaign of all records, where no column names it.
    pub campaign: Option<String>,
    /// Names of columns, by what they hold.
    columns: BTreeMap<String, String>,
    /// Words for yes and no beside the usual ones.
    yes: Vec<String>,
    no: Vec<String>,
    /// Form of times, as `strftime` has them.
    time: Option<String>,
    /// Offset of times that tell none.
    zone: Option<String>,
}

pub(crate) fn sniff(head: &Head<'_>) -> Match {
    declared(head, KIND)
}

pub(crate) fn parse(text: &str) -> (Vec<Map>, Vec<Note>) {
    let mut notes = Notes::default();
    let (tree, faults) = tree::parse(text, declaration(text).map_or(Syntax::Toml, |(syntax, _)| syntax), "file");
    for fault in faults {
        notes.add("does-not-parse", &At { line: fault.line, path: String::new() }, fault.text);
    }
    let mut maps = Vec::new();
    if let Some(mut top) = Fields::top(&tree, &mut notes) {
        top.text("secdiag", &mut notes);
        for table in top.tables("file", &mut notes) {
            maps.extend(map(table, &mut notes));
        }
        top.done(&mut notes);
    }
    (maps, notes.into_notes())
}

fn map(mut table: Fields<'_>, notes: &mut Notes) -> Option<Map> {
    let mut map = Map { at: table.at(), ..Map::default() };
    let file = table.needed("name", notes);
    map.campaign = table.text("campaign", notes);
    let lower = |words: Vec<String>| words.iter().map(|word| word.to_lowercase()).collect();
    map.yes = lower(table.texts("yes", notes));
    map.no = lower(table.texts("no", notes));
    map.time = table.text("time", notes);
    map.zone = table.text("zone", notes);
    if let Some(zone) = map.zone.take_if(|zone| offset(zone).is_none()) {
        notes.add("unknown-word", &map.at, format!("`zone`: {zone} is no offset such as +08:00: Taiwan's was taken"));
    }
    for mut columns in table.tables("columns", notes) {
        for holds in COLUMNS {
            if let Some(column) = columns.text(holds, notes) {
                map.columns.insert(holds.to_owned(), name(&column));
            }
        }
        columns.done(notes);
    }
    table.done(notes);
    map.file = file?;
    if !map.columns.contains_key("address") {
        notes.add("field-missing", &map.at, "`columns.address` is missing: the map was not used");
        return None;
    }
    Some(map)
}

impl Map {
    /// Whether it is about a file.
    pub(crate) fn is_about(&self, artefact: &Artefact) -> bool {
        glob::matches(&self.file, artefact.file_name())
    }

    /// Whether a sheet has a column of it.
    pub(crate) fn fits(&self, columns: &[String]) -> bool {
        self.columns.values().any(|column| columns.contains(column))
    }

    /// Notes the columns that a table lacks. One without any was noted when it was read.
    pub(crate) fn miss(&self, table: &Table, notes: &mut Notes) {
        let there = table.columns().join(", ");
        let missing = self.columns.iter().filter(|(_, column)| !table.columns().contains(column));
        for (holds, column) in missing.filter(|_| !there.is_empty()) {
            let text = format!("the map says that `{column}` tells `{holds}`, and there is no such column but {there}");
            notes.add("column-missing", &at(1), text);
        }
    }

    pub(crate) fn wording(&self) -> Wording {
        let column = |holds: &str| self.columns.get(holds).cloned().into_iter().collect::<Vec<_>>();
        let done = [
            (What::Open, "opened"),
            (What::Click, "clicked"),
            (What::Attachment, "attachment"),
            (What::Submit, "submitted"),
            (What::Report, "reported"),
        ];
        Wording {
            email: column("address"),
            unit: column("unit"),
            campaign: column("campaign"),
            sent: column("sent"),
            bounced: column("bounced"),
            src: column("ip"),
            agent: column("agent"),
            done: done.map(|(what, holds)| (what, column(holds))).into(),
            yes: self.yes.clone(),
            no: self.no.clone(),
            times: Times {
                form: self.time.clone(),
                zone: self.zone.as_deref().and_then(offset).unwrap_or(Offset::constant(8)),
            },
        }
    }

    /// What is written into the files before they are kept: nothing of what people handed in.
    fn redact(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let (wording, needed) = (self.wording(), self.columns.get("submitted").map(String::as_str));
        let rewrite = if bytes.starts_with(ZIP) { redact::workbook } else { redact::table };
        rewrite(bytes, &wording, needed)
    }
}

const ZIP: &[u8] = b"PK\x03\x04";

/// What a file of this kind says of others.
pub(crate) fn declares(text: &str) -> Vec<Declared> {
    if declaration(text).is_none_or(|(_, kind)| kind != KIND) {
        return Vec::new();
    }
    let (maps, _) = parse(text);
    maps.into_iter()
        .map(|map| Declared { name: map.file.clone(), format, redact: Box::new(move |bytes| map.redact(bytes)) })
        .collect()
}

/// A workbook by its ending, or a text whose first line has columns.
fn format(head: &Head<'_>) -> Option<&'static Format> {
    if head.bytes.starts_with(ZIP) {
        return head.name.to_lowercase().ends_with(".xlsx").then_some(&MAPPED_XLSX);
    }
    let is_table =
        !head.is_binary() && declaration(head.text()).is_none() && header(&table::first_line(head)).len() >= 2;
    is_table.then_some(&MAPPED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "secdiag = \"drill-map\"\n[[file]]\nname = \"phish-*\"\nzone = \"Mars\"\nunknown = 1\n\
                        [file.columns]\naddress = \"Kto\"\nclicked = \"Klik at\"\nshoe_size = \"x\"\n\
                        [[file]]\nname = \"b\"\n";

    #[test]
    fn a_map_is_read_and_what_is_wrong_in_it_is_told() {
        let (maps, notes) = parse(TEXT);
        assert_eq!(maps.len(), 1);
        assert_eq!(maps[0].columns["clicked"], "klik_at");
        let reasons: Vec<_> = notes.iter().map(|note| (note.reason.as_str(), note.place.as_deref())).collect();
        let expected = [
            ("field-missing", Some("line 10")),
            ("unknown-key", Some("line 9")),
            ("unknown-key", Some("line 5")),
            ("unknown-word", Some("line 2")),
        ];
        assert_eq!(reasons, expected);
        assert_eq!(declares(TEXT).len(), 1);
        assert!(declares("secdiag = \"drill-review\"\n").is_empty());
    }

    #[test]
    fn only_tables_are_read_by_a_map() {
        let id = |name: &str, bytes: &[u8]| format(&Head::new(bytes, name, bytes.len() as u64)).map(|format| format.id);
        assert_eq!(id("a.csv", b"Kto;Klik\n"), Some("drill-mapped"));
        assert_eq!(id("a.xlsx", b"PK\x03\x04"), Some("drill-mapped-xlsx"));
        for (name, bytes) in
            [("a.zip", &b"PK\x03\x04"[..]), ("m.toml", TEXT.as_bytes()), ("a", b"one column\n"), ("b", b"a,b\0\x01")]
        {
            assert_eq!(id(name, bytes), None, "{name}");
        }
    }
}
