//! Findings of other tools, and trackers that come back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secdiag_interop::tracker::{Layout, read_csv, read_xlsx};

fuzz_target!(|data: &[u8]| {
    if let Ok(read) = secdiag_interop::import(data, "x") {
        assert_eq!(read.log.balance(), read.log.kept);
    }
    let layout = Layout {
        sheet: "tracker".to_owned(),
        lang: secdiag_model::Lang::En,
        columns: Vec::new(),
        statuses: Vec::new(),
        severities: Vec::new(),
        owners: Vec::new(),
    };
    let _ = read_xlsx(data, &[], &layout);
    let _ = read_csv(data, &[], &layout);
});
