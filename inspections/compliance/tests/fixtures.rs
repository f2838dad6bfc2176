//! Every check with its firing and silent fixtures: `fixtures/<check>/{fires,silent}-*`. A fixture is a file, or a folder
//! whose files are one system's evidence.

#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]

mod common;

use std::path::Path;

use secdiag_compliance::COMPLIANCE;
use secdiag_inspect::testkit::Bench;

#[test]
fn every_check_fires_and_stays_silent_as_its_fixtures_say() {
    let mut wrong = Vec::new();
    for check in COMPLIANCE.meta().checks {
        let (_, slug) = check.id.split_once('/').unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(slug);
        let (mut fires, mut silent) = (0, 0);
        let mut entries: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let judged = common::judge(add(Bench::default(), &path, &name).unwrap());
            if !judged.looked.iter().any(|looked| looked.check == check.id && looked.count > 0) {
                wrong.push(format!("{slug}/{name}: not looked at; notes {:#?}", judged.notes));
            }
            let found = judged.checks().contains(&check.id);
            if found != name.starts_with("fires-") {
                let lines: Vec<_> = judged.findings.iter().map(common::short).collect();
                wrong.push(format!("{slug}/{name}: {lines:#?}"));
            }
            if found { fires += 1 } else { silent += 1 }
        }
        assert!(fires > 0 && silent > 0, "{slug}: {fires} firing, {silent} silent fixtures");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every finding of every fixture has all facts that its texts name, and counts for an item.
#[test]
fn every_finding_of_a_fixture_can_be_worded_and_counts() {
    let catalogue = common::catalogue();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut seen = std::collections::BTreeSet::new();
    for slug in std::fs::read_dir(&folder).unwrap() {
        for path in std::fs::read_dir(slug.unwrap().path()).unwrap() {
            let path = path.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            for finding in common::judge(add(Bench::default(), &path, &name).unwrap()).findings {
                let text = catalogue.check(&finding.check).unwrap();
                for lang in [secdiag_model::Lang::En, secdiag_model::Lang::ZhTw] {
                    let texts = text.render(lang, &finding.facts).unwrap();
                    let all = [&texts.title, &texts.risk, &texts.advice].map(String::as_str).concat();
                    assert!(!all.contains('{') && !all.contains("null"), "{texts:?}");
                }
                let items = catalogue.items_of(&finding.check, finding.aspect.as_deref());
                assert!(!items.is_empty(), "{} counts for nothing with {:?}", finding.check, finding.aspect);
                seen.insert(finding.check);
            }
        }
    }
    assert_eq!(seen.len(), COMPLIANCE.meta().checks.len());
}

/// What the checks count and why they note something can be said in both languages.
#[test]
fn counts_and_notes_have_words() {
    let catalogue = common::catalogue();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut without = std::collections::BTreeSet::new();
    for slug in std::fs::read_dir(&folder).unwrap() {
        for path in std::fs::read_dir(slug.unwrap().path()).unwrap() {
            let path = path.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let judged = common::judge(add(Bench::default(), &path, &name).unwrap());
            let notes = judged.notes.iter().filter(|note| !catalogue.words().notes.contains_key(&note.reason));
            without.extend(notes.map(|note| note.reason.clone()));
            let counted = judged.looked.iter().filter(|looked| !catalogue.words().counted.contains_key(looked.what));
            without.extend(counted.map(|looked| looked.what.to_owned()));
        }
    }
    assert_eq!(without, std::collections::BTreeSet::new());
}

fn add(bench: Bench, path: &Path, name: &str) -> std::io::Result<Bench> {
    if !path.is_dir() {
        return Ok(bench.file(COMPLIANCE, name, &std::fs::read(path)?));
    }
    let mut entries: Vec<_> = std::fs::read_dir(path)?.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    entries.iter().try_fold(bench, |bench, entry| {
        add(bench, &entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()))
    })
}
