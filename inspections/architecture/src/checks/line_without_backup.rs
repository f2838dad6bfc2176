//! An outside connection that hangs on one line or one provider.
//!
//! **What.** For the Internet, each exchange and each partner drawn: how many lines lead to it, and whether they are of
//! one provider.
//!
//! **Why.** A digger, or one provider's bad day, then cuts the firm off from its market.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it. `provider`
//! of lines.
//!
//! **Limits.** Ducts and last miles are not seen unless the file names them as a common cause. Lines whose provider is
//! not said count as of unknown ones.
//!
//! **References.** INS IV.1.(1)2; FIN-8.1 (denial of service)

use std::collections::BTreeSet;

use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::Subject;

use super::{Case, READS, looked};
use crate::failure::Event;
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/line-without-backup", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let outside = case.with(&[Role::Internet, Role::Exchange, Role::Partner]);
    looked(&CHECK, outside.len(), cx);
    for element in outside {
        let wires = around(case, element);
        // A provider that is drawn is the line's provider, and the lines behind it count too.
        let provider = |wire: &usize| {
            let wire = &case.topology.wires[*wire];
            let other = if wire.a == element { wire.b } else { wire.a };
            let drawn = case.topology.elements[other].role == Some(Role::Provider);
            wire.provider.clone().or_else(|| drawn.then(|| case.topology.name(other).to_owned()))
        };
        let providers: Option<BTreeSet<String>> = wires.iter().map(provider).collect();
        let aspect = match (wires.len(), providers) {
            (0, _) => continue,
            (1, _) => "line",
            (_, Some(providers)) if providers.len() == 1 => "provider",
            _ => continue,
        };
        let lines: Vec<String> = wires.iter().map(|wire| case.play.name(&Event::Wire(*wire))).collect();
        let zh = if aspect == "line" { "單一線路" } else { "單一業者" };
        let excerpt = format!("{}: {}", case.topology.name(element), lines.join(", "));
        case.about(&CHECK, element, excerpt, cx, |mut finding| {
            finding.subject = Subject::Record { record: format!("{} {aspect}", case.topology.name(element)) };
            finding.fact("hangs_on", format!("one {aspect}")).fact("hangs_on_zh", zh).fact("lines", lines.join(", "))
        });
    }
}

fn around(case: &Case<'_>, element: usize) -> Vec<usize> {
    let wires = case.topology.wires.iter().enumerate();
    wires.filter(|(_, wire)| !wire.implied && (wire.a == element) != (wire.b == element)).map(|(at, _)| at).collect()
}
