//! The neutral policy that every vendor's parser makes.
//!
//! A policy keeps the rules *as written*, in their lists and in their order, with objects resolved to sets. How lists
//! follow each other is in [`Policy::paths`]; jumps and returns are kept and unfolded by [`crate::flat`].
//!
//! *What is not known stays not known.* An address object by name (FQDN, country, undefined) has a lower set, which it
//! surely matches, and an upper set, which it may match; a match or option that this version does not understand is an
//! [`Unknown`] with its line. So every question has a certain and a possible answer, and neither is a guess.

use std::collections::BTreeMap;

use secdiag_inspect::Document;
use serde::{Deserialize, Serialize};

use crate::net::{AddrSet, Service};

/// The rules of one firewall, or of one virtual domain of it, as one file states them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Host name, with `/` and the virtual domain where there are several; empty when the file does not say.
    pub device: String,
    /// Format that it was read from: `fortios`, `cisco-asa`, `iptables-save`.
    pub vendor: String,
    /// Interfaces, tunnels and the like, sorted by name.
    pub interfaces: Vec<Interface>,
    /// Zones and what they consist of; rules may name a zone where they may name an interface.
    pub zones: BTreeMap<String, Vec<String>>,
    /// Lists of rules, in the order of the file.
    pub chains: Vec<Chain>,
    /// Ways of a packet through the lists.
    pub paths: Vec<Path>,
    /// Address translations, in the order in which the device tries them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nat: Vec<Nat>,
    /// Which destination the rules see where a translation changes it.
    #[serde(default)]
    pub rules_see: RulesSee,
    /// Routes: static ones of the file, or a routing table given beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// How much of the file was understood.
    pub coverage: Coverage,
    /// The file ends in the middle of something: what is missing at its end cannot be concluded from.
    pub truncated: bool,
}

impl Document for Policy {
    const KIND: &'static str = "firewall-policy";
}

impl Policy {
    /// The list of this name.
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == name)
    }

    /// The interface of this name.
    pub fn interface(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.name == name)
    }

    /// Rules of all lists that are written in the file.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.chains.iter().flat_map(|chain| &chain.rules)
    }
}

/// How much of a file was understood. Blank lines count for nothing; comments are understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Lines with something on them.
    pub total: u64,
    /// Lines understood; each of the others has a note.
    pub understood: u64,
}

/// An interface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Name that rules use.
    pub name: String,
    /// Which side of the firewall it is on.
    pub role: Role,
    /// Why it has this role, for a reader.
    pub role_why: String,
    /// Networks known to lie behind it: its own and those that static routes send there (not the default route).
    pub networks: AddrSet,
    /// Addresses of the device itself on it.
    #[serde(default, skip_serializing_if = "AddrSet::is_empty")]
    pub addresses: AddrSet,
    /// Line that it is defined at, 0 when it is only named by rules.
    pub line: u32,
}

/// Side of a firewall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The Internet or another party's network.
    External,
    /// The firm's own network.
    Internal,
    /// Servers offered to the outside.
    Dmz,
    /// Administration.
    Mgmt,
    /// The file does not tell.
    #[default]
    Unknown,
}

impl Role {
    /// Internal, DMZ and management: the firm's own.
    pub const fn is_inside(self) -> bool {
        matches!(self, Self::Internal | Self::Dmz | Self::Mgmt)
    }
}

/// A list of rules: first match decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// Name: an access list, `filter/FORWARD`, `policy`.
    pub name: String,
    /// In the order of evaluation.
    pub rules: Vec<Rule>,
    /// What happens after the last rule.
    pub default: DefaultAction,
}

/// What happens to a packet that no rule of a list matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefaultAction {
    /// Permit, deny, or return to the caller (user chains, lists that another list follows).
    pub action: Action,
    /// Written in the file, not the platform's own rule.
    pub explicit: bool,
    /// Whether what it denies is logged.
    pub log: Log,
    /// Line that states it, 0 when none does.
    pub line: u32,
    /// That line.
    pub text: String,
}

impl DefaultAction {
    /// The platform denies what no rule permits.
    pub fn implicit_deny(log: Log) -> Self {
        Self { action: Action::Deny, explicit: false, log, line: 0, text: String::new() }
    }

    /// The packet goes on where the list was called from.
    pub fn go_back() -> Self {
        Self { action: Action::Return, explicit: false, log: Log::Unknown, line: 0, text: String::new() }
    }
}

/// Way of a packet through lists.
///
/// *Layers.* Every layer has to let a packet through (base chains of one hook in nftables, ordered layers of Check Point,
/// subnet list and security group in a cloud). A permit in a layer hands the packet to the next one, a deny is final.
/// Within a layer the next list is asked when one ends in `Return`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// What kind of packets take it.
    pub hook: Hook,
    /// Only packets that come in here.
    pub in_ifs: Names,
    /// Only packets that go out here.
    pub out_ifs: Names,
    /// Names of lists, layer by layer, in order.
    pub layers: Vec<Vec<String>>,
}

impl Path {
    /// Through one layer of lists, from any interface to any.
    pub fn through(hook: Hook, chains: Vec<String>) -> Self {
        Self { hook, in_ifs: Names::any(), out_ifs: Names::any(), layers: vec![chains] }
    }

    /// Names of all its lists.
    pub fn chains(&self) -> impl DoubleEndedIterator<Item = &String> {
        self.layers.iter().flatten()
    }
}

/// A translation of addresses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nat {
    /// How an administrator names it.
    pub id: String,
    /// First line in the file, from 1.
    pub line_from: u32,
    /// Last line in the file.
    pub line_to: u32,
    /// Its own lines with secrets masked.
    pub text: String,
    /// False when the administrator switched it off.
    pub enabled: bool,
    /// Interfaces or zones that the packet comes in by.
    pub in_ifs: Names,
    /// Interfaces or zones that it goes out by.
    pub out_ifs: Names,
    /// Source before.
    pub src: Addrs,
    /// Destination before.
    pub dst: Addrs,
    /// Service before.
    pub services: Services,
    /// Source after; `None` leaves it. The device's own address (masquerading) is an unknown set.
    pub to_src: Option<Addrs>,
    /// Destination after; `None` leaves it.
    pub to_dst: Option<Addrs>,
    /// Destination port after; `None` leaves it.
    pub to_port: Option<crate::net::Ports>,
    /// The same holds for connections the other way round: a one-to-one translation.
    pub both_ways: bool,
    /// Matches that this version cannot evaluate.
    pub unknown: Vec<Unknown>,
}

impl Nat {
    /// A translation that matches everything and changes nothing, to be narrowed.
    pub fn new(line: u32) -> Self {
        Self {
            id: String::new(),
            line_from: line,
            line_to: line,
            text: String::new(),
            enabled: true,
            in_ifs: Names::any(),
            out_ifs: Names::any(),
            src: Addrs::any(),
            dst: Addrs::any(),
            services: Services::any(),
            to_src: None,
            to_dst: None,
            to_port: None,
            both_ways: false,
            unknown: Vec::new(),
        }
    }
}

/// Which destination rules see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesSee {
    /// The real host's, after translation: iptables, ASA since 8.3, Junos, AWS.
    #[default]
    Translated,
    /// The one in the packet as it came: PAN-OS, Check Point.
    Original,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where to: one prefix.
    pub dst: AddrSet,
    /// By which neighbour.
    pub next_hop: Option<std::net::IpAddr>,
    /// By which interface; empty where the file does not say. A route to nowhere names none and is `discard`.
    pub interface: String,
    /// Packets are thrown away.
    pub discard: bool,
    /// Less is preferred.
    pub distance: u32,
    /// Line in the file.
    pub line: u32,
}

/// What kind of packets a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// Through the device.
    Forward,
    /// To the device itself.
    Input,
    /// From the device itself.
    Output,
}

/// A rule as written, its objects resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// How an administrator names it, stable when other rules come and go: the policy's number (FortiOS), the
    /// statement without comments and counters (ASA, iptables).
    pub id: String,
    /// Name or remark, where it has one.
    pub name: Option<String>,
    /// Position in its list, from 1.
    pub seq: u32,
    /// First line in the file, from 1.
    pub line_from: u32,
    /// Last line in the file.
    pub line_to: u32,
    /// Its own lines with secrets masked, cut at 2,000 characters.
    pub text: String,
    /// False when the administrator switched it off.
    pub enabled: bool,
    /// The platform's own rule: no line says it.
    pub implicit: bool,
    /// What it does.
    pub action: Action,
    /// Interfaces or zones that the packet comes in by.
    pub in_ifs: Names,
    /// Interfaces or zones that it goes out by.
    pub out_ifs: Names,
    /// Source addresses.
    pub src: Addrs,
    /// Destination addresses.
    pub dst: Addrs,
    /// Services; any one of them.
    pub services: Services,
    /// Connection states; none listed means all.
    pub states: Vec<ConnState>,
    /// Whether the destination must be (true) or must not be (false) an address of the device itself.
    pub dst_local: Option<bool>,
    /// Whether matching packets are logged.
    pub log: Log,
    /// When it is active; `None` is always.
    pub schedule: Option<Schedule>,
    /// Matches that this version cannot evaluate; all of them must hold for the rule to match.
    pub unknown: Vec<Unknown>,
    /// Packets counted by the device, where the file says.
    pub hits: Option<u64>,
}

impl Rule {
    /// A rule that matches everything, to be narrowed.
    pub fn new(action: Action, line: u32) -> Self {
        Self {
            id: String::new(),
            name: None,
            seq: 0,
            line_from: line,
            line_to: line,
            text: String::new(),
            enabled: true,
            implicit: false,
            action,
            in_ifs: Names::any(),
            out_ifs: Names::any(),
            src: Addrs::any(),
            dst: Addrs::any(),
            services: Services::any(),
            states: Vec::new(),
            dst_local: None,
            log: Log::Unknown,
            schedule: None,
            unknown: Vec::new(),
            hits: None,
        }
    }

    /// Whether it can match the first packet of a connection: a rule for established connections only permits nothing
    /// that another rule has not permitted before.
    pub fn matches_new(&self) -> bool {
        self.states.is_empty() || self.states.contains(&ConnState::New)
    }

    /// Adds a match that cannot be evaluated; a secret in it is masked.
    pub fn add_unknown(&mut self, text: impl AsRef<str>, line: u32) {
        self.unknown.push(Unknown { text: crate::vendors::mask(text.as_ref()), line });
    }
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Lets the packet through.
    Permit,
    /// Drops or rejects it.
    Deny,
    /// Asks another list and comes back.
    Jump(String),
    /// Goes on in another list and does not come back.
    Goto(String),
    /// Leaves this list for the one that called it.
    Return,
    /// Logs and goes on.
    Log,
    /// Marks, counts or changes something and goes on.
    Continue,
}

/// State of a packet's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the connection tracker's own")]
pub enum ConnState {
    New,
    Established,
    Related,
    Invalid,
    Untracked,
}

/// Whether something is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Log {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// The file does not tell, or it depends on the version.
    #[default]
    Unknown,
}

/// Interface or zone names. `eth+` stands for every name that begins with `eth`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The names; nothing and not negated is every interface.
    pub names: Vec<String>,
    /// Every interface but these.
    pub negated: bool,
}

impl Names {
    /// Every interface.
    pub fn any() -> Self {
        Self::default()
    }

    /// These.
    pub fn of(names: Vec<String>) -> Self {
        Self { names, negated: false }
    }

    /// Whether every interface is meant.
    pub fn is_any(&self) -> bool {
        self.names.is_empty()
    }

    /// As a reader writes it.
    pub fn describe(&self) -> String {
        match (self.names.is_empty(), self.negated) {
            (true, _) => "any".into(),
            (false, true) => format!("not {}", self.names.join(", ")),
            (false, false) => self.names.join(", "),
        }
    }
}

/// Addresses of a rule: what they surely are, what they may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addrs {
    /// Surely matched.
    pub lower: AddrSet,
    /// Perhaps matched; holds `lower`.
    pub upper: AddrSet,
    /// Objects as the rule names them; empty when it gives addresses themselves.
    pub names: Vec<String>,
    /// Objects without known addresses: host names, countries, undefined names.
    pub unknown: Vec<String>,
    /// Some of them stand for a large part of the Internet: a country, a vendor's list.
    pub wide: bool,
}

impl Addrs {
    /// Every address of both families.
    pub fn any() -> Self {
        Self::exactly(AddrSet::full())
    }

    /// Nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// A set that is known.
    pub fn exactly(set: AddrSet) -> Self {
        Self { lower: set.clone(), upper: set, ..Self::default() }
    }

    /// An object whose addresses the file does not tell; `upper` is what they may be.
    pub fn unknown(what: impl Into<String>, upper: AddrSet) -> Self {
        Self { upper, unknown: vec![what.into()], ..Self::default() }
    }

    /// Adds another object's addresses.
    pub fn add(&mut self, other: &Self) {
        self.lower = self.lower.union(&other.lower);
        self.upper = self.upper.union(&other.upper);
        self.wide |= other.wide;
        self.unknown
            .extend(other.unknown.iter().filter(|what| !self.unknown.contains(what)).cloned().collect::<Vec<_>>());
    }

    /// Every address but these, within `universe`.
    pub fn negate(&mut self, universe: &AddrSet) {
        let (lower, upper) = (universe.minus(&self.upper), universe.minus(&self.lower));
        (self.lower, self.upper) = (lower, upper);
        self.names = self.names.iter().map(|name| format!("not {name}")).collect();
    }

    /// As the rule names it, with addresses.
    pub fn describe(&self) -> String {
        let set = if self.lower.is_empty() && !self.unknown.is_empty() {
            self.unknown.join(", ")
        } else if self.unknown.is_empty() {
            self.upper.describe(6)
        } else {
            format!("{}, {}", self.lower.describe(6), self.unknown.join(", "))
        };
        if self.names.is_empty() || self.names == [set.clone()] || set == "any" {
            set
        } else {
            format!("{} ({set})", crate::net::shorten(self.names.clone(), 6))
        }
    }
}

/// Services of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Services {
    /// Surely matched.
    pub lower: Vec<Service>,
    /// Perhaps matched on top of them.
    pub maybe: Vec<Service>,
    /// Objects as the rule names them.
    pub names: Vec<String>,
    /// Objects without known ports.
    pub unknown: Vec<String>,
}

impl Services {
    /// Every protocol and port.
    pub fn any() -> Self {
        Self::exactly(vec![Service::any()])
    }

    /// Services that are known.
    pub fn exactly(services: Vec<Service>) -> Self {
        let mut all = Self::default();
        for service in services {
            all.push(service);
        }
        all
    }

    /// An object that is not defined or not understood: it may be any service.
    pub fn unknown(what: impl Into<String>) -> Self {
        Self { maybe: vec![Service::any()], unknown: vec![what.into()], ..Self::default() }
    }

    /// Adds a service; destination ports of the same protocol are kept together.
    pub fn push(&mut self, service: Service) {
        if service.is_empty() {
            return;
        }
        match self.lower.iter_mut().find(|known| known.proto == service.proto && known.sport == service.sport) {
            Some(known) => known.dport.0 = known.dport.0.union(&service.dport.0),
            None => self.lower.push(service),
        }
    }

    /// Adds another object's services.
    pub fn add(&mut self, other: &Self) {
        other.lower.iter().cloned().for_each(|service| self.push(service));
        for service in &other.maybe {
            if !self.maybe.contains(service) {
                self.maybe.push(service.clone());
            }
        }
        self.unknown
            .extend(other.unknown.iter().filter(|what| !self.unknown.contains(what)).cloned().collect::<Vec<_>>());
    }

    /// Every service but these.
    pub fn negate(&mut self) {
        let without = |taken: &[Service]| {
            taken
                .iter()
                .fold(vec![Service::any()], |left, taken| left.iter().flat_map(|piece| piece.minus(taken)).collect())
        };
        let all: Vec<Service> = self.lower.iter().chain(&self.maybe).cloned().collect();
        let (lower, upper) = (without(&all), without(&self.lower));
        self.maybe = if self.maybe.is_empty() { Vec::new() } else { upper };
        self.lower = lower;
        self.names = self.names.iter().map(|name| format!("not {name}")).collect();
    }

    /// Whether one of them is surely every protocol and port.
    pub fn is_any(&self) -> bool {
        self.lower.iter().any(Service::is_any)
    }

    /// As the rule names it, with protocols and ports.
    pub fn describe(&self) -> String {
        let texts: Vec<_> = self.lower.iter().map(ToString::to_string).chain(self.unknown.iter().cloned()).collect();
        let set = if self.is_any() { "any".to_owned() } else { crate::net::shorten(texts, 8) };
        if self.names.is_empty() || set == "any" {
            set
        } else {
            format!("{} ({set})", crate::net::shorten(self.names.clone(), 8))
        }
    }
}

/// When a rule is active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// Last day on which it is active, for a schedule that ends.
    pub ends: Option<jiff::civil::Date>,
    /// It is never active.
    pub never: bool,
}

/// A match that this version cannot evaluate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// As written.
    pub text: String,
    /// Its line.
    pub line: u32,
}
