//! Check Point: answers of the management API as `mgmt_cli … --format json` prints them (Check Point Management API
//! Reference): `show access-rulebase`, `show nat-rulebase`, `show packages`, `show access-layers`,
//! `show gateways-and-servers` and objects, one after the other in one file, in any order; lines of a gateway's Gaia
//! configuration may stand among them.
//!
//! *Layers.* The ordered layers of a package all have to accept a packet. A rule with an inline layer hands its packets
//! to it; what no rule of a layer matches, its implicit cleanup decides. Sections only group rules. Pages of one rule
//! base are put together.
//!
//! *Objects* stand in `objects-dictionary`, in lists of their own, or inside rules. One without addresses (access roles,
//! domains, updatable objects, security zones) is unknown.
//!
//! Rules see destinations before translation. Implied rules (Global Properties) are in no export.

pub mod gaia;
mod objects;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use secdiag_model::{EvidenceKind, Format, Head, Match, Note, NoteKind};

use crate::net::AddrSet;
use crate::policy::{
    Action, Addrs, Chain, DefaultAction, Hook, Interface, Log, Names, Nat, Path, Policy, Role, Rule, RulesSee, Schedule,
};
use crate::vendors::checkpoint::gaia::Gateway;
use crate::vendors::checkpoint::objects::{Objects, is_any};
use crate::vendors::json::{self, Json};
use crate::vendors::{Parsed, Trouble, Vendor, excerpt};
use crate::zones;

/// The format and its parser.
pub const VENDOR: &Vendor = &Vendor {
    format: Format { id: "checkpoint", kind: EvidenceKind::Fwcfg, title: "Check Point management export", sniff },
    parse,
};

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let has = |word: &str| head.text().contains(word);
    let rules = has("\"access-rule\"") || has("\"access-section\"");
    let more = head.size > head.bytes.len() as u64;
    let objects = has("\"domain-type\"") && has("\"uid\"");
    match (rules, objects) {
        (true, _) if has("\"uid\"") => Match::Yes(85),
        // The rules may stand behind what recognisers see.
        (_, true) if more => Match::Yes(60),
        (_, true) => Match::Close(
            "objects of a Check Point management server without rules: put show access-rulebase into the same file",
        ),
        _ => Match::No,
    }
}

/// Reads an export.
pub fn parse(text: &str) -> Parsed {
    let texts = json::read(text);
    let mut trouble = Trouble::default();
    let mut gateway = Gateway::default();
    let bad: BTreeMap<u32, &str> = texts.bad.iter().copied().collect();
    for (number, line) in super::lines(text).filter(|(number, _)| bad.contains_key(number)) {
        let is_statement = line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '#');
        if !(is_statement && gateway.line(number, line)) {
            trouble.line(number, "not-json", format!("neither JSON nor Gaia: {}", excerpt([line])));
        }
    }
    let mut export = Export::default();
    texts.documents.iter().for_each(|document| export.sort(document));
    let mut reader = Reader { objects: Objects::of(&export.objects), export: &export, trouble: &mut trouble };
    let mut policies = reader.policies(&gateway);
    let coverage = trouble.coverage(texts.lines);
    for policy in &mut policies {
        (policy.coverage, policy.truncated) = (coverage, texts.truncated);
    }
    Parsed { policies, notes: trouble.into_notes() }
}

/// What a file holds, by kind.
#[derive(Default)]
struct Export<'j> {
    /// Layers by uid, or by name where they have none, in the order of the file.
    layers: Vec<Layer<'j>>,
    packages: Vec<&'j Json>,
    /// Descriptions of layers.
    described: Vec<&'j Json>,
    translations: Vec<&'j Json>,
    gateways: Vec<&'j Json>,
    objects: Vec<&'j Json>,
}

struct Layer<'j> {
    uid: String,
    name: String,
    rules: Vec<&'j Json>,
    seen: BTreeSet<&'j str>,
    total: i64,
}

impl<'j> Export<'j> {
    fn sort(&mut self, value: &'j Json) {
        let kind = value.get("type").text().unwrap_or_default();
        if let Some(rulebase) = value.find("rulebase") {
            let kinds: BTreeSet<&str> = rulebase.items().iter().filter_map(|item| item.get("type").text()).collect();
            if kinds.iter().any(|kind| kind.starts_with("nat-")) || kind.starts_with("nat-") {
                flatten("nat-rule", rulebase, &mut self.translations);
            } else if !kind.ends_with("-section") {
                self.layer(value, rulebase);
            }
        } else if value.items().iter().any(|item| item.get("type").text() == Some("access-rule")) {
            self.layer(value, value);
        }
        match kind {
            "package" => self.packages.push(value),
            "access-layer" => self.described.push(value),
            "access-rule" | "access-section" | "nat-rule" | "nat-section" | "domain" | "session" => {}
            _ if value.find("uid").is_some() => {
                if value.get("interfaces").items().iter().any(|of| of.find("ipv4-address").is_some())
                    && kind != "CpmiHostCkp"
                {
                    self.gateways.push(value);
                }
                self.objects.push(value);
            }
            _ => {}
        }
        value.items().iter().for_each(|item| self.sort(item));
        for (key, member) in value.members() {
            match key.as_str() {
                "meta-info" | "domain" | "custom-fields" | "action-settings" | "hits" => {}
                // The rules are taken already; objects may stand inside them.
                "rulebase" => member.items().iter().for_each(|item| self.sort(item)),
                _ => self.sort(member),
            }
        }
    }

    fn layer(&mut self, value: &'j Json, rulebase: &'j Json) {
        let (uid, name) = (value.get("uid").string(), value.get("name").string());
        let mut rules = Vec::new();
        flatten("access-rule", rulebase, &mut rules);
        let known = self.layers.iter_mut().position(|layer| !uid.is_empty() && layer.uid == uid);
        let index = known.unwrap_or_else(|| {
            let name = if name.is_empty() { "rulebase".to_owned() } else { name };
            self.layers.push(Layer { uid, name, rules: Vec::new(), seen: BTreeSet::new(), total: 0 });
            self.layers.len() - 1
        });
        let layer = &mut self.layers[index];
        layer.total = layer.total.max(value.get("total").number().unwrap_or(0));
        for rule in rules {
            // Pages may overlap.
            let is_new = rule.get("uid").text().is_none_or(|uid| layer.seen.insert(uid));
            if is_new {
                layer.rules.push(rule);
            }
        }
    }
}

/// Rules of one kind in a rule base and its sections, in order.
fn flatten<'j>(kind: &str, rulebase: &'j Json, rules: &mut Vec<&'j Json>) {
    for item in rulebase.items() {
        if item.get("type").text() == Some(kind) {
            rules.push(item);
        } else {
            flatten(kind, item.get("rulebase"), rules);
        }
    }
}

struct Reader<'j, 'e> {
    export: &'e Export<'j>,
    objects: Objects<'j>,
    trouble: &'e mut Trouble,
}

impl Reader<'_, '_> {
    /// One policy for each package; without packages one for each layer that no rule names as its inline layer.
    fn policies(&mut self, gateway: &Gateway) -> Vec<Policy> {
        let layers = &self.export.layers;
        let inline: BTreeSet<String> = layers
            .iter()
            .flat_map(|layer| &layer.rules)
            .filter_map(|rule| reference(rule.get("inline-layer")))
            .collect();
        let is = |layer: &Layer<'_>, name: &str| layer.uid == name || layer.name == name;
        let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
        let mut packed: BTreeSet<usize> = BTreeSet::new();
        for package in &self.export.packages {
            let named = package.get("access-layers").items().iter();
            let ordered: Vec<usize> = named
                .filter_map(|of| {
                    let name = reference(of)?;
                    layers.iter().position(|layer| is(layer, &name))
                })
                .collect();
            let name = package.get("name").string();
            if !ordered.is_empty() && !groups.iter().any(|(other, _)| *other == name) {
                packed.extend(&ordered);
                groups.push((name, ordered));
            }
        }
        for (index, layer) in layers.iter().enumerate() {
            let is_inline = inline.contains(&layer.uid) || inline.contains(&layer.name);
            if !packed.contains(&index) && !is_inline {
                groups.push((String::new(), vec![index]));
            }
        }
        let chains: Vec<Chain> = (0..layers.len()).map(|index| self.chain(index, &inline)).collect();
        for layer in layers {
            let read = i64::try_from(layer.rules.len()).unwrap_or(i64::MAX);
            if layer.total > read {
                let text =
                    format!("{}: the file holds {read} of {} rules: add the other pages", layer.name, layer.total);
                self.trouble.other(Note::new(NoteKind::Broken, "pages-missing", text));
            }
        }
        let nat = self.translations();
        let single = groups.len() == 1;
        groups
            .into_iter()
            .map(|(package, ordered)| {
                let mut policy = Policy {
                    vendor: VENDOR.format.id.into(),
                    chains: chains.clone(),
                    nat: nat.clone(),
                    rules_see: RulesSee::Original,
                    paths: vec![Path {
                        hook: Hook::Forward,
                        in_ifs: Names::any(),
                        out_ifs: Names::any(),
                        layers: ordered.iter().map(|index| vec![chains[*index].name.clone()]).collect(),
                    }],
                    ..Policy::default()
                };
                self.add_gateway(&mut policy, &package);
                if single && gateway.found() {
                    gateway.fill(&mut policy);
                }
                if policy.device.is_empty() {
                    let layer = || ordered.first().map(|index| layers[*index].name.clone()).unwrap_or_default();
                    policy.device = if package.is_empty() { layer() } else { package };
                }
                policy
            })
            .collect()
    }

    /// The gateway that has the package installed, or the only one of the file.
    fn add_gateway(&mut self, policy: &mut Policy, package: &str) {
        let installed = |of: &&&Json| of.get("policy").get("access-policy-name").text() == Some(package);
        let mut by_name: BTreeMap<String, Vec<&Json>> = BTreeMap::new();
        let all = &self.export.gateways;
        let with_package: Vec<&Json> = all.iter().filter(installed).copied().collect();
        // A gateway may be described by several answers.
        for gateway in all {
            let name = gateway.get("name").string();
            if with_package.is_empty() || with_package.iter().any(|of| of.get("name").text() == Some(&name)) {
                by_name.entry(name).or_default().push(gateway);
            }
        }
        let (Some((name, described)), 1) = (by_name.pop_first(), by_name.len() + 1) else { return };
        if !by_name.is_empty() {
            return;
        }
        policy.device = name;
        for value in described.iter().flat_map(|gateway| gateway.get("interfaces").items()) {
            let interface = self.interface(value);
            match policy.interfaces.iter_mut().find(|known| known.name == interface.name) {
                Some(known) => {
                    known.networks = known.networks.union(&interface.networks);
                    known.addresses = known.addresses.union(&interface.addresses);
                    if interface.role != Role::Unknown {
                        (known.role, known.role_why) = (interface.role, interface.role_why);
                    }
                }
                None => policy.interfaces.push(interface),
            }
        }
        policy.interfaces.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn interface(&mut self, value: &Json) -> Interface {
        let name = value.any_of(&["interface-name", "name"]).string();
        let address = |key: &str| value.get(key).text().and_then(|text| text.parse::<std::net::IpAddr>().ok());
        let mut interface = Interface { name, line: value.from, ..Interface::default() };
        for (address, length) in [
            (address("ipv4-address"), value.get("ipv4-mask-length")),
            (address("ipv6-address"), value.get("ipv6-mask-length")),
        ] {
            let Some(address) = address else { continue };
            interface.addresses = interface.addresses.union(&AddrSet::host(address));
            let length = length.number().and_then(|length| u8::try_from(length).ok());
            let network = length.and_then(|length| AddrSet::prefix(address, length)).unwrap_or_default();
            interface.networks = interface.networks.union(&network);
        }
        let topology = value.get("topology");
        let settings = value.get("topology-settings");
        let said = match (topology.text(), topology.get("leads-to-internet").flag()) {
            (Some("external"), _) | (_, Some(true)) => Some(Role::External),
            (Some("internal"), _) | (_, Some(false)) => Some(Role::Internal),
            _ => match value.get("topology-automatic-calculation").text() {
                Some("external") => Some(Role::External),
                Some("internal") => Some(Role::Internal),
                _ => None,
            },
        };
        let to_dmz = [topology.get("leads-to-dmz"), settings.get("interface-leads-to-dmz")];
        let role = if to_dmz.iter().any(|flag| flag.flag() == Some(true)) { Some(Role::Dmz) } else { said };
        (interface.role, interface.role_why) = match role {
            Some(role) => (role, "the gateway's topology says so".into()),
            None => zones::role_by_name(&interface.name).unwrap_or((Role::Unknown, String::new())),
        };
        let specific = [topology.get("leads-to-specific-network"), settings.get("specific-network")];
        if let Some(name) = specific.into_iter().find_map(reference) {
            let behind = self.objects.addresses(&name, 0, self.trouble);
            interface.networks = interface.networks.union(&behind.lower);
        }
        interface
    }

    fn chain(&mut self, index: usize, inline: &BTreeSet<String>) -> Chain {
        let layer = &self.export.layers[index];
        let mut rules: Vec<Rule> = layer.rules.iter().map(|value| self.rule(value)).collect();
        let described = self.export.described.iter().find(|of| of.get("uid").text() == Some(layer.uid.as_str()));
        let in_packages = self.export.packages.iter().flat_map(|package| package.get("access-layers").items());
        let cleanup =
            described.copied().into_iter().chain(in_packages.filter(|of| of.get("uid").text() == Some(&layer.uid)));
        let accepts = cleanup.into_iter().any(|of| of.get("implicit-cleanup-action").text() == Some("accept"));
        let action = if accepts { Action::Permit } else { Action::Deny };
        if inline.contains(&layer.uid) || inline.contains(&layer.name) {
            // What an inline layer does not match does not go back to the rule that called it.
            let mut end = Rule::new(action.clone(), 0);
            end.id = format!("{} (implicit cleanup)", layer.name);
            end.implicit = true;
            end.log = Log::No;
            rules.push(end);
        }
        for (seq, rule) in (1..).zip(&mut rules) {
            rule.seq = seq;
        }
        let default = DefaultAction { action, ..DefaultAction::implicit_deny(Log::No) };
        Chain { name: self.name_of_layer(index), rules, default }
    }

    fn name_of_layer(&self, index: usize) -> String {
        let layer = &self.export.layers[index];
        let alike = self.export.layers.iter().filter(|other| other.name == layer.name).count();
        if alike > 1 { format!("{} ({})", layer.name, layer.uid) } else { layer.name.clone() }
    }

    fn rule(&mut self, value: &Json) -> Rule {
        let line = value.from;
        let mut rule = Rule::new(Action::Deny, line);
        rule.line_to = value.to;
        let number = value.get("rule-number").string();
        rule.id =
            Some(value.get("uid").string()).filter(|uid| !uid.is_empty()).unwrap_or_else(|| format!("rule {number}"));
        rule.name = Some(value.get("name").string()).filter(|name| !name.is_empty());
        rule.enabled = value.get("enabled").flag() != Some(false);
        rule.hits = value.get("hits").get("value").number().and_then(|hits| u64::try_from(hits).ok());
        rule.src = self.addresses(value, "source");
        rule.dst = self.addresses(value, "destination");
        rule.services = self.services(value);
        rule.log = self.log(value);
        rule.schedule = self.schedule(value);
        self.unknown_matches(value, &mut rule);
        let action = self.action(value, &mut rule);
        rule.text = excerpt([format!(
            "rule {number} \"{}\": {} → {} {}; {action}{}{}",
            rule.name.clone().unwrap_or_default(),
            shown(&rule.src.names),
            shown(&rule.dst.names),
            shown(&rule.services.names),
            if rule.enabled { "" } else { "; disabled" },
            value
                .get("comments")
                .text()
                .filter(|text| !text.is_empty())
                .map(|text| format!("; {text}"))
                .unwrap_or_default(),
        )
        .as_str()]);
        rule
    }

    fn action(&mut self, value: &Json, rule: &mut Rule) -> String {
        let action = value.get("action");
        let name = reference(action).map(|id| self.objects.name(&id)).unwrap_or_default();
        if let Some(inline) = reference(value.get("inline-layer")) {
            let layers = &self.export.layers;
            let index = layers.iter().position(|layer| layer.uid == inline || layer.name == inline);
            match index.map(|index| self.name_of_layer(index)) {
                Some(target) => {
                    rule.action = Action::Jump(target.clone());
                    return format!("inline layer {target}");
                }
                None => {
                    let shown = self.objects.name(&inline);
                    rule.action = Action::Permit;
                    rule.add_unknown(format!("inline layer {shown} is not in this file"), value.from);
                    self.trouble.line(
                        action.from,
                        "inline-layer-missing",
                        format!("the inline layer {shown} is not in this file"),
                    );
                    return format!("inline layer {shown}");
                }
            }
        }
        match name.to_ascii_lowercase().as_str() {
            "accept" => rule.action = Action::Permit,
            "drop" | "reject" => {}
            // These let the user on after a question or a login.
            "ask" | "inform" | "user auth" | "client auth" | "session auth" | "user check" => {
                rule.action = Action::Permit;
                rule.add_unknown(format!("action {name}"), value.from);
            }
            _ => {
                self.trouble.line(
                    action.from.max(value.from),
                    "unknown-action",
                    format!("the action `{name}` is not known: read as a drop"),
                );
            }
        }
        name
    }

    fn addresses(&mut self, rule: &Json, column: &str) -> Addrs {
        let cells = rule.get(column).one_or_more();
        let mut all = Addrs::none();
        for cell in cells {
            let Some(id) = reference(cell) else { continue };
            if is_any(&id) || self.objects.is_any(&id) {
                return Addrs::any();
            }
            all.add(&self.objects.addresses(&id, cell.from, self.trouble));
            all.names.push(self.objects.name(&id));
        }
        if cells.is_empty() {
            self.trouble.line(rule.from, "no-column", format!("a rule without `{column}`"));
            all = Addrs::unknown(column, AddrSet::full());
        }
        if rule.get(&format!("{column}-negate")).flag() == Some(true) {
            all.negate(&AddrSet::full());
        }
        all
    }

    fn services(&mut self, rule: &Json) -> crate::policy::Services {
        let cells = rule.get("service").one_or_more();
        let mut all = crate::policy::Services::default();
        for cell in cells {
            let Some(id) = reference(cell) else { continue };
            if is_any(&id) || self.objects.is_any(&id) {
                return crate::policy::Services::any();
            }
            all.add(&self.objects.services(&id, cell.from, self.trouble));
            all.names.push(self.objects.name(&id));
        }
        if cells.is_empty() {
            self.trouble.line(rule.from, "no-column", "a rule without `service`");
            all = crate::policy::Services::unknown("service");
        }
        if rule.get("service-negate").flag() == Some(true) {
            all.negate();
        }
        all
    }

    fn log(&self, rule: &Json) -> Log {
        let track = rule.get("track");
        let kind = track.find("type").unwrap_or(track);
        match reference(kind).map(|id| self.objects.name(&id)) {
            Some(name) if name.eq_ignore_ascii_case("none") => Log::No,
            Some(name)
                if name.contains("Log") || name.contains("Alert") || name.contains("Mail") || name.contains("SNMP") =>
            {
                Log::Yes
            }
            _ => Log::Unknown,
        }
    }

    /// Several times are alternatives: the rule ends with the last of them.
    fn schedule(&self, rule: &Json) -> Option<Schedule> {
        let times: Vec<String> = rule.get("time").one_or_more().iter().filter_map(reference).collect();
        if times.is_empty() || times.iter().any(|id| is_any(id) || self.objects.is_any(id)) {
            return None;
        }
        let ends: Vec<Option<Date>> = times.iter().flat_map(|id| self.objects.ends(id)).collect();
        let ends = if ends.iter().any(Option::is_none) { None } else { ends.into_iter().flatten().max() };
        let names: Vec<String> = times.iter().map(|id| self.objects.name(id)).collect();
        Some(Schedule { name: names.join(", "), ends, never: false })
    }

    fn unknown_matches(&self, value: &Json, rule: &mut Rule) {
        for column in ["vpn", "content"] {
            let cells = value.get(column).one_or_more();
            let names: Vec<String> =
                cells.iter().filter_map(|cell| reference(cell).or_else(|| Some(cell.compact(&[])))).collect();
            if names.is_empty() || names.iter().any(|id| is_any(id) || self.objects.is_any(id)) {
                continue;
            }
            let names: Vec<String> = names.iter().map(|id| self.objects.name(id)).collect();
            rule.add_unknown(format!("{column} {}", names.join(", ")), value.from);
        }
        let cells = value.get("install-on").one_or_more();
        let targets: Vec<String> = cells.iter().filter_map(reference).map(|id| self.objects.name(&id)).collect();
        let everywhere = ["Policy Targets", "Any", "All"];
        let gateways: BTreeSet<String> = self.export.gateways.iter().map(|of| of.get("name").string()).collect();
        let the_only_one = gateways.len() == 1 && targets.iter().any(|name| gateways.contains(name));
        if !targets.is_empty() && !the_only_one && !targets.iter().any(|name| everywhere.contains(&name.as_str())) {
            rule.add_unknown(format!("installed on {}", targets.join(", ")), value.from);
        }
    }

    fn translations(&mut self) -> Vec<Nat> {
        let mut all = Vec::new();
        for value in &self.export.translations {
            let mut nat = Nat::new(value.from);
            nat.line_to = value.to;
            let (uid, number) = (value.get("uid").string(), value.get("rule-number").string());
            nat.id = if uid.is_empty() { number.clone() } else { uid };
            nat.enabled = value.get("enabled").flag() != Some(false);
            let mut names = Vec::new();
            let mut column = |this: &mut Self, key: &str| {
                let id = reference(value.get(key));
                names.push(id.as_deref().map(|id| this.objects.name(id)).unwrap_or_default());
                id
            };
            let ids = [
                "original-source",
                "original-destination",
                "original-service",
                "translated-source",
                "translated-destination",
                "translated-service",
            ]
            .map(|key| column(self, key));
            let [src, dst, service, to_src, to_dst, to_service] = ids;
            let any = |this: &Self, id: &String| is_any(id) || this.objects.is_any(id);
            if let Some(id) = src.filter(|id| !any(self, id)) {
                nat.src = self.objects.addresses(&id, value.from, self.trouble);
            }
            if let Some(id) = dst.filter(|id| !any(self, id)) {
                nat.dst = self.objects.addresses(&id, value.from, self.trouble);
            }
            if let Some(id) = service.filter(|id| !any(self, id)) {
                nat.services = self.objects.services(&id, value.from, self.trouble);
            }
            let original = |this: &Self, id: &String| this.objects.name(id) == "Original" || any(this, id);
            let hides = value.get("method").text() == Some("hide");
            if let Some(id) = to_src.filter(|id| !original(self, id)) {
                let mut addrs = self.objects.addresses(&id, value.from, self.trouble);
                // Hidden behind the gateway: the address of the interface that the packet leaves by.
                if hides && !addrs.lower.is_empty() && addrs.lower == nat.src.lower {
                    addrs = Addrs::unknown("the gateway's address", AddrSet::full());
                }
                nat.to_src = Some(addrs);
            }
            if let Some(id) = to_dst.filter(|id| !original(self, id)) {
                nat.to_dst = Some(self.objects.addresses(&id, value.from, self.trouble));
            }
            if let Some(id) = to_service.filter(|id| !original(self, id)) {
                let services = self.objects.services(&id, value.from, self.trouble);
                nat.to_port = services.lower.first().map(|service| service.dport.clone());
            }
            nat.text = excerpt([format!("rule {number}: {}", names.join(" | ")).as_str()]);
            if nat.to_src.is_some() || nat.to_dst.is_some() || nat.to_port.is_some() {
                all.push(nat);
            }
        }
        all
    }
}

/// What a cell refers to: a uid or name, or an object's own.
fn reference(cell: &Json) -> Option<String> {
    cell.text().or_else(|| cell.any_of(&["uid", "name"]).text()).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn shown(names: &[String]) -> String {
    if names.is_empty() { "Any".into() } else { crate::net::shorten(names.to_vec(), 20) }
}

#[cfg(test)]
mod tests;
