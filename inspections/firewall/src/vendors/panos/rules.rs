//! Security rules and translations.
//!
//! *Zones.* A rule of type `interzone` matches between different zones only, `intrazone` within each of its zones. Where
//! that is no product of two sets, the rule stands in a list of its own, which is asked once for each pair of zones.

use std::collections::BTreeSet;

use super::objects::{Objects, is_any};
use super::tree::{Id, Tree};
use crate::net::{AddrSet, Ports};
use crate::policy::{
    Action, Addrs, Chain, DefaultAction, Interface, Log, Names, Nat, Rule, Schedule, Services, Unknown,
};
use crate::vendors::{Trouble, excerpt};

/// What reads rules.
pub(super) struct Reader<'r, 't> {
    pub(super) tree: &'t Tree,
    pub(super) lines: &'r [&'r str],
    pub(super) objects: &'r mut Objects<'t>,
    pub(super) trouble: &'r mut Trouble,
    /// All zones that are defined or named.
    pub(super) zones: &'r BTreeSet<String>,
}

/// A rule and how its zones go together.
pub(super) struct Read {
    rule: Rule,
    /// Pairs of zones that it is asked for; `None` where the rule itself says it.
    pairs: Option<Vec<(Names, Names)>>,
}

/// Settings of a security rule that do not narrow what it matches.
const HARMLESS: &[&str] = &[
    "from",
    "to",
    "source",
    "destination",
    "service",
    "application",
    "action",
    "negate-source",
    "negate-destination",
    "log-start",
    "log-end",
    "log-setting",
    "disabled",
    "schedule",
    "rule-type",
    "tag",
    "group-tag",
    "description",
    "profile-setting",
    "option",
    "qos",
    "target",
    "icmp-unreachable",
    "uuid",
    "audit-comment",
    "disable-inspect",
    "disable-server-response-inspection",
    "loc",
];

/// Settings that narrow what it matches in ways that only the running device can evaluate, unless they say `any`.
const NARROWING: &[&str] = &[
    "source-user",
    "category",
    "source-hip",
    "destination-hip",
    "hip-profiles",
    "source-device",
    "destination-device",
    "saas-user-list",
    "saas-tenant-list",
    "source-imsi",
    "source-imei",
    "source-nw-slice",
];

impl Reader<'_, '_> {
    fn text(&self, id: Id) -> String {
        let numbers = self.tree.lines_of(id);
        excerpt(numbers.iter().filter_map(|number| self.lines.get((*number as usize).checked_sub(1)?)).copied())
    }

    fn names(&self, id: Id, key: &str) -> Names {
        let values = self.tree.values(id, key);
        if is_any(&values) {
            return Names::any();
        }
        Names::of(values.into_iter().map(|(name, _)| name.to_owned()).collect())
    }

    /// Addresses of a rule's setting, turned over where it says so.
    fn addrs(&mut self, id: Id, key: &str, negated: bool) -> Addrs {
        let values = self.tree.values(id, key);
        let mut addrs = self.objects.addrs(&values, self.trouble);
        if negated {
            if addrs.names.is_empty() && !is_any(&values) {
                addrs.names = values.iter().map(|(name, _)| (*name).to_owned()).collect();
            }
            addrs.negate(&AddrSet::full());
        }
        addrs
    }

    /// One security rule.
    pub(super) fn security(&mut self, id: Id, seq: usize) -> Read {
        let tree = self.tree;
        let line = tree.first(id);
        let action = match tree.value(id, "action") {
            Some("allow") => Action::Permit,
            Some("deny" | "drop" | "reset-client" | "reset-server" | "reset-both") | None => Action::Deny,
            Some(other) => {
                let text = format!("action `{}` is not known", clip(other));
                self.trouble.line(line, "unknown-option", text);
                Action::Deny
            }
        };
        let known = tree.value(id, "action").is_none_or(|action| ACTIONS.contains(&action));
        let mut rule = Rule::new(action, line);
        if !known {
            rule.add_unknown("an action that is not known", line);
        }
        rule.line_to = tree.last(id);
        tree.name(id).clone_into(&mut rule.id);
        rule.name = Some(rule.id.clone());
        rule.seq = u32::try_from(seq).unwrap_or(u32::MAX);
        rule.text = self.text(id);
        rule.enabled = !tree.is_yes(id, "disabled");
        rule.in_ifs = self.names(id, "from");
        rule.out_ifs = self.names(id, "to");
        rule.src = self.addrs(id, "source", tree.is_yes(id, "negate-source"));
        rule.dst = self.addrs(id, "destination", tree.is_yes(id, "negate-destination"));
        let (services, applications) = (tree.values(id, "service"), tree.values(id, "application"));
        rule.services = self.objects.services(&services, &applications, self.trouble);
        rule.log = log(tree, id, Log::Yes);
        rule.schedule = tree.value(id, "schedule").map(|name| self.schedule(name));
        self.narrow(&mut rule, id);
        let pairs = self.pairs(&mut rule, tree.value(id, "rule-type").unwrap_or("universal"));
        Read { rule, pairs }
    }

    fn schedule(&self, name: &str) -> Schedule {
        self.objects.schedule(name)
    }

    /// Settings that narrow the rule, known ones and others.
    fn narrow(&mut self, rule: &mut Rule, id: Id) {
        let tree = self.tree;
        for setting in tree.children(id) {
            let (key, line) = (tree.name(setting), tree.first(setting));
            if HARMLESS.contains(&key) {
                continue;
            }
            let values: Vec<(&str, u32)> =
                tree.children(setting).map(|value| (tree.name(value), tree.first(value))).collect();
            if NARROWING.contains(&key) {
                if !is_any(&values) && !values.iter().all(|(value, _)| *value == "none") {
                    let values = values.iter().map(|(value, _)| *value).collect::<Vec<_>>().join(" ");
                    rule.add_unknown(format!("{key} {}", clip(&values)), line);
                }
                continue;
            }
            rule.add_unknown(key, line);
            self.trouble.line(line, "unknown-option", format!("`{}` of a security rule is not known", clip(key)));
        }
        if let Some(target) = tree.child(id, "target") {
            let of_some = tree.child(target, "devices").is_some_and(|devices| !tree.is_leaf(devices));
            let tagged = tree.child(target, "tags").is_some_and(|tags| !tree.is_leaf(tags));
            if of_some || tagged {
                rule.add_unknown("target: only some of the firewalls have this rule", tree.first(target));
            }
        }
    }

    /// How the zones of a rule go together.
    fn pairs(&mut self, rule: &mut Rule, kind: &str) -> Option<Vec<(Names, Names)>> {
        let from: Vec<String> =
            if rule.in_ifs.is_any() { self.zones.iter().cloned().collect() } else { rule.in_ifs.names.clone() };
        match kind {
            "intrazone" => {
                if let ([only], false) = (from.as_slice(), rule.in_ifs.is_any()) {
                    rule.out_ifs = Names::of(vec![only.clone()]);
                    return None;
                }
                rule.out_ifs = rule.in_ifs.clone();
                Some(from.into_iter().map(|zone| (Names::of(vec![zone.clone()]), Names::of(vec![zone]))).collect())
            }
            "interzone" => {
                let to = rule.out_ifs.clone();
                let overlap = rule.in_ifs.is_any() || to.is_any() || from.iter().any(|zone| to.names.contains(zone));
                if !overlap {
                    return None;
                }
                let others = |zone: &String| {
                    if to.is_any() {
                        return Some(Names { names: vec![zone.clone()], negated: true });
                    }
                    let names: Vec<String> = to.names.iter().filter(|other| *other != zone).cloned().collect();
                    (!names.is_empty()).then(|| Names::of(names))
                };
                Some(from.iter().filter_map(|zone| Some((Names::of(vec![zone.clone()]), others(zone)?))).collect())
            }
            "universal" => None,
            other => {
                let text = format!("rule-type `{}` is not known", clip(other));
                self.trouble.line(rule.line_from, "unknown-option", text);
                rule.add_unknown(format!("rule-type {other}"), rule.line_from);
                None
            }
        }
    }

    /// One translation.
    pub(super) fn nat(&mut self, id: Id, interfaces: &[Interface]) -> Nat {
        let tree = self.tree;
        let line = tree.first(id);
        let mut nat = Nat::new(line);
        tree.name(id).clone_into(&mut nat.id);
        nat.line_to = tree.last(id);
        nat.text = self.text(id);
        nat.enabled = !tree.is_yes(id, "disabled");
        nat.in_ifs = self.names(id, "from");
        nat.out_ifs = self.names(id, "to");
        if let Some(interface) = tree.value(id, "to-interface").filter(|name| *name != "any") {
            nat.out_ifs = Names::of(vec![interface.to_owned()]);
        }
        nat.src = self.addrs(id, "source", false);
        nat.dst = self.addrs(id, "destination", false);
        nat.services = match tree.values(id, "service") {
            values if is_any(&values) => Services::any(),
            values => self.objects.services(&values, &[], self.trouble),
        };
        if let Some(source) = tree.child(id, "source-translation") {
            nat.to_src = self.translated_source(source, interfaces);
            nat.both_ways = tree.child(source, "static-ip").is_some_and(|fixed| tree.is_yes(fixed, "bi-directional"));
        }
        for key in ["destination-translation", "dynamic-destination-translation"] {
            let Some(destination) = tree.child(id, key) else { continue };
            let values = tree.values(destination, "translated-address");
            if let Some(last) = values.last() {
                nat.to_dst = Some(self.objects.addrs(&[*last], self.trouble));
            }
            match tree.value(destination, "translated-port").map(str::parse::<u16>) {
                Some(Ok(port)) => nat.to_port = Some(Ports(crate::interval::Intervals::one(port))),
                Some(Err(_)) => {
                    self.trouble.line(tree.first(destination), "bad-value", "a translated port is no number");
                }
                None => {}
            }
        }
        self.narrow_nat(&mut nat, id);
        nat
    }

    fn translated_source(&mut self, source: Id, interfaces: &[Interface]) -> Option<Addrs> {
        let tree = self.tree;
        let (kind, name) = tree.children(source).map(|kind| (kind, tree.name(kind))).next()?;
        if name == "none" {
            return None;
        }
        let values = tree.values(kind, "translated-address");
        if !values.is_empty() {
            return Some(self.objects.addrs(&values, self.trouble));
        }
        let Some(own) = tree.child(kind, "interface-address") else {
            return Some(Addrs::unknown("source translation", AddrSet::full()));
        };
        if let Some((address, _)) = tree.value(own, "ip").and_then(|address| self.objects.single(address)) {
            return Some(Addrs::exactly(AddrSet::host(address)));
        }
        let interface = tree.value(own, "interface").unwrap_or_default();
        let addresses = interfaces.iter().find(|one| one.name == interface).map(|one| one.addresses.clone());
        match addresses.filter(|set| !set.is_empty()) {
            Some(set) => Some(Addrs::exactly(set)),
            None => Some(Addrs::unknown(format!("address of {interface}"), AddrSet::full())),
        }
    }

    /// Settings that decide which packets are translated and that are not in the model.
    fn narrow_nat(&mut self, nat: &mut Nat, id: Id) {
        const KNOWN: &[&str] = &[
            "from",
            "to",
            "source",
            "destination",
            "service",
            "source-translation",
            "destination-translation",
            "dynamic-destination-translation",
            "disabled",
            "to-interface",
            "tag",
            "group-tag",
            "description",
            "uuid",
            "audit-comment",
            "loc",
            "nat-type",
            "target",
            "active-active-device-binding",
        ];
        let tree = self.tree;
        for setting in tree.children(id) {
            let (key, line) = (tree.name(setting), tree.first(setting));
            if !KNOWN.contains(&key) {
                nat.unknown.push(Unknown { text: clip(key), line });
                self.trouble.line(line, "unknown-option", format!("`{}` of a translation is not known", clip(key)));
            }
        }
        for (key, usual) in [("nat-type", "ipv4"), ("active-active-device-binding", "both")] {
            if let Some(value) = tree.value(id, key).filter(|value| *value != usual) {
                nat.unknown.push(Unknown { text: format!("{key} {}", clip(value)), line: nat.line_from });
            }
        }
        if let Some(target) = tree.child(id, "target").filter(|target| tree.child(*target, "devices").is_some()) {
            nat.unknown.push(Unknown { text: "target".into(), line: tree.first(target) });
        }
    }
}

const ACTIONS: &[&str] = &["allow", "deny", "drop", "reset-client", "reset-server", "reset-both"];

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Whether a rule logs; without a word, sessions are logged at their end (PAN-OS Administrator's Guide, "Log Types").
fn log(tree: &Tree, id: Id, unstated: Log) -> Log {
    match (tree.value(id, "log-start"), tree.value(id, "log-end")) {
        (Some("yes"), _) | (_, Some("yes")) => Log::Yes,
        (_, Some(_)) => Log::No,
        (_, None) => unstated,
    }
}

/// A list and the lists of those of its rules that are asked for pairs of zones.
pub(super) fn lists(name: &str, local: bool, rules: Vec<Read>) -> Vec<Chain> {
    let mut main = Chain { name: name.to_owned(), rules: Vec::new(), default: DefaultAction::go_back() };
    let mut others: Vec<Chain> = Vec::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    for Read { mut rule, pairs } in rules {
        // Rules of one name may stand in several lists.
        if !local {
            rule.id = format!("{name} {}", rule.id);
        }
        let Some(pairs) = pairs else {
            main.rules.push(rule);
            continue;
        };
        let plain = rule.name.clone().unwrap_or_default();
        let mut list = format!("{name}: {plain}");
        while !used.insert(list.clone()) {
            list.push('\'');
        }
        main.rules.extend(pairs.into_iter().map(|(from, to)| jump(&list, from, to, rule.line_from)));
        others.push(Chain { name: list, rules: vec![rule], default: DefaultAction::go_back() });
    }
    let mut all = vec![main];
    all.extend(others);
    all
}

fn jump(list: &str, from: Names, to: Names, line: u32) -> Rule {
    let mut rule = Rule::new(Action::Jump(list.to_owned()), line);
    rule.id = format!("{list} ({} → {})", from.describe(), to.describe());
    (rule.in_ifs, rule.out_ifs, rule.implicit) = (from, to, true);
    rule
}

/// Name of the list that permits what stays within a zone.
const WITHIN: &str = "intrazone-default";

impl Reader<'_, '_> {
    /// What happens to packets that no rule takes: within a zone they pass, between zones they do not, unless the file
    /// says otherwise. Added to the last list.
    pub(super) fn defaults(&mut self, tables: &[Id], chains: &mut Vec<Chain>, last: &str) {
        let tree = self.tree;
        let stated = |name: &str| tables.iter().find_map(|table| tree.child(*table, name));
        let mut within = Rule::new(Action::Permit, 0);
        WITHIN.clone_into(&mut within.id);
        (within.seq, within.implicit, within.log) = (1, true, Log::No);
        "intrazone-default (PAN-OS permits what stays within a zone)".clone_into(&mut within.text);
        if let Some(id) = stated("intrazone-default") {
            (within.line_from, within.line_to, within.text) = (tree.first(id), tree.last(id), self.text(id));
            within.log = log(tree, id, Log::No);
            if let Some(action) = tree.value(id, "action") {
                within.action = if action == "allow" { Action::Permit } else { Action::Deny };
                within.implicit = false;
            }
        }
        let mut between = DefaultAction::implicit_deny(Log::No);
        if let Some(id) = stated("interzone-default") {
            between.log = log(tree, id, Log::No);
            (between.line, between.text) = (tree.first(id), self.text(id));
            if let Some(action) = tree.value(id, "action") {
                between.action = if action == "allow" { Action::Permit } else { Action::Deny };
                between.explicit = true;
            }
        }
        let line = within.line_from;
        let jumps = self.zones.iter().map(|zone| {
            let zone = Names::of(vec![zone.clone()]);
            jump(WITHIN, zone.clone(), zone, line)
        });
        let jumps: Vec<Rule> = jumps.collect();
        if let Some(chain) = chains.iter_mut().find(|chain| chain.name == last) {
            chain.rules.extend(jumps);
            chain.default = between;
        }
        chains.push(Chain { name: WITHIN.to_owned(), rules: vec![within], default: DefaultAction::go_back() });
    }
}
