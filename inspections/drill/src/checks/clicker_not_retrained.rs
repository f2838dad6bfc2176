//! `drill/clicker-not-retrained`
//!
//! # What
//! Persons who clicked at a drill and did not complete a course for them within the time allowed from the first
//! mail on, or have not yet though the time is over.
//!
//! # Why
//! Whoever clicked once clicks again unless somebody explains.
//!
//! # Evidence
//! Training records (address, course, day of completion, hours) beside the exports of drills.
//!
//! # Limits
//! A course counts by its name (remedial, retraining, phishing, social engineering, 補訓, 社交工程). Drills older than a
//! year before the as-of date are past.
//!
//! # References
//! INS 陸; MECH 3.

use std::collections::BTreeMap;

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::Subject;

use crate::view::{View, clicks};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/clicker-not-retrained", &["training", "training-xlsx"]);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::ClickerRetraining) else { return };
    if view.courses().next().is_none() {
        return;
    }
    let mut trained: BTreeMap<&str, Vec<jiff::civil::Date>> = BTreeMap::new();
    for (_, course) in view.courses().filter(|(_, course)| course.remedial && course.completed <= cx.as_of) {
        trained.entry(&course.person).or_default().push(course.completed);
    }
    let clicks = clicks(view);
    let mut looked = 0;
    for drilled in view.recent(cx.as_of) {
        let Some(launched) = drilled.campaign.launched else { continue };
        let due = limit.until(launched);
        for person in &drilled.measures.clickers {
            looked += 1;
            let first = trained.get(person.as_str()).and_then(|days| days.iter().filter(|day| **day >= launched).min());
            let (state, late) = match first {
                Some(day) if *day <= due => continue,
                Some(day) => ("late", day.to_string()),
                None if cx.as_of <= due => continue,
                None => ("missing", String::new()),
            };
            let excerpt = format!("{person} clicked in campaign {} of {launched}", drilled.campaign.name);
            let mut found = drilled.finding(&CHECK, excerpt);
            found.subject = Subject::Record { record: format!("{person} {}", drilled.campaign.name) };
            cx.report(
                found
                    .fact("person", person.as_str())
                    .fact("state", state)
                    .fact("completed", late)
                    .fact("due", due.to_string())
                    .fact("clicks_in_last_three", clicks.get(person).copied().unwrap_or_default()),
            );
        }
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "persons"));
    }
}
