//! `firewall/missing-deny-all`
//!
//! # What
//! A list of rules does not end in a rule of the administrator's that denies everything else.
//!
//! # Why
//! Where the default is to accept, everything that no one thought of passes. Where the platform denies by itself, nobody
//! has stated it, the denied packets are usually not logged, and a changed default goes unnoticed.
//!
//! # Evidence
//! A firewall configuration up to its end.
//!
//! # Limits
//! Facts: `default` is `accept` (the list lets through what no rule takes), `accept_local` (the same for packets from the
//! device itself), or `implicit_deny` (the platform denies). A chain policy of `DROP` (iptables) is a stated deny. Deny
//! rules count when together they take every packet of the families that the list permits; only rules that surely match
//! count. A file that breaks off is not judged. FortiOS `local-in-policy` and ASA administration lines have other
//! defaults and are not judged here. Lists of the platform's own are not judged.
//!
//! # References
//! NIST SP 800-41 rev. 1, 4.1 ("deny by default"); CIS Controls v8, 4.4.

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::{Finding, Locator, Note, NoteKind, Subject};

use crate::checks::{Firewall, READS};
use crate::flat::{Cube, Effect, Flat, Left, subtract};
use crate::net::AddrSet;
use crate::policy::{Action, Chain, Hook, Log};

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/missing-deny-all", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    if firewall.policy.truncated {
        let text = format!("{}: the file breaks off, so the end of its rules cannot be judged", firewall.name);
        cx.note(Note::new(NoteKind::Broken, "truncated", text).on(firewall.artefact));
        return;
    }
    let mut judged: BTreeSet<&str> = BTreeSet::new();
    for flat in firewall.flats {
        let Some(chain) = last_chain(firewall, flat) else { continue };
        if judged.contains(chain.name.as_str()) {
            continue;
        }
        judged.insert(&chain.name);
        let stated_end = chain.default.explicit && chain.default.action == Action::Deny;
        if !has_deny_all(flat) && !stated_end {
            cx.report(finding(firewall, flat, chain));
        }
    }
    if !judged.is_empty() {
        cx.looked(firewall.looked(&CHECK, judged.len() as u64, "rule lists"));
    }
}

/// The list whose end decides, unless it has none to judge.
pub(crate) fn last_chain<'a>(firewall: &Firewall<'a>, flat: &Flat<'a>) -> Option<&'a Chain> {
    let chain = firewall.policy.chain(flat.path.chains().next_back()?)?;
    let own = chain.rules.is_empty() || chain.rules.iter().any(|rule| !rule.implicit);
    let implicit_list = chain.name.starts_with("implicit ");
    (chain.default.action != Action::Return && own && !implicit_list).then_some(chain)
}

/// Whether stated denies surely take every packet of the families that the list permits, except those permitted
/// before. A deny restricted to some interfaces does not.
pub(crate) fn has_deny_all(flat: &Flat<'_>) -> bool {
    !deny_all_entries(flat).is_empty()
}

/// The denies that make a list's deny-all, as numbers of entries; empty when there is none.
pub(crate) fn deny_all_entries(flat: &Flat<'_>) -> Vec<usize> {
    let Some(end) = flat.entries.last().filter(|end| end.rule.is_none()) else { return Vec::new() };
    let permitted = |v6: bool| {
        flat.entries.iter().filter(|entry| entry.effect == Effect::Permit && entry.rule.is_some()).any(|entry| {
            entry.upper.iter().any(|cube| if v6 { !cube.src.v6.is_empty() } else { !cube.src.v4.is_empty() })
        })
    };
    let v6_only = permitted(true) && !permitted(false);
    let mut universe: Vec<Cube> = Vec::new();
    for cube in &end.upper {
        let is_v6 = !cube.src.v6.is_empty();
        if (is_v6 && permitted(true)) || (!is_v6 && !v6_only) {
            universe.push(cube.clone());
        }
    }
    // A single rule first: it is what an administrator means by it.
    let denies =
        || flat.entries.iter().enumerate().filter(|(_, entry)| entry.effect == Effect::Deny && entry.rule.is_some());
    let takes_all = |numbers: &[usize]| {
        let taken: Vec<&Cube> = numbers.iter().flat_map(|index| flat.entries[*index].lower()).collect();
        subtract(universe.clone(), &taken) == Left::Nothing
    };
    for (index, _) in denies() {
        if takes_all(&[index]) {
            return vec![index];
        }
    }
    let any = |set: &AddrSet| set.is_any();
    let wide: Vec<usize> = denies()
        .filter(|(_, entry)| entry.lower().iter().any(|cube| any(&cube.src) && any(&cube.dst)))
        .map(|(index, _)| index)
        .collect();
    if !wide.is_empty() && takes_all(&wide) { wide } else { Vec::new() }
}

fn finding(firewall: &Firewall<'_>, flat: &Flat<'_>, chain: &Chain) -> Finding {
    let default = match (&chain.default.action, flat.path.hook) {
        (Action::Permit, Hook::Output) => "accept_local",
        (Action::Permit, _) => "accept",
        _ => "implicit_deny",
    };
    let (line, proof) = match chain.rules.iter().rev().find(|rule| !rule.implicit) {
        _ if chain.default.line > 0 => {
            (chain.default.line, firewall.proof_at(Locator::Line(chain.default.line.into()), &chain.default.text))
        }
        Some(last) => (last.line_from, firewall.proof(last)),
        None => (0, firewall.proof_at(Locator::Whole, "")),
    };
    let subject = Subject::Rule {
        device: firewall.name.clone(),
        rule: format!("{} (end of list)", chain.name),
        line: line.into(),
    };
    // A forwarding chain without rules may belong to a host that does not forward.
    let forwards = flat.path.hook != Hook::Forward || !chain.rules.is_empty() || default != "accept";
    Finding::new(CHECK.id, subject, proof)
        .asset(firewall.name.as_str())
        .confidence(if forwards { 1.0 } else { 0.5 })
        .fact("device", firewall.name.as_str())
        .fact("list", chain.name.as_str())
        .fact("rules", chain.rules.len())
        .fact("line", line)
        .fact("default", default)
        .fact("logged", chain.default.log == Log::Yes)
        .fact("certain", forwards)
}
