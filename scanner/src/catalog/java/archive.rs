//! Java archives (JAR File Specification): jar, war, ear and their kin, and the archives within them.

use std::io::Read;

use zip::ZipReadOptions;
use zip::read::{Config, ZipFileEntry};
use zip::unstable::read::{ZipIterable, ZipIterableFiles};

use super::coordinates::Coordinates;
use super::entry::{Kind, is_archive, kind};
use super::identity::Told;
use super::manifest::Manifest;
use super::pom::Pom;
use crate::Limits;
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Spec};
use crate::content::Content;
use crate::nested::Budget;

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "java",
    owner: Owner::Language("Maven"),
    evidence: Evidence::Installed,
    wants: |path| is_archive(path.as_bytes()),
    parse: Parse::Content(parse),
});

/// Packages that are listed of one file; the largest applications have a few thousand.
const MAX_PACKAGES: usize = 20_000;
/// Bytes of one manifest or project file.
const MAX_TEXT: u64 = 4 << 20;
/// What follows a sentence on an archive.
const NOT_COVERED: &str = "its packages are not covered";

/// Reads the archive and those within it. What of them cannot be read is named by its place in the archive.
pub(crate) fn parse(path: &str, content: &mut Content, limits: &Limits) -> Listing {
    // All archives within together may have what one file may have.
    let budget = Budget::new(content.len(), limits.file_bytes, limits);
    let mut walk = Walk { limits, budget, listing: Listing::default() };
    if content.is_empty() || is_other(path, content) {
        return walk.listing;
    }
    walk.archive(path, "", content, 0);
    walk.listing
}

/// Files of other programs share some of the suffixes: without a zip's first bytes they are none of Java's.
fn is_other(path: &str, content: &mut Content) -> bool {
    let of_java = [".jar", ".war", ".ear"].iter().any(|suffix| path.to_ascii_lowercase().ends_with(suffix));
    !of_java && content.read_at(0, 2).is_ok_and(|head| head != b"PK")
}

struct Walk<'a> {
    limits: &'a Limits,
    budget: Budget,
    listing: Listing,
}

type Entries<'a> = ZipIterableFiles<&'a mut Content>;

impl Walk<'_> {
    /// Reads the archive called `path`, which lies `within` the outer one; empty for the outer one itself.
    fn archive(&mut self, path: &str, within: &str, content: &mut Content, depth: usize) {
        let mut told = Told::default();
        match ZipIterable::try_new(content, Config::default()) {
            Ok(mut zip) => match zip.files() {
                Ok(entries) => self.entries(entries, within, depth, &mut told),
                Err(error) => self.warn(within, &format!("cannot be read ({error}); {NOT_COVERED}")),
            },
            Err(error) => self.warn(within, &format!("cannot be read ({error}); {NOT_COVERED}")),
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        for mut package in told.packages(name) {
            if self.listing.packages.len() >= MAX_PACKAGES {
                self.warn(within, "has more packages than are listed of one file; the rest are not covered");
                break;
            }
            within.clone_into(&mut package.within);
            self.listing.packages.push(package);
        }
    }

    fn entries(&mut self, entries: &mut Entries<'_>, within: &str, depth: usize, told: &mut Told) {
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.warn(
                        within,
                        &format!("has a damaged directory ({error}); what follows is not covered"),
                    );
                    return;
                }
            };
            if let Err(reason) = self.budget.entry() {
                self.warn(within, &format!("{reason}; what follows is not covered"));
                return;
            }
            let Some(kind) = kind(entry.name_raw()) else { continue };
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            let place = if within.is_empty() { name.clone() } else { format!("{within}!/{name}") };
            if place.len() > self.limits.path_bytes {
                self.warn(
                    within,
                    "has an entry with a name longer than is read; what it tells is not covered",
                );
                continue;
            }
            if kind == Kind::Archive {
                if let Err(reason) = self.nested(entry, entries, &name, &place, depth) {
                    self.warn(&place, &format!("{reason}; {NOT_COVERED}"));
                }
                continue;
            }
            if told.artifacts.len() >= MAX_PACKAGES {
                self.warn(within, "has more packages than are listed of one file; the rest are not covered");
                return;
            }
            match text(entry, entries) {
                Ok(bytes) => tell(told, kind, &name, &bytes),
                Err(reason) => self.warn(&place, &format!("{reason}; what it tells is not covered")),
            }
        }
    }

    /// Holds the archive of an entry, and reads it.
    fn nested(
        &mut self,
        entry: ZipFileEntry<'static>,
        entries: &mut Entries<'_>,
        name: &str,
        place: &str,
        depth: usize,
    ) -> Result<(), String> {
        if entry.is_dir() || entry.size() == 0 {
            return Ok(());
        }
        if depth + 1 > self.limits.depth {
            return Err(format!("lies in more than {} archives within each other", self.limits.depth));
        }
        let size = entry.size();
        self.budget.archive()?;
        self.budget.unpack(size)?;
        // Each archive is held while those within it are read: all of them together are to stay within twice the bound.
        let limits =
            Limits { memory_bytes: self.limits.memory_bytes >> (depth + 1).min(16), ..self.limits.clone() };
        let file = entry
            .with_reader(entries.reader_mut(), ZipReadOptions::default())
            .map_err(|error| format!("cannot be read ({error})"))?;
        // One byte more than it says: so the checksum is looked at, and a lie is found.
        let mut content = Content::hold(&mut file.take(size.saturating_add(1)), size, &limits)
            .map_err(|error| format!("cannot be read ({error})"))?;
        if content.len() > size {
            return Err(format!("unpacks to more than the {size} bytes that it says"));
        }
        self.archive(name, place, &mut content, depth + 1);
        Ok(())
    }

    fn warn(&mut self, within: &str, message: &str) {
        if self.budget.warning() {
            let message = if within.is_empty() { message.to_owned() } else { format!("{within} {message}") };
            self.listing.warnings.push(message);
        }
    }
}

/// The text of an entry, bounded.
fn text(entry: ZipFileEntry<'static>, entries: &mut Entries<'_>) -> Result<Vec<u8>, String> {
    let file = entry
        .with_reader(entries.reader_mut(), ZipReadOptions::default())
        .map_err(|error| format!("cannot be read ({error})"))?;
    let mut bytes = Vec::new();
    file.take(MAX_TEXT + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot be read ({error})"))?;
    if bytes.len() as u64 > MAX_TEXT { Err(format!("has more than {MAX_TEXT} bytes")) } else { Ok(bytes) }
}

fn tell(told: &mut Told, kind: Kind, name: &str, bytes: &[u8]) {
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    match kind {
        Kind::Manifest => told.manifest = Manifest::parse(bytes),
        Kind::Properties => {
            let artifact = told.artifacts.entry(folder.to_owned()).or_default();
            let found = Coordinates::of_properties(folder, bytes);
            // A project file beside it knows the version that a build did not fill in.
            let version = std::mem::take(&mut artifact.coordinates.version);
            artifact.coordinates = found;
            if artifact.coordinates.version.is_empty() {
                artifact.coordinates.version = version;
            }
        }
        Kind::Pom => {
            let (pom, _) = Pom::parse(bytes);
            let artifact = told.artifacts.entry(folder.to_owned()).or_default();
            artifact.licenses.clone_from(&pom.licenses);
            if artifact.coordinates.version.is_empty() {
                let known = std::mem::replace(&mut artifact.coordinates, pom.coordinates());
                if !known.artifact.is_empty() {
                    artifact.coordinates.group = known.group;
                    artifact.coordinates.artifact = known.artifact;
                }
            }
        }
        Kind::Archive => {}
    }
}
