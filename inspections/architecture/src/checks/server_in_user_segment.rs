//! A server among user-end computers.
//!
//! **What.** Servers in a zone of users, branches or wireless; and servers that share switches with user-end computers,
//! with neither router nor firewall between.
//!
//! **Why.** What a user's computer catches then reaches the server without passing anything that could stop it.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for. Virtual LANs
//! on a switch are seen only where zones are drawn.
//!
//! **References.** CIS Controls v8, 12.2

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, firewall, looked};
use crate::topology::Element;
use crate::words::{Role, ZoneKind};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/server-in-user-segment", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let servers = case.servers();
    looked(&CHECK, servers.len(), cx);
    let users = case.users();
    let layer_3 = |element: &Element| {
        element.role.is_some_and(|role| !matches!(role, Role::Switch | Role::Wireless) && role.is_wiring())
            || firewall(element)
    };
    let beside = case.hit(&users, &servers, |element| layer_3(element) || element.role.is_some_and(Role::is_outside));
    let beside = beside.map_or_else(Vec::new, |hit| hit.elements);
    for element in servers {
        let kind = case.topology.kind(element);
        let in_zone = matches!(kind, Some(ZoneKind::User | ZoneKind::Branch | ZoneKind::Wireless));
        // Drawn zones say more than a shared switch, which may carry several networks.
        let flat = kind.is_none() && beside.contains(&element);
        if in_zone || flat {
            let (how, how_zh) = if in_zone {
                ("stands in their zone", "位於使用者網段")
            } else {
                ("shares their switches", "與使用者端電腦共用交換器")
            };
            let excerpt = format!("{}: {how}", case.topology.name(element));
            case.about(&CHECK, element, excerpt, cx, |finding| finding.fact("how", how).fact("how_zh", how_zh));
        }
    }
}
