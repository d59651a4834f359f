//! Which artifacts an archive is and holds, told by what Maven wrote into it, then by its manifest, then by its name.

use std::collections::BTreeMap;

use super::coordinates::{Coordinates, of_file_name};
use super::manifest::Manifest;
use super::{groups, name};
use crate::catalog::Package;

/// What the entries of one archive told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// By folder: each artifact that was put in brings its own.
    pub artifacts: BTreeMap<String, Artifact>,
    pub manifest: Manifest,
}

/// What Maven wrote of one artifact.
#[derive(Debug, Default)]
pub(super) struct Artifact {
    pub coordinates: Coordinates,
    pub licenses: Vec<String>,
}

impl Told {
    /// The packages of the archive called `file_name`: its own, and those shaded into it. An artifact without a version
    /// is none: nothing can be said of it.
    pub fn packages(&self, file_name: &str) -> Vec<Package> {
        let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
        let mut packages = Vec::new();
        let own = self.own(stem);
        for artifact in self.artifacts.values() {
            let is_own = own.is_some_and(|own| std::ptr::eq(own, artifact));
            let Coordinates { group, artifact: id, version } = &artifact.coordinates;
            if id.is_empty() || version.is_empty() {
                continue;
            }
            let mut package = Package::new(name(group, id), version.as_str());
            package.licenses = joined(artifact.licenses.iter().map(String::as_str));
            if package.licenses.is_empty() && is_own {
                package.licenses = self.bundle_licenses();
            }
            packages.push(package);
        }
        // What is put in says nothing of the archive itself when none of it bears the archive's name.
        let of_others = !self.artifacts.is_empty();
        if own.is_none_or(|own| own.coordinates.version.is_empty())
            && let Some(found) = self.by_manifest(stem, of_others)
            && !packages.iter().any(|package| same_artifact(&package.name, &found.artifact))
        {
            let mut package = Package::new(name(&found.group, &found.artifact), found.version);
            package.licenses = self.bundle_licenses();
            packages.push(package);
        }
        packages
    }

    /// The artifact that gave the file its name; the longest, as `a` and `a-core` may both be in `a-core-1.0`.
    fn own(&self, stem: &str) -> Option<&Artifact> {
        let named = self.artifacts.values().filter(|artifact| {
            let id = artifact.coordinates.artifact.as_str();
            !id.is_empty()
                && stem
                    .strip_prefix(id)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.']))
        });
        named.max_by_key(|artifact| artifact.coordinates.artifact.len())
    }

    /// What manifest and file name tell. With `name_alone` only a file name with a version counts as the artifact's.
    fn by_manifest(&self, stem: &str, name_alone: bool) -> Option<Coordinates> {
        let (file_artifact, file_version) = of_file_name(stem);
        if name_alone && file_version.is_empty() {
            return None;
        }
        let manifest = &self.manifest;
        let version = manifest
            .first(&["implementation-version", "plugin-version"], is_version)
            .or((!file_version.is_empty()).then_some(file_version))
            .or_else(|| manifest.first(&["bundle-version", "specification-version"], is_version))?;
        // Jenkins writes who made the build behind the version of a plugin.
        let version = version.split(' ').next().unwrap_or_default();
        let titles =
            ["artifact-id", "extension-name", "short-name", "implementation-title", "specification-title"];
        let artifact = if file_version.is_empty() {
            manifest.first(&titles, is_id).or_else(|| self.symbolic_artifact()).unwrap_or(file_artifact)
        } else {
            file_artifact
        };
        if artifact.is_empty() {
            return None;
        }
        let group = manifest
            .first(&["group-id", "implementation-vendor-id"], |id| is_id(id) && id.contains('.'))
            .or_else(|| groups::of_artifact(artifact))
            .or_else(|| self.symbolic_group(artifact))
            .unwrap_or_default();
        Some(Coordinates {
            group: group.to_owned(),
            artifact: artifact.to_owned(),
            version: version.to_owned(),
        })
    }

    /// The last part of the bundle's or the module's name: `org.example.core` is `core`.
    fn symbolic_artifact(&self) -> Option<&str> {
        let symbolic = self.manifest.plain("bundle-symbolicname")?;
        let last = symbolic.rsplit('.').next()?;
        is_id(last).then_some(last)
    }

    /// The bundle's or the module's name without the artifact: `org.example.core` of `core` is `org.example`.
    fn symbolic_group(&self, artifact: &str) -> Option<&str> {
        ["bundle-symbolicname", "automatic-module-name"].into_iter().find_map(|attribute| {
            let name = self.manifest.plain(attribute)?;
            let group = name.strip_suffix(artifact)?.strip_suffix('.')?;
            (is_id(group) && group.contains('.')).then_some(group)
        })
    }

    fn bundle_licenses(&self) -> String {
        let Some(value) = self.manifest.first(&["bundle-license"], |_| true) else { return String::new() };
        joined(
            value
                .split(',')
                .map(|license| license.split(';').next().unwrap_or_default().trim_matches([' ', '"'])),
        )
    }
}

fn same_artifact(name: &str, artifact: &str) -> bool {
    name.rsplit(':').next() == Some(artifact)
}

fn is_id(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == 'v')
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.len() <= 100
        && !text.contains("${")
}

/// Licences that archives name by address or in words, by what their text contains in lower case.
const LICENSES: [(&str, &str); 12] = [
    ("apache.org/licenses/license-2.0", "Apache-2.0"),
    ("apache license, version 2.0", "Apache-2.0"),
    ("apache license 2.0", "Apache-2.0"),
    ("the apache software license, version 2.0", "Apache-2.0"),
    ("opensource.org/licenses/mit", "MIT"),
    ("the mit license", "MIT"),
    ("mit license", "MIT"),
    ("opensource.org/licenses/bsd-3-clause", "BSD-3-Clause"),
    ("eclipse.org/legal/epl-2.0", "EPL-2.0"),
    ("eclipse public license v2.0", "EPL-2.0"),
    ("eclipse.org/legal/epl-v10", "EPL-1.0"),
    ("opensource.org/licenses/bsd-2-clause", "BSD-2-Clause"),
];

/// The licences as one SPDX expression where each is known; else as they are written. Several are a choice, as Maven
/// says of them.
fn joined<'a>(licenses: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for license in licenses.map(str::trim).filter(|license| (1..=200).contains(&license.len())) {
        let lower = license.to_lowercase();
        let known = LICENSES.iter().find(|(text, _)| lower.contains(text)).map(|(_, id)| *id);
        let name = known.unwrap_or(license);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" OR ")
}
