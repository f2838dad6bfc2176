//! zip (APPNOTE.TXT 6.3.10).

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use zip::read::{Config, ZipFileEntry, read_zipfile_from_stream};
use zip::result::ZipError;
// Not yet promised by the crate, but what hostile lists need: it holds one entry at a time and keeps equal names apart.
use zip::unstable::read::ZipIterable;
use zip::{CompressionMethod, ZipReadOptions};

use super::{Counted, DECODER_MEMORY, Level, words};
use crate::known::Known;
use crate::names::shown;
use crate::take::{Breach, Halt, Taking};

pub(super) fn expand(taking: &mut Taking<'_>, level: &mut Level, file: Counted) -> Result<(), Halt> {
    let body = match file.file.try_clone() {
        Ok(file) => BufReader::with_capacity(64 * 1024, Counted { file, position: file_position(level) }),
        Err(error) => {
            level.trouble("corrupt", words(&error));
            return Ok(());
        }
    };
    match ZipIterable::try_new(file, Config::default()) {
        Ok(archive) => listed(taking, level, archive, body),
        Err(error) => unlisted(taking, level, body, &error),
    }
}

fn file_position(level: &Level) -> std::rc::Rc<std::cell::Cell<u64>> {
    level.position.clone().unwrap_or_default()
}

/// Members as the central directory lists them. Its reader and the members' share one file: each seeks before it
/// reads, and they take turns.
fn listed(
    taking: &mut Taking<'_>,
    level: &mut Level,
    mut archive: ZipIterable<Counted>,
    mut body: BufReader<Counted>,
) -> Result<(), Halt> {
    taking.check_members(archive.len() as u64)?;
    if let Some(pair) = overlap(&mut archive) {
        let text = format!("the members {pair} share bytes of the archive, as those of a zip bomb do");
        return Err(Halt::Breach(Breach { everything: false, text }));
    }
    let files = match archive.files() {
        Ok(files) => files,
        Err(error) => {
            level.trouble("corrupt", words(&error));
            return Ok(());
        }
    };
    for entry in files {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                level
                    .trouble("corrupt", format!("the list of members is damaged: {}; the rest is lost", words(&error)));
                return Ok(());
            }
        };
        let name = name_of(&entry);
        if entry.is_dir() {
            continue;
        }
        if entry.is_symlink() {
            level.links.add(name);
            continue;
        }
        if entry.encrypted() {
            taking.unreadable_member(level, &name, "password-protected", PASSWORD)?;
            continue;
        }
        let size = entry.size();
        if entry.compression() == CompressionMethod::LZMA
            && let Some(memory) = lzma_window(&mut body, entry.header_start())
            && memory > DECODER_MEMORY
        {
            let text =
                format!("decompressing it takes {memory} bytes of memory, more than the {DECODER_MEMORY} allowed");
            taking.unreadable_member(level, &name, "unsupported", &text)?;
            continue;
        }
        match entry.with_reader(&mut body, ZipReadOptions::new()) {
            Ok(mut member) => {
                taking.member(level, &name, &mut member, Some(size))?;
            }
            Err(error) => {
                let reason =
                    if matches!(error, ZipError::CompressionMethodNotSupported(_)) { "unsupported" } else { "corrupt" };
                taking.unreadable_member(level, &name, reason, &format!("it cannot be read: {}", words(&error)))?;
            }
        }
    }
    Ok(())
}

pub(super) const PASSWORD: &str = "it is protected with a password: extract it and give the content, if it is evidence";

/// Members in the order in which they stand, for an archive without a readable list: one that was cut.
fn unlisted(
    taking: &mut Taking<'_>,
    level: &mut Level,
    mut body: BufReader<Counted>,
    error: &ZipError,
) -> Result<(), Halt> {
    let list = words(error);
    if let Err(error) = body.seek(SeekFrom::Start(0)) {
        level.trouble("corrupt", words(&error));
        return Ok(());
    }
    loop {
        let end = match read_zipfile_from_stream(&mut body) {
            Ok(Some(mut member)) => {
                let name = name_of(&member.entry());
                let size = member.size();
                if !member.is_dir() {
                    taking.member(level, &name, &mut member, Some(size))?;
                }
                continue;
            }
            Ok(None) => "where the list of members begins".to_owned(),
            Err(error) => words(&error),
        };
        let text = format!(
            "the archive has no readable list of members ({list}); members were read from its front up to here ({end})"
        );
        level.trouble("truncated", text);
        return Ok(());
    }
}

/// The names of two members whose bytes overlap, by the list's own figures.
fn overlap(archive: &mut ZipIterable<Counted>) -> Option<String> {
    // A local header has 30 bytes and the name.
    let mut ranges: Vec<(u64, u64, u64)> = Vec::new();
    for entry in archive.files().ok()?.flatten() {
        let start = entry.header_start();
        let end = start.saturating_add(30 + entry.name_raw().len() as u64).saturating_add(entry.compressed_size());
        ranges.push((start, end, entry.central_header_start()));
    }
    ranges.sort_unstable();
    let pair = ranges.windows(2).find(|pair| pair[0].1 > pair[1].0)?;
    let wanted = [pair[0].2, pair[1].2];
    let names: Vec<_> = archive
        .files()
        .ok()?
        .flatten()
        .filter(|entry| wanted.contains(&entry.central_header_start()))
        .map(|entry| name_of(&entry))
        .collect();
    Some(names.join(" and "))
}

/// A member's name. Windows in Taiwan writes Big5 where a name is not marked as UTF-8, so a name that is not UTF-8
/// but is Big5 is read so.
fn name_of(entry: &ZipFileEntry<'_>) -> String {
    let raw = entry.name_raw();
    let text = match std::str::from_utf8(raw) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => match encoding_rs::BIG5.decode_without_bom_handling_and_without_replacement(raw) {
            Some(text) => text,
            None => return shown(raw),
        },
    };
    // Some writers of Windows use its own separator, against §4.4.17 of the specification.
    let text = if text.contains('/') { text } else { Cow::Owned(text.replace('\\', "/")) };
    shown(text.as_bytes())
}

/// The window that an LZMA member asks for (§5.8.8), which its decoder would allocate at once.
fn lzma_window(body: &mut (impl Read + Seek), header_start: u64) -> Option<u64> {
    let mut header = [0; 30];
    body.seek(SeekFrom::Start(header_start)).ok()?;
    body.read_exact(&mut header).ok()?;
    let skip = i64::from(u16::from_le_bytes([header[26], header[27]]))
        + i64::from(u16::from_le_bytes([header[28], header[29]]));
    body.seek_relative(skip).ok()?;
    let mut properties = [0; 9];
    body.read_exact(&mut properties).ok()?;
    Some(u64::from(u32::from_le_bytes([properties[5], properties[6], properties[7], properties[8]])))
}

/// A document or program that is a zip file by construction and one piece of evidence by nature.
pub(crate) fn document(file: File) -> Option<Known> {
    let mut body = file.try_clone().ok()?;
    let mut archive = ZipIterable::try_new(file, Config::default()).ok()?;
    let mut has = Marks::default();
    let mut mimetype = None;
    for entry in archive.files().ok()?.take(MARKS_AMONG).map_while(Result::ok) {
        has.see(entry.name_raw());
        if entry.name_raw() == b"mimetype" && !entry.encrypted() && entry.compression() == CompressionMethod::STORE {
            let mut text = String::new();
            if let Ok(member) = entry.with_reader(&mut body, ZipReadOptions::new())
                && io::Read::take(member, 100).read_to_string(&mut text).is_ok()
            {
                mimetype = Some(text);
            }
        }
    }
    let known = |id, title: &'static str| Some(Known { id, title: title.into(), proven: true });
    match mimetype.as_deref() {
        Some(kind) if kind.starts_with("application/vnd.oasis.opendocument") => {
            return known("odf", "OpenDocument office document");
        }
        Some(kind) if kind.starts_with("application/epub+zip") => return known("epub", "EPUB document"),
        _ => {}
    }
    match has {
        Marks { content_types: true, word: true, .. } => known("docx", "Word office document"),
        Marks { content_types: true, excel: true, .. } => known("xlsx", "Excel office document"),
        Marks { content_types: true, powerpoint: true, .. } => known("pptx", "PowerPoint office document"),
        Marks { content_types: true, visio: true, .. } => known("visio", "Visio office document"),
        Marks { content_types: true, relations: true, .. } => known("ooxml", "Open Packaging document"),
        Marks { bundle: true, .. } => known("aab", "Android application bundle"),
        Marks { android: true, .. } => known("apk", "Android application package"),
        Marks { ios: true, .. } => known("ipa", "iOS application package"),
        Marks { manifest: true, web: true, .. } => known("war", "Java web application"),
        Marks { manifest: true, classes: true, .. } => known("jar", "Java program or library"),
        _ => None,
    }
}

/// Members looked at for marks.
const MARKS_AMONG: usize = 20_000;

#[derive(Default)]
struct Marks {
    content_types: bool,
    relations: bool,
    word: bool,
    excel: bool,
    powerpoint: bool,
    visio: bool,
    android: bool,
    bundle: bool,
    ios: bool,
    manifest: bool,
    classes: bool,
    web: bool,
}

impl Marks {
    fn see(&mut self, name: &[u8]) {
        self.content_types |= name == b"[Content_Types].xml";
        self.relations |= name == b"_rels/.rels";
        self.word |= name.starts_with(b"word/");
        self.excel |= name.starts_with(b"xl/");
        self.powerpoint |= name.starts_with(b"ppt/");
        self.visio |= name.starts_with(b"visio/");
        self.android |= name == b"AndroidManifest.xml";
        self.bundle |= name == b"BundleConfig.pb";
        self.ios |= name.starts_with(b"Payload/") && name.ends_with(b".app/Info.plist");
        self.manifest |= name == b"META-INF/MANIFEST.MF";
        self.classes |= name.ends_with(b".class");
        self.web |= name == b"WEB-INF/web.xml";
    }
}
