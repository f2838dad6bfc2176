//! Indicator lists of any form.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = secdiag_intel::read_list("list", data, None);
});
