//! What a rule that permits too much is really used for: narrow rules for the connections that were seen, which the
//! rule decides today.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::civil::Date;

use crate::ask::{Lists, Question, Verdict};
use crate::beside::Observed;
use crate::net::{AddrSet, proto_number};
use crate::policy::{Policy, Rule};

/// Narrow rules in the place of a wide one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The most used first.
    pub rules: Vec<Narrow>,
    /// Connections that the wide rule let pass.
    pub connections: u64,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrow {
    /// Who calls.
    pub src: AddrSet,
    /// Who is called.
    pub dst: AddrSet,
    /// `tcp/443`.
    pub service: String,
    /// Connections seen.
    pub connections: u64,
}

/// By service and destination: who called, and how often.
type Calls = BTreeMap<(String, IpAddr), (BTreeSet<IpAddr>, u64)>;

/// Sources that a narrow rule lists one by one; more of them become the networks of /24 or /64 that they lie in.
const ONE_BY_ONE: usize = 8;
/// Destinations on the Internet for one service that are listed one by one; beyond it is a service of the Internet.
const SITES: usize = 8;

/// What every permit of a policy was used for, by its line. A connection is asked about as its first packet, with the
/// ways in and out that the networks behind the interfaces tell; what no rule surely decides is nobody's.
pub fn proposals(
    policy: &Policy,
    observed: &[Observed],
    inside: &AddrSet,
    as_of: Option<Date>,
) -> BTreeMap<*const Rule, Proposal> {
    let lists = Lists::of(policy, as_of);
    let decider = lists.ready();
    // By rule, service and destination: who called how often.
    let mut used: BTreeMap<*const Rule, Calls> = BTreeMap::new();
    for seen in observed {
        let Some(proto) = proto_number(&seen.proto) else { continue };
        let question = Question {
            in_if: None,
            out_if: None,
            src: seen.src,
            dst: seen.dst,
            proto,
            // The source port of the first packet is of no account for rules that name none.
            sport: 49_152,
            dport: seen.dst_port.unwrap_or(0),
        };
        let decision = decider.decide(&question);
        let Some(rule) = decision.by.and_then(|placed| placed.rule).filter(|_| decision.verdict == Verdict::Permit)
        else {
            continue;
        };
        let service = match seen.dst_port {
            Some(port) => format!("{}/{port}", seen.proto),
            None => seen.proto.clone(),
        };
        let (callers, count) =
            used.entry(std::ptr::from_ref(rule)).or_default().entry((service, seen.dst)).or_default();
        callers.insert(seen.src);
        *count += seen.connections;
    }
    used.into_iter().map(|(rule, calls)| (rule, proposal(calls, inside))).collect()
}

fn proposal(calls: Calls, inside: &AddrSet) -> Proposal {
    // Many sites of the Internet on one service are one rule: towards the outside.
    let mut sites: BTreeMap<&str, usize> = BTreeMap::new();
    let is_outside = |address: IpAddr| !inside.overlaps(&AddrSet::host(address));
    for (service, dst) in calls.keys() {
        *sites.entry(service.as_str()).or_default() += usize::from(is_outside(*dst));
    }
    let many: BTreeSet<String> =
        sites.into_iter().filter(|(_, count)| *count > SITES).map(|(service, _)| service.to_owned()).collect();
    let mut rules: BTreeMap<(String, String), (AddrSet, BTreeSet<IpAddr>, u64)> = BTreeMap::new();
    let mut all = 0;
    for ((service, dst), (callers, count)) in calls {
        all += count;
        let to =
            if many.contains(&service) && is_outside(dst) { AddrSet::full().minus(inside) } else { AddrSet::host(dst) };
        let entry = rules.entry((to.describe(usize::MAX), service)).or_insert_with(|| (to, BTreeSet::new(), 0));
        entry.1.extend(callers);
        entry.2 += count;
    }
    // The same callers on the same service of several hosts are one rule.
    let mut merged: BTreeMap<(String, String), Narrow> = BTreeMap::new();
    for ((_, service), (dst, callers, connections)) in rules {
        let src = sources(&callers);
        let narrow = Narrow { src: src.clone(), dst: AddrSet::empty(), service: service.clone(), connections: 0 };
        let entry = merged.entry((service, src.describe(usize::MAX))).or_insert(narrow);
        entry.dst = entry.dst.union(&dst);
        entry.connections += connections;
    }
    let mut rules: Vec<Narrow> = merged.into_values().collect();
    rules.sort_by(|a, b| (b.connections, &a.service).cmp(&(a.connections, &b.service)));
    Proposal { rules, connections: all }
}

/// The callers themselves, or the networks that they lie in.
fn sources(callers: &BTreeSet<IpAddr>) -> AddrSet {
    let one = |caller: &IpAddr| {
        let length = match (callers.len() > ONE_BY_ONE, caller) {
            (true, IpAddr::V4(_)) => 24,
            (true, IpAddr::V6(_)) => 64,
            (false, IpAddr::V4(_)) => 32,
            (false, IpAddr::V6(_)) => 128,
        };
        AddrSet::prefix(*caller, length).unwrap_or_else(AddrSet::empty)
    };
    callers.iter().map(one).fold(AddrSet::empty(), |all, one| all.union(&one))
}

impl Narrow {
    /// As a reader writes it: `10.1.0.0/24 → 10.9.0.10 tcp/443 (1,204 connections)`.
    pub fn describe(&self, outside: &AddrSet, words: [&str; 2]) -> String {
        let [internet, connections] = words;
        let dst = if self.dst == *outside { internet.to_owned() } else { self.dst.describe(4) };
        format!("{} → {dst} {} ({} {connections})", self.src.describe(4), self.service, self.connections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(src: &str, dst: &str, port: u16, connections: u64) -> Observed {
        let (src, dst) = (src.parse().unwrap(), dst.parse().unwrap());
        Observed { src, dst, proto: "tcp".into(), dst_port: Some(port), connections }
    }

    fn policy() -> Policy {
        let text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n\
            -A FORWARD -d 10.9.0.66/32 -j DROP\n-A FORWARD -s 10.1.0.0/16 -j ACCEPT\nCOMMIT\n";
        (crate::vendors::iptables::VENDOR.parse)(text).policies.remove(0)
    }

    fn told(observed: &[Observed]) -> Vec<String> {
        let policy = policy();
        let inside = crate::zones::private();
        let outside = AddrSet::full().minus(&inside);
        let proposals = proposals(&policy, observed, &inside, None);
        assert!(proposals.len() <= 1);
        let rules = proposals.into_values().flat_map(|proposal| proposal.rules);
        rules.map(|rule| rule.describe(&outside, ["Internet", "connections"])).collect()
    }

    #[test]
    fn what_was_used_becomes_narrow_rules_and_nothing_else() {
        let observed = [
            seen("10.1.0.5", "10.9.0.10", 443, 40),
            seen("10.1.0.5", "10.9.0.11", 443, 2),
            seen("10.1.0.5", "10.9.0.66", 443, 9),
            seen("10.2.0.5", "10.9.0.10", 443, 9),
        ];
        assert_eq!(told(&observed), ["10.1.0.5 → 10.9.0.10/31 tcp/443 (42 connections)"]);
    }

    #[test]
    fn many_callers_are_networks_and_many_sites_are_the_internet() {
        let callers: Vec<Observed> =
            (1..=20).map(|n| seen(&format!("10.1.3.{n}"), &format!("203.0.113.{n}"), 443, 1)).collect();
        assert_eq!(told(&callers), ["10.1.3.0/24 → Internet tcp/443 (20 connections)"]);
    }
}
