//! Remote access by a password alone.
//!
//! **What.** Remote access gateways whose `second_factor` is false in the firm's file. Those of which nothing is said
//! are not looked at, and are told in a note.
//!
//! **Why.** Passwords are phished, guessed and bought.
//!
//! **Evidence.** `second_factor` of elements in the firm's file.
//!
//! **Limits.** Believed as written; the gateway's configuration is not read here.
//!
//! **References.** CIS Controls v8, 6.4

use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::{Note, NoteKind};

use super::{Case, READS, looked};
use crate::words::Role;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/remote-access-single-factor", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    let stated = case.those(|_, element| element.role == Some(Role::Vpn) && element.facts.second_factor.is_some());
    let all = case.with(&[Role::Vpn]);
    if all.len() > stated.len() {
        let text = "whether remote access asks for a second factor is not said: set `second_factor` of the element";
        cx.note(Note::new(NoteKind::Assumed, "second-factor-not-said", text).times((all.len() - stated.len()) as u64));
    }
    if !stated.is_empty() {
        looked(&CHECK, stated.len(), cx);
    }
    for element in stated {
        if case.topology.elements[element].facts.second_factor == Some(false) {
            let excerpt = format!("{}: second_factor = false", case.topology.name(element));
            case.about(&CHECK, element, excerpt, cx, |finding| finding);
        }
    }
}
