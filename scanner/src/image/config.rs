//! The image configuration (OCI image-spec, config.md), read with the tolerance that real images need.

use serde::Deserialize;

use super::{History, ImageConfig};
use crate::Digest;

/// Why a configuration could not be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "the image configuration cannot be read: {0}; export the image again, or make it again with a current tool"
)]
pub struct ConfigError(#[from] serde_json::Error);

#[derive(Deserialize)]
struct RawConfig {
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    os: Option<String>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    author: Option<String>,
    rootfs: RawRootfs,
    #[serde(default)]
    history: Option<Vec<RawHistory>>,
}

#[derive(Deserialize)]
struct RawRootfs {
    // `null` is what Go writes for an image without layers.
    #[serde(default)]
    diff_ids: Option<Vec<Digest>>,
}

#[derive(Deserialize)]
struct RawHistory {
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    created_by: Option<String>,
    #[serde(default)]
    empty_layer: Option<bool>,
}

/// Reads an image configuration. An error when it is no JSON or has no `rootfs`.
pub fn parse_config(json: &[u8]) -> Result<ImageConfig, ConfigError> {
    let raw: RawConfig = serde_json::from_slice(json)?;
    let history = raw.history.unwrap_or_default().into_iter().map(|step| History {
        created: step.created,
        created_by: step.created_by,
        empty_layer: step.empty_layer.unwrap_or_default(),
    });
    Ok(ImageConfig {
        architecture: raw.architecture.unwrap_or_default(),
        os: raw.os.unwrap_or_default(),
        created: raw.created,
        author: raw.author.filter(|author| !author.is_empty()),
        diff_ids: raw.rootfs.diff_ids.unwrap_or_default(),
        history: history.collect(),
    })
}
