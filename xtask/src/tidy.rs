//! Checks the house: what `ARCHITECTURE.md` promises and a compiler cannot see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// Which crates of ours a crate may use. What is not here may use nothing of ours.
const ARROWS: &[(&str, &[&str])] = &[
    ("secdiag-catalogue", &["secdiag-model"]),
    ("secdiag-evidence", &["secdiag-model"]),
    ("secdiag-inspect", &["secdiag-model", "secdiag-catalogue"]),
    ("secdiag-lake", &["secdiag-model"]),
    ("secdiag-intel", &["secdiag-model"]),
    ("secdiag-programme", &["secdiag-model"]),
    ("secdiag-records", &["secdiag-model", "secdiag-sheet"]),
    ("secdiag-interop", &["secdiag-model", "secdiag-programme", "secdiag-sheet"]),
    ("secdiag-taxii", &[]),
    ("secdiag-store", &["secdiag-model", "secdiag-programme"]),
    ("secdiag-report", &["secdiag-model", "secdiag-catalogue"]),
    ("secdiag-demo", &["secdiag-model"]),
    ("secdiag-engine", &["secdiag-model", "secdiag-catalogue", "secdiag-inspect", "secdiag-lake"]),
];

/// What every inspection may use: the trait, the words, the matcher's types, the programme's rules, records kept by hand,
/// workbooks. Never another inspection.
const INSPECTION_MAY_USE: &[&str] = &[
    "secdiag-model",
    "secdiag-catalogue",
    "secdiag-inspect",
    "secdiag-intel",
    "secdiag-programme",
    "secdiag-records",
    "secdiag-sheet",
];

/// Heavy or dangerous dependencies live in one room each; tests may use them to make their input.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("datafusion", &["secdiag-lake"]),
    ("ballista", &["secdiag-lake"]),
    ("sqlx", &["secdiag-store"]),
    ("ureq", &["secdiag-taxii"]),
    ("typst", &["secdiag-report"]),
    ("askama", &["secdiag-report"]),
    ("yara-x", &["secdiag-malware"]),
    ("boreal", &["secdiag-malware"]),
    ("clap", &["secdiag"]),
    ("calamine", &["secdiag-sheet"]),
    ("rust_xlsxwriter", &["secdiag-interop"]),
    ("quick-xml", &["secdiag-interop", "secdiag-intel", "secdiag-firewall", "secdiag-architecture"]),
];

/// Families some of whose checks live in the room of another: the papers of the assessment programme are read with the
/// firm's other records.
const ALSO_LIVES_IN: &[(&str, &str)] = &[("programme", "compliance")];

/// `cargo metadata`, as far as it is needed.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

pub(crate) fn metadata(root: &Path) -> Result<Metadata> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// All checks; every complaint is told, not only the first.
pub(crate) fn tidy(root: &Path) -> Result<()> {
    let metadata = metadata(root)?;
    let mut complaints = Vec::new();
    arrows(root, &metadata, &mut complaints);
    sources(root, &mut complaints)?;
    checks(root, &mut complaints)?;
    documents(root, &mut complaints)?;
    fuzz_targets(root, &mut complaints)?;
    traced_tests(root, &metadata, &mut complaints)?;
    if complaints.is_empty() {
        return Ok(());
    }
    bail!("{} complaints:\n  {}", complaints.len(), complaints.join("\n  "))
}

fn arrows(root: &Path, metadata: &Metadata, complaints: &mut Vec<String>) {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for package in &metadata.packages {
        let folder = package
            .manifest_path
            .parent()
            .and_then(|path| path.strip_prefix(root).ok())
            .map(|path| path.to_string_lossy().into_owned())
            .unwrap_or_default();
        let is_inspection = folder.starts_with("inspections/");
        let name = package.name.as_str();
        for dependency in &package.dependencies {
            let ours = dependency.path.is_some();
            let test_only = dependency.kind.as_deref() == Some("dev");
            let allowed = match name {
                "secdiag" => true,
                _ if is_inspection => INSPECTION_MAY_USE.contains(&dependency.name.as_str()),
                _ => arrows.get(name).is_some_and(|targets| targets.contains(&dependency.name.as_str())),
            };
            if ours && !allowed && !test_only {
                complaints
                    .push(format!("{name} must not depend on {}: see the arrows in ARCHITECTURE.md", dependency.name));
            }
            let rooms = ONLY_IN
                .iter()
                .find(|(heavy, _)| dependency.name == *heavy || dependency.name.starts_with(&format!("{heavy}-")));
            if let Some((heavy, rooms)) = rooms.filter(|(_, rooms)| !ours && !test_only && !rooms.contains(&name)) {
                complaints.push(format!(
                    "{name} names {}: only {} may name {heavy}",
                    dependency.name,
                    rooms.join(", ")
                ));
            }
            if dependency.req == "*" && !ours {
                complaints.push(format!("{name}: {} has no version", dependency.name));
            }
        }
    }
}

/// Lints that a compiler does not have.
fn sources(root: &Path, complaints: &mut Vec<String>) -> Result<()> {
    const FORBIDDEN: &[(&str, &str)] = &[
        ("todo!(", "unfinished"),
        ("unimplemented!(", "unfinished"),
        ("#[ignore]", "a test that never runs: say what it needs, #[ignore = \"needs SECDIAG_DATA\"]"),
        ("#[allow(", "use #[expect(…, reason = \"…\")] so that it goes away when it is not needed"),
    ];
    for folder in ["crates", "inspections"] {
        for file in crate::files(&root.join(folder))? {
            if file.extension().is_none_or(|extension| extension != "rs")
                || file.components().any(|part| part.as_os_str() == "target")
            {
                continue;
            }
            let text = std::fs::read_to_string(root.join(folder).join(&file))?;
            if !text.starts_with("//!") {
                complaints.push(format!("{folder}/{}: says nothing about itself: begin with //!", file.display()));
            }
            for (number, line) in text.lines().enumerate() {
                if line.contains("#[ignore = ") && !line.contains("#[ignore = \"needs SECDIAG_") {
                    complaints.push(format!("{folder}/{}:{}: a test that never runs", file.display(), number + 1));
                }
                for (word, why) in FORBIDDEN.iter().filter(|(word, _)| line.contains(word)) {
                    complaints.push(format!("{folder}/{}:{}: {word}…: {why}", file.display(), number + 1));
                }
            }
        }
    }
    Ok(())
}

/// Every check: one file with its logic, one text in the catalogue, at least one firing and one silent fixture.
fn checks(root: &Path, complaints: &mut Vec<String>) -> Result<()> {
    for family in folders(&root.join("inspections"))? {
        let slugs = |folder: &Path, extension: &str| -> Result<BTreeSet<String>> {
            if !folder.exists() {
                return Ok(BTreeSet::new());
            }
            let names = crate::files(folder)?
                .into_iter()
                .filter(|file| file.extension().is_some_and(|found| found == extension));
            Ok(names
                .filter_map(|file| Some(file.file_stem()?.to_string_lossy().replace('_', "-")))
                .filter(|name| name != "mod")
                .collect())
        };
        let texts = slugs(&root.join("catalogue/checks").join(&family), "yaml")?;
        let hosts = ALSO_LIVES_IN.iter().filter(|(guest, _)| *guest == family).map(|(_, host)| *host);
        let mut rooms = Vec::new();
        for room in std::iter::once(family.as_str()).chain(hosts) {
            let folder = root.join("inspections").join(room);
            rooms.push((slugs(&folder.join("src/checks"), "rs")?, folder));
        }
        for text in &texts {
            let Some((_, room)) = rooms.iter().find(|(code, _)| code.contains(text)) else {
                complaints.push(format!(
                    "inspections/{family}/src/checks/{}.rs is missing: the catalogue has {family}/{text}",
                    text.replace('-', "_")
                ));
                continue;
            };
            let fixtures = room.join("fixtures").join(text);
            let names: Vec<String> = if fixtures.exists() {
                crate::files(&fixtures)?.iter().map(|file| file.to_string_lossy().into_owned()).collect()
            } else {
                Vec::new()
            };
            for kind in ["fires", "silent"] {
                if !names.iter().any(|name| name.starts_with(kind)) {
                    complaints.push(format!("inspections/{family}/fixtures/{text}/{kind}-* is missing: every check has at least one firing and one silent fixture"));
                }
            }
        }
        if texts.is_empty() {
            complaints.push(format!("catalogue/checks/{family} has no texts"));
        }
    }
    Ok(())
}

fn documents(root: &Path, complaints: &mut Vec<String>) -> Result<()> {
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"] {
        if !root.join(name).exists() {
            complaints.push(format!("{name} is missing"));
        }
    }
    let readme = std::fs::read_to_string(root.join("README.md")).context("README.md")?;
    if readme.lines().count() > 150 {
        complaints.push("README.md is longer than 150 lines".to_owned());
    }
    let architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    for folder in ["crates", "inspections"] {
        for name in folders(&root.join(folder))? {
            if !architecture.contains(&format!("`{name}`")) {
                complaints.push(format!("ARCHITECTURE.md does not name `{name}`"));
            }
        }
    }
    Ok(())
}

/// Every fuzz target is listed in the manifest and in CI's build.
fn fuzz_targets(root: &Path, complaints: &mut Vec<String>) -> Result<()> {
    let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).context("fuzz/Cargo.toml")?;
    for file in crate::files(&root.join("fuzz/fuzz_targets"))? {
        if !manifest.contains(&format!("fuzz_targets/{}", file.display())) {
            complaints.push(format!("fuzz/Cargo.toml does not list {}", file.display()));
        }
    }
    Ok(())
}

/// Every test that the trace of requirements names is there: `crate::file` or `crate::file::function`.
fn traced_tests(root: &Path, metadata: &Metadata, complaints: &mut Vec<String>) -> Result<()> {
    for file in crate::files(&root.join("catalogue/trace"))? {
        let text = std::fs::read_to_string(root.join("catalogue/trace").join(&file))?;
        for name in text.split('"').filter(|word| word.starts_with("secdiag") && word.contains("::")) {
            let (package, path) = name.split_once("::").unwrap_or_default();
            let known = metadata.packages.iter().find(|known| known.name == package);
            let Some(home) = known.and_then(|known| known.manifest_path.parent()) else {
                complaints.push(format!("catalogue/trace/{}: {name}: there is no such crate", file.display()));
                continue;
            };
            let (target, function) = path
                .split_once("::")
                .map_or((path, None), |(target, rest)| (target, Some(rest.rsplit("::").next().unwrap_or(rest))));
            let sources: Vec<String> = ["tests", "src"]
                .map(|folder| home.join(folder).join(target).with_extension("rs"))
                .iter()
                .filter_map(|file| std::fs::read_to_string(file).ok())
                .collect();
            let found = match function {
                Some(function) => sources.iter().any(|text| text.contains(&format!("fn {function}("))),
                None => !sources.is_empty(),
            };
            if !found {
                complaints.push(format!("catalogue/trace/{}: there is no test {name}", file.display()));
            }
        }
    }
    Ok(())
}

fn folders(parent: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(parent)? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
