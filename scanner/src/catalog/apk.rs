//! Alpine's package database: `lib/apk/db/installed`, in newer releases under `usr/lib`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::format::Parse;
use super::intact::Intact;
use super::stanza::{Troubles, paragraphs};
use super::{Evidence, Format, Listing, Owner, Package, Spec, tells_of_language};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "apk",
    owner: Owner::System("apk"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

/// Whether `path` is the database.
pub fn wants(path: &str) -> bool {
    matches!(path, "lib/apk/db/installed" | "usr/lib/apk/db/installed")
}

/// Reads the packages; what cannot be read is named in warnings.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let (mut packages, mut owned) = (Vec::new(), Vec::new());
    let mut intact = Intact::default();
    let mut troubles = Troubles::default();
    for lines in paragraphs(&text) {
        let (mut name, mut version, mut origin, mut arch, mut licenses) = ("", "", "", "", "");
        let (mut folder, mut path) = ("", String::new());
        for line in lines {
            // Keys are one letter, and their case matters: `P:` is the name, `p:` what the package provides.
            match line.split_once(':') {
                Some(("P", value)) => name = value.trim(),
                Some(("V", value)) => version = value.trim(),
                Some(("o", value)) => origin = value.trim(),
                Some(("A", value)) => arch = value.trim(),
                Some(("L", value)) => licenses = value.trim(),
                Some(("F", value)) => folder = value,
                Some(("R", file)) => {
                    path = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
                    if tells_of_language(&path) {
                        owned.push(path.clone());
                    }
                }
                // The digest of the file above: `Q1` and a SHA-1, or `Q2` and a SHA-256.
                Some(("Z", value)) => {
                    let digest = value.trim().strip_prefix("Q1").or_else(|| value.trim().strip_prefix("Q2"));
                    if let Some(Ok(digest)) = digest.map(|digest| STANDARD.decode(digest)) {
                        intact.note(&path, &digest);
                    }
                }
                Some((key, _)) if key.len() == 1 => {}
                _ => troubles.foreign += 1,
            }
        }
        match (name, version) {
            ("", _) => troubles.foreign += 1,
            (name, "") => troubles.incomplete.push(name.chars().take(60).collect()),
            (name, version) => packages.push(Package {
                name: name.to_owned(),
                version: version.to_owned(),
                source_name: if origin.is_empty() { name.to_owned() } else { origin.to_owned() },
                // All packages of one origin are built at once and share its version.
                source_version: version.to_owned(),
                arch: arch.to_owned(),
                licenses: licenses.to_owned(),
                ..Package::default()
            }),
        }
    }
    let warnings = troubles.into_warnings("apk", packages.len());
    Listing { packages, owned, intact, warnings }
}

#[cfg(test)]
mod tests {
    use crate::catalog::intact::tests::knows_abc;

    use super::*;

    const INSTALLED: &str = "C:Q1abc=\nP:libcrypto3\nV:3.1.4-r5\nA:x86_64\np:so:libcrypto.so.3=3\no:openssl\n\
        F:lib\nR:libcrypto.so.3\na:0:0:755\nZ:Q1x=\n\nC:Q1def=\nP:musl\nV:1.2.4_git20230717-r4\nA:x86_64\n\n";

    #[test]
    fn trap_packages_match_by_origin() {
        let Listing { packages, warnings, .. } = parse("lib/apk/db/installed", INSTALLED.as_bytes());
        let lines: Vec<_> = packages
            .iter()
            .map(|p| format!("{} {} {} {} {}", p.name, p.version, p.source_name, p.source_version, p.arch))
            .collect();
        assert_eq!(
            lines,
            [
                "libcrypto3 3.1.4-r5 openssl 3.1.4-r5 x86_64",
                "musl 1.2.4_git20230717-r4 musl 1.2.4_git20230717-r4 x86_64",
            ]
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn files_are_known_with_their_digests() {
        // SHA-1 and SHA-256 of "abc".
        let text = "P:a\nV:1\nF:etc\nR:x\na:0:0:600\nZ:Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\nR:plain\nF:\nR:y\n\
                    Z:Q2ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\nR:z\nZ:Q1***\n";
        let Listing { intact, .. } = parse("", text.as_bytes());
        for (path, expected) in [("etc/x", true), ("etc/plain", false), ("y", true), ("z", false)] {
            assert_eq!(knows_abc(&intact, path), expected, "{path}");
        }
    }

    #[test]
    fn trap_the_database_may_be_under_usr() {
        assert!(wants("lib/apk/db/installed") && wants("usr/lib/apk/db/installed"));
        assert!(!wants("lib/apk/db/scripts.tar") && !wants("x/lib/apk/db/installed"));
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let Listing { packages, warnings, .. } = parse("", b"\0\0garbage\n\nP:a\nV:1-r0\n\nP:b\n");
        assert_eq!(packages.len(), 1);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[1].contains('b'));
    }
}
