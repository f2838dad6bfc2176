//! Right answers of the shared evidence (`SECDIAG_DATA`).
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests read files and share helpers")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use common::{gcb, judge, short, shorts};
use secdiag_directory::DirectoryPolicy;
use secdiag_directory::policy::{Attempts, FlaggedAccount, LockFor, MaxAge, Reset, ScopeKind};
use secdiag_inspect::testkit::Bench;
use serde_json::Value as Json;

fn data() -> PathBuf {
    Path::new(&std::env::var_os("SECDIAG_DATA").expect("SECDIAG_DATA names the evidence folder")).join("endpoint")
}

fn documents(bench: &Bench) -> Vec<DirectoryPolicy> {
    let parsed = bench.parse(secdiag_directory::DIRECTORY);
    parsed.documents.iter().map(|document| serde_json::from_value(document.value.clone()).unwrap()).collect()
}

fn json(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn texts(list: &Json) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn active_directory_is_read_as_its_truth_says() {
    let data = data();
    let folder = data.join("ad/corp-example");
    let truth = json(&folder.join("truth.json"));
    let ldif = std::fs::read_to_string(folder.join("domain-nc.ldif")).unwrap();
    // The server's own answer is in the export; without it ours must be the same.
    let without = ldif.replace("msDS-ResultantPSO:", "msDS-Other:").replace("msDS-PSOApplied:", "msDS-Other2:");
    assert_ne!(ldif, without);
    for text in [ldif, without] {
        let bench = Bench::default().file(secdiag_directory::DIRECTORY, "domain-nc.ldif", text.as_bytes());
        let parsed = bench.parse(secdiag_directory::DIRECTORY);
        assert_eq!(parsed.notes, []);
        let [document] = &documents(&bench)[..] else { panic!("one domain") };
        assert_eq!(document.name.as_deref(), Some("corp.example"));

        let [default, admin, svc] = &document.scopes[..] else { panic!("{:#?}", document.scopes) };
        let policy = &truth["domain-policy"];
        let number = |name: &str| policy[name].as_u64().unwrap();
        let settings = &default.settings;
        assert_eq!(settings.complexity.as_ref().unwrap().value, policy["complexity"]);
        assert_eq!(settings.reversible.as_ref().unwrap().value, policy["reversible"]);
        assert_eq!(settings.min_length.as_ref().unwrap().value, number("minPwdLength"));
        assert_eq!(settings.history.as_ref().unwrap().value, number("pwdHistoryLength"));
        assert_eq!(settings.min_age.as_ref().unwrap().value, number("minPwdAge_days") * 86_400);
        assert_eq!(settings.max_age.as_ref().unwrap().value, MaxAge::Seconds(number("maxPwdAge_days") * 86_400));
        assert_eq!(number("lockoutThreshold"), 0);
        assert_eq!(settings.lockout_threshold.as_ref().unwrap().value, Attempts::Never);
        assert_eq!(
            settings.lockout_duration.as_ref().unwrap().value,
            LockFor::Seconds(number("lockoutDuration_min") * 60)
        );
        assert_eq!(settings.lockout_reset.as_ref().unwrap().value, Reset::Seconds(number("observation_min") * 60));

        // AdminPSO (5) is linked to Domain Admins, SvcPSO (10) to a group nested in it: the nested user gets AdminPSO,
        // so the weak SvcPSO governs nobody.
        assert_eq!((admin.kind, admin.name.as_str(), admin.precedence), (ScopeKind::Pso, "AdminPSO", Some(5)));
        let names = |scope: &secdiag_directory::policy::Scope| -> BTreeSet<String> {
            scope.coverage.as_ref().unwrap().names.iter().cloned().collect()
        };
        assert_eq!(names(admin), texts(&truth["domain-admin"]));
        assert_eq!((svc.name.as_str(), svc.precedence, svc.coverage.as_ref().unwrap().users), ("SvcPSO", Some(10), 0));
        assert_eq!(svc.settings.max_age.as_ref().unwrap().value, MaxAge::Never);

        let flagged = |is: fn(&FlaggedAccount) -> bool| -> BTreeSet<String> {
            document.accounts.flagged.iter().filter(|account| is(account)).map(|account| account.name.clone()).collect()
        };
        assert_eq!(flagged(|account| account.never_expires), texts(&truth["pwd-never-expires"]));
        assert_eq!(flagged(|account| account.not_required), texts(&truth["pwd-not-required"]));
        assert_eq!(flagged(|account| account.reversible), texts(&truth["reversible-encryption"]));

        let judged = judge(&bench, &gcb(8));
        let policies: Vec<String> =
            judged.findings.iter().filter(|finding| !finding.check.contains("/account-")).map(short).collect();
        let users = default.coverage.as_ref().unwrap().users;
        assert_eq!(policies.len(), 3, "{policies:#?}");
        assert!(policies[0].starts_with("password-too-short | domain corp.example min_length | 7 characters"));
        assert!(policies[0].contains(&format!("| {users} users: ")), "{policies:#?}");
        assert!(policies[1].starts_with("reversible-encryption | corp.example\\yi.chang101 |"), "{policies:#?}");
        assert!(policies[2].starts_with("lockout-never | domain corp.example lockout_threshold | never locks"));
        assert!(judged.notes.iter().any(|note| note.reason == "policy-without-users" && note.text.contains("SvcPSO")));
        let enabled = |check: &str, list: &str| {
            let found: BTreeSet<String> = judged
                .findings
                .iter()
                .filter(|finding| finding.check == check)
                .map(|finding| finding.facts["account"].as_str().unwrap().to_owned())
                .collect();
            let expected: BTreeSet<String> =
                texts(&truth[list]).difference(&texts(&truth["disabled"])).cloned().collect();
            assert_eq!(found, expected);
        };
        enabled("directory/account-password-never-expires", "pwd-never-expires");
        enabled("directory/account-password-not-required", "pwd-not-required");
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn exports_without_policy_are_no_pass() {
    let data = data();
    let folder = data.join("ad/corp-example");
    for name in ["rootdse.ldif", "config-directory-service.ldif", "security-descriptors.ldif"] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let bench = Bench::default().file(secdiag_directory::DIRECTORY, name, &bytes);
        assert_eq!(bench.evidence().artefacts[0].format(), Some("ldif-ad"), "{name}");
        let judged = judge(&bench, &gcb(8));
        assert_eq!(judged.findings, []);
        assert!(judged.looked.iter().all(|looked| looked.count == 0), "{name}: {:?}", judged.looked);
        assert!(bench.parse(secdiag_directory::DIRECTORY).notes.iter().any(|note| note.reason == "no-account-policy"));
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn samba_tool_says_the_same_as_the_directory() {
    let data = data();
    let folder = data.join("ad/corp-example");
    let read = |name: &str| {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        documents(&Bench::default().file(secdiag_directory::DIRECTORY, name, &bytes)).remove(0).scopes.remove(0)
    };
    let (mut text, mut ldif) = (read("samba-tool-passwordsettings.txt"), read("domain-nc.ldif"));
    let value = |scope: &mut secdiag_directory::policy::Scope| {
        let mut settings = serde_json::to_value(&scope.settings).unwrap();
        settings.as_object_mut().unwrap().values_mut().for_each(|stated| *stated = stated["value"].take());
        settings
    };
    assert_eq!(value(&mut text), value(&mut ldif));

    // Both at once: one finding with two proofs.
    let mut bench = Bench::default();
    for name in ["samba-tool-passwordsettings.txt", "domain-nc.ldif"] {
        bench = bench.file(secdiag_directory::DIRECTORY, name, &std::fs::read(folder.join(name)).unwrap());
    }
    let judged = judge(&bench, &gcb(8));
    let never: Vec<_> = judged.findings.iter().filter(|finding| finding.check == "directory/lockout-never").collect();
    assert_eq!((never.len(), never[0].evidence.len()), (1, 2));
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn openldap_s_weak_policy_and_its_users_are_found() {
    let data = data();
    let bytes = std::fs::read(data.join("openldap/broker-example.ldif")).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let bench = Bench::default().file(secdiag_directory::DIRECTORY, "broker-example.ldif", &bytes);
    assert_eq!(bench.evidence().artefacts[0].format(), Some("ldif-ldap"));
    let document = documents(&bench).remove(0);
    let svc = document.scopes.iter().find(|scope| scope.name.starts_with("cn=svc")).unwrap();
    let mut expected: Vec<&str> = text
        .split("\n\n")
        .filter(|entry| entry.contains("\npwdPolicySubentry: cn=svc"))
        .map(|entry| entry.lines().next().unwrap().trim_start_matches("dn: "))
        .collect();
    expected.sort_unstable();
    assert_eq!(svc.coverage.as_ref().unwrap().names, expected);
    assert_eq!(expected.len(), 4);

    let judged = judge(&bench, &gcb(8));
    let policies: Vec<String> = shorts(&judged).into_iter().filter(|line| !line.starts_with("reversible")).collect();
    let of_svc = "policy cn=svc,ou=policies,dc=broker,dc=example";
    let checks = |of: &str| -> Vec<&str> {
        let of = format!("| {of}");
        policies.iter().filter(|line| line.contains(&of)).map(|line| line.split(' ').next().unwrap()).collect()
    };
    assert_eq!(
        checks(of_svc),
        [
            "lockout-never",
            "password-age-maximum-long",
            "password-age-minimum-short",
            "password-complexity-off",
            "password-history-short",
            "password-too-short"
        ]
    );
    // pwdCheckQuality 2 without a module checks the length only.
    assert_eq!(checks("policy cn=default"), ["password-complexity-off"]);
    let clear: BTreeSet<&str> = judged
        .findings
        .iter()
        .filter(|finding| finding.check == "directory/reversible-encryption")
        .map(|finding| finding.facts["account"].as_str().unwrap())
        .collect();
    assert!(!clear.is_empty());
    for finding in &judged.findings {
        assert!(
            finding
                .evidence
                .iter()
                .all(|proof| !proof.excerpt.contains("userPassword: ") || proof.excerpt.contains("***"))
        );
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn group_policy_backups_define_what_they_list() {
    let data = data();
    let root = data.join("gpo");
    let expected = json(&root.join("expected.json"));
    let mut bench = Bench::default();
    for file in walk(&root) {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let name = path.rsplit('/').next().unwrap();
        if matches!(name, "GptTmpl.inf" | "bkupInfo.xml" | "Backup.xml" | "gpreport.xml" | "registry.pol") {
            bench = bench.file(secdiag_directory::DIRECTORY, &path, &std::fs::read(&file).unwrap());
        }
    }
    let templates: Vec<String> =
        expected.as_object().unwrap().keys().filter(|path| path.ends_with(".inf")).cloned().collect();
    for artefact in &bench.evidence().artefacts {
        let format = match artefact.file_name() {
            "GptTmpl.inf" => Some("gpo-template"),
            "Backup.xml" | "bkupInfo.xml" => Some("gpo-backup"),
            _ => None,
        };
        assert_eq!(artefact.format(), format, "{}", artefact.path);
    }
    let documents = documents(&bench);
    assert_eq!(documents.len(), templates.len());
    let with: Vec<&DirectoryPolicy> = documents.iter().filter(|document| !document.scopes.is_empty()).collect();
    let [windows] = &with[..] else { panic!("one template defines account settings") };
    assert_eq!(windows.name.as_deref(), Some("DoD Windows 10 STIG - Computer (SHB v10.1.0)"));
    let settings = &windows.scopes[0].settings;
    let lines: BTreeMap<&str, &str> = expected["nsa-shb/Windows/Computer/A2A38432-E322-437F-9975-B7CC7F16F4AA/gpo/Machine/microsoft/windows_nt/SecEdit/GptTmpl.inf"]["System Access"]
        .as_array().unwrap().iter().map(|line| line.as_str().unwrap().split_once(" = ").unwrap()).collect();
    let number = |key: &str| lines[key].parse::<u64>().unwrap();
    assert_eq!(settings.min_age.as_ref().unwrap().value, number("MinimumPasswordAge") * 86_400);
    assert_eq!(settings.max_age.as_ref().unwrap().value, MaxAge::Seconds(number("MaximumPasswordAge") * 86_400));
    assert_eq!(settings.min_length.as_ref().unwrap().value, number("MinimumPasswordLength"));
    assert!(settings.complexity.as_ref().unwrap().value);
    assert!(!settings.reversible.as_ref().unwrap().value);
    assert_eq!(settings.history.as_ref().unwrap().value, number("PasswordHistorySize"));
    assert_eq!(settings.lockout_threshold.as_ref().unwrap().value, Attempts::After(number("LockoutBadCount")));
    assert_eq!(lines["LockoutDuration"], "-1");
    assert_eq!(settings.lockout_duration.as_ref().unwrap().value, LockFor::UntilAdmin);
    assert_eq!(settings.lockout_reset.as_ref().unwrap().value, Reset::Seconds(number("ResetLockoutCount") * 60));

    let judged = judge(&bench, &gcb(8));
    assert_eq!(shorts(&judged), Vec::<String>::new());
    let duration = judged.looked.iter().find(|looked| looked.check == "directory/lockout-duration-short").unwrap();
    assert_eq!(duration.count, 1);
    assert!(judged.notes.iter().any(|note| note.reason == "locked-until-admin"));
    let empty = bench.parse(secdiag_directory::DIRECTORY).notes;
    let told = empty.iter().filter(|note| note.reason == "no-account-policy").count();
    // Five templates without account settings, four backups without a template.
    assert_eq!(told, templates.len() - 1 + 4);
}

/// Classes of the truth that this inspection answers, with its checks.
const LINUX_CLASSES: [(&str, &str); 7] = [
    ("password-min-length", "password-too-short"),
    ("password-max-age", "password-age-maximum-long"),
    ("account-lockout-missing", "lockout-never"),
    ("account-lockout-threshold", "lockout-threshold-high"),
    ("account-lockout-duration", "lockout-duration-short"),
    ("password-never-expires", "account-password-never-expires"),
    ("empty-password", "account-password-not-required"),
];

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn linux_hosts_have_the_planted_defects_and_no_others() {
    let data = data();
    for host in ["web01", "db01", "clean01"] {
        let truth = json(&data.join(format!("linux-hosts/{host}.truth.json")));
        let bench = linux(&data.join(format!("linux-hosts/{host}.tar.zst")), host);
        let judged = judge(&bench, &gcb(12));
        let found: BTreeSet<(&str, String)> = judged
            .findings
            .iter()
            .filter_map(|finding| {
                let check = finding.check.trim_start_matches("directory/");
                let (class, _) = LINUX_CLASSES.iter().find(|(_, of)| *of == check)?;
                let path = finding.evidence[0].path.strip_prefix(host).unwrap();
                Some((*class, path.to_owned()))
            })
            .collect();
        let expected: BTreeSet<(&str, String)> = truth["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|finding| {
                let (class, _) = LINUX_CLASSES.iter().find(|(class, _)| *class == finding["rule"])?;
                Some((*class, finding["evidence"].as_str().unwrap().to_owned()))
            })
            .collect();
        assert_eq!(found, expected, "{host}: {:#?}", shorts(&judged));
        // The truth counts pam_faillock as in force; its authfail line is out of reach there, and the reader is told.
        let told = bench.parse(secdiag_directory::DIRECTORY).notes.iter().any(|note| note.reason == "faillock-order");
        assert_eq!(told, host != "db01", "{host}");
        // What the truth has no class for: none of these hosts refuses former passwords.
        let others: Vec<String> = shorts(&judged)
            .into_iter()
            .filter(|line| !LINUX_CLASSES.iter().any(|(_, check)| line.starts_with(&format!("{check} "))))
            .collect();
        assert_eq!(others.len(), 1, "{others:#?}");
        assert!(others[0].starts_with(&format!("password-history-short | computer {host} history | 0 passwords")));
        assert!(
            judged.findings.iter().all(|finding| finding.evidence.iter().all(|proof| !proof.excerpt.contains("$6$")))
        );
    }
}

/// Files of other evidence must not be taken for ours.
#[test]
#[ignore = "needs SECDIAG_DATA"]
fn nothing_else_is_recognised() {
    let data = std::env::var_os("SECDIAG_DATA").expect("SECDIAG_DATA names the evidence folder");
    let root = PathBuf::from(data);
    let formats = secdiag_directory::DIRECTORY.meta().formats;
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for file in walk(&root) {
        let mut head = Vec::new();
        std::fs::File::open(&file).unwrap().take(64 * 1024).read_to_end(&mut head).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let size = std::fs::metadata(&file).unwrap().len();
        let head = secdiag_model::Head::new(&head, &name, size);
        for format in formats {
            if matches!((format.sniff)(&head), secdiag_model::Match::Yes(_)) {
                taken.insert(file.strip_prefix(&root).unwrap().to_string_lossy().into_owned(), format.id);
            }
        }
    }
    let ours = |path: &str| {
        ["endpoint/ad/", "endpoint/openldap/", "endpoint/gpo/"].iter().any(|folder| path.starts_with(folder))
    };
    let strangers: Vec<(&str, &str)> =
        taken.iter().filter(|(path, _)| !ours(path)).map(|(path, format)| (path.as_str(), *format)).collect();
    // Password dumps and an LDAP seed of other evidence, which are what they are taken for.
    let known = [
        ("exposure/passwords/shadow.txt", "shadow"),
        ("exposure/secrets/corpus/8cda00f3/docker/cb460194.ldif", "ldif-ldap"),
    ];
    assert_eq!(strangers, known);
    assert_eq!(taken.len(), 5 + 1 + 6 + 20 + 2, "{taken:#?}");
}

fn linux(archive: &Path, host: &str) -> Bench {
    let mut bench = Bench::default();
    let decoded = zstd::Decoder::new(std::fs::File::open(archive).unwrap()).unwrap();
    for entry in tar::Archive::new(decoded).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().trim_start_matches("./").to_owned();
        let mut bytes = Vec::new();
        if entry.header().entry_type().is_file() && entry.size() < 1 << 20 {
            entry.read_to_end(&mut bytes).unwrap();
            bench = bench.file(secdiag_directory::DIRECTORY, &format!("{host}/{path}"), &bytes);
        }
    }
    for artefact in &bench.evidence().artefacts {
        let below = artefact.path.strip_prefix(&format!("{host}/")).unwrap();
        let expected = match below {
            "etc/login.defs" => Some("login-defs"),
            "etc/shadow" | "etc/shadow-" => Some("shadow"),
            "etc/security/faillock.conf" => Some("faillock-conf"),
            "etc/security/pwquality.conf" => Some("pwquality-conf"),
            other if other.starts_with("etc/pam.d/") => Some("pam-config"),
            _ => None,
        };
        assert_eq!(artefact.format(), expected, "{}", artefact.path);
    }
    bench
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}
