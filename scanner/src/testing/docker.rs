//! Archives as `docker save` writes them.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Compression, ImageBuilder, OciLayout, TarBuilder};
use crate::Digest;

/// Which engine's form an archive has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DockerFormat {
    /// Docker 1.10 to 24: a folder per layer; a layer that was there before is a symbolic link to the other folder.
    #[default]
    Folders,
    /// Podman and Skopeo: layers lie at the top as `<diff ID>.tar`, with links from the folders.
    Flat,
    /// Docker 25 and later: an OCI layout with a `manifest.json` beside it.
    Blobs,
}

/// Writes an archive like `docker save`, with the manifest last as engines do.
#[derive(Debug, Clone, Default)]
pub struct DockerArchive {
    images: Vec<ImageBuilder>,
    format: DockerFormat,
    compression: Compression,
}

impl DockerArchive {
    /// An archive without images.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image.
    #[must_use]
    pub fn image(mut self, image: ImageBuilder) -> Self {
        self.images.push(image);
        self
    }

    /// Chooses the engine's form.
    #[must_use]
    pub fn format(mut self, format: DockerFormat) -> Self {
        self.format = format;
        self
    }

    /// Packs each layer.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// The archive as a tar.
    pub fn build(self) -> Vec<u8> {
        match self.format {
            DockerFormat::Blobs => self.blobs(),
            DockerFormat::Folders | DockerFormat::Flat => self.folders(),
        }
    }

    fn folders(self) -> Vec<u8> {
        let mut tar = TarBuilder::new();
        let mut homes: BTreeMap<Digest, String> = BTreeMap::new();
        let mut manifest = Vec::new();
        // Links are written before what they name, the order that a reader of a stream finds hardest.
        let mut late = TarBuilder::new();
        let mut pending: Vec<(String, Vec<u8>)> = Vec::new();
        for image in &self.images {
            let mut names = Vec::new();
            for (position, layer) in image.layers.iter().enumerate() {
                let folder = Digest::of(format!("{}/{position}", image.id()).as_bytes()).hex();
                let name = format!("{folder}/layer.tar");
                tar = tar.directory(&folder).file(format!("{folder}/VERSION"), "1.0");
                let digest = Digest::of(layer);
                let flat = format!("{}.tar", digest.hex());
                match (self.format, homes.get(&digest)) {
                    (DockerFormat::Flat, home) => {
                        tar = tar.symlink(&name, format!("../{flat}"));
                        if home.is_none() {
                            pending.push((flat.clone(), self.compression.pack(layer)));
                            homes.insert(digest, flat.clone());
                        }
                        names.push(flat);
                    }
                    (_, Some(home)) => {
                        // An image that was added twice has its layers in the same folders.
                        if *home != name {
                            tar = tar.symlink(&name, format!("../{home}"));
                        }
                        names.push(name);
                    }
                    (_, None) => {
                        pending.push((name.clone(), self.compression.pack(layer)));
                        homes.insert(digest, name.clone());
                        names.push(name);
                    }
                }
            }
            let config = format!("{}.json", image.id().hex());
            pending.push((config.clone(), image.config_json()));
            manifest.push(json!({ "Config": config, "RepoTags": tags(image), "Layers": names }));
        }
        for (name, bytes) in pending {
            tar = tar.file(name, bytes);
        }
        late = late.file("manifest.json", json!(manifest).to_string());
        [tar.build_unfinished(), late.build()].concat()
    }

    fn blobs(self) -> Vec<u8> {
        let manifest: Vec<_> = self
            .images
            .iter()
            .map(|image| {
                let blob = |digest: Digest| format!("blobs/sha256/{}", digest.hex());
                let layers: Vec<_> = image
                    .layers
                    .iter()
                    .map(|layer| blob(Digest::of(&self.compression.pack(layer))))
                    .collect();
                json!({ "Config": blob(image.id()), "RepoTags": tags(image), "Layers": layers })
            })
            .collect();
        let layout =
            self.images.into_iter().fold(OciLayout::new().compression(self.compression), OciLayout::image);
        layout.extra("manifest.json", json!(manifest).to_string()).build()
    }
}

fn tags(image: &ImageBuilder) -> serde_json::Value {
    // Engines write null, not an empty list, for an image without a tag.
    if image.tags.is_empty() { serde_json::Value::Null } else { json!(image.tags) }
}
