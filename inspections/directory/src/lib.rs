//! Inspection of directory servers and local account policies: password and lockout principles.
//!
//! Items: GOV-5.1 and GOV-5.2 with their counterparts FIN-6.2, SEC-8.1 and SEC-8.2. Evidence: LDIF of Active
//! Directory, Samba AD or OpenLDAP, security templates of Windows (`secedit /export`, `GptTmpl.inf`), `samba-tool`
//! output, and `/etc` of Linux computers.
//!
//! Every source becomes one [`DirectoryPolicy`]: scopes with typed settings, whom each scope governs, accounts that
//! escape it. The checks compare scopes with the threshold set of the engagement and report the policy of the worst
//! user: a fine-grained policy that reaches nobody is no finding, one that reaches a single user is.
//!
//! Limits: evidence is read, no server is asked. A Group Policy template says what is meant, not what applies. What a
//! scope does not define is not assessed.

mod assess;
mod checks;
pub mod policy;
mod sources;

use secdiag_inspect::{Check, Facts, Inspection, JudgeCx, Meta, ParseCx, Stop, Unit};
use secdiag_model::EvidenceSet;
use secdiag_model::evidence::Format;

pub use policy::DirectoryPolicy;

/// The inspection.
pub static DIRECTORY: &dyn Inspection = &Directory;

/// Formats, in the order of the documentation.
static FORMATS: [&Format; 12] = [
    &sources::LDIF_AD,
    &sources::LDIF_LDAP,
    &sources::GPO_TEMPLATE,
    &sources::GPO_BACKUP,
    &sources::SECEDIT_INF,
    &sources::SAMBA,
    &sources::LOGIN_DEFS,
    &sources::PAM,
    &sources::PWQUALITY,
    &sources::FAILLOCK,
    &sources::PWHISTORY,
    &sources::SHADOW,
];

/// Checks, password principles first.
static CHECKS: [&Check; 12] = [
    &checks::password_too_short::CHECK,
    &checks::password_complexity_off::CHECK,
    &checks::password_history_short::CHECK,
    &checks::password_age_minimum_short::CHECK,
    &checks::password_age_maximum_long::CHECK,
    &checks::reversible_encryption::CHECK,
    &checks::account_password_never_expires::CHECK,
    &checks::account_password_not_required::CHECK,
    &checks::lockout_never::CHECK,
    &checks::lockout_threshold_high::CHECK,
    &checks::lockout_duration_short::CHECK,
    &checks::lockout_reset_short::CHECK,
];

static META: Meta = Meta { id: "directory", parser_version: 1, checks: &CHECKS, formats: &FORMATS, tables: &[] };

struct Directory;

impl Inspection for Directory {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn units(&self, evidence: &EvidenceSet) -> Vec<Unit> {
        sources::units(evidence)
    }

    fn parse(&self, unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
        sources::parse(unit, cx)
    }

    fn judge(&self, facts: &Facts<'_>, cx: &JudgeCx<'_>) -> Result<(), Stop> {
        let view = assess::View::gather(facts, cx)?;
        checks::password_too_short::run(&view, cx);
        checks::password_complexity_off::run(&view, cx);
        checks::password_history_short::run(&view, cx);
        checks::password_age_minimum_short::run(&view, cx);
        checks::password_age_maximum_long::run(&view, cx);
        checks::reversible_encryption::run(&view, cx);
        checks::account_password_never_expires::run(&view, cx);
        checks::account_password_not_required::run(&view, cx);
        checks::lockout_never::run(&view, cx);
        checks::lockout_threshold_high::run(&view, cx);
        checks::lockout_duration_short::run(&view, cx);
        checks::lockout_reset_short::run(&view, cx);
        Ok(())
    }
}

/// Formats that a check of policies depends on.
const POLICY_FORMATS: &[&str] = &[
    "ldif-ad",
    "ldif-ldap",
    "gpo-template",
    "secedit-inf",
    "samba-passwordsettings",
    "login-defs",
    "pam-config",
    "pwquality-conf",
    "faillock-conf",
    "pwhistory-conf",
    "shadow",
];

/// Formats that a check of accounts depends on.
const ACCOUNT_FORMATS: &[&str] = &["ldif-ad", "ldif-ldap", "shadow"];
