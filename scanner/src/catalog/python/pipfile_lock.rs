//! Pipenv's `Pipfile.lock` (github.com/pypa/pipfile): JSON with a section for each category of dependencies, `default`
//! and `develop` first, whose entries have a version as `==1.0`.

use super::normalised_name;
use crate::catalog::format::Parse;
use crate::catalog::json::each_entry;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "pipfile-lock",
    owner: Owner::Language("PyPI"),
    evidence: Evidence::Lockfile,
    wants,
    parse: Parse::Bytes(parse),
});

/// Whether `path` is a project's lock file of Pipenv.
pub fn wants(path: &str) -> bool {
    is_project_file(path, &["Pipfile.lock"])
}

/// Reads the distributions with a version; those from a repository or folder have none.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let mut packages = Vec::new();
    let read = each_entry(
        bytes,
        |section| section != "_meta",
        |_, name, entry| {
            let is_elsewhere =
                ["git", "hg", "svn", "path", "file"].iter().any(|key| entry.get(key).is_some());
            let version = entry.get("version").and_then(|version| version.as_str()?.strip_prefix("=="));
            let version = version.map(|version| version.trim_start_matches('=').trim());
            if let Some(version) = version.filter(|version| !is_elsewhere && !version.is_empty()) {
                packages.push(Package::new(normalised_name(&name), version));
            }
        },
    );
    match read {
        Ok(()) => Listing::of(packages),
        Err(error) => Listing::incomplete(packages, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_categories_are_read_and_what_is_elsewhere_is_left_out() {
        let text = r#"{"_meta": {"hash": {"sha256": "x"}, "sources": [{}]},
            "default": {"Zope.Interface": {"version": "==6.0", "hashes": []}, "g": {"git": "https://x", "ref": "0123"},
            "f": {"file": "https://example.com/f.zip", "version": "==1.0"}, "p": {"path": ".", "editable": true}},
            "develop": {"b": {"version": "===2.0"}}, "docs": {"c": {"version": "*"}, "d": 7}}"#;
        let Listing { packages, warnings, .. } = parse("Pipfile.lock", text.as_bytes());
        assert_eq!(packages, [Package::new("zope-interface", "6.0"), Package::new("b", "2.0")]);
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let cut = r#"{"default": {"a": {"version": "==1.0"}, "b": {"ver"#;
        let Listing { packages, warnings, .. } = parse("", cut.as_bytes());
        assert_eq!((packages.len(), warnings.len()), (1, 1));
        for text in ["", "[]", &"{\"a\":".repeat(200_000)] {
            assert_eq!(parse("", text.as_bytes()).warnings.len(), 1);
        }
    }
}
