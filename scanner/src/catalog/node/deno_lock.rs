//! Deno's `deno.lock` (docs.deno.com/runtime/fundamentals/modules, "Integrity checking and lock files"): the packages of
//! npm, as `NAME@VERSION_PEERS`. They stand in `npm` since version 4, in `packages.npm` in version 3 and in
//! `npm.packages` in version 2. Packages of JSR and modules by their address have no advisories and are left out.

use super::{is_version, split_name};
use crate::catalog::format::Parse;
use crate::catalog::json::each_entry;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "deno-lock",
    owner: Owner::Language("npm"),
    evidence: Evidence::Lockfile,
    wants,
    parse: Parse::Bytes(parse),
});

/// Whether `path` is a project's lock file of Deno.
pub fn wants(path: &str) -> bool {
    is_project_file(path, &["deno.lock"])
}

/// Reads the packages of npm that it lists.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let mut packages = Vec::new();
    let read = each_entry(bytes, is_section, |section, key, entry| match (section, key.as_str()) {
        ("packages", "npm") | ("npm", "packages") => {
            packages.extend(entry.as_object().into_iter().flatten().filter_map(|(key, _)| package(key)));
        }
        ("npm", key) => packages.extend(package(key)),
        _ => {}
    });
    match read {
        Ok(()) => Listing::of(packages),
        Err(error) => Listing::incomplete(packages, error),
    }
}

fn is_section(name: &str) -> bool {
    matches!(name, "npm" | "packages")
}

fn package(key: &str) -> Option<Package> {
    let (name, version) = split_name(key)?;
    let version = version.split('_').next().unwrap_or(version);
    is_version(version).then(|| Package::new(name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_npm_are_read_in_all_versions() {
        let packages =
            r#"{"@s/a@1.0.0": {}, "b@2.0.0_@s+a@1.0.0": {"dependencies": ["@s/a"]}, "c@latest": {}}"#;
        for text in [
            format!(
                r#"{{"version": "5", "specifiers": {{"npm:b@2": "2.0.0"}}, "jsr": {{"@std/x@1.0.0": {{}}}}, "npm": {packages}}}"#
            ),
            format!(
                r#"{{"version": "3", "packages": {{"specifiers": {{"npm:b@2": "npm:b@2.0.0"}}, "npm": {packages}}}, "remote": {{}}}}"#
            ),
            format!(
                r#"{{"version": "2", "npm": {{"specifiers": {{"b@2": "b@2.0.0"}}, "packages": {packages}}}}}"#
            ),
        ] {
            let Listing { packages, warnings, .. } = parse("deno.lock", text.as_bytes());
            assert_eq!(packages, [Package::new("@s/a", "1.0.0"), Package::new("b", "2.0.0")], "{text}");
            assert_eq!(warnings, Vec::<String>::new());
        }
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let Listing { packages, warnings, .. } = parse("", br#"{"npm": {"a@1.0.0": {}, "b@1.0.0": {"x"#);
        assert_eq!((packages.len(), warnings.len()), (1, 1));
    }
}
