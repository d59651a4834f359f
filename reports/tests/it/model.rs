//! Counting, verdicts and upgrades.

use lazaret_reports::model::{
    Allowed, CategoryStatus, Counts, ImageFacts, ImageReport, Malware, Secret, SecurityStatus, Severity,
    Vulnerability, group_fixes,
};

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
    scan.facts.secrets.clear();
    scan.facts.malware.clear();
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

#[test]
fn a_secret_counts_once_for_an_image_and_malware_once_for_a_file() {
    let mut facts = sample::scan().facts;
    assert_eq!(facts.secret_counts(), Counts { high: 2, medium: 1, ..Counts::default() });
    assert_eq!(facts.malware_counts(), Counts { critical: 3, ..Counts::default() });
    let allowed = Allowed { reason: "a test file".to_owned(), author: String::new(), expires: None };
    for found in facts.malware.iter_mut().filter(|found| !found.buried) {
        found.allowed = Some(allowed.clone());
    }
    assert_eq!(facts.malware_counts().total(), 1);
}

#[test]
fn a_secret_or_malware_alone_puts_an_image_at_risk() {
    let calm = sample::calm();
    let verdict = |change: &dyn Fn(&mut ImageFacts)| {
        let mut scan = sample::scan();
        scan.facts = calm.facts.clone();
        change(&mut scan.facts);
        let report = ImageReport::from_scan(scan, &sample::compare);
        (report.security_status, report.security_reason)
    };
    let (secret, file) = (sample::scan().facts.secrets[0].clone(), sample::scan().facts.malware[0].clone());
    let at_risk = (SecurityStatus::AtRisk, String::new());
    assert_eq!(verdict(&|facts| facts.secrets.push(secret.clone())), at_risk);
    assert_eq!(verdict(&|facts| facts.malware.push(file.clone())), at_risk);
    let allowed = Allowed { reason: "a test".to_owned(), author: String::new(), expires: None };
    let passed = Secret { allowed: Some(allowed), ..secret.clone() };
    assert_eq!(verdict(&|facts| facts.secrets.push(passed.clone())).0, SecurityStatus::Safe);
    let low = Secret { severity: Severity::Low, ..secret.clone() };
    assert_eq!(verdict(&|facts| facts.secrets.push(low.clone())).0, SecurityStatus::Safe);
    for (status, reason) in [
        (CategoryStatus::NotOrdered, "secrets were not searched for"),
        (CategoryStatus::Failed, "the search for secrets failed"),
    ] {
        let (verdict, said) = verdict(&|facts| facts.categories[1].status = status);
        assert_eq!((verdict, said.as_str()), (SecurityStatus::Unknown, reason));
    }
    let (verdict, said) = verdict(&|facts| facts.categories.truncate(1));
    assert_eq!(
        (verdict, said.as_str()),
        (SecurityStatus::Unknown, "secrets and malware were not searched for")
    );
}

#[test]
fn advice_on_what_is_buried_says_why_deleting_was_not_enough() {
    assert_eq!(Secret::advise("Revoke it.", Some(1), None), "Revoke it.");
    let buried = Secret::advise("Revoke it.", Some(1), Some(3));
    assert!(
        buried.starts_with("Revoke it. Deleting the file was not enough: layer 3 only hides it, layer 1")
    );
    assert!(
        Malware::advise("", None, Some(2))
            .starts_with("Deleting the file was not enough: layer 2 only hides it, a lower layer")
    );
}
