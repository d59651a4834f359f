//! Bun's `bun.lock` (bun.sh/docs/install/lockfile): JSON with comments and trailing commas, whose `packages` are lists
//! that begin with `NAME@VERSION`. Its older form `bun.lockb` is Bun's memory as it lies, has no specification, and is
//! not read.

use super::{is_version, split_name};
use crate::catalog::format::Parse;
use crate::catalog::json::each_entry;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "bun-lock",
    owner: Owner::Language("npm"),
    evidence: Evidence::Lockfile,
    wants,
    parse: Parse::Bytes(parse),
});

/// The older form.
const BINARY: &str = "bun.lockb";

/// Whether `path` is a project's lock file of Bun.
pub fn wants(path: &str) -> bool {
    is_project_file(path, &["bun.lock", BINARY])
}

/// Reads the packages of a registry that it lists.
pub fn parse(path: &str, bytes: &[u8]) -> Listing {
    if path.ends_with(BINARY) {
        return Listing::warning(
            "is a lock file in Bun's binary form, which is not read; what it lists is not covered (Bun writes bun.lock \
             with `bun install --save-text-lockfile`)",
        );
    }
    let mut packages = Vec::new();
    let read = each_entry(
        &plain(bytes),
        |section| section == "packages",
        |_, _, entry| {
            let package = entry.get(0).and_then(|first| split_name(first.as_str()?));
            let package = package.filter(|(name, version)| !name.is_empty() && is_version(version));
            packages.extend(package.map(|(name, version)| Package::new(name, version)));
        },
    );
    match read {
        Ok(()) => Listing::of(packages),
        Err(error) => Listing::incomplete(packages, error),
    }
}

/// The same text as plain JSON: comments and commas before a closing bracket are blank.
fn plain(bytes: &[u8]) -> Vec<u8> {
    let mut text = bytes.to_vec();
    // Where a comma stands that nothing follows yet.
    let mut comma = None;
    let mut at = 0;
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            (b'"', _) => {
                comma = None;
                at += 1;
                while at < text.len() && text[at] != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            (b'/', Some(b'/')) => {
                while at < text.len() && text[at] != b'\n' {
                    text[at] = b' ';
                    at += 1;
                }
            }
            (b'/', Some(b'*')) => {
                let end = text[at + 2..].windows(2).position(|pair| pair == b"*/");
                let end = end.map_or(text.len(), |end| at + 2 + end + 2);
                text[at..end].fill(b' ');
                at = end;
                continue;
            }
            (b',', _) => comma = Some(at),
            (b']' | b'}', _) => {
                if let Some(comma) = comma.take() {
                    text[comma] = b' ';
                }
            }
            (other, _) if !other.is_ascii_whitespace() => comma = None,
            _ => {}
        }
        at += 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_blank_and_texts_stay() {
        let plain = |text: &str| String::from_utf8(plain(text.as_bytes())).unwrap();
        assert_eq!(plain("[1, 2,]"), "[1, 2 ]");
        assert_eq!(plain("{\"a,]\": \"//\\\",}\", }"), "{\"a,]\": \"//\\\",}\"  }");
        assert_eq!(plain("[1, // x,\n/* ] */ 2, /**/ ]"), "[1,      \n        2       ]");
        for text in ["\"", "\"\\", "/", "/*", "//", "/* *", ","] {
            assert_eq!(plain(text).len(), text.len());
        }
    }

    #[test]
    fn packages_of_a_registry_are_read_by_their_real_names() {
        let text = r#"{"lockfileVersion": 1, "workspaces": {"": {"dependencies": {"z": "1.0.0",},},},
            "packages": {"@s/a": ["@s/a@1.0.0", "", {}, "sha512-x"],
            "alias": ["real@2.0.0", "", {"dependencies": {"x": "1"}}, "sha512-x"],
            "w": ["w@workspace:packages/w"], "g": ["g@github:o/g#0123", {}, "o-g-0123"], "n": 7, "m": [],
            "t": ["t@https://example.com/t.tgz", {}],}}"#;
        let Listing { packages, warnings, .. } = parse("bun.lock", text.as_bytes());
        assert_eq!(packages, [Package::new("@s/a", "1.0.0"), Package::new("real", "2.0.0")]);
        assert_eq!(warnings, Vec::<String>::new());
    }

    #[test]
    fn the_binary_form_is_a_warning() {
        assert!(wants("app/bun.lockb") && wants("bun.lock") && !wants("a/node_modules/b/bun.lock"));
        let Listing { packages, warnings, .. } = parse("app/bun.lockb", b"#!/usr/bin/env bun\n");
        assert_eq!((packages.len(), warnings.len()), (0, 1));
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let text = r#"{"packages": {"a": ["a@1.0.0"], "b": ["b@1"#;
        let Listing { packages, warnings, .. } = parse("bun.lock", text.as_bytes());
        assert_eq!((packages.len(), warnings.len()), (1, 1));
        assert_eq!(parse("bun.lock", "[".repeat(200_000).as_bytes()).warnings.len(), 1);
    }
}
