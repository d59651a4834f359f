//! What was scanned: an image with its layers, or what stood in place of one.

use jiff::Timestamp;
use serde::Serialize;

use super::time;

/// What kind of thing was scanned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// An image with its layers.
    #[default]
    Image,
    /// A folder: a root file system or a source tree.
    Folder,
    /// The file system of a container, as it is now.
    Container,
    /// A bill of materials that somebody wrote of an image or of anything else.
    Sbom,
}

impl Kind {
    /// The word in sentences: `image`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Folder => "folder",
            Self::Container => "container",
            Self::Sbom => "bill of materials",
        }
    }
}

/// The identity of an image, or of what was scanned in place of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// What kind of thing it is.
    pub kind: Kind,
    /// What it is called when it is no image: the folder's path, the container's name, what a bill of materials says it
    /// is about; empty for an image.
    pub name: String,
    /// The config digest, `sha256:…`, of a container that of its image. A folder
    /// and a bill of materials have none: a digest over what was read.
    pub id: String,
    /// The references that point to it.
    pub tags: Vec<String>,
    /// The distribution inside, when there is one.
    pub os: Option<Os>,
    /// CPU architecture, as Go names it; empty when unknown.
    pub architecture: String,
    /// When it was built, as its config says.
    #[serde(with = "time::option")]
    pub created: Option<Timestamp>,
    /// Size in bytes.
    pub size: u64,
    /// Its layers, lowest first.
    pub layers: Vec<Layer>,
}

impl Image {
    /// What people call it: the folder or container, the first tag, else the beginning of the digest.
    pub fn name(&self) -> &str {
        if !self.name.is_empty() {
            return &self.name;
        }
        self.tags.first().map_or_else(|| self.id.get(..19).unwrap_or(&self.id), String::as_str)
    }

    /// The config digest; empty where there is no image.
    pub fn digest(&self) -> &str {
        if matches!(self.kind, Kind::Folder | Kind::Sbom) { "" } else { &self.id }
    }

    /// `linux/amd64`. Lazaret reads Linux images alone. Empty for a folder, and for a bill of materials that names none.
    pub fn platform(&self) -> String {
        if self.kind == Kind::Folder || (self.kind == Kind::Sbom && self.architecture.is_empty()) {
            return String::new();
        }
        if self.architecture.is_empty() { "linux".to_owned() } else { format!("linux/{}", self.architecture) }
    }
}

/// The distribution in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Os {
    /// os-release `ID`: `debian`.
    pub id: String,
    /// os-release `VERSION_ID`; empty when absent.
    pub version: String,
    /// os-release `PRETTY_NAME`.
    pub name: String,
    /// The OSV ecosystem of its packages, `Debian:11`; absent when OSV does not know the distribution.
    pub ecosystem: Option<String>,
}

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    /// 0 the lowest.
    pub index: usize,
    /// Digest of its uncompressed tar.
    pub diff_id: String,
    /// The build step that made it; empty when the image does not say.
    pub created_by: String,
}

/// Names the layer that something came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerRef {
    /// 0 the lowest.
    pub index: usize,
    /// Digest of its uncompressed tar; empty when a bill of materials names no layer.
    pub diff_id: String,
}
