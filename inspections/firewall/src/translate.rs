//! A packet through translations, routes, zones and rules: what becomes of it and who decides.
//!
//! 1. The interface that it comes in by is given, or found by its source; the one that it would leave by is where its
//!    destination lies.
//! 2. The first translation that takes it gives a new destination and port.
//! 3. The interface that it leaves by is where the *new* destination lies.
//! 4. Rules are asked: with the new destination, or with the one in the packet where rules see that one
//!    ([`RulesSee::Original`]); always with the interfaces of steps 1 and 3.
//!
//! Where it is not certain that a translation takes the packet, both ways are gone, and the answer is what both give.
//! Rules are asked with the source as it came; a new source is told, not used. Limits: one routing table per policy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::ask::{Decider, Decision, Question, Verdict, behind};
use crate::interval::{Intervals, Point};
use crate::net::{AddrSet, Service};
use crate::policy::{Addrs, Names, Nat, Policy, RulesSee};

/// The answer.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// What happens, by which rule, and by which interfaces.
    pub decision: Decision<'a>,
    /// The translation that takes the packet, where one surely does.
    pub translation: Option<&'a Nat>,
    /// Destination after it.
    pub dst: IpAddr,
    /// Destination port after it.
    pub dport: u16,
    /// Source after it, as a set: a pool may give any of its addresses.
    pub src: Option<&'a Addrs>,
}

/// Sends a packet through the device.
pub fn through<'a>(policy: &'a Policy, decider: &Decider<'a>, question: &Question) -> Outcome<'a> {
    let in_if = question.in_if.clone().or_else(|| behind(policy, question.src)).unwrap_or_default();
    let before = question.out_if.clone().or_else(|| behind(policy, question.dst)).unwrap_or_default();
    let mut ways: Vec<Outcome<'a>> = Vec::new();
    for nat in policy.nat.iter().filter(|nat| nat.enabled) {
        let taken = takes(policy, nat, question, &in_if, &before);
        let Some((sure, target)) = taken else { continue };
        ways.push(go(policy, decider, question, &in_if, Some((nat, target))));
        if sure {
            return agreed(ways);
        }
    }
    ways.push(go(policy, decider, question, &in_if, None));
    agreed(ways)
}

/// The one answer of several ways that a packet may go.
fn agreed(mut ways: Vec<Outcome<'_>>) -> Outcome<'_> {
    let several = ways.len() > 1;
    let verdict = ways.first().map(|way| way.decision.verdict);
    let differ = ways.iter().any(|way| Some(way.decision.verdict) != verdict);
    // The last way is the one that is gone when no uncertain translation takes the packet; there is always one.
    let mut last = ways.swap_remove(ways.len() - 1);
    if differ {
        (last.decision.verdict, last.decision.by) = (Verdict::Undecided, None);
    }
    if several {
        last.translation = None;
    }
    last
}

fn go<'a>(
    policy: &'a Policy,
    decider: &Decider<'a>,
    question: &Question,
    in_if: &str,
    taken: Option<(&'a Nat, Target)>,
) -> Outcome<'a> {
    let (translation, target) = taken.unzip();
    let target = target.unwrap_or(Target { dst: question.dst, dport: question.dport, known: true });
    let unchanged = target.dst == question.dst;
    let given = question.out_if.clone().filter(|_| unchanged);
    let out_if = given.or_else(|| behind(policy, target.dst)).unwrap_or_default();
    let (dst, dport) = match policy.rules_see {
        RulesSee::Original => (question.dst, question.dport),
        RulesSee::Translated => (target.dst, target.dport),
    };
    let asked = Question { in_if: Some(in_if.to_owned()), out_if: Some(out_if), dst, dport, ..question.clone() };
    let mut decision = decider.decide(&asked);
    if !target.known {
        (decision.verdict, decision.by) = (Verdict::Undecided, None);
    }
    let src = translation.and_then(|nat| nat.to_src.as_ref());
    Outcome { decision, translation, dst: target.dst, dport: target.dport, src }
}

/// Where a translation leads.
#[derive(Clone, Copy)]
struct Target {
    dst: IpAddr,
    dport: u16,
    /// Which address it is, is certain.
    known: bool,
}

/// Whether a translation takes a packet, whether that is sure, and where it leads. `None` when it surely does not.
fn takes(policy: &Policy, nat: &Nat, question: &Question, in_if: &str, out_if: &str) -> Option<(bool, Target)> {
    let stays = Target { dst: question.dst, dport: question.dport, known: true };
    let forward = matches(policy, nat, question, in_if, out_if);
    if let Some(sure) = forward {
        let mut target = stays;
        if let Some(to) = &nat.to_dst {
            (target.dst, target.known) = mapped(question.dst, &nat.dst.upper, to);
        }
        if let Some(port) = nat.to_port.as_ref().and_then(|ports| ports.0.first()) {
            target.dport = port;
        }
        return Some((sure, target));
    }
    // The other way round: who asks for the new source means the old one.
    let to = nat.to_src.as_ref().filter(|_| nat.both_ways)?;
    if !to.upper.overlaps(&AddrSet::host(question.dst)) {
        return None;
    }
    let sure = to.lower.overlaps(&AddrSet::host(question.dst)) && nat.unknown.is_empty();
    let (dst, known) = mapped(question.dst, &to.upper, &nat.src);
    Some((sure, Target { dst, known, ..stays }))
}

/// Whether the match of a translation takes a packet: surely, perhaps or not.
fn matches(policy: &Policy, nat: &Nat, question: &Question, in_if: &str, out_if: &str) -> Option<bool> {
    let is_in = |service: &Service| {
        service.proto.0.contains(question.proto)
            && service.sport.0.contains(question.sport)
            && service.dport.0.contains(question.dport)
    };
    let (src, dst) = (AddrSet::host(question.src), AddrSet::host(question.dst));
    let possible = holds(policy, &nat.in_ifs, in_if)
        && holds(policy, &nat.out_ifs, out_if)
        && nat.src.upper.overlaps(&src)
        && nat.dst.upper.overlaps(&dst)
        && nat.services.lower.iter().chain(&nat.services.maybe).any(is_in);
    let sure = nat.src.lower.overlaps(&src)
        && nat.dst.lower.overlaps(&dst)
        && nat.services.lower.iter().any(is_in)
        && nat.unknown.is_empty();
    possible.then_some(sure)
}

/// Whether an interface, or a zone that is given in its place, is one of those named.
fn holds(policy: &Policy, names: &Names, interface: &str) -> bool {
    let is_one = |name: &String| {
        name == interface
            || name.strip_suffix('+').is_some_and(|start| interface.starts_with(start))
            || policy.zones.get(name).is_some_and(|members| members.iter().any(|member| member == interface))
    };
    names.is_any() || (names.names.iter().any(is_one) != names.negated)
}

/// The address that stands for another one: at the same place of a set of the same size, the only one, or one of a
/// pool (then the first of it, and not known).
fn mapped(address: IpAddr, from: &AddrSet, to: &Addrs) -> (IpAddr, bool) {
    let exact = to.lower == to.upper;
    match address {
        IpAddr::V4(v4) => {
            let found = place(u32::from(v4), &from.v4, &to.upper.v4, u128::from);
            let (number, known) = found.unwrap_or((v4.into(), false));
            (Ipv4Addr::from(number).into(), known && exact)
        }
        IpAddr::V6(v6) => {
            let (number, known) =
                place(u128::from(v6), &from.v6, &to.upper.v6, |number| number).unwrap_or((v6.into(), false));
            (Ipv6Addr::from(number).into(), known && exact)
        }
    }
}

fn place<T: Point>(number: T, from: &Intervals<T>, to: &Intervals<T>, wide: fn(T) -> u128) -> Option<(T, bool)> {
    let (first, last) = (to.first()?, to.last()?);
    if first == last {
        return Some((first, true));
    }
    let ([(from_low, from_high)], [(low, high)]) = (from.ranges(), to.ranges()) else { return Some((first, false)) };
    if wide(*from_high).wrapping_sub(wide(*from_low)) != wide(*high).wrapping_sub(wide(*low)) {
        return Some((first, false));
    }
    // The numbers of a set are few enough to be searched by halves: `low + (number - from_low)`.
    let offset = wide(number).checked_sub(wide(*from_low))?;
    let (mut a, mut b) = (*low, *high);
    while a < b {
        let middle = a.towards(b, u64::MAX / 2);
        if wide(middle) - wide(*low) < offset {
            a = middle.after()?;
        } else {
            b = middle;
        }
    }
    Some((a, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Lists;
    use crate::net::proto;
    use crate::policy::{Action, Chain, DefaultAction, Hook, Interface, Log, Path, Rule, Unknown};

    fn interface(name: &str, networks: &str, own: &str) -> Interface {
        let networks = networks.parse().unwrap();
        Interface { name: name.into(), networks, addresses: own.parse().unwrap(), ..Interface::default() }
    }

    /// Outside, servers and inside; outside may reach what a rule names behind the servers' interface.
    fn device(rules_see: RulesSee, permitted: &str) -> Policy {
        let mut rule = Rule::new(Action::Permit, 1);
        rule.in_ifs = Names::of(vec!["out".into()]);
        rule.out_ifs = Names::of(vec!["srv".into()]);
        rule.dst = Addrs::exactly(permitted.parse().unwrap());
        let mut nat = Nat::new(2);
        nat.in_ifs = Names::of(vec!["out".into()]);
        nat.dst = Addrs::exactly("192.0.2.16/30".parse().unwrap());
        nat.to_dst = Some(Addrs::exactly("10.9.0.4/30".parse().unwrap()));
        Policy {
            interfaces: vec![
                interface("out", "192.0.2.0/24", "192.0.2.1"),
                interface("srv", "10.9.0.0/24", "10.9.0.1"),
                interface("in", "10.1.0.0/16", "10.1.0.1"),
            ],
            chains: vec![Chain { name: "a".into(), rules: vec![rule], default: DefaultAction::implicit_deny(Log::No) }],
            paths: vec![Path::through(Hook::Forward, vec!["a".into()])],
            nat: vec![nat],
            rules_see,
            ..Policy::default()
        }
    }

    fn ask(policy: &Policy, dst: &str) -> (Verdict, IpAddr) {
        let lists = Lists::of(policy, None);
        let decider = lists.ready();
        let (src, dst) = ("192.0.2.99".parse().unwrap(), dst.parse().unwrap());
        let question = Question { in_if: None, out_if: None, src, dst, proto: proto::TCP, sport: 40_000, dport: 443 };
        let outcome = through(policy, &decider, &question);
        (outcome.decision.verdict, outcome.dst)
    }

    #[test]
    fn the_zone_is_that_of_the_new_destination_and_the_address_is_what_the_platform_shows() {
        let target: IpAddr = "10.9.0.6".parse().unwrap();
        for (sees, permitted, verdict) in [
            (RulesSee::Original, "192.0.2.18", Verdict::Permit),
            (RulesSee::Original, "10.9.0.6", Verdict::Deny),
            (RulesSee::Translated, "10.9.0.6", Verdict::Permit),
            (RulesSee::Translated, "192.0.2.18", Verdict::Deny),
        ] {
            assert_eq!(ask(&device(sees, permitted), "192.0.2.18"), (verdict, target), "{sees:?} {permitted}");
        }
    }

    #[test]
    fn an_uncertain_translation_is_decided_only_where_both_ways_agree() {
        let mut policy = device(RulesSee::Original, "192.0.2.18");
        policy.nat[0].unknown.push(Unknown { text: "who knows".into(), line: 2 });
        assert_eq!(ask(&policy, "192.0.2.18").0, Verdict::Undecided);
        assert_eq!(ask(&policy, "192.0.2.17").0, Verdict::Deny);
    }

    #[test]
    fn one_to_one_translations_work_both_ways() {
        let mut policy = device(RulesSee::Original, "192.0.2.40");
        let mut nat = Nat::new(3);
        nat.src = Addrs::exactly("10.9.0.9".parse().unwrap());
        nat.to_src = Some(Addrs::exactly("192.0.2.40".parse().unwrap()));
        policy.nat = vec![nat.clone()];
        assert_eq!(ask(&policy, "192.0.2.40").0, Verdict::Deny);
        nat.both_ways = true;
        policy.nat = vec![nat];
        assert_eq!(ask(&policy, "192.0.2.40"), (Verdict::Permit, "10.9.0.9".parse().unwrap()));
    }

    #[test]
    fn pools_lead_to_one_of_several() {
        let mut policy = device(RulesSee::Original, "192.0.2.18");
        policy.nat[0].to_dst = Some(Addrs::exactly("10.9.0.64/26".parse().unwrap()));
        assert_eq!(ask(&policy, "192.0.2.18").0, Verdict::Undecided);
    }
}
