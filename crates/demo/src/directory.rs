//! Directory servers: the office's Active Directory with traps of every kind, and a sound OpenLDAP.

use std::fmt::Write as _;

use serde_json::json;

use crate::random::Random;
use crate::{Book, OFFICE, TRADING};

const DOMAIN: &str = "hlsec.example";
const BASE: &str = "DC=hlsec,DC=example";

// userAccountControl, MS-ADTS 2.2.16.
const DISABLED: u32 = 0x2;
const PASSWORD_NOT_REQUIRED: u32 = 0x20;
const REVERSIBLE: u32 = 0x80;
const NORMAL: u32 = 0x200;
const NEVER_EXPIRES: u32 = 0x1_0000;

/// MS-SAMR 2.2.3.5: the smallest number, "for ever".
const FOR_EVER: i64 = i64::MIN;

pub(crate) fn write(seed: u64, book: &mut Book) {
    if book.edition.covers(OFFICE) {
        active_directory(seed, book);
    }
    openldap(seed, book);
}

/// Negative 100 ns.
fn minutes(count: i64) -> i64 {
    count * -600_000_000
}

fn days(count: i64) -> i64 {
    minutes(count * 1_440)
}

struct User {
    login: String,
    name: String,
    unit: &'static str,
    flags: u32,
    admin: bool,
}

fn staff(random: &mut Random) -> Vec<User> {
    const FAMILY: &[&str] = &[
        "Chen", "Lin", "Huang", "Chang", "Li", "Wang", "Wu", "Liu", "Tsai", "Yang", "Hsu", "Cheng", "Hsieh", "Kuo",
        "Hung",
    ];
    const GIVEN: &[&str] = &[
        "Chia-Hao",
        "Yi-Chun",
        "Shu-Fen",
        "Chih-Ming",
        "Mei-Ling",
        "Chun-Chieh",
        "Ya-Ting",
        "Wei-Ting",
        "Kuan-Yu",
        "Pei-Shan",
        "Tzu-Han",
        "Po-Han",
        "Hsin-Yi",
        "Yu-Ting",
        "Ming-Te",
    ];
    const UNITS: &[&str] = &["Brokerage", "Settlement", "Research", "Finance", "Compliance", "IT"];
    let mut names: Vec<(usize, usize)> =
        (0..FAMILY.len()).flat_map(|family| (0..GIVEN.len()).map(move |given| (family, given))).collect();
    random.shuffle(&mut names);
    let number = usize::try_from(random.range(24, 36)).unwrap_or(24);
    let person = |(family, given): (usize, usize)| {
        let (family, given) = (FAMILY[family], GIVEN[given]);
        let initials: String = given.split('-').filter_map(|part| part.chars().next()).collect();
        (format!("{}.{}", initials.to_lowercase(), family.to_lowercase()), format!("{given} {family}"))
    };
    let mut users: Vec<User> = Vec::new();
    for pair in names {
        let (login, name) = person(pair);
        // Two people may have the same initials: the first one has the login.
        if users.iter().any(|user| user.login == login) {
            continue;
        }
        users.push(User { login, name, unit: UNITS[users.len() % UNITS.len()], flags: NORMAL, admin: false });
        if users.len() == number {
            break;
        }
    }
    users
}

fn active_directory(seed: u64, book: &mut Book) {
    let mut random = Random::new(seed, "active-directory");
    let mut users = staff(&mut random);
    // Those who left: disabled, whatever else their flags say.
    users[0].flags = NORMAL | DISABLED | NEVER_EXPIRES;
    users[1].flags = NORMAL | DISABLED | PASSWORD_NOT_REQUIRED;
    users[2].flags = NORMAL | DISABLED | REVERSIBLE;
    let special = |login: &str, name: &str, unit, flags, admin| User {
        login: login.to_owned(),
        name: name.to_owned(),
        unit,
        flags,
        admin,
    };
    let (copier, reception, dialin) = (
        format!("svc-copier{}", random.range(2, 9)),
        format!("reception{}", random.range(2, 9)),
        format!("dialin{}", random.range(2, 9)),
    );
    users.push(special(&copier, "Copiers", "Service", NORMAL | NEVER_EXPIRES, false));
    users.push(special(&reception, "Reception desk", "Finance", NORMAL | PASSWORD_NOT_REQUIRED, false));
    users.push(special(&dialin, "Dial-in users", "IT", NORMAL | REVERSIBLE, false));
    let services: Vec<String> = ["svc-backup", "svc-report", "svc-quote"].map(str::to_owned).into();
    users.extend(services.iter().map(|login| special(login, &login[4..], "Service", NORMAL, false)));
    users.push(special("adm.it1", "Administrator one", "IT", NORMAL, true));
    users.push(special("adm.it2", "Administrator two", "IT", NORMAL, true));
    // As Windows ships it: disabled, needs no password, never expires.
    users.push(special("Guest", "Guest", "Users", NORMAL | DISABLED | PASSWORD_NOT_REQUIRED | NEVER_EXPIRES, false));

    let mut ldif = String::from("version: 1\n\n");
    let head = [
        ("minPwdAge", days(1)),
        ("maxPwdAge", days(90)),
        ("minPwdLength", 12),
        ("pwdProperties", 1),
        ("pwdHistoryLength", 24),
        ("lockoutThreshold", 0),
        ("lockoutDuration", minutes(30)),
        ("lockOutObservationWindow", minutes(30)),
    ];
    entry(&mut ldif, BASE, &["top", "domain", "domainDNS"], &head);
    let _ = writeln!(ldif, "dc: hlsec\nobjectGUID:: {}\n", guid(&mut random));
    groups(&mut ldif, &users, &services);
    policies(&mut ldif, &mut random);
    for user in &users {
        let dn = format!("CN={},OU={},{BASE}", user.name, user.unit);
        let flags = [("userAccountControl", i64::from(user.flags)), ("primaryGroupID", 513)];
        entry(&mut ldif, &dn, &["top", "person", "organizationalPerson", "user"], &flags);
        let _ = writeln!(ldif, "cn: {}\nsAMAccountName: {}", user.name, user.login);
        if user.admin {
            ldif.push_str("adminCount: 1\n");
        }
        ldif.push('\n');
    }
    book.file("directory/ad-export.ldif", ldif);
    truth_of_active_directory(book, &users, &[copier, reception, dialin]);
}

fn groups(ldif: &mut String, users: &[User], services: &[String]) {
    let members = |of: &dyn Fn(&User) -> bool| {
        let dns = users.iter().filter(|user| of(user)).map(|user| format!("CN={},OU={},{BASE}", user.name, user.unit));
        dns.fold(String::new(), |mut lines, dn| {
            let _ = writeln!(lines, "member: {dn}");
            lines
        })
    };
    let all = [
        ("Domain Admins", members(&|user| user.admin)),
        ("Service Accounts", members(&|user| services.contains(&user.login))),
        ("Former Projects", String::new()),
    ];
    for (name, members) in all {
        // Global security group, MS-ADTS 2.2.12.
        entry(ldif, &format!("CN={name},OU=Groups,{BASE}"), &["top", "group"], &[("groupType", -2_147_483_646)]);
        let _ = writeln!(ldif, "cn: {name}\nsAMAccountName: {name}\n{members}");
    }
}

/// Fine-grained policies: one weak and in force, one stricter than any, one worse than both that reaches nobody.
fn policies(ldif: &mut String, random: &mut Random) {
    struct Pso {
        name: &'static str,
        group: &'static str,
        precedence: i64,
        length: i64,
        max_age: i64,
        lock_for: i64,
        complexity: &'static str,
        reversible: &'static str,
    }
    let all = [
        Pso {
            name: "AdminPSO",
            group: "Domain Admins",
            precedence: 10,
            length: 15,
            max_age: days(60),
            lock_for: FOR_EVER,
            complexity: "TRUE",
            reversible: "FALSE",
        },
        Pso {
            name: "SvcPSO",
            group: "Service Accounts",
            precedence: 20,
            length: random.range(5, 8).cast_signed(),
            max_age: FOR_EVER,
            lock_for: minutes(30),
            complexity: "TRUE",
            reversible: "FALSE",
        },
        Pso {
            name: "ProjectPSO",
            group: "Former Projects",
            precedence: 30,
            length: 4,
            max_age: 0,
            lock_for: minutes(1),
            complexity: "FALSE",
            reversible: "TRUE",
        },
    ];
    for pso in all {
        let dn = format!("CN={},CN=Password Settings Container,CN=System,{BASE}", pso.name);
        let numbers = [
            ("msDS-PasswordSettingsPrecedence", pso.precedence),
            ("msDS-MinimumPasswordLength", pso.length),
            ("msDS-MinimumPasswordAge", days(1)),
            ("msDS-MaximumPasswordAge", pso.max_age),
            ("msDS-PasswordHistoryLength", 24),
            ("msDS-LockoutThreshold", 5),
            ("msDS-LockoutDuration", pso.lock_for),
            ("msDS-LockoutObservationWindow", minutes(30)),
        ];
        entry(ldif, &dn, &["top", "msDS-PasswordSettings"], &numbers);
        let _ = writeln!(
            ldif,
            "cn: {}\nmsDS-PasswordComplexityEnabled: {}\nmsDS-PasswordReversibleEncryptionEnabled: {}\n\
             msDS-PSOAppliesTo: CN={},OU=Groups,{BASE}\nobjectGUID:: {}\n",
            pso.name,
            pso.complexity,
            pso.reversible,
            pso.group,
            guid(random),
        );
    }
}

fn truth_of_active_directory(book: &mut Book, users: &[User], [copier, reception, dialin]: &[String; 3]) {
    let policy = |scope: &str, setting: &str| json!({"kind": "policy", "scope": scope, "setting": setting});
    let account = |login: &str| json!({"kind": "account", "domain": DOMAIN, "account": login});
    let domain = format!("domain {DOMAIN}");
    let mut plant = |check: &str, subject, why: &str| {
        book.plant(&format!("directory/{check}"), OFFICE, subject, why);
    };
    plant(
        "lockout-never",
        policy(&domain, "lockout_threshold"),
        "lockoutThreshold of the domain is 0: nobody is ever locked",
    );
    plant(
        "password-too-short",
        policy("PSO SvcPSO", "min_length"),
        "the policy of the service accounts asks for fewer than 8",
    );
    plant(
        "password-age-maximum-long",
        policy("PSO SvcPSO", "max_age_days"),
        "passwords of the service accounts never expire (-2^63)",
    );
    plant("account-password-never-expires", account(copier), "DONT_EXPIRE_PASSWORD on an account in use");
    plant("account-password-not-required", account(reception), "PASSWD_NOTREQD on an account in use");
    plant("reversible-encryption", account(dialin), "ENCRYPTED_TEXT_PWD_ALLOWED on an account in use");
    let all = [
        "directory/account-password-never-expires",
        "directory/account-password-not-required",
        "directory/reversible-encryption",
    ];
    for user in users.iter().filter(|user| user.flags & DISABLED != 0) {
        let what = format!("{} is disabled, whatever its other flags say", user.login);
        book.innocent(OFFICE, account(&user.login), &all, &what);
    }
    let checks = ["password-too-short", "password-complexity-off", "reversible-encryption", "lockout-duration-short"];
    let settings = ["min_length", "complexity", "reversible", "lockout_duration_minutes"];
    for (check, setting) in checks.iter().zip(settings) {
        let check = format!("directory/{check}");
        book.innocent(
            OFFICE,
            policy("PSO ProjectPSO", setting),
            &[&check],
            "ProjectPSO is linked to a group without members",
        );
    }
    book.innocent(
        OFFICE,
        policy("PSO AdminPSO", "lockout_duration_minutes"),
        &["directory/lockout-duration-short"],
        "-2^63 is until an administrator unlocks: stricter than any number of minutes",
    );
    book.innocent(
        OFFICE,
        policy(&domain, "lockout_threshold"),
        &["directory/lockout-threshold-high"],
        "a threshold of 0 is no high threshold and no strict one: it has a check of its own",
    );
}

fn openldap(seed: u64, book: &mut Book) {
    const SUFFIX: &str = "dc=trade,dc=hlsec,dc=example";
    let mut random = Random::new(seed, "openldap");
    let mut ldif = format!(
        "dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: trade\no: Harbour Light Securities\n\n"
    );
    for unit in ["people", "policies"] {
        let _ = writeln!(ldif, "dn: ou={unit},{SUFFIX}\nobjectClass: organizationalUnit\nou: {unit}\n");
    }
    let policy = |name: &str, numbers: &[(&str, i64)]| {
        let mut text = String::new();
        let dn = format!("cn={name},ou=policies,{SUFFIX}");
        entry(&mut text, &dn, &["person", "pwdPolicy", "pwdPolicyChecker"], numbers);
        let _ = writeln!(text, "cn: {name}\nsn: {name}\npwdAttribute: userPassword");
        text
    };
    let strict = [
        ("pwdCheckQuality", 2),
        ("pwdMinLength", random.range(12, 16).cast_signed()),
        ("pwdMinAge", 86_400),
        ("pwdMaxAge", 86_400 * random.range(60, 91).cast_signed()),
        ("pwdInHistory", 10),
        ("pwdMaxFailure", 5),
        // 0: until an administrator unlocks the account.
        ("pwdLockoutDuration", 0),
        ("pwdFailureCountInterval", 1_800),
    ];
    ldif += &policy("default", &strict);
    ldif += "pwdLockout: TRUE\npwdCheckModule: check_password.so\n\n";
    ldif += &policy("migration-2019", &[("pwdMinLength", 4), ("pwdInHistory", 0)]);
    ldif += "pwdLockout: FALSE\n\n";
    for user in staff(&mut random).iter().take(12) {
        let classes = ["inetOrgPerson", "organizationalPerson", "person"];
        entry(&mut ldif, &format!("uid={},ou=people,{SUFFIX}", user.login), &classes, &[]);
        let surname = user.name.rsplit(' ').next().unwrap_or_default();
        let _ = writeln!(
            ldif,
            "uid: {}\ncn: {}\nsn: {surname}\nuserPassword: {{SSHA}}{}\n",
            user.login,
            user.name,
            base64(&std::array::from_fn::<u8, 28, _>(|_| random.byte())),
        );
    }
    let _ = writeln!(
        ldif,
        "dn: olcOverlay={{0}}ppolicy,olcDatabase={{1}}mdb,cn=config\nobjectClass: olcOverlayConfig\n\
         objectClass: olcPPolicyConfig\nolcOverlay: {{0}}ppolicy\nolcPPolicyDefault: cn=default,ou=policies,{SUFFIX}",
    );
    book.file("directory/openldap.ldif", ldif);
    let policy = |name: &str, setting: &str| json!({"kind": "policy", "scope": format!("policy cn={name},ou=policies,{SUFFIX}"), "setting": setting});
    book.innocent(
        TRADING,
        policy("default", "lockout_duration_minutes"),
        &["directory/lockout-duration-short"],
        "pwdLockoutDuration 0 is until an administrator unlocks",
    );
    for (check, setting) in
        [("directory/password-too-short", "min_length"), ("directory/lockout-never", "lockout_threshold")]
    {
        book.innocent(TRADING, policy("migration-2019", setting), &[check], "a policy that no user refers to");
    }
}

fn entry(ldif: &mut String, dn: &str, classes: &[&str], numbers: &[(&str, i64)]) {
    let _ = writeln!(ldif, "dn: {dn}");
    for class in classes {
        let _ = writeln!(ldif, "objectClass: {class}");
    }
    for (name, value) in numbers {
        let _ = writeln!(ldif, "{name}: {value}");
    }
}

fn guid(random: &mut Random) -> String {
    base64(&std::array::from_fn::<u8, 16, _>(|_| random.byte()))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| (group << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (group >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_has_the_rfc_s_examples() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(super::base64(plain.as_bytes()), coded);
        }
    }
}
