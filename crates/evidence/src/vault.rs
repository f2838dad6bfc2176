//! The vault: evidence by digest. Content is written once, under its own name, and never changed.
//!
//! ```text
//! vault/
//!   lock                    held shared while the vault is in use
//!   tmp/                    what is being written; cleared by the next open when nobody uses the vault
//!   ab/cdef…                content whose SHA-256 is abcdef…
//! ```

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use secdiag_model::{Head, Sha256};
use sha2::Digest;
use tempfile::NamedTempFile;

/// A folder of evidence by digest.
#[derive(Debug)]
pub struct Vault {
    root: PathBuf,
    /// Sizes of the contents kept, so that intake knows when a file may be here already and hashing it first can
    /// save writing it.
    sizes: Mutex<BTreeSet<u64>>,
    _lock: File,
}

impl Vault {
    /// Opens the vault in this folder, making it where it does not exist. Leftovers of a killed run are removed,
    /// unless another process is using the vault.
    pub fn open_dir(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        create_private_dir(&root)?;
        let lock = File::options().create(true).truncate(false).write(true).open(root.join("lock"))?;
        let temporary = root.join("tmp");
        match lock.try_lock() {
            Ok(()) => {
                if temporary.exists() {
                    fs::remove_dir_all(&temporary)?;
                }
                lock.unlock()?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        lock.lock_shared()?;
        create_private_dir(&temporary)?;
        let sizes = Mutex::new(sizes_kept(&root)?);
        Ok(Self { root, sizes, _lock: lock })
    }

    /// Keeps all that the reader gives and names it.
    pub fn put(&self, mut reader: impl Read) -> io::Result<(Sha256, u64)> {
        let mut spool = self.spool();
        let mut buffer = vec![0; BLOCK];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => spool.write(&buffer[..n])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let mut spooled = spool.finish();
        spooled.keep()?;
        Ok((spooled.sha256, spooled.size))
    }

    /// Opens a content.
    pub fn open(&self, sha256: &Sha256) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(self.file(sha256)?))
    }

    /// Opens a content and checks it while it is read: a content that is not what its name says ends in an error of
    /// kind [`io::ErrorKind::InvalidData`] instead of an end of file.
    pub fn open_verified(&self, sha256: &Sha256) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Verifying { inner: self.file(sha256)?, hasher: sha2::Sha256::new(), expected: *sha256 }))
    }

    /// Opens a content as the file that it is, for readers that seek.
    pub fn file(&self, sha256: &Sha256) -> io::Result<File> {
        File::open(self.path(sha256))
    }

    /// Whether the content is here.
    pub fn contains(&self, sha256: &Sha256) -> bool {
        self.path(sha256).is_file()
    }

    /// Whether some content of this size is here.
    pub(crate) fn has_size(&self, size: u64) -> bool {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner).contains(&size)
    }

    /// The content with this digest and size; a shorter one is the leftover of a power cut and does not count.
    pub(crate) fn has(&self, sha256: &Sha256, size: u64) -> bool {
        fs::metadata(self.path(sha256)).is_ok_and(|meta| meta.is_file() && meta.len() == size)
    }

    /// A content about to be written.
    pub(crate) fn spool(&self) -> Spool<'_> {
        Spool { vault: self, hasher: sha2::Sha256::new(), size: 0, head: Vec::new(), file: None }
    }

    /// A content that is here already, hashed by the caller.
    pub(crate) fn kept(&self, sha256: Sha256, size: u64, head: Vec<u8>) -> Spooled<'_> {
        Spooled { vault: self, sha256, size, head, place: Place::Vault }
    }

    /// Folder of the vault.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, sha256: &Sha256) -> PathBuf {
        let hex = sha256.to_string();
        self.root.join(&hex[..2]).join(&hex[2..])
    }
}

/// Bytes read or written at once.
pub(crate) const BLOCK: usize = 256 * 1024;

/// A content being written: hashed on the way, in memory as long as it is no longer than a head.
pub(crate) struct Spool<'a> {
    vault: &'a Vault,
    hasher: sha2::Sha256,
    size: u64,
    head: Vec<u8>,
    file: Option<NamedTempFile>,
}

impl<'a> Spool<'a> {
    /// Adds bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        if self.file.is_none() && self.head.len() + bytes.len() > Head::LEN {
            let mut file = self.vault.temporary()?;
            file.write_all(&self.head)?;
            self.file = Some(file);
        }
        let missing = Head::LEN - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        match &mut self.file {
            Some(file) => file.write_all(bytes),
            None => Ok(()),
        }
    }

    /// Bytes so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Ends the content and names it. It is not kept yet.
    pub(crate) fn finish(self) -> Spooled<'a> {
        let sha256 = Sha256::new(self.hasher.finalize().into());
        let place = self.file.map_or(Place::Memory, Place::Temporary);
        Spooled { vault: self.vault, sha256, size: self.size, head: self.head, place }
    }
}

/// A named content. One that was only just written is removed again unless it is kept.
pub(crate) struct Spooled<'a> {
    vault: &'a Vault,
    pub(crate) sha256: Sha256,
    pub(crate) size: u64,
    /// The first [`Head::LEN`] bytes.
    pub(crate) head: Vec<u8>,
    place: Place,
}

enum Place {
    /// Nowhere but in the head.
    Memory,
    Temporary(NamedTempFile),
    Vault,
}

impl Spooled<'_> {
    /// Moves the content to its place, unless it is there already.
    pub(crate) fn keep(&mut self) -> io::Result<()> {
        let place = std::mem::replace(&mut self.place, Place::Vault);
        if matches!(place, Place::Vault) || self.vault.has(&self.sha256, self.size) {
            return Ok(());
        }
        let path = self.vault.path(&self.sha256);
        if let Some(folder) = path.parent() {
            create_private_dir(folder)?;
        }
        let file = match place {
            Place::Temporary(file) => file,
            _ => self.temporary_head()?,
        };
        file.persist(&path).map_err(|error| error.error)?;
        self.vault.sizes.lock().unwrap_or_else(PoisonError::into_inner).insert(self.size);
        Ok(())
    }

    /// The content as a file, for readers that seek.
    pub(crate) fn file(&mut self) -> io::Result<File> {
        if matches!(self.place, Place::Memory) {
            self.place = Place::Temporary(self.temporary_head()?);
        }
        match &self.place {
            Place::Temporary(file) => File::open(file.path()),
            _ => self.vault.file(&self.sha256),
        }
    }

    fn temporary_head(&self) -> io::Result<NamedTempFile> {
        let mut file = self.vault.temporary()?;
        file.write_all(&self.head)?;
        Ok(file)
    }
}

impl Vault {
    fn temporary(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new().prefix("in-").tempfile_in(self.root.join("tmp"))
    }
}

/// Reads a file and compares its digest at the end.
struct Verifying {
    inner: File,
    hasher: sha2::Sha256,
    expected: Sha256,
}

impl Read for Verifying {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..n]);
        if n == 0 && !buffer.is_empty() {
            let found = Sha256::new(self.hasher.clone().finalize().into());
            if found != self.expected {
                let text = format!("the vault's copy of {} has changed: its digest is {found}", self.expected);
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        }
        Ok(n)
    }
}

fn sizes_kept(root: &Path) -> io::Result<BTreeSet<u64>> {
    let mut sizes = BTreeSet::new();
    for folder in fs::read_dir(root)? {
        let folder = folder?;
        if folder.file_name().len() != 2 || !folder.file_type()?.is_dir() {
            continue;
        }
        for content in fs::read_dir(folder.path())? {
            sizes.insert(content?.metadata()?.len());
        }
    }
    Ok(sizes)
}

/// Evidence is nobody else's business: folders are made for their owner alone.
fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files_below(path: &Path) -> usize {
        walkdir::WalkDir::new(path).into_iter().filter(|entry| entry.as_ref().unwrap().file_type().is_file()).count()
    }

    #[test]
    fn content_is_kept_once_under_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open_dir(folder.path().join("new/vault")).unwrap();
        for content in [&b""[..], b"abc", &vec![7; Head::LEN], &vec![9; 3 * Head::LEN + 1]] {
            for _ in 0..2 {
                let (sha256, size) = vault.put(content).unwrap();
                assert_eq!((sha256, size), (Sha256::of(content), content.len() as u64));
                let mut back = Vec::new();
                vault.open_verified(&sha256).unwrap().read_to_end(&mut back).unwrap();
                assert_eq!(back, content);
                assert!(vault.contains(&sha256) && vault.has_size(size));
            }
        }
        assert_eq!(files_below(vault.root()), 4 + 1, "four contents and the lock");
        assert!(!vault.contains(&Sha256::of(b"other")));
        assert!(vault.open(&Sha256::of(b"other")).is_err());
    }

    #[test]
    fn what_was_not_kept_leaves_nothing_and_leftovers_are_removed_by_the_next_open() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open_dir(folder.path()).unwrap();
        let mut spool = vault.spool();
        spool.write(&vec![1; 2 * Head::LEN]).unwrap();
        assert_eq!(files_below(&folder.path().join("tmp")), 1);
        drop(spool);
        assert_eq!(files_below(&folder.path().join("tmp")), 0);

        fs::write(folder.path().join("tmp/in-killed"), "half a file").unwrap();
        let second = Vault::open_dir(folder.path()).unwrap();
        assert_eq!(files_below(&folder.path().join("tmp")), 1, "the vault is in use: leave the other's files alone");
        drop((vault, second));
        let _third = Vault::open_dir(folder.path()).unwrap();
        assert_eq!(files_below(&folder.path().join("tmp")), 0);
    }

    #[test]
    fn a_content_cut_by_a_power_failure_is_written_again_and_a_changed_one_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open_dir(folder.path()).unwrap();
        let (sha256, _) = vault.put(&b"evidence"[..]).unwrap();
        fs::write(vault.path(&sha256), "").unwrap();
        vault.put(&b"evidence"[..]).unwrap();
        assert_eq!(fs::read(vault.path(&sha256)).unwrap(), b"evidence");

        fs::write(vault.path(&sha256), "evidenCe").unwrap();
        let error = vault.open_verified(&sha256).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
