//! Python's order, PEP 440, by the crate `pep440_rs`.

pub(super) fn parse(text: &str) -> Result<pep440_rs::Version, &'static str> {
    // Numbers beyond 64 bits and the free-form versions of before PEP 440 are errors.
    text.parse().map_err(|_| "PEP 440 does not allow it; it may be older than that standard")
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn pre_releases_development_releases_and_epochs_have_their_place() {
        let ascending = [
            "1.0.dev1",
            "1.0a1.dev1",
            "1.0a1",
            "1.0b1",
            "1.0rc1",
            "1.0",
            "1.0+local.1",
            "1.0.post1",
            "1.1",
            "1!0.1",
        ];
        for pair in ascending.windows(2) {
            assert!(parse(pair[0]).unwrap() < parse(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(parse("1.0").unwrap(), parse("v1.0.0").unwrap());
    }

    #[test]
    fn trap_legacy_versions_are_errors() {
        for text in ["", "1.0-foo-bar", "2004d-final", "unknown", "99999999999999999999999"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
