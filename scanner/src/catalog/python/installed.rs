//! Installed Python distributions: `*.dist-info/METADATA` (wheels) and `*.egg-info` (setuptools), whose headers are
//! those of a mail (the core metadata specification).

use super::license::Declared;
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

/// Reads the distribution's name, version and licence; a warning when one of the first two is missing.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let (mut name, mut version, mut declared) = ("", "", Declared::default());
    let mut last = "";
    // The headers end at an empty line. One of spaces goes on with a licence of several paragraphs.
    for line in text.trim_start_matches('\u{feff}').lines().take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if last.eq_ignore_ascii_case("license") {
                declared.text = "";
            }
            continue;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        last = key;
        match key.to_ascii_lowercase().as_str() {
            "name" if name.is_empty() => name = value,
            "version" if version.is_empty() => version = value,
            "license-expression" => declared.expression = value,
            "license" => declared.text = value,
            "classifier" => declared.classifiers.push(value),
            _ => {}
        }
    }
    match (name, version) {
        ("", _) | (_, "") => {
            let missing = if name.is_empty() { "name" } else { "version" };
            Listing::warning(format!(
                "This Python metadata has no {missing}, so its package is not assessed."
            ))
        }
        (name, version) => Listing::of(vec![Package {
            licenses: declared.license(),
            ..Package::new(normalised_name(name), version)
        }]),
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
    fn a_licence_of_several_lines_hides_no_header() {
        let text = "Name: a\nLicense: MIT License\n        \n        Name: b\n        Permission is granted\nVersion: 1.0\n\
            Classifier: License :: OSI Approved :: MIT License\n\nLicense: x\n";
        let found = package(text);
        assert_eq!((found.version.as_str(), found.licenses.as_str()), ("1.0", "MIT"));
        assert_eq!(package("Name: a\nVersion: 1\nLicense: The text\n of it\n").licenses, "");
    }

    #[test]
    fn metadata_without_a_version_is_a_warning() {
        for text in ["Name: x\n\nVersion: 1\n", "Version: 1\n", "", "\0\u{1}garbage"] {
            let Listing { packages, warnings, .. } = parse("x.egg-info", text.as_bytes());
            assert_eq!((packages.len(), warnings.len()), (0, 1), "{text:?}");
        }
    }
}
