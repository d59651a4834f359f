//! The enums and small objects around an image's state.

use async_graphql::{Enum, SimpleObject};

use crate::{graphql::scalars::int, inventory::overview::SeverityTotals};

/// Where the scans of an image stand.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::image::ScanStatus")]
pub enum ScanStatus {
    /// Never scanned.
    Unscanned,
    /// A scan waits for a worker.
    Queued,
    /// A worker scans it.
    Scanning,
    /// The last scan succeeded.
    Scanned,
    /// The last scan was cancelled.
    Cancelled,
    /// The last scan failed; `scanError` says why.
    Failed,
}

/// The verdict on an image.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::image::SecurityStatus")]
pub enum SecurityStatus {
    /// It has a finding of severity MEDIUM or above.
    AtRisk,
    /// It has none, and everything in it was assessed.
    Safe,
    /// Not known; `securityReason` says why.
    Unknown,
}

/// How bad a vulnerability is. More values may be added.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::severity::Severity")]
pub enum Severity {
    /// Great harm, easily done.
    Critical,
    /// Great harm.
    High,
    /// Some harm.
    Medium,
    /// Little harm, or hard to do, or called unimportant by the distribution.
    Low,
    /// Nobody has rated it.
    Unknown,
}

/// What kind of thing a finding is. More values may be added.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingCategory {
    /// A package with a known vulnerability.
    Vulnerability,
}

/// How the last scan of an image went in one category.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoryStatus {
    /// Never scanned.
    Unscanned,
    /// A scan waits for a worker.
    Queued,
    /// A worker scans it.
    Running,
    /// The last scan succeeded.
    Succeeded,
    /// The last scan failed.
    Failed,
    /// The last scan was cancelled.
    Cancelled,
}

impl From<lazaret_entities::image::ScanStatus> for CategoryStatus {
    fn from(status: lazaret_entities::image::ScanStatus) -> Self {
        use lazaret_entities::image::ScanStatus as Of;
        match status {
            Of::Unscanned => Self::Unscanned,
            Of::Queued => Self::Queued,
            Of::Scanning => Self::Running,
            Of::Scanned => Self::Succeeded,
            Of::Failed => Self::Failed,
            Of::Cancelled => Self::Cancelled,
        }
    }
}

/// A number per severity.
#[derive(SimpleObject, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeverityCounts {
    /// All severities together.
    total: i32,
    /// Of severity CRITICAL.
    critical: i32,
    /// Of severity HIGH.
    high: i32,
    /// Of severity MEDIUM.
    medium: i32,
    /// Of severity LOW.
    low: i32,
    /// Without a known severity.
    unknown: i32,
}

impl From<SeverityTotals> for SeverityCounts {
    fn from(totals: SeverityTotals) -> Self {
        Self {
            total: int(totals.total()),
            critical: int(totals.critical),
            high: int(totals.high),
            medium: int(totals.medium),
            low: int(totals.low),
            unknown: int(totals.unknown),
        }
    }
}

/// One category of findings in an image.
#[derive(SimpleObject, Clone, Debug)]
pub struct CategoryResult {
    /// Which category.
    pub(super) category: FindingCategory,
    /// How the last scan went.
    pub(super) status: CategoryStatus,
    /// Why it failed, and what to do; null when it did not.
    pub(super) error: Option<String>,
    /// What was found, each vulnerability once.
    pub(super) counts: SeverityCounts,
}
