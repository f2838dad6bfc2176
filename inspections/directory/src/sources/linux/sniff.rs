//! Recognisers of Linux files. A file whose settings are all commented out is still that file.

use secdiag_model::{Head, Match};

use super::pam::{parse_line, rules};

const LOGIN_DEFS: [&str; 14] = [
    "PASS_MIN_DAYS",
    "PASS_WARN_AGE",
    "PASS_MIN_LEN",
    "UID_MIN",
    "UID_MAX",
    "GID_MIN",
    "GID_MAX",
    "ENCRYPT_METHOD",
    "UMASK",
    "MAIL_DIR",
    "CREATE_HOME",
    "USERGROUPS_ENAB",
    "LOGIN_RETRIES",
    "SYS_UID_MIN",
];

const PWQUALITY: [&str; 20] = [
    "difok",
    "minlen",
    "dcredit",
    "ucredit",
    "lcredit",
    "ocredit",
    "minclass",
    "maxrepeat",
    "maxsequence",
    "maxclassrepeat",
    "gecoscheck",
    "dictcheck",
    "usercheck",
    "usersubstr",
    "enforcing",
    "badwords",
    "dictpath",
    "retry",
    "enforce_for_root",
    "local_users_only",
];

const FAILLOCK: [&str; 13] = [
    "dir",
    "audit",
    "silent",
    "no_log_info",
    "local_users_only",
    "nodelay",
    "deny",
    "fail_interval",
    "unlock_time",
    "even_deny_root",
    "root_unlock_time",
    "admin_group",
    "conf",
];

const PWHISTORY: [&str; 6] = ["debug", "enforce_for_root", "remember", "retry", "file", "use_authtok"];

pub(in super::super) fn login_defs(head: &Head<'_>) -> Match {
    let key = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    let is_key =
        |word: &str| word.len() > 2 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let text = head.text();
    if head.is_binary() || !text.contains("PASS_MAX_DAYS") || !LOGIN_DEFS.iter().any(|name| text.contains(name)) {
        return Match::No;
    }
    let lines = significant(head);
    let own = |line: &String| key(line) == "PASS_MAX_DAYS" || LOGIN_DEFS.contains(&key(line).as_str());
    let named = head.name == "login.defs";
    if lines.iter().all(|line| is_key(&key(line))) && (named || lines.iter().any(own)) {
        Match::Yes(80)
    } else {
        Match::No
    }
}

pub(in super::super) fn pam(head: &Head<'_>) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let mut any = false;
    for (_, line) in rules(&whole_lines(head)) {
        match parse_line(&line) {
            Some(_) => any = true,
            None => return Match::No,
        }
    }
    if any { Match::Yes(80) } else { Match::No }
}

pub(in super::super) fn pwquality(head: &Head<'_>) -> Match {
    keys(
        head,
        &PWQUALITY,
        &["minlen", "dcredit", "ucredit", "lcredit", "ocredit", "minclass", "difok", "maxclassrepeat"],
    )
}

pub(in super::super) fn faillock(head: &Head<'_>) -> Match {
    keys(head, &FAILLOCK, &["fail_interval", "unlock_time", "even_deny_root", "deny"])
}

pub(in super::super) fn pwhistory(head: &Head<'_>) -> Match {
    keys(head, &PWHISTORY, &["remember"])
}

pub(in super::super) fn shadow(head: &Head<'_>) -> Match {
    let lines = significant(head);
    let entry = |line: &String| {
        let fields: Vec<&str> = line.split(':').collect();
        let number = |field: &&str| field.parse::<i64>().is_ok() || field.is_empty();
        let password = |field: &str| {
            field.is_empty() || field == "x" || field.starts_with(['*', '!', '$', '_']) || field.len() == 13
        };
        fields.len() == 9
            && !fields[0].is_empty()
            && !fields[0].contains(char::is_whitespace)
            && password(fields[1])
            && fields[2..8].iter().all(number)
            && fields[8].is_empty()
            && (!fields[2].is_empty() || fields[1].starts_with(['*', '!']))
    };
    if !head.is_binary() && !lines.is_empty() && lines.iter().all(entry) { Match::Yes(85) } else { Match::No }
}

/// A file that sets nothing but known keys, one of them telling; or one that only mentions at least two telling ones in
/// comments such as `# minlen = 8`.
fn keys(head: &Head<'_>, known: &[&str], telling: &[&str]) -> Match {
    if head.is_binary() {
        return Match::No;
    }
    let key = |line: &str| line.split(['=', ' ', '\t']).next().unwrap_or_default().to_owned();
    let lines = significant(head);
    if !lines.iter().all(|line| known.contains(&key(line).as_str()) && line.split_whitespace().count() <= 5) {
        return Match::No;
    }
    let set = lines.iter().filter(|line| telling.contains(&key(line).as_str()) && line.contains('=')).count();
    let commented = head.text().lines().filter_map(|line| line.trim().strip_prefix('#')).map(str::trim);
    let mentioned: std::collections::BTreeSet<String> =
        commented.map(key).filter(|key| telling.contains(&key.as_str())).collect();
    let enough = telling.len().min(2);
    if set > 0 || mentioned.len() >= enough && commented_settings(head, known) { Match::Yes(75) } else { Match::No }
}

/// At least one comment is a setting: `# key = value` or `# key`.
fn commented_settings(head: &Head<'_>, known: &[&str]) -> bool {
    head.text().lines().filter_map(|line| line.trim().strip_prefix('#')).any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.len() <= 3 && words.get(1) == Some(&"=") && known.contains(&words[0])
    })
}

/// Lines that are neither blank nor comments; the last one only where the head is the whole file.
fn significant(head: &Head<'_>) -> Vec<String> {
    let text = whole_lines(head);
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn whole_lines(head: &Head<'_>) -> String {
    let text = head.text();
    if head.size > head.bytes.len() as u64 {
        text.rsplit_once('\n').map_or(String::new(), |(whole, _)| whole.to_owned())
    } else {
        text.to_owned()
    }
}
