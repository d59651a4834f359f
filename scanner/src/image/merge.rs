//! Layers laid over each other.

use std::collections::{BTreeMap, HashSet};

use super::distro;
use super::distro::RELEASE_FILES;
use super::links::package_names;
use super::ownership::{self, licenses};
use super::view::{Place, View, symlinks};
use super::{Distro, ImageAnalysis, ImagePackage};
use crate::catalog::{Format, Owner, Package, PackageFile, dpkg, rpm};
use crate::ecosystem;
use crate::layer::{LayerAnalysis, Warning, want};

/// The image's view of its layers, lowest first.
pub fn merge(layers: &[&LayerAnalysis]) -> ImageAnalysis {
    let layers: Vec<_> = layers.iter().copied().map(Some).collect();
    let symlinks = symlinks(&layers);
    let view = View::new(&layers, &symlinks);
    let distro = find_distro(view);
    let mut warnings = visible_warnings(view);
    let mut packages = Vec::new();
    let shown = shown_files(view);
    let owned = ownership::owned(view, &shown, distro.as_ref());
    for versions in shown {
        let Some(file) = view.package_file(&versions[0]) else {
            // Its own pass has told why a file with a wanted name was not read.
            if want(&versions[0].path).is_none() {
                warnings.push(Warning {
                    path: versions[0].path.clone(),
                    message:
                        "is named by a link as a package database, but its layer was analysed without it; \
                              what it lists is not covered"
                            .to_owned(),
                });
            }
            continue;
        };
        let place = &versions[0];
        if !file.format.is_system() && owned.contains(&(place.layer, place.path.clone())) {
            continue;
        }
        if let Some(warning) = foreign_database(file, distro.as_ref()) {
            warnings.push(warning);
        }
        let ecosystem = ecosystem_of(file.format, distro.as_ref());
        let id = distro.as_ref().map_or("", |distro| distro.id.as_str());
        attribute(view, &versions, file, (id, &ecosystem), &mut packages);
    }
    warnings.sort();
    warnings.dedup();
    packages.sort_by(|a, b| key(a).cmp(&key(b)));
    packages.dedup_by(|a, b| key(a) == key(b));
    ImageAnalysis { distro, packages, warnings }
}

fn key(package: &ImagePackage) -> (&str, &str, &str, &str, &str) {
    (&package.ecosystem, &package.name, &package.version, &package.path, &package.arch)
}

/// Each visible package file once, with the contents it had below.
fn shown_files(view: View<'_>) -> Vec<Vec<Place>> {
    let mut shown: BTreeMap<(usize, String), Vec<Place>> = BTreeMap::new();
    for name in package_names(view) {
        let versions = view.versions(name);
        if let Some(top) = versions.first() {
            // A program that an upper layer replaced by a file that tells of nothing.
            if want(name).is_none() && view.package_file(top).is_none() {
                continue;
            }
            let known = shown.entry((top.layer, top.path.clone())).or_default();
            if versions.len() > known.len() {
                *known = versions;
            }
        }
    }
    // A file that an upper layer wrote again through a linked folder is not visible at its own name either.
    let mut rewritten: BTreeMap<String, usize> = BTreeMap::new();
    for top in shown.values().filter_map(|versions| versions.first()) {
        if let Some(path) = &top.through {
            let above = rewritten.entry(path.clone()).or_default();
            *above = top.layer.max(*above);
        }
    }
    shown
        .into_iter()
        .filter(|((layer, path), _)| rewritten.get(path).is_none_or(|above| above <= layer))
        .map(|(_, versions)| versions)
        .collect()
}

/// Gives each package of the visible file to the lowest layer that had it in this version without a break.
fn attribute(
    view: View<'_>,
    versions: &[Place],
    file: &PackageFile,
    (distro, ecosystem): (&str, &str),
    packages: &mut Vec<ImagePackage>,
) {
    let below: Vec<(usize, HashSet<Identity<'_>>)> = versions[1..]
        .iter()
        .map(|place| {
            let packages = view.package_file(place).map_or(&[][..], |file| &file.packages);
            (place.layer, packages.iter().map(identity).collect())
        })
        .collect();
    for package in &file.packages {
        let unbroken = below.iter().take_while(|(_, packages)| packages.contains(&identity(package)));
        let layer = unbroken.last().map_or(versions[0].layer, |(layer, _)| *layer);
        packages.push(ImagePackage {
            ecosystem: foreign(distro, package).unwrap_or_else(|| ecosystem.to_owned()),
            name: package.name.clone(),
            version: package.version.clone(),
            source_name: package.source_name.clone(),
            source_version: package.source_version.clone(),
            arch: package.arch.clone(),
            module: package.module.clone(),
            licenses: licenses(view, package, file.format == dpkg::FORMAT),
            format: Some(file.format),
            evidence: file.format.evidence(),
            layer,
            path: place(&file.path, &package.within),
        });
    }
}

/// What stands in the place of the ecosystem for a package from a repository beside the distribution's: its vendor. The
/// distribution's advisories do not speak of it.
fn foreign(distro: &str, package: &Package) -> Option<String> {
    if rpm::is_own(distro, &package.vendor) {
        return None;
    }
    let vendor = package.vendor.replace(':', " ");
    Some(if ecosystem::is_known(&vendor) { "unknown".to_owned() } else { vendor })
}

/// The place of a package: its file, and within an archive where.
fn place(path: &str, within: &str) -> String {
    if within.is_empty() { path.to_owned() } else { format!("{path}!/{within}") }
}

/// Name, version and architecture.
type Identity<'a> = (&'a str, &'a str, &'a str);

fn identity(package: &Package) -> Identity<'_> {
    (&package.name, &package.version, &package.arch)
}

fn find_distro(view: View<'_>) -> Option<Distro> {
    RELEASE_FILES.iter().find_map(|path| {
        let place = view.resolve(path)?;
        distro::parse(path, &view.os_release(&place)?.text)
    })
}

fn ecosystem_of(format: Format, distro: Option<&Distro>) -> String {
    match (format.owner(), distro) {
        (Owner::Language(ecosystem), _) => ecosystem.to_owned(),
        (Owner::System(_), None) => "unknown".to_owned(),
        (Owner::System(_), Some(distro)) => match &distro.ecosystem {
            Some(ecosystem) if distro::has_format(ecosystem, format) => ecosystem.clone(),
            _ if distro.version.is_empty() => distro.id.clone(),
            _ => format!("{}:{}", distro.id, distro.version),
        },
    }
}

/// Packages of a system database that no advisories can be found for.
fn foreign_database(file: &PackageFile, distro: Option<&Distro>) -> Option<Warning> {
    if !file.format.is_system() || file.packages.is_empty() {
        return None;
    }
    let message = match distro {
        None => "the image has no os-release, so no advisories can be chosen for its packages".to_owned(),
        Some(Distro { ecosystem: None, name, .. }) => {
            format!("no advisories are known for the packages of {name}")
        }
        Some(Distro { ecosystem: Some(ecosystem), name, .. })
            if !distro::has_format(ecosystem, file.format) =>
        {
            format!("its packages are not those of {name}, so no advisories can be chosen for them")
        }
        Some(_) => return None,
    };
    Some(Warning { path: file.path.clone(), message })
}

fn visible_warnings(view: View<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (index, layer) in view.layers() {
        warnings.extend(
            layer
                .warnings
                .iter()
                .filter(|warning| {
                    // A refused entry has no place in the view, so nothing can hide it.
                    let placed = layer.files.binary_search_by(|file| file.path.cmp(&warning.path)).is_ok();
                    !placed || view.lookup(&warning.path).is_some_and(|(visible, _)| visible == index)
                })
                .cloned(),
        );
    }
    warnings
}
