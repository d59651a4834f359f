//! `lazaret scan TARGET`: the pipeline without a server. It reads advisories, reads and writes layer analyses, and makes
//! no image, job or event.

mod resolve;

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
use super::layers::{self, LayerStoreError};
use super::persist::{LayerFact, Merged, PersistError, merge_layers};
use super::sbom::{self, SbomFileError};
use super::skip::Skip;
use super::{counts, root};
use crate::advisories::{self, AdvisoryError, Feed, MatchResult, ProgressSink};
use crate::inventory::docker::{Engine, EngineError};
use crate::store::{Store, StoreError};
use resolve::{Target, resolve};

/// How often progress is told of.
const TICK: Duration = Duration::from_millis(100);

/// Why a target could not be scanned.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The path does not exist.
    #[error("there is no file or folder {}; check the path", .0.display())]
    NoSuchPath(PathBuf),
    /// What is there is no folder.
    #[error("{} is no folder; `archive:` before it reads a file as an image archive", .0.display())]
    NoFolder(PathBuf),
    /// It is no path, and there is no engine to ask.
    #[error(
        "`{0}` is no file or folder here, and there is no container engine to ask for an image of that name; give the path of an image archive, or set DOCKER_HOST"
    )]
    NoEngine(String),
    /// There is no engine to ask for a container.
    #[error("there is no container engine to ask for the container `{0}`; set DOCKER_HOST")]
    NoEngineForContainer(String),
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
    /// The bill of materials cannot be read.
    #[error(transparent)]
    Sbom(#[from] SbomFileError),
    /// The thread that read it died.
    #[error("reading the bill of materials failed inside Lazaret ({0}); the log has more")]
    SbomThread(#[from] tokio::task::JoinError),
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
    /// What of the image is left out.
    pub skip: &'a Skip,
    /// Whether layers are read although their analysis is stored.
    pub read_anew: bool,
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

/// What was scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An image.
    Image,
    /// A folder, by what a person calls it.
    Folder(String),
    /// The file system of a container, by its name.
    Container(String),
    /// A bill of materials, by what it says it is about.
    Sbom(String),
}

/// A scanned image, or what was scanned in place of one.
#[derive(Debug, Clone)]
pub struct ScannedImage {
    /// What it is.
    pub subject: Subject,
    /// Its identity, the config digest; of a folder or a bill of materials a digest over what was read.
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

/// Scans all images of a target.
///
/// # Errors
/// When the target does not exist or is no image, is damaged or breaks a limit, or the store fails.
pub async fn scan_target(
    context: &TargetContext<'_>,
    target: &str,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<Vec<ScannedImage>, TargetError> {
    let merged = match resolve(target, context.engine)? {
        Target::Image(from) => {
            let images = read_images(context, &from, target, progress).await?;
            images.into_iter().map(|merged| (Subject::Image, merged)).collect()
        }
        Target::Folder(path) => vec![read_folder(context, path, progress).await?],
        Target::Container { endpoint, container } => {
            vec![read_container(context, &endpoint, &container, progress).await?]
        }
        Target::Sbom(path) => {
            let limits = context.limits.clone();
            let (name, merged) = tokio::task::spawn_blocking(move || sbom::read(&path, &limits)).await??;
            vec![(Subject::Sbom(name), merged)]
        }
    };
    assess(context, merged, progress).await
}

/// Reads all images of an archive or one of the engine, as far as their layers are not known.
async fn read_images(
    context: &TargetContext<'_>,
    from: &ImageSource,
    target: &str,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<Vec<Merged>, TargetError> {
    let mut images = inspect(from, context.limits).await.map_err(|error| named(error, target))?;
    if let Some(wanted) = context.image {
        images = only(images, target, wanted)?;
    }
    let wanted: BTreeSet<Digest> = images.iter().map(|image| image.id).collect();
    let diff_ids: BTreeSet<Digest> =
        images.iter().flat_map(|image| image.config.diff_ids.iter().copied()).collect();
    let diff_ids: Vec<Digest> = diff_ids.into_iter().collect();
    let mut analyses = if context.read_anew {
        BTreeMap::new()
    } else {
        layers::load(context.store.read(), &diff_ids).await?
    };
    if diff_ids.iter().any(|diff_id| !analyses.contains_key(diff_id)) {
        let size = images.iter().map(|image| image.size).sum();
        let bytes = BytesRead::default();
        let known = analyses.keys().copied().collect();
        let reading = read(from, known, context.limits, &bytes, &context.cancelled);
        let contents = telling(reading, &bytes, size, progress).await?;
        save(context.store, &contents.layers).await?;
        analyses.extend(contents.layers);
        // The engine names an image by what may be no config digest, and tells no history.
        let is_archive = matches!(from, ImageSource::Archive(_));
        images =
            contents.images.into_iter().filter(|image| !is_archive || wanted.contains(&image.id)).collect();
    }
    let merged = images.into_iter().map(|image| merge_layers(image, &analyses));
    Ok(merged.collect::<Result<_, _>>()?)
}

/// Reads a folder. Nothing of it is stored: a folder changes, and has no digest to be known by.
async fn read_folder(
    context: &TargetContext<'_>,
    path: PathBuf,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<(Subject, Merged), TargetError> {
    let name = resolve::folder_name(&path);
    let bytes = BytesRead::default();
    let reading = root::read_folder(path, context.limits, &bytes, &context.cancelled);
    let layer = telling(reading, &bytes, 0, progress).await?;
    let image = ArchiveImage {
        id: layer.diff_id,
        config: ImageConfig { diff_ids: vec![layer.diff_id], ..ImageConfig::default() },
        config_json: Vec::new(),
        tags: Vec::new(),
        manifest_digest: None,
        size: layer.size,
    };
    Ok((Subject::Folder(name), merge_layers(image, &[(layer.diff_id, layer)].into())?))
}

/// Reads the file system of a container as it is now. Nothing of it is stored: the engine packs it anew each time.
async fn read_container(
    context: &TargetContext<'_>,
    endpoint: &str,
    container: &str,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<(Subject, Merged), TargetError> {
    let engine = Engine::connect(endpoint).await.map_err(AnalyseError::from)?;
    let found = engine.inspect_container(container).await.map_err(AnalyseError::from)?;
    let no_digest = || AnalyseError::NoDigest(found.image_id.clone());
    let id = found.image_id.parse().map_err(|_| no_digest())?;
    let (mut config, tags) = match engine.inspect(&found.image_id).await {
        Ok(image) => (image.config, image.tags),
        // An image can be gone while a container that was made of it is not.
        Err(EngineError::NoSuchImage { .. }) => (ImageConfig::default(), Vec::new()),
        Err(error) => return Err(AnalyseError::from(error).into()),
    };
    let bytes = BytesRead::default();
    let reading = root::read_container(&engine, container, context.limits, &bytes, &context.cancelled);
    let layer = telling(reading, &bytes, 0, progress).await?;
    config.diff_ids = vec![layer.diff_id];
    config.history = Vec::new();
    let given = (tags.is_empty() && !found.image.is_empty()).then_some(found.image);
    let image = ArchiveImage {
        id,
        config,
        config_json: Vec::new(),
        tags: tags.into_iter().chain(given).collect(),
        manifest_digest: None,
        size: layer.size,
    };
    Ok((Subject::Container(found.name), merge_layers(image, &[(layer.diff_id, layer)].into())?))
}

/// Matches what was read with the advisories, which are fetched where they never were.
async fn assess(
    context: &TargetContext<'_>,
    mut merged: Vec<(Subject, Merged)>,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<Vec<ScannedImage>, TargetError> {
    for (_, merged) in &mut merged {
        context.skip.apply(&mut merged.analysis);
    }
    let ecosystems: BTreeSet<String> = merged
        .iter()
        .flat_map(|(_, merged)| merged.analysis.packages.iter().map(|package| package.ecosystem.clone()))
        .collect();
    let ecosystems: Vec<String> = ecosystems.into_iter().collect();
    let fetches = advisories::ensure(context.store, context.feed, &ecosystems, context.fetching).await?;
    counts::settle(context.store, &fetches.loaded).await?;

    let mut scanned = Vec::with_capacity(merged.len());
    for (subject, merged) in merged {
        progress(TargetProgress::Matching { packages: merged.analysis.packages.len() });
        let matches = advisories::match_packages(context.store.read(), &merged.analysis.packages).await?;
        scanned.push(ScannedImage {
            subject,
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

/// Waits for a reading and tells how far it is.
async fn telling<T>(
    reading: impl Future<Output = Result<T, AnalyseError>>,
    bytes: &BytesRead,
    size: u64,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<T, AnalyseError> {
    tokio::pin!(reading);
    loop {
        tokio::select! {
            read = &mut reading => return read,
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
