//! What one scan of one image found: the JSON form of `lazaret scan`, described by `docs/schemas/scan-result.json`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Category, CategoryResult, CategoryStatus, Counts, Image, LayerRef, Malware, Secret, SetAside,
    SetAsideReason, Severity, time,
};

/// The result of one scan of one image.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanResult {
    /// [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What scanned.
    pub tool: Tool,
    /// When the scan ended.
    #[serde(with = "time")]
    pub scanned_at: Timestamp,
    /// What was asked for: a path or an image reference, as typed.
    pub target: String,
    /// What was found.
    #[serde(flatten)]
    pub facts: ImageFacts,
}

/// The program that scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// `lazaret`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// Lazaret of the given version.
    pub fn lazaret(version: &str) -> Self {
        Self { name: "lazaret".to_owned(), version: version.to_owned() }
    }
}

/// What is known of one image: its identity, its packages, what they are vulnerable to, its secrets and malware, and what
/// was not looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageFacts {
    /// The image itself.
    pub image: Image,
    /// Every visible package.
    pub packages: Vec<Package>,
    /// One entry per vulnerability and affected package.
    pub vulnerabilities: Vec<Vulnerability>,
    /// One entry per secret and place.
    pub secrets: Vec<Secret>,
    /// One entry per file with malware and what an engine says of it.
    pub malware: Vec<Malware>,
    /// How the scan for each category went; what is not here was not ordered.
    pub categories: Vec<CategoryResult>,
    /// What could not be read.
    pub warnings: Vec<Warning>,
    /// Which advisories stood behind the result, one entry per ecosystem of a package.
    pub coverage: Vec<Coverage>,
}

/// A package that is visible in the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// The ecosystem as OSV names it: `Debian:11`, `PyPI`.
    pub ecosystem: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The source package that it was built from; its name where there is no other.
    pub source_name: String,
    /// The version of that source package.
    pub source_version: String,
    /// The module stream that it was built for (`name:stream`), empty where there is none.
    pub module: String,
    /// The layer that brought this version.
    pub layer: LayerRef,
    /// The file that tells of it, without a leading slash; what lies in an archive follows after `!/`.
    pub path: String,
    /// What kind of file tells of it.
    pub evidence: Evidence,
    /// The licences that it declares, as an SPDX expression where they are one; empty when it declares none.
    pub licenses: String,
    /// Its package URL.
    pub purl: String,
}

/// What kind of file tells of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Evidence {
    /// A record of an installation.
    Installed,
    /// A lock file or manifest: it says what would be installed, not what is.
    Lockfile,
}

/// A vulnerability in a package of the image.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Vulnerability {
    /// The identifier that people know it by: the CVE where there is one.
    pub id: String,
    /// Its other identifiers.
    pub aliases: Vec<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Who says so: `Debian urgency`, `GHSA`, `CVSS 3.1`; empty when nobody rated it.
    pub severity_source: String,
    /// CVSS base score, 0.0 to 10.0.
    pub cvss_score: Option<f64>,
    /// One line on what it is.
    pub summary: String,
    /// The package that has it.
    pub package: AffectedPackage,
    /// The version that is installed.
    pub installed_version: String,
    /// The versions that repair it and are above the installed one, lowest first; empty when there is no fix yet.
    pub fixed_versions: Vec<String>,
    /// What to do, made by [`Vulnerability::advise`].
    pub advice: String,
    /// The advisory that matched.
    pub advisory: Advisory,
    /// Whether the distribution calls it unimportant.
    pub unimportant: bool,
    /// Why it does not count: neither in the counts nor for `--fail-on`; absent when it does.
    pub set_aside: Option<SetAside>,
}

impl Vulnerability {
    /// The sentence for [`Vulnerability::advice`]: "Upgrade openssl from 1.1.1k-1 to 1.1.1n-0+deb11u5", else
    /// "no fix yet". `fixed` is lowest first.
    pub fn advise(package: &str, installed: &str, fixed: &[String]) -> String {
        match fixed.first() {
            Some(fixed) => format!("Upgrade {package} from {installed} to {fixed}"),
            None => "no fix yet".to_owned(),
        }
    }

    /// Whether it counts.
    pub fn counts(&self) -> bool {
        self.set_aside.is_none()
    }

    /// Whether a version repairs it.
    pub fn fixable(&self) -> bool {
        !self.fixed_versions.is_empty()
    }
}

/// The package that a vulnerability is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AffectedPackage {
    /// The ecosystem as OSV names it.
    pub ecosystem: String,
    /// Its name.
    pub name: String,
    /// The source package that it was built from; its name where there is no other.
    pub source_name: String,
    /// The layer that brought it.
    pub layer: LayerRef,
    /// The file that tells of it, without a leading slash.
    pub path: String,
    /// Its package URL.
    pub purl: String,
}

impl From<&Package> for AffectedPackage {
    fn from(package: &Package) -> Self {
        Self {
            ecosystem: package.ecosystem.clone(),
            name: package.name.clone(),
            source_name: package.source_name.clone(),
            layer: package.layer.clone(),
            path: package.path.clone(),
            purl: package.purl.clone(),
        }
    }
}

/// The published statement behind a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Advisory {
    /// Its own identifier: `DSA-5218-1`.
    pub id: String,
    /// Who publishes it: `Debian`, `GitHub`, `PyPA`.
    pub source: String,
    /// Where to read it; empty when it has no page.
    pub url: String,
}

/// Something in the image that could not be read, and therefore is not covered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// The layer, when it concerns one.
    pub layer: Option<LayerRef>,
    /// The path in the image without a leading slash; empty when it concerns no file.
    pub path: String,
    /// One sentence: what is not covered and why.
    pub message: String,
}

/// Which advisories stood behind the result, for one ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// The ecosystem as OSV names it, with the release.
    pub ecosystem: String,
    /// How many packages of it the image has.
    pub packages: u64,
    /// How many advisories were at hand; 0 when none were loaded.
    pub advisories: u64,
    /// The newest change among them; absent when none were loaded.
    #[serde(with = "time::option")]
    pub advisories_modified: Option<Timestamp>,
    /// Packages that no verdict was reached on, grouped by the reason.
    pub not_assessed: Vec<NotAssessed>,
}

/// Packages without a verdict, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotAssessed {
    /// One clause: "no advisories for Debian:13".
    pub reason: String,
    /// How many packages.
    pub count: u64,
    /// Their names, or the first of them.
    pub packages: Vec<String>,
}

impl ImageFacts {
    /// The vulnerabilities that count.
    pub fn counted(&self) -> impl Iterator<Item = &Vulnerability> {
        self.vulnerabilities.iter().filter(|found| found.counts())
    }

    /// How many distinct vulnerabilities are set aside for each reason and do not count anywhere.
    pub fn set_aside(&self) -> BTreeMap<SetAsideReason, u64> {
        let counted: BTreeSet<&str> = self.counted().map(|found| found.id.as_str()).collect();
        let apart = self.vulnerabilities.iter().filter_map(|found| Some((found.set_aside.as_ref()?, found)));
        let distinct: BTreeSet<(SetAsideReason, &str)> = apart
            .filter(|(_, found)| !counted.contains(found.id.as_str()))
            .map(|(aside, found)| (aside.reason, found.id.as_str()))
            .collect();
        let mut counts = BTreeMap::new();
        for (reason, _) in distinct {
            *counts.entry(reason).or_default() += 1;
        }
        counts
    }

    /// Each vulnerability once, by the worst severity that any of its packages has, as `(id, severity, fixable)`;
    /// fixable when every package that has it can be repaired.
    pub(crate) fn distinct(&self) -> Vec<(&str, Severity, bool)> {
        let mut seen: BTreeMap<&str, (Severity, bool)> = BTreeMap::new();
        for vulnerability in self.counted() {
            let entry = seen.entry(&vulnerability.id).or_insert((vulnerability.severity, true));
            entry.0 = entry.0.min(vulnerability.severity);
            entry.1 &= vulnerability.fixable();
        }
        seen.into_iter().map(|(id, (severity, fixable))| (id, severity, fixable)).collect()
    }

    /// How many vulnerabilities the image has, each counted once however many packages have it.
    pub fn counts(&self) -> Counts {
        self.distinct().into_iter().map(|(_, severity, _)| severity).collect()
    }

    /// How many of them can be repaired in every package that has them.
    pub fn fixable(&self) -> Counts {
        self.distinct()
            .into_iter()
            .filter(|(.., fixable)| *fixable)
            .map(|(_, severity, _)| severity)
            .collect()
    }

    /// How many secrets that count the image has, each counted once however many places hold it.
    pub fn secret_counts(&self) -> Counts {
        let found = self.secrets.iter().filter(|secret| secret.counts());
        worst(found.map(|secret| (secret.fingerprint.as_str(), secret.severity)))
    }

    /// How many malware files that count the image has, each counted once however many engines name it.
    pub fn malware_counts(&self) -> Counts {
        let found = self.malware.iter().filter(|malware| malware.counts());
        let layer = |malware: &Malware| malware.layer.as_ref().map(|layer| layer.index);
        worst(found.map(|found| ((layer(found), found.path.as_str(), found.purl.as_str()), found.severity)))
    }

    /// The severities of all findings that count, of every category; what the distribution calls unimportant is none.
    pub fn severities(&self) -> impl Iterator<Item = Severity> {
        let vulnerabilities = self.counted().filter(|found| !found.unimportant).map(|found| found.severity);
        let secrets = self.secrets.iter().filter(|found| found.counts()).map(|found| found.severity);
        let malware = self.malware.iter().filter(|found| found.counts()).map(|found| found.severity);
        vulnerabilities.chain(secrets).chain(malware)
    }

    /// How the scan for a category went; `None` when it was not ordered.
    pub fn category(&self, category: Category) -> Option<&CategoryResult> {
        self.categories.iter().find(|result| result.category == category)
    }

    /// Whether the scan for a category succeeded.
    pub fn searched(&self, category: Category) -> bool {
        self.category(category).is_some_and(|result| result.status == CategoryStatus::Scanned)
    }

    /// How many packages a verdict was reached on.
    pub fn assessed(&self) -> u64 {
        self.coverage.iter().map(|entry| entry.packages.saturating_sub(entry.missed())).sum()
    }

    /// How many packages no verdict was reached on.
    pub fn missed(&self) -> u64 {
        self.coverage.iter().map(Coverage::missed).sum()
    }
}

/// How many things there are, each by the worst severity that was said of it.
fn worst<K: Ord>(found: impl Iterator<Item = (K, Severity)>) -> Counts {
    let mut worst: BTreeMap<K, Severity> = BTreeMap::new();
    for (key, severity) in found {
        let seen = worst.entry(key).or_insert(severity);
        *seen = (*seen).min(severity);
    }
    worst.into_values().collect()
}

impl Coverage {
    /// How many packages no verdict was reached on.
    pub fn missed(&self) -> u64 {
        let counted = self.not_assessed.iter().map(|entry| entry.count).sum::<u64>();
        // Without advisories nothing was assessed, whether or not the caller lists the packages.
        if self.advisories == 0 { self.packages } else { counted.min(self.packages) }
    }
}
