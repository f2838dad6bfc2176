//! `drill/ddos-contact-stale`
//!
//! # What
//! Contacts of the procedure that were never tried, or longer ago than the limit.
//!
//! # Why
//! In an attack nobody has time to look for a telephone number.
//!
//! # Evidence
//! Records of the defence against denial of service (`secdiag = "ddos"`).
//!
//! # Limits
//! That a contact was tried is believed.
//!
//! # References
//! INS 伍; ours (half-yearly).

use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};

use crate::view::{View, proof, record};

/// Identity.
pub(crate) const CHECK: Check = Check::new("drill/ddos-contact-stale", &["ddos-records"]);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::DdosContact) else { return };
    let contacts = || view.ddos().flat_map(|(file, ddos)| ddos.contacts.iter().map(move |contact| (file, contact)));
    let count = contacts().count() as u64;
    if count == 0 {
        return;
    }
    cx.looked(Looked::at(&CHECK, count, "contacts"));
    for (file, contact) in contacts() {
        if contact.checked_on.is_some_and(|day| day >= limit.since(cx.as_of) && day <= cx.as_of) {
            continue;
        }
        let place = proof(file, &contact.at, format!("contact {}", contact.name));
        cx.report(
            record(&CHECK, contact.name.as_str(), place)
                .fact("checked_on", contact.checked_on.map(|day| day.to_string()))
                .fact("state", if contact.checked_on.is_some() { "old" } else { "never" })
                .fact("allowed", limit.words().en)
                .fact("allowed_zh", limit.words().zh_tw),
        );
    }
}
