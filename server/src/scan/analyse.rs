//! The first half of a scan: an engine or an archive in, layer analyses out. No database: what is known already comes as
//! a value, and what was found goes back as one.

use std::io::{self, Read};
use std::path::PathBuf;

use lazaret_scanner::Limits;
use lazaret_scanner::archive::{self, ArchiveError, ArchiveImage, Contents, Platforms, Source};
use lazaret_scanner::image::ImageConfig;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::bridge::blocking_reader;
use super::engines::EnginesError;
use super::reading::{Reading, WasRead};
use crate::inventory::archives::source;
use crate::inventory::docker::{Engine, EngineError};

/// Where an image's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageSource {
    /// An engine at a `DOCKER_HOST` address.
    Engine {
        /// The address.
        endpoint: String,
        /// The engine's ID of the image, or a reference.
        image: String,
    },
    /// An archive, file or folder.
    Archive(PathBuf),
}

/// Why an image could not be analysed.
#[derive(Debug, thiserror::Error)]
pub enum AnalyseError {
    /// The engine did not give it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Its archive cannot be read.
    #[error("{}: {error}", .path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        error: ArchiveError,
    },
    /// The engine's export cannot be read.
    #[error("the engine's export of `{image}`: {error}")]
    Export {
        /// The image or container.
        image: String,
        /// What is wrong with it.
        error: ArchiveError,
    },
    /// What the registry gives cannot be read.
    #[error("`{image}` of the registry: {error}")]
    Remote {
        /// The image.
        image: String,
        /// What is wrong with it.
        error: ArchiveError,
    },
    /// The engine's ID is no digest.
    #[error("the engine names the image `{0}`, which is no digest")]
    NoDigest(String),
    /// The rules by which files are looked into cannot be used.
    #[error(transparent)]
    Engines(#[from] EnginesError),
    /// The work was cancelled.
    #[error("the scan was cancelled")]
    Cancelled,
    /// The thread that read the image died.
    #[error("reading the image failed inside Lazaret ({0}); the log has more")]
    Internal(String),
}

impl AnalyseError {
    /// What is wrong with what lies at `path`.
    pub(super) fn archive(path: PathBuf, error: ArchiveError) -> Self {
        match error {
            ArchiveError::Cancelled => Self::Cancelled,
            error => Self::Archive { path, error },
        }
    }

    /// A read that was waiting for bytes when the stop came ends in an error of its own.
    pub(super) fn or_cancelled(self, cancelled: &CancellationToken) -> Self {
        if cancelled.is_cancelled() { Self::Cancelled } else { self }
    }

    /// Whether a later try may succeed without anybody doing anything.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Engine(error) => error.is_transient(),
            Self::Export { error, .. } | Self::Remote { error, .. } => {
                matches!(error, ArchiveError::Io { .. } | ArchiveError::Truncated(_))
            }
            _ => false,
        }
    }
}

/// The images at `source`, each with its configuration and so its diff IDs; no layer is read.
///
/// # Errors
/// When the engine has no such image or the archive holds none.
pub async fn inspect(
    from: &ImageSource,
    limits: &Limits,
    platforms: &Platforms,
) -> Result<Vec<ArchiveImage>, AnalyseError> {
    match from {
        ImageSource::Engine { endpoint, image } => {
            let inspected = Engine::connect(endpoint).await?.inspect(image).await?;
            let id = inspected.id.parse().map_err(|_| AnalyseError::NoDigest(inspected.id.clone()))?;
            Ok(vec![ArchiveImage {
                id,
                config: inspected.config,
                config_json: Vec::new(),
                tags: inspected.tags,
                manifest_digest: inspected.manifest_digest.parse().ok(),
                size: inspected.size,
            }])
        }
        ImageSource::Archive(path) => {
            let (path, limits, platforms) = (path.clone(), limits.clone(), platforms.clone());
            blocking(move || {
                archive::index(&source(&path), &limits, &platforms)
                    .map_err(|error| AnalyseError::archive(path, error))
            })
            .await
        }
    }
}

/// Reads what the layers at `source` lack, memory bounded, without a copy on disk.
///
/// # Errors
/// When the engine stops, the archive is damaged or breaks a limit, or the reading is cancelled.
pub async fn read(from: &ImageSource, reading: Reading) -> Result<WasRead<Contents>, AnalyseError> {
    let cancelled = reading.cancelled.clone();
    match from {
        ImageSource::Archive(path) => {
            let path = path.clone();
            blocking(move || {
                let read = reading.run(|options| archive::read(&source(&path), options))?;
                read.map_err(|error| AnalyseError::archive(path, error))
            })
            .await
        }
        ImageSource::Engine { endpoint, image } => {
            let engine = Engine::connect(endpoint).await?;
            let (image, handle) = (image.clone(), Handle::current());
            blocking(move || {
                let open = || -> io::Result<Box<dyn Read>> {
                    Ok(blocking_reader(engine.export(&image), &handle, &reading.cancelled))
                };
                let read = reading.run(|options| archive::read(&Source::Stream(&open), options))?;
                read.map_err(|error| AnalyseError::Export { image: image.clone(), error })
            })
            .await
        }
    }
    .map_err(|error| error.or_cancelled(&cancelled))
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AnalyseError> + Send + 'static,
) -> Result<T, AnalyseError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(AnalyseError::Internal(error.to_string())),
    }
}

/// The instruction that made each layer, lowest first; empty where the history does not say.
pub fn created_by(config: &ImageConfig) -> Vec<String> {
    let steps = config.history.iter().filter(|step| !step.empty_layer);
    let mut texts: Vec<String> = steps.map(|step| step.created_by.clone().unwrap_or_default()).collect();
    texts.resize(config.diff_ids.len(), String::new());
    texts
}
