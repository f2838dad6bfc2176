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

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::Subject;

use crate::retraining::{Retrained, Trained};
use crate::view::{View, clicks};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/clicker-not-retrained", &["training", "training-xlsx"]);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::ClickerRetraining) else { return };
    if view.courses().next().is_none() {
        return;
    }
    let trained = Trained::of(view.courses().map(|(_, course)| course), cx.as_of);
    let clicks = clicks(view);
    let mut looked = 0;
    for drilled in view.recent(cx.as_of) {
        let Some(launched) = drilled.campaign.launched else { continue };
        let due = limit.until(launched);
        for person in &drilled.measures.clickers {
            looked += 1;
            let became = trained.became(person, launched, limit, cx.as_of);
            let late = match became {
                Retrained::InTime | Retrained::Waiting => continue,
                Retrained::Late(day) => day.to_string(),
                Retrained::Missing => String::new(),
            };
            let excerpt = format!("{person} clicked in campaign {} of {launched}", drilled.campaign.name);
            let mut found = drilled.finding(&CHECK, excerpt);
            found.subject = Subject::Record { record: format!("{person} {}", drilled.campaign.name) };
            cx.report(
                found
                    .fact("person", person.as_str())
                    .fact("state", became.word())
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
