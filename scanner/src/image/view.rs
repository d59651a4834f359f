//! What is visible of a stack of layers, found by looking into each layer's sorted list: no tree is built.

use std::collections::{HashSet, VecDeque};

use crate::catalog::PackageFile;
use crate::layer::{FileEntry, FileKind, LayerAnalysis, OsReleaseFile};

/// Links that are followed to one file, as many as Linux follows.
const MAX_LINKS: usize = 40;

/// The lowest layers of an image, lowest first; `None` is a layer that nobody looked into.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    layers: &'a [Option<&'a LayerAnalysis>],
    symlinks: &'a HashSet<&'a str>,
}

/// Every path at which some layer has a symbolic link: most paths have none above them, and need no search for one.
pub(super) fn symlinks<'a>(layers: &[Option<&'a LayerAnalysis>]) -> HashSet<&'a str> {
    let files = layers.iter().flatten().flat_map(|layer| &layer.files);
    files.filter(|file| matches!(file.kind, FileKind::Symlink(_))).map(|file| file.path.as_str()).collect()
}

/// Where the content of a file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Index of the layer.
    pub layer: usize,
    /// Path in that layer.
    pub path: String,
    /// The path without links, when the layer wrote it through a linked folder of a lower one.
    pub through: Option<String>,
}

impl<'a> View<'a> {
    /// The view of all `layers`, with their [`symlinks`].
    pub(super) fn new(layers: &'a [Option<&'a LayerAnalysis>], symlinks: &'a HashSet<&'a str>) -> Self {
        Self { layers, symlinks }
    }

    /// The view as it was before layer `count` was laid on.
    pub(super) fn below(self, count: usize) -> Self {
        Self { layers: &self.layers[..count.min(self.layers.len())], symlinks: self.symlinks }
    }

    pub(super) fn layer(self, index: usize) -> Option<&'a LayerAnalysis> {
        self.layers.get(index).copied().flatten()
    }

    pub(super) fn layers(self) -> impl Iterator<Item = (usize, &'a LayerAnalysis)> {
        self.layers.iter().enumerate().filter_map(|(index, layer)| Some((index, (*layer)?)))
    }

    /// The entry that is visible at `path`; links are not followed.
    pub(super) fn lookup(self, path: &str) -> Option<(usize, &'a FileEntry)> {
        for index in (0..self.layers.len()).rev() {
            let Some(layer) = self.layers[index] else { continue };
            let here = entries_at(layer, path);
            if let Some(entry) = here.iter().find(|entry| !is_marker(&entry.kind)) {
                return Some((index, entry));
            }
            if here.iter().any(|entry| entry.kind == FileKind::Whiteout) || hides_below(layer, path) {
                return None;
            }
        }
        None
    }

    /// The lowest layer above `index` that deletes or replaces what this layer has at `path`.
    pub(super) fn covered_by(self, index: usize, path: &str) -> Option<usize> {
        self.layers()
            .filter(|(above, _)| *above > index)
            .find(|(_, layer)| !entries_at(layer, path).is_empty() || hides_below(layer, path))
            .map(|(above, _)| above)
    }

    fn symlink_at(self, path: &str) -> Option<&'a str> {
        if !self.symlinks.contains(path) {
            return None;
        }
        match self.lookup(path) {
            Some((_, FileEntry { kind: FileKind::Symlink(target), .. })) => Some(target),
            _ => None,
        }
    }

    /// Follows links from `path` to a regular file, inside the root.
    pub(super) fn resolve(self, path: &str) -> Option<Place> {
        let mut pending: VecDeque<String> = path.split('/').map(str::to_owned).collect();
        let mut current = String::new();
        let mut aliases = Vec::new();
        let mut links = 0;
        while let Some(part) = pending.pop_front() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    current.truncate(current.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let next = if current.is_empty() { part } else { format!("{current}/{part}") };
            let Some(target) = self.symlink_at(&next) else {
                current = next;
                continue;
            };
            links += 1;
            if links > MAX_LINKS {
                return None;
            }
            if !pending.is_empty() {
                let rest: Vec<_> = pending.iter().map(String::as_str).collect();
                aliases.push(format!("{next}/{}", rest.join("/")));
            }
            if target.starts_with('/') {
                current.clear();
            }
            for part in target.split('/').rev() {
                pending.push_front(part.to_owned());
            }
        }
        self.content_at(current, &aliases, links)
    }

    /// The file at `path`, or at one of the names by which a layer may have written it through a linked folder.
    fn content_at(self, mut path: String, aliases: &[String], mut links: usize) -> Option<Place> {
        let direct = self.lookup(&path);
        let alias = aliases
            .iter()
            .filter_map(|alias| Some((alias, self.lookup(alias)?)))
            .filter(|(_, (layer, entry))| {
                matches!(entry.kind, FileKind::File | FileKind::Hardlink(_))
                    && direct.is_none_or(|(below, _)| below < *layer)
            })
            .max_by_key(|(_, (layer, _))| *layer);
        let mut through = None;
        let (mut layer, mut entry) = match alias {
            Some((alias, found)) => {
                through = Some(std::mem::replace(&mut path, alias.clone()));
                found
            }
            None => direct?,
        };
        loop {
            match &entry.kind {
                FileKind::File => return Some(Place { layer, path, through }),
                // Content as it was when the link was made: what upper layers put at its target is another file.
                FileKind::Hardlink(target) if links < MAX_LINKS => {
                    links += 1;
                    (layer, entry) = self.below(layer + 1).lookup(target)?;
                    target.clone_into(&mut path);
                }
                _ => return None,
            }
        }
    }

    /// Each content that `name` had, the visible one first, down to where it was not there.
    pub(super) fn versions(self, name: &str) -> Vec<Place> {
        let mut versions = Vec::new();
        let mut view = self;
        while let Some(place) = view.resolve(name) {
            view = view.below(place.layer);
            versions.push(place);
        }
        versions
    }

    pub(super) fn package_file(self, place: &Place) -> Option<&'a PackageFile> {
        let files = &self.layer(place.layer)?.package_files;
        let found = files.binary_search_by(|file| file.path.as_str().cmp(&place.path));
        found.ok().map(|index| &files[index])
    }

    pub(super) fn os_release(self, place: &Place) -> Option<&'a OsReleaseFile> {
        let files = &self.layer(place.layer)?.os_releases;
        let found = files.binary_search_by(|file| file.path.as_str().cmp(&place.path));
        found.ok().map(|index| &files[index])
    }
}

fn is_marker(kind: &FileKind) -> bool {
    matches!(kind, FileKind::Whiteout | FileKind::Opaque)
}

fn entries_at<'a>(layer: &'a LayerAnalysis, path: &str) -> &'a [FileEntry] {
    let start = layer.files.partition_point(|entry| entry.path.as_str() < path);
    let rest = &layer.files[start..];
    &rest[..rest.iter().take_while(|entry| entry.path == path).count()]
}

/// Whether the layer removes or replaces a folder above `path`, and with it what lower layers have at `path`.
fn hides_below(layer: &LayerAnalysis, path: &str) -> bool {
    let mut folder = path;
    while !folder.is_empty() {
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        if entries_at(layer, folder).iter().any(|entry| entry.kind != FileKind::Directory) {
            return true;
        }
    }
    false
}
