//! A database or directory that stands where the Internet may knock.
//!
//! **What.** Databases, directories, key stores and file servers in a DMZ, extranet or wireless zone.
//!
//! **Why.** Whoever takes over the web server in the same zone has the data.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for.
//!
//! **References.** NIST SP 800-44 v2; SEC-1.2

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, looked};
use crate::words::{Role, ZoneKind};

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/database-in-dmz", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let data = case.with(&[Role::Database, Role::Directory, Role::Hsm, Role::FileServer]);
    let placed = |at: &&usize| case.topology.kind(**at).is_some();
    looked(&CHECK, data.iter().filter(placed).count(), cx);
    for element in data {
        let kind = case.topology.kind(element);
        if matches!(kind, Some(ZoneKind::Dmz | ZoneKind::Extranet | ZoneKind::Internet | ZoneKind::Wireless)) {
            let zone = kind.map_or("", ZoneKind::slug);
            let excerpt = format!("{} in {zone}", case.topology.name(element));
            case.about(&CHECK, element, excerpt, cx, |finding| finding.fact("kind", zone));
        }
    }
}
