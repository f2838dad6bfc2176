//! `firewall/permit-not-logged`
//!
//! # What
//! Permits in force that let connections through without a log; one finding per list.
//!
//! # Why
//! After an incident nobody can say who used the opening, and when.
//!
//! # Evidence
//! A firewall configuration.
//!
//! # Limits
//! Lists for packets through the device; rules for its own administration are not judged.
//! Only what the configuration states: where logging depends on the version or on a setting elsewhere, a rule is passed
//! over. A separate `LOG` rule in front counts where it surely takes all of the permit's packets. Rules for established
//! connections and the loopback interface are passed over. ASA logs connections by itself (messages 302013 and 302015)
//! where `logging enable` is set.
//!
//! # References
//! CIS Controls v8, 8.5, 13.6; NIST SP 800-41 rev. 1, 5.2.2.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::flat::{Cube, Effect, Left, subtract};
use crate::policy::{Action, Log, Rule};

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/permit-not-logged", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    let loopback = |rule: &Rule| rule.in_ifs.names.iter().chain(&rule.out_ifs.names).any(|name| name == "lo");
    firewall.judge_forwarding_rules(&CHECK, cx, &|rule| {
        rule.enabled
            && rule.action == Action::Permit
            && rule.log == Log::No
            && rule.matches_new()
            && !loopback(rule)
            && !logged_before(firewall, rule)
    });
}

/// Whether log rules in front surely take all packets of the rule, on every way to it.
fn logged_before(firewall: &Firewall<'_>, rule: &Rule) -> bool {
    let mut ways = 0;
    for flat in firewall.flats {
        for (index, entry) in flat.entries.iter().enumerate() {
            if !entry.rule.is_some_and(|other| std::ptr::eq(other, rule)) {
                continue;
            }
            ways += 1;
            let logs: Vec<&Cube> = flat.entries[..index]
                .iter()
                .filter(|before| before.effect == Effect::Log)
                .flat_map(crate::flat::Entry::lower)
                .filter(|cube| entry.upper.iter().any(|own| own.overlaps(cube)))
                .collect();
            if logs.is_empty() || subtract(entry.upper.clone(), &logs) != Left::Nothing {
                return false;
            }
        }
    }
    ways > 0
}
