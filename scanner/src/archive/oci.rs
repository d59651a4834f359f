//! OCI image layouts (OCI image-spec, image-layout.md): indexes, manifests, and what among them is an image.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::manifest::{LayerRef, Plan, Shelf, add, check_layers, image, platform};
use super::{ArchiveError, Platform, Platforms};
use crate::{Digest, Limits};

/// Indexes within indexes that are followed.
const MAX_DEPTH: usize = 8;
/// Descriptors that are looked at, per image that the limits allow.
const DESCRIPTORS_PER_IMAGE: usize = 8;

const IMAGE_CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
/// A full reference, as containerd writes it, goes before the specification's, which may be a tag alone.
const NAME_ANNOTATIONS: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

#[derive(Deserialize)]
struct Descriptor {
    #[serde(rename = "mediaType", default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    platform: Option<Stated>,
    #[serde(default)]
    urls: Option<Vec<String>>,
    #[serde(default)]
    size: Option<u64>,
}

#[derive(Deserialize)]
struct Stated {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
}

/// An index or a manifest; the two are told apart by what they have.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
    #[serde(rename = "artifactType", default)]
    artifact_type: Option<String>,
    /// What Docker's schema 1 has instead of layers.
    #[serde(rename = "fsLayers", default)]
    fs_layers: Option<serde_json::Value>,
}

pub(super) fn plans(
    shelf: &dyn Shelf,
    index: &[u8],
    limits: &Limits,
    platforms: &Platforms,
) -> Result<Vec<Plan>, ArchiveError> {
    let index: Document = parse(index, "index.json")
        .map_err(|error| ArchiveError::NotAnImage(format!("its index.json is no OCI index ({error})")))?;
    let Some(manifests) = index.manifests else {
        return Err(ArchiveError::NotAnImage(
            "its index.json is no OCI index (it lists no manifests)".to_owned(),
        ));
    };
    let mut walk = Walk {
        shelf,
        limits,
        platforms,
        plans: Vec::new(),
        artifacts: Vec::new(),
        missing: None,
        descriptors: 0,
    };
    for descriptor in &manifests {
        // Platforms of one image may lie side by side under its name.
        let group = format!("name {}", descriptor.name().unwrap_or_default());
        walk.visit(descriptor, None, &group, 0)?;
    }
    match (walk.plans.is_empty(), walk.missing, walk.artifacts.first()) {
        (false, _, _) | (true, None, None) => Ok(walk.plans),
        (true, Some(missing), _) => Err(ArchiveError::MissingBlob(missing)),
        (true, None, Some(artifact)) => {
            Err(ArchiveError::NotAnImage(format!("it holds no image, but an artefact of type `{artifact}`")))
        }
    }
}

struct Walk<'a> {
    shelf: &'a dyn Shelf,
    limits: &'a Limits,
    platforms: &'a Platforms,
    plans: Vec<Plan>,
    artifacts: Vec<String>,
    missing: Option<String>,
    descriptors: usize,
}

impl Walk<'_> {
    fn visit(
        &mut self,
        descriptor: &Descriptor,
        name: Option<&str>,
        group: &str,
        depth: usize,
    ) -> Result<(), ArchiveError> {
        self.descriptors += 1;
        let most = self.limits.images.saturating_mul(DESCRIPTORS_PER_IMAGE);
        if depth > MAX_DEPTH || self.descriptors > most {
            let limit = format!("its indexes go deeper than {MAX_DEPTH} or list more than {most} manifests");
            return Err(ArchiveError::LimitExceeded { place: "the OCI index".to_owned(), limit });
        }
        if descriptor.is_attestation() {
            return Ok(());
        }
        let place = format!("manifest {}", descriptor.digest);
        let Some((digest, bytes)) = self.manifest(descriptor, &place)? else {
            // Engines keep an index whole and only the platforms that were pulled.
            if depth > 0 {
                self.missing.get_or_insert(place);
                return Ok(());
            }
            return Err(ArchiveError::MissingBlob(place));
        };
        let name = descriptor.name().or(name);
        let document: Document = parse(&bytes, &place)?;
        if let Some(manifests) = &document.manifests {
            let group = format!("index {digest}");
            for child in self.wanted(manifests) {
                self.visit(child, name, &group, depth + 1)?;
            }
            return Ok(());
        }
        if document.fs_layers.is_some() {
            let media_type = "application/vnd.docker.distribution.manifest.v1+json".to_owned();
            return Err(ArchiveError::UnsupportedMediaType { place, media_type });
        }
        let (Some(config), None) = (&document.config, &document.artifact_type) else {
            self.artifacts.push(document.artifact_type.unwrap_or(descriptor.media_type.clone()));
            return Ok(());
        };
        if !config.media_type.is_empty() && !IMAGE_CONFIGS.contains(&config.media_type.as_str()) {
            self.artifacts.push(config.media_type.clone());
            return Ok(());
        }
        let mut plan = self.plan(config, document.layers.as_deref().unwrap_or_default(), digest, name)?;
        let stated = descriptor.platform.as_ref().and_then(|stated| stated.variant.as_deref());
        plan.platform = platform(&plan.image, stated.unwrap_or_default());
        plan.group = Some(group.to_owned());
        add(&mut self.plans, plan, self.limits)
    }

    fn plan(
        &self,
        config: &Descriptor,
        layers: &[Descriptor],
        manifest_digest: Digest,
        name: Option<&str>,
    ) -> Result<Plan, ArchiveError> {
        let place = format!("configuration {}", config.digest);
        let (_, bytes) =
            self.blob(config, &place)?.ok_or_else(|| ArchiveError::MissingBlob(place.clone()))?;
        let mut image = image(bytes, &place)?;
        image.tags = name.map(str::to_owned).into_iter().collect();
        image.manifest_digest = Some(manifest_digest);
        check_layers(&image, layers.len(), self.limits)?;
        let layers = layers
            .iter()
            .zip(&image.config.diff_ids)
            .map(|(descriptor, diff_id)| self.layer(descriptor, *diff_id))
            .collect::<Result<_, _>>()?;
        let platform = platform(&image, "");
        Ok(Plan { image, layers, platform, group: None })
    }

    fn layer(&self, descriptor: &Descriptor, diff_id: Digest) -> Result<LayerRef, ArchiveError> {
        let name = &descriptor.digest;
        // Media types may lie about compression, so only what cannot be read in any way is refused by its type.
        if descriptor.media_type.contains("encrypted") {
            let media_type = descriptor.media_type.clone();
            return Err(ArchiveError::UnsupportedMediaType { place: format!("layer {name}"), media_type });
        }
        let digest = descriptor.digest(&format!("layer {name}"))?;
        let mut layer = LayerRef::new(self.shelf, name, &path(&digest), diff_id);
        layer.blob = Some(digest);
        if layer.size == 0 {
            layer.size = descriptor.size.unwrap_or_default();
        }
        let types = ["nondistributable", "foreign"];
        if types.iter().any(|word| descriptor.media_type.contains(word)) {
            let url = descriptor.urls.iter().flatten().next().map_or("another place", String::as_str);
            layer.hint = format!(" (a foreign layer, which is to be fetched from {url})");
        }
        Ok(layer)
    }

    /// Of the manifests of one index those that are worth reading: where a platform is asked for and one says that it is
    /// for it, the others are not fetched.
    fn wanted<'d>(&self, manifests: &'d [Descriptor]) -> Vec<&'d Descriptor> {
        let is_there = |descriptor: &Descriptor| {
            descriptor.digest("").is_ok_and(|digest| self.shelf.locate(&path(&digest)).is_some())
        };
        let first = self.platforms.wanted().and_then(|wanted| {
            let mut stated = manifests.iter().filter(|descriptor| is_there(descriptor));
            stated.find_map(|descriptor| descriptor.stated().filter(|stated| stated.is_for(wanted)))
        });
        let Some(first) = first else { return manifests.iter().collect() };
        manifests.iter().filter(|descriptor| descriptor.stated().as_ref() == Some(&first)).collect()
    }

    /// The verified manifest of a descriptor, `None` when the archive lacks it.
    fn manifest(
        &self,
        descriptor: &Descriptor,
        place: &str,
    ) -> Result<Option<(Digest, Vec<u8>)>, ArchiveError> {
        let expected = descriptor.digest(place)?;
        verified(self.shelf.manifest(&path(&expected))?, expected, place)
    }

    /// The verified blob of a descriptor, `None` when the archive lacks it.
    fn blob(&self, descriptor: &Descriptor, place: &str) -> Result<Option<(Digest, Vec<u8>)>, ArchiveError> {
        let expected = descriptor.digest(place)?;
        verified(self.shelf.document(&path(&expected))?, expected, place)
    }
}

/// Bytes that are what their digest promises.
fn verified(
    bytes: Option<Vec<u8>>,
    expected: Digest,
    place: &str,
) -> Result<Option<(Digest, Vec<u8>)>, ArchiveError> {
    let Some(bytes) = bytes else { return Ok(None) };
    let actual = Digest::of(&bytes);
    if actual != expected {
        return Err(ArchiveError::DigestMismatch { place: place.to_owned(), expected, actual });
    }
    Ok(Some((actual, bytes)))
}

impl Descriptor {
    fn digest(&self, place: &str) -> Result<Digest, ArchiveError> {
        self.digest.parse().map_err(|error: crate::InvalidDigest| ArchiveError::Malformed {
            place: place.to_owned(),
            reason: error.to_string(),
        })
    }

    /// What the index says that it is for.
    fn stated(&self) -> Option<Platform> {
        let stated = self.platform.as_ref()?;
        Some(Platform::new(&stated.os, &stated.architecture, stated.variant.as_deref().unwrap_or_default()))
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(key).map(String::as_str)
    }

    fn name(&self) -> Option<&str> {
        NAME_ANNOTATIONS.iter().find_map(|key| self.annotation(key)).filter(|name| !name.is_empty())
    }

    /// Docker's builder lists provenance and bills of materials among the platforms.
    fn is_attestation(&self) -> bool {
        self.annotation("vnd.docker.reference.type") == Some("attestation-manifest")
            || self
                .platform
                .as_ref()
                .is_some_and(|platform| platform.os == "unknown" && platform.architecture == "unknown")
    }
}

fn path(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

fn parse(bytes: &[u8], place: &str) -> Result<Document, ArchiveError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ArchiveError::Malformed { place: place.to_owned(), reason: error.to_string() })
}
