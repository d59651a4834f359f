//! Which files a package owns: `var/lib/dpkg/info/PACKAGE.list`, and what they were when it brought them:
//! `PACKAGE.md5sums` beside it. Images built without dpkg have such a checksum list, and no other, beside each of the parts
//! in `var/lib/dpkg/status.d/`.

use crate::catalog::format::Parse;
use crate::catalog::intact::Intact;
use crate::catalog::{Evidence, Format, Listing, Owner, Spec, tells_of_language};

/// The format. It lists no packages.
pub const FORMAT: Format = Format::new(&Spec {
    code: "dpkg-files",
    owner: Owner::System("deb"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

fn wants(path: &str) -> bool {
    path.strip_prefix("var/lib/dpkg/").is_some_and(|rest| match rest.rsplit_once('.') {
        Some((name, "list")) => name.starts_with("info/"),
        Some((name, "md5sums")) => name.starts_with("info/") || name.starts_with("status.d/"),
        _ => false,
    })
}

/// Reads the paths: one a line, in checksum lists behind the sum.
fn parse(path: &str, bytes: &[u8]) -> Listing {
    let has_sums = path.ends_with(".md5sums");
    // Beside a list that names all files, checksums tell nothing new of whose they are.
    let is_list = !has_sums || path.starts_with("var/lib/dpkg/status.d/");
    let text = String::from_utf8_lossy(bytes);
    let (mut owned, mut intact) = (Vec::new(), Intact::default());
    for line in text.lines() {
        let (digest, path) = line.split_once("  ").filter(|_| has_sums).unwrap_or(("", line));
        let path = path.trim_start_matches("./").trim_start_matches('/');
        if has_sums {
            intact.note_hex(path, digest.as_bytes());
        }
        if is_list && tells_of_language(path) {
            owned.push(path.to_owned());
        }
    }
    Listing { owned, intact, ..Listing::default() }
}

#[cfg(test)]
mod tests {
    use crate::catalog::intact::tests::knows_abc;

    use super::*;

    #[test]
    fn only_paths_that_may_tell_of_packages_are_kept() {
        let list = b"/.\n/usr/bin/docker\n/usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO\n\
                     /usr/share/doc/python3-requests/copyright\n/usr/share/man/man1/docker.1.gz\n";
        assert_eq!(
            parse("var/lib/dpkg/info/x.list", list).owned,
            ["usr/bin/docker", "usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO"]
        );
        let sums = b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/python3.11\nbroken\n";
        assert_eq!(parse("var/lib/dpkg/status.d/python3.md5sums", sums).owned, ["usr/bin/python3.11"]);
    }

    #[test]
    fn checksums_beside_a_list_tell_of_content_alone() {
        let sums = b"900150983cd24fb0d6963f7d28e17f72  usr/bin/x\nbroken\n\xff  y\n";
        for (path, owned) in [("var/lib/dpkg/info/x.md5sums", 0), ("var/lib/dpkg/status.d/x.md5sums", 1)] {
            let found = parse(path, sums);
            assert!(knows_abc(&found.intact, "usr/bin/x") && !knows_abc(&found.intact, "y"), "{path}");
            assert_eq!((found.owned.len(), found.warnings.len()), (owned, 0), "{path}");
        }
    }

    #[test]
    fn lists_lie_beside_the_database() {
        for path in [
            "var/lib/dpkg/info/libc6:amd64.list",
            "var/lib/dpkg/info/libc6:amd64.md5sums",
            "var/lib/dpkg/status.d/base.md5sums",
        ] {
            assert!(wants(path), "{path}");
        }
        for path in ["var/lib/dpkg/info/libc6.postinst", "var/lib/dpkg/status.d/base", "etc/apt/sources.list"]
        {
            assert!(!wants(path), "{path}");
        }
    }
}
