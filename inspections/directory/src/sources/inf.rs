//! Windows security templates: `secedit /export /cfg` and `GptTmpl.inf` of Group Policy (MS-GPSB 2.2.1).
//!
//! The keys are English whatever the language of Windows. A template sets only what it lists: what it leaves out is
//! not defined there, neither right nor wrong.

use secdiag_inspect::{ParseCx, Stop, Unit};
use secdiag_model::{Head, Match, Note, NoteKind};

use super::{files, store};
use crate::policy::{
    Accounts, Attempts, DirectoryPolicy, LockFor, MaxAge, Place, Reset, Scope, ScopeKind, Settings, Source, Stated,
};

const DAY: u64 = 86_400;

/// Both forms begin alike; the name `GptTmpl.inf`, which Group Policy fixes, tells them apart.
pub(super) fn sniff(head: &Head<'_>, gpo: bool) -> Match {
    let lines = || head.text().lines().map(str::trim);
    let section = |name: &str| lines().any(|line| line.eq_ignore_ascii_case(name));
    let chicago = lines().any(|line| {
        line.split_once('=').is_some_and(|(key, value)| {
            key.trim().eq_ignore_ascii_case("signature") && value.trim().trim_matches('"') == "$CHICAGO$"
        })
    });
    let of_policy = ["[System Access]", "[Unicode]", "[Registry Values]", "[Privilege Rights]", "[Event Audit]"];
    if !(chicago || section("[System Access]")) || !of_policy.iter().any(|name| section(name)) || head.is_binary() {
        return Match::No;
    }
    // A driver's INF has the signature too, and sections that no security template has.
    if section("[Manufacturer]") || section("[SourceDisksNames]") || section("[DestinationDirs]") {
        return Match::No;
    }
    match (head.name.eq_ignore_ascii_case("GptTmpl.inf"), gpo) {
        (true, true) => Match::Yes(85),
        (false, false) => Match::Yes(80),
        _ => Match::No,
    }
}

/// `bkupInfo.xml` and `Backup.xml` of a Group Policy backup.
pub(super) fn sniff_backup(head: &Head<'_>) -> Match {
    let text = head.text();
    let start: String = text.chars().take(2_000).collect();
    let names = ["http://www.microsoft.com/GroupPolicy/GPOOperations"];
    let roots = ["<BackupInst", "<GroupPolicyBackupScheme"];
    if names.iter().any(|name| start.contains(name)) && roots.iter().any(|root| start.contains(root)) {
        Match::Yes(90)
    } else {
        Match::No
    }
}

pub(super) fn parse_local(unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
    parse(unit, cx, Source::Windows, ScopeKind::Computer, None)
}

pub(super) fn parse_gpo(unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
    let mut name = None;
    for manifest in &unit.artefacts[1..] {
        let text = cx.text(manifest)?.text;
        name = name.or_else(|| {
            element(&text, "GPODisplayName")
                .or_else(|| element(text.split_once("<GroupPolicyCoreSettings>")?.1, "DisplayName"))
        });
    }
    parse(unit, cx, Source::Gpo, ScopeKind::Gpo, name)
}

fn parse(unit: &Unit, cx: &ParseCx<'_>, source: Source, kind: ScopeKind, name: Option<String>) -> Result<(), Stop> {
    let artefact = unit.first();
    let text = cx.text(artefact)?.text;
    let template = Template::read(&text);
    for (count, first, reason, what) in [
        (template.bad.0, template.bad.1, "bad-value", "account settings hold values that Windows does not write"),
        (template.stray.0, template.stray.1, "not-inf", "lines of [System Access] are not `key = value`"),
    ] {
        if count > 0 {
            let note = Note::new(NoteKind::NotUnderstood, reason, format!("{what}; they count as not defined"));
            cx.note(note.on(artefact).at(format!("line {first}")).times(count));
        }
    }
    let mut scopes = Vec::new();
    if template.settings.is_empty() {
        let text = "this security template defines no password or lockout setting: nothing was looked at in it";
        cx.note(Note::new(NoteKind::Assumed, "no-account-policy", text).on(artefact));
    } else {
        scopes.push(Scope { kind, name: String::new(), precedence: None, settings: template.settings, coverage: None });
    }
    let document =
        DirectoryPolicy { source, name, files: files(unit), scopes, ldap: None, accounts: Accounts::default() };
    store(unit, &document, cx)
}

/// What a template says of accounts.
#[derive(Default)]
struct Template {
    settings: Settings,
    /// Values out of range: count and first line.
    bad: (u64, u64),
    /// Lines of the section that are no settings: count and first line.
    stray: (u64, u64),
}

impl Template {
    fn read(text: &str) -> Self {
        let mut template = Self::default();
        let mut inside = false;
        for (line, raw) in (1..).zip(text.lines()) {
            let trimmed = raw.trim();
            if let Some(section) = trimmed.strip_prefix('[') {
                inside = section.trim_end_matches(']').trim().eq_ignore_ascii_case("System Access");
                continue;
            }
            if !inside || trimmed.is_empty() || trimmed.starts_with(';') {
                continue;
            }
            let Some((key, value)) = trimmed.split_once('=') else {
                count(&mut template.stray, line);
                continue;
            };
            let value = value.split(';').next().unwrap_or_default().trim().trim_matches('"');
            if !template.settings.set(key.trim(), value, Place::line(0, line, trimmed)) {
                count(&mut template.bad, line);
            }
        }
        template
    }
}

fn count(tally: &mut (u64, u64), line: u64) {
    if tally.0 == 0 {
        tally.1 = line;
    }
    tally.0 += 1;
}

impl Settings {
    /// Takes one setting, false when its value is not one that Windows writes. A later line replaces an earlier one.
    fn set(&mut self, key: &str, value: &str, at: Place) -> bool {
        let key = key.to_ascii_lowercase();
        let known = [
            "minimumpasswordage",
            "maximumpasswordage",
            "minimumpasswordlength",
            "passwordcomplexity",
            "passwordhistorysize",
            "cleartextpassword",
            "lockoutbadcount",
            "lockoutduration",
            "resetlockoutcount",
        ];
        if !known.contains(&key.as_str()) {
            return true;
        }
        let Ok(number) = value.parse::<i64>() else { return false };
        let natural = u64::try_from(number).ok();
        let switch = match number {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        };
        // −1 is how templates write "never" and "until an administrator unlocks"; the editor shows both as 0.
        let endless = matches!(number, -1 | 0);
        match key.as_str() {
            "minimumpasswordage" => put(&mut self.min_age, natural.map(|days| days.saturating_mul(DAY)), at),
            "maximumpasswordage" if endless => put(&mut self.max_age, Some(MaxAge::Never), at),
            "maximumpasswordage" => {
                put(&mut self.max_age, natural.map(|days| MaxAge::Seconds(days.saturating_mul(DAY))), at)
            }
            "minimumpasswordlength" => put(&mut self.min_length, natural, at),
            "passwordcomplexity" => put(&mut self.complexity, switch, at),
            "passwordhistorysize" => put(&mut self.history, natural, at),
            "cleartextpassword" => put(&mut self.reversible, switch, at),
            "lockoutbadcount" if number == 0 => put(&mut self.lockout_threshold, Some(Attempts::Never), at),
            "lockoutbadcount" => put(&mut self.lockout_threshold, natural.map(Attempts::After), at),
            "lockoutduration" if endless => put(&mut self.lockout_duration, Some(LockFor::UntilAdmin), at),
            "lockoutduration" => {
                let value = natural.map(|minutes| LockFor::Seconds(minutes.saturating_mul(60)));
                put(&mut self.lockout_duration, value, at)
            }
            _ => put(&mut self.lockout_reset, natural.map(|minutes| Reset::Seconds(minutes.saturating_mul(60))), at),
        }
    }
}

fn put<T>(slot: &mut Option<Stated<T>>, value: Option<T>, at: Place) -> bool {
    match value {
        Some(value) => {
            *slot = Some(at.state(value));
            true
        }
        None => false,
    }
}

/// Text of the first element of a name: a manifest holds it plainly or as CDATA.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    let inner = inner.trim();
    let text = match inner.strip_prefix("<![CDATA[").and_then(|inner| inner.strip_suffix("]]>")) {
        Some(cdata) => cdata.to_owned(),
        None => inner.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"),
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_values_are_typed() {
        let text = "[System Access]\nMaximumPasswordAge = -1\nLockoutBadCount = 0\nlockoutduration=-1 ; until unlocked\nResetLockoutCount = 15\nMinimumPasswordLength = many\nstray\n[Event Audit]\nPasswordComplexity = 1\n";
        let template = Template::read(text);
        let settings = &template.settings;
        assert_eq!(settings.max_age.as_ref().unwrap().value, MaxAge::Never);
        assert_eq!(settings.lockout_threshold.as_ref().unwrap().value, Attempts::Never);
        assert_eq!(settings.lockout_duration.as_ref().unwrap().value, LockFor::UntilAdmin);
        assert_eq!(settings.lockout_reset.as_ref().unwrap().value, Reset::Seconds(900));
        assert_eq!((settings.min_length.clone(), settings.complexity.clone()), (None, None));
        assert_eq!((template.bad, template.stray), ((1, 6), (1, 7)));
    }

    #[test]
    fn names_are_read_with_and_without_cdata() {
        assert_eq!(element("<a><N><![CDATA[x & y]]></N>", "N").as_deref(), Some("x & y"));
        assert_eq!(element("<N>x &amp; y</N>", "N").as_deref(), Some("x & y"));
        assert_eq!(element("<N></N>", "N"), None);
        assert_eq!(element("<N>", "N"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text: String) {
            let _ = Template::read(&text);
            let _ = Template::read(&format!("[System Access]\n{text}"));
        }
    }
}
