//! Cisco ASA and FTD: `show running-config`, or `show access-list` with hit counts (Cisco Secure Firewall ASA Series
//! Command Reference).
//!
//! ```text
//! access-list outside_in extended permit tcp any object web eq https log
//! access-group outside_in in interface outside
//! ```
//! Lists count where an `access-group` applies them. An interface without a list has the platform's own rules: towards
//! lower security levels everything passes, towards higher ones nothing. A file without interfaces and without
//! `access-group` is a fragment: its lists are read as if they were applied, without direction.
//!
//! `telnet`, `ssh` and `http` lines open the device's own administration; they make a list `management`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use jiff::civil::Date;
use secdiag_model::{EvidenceKind, Format, Head, Match, Note, NoteKind};

use crate::interval::Intervals;
use crate::net::{AddrSet, Protos, Service, proto, proto_number};
use crate::policy::{
    Action, Addrs, Chain, DefaultAction, Hook, Interface, Log, Names, Path, Policy, Role, Rule, Schedule, Services,
};
use crate::vendors::{Enter, Nesting, Parsed, Trouble, Vendor, excerpt, head_lines, lines};
use crate::{ports, zones};

/// The format and its parser.
pub(crate) const VENDOR: &Vendor = &Vendor {
    format: Format { id: "cisco-asa", kind: EvidenceKind::Fwcfg, title: "Cisco ASA or FTD configuration", sniff },
    parse,
};

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let (mut asa, mut lists, mut interfaces, mut ios) = (false, false, false, false);
    for line in head_lines(head) {
        let words: Vec<&str> = line.split_whitespace().take(5).collect();
        match words.as_slice() {
            ["ASA" | "NGFW" | "PIX" | "FWSM", "Version", ..] => asa = !line.starts_with(' '),
            ["access-list", _, "extended" | "advanced", "permit" | "deny" | "trust", ..]
            | ["access-list", _, "line", _, "extended" | "advanced", ..]
            | ["access-list", _, "standard", "permit" | "deny", ..] => lists = true,
            ["nameif", _] => interfaces = true,
            ["security-level", level] if level.parse::<u8>().is_ok() => interfaces = true,
            ["ip" | "ipv6", "access-list", ..] | ["ip", "access-group", ..] | ["zone-pair", ..] => ios = true,
            ["access-list", number, "permit" | "deny", ..] if number.parse::<u16>().is_ok() => ios = true,
            _ => {}
        }
    }
    if asa {
        Match::Yes(90)
    } else if lists && !ios {
        Match::Yes(80)
    } else if interfaces && !ios {
        Match::Yes(70)
    } else {
        Match::No
    }
}

/// Reads a configuration.
pub fn parse(text: &str) -> Parsed {
    let mut config = Config::default();
    let mut total = 0;
    let all: Vec<(u32, &str)> = lines(text).collect();
    for (number, line) in &all {
        if line.trim().is_empty() {
            continue;
        }
        total += 1;
        config.line(*number, line.trim_end());
    }
    let mut policy = Builder::new(&mut config, &all).policy();
    policy.coverage = config.trouble.coverage(total);
    let policies = if policy.chains.is_empty() { Vec::new() } else { vec![policy] };
    Parsed { policies, notes: config.trouble.into_notes() }
}

/// A line with its words, kept until all objects are known.
#[derive(Clone, Debug)]
struct Line {
    number: u32,
    words: Vec<String>,
    text: String,
}

/// What is known of the block that indented lines belong to.
#[derive(Clone, Debug, PartialEq, Default)]
enum Block {
    #[default]
    None,
    Interface,
    Object(String),
    Group(String),
    TimeRange(String),
    /// A command whose own lines decide nothing about packets.
    Other,
}

#[derive(Debug, Default)]
struct AsaInterface {
    nameif: Option<String>,
    level: Option<u8>,
    networks: AddrSet,
    line_from: u32,
    line_to: u32,
    management: bool,
    shutdown: bool,
}

#[derive(Debug)]
struct Group {
    /// `network`, `service`, `protocol`, `icmp-type`, …
    kind: String,
    /// `tcp`, `udp`, `tcp-udp` for groups of ports.
    ports_of: Option<String>,
    line: u32,
    members: Vec<Line>,
}

#[derive(Debug)]
struct Applied {
    list: String,
    /// `in`, `out`, `global`, `control-plane`.
    how: &'static str,
    interface: String,
    line: u32,
}

/// Everything that the lines say, before references are resolved.
#[derive(Debug, Default)]
struct Config {
    block: Block,
    hostname: String,
    names: BTreeMap<String, IpAddr>,
    interfaces: Vec<AsaInterface>,
    objects: BTreeMap<String, Vec<Line>>,
    groups: BTreeMap<String, Group>,
    lists: Vec<(String, Vec<Line>)>,
    list_index: BTreeMap<String, usize>,
    remarks: BTreeMap<u32, String>,
    pending_remark: Option<(String, String)>,
    deep_rules: BTreeSet<String>,
    applied: Vec<Applied>,
    management: Vec<Line>,
    routes: Vec<Line>,
    time_ends: BTreeMap<String, Option<Date>>,
    inter_interface: bool,
    logging: bool,
    no_106023: bool,
    trouble: Trouble,
}

impl Config {
    fn line(&mut self, number: u32, raw: &str) {
        let indented = raw.starts_with([' ', '\t']);
        let text = raw.trim();
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let free_text = words.iter().any(|word| matches!(word.as_str(), "remark" | "description" | "banner"));
        if !free_text && let Some(at) = words.iter().position(|word| word.starts_with('!')) {
            words.truncate(at);
        }
        if words.is_empty() || text.starts_with(':') {
            // A comment or a separator ends a block.
            if !indented {
                self.block = Block::None;
            }
            return;
        }
        let line = Line { number, words, text: text.to_owned() };
        let first = line.words[0].as_str();
        if self.inner(&line, indented) {
            return;
        }
        self.block = Block::None;
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["hostname", name, ..] => (*name).clone_into(&mut self.hostname),
            ["name", address, name, ..] => match address.parse() {
                Ok(address) => {
                    self.names.insert((*name).to_owned(), address);
                }
                Err(_) => self.trouble.line(number, "bad-value", format!("`{}` is not an address", clip(address))),
            },
            ["interface", ..] => {
                self.block = Block::Interface;
                self.interfaces.push(AsaInterface { line_from: number, line_to: number, ..AsaInterface::default() });
            }
            ["object", "network" | "service", name, ..] => {
                self.block = Block::Object((*name).to_owned());
                self.objects.entry((*name).to_owned()).or_default();
            }
            // `object-group group network X` is how some listings name a group of groups.
            ["object-group", "group", kind, name, rest @ ..] | ["object-group", kind, name, rest @ ..] => {
                self.block = Block::Group((*name).to_owned());
                self.groups.entry((*name).to_owned()).or_insert_with(|| Group {
                    kind: (*kind).to_owned(),
                    ports_of: rest.first().map(|word| (*word).to_owned()),
                    line: number,
                    members: Vec::new(),
                });
            }
            ["time-range", name, ..] => {
                self.block = Block::TimeRange((*name).to_owned());
                self.time_ends.entry((*name).to_owned()).or_insert(None);
            }
            ["access-list", "cached" | "alert-interval" | "deny-flow-max", ..] => {}
            ["access-list", name, ..] if name.ends_with(';') => {}
            ["access-list", name, rest @ ..] => self.access_list(name, rest, &line, indented),
            ["access-group", list, "global", ..] => self.apply(list, "global", "", number),
            ["access-group", list, how @ ("in" | "out"), "interface", interface, rest @ ..] => {
                let how = match *how {
                    _ if rest.contains(&"control-plane") => "control-plane",
                    "in" => "in",
                    _ => "out",
                };
                self.apply(list, how, interface, number);
            }
            ["access-group", ..] => {
                self.trouble.line(number, "unknown-option", "this `access-group` is not understood");
            }
            ["telnet" | "ssh" | "http", address, ..] if is_address(address) => self.management.push(line.clone()),
            ["route", _, _, _, ..] | ["ipv6", "route", _, _, ..] => self.routes.push(line.clone()),
            ["same-security-traffic", "permit", "inter-interface"] => self.inter_interface = true,
            ["logging", "enable"] => self.logging = true,
            ["no", "logging", "message", "106023"] => self.no_106023 = true,
            ["no", ..] => {}
            _ if COMMANDS.contains(&first) => self.block = Block::Other,
            _ if first.starts_with("Cryptochecksum") || first.ends_with('#') || text.contains("# show") => {}
            _ => self.trouble.line(number, "unknown-command", format!("`{}` is not a command known here", clip(text))),
        }
    }

    /// Lines that belong to the open block. Pasted configurations may have lost their indentation, so a word of the
    /// block counts without it too.
    fn inner(&mut self, line: &Line, indented: bool) -> bool {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        match &self.block {
            Block::None => return false,
            Block::Other => return indented,
            Block::Interface => {
                let Some(interface) = self.interfaces.last_mut() else { return false };
                match words.as_slice() {
                    ["nameif", name] => interface.nameif = Some((*name).to_owned()),
                    ["security-level", level] => match level.parse() {
                        Ok(level) => interface.level = Some(level),
                        Err(_) => self.trouble.line(line.number, "bad-value", "a security level is 0 to 100"),
                    },
                    ["ip", "address", address, mask, ..] => {
                        let set =
                            address.parse().ok().zip(mask.parse().ok()).and_then(|(a, m)| AddrSet::masked_v4(a, m));
                        interface.networks = interface.networks.union(&set.unwrap_or_default());
                    }
                    ["ipv6", "address", address, ..] => {
                        interface.networks = interface.networks.union(&address.parse().unwrap_or_default());
                    }
                    ["management-only", ..] => interface.management = true,
                    ["shutdown"] => interface.shutdown = true,
                    _ if !indented => return false,
                    // An interface has many settings that decide nothing about packets.
                    _ => {}
                }
                interface.line_to = line.number;
            }
            Block::Object(name) => match words[0] {
                "host" | "subnet" | "range" | "fqdn" | "service" => {
                    self.objects.entry(name.clone()).or_default().push(line.clone());
                }
                "description" => {}
                "nat" if indented => {}
                _ if !indented => return false,
                _ => self.trouble.line(line.number, "unknown-option", format!("`{}` in an object", clip(&line.text))),
            },
            Block::Group(name) => match words[0] {
                "network-object"
                | "service-object"
                | "port-object"
                | "protocol-object"
                | "icmp-object"
                | "group-object"
                | "user"
                | "user-group"
                | "security-group"
                | "network-service-member" => {
                    if let Some(group) = self.groups.get_mut(name) {
                        group.members.push(line.clone());
                    }
                }
                "description" => {}
                _ if !indented => return false,
                _ => self.trouble.line(line.number, "unknown-option", format!("`{}` in a group", clip(&line.text))),
            },
            Block::TimeRange(name) => match words.as_slice() {
                ["absolute", rest @ ..] => {
                    let end = rest.iter().position(|word| *word == "end").map(|at| &rest[at + 1..]);
                    if let Some([_time, day, month, year, ..]) = end {
                        let date = date(day, month, year);
                        if date.is_none() {
                            self.trouble.line(line.number, "bad-value", "the end of this time range is no date");
                        }
                        self.time_ends.insert(name.clone(), date);
                    }
                }
                ["periodic", ..] => {}
                _ if !indented => return false,
                _ => {
                    self.trouble.line(line.number, "unknown-option", format!("`{}` in a time range", clip(&line.text)));
                }
            },
        }
        true
    }

    fn access_list(&mut self, name: &str, rest: &[&str], line: &Line, indented: bool) {
        let mut rest = rest.to_vec();
        if rest.first() == Some(&"line") {
            rest.drain(..rest.len().min(2));
        }
        match rest.first().copied() {
            Some("remark") => {
                let remark = rest[1..].join(" ");
                if let Some((id, text)) = remark.strip_prefix("rule-id ").and_then(|rest| rest.split_once(':'))
                    && text.trim().starts_with("L7 RULE")
                {
                    self.deep_rules.insert(id.trim().to_owned());
                }
                self.pending_remark = Some((name.to_owned(), remark));
            }
            // The expansion of a rule with groups, as `show access-list` prints it below the rule.
            _ if indented && rest.iter().any(|word| word.starts_with("(hitcnt=")) => {}
            Some("extended" | "standard" | "advanced" | "permit" | "deny") => {
                if let Some((list, remark)) = self.pending_remark.take()
                    && list == name
                {
                    self.remarks.insert(line.number, remark);
                }
                let index = *self.list_index.entry(name.to_owned()).or_insert_with(|| {
                    self.lists.push((name.to_owned(), Vec::new()));
                    self.lists.len() - 1
                });
                let words = rest.into_iter().map(str::to_owned).collect();
                self.lists[index].1.push(Line { words, ..line.clone() });
            }
            Some(kind @ ("ethertype" | "webtype")) => {
                self.trouble.line(line.number, "not-inspected", format!("lists of type `{kind}` are not inspected"));
            }
            _ => self.trouble.line(line.number, "unknown-option", "this `access-list` is not understood"),
        }
    }

    fn apply(&mut self, list: &str, how: &'static str, interface: &str, line: u32) {
        self.applied.push(Applied { list: list.to_owned(), how, interface: interface.to_owned(), line });
    }
}

/// Top-level commands that decide nothing about which packets pass (ASA Command Reference).
const COMMANDS: &[&str] = &[
    "aaa",
    "aaa-server",
    "access-list",
    "alias",
    "anyconnect",
    "anyconnect-essentials",
    "apcf",
    "app-agent",
    "arp",
    "as-path",
    "asa",
    "ASA",
    "asdm",
    "auth-prompt",
    "auto-update",
    "banner",
    "bfd",
    "bgp",
    "boot",
    "call-home",
    "capability",
    "cdp",
    "checkheaps",
    "class",
    "class-map",
    "clear",
    "clock",
    "cluster",
    "community-list",
    "compression",
    "config-register",
    "configure",
    "console",
    "crashinfo",
    "crypto",
    "ctl-file",
    "ctl-provider",
    "cts",
    "customization",
    "cxsc",
    "ddns",
    "default",
    "default-group-policy",
    "description",
    "device-sensor",
    "dhcp-client",
    "dhcpd",
    "dhcprelay",
    "dns",
    "dns-group",
    "dns-guard",
    "domain-name",
    "dynamic-access-policy-config",
    "dynamic-access-policy-record",
    "dynamic-filter",
    "dynamic-map",
    "eigrp",
    "enable",
    "encrypted",
    "established",
    "event",
    "exit",
    "exempt-group",
    "failover",
    "filter",
    "fips",
    "firewall",
    "fixup",
    "flow-export",
    "flow-offload",
    "fragment",
    "ftp",
    "ftp-map",
    "global",
    "gdb",
    "group-delimiter",
    "group-object",
    "group-policy",
    "group-url",
    "gtp-map",
    "hpm",
    "hw-module",
    "http",
    "http-map",
    "icmp",
    "imap4s",
    "import",
    "ip",
    "ipsec",
    "ipv6",
    "ipv6-vpn-filter",
    "isakmp",
    "jumbo-frame",
    "kerberos-realm",
    "key",
    "l2tp",
    "lacp",
    "ldap",
    "license",
    "local-host",
    "logging",
    "mac",
    "mac-address",
    "mac-address-table",
    "management-access",
    "management-interface",
    "map",
    "match",
    "max-failed-attempts",
    "mdm-proxy",
    "media-termination",
    "message-length",
    "mgcp-map",
    "mfib",
    "migrate",
    "mobile",
    "mode",
    "monitor-interface",
    "mount",
    "mroute",
    "mtu",
    "multicast-routing",
    "names",
    "nac-policy",
    "nat",
    "nat-assigned-to-public-ip",
    "nem",
    "netmod",
    "ngips",
    "NGFW",
    "ntp",
    "object-group-search",
    "otp",
    "pager",
    "parameters",
    "passwd",
    "password",
    "password-policy",
    "password-storage",
    "pim",
    "PIX",
    "policy-list",
    "policy-map",
    "policy-map-type",
    "policy-route",
    "pop3s",
    "port-channel",
    "portal-access-rule",
    "prefix-list",
    "priority-queue",
    "privilege",
    "prompt",
    "prf",
    "protocol-object",
    "quit",
    "quota",
    "radius-common-pw",
    "raid",
    "re-xauth",
    "regex",
    "reload",
    "remote-access",
    "rip",
    "route-map",
    "router",
    "rtp-conformance",
    "same-security-traffic",
    "saml",
    "scansafe",
    "scep",
    "security-group",
    "secondary",
    "sensor-map",
    "service",
    "service-interface",
    "service-module",
    "service-policy",
    "set",
    "setup",
    "shared-license",
    "show",
    "shun",
    "sip-map",
    "skinny-map",
    "sla",
    "smart-tunnel",
    "smtps",
    "smtp-server",
    "snmp",
    "snmp-map",
    "snmp-server",
    "snort",
    "software",
    "spoof-server",
    "ssh",
    "ssl",
    "sso-server",
    "stack",
    "standby",
    "static",
    "storage-url",
    "subject-name",
    "summary-address",
    "sunrpc-server",
    "switchport",
    "sysopt",
    "tcp-map",
    "tcpproxy",
    "telnet",
    "terminal",
    "tftp-server",
    "threat-detection",
    "timeout",
    "tls-proxy",
    "tls-server",
    "track",
    "trustpoint",
    "ttl-evasion-protection",
    "tunnel-group",
    "tunnel-group-map",
    "undebug",
    "unified-communications",
    "uc-ime",
    "upgrade",
    "url-block",
    "url-cache",
    "url-list",
    "url-server",
    "user-alert",
    "user-identity",
    "user-storage",
    "username",
    "verify",
    "version",
    "virtual",
    "vlan",
    "vni",
    "vpdn",
    "vpn",
    "vpn-addr-assign",
    "vpn-group-policy",
    "vpn-load-balancing",
    "vpn-sessiondb",
    "vpn-simultaneous-logins",
    "vpnclient",
    "vpnsetup",
    "vxlan",
    "wccp",
    "webvpn",
    "write",
    "x509",
    "xlate",
    "zone",
    "zonelabs-integrity",
    "FWSM",
    "Serial",
    "Hardware",
    "mobike",
    "cap",
    "ip-client",
    "object",
    "pgm",
    "ospf",
    "network-object",
    "access-group",
    "certificate",
    "tlsv1",
    "dtls",
    "tcp",
    "nve",
];

fn is_address(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok() || text.parse::<AddrSet>().is_ok() || text == "0"
}

fn clip(text: &str) -> String {
    crate::vendors::mask(text).chars().take(60).collect()
}

/// `31 December 2026`
fn date(day: &str, month: &str, year: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = month.to_ascii_lowercase();
    let month = (1..).zip(MONTHS).find(|(_, name)| month.starts_with(name)).map(|(number, _)| number)?;
    Date::new(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// Makes the policy once all lines are read.
struct Builder<'c, 't> {
    config: &'c mut Config,
    all: &'t [(u32, &'t str)],
    networks: BTreeMap<String, Addrs>,
    services: BTreeMap<String, Services>,
    ids: BTreeMap<String, u32>,
    /// What could not be read of the rule at hand.
    doubts: Vec<String>,
    nesting: Nesting,
}

/// Words of one rule, consumed from the front.
struct Words<'w> {
    words: &'w [String],
    line: u32,
}

impl<'w> Words<'w> {
    fn peek(&self) -> Option<&'w str> {
        self.words.first().map(String::as_str)
    }

    fn next(&mut self) -> Option<&'w str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}

impl<'c, 't> Builder<'c, 't> {
    fn new(config: &'c mut Config, all: &'t [(u32, &'t str)]) -> Self {
        Self {
            config,
            all,
            networks: BTreeMap::new(),
            services: BTreeMap::new(),
            ids: BTreeMap::new(),
            doubts: Vec::new(),
            nesting: Nesting::default(),
        }
    }

    fn policy(mut self) -> Policy {
        let interfaces = self.interfaces();
        let mut chains = Vec::new();
        for (name, lines) in std::mem::take(&mut self.config.lists) {
            let mut rules: Vec<Rule> = lines.iter().map(|line| self.rule(&name, line)).collect();
            (1..).zip(&mut rules).for_each(|(seq, rule)| rule.seq = seq);
            // The implicit deny at the end of a list sends no message (ASA CLI guide, "Logging for access lists").
            chains.push(Chain { name, rules, default: DefaultAction::implicit_deny(Log::No) });
        }
        let mut policy = Policy {
            device: self.config.hostname.clone(),
            vendor: "cisco-asa".into(),
            interfaces,
            chains,
            ..Policy::default()
        };
        self.check_references(&policy);
        self.paths(&mut policy);
        self.management(&mut policy);
        policy
    }

    fn check_references(&mut self, policy: &Policy) {
        for applied in std::mem::take(&mut self.config.applied) {
            if policy.chain(&applied.list).is_none() {
                let text = format!("`{}` is applied but not defined in this file", clip(&applied.list));
                self.config.trouble.line(applied.line, "undefined", text);
            } else {
                self.config.applied.push(applied);
            }
        }
        let used: BTreeSet<&str> = self.config.applied.iter().map(|applied| applied.list.as_str()).collect();
        let unused: Vec<String> = policy
            .chains
            .iter()
            .filter(|chain| !used.contains(chain.name.as_str()))
            .map(|chain| chain.name.clone())
            .collect();
        if !unused.is_empty() && !self.is_fragment() {
            let text = format!(
                "lists that no `access-group` applies were not judged: {}",
                crate::net::shorten(unused.clone(), 20)
            );
            self.config
                .trouble
                .other(Note::new(NoteKind::Assumed, "list-not-applied", text).times(unused.len() as u64));
        }
    }

    /// Neither interfaces nor `access-group`: the file is a part of a configuration.
    fn is_fragment(&self) -> bool {
        self.config.applied.is_empty() && self.config.interfaces.iter().all(|interface| interface.nameif.is_none())
    }

    fn paths(&self, policy: &mut Policy) {
        let path = |hook, in_ifs, out_ifs, chains| Path { hook, in_ifs, out_ifs, layers: vec![chains] };
        if self.is_fragment() {
            let names: Vec<String> = policy.chains.iter().map(|chain| chain.name.clone()).collect();
            policy
                .paths
                .extend(names.into_iter().map(|name| path(Hook::Forward, Names::any(), Names::any(), vec![name])));
            return;
        }
        let global: Vec<String> = self
            .config
            .applied
            .iter()
            .filter(|applied| applied.how == "global")
            .map(|applied| applied.list.clone())
            .take(1)
            .collect();
        let mut with_list: BTreeSet<&str> = BTreeSet::new();
        for applied in &self.config.applied {
            let here = Names::of(vec![applied.interface.clone()]);
            let list = vec![applied.list.clone()];
            match applied.how {
                "in" => {
                    with_list.insert(&applied.interface);
                    let lists = list.into_iter().chain(global.clone()).collect();
                    policy.paths.push(path(Hook::Forward, here, Names::any(), lists));
                }
                "out" => policy.paths.push(path(Hook::Forward, Names::any(), here, list)),
                "control-plane" => policy.paths.push(path(Hook::Input, here, Names::any(), list)),
                _ => {}
            }
        }
        // Where a global list follows, an interface's list does not deny at its end.
        if let Some(global) = global.first() {
            for applied in self.config.applied.iter().filter(|applied| applied.how == "in" && applied.list != *global) {
                if let Some(chain) = policy.chains.iter_mut().find(|chain| chain.name == applied.list) {
                    chain.default = DefaultAction::go_back();
                }
            }
            let rest = Names { names: with_list.iter().map(|name| (*name).to_owned()).collect(), negated: true };
            policy.paths.push(path(Hook::Forward, rest, Names::any(), vec![global.clone()]));
            return;
        }
        let up: Vec<&AsaInterface> = self
            .config
            .interfaces
            .iter()
            .filter(|interface| interface.nameif.is_some() && !interface.shutdown)
            .collect();
        for from in up.iter().filter(|interface| !with_list.contains(interface.nameif.as_deref().unwrap_or_default())) {
            let Some(name) = &from.nameif else { continue };
            let chain = self.implicit(from, name, &up);
            policy.paths.push(path(
                Hook::Forward,
                Names::of(vec![name.clone()]),
                Names::any(),
                vec![chain.name.clone()],
            ));
            policy.chains.push(chain);
        }
    }

    /// What the platform lets pass from an interface without a list: everything towards lower levels.
    fn implicit(&self, from: &AsaInterface, name: &str, up: &[&AsaInterface]) -> Chain {
        let level = |interface: &AsaInterface| {
            interface.level.unwrap_or(if interface.nameif.as_deref() == Some("inside") { 100 } else { 0 })
        };
        let mut lower: Vec<String> = Vec::new();
        for to in up.iter().filter(|to| to.nameif != from.nameif && !to.management && !from.management) {
            if level(to) < level(from) || (level(to) == level(from) && self.config.inter_interface) {
                lower.extend(to.nameif.clone());
            }
        }
        let mut rules = Vec::new();
        if !lower.is_empty() {
            let mut rule = Rule::new(Action::Permit, from.line_from);
            rule.id = format!("implicit {name}");
            rule.name = Some(format!("security level {}", level(from)));
            rule.seq = 1;
            rule.line_to = from.line_to;
            rule.text = self.excerpt(from.line_from, from.line_to);
            rule.implicit = true;
            rule.in_ifs = Names::of(vec![name.to_owned()]);
            rule.out_ifs = Names::of(lower);
            rule.log = Log::No;
            rules.push(rule);
        }
        Chain { name: format!("implicit {name}"), rules, default: DefaultAction::implicit_deny(Log::No) }
    }

    fn excerpt(&self, from: u32, to: u32) -> String {
        let lines = self.all.iter().skip(from as usize - 1).take((to - from) as usize + 1);
        excerpt(lines.map(|(_, line)| *line))
    }

    /// `ssh 10.0.0.0 255.0.0.0 inside`, `http ::/0 outside`
    fn management(&mut self, policy: &mut Policy) {
        let mut rules = Vec::new();
        for line in std::mem::take(&mut self.config.management) {
            let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
            let (set, interface) = match words.as_slice() {
                [_, "0", "0", interface] => (Some(AddrSet::full_v4()), interface),
                [_, address, mask, interface] => {
                    (address.parse().ok().zip(mask.parse().ok()).and_then(|(a, m)| AddrSet::masked_v4(a, m)), interface)
                }
                [_, prefix, interface] => (prefix.parse().ok(), interface),
                _ => continue,
            };
            let Some(set) = set else {
                self.config.trouble.line(line.number, "bad-value", "addresses for administration are not understood");
                continue;
            };
            let mut rule = Rule::new(Action::Permit, line.number);
            rule.id = self.unique(words.join(" "));
            rule.text = excerpt([line.text.as_str()]);
            rule.seq = u32::try_from(rules.len() + 1).unwrap_or(u32::MAX);
            rule.in_ifs = Names::of(vec![(*interface).to_owned()]);
            rule.src = Addrs::exactly(set);
            rule.services = Services::exactly(vec![Service::to(
                proto::TCP,
                Intervals::one(match words[0] {
                    "telnet" => 23,
                    "ssh" => 22,
                    _ => 443,
                }),
            )]);
            rules.push(rule);
        }
        if !rules.is_empty() {
            policy.paths.push(Path::through(Hook::Input, vec!["management".into()]));
            policy.chains.push(Chain { name: "management".into(), rules, default: DefaultAction::go_back() });
        }
    }

    fn unique(&mut self, id: String) -> String {
        let seen = self.ids.entry(id.clone()).or_insert(0);
        *seen += 1;
        if *seen > 1 { format!("{id} #{seen}") } else { id }
    }

    fn rule(&mut self, list: &str, line: &Line) -> Rule {
        let mut rule = Rule::new(Action::Deny, line.number);
        rule.name = self.config.remarks.get(&line.number).cloned();
        rule.text = excerpt([line.text.as_str()]);
        let mut kept: Vec<&str> = Vec::new();
        for word in &line.words {
            if let Some(count) = word.strip_prefix("(hitcnt=") {
                rule.hits = count.trim_end_matches(')').parse().ok();
                break;
            }
            kept.push(word);
        }
        rule.id = self.unique(format!("{list} {}", kept.join(" ")));
        let kept: Vec<String> = kept.into_iter().map(str::to_owned).collect();
        let mut words = Words { words: &kept, line: line.number };
        let kind = match words.peek() {
            Some(kind @ ("extended" | "standard" | "advanced")) => {
                words.next();
                kind
            }
            _ => "extended",
        };
        match words.next() {
            Some("permit" | "trust") => rule.action = Action::Permit,
            Some("deny") => rule.action = Action::Deny,
            other => {
                let what = format!("action `{}`", clip(other.unwrap_or("")));
                self.config.trouble.line(line.number, "unknown-action", what.clone());
                rule.action = Action::Permit;
                rule.add_unknown(what, line.number);
            }
        }
        if kind == "standard" {
            rule.src = self
                .addresses(&mut words)
                .unwrap_or_else(|| self.bad_address(&mut Words { words: &[], line: line.number }));
        } else {
            self.extended(&mut words, &mut rule);
        }
        for doubt in std::mem::take(&mut self.doubts) {
            rule.add_unknown(doubt, line.number);
        }
        self.options(&mut words, &mut rule);
        if rule.log == Log::Unknown {
            // A denied packet is logged (106023) and a permitted connection is (302013, 302015), by default.
            rule.log = match rule.action {
                Action::Deny if self.config.no_106023 => Log::No,
                _ if self.config.logging => Log::Yes,
                _ => Log::No,
            };
        }
        rule
    }

    fn bad_address(&mut self, words: &mut Words<'_>) -> Addrs {
        let what = words.peek().unwrap_or("nothing").to_owned();
        self.config.trouble.line(words.line, "bad-value", format!("an address was expected, not `{}`", clip(&what)));
        Addrs::unknown(what, AddrSet::full())
    }

    fn extended(&mut self, words: &mut Words<'_>, rule: &mut Rule) {
        let protocol = self.protocol(words);
        identity(words, rule);
        rule.in_ifs = interface_condition(words);
        rule.src = self.addresses(words).unwrap_or_else(|| self.bad_address(words));
        let ported = protocol.lower.iter().chain(&protocol.maybe).all(|service| !service.proto.0.contains(proto::ICMP));
        let sport = if ported { self.ports(words, &protocol) } else { None };
        identity(words, rule);
        rule.out_ifs = interface_condition(words);
        rule.dst = self.addresses(words).unwrap_or_else(|| self.bad_address(words));
        let mut services = protocol;
        if let Some(sport) = sport {
            narrow(&mut services, &sport, true);
        }
        let only = |number: u8| {
            services.lower.iter().all(|service| service.proto.0 == Intervals::one(number)) && !services.lower.is_empty()
        };
        if only(proto::ICMP) || only(proto::ICMP6) {
            let number = if only(proto::ICMP) { proto::ICMP } else { proto::ICMP6 };
            if let Some(types) = self.icmp(words, number) {
                services = types;
            }
        } else if let Some(dport) = self.ports(words, &services) {
            narrow(&mut services, &dport, false);
        }
        rule.services = services;
    }

    /// A protocol, or an object or group of services or protocols.
    fn protocol(&mut self, words: &mut Words<'_>) -> Services {
        let line = words.line;
        match words.next() {
            Some("ip") => Services::any(),
            Some("object") => {
                let name = words.next().unwrap_or_default().to_owned();
                let mut services = self.service_object(&name, line);
                services.names = vec![name];
                services
            }
            Some("object-group") => {
                let name = words.next().unwrap_or_default().to_owned();
                let mut services = self.service_group(&name, line);
                services.names = vec![name];
                services
            }
            Some("tcp-udp") => both_tcp_udp(),
            Some(word) => match proto_number(word) {
                Some(number) => Services::exactly(vec![Service::proto(number)]),
                None => {
                    self.config.trouble.line(line, "bad-value", format!("protocol `{}`", clip(word)));
                    Services::unknown(word)
                }
            },
            None => {
                self.config.trouble.line(line, "bad-value", "the rule has no protocol");
                Services::unknown("no protocol")
            }
        }
    }

    fn addresses(&mut self, words: &mut Words<'_>) -> Option<Addrs> {
        let line = words.line;
        let known = match words.peek()? {
            "any" => Addrs::exactly(AddrSet::full()),
            "any4" => Addrs::exactly(AddrSet::full_v4()),
            "any6" => Addrs::exactly(AddrSet::full_v6()),
            "host" => {
                words.next();
                let name = words.next()?;
                return Some(match self.host(name) {
                    Some(address) => Addrs::exactly(AddrSet::host(address)),
                    None => {
                        self.config.trouble.line(line, "undefined", format!("host `{}` is not defined", clip(name)));
                        Addrs::unknown(name, AddrSet::full())
                    }
                });
            }
            "interface" => {
                words.next();
                let name = words.next()?.to_owned();
                return Some(Addrs::unknown(format!("interface {name}"), AddrSet::full()));
            }
            word @ ("object" | "object-group" | "object-group-network-service") => {
                words.next();
                let name = words.next()?.to_owned();
                let mut addrs =
                    if word == "object" { self.network_object(&name, line) } else { self.network_group(&name, line) };
                addrs.names = vec![name];
                return Some(addrs);
            }
            word if word.contains('/') => Addrs::exactly(word.parse().ok()?),
            word => {
                let address = self.host(word)?;
                words.next();
                let IpAddr::V4(address) = address else { return Some(Addrs::exactly(AddrSet::host(address))) };
                let mask = words.peek().and_then(|mask| mask.parse().ok());
                let Some(mask) = mask else { return Some(Addrs::exactly(AddrSet::host(address.into()))) };
                words.next();
                return Some(match AddrSet::masked_v4(address, mask) {
                    Some(set) => Addrs::exactly(set),
                    None => Addrs::unknown(format!("{address} {mask}"), AddrSet::full_v4()),
                });
            }
        };
        words.next();
        Some(known)
    }

    fn host(&self, name: &str) -> Option<IpAddr> {
        name.parse().ok().or_else(|| self.config.names.get(name).copied())
    }

    fn network_object(&mut self, name: &str, line: u32) -> Addrs {
        if let Some(known) = self.networks.get(name) {
            return known.clone();
        }
        let Some(lines) = self.config.objects.get(name).cloned() else {
            self.config.trouble.line(line, "undefined", format!("object `{}` is not defined", clip(name)));
            return Addrs::unknown(format!("undefined {name}"), AddrSet::full());
        };
        let mut addrs = Addrs::none();
        for line in lines {
            let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
            let set = match words.as_slice() {
                ["host", host] => self.host(host).map(AddrSet::host),
                ["subnet", prefix] => prefix.parse().ok(),
                ["subnet", address, mask] => match (self.host(address), mask.parse()) {
                    (Some(IpAddr::V4(address)), Ok(mask)) => AddrSet::masked_v4(address, mask),
                    _ => None,
                },
                ["range", low, high] => {
                    self.host(low).zip(self.host(high)).map(|(low, high)| AddrSet::range(low, high))
                }
                ["fqdn", ..] => {
                    addrs.add(&Addrs::unknown(format!("host name {}", words[words.len() - 1]), AddrSet::full()));
                    continue;
                }
                _ => None,
            };
            match set {
                Some(set) => addrs.add(&Addrs::exactly(set)),
                None => {
                    self.config.trouble.line(
                        line.number,
                        "bad-value",
                        format!("`{}` in object {}", clip(&line.text), clip(name)),
                    );
                    addrs.add(&Addrs::unknown(format!("object {name}"), AddrSet::full()));
                }
            }
        }
        self.networks.insert(name.to_owned(), addrs.clone());
        addrs
    }

    fn network_group(&mut self, name: &str, line: u32) -> Addrs {
        let key = format!("group {name}");
        if let Some(known) = self.networks.get(&key) {
            return known.clone();
        }
        let Some(group) = self.config.groups.get(name) else {
            self.config.trouble.line(line, "undefined", format!("group `{}` is not defined", clip(name)));
            return Addrs::unknown(format!("undefined {name}"), AddrSet::full());
        };
        if group.kind != "network" {
            let what = format!("{} group {name}", group.kind);
            return Addrs::unknown(what, AddrSet::full());
        }
        match self.nesting.enter(name) {
            Enter::Go => {}
            Enter::Cycle => {
                self.config.trouble.line(group.line, "cyclic-group", format!("group `{}` holds itself", clip(name)));
                return Addrs::none();
            }
            Enter::TooMuch => {
                let text = format!("group `{}` is nested too deep", clip(name));
                self.config.trouble.line(group.line, "too-deep", text);
                return Addrs::unknown(format!("group {name}"), AddrSet::full());
            }
        }
        let mut addrs = Addrs::none();
        for member in group.members.clone() {
            let one = match member.words.first().map(String::as_str) {
                Some("group-object") => {
                    let inner = member.words.get(1).cloned().unwrap_or_default();
                    Some(self.network_group(&inner, member.number))
                }
                _ => self.addresses(&mut Words { words: &member.words[1..], line: member.number }),
            };
            match one {
                Some(one) => addrs.add(&one),
                None => {
                    self.config.trouble.line(
                        member.number,
                        "bad-value",
                        format!("`{}` in group {}", clip(&member.text), clip(name)),
                    );
                    addrs.add(&Addrs::unknown(format!("group {name}"), AddrSet::full()));
                }
            }
        }
        if self.nesting.leave() {
            self.networks.insert(key, addrs.clone());
        }
        addrs
    }

    fn service_object(&mut self, name: &str, line: u32) -> Services {
        let Some(lines) = self.config.objects.get(name).cloned() else {
            // Objects that the platform has by itself: protocols, and `icmp-echo` and the like.
            if let Some(number) = proto_number(name) {
                return Services::exactly(vec![Service::proto(number)]);
            }
            if let Some(kind) = name.strip_prefix("icmp-").and_then(icmp_type) {
                return Services::exactly(vec![Service::icmp(proto::ICMP, kind, None)]);
            }
            self.config.trouble.line(line, "undefined", format!("service object `{}` is not defined", clip(name)));
            return Services::unknown(format!("undefined {name}"));
        };
        let mut services = Services::default();
        for line in lines {
            services.add(&self.service(&line.words[1..], line.number));
        }
        services
    }

    /// `tcp source eq 1 destination range 2 3`, `tcp eq 80`, `icmp echo`, `ospf`
    fn service(&mut self, words: &[String], line: u32) -> Services {
        let mut words = Words { words, line };
        let mut services = self.protocol(&mut words);
        let icmp = services.lower.len() == 1
            && [proto::ICMP, proto::ICMP6].iter().any(|number| services.lower[0].proto.0 == Intervals::one(*number));
        if icmp {
            let number = services.lower[0].proto.0.first().unwrap_or(proto::ICMP);
            if let Some(types) = self.icmp(&mut words, number) {
                services = types;
            }
        }
        if words.peek() == Some("source") {
            words.next();
            if let Some(ports) = self.ports(&mut words, &services) {
                narrow(&mut services, &ports, true);
            }
        }
        if words.peek() == Some("destination") {
            words.next();
        }
        if let Some(ports) = self.ports(&mut words, &services) {
            narrow(&mut services, &ports, false);
        }
        if let Some(rest) = words.peek() {
            self.config.trouble.line(line, "unknown-option", format!("`{}` after a service", clip(rest)));
            services.maybe.append(&mut services.lower);
            services.unknown.push(rest.to_owned());
        }
        services
    }

    fn service_group(&mut self, name: &str, line: u32) -> Services {
        if let Some(known) = self.services.get(name) {
            return known.clone();
        }
        let Some(group) = self.config.groups.get(name) else {
            self.config.trouble.line(line, "undefined", format!("group `{}` is not defined", clip(name)));
            return Services::unknown(format!("undefined {name}"));
        };
        match self.nesting.enter(name) {
            Enter::Go => {}
            Enter::Cycle => {
                self.config.trouble.line(group.line, "cyclic-group", format!("group `{}` holds itself", clip(name)));
                return Services::default();
            }
            Enter::TooMuch => {
                let text = format!("group `{}` is nested too deep", clip(name));
                self.config.trouble.line(group.line, "too-deep", text);
                return Services::unknown(format!("group {name}"));
            }
        }
        let over = match group.ports_of.as_deref() {
            Some("tcp") => Services::exactly(vec![Service::proto(proto::TCP)]),
            Some("udp") => Services::exactly(vec![Service::proto(proto::UDP)]),
            _ => both_tcp_udp(),
        };
        let mut services = Services::default();
        for member in group.members.clone() {
            let rest = &member.words[1..];
            let one = match member.words[0].as_str() {
                "group-object" => {
                    let inner = rest.first().cloned().unwrap_or_default();
                    self.service_group(&inner, member.number)
                }
                "port-object" => {
                    let mut words = Words { words: rest, line: member.number };
                    let mut services = over.clone();
                    if let Some(ports) = self.ports(&mut words, &over) {
                        narrow(&mut services, &ports, false);
                    }
                    services
                }
                "icmp-object" => {
                    let mut words = Words { words: rest, line: member.number };
                    self.icmp(&mut words, proto::ICMP).unwrap_or_default()
                }
                "service-object" | "protocol-object" => self.service(rest, member.number),
                other => Services::unknown(format!("{other} {}", rest.join(" "))),
            };
            services.add(&one);
        }
        if self.nesting.leave() {
            self.services.insert(name.to_owned(), services.clone());
        }
        services
    }

    /// `eq 80`, `neq`, `lt`, `gt`, `range 1 2`, or a group of ports. Nothing is consumed where none stands.
    fn ports(&mut self, words: &mut Words<'_>, over: &Services) -> Option<Intervals<u16>> {
        let operator = words.peek()?;
        if operator == "object-group" {
            let name = words.words.get(1)?.clone();
            let group = self.config.groups.get(&name)?;
            if group.kind != "service" || over.is_any() {
                return None;
            }
            words.next();
            words.next();
            let services = self.service_group(&name, words.line);
            if !services.unknown.is_empty() {
                self.doubts.push(services.unknown.join(", "));
                return Some(Intervals::full());
            }
            let ports = services.lower.iter().fold(Intervals::empty(), |all, service| all.union(&service.dport.0));
            return Some(ports);
        }
        if !matches!(operator, "eq" | "neq" | "lt" | "gt" | "range") {
            return None;
        }
        words.next();
        let mut port = || {
            let word = words.next()?;
            word.parse().ok().or_else(|| ports::number(word))
        };
        let first = port();
        let set = match (operator, first) {
            ("eq", Some(n)) => Some(Intervals::one(n)),
            ("neq", Some(n)) => Some(Intervals::one(n).complement()),
            ("lt", Some(n)) => Some(n.checked_sub(1).map_or_else(Intervals::empty, |n| Intervals::range(0, n))),
            ("gt", Some(n)) => Some(n.checked_add(1).map_or_else(Intervals::empty, |n| Intervals::range(n, u16::MAX))),
            ("range", Some(low)) => port().map(|high| Intervals::range(low.min(high), low.max(high))),
            _ => None,
        };
        if set.is_none() {
            let text = format!("a port was expected after `{operator}`");
            self.config.trouble.line(words.line, "bad-value", text.as_str());
            self.doubts.push(text);
        }
        Some(set.unwrap_or_else(Intervals::full))
    }

    /// `echo`, `3 1`, or a group of ICMP types. Nothing is consumed where none stands.
    fn icmp(&mut self, words: &mut Words<'_>, number: u8) -> Option<Services> {
        let word = words.peek()?;
        if word == "object-group" {
            let name = words.words.get(1)?.clone();
            words.next();
            words.next();
            return Some(self.service_group(&name, words.line));
        }
        let kind = icmp_type(word).or_else(|| word.parse().ok())?;
        words.next();
        let code = words.peek().and_then(|word| word.parse().ok());
        if code.is_some() {
            words.next();
        }
        Some(Services::exactly(vec![Service::icmp(number, kind, code)]))
    }

    /// What stands behind the match: logging, time, `inactive`.
    fn options(&mut self, words: &mut Words<'_>, rule: &mut Rule) {
        while let Some(word) = words.next() {
            match word {
                "log" => {
                    rule.log = Log::Yes;
                    if words.peek() == Some("disable") {
                        rule.log = Log::No;
                    }
                    while let Some(next) = words.peek() {
                        const LEVELS: &[&str] = &[
                            "disable",
                            "default",
                            "emergencies",
                            "alerts",
                            "critical",
                            "errors",
                            "warnings",
                            "notifications",
                            "informational",
                            "debugging",
                            "interval",
                        ];
                        if LEVELS.contains(&next) || next.parse::<u32>().is_ok() {
                            words.next();
                        } else {
                            break;
                        }
                    }
                }
                "event-log" => {
                    words.next();
                    rule.log = Log::Yes;
                }
                "rule-id" => {
                    let id = words.next().unwrap_or_default();
                    if rule.action == Action::Permit && self.config.deep_rules.contains(id) {
                        rule.add_unknown("deep inspection decides (L7 rule)", words.line);
                    }
                }
                "inactive" => rule.enabled = false,
                "time-range" => {
                    let name = words.next().unwrap_or_default().to_owned();
                    let ends = self.config.time_ends.get(&name).copied().flatten();
                    rule.schedule = Some(Schedule { name, ends, never: false });
                }
                _ if word.starts_with("0x") => {}
                other => {
                    let text = std::iter::once(other)
                        .chain(words.words.iter().map(String::as_str))
                        .collect::<Vec<_>>()
                        .join(" ");
                    self.config.trouble.line(
                        words.line,
                        "unknown-option",
                        format!("`{}` at the end of a rule", clip(&text)),
                    );
                    rule.add_unknown(other, words.line);
                }
            }
        }
    }

    /// Interfaces with their roles: level 0 and the default route are external, level 100 is internal, levels between
    /// are DMZ; a name that speaks for itself goes first.
    fn interfaces(&mut self) -> Vec<Interface> {
        let mut found: BTreeMap<String, Interface> = BTreeMap::new();
        for interface in &self.config.interfaces {
            let Some(name) = interface.nameif.clone() else { continue };
            let level = interface.level.unwrap_or(if name == "inside" { 100 } else { 0 });
            let (role, role_why) = match (zones::role_by_name(&name), interface.management, level) {
                (_, true, _) => (Role::Mgmt, "`management-only`".to_owned()),
                (Some(named), ..) => named,
                (None, _, 0) => (Role::External, "security level 0".to_owned()),
                (None, _, 100) => (Role::Internal, "security level 100".to_owned()),
                (None, _, level) => (Role::Dmz, format!("security level {level}")),
            };
            let networks = interface.networks.clone();
            found.insert(
                name.clone(),
                Interface { name, role, role_why, networks, line: interface.line_from, ..Interface::default() },
            );
        }
        for applied in &self.config.applied {
            if applied.interface.is_empty() || found.contains_key(&applied.interface) {
                continue;
            }
            let name = applied.interface.clone();
            let (role, role_why) =
                zones::role_by_name(&name).unwrap_or((Role::Unknown, "the file does not define it".into()));
            found.insert(name.clone(), Interface { name, role, role_why, ..Interface::default() });
        }
        for line in &self.config.management {
            let Some(name) = line.words.last().filter(|name| !found.contains_key(*name)).cloned() else { continue };
            let (role, role_why) =
                zones::role_by_name(&name).unwrap_or((Role::Unknown, "the file does not define it".into()));
            found.insert(name.clone(), Interface { name, role, role_why, ..Interface::default() });
        }
        for line in &self.config.routes {
            let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
            let (name, set) = match words.as_slice() {
                ["route", name, "0", "0", ..] => (name, Some(AddrSet::full_v4())),
                ["route", name, address, mask, ..] => {
                    let address = match self.config.names.get(*address) {
                        Some(IpAddr::V4(address)) => Some(*address),
                        _ => address.parse().ok(),
                    };
                    (name, address.zip(mask.parse().ok()).and_then(|(a, m)| AddrSet::masked_v4(a, m)))
                }
                ["ipv6", "route", name, prefix, ..] => (name, prefix.parse().ok()),
                _ => continue,
            };
            let (Some(interface), Some(set)) = (found.get_mut(*name), set) else { continue };
            if !set.is_any() {
                interface.networks = interface.networks.union(&set);
            } else if interface.role == Role::Unknown {
                interface.role = Role::External;
                interface.role_why = format!("the default route leads here (line {})", line.number);
            }
        }
        found.into_values().collect()
    }
}

/// Users and security groups narrow a rule in ways that only the running device can evaluate.
fn identity(words: &mut Words<'_>, rule: &mut Rule) {
    loop {
        let taken = match words.peek() {
            Some("user" | "user-group" | "object-group-user" | "object-group-security") => 2,
            Some("security-group") => 3,
            _ => return,
        };
        let text: Vec<&str> = (0..taken).map_while(|_| words.next()).collect();
        rule.add_unknown(text.join(" "), words.line);
    }
}

/// `ifc NAME` of FTD's rules.
fn interface_condition(words: &mut Words<'_>) -> Names {
    if words.peek() != Some("ifc") {
        return Names::any();
    }
    words.next();
    words.next().map_or_else(Names::any, |name| Names::of(vec![name.to_owned()]))
}

fn both_tcp_udp() -> Services {
    let service = Service {
        proto: Protos(Intervals::of([(proto::TCP, proto::TCP), (proto::UDP, proto::UDP)])),
        ..Service::any()
    };
    Services::exactly(vec![service])
}

fn narrow(services: &mut Services, ports: &Intervals<u16>, source: bool) {
    for service in services.lower.iter_mut().chain(&mut services.maybe) {
        let side = if source { &mut service.sport } else { &mut service.dport };
        side.0 = side.0.intersect(ports);
    }
    services.lower.retain(|service| !service.is_empty());
    services.maybe.retain(|service| !service.is_empty());
}

/// ICMP types by the names of the ASA command reference, for both protocols where they do not collide.
fn icmp_type(name: &str) -> Option<u8> {
    const NAMES: &[(&str, u8)] = &[
        ("echo-reply", 0),
        ("unreachable", 3),
        ("source-quench", 4),
        ("redirect", 5),
        ("alternate-address", 6),
        ("echo", 8),
        ("router-advertisement", 9),
        ("router-solicitation", 10),
        ("time-exceeded", 11),
        ("parameter-problem", 12),
        ("timestamp-request", 13),
        ("timestamp-reply", 14),
        ("information-request", 15),
        ("information-reply", 16),
        ("address-mask-request", 17),
        ("mask-request", 17),
        ("address-mask-reply", 18),
        ("mask-reply", 18),
        ("traceroute", 30),
        ("conversion-error", 31),
        ("mobile-redirect", 32),
        ("packet-too-big", 2),
        ("echo-request", 128),
        ("membership-query", 130),
        ("membership-report", 131),
        ("membership-reduction", 132),
        ("neighbor-solicitation", 135),
        ("neighbor-advertisement", 136),
        ("neighbor-redirect", 137),
        ("router-renumbering", 138),
    ];
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}
