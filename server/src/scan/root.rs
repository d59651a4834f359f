//! A root file system on its own, without an image round it.

use std::io::{self, Read};
use std::path::PathBuf;

use lazaret_scanner::Limits;
use lazaret_scanner::archive::{Platforms, ReadOptions, root};
use lazaret_scanner::layer::LayerAnalysis;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::analyse::{AnalyseError, BytesRead, blocking};
use super::bridge::blocking_reader;
use crate::inventory::docker::Engine;

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
            platforms: Platforms::All,
            known: &|_| false,
            progress: &|bytes| progress.set(bytes),
            cancelled: &|| stop.is_cancelled(),
        };
        root::folder(&path, &options).map_err(|error| AnalyseError::archive(path.clone(), error))
    })
    .await
}

/// Reads the file system of a container as one layer: what its image brought and what changed since, as it is now.
///
/// # Errors
/// When the engine stops, its export breaks a limit, or `cancelled` fires.
pub async fn read_container(
    engine: &Engine,
    container: &str,
    limits: &Limits,
    progress: &BytesRead,
    cancelled: &CancellationToken,
) -> Result<LayerAnalysis, AnalyseError> {
    let (limits, progress, stop) = (limits.clone(), progress.clone(), cancelled.clone());
    let (engine, container, handle) = (engine.clone(), container.to_owned(), Handle::current());
    let read = blocking(move || {
        let open = || -> io::Result<Box<dyn Read>> {
            Ok(blocking_reader(engine.export_container(&container), &handle, &stop))
        };
        let options = ReadOptions {
            limits,
            platforms: Platforms::All,
            known: &|_| false,
            progress: &|bytes| progress.set(bytes),
            cancelled: &|| stop.is_cancelled(),
        };
        root::tar("its file system", &open, &options)
            .map_err(|error| AnalyseError::Export { image: container.clone(), error })
    });
    read.await.map_err(|error| error.or_cancelled(cancelled))
}
