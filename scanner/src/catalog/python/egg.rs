//! Python eggs that were installed without being unpacked (setuptools, "The Internal Structure of Python Eggs"):
//! `NAME-VERSION-pyX.Y.egg`, a zip with the metadata in `EGG-INFO/PKG-INFO`.

use super::installed;
use crate::Limits;
use crate::catalog::format::Parse;
use crate::catalog::zipped::members;
use crate::catalog::{Evidence, Format, Listing, Owner, Spec};
use crate::content::Content;

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "python-egg",
    owner: Owner::Language("PyPI"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Content(parse),
});

/// Whether `path` is an egg. One that was unpacked is a folder, whose metadata is a file of its own.
pub fn wants(path: &str) -> bool {
    path.strip_suffix(".egg").is_some_and(|stem| stem.rsplit('/').next().unwrap_or(stem).contains("-py"))
}

/// Reads the metadata inside.
pub fn parse(_path: &str, content: &mut Content, _limits: &Limits) -> Listing {
    let listing = members(content, |name| name == "EGG-INFO/PKG-INFO", installed::parse);
    if listing.packages.is_empty() && listing.warnings.is_empty() {
        return Listing::warning("has no EGG-INFO/PKG-INFO; the package that it holds is not covered");
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eggs_are_known_by_their_names() {
        assert!(wants("usr/lib/python2.7/site-packages/docopt-0.6.2-py2.7.egg"));
        assert!(!wants("a/chicken.egg") && !wants("a/docopt-0.6.2-py2.7.egg/EGG-INFO/PKG-INFO"));
    }

    #[test]
    fn what_is_no_egg_is_a_warning() {
        // An archive without members.
        let empty = [&b"PK\x05\x06"[..], &[0; 18]].concat();
        for bytes in [Vec::new(), b"garbage".to_vec(), empty] {
            let listing = parse("", &mut Content::from(bytes), &Limits::default());
            assert_eq!((listing.packages.len(), listing.warnings.len()), (0, 1));
        }
    }
}
