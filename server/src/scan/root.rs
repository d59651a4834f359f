//! A root file system on its own, without an image round it.

use std::path::PathBuf;

use lazaret_scanner::Limits;
use lazaret_scanner::archive::{ReadOptions, root};
use lazaret_scanner::layer::LayerAnalysis;
use tokio_util::sync::CancellationToken;

use super::analyse::{AnalyseError, BytesRead, blocking};

/// Reads a folder as one layer.
///
/// # Errors
/// When the folder itself cannot be listed, breaks a limit, or `cancelled` fires.
pub async fn read_folder(
    path: PathBuf,
    limits: &Limits,
    progress: &BytesRead,
    cancelled: &CancellationToken,
) -> Result<LayerAnalysis, AnalyseError> {
    let (limits, progress, stop) = (limits.clone(), progress.clone(), cancelled.clone());
    blocking(move || {
        let options = ReadOptions {
            limits,
            known: &|_| false,
            progress: &|bytes| progress.set(bytes),
            cancelled: &|| stop.is_cancelled(),
        };
        root::folder(&path, &options).map_err(|error| AnalyseError::archive(path.clone(), error))
    })
    .await
}
