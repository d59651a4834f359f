//! Properties that every order must have: sorting and ranges rest on them.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::{Scheme, VersionError, compare};

fn dpkg() -> impl Strategy<Value = String> {
    "([0-2]:)?[0-9a-c.+~]{0,6}[0-9](-[0-9a-c.+~]{1,4})?"
}

fn apk() -> impl Strategy<Value = String> {
    "[0-9]{1,2}(\\.[0-9]{1,2}){0,2}[a-c]?(_(alpha|beta|rc|git|p)[0-9]{0,2}){0,2}(~[a-f]{2})?(-r[0-9]{1,2})?"
}

fn pep440() -> impl Strategy<Value = String> {
    "([0-1]!)?[0-9](\\.[0-9]){0,2}((a|b|rc)[0-2])?(\\.post[0-2])?(\\.dev[0-2])?(\\+[a-c]\\.[0-9])?"
}

fn semver() -> impl Strategy<Value = String> {
    "v?[0-3]\\.[0-3]\\.[0-3](-[a-c]{1,2}(\\.[0-9]){0,2})?(\\+[a-c]{1,2})?"
}

fn rpm() -> impl Strategy<Value = String> {
    "([0-2]:)?[0-9]{1,2}([.~^_+a-c]{0,2}[0-9a-c]{1,2}){0,3}(-[0-9]{1,2}([.~^][0-9a-z]{1,2}){0,2})?"
}

fn maven() -> impl Strategy<Value = String> {
    "[0-2](\\.[0-2]){0,2}([-.](alpha|beta|a|b|m|rc|cr|snapshot|ga|final|release|sp|jre|0|1|v2)[-.]?[0-2]?){0,3}"
}

fn rubygems() -> impl Strategy<Value = String> {
    "[0-2](\\.([0-2]|a|b|pre|rc1)){0,4}(-[0-1])?"
}

fn composer() -> impl Strategy<Value = String> {
    "v?[0-2](\\.[0-2]){0,3}([-._]?(stable|alpha|b|RC|patch|p)([.-]?[0-2]){0,2})?(-dev)?|[0-2]\\.x-dev|20[0-2]{2}-0[1-2]-0[1-2]"
}

fn nuget() -> impl Strategy<Value = String> {
    "[0-2](\\.[0-2]){0,3}(-[a-bA-B0-1]{1,2}(\\.[0-2ab]){0,2})?(\\+[a-c])?"
}

fn dart() -> impl Strategy<Value = String> {
    "[0-2]\\.[0-2]\\.[0-2](-[a-c1]{1,2}(\\.[0-9]){0,2})?(\\+[a-c1]{1,2})?"
}

fn go() -> impl Strategy<Value = String> {
    "v?[0-1]\\.[0-2]\\.[0-2](-(0\\.)?2019110[1-3]021931-daa7c04131f5|-rc\\.[1-2])?(\\+incompatible)?|(go)?1\\.2[0-2](rc[1-2]|\\.[0-2])?"
}

fn cran() -> impl Strategy<Value = String> {
    "[0-2]([.-][0-9]{1,2}){0,3}"
}

fn hackage() -> impl Strategy<Value = String> {
    "[0-2](\\.[0-9]{1,2}){0,4}"
}

fn conan() -> impl Strategy<Value = String> {
    "([0-2](\\.[0-1][0-1]?[a-b]?){0,3}|cci\\.[0-9]{2})(-(beta|1)\\.[0-1])?(\\+[0-1a])?"
}

fn bitnami() -> impl Strategy<Value = String> {
    "[0-2]\\.[0-2]\\.[0-2](-rc\\.?[1-2])?(-[0-9]{1,2})?"
}

fn check_total_order(ecosystem: &str, a: &str, b: &str, c: &str) -> Result<(), TestCaseError> {
    let order = |x: &str, y: &str| compare(ecosystem, x, y).unwrap();
    prop_assert_eq!(order(a, a), Ordering::Equal);
    prop_assert_eq!(order(a, b), order(b, a).reverse());
    if order(a, b).is_le() && order(b, c).is_le() {
        prop_assert!(order(a, c).is_le(), "{} <= {} <= {}", a, b, c);
    }
    if order(a, b).is_eq() {
        prop_assert_eq!(order(a, c), order(b, c));
    }
    Ok(())
}

const SCHEMES: [Scheme; 15] = [
    Scheme::Dpkg,
    Scheme::Apk,
    Scheme::Rpm,
    Scheme::Pep440,
    Scheme::SemVer,
    Scheme::SemVerBuild,
    Scheme::Go,
    Scheme::Maven,
    Scheme::RubyGems,
    Scheme::Composer,
    Scheme::NuGet,
    Scheme::Cran,
    Scheme::Hackage,
    Scheme::Conan,
    Scheme::Bitnami,
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn dpkg_is_a_total_order(a in dpkg(), b in dpkg(), c in dpkg()) {
        check_total_order("Debian:12", &a, &b, &c)?;
    }

    #[test]
    fn apk_is_a_total_order(a in apk(), b in apk(), c in apk()) {
        check_total_order("Alpine:v3.20", &a, &b, &c)?;
    }

    #[test]
    fn pep440_is_a_total_order(a in pep440(), b in pep440(), c in pep440()) {
        check_total_order("PyPI", &a, &b, &c)?;
    }

    #[test]
    fn semver_is_a_total_order(a in semver(), b in semver(), c in semver()) {
        check_total_order("npm", &a, &b, &c)?;
    }

    #[test]
    fn rpm_is_a_total_order(a in rpm(), b in rpm(), c in rpm()) {
        check_total_order("Rocky Linux:9", &a, &b, &c)?;
    }

    #[test]
    fn maven_is_a_total_order(a in maven(), b in maven(), c in maven()) {
        check_total_order("Maven", &a, &b, &c)?;
    }

    #[test]
    fn rubygems_is_a_total_order(a in rubygems(), b in rubygems(), c in rubygems()) {
        check_total_order("RubyGems", &a, &b, &c)?;
    }

    #[test]
    fn composer_is_a_total_order(a in composer(), b in composer(), c in composer()) {
        check_total_order("Packagist", &a, &b, &c)?;
    }

    #[test]
    fn nuget_is_a_total_order(a in nuget(), b in nuget(), c in nuget()) {
        check_total_order("NuGet", &a, &b, &c)?;
    }

    #[test]
    fn dart_is_a_total_order(a in dart(), b in dart(), c in dart()) {
        check_total_order("Pub", &a, &b, &c)?;
    }

    #[test]
    fn go_is_a_total_order(a in go(), b in go(), c in go()) {
        check_total_order("Go", &a, &b, &c)?;
    }

    #[test]
    fn cran_is_a_total_order(a in cran(), b in cran(), c in cran()) {
        check_total_order("CRAN", &a, &b, &c)?;
    }

    #[test]
    fn hackage_is_a_total_order(a in hackage(), b in hackage(), c in hackage()) {
        check_total_order("Hackage", &a, &b, &c)?;
    }

    #[test]
    fn conan_is_a_total_order(a in conan(), b in conan(), c in conan()) {
        check_total_order("ConanCenter", &a, &b, &c)?;
    }

    #[test]
    fn bitnami_is_a_total_order(a in bitnami(), b in bitnami(), c in bitnami()) {
        check_total_order("Bitnami", &a, &b, &c)?;
    }

    #[test]
    fn any_text_is_a_version_or_an_error_and_never_a_panic(text in "\\PC{0,24}|[0-9a-z.:~_+!=v-]{0,16}") {
        for scheme in SCHEMES {
            if let Ok(version) = scheme.parse(&text) {
                prop_assert_eq!(version.cmp(&version), Ordering::Equal);
            }
        }
    }
}

#[test]
fn an_ecosystem_without_an_order_is_an_error() {
    let unsupported = Err(VersionError::UnsupportedEcosystem("gentoo:2.15".into()));
    assert_eq!(compare("gentoo:2.15", "1", "2"), unsupported);
    assert_eq!(compare("Ubuntu:22.04:LTS", "1~", "1"), Ok(Ordering::Less));
}

#[test]
fn trap_versions_of_100_kb_are_compared_or_refused() {
    for unit in ["1", "1.", "0.", "a", "a1", "~", "^", "-", "1-", ".0", "-0", "_p1", "1a0-", "rc.", "é"] {
        let text = format!("1{}", unit.repeat(100_000 / unit.len()));
        for scheme in SCHEMES {
            for text in [text.clone(), format!("{text}1"), format!("1.0.0-{text}1")] {
                if let Ok(version) = scheme.parse(&text) {
                    assert_eq!(version.cmp(&version), Ordering::Equal);
                }
            }
        }
    }
}
