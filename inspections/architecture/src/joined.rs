//! Continuity records beside the firm's architecture file: the impact analysis knows what an outage costs and how long
//! it may last, the drill register when a switch-over was last tried; the architecture file knows what a function needs.
//!
//! Where both say something of the same function and do not agree, the stricter figure counts and a note says so.

use jiff::civil::Date;
use secdiag_model::{Note, NoteKind};
use secdiag_records::continuity::{AppetiteScope, BusinessFunction, Continuity};

use crate::facts::{Appetite, Facts, Function, Redundancy};

/// Which of two figures is the stricter one.
type Stricter = fn(u64, u64) -> u64;

/// Completes what the architecture files say by what one file of continuity records says; `file` is the records'
/// artefact. The notes are about that artefact. A switch-over that is dated after `as_of` was not yet tried.
pub fn join(stated: &mut Vec<(usize, Facts)>, file: usize, records: &Continuity, as_of: Date) -> Vec<Note> {
    let held = |day: Option<Date>| day.filter(|day| *day <= as_of);
    let mut notes = Vec::new();
    for record in &records.functions {
        let mut functions = stated.iter_mut().flat_map(|(_, facts)| &mut facts.functions);
        if let Some(function) = functions.find(|function| same(function, record)) {
            complete(function, record, &mut notes);
        } else {
            let text = format!(
                "no `[[function]]` of an architecture file says what {} needs: no failure was played through for it",
                record.id
            );
            notes.push(Note::new(NoteKind::Assumed, "function-not-mapped", text).at(record.at.place()));
        }
    }
    let mut own = Facts::default();
    for record in &records.redundancies {
        let mut groups = stated.iter_mut().flat_map(|(_, facts)| &mut facts.redundancies);
        if let Some(group) = groups.find(|group| group.group == record.group) {
            group.tested_on = held(group.tested_on).max(held(record.tested_on)).or(group.tested_on);
            let place = record.at.place();
            stricter("needed", &record.group, &mut group.needed, record.needed, u64::max, &place, &mut notes);
        } else {
            own.redundancies.push(Redundancy {
                at: record.at.clone(),
                group: record.group.clone(),
                members: record.members.clone(),
                needed: record.needed,
                peak_load: None,
                tested_on: record.tested_on,
            });
        }
    }
    // What is borne in a year says nothing about one event.
    let events = records.appetites.iter().filter(|record| record.scope == Some(AppetiteScope::Event));
    own.appetites.extend(events.map(|record| Appetite {
        at: record.at.clone(),
        appetite: record.appetite,
        approval: record.approval.clone(),
    }));
    stated.push((file, own));
    notes
}

fn same(function: &Function, record: &BusinessFunction) -> bool {
    function.id == record.id || (function.name.is_some() && function.name == record.name)
}

fn complete(function: &mut Function, record: &BusinessFunction, notes: &mut Vec<Note>) {
    let figures: [(&str, &mut Option<u64>, Option<u64>, Stricter); 5] = [
        ("loss_per_hour", &mut function.loss_per_hour, record.loss_per_hour, u64::max),
        ("peak_loss_per_hour", &mut function.peak_loss_per_hour, record.peak_loss_per_hour, u64::max),
        ("rto_minutes", &mut function.rto_minutes, record.rto_minutes, u64::min),
        ("mtpd_minutes", &mut function.mtpd_minutes, record.mtpd_minutes, u64::min),
        ("rpo_minutes", &mut function.rpo_minutes, record.rpo_minutes, u64::min),
    ];
    for (name, known, said, strict) in figures {
        stricter(name, &record.id, known, said, strict, &record.at.place(), notes);
    }
    if function.peak_hours.is_none() {
        function.peak_hours.clone_from(&record.peak_hours);
    }
}

/// Takes a figure over; of two that differ the stricter one, with a note.
fn stricter(
    name: &str,
    of: &str,
    known: &mut Option<u64>,
    said: Option<u64>,
    strict: Stricter,
    place: &str,
    notes: &mut Vec<Note>,
) {
    *known = match (*known, said) {
        (Some(own), Some(other)) if own != other => {
            let holds = strict(own, other);
            let text = format!("{name} of {of}: {other} here, {own} in another file; {holds}, the stricter, counts");
            notes.push(Note::new(NoteKind::Assumed, "figures-contradict", text).at(place));
            Some(holds)
        }
        (own, other) => own.or(other),
    };
}
