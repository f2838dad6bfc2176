//! A system's assessment is overdue.
//!
//! **What.** Systems past 31 December of the year in which their cycle ends, or never assessed and past it. Partial
//! assessments complete no cycle.
//!
//! **Why.** The cycle is the law's; what was not looked at for years is not known to be safe.
//!
//! **Evidence.** The register (assessments with scope and dates).
//!
//! **Limits.** Both readings of "once in N years" are told; only the later one accuses.
//!
//! **References.** ART III (categories); INS 肆.二; Civil Code §§ 120–121

use secdiag_inspect::{Check, JudgeCx};

use super::{READS, looked_at};
use crate::{Case, View};

/// The check.
pub(crate) const CHECK: Check = Check::new("programme/cycle-overdue", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let dated = case.views.iter().flat_map(View::in_service).filter(|(row, _)| row.due.is_some());
    looked_at(&CHECK, dated.map(|(row, _)| row.system.as_str()), cx);
    for view in &case.views {
        for (row, system) in view.in_service() {
            let (Some(due), Some(state)) = (row.due, row.state) else { continue };
            if !state.is_overdue() {
                continue;
            }
            let (last, last_zh) = match row.last_completed {
                Some(day) => (format!("last assessed in full on {day}"), format!("最近一次全項評估完成於 {day}")),
                None => (
                    format!("never assessed in full since it went into service on {}", system.commissioned),
                    format!("自 {} 啟用以來從未完成全項評估", system.commissioned),
                ),
            };
            cx.report(
                view.finding(&CHECK, row)
                    .fact("plan_by", due.plan_by.to_string())
                    .fact("must_by", due.must_by.to_string())
                    .fact("state", state.word())
                    .fact("last", last)
                    .fact("last_zh", last_zh),
            );
        }
    }
}
