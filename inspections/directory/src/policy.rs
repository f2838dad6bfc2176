//! The typed document of every source: which password and lockout settings govern whom.
//!
//! Special values are types, never numbers: a maximum age of 0, −1, −2^63 or 99999 is [`MaxAge::Never`], a lockout
//! threshold of 0 is [`Attempts::Never`], a lockout duration of −1 (INF), 0 (LDAP) or `never` (PAM) is
//! [`LockFor::UntilAdmin`].

use secdiag_inspect::Document;
use secdiag_model::{Locator, Sha256};
use serde::{Deserialize, Serialize};

/// Names of users kept with a scope; the count goes on.
pub const NAMES_CAP: usize = 1_000;

/// Accounts with flags kept with a document; the counts go on.
pub const FLAGGED_CAP: usize = 10_000;

/// Password and lockout settings of one directory, one security template or one computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryPolicy {
    /// Where it comes from.
    pub source: Source,
    /// Name that the evidence itself gives: the domain, the directory's suffix, the Group Policy Object. Nothing
    /// where only the path of the evidence names it, as for a computer's own files.
    pub name: Option<String>,
    /// Contents that it was read from, in the order of the unit; [`Place::file`] counts in them.
    pub files: Vec<Sha256>,
    /// Scopes, in the order of the evidence: the default first.
    pub scopes: Vec<Scope>,
    /// OpenLDAP only: who has no policy of their own and which policy is the default.
    pub ldap: Option<LdapDefault>,
    /// Accounts that were seen, and those with flags that take them out of the policy.
    pub accounts: Accounts,
}

impl Document for DirectoryPolicy {
    const KIND: &'static str = "directory-policy";
}

/// Kind of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// LDIF of Active Directory or Samba AD, or `samba-tool domain passwordsettings show`.
    ActiveDirectory,
    /// LDIF of another directory server.
    Ldap,
    /// Security template of a Group Policy Object (`GptTmpl.inf`): what is meant to apply, where it is linked.
    Gpo,
    /// `secedit /export`: what applies on one Windows computer.
    Windows,
    /// `/etc` of a Linux computer.
    Linux,
}

/// Settings that hold together, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// What kind of scope.
    pub kind: ScopeKind,
    /// Name inside the document: `SvcPSO`, `cn=svc,ou=policies,dc=broker,dc=example`; empty for the only one.
    pub name: String,
    /// `msDS-PasswordSettingsPrecedence`: the lowest wins.
    pub precedence: Option<i64>,
    /// The settings.
    pub settings: Settings,
    /// Whom it governs; nothing where the evidence does not say.
    pub coverage: Option<Coverage>,
}

/// Kind of scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeKind {
    /// The domain's own policy: everyone whom no fine-grained policy reaches.
    DomainDefault,
    /// Fine-grained password policy (`msDS-PasswordSettings`).
    Pso,
    /// `pwdPolicy` entry of a directory: the default, or reached by `pwdPolicySubentry`.
    LdapPolicy,
    /// Group Policy Object.
    Gpo,
    /// Local policy of a computer.
    Computer,
    /// Accounts of a computer whose own ageing fields differ from its default.
    OwnAgeing,
}

/// Users governed by a scope. Only accounts that can log in count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// How many.
    pub users: u64,
    /// Their names, sorted, up to [`NAMES_CAP`].
    pub names: Vec<String>,
    /// Whether the evidence shows all of them: false when a group or user that the scope names is not in it.
    pub complete: bool,
}

/// The settings of a scope. Nothing: not defined there, or the evidence does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Seconds before a password may be changed again.
    pub min_age: Option<Stated<u64>>,
    /// Time after which a password must be changed.
    pub max_age: Option<Stated<MaxAge>>,
    /// Characters that a new password has at least, in effect.
    pub min_length: Option<Stated<u64>>,
    /// Whether a mix of character classes is enforced.
    pub complexity: Option<Stated<bool>>,
    /// Former passwords that are refused.
    pub history: Option<Stated<u64>>,
    /// Whether passwords can be read back from the store.
    pub reversible: Option<Stated<bool>>,
    /// Failed attempts until the account is locked.
    pub lockout_threshold: Option<Stated<Attempts>>,
    /// How long it stays locked.
    pub lockout_duration: Option<Stated<LockFor>>,
    /// Time after which failed attempts are forgotten.
    pub lockout_reset: Option<Stated<Reset>>,
}

impl Settings {
    /// Whether nothing at all is stated.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A value with its place in the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated<T> {
    /// The value in effect.
    pub value: T,
    /// Where it stands.
    pub at: Place,
}

/// A place in one of the document's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Index into [`DirectoryPolicy::files`].
    pub file: usize,
    /// Line or setting.
    pub locator: Locator,
    /// What stands there; never a password or its hash.
    pub excerpt: String,
}

impl Place {
    /// A line of a file.
    pub fn line(file: usize, line: u64, excerpt: impl Into<String>) -> Self {
        Self { file, locator: Locator::Line(line), excerpt: shorten(excerpt.into()) }
    }

    /// A setting that is absent, so that its default holds.
    pub fn absent(file: usize, setting: &str, excerpt: impl Into<String>) -> Self {
        Self { file, locator: Locator::Setting(setting.to_owned()), excerpt: shorten(excerpt.into()) }
    }

    /// A value here.
    pub fn state<T>(self, value: T) -> Stated<T> {
        Stated { value, at: self }
    }
}

/// Maximum age of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxAge {
    /// Passwords never expire.
    Never,
    /// After so many seconds.
    Seconds(u64),
}

/// Failed attempts until lockout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempts {
    /// Accounts are never locked.
    Never,
    /// After so many.
    After(u64),
}

/// Duration of a lockout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockFor {
    /// Until an administrator unlocks the account: stricter than any duration.
    UntilAdmin,
    /// For so many seconds.
    Seconds(u64),
}

/// When failed attempts are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// Only by a successful login: stricter than any time.
    OnSuccess,
    /// After so many seconds.
    Seconds(u64),
}

/// The default policy of an OpenLDAP server and the users that it governs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LdapDefault {
    /// Distinguished name of the default policy: as configured in this evidence, or assumed by its name.
    pub policy: Option<String>,
    /// Whether `olcPPolicyDefault` states it.
    pub stated: bool,
    /// Users without a policy of their own.
    pub unassigned: Coverage,
}

/// What was seen of accounts. The counts are of accounts that can log in; nothing where the evidence does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// Accounts of which it is known whether their password expires.
    pub expiry_known: Option<u64>,
    /// Accounts of which it is known whether they need a password.
    pub need_known: Option<u64>,
    /// Accounts of which it is known how their password is stored.
    pub storage_known: Option<u64>,
    /// Accounts with at least one flag, disabled ones too, sorted by name, up to [`FLAGGED_CAP`].
    pub flagged: Vec<FlaggedAccount>,
    /// Flagged accounts beyond the cap.
    pub flagged_more: u64,
}

/// An account with a flag that takes it out of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlaggedAccount {
    /// `sAMAccountName`, distinguished name or login.
    pub name: String,
    /// Cannot log in at present.
    pub disabled: bool,
    /// Is or was a member of a protected group (`adminCount` 1) or has user id 0.
    pub privileged: bool,
    /// DONT_EXPIRE_PASSWORD, or a maximum age of its own without limit.
    pub never_expires: bool,
    /// PASSWD_NOTREQD, or an empty password field.
    pub not_required: bool,
    /// ENCRYPTED_TEXT_PWD_ALLOWED, or a password in clear text in the directory.
    pub reversible: bool,
    /// Where it stands.
    pub at: Place,
}

/// Excerpts stay short whatever the evidence holds.
fn shorten(text: String) -> String {
    const LIMIT: usize = 240;
    if text.chars().count() <= LIMIT {
        return text;
    }
    text.chars().take(LIMIT).chain(['…']).collect()
}
