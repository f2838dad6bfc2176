//! Single failures whose cost cannot be held against anything.
//!
//! **What.** Single events for which a repair time, a function's RTO, MTPD or loss, or the approved risk appetite is not
//! given; and a network for which no business function is named at all.
//!
//! **Why.** What is not given is not a pass: nobody knows whether the firm can bear it.
//!
//! **Evidence.** `[[function]]`, `[[repair]]`, `[[appetite]]` of the firm's file.
//!
//! **Limits.** Says what is missing, not what it would show.
//!
//! **References.** INS IV.1.(1)2; ISO 22301:2019, 8.2.2

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::failure::{Outcome, Reason, Verdict};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/bearing-not-shown", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    looked(&CHECK, case.play.events(), cx);
    let open: Vec<&Outcome> = case.outcomes.iter().filter(|one| one.verdict == Verdict::CannotConclude).collect();
    let missing: BTreeSet<String> = open
        .iter()
        .flat_map(|outcome| &outcome.because)
        .filter(|reason| matches!(reason, Reason::Missing(..)))
        .map(|reason| reason.words().trim_start_matches("? ").to_owned())
        .collect();
    let (count, missing, missing_zh) = if case.play.functions.is_empty() {
        (case.play.events(), "business functions and what they need".to_owned(), "業務功能及其所需元件".to_owned())
    } else if open.is_empty() {
        return;
    } else {
        let missing = missing.into_iter().collect::<Vec<_>>().join(", ");
        (open.len(), missing.clone(), missing)
    };
    let source = open.first().map(|one| case.play.source(&one.event)).unwrap_or_default();
    let excerpt = format!("not given: {missing}");
    case.on_network(&CHECK, "bearing", &source, excerpt, cx, |finding| {
        finding.fact("count", count).fact("missing", missing).fact("missing_zh", missing_zh)
    });
}
