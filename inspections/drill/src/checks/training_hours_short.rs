//! `drill/training-hours-short`
//!
//! # What
//! Persons with fewer hours of training in the twelve months before the as-of date than their role demands.
//!
//! # Why
//! Hours are what the rule counts; whoever has none was taught nothing.
//!
//! # Evidence
//! Training records, and a list of users with their roles.
//!
//! # Limits
//! Without a list of users only those with at least one record are known, and all are held to the hours of ordinary
//! staff: whoever of them is short is found, but the check does not pass.
//!
//! # References
//! MECH 3 (security staff 15 hours a year).

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use secdiag_catalogue::LimitId;
use secdiag_inspect::{Check, JudgeCx, Looked};
use secdiag_model::{Note, NoteKind};

use crate::view::{View, proof, record, some};

/// Identity.
pub(crate) const CHECK: Check =
    Check::new("drill/training-hours-short", &["training", "training-xlsx", "people", "people-xlsx"]);

pub(crate) fn judge(view: &View<'_>, cx: &JudgeCx<'_>) {
    let Some(limit) = view.limit(LimitId::TrainingHours) else { return };
    let security = view.limit(LimitId::SecurityTrainingHours).map_or(limit, |limit| limit);
    let Some((artefact, _)) = view.courses().next() else { return };
    let since = cx.as_of.checked_sub(1.year()).unwrap_or(jiff::civil::Date::MIN);
    let mut tenths: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, course) in view.courses() {
        let counts = course.completed > since && course.completed <= cx.as_of;
        *tenths.entry(&course.person).or_default() += if counts { course.tenths } else { 0 };
    }
    let mut needed: BTreeMap<&str, u32> = tenths.keys().map(|person| (*person, limit.value)).collect();
    for (_, member) in view.members() {
        needed.insert(&member.person, if member.security { security.value } else { limit.value });
    }
    if view.members().next().is_some() {
        cx.looked(Looked::at(&CHECK, needed.len() as u64, "persons"));
    } else {
        let text = "there is no list of users: who has no record of training at all is not known";
        cx.note(Note::new(NoteKind::Assumed, "no-list-of-users", text).on(artefact));
    }
    for (role, demanded) in [("staff", limit), ("security staff", security)] {
        let short: BTreeSet<String> = needed
            .iter()
            .filter(|(person, hours)| {
                **hours == demanded.value && tenths.get(*person).copied().unwrap_or_default() < u64::from(**hours) * 10
            })
            .map(|(person, _)| (*person).to_owned())
            .collect();
        let of = needed.values().filter(|hours| **hours == demanded.value).count();
        // Where both roles have the same hours they are one group.
        if short.is_empty() || (role != "staff" && demanded.value == limit.value) {
            continue;
        }
        let line =
            view.courses().find(|(_, course)| short.contains(&course.person)).map_or(0, |(_, course)| course.line);
        let excerpt = format!("{} of {of} persons below {}", short.len(), demanded.words().en);
        cx.report(
            record(&CHECK, format!("training of {role}"), proof(artefact, &crate::table::at(line), excerpt))
                .fact("persons", short.len() as u64)
                .fact("of", of as u64)
                .fact("named", some(&short))
                .fact("demanded", demanded.words().en)
                .fact("demanded_zh", demanded.words().zh_tw)
                .fact("role", role),
        );
    }
}
