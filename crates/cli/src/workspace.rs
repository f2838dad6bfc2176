//! The workspace folder: `secdiag.db`, `vault/`, `lake/`, `evidence/`, `runs/`. One run at a time holds it.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use secdiag_catalogue::Catalogue;

/// An open workspace; nobody else has it until it is dropped.
pub(crate) struct Workspace {
    root: PathBuf,
    _lock: File,
}

impl Workspace {
    pub(crate) fn open(root: &Path) -> Result<Self> {
        std::fs::create_dir_all(root).with_context(|| format!("the workspace {} cannot be made", root.display()))?;
        let lock_path = root.join("lock");
        let lock = File::create(&lock_path).with_context(|| lock_path.display().to_string())?;
        if lock.try_lock().is_err() {
            bail!(
                "another run is using the workspace {}: wait for it, or choose another with --workspace",
                root.display()
            );
        }
        let workspace = Self { root: root.canonicalize()?, _lock: lock };
        for folder in [workspace.vault(), workspace.lake(), workspace.runs(), workspace.evidence()] {
            std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        Ok(workspace)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("secdiag.db")
    }
    pub(crate) fn vault(&self) -> PathBuf {
        self.root.join("vault")
    }
    pub(crate) fn lake(&self) -> PathBuf {
        self.root.join("lake")
    }
    /// What every run looked at, for later searches.
    pub(crate) fn evidence(&self) -> PathBuf {
        self.root.join("evidence")
    }
    pub(crate) fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }
}

/// The built-in catalogue, with the user's files over it.
pub(crate) fn catalogue(overlay: Option<&Path>) -> Result<Catalogue> {
    Ok(match overlay {
        Some(folder) => Catalogue::with_overlay(folder)?,
        None => Catalogue::built_in()?,
    })
}

/// Runs what asks the database.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Today in Taiwan, whatever the machine's zone: duties count in Taipei's days.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::tz::offset(8).to_datetime(jiff::Timestamp::now()).date()
}

/// The word that a value has in results.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
