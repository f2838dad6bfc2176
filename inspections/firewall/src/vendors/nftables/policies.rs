//! Tables as policies: which chains a packet meets, and what each rule says.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{Note, NoteKind};

use super::lex::Token;
use super::matching::{Cell, NotUnderstood, compare, one_element, one_key};
use super::rule::{self, Data, Element, Say, Translation, Value, Values, Verdict};
use super::script::{self, Family, Statement, Table, clip};
use crate::interval::Intervals;
use crate::net::{AddrSet, Ports};
use crate::policy::{Action, Addrs, Chain, DefaultAction, Hook, Log, Names, Nat, Path, Policy, Rule, Unknown};
use crate::roles;
use crate::vendors::{Trouble, excerpt};

/// Rules that one file may unfold to.
const RULES_MAX: usize = 400_000;

/// Policies of all tables.
pub(super) fn of(tables: &[Table<'_>], source: &[&str], trouble: &mut Trouble) -> Vec<Policy> {
    for table in tables.iter().filter(|table| table.family == Family::Arp && !table.chains.is_empty()) {
        let text = format!("table arp {} filters no IP packets: it is not inspected", clip(&table.name));
        trouble.other(Note::new(NoteKind::Assumed, "not-inspected", text));
    }
    let mut policies = Vec::new();
    for (scope, families, universe) in scopes(tables) {
        let chosen: Vec<&Table<'_>> = tables.iter().filter(|table| families.contains(&table.family)).collect();
        let builder = Builder { source, universe, scope, trouble, ids: BTreeMap::new(), rules: 0, nat: Vec::new() };
        policies.extend(builder.policy(&chosen));
    }
    policies
}

/// Which tables are looked at together: a mark for their rules' ids, families, addresses.
fn scopes(tables: &[Table<'_>]) -> Vec<(&'static str, Vec<Family>, AddrSet)> {
    let has = |family: Family| {
        tables.iter().any(|table| {
            table.family == family && table.chains.iter().any(|chain| !chain.rules.is_empty() || chain.base.is_some())
        })
    };
    let filters = |family: Family| {
        tables
            .iter()
            .filter(|table| table.family == family)
            .flat_map(|table| &table.chains)
            .any(|chain| chain.base.as_ref().is_some_and(|base| base.kind != "nat"))
    };
    let mut scopes = Vec::new();
    let (v4, v6, both) = (filters(Family::Ip), filters(Family::Ip6), has(Family::Inet));
    if !v4 && !v6 && both {
        scopes.push(("", vec![Family::Ip, Family::Ip6, Family::Inet, Family::Netdev], AddrSet::full()));
    } else {
        // Tables without base chains (parts of scripts) are kept as well.
        if v4 || both || has(Family::Ip) {
            scopes.push(("", vec![Family::Ip, Family::Inet, Family::Netdev], AddrSet::full_v4()));
        }
        if v6 || both || has(Family::Ip6) {
            scopes.push(("ip6 ", vec![Family::Ip6, Family::Inet, Family::Netdev], AddrSet::full_v6()));
        }
        if scopes.is_empty() && has(Family::Netdev) {
            scopes.push(("", vec![Family::Netdev], AddrSet::full()));
        }
    }
    if has(Family::Bridge) {
        scopes.push(("bridge ", vec![Family::Bridge], AddrSet::full()));
    }
    scopes
}

struct Builder<'s, 'x> {
    source: &'s [&'s str],
    universe: AddrSet,
    scope: &'static str,
    trouble: &'x mut Trouble,
    ids: BTreeMap<String, u32>,
    rules: usize,
    nat: Vec<Nat>,
}

/// A base chain among others of its hook.
struct Layer<'t> {
    name: String,
    base: &'t script::Base,
    can_deny: bool,
}

impl Builder<'_, '_> {
    fn policy(mut self, tables: &[&Table<'_>]) -> Option<Policy> {
        let mut chains = Vec::new();
        for table in tables {
            for chain in &table.chains {
                chains.push(self.chain(table, chain));
            }
        }
        if chains.is_empty() {
            return None;
        }
        let paths = Self::paths(tables, &chains);
        let (mut out, mut inward) = (BTreeSet::new(), BTreeSet::new());
        for nat in &self.nat {
            let (names, seen) =
                if nat.to_src.is_some() { (&nat.out_ifs, &mut out) } else { (&nat.in_ifs, &mut inward) };
            if !names.negated {
                seen.extend(names.names.iter().filter(|name| !name.ends_with('+')).cloned());
            }
        }
        Some(Policy {
            vendor: "nftables".into(),
            interfaces: roles::of_rules(&chains, &out, &inward),
            chains,
            paths,
            nat: self.nat,
            ..Policy::default()
        })
    }

    fn chain(&mut self, table: &Table<'_>, chain: &script::Chain<'_>) -> Chain {
        let name = full_name(table, &chain.name);
        let nat = chain.base.as_ref().is_some_and(|base| base.kind == "nat");
        let mut rules = Vec::new();
        for statement in &chain.rules {
            rules.extend(self.rule(table, &name, chain, nat, statement));
        }
        for (seq, rule) in (1..).zip(&mut rules) {
            rule.seq = seq;
        }
        let default = match (&chain.base, &chain.policy) {
            (None, _) => DefaultAction::go_back(),
            (Some(_), Some((action, line))) => {
                let log = if *action == Action::Deny { Log::No } else { Log::Unknown };
                let text = excerpt(self.source.get(*line as usize - 1).map(|text| text.trim()));
                DefaultAction { action: action.clone(), explicit: true, log, line: *line, text }
            }
            // The kernel's own policy.
            (Some(base), None) => {
                let text = excerpt(self.source.get((base.line as usize).saturating_sub(1)).map(|text| text.trim()));
                DefaultAction { action: Action::Permit, line: base.line, text, ..DefaultAction::go_back() }
            }
        };
        Chain { name, rules, default }
    }

    fn paths(tables: &[&Table<'_>], chains: &[Chain]) -> Vec<Path> {
        let mut layers: Vec<Layer<'_>> = Vec::new();
        let by_name: BTreeMap<&str, &Chain> = chains.iter().map(|chain| (chain.name.as_str(), chain)).collect();
        for table in tables.iter().filter(|table| !table.dormant) {
            for chain in &table.chains {
                let Some(base) = chain.base.as_ref().filter(|base| base.kind != "nat") else { continue };
                let name = full_name(table, &chain.name);
                let can_deny = can_deny(&name, &by_name, &mut BTreeSet::new());
                layers.push(Layer { name, base, can_deny });
            }
        }
        layers.sort_by_key(|layer| layer.base.priority);
        let at = |hook: &str, needed: bool| -> Vec<Vec<String>> {
            let of_hook = layers.iter().filter(|layer| layer.base.hook == hook && (needed || layer.can_deny));
            of_hook.filter(|layer| layer.base.devices.is_empty()).map(|layer| vec![layer.name.clone()]).collect()
        };
        // Chains that hang at a device see only what comes in by it.
        let ingress = |device: Option<&str>| -> Vec<Vec<String>> {
            let of_hook = layers.iter().filter(|layer| layer.base.hook == "ingress" && layer.can_deny);
            of_hook
                .filter(|layer| layer.base.devices.iter().any(|known| Some(known.as_str()) == device))
                .map(|layer| vec![layer.name.clone()])
                .collect()
        };
        let guarded: BTreeSet<&str> = layers
            .iter()
            .filter(|layer| layer.base.hook == "ingress" && layer.can_deny)
            .flat_map(|layer| layer.base.devices.iter().map(String::as_str))
            .collect();
        let (prerouting, postrouting) = (at("prerouting", false), at("postrouting", false));
        let hooked = [("forward", Hook::Forward), ("input", Hook::Input), ("output", Hook::Output)];
        let alone = !layers.iter().any(|layer| hooked.iter().any(|(name, _)| layer.base.hook == *name));
        let mut paths = Vec::new();
        for (name, hook) in hooked {
            let own = at(name, true);
            let before = if hook == Hook::Output { Vec::new() } else { prerouting.clone() };
            let after = if hook == Hook::Input { Vec::new() } else { postrouting.clone() };
            let entrance = hook != Hook::Output && (!before.is_empty() || !guarded.is_empty());
            if own.is_empty() && !(alone && entrance) {
                continue;
            }
            let through = [before, own, after].concat();
            let devices: Vec<Option<&str>> = if hook == Hook::Output {
                vec![None]
            } else {
                guarded.iter().copied().map(Some).chain([None]).collect()
            };
            for device in devices {
                let in_ifs = match device {
                    Some(device) => Names::of(vec![device.to_owned()]),
                    None if hook == Hook::Output || guarded.is_empty() => Names::any(),
                    None => Names { names: guarded.iter().map(|name| (*name).to_owned()).collect(), negated: true },
                };
                let layers = [ingress(device), through.clone()].concat();
                if !layers.is_empty() {
                    paths.push(Path { hook, in_ifs, out_ifs: Names::any(), layers });
                }
            }
        }
        paths
    }

    fn rule(
        &mut self,
        table: &Table<'_>,
        name: &str,
        chain: &script::Chain<'_>,
        nat: bool,
        statement: &Statement<'_>,
    ) -> Vec<Rule> {
        let said = rule::read(&statement.tokens);
        let base = format!("{}{} {}", self.scope, name, identity(&said, &statement.tokens));
        let id = self.unique(base);
        let first = statement.first as usize;
        let lines = self.source.get(first.saturating_sub(1)..statement.last as usize).unwrap_or_default();
        let text = excerpt(lines.iter().map(|line| line.trim().trim_end_matches('\r')));
        let universe = match table.family {
            Family::Ip => AddrSet::full_v4(),
            Family::Ip6 => AddrSet::full_v6(),
            _ => AddrSet::full(),
        };
        let mut reading = Reading {
            cells: vec![Cell::new(universe.intersect(&self.universe))],
            outcomes: Vec::new(),
            log: false,
            limits: Vec::new(),
            hits: None,
            comment: None,
            translation: None,
            line: statement.first,
        };
        for say in &said {
            reading.say(say, table, self.trouble);
        }
        let nat_found = reading.translation.take();
        let (log, limits, hits, comment) = (reading.log, reading.limits, reading.hits, reading.comment);
        let mut outcomes = reading.outcomes;
        if outcomes.is_empty() {
            // A rule that only counts, logs, marks or translates.
            let action = if log && nat_found.is_none() { Action::Log } else { Action::Continue };
            outcomes = reading.cells.into_iter().map(|cell| (cell, action.clone())).collect();
        }
        let mut rules = Vec::new();
        for (cell, action) in outcomes {
            // A rule for the other family is no rule here.
            if cell.universe.is_empty() && self.universe != AddrSet::full() {
                continue;
            }
            let mut rule = Rule::new(action, statement.first);
            rule.line_to = statement.last;
            rule.services = cell.services();
            rule.states = cell.listed_states();
            (rule.src, rule.dst) = (cell.src, cell.dst);
            (rule.in_ifs, rule.out_ifs) = (cell.in_ifs, cell.out_ifs);
            rule.dst_local = cell.dst_local;
            rule.log = if log { Log::Yes } else { Log::No };
            for unknown in &cell.unknown {
                rule.add_unknown(unknown, statement.first);
            }
            // A limited permit permits, a limited log logs; a limited deny lets the rest through.
            let over = |limit: &String| limit.contains(" over ");
            for limit in
                limits.iter().filter(|limit| !matches!(rule.action, Action::Permit | Action::Log) || over(limit))
            {
                rule.unknown.push(Unknown { text: limit.clone(), line: statement.first });
            }
            if nat && rule.action == Action::Permit {
                rule.action = Action::Return;
            }
            self.resolve(&mut rule, table);
            rule.name.clone_from(&comment);
            rule.hits = hits;
            rule.text.clone_from(&text);
            rules.push(rule);
        }
        let mut rules = merge(rules);
        self.rules += rules.len();
        if self.rules > RULES_MAX {
            self.trouble.line(
                statement.first,
                "too-many",
                "sets unfold to too many rules: this one was left uncertain",
            );
            rules.truncate(1);
            for rule in &mut rules {
                rule.add_unknown("a set too large to unfold", statement.first);
            }
        }
        let several = rules.len() > 1;
        for (number, rule) in (1..).zip(&mut rules) {
            rule.id = if several { format!("{id} [{number}]") } else { id.clone() };
        }
        if let Some(found) = nat_found {
            let hook = chain.base.as_ref().map_or("", |base| base.hook.as_str());
            if hook != "output" {
                let made = rules.iter().map(|rule| translate(&found, rule, hook, &chain.name));
                self.nat.extend(made.collect::<Vec<_>>());
            }
        }
        rules
    }

    fn unique(&mut self, id: String) -> String {
        let repeated = self.ids.entry(id.clone()).or_insert(0);
        *repeated += 1;
        if *repeated > 1 { format!("{id} #{repeated}") } else { id }
    }

    /// Jumps name chains of their own table; one that is not there loses its target, not the rule.
    fn resolve(&mut self, rule: &mut Rule, table: &Table<'_>) {
        let (Action::Jump(target) | Action::Goto(target)) = &mut rule.action else { return };
        if table.chains.iter().any(|chain| chain.name == *target) {
            *target = full_name(table, target);
            return;
        }
        let text = format!("jump {target}");
        let what = format!("`{}` is not a chain of this table", clip(target));
        self.trouble.line(rule.line_from, "unknown-target", what);
        rule.add_unknown(text, rule.line_from);
        rule.action = Action::Continue;
    }
}

fn full_name(table: &Table<'_>, chain: &str) -> String {
    format!("{} {}/{chain}", table.family.name(), table.name)
}

/// Whether a packet may be dropped in a chain or in one that it calls.
fn can_deny<'c>(name: &'c str, chains: &BTreeMap<&'c str, &'c Chain>, seen: &mut BTreeSet<&'c str>) -> bool {
    let mut work = vec![name];
    while let Some(name) = work.pop() {
        let Some((name, chain)) = chains.get_key_value(name).filter(|(name, _)| !seen.contains(*name)) else {
            continue;
        };
        seen.insert(name);
        if chain.default.action == Action::Deny || chain.rules.iter().any(|rule| rule.action == Action::Deny) {
            return true;
        }
        work.extend(chain.rules.iter().filter_map(|rule| match &rule.action {
            Action::Jump(target) | Action::Goto(target) => Some(target.as_str()),
            _ => None,
        }));
    }
    false
}

/// The rule's words without what changes with time or says nothing: counters, comments.
fn identity(said: &[Say<'_>], tokens: &[Token<'_>]) -> String {
    let volatile = said.iter().any(|say| matches!(say, Say::Counter(_) | Say::Comment(_)));
    let text = rule::text_of(tokens);
    if !volatile {
        return text;
    }
    let mut kept = Vec::new();
    let mut words = tokens.iter().peekable();
    while let Some(token) = words.next() {
        if token.is("counter") || token.is("comment") {
            if token.is("comment") {
                words.next();
            }
            while let Some(next) = words.peek().filter(|next| next.is("packets") || next.is("bytes")) {
                let _ = next;
                words.next();
                words.next();
            }
            continue;
        }
        kept.push(*token);
    }
    rule::text_of(&kept)
}

/// A rule being read.
struct Reading {
    cells: Vec<Cell>,
    outcomes: Vec<(Cell, Action)>,
    log: bool,
    limits: Vec<String>,
    hits: Option<u64>,
    comment: Option<String>,
    translation: Option<Translated>,
    line: u32,
}

/// A translation, resolved.
struct Translated {
    source: bool,
    address: Addrs,
    port: Option<Ports>,
}

impl Reading {
    fn say(&mut self, say: &Say<'_>, table: &Table<'_>, trouble: &mut Trouble) {
        match say {
            Say::Match(compared) => {
                // A counter before a match counts more than the rule's packets.
                self.hits = self.hits.filter(|hits| *hits == 0);
                let named = match &compared.values {
                    Values::Named(name) => self.named(name, table, trouble),
                    Values::Here { .. } => None,
                };
                let result = compare(&mut self.cells, compared, named.as_deref());
                self.told(result, &compared.text, trouble);
            }
            Say::VerdictMap { keys, values } => self.verdict_map(keys, values, table, trouble),
            Say::Verdict(verdict) => {
                if let Some(action) = self.action(verdict) {
                    let cells = self.cells.clone();
                    self.outcomes.extend(cells.into_iter().map(|cell| (cell, action.clone())));
                }
            }
            Say::Counter(packets) => self.hits = *packets,
            Say::Log => self.log = true,
            Say::Limit(text) => self.limits.push(text.clone()),
            Say::Translate(translation) => self.translation = translated(translation),
            Say::Comment(text) => self.comment = Some(text.clone()),
            Say::Aside => {}
            Say::Unknown { text, known } => {
                if !known {
                    trouble.line(self.line, "unknown-statement", format!("`{}` is not understood", clip(text)));
                }
                self.uncertain(text);
            }
        }
    }

    fn uncertain(&mut self, text: &str) {
        self.cells.iter_mut().for_each(|cell| cell.unknown(text));
    }

    fn told(&mut self, result: Result<(), NotUnderstood>, text: &str, trouble: &mut Trouble) {
        if let Err(NotUnderstood(word)) = result {
            let what = format!("`{}` in `{}` is not understood", clip(&word), clip(text));
            trouble.line(self.line, "unknown-value", what);
        }
    }

    /// Elements of a named set; `None` when they are not known.
    fn named<'t>(&mut self, name: &str, table: &Table<'t>, trouble: &mut Trouble) -> Option<Vec<Element<'t>>> {
        let Some(set) = table.sets.get(name) else {
            trouble.line(self.line, "undefined", format!("`@{}` is not defined", clip(name)));
            return None;
        };
        if set.dynamic {
            return None;
        }
        let elements = rule::elements(&set.elements);
        if elements.is_none() {
            trouble.line(self.line, "unknown-value", format!("elements of `@{}` are not understood", clip(name)));
        }
        elements
    }

    fn action(&mut self, verdict: &Verdict) -> Option<Action> {
        Some(match verdict {
            Verdict::Accept => Action::Permit,
            Verdict::Drop => Action::Deny,
            Verdict::Continue => return None,
            Verdict::Return => Action::Return,
            Verdict::Jump(chain) => Action::Jump(chain.clone()),
            Verdict::Goto(chain) => Action::Goto(chain.clone()),
            Verdict::Queue => {
                self.uncertain("a program decides (queue)");
                Action::Permit
            }
        })
    }

    fn verdict_map(&mut self, keys: &[String], values: &Values<'_>, table: &Table<'_>, trouble: &mut Trouble) {
        let text = format!("{} vmap", keys.join(" . "));
        let elements = match values {
            Values::Here { elements, .. } => elements.clone(),
            Values::Named(name) => match self.named(name, table, trouble) {
                Some(elements) => elements,
                None => {
                    // It may do anything that it can: nothing after it is certain.
                    let text = format!("{text} @{name}");
                    for action in [Action::Permit, Action::Deny] {
                        for mut cell in self.cells.clone() {
                            cell.unknown(&text);
                            self.outcomes.push((cell, action.clone()));
                        }
                    }
                    return;
                }
            },
        };
        let is_rest =
            |element: &Element<'_>| matches!(element.tuple.as_slice(), [any] if any.low == "*" && !any.quoted);
        let mut by_verdict: Vec<(Verdict, Vec<Vec<Value<'_>>>)> = Vec::new();
        let mut rest = None;
        for element in &elements {
            let Some(Data::Verdict(verdict)) = &element.data else {
                trouble.line(self.line, "unknown-value", format!("an element of `{}` has no verdict", clip(&text)));
                self.uncertain(&text);
                continue;
            };
            if is_rest(element) {
                rest = Some(verdict.clone());
                continue;
            }
            match by_verdict.iter_mut().find(|(known, _)| known == verdict) {
                Some((_, tuples)) => tuples.push(element.tuple.clone()),
                None => by_verdict.push((verdict.clone(), vec![element.tuple.clone()])),
            }
        }
        for (verdict, tuples) in &by_verdict {
            let mut cells = Vec::new();
            let result = if let [key] = keys {
                let values: Vec<Value<'_>> = tuples.iter().flatten().copied().collect();
                cells.clone_from(&self.cells);
                one_key(&mut cells, key, false, &values, &text)
            } else {
                tuples.iter().try_for_each(|tuple| {
                    let mut one = self.cells.clone();
                    let result = one_element(&mut one, keys, tuple, &text);
                    cells.append(&mut one);
                    result
                })
            };
            self.told(result, &text, trouble);
            self.conclude(cells, verdict);
        }
        if let Some(verdict) = rest {
            // What no other element names.
            let mut cells = self.cells.clone();
            if let [key] = keys {
                let values: Vec<Value<'_>> =
                    by_verdict.iter().flat_map(|(_, tuples)| tuples).flatten().copied().collect();
                let result = if values.is_empty() { Ok(()) } else { one_key(&mut cells, key, true, &values, &text) };
                self.told(result, &text, trouble);
            } else {
                for cell in &mut cells {
                    cell.unknown(&format!("{text} *"));
                }
            }
            self.conclude(cells, &verdict);
        }
    }

    fn conclude(&mut self, mut cells: Vec<Cell>, verdict: &Verdict) {
        if *verdict == Verdict::Queue {
            for cell in &mut cells {
                cell.unknown("a program decides (queue)");
            }
        }
        let action = self.action(verdict).unwrap_or(Action::Continue);
        self.outcomes.extend(cells.into_iter().map(|cell| (cell, action.clone())));
    }
}

/// Rules that differ in one set only become one: concatenations list the same address or port many times.
fn merge(rules: Vec<Rule>) -> Vec<Rule> {
    type Part = fn(&mut Rule) -> Option<&mut Addrs>;
    if rules.len() < 2 {
        return rules;
    }
    let parts: [Part; 3] = [|_| None, |rule| Some(&mut rule.src), |rule| Some(&mut rule.dst)];
    parts.into_iter().fold(rules, |rules, part| {
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut kept: Vec<Rule> = Vec::new();
        for rule in rules {
            let mut key = rule.clone();
            match part(&mut key) {
                Some(addrs) => *addrs = Addrs::none(),
                None => key.services = crate::policy::Services::default(),
            }
            let key = format!("{key:?}");
            match places.get(&key).map(|place| &mut kept[*place]) {
                Some(known) => {
                    let mut rule = rule;
                    match (part(known), part(&mut rule)) {
                        (Some(known), Some(addrs)) => known.add(addrs),
                        _ => known.services.add(&rule.services),
                    }
                }
                None => {
                    places.insert(key, kept.len());
                    kept.push(rule);
                }
            }
        }
        kept
    })
}

/// What a statement of translation puts in place.
fn translated(found: &Translation<'_>) -> Option<Translated> {
    let source = match found.kind {
        "masquerade" | "snat" => true,
        "dnat" | "redirect" => false,
        _ => return None,
    };
    let range = |value: Value<'_>| match value.high {
        Some(high) => format!("{}-{high}", value.low),
        None => value.low.to_owned(),
    };
    let address = match (found.kind, found.address) {
        (_, Some(value)) => {
            let text = range(value);
            text.parse().map_or_else(|_| Addrs::unknown(text.as_str(), AddrSet::full()), Addrs::exactly)
        }
        ("masquerade", _) => Addrs::unknown("the device's own address", AddrSet::full()),
        ("redirect", _) => Addrs::unknown("the device itself", AddrSet::full()),
        _ if found.mapped => Addrs::unknown("by a map", AddrSet::full()),
        _ => Addrs::unknown("unchanged", AddrSet::full()),
    };
    let port = found.port.and_then(|value| {
        let text = range(value);
        let (low, high) = text.split_once('-').unwrap_or((&text, &text));
        let one = |word: &str| word.parse().ok().or_else(|| crate::ports::number(word));
        let (low, high): (u16, u16) = (one(low)?, one(high)?);
        (low <= high).then(|| Ports(Intervals::range(low, high)))
    });
    Some(Translated { source, address, port })
}

fn translate(found: &Translated, rule: &Rule, hook: &str, chain: &str) -> Nat {
    let mut nat = Nat::new(rule.line_from);
    nat.line_to = rule.line_to;
    nat.id.clone_from(&rule.id);
    nat.text.clone_from(&rule.text);
    (nat.in_ifs, nat.out_ifs) = (rule.in_ifs.clone(), rule.out_ifs.clone());
    (nat.src, nat.dst, nat.services) = (rule.src.clone(), rule.dst.clone(), rule.services.clone());
    nat.unknown.clone_from(&rule.unknown);
    if hook.is_empty() {
        nat.unknown.push(Unknown { text: format!("what leads to the chain {chain}"), line: rule.line_from });
    }
    if found.source {
        nat.to_src = Some(found.address.clone());
    } else {
        nat.to_dst = Some(found.address.clone());
        nat.to_port.clone_from(&found.port);
    }
    nat
}
