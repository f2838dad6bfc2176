//! Every parser of the drill inspection and what drops passwords: the first byte chooses the format, the rest is the file.
//! A file with a zero byte is a map of columns before it and a table behind it.
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
    let mut bench = Bench::default();
    let zero = file.iter().position(|byte| *byte == 0);
    if let Some((map, table)) = zero.map(|at| (&file[..at], &file[at + 1..]))
        && let Some(format) = formats.iter().find(|format| format.id == "drill-map")
    {
        for declared in secdiag_drill::DECLARES(&String::from_utf8_lossy(map)) {
            let _ = (declared.redact)(table);
        }
        bench = bench.file_as(format, "evidence/map.toml", map).file_as(
            formats[usize::from(*choice) % formats.len()],
            "evidence/table",
            table,
        );
    }
    bench.file_as(format, "evidence/file", file).parse(inspection);
});
