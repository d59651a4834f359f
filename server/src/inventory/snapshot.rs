//! What a host has at one moment, as values: no engine and no database in sight.

use std::collections::{HashMap, HashSet};

use lazaret_entities::Timestamp;
use lazaret_entities::container::ContainerState;
use lazaret_entities::host::HostKind;

/// One host with all it has.
#[derive(Debug, Clone, PartialEq)]
pub struct HostSnapshot {
    /// The identity of the host: the engine's address (`unix:///var/run/docker.sock`) or the archives' folder.
    pub endpoint: String,
    /// Whether an engine or a folder of archives.
    pub kind: HostKind,
    /// The machine's name as the engine gives it, or the folder.
    pub name: String,
    /// `Docker Engine`, `Podman`; empty for archives.
    pub engine_name: String,
    /// The engine's version, empty when unknown.
    pub engine_version: String,
    /// The operating system's name.
    pub os: String,
    /// The kernel's version.
    pub kernel: String,
    /// The CPU architecture as the engine names it.
    pub architecture: String,
    /// The engine's storage driver.
    pub storage_driver: String,
    /// What of the host could not be read, empty when all was.
    pub error: String,
    /// All images, also those without a tag.
    pub images: Vec<ImageSnapshot>,
    /// All containers, running or not.
    pub containers: Vec<ContainerSnapshot>,
}

/// An image on a host.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSnapshot {
    /// How the host names it; unique on the host.
    pub engine_id: String,
    /// The config digest as far as it is known: the engine's ID until a scan learns better.
    pub digest: String,
    /// The digest of its manifest in a registry, empty when unknown.
    pub manifest_digest: String,
    /// The archive that holds it, empty for an engine.
    pub location: String,
    /// Bytes of its layers.
    pub size: i64,
    /// `repo:tag` references, none for a dangling image.
    pub tags: Vec<String>,
    /// What the host was asked for only because the image was not known yet.
    pub details: Option<ImageDetails>,
}

/// What does not change as long as the image is the same.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageDetails {
    /// Operating system, as Go names it.
    pub os: String,
    /// CPU architecture, as Go names it.
    pub architecture: String,
    /// Who made it, empty when not said.
    pub author: String,
    /// When it was made; 0 unknown.
    pub created_at: Timestamp,
}

/// A container on a host.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerSnapshot {
    /// The engine's ID.
    pub engine_id: String,
    /// Its name without the leading slash.
    pub name: String,
    /// The `engine_id` of its image.
    pub image_engine_id: String,
    /// State as the engine says it.
    pub state: ContainerState,
    /// What it runs.
    pub command: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was started last; 0 never.
    pub started_at: Timestamp,
}

/// What is stored of a host already and so need not be asked for again.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// `engine_id`s of images whose details are stored.
    pub images: HashSet<String>,
    /// State and start of each container by `engine_id`.
    pub containers: HashMap<String, (ContainerState, Timestamp)>,
}

/// Reads RFC 3339; 0 for nothing, for nonsense, and for the zero time that Go writes (year 1).
pub fn timestamp(text: Option<&str>) -> Timestamp {
    let micros =
        text.and_then(|text| text.parse::<jiff::Timestamp>().ok()).map_or(0, jiff::Timestamp::as_microsecond);
    Timestamp::from_micros(micros.max(0))
}

/// The short form of a digest that people read: twelve hex digits.
pub fn short_digest(digest: &str) -> String {
    digest.rsplit(':').next().unwrap_or(digest).chars().take(12).collect()
}
