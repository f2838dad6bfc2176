//! Every check with its firing and silent fixtures: `fixtures/<check>/{fires,silent}-*`. A fixture is a file, or a folder
//! whose files are one system's evidence.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read their fixtures")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};
use secdiag_drill::DRILL;
use secdiag_inspect::testkit::{Bench, Judged};
use serde_json::Value as Json;

const AS_OF: Date = date(2026, 11, 23);

fn fixtures() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let below = |folder: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let slug = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    below(&root).iter().flat_map(|folder| below(folder).into_iter().map(|path| (slug(folder), path))).collect()
}

fn judged(path: &Path) -> Judged {
    const QUERY: &str = "drill/ddos-traffic";
    // Answers of the query stand beside the files.
    let mut rows = BTreeMap::new();
    if let Ok(bytes) = std::fs::read(path.join("rows.json")) {
        let mut answers: BTreeMap<String, Vec<Json>> = serde_json::from_slice(&bytes).unwrap();
        rows.insert(QUERY, answers.remove(QUERY).unwrap());
    }
    common::judge(add(Bench::default(), path, "fixture"), AS_OF, common::catalogue(), &rows)
}

#[test]
fn every_check_fires_and_stays_silent_as_its_fixtures_say() {
    let mut wrong = Vec::new();
    let mut kinds = BTreeSet::new();
    for (slug, path) in fixtures() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let judged = judged(&path);
        let id = format!("drill/{slug}");
        if !judged.looked.iter().any(|looked| looked.check == id && looked.count > 0) {
            wrong.push(format!("{slug}/{name}: not looked at; notes {:#?}", judged.notes));
        }
        let fires = name.starts_with("fires-");
        if judged.checks().contains(&id.as_str()) != fires {
            wrong.push(format!("{slug}/{name}: {:#?}", judged.findings));
        }
        kinds.insert((slug, fires));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(kinds.len(), DRILL.meta().checks.len() * 2, "every check has a firing and a silent fixture");
}

#[test]
fn every_finding_can_be_worded_counts_for_an_item_and_names_nobody() {
    let catalogue = common::catalogue();
    for (_, path) in fixtures() {
        let judged = judged(&path);
        for finding in &judged.findings {
            let text = catalogue.check(&finding.check).unwrap();
            for lang in [secdiag_model::Lang::En, secdiag_model::Lang::ZhTw] {
                let texts = text.render(lang, &finding.facts).unwrap();
                let all = [&texts.title, &texts.risk, &texts.advice].map(String::as_str).concat();
                assert!(!all.contains('{') && !all.contains("null"), "{texts:?}");
            }
            assert!(!catalogue.items_of(&finding.check, finding.aspect.as_deref()).is_empty());
            assert!(!format!("{finding:?}").contains("@firm.example"), "{finding:?}");
        }
        let notes = judged.notes.iter().filter(|note| !catalogue.words().notes.contains_key(&note.reason));
        assert_eq!(notes.collect::<Vec<_>>().len(), 0, "{:?}", judged.notes);
        for looked in &judged.looked {
            assert!(catalogue.words().counted.contains_key(looked.what), "{}", looked.what);
        }
    }
}

/// Adds a file, or all files of a folder.
fn add(bench: Bench, path: &Path, name: &str) -> Bench {
    if !path.is_dir() {
        return bench.file(DRILL, name, &std::fs::read(path).unwrap());
    }
    let mut entries: Vec<_> = std::fs::read_dir(path).unwrap().map(Result::unwrap).collect();
    entries.retain(|entry| entry.file_name() != "rows.json");
    entries.sort_by_key(std::fs::DirEntry::file_name);
    entries.iter().fold(bench, |bench, entry| {
        add(bench, &entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()))
    })
}
