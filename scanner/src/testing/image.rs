//! Images: layers with a configuration.

use std::collections::BTreeMap;

use serde_json::json;

use super::LayerBuilder;
use crate::Digest;

/// An image of given layers, to be written by [`super::DockerArchive`] or [`super::OciLayout`].
#[derive(Debug, Clone)]
pub struct ImageBuilder {
    pub(super) layers: Vec<Vec<u8>>,
    pub(super) tags: Vec<String>,
    history: Vec<serde_json::Value>,
    environment: Vec<String>,
    labels: BTreeMap<String, String>,
    os: String,
    architecture: String,
    author: Option<String>,
    created: String,
    diff_ids: Option<Vec<Digest>>,
}

impl Default for ImageBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ImageBuilder {
    /// A linux/amd64 image without layers and tags, created in 1970.
    pub fn new() -> Self {
        Self {
            layers: Vec::new(),
            tags: Vec::new(),
            history: Vec::new(),
            environment: Vec::new(),
            labels: BTreeMap::new(),
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            author: None,
            created: "1970-01-01T00:00:00Z".to_owned(),
            diff_ids: None,
        }
    }

    /// Lays a layer on top.
    #[must_use]
    pub fn layer(self, layer: LayerBuilder) -> Self {
        let number = self.layers.len() + 1;
        self.layer_by(layer.build(), &format!("LAYER {number}"))
    }

    /// Lays a layer, given as its tar, on top, with the build step that made it.
    #[must_use]
    pub fn layer_by(mut self, tar: Vec<u8>, created_by: &str) -> Self {
        self.history.push(json!({ "created": self.created, "created_by": created_by }));
        self.layers.push(tar);
        self
    }

    /// Adds a build step that made no layer.
    #[must_use]
    pub fn step(mut self, created_by: &str) -> Self {
        let step = json!({ "created": self.created, "created_by": created_by, "empty_layer": true });
        self.history.push(step);
        self
    }

    /// Sets an environment variable, as `ENV` does.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push(format!("{name}={value}"));
        self.step(&format!("/bin/sh -c #(nop)  ENV {name}={value}"))
    }

    /// Sets a label.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds a `repository:tag`.
    #[must_use]
    pub fn tag(mut self, reference: &str) -> Self {
        self.tags.push(reference.to_owned());
        self
    }

    /// Sets the platform, in Go's names.
    #[must_use]
    pub fn platform(mut self, os: &str, architecture: &str) -> Self {
        os.clone_into(&mut self.os);
        architecture.clone_into(&mut self.architecture);
        self
    }

    /// Sets the author.
    #[must_use]
    pub fn author(mut self, author: &str) -> Self {
        self.author = Some(author.to_owned());
        self
    }

    /// Sets the creation time, RFC 3339; steps added later carry it too.
    #[must_use]
    pub fn created(mut self, created: &str) -> Self {
        created.clone_into(&mut self.created);
        self
    }

    /// Makes the configuration claim these diff IDs, whatever the layers are.
    #[must_use]
    pub fn claiming_diff_ids(mut self, diff_ids: Vec<Digest>) -> Self {
        self.diff_ids = Some(diff_ids);
        self
    }

    /// Diff IDs as the configuration has them, lowest first.
    pub fn diff_ids(&self) -> Vec<Digest> {
        self.diff_ids.clone().unwrap_or_else(|| self.layers.iter().map(|layer| Digest::of(layer)).collect())
    }

    /// The image configuration (OCI image-spec, config.md).
    pub fn config_json(&self) -> Vec<u8> {
        let mut config = json!({
            "architecture": self.architecture,
            "os": self.os,
            "created": self.created,
            "config": self.start(),
            "rootfs": { "type": "layers", "diff_ids": self.diff_ids() },
            "history": self.history,
        });
        if let Some(author) = &self.author {
            config["author"] = json!(author);
        }
        config.to_string().into_bytes()
    }

    /// As sparse as it was before there was something to say: the digests of images hang on it.
    fn start(&self) -> serde_json::Value {
        let mut start = json!({});
        if !self.environment.is_empty() {
            start["Env"] = json!(self.environment);
        }
        if !self.labels.is_empty() {
            start["Labels"] = json!(self.labels);
        }
        start
    }

    /// The image's identity: the digest of its configuration.
    pub fn id(&self) -> Digest {
        Digest::of(&self.config_json())
    }

    pub(super) fn platform_json(&self) -> serde_json::Value {
        json!({ "architecture": self.architecture, "os": self.os })
    }
}
