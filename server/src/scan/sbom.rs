//! A bill of materials in place of an image.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use lazaret_scanner::archive::ArchiveImage;
use lazaret_scanner::sbom::{self, SbomError};
use lazaret_scanner::{Digest, Limits};

use super::analyse::created_by;
use super::persist::{LayerFact, Merged};

/// Why a bill of materials could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SbomFileError {
    /// The file cannot be read.
    #[error("{} cannot be read: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is larger than what is read of one file.
    #[error("{} has more than the {limit} bytes that are read of a bill of materials", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound.
        limit: u64,
    },
    /// It is no bill of materials, or one that is not read.
    #[error("{} {error}", .path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: SbomError,
    },
}

/// Whether the file at `path` begins as a bill of materials does and no image archive can.
pub(super) fn may_be(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(512).read_to_end(&mut head));
    read.is_ok() && sbom::may_be(&head)
}

/// What the document is called, and what it tells as if an image had told it. It is known by the digest of its bytes.
/// Blocks on the disk.
///
/// # Errors
/// When the file cannot be read or is no bill of materials.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<(String, Merged), SbomFileError> {
    let failed = |error| SbomFileError::Io { path: path.to_owned(), error };
    let limit = limits.file_bytes;
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(SbomFileError::TooLarge { path: path.to_owned(), limit });
    }
    let document =
        sbom::read(&bytes).map_err(|error| SbomFileError::Document { path: path.to_owned(), error })?;
    let name = match document.name.trim() {
        "" => path.display().to_string(),
        name => name.to_owned(),
    };
    let config = document.config;
    let layers = config
        .diff_ids
        .iter()
        .zip(created_by(&config))
        // No document tells how large a layer is.
        .map(|(diff_id, created_by)| LayerFact { diff_id: *diff_id, size: 0, created_by })
        .collect();
    let image = ArchiveImage {
        id: Digest::of(&bytes),
        config,
        config_json: Vec::new(),
        tags: Vec::new(),
        manifest_digest: None,
        size: bytes.len() as u64,
    };
    Ok((name, Merged { image, layers, analysis: document.analysis, secrets: None, malware: None }))
}
