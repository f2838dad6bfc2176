//! A pair whose switch-over nobody tried within the period.
//!
//! **What.** Redundancy groups of the firm's file without `tested_on`, or with one before the cycle of the system's
//! category.
//!
//! **Why.** A stand-by that was never tried is a hope. Until it is tried it counts as no stand-by when failures are
//! played through.
//!
//! **Evidence.** `[[redundancy]]` of the firm's file.
//!
//! **Limits.** That a test was a real one is believed as written.
//!
//! **References.** ISO 22301:2019, 8.5; BRK (drills of category 1)

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::topology::Source;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/redundancy-untested", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let groups =
        || case.facts.iter().flat_map(|(file, facts)| facts.redundancies.iter().map(move |group| (*file, group)));
    looked(&CHECK, groups().count(), cx);
    for (file, group) in groups().filter(|(_, group)| !case.play.held(group.tested_on)) {
        let source = Source { file, place: group.at.place() };
        let tested = group.tested_on.map_or_else(|| "never".to_owned(), |day| day.to_string());
        let tested_zh = group.tested_on.map_or_else(|| "從未測試".to_owned(), |day| day.to_string());
        let excerpt = format!("{}: {}, tested {tested}", group.group, group.members.join(", "));
        case.on_network(&CHECK, &group.group, &source, excerpt, cx, |finding| {
            finding
                .fact("group", group.group.as_str())
                .fact("members", group.members.join(", "))
                .fact("tested", tested)
                .fact("tested_zh", tested_zh)
        });
    }
}
