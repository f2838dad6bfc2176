//! Computers with rules of their own: a Windows computer outside the domain, Linux hosts, one of them hardened.

use std::fmt::Write as _;

use serde_json::json;

use crate::random::Random;
use crate::{BACK_OFFICE, Book, TRADING, desktop};

pub(crate) fn write(seed: u64, book: &mut Book) {
    if book.edition.covers(BACK_OFFICE) {
        windows(seed, book);
    }
    linux(seed, book);
}

/// `secedit /export` of a computer that is in no domain.
fn windows(seed: u64, book: &mut Book) {
    let mut random = Random::new(seed, "windows");
    let (threshold, minutes) = (random.range(8, 15), random.range(2, 10));
    let text = format!(
        "[Unicode]\nUnicode=yes\n[System Access]\nMinimumPasswordAge = 0\nMaximumPasswordAge = {}\n\
         MinimumPasswordLength = 10\nPasswordComplexity = 0\nPasswordHistorySize = 0\nLockoutBadCount = {threshold}\n\
         ResetLockoutCount = {minutes}\nLockoutDuration = {minutes}\nRequireLogonToChangePassword = 0\n\
         ForceLogoffWhenHourExpire = 0\nNewAdministratorName = \"Administrator\"\nNewGuestName = \"Guest\"\n\
         ClearTextPassword = 0\nLSAAnonymousNameLookup = 0\nEnableAdminAccount = 1\nEnableGuestAccount = 0\n\
         [Event Audit]\nAuditSystemEvents = 0\nAuditLogonEvents = 3\nAuditAccountManage = 1\n\
         [Privilege Rights]\nSeNetworkLogonRight = *S-1-5-32-544,*S-1-5-32-545\n\
         [Version]\nsignature=\"$CHICAGO$\"\nRevision=1\n",
        random.range(30, 91),
    );
    let wide = std::iter::once(0xfeff).chain(text.replace('\n', "\r\n").encode_utf16().collect::<Vec<_>>());
    book.file("computers/settle-07-secpol.inf", wide.flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    for (check, setting, why) in [
        ("password-age-minimum-short", "min_age_days", "passwords may be changed again at once"),
        ("password-complexity-off", "complexity", "PasswordComplexity = 0"),
        ("password-history-short", "history", "PasswordHistorySize = 0"),
        ("lockout-threshold-high", "lockout_threshold", "more than 5 attempts"),
        ("lockout-duration-short", "lockout_duration_minutes", "locked for less than 15 minutes"),
        ("lockout-reset-short", "lockout_reset_minutes", "attempts are forgotten before 15 minutes have passed"),
    ] {
        let subject = json!({"kind": "policy", "scope": "computer settle-07", "setting": setting});
        book.plant(&format!("directory/{check}"), BACK_OFFICE, subject, why);
    }
}

/// The `/etc` of two hosts in one archive: one as it was installed, one hardened. A third one lies two archives deep.
fn linux(seed: u64, book: &mut Book) {
    let mut random = Random::new(seed, "linux");
    let mut files = installed("order-web01", &mut random);
    files.extend(hardened("order-web02", &mut random));
    book.file("computers/linux-hosts.tar.gz", desktop::gzip(&desktop::tar(&files)));
    let spare = desktop::gzip(&desktop::tar(&hardened("order-web03", &mut random)));
    book.file("computers/spare-site.zip", desktop::zip(&[("spare/hosts.tar.gz".to_owned(), spare)]));

    let policy =
        |host: &str, setting: &str| json!({"kind": "policy", "scope": format!("computer {host}"), "setting": setting});
    for (check, setting, why) in [
        ("password-too-short", "min_length", "pam_unix with obscure asks for 6, and no pam_pwquality"),
        ("password-complexity-off", "complexity", "no pam_pwquality"),
        ("password-history-short", "history", "no pam_pwhistory and no remember"),
        ("password-age-minimum-short", "min_age_days", "PASS_MIN_DAYS 0"),
        ("password-age-maximum-long", "max_age_days", "PASS_MAX_DAYS 99999 is never"),
        ("lockout-never", "lockout_threshold", "no pam_faillock; faillock.conf alone locks nobody"),
    ] {
        book.plant(&format!("directory/{check}"), TRADING, policy("order-web01", setting), why);
    }
    for host in ["order-web02", "order-web03"] {
        for (check, setting, what) in [
            ("password-too-short", "min_length", "minlen stands in pwquality.conf, which the PAM stack reads"),
            ("lockout-never", "lockout_threshold", "deny stands in faillock.conf, which the PAM stack reads"),
            ("password-age-maximum-long", "max_age_days", "PASS_MAX_DAYS 99999 stands in a comment"),
        ] {
            let check = format!("directory/{check}");
            book.innocent(TRADING, policy(host, setting), &[&check], &format!("{host}: {what}"));
        }
    }
}

type Files = Vec<(String, Vec<u8>)>;

fn etc(host: &str, files: &[(&str, String)]) -> Files {
    files.iter().map(|(name, text)| (format!("{host}/etc/{name}"), text.clone().into_bytes())).collect()
}

fn login_defs(max: &str, min: &str, random: &mut Random) -> String {
    let mut text = String::from("# /etc/login.defs - Configuration control definitions for the shadow package.\n");
    // What a careless reader takes for the setting.
    let _ = write!(
        text,
        "#\tPASS_MAX_DAYS\tMaximum number of days a password may be used, such as 99999.\n\
         #PASS_MAX_DAYS\t99999\nMAIL_DIR\t/var/mail\nUMASK\t\t0{}7\nPASS_MAX_DAYS\t{max}\nPASS_MIN_DAYS\t{min}\n\
         PASS_WARN_AGE\t{}\nUID_MIN\t\t1000\nUID_MAX\t\t60000\nENCRYPT_METHOD\tSHA512\n",
        random.range(2, 4),
        random.range(7, 15),
    );
    text
}

/// As Debian installs it, and a faillock.conf that nothing reads.
fn installed(host: &str, random: &mut Random) -> Files {
    let auth = "# /etc/pam.d/common-auth\nauth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\tpam_deny.so\nauth\trequired\tpam_permit.so\n";
    let password = "# /etc/pam.d/common-password\npassword\t[success=1 default=ignore]\tpam_unix.so obscure yescrypt\npassword\trequisite\tpam_deny.so\npassword\trequired\tpam_permit.so\n";
    let faillock = format!(
        "# written when the hardening was planned\ndeny = 3\nunlock_time = {}\nfail_interval = 900\n",
        60 * random.range(15, 31)
    );
    etc(
        host,
        &[
            ("login.defs", login_defs("99999", "0", random)),
            ("pam.d/common-auth", auth.to_owned()),
            ("pam.d/common-password", password.to_owned()),
            ("security/faillock.conf", faillock),
        ],
    )
}

fn hardened(host: &str, random: &mut Random) -> Files {
    let auth = "# /etc/pam.d/common-auth\nauth\trequired\tpam_faillock.so preauth\nauth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\t[default=die]\tpam_faillock.so authfail\nauth\tsufficient\tpam_faillock.so authsucc\nauth\trequisite\tpam_deny.so\nauth\trequired\tpam_permit.so\n";
    let password = "# /etc/pam.d/common-password\npassword\trequisite\tpam_pwquality.so retry=3\npassword\trequired\tpam_pwhistory.so remember=5 use_authtok\npassword\t[success=1 default=ignore]\tpam_unix.so obscure use_authtok yescrypt\npassword\trequisite\tpam_deny.so\npassword\trequired\tpam_permit.so\n";
    let quality = format!(
        "# minlen = 8\nminlen = {}\nminclass = 4\ndcredit = -1\nucredit = -1\nlcredit = -1\nocredit = -1\n",
        random.range(12, 17)
    );
    let faillock =
        format!("# deny = 0\ndeny = {}\nunlock_time = 900\nfail_interval = 900\neven_deny_root\n", random.range(3, 6));
    etc(
        host,
        &[
            ("login.defs", login_defs("90", "1", random)),
            ("pam.d/common-auth", auth.to_owned()),
            ("pam.d/common-password", password.to_owned()),
            ("security/pwquality.conf", quality),
            ("security/faillock.conf", faillock),
        ],
    )
}
