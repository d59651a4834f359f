//! Versions that are nothing but numbers: R's packages (`package_version`: parts by `.` or `-`) and Haskell's
//! (Package Versioning Policy: parts by `.`). A version that ends first is the smaller: `1.0` is below `1.0.0`.

use super::number::{Number, is_number};

/// A version as its numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(Vec<Number>);

pub(super) fn parse(text: &str, separators: &[char]) -> Result<Version, &'static str> {
    text.split(separators)
        .map(|part| if is_number(part) { Ok(Number::new(part)) } else { Err("a part of it is no number") })
        .collect::<Result<_, _>>()
        .map(Version)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn r_cuts_at_dots_and_hyphens() {
        let r = |text| parse(text, &['.', '-']);
        let ascending =
            ["0.9", "1.0", "1.0.0", "1.0-1", "1.0-9", "1.0.10", "1.2-3", "1.10", "3.98-1.16", "2024.1.1"];
        for pair in ascending.windows(2) {
            assert!(r(pair[0]).unwrap() < r(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(r("1.2-3"), r("1.2.3"));
        assert_eq!(r("1.02"), r("1.2"));
        for text in ["", "1.", "-1", "1.a", "1..2", "1_2"] {
            assert!(r(text).is_err(), "{text}");
        }
    }

    #[test]
    fn haskell_cuts_at_dots_alone() {
        let haskell = |text| parse(text, &['.']);
        for pair in ["0.1.0.0", "1", "1.0", "1.0.0", "1.2.3.4", "1.10"].windows(2) {
            assert!(haskell(pair[0]).unwrap() < haskell(pair[1]).unwrap(), "{pair:?}");
        }
        assert!(haskell("1.2-3").is_err());
    }
}
