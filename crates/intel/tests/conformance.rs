//! Real lists. `SECDIAG_DATA` names the folder that holds them.

#![allow(clippy::unwrap_used, clippy::unnecessary_debug_formatting)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use secdiag_intel::{FORMATS, ListInfo, gate, is_warning_list, read_list, read_warning_list};
use secdiag_model::{Head, Match};

fn data() -> PathBuf {
    PathBuf::from(std::env::var_os("SECDIAG_DATA").expect("SECDIAG_DATA names the evidence folder"))
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
#[ignore = "needs SECDIAG_DATA"]
fn stix_bundles_give_their_network_indicators() {
    let data = data();
    let folder = data.join("platform/threatintel/stix21");
    let counts: Vec<_> = files(&folder)
        .iter()
        .map(|path| {
            let bytes = fs::read(path).unwrap();
            let head = Head::new(&bytes, "x", bytes.len() as u64);
            assert!(matches!((FORMATS[0].sniff)(&head), Match::Yes(_)), "{path:?}");
            let info = read(path);
            assert_eq!(info.form, "stix");
            let of = |what: &str| info.census.get(what).copied().unwrap_or_default();
            let objects = info.census.values().sum::<u64>();
            let census =
                [objects, of("indicator"), of("malware"), of("relationship"), of("sighting"), of("observed-data")];
            println!("{path:?}: {census:?} {:?} {:?}", info.by_kind, info.skipped);
            (
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                census,
                info.indicators,
                info.skipped.values().sum::<u64>(),
            )
        })
        .collect();
    // Objects, indicators, malware, relationships, sightings, observed data as the README counts them.
    let expected = [
        ("apt1", [76, 12, 6, 30, 0, 0], 10, 2),
        ("defining-campaigns-threat-actors-intrusion-sets", [26, 0, 0, 18, 0, 0], 0, 0),
        ("indicator-for-malicious-url", [3, 1, 1, 1, 0, 0], 1, 0),
        ("malware-indicator-for-file-hash", [3, 1, 1, 1, 0, 0], 1, 0),
        ("sighting-of-an-indicator", [4, 1, 0, 0, 1, 0], 1, 0),
        ("sighting-of-observed-data", [8, 0, 1, 0, 1, 2], 0, 0),
        ("using-granular-markings", [4, 1, 0, 1, 0, 0], 0, 1),
    ];
    let expected: Vec<_> =
        expected.map(|(name, census, found, skipped)| (name.to_owned(), census, found, skipped)).into();
    assert_eq!(counts, expected);
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn misp_events_give_only_what_is_meant_for_detection() {
    let data = data();
    for path in files(&data.join("platform/threatintel/misp")) {
        let info = read(&path);
        let name = path.file_name().unwrap().to_str().unwrap();
        let of = |what: &str| info.census.get(what).copied().unwrap_or_default();
        let told = [of("event"), of("object"), of("attribute"), of("to_ids")];
        let readme = match name {
            "57c4445b-c548-4654-af0b-4be3950d210f.json" => [1, 0, 9, 5],
            "existing_event.json" => [1, 49, 122, 83],
            "japanese_test.json" => [1, 0, 1, 0],
            "mainly_objects_1.json" => [1, 17, 74, 21],
            "misp_event.json" => [1, 0, 2, 0],
            "shadow.json" => [1, 1, 3, 1],
            // Neither is an event: one is the answer of another tool, one a list of sharing groups.
            "git-vuln-finder-quagga.json" | "sharing_groups.json" => [0; 4],
            other => panic!("{other} is not in the README"),
        };
        assert_eq!(told, readme, "{name}");
        let to_ids = told[3];
        let others: u64 = info.skipped.iter().filter(|(why, _)| *why != "not-for-detection").map(|(_, n)| n).sum();
        println!("{name}: {told:?} {:?} {:?}", info.by_kind, info.skipped);
        // Composite attributes give two indicators, so there may be more of them than attributes.
        assert!(info.indicators + others >= to_ids, "{name}: {info:?}");
        let is_event = !["sharing_groups.json", "git-vuln-finder-quagga.json"].contains(&name);
        assert_eq!(info.form, if is_event { "misp" } else { "" }, "{name}");
        if to_ids == 0 {
            assert_eq!(info.indicators, 0, "{name}");
        }
    }
}

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn lists_of_a_sensor_are_read_whole() {
    let data = data();
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

#[test]
#[ignore = "needs SECDIAG_DATA"]
fn warning_lists_have_the_entries_that_they_say_and_gate_indicators() {
    let mut told = Vec::new();
    let mut lists = Vec::new();
    for path in files(&data().join("platform/threatintel/warninglists")) {
        let bytes = fs::read(&path).unwrap();
        assert!(is_warning_list(&bytes), "{path:?}");
        assert_eq!(read(&path).indicators, 0, "{path:?}");
        let (list, notes) = read_warning_list("x", &bytes).unwrap();
        assert!(notes.is_empty(), "{path:?}: {notes:?}");
        told.push(format!("{} {} {}", path.file_stem().unwrap().to_str().unwrap(), list.kind, list.entries));
        lists.push(list);
    }
    println!("{told:#?}");
    let readme = [
        "akamai cidr 268",
        "automated-malware-analysis substring 26",
        "bank-website hostname 2226",
        "cisco_top1000 string 1000",
        "cloudflare cidr 22",
        "microsoft-attack-simulator substring 141",
        "microsoft-office365-ip cidr 82",
        "microsoft-office365 string 183",
        "multicast cidr 16",
        "public-dns-v6 cidr 269",
        "rfc1918 cidr 3",
        "rfc5735 cidr 15",
        "rfc6598 cidr 1",
        "rfc6761 string 21",
        "url-shortener hostname 255",
    ];
    assert_eq!(told, readme);
    // A drill's own domain, a content network and a shortener are doubtful; what stands in no list is not.
    let text = "203.0.113.9\n104.16.1.1\nbit.ly\nwww.attemplate.com\nbad-domain-of-nobody.example\n";
    let (mut indicators, ..) = read_list("l", text.as_bytes(), None);
    let met = gate(&lists, &mut indicators);
    println!("{met:?}");
    let doubtful: Vec<&str> = indicators.iter().filter(|i| !i.warning.is_empty()).map(|i| i.value.as_str()).collect();
    assert!(doubtful.contains(&"104.16.1.1") && doubtful.contains(&"bit.ly"), "{doubtful:?}");
    assert!(!doubtful.contains(&"203.0.113.9") || doubtful.len() < 5, "{doubtful:?}");
    assert!(!doubtful.contains(&"bad-domain-of-nobody.example"));
}
