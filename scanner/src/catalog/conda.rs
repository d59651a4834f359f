//! Packages that Conda installed: `conda-meta/NAME-VERSION-BUILD.json` of an environment.
//!
//! No advisories are published for Conda's packages, so they are listed and not assessed. What of them is a Python
//! distribution brings its own metadata and is found, and assessed, as that too.

use serde::Deserialize;

use super::format::Parse;
use super::{Evidence, Format, Listing, Owner, Package, Spec, json};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "conda",
    owner: Owner::Language("conda"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

#[derive(Deserialize)]
struct Record {
    name: String,
    version: String,
    license: Option<String>,
}

/// Whether `path` is the record of a package.
pub fn wants(path: &str) -> bool {
    path.strip_suffix(".json")
        .and_then(|path| path.rsplit_once('/'))
        .is_some_and(|(folder, _)| folder == "conda-meta" || folder.ends_with("/conda-meta"))
}

/// Reads the package.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    match serde_json::from_slice::<Record>(json::without_mark(bytes)) {
        Ok(Record { name, version, license }) if !name.is_empty() && !version.is_empty() => {
            let licenses = license.unwrap_or_default();
            Listing::of(vec![Package { licenses, ..Package::new(name, version) }])
        }
        Ok(_) => {
            Listing::warning("is a record of Conda without a name or version; its package is not covered")
        }
        Err(error) => Listing::warning(format!(
            "cannot be read as a record of Conda ({error}); its package is not covered"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_an_environment_are_wanted() {
        assert!(wants("opt/conda/conda-meta/zlib-1.2.13-h166bdaf_4.json"));
        assert!(!wants("opt/conda/conda-meta/history") && !wants("opt/conda/pkgs/zlib/info/index.json"));
    }

    #[test]
    fn damage_is_a_warning() {
        let deep = format!("{{\"files\":{}", "[".repeat(200_000));
        for text in ["", "[]", "{}", "{\"name\":\"\",\"version\":\"1\"}", deep.as_str()] {
            let found = parse("", text.as_bytes());
            assert_eq!((found.packages.len(), found.warnings.len()), (0, 1));
        }
    }
}
