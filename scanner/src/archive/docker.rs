//! The `manifest.json` of `docker save`, of Docker 1.10 and later, Podman and Skopeo.

use serde::Deserialize;

use super::manifest::{LayerRef, Plan, Shelf, add, check_layers, image, platform};
use super::{ArchiveError, Platforms, oci};
use crate::{Digest, Limits};

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "Config")]
    config: String,
    #[serde(rename = "RepoTags", default)]
    tags: Option<Vec<String>>,
    #[serde(rename = "Layers", default)]
    layers: Option<Vec<String>>,
}

pub(super) fn plans(shelf: &dyn Shelf, manifest: &[u8], limits: &Limits) -> Result<Vec<Plan>, ArchiveError> {
    let entries: Vec<Entry> = serde_json::from_slice(manifest).map_err(|error| {
        ArchiveError::NotAnImage(format!("its manifest.json is not that of an image archive ({error})"))
    })?;
    let mut plans = Vec::new();
    for entry in entries {
        let plan = plan(shelf, entry, limits)?;
        add(&mut plans, plan, limits)?;
    }
    // Since Docker 25 an OCI index lies beside it and adds the manifest digests. Without it nothing is lost.
    if let Ok(Some(index)) = shelf.document("index.json")
        && let Ok(others) = oci::plans(shelf, &index, limits, &Platforms::All)
    {
        for plan in &mut plans {
            let same = others.iter().find(|other| other.image.id == plan.image.id);
            plan.image.manifest_digest = same.and_then(|same| same.image.manifest_digest);
        }
    }
    Ok(plans)
}

fn plan(shelf: &dyn Shelf, entry: Entry, limits: &Limits) -> Result<Plan, ArchiveError> {
    let place = format!("configuration {}", entry.config);
    let config = shelf.document(&entry.config)?.ok_or_else(|| ArchiveError::MissingBlob(place.clone()))?;
    let mut image = image(config, &place)?;
    if let Some(expected) = digest_in_name(&entry.config)
        && expected != image.id
    {
        return Err(ArchiveError::DigestMismatch { place, expected, actual: image.id });
    }
    for tag in entry.tags.unwrap_or_default() {
        if !image.tags.contains(&tag) {
            image.tags.push(tag);
        }
    }
    let names = entry.layers.unwrap_or_default();
    check_layers(&image, names.len(), limits)?;
    let layers = names
        .iter()
        .zip(&image.config.diff_ids)
        .map(|(name, diff_id)| {
            let mut layer = LayerRef::new(shelf, name, name, *diff_id);
            // Elsewhere the name holds a legacy ID or the diff ID, which is checked anyway.
            layer.blob = name.starts_with("blobs/sha256/").then(|| digest_in_name(name)).flatten();
            layer
        })
        .collect();
    let platform = platform(&image, "");
    Ok(Plan { image, layers, platform, group: None })
}

/// The digest that a file name promises: `blobs/sha256/<hex>`, `<hex>.json`, `sha256:<hex>`.
fn digest_in_name(name: &str) -> Option<Digest> {
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    let name = name.strip_suffix(".json").unwrap_or(name);
    let hex = name.strip_prefix("sha256:").unwrap_or(name);
    format!("sha256:{hex}").parse().ok()
}
