//! Upgrades: one upgrade often resolves many vulnerabilities, so they are what a reader wants first.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Counts, Severity, Vulnerability};

/// Orders two versions of an ecosystem: `(ecosystem, a, b)`. None when they cannot be compared.
pub type CompareVersions<'a> = dyn Fn(&str, &str, &str) -> Option<Ordering> + 'a;

/// One upgrade and what it resolves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// The ecosystem of the package.
    pub ecosystem: String,
    /// The package to upgrade: the source package where there is one.
    pub package: String,
    /// The installed versions that this concerns.
    pub from: Vec<String>,
    /// The version that resolves all that it counts; empty when images need different ones.
    pub to: String,
    /// How many distinct vulnerabilities it resolves, by severity.
    pub resolves: Counts,
    /// How many images need it; 1 in the report on one image.
    pub images: u64,
}

impl Fix {
    /// The order of a list of fixes: most critical resolved first, then high, then all, then by name.
    pub fn rank(&self, other: &Self) -> Ordering {
        let key = |fix: &Self| (fix.resolves.critical, fix.resolves.high, fix.resolves.total(), fix.images);
        key(other).cmp(&key(self)).then_with(|| self.package.cmp(&other.package))
    }
}

/// The upgrades that resolve the vulnerabilities of one image, the most effective first. Those that are set aside or
/// that the distribution calls unimportant do not count.
pub fn group_fixes(vulnerabilities: &[Vulnerability], compare: &CompareVersions<'_>) -> Vec<Fix> {
    let mut groups: BTreeMap<(&str, &str), Group<'_>> = BTreeMap::new();
    for vulnerability in vulnerabilities.iter().filter(|v| v.counts() && !v.unimportant) {
        let Some(fixed) = vulnerability.fixed_versions.first() else { continue };
        let ecosystem = vulnerability.package.ecosystem.as_str();
        let group = groups.entry((ecosystem, &vulnerability.package.source_name)).or_default();
        group.from.insert(&vulnerability.installed_version);
        let severity = group.resolves.entry(&vulnerability.id).or_insert(vulnerability.severity);
        *severity = (*severity).min(vulnerability.severity);
        if group.to.is_empty() || compare(ecosystem, fixed, group.to) == Some(Ordering::Greater) {
            group.to = fixed;
        }
    }
    let mut fixes: Vec<Fix> =
        groups.into_iter().map(|((ecosystem, package), group)| group.fix(ecosystem, package)).collect();
    fixes.sort_by(Fix::rank);
    fixes
}

#[derive(Default)]
struct Group<'a> {
    from: BTreeSet<&'a str>,
    to: &'a str,
    resolves: BTreeMap<&'a str, Severity>,
}

impl Group<'_> {
    fn fix(self, ecosystem: &str, package: &str) -> Fix {
        Fix {
            ecosystem: ecosystem.to_owned(),
            package: package.to_owned(),
            from: self.from.into_iter().map(str::to_owned).collect(),
            to: self.to.to_owned(),
            resolves: self.resolves.into_values().collect(),
            images: 1,
        }
    }
}
