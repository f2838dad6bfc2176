//! Security policies of an SRX, zones, and what they let reach the device itself.

use std::collections::{BTreeMap, BTreeSet};

use super::names;
use super::objects::{self, Applications, Books, Union};
use super::tree::{Id, Tree};
use super::{Source, clip, proof};
use crate::net::AddrSet;
use crate::policy::{Action, Addrs, Chain, DefaultAction, Log, Names, Rule, Services};
use crate::vendors::{Trouble, excerpt};

/// List of policies between zones, then those for all zones.
pub(super) const POLICIES: &str = "security policies";
/// Policies from a zone to the device itself.
pub(super) const TO_HOST: &str = "security policies to-zone junos-host";
/// Policies from the device itself to a zone.
pub(super) const FROM_HOST: &str = "security policies from-zone junos-host";
/// What zones let reach the device itself.
pub(super) const HOST_INBOUND: &str = "implicit host-inbound-traffic";

/// The zone that stands for the device itself.
const HOST: &str = "junos-host";

/// Members of zones, with unit numbers.
pub(super) fn zones(tree: &Tree, security: Id, all_interfaces: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut zones = BTreeMap::new();
    for zone in tree.find(security, &["zones", "security-zone"]).into_iter().flat_map(|id| tree.kids(id)) {
        let mut members = Vec::new();
        for interface in tree.get(zone, "interfaces").into_iter().flat_map(|id| tree.kids(id)) {
            match tree.word(interface) {
                "all" | "any" => members.extend(all_interfaces.iter().cloned()),
                name => members.push(with_unit(name)),
            }
        }
        // A zone without an interface in this file is only a name.
        if !members.is_empty() {
            zones.insert(tree.word(zone).to_owned(), members);
        }
    }
    zones
}

/// A logical interface; without a number the unit is 0.
pub(super) fn with_unit(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{name}.0") }
}

/// Interfaces of `functional-zone management`.
pub(super) fn management(tree: &Tree, security: Option<Id>) -> BTreeSet<String> {
    let zone = security.and_then(|id| tree.find(id, &["zones", "functional-zone", "management", "interfaces"]));
    zone.into_iter().flat_map(|id| tree.words(id)).map(|name| with_unit(&name)).collect()
}

/// Reads policies.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) tree: &'a Tree,
    pub(super) system: Id,
    pub(super) books: Books,
    pub(super) applications: Applications,
    pub(super) trouble: &'a mut Trouble,
}

impl Reader<'_> {
    /// The lists of policies: between zones, to the device, from the device.
    pub(super) fn chains(&mut self, security: Id) -> Vec<Chain> {
        let tree = self.tree;
        let mut default = DefaultAction::implicit_deny(Log::No);
        let (mut between, mut to_host, mut from_host) = (Vec::new(), Vec::new(), Vec::new());
        let Some(policies) = tree.get(security, "policies") else {
            return vec![chain(POLICIES, Vec::new(), default)];
        };
        for key in tree.all(policies) {
            let off = tree.is_inactive(key);
            match tree.word(key) {
                "from-zone" => {
                    for (from, to, pair) in zone_pairs(tree, key) {
                        for policy in tree.get(pair, "policy").into_iter().flat_map(|id| tree.all(id)) {
                            let mut rule = self.policy(policy, std::slice::from_ref(&from), std::slice::from_ref(&to));
                            rule.id = format!("from-zone {from} to-zone {to} policy {}", tree.word(policy));
                            rule.enabled &= !off && !tree.is_inactive(pair);
                            if to == HOST {
                                rule.out_ifs = Names::any();
                                to_host.push(rule);
                            } else if from == HOST {
                                rule.in_ifs = Names::any();
                                from_host.push(rule);
                            } else {
                                between.push(rule);
                            }
                        }
                        self.check_keys(pair, &["policy", "description"], "a pair of zones");
                    }
                }
                "default-policy" if !off => {
                    if let Some(stated) = self.default_policy(key) {
                        default = stated;
                    }
                }
                // Read below, so that they come last.
                "global" | "default-policy" => {}
                "policy-rematch"
                | "policy-stats"
                | "traceoptions"
                | "unified-policy"
                | "unified-policy-explicit-match"
                | "pre-id-default-policy"
                | "stateful-failover"
                | "lookup-intrazone-junos-global" => {}
                _ => super::unknown(tree, key, "security policies", self.trouble),
            }
        }
        let global = tree.child(policies, "global");
        for policy in
            global.and_then(|id| tree.get(id, "policy")).into_iter().flat_map(|id| tree.all(id)).collect::<Vec<_>>()
        {
            let zones = |key: &str| {
                let named = tree.find(policy, &["match", key]).map(|id| tree.words(id)).unwrap_or_default();
                if named.iter().any(|zone| zone == "any") { Vec::new() } else { named }
            };
            let mut rule = self.policy(policy, &zones("from-zone"), &zones("to-zone"));
            rule.id = format!("global policy {}", tree.word(policy));
            rule.enabled &= !global.is_some_and(|id| tree.is_inactive(id));
            between.push(rule);
        }
        if let Some(global) = global {
            self.check_keys(global, &["policy", "description"], "global policies");
        }
        let mut chains = vec![chain(POLICIES, between, default)];
        // What no policy takes is decided by host-inbound-traffic alone.
        let open = DefaultAction { action: Action::Permit, ..DefaultAction::implicit_deny(Log::No) };
        for (name, rules) in [(TO_HOST, to_host), (FROM_HOST, from_host)] {
            if !rules.is_empty() {
                chains.push(chain(name, rules, open.clone()));
            }
        }
        chains
    }

    fn default_policy(&mut self, key: Id) -> Option<DefaultAction> {
        let tree = self.tree;
        let mut stated = None;
        for value in tree.kids(key) {
            let action = match tree.word(value) {
                "permit-all" => Action::Permit,
                "deny-all" | "reject-all" => Action::Deny,
                "log" => continue,
                _ => {
                    super::unknown(tree, value, "the default policy", self.trouble);
                    continue;
                }
            };
            let line = tree.line(value);
            let log = if tree.get(key, "log").is_some() { Log::Yes } else { Log::No };
            let text = excerpt([self.source.line(line)]);
            stated = Some(DefaultAction { action, explicit: true, log, line, text });
        }
        stated
    }

    fn check_keys(&mut self, id: Id, known: &[&str], what: &str) {
        for key in self.tree.kids(id) {
            if !known.contains(&self.tree.word(key)) {
                super::unknown(self.tree, key, what, self.trouble);
            }
        }
    }

    fn policy(&mut self, id: Id, from: &[String], to: &[String]) -> Rule {
        let tree = self.tree;
        let mut rule = Rule::new(Action::Deny, tree.line(id));
        proof(&mut rule, self.source, &tree.lines(id));
        rule.name = Some(tree.word(id).to_owned());
        rule.enabled = !tree.is_inactive(id);
        rule.in_ifs = Names::of(from.to_vec());
        rule.out_ifs = Names::of(to.to_vec());
        rule.log = Log::No;
        let mut action = Vec::new();
        for key in tree.kids(id) {
            match tree.word(key) {
                "match" => self.matches(key, &mut rule, from, to),
                "then" => action.extend(self.then(key, &mut rule)),
                "scheduler-name" => {
                    if let Some(name) = tree.pick(key) {
                        rule.schedule = Some(objects::schedule(tree, self.system, tree.word(name)));
                    }
                }
                "description" | "report-skip" => {}
                _ => self.unknown_option(key, &mut rule, "a policy"),
            }
        }
        match tree.latest(&action).map(|id| tree.word(id)) {
            Some("permit") => rule.action = Action::Permit,
            Some(_) => {}
            None => rule.add_unknown("no action is stated", rule.line_from),
        }
        rule
    }

    fn unknown_option(&mut self, key: Id, rule: &mut Rule, what: &str) {
        super::unknown(self.tree, key, what, self.trouble);
        rule.add_unknown(super::text_of(self.tree, key), self.tree.line(key));
    }

    fn matches(&mut self, id: Id, rule: &mut Rule, from: &[String], to: &[String]) {
        let tree = self.tree;
        let mut negated = (false, false);
        for key in tree.kids(id) {
            match tree.word(key) {
                "source-address" => rule.src = self.addresses(key, from, &rule.src),
                "destination-address" => rule.dst = self.addresses(key, to, &rule.dst),
                "source-address-excluded" => negated.0 = true,
                "destination-address-excluded" => negated.1 = true,
                "application" => rule.services = self.services(key, &rule.services),
                // Read by who calls this.
                "from-zone" | "to-zone" => {}
                word @ ("dynamic-application" | "source-identity" | "url-category" | "source-end-user-profile") => {
                    let values = tree.words(key);
                    if !values.iter().all(|value| ["any", "none"].contains(&value.as_str())) {
                        rule.add_unknown(format!("{word} {}", values.join(" ")), tree.line(key));
                    }
                }
                "source-l3vpn-vrf-group" | "destination-l3vpn-vrf-group" | "sgt" | "source-sgt" => {
                    rule.add_unknown(super::text_of(tree, key), tree.line(key));
                }
                _ => self.unknown_option(key, rule, "the match of a policy"),
            }
        }
        if negated.0 {
            rule.src.negate(&AddrSet::full());
        }
        if negated.1 {
            rule.dst.negate(&AddrSet::full());
        }
    }

    /// `otherwise` where nothing that counts is named.
    fn addresses(&mut self, key: Id, zones: &[String], otherwise: &Addrs) -> Addrs {
        let names = self.tree.words(key);
        if names.is_empty() {
            return otherwise.clone();
        }
        let mut union = Union::default();
        for name in &names {
            union.add(&self.books.resolve(self.tree, zones, name));
        }
        Addrs { names, ..union.finish() }
    }

    fn services(&mut self, key: Id, otherwise: &Services) -> Services {
        let names = self.tree.words(key);
        if names.is_empty() {
            return otherwise.clone();
        }
        let mut all = Services::default();
        for name in &names {
            // With dynamic applications: the ports that those usually have.
            let one = match name.as_str() {
                "junos-defaults" => Services::unknown(name),
                _ => self.applications.resolve(self.tree, name),
            };
            all.add(&one);
        }
        Services { names, ..all }
    }

    /// Nodes that state an action; options are read on the way.
    fn then(&mut self, id: Id, rule: &mut Rule) -> Vec<Id> {
        let tree = self.tree;
        let mut actions = Vec::new();
        for key in tree.kids(id) {
            match tree.word(key) {
                "permit" => {
                    actions.push(key);
                    self.permit(key, rule);
                }
                "deny" | "reject" => actions.push(key),
                "log" => {
                    rule.log = Log::Yes;
                    for option in tree.kids(key) {
                        if !["session-init", "session-close", "at-create", "at-close"].contains(&tree.word(option)) {
                            super::unknown(tree, option, "the log of a policy", self.trouble);
                        }
                    }
                }
                "count" | "traffic-hits" => {}
                _ => self.unknown_option(key, rule, "the action of a policy"),
            }
        }
        actions
    }

    fn permit(&mut self, id: Id, rule: &mut Rule) {
        let tree = self.tree;
        for key in tree.kids(id) {
            match tree.word(key) {
                // Only after a user has logged in, or only where an address was (not) translated.
                "firewall-authentication" | "destination-address" => {
                    rule.add_unknown(format!("permit {}", super::text_of(tree, key)), tree.line(key));
                }
                "tunnel"
                | "application-services"
                | "services-offload"
                | "no-services-offload"
                | "tcp-options"
                | "source-nat"
                | "destination-nat"
                | "gprs-gtp-profile"
                | "gprs-sctp-profile" => {}
                _ => self.unknown_option(key, rule, "the permission of a policy"),
            }
        }
    }

    /// What zones and their interfaces let reach the device.
    pub(super) fn host_inbound(
        &mut self,
        security: Id,
        zones: &BTreeMap<String, Vec<String>>,
        own: &AddrSet,
    ) -> Vec<Rule> {
        let tree = self.tree;
        let mut rules = Vec::new();
        let Some(root) = tree.get(security, "zones") else { return rules };
        for kind in tree.kids(root) {
            if !["security-zone", "functional-zone"].contains(&tree.word(kind)) {
                super::unknown(tree, kind, "zones", self.trouble);
                continue;
            }
            for zone in tree.kids(kind) {
                self.check_zone(zone);
                let name = tree.word(zone);
                let members = zones.get(name).cloned().unwrap_or_else(|| vec![name.to_owned()]);
                let mut without_own = members.clone();
                for interface in tree.get(zone, "interfaces").into_iter().flat_map(|id| tree.kids(id)) {
                    self.check_keys(interface, &["host-inbound-traffic"], "an interface of a zone");
                    let Some(inbound) = tree.get(interface, "host-inbound-traffic") else { continue };
                    // What an interface says stands in place of what its zone says.
                    let member = with_unit(tree.word(interface));
                    without_own.retain(|other| *other != member);
                    let owner = format!("{} {name} interfaces {}", tree.word(kind), tree.word(interface));
                    self.inbound(inbound, &owner, Names::of(vec![member]), own, &mut rules);
                }
                let Some(inbound) = tree.get(zone, "host-inbound-traffic") else { continue };
                if !without_own.is_empty() {
                    let names = if without_own == members && zones.contains_key(name) {
                        Names::of(vec![name.to_owned()])
                    } else {
                        Names::of(without_own)
                    };
                    self.inbound(inbound, &format!("{} {name}", tree.word(kind)), names, own, &mut rules);
                }
            }
        }
        rules
    }

    fn check_zone(&mut self, zone: Id) {
        const KNOWN: &[&str] = &[
            "interfaces",
            "host-inbound-traffic",
            "address-book",
            "tcp-rst",
            "screen",
            "description",
            "application-tracking",
            "source-identity-log",
            "user-identification",
            "advance-policy-based-routing",
            "advance-policy-based-routing-profile",
            "enable-reverse-reroute",
            "unidirectional-session-refreshing",
            "advanced-connection-tracking",
            "vrf",
        ];
        self.check_keys(zone, KNOWN, "a zone");
    }

    fn inbound(&mut self, id: Id, owner: &str, names: Names, own: &AddrSet, rules: &mut Vec<Rule>) {
        let tree = self.tree;
        for kind in tree.kids(id) {
            let kind_word = tree.word(kind);
            if !["system-services", "protocols"].contains(&kind_word) {
                super::unknown(tree, kind, "host-inbound-traffic", self.trouble);
                continue;
            }
            let excepted = |id: &Id| tree.get(*id, "except").is_some();
            let (denied, permitted): (Vec<Id>, Vec<Id>) = tree.kids(kind).partition(excepted);
            for (action, values) in [(Action::Deny, denied), (Action::Permit, permitted)] {
                for value in values {
                    let word = tree.word(value);
                    let mut rule = Rule::new(action.clone(), tree.line(value));
                    proof(&mut rule, self.source, &[tree.line(value)]);
                    rule.id = format!("{owner} host-inbound-traffic {kind_word} {word}");
                    rule.in_ifs = names.clone();
                    rule.services = names::host_inbound(kind_word, word).unwrap_or_else(|| {
                        let text = format!("`{}` is no known service of host-inbound-traffic", clip(word));
                        self.trouble.line(tree.line(value), "unknown-value", text);
                        Services::unknown(word)
                    });
                    rule.services.names = vec![word.to_owned()];
                    if !own.is_empty() && kind_word == "system-services" {
                        rule.dst = Addrs::exactly(own.clone());
                    }
                    rule.log = Log::No;
                    rules.push(rule);
                }
            }
        }
    }
}

/// `from-zone a to-zone b`, with the node that holds the policies.
fn zone_pairs(tree: &Tree, from_zone: Id) -> Vec<(String, String, Id)> {
    let mut pairs = Vec::new();
    for from in tree.all(from_zone) {
        for to in tree.get(from, "to-zone").into_iter().flat_map(|id| tree.all(id)) {
            pairs.push((tree.word(from).to_owned(), tree.word(to).to_owned(), to));
        }
    }
    pairs
}

/// A list with its rules numbered.
pub(super) fn chain(name: &str, mut rules: Vec<Rule>, default: DefaultAction) -> Chain {
    for (seq, rule) in (1..).zip(rules.iter_mut()) {
        rule.seq = seq;
    }
    Chain { name: name.to_owned(), rules, default }
}
