//! The one order in which reports list findings.

use crate::model::Vulnerability;

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
