//! Intake of the whole body of real evidence: it ends, and every file is listed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::time::Instant;

use secdiag_evidence::{Options, Vault, intake};
use secdiag_model::Recognition;

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn every_file_of_the_evidence_is_listed_once() {
    let data =
        std::path::PathBuf::from(std::env::var_os("SECDIAG_DATA").expect("SECDIAG_DATA names the evidence folder"));
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open_dir(folder.path()).unwrap();
    let start = Instant::now();
    let taken = intake(std::slice::from_ref(&data), &[], &vault, &Options::default(), &()).unwrap();
    let first = start.elapsed();

    let mut states: BTreeMap<String, u64> = BTreeMap::new();
    let mut given = BTreeSet::new();
    let mut all = BTreeSet::new();
    for artefact in &taken.evidence.artefacts {
        assert!(all.insert(artefact.display_path()), "{} is listed twice", artefact.display_path());
        if artefact.member.is_none() {
            given.insert(artefact.path.clone());
        }
        let state = match &artefact.recognition {
            Recognition::Recognised { .. } => panic!("no format was given"),
            Recognition::Container { format, .. } => format!("opened: {format}"),
            Recognition::Unsupported { format: Some(_), .. } => "known, not read".to_owned(),
            Recognition::Unsupported { format: None, reason, .. } => reason.clone(),
            Recognition::Assessment => "assessment".to_owned(),
            Recognition::Broken { .. } => "broken".to_owned(),
        };
        *states.entry(state).or_default() += 1;
        let is_silent = matches!(artefact.recognition, Recognition::Container { .. } | Recognition::Assessment);
        let noted = |artefact: &secdiag_model::Artefact| {
            taken.notes.iter().any(|note| note.path == artefact.path && note.member == artefact.member)
        };
        assert!(is_silent || artefact.member.is_some() || noted(artefact), "{} has no note", artefact.path);
    }
    let files = walkdir::WalkDir::new(&data).into_iter().filter(|entry| entry.as_ref().unwrap().file_type().is_file());
    let mut on_disk = 0;
    for entry in files {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(&data).unwrap().to_string_lossy().into_owned();
        assert!(given.contains(&path), "{path} is not listed");
        on_disk += 1;
    }
    assert_eq!((taken.files, given.len() as u64), (on_disk, on_disk));
    // What was given is in the vault, byte for byte; compared block by block, so that the test's own memory stays flat.
    for artefact in taken.evidence.artefacts.iter().filter(|artefact| artefact.member.is_none()).step_by(50) {
        let mut kept = vault.open_verified(&artefact.sha256).unwrap();
        let mut given = std::fs::File::open(data.join(&artefact.path)).unwrap();
        let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        loop {
            let n = kept.read(&mut left).unwrap();
            given.read_exact(&mut right[..n]).unwrap();
            assert_eq!(left[..n], right[..n], "{}", artefact.path);
            if n == 0 {
                assert_eq!(given.read(&mut right).unwrap(), 0, "{}", artefact.path);
                break;
            }
        }
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for note in &taken.notes {
        *reasons.entry(&note.reason).or_default() += 1;
        assert_ne!(note.reason, "reader-crashed", "{note:?}");
    }

    let start = Instant::now();
    let again = intake(&[data], &[], &vault, &Options { threads: 1, ..Options::default() }, &()).unwrap();
    assert!(again.evidence == taken.evidence && again.notes == taken.notes, "the same again, on one thread");
    println!("{} files, {} bytes, {} artefacts", taken.files, taken.bytes, taken.evidence.artefacts.len());
    println!("first intake {first:.1?}, again {:.1?} on one thread", start.elapsed());
    println!("states {states:#?}\nnotes {reasons:#?}");
    for note in taken.notes.iter().filter(|note| !matches!(note.reason.as_str(), "unsupported" | "empty")) {
        println!(
            "{} {}!/{} {}: {}",
            note.reason,
            note.path,
            note.member.as_deref().unwrap_or(""),
            note.place.as_deref().unwrap_or(""),
            note.text
        );
    }
}
