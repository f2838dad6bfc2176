//! `firewall/deny-all-not-logged`
//!
//! # What
//! A list ends in a stated deny-all, but what it denies is not logged.
//!
//! # Why
//! Scans, misdirected servers and malware that tries to get out show themselves in denied packets first.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! Only stated denies are judged; a platform's implicit deny is `firewall/missing-deny-all`, which says whether it is
//! logged. FortiOS without `logtraffic` on a deny rule depends on the version and is reported as possible. ASA logs
//! denied packets (message 106023) where `logging enable` is set, even without `log` at the rule. iptables logs with
//! a `LOG`, `NFLOG` or `ULOG` rule before the deny that takes at least its packets; rate limits on it are accepted.
//! Whether the log is kept anywhere is not seen.
//!
//! # References
//! NIST SP 800-41 rev. 1, 5.2.2; CIS Controls v8, 8.2, 13.6; Cisco ASA syslog message 106023.

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::{Finding, Locator, Subject};

use crate::checks::missing_deny_all::{deny_all_entries, last_chain};
use crate::checks::{Firewall, READS};
use crate::flat::{Cube, Effect, Entry, Flat, Left, subtract};
use crate::policy::{Action, Hook, Log};

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/deny-all-not-logged", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    let mut judged: BTreeSet<String> = BTreeSet::new();
    let mut looked = 0;
    for flat in firewall.flats {
        let Some(chain) = last_chain(firewall, flat) else { continue };
        let entries = deny_all_entries(flat);
        let stated_end =
            chain.default.explicit && chain.default.action == Action::Deny && flat.path.hook != Hook::Output;
        let ends: Vec<&Entry<'_>> = match (entries.as_slice(), flat.entries.last()) {
            ([], Some(end)) if stated_end => vec![end],
            ([], _) => continue,
            (numbers, _) => numbers.iter().map(|index| &flat.entries[*index]).collect(),
        };
        for end in ends {
            let rule = end.rule.map_or_else(|| format!("{} (end of list)", chain.name), |rule| rule.id.clone());
            if !judged.insert(rule.clone()) {
                continue;
            }
            looked += 1;
            let log = logged(flat, end, chain.default.log);
            if log == Log::Yes {
                continue;
            }
            let (line, proof) = match end.rule {
                Some(rule) => (rule.line_from, firewall.proof(rule)),
                None => {
                    let line = chain.default.line;
                    (line, firewall.proof_at(Locator::Line(line.into()), &chain.default.text))
                }
            };
            let subject = Subject::Rule { device: firewall.name.clone(), rule: rule.clone(), line: line.into() };
            let name = end.rule.and_then(|rule| rule.name.clone()).unwrap_or_default();
            cx.report(
                Finding::new(CHECK.id, subject, proof)
                    .asset(firewall.name.as_str())
                    .confidence(if log == Log::No { 1.0 } else { 0.6 })
                    .fact("device", firewall.name.as_str())
                    .fact("list", chain.name.as_str())
                    .fact("rule", rule)
                    .fact("rule_name", name)
                    .fact("line", line)
                    .fact("certain", log == Log::No),
            );
        }
    }
    if looked > 0 {
        cx.looked(firewall.looked(&CHECK, looked, "deny-all rules"));
    }
}

fn logged(flat: &Flat<'_>, end: &Entry<'_>, at_end: Log) -> Log {
    let own = end.rule.map_or(at_end, |rule| rule.log);
    if own != Log::No {
        return own;
    }
    // What reaches the deny: for a rule in a list of its own, what comes there; at the end, what no rule took.
    let position = flat.entries.iter().position(|entry| std::ptr::eq(entry, end)).unwrap_or(0);
    let before = &flat.entries[..position];
    let mut taken: Vec<&Cube> =
        before.iter().filter(|entry| entry.effect == Effect::Log).flat_map(Entry::lower).collect();
    // Packets that surely went another way before need no log here.
    let gone = |entry: &&Entry<'_>| {
        matches!(entry.effect, Effect::Permit | Effect::Deny)
            || (entry.effect == Effect::Skip && entry.until > position)
    };
    taken.extend(before.iter().filter(gone).flat_map(Entry::lower));
    let families = end.upper.iter().filter(|cube| has_rules(flat, cube)).cloned().collect();
    if subtract(families, &taken) == Left::Nothing { Log::Yes } else { Log::No }
}

/// Whether any rule of the path speaks of the box's family: a dump of one family has none for the other.
fn has_rules(flat: &Flat<'_>, cube: &Cube) -> bool {
    let v6 = !cube.src.v6.is_empty();
    let speaks = |entry: &Entry<'_>| {
        entry.upper.iter().any(|other| if v6 { !other.src.v6.is_empty() } else { !other.src.v4.is_empty() })
    };
    flat.entries.iter().filter(|entry| entry.rule.is_some()).any(speaks) || flat.entries.len() == 1
}
