//! Backups beside what they save.
//!
//! **What.** Backup servers in the zone or on the only site of the servers, without an offline copy according to the
//! firm's file.
//!
//! **Why.** Fire and ransomware take both.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//! `offline_copy` of elements.
//!
//! **Limits.** Where neither zone nor site is drawn, nothing is said.
//!
//! **References.** CIS Controls v8, 11.4; ISO/IEC 27001:2022, A.8.13

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::topology::Element;
use crate::words::{Holder, Role};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/backup-beside-production", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let backups = case.with(&[Role::Backup]);
    if backups.is_empty() {
        return;
    }
    looked(&CHECK, backups.len(), cx);
    let production = case.those(|_, element| element.role.is_some_and(|role| role.is_server() && role != Role::Backup));
    for element in backups.iter().copied() {
        let own = &case.topology.elements[element];
        if own.facts.offline_copy == Some(true) {
            continue;
        }
        let site = |element: &Element| {
            element.holders.iter().find(|(holder, _)| *holder == Holder::Site).map(|(_, name)| name.clone())
        };
        let beside = production.iter().find(|at| {
            let other = &case.topology.elements[**at];
            (own.zone.is_some() && own.zone == other.zone) || (site(own).is_some() && site(own) == site(other))
        });
        let Some(other) = beside else { continue };
        let excerpt = format!("{} beside {}", own.label, case.topology.name(*other));
        case.about(&CHECK, element, excerpt, cx, |finding| finding.fact("beside", case.topology.name(*other)));
    }
}
