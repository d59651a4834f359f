//! `lazaret scan TARGET`: the pipeline without a server. It reads advisories, reads and writes layer analyses, and makes
//! no image, job or event.

mod error;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lazaret_scanner::archive::{ArchiveImage, Contents, Platform, Platforms};
use lazaret_scanner::image::{ImageAnalysis, ImageConfig};
use lazaret_scanner::layer::LayerAnalysis;
use lazaret_scanner::{Digest, Limits};
use tokio_util::sync::CancellationToken;

use super::analyse::{AnalyseError, ImageSource, inspect, read};
use super::engines::{Fingerprints, Prepared};
use super::layers;
use super::persist::{LayerFact, MalwareResults, Merged, SecretResults, merge_layers};
use super::reading::{BytesRead, Reading, WasRead};
use super::sbom;
use super::skip::Skip;
use super::{counts, remote, root};
use crate::advisories::{self, Feed, MatchResult, ProgressSink};
use crate::inventory::docker::{Engine, EngineError};
use crate::registry::Registries;
use crate::store::Store;
use resolve::{Target, resolve};

pub use error::TargetError;

/// How often progress is told of.
const TICK: Duration = Duration::from_millis(100);

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
    /// Which platform of an image is read.
    pub platforms: Platforms,
    /// Where images of registries are found.
    pub registries: &'a Registries,
    /// Whether layers are read although their analysis is stored.
    pub read_anew: bool,
    /// Bounds on what is read.
    pub limits: &'a Limits,
    /// What looks into files.
    pub prepared: &'a Prepared,
    /// Whether packages are matched with advisories.
    pub match_packages: bool,
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
    /// Its secrets, when they were searched for.
    pub secrets: Option<Result<SecretResults, String>>,
    /// Its malware, when it was looked for.
    pub malware: Option<MalwareResults>,
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
        Target::Registry(reference) => {
            let merged = read_remote(context, &reference, target, progress).await?;
            merged.into_iter().map(|merged| (Subject::Image, merged)).collect()
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
    let images =
        inspect(from, context.limits, &context.platforms).await.map_err(|error| named(error, target))?;
    if let (ImageSource::Engine { image, .. }, Platforms::Only(wanted)) = (from, &context.platforms) {
        for found in &images {
            check_platform(image, &found.config, wanted)?;
        }
    }
    // The engine names an image by what may be no config digest, and tells no history.
    let is_exact = matches!(from, ImageSource::Archive(_));
    gather(context, images, is_exact, target, async |reading| read(from, reading).await, progress).await
}

/// Fetches an image of a registry, as far as its layers are not known.
async fn read_remote(
    context: &TargetContext<'_>,
    reference: &str,
    target: &str,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<Vec<Merged>, TargetError> {
    let image = Arc::new(context.registries.find(reference).await?);
    let images = remote::inspect(&image, context.limits, &context.platforms, &context.cancelled).await?;
    gather(context, images, true, target, async |reading| remote::read(&image, reading).await, progress).await
}

/// Reads the layers of `images` that are not known, and lays each image's layers over each other. With `is_exact` the
/// images found are those that reading gives; else reading alone tells.
async fn gather(
    context: &TargetContext<'_>,
    mut images: Vec<ArchiveImage>,
    is_exact: bool,
    target: &str,
    read: impl AsyncFnOnce(Reading) -> Result<WasRead<Contents>, AnalyseError>,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<Vec<Merged>, TargetError> {
    if let Some(wanted) = context.image {
        images = only(images, target, wanted)?;
    }
    let wanted: BTreeSet<Digest> = images.iter().map(|image| image.id).collect();
    let diff_ids: BTreeSet<Digest> =
        images.iter().flat_map(|image| image.config.diff_ids.iter().copied()).collect();
    let diff_ids: Vec<Digest> = diff_ids.into_iter().collect();
    let fingerprints = context.prepared.fingerprints();
    let mut analyses = if context.read_anew {
        BTreeMap::new()
    } else {
        layers::load(context.store.read(), &diff_ids, &fingerprints).await?
    };
    let reading = context.reading(&analyses);
    let mut clamd_failure = None;
    if reading.is_needed(&diff_ids) {
        let size = images.iter().map(|image| image.size).sum();
        let bytes = reading.bytes.clone();
        let was_read = telling(read(reading), &bytes, size, progress).await?;
        clamd_failure = was_read.clamd_failure;
        save(context.store, &was_read.contents.layers, &fingerprints).await?;
        layers::join(&mut analyses, was_read.contents.layers);
        let found = was_read.contents.images.into_iter();
        images = found.filter(|image| !is_exact || wanted.contains(&image.id)).collect();
    }
    let merged = images
        .into_iter()
        .map(|image| merge_layers(image, &analyses, context.prepared, clamd_failure.as_deref()));
    Ok(merged.collect::<Result<_, _>>()?)
}

impl TargetContext<'_> {
    /// A reading of what the stored analyses lack.
    fn reading(&self, analyses: &BTreeMap<Digest, LayerAnalysis>) -> Reading {
        Reading::of_missing(self.limits, &self.platforms, self.prepared, analyses, &self.cancelled)
    }

    /// What was scanned as one layer.
    fn merged(&self, image: ArchiveImage, read: WasRead<LayerAnalysis>) -> Result<Merged, TargetError> {
        let layer = read.contents;
        let analyses = [(layer.diff_id, layer)].into();
        Ok(merge_layers(image, &analyses, self.prepared, read.clamd_failure.as_deref())?)
    }
}

/// Reads a folder. Nothing of it is stored: a folder changes, and has no digest to be known by.
async fn read_folder(
    context: &TargetContext<'_>,
    path: PathBuf,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<(Subject, Merged), TargetError> {
    let name = resolve::folder_name(&path);
    let reading = context.reading(&BTreeMap::new());
    let bytes = reading.bytes.clone();
    let read = telling(root::read_folder(path, reading), &bytes, 0, progress).await?;
    let layer = &read.contents;
    let image = ArchiveImage {
        id: layer.diff_id,
        config: ImageConfig { diff_ids: vec![layer.diff_id], ..ImageConfig::default() },
        config_json: Vec::new(),
        tags: Vec::new(),
        manifest_digest: None,
        size: layer.size,
    };
    Ok((Subject::Folder(name), context.merged(image, read)?))
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
    let reading = context.reading(&BTreeMap::new());
    let bytes = reading.bytes.clone();
    let read = telling(root::read_container(&engine, container, reading), &bytes, 0, progress).await?;
    let layer = &read.contents;
    config.diff_ids = vec![layer.diff_id];
    // Its one layer is none of theirs.
    config.history.iter_mut().for_each(|step| step.empty_layer = true);
    let given = (tags.is_empty() && !found.image.is_empty()).then_some(found.image);
    let image = ArchiveImage {
        id,
        config,
        config_json: Vec::new(),
        tags: tags.into_iter().chain(given).collect(),
        manifest_digest: None,
        size: layer.size,
    };
    Ok((Subject::Container(found.name), context.merged(image, read)?))
}

/// Matches what was read with the advisories, which are fetched where they never were.
async fn assess(
    context: &TargetContext<'_>,
    mut merged: Vec<(Subject, Merged)>,
    progress: &(dyn Fn(TargetProgress) + Send + Sync),
) -> Result<Vec<ScannedImage>, TargetError> {
    for (_, merged) in &mut merged {
        context.skip.apply(merged);
    }
    let ecosystems: BTreeSet<String> = merged
        .iter()
        .filter(|_| context.match_packages)
        .flat_map(|(_, merged)| merged.analysis.packages.iter().map(|package| package.ecosystem.clone()))
        .collect();
    let ecosystems: Vec<String> = ecosystems.into_iter().collect();
    let fetches = advisories::ensure(context.store, context.feed, &ecosystems, context.fetching).await?;
    counts::settle(context.store, &fetches.loaded).await?;

    let mut scanned = Vec::with_capacity(merged.len());
    for (subject, merged) in merged {
        progress(TargetProgress::Matching { packages: merged.analysis.packages.len() });
        let packages = if context.match_packages { merged.analysis.packages.as_slice() } else { &[] };
        let matches = advisories::match_packages(context.store.read(), packages).await?;
        scanned.push(ScannedImage {
            subject,
            id: merged.image.id,
            tags: merged.image.tags,
            size: merged.layers.iter().map(|layer| layer.size).sum(),
            config: merged.image.config,
            layers: merged.layers,
            analysis: merged.analysis,
            secrets: merged.secrets,
            malware: merged.malware,
            matches,
        });
    }
    Ok(scanned)
}

/// The engine does not tell an image's variant, so it is not asked for.
fn check_platform(image: &str, config: &ImageConfig, wanted: &Platform) -> Result<(), TargetError> {
    let there = Platform::new(&config.os, &config.architecture, "");
    if there.is_for(&Platform { variant: String::new(), ..wanted.clone() }) {
        return Ok(());
    }
    Err(TargetError::OtherPlatform {
        image: image.to_owned(),
        there: there.to_string(),
        wanted: wanted.to_string(),
    })
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
async fn save(
    store: &Store,
    analyses: &BTreeMap<Digest, LayerAnalysis>,
    fingerprints: &Fingerprints,
) -> Result<(), TargetError> {
    let packed = layers::pack(analyses, fingerprints)?;
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
