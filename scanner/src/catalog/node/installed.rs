//! Installed npm packages: the `package.json` at the root of a package below a `node_modules` folder.

use serde::Deserialize;
use serde_json::Value;

use super::license;
use crate::catalog::format::Parse;
use crate::catalog::json::without_mark;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "npm",
    owner: Owner::Language("npm"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

/// Folders inside a package that hold what its own tests try on, not what is installed.
const TEST_FOLDERS: [&str; 6] = ["test", "tests", "__tests__", "fixtures", "__fixtures__", "__mocks__"];

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    version: Value,
    #[serde(default)]
    license: Value,
    #[serde(default)]
    licenses: Value,
}

/// Whether `path` is `node_modules/NAME/package.json` or `node_modules/@SCOPE/NAME/package.json`, at any depth, and
/// not inside a test folder of another package.
pub fn wants(path: &str) -> bool {
    let Some(folder) = path.strip_suffix("/package.json") else { return false };
    let parts: Vec<&str> = folder.split('/').collect();
    let Some(last) = parts.iter().rposition(|part| *part == "node_modules") else { return false };
    let is_root = match &parts[last + 1..] {
        [name] => !name.is_empty() && !name.starts_with(['.', '@']),
        [scope, name] => scope.len() > 1 && scope.starts_with('@') && !name.is_empty(),
        _ => false,
    };
    let Some(first) = parts.iter().position(|part| *part == "node_modules") else { return false };
    // A package may be called `test`: what stands right below node_modules (or a scope) is a name, not a folder.
    let in_tests = (first + 2..last).any(|at| {
        let is_name = parts[at - 1] == "node_modules"
            || (parts[at - 1].starts_with('@') && parts[at - 2] == "node_modules");
        !is_name && TEST_FOLDERS.contains(&parts[at])
    });
    is_root && !in_tests
}

/// Reads name and version. A manifest without both is no package: folders inside packages have such ones to set a
/// module type. What is no JSON at all is a warning.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    match serde_json::from_slice(without_mark(bytes)) {
        Ok(Manifest {
            name: Value::String(name),
            version: Value::String(version),
            license: one,
            licenses: many,
        }) if !name.trim().is_empty() && !version.trim().is_empty() => Listing::of(vec![Package {
            licenses: license(&one, &many),
            ..Package::new(name.trim(), version.trim())
        }]),
        Ok(_) => Listing::default(),
        Err(error) => Listing::warning(format!(
            "This package.json cannot be read ({error}), so its package is not assessed."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_only_the_root_of_a_package_below_node_modules_is_wanted() {
        for path in [
            "app/node_modules/lodash/package.json",
            "node_modules/@babel/core/package.json",
            "app/node_modules/a/node_modules/b/package.json",
            "app/node_modules/.pnpm/foo@1.0.0/node_modules/foo/package.json",
            "app/node_modules/test/package.json",
            "app/node_modules/test/node_modules/b/package.json",
            "app/test/node_modules/b/package.json",
            "app/node_modules/a/lib/node_modules/b/package.json",
        ] {
            assert!(wants(path), "{path}");
        }
        for path in [
            "app/package.json",
            "package.json",
            "node_modules/package.json",
            "node_modules/@babel/package.json",
            "node_modules/lodash/dist/package.json",
            "node_modules/resolve/test/resolver/baz/package.json",
            "node_modules/resolve/test/node_modules/baz/package.json",
            "node_modules/@a/b/fixtures/x/node_modules/c/package.json",
            "node_modules/.cache/package.json",
            "node_modules/@babel/core/lib/package.json",
            "node_modules/a/package.json5",
        ] {
            assert!(!wants(path), "{path}");
        }
    }

    #[test]
    fn trap_an_alias_is_known_by_its_real_name() {
        let Listing { packages, warnings, .. } = parse(
            "node_modules/alias/package.json",
            br#"{"name":"real","version":"1.2.3","dependencies":{"a":"1"}}"#,
        );
        assert_eq!((packages[0].name.as_str(), packages[0].version.as_str()), ("real", "1.2.3"));
        assert!(warnings.is_empty());
    }

    #[test]
    fn trap_a_manifest_without_name_and_version_is_no_package() {
        for text in [
            r#"{"type":"module"}"#,
            r#"{"name":"a"}"#,
            r#"{"name":"a","version":1}"#,
            r#"{"name":"","version":"1"}"#,
        ] {
            assert_eq!(parse("", text.as_bytes()), Listing::default(), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_a_warning_and_deep_nesting_no_crash() {
        let deep = format!("{{\"x\":{}", "[".repeat(200_000));
        for text in ["", "{", "garbage", deep.as_str()] {
            let Listing { packages, warnings, .. } = parse("", text.as_bytes());
            assert_eq!((packages.len(), warnings.len()), (0, 1));
        }
    }

    #[test]
    fn a_byte_order_mark_does_not_matter() {
        assert_eq!(parse("", "\u{feff}{\"name\":\"a\",\"version\":\"1.0.0\"}".as_bytes()).packages.len(), 1);
    }
}
