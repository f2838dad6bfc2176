//! What the tests of this inspection share.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use secdiag_catalogue::{Catalogue, ThresholdSet};
use secdiag_compliance::COMPLIANCE;
use secdiag_inspect::testkit::{Bench, Judged};
use secdiag_model::result::SystemInfo;
use secdiag_model::{Bilingual, Finding, SystemId};

/// The date of every test.
pub(crate) const AS_OF: Date = date(2026, 11, 24);

/// The built-in catalogue.
pub(crate) fn catalogue() -> Catalogue {
    static BUILT_IN: LazyLock<Catalogue> =
        LazyLock::new(|| Catalogue::built_in().unwrap_or_else(|error| panic!("{error}")));
    BUILT_IN.clone()
}

/// A system of a category.
pub(crate) fn system(id: &str, category: Option<u8>) -> SystemInfo {
    SystemInfo { id: SystemId(id.to_owned()), name: id.to_owned(), category, population: BTreeMap::new() }
}

/// Judges the evidence of a bench as that of `trading`, a system of category 1.
pub(crate) fn judge(bench: Bench) -> Judged {
    judge_as(bench, system("trading", Some(1)))
}

/// Judges the evidence of a bench as that of a system.
pub(crate) fn judge_as(bench: Bench, system: SystemInfo) -> Judged {
    bench.with_catalogue(catalogue()).judge_system(COMPLIANCE, AS_OF, &no_thresholds(), &BTreeMap::new(), &system)
}

/// A finding in one line.
pub(crate) fn short(finding: &Finding) -> String {
    let state = finding.facts.get("state").and_then(|state| state.as_str()).unwrap_or_default();
    let detail = finding.facts.get("detail").and_then(|detail| detail.as_str()).unwrap_or_default();
    format!("{} | {} | {state} | {detail} | {}", finding.check, finding.subject.summary(), finding.evidence[0].locator)
}

/// A threshold set that demands nothing: this inspection asks none.
pub(crate) fn no_thresholds() -> ThresholdSet {
    ThresholdSet {
        id: "none".into(),
        title: Bilingual::default(),
        publisher: String::new(),
        version: String::new(),
        settings: BTreeMap::new(),
    }
}
