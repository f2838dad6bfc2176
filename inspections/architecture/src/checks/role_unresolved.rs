//! Things on the diagram whose role nobody can tell.
//!
//! **What.** Elements on a line whose label and shape name no role, or several; elements on no line at all; names in the
//! firm's file that are not on the diagram.
//!
//! **Why.** What a thing is decides what it may stand beside. A guess would make every other answer a guess.
//!
//! **Evidence.** A drawing of the network; the firm's `architecture` file where roles are not clear from it.
//!
//! **Limits.** Words are those of `words.toml`; other languages than English and Chinese are not known.
//!
//! **References.** SP 800-128 (inventory of components)

use secdiag_inspect::{Check, JudgeCx};
use secdiag_model::Subject;

use super::{Case, READS, looked};
use crate::topology::Question;

/// The check.
pub(crate) const CHECK: Check = Check::new("architecture/role-unresolved", READS);

pub(crate) fn judge(case: &Case<'_>, cx: &JudgeCx<'_>) {
    looked(&CHECK, case.all().count(), cx);
    for question in &case.topology.questions {
        match question {
            Question::Role(element, could_be) => {
                let could_be: Vec<&str> = could_be.iter().map(|role| role.slug()).collect();
                let (asked, asked_zh) = if could_be.is_empty() {
                    ("what it does is not said".to_owned(), "未標示其用途".to_owned())
                } else {
                    let roles = could_be.join(", ");
                    (format!("it could be {roles}"), format!("可能為 {roles}"))
                };
                tell(case, *element, (&asked, &asked_zh), cx);
            }
            Question::Unconnected(element) => {
                tell(case, *element, ("it is on no line", "未與任何線路相連"), cx);
            }
            Question::Unknown(source, name) => {
                let excerpt = format!("{name}: not on the diagram");
                case.on_network(&CHECK, name, source, excerpt, cx, |finding| {
                    finding
                        .fact("element", name.as_str())
                        .fact("asked", "the firm's file names it, the diagram does not tell it")
                        .fact("asked_zh", "公司檔案已列載，架構圖未能辨識")
                });
            }
        }
    }
}

fn tell(case: &Case<'_>, element: usize, (asked, asked_zh): (&str, &str), cx: &JudgeCx<'_>) {
    let drawn = &case.topology.elements[element];
    let excerpt = format!("{}: {asked}", drawn.label);
    // Two things may have one label: the id tells them apart.
    case.about(&CHECK, element, excerpt, cx, |mut finding| {
        finding.subject = Subject::Host { host: drawn.id.clone() };
        finding.fact("asked", asked).fact("asked_zh", asked_zh)
    });
}
