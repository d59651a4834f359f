//! One pass over a layer's tar: what it adds, what it hides, and the packages it tells of.

mod analyse;
mod folder;
mod found;
mod hashed;
mod inspect;
mod logged;
mod path;
#[cfg(test)]
mod tests;

use std::io;

use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::bounded::{Stop, stop_of};
use crate::catalog::PackageFile;
use crate::tarball::TarError;

pub(crate) use analyse::{Want, read_again, want};
pub use analyse::{analyse, analyse_with};
pub(crate) use folder::Folder;
pub use found::{MalwareAnalysis, MalwareFile, SecretAnalysis, SecretFile};
pub use inspect::{Analysers, AskClamd, Inspectors, Secrets};
pub(crate) use path::inside;

/// Why a layer could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The tar ends within an entry.
    #[error(
        "the layer's tar ends within an entry, after {position} bytes: it is incomplete, export it again"
    )]
    Truncated {
        /// Bytes read.
        position: u64,
    },
    /// The tar breaks its format.
    #[error("at byte {position} of the layer's tar: {reason}")]
    Malformed {
        /// Bytes read.
        position: u64,
        /// What is wrong.
        reason: String,
    },
    /// A limit was reached; the text says which.
    #[error("{0}")]
    LimitExceeded(String),
    /// The reader failed.
    #[error("the layer cannot be read: {0}")]
    Io(io::Error),
}

impl From<TarError> for LayerError {
    fn from(error: TarError) -> Self {
        match error {
            TarError::Truncated { position } => Self::Truncated { position },
            TarError::Malformed { position, reason } => {
                Self::Malformed { position, reason: reason.to_owned() }
            }
            TarError::Limit(limit) => Self::LimitExceeded(limit),
            TarError::Io(error) => Self::from(error),
        }
    }
}

impl From<io::Error> for LayerError {
    fn from(error: io::Error) -> Self {
        match stop_of(&error) {
            Some(Stop::Limit(limit)) => Self::LimitExceeded(limit.clone()),
            _ => Self::Io(error),
        }
    }
}

/// What one layer holds, independent of the image it is in. Stored by diff ID and shared by all images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerAnalysis {
    /// Digest of the uncompressed tar.
    pub diff_id: Digest,
    /// Bytes of the uncompressed tar.
    pub size: u64,
    /// Every path, in byte order of the path. A path can have a removal of lower layers beside what the layer puts there.
    pub files: Vec<FileEntry>,
    /// Package databases and metadata, in byte order of the path. The path is where the content lies: where a link
    /// made it wanted, it is a path that no format would claim.
    pub package_files: Vec<PackageFile>,
    /// The content of each os-release file, in byte order of the path.
    pub os_releases: Vec<OsReleaseFile>,
    /// What could not be read and so is not covered.
    pub warnings: Vec<Warning>,
    /// The secrets in it, when they were searched for. Kept for themselves.
    #[serde(skip)]
    pub secrets: Option<SecretAnalysis>,
    /// The malware in it that rules and hash lists know, when it was looked for. Kept for itself.
    #[serde(skip)]
    pub malware: Option<MalwareAnalysis>,
    /// The malware in it that clamd knows, when it was asked and answered to the end. Kept for itself.
    #[serde(skip)]
    pub clamd: Option<MalwareAnalysis>,
}

impl LayerAnalysis {
    /// Which of the `wanted` analyses it lacks. That of packages is always there.
    pub fn lacks(&self, wanted: Analysers) -> Analysers {
        Analysers {
            packages: false,
            secrets: wanted.secrets && self.secrets.is_none(),
            malware: wanted.malware && self.malware.is_none(),
            clamd: wanted.clamd && self.clamd.is_none(),
        }
    }

    /// Takes over the analyses of the same layer that `newer` has.
    pub fn absorb(&mut self, newer: Self) {
        let known = std::mem::replace(self, newer);
        self.secrets = self.secrets.take().or(known.secrets);
        self.malware = self.malware.take().or(known.malware);
        self.clamd = self.clamd.take().or(known.clamd);
    }
}

/// A path in a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path without a leading slash; bytes that are no UTF-8 are replaced.
    pub path: String,
    /// What is there.
    pub kind: FileKind,
    /// Bytes of the content.
    pub size: u64,
}

/// What a layer puts at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, with its target as written.
    Symlink(String),
    /// A hard link, with the path it names.
    Hardlink(String),
    /// A device, fifo or other special file.
    Special,
    /// The path of lower layers is removed (`.wh.NAME`).
    Whiteout,
    /// All that lower layers have below this directory is removed (`.wh..wh..opq`).
    Opaque,
}

/// An os-release file (freedesktop.org os-release(5)) with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsReleaseFile {
    /// Path without a leading slash.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Something in an image that could not be read. It never fails the scan and is never silent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// Path in the layer, without a leading slash.
    pub path: String,
    /// One sentence: what is not covered and why.
    pub message: String,
}
