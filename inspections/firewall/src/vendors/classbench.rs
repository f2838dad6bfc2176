//! `ClassBench` filter sets (Taylor, Turner, "ClassBench: A Packet Classification Benchmark", 2007): one filter a line,
//! the first that matches decides.
//!
//! ```text
//! @41.179.184.176/28  34.155.56.136/30  69 : 69  25 : 25  0x11/0xFF  0x0000/0x0000
//! ```
//! Source, destination, source ports, destination ports, protocol with mask, and TCP flags with mask, separated by
//! tabs or blanks; the flags may be missing. Filters have no action: they are read as permits of a list that denies the
//! rest. They belong to no device, so they are no evidence: tests and benches read them. They are 5-tuples: flags are checked for their form, not evaluated, and a note says how many have some.

use std::net::Ipv4Addr;

use secdiag_model::{EvidenceKind, Format, Head, Match, Note, NoteKind};

use crate::interval::Intervals;
use crate::net::{AddrSet, Ports, Protos, Service};
use crate::policy::{Action, Addrs, Chain, DefaultAction, Hook, Log, Path, Policy, Rule, Services};
use crate::vendors::{Parsed, Trouble, Vendor, excerpt, head_lines, lines};

/// The format and its parser.
pub const VENDOR: &Vendor = &Vendor {
    format: Format { id: "classbench", kind: EvidenceKind::Fwcfg, title: "ClassBench filter set", sniff },
    parse,
};

fn sniff(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let mut seen = head_lines(head).filter(|line| !line.is_empty()).take(3).peekable();
    // The last of the lines may be cut.
    let whole = |line: &str| rule(line, 1).is_some() || (line.starts_with('@') && head.size > head.bytes.len() as u64);
    if seen.peek().is_some_and(|line| rule(line, 1).is_some()) && seen.all(whole) { Match::Yes(90) } else { Match::No }
}

/// Reads a filter set.
pub fn parse(text: &str) -> Parsed {
    let mut trouble = Trouble::default();
    let mut rules = Vec::new();
    let (mut total, mut with_flags) = (0, 0);
    for (number, line) in lines(text).filter(|(_, line)| !line.trim().is_empty()) {
        total += 1;
        match rule(line, number) {
            Some((mut rule, flags)) => {
                with_flags += u64::from(flags);
                rule.seq = u32::try_from(rules.len() + 1).unwrap_or(u32::MAX);
                rule.id = rule.seq.to_string();
                rules.push(rule);
            }
            None => trouble.line(number, "unknown-line", format!("not a filter: {}", excerpt([line]))),
        }
    }
    if with_flags > 0 {
        let text = "filters ask for TCP flags, which were not evaluated: they are read as 5-tuples";
        trouble.other(Note::new(NoteKind::Assumed, "flags-not-evaluated", text).times(with_flags));
    }
    let policies = if rules.is_empty() {
        Vec::new()
    } else {
        vec![Policy {
            vendor: VENDOR.format.id.into(),
            chains: vec![Chain { name: "filters".into(), rules, default: DefaultAction::implicit_deny(Log::Unknown) }],
            paths: vec![Path::through(Hook::Forward, vec!["filters".into()])],
            coverage: trouble.coverage(total),
            ..Policy::default()
        }]
    };
    Parsed { policies, notes: trouble.into_notes() }
}

/// A filter, and whether it asks for flags.
fn rule(line: &str, number: u32) -> Option<(Rule, bool)> {
    let mut words = line.strip_prefix('@')?.split_whitespace();
    let mut next = || words.next();
    let src = prefix(next()?)?;
    let dst = prefix(next()?)?;
    let mut ports = || {
        let (low, colon, high) = (next()?, next()?, next()?);
        (colon == ":").then_some(())?;
        let (low, high) = (low.parse().ok()?, high.parse().ok()?);
        (low <= high).then(|| Intervals::range(low, high))
    };
    let (sport, dport) = (ports()?, ports()?);
    let (proto, mask) = masked(next()?)?;
    let protos =
        (0..=u8::MAX).filter(|number| u16::from(*number) & mask == proto & mask).map(|number| (number, number));
    let flags = match words.next() {
        Some(flags) => masked(flags)?.1 != 0,
        None => false,
    };
    let mut rule = Rule::new(Action::Permit, number);
    rule.text = excerpt([line]);
    rule.src = Addrs::exactly(src);
    rule.dst = Addrs::exactly(dst);
    let service = Service { proto: Protos(Intervals::of(protos)), sport: Ports(sport), dport: Ports(dport) };
    rule.services = Services::exactly(vec![service]);
    Some((rule, flags))
}

fn prefix(text: &str) -> Option<AddrSet> {
    let (address, length) = text.split_once('/')?;
    AddrSet::prefix(address.parse::<Ipv4Addr>().ok()?.into(), length.parse().ok()?)
}

/// `0x11/0xFF`: value and mask.
fn masked(text: &str) -> Option<(u16, u16)> {
    let hex = |text: &str| u16::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let (value, mask) = text.split_once('/')?;
    Some((hex(value)?, hex(mask)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_and_a_bad_line_is_noted() {
        let parsed = parse(
            "@10.0.0.0/8\t0.0.0.0/0\t0 : 65535\t80 : 443\t0x06/0xFF\t0x0000/0x0000\n\
             @10.0.0.0/33\t0.0.0.0/0\t0 : 65535\t80 : 443\t0x06/0xFF\n\
             @0.0.0.0/0 0.0.0.0/0 0 : 65535 9 : 9 0x00/0x00 0x1000/0x1000\n",
        );
        let rules = &parsed.policies[0].chains[0].rules;
        assert_eq!(rules.len(), 2);
        assert_eq!(rules[0].services.describe(), "tcp/80-443");
        assert_eq!((rules[1].services.lower[0].proto.0.is_full(), parsed.notes.len()), (true, 2));
        assert_eq!(parsed.notes[0].reason, "flags-not-evaluated");
        assert_eq!(parsed.notes[1].place.as_deref(), Some("line 2"));
    }
}
