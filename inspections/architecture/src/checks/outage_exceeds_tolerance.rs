//! A single failure that costs more, or lasts longer, than the firm said it can bear.
//!
//! **What.** Single events whose outage is longer than the RTO or MTPD of a function that stops, that lose more data
//! than its RPO, or that cost more than the approved appetite, and whose risk nobody accepted by name and date.
//!
//! **Why.** This is the greatest impact of a single point of failure, held against the capacity to bear it.
//!
//! **Evidence.** `[[function]]`, `[[repair]]`, `[[appetite]]` of the firm's file, and the drawing.
//!
//! **Limits.** Repair times are the firm's. Loss is counted at the worst minute of a week without holidays.
//!
//! **References.** INS IV.1.(1)2; MECH art. 1(4); ISO 22301:2019, 8.2.2

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::failure::{Outcome, Verdict};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/outage-exceeds-tolerance", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let concluded = |outcome: &&Outcome| outcome.verdict != Verdict::CannotConclude;
    let open = case.outcomes.iter().filter(|outcome| !concluded(outcome)).count();
    if !case.play.functions.is_empty() {
        looked(&CHECK, case.play.events() - open.min(case.play.events()), cx);
    }
    let gains = case.play.improvements(case.outcomes, 5);
    for outcome in case.outcomes.iter().filter(concluded) {
        if outcome.verdict != Verdict::Exceeds || outcome.accepted.is_some() {
            continue;
        }
        let functions: Vec<&str> = outcome.stopped.iter().map(|at| case.play.functions[*at].1.id.as_str()).collect();
        let because: Vec<String> = outcome.because.iter().map(crate::failure::Reason::words).collect();
        let gain = gains.iter().find(|gain| gain.event == outcome.event);
        let name = case.play.name(&outcome.event);
        let number = |loss: Option<u64>| loss.map_or_else(|| "?".to_owned(), |loss| loss.to_string());
        let excerpt = format!("{name}: {}", because.join("; "));
        case.on_network(
            &CHECK,
            &case.play.id(&outcome.event),
            &case.play.source(&outcome.event),
            excerpt,
            cx,
            |finding| {
                let finding = finding
                    .fact("element", name.as_str())
                    .fact("functions", functions.join(", "))
                    .fact("because", because.join("; "))
                    .fact("minutes", number(outcome.minutes))
                    .fact("worst_loss", number(outcome.worst_loss))
                    .fact("mean_loss", number(outcome.mean_loss));
                match gain {
                    Some(gain) => {
                        finding.fact("greatest_after", number(gain.loss.1)).fact("exceeding_after", gain.exceeding.1)
                    }
                    None => finding,
                }
            },
        );
    }
}
