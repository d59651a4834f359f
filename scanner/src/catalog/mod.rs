//! Package formats: one file each, with what it wants to see and how it reads it.

pub mod apk;
pub mod bitnami;
pub mod conan;
pub mod conda;
mod damage;
pub mod dart;
pub mod dotnet;
pub mod dpkg;
pub mod erlang;
pub(crate) mod executable;
mod fixtures;
mod format;
pub mod go;
pub mod haskell;
pub(crate) mod intact;
pub mod java;
mod json;
pub mod julia;
pub mod node;
pub mod pacman;
pub mod php;
pub mod python;
pub mod r;
pub mod rpm;
pub mod ruby;
pub mod rust;
mod stanza;
pub mod swift;
mod text;
mod toml_tables;
mod zipped;

use serde::{Deserialize, Serialize};

use crate::Limits;
use crate::content::Content;
use crate::layer::Warning;
use intact::Intact;

pub use format::{Evidence, Format, Owner};
use format::{Parse, Spec};

/// Every format, each described in its own file.
pub const FORMATS: &[Format] = &[
    apk::FORMAT,
    dpkg::FORMAT,
    dpkg::copyright::FORMAT,
    dpkg::files::FORMAT,
    node::bun_lock::FORMAT,
    go::binary::FORMAT,
    go::module::FORMAT,
    java::archive::FORMAT,
    java::gradle::FORMAT,
    java::maven::FORMAT,
    node::deno_lock::FORMAT,
    node::installed::FORMAT,
    node::package_lock::FORMAT,
    node::pnpm_lock::FORMAT,
    node::yarn_cache::FORMAT,
    node::yarn_lock::FORMAT,
    python::egg::FORMAT,
    python::installed::FORMAT,
    rust::binary::FORMAT,
    pacman::FORMAT,
    rpm::BDB,
    rpm::MANIFEST,
    rpm::NDB,
    rpm::SQLITE,
    python::pipfile_lock::FORMAT,
    python::requirements::FORMAT,
    python::toml_locks::PDM,
    python::toml_locks::POETRY,
    python::toml_locks::PYLOCK,
    python::toml_locks::UV,
    rust::cargo_lock::FORMAT,
    ruby::gemspec::FORMAT,
    ruby::gemfile_lock::FORMAT,
    php::installed::FORMAT,
    php::composer_lock::FORMAT,
    dotnet::deps_json::FORMAT,
    dotnet::packages_lock::FORMAT,
    dotnet::packages_config::FORMAT,
    erlang::app::FORMAT,
    erlang::mix_lock::FORMAT,
    erlang::rebar_lock::FORMAT,
    dart::FORMAT,
    conan::FORMAT,
    swift::FORMAT,
    haskell::cabal_freeze::FORMAT,
    haskell::stack_lock::FORMAT,
    r::installed::FORMAT,
    r::renv_lock::FORMAT,
    conda::FORMAT,
    bitnami::FORMAT,
    julia::FORMAT,
];

/// A package as one file tells of it, without an ecosystem: a layer alone knows no distro.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Package {
    /// The package's name as its format writes it (Python: normalised by PEP 503).
    pub name: String,
    /// The version with its epoch.
    pub version: String,
    /// The source package (dpkg `Source`, apk `o:`, rpm `SOURCERPM`); the name where the format has none.
    pub source_name: String,
    /// The source package's version; the version where the format has none.
    pub source_version: String,
    /// The architecture as the format writes it, empty where it has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arch: String,
    /// The module stream it was built for (rpm `MODULARITYLABEL`, as `name:stream`), empty where there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// Who built it, as the format says (rpm `VENDOR`), empty where it does not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// The licences that it declares, as an SPDX expression where they are one; empty when it declares none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub licenses: String,
    /// Where in the file it lies, when the file is an archive: `BOOT-INF/lib/log4j-core-2.14.1.jar`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub within: String,
}

/// What a file tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The packages that it lists.
    pub packages: Vec<Package>,
    /// Paths (without a leading slash) that it says belong to a package of the distribution.
    pub owned: Vec<String>,
    /// The files of packages of the distribution, with the digests that it tells of them.
    pub(crate) intact: Intact,
    /// What of it could not be read, a sentence each.
    pub warnings: Vec<String>,
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
    /// Paths that it says belong to a package of the distribution, of those that tell of packages themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owned: Vec<String>,
}

impl Package {
    /// A package of a format that knows neither source packages nor architectures.
    pub(crate) fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let (name, version) = (name.into(), version.into());
        Self { source_name: name.clone(), source_version: version.clone(), name, version, ..Self::default() }
    }
}

impl Listing {
    /// Packages alone.
    pub(crate) fn of(packages: Vec<Package>) -> Self {
        Self { packages, ..Self::default() }
    }

    /// What a file that is cut or damaged still tells.
    pub(crate) fn incomplete(packages: Vec<Package>, reason: impl std::fmt::Display) -> Self {
        let message = format!(
            "cannot be read whole ({reason}); {} packages of it are listed, the rest is not covered",
            packages.len()
        );
        Self { packages, warnings: vec![message], ..Self::default() }
    }

    /// Nothing but a sentence on what cannot be read.
    pub(crate) fn warning(message: impl Into<String>) -> Self {
        Self { warnings: vec![message.into()], ..Self::default() }
    }
}

/// The format of the file at `path` (without a leading slash), when it is one that tells of packages by its name.
pub fn format_of(path: &str) -> Option<Format> {
    FORMATS.iter().copied().find(|format| (format.spec().wants)(path))
}

/// The file of changes at `path`: the format that it belongs to, and the path of the file that it changes.
pub(crate) fn log_of(path: &str) -> Option<(Format, &str)> {
    FORMATS.iter().copied().find_map(|format| {
        let changed = path.strip_suffix(format.log_suffix()?)?;
        (format.spec().wants)(changed).then_some((format, changed))
    })
}

/// Reads the file at `path`. What it lists is sorted, each package once; what of it cannot be read makes warnings,
/// never an error: a damaged file must not hide the rest of the image.
pub fn parse(format: Format, path: &str, content: Content, limits: &Limits) -> (PackageFile, Vec<Warning>) {
    parse_with_log(format, path, content, None, limits, &mut Intact::default())
}

/// Reads the file at `path` as [`parse`] does, with the changes of the file beside it whose name ends with the format's
/// [`Format::log_suffix`]. What it tells of files with their digests is added to `intact`.
pub(crate) fn parse_with_log(
    format: Format,
    path: &str,
    mut content: Content,
    log: Option<&mut Content>,
    limits: &Limits,
    intact: &mut Intact,
) -> (PackageFile, Vec<Warning>) {
    let mut listing = match format.spec().parse {
        Parse::Content(parse) => parse(path, &mut content, limits),
        Parse::WithLog { parse, .. } => parse(path, &mut content, log, limits),
        Parse::Bytes(parse) => match content.into_bytes() {
            Ok(bytes) => parse(path, &bytes),
            Err(error) => Listing::warning(format!("cannot be read ({error}); what it lists is not covered")),
        },
    };
    intact.merge(std::mem::take(&mut listing.intact));
    filed(format, path, listing)
}

/// Bytes of a package's name, version or licences; real ones have less than a tenth of it.
const MAX_TEXT: usize = 2 << 10;

/// What the file at `path` lists, sorted and each once.
fn filed(format: Format, path: &str, listing: Listing) -> (PackageFile, Vec<Warning>) {
    let Listing { mut packages, mut owned, mut warnings, .. } = listing;
    let listed = packages.len();
    packages.retain(|package| {
        let names = [&package.name, &package.version, &package.source_name, &package.source_version];
        !package.name.is_empty() && names.iter().all(|text| text.len() <= MAX_TEXT)
    });
    if packages.len() < listed {
        warnings.push(format!(
            "lists {} packages without a name, or with a name or version of more than {MAX_TEXT} bytes; they are \
             not covered",
            listed - packages.len()
        ));
    }
    for package in packages.iter_mut().filter(|package| package.licenses.len() > MAX_TEXT) {
        package.licenses.clear();
    }
    packages.sort();
    packages.dedup();
    owned.retain(|path| tells_of_language(path));
    owned.sort();
    owned.dedup();
    let warnings = warnings.into_iter().map(|message| Warning { path: path.to_owned(), message }).collect();
    (PackageFile { path: path.to_owned(), format, packages, owned }, warnings)
}

/// Whether a file with this name may tell of packages of a language, so that it matters who owns it.
fn tells_of_language(path: &str) -> bool {
    executable::is_program_path(path) || format_of(path).is_some_and(|format| !format.is_system())
}

/// Whether a file only adds to what others tell, so that one without content is not worth keeping.
pub(crate) fn is_addition(format: Format) -> bool {
    [dpkg::copyright::FORMAT, dpkg::files::FORMAT, pacman::FORMAT].contains(&format)
}

/// Folders in which packages bring lock files of their own, which say nothing of what is installed.
const PACKAGE_FOLDERS: [&str; 6] =
    ["node_modules", "site-packages", "dist-packages", "gems", "vendor", "pkg"];

/// Whether `path` is a project's file with one of these names, and not one that came inside an installed package.
pub(crate) fn is_project_file(path: &str, names: &[&str]) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    names.contains(&name) && !folder.split('/').any(|part| PACKAGE_FOLDERS.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_its_format() {
        assert_eq!(format_of("var/lib/dpkg/status"), Some(dpkg::FORMAT));
        assert_eq!(format_of("usr/lib/apk/db/installed"), Some(apk::FORMAT));
        assert_eq!(format_of("app/node_modules/a/package.json"), Some(node::installed::FORMAT));
        assert_eq!(format_of("usr/lib/python3/dist-packages/a.egg-info"), Some(python::installed::FORMAT));
        assert_eq!(format_of("etc/passwd"), None);
    }

    #[test]
    fn each_format_has_a_name_of_its_own() {
        let codes: std::collections::BTreeSet<&str> = FORMATS.iter().map(|format| format.code()).collect();
        assert_eq!(codes.len(), FORMATS.len());
    }

    #[test]
    fn trap_a_version_of_100_kb_is_a_warning_and_the_rest_is_complete() {
        let text = format!("P:a\nV:{}\n\nP:b\nV:1\n\n", "1".repeat(100_000));
        let content = Content::from(text.into_bytes());
        let (file, warnings) = parse(apk::FORMAT, "lib/apk/db/installed", content, &Limits::default());
        assert_eq!(file.packages.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].message.contains("not covered"), "{warnings:?}");
    }

    #[test]
    fn a_package_without_a_name_is_a_warning() {
        let text = br#"{"libraries":{"/12.0.3":{"type":"package"},"A/1.0":{"type":"package"}}}"#.to_vec();
        let (file, warnings) =
            parse(dotnet::deps_json::FORMAT, "x.deps.json", text.into(), &Limits::default());
        assert_eq!((file.packages.len(), warnings.len()), (1, 1));
        assert!(warnings[0].message.contains("without a name"), "{warnings:?}");
    }

    #[test]
    fn a_package_is_listed_once_and_a_warning_knows_its_path() {
        let text = b"P:b\nV:1\n\nP:a\nV:1\n\nP:b\nV:1\n\nP:c\n".to_vec();
        let (file, warnings) = parse(apk::FORMAT, "lib/apk/db/installed", text.into(), &Limits::default());
        assert_eq!(file.packages.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].path, "lib/apk/db/installed");
    }
}
