//! Real lists. `SECDIAG_DATA` names the folder that holds them.

#![allow(clippy::unwrap_used, clippy::unnecessary_debug_formatting)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use secdiag_intel::{FORMATS, ListInfo, read_list};
use secdiag_model::{Head, Match};

fn data() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("SECDIAG_DATA")?))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{folder:?} is empty");
    files
}

fn read(path: &Path) -> ListInfo {
    let (indicators, info, notes) =
        read_list(path.file_name().unwrap().to_str().unwrap(), &fs::read(path).unwrap(), None);
    assert_eq!(indicators.len() as u64, info.indicators);
    assert!(info.indicators > 0 || !notes.is_empty(), "{path:?} gave nothing and no reason");
    info
}

#[test]
fn stix_bundles_give_their_network_indicators() {
    let Some(data) = data() else { return };
    let folder = data.join("platform/threatintel/stix21");
    let counts: Vec<_> = files(&folder)
        .iter()
        .map(|path| {
            let bytes = fs::read(path).unwrap();
            let head = Head::new(&bytes, "x", bytes.len() as u64);
            assert!(matches!((FORMATS[0].sniff)(&head), Match::Yes(_)), "{path:?}");
            let info = read(path);
            assert_eq!(info.form, "stix");
            (
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                info.indicators,
                info.skipped.values().sum::<u64>(),
            )
        })
        .collect();
    let expected = [
        ("apt1", 7, 5),
        ("defining-campaigns-threat-actors-intrusion-sets", 0, 0),
        ("indicator-for-malicious-url", 1, 0),
        ("malware-indicator-for-file-hash", 0, 1),
        ("sighting-of-an-indicator", 1, 0),
        ("sighting-of-observed-data", 0, 0),
        ("using-granular-markings", 0, 1),
    ];
    let expected: Vec<_> = expected.map(|(name, found, skipped)| (name.to_owned(), found, skipped)).into();
    assert_eq!(counts, expected);
}

#[test]
fn misp_events_give_only_what_is_meant_for_detection() {
    let Some(data) = data() else { return };
    for path in files(&data.join("platform/threatintel/misp")) {
        let info = read(&path);
        let name = path.file_name().unwrap().to_str().unwrap();
        let to_ids = match name {
            "57c4445b-c548-4654-af0b-4be3950d210f.json" => 5,
            "existing_event.json" => 83,
            "mainly_objects_1.json" => 21,
            "shadow.json" => 1,
            _ => 0,
        };
        let others: u64 = info.skipped.iter().filter(|(why, _)| *why != "not-for-detection").map(|(_, n)| n).sum();
        println!("{name}: {info:?}");
        assert!(info.indicators + others >= to_ids, "{name}: {info:?}");
        let is_event = !["sharing_groups.json", "git-vuln-finder-quagga.json"].contains(&name);
        assert_eq!(info.form, if is_event { "misp" } else { "" }, "{name}");
        if to_ids == 0 {
            assert_eq!(info.indicators, 0, "{name}");
        }
    }
    for path in files(&data.join("platform/threatintel/warninglists")) {
        assert_eq!(read(&path).indicators, 0, "{path:?}");
    }
}

#[test]
fn lists_of_a_sensor_are_read_whole() {
    let Some(data) = data() else { return };
    let lists = data.join("traffic/lists");
    let (mut indicators, mut not_understood, mut entries) = (0, 0, 0);
    let start = Instant::now();
    for folder in ["maltrail", "maltrail_malware"] {
        for path in files(&lists.join(folder)) {
            let info = read(&path);
            indicators += info.indicators;
            entries += info.indicators + info.skipped.values().sum::<u64>();
            let lost: u64 = info.skipped.iter().filter(|(why, _)| *why == "not-a-domain").map(|(_, n)| n).sum();
            if lost > 0 {
                println!("{path:?}: {:?}", info.skipped);
            }
            not_understood += lost;
        }
    }
    println!("{indicators} indicators of {entries} entries, {not_understood} not understood, {:?}", start.elapsed());
    assert!(indicators > 43_000, "{indicators}");
    assert!(not_understood * 1000 < entries, "{not_understood} of {entries}");
}
