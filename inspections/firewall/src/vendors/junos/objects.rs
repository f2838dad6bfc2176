//! Objects that rules name: addresses, applications, schedules, prefix lists.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::civil::Date;

use super::clip;
use super::names;
use super::tree::{Id, ROOT, Tree, matches};
use crate::interval::Intervals;
use crate::net::{AddrSet, Service, proto};
use crate::policy::{Addrs, Schedule, Services};
use crate::vendors::{Enter, Nesting, Trouble};

/// Ranges of IPv4 and of IPv6.
type Ranges = (Vec<(u32, u32)>, Vec<(u128, u128)>);

/// Unions of many sets at once: one by one would take time with the square of their number.
#[derive(Default)]
pub(super) struct Union {
    lower: Ranges,
    upper: Ranges,
    unknown: Vec<String>,
    wide: bool,
}

impl Union {
    pub(super) fn add(&mut self, addrs: &Addrs) {
        self.lower.0.extend_from_slice(addrs.lower.v4.ranges());
        self.lower.1.extend_from_slice(addrs.lower.v6.ranges());
        self.upper.0.extend_from_slice(addrs.upper.v4.ranges());
        self.upper.1.extend_from_slice(addrs.upper.v6.ranges());
        for what in &addrs.unknown {
            if !self.unknown.contains(what) {
                self.unknown.push(what.clone());
            }
        }
        self.wide |= addrs.wide;
    }

    pub(super) fn finish(self) -> Addrs {
        let set = |(v4, v6): (Vec<_>, Vec<_>)| AddrSet { v4: Intervals::of(v4), v6: Intervals::of(v6) };
        Addrs {
            lower: set(self.lower),
            upper: set(self.upper),
            unknown: self.unknown,
            wide: self.wide,
            ..Addrs::default()
        }
    }
}

/// An address, `address/length` or `address/mask`, as a set.
pub(super) fn prefix(word: &str) -> Option<AddrSet> {
    Prefix::read(word).and_then(|prefix| prefix.set())
}

/// An address with the bits of it that count.
#[derive(Clone, Debug)]
pub(super) struct Prefix {
    pub(super) address: IpAddr,
    pub(super) mask: Mask,
}

#[derive(Clone, Debug)]
pub(super) enum Mask {
    Length(u8),
    Bits(Ipv4Addr),
}

impl Prefix {
    pub(super) fn read(word: &str) -> Option<Self> {
        let (address, mask) = word.split_once('/').map_or((word, None), |(address, mask)| (address, Some(mask)));
        let address: IpAddr = address.parse().ok().or_else(|| shortened(address))?;
        let full = if address.is_ipv4() { 32 } else { 128 };
        let mask = match mask {
            None => Mask::Length(full),
            Some(mask) => match (mask.parse::<u8>(), mask.parse::<Ipv4Addr>()) {
                (Ok(length), _) if length <= full => Mask::Length(length),
                (_, Ok(bits)) if address.is_ipv4() => Mask::Bits(bits),
                _ => return None,
            },
        };
        Some(Self { address, mask })
    }

    /// How many bits count: the longest match is the one with most.
    pub(super) fn bits(&self) -> u32 {
        match self.mask {
            Mask::Length(length) => length.into(),
            Mask::Bits(bits) => u32::from(bits).count_ones(),
        }
    }

    pub(super) fn set(&self) -> Option<AddrSet> {
        match (self.address, &self.mask) {
            (address, Mask::Length(length)) => AddrSet::prefix(address, *length),
            (IpAddr::V4(address), Mask::Bits(bits)) => AddrSet::masked_v4(address, *bits),
            (IpAddr::V6(_), Mask::Bits(_)) => None,
        }
    }
}

/// `10` and `10.1` stand for `10.0.0.0` and `10.1.0.0`.
fn shortened(word: &str) -> Option<IpAddr> {
    let parts: Vec<&str> = word.split('.').collect();
    let plain = |part: &&str| !part.is_empty() && part.len() <= 3 && part.chars().all(|c| c.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(plain) {
        return None;
    }
    let mut octets = [0u8; 4];
    for (octet, part) in octets.iter_mut().zip(&parts) {
        *octet = part.parse().ok()?;
    }
    Some(Ipv4Addr::from(octets).into())
}

/// Where addresses are defined.
#[derive(Default)]
pub(super) struct Books {
    global: Vec<Id>,
    by_zone: BTreeMap<String, Vec<Id>>,
    known: BTreeMap<(Id, String), Addrs>,
    nesting: Nesting,
}

impl Books {
    /// The books of a system: `security address-book`, and those within zones.
    pub(super) fn new(tree: &Tree, security: Option<Id>) -> Self {
        let mut books = Self::default();
        let Some(security) = security else { return books };
        for book in tree.get(security, "address-book").into_iter().flat_map(|id| tree.kids(id)) {
            if tree.word(book) == "global" {
                books.global.push(book);
            }
            for zone in tree.find(book, &["attach", "zone"]).into_iter().flat_map(|id| tree.kids(id)) {
                books.by_zone.entry(tree.word(zone).to_owned()).or_default().push(book);
            }
        }
        for zone in tree.find(security, &["zones", "security-zone"]).into_iter().flat_map(|id| tree.kids(id)) {
            if let Some(book) = tree.get(zone, "address-book") {
                books.by_zone.entry(tree.word(zone).to_owned()).or_default().push(book);
            }
        }
        books
    }

    /// Addresses of a name as a rule uses it: of its zone first, then of the global book.
    pub(super) fn resolve(&mut self, tree: &Tree, zones: &[String], name: &str) -> Addrs {
        match name {
            "any" => return Addrs::any(),
            "any-ipv4" => return Addrs::exactly(AddrSet::full_v4()),
            "any-ipv6" => return Addrs::exactly(AddrSet::full_v6()),
            _ => {}
        }
        let of_zones = zones.iter().filter_map(|zone| self.by_zone.get(zone)).flatten();
        let books: Vec<Id> = of_zones.chain(&self.global).copied().collect();
        for book in books {
            if let Some(found) = self.named(tree, book, name) {
                return found;
            }
        }
        match prefix(name) {
            Some(set) => Addrs::exactly(set),
            None => Addrs::unknown(name, AddrSet::full()),
        }
    }

    fn named(&mut self, tree: &Tree, book: Id, name: &str) -> Option<Addrs> {
        let key = (book, name.to_owned());
        if let Some(known) = self.known.get(&key) {
            return Some(known.clone());
        }
        if let Some(id) = tree.find(book, &["address", name]) {
            let found = address(tree, id);
            self.known.insert(key, found.clone());
            return Some(found);
        }
        let set = tree.find(book, &["address-set", name])?;
        match self.nesting.enter(name) {
            Enter::Go => {}
            Enter::Cycle => return Some(Addrs::none()),
            Enter::TooMuch => return Some(Addrs::unknown(name, AddrSet::full())),
        }
        let mut union = Union::default();
        for kind in ["address", "address-set"] {
            for member in tree.get(set, kind).into_iter().flat_map(|id| tree.kids(id)) {
                let word = tree.word(member);
                let found = self.named(tree, book, word);
                union.add(&found.unwrap_or_else(|| Addrs::unknown(word, AddrSet::full())));
            }
        }
        let found = union.finish();
        if self.nesting.leave() {
            self.known.insert(key, found.clone());
        }
        Some(found)
    }

    /// Notes what of the books is not understood.
    pub(super) fn check(tree: &Tree, security: Option<Id>, trouble: &mut Trouble) {
        let Some(security) = security else { return };
        let named = tree.get(security, "address-book").into_iter().flat_map(|id| tree.kids(id));
        let zones = tree.find(security, &["zones", "security-zone"]).into_iter().flat_map(|id| tree.kids(id));
        let books: Vec<Id> = named.chain(zones.filter_map(|zone| tree.get(zone, "address-book"))).collect();
        for book in books {
            for kind in tree.kids(book) {
                match tree.word(kind) {
                    "address" => {
                        for id in tree.kids(kind) {
                            check_address(tree, id, trouble);
                        }
                    }
                    "address-set" => {
                        for key in tree.kids(kind).flat_map(|set| tree.kids(set)) {
                            if !["address", "address-set", "description"].contains(&tree.word(key)) {
                                super::unknown(tree, key, "an address set", trouble);
                            }
                        }
                    }
                    "attach" | "description" => {}
                    _ => super::unknown(tree, kind, "an address book", trouble),
                }
            }
        }
    }
}

fn check_address(tree: &Tree, id: Id, trouble: &mut Trouble) {
    for key in tree.kids(id) {
        let word = tree.word(key);
        if !["dns-name", "range-address", "wildcard-address", "description", "ip-prefix", "address-map"].contains(&word)
            && prefix(word).is_none()
        {
            super::unknown(tree, key, "an address", trouble);
        }
    }
}

/// An entry of a book.
fn address(tree: &Tree, id: Id) -> Addrs {
    let mut union = Union::default();
    let name = tree.word(id);
    for key in tree.kids(id) {
        match tree.word(key) {
            "description" | "address-map" => {}
            "dns-name" => {
                for host in tree.kids(key) {
                    let family = match (tree.get(host, "ipv4-only"), tree.get(host, "ipv6-only")) {
                        (Some(_), None) => AddrSet::full_v4(),
                        (None, Some(_)) => AddrSet::full_v6(),
                        _ => AddrSet::full(),
                    };
                    union.add(&Addrs::unknown(tree.word(host), family));
                }
            }
            "range-address" => {
                for low in tree.kids(key) {
                    let high = tree.value(low, "to").unwrap_or_else(|| tree.word(low));
                    let range = match (tree.word(low).parse(), high.parse()) {
                        (Ok(low), Ok(high)) => Addrs::exactly(AddrSet::range(low, high)),
                        _ => Addrs::unknown(name, AddrSet::full()),
                    };
                    union.add(&range);
                }
            }
            "wildcard-address" | "ip-prefix" => {
                for value in tree.kids(key) {
                    let set = prefix(tree.word(value));
                    union.add(&set.map_or_else(|| Addrs::unknown(name, AddrSet::full()), Addrs::exactly));
                }
            }
            word => {
                let set = prefix(word);
                union.add(&set.map_or_else(|| Addrs::unknown(name, AddrSet::full()), Addrs::exactly));
            }
        }
    }
    union.finish()
}

/// Applications and sets of them.
#[derive(Default)]
pub(super) struct Applications {
    places: Vec<Id>,
    known: BTreeMap<String, Services>,
    nesting: Nesting,
}

impl Applications {
    /// Of a system, then of the whole device.
    pub(super) fn new(tree: &Tree, system: Id) -> Self {
        let mut places: Vec<Id> = tree.get(system, "applications").into_iter().collect();
        if system != ROOT {
            places.extend(tree.get(ROOT, "applications"));
        }
        Self { places, ..Self::default() }
    }

    pub(super) fn resolve(&mut self, tree: &Tree, name: &str) -> Services {
        if name == "any" {
            return Services::any();
        }
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let places = self.places.clone();
        if let Some(id) = places.iter().find_map(|place| tree.find(*place, &["application", name])) {
            let found = application(tree, id);
            self.known.insert(name.to_owned(), found.clone());
            return found;
        }
        let Some(set) = places.iter().find_map(|place| tree.find(*place, &["application-set", name])) else {
            return names::predefined_application(name).unwrap_or_else(|| Services::unknown(name));
        };
        match self.nesting.enter(name) {
            Enter::Go => {}
            Enter::Cycle => return Services::default(),
            Enter::TooMuch => return Services::unknown(name),
        }
        let mut all = Services::default();
        for kind in ["application", "application-set"] {
            for member in tree.get(set, kind).into_iter().flat_map(|id| tree.kids(id)) {
                all.add(&self.resolve(tree, tree.word(member)));
            }
        }
        if self.nesting.leave() {
            self.known.insert(name.to_owned(), all.clone());
        }
        all
    }

    /// Notes what of them is not understood.
    pub(super) fn check(tree: &Tree, system: Id, trouble: &mut Trouble) {
        let Some(applications) = tree.get(system, "applications") else { return };
        for kind in tree.kids(applications) {
            match tree.word(kind) {
                "application" => {
                    for id in tree.kids(kind) {
                        check_application(tree, id, trouble);
                    }
                }
                "application-set" => {
                    for key in tree.kids(kind).flat_map(|set| tree.kids(set)) {
                        if !["application", "application-set", "description"].contains(&tree.word(key)) {
                            super::unknown(tree, key, "an application set", trouble);
                        }
                    }
                }
                _ => super::unknown(tree, kind, "applications", trouble),
            }
        }
    }
}

/// Settings and values of an object; those written one behind the other on a line are below each other in the tree.
pub(super) fn pairs(tree: &Tree, id: Id) -> Vec<(Id, Option<Id>)> {
    let mut pairs = Vec::new();
    let mut stack = vec![id];
    while let Some(id) = stack.pop() {
        for key in tree.kids(id) {
            if tree.is_leaf(key) {
                pairs.push((key, None));
            }
            for value in tree.kids(key) {
                pairs.push((key, Some(value)));
                stack.push(value);
            }
        }
    }
    pairs
}

/// The application itself and its terms; with terms its own settings say nothing about packets.
fn parts(tree: &Tree, id: Id) -> Vec<Id> {
    let terms: Vec<Id> = tree.get(id, "term").into_iter().flat_map(|id| tree.kids(id)).collect();
    if terms.is_empty() { vec![id] } else { terms }
}

fn application(tree: &Tree, id: Id) -> Services {
    let mut all = Services::default();
    for part in parts(tree, id) {
        let mut term = Term::default();
        for (key, value) in pairs(tree, part) {
            if let Some(value) = value {
                term.read(tree.word(key), tree.word(value));
            }
        }
        all.add(&term.services(tree.word(id)));
    }
    all
}

fn check_application(tree: &Tree, id: Id, trouble: &mut Trouble) {
    for part in parts(tree, id).into_iter().chain([id]) {
        for (key, value) in pairs(tree, part) {
            if tree.word(key) == "term" {
                // Its own settings are read with it.
                if part == id && part != key {
                    break;
                }
                continue;
            }
            let known = match value {
                Some(value) => Term::default().read(tree.word(key), tree.word(value)),
                None => FLAGS.contains(&tree.word(key)),
            };
            if !known {
                super::unknown(tree, value.unwrap_or(key), "an application", trouble);
            }
        }
    }
}

/// Settings of an application that have no value.
const FLAGS: &[&str] =
    &["do-not-translate-A-query-to-AAAA-query", "do-not-translate-AAAA-query-to-A-query", "description"];

/// One way to use an application.
#[derive(Default)]
struct Term {
    protocols: Vec<u8>,
    from: Vec<Intervals<u16>>,
    to: Vec<Intervals<u16>>,
    kinds: Vec<u8>,
    codes: Vec<u8>,
    /// Told apart by content that the first packet does not show.
    by_content: bool,
    broken: bool,
}

impl Term {
    /// Whether the setting is understood.
    fn read(&mut self, key: &str, value: &str) -> bool {
        let v6 = key.starts_with("icmp6") || self.protocols.contains(&proto::ICMP6);
        let read = match key {
            "protocol" => names::protocol(value).map(|number| self.protocols.push(number)),
            "source-port" => names::ports(value).map(|ports| self.from.push(ports)),
            "destination-port" => names::ports(value).map(|ports| self.to.push(ports)),
            "icmp-type" | "icmp6-type" => one(names::icmp_type(value, v6)).map(|kind| self.kinds.push(kind)),
            "icmp-code" | "icmp6-code" => one(names::icmp_code(value, v6)).map(|code| self.codes.push(code)),
            "rpc-program-number" | "uuid" | "snmp-command" => {
                self.by_content = true;
                Some(())
            }
            "application-protocol"
            | "alg"
            | "inactivity-timeout"
            | "ttl-threshold"
            | "description"
            | "sip-call-hold-timeout"
            | "learn-sip-register"
            | "ether-type"
            | "child"
            | "gate-timeout"
            | "ike" => Some(()),
            _ => return false,
        };
        self.broken |= read.is_none();
        read.is_some()
    }

    fn services(&self, name: &str) -> Services {
        if self.broken {
            return Services::unknown(name);
        }
        let icmp = [proto::ICMP, proto::ICMP6];
        let mut protocols = self.protocols.clone();
        if protocols.is_empty() && !self.kinds.is_empty() {
            protocols.push(proto::ICMP);
        }
        let ports = !self.to.is_empty() || !self.from.is_empty();
        if protocols.is_empty() && ports {
            protocols.extend([proto::TCP, proto::UDP]);
        }
        let union = |all: &[Intervals<u16>]| {
            let ranges = Intervals::of(all.iter().flat_map(|set| set.ranges().iter().copied()));
            if all.is_empty() { Intervals::full() } else { ranges }
        };
        let mut services = Services::default();
        if protocols.is_empty() {
            services.push(Service::any());
        }
        for number in protocols {
            if icmp.contains(&number) && !self.kinds.is_empty() {
                for kind in &self.kinds {
                    match self.codes.as_slice() {
                        [] => services.push(Service::icmp(number, *kind, None)),
                        codes => codes.iter().for_each(|code| services.push(Service::icmp(number, *kind, Some(*code)))),
                    }
                }
            } else if icmp.contains(&number) && !self.codes.is_empty() {
                let any_type = (0..=u8::MAX)
                    .flat_map(|kind| self.codes.iter().map(move |code| (u16::from(kind) << 8) | u16::from(*code)));
                services.push(Service::to(number, Intervals::of(any_type.map(|both| (both, both)))));
            } else {
                services.push(Service::to(number, union(&self.to)).from_ports(union(&self.from)));
            }
        }
        if self.by_content {
            let maybe = services.lower;
            return Services { maybe, unknown: vec![name.to_owned()], ..Services::default() };
        }
        services
    }
}

fn one(set: Option<Intervals<u8>>) -> Option<u8> {
    set.and_then(|set| set.first())
}

/// When a rule with this schedule is active.
pub(super) fn schedule(tree: &Tree, system: Id, name: &str) -> Schedule {
    let mut schedule = Schedule { name: name.to_owned(), ends: None, never: false };
    let find = |place| tree.find(place, &["schedulers", "scheduler", name]);
    let Some(id) = find(system).or_else(|| find(ROOT)) else { return schedule };
    let starts: Vec<Id> = tree.get(id, "start-date").into_iter().flat_map(|id| tree.kids(id)).collect();
    let stops = starts.iter().map(|start| tree.value(*start, "stop-date").and_then(date));
    // A window without an end never ends.
    if let Some(stops) = stops.collect::<Option<Vec<Date>>>() {
        schedule.ends = stops.into_iter().max();
    }
    schedule
}

/// `2026-12-31.23:59`, `12-31.23:59` of a year that is not said.
fn date(text: &str) -> Option<Date> {
    let day = text.split(['.', ':']).next()?;
    let mut parts = day.split('-');
    let (year, month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Date::new(year, month, day).ok()
}

/// Prefixes of a list, those of an `apply-path` among them; `None` when the list is not defined.
pub(super) fn prefix_list(tree: &Tree, system: Id, name: &str) -> Option<Vec<Prefix>> {
    let find = |place| tree.find(place, &["policy-options", "prefix-list", name]);
    let id = find(system).or_else(|| find(ROOT))?;
    let mut prefixes = Vec::new();
    for key in tree.kids(id) {
        match tree.word(key) {
            "apply-path" => {
                for path in tree.kids(key) {
                    prefixes.extend(apply_path(tree, system, tree.word(path)));
                }
            }
            word => prefixes.extend(Prefix::read(word)),
        }
    }
    Some(prefixes)
}

/// Addresses that stand at a path with wildcards in it.
fn apply_path(tree: &Tree, system: Id, path: &str) -> Vec<Prefix> {
    let mut places = vec![system];
    for word in path.split_whitespace() {
        let mut next = Vec::new();
        for place in &places {
            if word.starts_with('<') {
                next.extend(tree.kids(*place).filter(|kid| matches(word, tree.word(*kid))));
            } else {
                next.extend(tree.get(*place, word));
            }
            if next.len() > 100_000 {
                break;
            }
        }
        places = next;
    }
    places.iter().filter_map(|id| Prefix::read(tree.word(*id))).map(network).collect()
}

/// An interface's address stands for its network.
fn network(prefix: Prefix) -> Prefix {
    match (prefix.address, &prefix.mask) {
        (IpAddr::V4(address), Mask::Length(length)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(*length)).unwrap_or(0);
            Prefix { address: Ipv4Addr::from(u32::from(address) & mask).into(), ..prefix }
        }
        (IpAddr::V6(address), Mask::Length(length)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(*length)).unwrap_or(0);
            Prefix { address: Ipv6Addr::from(u128::from(address) & mask).into(), ..prefix }
        }
        _ => prefix,
    }
}

/// Notes what of prefix lists and schedulers is not understood.
pub(super) fn check_lists(tree: &Tree, system: Id, trouble: &mut Trouble) {
    for list in tree.find(system, &["policy-options", "prefix-list"]).into_iter().flat_map(|id| tree.kids(id)) {
        for key in tree.kids(list) {
            let word = tree.word(key);
            if word != "apply-path" && Prefix::read(word).is_none() {
                let text = format!("`{}` is no prefix", clip(word));
                trouble.line(tree.line(key), "unknown-value", text);
            }
        }
    }
}
