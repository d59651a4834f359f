//! The part of a record that matching needs, and the key under which a package asks for it.

use serde::{Deserialize, Serialize};

use super::model::{Event, Range, RangeKind, Record};
use super::severity;
use crate::ecosystem::{self, Named, match_name};
use crate::image::ImagePackage;
use crate::version::Scheme;

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
    /// Which builds of an rpm distribution it speaks of.
    #[serde(default, skip_serializing_if = "Builds::is_any")]
    pub builds: Builds,
}

/// Which builds of a package a record of an rpm distribution speaks of: a package is built for the distribution, and
/// anew for each stream of a module, and one build's fixed version says nothing of another's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Builds {
    /// It does not say.
    #[default]
    Any,
    /// Those of the distribution alone.
    Plain,
    /// Those of modules; of these streams, `NAME:STREAM`, where the record says which.
    Module(Vec<String>),
}

/// What the releases of builds for modules have in them: `.module+el8` of Red Hat, `.module_el8` of `AlmaLinux`.
const MODULE_RELEASE: &str = ".module";

impl Builds {
    /// Told by the fixed versions of an entry, and the streams by the record's summary:
    /// `Important: nodejs:18 security update`, `idm:DL1 and idm:client bug fix update`.
    fn of(record: &Record, ranges: &[Range]) -> Self {
        let fixed = ranges.iter().flat_map(|range| &range.events).filter_map(|event| match event {
            Event::Fixed(version) => Some(version.contains(MODULE_RELEASE)),
            _ => None,
        });
        let fixed: Vec<bool> = fixed.collect();
        if fixed.is_empty() {
            return Self::Any;
        }
        if !fixed.contains(&true) {
            return Self::Plain;
        }
        let words = record.summary.split_whitespace().map(|word| word.trim_end_matches([',', ';', ':']));
        // Some summaries repeat the id of the record.
        let streams = words.filter(|word| {
            *word != record.id
                && word.split_once(':').is_some_and(|(name, stream)| !name.is_empty() && !stream.is_empty())
        });
        Self::Module(streams.map(str::to_owned).collect())
    }

    const fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }

    /// Whether a package with this module label (`NAME:STREAM`, empty where it has none) and version is meant.
    pub fn include(&self, module: &str, version: &str) -> bool {
        let of_module = !module.is_empty() || version.contains(MODULE_RELEASE);
        match self {
            Self::Any => true,
            Self::Plain => !of_module,
            Self::Module(streams) => {
                let named = streams.is_empty() || streams.iter().any(|stream| stream == module);
                of_module && (module.is_empty() || named)
            }
        }
    }
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
            let is_rpm = ecosystem::find(&release).is_some_and(|known| known.scheme == Scheme::Rpm);
            let builds = if is_rpm { Builds::of(self, &entry.ranges) } else { Builds::Any };
            let known = packages
                .iter_mut()
                .find(|(e, n, known)| *e == release && *n == name && known.builds == builds);
            if let Some((_, _, affected)) = known {
                affected.ranges.extend(ranges);
                affected.versions.extend_from_slice(&entry.versions);
                affected.unimportant &= unimportant;
            } else {
                let affected = Affected {
                    ranges: ranges.collect(),
                    versions: entry.versions.clone(),
                    unimportant,
                    builds,
                };
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
