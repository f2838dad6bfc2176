//! What the lines of a configuration say, before references between them are resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use secdiag_model::{Note, NoteKind};

use super::words::{COMMANDS, INTERFACE, IP_COMMANDS, IP_IN_INTERFACE, LINE};
use super::{Dialect, groups, routes};
use crate::interval::Intervals;
use crate::net::AddrSet;
use crate::policy::Schedule;
use crate::vendors::Trouble;

/// Rules that one file may have copied.
const COPIES_MAX: usize = 200_000;
/// Routes that may be looked at to take some back.
const COMPARISONS_MAX: usize = 20_000_000;

/// A line with its words.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) number: u32,
    pub(super) words: Vec<String>,
    pub(super) text: String,
}

impl Line {
    pub(super) fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }
}

/// Address family of a list, a route or a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) fn universe(self) -> AddrSet {
        match self {
            Self::V4 => AddrSet::full_v4(),
            Self::V6 => AddrSet::full_v6(),
        }
    }

    pub(super) fn of(word: &str) -> Self {
        if word == "ipv6" { Self::V6 } else { Self::V4 }
    }

    /// The part of a set that is of this family.
    pub(super) fn part(self, set: AddrSet) -> AddrSet {
        match self {
            Self::V4 => AddrSet { v6: Intervals::empty(), ..set },
            Self::V6 => AddrSet { v4: Intervals::empty(), ..set },
        }
    }
}

/// A statement of a list: its place among the others, and its words from `permit` or `deny` on.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) sequence: u64,
    pub(super) line: Line,
    pub(super) remark: Option<String>,
    pub(super) hits: Option<u64>,
}

/// An access list.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) name: String,
    pub(super) family: Family,
    pub(super) statements: Vec<Statement>,
    /// The greatest number given so far: statements without one follow it.
    last: u64,
    /// Numbers taken back, with how many statements stood before that.
    removed: BTreeMap<u64, usize>,
}

/// A list at an interface, or at something else that asks it.
#[derive(Clone, Debug)]
pub(super) struct Applied {
    /// One list, or on IOS-XR a common list and the interface's own behind it.
    pub(super) lists: Vec<String>,
    pub(super) family: Family,
    pub(super) inbound: bool,
    pub(super) line: u32,
}

/// Which side of a translation an interface is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NatSide {
    Inside,
    Outside,
}

/// An interface as configured.
#[derive(Clone, Debug, Default)]
pub(super) struct IfConfig {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) vrf: String,
    /// Address and its network, those of IPv4 first.
    pub(super) addresses: Vec<(IpAddr, AddrSet)>,
    /// It has addresses that the file does not tell: DHCP, another interface's, autoconfiguration.
    pub(super) unknown_v4: bool,
    pub(super) unknown_v6: bool,
    pub(super) applied: Vec<Applied>,
    pub(super) zone: Option<String>,
    pub(super) nat: Option<NatSide>,
    /// Translations that EOS states at the interface.
    pub(super) nat_lines: Vec<Line>,
    pub(super) shutdown: bool,
    pub(super) line_from: u32,
    pub(super) line_to: u32,
    pub(super) text: Vec<String>,
}

/// `line vty`, or what EOS and IOS-XR have for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Terminal {
    pub(super) name: String,
    pub(super) applied: Vec<Applied>,
    /// Words after `transport input`.
    pub(super) transport: Option<Vec<String>>,
    pub(super) line_from: u32,
    pub(super) line_to: u32,
    pub(super) text: Vec<String>,
}

/// `class-map type inspect`
#[derive(Clone, Debug, Default)]
pub(super) struct ClassMap {
    pub(super) any: bool,
    pub(super) matches: Vec<Line>,
}

/// A class in a `policy-map type inspect` with what is done to it.
#[derive(Clone, Debug, Default)]
pub(super) struct PolicyClass {
    pub(super) name: String,
    pub(super) actions: Vec<Line>,
    pub(super) line: u32,
    pub(super) text: String,
}

/// `zone-pair security`
#[derive(Clone, Debug, Default)]
pub(super) struct ZonePair {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) policy: Option<String>,
    pub(super) line: u32,
    pub(super) text: String,
}

/// A static route as written, of a routing table.
#[derive(Clone, Debug)]
pub(super) struct RouteLine {
    pub(super) vrf: String,
    pub(super) family: Family,
    pub(super) number: u32,
    /// Words from the prefix on.
    pub(super) words: Vec<String>,
}

/// What indented lines belong to.
#[derive(Clone, Debug, Default, PartialEq)]
enum Block {
    #[default]
    None,
    /// A command whose own lines decide nothing about packets.
    Ignored,
    Interface,
    List(usize),
    Group(String),
    TimeRange(String),
    RouteMap(String),
    ClassMap(String),
    PolicyMap(String),
    ZonePair,
    Terminal,
    Vrf(String),
    /// `router static` of IOS-XR, with the routing table of the open `vrf`.
    Static(String, Family),
    /// `system control-plane` of EOS, `control-plane` of IOS.
    ControlPlane,
    /// `management ssh` and `management telnet` of EOS.
    Management,
    /// `vlan access-map`.
    VlanMap,
}

/// Text that is no configuration, up to its end.
#[derive(Debug)]
enum Skip {
    /// A banner, up to this mark.
    Mark(String),
    /// `route-policy` up to `end-policy`, `prefix-set` up to `end-set`.
    Line(&'static str),
}

/// Everything that the lines say.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) dialect: Dialect,
    pub(super) hostname: String,
    pub(super) interfaces: Vec<IfConfig>,
    pub(super) lists: Vec<List>,
    pub(super) groups: BTreeMap<String, groups::Group>,
    pub(super) schedules: BTreeMap<String, Schedule>,
    pub(super) route_maps: BTreeMap<String, Vec<Line>>,
    pub(super) class_maps: BTreeMap<String, ClassMap>,
    pub(super) policy_maps: BTreeMap<String, Vec<PolicyClass>>,
    pub(super) zones: BTreeSet<String>,
    pub(super) zone_pairs: Vec<ZonePair>,
    pub(super) terminals: Vec<Terminal>,
    pub(super) control_plane: Vec<Applied>,
    /// `ip http server`, `ip http secure-server`, and the list that both ask.
    pub(super) web: Vec<(Line, u16)>,
    pub(super) web_lists: Vec<Applied>,
    /// `feature telnet`, `telnet … server`; `ssh server`.
    pub(super) telnet: bool,
    pub(super) ssh: bool,
    pub(super) routes: Vec<RouteLine>,
    pub(super) nat: Vec<Line>,
    pub(super) pools: BTreeMap<String, Vec<Line>>,
    pub(super) trouble: Trouble,
    pub(super) truncated: bool,
    /// Rules that may still be copied into classes of zones and into further routing tables.
    pub(super) copies: usize,
    comparisons: usize,
    block: Block,
    /// Indentation of the command that the block belongs to: a whole file may be indented.
    block_indent: usize,
    /// Lines deeper than this belong to a command that decides nothing about packets.
    ignore_deeper: Option<usize>,
    interface_at: BTreeMap<String, usize>,
    list_at: BTreeMap<(Family, String), usize>,
    remark: Option<(u32, String)>,
    skip: Option<Skip>,
    whole_file: bool,
    ended: bool,
    open_end: bool,
    last_line: u32,
    /// The interface at hand.
    open: usize,
}

impl Config {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            hostname: String::new(),
            interfaces: Vec::new(),
            lists: Vec::new(),
            groups: BTreeMap::new(),
            schedules: BTreeMap::new(),
            route_maps: BTreeMap::new(),
            class_maps: BTreeMap::new(),
            policy_maps: BTreeMap::new(),
            zones: BTreeSet::new(),
            zone_pairs: Vec::new(),
            terminals: Vec::new(),
            control_plane: Vec::new(),
            web: Vec::new(),
            web_lists: Vec::new(),
            telnet: false,
            ssh: false,
            routes: Vec::new(),
            nat: Vec::new(),
            pools: BTreeMap::new(),
            trouble: Trouble::default(),
            truncated: false,
            copies: COPIES_MAX,
            comparisons: COMPARISONS_MAX,
            block: Block::None,
            block_indent: 0,
            ignore_deeper: None,
            interface_at: BTreeMap::new(),
            list_at: BTreeMap::new(),
            remark: None,
            skip: None,
            whole_file: false,
            ended: false,
            open_end: false,
            last_line: 0,
            open: 0,
        }
    }

    /// The list of this name and family.
    pub(super) fn list(&self, family: Family, name: &str) -> Option<&List> {
        self.list_at.get(&(family, name.to_owned())).map(|index| &self.lists[*index])
    }

    /// What is known only at the end: order of statements, whether the file is whole.
    pub(super) fn finish(&mut self, ends_with_newline: bool) {
        for list in &mut self.lists {
            let mut index = 0;
            let removed = std::mem::take(&mut list.removed);
            list.statements.retain(|statement| {
                index += 1;
                removed.get(&statement.sequence).is_none_or(|before| index > *before)
            });
            list.statements.sort_by_key(|statement| statement.sequence);
        }
        self.open_end = !ends_with_newline;
        self.truncated = (self.whole_file && !self.ended) || self.skip.is_some();
    }

    /// A statement that ends too early: if nothing follows it, the file is cut there.
    pub(super) fn statement_ends_early(&mut self, line: u32) {
        self.truncated |= self.open_end && line == self.last_line;
    }

    /// One line.
    pub(super) fn line(&mut self, number: u32, raw: &str) {
        self.last_line = number;
        if self.skipped(raw) {
            return;
        }
        let text = raw.trim();
        let indent = raw.len() - raw.trim_start().len();
        if text.starts_with('!') || text.starts_with('#') {
            if indent <= self.block_indent {
                self.block = Block::None;
            }
            return;
        }
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let free_text = words.iter().any(|word| matches!(word.as_str(), "remark" | "description" | "banner"));
        if !free_text && let Some(at) = words.iter().position(|word| word == "!") {
            words.truncate(at);
        }
        let line = Line { number, words, text: text.to_owned() };
        if self.block != Block::None && indent > self.block_indent {
            if self.ignore_deeper.is_some_and(|deep| indent > deep) {
                return;
            }
            self.ignore_deeper = None;
            self.inner(&line, indent);
        } else if !self.without_indentation(&line) {
            self.ignore_deeper = None;
            self.block_indent = indent;
            self.command(&line);
        }
    }

    /// Banners and policies of IOS-XR.
    fn skipped(&mut self, raw: &str) -> bool {
        let done = match &self.skip {
            None => return false,
            Some(Skip::Mark(mark)) => raw.contains(mark.as_str()),
            Some(Skip::Line(end)) => raw.trim() == *end,
        };
        if done {
            self.skip = None;
        }
        true
    }

    fn unknown(&mut self, line: &Line, reason: &'static str, place: &'static str) {
        self.trouble.line(line.number, reason, format!("`{}` {place}", clip(&line.text)));
    }

    fn not_inspected(&mut self, line: &Line, what: &str) {
        let text = format!("{what}: `{}`", clip(&line.text));
        let note = Note::new(NoteKind::NotUnderstood, "not-inspected", text).at(format!("line {}", line.number));
        self.trouble.other(note);
    }

    /// Lines of a list or an interface whose indentation was lost when they were copied.
    fn without_indentation(&mut self, line: &Line) -> bool {
        let words = line.words();
        match self.block {
            Block::List(_) => {
                let at = usize::from(words[0].parse::<u64>().is_ok());
                let statement = matches!(words.get(at), Some(&("permit" | "deny" | "remark" | "evaluate")));
                if statement {
                    self.inner(line, 1);
                }
                statement
            }
            Block::Interface => {
                let own = matches!(
                    words.as_slice(),
                    ["ip" | "ipv4" | "ipv6", "address" | "access-group" | "traffic-filter", ..]
                        | ["ip", "nat", "inside" | "outside"]
                        | ["ip", "vrf", "forwarding", _]
                        | ["vrf", "forwarding" | "member", _]
                        | ["zone-member", ..]
                        | ["shutdown"]
                        | ["no", "shutdown"]
                        | ["no", "ip", "address", ..]
                        | ["description", ..]
                );
                if own {
                    self.inner(line, 1);
                }
                own
            }
            _ => false,
        }
    }

    /// A command at the top level.
    fn command(&mut self, line: &Line) {
        self.block = Block::Ignored;
        let words = line.words();
        match words.as_slice() {
            ["hostname" | "switchname", name, ..] => (*name).trim_matches('"').clone_into(&mut self.hostname),
            ["interface", name @ ..] if !name.is_empty() => self.open_interface(name, line),
            ["ip" | "ipv4" | "ipv6", rest @ ..] => self.ip_command(Family::of(words[0]), rest, line),
            ["access-list", name, rest @ ..] => self.numbered(name, rest, line),
            ["Extended" | "Standard", "IP", "access", "list", name, ..]
            | ["IP" | "IPv4" | "IPV4", "access" | "Access", "list" | "List", name, ..] => {
                self.open_list(Family::V4, name);
            }
            ["IPv6" | "IPV6", "access" | "Access", "list", name, ..] => self.open_list(Family::V6, name),
            ["object-group" | "field-set", rest @ ..] => self.open_group(rest, line),
            ["time-range", name, ..] => self.block = Block::TimeRange((*name).to_owned()),
            ["route-map", name, ..] => {
                self.route_maps.entry((*name).to_owned()).or_default();
                self.block = Block::RouteMap((*name).to_owned());
            }
            ["class-map", "type", "inspect", rest @ ..] => self.open_class_map(rest),
            ["policy-map", "type", "inspect", rest @ ..] => {
                if let [name] = rest {
                    self.policy_maps.entry((*name).to_owned()).or_default();
                    self.block = Block::PolicyMap((*name).to_owned());
                }
            }
            ["class-map" | "policy-map" | "service-policy", ..] => {}
            ["zone", "security", name, ..] => {
                self.zones.insert((*name).to_owned());
            }
            ["zone-pair", "security", rest @ ..] => self.open_zone_pair(rest, line),
            ["line", rest @ ..] => self.open_terminal(rest, line),
            ["vrf", "context" | "definition" | "instance", name, ..] | ["vrf", name, ..] => {
                self.block = Block::Vrf((*name).to_owned());
            }
            ["router", "static"] => self.block = Block::Static(String::new(), Family::V4),
            ["router", ..] => {}
            ["control-plane", ..] | ["system", "control-plane"] => self.block = Block::ControlPlane,
            ["management", kind @ ("ssh" | "telnet")] => {
                self.open_terminal(&["vty", *kind], line);
                self.block = Block::Management;
            }
            ["management", ..] => {}
            ["feature", what, ..] => self.telnet |= *what == "telnet",
            ["telnet", .., "server" | "max-servers"] | ["telnet", _, _, "server", ..] | ["telnet", _, "server", ..] => {
                self.telnet = true;
            }
            ["telnet", ..] => {}
            ["ssh", "server", ..] => self.ssh = true,
            ["vlan", "access-map", ..] | ["vlan", "filter", ..] => {
                self.block = Block::VlanMap;
                self.not_inspected(line, "access maps of VLANs are not inspected");
            }
            ["arp" | "mac", "access-list", ..] => self.not_inspected(line, "lists of this kind are not inspected"),
            ["traffic-policies"] | ["traffic-policy", ..] => {
                self.unknown(line, "unknown-command", "is not read");
                self.block = Block::None;
            }
            ["banner", rest @ ..] => self.banner(rest),
            ["route-policy", ..] => self.skip = Some(Skip::Line("end-policy")),
            [
                "prefix-set"
                | "as-path-set"
                | "community-set"
                | "extcommunity-set"
                | "rd-set"
                | "large-community-set"
                | "tag-set"
                | "ospf-area-set"
                | "esi-set"
                | "etag-set"
                | "mac-set"
                | "policy-global",
                ..,
            ] => {
                self.skip = Some(Skip::Line(if words[0] == "policy-global" { "end-global" } else { "end-set" }));
            }
            ["no", rest @ ..] => self.negated(rest, line),
            ["end"] => self.ended = true,
            ["Building", "configuration...", ..] | ["Current", "configuration", ":", ..] => self.whole_file = true,
            _ if is_heading(&words, &line.text) => {}
            _ if COMMANDS.contains(&words[0]) => {}
            _ => {
                self.unknown(line, "unknown-command", "is not a command known here");
                self.block = Block::None;
            }
        }
    }

    fn ip_command(&mut self, family: Family, rest: &[&str], line: &Line) {
        match rest {
            [
                "access-list",
                "log-update" | "logging" | "resequence" | "match-local-traffic" | "persistent" | "maximum" | "helper",
                ..,
            ] => {}
            ["access-list", "standard" | "extended" | "role-based" | "fqdn", name, more @ ..]
            | ["access-list", name, more @ ..] => {
                self.open_list(family, name.trim_end_matches(','));
                if !more.is_empty() && !matches!(more, ["standard"]) {
                    self.statement(more, line);
                }
            }
            ["route", words @ ..] => {
                let (vrf, words) = match words {
                    ["vrf", vrf, words @ ..] => (*vrf, words),
                    ["static", ..] | ["profile", ..] | [] => return,
                    words => ("", words),
                };
                self.add_route(vrf, family, words, line);
            }
            ["default-gateway", gateway, ..] => self.add_route("", family, &["0.0.0.0/0", *gateway], line),
            ["nat", "pool", name, ..] => {
                self.pools.entry((*name).to_owned()).or_default().push(line.clone());
                self.block = Block::Ignored;
            }
            ["nat", "inside" | "outside", ..] => self.nat.push(line.clone()),
            ["nat", ..] => {}
            ["vrf", name, ..] => self.block = Block::Vrf((*name).to_owned()),
            ["http", "server"] => self.web.push((line.clone(), 80)),
            ["http", "secure-server"] => self.web.push((line.clone(), 443)),
            ["http", "access-class", name @ ..] => {
                if let (Some(name), inbound) = (name.last(), true) {
                    let lists = vec![(*name).to_owned()];
                    let family = if name.len() > 1 && name.starts_with("ipv6") { Family::V6 } else { family };
                    self.web_lists.push(Applied { lists, family, inbound, line: line.number });
                }
            }
            ["http", ..] => {}
            [word, ..] if IP_COMMANDS.contains(word) => {}
            _ => {
                self.unknown(line, "unknown-command", "is not a command known here");
                self.block = Block::None;
            }
        }
    }

    /// `no …` takes something back that was said before.
    fn negated(&mut self, rest: &[&str], line: &Line) {
        match rest {
            ["ip" | "ipv4" | "ipv6", "access-list", "extended" | "standard", name]
            | ["ip" | "ipv4" | "ipv6", "access-list", name]
            | ["access-list", name] => self.forget_list(Family::of(rest[0]), name),
            ["ip" | "ipv6", "route", words @ ..] => {
                let (vrf, words) = match words {
                    ["vrf", vrf, words @ ..] => (*vrf, words),
                    words => ("", words),
                };
                self.forget_routes(vrf, Family::of(rest[0]), words);
            }
            ["ip", "http", "server" | "secure-server"] => {
                let port = if rest[2] == "server" { 80 } else { 443 };
                self.web.retain(|(_, known)| *known != port);
            }
            ["feature", "telnet"] => self.telnet = false,
            [_, ..] => {}
            [] => self.unknown(line, "unknown-command", "takes back nothing"),
        }
    }

    fn forget_list(&mut self, family: Family, name: &str) {
        if let Some(index) = self.list_at.get(&(family, name.to_owned())) {
            self.lists[*index].statements.clear();
            self.lists[*index].removed.clear();
        }
    }

    fn forget_routes(&mut self, vrf: &str, family: Family, words: &[&str]) {
        // No file takes back so many routes; one made to hang a parser may.
        let Some(left) = self.comparisons.checked_sub(self.routes.len()) else { return };
        self.comparisons = left;
        self.routes.retain(|route| {
            route.vrf != vrf || route.family != family || !words.iter().eq(route.words.iter().take(words.len()))
        });
    }

    fn open_interface(&mut self, name: &[&str], line: &Line) {
        self.block = Block::Interface;
        let own: Vec<&str> = name.iter().copied().filter(|word| !is_interface_kind(word)).collect();
        let name = own.concat();
        let next = self.interfaces.len();
        let index = *self.interface_at.entry(name.clone()).or_insert(next);
        if index == next {
            let number = line.number;
            let text = vec![line.text.clone()];
            self.interfaces.push(IfConfig { name, line_from: number, line_to: number, text, ..IfConfig::default() });
        }
        self.open = index;
    }

    fn open_list(&mut self, family: Family, name: &str) {
        let next = self.lists.len();
        let index = *self.list_at.entry((family, name.to_owned())).or_insert(next);
        if index == next {
            self.lists.push(List {
                name: name.to_owned(),
                family,
                statements: Vec::new(),
                last: 0,
                removed: BTreeMap::new(),
            });
        }
        self.block = Block::List(index);
        self.remark = None;
    }

    fn numbered(&mut self, name: &str, rest: &[&str], line: &Line) {
        let other_kind = name.parse::<u16>().is_ok_and(|n| (200..1300).contains(&n) || (2700..3000).contains(&n));
        if other_kind {
            self.not_inspected(line, "lists of this number are not inspected");
            return;
        }
        let rest = match rest {
            ["extended" | "standard", rest @ ..] => rest,
            rest => rest,
        };
        match rest {
            [] if matches!(name, "compiled") => {}
            ["permit" | "deny" | "remark" | "dynamic" | "evaluate", ..] | [] => {
                let remark = self.remark.take();
                self.open_list(Family::V4, name);
                self.remark = remark;
                if !rest.is_empty() {
                    self.statement(rest, line);
                }
                if !rest.is_empty() && name.parse::<u16>().is_ok() {
                    self.block = Block::Ignored;
                }
            }
            _ => self.unknown(line, "unknown-option", "is no statement of a list"),
        }
    }

    /// `10 permit tcp any any eq 80`, `remark …`, and settings of the list.
    fn statement(&mut self, words: &[&str], line: &Line) {
        let Block::List(index) = self.block else { return };
        let (sequence, words) = match words {
            ["sequence", number, rest @ ..] if number.parse::<u64>().is_ok() => (number.parse().ok(), rest),
            [number, rest @ ..] if number.parse::<u64>().is_ok() => (number.parse().ok(), rest),
            words => (None, words),
        };
        let mut words = words.to_vec();
        match words.first().copied() {
            Some("permit" | "deny" | "evaluate" | "dynamic") => {}
            Some("remark") => {
                let text = words[1..].join(" ");
                let before = self.remark.take().filter(|(last, _)| last + 1 == line.number);
                let text = before.map_or_else(|| text.clone(), |(_, before)| format!("{before} {text}"));
                self.remark = Some((line.number, text.chars().take(200).collect()));
                return;
            }
            Some("no") => {
                if let Some(gone) = words.get(1).and_then(|word| word.parse::<u64>().ok()) {
                    let list = &mut self.lists[index];
                    list.removed.insert(gone, list.statements.len());
                }
                return;
            }
            Some(
                "statistics"
                | "counters"
                | "fragments"
                | "description"
                | "exit"
                | "ignore"
                | "hardware"
                | "deny-log"
                | "statistics-per-entry",
            ) => {
                if words[0] == "fragments" {
                    self.not_inspected(line, "what happens to fragments is not judged");
                }
                return;
            }
            None => return,
            _ => {
                self.unknown(line, "unknown-option", "is no statement of a list");
                return;
            }
        }
        let mut sequence = sequence;
        if words.len() > 3 && words[words.len() - 2] == "sequence" {
            sequence = words[words.len() - 1].parse().ok().or(sequence);
            words.truncate(words.len() - 2);
        }
        let hits = take_hits(&mut words);
        let list = &mut self.lists[index];
        let sequence = sequence.unwrap_or(list.last.saturating_add(10));
        list.last = list.last.max(sequence);
        let words = words.into_iter().map(str::to_owned).collect();
        let remark = self.remark.take().map(|(_, text)| text);
        list.statements.push(Statement { sequence, line: Line { words, ..line.clone() }, remark, hits });
    }

    fn open_group(&mut self, rest: &[&str], line: &Line) {
        let Some((kind, name)) = groups::Kind::of(rest) else {
            self.unknown(line, "unknown-command", "is no kind of group known here");
            return;
        };
        self.block = Block::Group(name.to_owned());
        self.groups.entry(name.to_owned()).or_insert_with(|| groups::Group {
            kind,
            line: line.number,
            members: Vec::new(),
        });
    }

    fn open_class_map(&mut self, rest: &[&str]) {
        let (any, name) = match rest {
            ["match-any", name] => (true, *name),
            ["match-all", name] | [name] => (false, *name),
            // Of one application protocol: it stands inside another policy.
            [_, .., name] => (true, *name),
            [] => return,
        };
        let known = self.class_maps.entry(name.to_owned()).or_default();
        known.any |= any;
        self.block = Block::ClassMap(name.to_owned());
    }

    fn open_zone_pair(&mut self, rest: &[&str], line: &Line) {
        if let [name, "source", source, "destination", destination] = rest {
            self.block = Block::ZonePair;
            self.zone_pairs.push(ZonePair {
                name: (*name).to_owned(),
                source: (*source).to_owned(),
                destination: (*destination).to_owned(),
                policy: None,
                line: line.number,
                text: line.text.clone(),
            });
        } else {
            self.unknown(line, "unknown-option", "names no two zones");
        }
    }

    fn open_terminal(&mut self, rest: &[&str], line: &Line) {
        let virtual_line = match rest {
            ["vty", ..] | ["template" | "default", ..] => true,
            ["con" | "console" | "aux" | "tty" | "con0" | "com1", ..] => false,
            [number, ..] if number.starts_with(|c: char| c.is_ascii_digit()) => false,
            _ => {
                self.unknown(line, "unknown-command", "is no line known here");
                false
            }
        };
        if virtual_line {
            self.block = Block::Terminal;
            self.terminals.push(Terminal {
                name: line.words.join(" "),
                line_from: line.number,
                line_to: line.number,
                text: vec![line.text.clone()],
                ..Terminal::default()
            });
        }
    }

    fn banner(&mut self, rest: &[&str]) {
        let text = rest.iter().skip_while(|word| {
            matches!(**word, "motd" | "login" | "exec" | "incoming" | "slip-ppp" | "prompt-timeout" | "config-save")
        });
        let text = text.copied().collect::<Vec<_>>().join(" ");
        if self.dialect == Dialect::Eos && text.is_empty() {
            self.skip = Some(Skip::Mark("EOF".into()));
            return;
        }
        let mut rest = text.chars();
        let Some(first) = rest.next() else { return };
        let second = if first == '^' { rest.next() } else { None };
        let mark: String = [Some(first), second].into_iter().flatten().collect();
        if !rest.as_str().contains(mark.as_str()) {
            self.skip = Some(Skip::Mark(mark));
        }
    }

    /// A line below a command.
    fn inner(&mut self, line: &Line, indent: usize) {
        let words = line.words();
        match self.block.clone() {
            Block::None | Block::Ignored => {}
            Block::Interface => self.in_interface(&words, line, indent),
            Block::List(_) => self.statement(&words, line),
            Block::Group(name) => {
                if words[0] != "description"
                    && let Some(group) = self.groups.get_mut(&name)
                {
                    group.members.push(line.clone());
                }
            }
            Block::TimeRange(name) => self.in_time_range(&name, &words, line),
            Block::RouteMap(name) => {
                if let Some(lines) = self.route_maps.get_mut(&name).filter(|_| words[0] == "match") {
                    lines.push(line.clone());
                }
            }
            Block::ClassMap(name) => match words[0] {
                "match" => {
                    if let Some(map) = self.class_maps.get_mut(&name) {
                        map.matches.push(line.clone());
                    }
                }
                "description" | "exit" => {}
                _ => self.unknown(line, "unknown-option", "in a class map"),
            },
            Block::PolicyMap(name) => self.in_policy_map(&name, &words, line),
            Block::ZonePair => match (words.as_slice(), self.zone_pairs.last_mut()) {
                (["service-policy", "type", "inspect", name], Some(pair)) => pair.policy = Some((*name).to_owned()),
                (["description" | "exit", ..], _) => {}
                _ => self.unknown(line, "unknown-option", "in a pair of zones"),
            },
            Block::Terminal | Block::Management => self.in_terminal(&words, line, indent),
            Block::Vrf(vrf) => {
                if let [ip @ ("ip" | "ipv6"), "route", words @ ..] = words.as_slice() {
                    self.add_route(&vrf, Family::of(ip), words, line);
                }
            }
            Block::Static(vrf, family) => self.in_static(vrf, family, &words, line, indent),
            Block::ControlPlane => match words.as_slice() {
                [ip @ ("ip" | "ipv6"), "access-group", name, .., "in"] => self.control_plane.push(Applied {
                    lists: vec![(*name).to_owned()],
                    family: Family::of(ip),
                    inbound: true,
                    line: line.number,
                }),
                ["service-policy", ..] => {
                    self.not_inspected(line, "rates of traffic to the device itself are not inspected");
                }
                _ => {}
            },
            Block::VlanMap => {}
        }
    }

    fn in_time_range(&mut self, name: &str, words: &[&str], line: &Line) {
        let words = if words[0].parse::<u64>().is_ok() { &words[1..] } else { words };
        let schedule = self.schedules.entry(name.to_owned()).or_insert_with(|| Schedule {
            name: name.to_owned(),
            ends: None,
            never: false,
        });
        match words {
            ["absolute", rest @ ..] => {
                let end = rest.iter().position(|word| *word == "end").map(|at| &rest[at + 1..]);
                if let Some(end) = end {
                    schedule.ends = routes::date(end);
                    if schedule.ends.is_none() {
                        self.unknown(line, "bad-value", "ends at no date");
                    }
                }
            }
            ["periodic" | "exit" | "description" | "remark", ..] => {}
            _ => self.unknown(line, "unknown-option", "in a time range"),
        }
    }

    fn in_policy_map(&mut self, name: &str, words: &[&str], line: &Line) {
        let Some(classes) = self.policy_maps.get_mut(name) else { return };
        match words {
            ["class", "type", "inspect", .., class] | ["class", class] => classes.push(PolicyClass {
                name: (*class).to_owned(),
                actions: Vec::new(),
                line: line.number,
                text: line.text.clone(),
            }),
            ["description" | "exit", ..] => {}
            _ => match classes.last_mut() {
                Some(class) => class.actions.push(line.clone()),
                None => self.unknown(line, "unknown-option", "before the first class"),
            },
        }
    }

    fn in_terminal(&mut self, words: &[&str], line: &Line, indent: usize) {
        let Some(terminal) = self.terminals.last_mut() else { return };
        let mut apply = |family: Family, name: &str, inbound: bool| {
            terminal.applied.push(Applied { lists: vec![name.to_owned()], family, inbound, line: line.number });
        };
        match words {
            ["access-class", "ingress" | "in", name, ..] => apply(Family::V4, name, true),
            ["access-class", "egress" | "out", name, ..] => apply(Family::V4, name, false),
            ["access-class", "ipv4" | "ipv6", name, way, ..] => {
                apply(Family::of(words[1]), name, !matches!(*way, "out" | "egress"));
            }
            ["access-class", name, way, ..] => apply(Family::V4, name, *way != "out"),
            ["ipv6", "access-class", name, way, ..] => apply(Family::V6, name, *way != "out"),
            [ip @ ("ip" | "ipv6"), "access-group", name, .., "in"] => apply(Family::of(ip), name, true),
            ["transport", "input", rest @ ..] => {
                terminal.transport = Some(rest.iter().map(|word| (*word).to_owned()).collect());
            }
            ["transport" | "shutdown", ..] => {}
            ["no", "shutdown"] if self.block == Block::Management => self.telnet |= terminal.name.ends_with("telnet"),
            [first, ..] if LINE.contains(first) || self.block == Block::Management => {
                self.ignore_deeper = Some(indent);
                return;
            }
            _ => {
                self.unknown(line, "unknown-option", "in a terminal line");
                return;
            }
        }
        terminal.line_to = line.number;
        terminal.text.push(line.text.clone());
    }

    fn in_static(&mut self, vrf: String, family: Family, words: &[&str], line: &Line, indent: usize) {
        match words {
            ["vrf", name] => self.block = Block::Static((*name).to_owned(), Family::V4),
            ["address-family", family, ..] => {
                let vrf = if indent <= self.block_indent + 1 { String::new() } else { vrf };
                self.block = Block::Static(vrf, Family::of(family));
            }
            ["maximum" | "exit" | "apply-group" | "commit" | "description", ..] => {}
            ["no", words @ ..] => self.forget_routes(&vrf, family, words),
            words => self.add_route(&vrf, family, words, line),
        }
    }

    fn add_route(&mut self, vrf: &str, family: Family, words: &[&str], line: &Line) {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        self.routes.push(RouteLine { vrf: vrf.to_owned(), family, number: line.number, words });
    }

    fn in_interface(&mut self, words: &[&str], line: &Line, indent: usize) {
        let number = line.number;
        let Some(interface) = self.interfaces.get_mut(self.open) else { return };
        let before = interface.line_to;
        interface.line_to = number;
        interface.text.push(line.text.clone());
        match words {
            ["description", rest @ ..] => interface.description = rest.join(" "),
            ["shutdown", ..] => interface.shutdown = true,
            ["no", "shutdown", ..] => interface.shutdown = false,
            ["ip", "vrf", "forwarding", name] | ["vrf", "forwarding" | "member", name] | ["vrf", name] => {
                (*name).clone_into(&mut interface.vrf);
            }
            ["zone-member", "security", name] => interface.zone = Some((*name).to_owned()),
            ["ip", "nat", "inside"] => interface.nat = Some(NatSide::Inside),
            ["ip", "nat", "outside"] => interface.nat = Some(NatSide::Outside),
            ["ip", "nat", "source" | "destination", ..] => interface.nat_lines.push(line.clone()),
            ["ip", "nat", ..] => {}
            ["ip" | "ipv4" | "ipv6", "address", rest @ ..] => {
                if !address(interface, Family::of(words[0]), rest) {
                    self.unknown(line, "bad-value", "is no address");
                }
            }
            ["no", "ip" | "ipv4", "address", rest @ ..] => {
                interface.addresses.retain(|(address, _)| !address.is_ipv4() || !rest.is_empty());
            }
            ["ip" | "ipv4", "unnumbered", ..] => interface.unknown_v4 = true,
            ["ipv6", "enable" | "unnumbered", ..] => interface.unknown_v6 = true,
            ["ip" | "ipv4" | "ipv6", "access-group" | "traffic-filter", rest @ ..]
            | ["ip" | "ipv6", "port", "access-group" | "traffic-filter", rest @ ..]
            | ["access-group", rest @ ..] => match access_group(rest) {
                Some((lists, inbound)) => {
                    let family = match words {
                        ["access-group", "ipv6", ..] => Family::V6,
                        _ => Family::of(words[0]),
                    };
                    interface.applied.push(Applied { lists, family, inbound, line: number });
                }
                None => self.unknown(line, "unknown-option", "applies no list"),
            },
            ["mac", "port" | "access-group", ..] => {
                self.not_inspected(line, "lists of this kind are not inspected");
            }
            ["ip" | "ipv4" | "ipv6" | "ospfv3", second, ..] if IP_IN_INTERFACE.contains(second) => {
                self.ignore_deeper = Some(indent);
            }
            ["no", first, rest @ ..] => {
                let known = INTERFACE.contains(first)
                    || matches!(*first, "ip" | "ipv4" | "ipv6" | "vrf" | "description" | "zone-member")
                    || rest.is_empty();
                if !known {
                    self.unknown(line, "unknown-option", "in an interface");
                }
            }
            [first, ..] if INTERFACE.contains(first) => {
                self.ignore_deeper = Some(indent);
                interface.line_to = before;
                interface.text.pop();
            }
            _ => self.unknown(line, "unknown-option", "in an interface"),
        }
    }
}

/// `10.0.0.1 255.255.255.0 [secondary]`, `10.0.0.1/24`, `2001:db8::1/64`, `dhcp`.
fn address(interface: &mut IfConfig, family: Family, words: &[&str]) -> bool {
    match words {
        [
            "dhcp"
            | "negotiated"
            | "pool"
            | "virtual"
            | "dhcp-client"
            | "slarp"
            | "use-link-local-only"
            | "autoconfig"
            | "auto-config",
            rest @ ..,
        ] => {
            match (family, words[0], rest) {
                (_, "virtual", [own, ..]) => return address(interface, family, &[*own]),
                (Family::V4, ..) => interface.unknown_v4 = true,
                (Family::V6, ..) => interface.unknown_v6 = true,
            }
            true
        }
        [first, rest @ ..] => {
            let set = match (first.split_once('/'), rest.first()) {
                (Some(_), _) => first.parse::<AddrSet>().ok(),
                (None, Some(mask)) => {
                    let (address, mask) = (first.parse().ok(), mask.parse().ok());
                    address.zip(mask).and_then(|(address, mask)| AddrSet::masked_v4(address, mask))
                }
                (None, None) => None,
            };
            let own = first.split('/').next().unwrap_or_default().parse::<IpAddr>().ok();
            let link_local = rest.contains(&"link-local");
            let set = set.or_else(|| own.filter(|_| link_local).map(AddrSet::host));
            let (Some(own), Some(set)) = (own, set) else {
                // A prefix by name, with the host's part behind it.
                interface.unknown_v6 |= family == Family::V6;
                return family == Family::V6 && words.len() >= 2;
            };
            if !rest.contains(&"secondary") && own.is_ipv4() {
                interface.addresses.retain(|(known, _)| !known.is_ipv4());
            }
            interface.addresses.push((own, set));
            true
        }
        [] => false,
    }
}

/// `NAME in`, `NAME ingress [hardware-count]`, `common A B ingress`, `ipv4 NAME ingress`.
fn access_group(words: &[&str]) -> Option<(Vec<String>, bool)> {
    let words = match words {
        ["ipv4" | "ipv6", rest @ ..] => rest,
        words => words,
    };
    let way = words.iter().skip(1).position(|word| matches!(*word, "in" | "out" | "ingress" | "egress"))? + 1;
    let inbound = matches!(words[way], "in" | "ingress");
    let names = match &words[..way] {
        ["common", names @ ..] if !names.is_empty() => names,
        names => names,
    };
    (!names.is_empty() && names.len() <= 2).then(|| (names.iter().map(|name| (*name).to_owned()).collect(), inbound))
}

/// `(5 matches)`, `[match=5]`, `[match 5 packets, …]` at the end of a statement, as `show access-lists` prints it.
fn take_hits(words: &mut Vec<&str>) -> Option<u64> {
    let at = words.iter().position(|word| {
        word.starts_with("[match") || (word.starts_with('(') && word[1..].parse::<u64>().is_ok()) || *word == "(match"
    })?;
    let rest = words.split_off(at);
    rest.iter().find_map(|word| {
        let digits = word.trim_start_matches("[match=").trim_matches(['(', '[', ']', ')', ',']);
        digits.parse().ok()
    })
}

/// What terminals print around a configuration.
fn is_heading(words: &[&str], text: &str) -> bool {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    DAYS.contains(&words[0])
        || matches!(words, ["Using", _, "out", "of", ..])
        || text.contains("#show ")
        || text.contains("# show ")
        || text.contains("#sh ")
        || text.ends_with('#')
        || words[0].starts_with("exit-")
}

fn is_interface_kind(word: &str) -> bool {
    matches!(word, "point-to-point" | "multipoint" | "l2transport" | "preconfigure" | "breakout" | "type")
}

/// Short enough for a note, secrets masked.
pub(super) fn clip(text: &str) -> String {
    crate::vendors::mask(text).chars().take(60).collect()
}
