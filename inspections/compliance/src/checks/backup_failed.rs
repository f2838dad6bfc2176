//! `compliance/backup-failed`
//!
//! # What
//! Runs of a backup job that did not succeed and were not repeated with success in time.
//!
//! # Why
//! The data of that stretch exist once.
//!
//! # Evidence
//! The register of backup jobs (CSV, or `[[backup]]`).
//!
//! # Limits
//! Runs count by day. A run without a date cannot be followed and is noted. A result that is not understood is no
//! success.
//!
//! # References
//! INS 肆.一.(七)1; ISO/IEC 27001:2022 A.8.13.

use std::collections::BTreeMap;

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Note, NoteKind};
use secdiag_records::continuity::BackupJob;

use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("compliance/backup-failed", crate::formats::READS_CONTINUITY);

/// Days named in a finding; the count goes on.
const NAMED: usize = 10;

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(repeat) = view.limit(LimitId::BackupRepeat) else { return };
    let mut jobs: BTreeMap<String, Vec<(&Artefact, &BackupJob)>> = BTreeMap::new();
    let (mut looked, mut unusable) = (0, BTreeMap::new());
    for (artefact, run) in view.of_continuity(|continuity| &continuity.backups) {
        if run.date.is_none_or(|date| date > cx.as_of) {
            unusable.entry(artefact.display_path()).or_insert((artefact, 0)).1 += 1;
            continue;
        }
        looked += 1;
        let name = run.system.as_ref().map_or_else(|| run.job.clone(), |system| format!("{system}: {}", run.job));
        jobs.entry(name).or_default().push((artefact, run));
    }
    for (artefact, count) in unusable.into_values() {
        let text = "runs of backup jobs without a date, or dated after the date of the diagnostic, were not judged";
        cx.note(Note::new(NoteKind::NotUnderstood, "backup-undated", text).times(count).on(artefact));
    }
    for (name, mut runs) in jobs {
        // Stable: of one day's runs the later line is the later run.
        runs.sort_by_key(|(_, run)| run.date);
        let mut failed = Vec::new();
        for (index, (artefact, run)) in runs.iter().enumerate() {
            let Some(date) = run.date.filter(|_| run.succeeded != Some(true)) else { continue };
            let until = repeat.until(date);
            let repeated = runs[index + 1..]
                .iter()
                .take_while(|(_, later)| later.date.is_some_and(|later| later <= until))
                .any(|(_, later)| later.succeeded == Some(true));
            if !repeated && until < cx.as_of {
                failed.push((*artefact, *run, date));
            }
        }
        let Some((artefact, run, _)) = failed.last() else { continue };
        let days: Vec<String> = failed.iter().rev().take(NAMED).map(|(_, _, date)| date.to_string()).collect();
        let found =
            finding(&CHECK, name.as_str(), proof(artefact, &run.at, format!("job {} failed on {}", run.job, days[0])))
                .fact("record", name.as_str())
                .fact("count", failed.len())
                .fact("days", days.clone())
                .both(
                    "detail",
                    &words(
                        format!("{} runs without success, the last on {}", failed.len(), days.join(", ")),
                        format!("失敗未補行 {} 次，最近為 {}", failed.len(), days.join("、")),
                    ),
                );
        cx.report(found);
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "backup runs"));
    }
}
