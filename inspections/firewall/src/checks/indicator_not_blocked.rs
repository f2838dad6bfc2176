//! `firewall/indicator-not-blocked`
//!
//! # What
//! Addresses on the lists of intelligence that were loaded which hosts inside may still reach through the firewall: how many
//! of how many, by which rule, with a packet that gets through.
//!
//! # Why
//! Intelligence that is received and filed stops nobody. Malware calls exactly the addresses that the list names.
//!
//! # Evidence
//! A firewall configuration, and lists of indicators (F-ISAC and others): `--intel`, the ledger, or files among the evidence.
//!
//! # Limits
//! Addresses and networks only; domains are blocked elsewhere. An indicator counts as blocked when no rule that can be
//! evaluated, nor one that cannot, lets a host inside reach any port of any of its addresses. Blocking by another device
//! on the way, by a security profile or by a list that the firewall loads from a server is not seen.
//!
//! # References
//! 資通安全情資分享辦法; NIST SP 800-150, 4.4 (use of cyber threat information); CIS Controls v8, 13.3, 13.8.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::civil::Date;
use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::Subject;

use crate::beside::{LISTED, Listed};
use crate::checks::{Firewall, Permit, READS};
use crate::direction::Direction;
use crate::flat::Cube;
use crate::interval::Intervals;
use crate::net::AddrSet;
use crate::policy::Hook;

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/indicator-not-blocked", READS).asks(&[&LISTED]);

/// Rounds of asking, each of which finds at least one more rule or part of the lists that gets through.
const ROUNDS: usize = 64;

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    let listed: Vec<(&Listed, AddrSet)> = firewall
        .beside
        .listed
        .iter()
        .filter(|listed| holds(listed, cx.as_of))
        .filter_map(|listed| Some((listed, network(listed)?.minus(&firewall.compass.inside_addrs))))
        .filter(|(_, set)| !set.is_empty())
        .collect();
    if listed.is_empty() || !firewall.policy.paths.iter().any(|path| path.hook == Hook::Forward) {
        return;
    }
    cx.looked(firewall.looked(&CHECK, listed.len() as u64, "indicators"));
    let reached = reached(firewall, &union(listed.iter().map(|(_, set)| set)));
    let Some(first) = reached.permits.first() else { return };
    let open: Vec<&Listed> =
        listed.iter().filter(|(_, set)| set.overlaps(&reached.addresses)).map(|(listed, _)| *listed).collect();
    let blocked = listed.len() - open.len();
    let mut lists: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (one, set) in &listed {
        let (all, free) = lists.entry(&one.list).or_default();
        *all += 1;
        *free += usize::from(set.overlaps(&reached.addresses));
    }
    let by_list = lists.iter().map(|(list, (all, free))| format!("{list}: {free}/{all}")).collect();
    let rules: BTreeSet<u32> = reached.permits.iter().map(|permit| permit.rule.line_from).collect();
    let mut finding = firewall.finding(&CHECK, first);
    finding.aspect = None;
    finding.subject = Subject::Policy { scope: firewall.name.clone(), setting: "indicators".into() };
    for permit in reached.permits.iter().skip(1).take(super::PROOFS_MAX - 1) {
        finding = finding.proof(firewall.proof(permit.rule));
    }
    if !reached.permits.iter().any(|permit| permit.certain) {
        finding.confidence = finding.confidence.min(0.5);
    }
    let values = open.iter().map(|listed| listed.value.clone()).collect();
    cx.report(
        finding
            .fact("open", open.len())
            .fact("of", listed.len())
            .fact("blocked_percent", blocked * 100 / listed.len())
            .fact("by_list", crate::net::shorten(by_list, 10))
            .fact("indicators", crate::net::shorten(values, 10))
            .fact("rule_count", rules.len())
            .fact("undecided", reached.undecided),
    );
}

/// What of a set of outside addresses hosts inside may reach.
struct Reached<'a> {
    addresses: AddrSet,
    /// By which rules.
    permits: Vec<Permit<'a>>,
    /// The rounds were used up: what was left counts as blocked.
    undecided: bool,
}

/// Asks again and again for what is left of the set; every answer is a box of packets that all get through.
fn reached<'a>(firewall: &Firewall<'a>, set: &AddrSet) -> Reached<'a> {
    let mut reached = Reached { addresses: AddrSet::empty(), permits: Vec::new(), undecided: false };
    for _ in 0..ROUNDS {
        let left = set.minus(&reached.addresses);
        let to_left = |cubes: &[Cube]| -> Vec<Cube> {
            let part = |cube: &Cube| Cube { dst: cube.dst.intersect(&left), ..cube.clone() };
            cubes.iter().map(part).filter(|cube| !cube.is_empty()).collect()
        };
        let permits = firewall.permits_on(Hook::Forward, &|_, cubes| to_left(cubes));
        let before = reached.addresses.clone();
        for permit in permits.into_iter().filter(|permit| permit.direction == Direction::Outbound) {
            reached.addresses = reached.addresses.union(&permit.witness.dst.intersect(set));
            if !reached.permits.iter().any(|known| std::ptr::eq(known.rule, permit.rule)) {
                reached.permits.push(permit);
            }
        }
        if reached.addresses == before {
            return reached;
        }
    }
    reached.undecided = true;
    reached
}

fn union<'s>(sets: impl Iterator<Item = &'s AddrSet>) -> AddrSet {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for set in sets {
        v4.extend(set.v4.ranges().iter().copied());
        v6.extend(set.v6.ranges().iter().copied());
    }
    AddrSet { v4: Intervals::of(v4), v6: Intervals::of(v6) }
}

/// Whether it is valid at some time of a day in Taiwan.
fn holds(listed: &Listed, day: Date) -> bool {
    let midnight = |day: Date| {
        jiff::tz::offset(8).to_timestamp(day.at(0, 0, 0, 0)).map_or(i64::MAX, jiff::Timestamp::as_microsecond)
    };
    let end = day.tomorrow().map_or(i64::MAX, midnight);
    listed.valid_from.is_none_or(|from| from < end) && listed.valid_until.is_none_or(|until| until > midnight(day))
}

/// Lengths count over 128 bits, IPv4 mapped.
fn network(listed: &Listed) -> Option<AddrSet> {
    let length = match listed.address {
        IpAddr::V4(_) => listed.prefix_len.checked_sub(96)?,
        IpAddr::V6(_) => listed.prefix_len,
    };
    AddrSet::prefix(listed.address, length)
}
