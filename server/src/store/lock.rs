//! The locks in the data folder, which say who serves and who migrates.
//!
//! `serve.lock` is held by `lazaret serve` for its life. `migrate.lock` is held for moments, by whoever looks at the
//! schema or takes `serve.lock`: so that nobody starts to serve while another process migrates. Both are locks of the
//! operating system: they end with the process, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::StoreError;

/// Held by the one server of a data folder; dropping it lets go.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

/// Held while the schema is looked at or changed.
#[derive(Debug)]
pub(super) struct MigrateLock {
    _file: File,
    data_dir: PathBuf,
}

impl MigrateLock {
    /// Makes the data folder, and waits for the lock in it.
    pub(super) async fn take(data_dir: &Path) -> Result<Self, StoreError> {
        let data_dir = data_dir.to_path_buf();
        // Waiting for a file lock blocks a thread.
        let waiting = tokio::task::spawn_blocking(move || {
            make_folder(&data_dir)?;
            let file = open(&data_dir, "migrate.lock")?;
            file.lock().map_err(|source| StoreError::DataFolder { path: data_dir.clone(), source })?;
            Ok(Self { _file: file, data_dir })
        });
        match waiting.await {
            Ok(result) => result,
            Err(panic) => Err(StoreError::Migration(sea_orm::DbErr::Custom(panic.to_string()))),
        }
    }

    /// `serve.lock`, unless another process holds it.
    pub(super) fn try_serve(&self) -> Result<Option<ServeLock>, StoreError> {
        let file = open(&self.data_dir, "serve.lock")?;
        match file.try_lock() {
            Ok(()) => Ok(Some(ServeLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => {
                Err(StoreError::DataFolder { path: self.data_dir.clone(), source })
            }
        }
    }
}

fn make_folder(path: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| StoreError::DataFolder { path: path.to_path_buf(), source })
}

fn open(data_dir: &Path, name: &str) -> Result<File, StoreError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(data_dir.join(name))
        .map_err(|source| StoreError::DataFolder { path: data_dir.to_path_buf(), source })
}
