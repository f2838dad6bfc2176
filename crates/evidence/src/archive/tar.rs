//! tar: POSIX ustar and pax (IEEE Std 1003.1, `pax`), GNU long names and sparse files, the old V7 form.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use secdiag_model::{Note, NoteKind};

use super::{BreachError, Level, breach_of, is_early_end, words};
use crate::names::shown;
use crate::take::{Breach, Halt, Taking};

/// Whether the bytes begin with a tar header: a block whose checksum is right.
pub(super) fn is_header(bytes: &[u8]) -> bool {
    let Some(block) = bytes.get(..512) else { return false };
    let field = &block[148..156];
    let digits: Vec<u8> = field.iter().copied().filter(|b| !matches!(b, b' ' | 0)).collect();
    if digits.is_empty() || !digits.iter().all(|b| (b'0'..=b'7').contains(b)) {
        return false;
    }
    let written = digits.iter().fold(0_u32, |sum, digit| sum * 8 + u32::from(digit - b'0'));
    let others = || block[..148].iter().chain(&block[156..]);
    let unsigned: u32 = others().map(|b| u32::from(*b)).sum::<u32>() + 8 * 32;
    // Some old writers summed signed characters.
    let signed: i32 = others().map(|b| i32::from(b.cast_signed())).sum::<i32>() + 8 * 32;
    written == unsigned || i64::from(written) == i64::from(signed)
}

/// Bytes that the headers before one member may take: long names, extended attributes, maps of sparse files. They are
/// held in memory.
const HEADERS: u64 = 4 << 20;

/// Takes in the members of a tar file. A compressed one comes as the stream that it is; what is skipped in it counts
/// as well.
pub(super) fn expand(taking: &mut Taking<'_>, level: &mut Level, reader: &mut dyn Read) -> Result<(), Halt> {
    let options = taking.shared.options.clone();
    let (input, floor) = (level.input, options.ratio_floor);
    let meter = Rc::new(Meter::default());
    let metered = Metered {
        inner: reader,
        meter: Rc::clone(&meter),
        check: move |total| (total > floor && options.is_bomb(total, input)).then(|| options.bomb_text(total, input)),
    };
    let mut archive = ::tar::Archive::new(metered);
    // What stands behind an end mark is evidence too: two archives in one file, or something hidden.
    archive.set_ignore_zeros(true);
    let mut entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => {
            level.trouble("corrupt", words(&error));
            return Ok(());
        }
    };
    loop {
        meter.allowance.set(Some(HEADERS));
        let entry = entries.next();
        meter.allowance.set(None);
        let mut entry = match entry {
            None => break,
            Some(Ok(entry)) => entry,
            Some(Err(error)) => {
                if let Some(text) = breach_of(&error) {
                    return Err(Halt::Breach(Breach { everything: false, text: text.to_owned() }));
                }
                let (reason, what) = if meter.ended.get() || is_early_end(&error) {
                    ("truncated", "ends early")
                } else {
                    ("corrupt", "is damaged")
                };
                level.trouble(reason, format!("the archive {what}: {}; what follows is lost", words(&error)));
                return Ok(());
            }
        };
        let name = shown(&entry.path_bytes());
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
            drain(level, &mut entry)?;
        } else if kind.is_symlink() || kind.is_hard_link() {
            let target = entry.link_name_bytes().map(|target| shown(&target)).unwrap_or_default();
            level.links.add(format!("{name} → {target}"));
            drain(level, &mut entry)?;
        } else if kind.is_character_special() || kind.is_block_special() || kind.is_fifo() {
            level.links.add(name);
            drain(level, &mut entry)?;
        } else {
            let (name, is_sparse) = pax_sparse(&mut entry, name);
            let size = entry.size();
            if is_sparse {
                let text = format!("{name} is a sparse file in the pax form: it is taken in as stored, with its map");
                level.troubles.push(Note::new(NoteKind::NotUnderstood, "sparse", text));
            }
            taking.member(level, &name, &mut entry, Some(size))?;
        }
    }
    if meter.zeros.get() < 512 {
        level.trouble("truncated", "the archive ends without its end mark: members may be missing".to_owned());
    }
    Ok(())
}

/// Reads a member that is not taken in.
fn drain(level: &mut Level, entry: &mut impl Read) -> Result<(), Halt> {
    let Err(error) = io::copy(entry, &mut io::sink()) else { return Ok(()) };
    if let Some(text) = breach_of(&error) {
        return Err(Halt::Breach(Breach { everything: false, text: text.to_owned() }));
    }
    level.trouble(if is_early_end(&error) { "truncated" } else { "corrupt" }, words(&error));
    Ok(())
}

/// A sparse file in the pax forms of GNU tar 1.14 and later, which keep the real name aside.
fn pax_sparse<R: Read>(entry: &mut ::tar::Entry<'_, R>, name: String) -> (String, bool) {
    let mut is_sparse = false;
    let mut real = None;
    if let Ok(Some(extensions)) = entry.pax_extensions() {
        for extension in extensions.flatten() {
            is_sparse |= extension.key_bytes().starts_with(b"GNU.sparse.");
            if extension.key_bytes() == b"GNU.sparse.name" {
                real = Some(shown(extension.value_bytes()));
            }
        }
    }
    (real.unwrap_or(name), is_sparse)
}

#[derive(Default)]
struct Meter {
    /// Bytes that may be read before the next is an error; without a limit nothing.
    allowance: Cell<Option<u64>>,
    /// Bytes read.
    total: Cell<u64>,
    /// Zero bytes at the end of what was read: an archive ends in 1024 of them.
    zeros: Cell<u64>,
    /// The stream is at its end.
    ended: Cell<bool>,
}

struct Metered<'a, C> {
    inner: &'a mut dyn Read,
    meter: Rc<Meter>,
    check: C,
}

impl<C: Fn(u64) -> Option<String>> Read for Metered<'_, C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let meter = &self.meter;
        if n == 0 && !buffer.is_empty() {
            meter.ended.set(true);
        }
        meter.total.set(meter.total.get() + n as u64);
        let zeros = buffer[..n].iter().rev().take_while(|byte| **byte == 0).count();
        meter.zeros.set(if zeros == n { meter.zeros.get() + n as u64 } else { zeros as u64 });
        if let Some(text) = (self.check)(meter.total.get()) {
            return Err(io::Error::other(BreachError(text)));
        }
        // Zeros between archives are skipped like headers, however many; the check above ends a bomb of them.
        if let Some(allowance) = meter.allowance.get()
            && meter.zeros.get() < 512
        {
            let Some(left) = allowance.checked_sub(n as u64) else {
                let text = format!("the headers of one member take more than {HEADERS} bytes");
                return Err(io::Error::other(BreachError(text)));
            };
            meter.allowance.set(Some(left));
        }
        Ok(n)
    }
}
