//! `samba-tool domain passwordsettings show`: the domain's policy as text, one setting per line.

use secdiag_inspect::{ParseCx, Stop, Unit};
use secdiag_model::{Head, Match, Note, NoteKind};

use super::{ad, store};
use crate::policy::{
    Accounts, Attempts, DirectoryPolicy, LockFor, MaxAge, Place, Reset, Scope, ScopeKind, Settings, Source,
};

const FIRST: &str = "Password information for domain '";

pub(super) fn sniff(head: &Head<'_>) -> Match {
    if head.text().trim_start().starts_with(FIRST) { Match::Yes(90) } else { Match::No }
}

pub(super) fn parse(unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
    let artefact = unit.first();
    let text = cx.text(artefact)?.text;
    let mut name = None;
    let mut settings = Settings::default();
    let (mut odd, mut first) = (0, 0);
    for (line, raw) in (1..).zip(text.lines()) {
        if let Some(domain) = raw.trim().strip_prefix(FIRST) {
            name = Some(ad::dotted(domain.trim_end_matches('\'')));
            continue;
        }
        if raw.trim().is_empty() {
            continue;
        }
        let taken = raw
            .split_once(':')
            .and_then(|(key, value)| take(&mut settings, key.trim(), value.trim(), Place::line(0, line, raw.trim())));
        if taken.is_none() {
            first = if odd == 0 { line } else { first };
            odd += 1;
        }
    }
    if odd > 0 {
        let text = "lines are not settings that samba-tool writes; they count as not stated";
        let note = Note::new(NoteKind::NotUnderstood, "bad-value", text);
        cx.note(note.on(artefact).at(format!("line {first}")).times(odd));
    }
    let scope =
        Scope { kind: ScopeKind::DomainDefault, name: String::new(), precedence: None, settings, coverage: None };
    let scopes = if scope.settings.is_empty() { Vec::new() } else { vec![scope] };
    let (files, accounts) = (vec![artefact.sha256], Accounts::default());
    let document = DirectoryPolicy { source: Source::ActiveDirectory, name, files, scopes, ldap: None, accounts };
    store(unit, &document, cx)
}

fn take(settings: &mut Settings, key: &str, value: &str, at: Place) -> Option<()> {
    let number = || value.parse::<u64>().ok();
    let seconds = |unit: u64| number().map(|number| number.saturating_mul(unit));
    let switch = || match value {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    };
    match key {
        "Password complexity" => settings.complexity = Some(at.state(switch()?)),
        "Store plaintext passwords" => settings.reversible = Some(at.state(switch()?)),
        "Password history length" => settings.history = Some(at.state(number()?)),
        "Minimum password length" => settings.min_length = Some(at.state(number()?)),
        "Minimum password age (days)" => settings.min_age = Some(at.state(seconds(86_400)?)),
        "Maximum password age (days)" => {
            let age = seconds(86_400)?;
            settings.max_age = Some(at.state(if age == 0 { MaxAge::Never } else { MaxAge::Seconds(age) }));
        }
        "Account lockout threshold (attempts)" => {
            let attempts = number()?;
            let attempts = if attempts == 0 { Attempts::Never } else { Attempts::After(attempts) };
            settings.lockout_threshold = Some(at.state(attempts));
        }
        "Account lockout duration (mins)" => {
            let time = seconds(60)?;
            settings.lockout_duration =
                Some(at.state(if time == 0 { LockFor::UntilAdmin } else { LockFor::Seconds(time) }));
        }
        "Reset account lockout after (mins)" => settings.lockout_reset = Some(at.state(Reset::Seconds(seconds(60)?))),
        _ => return None,
    }
    Some(())
}
