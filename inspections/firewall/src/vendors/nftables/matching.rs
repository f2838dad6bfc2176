//! What a rule's comparisons mean for the first packet of a connection, as products of sets.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use super::rule::{Element, Match, Operator, Value, Values};
use super::words::{icmp_code, icmp_type, number};
use crate::interval::Intervals;
use crate::net::{AddrSet, Service, proto, proto_number};
use crate::policy::{Addrs, ConnState, Names, Services};

/// Products that one rule may become.
const CELLS_MAX: usize = 20_000;

const ALL_STATES: [ConnState; 5] =
    [ConnState::New, ConnState::Established, ConnState::Related, ConnState::Invalid, ConnState::Untracked];

/// Protocols in whose headers the ports come first.
const WITH_PORTS: [u8; 5] = [proto::TCP, proto::UDP, 33, proto::SCTP, 136];

/// A product of sets.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// Addresses of the families that it is for.
    pub(super) universe: AddrSet,
    pub(super) src: Addrs,
    pub(super) dst: Addrs,
    pub(super) in_ifs: Names,
    pub(super) out_ifs: Names,
    pub(super) protos: Intervals<u8>,
    pub(super) sport: Intervals<u16>,
    pub(super) dport: Intervals<u16>,
    /// `th dport`: any protocol that has ports.
    pub(super) some_ports: bool,
    pub(super) icmp: Option<(Intervals<u8>, Intervals<u8>)>,
    pub(super) states: Option<BTreeSet<ConnState>>,
    pub(super) dst_local: Option<bool>,
    pub(super) unknown: Vec<String>,
}

/// What a key is about.
enum Field {
    Source(AddrSet),
    Destination(AddrSet),
    /// Addresses of either family, by their values.
    OriginalSource,
    OriginalDestination,
    Protocol(AddrSet),
    SourcePort(Option<u8>),
    DestinationPort(Option<u8>),
    Type(u8),
    Code(u8),
    In,
    Out,
    State,
    Direction,
    Version,
    EtherType,
    DestinationType,
    TcpFlags,
    NotEvaluated,
}

fn field(key: &str) -> Field {
    let both = AddrSet::full;
    match key {
        "ip saddr" => Field::Source(AddrSet::full_v4()),
        "ip daddr" => Field::Destination(AddrSet::full_v4()),
        "ip6 saddr" => Field::Source(AddrSet::full_v6()),
        "ip6 daddr" => Field::Destination(AddrSet::full_v6()),
        "ct original saddr" | "ct original ip saddr" | "ct original ip6 saddr" => Field::OriginalSource,
        "ct original daddr" | "ct original ip daddr" | "ct original ip6 daddr" => Field::OriginalDestination,
        "ip protocol" => Field::Protocol(AddrSet::full_v4()),
        "ip6 nexthdr" => Field::Protocol(AddrSet::full_v6()),
        "meta l4proto" | "ct protocol" | "ct original protocol" => Field::Protocol(both()),
        "tcp sport" => Field::SourcePort(Some(proto::TCP)),
        "tcp dport" => Field::DestinationPort(Some(proto::TCP)),
        "udp sport" => Field::SourcePort(Some(proto::UDP)),
        "udp dport" => Field::DestinationPort(Some(proto::UDP)),
        "udplite sport" => Field::SourcePort(Some(136)),
        "udplite dport" => Field::DestinationPort(Some(136)),
        "sctp sport" => Field::SourcePort(Some(proto::SCTP)),
        "sctp dport" => Field::DestinationPort(Some(proto::SCTP)),
        "dccp sport" => Field::SourcePort(Some(33)),
        "dccp dport" => Field::DestinationPort(Some(33)),
        "th sport" | "ct original proto-src" => Field::SourcePort(None),
        "th dport" | "ct original proto-dst" => Field::DestinationPort(None),
        "icmp type" => Field::Type(proto::ICMP),
        "icmpv6 type" => Field::Type(proto::ICMP6),
        "icmp code" => Field::Code(proto::ICMP),
        "icmpv6 code" => Field::Code(proto::ICMP6),
        "meta iif" | "meta iifname" => Field::In,
        "meta oif" | "meta oifname" => Field::Out,
        "ct state" => Field::State,
        "ct direction" => Field::Direction,
        "meta nfproto" | "ct l3proto" | "ct original l3proto" => Field::Version,
        "meta protocol" | "ether type" => Field::EtherType,
        "fib daddr type" => Field::DestinationType,
        "tcp flags" => Field::TcpFlags,
        _ => Field::NotEvaluated,
    }
}

/// A word is not one of its key's.
pub(super) struct NotUnderstood(pub(super) String);

impl Cell {
    pub(super) fn new(universe: AddrSet) -> Self {
        Self {
            src: Addrs::exactly(universe.clone()),
            dst: Addrs::exactly(universe.clone()),
            universe,
            in_ifs: Names::any(),
            out_ifs: Names::any(),
            protos: Intervals::full(),
            sport: Intervals::full(),
            dport: Intervals::full(),
            some_ports: false,
            icmp: None,
            states: None,
            dst_local: None,
            unknown: Vec::new(),
        }
    }

    /// Only packets of these families.
    fn family(&mut self, family: &AddrSet) {
        self.universe = self.universe.intersect(family);
        meet(&mut self.src, &Addrs::exactly(self.universe.clone()));
        meet(&mut self.dst, &Addrs::exactly(self.universe.clone()));
    }

    fn protocol(&mut self, number: u8) {
        self.protos = self.protos.intersect(&Intervals::one(number));
    }

    fn states(&mut self, states: BTreeSet<ConnState>) {
        self.states = Some(match self.states.take() {
            Some(before) => before.intersection(&states).copied().collect(),
            None => states,
        });
    }

    fn never_first(&mut self) {
        self.states(ALL_STATES.into_iter().filter(|state| *state != ConnState::New).collect());
    }

    /// Adds a match that is not evaluated.
    pub(super) fn unknown(&mut self, text: &str) {
        self.unknown.push(text.to_owned());
    }

    /// One key and the values that it has or has not.
    fn narrow(&mut self, key: &str, not: bool, values: &[Value<'_>], text: &str) -> Result<(), NotUnderstood> {
        let bad = |value: &Value<'_>| NotUnderstood(show(value));
        match field(key) {
            Field::Source(family) => {
                self.family(&family);
                let set = addresses(values, not, &family);
                meet(&mut self.src, &set);
            }
            Field::Destination(family) => {
                self.family(&family);
                let set = addresses(values, not, &family);
                meet(&mut self.dst, &set);
            }
            Field::OriginalSource => meet(&mut self.src, &addresses(values, not, &self.universe)),
            Field::OriginalDestination => meet(&mut self.dst, &addresses(values, not, &self.universe)),
            Field::Protocol(family) => {
                self.family(&family);
                let mut set = Intervals::empty();
                for value in values {
                    set = set.union(&protocols(value).ok_or_else(|| bad(value))?);
                }
                self.protos = self.protos.intersect(&if not { set.complement() } else { set });
            }
            Field::SourcePort(number) => {
                let set = ports(values, not)?;
                self.ports(number);
                self.sport = self.sport.intersect(&set);
            }
            Field::DestinationPort(number) => {
                let set = ports(values, not)?;
                self.ports(number);
                self.dport = self.dport.intersect(&set);
            }
            Field::Type(number) | Field::Code(number) => {
                let code = matches!(field(key), Field::Code(_));
                // A message of an unknown name is one of this protocol all the same.
                self.family(&if number == proto::ICMP { AddrSet::full_v4() } else { AddrSet::full_v6() });
                self.protocol(number);
                let mut set = Intervals::empty();
                for value in values {
                    let one = |word: &str| if code { icmp_code(number, word) } else { icmp_type(number, word) };
                    set = set.union(&bytes(value, one).ok_or_else(|| bad(value))?);
                }
                let set = if not { set.complement() } else { set };
                let (kinds, codes) = self.icmp.take().unwrap_or((Intervals::full(), Intervals::full()));
                self.icmp = Some(if code { (kinds, codes.intersect(&set)) } else { (kinds.intersect(&set), codes) });
            }
            Field::In => names(&mut self.in_ifs, not, values, &mut self.unknown, text),
            Field::Out => names(&mut self.out_ifs, not, values, &mut self.unknown, text),
            Field::State => {
                let mut states = BTreeSet::new();
                for value in values {
                    states.insert(state(value.low).ok_or_else(|| bad(value))?);
                }
                if not {
                    states = ALL_STATES.into_iter().filter(|state| !states.contains(state)).collect();
                }
                self.states(states);
            }
            Field::Direction => {
                let original = values.iter().any(|value| matches!(value.low, "original" | "0"));
                if original == not {
                    self.never_first();
                }
            }
            Field::Version | Field::EtherType => {
                let mut family = AddrSet::empty();
                for value in values {
                    family = family.union(&version(value.low).ok_or_else(|| bad(value))?);
                }
                self.family(&if not { family.complement() } else { family });
            }
            Field::DestinationType => match values {
                [value] if value.low == "local" => self.dst_local = Some(!not),
                _ => self.unknown(text),
            },
            Field::TcpFlags => {
                self.protocol(proto::TCP);
                // Elements of a set are compared whole.
                let syn = values.iter().any(|value| value.low == "syn");
                if syn == not {
                    self.never_first();
                }
            }
            Field::NotEvaluated => self.unknown(text),
        }
        Ok(())
    }

    fn ports(&mut self, number: Option<u8>) {
        match number {
            Some(number) => self.protocol(number),
            None => self.some_ports = true,
        }
    }

    /// Protocols and ports; ports without a protocol may be bytes of one that has none.
    pub(super) fn services(&self) -> Services {
        let (mut protos, mut dport) = (self.protos.clone(), self.dport.clone());
        if let Some((kinds, codes)) = &self.icmp {
            let ranges = kinds.ranges().iter().flat_map(|(low, high)| *low..=*high).flat_map(|kind| {
                let base = u16::from(kind) << 8;
                codes.ranges().iter().map(move |(low, high)| (base | u16::from(*low), base | u16::from(*high)))
            });
            dport = dport.intersect(&Intervals::of(ranges.collect::<Vec<_>>()));
        }
        let mut maybe = Vec::new();
        if self.some_ports {
            let known = Intervals::of(WITH_PORTS.map(|number| (number, number)));
            let others = protos.minus(&known);
            if !others.is_empty() {
                maybe.push(Service::protos(others));
            }
            protos = protos.intersect(&known);
        }
        let mut service = Service::protos(protos).from_ports(self.sport.clone());
        service.dport.0 = dport;
        let mut services = Services::exactly(vec![service]);
        services.maybe = maybe;
        services
    }

    /// States as a rule lists them. An empty list means all, so states that exclude each other become one that no first
    /// packet has.
    pub(super) fn listed_states(&self) -> Vec<ConnState> {
        match &self.states {
            None => Vec::new(),
            Some(states) if states.is_empty() => vec![ConnState::Invalid],
            Some(states) => states.iter().copied().collect(),
        }
    }
}

/// Narrows every product by a comparison. What is not understood makes them uncertain and is told.
pub(super) fn compare(
    cells: &mut Vec<Cell>,
    compared: &Match<'_>,
    named: Option<&[Element<'_>]>,
) -> Result<(), NotUnderstood> {
    let text = compared.text.as_str();
    let (elements, braces) = match (&compared.values, named) {
        (Values::Here { elements, braces }, _) => (elements.as_slice(), *braces),
        (Values::Named(_), Some(elements)) => (elements, true),
        (Values::Named(_), None) => {
            uncertain(cells, text);
            return Ok(());
        }
    };
    if let [key] = compared.keys.as_slice() {
        if matches!(field(key), Field::TcpFlags) && !braces {
            let first = first_packet_has(compared, elements);
            for cell in cells.iter_mut() {
                cell.protocol(proto::TCP);
                if !first {
                    cell.never_first();
                }
            }
            return Ok(());
        }
        return plain(cells, key, compared, elements);
    }
    if compared.mask.is_some() || !matches!(compared.operator, Operator::Implicit | Operator::Equal) {
        uncertain(cells, text);
        return Ok(());
    }
    product(cells, &compared.keys, elements, text)
}

fn uncertain(cells: &mut [Cell], text: &str) {
    for cell in cells {
        cell.unknown(text);
    }
}

/// A comparison of one key.
fn plain(cells: &mut [Cell], key: &str, compared: &Match<'_>, elements: &[Element<'_>]) -> Result<(), NotUnderstood> {
    let text = compared.text.as_str();
    let mut values: Vec<Value<'_>> = elements.iter().flat_map(|element| element.tuple.clone()).collect();
    let mut masked = String::new();
    if let Some(mask) = &compared.mask {
        match (field(key), mask.as_slice(), values.as_slice()) {
            // `ip saddr & 255.255.0.0 == 10.1.0.0`
            (Field::Source(_) | Field::Destination(_), [mask], [value]) if value.high.is_none() => {
                masked = format!("{}/{mask}", value.low);
            }
            // `ct state & (established | related) != 0`
            (Field::State, bits, [value]) if compared.operator == Operator::Unequal && value.low == "0" => {
                let values: Vec<_> = bits.iter().map(|low| Value { low, high: None, quoted: false }).collect();
                return each(cells, key, false, &values, text);
            }
            _ => {
                uncertain(cells, text);
                return Ok(());
            }
        }
    }
    if !masked.is_empty() {
        values = vec![Value { low: &masked, high: None, quoted: false }];
    }
    let not = match compared.operator {
        Operator::Implicit | Operator::Equal => false,
        Operator::Unequal | Operator::Without => true,
        compared => {
            let range = ordered(compared, key, &values);
            let Some((low, high)) = range else {
                uncertain(cells, text);
                return Ok(());
            };
            let value = Value { low: &low, high: Some(&high), quoted: false };
            return each(cells, key, false, &[value], text);
        }
    };
    each(cells, key, not, &values, text)
}

/// What `<` and its like mean for ports.
fn ordered(operator: Operator, key: &str, values: &[Value<'_>]) -> Option<(String, String)> {
    let [Value { low, high: None, .. }] = values else { return None };
    if !matches!(field(key), Field::SourcePort(_) | Field::DestinationPort(_)) {
        return None;
    }
    let port = port(low)?;
    let (low, high) = match operator {
        Operator::Less => (0, port.checked_sub(1)?),
        Operator::LessOrEqual => (0, port),
        Operator::Greater => (port.checked_add(1)?, u16::MAX),
        _ => (port, u16::MAX),
    };
    Some((low.to_string(), high.to_string()))
}

fn each(cells: &mut [Cell], key: &str, not: bool, values: &[Value<'_>], text: &str) -> Result<(), NotUnderstood> {
    let mut trouble = None;
    // `*` stands for every value.
    if values.iter().any(|value| value.low == "*" && !value.quoted) {
        if not {
            uncertain(cells, text);
        }
        return Ok(());
    }
    for cell in cells.iter_mut() {
        // What the key says by itself, the family and the protocol, holds whatever the value is.
        if let Err(what) = cell.narrow(key, not, values, text) {
            cell.unknown(text);
            trouble = Some(what);
        }
    }
    trouble.map_or(Ok(()), Err)
}

/// Each element of a concatenation is a product of its own.
fn product(cells: &mut Vec<Cell>, keys: &[String], elements: &[Element<'_>], text: &str) -> Result<(), NotUnderstood> {
    if cells.len().saturating_mul(elements.len()) > CELLS_MAX {
        uncertain(cells, text);
        return Ok(());
    }
    let mut all = Vec::new();
    for cell in cells.iter() {
        for element in elements {
            let mut one = vec![cell.clone()];
            one_element(&mut one, keys, &element.tuple, text)?;
            all.append(&mut one);
        }
    }
    *cells = all;
    Ok(())
}

/// Narrows by one element: a value a key.
pub(super) fn one_element(
    cells: &mut [Cell],
    keys: &[String],
    tuple: &[Value<'_>],
    text: &str,
) -> Result<(), NotUnderstood> {
    if tuple.len() != keys.len() {
        uncertain(cells, text);
        return match tuple {
            [any] if any.low == "*" => Ok(()),
            _ => Err(NotUnderstood(tuple.iter().map(show).collect::<Vec<_>>().join(" . "))),
        };
    }
    for (key, value) in keys.iter().zip(tuple) {
        each(cells, key, false, std::slice::from_ref(value), text)?;
    }
    Ok(())
}

/// Narrows by values of one key.
pub(super) fn one_key(
    cells: &mut [Cell],
    key: &str,
    not: bool,
    values: &[Value<'_>],
    text: &str,
) -> Result<(), NotUnderstood> {
    each(cells, key, not, values, text)
}

/// Whether the first packet of a TCP connection, which has SYN and nothing else, fits.
fn first_packet_has(compared: &Match<'_>, elements: &[Element<'_>]) -> bool {
    let words: BTreeSet<&str> = elements.iter().flat_map(|element| &element.tuple).map(|value| value.low).collect();
    let value: BTreeSet<&str> = words.iter().copied().filter(|word| !matches!(*word, "0" | "0x0")).collect();
    if let Some(mask) = &compared.mask {
        let seen: BTreeSet<&str> = mask.iter().copied().filter(|bit| *bit == "syn").collect();
        return (seen == value) != (compared.operator == Operator::Unequal);
    }
    match compared.operator {
        // Without a mask: any of the flags; `==` all of them and no others; `!` none.
        Operator::Implicit => value.contains("syn"),
        Operator::Unequal => value != BTreeSet::from(["syn"]),
        Operator::Without => !value.contains("syn"),
        _ => value == BTreeSet::from(["syn"]),
    }
}

fn show(value: &Value<'_>) -> String {
    match value.high {
        Some(high) => format!("{}-{high}", value.low),
        None => value.low.to_owned(),
    }
}

/// In both.
fn meet(addrs: &mut Addrs, other: &Addrs) {
    addrs.lower = addrs.lower.intersect(&other.lower);
    addrs.upper = addrs.upper.intersect(&other.upper);
    addrs.unknown.extend(other.unknown.iter().cloned());
    addrs.wide |= other.wide;
}

/// Addresses, prefixes and ranges; a word that is none is a host's name, whose addresses are not known.
fn addresses(values: &[Value<'_>], not: bool, family: &AddrSet) -> Addrs {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    let mut set = Addrs::none();
    for value in values {
        match address(value) {
            Some(one) => {
                v4.extend_from_slice(one.v4.ranges());
                v6.extend_from_slice(one.v6.ranges());
            }
            None => set.add(&Addrs::unknown(show(value), family.clone())),
        }
    }
    set.add(&Addrs::exactly(AddrSet { v4: Intervals::of(v4), v6: Intervals::of(v6) }));
    if not {
        set.negate(family);
    }
    set
}

fn address(value: &Value<'_>) -> Option<AddrSet> {
    match value.high {
        Some(high) => format!("{}-{high}", value.low).parse().ok(),
        None => match value.low.split_once('/') {
            Some((address, mask)) if mask.contains('.') => {
                let (IpAddr::V4(address), mask) = (address.parse().ok()?, mask.parse::<Ipv4Addr>().ok()?) else {
                    return None;
                };
                AddrSet::masked_v4(address, mask)
            }
            _ => value.low.parse().ok(),
        },
    }
}

fn port(word: &str) -> Option<u16> {
    number(word).map_or_else(|| crate::ports::number(word), |number| number.try_into().ok())
}

/// Ends of a value: `22`, `1000-2000`, a name that may hold a dash.
fn ends<T: Copy + Ord>(value: &Value<'_>, one: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    let (low, high) = match value.high {
        Some(high) => (one(value.low)?, one(high)?),
        None => match (one(value.low), value.low.split_once('-')) {
            (Some(only), _) => (only, only),
            (None, Some((low, high))) => (one(low)?, one(high)?),
            (None, None) => return None,
        },
    };
    (low <= high).then_some((low, high))
}

fn ports(values: &[Value<'_>], not: bool) -> Result<Intervals<u16>, NotUnderstood> {
    let mut ranges = Vec::new();
    for value in values {
        ranges.push(ends(value, port).ok_or_else(|| NotUnderstood(show(value)))?);
    }
    let set = Intervals::of(ranges);
    Ok(if not { set.complement() } else { set })
}

fn protocols(value: &Value<'_>) -> Option<Intervals<u8>> {
    bytes(value, |word| proto_number(word).or_else(|| number(word)?.try_into().ok()))
}

fn bytes(value: &Value<'_>, one: impl Fn(&str) -> Option<u8>) -> Option<Intervals<u8>> {
    ends(value, one).map(|(low, high)| Intervals::range(low, high))
}

fn state(word: &str) -> Option<ConnState> {
    Some(match word {
        "new" => ConnState::New,
        "established" => ConnState::Established,
        "related" => ConnState::Related,
        "invalid" => ConnState::Invalid,
        "untracked" => ConnState::Untracked,
        _ => return None,
    })
}

/// Families by their names, numbers of address families and types of frames; others are no IP.
fn version(word: &str) -> Option<AddrSet> {
    Some(match word {
        "ipv4" | "ip" | "2" | "0x0800" | "0x800" => AddrSet::full_v4(),
        "ipv6" | "ip6" | "10" | "0x86dd" => AddrSet::full_v6(),
        "arp" | "vlan" | "8021q" | "8021ad" | "0x0806" | "0x8100" => AddrSet::empty(),
        _ => return None,
    })
}

/// Interfaces; `eth*` is written `eth+` in a policy.
fn names(known: &mut Names, not: bool, values: &[Value<'_>], unknown: &mut Vec<String>, text: &str) {
    let name = |value: &Value<'_>| {
        let name = show(value);
        name.strip_suffix('*')
            .filter(|prefix| !prefix.ends_with('\\'))
            .map(|prefix| format!("{prefix}+"))
            .unwrap_or(name)
    };
    let named = Names { names: values.iter().map(name).collect(), negated: not };
    if named.names.iter().any(|name| name == "+") {
        if not {
            unknown.push(text.to_owned());
        }
    } else if known.is_any() || *known == named {
        *known = named;
    } else if known.negated && named.negated {
        known.names.extend(named.names);
    } else {
        unknown.push(text.to_owned());
    }
}
