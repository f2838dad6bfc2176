//! Management that users or the Internet can reach.
//!
//! **What.** A network with devices but no zone of management; and ways to what stands in that zone from user-end
//! computers or the Internet without a firewall or jump host.
//!
//! **Why.** Who manages the firewall needs no way around it.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for.
//!
//! **References.** NIST SP 800-53, SC-37; CIS Controls v8, 12.8

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, firewall, looked};
use crate::topology::Element;
use crate::words::{Role, ZoneKind};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/management-plane-reachable", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let devices = case.with(&[Role::Firewall, Role::Router, Role::Switch, Role::LoadBalancer, Role::Hypervisor]);
    let managed = case.in_zones(&[ZoneKind::Management]);
    if devices.is_empty() {
        return;
    }
    looked(&CHECK, devices.len() + managed.len(), cx);
    if managed.is_empty() && !case.topology.zones.is_empty() {
        let source = &case.topology.elements[devices[0]].source;
        let excerpt = format!("{} devices, no zone of management", devices.len());
        return case.on_network(&CHECK, "no management zone", source, excerpt, cx, |finding| {
            finding
                .fact("what", "no zone of management is drawn")
                .fact("what_zh", "未繪有管理網段")
                .fact("names", case.names(&devices))
        });
    }
    let mut from = case.users();
    from.extend(case.with(&[Role::Internet]));
    let stops = |element: &Element| firewall(element) || element.role == Some(Role::JumpHost);
    let Some(hit) = case.hit(&from, &managed, stops) else { return };
    let first = hit.elements[0];
    let excerpt = format!("{}: {}", case.names(&hit.elements), hit.way);
    case.on_network(
        &CHECK,
        "management zone reachable",
        &case.topology.elements[first].source,
        excerpt,
        cx,
        |finding| {
            finding
                .fact("what", format!("there is a way: {}", hit.way))
                .fact("what_zh", format!("存在路徑：{}", hit.way))
                .fact("names", case.names(&hit.elements))
        },
    );
}
