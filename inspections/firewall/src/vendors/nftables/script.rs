//! A script as tables of chains and sets: commands are carried out in their order.

use std::collections::BTreeMap;

use secdiag_model::{Note, NoteKind};

use super::lex::{Kind, Token, body, statements, tokens};
use super::policies;
use super::words;
use crate::policy::Action;
use crate::vendors::{Parsed, Trouble};

/// Tokens that definitions may unfold to in one file.
const EXPANSION_MAX: usize = 2_000_000;

/// Address family of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Ip,
    Ip6,
    Inet,
    Arp,
    Bridge,
    Netdev,
}

impl Family {
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "ip" => Self::Ip,
            "ip6" => Self::Ip6,
            "inet" => Self::Inet,
            "arp" => Self::Arp,
            "bridge" => Self::Bridge,
            "netdev" => Self::Netdev,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Inet => "inet",
            Self::Arp => "arp",
            Self::Bridge => "bridge",
            Self::Netdev => "netdev",
        }
    }
}

/// A table as written.
#[derive(Debug)]
pub(super) struct Table<'t> {
    pub(super) family: Family,
    pub(super) name: String,
    /// Switched off as a whole.
    pub(super) dormant: bool,
    pub(super) chains: Vec<Chain<'t>>,
    pub(super) sets: BTreeMap<String, Set<'t>>,
}

/// A chain as written.
#[derive(Debug)]
pub(super) struct Chain<'t> {
    pub(super) name: String,
    pub(super) base: Option<Base>,
    /// What its policy is, with the line that says so.
    pub(super) policy: Option<(Action, u32)>,
    pub(super) rules: Vec<Statement<'t>>,
}

/// Where a base chain hangs.
#[derive(Clone, Debug)]
pub(super) struct Base {
    /// `filter`, `nat`, `route`.
    pub(super) kind: String,
    pub(super) hook: String,
    pub(super) priority: i64,
    /// Devices of an ingress chain.
    pub(super) devices: Vec<String>,
    pub(super) line: u32,
}

/// A rule: its words, definitions put in.
#[derive(Debug)]
pub(super) struct Statement<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    pub(super) first: u32,
    pub(super) last: u32,
}

/// A named set or map.
#[derive(Debug, Default)]
pub(super) struct Set<'t> {
    /// Rules put elements into it, or elements leave it with time.
    pub(super) dynamic: bool,
    /// Elements as written, without the outer braces.
    pub(super) elements: Vec<Token<'t>>,
}

/// Reads a script.
pub(super) fn parse(text: &str) -> Parsed {
    let (tokens, total) = tokens(text);
    let mut script = Script::default();
    script.read(&tokens);
    let Script { tables, mut trouble, truncated, .. } = script;
    let source: Vec<&str> = text.split('\n').collect();
    let mut policies = policies::of(&tables, &source, &mut trouble);
    for policy in &mut policies {
        policy.coverage = trouble.coverage(total);
        policy.truncated = truncated;
    }
    Parsed { policies, notes: trouble.into_notes() }
}

/// A script being carried out.
#[derive(Default)]
pub(super) struct Script<'t> {
    tables: Vec<Table<'t>>,
    defines: BTreeMap<&'t str, Vec<Token<'t>>>,
    expanded: usize,
    pub(super) trouble: Trouble,
    truncated: bool,
}

impl<'t> Script<'t> {
    fn read(&mut self, tokens: &[Token<'t>]) {
        for statement in self.split(tokens, "table") {
            self.command(statement);
        }
    }

    fn split<'a>(&mut self, tokens: &'a [Token<'t>], opener: &str) -> Vec<&'a [Token<'t>]> {
        let mut broken = Vec::new();
        let found = statements(tokens, opener, &mut broken);
        for line in broken {
            self.trouble.line(line, "unbalanced", "a brace is not closed before this line");
        }
        found
    }

    /// The body of a block; a block without an end is what a file that breaks off has.
    fn body<'a>(&mut self, statement: &'a [Token<'t>]) -> &'a [Token<'t>] {
        match body(statement) {
            Some((body, true)) => body,
            Some((body, false)) => {
                self.truncated = true;
                body
            }
            None => &[],
        }
    }

    fn unknown(&mut self, statement: &[Token<'t>], what: &str) {
        let Some(first) = statement.first() else { return };
        for token in statement.iter().filter(|token| token.kind != Kind::End) {
            self.trouble.line(token.line, "unknown-line", format!("{what}: `{}`", clip(first.text)));
        }
    }

    fn command(&mut self, statement: &[Token<'t>]) {
        let mut rest = statement;
        let mut verb = "add";
        if let [first, tail @ ..] = rest
            && first.is("nft")
        {
            rest = tail;
        }
        if let [first, tail @ ..] = rest
            && [
                "add", "create", "insert", "replace", "delete", "destroy", "flush", "rename", "list", "reset",
                "monitor",
            ]
            .contains(&first.text)
        {
            (verb, rest) = (first.text, tail);
        }
        let Some(head) = rest.first().copied() else { return };
        let tail = &rest[1..];
        match (verb, head.text) {
            ("list" | "reset" | "monitor", _) => {}
            ("flush", "ruleset") => {
                let family = tail.first().and_then(|token| Family::of(token.text));
                self.tables.retain(|table| family.is_some_and(|family| table.family != family));
            }
            ("flush" | "delete" | "destroy", "table" | "chain" | "set" | "map" | "flowtable") => {
                self.remove(verb, head.text, tail);
            }
            ("add", "include") => self.include(head.line, tail),
            ("add", "define" | "redefine") => self.define(tail),
            ("add", "undefine") => {
                if let Some(name) = tail.first() {
                    self.defines.remove(name.text);
                }
            }
            ("add" | "create", "table") => {
                if let Some((table, rest)) = self.table(tail) {
                    let body = self.body(rest);
                    self.table_body(table, body);
                }
            }
            (
                "add" | "create",
                "chain" | "set" | "map" | "flowtable" | "counter" | "quota" | "limit" | "ct" | "secmark" | "synproxy",
            ) => {
                let tail = if head.is("ct") { tail.get(1..).unwrap_or_default() } else { tail };
                let Some((table, rest)) = self.table(tail) else {
                    return self.unknown(statement, "a table is missing");
                };
                self.table_item(table, head.text, rest);
            }
            ("add" | "create", "element") => {
                let Some((table, rest)) = self.table(tail) else {
                    return self.unknown(statement, "a table is missing");
                };
                let Some(name) = rest.first() else { return self.unknown(statement, "a set is missing") };
                let body = self.body(rest);
                let elements = self.expand(body);
                add_elements(self.tables[table].sets.entry(name.text.to_owned()).or_default(), elements);
            }
            ("add" | "create" | "insert" | "replace", "rule") => self.rule_command(verb, tail, statement),
            _ => self.unknown(statement, "not a command that is read"),
        }
    }

    /// `[family] name …`: the table, made where it is new, and what follows.
    fn table<'a>(&mut self, words: &'a [Token<'t>]) -> Option<(usize, &'a [Token<'t>])> {
        let (family, rest) = match words.first().and_then(|token| Family::of(token.text)) {
            // A table may be called `ip`.
            Some(family) if words.get(1).is_some_and(|next| next.kind != Kind::Symbol) => (family, &words[1..]),
            _ => (Family::Ip, words),
        };
        let name = rest.first().filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted))?.text;
        let known = self.tables.iter().position(|table| table.family == family && table.name == name);
        let index = known.unwrap_or_else(|| {
            let name = name.to_owned();
            self.tables.push(Table { family, name, dormant: false, chains: Vec::new(), sets: BTreeMap::new() });
            self.tables.len() - 1
        });
        Some((index, &rest[1..]))
    }

    fn remove(&mut self, verb: &str, what: &str, tail: &[Token<'t>]) {
        let Some((table, rest)) = self.table(tail) else { return };
        let name = rest.first().map(|token| token.text);
        match (what, verb) {
            ("table", "flush") => self.tables[table].chains.iter_mut().for_each(|chain| chain.rules.clear()),
            ("table", _) => {
                self.tables.remove(table);
            }
            ("chain", "flush") => {
                let chains = self.tables[table].chains.iter_mut();
                chains.filter(|chain| name.is_none_or(|name| chain.name == name)).for_each(|chain| chain.rules.clear());
            }
            ("chain", _) => self.tables[table].chains.retain(|chain| name != Some(chain.name.as_str())),
            ("set" | "map", "flush") => {
                if let Some(set) = name.and_then(|name| self.tables[table].sets.get_mut(name)) {
                    set.elements.clear();
                }
            }
            ("set" | "map", _) => {
                name.and_then(|name| self.tables[table].sets.remove(name));
            }
            _ => {}
        }
    }

    fn include(&mut self, line: u32, tail: &[Token<'t>]) {
        let file = tail.first().map_or("", |token| token.text);
        let text = format!("another file is included and not followed: `{}`", clip(file));
        self.trouble.other(Note::new(NoteKind::Assumed, "include", text).at(format!("line {line}")));
    }

    fn define(&mut self, tail: &[Token<'t>]) {
        let [name, equals, value @ ..] = tail else { return self.unknown(tail, "a definition without a value") };
        if !equals.is("=") {
            return self.unknown(tail, "a definition without a value");
        }
        let value = self.expand(value);
        self.defines.insert(name.text, value);
    }

    /// Puts definitions in and leaves line ends out.
    fn expand(&mut self, tokens: &[Token<'t>]) -> Vec<Token<'t>> {
        let mut all = Vec::with_capacity(tokens.len());
        for token in tokens.iter().filter(|token| token.kind != Kind::End) {
            let name = token.text.strip_prefix('$').filter(|_| token.kind == Kind::Word);
            match name.map(|name| (name, self.defines.get(name))) {
                None => all.push(*token),
                Some((_, Some(value))) if self.expanded + value.len() <= EXPANSION_MAX => {
                    self.expanded += value.len();
                    all.extend(value.iter().map(|part| Token { line: token.line, ..*part }));
                }
                Some((name, defined)) => {
                    let what = if defined.is_some() { "unfolds to too much" } else { "is not defined" };
                    self.trouble.line(token.line, "undefined", format!("`${}` {what}", clip(name)));
                    all.push(*token);
                }
            }
        }
        all
    }

    fn table_body(&mut self, table: usize, body: &[Token<'t>]) {
        for statement in self.split(body, "chain") {
            let [head, rest @ ..] = statement else { continue };
            match head.text {
                "flags" => self.tables[table].dormant |= rest.iter().any(|token| token.is("dormant")),
                "comment" | "handle" => {}
                "include" => self.include(head.line, rest),
                "define" | "redefine" => self.define(rest),
                "ct" => self.table_item(table, "ct", rest.get(1..).unwrap_or_default()),
                "chain" | "set" | "map" | "flowtable" | "counter" | "quota" | "limit" | "secmark" | "synproxy"
                | "meter" | "tunnel" => self.table_item(table, head.text, rest),
                _ => self.unknown(statement, "not a part of a table"),
            }
        }
    }

    fn table_item(&mut self, table: usize, what: &str, rest: &[Token<'t>]) {
        let Some(name) = rest.first() else { return };
        let body = self.body(rest);
        match what {
            "chain" => self.chain(table, name.text, body),
            "set" | "map" => self.set(table, name.text, body),
            _ => {}
        }
    }

    fn set(&mut self, table: usize, name: &str, body: &[Token<'t>]) {
        let mut set = Set::default();
        for statement in self.split(body, "") {
            let [head, rest @ ..] = statement else { continue };
            match head.text {
                "flags" => set.dynamic |= rest.iter().any(|token| token.is("dynamic") || token.is("timeout")),
                "timeout" => set.dynamic = true,
                "elements" => {
                    let inner = match rest {
                        [equals, value @ ..] if equals.is("=") => value,
                        _ => rest,
                    };
                    let value = self.expand(inner);
                    let (elements, whole) = body_of_elements(&value);
                    self.truncated |= !whole;
                    add_elements(&mut set, elements);
                }
                "type" | "typeof" | "size" | "policy" | "auto-merge" | "gc-interval" | "counter" | "quota"
                | "comment" | "handle" => {}
                _ => self.unknown(statement, "not a part of a set"),
            }
        }
        let sets = &mut self.tables[table].sets;
        match sets.get_mut(name) {
            Some(known) => {
                known.dynamic |= set.dynamic;
                add_elements(known, set.elements);
            }
            None => {
                sets.insert(name.to_owned(), set);
            }
        }
    }

    fn chain_index(&mut self, table: usize, name: &str) -> usize {
        let chains = &mut self.tables[table].chains;
        chains.iter().position(|chain| chain.name == name).unwrap_or_else(|| {
            chains.push(Chain { name: name.to_owned(), base: None, policy: None, rules: Vec::new() });
            chains.len() - 1
        })
    }

    fn chain(&mut self, table: usize, name: &str, body: &[Token<'t>]) {
        let index = self.chain_index(table, name);
        for statement in self.split(body, "") {
            let [head, rest @ ..] = statement else { continue };
            match head.text {
                "type" if rest.iter().any(|token| token.is("hook")) => self.base(table, index, statement),
                "policy" => {
                    let policy = match rest.first().map(|token| token.text) {
                        Some("accept") => Action::Permit,
                        Some("drop") => Action::Deny,
                        _ => {
                            self.unknown(statement, "not a policy of a chain");
                            continue;
                        }
                    };
                    self.tables[table].chains[index].policy = Some((policy, head.line));
                }
                "comment" if statement.len() == 2 => {}
                "devices" | "flags" | "handle" => {}
                "include" => self.include(head.line, rest),
                "define" | "redefine" => self.define(rest),
                _ => {
                    let rule = self.rule(statement);
                    self.tables[table].chains[index].rules.push(rule);
                }
            }
        }
    }

    /// `type filter hook input device eth0 priority filter + 10`
    fn base(&mut self, table: usize, index: usize, statement: &[Token<'t>]) {
        let words = self.expand(statement);
        let after = |word: &str| words.iter().position(|token| token.is(word)).map(|at| &words[at + 1..]);
        let first = |word: &str| after(word).and_then(<[_]>::first).map_or("", |token| token.text).to_owned();
        let mut devices = Vec::new();
        if after("device").is_some() {
            devices.push(first("device"));
        } else if let Some(list) = after("devices") {
            let names = list.iter().skip_while(|token| !token.is("{")).take_while(|token| !token.is("}"));
            devices.extend(names.filter(|token| token.kind != Kind::Symbol).map(|token| token.text.to_owned()));
        }
        let bridge = self.tables[table].family == Family::Bridge;
        let text: String = after("priority").unwrap_or_default().iter().map(|token| token.text).collect();
        let line = statement[0].line;
        let priority = priority(&text, bridge).unwrap_or_else(|| {
            self.trouble.line(line, "unknown-priority", format!("`{}` is not a priority", clip(&text)));
            0
        });
        let base = Base { kind: first("type"), hook: first("hook"), priority, devices, line };
        self.tables[table].chains[index].base = Some(base);
    }

    fn rule(&mut self, statement: &[Token<'t>]) -> Statement<'t> {
        let lines = || statement.iter().filter(|token| token.kind != Kind::End).map(|token| token.line);
        let (first, last) = (lines().min().unwrap_or(0), lines().max().unwrap_or(0));
        Statement { tokens: self.expand(statement), first, last }
    }

    /// `add rule inet filter input [position n] …`
    fn rule_command(&mut self, verb: &str, tail: &[Token<'t>], statement: &[Token<'t>]) {
        let Some((table, rest)) = self.table(tail) else { return self.unknown(statement, "a table is missing") };
        let Some(chain) = rest.first() else { return self.unknown(statement, "a chain is missing") };
        let mut words = &rest[1..];
        let mut index = None;
        while let [what, number, more @ ..] = words
            && ["position", "handle", "index"].contains(&what.text)
        {
            index = number.text.parse::<usize>().ok().filter(|_| what.is("index"));
            if !what.is("index") {
                let text =
                    "the rule's place is given by a number that the file does not explain: it was put at the end";
                self.trouble.line(what.line, "unknown-place", text);
            }
            words = more;
        }
        let at = self.chain_index(table, chain.text);
        let rule = self.rule(words);
        let rules = &mut self.tables[table].chains[at].rules;
        let place = match (verb, index) {
            ("insert", None) => 0,
            ("insert", Some(index)) => index.min(rules.len()),
            (_, Some(index)) => index.saturating_add(1).min(rules.len()),
            _ => rules.len(),
        };
        rules.insert(place, rule);
    }
}

/// Elements without their outer braces; a definition may have brought the braces.
fn body_of_elements<'t>(value: &[Token<'t>]) -> (Vec<Token<'t>>, bool) {
    match body(value) {
        Some((inner, whole)) => (inner.to_vec(), whole),
        None => (value.to_vec(), true),
    }
}

fn add_elements<'t>(set: &mut Set<'t>, elements: Vec<Token<'t>>) {
    if !set.elements.is_empty()
        && let Some(first) = elements.first()
    {
        set.elements.push(Token { text: ",", line: first.line, kind: Kind::Symbol });
    }
    set.elements.extend(elements);
}

/// `0`, `-150`, `filter`, `filter + 10`, `dstnat - 5`.
fn priority(text: &str, bridge: bool) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let split = text.find(['+', '-']).unwrap_or(text.len());
    let (name, offset) = text.split_at(split);
    let offset: i64 = if offset.is_empty() { 0 } else { offset.parse().ok()? };
    words::priority(name, bridge)?.checked_add(offset)
}

/// At most 60 characters of something that is shown in a note.
pub(super) fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}
