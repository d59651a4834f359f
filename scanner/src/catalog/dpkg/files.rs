//! Which files a package owns: `var/lib/dpkg/info/PACKAGE.list`, and the checksum lists beside the parts in
//! `var/lib/dpkg/status.d/` of images built without dpkg.

use crate::catalog::format::Parse;
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
        Some((name, "md5sums")) => name.starts_with("status.d/"),
        _ => false,
    })
}

/// Reads the paths: one a line, in checksum lists behind the sum.
fn parse(path: &str, bytes: &[u8]) -> Listing {
    let sums = path.starts_with("var/lib/dpkg/status.d/");
    let text = String::from_utf8_lossy(bytes);
    let paths = text.lines().map(|line| match line.split_once("  ") {
        Some((_, path)) if sums => path,
        _ => line,
    });
    let paths = paths.map(|path| path.trim_start_matches("./").trim_start_matches('/'));
    let owned = paths.filter(|path| tells_of_language(path)).map(str::to_owned).collect();
    Listing { owned, ..Listing::default() }
}

#[cfg(test)]
mod tests {
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
    fn lists_lie_beside_the_database() {
        for path in ["var/lib/dpkg/info/libc6:amd64.list", "var/lib/dpkg/status.d/base.md5sums"] {
            assert!(wants(path), "{path}");
        }
        for path in ["var/lib/dpkg/info/libc6.md5sums", "var/lib/dpkg/status.d/base", "etc/apt/sources.list"]
        {
            assert!(!wants(path), "{path}");
        }
    }
}
