//! Why a report could not be made.

use std::path::PathBuf;

/// A report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportingError {
    /// No image by this name.
    #[error(
        "no image `{0}` in the store; give its digest, a tag, or the beginning of its digest, as `lazaret serve` has found it"
    )]
    NoImage(String),
    /// More than one image.
    #[error("`{reference}` means {images} images; give the digest of one")]
    Ambiguous {
        /// What was asked for.
        reference: String,
        /// How many it means.
        images: usize,
    },
    /// The folder of the reports cannot be written.
    #[error("the report cannot be written to {path}: {reason}; choose another folder with --output")]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A format did not write.
    #[error(transparent)]
    Report(#[from] lazaret_reports::ReportError),
    /// The store did not answer.
    #[error("the store could not be read for the report: {0}")]
    Database(#[from] sea_orm::DbErr),
}
