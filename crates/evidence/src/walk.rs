//! Finds the files of the given folders, in an order that depends on their names alone.

use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use secdiag_model::{Note, NoteKind};
use walkdir::WalkDir;

use crate::IntakeError;
use crate::names::{Unique, shown, shown_path};

/// A folder or file given to the run.
pub(crate) struct Root {
    /// Where it is, without links.
    pub(crate) disk: PathBuf,
    /// What stands before the paths of its files: empty when it is the only one.
    pub(crate) prefix: String,
    /// A single file rather than a folder.
    pub(crate) is_file: bool,
}

/// A regular file to take in.
pub(crate) struct Found {
    /// Path below its root as shown, with the root's name where there are several.
    pub(crate) path: String,
    /// Where it is.
    pub(crate) disk: PathBuf,
    /// Size as the file system tells.
    pub(crate) size: u64,
}

/// The given paths without links. A path inside another is left out, with a note: its files would count twice.
pub(crate) fn roots(paths: &[PathBuf]) -> Result<(Vec<Root>, Vec<Note>), IntakeError> {
    let mut disks: Vec<PathBuf> = Vec::new();
    for path in paths {
        disks.push(fs::canonicalize(path).map_err(|source| IntakeError::NotFound { path: path.clone(), source })?);
    }
    let mut notes = Vec::new();
    let mut roots: Vec<Root> = Vec::new();
    let mut names = Unique::default();
    for (index, disk) in disks.iter().enumerate() {
        let twin = disks.iter().position(|other| other == disk).is_some_and(|first| first < index);
        if twin || disks.iter().any(|other| other != disk && disk.starts_with(other)) {
            let text = format!(
                "{} was given twice, by itself and with the folder it is in; it is taken in once",
                shown_path(&paths[index])
            );
            notes.push(Note::new(NoteKind::Assumed, "given-twice", text));
            continue;
        }
        let name = disk.file_name().map_or_else(|| "root".to_owned(), |name| shown(name.as_encoded_bytes()));
        roots.push(Root { disk: disk.clone(), prefix: names.name(name), is_file: disk.is_file() });
    }
    if let [only] = roots.as_mut_slice()
        && !only.is_file
    {
        only.prefix.clear();
    }
    Ok((roots, notes))
}

/// The files below a root. Links are never followed: what they point to inside the root is found by itself, and what
/// is outside was not given. Folders in `exclude` (without links) are left out.
pub(crate) fn files(root: &Root, exclude: &[PathBuf]) -> (Vec<Found>, Vec<Note>) {
    let mut found = Vec::new();
    let mut notes = Vec::new();
    let walk = WalkDir::new(&root.disk).follow_links(false).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| !exclude.iter().any(|excluded| excluded == entry.path())) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().map_or_else(|| root.prefix.clone(), |path| root.shown(path));
                let cause = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                let text = format!("this folder could not be read ({cause}): give the user who runs this access to it");
                notes.push(at(&path, NoteKind::Broken, "unreadable", text));
                continue;
            }
        };
        let path = root.shown(entry.path());
        let kind = entry.file_type();
        if kind.is_file() {
            let size = entry.metadata().map_or(0, |meta| meta.len());
            found.push(Found { path, disk: entry.into_path(), size });
        } else if kind.is_symlink() {
            notes.push(link_note(root, entry.path(), &path));
        } else if !kind.is_dir() {
            let text = format!("this is {}, not a file: it was not opened", special(kind));
            notes.push(at(&path, NoteKind::Unsupported, "special-file", text));
        }
    }
    (found, notes)
}

impl Root {
    /// Path below the root as shown.
    fn shown(&self, path: &Path) -> String {
        let below = shown_path(path.strip_prefix(&self.disk).unwrap_or(path));
        match (self.prefix.as_str(), below.as_str()) {
            ("", below) => below.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, below) => format!("{prefix}/{below}"),
        }
    }
}

fn at(path: &str, kind: NoteKind, reason: &str, text: String) -> Note {
    Note { path: path.to_owned(), ..Note::new(kind, reason, text) }
}

fn link_note(root: &Root, link: &Path, path: &str) -> Note {
    let target = fs::read_link(link).map_or_else(|_| "?".to_owned(), |target| shown_path(&target));
    match fs::canonicalize(link) {
        Ok(real) if link.starts_with(&real) => {
            let text = format!("a link to a folder that it is in ({target}): it was not followed");
            at(path, NoteKind::Assumed, "link-cycle", text)
        }
        Ok(real) if real.starts_with(&root.disk) => {
            let text = format!("a link to {target}: not followed, as its target is taken in under its own name");
            at(path, NoteKind::Assumed, "link", text)
        }
        Ok(_) => {
            let text = format!("a link out of the folder given, to {target}: not followed; copy the target to have it");
            at(path, NoteKind::Unsupported, "link-outside", text)
        }
        Err(_) => {
            let text = format!("a link to {target}, which leads nowhere or in a circle");
            at(path, NoteKind::Unsupported, "link-broken", text)
        }
    }
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match () {
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_block_device() || kind.is_char_device() => "a device",
        () => "a special file",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "a special file"
}
