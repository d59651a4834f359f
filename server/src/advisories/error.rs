//! What can go wrong with advisories.

use std::path::PathBuf;

use sea_orm::DbErr;

use crate::egress::EgressError;
use crate::store::StoreError;

/// An advisory set could not be fetched, read, stored or matched.
#[derive(Debug, thiserror::Error)]
pub enum AdvisoryError {
    /// The configured or given source is no address and no path.
    #[error(
        "`{0}` is no advisory source: give an http, https or file address, or a folder or zip that exists"
    )]
    InvalidSource(String),
    /// The source has nothing for the ecosystem.
    #[error("{source_address} has no advisories for {ecosystem}")]
    NotInSource {
        /// The ecosystem asked for.
        ecosystem: String,
        /// Where it was looked for.
        source_address: String,
    },
    /// The network said no.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// A file could not be read or written.
    #[error("{path} could not be read: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The zip is cut or damaged.
    #[error("the advisories of {ecosystem} were not imported: {reason}; fetch or copy the zip again")]
    BadZip {
        /// Which set.
        ecosystem: String,
        /// What is wrong with the zip.
        reason: String,
    },
    /// No record of the set could be used.
    #[error(
        "the advisories of {ecosystem} were not imported: none of the {read} records is an OSV record that names {ecosystem}"
    )]
    NoRecords {
        /// Which set.
        ecosystem: String,
        /// How many JSON files there were.
        read: u64,
    },
    /// Too many records are damaged to trust the rest.
    #[error(
        "the advisories of {ecosystem} were not imported: {bad} of {read} records cannot be read, the first is {first}"
    )]
    BadRecords {
        /// Which set.
        ecosystem: String,
        /// Records that cannot be read.
        bad: u64,
        /// Records in all.
        read: u64,
        /// The first bad one and what is wrong with it.
        first: String,
    },
    /// The stored form of an advisory cannot be read.
    #[error("the stored advisory {0} cannot be read; import its ecosystem again")]
    Stored(i64),
    /// The background reader died.
    #[error("reading the advisories stopped: {0}")]
    Stopped(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database.
    #[error("the advisories in the database could not be used: {0}")]
    Database(#[from] DbErr),
}
