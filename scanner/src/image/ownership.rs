//! Which files packages of the distribution brought, and under which licences.

use std::collections::{HashMap, HashSet};

use super::view::{Place, View};
use super::{Distro, distro};
use crate::catalog::{Owner, Package, dpkg};

/// The places (layer and path) of files that packages of the distribution own.
///
/// What such a file tells of a language's packages is assessed by the distribution's advisories, if they speak of
/// what is not fixed too: those of dpkg and rpm distributions do. Alpine and its like list fixes alone, so that there
/// the language's own advisories are asked as well.
///
/// A file counts as owned when what it tells came in a layer in which the package manager wrote it, together with its
/// list, or before the first list that names it: some tools write the database above the files. What a later step put
/// in its place is nobody's; a copy that tells the same, which changing a mode or an owner makes, changes nothing.
pub(super) fn owned(
    view: View<'_>,
    shown: &[Vec<Place>],
    distro: Option<&Distro>,
) -> HashSet<(usize, String)> {
    let ecosystem = distro.and_then(|distro| distro.ecosystem.as_deref());
    // Most of what is owned is never asked about, and following links takes time.
    let asked: HashSet<&str> = shown
        .iter()
        .filter_map(|versions| view.package_file(versions.first()?))
        .filter(|file| !file.format.is_system())
        .map(|file| file_name(&file.path))
        .collect();
    let by_place: HashMap<(usize, &str), &Vec<Place>> = shown
        .iter()
        .filter_map(|versions| Some(((versions.first()?.layer, versions.first()?.path.as_str()), versions)))
        .collect();
    let mut owned = HashSet::new();
    for versions in shown {
        let Some(file) = versions.first().and_then(|top| view.package_file(top)) else { continue };
        let is_covered = match file.format.owner() {
            Owner::System("apk") | Owner::Language(_) => false,
            Owner::System(_) => ecosystem.is_some_and(|ecosystem| distro::has_format(ecosystem, file.format)),
        };
        if !is_covered {
            continue;
        }
        for path in file.owned.iter().filter(|path| !is_beside(path) && asked.contains(file_name(path))) {
            let Some(place) = view.resolve(path) else { continue };
            let brought = by_place.get(&(place.layer, place.path.as_str())).map_or(place.layer, |told| {
                let same = |version: &&Place| {
                    view.package_file(version).map(|file| &file.packages)
                        == view.package_file(&place).map(|file| &file.packages)
                };
                told.iter().take_while(same).last().map_or(place.layer, |lowest| lowest.layer)
            });
            // From the uppermost list down to where the file was not named.
            let lists = versions.iter().take_while(|version| {
                view.package_file(version).is_some_and(|list| list.owned.binary_search(path).is_ok())
            });
            let written: Vec<usize> = lists.map(|version| version.layer).collect();
            if written.contains(&brought) || written.last().is_some_and(|first| brought < *first) {
                owned.insert((place.layer, place.path));
            }
        }
    }
    owned
}

/// Whether a path is one where distributions put nothing (FHS 3.0, `/opt` and `/usr/local`): the package is another
/// vendor's, which dpkg does not tell, and no distribution's advisories speak of it.
fn is_beside(path: &str) -> bool {
    ["opt/", "usr/local/"].iter().any(|folder| path.starts_with(folder))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The licences of a package: its own word, or that of its copyright file.
pub(super) fn licenses(view: View<'_>, package: &Package, is_dpkg: bool) -> String {
    if !package.licenses.is_empty() || !is_dpkg {
        return package.licenses.clone();
    }
    let copyright = view.resolve(&dpkg::copyright::path_of(&package.name));
    let file = copyright.and_then(|place| view.package_file(&place));
    file.and_then(|file| file.packages.first()).map(|package| package.licenses.clone()).unwrap_or_default()
}
