//! Archives: which there are, and what all their readers share. A reader hands every member to
//! [`Taking::member`](crate::take::Taking::member), which counts what comes out against the caps.

mod sevenz;
mod stream;
mod tar;
mod zip;

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use secdiag_model::{Note, NoteKind};

use crate::names::{Unique, member_path, shown};
use crate::take::{Halt, Taking};

pub(crate) use zip::document as zip_document;

/// An archive that intake opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Zip,
    Tar,
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    SevenZ,
}

impl Kind {
    /// By magic number; tar, which has none that is old enough, by the checksum of its first header.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // A frame, or a skippable frame before one (RFC 8878 §3.1).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Self::Bzip2),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(Self::SevenZ),
            _ if tar::is_header(bytes) => Some(Self::Tar),
            _ => None,
        }
    }

    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
            Self::SevenZ => "7z",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Zip => "zip archive",
            Self::Tar => "tar archive",
            Self::Gzip => "gzip file",
            Self::Zstd => "Zstandard file",
            Self::Xz => "xz file",
            Self::Bzip2 => "bzip2 file",
            Self::SevenZ => "7z archive",
        }
    }
}

/// Memory that one decoder may use for its window. The presets of xz and 7-Zip stay at 64 MiB and below, those of
/// zstd at 128 MiB.
const DECODER_MEMORY: u64 = 192 << 20;

/// One archive being read.
pub(crate) struct Level {
    /// Format id for the result: `zip`, `tar.gz`.
    pub(crate) format: String,
    /// Bytes of the archive.
    pub(crate) input: u64,
    /// Bytes that came out of it.
    pub(crate) output: u64,
    /// Members taken in.
    pub(crate) members: u64,
    /// How deep its members lie: 1 in a given archive.
    pub(crate) depth: usize,
    /// What is wrong with the archive itself.
    pub(crate) troubles: Vec<Note>,
    /// Links and special files in it.
    pub(crate) links: Links,
    /// The archive's own name.
    name: String,
    /// What stands before its members' names: the archive's own place inside another.
    prefix: String,
    names: Unique,
    position: Option<Rc<Cell<u64>>>,
}

impl Level {
    pub(crate) fn new(kind: Kind, input: u64, member: Option<&str>, name: &str, depth: usize) -> Self {
        Self {
            format: kind.id().to_owned(),
            input,
            output: 0,
            members: 0,
            depth,
            troubles: Vec::new(),
            links: Links::default(),
            name: name.to_owned(),
            prefix: member.map(|member| format!("{member}!/")).unwrap_or_default(),
            names: Unique::default(),
            position: None,
        }
    }

    /// A member's path in the given file, unique among its siblings.
    pub(crate) fn member(&mut self, name: &str) -> String {
        let name = self.names.name(member_path(name));
        format!("{}{name}", self.prefix)
    }

    /// Something wrong with the archive.
    pub(crate) fn trouble(&mut self, reason: &str, text: String) {
        let mut note = Note::new(NoteKind::Broken, reason, text);
        note.place = self.place();
        self.troubles.push(note);
    }

    /// How far into the archive's own bytes the reader is.
    pub(crate) fn place(&self) -> Option<String> {
        self.position.as_ref().map(|position| format!("byte {}", position.get()))
    }
}

/// Links and special files of an archive, in one note.
#[derive(Default)]
pub(crate) struct Links {
    count: u64,
    first: Vec<String>,
}

impl Links {
    fn add(&mut self, what: String) {
        self.count += 1;
        if self.first.len() < 3 {
            self.first.push(what);
        }
    }

    /// The note, where there is anything to say.
    pub(crate) fn take(&mut self) -> Option<Note> {
        let Self { count, first } = std::mem::take(self);
        (count > 0).then(|| {
            let more = if count > first.len() as u64 { ", …" } else { "" };
            let text = format!("links and special files in the archive were not followed: {}{more}", first.join(", "));
            Note::new(NoteKind::Assumed, "link", text).times(count)
        })
    }
}

/// Reads an archive and takes in its members.
pub(crate) fn expand(taking: &mut Taking<'_>, level: &mut Level, kind: Kind, file: File) -> Result<(), Halt> {
    let position = Rc::new(Cell::new(0));
    level.position = Some(Rc::clone(&position));
    let counted = Counted { file, position };
    match kind {
        Kind::Zip => zip::expand(taking, level, counted),
        Kind::Tar => tar::expand(taking, level, &mut io::BufReader::with_capacity(crate::vault::BLOCK, counted)),
        Kind::SevenZ => sevenz::expand(taking, level, counted),
        Kind::Gzip | Kind::Zstd | Kind::Xz | Kind::Bzip2 => stream::expand(taking, level, kind, counted),
    }
}

/// A file that tells where its reader is.
struct Counted {
    file: File,
    position: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.position.set(self.position.get().saturating_add(n as u64));
        Ok(n)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = self.file.seek(to)?;
        self.position.set(position);
        Ok(position)
    }
}

/// A cap met inside a reader, on its way out as an [`io::Error`].
#[derive(Debug)]
struct BreachError(String);

impl fmt::Display for BreachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BreachError {}

/// The cap that an error stands for, if it does.
pub(crate) fn breach_of(error: &io::Error) -> Option<&str> {
    let inner = error.get_ref()?;
    let breach = inner.downcast_ref::<BreachError>();
    // Readers wrap errors of what they read from, to any depth.
    breach.map(|breach| breach.0.as_str()).or_else(|| {
        let mut cause = inner.source();
        while let Some(error) = cause {
            if let Some(breach) = error.downcast_ref::<BreachError>() {
                return Some(breach.0.as_str());
            }
            cause = error.source();
        }
        None
    })
}

/// Whether a reader found its input too short rather than wrong.
pub(crate) fn is_early_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

/// An error of a foreign reader, in words that are safe to show.
fn words(error: &dyn fmt::Display) -> String {
    shown(error.to_string().as_bytes())
}
