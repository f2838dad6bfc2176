//! What people write into cells of a table of rules.

use jiff::civil::Date;

use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Service, proto, proto_number};
use crate::policy::{Log, Services};

/// Values of a cell, each trimmed.
pub(super) fn values(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', ',', ';', '，', '；', '、', '\u{2028}']).map(str::trim).filter(|value| !value.is_empty())
}

fn lower(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Words for everything.
pub(super) fn is_any(text: &str) -> bool {
    [
        "any",
        "all",
        "*",
        "any4",
        "any6",
        "always",
        "any-ipv4",
        "anywhere",
        "任意",
        "任何",
        "全部",
        "所有",
        "不限",
        "any any",
        "永久",
        "always on",
        "任意位址",
        "所有服務",
        "全部服務",
    ]
    .contains(&lower(text).as_str())
}

/// Words for no end.
pub(super) fn is_never(text: &str) -> bool {
    is_any(text) || ["never", "none", "-", "n/a", "無", "無期限", "長期", "不適用"].contains(&lower(text).as_str())
}

/// Whether an action permits.
pub(super) fn action(text: &str) -> Option<bool> {
    match lower(text).as_str() {
        "accept" | "permit" | "allow" | "allowed" | "pass" | "允許" | "許可" | "通過" | "放行" | "接受" | "同意"
        | "開放" | "准許" => Some(true),
        "deny" | "drop" | "reject" | "block" | "denied" | "discard" | "拒絕" | "禁止" | "阻擋" | "丟棄" | "阻斷"
        | "封鎖" | "不允許" => Some(false),
        _ => None,
    }
}

/// Yes or no.
pub(super) fn yes(text: &str) -> Option<bool> {
    match lower(text).as_str() {
        "yes" | "true" | "enabled" | "enable" | "on" | "1" | "y" | "active" | "v" | "✓" | "✔" | "○" | "是" | "啟用"
        | "有" | "啟用中" | "已啟用" => Some(true),
        "no" | "false" | "disabled" | "disable" | "off" | "0" | "n" | "inactive" | "x" | "✗" | "否" | "停用" | "無"
        | "未啟用" | "已停用" | "不啟用" => Some(false),
        _ => None,
    }
}

/// Whether it is logged.
pub(super) fn log(text: &str) -> Option<Log> {
    let word = lower(text);
    match word.as_str() {
        "none" | "no log" | "不記錄" | "不紀錄" | "-" => Some(Log::No),
        "all"
        | "utm"
        | "log"
        | "記錄"
        | "紀錄"
        | "session"
        | "log at session end"
        | "log at session start"
        | "detailed log"
        | "extended log"
        | "全部" => Some(Log::Yes),
        word => yes(word).map(|yes| if yes { Log::Yes } else { Log::No }),
    }
}

/// `1,234` and `1234`; `12K` and the like are roundings, but tell used from unused.
pub(super) fn count(text: &str) -> Option<u64> {
    let bare: String = lower(text).chars().filter(|c| !matches!(c, ',' | ' ' | '_')).collect();
    if let Ok(number) = bare.parse() {
        return Some(number);
    }
    let (digits, factor) = [("k", 1_000.0), ("m", 1_000_000.0), ("g", 1_000_000_000.0)]
        .iter()
        .find_map(|(unit, factor)| Some((bare.strip_suffix(unit)?, *factor)))
        .or_else(|| Some((bare.strip_suffix(".0")?, 1.0)))?;
    let value: f64 = digits.parse().ok().filter(|value: &f64| (0.0..1e9).contains(value))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1e18")]
    Some((value * factor) as u64)
}

/// `2026-10-05`, `2026/10/5`, `20261005`, `115/10/05` of the Republic's calendar; a time of day behind it is left out.
pub(super) fn date(text: &str) -> Option<Date> {
    let text = text.trim().split([' ', 'T']).next()?;
    let parts: Vec<i16> = text
        .split(['-', '/', '.', '年', '月', '日'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] if *year >= 1970 => (*year, *month, *day),
        [year, month, day] if (60..200).contains(year) => (*year + 1911, *month, *day),
        _ => {
            let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
            if !digits {
                return None;
            }
            (text.get(..4)?.parse().ok()?, text.get(4..6)?.parse().ok()?, text.get(6..)?.parse().ok()?)
        }
    };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// What a value of an address column is.
#[derive(Debug, PartialEq)]
pub(super) enum Address {
    /// Addresses.
    Known(AddrSet),
    /// A name with its addresses in brackets.
    Named(String, AddrSet),
    /// Everything but these.
    Not(AddrSet),
    /// A name.
    Unknown(String),
    /// Digits that make no address.
    Wrong,
}

pub(super) fn address(value: &str) -> Address {
    if is_any(value) {
        return Address::Known(AddrSet::full());
    }
    if let Some(set) = network(value) {
        return Address::Known(set);
    }
    let negated = value.strip_prefix('!').or_else(|| value.strip_prefix("not ")).or_else(|| value.strip_prefix('非'));
    if let Some(set) = negated.and_then(|rest| network(rest.trim())) {
        return Address::Not(set);
    }
    // `web-server (10.0.0.1)` and `10.0.0.1 (web-server)`.
    if let Some((before, rest)) = value.split_once(['(', '（']) {
        let inside = rest.trim_end_matches([')', '）']).trim();
        let before = before.trim();
        if let Some(set) = network(inside) {
            return Address::Named(before.to_owned(), set);
        }
        if let Some(set) = network(before) {
            return Address::Named(inside.to_owned(), set);
        }
    }
    let digits = value.chars().all(|c| c.is_ascii_digit() || "./-: ".contains(c));
    if digits { Address::Wrong } else { Address::Unknown(value.to_owned()) }
}

/// An address, a prefix, a range, also `10.0.0.1-20`, `10.0.0.0/255.0.0.0`, `10.0.0.0 255.0.0.0` and `10.0.0.1~10.0.0.9`.
fn network(text: &str) -> Option<AddrSet> {
    let text = text.trim();
    if let Ok(set) = text.parse::<AddrSet>() {
        return (!set.is_empty()).then_some(set);
    }
    if let Some((low, high)) = text.split_once(['~', '-', '～']) {
        let (low, high) = (low.trim(), high.trim());
        let high = if high.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("{}.{high}", low.rsplit_once('.')?.0)
        } else {
            high.to_owned()
        };
        let set = AddrSet::range(low.parse().ok()?, high.parse().ok()?);
        return (!set.is_empty()).then_some(set);
    }
    let (address, mask) = text.split_once('/').or_else(|| text.split_once(' '))?;
    AddrSet::masked_v4(address.trim().parse().ok()?, mask.trim().parse().ok()?)
}

/// `80`, `80-90`, `80:90`.
pub(super) fn ports(text: &str) -> Option<Intervals<u16>> {
    let mut ranges = Vec::new();
    for value in values(text) {
        let (low, high) = value.split_once(['-', ':', '~']).unwrap_or((value, value));
        let range = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        if range.0 > range.1 {
            return None;
        }
        ranges.push(range);
    }
    (!ranges.is_empty()).then(|| Intervals::of(ranges))
}

/// A service: `tcp/443`, `443/tcp`, `TCP 80-90`, `TCP_8080`, `udp:53`, `https`, `ping`, `any`; a bare port belongs to the
/// protocols of the row, or may be TCP or UDP.
pub(super) fn service(value: &str, protocols: &[String]) -> Option<Services> {
    let value = value.split(['(', '（']).next().filter(|text| !text.trim().is_empty()).unwrap_or(value).trim();
    let protocols: Vec<u8> =
        protocols.iter().filter(|name| !is_any(name)).filter_map(|name| proto_number(name)).collect();
    if is_any(value) {
        let all = if protocols.is_empty() {
            vec![Service::any()]
        } else {
            protocols.into_iter().map(Service::proto).collect()
        };
        return Some(Services::exactly(all));
    }
    if let Some(ports) = ports(value) {
        if protocols.is_empty() {
            let maybe = [proto::TCP, proto::UDP].map(|number| Service::to(number, ports.clone())).to_vec();
            return Some(Services { maybe, unknown: vec![format!("{value} (TCP or UDP)")], ..Services::default() });
        }
        return Some(Services::exactly(
            protocols.into_iter().map(|number| Service::to(number, ports.clone())).collect(),
        ));
    }
    let word = lower(value);
    let ported = |number: u8, text: &str| Some(Services::exactly(vec![Service::to(number, ports(text)?)]));
    for (name, number) in [("tcp", proto::TCP), ("udp", proto::UDP), ("sctp", proto::SCTP)] {
        let separators = ['/', ':', '-', '_', ' '];
        if let Some(rest) = word.strip_prefix(name) {
            let rest = rest.trim_start_matches(separators);
            return if rest.is_empty() || is_any(rest) {
                Some(Services::exactly(vec![Service::proto(number)]))
            } else {
                ported(number, rest)
            };
        }
        if let Some(rest) = word.strip_suffix(name) {
            return ported(number, rest.trim_end_matches(separators));
        }
    }
    match word.as_str() {
        "ping" | "icmp-echo" | "echo-request" => {
            return Some(Services::exactly(vec![Service::icmp(proto::ICMP, 8, None)]));
        }
        "icmp" | "all_icmp" | "icmp_any" => return Some(Services::exactly(vec![Service::proto(proto::ICMP)])),
        "all_tcp" => return Some(Services::exactly(vec![Service::proto(proto::TCP)])),
        "all_udp" => return Some(Services::exactly(vec![Service::proto(proto::UDP)])),
        "rdp" | "remote desktop" | "遠端桌面" => return ported(proto::TCP, "3389"),
        "dns" => {
            let both = [proto::TCP, proto::UDP].map(|number| Service::to(number, Intervals::one(53)));
            return Some(Services::exactly(both.to_vec()));
        }
        "smb" => return ported(proto::TCP, "445"),
        "mssql" | "ms-sql" => return ported(proto::TCP, "1433"),
        _ => {}
    }
    if let Some(port) = crate::ports::number(&word) {
        let of_udp = [
            "snmp",
            "syslog",
            "ntp",
            "tftp",
            "snmptrap",
            "radius",
            "radius-acct",
            "bootps",
            "bootpc",
            "isakmp",
            "netbios-ns",
            "netbios-dgm",
        ];
        let number = if of_udp.contains(&word.as_str()) { proto::UDP } else { proto::TCP };
        let service = Service { dport: Ports(Intervals::one(port)), ..Service::proto(number) };
        return Some(Services::exactly(vec![service]));
    }
    proto_number(&word).map(|number| Services::exactly(vec![Service::proto(number)]))
}
