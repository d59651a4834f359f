//! Package formats: one file each, with what it wants to see and how it reads it.

pub mod apk;
pub mod dpkg;
pub mod node;
pub mod python;
mod stanza;

use serde::{Deserialize, Serialize};

use crate::layer::Warning;

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

impl Package {
    /// A package of a format that knows neither source packages nor architectures.
    fn without_source(name: String, version: String) -> Self {
        Self {
            source_name: name.clone(),
            source_version: version.clone(),
            name,
            version,
            arch: String::new(),
        }
    }
}

/// The format of the file at `path` (without a leading slash), when it is one that tells of packages.
pub fn format_of(path: &str) -> Option<Format> {
    if dpkg::wants(path) {
        Some(Format::Dpkg)
    } else if apk::wants(path) {
        Some(Format::Apk)
    } else if node::wants(path) {
        Some(Format::Node)
    } else if python::wants(path) {
        Some(Format::Python)
    } else {
        None
    }
}

/// Reads the file at `path`. What it lists is sorted, each package once; what of it cannot be read makes warnings,
/// never an error: a damaged file must not hide the rest of the image.
pub fn parse(format: Format, path: &str, bytes: &[u8]) -> (PackageFile, Vec<Warning>) {
    let read = match format {
        Format::Dpkg => dpkg::parse,
        Format::Apk => apk::parse,
        Format::Python => python::parse,
        Format::Node => node::parse,
    };
    let (mut packages, messages) = read(path, bytes);
    packages.sort();
    packages.dedup();
    let warnings = messages.into_iter().map(|message| Warning { path: path.to_owned(), message }).collect();
    (PackageFile { path: path.to_owned(), format, packages }, warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_its_format() {
        let format = |path| format_of(path);
        assert_eq!(format("var/lib/dpkg/status"), Some(Format::Dpkg));
        assert_eq!(format("usr/lib/apk/db/installed"), Some(Format::Apk));
        assert_eq!(format("app/node_modules/a/package.json"), Some(Format::Node));
        assert_eq!(format("usr/lib/python3/dist-packages/a.egg-info"), Some(Format::Python));
        assert_eq!(format("etc/passwd"), None);
    }

    #[test]
    fn a_package_is_listed_once_and_a_warning_knows_its_path() {
        let (file, warnings) =
            parse(Format::Apk, "lib/apk/db/installed", b"P:b\nV:1\n\nP:a\nV:1\n\nP:b\nV:1\n\nP:c\n");
        assert_eq!(file.packages.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].path, "lib/apk/db/installed");
    }
}
