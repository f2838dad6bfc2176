//! Address translation of an SRX: `security nat static`, `destination` and `source`, in the order in which they are
//! tried. Within a kind, rule sets from an interface come before those from a zone, and those before routing instances.
//! Policies see destinations that `static` and `destination` have changed, and sources that `source` has not.

use super::names;
use super::objects::{self, Applications, Books, Union};
use super::security::with_unit;
use super::tree::{Id, Tree};
use super::{Source, clip};
use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Protos, Service, proto};
use crate::policy::{Addrs, Names, Nat, Services, Unknown};
use crate::vendors::{Trouble, excerpt, mask};

pub(super) struct Reader<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) tree: &'a Tree,
    pub(super) books: &'a mut Books,
    pub(super) applications: &'a mut Applications,
    pub(super) trouble: &'a mut Trouble,
}

impl Reader<'_> {
    /// All translations in the order in which they are tried.
    pub(super) fn read(&mut self, security: Id) -> Vec<Nat> {
        let tree = self.tree;
        let mut all = Vec::new();
        let Some(nat) = tree.get(security, "nat") else { return all };
        for kind in tree.kids(nat) {
            let known = [
                "static",
                "destination",
                "source",
                "proxy-arp",
                "proxy-ndp",
                "natv6v4",
                "traceoptions",
                "allow-overlapping-pools",
            ];
            if !known.contains(&tree.word(kind)) {
                super::unknown(tree, kind, "security nat", self.trouble);
            }
        }
        for kind in ["static", "destination", "source"] {
            let Some(id) = tree.get(nat, kind) else { continue };
            self.check(id, kind);
            let mut sets: Vec<Id> = tree.get(id, "rule-set").into_iter().flat_map(|id| tree.all(id)).collect();
            sets.sort_by_key(|set| match tree.get(*set, "from") {
                Some(from) if tree.get(from, "interface").is_some() => 0,
                Some(from) if tree.get(from, "zone").is_some() => 1,
                _ => 2,
            });
            for set in sets {
                for rule in tree.get(set, "rule").into_iter().flat_map(|id| tree.all(id)) {
                    let enabled = !tree.is_inactive(set) && !tree.is_inactive(rule);
                    let mut nat = self.rule(id, kind, set, rule);
                    nat.enabled = enabled;
                    all.push(nat);
                }
            }
        }
        all
    }

    fn check(&mut self, kind: Id, name: &str) {
        let tree = self.tree;
        for key in tree.kids(kind) {
            match tree.word(key) {
                "rule-set" => {
                    for part in tree.kids(key).flat_map(|set| tree.kids(set)) {
                        if !["from", "to", "rule", "description"].contains(&tree.word(part)) {
                            super::unknown(tree, part, "a rule set of nat", self.trouble);
                        }
                    }
                }
                "pool"
                | "address-persistent"
                | "interface"
                | "pool-utilization-alarm"
                | "port-overloading"
                | "pool-default-port-range"
                | "pool-default-twin-port-range"
                | "session-persistence-scan"
                | "port-round-robin"
                | "port-scaling-enlargement"
                | "pool-set"
                | "session-drop-hold-down"
                | "pool-group"
                | "port" => {}
                _ => super::unknown(tree, key, &format!("{name} nat"), self.trouble),
            }
        }
    }

    fn rule(&mut self, kind: Id, kind_word: &str, set: Id, id: Id) -> Nat {
        let tree = self.tree;
        let mut nat = Nat::new(tree.line(id));
        let lines = tree.lines(id);
        nat.line_from = lines.first().copied().unwrap_or(nat.line_from);
        nat.line_to = super::end_of_run(&lines);
        nat.text = excerpt(lines.iter().map(|line| self.source.line(*line)));
        nat.id = format!("{kind_word} rule-set {} rule {}", tree.word(set), tree.word(id));
        nat.in_ifs = self.side(set, "from", &mut nat.unknown);
        nat.out_ifs = self.side(set, "to", &mut nat.unknown);
        for key in tree.kids(id) {
            match tree.word(key) {
                "match" => self.matches(key, &mut nat),
                "then" => self.then(kind, key, &mut nat),
                "description" => {}
                _ => {
                    super::unknown(tree, key, "a rule of nat", self.trouble);
                    self.unknown(key, &mut nat);
                }
            }
        }
        nat
    }

    fn unknown(&self, key: Id, nat: &mut Nat) {
        let text = mask(&super::text_of(self.tree, key));
        nat.unknown.push(Unknown { text, line: self.tree.line(key) });
    }

    fn side(&mut self, set: Id, side: &str, unknown: &mut Vec<Unknown>) -> Names {
        let tree = self.tree;
        let mut names = Vec::new();
        for kind in tree.get(set, side).into_iter().flat_map(|id| tree.kids(id)) {
            match tree.word(kind) {
                "zone" => names.extend(tree.words(kind)),
                "interface" => names.extend(tree.words(kind).iter().map(|name| with_unit(name))),
                // Which interfaces belong to an instance changes nothing where there is only one.
                "routing-instance" | "routing-group" => {
                    unknown.push(Unknown { text: super::text_of(tree, kind), line: tree.line(kind) });
                }
                _ => super::unknown(tree, kind, "a side of a rule set", self.trouble),
            }
        }
        Names::of(names)
    }

    fn matches(&mut self, id: Id, nat: &mut Nat) {
        let tree = self.tree;
        let (mut src, mut dst) = (Vec::new(), Vec::new());
        let (mut from, mut to) = (Vec::new(), Vec::new());
        let mut protocols = Vec::new();
        for key in tree.kids(id) {
            match tree.word(key) {
                "source-address" | "source-address-name" => src.extend(tree.words(key)),
                "destination-address" | "destination-address-name" => dst.extend(tree.words(key)),
                "source-port" => from.extend(self.ports(key)),
                "destination-port" => to.extend(self.ports(key)),
                "protocol" => protocols.extend(tree.words(key).iter().filter_map(|word| names::protocol(word))),
                "application" => {
                    let mut all = Services::default();
                    for name in tree.words(key) {
                        all.add(&self.applications.resolve(tree, &name));
                        all.names.push(name);
                    }
                    nat.services = all;
                }
                _ => {
                    super::unknown(tree, key, "the match of a rule of nat", self.trouble);
                    self.unknown(key, nat);
                }
            }
        }
        nat.src = self.addresses(&src);
        nat.dst = self.addresses(&dst);
        if protocols.is_empty() && (!from.is_empty() || !to.is_empty()) {
            protocols.extend([proto::TCP, proto::UDP]);
        }
        if !protocols.is_empty() {
            let union = |sets: &[Intervals<u16>]| match sets {
                [] => Intervals::full(),
                sets => Intervals::of(sets.iter().flat_map(|set| set.ranges().iter().copied())),
            };
            let proto = Protos(Intervals::of(protocols.iter().map(|number| (*number, *number))));
            let service = Service { proto, sport: Ports(union(&from)), dport: Ports(union(&to)) };
            nat.services = Services::exactly(vec![service]);
        }
    }

    /// `80`, `80 to 90`.
    fn ports(&mut self, key: Id) -> Vec<Intervals<u16>> {
        let tree = self.tree;
        let mut all = Vec::new();
        for low in tree.kids(key) {
            let text = match tree.value(low, "to") {
                Some(high) => format!("{}-{high}", tree.word(low)),
                None => tree.word(low).to_owned(),
            };
            match names::ports(&text) {
                Some(range) => all.push(range),
                None => self.trouble.line(tree.line(low), "unknown-value", format!("`{}` is no port", clip(&text))),
            }
        }
        all
    }

    fn addresses(&mut self, names: &[String]) -> Addrs {
        if names.is_empty() {
            return Addrs::any();
        }
        let mut union = Union::default();
        let mut objects = Vec::new();
        for name in names {
            if objects::prefix(name).is_none() {
                objects.push(name.clone());
            }
            union.add(&self.books.resolve(self.tree, &[], name));
        }
        Addrs { names: objects, ..union.finish() }
    }

    fn then(&mut self, kind: Id, id: Id, nat: &mut Nat) {
        let tree = self.tree;
        for key in tree.kids(id) {
            match tree.word(key) {
                "source-nat" => nat.to_src = self.source_nat(kind, key),
                "destination-nat" => self.destination_nat(kind, key, nat),
                "static-nat" => self.static_nat(key, nat),
                _ => {
                    super::unknown(tree, key, "the action of a rule of nat", self.trouble);
                    self.unknown(key, nat);
                }
            }
        }
    }

    fn source_nat(&mut self, kind: Id, id: Id) -> Option<Addrs> {
        let tree = self.tree;
        for key in tree.kids(id) {
            match tree.word(key) {
                "off" => return None,
                "interface" => return Some(Addrs::unknown("the interface's own address", AddrSet::full())),
                "pool" => {
                    let name = tree.pick(key).map(|id| tree.word(id))?;
                    return Some(self.pool(kind, name).0);
                }
                _ => super::unknown(tree, key, "a source translation", self.trouble),
            }
        }
        None
    }

    fn destination_nat(&mut self, kind: Id, id: Id, nat: &mut Nat) {
        let tree = self.tree;
        for key in tree.kids(id) {
            match tree.word(key) {
                "off" => {}
                "pool" => {
                    if let Some(name) = tree.pick(key).map(|id| tree.word(id)) {
                        let (addresses, port) = self.pool(kind, name);
                        (nat.to_dst, nat.to_port) = (Some(addresses), port);
                    }
                }
                _ => super::unknown(tree, key, "a destination translation", self.trouble),
            }
        }
    }

    fn static_nat(&mut self, id: Id, nat: &mut Nat) {
        let tree = self.tree;
        nat.both_ways = true;
        for key in tree.kids(id) {
            match tree.word(key) {
                "prefix" | "prefix-name" => {
                    for value in tree.kids(key) {
                        match tree.word(value) {
                            "mapped-port" => nat.to_port = self.port_after(value),
                            "routing-instance" => {}
                            name => {
                                nat.to_dst = Some(self.addresses(&[name.to_owned()]));
                                if let Some(port) = tree.get(value, "mapped-port") {
                                    nat.to_port = self.port_after(port);
                                }
                            }
                        }
                    }
                }
                // IPv6 that stands for IPv4: addresses are computed.
                "inet" | "nptv6-prefix" | "nptv6-prefix-name" => {
                    nat.to_dst = Some(Addrs::unknown(super::text_of(tree, key), AddrSet::full()));
                }
                _ => super::unknown(tree, key, "a static translation", self.trouble),
            }
        }
    }

    fn port_after(&mut self, id: Id) -> Option<Ports> {
        self.ports(id).into_iter().next().map(Ports)
    }

    /// Addresses of a pool, and its port.
    fn pool(&mut self, kind: Id, name: &str) -> (Addrs, Option<Ports>) {
        let tree = self.tree;
        let Some(pool) = tree.find(kind, &["pool", name]) else {
            return (Addrs::unknown(format!("pool {name}"), AddrSet::full()), None);
        };
        let mut union = Union::default();
        let mut port = None;
        for low in tree.get(pool, "address").into_iter().flat_map(|id| tree.kids(id)) {
            match (tree.word(low), tree.value(low, "to")) {
                ("port", _) => port = self.port_after(low),
                (low, Some(high)) => union.add(&between(low, high)),
                (word, None) => {
                    let set = objects::prefix(word);
                    union.add(&set.map_or_else(|| Addrs::unknown(word, AddrSet::full()), Addrs::exactly));
                }
            }
            if let Some(id) = tree.get(low, "port") {
                port = self.port_after(id);
            }
        }
        for host in tree.get(pool, "address-name").into_iter().flat_map(|id| tree.words(id)) {
            union.add(&self.addresses(&[host]));
        }
        (Addrs { names: vec![name.to_owned()], ..union.finish() }, port)
    }
}

/// `10.0.0.1/32 to 10.0.0.9/32`
fn between(low: &str, high: &str) -> Addrs {
    let bare = |text: &str| text.split('/').next().and_then(|text| text.parse().ok());
    match (bare(low), bare(high)) {
        (Some(first), Some(last)) => Addrs::exactly(AddrSet::range(first, last)),
        _ => Addrs::unknown(format!("{low} to {high}"), AddrSet::full()),
    }
}
