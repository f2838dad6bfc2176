//! Keys of imported findings: how each is made, and which tools' own ids are trusted.

use secdiag_model::Sha256;
use secdiag_programme::identity::{Key, KeyKind};

use crate::finding::{Component, ImportedFinding, Location};

/// A tool whose own ids are known to survive changes that do not concern the finding.
#[derive(Clone, Copy, Debug)]
pub struct StableId {
    /// Name of the tool, lower case; a finding's tool must begin with it.
    pub tool: &'static str,
    /// Name of the id with its version.
    pub scheme: &'static str,
    /// Why it is trusted, with the source.
    pub reason: &'static str,
}

/// The tools whose ids are trusted. Any other id is kept out of the keys: ids that contain line numbers or that are
/// drawn anew for every scan would make every finding new.
pub const STABLE_IDS: &[StableId] = &[
    StableId {
        tool: "secdiag",
        scheme: OWN_SCHEME,
        reason: "our own fingerprint: check, side, system, asset and subject, never a line",
    },
    StableId {
        tool: "codeql",
        scheme: "primaryLocationLineHash/v1",
        reason: "hash of the lines from the finding on, without white space; GitHub documents it as the fingerprint by \
                 which code scanning follows an alert (SARIF support for code scanning)",
    },
    StableId {
        tool: "flawfinder",
        scheme: "contextHash/v1",
        reason: "hash of the text of the line; flawfinder's manual, section on SARIF output",
    },
    StableId {
        tool: "semgrep",
        scheme: "matchBasedId/v1",
        reason: "hash of rule, path and matched text; Semgrep documents it as stable against moved lines",
    },
    StableId {
        tool: "prowler",
        scheme: FINDING_UID,
        reason: "provider, check, account, region and resource in one string; Prowler's reporting documentation",
    },
];

/// Scheme of our own fingerprints.
pub const OWN_SCHEME: &str = "secdiag/v1";
/// Name of our own findings' ids in formats that name the system an id is of.
pub(crate) const OWN_SYSTEM: &str = "secdiag";
/// Scheme of the unique ids of OCSF findings.
pub(crate) const FINDING_UID: &str = "findingUid/v1";
const SEMANTIC: &str = "semantic/v1";
const CONTEXT: &str = "context/v1";
const SNIPPET: &str = "snippet/v1";
/// Characters other than white space that a text needs to say where it is: a lone brace is everywhere.
const MIN_CONTEXT: usize = 8;

/// Digest of parts, none of which can run into the next.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 9).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    Sha256::of(&bytes).short()
}

/// Fills in the keys of a finding: `given` are the tool's own ids as (scheme, value).
pub(crate) fn fill(finding: &mut ImportedFinding, given: &[(String, String)]) {
    let tool = finding.tool.trim().to_lowercase();
    // Editions of one tool (`semgrep`, `Semgrep OSS`) have the same rules.
    let family = tool.split_whitespace().next().unwrap_or_default();
    let location = finding.locations.first().cloned().unwrap_or_default();
    let path = steady_path(&location.path);
    let key = |kind, scheme: &str, value: String| Key { kind, scheme: scheme.to_owned(), value };
    let mut keys = Vec::new();
    for (scheme, value) in given {
        let scheme = versioned(scheme);
        let trusted = STABLE_IDS.iter().any(|id| tool.starts_with(id.tool) && id.scheme == scheme);
        if !trusted || !is_id(value) {
            continue;
        }
        let value = match &*scheme {
            OWN_SCHEME => value.clone(),
            // The number after the colon counts equal lines from the top: it moves when one of them goes.
            _ => digest(&[family, &finding.rule, &path, value.split(':').next().unwrap_or_default()]),
        };
        keys.push(key(KeyKind::Tool, &scheme, value));
    }
    keys.push(key(KeyKind::Semantic, SEMANTIC, semantic(finding, family, &path, &location)));
    let name = path.rsplit('/').next().unwrap_or_default();
    for (scheme, text) in [(CONTEXT, &location.context), (SNIPPET, &location.snippet)] {
        let text: String = text.split_whitespace().collect();
        if text.chars().count() >= MIN_CONTEXT {
            keys.push(key(KeyKind::Context, scheme, digest(&[family, &finding.rule, name, &text])));
        }
    }
    keys.sort();
    keys.dedup();
    finding.keys = keys;
}

/// Rule, subject and asset; never a version, a line or an address.
fn semantic(finding: &ImportedFinding, family: &str, path: &str, location: &Location) -> String {
    let asset = finding.asset.as_deref().unwrap_or_default();
    if let Some(component) = &finding.component {
        // A vulnerability in a component is the same whoever found it.
        return digest(&["component", &vulnerability(finding), asset, &unversioned(component), path]);
    }
    digest(&["place", family, &finding.rule, asset, path, &location.logical])
}

/// The vulnerability's id: its CVE where it has exactly one, so that scanners with ids of their own agree.
fn vulnerability(finding: &ImportedFinding) -> String {
    let mut cves = finding.ids.iter().filter(|id| id.starts_with("CVE-"));
    match (cves.next(), cves.next()) {
        (Some(cve), None) => cve.clone(),
        _ => finding.rule.clone(),
    }
}

/// Package URL without version, qualifiers and subpath (purl specification), else the name.
pub(crate) fn unversioned(component: &Component) -> String {
    if component.purl.is_empty() {
        return component.name.to_lowercase();
    }
    let bare = component.purl.split(['?', '#']).next().unwrap_or_default();
    // An `@` before the last `/` belongs to a scope, as in `pkg:npm/@angular/core`.
    let name_at = bare.rfind('/').map_or(0, |at| at + 1);
    let end = bare[name_at..].rfind('@').map_or(bare.len(), |at| name_at + at);
    bare[..end].to_lowercase()
}

/// Scheme with a version: SARIF 2.1.0 §3.5.4.2 lets the version be left out.
fn versioned(scheme: &str) -> String {
    let has = scheme.rsplit_once("/v").is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    if has { scheme.to_owned() } else { format!("{scheme}/v1") }
}

/// Whether a text can be an id: tools write placeholders such as `requires login` or `<uid>` where they have none.
fn is_id(value: &str) -> bool {
    value.len() >= 8 && !value.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>'))
}

/// A path in one form: `/` between parts, no scheme, no `./`.
pub(crate) fn steady_path(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("file://").unwrap_or(&path);
    let path = path.trim_start_matches("./");
    path.to_owned()
}

/// A text without what changes from run to run: white space, and numbers after `line` or a colon.
pub(crate) fn steady(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_line = false;
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        let mut rest = word;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(at);
            let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            out.push_str(before);
            let place = before.ends_with(':') && out.len() > 1 || (after_line && before.is_empty());
            out.push_str(if place { "#" } else { &from[..end] });
            rest = &from[end..];
        }
        out.push_str(rest);
        let lower = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        after_line = matches!(&*lower, "line" | "lines" | "column" | "col");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_lose_their_version_and_keep_their_scope() {
        let of = |purl: &str| unversioned(&Component { purl: purl.into(), name: "N".into(), version: "1".into() });
        assert_eq!(of("pkg:npm/%40angular/core@1.0?x=y#z"), "pkg:npm/%40angular/core");
        assert_eq!(of("pkg:npm/@angular/core"), "pkg:npm/@angular/core");
        assert_eq!(of("pkg:maven/a/B@1"), "pkg:maven/a/b");
        assert_eq!(of(""), "n");
    }

    #[test]
    fn volatile_numbers_go_and_others_stay() {
        assert_eq!(
            steady("on line 12 of a.c:7:3,\n  CWE-79 x2"),
            "on line # of a.c:#:# , CWE-79 x2".replace(" ,", ",")
        );
    }

    #[test]
    fn only_listed_tools_and_real_ids_give_tool_keys() {
        let of = |tool: &str, scheme: &str, value: &str| {
            let mut finding = ImportedFinding { tool: tool.into(), rule: "r".into(), ..Default::default() };
            fill(&mut finding, &[(scheme.into(), value.into())]);
            finding
                .keys
                .iter()
                .filter(|key| key.kind == KeyKind::Tool)
                .map(|key| key.scheme.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("CodeQL", "primaryLocationLineHash", "39fa2ee980eb94b0:1"), ["primaryLocationLineHash/v1"]);
        assert_eq!(of("Semgrep OSS", "matchBasedId/v1", "requires login"), [""; 0]);
        assert_eq!(of("Other", "primaryLocationLineHash", "39fa2ee980eb94b0:1"), [""; 0]);
    }
}
