//! Fortinet FortiOS: a backup or the output of `show` / `show full-configuration` (FortiOS CLI Reference).
//!
//! ```text
//! config firewall policy
//!     edit 1
//!         set srcintf "lan"
//!         set action accept
//!     next
//! end
//! ```
//! The grammar is lines of words; a word in double quotes may hold line ends. `end` closes the table and an edit in it.
//! Tables that decide about packets are read into objects, everything else is followed only to keep its place. Where a
//! quote or an `end` is missing the parser finds its place again at the next top-level `config`.
//!
//! Virtual IPs stand for their mapped addresses and ports: FortiOS translates destinations before it looks up the
//! policy. `accept` by IPsec policies counts as accept.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use secdiag_model::{EvidenceKind, Format, Head, Match, Note, NoteKind};

use crate::interval::Intervals;
use crate::net::{AddrSet, Service, proto};
use crate::policy::{
    Action, Addrs, Chain, DefaultAction, Hook, Interface, Log, Names, Nat, Path, Policy, Role, Route, Rule, Schedule,
    Services,
};
use crate::vendors::{Enter, Nesting, Parsed, Trouble, Vendor, excerpt, head_lines, lines};
use crate::zones;

/// The format and its parser.
pub(crate) const VENDOR: &Vendor = &Vendor {
    format: Format { id: "fortios", kind: EvidenceKind::Fwcfg, title: "Fortinet FortiOS configuration", sniff },
    parse,
};

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    if head.text().trim_start().starts_with("#config-version=F") {
        return Match::Yes(100);
    }
    let has = |wanted: &dyn Fn(&str) -> bool| head_lines(head).any(|line| wanted(line.trim()));
    let grammar =
        has(&|line| line.starts_with("edit ")) && has(&|line| line == "next") && has(&|line| line.starts_with("set "));
    if !grammar || !has(&|line| line.starts_with("config ")) {
        return Match::No;
    }
    let rules = |line: &str| {
        [
            "config firewall policy",
            "config firewall policy6",
            "config firewall local-in-policy",
            "config firewall local-in-policy6",
        ]
        .iter()
        .any(|section| line.ends_with(section))
    };
    if has(&rules) {
        return Match::Yes(80);
    }
    let fortinet = |line: &str| {
        ["config firewall ", "config system ", "config router ", "config log ", "config vdom", "config global"]
            .iter()
            .any(|section| line.starts_with(section))
    };
    match has(&fortinet) {
        // The rules may stand behind what recognisers see.
        true if head.size > head.bytes.len() as u64 => Match::Yes(60),
        true => Match::Close("a part of a FortiOS configuration without firewall policies: give the whole backup"),
        false => Match::No,
    }
}

/// Reads a configuration.
pub fn parse(text: &str) -> Parsed {
    let lines: Vec<&str> = lines(text).map(|(_, line)| line).collect();
    let mut reader = Reader::new(&lines);
    reader.read();
    let total = lines.iter().filter(|line| !line.trim().is_empty()).count() as u64;
    let truncated = reader.stack.iter().any(|frame| !frame.base);
    let Reader { tables, mut trouble, .. } = reader;
    let vdoms: BTreeSet<String> = tables
        .iter()
        .filter(|((_, path), table)| CHAINS.iter().any(|(name, ..)| name == path) && table.seen)
        .map(|((vdom, _), _)| vdom.clone())
        .collect();
    let several = vdoms.iter().any(|vdom| !vdom.is_empty());
    let mut policies = Vec::new();
    for vdom in vdoms {
        let policy = Resolver::new(&tables, &vdom, &lines, &mut trouble).policy();
        policies.push(policy);
    }
    let host = tables
        .iter()
        .filter(|((_, path), _)| path == "system global")
        .find_map(|(_, table)| table.settings().get("hostname"))
        .and_then(|set| set.values.first().cloned())
        .unwrap_or_default();
    let coverage = trouble.coverage(total);
    for policy in &mut policies {
        let vdom = std::mem::take(&mut policy.device);
        policy.device = if several && !vdom.is_empty() { format!("{host}/{vdom}") } else { host.clone() };
        policy.coverage = coverage;
        policy.truncated = truncated;
    }
    Parsed { policies, notes: trouble.into_notes() }
}

/// Tables of rules: path, kind of packets, whether addresses are IPv6.
const CHAINS: &[(&str, Hook, bool)] = &[
    ("firewall policy", Hook::Forward, false),
    ("firewall policy6", Hook::Forward, true),
    ("firewall local-in-policy", Hook::Input, false),
    ("firewall local-in-policy6", Hook::Input, true),
];

/// The list of what interfaces let reach the device itself; no table of the file is called so.
const ALLOWACCESS: &str = "implicit allowaccess";

/// Other tables that are read into objects.
const TABLES: &[&str] = &[
    "firewall address",
    "firewall address6",
    "firewall addrgrp",
    "firewall addrgrp6",
    "firewall service custom",
    "firewall service group",
    "firewall vip",
    "firewall vip6",
    "firewall vipgrp",
    "firewall vipgrp6",
    "firewall schedule onetime",
    "firewall schedule recurring",
    "firewall schedule group",
    "system admin",
    "system global",
    "system interface",
    "system zone",
    "system sdwan",
    "system virtual-wan-link",
    "system settings",
    "router static",
    "router static6",
    "log setting",
];

/// Tables of rules of a kind that is not inspected yet.
const NOT_INSPECTED: &[&str] = &["firewall security-policy", "firewall proxy-policy", "firewall multicast-policy"];

/// First words of sections that stand at the top only: one of them inside an object means that an `end` is missing.
const TOP: &[&str] = &[
    "firewall",
    "system",
    "router",
    "log",
    "vpn",
    "user",
    "antivirus",
    "webfilter",
    "ips",
    "application",
    "dlp",
    "spamfilter",
    "emailfilter",
    "wireless-controller",
    "switch-controller",
    "endpoint-control",
    "voip",
    "waf",
    "web-proxy",
    "wanopt",
    "certificate",
    "alertemail",
    "report",
    "dnsfilter",
    "ssh-filter",
    "file-filter",
    "authentication",
    "icap",
    "extender-controller",
    "videofilter",
    "casb",
    "ztna",
];

/// One `set`.
#[derive(Clone, Debug, Default)]
struct Setting {
    values: Vec<String>,
    line: u32,
}

/// One `edit`.
#[derive(Clone, Debug, Default)]
struct Object {
    name: String,
    line_from: u32,
    line_to: u32,
    settings: BTreeMap<String, Setting>,
    /// Settings of tables inside: path of the inner table and key, values.
    inner: Vec<(String, Setting)>,
}

impl Object {
    fn values(&self, key: &str) -> &[String] {
        self.settings.get(key).map(|set| set.values.as_slice()).unwrap_or_default()
    }

    fn first(&self, key: &str) -> Option<&str> {
        self.values(key).first().map(String::as_str)
    }

    fn is_enabled(&self, key: &str) -> bool {
        self.first(key) == Some("enable")
    }
}

/// One `config`.
#[derive(Debug, Default)]
struct Table {
    seen: bool,
    objects: Vec<Object>,
    by_name: BTreeMap<String, usize>,
    single: Object,
}

impl Table {
    fn settings(&self) -> &BTreeMap<String, Setting> {
        &self.single.settings
    }

    fn get(&self, name: &str) -> Option<&Object> {
        self.by_name.get(name).map(|index| &self.objects[*index])
    }

    fn reindex(&mut self) {
        self.by_name = self.objects.iter().enumerate().map(|(index, object)| (object.name.clone(), index)).collect();
    }
}

type Tables = BTreeMap<(String, String), Table>;

struct Frame {
    kind: FrameKind,
    /// `config vdom`, its edits and `config global`: other sections stand inside them.
    base: bool,
}

#[derive(Clone, PartialEq)]
enum FrameKind {
    Config(String),
    Edit(String),
}

/// Follows the lines and fills the tables.
struct Reader<'t> {
    lines: &'t [&'t str],
    stack: Vec<Frame>,
    vdom: String,
    tables: Tables,
    trouble: Trouble,
    renames: usize,
}

impl<'t> Reader<'t> {
    fn new(lines: &'t [&'t str]) -> Self {
        Self {
            lines,
            stack: Vec::new(),
            vdom: String::new(),
            tables: BTreeMap::new(),
            trouble: Trouble::default(),
            renames: 0,
        }
    }

    fn read(&mut self) {
        let mut index = 0;
        while index < self.lines.len() {
            let number = number_of(index);
            let line = strip_prompt(self.lines[index].trim());
            if line.is_empty() || line.starts_with('#') {
                index += 1;
                continue;
            }
            let (words, used) = self.words(index, line);
            self.statement(&words, number, number_of(index + used - 1));
            index += used;
        }
    }

    /// The words of the statement that begins at `index`, and how many lines it takes.
    fn words(&mut self, index: usize, first: &str) -> (Vec<String>, usize) {
        let mut words = Vec::new();
        let Some(mut open) = split(first, &mut words) else { return (words, 1) };
        // A quote is open: its value goes on in the next lines, if a sensible end is found.
        for (used, line) in (2..).zip(&self.lines[index + 1..]) {
            let closes = unescaped(line, open.quote);
            let reopens = closes.is_some_and(|at| {
                let before = line[..at].trim();
                before == "edit"
                    || (before.starts_with("set ") && line[..at].ends_with(' '))
                    || before.starts_with("config ")
            });
            // A quoted value that begins here means that the open one has no end of its own.
            if reopens {
                break;
            }
            open.value.push('\n');
            let Some(at) = closes else {
                open.value.push_str(line);
                continue;
            };
            open.value.push_str(&unescape(&line[..at]));
            words.push(std::mem::take(&mut open.value));
            let rest = &line[at + open.quote.len_utf8()..];
            return match split(rest, &mut words) {
                None => (words, used),
                Some(next) => {
                    open = next;
                    words.push(std::mem::take(&mut open.value));
                    self.trouble.line(number_of(index + used - 1), "unclosed-quote", "a quoted value has no end");
                    (words, used)
                }
            };
        }
        self.trouble.line(
            number_of(index),
            "unclosed-quote",
            "a quoted value has no end; it was cut at the end of its line",
        );
        let mut words = Vec::new();
        if let Some(open) = split(first, &mut words) {
            words.push(open.value.trim_end().to_owned());
        }
        (words, 1)
    }

    /// The table that the innermost frames are in, when it is one that is read.
    fn table_path(&self) -> Option<&str> {
        let outer = self.stack.iter().find(|frame| !frame.base)?;
        match &outer.kind {
            FrameKind::Config(path)
                if CHAINS.iter().any(|(name, ..)| name == path) || TABLES.contains(&path.as_str()) =>
            {
                Some(path)
            }
            _ => None,
        }
    }

    fn statement(&mut self, words: &[String], number: u32, last: u32) {
        let arguments = &words[1..];
        match words[0].as_str() {
            "config" if !arguments.is_empty() => self.open_config(arguments, number),
            "edit" => self.open_edit(&arguments.join(" "), number),
            "next" => self.close_edit(number),
            "end" => self.close_config(number),
            "set" | "append" | "unset" | "select" | "unselect" => self.set(words, number, last),
            "rename" | "move" | "clone" | "delete" | "purge" => self.reorder(words, number),
            "show" | "get" | "exit" | "abort" => {}
            _ => self.trouble.line(
                number,
                "unknown-statement",
                format!("`{}` is not a FortiOS statement", clip(&words.join(" "))),
            ),
        }
        if let Some(object) = self.object() {
            object.line_to = object.line_to.max(last);
        }
    }

    fn open_config(&mut self, words: &[String], number: u32) {
        let path = words.join(" ");
        let inside = self.stack.last().is_some_and(|frame| !frame.base);
        if inside && words.len() > 1 && TOP.contains(&words[0].as_str()) {
            self.trouble.line(number, "missing-end", "an `end` is missing before this line");
            while self.stack.last().is_some_and(|frame| !frame.base) {
                self.stack.pop();
            }
        }
        let top = self.stack.iter().all(|frame| frame.base);
        let base = top && (path == "vdom" || (path == "global" && self.stack.is_empty()));
        if base && path == "global" {
            self.vdom.clear();
        }
        self.stack.push(Frame { kind: FrameKind::Config(path.clone()), base });
        if top && !base {
            if NOT_INSPECTED.contains(&path.as_str()) {
                let text = format!("`config {path}` is not inspected by this version");
                self.trouble
                    .other(Note::new(NoteKind::NotUnderstood, "not-inspected", text).at(format!("line {number}")));
            }
            self.tables.entry((self.vdom.clone(), path)).or_default().seen = true;
        }
    }

    fn open_edit(&mut self, name: &str, number: u32) {
        let in_vdom =
            matches!(self.stack.last(), Some(Frame { kind: FrameKind::Config(path), base: true }) if path == "vdom");
        match self.stack.last().map(|frame| &frame.kind) {
            // A `next` is missing; or, among virtual domains, left out as backups do.
            Some(FrameKind::Edit(_)) => {
                let base = self.stack.pop().is_some_and(|frame| frame.base);
                if !base {
                    self.trouble.line(number, "missing-next", "a `next` is missing before this line");
                }
                return self.open_edit(name, number);
            }
            None => return self.trouble.line(number, "misplaced", "`edit` outside of a table"),
            Some(FrameKind::Config(_)) => {}
        }
        if in_vdom {
            name.clone_into(&mut self.vdom);
        }
        self.stack.push(Frame { kind: FrameKind::Edit(name.to_owned()), base: in_vdom });
        if self.depth() == 2
            && let Some(table) = self.table()
        {
            let index = *table.by_name.entry(name.to_owned()).or_insert_with(|| {
                table.objects.push(Object {
                    name: name.to_owned(),
                    line_from: number,
                    line_to: number,
                    ..Object::default()
                });
                table.objects.len() - 1
            });
            // Edited again: the proof is where it stands now, not all that lies between.
            (table.objects[index].line_from, table.objects[index].line_to) = (number, number);
        }
    }

    fn close_edit(&mut self, number: u32) {
        match self.stack.last().map(|frame| &frame.kind) {
            Some(FrameKind::Edit(_)) => {
                if let Some(object) = self.object() {
                    object.line_to = object.line_to.max(number);
                }
                self.stack.pop();
            }
            _ => self.trouble.line(number, "misplaced", "`next` without an `edit`"),
        }
    }

    fn close_config(&mut self, number: u32) {
        loop {
            match self.stack.pop().map(|frame| frame.kind) {
                Some(FrameKind::Edit(_)) => {}
                Some(FrameKind::Config(path)) => {
                    if path == "vdom" {
                        self.vdom.clear();
                    }
                    return;
                }
                None => return self.trouble.line(number, "misplaced", "`end` without a `config`"),
            }
        }
    }

    /// Frames below the base.
    fn depth(&self) -> usize {
        self.stack.iter().filter(|frame| !frame.base).count()
    }

    fn table(&mut self) -> Option<&mut Table> {
        let path = self.table_path()?.to_owned();
        self.tables.get_mut(&(self.vdom.clone(), path))
    }

    /// The object being edited, also from within its inner tables.
    fn object(&mut self) -> Option<&mut Object> {
        let name = match self.stack.iter().filter(|frame| !frame.base).nth(1).map(|frame| &frame.kind) {
            Some(FrameKind::Edit(name)) => name.clone(),
            _ => return None,
        };
        let table = self.table()?;
        let index = *table.by_name.get(&name)?;
        table.objects.get_mut(index)
    }

    fn set(&mut self, words: &[String], number: u32, last: u32) {
        let Some(key) = words.get(1).cloned() else {
            return self.trouble.line(number, "unknown-statement", format!("`{}` without a name", words[0]));
        };
        if self.depth() == 0 {
            return self.trouble.line(number, "misplaced", format!("`{}` outside of a table", words[0]));
        }
        let values = &words[2..];
        if words[0] == "set" && values.is_empty() && self.table_path().is_some() {
            return self.trouble.line(number, "unknown-statement", format!("`set {}` without a value", clip(&key)));
        }
        let inner: Vec<String> = self
            .stack
            .iter()
            .filter(|frame| !frame.base)
            .skip(1)
            .filter_map(|frame| match &frame.kind {
                FrameKind::Config(path) => Some(path.clone()),
                FrameKind::Edit(_) => None,
            })
            .take(4)
            .collect();
        let nested = self.depth() > 2 || !inner.is_empty();
        if self.depth() == 1 || (nested && self.object().is_none()) {
            let depth = self.depth();
            let Some(table) = self.table() else { return };
            if depth == 1 {
                apply(&mut table.single, words, values, number);
            } else {
                table
                    .single
                    .inner
                    .push((format!("{}/{key}", inner.join("/")), Setting { values: values.to_vec(), line: number }));
            }
            return;
        }
        let Some(object) = self.object() else { return };
        object.line_to = object.line_to.max(last);
        if nested {
            object
                .inner
                .push((format!("{}/{key}", inner.join("/")), Setting { values: values.to_vec(), line: number }));
        } else {
            apply(object, words, values, number);
        }
    }

    /// `rename A to B`, `move A before|after B`, `clone A to B`, `delete A`, `purge`.
    fn reorder(&mut self, words: &[String], number: u32) {
        if self.depth() != 1 || self.table_path().is_none() {
            return;
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let vdom = self.vdom.clone();
        let Some(table) = self.table() else { return };
        let position = |table: &Table, name: &str| table.by_name.get(name).copied();
        let done = match words.as_slice() {
            ["purge"] => {
                table.objects.clear();
                Some(())
            }
            ["delete", name] => position(table, name).map(|index| {
                table.objects.remove(index);
            }),
            ["move", name, side @ ("before" | "after"), other] => match (position(table, name), position(table, other))
            {
                (Some(from), Some(_)) if name != other => {
                    let object = table.objects.remove(from);
                    table.reindex();
                    let to = table.by_name[*other] + usize::from(*side == "after");
                    table.objects.insert(to, object);
                    Some(())
                }
                _ => None,
            },
            ["clone", name, "to", new] if position(table, new).is_none() => position(table, name).map(|index| {
                let mut object = table.objects[index].clone();
                (*new).clone_into(&mut object.name);
                (object.line_from, object.line_to) = (number, number);
                table.objects.push(object);
            }),
            ["rename", name, "to", new] if position(table, new).is_none() => position(table, name).map(|index| {
                (*new).clone_into(&mut table.objects[index].name);
            }),
            _ => None,
        };
        table.reindex();
        if done.is_none() {
            return self.trouble.line(
                number,
                "no-effect",
                format!("`{}` names nothing that can be changed so", clip(&words.join(" "))),
            );
        }
        if let ["rename", old, "to", new] = words.as_slice() {
            self.renames += 1;
            // References follow a rename. Each one walks all tables, so their number is bounded.
            if self.renames > 500 {
                return self.trouble.line(number, "too-many-renames", "references to this object were not renamed");
            }
            let tables = self.tables.iter_mut().filter(|((of, _), _)| *of == vdom);
            let objects = tables.flat_map(|(_, table)| &mut table.objects);
            let settings =
                objects.flat_map(|object| &mut object.settings).filter(|(key, _)| REFERENCES.contains(&key.as_str()));
            for value in settings.flat_map(|(_, set)| &mut set.values).filter(|value| value == old) {
                (*new).clone_into(value);
            }
        }
    }
}

/// Settings that name objects.
const REFERENCES: &[&str] = &[
    "member",
    "exclude-member",
    "srcaddr",
    "dstaddr",
    "srcaddr6",
    "dstaddr6",
    "service",
    "srcintf",
    "dstintf",
    "interface",
    "device",
];

fn apply(object: &mut Object, words: &[String], values: &[String], number: u32) {
    let key = words[1].clone();
    match words[0].as_str() {
        "unset" => {
            object.settings.remove(&key);
        }
        "append" | "select" => {
            let set = object.settings.entry(key).or_default();
            set.line = number;
            set.values.extend_from_slice(values);
        }
        "unselect" => {
            if let Some(set) = object.settings.get_mut(&key) {
                set.values.retain(|value| !values.contains(value));
            }
        }
        _ => {
            object.settings.insert(key, Setting { values: values.to_vec(), line: number });
        }
    }
}

fn number_of(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

fn clip(text: &str) -> String {
    crate::vendors::mask(text).chars().take(60).collect()
}

/// `fw01 (root) # set …` as a terminal's log shows it: the prompt is not part of the configuration.
fn strip_prompt(line: &str) -> &str {
    let Some((prompt, rest)) = line.split_once(" # ").or_else(|| line.split_once(" $ ")) else {
        return if line.ends_with(" #") && !line.starts_with("set ") { "" } else { line };
    };
    let mut words = prompt.split(' ');
    let host = words.next().is_some_and(|word| !word.is_empty() && !word.contains('"'));
    let context = words.next().is_none_or(|word| word.starts_with('(') && prompt.ends_with(')'));
    let statement = ["set", "edit", "config", "append"].iter().any(|word| line.starts_with(&format!("{word} ")));
    if host && context && !statement { rest.trim() } else { line }
}

struct Open {
    quote: char,
    value: String,
}

/// Splits a line into words. When a quote is still open at its end, its value so far is given back.
fn split(line: &str, words: &mut Vec<String>) -> Option<Open> {
    let mut word = String::new();
    let mut in_word = false;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some('\''), c) => word.push(c),
            (_, '\\') => {
                in_word = true;
                word.extend(chars.next());
            }
            (Some(_), c) => word.push(c),
            (None, '"' | '\'') => (quote, in_word) = (Some(c), true),
            (None, c) if c.is_whitespace() => {
                if in_word {
                    words.push(std::mem::take(&mut word));
                }
                in_word = false;
            }
            (None, c) => {
                in_word = true;
                word.push(c);
            }
        }
    }
    match quote {
        Some(quote) => Some(Open { quote, value: word }),
        None => {
            if in_word {
                words.push(word);
            }
            None
        }
    }
}

/// Protocol of a forwarded port.
fn proto_of(text: &str) -> Option<u8> {
    match text {
        "tcp" => Some(proto::TCP),
        "udp" => Some(proto::UDP),
        "sctp" => Some(proto::SCTP),
        _ => None,
    }
}

/// Byte position of the first quote that is not escaped.
fn unescaped(line: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    line.char_indices()
        .find(|(_, c)| {
            let hit = *c == quote && !escaped;
            escaped = *c == '\\' && !escaped && quote == '"';
            hit
        })
        .map(|(at, _)| at)
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

/// Makes a policy of one virtual domain's tables.
struct Resolver<'t> {
    tables: &'t Tables,
    vdom: &'t str,
    lines: &'t [&'t str],
    trouble: &'t mut Trouble,
    addresses: BTreeMap<(bool, String), Addrs>,
    services: BTreeMap<String, Services>,
    nesting: Nesting,
}

impl<'t> Resolver<'t> {
    fn new(tables: &'t Tables, vdom: &'t str, lines: &'t [&'t str], trouble: &'t mut Trouble) -> Self {
        Self {
            tables,
            vdom,
            lines,
            trouble,
            addresses: BTreeMap::new(),
            services: BTreeMap::new(),
            nesting: Nesting::default(),
        }
    }

    fn table(&self, path: &str) -> Option<&'t Table> {
        let of = |vdom: &str| self.tables.get(&(vdom.to_owned(), path.to_owned()));
        of(self.vdom).or_else(|| of(""))
    }

    fn objects(&self, path: &str) -> &'t [Object] {
        self.table(path).map(|table| table.objects.as_slice()).unwrap_or_default()
    }

    fn policy(mut self) -> Policy {
        self.note_unknown_options();
        let zones = self.zones();
        let mut chains = Vec::new();
        let mut paths = Vec::new();
        let mut local_in = Vec::new();
        let mut named: BTreeSet<String> = BTreeSet::new();
        for (path, hook, v6) in CHAINS {
            let Some(table) = self.table(path).filter(|table| table.seen) else { continue };
            let mut rules: Vec<Rule> = table.objects.iter().map(|object| self.rule(path, object, *v6, *hook)).collect();
            if *hook == Hook::Forward && !v6 {
                rules.extend(self.intrazone());
            }
            for (seq, rule) in (1..).zip(&mut rules) {
                rule.seq = seq;
                named.extend(rule.in_ifs.names.iter().chain(&rule.out_ifs.names).cloned());
            }
            let default = if *hook == Hook::Forward {
                let logged = self.table("log setting").and_then(|table| table.settings().get("fwpolicy-implicit-log"));
                let logged = logged.is_some_and(|set| set.values.first().is_some_and(|value| value == "enable"));
                DefaultAction::implicit_deny(if logged { Log::Yes } else { Log::No })
            } else {
                // What no local-in rule decides, each interface's `allowaccess` decides.
                DefaultAction::go_back()
            };
            let name = path.trim_start_matches("firewall ").to_owned();
            chains.push(Chain { name: name.clone(), rules, default });
            if *hook == Hook::Forward {
                paths.push(Path::through(*hook, vec![name]));
            } else {
                local_in.push(name);
            }
        }
        let rules = self.allowaccess();
        if !rules.is_empty() {
            let name = ALLOWACCESS.to_owned();
            local_in.push(name.clone());
            chains.push(Chain { name, rules, default: DefaultAction::implicit_deny(Log::No) });
        }
        if !local_in.is_empty() {
            paths.push(Path::through(Hook::Input, local_in));
        }
        let interfaces = self.interfaces(&zones, &named);
        Policy {
            device: self.vdom.to_owned(),
            vendor: "fortios".into(),
            interfaces,
            zones,
            chains,
            paths,
            nat: self.virtual_ips(),
            routes: self.routes(),
            ..Policy::default()
        }
    }

    /// What each interface lets reach the device itself: `allowaccess`, from the administrators' trusted hosts where
    /// every administrator has some (FortiOS Administration Guide, "Interface settings", "Trusted hosts").
    fn allowaccess(&self) -> Vec<Rule> {
        let settings = self.table("system global").map(Table::settings);
        let port = |key: &str, usual: u16| {
            let set = settings.and_then(|settings| settings.get(key)).and_then(|set| set.values.first());
            set.and_then(|text| text.parse().ok()).unwrap_or(usual)
        };
        let trusted = self.trusted_hosts();
        let mut rules = Vec::new();
        for object in self.objects("system interface") {
            if !self.vdom.is_empty() && object.first("vdom").is_some_and(|vdom| vdom != self.vdom) {
                continue;
            }
            let Some(set) = object.settings.get("allowaccess").filter(|_| object.first("status") != Some("down"))
            else {
                continue;
            };
            for word in &set.values {
                let tcp = |port| Service::to(proto::TCP, Intervals::one(port));
                let (service, by_administrators) = match word.as_str() {
                    "ping" => (Service::icmp(proto::ICMP, 8, None), false),
                    "https" => (tcp(port("admin-sport", 443)), true),
                    "http" => (tcp(port("admin-port", 80)), true),
                    "ssh" => (tcp(port("admin-ssh-port", 22)), true),
                    "telnet" => (tcp(port("admin-telnet-port", 23)), true),
                    "snmp" => (Service::to(proto::UDP, Intervals::one(161)), false),
                    "fgfm" => (tcp(541), false),
                    "probe-response" => (tcp(8008), false),
                    "fabric" => (tcp(8013), false),
                    "capwap" => (Service::to(proto::UDP, Intervals::range(5246, 5247)), false),
                    "radius-acct" => (Service::to(proto::UDP, Intervals::one(1813)), false),
                    _ => continue,
                };
                let mut rule = Rule::new(Action::Permit, set.line);
                rule.id = format!("{} allowaccess {word}", object.name);
                rule.text = excerpt([self.lines.get(set.line as usize - 1).copied().unwrap_or_default()]);
                rule.seq = u32::try_from(rules.len() + 1).unwrap_or(u32::MAX);
                rule.in_ifs = Names::of(vec![object.name.clone()]);
                rule.services = Services::exactly(vec![service]);
                if let Some(own) = object.first("ip").and_then(|ip| ip.split('/').next()?.parse().ok())
                    && own != std::net::IpAddr::from([0, 0, 0, 0])
                {
                    rule.dst = Addrs::exactly(AddrSet::host(own));
                }
                if by_administrators && let Some(trusted) = &trusted {
                    rule.src = Addrs::exactly(trusted.clone());
                }
                rules.push(rule);
            }
        }
        rules
    }

    /// Addresses that administrators come from; `None` where one of them may come from anywhere.
    fn trusted_hosts(&self) -> Option<AddrSet> {
        let administrators = self.objects("system admin");
        let mut all = AddrSet::empty();
        for administrator in administrators {
            let hosts = administrator.settings.iter().filter(|(key, _)| key.contains("trusthost"));
            let hosts: Vec<AddrSet> = hosts
                .filter_map(|(_, set)| network(&set.values, AddrSet::empty()))
                .filter(|set| !set.is_any())
                .collect();
            if hosts.is_empty() {
                return None;
            }
            all = hosts.iter().fold(all, |all, set| all.union(set));
        }
        (!administrators.is_empty()).then_some(all)
    }

    /// Virtual IPs as translations of destinations.
    fn virtual_ips(&self) -> Vec<Nat> {
        let mut all = Vec::new();
        for object in self.objects("firewall vip") {
            let range = |key: &str| object.first(key).and_then(|text| text.parse::<AddrSet>().ok());
            let (Some(outside), Some(inside)) = (range("extip"), range("mappedip")) else { continue };
            let mut nat = Nat::new(object.line_from);
            nat.id.clone_from(&object.name);
            nat.line_to = object.line_to;
            nat.text = self.excerpt(object);
            nat.enabled = object.first("status") != Some("disable");
            nat.dst = Addrs::exactly(outside);
            nat.to_dst = Some(Addrs::exactly(inside));
            if let Some(interface) = object.first("extintf").filter(|name| *name != "any") {
                nat.in_ifs = Names::of(vec![interface.to_owned()]);
            }
            if object.is_enabled("portforward") {
                let number = proto_of(object.first("protocol").unwrap_or("tcp"));
                if let Some((number, ports)) = number.zip(object.first("extport").and_then(port_range)) {
                    nat.services = Services::exactly(vec![Service::to(number, ports)]);
                }
                nat.to_port = object.first("mappedport").and_then(port_range).map(crate::net::Ports);
            }
            all.push(nat);
        }
        all
    }

    fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        for object in self.objects("router static").iter().chain(self.objects("router static6")) {
            let Some(dst) = network(object.values("dst"), AddrSet::full_v4()) else { continue };
            if object.first("status") == Some("disable") {
                continue;
            }
            routes.push(Route {
                dst,
                next_hop: object.first("gateway").and_then(|text| text.parse().ok()),
                interface: object.first("device").unwrap_or_default().to_owned(),
                discard: object.is_enabled("blackhole"),
                distance: object.first("distance").and_then(|text| text.parse().ok()).unwrap_or(10),
                line: object.line_from,
            });
        }
        routes
    }

    fn zones(&self) -> BTreeMap<String, Vec<String>> {
        let mut zones = BTreeMap::new();
        for object in self.objects("system zone") {
            let members = object.values("interface");
            if !members.is_empty() {
                zones.insert(object.name.clone(), members.to_vec());
            }
        }
        for path in ["system sdwan", "system virtual-wan-link"] {
            let Some(table) = self.table(path) else { continue };
            let members: Vec<String> = table
                .single
                .inner
                .iter()
                .filter(|(key, _)| key == "members/interface")
                .flat_map(|(_, set)| set.values.clone())
                .collect();
            if !members.is_empty() {
                zones.entry("virtual-wan-link".to_owned()).or_insert(members);
            }
        }
        // A zone of its own name would stand for itself for ever.
        zones.retain(|name: &String, members: &mut Vec<String>| !members.contains(name));
        zones
    }

    /// A rule of the platform's own for each zone whose members may talk to each other.
    fn intrazone(&self) -> Vec<Rule> {
        let open =
            |object: &&Object| object.first("intrazone") == Some("allow") && object.values("interface").len() > 1;
        let rule = |object: &Object| {
            let mut rule = Rule::new(Action::Permit, object.line_from);
            rule.id = format!("intrazone {}", object.name);
            rule.name = Some(object.name.clone());
            rule.line_to = object.line_to;
            rule.text = self.excerpt(object);
            rule.implicit = true;
            rule.in_ifs = Names::of(object.values("interface").to_vec());
            rule.out_ifs = rule.in_ifs.clone();
            rule.log = Log::No;
            rule
        };
        self.objects("system zone").iter().filter(open).map(rule).collect()
    }

    fn excerpt(&self, object: &Object) -> String {
        let lines = self.lines.get(object.line_from as usize - 1..object.line_to as usize).unwrap_or_default();
        excerpt(lines.iter().copied())
    }

    fn rule(&mut self, path: &str, object: &Object, v6: bool, hook: Hook) -> Rule {
        let line = object.line_from;
        let action = match object.first("action") {
            Some("accept" | "ipsec" | "ssl-vpn" | "learn") => Action::Permit,
            // FortiOS leaves the default out: deny.
            None | Some("deny") => Action::Deny,
            Some(other) => {
                self.trouble.line(
                    object.settings["action"].line,
                    "unknown-action",
                    format!("action `{}`", clip(other)),
                );
                Action::Permit
            }
        };
        let known_action =
            matches!(object.first("action"), None | Some("accept" | "deny" | "ipsec" | "ssl-vpn" | "learn"));
        let mut rule = Rule::new(action, line);
        rule.id = match path {
            "firewall policy" => object.name.clone(),
            _ => format!("{} {}", path.trim_start_matches("firewall "), object.name),
        };
        rule.name = object.first("name").map(str::to_owned);
        rule.line_to = object.line_to;
        rule.text = self.excerpt(object);
        rule.enabled = object.first("status") != Some("disable");
        if !known_action {
            rule.add_unknown("unknown action", line);
        }
        let interfaces = |key: &str| {
            let names: Vec<String> = object.values(key).to_vec();
            if names.iter().any(|name| name == "any") { Names::any() } else { Names::of(names) }
        };
        rule.in_ifs = if hook == Hook::Input { interfaces("intf") } else { interfaces("srcintf") };
        rule.out_ifs = interfaces("dstintf");
        rule.src = self.addresses(object, "src", v6);
        rule.dst = self.addresses(object, "dst", v6);
        rule.services = self.services(object);
        self.forwarded_ports(object, &mut rule);
        rule.log = match (object.first("logtraffic"), &rule.action) {
            (Some("all" | "enable"), _) => Log::Yes,
            (Some("disable"), _) => Log::No,
            // `utm`, the default, logs what security profiles see; whether a denied packet counts differs by version.
            _ => Log::Unknown,
        };
        rule.schedule = self.schedule(object);
        self.other_options(object, &mut rule);
        rule
    }

    /// `srcaddr`, `srcaddr6`, their negation, and the Internet-service form that takes their place.
    fn addresses(&mut self, object: &Object, side: &str, v6: bool) -> Addrs {
        let mut all = Addrs::none();
        let mut given = false;
        for (suffix, family) in [("", v6), ("6", true)] {
            let key = format!("{side}addr{suffix}");
            let names = object.values(&key);
            if names.is_empty() {
                continue;
            }
            given = true;
            let line = object.settings[&key].line;
            let mut addrs = Addrs::none();
            for name in names {
                addrs.add(&self.address(name, family, line));
            }
            addrs.names = names.to_vec();
            if object.is_enabled(&format!("{key}-negate")) {
                addrs.negate(&if family { AddrSet::full_v6() } else { AddrSet::full_v4() });
            }
            all.names.append(&mut addrs.names);
            all.add(&addrs);
        }
        let service = if side == "src" { "internet-service-src" } else { "internet-service" };
        if object.is_enabled(service) || object.is_enabled(&service.replace("service", "service6")) {
            let names: Vec<String> = ["-name", "-id", "-custom", "-group"]
                .iter()
                .flat_map(|suffix| object.values(&format!("{service}{suffix}")).iter().cloned())
                .collect();
            let what = format!("Internet service {}", crate::net::shorten(names, 4));
            let mut unknown = Addrs::unknown(what, AddrSet::full_v4());
            unknown.wide = true;
            return unknown;
        }
        if !given {
            self.trouble.line(object.line_from, "incomplete-rule", format!("the rule has no `{side}addr`"));
            return Addrs::unknown(format!("no {side}addr"), AddrSet::full());
        }
        all
    }

    fn address(&mut self, name: &str, v6: bool, line: u32) -> Addrs {
        if let Some(known) = self.addresses.get(&(v6, name.to_owned())) {
            return known.clone();
        }
        let universe = if v6 { AddrSet::full_v6() } else { AddrSet::full_v4() };
        let suffix = if v6 { "6" } else { "" };
        let find = |path: &str| self.table(&format!("firewall {path}{suffix}")).and_then(|table| table.get(name));
        if let Some(object) = find("address") {
            let addrs = self.address_object(object, v6);
            self.addresses.insert((v6, name.to_owned()), addrs.clone());
            return addrs;
        }
        if let Some(object) = find("vip") {
            return mapped(object);
        }
        let Some(group) = find("addrgrp").or_else(|| find("vipgrp")) else {
            return match name {
                "all" => Addrs::exactly(universe),
                "none" => Addrs::none(),
                _ => {
                    self.trouble.line(line, "undefined", format!("address `{}` is not defined", clip(name)));
                    Addrs::unknown(format!("undefined {name}"), universe)
                }
            };
        };
        match self.nesting.enter(name) {
            Enter::Go => {}
            Enter::Cycle => {
                self.trouble.line(group.line_from, "cyclic-group", format!("group `{}` holds itself", clip(name)));
                return Addrs::none();
            }
            Enter::TooMuch => {
                self.trouble.line(group.line_from, "too-deep", format!("group `{}` is nested too deep", clip(name)));
                return Addrs::unknown(format!("group {name}"), universe);
            }
        }
        let mut addrs = Addrs::none();
        for member in group.values("member") {
            addrs.add(&self.address(member, v6, group.line_from));
        }
        if group.is_enabled("exclude") {
            let mut excluded = Addrs::none();
            for member in group.values("exclude-member") {
                excluded.add(&self.address(member, v6, group.line_from));
            }
            addrs.lower = addrs.lower.minus(&excluded.upper);
            addrs.upper = addrs.upper.minus(&excluded.lower);
        }
        if self.nesting.leave() {
            self.addresses.insert((v6, name.to_owned()), addrs.clone());
        }
        addrs
    }

    fn address_object(&mut self, object: &Object, v6: bool) -> Addrs {
        let universe = if v6 { AddrSet::full_v6() } else { AddrSet::full_v4() };
        let named = |what: &str| Addrs::unknown(format!("{what} {}", object.name), universe.clone());
        let range = || {
            let (low, high) = (object.first("start-ip")?, object.first("end-ip")?);
            format!("{low}-{high}").parse::<AddrSet>().ok().filter(|set| !set.is_empty())
        };
        let known = match object.first("type").unwrap_or(if v6 { "ipprefix" } else { "ipmask" }) {
            // Without a value FortiOS has 0.0.0.0/0 and ::/0.
            "ipmask" => network(object.values("subnet"), AddrSet::full_v4()),
            "ipprefix" => network(object.values("ip6"), AddrSet::full_v6()),
            "iprange" => range(),
            "wildcard" => network(object.values("wildcard"), AddrSet::full_v4()),
            "interface-subnet" => match object.values("subnet") {
                [] => return named("interface-subnet"),
                subnet => network(subnet, AddrSet::empty()),
            },
            "geography" => {
                let mut country = named(&format!("country {}", object.first("country").unwrap_or("?")));
                country.wide = true;
                return country;
            }
            "fqdn" | "wildcard-fqdn" => return named("host name"),
            "mac" => return named("MAC address"),
            "dynamic" | "template" | "route-tag" => return named("dynamic"),
            other => {
                let line = object.settings.get("type").map_or(object.line_from, |set| set.line);
                self.trouble.line(line, "unknown-type", format!("address type `{}`", clip(other)));
                return named("unknown type");
            }
        };
        match known {
            Some(set) => Addrs::exactly(set),
            None => {
                self.trouble.line(
                    object.line_from,
                    "bad-value",
                    format!("address `{}` has a value that is none", clip(&object.name)),
                );
                named("bad value")
            }
        }
    }

    /// Where every destination is a virtual IP that forwards ports, only those ports get through.
    fn forwarded_ports(&mut self, object: &Object, rule: &mut Rule) {
        let mut forwarded = Vec::new();
        let mut names: Vec<String> = object.values("dstaddr").to_vec();
        let mut seen = BTreeSet::new();
        while let Some(name) = names.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let find = |path: &str| self.table(path).and_then(|table| table.get(&name));
            if let Some(group) = find("firewall vipgrp") {
                names.extend(group.values("member").iter().cloned());
                continue;
            }
            let Some(vip) = find("firewall vip").filter(|vip| vip.is_enabled("portforward")) else { return };
            let Some(number) = proto_of(vip.first("protocol").unwrap_or("tcp")) else { return };
            let Some(ports) = vip.first("mappedport").or(vip.first("extport")).and_then(port_range) else { return };
            forwarded.push(Service::to(number, ports));
        }
        if forwarded.is_empty() {
            return;
        }
        let cut = |services: &[Service]| -> Vec<Service> {
            let all = services.iter().flat_map(|service| forwarded.iter().map(|ports| service.intersect(ports)));
            all.filter(|service| !service.is_empty()).collect()
        };
        rule.services.lower = cut(&rule.services.lower);
        rule.services.maybe = cut(&rule.services.maybe);
    }

    fn services(&mut self, object: &Object) -> Services {
        let names = object.values("service");
        if names.is_empty() {
            if object.is_enabled("internet-service") || object.is_enabled("internet-service6") {
                return Services::unknown("services of the Internet service");
            }
            self.trouble.line(object.line_from, "incomplete-rule", "the rule has no `service`");
            return Services::unknown("no service");
        }
        let line = object.settings["service"].line;
        let mut services = Services::default();
        for name in names {
            let one = self.service(name, line);
            services.add(&one);
        }
        services.names = names.to_vec();
        if object.is_enabled("service-negate") {
            services.negate();
        }
        services
    }

    fn service(&mut self, name: &str, line: u32) -> Services {
        if let Some(known) = self.services.get(name) {
            return known.clone();
        }
        let find = |path: &str| self.table(path).and_then(|table| table.get(name));
        let services = if let Some(object) = find("firewall service custom") {
            self.service_object(object)
        } else if let Some(group) = find("firewall service group") {
            match self.nesting.enter(name) {
                Enter::Go => {}
                Enter::Cycle => {
                    self.trouble.line(group.line_from, "cyclic-group", format!("group `{}` holds itself", clip(name)));
                    return Services::default();
                }
                Enter::TooMuch => {
                    self.trouble.line(
                        group.line_from,
                        "too-deep",
                        format!("group `{}` is nested too deep", clip(name)),
                    );
                    return Services::unknown(format!("group {name}"));
                }
            }
            let mut services = Services::default();
            for member in group.values("member") {
                services.add(&self.service(member, group.line_from));
            }
            if !self.nesting.leave() {
                return services;
            }
            services
        } else if let Some(factory) = factory_service(name) {
            factory
        } else {
            self.trouble.line(line, "undefined", format!("service `{}` is not defined", clip(name)));
            return Services::unknown(format!("undefined {name}"));
        };
        self.services.insert(name.to_owned(), services.clone());
        services
    }

    fn service_object(&mut self, object: &Object) -> Services {
        let mut services = Services::default();
        let number = |key: &str| object.first(key).and_then(|value| value.parse::<u8>().ok());
        match object.first("protocol").unwrap_or("TCP/UDP/SCTP") {
            "IP" => match number("protocol-number") {
                // 0 is any protocol.
                None | Some(0) => return Services::any(),
                Some(number) => services.push(Service::proto(number)),
            },
            "ALL" => return Services::any(),
            kind @ ("ICMP" | "ICMP6") => {
                let proto = if kind == "ICMP" { proto::ICMP } else { proto::ICMP6 };
                services.push(match number("icmptype") {
                    Some(kind) => Service::icmp(proto, kind, number("icmpcode")),
                    None => Service::proto(proto),
                });
            }
            "TCP/UDP/SCTP" | "TCP/UDP/UDP-Lite/SCTP" => {
                let ranges = [
                    ("tcp-portrange", proto::TCP),
                    ("udp-portrange", proto::UDP),
                    ("sctp-portrange", proto::SCTP),
                    ("udplite-portrange", 136),
                ];
                for (key, number) in ranges {
                    let Some(set) = object.settings.get(key) else { continue };
                    for value in &set.values {
                        let (to, from) =
                            value.split_once(':').map_or((value.as_str(), None), |(to, from)| (to, Some(from)));
                        let sport = from.map_or(Some(Intervals::full()), port_range);
                        match (port_range(to), sport) {
                            (Some(dport), Some(sport)) => services.push(Service::to(number, dport).from_ports(sport)),
                            _ => {
                                self.trouble.line(
                                    set.line,
                                    "bad-value",
                                    format!("`{}` is not a range of ports", clip(value)),
                                );
                                services.add(&Services::unknown(format!("{} {value}", object.name)));
                            }
                        }
                    }
                }
            }
            other => {
                self.trouble.line(object.line_from, "unknown-type", format!("service protocol `{}`", clip(other)));
                return Services::unknown(format!("service {}", object.name));
            }
        }
        services
    }

    fn schedule(&mut self, object: &Object) -> Option<Schedule> {
        let name = object.first("schedule").filter(|name| *name != "always")?;
        let mut schedule = Schedule { name: name.to_owned(), ends: None, never: name == "none" };
        let onetime = self.table("firewall schedule onetime").and_then(|table| table.get(name));
        if let Some([_, date]) = onetime.map(|object| object.values("end")) {
            // `HH:MM yyyy/mm/dd`
            schedule.ends = date.replace('/', "-").parse().ok();
            if schedule.ends.is_none() {
                self.trouble.line(
                    object.line_from,
                    "bad-value",
                    format!("schedule `{}` has an end that is no date", clip(name)),
                );
            }
        }
        Some(schedule)
    }

    /// Options that narrow a rule in ways that are not evaluated, and options that are not known at all: both leave the
    /// rule in force and make it uncertain.
    fn other_options(&mut self, object: &Object, rule: &mut Rule) {
        for (key, set) in &object.settings {
            let negative = matches!(set.values.first().map(String::as_str), Some("disable" | "none" | "0"));
            if NARROWING.contains(&key.as_str()) {
                if !negative {
                    rule.add_unknown(format!("{key} {}", set.values.join(" ")), set.line);
                }
            } else if !is_known_policy_option(key) {
                self.trouble.line(set.line, "unknown-option", format!("`set {}` of a rule is not known", clip(key)));
                rule.add_unknown(format!("{key} {}", set.values.join(" ")), set.line);
            }
        }
    }

    fn note_unknown_options(&mut self) {
        const KNOWN: &[(&str, &[&str])] = &[
            (
                "firewall address",
                &[
                    "uuid",
                    "subnet",
                    "type",
                    "sub-type",
                    "start-ip",
                    "end-ip",
                    "fqdn",
                    "country",
                    "wildcard",
                    "wildcard-fqdn",
                    "comment",
                    "associated-interface",
                    "interface",
                    "color",
                    "visibility",
                    "allow-routing",
                    "cache-ttl",
                    "macaddr",
                    "start-mac",
                    "end-mac",
                    "sdn",
                    "sdn-addr-type",
                    "filter",
                    "organization",
                    "subnet-name",
                    "policy-group",
                    "epg-name",
                    "tenant",
                    "tag-detection-level",
                    "tag-type",
                    "tags",
                    "obj-id",
                    "obj-tag",
                    "obj-type",
                    "node-ip-only",
                    "fabric-object",
                    "fsso-group",
                    "clearpass-spt",
                    "sdn-tag",
                    "route-tag",
                    "dirty",
                    "hw-vendor",
                    "hw-model",
                    "os",
                    "sw-version",
                    "passive-fqdn-learning",
                    "fabric-global-object",
                ],
            ),
            (
                "firewall addrgrp",
                &[
                    "uuid",
                    "member",
                    "comment",
                    "exclude",
                    "exclude-member",
                    "color",
                    "visibility",
                    "allow-routing",
                    "type",
                    "category",
                    "fabric-object",
                    "fabric-global-object",
                ],
            ),
            (
                "firewall service custom",
                &[
                    "uuid",
                    "category",
                    "comment",
                    "protocol",
                    "tcp-portrange",
                    "udp-portrange",
                    "sctp-portrange",
                    "udplite-portrange",
                    "icmptype",
                    "icmpcode",
                    "protocol-number",
                    "visibility",
                    "color",
                    "helper",
                    "iprange",
                    "fqdn",
                    "session-ttl",
                    "proxy",
                    "check-reset-range",
                    "tcp-halfclose-timer",
                    "tcp-halfopen-timer",
                    "tcp-timewait-timer",
                    "tcp-rst-timer",
                    "udp-idle-timer",
                    "app-category",
                    "app-service-type",
                    "application",
                    "fabric-object",
                    "fabric-global-object",
                ],
            ),
            (
                "firewall service group",
                &["uuid", "member", "comment", "proxy", "color", "fabric-object", "fabric-global-object"],
            ),
            ("system zone", &["interface", "intrazone", "description", "tagging", "name"]),
        ];
        for (path, known) in KNOWN {
            for object in self.objects(path) {
                for (key, set) in object.settings.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
                    self.trouble.line(
                        set.line,
                        "unknown-option",
                        format!("`set {}` in `config {path}` is not known", clip(key)),
                    );
                }
            }
        }
    }

    /// Interfaces with their roles. Evidence in this order: the configured role, the default route, the name, alias or
    /// zone, a public address; a private address counts as internal only where another interface is external.
    fn interfaces(&self, zones: &BTreeMap<String, Vec<String>>, named: &BTreeSet<String>) -> Vec<Interface> {
        let private = zones::private();
        let mut interfaces: BTreeMap<String, Interface> = BTreeMap::new();
        for object in self.objects("system interface") {
            if !self.vdom.is_empty() && object.first("vdom").is_some_and(|vdom| vdom != self.vdom) {
                continue;
            }
            let mut networks = network(object.values("ip"), AddrSet::empty()).unwrap_or_default();
            for (_, set) in object.inner.iter().filter(|(key, _)| key == "secondaryip/ip" || key == "ipv6/ip6-address")
            {
                networks = networks.union(&network(&set.values, AddrSet::empty()).unwrap_or_default());
            }
            // An unnumbered interface has 0.0.0.0 0.0.0.0.
            if networks.is_any() {
                networks = AddrSet::empty();
            }
            let configured = match object.first("role") {
                Some("wan") => Some((Role::External, "`set role wan`")),
                Some("lan") => Some((Role::Internal, "`set role lan`")),
                Some("dmz") => Some((Role::Dmz, "`set role dmz`")),
                _ => None,
            };
            let alias = object.first("alias").and_then(zones::role_by_name);
            let (role, role_why) = match (configured, alias) {
                (Some((role, why)), _) => (role, why.to_owned()),
                (None, Some(by_alias)) => by_alias,
                (None, None) => (Role::Unknown, String::new()),
            };
            let name = object.name.clone();
            let line = object.line_from;
            let addresses = object.first("ip").and_then(|ip| ip.split('/').next()?.parse().ok()).map(AddrSet::host);
            let addresses = addresses.filter(|set| !AddrSet::host([0, 0, 0, 0].into()).covers(set)).unwrap_or_default();
            interfaces.insert(name.clone(), Interface { name, role, role_why, networks, addresses, line });
        }
        for name in named.iter().filter(|name| !zones.contains_key(*name)).chain(zones.values().flatten()) {
            interfaces.entry(name.clone()).or_insert_with(|| Interface { name: name.clone(), ..Interface::default() });
        }
        for object in self.objects("router static").iter().chain(self.objects("router static6")) {
            let Some(interface) = object.first("device").and_then(|device| interfaces.get_mut(device)) else {
                continue;
            };
            if object.first("status") == Some("disable") || object.is_enabled("blackhole") {
                continue;
            }
            match network(object.values("dst"), AddrSet::full()) {
                Some(set) if set.is_any() && interface.role == Role::Unknown => {
                    interface.role = Role::External;
                    interface.role_why = format!("the default route leads here (line {})", object.line_from);
                }
                Some(set) => interface.networks = interface.networks.union(&set),
                None => {}
            }
        }
        for interface in interfaces.values_mut().filter(|interface| interface.role == Role::Unknown) {
            let zone = zones.iter().find(|(_, members)| members.contains(&interface.name));
            let by_zone = zone.and_then(|(zone, _)| Some((zone, zones::role_by_name(zone)?)));
            if let Some((role, why)) = zones::role_by_name(&interface.name) {
                (interface.role, interface.role_why) = (role, why);
            } else if let Some((zone, (role, why))) = by_zone {
                (interface.role, interface.role_why) = (role, format!("of its zone {zone} {why}"));
            } else if !interface.networks.is_empty() && !private.overlaps(&interface.networks) {
                (interface.role, interface.role_why) = (Role::External, "its address is public".into());
            }
        }
        if interfaces.values().any(|interface| interface.role == Role::External) {
            for interface in interfaces.values_mut().filter(|interface| interface.role == Role::Unknown) {
                if !interface.networks.is_empty() && private.covers(&interface.networks) {
                    interface.role = Role::Internal;
                    interface.role_why = "its address is private and another interface is external".into();
                }
            }
        }
        for interface in interfaces.values_mut().filter(|interface| interface.role_why.is_empty()) {
            interface.role_why = "neither role, route, name nor address tell".into();
        }
        interfaces.into_values().collect()
    }
}

/// A virtual IP stands for the addresses that it maps to.
fn mapped(object: &Object) -> Addrs {
    let mut set = AddrSet::empty();
    for value in object.values("mappedip") {
        match value.parse::<AddrSet>() {
            Ok(one) => set = set.union(&one),
            Err(_) => return Addrs::unknown(format!("virtual IP {}", object.name), AddrSet::full_v4()),
        }
    }
    if set.is_empty() {
        let mut unknown = Addrs::unknown(format!("virtual IP {}", object.name), AddrSet::full_v4());
        if let Some(Ok(outside)) = object.first("extip").map(str::parse::<AddrSet>) {
            unknown = Addrs::exactly(outside);
        }
        return unknown;
    }
    Addrs::exactly(set)
}

/// `10.0.0.0 255.0.0.0`, `10.0.0.0/8`, `2001:db8::/32`; `default` without a value, `None` for something else.
fn network(values: &[String], default: AddrSet) -> Option<AddrSet> {
    match values {
        [] => Some(default),
        [one] => one.parse().ok(),
        [address, mask] => match (address.parse().ok()?, mask.parse().ok()?) {
            (IpAddr::V4(address), IpAddr::V4(mask)) => AddrSet::masked_v4(address, mask),
            _ => None,
        },
        _ => None,
    }
}

/// `80` or `1024-65535`. Port 0 alone is FortiOS's way to match nothing.
fn port_range(text: &str) -> Option<Intervals<u16>> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let (low, high) = (low.parse::<u16>().ok()?, high.parse::<u16>().ok()?);
    (low <= high).then(|| Intervals::range(low, high))
}

/// Policy options that restrict which packets match, in ways that only the running device can evaluate.
const NARROWING: &[&str] = &[
    "groups",
    "users",
    "fsso-groups",
    "fsso-agent-for-ntlm",
    "devices",
    "ztna-ems-tag",
    "ztna-ems-tag-secondary",
    "ztna-geo-tag",
    "ztna-device-ownership",
    "application",
    "app-category",
    "app-group",
    "url-category",
    "vlan-filter",
    "tos",
    "tos-mask",
    "rtp-nat",
    "sgt",
    "sgt-check",
    "identity-based",
    "identity-based-route",
    "src-vendor-mac",
    "reputation-minimum",
    "geoip-match",
    "dstaddr-fqdn",
    "network-service-dynamic",
    "network-service-src-dynamic",
    "wsso",
    "rsso",
    "fsso",
    "ntlm",
    "ntlm-guest",
    "radius-mac-auth-bypass",
];

/// Options that say what happens to matching packets, or nothing at all.
fn is_known_policy_option(key: &str) -> bool {
    const KNOWN: &[&str] = &[
        "uuid",
        "name",
        "comments",
        "label",
        "global-label",
        "status",
        "action",
        "srcintf",
        "dstintf",
        "intf",
        "srcaddr",
        "dstaddr",
        "srcaddr6",
        "dstaddr6",
        "srcaddr-negate",
        "dstaddr-negate",
        "srcaddr6-negate",
        "dstaddr6-negate",
        "service",
        "service-negate",
        "schedule",
        "schedule-timeout",
        "logtraffic",
        "logtraffic-start",
        "log-unmatched-traffic",
        "nat",
        "nat46",
        "nat64",
        "nat66",
        "natip",
        "natinbound",
        "natoutbound",
        "ippool",
        "poolname",
        "poolname6",
        "pcp-inbound",
        "pcp-outbound",
        "pcp-poolname",
        "permit-any-host",
        "permit-stun-host",
        "fixedport",
        "port-preserve",
        "port-random",
        "inbound",
        "outbound",
        "vpntunnel",
        "utm-status",
        "inspection-mode",
        "policy-offload",
        "auto-asic-offload",
        "np-acceleration",
        "profile-type",
        "profile-group",
        "av-profile",
        "ips-sensor",
        "application-list",
        "application-list-id",
        "ssl-ssh-profile",
        "match-vip",
        "match-vip-only",
        "send-deny-packet",
        "firewall-session-dirty",
        "session-ttl",
        "vlan-cos-fwd",
        "vlan-cos-rev",
        "diffserv-forward",
        "diffserv-reverse",
        "diffserv-copy",
        "diffservcode-forward",
        "diffservcode-rev",
        "tcp-mss-sender",
        "tcp-mss-receiver",
        "tcp-session-without-syn",
        "anti-replay",
        "traffic-shaper",
        "traffic-shaper-reverse",
        "per-ip-shaper",
        "captive-portal-exempt",
        "disclaimer",
        "email-collect",
        "block-notification",
        "replacemsg-override-group",
        "redirect-url",
        "custom-log-fields",
        "capture-packet",
        "delay-tcp-npu-session",
        "dsri",
        "radius-mac-auth-bypass",
        "timeout-send-rst",
        "wccp",
        "webcache",
        "webcache-https",
        "wanopt",
        "wanopt-detection",
        "wanopt-passive-opt",
        "wanopt-peer",
        "wanopt-profile",
        "webproxy-forward-server",
        "webproxy-profile",
        "http-policy-redirect",
        "ssh-policy-redirect",
        "ssl-mirror",
        "ssl-mirror-intf",
        "decrypted-traffic-mirror",
        "auth-cert",
        "auth-path",
        "auth-redirect-addr",
        "internet-service",
        "internet-service-src",
        "internet-service-name",
        "internet-service-src-name",
        "internet-service-id",
        "internet-service-src-id",
        "internet-service-custom",
        "internet-service-src-custom",
        "internet-service-group",
        "internet-service-src-group",
        "internet-service-custom-group",
        "internet-service-negate",
        "internet-service-src-negate",
        "internet-service6",
        "internet-service6-src",
        "internet-service6-name",
        "policy-expiry",
        "policy-expiry-date",
        "policy-behaviour-type",
        "policyid",
        "passive-wan-health-measurement",
        "reputation-direction",
        "geoip-anycast",
        "fec",
        "eif-check",
        "eif-learn",
        "dynamic-shaping",
        "ztna-status",
        "ztna-policy-redirect",
        "ztna-tags-match-logic",
        "tags",
        "virtual-patch",
        "ha-mgmt-intf-only",
        "scan-botnet-connections",
        "deep-inspection-options",
        "emailfilter-profile",
        "cgn-log-server-grp",
        "cgn-session-quota",
        "client-reputation",
        "sctp-filter-profile",
        "voip-profile",
        "endpoint-compliance",
        "endpoint-check",
        "learning-mode",
        "pass-through",
        "rtp-addr",
        "cgn-eif",
        "cgn-eim",
    ];
    KNOWN.contains(&key) || key.ends_with("-profile") || key.ends_with("-sensor") || key.ends_with("-list")
}

/// Services that FortiOS has from the factory (FortiOS Administration Guide, "Predefined services"), for exports that
/// leave them out.
fn factory_service(name: &str) -> Option<Services> {
    if matches!(name, "ALL" | "ANY") {
        return Some(Services::any());
    }
    let (_, protocol, ports) = FACTORY.iter().find(|(known, ..)| *known == name)?;
    let mut services = Services::default();
    for protocol in protocol.split('+') {
        let number = crate::net::proto_number(protocol)?;
        if *ports == "*" {
            services.push(Service::proto(number));
        }
        for range in ports.split(' ').filter(|range| *range != "*") {
            services.push(match (number, range.parse()) {
                (proto::ICMP | proto::ICMP6, Ok(kind)) => Service::icmp(number, kind, None),
                _ => Service::to(number, port_range(range)?),
            });
        }
    }
    Some(services)
}

const FACTORY: &[(&str, &str, &str)] = &[
    ("ALL_TCP", "tcp", "1-65535"),
    ("ALL_UDP", "udp", "1-65535"),
    ("ALL_ICMP", "icmp", "*"),
    ("ALL_ICMP6", "icmpv6", "*"),
    ("AFS3", "tcp+udp", "7000-7009"),
    ("AH", "ah", "*"),
    ("AOL", "tcp", "5190-5194"),
    ("BGP", "tcp", "179"),
    ("CVSPSERVER", "tcp+udp", "2401"),
    ("DCE-RPC", "tcp+udp", "135"),
    ("DHCP", "udp", "67-68"),
    ("DHCP6", "udp", "546-547"),
    ("DNS", "tcp+udp", "53"),
    ("ESP", "esp", "*"),
    ("FINGER", "tcp", "79"),
    ("FTP", "tcp", "21"),
    ("FTP_GET", "tcp", "21"),
    ("FTP_PUT", "tcp", "21"),
    ("GOPHER", "tcp", "70"),
    ("GRE", "gre", "*"),
    ("HTTP", "tcp", "80"),
    ("HTTPS", "tcp", "443"),
    ("IKE", "udp", "500 4500"),
    ("IMAP", "tcp", "143"),
    ("IMAPS", "tcp", "993"),
    ("IRC", "tcp", "6660-6669"),
    ("KERBEROS", "tcp+udp", "88 464"),
    ("L2TP", "tcp+udp", "1701"),
    ("LDAP", "tcp", "389"),
    ("LDAP_UDP", "udp", "389"),
    ("MS-SQL", "tcp", "1433 1434"),
    ("MYSQL", "tcp", "3306"),
    ("NFS", "tcp+udp", "111 2049"),
    ("NNTP", "tcp", "119"),
    ("NONE", "tcp", "0"),
    ("NTP", "tcp+udp", "123"),
    ("ONC-RPC", "tcp+udp", "111"),
    ("OSPF", "ospf", "*"),
    ("PC-Anywhere", "tcp", "5631"),
    ("PING", "icmp", "8"),
    ("PING6", "icmpv6", "128"),
    ("POP3", "tcp", "110"),
    ("POP3S", "tcp", "995"),
    ("PPTP", "tcp", "1723"),
    ("RADIUS", "udp", "1812-1813"),
    ("RADIUS-OLD", "udp", "1645-1646"),
    ("RDP", "tcp", "3389"),
    ("REXEC", "tcp", "512"),
    ("RIP", "udp", "520"),
    ("RLOGIN", "tcp", "513"),
    ("RSH", "tcp", "514"),
    ("SAMBA", "tcp", "139"),
    ("SCCP", "tcp", "2000"),
    ("SIP", "tcp+udp", "5060"),
    ("SMB", "tcp", "445"),
    ("SMTP", "tcp", "25"),
    ("SMTPS", "tcp", "465"),
    ("SNMP", "tcp+udp", "161-162"),
    ("SOCKS", "tcp+udp", "1080"),
    ("SQUID", "tcp", "3128"),
    ("SSH", "tcp", "22"),
    ("SYSLOG", "udp", "514"),
    ("TALK", "udp", "517-518"),
    ("TELNET", "tcp", "23"),
    ("TFTP", "udp", "69"),
    ("TIMESTAMP", "icmp", "13"),
    ("TRACEROUTE", "udp", "33434-33535"),
    ("UUCP", "tcp", "540"),
    ("VNC", "tcp", "5900"),
    ("WINFRAME", "tcp", "1494 2598"),
    ("WINS", "tcp+udp", "1512"),
    ("X-WINDOWS", "tcp", "6000-6063"),
];
