//! renv's lock files, `renv.lock` (rstudio.github.io/renv/articles/lockfile.html).

use std::cell::Cell;

use super::REPOSITORIES;
use crate::catalog::format::Parse;
use crate::catalog::json::each_entry;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "renv-lock",
    owner: Owner::Language("CRAN"),
    evidence: Evidence::Lockfile,
    wants: |path| path.ends_with("renv.lock") && is_project_file(path, &["renv.lock"]),
    parse: Parse::Bytes(parse),
});

/// Reads the packages of CRAN.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let mut packages = Vec::new();
    let seen = Cell::new(false);
    let is_packages = |section: &str| {
        let is_packages = section == "Packages";
        seen.set(seen.get() || is_packages);
        is_packages
    };
    let read = each_entry(bytes, is_packages, |_, name, entry| {
        let is_cran = entry["Source"] == "Repository"
            && entry["Repository"].as_str().is_some_and(|name| REPOSITORIES.contains(&name));
        if let (true, Some(version)) = (is_cran, entry["Version"].as_str()) {
            packages.push(Package::new(name, version));
        }
    });
    match read {
        Ok(()) if seen.get() => Listing::of(packages),
        Ok(()) => Listing::incomplete(packages, "it has no `Packages`"),
        Err(error) => Listing::incomplete(packages, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_other_places_are_none_and_damage_is_a_warning() {
        let text = r#"{"R":{"Version":"4.2.2"},"Packages":{"a":{"Package":"a","Version":"1.0","Source":"Repository",
            "Repository":"CRAN"},"b":{"Version":"1","Source":"GitHub"},"c":{"Version":"1","Source":"Bioconductor"},"d":1}}"#;
        assert_eq!(parse("", text.as_bytes()), Listing::of(vec![Package::new("a", "1.0")]));
        let cut = parse("", text.split_at(text.len() - 3).0.as_bytes());
        assert_eq!((cut.packages.len(), cut.warnings.len()), (1, 1));
        for text in ["", "{}", "[]", "{\"Packages\":1}"] {
            assert_eq!(parse("", text.as_bytes()).warnings.len(), 1, "{text}");
        }
    }
}
