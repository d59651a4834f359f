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
    fn any_text_is_a_version_or_an_error_and_never_a_panic(text in "\\PC{0,24}|[0-9a-z.:~_+!=v-]{0,16}") {
        for scheme in [Scheme::Dpkg, Scheme::Apk, Scheme::Pep440, Scheme::SemVer] {
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
