//! An image of a registry: found by name, its layers fetched as far as they are not known.

use std::collections::BTreeSet;
use std::sync::Arc;

use lazaret_scanner::archive::{
    self, ArchiveError, ArchiveImage, Contents, Platforms, ReadOptions, Remote, Source,
};
use lazaret_scanner::{Digest, Limits};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::analyse::{AnalyseError, BytesRead, blocking};
use crate::registry::{Fetcher, RemoteImage};

/// The images of a registry's reference, one for each platform that is asked for; no layer is fetched.
///
/// # Errors
/// When the registry stops, or what it gives is no image or not for the platform.
pub async fn inspect(
    image: &Arc<RemoteImage>,
    limits: &Limits,
    platforms: &Platforms,
    cancelled: &CancellationToken,
) -> Result<Vec<ArchiveImage>, AnalyseError> {
    let (limits, platforms) = (limits.clone(), platforms.clone());
    on_source(image, cancelled, move |source| archive::index(source, &limits, &platforms)).await
}

/// Fetches and reads the layers that are not in `known`, as streams.
///
/// # Errors
/// When the registry stops, a digest is not what was promised, a limit is broken, or `cancelled` fires.
pub async fn read(
    image: &Arc<RemoteImage>,
    known: BTreeSet<Digest>,
    limits: &Limits,
    platforms: &Platforms,
    progress: &BytesRead,
    cancelled: &CancellationToken,
) -> Result<Contents, AnalyseError> {
    let (limits, platforms) = (limits.clone(), platforms.clone());
    let (progress, stop) = (progress.clone(), cancelled.clone());
    let run = move |source: &Source<'_>| {
        let options = ReadOptions {
            limits,
            platforms,
            known: &|diff_id: &Digest| known.contains(diff_id),
            progress: &|bytes| progress.set(bytes),
            cancelled: &|| stop.is_cancelled(),
        };
        archive::read(source, &options)
    };
    on_source(image, cancelled, run).await
}

async fn on_source<T: Send + 'static>(
    image: &Arc<RemoteImage>,
    cancelled: &CancellationToken,
    work: impl FnOnce(&Source<'_>) -> Result<T, ArchiveError> + Send + 'static,
) -> Result<T, AnalyseError> {
    let (image, handle, stop) = (Arc::clone(image), Handle::current(), cancelled.clone());
    let done = blocking(move || {
        let reference = image.reference();
        let fetch = Fetcher::new(&image, handle, stop);
        let remote = Remote { reference: &reference, manifest: image.manifest(), fetch: &fetch };
        work(&Source::Registry(remote))
            .map_err(|error| AnalyseError::Remote { image: reference.clone(), error })
    });
    done.await.map_err(|error| error.or_cancelled(cancelled))
}
