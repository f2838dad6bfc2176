//! What the tests of this inspection share.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use secdiag_catalogue::{Catalogue, ThresholdSet};
use secdiag_drill::DRILL;
use secdiag_inspect::testkit::{Bench, Judged};
use secdiag_model::Bilingual;

/// Answers by the names of their queries.
pub(crate) type Rows = BTreeMap<&'static str, Vec<serde_json::Value>>;

/// The built-in catalogue.
pub(crate) fn catalogue() -> Catalogue {
    static BUILT_IN: LazyLock<Catalogue> =
        LazyLock::new(|| Catalogue::built_in().unwrap_or_else(|error| panic!("{error}")));
    BUILT_IN.clone()
}

/// Judges evidence on a day, with a catalogue and answers of queries.
pub(crate) fn judge(bench: Bench, as_of: Date, catalogue: Catalogue, rows: &Rows) -> Judged {
    let none = ThresholdSet {
        id: "none".into(),
        title: Bilingual::default(),
        publisher: String::new(),
        version: String::new(),
        settings: BTreeMap::new(),
    };
    bench.with_catalogue(catalogue).judge_with(DRILL, as_of, &none, rows)
}
