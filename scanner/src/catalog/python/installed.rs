//! Installed Python distributions: `*.dist-info/METADATA` (wheels) and `*.egg-info` (setuptools), whose headers are
//! those of a mail (the core metadata specification).

use super::normalised_name;
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "python",
    owner: Owner::Language("PyPI"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

/// Whether `path` is the metadata of an installed distribution.
pub fn wants(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let (file, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match file {
        "METADATA" => folder.ends_with(".dist-info"),
        "PKG-INFO" => folder.ends_with(".egg-info") || folder == "EGG-INFO",
        _ => file.ends_with(".egg-info"),
    }
}

/// Reads the distribution's name and version; a warning when one of them is missing.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let headers = || text.trim_start_matches('\u{feff}').lines().take_while(|line| !line.trim().is_empty());
    let value = |name: &str| {
        headers()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    };
    match (value("Name"), value("Version")) {
        (Some(name), Some(version)) => Listing::of(vec![Package::new(normalised_name(name), version)]),
        (name, _) => {
            let missing = if name.is_none() { "name" } else { "version" };
            Listing::warning(format!(
                "This Python metadata has no {missing}, so its package is not assessed."
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(text: &str) -> Package {
        let Listing { mut packages, warnings, .. } = parse("x.dist-info/METADATA", text.as_bytes());
        assert_eq!((packages.len(), warnings.len()), (1, 0));
        packages.remove(0)
    }

    #[test]
    fn wheels_eggs_and_single_files_are_wanted() {
        for path in [
            "usr/lib/python3/dist-packages/requests-2.28.1.egg-info",
            "usr/lib/python3/dist-packages/six.egg-info/PKG-INFO",
            "usr/local/lib/python3.12/site-packages/pip-24.0.dist-info/METADATA",
            "opt/app/eggs/foo-1.0-py3.8.egg/EGG-INFO/PKG-INFO",
        ] {
            assert!(wants(path), "{path}");
        }
        for path in
            ["METADATA", "a/METADATA", "a.dist-info/RECORD", "a.egg-info/top_level.txt", "PKG-INFO", ""]
        {
            assert!(!wants(path), "{path}");
        }
    }

    #[test]
    fn name_and_version_come_from_the_headers_alone() {
        let found = package("Metadata-Version: 2.1\r\nName: Jinja2\r\nVersion: 3.0.0\r\n\r\nName: other\r\n");
        assert_eq!((found.name.as_str(), found.version.as_str()), ("jinja2", "3.0.0"));
        assert_eq!((found.source_name.as_str(), found.source_version.as_str()), ("jinja2", "3.0.0"));
    }

    #[test]
    fn metadata_without_a_version_is_a_warning() {
        for text in ["Name: x\n\nVersion: 1\n", "Version: 1\n", "", "\0\u{1}garbage"] {
            let Listing { packages, warnings, .. } = parse("x.egg-info", text.as_bytes());
            assert_eq!((packages.len(), warnings.len()), (0, 1), "{text:?}");
        }
    }
}
