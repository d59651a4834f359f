//! `cabal.project.freeze` (cabal.readthedocs.io, "cabal freeze"): constraints, of which those with `==` name a version.

use super::is_version;
use crate::catalog::format::Parse;
use crate::catalog::text::listing;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "cabal-freeze",
    owner: Owner::Language("Hackage"),
    evidence: Evidence::Lockfile,
    wants: |path| path.ends_with(".freeze") && is_project_file(path, &["cabal.project.freeze"]),
    parse: Parse::Bytes(parse),
});

/// Reads the packages.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let mut packages = Vec::new();
    let mut fault = Some("it has no `constraints`");
    let goes_on = text.trim_end().ends_with(',');
    for line in text.split_inclusive('\n') {
        let is_ended = line.ends_with('\n');
        let mut line = line.trim();
        if let Some(rest) = line.strip_prefix("constraints:") {
            (line, fault) = (rest, None);
        }
        let mut constraints: Vec<&str> = line.split(',').collect();
        // A version at the very end may have been longer.
        if !is_ended && constraints.pop().is_some_and(|last| !last.is_empty()) {
            fault = fault.or(Some("its last line has no end"));
        }
        packages.extend(constraints.into_iter().filter_map(package));
    }
    fault = fault.or(goes_on.then_some("its last constraint is missing"));
    listing(bytes, packages, fault)
}

/// Reads `any.NAME ==VERSION`; the other constraints choose flags.
fn package(constraint: &str) -> Option<Package> {
    let (name, version) = constraint.split_once("==")?;
    let (name, version) = (name.trim(), version.trim());
    let name = name.strip_prefix("any.").unwrap_or(name);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_name && is_version(version)).then(|| Package::new(name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_with_a_version_are_packages() {
        let text = "active-repositories: hackage.haskell.org:merge\nconstraints: any.aeson ==2.1.2.1,\n             \
            aeson -cffi +ordered-keymap,\n             any.base64-bytestring ==1.2.1.0\n\
            index-state: hackage.haskell.org 2023-10-01T00:00:00Z\n";
        let expected = vec![Package::new("aeson", "2.1.2.1"), Package::new("base64-bytestring", "1.2.1.0")];
        assert_eq!(parse("", text.as_bytes()), Listing::of(expected));
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let found = parse("", b"constraints: any.a ==1.0,\n any.b ==1.");
        assert_eq!((found.packages, found.warnings.len()), (vec![Package::new("a", "1.0")], 1));
        for end in ["", "\n", "\n    "] {
            let found = parse("", format!("constraints: any.a ==1.0,\n any.b ==1.0,{end}").as_bytes());
            assert_eq!((found.packages.len(), found.warnings.len()), (2, 1), "{end:?}");
        }
        for text in [&b""[..], b"\0", b"constraints: \xff\n", b"any.a =="] {
            assert_eq!(parse("", text).warnings.len(), 1, "{text:?}");
        }
    }
}
