//! Names that are wanted and lead by links to content that passed by unread.

use std::collections::BTreeSet;

use super::distro::RELEASE_FILES;
use super::view::{View, symlinks};
use crate::catalog::{dpkg, executable, rpm};
use crate::layer::{FileKind, LayerAnalysis, Want, want};

/// Databases with fixed places, which a linked folder may hide from a search for linked files.
fn databases() -> impl Iterator<Item = &'static str> {
    ["var/lib/dpkg/status", "lib/apk/db/installed", "usr/lib/apk/db/installed"]
        .into_iter()
        .chain(rpm::DATABASES)
}

/// Content that a link made wanted and that was not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    /// Index of the layer.
    pub layer: usize,
    /// Path in that layer.
    pub path: String,
    /// The name by which it is wanted.
    pub name: String,
    /// As what it is wanted.
    pub want: Want,
}

/// Every name at which an image may show packages.
pub(super) fn package_names(view: View<'_>) -> BTreeSet<&str> {
    let mut names = databases().collect::<BTreeSet<&str>>();
    for (_, layer) in view.layers() {
        // What a link made wanted is known by the link's name alone; executables have any name.
        let own = layer
            .package_files
            .iter()
            .filter(|file| executable::is_format(file.format) || is_listed(&file.path));
        names.extend(own.map(|file| file.path.as_str()));
        names.extend(linked_names(layer));
    }
    names
}

fn linked_names(layer: &LayerAnalysis) -> impl Iterator<Item = &str> {
    let links =
        layer.files.iter().filter(|file| matches!(file.kind, FileKind::Symlink(_) | FileKind::Hardlink(_)));
    links.map(|file| file.path.as_str()).filter(|path| is_listed(path))
}

/// Whether a file of this name lists packages or what they own. Licences are looked up by the package, and no layer is
/// read twice for them.
fn is_listed(path: &str) -> bool {
    matches!(want(path), Some(Want::Packages(format)) if format != dpkg::copyright::FORMAT)
}

/// What has to be read once more, in all layers of an image (lowest first; `None` where a layer is not at hand).
pub(crate) fn unread(layers: &[Option<&LayerAnalysis>]) -> Vec<Unread> {
    let symlinks = symlinks(layers);
    let view = View::new(layers, &symlinks);
    let mut names: BTreeSet<&str> = databases().chain(RELEASE_FILES).collect();
    names.extend(view.layers().flat_map(|(_, layer)| linked_names(layer)));
    let mut unread: Vec<Unread> = Vec::new();
    for name in names {
        let Some(wanted) = want(name) else { continue };
        for place in view.versions(name) {
            // A path that is wanted by its own name was looked at when it passed by.
            let read = want(&place.path).is_some()
                || view.package_file(&place).is_some()
                || view.os_release(&place).is_some();
            if !read {
                let name = name.to_owned();
                unread.push(Unread { layer: place.layer, path: place.path, name, want: wanted });
            }
        }
    }
    unread
}
