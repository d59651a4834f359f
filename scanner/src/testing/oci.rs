//! OCI image layouts, as a folder or a tar.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::{Compression, ImageBuilder, TarBuilder};
use crate::Digest;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Writes an OCI image layout (OCI image-spec, image-layout.md).
#[derive(Debug, Clone, Default)]
pub struct OciLayout {
    images: Vec<ImageBuilder>,
    compression: Compression,
    nested: bool,
    attestations: bool,
    artifacts: bool,
    extra: BTreeMap<String, Vec<u8>>,
    missing: Vec<Digest>,
}

impl OciLayout {
    /// A layout without images.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image.
    #[must_use]
    pub fn image(mut self, image: ImageBuilder) -> Self {
        self.images.push(image);
        self
    }

    /// Packs each layer.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Puts the manifests into an index of their own, which `index.json` names, as multi-platform images have it.
    #[must_use]
    pub fn nested(mut self) -> Self {
        self.nested = true;
        self
    }

    /// Puts an attestation manifest (platform `unknown/unknown`) before each image.
    #[must_use]
    pub fn with_attestations(mut self) -> Self {
        self.attestations = true;
        self
    }

    /// Puts an artefact that is no image first.
    #[must_use]
    pub fn with_artifact(mut self) -> Self {
        self.artifacts = true;
        self
    }

    /// Adds a file, or replaces one that the layout would have.
    #[must_use]
    pub fn extra(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.extra.insert(path.to_owned(), content.into());
        self
    }

    /// Leaves out the blob of this digest.
    #[must_use]
    pub fn without_blob(mut self, digest: Digest) -> Self {
        self.missing.push(digest);
        self
    }

    /// The layout as a tar, in byte order of the paths.
    pub fn build(self) -> Vec<u8> {
        let files = self.files();
        files.into_iter().fold(TarBuilder::new(), |tar, (path, content)| tar.file(path, content)).build()
    }

    /// Writes the layout into `folder`, which is created.
    pub fn write_folder(self, folder: &Path) -> io::Result<()> {
        for (path, content) in self.files() {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, content)?;
        }
        Ok(())
    }

    /// Path and content of every file of the layout.
    pub fn files(self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut manifests = Vec::new();
        if self.artifacts {
            let config = add(&mut files, "application/vnd.oci.empty.v1+json", b"{}".to_vec());
            let data = add(&mut files, "text/plain", b"not a layer".to_vec());
            manifests.push(add_manifest(&mut files, &config, &[data]));
        }
        for image in &self.images {
            let config = add(&mut files, "application/vnd.oci.image.config.v1+json", image.config_json());
            if self.attestations {
                let statement = add(&mut files, "application/vnd.in-toto+json", b"{}".to_vec());
                let mut attestation = add_manifest(&mut files, &config, &[statement]);
                attestation["platform"] = json!({ "architecture": "unknown", "os": "unknown" });
                attestation["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
                manifests.push(attestation);
            }
            let layers: Vec<_> = image
                .layers
                .iter()
                .map(|layer| {
                    add(&mut files, self.compression.layer_media_type(), self.compression.pack(layer))
                })
                .collect();
            let mut manifest = add_manifest(&mut files, &config, &layers);
            manifest["platform"] = image.platform_json();
            if image.tags.is_empty() {
                manifests.push(manifest);
            } else {
                for tag in &image.tags {
                    let mut tagged = manifest.clone();
                    tagged["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
                    manifests.push(tagged);
                }
            }
        }
        if self.nested {
            let inner = add(&mut files, INDEX, index(&manifests));
            manifests = vec![inner];
        }
        files.insert("index.json".to_owned(), index(&manifests));
        files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        for digest in &self.missing {
            files.remove(&blob(digest));
        }
        files.extend(self.extra);
        files
    }
}

fn index(manifests: &[Value]) -> Vec<u8> {
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests }).to_string().into_bytes()
}

fn blob(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// Stores a blob and gives its descriptor.
fn add(files: &mut BTreeMap<String, Vec<u8>>, media_type: &str, content: Vec<u8>) -> Value {
    let digest = Digest::of(&content);
    let descriptor = json!({ "mediaType": media_type, "digest": digest, "size": content.len() });
    files.insert(blob(&digest), content);
    descriptor
}

fn add_manifest(files: &mut BTreeMap<String, Vec<u8>>, config: &Value, layers: &[Value]) -> Value {
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
    add(files, MANIFEST, manifest.to_string().into_bytes())
}
