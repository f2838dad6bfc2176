//! A rule's words as statements (nft(8), *Statements* and *Expressions*).

use super::lex::{Kind, Token};
use super::words::number;

/// One thing that a rule says.
#[derive(Debug)]
pub(super) enum Say<'t> {
    /// A comparison.
    Match(Match<'t>),
    /// A verdict looked up by a key.
    VerdictMap {
        keys: Vec<String>,
        values: Values<'t>,
    },
    /// What happens to the packet.
    Verdict(Verdict),
    /// Packets counted, where the file says.
    Counter(Option<u64>),
    Log,
    /// A rate, or a number of connections: as written.
    Limit(String),
    Translate(Translation<'t>),
    Comment(String),
    /// Something that changes or marks the packet and goes on.
    Aside,
    /// Something that is not evaluated; `known` when it is a known expression.
    Unknown {
        text: String,
        known: bool,
    },
}

/// A comparison of a key with values.
#[derive(Debug)]
pub(super) struct Match<'t> {
    /// `ip saddr`, `tcp dport`; several for a concatenation.
    pub(super) keys: Vec<String>,
    /// Only these bits of the key.
    pub(super) mask: Option<Vec<&'t str>>,
    pub(super) operator: Operator,
    pub(super) values: Values<'t>,
    pub(super) text: String,
}

/// How a key is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// None written: equal, one of, any bit.
    Implicit,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// None of these bits.
    Without,
}

/// What a key is compared with.
#[derive(Debug)]
pub(super) enum Values<'t> {
    /// `{ … }`, or one value, or a list.
    Here { elements: Vec<Element<'t>>, braces: bool },
    /// `@name`
    Named(&'t str),
}

/// An element of a set or map.
#[derive(Clone, Debug)]
pub(super) struct Element<'t> {
    /// One value a key; several for a concatenation.
    pub(super) tuple: Vec<Value<'t>>,
    /// What a map gives for it.
    pub(super) data: Option<Data>,
}

/// What a map gives.
#[derive(Clone, Debug)]
pub(super) enum Data {
    Verdict(Verdict),
    /// An address or port to put in place.
    Other,
}

/// A value: a word, or a range with spaces in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value<'t> {
    pub(super) low: &'t str,
    pub(super) high: Option<&'t str>,
    pub(super) quoted: bool,
}

/// What happens to a packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Accept,
    Drop,
    Continue,
    Return,
    Queue,
    Jump(String),
    Goto(String),
}

/// What is put in place of an address.
#[derive(Debug)]
pub(super) struct Translation<'t> {
    pub(super) kind: &'t str,
    pub(super) address: Option<Value<'t>>,
    pub(super) port: Option<Value<'t>>,
    /// A map gives it.
    pub(super) mapped: bool,
}

const VERDICTS: &[&str] = &["accept", "drop", "continue", "return", "jump", "goto", "reject", "queue"];

/// Protocols whose header fields a rule may name.
const HEADERS: &[&str] = &[
    "ip", "ip6", "tcp", "udp", "udplite", "sctp", "dccp", "th", "icmp", "icmpv6", "igmp", "ether", "arp", "vlan", "ah",
    "esp", "comp", "hbh", "rt", "rt0", "rt2", "rt4", "frag", "dst", "mh", "srh", "exthdr", "gre", "gretap", "vxlan",
    "geneve",
];

/// Keys of `meta` that may stand alone.
const META: &[&str] = &[
    "mark",
    "iif",
    "iifname",
    "iiftype",
    "oif",
    "oifname",
    "oiftype",
    "skuid",
    "skgid",
    "nftrace",
    "rtclassid",
    "ibriport",
    "obriport",
    "ibrname",
    "obrname",
    "ibridgename",
    "obridgename",
    "pkttype",
    "cpu",
    "iifgroup",
    "oifgroup",
    "cgroup",
    "secpath",
    "ipsec",
    "time",
    "day",
    "hour",
    "l4proto",
    "nfproto",
    "protocol",
    "length",
    "priority",
    "random",
    "broute",
    "sdif",
    "sdifname",
    "ibrvproto",
    "ibrpvid",
];

/// Words that begin another statement.
const STATEMENTS: &[&str] = &[
    "counter",
    "log",
    "limit",
    "quota",
    "comment",
    "masquerade",
    "snat",
    "dnat",
    "redirect",
    "tproxy",
    "notrack",
    "dup",
    "fwd",
    "synproxy",
    "flow",
    "add",
    "update",
    "delete",
    "set",
    "meter",
    "xt",
    "last",
    "ct",
    "meta",
    "fib",
    "socket",
    "osf",
    "numgen",
    "jhash",
    "symhash",
    "handle",
];

/// Reads a rule. What is not understood is a statement of its own; nothing else is lost by it.
pub(super) fn read<'t>(tokens: &[Token<'t>]) -> Vec<Say<'t>> {
    let mut cursor = Cursor { tokens, at: 0 };
    let mut said = Vec::new();
    while cursor.peek().is_some() {
        let start = cursor.at;
        let known = cursor.statement(&mut said);
        if known.is_none() || cursor.at == start {
            said.push(cursor.skip_unknown(start));
        }
    }
    said
}

/// Elements of a named set or map.
pub(super) fn elements<'t>(tokens: &[Token<'t>]) -> Option<Vec<Element<'t>>> {
    let mut cursor = Cursor { tokens, at: 0 };
    let mut found = Vec::new();
    cursor.elements(&mut found, false, 0)?;
    (cursor.at >= tokens.len()).then_some(found)
}

struct Cursor<'a, 't> {
    tokens: &'a [Token<'t>],
    at: usize,
}

impl<'t> Cursor<'_, 't> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).copied()
    }

    fn peek_word(&self) -> &'t str {
        self.peek().filter(|token| token.kind != Kind::Quoted).map_or("", |token| token.text)
    }

    fn next(&mut self) -> Option<Token<'t>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    fn name(&mut self) -> Option<&'t str> {
        self.next().filter(|token| token.kind != Kind::Symbol).map(|token| token.text)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(word));
        self.at += usize::from(found);
        found
    }

    fn take_any(&mut self, words: &[&str]) -> bool {
        let found = words.contains(&self.peek_word());
        self.at += usize::from(found);
        found
    }

    fn text(&self, from: usize) -> String {
        text_of(&self.tokens[from..self.at.min(self.tokens.len())])
    }

    fn statement(&mut self, said: &mut Vec<Say<'t>>) -> Option<()> {
        let start = self.at;
        match self.peek_word() {
            word if VERDICTS.contains(&word) => said.push(Say::Verdict(self.verdict()?)),
            "counter" => said.push(self.counter()),
            "log" => said.push(self.log()?),
            "limit" | "quota" => {
                self.rate()?;
                said.push(Say::Limit(self.text(start)));
            }
            "comment" => {
                self.at += 1;
                said.push(Say::Comment(self.name()?.to_owned()));
            }
            "handle" => {
                self.at += 2;
                said.push(Say::Aside);
            }
            "masquerade" | "snat" | "dnat" | "redirect" | "tproxy" => said.push(self.translation()?),
            "notrack" => {
                self.at += 1;
                said.push(Say::Aside);
            }
            "dup" | "fwd" | "synproxy" | "flow" | "add" | "update" | "delete" | "set" | "last" => self.aside(said),
            "xt" => {
                self.at += 1;
                self.take_any(&["match", "target", "watcher"]);
                self.next()?;
                said.push(Say::Unknown { text: self.text(start), known: true });
            }
            _ => self.expression(start, said)?,
        }
        Some(())
    }

    fn verdict(&mut self) -> Option<Verdict> {
        Some(match self.next()?.text {
            "accept" => Verdict::Accept,
            "drop" => Verdict::Drop,
            "continue" => Verdict::Continue,
            "return" => Verdict::Return,
            "jump" => Verdict::Jump(self.name()?.to_owned()),
            "goto" => Verdict::Goto(self.name()?.to_owned()),
            "reject" => {
                if self.take("with") {
                    self.take_any(&["icmp", "icmpv6", "icmpx", "tcp"]);
                    self.take("type");
                    self.next()?;
                }
                Verdict::Drop
            }
            "queue" => {
                self.arguments();
                Verdict::Queue
            }
            _ => return None,
        })
    }

    fn counter(&mut self) -> Say<'t> {
        self.at += 1;
        let mut packets = None;
        if self.take("packets") {
            packets = self.next().and_then(|token| number(token.text));
            if self.take("bytes") {
                self.at += 1;
            }
        } else if self.take("name") || self.peek().is_some_and(|token| token.kind == Kind::Quoted) {
            self.expression_value();
        }
        Say::Counter(packets)
    }

    fn log(&mut self) -> Option<Say<'t>> {
        self.at += 1;
        while self.take_any(&["prefix", "level", "group", "snaplen", "queue-threshold", "flags"]) {
            let flags = self.tokens[self.at - 1].is("flags");
            self.next()?;
            // `flags tcp sequence,options`, `flags ip options`
            if flags && matches!(self.tokens[self.at - 1].text, "tcp" | "ip") {
                self.next()?;
            }
            while self.take(",") {
                self.next()?;
            }
        }
        Some(Say::Log)
    }

    /// `limit rate over 10/second burst 5 packets`, `quota over 1 mbytes used 3 bytes`, `limit name "x"`
    fn rate(&mut self) -> Option<()> {
        self.at += 1;
        if self.take("name") {
            self.expression_value();
            return Some(());
        }
        self.take("rate");
        self.take_any(&["over", "until"]);
        self.next()?;
        let unit = self.peek_word();
        self.at += usize::from(UNITS.contains(&unit.split('/').next().unwrap_or_default()));
        // `10 / second`, `1 mbytes / second`
        if self.take("/") {
            self.next()?;
        }
        while self.take_any(&["burst", "used"]) {
            self.next()?;
            self.take_any(&UNITS);
        }
        Some(())
    }

    fn translation(&mut self) -> Option<Say<'t>> {
        let kind = self.name()?;
        self.take_any(&["ip", "ip6", "inet"]);
        if self.take("addr") && self.take(".") {
            self.next()?;
        }
        self.take("prefix");
        let mut found = Translation { kind, address: None, port: None, mapped: false };
        if self.take("to") || self.peek().is_some_and(|token| token.is(":")) || matches!(kind, "snat" | "dnat") {
            if kind == "tproxy" {
                self.take_any(&["ip", "ip6"]);
            }
            if !self.peek().is_some_and(|token| token.is(":")) && self.peek().is_some() {
                if self.is_key() || self.peek_word().starts_with("numgen") || self.peek_word().ends_with("hash") {
                    found.mapped = true;
                    self.arguments();
                } else {
                    found.address = Some(self.value()?);
                }
            }
            if self.take(":") {
                if self.is_key() {
                    found.mapped = true;
                    self.arguments();
                } else {
                    found.port = Some(self.value()?);
                }
            }
        }
        while self.take_any(&["random", "fully-random", "persistent", ","]) {}
        Some(Say::Translate(found))
    }

    /// A statement with arguments that changes something and goes on.
    fn aside(&mut self, said: &mut Vec<Say<'t>>) {
        let start = self.at;
        let word = self.peek_word();
        self.at += 1;
        if word == "flow" && !self.take_any(&["add", "offload"]) {
            return said.push(Say::Unknown { text: self.text(start), known: false });
        }
        self.arguments();
        if word == "fwd" {
            // The packet leaves by another device at once.
            said.push(Say::Verdict(Verdict::Accept));
        }
        // `add @limited { ip saddr limit rate over 5/minute }` matches by its rate.
        let text = self.text(start);
        said.push(if text.contains("limit rate") || text.contains("ct count") { Say::Limit(text) } else { Say::Aside });
    }

    /// Passes over what belongs to a statement: up to the next word that begins another.
    fn arguments(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.peek() {
            if token.is("{") {
                depth += 1;
            } else if token.is("}") {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && (VERDICTS.contains(&self.peek_word()) || self.is_plain_statement()) {
                return;
            }
            self.at += 1;
        }
    }

    fn is_plain_statement(&self) -> bool {
        matches!(
            self.peek_word(),
            "counter"
                | "log"
                | "comment"
                | "masquerade"
                | "snat"
                | "dnat"
                | "redirect"
                | "quota"
                | "random"
                | "persistent"
                | "fully-random"
        )
    }

    fn skip_unknown(&mut self, start: usize) -> Say<'t> {
        self.at = self.at.max(start + 1).min(self.tokens.len());
        let mut depth = self.tokens[start..self.at].iter().filter(|token| token.is("{")).count();
        depth = depth.saturating_sub(self.tokens[start..self.at].iter().filter(|token| token.is("}")).count());
        while let Some(token) = self.peek() {
            let word = self.peek_word();
            if token.is("{") {
                depth += 1;
            } else if token.is("}") {
                depth = depth.saturating_sub(1);
            } else if depth == 0
                && (VERDICTS.contains(&word)
                    || STATEMENTS.contains(&word)
                    || ((HEADERS.contains(&word) || META.contains(&word)) && self.is_key()))
            {
                break;
            }
            self.at += 1;
        }
        Say::Unknown { text: self.text(start), known: false }
    }

    /// Whether an expression begins here.
    fn is_key(&self) -> bool {
        let word = self.peek_word();
        let more = self.tokens.get(self.at + 1).is_some_and(|next| next.kind == Kind::Word);
        (HEADERS.contains(&word) && more)
            || META.contains(&word)
            || matches!(word, "meta" | "ct" | "fib" | "socket" | "osf")
            || ["@ll", "@nh", "@th", "@ih"].contains(&word)
    }

    fn expression(&mut self, start: usize, said: &mut Vec<Say<'t>>) -> Option<()> {
        let mut keys = vec![self.key()?];
        while self.peek().is_some_and(|token| token.is(".")) {
            self.at += 1;
            keys.push(self.key()?);
        }
        if keys == ["ct count"] {
            self.take("over");
            self.next()?;
            said.push(Say::Limit(self.text(start)));
            return Some(());
        }
        if self.take("set") {
            self.mutation();
            said.push(Say::Aside);
            return Some(());
        }
        if self.take("vmap") {
            let values = self.values()?;
            said.push(Say::VerdictMap { keys, values });
            return Some(());
        }
        let mut mask = None;
        if self.take_any(&["&", "and"]) {
            mask = Some(self.bits()?);
        }
        let operator = match self.peek_word() {
            "==" | "eq" => Operator::Equal,
            "!=" | "ne" => Operator::Unequal,
            "<" | "lt" => Operator::Less,
            "<=" | "le" => Operator::LessOrEqual,
            ">" | "gt" => Operator::Greater,
            ">=" | "ge" => Operator::GreaterOrEqual,
            "!" => Operator::Without,
            _ => Operator::Implicit,
        };
        if operator != Operator::Implicit {
            self.at += 1;
        }
        let values = self.values()?;
        // `tcp flags syn / fin,syn,rst,ack`
        if self.take("/") {
            mask = Some(self.bits()?);
        }
        let text = self.text(start);
        said.push(Say::Match(Match { keys, mask, operator, values, text }));
        Some(())
    }

    /// The value that a key is set to.
    fn mutation(&mut self) {
        while let Some(token) = self.peek() {
            let word = self.peek_word();
            if VERDICTS.contains(&word) || (token.kind == Kind::Word && self.is_plain_statement()) {
                return;
            }
            // Two values never follow each other: what follows one is another statement, unless an operator joins them.
            self.at += 1;
            let joined = |token: Token<'_>| {
                token.kind == Kind::Symbol
                    || matches!(
                        token.text,
                        "and" | "or" | "xor" | "." | "map" | "rt" | "mtu" | "mod" | "offset" | "seed"
                    )
            };
            if self.is_key()
                && !joined(token)
                && !self.tokens.get(self.at - 1).is_some_and(|before| before.is("meta") || before.is("ct"))
            {
                return;
            }
        }
    }

    /// A key, its words with one space between them; those of `meta` with `meta` before them.
    fn key(&mut self) -> Option<String> {
        let first = self.name()?;
        Some(match first {
            "meta" => format!("meta {}", self.name()?),
            "ct" => {
                let mut key = "ct".to_owned();
                loop {
                    let word = self.name()?;
                    key.push(' ');
                    key.push_str(word);
                    if !matches!(word, "original" | "reply" | "ip" | "ip6") {
                        return Some(key);
                    }
                }
            }
            "fib" => {
                let mut key = "fib".to_owned();
                loop {
                    let word = self.name()?;
                    key.push(' ');
                    key.push_str(word);
                    // `fib saddr . iif oif`: after a dot, `iif` is a part of the key; else the result follows.
                    let dotted = self.take(".");
                    if !dotted && key.split(' ').count() > 2 && ["type", "oif", "oifname", "check"].contains(&word) {
                        return Some(key);
                    }
                }
            }
            "rt" => {
                self.take_any(&["ip", "ip6"]);
                format!("rt {}", self.name()?)
            }
            "socket" => {
                let key = format!("socket {}", self.name()?);
                if self.take("level") {
                    self.next()?;
                }
                key
            }
            "osf" => {
                while self.take_any(&["ttl", "loose", "skip"]) {}
                format!("osf {}", self.name()?)
            }
            "ipsec" => {
                self.take_any(&["in", "out"]);
                if self.take("spnum") {
                    self.next()?;
                }
                self.take_any(&["ip", "ip6"]);
                format!("ipsec {}", self.name()?)
            }
            "numgen" | "symhash" | "jhash" => {
                while self.peek().is_some_and(|token| token.kind == Kind::Word)
                    && !self.peek().is_some_and(|token| token.is("vmap") || token.is("map"))
                {
                    self.at += 1;
                }
                first.to_owned()
            }
            "tcp" | "ip" | "ip6" | "dccp" if self.peek_word() == "option" => {
                self.at += 1;
                let option = self.name()?;
                let field = [
                    "size", "shift", "kind", "length", "left", "right", "tsval", "tsecr", "addr", "ptr", "type",
                    "value", "count",
                ];
                self.take_any(&field);
                format!("{first} option {option}")
            }
            "vxlan" | "geneve" | "gre" | "gretap" if HEADERS.contains(&self.peek_word()) => {
                let inner = self.key()?;
                format!("{first} {inner}")
            }
            "exthdr" => format!("exthdr {}", self.name()?),
            "@ll" | "@nh" | "@th" | "@ih" => {
                for _ in 0..2 {
                    self.take(",");
                    self.next()?;
                }
                first.to_owned()
            }
            _ if HEADERS.contains(&first) => format!("{first} {}", self.name()?),
            _ if META.contains(&first) => format!("meta {first}"),
            _ => return None,
        })
    }

    fn values(&mut self) -> Option<Values<'t>> {
        if let Some(name) =
            self.peek().filter(|token| token.kind == Kind::Word).and_then(|token| token.text.strip_prefix('@'))
        {
            self.at += 1;
            return Some(Values::Named(name));
        }
        let mut elements = Vec::new();
        if self.peek().is_some_and(|token| token.is("{")) {
            self.at += 1;
            self.elements(&mut elements, true, 0)?;
            return Some(Values::Here { elements, braces: true });
        }
        loop {
            let open = self.take("(");
            loop {
                elements.push(Element { tuple: self.tuple()?, data: None });
                if !self.take_any(&["|", ",", "or"]) {
                    break;
                }
            }
            if open {
                self.take(")");
            }
            if !self.take_any(&["|", ","]) {
                return Some(Values::Here { elements, braces: false });
            }
        }
    }

    /// Flags of a mask.
    fn bits(&mut self) -> Option<Vec<&'t str>> {
        let open = self.take("(");
        let mut bits = vec![self.name()?];
        while self.take_any(&["|", ",", "or"]) {
            bits.push(self.name()?);
        }
        if open {
            self.take(")");
        }
        Some(bits)
    }

    /// Elements up to the closing brace, or to the end. Braces within are those of definitions.
    fn elements(&mut self, found: &mut Vec<Element<'t>>, braces: bool, depth: usize) -> Option<()> {
        if depth > 20 {
            return None;
        }
        loop {
            if self.take("}") {
                return braces.then_some(());
            }
            match self.peek() {
                None => return Some(()),
                Some(token) if token.is(",") => self.at += 1,
                Some(token) if token.is("{") => {
                    self.at += 1;
                    self.elements(found, true, depth + 1)?;
                }
                Some(_) => {
                    let tuple = self.tuple()?;
                    self.attributes();
                    let data = if self.take(":") { Some(self.data()?) } else { None };
                    self.attributes();
                    found.push(Element { tuple, data });
                }
            }
        }
    }

    fn data(&mut self) -> Option<Data> {
        if VERDICTS.contains(&self.peek_word()) {
            return self.verdict().map(Data::Verdict);
        }
        self.tuple().map(|_| Data::Other)
    }

    /// `timeout 1h expires 3m counter packets 1 bytes 2 comment "x"` of an element.
    fn attributes(&mut self) {
        while let Some(token) = self.peek() {
            if token.kind == Kind::Symbol && matches!(token.text, "," | "}" | ":") {
                return;
            }
            self.at += 1;
        }
    }

    fn tuple(&mut self) -> Option<Vec<Value<'t>>> {
        let mut tuple = vec![self.value()?];
        while self.take(".") {
            tuple.push(self.value()?);
        }
        Some(tuple)
    }

    fn value(&mut self) -> Option<Value<'t>> {
        let token = self.next()?;
        if matches!(token.kind, Kind::Symbol | Kind::End) {
            self.at -= 1;
            return None;
        }
        let quoted = token.kind == Kind::Quoted;
        let mut value = Value { low: token.text, high: None, quoted };
        if self.take("-") {
            value.high = Some(self.name()?);
        }
        Some(value)
    }

    /// One value that is passed over: a name, or a key with a map.
    fn expression_value(&mut self) {
        if self.is_key() {
            self.arguments();
        } else {
            self.at += 1;
        }
    }
}

const UNITS: [&str; 5] = ["packets", "bytes", "kbytes", "mbytes", "gbytes"];

/// Words with one space between them, quotes put back.
pub(super) fn text_of(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens {
        if !(text.is_empty() || token.is(",") || token.is(":")) {
            text.push(' ');
        }
        if token.kind == Kind::Quoted {
            text.push('"');
            text.push_str(token.text);
            text.push('"');
        } else {
            text.push_str(token.text);
        }
    }
    text
}
