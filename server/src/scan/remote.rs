//! An image of a registry: found by name, its layers fetched as far as they are not known.

use std::sync::Arc;

use lazaret_scanner::Limits;
use lazaret_scanner::archive::{self, ArchiveError, ArchiveImage, Contents, Platforms, Remote, Source};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::analyse::{AnalyseError, blocking};
use super::engines::EnginesError;
use super::reading::{Reading, WasRead};
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
    on_source(image, cancelled, move |source| Ok(archive::index(source, &limits, &platforms))).await
}

/// Fetches and reads what layers lack, as streams.
///
/// # Errors
/// When the registry stops, a digest is not what was promised, a limit is broken, or the reading is cancelled.
pub async fn read(image: &Arc<RemoteImage>, reading: Reading) -> Result<WasRead<Contents>, AnalyseError> {
    let cancelled = reading.cancelled.clone();
    on_source(image, &cancelled, move |source| reading.run(|options| archive::read(source, options))).await
}

async fn on_source<T: Send + 'static>(
    image: &Arc<RemoteImage>,
    cancelled: &CancellationToken,
    work: impl FnOnce(&Source<'_>) -> Result<Result<T, ArchiveError>, EnginesError> + Send + 'static,
) -> Result<T, AnalyseError> {
    let (image, handle, stop) = (Arc::clone(image), Handle::current(), cancelled.clone());
    let done = blocking(move || {
        let reference = image.reference();
        let fetch = Fetcher::new(&image, handle, stop);
        let remote = Remote { reference: &reference, manifest: image.manifest(), fetch: &fetch };
        work(&Source::Registry(remote))?
            .map_err(|error| AnalyseError::Remote { image: reference.clone(), error })
    });
    done.await.map_err(|error| error.or_cancelled(cancelled))
}
