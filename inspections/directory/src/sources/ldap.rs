//! Directories other than Active Directory, from LDIF: `pwdPolicy` entries (draft-behera-ldap-password-policy,
//! slapo-ppolicy(5)), the default policy, and which users have another one.
//!
//! An entry states by leaving out: no `pwdLockout` means that accounts are never locked, no `pwdMaxAge` that passwords
//! never expire. `pwdMinLength` counts only while `pwdCheckQuality` is above 0.

use std::collections::{BTreeMap, BTreeSet};

use secdiag_inspect::{ParseCx, Stop, Unit};
use secdiag_model::{Note, NoteKind};

use super::ldif::{Entry, Ldif, Tally};
use super::{ad::normal, cap, note_oddities, store};
use crate::policy::{
    Accounts, Attempts, Coverage, DirectoryPolicy, FlaggedAccount, LdapDefault, LockFor, MaxAge, NAMES_CAP, Place,
    Reset, Scope, ScopeKind, Settings, Source, Stated,
};

/// Users kept of one LDIF; more are counted and noted.
const USERS_CAP: usize = 4_000_000;

/// Classes whose entries are accounts, beside every entry with a `userPassword`.
const ACCOUNT_CLASSES: [&str; 6] =
    ["inetOrgPerson", "organizationalPerson", "person", "account", "posixAccount", "simpleSecurityObject"];

pub(super) fn parse(unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
    let artefact = unit.first();
    let mut ldif = Ldif::new(cx.open(artefact)?, wanted);
    let mut tree = Tree::default();
    while let Some(entry) = ldif.next_entry()? {
        tree.take(&entry);
    }
    note_oddities(&ldif.oddities, artefact, cx);
    if tree.odd_values.count > 0 {
        let text = "policy attributes hold values that are not numbers or TRUE and FALSE; they count as not stated";
        let place = format!("line {}", tree.odd_values.first);
        let note = Note::new(NoteKind::NotUnderstood, "bad-value", text).on(artefact).at(place);
        cx.note(note.times(tree.odd_values.count));
    }
    if tree.dropped > 0 {
        let text = "users beyond the limit were left out: split the export";
        cx.note(Note::new(NoteKind::Broken, "too-many", text).on(artefact).times(tree.dropped));
    }
    let complete = ldif.oddities == super::ldif::Oddities::default() && tree.dropped == 0;
    let mut notes = Vec::new();
    let document = tree.document(artefact.sha256, complete, &mut notes);
    for note in notes {
        cx.note(note.on(artefact));
    }
    store(unit, &document, cx)
}

fn wanted(name: &str) -> bool {
    matches!(name, "objectclass" | "userpassword" | "uidnumber" | "olcppolicydefault") || name.starts_with("pwd")
}

#[derive(Default)]
struct Tree {
    suffix: Option<String>,
    policies: BTreeMap<String, Policy>,
    /// `pwdPolicySubentry` of entries that are no accounts, for those below them.
    inherited: BTreeMap<String, String>,
    users: Vec<User>,
    flagged: Vec<FlaggedAccount>,
    default: Option<String>,
    overlay_without_default: bool,
    odd_values: Tally,
    modules: u64,
    dropped: u64,
}

struct Policy {
    dn: String,
    settings: Settings,
}

struct User {
    dn: String,
    policy: Option<String>,
    locked: bool,
    password_seen: bool,
}

impl Tree {
    fn take(&mut self, entry: &Entry) {
        if self.suffix.is_none() && !entry.dn.is_empty() {
            self.suffix = Some(entry.dn.clone());
        }
        if entry.is_a("olcPPolicyConfig") {
            match entry.get("olcppolicydefault") {
                Some(default) => self.default = Some(default.text().into_owned()),
                None => self.overlay_without_default = true,
            }
        } else if entry.is_a("pwdPolicy") || is_unclassed_policy(entry) {
            self.policy(entry);
        } else if entry.get("userpassword").is_some() || ACCOUNT_CLASSES.iter().any(|class| entry.is_a(class)) {
            self.user(entry);
        } else if let Some(policy) = entry.get("pwdpolicysubentry") {
            self.inherited.insert(normal(&entry.dn), normal(&policy.text()));
        }
    }

    fn policy(&mut self, entry: &Entry) {
        let mut read = Reader { entry, odd: &mut self.odd_values };
        let quality = read.number("pwdcheckquality", "pwdCheckQuality");
        let enforced = quality.as_ref().is_some_and(|quality| quality.value > 0);
        let min_length = read.number("pwdminlength", "pwdMinLength").map(|length| {
            if enforced || length.value == 0 {
                return length;
            }
            let Place { file, locator, excerpt } = length.at;
            let excerpt = format!("{excerpt} (not enforced: pwdCheckQuality is 0 or absent)");
            Place { file, locator, excerpt }.state(0)
        });
        let module = entry.get("pwdcheckmodule").or_else(|| entry.get("pwdusecheckmodule"));
        let complexity = match (module, &quality) {
            (Some(module), _) => {
                let off = module.name == "pwdusecheckmodule" && module.value.eq_ignore_ascii_case(b"FALSE");
                let on = enforced && !off;
                self.modules += u64::from(on);
                let why = if enforced { "" } else { " (not used: pwdCheckQuality is 0 or absent)" };
                let spelling = if module.name == "pwdcheckmodule" { "pwdCheckModule" } else { "pwdUseCheckModule" };
                let excerpt = format!("{}: {spelling}: {}{why}", entry.dn, module.text());
                Place::line(0, module.line, excerpt).state(on)
            }
            (None, Some(quality)) => {
                let excerpt = format!("{} without pwdCheckModule", quality.at.excerpt);
                Place { excerpt, ..quality.at.clone() }.state(false)
            }
            (None, None) => read.absent("pwdCheckQuality").state(false),
        };
        let mut read = Reader { entry, odd: &mut self.odd_values };
        let lockout = read.lockout();
        let never = |number: Stated<u64>| {
            let value = if number.value == 0 { Attempts::Never } else { Attempts::After(number.value) };
            number.at.state(value)
        };
        let lockout_threshold = match lockout {
            Some(lockout) if lockout.value => read.number("pwdmaxfailure", "pwdMaxFailure").map(never),
            other => other.map(|off| off.at.state(Attempts::Never)),
        };
        let settings = Settings {
            min_age: read.number("pwdminage", "pwdMinAge"),
            max_age: read.number("pwdmaxage", "pwdMaxAge").map(|age| {
                let value = if age.value == 0 { MaxAge::Never } else { MaxAge::Seconds(age.value) };
                age.at.state(value)
            }),
            min_length,
            complexity: Some(complexity),
            history: read.number("pwdinhistory", "pwdInHistory"),
            reversible: None,
            lockout_threshold,
            lockout_duration: read.number("pwdlockoutduration", "pwdLockoutDuration").map(|time| {
                let value = if time.value == 0 { LockFor::UntilAdmin } else { LockFor::Seconds(time.value) };
                time.at.state(value)
            }),
            lockout_reset: read.number("pwdfailurecountinterval", "pwdFailureCountInterval").map(|time| {
                let value = if time.value == 0 { Reset::OnSuccess } else { Reset::Seconds(time.value) };
                time.at.state(value)
            }),
        };
        self.policies.insert(normal(&entry.dn), Policy { dn: entry.dn.clone(), settings });
    }

    fn user(&mut self, entry: &Entry) {
        if self.users.len() >= USERS_CAP {
            self.dropped += 1;
            return;
        }
        // 000001010000Z: locked until an administrator unlocks it.
        let locked = entry.get("pwdaccountlockedtime").is_some_and(|time| time.value == b"000001010000Z");
        let clear = entry.all("userpassword").find(|password| is_clear_text(&password.value));
        if let Some(password) = clear {
            self.flagged.push(FlaggedAccount {
                name: entry.dn.clone(),
                disabled: locked,
                privileged: entry.get("uidnumber").is_some_and(|number| number.value == b"0"),
                never_expires: false,
                not_required: false,
                reversible: true,
                at: Place::line(0, password.line, format!("{}: userPassword: *** (clear text)", entry.dn)),
            });
        }
        self.users.push(User {
            dn: entry.dn.clone(),
            policy: entry.get("pwdpolicysubentry").map(|policy| normal(&policy.text())),
            locked,
            password_seen: entry.get("userpassword").is_some(),
        });
    }

    fn document(self, sha256: secdiag_model::Sha256, complete: bool, notes: &mut Vec<Note>) -> DirectoryPolicy {
        let mut assumed = |reason: &str, text: &str, times: u64| {
            notes.push(Note::new(NoteKind::Assumed, reason, text).times(times));
        };
        let mut by_policy: BTreeMap<Option<String>, BTreeSet<&str>> = BTreeMap::new();
        let (mut from_above, mut dangling) = (0, 0);
        for user in self.users.iter().filter(|user| !user.locked) {
            let own = user.policy.clone().or_else(|| {
                let above = self.above(&user.dn)?;
                from_above += 1;
                Some(above.clone())
            });
            // A user whose policy does not exist has none that is enforced; the default does not step in.
            dangling += u64::from(own.as_ref().is_some_and(|own| !self.policies.contains_key(own)));
            by_policy.entry(own).or_default().insert(&user.dn);
        }
        if from_above > 0 {
            assumed(
                "policy-from-above",
                "users were taken to be governed by the pwdPolicySubentry of an entry above them; OpenLDAP reads the user's own only",
                from_above,
            );
        }
        if dangling > 0 {
            assumed("policy-missing", "users refer to a pwdPolicy that the export does not hold", dangling);
        }
        if self.modules > 0 {
            assumed(
                "quality-module",
                "password quality is left to a module (pwdCheckModule) whose own rules were not seen; it was taken to enforce complexity",
                self.modules,
            );
        }
        let coverage = |policy: Option<&String>| {
            let users = by_policy.get(&policy.cloned());
            Coverage {
                users: users.map_or(0, |users| users.len() as u64),
                names: users.into_iter().flatten().take(NAMES_CAP).map(|dn| (*dn).to_owned()).collect(),
                complete,
            }
        };
        let known = !self.users.is_empty();
        let stated = self.default.is_some();
        let default = self.default.clone().or_else(|| self.guess_default());
        if self.policies.is_empty() && self.default.is_none() {
            assumed(
                "no-account-policy",
                "this export holds no pwdPolicy entry: no password or lockout policy was looked at in it",
                1,
            );
        }
        if self.overlay_without_default && !stated {
            assumed(
                "no-default-policy",
                "the ppolicy overlay has no default (olcPPolicyDefault): users without a pwdPolicySubentry have no policy",
                1,
            );
        }
        let scopes: Vec<Scope> = self
            .policies
            .iter()
            .map(|(key, policy)| Scope {
                kind: ScopeKind::LdapPolicy,
                name: policy.dn.clone(),
                precedence: None,
                settings: policy.settings.clone(),
                coverage: known.then(|| coverage(Some(key))),
            })
            .collect();
        let enabled = |user: &&User| !user.locked && user.password_seen;
        let with_password = self.users.iter().filter(enabled).count() as u64;
        let any_password = self.users.iter().any(|user| user.password_seen);
        let ldap = LdapDefault { policy: default, stated, unassigned: coverage(None) };
        let (flagged, flagged_more) = cap(self.flagged);
        DirectoryPolicy {
            source: Source::Ldap,
            name: self.suffix,
            files: vec![sha256],
            scopes,
            ldap: Some(ldap),
            accounts: Accounts {
                expiry_known: None,
                need_known: None,
                storage_known: any_password.then_some(with_password),
                flagged,
                flagged_more,
            },
        }
    }

    /// The nearest entry above a user that names a policy.
    fn above(&self, dn: &str) -> Option<&String> {
        if self.inherited.is_empty() {
            return None;
        }
        let normal = normal(dn);
        let mut rest = normal.as_str();
        while let Some((_, above)) = rest.split_once(',') {
            if let Some(policy) = self.inherited.get(above) {
                return Some(policy);
            }
            rest = above;
        }
        None
    }

    /// Without cn=config: the policy that is called default, or the only one that nobody names.
    fn guess_default(&self) -> Option<String> {
        let named = self.policies.values().find(|policy| {
            let first = policy.dn.split(',').next().unwrap_or_default().to_ascii_lowercase();
            first.split_once('=').is_some_and(|(_, name)| name.contains("default"))
        });
        named
            .or_else(|| self.policies.values().next().filter(|_| self.policies.len() == 1))
            .map(|policy| policy.dn.clone())
    }
}

/// An export of chosen attributes may leave the class out; then the attributes tell.
fn is_unclassed_policy(entry: &Entry) -> bool {
    const OWN: [&str; 6] =
        ["pwdattribute", "pwdminlength", "pwdmaxage", "pwdlockout", "pwdmaxfailure", "pwdlockoutduration"];
    entry.get("objectclass").is_none() && OWN.iter().any(|name| entry.get(name).is_some())
}

/// RFC 2307 and RFC 3112: a stored password begins with `{SCHEME}`; without, or with `{CLEARTEXT}`, it is the password.
fn is_clear_text(password: &[u8]) -> bool {
    let Some(rest) = password.strip_prefix(b"{") else { return !password.is_empty() };
    match rest.iter().position(|byte| *byte == b'}') {
        Some(end) => rest[..end].eq_ignore_ascii_case(b"CLEARTEXT"),
        None => true,
    }
}

struct Reader<'a> {
    entry: &'a Entry,
    odd: &'a mut Tally,
}

impl Reader<'_> {
    /// A number; absent is 0, as the overlay has it.
    fn number(&mut self, name: &str, spelling: &str) -> Option<Stated<u64>> {
        let Some(attribute) = self.entry.get(name) else { return Some(self.absent(spelling).state(0)) };
        let text = attribute.text();
        let at = Place::line(0, attribute.line, format!("{}: {spelling}: {text}", self.entry.dn));
        let number = text.trim().parse().ok();
        if number.is_none() {
            self.odd.add(attribute.line);
        }
        Some(at.state(number?))
    }

    /// `pwdLockout`; absent is FALSE.
    fn lockout(&mut self) -> Option<Stated<bool>> {
        let Some(attribute) = self.entry.get("pwdlockout") else { return Some(self.absent("pwdLockout").state(false)) };
        let text = attribute.text();
        let at = Place::line(0, attribute.line, format!("{}: pwdLockout: {text}", self.entry.dn));
        match text.trim().to_ascii_uppercase().as_str() {
            "TRUE" => Some(at.state(true)),
            "FALSE" => Some(at.state(false)),
            _ => {
                self.odd.add(attribute.line);
                None
            }
        }
    }

    fn absent(&self, spelling: &str) -> Place {
        Place::line(0, self.entry.line, format!("{}: {spelling} is absent", self.entry.dn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_passwords_are_told_from_hashes() {
        for (password, clear) in [
            ("{SSHA}abc", false),
            ("{crypt}$6$x", false),
            ("{CLEARTEXT}x", true),
            ("secret", true),
            ("{odd", true),
            ("", false),
        ] {
            assert_eq!(is_clear_text(password.as_bytes()), clear, "{password}");
        }
    }
}
