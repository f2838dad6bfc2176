//! Warning lists of MISP (<https://github.com/MISP/misp-warninglists>): what stands in them is most likely innocent, such
//! as public resolvers, content networks and the domains of phishing drills. An indicator that matches one is doubtful:
//! it stays in the table, with the names of the lists, and accuses nobody by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use regex::{RegexSet, RegexSetBuilder};
use secdiag_model::{Indicator, Note, NoteKind};
use serde_json::Value as Json;

use crate::target::{Entry, Target};

/// Most memory that a list's expressions may compile to.
const REGEX_BYTES: usize = 8 << 20;

/// A list ready to be asked.
#[derive(Debug)]
pub struct WarningList {
    /// Its name.
    pub name: String,
    /// `cidr`, `string`, `hostname`, `substring` or `regex`.
    pub kind: String,
    /// Entries that it holds.
    pub entries: u64,
    /// Kinds of attributes that it is about; none named: all.
    about: BTreeSet<String>,
    asks: Asks,
}

#[derive(Debug)]
enum Asks {
    /// First addresses by prefix length over 128 bits.
    Cidr(BTreeMap<u8, BTreeSet<u128>>),
    /// Values, whole.
    Exact(BTreeSet<String>),
    /// Names, and every name below them.
    Below(BTreeSet<String>),
    /// Parts.
    Part(Vec<String>),
    Pattern(RegexSet),
}

/// Whether bytes are a warning list.
pub fn is_warning_list(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1 << 16)];
    let has = |key: &[u8]| head.windows(key.len()).any(|window| window == key);
    // The keys may stand behind a long list: then the end has them.
    let tail = &bytes[bytes.len().saturating_sub(1 << 12)..];
    let ends = |key: &[u8]| tail.windows(key.len()).any(|window| window == key);
    let about = b"\"matching_attributes\"";
    (has(b"\"list\"") || ends(b"\"list\"")) && (has(about) || ends(about)) && head.trim_ascii_start().starts_with(b"{")
}

/// Reads a list; what of it cannot be used is in the notes.
///
/// # Errors
///
/// Why the file is no warning list that can be used.
pub fn read_warning_list(name: &str, bytes: &[u8]) -> Result<(WarningList, Vec<Note>), String> {
    let value: Json = serde_json::from_slice(bytes).map_err(|error| format!("it is no valid JSON: {error}"))?;
    let texts = |key: &str| -> Vec<&str> {
        let list = value.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Json::as_str).collect()
    };
    let entries = texts("list");
    let kind = value.get("type").and_then(Json::as_str).unwrap_or_default();
    let mut lost: u64 = 0;
    let lower = |text: &&str| text.trim().to_lowercase();
    let asks = match kind {
        "cidr" => {
            let mut networks: BTreeMap<u8, BTreeSet<u128>> = BTreeMap::new();
            for entry in &entries {
                match network(entry) {
                    Some((first, len)) => drop(networks.entry(len).or_default().insert(first)),
                    None => lost += 1,
                }
            }
            Asks::Cidr(networks)
        }
        "string" => Asks::Exact(entries.iter().map(lower).collect()),
        "hostname" => {
            Asks::Below(entries.iter().map(lower).map(|name| name.trim_start_matches('.').to_owned()).collect())
        }
        "substring" => Asks::Part(entries.iter().map(lower).filter(|part| !part.is_empty()).collect()),
        "regex" => {
            // `/…/i` as MISP writes them.
            let inner =
                |text: &&str| text.trim_start_matches('/').trim_end_matches("/i").trim_end_matches('/').to_owned();
            let one = |pattern: &String| RegexSetBuilder::new([pattern]).size_limit(REGEX_BYTES).build().is_ok();
            let (good, bad): (Vec<String>, Vec<String>) = entries.iter().map(inner).partition(one);
            lost = bad.len() as u64;
            let set = RegexSetBuilder::new(good).case_insensitive(true).size_limit(REGEX_BYTES).build();
            Asks::Pattern(set.map_err(|error| format!("its expressions cannot be compiled: {error}"))?)
        }
        other => return Err(format!("a warning list of the type `{other}` is not known")),
    };
    let title = value.get("name").and_then(Json::as_str).unwrap_or(name);
    let mut notes = Vec::new();
    if lost > 0 {
        let text = format!("entries of the warning list {title} are not understood and were left out");
        let mut note = Note::new(NoteKind::NotUnderstood, "warning-entry", text).times(lost);
        name.clone_into(&mut note.path);
        notes.push(note);
    }
    let about = texts("matching_attributes").into_iter().map(str::to_owned).collect();
    let list =
        WarningList { name: title.to_owned(), kind: kind.to_owned(), entries: entries.len() as u64, about, asks };
    Ok((list, notes))
}

/// First address and prefix length over 128 bits; a single address is a network of one.
fn network(text: &str) -> Option<(u128, u8)> {
    let (address, len) = match text.trim().split_once('/') {
        Some((address, len)) => (address, Some(len.parse::<u8>().ok()?)),
        None => (text.trim(), None),
    };
    let address: IpAddr = address.parse().ok()?;
    let (bits, len) = match address {
        IpAddr::V4(ip) => (0xffff_0000_0000 | u128::from(u32::from(ip)), len.unwrap_or(32).checked_add(96)?),
        IpAddr::V6(ip) => (u128::from(ip), len.unwrap_or(128)),
    };
    (len <= 128).then(|| (prefix(bits, len), len))
}

fn prefix(bits: u128, len: u8) -> u128 {
    if len == 0 { 0 } else { bits & (u128::MAX << (128 - u32::from(len))) }
}

impl WarningList {
    /// Whether the list calls an indicator innocent. A network is innocent only as a whole.
    pub fn matches(&self, indicator: &Indicator) -> bool {
        let about = |kinds: &[&str]| {
            self.about.is_empty() || self.about.iter().any(|about| kinds.iter().any(|kind| about.contains(kind)))
        };
        match (&self.asks, indicator.kind.as_str()) {
            (Asks::Cidr(networks), "ip") if about(&["ip-", "ip|", "|ip", "ip"]) => {
                let (Some(first), Some(len)) = (indicator.network, indicator.prefix_len) else { return false };
                let bits = match first {
                    IpAddr::V4(ip) => 0xffff_0000_0000 | u128::from(u32::from(ip)),
                    IpAddr::V6(ip) => u128::from(ip),
                };
                networks.range(..=len).any(|(wide, known)| known.contains(&prefix(bits, *wide)))
            }
            (asks, "ip") if about(&["ip"]) => asks.text(&address(&indicator.value)),
            (asks, "domain") if about(&["domain", "hostname", "url", "uri"]) => {
                let name = indicator.domain.as_deref().unwrap_or_default();
                asks.text(name)
                    || matches!(asks, Asks::Part(_) | Asks::Pattern(_)) && asks.text(&indicator.value.to_lowercase())
            }
            (asks, "hash") if about(&["md5", "sha"]) => asks.text(&indicator.value),
            (asks, "email") if about(&["email"]) => asks.text(&indicator.value),
            _ => false,
        }
    }
}

impl Asks {
    fn text(&self, value: &str) -> bool {
        match self {
            Self::Cidr(_) => false,
            Self::Exact(values) => values.contains(value),
            Self::Below(names) => suffixes(value).any(|name| names.contains(name)),
            Self::Part(parts) => parts.iter().any(|part| value.contains(part.as_str())),
            Self::Pattern(set) => set.is_match(value),
        }
    }
}

/// An address as lists write it.
fn address(value: &str) -> String {
    match Entry::parse(value).ok().and_then(|entry| entry.targets.into_iter().next()) {
        Some(Target::Network(IpAddr::V6(ip), 128)) => ip.to_canonical().to_string(),
        Some(Target::Network(ip, 128)) => ip.to_string(),
        _ => value.to_lowercase(),
    }
}

/// `a.b.c`, `b.c`, `c`.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, rest)| rest))
}

/// Writes into every indicator which lists call it innocent. Gives how many of each file of indicators each list met.
pub fn gate(lists: &[WarningList], indicators: &mut [Indicator]) -> BTreeMap<(String, String), u64> {
    let mut met: BTreeMap<(String, String), u64> = BTreeMap::new();
    for indicator in indicators {
        let names: Vec<&str> =
            lists.iter().filter(|list| list.matches(indicator)).map(|list| list.name.as_str()).collect();
        for name in &names {
            *met.entry((indicator.list_name.clone(), (*name).to_owned())).or_default() += 1;
        }
        indicator.warning = names.join(", ");
    }
    met
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::read_list;

    fn list(kind: &str, entries: &[&str], about: &[&str]) -> WarningList {
        let text =
            serde_json::json!({"name": kind, "type": kind, "list": entries, "matching_attributes": about}).to_string();
        assert!(is_warning_list(text.as_bytes()));
        read_warning_list("file", text.as_bytes()).unwrap().0
    }

    fn doubtful(list: WarningList, entries: &str) -> Vec<String> {
        let (mut indicators, ..) = read_list("l", entries.as_bytes(), None);
        gate(&[list], &mut indicators);
        indicators.into_iter().filter(|i| !i.warning.is_empty()).map(|i| i.value).collect()
    }

    #[test]
    fn each_kind_of_list_meets_what_it_names() {
        let entries = "8.8.8.8\n8.8.4.0/24\n8.0.0.0/8\n9.9.9.9\ndns.google.example\nbad.example\nhttp://cdn.good.example/x\n\
                       2001:4860:4860::8888\nd41d8cd98f00b204e9800998ecf8427e\nnoreply@good.example\n";
        let of = |kind: &str, list_entries: &[&str], about: &[&str]| doubtful(list(kind, list_entries, about), entries);
        assert_eq!(
            of("cidr", &["8.8.0.0/16", "9.9.9.9", "2001:4860::/32"], &["ip-dst"]),
            ["8.8.8.8", "8.8.4.0/24", "9.9.9.9", "2001:4860:4860::8888"]
        );
        assert_eq!(of("cidr", &["8.8.0.0/16"], &["domain"]), [""; 0]);
        assert_eq!(
            of("string", &["9.9.9.9", "BAD.example", "d41d8cd98f00b204e9800998ecf8427e"], &[]),
            ["9.9.9.9", "bad.example", "d41d8cd98f00b204e9800998ecf8427e"]
        );
        assert_eq!(
            of("hostname", &[".google.example", "good.example"], &["hostname", "url"]),
            ["dns.google.example", "http://cdn.good.example/x"]
        );
        assert_eq!(of("substring", &["good.example/x"], &["url"]), ["http://cdn.good.example/x"]);
        assert_eq!(of("regex", &["/^noreply@/i", "/(/"], &["email-src"]), ["noreply@good.example"]);
        let odd = br#"{"type":"soundex","list":["a"],"matching_attributes":[]}"#;
        assert!(read_warning_list("x", odd).unwrap_err().contains("soundex"));
    }

    proptest! {
        /// Against the plain rule: a network is doubtful when one of the list holds it.
        #[test]
        fn networks_are_met_as_the_plain_rule_says(known in proptest::collection::vec((0u32..64, 26u8..=32), 0..6), at in 0u32..64, len in 26u8..=32) {
            let net = |host: u32, len: u8| (0xcb00_7100 | host) & (u32::MAX << (32 - u32::from(len)));
            let entries: Vec<String> = known.iter().map(|(host, len)| format!("{}/{len}", std::net::Ipv4Addr::from(net(*host, *len)))).collect();
            let texts: Vec<&str> = entries.iter().map(String::as_str).collect();
            let asked = format!("{}/{len}\n", std::net::Ipv4Addr::from(net(at, len)));
            let expected = known.iter().any(|(host, wide)| *wide <= len && net(net(at, len), *wide) == net(*host, *wide));
            prop_assert_eq!(!doubtful(list("cidr", &texts, &[]), &asked).is_empty(), expected);
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (is_warning_list(&bytes), read_warning_list("x", &bytes).is_ok());
        }
    }
}
