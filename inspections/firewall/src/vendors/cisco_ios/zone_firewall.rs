//! The zone firewall of IOS: classes of a pair's policy as lists.
//!
//! A class is a list of alternatives, each of which asks for services and for every one of some access lists. An
//! alternative without access lists is one rule. With access lists it is a jump into a copy of the first, whose permits
//! go on to a copy of the next; the last one's permits do what the class does. What an access list denies is not of the
//! class and goes on to the next class.

use super::config::{Config, Family, Line, PolicyClass, ZonePair, clip};
use super::lists::port;
use crate::interval::Intervals;
use crate::net::{Service, proto};
use crate::policy::{Action, Chain, DefaultAction, Log, Rule, Services, Unknown};
use crate::vendors::{Enter, Nesting, excerpt};

/// Alternatives that one class may have.
const ALTERNATIVES_MAX: usize = 1_024;

/// One way to be of a class.
#[derive(Clone, Debug)]
struct Alternative {
    services: Services,
    lists: Vec<String>,
    unknown: Vec<Unknown>,
}

impl Alternative {
    fn all() -> Self {
        Self { services: Services::any(), lists: Vec::new(), unknown: Vec::new() }
    }

    fn both(&self, other: &Self) -> Self {
        let cross = |a: &[Service], b: &[Service]| -> Vec<Service> {
            a.iter().flat_map(|a| b.iter().map(|b| a.intersect(b))).filter(|both| !both.is_empty()).collect()
        };
        let upper =
            |services: &Services| -> Vec<Service> { services.lower.iter().chain(&services.maybe).cloned().collect() };
        let mut services = Services::exactly(cross(&self.services.lower, &other.services.lower));
        if !self.services.maybe.is_empty() || !other.services.maybe.is_empty() {
            services.maybe = cross(&upper(&self.services), &upper(&other.services));
        }
        services.names = self.services.names.iter().chain(&other.services.names).cloned().collect();
        services.unknown = self.services.unknown.iter().chain(&other.services.unknown).cloned().collect();
        Self {
            services,
            lists: self.lists.iter().chain(&other.lists).cloned().collect(),
            unknown: self.unknown.iter().chain(&other.unknown).cloned().collect(),
        }
    }
}

/// The list of a pair of zones, and the lists that it asks. The pair's own list is the first.
pub(super) fn chains(pair: &ZonePair, family: Family, lists: &[Chain], config: &mut Config) -> Vec<Chain> {
    let name = format!("zone-pair {}", pair.name);
    let mut own = Chain { name: name.clone(), rules: Vec::new(), default: DefaultAction::implicit_deny(Log::No) };
    let mut others = Vec::new();
    let classes = match pair.policy.as_ref().map(|policy| (policy, config.policy_maps.get(policy).cloned())) {
        Some((_, Some(classes))) => classes,
        Some((policy, None)) => {
            config.trouble.line(pair.line, "undefined", format!("policy `{}` is not defined", clip(policy)));
            let mut rule = Rule::new(Action::Permit, pair.line);
            rule.id = format!("{name} undefined {policy}");
            rule.text = excerpt([pair.text.as_str()]);
            rule.add_unknown(format!("undefined policy {policy}"), pair.line);
            own.rules.push(rule);
            Vec::new()
        }
        // A pair without a policy drops everything.
        None => Vec::new(),
    };
    for class in &classes {
        let outcome = Outcome::of(class, config);
        if class.name == "class-default" {
            own.default = DefaultAction {
                action: outcome.action.clone(),
                explicit: true,
                log: outcome.log,
                line: class.line,
                text: excerpt([class.text.as_str()]),
            };
            if outcome.action == Action::Permit {
                own.default = DefaultAction::implicit_deny(Log::No);
                own.rules.push(outcome.rule(&format!("{name} class-default"), class));
            }
            continue;
        }
        let mut nesting = Nesting::default();
        for (number, alternative) in (1..).zip(alternatives(&class.name, class.line, &mut nesting, config)) {
            let label = format!("{name} class {} {number}", class.name);
            let (rule, steps) = alternative_rules(&label, &alternative, &outcome, class, family, lists, config);
            own.rules.push(rule);
            others.extend(steps);
        }
    }
    (1..).zip(&mut own.rules).for_each(|(seq, rule)| rule.seq = seq);
    let mut all = vec![own];
    all.extend(others);
    all
}

/// What is done to packets of a class.
struct Outcome {
    action: Action,
    log: Log,
    unknown: Vec<Unknown>,
}

impl Outcome {
    fn of(class: &PolicyClass, config: &mut Config) -> Self {
        let mut outcome = Self { action: Action::Deny, log: Log::No, unknown: Vec::new() };
        for line in &class.actions {
            match line.words().as_slice() {
                ["inspect" | "pass", rest @ ..] => {
                    outcome.action = Action::Permit;
                    outcome.log = if rest.contains(&"log") { Log::Yes } else { Log::No };
                }
                ["drop", rest @ ..] => {
                    outcome.action = Action::Deny;
                    outcome.log = if rest.contains(&"log") { Log::Yes } else { Log::No };
                }
                ["service-policy", rest @ ..] => {
                    let text = format!("inspection of the application: {}", rest.join(" "));
                    outcome.unknown.push(Unknown { text: clip(&text), line: line.number });
                }
                ["police" | "urlfilter" | "exit", ..] => {}
                _ => {
                    let text = format!("`{}` in a class", clip(&line.text));
                    config.trouble.line(line.number, "unknown-option", text);
                    outcome.unknown.push(Unknown { text: clip(&line.text), line: line.number });
                }
            }
        }
        outcome
    }

    fn rule(&self, id: &str, class: &PolicyClass) -> Rule {
        let mut rule = Rule::new(self.action.clone(), class.line);
        id.clone_into(&mut rule.id);
        rule.text = excerpt(std::iter::once(class.text.as_str()).chain(class.actions.iter().map(|a| a.text.as_str())));
        rule.line_to = class.actions.last().map_or(class.line, |last| last.number.max(class.line));
        rule.log = self.log;
        rule.unknown.clone_from(&self.unknown);
        rule
    }
}

/// The rule of one alternative in the pair's list, and the lists behind it.
fn alternative_rules(
    label: &str,
    alternative: &Alternative,
    outcome: &Outcome,
    class: &PolicyClass,
    family: Family,
    lists: &[Chain],
    config: &mut Config,
) -> (Rule, Vec<Chain>) {
    let mut rule = outcome.rule(label, class);
    rule.services = alternative.services.clone();
    rule.unknown.extend(alternative.unknown.iter().cloned());
    let mut steps: Vec<Chain> = Vec::new();
    let mut known: Vec<(&String, &Chain)> = Vec::new();
    for list in &alternative.lists {
        if let Some(chain) = lists.iter().find(|chain| chain.name == *list) {
            known.push((list, chain));
        } else if config.list(if family == Family::V4 { Family::V6 } else { Family::V4 }, list).is_some() {
            // A list of the other family: nothing of this one is of the class.
            rule.services = Services::default();
        } else {
            config.trouble.line(class.line, "undefined", format!("list `{}` is not defined", clip(list)));
            rule.add_unknown(format!("undefined list {list}"), class.line);
        }
    }
    let cost = known.iter().map(|(_, chain)| chain.rules.len() + 1).sum();
    match config.copies.checked_sub(cost) {
        Some(left) => config.copies = left,
        None => {
            let text = format!("class `{}` asks too many rules", clip(&class.name));
            config.trouble.line(class.line, "too-deep", text);
            rule.add_unknown("lists of the class", class.line);
            return (rule, steps);
        }
    }
    let step = |index: usize| format!("{label} {}", known[index].0);
    for (index, (_, chain)) in known.iter().enumerate() {
        let last = index + 1 == known.len();
        let mut copy = (*chain).clone();
        copy.name = step(index);
        copy.default = DefaultAction::go_back();
        for own in &mut copy.rules {
            own.id = format!("{label} {}", own.id);
            own.action = match (&own.action, last) {
                (Action::Permit, true) => outcome.action.clone(),
                (Action::Permit, false) => Action::Goto(step(index + 1)),
                _ => Action::Return,
            };
            if own.action != Action::Return && last {
                own.log = outcome.log;
                own.unknown.extend(rule.unknown.iter().cloned());
            }
        }
        steps.push(copy);
    }
    if !known.is_empty() {
        rule.action = Action::Jump(step(0));
        rule.unknown.clear();
    }
    (rule, steps)
}

/// Alternatives of a class map.
fn alternatives(name: &str, line: u32, nesting: &mut Nesting, config: &mut Config) -> Vec<Alternative> {
    let unknown = |text: String| {
        let unknown = vec![Unknown { text, line }];
        vec![Alternative { unknown, ..Alternative::all() }]
    };
    let Some(map) = config.class_maps.get(name).cloned() else {
        config.trouble.line(line, "undefined", format!("class `{}` is not defined", clip(name)));
        return unknown(format!("undefined class {name}"));
    };
    match nesting.enter(name) {
        Enter::Go => {}
        Enter::Cycle => {
            config.trouble.line(line, "cyclic-group", format!("class `{}` holds itself", clip(name)));
            return Vec::new();
        }
        Enter::TooMuch => {
            config.trouble.line(line, "too-deep", format!("class `{}` is nested too deep", clip(name)));
            return unknown(format!("class {name}"));
        }
    }
    let mut all: Vec<Alternative> = Vec::new();
    for (index, found) in map.matches.iter().enumerate() {
        let one = matched(found, nesting, config);
        if map.any || index == 0 {
            all.extend(one);
        } else {
            all = all.iter().flat_map(|all| one.iter().map(|one| all.both(one))).take(ALTERNATIVES_MAX + 1).collect();
        }
        if all.len() > ALTERNATIVES_MAX {
            config.trouble.line(line, "too-deep", format!("class `{}` has too many alternatives", clip(name)));
            all = unknown(format!("class {name}"));
            break;
        }
    }
    nesting.leave();
    all
}

/// One `match` of a class.
fn matched(line: &Line, nesting: &mut Nesting, config: &mut Config) -> Vec<Alternative> {
    match line.words().as_slice() {
        ["match", "access-group", "name", list] | ["match", "access-group", list] => {
            vec![Alternative { lists: vec![(*list).to_owned()], ..Alternative::all() }]
        }
        ["match", "protocol", name, rest @ ..] => {
            let mut alternative = Alternative { services: protocol(name), ..Alternative::all() };
            if !rest.is_empty() {
                let text = format!("protocol {name} {}", rest.join(" "));
                alternative.unknown.push(Unknown { text: clip(&text), line: line.number });
            }
            vec![alternative]
        }
        ["match", "class-map", name] => alternatives(name, line.number, nesting, config),
        ["match", "any"] => vec![Alternative::all()],
        _ => {
            let text = clip(&line.words[1..].join(" "));
            config.trouble.line(line.number, "unknown-option", format!("`{text}` as a match of a class"));
            vec![Alternative { unknown: vec![Unknown { text, line: line.number }], ..Alternative::all() }]
        }
    }
}

/// Protocols that the firewall inspects, at the ports that it knows them by.
fn protocol(name: &str) -> Services {
    let on = |number: u8, ports: &[u16]| Service::to(number, Intervals::of(ports.iter().map(|port| (*port, *port))));
    let (tcp, udp) = (proto::TCP, proto::UDP);
    let services = match name {
        "ip" => vec![Service::any()],
        "tcp" | "udp" => vec![Service::proto(if name == "tcp" { tcp } else { udp })],
        "icmp" => vec![Service::proto(proto::ICMP)],
        "icmpv6" => vec![Service::proto(proto::ICMP6)],
        "ftp" => vec![on(tcp, &[21])],
        "ftps" => vec![on(tcp, &[990])],
        "http" => vec![on(tcp, &[80])],
        "https" | "secure-http" => vec![on(tcp, &[443])],
        "dns" => vec![on(tcp, &[53]), on(udp, &[53])],
        "smtp" | "esmtp" | "extended" => vec![on(tcp, &[25])],
        "sip" => vec![on(tcp, &[5060]), on(udp, &[5060])],
        "sip-tls" => vec![on(tcp, &[5061])],
        "snmp" => vec![on(udp, &[161]), on(tcp, &[161])],
        "ntp" => vec![on(udp, &[123]), on(tcp, &[123])],
        "tftp" => vec![on(udp, &[69])],
        "syslog" => vec![on(udp, &[514])],
        "bootpc" | "bootps" => vec![on(udp, &[67, 68])],
        "kerberos" => vec![on(tcp, &[88]), on(udp, &[88])],
        "ldap" | "ldaps" => vec![on(tcp, &[if name == "ldap" { 389 } else { 636 }])],
        "radius" => vec![on(udp, &[1812, 1813, 1645, 1646])],
        "isakmp" => vec![on(udp, &[500])],
        "ipsec-msft" => vec![on(udp, &[4500])],
        "h323" => vec![on(tcp, &[1720])],
        "rtsp" => vec![on(tcp, &[554, 8554])],
        "mysql" => vec![on(tcp, &[3306])],
        "ms-sql" => vec![on(tcp, &[1433])],
        "ms-sql-m" => vec![on(udp, &[1434])],
        "netbios-ns" => vec![on(udp, &[137])],
        "netbios-dgm" => vec![on(udp, &[138])],
        "netbios-ssn" => vec![on(tcp, &[139])],
        "pop3" | "imap" | "pop3s" | "imap3" | "imaps" | "telnet" | "telnets" | "ssh" | "nntp" | "pptp" | "login"
        | "exec" | "shell" | "sqlnet" | "skinny" | "tacacs" | "finger" | "gopher" | "ident" | "irc" | "whois"
        | "time" | "echo" | "chargen" | "discard" | "daytime" | "who" | "rsh" => {
            let special = match name {
                "skinny" => Some(2000),
                "telnets" => Some(992),
                "imap3" => Some(220),
                "shell" => Some(514),
                other => port(other),
            };
            match special {
                Some(number) => vec![on(tcp, &[number])],
                None => return Services::unknown(format!("protocol {name}")),
            }
        }
        other => return Services::unknown(format!("protocol {other}")),
    };
    Services { names: vec![name.to_owned()], ..Services::exactly(services) }
}
