//! Takes in one given file with all archives in it: reads, hashes, keeps, recognises, opens, within the caps.

use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use secdiag_model::evidence::{Declared, Rewrite};
use secdiag_model::{Artefact, Binding, Format, Head, Note, NoteKind, Recognition, Sha256, SystemId, glob};
use sha2::Digest;

use crate::archive::{self, Kind, Level};
use crate::assessment::Assessment;
use crate::known::broken_promise;
use crate::names::shown;
use crate::recognise::{What, recognise};
use crate::vault::{BLOCK, Spooled};
use crate::walk::Found;
use crate::{IntakeError, Options, Progress, Taken, Vault};

/// Why a file of no bytes is broken.
pub(crate) const EMPTY: &str = "the file is empty";

/// What all files of an intake share.
pub(crate) struct Shared<'a> {
    pub(crate) vault: &'a Vault,
    pub(crate) formats: &'a [&'static Format],
    pub(crate) options: &'a Options,
    pub(crate) progress: &'a dyn Progress,
    /// What files of the evidence say of others.
    pub(crate) declared: Vec<Declared>,
    /// The `assessment.toml` of the given folders.
    pub(crate) descriptions: Vec<Assessment>,
}

impl Shared<'_> {
    fn vault_error(&self, source: io::Error) -> IntakeError {
        IntakeError::Vault { path: self.vault.root().to_owned(), source }
    }

    fn check_cancelled(&self) -> Result<(), IntakeError> {
        if self.progress.cancelled() { Err(IntakeError::Cancelled) } else { Ok(()) }
    }
}

/// Why the reading of an archive ends before its end.
pub(crate) enum Halt {
    /// The machine, or the user.
    Error(IntakeError),
    /// A cap.
    Breach(Breach),
}

impl From<IntakeError> for Halt {
    fn from(error: IntakeError) -> Self {
        Self::Error(error)
    }
}

/// A cap that was met.
pub(crate) struct Breach {
    /// Whether it ends the whole given file rather than one archive in it.
    pub(crate) everything: bool,
    /// With figures.
    pub(crate) text: String,
}

/// A content that ended before its end.
struct Cut {
    reason: &'static str,
    place: Option<String>,
    text: String,
}

/// One given file being taken in.
pub(crate) struct Taking<'a> {
    pub(crate) shared: &'a Shared<'a>,
    path: String,
    size: u64,
    artefacts: Vec<Artefact>,
    notes: Vec<Note>,
    /// Members met in all archives.
    members: u64,
    /// Bytes of all members.
    total: u64,
    /// The same by depth: a bomb of nested archives grows from level to level.
    by_depth: Vec<u64>,
    /// What members are read into.
    buffer: Vec<u8>,
    /// Something in the file was rewritten or left out: the archive that holds it as it was must not be kept.
    redacted: bool,
}

impl<'a> Taking<'a> {
    /// Takes in a given file.
    pub(crate) fn file(shared: &'a Shared<'a>, found: &Found) -> Result<Taken, IntakeError> {
        shared.check_cancelled()?;
        let mut taking = Self {
            shared,
            path: found.path.clone(),
            size: 0,
            artefacts: Vec::new(),
            notes: Vec::new(),
            members: 0,
            total: 0,
            by_depth: Vec::new(),
            buffer: Vec::new(),
            redacted: false,
        };
        let (content, cut) = read_file(shared, found)?;
        taking.size = content.size;
        match taking.content(content, None, 0, cut) {
            Ok(()) | Err(Halt::Breach(_)) => {}
            Err(Halt::Error(error)) => return Err(error),
        }
        Ok(Taken { artefacts: taking.artefacts, notes: taking.notes, bytes: taking.size })
    }

    /// Takes in a member of an archive. True when all of it could be read.
    pub(crate) fn member(
        &mut self,
        level: &mut Level,
        name: &str,
        reader: &mut dyn Read,
        expected: Option<u64>,
    ) -> Result<bool, Halt> {
        let member = level.member(name);
        self.count_member()?;
        let mut spool = self.shared.vault.spool();
        let mut cut = None;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(BLOCK, 0);
        loop {
            self.shared.check_cancelled()?;
            let n = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    if let Some(text) = archive::breach_of(&error) {
                        let text = text.to_owned();
                        self.broken(Some(member), "bomb", None, &text);
                        return Err(Halt::Breach(Breach { everything: false, text }));
                    }
                    let text =
                        format!("it breaks off after {} bytes: {}", spool.size(), shown(error.to_string().as_bytes()));
                    let reason = if archive::is_early_end(&error) { "truncated" } else { "corrupt" };
                    cut = Some(Cut { reason, place: level.place(), text });
                    break;
                }
            };
            spool.write(&buffer[..n]).map_err(|error| self.shared.vault_error(error))?;
            if let Err(breach) = self.charge(level, n as u64, spool.size()) {
                let text = format!("not taken in: {}", breach.text);
                self.broken(Some(member), "bomb", None, &text);
                return Err(Halt::Breach(breach));
            }
        }
        self.buffer = buffer;
        if cut.is_none()
            && let Some(expected) = expected
            && spool.size() < expected
        {
            let text = format!("it breaks off after {} of {expected} bytes", spool.size());
            cut = Some(Cut { reason: "truncated", place: level.place(), text });
        }
        let whole = cut.is_none();
        let content = spool.finish();
        level.members += 1;
        self.content(content, Some(member), level.depth, cut)?;
        Ok(whole)
    }

    /// Lists a member that cannot be read.
    pub(crate) fn unreadable_member(
        &mut self,
        level: &mut Level,
        name: &str,
        reason: &'static str,
        text: &str,
    ) -> Result<(), Halt> {
        let member = level.member(name);
        self.count_member()?;
        self.broken(Some(member), reason, level.place(), text);
        Ok(())
    }

    fn count_member(&mut self) -> Result<(), Halt> {
        self.members += 1;
        self.check_members(0)
    }

    /// Whether an archive that says how many members it has may be opened.
    pub(crate) fn check_members(&self, more: u64) -> Result<(), Halt> {
        let most = self.shared.options.max_members;
        if self.members.saturating_add(more) <= most {
            return Ok(());
        }
        let text = format!("the file holds more than {most} members, the most that is taken in");
        Err(Halt::Breach(Breach { everything: true, text }))
    }

    /// Counts bytes that came out of an archive, against every cap.
    fn charge(&mut self, level: &mut Level, n: u64, member: u64) -> Result<(), Breach> {
        let options = self.shared.options;
        level.output += n;
        self.total += n;
        if self.by_depth.len() < level.depth {
            self.by_depth.resize(level.depth, 0);
        }
        let at_depth = &mut self.by_depth[level.depth - 1];
        *at_depth += n;
        if member > options.max_member_bytes {
            let text = format!("a member of more than {} bytes, the most that is taken in", options.max_member_bytes);
            return Err(Breach { everything: false, text });
        }
        if options.is_bomb(level.output, level.input) {
            return Err(Breach { everything: false, text: options.bomb_text(level.output, level.input) });
        }
        if options.is_bomb(*at_depth, self.size) {
            return Err(Breach { everything: true, text: options.bomb_text(*at_depth, self.size) });
        }
        if self.total > options.max_total_bytes {
            let text = format!(
                "the file expands to more than {} bytes, the most that is taken in from one file",
                options.max_total_bytes
            );
            return Err(Breach { everything: true, text });
        }
        Ok(())
    }

    /// Recognises a content, opens it where it is an archive, keeps it.
    fn content(
        &mut self,
        mut content: Spooled<'a>,
        member: Option<String>,
        depth: usize,
        cut: Option<Cut>,
    ) -> Result<(), Halt> {
        let mut artefact = Artefact {
            sha256: content.sha256,
            size: content.size,
            path: self.path.clone(),
            member,
            recognition: Recognition::Broken { reason: String::new() },
            binding: unbound(),
        };
        if content.size == 0 {
            let (reason, place, text) = match cut {
                Some(cut) => (cut.reason, cut.place, cut.text),
                None => ("empty", None, EMPTY.to_owned()),
            };
            if reason == "empty" {
                content.keep().map_err(|error| self.shared.vault_error(error))?;
            }
            self.broken(artefact.member, reason, place, &text);
            return Ok(());
        }

        let name = artefact.file_name().to_owned();
        let shared = self.shared;
        let bytes = std::mem::take(&mut content.head);
        let head = Head::new(&bytes, &name, content.size);
        let recognised = recognise(&head, shared.formats);
        let declared = shared.declared.iter().find_map(|declared| {
            let format = if glob::matches(&declared.name, &name) { (declared.format)(&head) } else { None };
            Some((format?, declared))
        });
        content.head = bytes;
        self.notes.extend(recognised.notes.into_iter().map(|note| note.on(&artefact)));
        let mut proven = recognised.proven;
        let mut what = recognised.what;
        if let What::Archive(Kind::Zip) = what
            && let Some(document) =
                archive::zip_document(content.file().map_err(|error| self.shared.vault_error(error))?)
        {
            proven = Some(document.id);
            what = What::Known(document);
        }
        let is_archive = matches!(what, What::Archive(_));
        let declared = declared.filter(|_| !is_archive);
        if let Some((format, _)) = declared {
            what = What::Format(format);
        }
        let forced = shared.descriptions.iter().find_map(|description| description.forced(&artefact));
        let id = match (&what, forced) {
            (What::Archive(_), _) => None,
            (_, Some(id)) => Some(id),
            (What::Format(format), None) => Some(format.id),
            _ => None,
        };
        let of_format = shared.options.redactions.iter().find(|(known, _)| id == Some(*known));
        let rewrite: Option<&Rewrite> = match (declared, of_format) {
            (Some((_, declared)), _) => Some(&*declared.redact),
            (None, Some((_, redact))) => Some(redact),
            (None, None) => None,
        };
        if let Some(rewrite) = rewrite {
            self.redacted = true;
            match redacted(&mut content, rewrite) {
                Ok(None) => {}
                Ok(Some(bytes)) => {
                    let original = content.sha256;
                    let mut spool = self.shared.vault.spool();
                    spool.write(&bytes).map_err(|error| self.shared.vault_error(error))?;
                    content = spool.finish();
                    (artefact.sha256, artefact.size) = (content.sha256, content.size);
                    let text = format!(
                        "what people handed in was dropped before the file was kept; the file as it was given has the SHA-256 {original}"
                    );
                    self.notes.push(Note::new(NoteKind::Assumed, "redacted", text).on(&artefact));
                }
                Err(why) => {
                    let text = format!("not kept, since it may hold passwords that could not be taken out: {why}");
                    self.broken(artefact.member, "not-kept", None, &text);
                    return Ok(());
                }
            }
        }
        let mut halt = None;
        let unsupported = |format: Option<String>, reason: String| {
            (Recognition::Unsupported { format, reason, close: recognised.close.clone() }, None)
        };
        let mut slug = "unsupported";
        let (recognition, kind) = match what {
            What::Format(format) => {
                (Recognition::Recognised { format: format.id.to_owned(), kind: format.kind }, Some(format.kind))
            }
            What::Archive(kind) if depth >= self.shared.options.max_depth => {
                let reason = format!("it lies {depth} archives deep, and archives there are not opened");
                slug = "nested-too-deep";
                unsupported(Some(kind.title().to_owned()), reason)
            }
            What::Archive(kind) => {
                let (recognition, stop) = self.open(kind, &mut content, &artefact, depth)?;
                halt = stop;
                (recognition, None)
            }
            What::Known(known) => {
                let reason = format!("{}: no inspection of this version reads it", known.title);
                unsupported(Some(known.title.into_owned()), reason)
            }
            What::Unknown { binary: true } => unsupported(None, "unknown binary format".to_owned()),
            What::Unknown { binary: false } => unsupported(None, "unknown text format".to_owned()),
        };
        // The container that was given keeps what came out of it: an archive inside need not be kept as well.
        let is_container = matches!(recognition, Recognition::Container { .. });
        let keeps_nothing = is_container && (artefact.member.is_some() || self.redacted);
        if !keeps_nothing {
            content.keep().map_err(|error| self.shared.vault_error(error))?;
        }
        artefact.recognition = recognition;

        if let Some(promised) = broken_promise(&name, proven, kind) {
            let is = match &artefact.recognition {
                Recognition::Unsupported { format: Some(what), .. }
                | Recognition::Container { format: what, .. }
                | Recognition::Recognised { format: what, .. } => what,
                _ => proven.unwrap_or("like nothing known"),
            };
            let text = format!("the name ends in {promised}, but the content is not of that kind: it is {is}");
            self.notes.push(Note::new(NoteKind::Broken, "mislabelled", text).on(&artefact));
        }
        if let Some(cut) = cut {
            if let Recognition::Unsupported { .. } = artefact.recognition {
                artefact.recognition = Recognition::Broken { reason: cut.text.clone() };
            }
            let mut note = Note::new(NoteKind::Broken, cut.reason, cut.text).on(&artefact);
            note.place = cut.place;
            self.notes.push(note);
        }
        if let Recognition::Unsupported { reason, close, .. } = &artefact.recognition {
            let mut text = reason.clone();
            if !close.is_empty() {
                text = format!("{text} (it is nearly {})", close.join("; "));
            }
            self.notes.push(Note::new(NoteKind::Unsupported, slug, text).on(&artefact));
        }
        self.artefacts.push(artefact);
        halt.map_or(Ok(()), |breach| Err(Halt::Breach(breach)))
    }

    /// Opens an archive. What it is then, and the cap that ends everything where one was met.
    fn open(
        &mut self,
        kind: Kind,
        content: &mut Spooled<'_>,
        artefact: &Artefact,
        depth: usize,
    ) -> Result<(Recognition, Option<Breach>), Halt> {
        let file = content.file().map_err(|error| self.shared.vault_error(error))?;
        let mut level = Level::new(kind, content.size, artefact.member.as_deref(), artefact.file_name(), depth + 1);
        // Decoders of archives are other people's code over hostile bytes: a crash of theirs is this archive's.
        let result = catch_unwind(AssertUnwindSafe(|| archive::expand(self, &mut level, kind, file)));
        let mut stop = None;
        match result {
            Ok(Ok(())) => {}
            Ok(Err(Halt::Error(error))) => return Err(Halt::Error(error)),
            Ok(Err(Halt::Breach(breach))) => {
                level.trouble("bomb", format!("{}; {} members were taken in before", breach.text, level.members));
                stop = breach.everything.then_some(breach);
            }
            Err(_) => {
                level.trouble("reader-crashed", "the reader of such archives failed on it; please report it".into());
            }
        }
        if let Some(links) = level.links.take() {
            self.notes.push(links.on(artefact));
        }
        let first = level.troubles.first().map(|note| note.text.clone());
        self.notes.extend(level.troubles.drain(..).map(|note| note.on(artefact)));
        let recognition = match first {
            Some(reason) if level.members == 0 => Recognition::Broken { reason },
            _ => Recognition::Container { format: level.format, members: level.members },
        };
        Ok((recognition, stop))
    }

    /// Lists something of which nothing could be read.
    fn broken(&mut self, member: Option<String>, reason: &str, place: Option<String>, text: &str) {
        let artefact = Artefact {
            sha256: Sha256::of(b""),
            size: 0,
            path: self.path.clone(),
            member,
            recognition: Recognition::Broken { reason: text.to_owned() },
            binding: unbound(),
        };
        let mut note = Note::new(NoteKind::Broken, reason, text).on(&artefact);
        note.place = place;
        self.notes.push(note);
        self.artefacts.push(artefact);
    }
}

impl Options {
    /// Whether so many bytes out of so few are a bomb.
    pub(crate) fn is_bomb(&self, output: u64, input: u64) -> bool {
        output > self.ratio_floor && output / self.max_ratio.max(1) > input
    }

    /// The same in words.
    pub(crate) fn bomb_text(&self, output: u64, input: u64) -> String {
        format!(
            "{input} bytes expand to {output} bytes and more: beyond {} times their size they are taken for a bomb",
            self.max_ratio
        )
    }
}

/// Largest file that is rewritten before it is kept.
const REDACTED: u64 = 256 << 20;

fn redacted(content: &mut Spooled<'_>, rewrite: &Rewrite) -> Result<Option<Vec<u8>>, String> {
    if content.size > REDACTED {
        return Err(format!("it is larger than {REDACTED} bytes; export fewer campaigns at once"));
    }
    let mut bytes = Vec::new();
    content.file().and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|error| error.to_string())?;
    rewrite(&bytes)
}

fn unbound() -> Binding {
    Binding { systems: vec![SystemId::unnamed()], ..Binding::default() }
}

/// Reads a given file: into the vault, or, where a content of its size is there already, first for its digest alone.
fn read_file<'a>(shared: &Shared<'a>, found: &Found) -> Result<(Spooled<'a>, Option<Cut>), IntakeError> {
    let mut reported = 0;
    if found.size > 0
        && shared.vault.has_size(found.size)
        && let Some(content) = read_known(shared, found, &mut reported)?
    {
        return Ok((content, None));
    }
    let mut spool = shared.vault.spool();
    let cut = read_blocks(shared, found, &mut reported, |block| spool.write(block))?;
    let content = spool.finish();
    Ok((content, cut))
}

/// The content of a file that the vault has; nothing when it has not.
fn read_known<'a>(shared: &Shared<'a>, found: &Found, reported: &mut u64) -> Result<Option<Spooled<'a>>, IntakeError> {
    let mut hasher = sha2::Sha256::new();
    let mut head = Vec::new();
    let mut size = 0;
    let cut = read_blocks(shared, found, reported, |block| {
        hasher.update(block);
        size += block.len() as u64;
        let missing = Head::LEN - head.len();
        head.extend_from_slice(&block[..block.len().min(missing)]);
        Ok(())
    })?;
    let sha256 = Sha256::new(hasher.finalize().into());
    if cut.is_some() || !shared.vault.has(&sha256, size) {
        return Ok(None);
    }
    Ok(Some(shared.vault.kept(sha256, size, head)))
}

/// Hands over a file block by block, and reports as progress what is beyond the bytes already reported. Trouble with
/// the file is a cut, trouble with what is done to it an error.
fn read_blocks(
    shared: &Shared<'_>,
    found: &Found,
    reported: &mut u64,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<Option<Cut>, IntakeError> {
    let unreadable = |error: &io::Error| {
        Some(Cut { reason: "unreadable", place: None, text: format!("the file could not be read: {error}") })
    };
    let mut file = match File::open(&found.disk) {
        Ok(file) => file,
        Err(error) => return Ok(unreadable(&error)),
    };
    let mut buffer = vec![0; BLOCK];
    let mut done = 0;
    loop {
        shared.check_cancelled()?;
        match file.read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(n) => {
                each(&buffer[..n]).map_err(|error| shared.vault_error(error))?;
                done += n as u64;
                shared.progress.advanced(done.saturating_sub(*reported));
                *reported = done.max(*reported);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(unreadable(&error)),
        }
    }
}
