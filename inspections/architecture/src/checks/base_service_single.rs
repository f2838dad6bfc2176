//! Logs, time or names that hang on one host, or on none.
//!
//! **What.** Networks with servers that draw no log collector, time server or name server, or only one.
//!
//! **Why.** Without time and logs an incident cannot be told; without names nothing is found.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** Services of a provider are not seen unless drawn.
//!
//! **References.** NIST SP 800-92; SEC-1.1

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/base-service-single", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let servers = case.servers();
    if servers.is_empty() {
        return;
    }
    looked(&CHECK, servers.len(), cx);
    let services = [
        (Role::LogCollector, "log collector", "日誌主機"),
        (Role::TimeServer, "time server", "校時主機"),
        (Role::Dns, "name server", "DNS 伺服器"),
    ];
    for (role, service, service_zh) in services {
        let found = case.with(&[role]);
        if found.len() > 1 {
            continue;
        }
        let at = found.first().copied().unwrap_or(servers[0]);
        let excerpt = format!("{service}: {} drawn", found.len());
        case.on_network(&CHECK, service, &case.topology.elements[at].source, excerpt, cx, |finding| {
            finding.fact("service", service).fact("service_zh", service_zh).fact("count", found.len())
        });
    }
}
