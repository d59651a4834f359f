//! Counting, verdicts and upgrades.

use lazaret_reports::model::{Counts, ImageReport, SecurityStatus, Vulnerability, group_fixes};

use crate::sample;

#[test]
fn a_vulnerability_counts_once_however_many_packages_have_it() {
    let facts = sample::scan().facts;
    assert_eq!(facts.vulnerabilities.len(), 27);
    assert_eq!(facts.counts(), Counts { critical: 7, high: 9, medium: 3, low: 2, unknown: 1 });
    assert_eq!(facts.fixable(), Counts { critical: 7, high: 8, medium: 3, low: 0, unknown: 1 });
}

#[test]
fn a_vulnerability_is_fixable_only_when_every_package_that_has_it_is() {
    let mut facts = sample::scan().facts;
    facts.vulnerabilities.iter_mut().find(|v| v.id == "CVE-2021-3711").unwrap().fixed_versions.clear();
    assert_eq!(facts.fixable().critical, 6);
    assert_eq!(facts.counts().critical, 7);
}

#[test]
fn one_upgrade_goes_to_the_version_that_resolves_all_it_counts() {
    let fixes = group_fixes(&sample::scan().facts.vulnerabilities, &sample::compare);
    let first = fixes.first().unwrap();
    assert_eq!((first.package.as_str(), first.to.as_str()), ("openssl", "1.1.1n-0+deb11u4"));
    assert_eq!(first.resolves, Counts { critical: 2, high: 2, medium: 1, low: 0, unknown: 0 });
    assert_eq!(first.from, ["1.1.1k-1"]);
    assert!(fixes.iter().all(|fix| fix.package != "tar"), "what has no fix is no upgrade");
}

#[test]
fn advice_names_both_versions_or_says_that_there_is_no_fix() {
    let fixed = ["1.1.1n-0+deb11u5".to_owned(), "1.1.1w-0".to_owned()];
    assert_eq!(
        Vulnerability::advise("openssl", "1.1.1k-1", &fixed),
        "Upgrade openssl from 1.1.1k-1 to 1.1.1n-0+deb11u5"
    );
    assert_eq!(Vulnerability::advise("openssl", "1.1.1k-1", &[]), "no fix yet");
}

#[test]
fn safe_is_never_a_guess() {
    assert_eq!(sample::image().security_status, SecurityStatus::AtRisk);
    assert_eq!(sample::calm().security_status, SecurityStatus::Safe);

    let mut scan = sample::scan();
    scan.facts.vulnerabilities.retain(|found| found.unimportant);
    let verdict = |scan| ImageReport::from_scan(scan, &sample::compare).security_status;
    assert_eq!(verdict(scan.clone()), SecurityStatus::Unknown, "one package was not assessed");
    scan.facts.coverage.iter_mut().for_each(|entry| entry.not_assessed.clear());
    assert_eq!(verdict(scan.clone()), SecurityStatus::Unknown, "a warning says that something was not read");
    scan.facts.warnings.clear();
    assert_eq!(verdict(scan.clone()), SecurityStatus::Safe);
    scan.facts.coverage[0].advisories = 0;
    assert_eq!(verdict(scan.clone()), SecurityStatus::Unknown, "no advisories for Debian");
    scan.facts.packages.clear();
    assert_eq!(verdict(scan), SecurityStatus::Unknown, "no packages were found");
}
