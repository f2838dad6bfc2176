//! Indicators from lists: plain ones, tables, STIX bundles, MISP events, OpenIOC; and warning lists that call some of them
//! innocent.
//!
//! The form of a list is told by its content. An entry becomes an [`Indicator`] when it is an address, a network, a
//! range, a domain, a URL, a digest of a file or a mailbox; what would match the innocent (private addresses, networks wider than a /8, names that
//! belong to everybody) is left out and counted, and so is everything else that was not understood.

mod date;
mod lines;
mod misp;
mod openioc;
mod pattern;
mod stix;
mod target;
mod warning;

use std::collections::BTreeMap;

use secdiag_model::table::Time;
use secdiag_model::{EvidenceKind, Format, Head, Indicator, Match, Note, NoteKind, Sha256};
use serde::{Deserialize, Serialize};

use target::{Entry, Target};

pub use warning::{WarningList, gate, is_warning_list, read_warning_list};

/// Formats that intake can recognise among the evidence.
pub static FORMATS: &[&Format] = &[&STIX_BUNDLE];

/// A STIX bundle, version 2.0 or 2.1.
pub static STIX_BUNDLE: Format = Format {
    id: "stix-bundle",
    kind: EvidenceKind::Cti,
    title: "STIX 2 bundle of threat intelligence",
    sniff: sniff_cti,
};

/// What a list is, for the record of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInfo {
    /// Name of the list.
    pub name: String,
    /// Digest of its bytes.
    pub sha256: String,
    /// `YYYY-MM-DD`: its own date, else that of its newest entry, else the file's; empty when there is none.
    pub date: String,
    /// `plain`, `table`, `stix`, `misp`, `openioc`; empty when it was not recognised.
    pub form: String,
    /// Indicators taken from it.
    pub indicators: u64,
    /// The same by kind: `ip`, `domain`, `hash`, `email`.
    pub by_kind: BTreeMap<String, u64>,
    /// What the file holds, by the words of its form: `indicator`, `malware`, `relationship` …; `event`, `object`,
    /// `attribute`, `to_ids`.
    pub census: BTreeMap<String, u64>,
    /// Entries that gave none, or less than was meant, by reason.
    pub skipped: BTreeMap<String, u64>,
}

/// Recognises a STIX bundle by its content.
pub fn sniff_cti(head: &Head<'_>) -> Match {
    let text = head.text().trim_start();
    if !text.starts_with('{') {
        return Match::No;
    }
    let is_bundle =
        text.contains("\"bundle--") || text.contains("\"type\":\"bundle\"") || text.contains("\"type\": \"bundle\"");
    match (is_bundle, text.contains("\"spec_version\"") && text.contains("\"objects\"")) {
        (true, _) => Match::Yes(90),
        (false, true) => Match::Close("a STIX bundle has the type `bundle`"),
        (false, false) => Match::No,
    }
}

/// Reads a list. `name` is what reports call it, `file_date` (`YYYY-MM-DD`) stands in where the list has no date.
///
/// Indicators come in the order of the list; nothing makes this fail: what cannot be read is in the notes.
pub fn read_list(name: &str, bytes: &[u8], file_date: Option<&str>) -> (Vec<Indicator>, ListInfo, Vec<Note>) {
    let mut list = List::new(name, bytes);
    let text = decode(bytes);
    let text = text.trim_start();
    match text.chars().next() {
        Some('{' | '[') if is_json(text) => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value) => read_json(&value, &mut list),
            Err(error) => {
                let text = format!("the file is not valid JSON: {error}; export the list again");
                list.note(NoteKind::Broken, "not-json", text, Some(format!("line {}", error.line())));
            }
        },
        Some('<') if openioc::is_openioc(text) => {
            list.form("openioc");
            openioc::read(text, &mut list);
        }
        Some('<') => {
            let text = "XML of a kind that is not read (STIX 1): export the list as STIX 2.1 or as plain lines";
            list.note(NoteKind::Unsupported, "xml", text.to_owned(), None);
        }
        Some(_) if text.contains('\0') => {
            let text = "the file is not a text: give the list as plain lines, CSV, STIX 2 or MISP JSON";
            list.note(NoteKind::Unsupported, "not-text", text.to_owned(), None);
        }
        Some(_) => lines::read(text, &mut list),
        None => list.note(NoteKind::Broken, "empty", "the list is empty".to_owned(), None),
    }
    list.finish(file_date)
}

/// `[` begins JSON, but also a defanged address.
fn is_json(text: &str) -> bool {
    text.starts_with('{') || text.get(1..).is_some_and(|rest| rest.trim_start().starts_with(['{', '"', ']']))
}

fn read_json(value: &serde_json::Value, list: &mut List) {
    if value.get("objects").is_some_and(serde_json::Value::is_array) {
        list.form("stix");
        stix::read(value, list);
    } else if misp::is_event(value) {
        list.form("misp");
        misp::read(value, list);
    } else if value.get("list").is_some() && value.get("matching_attributes").is_some() {
        let text = "this is a warning list: it names what is harmless, not what is bad, and gives no indicator";
        list.note(NoteKind::Unsupported, "warning-list", text.to_owned(), None);
    } else {
        let text = "JSON of a kind that is not known: STIX 2 bundles and MISP events are read";
        list.note(NoteKind::Unsupported, "unknown-json", text.to_owned(), None);
    }
}

fn decode(bytes: &[u8]) -> String {
    let utf16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        bytes => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// What is known of one entry beside its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub label: String,
    pub date: Option<String>,
    pub confidence: Option<f64>,
    pub valid_from: Option<i64>,
    pub valid_until: Option<i64>,
    /// Line or record.
    pub place: u64,
}

/// A list being read.
pub(crate) struct List {
    info: ListInfo,
    indicators: Vec<Indicator>,
    notes: Vec<Note>,
    /// First place of each reason.
    first_skips: BTreeMap<String, u64>,
    newest: Option<String>,
}

impl List {
    /// Confidence of an entry whose list does not say.
    const CONFIDENCE: f64 = 0.75;
    /// What remains of it where the list named a path on a host and the whole host is matched.
    const WIDENED: f64 = 0.6;
    /// Longest label.
    const MAX_LABEL: usize = 200;

    fn new(name: &str, bytes: &[u8]) -> Self {
        let info = ListInfo { name: name.to_owned(), sha256: Sha256::of(bytes).to_string(), ..ListInfo::default() };
        Self { info, indicators: Vec::new(), notes: Vec::new(), first_skips: BTreeMap::new(), newest: None }
    }

    pub(crate) fn form(&mut self, form: &str) {
        form.clone_into(&mut self.info.form);
    }

    /// The list's own date, the first that is found.
    pub(crate) fn date(&mut self, date: String) {
        if self.info.date.is_empty() {
            self.info.date = date;
        }
    }

    /// Takes an entry.
    pub(crate) fn entry(&mut self, value: &str, about: &About) {
        match Entry::parse(value) {
            Ok(entry) => self.add(value, &entry, about),
            Err(why) => self.skip(why, about.place),
        }
    }

    pub(crate) fn add(&mut self, value: &str, entry: &Entry, about: &About) {
        if let Some(date) = &about.date
            && self.newest.as_ref().is_none_or(|newest| newest < date)
        {
            self.newest = Some(date.clone());
        }
        let confidence = about.confidence.unwrap_or(Self::CONFIDENCE) * if entry.widened { Self::WIDENED } else { 1.0 };
        for target in &entry.targets {
            let (kind, network, prefix_len, domain) = match target {
                Target::Network(ip, len) => ("ip", Some(*ip), Some(*len), None),
                Target::Domain(name) => ("domain", None, None, Some(name.clone())),
                Target::Hash(_) => ("hash", None, None, None),
                Target::Email(_) => ("email", None, None, None),
            };
            let value = match target {
                Target::Hash(value) | Target::Email(value) => value.clone(),
                Target::Network(..) | Target::Domain(_) => value.trim().to_owned(),
            };
            *self.info.by_kind.entry(kind.to_owned()).or_default() += 1;
            self.indicators.push(Indicator {
                kind: kind.to_owned(),
                value,
                network,
                prefix_len,
                domain,
                label: about.label.trim().chars().take(Self::MAX_LABEL).collect(),
                list_name: self.info.name.clone(),
                list_sha256: self.info.sha256.clone(),
                list_date: about.date.clone().unwrap_or_default(),
                confidence: confidence.clamp(0.0, 1.0),
                valid_from: about.valid_from.map(Time),
                valid_until: about.valid_until.map(Time),
                place: about.place,
                warning: String::new(),
            });
        }
    }

    /// Counts something that the file holds.
    pub(crate) fn count(&mut self, what: &str, count: u64) {
        *self.info.census.entry(what.to_owned()).or_default() += count;
    }

    /// Counts an entry that gives no indicator.
    pub(crate) fn skip(&mut self, why: &str, place: u64) {
        *self.info.skipped.entry(why.to_owned()).or_default() += 1;
        self.first_skips.entry(why.to_owned()).or_insert(place);
    }

    pub(crate) fn note(&mut self, kind: NoteKind, reason: &str, text: String, place: Option<String>) {
        let mut note = Note::new(kind, reason, text);
        note.path.clone_from(&self.info.name);
        note.place = place;
        note.sha256 = self.info.sha256.parse().ok();
        self.notes.push(note);
    }

    fn finish(mut self, file_date: Option<&str>) -> (Vec<Indicator>, ListInfo, Vec<Note>) {
        if self.info.date.is_empty() {
            self.info.date = self.newest.take().or_else(|| file_date.map(str::to_owned)).unwrap_or_default();
        }
        for indicator in &mut self.indicators {
            if indicator.list_date.is_empty() {
                indicator.list_date.clone_from(&self.info.date);
            }
        }
        self.info.indicators = self.indicators.len() as u64;
        for (why, count) in self.info.skipped.clone() {
            let place = self.first_skips.get(&why).map(|place| format!("first at {place}"));
            let (kind, text) = explain(&why);
            self.note(kind, &why, text, place);
            if let Some(note) = self.notes.last_mut() {
                note.count = count;
            }
        }
        if self.indicators.is_empty() && self.notes.is_empty() {
            let text = "the list holds no entry that could be matched".to_owned();
            self.note(NoteKind::NotUnderstood, "no-indicators", text, None);
        }
        (self.indicators, self.info, self.notes)
    }
}

fn explain(why: &str) -> (NoteKind, String) {
    let (kind, text) = match why {
        "private-or-special-address" => (
            NoteKind::Assumed,
            "entries are private, multicast or reserved addresses, or networks that contain some: they would accuse the firm's own hosts and were left out",
        ),
        "too-wide" => (
            NoteKind::Assumed,
            "entries are networks or names so wide that they would match the innocent, and were left out",
        ),
        "revoked" => (NoteKind::Assumed, "indicators were revoked by their author and were left out"),
        "older-version" => (NoteKind::Assumed, "older versions of indicators were left out"),
        "not-for-detection" => {
            (NoteKind::Assumed, "attributes are not meant for detection (`to_ids` is false) and were left out")
        }
        "condition-left-out" => (
            NoteKind::Assumed,
            "patterns ask for more than an address or a name; they are matched by these alone, with less confidence",
        ),
        "path-only" | "exception-rule" => {
            (NoteKind::NotUnderstood, "entries are of a kind that traffic is not matched against")
        }
        _ => (NoteKind::NotUnderstood, "entries were not understood and were left out"),
    };
    (kind, text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each indicator as `target label date confidence@place`.
    fn show(text: &str) -> (String, Vec<String>, String) {
        let (indicators, info, _) = read_list("list", text.as_bytes(), Some("2026-01-01"));
        let line = |i: &Indicator| {
            let network = || Some(format!("{}/{}", i.network?, i.prefix_len?));
            let target = i.domain.clone().or_else(network).unwrap_or_else(|| i.value.clone());
            format!("{target} [{}] {} {:.2} @{}", i.label, i.list_date, i.confidence, i.place)
        };
        let skipped: Vec<_> = info.skipped.iter().map(|(why, n)| format!("{why} {n}")).collect();
        (format!("{} {}", info.form, info.date), indicators.iter().map(line).collect(), skipped.join(", "))
    }

    #[test]
    fn plain_lines_of_every_kind() {
        let text = "# Feed\n# Last updated: 2026-11-03 10:00 UTC\n\n203.0.113.7 # botnet, seen 2026-11-01\n\
                    203.0.113.0/25 ; SBL1\n0.0.0.0 ads.bad.example localhost\n||c2.example^\n10.0.0.1\n\
                    hxxp://bad[.]example/x\n198.51.100.1 - 198.51.100.2\nwhat is this\n5.5.5.5\t7\n[2001:db8::1]:80\n";
        let (form, indicators, skipped) = show(text);
        assert_eq!(form, "plain 2026-11-03");
        assert_eq!(
            indicators,
            [
                "203.0.113.7/128 [botnet, seen 2026-11-01] 2026-11-01 0.75 @4",
                "203.0.113.0/121 [SBL1] 2026-11-03 0.75 @5",
                "ads.bad.example [] 2026-11-03 0.75 @6",
                "c2.example [] 2026-11-03 0.75 @7",
                "bad.example [] 2026-11-03 0.45 @9",
                "198.51.100.1/128 [] 2026-11-03 0.75 @10",
                "198.51.100.2/128 [] 2026-11-03 0.75 @10",
                "5.5.5.5/128 [] 2026-11-03 0.75 @12",
                "2001:db8::1/128 [] 2026-11-03 0.75 @13",
            ]
        );
        assert_eq!(skipped, "not-a-domain 1, private-or-special-address 1");
    }

    #[test]
    fn maltrail_names_its_malware() {
        let text = "# Copyright (c) 2014-2026\n\n# Aliases: akey stealer, b\n\n# Reference: https://x.example/1 (# 2025-04-19)\n\nhttp://203.0.113.9\n198.51.100.4:3333\n/gate.php\n";
        let (form, indicators, skipped) = show(text);
        assert_eq!(form, "plain 2026-01-01");
        assert_eq!(
            indicators,
            ["203.0.113.9/128 [akey stealer] 2026-01-01 0.75 @7", "198.51.100.4/128 [akey stealer] 2026-01-01 0.75 @8"]
        );
        assert_eq!(skipped, "path-only 1");
    }

    #[test]
    fn tables_by_their_header() {
        let abuse = "################\n# Feodo; Last updated: 2026-11-03 09:00:00 UTC\n#\n# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"last_online\",\"malware\"\n\"2026-10-01 01:02:03\",\"203.0.113.7\",\"443\",\"2026-11-02\",\"Emotet, \"\"x\"\"\"\n";
        let (form, indicators, skipped) = show(abuse);
        assert_eq!(form, "table 2026-11-03");
        assert_eq!(indicators, ["203.0.113.7/128 [Emotet, \"x\"] 2026-11-02 0.75 @5"]);
        assert_eq!(skipped, "");

        let (form, indicators, skipped) = show(
            "Type;Value;Confidence;Threat\nip;203.0.113.8;90;C2\ndomain;bad[.]example;0.5;\nhash;d41d8cd98f00b204e9800998ecf8427e;1;x\n;;;\n",
        );
        assert_eq!(form, "table 2026-01-01");
        assert_eq!(
            indicators,
            [
                "203.0.113.8/128 [C2] 2026-01-01 0.90 @2",
                "bad.example [] 2026-01-01 0.50 @3",
                "d41d8cd98f00b204e9800998ecf8427e [x] 2026-01-01 1.00 @4"
            ]
        );
        assert_eq!(skipped, "empty 1");

        let (_, indicators, _) = show("2026-11-01 10:00,203.0.113.1,443\nx,bad.example,y\n");
        assert_eq!(indicators.len(), 2, "{indicators:?}");
    }

    #[test]
    fn stix_bundles() {
        let object = |id: u8, more: &str| {
            format!(
                r#"{{"type":"indicator","id":"indicator--{id}","created":"2026-01-01T00:00:00Z","modified":"2026-02-0{id}T00:00:00Z","valid_from":"2026-01-01T00:00:00Z"{more}}}"#
            )
        };
        let bundle = format!(
            r#"{{"type":"bundle","id":"bundle--1","objects":[{},{},{},{},{},{},{{"type":"malware","id":"malware--1","name":"Emotet"}},{{"type":"relationship","id":"r--1","relationship_type":"indicates","source_ref":"indicator--1","target_ref":"malware--1"}},{{"type":"ipv4-addr","id":"ipv4-addr--1","value":"198.51.100.200"}}]}}"#,
            object(
                1,
                r#","pattern":"[ipv4-addr:value = '203.0.113.0/24']","confidence":40,"name":"x","valid_until":"2026-06-01T00:00:00Z""#
            ),
            object(
                2,
                r#","pattern":"[domain-name:value = 'bad.example' AND file:name = 'x']","pattern_type":"stix","indicator_types":["malicious-activity"]"#
            ),
            object(3, r#","pattern":"[ipv4-addr:value = '203.0.113.1']","revoked":true"#),
            object(4, r#","pattern":"alert tcp any any","pattern_type":"snort""#),
            object(5, r#","pattern":"[mutex:name = 'aa']""#),
            object(6, r#","pattern":"[ipv4-addr:value = ""#),
        );
        let (form, indicators, skipped) = show(&bundle);
        assert_eq!(form, "stix 2026-02-02");
        assert_eq!(
            indicators,
            ["203.0.113.0/120 [Emotet] 2026-02-01 0.40 @1", "bad.example [malicious-activity] 2026-02-02 0.60 @2"]
        );
        assert_eq!(
            skipped,
            "condition-left-out 1, pattern 1, pattern-language 1, pattern-of-other-things 1, revoked 1"
        );
        let (indicators, ..) = read_list("l", bundle.as_bytes(), None);
        assert_eq!(indicators[0].valid_until, date::micros("2026-06-01T00:00:00Z").map(Time));
        let head = Head::new(bundle.as_bytes(), "x.json", bundle.len() as u64);
        assert_eq!(sniff_cti(&head), Match::Yes(90));
    }

    #[test]
    fn misp_events() {
        let event = r#"{"Event":{"info":"Campaign","date":"2026-03-04","Attribute":[
            {"type":"ip-dst|port","value":"203.0.113.7|443","to_ids":true,"timestamp":"1772668800"},
            {"type":"domain|ip","value":"bad.example|203.0.113.8","to_ids":true},
            {"type":"domain","value":"good.example","to_ids":false},
            {"type":"mutex","value":"aa","to_ids":true}]}}"#;
        let (form, indicators, skipped) = show(event);
        assert_eq!(form, "misp 2026-03-04");
        assert_eq!(
            indicators,
            [
                "203.0.113.7/128 [Campaign] 2026-03-05 0.75 @1",
                "bad.example [Campaign] 2026-03-04 0.75 @2",
                "203.0.113.8/128 [Campaign] 2026-03-04 0.75 @2"
            ]
        );
        assert_eq!(skipped, "attribute-of-other-things 1, not-for-detection 1");
    }

    #[test]
    fn what_is_no_list_says_so() {
        for (bytes, reason) in [
            (&b""[..], "empty"),
            (b"{\"a\":", "not-json"),
            (b"{\"a\":1}", "unknown-json"),
            (b"<stix/>", "xml"),
            (b"MZ\x90\0\x03", "not-text"),
            (b"{\"list\":[],\"matching_attributes\":[]}", "warning-list"),
            (b"# nothing\n", "no-indicators"),
            (
                b"{\"type\":\"bundle\",\"objects\":[{\"type\":\"ipv4-addr\",\"value\":\"203.0.113.1\"}]}",
                "no-indicators",
            ),
        ] {
            let (indicators, _, notes) = read_list("list", bytes, None);
            assert!(indicators.is_empty());
            assert_eq!(notes[0].reason, reason);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            read_list("x", &bytes, None);
        }

        #[test]
        fn any_text_is_survived(text in "[\\[\\]{}\":,;#|a-z0-9./ \n\t-]{0,200}") {
            read_list("x", text.as_bytes(), None);
        }
    }
}
