//! One file per check; what they share is in [`crate::view`].

use secdiag_inspect::JudgeCx;

pub(crate) use ddos_drill_unproven::{Minute, TRAFFIC};

use crate::view::View;

secdiag_inspect::checks! {
    fn(&View<'_>, &JudgeCx<'_>);
    phishing_drill_stale,
    phishing_open_rate_high,
    phishing_click_rate_high,
    phishing_credential_given,
    phishing_population_gap,
    phishing_trend_worse,
    clicker_not_retrained,
    training_hours_short,
    ddos_contract_expired,
    ddos_contact_stale,
    ddos_drill_stale,
    ddos_scope_gap,
    ddos_timing_missing,
    ddos_recovery_slow,
    ddos_drill_unproven,
}
