//! What the tests of this inspection share: a threshold set and short forms of findings.

use std::collections::BTreeMap;

use secdiag_catalogue::{Setting, TextStatus, Threshold, ThresholdSet};
use secdiag_inspect::testkit::{Bench, Judged};
use secdiag_model::{Bilingual, Finding};

/// The values of the Government Configuration Baseline for servers, as the reference has them.
pub(crate) fn gcb(min_length: i64) -> ThresholdSet {
    set(
        "gcb-test",
        &[
            (Setting::MinAgeDays, Some(1), None),
            (Setting::MaxAgeDays, Some(1), Some(90)),
            (Setting::MinLength, Some(min_length), None),
            (Setting::Complexity, Some(1), None),
            (Setting::History, Some(3), None),
            (Setting::Reversible, None, Some(0)),
            (Setting::LockoutThreshold, Some(1), Some(5)),
            (Setting::LockoutDurationMinutes, Some(15), None),
            (Setting::LockoutResetMinutes, Some(15), None),
        ],
    )
}

/// A threshold set.
pub(crate) fn set(id: &str, settings: &[(Setting, Option<i64>, Option<i64>)]) -> ThresholdSet {
    let threshold =
        |at_least, at_most| Threshold { at_least, at_most, source: "test".into(), text_status: TextStatus::Memory };
    let settings: BTreeMap<Setting, Threshold> =
        settings.iter().map(|(setting, least, most)| (*setting, threshold(*least, *most))).collect();
    ThresholdSet {
        id: id.into(),
        title: Bilingual { en: id.into(), zh_tw: id.into() },
        publisher: String::new(),
        version: String::new(),
        settings,
    }
}

/// Judges the evidence of a bench.
pub(crate) fn judge(bench: &Bench, thresholds: &ThresholdSet) -> Judged {
    bench.judge(secdiag_directory::DIRECTORY, jiff::civil::date(2026, 11, 24), thresholds)
}

/// A finding in one line: check without its family, subject, value where there is one.
pub(crate) fn short(finding: &Finding) -> String {
    let check = finding.check.trim_start_matches("directory/");
    let value = finding.facts.get("value").and_then(|value| value.as_str()).unwrap_or_default();
    let reach = finding.facts.get("reach").and_then(|value| value.as_str()).unwrap_or_default();
    format!("{check} | {} | {value} | {reach} | {}", finding.subject.summary(), finding.evidence[0].locator)
}

/// All findings, in one line each, sorted.
pub(crate) fn shorts(judged: &Judged) -> Vec<String> {
    let mut lines: Vec<_> = judged.findings.iter().map(short).collect();
    lines.sort();
    lines
}
