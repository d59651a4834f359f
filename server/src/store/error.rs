//! What can go wrong with the store, each in one sentence that says what to do.

use std::path::PathBuf;

use sea_orm::DbErr;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder cannot be made or written to.
    #[error(
        "cannot write to the data folder {}: {source}; choose another one with --data-dir or LAZARET_DATA_DIR, or make it writable",
        path.display()
    )]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database URL says nothing that Lazaret understands.
    #[error(
        "the database URL {url} cannot be used: {reason}; leave it out for SQLite in the data folder, or give sqlite:///path/to/file.db or postgres://user@host/database"
    )]
    BadUrl {
        /// The URL without its password.
        url: String,
        /// Why.
        reason: String,
    },
    /// The SQLite file cannot be opened.
    #[error("cannot open the SQLite database {}: {source}; check that the path is right and writable", path.display())]
    OpenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: DbErr,
    },
    /// PostgreSQL does not answer, or refuses.
    #[error(
        "cannot connect to PostgreSQL at {server}: {reason}; check that it runs and that the database URL is right"
    )]
    Unreachable {
        /// Host, port and database.
        server: String,
        /// Why.
        reason: String,
    },
    /// Another `lazaret serve` uses the data folder.
    #[error(
        "another lazaret serve is running on the data folder {}; stop it, or give this one another --data-dir",
        path.display()
    )]
    AlreadyServing {
        /// The data folder.
        path: PathBuf,
    },
    /// The schema is older than the program, and a running server still uses it.
    #[error(
        "this lazaret is newer than the lazaret serve that is running on {}: their versions differ; stop the server, or use its own program",
        path.display()
    )]
    VersionsDiffer {
        /// The data folder.
        path: PathBuf,
    },
    /// The schema is newer than the program.
    #[error(
        "the database was made by a newer lazaret (it has {migration}, which this one does not know); upgrade this program, or restore the copy that was made before the upgrade"
    )]
    NewerSchema {
        /// The migration that is unknown here.
        migration: String,
    },
    /// The copy before a migration failed; nothing was changed.
    #[error("cannot copy the database to {} before upgrading it: {source}; make room or move that file away, nothing has been changed", path.display())]
    Backup {
        /// The copy.
        path: PathBuf,
        /// Why.
        source: DbErr,
    },
    /// A migration failed and was rolled back.
    #[error("cannot bring the database to this version's schema: {0}; nothing has been changed")]
    Migration(#[source] DbErr),
    /// A statement failed.
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}
