//! Package formats: one file each, with what it wants to see and how it reads it.

use serde::{Deserialize, Serialize};

/// The database or metadata format that tells of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Debian's `var/lib/dpkg/status` and `var/lib/dpkg/status.d/*`.
    Dpkg,
    /// Alpine's `lib/apk/db/installed` (also under `usr/lib`).
    Apk,
    /// Python's `*.dist-info/METADATA`, `*.egg-info/PKG-INFO` and `*.egg-info` files.
    Python,
    /// `package.json` below a `node_modules` folder.
    Node,
}

/// A package as one file tells of it, without an ecosystem: a layer alone knows no distro.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Package {
    /// The package's name as its format writes it (Python: normalised by PEP 503).
    pub name: String,
    /// The version with its epoch.
    pub version: String,
    /// The source package (dpkg `Source`, apk `o:`); the name where the format has none.
    pub source_name: String,
    /// The source package's version; the version where the format has none.
    pub source_version: String,
    /// The architecture as the format writes it, empty where it has none.
    pub arch: String,
}

/// The packages that one file of a layer lists. A later layer's file at the same path replaces all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFile {
    /// Path in the layer, without a leading slash.
    pub path: String,
    /// The format it was read as.
    pub format: Format,
    /// What it lists.
    pub packages: Vec<Package>,
}
