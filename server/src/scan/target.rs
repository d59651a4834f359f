//! `lazaret scan TARGET`: the pipeline without a server. It reads advisories, reads and writes layer analyses, and makes
//! no image, job or event.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use lazaret_scanner::archive::ArchiveImage;
use lazaret_scanner::image::{ImageAnalysis, ImageConfig};
use lazaret_scanner::layer::LayerAnalysis;
use lazaret_scanner::{Digest, Limits};
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use super::analyse::{AnalyseError, BytesRead, ImageSource, inspect, read};
use super::counts;
use super::layers::{self, LayerStoreError};
use super::persist::{LayerFact, Merged, PersistError, merge_layers};
use crate::advisories::{self, AdvisoryError, Feed, MatchResult, ProgressSink};
use crate::inventory::docker::EngineError;
use crate::store::{Store, StoreError};

/// How often progress is told of.
const TICK: Duration = Duration::from_millis(100);

/// Why a target could not be scanned.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The path does not exist.
    #[error("there is no file or folder {}; check the path", .0.display())]
    NoSuchPath(PathBuf),
    /// It is no path, and there is no engine to ask.
    #[error(
        "`{0}` is no file or folder here, and there is no container engine to ask for an image of that name; give the path of an image archive, or set DOCKER_HOST"
    )]
    NoEngine(String),
    /// It is no path, and the engine does not answer.
    #[error(
        "`{image}` is no file or folder here, and the engine cannot be asked for an image of that name: {error}"
    )]
    EngineSilent {
        /// What was asked for.
        image: String,
        /// Why the engine cannot be asked.
        error: EngineError,
    },
    /// The archive holds several images, none with that name.
    #[error("{target} holds no image `{wanted}`; it holds {}", .there.join(", "))]
    NoSuchImage {
        /// The target.
        target: String,
        /// What was asked for.
        wanted: String,
        /// The references in it.
        there: Vec<String>,
    },
    /// It cannot be read.
    #[error(transparent)]
    Analyse(#[from] AnalyseError),
    /// Its layers do not fit together.
    #[error(transparent)]
    Merge(#[from] PersistError),
    /// Matching failed.
    #[error(transparent)]
    Advisories(#[from] AdvisoryError),
    /// Layer analyses cannot be read or stored.
    #[error(transparent)]
    Layers(#[from] LayerStoreError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database failed.
    #[error("the store cannot be read: {0}")]
    Database(#[from] DbErr),
}

/// What a scan needs.
pub struct TargetContext<'a> {
    /// Advisories and layer analyses.
    pub store: &'a Store,
    /// Where advisories are fetched from when an ecosystem has none yet.
    pub feed: &'a Feed,
    /// Told of fetching advisories.
    pub fetching: &'a ProgressSink,
    /// The local engine's address, when there is one.
    pub engine: Option<&'a str>,
    /// Of an archive with several images the one with this reference or digest; all when absent.
    pub image: Option<&'a str>,
    /// Bounds on what is read.
    pub limits: &'a Limits,
    /// Stops the scan.
    pub cancelled: CancellationToken,
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetProgress {
    /// Layers are read.
    Reading {
        /// Bytes so far.
        read: u64,
        /// Bytes of the images, as far as it is known before they are read; 0 when not.
        size: u64,
    },
    /// Packages are matched with advisories.
    Matching {
        /// Packages of the image.
        packages: usize,
    },
}

/// A scanned image.
#[derive(Debug, Clone)]
pub struct ScannedImage {
    /// Its identity, the config digest.
    pub id: Digest,
    /// Its references.
    pub tags: Vec<String>,
    /// Bytes of its layers.
    pub size: u64,
    /// Its configuration.
    pub config: ImageConfig,
    /// Its layers, lowest first.
    pub layers: Vec<LayerFact>,
    /// What it holds.
    pub analysis: ImageAnalysis,
    /// What the advisories say of it.
    pub matches: MatchResult,
}

/// Tells what a target is: an existing path, else a reference of the local engine. `archive:` and `dir:` make it a path,
/// `engine:` a reference.
///
/// # Errors
/// When a path does not exist, or a reference is given without an engine.
pub fn resolve(target: &str, engine: Option<&str>) -> Result<ImageSource, TargetError> {
    let path = |text: &str| {
        let path = PathBuf::from(text);
        if path.exists() { Ok(ImageSource::Archive(path)) } else { Err(TargetError::NoSuchPath(path)) }
    };
    if let Some(text) = target.strip_prefix("archive:") {
        return path(text);
    }
    let reference = target.strip_prefix("engine:");
    if reference.is_none() {
        // A reference begins with a letter or digit; and nobody calls a repository something.tar.
        let looks_like_path =
            target.starts_with(['/', '.', '~']) || target.split('.').skip(1).any(|part| part == "tar");
        if looks_like_path || PathBuf::from(target).exists() {
            return path(target);
        }
    }
    let image = reference.unwrap_or(target);
    match engine {
        Some(endpoint) => Ok(ImageSource::Engine { endpoint: endpoint.to_owned(), image: image.to_owned() }),
        None => Err(TargetError::NoEngine(image.to_owned())),
    }
}

/// Scans all images of a target.
///
/// # Errors
/// When the target does not exist or is no image, is damaged or breaks a limit, or the store fails.
pub async fn scan_target(
    context: &TargetContext<'_>,
    target: &str,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<Vec<ScannedImage>, TargetError> {
    let from = resolve(target, context.engine)?;
    let mut images = inspect(&from, context.limits).await.map_err(|error| named(error, target))?;
    if let Some(wanted) = context.image {
        images = only(images, target, wanted)?;
    }
    let wanted: BTreeSet<Digest> = images.iter().map(|image| image.id).collect();
    let diff_ids: BTreeSet<Digest> =
        images.iter().flat_map(|image| image.config.diff_ids.iter().copied()).collect();
    let diff_ids: Vec<Digest> = diff_ids.into_iter().collect();
    let mut analyses = layers::load(context.store.read(), &diff_ids).await?;
    if diff_ids.iter().any(|diff_id| !analyses.contains_key(diff_id)) {
        let size = images.iter().map(|image| image.size).sum();
        let contents = read_layers(context, &from, &analyses, size, progress).await?;
        save(context.store, &contents.layers).await?;
        analyses.extend(contents.layers);
        // The engine names an image by what may be no config digest, and tells no history.
        let is_archive = matches!(from, ImageSource::Archive(_));
        images =
            contents.images.into_iter().filter(|image| !is_archive || wanted.contains(&image.id)).collect();
    }

    let merged: Vec<Merged> =
        images.into_iter().map(|image| merge_layers(image, &analyses)).collect::<Result<_, _>>()?;
    let ecosystems: BTreeSet<String> = merged
        .iter()
        .flat_map(|merged| merged.analysis.packages.iter().map(|package| package.ecosystem.clone()))
        .collect();
    let ecosystems: Vec<String> = ecosystems.into_iter().collect();
    let fetches = advisories::ensure(context.store, context.feed, &ecosystems, context.fetching).await?;
    counts::settle(context.store, &fetches.loaded).await?;

    let mut scanned = Vec::with_capacity(merged.len());
    for merged in merged {
        progress(TargetProgress::Matching { packages: merged.analysis.packages.len() });
        let matches = advisories::match_packages(context.store.read(), &merged.analysis.packages).await?;
        scanned.push(ScannedImage {
            id: merged.image.id,
            tags: merged.image.tags,
            size: merged.layers.iter().map(|layer| layer.size).sum(),
            config: merged.image.config,
            layers: merged.layers,
            analysis: merged.analysis,
            matches,
        });
    }
    Ok(scanned)
}

/// An engine that does not answer knows no name of what was asked for; a person who mistyped a path needs it.
fn named(error: AnalyseError, target: &str) -> TargetError {
    match error {
        AnalyseError::Engine(error @ (EngineError::Address { .. } | EngineError::Unreachable { .. })) => {
            TargetError::EngineSilent { image: target.to_owned(), error }
        }
        error => error.into(),
    }
}

async fn read_layers(
    context: &TargetContext<'_>,
    from: &ImageSource,
    known: &BTreeMap<Digest, LayerAnalysis>,
    size: u64,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<lazaret_scanner::archive::Contents, TargetError> {
    let bytes = BytesRead::default();
    let reading = read(from, known.keys().copied().collect(), context.limits, &bytes, &context.cancelled);
    tokio::pin!(reading);
    loop {
        tokio::select! {
            contents = &mut reading => return Ok(contents?),
            () = tokio::time::sleep(TICK) => progress(TargetProgress::Reading { read: bytes.get(), size }),
        }
    }
}

/// Stores what was read, for the next scan. A store that is busy does not fail this one.
async fn save(store: &Store, analyses: &BTreeMap<Digest, LayerAnalysis>) -> Result<(), TargetError> {
    let packed = layers::pack(analyses)?;
    let now = store.clock().now();
    let tx = store.begin_write().await?;
    layers::store(&*tx, &packed, now).await?;
    tx.commit().await?;
    Ok(())
}

/// The images of an archive that are called `wanted`.
fn only(images: Vec<ArchiveImage>, target: &str, wanted: &str) -> Result<Vec<ArchiveImage>, TargetError> {
    let there: Vec<String> = images
        .iter()
        .map(|image| image.tags.first().cloned().unwrap_or_else(|| image.id.to_string()))
        .collect();
    let found: Vec<ArchiveImage> = images
        .into_iter()
        .filter(|image| image.tags.iter().any(|tag| tag == wanted) || image.id.to_string() == wanted)
        .collect();
    if found.is_empty() {
        return Err(TargetError::NoSuchImage { target: target.to_owned(), wanted: wanted.to_owned(), there });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{TargetError, resolve};
    use crate::scan::analyse::ImageSource;

    #[test]
    fn an_existing_path_wins_and_prefixes_make_it_plain() {
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("image");
        std::fs::write(&archive, b"").expect("a file");
        let path = archive.display().to_string();
        let engine = Some("unix:///run/engine.sock");
        assert_eq!(resolve(&path, engine).expect("a path"), ImageSource::Archive(archive.clone()));
        assert_eq!(resolve(&format!("archive:{path}"), None).expect("a path"), ImageSource::Archive(archive));
        let image = |name: &str| ImageSource::Engine {
            endpoint: "unix:///run/engine.sock".to_owned(),
            image: name.to_owned(),
        };
        assert_eq!(resolve("debian:12", engine).expect("a reference"), image("debian:12"));
        assert_eq!(resolve("engine:archive:1", engine).expect("a reference"), image("archive:1"));
        assert!(matches!(resolve("debian:12", None), Err(TargetError::NoEngine(_))));
        assert!(matches!(resolve("./nothing.tar", engine), Err(TargetError::NoSuchPath(_))));
        assert!(matches!(resolve("archive:nothing", engine), Err(TargetError::NoSuchPath(_))));
    }
}
