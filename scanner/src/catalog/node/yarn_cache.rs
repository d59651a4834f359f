//! Packages that Yarn runs from zip archives (yarnpkg.com/features/pnp): the project's `.yarn/cache`, and the cache of all
//! projects in a home folder. An archive's file name tells name and version, but not where a scope ends, so the
//! manifests inside are read, those of bundled packages too.

use super::installed;
use crate::Limits;
use crate::catalog::format::Parse;
use crate::catalog::zipped::members;
use crate::catalog::{Evidence, Format, Listing, Owner, Spec};
use crate::content::Content;

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "yarn-cache",
    owner: Owner::Language("npm"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Content(parse),
});

/// Whether `path` is a registry's package in a cache of Yarn: `.yarn/cache/NAME-npm-VERSION-HASH-HASH.zip`. What is from
/// elsewhere has another word for `npm`.
pub fn wants(path: &str) -> bool {
    let Some((folder, name)) = path.strip_suffix(".zip").and_then(|path| path.rsplit_once('/')) else {
        return false;
    };
    let mut folders = folder.rsplit('/');
    let is_cache = folders.next() == Some("cache") && matches!(folders.next(), Some(".yarn" | "berry"));
    is_cache && name.contains("-npm-")
}

/// Reads the manifests inside.
pub fn parse(_path: &str, content: &mut Content, _limits: &Limits) -> Listing {
    let listing = members(content, installed::wants, installed::parse);
    if listing.packages.is_empty() && listing.warnings.is_empty() {
        return Listing::warning("has no package.json of a package; what it holds is not covered");
    }
    listing
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn read(bytes: Vec<u8>) -> Listing {
        parse("", &mut Content::from(bytes), &Limits::default())
    }

    #[test]
    fn caches_of_yarn_are_known_by_their_place() {
        for path in [
            "app/.yarn/cache/lodash-npm-4.17.15-0123456789-0123456789.zip",
            ".yarn/cache/@babel-core-npm-7.0.0-0123456789-10c0.zip",
            "root/.yarn/berry/cache/ms-npm-2.0.0-9e1101a471-10c0.zip",
        ] {
            assert!(wants(path), "{path}");
        }
        for path in [
            "app/cache/lodash-npm-4.17.15-0123456789-0123456789.zip",
            ".yarn/cache/local-file-bea2077a78-10c0.zip",
            ".yarn/cache/a/b-npm-1.0.0.zip",
            "a-npm-1.zip",
        ] {
            assert!(!wants(path), "{path}");
        }
    }

    #[test]
    fn packages_are_named_by_their_manifests_and_bundled_ones_with_them() {
        let listing = read(zip(&[
            ("node_modules/@a/b/package.json", br#"{"name": "@a/b", "version": "1.0.0", "license": "MIT"}"#),
            ("node_modules/@a/b/index.js", b"{"),
            ("node_modules/@a/b/node_modules/c/package.json", br#"{"name": "c", "version": "2.0.0"}"#),
            ("node_modules/@a/b/test/package.json", b"{"),
        ]));
        assert_eq!(listing.warnings, Vec::<String>::new());
        let told: Vec<_> = listing.packages.iter().map(|p| (p.name.as_str(), p.within.as_str())).collect();
        assert_eq!(
            told,
            [
                ("@a/b", "node_modules/@a/b/package.json"),
                ("c", "node_modules/@a/b/node_modules/c/package.json")
            ]
        );
    }

    #[test]
    fn a_bomb_is_stopped_and_named() {
        let bomb = vec![b' '; 5 << 20];
        let listing = read(zip(&[
            ("node_modules/bomb/package.json", &bomb),
            ("node_modules/a/package.json", br#"{"name": "a", "version": "1.0.0"}"#),
        ]));
        assert_eq!((listing.packages.len(), listing.warnings.len()), (1, 1), "{:?}", listing.warnings);
        assert!(listing.warnings[0].contains("node_modules/bomb"), "{:?}", listing.warnings);
    }

    #[test]
    fn every_cut_and_every_flipped_byte_is_survived_and_none_is_silent() {
        let whole = zip(&[("node_modules/a/package.json", br#"{"name": "a", "version": "1.0.0"}"#)]);
        for end in 0..whole.len() {
            let listing = read(whole[..end].to_vec());
            assert!(!listing.warnings.is_empty() || listing.packages.len() == 1, "cut at {end}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0xff;
            let listing = read(flipped);
            assert!(!listing.warnings.is_empty() || listing.packages.len() == 1, "flipped at {at}");
        }
    }
}
