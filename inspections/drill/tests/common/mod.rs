//! What the tests of this inspection share.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use secdiag_catalogue::{Catalogue, ThresholdSet};
use secdiag_drill::DRILL;
use secdiag_inspect::testkit::{Bench, Judged};
use secdiag_model::Bilingual;

/// The built-in catalogue.
pub(crate) fn catalogue() -> Catalogue {
    static BUILT_IN: LazyLock<Catalogue> =
        LazyLock::new(|| Catalogue::built_in().unwrap_or_else(|error| panic!("{error}")));
    BUILT_IN.clone()
}

/// Judges evidence on a day.
pub(crate) fn judge(bench: Bench, as_of: Date) -> Judged {
    judge_with(bench, as_of, catalogue())
}

/// The same with a catalogue of the test's own.
pub(crate) fn judge_with(bench: Bench, as_of: Date, catalogue: Catalogue) -> Judged {
    let none = ThresholdSet {
        id: "none".into(),
        title: Bilingual::default(),
        publisher: String::new(),
        version: String::new(),
        settings: BTreeMap::new(),
    };
    bench.with_catalogue(catalogue).judge(DRILL, as_of, &none)
}
