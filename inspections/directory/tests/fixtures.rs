//! Every check with its firing and silent fixtures: `fixtures/<check>/{fires,silent}-*`.

#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]

#[expect(dead_code, reason = "shared with the golden tests")]
mod common;

use std::path::Path;

use secdiag_directory::DIRECTORY;
use secdiag_inspect::testkit::Bench;

#[test]
fn every_check_fires_and_stays_silent_as_its_fixtures_say() {
    for check in DIRECTORY.meta().checks {
        let slug = check.id.trim_start_matches("directory/");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(slug);
        let (mut fires, mut silent) = (0, 0);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bench = Bench::default().file(DIRECTORY, &name, &std::fs::read(&path).unwrap());
            let judged = common::judge(&bench, &common::gcb(8));
            assert!(
                judged.looked.iter().any(|looked| looked.check == check.id && looked.count > 0),
                "{slug}/{name}: not looked at"
            );
            let found = judged.checks().contains(&check.id);
            assert_eq!(found, name.starts_with("fires-"), "{slug}/{name}: {:?}", judged.checks());
            if found { fires += 1 } else { silent += 1 }
        }
        assert!(fires > 0 && silent > 0, "{slug}: {fires} firing, {silent} silent fixtures");
    }
}
