//! A root file system on its own, without an image round it.

use std::io::{self, Read};
use std::path::PathBuf;

use lazaret_scanner::archive::root;
use lazaret_scanner::layer::LayerAnalysis;
use tokio::runtime::Handle;

use super::analyse::{AnalyseError, blocking};
use super::bridge::blocking_reader;
use super::reading::{Reading, WasRead};
use crate::inventory::docker::Engine;

/// Reads a folder as one layer.
///
/// # Errors
/// When the folder itself cannot be listed, breaks a limit, or the reading is cancelled.
pub async fn read_folder(path: PathBuf, reading: Reading) -> Result<WasRead<LayerAnalysis>, AnalyseError> {
    blocking(move || {
        let read = reading.run(|options| root::folder(&path, options))?;
        read.map_err(|error| AnalyseError::archive(path.clone(), error))
    })
    .await
}

/// Reads the file system of a container as one layer: what its image brought and what changed since, as it is now.
///
/// # Errors
/// When the engine stops, its export breaks a limit, or the reading is cancelled.
pub async fn read_container(
    engine: &Engine,
    container: &str,
    reading: Reading,
) -> Result<WasRead<LayerAnalysis>, AnalyseError> {
    let cancelled = reading.cancelled.clone();
    let (engine, container, handle) = (engine.clone(), container.to_owned(), Handle::current());
    let read = blocking(move || {
        let open = || -> io::Result<Box<dyn Read>> {
            Ok(blocking_reader(engine.export_container(&container), &handle, &reading.cancelled))
        };
        let read = reading.run(|options| root::tar("its file system", &open, options))?;
        read.map_err(|error| AnalyseError::Export { image: container.clone(), error })
    });
    read.await.map_err(|error| error.or_cancelled(&cancelled))
}
