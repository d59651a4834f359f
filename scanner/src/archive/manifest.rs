//! From the documents of an archive to what has to be read.

use super::{ArchiveError, ArchiveImage, Platform, Platforms, docker, oci};
use crate::image::parse_config;
use crate::{Digest, Limits};

/// Bytes of an index, manifest or configuration that are read; registries accept 4 MiB.
const DOCUMENT_BYTES: u64 = 8 << 20;

/// The most bytes that a document may have.
pub(super) fn document_bytes(limits: &Limits) -> u64 {
    limits.file_bytes.min(DOCUMENT_BYTES)
}

/// The files of an archive by name.
pub(super) trait Shelf {
    /// A manifest or an index, `None` when it is missing. A registry keeps them apart from blobs.
    fn manifest(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        self.document(name)
    }
    /// The content of a small file, `None` when the archive lacks it.
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError>;
    /// The name under which the bytes lie, links followed, and how many they are.
    fn locate(&self, name: &str) -> Option<(String, u64)>;
}

/// An image and where its layers lie.
pub(super) struct Plan {
    pub image: ArchiveImage,
    /// Lowest first, one per diff ID of the configuration.
    pub layers: Vec<LayerRef>,
    /// What it runs on.
    pub platform: Platform,
    /// What images of one name or one index have in common; `None` for an image of its own.
    pub group: Option<String>,
}

/// A layer as a manifest names it.
pub(super) struct LayerRef {
    /// As the manifest writes it.
    pub name: String,
    /// Where it lies in the archive; `None` when it is missing.
    pub location: Option<String>,
    /// Promised digest of the blob.
    pub blob: Option<Digest>,
    /// Promised digest of the uncompressed tar.
    pub diff_id: Digest,
    /// Bytes of the blob.
    pub size: u64,
    /// Why it may be missing, or empty.
    pub hint: String,
}

impl LayerRef {
    /// A layer that lies, or should lie, at `file`.
    pub(super) fn new(shelf: &dyn Shelf, name: &str, file: &str, diff_id: Digest) -> Self {
        let found = shelf.locate(file);
        let size = found.as_ref().map_or(0, |(_, size)| *size);
        let location = found.map(|(location, _)| location);
        Self { name: name.to_owned(), location, blob: None, diff_id, size, hint: String::new() }
    }

    /// Where it lies; the named error when it is missing.
    pub(super) fn location(&self, plan: &Plan) -> Result<&str, ArchiveError> {
        self.location.as_deref().ok_or_else(|| self.missing(plan))
    }

    /// The error that it is missing.
    pub(super) fn missing(&self, plan: &Plan) -> ArchiveError {
        ArchiveError::MissingLayer {
            image: plan.image.tags.first().cloned().unwrap_or_else(|| plan.image.id.to_string()),
            layer: self.name.clone(),
            hint: self.hint.clone(),
        }
    }
}

/// Finds out which of the known forms an archive has, and its images.
pub(super) fn plans(
    shelf: &dyn Shelf,
    limits: &Limits,
    platforms: &Platforms,
) -> Result<Vec<Plan>, ArchiveError> {
    let plans = if let Some(manifest) = shelf.document("manifest.json")? {
        docker::plans(shelf, &manifest, limits)?
    } else if let Some(index) = shelf.document("index.json")? {
        oci::plans(shelf, &index, limits, platforms)?
    } else if shelf.locate("repositories").is_some() {
        return Err(ArchiveError::NotAnImage(
            "it was saved by a Docker older than 1.10 (load it into a current engine and save it again)"
                .to_owned(),
        ));
    } else {
        return Err(ArchiveError::NotAnImage("it has neither a manifest.json nor an index.json".to_owned()));
    };
    if plans.is_empty() {
        return Err(ArchiveError::NotAnImage("its manifest lists no image".to_owned()));
    }
    Ok(plans)
}

/// The image of a configuration. Its size is that of the blobs.
pub(super) fn image(config_json: Vec<u8>, place: &str) -> Result<ArchiveImage, ArchiveError> {
    let config = parse_config(&config_json)
        .map_err(|error| ArchiveError::Malformed { place: place.to_owned(), reason: error.to_string() })?;
    let id = Digest::of(&config_json);
    Ok(ArchiveImage { id, config, config_json, tags: Vec::new(), manifest_digest: None, size: 0 })
}

/// What the image of a configuration runs on. `variant` is what an index says, should the configuration be silent.
pub(super) fn platform(image: &ArchiveImage, variant: &str) -> Platform {
    #[derive(serde::Deserialize)]
    struct Variant {
        #[serde(default)]
        variant: Option<String>,
    }
    let said = serde_json::from_slice::<Variant>(&image.config_json).ok().and_then(|config| config.variant);
    let variant = said.filter(|variant| !variant.is_empty()).unwrap_or_else(|| variant.to_owned());
    Platform::new(&image.config.os, &image.config.architecture, &variant)
}

/// Adds an image; one that is there already gets the new tags.
pub(super) fn add(plans: &mut Vec<Plan>, mut plan: Plan, limits: &Limits) -> Result<(), ArchiveError> {
    if let Some(known) = plans.iter_mut().find(|known| known.image.id == plan.image.id) {
        for tag in plan.image.tags {
            if !known.image.tags.contains(&tag) {
                known.image.tags.push(tag);
            }
        }
        return Ok(());
    }
    if plans.len() >= limits.images {
        return Err(limit(format!("it has more than {} images", limits.images)));
    }
    plan.image.size = plan.layers.iter().map(|layer| layer.size).sum();
    plans.push(plan);
    Ok(())
}

/// Checks that a manifest and its configuration tell of equally many layers, and of not too many.
pub(super) fn check_layers(
    image: &ArchiveImage,
    manifest_layers: usize,
    limits: &Limits,
) -> Result<(), ArchiveError> {
    if manifest_layers > limits.layers {
        return Err(limit(format!("image {} has more than {} layers", image.id, limits.layers)));
    }
    let diff_ids = image.config.diff_ids.len();
    if diff_ids != manifest_layers {
        return Err(ArchiveError::Malformed {
            place: format!("image {}", image.id),
            reason: format!("its manifest has {manifest_layers} layers and its configuration {diff_ids}"),
        });
    }
    Ok(())
}

fn limit(limit: String) -> ArchiveError {
    ArchiveError::LimitExceeded { place: "the archive".to_owned(), limit }
}
