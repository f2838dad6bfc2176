//! The same settings, written in every way that they can be written, get the same verdicts; every check fires on some
//! settings and is silent on others; its texts are in the catalogue.

#[expect(dead_code, reason = "shared with the golden tests")]
mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{gcb, judge, set};
use proptest::prelude::*;
use secdiag_catalogue::{Catalogue, KnownCheck, Setting};
use secdiag_inspect::testkit::{Bench, Judged};
use secdiag_model::ItemId;

/// Settings as an administrator would say them.
#[derive(Clone, Debug)]
struct Values {
    min_age_days: u64,
    /// Nothing: never.
    max_age_days: Option<u64>,
    min_length: u64,
    complexity: bool,
    history: u64,
    reversible: bool,
    lockout: Option<Lockout>,
}

#[derive(Clone, Debug)]
struct Lockout {
    attempts: u64,
    /// Nothing: until an administrator unlocks.
    minutes: Option<u64>,
    reset_minutes: u64,
}

const GOOD: Values = Values {
    min_age_days: 1,
    max_age_days: Some(90),
    min_length: 12,
    complexity: true,
    history: 3,
    reversible: false,
    lockout: Some(Lockout { attempts: 5, minutes: Some(15), reset_minutes: 15 }),
};

/// Each way with the files that it takes, and whether it can state reversible storage.
fn ways(values: &Values) -> Vec<(&'static str, Bench, bool)> {
    let one = |path: &str, text: String| Bench::default().file(secdiag_directory::DIRECTORY, path, text.as_bytes());
    let utf16: Vec<u8> =
        format!("\u{feff}{}", inf(values).replace('\n', "\r\n")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("AD LDIF", one("ad.ldif", ad(values)), true),
        ("PSO", one("pso.ldif", pso(values)), true),
        ("secedit", one("policy.inf", inf(values)), true),
        ("GPO", Bench::default().file(secdiag_directory::DIRECTORY, "x/GptTmpl.inf", &utf16), true),
        ("samba-tool", one("samba.txt", samba(values)), true),
        ("OpenLDAP", one("ldap.ldif", openldap(values)), false),
        ("Debian", debian(values), false),
        ("Red Hat", redhat(values), false),
    ]
}

fn ticks(seconds: u64) -> String {
    if seconds == 0 { "0".into() } else { format!("-{seconds}0000000") }
}

fn ad(values: &Values) -> String {
    let lockout = values.lockout.as_ref();
    let minutes = lockout.map_or(Some(30), |lockout| lockout.minutes);
    format!(
        "dn: DC=t,DC=test\nobjectClass: domainDNS\nobjectGUID:: AAAAAAAAAAAAAAAAAAAAAA==\nminPwdAge: {}\nmaxPwdAge: {}\nminPwdLength: {}\npwdProperties: {}\npwdHistoryLength: {}\nlockoutThreshold: {}\nlockoutDuration: {}\nlockOutObservationWindow: {}\n",
        ticks(values.min_age_days * 86_400),
        values.max_age_days.map_or(i64::MIN.to_string(), |days| ticks(days * 86_400)),
        values.min_length,
        u8::from(values.complexity) + 16 * u8::from(values.reversible),
        values.history,
        lockout.map_or(0, |lockout| lockout.attempts),
        ticks(minutes.unwrap_or(0) * 60),
        ticks(lockout.map_or(30, |lockout| lockout.reset_minutes) * 60),
    )
}

fn pso(values: &Values) -> String {
    let lockout = values.lockout.as_ref();
    let truth = |on: bool| if on { "TRUE" } else { "FALSE" };
    format!(
        "dn: CN=P,CN=Password Settings Container,CN=System,DC=t,DC=test\nobjectClass: msDS-PasswordSettings\nmsDS-PasswordSettingsPrecedence: 1\nmsDS-PSOAppliesTo: CN=u,DC=t,DC=test\nmsDS-MinimumPasswordAge: {}\nmsDS-MaximumPasswordAge: {}\nmsDS-MinimumPasswordLength: {}\nmsDS-PasswordComplexityEnabled: {}\nmsDS-PasswordReversibleEncryptionEnabled: {}\nmsDS-PasswordHistoryLength: {}\nmsDS-LockoutThreshold: {}\nmsDS-LockoutDuration: {}\nmsDS-LockoutObservationWindow: {}\n\ndn: CN=u,DC=t,DC=test\nobjectClass: user\nsAMAccountName: u\nuserAccountControl: 512\n",
        ticks(values.min_age_days * 86_400),
        values.max_age_days.map_or("0".to_owned(), |days| ticks(days * 86_400)),
        values.min_length,
        truth(values.complexity),
        truth(values.reversible),
        values.history,
        lockout.map_or(0, |lockout| lockout.attempts),
        lockout.and_then(|lockout| lockout.minutes).map_or(i64::MIN.to_string(), |minutes| ticks(minutes * 60)),
        ticks(lockout.map_or(30, |lockout| lockout.reset_minutes) * 60),
    )
}

fn inf(values: &Values) -> String {
    let lockout = values.lockout.as_ref().map_or("LockoutBadCount = 0\n".to_owned(), |lockout| {
        let minutes = lockout.minutes.map_or("-1".to_owned(), |minutes| minutes.to_string());
        format!(
            "LockoutBadCount = {}\nResetLockoutCount = {}\nLockoutDuration = {minutes}\n",
            lockout.attempts, lockout.reset_minutes
        )
    });
    format!(
        "[Unicode]\nUnicode=yes\n[System Access]\nMinimumPasswordAge = {}\nMaximumPasswordAge = {}\nMinimumPasswordLength = {}\nPasswordComplexity = {}\nPasswordHistorySize = {}\nClearTextPassword = {}\n{lockout}[Version]\nsignature=\"$CHICAGO$\"\nRevision=1\n",
        values.min_age_days,
        values.max_age_days.map_or("-1".to_owned(), |days| days.to_string()),
        values.min_length,
        u8::from(values.complexity),
        values.history,
        u8::from(values.reversible),
    )
}

fn samba(values: &Values) -> String {
    let lockout = values.lockout.as_ref();
    let on = |on: bool| if on { "on" } else { "off" };
    format!(
        "Password information for domain 'DC=t,DC=test'\n\nPassword complexity: {}\nStore plaintext passwords: {}\nPassword history length: {}\nMinimum password length: {}\nMinimum password age (days): {}\nMaximum password age (days): {}\nAccount lockout duration (mins): {}\nAccount lockout threshold (attempts): {}\nReset account lockout after (mins): {}\n",
        on(values.complexity),
        on(values.reversible),
        values.history,
        values.min_length,
        values.min_age_days,
        values.max_age_days.unwrap_or(0),
        lockout.map_or(30, |lockout| lockout.minutes.unwrap_or(0)),
        lockout.map_or(0, |lockout| lockout.attempts),
        lockout.map_or(30, |lockout| lockout.reset_minutes),
    )
}

fn openldap(values: &Values) -> String {
    let lockout = values.lockout.as_ref().map_or("pwdLockout: FALSE\n".to_owned(), |lockout| {
        format!(
            "pwdLockout: TRUE\npwdMaxFailure: {}\npwdLockoutDuration: {}\npwdFailureCountInterval: {}\n",
            lockout.attempts,
            lockout.minutes.unwrap_or(0) * 60,
            lockout.reset_minutes * 60
        )
    });
    format!(
        "dn: cn=default,dc=t,dc=test\nobjectClass: pwdPolicy\npwdMinAge: {}\npwdMaxAge: {}\npwdMinLength: {}\npwdCheckQuality: 2\n{}pwdInHistory: {}\n{lockout}",
        values.min_age_days * 86_400,
        values.max_age_days.unwrap_or(0) * 86_400,
        values.min_length,
        if values.complexity { "pwdCheckModule: check.so\n" } else { "" },
        values.history,
    )
}

fn login_defs(values: &Values) -> String {
    format!(
        "UID_MIN 1000\nPASS_MAX_DAYS\t{}\nPASS_MIN_DAYS\t{}\n",
        values.max_age_days.unwrap_or(99_999),
        values.min_age_days
    )
}

/// Settings in the files of /etc/security.
fn debian(values: &Values) -> Bench {
    let lockout = values.lockout.as_ref();
    let (before, after) = match lockout {
        Some(_) => ("auth required pam_faillock.so preauth\n", "auth [default=die] pam_faillock.so authfail\n"),
        None => ("", ""),
    };
    let history = if values.history > 0 { "password required pam_pwhistory.so use_authtok\n" } else { "" };
    let faillock = lockout.map_or("# deny = 3\n# unlock_time = 600\n# fail_interval = 900\n".to_owned(), |lockout| {
        let seconds = lockout.minutes.map_or("never".to_owned(), |minutes| (minutes * 60).to_string());
        format!(
            "deny = {}\nunlock_time = {seconds}\nfail_interval = {}\n",
            lockout.attempts,
            lockout.reset_minutes * 60
        )
    });
    let classes = if values.complexity { "dcredit = -1\nucredit = -1\nlcredit = -1\nocredit = -1\n" } else { "" };
    [
        ("login.defs", login_defs(values)),
        (
            "pam.d/common-auth",
            format!("{before}auth [success=2 default=ignore] pam_unix.so nullok\n{after}auth requisite pam_deny.so\nauth required pam_permit.so\n"),
        ),
        (
            "pam.d/common-password",
            format!("password requisite pam_pwquality.so retry=3\n{history}password [success=1 default=ignore] pam_unix.so obscure yescrypt\n"),
        ),
        ("pam.d/sshd", "@include common-auth\n@include common-password\n".to_owned()),
        ("security/pwquality.conf", format!("# difok = 1\nminlen = {}\n{classes}", values.min_length)),
        ("security/pwhistory.conf", format!("remember = {}\n", values.history.max(1))),
        ("security/faillock.conf", faillock),
    ]
    .iter()
    .fold(Bench::default(), |bench, (path, text)| {
        bench.file(secdiag_directory::DIRECTORY, &format!("host/etc/{path}"), text.as_bytes())
    })
}

/// Settings as arguments of the modules, no files beside them.
fn redhat(values: &Values) -> Bench {
    let (before, after) = values.lockout.as_ref().map_or((String::new(), String::new()), |lockout| {
        let line = |stage: &str| {
            format!(
                "auth required pam_faillock.so {stage} silent deny={} unlock_time={} fail_interval={}\n",
                lockout.attempts,
                lockout.minutes.unwrap_or(0) * 60,
                lockout.reset_minutes * 60
            )
        };
        (line("preauth"), line("authfail"))
    });
    let classes = if values.complexity { "minclass=4" } else { "" };
    let text = format!(
        "{before}auth sufficient pam_unix.so\n{after}auth required pam_deny.so\naccount required pam_faillock.so\npassword requisite pam_pwquality.so minlen={} {classes}\npassword sufficient pam_unix.so sha512 remember={}\n",
        values.min_length, values.history
    );
    [("login.defs", login_defs(values)), ("pam.d/system-auth", text.clone()), ("pam.d/password-auth", text)]
        .iter()
        .fold(Bench::default(), |bench, (path, text)| {
            bench.file(secdiag_directory::DIRECTORY, &format!("host/etc/{path}"), text.as_bytes())
        })
}

/// What failed, and what was looked at of policies.
fn verdict(judged: &Judged, reversible: bool) -> (BTreeSet<String>, BTreeMap<&'static str, u64>) {
    let keep = |check: &str| !check.contains("/account-") && (reversible || !check.contains("reversible"));
    let failed = judged.findings.iter().map(|finding| finding.check.clone()).filter(|check| keep(check)).collect();
    let looked = judged.looked_at().into_iter().filter(|(check, ..)| keep(check) && !check.contains("reversible"));
    (failed, looked.map(|(check, count, _)| (check, count)).collect())
}

/// What a plain reading of the demands gives.
fn expected(values: &Values, reversible: bool) -> BTreeSet<String> {
    let mut failed = BTreeSet::new();
    let mut demand = |passes: bool, check: &str| {
        if !passes {
            failed.insert(format!("directory/{check}"));
        }
    };
    demand(values.min_age_days >= 1, "password-age-minimum-short");
    demand(values.max_age_days.is_some_and(|days| days <= 90), "password-age-maximum-long");
    demand(values.min_length >= 12, "password-too-short");
    demand(values.complexity, "password-complexity-off");
    demand(values.history >= 3, "password-history-short");
    demand(!(values.reversible && reversible), "reversible-encryption");
    demand(values.lockout.is_some(), "lockout-never");
    if let Some(lockout) = &values.lockout {
        demand(lockout.attempts <= 5, "lockout-threshold-high");
        demand(lockout.minutes.is_none_or(|minutes| minutes >= 15), "lockout-duration-short");
        demand(lockout.reset_minutes >= 15, "lockout-reset-short");
    }
    failed
}

fn check(values: &Values) {
    let mut coverage = None;
    for (way, bench, reversible) in ways(values) {
        let (failed, looked) = verdict(&judge(&bench, &gcb(12)), reversible);
        assert_eq!(failed, expected(values, reversible), "{way}: {values:?}");
        let coverage = coverage.get_or_insert_with(|| looked.clone());
        assert_eq!(looked, *coverage, "{way}: {values:?}");
    }
}

#[test]
fn each_setting_alone_has_its_verdict_in_every_form() {
    let lockout = |attempts, minutes, reset_minutes| Some(Lockout { attempts, minutes, reset_minutes });
    let cases = [
        GOOD,
        Values { min_age_days: 0, ..GOOD },
        Values { max_age_days: Some(91), ..GOOD },
        Values { max_age_days: None, ..GOOD },
        Values { min_length: 11, ..GOOD },
        Values { complexity: false, ..GOOD },
        Values { history: 2, ..GOOD },
        Values { history: 0, ..GOOD },
        Values { reversible: true, ..GOOD },
        Values { lockout: None, ..GOOD },
        Values { lockout: lockout(6, Some(15), 15), ..GOOD },
        Values { lockout: lockout(5, Some(14), 15), ..GOOD },
        Values { lockout: lockout(5, Some(15), 14), ..GOOD },
        Values { lockout: lockout(5, None, 15), ..GOOD },
    ];
    let mut fired = BTreeSet::new();
    for values in &cases {
        check(values);
        fired.extend(expected(values, true));
    }
    // Every check of a policy fires in one of the cases; on the good settings none does.
    assert_eq!(fired.len(), 10);
    assert_eq!(expected(&GOOD, true), BTreeSet::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_settings_have_the_same_verdict_in_every_form(
        min_age_days in 0_u64..4,
        max_age_days in proptest::option::of(1_u64..400),
        min_length in 6_u64..30,
        complexity: bool,
        history in 0_u64..25,
        reversible: bool,
        lockout in proptest::option::of((1_u64..20, proptest::option::of(1_u64..100), 1_u64..100)),
    ) {
        let lockout = lockout.map(|(attempts, minutes, reset_minutes)| Lockout { attempts, minutes, reset_minutes });
        check(&Values { min_age_days, max_age_days, min_length, complexity, history, reversible, lockout });
    }
}

#[test]
fn a_standard_without_demands_is_looked_at_and_silent() {
    let bench = Bench::default().file(
        secdiag_directory::DIRECTORY,
        "a.ldif",
        ad(&Values { max_age_days: None, lockout: None, min_length: 1, ..GOOD }).as_bytes(),
    );
    let judged = judge(&bench, &set("nothing", &[(Setting::MinLength, Some(15), None)]));
    assert_eq!(judged.checks(), ["directory/password-too-short"]);
    let count = |check: &str| judged.looked.iter().find(|looked| looked.check == check).unwrap().count;
    assert_eq!((count("directory/lockout-never"), count("directory/password-age-maximum-long")), (1, 1));
    assert!(judged.notes.iter().any(|note| note.reason == "no-demand" && note.text.contains("max_age_days")));
}

#[test]
fn two_computers_with_the_same_files_are_two_findings() {
    let values = Values { lockout: None, ..GOOD };
    let mut bench = Bench::default();
    for host in ["a", "b"] {
        let text = "auth required pam_unix.so\n";
        bench = bench.file(secdiag_directory::DIRECTORY, &format!("{host}/etc/pam.d/common-auth"), text.as_bytes());
        let defs = login_defs(&values);
        bench = bench.file(secdiag_directory::DIRECTORY, &format!("{host}/etc/login.defs"), defs.as_bytes());
    }
    let judged = judge(&bench, &gcb(12));
    let found: Vec<String> = judged
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.subject.summary(), finding.evidence[0].path))
        .collect();
    assert_eq!(
        found,
        [
            "computer a lockout_threshold a/etc/pam.d/common-auth",
            "computer b lockout_threshold b/etc/pam.d/common-auth"
        ]
    );
}

#[test]
fn no_evidence_is_nothing_looked_at() {
    let judged = judge(&Bench::default(), &gcb(12));
    assert_eq!(judged.looked.len(), 12);
    assert!(judged.looked.iter().all(|looked| looked.count == 0));
}

#[test]
fn the_catalogue_has_the_texts_of_every_check() {
    let catalogue = Catalogue::built_in().unwrap();
    for check in secdiag_directory::DIRECTORY.meta().checks {
        let text = catalogue.check(check.id).unwrap_or_else(|| panic!("{} has no texts", check.id));
        let main = if check.id.contains("lockout") { "GOV-5.2" } else { "GOV-5.1" };
        assert!(text.items.contains_key(&ItemId(main.into())), "{}", check.id);
        // What the texts name in braces is among the facts of a finding.
        let account = check.id.contains("/account-") || check.id.contains("reversible");
        let known: &[&str] = if account {
            &["scope", "account", "domain"]
        } else {
            &["scope", "value", "value_zh", "demand", "demand_zh", "standard", "standard_zh", "reach", "reach_zh"]
        };
        for side in [&text.title, &text.risk, &text.advice] {
            for words in [&side.en, &side.zh_tw] {
                for name in words.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()) {
                    assert!(known.contains(&name), "{}: {{{name}}} is no fact", check.id);
                }
            }
        }
    }
    assert_eq!(catalogue.checks().filter(|check| check.id.starts_with("directory/")).count(), 12);
    let known: Vec<KnownCheck> =
        secdiag_directory::DIRECTORY.meta().checks.iter().map(|check| KnownCheck { id: check.id }).collect();
    let mut complaints = catalogue.lint(&known);
    complaints.retain(|complaint| complaint.place.starts_with("directory/"));
    assert_eq!(complaints, []);
}
