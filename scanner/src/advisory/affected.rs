//! The part of a record that matching needs, and the key under which a package asks for it.

use serde::{Deserialize, Serialize};

use super::model::{Range, RangeKind, Record};
use super::severity;
use crate::ecosystem::{self, Named, match_name};
use crate::image::ImagePackage;

/// Which versions of one package one record concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// Spans of versions; those of commits are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Range>,
    /// Versions one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// Whether the distribution calls the vulnerability unimportant or negligible for this package.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unimportant: bool,
}

impl Record {
    /// What the record says of each package: ecosystem with release, name to match by, versions.
    ///
    /// Several entries for one package become one, which holds what any of them holds: GitHub writes one entry per
    /// line of releases. A withdrawn record concerns nothing.
    pub fn affected_packages(&self) -> Vec<(String, String, Affected)> {
        if self.withdrawn.is_some() {
            return Vec::new();
        }
        let mut packages: Vec<(String, String, Affected)> = Vec::new();
        for entry in &self.affected {
            let Some(package) = &entry.package else { continue };
            let release = ecosystem::of_record(&package.ecosystem);
            let name = match_name(&release, &package.name);
            let ranges = entry.ranges.iter().filter(|range| range.kind != RangeKind::Other).cloned();
            let unimportant = severity::is_unimportant(self, entry);
            let known = packages.iter_mut().find(|(e, n, _)| *e == release && *n == name);
            if let Some((_, _, affected)) = known {
                affected.ranges.extend(ranges);
                affected.versions.extend_from_slice(&entry.versions);
                affected.unimportant &= unimportant;
            } else {
                let affected =
                    Affected { ranges: ranges.collect(), versions: entry.versions.clone(), unimportant };
                packages.push((release.into_owned(), name, affected));
            }
        }
        packages
    }
}

/// Name and version to ask advisories about: of the source package where a distribution's advisories name source
/// packages (Debian, Ubuntu, Alpine and what is built like them), else of the package itself.
pub fn match_key(package: &ImagePackage) -> (String, String) {
    match ecosystem::find(&package.ecosystem).map(|known| known.named) {
        Some(Named::BySource) => (package.source_name.clone(), package.source_version.clone()),
        _ => (match_name(&package.ecosystem, &package.name), package.version.clone()),
    }
}
