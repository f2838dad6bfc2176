//! Every parser of the drill inspection and what drops passwords: the first byte chooses the format, the rest is the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secdiag_inspect::Inspection;
use secdiag_inspect::testkit::Bench;

fuzz_target!(|data: &[u8]| {
    let Some((choice, file)) = data.split_first() else { return };
    let inspection: &dyn Inspection = secdiag_drill::DRILL;
    let formats = inspection.meta().formats;
    let format = formats[usize::from(*choice) % formats.len()];
    for (_, redact) in secdiag_drill::REDACTIONS {
        let _ = redact(file);
    }
    Bench::default().file_as(format, "evidence/file", file).parse(inspection);
});
