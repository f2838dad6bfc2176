//! Rules as a table: CSV (RFC 4180; `,`, `;` or tabs) or a workbook, with a row for each rule, as consoles export and firms
//! keep them.
//!
//! The header is found by its words, in English and Chinese, in the first [`HEADER_ROWS`] rows; a profile
//! ([`profile`]) names columns that have other words. Cells hold several values with line ends, commas and semicolons
//! between. What a table does not say (what happens at its end, object definitions) is assumed and told: the rest is
//! denied, names without addresses are unknown.

mod cells;
pub mod profile;

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{EvidenceKind, Format, Head, Match, Note, NoteKind};
use secdiag_sheet::{Cell, Limits};

use crate::policy::{
    Action, Chain, Coverage, DefaultAction, Hook, Interface, Log, Names, Path, Policy, Role, Rule, Schedule,
};
use crate::vendors::tables::profile::Profile;
use crate::vendors::{Parsed, Trouble, Vendor, excerpt};
use crate::zones;

/// The format of texts and its parser.
pub const VENDOR: &Vendor = &Vendor {
    format: Format { id: "firewall-table", kind: EvidenceKind::Fwcfg, title: "Firewall rules as a table (CSV)", sniff },
    parse,
};

/// The format of workbooks. They are no text: [`parse_workbook`] reads their bytes.
pub const WORKBOOK: &Vendor = &Vendor {
    format: Format {
        id: "firewall-workbook",
        kind: EvidenceKind::Fwcfg,
        title: "Firewall rules as a table (workbook)",
        sniff: sniff_workbook,
    },
    parse: |_| Parsed::default(),
};

/// Rows in which the header is looked for.
pub const HEADER_ROWS: usize = 20;
/// Rows of one table that are read.
const ROWS: usize = 200_000;
/// How much of a workbook is read.
const LIMITS: Limits = Limits { unpacked: 256 << 20, rows: ROWS, columns: 256 };
/// The same while recognising.
const HEAD: Limits = Limits { unpacked: 4 << 20, rows: HEADER_ROWS, columns: 256 };

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let rows = csv(head.text());
    sniff_rows(&rows)
}

fn sniff_workbook(head: &Head<'_>) -> Match {
    // Only a file that the head holds whole can be looked into; of a larger one `assessment.toml` must say the format.
    if !secdiag_sheet::is_workbook(head.bytes) || head.size != head.bytes.len() as u64 {
        return Match::No;
    }
    let sheets = secdiag_sheet::read(head.bytes, HEAD).unwrap_or_default();
    sheets.iter().map(|sheet| sniff_rows(&rows_of(sheet))).find(|answer| *answer != Match::No).unwrap_or(Match::No)
}

fn sniff_rows(rows: &[Row]) -> Match {
    match find_header(rows, &Profile::default()) {
        Some(header) if header.is_of_rules() => Match::Yes(55),
        Some(header) if header.is_of_traffic() => Match::No,
        Some(_) => Match::Close(
            "a table with sources and destinations: a column of its own must say the action of each rule, and one more its number, name or state",
        ),
        None => Match::No,
    }
}

/// Reads a CSV.
pub fn parse(text: &str) -> Parsed {
    parse_with(text, &[])
}

/// The same with profiles that may fit.
pub fn parse_with(text: &str, profiles: &[Profile]) -> Parsed {
    read(vec![(String::new(), csv(text))], profiles)
}

/// Reads a workbook: every sheet that has a table of rules.
pub fn parse_workbook(bytes: &[u8], profiles: &[Profile]) -> Parsed {
    match secdiag_sheet::read(bytes, LIMITS) {
        Err(text) => Parsed { policies: Vec::new(), notes: vec![Note::new(NoteKind::Broken, "not-a-workbook", text)] },
        Ok(sheets) => {
            let damage: Vec<Note> = sheets
                .iter()
                .filter_map(|sheet| Some(Note::new(NoteKind::Broken, "sheet-damaged", sheet.damage.as_deref()?)))
                .collect();
            let tables = sheets.iter().map(|sheet| (sheet.name.clone(), rows_of(sheet))).collect();
            let mut parsed = read(tables, profiles);
            parsed.notes.splice(0..0, damage);
            parsed
        }
    }
}

/// A row: its first and last line, its cells.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    from: u32,
    to: u32,
    cells: Vec<String>,
}

impl Row {
    fn filled(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.trim().is_empty()).count()
    }
}

fn rows_of(sheet: &secdiag_sheet::Sheet) -> Vec<Row> {
    let row = |row: &secdiag_sheet::Row| {
        let width = row.cells.last().map_or(0, |(at, _)| *at as usize + 1);
        let mut cells = vec![String::new(); width];
        for (at, cell) in &row.cells {
            if let Some(place) = cells.get_mut(*at as usize) {
                *place = match cell {
                    Cell::Text(text) | Cell::Broken(text) => text.trim().to_owned(),
                    Cell::Date(date) => date.to_string(),
                    Cell::Moment(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                };
            }
        }
        Row { from: row.number, to: row.number, cells }
    };
    sheet.rows.iter().map(row).collect()
}

/// Rows of a CSV with the lines that they stand on. The separator is the one that the first rows have most of.
fn csv(text: &str) -> Vec<Row> {
    let text = text.trim_start_matches('\u{feff}');
    let start: String = text.lines().take(HEADER_ROWS).collect::<Vec<_>>().join("\n");
    let count = |separator: char| start.matches(separator).count();
    let separator = [',', ';', '\t'].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(',');
    let mut rows = Vec::new();
    let mut row = Row { from: 1, to: 1, cells: Vec::new() };
    let (mut cell, mut quoted, mut line) = (String::new(), false, 1u32);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = true;
            }
            '\n' => {
                line = line.saturating_add(1);
                if quoted {
                    cell.push('\n');
                    continue;
                }
                row.cells.push(std::mem::take(&mut cell));
                row.to = line - 1;
                rows.push(std::mem::replace(&mut row, Row { from: line, to: line, cells: Vec::new() }));
                if rows.len() > ROWS {
                    return rows;
                }
            }
            '\r' if !quoted => {}
            c if c == separator && !quoted => row.cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    row.cells.push(cell);
    row.to = line;
    rows.push(row);
    rows
}

/// What a column is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Number,
    Id,
    Name,
    Enabled,
    Disabled,
    Action,
    In,
    Out,
    Source,
    Destination,
    Service,
    Protocol,
    SourcePort,
    DestinationPort,
    Log,
    Hits,
    Time,
    Ends,
    Comment,
    Device,
    /// A match that is not about addresses or ports.
    Other,
}

/// Words of headers, without blanks and marks, in lower case; and the names that profiles use, first.
const WORDS: &[(Column, &[&str])] = &[
    (
        Column::Number,
        &[
            "number",
            "no",
            "seq",
            "seqno",
            "order",
            "ruleno",
            "rulenumber",
            "priority",
            "#",
            "序號",
            "編號",
            "項次",
            "順序",
            "優先順序",
            "規則序號",
        ],
    ),
    (Column::Id, &["id", "policyid", "ruleid", "uid", "uuid", "規則編號", "政策編號", "規則id", "政策id"]),
    (
        Column::Name,
        &["name", "rulename", "policyname", "policy", "rule", "名稱", "規則名稱", "政策名稱", "規則", "政策"],
    ),
    (Column::Enabled, &["enabled", "enable", "status", "state", "active", "啟用", "狀態", "是否啟用", "啟用狀態"]),
    (Column::Disabled, &["disabled", "disable", "inactive", "停用", "是否停用"]),
    (
        Column::Action,
        &["action", "permitdeny", "allowdeny", "動作", "處理", "處理方式", "行為", "允許拒絕", "執行動作"],
    ),
    (
        Column::In,
        &[
            "in",
            "from",
            "fromzone",
            "srczone",
            "sourcezone",
            "sourceinterface",
            "srcintf",
            "srcinterface",
            "incominginterface",
            "ingress",
            "inboundinterface",
            "interface",
            "來源介面",
            "來源區域",
            "來源區",
            "來源zone",
            "入介面",
            "進入介面",
            "介面",
            "流入介面",
        ],
    ),
    (
        Column::Out,
        &[
            "out",
            "to",
            "tozone",
            "dstzone",
            "destinationzone",
            "destinationinterface",
            "dstintf",
            "dstinterface",
            "outgoinginterface",
            "egress",
            "outboundinterface",
            "目的介面",
            "目的區域",
            "目的區",
            "目的地介面",
            "目的地區域",
            "目的zone",
            "出介面",
            "流出介面",
        ],
    ),
    (
        Column::Source,
        &[
            "source",
            "src",
            "srcaddr",
            "sourceaddress",
            "sourceip",
            "srcip",
            "sourceaddresses",
            "sourcenetwork",
            "sourceipaddress",
            "來源",
            "來源位址",
            "來源地址",
            "來源ip",
            "來源ip位址",
            "來源端",
            "來源主機",
            "來源網段",
        ],
    ),
    (
        Column::Destination,
        &[
            "destination",
            "dst",
            "dest",
            "dstaddr",
            "destinationaddress",
            "destinationip",
            "dstip",
            "destip",
            "destinationaddresses",
            "destinationnetwork",
            "destinationipaddress",
            "目的",
            "目的位址",
            "目的地址",
            "目的ip",
            "目的ip位址",
            "目的地",
            "目的地位址",
            "目的端",
            "目標",
            "目的主機",
            "目的網段",
        ],
    ),
    (
        Column::Service,
        &[
            "service",
            "services",
            "serviceport",
            "port",
            "ports",
            "portservice",
            "服務",
            "服務埠",
            "服務port",
            "通訊埠",
            "連接埠",
            "埠號",
            "服務通訊埠",
            "服務項目",
            "port號",
        ],
    ),
    (Column::Protocol, &["protocol", "proto", "protocols", "ipprotocol", "協定", "通訊協定", "協議"]),
    (Column::SourcePort, &["sourceport", "srcport", "sport", "來源埠", "來源通訊埠", "來源連接埠", "來源port"]),
    (
        Column::DestinationPort,
        &[
            "destinationport",
            "dstport",
            "dport",
            "destport",
            "目的埠",
            "目的通訊埠",
            "目的連接埠",
            "目的port",
            "目的地埠",
        ],
    ),
    (
        Column::Log,
        &["log", "logging", "track", "logtraffic", "紀錄", "記錄", "日誌", "log紀錄", "是否記錄", "是否紀錄"],
    ),
    (Column::Hits, &["hits", "hitcount", "hitcounts", "packets", "命中次數", "命中數", "命中", "使用次數"]),
    (Column::Time, &["time", "schedule", "時間", "排程", "時段", "生效時間"]),
    (
        Column::Ends,
        &[
            "ends",
            "expiry",
            "expires",
            "expirydate",
            "expirationdate",
            "enddate",
            "validuntil",
            "到期日",
            "到期日期",
            "有效期限",
            "失效日",
            "失效日期",
            "截止日",
        ],
    ),
    (
        Column::Comment,
        &[
            "comment",
            "comments",
            "description",
            "remark",
            "remarks",
            "note",
            "notes",
            "備註",
            "說明",
            "描述",
            "用途",
            "註解",
        ],
    ),
    (
        Column::Device,
        &[
            "device",
            "firewall",
            "gateway",
            "hostname",
            "devicename",
            "設備",
            "設備名稱",
            "防火牆",
            "防火牆名稱",
            "主機名稱",
        ],
    ),
    (
        Column::Other,
        &[
            "application",
            "applications",
            "app",
            "user",
            "users",
            "sourceuser",
            "urlcategory",
            "應用程式",
            "使用者",
            "應用",
        ],
    ),
];

/// Headers of logs of traffic, which have sources, destinations and actions too.
const OF_TRAFFIC: &[&str] = &[
    "receivetime",
    "generatedtime",
    "starttime",
    "endtime",
    "timestamp",
    "sessionid",
    "bytes",
    "bytessent",
    "bytesreceived",
    "sentbyte",
    "rcvdbyte",
    "duration",
    "elapsedtime",
    "eventid",
    "logid",
    "packetssent",
    "logtime",
    "記錄時間",
    "發生時間",
];

/// A header without blanks and marks, in lower case; what stands in brackets explains.
fn plain(text: &str) -> String {
    let text = text.split(['(', '（', '[']).next().filter(|text| !text.trim().is_empty()).unwrap_or(text);
    text.chars().filter(|c| c.is_alphanumeric() || *c == '#').flat_map(char::to_lowercase).collect()
}

struct Header {
    /// Place among the rows.
    row: usize,
    /// What each column is about.
    columns: BTreeMap<Column, Vec<usize>>,
    names: Vec<String>,
}

impl Header {
    fn has(&self, column: Column) -> bool {
        self.columns.contains_key(&column)
    }

    fn is_of_traffic(&self) -> bool {
        self.names.iter().any(|name| OF_TRAFFIC.contains(&plain(name).as_str()))
    }

    /// Sources, destinations and actions, and something that only rules have.
    fn is_of_rules(&self) -> bool {
        let of_rules = [
            Column::Number,
            Column::Id,
            Column::Name,
            Column::Enabled,
            Column::Disabled,
            Column::Hits,
            Column::Log,
            Column::Comment,
            Column::In,
        ];
        self.has(Column::Action) && !self.is_of_traffic() && of_rules.iter().any(|column| self.has(*column))
    }
}

fn find_header(rows: &[Row], profile: &Profile) -> Option<Header> {
    let all = rows.iter().enumerate().take(HEADER_ROWS);
    let mut headers = all.map(|(row, cells)| header(row, &cells.cells, profile));
    headers.find(|header| {
        let service = [Column::Service, Column::Protocol, Column::DestinationPort];
        header.has(Column::Source)
            && header.has(Column::Destination)
            && service.iter().any(|column| header.has(*column))
    })
}

fn header(row: usize, cells: &[String], profile: &Profile) -> Header {
    let mut columns: BTreeMap<Column, Vec<usize>> = BTreeMap::new();
    for (place, cell) in cells.iter().enumerate() {
        let word = plain(cell);
        let by_profile = profile.columns.iter().find(|(_, name)| plain(name) == word).map(|(key, _)| key.as_str());
        let known = |word: &str| WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(column, _)| *column);
        let column = match by_profile {
            Some("ignore") => None,
            Some(key) => known(&plain(key)),
            None => known(&word),
        };
        if let Some(column) = column {
            columns.entry(column).or_default().push(place);
        }
    }
    Header { row, columns, names: cells.to_vec() }
}

fn read(tables: Vec<(String, Vec<Row>)>, profiles: &[Profile]) -> Parsed {
    let mut trouble = Trouble::default();
    let mut policies: Vec<Policy> = Vec::new();
    let mut total = 0;
    let several = tables.len() > 1;
    let plain_words = [Profile::default()];
    for (sheet, rows) in &tables {
        let fitting = profiles.iter().chain(&plain_words).find_map(|profile| {
            let header = find_header(rows, profile).filter(|header| header.has(Column::Action))?;
            (profile.columns.is_empty() || profile.fits(&header.names, plain)).then_some((profile, header))
        });
        let Some((profile, header)) = fitting else { continue };
        let mut table =
            Table { sheet, several, header, profile, trouble: &mut trouble, unknown: BTreeMap::new(), bad: 0 };
        total += rows.iter().filter(|row| row.filled() > 0).count() as u64;
        policies.extend(table.policies(rows));
        table.note_names();
    }
    let understood = total - trouble.coverage(total).total.min(total) + trouble.coverage(total).understood;
    for policy in &mut policies {
        policy.coverage = Coverage { total, understood };
    }
    Parsed { policies, notes: trouble.into_notes() }
}

/// A table being read.
struct Table<'t> {
    sheet: &'t str,
    several: bool,
    header: Header,
    profile: &'t Profile,
    trouble: &'t mut Trouble,
    /// Names without addresses: where first, and how often.
    unknown: BTreeMap<String, (String, u64)>,
    bad: usize,
}

/// Cells with a note of their own; of more only the rows are told.
const CELLS_MAX: usize = 500;

impl Table<'_> {
    /// One policy for each device that a column names.
    fn policies(&mut self, rows: &[Row]) -> Vec<Policy> {
        let mut lists: Vec<(String, Vec<Rule>)> = Vec::new();
        for row in rows.iter().skip(self.header.row + 1).filter(|row| row.filled() > 0) {
            // A heading between rules, or the header again on the next page.
            if row.filled() == 1 || row.cells == self.header.names {
                continue;
            }
            let Some(rule) = self.rule(row) else { continue };
            let device = self.text(row, Column::Device);
            let list = match lists.iter_mut().find(|(of, _)| *of == device) {
                Some((_, list)) => list,
                None => {
                    lists.push((device, Vec::new()));
                    let Some((_, list)) = lists.last_mut() else { continue };
                    list
                }
            };
            list.push(rule);
        }
        let text = "a table does not say what happens to the rest: it was read as denied";
        if self.profile.default.is_none() && !lists.is_empty() {
            self.trouble.other(Note::new(NoteKind::Assumed, "rest-denied", text));
        }
        lists.into_iter().map(|(device, rules)| self.policy(device, rules)).collect()
    }

    fn policy(&self, device: String, mut rules: Vec<Rule>) -> Policy {
        let mut named = BTreeSet::new();
        let mut ids: BTreeMap<String, u32> = BTreeMap::new();
        for (seq, rule) in (1..).zip(&mut rules) {
            rule.seq = seq;
            if rule.id.is_empty() {
                rule.id = rule.name.clone().unwrap_or_else(|| format!("row {}", rule.line_from));
            }
            let times = ids.entry(rule.id.clone()).or_default();
            *times += 1;
            if *times > 1 {
                rule.id = format!("{} (row {})", rule.id, rule.line_from);
            }
            named.extend(rule.in_ifs.names.iter().chain(&rule.out_ifs.names).cloned());
        }
        let interfaces = named.into_iter().map(|name| {
            let (role, role_why) = zones::role_by_name(&name).unwrap_or((Role::Unknown, String::new()));
            Interface { name, role, role_why, ..Interface::default() }
        });
        let list = if self.sheet.is_empty() { "rules" } else { self.sheet };
        let permits = self.profile.default == Some(true);
        let action = if permits { Action::Permit } else { Action::Deny };
        let device = match (device.is_empty(), self.several) {
            (true, true) => self.sheet.to_owned(),
            _ => device,
        };
        Policy {
            device,
            vendor: VENDOR.format.id.into(),
            interfaces: interfaces.collect(),
            chains: vec![Chain {
                name: list.to_owned(),
                rules,
                default: DefaultAction { action, ..DefaultAction::implicit_deny(Log::Unknown) },
            }],
            paths: vec![Path::through(Hook::Forward, vec![list.to_owned()])],
            ..Policy::default()
        }
    }

    /// Cells of a column of this kind, with their places.
    fn cells<'r>(&self, row: &'r Row, column: Column) -> Vec<(usize, &'r str)> {
        let places = self.header.columns.get(&column).map(Vec::as_slice).unwrap_or_default();
        let cells = places.iter().filter_map(|place| Some((*place, row.cells.get(*place)?.trim())));
        cells.filter(|(_, text)| !text.is_empty()).collect()
    }

    fn text(&self, row: &Row, column: Column) -> String {
        self.cells(row, column).first().map(|(_, text)| (*text).to_owned()).unwrap_or_default()
    }

    fn place(&self, row: &Row, column: usize) -> String {
        let name = self.header.names.get(column).map(|name| name.trim()).unwrap_or_default();
        let sheet = if self.several { format!("sheet {}, ", self.sheet) } else { String::new() };
        format!("{sheet}row {}, column {} ({name})", row.from, letters(column))
    }

    fn not_understood(&mut self, row: &Row, column: usize, why: &str) {
        let place = self.place(row, column);
        let text: String = row.cells.get(column).map(|cell| crate::vendors::mask(cell)).unwrap_or_default();
        let text: String = text.chars().take(80).collect();
        self.bad += 1;
        if self.bad <= CELLS_MAX {
            let note = Note::new(NoteKind::NotUnderstood, "cell", format!("{why}: `{text}`"));
            self.trouble.other(note.at(place));
        } else {
            self.trouble.line(row.from, "more-cells", "cells of these rows were not understood");
        }
    }

    fn rule(&mut self, row: &Row) -> Option<Rule> {
        let actions = self.cells(row, Column::Action);
        let has_ends = !self.cells(row, Column::Source).is_empty() || !self.cells(row, Column::Destination).is_empty();
        if actions.is_empty() && !has_ends {
            self.trouble.line(row.from, "not-a-rule", "a row without source, destination and action");
            return None;
        }
        let mut rule = Rule::new(Action::Deny, row.from);
        rule.line_to = row.to;
        let shown: Vec<String> = row.cells.iter().map(|cell| cell.trim().replace('\n', " / ")).collect();
        rule.text = excerpt([shown.join(" | ").trim_end_matches([' ', '|'])]);
        match actions.first() {
            Some((place, text)) => match self.profile.action(text).or_else(|| cells::action(text)) {
                Some(permits) => rule.action = if permits { Action::Permit } else { Action::Deny },
                None => self.not_understood(row, *place, "not an action: read as a denial"),
            },
            None => self.trouble.line(row.from, "no-action", "a rule without an action: read as a denial"),
        }
        rule.id = Some(self.text(row, Column::Id))
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| self.text(row, Column::Number));
        let (name, comment) = (self.text(row, Column::Name), self.text(row, Column::Comment));
        rule.name = [name, comment].into_iter().find(|text| !text.is_empty());
        rule.enabled = self.enabled(row);
        rule.log = match self.cells(row, Column::Log).first() {
            None => Log::Unknown,
            Some((place, text)) => match cells::log(text) {
                Some(log) => log,
                None => {
                    self.not_understood(row, *place, "not yes or no");
                    Log::Unknown
                }
            },
        };
        if let Some((place, text)) = self.cells(row, Column::Hits).first() {
            rule.hits = cells::count(text);
            if rule.hits.is_none() {
                self.not_understood(row, *place, "not a number");
            }
        }
        rule.src = self.addresses(row, Column::Source);
        rule.dst = self.addresses(row, Column::Destination);
        rule.services = self.services(row);
        rule.in_ifs = self.interfaces(row, Column::In);
        rule.out_ifs = self.interfaces(row, Column::Out);
        rule.schedule = self.schedule(row);
        for (place, text) in self.cells(row, Column::Other) {
            if !cells::is_any(text) {
                let name = self.header.names.get(place).cloned().unwrap_or_default();
                rule.add_unknown(format!("{} {text}", name.trim()), row.from);
            }
        }
        Some(rule)
    }

    fn enabled(&mut self, row: &Row) -> bool {
        for (column, wanted) in [(Column::Enabled, true), (Column::Disabled, false)] {
            if let Some((place, text)) = self.cells(row, column).first() {
                match cells::yes(text) {
                    Some(yes) => return yes == wanted,
                    None => self.not_understood(row, *place, "not yes or no: read as switched on"),
                }
            }
        }
        true
    }

    fn addresses(&mut self, row: &Row, column: Column) -> crate::policy::Addrs {
        let cells = self.cells(row, column);
        if cells.is_empty() {
            // A cell left empty is how some consoles write `any`; a rule with it must not look narrower than it may be.
            self.trouble.line(row.from, "empty-cell", "an address left empty was read as any");
            return crate::policy::Addrs::any();
        }
        let mut all = crate::policy::Addrs::none();
        for (place, text) in cells {
            for value in cells::values(text) {
                match cells::address(value) {
                    cells::Address::Known(set) => all.add(&crate::policy::Addrs::exactly(set)),
                    cells::Address::Named(name, set) => {
                        all.add(&crate::policy::Addrs::exactly(set));
                        all.names.push(name);
                    }
                    cells::Address::Unknown(name) => {
                        let where_first = self.place(row, place);
                        self.unknown.entry(name.clone()).or_insert((where_first, 0)).1 += 1;
                        all.add(&crate::policy::Addrs::unknown(&name, crate::net::AddrSet::full()));
                        all.names.push(name);
                    }
                    cells::Address::Wrong => {
                        self.not_understood(row, place, "not an address");
                        all.add(&crate::policy::Addrs::unknown(value, crate::net::AddrSet::full()));
                    }
                    cells::Address::Not(set) => {
                        // `not` in a cell is about all of it.
                        all.add(&crate::policy::Addrs::exactly(set.complement()));
                    }
                }
            }
        }
        all
    }

    fn services(&mut self, row: &Row) -> crate::policy::Services {
        let protocols: Vec<String> = self
            .cells(row, Column::Protocol)
            .iter()
            .flat_map(|(_, text)| cells::values(text))
            .map(str::to_owned)
            .collect();
        let mut ports = self.cells(row, Column::Service);
        ports.extend(self.cells(row, Column::DestinationPort));
        let mut all = crate::policy::Services::default();
        if ports.is_empty() {
            for (place, text) in self.cells(row, Column::Protocol) {
                for value in cells::values(text) {
                    match cells::service(value, &[]) {
                        Some(services) => all.add(&services),
                        None => self.not_understood(row, place, "not a protocol"),
                    }
                }
            }
            if protocols.is_empty() {
                self.trouble.line(row.from, "empty-cell", "a service left empty was read as any");
                return crate::policy::Services::any();
            }
        }
        for (place, text) in ports {
            for value in cells::values(text) {
                match cells::service(value, &protocols) {
                    Some(services) => all.add(&services),
                    None if value.starts_with(|c: char| c.is_ascii_digit()) => {
                        self.not_understood(row, place, "not a service");
                        all.add(&crate::policy::Services::unknown(value));
                    }
                    None => {
                        let where_first = self.place(row, place);
                        self.unknown.entry(value.to_owned()).or_insert((where_first, 0)).1 += 1;
                        all.add(&crate::policy::Services::unknown(value));
                    }
                }
                if !cells::is_any(value) {
                    all.names.push(value.to_owned());
                }
            }
        }
        for (place, text) in self.cells(row, Column::SourcePort) {
            if cells::is_any(text) {
                continue;
            }
            match cells::ports(text) {
                Some(ports) => {
                    for service in all.lower.iter_mut().chain(&mut all.maybe) {
                        service.sport = crate::net::Ports(ports.clone());
                    }
                }
                None => self.not_understood(row, place, "not ports"),
            }
        }
        all
    }

    fn interfaces(&self, row: &Row, column: Column) -> Names {
        let cells = self.cells(row, column);
        let names: Vec<String> = cells.iter().flat_map(|(_, text)| cells::values(text)).map(str::to_owned).collect();
        if names.iter().any(|name| cells::is_any(name)) { Names::any() } else { Names::of(names) }
    }

    fn schedule(&mut self, row: &Row) -> Option<Schedule> {
        let name = Some(self.text(row, Column::Time)).filter(|name| !cells::is_any(name) && !name.is_empty());
        let ends = match self.cells(row, Column::Ends).first() {
            Some((place, text)) if !cells::is_never(text) => {
                let date = cells::date(text);
                if date.is_none() {
                    self.not_understood(row, *place, "not a date");
                }
                date
            }
            _ => None,
        };
        (name.is_some() || ends.is_some()).then(|| Schedule { name: name.unwrap_or_default(), ends, never: false })
    }

    /// Names that a table cannot resolve, each once.
    fn note_names(&mut self) {
        let count = self.unknown.len();
        for (name, (place, times)) in std::mem::take(&mut self.unknown).into_iter().take(CELLS_MAX) {
            let text = format!("`{name}` has no addresses or ports in this table: it may be anything");
            self.trouble.other(Note::new(NoteKind::Assumed, "unknown-name", text).at(place).times(times));
        }
        if count > CELLS_MAX {
            let text = format!("{} further names have no addresses or ports in this table", count - CELLS_MAX);
            self.trouble.other(Note::new(NoteKind::Assumed, "unknown-name", text));
        }
    }
}

/// A column as spreadsheet programs name it: `A`, `Z`, `AA`.
fn letters(column: usize) -> String {
    let mut rest = column + 1;
    let mut name = Vec::new();
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or_default();
        name.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    name.into_iter().rev().collect()
}

#[cfg(test)]
mod tests;
