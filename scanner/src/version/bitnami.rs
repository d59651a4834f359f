//! Bitnami's order: Semantic Versioning, with the revision of Bitnami's own build after a hyphen: `4.1.18-3`.

use super::number::{Number, is_number};
use super::semver;

/// A version; no revision is revision 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    upstream: semver::Version,
    revision: Number,
}

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    let (upstream, revision) = match text.rsplit_once('-') {
        Some((upstream, revision)) if is_number(revision) => (upstream, revision),
        _ => (text, ""),
    };
    Ok(Version { upstream: semver::parse(&without_zeros(upstream))?, revision: Number::new(revision) })
}

/// Some applications are numbered by their day, `2023.03.20`, which Semantic Versioning does not allow.
fn without_zeros(version: &str) -> String {
    let (numbers, rest) = version.split_at(version.find(['-', '+']).unwrap_or(version.len()));
    let trimmed = numbers.split('.').map(|number| match number.trim_start_matches('0') {
        "" if is_number(number) => "0",
        trimmed if is_number(trimmed) => trimmed,
        _ => number,
    });
    trimmed.collect::<Vec<_>>().join(".") + rest
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn trap_a_number_after_the_hyphen_is_a_revision_and_no_pre_release() {
        let ascending =
            ["2.6.0-rc.2", "2.6.0-rc.2-1", "2.6.0-rc1", "2.6.0", "2.6.0-1", "2.6.0-9", "2.6.0-10", "2.6.1"];
        for pair in ascending.windows(2) {
            assert!(parse(pair[0]).unwrap() < parse(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(parse("1.19.0-0"), parse("1.19.0"));
        assert!(parse("2023.03.20").unwrap() < parse("2023.3.21").unwrap());
        assert!(parse("2023.03.20").unwrap() < parse("2023.10.00-1").unwrap());
        assert!(parse("nightly.2026-03-10.0").is_err());
    }
}
