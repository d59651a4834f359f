//! The enums and small objects around an image's state.

use async_graphql::{Enum, SimpleObject};
use lazaret_entities::{Category, image_category};
use lazaret_scanner::layer::Warning;

use crate::{
    graphql::{
        error::ApiError,
        host::said,
        scalars::{DateTime, int, known},
    },
    inventory::overview::SeverityTotals,
    store::read_json,
};

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
#[graphql(remote = "lazaret_entities::Category")]
pub enum FindingCategory {
    /// A package with a known vulnerability.
    Vulnerability,
    /// A credential that somebody left in the image.
    Secret,
    /// A file or package that was made to do harm.
    Malware,
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
    category: FindingCategory,
    /// How the last scan went.
    status: CategoryStatus,
    /// Why it failed, and what to do; null when it did not.
    error: Option<String>,
    /// When a scan of it last ended; null when never.
    last_scanned_at: Option<DateTime>,
    /// What looked, where its version matters: that of `ClamAV` and its database; null else.
    engine: Option<String>,
    /// What was not looked at, one sentence each. Of vulnerabilities empty: see `warnings` and `notAssessed` of the image.
    warnings: Vec<String>,
    /// What was found and counts: vulnerabilities and secrets each once, files with malware each once.
    counts: SeverityCounts,
}

impl CategoryResult {
    /// What is known of one category; `row` is none when no scan of it was ever ordered.
    pub(super) fn of(category: Category, row: Option<&image_category::Model>) -> Result<Self, ApiError> {
        let Some(row) = row else {
            return Ok(Self {
                category: category.into(),
                status: CategoryStatus::Unscanned,
                error: None,
                last_scanned_at: None,
                engine: None,
                warnings: Vec::new(),
                counts: SeverityTotals::default().into(),
            });
        };
        let warnings: Vec<Warning> = read_json("image_categories.warnings", row.image_id, &row.warnings)?;
        Ok(Self {
            category: category.into(),
            status: row.status.into(),
            error: said(&row.error).map(str::to_owned),
            last_scanned_at: known(row.last_scanned_at),
            engine: said(&row.engine).map(str::to_owned),
            warnings: warnings
                .iter()
                .map(|warning| format!("{}: {}", warning.path, warning.message))
                .collect(),
            counts: SeverityTotals {
                critical: row.critical.into(),
                high: row.high.into(),
                medium: row.medium.into(),
                low: row.low.into(),
                unknown: row.unknown.into(),
            }
            .into(),
        })
    }
}
