//! A Linux computer's own rules, from its `/etc`: login.defs(5), shadow(5), pam.d(5), pam_faillock(8),
//! pam_pwquality(8) with pwquality.conf(5), pam_pwhistory(8), pam_unix(8), and the older pam_tally2 and pam_cracklib.
//!
//! No file says it alone: `pwquality.conf` counts only where the PAM stack calls the module, a line's arguments
//! override the file, an account's fields in `shadow` override `login.defs`. So the files of one computer are read
//! together, and where the PAM stack is missing its settings are not stated.

mod conf;
mod pam;
mod shadow;
mod sniff;

use secdiag_inspect::{ParseCx, Stop, Unit};
use secdiag_model::{Artefact, Note, NoteKind};

use super::{files, store};
use crate::policy::{DirectoryPolicy, MaxAge, Place, Scope, ScopeKind, Settings, Source, Stated};
use conf::Conf;
use pam::Stacks;

pub(super) use sniff::{
    faillock as sniff_faillock, login_defs as sniff_login_defs, pam as sniff_pam, pwhistory as sniff_pwhistory,
    pwquality as sniff_pwquality, shadow as sniff_shadow,
};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Days from which an age means "never": the value that Linux distributions ship for it.
const NEVER_DAYS: u64 = 99_999;

pub(super) fn parse(unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
    let mut host = Host::default();
    // What the distributor ships below /usr holds only where /etc has no file of the name.
    let mut order: Vec<usize> = (0..unit.artefacts.len()).collect();
    order.sort_by_key(|index| place_of(&unit.artefacts[*index]).2);
    for index in order {
        let artefact = &unit.artefacts[index];
        let text = cx.text(artefact)?.text;
        host.take(index, artefact, &text, cx);
    }
    let document = host.document(unit, cx);
    store(unit, &document, cx)
}

/// Where the files of the computer begin: what stands before `etc/` in the path, else the file's folder.
pub(super) fn root(artefact: &Artefact) -> String {
    place_of(artefact).0
}

/// Name of a computer by the root of its files: the last part of the path, without an archive's suffix.
pub(crate) fn host_name(root: &str) -> String {
    const SUFFIXES: [&str; 16] = [
        ".inf", ".cfg", ".txt", ".ldif", ".tar", ".zst", ".gz", ".xz", ".bz2", ".tgz", ".txz", ".zip", ".7z", ".sdb",
        ".cpio", ".bundle",
    ];
    let mut name = root.trim_end_matches(['/', '!', '.']).rsplit('/').next().unwrap_or_default();
    while let Some(shorter) = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)) {
        name = shorter;
    }
    if name.is_empty() { "host".to_owned() } else { name.to_owned() }
}

/// Root, path below it, and how far the place is from `/etc`: 0 there, 1 for the distributor's defaults, 2 for samples.
fn place_of(artefact: &Artefact) -> (String, String, u8) {
    let path = artefact.display_path();
    let parts: Vec<&str> = path.split('/').collect();
    let folders = parts.len() - 1;
    let at = |index: usize, name: &str| parts[..folders].get(index) == Some(&name);
    for index in 0..folders {
        let (skip, rank) = match () {
            () if at(index, "usr") && at(index + 1, "etc") => (2, 1),
            () if at(index, "usr") && at(index + 1, "lib") => (2, 1),
            () if at(index, "usr") && at(index + 1, "share") => (2, 2),
            () if at(index, "etc") => (1, 0),
            () => continue,
        };
        return (parts[..index].join("/"), parts[index + skip..].join("/"), rank);
    }
    let own = parts[..folders].iter().rposition(|part| !matches!(*part, "pam.d" | "security" | "pwquality.conf.d"));
    let start = own.map_or(0, |index| index + 1);
    (parts[..start].join("/"), parts[start..].join("/"), 0)
}

/// What the files of a computer say, each by its role.
#[derive(Default)]
struct Host {
    login_defs: Option<Conf>,
    faillock: Option<Conf>,
    pwhistory: Option<Conf>,
    pwquality: Option<Conf>,
    pwquality_d: Vec<(String, Conf)>,
    stacks: Stacks,
    shadow: Option<shadow::Shadow>,
}

impl Host {
    fn take(&mut self, file: usize, artefact: &Artefact, text: &str, cx: &ParseCx<'_>) {
        let (_, below, rank) = place_of(artefact);
        if rank == 2 {
            let text = "a sample that no program reads: it was left out";
            cx.note(Note::new(NoteKind::Assumed, "sample-file", text).on(artefact));
            return;
        }
        let name = artefact.file_name();
        let slot = match artefact.format() {
            Some("pam-config") => {
                let odd = self.stacks.take(name, file, text);
                note_lines(odd, "bad-pam-line", "lines are not PAM rules and were left out", artefact, cx);
                return;
            }
            Some("shadow") => {
                if self.shadow.is_none() || name == "shadow" {
                    let shadow = shadow::Shadow::read(file, text);
                    note_lines(shadow.odd, "bad-shadow-line", "lines are not shadow entries", artefact, cx);
                    self.shadow = Some(shadow);
                }
                return;
            }
            Some("pwquality-conf") if below.contains("pwquality.conf.d/") => {
                self.pwquality_d.push((name.to_owned(), Conf::read(file, text, conf::EQUALS)));
                return;
            }
            Some("pwquality-conf") => (&mut self.pwquality, conf::EQUALS, "pwquality.conf"),
            Some("faillock-conf") => (&mut self.faillock, conf::EQUALS, "faillock.conf"),
            Some("pwhistory-conf") => (&mut self.pwhistory, conf::EQUALS, "pwhistory.conf"),
            _ => (&mut self.login_defs, conf::BLANK, "login.defs"),
        };
        let (slot, separator, usual) = slot;
        // A copy such as `login.defs.bak` counts only where the file itself is missing.
        if slot.is_none() || (name == usual && rank == 0) {
            *slot = Some(Conf::read(file, text, separator));
        }
    }

    fn document(mut self, unit: &Unit, cx: &ParseCx<'_>) -> DirectoryPolicy {
        self.pwquality_d.sort_by(|a, b| a.0.cmp(&b.0));
        // The files of the folder are read first, so that the main file overrides them (pwquality.conf(5)).
        let quality: Vec<&Conf> =
            self.pwquality.iter().chain(self.pwquality_d.iter().rev().map(|(_, conf)| conf)).collect();
        let mut settings = Settings::default();
        if let Some(defs) = &self.login_defs {
            settings.min_age = defs.days("PASS_MIN_DAYS").map(|days| Stated { value: days.value * DAY, at: days.at });
            settings.max_age =
                defs.days("PASS_MAX_DAYS").map(|days| Stated { value: max_age(days.value), at: days.at });
            // A missing or negative value switches ageing off (login.defs(5)).
            settings.min_age.get_or_insert_with(|| defs.absent("PASS_MIN_DAYS").state(0));
            settings.max_age.get_or_insert_with(|| defs.absent("PASS_MAX_DAYS").state(MaxAge::Never));
        }
        let mut remarks = pam::Remarks::default();
        self.stacks.lockout(self.faillock.as_ref(), &mut settings, &mut remarks);
        self.stacks.quality(&quality, self.pwhistory.as_ref(), &mut settings, &mut remarks);
        for (file, reason, text) in remarks.0 {
            let artefact = file.and_then(|file| unit.artefacts.get(file)).unwrap_or(unit.first());
            cx.note(Note::new(NoteKind::Assumed, reason, text).on(artefact));
        }
        for conf in self.pwquality.iter().chain(&self.faillock).chain(&self.pwhistory).chain(&self.login_defs) {
            note_lines(
                conf.odd(),
                "bad-value",
                "values are no numbers; they count as not set",
                &unit.artefacts[conf.file],
                cx,
            );
        }
        let default_ages = self.login_defs.as_ref().and(settings.min_age.as_ref().zip(settings.max_age.as_ref()));
        let default_ages = default_ages.map(|(min, max)| (min.value, max.value));
        let mut scopes = Vec::new();
        let shadow = self.shadow.unwrap_or_default();
        if !settings.is_empty() {
            let coverage = shadow.coverage();
            scopes.push(Scope { kind: ScopeKind::Computer, name: String::new(), precedence: None, settings, coverage });
        }
        scopes.extend(shadow.own_ageing(default_ages));
        if scopes.is_empty() {
            let text = "these files state no password or lockout setting in effect: nothing was looked at in them";
            cx.note(Note::new(NoteKind::Assumed, "no-account-policy", text).on(unit.first()));
        }
        DirectoryPolicy {
            source: Source::Linux,
            name: None,
            files: files(unit),
            scopes,
            ldap: None,
            accounts: shadow.accounts(),
        }
    }
}

fn max_age(days: u64) -> MaxAge {
    if days >= NEVER_DAYS { MaxAge::Never } else { MaxAge::Seconds(days * DAY) }
}

fn note_lines(odd: (u64, u64), reason: &str, text: &str, artefact: &Artefact, cx: &ParseCx<'_>) {
    let (count, first) = odd;
    if count > 0 {
        let note = Note::new(NoteKind::NotUnderstood, reason, text);
        cx.note(note.on(artefact).at(format!("line {first}")).times(count));
    }
}

/// A value that nothing sets, so that the program's own default holds.
fn default_at(at: &Place, what: &str) -> Place {
    Place { excerpt: format!("{}: {what}", at.excerpt), ..at.clone() }
}

#[cfg(test)]
mod tests {
    use secdiag_model::{Binding, Recognition, Sha256};

    use super::*;

    fn artefact(path: &str, member: Option<&str>) -> Artefact {
        Artefact {
            sha256: Sha256::of(b""),
            size: 0,
            path: path.into(),
            member: member.map(Into::into),
            recognition: Recognition::Broken { reason: String::new() },
            binding: Binding::default(),
        }
    }

    #[test]
    fn files_of_one_computer_share_a_root() {
        for (path, member, expected, name) in [
            ("hosts/web01/etc/pam.d/common-auth", None, "hosts/web01", "web01"),
            ("hosts/web01.tar.zst", Some("etc/login.defs"), "hosts/web01.tar.zst!", "web01"),
            ("hosts/web01.tar.zst", Some("./etc/login.defs"), "hosts/web01.tar.zst!/.", "web01"),
            ("web01/usr/lib/pam.d/common-auth", None, "web01", "web01"),
            ("web01/pam.d/common-auth", None, "web01", "web01"),
            ("web01/login.defs", None, "web01", "web01"),
            ("etc/shadow", None, "", "host"),
            ("shadow", None, "", "host"),
        ] {
            let root = root(&artefact(path, member));
            assert_eq!((root.as_str(), host_name(&root).as_str()), (expected, name), "{path}");
        }
    }
}
