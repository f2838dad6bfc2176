//! Administration without a jump host.
//!
//! **What.** Networks with servers of a category 1 system, a database or a management zone, and no jump host; and ways
//! from user-end computers to the management zone around it.
//!
//! **Why.** Only what goes through one door can be watched and recorded at it.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for.
//!
//! **References.** CIS Controls v8, 12.8; SEC-8.4

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::words::{Role, ZoneKind};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/admin-path-without-jump-host", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let servers = case.servers();
    if servers.is_empty() {
        return;
    }
    looked(&CHECK, servers.len(), cx);
    let jump = case.with(&[Role::JumpHost]);
    let managed = case.in_zones(&[ZoneKind::Management]);
    let managed: Vec<usize> = managed.into_iter().filter(|at| !jump.contains(at)).collect();
    let around = case.hit(&case.users(), &managed, |element| element.role == Some(Role::JumpHost));
    let (what, what_zh) = match (jump.is_empty(), around) {
        (true, _) => ("no jump host is drawn".to_owned(), "未繪有跳板機或特權帳號管理".to_owned()),
        (false, Some(hit)) => (format!("there is a way around it: {}", hit.way), format!("可繞過跳板機：{}", hit.way)),
        (false, None) => return,
    };
    let excerpt = format!("{} servers: {what}", servers.len());
    case.on_network(&CHECK, "jump host", &case.topology.elements[servers[0]].source, excerpt, cx, |finding| {
        finding.fact("what", what).fact("what_zh", what_zh).fact("count", servers.len())
    });
}
