//! `stack.yaml.lock` (docs.haskellstack.org, "Lock files"): the packages that a project takes beside its snapshot. Those of
//! the snapshot are not in it.

use super::is_version;
use crate::catalog::format::Parse;
use crate::catalog::text::listing;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "stack-lock",
    owner: Owner::Language("Hackage"),
    evidence: Evidence::Lockfile,
    wants: |path| path.ends_with(".yaml.lock") && is_project_file(path, &["stack.yaml.lock"]),
    parse: Parse::Bytes(parse),
});

/// Reads the packages of Hackage; archives and Git are none.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let has_packages = text.lines().any(|line| line.starts_with("packages:"));
    let has_snapshots = text.lines().any(|line| line.starts_with("snapshots:"));
    // Both are always written, snapshots last.
    let fault = (!has_packages || !has_snapshots).then_some("it lacks `packages` or `snapshots`");
    let package = |line: &str| {
        // What was asked for may stand without its digest; what it was completed to has it.
        let (package, _) = line.trim().trim_start_matches("- ").strip_prefix("hackage:")?.split_once('@')?;
        let (name, version) = package.trim().rsplit_once('-')?;
        (!name.is_empty() && is_version(version)).then(|| Package::new(name, version))
    };
    listing(bytes, text.lines().filter_map(package).collect(), fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_hackage_are_read() {
        let text = "packages:\n- completed:\n    hackage: acme-missiles-0.3@sha256:2ba6,613\n    pantry-tree:\n      \
            size: 226\n  original:\n    hackage: acme-missiles-0.3\n- completed:\n    git: https://example.org/x\n    \
            name: x\n    version: 1.0\nsnapshots:\n- completed:\n    url: https://example.org/lts.yaml\n";
        assert_eq!(parse("", text.as_bytes()), Listing::of(vec![Package::new("acme-missiles", "0.3")]));
        assert_eq!(parse("", b"packages: []\nsnapshots: []\n"), Listing::default());
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let found = parse(
            "",
            b"packages:\n- completed:\n    hackage: a-1.0@sha256:2b,6\n- completed:\n    hackage: b-1.",
        );
        assert_eq!((found.packages, found.warnings.len()), (vec![Package::new("a", "1.0")], 1));
        for text in [&b""[..], b"\0", b"packages:\xff\nsnapshots:\n", b"hackage: -@"] {
            assert_eq!(parse("", text).warnings.len(), 1, "{text:?}");
        }
    }
}
