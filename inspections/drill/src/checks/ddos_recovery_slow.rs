//! `drill/ddos-recovery-slow`
//!
//! # What
//! At the last drill the service was back later than its objective.
//!
//! # Why
//! What took too long in a drill takes longer in an attack.
//!
//! # Evidence
//! Records of the defence against denial of service (`secdiag = "ddos"`).
//!
//! # Limits
//! Needs the minutes of recovery and the objective in the record.
//!
//! # References
//! INS 伍; ISO 22301 8.5.

use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::view::{View, proof, record};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/ddos-recovery-slow", &["ddos-records"]);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some((file, drill)) = view
        .ddos()
        .flat_map(|(file, ddos)| ddos.drills.iter().map(move |drill| (file, drill)))
        .filter(|(_, drill)| drill.date <= cx.as_of)
        .max_by_key(|(_, drill)| drill.date)
    else {
        return;
    };
    let (Some(took), Some(objective)) = (drill.recover_minutes, drill.objective_minutes) else { return };
    cx.looked(Looked::at(&CHECK, 1, "drills"));
    if took > objective {
        let place = proof(file, &drill.at, format!("drill of {}: {took} minutes, objective {objective}", drill.date));
        cx.report(
            record(&CHECK, "recovery at the denial-of-service drill", place)
                .fact("date", drill.date.to_string())
                .fact("took", took)
                .fact("objective", objective),
        );
    }
}
