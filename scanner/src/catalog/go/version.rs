//! How Go writes versions (go.dev/ref/mod, "Versions"; go.dev/doc/toolchain, "Go versions").

/// What stands for a version where Go knows none.
pub(super) const DEVELOPMENT: &str = "(devel)";

/// The version of the standard library of a toolchain, written as advisories write it: `go1.21.5` is 1.21.5,
/// `go1.21` is 1.21.0 and `go1.22rc1` is 1.22.0-rc.1. What a distributor added does not count.
pub(super) fn of_toolchain(name: &str) -> String {
    let version = name.strip_prefix("go").unwrap_or(name);
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let (release, rest) = version.split_at(end);
    let mut numbers: Vec<&str> = release.split('.').collect();
    if numbers.len() > 3 || numbers.len() < 2 || numbers.contains(&"") {
        return DEVELOPMENT.to_owned();
    }
    if numbers.len() == 2 {
        numbers.push("0");
    }
    let release = numbers.join(".");
    for stage in ["rc", "beta"] {
        if let Some(rest) = rest.strip_prefix(stage) {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            return format!("{release}-{stage}.{}", &rest[..end]);
        }
    }
    release
}

/// Whether a version names a commit: it ends with a time of 14 digits and a hash of 12.
pub(super) fn is_pseudo(version: &str) -> bool {
    let version = version.split('+').next().unwrap_or_default();
    let Some((rest, hash)) = version.rsplit_once('-') else { return false };
    let time = rest.rsplit(['-', '.']).next().unwrap_or_default();
    hash.len() == 12
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        && time.len() == 14
        && time.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `text` is a version of three numbers, with or without `v` and a pre-release.
pub(super) fn is_release(text: &str) -> bool {
    semver::Version::parse(text.strip_prefix('v').unwrap_or(text)).is_ok()
}

/// The version with its `v`.
pub(super) fn with_v(version: &str) -> String {
    if version.starts_with('v') { version.to_owned() } else { format!("v{version}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toolchains_are_known_by_the_version_of_their_library() {
        for (name, version) in [
            ("go1.21.5", "1.21.5"),
            ("go1.20", "1.20.0"),
            ("go1.22rc1", "1.22.0-rc.1"),
            ("go1.5beta3", "1.5.0-beta.3"),
            ("go1.21.5 X:boringcrypto", "1.21.5"),
            ("go1.18.2b7", "1.18.2"),
            ("go1.22.4-bigcorp", "1.22.4"),
            ("go1.24.4 (Red Hat 1.24.4-1.el9)", "1.24.4"),
            ("devel go1.22-0a1b2c3 Mon Jan 1", "(devel)"),
            ("go1", "(devel)"),
            ("go1..2", "(devel)"),
            ("", "(devel)"),
        ] {
            assert_eq!(of_toolchain(name), version, "{name}");
        }
    }

    #[test]
    fn commits_are_told_from_releases() {
        for version in [
            "v0.0.0-20191109021931-daa7c04131f5",
            "v1.2.4-0.20191109021931-daa7c04131f5",
            "v2.0.0-pre.0.20191109021931-daa7c04131f5",
            "v2.0.1-0.20191109021931-daa7c04131f5+incompatible",
        ] {
            assert!(is_pseudo(version), "{version}");
        }
        for version in
            ["v1.2.3", "v2.0.0+incompatible", "v1.0.0-rc.1", "v1.0.0-20191109021931", "(devel)", ""]
        {
            assert!(!is_pseudo(version), "{version}");
        }
    }
}
