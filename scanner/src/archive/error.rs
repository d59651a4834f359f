//! Why an archive could not be read.

use std::io;

use crate::Digest;
use crate::bounded::{Stop, stop_of};
use crate::layer::LayerError;
use crate::tarball::TarError;

/// Why an image archive could not be read. Each says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is readable, but no image archive.
    #[error(
        "this is not an image archive: {0}; expected a `docker save` archive or an OCI image layout, as a tar \
         (plain, gzip or zstd) or a folder"
    )]
    NotAnImage(String),
    /// The bytes end too early.
    #[error("{0} is cut off: the archive is incomplete, export or copy it again")]
    Truncated(String),
    /// Content is not what its digest promises.
    #[error(
        "{place} has digest {actual} where {expected} was promised: the archive is damaged, export it again"
    )]
    DigestMismatch {
        /// Which blob, layer or config.
        place: String,
        /// What was promised.
        expected: Digest,
        /// What is there.
        actual: Digest,
    },
    /// An image names a layer that the archive lacks.
    #[error(
        "layer {layer} of image {image} is not in the archive{hint}: export the image again with all its layers"
    )]
    MissingLayer {
        /// The image, by tag or digest.
        image: String,
        /// The layer, as the manifest names it.
        layer: String,
        /// Why it may be missing, or empty.
        hint: String,
    },
    /// An image is not there for the wanted platform.
    #[error("{image} is not there for {wanted}, but for {}; choose one of them with --platform", .there.join(", "))]
    NoSuchPlatform {
        /// The image, by tag or digest.
        image: String,
        /// The wanted platform.
        wanted: String,
        /// The platforms that it is there for.
        there: Vec<String>,
    },
    /// An index or manifest names a manifest or config that the archive lacks.
    #[error("{0} is not in the archive although its index names it: export the image again")]
    MissingBlob(String),
    /// A limit was reached.
    #[error("{place}: {limit}; raise the limit if this image can be trusted")]
    LimitExceeded {
        /// Where.
        place: String,
        /// Which limit, and its value.
        limit: String,
    },
    /// A form of content that is not read.
    #[error(
        "{place} has the form `{media_type}`, which is not read: save the image with gzip, zstd or plain layers"
    )]
    UnsupportedMediaType {
        /// Which blob.
        place: String,
        /// Its media type or format.
        media_type: String,
    },
    /// Content that breaks its format.
    #[error("{place} cannot be understood: {reason}; the archive is damaged or was made by a faulty tool")]
    Malformed {
        /// Where.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The caller asked to stop.
    #[error("reading was cancelled")]
    Cancelled,
    /// The operating system refused.
    #[error("{place} cannot be read: {source}")]
    Io {
        /// What was read.
        place: String,
        /// Why not.
        source: io::Error,
    },
}

impl ArchiveError {
    /// Sorts an I/O error: our own stops travel inside of them.
    pub(super) fn from_io(place: &str, error: io::Error) -> Self {
        let place = place.to_owned();
        match stop_of(&error) {
            Some(Stop::Cancelled) => return Self::Cancelled,
            Some(Stop::Limit(limit)) => return Self::LimitExceeded { place, limit: limit.clone() },
            None => {}
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated(place),
            // What decompressors call bytes that break their format.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Self::Malformed { place, reason: error.to_string() }
            }
            _ => Self::Io { place, source: error },
        }
    }

    pub(super) fn from_tar(place: &str, error: TarError) -> Self {
        let place = place.to_owned();
        match error {
            TarError::Truncated { .. } => Self::Truncated(place),
            TarError::Malformed { .. } => Self::Malformed { place, reason: error.to_string() },
            TarError::Limit(limit) => Self::LimitExceeded { place, limit },
            TarError::Io(error) => Self::from_io(&place, error),
        }
    }

    pub(super) fn from_layer(place: &str, error: LayerError) -> Self {
        match error {
            LayerError::LimitExceeded(limit) => Self::LimitExceeded { place: place.to_owned(), limit },
            LayerError::Truncated { .. } => Self::Truncated(place.to_owned()),
            LayerError::Malformed { .. } => {
                Self::Malformed { place: place.to_owned(), reason: error.to_string() }
            }
            LayerError::Io(error) => Self::from_io(place, error),
        }
    }

    /// Whether reading anything more of the archive is pointless.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Io { .. })
    }
}
