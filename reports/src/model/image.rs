//! The report on one image: what its scan found, and where it runs.

use jiff::Timestamp;
use serde::Serialize;

use super::category::unsearched;
use super::{CompareVersions, Fix, ImageFacts, ScanResult, Severity, Tool, group_fixes, time};

/// The report on one image.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageReport {
    /// When the report was made: ages are counted to here.
    #[serde(with = "time")]
    pub generated_at: Timestamp,
    /// What made it.
    pub tool: Tool,
    /// When the image was last scanned; absent when never.
    #[serde(with = "time::option")]
    pub scanned_at: Option<Timestamp>,
    /// How far its scan is.
    pub scan_status: ScanStatus,
    /// Why the last scan failed; empty when it did not.
    pub scan_error: String,
    /// The verdict.
    pub security_status: SecurityStatus,
    /// Why the verdict is what it is, one clause; may be empty.
    pub security_reason: String,
    /// What was found.
    #[serde(flatten)]
    pub facts: ImageFacts,
    /// The upgrades that resolve most, first.
    pub fixes: Vec<Fix>,
    /// The hosts that have it; empty when the report comes from an archive.
    pub hosts: Vec<Host>,
    /// The containers made of it.
    pub containers: Vec<Container>,
}

/// A host that has the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its engine and version: `Docker Engine 28.1.1`; empty when it has none.
    pub engine: String,
    /// `ONLINE` or `OFFLINE`.
    pub state: String,
}

/// A container made of the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The engine's ID of it.
    pub id: String,
    /// The name of its host.
    pub host: String,
    /// As the engine says it: `RUNNING`.
    pub state: String,
}

/// How far the scan of an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanStatus {
    /// Never scanned.
    Unscanned,
    /// Waiting for a worker.
    Queued,
    /// Being read.
    Scanning,
    /// The last scan succeeded.
    Scanned,
    /// The last scan was stopped by a person.
    Cancelled,
    /// The last scan failed.
    Failed,
}

impl ScanStatus {
    /// The word that a person reads: `Scanned`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unscanned => "Not scanned",
            Self::Queued => "Queued",
            Self::Scanning => "Scanning",
            Self::Scanned => "Scanned",
            Self::Cancelled => "Cancelled",
            Self::Failed => "Failed",
        }
    }
}

/// The verdict on an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecurityStatus {
    /// A finding at or above the risk floor.
    AtRisk,
    /// None, and everything was covered.
    Safe,
    /// Anything else.
    Unknown,
}

impl ImageReport {
    /// The report on a scan without a server: no hosts, no containers, and a verdict by the default risk floor, which
    /// is medium. `compare` orders two versions of an ecosystem.
    pub fn from_scan(scan: ScanResult, compare: &CompareVersions<'_>) -> Self {
        let fixes = group_fixes(&scan.facts.vulnerabilities, compare);
        let (security_status, security_reason) = verdict(&scan.facts);
        Self {
            generated_at: scan.scanned_at,
            tool: scan.tool,
            scanned_at: Some(scan.scanned_at),
            scan_status: ScanStatus::Scanned,
            scan_error: String::new(),
            security_status,
            security_reason,
            facts: scan.facts,
            fixes,
            hosts: Vec::new(),
            containers: Vec::new(),
        }
    }
}

/// By the categories that succeeded, and by what an earlier scan found where one failed.
fn verdict(facts: &ImageFacts) -> (SecurityStatus, String) {
    if facts.severities().any(|severity| severity <= Severity::Medium) {
        return (SecurityStatus::AtRisk, String::new());
    }
    if let Some(reason) = unsearched(&facts.categories) {
        return (SecurityStatus::Unknown, reason);
    }
    let reason = match (facts.packages.len(), facts.missed(), facts.warnings.is_empty()) {
        (0, ..) => "no packages were found",
        (_, 1.., _) => "packages were not assessed",
        (.., false) => "parts of it could not be read",
        _ => return (SecurityStatus::Safe, String::new()),
    };
    (SecurityStatus::Unknown, reason.to_owned())
}
