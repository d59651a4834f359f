//! Installed R packages: `DESCRIPTION` in a library ("Writing R Extensions", section 1.1.1). R writes a field `Built` into
//! it when it installs a package.

use super::REPOSITORIES;
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "r",
    owner: Owner::Language("CRAN"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

/// Whether `path` describes a package of a library: R's own, a site's, or that of a project with renv, whose last folders
/// name R's version and the platform. Such a library mostly links to folders of renv's cache, which is read itself.
pub fn wants(path: &str) -> bool {
    let Some(folder) = path.strip_suffix("/DESCRIPTION") else { return false };
    let mut parts = folder.rsplit('/').skip(1);
    let (library, above) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    matches!(library, "library" | "site-library")
        || (above.starts_with("R-") && parts.any(|part| part == "library"))
        || is_cached(folder)
}

/// Whether `folder` is that of a package in renv's cache: `R-VERSION/PLATFORM/NAME/PACKAGE-VERSION/HASH/NAME`
/// (rstudio.github.io/renv/reference/paths.html).
fn is_cached(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    let name = parts.next();
    name == parts.nth(2) && parts.nth(1).is_some_and(|part| part.starts_with("R-"))
}

/// Reads the package. Those that R itself consists of are none of CRAN's.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    // Lines that begin with white space go on with the field above.
    let fields: Vec<(&str, &str)> = text
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key, value.trim()))
        .collect();
    let field = |name: &str| fields.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| *value);
    if field("Priority") == "base" {
        return Listing::default();
    }
    match (field("Package"), field("Version"), field("Built")) {
        ("", ..) | (_, "", _) | (.., "") => Listing::warning(
            "lacks the name, the version or the build of an installed R package, which is not covered",
        ),
        (name, version, _) if REPOSITORIES.contains(&field("Repository")) => {
            let licenses = license(field("License"));
            Listing::of(vec![Package { licenses, ..Package::new(name, version) }])
        }
        _ => Listing::default(),
    }
}

/// R's own words for licences as SPDX writes them; others as they stand. A file adds the holder's name, no terms.
fn license(declared: &str) -> String {
    let one = |part: &str| {
        let name = part.split(" + file ").next().unwrap_or_default().trim();
        let known = match name {
            "GPL-2" | "GPL (== 2)" => "GPL-2.0-only",
            "GPL-3" | "GPL (== 3)" => "GPL-3.0-only",
            "GPL (>= 2)" | "GPL (>= 2.0)" => "GPL-2.0-or-later",
            "GPL (>= 3)" | "GPL (>= 3.0)" => "GPL-3.0-or-later",
            "LGPL-2.1" => "LGPL-2.1-only",
            "LGPL-3" => "LGPL-3.0-only",
            "LGPL (>= 2.1)" => "LGPL-2.1-or-later",
            "LGPL (>= 3)" => "LGPL-3.0-or-later",
            "AGPL-3" => "AGPL-3.0-only",
            "BSD_2_clause" => "BSD-2-Clause",
            "BSD_3_clause" => "BSD-3-Clause",
            "Apache License 2.0" | "Apache License (== 2.0)" => "Apache-2.0",
            "MPL-2.0" | "Mozilla Public License 2.0" => "MPL-2.0",
            other => other,
        };
        known.to_owned()
    };
    let parts = declared.split('|').filter(|part| !part.trim().starts_with("file "));
    parts.map(one).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" OR ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_a_library_are_wanted_and_templates_within_them_are_not() {
        for path in [
            "usr/lib/R/site-library/jsonlite/DESCRIPTION",
            "usr/local/lib/R/library/jsonlite/DESCRIPTION",
            "srv/app/renv/library/R-4.2/x86_64-pc-linux-gnu/jsonlite/DESCRIPTION",
            "root/.cache/R/renv/cache/v5/R-4.2/x86_64-pc-linux-gnu/jsonlite/1.8.4/a4269a09/jsonlite/DESCRIPTION",
            "renv/cache/v5/linux-debian-bookworm/R-4.4/aarch64-linux-gnu/jsonlite/1.8.8/e1b9c55a/jsonlite/DESCRIPTION",
        ] {
            assert!(wants(path), "{path}");
        }
        for path in [
            "DESCRIPTION",
            "srv/jsonlite/DESCRIPTION",
            "usr/lib/R/library/usethis/templates/DESCRIPTION",
            "root/.cache/R/renv/cache/v5/R-4.2/x86_64-pc-linux-gnu/usethis/2.2.2/ab/usethis/templates/DESCRIPTION",
            "root/.cache/R/renv/source/repository/jsonlite/DESCRIPTION",
        ] {
            assert!(!wants(path), "{path}");
        }
    }

    #[test]
    fn only_packages_of_cran_are_packages_of_cran() {
        let text = |repository: &str| {
            format!(
                "Package: a\nVersion: 1.0-2\nTitle: x\n Version: 9\n{repository}\nBuilt: R 4.2.2; ; x; unix\n"
            )
        };
        assert_eq!(
            parse("", text("Repository: RSPM").as_bytes()),
            Listing::of(vec![Package::new("a", "1.0-2")])
        );
        for other in ["RemoteType: github", "Repository: https://a.r-universe.dev", "Priority: base"] {
            assert_eq!(parse("", text(other).as_bytes()), Listing::default(), "{other}");
        }
    }

    #[test]
    fn licences_are_written_as_spdx_does() {
        for (declared, expected) in [
            ("MIT + file LICENSE", "MIT"),
            ("GPL (>= 2) | file LICENCE", "GPL-2.0-or-later"),
            ("GPL-2 | GPL-3", "GPL-2.0-only OR GPL-3.0-only"),
            ("file LICENSE", ""),
            ("Artistic-2.0", "Artistic-2.0"),
        ] {
            assert_eq!(license(declared), expected);
        }
    }

    #[test]
    fn damage_is_a_warning() {
        for text in [&b""[..], b"\0\xff", b"Package: a\nVersion: 1.0\n", b"Version: 1\nBuilt: x"] {
            let found = parse("", text);
            assert_eq!((found.packages.len(), found.warnings.len()), (0, 1), "{text:?}");
        }
    }
}
