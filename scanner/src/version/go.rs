//! Go's order (go.dev/ref/mod#versions): Semantic Versioning with `v`, pseudo-versions and `+incompatible`; and the
//! toolchain's own way to write it (go.dev/doc/toolchain#version): `go1.21.5`, `1.21rc2`.

use super::number::{Number, is_number, take_digits, take_while};
use super::semver::{self, Version};

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    let number = text.strip_prefix("go").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    match number {
        // Experiments follow after a space, a distributor's mark after a hyphen.
        Some(number) => {
            let end = number.find([' ', '-', '+']).unwrap_or(number.len());
            toolchain(&number[..end], true).ok_or("it is no version of the Go toolchain")
        }
        None => toolchain(text, false).map_or_else(|| semver::parse(text), Ok),
    }
}

/// `1.21rc2` as `1.21.0-rc.2`, which is how Go's own advisories write it.
fn toolchain(text: &str, named: bool) -> Option<Version> {
    let mut rest = text;
    let major = take_digits(&mut rest);
    rest = rest.strip_prefix('.')?;
    let minor = take_digits(&mut rest);
    let patch = match rest.strip_prefix('.') {
        Some(tail) => {
            rest = tail;
            take_digits(&mut rest)
        }
        None => "0",
    };
    let kind = take_while(&mut rest, |c| c.is_ascii_lowercase());
    let pre_release = match kind {
        // Since 1.21 the bare name is the language's, which lies before the first candidate.
        "" if rest.is_empty()
            && named
            && text.matches('.').count() == 1
            && Number::new(minor) >= Number::new("21") =>
        {
            "-0".to_owned()
        }
        "" if rest.is_empty() => String::new(),
        "alpha" | "beta" | "rc" if is_number(rest) => format!("-{kind}.{rest}"),
        _ => return None,
    };
    semver::parse(&format!("{major}.{minor}.{patch}{pre_release}")).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn ascending(versions: &[&str]) {
        for pair in versions.windows(2) {
            assert!(parse(pair[0]).unwrap() < parse(pair[1]).unwrap(), "{pair:?}");
        }
    }

    #[test]
    fn pseudo_versions_lie_between_the_tags_they_are_made_from() {
        ascending(&[
            "v0.0.0-20170915032832-14c0d48ead0c",
            "v0.0.0-20191109021931-daa7c04131f5",
            "v0.1.0",
            "v1.2.3-pre",
            "v1.2.3-pre.0.20191109021931-daa7c04131f5",
            "v1.2.3",
            "v1.2.4-0.20191109021931-daa7c04131f5",
            "v1.2.4",
        ]);
    }

    #[test]
    fn incompatible_is_a_mark_alone() {
        assert_eq!(parse("v2.0.0+incompatible"), parse("2.0.0"));
        ascending(&["v1.0.0", "v2.0.0+incompatible", "v2.0.1"]);
    }

    #[test]
    fn trap_toolchains_write_versions_their_own_way() {
        ascending(&[
            "go1.20rc1",
            "go1.20",
            "go1.20.1",
            "go1.21",
            "go1.21rc1",
            "1.21rc2",
            "go1.21.0",
            "go1.21.5",
        ]);
        ascending(&["go1.9.2", "go1.10beta1", "go1.10rc2", "go1.10", "go1.22.0"]);
        assert_eq!(parse("1.21rc2"), parse("1.21.0-rc.2"));
        assert_eq!(parse("go1.20"), parse("1.20.0"));
        assert_eq!(parse("go1.21.5 X:boringcrypto"), parse("1.21.5"));
        assert_eq!(parse("go1.21.3-bigcorp"), parse("1.21.3"));
    }

    #[test]
    fn trap_devel_is_no_version() {
        for text in ["", "(devel)", "devel go1.22-abcdef", "go", "gopher", "go1.x", "master", "v1.x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
