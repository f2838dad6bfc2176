//! `programme/recovery-objective-missed`
//!
//! # What
//! Business functions whose last drill took longer than their RTO, or lost more data than their RPO allows.
//!
//! # Why
//! What the drill shows is what the day will show.
//!
//! # Evidence
//! `[[drill]]` with recovery_minutes and data_loss_minutes, and the objectives of `[[function]]`.
//!
//! # Limits
//! The last drill that measured counts. A drill without a figure shows nothing and is noted.
//!
//! # References
//! INS 肆.一.(一)3; ISO 22301:2019 8.5.

use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Artefact, Note, NoteKind};
use secdiag_records::continuity::{BusinessFunction, ContinuityDrill};

use crate::say::{BothLanguages, finding, proof, words};
use crate::view::View;

/// Identity.
pub(crate) const CHECK: Check = Check::new("programme/recovery-objective-missed", crate::formats::READS_CONTINUITY);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let mut looked = 0;
    for (_, function) in view.of_continuity(|continuity| &continuity.functions) {
        let recovery = Measure {
            slug: "recovery_time",
            name: words("recovery time", "復原時間"),
            objective: function.rto_minutes,
            measured: |drill| drill.recovery_minutes,
        };
        let data = Measure {
            slug: "data_loss",
            name: words("data loss", "資料損失"),
            objective: function.rpo_minutes,
            measured: |drill| drill.data_loss_minutes,
        };
        looked += recovery.judge(function, view, cx) + data.judge(function, view, cx);
    }
    for (artefact, drill) in view.of_continuity(|continuity| &continuity.drills) {
        if drill.recovery_minutes.is_none() {
            let text = "a drill without recovery_minutes shows no recovery time";
            let note = Note::new(NoteKind::Assumed, "drill-unmeasured", text);
            cx.note(
                note.at(if drill.at.line > 0 { format!("line {}", drill.at.line) } else { drill.at.path.clone() })
                    .on(artefact),
            );
        }
    }
    if looked > 0 {
        cx.looked(Looked::at(&CHECK, looked, "measured objectives"));
    }
}

/// One of the two objectives.
struct Measure {
    slug: &'static str,
    name: secdiag_model::Bilingual,
    objective: Option<u64>,
    measured: fn(&ContinuityDrill) -> Option<u64>,
}

impl Measure {
    /// Compares the last drill that measured with the objective; how many comparisons were made.
    fn judge(&self, function: &BusinessFunction, view: &View<'_>, cx: &JudgeCx<'_>) -> u64 {
        let Some(objective) = self.objective else { return 0 };
        let drills = view.of_continuity(|continuity| &continuity.drills);
        let mine = drills.filter(|(_, drill)| drill.functions.iter().any(|id| id.eq_ignore_ascii_case(&function.id)));
        let measured = mine.filter_map(|(artefact, drill)| {
            let date = Some(drill.date).filter(|date| *date <= cx.as_of)?;
            Some((date, (self.measured)(drill)?, artefact, drill))
        });
        // Of one day's drills the worst counts.
        let last: Option<(_, u64, &Artefact, &ContinuityDrill)> =
            measured.max_by_key(|(date, minutes, ..)| (*date, *minutes));
        let Some((date, minutes, artefact, drill)) = last else { return 0 };
        if minutes > objective {
            let place =
                proof(artefact, &drill.at, format!("{} {minutes} min, objective {objective} min", self.name.en));
            let found = finding(&CHECK, function.id.as_str(), place)
                .aspect(self.slug)
                .fact("record", function.id.as_str())
                .fact("measured_minutes", minutes)
                .fact("objective_minutes", objective)
                .day("drill", Some(date))
                .both(
                    "detail",
                    &words(
                        format!(
                            "{}: {minutes} minutes in the drill of {date}, objective {objective} minutes",
                            self.name.en
                        ),
                        format!("{}：{date} 演練實測 {minutes} 分鐘，目標 {objective} 分鐘", self.name.zh_tw),
                    ),
                );
            cx.report(found);
        }
        1
    }
}
