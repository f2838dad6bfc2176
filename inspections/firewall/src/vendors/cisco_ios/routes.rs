//! Static routes: `ip route`, `ipv6 route`, `router static` of IOS-XR.

use std::net::IpAddr;

use jiff::civil::Date;

use super::config::{Config, Family, RouteLine, clip};
use crate::net::AddrSet;
use crate::policy::Route;

/// The static routes of one routing table and family, in the order of the file.
pub(super) fn of_table(vrf: &str, family: Family, config: &mut Config) -> Vec<Route> {
    let lines: Vec<RouteLine> =
        config.routes.iter().filter(|route| route.vrf == vrf && route.family == family).cloned().collect();
    let mut routes = Vec::new();
    for line in &lines {
        match route(line) {
            Some(route) => routes.push(route),
            None => {
                let text = format!("`{}` is no route", clip(&line.words.join(" ")));
                config.trouble.line(line.number, "bad-value", text);
            }
        }
    }
    routes
}

/// `10.0.0.0 255.0.0.0 Gi0/1 192.0.2.1 200 name X`, `10.0.0.0/8 192.0.2.1 track 1`, `0.0.0.0/0 Null0`.
fn route(line: &RouteLine) -> Option<Route> {
    let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
    let (dst, mut rest): (AddrSet, &[&str]) = match words.as_slice() {
        [prefix, rest @ ..] if prefix.contains('/') => (prefix.parse().ok()?, rest),
        [address, mask, rest @ ..] => {
            let set = AddrSet::masked_v4(address.parse().ok()?, mask.parse().ok()?)?;
            (Some(set).filter(|set| set.v4.ranges().len() == 1)?, rest)
        }
        _ => return None,
    };
    let number = line.number;
    let mut route = Route { dst, next_hop: None, interface: String::new(), discard: false, distance: 1, line: number };
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        match *word {
            "name" | "tag" | "track" | "description" | "metric" => rest = rest.get(1..).unwrap_or_default(),
            // The table in which the neighbour is looked up.
            "vrf" | "nexthop-vrf" | "egress-vrf" => rest = rest.get(1..).unwrap_or_default(),
            "permanent" | "global" | "multicast" | "unicast" | "bfd" | "dhcp" | "fast-detect" | "force" => {}
            word if word.parse::<IpAddr>().is_ok() => route.next_hop = word.split('%').next()?.parse().ok(),
            word if word.split_once('/').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok()) => {
                route.next_hop = word.split('/').next()?.parse().ok();
            }
            word if word.parse::<u32>().is_ok() => route.distance = word.parse().ok()?,
            word if word.to_ascii_lowercase().starts_with("null") || word == "discard" || word == "reject" => {
                route.discard = true;
                if rest.first() == Some(&"0") {
                    rest = &rest[1..];
                }
            }
            word if route.interface.is_empty() && word.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                word.clone_into(&mut route.interface);
                // `GigabitEthernet 0/1`
                let bare = word.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
                if let Some(place) =
                    rest.first().filter(|place| bare && place.starts_with(|c: char| c.is_ascii_digit()))
                    && place.parse::<IpAddr>().is_err()
                {
                    route.interface.push_str(place);
                    rest = &rest[1..];
                }
            }
            // The rest is a name with blanks in it, or a setting that does not change where packets go.
            _ => {}
        }
    }
    (route.next_hop.is_some() || !route.interface.is_empty() || route.discard).then_some(route)
}

/// `23:59 31 December 2026`
pub(super) fn date(words: &[&str]) -> Option<Date> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let [_time, day, month, year, ..] = words else { return None };
    let month = month.to_ascii_lowercase();
    let month = (1..).zip(MONTHS).find(|(_, name)| month.starts_with(name)).map(|(number, _)| number)?;
    Date::new(year.parse().ok()?, month, day.parse().ok()?).ok()
}
