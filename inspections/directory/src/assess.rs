//! Compares scopes and accounts with what a standard demands.

use std::collections::BTreeMap;

use secdiag_catalogue::{Setting, Threshold, ThresholdSet};
use secdiag_inspect::{Check, Facts, JudgeCx, Looked, Stop};
use secdiag_model::{Artefact, Finding, Note, NoteKind, Proof, Sha256, Subject};
use serde_json::{Value as Json, json};

use crate::policy::{
    Accounts, Attempts, Coverage, DirectoryPolicy, FlaggedAccount, LockFor, MaxAge, Place, Reset, Scope, ScopeKind,
    Settings, Source, Stated,
};
use crate::sources;

/// Users named in a finding; the count goes on.
const NAMED: usize = 10;

/// Findings of one check about single accounts of one source; more are counted in a note.
const ACCOUNT_FINDINGS: usize = 2_000;

/// One system's policies, each with its artefacts and what to call it.
pub(crate) struct View<'a> {
    policies: Vec<Known<'a>>,
}

struct Known<'a> {
    artefacts: Vec<&'a Artefact>,
    /// The domain, the computer, the Group Policy Object.
    name: String,
    policy: DirectoryPolicy,
}

impl<'a> View<'a> {
    /// Puts each document back to the files that it came from: a document knows contents only, so that two computers
    /// with the same files share one.
    pub(crate) fn gather(facts: &Facts<'a>, cx: &JudgeCx<'_>) -> Result<Self, Stop> {
        let mut documents: BTreeMap<Vec<Sha256>, Vec<DirectoryPolicy>> = BTreeMap::new();
        for document in facts.documents::<DirectoryPolicy>()? {
            let same = documents.entry(document.value.files.clone()).or_default();
            if !same.contains(&document.value) {
                same.push(document.value);
            }
        }
        let mut policies = Vec::new();
        for unit in sources::units(facts.evidence) {
            let files = sources::files(&unit);
            for policy in documents.get(&files).into_iter().flatten() {
                let find = |(index, digest): (usize, &Sha256)| {
                    let at = unit.artefacts.get(index).filter(|artefact| artefact.sha256 == *digest);
                    facts.evidence.artefacts.iter().find(|artefact| Some(*artefact) == at)
                };
                let artefacts: Vec<&Artefact> = files.iter().enumerate().filter_map(find).collect();
                if artefacts.len() < files.len() {
                    continue;
                }
                let asset = artefacts[0].binding.asset.clone();
                let name = policy.name.clone().or(asset).unwrap_or_else(|| match policy.source {
                    Source::Linux => unit.name.clone(),
                    Source::Gpo => gpo_name(&artefacts[0].display_path()),
                    _ => sources::host_name(&artefacts[0].display_path()),
                });
                policies.push(Known { artefacts, name, policy: policy.clone() });
            }
        }
        let mut view = Self { policies };
        view.set_ldap_defaults(cx);
        view.note_unused(cx);
        Ok(view)
    }

    /// Users without a policy of their own belong to the default one, which another export (cn=config) may name. Where
    /// none is known, any policy that nobody names may be it.
    fn set_ldap_defaults(&mut self, cx: &JudgeCx<'_>) {
        let stated: Vec<String> = self
            .policies
            .iter()
            .filter_map(|known| known.policy.ldap.as_ref().filter(|ldap| ldap.stated)?.policy.clone())
            .collect();
        for known in &mut self.policies {
            let Some(ldap) = &known.policy.ldap else { continue };
            let scopes = &mut known.policy.scopes;
            if scopes.is_empty() || ldap.unassigned.users == 0 {
                continue;
            }
            let note = |text: String| {
                let note = Note::new(NoteKind::Assumed, "default-policy", text).on(known.artefacts[0]);
                cx.note(note.times(ldap.unassigned.users));
            };
            let find = |dn: &String| scopes.iter().position(|scope| sources::same_name(&scope.name, dn));
            let by_name = || {
                let index = ldap.policy.as_ref().and_then(find)?;
                note(format!(
                    "{} was taken for the default policy by its name: export cn=config (olcPPolicyDefault) to be sure",
                    scopes[index].name
                ));
                Some(index)
            };
            let Some(index) = stated.iter().find_map(find).or_else(by_name) else {
                note("users have no policy of their own and the default is not known: export cn=config (olcPPolicyDefault); each policy that no user names was judged as if it were the default".to_owned());
                for coverage in scopes.iter_mut().filter_map(|scope| scope.coverage.as_mut()) {
                    coverage.complete = false;
                }
                continue;
            };
            if let Some(coverage) = &mut scopes[index].coverage {
                coverage.users += ldap.unassigned.users;
                coverage.names.extend(ldap.unassigned.names.iter().cloned());
                coverage.names.sort_unstable();
            }
        }
    }

    fn note_unused(&self, cx: &JudgeCx<'_>) {
        for known in &self.policies {
            for scope in known.policy.scopes.iter().filter(|scope| governs_nobody(scope)) {
                let text = format!("{} governs no user that can log in: it was not judged", known.label(scope));
                cx.note(Note::new(NoteKind::Assumed, "policy-without-users", text).on(known.artefacts[0]));
            }
        }
    }

    fn scopes(&self) -> impl Iterator<Item = (&Known<'a>, &Scope)> {
        self.policies
            .iter()
            .flat_map(|known| known.policy.scopes.iter().map(move |scope| (known, scope)))
            .filter(|(_, scope)| !governs_nobody(scope))
    }
}

/// A Group Policy Object without a manifest: the folder named by its GUID, and the two that every domain has by name.
fn gpo_name(path: &str) -> String {
    let guid = |part: &&str| {
        let bare = part.trim_start_matches('{').trim_end_matches('}');
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
        bare.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && bare.split('-').all(digits)
    };
    let Some(guid) = path.split('/').rev().find(guid) else { return path.to_owned() };
    match guid.trim_matches(['{', '}']).to_ascii_uppercase().as_str() {
        "31B2F340-016D-11D2-945F-00C04FB984F9" => "Default Domain Policy".to_owned(),
        "6AC1786C-016F-11D2-945F-00C04FB984F9" => "Default Domain Controllers Policy".to_owned(),
        guid => guid.to_owned(),
    }
}

/// A fine-grained policy that reaches nobody does not make the worst user; a default always governs whoever comes next.
fn governs_nobody(scope: &Scope) -> bool {
    matches!(scope.kind, ScopeKind::Pso | ScopeKind::LdapPolicy)
        && scope.coverage.as_ref().is_some_and(|coverage| coverage.users == 0 && coverage.complete)
}

impl Known<'_> {
    /// Name of a scope as the subject of a finding: the same next year, whatever the folder of the evidence.
    fn label(&self, scope: &Scope) -> String {
        match scope.kind {
            ScopeKind::DomainDefault => format!("domain {}", self.name),
            ScopeKind::Pso => format!("PSO {}", scope.name),
            ScopeKind::LdapPolicy => format!("policy {}", scope.name),
            ScopeKind::Gpo => format!("GPO {}", self.name),
            ScopeKind::Computer => format!("computer {}", self.name),
            ScopeKind::OwnAgeing => format!("computer {}, accounts with {}", self.name, scope.name),
        }
    }

    fn proof(&self, place: &Place) -> Proof {
        let artefact = self.artefacts.get(place.file).unwrap_or(&self.artefacts[0]);
        Proof::new(artefact, place.locator.clone(), place.excerpt.as_str())
    }
}

/// A setting of a scope, ready to be compared.
pub(crate) struct Measure<'a> {
    /// How much, in the unit of the thresholds.
    pub(crate) amount: Amount,
    /// Where it stands.
    pub(crate) at: &'a Place,
}

/// A quantity in units of a threshold, which a source may state more finely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// Above every limit: never expires, never locks, until an administrator unlocks.
    Endless,
    /// `value` of which `per_unit` make one unit: seconds of a day.
    Finite {
        /// How many.
        value: u64,
        /// How many make one unit of the threshold.
        per_unit: u64,
    },
}

impl Amount {
    fn passes(self, threshold: &Threshold) -> bool {
        let compare = |limit: i64| match self {
            Self::Endless => std::cmp::Ordering::Greater,
            Self::Finite { value, per_unit } => i128::from(value).cmp(&(i128::from(limit) * i128::from(per_unit))),
        };
        threshold.at_least.is_none_or(|limit| compare(limit).is_ge())
            && threshold.at_most.is_none_or(|limit| compare(limit).is_le())
    }

    /// The number in units of the threshold; nothing where there is no number.
    fn json(self) -> Json {
        match self {
            Self::Endless => Json::Null,
            Self::Finite { value, per_unit } if value % per_unit == 0 => json!(value / per_unit),
            Self::Finite { value, per_unit } => json!((value as f64 / per_unit as f64 * 100.0).round() / 100.0),
        }
    }
}

/// Reads a setting of a scope as a quantity.
pub(crate) fn measure(settings: &Settings, setting: Setting) -> Option<Measure<'_>> {
    fn of<T: Copy>(stated: Option<&Stated<T>>, amount: impl FnOnce(T) -> Amount) -> Option<Measure<'_>> {
        stated.map(|stated| Measure { amount: amount(stated.value), at: &stated.at })
    }
    let units = |per_unit: u64| move |value: u64| Amount::Finite { value, per_unit };
    let switch = |on: bool| Amount::Finite { value: u64::from(on), per_unit: 1 };
    match setting {
        Setting::MinAgeDays => of(settings.min_age.as_ref(), units(86_400)),
        Setting::MaxAgeDays => of(settings.max_age.as_ref(), |age| match age {
            MaxAge::Never => Amount::Endless,
            MaxAge::Seconds(value) => Amount::Finite { value, per_unit: 86_400 },
        }),
        Setting::MinLength => of(settings.min_length.as_ref(), units(1)),
        Setting::Complexity => of(settings.complexity.as_ref(), switch),
        Setting::History => of(settings.history.as_ref(), units(1)),
        Setting::Reversible => of(settings.reversible.as_ref(), switch),
        Setting::LockoutThreshold => of(settings.lockout_threshold.as_ref(), |attempts| match attempts {
            Attempts::Never => Amount::Endless,
            Attempts::After(value) => Amount::Finite { value, per_unit: 1 },
        }),
        Setting::LockoutDurationMinutes => of(settings.lockout_duration.as_ref(), |time| match time {
            LockFor::UntilAdmin => Amount::Endless,
            LockFor::Seconds(value) => Amount::Finite { value, per_unit: 60 },
        }),
        Setting::LockoutResetMinutes => of(settings.lockout_reset.as_ref(), |time| match time {
            Reset::OnSuccess => Amount::Endless,
            Reset::Seconds(value) => Amount::Finite { value, per_unit: 60 },
        }),
    }
}

/// Which scopes a check of a setting looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    /// All that state the setting.
    All,
    /// Those whose value is a number: "never locks" has a check of its own.
    Numbers,
    /// All, but only "never" is this check's matter.
    Endless,
    /// Those where accounts can be locked at all: without a lockout its duration means nothing.
    Locking,
}

/// How many subjects were looked at in each source: a domain, a server, a computer.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<String, u64>);

impl Tally {
    fn add(&mut self, known: &Known<'_>, count: u64) {
        *self.0.entry(known.name.clone()).or_default() += count;
    }

    /// Both together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        for (name, count) in other.0 {
            *self.0.entry(name).or_default() += count;
        }
        self
    }

    /// Says it.
    pub(crate) fn say(self, check: &Check, what: &'static str, cx: &JudgeCx<'_>) {
        if self.0.is_empty() {
            cx.looked(Looked::at(check, 0, what));
        }
        for (name, count) in self.0 {
            cx.looked(Looked::at(check, count, what).on(name));
        }
    }

    fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// Judges a setting of every scope and reports those that fail. Gives back what was looked at without saying it, for a
/// check that looks at accounts too.
pub(crate) fn judge_scopes(check: &Check, setting: Setting, only: Only, view: &View<'_>, cx: &JudgeCx<'_>) -> Tally {
    let mut looked = Tally::default();
    let mut findings: BTreeMap<(String, String), Finding> = BTreeMap::new();
    let demand = cx.thresholds.get(setting);
    let mut until_admin: Vec<(&Known<'_>, String)> = Vec::new();
    for (known, scope) in view.scopes() {
        let Some(measured) = measure(&scope.settings, setting) else { continue };
        let never_locks =
            measure(&scope.settings, Setting::LockoutThreshold).is_some_and(|lock| lock.amount == Amount::Endless);
        match only {
            Only::Numbers if measured.amount == Amount::Endless => continue,
            Only::Locking if never_locks => continue,
            _ => looked.add(known, 1),
        }
        if setting == Setting::LockoutDurationMinutes && measured.amount == Amount::Endless {
            until_admin.push((known, known.label(scope)));
        }
        if only == Only::Endless && measured.amount != Amount::Endless {
            continue;
        }
        let Some(threshold) = demand.filter(|threshold| !measured.amount.passes(threshold)) else { continue };
        let label = known.label(scope);
        let proof = known.proof(measured.at);
        let key = (known.name.clone(), label.clone());
        if let Some(finding) = findings.get_mut(&key) {
            finding.evidence.push(proof);
            continue;
        }
        let subject = Subject::Policy { scope: label.clone(), setting: slug(setting).to_owned() };
        let (value, value_zh) = spoken(setting, measured.amount);
        let (demanded, demanded_zh) = demanded(setting, threshold);
        let also: Vec<String> = cx.also.iter().map(|set| also(set, setting, measured.amount)).collect();
        let finding = Finding::new(check.id, subject, proof)
            .asset(known.name.clone())
            .fact("scope", label)
            .fact("scope_kind", json!(scope.kind))
            .fact("precedence", json!(scope.precedence))
            .fact("actual", measured.amount.json())
            .fact("value", value)
            .fact("value_zh", value_zh)
            .fact("demand", demanded)
            .fact("demand_zh", demanded_zh)
            .fact("standard", cx.thresholds.title.en.as_str())
            .fact("standard_zh", cx.thresholds.title.zh_tw.as_str())
            .fact("rule", threshold.source.as_str())
            .fact("also", also);
        // Nobody is known to be governed by it: the setting is as stated, that it matters is not sure.
        let unsure = scope.coverage.as_ref().is_some_and(|coverage| coverage.users == 0 && !coverage.complete);
        let finding = if unsure { finding.confidence(0.5) } else { finding };
        findings.insert(key, covered(finding, scope.coverage.as_ref()));
    }
    for finding in findings.into_values() {
        cx.report(finding);
    }
    if demand.is_none() {
        no_demand(setting, &looked, cx);
    }
    for (known, label) in until_admin {
        let text = format!(
            "{label}: a locked account stays locked until an administrator unlocks it, which is stricter than any duration"
        );
        cx.note(Note::new(NoteKind::Assumed, "locked-until-admin", text).on(known.artefacts[0]));
    }
    looked
}

/// Says that a check was silent because the standard asks for nothing.
pub(crate) fn no_demand(setting: Setting, looked: &Tally, cx: &JudgeCx<'_>) {
    let looked = looked.total();
    if looked > 0 {
        let text =
            format!("{} demands nothing of {}: it was looked at and not judged", cx.thresholds.id, slug(setting));
        cx.note(Note::new(NoteKind::Assumed, "no-demand", text).times(looked));
    }
}

fn covered(finding: Finding, coverage: Option<&Coverage>) -> Finding {
    let Some(coverage) = coverage else {
        return finding
            .fact("users_covered", Json::Null)
            .fact("users", Vec::<String>::new())
            .fact("reach", "users unknown")
            .fact("reach_zh", "適用人數不明");
    };
    let users: Vec<String> = coverage.names.iter().take(NAMED).cloned().collect();
    let named = users.join(", ");
    let more = coverage.users > users.len() as u64;
    let at_least = !coverage.complete;
    let reach = match (coverage.users, at_least) {
        (0, true) => "users not in the evidence".to_owned(),
        (0, false) => "no user at present".to_owned(),
        (count, _) => format!(
            "{}{count} {}: {named}{}",
            if at_least { "at least " } else { "" },
            if count == 1 { "user" } else { "users" },
            if more { ", …" } else { "" }
        ),
    };
    let reach_zh = match (coverage.users, at_least) {
        (0, true) => "適用的使用者不在佐證資料中".to_owned(),
        (0, false) => "目前無使用者".to_owned(),
        (count, _) => format!(
            "{}{count} 位使用者：{}{}",
            if at_least { "至少 " } else { "" },
            users.join("、"),
            if more { "…等" } else { "" }
        ),
    };
    finding
        .fact("users_covered", coverage.users)
        .fact("users_complete", coverage.complete)
        .fact("users", users)
        .fact("reach", reach)
        .fact("reach_zh", reach_zh)
}

/// A question about single accounts.
pub(crate) struct AccountQuestion {
    /// How many accounts the evidence answers it for.
    pub(crate) known: fn(&Accounts) -> Option<u64>,
    /// Whether a flagged account is one.
    pub(crate) is: fn(&FlaggedAccount) -> bool,
}

/// Reports the accounts that can log in and that the question is true of; gives what was looked at.
pub(crate) fn judge_accounts(check: &Check, question: &AccountQuestion, view: &View<'_>, cx: &JudgeCx<'_>) -> Tally {
    let mut looked = Tally::default();
    for known in &view.policies {
        let accounts = &known.policy.accounts;
        let Some(seen) = (question.known)(accounts) else { continue };
        looked.add(known, seen);
        let hits = accounts.flagged.iter().filter(|account| !account.disabled && (question.is)(account));
        let mut reported = 0_u64;
        for account in hits {
            reported += 1;
            if reported > ACCOUNT_FINDINGS as u64 {
                continue;
            }
            let subject = Subject::Account { domain: known.name.clone(), account: account.name.clone() };
            cx.report(
                Finding::new(check.id, subject, known.proof(&account.at))
                    .asset(known.name.clone())
                    .fact("scope", format!("{}\\{}", known.name, account.name))
                    .fact("account", account.name.as_str())
                    .fact("domain", known.name.as_str())
                    .fact("privileged", account.privileged),
            );
        }
        let more = reported.saturating_sub(ACCOUNT_FINDINGS as u64) + accounts.flagged_more;
        if more > 0 {
            let text =
                format!("more accounts than findings are made for: {} accounts were left out of {}", more, check.id);
            cx.note(Note::new(NoteKind::Assumed, "too-many-accounts", text).on(known.artefacts[0]).times(more));
        }
    }
    looked
}

/// Verdict of another standard, such as `cis: fails (≥ 14)`.
fn also(set: &ThresholdSet, setting: Setting, amount: Amount) -> String {
    let Some(threshold) = set.get(setting) else { return format!("{}: no demand", set.id) };
    let verdict = if amount.passes(threshold) { "passes" } else { "fails" };
    let limits = [("≥", threshold.at_least), ("≤", threshold.at_most)];
    let limits: Vec<String> = limits.iter().filter_map(|(sign, limit)| Some(format!("{sign} {}", (*limit)?))).collect();
    if limits.is_empty() {
        format!("{}: no demand", set.id)
    } else {
        format!("{}: {verdict} ({})", set.id, limits.join(", "))
    }
}

/// Stable name of a setting in subjects and notes.
fn slug(setting: Setting) -> &'static str {
    match setting {
        Setting::MinAgeDays => "min_age_days",
        Setting::MaxAgeDays => "max_age_days",
        Setting::MinLength => "min_length",
        Setting::Complexity => "complexity",
        Setting::History => "history",
        Setting::Reversible => "reversible",
        Setting::LockoutThreshold => "lockout_threshold",
        Setting::LockoutDurationMinutes => "lockout_duration_minutes",
        Setting::LockoutResetMinutes => "lockout_reset_minutes",
    }
}

/// A value in words, in English and Chinese.
fn spoken(setting: Setting, amount: Amount) -> (String, String) {
    let fixed = |en: &str, zh: &str| (en.to_owned(), zh.to_owned());
    let number = match (setting, amount) {
        (Setting::MaxAgeDays, Amount::Endless) => return fixed("never expires", "永不到期"),
        (Setting::LockoutThreshold, Amount::Endless) => return fixed("never locks", "永不鎖定"),
        (Setting::LockoutDurationMinutes, Amount::Endless) => {
            return fixed("until an administrator unlocks", "直到管理者解除鎖定");
        }
        (_, Amount::Endless) => return fixed("only after a successful login", "僅於成功登入後重設"),
        (Setting::Complexity | Setting::Reversible, Amount::Finite { value: 0, .. }) => return fixed("off", "停用"),
        (Setting::Complexity | Setting::Reversible, _) => return fixed("on", "啟用"),
        (_, amount) => amount.json(),
    };
    let (unit, unit_zh) = unit(setting);
    (format!("{number} {unit}"), format!("{number} {unit_zh}"))
}

/// A demand in words, in English and Chinese.
fn demanded(setting: Setting, threshold: &Threshold) -> (String, String) {
    match setting {
        Setting::Complexity => return ("on".into(), "啟用".into()),
        Setting::Reversible => return ("off".into(), "停用".into()),
        _ => {}
    }
    let (unit, unit_zh) = unit(setting);
    match (threshold.at_least, threshold.at_most) {
        (Some(least), Some(most)) => (format!("{least} to {most} {unit}"), format!("{least} 至 {most} {unit_zh}")),
        (Some(least), None) => (format!("at least {least} {unit}"), format!("至少 {least} {unit_zh}")),
        (None, Some(most)) => (format!("at most {most} {unit}"), format!("至多 {most} {unit_zh}")),
        (None, None) => (String::new(), String::new()),
    }
}

fn unit(setting: Setting) -> (&'static str, &'static str) {
    match setting {
        Setting::MinAgeDays | Setting::MaxAgeDays => ("days", "天"),
        Setting::MinLength => ("characters", "個字元"),
        Setting::History => ("passwords", "組密碼"),
        Setting::LockoutThreshold => ("attempts", "次"),
        Setting::LockoutDurationMinutes | Setting::LockoutResetMinutes => ("minutes", "分鐘"),
        Setting::Complexity | Setting::Reversible => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use secdiag_catalogue::TextStatus;

    use super::*;

    fn threshold(at_least: Option<i64>, at_most: Option<i64>) -> Threshold {
        Threshold { at_least, at_most, source: String::new(), text_status: TextStatus::Memory }
    }

    #[test]
    fn special_values_are_above_every_limit() {
        let half_day = Amount::Finite { value: 43_200, per_unit: 86_400 };
        for (amount, at_least, at_most, passes) in [
            (Amount::Endless, Some(15), None, true),
            (Amount::Endless, None, Some(90), false),
            (half_day, Some(1), None, false),
            (half_day, None, Some(0), false),
            (Amount::Finite { value: 90 * 86_400, per_unit: 86_400 }, Some(1), Some(90), true),
            (Amount::Finite { value: 90 * 86_400 + 1, per_unit: 86_400 }, Some(1), Some(90), false),
            (Amount::Finite { value: u64::MAX, per_unit: 60 }, None, Some(i64::MAX), true),
        ] {
            assert_eq!(amount.passes(&threshold(at_least, at_most)), passes, "{amount:?} {at_least:?} {at_most:?}");
        }
        assert_eq!(half_day.json(), json!(0.5));
    }

    #[test]
    fn a_group_policy_is_named_by_its_folder() {
        let sysvol = "corp.example/Policies/{31b2f340-016d-11d2-945f-00c04fb984f9}/MACHINE/GptTmpl.inf";
        assert_eq!(gpo_name(sysvol), "Default Domain Policy");
        assert_eq!(
            gpo_name("a/A2A38432-E322-437F-9975-B7CC7F16F4AA/x/GptTmpl.inf"),
            "A2A38432-E322-437F-9975-B7CC7F16F4AA"
        );
        assert_eq!(gpo_name("GptTmpl.inf"), "GptTmpl.inf");
    }

    #[test]
    fn other_standards_are_said_in_short() {
        let mut set = ThresholdSet {
            id: "cis".into(),
            title: secdiag_model::Bilingual::default(),
            publisher: String::new(),
            version: String::new(),
            settings: BTreeMap::new(),
        };
        let eight = Amount::Finite { value: 8, per_unit: 1 };
        assert_eq!(also(&set, Setting::MinLength, eight), "cis: no demand");
        set.settings.insert(Setting::MinLength, threshold(Some(14), None));
        assert_eq!(also(&set, Setting::MinLength, eight), "cis: fails (≥ 14)");
        set.settings.insert(Setting::LockoutThreshold, threshold(Some(1), Some(5)));
        assert_eq!(also(&set, Setting::LockoutThreshold, Amount::Endless), "cis: fails (≥ 1, ≤ 5)");
    }
}
