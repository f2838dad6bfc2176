//! A system in service has no category.
//!
//! **What.** Systems of the register that are in service and for which no decision about the category holds; and systems
//! that `assessment.toml` names without a category and the register does not name at all.
//!
//! **Why.** Without a category nobody knows what has to be assessed and when; the law knows no unclassified system.
//!
//! **Evidence.** The register.
//!
//! **Limits.** Systems that neither names are not known.
//!
//! **References.** INS notes on 肆.一 ("no system may stay unclassified"); SEC25 art. 2

use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Finding, Locator, Note, NoteKind, Proof, Subject, SystemId};

use super::{READS, looked_at};
use crate::{Case, View};

/// The check.
pub(crate) const CHECK: Check = Check::new("programme/system-unclassified", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let all = case.views.iter().flat_map(View::in_service);
    looked_at(&CHECK, all.map(|(row, _)| row.system.as_str()), cx);
    for view in &case.views {
        for (row, _) in view.in_service().filter(|(row, _)| row.category.is_none()) {
            cx.report(view.finding(&CHECK, row).fact("proposed", row.proposed.category));
        }
    }
    unregistered(case, cx);
}

/// A system that is diagnosed and that the register does not name: no cycle runs for it.
fn unregistered(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let id = cx.system.id.0.as_str();
    let Some(view) = case.views.first().filter(|_| id != SystemId::UNNAMED) else { return };
    if case.views.iter().any(|view| view.names(id)) {
        return;
    }
    cx.looked(Looked::at(&CHECK, 1, "systems").on(id));
    if let Some(category) = cx.system.category {
        let text = format!(
            "system {id} (category {category} by assessment.toml) is not in the register: its dates are not known"
        );
        cx.note(Note::new(NoteKind::Assumed, "system-not-registered", text).on(view.artefact));
        return;
    }
    let excerpt = format!("no [[system]] with id = \"{id}\"");
    let proof = Proof::new(view.artefact, Locator::Whole, excerpt);
    cx.report(
        Finding::new(CHECK.id, Subject::Record { record: id.to_owned() }, proof)
            .asset(id)
            .fact("system", id)
            .fact("name", cx.system.name.as_str())
            .fact("category", None::<u8>)
            .fact("proposed", "1–3"),
    );
}
