//! One file per check.

pub(crate) mod account_password_never_expires;
pub(crate) mod account_password_not_required;
pub(crate) mod lockout_duration_short;
pub(crate) mod lockout_never;
pub(crate) mod lockout_reset_short;
pub(crate) mod lockout_threshold_high;
pub(crate) mod password_age_maximum_long;
pub(crate) mod password_age_minimum_short;
pub(crate) mod password_complexity_off;
pub(crate) mod password_history_short;
pub(crate) mod password_too_short;
pub(crate) mod reversible_encryption;
