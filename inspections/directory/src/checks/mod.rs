//! One file per check; what they share is in [`crate::assess`].

use secdiag_inspect::JudgeCx;

use crate::assess::View;

secdiag_inspect::checks! {
    fn(&View<'_>, &JudgeCx<'_>);
    password_too_short,
    password_complexity_off,
    password_history_short,
    password_age_minimum_short,
    password_age_maximum_long,
    reversible_encryption,
    account_password_never_expires,
    account_password_not_required,
    lockout_never,
    lockout_threshold_high,
    lockout_duration_short,
    lockout_reset_short,
}
