//! npm's lock files of all versions: `package-lock.json`, and `npm-shrinkwrap.json`, which is the same
//! (docs.npmjs.com/cli/configuring-npm/package-lock-json). Version 1 has a tree of `dependencies`, version 3 a flat list
//! of `packages` by place, version 2 both.

use serde_json::Value;

use super::{is_from_registry, is_version, license, split_name};
use crate::catalog::format::Parse;
use crate::catalog::json::each_entry;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "npm-lock",
    owner: Owner::Language("npm"),
    evidence: Evidence::Lockfile,
    wants,
    parse: Parse::Bytes(parse),
});

/// Whether `path` is a project's lock file of npm.
pub fn wants(path: &str) -> bool {
    is_project_file(path, &["package-lock.json", "npm-shrinkwrap.json"])
}

/// Reads the packages of a registry that it lists.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let (mut by_place, mut by_tree) = (Vec::new(), Vec::new());
    let read = each_entry(bytes, is_section, |section, key, entry| {
        if section == "packages" {
            by_place.extend(placed(&key, &entry));
        } else {
            tree(&key, &entry, &mut by_tree);
        }
    });
    let packages = if by_place.is_empty() { by_tree } else { by_place };
    match read {
        Ok(()) => Listing::of(packages),
        Err(error) => Listing::incomplete(packages, error),
    }
}

fn is_section(name: &str) -> bool {
    matches!(name, "packages" | "dependencies")
}

/// An entry by its place: `node_modules/a/node_modules/@b/c`. Places outside of `node_modules` are the project's own
/// folders. An alias has its real name beside.
fn placed(place: &str, entry: &Value) -> Option<Package> {
    let (_, folder) = place.rsplit_once("node_modules/")?;
    let is_link = entry.get("link").and_then(Value::as_bool) == Some(true);
    let from = entry.get("resolved").and_then(Value::as_str);
    if is_link || !from.is_none_or(is_from_registry) {
        return None;
    }
    let version = entry.get("version")?.as_str().filter(|version| is_version(version))?;
    let name = entry.get("name").and_then(Value::as_str).unwrap_or(folder);
    let licenses = license(entry.get("license").unwrap_or(&Value::Null), &Value::Null);
    (!name.is_empty()).then(|| Package { licenses, ..Package::new(name, version) })
}

/// An entry of the tree with those below it. What is not of a registry has its address as version, an alias
/// `npm:NAME@VERSION`. How deep the tree may be is bounded by the reader of JSON.
fn tree(name: &str, entry: &Value, packages: &mut Vec<Package>) {
    let version = entry.get("version").and_then(Value::as_str).unwrap_or_default();
    let (name, version) = version.strip_prefix("npm:").and_then(split_name).unwrap_or((name, version));
    let from = entry.get("resolved").and_then(Value::as_str);
    if is_version(version) && !name.is_empty() && from.is_none_or(is_from_registry) {
        packages.push(Package::new(name, version));
    }
    for (name, entry) in entry.get("dependencies").and_then(Value::as_object).into_iter().flatten() {
        tree(name, entry, packages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let Listing { packages, warnings, .. } = parse("package-lock.json", text.as_bytes());
        assert_eq!(warnings, Vec::<String>::new());
        packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
    }

    #[test]
    fn trap_lock_files_inside_installed_packages_do_not_count() {
        assert!(wants("app/package-lock.json") && wants("npm-shrinkwrap.json"));
        for path in [
            "app/node_modules/a/package-lock.json",
            "app/node_modules/a/npm-shrinkwrap.json",
            "app/node_modules/.package-lock.json",
            "app/x-package-lock.json",
        ] {
            assert!(!wants(path), "{path}");
        }
    }

    #[test]
    fn trap_an_alias_is_known_by_its_real_name() {
        let flat = r#"{"packages": {"node_modules/a": {"name": "real", "version": "1.0.0"}}}"#;
        let tree = r#"{"dependencies": {"a": {"version": "npm:@s/real@1.0.0"}}}"#;
        assert_eq!(read(flat), ["real 1.0.0"]);
        assert_eq!(read(tree), ["@s/real 1.0.0"]);
    }

    #[test]
    fn the_flat_list_counts_where_there_is_a_tree_too() {
        let text = r#"{"lockfileVersion": 2, "packages": {"": {"version": "9.0.0"}, "node_modules/a": {"version": "1.0.0"},
            "node_modules/a/node_modules/@b/c": {"version": "2.0.0", "dependencies": {"d": "^1"}, "license": "MIT"}},
            "dependencies": {"a": {"version": "1.0.0"}, "z": {"version": "1.0.0"}}}"#;
        assert_eq!(read(text), ["a 1.0.0", "@b/c 2.0.0"]);
    }

    #[test]
    fn trees_are_read_to_their_leaves() {
        let text = r#"{"dependencies": {"a": {"version": "1.0.0", "requires": {"b": "^2"},
            "dependencies": {"b": {"version": "2.0.0", "dependencies": {"c": {"version": "3.0.0"}}}}}}}"#;
        assert_eq!(read(text), ["a 1.0.0", "b 2.0.0", "c 3.0.0"]);
    }

    #[test]
    fn what_is_not_of_a_registry_is_left_out() {
        let flat = r#"{"packages": {"packages/w": {"version": "1.0.0"}, "node_modules/w": {"resolved": "packages/w", "link": true},
            "node_modules/g": {"version": "1.0.0", "resolved": "git+ssh://git@github.com/o/g.git#0123"},
            "node_modules/t": {"version": "1.0.0", "resolved": "https://example.com/t.tgz"},
            "node_modules/f": {"version": "1.0.0", "resolved": "file:f-1.0.0.tgz"}, "node_modules/n": {}}}"#;
        let tree = r#"{"dependencies": {"w": {"version": "file:packages/w"}, "g": {"version": "git+ssh://git@github.com/o/g.git#0123"},
            "t": {"version": "https://example.com/t.tgz"}, "h": {"version": "github:o/h#0123"}, "n": 7}}"#;
        assert!(read(flat).is_empty() && read(tree).is_empty());
    }

    #[test]
    fn a_cut_file_gives_what_stands_before() {
        let text = r#"{"packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"vers"#;
        let Listing { packages, warnings, .. } = parse("", text.as_bytes());
        assert_eq!((packages.len(), warnings.len()), (1, 1));
        assert!(warnings[0].contains("not covered"), "{warnings:?}");
    }

    #[test]
    fn a_tree_of_endless_depth_is_a_warning() {
        let deep = "{\"dependencies\":{\"a\":".repeat(200_000);
        let Listing { packages, warnings, .. } = parse("", deep.as_bytes());
        assert_eq!((packages.len(), warnings.len()), (0, 1));
    }
}
