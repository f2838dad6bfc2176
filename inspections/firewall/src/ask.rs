//! What happens to one packet, and why: the question an administrator asks.

use std::net::IpAddr;

use jiff::civil::Date;

use crate::cover::Index;
use crate::flat::{Effect, Flat, Packet, Universe, merged};
use crate::net::AddrSet;
use crate::policy::{Hook, Policy};
use crate::standing::Placed;

/// A packet as it is asked about: the first of a connection.
#[derive(Clone, Debug)]
pub struct Question {
    /// Interface or zone that it comes in by; found by its source where none is given.
    pub in_if: Option<String>,
    /// Interface or zone that it goes out by; found by its destination where none is given.
    pub out_if: Option<String>,
    /// Source.
    pub src: IpAddr,
    /// Destination.
    pub dst: IpAddr,
    /// Protocol number.
    pub proto: u8,
    /// Source port, 0 without ports.
    pub sport: u16,
    /// Destination port, or ICMP type * 256 + code.
    pub dport: u16,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Permit,
    /// It does not.
    Deny,
    /// A match that decides cannot be evaluated.
    Undecided,
    /// No list is asked about it.
    NoList,
}

impl Verdict {
    /// The word used in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny => "deny",
            Self::Undecided => "undecided",
            Self::NoList => "no-list",
        }
    }
}

/// A rule that a packet meets on its way.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The rule.
    pub placed: Placed<'a>,
    /// What it does.
    pub effect: Effect,
    /// It surely matches; else a match of it cannot be evaluated.
    pub sure: bool,
}

/// The answer.
#[derive(Debug)]
pub struct Decision<'a> {
    /// What happens.
    pub verdict: Verdict,
    /// Who decides; none where nobody surely does.
    pub by: Option<Placed<'a>>,
    /// Kind of packet: through the device, to it, from it.
    pub hook: Hook,
    /// Interface that it comes in by, as given or found.
    pub in_if: String,
    /// Interface that it goes out by.
    pub out_if: String,
}

/// A policy's lists, one for each kind of packet.
pub struct Lists<'a> {
    policy: &'a Policy,
    universe: Universe,
    flats: Vec<(Hook, Flat<'a>)>,
}

impl<'a> Lists<'a> {
    /// Of a policy; `as_of` decides which schedules have ended.
    pub fn of(policy: &'a Policy, as_of: Option<Date>) -> Self {
        let universe = Universe::of(policy);
        let hooks = [Hook::Forward, Hook::Input, Hook::Output].into_iter();
        let flats = hooks.filter_map(|hook| Some((hook, merged(policy, &universe, hook, as_of)?))).collect();
        Self { policy, universe, flats }
    }

    /// Ready for many questions.
    pub fn ready(&'a self) -> Decider<'a> {
        Decider { lists: self, indexes: self.flats.iter().map(|(hook, flat)| (*hook, Index::of(flat))).collect() }
    }
}

/// Answers questions about packets.
pub struct Decider<'a> {
    lists: &'a Lists<'a>,
    indexes: Vec<(Hook, Index<'a>)>,
}

impl<'a> Decider<'a> {
    /// What happens to a packet.
    pub fn decide(&self, question: &Question) -> Decision<'a> {
        let (hook, in_if, out_if) = self.way(question);
        let packet = self.packet(question, &in_if, &out_if);
        let decided = |verdict, by| Decision { verdict, by, hook, in_if: in_if.clone(), out_if: out_if.clone() };
        let Some((_, index)) = self.indexes.iter().find(|(of, _)| *of == hook) else {
            return decided(Verdict::NoList, None);
        };
        let entries = &index.flat().entries;
        match index.decides(&packet) {
            Some(number) => {
                let entry = &entries[number];
                let verdict = if entry.effect == Effect::Permit { Verdict::Permit } else { Verdict::Deny };
                decided(verdict, Some(Placed { rule: entry.rule, chain: entry.chain }))
            }
            None if self.steps(hook, &packet).is_empty() => decided(Verdict::NoList, None),
            None => decided(Verdict::Undecided, None),
        }
    }

    /// The rules that a packet meets, up to the one that surely decides.
    pub fn explain(&self, question: &Question) -> (Decision<'a>, Vec<Step<'a>>) {
        let decision = self.decide(question);
        let packet = self.packet(question, &decision.in_if, &decision.out_if);
        let steps = self.steps(decision.hook, &packet);
        (decision, steps)
    }

    fn steps(&self, hook: Hook, packet: &Packet) -> Vec<Step<'a>> {
        let Some((_, index)) = self.indexes.iter().find(|(of, _)| *of == hook) else { return Vec::new() };
        let mut steps = Vec::new();
        let mut next = 0;
        for (number, entry) in index.flat().entries.iter().enumerate() {
            if number < next || !entry.upper.iter().any(|cube| packet.is_in(cube)) {
                continue;
            }
            let sure = entry.lower().iter().any(|cube| packet.is_in(cube));
            let placed = Placed { rule: entry.rule, chain: entry.chain };
            steps.push(Step { placed, effect: entry.effect, sure });
            match entry.effect {
                Effect::Permit | Effect::Deny if sure => break,
                Effect::Skip if sure => next = entry.until,
                _ => {}
            }
        }
        steps
    }

    fn packet(&self, question: &Question, in_if: &str, out_if: &str) -> Packet {
        Packet {
            in_if: self.number(in_if),
            out_if: self.number(out_if),
            src: question.src,
            dst: question.dst,
            proto: question.proto,
            sport: question.sport,
            dport: question.dport,
        }
    }

    /// A zone stands for its first interface: rules that name the zone match all of them alike.
    fn number(&self, name: &str) -> u16 {
        let member = self.lists.policy.zones.get(name).and_then(|members| members.first());
        self.lists.universe.number(member.map_or(name, String::as_str))
    }

    /// Kind of packet and its interfaces.
    fn way(&self, question: &Question) -> (Hook, String, String) {
        let policy = self.lists.policy;
        let own = |address: IpAddr| {
            policy.interfaces.iter().any(|interface| interface.addresses.overlaps(&AddrSet::host(address)))
        };
        let hook = match (&question.in_if, &question.out_if) {
            (_, None) if own(question.dst) => Hook::Input,
            (None, _) if own(question.src) => Hook::Output,
            _ => Hook::Forward,
        };
        let found =
            |given: &Option<String>, address| given.clone().or_else(|| behind(policy, address)).unwrap_or_default();
        (hook, found(&question.in_if, question.src), found(&question.out_if, question.dst))
    }
}

/// The interface behind which an address lies: by the narrowest network of an interface or route.
pub fn behind(policy: &Policy, address: IpAddr) -> Option<String> {
    let host = AddrSet::host(address);
    let size = |set: &AddrSet| {
        let v4 = set.v4.ranges().iter().find(|range| host.v4.first().is_some_and(|a| range.0 <= a && a <= range.1));
        let v6 = set.v6.ranges().iter().find(|range| host.v6.first().is_some_and(|a| range.0 <= a && a <= range.1));
        v4.map(|(low, high)| u128::from(high - low)).or(v6.map(|(low, high)| high - low))
    };
    let networks =
        policy.interfaces.iter().filter_map(|interface| Some((size(&interface.networks)?, 0, interface.name.clone())));
    let routes = policy.routes.iter().filter(|route| !route.discard).filter_map(|route| {
        let by = if route.interface.is_empty() {
            let hop = AddrSet::host(route.next_hop?);
            policy.interfaces.iter().find(|interface| interface.networks.overlaps(&hop))?.name.clone()
        } else {
            route.interface.clone()
        };
        Some((size(&route.dst)?, route.distance, by))
    });
    let narrowest = networks.chain(routes).min();
    // What lies nowhere else lies outside, where there is one way out.
    let mut external = policy.interfaces.iter().filter(|interface| interface.role == crate::policy::Role::External);
    narrowest.map(|(_, _, name)| name).or_else(|| match (external.next(), external.next()) {
        (Some(only), None) => Some(only.name.clone()),
        _ => None,
    })
}
