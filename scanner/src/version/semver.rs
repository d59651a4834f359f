//! Semantic Versioning 2.0, with what npm and OSV tolerate: a leading `v` or `=`, and a missing minor or patch number.

use std::cmp::Ordering;

/// A version; build metadata takes no part in the order (section 10 of the standard).
#[derive(Debug, Clone)]
pub(super) struct Version(semver::Version);

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    let text = text.trim_start_matches(['v', 'V', '=', ' ']);
    let core = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(core);
    // osv.dev reads `4.0` in an advisory as `4.0.0`.
    let completed = match numbers.bytes().filter(|b| *b == b'.').count() {
        0 => format!("{numbers}.0.0{rest}"),
        1 => format!("{numbers}.0{rest}"),
        _ => text.to_owned(),
    };
    semver::Version::parse(&completed).map(Version).map_err(|_| "it is not MAJOR.MINOR.PATCH")
}

/// A version whose build metadata decide last, as Dart and Julia have it.
pub(super) fn parse_with_build(text: &str) -> Result<semver::Version, &'static str> {
    parse(text).map(|version| version.0)
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

#[cfg(test)]
mod tests {
    use super::{parse, parse_with_build};

    #[test]
    fn precedence_follows_the_standard() {
        let ascending = [
            "0.0.0-0",
            "0.0.0-alpha",
            "0.0.0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.10",
            "1.1.0",
            "10.0.0",
        ];
        for pair in ascending.windows(2) {
            assert!(parse(pair[0]).unwrap() < parse(pair[1]).unwrap(), "{pair:?}");
        }
    }

    #[test]
    fn npm_writes_v_and_equals_signs_and_leaves_numbers_out() {
        for text in ["v1.2.0", "=1.2.0", "=v1.2.0", "= 1.2", "1.2", "1.2.0+build.5"] {
            assert_eq!(parse(text), parse("1.2.0"), "{text}");
        }
        assert_eq!(parse("4-beta"), parse("4.0.0-beta"));
    }

    #[test]
    fn dart_and_julia_order_builds() {
        let ascending =
            ["1.0.0-a", "1.0.0", "1.0.0+0", "1.0.0+1", "1.0.0+10", "1.0.0+10.a", "1.0.0+a", "1.0.1"];
        for pair in ascending.windows(2) {
            assert!(parse_with_build(pair[0]).unwrap() < parse_with_build(pair[1]).unwrap(), "{pair:?}");
        }
    }

    #[test]
    fn what_is_no_version_is_an_error() {
        for text in
            ["", "latest", "1.2.x", "2.0.0.1", "4.0.0.Beta2", "01.2.3", "1..2", "3.0.0alpha", "1.2.3-"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
