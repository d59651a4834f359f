//! A folder of image archives as a host: each archive in it, file or folder, gives its images.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use lazaret_entities::host::HostKind;
use lazaret_scanner::Limits;
use lazaret_scanner::archive::{self, ArchiveImage, Platforms, Source};

use super::snapshot::{HostSnapshot, ImageDetails, ImageSnapshot, timestamp};

/// The folder itself cannot be listed.
#[derive(Debug, thiserror::Error)]
#[error("the archive folder {} cannot be read ({reason}); make it readable or give another with --archives", .folder.display())]
pub struct FolderError {
    /// The folder.
    pub folder: PathBuf,
    /// The system's reason.
    pub reason: String,
}

/// Tells whether an archive changed since it was read last.
type Stamp = (SystemTime, u64);

/// Reads a folder of archives again and again, each archive only when it changed.
#[derive(Debug)]
pub struct ArchiveFolder {
    folder: PathBuf,
    limits: Limits,
    read: HashMap<PathBuf, (Stamp, Result<Vec<ArchiveImage>, String>)>,
}

impl ArchiveFolder {
    /// A folder that was not read yet. The path is the identity of the host, so it is made absolute.
    pub fn new(folder: &Path, limits: Limits) -> Self {
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        Self { folder, limits, read: HashMap::new() }
    }

    /// The identity of the host that this folder is.
    pub fn endpoint(&self) -> String {
        self.folder.display().to_string()
    }

    /// What the folder holds now. Blocks on the disk.
    ///
    /// # Errors
    /// When the folder cannot be listed. An archive that cannot be read is told of in the snapshot's `error`.
    pub fn snapshot(&mut self) -> Result<HostSnapshot, FolderError> {
        let candidates = self.candidates()?;
        self.read.retain(|path, _| candidates.contains_key(path));
        for (path, stamp) in candidates {
            if self.read.get(&path).is_none_or(|(before, _)| *before != stamp) {
                let images = archive::index(&source(&path), &self.limits, &Platforms::All)
                    .map_err(|error| error.to_string());
                if let Err(error) = &images {
                    tracing::warn!(archive = %path.display(), %error, "archive left out");
                }
                self.read.insert(path, (stamp, images));
            }
        }

        let mut paths: Vec<&PathBuf> = self.read.keys().collect();
        paths.sort();
        let mut images = Vec::new();
        let mut errors = Vec::new();
        for path in paths {
            match &self.read[path].1 {
                Ok(found) => images.extend(found.iter().map(|image| snapshot_of(path, image))),
                Err(error) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    errors.push(format!("{name}: {error}"));
                }
            }
        }
        Ok(HostSnapshot {
            endpoint: self.endpoint(),
            kind: HostKind::Archives,
            name: self.endpoint(),
            engine_name: String::new(),
            engine_version: String::new(),
            os: String::new(),
            kernel: String::new(),
            architecture: String::new(),
            storage_driver: String::new(),
            error: errors.join("; "),
            images,
            containers: Vec::new(),
        })
    }

    /// Files and OCI layout folders directly in the folder; hidden ones are still being written or belong to others.
    fn candidates(&self) -> Result<BTreeMap<PathBuf, Stamp>, FolderError> {
        let failed =
            |error: std::io::Error| FolderError { folder: self.folder.clone(), reason: error.to_string() };
        let mut candidates = BTreeMap::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let path = entry.path();
            // The marker of an OCI layout changes with every image that is added to it.
            let witness = if path.is_dir() { path.join("index.json") } else { path.clone() };
            if let Ok(data) = fs::metadata(&witness) {
                let changed = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                candidates.insert(path, (changed, data.len()));
            }
        }
        Ok(candidates)
    }
}

/// The archive at `path`, as the scanner takes it.
pub fn source(path: &Path) -> Source<'static> {
    if path.is_dir() { Source::Folder(path.to_path_buf()) } else { Source::File(path.to_path_buf()) }
}

fn snapshot_of(path: &Path, image: &ArchiveImage) -> ImageSnapshot {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ImageSnapshot {
        // The same image may lie in two archives, and both are told of.
        engine_id: format!("{name}#{}", image.id),
        digest: image.id.to_string(),
        manifest_digest: image.manifest_digest.as_ref().map(ToString::to_string).unwrap_or_default(),
        location: path.display().to_string(),
        size: i64::try_from(image.size).unwrap_or(i64::MAX),
        tags: image.tags.clone(),
        details: Some(ImageDetails {
            os: image.config.os.clone(),
            architecture: image.config.architecture.clone(),
            author: image.config.author.clone().unwrap_or_default(),
            created_at: timestamp(image.config.created.as_deref()),
        }),
    }
}
