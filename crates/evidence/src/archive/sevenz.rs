//! 7z (`7zFormat.txt` of the LZMA SDK). Members lie in blocks that are compressed as one; a block that is damaged or
//! has a password costs its own members only.

use std::sync::Mutex;

use sevenz_rust2::{Archive, ArchiveEntry, BlockDecoder, Error, Password};

use super::{Counted, DECODER_MEMORY, Level, words, zip::PASSWORD};
use crate::names::shown;
use crate::take::{Halt, Taking};

/// KiB that the list of members and its decoder may take, each. The reader allocates about a hundred bytes for each
/// byte of a hostile list before it finds it wrong: 1.7 GB at this cap, measured, which is why the cap is low and why
/// lists are read one at a time. An archive of 100,000 members has a list of about 15 MiB.
const LIST_KIB: usize = 17 * 1024;

/// One list at a time, so that several hostile ones do not add up.
static LIST: Mutex<()> = Mutex::new(());

pub(super) fn expand(taking: &mut Taking<'_>, level: &mut Level, mut file: Counted) -> Result<(), Halt> {
    let list = LIST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let archive = match Archive::read_with_memory_limit(&mut file, &Password::empty(), LIST_KIB) {
        Ok(archive) => archive,
        Err(Error::PasswordRequired) => {
            let text = "even its list of members is protected with a password: extract it and give the content";
            level.trouble("password-protected", text.to_owned());
            return Ok(());
        }
        Err(error) => {
            level.trouble("corrupt", format!("its list of members cannot be read: {}", words(&error)));
            return Ok(());
        }
    };
    taking.check_members(archive.files.len() as u64)?;
    drop(list);
    for block in 0..archive.blocks.len() {
        expand_block(taking, level, &archive, block, &mut file)?;
    }
    for entry in &archive.files {
        if !entry.has_stream && !entry.is_directory && !entry.is_anti_item {
            taking.member(level, &shown(entry.name.as_bytes()), &mut std::io::empty(), None)?;
        }
    }
    Ok(())
}

fn expand_block(
    taking: &mut Taking<'_>,
    level: &mut Level,
    archive: &Archive,
    block: usize,
    file: &mut Counted,
) -> Result<(), Halt> {
    let password = Password::empty();
    let memory = usize::try_from(DECODER_MEMORY / 1024).unwrap_or(usize::MAX);
    let decoder = BlockDecoder::new_with_memory_limit(1, memory, block, archive, &password, file);
    let streams = decoder.entries().iter().filter(|entry| entry.has_stream);
    let names: Vec<String> = streams.map(|entry| shown(entry.name.as_bytes())).collect();
    let mut done = 0;
    let mut halt = None;
    let result = decoder.for_each_entries(&mut |entry, reader| {
        if !entry.has_stream {
            return Ok(true);
        }
        done += 1;
        let name = shown(entry.name.as_bytes());
        if is_link(entry) {
            level.links.add(name);
            return Ok(true);
        }
        match taking.member(level, &name, reader, Some(entry.size)) {
            Ok(_) => Ok(true),
            Err(stop) => {
                halt = Some(stop);
                Ok(false)
            }
        }
    });
    if let Some(halt) = halt {
        return Err(halt);
    }
    let Err(error) = result else { return Ok(()) };
    if matches!(error, Error::PasswordRequired) {
        for name in names.iter().skip(done) {
            taking.unreadable_member(level, name, "password-protected", PASSWORD)?;
        }
        return Ok(());
    }
    level.trouble("corrupt", format!("a block of the archive is damaged: {}", words(&error)));
    for name in names.iter().skip(done) {
        let text = format!("it lies behind a damaged place of its block: {}", words(&error));
        taking.unreadable_member(level, name, "corrupt", &text)?;
    }
    Ok(())
}

/// A symbolic link: 7-Zip keeps the Unix mode in the upper half of the attributes, marked by bit 15.
fn is_link(entry: &ArchiveEntry) -> bool {
    const UNIX: u32 = 0x8000;
    const TYPE: u32 = 0xf000;
    const LINK: u32 = 0xa000;
    let attributes = entry.windows_attributes;
    entry.has_windows_attributes && attributes & UNIX != 0 && (attributes >> 16) & TYPE == LINK
}
