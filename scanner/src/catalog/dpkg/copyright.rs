//! What a package is licensed by: `usr/share/doc/PACKAGE/copyright`, in the machine-readable form
//! (www.debian.org/doc/packaging-manuals/copyright-format/1.0) or as prose that names a common licence.

use std::collections::BTreeSet;

use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec};

/// The format. Its packages have a name and licences alone, to be joined with those of the database.
pub const FORMAT: Format = Format::new(&Spec {
    code: "dpkg-copyright",
    owner: Owner::System("deb"),
    evidence: Evidence::Installed,
    wants: |path| package_of(path).is_some(),
    parse: Parse::Bytes(parse),
});

/// Where prose refers to the text of a licence.
const COMMON: &str = "/usr/share/common-licenses/";

/// The file of a package.
pub(crate) fn path_of(package: &str) -> String {
    format!("usr/share/doc/{package}/copyright")
}

fn package_of(path: &str) -> Option<&str> {
    let name = path.strip_suffix("/copyright")?.strip_prefix("usr/share/doc/")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// Reads the licences of all files of the package.
fn parse(path: &str, bytes: &[u8]) -> Listing {
    let Some(name) = package_of(path) else { return Listing::default() };
    let text = String::from_utf8_lossy(bytes);
    let mut names: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("License:"))
        .map(str::trim)
        .filter(|name| !name.is_empty() && name.len() < 200)
        .map(expression)
        .collect();
    if names.is_empty() {
        let named = text.match_indices(COMMON).map(|(at, _)| &text[at + COMMON.len()..]);
        names = named
            .map(|rest| {
                rest.split(|c: char| !c.is_ascii_alphanumeric() && !".-".contains(c)).next().unwrap_or("")
            })
            .map(|name| name.trim_end_matches(['.', '-']))
            .filter(|name| !name.is_empty())
            .map(|name| identifier(name).unwrap_or_else(|| name.to_owned()))
            .collect();
    }
    if names.is_empty() {
        return Listing::default();
    }
    let parts: Vec<String> = names
        .into_iter()
        .map(|name| if name.contains(" OR ") { format!("({name})") } else { name })
        .collect();
    let licenses = match parts.as_slice() {
        [only] => only.trim_start_matches('(').trim_end_matches(')').to_owned(),
        parts => parts.join(" AND "),
    };
    Listing::of(vec![Package { licenses, ..Package::new(name, "") }])
}

/// `GPL-2+ or Artistic` as an SPDX expression, as far as its names are known.
fn expression(text: &str) -> String {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| match word.trim_end_matches(',') {
            "or" | "OR" | "|" => "OR".to_owned(),
            "and" | "AND" | "&" => "AND".to_owned(),
            name => identifier(name).unwrap_or_else(|| name.to_owned()),
        })
        .collect();
    words.join(" ")
}

/// The SPDX identifier of a short name of Debian's; `None` when it is none that needs another form.
fn identifier(name: &str) -> Option<String> {
    let fixed = match name.to_ascii_lowercase().as_str() {
        "expat" | "mit" | "mit-license" => "MIT",
        "bsd-2-clause" => "BSD-2-Clause",
        "bsd-3-clause" | "bsd" => "BSD-3-Clause",
        "bsd-4-clause" => "BSD-4-Clause",
        "isc" => "ISC",
        "zlib" => "Zlib",
        "apache-2.0" | "apache-2" => "Apache-2.0",
        "artistic" | "artistic-1" => "Artistic-1.0-Perl",
        "cc0" | "cc0-1.0" => "CC0-1.0",
        "mpl-2.0" => "MPL-2.0",
        "mpl-1.1" => "MPL-1.1",
        "psf-2" => "PSF-2.0",
        "public-domain" => "LicenseRef-public-domain",
        _ => {
            let (family, rest) = ["LGPL", "AGPL", "GPL", "GFDL"].iter().find_map(|family| {
                let rest = name.strip_prefix(family)?;
                Some((*family, rest.strip_prefix(['-', 'v']).unwrap_or(rest)))
            })?;
            let (version, later) = match rest.strip_suffix('+') {
                Some(version) => (version, "or-later"),
                None => (rest, "only"),
            };
            let version = match version {
                "" if family == "LGPL" => "2",
                "" => "1",
                version => version.trim_end_matches(".0"),
            };
            let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if !version.split('.').all(is_number) {
                return None;
            }
            let dotted = if version.contains('.') { version.to_owned() } else { format!("{version}.0") };
            // A name without a version means any.
            let later = if rest.is_empty() { "or-later" } else { later };
            return Some(format!("{family}-{dotted}-{later}"));
        }
    };
    Some(fixed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn licenses(text: &str) -> String {
        let listing = parse("usr/share/doc/x/copyright", text.as_bytes());
        listing.packages.first().map(|package| package.licenses.clone()).unwrap_or_default()
    }

    #[test]
    fn short_names_become_spdx() {
        let text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nFiles: *\n\
                    License: GPL-2+ or Artistic\n\nFiles: a\nLicense: Expat\n\nLicense: LGPL-2.1\n text\n";
        assert_eq!(licenses(text), "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND LGPL-2.1-only AND MIT");
        assert_eq!(licenses("License: GPL-3+ or MIT\n"), "GPL-3.0-or-later OR MIT");
        assert_eq!(licenses("License: OpenLDAP-2.8\n"), "OpenLDAP-2.8");
    }

    #[test]
    fn prose_names_common_licences() {
        let text = "On Debian systems the text is in `/usr/share/common-licenses/GPL-3'.\n";
        assert_eq!(licenses(text), "GPL-3.0-only");
        assert_eq!(licenses("see /usr/share/common-licenses/Apache-2.0, or\n"), "Apache-2.0");
        assert_eq!(licenses("All rights reserved.\n"), "");
    }

    #[test]
    fn every_package_has_one_place() {
        assert_eq!(package_of("usr/share/doc/libssl3/copyright"), Some("libssl3"));
        for path in ["usr/share/doc/copyright", "usr/share/doc/a/b/copyright", "copyright"] {
            assert_eq!(package_of(path), None, "{path}");
        }
    }
}
