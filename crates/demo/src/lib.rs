//! A fictional securities firm: its evidence, generated from a seed, and the truth about it.
//!
//! [`generate`] writes a folder of evidence (what a firm would hand in, described by `assessment.toml`), beside it folders
//! with the evidence of earlier diagnostics ([`EDITIONS`]) and, out of reach of a diagnostic, `truth.json`: what is wrong,
//! what only looks wrong, what cannot be read, and how everything stands over the years. The same seed
//! gives the same bytes. All addresses are private or of the documentation ranges (RFC 5737), all names lie below
//! `.example` (RFC 2606); no real firm, person or threat is meant.

mod capture;
mod desktop;
mod directory;
mod drill;
mod edition;
mod firewalls;
mod history;
mod intel;
mod random;
mod servers;
mod truth;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

pub use edition::{EDITIONS, Edition, NOW};
pub use truth::{Act, Damaged, Deed, Drill, DueRow, Earlier, Innocent, Planted, Standing, Truth, Unreadable};

/// Name of the file with the truth, beside the folder with the evidence.
pub const TRUTH: &str = "truth.json";

/// Name of the firm.
pub const FIRM: &str = "Harbour Light Securities Co., Ltd. 港明證券股份有限公司";

/// Why the firm could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// Something else is there.
    #[error("{} exists and was not written by the demo: choose another folder", path.display())]
    InTheWay {
        /// The folder or file.
        path: PathBuf,
    },
    /// The truth cannot lie beside the folder.
    #[error("{}: give the evidence a folder with a name", path.display())]
    NoName {
        /// As given.
        path: PathBuf,
    },
    /// A file could not be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The truth could not be put into words.
    #[error("truth.json: {0}")]
    Json(#[from] serde_json::Error),
}

/// Writes the evidence into the folder `into`, that of the earlier diagnostics and `truth.json` beside it, replacing
/// what an earlier call wrote there.
pub fn generate(seed: u64, into: &Path) -> Result<Truth, DemoError> {
    let (books, truth_of_all) = written(seed);
    let evidence = std::path::absolute(into).map_err(|source| DemoError::Write { path: into.to_owned(), source })?;
    if evidence.file_name().is_none() {
        return Err(DemoError::NoName { path: evidence });
    }
    let truth = evidence.with_file_name(TRUTH);
    let ours = std::fs::read(&truth).is_ok_and(|bytes| serde_json::from_slice::<Truth>(&bytes).is_ok());
    for path in [&evidence, &truth] {
        if path.exists() && !ours {
            return Err(DemoError::InTheWay { path: path.clone() });
        }
    }
    // The truth first: an evidence folder without it would be taken for somebody else's.
    write(&truth, serde_json::to_string_pretty(&truth_of_all)?.as_bytes())?;
    for book in &books {
        let folder = book.edition.folder(&evidence);
        for (path, bytes) in &book.files {
            write(&folder.join(path), bytes)?;
        }
    }
    Ok(truth_of_all)
}

/// The books of all diagnostics, and the truth about them together.
fn written(seed: u64) -> (Vec<Book>, Truth) {
    let books: Vec<Book> = EDITIONS.iter().map(|edition| Book::of(seed, edition)).collect();
    let seen: Vec<(&Edition, Vec<Planted>)> =
        books.iter().map(|book| (book.edition, book.truth.planted.clone())).collect();
    let Some((now, before)) = books.split_last() else { return (books, Truth::default()) };
    let mut truth = now.truth.clone();
    truth.earlier = before
        .iter()
        .map(|book| Earlier {
            folder: book.edition.year.to_string(),
            as_of: book.edition.as_of.to_string(),
            planted: book.truth.planted.clone(),
            innocent: book.truth.innocent.clone(),
            drills: book.truth.drills.clone(),
        })
        .collect();
    truth.acts = history::acts(&seen);
    truth.standings = history::standings(&seen, &truth.acts);
    truth.due = history::due();
    (books, truth)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), DemoError> {
    let error = |source| DemoError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(error)?;
    }
    std::fs::write(path, bytes).map_err(error)
}

/// Systems of the firm.
const TRADING: &str = "trading";
const BACK_OFFICE: &str = "back-office";
const OFFICE: &str = "office";

/// What the parts of the firm are written down in: files and the truth about them.
struct Book {
    edition: &'static Edition,
    files: Vec<(String, Vec<u8>)>,
    truth: Truth,
}

impl Book {
    fn of(seed: u64, edition: &'static Edition) -> Self {
        let truth = Truth { firm: FIRM.to_owned(), seed, as_of: edition.as_of.to_string(), ..Truth::default() };
        let mut book = Self { edition, files: Vec::new(), truth };
        let assessment = if edition.covers(OFFICE) {
            include_str!("assessment.toml")
        } else {
            include_str!("assessment-after-incident.toml")
        };
        book.file("assessment.toml", edition.filled(assessment));
        book.file("register.toml", history::register(edition));
        if edition.year == 2025 {
            // No diagnostic was held in 2024.
            let subject = json!({"kind": "record", "record": TRADING});
            book.plant("programme/cycle-overdue", TRADING, subject, "category 1, last assessed in full in July 2023");
        }
        firewalls::write(seed, &mut book);
        directory::write(seed, &mut book);
        servers::write(seed, &mut book);
        capture::write(seed, &mut book);
        intel::write(seed, &mut book);
        desktop::write(seed, &mut book);
        drill::write(seed, &mut book);
        book
    }

    fn file(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.push((path.to_owned(), bytes.into()));
    }

    fn plant(&mut self, check: &str, system: &str, subject: Json, why: &str) -> &mut Planted {
        self.truth.planted.push(Planted {
            check: check.to_owned(),
            system: system.to_owned(),
            subject: object(subject),
            facts: Map::new(),
            why: why.to_owned(),
        });
        let last = self.truth.planted.len() - 1;
        &mut self.truth.planted[last]
    }

    fn innocent(&mut self, system: &str, subject: Json, must_not_fire: &[&str], what: &str) {
        self.truth.innocent.push(Innocent {
            what: what.to_owned(),
            must_not_fire: must_not_fire.iter().map(|check| (*check).to_owned()).collect(),
            system: system.to_owned(),
            subject: object(subject),
        });
    }

    fn unreadable(&mut self, path: &str, state: &str, why: &str) {
        self.truth.unreadable.push(Unreadable { path: path.to_owned(), state: state.to_owned(), why: why.to_owned() });
    }

    fn damaged(&mut self, path: &str, member: &str, why: &str) {
        let (path, member, why) = (path.to_owned(), member.to_owned(), why.to_owned());
        self.truth.damaged.push(Damaged { path, member, why });
    }
}

impl Planted {
    fn fact(&mut self, name: &str, value: impl Into<Json>) -> &mut Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

fn object(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
        fn walk(folder: &Path, below: &str, into: &mut BTreeMap<String, Vec<u8>>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let name = format!("{below}/{}", entry.file_name().to_string_lossy());
                if entry.file_type().unwrap().is_dir() {
                    walk(&entry.path(), &name, into);
                } else {
                    into.insert(name, std::fs::read(entry.path()).unwrap());
                }
            }
        }
        let mut all = BTreeMap::new();
        walk(folder, "", &mut all);
        all
    }

    #[test]
    fn the_seed_decides_every_byte() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).join("evidence");
        let truth = generate(7, &place("one")).unwrap();
        assert_eq!(generate(7, &place("again")).unwrap(), truth);
        assert_ne!(generate(8, &place("other")).unwrap(), truth);
        let all = |name: &str| files(&folder.path().join(name));
        let (one, again, other) = (all("one"), all("again"), all("other"));
        assert_eq!(one, again);
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        let same = other.iter().filter(|(name, bytes)| one.get(*name) == Some(bytes)).count();
        assert!(same < one.len() / 2, "{same} of {} files do not depend on the seed", one.len());
    }

    #[test]
    fn the_truth_lies_beside_the_evidence_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let evidence = folder.path().join("evidence");
        let truth = generate(1, &evidence).unwrap();
        let read: Truth = serde_json::from_slice(&std::fs::read(folder.path().join(TRUTH)).unwrap()).unwrap();
        assert_eq!(read, truth);
        let written = files(&evidence);
        assert!(!written.keys().any(|name| name.contains("truth")));
        let size: usize = written.values().map(Vec::len).sum();
        assert!(size < 3_000_000, "{size} bytes");
        generate(2, &evidence).unwrap();
    }

    #[test]
    fn what_somebody_else_put_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let evidence = folder.path().join("evidence");
        std::fs::create_dir(&evidence).unwrap();
        assert!(matches!(generate(1, &evidence), Err(DemoError::InTheWay { .. })));
        std::fs::remove_dir(&evidence).unwrap();
        std::fs::write(folder.path().join(TRUTH), "mine").unwrap();
        assert!(matches!(generate(1, &evidence), Err(DemoError::InTheWay { .. })));
        assert!(matches!(generate(1, Path::new("/")), Err(DemoError::NoName { .. })));
    }

    #[test]
    fn planted_problems_are_told_apart_and_innocents_are_none_of_them() {
        for book in EDITIONS.iter().map(|edition| Book::of(3, edition)) {
            told_apart(&book.truth);
        }
    }

    fn told_apart(truth: &Truth) {
        for (index, planted) in truth.planted.iter().enumerate() {
            assert!(!planted.subject.is_empty(), "{planted:?}");
            let same = |other: &&Planted| {
                (&other.check, &other.system, &other.subject) == (&planted.check, &planted.system, &planted.subject)
            };
            assert_eq!(truth.planted.iter().position(|other| same(&other)), Some(index), "{planted:?}");
        }
        for innocent in &truth.innocent {
            assert!(!innocent.subject.is_empty() && !innocent.must_not_fire.is_empty(), "{innocent:?}");
            let hit = truth.planted.iter().find(|planted| {
                planted.system == innocent.system
                    && innocent.must_not_fire.contains(&planted.check)
                    && innocent.subject.iter().all(|(key, value)| planted.subject.get(key) == Some(value))
            });
            assert_eq!(hit, None, "{innocent:?}");
        }
    }

    #[test]
    fn nothing_points_at_the_real_world() {
        for (path, bytes) in EDITIONS.iter().flat_map(|edition| Book::of(5, edition).files) {
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            for word in [".com", ".tw\"", ".net/", ".org/"] {
                let harmless = ["oasis-open.org/", "openldap.org/"];
                let text = harmless.iter().fold(text.clone(), |text, known| text.replace(known, ""));
                assert!(!text.contains(word), "{path} holds {word}");
            }
        }
    }
}
