//! One parser per vendor: text → policies and notes. A parser never fails: it goes on behind what it does not
//! understand and notes each such line with its number.

pub mod checkpoint;
pub mod cisco_asa;
pub mod cisco_ios;
pub mod classbench;
pub mod cloud;
pub mod fortios;
pub mod iptables;
mod json;
pub mod junos;
pub mod nftables;
pub mod panos;
pub mod pf;
pub mod routeros;
pub mod tables;
pub mod windows;

use std::collections::{BTreeMap, BTreeSet};

use secdiag_model::{Format, Head, Note, NoteKind};

use crate::policy::{Coverage, Policy};
use crate::secrets::Masker;
pub(crate) use crate::secrets::mask;

/// A format and its parser; each file of this folder has one.
pub struct Vendor {
    /// How it is recognised: by content. A look-alike that is not read gets an answer that says what to give instead.
    pub format: Format,
    /// Text to policies.
    pub parse: fn(&str) -> Parsed,
}

/// The one list of them.
pub const VENDORS: &[&Vendor] = &[
    fortios::VENDOR,
    cisco_asa::VENDOR,
    cisco_ios::IOS,
    cisco_ios::NXOS,
    cisco_ios::IOSXR,
    cisco_ios::EOS,
    iptables::VENDOR,
    nftables::TEXT,
    nftables::JSON,
    pf::PFSENSE,
    pf::OPNSENSE,
    panos::XML,
    panos::TEXT,
    junos::VENDOR,
    cloud::aws::VENDOR,
    cloud::ibm::VENDOR,
    checkpoint::VENDOR,
    checkpoint::gaia::VENDOR,
    cloud::azure::VENDOR,
    windows::VENDOR,
    routeros::VENDOR,
    tables::VENDOR,
    tables::WORKBOOK,
];

/// Formats of all vendors, and of what is read beside their files.
pub const FORMATS: &[&Format] = &{
    let mut formats = [&tables::profile::FORMAT; VENDORS.len() + 1];
    let mut next = 0;
    while next < VENDORS.len() {
        formats[next] = &VENDORS[next].format;
        next += 1;
    }
    formats
};

/// Their names: every check of a policy reads them all.
pub const READS: &[&str] = &{
    let mut names = [""; VENDORS.len()];
    let mut next = 0;
    while next < names.len() {
        names[next] = VENDORS[next].format.id;
        next += 1;
    }
    names
};

/// Lines of a file's head, for recognisers.
pub(crate) fn head_lines<'h>(head: &'h Head<'_>) -> impl Iterator<Item = &'h str> {
    head.text().lines().map(str::trim_end)
}

/// What a parser gives.
#[derive(Debug, Default)]
pub struct Parsed {
    /// One per virtual domain or address family.
    pub policies: Vec<Policy>,
    /// Lines not understood and assumptions made.
    pub notes: Vec<Note>,
}

/// Collects what was not understood, line by line.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    /// Line → the first reason and text for it.
    lines: BTreeMap<u32, (&'static str, String)>,
    others: Vec<Note>,
}

/// Notes that one file may have, before the rest is summed up.
const NOTES_MAX: usize = 1_000;

impl Trouble {
    /// A line that was not understood, wholly or in part.
    pub(crate) fn line(&mut self, line: u32, reason: &'static str, text: impl Into<String>) {
        self.lines.entry(line).or_insert_with(|| (reason, text.into()));
    }

    /// A note that is not about a line that was not understood.
    pub(crate) fn other(&mut self, note: Note) {
        self.others.push(note);
    }

    /// Coverage of a text of which `total` lines have something on them.
    pub(crate) fn coverage(&self, total: u64) -> Coverage {
        Coverage { total, understood: total.saturating_sub(self.lines.len() as u64) }
    }

    /// One note per run of lines with the same reason.
    pub(crate) fn into_notes(self) -> Vec<Note> {
        struct Run {
            first: u32,
            last: u32,
            reason: &'static str,
            text: String,
        }
        let mut runs: Vec<Run> = Vec::new();
        for (line, (reason, text)) in self.lines {
            match runs.last_mut() {
                Some(run) if run.reason == reason && run.last + 1 == line => run.last = line,
                _ => runs.push(Run { first: line, last: line, reason, text }),
            }
        }
        let place = |run: &Run| {
            if run.first == run.last {
                format!("line {}", run.first)
            } else {
                format!("lines {}-{}", run.first, run.last)
            }
        };
        let count = |run: &Run| u64::from(run.last - run.first) + 1;
        let mut notes = self.others;
        for run in runs.iter().take(NOTES_MAX) {
            notes.push(
                Note::new(NoteKind::NotUnderstood, run.reason, run.text.as_str()).at(place(run)).times(count(run)),
            );
        }
        if let Some(rest) = runs.get(NOTES_MAX..).filter(|rest| !rest.is_empty()) {
            let reasons: BTreeSet<_> = rest.iter().map(|run| run.reason).collect();
            let places: Vec<_> = rest.iter().map(place).collect();
            notes.push(
                Note::new(
                    NoteKind::NotUnderstood,
                    "more-lines",
                    format!(
                        "further lines were not understood: {}",
                        reasons.into_iter().collect::<Vec<_>>().join(", ")
                    ),
                )
                .at(crate::net::shorten(places, 50_000))
                .times(rest.iter().map(count).sum()),
            );
        }
        notes
    }
}

/// Lines with their numbers from 1, without line ends, control characters that terminals leave behind, and pager
/// marks. The text is split at `\n`; a `\r` before it belongs to the line end.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.split('\n').map(|line| {
        let line = line.trim_matches(['\r', '\0', '\u{feff}', '\u{1a}']);
        let line = line.trim_start_matches(['\u{8}', ' ']).strip_prefix("<--- More --->").unwrap_or(line);
        let line = line.trim_start_matches('\u{8}').strip_prefix("--More--").unwrap_or(line);
        line.trim_start_matches(['\r', '\u{8}'])
    }))
}

/// Groups in groups: finds cycles, and bounds depth and work, so that no file can make a parser hang.
#[derive(Debug, Default)]
pub(crate) struct Nesting {
    way: Vec<String>,
    steps: usize,
    tainted: bool,
}

/// What [`Nesting::enter`] says.
pub(crate) enum Enter {
    /// Go in, and call [`Nesting::leave`] afterwards.
    Go,
    /// The group holds itself: it adds nothing to itself.
    Cycle,
    /// The budget is used up: the group may be anything.
    TooMuch,
}

impl Nesting {
    /// Deeper than any device allows.
    const DEPTH: usize = 50;
    /// Groups entered in one file; a known group is not entered again.
    const STEPS: usize = 200_000;

    pub(crate) fn enter(&mut self, name: &str) -> Enter {
        self.steps += 1;
        if self.way.iter().any(|outer| outer == name) {
            self.tainted = true;
            Enter::Cycle
        } else if self.way.len() >= Self::DEPTH || self.steps > Self::STEPS {
            self.tainted = true;
            Enter::TooMuch
        } else {
            self.way.push(name.to_owned());
            Enter::Go
        }
    }

    /// Whether the group's value may be remembered: inside a cycle it lacks what the groups around it hold.
    pub(crate) fn leave(&mut self) -> bool {
        self.way.pop();
        let whole = !self.tainted || self.way.is_empty();
        self.tainted &= !self.way.is_empty();
        whole
    }
}

/// Longest excerpt of a rule, in characters.
const EXCERPT_MAX: usize = 2_000;

/// A rule's lines as a reader may see them: secrets masked, cut at [`EXCERPT_MAX`] characters.
pub(crate) fn excerpt<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    let mut masker = Masker::default();
    for line in lines {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&masker.line(line));
        if text.len() > EXCERPT_MAX {
            let end = (0..=EXCERPT_MAX).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_lines_become_one_note_and_all_are_counted() {
        let mut trouble = Trouble::default();
        for line in [4, 5, 6, 9] {
            trouble.line(line, "unknown-line", "x");
        }
        trouble.line(5, "other", "second reason for a line already counted");
        assert_eq!(trouble.coverage(10).understood, 6);
        let notes = trouble.into_notes();
        let places: Vec<_> = notes.iter().map(|note| (note.place.as_deref().unwrap(), note.count)).collect();
        assert_eq!(places, [("lines 4-6", 3), ("line 9", 1)]);
    }

    #[test]
    fn hostile_numbers_of_bad_lines_are_summed_up() {
        let mut trouble = Trouble::default();
        (0..10_000).for_each(|line| trouble.line(line * 2, "unknown-line", "x"));
        let notes = trouble.into_notes();
        assert_eq!(notes.len(), NOTES_MAX + 1);
        assert_eq!(notes.iter().map(|note| note.count).sum::<u64>(), 10_000);
    }
}
