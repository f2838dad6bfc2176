//! Firewall filters: terms in order, each packet for itself.
//!
//! Addresses of a term are one list with the longest match deciding; what none of them matches is not matched, also where
//! all of them are `except` ("Implied Match on the '0/0 except' Address"). `address`, `prefix-list` mean source *or*
//! destination: such a term is two rules. A term that says nothing about the packet's fate accepts it. A filter
//! discards what no term takes, except inside a list of filters or another filter, where the next one goes on.

use std::collections::{BTreeMap, BTreeSet};

use super::objects::{self, Prefix};
use super::security::chain;
use super::tree::{Id, ROOT, Tree};
use super::{Source, clip, names, proof};
use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Protos, Service, proto};
use crate::policy::{Action, Addrs, Chain, ConnState, DefaultAction, Log, Rule, Services};
use crate::vendors::Trouble;

/// Which packets a filter sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Inet,
    Inet6,
    Any,
}

impl Family {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "inet" => Some(Self::Inet),
            "inet6" => Some(Self::Inet6),
            "any" => Some(Self::Any),
            _ => None,
        }
    }

    fn universe(self) -> AddrSet {
        match self {
            Self::Inet => AddrSet::full_v4(),
            Self::Inet6 => AddrSet::full_v6(),
            Self::Any => AddrSet::full(),
        }
    }
}

/// A filter by family and name.
pub(super) type Key = (Family, String);

/// Name of a filter's list. `continued`: what no term takes goes on behind it.
pub(super) fn list_name((family, name): &Key, continued: bool) -> String {
    let family = match family {
        Family::Inet => "",
        Family::Inet6 => " (inet6)",
        Family::Any => " (any)",
    };
    let end = if continued { ", then the next" } else { "" };
    format!("{name}{family}{end}")
}

/// All filters of a system, read.
pub(super) struct Filters<'a> {
    source: &'a Source<'a>,
    tree: &'a Tree,
    system: Id,
    trouble: &'a mut Trouble,
    /// In the order of the file.
    pub(super) order: Vec<Key>,
    nodes: BTreeMap<Key, Id>,
    sets: BTreeMap<String, Vec<String>>,
    lists: BTreeMap<String, Option<Vec<Prefix>>>,
    /// Filters that others hold.
    nested: BTreeSet<Key>,
}

impl<'a> Filters<'a> {
    /// `places`: where filters are defined; the first that defines a name counts.
    pub(super) fn new(source: &'a Source<'a>, tree: &'a Tree, system: Id, trouble: &'a mut Trouble) -> Self {
        let mut filters = Self {
            source,
            tree,
            system,
            trouble,
            order: Vec::new(),
            nodes: BTreeMap::new(),
            sets: BTreeMap::new(),
            lists: BTreeMap::new(),
            nested: BTreeSet::new(),
        };
        if let Some(firewall) = tree.get(system, "firewall") {
            filters.collect(firewall, true);
        }
        // A logical system may use filters of the device, but lists only those that it uses.
        if system != ROOT
            && let Some(firewall) = tree.get(ROOT, "firewall")
        {
            filters.collect(firewall, false);
        }
        filters
    }

    fn collect(&mut self, firewall: Id, own: bool) {
        let tree = self.tree;
        for key in tree.kids(firewall) {
            match tree.word(key) {
                "filter" => self.add_all(Family::Inet, key, own),
                "family" => {
                    for family in tree.kids(key) {
                        let Some(known) = Family::of(tree.word(family)) else {
                            if own {
                                self.not_inspected(family, &format!("filters of family {}", tree.word(family)));
                            }
                            continue;
                        };
                        for kind in tree.kids(family) {
                            match tree.word(kind) {
                                "filter" => self.add_all(known, kind, own),
                                "service-filter" | "simple-filter" | "fast-update-filter" if own => {
                                    self.not_inspected(kind, tree.word(kind));
                                }
                                "prefix-action" | "dialer-filter" | "service-filter" | "simple-filter"
                                | "fast-update-filter" => {}
                                _ if own => super::unknown(tree, kind, "a family of filters", self.trouble),
                                _ => {}
                            }
                        }
                    }
                }
                "interface-set" => {
                    for set in tree.kids(key) {
                        let names = tree.words(set).iter().map(|name| pattern(name)).collect();
                        self.sets.entry(tree.word(set).to_owned()).or_insert(names);
                    }
                }
                "policer"
                | "three-color-policer"
                | "hierarchical-policer"
                | "load-balance-group"
                | "atm-policer"
                | "tunnel-end-point"
                | "flexible-match"
                | "prefix-action"
                | "filter-specific" => {}
                _ if own => super::unknown(tree, key, "firewall", self.trouble),
                _ => {}
            }
        }
    }

    fn not_inspected(&mut self, id: Id, what: &str) {
        super::not_inspected(self.tree, id, what, self.trouble);
    }

    fn add_all(&mut self, family: Family, filters: Id, own: bool) {
        for filter in self.tree.kids(filters) {
            let key = (family, self.tree.word(filter).to_owned());
            if !self.nodes.contains_key(&key) {
                self.nodes.insert(key.clone(), filter);
                if own {
                    self.order.push(key);
                }
            }
        }
    }

    /// The filter that an interface means: of the family, or of any.
    pub(super) fn find(&self, family: Family, name: &str) -> Option<Key> {
        [family, Family::Any]
            .into_iter()
            .map(|family| (family, name.to_owned()))
            .find(|key| self.nodes.contains_key(key))
    }

    pub(super) fn undefined(&mut self, name: &str, line: u32) {
        let text = format!("filter `{}` is applied but not defined: it was left out", clip(name));
        self.trouble.line(line, "undefined", text);
    }

    /// Lists of all own filters and of those in `used`; for `continued` ones also a list that goes on.
    pub(super) fn chains(&mut self, used: &BTreeSet<Key>, continued: &BTreeSet<Key>) -> Vec<Chain> {
        let mut keys = self.order.clone();
        keys.extend(used.iter().chain(continued).filter(|key| !self.order.contains(key)).cloned());
        let mut chains = Vec::new();
        let mut done = 0;
        while done < keys.len() {
            let key = keys[done].clone();
            done += 1;
            let Some(id) = self.nodes.get(&key).copied() else { continue };
            let rules = self.filter(id, &key);
            // Of those that filters hold, more may turn up on the way.
            for inner in &self.nested {
                if !keys.contains(inner) {
                    keys.push(inner.clone());
                }
            }
            chains.push((key, rules));
        }
        let mut lists = Vec::new();
        for (key, rules) in chains {
            let goes_on = continued.contains(&key) || self.nested.contains(&key);
            if goes_on {
                lists.push(chain(&list_name(&key, true), rules.clone(), DefaultAction::go_back()));
            }
            // Unused filters are listed too, so that they can be asked about.
            if !goes_on || used.contains(&key) {
                lists.push(chain(&list_name(&key, false), rules, DefaultAction::implicit_deny(Log::No)));
            }
        }
        lists
    }

    fn filter(&mut self, id: Id, key: &Key) -> Vec<Rule> {
        const KNOWN: &[&str] = &[
            "term",
            "interface-specific",
            "accounting-profile",
            "physical-interface-filter",
            "instance-shared",
            "interface-shared",
            "enhanced-mode",
            "fast-lookup-filter",
            "no-match-reorder",
            "promote",
            "description",
            "scale-optimized",
        ];
        let tree = self.tree;
        let mut rules = Vec::new();
        for part in tree.kids(id) {
            if !KNOWN.contains(&tree.word(part)) {
                super::unknown(tree, part, "a filter", self.trouble);
            }
        }
        for term in tree.get(id, "term").into_iter().flat_map(|id| tree.all(id)) {
            rules.extend(self.term(term, key));
        }
        rules
    }

    fn term(&mut self, id: Id, (family, filter): &Key) -> Vec<Rule> {
        let tree = self.tree;
        let mut rule = Rule::new(Action::Permit, tree.line(id));
        proof(&mut rule, self.source, &tree.lines(id));
        rule.id = format!("{filter} term {}", tree.word(id));
        rule.name = Some(tree.word(id).to_owned());
        rule.enabled = !tree.is_inactive(id);
        rule.log = Log::No;
        let mut conditions = Conditions::default();
        for key in tree.kids(id) {
            match tree.word(key) {
                "from" => self.from(key, *family, &mut conditions, &mut rule),
                "then" => self.then(key, &mut rule),
                "filter" => {
                    if let Some(inner) = tree.pick(key) {
                        match self.find(*family, tree.word(inner)) {
                            Some(inner) => {
                                rule.action = Action::Jump(list_name(&inner, true));
                                self.nested.insert(inner);
                            }
                            None => {
                                self.undefined(tree.word(inner), tree.line(inner));
                                rule.action = Action::Continue;
                            }
                        }
                    }
                }
                "description" => {}
                _ => {
                    super::unknown(tree, key, "a term", self.trouble);
                    rule.add_unknown(super::text_of(tree, key), tree.line(key));
                }
            }
        }
        conditions.rules(rule, *family)
    }

    fn then(&mut self, id: Id, rule: &mut Rule) {
        let tree = self.tree;
        let mut fates = Vec::new();
        for key in tree.kids(id) {
            match tree.word(key) {
                "accept" | "discard" | "reject" | "next" => fates.push(key),
                "log" | "syslog" => rule.log = Log::Yes,
                word if MODIFIERS.contains(&word) => {}
                _ => {
                    super::unknown(tree, key, "the action of a term", self.trouble);
                    rule.add_unknown(super::text_of(tree, key), tree.line(key));
                }
            }
        }
        rule.action = match tree.latest(&fates).map(|id| tree.word(id)) {
            Some("discard" | "reject") => Action::Deny,
            Some("next") => Action::Continue,
            _ => Action::Permit,
        };
    }

    fn prefixes(&mut self, name: &str) -> Option<Vec<Prefix>> {
        if let Some(known) = self.lists.get(name) {
            return known.clone();
        }
        let found = objects::prefix_list(self.tree, self.system, name);
        self.lists.insert(name.to_owned(), found.clone());
        found
    }

    fn from(&mut self, id: Id, family: Family, conditions: &mut Conditions, rule: &mut Rule) {
        let tree = self.tree;
        for key in tree.kids(id) {
            let word = tree.word(key);
            match word {
                "source-address" | "ip-source-address" => self.addresses(key, &mut conditions.src),
                "destination-address" | "ip-destination-address" => self.addresses(key, &mut conditions.dst),
                "address" | "ip-address" => self.addresses(key, &mut conditions.either),
                "source-prefix-list" => self.lists_of(key, &mut conditions.src),
                "destination-prefix-list" => self.lists_of(key, &mut conditions.dst),
                "prefix-list" => self.lists_of(key, &mut conditions.either),
                "interface" => rule.in_ifs.names.extend(tree.words(key).iter().map(|name| pattern(name))),
                "interface-set" => {
                    for name in tree.kids(key) {
                        match self.sets.get(tree.word(name)) {
                            Some(members) => rule.in_ifs.names.extend(members.clone()),
                            None => rule.add_unknown(super::text_of(tree, key), tree.line(key)),
                        }
                    }
                }
                "tcp-established" => {
                    conditions.tcp = true;
                    rule.states = vec![ConnState::Established];
                }
                "tcp-initial" => {
                    conditions.tcp = true;
                    if rule.states.is_empty() {
                        rule.states = vec![ConnState::New];
                    }
                }
                "tcp-flags" => self.flags(key, conditions, rule),
                // Fragments behind the first: none of them is a connection's first packet.
                "is-fragment" => rule.states = vec![ConnState::Established],
                "fragment-offset" | "fragment-offset-except" => fragment_offset(tree, key, rule),
                _ if conditions.numbers(tree, key, family, self.trouble, rule) => {}
                _ if NOT_EVALUATED.contains(&word) || NOT_EVALUATED.contains(&word.trim_end_matches("-except")) => {
                    rule.add_unknown(super::text_of(tree, key), tree.line(key));
                }
                _ => {
                    super::unknown(tree, key, "the match of a term", self.trouble);
                    rule.add_unknown(super::text_of(tree, key), tree.line(key));
                }
            }
        }
    }

    fn addresses(&mut self, key: Id, matches: &mut LongestMatch) {
        let tree = self.tree;
        for value in tree.kids(key) {
            matches.stated = true;
            let except = tree.get(value, "except").is_some();
            match Prefix::read(tree.word(value)) {
                Some(prefix) => matches.entries.push((prefix, except)),
                None => {
                    let text = format!("`{}` is no prefix", clip(tree.word(value)));
                    self.trouble.line(tree.line(value), "unknown-value", text);
                    matches.unknown.push((tree.word(value).to_owned(), except));
                }
            }
        }
    }

    fn lists_of(&mut self, key: Id, matches: &mut LongestMatch) {
        let tree = self.tree;
        for value in tree.kids(key) {
            matches.stated = true;
            let except = tree.get(value, "except").is_some();
            let name = tree.word(value);
            matches.names.push(if except { format!("not {name}") } else { name.to_owned() });
            match self.prefixes(name) {
                Some(prefixes) => matches.entries.extend(prefixes.into_iter().map(|prefix| (prefix, except))),
                None => matches.unknown.push((name.to_owned(), except)),
            }
        }
    }

    /// Whether a connection's first packet, which has SYN alone, fits.
    fn flags(&mut self, key: Id, conditions: &mut Conditions, rule: &mut Rule) {
        let tree = self.tree;
        conditions.tcp = true;
        let words = tree.words(key);
        match flags_of_first(&words.join(" | ")) {
            Some(true) => {}
            Some(false) => rule.states = vec![ConnState::Established],
            None => rule.add_unknown(super::text_of(tree, key), tree.line(key)),
        }
    }
}

/// `xe-0/0/0.*` and `xe-0/0/0` stand for all units.
fn pattern(name: &str) -> String {
    match name.strip_suffix('*') {
        Some(stem) => format!("{stem}+"),
        None if name.contains('.') => name.to_owned(),
        None => format!("{name}.+"),
    }
}

fn fragment_offset(tree: &Tree, key: Id, rule: &mut Rule) {
    let zero = |id: Id| {
        let text = tree.word(id);
        names::range(text, |text| text.parse::<u16>().ok()).map(|range| range.contains(0))
    };
    let named: Option<Vec<bool>> = tree.kids(key).map(zero).collect();
    let except = tree.word(key).ends_with("-except");
    match named {
        // Packets that are no fragments have offset 0.
        Some(named) if named.contains(&true) != except => {}
        Some(_) => rule.states = vec![ConnState::Established],
        None => rule.add_unknown(super::text_of(tree, key), tree.line(key)),
    }
}

/// `syn & !ack`, `(ack | rst)`, `0x2` for a packet with SYN alone; `None` when it cannot be read.
fn flags_of_first(text: &str) -> Option<bool> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() || first == '"' {
            rest = &rest[first.len_utf8()..];
        } else if "()!&|+,".contains(first) {
            tokens.push(&rest[..1]);
            rest = &rest[1..];
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "()!&|+,\"".contains(c)).unwrap_or(rest.len());
            tokens.push(&rest[..end]);
            rest = &rest[end..];
        }
    }
    if tokens.len() > 200 {
        return None;
    }
    let mut position = 0;
    let value = any_of(&tokens, &mut position, 0)?;
    (position == tokens.len()).then_some(value)
}

fn any_of(tokens: &[&str], position: &mut usize, depth: usize) -> Option<bool> {
    let mut value = all_of(tokens, position, depth)?;
    while tokens.get(*position).is_some_and(|token| ["|", ","].contains(token)) {
        *position += 1;
        value |= all_of(tokens, position, depth)?;
    }
    Some(value)
}

fn all_of(tokens: &[&str], position: &mut usize, depth: usize) -> Option<bool> {
    let mut value = flag(tokens, position, depth)?;
    while tokens.get(*position).is_some_and(|token| ["&", "+"].contains(token)) {
        *position += 1;
        value &= flag(tokens, position, depth)?;
    }
    Some(value)
}

fn flag(tokens: &[&str], position: &mut usize, depth: usize) -> Option<bool> {
    if depth > 20 {
        return None;
    }
    let token = tokens.get(*position)?;
    *position += 1;
    match *token {
        "!" => flag(tokens, position, depth + 1).map(|value| !value),
        "(" => {
            let value = any_of(tokens, position, depth + 1)?;
            *position += 1;
            (tokens.get(*position - 1) == Some(&")")).then_some(value)
        }
        "syn" => Some(true),
        "fin" | "rst" | "push" | "ack" | "urgent" => Some(false),
        hex => u8::from_str_radix(hex.strip_prefix("0x")?, 16).ok().map(|bits| bits == 0x02),
    }
}

/// What a term asks of addresses and numbers.
#[derive(Default)]
struct Conditions {
    src: LongestMatch,
    dst: LongestMatch,
    either: LongestMatch,
    protocols: Option<Intervals<u8>>,
    source: Option<Intervals<u16>>,
    destination: Option<Intervals<u16>>,
    /// Source or destination.
    port: Option<Intervals<u16>>,
    kinds: Option<Intervals<u8>>,
    codes: Option<Intervals<u8>>,
    /// A match on TCP's flags.
    tcp: bool,
}

impl Conditions {
    /// Reads conditions on numbers; whether this was one.
    fn numbers(&mut self, tree: &Tree, key: Id, family: Family, trouble: &mut Trouble, rule: &mut Rule) -> bool {
        let word = tree.word(key);
        let (name, except) = word.strip_suffix("-except").map_or((word, false), |name| (name, true));
        let mut broken = Vec::new();
        match name {
            "protocol" | "next-header" | "payload-protocol" | "ip-protocol" | "last-header" => {
                let read = |word: &str| names::range(word, names::protocol);
                narrow(&mut self.protocols, union(tree, key, read, &mut broken), except);
            }
            "source-port" | "source-port-range-optimize" => {
                narrow(&mut self.source, union(tree, key, names::ports, &mut broken), except);
            }
            "destination-port" | "destination-port-range-optimize" => {
                narrow(&mut self.destination, union(tree, key, names::ports, &mut broken), except);
            }
            "port" if except => {
                let ports = union(tree, key, names::ports, &mut broken);
                narrow(&mut self.source, ports.clone(), true);
                narrow(&mut self.destination, ports, true);
            }
            "port" => narrow(&mut self.port, union(tree, key, names::ports, &mut broken), false),
            "icmp-type" | "icmp6-type" => {
                let v6 = family == Family::Inet6 || name == "icmp6-type";
                narrow(&mut self.kinds, union(tree, key, |w| names::icmp_type(w, v6), &mut broken), except);
            }
            "icmp-code" | "icmp6-code" => {
                let v6 = family == Family::Inet6 || name == "icmp6-code";
                narrow(&mut self.codes, union(tree, key, |w| names::icmp_code(w, v6), &mut broken), except);
            }
            _ => return false,
        }
        if !broken.is_empty() {
            for id in broken {
                let text = format!("`{}` is no known {}", clip(tree.word(id)), word);
                trouble.line(tree.line(id), "unknown-value", text);
            }
            rule.add_unknown(super::text_of(tree, key), tree.line(key));
        }
        true
    }

    /// The rules that a term makes: one, or one for the source and one for the destination.
    fn rules(mut self, mut rule: Rule, family: Family) -> Vec<Rule> {
        let universe = family.universe();
        rule.services = self.services(family, &mut rule);
        let either = std::mem::take(&mut self.either);
        rule.src = self.src.addrs(&universe);
        rule.dst = self.dst.addrs(&universe);
        if !either.stated {
            return vec![rule];
        }
        let either = either.addrs(&universe);
        let both = |own: &Addrs| Addrs {
            lower: own.lower.intersect(&either.lower),
            upper: own.upper.intersect(&either.upper),
            names: either.names.clone(),
            unknown: own.unknown.iter().chain(&either.unknown).cloned().collect(),
            wide: own.wide,
        };
        let mut other = rule.clone();
        rule.src = both(&rule.src);
        rule.id.push_str(" (source)");
        other.dst = both(&other.dst);
        other.id.push_str(" (destination)");
        vec![rule, other]
    }

    fn services(&self, family: Family, rule: &mut Rule) -> Services {
        let of = |numbers: &[u8]| Intervals::of(numbers.iter().map(|number| (*number, *number)));
        let ports = self.source.is_some() || self.destination.is_some() || self.port.is_some();
        let icmp = self.kinds.is_some() || self.codes.is_some();
        // Ports and flags stand at the same place in every packet, but only these protocols have them there.
        let narrowed = |wanted: Intervals<u8>| match &self.protocols {
            Some(protocols) if protocols.overlaps(&wanted) => protocols.intersect(&wanted),
            Some(protocols) => protocols.clone(),
            None => wanted,
        };
        let protocols = match (ports, icmp, self.tcp) {
            (true, true, _) => {
                rule.add_unknown("ports and ICMP messages at once", rule.line_from);
                self.protocols.clone().unwrap_or_else(Intervals::full)
            }
            (_, false, true) => narrowed(of(&[proto::TCP])),
            (true, false, _) => narrowed(of(&[proto::TCP, proto::UDP, proto::SCTP])),
            (_, true, _) => narrowed(match family {
                Family::Inet => of(&[proto::ICMP]),
                Family::Inet6 => of(&[proto::ICMP6]),
                Family::Any => of(&[proto::ICMP, proto::ICMP6]),
            }),
            _ => self.protocols.clone().unwrap_or_else(Intervals::full),
        };
        let full = |set: &Option<Intervals<u16>>| set.clone().unwrap_or_else(Intervals::full);
        let (mut sport, mut dport) = (full(&self.source), full(&self.destination));
        if icmp && !ports {
            dport = messages(self.kinds.as_ref(), self.codes.as_ref());
        }
        let service = |sport: Intervals<u16>, dport: Intervals<u16>| Service {
            proto: Protos(protocols.clone()),
            sport: Ports(sport),
            dport: Ports(dport),
        };
        match &self.port {
            Some(port) => {
                let first = service(sport.intersect(port), dport.clone());
                sport = sport.minus(port);
                dport = dport.intersect(port);
                Services::exactly(vec![first, service(sport, dport)])
            }
            None => Services::exactly(vec![service(sport, dport)]),
        }
    }
}

/// Types and codes as the destination "ports" of ICMP.
fn messages(kinds: Option<&Intervals<u8>>, codes: Option<&Intervals<u8>>) -> Intervals<u16> {
    let full = Intervals::full();
    let (kinds, codes) = (kinds.unwrap_or(&full), codes.unwrap_or(&full));
    let all = kinds.ranges().iter().flat_map(|(low, high)| *low..=*high).flat_map(|kind| {
        let base = u16::from(kind) << 8;
        codes.ranges().iter().map(move |(low, high)| (base | u16::from(*low), base | u16::from(*high)))
    });
    Intervals::of(all)
}

fn union<T: crate::interval::Point>(
    tree: &Tree,
    key: Id,
    read: impl Fn(&str) -> Option<Intervals<T>>,
    broken: &mut Vec<Id>,
) -> Option<Intervals<T>> {
    let mut ranges = Vec::new();
    let mut stated = false;
    for value in tree.kids(key) {
        stated = true;
        match read(tree.word(value)) {
            Some(set) => ranges.extend_from_slice(set.ranges()),
            None => broken.push(value),
        }
    }
    // With a value that is not known the others do not bound the match.
    (stated && broken.is_empty()).then(|| Intervals::of(ranges))
}

fn narrow<T: crate::interval::Point>(known: &mut Option<Intervals<T>>, by: Option<Intervals<T>>, except: bool) {
    let Some(by) = by else { return };
    let by = if except { by.complement() } else { by };
    *known = Some(known.take().map_or(by.clone(), |known| known.intersect(&by)));
}

/// Addresses of which the longest that fits decides.
#[derive(Default)]
struct LongestMatch {
    /// Something is asked; else every address fits.
    stated: bool,
    /// With whether it is an exception.
    entries: Vec<(Prefix, bool)>,
    unknown: Vec<(String, bool)>,
    names: Vec<String>,
}

impl LongestMatch {
    fn addrs(mut self, universe: &AddrSet) -> Addrs {
        if !self.stated {
            return Addrs::exactly(universe.clone());
        }
        // Shorter ones first; of equal ones the exception counts.
        self.entries.sort_by_key(|(prefix, except)| (prefix.bits(), *except));
        let mut set = AddrSet::empty();
        let mut run: Option<(bool, Vec<AddrSet>)> = None;
        for (prefix, except) in &self.entries {
            let Some(one) = prefix.set() else {
                self.unknown.push((prefix.address.to_string(), *except));
                continue;
            };
            match &mut run {
                Some((same, sets)) if same == except => sets.push(one),
                _ => {
                    apply(&mut set, run.take());
                    run = Some((*except, vec![one]));
                }
            }
        }
        apply(&mut set, run);
        let set = set.intersect(universe);
        let mut addrs = Addrs { names: self.names, ..Addrs::exactly(set) };
        for (what, except) in self.unknown {
            if except {
                addrs.lower = AddrSet::empty();
            } else {
                addrs.upper = universe.clone();
            }
            addrs.unknown.push(what);
        }
        addrs
    }
}

fn apply(set: &mut AddrSet, run: Option<(bool, Vec<AddrSet>)>) {
    let Some((except, sets)) = run else { return };
    let v4 = Intervals::of(sets.iter().flat_map(|set| set.v4.ranges().iter().copied()));
    let v6 = Intervals::of(sets.iter().flat_map(|set| set.v6.ranges().iter().copied()));
    let all = AddrSet { v4, v6 };
    *set = if except { set.minus(&all) } else { set.union(&all) };
}

/// Actions that do not decide whether the packet passes. A policer drops what is beyond its rate.
const MODIFIERS: &[&str] = &[
    "accounting",
    "clear-policy-map",
    "count",
    "decapsulate",
    "dont-fragment",
    "dscp",
    "encapsulate",
    "exclude-accounting",
    "force-premium",
    "forwarding-class",
    "gre-in-udp",
    "hierarchical-policer",
    "ipsec-sa",
    "load-balance",
    "logical-system",
    "loss-priority",
    "next-hop-group",
    "next-interface",
    "next-ip",
    "next-ip6",
    "next-tunnel",
    "no-decrement-ttl",
    "packet-mode",
    "policer",
    "policy-map",
    "port-mirror",
    "port-mirror-instance",
    "prefix-action",
    "routing-instance",
    "sample",
    "service-accounting",
    "service-accounting-deferred",
    "service-filter-hit",
    "set-gre-key",
    "three-color-policer",
    "topology",
    "traffic-class",
    "ttl",
    "virtual-channel",
];

/// Matches that only the running device can evaluate, or that say nothing about addresses and ports.
const NOT_EVALUATED: &[&str] = &[
    "ah-spi",
    "apply-to-output",
    "destination-class",
    "dscp",
    "esp-spi",
    "ether-type",
    "exp",
    "extension-header",
    "first-fragment",
    "flexible-match-mask",
    "flexible-match-range",
    "forwarding-class",
    "fragment-flags",
    "gre-key",
    "hop-limit",
    "inner-ip",
    "interface-group",
    "ip-options",
    "is-loopback-traffic",
    "last-fragment",
    "learn-vlan-id",
    "loss-priority",
    "packet-length",
    "policy-map",
    "precedence",
    "rat-type",
    "redirect-reason",
    "service-filter-hit",
    "source-class",
    "source-mac-address",
    "destination-mac-address",
    "tcp-mss",
    "traffic-class",
    "traffic-type",
    "ttl",
    "user-vlan-id",
    "vlan",
    "vxlan",
];
