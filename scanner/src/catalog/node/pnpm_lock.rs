//! pnpm's `pnpm-lock.yaml` (github.com/pnpm/spec, "lockfile"). pnpm writes it in one shape: its section `packages` has
//! one key for each package, two spaces in, that is name and version. Version 5 writes `/NAME/VERSION_PEERS`, version 6
//! `/NAME@VERSION(PEERS)`, version 9 `NAME@VERSION`; another registry's name may stand before.

use std::borrow::Cow;

use super::{is_version, split_name};
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "pnpm-lock",
    owner: Owner::Language("npm"),
    evidence: Evidence::Lockfile,
    wants,
    parse: Parse::Bytes(parse),
});

/// Whether `path` is a project's lock file of pnpm.
pub fn wants(path: &str) -> bool {
    is_project_file(path, &["pnpm-lock.yaml"])
}

/// Reads the packages of a registry that it lists.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let mut packages = Vec::new();
    let mut faults = usize::from(matches!(text, Cow::Owned(_)));
    let mut is_lock = false;
    let mut in_packages = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let content = line.trim();
        let depth = line.len() - line.trim_start_matches(' ').len();
        if content.is_empty() || content.starts_with('#') || depth > 2 {
            continue;
        }
        match (depth, key(content)) {
            (0, Some(section)) => {
                is_lock |= section == "lockfileVersion";
                in_packages = section == "packages";
            }
            (0, None) if content == "---" => in_packages = false,
            (2, Some(key)) if in_packages => packages.extend(package(key)),
            // A lone colon ends a key that is too long for a line with its value.
            (_, None) if (in_packages && content != ":") || depth == 0 => faults += 1,
            _ => {}
        }
    }
    if !is_lock {
        return Listing::incomplete(packages, "it has no `lockfileVersion`");
    }
    match faults {
        0 => Listing::of(packages),
        faults => Listing::incomplete(packages, format!("{faults} lines of it are damaged")),
    }
}

/// The key of a YAML line `KEY: VALUE`, `KEY:` or `? KEY`, without quotes.
fn key(line: &str) -> Option<&str> {
    let key = match line.strip_prefix("? ") {
        Some(key) => key,
        None => line.strip_suffix(':').or_else(|| line.split_once(": ").map(|(key, _)| key))?,
    };
    Some(key.trim_matches(['\'', '"']))
}

/// The package of a registry that a key names. Other keys begin with a protocol or have an address for a version.
fn package(key: &str) -> Option<Package> {
    let key = key.split('(').next().unwrap_or(key);
    let key = match key.strip_prefix('/') {
        Some(key) => key,
        None => without_registry(key),
    };
    // Names have as many parts as these; what follows is the version of the older form.
    let parts = if key.starts_with('@') { 2 } else { 1 };
    let name_ends = key.match_indices('/').nth(parts - 1).map(|(at, _)| at);
    let (name, version) = match name_ends {
        Some(at) => (&key[..at], key[at + 1..].split('_').next().unwrap_or_default()),
        None => split_name(key)?,
    };
    (is_version(version) && !name.contains([':', ' '])).then(|| Package::new(name, version))
}

/// A key without the name of the registry before it.
fn without_registry(key: &str) -> &str {
    match key.split_once('/') {
        Some((host, rest)) if host.contains('.') && !host.contains(['@', ':']) => rest,
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_versions_name_package_and_version() {
        for (key, expected) in [
            ("/a/1.0.0", "a 1.0.0"),
            ("/@s/a/1.0.0", "@s/a 1.0.0"),
            ("/a/1.0.0_b@2.0.0+c@3.0.0", "a 1.0.0"),
            ("/@s/a/1.0.0_@t+b@2.0.0", "@s/a 1.0.0"),
            ("registry.example.com/a/1.0.0", "a 1.0.0"),
            ("registry.example.com/@s/a/1.0.0-rc.1", "@s/a 1.0.0-rc.1"),
            ("/a@1.0.0", "a 1.0.0"),
            ("/@s/a@1.0.0(@t/b@2.0.0)(c@3.0.0)", "@s/a 1.0.0"),
            ("registry.example.com/a@1.0.0", "a 1.0.0"),
            ("a@1.0.0", "a 1.0.0"),
            ("@s/a@1.0.0", "@s/a 1.0.0"),
            ("a.b@1.0.0", "a.b 1.0.0"),
            ("a@1.0.0(patch_hash=0123)", "a 1.0.0"),
        ] {
            let found = package(key).map(|package| format!("{} {}", package.name, package.version));
            assert_eq!(found.as_deref(), Some(expected), "{key}");
        }
    }

    #[test]
    fn what_is_not_of_a_registry_is_left_out() {
        for key in [
            "file:local",
            "file:../local_react@18.0.0",
            "github.com/o/r/0123abcd",
            "codeload.github.com/o/r/tar.gz/0123abcd",
            "codeload.github.com/o/r/tar.gz/1.0.0",
            "@example.com/a-1.0.0.tgz",
            "local@file:local",
            "a@https://codeload.github.com/o/r/tar.gz/0123",
            "a@git+ssh://git@github.com/o/r.git#0123",
            "a@link:../a",
            "node@runtime:22.0.0",
            "",
            "/",
            "@",
        ] {
            assert_eq!(package(key), None, "{key}");
        }
    }

    #[test]
    fn only_the_section_of_packages_counts() {
        let text = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      b@1.0.0:\n\npackages:\n\n  \
            'a@1.0.0':\n    resolution: {integrity: sha512-x}\n    dependencies:\n      c@1: 1.0.0\n\n  ? d@1.0.0\n  :\n    x: y\n\n\
            snapshots:\n\n  e@1.0.0: {}\n";
        let Listing { packages, warnings, .. } = parse("", text.as_bytes());
        assert_eq!(packages, [Package::new("a", "1.0.0"), Package::new("d", "1.0.0")]);
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let lock = "lockfileVersion: 5.4\npackages:\n\n  /a/1.0.0:\n    resolution: {}\n\n";
        for damage in ["  /b/1.0", "<<<<<<< HEAD\n", "  x: \u{fffd}\nnothing\n"] {
            let Listing { packages, warnings, .. } = parse("", format!("{lock}{damage}").as_bytes());
            assert_eq!((packages.len(), warnings.len()), (1, 1), "{damage}");
        }
        assert_eq!(parse("", b"").warnings.len(), 1);
        assert_eq!(parse("", &[lock.as_bytes(), b"\xff: 1\n"].concat()).warnings.len(), 1);
    }
}
