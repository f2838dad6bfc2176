//! Every parser of the compliance inspection: the first byte chooses the format, the rest is the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secdiag_inspect::Inspection;
use secdiag_inspect::testkit::Bench;

fuzz_target!(|data: &[u8]| {
    let Some((choice, file)) = data.split_first() else { return };
    let inspection: &dyn Inspection = secdiag_compliance::COMPLIANCE;
    let formats = inspection.meta().formats;
    let format = formats[usize::from(*choice) % formats.len()];
    Bench::default().file_as(format, "evidence/file", file).parse(inspection);
});
