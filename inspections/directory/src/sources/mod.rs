//! Where settings come from: the formats, how files are put together, one parser per source.

mod ad;
mod inf;
mod ldap;
mod ldif;
mod linux;
mod samba;

use std::collections::{BTreeMap, BTreeSet};

use secdiag_inspect::{ParseCx, Stop, Unit};
use secdiag_model::evidence::Format;
use secdiag_model::{Artefact, EvidenceKind, EvidenceSet, Head, Match, Note, NoteKind, Sha256};

use crate::policy::{DirectoryPolicy, FLAGGED_CAP, FlaggedAccount};

pub(crate) use linux::host_name;

/// LDIF of Active Directory or Samba AD.
pub(crate) static LDIF_AD: Format = Format {
    id: "ldif-ad",
    kind: EvidenceKind::Adx,
    title: "LDIF of Active Directory",
    sniff: |head| sniff_ldif(head, true),
};

/// LDIF of OpenLDAP or another directory server.
pub(crate) static LDIF_LDAP: Format = Format {
    id: "ldif-ldap",
    kind: EvidenceKind::Ldap,
    title: "LDIF of an LDAP directory",
    sniff: |head| sniff_ldif(head, false),
};

/// `GptTmpl.inf` of a Group Policy Object.
pub(crate) static GPO_TEMPLATE: Format = Format {
    id: "gpo-template",
    kind: EvidenceKind::Adx,
    title: "Security template of a Group Policy Object",
    sniff: |head| inf::sniff(head, true),
};

/// `secedit /export /cfg`.
pub(crate) static SECEDIT_INF: Format = Format {
    id: "secedit-inf",
    kind: EvidenceKind::Locpol,
    title: "Windows security policy export (secedit)",
    sniff: |head| inf::sniff(head, false),
};

/// `Backup.xml` or `bkupInfo.xml` of a Group Policy backup.
pub(crate) static GPO_BACKUP: Format = Format {
    id: "gpo-backup",
    kind: EvidenceKind::Adx,
    title: "Manifest of a Group Policy backup",
    sniff: inf::sniff_backup,
};

/// `samba-tool domain passwordsettings show`.
pub(crate) static SAMBA: Format = Format {
    id: "samba-passwordsettings",
    kind: EvidenceKind::Adx,
    title: "samba-tool domain passwordsettings",
    sniff: samba::sniff,
};

/// `/etc/login.defs`.
pub(crate) static LOGIN_DEFS: Format =
    Format { id: "login-defs", kind: EvidenceKind::Locpol, title: "Linux login.defs", sniff: linux::sniff_login_defs };

/// A file of `/etc/pam.d`.
pub(crate) static PAM: Format =
    Format { id: "pam-config", kind: EvidenceKind::Locpol, title: "Linux PAM configuration", sniff: linux::sniff_pam };

/// `/etc/security/pwquality.conf` or a file of `pwquality.conf.d`.
pub(crate) static PWQUALITY: Format = Format {
    id: "pwquality-conf",
    kind: EvidenceKind::Locpol,
    title: "Linux pwquality.conf",
    sniff: linux::sniff_pwquality,
};

/// `/etc/security/faillock.conf`.
pub(crate) static FAILLOCK: Format = Format {
    id: "faillock-conf",
    kind: EvidenceKind::Locpol,
    title: "Linux faillock.conf",
    sniff: linux::sniff_faillock,
};

/// `/etc/security/pwhistory.conf`.
pub(crate) static PWHISTORY: Format = Format {
    id: "pwhistory-conf",
    kind: EvidenceKind::Locpol,
    title: "Linux pwhistory.conf",
    sniff: linux::sniff_pwhistory,
};

/// `/etc/shadow`.
pub(crate) static SHADOW: Format =
    Format { id: "shadow", kind: EvidenceKind::Locpol, title: "Linux shadow", sniff: linux::sniff_shadow };

/// Formats of one Linux computer, which are read together.
const LINUX: [&str; 6] = ["login-defs", "pam-config", "pwquality-conf", "faillock-conf", "pwhistory-conf", "shadow"];

/// The pieces that parse alone: the files of one computer together, a security template with the manifest of its
/// backup, each other content by itself.
pub(crate) fn units(evidence: &EvidenceSet) -> Vec<Unit> {
    let mut hosts: BTreeMap<String, Vec<Artefact>> = BTreeMap::new();
    let mut backups: BTreeMap<String, Vec<Artefact>> = BTreeMap::new();
    for artefact in &evidence.artefacts {
        match artefact.format() {
            Some(format) if LINUX.contains(&format) => {
                hosts.entry(linux::root(artefact)).or_default().push(artefact.clone());
            }
            Some("gpo-backup") => backups.entry(folder(artefact)).or_default().push(artefact.clone()),
            _ => {}
        }
    }
    let mut units: Vec<Unit> =
        hosts.into_iter().map(|(root, artefacts)| Unit { name: linux::host_name(&root), artefacts }).collect();
    let mut alone: Vec<Unit> = Vec::new();
    let mut seen: BTreeMap<Sha256, usize> = BTreeMap::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    for artefact in &evidence.artefacts {
        match artefact.format() {
            Some("gpo-template") => {
                let path = artefact.display_path();
                let folder = ancestors(&path).find(|folder| backups.contains_key(*folder));
                let manifest = folder.and_then(|folder| backups.get(folder));
                used.extend(folder.map(str::to_owned));
                let artefacts = [artefact].into_iter().chain(manifest.into_iter().flatten()).cloned().collect();
                units.push(Unit { name: path, artefacts });
            }
            Some("ldif-ad" | "ldif-ldap" | "secedit-inf" | "samba-passwordsettings") => {
                let index = *seen.entry(artefact.sha256).or_insert_with(|| {
                    alone.push(Unit { name: artefact.display_path(), artefacts: Vec::new() });
                    alone.len() - 1
                });
                alone[index].artefacts.push(artefact.clone());
            }
            _ => {}
        }
    }
    units.extend(alone);
    let alone = backups.into_iter().filter(|(folder, _)| !used.contains(folder));
    units.extend(alone.map(|(folder, artefacts)| Unit { name: folder, artefacts }));
    units
}

/// Whether two distinguished names are one.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    ad::normal(a) == ad::normal(b)
}

/// Digests that a document made from this unit carries: its files, a content at several places once.
pub(crate) fn files(unit: &Unit) -> Vec<Sha256> {
    match unit.first().format() {
        Some(format) if LINUX.contains(&format) || matches!(format, "gpo-template" | "gpo-backup") => {
            unit.artefacts.iter().map(|artefact| artefact.sha256).collect()
        }
        _ => vec![unit.first().sha256],
    }
}

/// Parses one unit.
pub(crate) fn parse(unit: &Unit, cx: &ParseCx<'_>) -> Result<(), Stop> {
    match unit.first().format() {
        Some("ldif-ad") => ad::parse(unit, cx),
        Some("ldif-ldap") => ldap::parse(unit, cx),
        Some("gpo-template") => inf::parse_gpo(unit, cx),
        Some("secedit-inf") => inf::parse_local(unit, cx),
        Some("samba-passwordsettings") => samba::parse(unit, cx),
        Some("gpo-backup") => {
            let text = "this Group Policy backup holds no security template: it sets no password or lockout rule";
            cx.note(Note::new(NoteKind::Assumed, "no-account-policy", text).on(unit.first()));
            Ok(())
        }
        None => Ok(()),
        Some(_) => linux::parse(unit, cx),
    }
}

/// Stores a document with the artefacts of the unit that it was read from.
fn store(unit: &Unit, document: &DirectoryPolicy, cx: &ParseCx<'_>) -> Result<(), Stop> {
    cx.document(&unit.artefacts[..document.files.len().min(unit.artefacts.len())], document)
}

/// Notes of reading an LDIF: what was met beside entries.
fn note_oddities(oddities: &ldif::Oddities, artefact: &Artefact, cx: &ParseCx<'_>) {
    let cases = [
        (oddities.not_ldif, NoteKind::NotUnderstood, "not-ldif", "lines are not LDIF (RFC 2849) and were left out"),
        (oddities.bad_base64, NoteKind::NotUnderstood, "bad-base64", "values are not valid base64 and were left out"),
        (
            oddities.references,
            NoteKind::NotUnderstood,
            "external-value",
            "values stand in other files (`:<`), which are not followed",
        ),
        (
            oddities.changes,
            NoteKind::NotUnderstood,
            "change-record",
            "records change or delete entries; they were not applied: export the entries themselves",
        ),
        (oddities.cut, NoteKind::Broken, "value-too-long", "values or entries are too long and were cut"),
    ];
    for (tally, kind, reason, text) in cases {
        if tally.count > 0 {
            let place = format!("line {}", tally.first);
            cx.note(Note::new(kind, reason, text).on(artefact).at(place).times(tally.count));
        }
    }
    if let Some((line, result)) = &oddities.result {
        let text = format!("the server ended the export with result {result}: users or policies may be missing");
        cx.note(Note::new(NoteKind::Broken, "incomplete-export", text).on(artefact).at(format!("line {line}")));
    }
}

/// Sorts flagged accounts and caps them.
fn cap(mut flagged: Vec<FlaggedAccount>) -> (Vec<FlaggedAccount>, u64) {
    flagged.sort_by(|a, b| a.name.cmp(&b.name));
    let more = flagged.len().saturating_sub(FLAGGED_CAP) as u64;
    flagged.truncate(FLAGGED_CAP);
    (flagged, more)
}

/// Folder of an artefact's file, with the archive that holds it.
fn folder(artefact: &Artefact) -> String {
    artefact.display_path().rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default()
}

/// Folders that hold a path, innermost first, the outermost named by the empty text.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match path.rsplit_once('/') {
        Some((folder, _)) => Some(folder),
        None if path.is_empty() => None,
        None => Some(""),
    })
    .skip(1)
}

/// LDIF begins with `version:` or `dn:` after comments and blank lines.
fn sniff_ldif(head: &Head<'_>, want_ad: bool) -> Match {
    const AD: [&str; 15] = [
        "objectguid:",
        "samaccountname:",
        "usnchanged:",
        "usncreated:",
        "ntsecuritydescriptor:",
        "objectcategory:",
        "objectclass: domaindns",
        "useraccountcontrol:",
        "minpwdlength:",
        "maxpwdage:",
        "lockoutthreshold:",
        "pwdproperties:",
        "msds-",
        "objectclass: msds-passwordsettings",
        "supportedcapabilities: 1.2.840.113556.1.4.",
    ];
    let text = head.text();
    let mut lines = text.lines().filter(|line| {
        !line.is_empty()
            && !line.starts_with('#')
            && !line.starts_with(' ')
            && !line.to_ascii_lowercase().starts_with("version:")
    });
    let starts = |line: &str, with: &str| line.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    let Some(first) = lines.next() else { return Match::No };
    if !starts(first, "dn:") || !lines.next().is_none_or(|line| line.contains(':')) {
        return Match::No;
    }
    let is_ad = text.lines().any(|line| AD.iter().any(|mark| starts(line, mark)));
    if is_ad == want_ad { Match::Yes(90) } else { Match::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ancestors_go_up_to_the_root() {
        assert_eq!(ancestors("a/b/c").collect::<Vec<_>>(), ["a/b", "a", ""]);
        assert_eq!(ancestors("c").collect::<Vec<_>>(), [""]);
    }
}
