//! Active Directory and Samba AD from LDIF: the domain's policy, fine-grained policies, whom each reaches, and the
//! accounts' flags.
//!
//! Sources: MS-ADTS 3.1.1.4.5.36 (resultant PSO: one linked to the user itself wins over those of its global
//! security groups, nested ones too; then the lowest `msDS-PasswordSettingsPrecedence`, then the lowest
//! `objectGUID`), MS-ADTS 2.2.16 (`userAccountControl`), MS-SAMR 2.2.3.5 (intervals in negative 100 ns).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use secdiag_inspect::{ParseCx, Stop, Unit};
use secdiag_model::{Note, NoteKind};

use super::ldif::{Attribute, Entry, Ldif};
use super::{cap, note_oddities, store};
use crate::policy::{
    Accounts, Attempts, Coverage, DirectoryPolicy, FlaggedAccount, LockFor, MaxAge, NAMES_CAP, Place, Reset, Scope,
    ScopeKind, Settings, Source, Stated,
};

/// Users and groups kept of one LDIF; more are counted and noted.
const OBJECTS_CAP: usize = 4_000_000;

/// Group memberships kept of one LDIF; more are counted and noted.
const EDGES_CAP: usize = 40_000_000;

const ACCOUNTDISABLE: u32 = 0x2;
const PASSWD_NOTREQD: u32 = 0x20;
const ENCRYPTED_TEXT_PWD_ALLOWED: u32 = 0x80;
const INTERDOMAIN_TRUST_ACCOUNT: u32 = 0x800;
const DONT_EXPIRE_PASSWORD: u32 = 0x1_0000;
const GROUP_GLOBAL: i64 = 0x2;

pub(super) fn parse(unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
    let artefact = unit.first();
    let mut ldif = Ldif::new(cx.open(artefact)?, wanted);
    let mut forest = Forest::default();
    while let Some(entry) = ldif.next_entry()? {
        forest.take(&entry);
    }
    note_oddities(&ldif.oddities, artefact, cx);
    let whole = ldif.oddities == super::ldif::Oddities::default();
    let odd_values = forest.odd_values;
    if odd_values.count > 0 {
        let text = "policy attributes hold values that Active Directory does not know; they count as not stated";
        let place = format!("line {}", odd_values.first);
        cx.note(Note::new(NoteKind::NotUnderstood, "bad-value", text).on(artefact).at(place).times(odd_values.count));
    }
    if forest.dropped > 0 {
        let text = "users, groups or memberships beyond the limit were left out: split the export by domain";
        cx.note(Note::new(NoteKind::Broken, "too-many", text).on(artefact).times(forest.dropped));
    }
    let mut notes = Vec::new();
    for document in forest.documents(artefact.sha256, whole, &mut notes) {
        store(unit, &document, cx)?;
    }
    for note in notes {
        cx.note(note.on(artefact));
    }
    Ok(())
}

fn wanted(name: &str) -> bool {
    ATTRIBUTES.binary_search(&name).is_ok()
}

/// Sorted.
const ATTRIBUTES: [&str; 31] = [
    "admincount",
    "grouptype",
    "lockoutduration",
    "lockoutobservationwindow",
    "lockoutthreshold",
    "maxpwdage",
    "member",
    "memberof",
    "minpwdage",
    "minpwdlength",
    "msds-lockoutduration",
    "msds-lockoutobservationwindow",
    "msds-lockoutthreshold",
    "msds-maximumpasswordage",
    "msds-minimumpasswordage",
    "msds-minimumpasswordlength",
    "msds-passwordcomplexityenabled",
    "msds-passwordhistorylength",
    "msds-passwordreversibleencryptionenabled",
    "msds-passwordsettingsprecedence",
    "msds-psoapplied",
    "msds-psoappliesto",
    "msds-resultantpso",
    "objectclass",
    "objectguid",
    "objectsid",
    "primarygroupid",
    "pwdhistorylength",
    "pwdproperties",
    "samaccountname",
    "useraccountcontrol",
];

/// All that is kept of an LDIF.
#[derive(Default)]
struct Forest {
    /// Normalised distinguished names of everything that is named as a member, group or PSO.
    ids: HashMap<String, u32>,
    domains: BTreeMap<String, Domain>,
    psos: Vec<Pso>,
    users: Vec<User>,
    groups: BTreeMap<u32, Group>,
    /// `(group, member)`.
    edges: Vec<(u32, u32)>,
    /// `(PSO, user or group)`, from either side of the link.
    links: Vec<(u32, u32)>,
    odd_values: super::ldif::Tally,
    partial_ranges: u64,
    dropped: u64,
}

struct Domain {
    name: String,
    settings: Settings,
}

struct Pso {
    id: u32,
    name: String,
    domain: String,
    precedence: Option<i64>,
    guid: Vec<u8>,
    settings: Settings,
}

struct User {
    id: u32,
    name: String,
    domain: String,
    /// `userAccountControl`, where the export has it.
    flags: Option<u32>,
    flags_line: u64,
    admin: bool,
    primary_group: Option<u32>,
    /// Relative id, the last part of the SID.
    rid: Option<u32>,
    /// `msDS-ResultantPSO`: the server's own answer.
    resultant: Option<u32>,
}

impl User {
    fn enabled(&self) -> bool {
        self.flags.is_none_or(|flags| flags & ACCOUNTDISABLE == 0)
    }
}

struct Group {
    domain: String,
    global: bool,
    rid: Option<u32>,
}

impl Forest {
    fn take(&mut self, entry: &Entry) {
        // An export of chosen attributes may leave the class out; then the attributes tell.
        let unclassed = entry.get("objectclass").is_none();
        let has = |names: &[&str]| unclassed && names.iter().any(|name| entry.get(name).is_some());
        let is_head = || domain_of(&entry.dn) == normal(&entry.dn);
        let is_computer = || {
            let name =
                entry.get("samaccountname").map_or_else(|| first_value(&entry.dn), |name| name.text().into_owned());
            name.ends_with('$') || entry.get("useraccountcontrol").is_some_and(is_machine)
        };
        if entry.is_a("msDS-PasswordSettings") || has(&["msds-minimumpasswordlength", "msds-lockoutthreshold"]) {
            self.pso(entry);
        } else if entry.is_a("domainDNS")
            || entry.is_a("samDomain")
            || (has(&["minpwdlength", "maxpwdage", "lockoutthreshold", "pwdproperties"]) && is_head())
        {
            self.domain(entry);
        } else if entry.is_a("group") || has(&["grouptype", "member"]) {
            self.group(entry);
        } else if (entry.is_a("user") && !entry.is_a("computer")) || (has(&["useraccountcontrol"]) && !is_computer()) {
            self.user(entry);
        }
    }

    /// Partitions for DNS zones are `domainDNS` too, but they state no policy.
    fn domain(&mut self, entry: &Entry) {
        let mut read = Reader { entry, odd: &mut self.odd_values };
        let properties = read.whole("pwdproperties");
        let bit =
            |mask: i64| properties.clone().map(|stated| Stated { value: stated.value & mask != 0, at: stated.at });
        let settings = Settings {
            min_age: read.interval("minpwdage", |seconds| seconds),
            max_age: read.interval("maxpwdage", max_age),
            min_length: read.count("minpwdlength"),
            complexity: bit(1),
            history: read.count("pwdhistorylength"),
            reversible: bit(16),
            lockout_threshold: read.threshold("lockoutthreshold"),
            lockout_duration: read.interval("lockoutduration", lock_for),
            lockout_reset: read.interval("lockoutobservationwindow", reset),
        };
        if !settings.is_empty() {
            let key = normal(&entry.dn);
            self.domains.insert(key, Domain { name: dotted(&entry.dn), settings });
        }
    }

    fn pso(&mut self, entry: &Entry) {
        let mut read = Reader { entry, odd: &mut self.odd_values };
        let settings = Settings {
            min_age: read.interval("msds-minimumpasswordage", |seconds| seconds),
            max_age: read.interval("msds-maximumpasswordage", max_age),
            min_length: read.count("msds-minimumpasswordlength"),
            complexity: read.truth("msds-passwordcomplexityenabled"),
            history: read.count("msds-passwordhistorylength"),
            reversible: read.truth("msds-passwordreversibleencryptionenabled"),
            lockout_threshold: read.threshold("msds-lockoutthreshold"),
            lockout_duration: read.interval("msds-lockoutduration", lock_for),
            lockout_reset: read.interval("msds-lockoutobservationwindow", reset),
        };
        let precedence = read.whole("msds-passwordsettingsprecedence").map(|stated| stated.value);
        let id = self.id(&entry.dn);
        for target in entry.all("msds-psoappliesto") {
            let target = self.id(&target.text());
            self.links.push((id, target));
        }
        self.psos.push(Pso {
            id,
            name: first_value(&entry.dn),
            domain: domain_of(&entry.dn),
            precedence,
            guid: entry.get("objectguid").map(|guid| guid.value.clone()).unwrap_or_default(),
            settings,
        });
    }

    fn group(&mut self, entry: &Entry) {
        let id = self.id(&entry.dn);
        let (mut in_parts, mut last_part) = (false, false);
        for member in entry.all("member") {
            let member_id = self.id(&member.text());
            self.edge(id, member_id);
            // `member;range=0-1499` is a part; the last part is `member;range=1500-*`.
            in_parts |= member.options.starts_with("range=");
            last_part |= member.options.ends_with('*');
        }
        self.partial_ranges += u64::from(in_parts && !last_part);
        self.back_links(id, entry);
        let kind = entry.get("grouptype").and_then(|value| value.text().parse::<i64>().ok());
        if self.groups.len() >= OBJECTS_CAP {
            self.dropped += 1;
            return;
        }
        let group = Group {
            domain: domain_of(&entry.dn),
            global: kind.is_none_or(|kind| kind & GROUP_GLOBAL != 0),
            rid: entry.get("objectsid").and_then(rid),
        };
        self.groups.insert(id, group);
    }

    fn user(&mut self, entry: &Entry) {
        let control = entry.get("useraccountcontrol");
        // The attribute is a signed 32-bit number; its bits count.
        let flags = control
            .and_then(|value| value.text().parse::<i64>().ok())
            .and_then(|flags| u32::try_from(flags & 0xffff_ffff).ok());
        if let Some(control) = control.filter(|_| flags.is_none()) {
            self.odd_values.add(control.line);
        }
        let name = entry.get("samaccountname").map_or_else(|| first_value(&entry.dn), |name| name.text().into_owned());
        let rid = entry.get("objectsid").and_then(rid);
        // The key of the ticket service is no user's: no policy applies to it (MS-ADTS 3.1.1.4.5.36).
        let krbtgt = rid == Some(502) || (rid.is_none() && name.eq_ignore_ascii_case("krbtgt"));
        if krbtgt || flags.is_some_and(|flags| flags & INTERDOMAIN_TRUST_ACCOUNT != 0) {
            return;
        }
        if self.users.len() >= OBJECTS_CAP {
            self.dropped += 1;
            return;
        }
        let id = self.id(&entry.dn);
        self.back_links(id, entry);
        let resultant = entry.get("msds-resultantpso").map(|pso| self.id(&pso.text()));
        let number = |name| entry.get(name).and_then(|value| value.text().parse::<u32>().ok());
        self.users.push(User {
            id,
            name,
            domain: domain_of(&entry.dn),
            flags,
            flags_line: control.map_or(entry.line, |control| control.line),
            admin: number("admincount").is_some_and(|count| count > 0),
            primary_group: number("primarygroupid"),
            rid,
            resultant,
        });
    }

    fn back_links(&mut self, id: u32, entry: &Entry) {
        for group in entry.all("memberof") {
            let group = self.id(&group.text());
            self.edge(group, id);
        }
        for pso in entry.all("msds-psoapplied") {
            let pso = self.id(&pso.text());
            self.links.push((pso, id));
        }
    }

    fn edge(&mut self, group: u32, member: u32) {
        if self.edges.len() >= EDGES_CAP {
            self.dropped += 1;
        } else {
            self.edges.push((group, member));
        }
    }

    fn id(&mut self, dn: &str) -> u32 {
        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        *self.ids.entry(normal(dn)).or_insert(next)
    }

    fn documents(mut self, sha256: secdiag_model::Sha256, whole: bool, notes: &mut Vec<Note>) -> Vec<DirectoryPolicy> {
        self.edges.sort_unstable();
        self.edges.dedup();
        self.links.sort_unstable();
        self.links.dedup();
        self.psos.sort_by(|a, b| (&a.domain, a.precedence, &a.name).cmp(&(&b.domain, b.precedence, &b.name)));
        let reach = self.reach(notes);
        let complete = whole && self.dropped == 0 && self.partial_ranges == 0;
        if self.partial_ranges > 0 {
            notes.push(Note::new(
                NoteKind::Broken,
                "partial-members",
                "a group's members were exported in part (`member;range=`): who is governed may be more than is shown",
            ));
        }
        let mut names: BTreeSet<String> = self.domains.keys().cloned().collect();
        names.extend(self.psos.iter().map(|pso| pso.domain.clone()));
        names.extend(self.users.iter().map(|user| user.domain.clone()));
        if names.is_empty() {
            notes.push(Note::new(
                NoteKind::Assumed,
                "no-account-policy",
                "this export holds neither password policies nor users: nothing was looked at in it",
            ));
        }
        names
            .into_iter()
            .map(|domain| {
                let document = self.document(&domain, sha256, &reach, complete);
                if document.scopes.is_empty() {
                    notes.push(Note::new(
                        NoteKind::Assumed,
                        "no-account-policy",
                        format!(
                            "the export states no password or lockout policy of {}: export the domain head with minPwdLength, lockoutThreshold and the like",
                            document.name.as_deref().unwrap_or("the domain"),
                        ),
                    ));
                }
                document
            })
            .collect()
    }

    fn document(&self, domain: &str, sha256: secdiag_model::Sha256, reach: &Reach, complete: bool) -> DirectoryPolicy {
        let users: Vec<(&User, Option<u32>)> = self
            .users
            .iter()
            .zip(&reach.of_user)
            .filter(|(user, _)| user.domain == domain)
            .map(|(user, pso)| (user, *pso))
            .collect();
        let coverage = |pso: Option<u32>, complete: bool| {
            let mut names: Vec<String> = users
                .iter()
                .filter(|(user, by)| user.enabled() && *by == pso)
                .map(|(user, _)| user.name.clone())
                .collect();
            names.sort_unstable();
            let count = names.len() as u64;
            names.truncate(NAMES_CAP);
            Coverage { users: count, names, complete }
        };
        // An export without a single user says nothing about whom a policy governs.
        let known = !users.is_empty();
        let mut scopes = Vec::new();
        let head = self.domains.get(domain);
        if let Some(head) = head {
            scopes.push(Scope {
                kind: ScopeKind::DomainDefault,
                name: String::new(),
                precedence: None,
                settings: head.settings.clone(),
                coverage: known.then(|| coverage(None, complete)),
            });
        }
        for pso in self.psos.iter().filter(|pso| pso.domain == domain) {
            scopes.push(Scope {
                kind: ScopeKind::Pso,
                name: pso.name.clone(),
                precedence: pso.precedence,
                settings: pso.settings.clone(),
                coverage: known.then(|| coverage(Some(pso.id), complete && !reach.unseen.contains(&pso.id))),
            });
        }
        let flagged = users.iter().filter_map(|(user, _)| {
            let flags = user.flags?;
            let bit = |mask| flags & mask != 0;
            (bit(DONT_EXPIRE_PASSWORD) || bit(PASSWD_NOTREQD) || bit(ENCRYPTED_TEXT_PWD_ALLOWED)).then(|| {
                FlaggedAccount {
                    name: user.name.clone(),
                    disabled: !user.enabled(),
                    privileged: user.admin || user.rid == Some(500),
                    never_expires: bit(DONT_EXPIRE_PASSWORD),
                    not_required: bit(PASSWD_NOTREQD),
                    reversible: bit(ENCRYPTED_TEXT_PWD_ALLOWED),
                    at: Place::line(0, user.flags_line, format!("{}: userAccountControl: {flags}", user.name)),
                }
            })
        });
        let (flagged, flagged_more) = cap(flagged.collect());
        let seen = users.iter().filter(|(user, _)| user.flags.is_some() && user.enabled()).count() as u64;
        let seen = users.iter().any(|(user, _)| user.flags.is_some()).then_some(seen);
        let name = head.map_or_else(|| dotted(domain), |head| head.name.clone());
        DirectoryPolicy {
            source: Source::ActiveDirectory,
            name: Some(name),
            files: vec![sha256],
            scopes,
            ldap: None,
            accounts: Accounts { expiry_known: seen, need_known: seen, storage_known: seen, flagged, flagged_more },
        }
    }

    /// The PSO that governs each user, in the order of `users`.
    fn reach(&self, notes: &mut Vec<Note>) -> Reach {
        let rank: BTreeMap<u32, (i64, &[u8], u32)> = self
            .psos
            .iter()
            .map(|pso| (pso.id, (pso.precedence.unwrap_or(i64::MAX), pso.guid.as_slice(), pso.id)))
            .collect();
        let by_id: HashMap<u32, usize> = self.users.iter().enumerate().map(|(index, user)| (user.id, index)).collect();
        let mut by_primary: BTreeMap<(&str, u32), Vec<usize>> = BTreeMap::new();
        for (index, user) in self.users.iter().enumerate() {
            if let Some(group) = user.primary_group {
                by_primary.entry((&user.domain, group)).or_default().push(index);
            }
        }
        let mut direct: Vec<Option<u32>> = vec![None; self.users.len()];
        let mut through: Vec<Option<u32>> = vec![None; self.users.len()];
        let better = |old: Option<u32>, new: u32| match old {
            Some(old) if rank.get(&old) <= rank.get(&new) => Some(old),
            _ => Some(new),
        };
        let mut unseen = BTreeSet::new();
        for (pso, target) in &self.links {
            if !rank.contains_key(pso) {
                continue;
            }
            if let Some(user) = by_id.get(target) {
                direct[*user] = better(direct[*user], *pso);
                continue;
            }
            if self.groups.get(target).is_some_and(|group| !group.global) {
                notes.push(Note::new(
                    NoteKind::Assumed,
                    "pso-on-wrong-group",
                    "a fine-grained policy is linked to a group that is not a global security group: it has no effect there",
                ));
                continue;
            }
            if !self.groups.contains_key(target) {
                unseen.insert(*pso);
            }
            // Downwards through nested global groups, each once.
            let mut visited = BTreeSet::from([*target]);
            let mut queue = vec![*target];
            while let Some(group) = queue.pop() {
                let start = self.edges.partition_point(|(of, _)| *of < group);
                for (_, member) in self.edges[start..].iter().take_while(|(of, _)| *of == group) {
                    if let Some(user) = by_id.get(member) {
                        through[*user] = better(through[*user], *pso);
                    } else if self.groups.get(member).is_some_and(|group| group.global) && visited.insert(*member) {
                        queue.push(*member);
                    }
                }
                let Some(known) = self.groups.get(&group) else { continue };
                let Some(rid) = known.rid else { continue };
                for user in by_primary.get(&(known.domain.as_str(), rid)).into_iter().flatten() {
                    through[*user] = better(through[*user], *pso);
                }
            }
        }
        let mut differ = 0;
        let of_user = self
            .users
            .iter()
            .enumerate()
            .map(|(index, user)| {
                let ours = direct[index].or(through[index]);
                match user.resultant {
                    Some(stated) if rank.contains_key(&stated) => {
                        differ += u64::from(ours != Some(stated));
                        Some(stated)
                    }
                    _ => ours,
                }
            })
            .collect();
        if differ > 0 {
            let text = "the server states another resultant policy (msDS-ResultantPSO) than the exported memberships give; the server's was taken";
            notes.push(Note::new(NoteKind::Assumed, "resultant-pso", text).times(differ));
        }
        Reach { of_user, unseen }
    }
}

/// WORKSTATION_TRUST_ACCOUNT or SERVER_TRUST_ACCOUNT: a computer's account.
fn is_machine(control: &Attribute) -> bool {
    control.text().parse::<i64>().is_ok_and(|flags| flags & 0x3000 != 0)
}

struct Reach {
    of_user: Vec<Option<u32>>,
    /// PSOs linked to a user or group that the export does not hold.
    unseen: BTreeSet<u32>,
}

/// Reads policy attributes of one entry.
struct Reader<'a> {
    entry: &'a Entry,
    odd: &'a mut super::ldif::Tally,
}

impl Reader<'_> {
    fn read<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Stated<T>> {
        let attribute = self.entry.get(name)?;
        let text = attribute.text();
        let value = parse(text.trim());
        if value.is_none() {
            self.odd.add(attribute.line);
        }
        let excerpt = format!("{}: {}: {text}", self.entry.dn, spelling(name));
        Some(Place::line(0, attribute.line, excerpt).state(value?))
    }

    fn whole(&mut self, name: &str) -> Option<Stated<i64>> {
        self.read(name, |text| text.parse().ok())
    }

    fn count(&mut self, name: &str) -> Option<Stated<u64>> {
        self.read(name, |text| text.parse().ok())
    }

    fn truth(&mut self, name: &str) -> Option<Stated<bool>> {
        self.read(name, |text| match text {
            "TRUE" | "true" | "True" => Some(true),
            "FALSE" | "false" | "False" => Some(false),
            _ => None,
        })
    }

    fn threshold(&mut self, name: &str) -> Option<Stated<Attempts>> {
        self.read(name, |text| match text.parse().ok()? {
            0 => Some(Attempts::Never),
            attempts => Some(Attempts::After(attempts)),
        })
    }

    /// Negative 100 ns. The smallest number means for ever and is given as `u64::MAX` seconds.
    fn interval<T>(&mut self, name: &str, typed: impl FnOnce(u64) -> T) -> Option<Stated<T>> {
        self.read(name, |text| match text.parse::<i64>().ok()? {
            i64::MIN => Some(typed(u64::MAX)),
            ticks if ticks <= 0 => Some(typed(ticks.unsigned_abs().div_ceil(10_000_000))),
            _ => None,
        })
    }
}

fn max_age(seconds: u64) -> MaxAge {
    match seconds {
        0 | u64::MAX => MaxAge::Never,
        seconds => MaxAge::Seconds(seconds),
    }
}

fn lock_for(seconds: u64) -> LockFor {
    match seconds {
        0 | u64::MAX => LockFor::UntilAdmin,
        seconds => LockFor::Seconds(seconds),
    }
}

fn reset(seconds: u64) -> Reset {
    match seconds {
        u64::MAX => Reset::OnSuccess,
        seconds => Reset::Seconds(seconds),
    }
}

/// Spelling of an attribute as administrators know it.
fn spelling(name: &str) -> &str {
    match name {
        "minpwdage" => "minPwdAge",
        "maxpwdage" => "maxPwdAge",
        "minpwdlength" => "minPwdLength",
        "pwdproperties" => "pwdProperties",
        "pwdhistorylength" => "pwdHistoryLength",
        "lockoutthreshold" => "lockoutThreshold",
        "lockoutduration" => "lockoutDuration",
        "lockoutobservationwindow" => "lockOutObservationWindow",
        "msds-minimumpasswordage" => "msDS-MinimumPasswordAge",
        "msds-maximumpasswordage" => "msDS-MaximumPasswordAge",
        "msds-minimumpasswordlength" => "msDS-MinimumPasswordLength",
        "msds-passwordcomplexityenabled" => "msDS-PasswordComplexityEnabled",
        "msds-passwordhistorylength" => "msDS-PasswordHistoryLength",
        "msds-passwordreversibleencryptionenabled" => "msDS-PasswordReversibleEncryptionEnabled",
        "msds-lockoutthreshold" => "msDS-LockoutThreshold",
        "msds-lockoutduration" => "msDS-LockoutDuration",
        "msds-lockoutobservationwindow" => "msDS-LockoutObservationWindow",
        other => other,
    }
}

/// Relative id of a SID (MS-DTYP 2.4.2.2): the last sub-authority, little-endian; or of its text form `S-1-5-…`.
fn rid(sid: &Attribute) -> Option<u32> {
    if let Some(text) = sid.value.strip_prefix(b"S-1-") {
        return std::str::from_utf8(text).ok()?.rsplit('-').next()?.parse().ok();
    }
    let parts = usize::from(*sid.value.get(1)?);
    if sid.value.first() != Some(&1) || parts == 0 || sid.value.len() != 8 + 4 * parts {
        return None;
    }
    Some(u32::from_le_bytes(sid.value.last_chunk::<4>().copied()?))
}

/// Distinguished name in one spelling: lower case, no spaces around separators, `\2C` as `\,` (RFC 4514).
pub(super) fn normal(dn: &str) -> String {
    let mut out = String::with_capacity(dn.len());
    for (index, part) in split_dn(dn).enumerate() {
        if index > 0 {
            out.push(',');
        }
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        out.push_str(&name.trim().to_lowercase());
        out.push('=');
        let mut bytes = value.trim_start().chars().peekable();
        let start = out.len();
        while let Some(c) = bytes.next() {
            if c != '\\' {
                out.extend(c.to_lowercase());
                continue;
            }
            out.push('\\');
            let Some(next) = bytes.next() else { break };
            let pair = next.to_digit(16).zip(bytes.peek().and_then(|c| c.to_digit(16)));
            match pair.and_then(|(high, low)| char::from_u32(high * 16 + low)).filter(char::is_ascii_graphic) {
                Some(decoded) => {
                    bytes.next();
                    out.extend(decoded.to_lowercase());
                }
                None => out.extend(next.to_lowercase()),
            }
        }
        let kept = out[start..].trim_end().len();
        out.truncate(start + kept);
    }
    out
}

/// Parts of a distinguished name; `\,` does not separate.
fn split_dn(dn: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(dn);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        let end = text.char_indices().find(|(_, c)| {
            let separates = *c == ',' && !escaped;
            escaped = *c == '\\' && !escaped;
            separates
        });
        let (part, after) = match end {
            Some((index, _)) => (&text[..index], Some(&text[index + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(part)
    })
}

/// Value of the first part: `SvcPSO` of `CN=SvcPSO,CN=…`.
fn first_value(dn: &str) -> String {
    let first = split_dn(dn).next().unwrap_or_default();
    first.split_once('=').map_or(first, |(_, value)| value).trim().to_owned()
}

/// The trailing `DC=` parts, normalised: the domain that an object is in.
fn domain_of(dn: &str) -> String {
    let normal = normal(dn);
    let parts: Vec<&str> = split_dn(&normal).collect();
    let start = parts.iter().rposition(|part| !part.starts_with("dc=")).map_or(0, |index| index + 1);
    parts[start..].join(",")
}

/// `corp.example` for `DC=corp,DC=example`; a name of other parts as it is.
pub(super) fn dotted(dn: &str) -> String {
    let normal = normal(dn);
    let labels: Option<Vec<&str>> = split_dn(&normal).map(|part| part.strip_prefix("dc=")).collect();
    labels.map_or_else(|| dn.to_owned(), |labels| labels.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_sorted_for_the_search() {
        assert!(ATTRIBUTES.is_sorted());
    }

    #[test]
    fn names_are_compared_in_one_spelling() {
        assert_eq!(normal("CN=Smith\\, J , OU = IT,DC=Corp"), "cn=smith\\, j,ou=it,dc=corp");
        assert_eq!(normal("cn=smith\\2c j,ou=it,dc=corp"), "cn=smith\\, j,ou=it,dc=corp");
        assert_eq!(domain_of("CN=a\\,DC=x,OU=b,DC=Corp,DC=Example"), "dc=corp,dc=example");
        assert_eq!((dotted("DC=Corp, DC=example"), first_value("CN=Svc,DC=a")), ("corp.example".into(), "Svc".into()));
        assert_eq!(normal("\\"), "\\=");
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_normalised_once(dn: String) {
            let once = normal(&dn);
            let _ = (domain_of(&dn), dotted(&dn), first_value(&once));
        }
    }
}
