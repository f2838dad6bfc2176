//! Windows Defender Firewall: `netsh advfirewall firewall show rule name=all` (also `verbose`, and with
//! `netsh advfirewall show allprofiles` before it) in English and Chinese, `netsh advfirewall firewall add rule` lines,
//! `Get-NetFirewallRule` with its filters joined, as JSON or CSV, and the registry's rule strings
//! (`v2.30|Action=Allow|…`, \[MS-GPFAS] 2.2.2).
//!
//! Rules have no order: one that blocks wins over one that allows, and one that allows over the profile's default (inbound
//! blocked, outbound allowed, unless the profile says otherwise). The profiles of networks (domain, private, public)
//! are read as interfaces. A rule for one program or service holds where that program listens, which no rule tells.

use std::collections::BTreeMap;

use secdiag_model::{EvidenceKind, Format, Head, Match, Note, NoteKind};

use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Service, proto, proto_number};
use crate::policy::{Action, Addrs, Chain, DefaultAction, Hook, Interface, Log, Names, Path, Policy, Rule, Services};
use crate::vendors::json::{self, Json};
use crate::vendors::{Parsed, Trouble, Vendor, excerpt, head_lines, lines};

/// The format and its parser.
pub const VENDOR: &Vendor = &Vendor {
    format: Format {
        id: "windows-firewall",
        kind: EvidenceKind::Fwcfg,
        title: "Windows Defender Firewall rules",
        sniff,
    },
    parse,
};

/// Profiles of networks.
const PROFILES: [&str; 3] = ["domain", "private", "public"];

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let text = head.text();
    let has = |word: &str| text.contains(word);
    let shown =
        || head_lines(head).any(|line| pair(line).is_some_and(|(key, _)| key == Key::Name) && !line.starts_with(' '));
    let dashes = || head_lines(head).any(|line| line.len() > 20 && line.chars().all(|c| c == '-'));
    let registry = has("|Action=") && has("|Dir=") && has("v2.");
    // `-DisplayName` is a parameter of a command in a text about Windows, not a property that was exported.
    let property = |word: &str| text.match_indices(word).any(|(at, _)| !text[..at].ends_with(['-', '.', '$']));
    let objects = ["DisplayName", "Direction", "Action"].into_iter().all(property)
        && (property("Profile") || property("Enabled"));
    let added = || {
        head_lines(head).any(|line| line.trim().to_ascii_lowercase().starts_with("netsh advfirewall firewall add rule"))
    };
    if registry || (shown() && dashes()) || added() {
        return Match::Yes(85);
    }
    let ports = ["LocalPort", "Protocol", "RemoteAddress"].iter().any(|word| has(word));
    match objects {
        true if ports => Match::Yes(75),
        true => Match::Close(
            "rules of Windows Defender Firewall without ports and addresses: join Get-NetFirewallPortFilter and Get-NetFirewallAddressFilter to them",
        ),
        false => Match::No,
    }
}

/// What a rule's field is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Name,
    Enabled,
    Direction,
    Profiles,
    Group,
    LocalIp,
    RemoteIp,
    Protocol,
    LocalPort,
    RemotePort,
    IcmpType,
    Program,
    Service,
    Interfaces,
    Security,
    Action,
    Description,
    /// Known, and nothing about packets.
    Nothing,
}

/// Words of fields without blanks, in lower case: shown by `netsh`, of its commands, of PowerShell, of the registry.
const KEYS: &[(Key, &[&str])] = &[
    (Key::Name, &["rulename", "規則名稱", "规则名称", "name", "displayname"]),
    (Key::Enabled, &["enabled", "enable", "已啟用", "啟用", "已启用", "active"]),
    (Key::Direction, &["direction", "dir", "方向"]),
    (Key::Profiles, &["profiles", "profile", "設定檔", "配置文件"]),
    (Key::Group, &["grouping", "displaygroup", "group", "群組", "分組", "分组", "rulegroup", "embedctxt"]),
    (Key::LocalIp, &["localip", "localaddress", "本機ip", "本地ip", "本機位址", "la4", "la6"]),
    (Key::RemoteIp, &["remoteip", "remoteaddress", "遠端ip", "远程ip", "遠端位址", "ra4", "ra6"]),
    (Key::Protocol, &["protocol", "通訊協定", "協定", "协议"]),
    (Key::LocalPort, &["localport", "lport", "lport2_10", "本機連接埠", "本機埠", "本地端口"]),
    (Key::RemotePort, &["remoteport", "rport", "rport2_10", "遠端連接埠", "遠端埠", "远程端口"]),
    (Key::IcmpType, &["icmptype", "icmp4", "icmp6"]),
    (Key::Program, &["program", "app", "程式", "程序"]),
    (Key::Service, &["service", "svc", "服務", "服务"]),
    (Key::Interfaces, &["interfacetypes", "interfacetype", "if", "iftype", "介面類型", "接口类型"]),
    (Key::Security, &["security", "authentication", "安全性", "安全"]),
    (Key::Action, &["action", "動作", "操作"]),
    (Key::Description, &["description", "desc", "描述", "說明", "说明"]),
    (
        Key::Nothing,
        &[
            "edgetraversal",
            "edgetraversalpolicy",
            "邊緣周遊",
            "邊緣遍歷",
            "边缘遍历",
            "rulesource",
            "規則來源",
            "规则源",
            "instanceid",
            "edge",
            "defer",
            "platform",
            "id",
        ],
    ),
];

fn key_of(word: &str) -> Option<Key> {
    let word: String = word.chars().filter(|c| !c.is_whitespace() && *c != '"').flat_map(char::to_lowercase).collect();
    KEYS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(key, _)| *key)
}

/// `Rule Name:    web server`.
fn pair(line: &str) -> Option<(Key, &str)> {
    let (word, value) = line.split_once([':', '：'])?;
    Some((key_of(word)?, value.trim()))
}

/// A rule's fields as its file gives them.
#[derive(Debug, Default)]
struct Fields {
    from: u32,
    to: u32,
    text: String,
    all: BTreeMap<Key, Vec<String>>,
}

impl Fields {
    fn add(&mut self, key: Key, value: &str) {
        if !value.is_empty() {
            self.all.entry(key).or_default().push(value.to_owned());
        }
    }

    fn get(&self, key: Key) -> &str {
        self.all.get(&key).and_then(|values| values.first()).map(String::as_str).unwrap_or_default()
    }

    fn values(&self, key: Key) -> impl Iterator<Item = &str> {
        let all = self.all.get(&key).map(Vec::as_slice).unwrap_or_default();
        all.iter().flat_map(|value| value.split([',', ';'])).map(str::trim).filter(|value| !value.is_empty())
    }
}

/// What a profile does with packets that no rule is about.
#[derive(Clone, Copy, Debug, Default)]
struct Profile {
    off: bool,
    blocks_in: Option<bool>,
    blocks_out: Option<bool>,
    /// Blocks inbound whatever rules say.
    blocks_always: bool,
    logs: Log,
    line: u32,
}

/// Reads rules.
pub fn parse(text: &str) -> Parsed {
    let mut trouble = Trouble::default();
    let mut reader = Reader::default();
    let start = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n']);
    let first = start.lines().next().unwrap_or_default();
    let total = lines(text).filter(|(_, line)| !line.trim().is_empty()).count() as u64;
    let mut truncated = false;
    if start.starts_with(['[', '{']) {
        let texts = json::read(text);
        truncated = texts.truncated;
        for (line, reason) in &texts.bad {
            trouble.line(*line, reason, "not JSON");
        }
        texts.documents.iter().flat_map(Json::one_or_more).for_each(|object| reader.object(object));
    } else if first.contains("DisplayName") || (first.contains("Direction") && first.contains(',')) {
        reader.csv(text);
    } else {
        reader.lines(text, &mut trouble);
    }
    let mut policies = Vec::new();
    if !reader.rules.is_empty() {
        let mut policy = policy(&reader, &mut trouble);
        policy.coverage = trouble.coverage(total);
        policy.truncated = truncated;
        policies.push(policy);
    }
    Parsed { policies, notes: trouble.into_notes() }
}

#[derive(Default)]
struct Reader {
    rules: Vec<Fields>,
    profiles: [Profile; 3],
    /// The profile whose settings are being shown.
    profile: Option<usize>,
    host: String,
}

impl Reader {
    fn lines(&mut self, text: &str, trouble: &mut Trouble) {
        let mut in_icmp = false;
        for (number, line) in lines(text).filter(|(_, line)| !line.trim().is_empty()) {
            let trimmed = line.trim();
            if let Some(at) = trimmed.find("|Action=").and_then(|_| trimmed.find("v2.")) {
                self.registry(number, trimmed, at);
                continue;
            }
            let lower = trimmed.to_ascii_lowercase();
            if let Some(at) = lower.find("advfirewall firewall add rule") {
                self.command(number, trimmed, &trimmed[at + "advfirewall firewall add rule".len()..]);
                continue;
            }
            if let Some((key, value)) = pair(line).filter(|_| !line.starts_with("   ")) {
                in_icmp = key == Key::Protocol && value.to_ascii_lowercase().contains("icmp");
                if key == Key::Name {
                    self.profile = None;
                    self.rules.push(Fields { from: number, ..Fields::default() });
                }
                if let Some(rule) = self.rules.last_mut() {
                    rule.to = number;
                    rule.add(key, value);
                    if !matches!(key, Key::Nothing | Key::Group | Key::Description) {
                        rule.text.push_str(trimmed);
                        rule.text.push('\n');
                    }
                    continue;
                }
            }
            if self.setting(number, trimmed) {
                continue;
            }
            // Types of ICMP stand in lines of their own below a heading.
            if in_icmp && line.starts_with(' ') {
                let mut words = trimmed.split_whitespace();
                if let (Some(kind), Some(code), Some(rule)) = (words.next(), words.next(), self.rules.last_mut()) {
                    rule.to = number;
                    if kind.parse::<u8>().is_ok() {
                        rule.add(Key::IcmpType, &format!("{kind}:{code}"));
                    }
                }
                continue;
            }
            let decoration = trimmed.chars().all(|c| c == '-' || c == '=')
                || trimmed.starts_with([':', '#', '[', '>'])
                || ["ok.", "確定。", "确定。", "windows registry editor"].iter().any(|end| lower.starts_with(end))
                || lower.starts_with("hkey_")
                || lower.starts_with("netsh ")
                || trimmed.ends_with(['>'])
                || trimmed.contains(">netsh ");
            // A long value goes on in the next line.
            let goes_on = line.starts_with("      ") && !self.rules.is_empty();
            if !decoration && !goes_on {
                trouble.line(number, "unknown-line", format!("not a field of a rule: {}", excerpt([trimmed])));
            }
        }
    }

    /// Lines of `netsh advfirewall show allprofiles`.
    fn setting(&mut self, number: u32, line: &str) -> bool {
        let lower = line.to_lowercase();
        let heading =
            lower.contains("profile settings") || lower.contains("設定檔設定") || lower.contains("配置文件设置");
        if heading {
            let words: [&[&str]; 3] =
                [&["domain", "網域", "域"], &["private", "私人", "專用", "专用"], &["public", "公用"]];
            self.profile = words.iter().rposition(|words| words.iter().any(|word| lower.contains(word)));
            if let Some(profile) = self.profile {
                self.profiles[profile].line = number;
            }
            return true;
        }
        let Some(place) = self.profile else { return false };
        let profile = &mut self.profiles[place];
        let value = lower.split_whitespace().last().unwrap_or_default();
        if ["state", "狀態", "状态"].iter().any(|word| lower.starts_with(word)) {
            profile.off = ["off", "關閉", "关闭"].contains(&value);
        } else if lower.contains("inbound") && lower.contains("outbound") {
            profile.blocks_always = lower.contains("blockinboundalways");
            profile.blocks_in = Some(lower.contains("blockinbound"));
            profile.blocks_out = Some(lower.contains("blockoutbound"));
        } else if lower.starts_with("logdroppedconnections") {
            profile.logs = if ["enable", "啟用", "启用"].contains(&value) { Log::Yes } else { Log::No };
        }
        true
    }

    /// `v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|…|`
    fn registry(&mut self, number: u32, line: &str, at: usize) {
        let mut rule = Fields { from: number, to: number, text: line[at..].to_owned(), ..Fields::default() };
        // Unless something says so, a rule of the registry is for all profiles, protocols and addresses.
        for part in line[at..].trim_end_matches(['"', '\\']).split('|').skip(1) {
            let Some((word, value)) = part.split_once('=') else { continue };
            match key_of(word) {
                Some(key) => rule.add(key, value.trim_end_matches('"')),
                None if word.is_empty() => {}
                // What is not known narrows the rule.
                None => rule.add(Key::Security, part),
            }
        }
        if rule.get(Key::Name).is_empty() || rule.get(Key::Name).starts_with('@') {
            let name = line[..at].split(['=', '"']).find(|text| !text.trim().is_empty()).unwrap_or_default().trim();
            let name = name.split_whitespace().next().unwrap_or_default().to_owned();
            rule.all.insert(Key::Name, vec![name]);
        }
        self.rules.push(rule);
    }

    /// `name="web" dir=in action=allow protocol=TCP localport=80`
    fn command(&mut self, number: u32, line: &str, arguments: &str) {
        let mut rule = Fields { from: number, to: number, text: line.to_owned(), ..Fields::default() };
        let mut rest = arguments.trim_start();
        while let Some((word, after)) = rest.split_once('=') {
            let (value, next) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
            };
            match key_of(word) {
                Some(key) => rule.add(key, value.trim()),
                None => rule.add(Key::Security, &format!("{}={}", word.trim(), value)),
            }
            rest = next.trim_start();
        }
        self.rules.push(rule);
    }

    fn object(&mut self, object: &Json) {
        if object.get("Direction").is_null() {
            return;
        }
        let mut rule = Fields { from: object.from, to: object.to, text: object.compact(&[]), ..Fields::default() };
        for (word, value) in object.members() {
            let Some(key) = key_of(word) else { continue };
            for value in value.one_or_more() {
                let text = match &value.value {
                    json::Value::Bool(flag) => flag.to_string(),
                    json::Value::Object(_) => value.any_of(&["Value", "value"]).string(),
                    _ => value.string(),
                };
                // The name shown is the one that administrators know.
                if key == Key::Name && word == "DisplayName" {
                    rule.all.insert(Key::Name, vec![text]);
                } else if key != Key::Name || rule.get(Key::Name).is_empty() {
                    rule.add(key, &text);
                }
            }
        }
        self.host = object.get("PSComputerName").string();
        self.rules.push(rule);
    }

    fn csv(&mut self, text: &str) {
        let mut header: Vec<Option<Key>> = Vec::new();
        for (number, line) in lines(text).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with("#TYPE")) {
            let cells = split_csv(line);
            if header.is_empty() {
                let shown = cells.iter().any(|cell| cell == "DisplayName");
                let key =
                    |cell: &String| key_of(cell).filter(|key| !(shown && *key == Key::Name && cell != "DisplayName"));
                header = cells.iter().map(key).collect();
                continue;
            }
            let mut rule = Fields { from: number, to: number, text: line.to_owned(), ..Fields::default() };
            for (key, cell) in header.iter().zip(&cells) {
                if let Some(key) = key {
                    rule.add(*key, cell);
                }
            }
            if !rule.get(Key::Direction).is_empty() {
                self.rules.push(rule);
            }
        }
    }
}

fn split_csv(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(c);
                }
            }
        }
    }
    cells
}

fn policy(reader: &Reader, trouble: &mut Trouble) -> Policy {
    let mut lists: [[Vec<Rule>; 2]; 2] = Default::default();
    let mut ids: BTreeMap<String, u32> = BTreeMap::new();
    for fields in &reader.rules {
        let (outbound, mut rule) = rule(fields, trouble);
        let times = ids.entry(rule.id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            rule.id = format!("{} ({times})", rule.id);
        }
        let blocks = rule.action == Action::Deny;
        lists[usize::from(outbound)][usize::from(!blocks)].push(rule);
    }
    let told = reader.profiles.iter().any(|profile| profile.blocks_in.is_some() || profile.off);
    if !told {
        let text = "what profiles do with the rest is not in the file: read as inbound blocked, outbound allowed; add netsh advfirewall show allprofiles";
        trouble.other(Note::new(NoteKind::Assumed, "profile-defaults", text));
    }
    let mut chains = Vec::new();
    let mut paths = Vec::new();
    for ([blocks, allows], (name, hook)) in
        lists.into_iter().zip([("inbound", Hook::Input), ("outbound", Hook::Output)])
    {
        let mut rules = Vec::new();
        for (profile, name) in reader.profiles.iter().zip(PROFILES) {
            let always = |action: Action, id: String| {
                let mut rule = Rule::new(action, profile.line);
                rule.text.clone_from(&id);
                rule.id = id;
                rule.in_ifs = Names::of(vec![name.to_owned()]);
                rule
            };
            if profile.off {
                rules.push(always(Action::Permit, format!("profile {name} is off")));
            } else if profile.blocks_always && hook == Hook::Input {
                rules.push(always(Action::Deny, format!("profile {name} blocks all inbound connections")));
            }
        }
        rules.extend(blocks);
        rules.extend(allows);
        let defaults = reader.profiles.map(|profile| match hook {
            Hook::Input => profile.blocks_in.unwrap_or(true),
            _ => profile.blocks_out.unwrap_or(false),
        });
        for ((profile, name), blocks) in reader.profiles.iter().zip(PROFILES).zip(defaults) {
            if blocks != defaults[0] {
                let mut rule = Rule::new(if blocks { Action::Deny } else { Action::Permit }, profile.line);
                rule.id = format!("default of profile {name}");
                rule.implicit = true;
                rule.in_ifs = Names::of(vec![name.to_owned()]);
                rules.push(rule);
            }
        }
        for (seq, rule) in (1..).zip(&mut rules) {
            rule.seq = seq;
        }
        // Outbound packets have no interface that they come in by; the network's profile is what they go out by.
        if hook == Hook::Output {
            for rule in &mut rules {
                std::mem::swap(&mut rule.in_ifs, &mut rule.out_ifs);
            }
        }
        let action = if defaults[0] { Action::Deny } else { Action::Permit };
        let line = reader.profiles[0].line;
        let default =
            DefaultAction { action, log: reader.profiles[0].logs, line, ..DefaultAction::implicit_deny(Log::Unknown) };
        chains.push(Chain { name: name.into(), rules, default });
        paths.push(Path::through(hook, vec![name.into()]));
    }
    let interface = |name: &str| Interface {
        name: name.into(),
        role_why: "a profile of networks that Windows tells apart".into(),
        line: 1,
        ..Interface::default()
    };
    Policy {
        device: reader.host.clone(),
        vendor: VENDOR.format.id.into(),
        interfaces: PROFILES.map(interface).to_vec(),
        chains,
        paths,
        ..Policy::default()
    }
}

fn is_any(text: &str) -> bool {
    text.is_empty()
        || ["any", "all", "*", "任何", "任一", "全部", "任意", "notapplicable"].contains(&text.to_lowercase().as_str())
}

/// A rule and whether it is for outbound packets.
fn rule(fields: &Fields, trouble: &mut Trouble) -> (bool, Rule) {
    let word = |key: Key| fields.get(key).to_lowercase();
    let outbound = match word(Key::Direction).as_str() {
        "in" | "inbound" | "1" | "輸入" | "連入" | "入" | "入站" | "内" | "進" => false,
        "out" | "outbound" | "2" | "輸出" | "連出" | "出" | "出站" | "外" => true,
        other => {
            trouble.line(fields.from, "no-direction", format!("`{other}` is no direction: read as inbound"));
            false
        }
    };
    let mut rule = Rule::new(Action::Deny, fields.from);
    rule.line_to = fields.to.max(fields.from);
    fields.get(Key::Name).clone_into(&mut rule.id);
    rule.text = excerpt(fields.text.trim_end().lines());
    rule.name = Some(fields.get(Key::Description)).filter(|text| !text.is_empty()).map(str::to_owned);
    match word(Key::Action).as_str() {
        "allow" | "允許" | "允许" | "2" => rule.action = Action::Permit,
        "block" | "封鎖" | "阻止" | "4" => {}
        "bypass" | "allowbypass" | "略過" | "3" => {
            rule.action = Action::Permit;
            rule.add_unknown("authenticated bypass", fields.from);
        }
        other => trouble.line(fields.from, "unknown-action", format!("`{other}` is no action: read as a block")),
    }
    rule.enabled = !matches!(word(Key::Enabled).as_str(), "no" | "false" | "2" | "否" | "0");
    rule.in_ifs = profiles(fields, trouble);
    let (local, remote) = (addresses(fields, Key::LocalIp, trouble), addresses(fields, Key::RemoteIp, trouble));
    (rule.src, rule.dst) = if outbound { (local, remote) } else { (remote, local) };
    rule.services = services(fields, outbound, trouble);
    let program = word(Key::Program);
    if !is_any(&program) && program != "system" {
        rule.add_unknown(format!("program {}", fields.get(Key::Program)), fields.from);
    }
    if !is_any(&word(Key::Service)) {
        rule.add_unknown(format!("service {}", fields.get(Key::Service)), fields.from);
    }
    for value in fields.values(Key::Interfaces).filter(|value| !is_any(value)) {
        rule.add_unknown(format!("interface type {value}"), fields.from);
    }
    for value in fields.values(Key::Security) {
        if !["notrequired", "不需要", "none", "0"].contains(&value.to_lowercase().as_str()) {
            rule.add_unknown(value, fields.from);
        }
    }
    (outbound, rule)
}

fn profiles(fields: &Fields, trouble: &mut Trouble) -> Names {
    let mut names = Vec::new();
    for value in fields.values(Key::Profiles) {
        let place = match value.to_lowercase().as_str() {
            "domain" | "網域" | "域" => 0,
            "private" | "私人" | "專用" | "专用" => 1,
            "public" | "公用" => 2,
            word if is_any(word) => return Names::any(),
            word => match word.parse::<i64>() {
                // Bits, as PowerShell writes them to JSON; 0 and all of them are every profile.
                Ok(bits @ 1..=6) => {
                    let set = (0..3).filter(|bit| bits & (1 << bit) != 0);
                    names.extend(set.map(|bit| PROFILES[bit].to_owned()));
                    continue;
                }
                Ok(_) => return Names::any(),
                Err(_) => {
                    trouble.line(fields.from, "unknown-profile", format!("`{value}` is no profile: read as any"));
                    return Names::any();
                }
            },
        };
        names.push(PROFILES[place].to_owned());
    }
    if names.len() == 3 { Names::any() } else { Names::of(names) }
}

fn addresses(fields: &Fields, key: Key, trouble: &mut Trouble) -> Addrs {
    let mut all = Addrs::none();
    for value in fields.values(key) {
        if is_any(value) {
            return Addrs::any();
        }
        if let Ok(set) = value.parse::<AddrSet>() {
            all.add(&Addrs::exactly(set));
            continue;
        }
        let masked = value
            .split_once('/')
            .and_then(|(address, mask)| AddrSet::masked_v4(address.parse().ok()?, mask.parse().ok()?));
        if let Some(set) = masked {
            all.add(&Addrs::exactly(set));
            continue;
        }
        // Keywords: LocalSubnet, DNS, DHCP, WINS, DefaultGateway, Intranet, Internet …
        if value.starts_with(|c: char| c.is_ascii_digit()) {
            trouble.line(fields.from, "not-an-address", format!("`{value}` is not an address"));
        }
        let wide = value.eq_ignore_ascii_case("internet");
        all.add(&Addrs { wide, ..Addrs::unknown(value, AddrSet::full()) });
        all.names.push(value.to_owned());
    }
    if all == Addrs::none() { Addrs::any() } else { all }
}

fn services(fields: &Fields, outbound: bool, trouble: &mut Trouble) -> Services {
    let protocol = fields.get(Key::Protocol).to_lowercase();
    let number = match protocol.as_str() {
        word if is_any(word) || word == "256" => return Services::any(),
        word if word.starts_with("icmpv4") => proto::ICMP,
        word if word.starts_with("icmpv6") => proto::ICMP6,
        word => match proto_number(word) {
            Some(number) => number,
            None => {
                trouble.line(fields.from, "not-a-protocol", format!("`{word}` is not a protocol"));
                return Services::unknown(word);
            }
        },
    };
    if number == proto::ICMP || number == proto::ICMP6 {
        let mut all = Services::default();
        // `8:Any`, `8:*`, `8`; `icmpv4:8,any` in commands.
        let inline = protocol.split_once(':').map(|(_, rest)| rest.replace(',', ":"));
        for value in fields.values(Key::IcmpType).chain(inline.as_deref()) {
            let (kind, code) = value.split_once(':').unwrap_or((value, ""));
            match kind.trim().parse() {
                Ok(kind) => all.push(Service::icmp(number, kind, code.trim().parse().ok())),
                Err(_) => return Services::exactly(vec![Service::proto(number)]),
            }
        }
        return if all == Services::default() { Services::exactly(vec![Service::proto(number)]) } else { all };
    }
    let mut unknown = Vec::new();
    let mut ports = |key: Key| {
        let mut ranges = Vec::new();
        for value in fields.values(key) {
            let (low, high) = value.split_once('-').unwrap_or((value, value));
            match (low.trim().parse::<u16>(), high.trim().parse::<u16>()) {
                (Ok(low), Ok(high)) if low <= high => ranges.push((low, high)),
                _ => match value.to_lowercase().as_str() {
                    word if is_any(word) => return Intervals::full(),
                    "rpc-epmap" | "rpcepmap" => ranges.push((135, 135)),
                    "iphttps" | "iphttpsin" | "iphttpsout" => ranges.push((443, 443)),
                    "mdns" => ranges.push((5353, 5353)),
                    // RPC, Teredo, Ply2Disc: ports that the system hands out.
                    _ => unknown.push(value.to_owned()),
                },
            }
        }
        if ranges.is_empty() { Intervals::full() } else { Intervals::of(ranges) }
    };
    let (local, remote) = (ports(Key::LocalPort), ports(Key::RemotePort));
    let (sport, dport) = if outbound { (local, remote) } else { (remote, local) };
    let service = Service { sport: Ports(sport), ..Service::to(number, dport) };
    if unknown.is_empty() {
        Services::exactly(vec![service])
    } else {
        let names = unknown.clone();
        Services { maybe: vec![Service::proto(number)], unknown, names, ..Services::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flat::{Effect, Packet, Universe, flatten};

    fn decide(policy: &Policy, profile: &str, dport: u16) -> Option<Effect> {
        let universe = Universe::of(policy);
        let flat = flatten(policy, &universe, &policy.paths[0], None);
        flat.decide(&Packet {
            in_if: universe.number(profile),
            out_if: 0,
            src: "198.51.100.7".parse().unwrap(),
            dst: "10.0.0.1".parse().unwrap(),
            proto: proto::TCP,
            sport: 40_000,
            dport,
        })
    }

    const DASHES: &str = "----------------------------------------------------------------------";

    fn shown(rules: [&str; 2]) -> String {
        format!(
            "Domain Profile Settings: \r\n{DASHES}\r\nState                                 ON\r\nFirewall Policy                       BlockInbound,AllowOutbound\r\n\
             LogDroppedConnections                 Enable\r\n\r\nPublic Profile Settings: \r\n{DASHES}\r\nState                                 OFF\r\n\r\n{}{}Ok.\r\n",
            rules[0], rules[1]
        )
    }

    #[test]
    fn blocks_win_whatever_the_order() {
        let allow = format!(
            "Rule Name:                            web\r\n{DASHES}\r\nEnabled:                              Yes\r\nDirection:                            In\r\nProfiles:                             Domain,Private,Public\r\nGrouping:                             \r\nLocalIP:                              Any\r\nRemoteIP:                             Any\r\nProtocol:                             TCP\r\nLocalPort:                            80-90,443\r\nRemotePort:                           Any\r\nEdge traversal:                       No\r\nAction:                               Allow\r\n\r\n"
        );
        let block = format!(
            "規則名稱:                             停\r\n{DASHES}\r\n已啟用:                               是\r\n方向:                                 連入\r\n設定檔:                               網域,私人\r\n遠端 IP:                              198.51.100.0/255.255.255.0\r\n通訊協定:                             TCP\r\n本機連接埠:                           443\r\n動作:                                 封鎖\r\n\r\n"
        );
        for rules in [[&allow, &block], [&block, &allow]] {
            let parsed = parse(&shown(rules.map(String::as_str)));
            assert!(parsed.notes.is_empty(), "{:?}", parsed.notes);
            let policy = &parsed.policies[0];
            assert_eq!(decide(policy, "domain", 443), Some(Effect::Deny));
            assert_eq!(decide(policy, "domain", 85), Some(Effect::Permit));
            assert_eq!(decide(policy, "domain", 22), Some(Effect::Deny));
            assert_eq!(decide(policy, "public", 22), Some(Effect::Permit), "the profile is off");
            assert_eq!((policy.chains[0].default.log, &policy.chains[1].default.action), (Log::Yes, &Action::Permit));
        }
    }

    #[test]
    fn registry_strings_commands_and_objects_are_read() {
        let registry = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM]\r\n\"{A1}\"=\"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|RA4=LocalSubnet|Profile=Domain|App=System|Name=@x.dll,-1|\"\r\n\
                        \"{A2}\"=\"v2.30|Action=Block|Active=FALSE|Dir=Out|Protocol=17|RPort=53|Name=no dns|LUAuth=O:LSD|\"\r\n";
        let parsed = parse(registry);
        let (inbound, outbound) = (&parsed.policies[0].chains[0].rules, &parsed.policies[0].chains[1].rules);
        assert_eq!((inbound[0].id.as_str(), inbound[0].services.describe()), ("{A1}", "tcp/3389".into()));
        assert_eq!(
            (inbound[0].src.unknown.as_slice(), inbound[0].in_ifs.names.as_slice()),
            (["LocalSubnet".to_owned()].as_slice(), ["domain".to_owned()].as_slice())
        );
        assert_eq!(
            (outbound[0].enabled, outbound[0].unknown.len(), outbound[0].services.describe()),
            (false, 1, "udp/53".into())
        );
        let command = parse(
            "netsh advfirewall firewall add rule name=\"a b\" dir=in action=allow protocol=icmpv4:8,any remoteip=10.0.0.0/8\r\n",
        );
        let rule = &command.policies[0].chains[0].rules[0];
        assert_eq!(
            (rule.id.as_str(), rule.services.describe(), rule.src.describe()),
            ("a b", "icmp/type 8".into(), "10.0.0.0/8".into())
        );
        let objects = parse(
            "[{\"Name\": \"r\", \"DisplayName\": \"Remote\", \"Enabled\": 1, \"Direction\": 1, \"Action\": 2, \"Profile\": 3, \"Protocol\": \"TCP\", \"LocalPort\": [\"5985\", \"RPC\"], \"RemoteAddress\": \"Any\", \"Program\": \"C:\\\\x.exe\"}]",
        );
        let rule = &objects.policies[0].chains[0].rules[0];
        assert_eq!(
            (rule.id.as_str(), rule.in_ifs.names.len(), rule.unknown.len(), rule.services.unknown.len()),
            ("Remote", 2, 1, 1)
        );
        let table = parse(
            "\"DisplayName\",\"Enabled\",\"Direction\",\"Action\",\"Profile\",\"Protocol\",\"LocalPort\",\"RemoteAddress\"\r\n\"Web, all\",\"True\",\"Inbound\",\"Allow\",\"Any\",\"TCP\",\"80\",\"Any\"\r\n",
        );
        assert_eq!(table.policies[0].chains[0].rules[0].id, "Web, all");
    }
}
