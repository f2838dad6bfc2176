//! MikroTik RouterOS: the output of `/export` (RouterOS documentation, "Filter", "NAT", "Configuration Management").
//!
//! ```text
//! /ip firewall filter
//! add action=drop chain=forward comment="from outside" connection-nat-state=!dstnat in-interface-list=WAN
//! ```
//! A line that begins with `/` says which menu the next lines are about; a line that ends in `\` goes on in the next one.
//! What no rule of a chain takes is accepted. The raw table comes before the filter; IPv4 and IPv6 have lists of their
//! own. Translations of destinations come before the filter.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use secdiag_model::{EvidenceKind, Format, Head, Match};

use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Service, proto, proto_number};
use crate::policy::{
    Action, Addrs, Chain, ConnState, DefaultAction, Hook, Interface, Log, Names, Nat, Path, Policy, Role, Route, Rule,
    Services,
};
use crate::vendors::{Parsed, Trouble, Vendor, excerpt, head_lines, lines};
use crate::zones;

/// The format and its parser.
pub const VENDOR: &Vendor = &Vendor {
    format: Format { id: "routeros", kind: EvidenceKind::Fwcfg, title: "MikroTik RouterOS export", sniff },
    parse,
};

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let has = |wanted: &dyn Fn(&str) -> bool| head_lines(head).any(|line| wanted(line.trim()));
    let is_ours = has(&|line| line.starts_with('#') && line.contains("RouterOS"));
    let menu = |line: &str| {
        ["/ip firewall", "/ip address", "/interface", "/ipv6 firewall"].iter().any(|menu| line.starts_with(menu))
    };
    let rule = |line: &str| line.contains("chain=") && line.contains("action=");
    match (is_ours, has(&menu), has(&rule)) {
        (true, ..) | (_, true, true) => Match::Yes(90),
        _ => Match::No,
    }
}

/// A line of a menu: `add`, `set` with its settings.
#[derive(Debug, Default)]
struct Item {
    from: u32,
    to: u32,
    text: String,
    settings: Vec<(String, String)>,
    /// What stands without a name: the number or `[ find … ]` of a `set`.
    subject: String,
}

impl Item {
    fn get(&self, key: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn is(&self, key: &str) -> bool {
        self.get(key) == Some("yes")
    }
}

/// Reads an export.
pub fn parse(text: &str) -> Parsed {
    let mut trouble = Trouble::default();
    let total = lines(text).filter(|(_, line)| !line.trim().is_empty()).count() as u64;
    let menus = menus(text, &mut trouble);
    let mut policies = Vec::new();
    if menus.keys().any(|menu| menu.contains(" firewall ") || menu == "ip address") {
        let mut policy = Reader { menus: &menus, trouble: &mut trouble }.policy();
        policy.coverage = trouble.coverage(total);
        policies.push(policy);
    }
    Parsed { policies, notes: trouble.into_notes() }
}

type Menus = BTreeMap<String, Vec<Item>>;

fn menus(text: &str, trouble: &mut Trouble) -> Menus {
    let mut menus = Menus::new();
    let mut menu = String::new();
    let mut open: Option<(u32, String)> = None;
    for (number, line) in lines(text) {
        let (from, whole) = match open.take() {
            Some((from, begun)) => (from, begun + line.trim_start()),
            None => (number, line.trim().to_owned()),
        };
        // A statement is bounded, so that no file makes one line of itself.
        if let Some(begun) = whole.strip_suffix('\\').filter(|begun| begun.len() < 64 * 1024) {
            open = Some((from, begun.to_owned()));
            continue;
        }
        statement(&whole, (from, number), &mut menu, &mut menus, trouble);
    }
    if let Some((from, begun)) = open {
        trouble.line(from, "breaks-off", "the last statement goes on in a line that is not there");
        statement(&begun, (from, from), &mut menu, &mut menus, trouble);
    }
    menus
}

fn statement(line: &str, (from, to): (u32, u32), menu: &mut String, menus: &mut Menus, trouble: &mut Trouble) {
    // `[admin@router] > …` as a terminal's log shows it.
    let line = match line.split_once("] > ") {
        Some((prompt, rest)) if prompt.starts_with('[') => rest,
        _ => line,
    };
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return;
    }
    let mut rest = line;
    if let Some(path) = line.strip_prefix('/') {
        // `/ip address add …` on one line is a statement too.
        let verb = [" add ", " set "].iter().filter_map(|verb| path.find(verb)).min();
        path[..verb.unwrap_or(path.len())].trim().replace('/', " ").clone_into(menu);
        let Some(at) = verb else {
            menus.entry(menu.clone()).or_default();
            return;
        };
        rest = path[at..].trim();
    }
    let (verb, arguments) = rest.split_once(' ').unwrap_or((rest, ""));
    if !["add", "set", "remove", "move", "print", "enable", "disable", "export"].contains(&verb) || menu.is_empty() {
        trouble.line(from, "unknown-statement", format!("not a RouterOS statement: {}", excerpt([line])));
        return;
    }
    if verb != "add" && verb != "set" {
        return;
    }
    let mut item = Item { from, to, text: excerpt([line]), ..Item::default() };
    for word in words(arguments) {
        match word.split_once('=') {
            Some((key, value)) if !word.starts_with('[') => item.settings.push((key.to_owned(), value.to_owned())),
            _ => item.subject = word,
        }
    }
    menus.entry(menu.clone()).or_default().push(item);
}

/// Words of a statement; quotes and brackets hold blanks.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut brackets) = (false, 0u32);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => word.extend(chars.next()),
            '"' => quoted = !quoted,
            '[' if !quoted => {
                brackets += 1;
                word.push(c);
            }
            ']' if !quoted => {
                brackets = brackets.saturating_sub(1);
                word.push(c);
            }
            c if c.is_whitespace() && !quoted && brackets == 0 => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

struct Reader<'m, 't> {
    menus: &'m Menus,
    trouble: &'t mut Trouble,
}

impl Reader<'_, '_> {
    fn items(&self, menu: &str) -> &[Item] {
        self.menus.get(menu).map(Vec::as_slice).unwrap_or_default()
    }

    fn policy(&mut self) -> Policy {
        let identity = self.items("system identity").iter().find_map(|item| item.get("name"));
        let mut policy = Policy {
            device: identity.unwrap_or_default().to_owned(),
            vendor: VENDOR.format.id.into(),
            zones: self.lists_of_interfaces(),
            routes: self.routes(),
            nat: self.translations(),
            ..Policy::default()
        };
        self.add_interfaces(&mut policy);
        let mut layers: BTreeMap<Way, Vec<Vec<String>>> = BTreeMap::new();
        for (menu, prefix, v6) in [
            ("ip firewall raw", "raw ", false),
            ("ip firewall filter", "", false),
            ("ipv6 firewall raw", "ipv6 raw ", true),
            ("ipv6 firewall filter", "ipv6 ", true),
        ] {
            for chain in self.chains(menu, prefix, v6) {
                let base = chain.name.strip_prefix(prefix).unwrap_or_default();
                let ways: &[Way] = match base {
                    "forward" => &[Way::Through],
                    "input" => &[Way::In],
                    "output" => &[Way::Out],
                    "prerouting" => &[Way::Through, Way::In],
                    _ => &[],
                };
                for way in ways {
                    layers.entry(*way).or_default().push(vec![chain.name.clone()]);
                }
                policy.chains.push(chain);
            }
        }
        for (way, layers) in layers {
            let hook = match way {
                Way::Through => Hook::Forward,
                Way::In => Hook::Input,
                Way::Out => Hook::Output,
            };
            policy.paths.push(Path { hook, in_ifs: Names::any(), out_ifs: Names::any(), layers });
        }
        policy
    }

    /// Interface lists are zones; a list may include others.
    fn lists_of_interfaces(&self) -> BTreeMap<String, Vec<String>> {
        let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for item in self.items("interface list") {
            lists.entry(item.get("name").unwrap_or_default().to_owned()).or_default();
        }
        for item in self.items("interface list member").iter().filter(|item| !item.is("disabled")) {
            if let (Some(list), Some(member)) = (item.get("list"), item.get("interface")) {
                lists.entry(list.to_owned()).or_default().push(member.to_owned());
            }
        }
        // Lists in lists, a few levels deep.
        for _ in 0..4 {
            for item in self.items("interface list") {
                let Some(name) = item.get("name") else { continue };
                for included in item.get("include").unwrap_or_default().split(',') {
                    let members = lists.get(included).cloned().unwrap_or_default();
                    let list = lists.entry(name.to_owned()).or_default();
                    let new: Vec<String> = members.into_iter().filter(|member| !list.contains(member)).collect();
                    list.extend(new);
                }
            }
        }
        lists.remove("");
        lists
    }

    fn add_interfaces(&self, policy: &mut Policy) {
        let mut all: BTreeMap<String, Interface> = BTreeMap::new();
        let mut entry = |name: &str, line: u32| {
            if !name.is_empty() {
                let new = || Interface { name: name.to_owned(), line, ..Interface::default() };
                all.entry(name.to_owned()).or_insert_with(new);
            }
        };
        for (menu, items) in self.menus.iter().filter(|(menu, _)| menu.starts_with("interface ")) {
            if ["list", "port", "member", "settings", "filter"].iter().any(|word| menu.contains(word)) {
                continue;
            }
            for item in items {
                entry(item.get("name").unwrap_or_default(), item.from);
            }
        }
        policy.zones.values().flatten().for_each(|member| entry(member, 0));
        for item in self.items("ip address").iter().chain(self.items("ipv6 address")) {
            entry(item.get("interface").unwrap_or_default(), item.from);
        }
        for item in
            self.items("ip address").iter().chain(self.items("ipv6 address")).filter(|item| !item.is("disabled"))
        {
            let (Some(text), Some(name)) = (item.get("address"), item.get("interface")) else { continue };
            let (address, length) = text.split_once('/').unwrap_or((text, ""));
            let (Ok(address), Some(interface)) = (address.parse::<IpAddr>(), all.get_mut(name)) else { continue };
            let length = length.parse().unwrap_or(if address.is_ipv4() { 32 } else { 128 });
            interface.addresses = interface.addresses.union(&AddrSet::host(address));
            interface.networks = interface.networks.union(&AddrSet::prefix(address, length).unwrap_or_default());
        }
        for route in policy.routes.iter().filter(|route| !route.discard && !route.dst.is_any()) {
            let hop = route.next_hop.map(AddrSet::host).unwrap_or_default();
            let by =
                |interface: &&mut Interface| interface.name == route.interface || interface.networks.overlaps(&hop);
            if let Some(interface) = all.values_mut().find(by) {
                interface.networks = interface.networks.union(&route.dst);
            }
        }
        for interface in all.values_mut() {
            let mut lists = policy.zones.iter().filter(|(_, members)| members.contains(&interface.name));
            let by_list = lists.find_map(|(list, _)| zones::role_by_name(list));
            if let Some((role, why)) = by_list.or_else(|| zones::role_by_name(&interface.name)) {
                (interface.role, interface.role_why) = (role, why);
            } else if interface.name.starts_with("pppoe") || interface.name.starts_with("lte") {
                (interface.role, interface.role_why) = (Role::External, "an interface towards a provider".into());
            }
        }
        policy.interfaces = all.into_values().collect();
    }

    fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        for menu in ["ip route", "ipv6 route"] {
            for item in self.items(menu).iter().filter(|item| !item.is("disabled")) {
                let all = if menu == "ip route" { AddrSet::full_v4() } else { AddrSet::full_v6() };
                let dst = item.get("dst-address").map_or(Some(all), |text| text.parse().ok());
                let Some(dst) = dst else { continue };
                let gateway = item.get("gateway").unwrap_or_default();
                // `10.0.0.1%ether1` names both.
                let (hop, by) = gateway.split_once('%').unwrap_or((gateway, ""));
                let next_hop = hop.parse::<IpAddr>().ok();
                let interface = if next_hop.is_none() { hop } else { by };
                let discard = item.get("blackhole").is_some()
                    || matches!(item.get("type"), Some("blackhole" | "unreachable" | "prohibit"));
                routes.push(Route {
                    dst,
                    next_hop,
                    interface: interface.to_owned(),
                    discard,
                    distance: item.get("distance").and_then(|text| text.parse().ok()).unwrap_or(1),
                    line: item.from,
                });
            }
        }
        routes
    }

    /// Lists of one table, in the order of the file. What no rule takes is accepted.
    fn chains(&mut self, menu: &str, prefix: &str, v6: bool) -> Vec<Chain> {
        let mut chains: Vec<Chain> = Vec::new();
        let built_in: &[&str] = if menu.ends_with("filter") { &["input", "forward", "output"] } else { &[] };
        if self.menus.contains_key(menu) {
            chains.extend(built_in.iter().map(|name| empty(format!("{prefix}{name}"), true)));
        }
        for item in self.menus.get(menu).map(Vec::as_slice).unwrap_or_default() {
            let Some(name) = item.get("chain") else { continue };
            let is_base = ["input", "forward", "output", "prerouting"].contains(&name);
            let name = format!("{prefix}{name}");
            let rule = self.rule(item, prefix, v6);
            if !chains.iter().any(|chain| chain.name == name) {
                chains.push(empty(name.clone(), is_base));
            }
            if let Some(chain) = chains.iter_mut().find(|chain| chain.name == name) {
                chain.rules.push(rule);
            }
        }
        for chain in &mut chains {
            let mut ids: BTreeSet<String> = BTreeSet::new();
            for (seq, rule) in (1..).zip(&mut chain.rules) {
                rule.seq = seq;
                if !ids.insert(rule.id.clone()) {
                    rule.id = format!("{} ({seq})", rule.id);
                }
            }
        }
        chains
    }

    fn rule(&mut self, item: &Item, prefix: &str, v6: bool) -> Rule {
        let mut rule = Rule::new(Action::Permit, item.from);
        rule.line_to = item.to;
        rule.text.clone_from(&item.text);
        rule.name = item.get("comment").map(str::to_owned);
        let without = |key: &str| !["comment", "disabled", "log", "log-prefix"].contains(&key);
        let said: Vec<String> =
            item.settings.iter().filter(|(key, _)| without(key)).map(|(key, value)| format!("{key}={value}")).collect();
        rule.id = said.join(" ");
        rule.enabled = !item.is("disabled");
        rule.log = if item.is("log") || item.get("action") == Some("log") { Log::Yes } else { Log::No };
        let target = || format!("{prefix}{}", item.get("jump-target").unwrap_or_default());
        rule.action = match item.get("action").unwrap_or("accept") {
            "accept" => Action::Permit,
            "drop" | "reject" | "tarpit" => Action::Deny,
            "jump" => Action::Jump(target()),
            "return" => Action::Return,
            "log" => Action::Log,
            "passthrough" | "fasttrack-connection" | "notrack" => Action::Continue,
            // Of translations, which are read as rules first.
            "masquerade" | "src-nat" | "dst-nat" | "redirect" | "netmap" | "same" | "endpoint-independent-nat" => {
                Action::Continue
            }
            action if action.starts_with("add-") => Action::Continue,
            action => {
                self.trouble.line(item.from, "unknown-action", format!("`{action}` is no action: read as going on"));
                Action::Continue
            }
        };
        let family = if v6 { AddrSet::full_v6() } else { AddrSet::full_v4() };
        rule.src = Addrs::exactly(family.clone());
        rule.dst = Addrs::exactly(family);
        let mut ports = [None, None, None];
        let mut protocol = None;
        let mut icmp = None;
        for (key, value) in &item.settings {
            match key.as_str() {
                "chain"
                | "action"
                | "comment"
                | "disabled"
                | "log"
                | "log-prefix"
                | "jump-target"
                | "reject-with"
                | "address-list"
                | "address-list-timeout"
                | "place-before" => {}
                "src-address" => self.narrow(&mut rule.src, value, item),
                "dst-address" => self.narrow(&mut rule.dst, value, item),
                "src-address-list" => self.narrow_to_list(&mut rule.src, value, v6),
                "dst-address-list" => self.narrow_to_list(&mut rule.dst, value, v6),
                "in-interface" | "in-interface-list" => rule.in_ifs = names(value),
                "out-interface" | "out-interface-list" => rule.out_ifs = names(value),
                "protocol" => protocol = Some(value.as_str()),
                "src-port" => ports[0] = Some(value.as_str()),
                "dst-port" => ports[1] = Some(value.as_str()),
                "port" => ports[2] = Some(value.as_str()),
                "icmp-options" => icmp = Some(value.as_str()),
                "connection-state" => match states(value) {
                    Some(states) => rule.states = states,
                    None => rule.add_unknown(format!("{key}={value}"), item.from),
                },
                "dst-address-type" if value == "local" => rule.dst_local = Some(true),
                "dst-address-type" if value == "!local" => rule.dst_local = Some(false),
                _ => rule.add_unknown(format!("{key}={value}"), item.from),
            }
        }
        rule.services = self.services(protocol, ports, icmp, item, &mut rule.unknown);
        rule
    }

    fn narrow(&mut self, addrs: &mut Addrs, value: &str, item: &Item) {
        let (negated, text) = value.strip_prefix('!').map_or((false, value), |rest| (true, rest));
        match text.parse::<AddrSet>() {
            Ok(set) => {
                let set = if negated { set.complement() } else { set };
                addrs.lower = addrs.lower.intersect(&set);
                addrs.upper = addrs.upper.intersect(&set);
            }
            Err(_) => {
                self.trouble.line(item.from, "not-an-address", format!("`{value}` is not an address"));
                addrs.lower = AddrSet::empty();
                addrs.unknown.push(value.to_owned());
            }
        }
    }

    fn narrow_to_list(&self, addrs: &mut Addrs, value: &str, v6: bool) {
        let (negated, name) = value.strip_prefix('!').map_or((false, value), |rest| (true, rest));
        let menu = if v6 { "ipv6 firewall address-list" } else { "ip firewall address-list" };
        let mut list = Addrs::none();
        let mut found = false;
        for item in self.items(menu).iter().filter(|item| item.get("list") == Some(name) && !item.is("disabled")) {
            found = true;
            let text = item.get("address").unwrap_or_default();
            // Entries may be host names.
            list.add(&text.parse().map_or_else(|_| Addrs::unknown(text, AddrSet::full()), Addrs::exactly));
        }
        // Lists that rules fill are empty in an export.
        let filled = self.menus.values().flatten().any(|item| {
            item.get("address-list") == Some(name)
                && item.get("action").is_some_and(|action| action.starts_with("add-"))
        });
        if !found || filled {
            list.add(&Addrs::unknown(format!("address list {name}"), AddrSet::full()));
        }
        if negated {
            list.negate(&AddrSet::full());
        }
        addrs.lower = addrs.lower.intersect(&list.lower);
        addrs.upper = addrs.upper.intersect(&list.upper);
        addrs.unknown.extend(list.unknown);
        addrs.names.push(value.to_owned());
    }

    fn services(
        &mut self,
        protocol: Option<&str>,
        [sport, dport, either]: [Option<&str>; 3],
        icmp: Option<&str>,
        item: &Item,
        unknown: &mut Vec<crate::policy::Unknown>,
    ) -> Services {
        let (negated, name) = match protocol {
            None => (false, None),
            Some(text) => text.strip_prefix('!').map_or((false, Some(text)), |rest| (true, Some(rest))),
        };
        let mut service = match name {
            None => Service::any(),
            Some(name) => match proto_number(name) {
                Some(number) => Service::proto(number),
                None => {
                    self.trouble.line(item.from, "not-a-protocol", format!("`{name}` is not a protocol"));
                    return Services::unknown(name);
                }
            },
        };
        if let Some(text) = icmp {
            // `8:0-255`, `8:0`, `8`.
            let (kind, code) = text.split_once(':').unwrap_or((text, ""));
            let number = if name == Some("icmpv6") { proto::ICMP6 } else { proto::ICMP };
            match kind.parse() {
                Ok(kind) => service = Service::icmp(number, kind, code.parse().ok()),
                Err(_) => {
                    unknown.push(crate::policy::Unknown { text: format!("icmp-options={text}"), line: item.from });
                }
            }
        }
        let mut set = |text: &str| {
            let (negated, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
            let range = |part: &str| {
                let (low, high) = part.split_once('-').unwrap_or((part, part));
                Some((low.trim().parse::<u16>().ok()?, high.trim().parse::<u16>().ok()?))
            };
            match text.split(',').map(range).collect::<Option<Vec<_>>>() {
                Some(ranges) => {
                    let set = Intervals::of(ranges);
                    if negated { set.complement() } else { set }
                }
                None => {
                    self.trouble.line(item.from, "not-a-port", format!("`{text}` are no ports"));
                    unknown.push(crate::policy::Unknown { text: format!("ports {text}"), line: item.from });
                    Intervals::full()
                }
            }
        };
        if let Some(text) = sport {
            service.sport = Ports(set(text));
        }
        if let Some(text) = dport {
            service.dport = Ports(set(text));
        }
        let mut all = match either {
            // One of the two ports is among them.
            Some(text) => {
                let ports = Ports(set(text));
                let from = Service { sport: ports.clone(), ..service.clone() };
                Services::exactly(vec![Service { dport: ports, ..service }, from])
            }
            None => Services::exactly(vec![service]),
        };
        if negated {
            all.negate();
        }
        all
    }

    fn translations(&mut self) -> Vec<Nat> {
        let mut all = Vec::new();
        let items = self.menus.get("ip firewall nat").map(Vec::as_slice).unwrap_or_default();
        for item in items {
            let rule = self.rule(item, "", false);
            let mut nat = Nat::new(item.from);
            nat.line_to = item.to;
            nat.id = rule.id;
            nat.text = rule.text;
            nat.enabled = rule.enabled;
            (nat.in_ifs, nat.out_ifs) = (rule.in_ifs, rule.out_ifs);
            (nat.src, nat.dst, nat.services) = (rule.src, rule.dst, rule.services);
            let own = ["to-addresses=", "to-ports="];
            nat.unknown = rule
                .unknown
                .into_iter()
                .filter(|unknown| !own.iter().any(|key| unknown.text.starts_with(key)))
                .collect();
            let to = item.get("to-addresses").and_then(|text| text.parse().ok()).map(Addrs::exactly);
            let port = item.get("to-ports").and_then(|text| {
                let (low, high) = text.split_once('-').unwrap_or((text, text));
                Some(Ports(Intervals::range(low.parse().ok()?, high.parse().ok()?)))
            });
            match item.get("action").unwrap_or_default() {
                "masquerade" => nat.to_src = Some(Addrs::unknown("the router's address", AddrSet::full_v4())),
                "src-nat" => nat.to_src = to,
                "dst-nat" => (nat.to_dst, nat.to_port) = (to, port),
                "redirect" => {
                    nat.to_dst = Some(Addrs::unknown("the router's address", AddrSet::full_v4()));
                    nat.to_port = port;
                }
                "netmap" => {
                    nat.both_ways = true;
                    if item.get("chain") == Some("srcnat") { nat.to_src = to } else { nat.to_dst = to }
                }
                _ => continue,
            }
            all.push(nat);
        }
        all
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Through,
    In,
    Out,
}

/// The platform accepts what no rule of a built-in chain takes.
fn empty(name: String, is_base: bool) -> Chain {
    let default = if is_base {
        DefaultAction { action: Action::Permit, ..DefaultAction::implicit_deny(Log::No) }
    } else {
        DefaultAction::go_back()
    };
    Chain { name, rules: Vec::new(), default }
}

fn names(value: &str) -> Names {
    let (negated, name) = value.strip_prefix('!').map_or((false, value), |rest| (true, rest));
    if name == "all" && !negated { Names::any() } else { Names { names: vec![name.to_owned()], negated } }
}

fn states(value: &str) -> Option<Vec<ConnState>> {
    let all = [
        ("new", ConnState::New),
        ("established", ConnState::Established),
        ("related", ConnState::Related),
        ("invalid", ConnState::Invalid),
        ("untracked", ConnState::Untracked),
    ];
    let (negated, text) = value.strip_prefix('!').map_or((false, value), |rest| (true, rest));
    let state = |word: &str| all.iter().find(|(name, _)| *name == word).map(|(_, state)| *state);
    let named: Vec<ConnState> = text.split(',').map(state).collect::<Option<_>>()?;
    Some(if negated {
        all.iter().map(|(_, state)| *state).filter(|state| !named.contains(state)).collect()
    } else {
        named
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::{Lists, Question, Verdict};

    const EXPORT: &str = "# 2026-11-01 10:00:00 by RouterOS 7.15\r\n/interface ethernet\r\nset [ find default-name=ether1 ] name=ether1-wan\r\n\
/interface list\r\nadd name=WAN\r\nadd name=LAN\r\n/interface list member\r\nadd interface=ether1-wan list=WAN\r\nadd interface=bridge list=LAN\r\n\
/ip address\r\nadd address=192.168.88.1/24 interface=bridge network=192.168.88.0\r\n\
/ip firewall address-list\r\nadd address=198.51.100.0/24 list=partner\r\nadd address=host.example.org list=partner\r\n\
/ip firewall filter\r\nadd action=accept chain=forward connection-state=established,related,untracked\r\n\
add action=accept chain=forward comment=\"web \\\"shop\\\"\" dst-address=192.168.88.9 \\\r\n    dst-port=80,443 in-interface-list=WAN protocol=tcp log=yes\r\n\
add action=jump chain=forward in-interface-list=WAN jump-target=partners\r\nadd action=drop chain=forward in-interface-list=WAN\r\n\
add action=accept chain=partners src-address-list=partner dst-port=22 protocol=tcp\r\nadd action=drop chain=input in-interface-list=!LAN disabled=yes\r\n\
add action=odd chain=input\r\n\
/ip firewall nat\r\nadd action=masquerade chain=srcnat out-interface-list=WAN\r\nadd action=dst-nat chain=dstnat dst-port=8443 in-interface-list=WAN protocol=tcp to-addresses=192.168.88.9 to-ports=443\r\n\
/ip route\r\nadd dst-address=10.5.0.0/16 gateway=192.168.88.2\r\n/system identity\r\nset name=edge\r\nnonsense\r\n";

    #[test]
    fn an_export_is_read_and_decides() {
        let parsed = parse(EXPORT);
        let policy = &parsed.policies[0];
        assert_eq!((policy.device.as_str(), policy.nat.len(), policy.routes.len()), ("edge", 2, 1));
        let reasons: Vec<&str> = parsed.notes.iter().map(|note| note.reason.as_str()).collect();
        assert_eq!(reasons, ["unknown-action", "unknown-statement"]);
        assert_eq!(policy.interface("ether1-wan").unwrap().role, Role::External);
        assert_eq!(policy.interface("bridge").unwrap().networks.describe(9), "10.5.0.0/16, 192.168.88.0/24");
        let forward = policy.chain("forward").unwrap();
        assert_eq!(
            (forward.rules[1].name.as_deref(), forward.rules[1].line_from, forward.rules[1].line_to),
            (Some("web \"shop\""), 17, 18)
        );
        assert!(!policy.chain("input").unwrap().rules[0].enabled);
        let lists = Lists::of(policy, None);
        let decider = lists.ready();
        let ask = |src: &str, dst: &str, dport| {
            let question = Question {
                in_if: Some("ether1-wan".into()),
                out_if: Some("bridge".into()),
                src: src.parse().unwrap(),
                dst: dst.parse().unwrap(),
                proto: proto::TCP,
                sport: 5000,
                dport,
            };
            decider.decide(&question).verdict
        };
        assert_eq!(ask("192.0.2.1", "192.168.88.9", 443), Verdict::Permit);
        assert_eq!(ask("198.51.100.7", "192.168.88.9", 22), Verdict::Permit);
        assert_eq!(ask("192.0.2.1", "192.168.88.9", 23), Verdict::Deny);
        // The list also holds a host by its name.
        assert_eq!(ask("192.0.2.1", "192.168.88.9", 22), Verdict::Undecided);
    }
}
