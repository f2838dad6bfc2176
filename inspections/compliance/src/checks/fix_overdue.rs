//! `programme/fix-overdue`
//!
//! # What
//! Deficiencies of an assessment report that are past their time limit and not done, or have none; and the question on
//! it answered "no" or "partial".
//!
//! # Why
//! A weakness that is written down and left open is the first that an attacker or examiner meets.
//!
//! # Evidence
//! Answer files; `[[report.deficiency]]`.
//!
//! # Limits
//! "Done" is believed; whether it is gone shows a re-check.
//!
//! # References
//! INS 捌; SELF 14.

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::asked::{Dated, judge_gaps};
use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/fix-overdue", crate::formats::READS_RECORDS);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    judge_gaps(&CHECK, Dated::IsFinding, view, cx);
    let mut looked = 0;
    for (artefact, report) in view.of_records(|records| &records.reports) {
        for deficiency in &report.deficiencies {
            looked += 1;
            if deficiency.done_on.is_some_and(|date| date <= cx.as_of) {
                continue;
            }
            let (state, detail) = match deficiency.due {
                Some(due) if due >= cx.as_of => continue,
                Some(due) => ("overdue", words(format!("due on {due}, not done"), format!("期限 {due}，尚未完成"))),
                None => ("no_limit", words("no time limit is set", "未訂期限")),
            };
            let owner = deficiency.owner.as_deref();
            let record = format!("{} {}", report.id, deficiency.id);
            let found = finding(
                &CHECK,
                record.as_str(),
                proof(artefact, &deficiency.at, format!("{}: {}", deficiency.id, detail.en)),
            )
            .aspect("follow-up")
            .fact("record", record)
            .fact("state", state)
            .fact("owner", owner)
            .both("detail", &detail);
            cx.report(found);
        }
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "improvements").aspect("follow-up"));
    }
}
