//! One entry of a list: an address, a network, a range, a domain, a URL, in any of the ways that people write them.

use std::net::{IpAddr, Ipv6Addr};

/// What an entry points at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// First address and prefix length over 128 bits (IPv4 mapped: a /24 is 120).
    Network(IpAddr, u8),
    /// Lower case, A-labels, no wildcard, no final dot.
    Domain(String),
    /// Digest of a file in lower-case hex: MD5, SHA-1, SHA-256 or SHA-512 by its length.
    Hash(String),
    /// Mailbox in lower case.
    Email(String),
}

/// An entry as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// More than one for ranges and hosts lines.
    pub targets: Vec<Target>,
    /// The entry named a path on the host: the host as a whole is a wider match than the list meant.
    pub widened: bool,
}

/// Why an entry gives no indicator: a stable slug.
pub(crate) type Skip = &'static str;

/// Widest IPv4 network believed: /8. What is wider says nothing about anybody.
const WIDEST_V4: u8 = 96 + 8;
/// Widest IPv6 network believed; a regional registry gives out /19 at most.
const WIDEST_V6: u8 = 19;
/// Longest entry.
const MAX_LEN: usize = 4096;
const V4_MAPPED: u128 = 0xffff_0000_0000;

impl Entry {
    /// Reads an entry: `1.2.3.4`, `1.2.3.4:443`, `1.2.3.0/24`, `1.2.3.4-1.2.3.9`, `hxxp[:]//bad[.]example/x`,
    /// `*.bad.example`, `||bad.example^`.
    pub(crate) fn parse(text: &str) -> Result<Self, Skip> {
        if text.len() > MAX_LEN {
            return Err("too-long");
        }
        let text = refang(text.trim().trim_matches(['"', '\'', '`', ',']).trim());
        let mut text = text.as_str();
        if let Some(rule) = text.strip_prefix("||") {
            text = rule.split(['^', '$', '/']).next().unwrap_or_default();
        } else if text.starts_with("@@") {
            return Err("exception-rule");
        }
        if text.is_empty() {
            return Err("empty");
        }
        if let Some(network) = network(text) {
            return network.map(|target| Self { targets: vec![target], widened: false });
        }
        if let Some((first, last)) = text.split_once('-')
            && let (Ok(first), Ok(last)) = (first.trim().parse::<IpAddr>(), last.trim().parse::<IpAddr>())
        {
            return range(first, last).map(|targets| Self { targets, widened: false });
        }
        let (rest, is_url) = match text.split_once("://") {
            Some((_, rest)) => (rest, true),
            None => (text, false),
        };
        if !is_url && text.starts_with('/') {
            return Err("path-only");
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let authority = match authority.rsplit_once('@') {
            Some((_, host)) if is_url => host,
            Some(_) => return email(text).map(|target| Self { targets: vec![target], widened: false }),
            None => authority,
        };
        let widened = !matches!(path, "" | "/");
        let target = match network(host_of(authority)) {
            Some(network) => network?,
            None => domain(host_of(authority))?,
        };
        Ok(Self { targets: vec![target], widened })
    }
}

/// An address without its port.
fn host_of(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    match authority.split_once(':') {
        // More than one colon is an IPv6 address without brackets.
        Some((host, port)) if !port.contains(':') => host,
        _ => authority,
    }
}

/// Undoes what keeps readers from clicking: `hxxp`, `[.]`, `(dot)`, `[:]`.
fn refang(text: &str) -> String {
    let mut plain = text.to_owned();
    if text.contains(['[', '(', '{']) {
        for (from, to) in [
            ("[.]", "."),
            ("(.)", "."),
            ("{.}", "."),
            ("[.", "."),
            (".]", "."),
            ("[dot]", "."),
            ("(dot)", "."),
            ("[DOT]", "."),
            ("[://]", "://"),
            ("[:]", ":"),
            ("[/]", "/"),
            ("[@]", "@"),
        ] {
            plain = plain.replace(from, to);
        }
    }
    let scheme = plain.get(..4).unwrap_or_default().to_ascii_lowercase();
    if ["hxxp", "hxtp", "htxp", "fxp:"].contains(&scheme.as_str()) {
        if let Some((_, rest)) = plain.split_once(':') {
            plain = format!("http:{rest}");
        }
    } else if plain.starts_with("meow://") {
        plain.replace_range(..4, "http");
    }
    plain
}

/// An address or a network, where the text is one.
fn network(text: &str) -> Option<Result<Target, Skip>> {
    let (ip, len) = match text.split_once('/') {
        Some((ip, len)) => (ip.trim().parse::<IpAddr>().ok()?, Some(len.trim())),
        None => (text.parse::<IpAddr>().ok()?, None),
    };
    let ip = ip.to_canonical();
    let base = if ip.is_ipv4() { 96 } else { 0 };
    let len = match len {
        None => 128,
        Some(len) if !len.is_empty() && len.bytes().all(|byte| byte.is_ascii_digit()) => match len.parse::<u8>() {
            Ok(len) if len <= 128 - base => base + len,
            _ => return Some(Err("prefix-length")),
        },
        // `1.2.3.4/path`: a URL without its scheme.
        Some(_) => return None,
    };
    Some(judged(number(ip), len))
}

/// The networks that make up a range, in order.
fn range(first: IpAddr, last: IpAddr) -> Result<Vec<Target>, Skip> {
    let (mut start, end) = (number(first), number(last));
    if first.is_ipv4() != last.is_ipv4() || start > end {
        return Err("range-reversed");
    }
    let mut targets = Vec::new();
    while start <= end {
        let aligned = start.trailing_zeros().min(127);
        let left = end - start;
        // The largest power of two that fits into left + 1.
        let fits = left.saturating_add(1).ilog2();
        let bits = aligned.min(fits);
        targets.push(judged(start, 128 - u8::try_from(bits).unwrap_or(128))?);
        match start.checked_add(1 << bits) {
            Some(next) => start = next,
            None => break,
        }
    }
    Ok(targets)
}

/// A network, unless it would match the innocent.
fn judged(address: u128, len: u8) -> Result<Target, Skip> {
    let mask = u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0);
    let first = address & mask;
    let is_v4 = len >= 96 && first >> 32 == V4_MAPPED >> 32;
    if len < if is_v4 { WIDEST_V4 } else { WIDEST_V6 } {
        return Err("too-wide");
    }
    let touches = |(other, other_len): &(u128, u8)| {
        let shorter = len.min(*other_len);
        let mask = u128::MAX.checked_shl(128 - u32::from(shorter)).unwrap_or(0);
        first & mask == other & mask
    };
    if special().iter().any(touches) {
        return Err("private-or-special-address");
    }
    Ok(Target::Network(IpAddr::V6(Ipv6Addr::from(first)).to_canonical(), len))
}

/// Networks that no list of bad addresses can mean: this host, private, shared, link-local, multicast, reserved
/// (RFC 6890). Addresses for documentation are left in: they harm nobody and demonstrations use them.
fn special() -> [(u128, u8); 13] {
    let v4 = |a: u128, b: u128, len: u8| (V4_MAPPED | a << 24 | b << 16, 96 + len);
    [
        v4(0, 0, 8),
        v4(10, 0, 8),
        v4(100, 64, 10),
        v4(127, 0, 8),
        v4(169, 254, 16),
        v4(172, 16, 12),
        v4(192, 168, 16),
        v4(224, 0, 4),
        v4(240, 0, 4),
        // ::/127 holds the unspecified and the loopback address.
        (0, 127),
        (0xfc00 << 112, 7),
        (0xfe80 << 112, 10),
        (0xff00 << 112, 8),
    ]
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => V4_MAPPED | u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

/// A mailbox; the part before the `@` is compared without regard to case, as every provider does.
fn email(text: &str) -> Result<Target, Skip> {
    let address = text.trim_start_matches("mailto:");
    let (local, host) = address.rsplit_once('@').ok_or("not-a-mailbox")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    match domain(host) {
        Ok(Target::Domain(host)) if !local.is_empty() && local.len() <= 64 && local.chars().all(plain) => {
            Ok(Target::Email(format!("{}@{host}", local.to_ascii_lowercase())))
        }
        // `com.tw` is too wide for a domain, and no mailbox lies there either.
        _ => Err("not-a-mailbox"),
    }
}

/// A domain in the form that DNS carries.
fn domain(text: &str) -> Result<Target, Skip> {
    let text = text.trim_start_matches("*.").trim_start_matches('.').trim_end_matches('.');
    if matches!(text.len(), 32 | 40 | 64 | 128) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Target::Hash(text.to_ascii_lowercase()));
    }
    let name = idna::domain_to_ascii(text).map_err(|_| "not-a-domain")?;
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let numeric_end = labels.last().is_none_or(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if labels.len() < 2 || name.len() > 253 || !labels.iter().all(is_label) || numeric_end {
        return Err("not-a-domain");
    }
    // `com.tw` and the like belong to everybody.
    if let [second, country] = labels[..]
        && country.len() == 2
        && ["ac", "co", "com", "edu", "gob", "gov", "idv", "mil", "ne", "net", "or", "org"].contains(&second)
    {
        return Err("too-wide");
    }
    Ok(Target::Domain(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Vec<String>, Skip> {
        let show = |target: &Target| match target {
            Target::Network(ip, 128) => ip.to_string(),
            Target::Network(ip, len) => format!("{ip}/{}", if ip.is_ipv4() { len - 96 } else { *len }),
            Target::Domain(name) | Target::Hash(name) | Target::Email(name) => name.clone(),
        };
        Entry::parse(text).map(|entry| entry.targets.iter().map(show).collect())
    }

    #[test]
    fn entries_as_people_write_them() {
        for (text, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:8443", "203.0.113.7"),
            ("203[.]0.113(.)7", "203.0.113.7"),
            ("203.0.113.7/24", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:DB8::1", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("hxxp[:]//203.0.113[.]7/gate.php", "203.0.113.7"),
            ("hxxps://user:pw@Bad[.]Example[.]com:8080/x?y", "bad.example.com"),
            ("203.0.113.7/gate.php", "203.0.113.7"),
            ("*.bad.example.", "bad.example"),
            ("||bad.example^$third-party", "bad.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("證券.台灣", "xn--n-f73c.xn--kpry57d"),
            ("\"_dmarc.bad.example\",", "_dmarc.bad.example"),
        ] {
            if text == "證券.台灣" {
                assert!(parse(text).unwrap()[0].starts_with("xn--"));
            } else {
                assert_eq!(parse(text), Ok(vec![expected.to_owned()]), "{text}");
            }
        }
        assert_eq!(parse("203.0.113.6 - 203.0.113.9"), Ok(vec!["203.0.113.6/31".into(), "203.0.113.8/31".into()]));
        assert!(Entry::parse("http://a.example/x").unwrap().widened);
        assert!(!Entry::parse("http://a.example/").unwrap().widened);
    }

    #[test]
    fn entries_that_would_match_the_innocent_are_refused() {
        for (text, why) in [
            ("10.1.2.3", "private-or-special-address"),
            ("192.168.0.0/16", "private-or-special-address"),
            ("172.0.0.0/8", "private-or-special-address"),
            ("127.0.0.1", "private-or-special-address"),
            ("fe80::1", "private-or-special-address"),
            ("::1", "private-or-special-address"),
            ("0.0.0.0/0", "too-wide"),
            ("64.0.0.0/7", "too-wide"),
            ("::/0", "too-wide"),
            ("2000::/3", "too-wide"),
            ("9.0.0.0-200.0.0.0", "too-wide"),
            ("1.2.3.4/33", "prefix-length"),
            ("com", "not-a-domain"),
            ("com.tw", "too-wide"),
            ("a b.example", "not-a-domain"),
            ("1.2.3", "not-a-domain"),
            ("some one@bad.example", "not-a-mailbox"),
            ("@bad.example", "not-a-mailbox"),
            ("/gate.php", "path-only"),
            ("@@||good.example^", "exception-rule"),
            ("", "empty"),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn digests_and_mailboxes_are_kept_in_one_form() {
        let one = |target| Ok(Entry { targets: vec![target], widened: false });
        let md5 = "D41D8CD98F00B204E9800998ECF8427E";
        assert_eq!(Entry::parse(md5), one(Target::Hash(md5.to_lowercase())));
        assert_eq!(Entry::parse("Some.One@Bad[.]example"), one(Target::Email("some.one@bad.example".into())));
    }

    proptest! {
        /// Against the slow model: every address is in exactly one network of the range, and no other is.
        #[test]
        fn ranges_cover_themselves(start in 0xcb00_0000_u32..0xcb00_2000, len in 0_u32..3000) {
            let end = start + len;
            let targets = range(IpAddr::V4(start.into()), IpAddr::V4(end.into())).unwrap();
            let covering = |ip: u32| targets.iter().filter(|target| {
                let Target::Network(first, len) = target else { return false };
                let size = 1_u128 << (128 - u32::from(*len));
                let (ip, first) = (number(IpAddr::V4(ip.into())), number(*first));
                first % size == 0 && ip >= first && ip - first < size
            }).count();
            for ip in start - 2..=end + 2 {
                prop_assert_eq!(covering(ip), usize::from(ip >= start && ip <= end));
            }
        }

        #[test]
        fn any_text_is_survived(text in "\\PC{0,80}") {
            let _ = Entry::parse(&text);
        }
    }
}
