//! A printer, camera, phone or other small device within reach.
//!
//! **What.** Such devices in zones of servers, databases, management or users, and ways to them from the Internet or
//! user-end computers without a firewall.
//!
//! **Why.** They are rarely patched, and their passwords are known.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for.
//!
//! **References.** NIST IR 8228

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, firewall, looked};
use crate::words::{Role, ZoneKind};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/iot-exposed", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let devices = case.those(|at, element| {
        element.role == Some(Role::Iot) || case.topology.kind(at) == Some(ZoneKind::Iot) && element.role.is_none()
    });
    if devices.is_empty() {
        return;
    }
    looked(&CHECK, devices.len(), cx);
    let mut from = case.with(&[Role::Internet]);
    from.extend(case.users());
    let hit = case.hit(&from, &devices, firewall);
    for element in devices {
        let kind = case.topology.kind(element);
        let misplaced = matches!(
            kind,
            Some(ZoneKind::Core | ZoneKind::Database | ZoneKind::Management | ZoneKind::Dmz | ZoneKind::User)
        );
        let reached = hit.as_ref().filter(|hit| hit.elements.contains(&element));
        let (how, how_zh) = match (reached, misplaced) {
            (Some(hit), _) => (format!("can be reached: {}", hit.way), format!("可被到達：{}", hit.way)),
            (None, true) => ("stands in a zone of others".to_owned(), "與其他系統同置一區".to_owned()),
            (None, false) => continue,
        };
        let excerpt = format!("{}: {how}", case.topology.name(element));
        case.about(&CHECK, element, excerpt, cx, |finding| finding.fact("how", how).fact("how_zh", how_zh));
    }
}
