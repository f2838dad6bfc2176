//! A line of an exchange, partner or provider that ends inside, or that nobody approved.
//!
//! **What.** Elements outside the firm other than the Internet: a way from them to internal servers without a firewall;
//! and, where the firm's file lists approved connections, those that are not on it.
//!
//! **Why.** The other side's incident then is one's own.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//! `[[approved_connection]]`.
//!
//! **Limits.** What is not drawn is not known; an element without a role passes traffic and is asked for.
//!
//! **References.** GOV-1; SEC-1.3; ISO/IEC 27001:2022, A.8.21

use secdiag_inspect::{Check, JudgeCx};

use super::{Case, READS, firewall, looked};
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/unapproved-boundary-connection", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let outside = case.with(&[Role::Exchange, Role::Partner]);
    looked(&CHECK, outside.len(), cx);
    let approved = || case.facts.iter().flat_map(|(_, facts)| &facts.approved);
    let listed = approved().next().is_some();
    for element in outside {
        let holds = approved().any(|one| {
            let so = one.approval.by.is_some() && one.approval.on.is_some_and(|day| day <= cx.as_of);
            so && one.approval.until.is_none_or(|day| day >= cx.as_of)
                && case.topology.find(&one.outside) == Some(element)
        });
        let hit = case.hit(&[element], &case.servers(), firewall);
        let (what, what_zh) = match hit {
            Some(hit) => (
                format!("there is a way inside without a firewall: {}", hit.way),
                format!("存在未經防火牆之路徑：{}", hit.way),
            ),
            None if listed && !holds => {
                ("nobody approved it by name and date".to_owned(), "未列於已核准之連線清單".to_owned())
            }
            None => continue,
        };
        let excerpt = format!("{}: {what}", case.topology.name(element));
        case.about(&CHECK, element, excerpt, cx, |finding| finding.fact("what", what).fact("what_zh", what_zh));
    }
}
