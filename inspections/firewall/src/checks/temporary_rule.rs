//! `firewall/temporary-rule`
//!
//! # What
//! Permits in force whose name or comment says that they were meant for a while (temporary, test, 暫時, 測試 …), without
//! a schedule that ends; one finding per list.
//!
//! # Why
//! Nothing lasts as long as a temporary opening.
//!
//! # Evidence
//! A firewall configuration with names or comments.
//!
//! # Limits
//! Words count only whole. A server called `test` in the name of its rule is found as well: look at the rule.
//!
//! # References
//! NIST SP 800-41 rev. 1, 5.2.2.

use secdiag_inspect::{Check, JudgeCx};

use crate::checks::{Firewall, READS};
use crate::policy::{Action, Rule};

/// Identity.
pub(crate) const CHECK: Check = Check::new("firewall/temporary-rule", READS);

pub(crate) fn judge(firewall: &Firewall<'_>, cx: &JudgeCx<'_>) {
    firewall.judge_rules(&CHECK, cx, &|rule| {
        let lasting = rule.schedule.as_ref().is_none_or(|schedule| schedule.ends.is_none() && !schedule.never);
        rule.enabled && rule.action == Action::Permit && lasting && speaks_of_a_while(rule)
    });
}

fn speaks_of_a_while(rule: &Rule) -> bool {
    const WORDS: &[&str] = &["temp", "tmp", "temporary", "test", "testing", "poc", "trial", "debug", "todo"];
    const SIGNS: &[&str] = &["暫", "臨時", "測試", "試用", "短期"];
    let Some(name) = &rule.name else { return false };
    let lower = name.to_lowercase();
    SIGNS.iter().any(|sign| lower.contains(sign))
        || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_only_whole() {
        let named = |name: &str| {
            let mut rule = Rule::new(Action::Permit, 1);
            rule.name = Some(name.into());
            speaks_of_a_while(&rule)
        };
        assert!(named("TEMP: vendor access") && named("暫時開放廠商連線") && named("allow_test_web"));
        assert!(!named("attestation service") && !named("template server") && !named("contest"));
    }
}
