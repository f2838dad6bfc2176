//! Linux `iptables-save` and `ip6tables-save` (iptables(8), iptables-extensions(8)).
//!
//! ```text
//! *filter
//! :FORWARD DROP [0:0]
//! [12:3456] -A FORWARD -i eth0 -p tcp -m multiport --dports 80,443 -j ACCEPT
//! COMMIT
//! ```
//! Also accepted: `-N`, `-P`, `-I`, a missing `*table` (then `filter`) as generators write them. Addresses decide the
//! family; a file with both families gives two policies. Matches that cannot be evaluated (marks, sets, MAC addresses,
//! strings …) make the rule uncertain; unknown ones are noted too. A rule is never lost.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use secdiag_model::{EvidenceKind, Format, Head, Match};

use crate::interval::Intervals;
use crate::net::{AddrSet, Service, proto, proto_number};
use crate::policy::{
    Action, Addrs, Chain, ConnState, DefaultAction, Hook, Log, Names, Nat, Path, Policy, Rule, Services, Unknown,
};
use crate::roles;
use crate::vendors::{Parsed, Trouble, Vendor, excerpt, head_lines, lines};

/// The format and its parser.
pub(crate) const VENDOR: &Vendor = &Vendor {
    format: Format {
        id: "iptables-save",
        kind: EvidenceKind::Fwcfg,
        title: "Linux iptables-save or ip6tables-save dump",
        sniff,
    },
    parse,
};

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let (mut table, mut chain, mut rules, mut rest) = (false, false, 0, 0);
    let (mut listing, mut script) = (false, false);
    for line in head_lines(head).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line {
            "*filter" | "*nat" | "*mangle" | "*raw" | "*security" => table = true,
            "COMMIT" => {}
            _ if line.starts_with(':') && line.ends_with(']') => chain = true,
            _ if is_rule(line) => rules += 1,
            _ => {
                rest += 1;
                listing |= line.starts_with("Chain ")
                    && line.ends_with(')')
                    && (line.contains("(policy ") || line.contains(" references)"));
                script |= ["iptables ", "ip6tables ", "/sbin/iptables ", "$IPT ", "$IPTABLES "]
                    .iter()
                    .any(|tool| line.starts_with(tool));
            }
        }
    }
    if table && (chain || rules > 0) {
        Match::Yes(95)
    } else if rules > rest {
        Match::Yes(70)
    } else if listing {
        Match::Close("a listing of iptables -L: give the output of iptables-save, which leaves nothing out")
    } else if script {
        Match::Close("a shell script that calls iptables: give the output of iptables-save on the running host")
    } else {
        Match::No
    }
}

/// `-A INPUT … -j ACCEPT`, with counters or not; `-P INPUT DROP`, `-N chain`.
fn is_rule(line: &str) -> bool {
    let line = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((counters, rest)) if counters.bytes().all(|b| b.is_ascii_digit() || b == b':') => rest,
        _ => line,
    };
    let mut words = line.split_whitespace();
    match words.next() {
        Some("-A" | "-I") => words.any(|word| matches!(word, "-j" | "-g" | "-m" | "-p" | "-s" | "-d")),
        Some("-P") => words.nth(1).is_some_and(|policy| matches!(policy, "ACCEPT" | "DROP")),
        Some("-N") => words.count() == 1,
        _ => false,
    }
}

/// Reads a dump.
pub fn parse(text: &str) -> Parsed {
    let mut trouble = Trouble::default();
    let v6_lines = families(text);
    let mut families: BTreeMap<bool, Tables> = BTreeMap::new();
    let mut table = "filter".to_owned();
    let mut open = false;
    let mut total = 0;
    let mut v6 = false;
    for (number, raw) in lines(text) {
        let line = raw.trim();
        if line.is_empty() {
            continue;
        }
        total += 1;
        v6 = v6_lines.get(&number).copied().unwrap_or(v6);
        let tables = families.entry(v6).or_insert_with(|| Tables::new(v6));
        match line.as_bytes()[0] {
            b'#' => {}
            b'*' => {
                line[1..].trim().clone_into(&mut table);
                open = true;
            }
            b':' => tables.declare(&table, line, number, &mut trouble),
            _ if line == "COMMIT" => open = false,
            _ => tables.command(&table, line, number, &mut trouble),
        }
    }
    let coverage = trouble.coverage(total);
    let policies = families.into_values().filter(|tables| !tables.chains.is_empty());
    let policies = policies.map(|tables| tables.finish(coverage, open, &mut trouble)).collect();
    Parsed { policies, notes: trouble.into_notes() }
}

/// The address family of each `*table` block, by the line that opens it: what the comment before it says, else its first
/// address, else a protocol of IPv6 in it.
fn families(text: &str) -> BTreeMap<u32, bool> {
    /// What speaks for IPv6 in a block, or against it.
    #[derive(Default)]
    struct Block {
        start: u32,
        announced: Option<bool>,
        by_address: Option<bool>,
        by_protocol: bool,
    }
    let mut blocks = BTreeMap::new();
    let mut block = Block { start: 1, ..Block::default() };
    let mut announced = None;
    let mut close = |block: &Block| {
        blocks.insert(block.start, block.announced.or(block.by_address).unwrap_or(block.by_protocol));
    };
    for (number, line) in lines(text) {
        let line = line.trim();
        if line.starts_with('#') {
            if line.contains("Generated by") {
                announced = Some(line.contains("ip6tables"));
            }
        } else if line.starts_with('*') {
            close(&block);
            block = Block { start: number, announced, ..Block::default() };
        } else {
            // A rule for ICMPv6 may stand in a table of IPv4, an address may not.
            let words = || line.split_ascii_whitespace();
            block.by_protocol |= words().any(|word| matches!(word, "ipv6-icmp" | "icmpv6" | "icmp6" | "--icmpv6-type"));
            for (option, value) in words().zip(words().skip(1)) {
                if matches!(option, "-s" | "-d" | "--source" | "--destination") && block.by_address.is_none() {
                    block.by_address = Some(value.contains(':'));
                }
            }
        }
    }
    close(&block);
    blocks
}

/// Chains of one address family, in the order of the file.
struct Tables {
    v6: bool,
    chains: Vec<Chain>,
    index: BTreeMap<String, usize>,
    ids: BTreeMap<String, u32>,
    translated_out: BTreeSet<String>,
    translated_in: BTreeSet<String>,
    nat: Vec<Nat>,
}

impl Tables {
    fn new(v6: bool) -> Self {
        Self {
            v6,
            chains: Vec::new(),
            index: BTreeMap::new(),
            ids: BTreeMap::new(),
            translated_out: BTreeSet::new(),
            translated_in: BTreeSet::new(),
            nat: Vec::new(),
        }
    }

    fn chain(&mut self, table: &str, name: &str) -> &mut Chain {
        let full = format!("{table}/{name}");
        let index = *self.index.entry(full.clone()).or_insert_with(|| {
            let default = if is_builtin(name) {
                // A built-in chain without a `:` line has the kernel's own policy: accept.
                DefaultAction { action: Action::Permit, ..DefaultAction::go_back() }
            } else {
                DefaultAction::go_back()
            };
            self.chains.push(Chain { name: full, rules: Vec::new(), default });
            self.chains.len() - 1
        });
        &mut self.chains[index]
    }

    /// `:NAME POLICY [packets:bytes]`
    fn declare(&mut self, table: &str, line: &str, number: u32, trouble: &mut Trouble) {
        let mut words = line[1..].split_ascii_whitespace();
        let Some(name) = words.next() else {
            return trouble.line(number, "unknown-line", "a chain without a name");
        };
        let policy = words.next().unwrap_or("-");
        self.set_policy(table, name, policy, line, number, trouble);
    }

    fn set_policy(&mut self, table: &str, name: &str, policy: &str, line: &str, number: u32, trouble: &mut Trouble) {
        let action = match policy {
            "ACCEPT" => Action::Permit,
            "DROP" | "REJECT" | "QUEUE" => Action::Deny,
            "-" => Action::Return,
            _ => {
                trouble.line(number, "unknown-policy", format!("`{policy}` is not a policy of a chain"));
                Action::Return
            }
        };
        let explicit = action != Action::Return;
        let log = if action == Action::Deny { Log::No } else { Log::Unknown };
        self.chain(table, name).default = DefaultAction { action, explicit, log, line: number, text: line.to_owned() };
    }

    /// A line that changes a chain, with or without counters before it.
    fn command(&mut self, table: &str, line: &str, number: u32, trouble: &mut Trouble) {
        let mut tokens = tokenise(line);
        let mut hits = None;
        if let Some(counter) = tokens.first().and_then(|token| token.text.strip_prefix('[')) {
            let packets =
                counter.strip_suffix(']').and_then(|pair| pair.split_once(':')).and_then(|(p, _)| p.parse().ok());
            if packets.is_some() {
                hits = packets;
                tokens.remove(0);
            }
        }
        if tokens.first().is_some_and(|token| matches!(token.text.as_str(), "iptables" | "ip6tables")) {
            tokens.remove(0);
        }
        let (Some(command), Some(name)) = (tokens.first(), tokens.get(1).map(|token| token.text.clone())) else {
            return trouble.line(number, "unknown-line", "not a line of iptables-save");
        };
        match command.text.as_str() {
            "-N" | "--new-chain" => {
                self.chain(table, &name);
            }
            "-P" | "--policy" => {
                let policy = tokens.get(2).map_or("-", |token| token.text.as_str()).to_owned();
                self.set_policy(table, &name, &policy, line, number, trouble);
            }
            "-F" | "--flush" | "-X" | "-Z" => {}
            "-A" | "--append" => {
                let rule = self.rule(table, &name, &tokens[2..], line, hits, number, trouble);
                self.chain(table, &name).rules.push(rule);
            }
            "-I" | "--insert" => {
                let position = tokens.get(2).and_then(|token| token.text.parse::<usize>().ok());
                let skip = if position.is_some() { 3 } else { 2 };
                let rule = self.rule(table, &name, &tokens[skip..], line, hits, number, trouble);
                let rules = &mut self.chain(table, &name).rules;
                let at = position.unwrap_or(1).saturating_sub(1).min(rules.len());
                rules.insert(at, rule);
            }
            other => {
                trouble.line(number, "unknown-line", format!("`{}` is not a command of iptables-save", clip(other)));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all that a rule's line stands in")]
    fn rule(
        &mut self,
        table: &str,
        chain: &str,
        tokens: &[Token],
        line: &str,
        hits: Option<u64>,
        number: u32,
        trouble: &mut Trouble,
    ) -> Rule {
        let mut spec = Spec::new(self.v6, number);
        let mut id = format!("{chain}{}", spec.read(tokens, trouble));
        if self.v6 {
            id.insert_str(0, "ip6 ");
        }
        if table != "filter" {
            id.insert_str(0, &format!("{table} "));
        }
        let repeated = self.ids.entry(id.clone()).or_insert(0);
        *repeated += 1;
        if *repeated > 1 {
            id = format!("{id} #{repeated}");
        }
        let outside = match spec.target.as_deref() {
            Some("MASQUERADE" | "SNAT") if table == "nat" => Some((&spec.rule.out_ifs, &mut self.translated_out)),
            Some("DNAT" | "REDIRECT") if table == "nat" => Some((&spec.rule.in_ifs, &mut self.translated_in)),
            _ => None,
        };
        if let Some((names, seen)) = outside
            && !names.negated
        {
            seen.extend(names.names.iter().filter(|name| !name.ends_with('+')).cloned());
        }
        let target = spec.target.clone();
        let mut rule = spec.finish(table);
        rule.id = id;
        rule.text = excerpt([line]);
        rule.hits = hits;
        if table == "nat" && chain != "OUTPUT" {
            self.nat.extend(target.and_then(|target| translation(&target, chain, &rule, tokens)));
        }
        rule
    }

    fn finish(mut self, coverage: crate::policy::Coverage, truncated: bool, trouble: &mut Trouble) -> Policy {
        let names: BTreeSet<String> = self.chains.iter().map(|chain| chain.name.clone()).collect();
        for chain in &mut self.chains {
            let table = chain.name.split('/').next().unwrap_or_default().to_owned();
            for (seq, rule) in (1..).zip(&mut chain.rules) {
                rule.seq = seq;
                let (Action::Jump(target) | Action::Goto(target)) = &mut rule.action else { continue };
                let full = format!("{table}/{target}");
                if names.contains(&full) {
                    *target = full;
                } else {
                    let what = format!("`{}` is neither a known target nor a chain of this table", clip(target));
                    trouble.line(rule.line_from, "unknown-target", what);
                    let target = target.clone();
                    rule.add_unknown(format!("-j {target}"), rule.line_from);
                    rule.action = Action::Continue;
                }
            }
        }
        let hooks = [("filter/FORWARD", Hook::Forward), ("filter/INPUT", Hook::Input), ("filter/OUTPUT", Hook::Output)];
        let paths = hooks
            .into_iter()
            .filter(|(name, _)| names.contains(*name))
            .map(|(name, hook)| Path::through(hook, vec![name.to_owned()]));
        Policy {
            device: String::new(),
            vendor: "iptables-save".into(),
            interfaces: roles::of_rules(&self.chains, &self.translated_out, &self.translated_in),
            zones: BTreeMap::new(),
            paths: paths.collect(),
            chains: self.chains,
            nat: self.nat,
            coverage,
            truncated,
            ..Policy::default()
        }
    }
}

fn is_builtin(name: &str) -> bool {
    matches!(name, "INPUT" | "FORWARD" | "OUTPUT" | "PREROUTING" | "POSTROUTING")
}

/// At most 60 characters of something that is shown in a note.
fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}

struct Token {
    text: String,
    quoted: bool,
}

impl Token {
    fn is_option(&self) -> bool {
        !self.quoted && self.text.len() > 1 && self.text.starts_with('-')
    }

    fn is_not(&self) -> bool {
        !self.quoted && self.text == "!"
    }
}

/// Words as a shell would split them: double or single quotes, backslash escapes.
fn tokenise(line: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut token = Token { text: String::new(), quoted: false };
        let mut quote = None;
        let mut current = Some(c);
        while let Some(c) = current {
            match (quote, c) {
                (Some(q), c) if c == q => quote = None,
                (None, '"' | '\'') => {
                    quote = Some(c);
                    token.quoted = true;
                }
                (Some('"') | None, '\\') => token.text.extend(chars.next()),
                (None, c) if c.is_whitespace() => break,
                (_, c) => token.text.push(c),
            }
            current = chars.next();
        }
        tokens.push(token);
    }
    tokens
}

/// Modules whose matches depend on more than a packet's addresses, ports and state: the rule becomes uncertain.
const NOT_EVALUATED: &[&str] = &[
    "ah",
    "bpf",
    "cgroup",
    "cluster",
    "connbytes",
    "connlabel",
    "connlimit",
    "connmark",
    "cpu",
    "dccp",
    "devgroup",
    "dscp",
    "dst",
    "ecn",
    "esp",
    "eui64",
    "frag",
    "hashlimit",
    "hbh",
    "helper",
    "hl",
    "ipv6header",
    "ipvs",
    "length",
    "limit",
    "mac",
    "mark",
    "mh",
    "nfacct",
    "osf",
    "owner",
    "physdev",
    "pkttype",
    "policy",
    "quota",
    "rateest",
    "realm",
    "recent",
    "rpfilter",
    "rt",
    "set",
    "socket",
    "statistic",
    "string",
    "tcpmss",
    "time",
    "tos",
    "ttl",
    "u32",
    "geoip",
    "ndpi",
    "l7",
    "srh",
    "account",
    "condition",
    "fuzzy",
    "psd",
    "tarpit",
    "unclean",
];

/// Targets that change or mark a packet, count it or hand it on, and let evaluation go on.
const GOING_ON: &[&str] = &[
    "AUDIT",
    "CHECKSUM",
    "CLASSIFY",
    "CONNMARK",
    "CONNSECMARK",
    "CT",
    "DSCP",
    "ECN",
    "HL",
    "HMARK",
    "IDLETIMER",
    "LED",
    "MARK",
    "NOTRACK",
    "RATEEST",
    "SECMARK",
    "SET",
    "TCPMSS",
    "TCPOPTSTRIP",
    "TEE",
    "TOS",
    "TRACE",
    "TTL",
    "ACCOUNT",
];

/// Targets that end evaluation in their table with a translated packet.
const TRANSLATING: &[&str] = &[
    "DNAT",
    "SNAT",
    "MASQUERADE",
    "REDIRECT",
    "NETMAP",
    "SAME",
    "BALANCE",
    "TPROXY",
    "SYNPROXY",
    "CLUSTERIP",
    "DNPT",
    "SNPT",
];

/// One rule being read.
struct Spec {
    rule: Rule,
    number: u32,
    universe: AddrSet,
    protos: Intervals<u8>,
    sport: Intervals<u16>,
    dport: Intervals<u16>,
    /// `--ports`: source or destination.
    either: Option<Intervals<u16>>,
    icmp: Option<Intervals<u16>>,
    states: Option<BTreeSet<ConnState>>,
    not_a_first_packet: bool,
    rate: Vec<String>,
    target: Option<String>,
    /// The options that follow are the target's: `-j` was the last, no `-m` since.
    in_target: bool,
}

const ALL_STATES: [ConnState; 5] =
    [ConnState::New, ConnState::Established, ConnState::Related, ConnState::Invalid, ConnState::Untracked];

impl Spec {
    fn new(v6: bool, number: u32) -> Self {
        let universe = if v6 { AddrSet::full_v6() } else { AddrSet::full_v4() };
        let mut rule = Rule::new(Action::Continue, number);
        rule.src = Addrs::exactly(universe.clone());
        rule.dst = Addrs::exactly(universe.clone());
        rule.log = Log::No;
        Self {
            rule,
            number,
            universe,
            protos: Intervals::full(),
            sport: Intervals::full(),
            dport: Intervals::full(),
            either: None,
            icmp: None,
            states: None,
            not_a_first_packet: false,
            rate: Vec::new(),
            target: None,
            in_target: false,
        }
    }

    /// Reads all options and gives back the rule's text without comments, for its id.
    fn read(&mut self, tokens: &[Token], trouble: &mut Trouble) -> String {
        let mut identity = String::new();
        let mut module = String::new();
        let mut modules: Vec<String> = Vec::new();
        let mut i = 0;
        while i < tokens.len() {
            let start = i;
            let negated = tokens[i].is_not();
            if negated {
                i += 1;
            }
            let Some(option) = tokens.get(i) else {
                trouble.line(self.number, "unknown-option", "a `!` without an option");
                break;
            };
            i += 1;
            if !option.is_option() {
                trouble.line(self.number, "unknown-option", format!("`{}` is not an option", clip(&option.text)));
                self.rule.add_unknown(option.text.as_str(), self.number);
                continue;
            }
            let mut end = i;
            // The old form `--dport ! 22`.
            let inner_not =
                tokens.get(end).is_some_and(Token::is_not) && tokens.get(end + 1).is_some_and(|next| !next.is_option());
            if inner_not {
                end += 1;
            }
            while tokens.get(end).is_some_and(|token| !token.is_option() && !token.is_not()) {
                end += 1;
            }
            let values: Vec<&str> =
                tokens[i + usize::from(inner_not)..end].iter().map(|token| token.text.as_str()).collect();
            i = end;
            let name = option.text.as_str();
            let first = values.first().copied().unwrap_or_default();
            if matches!(name, "-m" | "--match") {
                first.clone_into(&mut module);
                self.in_target = false;
                modules.push(module.clone());
            }
            let comment = name == "--comment" || (name == "-m" && first == "comment");
            if name == "--comment" {
                self.rule.name = Some(values.join(" "));
            } else {
                self.option(name, negated || inner_not, &values, &module, &modules, trouble);
            }
            if !comment && name != "-c" {
                for token in &tokens[start..end] {
                    identity.push(' ');
                    identity.push_str(&token.text);
                }
            }
        }
        identity
    }

    fn option(
        &mut self,
        name: &str,
        not: bool,
        values: &[&str],
        module: &str,
        modules: &[String],
        trouble: &mut Trouble,
    ) {
        let first = values.first().copied().unwrap_or_default();
        let text = || format!("{}{name} {}", if not { "! " } else { "" }, values.join(" ")).trim_end().to_owned();
        // A value that cannot be read makes the rule uncertain; it never changes what it does.
        let understood = match name {
            "-c" | "--set-counters" => {
                self.rule.hits = first.parse().ok();
                true
            }
            "-4" | "-6" | "--ipv4" | "--ipv6" | "--limit-burst" => true,
            "-s" | "--source" | "--src" => {
                addresses(first, not, &self.universe).map(|set| narrow(&mut self.rule.src, &set)).is_some()
            }
            "-d" | "--destination" | "--dst" if module != "rt" => {
                addresses(first, not, &self.universe).map(|set| narrow(&mut self.rule.dst, &set)).is_some()
            }
            "-i" | "--in-interface" => set_names(&mut self.rule.in_ifs, first, not),
            "-o" | "--out-interface" => set_names(&mut self.rule.out_ifs, first, not),
            "-p" | "--protocol" | "--ctproto" => self.protocol(first, not),
            "-m" | "--match" => {
                const EVALUATED: &[&str] = &[
                    "tcp",
                    "udp",
                    "udplite",
                    "sctp",
                    "multiport",
                    "mport",
                    "iprange",
                    "conntrack",
                    "state",
                    "icmp",
                    "icmp6",
                    "icmpv6",
                    "addrtype",
                    "comment",
                    "standard",
                ];
                if !EVALUATED.contains(&first) && !NOT_EVALUATED.contains(&first) {
                    trouble.line(self.number, "unknown-match", format!("match `{}` is not known", clip(first)));
                    self.rule.add_unknown(text(), self.number);
                }
                true
            }
            "-j" | "--jump" => self.jump(first, false),
            "-g" | "--goto" => self.jump(first, true),
            "-f" | "--fragment" => {
                // Later fragments only: never the first packet of a connection. `! -f` is every first packet.
                self.not_a_first_packet |= !not;
                true
            }
            "--sport" | "--source-port" | "--sports" | "--source-ports" => {
                ports(values, not).map(|set| self.sport = self.sport.intersect(&set)).is_some()
            }
            "--dport" | "--destination-port" | "--dports" | "--destination-ports" => {
                ports(values, not).map(|set| self.dport = self.dport.intersect(&set)).is_some()
            }
            "--ports" | "--port" => ports(values, not).map(|set| self.either = Some(set)).is_some(),
            "--tcp-flags" => self.flags(values, not),
            "--syn" => {
                self.not_a_first_packet |= not;
                true
            }
            "--src-range" => {
                addresses(first, not, &self.universe).map(|set| narrow(&mut self.rule.src, &set)).is_some()
            }
            "--dst-range" => {
                addresses(first, not, &self.universe).map(|set| narrow(&mut self.rule.dst, &set)).is_some()
            }
            "--ctstate" | "--state" => self.state(first, not),
            // Of a connection's first packet the original direction is its own.
            "--ctorigsrc" => {
                addresses(first, not, &self.universe).map(|set| narrow(&mut self.rule.src, &set)).is_some()
            }
            "--ctorigdst" => {
                addresses(first, not, &self.universe).map(|set| narrow(&mut self.rule.dst, &set)).is_some()
            }
            "--ctorigsrcport" => ports(values, not).map(|set| self.sport = self.sport.intersect(&set)).is_some(),
            "--ctorigdstport" => ports(values, not).map(|set| self.dport = self.dport.intersect(&set)).is_some(),
            "--icmp-type" | "--icmpv6-type" => self.icmp_type(first, not),
            "--dst-type" if matches!(first, "LOCAL") => {
                self.rule.dst_local = Some(!not);
                true
            }
            "--dst-type" if first == "MULTICAST" => {
                let mut set = multicast();
                if not {
                    set = self.universe.minus(&set);
                }
                narrow(&mut self.rule.dst, &set);
                true
            }
            "--limit" => {
                self.rate.push(text());
                true
            }
            // `--set` of `recent` always matches; so do its parameters.
            "--set" if module == "recent" && !not => true,
            "--name" | "--rsource" | "--rdest" | "--mask" | "--reap" if module == "recent" => true,
            _ if self.in_target && self.target.as_deref().is_some_and(takes_options) => true,
            _ if module == "addrtype"
                || module == "conntrack"
                || modules.iter().any(|m| NOT_EVALUATED.contains(&m.as_str())) =>
            {
                self.rule.add_unknown(text(), self.number);
                true
            }
            _ => false,
        };
        if !understood {
            trouble.line(self.number, "unknown-option", format!("`{}` is not understood", clip(&text())));
            self.rule.add_unknown(text(), self.number);
        }
    }

    fn protocol(&mut self, value: &str, not: bool) -> bool {
        let set = match value {
            "all" | "0" if !not => Intervals::full(),
            _ => match proto_number(value) {
                Some(number) => Intervals::one(number),
                None => return false,
            },
        };
        self.protos = self.protos.intersect(&if not { set.complement() } else { set });
        true
    }

    fn jump(&mut self, target: &str, goto: bool) -> bool {
        self.rule.action = match target {
            "ACCEPT" => Action::Permit,
            "DROP" | "REJECT" | "TARPIT" | "MIRROR" => Action::Deny,
            "RETURN" => Action::Return,
            "LOG" | "NFLOG" | "ULOG" => Action::Log,
            "QUEUE" | "NFQUEUE" => {
                self.rule.add_unknown("a program decides (NFQUEUE)", self.number);
                Action::Permit
            }
            _ if GOING_ON.contains(&target) || TRANSLATING.contains(&target) => Action::Continue,
            "" => return false,
            chain if goto => Action::Goto(chain.to_owned()),
            chain => Action::Jump(chain.to_owned()),
        };
        self.target = Some(target.to_owned());
        self.in_target = true;
        true
    }

    /// `--tcp-flags MASK COMP` for the first packet of a connection, which has SYN and nothing else.
    fn flags(&mut self, values: &[&str], not: bool) -> bool {
        let [mask, comp] = values else { return false };
        let set = |list: &str| -> BTreeSet<String> {
            list.split(',').filter(|flag| *flag != "NONE").map(str::to_owned).collect()
        };
        let (mask, comp) = (set(mask), set(comp));
        let examined: BTreeSet<String> =
            ["SYN".to_owned()].into_iter().filter(|flag| mask.contains(flag) || mask.contains("ALL")).collect();
        self.not_a_first_packet |= (examined == comp) == not;
        true
    }

    fn state(&mut self, value: &str, not: bool) -> bool {
        let mut known = true;
        let mut states = BTreeSet::new();
        for word in value.split(',') {
            match word {
                "NEW" => states.insert(ConnState::New),
                "ESTABLISHED" => states.insert(ConnState::Established),
                "RELATED" => states.insert(ConnState::Related),
                "INVALID" => states.insert(ConnState::Invalid),
                "UNTRACKED" => states.insert(ConnState::Untracked),
                // Virtual states of translated connections: a first packet may be in them.
                "SNAT" | "DNAT" => {
                    self.rule.add_unknown(format!("--ctstate {word}"), self.number);
                    states.insert(ConnState::New) | states.insert(ConnState::Established)
                }
                _ => {
                    known = false;
                    false
                }
            };
        }
        if !known {
            return false;
        }
        if not {
            states = ALL_STATES.into_iter().filter(|state| !states.contains(state)).collect();
        }
        self.states = Some(match self.states.take() {
            Some(before) => before.intersection(&states).copied().collect(),
            None => states,
        });
        true
    }

    fn icmp_type(&mut self, value: &str, not: bool) -> bool {
        let number = if self.universe.v4.is_empty() { proto::ICMP6 } else { proto::ICMP };
        let named = ICMP_NAMES.iter().find(|(v, name, ..)| *v == number && *name == value);
        let (kind, code) = match named {
            _ if value == "any" => return true,
            Some((_, _, kind, code)) => (*kind, *code),
            None => {
                let (kind, code) = value.split_once('/').map_or((value, None), |(kind, code)| (kind, Some(code)));
                let Ok(kind) = kind.parse() else { return false };
                match code.map(str::parse).transpose() {
                    Ok(code) => (kind, code),
                    Err(_) => return false,
                }
            }
        };
        if kind == 255 && code.is_none() {
            return true;
        }
        let set = Service::icmp(number, kind, code).dport.0;
        self.icmp = Some(if not { set.complement() } else { set });
        true
    }

    fn finish(mut self, table: &str) -> Rule {
        if let Some(icmp) = self.icmp {
            self.dport = self.dport.intersect(&icmp);
        }
        let service = Service::protos(self.protos).from_ports(self.sport);
        let with_dport = |dport: &Intervals<u16>, sport: Option<&Intervals<u16>>| {
            let mut service = service.clone();
            service.dport.0 = service.dport.0.intersect(dport);
            if let Some(sport) = sport {
                service.sport.0 = service.sport.0.intersect(sport);
            }
            service
        };
        let services = match &self.either {
            None => vec![with_dport(&self.dport, None)],
            Some(ports) => {
                vec![with_dport(&self.dport.intersect(ports), None), with_dport(&self.dport, Some(ports))]
            }
        };
        self.rule.services = Services::exactly(services);
        let mut states = self.states;
        if self.not_a_first_packet {
            states.get_or_insert_with(|| ALL_STATES.into()).remove(&ConnState::New);
        }
        self.rule.states = match states {
            // Contradictory states: no packet matches, and above all no first one. (An empty list means all.)
            Some(states) if states.is_empty() => vec![ConnState::Invalid],
            Some(states) => states.into_iter().collect(),
            None => Vec::new(),
        };
        // A limited permit permits, a limited log logs; a limited deny lets the rest through.
        if !matches!(self.rule.action, Action::Permit | Action::Log) {
            for rate in self.rate {
                self.rule.add_unknown(rate, self.number);
            }
        }
        // Verdicts of other tables than `filter` are kept but are not filter decisions.
        if table == "nat" && self.rule.action == Action::Permit {
            self.rule.action = Action::Return;
        }
        self.rule
    }
}

/// What a rule of the nat table translates (iptables-extensions(8), DNAT, SNAT, MASQUERADE, REDIRECT).
fn translation(target: &str, chain: &str, rule: &Rule, tokens: &[Token]) -> Option<Nat> {
    let option = |names: &[&str]| {
        let place = tokens.iter().position(|token| names.contains(&token.text.as_str()))?;
        tokens.get(place + 1).map(|token| token.text.as_str())
    };
    let mut nat = Nat::new(rule.line_from);
    let to = option(&["--to-destination", "--to-source", "--to"]).map(endpoint);
    match target {
        "DNAT" => {
            let (address, port) = to?;
            nat.to_dst =
                Some(address.map_or_else(|| Addrs::unknown("not understood", AddrSet::full()), Addrs::exactly));
            nat.to_port = port.map(crate::net::Ports);
        }
        "REDIRECT" => {
            nat.to_dst = Some(Addrs::unknown("the device itself", AddrSet::full()));
            nat.to_port = option(&["--to-ports", "--to-port"]).and_then(port_range).map(crate::net::Ports);
        }
        "SNAT" => {
            nat.to_src = Some(to?.0.map_or_else(|| Addrs::unknown("not understood", AddrSet::full()), Addrs::exactly));
        }
        "MASQUERADE" => nat.to_src = Some(Addrs::unknown("the device's own address", AddrSet::full())),
        _ => return None,
    }
    nat.id.clone_from(&rule.id);
    nat.text.clone_from(&rule.text);
    (nat.in_ifs, nat.out_ifs) = (rule.in_ifs.clone(), rule.out_ifs.clone());
    (nat.src, nat.dst, nat.services) = (rule.src.clone(), rule.dst.clone(), rule.services.clone());
    nat.unknown.clone_from(&rule.unknown);
    if !matches!(chain, "PREROUTING" | "POSTROUTING") {
        nat.unknown.push(Unknown { text: format!("what leads to the list {chain}"), line: rule.line_from });
    }
    Some(nat)
}

/// `10.0.0.5:80`, `10.0.0.5-10.0.0.9:8000-8010`, `[2001:db8::5]:80`: addresses and ports.
fn endpoint(text: &str) -> (Option<AddrSet>, Option<Intervals<u16>>) {
    let (address, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address, rest.strip_prefix(':')),
        None if text.matches(':').count() > 1 => (text, None),
        None => text.split_once(':').map_or((text, None), |(address, port)| (address, Some(port))),
    };
    (address.parse().ok(), port.and_then(port_range))
}

fn port_range(text: &str) -> Option<Intervals<u16>> {
    let text = text.split('/').next().unwrap_or_default();
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let (low, high) = (low.parse().ok()?, high.parse().ok()?);
    (low <= high).then(|| Intervals::range(low, high))
}

fn takes_options(target: &str) -> bool {
    matches!(target, "REJECT" | "LOG" | "NFLOG" | "ULOG" | "NFQUEUE" | "QUEUE" | "TARPIT")
        || GOING_ON.contains(&target)
        || TRANSLATING.contains(&target)
}

fn narrow(addrs: &mut Addrs, set: &AddrSet) {
    *addrs = Addrs::exactly(addrs.lower.intersect(set));
}

fn set_names(names: &mut Names, value: &str, not: bool) -> bool {
    match value {
        "" => false,
        // `+` alone is every interface.
        "+" => !not,
        _ => {
            *names = Names { names: vec![value.to_owned()], negated: not };
            true
        }
    }
}

fn multicast() -> AddrSet {
    let v4 = Intervals::range(0xe000_0000, 0xefff_ffff);
    AddrSet { v4, v6: Intervals::range(0xff << 120, u128::MAX) }
}

/// `a.b.c.d`, `a/len`, `a/mask` (bits may be scattered), `a-b`, lists with commas.
fn addresses(value: &str, not: bool, universe: &AddrSet) -> Option<AddrSet> {
    let mut set = AddrSet::empty();
    for part in value.split(',') {
        let one = match part.split_once('/') {
            Some((address, mask)) => match (address.parse::<IpAddr>().ok()?, mask.parse::<Ipv4Addr>()) {
                (IpAddr::V4(address), Ok(mask)) => AddrSet::masked_v4(address, mask)?,
                (address, _) => AddrSet::prefix(address, mask.parse().ok()?)?,
            },
            None => part.parse().ok()?,
        };
        set = set.union(&one);
    }
    if set.is_empty() || (set.v4.is_empty() != universe.v4.is_empty()) {
        return None;
    }
    Some(if not { universe.minus(&set) } else { set })
}

/// `22`, `1000:2000`, `:1023`, `1024:`, names, lists with commas.
fn ports(values: &[&str], not: bool) -> Option<Intervals<u16>> {
    let port = |text: &str, open: u16| match text {
        "" => Some(open),
        _ => text.parse().ok().or_else(|| crate::ports::number(text)),
    };
    let [list] = values else { return None };
    let mut ranges = Vec::new();
    for part in list.split(',') {
        let (low, high) = part.split_once(':').unwrap_or((part, part));
        if part.is_empty() {
            return None;
        }
        let (low, high) = (port(low, 0)?, port(high, u16::MAX)?);
        if low > high {
            return None;
        }
        ranges.push((low, high));
    }
    let set = Intervals::of(ranges);
    Some(if not { set.complement() } else { set })
}

/// Names of ICMP messages in iptables-extensions(8): protocol, name, type, code.
const ICMP_NAMES: &[(u8, &str, u8, Option<u8>)] = &[
    (1, "echo-reply", 0, None),
    (1, "pong", 0, None),
    (1, "destination-unreachable", 3, None),
    (1, "network-unreachable", 3, Some(0)),
    (1, "host-unreachable", 3, Some(1)),
    (1, "protocol-unreachable", 3, Some(2)),
    (1, "port-unreachable", 3, Some(3)),
    (1, "fragmentation-needed", 3, Some(4)),
    (1, "source-route-failed", 3, Some(5)),
    (1, "network-unknown", 3, Some(6)),
    (1, "host-unknown", 3, Some(7)),
    (1, "network-prohibited", 3, Some(9)),
    (1, "host-prohibited", 3, Some(10)),
    (1, "TOS-network-unreachable", 3, Some(11)),
    (1, "TOS-host-unreachable", 3, Some(12)),
    (1, "communication-prohibited", 3, Some(13)),
    (1, "host-precedence-violation", 3, Some(14)),
    (1, "precedence-cutoff", 3, Some(15)),
    (1, "source-quench", 4, None),
    (1, "redirect", 5, None),
    (1, "network-redirect", 5, Some(0)),
    (1, "host-redirect", 5, Some(1)),
    (1, "TOS-network-redirect", 5, Some(2)),
    (1, "TOS-host-redirect", 5, Some(3)),
    (1, "echo-request", 8, None),
    (1, "ping", 8, None),
    (1, "router-advertisement", 9, None),
    (1, "router-solicitation", 10, None),
    (1, "time-exceeded", 11, None),
    (1, "ttl-exceeded", 11, None),
    (1, "ttl-zero-during-transit", 11, Some(0)),
    (1, "ttl-zero-during-reassembly", 11, Some(1)),
    (1, "parameter-problem", 12, None),
    (1, "ip-header-bad", 12, Some(0)),
    (1, "required-option-missing", 12, Some(1)),
    (1, "timestamp-request", 13, None),
    (1, "timestamp-reply", 14, None),
    (1, "address-mask-request", 17, None),
    (1, "address-mask-reply", 18, None),
    (58, "destination-unreachable", 1, None),
    (58, "no-route", 1, Some(0)),
    (58, "communication-prohibited", 1, Some(1)),
    (58, "address-unreachable", 1, Some(3)),
    (58, "port-unreachable", 1, Some(4)),
    (58, "packet-too-big", 2, None),
    (58, "time-exceeded", 3, None),
    (58, "ttl-exceeded", 3, None),
    (58, "ttl-zero-during-transit", 3, Some(0)),
    (58, "ttl-zero-during-reassembly", 3, Some(1)),
    (58, "parameter-problem", 4, None),
    (58, "bad-header", 4, Some(0)),
    (58, "unknown-header-type", 4, Some(1)),
    (58, "unknown-option", 4, Some(2)),
    (58, "echo-request", 128, None),
    (58, "ping", 128, None),
    (58, "echo-reply", 129, None),
    (58, "pong", 129, None),
    (58, "router-solicitation", 133, None),
    (58, "router-advertisement", 134, None),
    (58, "neighbour-solicitation", 135, None),
    (58, "neighbor-solicitation", 135, None),
    (58, "neighbour-advertisement", 136, None),
    (58, "neighbor-advertisement", 136, None),
    (58, "redirect", 137, None),
];
