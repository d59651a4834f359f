//! Where advisories lie: a mirror of the public OSV export by HTTP, or files.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use super::error::AdvisoryError;

/// A place with the layout of the public OSV export (`<base>/<Ecosystem>/all.zip`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A base address, without a trailing slash.
    Web(Url),
    /// A folder with one folder per ecosystem, a folder of `<ID>.json`, or a single zip.
    Files(PathBuf),
}

/// Files that hold the records of an ecosystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Files {
    /// A zip of `<ID>.json` members.
    Zip(PathBuf),
    /// A folder of `<ID>.json` files.
    Folder(PathBuf),
}

impl Source {
    /// Reads a base address or path. A relative path is one of the current folder.
    pub fn parse(text: &str) -> Result<Self, AdvisoryError> {
        let invalid = || AdvisoryError::InvalidSource(text.to_owned());
        let text = text.trim();
        if text.starts_with("http://") || text.starts_with("https://") {
            let url = Url::parse(text.trim_end_matches('/')).map_err(|_| invalid())?;
            return Ok(Self::Web(url));
        }
        if text.starts_with("file:") {
            let url = Url::parse(text).map_err(|_| invalid())?;
            return Ok(Self::Files(url.to_file_path().map_err(|()| invalid())?));
        }
        if text.is_empty() || text.contains("://") {
            return Err(invalid());
        }
        Ok(Self::Files(PathBuf::from(text)))
    }

    /// The address of an ecosystem's zip below a web source, its folder percent-encoded (`Rocky%20Linux`).
    pub fn zip_url(base: &Url, ecosystem: &str) -> Result<Url, AdvisoryError> {
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| AdvisoryError::InvalidSource(base.to_string()))?
            .pop_if_empty()
            .extend([ecosystem, "all.zip"]);
        Ok(url)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web(url) => f.write_str(url.as_str().trim_end_matches('/')),
            Self::Files(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Files {
    /// The files of `ecosystem` in a file source: its own folder when there is one, else the whole, whose records of
    /// other ecosystems are left out later.
    pub fn find(root: &Path, ecosystem: &str) -> Result<Self, AdvisoryError> {
        let own = root.join(ecosystem);
        if root.is_file() {
            return Ok(Self::Zip(root.to_owned()));
        }
        [own.as_path(), root].into_iter().find_map(Self::of_folder).ok_or_else(|| {
            AdvisoryError::NotInSource {
                ecosystem: ecosystem.to_owned(),
                source_address: root.display().to_string(),
            }
        })
    }

    /// The records directly in a folder: its `all.zip`, else its `*.json` files.
    pub fn of_folder(folder: &Path) -> Option<Self> {
        let zip = folder.join("all.zip");
        if zip.is_file() {
            return Some(Self::Zip(zip));
        }
        let mut entries = std::fs::read_dir(folder).ok()?.flatten();
        entries.any(|entry| is_record(&entry.path())).then(|| Self::Folder(folder.to_owned()))
    }

    /// What `advisories import PATH` names, each with the ecosystem that its folder tells, if any: a zip, a folder
    /// with a zip or records, or a folder with such folders in it.
    pub fn below(path: &Path) -> Result<Vec<(Option<String>, Self)>, AdvisoryError> {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        if path.is_file() {
            let folder = path.canonicalize().ok().and_then(|path| path.parent().and_then(name));
            return Ok(vec![(folder, Self::Zip(path.to_owned()))]);
        }
        if let Some(files) = Self::of_folder(path) {
            let folder = path.canonicalize().ok().and_then(|path| name(&path));
            return Ok(vec![(folder, files)]);
        }
        let entries =
            std::fs::read_dir(path).map_err(|source| AdvisoryError::Io { path: path.to_owned(), source })?;
        let mut folders: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        folders.sort();
        let found: Vec<_> = folders
            .iter()
            .filter_map(|folder| Self::of_folder(folder).map(|files| (name(folder), files)))
            .collect();
        if found.is_empty() {
            return Err(AdvisoryError::InvalidSource(path.display().to_string()));
        }
        Ok(found)
    }

    /// Where they are.
    pub fn path(&self) -> &Path {
        match self {
            Self::Zip(path) | Self::Folder(path) => path,
        }
    }

    /// A tag that changes when the file does: modification time and size. Empty for a folder of records.
    pub fn tag(&self) -> String {
        let Self::Zip(path) = self else { return String::new() };
        let Ok(metadata) = path.metadata() else { return String::new() };
        let modified =
            metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        format!("{}-{}", modified.unwrap_or_default().as_micros(), metadata.len())
    }
}

/// Whether a path is a record file. `modified_id.csv` and the like lie beside them.
pub fn is_record(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_percent_encoded_below_the_base() {
        for (base, ecosystem, expected) in [
            ("https://example.org", "Debian", "https://example.org/Debian/all.zip"),
            ("https://example.org/osv/", "Rocky Linux", "https://example.org/osv/Rocky%20Linux/all.zip"),
            ("http://example.org:8080/a?k=v", "npm", "http://example.org:8080/a/npm/all.zip?k=v"),
        ] {
            let Source::Web(url) = Source::parse(base).unwrap() else { panic!("{base} is no web source") };
            assert_eq!(Source::zip_url(&url, ecosystem).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn addresses_and_paths_are_told_apart() {
        assert_eq!(Source::parse("file:///srv/osv").unwrap(), Source::Files("/srv/osv".into()));
        assert_eq!(Source::parse("./osv").unwrap(), Source::Files("./osv".into()));
        for wrong in ["", "ftp://example.org", "file://host/x", "https://"] {
            assert!(Source::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_folder_a_zip_and_loose_records_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(matches!(Files::find(root, "npm"), Err(AdvisoryError::NotInSource { .. })));
        std::fs::write(root.join("A-1.json"), "{}").unwrap();
        assert_eq!(Files::find(root, "npm").unwrap(), Files::Folder(root.to_owned()));
        std::fs::create_dir(root.join("npm")).unwrap();
        std::fs::write(root.join("npm/all.zip"), "").unwrap();
        assert_eq!(Files::find(root, "npm").unwrap(), Files::Zip(root.join("npm/all.zip")));
        std::fs::remove_file(root.join("A-1.json")).unwrap();
        let below = Files::below(root).unwrap();
        assert_eq!(below, vec![(Some("npm".to_owned()), Files::Zip(root.join("npm/all.zip")))]);
    }
}
