//! Objects by name: addresses, services, applications, tags, schedules. A name is looked up from the inside out: virtual
//! system, device group and those above it, what Panorama pushed, shared.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use jiff::civil::Date;

use super::apps;
use super::tree::{Id, Tree};
use crate::net::{AddrSet, Service, proto};
use crate::policy::{Addrs, Schedule, Services};
use crate::vendors::{Enter, Nesting, Trouble};

/// What rules may name.
pub(super) struct Objects<'t> {
    tree: &'t Tree,
    /// Scopes from the inside out.
    scopes: Vec<Id>,
    /// Values of Panorama's variables, which begin with a dollar sign.
    variables: BTreeMap<String, String>,
    addresses: BTreeMap<String, Addrs>,
    services: BTreeMap<String, Services>,
    apps: BTreeMap<String, App>,
    nesting: Nesting,
}

/// Packets of an application.
#[derive(Clone, Debug, Default)]
pub(super) struct App {
    /// Its own.
    own: Vec<Service>,
    /// Perhaps its own.
    maybe: Vec<Service>,
    /// On ports that it has by default, as far as they are known.
    default_maybe: Vec<Service>,
    unknown: Vec<String>,
}

impl App {
    fn unknown(name: &str) -> Self {
        let any = vec![Service::any()];
        Self { own: Vec::new(), maybe: any.clone(), default_maybe: any, unknown: vec![format!("application {name}")] }
    }

    fn add(&mut self, other: &Self) {
        let add = |to: &mut Vec<Service>, from: &[Service]| {
            for service in from {
                if !to.contains(service) {
                    to.push(service.clone());
                }
            }
        };
        add(&mut self.own, &other.own);
        add(&mut self.maybe, &other.maybe);
        add(&mut self.default_maybe, &other.default_maybe);
        for what in &other.unknown {
            if !self.unknown.contains(what) {
                self.unknown.push(what.clone());
            }
        }
    }
}

/// A name that stands for everything.
pub(super) fn is_any(values: &[(&str, u32)]) -> bool {
    values.is_empty() || values.iter().any(|(value, _)| *value == "any")
}

impl<'t> Objects<'t> {
    pub(super) fn new(tree: &'t Tree, scopes: Vec<Id>, variables: BTreeMap<String, String>) -> Self {
        Self {
            tree,
            scopes,
            variables,
            addresses: BTreeMap::new(),
            services: BTreeMap::new(),
            apps: BTreeMap::new(),
            nesting: Nesting::default(),
        }
    }

    fn find(&self, table: &str, name: &str) -> Option<Id> {
        self.scopes.iter().find_map(|scope| self.tree.at(*scope, &[table, name]))
    }

    /// Addresses of a rule.
    pub(super) fn addrs(&mut self, values: &[(&str, u32)], trouble: &mut Trouble) -> Addrs {
        if is_any(values) {
            return Addrs::any();
        }
        let mut all = Addrs::none();
        let mut named = Vec::new();
        for (name, line) in values {
            let one = self.address(name, *line, trouble);
            all.add(&one);
            named.push((*name).to_owned());
        }
        // Literal addresses need no name.
        if named.iter().any(|name| literal(name).is_none()) {
            all.names = named;
        }
        all
    }

    /// An address by its name, or written out.
    fn address(&mut self, name: &str, line: u32, trouble: &mut Trouble) -> Addrs {
        if let Some(known) = self.addresses.get(name) {
            return known.clone();
        }
        let scopes = self.scopes.clone();
        for scope in scopes {
            let tree = self.tree;
            if let Some(id) = tree.at(scope, &["address", name]).filter(|id| !tree.is_leaf(*id)) {
                let found = self.address_object(id, trouble);
                self.addresses.insert(name.to_owned(), found.clone());
                return found;
            }
            if let Some(id) = tree.at(scope, &["address-group", name]) {
                return self.address_group(id, name, line, trouble);
            }
            if let Some(id) = tree.at(scope, &["external-list", name]) {
                return external_list(tree, id, name);
            }
            if let Some(id) = tree.at(scope, &["region", name]) {
                let members = tree.values(id, "address");
                let sets: Vec<AddrSet> = members.iter().filter_map(|(text, _)| literal(text)).collect();
                let set = sets.iter().fold(AddrSet::empty(), |all, one| all.union(one));
                return if sets.is_empty() { wide(format!("region {name}")) } else { Addrs::exactly(set) };
            }
        }
        if let Some(value) = self.variables.get(name) {
            return literal(value).map_or_else(|| unknown(format!("variable {name}")), Addrs::exactly);
        }
        if let Some(set) = literal(name) {
            return Addrs::exactly(set);
        }
        // ISO 3166 codes and lists that come with PAN-OS.
        let is_country = name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_uppercase());
        if is_country || name.starts_with("panw-") {
            return wide(name.to_owned());
        }
        trouble.line(line, "undefined", format!("address `{}` is not defined", clip(name)));
        unknown(format!("undefined {name}"))
    }

    fn address_object(&self, id: Id, trouble: &mut Trouble) -> Addrs {
        let tree = self.tree;
        let name = tree.name(id);
        let line = tree.first(id);
        for kind in ["ip-netmask", "ip-range", "ip-wildcard", "fqdn"] {
            let Some(value) = tree.value(id, kind) else { continue };
            let value = self.variables.get(value).map_or(value, String::as_str);
            let set = match kind {
                "ip-wildcard" => wildcard(value),
                "fqdn" => return unknown(format!("FQDN {value}")),
                _ => literal(value),
            };
            return set.map_or_else(
                || {
                    trouble.line(
                        line,
                        "bad-value",
                        format!("address `{}`: `{}` is no address", clip(name), clip(value)),
                    );
                    unknown(format!("address {name}"))
                },
                Addrs::exactly,
            );
        }
        unknown(format!("address {name}"))
    }

    fn address_group(&mut self, id: Id, name: &str, line: u32, trouble: &mut Trouble) -> Addrs {
        match self.nesting.enter(&format!("address {name}")) {
            Enter::Go => {}
            Enter::Cycle => {
                trouble.line(line, "cycle", format!("address group `{}` holds itself", clip(name)));
                return Addrs::none();
            }
            Enter::TooMuch => return unknown(format!("group {name}")),
        }
        let tree = self.tree;
        let mut all = Addrs::none();
        let members: Vec<(String, u32)> =
            tree.values(id, "static").into_iter().map(|(name, line)| (name.to_owned(), line)).collect();
        for (member, line) in &members {
            let one = self.address(member, *line, trouble);
            all.add(&one);
        }
        if let Some(dynamic) = tree.child(id, "dynamic") {
            let filter = tree.value(dynamic, "filter").unwrap_or_default().to_owned();
            let tagged = self.tagged(&filter);
            for (member, line) in &tagged {
                if member != name {
                    let one = self.address(member, *line, trouble);
                    all.add(&one);
                }
            }
            // Addresses are also registered while the device runs.
            all.add(&unknown(format!("dynamic group {name}")));
        }
        if self.nesting.leave() {
            self.addresses.insert(name.to_owned(), all.clone());
        }
        all
    }

    /// Addresses and groups whose tags a filter selects.
    fn tagged(&self, filter: &str) -> Vec<(String, u32)> {
        let words = filter_words(filter);
        let tree = self.tree;
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        for scope in &self.scopes {
            for table in ["address", "address-group"] {
                for id in tree.child(*scope, table).into_iter().flat_map(|table| tree.children(table)) {
                    let name = tree.name(id);
                    let tags: Vec<&str> = tree.values(id, "tag").into_iter().map(|(tag, _)| tag).collect();
                    if seen.insert(name.to_owned()) && !tags.is_empty() && selects(&words, &tags) {
                        found.push((name.to_owned(), tree.first(id)));
                    }
                }
            }
        }
        found
    }

    /// Services and applications of a rule: a packet has to be of one of each.
    pub(super) fn services(
        &mut self,
        services: &[(&str, u32)],
        applications: &[(&str, u32)],
        trouble: &mut Trouble,
    ) -> Services {
        let by_default = services.iter().any(|(name, _)| *name == "application-default");
        let any_app = is_any(applications);
        let mut of_services = if by_default || is_any(services) { Services::any() } else { Services::default() };
        if !by_default && !is_any(services) {
            for (name, line) in services {
                let one = self.service(name, *line, trouble);
                of_services.add(&one);
            }
        }
        let named = |values: &[(&str, u32)]| values.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
        if any_app && by_default {
            // Every application on its own ports: which they are the file does not say.
            return Services { names: vec!["application-default".into()], ..Services::unknown("application-default") };
        }
        if any_app {
            of_services.names = if is_any(services) { Vec::new() } else { named(services) };
            return of_services;
        }
        let mut app = App::default();
        for (name, line) in applications {
            let one = self.application(name, *line, trouble);
            app.add(&one);
        }
        let mut all = Services::default();
        for own in &app.own {
            for service in &of_services.lower {
                all.push(own.intersect(service));
            }
        }
        let maybe = if by_default { &app.default_maybe } else { &app.maybe };
        for perhaps in maybe {
            for service in of_services.lower.iter().chain(&of_services.maybe) {
                let part = perhaps.intersect(service);
                if !part.is_empty() && !all.maybe.contains(&part) {
                    all.maybe.push(part);
                }
            }
        }
        for own in &app.own {
            for service in &of_services.maybe {
                let part = own.intersect(service);
                if !part.is_empty() && !all.maybe.contains(&part) {
                    all.maybe.push(part);
                }
            }
        }
        all.names = named(applications);
        if !is_any(services) {
            all.names.extend(named(services));
        }
        all.unknown = app.unknown;
        all.unknown.extend(of_services.unknown);
        all
    }

    fn service(&mut self, name: &str, line: u32, trouble: &mut Trouble) -> Services {
        if let Some(known) = self.services.get(name) {
            return known.clone();
        }
        if let Some(id) = self.find("service", name).filter(|id| !self.tree.is_leaf(*id)) {
            let found = self.service_object(id, trouble);
            self.services.insert(name.to_owned(), found.clone());
            return found;
        }
        if let Some(id) = self.find("service-group", name) {
            match self.nesting.enter(&format!("service {name}")) {
                Enter::Go => {}
                Enter::Cycle => {
                    trouble.line(line, "cycle", format!("service group `{}` holds itself", clip(name)));
                    return Services::default();
                }
                Enter::TooMuch => return Services::unknown(format!("group {name}")),
            }
            let mut all = Services::default();
            for (member, line) in self.tree.values(id, "members") {
                let one = self.service(member, line, trouble);
                all.add(&one);
            }
            if self.nesting.leave() {
                self.services.insert(name.to_owned(), all.clone());
            }
            return all;
        }
        match name {
            "any" => Services::any(),
            "service-http" => tcp("80,8080"),
            "service-https" => tcp("443"),
            _ => {
                trouble.line(line, "undefined", format!("service `{}` is not defined", clip(name)));
                Services::unknown(format!("undefined {name}"))
            }
        }
    }

    /// `protocol tcp port 80,443 source-port 1024-65535`
    fn service_object(&self, id: Id, trouble: &mut Trouble) -> Services {
        let tree = self.tree;
        let mut services = Services::default();
        let protocols = tree.child(id, "protocol").into_iter().flat_map(|protocols| tree.children(protocols));
        for protocol in protocols {
            let number = match tree.name(protocol) {
                "tcp" => proto::TCP,
                "udp" => proto::UDP,
                "sctp" => proto::SCTP,
                _ => {
                    let text = format!("protocol `{}` of a service is not known", clip(tree.name(protocol)));
                    trouble.line(tree.first(protocol), "unknown-option", text);
                    services.add(&Services::unknown(format!("service {}", tree.name(id))));
                    continue;
                }
            };
            let mut service = Service::proto(number);
            let mut good = true;
            for (key, set) in [("port", &mut service.dport.0), ("source-port", &mut service.sport.0)] {
                let values = tree.values(protocol, key);
                if values.is_empty() {
                    continue;
                }
                let text = values.iter().map(|(value, _)| *value).collect::<Vec<_>>().join(",");
                match apps::ports(&text) {
                    Some(ports) => *set = ports,
                    None => {
                        good = false;
                        let text = format!("`{}` are no ports", clip(&text));
                        trouble.line(values[0].1, "bad-value", text);
                    }
                }
            }
            if good {
                services.push(service);
            } else {
                services.add(&Services {
                    maybe: vec![Service::proto(number)],
                    unknown: vec![format!("service {}", tree.name(id))],
                    ..Services::default()
                });
            }
        }
        if services == Services::default() {
            services = Services::unknown(format!("service {}", tree.name(id)));
        }
        services
    }

    fn application(&mut self, name: &str, line: u32, trouble: &mut Trouble) -> App {
        if let Some(known) = self.apps.get(name) {
            return known.clone();
        }
        if let Some(id) = self.find("application", name).filter(|id| self.tree.child(*id, "default").is_some()) {
            let found = self.custom(id);
            self.apps.insert(name.to_owned(), found.clone());
            return found;
        }
        if let Some(id) = self.find("application-group", name) {
            match self.nesting.enter(&format!("application {name}")) {
                Enter::Go => {}
                Enter::Cycle => {
                    trouble.line(line, "cycle", format!("application group `{}` holds itself", clip(name)));
                    return App::default();
                }
                Enter::TooMuch => return App::unknown(name),
            }
            let mut all = App::default();
            // Once written without `members`.
            let members = self.tree.values(id, "members");
            let members = if members.is_empty() {
                self.tree.children(id).map(|member| (self.tree.name(member), self.tree.first(member))).collect()
            } else {
                members
            };
            for (member, line) in members {
                let one = self.application(member, line, trouble);
                all.add(&one);
            }
            if self.nesting.leave() {
                self.apps.insert(name.to_owned(), all.clone());
            }
            return all;
        }
        // Filters select by properties of applications, which the file does not hold; of thousands of applications
        // that PAN-OS brings along it holds the names only.
        let found = apps::known(name).map_or_else(
            || App::unknown(name),
            |known| App { own: known.own, maybe: known.over, default_maybe: Vec::new(), unknown: Vec::new() },
        );
        self.apps.insert(name.to_owned(), found.clone());
        found
    }

    /// An application that the firm defined. Known by protocol number or ICMP type, every such packet is its own; on
    /// ports only what a signature recognises.
    fn custom(&self, id: Id) -> App {
        let tree = self.tree;
        let name = tree.name(id);
        let Some(default) = tree.child(id, "default") else { return App::unknown(name) };
        let mut app = App::default();
        let mut ports = Vec::new();
        for (text, _) in tree.values(default, "port") {
            let service = text.split_once('/').and_then(|(protocol, ports)| {
                let number = crate::net::proto_number(protocol)?;
                if ports == "dynamic" {
                    Some(Service::proto(number))
                } else {
                    Some(Service::to(number, apps::ports(ports)?))
                }
            });
            ports.extend(service);
        }
        if let Some(number) = tree.value(default, "ident-by-ip-protocol").and_then(|number| number.parse().ok()) {
            app.own.push(Service::proto(number));
        }
        for (key, number) in [("ident-by-icmp-type", proto::ICMP), ("ident-by-icmp6-type", proto::ICMP6)] {
            let Some(ident) = tree.child(default, key) else { continue };
            let kind =
                tree.value(ident, "type").or_else(|| tree.value(default, key)).and_then(|kind| kind.parse().ok());
            let code = tree.value(ident, "code").and_then(|code| code.parse().ok());
            app.own.extend(kind.map(|kind| Service::icmp(number, kind, code)));
        }
        if !ports.is_empty() {
            app.maybe = ports.iter().map(|service| Service::protos(service.proto.0.clone())).collect();
            app.default_maybe = ports;
            app.unknown.push(format!("application {name}"));
        }
        if app.own.is_empty() && app.maybe.is_empty() { App::unknown(name) } else { app }
    }

    /// When a rule is active.
    pub(super) fn schedule(&self, name: &str) -> Schedule {
        let mut schedule = Schedule { name: name.to_owned(), ends: None, never: false };
        let Some(id) = self.find("schedule", name) else { return schedule };
        let kind = self.tree.child(id, "schedule-type").unwrap_or(id);
        let values = self.tree.values(kind, "non-recurring");
        let ends: Vec<Option<Date>> = values.iter().map(|(value, _)| last_day(value)).collect();
        // An end that cannot be read is none.
        if !ends.is_empty() && ends.iter().all(Option::is_some) {
            schedule.ends = ends.into_iter().flatten().max();
        }
        schedule
    }

    /// One address, or one of an object: of interfaces and neighbours.
    pub(super) fn single(&self, text: &str) -> Option<(IpAddr, u8)> {
        let object = self.find("address", text).and_then(|id| self.tree.value(id, "ip-netmask"));
        let value = object.or_else(|| self.variables.get(text).map(String::as_str)).unwrap_or(text);
        let (address, length) = value.split_once('/').unwrap_or((value, ""));
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = if length.is_empty() { width } else { length.parse().ok()? };
        (length <= width).then_some((address, length))
    }
}

fn tcp(text: &str) -> Services {
    apps::ports(text).map_or_else(Services::default, |ports| Services::exactly(vec![Service::to(proto::TCP, ports)]))
}

fn unknown(what: String) -> Addrs {
    Addrs::unknown(what, AddrSet::full())
}

fn wide(what: String) -> Addrs {
    Addrs { wide: true, ..unknown(what) }
}

/// A list that the device fetches: of addresses it may be any.
fn external_list(tree: &Tree, id: Id, name: &str) -> Addrs {
    let from_vendor = tree.at(id, &["type", "predefined-ip"]).is_some();
    Addrs { wide: from_vendor, ..unknown(format!("external list {name}")) }
}

/// `10.0.0.1`, `10.0.0.0/8` (host bits do not matter), `10.0.0.1-10.0.0.9`
pub(super) fn literal(text: &str) -> Option<AddrSet> {
    text.trim().parse::<AddrSet>().ok().filter(|set| !set.is_empty())
}

/// `10.20.1.0/0.0.248.255`: bits that are set do not matter.
fn wildcard(text: &str) -> Option<AddrSet> {
    let (address, mask) = text.split_once('/')?;
    let mask: Ipv4Addr = mask.trim().parse().ok()?;
    AddrSet::masked_v4(address.trim().parse().ok()?, Ipv4Addr::from(!u32::from(mask)))
}

/// `2026/01/10@08:00-2026/01/12@18:00`
fn last_day(text: &str) -> Option<Date> {
    let (day, _) = text.rsplit_once('-')?.1.split_once('@')?;
    let mut parts = day.split('/');
    let year = parts.next()?.parse().ok()?;
    Date::new(year, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?).ok()
}

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Words of a filter: `'tag a' and (b or c)`.
fn filter_words(filter: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = filter.trim_start();
    while let Some(first) = rest.chars().next() {
        let used = match first {
            '\'' | '"' => {
                let inner = &rest[1..];
                let end = inner.find(first).unwrap_or(inner.len());
                words.push(format!("'{}", &inner[..end]));
                (end + 2).min(rest.len())
            }
            '(' | ')' => {
                words.push(first.to_string());
                1
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || c == '(' || c == ')').unwrap_or(rest.len());
                words.push(rest[..end].to_owned());
                end
            }
        };
        rest = rest[used..].trim_start();
    }
    words
}

/// Does what an operator says to the last values.
fn apply(operator: &str, values: &mut Vec<bool>) -> Option<()> {
    let last = values.pop()?;
    let value = match operator {
        "not" => !last,
        "and" => values.pop()? & last,
        "or" => values.pop()? | last,
        _ => return None,
    };
    values.push(value);
    Some(())
}

/// Whether a filter selects something with these tags; `and` binds tighter than `or`. A filter that cannot be read
/// selects nothing: what it selects is unknown anyhow.
fn selects(words: &[String], tags: &[&str]) -> bool {
    // Operators and operands in the order of evaluation; a stack instead of recursion, so depth does not matter.
    let mut values: Vec<bool> = Vec::new();
    let mut operators: Vec<&str> = Vec::new();
    let rank = |operator: &str| match operator {
        "not" => 3,
        "and" => 2,
        "or" => 1,
        _ => 0,
    };
    for word in words {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "(" => operators.push("("),
            ")" => loop {
                match operators.pop() {
                    Some("(") | None => break,
                    Some(operator) => {
                        if apply(operator, &mut values).is_none() {
                            return false;
                        }
                    }
                }
            },
            "and" | "or" | "not" => {
                let operator = match lower.as_str() {
                    "and" => "and",
                    "or" => "or",
                    _ => "not",
                };
                while operator != "not" && operators.last().is_some_and(|last| rank(last) >= rank(operator)) {
                    let Some(last) = operators.pop() else { break };
                    if apply(last, &mut values).is_none() {
                        return false;
                    }
                }
                operators.push(operator);
            }
            _ => {
                let tag = word.strip_prefix('\'').unwrap_or(word);
                values.push(tags.contains(&tag));
            }
        }
    }
    while let Some(operator) = operators.pop() {
        if apply(operator, &mut values).is_none() {
            return false;
        }
    }
    values.len() == 1 && values[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_tags() {
        let has = |filter: &str, tags: &[&str]| selects(&filter_words(filter), tags);
        assert!(has("'tag A' and tag1", &["tag1", "tag A"]));
        assert!(!has("'tag A' and tag1", &["tag1"]));
        assert!(has("a or b and c", &["a"]) && !has("(a or b) and c", &["a"]));
        assert!(has("a and not b", &["a"]) && !has("a and not b", &["a", "b"]));
        assert!(has("'and'", &["and"]));
        for broken in ["", "and", "(", "a and", "a b", ")", "'a"] {
            assert!(!has(broken, &["b"]), "{broken}");
        }
        assert!(!has(&"(".repeat(100_000), &["b"]));
    }

    #[test]
    fn schedules_end_on_their_last_day() {
        assert_eq!(last_day("2026/01/10@08:00-2026/01/12@18:00"), Some(jiff::civil::date(2026, 1, 12)));
        assert_eq!(last_day("08:00-17:00"), None);
    }

    #[test]
    fn wildcards_have_set_bits_where_anything_goes() {
        let set = wildcard("10.132.1.1/0.0.2.255").unwrap();
        assert_eq!(set.describe(9), "10.132.1.0/24, 10.132.3.0/24");
    }
}
