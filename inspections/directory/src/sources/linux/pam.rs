//! PAM stacks (pam.d(5)): what they enforce when a password is changed, and whether failures lock an account.

use std::collections::BTreeMap;

use super::conf::Conf;
use super::default_at;
use crate::policy::{Attempts, LockFor, Place, Reset, Settings, Stated};

/// How deep includes are followed, and how many lines a stack may come to: a loop or a bomb ends there.
const MAX_DEPTH: usize = 16;
const MAX_LINES: usize = 10_000;

/// Where the rules for all services stand: Debian's, then Red Hat's.
const COMMON_AUTH: [&str; 3] = ["common-auth", "system-auth", "password-auth"];
const COMMON_PASSWORD: [&str; 3] = ["common-password", "system-auth", "password-auth"];
/// Services whose own rules count where no common ones exist, or where the common ones lock nobody.
const LOGINS: [&str; 2] = ["login", "sshd"];

/// Statements for the reader: file, reason, text.
#[derive(Default)]
pub(super) struct Remarks(pub(super) Vec<(Option<usize>, &'static str, String)>);

impl Remarks {
    fn add(&mut self, file: Option<usize>, reason: &'static str, text: impl Into<String>) {
        let remark = (file, reason, text.into());
        if !self.0.contains(&remark) {
            self.0.push(remark);
        }
    }
}

/// One rule, or an include.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// `auth`, `account`, `password`, `session`; nothing for `@include`, which takes in all kinds.
    kind: Option<String>,
    control: String,
    /// File name of the module, or the service that is included.
    module: String,
    args: Vec<String>,
}

/// All PAM files of a computer, by service.
#[derive(Default)]
pub(super) struct Stacks(BTreeMap<String, Service>);

/// A service's rules, each with its line and text.
struct Service {
    file: usize,
    rules: Vec<(u64, String, Rule)>,
}

/// A rule with its place.
struct Line<'a> {
    file: usize,
    number: u64,
    text: &'a str,
    rule: &'a Rule,
}

impl Line<'_> {
    fn at(&self) -> Place {
        Place::line(self.file, self.number, self.text)
    }

    fn is(&self, module: &str) -> bool {
        self.rule.module == module
    }

    fn has(&self, flag: &str) -> bool {
        self.rule.args.iter().any(|arg| arg == flag)
    }

    fn arg(&self, key: &str) -> Option<&str> {
        self.rule.args.iter().rev().find_map(|arg| arg.strip_prefix(key)?.strip_prefix('='))
    }
}

impl Stacks {
    /// Takes a file; gives the lines that are no rules: count and first line. The first file of a name holds.
    pub(super) fn take(&mut self, service: &str, file: usize, text: &str) -> (u64, u64) {
        let mut odd = (0, 0);
        let mut lines = Vec::new();
        for (line, text) in rules(text) {
            match parse_line(&text) {
                Some(rule) => lines.push((line, text, rule)),
                None => odd = (odd.0 + 1, if odd.0 == 0 { line } else { odd.1 }),
            }
        }
        self.0.entry(service.to_owned()).or_insert(Service { file, rules: lines });
        odd
    }

    /// Whether and how failures lock an account: the weakest of the stacks.
    pub(super) fn lockout(&self, conf: Option<&Conf>, settings: &mut Settings, remarks: &mut Remarks) {
        let common: Vec<Locking> = self.evaluate(&COMMON_AUTH, "auth", conf, remarks);
        let logins: Vec<Locking> = self.evaluate(&LOGINS, "auth", conf, remarks);
        let locks = |all: &[Locking]| !all.is_empty() && all.iter().all(|one| one.threshold.value != Attempts::Never);
        // Some put the module into each service instead of the common stack.
        let chosen = if common.is_empty() || (!locks(&common) && logins.len() == LOGINS.len() && locks(&logins)) {
            logins
        } else {
            common
        };
        if chosen.is_empty() {
            if conf.is_some() {
                let text = "faillock.conf counts only where the PAM stack calls pam_faillock, and /etc/pam.d is missing: lockout was not looked at";
                remarks.add(conf.map(|conf| conf.file), "pam-missing", text);
            }
            return;
        }
        let attempts = |locking: &Locking| match locking.threshold.value {
            Attempts::Never => u64::MAX,
            Attempts::After(attempts) => attempts,
        };
        let (mut thresholds, mut durations, mut resets) = (Vec::new(), Vec::new(), Vec::new());
        for locking in chosen {
            thresholds.push((attempts(&locking), locking.threshold));
            durations.extend(locking.duration);
            resets.extend(locking.reset);
        }
        thresholds.sort_by_key(|(attempts, _)| std::cmp::Reverse(*attempts));
        settings.lockout_threshold = thresholds.into_iter().next().map(|(_, threshold)| threshold);
        durations.sort_by_key(|duration| match duration.value {
            LockFor::UntilAdmin => u64::MAX,
            LockFor::Seconds(seconds) => seconds,
        });
        settings.lockout_duration = durations.into_iter().next();
        resets.sort_by_key(|reset| match reset.value {
            Reset::OnSuccess => u64::MAX,
            Reset::Seconds(seconds) => seconds,
        });
        settings.lockout_reset = resets.into_iter().next();
    }

    /// What is enforced of a new password: the weakest of the stacks.
    pub(super) fn quality(
        &self,
        quality: &[&Conf],
        pwhistory: Option<&Conf>,
        settings: &mut Settings,
        remarks: &mut Remarks,
    ) {
        let mut names: Vec<&str> = COMMON_PASSWORD.into_iter().filter(|name| self.0.contains_key(*name)).collect();
        if names.is_empty() {
            names = ["passwd"].into_iter().filter(|name| self.0.contains_key(*name)).collect();
        }
        for name in names {
            let lines = self.stack(name, "password", remarks);
            let Some(last) = lines.iter().find(|line| line.is("pam_unix.so")).or(lines.first()) else { continue };
            let rules = Quality { lines: &lines, conf: quality, pwhistory, base: last.at() };
            if lines.iter().any(|line| line.is("pam_passwdqc.so")) {
                let text = "pam_passwdqc has rules of its own (min=) that are not evaluated: length and complexity were not looked at";
                remarks.add(Some(last.file), "passwdqc", text);
            } else {
                weaker(&mut settings.min_length, rules.length());
                weaker(&mut settings.complexity, rules.complexity());
            }
            weaker(&mut settings.history, rules.history());
        }
        if settings.history.is_none() && !quality.is_empty() {
            let text = "pwquality.conf counts only where the PAM stack calls pam_pwquality, and that part of /etc/pam.d is missing: length and complexity were not looked at";
            remarks.add(quality.first().map(|conf| conf.file), "pam-missing", text);
        }
    }

    fn evaluate(&self, names: &[&str], kind: &str, conf: Option<&Conf>, remarks: &mut Remarks) -> Vec<Locking> {
        let present = names.iter().filter(|name| self.0.contains_key(**name));
        present.filter_map(|name| Locking::of(&self.stack(name, kind, remarks), conf, remarks)).collect()
    }

    /// The rules of one kind of a service, includes followed.
    fn stack(&self, service: &str, kind: &str, remarks: &mut Remarks) -> Vec<Line<'_>> {
        let mut lines = Vec::new();
        let mut budget = MAX_LINES;
        self.append(service, kind, (0, &mut budget), &mut lines, remarks);
        lines
    }

    fn append<'a>(
        &'a self,
        service: &str,
        kind: &str,
        (depth, budget): (usize, &mut usize),
        lines: &mut Vec<Line<'a>>,
        remarks: &mut Remarks,
    ) {
        let Some(Service { file, rules }) = self.0.get(service) else {
            let text =
                format!("the PAM file {service} is included but is not in the evidence: its rules were not seen");
            remarks.add(None, "pam-include-missing", text);
            return;
        };
        for (line, text, rule) in rules {
            if depth > MAX_DEPTH || *budget == 0 {
                let text = "PAM includes go too deep or too far and were not followed to their end";
                remarks.add(Some(*file), "pam-include-loop", text);
                return;
            }
            *budget -= 1;
            let ours = rule.kind.as_deref().is_none_or(|of| of == kind);
            if !ours {
                continue;
            }
            if rule.kind.is_none() || matches!(rule.control.as_str(), "include" | "substack") {
                self.append(&rule.module, kind, (depth + 1, budget), lines, remarks);
            } else {
                lines.push(Line { file: *file, number: *line, text, rule });
            }
        }
    }
}

/// How one stack locks accounts.
struct Locking {
    threshold: Stated<Attempts>,
    duration: Option<Stated<LockFor>>,
    reset: Option<Stated<Reset>>,
}

impl Locking {
    fn of(lines: &[Line<'_>], conf: Option<&Conf>, remarks: &mut Remarks) -> Option<Self> {
        let faillock: Vec<&Line<'_>> = lines.iter().filter(|line| line.is("pam_faillock.so")).collect();
        let tally = lines.iter().find(|line| line.is("pam_tally2.so") || line.is("pam_tally.so"));
        let stage = |name: &str| faillock.iter().find(|line| line.has(name));
        // One line counts the failures, another one refuses the locked account: it takes both (pam_faillock(8)).
        match (stage("authfail"), stage("preauth").or_else(|| stage("authsucc"))) {
            (Some(counts), Some(_)) => {
                let dead_end = |line: &Line<'_>| {
                    line.is("pam_deny.so") && matches!(line.rule.control.as_str(), "requisite" | "[default=die]")
                };
                let before = lines.iter().position(|line| std::ptr::eq(line, *counts)).unwrap_or_default();
                if lines[..before].iter().any(dead_end) {
                    let text = "pam_faillock authfail stands after a pam_deny that ends the stack, so a failed login may never be counted: test it; the settings were taken to be in force";
                    remarks.add(Some(counts.file), "faillock-order", text);
                }
                return Some(Self::faillock(&faillock, conf));
            }
            (None, None) => {}
            (Some(line), None) | (None, Some(line)) => {
                let at = default_at(&line.at(), "does not lock without its other line (preauth and authfail)");
                return Some(Self { threshold: at.state(Attempts::Never), duration: None, reset: None });
            }
        }
        if let Some(line) = tally {
            return Some(Self::tally(line));
        }
        let place = lines.iter().find(|line| line.is("pam_unix.so")).or(lines.first())?.at();
        let at = default_at(&place, "no pam_faillock in this stack");
        Some(Self { threshold: at.state(Attempts::Never), duration: None, reset: None })
    }

    fn faillock(lines: &[&Line<'_>], conf: Option<&Conf>) -> Self {
        // Of lines that differ the weaker one counts.
        let value = |key: &str, default: u64, weak: fn(u64, u64) -> bool| {
            let of = |line: &&Line<'_>| -> Stated<u64> {
                if let Some(number) = line.arg(key).and_then(seconds) {
                    return line.at().state(number);
                }
                let stated = conf.and_then(|conf| {
                    let stated = conf.get(key)?;
                    Some(stated.at.state(seconds(stated.value)?))
                });
                stated.unwrap_or_else(|| {
                    default_at(&line.at(), &format!("{key} is not set, {default} by default")).state(default)
                })
            };
            let relevant =
                lines.iter().filter(|line| line.has("preauth") || line.has("authfail") || line.has("authsucc"));
            relevant.map(of).reduce(|a, b| if weak(b.value, a.value) { b } else { a })
        };
        // 0 attempts means never: the weakest of all.
        let rank = |attempts: u64| if attempts == 0 { u64::MAX } else { attempts };
        let threshold = lines
            .iter()
            .filter_map(|line| line.arg("deny").and_then(seconds).map(|number| line.at().state(number)))
            .max_by_key(|stated| rank(stated.value))
            .or_else(|| value("deny", 3, |_, _| false));
        let threshold = threshold.map_or_else(
            || Place::absent(0, "deny", "deny").state(Attempts::Never),
            |stated| {
                let value = if stated.value == 0 { Attempts::Never } else { Attempts::After(stated.value) };
                stated.at.state(value)
            },
        );
        // unlock_time 0 is `never`, the strictest of all.
        let duration = value("unlock_time", 600, |new, old| new != 0 && (old == 0 || new < old)).map(|stated| {
            let value = if stated.value == 0 { LockFor::UntilAdmin } else { LockFor::Seconds(stated.value) };
            stated.at.state(value)
        });
        let reset = value("fail_interval", 900, |new, old| new < old).map(|stated| {
            let value = Reset::Seconds(stated.value);
            stated.at.state(value)
        });
        Self { threshold, duration, reset }
    }

    /// pam_tally2(8): without `deny` nobody is locked, without `unlock_time` for ever; only a success resets.
    fn tally(line: &Line<'_>) -> Self {
        let attempts = match line.arg("deny").and_then(seconds) {
            None | Some(0) => Attempts::Never,
            Some(attempts) => Attempts::After(attempts),
        };
        let duration = match line.arg("unlock_time").and_then(seconds) {
            None | Some(0) => LockFor::UntilAdmin,
            Some(seconds) => LockFor::Seconds(seconds),
        };
        Self {
            threshold: line.at().state(attempts),
            duration: Some(line.at().state(duration)),
            reset: Some(line.at().state(Reset::OnSuccess)),
        }
    }
}

/// A whole number; `never` is 0.
fn seconds(text: &str) -> Option<u64> {
    if text == "never" { Some(0) } else { text.parse().ok() }
}

/// What one password stack enforces.
struct Quality<'a> {
    lines: &'a [Line<'a>],
    conf: &'a [&'a Conf],
    pwhistory: Option<&'a Conf>,
    /// The line that stores the new password: the place of what is not there.
    base: Place,
}

impl Quality<'_> {
    /// The module that checks quality, with the defaults of minlen and credits: pwquality's or cracklib's.
    fn module(&self) -> Option<(&Line<'_>, i64, i64)> {
        let find = |name: &str| self.lines.iter().find(|line| line.is(name));
        find("pam_pwquality.so").map(|line| (line, 8, 0)).or_else(|| find("pam_cracklib.so").map(|line| (line, 9, 1)))
    }

    /// A setting of the module: the line's argument, else the first file that sets it, else its default.
    fn value(&self, line: &Line<'_>, key: &str, default: i64) -> Stated<i64> {
        if let Some(number) = line.arg(key).and_then(|text| text.parse().ok()) {
            return line.at().state(number);
        }
        let conf = if line.is("pam_pwquality.so") { self.conf } else { &[] };
        conf.iter().find_map(|conf| conf.number(key)).unwrap_or_else(|| {
            default_at(&line.at(), &format!("{key} is not set, {default} by default")).state(default)
        })
    }

    /// The module, unless it only warns (`enforcing = 0`).
    fn enforcing(&self) -> Option<(&Line<'_>, i64, i64)> {
        self.module().filter(|(line, ..)| self.value(line, "enforcing", 1).value != 0)
    }

    fn length(&self) -> Stated<u64> {
        let unix = self.lines.iter().find(|line| line.is("pam_unix.so"));
        let of_unix = unix.map(|line| match line.arg("minlen").and_then(|text| text.parse().ok()) {
            Some(length) => line.at().state(length),
            // Debian's `obscure` asks for 6.
            None if line.has("obscure") => default_at(&line.at(), "minlen is not set, 6 by default").state(6),
            None => default_at(&line.at(), "no minimum length").state(0),
        });
        let of_module = self.enforcing().map(|(line, minlen, credit)| {
            let length = self.value(line, "minlen", minlen);
            // A positive credit makes a password count as longer than it is.
            let credits: i64 = CREDITS.iter().map(|key| self.value(line, key, credit).value.clamp(0, 1_000)).sum();
            let effective = length.value.clamp(0, 100_000).saturating_sub(credits).max(6);
            let at = if credits > 0 {
                default_at(&length.at, &format!("credits shorten it by up to {credits}"))
            } else {
                length.at
            };
            at.state(effective.unsigned_abs())
        });
        let absent = || default_at(&self.base, "no minimum length").state(0);
        [of_module, of_unix].into_iter().flatten().max_by_key(|stated| stated.value).unwrap_or_else(absent)
    }

    /// On where at least three classes of characters are asked for, as Windows does.
    fn complexity(&self) -> Stated<bool> {
        let Some((line, _, credit)) = self.enforcing() else {
            return default_at(&self.base, "no pam_pwquality that enforces").state(false);
        };
        let classes = self.value(line, "minclass", 0);
        let credits: Vec<Stated<i64>> = CREDITS.iter().map(|key| self.value(line, key, credit)).collect();
        let demanded: Vec<&Stated<i64>> = credits.iter().filter(|credit| credit.value < 0).collect();
        if classes.value >= 3 || demanded.is_empty() {
            let on = classes.value >= 3;
            return classes.at.state(on);
        }
        let first = &demanded[0].at;
        let same_line = demanded.iter().all(|one| one.at.locator == first.locator);
        let excerpt = if same_line {
            first.excerpt.clone()
        } else {
            demanded.iter().map(|one| one.at.excerpt.as_str()).collect::<Vec<_>>().join(", ")
        };
        Place { excerpt, ..first.clone() }.state(demanded.len() >= 3)
    }

    fn history(&self) -> Stated<u64> {
        let find = |name: &str| self.lines.iter().find(|line| line.is(name));
        let number = |line: &Line<'_>| line.arg("remember").and_then(|text| text.parse::<u64>().ok());
        let of_history = find("pam_pwhistory.so").map(|line| {
            let own = number(line).map(|remember| line.at().state(remember));
            let from_file = || {
                let stated = self.pwhistory?.number("remember")?;
                Some(Stated { value: u64::try_from(stated.value).unwrap_or(0), at: stated.at })
            };
            let default = || default_at(&line.at(), "remember is not set, 10 by default").state(10);
            own.or_else(from_file).unwrap_or_else(default)
        });
        let of_unix = find("pam_unix.so").and_then(|line| Some(line.at().state(number(line)?)));
        let absent = || default_at(&self.base, "no pam_pwhistory and no remember").state(0);
        [of_history, of_unix].into_iter().flatten().max_by_key(|stated| stated.value).unwrap_or_else(absent)
    }
}

const CREDITS: [&str; 4] = ["dcredit", "ucredit", "lcredit", "ocredit"];

/// Keeps the smaller of two values: the weaker stack.
fn weaker<T: PartialOrd>(slot: &mut Option<Stated<T>>, new: Stated<T>) {
    if slot.as_ref().is_none_or(|old| new.value < old.value) {
        *slot = Some(new);
    }
}

/// Rules of a file: lines joined at a trailing `\`, without comments and blank lines, each with its first line's number.
pub(super) fn rules(text: &str) -> Vec<(u64, String)> {
    let mut rules: Vec<(u64, String)> = Vec::new();
    let mut open: Option<(u64, String)> = None;
    for (line, raw) in (1..).zip(text.lines()) {
        let raw = raw.split('#').next().unwrap_or_default().trim();
        let (part, goes_on) = raw.strip_suffix('\\').map_or((raw, false), |part| (part.trim_end(), true));
        let (start, mut rule) = open.take().unwrap_or((line, String::new()));
        if !rule.is_empty() && !part.is_empty() {
            rule.push(' ');
        }
        rule.push_str(part);
        if goes_on {
            open = Some((start, rule));
        } else if !rule.is_empty() {
            rules.push((start, rule));
        }
    }
    rules.extend(open.filter(|(_, rule)| !rule.is_empty()));
    rules
}

/// `[-]type control module args…`, or `@include service`.
pub(super) fn parse_line(text: &str) -> Option<Rule> {
    if let Some(service) = text.strip_prefix("@include") {
        let service = service.strip_prefix(char::is_whitespace)?.trim();
        if service.is_empty() || service.contains(char::is_whitespace) {
            return None;
        }
        return Some(Rule { kind: None, control: String::new(), module: file_name(service), args: Vec::new() });
    }
    let (kind, rest) = text.split_once(char::is_whitespace)?;
    let kind = kind.trim_start_matches('-').to_ascii_lowercase();
    if !matches!(kind.as_str(), "auth" | "account" | "password" | "session") {
        return None;
    }
    let rest = rest.trim_start();
    let (control, rest) = if rest.starts_with('[') {
        let end = rest.find(']')?;
        (rest[..=end].to_owned(), &rest[end + 1..])
    } else {
        let (control, rest) = rest.split_once(char::is_whitespace)?;
        let control = control.to_ascii_lowercase();
        let words = ["required", "requisite", "sufficient", "optional", "include", "substack", "binding"];
        if !words.contains(&control.as_str()) {
            return None;
        }
        (control, rest)
    };
    let mut words = rest.split_whitespace();
    let module = words.next()?;
    let include = matches!(control.as_str(), "include" | "substack");
    if !include && !module.ends_with(".so") {
        return None;
    }
    Some(Rule { kind: Some(kind), control, module: file_name(module), args: words.map(str::to_owned).collect() })
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_pam_does() {
        let text = "# c\nauth [success=1 default=ignore] \\\n  /lib/security/pam_unix.so nullok # c\n@include common-auth\n-session optional pam_systemd.so\n";
        let read = rules(text);
        assert_eq!(read.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4, 5]);
        let rule = parse_line(&read[0].1).unwrap();
        assert_eq!((rule.module.as_str(), rule.control.as_str()), ("pam_unix.so", "[success=1 default=ignore]"));
        assert_eq!(rule.args, ["nullok"]);
        assert_eq!(parse_line("$auth_primary"), None);
        assert_eq!(parse_line("auth maybe pam_unix.so"), None);
    }

    #[test]
    fn an_include_loop_ends() {
        let mut stacks = Stacks::default();
        stacks.take("a", 0, "auth include b\nauth include b\nauth required pam_unix.so\n");
        stacks.take("b", 1, "auth include a\nauth include a\n");
        let mut remarks = Remarks::default();
        assert!(stacks.stack("a", "auth", &mut remarks).len() <= MAX_LINES);
        assert!(remarks.0.iter().all(|(_, reason, _)| *reason == "pam-include-loop") && !remarks.0.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text: String) {
            let mut stacks = Stacks::default();
            stacks.take("common-auth", 0, &text);
            stacks.take("common-password", 0, &text);
            let (mut settings, mut remarks) = (Settings::default(), Remarks::default());
            stacks.lockout(None, &mut settings, &mut remarks);
            stacks.quality(&[], None, &mut settings, &mut remarks);
        }
    }
}
