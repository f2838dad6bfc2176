//! What a content is, by its head: an inspection's format, an archive to open, something known, or unknown.

use std::panic::{AssertUnwindSafe, catch_unwind};

use secdiag_model::{Format, Head, Match, Note, NoteKind};

use crate::archive::Kind;
use crate::known::{self, Known};

/// The answer.
pub(crate) struct Recognised {
    pub(crate) what: What,
    /// Formats that came close, as `title: what was missing`.
    pub(crate) close: Vec<String>,
    /// What the content proves to be, whatever reads it.
    pub(crate) proven: Option<&'static str>,
    /// Recognisers that crashed on it.
    pub(crate) notes: Vec<Note>,
}

/// What a content is.
pub(crate) enum What {
    Format(&'static Format),
    Archive(Kind),
    Known(Known),
    Unknown { binary: bool },
}

/// Asks the inspections first. The best rank wins; of equals, the one that the file's name speaks for, then the one
/// that stands first. A file with an archive's magic number is an archive unless a format is as sure of it (rank
/// 100): the words that a format looks for also stand in a tar file of such files.
pub(crate) fn recognise(head: &Head<'_>, formats: &[&'static Format]) -> Recognised {
    let mut best: Option<((u8, bool), &'static Format)> = None;
    let mut close = Vec::new();
    let mut notes = Vec::new();
    for format in formats {
        match catch_unwind(AssertUnwindSafe(|| (format.sniff)(head))) {
            Ok(Match::No) => {}
            Ok(Match::Close(missing)) => close.push(format!("{}: {missing}", format.title)),
            Ok(Match::Yes(rank)) => {
                let score = (rank, name_speaks_for(head.name, format.id));
                if best.is_none_or(|(highest, _)| score > highest) {
                    best = Some((score, format));
                }
            }
            Err(_) => {
                let text = format!("the recogniser of {} failed on this file; please report it", format.id);
                notes.push(Note::new(NoteKind::Internal, "recogniser-crashed", text));
            }
        }
    }
    let archive = Kind::of(head.bytes);
    let known = if archive.is_none() { known::identify(head) } else { None };
    let proven = match (archive, &known) {
        (Some(kind), _) => Some(kind.id()),
        (None, Some(known)) if known.proven => Some(known.id),
        _ => None,
    };
    let what = match (best, archive, known) {
        (Some((_, format)), None, _) | (Some(((100.., _), format)), Some(_), _) => What::Format(format),
        (_, Some(kind), _) => What::Archive(kind),
        (None, None, Some(known)) => What::Known(known),
        (None, None, None) => What::Unknown { binary: head.is_binary() },
    };
    Recognised { what, close, proven, notes }
}

/// Whether a file's name holds the format's id or a word of it.
fn name_speaks_for(name: &str, id: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains(id) || id.split('-').any(|word| word.len() >= 3 && name.contains(word))
}

#[cfg(test)]
mod tests {
    use secdiag_model::EvidenceKind;

    use super::*;

    const fn format(id: &'static str, sniff: fn(&Head<'_>) -> Match) -> Format {
        Format { id, kind: EvidenceKind::Fwcfg, title: "Test format", sniff }
    }

    static WEAK: Format =
        format("weak-first", |head| if head.text().contains("rule") { Match::Yes(40) } else { Match::No });
    static STRONG: Format =
        format("strong", |head| if head.text().contains("rules") { Match::Yes(60) } else { Match::Close("no rules") });
    static TWIN: Format =
        format("twin-asa", |head| if head.text().contains("rule") { Match::Yes(40) } else { Match::No });
    static CRASHING: Format = format("crashing", |_| panic!("recogniser"));
    static ZIPPED: Format =
        format("zipped", |head| if head.bytes.starts_with(b"PK") { Match::Yes(100) } else { Match::No });

    fn what(formats: &[&'static Format], name: &str, bytes: &[u8]) -> String {
        let recognised = recognise(&Head::new(bytes, name, bytes.len() as u64), formats);
        let what = match recognised.what {
            What::Format(format) => format.id.to_owned(),
            What::Archive(kind) => kind.id().to_owned(),
            What::Known(known) => known.id.to_owned(),
            What::Unknown { binary } => format!("unknown {binary}"),
        };
        let notes: Vec<_> = recognised.notes.iter().map(|note| note.reason.as_str()).collect();
        format!("{what} {:?} {notes:?}", recognised.close)
    }

    #[test]
    fn the_best_rank_wins_then_the_name_then_the_order() {
        let all: &[&'static Format] = &[&WEAK, &STRONG, &TWIN];
        assert_eq!(what(all, "a", b"some rules"), "strong [] []");
        assert_eq!(what(all, "a", b"a rule"), r#"weak-first ["Test format: no rules"] []"#);
        assert_eq!(what(all, "ASA-1.txt", b"a rule"), r#"twin-asa ["Test format: no rules"] []"#);
        assert_eq!(what(all, "a", b"text"), r#"unknown false ["Test format: no rules"] []"#);
        assert_eq!(what(&[], "a", b"\0\x01"), "unknown true [] []");
        assert_eq!(what(&[], "a", b"%PDF-"), "pdf [] []");
    }

    #[test]
    fn archives_are_opened_unless_a_format_is_sure() {
        let zip = b"PK\x03\x04 a rule";
        assert_eq!(what(&[&WEAK], "a", zip), "zip [] []");
        assert_eq!(what(&[&WEAK, &ZIPPED], "a", zip), "zipped [] []");
    }

    #[test]
    fn a_recogniser_that_crashes_is_noted_and_the_others_are_heard() {
        assert_eq!(what(&[&CRASHING, &WEAK], "a", b"a rule"), r#"weak-first [] ["recogniser-crashed"]"#);
    }
}
