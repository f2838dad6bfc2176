//! What can go wrong with the workspace database, said so that the user knows what to do next.

use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;

/// Trouble with the workspace database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file or its folder cannot be made or opened.
    #[error("{}: the workspace database cannot be opened: {source}", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a database, or parts of it are damaged.
    #[error(
        "{}: not a workspace database, or damaged ({detail}): restore it from a backup, or move it away to begin \
         without history",
        path.display()
    )]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// Another process held the database for longer than one waits.
    #[error("{}: another secdiag is writing to this workspace: wait for it to end, then run again", path.display())]
    Busy {
        /// The database file.
        path: PathBuf,
    },
    /// The database may only be read.
    #[error("{}: the workspace database cannot be written: check the permissions of the file and its folder", path.display())]
    ReadOnly {
        /// The database file.
        path: PathBuf,
    },
    /// The database has tables that this version does not know.
    #[error("{}: written by a newer secdiag (migration {version}): use that version or a later one", path.display())]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Number of the unknown migration.
        version: i64,
    },
    /// The same inputs gave other findings than before.
    #[error(
        "run {run} is recorded with seal {recorded}, but now has {now}: the same inputs must give the same findings; \
         please report this"
    )]
    SealDiffers {
        /// Id of the run.
        run: String,
        /// Seal as recorded.
        recorded: String,
        /// Seal as given.
        now: String,
    },
    /// A recorded value has a form that this version does not know.
    #[error("{}: {column} holds `{value}`, which this version does not know", path.display())]
    Value {
        /// The database file.
        path: PathBuf,
        /// Table and column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// Anything else that the database reports.
    #[error("{}: {source}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What the driver said.
        source: sqlx::Error,
    },
}

impl StoreError {
    /// Turns a driver's error into words, by SQLite's primary result code (sqlite.org/rescode.html).
    pub(crate) fn of(path: &Path, source: sqlx::Error) -> Self {
        let path = path.to_owned();
        let primary = source
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .and_then(|code| code.parse::<u32>().ok())
            .map(|code| code & 0xff);
        match primary {
            Some(5 | 6) => Self::Busy { path },
            Some(8) => Self::ReadOnly { path },
            Some(11 | 26) => Self::Damaged { path, detail: source.to_string() },
            Some(14) => Self::Open { path, source: std::io::Error::other(source.to_string()) },
            _ => Self::Database { path, source },
        }
    }

    /// The same for a migration.
    pub(crate) fn of_migration(path: &Path, error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer { path: path.to_owned(), version },
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => Self::of(path, source),
            other => Self::of(path, sqlx::Error::from(other)),
        }
    }
}
