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

use secdiag_inspect::{Facts, Inspection, JudgeCx, Meta, ParseCx, Stop, Unit};
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

static META: Meta = Meta { id: "directory", parser_version: 1, checks: checks::CHECKS, formats: &FORMATS, tables: &[] };

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
        for judge in checks::JUDGES {
            judge(&view, cx);
        }
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
