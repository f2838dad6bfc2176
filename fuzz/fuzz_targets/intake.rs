//! One file through intake: recognisers and archive readers within small caps.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secdiag_evidence::{Options, Vault, intake};
use secdiag_inspect::Inspection;

fuzz_target!(|data: &[u8]| {
    let Ok(place) = tempfile::tempdir() else { return };
    let file = place.path().join("file");
    if std::fs::write(&file, data).is_err() {
        return;
    }
    let Ok(vault) = Vault::open_dir(place.path().join("vault")) else { return };
    let inspections: [&dyn Inspection; 3] =
        [secdiag_firewall::FIREWALL, secdiag_directory::DIRECTORY, secdiag_traffic::TRAFFIC];
    let formats: Vec<_> = inspections.iter().flat_map(|inspection| inspection.meta().formats.iter().copied()).collect();
    let options = Options {
        threads: 1,
        max_members: 100,
        max_member_bytes: 1 << 20,
        max_total_bytes: 4 << 20,
        ..Options::default()
    };
    let _ = intake(&[file], &formats, &vault, &options, &());
});
