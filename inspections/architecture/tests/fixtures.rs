//! Every check with its firing and silent fixtures: `fixtures/<check>/{fires,silent}-*`; and drawings through the whole
//! inspection.

#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]
#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a failed test")]

use std::path::Path;

use jiff::civil::date;
use secdiag_architecture::{ARCHITECTURE, FORMATS};
use secdiag_catalogue::ThresholdSet;
use secdiag_inspect::testkit::{Bench, Judged, recognise};
use secdiag_model::Format;
use secdiag_records::continuity;

static RECORDS: Format = continuity::FORMAT;

fn judge(bench: &Bench) -> Judged {
    let none = r#"{"id":"none","title":{"en":"","zh-TW":""},"publisher":"","version":"","settings":{}}"#;
    let nothing: ThresholdSet = serde_json::from_str(none).unwrap();
    bench.judge(ARCHITECTURE, date(2026, 11, 27), &nothing)
}

#[test]
fn every_check_fires_and_stays_silent_as_its_fixtures_say() {
    let mut wrong = Vec::new();
    for check in ARCHITECTURE.meta().checks {
        let slug = check.id.trim_start_matches("architecture/");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(slug);
        let (mut fires, mut silent) = (0, 0);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            assert!(recognise(FORMATS, &name, &bytes).is_some(), "{slug}/{name}: not recognised");
            let bench = Bench::default().file(ARCHITECTURE, &name, &bytes);
            let notes = bench.parse(ARCHITECTURE).notes;
            let judged = judge(&bench);
            let looked = judged.looked.iter().any(|looked| looked.check == check.id && looked.count > 0);
            let found = judged.checks().contains(&check.id);
            if !notes.is_empty() || !looked || found != name.starts_with("fires-") {
                wrong.push(format!("{slug}/{name}: looked {looked}, found {:?}, {notes:?}", judged.checks()));
            }
            if found { fires += 1 } else { silent += 1 }
        }
        if fires == 0 || silent == 0 {
            wrong.push(format!("{slug}: {fires} firing, {silent} silent fixtures"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_drawing_and_the_firm_s_file_are_one_network() {
    let drawing = "flowchart TD\n  net[網際網路] --> fw[FW-1]\n  fw --> web[Web-1]\n  web --> box[黑盒]\n";
    let facts = "secdiag = \"architecture\"\n[[element]]\nid = \"黑盒\"\nrole = \"database\"\n[[function]]\nid = \"orders\"\nneeds = \"黑盒\"\n";
    let bench = Bench::default().file(ARCHITECTURE, "net.mmd", drawing.as_bytes());
    let alone = judge(&bench);
    assert!(alone.checks().contains(&"architecture/role-unresolved"), "{:?}", alone.checks());
    let together = judge(&bench.file(ARCHITECTURE, "facts.toml", facts.as_bytes()));
    assert!(!together.checks().contains(&"architecture/role-unresolved"), "{:?}", together.checks());
    let stops: Vec<String> = (together.findings.iter())
        .filter(|finding| finding.check == "architecture/single-point-of-failure")
        .map(|finding| finding.subject.summary())
        .collect();
    assert!(stops.contains(&"fw".to_owned()) && stops.contains(&"web".to_owned()), "{stops:?}");
}

/// The impact analysis says what an outage costs and how long it may last, the register of drills when a pair was
/// tried; the architecture file says only what the function needs.
#[test]
fn continuity_records_complete_the_firm_s_file() {
    let drawing = "flowchart TD\n  net[網際網路] --> fw[FW-1]\n  fw --> web[Web-1]\n  fw --> web2[Web-2]\n";
    let facts = "secdiag = \"architecture\"\n[[function]]\nid = \"orders\"\nneeds = \"web\"\nrto_minutes = 300\n\
                 [[redundancy]]\ngroup = \"web\"\nmembers = [\"web\", \"web2\"]\n\
                 [[element]]\nid = \"fw\"\nrole = \"firewall\"\nrepair_minutes = 240\n";
    let records = "secdiag = \"continuity\"\n[[function]]\nid = \"orders\"\nrto_minutes = 30\nmtpd_minutes = 60\n\
                   loss_per_hour = 1000000\n[[function]]\nid = \"settlement\"\nrto_minutes = 60\n\
                   [[redundancy]]\ngroup = \"web\"\nmembers = [\"web\", \"web2\"]\ntested_on = 2026-10-01\n";
    let bench = Bench::default().file(ARCHITECTURE, "net.mmd", drawing.as_bytes());
    let bench = bench.file(ARCHITECTURE, "facts.toml", facts.as_bytes());
    let alone = judge(&bench);
    assert!(!alone.checks().contains(&"architecture/outage-exceeds-tolerance"), "{:?}", alone.checks());
    assert!(alone.checks().contains(&"architecture/redundancy-untested"), "{:?}", alone.checks());
    let together = judge(&bench.file_as(&RECORDS, "bia.toml", records.as_bytes()));
    assert!(together.checks().contains(&"architecture/outage-exceeds-tolerance"), "{:?}", together.checks());
    assert!(!together.checks().contains(&"architecture/redundancy-untested"), "{:?}", together.checks());
    let mut notes: Vec<(&str, Option<&str>)> =
        together.notes.iter().map(|note| (note.reason.as_str(), note.place.as_deref())).collect();
    notes.retain(|(reason, _)| ["figures-contradict", "function-not-mapped"].contains(reason));
    assert_eq!(notes, [("figures-contradict", Some("line 2")), ("function-not-mapped", Some("line 7"))]);
}

/// A test that is only planned does not undo one that was held; contradictory numbers of members are told.
#[test]
fn a_planned_switch_over_does_not_undo_a_held_one() {
    let facts = "secdiag = \"architecture\"\n[[element]]\nid = \"web\"\nrole = \"web\"\n[[element]]\nid = \"web2\"\n\
                 role = \"web\"\n[[link]]\nfrom = \"web\"\nto = \"web2\"\n[[redundancy]]\ngroup = \"web\"\n\
                 members = [\"web\", \"web2\"]\nneeded = 1\ntested_on = 2026-10-01\n";
    let records = "secdiag = \"continuity\"\n[[redundancy]]\ngroup = \"web\"\nmembers = [\"web\", \"web2\"]\n\
                   needed = 2\ntested_on = 2027-05-01\n";
    let bench = Bench::default().file(ARCHITECTURE, "facts.toml", facts.as_bytes());
    let judged = judge(&bench.file_as(&RECORDS, "bia.toml", records.as_bytes()));
    assert!(!judged.checks().contains(&"architecture/redundancy-untested"), "{:?}", judged.checks());
    let told = judged.notes.iter().filter(|note| note.reason == "figures-contradict").count();
    assert_eq!(told, 1, "{:?}", judged.notes);
}
