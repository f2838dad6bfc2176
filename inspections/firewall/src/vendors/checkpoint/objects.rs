//! Objects of a Check Point export by uid or name, resolved to sets.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::civil::Date;

use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Service, proto};
use crate::policy::{Addrs, Services};
use crate::vendors::json::Json;
use crate::vendors::{Enter, Nesting, Trouble};

/// Objects that every management server has under the same uid, for exports without a dictionary.
const BUILT_IN: &[(&str, &str)] = &[
    ("97aeb369-9aea-11d5-bd16-0090272ccb30", "Any"),
    ("6c488338-8eec-4103-ad21-cd461ac2c472", "Accept"),
    ("6c488338-8eec-4103-ad21-cd461ac2c473", "Drop"),
    ("6c488338-8eec-4103-ad21-cd461ac2c476", "Policy Targets"),
    ("598ead32-aa42-4615-90ed-f51a5928d41d", "Log"),
    ("85c0f50f-6d8a-4528-88ab-5fb11d8fe16c", "Original"),
];

/// Whether a uid or name is `Any`.
pub(super) fn is_any(id: &str) -> bool {
    id == "Any" || BUILT_IN.iter().any(|(uid, name)| *uid == id && *name == "Any")
}

/// Objects and what is known about them.
pub(super) struct Objects<'j> {
    by_uid: BTreeMap<&'j str, &'j Json>,
    by_name: BTreeMap<&'j str, &'j Json>,
    addresses: BTreeMap<String, Addrs>,
    services: BTreeMap<String, Services>,
    nesting: Nesting,
}

impl<'j> Objects<'j> {
    /// Of all that a file describes; of several descriptions the one that says most counts.
    pub(super) fn of(all: &[&'j Json]) -> Self {
        let (mut by_uid, mut by_name): (BTreeMap<&str, &Json>, BTreeMap<&str, &Json>) = Default::default();
        for value in all {
            let more = |known: &&Json| known.members().len() >= value.members().len();
            for (map, key) in [(&mut by_uid, "uid"), (&mut by_name, "name")] {
                let Some(key) = value.get(key).text() else { continue };
                if !map.get(key).is_some_and(more) {
                    map.insert(key, value);
                }
            }
        }
        Self { by_uid, by_name, addresses: BTreeMap::new(), services: BTreeMap::new(), nesting: Nesting::default() }
    }

    fn get(&self, id: &str) -> Option<&'j Json> {
        self.by_uid.get(id).or_else(|| self.by_name.get(id)).copied()
    }

    /// Name of an object; its uid where the file does not tell.
    pub(super) fn name(&self, id: &str) -> String {
        let named = self.get(id).and_then(|object| object.get("name").text());
        let built_in = || BUILT_IN.iter().find(|(uid, _)| *uid == id).map(|(_, name)| *name);
        named.or_else(built_in).unwrap_or(id).to_owned()
    }

    /// Whether it is the object that stands for everything.
    pub(super) fn is_any(&self, id: &str) -> bool {
        self.get(id).is_some_and(|object| object.get("type").text() == Some("CpmiAnyObject"))
    }

    /// Addresses of an object; unknown where it has none or is not in the file.
    pub(super) fn addresses(&mut self, id: &str, line: u32, trouble: &mut Trouble) -> Addrs {
        if let Some(known) = self.addresses.get(id) {
            return known.clone();
        }
        let name = self.name(id);
        let unknown = || Addrs::unknown(name.clone(), AddrSet::full());
        if is_any(id) || self.is_any(id) {
            return Addrs::any();
        }
        let Some(object) = self.get(id) else {
            if line > 0 {
                trouble.line(line, "undefined-object", format!("the object `{name}` is not in this file"));
            }
            return unknown();
        };
        match self.nesting.enter(id) {
            Enter::Go => {}
            Enter::Cycle => return Addrs::none(),
            Enter::TooMuch => return unknown(),
        }
        let addrs = match object.get("type").text().unwrap_or_default() {
            "group" => {
                let mut all = Addrs::none();
                for member in object.get("members").one_or_more() {
                    if let Some(id) = super::reference(member) {
                        all.add(&self.addresses(&id, member.from, trouble));
                    }
                }
                // A dictionary may name a group without its members.
                if object.find("members").is_none() { unknown() } else { all }
            }
            "group-with-exclusion" => {
                let part = |this: &mut Self, key: &str, trouble: &mut Trouble| {
                    super::reference(object.get(key)).map(|id| this.addresses(&id, object.get(key).from, trouble))
                };
                match (part(self, "include", trouble), part(self, "except", trouble)) {
                    (Some(include), Some(except)) => {
                        let mut all = include;
                        all.lower = all.lower.minus(&except.upper);
                        all.upper = all.upper.minus(&except.lower);
                        all.unknown.extend(except.unknown.iter().map(|name| format!("not {name}")));
                        all.names.clear();
                        all
                    }
                    (Some(include), None) => include,
                    _ => unknown(),
                }
            }
            kind => match own_addresses(kind, object) {
                Some(set) => Addrs::exactly(set),
                None => Addrs { wide: is_wide(kind), ..unknown() },
            },
        };
        if self.nesting.leave() {
            self.addresses.insert(id.to_owned(), addrs.clone());
        }
        addrs
    }

    /// Services of an object.
    pub(super) fn services(&mut self, id: &str, line: u32, trouble: &mut Trouble) -> Services {
        if let Some(known) = self.services.get(id) {
            return known.clone();
        }
        let name = self.name(id);
        if is_any(id) || self.is_any(id) {
            return Services::any();
        }
        let Some(object) = self.get(id) else {
            if line > 0 {
                trouble.line(line, "undefined-object", format!("the service `{name}` is not in this file"));
            }
            return Services::unknown(name);
        };
        match self.nesting.enter(id) {
            Enter::Go => {}
            Enter::Cycle => return Services::default(),
            Enter::TooMuch => return Services::unknown(name),
        }
        let services = if object.get("type").text() == Some("service-group") {
            let mut all = Services::default();
            for member in object.get("members").one_or_more() {
                if let Some(id) = super::reference(member) {
                    all.add(&self.services(&id, member.from, trouble));
                }
            }
            if object.find("members").is_none() { Services::unknown(name) } else { all }
        } else {
            own_services(object).unwrap_or_else(|| Services::unknown(name))
        };
        if self.nesting.leave() {
            self.services.insert(id.to_owned(), services.clone());
        }
        services
    }

    /// Last days of a time object, or of each member of a group of them; `None` stands for one without an end.
    pub(super) fn ends(&self, id: &str) -> Vec<Option<Date>> {
        let Some(object) = self.get(id) else { return vec![None] };
        let members = object.get("members").one_or_more();
        if members.is_empty() {
            return vec![end_of(object)];
        }
        let objects = members.iter().map(|member| super::reference(member).and_then(|id| self.get(&id)));
        objects.map(|object| object.and_then(end_of)).collect()
    }
}

fn end_of(time: &Json) -> Option<Date> {
    if time.get("end-never").flag() != Some(false) {
        return None;
    }
    let end = time.get("end");
    let iso = end.get("iso-8601").text().and_then(|text| text.get(..10)?.parse().ok());
    iso.or_else(|| Date::strptime("%d-%b-%Y", end.get("date").text()?).ok())
}

/// Kinds that stand for a large part of the Internet.
fn is_wide(kind: &str) -> bool {
    matches!(kind, "updatable-object" | "Internet" | "network-feed" | "CpmiInternet")
}

fn own_addresses(kind: &str, object: &Json) -> Option<AddrSet> {
    let address = |key: &str| object.get(key).text().and_then(|text| text.parse::<IpAddr>().ok());
    let join = |parts: &[Option<AddrSet>]| {
        let known: Vec<&AddrSet> = parts.iter().flatten().collect();
        (!known.is_empty()).then(|| known.into_iter().fold(AddrSet::empty(), |all, set| all.union(set)))
    };
    match kind {
        "network" => {
            let prefix = |key: &str, length: &str, mask: &str| {
                let address = address(key)?;
                if let Some(length) = object.get(length).number() {
                    return AddrSet::prefix(address, u8::try_from(length).ok()?);
                }
                let IpAddr::V4(v4) = address else { return None };
                AddrSet::masked_v4(v4, object.get(mask).text()?.parse().ok()?)
            };
            join(&[prefix("subnet4", "mask-length4", "subnet-mask"), prefix("subnet6", "mask-length6", "")])
        }
        "address-range" | "multicast-address-range" => {
            let range = |low: &str, high: &str| Some(AddrSet::range(address(low)?, address(high)?));
            join(&[
                range("ipv4-address-first", "ipv4-address-last"),
                range("ipv6-address-first", "ipv6-address-last"),
                address("ipv4-address").map(AddrSet::host),
            ])
        }
        "wildcard" => {
            let IpAddr::V4(base) = address("ipv4-address")? else { return None };
            let IpAddr::V4(mask) = address("ipv4-mask-wildcard")? else { return None };
            AddrSet::masked_v4(base, (!u32::from(mask)).into())
        }
        // Hosts, gateways and members of clusters: their address and those of their interfaces.
        _ => {
            let of = |value: &Json, key: &str| value.get(key).text().and_then(|text| text.parse::<IpAddr>().ok());
            let mut all: Vec<Option<AddrSet>> =
                ["ipv4-address", "ipv6-address"].map(|key| address(key).map(AddrSet::host)).to_vec();
            for interface in object.get("interfaces").items() {
                all.extend(["ipv4-address", "ipv6-address"].map(|key| of(interface, key).map(AddrSet::host)));
            }
            join(&all)
        }
    }
}

fn own_services(object: &Json) -> Option<Services> {
    let name = object.get("name").string();
    let maybe =
        |service: Service| Services { maybe: vec![service], unknown: vec![name.clone()], ..Services::default() };
    let ported = |number: u8| {
        let dport = ports(object.get("port").text()?)?;
        let sport = match object.get("source-port").text().filter(|text| !text.is_empty()) {
            Some(text) => ports(text)?,
            None => Intervals::full(),
        };
        Some(Services::exactly(vec![Service { sport: Ports(sport), ..Service::to(number, dport) }]))
    };
    let icmp = |number: u8| {
        let byte = |key: &str| object.get(key).number().and_then(|value| u8::try_from(value).ok());
        let service =
            byte("icmp-type").map_or(Service::proto(number), |kind| Service::icmp(number, kind, byte("icmp-code")));
        Services::exactly(vec![service])
    };
    match object.get("type").text()? {
        "service-tcp" => ported(proto::TCP),
        "service-udp" => ported(proto::UDP),
        "service-sctp" => ported(proto::SCTP),
        "service-icmp" => Some(icmp(proto::ICMP)),
        "service-icmp6" => Some(icmp(proto::ICMP6)),
        "service-other" => {
            let number = u8::try_from(object.get("ip-protocol").number()?).ok()?;
            let whole = Service::proto(number);
            // An expression of the inspection language narrows the protocol.
            let narrowed = object.get("match").text().is_some_and(|text| !text.is_empty());
            Some(if narrowed { maybe(whole) } else { Services::exactly(vec![whole]) })
        }
        "service-dce-rpc" | "service-compound-tcp" | "service-citrix-tcp" => Some(maybe(Service::proto(proto::TCP))),
        "service-gtp" => Some(maybe(Service::proto(proto::UDP))),
        _ => None,
    }
}

/// `80`, `1024-2048`, `>1023`, `<1024`; several with commas.
fn ports(text: &str) -> Option<Intervals<u16>> {
    let mut ranges = Vec::new();
    for part in text.split(',').map(str::trim) {
        let range = if let Some(over) = part.strip_prefix('>') {
            (over.trim().parse::<u16>().ok()?.checked_add(1)?, u16::MAX)
        } else if let Some(under) = part.strip_prefix('<') {
            (0, under.trim().parse::<u16>().ok()?.checked_sub(1)?)
        } else {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            (low.trim().parse().ok()?, high.trim().parse().ok()?)
        };
        if range.0 > range.1 {
            return None;
        }
        ranges.push(range);
    }
    (!ranges.is_empty()).then(|| Intervals::of(ranges))
}
