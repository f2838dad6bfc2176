//! Own fixtures of every source: what is read, what is found, what is said about the evidence.
#![expect(clippy::unwrap_used, reason = "tests read files and share helpers")]

mod common;

use std::fmt::Write;

use common::{gcb, judge, shorts};
use secdiag_directory::DirectoryPolicy;
use secdiag_inspect::testkit::Bench;
use secdiag_model::Note;

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_bytes!(concat!("../fixtures/", $path)).as_slice())),+]
    };
}

#[test]
fn active_directory() {
    insta::assert_snapshot!(shown(&files!["ad.ldif"], 8));
}

#[test]
fn attributes_tell_where_the_class_was_not_exported() {
    insta::assert_snapshot!(shown(&files!["ad-attributes.ldif"], 8));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    /// Whatever follows the beginning of a file that we read, it is read to its end.
    #[test]
    fn any_bytes_after_a_known_beginning_are_survived(start in 0..8_usize, bytes: Vec<u8>) {
        let starts: [(&str, &[u8]); 8] = [
            ("a.ldif", b"dn: DC=a\nobjectClass: domainDNS\nminPwdLength: 1\n"),
            ("b.ldif", b"dn: dc=a\nobjectClass: pwdPolicy\npwdMinLength: 1\n"),
            ("c.inf", b"[Unicode]\n[System Access]\nLockoutBadCount = 0\n[Version]\nsignature=\"$CHICAGO$\"\n"),
            ("d.txt", b"Password information for domain 'DC=a'\n"),
            ("h/etc/login.defs", b"PASS_MAX_DAYS 1\nUID_MIN 1000\n"),
            ("h/etc/pam.d/common-auth", b"auth required pam_unix.so\n"),
            ("h/etc/security/faillock.conf", b"deny = 3\nunlock_time = 600\n"),
            ("h/etc/shadow", b"a:*:1:0:1:7:::\n"),
        ];
        let (path, begin) = starts[start];
        let bench = Bench::default().file(secdiag_directory::DIRECTORY, path, &[begin, &bytes].concat());
        let _ = judge(&bench, &gcb(8));
    }
}

#[test]
fn hostile_ldif() {
    insta::assert_snapshot!(shown(&files!["hostile.ldif"], 8));
}

#[test]
fn openldap_with_its_configuration() {
    insta::assert_snapshot!(shown(&files!["openldap.ldif", "openldap-config.ldif"], 8));
}

#[test]
fn openldap_alone() {
    insta::assert_snapshot!(shown(&files!["openldap.ldif"], 8));
}

#[test]
fn windows_templates() {
    insta::assert_snapshot!(shown(&files!["secedit.inf", "GptTmpl.inf", "bkupInfo.xml"], 8));
}

#[test]
fn samba_tool() {
    insta::assert_snapshot!(shown(&files!["samba.txt"], 8));
}

#[test]
fn debian() {
    let files = files![
        "debian/etc/login.defs",
        "debian/etc/pam.d/common-auth",
        "debian/etc/pam.d/common-password",
        "debian/etc/security/faillock.conf",
        "debian/etc/security/pwquality.conf",
        "debian/etc/shadow",
    ];
    insta::assert_snapshot!(shown(&files, 12));
}

#[test]
fn red_hat() {
    let files = files![
        "redhat/etc/login.defs",
        "redhat/etc/pam.d/system-auth",
        "redhat/etc/pam.d/password-auth",
        "redhat/etc/pam.d/sshd",
        "redhat/etc/security/pwquality.conf",
        "redhat/etc/security/pwquality.conf.d/50-site.conf",
        "redhat/etc/security/pwhistory.conf",
        "redhat/etc/security/faillock.conf",
    ];
    insta::assert_snapshot!(shown(&files, 12));
}

#[test]
fn older_modules() {
    insta::assert_snapshot!(shown(&files!["old/etc/pam.d/common-auth", "old/etc/pam.d/common-password"], 12));
}

#[test]
fn settings_files_without_a_stack_are_no_pass() {
    let files = files!["redhat/etc/security/pwquality.conf", "redhat/etc/security/faillock.conf"];
    insta::assert_snapshot!(shown(&files, 12));
}

fn shown(files: &[(&str, &[u8])], min_length: i64) -> String {
    let mut bench = Bench::default();
    for (path, bytes) in files {
        bench = bench.file(secdiag_directory::DIRECTORY, path, bytes);
    }
    let mut out = String::new();
    for artefact in &bench.evidence().artefacts {
        writeln!(out, "{}: {}", artefact.path, artefact.format().unwrap_or("not recognised")).unwrap();
    }
    let parsed = bench.parse(secdiag_directory::DIRECTORY);
    for document in &parsed.documents {
        let policy: DirectoryPolicy = serde_json::from_value(document.value.clone()).unwrap();
        writeln!(out, "\n{:?} {}", policy.source, policy.name.as_deref().unwrap_or("-")).unwrap();
        for scope in &policy.scopes {
            let coverage = scope.coverage.as_ref().map_or("unknown".to_owned(), |coverage| {
                format!("{}{} {:?}", coverage.users, if coverage.complete { "" } else { "+" }, coverage.names)
            });
            writeln!(out, "  {:?} {} precedence {:?}, users {coverage}", scope.kind, scope.name, scope.precedence)
                .unwrap();
            let settings = serde_json::to_value(&scope.settings).unwrap();
            for (name, stated) in settings.as_object().unwrap() {
                if !stated.is_null() {
                    let at = &stated["at"];
                    writeln!(
                        out,
                        "    {name} = {} <- {}:{} {}",
                        stated["value"], at["file"], at["locator"]["value"], at["excerpt"]
                    )
                    .unwrap();
                }
            }
        }
        for account in &policy.accounts.flagged {
            let flags = [
                (account.disabled, "disabled"),
                (account.privileged, "privileged"),
                (account.never_expires, "never expires"),
                (account.not_required, "not required"),
                (account.reversible, "reversible"),
            ];
            let flags: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
            writeln!(out, "  account {}: {} <- {}", account.name, flags.join(", "), account.at.excerpt).unwrap();
        }
    }
    let judged = judge(&bench, &gcb(min_length));
    writeln!(out, "\nfindings").unwrap();
    for line in shorts(&judged) {
        writeln!(out, "  {line}").unwrap();
    }
    // Both languages of every finding can be written: no text names a fact that is not there.
    let catalogue = secdiag_catalogue::Catalogue::built_in().unwrap();
    for finding in &judged.findings {
        for lang in [secdiag_model::Lang::En, secdiag_model::Lang::ZhTw] {
            let texts = catalogue.check(&finding.check).unwrap().render(lang, &finding.facts).unwrap();
            assert!(!texts.title.contains(['{', '}']), "{}", texts.title);
        }
    }
    writeln!(out, "looked at").unwrap();
    for (check, count, what) in judged.looked_at() {
        writeln!(out, "  {check} {count} {what}").unwrap();
    }
    writeln!(out, "notes").unwrap();
    for Note { path, place, reason, count, text, .. } in parsed.notes.iter().chain(&judged.notes) {
        writeln!(out, "  {path} {} {reason} x{count}: {text}", place.as_deref().unwrap_or("")).unwrap();
    }
    for secret in ["visible-secret", "also-visible", "$6$", "$y$"] {
        assert!(!out.contains(secret), "{secret} is shown");
    }
    out
}
