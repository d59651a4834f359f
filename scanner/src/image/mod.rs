//! Layers in order give the image's view: later layers hide earlier files, whiteouts remove them.

mod aside;
mod config;
mod distro;
mod findings;
#[cfg(test)]
mod findings_tests;
mod links;
mod merge;
mod ownership;
mod purl;
#[cfg(test)]
mod tests;
mod view;

pub use aside::SetAside;
pub use config::{ConfigError, parse_config};
pub(crate) use distro::RELEASE_FILES;
pub(crate) use distro::os_release as parse_os_release;
pub use findings::{
    ImageMalware, ImageSecret, SecretSource, config_secrets, file_secrets, malware, redact_config,
};
pub(crate) use links::{Unread, unread};
pub use merge::merge;
pub use purl::PackageName;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::catalog::{Evidence, Format};
use crate::layer::Warning;

/// The parts of an OCI image configuration that Lazaret uses (OCI image-spec, config.md).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// CPU architecture, as Go names it.
    pub architecture: String,
    /// Operating system, as Go names it.
    pub os: String,
    /// Creation time in RFC 3339, as written.
    pub created: Option<String>,
    /// Who made the image.
    pub author: Option<String>,
    /// Digests of the uncompressed layers, lowest first.
    pub diff_ids: Vec<Digest>,
    /// Build steps, oldest first.
    pub history: Vec<History>,
    /// What containers of the image are started with.
    pub start: StartConfig,
}

/// The parts of an image configuration that a container is started with (OCI image-spec, config.md, `config`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartConfig {
    /// Environment variables, each `NAME=VALUE`.
    pub environment: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// The arguments that a user may replace.
    pub command: Vec<String>,
    /// What tells whether the container is well (Docker's `Healthcheck.Test`).
    pub health_check: Vec<String>,
    /// Instructions for images built on this one (Docker's `OnBuild`).
    pub on_build: Vec<String>,
}

/// One build step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// When, in RFC 3339, as written.
    pub created: Option<String>,
    /// The instruction.
    pub created_by: Option<String>,
    /// Whether the step made no layer.
    pub empty_layer: bool,
}

/// The distribution in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distro {
    /// os-release `ID`: `debian`, `alpine`.
    pub id: String,
    /// os-release `VERSION_ID`, empty when absent.
    pub version: String,
    /// os-release `PRETTY_NAME`, else id and version.
    pub name: String,
    /// The OSV ecosystem of its packages (`Debian:11`, `Alpine:v3.20`), when OSV has one.
    pub ecosystem: Option<String>,
}

/// A package that is visible in the image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ImagePackage {
    /// The OSV ecosystem with release (`Debian:11`, `PyPI`, `npm`); of an OS package whose distro OSV does not know,
    /// the os-release id and version (`gentoo:2.15`), which no advisory matches.
    pub ecosystem: String,
    /// Name.
    pub name: String,
    /// Version with epoch.
    pub version: String,
    /// Source package name (the name where there is none).
    pub source_name: String,
    /// Source package version (the version where there is none).
    pub source_version: String,
    /// Architecture, empty where there is none.
    pub arch: String,
    /// The module stream it was built for (`name:stream`), empty where there is none.
    pub module: String,
    /// The licences that it declares, as an SPDX expression where they are one; empty when it declares none.
    pub licenses: String,
    /// The format of the file that told of it; `None` when a bill of materials did.
    pub format: Option<Format>,
    /// What kind of file told of it.
    pub evidence: Evidence,
    /// Index of the layer that brought this version, 0 the lowest.
    pub layer: usize,
    /// The file that tells of it, without a leading slash; what lies in an archive follows after `!/`.
    pub path: String,
}

/// What an image holds, merged from its layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageAnalysis {
    /// The distribution, when an os-release is there.
    pub distro: Option<Distro>,
    /// All visible packages, ordered by ecosystem, name, version, path; none twice.
    pub packages: Vec<ImagePackage>,
    /// What is not covered, from layers whose file is still visible.
    pub warnings: Vec<Warning>,
}
