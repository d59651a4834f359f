//! The one order in which reports list findings.

use crate::model::{Finding, ImageFacts, Malware, Secret, Vulnerability};

/// All findings of an image: vulnerabilities, secrets, malware, each worst first.
pub(crate) fn all(facts: &ImageFacts) -> Vec<Finding<'_>> {
    let vulnerabilities = worst_first(&facts.vulnerabilities).into_iter().map(Finding::Vulnerability);
    let secrets = secrets(&facts.secrets).into_iter().map(Finding::Secret);
    let malware = malware(&facts.malware).into_iter().map(Finding::Malware);
    vulnerabilities.chain(secrets).chain(malware).collect()
}

/// What is set aside last, before it what the distribution calls unimportant; else by severity, score, what can be repaired, identifier, package.
pub(crate) fn worst_first(vulnerabilities: &[Vulnerability]) -> Vec<&Vulnerability> {
    let mut sorted: Vec<&Vulnerability> = vulnerabilities.iter().collect();
    sorted.sort_by(|a, b| {
        let score = |found: &Vulnerability| found.cvss_score.unwrap_or(0.0);
        let band = |found: &Vulnerability| (!found.counts(), found.unimportant, found.severity);
        band(a)
            .cmp(&band(b))
            .then_with(|| score(b).total_cmp(&score(a)))
            .then_with(|| b.fixable().cmp(&a.fixable()))
            .then_with(|| a.id.cmp(&b.id))
            .then_with(|| a.package.source_name.cmp(&b.package.source_name))
            .then_with(|| a.package.name.cmp(&b.package.name))
            .then_with(|| a.package.path.cmp(&b.package.path))
    });
    sorted
}

/// What is allowed last; else by severity and place.
pub(crate) fn secrets(secrets: &[Secret]) -> Vec<&Secret> {
    let mut sorted: Vec<&Secret> = secrets.iter().collect();
    sorted.sort_by(|a, b| {
        let key = |found: &Secret| (!found.counts(), found.severity, found.source);
        let place = |found: &Secret| found.layer.as_ref().map(|layer| layer.index);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.path.cmp(&b.path))
            .then_with(|| (place(a), a.line).cmp(&(place(b), b.line)))
            .then_with(|| a.rule.cmp(&b.rule))
    });
    sorted
}

/// What is allowed last; else by severity and place, so that what several engines say of a file stands together.
pub(crate) fn malware(malware: &[Malware]) -> Vec<&Malware> {
    let mut sorted: Vec<&Malware> = malware.iter().collect();
    sorted.sort_by(|a, b| {
        let key = |found: &Malware| (!found.counts(), found.severity);
        let place = |found: &Malware| found.layer.as_ref().map(|layer| layer.index);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.path.cmp(&b.path))
            .then_with(|| (place(a), a.engine).cmp(&(place(b), b.engine)))
            .then_with(|| a.name.cmp(&b.name))
    });
    sorted
}
