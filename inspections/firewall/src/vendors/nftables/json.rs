//! JSON of `nft -j list ruleset` (libnftables-json(5)), written out as a script and read as one, so that both forms mean the
//! same. Objects of a file that breaks off are read up to there.

use std::fmt::Write;

use serde_json::Value;

use super::script;
use crate::policy::Coverage;
use crate::vendors::Parsed;

/// Nested values that are followed.
const DEPTH: usize = 40;

/// Reads a dump.
pub(super) fn parse(text: &str) -> Parsed {
    let (objects, whole) = objects(text);
    let mut rendered = String::new();
    let mut lines = Vec::new();
    for object in &objects {
        let line = match serde_json::from_str::<Value>(object.text) {
            Ok(value) => command(&value),
            Err(_) => Some("an object that is no JSON".into()),
        };
        // The description of the dump itself says nothing about rules.
        let Some(line) = line else { continue };
        rendered.push_str(&line.replace(['\n', '\r'], " "));
        rendered.push('\n');
        lines.push(object);
    }
    let mut parsed = script::parse(&rendered);
    for note in &mut parsed.notes {
        if let Some(place) = &mut note.place {
            *place = place.replace("line", "object");
        }
    }
    let passed_over = (objects.len() - lines.len()) as u64;
    let place = |line: &mut u32, end: bool| {
        if let Some(object) = lines.get((*line as usize).wrapping_sub(1)) {
            *line = if end { object.last } else { object.first };
        }
    };
    for policy in &mut parsed.policies {
        let Coverage { total, understood } = policy.coverage;
        policy.coverage = Coverage { total: total + passed_over, understood: understood + passed_over };
        policy.truncated |= !whole;
        for chain in &mut policy.chains {
            place(&mut chain.default.line, false);
            for rule in &mut chain.rules {
                place(&mut rule.line_from, false);
                place(&mut rule.line_to, true);
                rule.unknown.iter_mut().for_each(|unknown| place(&mut unknown.line, false));
            }
        }
        for nat in &mut policy.nat {
            place(&mut nat.line_from, false);
            place(&mut nat.line_to, true);
            nat.unknown.iter_mut().for_each(|unknown| place(&mut unknown.line, false));
        }
    }
    parsed
}

/// A member of the list of objects.
struct Object<'t> {
    text: &'t str,
    first: u32,
    last: u32,
}

/// Members of the outermost list; false when it does not end.
fn objects(text: &str) -> (Vec<Object<'_>>, bool) {
    let mut found = Vec::new();
    let Some(start) = text.find('[') else { return (found, false) };
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut line = u32::try_from(text[..start].matches('\n').count()).unwrap_or(u32::MAX).saturating_add(1);
    let mut open = None;
    for (at, byte) in text.bytes().enumerate().skip(start + 1) {
        match byte {
            b'\n' => line = line.saturating_add(1),
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                if depth == 0 {
                    open = Some((at, line));
                }
                depth += 1;
            }
            b'}' | b']' => {
                if depth == 0 {
                    return (found, true);
                }
                depth -= 1;
                if let Some((from, first)) = open.filter(|_| depth == 0) {
                    found.push(Object { text: &text[from..=at], first, last: line });
                    open = None;
                }
            }
            _ => {}
        }
    }
    (found, false)
}

/// A member as a command; nothing for what describes the dump.
fn command(object: &Value) -> Option<String> {
    let (key, value) = object.as_object()?.iter().next()?;
    match key.as_str() {
        "metainfo" => None,
        "add" | "create" | "insert" | "replace" | "delete" | "destroy" | "flush" => {
            let (what, inner) = value.as_object()?.iter().next()?;
            Some(match (key.as_str(), what.as_str()) {
                ("add" | "create" | "insert" | "replace", _) => add(key, what, inner),
                (_, "ruleset") => format!("flush ruleset {}", word(inner, "family")).trim().to_owned(),
                _ => format!("{key} {what} {} {}", word(inner, "family"), names(inner, what)),
            })
        }
        what => Some(add("add", what, value)),
    }
}

/// A member that is text.
fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).map(plain).unwrap_or_default()
}

fn names(value: &Value, what: &str) -> String {
    match what {
        "table" => word(value, "name"),
        _ => format!("{} {}", word(value, "table"), word(value, "name")),
    }
}

fn add(verb: &str, what: &str, value: &Value) -> String {
    let family = word(value, "family");
    let head = format!("{verb} {what} {family} {}", names(value, what));
    match what {
        "table" => {
            let dormant = strings(value.get("flags")).iter().any(|flag| flag == "dormant");
            if dormant { format!("{head} {{ flags dormant; }}") } else { head }
        }
        "chain" => chain(&head, value),
        "set" | "map" => set(&head, value),
        "element" => {
            let elements = value.get("elem").map(|list| list_of(list, 0)).unwrap_or_default();
            format!("{verb} element {family} {} {{ {elements} }}", names(value, what))
        }
        "rule" => {
            let index = value.get("index").and_then(Value::as_u64).map(|index| format!(" index {index}"));
            let mut text = format!(
                "{verb} rule {family} {} {}{}",
                word(value, "table"),
                word(value, "chain"),
                index.unwrap_or_default()
            );
            for statement in value.get("expr").and_then(Value::as_array).into_iter().flatten() {
                text.push(' ');
                text.push_str(&self::statement(statement));
            }
            if let Some(comment) = value.get("comment").and_then(Value::as_str) {
                let _ = write!(text, " comment {}", quoted(comment));
            }
            text
        }
        "flowtable" | "counter" | "quota" | "limit" | "secmark" | "synproxy" => head,
        "ct helper" | "ct timeout" | "ct expectation" => head,
        _ => format!("unknown object {}", plain(what)),
    }
}

fn chain(head: &str, value: &Value) -> String {
    let mut text = format!("{head} {{");
    let hook = word(value, "hook");
    if !hook.is_empty() {
        let _ = write!(text, " type {} hook {hook}", word(value, "type"));
        match value.get("dev") {
            Some(Value::String(device)) => {
                let _ = write!(text, " device {}", quoted(device));
            }
            Some(devices @ Value::Array(_)) => {
                let names: Vec<String> = strings(Some(devices)).iter().map(|name| quoted(name)).collect();
                let _ = write!(text, " devices = {{ {} }}", names.join(", "));
            }
            _ => {}
        }
        let priority = value.get("prio").map(|prio| expression(prio, 0)).unwrap_or_default();
        let _ = write!(text, " priority {priority};");
    }
    let policy = word(value, "policy");
    if !policy.is_empty() {
        let _ = write!(text, " policy {policy};");
    }
    text.push_str(" }");
    text
}

fn set(head: &str, value: &Value) -> String {
    let mut text = format!("{head} {{");
    let flags = strings(value.get("flags"));
    if !flags.is_empty() {
        let _ = write!(text, " flags {};", flags.iter().map(|flag| plain(flag)).collect::<Vec<_>>().join(","));
    }
    if value.get("timeout").is_some() {
        text.push_str(" timeout 1s;");
    }
    if let Some(elements) = value.get("elem") {
        let _ = write!(text, " elements = {{ {} }};", list_of(elements, 0));
    }
    text.push_str(" }");
    text
}

fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// A statement in the words of a script; what is not known becomes a word that no script has.
fn statement(object: &Value) -> String {
    let Some((key, value)) = object.as_object().and_then(|object| object.iter().next()) else {
        return format!("unknown {}", expression(object, 0));
    };
    let inner = |name: &str| value.get(name).map(|value| expression(value, 0)).unwrap_or_default();
    match key.as_str() {
        "accept" | "drop" | "continue" | "return" | "notrack" => key.clone(),
        "jump" | "goto" => format!("{key} {}", word(value, "target")),
        "match" => {
            let operator = match word(value, "op").as_str() {
                "in" => String::new(),
                other => format!("{other} "),
            };
            format!("{} {operator}{}", inner("left"), inner("right"))
        }
        "vmap" => format!("{} vmap {}", inner("key"), inner("data")),
        "counter" => match (value.get("packets").and_then(Value::as_u64), value.as_str()) {
            (Some(packets), _) => {
                format!("counter packets {packets} bytes {}", value.get("bytes").and_then(Value::as_u64).unwrap_or(0))
            }
            (None, Some(name)) => format!("counter name {}", quoted(name)),
            _ => "counter".into(),
        },
        "log" => {
            let mut text = "log".to_owned();
            if let Some(prefix) = value.get("prefix").and_then(Value::as_str) {
                let _ = write!(text, " prefix {}", quoted(prefix));
            }
            if let Some(group) = value.get("group").and_then(Value::as_u64) {
                let _ = write!(text, " group {group}");
            }
            text
        }
        "limit" => match value.as_object() {
            Some(limit) => {
                let over = limit.get("inv").and_then(Value::as_bool).unwrap_or(false);
                let rate = limit.get("rate").map(|rate| expression(rate, 0)).unwrap_or_default();
                format!("limit rate {}{rate}/{}", if over { "over " } else { "" }, word(value, "per"))
            }
            None => format!("limit name {}", expression(value, 0)),
        },
        "quota" => {
            let over = value.get("inv").and_then(Value::as_bool).unwrap_or(false);
            format!("quota {}{} bytes", if over { "over " } else { "" }, inner("val"))
        }
        "ct count" => {
            let over = value.get("inv").and_then(Value::as_bool).unwrap_or(false);
            format!("ct count {}{}", if over { "over " } else { "" }, inner("val"))
        }
        "reject" => "reject".into(),
        "queue" => "queue".into(),
        "snat" | "dnat" | "masquerade" | "redirect" => {
            let mut text = key.clone();
            let (address, port) = (inner("addr"), inner("port"));
            if !address.is_empty() || !port.is_empty() {
                text.push_str(" to");
            }
            if !address.is_empty() {
                let _ = write!(text, " {address}");
            }
            if !port.is_empty() {
                let _ = write!(text, " : {port}");
            }
            text
        }
        "mangle" => format!("{} set {}", inner("key"), inner("value")),
        "set" | "map" => format!("{} {} {{ {} }}", word(value, "op"), word(value, "set"), inner("elem")),
        "flow" => format!("flow add {}", word(value, "flowtable")),
        "dup" | "fwd" | "tproxy" | "synproxy" | "secmark" | "meter" | "last" => match key.as_str() {
            "secmark" => "last".into(),
            "meter" => "unknown meter".into(),
            other => other.to_owned(),
        },
        "ct helper" | "ct timeout" | "ct expectation" => "last".into(),
        "xt" => format!("xt {} {}", plain(&word(value, "type")), quoted(&word(value, "name"))),
        _ => format!("unknown {}", plain(key)),
    }
}

/// An expression in the words of a script.
fn expression(value: &Value, depth: usize) -> String {
    if depth > DEPTH {
        return "unknown".into();
    }
    let (key, inner) = match value {
        Value::String(text) => return plain(text),
        Value::Number(number) => return number.to_string(),
        Value::Bool(yes) => return if *yes { "exists" } else { "missing" }.into(),
        Value::Null => return String::new(),
        Value::Array(_) => return list_of(value, depth + 1),
        Value::Object(object) => match object.iter().next() {
            Some(member) => member,
            None => return String::new(),
        },
    };
    let at = |name: &str| inner.get(name).map(|value| expression(value, depth + 1)).unwrap_or_default();
    let members = || inner.as_array().map_or(&[][..], Vec::as_slice).iter().map(|member| expression(member, depth + 1));
    match key.as_str() {
        "payload" if inner.get("base").is_some() => format!("@{},{},{}", at("base"), at("offset"), at("len")),
        "payload" => format!("{} {}", at("protocol"), at("field")),
        "meta" => format!("meta {}", at("key")),
        "ct" => {
            let parts = [at("dir"), at("family"), at("key")];
            format!("ct {}", parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
        }
        "rt" => format!("rt {}", at("key")),
        "fib" => format!("fib {} {}", strings(inner.get("flags")).join(" . "), at("result")),
        "prefix" => format!("{}/{}", at("addr"), at("len")),
        "range" => members().collect::<Vec<_>>().join(" - "),
        "set" => format!("{{ {} }}", list_of(inner, depth + 1)),
        "concat" => members().collect::<Vec<_>>().join(" . "),
        "elem" => at("val"),
        "map" => format!("{} map {}", at("key"), at("data")),
        "|" => members().collect::<Vec<_>>().join(" | "),
        "&" => {
            let mut members = members();
            let (left, right) = (members.next().unwrap_or_default(), members.next().unwrap_or_default());
            format!("{left} & ({right})")
        }
        "accept" | "drop" | "continue" | "return" => key.clone(),
        "jump" | "goto" => format!("{key} {}", word(inner, "target")),
        "exthdr" => format!("exthdr {}", at("name")),
        "tcp option" => format!("tcp option {} {}", at("name"), at("field")),
        "ip option" => format!("ip option {} {}", at("name"), at("field")),
        "socket" => format!("socket {}", at("key")),
        "osf" => format!("osf {}", at("key")),
        "ipsec" => format!("ipsec in {}", at("key")),
        "numgen" | "jhash" | "symhash" => format!("{key} {}", at("mod")),
        _ => format!("unknown {}", plain(key)),
    }
}

/// Values with commas; a pair in a map has a colon.
fn list_of(value: &Value, depth: usize) -> String {
    if depth > DEPTH {
        return "unknown".into();
    }
    let Some(all) = value.as_array() else { return expression(value, depth + 1) };
    let one = |member: &Value| match member.as_array().map(Vec::as_slice) {
        Some([key, data]) => format!("{} : {}", expression(key, depth + 1), expression(data, depth + 1)),
        _ => expression(member, depth + 1),
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A word that needs no quotes, else in quotes.
fn plain(text: &str) -> String {
    let bare = !text.is_empty()
        && text.chars().all(|c| {
            c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | ':' | '-' | '*' | '@' | '=' | '!' | '<' | '>')
        });
    if bare { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace(['"', '\n', '\r'], "'"))
}
