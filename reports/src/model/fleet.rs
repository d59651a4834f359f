//! The report on all images.

use jiff::Timestamp;
use serde::Serialize;

use super::{Counts, Fix, ScanStatus, SecretKind, SecurityStatus, Tool, time};

/// The report on all images.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetReport {
    /// When the report was made: ages are counted to here.
    #[serde(with = "time")]
    pub generated_at: Timestamp,
    /// What made it.
    pub tool: Tool,
    /// Which images it is about, in words: `All images`.
    pub scope: String,
    /// How many of everything.
    pub totals: FleetTotals,
    /// The images, worst first: all, or the worst of them when they are very many.
    pub images: Vec<FleetImage>,
    /// The upgrades that resolve most, first.
    pub fixes: Vec<Fix>,
    /// The vulnerabilities in most images, worst first.
    pub vulnerabilities: Vec<FleetVulnerability>,
    /// The secrets in most images, worst first.
    pub secrets: Vec<FleetSecret>,
    /// The malware in most images, worst first.
    pub malware: Vec<FleetMalware>,
    /// Which advisories stand behind the report and what they do not cover, one entry per ecosystem.
    pub coverage: Vec<CoverageGap>,
}

/// How many of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetTotals {
    /// Hosts.
    pub hosts: u64,
    /// Containers.
    pub containers: u64,
    /// Containers that run.
    pub running: u64,
    /// Images.
    pub images: u64,
    /// Images with a finding at or above the risk floor.
    pub at_risk: u64,
    /// Images without one, everything covered.
    pub safe: u64,
    /// Images whose verdict is unknown.
    pub unknown: u64,
    /// Images that were never scanned.
    pub unscanned: u64,
    /// Images whose last scan failed.
    pub failed: u64,
    /// Distinct vulnerabilities.
    pub vulnerabilities: Counts,
    /// Those of them that can be repaired.
    pub fixable: Counts,
    /// Vulnerabilities counted once per image that has them.
    pub occurrences: Counts,
    /// Distinct secrets that count.
    pub secrets: Counts,
    /// Images with one of them.
    pub images_with_secrets: u64,
    /// Distinct malware files that count, told apart by their SHA-256.
    pub malware: Counts,
    /// Images with one of them.
    pub images_with_malware: u64,
    /// Images that were not searched for secrets, or where the search failed.
    pub secrets_unsearched: u64,
    /// Images that were not searched for malware, or where the search failed.
    pub malware_unsearched: u64,
}

/// One image of the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetImage {
    /// The config digest.
    pub id: String,
    /// What people call it: its first tag, else the short digest.
    pub name: String,
    /// How many further tags it has.
    pub more_tags: u64,
    /// The distribution inside, in words; empty when unknown.
    pub os: String,
    /// Size in bytes.
    pub size: u64,
    /// Hosts that have it.
    pub hosts: u64,
    /// Containers made of it.
    pub containers: u64,
    /// Vulnerabilities, each once.
    pub counts: Counts,
    /// Critical and high ones that can be repaired.
    pub fixable: u64,
    /// Secrets that count, each once.
    pub secrets: Counts,
    /// Malware files that count, each once.
    pub malware: Counts,
    /// The verdict.
    pub security_status: SecurityStatus,
    /// Why the verdict is unknown, one clause; may be empty.
    pub security_reason: String,
    /// How far its scan is.
    pub scan_status: ScanStatus,
    /// Why the last scan failed; empty when it did not.
    pub scan_error: String,
    /// When it was last scanned; absent when never.
    #[serde(with = "time::option")]
    pub scanned_at: Option<Timestamp>,
}

/// One vulnerability of the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetVulnerability {
    /// The identifier that people know it by.
    pub id: String,
    /// How bad it is.
    pub severity: super::Severity,
    /// One line on what it is.
    pub summary: String,
    /// The packages that have it.
    pub packages: Vec<String>,
    /// How many images have it.
    pub images: u64,
    /// Whether it can be repaired.
    pub fixable: bool,
}

/// One secret of the fleet: findings of the same fingerprint are the same secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetSecret {
    /// What tells whether two findings are the same secret.
    pub fingerprint: String,
    /// What it is, for people.
    pub title: String,
    /// The rule that found it.
    pub rule: String,
    /// The kind of secret.
    #[serde(rename = "type")]
    pub kind: SecretKind,
    /// How bad its loss is.
    pub severity: super::Severity,
    /// The place where it stands, the secret itself made unreadable.
    pub snippet: String,
    /// The places that hold it, or the first of them.
    pub places: Vec<String>,
    /// How many images have it.
    pub images: u64,
    /// Whether it is buried wherever it lies.
    pub buried: bool,
}

/// One malware file of the fleet: findings of the same SHA-256 are the same file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetMalware {
    /// SHA-256, 64 hex digits.
    pub sha256: String,
    /// What the engines call it, each name once.
    pub names: Vec<String>,
    /// How bad the worst of them says it is.
    pub severity: super::Severity,
    /// The paths that it lies at, or the first of them.
    pub paths: Vec<String>,
    /// How many images have it.
    pub images: u64,
    /// Whether it is buried wherever it lies.
    pub buried: bool,
}

/// The advisories of one ecosystem, and what they do not cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CoverageGap {
    /// The ecosystem as OSV names it, with the release.
    pub ecosystem: String,
    /// How many images have packages of it.
    pub images: u64,
    /// How many advisories are at hand; 0 when none are loaded.
    pub advisories: u64,
    /// The newest change among them; absent when none are loaded.
    #[serde(with = "time::option")]
    pub advisories_modified: Option<Timestamp>,
    /// Why packages of it were not assessed, each reason once; empty when all were.
    pub not_assessed: Vec<String>,
}
