//! What an assessor found out about single visits: `secdiag = "drill-review"`.

use secdiag_model::{Head, Match, Note};
use secdiag_records::{At, Fields, Notes, Syntax, declaration, declared, tree};
use serde::{Deserialize, Serialize};

use crate::campaign::{Visit, person};
use crate::measure::Campaign;

/// The word after `secdiag` in a file of this kind.
const KIND: &str = "drill-review";

/// A judgement about the visits of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Review {
    /// Where it stands.
    pub at: At,
    /// Pseudonym.
    pub person: String,
    /// Campaign; nothing: all.
    pub campaign: Option<String>,
    /// Whether programs made the visits.
    pub automated: bool,
    /// Why.
    pub reason: String,
}

impl Review {
    /// Whether it judges this visit.
    pub(crate) fn is_about(&self, campaign: &Campaign, visit: &Visit) -> bool {
        self.person == visit.person && self.campaign.as_ref().is_none_or(|name| *name == campaign.name)
    }
}

pub(crate) fn sniff(head: &Head<'_>) -> Match {
    declared(head, KIND)
}

pub(crate) fn parse(text: &str) -> (Vec<Review>, Vec<Note>) {
    let mut notes = Notes::default();
    let (tree, faults) = tree::parse(text, declaration(text).map_or(Syntax::Toml, |(syntax, _)| syntax), "visit");
    for fault in faults {
        notes.add("does-not-parse", &At { line: fault.line, path: String::new() }, fault.text);
    }
    let mut reviews = Vec::new();
    if let Some(mut top) = Fields::top(&tree, &mut notes) {
        top.text("secdiag", &mut notes);
        for mut table in top.tables("visit", &mut notes) {
            let at = table.at();
            let who = table.needed("person", &mut notes);
            let campaign = table.text("campaign", &mut notes);
            let automated = table.flag("automated", &mut notes);
            let reason = table.needed("reason", &mut notes);
            table.done(&mut notes);
            let (Some(who), Some(automated), Some(reason)) = (who, automated, reason) else {
                notes.add(
                    "record-refused",
                    &at,
                    "a judgement needs `person`, `automated` and `reason`: it was not used",
                );
                continue;
            };
            let who = if who.contains('@') { person(&who) } else { who };
            reviews.push(Review { at, person: who, campaign, automated, reason });
        }
        top.done(&mut notes);
    }
    (reviews, notes.into_notes())
}
