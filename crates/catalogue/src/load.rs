//! Reads the catalogue's files: the built-in ones, overlaid by a user's folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use secdiag_model::{ItemId, Sha256};
use serde::de::DeserializeOwned;

use crate::{
    Category, CheckText, Crosswalk, Duties, Group, Item, ItemCheck, Question, Questionnaire, Regime, Requirement, Sla,
    ThresholdSet, Tracker, Words,
};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../catalogue");

/// The catalogue, resolved.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub(crate) groups: Vec<Group>,
    pub(crate) items: BTreeMap<ItemId, Item>,
    pub(crate) checks: BTreeMap<String, CheckText>,
    pub(crate) thresholds: BTreeMap<String, ThresholdSet>,
    pub(crate) questionnaires: BTreeMap<String, Questionnaire>,
    pub(crate) duties: Duties,
    pub(crate) regimes: Vec<Regime>,
    pub(crate) categories: Vec<Category>,
    pub(crate) crosswalk: Crosswalk,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) sla: Sla,
    pub(crate) tracker: Tracker,
    pub(crate) words: Words,
    pub(crate) revision: Sha256,
}

/// A catalogue that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file of the overlay cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A file is not what its place in the folder says.
    #[error("catalogue file {file}: {error}")]
    Parse {
        /// Path inside the catalogue.
        file: String,
        /// What is wrong, with line and column.
        error: yaml_serde::Error,
    },
    /// A file in a place where none belongs.
    #[error(
        "catalogue file {file} is not used: files belong into items/, checks/<family>/, thresholds/, questionnaires/, trace/, or are groups.yaml, regimes.yaml, categories.yaml, crosswalk.yaml, sla.yaml, tracker.yaml, words.yaml, duties.yaml"
    )]
    Misplaced {
        /// Path inside the catalogue.
        file: String,
    },
    /// A file whose name is not its id: an overlay would not replace it.
    #[error("catalogue file {file}: its id is {id}, so it must be {expected}")]
    Misnamed {
        /// Path inside the catalogue.
        file: String,
        /// The id.
        id: String,
        /// The path that belongs to the id.
        expected: String,
    },
    /// The same id twice.
    #[error("catalogue file {file}: {id} is defined twice")]
    Duplicate {
        /// Path inside the catalogue.
        file: String,
        /// The id.
        id: String,
    },
    /// A file that every catalogue has is missing.
    #[error("the catalogue has no {0}")]
    Missing(&'static str),
}

impl Catalogue {
    /// The built-in catalogue.
    pub fn built_in() -> Result<Self, LoadError> {
        Self::from_files(built_in_files())
    }

    /// The built-in catalogue with a user's folder laid over it: a file of the same path replaces ours, a new one adds.
    pub fn with_overlay(folder: &Path) -> Result<Self, LoadError> {
        let mut files = built_in_files();
        read_folder(folder, folder, &mut files)?;
        Self::from_files(files)
    }

    /// Top items of the sets, in order.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// One top item, such as `GOV-5`; that of an item is `group(item.parent())`.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.id.0 == id)
    }

    /// All items, in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// One item.
    pub fn item(&self, id: &ItemId) -> Option<&Item> {
        self.items.get(id)
    }

    /// All check texts, by slug.
    pub fn checks(&self) -> impl Iterator<Item = &CheckText> {
        self.checks.values()
    }

    /// The texts of one check.
    pub fn check(&self, id: &str) -> Option<&CheckText> {
        self.checks.get(id)
    }

    /// The checks that decide an item: those that exist and say so, then those that the item still waits for.
    pub fn checks_of(&self, item: &Item) -> Vec<ItemCheck> {
        let existing = self.checks.values().filter_map(|check| {
            let aspects = check.items.get(&item.id)?;
            Some(ItemCheck { check: check.id.clone(), aspects: aspects.clone(), weight: check.weight, planned: false })
        });
        let waiting = item.planned.iter().filter(|planned| !self.checks.contains_key(&planned.check));
        existing
            .chain(waiting.map(|planned| ItemCheck {
                check: planned.check.clone(),
                aspects: Vec::new(),
                weight: 1,
                planned: true,
            }))
            .collect()
    }

    /// Items that a finding of `check` with this aspect counts for.
    pub fn items_of(&self, check: &str, aspect: Option<&str>) -> Vec<ItemId> {
        let Some(text) = self.checks.get(check) else { return Vec::new() };
        let counts =
            |aspects: &[String]| aspects.is_empty() || aspect.is_some_and(|aspect| aspects.iter().any(|a| a == aspect));
        text.items.iter().filter(|(_, aspects)| counts(aspects)).map(|(id, _)| id.clone()).collect()
    }

    /// All threshold sets, by id.
    pub fn threshold_sets(&self) -> impl Iterator<Item = &ThresholdSet> {
        self.thresholds.values()
    }

    /// One threshold set.
    pub fn threshold_set(&self, id: &str) -> Option<&ThresholdSet> {
        self.thresholds.get(id)
    }

    /// All questionnaires, by id.
    pub fn questionnaires(&self) -> impl Iterator<Item = &Questionnaire> {
        self.questionnaires.values()
    }

    /// One questionnaire.
    pub fn questionnaire(&self, id: &str) -> Option<&Questionnaire> {
        self.questionnaires.get(id)
    }

    /// All questions, questionnaire by questionnaire.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.questionnaires.values().flat_map(|questionnaire| &questionnaire.questions)
    }

    /// Limits and lists that records are held against.
    pub fn duties(&self) -> &Duties {
        &self.duties
    }

    /// Regimes, in the order of the file.
    pub fn regimes(&self) -> &[Regime] {
        &self.regimes
    }

    /// One regime.
    pub fn regime(&self, id: &str) -> Option<&Regime> {
        self.regimes.iter().find(|regime| regime.id == id)
    }

    /// Items of a regime, in order.
    pub fn items_in<'a>(&'a self, regime: &'a Regime) -> impl Iterator<Item = &'a Item> {
        self.items.values().filter(|item| regime.sets.iter().any(|set| set == item.id.set()))
    }

    /// System categories.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// Differences between the item sets.
    pub fn crosswalk(&self) -> &Crosswalk {
        &self.crosswalk
    }

    /// The trace of requirements, in order.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// What the table looks like in which firms answer to findings.
    pub fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// Time limits of open findings.
    pub fn sla(&self) -> &Sla {
        &self.sla
    }

    /// Words of results that code says in English only.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Digest of all files: two runs with the same revision used the same words and numbers.
    pub fn revision(&self) -> Sha256 {
        self.revision
    }

    fn from_files(files: BTreeMap<String, Vec<u8>>) -> Result<Self, LoadError> {
        let revision = Sha256::of(
            &files
                .iter()
                .flat_map(|(name, bytes)| [name.as_bytes(), b"\0", Sha256::of(bytes).to_string().as_bytes()].concat())
                .collect::<Vec<_>>(),
        );
        let (mut items, mut checks, mut thresholds) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (mut groups, mut regimes, mut categories, mut crosswalk, mut sla, mut words) =
            (None, None, None, None, None, None);
        let (mut questionnaires, mut duties, mut tracker) = (BTreeMap::new(), None, None);
        let mut requirements: Vec<Requirement> = Vec::new();
        for (file, bytes) in &files {
            match file.split('/').collect::<Vec<_>>()[..] {
                ["items", _] => {
                    for item in parse::<Vec<Item>>(file, bytes)? {
                        insert(&mut items, item.id.clone(), item, file)?;
                    }
                }
                ["checks", _, _] => {
                    let check: CheckText = parse(file, bytes)?;
                    named(file, &check.id, format!("checks/{}.yaml", check.id))?;
                    insert(&mut checks, check.id.clone(), check, file)?;
                }
                ["thresholds", _] => {
                    let set: ThresholdSet = parse(file, bytes)?;
                    named(file, &set.id, format!("thresholds/{}.yaml", set.id))?;
                    insert(&mut thresholds, set.id.clone(), set, file)?;
                }
                ["questionnaires", _] => {
                    let questionnaire: Questionnaire = parse(file, bytes)?;
                    named(file, &questionnaire.id, format!("questionnaires/{}.yaml", questionnaire.id))?;
                    insert(&mut questionnaires, questionnaire.id.clone(), questionnaire, file)?;
                }
                ["duties.yaml"] => duties = Some(parse(file, bytes)?),
                ["trace", _] => requirements.extend(parse::<Vec<Requirement>>(file, bytes)?),
                ["groups.yaml"] => groups = Some(parse::<Vec<Group>>(file, bytes)?),
                ["regimes.yaml"] => regimes = Some(parse(file, bytes)?),
                ["categories.yaml"] => categories = Some(parse(file, bytes)?),
                ["crosswalk.yaml"] => crosswalk = Some(parse(file, bytes)?),
                ["sla.yaml"] => sla = Some(parse(file, bytes)?),
                ["tracker.yaml"] => tracker = Some(parse(file, bytes)?),
                ["words.yaml"] => words = Some(parse(file, bytes)?),
                [name] if name.ends_with(".md") => {}
                _ => return Err(LoadError::Misplaced { file: file.clone() }),
            }
        }
        requirements
            .sort_by_key(|requirement| requirement.id.trim_start_matches('R').parse::<u32>().unwrap_or(u32::MAX));
        let mut groups = groups.ok_or(LoadError::Missing("groups.yaml"))?;
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self {
            groups,
            items,
            checks,
            thresholds,
            questionnaires,
            duties: duties.ok_or(LoadError::Missing("duties.yaml"))?,
            regimes: regimes.ok_or(LoadError::Missing("regimes.yaml"))?,
            categories: categories.ok_or(LoadError::Missing("categories.yaml"))?,
            crosswalk: crosswalk.ok_or(LoadError::Missing("crosswalk.yaml"))?,
            requirements,
            sla: sla.ok_or(LoadError::Missing("sla.yaml"))?,
            tracker: tracker.ok_or(LoadError::Missing("tracker.yaml"))?,
            words: words.ok_or(LoadError::Missing("words.yaml"))?,
            revision,
        })
    }
}

fn parse<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, LoadError> {
    yaml_serde::from_slice(bytes).map_err(|error| LoadError::Parse { file: file.to_owned(), error })
}

fn named(file: &str, id: &str, expected: String) -> Result<(), LoadError> {
    if file == expected {
        return Ok(());
    }
    Err(LoadError::Misnamed { file: file.to_owned(), id: id.to_owned(), expected })
}

fn insert<K: Ord + ToString, V>(map: &mut BTreeMap<K, V>, id: K, value: V, file: &str) -> Result<(), LoadError> {
    let name = id.to_string();
    match map.insert(id, value) {
        None => Ok(()),
        Some(_) => Err(LoadError::Duplicate { file: file.to_owned(), id: name }),
    }
}

fn built_in_files() -> BTreeMap<String, Vec<u8>> {
    fn collect(dir: &Dir<'_>, files: &mut BTreeMap<String, Vec<u8>>) {
        for file in dir.files() {
            files.insert(file.path().to_string_lossy().replace('\\', "/"), file.contents().to_vec());
        }
        dir.dirs().for_each(|dir| collect(dir, files));
    }
    let mut files = BTreeMap::new();
    collect(&BUILT_IN, &mut files);
    files
}

fn read_folder(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), LoadError> {
    let wrong = |path: &Path| {
        let path = path.to_owned();
        move |error| LoadError::Read { path, error }
    };
    for entry in std::fs::read_dir(folder).map_err(wrong(folder))? {
        let path = entry.map_err(wrong(folder))?.path();
        if path.is_dir() {
            read_folder(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.insert(name, std::fs::read(&path).map_err(wrong(&path))?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlay(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Catalogue, LoadError>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let catalogue = Catalogue::with_overlay(folder.path());
        (folder, catalogue)
    }

    fn message(files: &[(&str, &str)]) -> String {
        overlay(files).1.unwrap_err().to_string()
    }

    const CHECK: &str = "
id: local/backup-tape-unlabelled
title: {en: Tape {tape} has no label, zh-TW: 磁帶 {tape} 無標籤}
what: {en: w, zh-TW: 檢}
why: {en: w, zh-TW: 因}
evidence: {en: e, zh-TW: 證}
limits: {en: l, zh-TW: 限}
risk: {en: r, zh-TW: 險}
advice: {en: a, zh-TW: 改}
severity: {base: low}
items: {FIN-7.1: []}
references: []
";

    #[test]
    fn the_built_in_catalogue_loads() {
        let catalogue = Catalogue::built_in().unwrap();
        assert_eq!(catalogue.items().filter(|item| item.id.set() == "GOV").count(), 14);
        assert_eq!(catalogue.items().filter(|item| item.id.set() == "FIN").count(), 44);
        assert_eq!(catalogue.group("GOV-5").unwrap().title.en, "Directory server settings");
        let lockout = catalogue.item(&ItemId("GOV-5.2".to_owned())).unwrap();
        assert_eq!(catalogue.group(lockout.id.parent()).unwrap().items.len(), 3);
        assert_eq!(catalogue.regime("government").map(|regime| catalogue.items_in(regime).count()), Some(14));
    }

    /// These items are decided by the checks of the first release alone; a planned check would keep them from passing.
    #[test]
    fn the_first_checks_decide_their_items() {
        let catalogue = Catalogue::built_in().unwrap();
        let asked = |item: &str| {
            let item = catalogue.item(&ItemId(item.to_owned())).unwrap();
            assert!(item.attestations.is_empty(), "{} waits for a statement", item.id);
            catalogue.checks_of(item).into_iter().map(|check| check.check).collect::<std::collections::BTreeSet<_>>()
        };
        let set = |family: &str, slugs: &[&str]| slugs.iter().map(|slug| format!("{family}/{slug}")).collect();
        let password = [
            "account-password-never-expires",
            "account-password-not-required",
            "password-age-maximum-long",
            "password-age-minimum-short",
            "password-complexity-off",
            "password-history-short",
            "password-too-short",
            "reversible-encryption",
        ];
        let lockout = ["lockout-duration-short", "lockout-never", "lockout-reset-short", "lockout-threshold-high"];
        assert_eq!(asked("GOV-5.1"), set("directory", &password));
        assert_eq!(asked("GOV-5.2"), set("directory", &lockout));
        assert_eq!(asked("FIN-6.2"), set("directory", &[&password[..], &lockout].concat()));
        assert_eq!(asked("GOV-6.4"), set("firewall", &["permit-any-any", "missing-deny-all", "deny-all-not-logged"]));
        assert_eq!(asked("FIN-2.2"), set("traffic", &["known-bad-address", "known-bad-domain"]));
    }

    #[test]
    fn an_overlay_replaces_a_file_and_nothing_else() {
        let built_in = Catalogue::built_in().unwrap();
        let firm = "
id: firm
title: {en: Example Securities, zh-TW: 範例證券}
publisher: Example Securities
version: 2026-01
settings:
  min_length: {at_least: 14, source: Password standard 3.2, text_status: verified}
";
        let (_folder, catalogue) = overlay(&[("thresholds/firm.yaml", firm)]);
        let catalogue = catalogue.unwrap();
        let set = catalogue.threshold_set("firm").unwrap();
        assert_eq!((set.settings.len(), set.get(crate::Setting::MinLength).unwrap().at_least), (1, Some(14)));
        assert_eq!(catalogue.threshold_set("cis"), built_in.threshold_set("cis"));
        assert_ne!(catalogue.revision(), built_in.revision());
        let (_folder, same) = overlay(&[]);
        assert_eq!(same.unwrap().revision(), built_in.revision());
    }

    #[test]
    fn an_overlay_adds_a_check_that_counts_for_its_items() {
        let check = CHECK
            .replace("Tape {tape} has no label", "\"Tape {tape} has no label\"")
            .replace("磁帶 {tape} 無標籤", "\"磁帶 {tape} 無標籤\"");
        let (_folder, catalogue) = overlay(&[("checks/local/backup-tape-unlabelled.yaml", &check)]);
        let catalogue = catalogue.unwrap();
        let item = ItemId("FIN-7.1".to_owned());
        assert_eq!(catalogue.items_of("local/backup-tape-unlabelled", None), std::slice::from_ref(&item));
        let checks = catalogue.checks_of(catalogue.item(&item).unwrap());
        assert!(checks.iter().any(|check| check.check == "local/backup-tape-unlabelled" && !check.planned));
    }

    #[test]
    fn a_check_that_exists_is_no_longer_waited_for() {
        let check = CHECK.replace("local/backup-tape-unlabelled", "compliance/backup-failed").replace(" {tape}", "");
        let (_folder, catalogue) = overlay(&[("checks/compliance/backup-failed.yaml", &check)]);
        let catalogue = catalogue.unwrap();
        let item = catalogue.item(&ItemId("FIN-7.1".to_owned())).unwrap();
        let found: Vec<_> =
            catalogue.checks_of(item).into_iter().filter(|check| check.check == "compliance/backup-failed").collect();
        assert_eq!(found.len(), 1);
        assert!(!found[0].planned);
    }

    #[test]
    fn messages_name_the_file_and_the_line() {
        let text = "id: firm\ntitle: {en: a, zh-TW: 乙}\npublisher: p\nversion: v\nsettings:\n  min_lenght: {}\n";
        let found = message(&[("thresholds/firm.yaml", text)]);
        assert!(found.starts_with("catalogue file thresholds/firm.yaml: "), "{found}");
        assert!(found.contains("line 6") && found.contains("min_lenght"), "{found}");
        let found = message(&[("notes.txt", "")]);
        assert!(found.starts_with("catalogue file notes.txt is not used: files belong into items/"), "{found}");
        let again = "- {id: GOV-1}";
        assert!(
            message(&[("items/own.yaml", again)]).contains("items/own.yaml"),
            "{}",
            message(&[("items/own.yaml", again)])
        );
        let folder = Path::new("no-such-folder-here");
        assert!(Catalogue::with_overlay(folder).unwrap_err().to_string().starts_with("no-such-folder-here: "));
    }

    #[test]
    fn an_id_is_defined_once() {
        let gov = BUILT_IN.get_file("items/gov.yaml").unwrap().contents_utf8().unwrap();
        let found = message(&[("items/own.yaml", gov)]);
        assert_eq!(found, "catalogue file items/own.yaml: GOV-1 is defined twice");
    }

    #[test]
    fn a_file_is_named_as_its_id() {
        let text = "id: firm\ntitle: {en: a, zh-TW: 乙}\npublisher: p\nversion: v\nsettings: {}\n";
        let found = message(&[("thresholds/own.yaml", text)]);
        assert_eq!(found, "catalogue file thresholds/own.yaml: its id is firm, so it must be thresholds/firm.yaml");
    }
}
