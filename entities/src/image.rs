//! Table `images`.

use sea_orm::entity::prelude::*;

use crate::category::Categories;
use crate::timestamp::Timestamp;

/// Where the scans of an image stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum ScanStatus {
    /// Never ordered.
    #[sea_orm(string_value = "UNSCANNED")]
    Unscanned,
    /// A task waits.
    #[sea_orm(string_value = "QUEUED")]
    Queued,
    /// A task runs.
    #[sea_orm(string_value = "SCANNING")]
    Scanning,
    /// The last task succeeded.
    #[sea_orm(string_value = "SCANNED")]
    Scanned,
    /// The last task was cancelled.
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
    /// The last task failed.
    #[sea_orm(string_value = "FAILED")]
    Failed,
}

/// The verdict on an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum SecurityStatus {
    /// A finding at or above the risk floor.
    #[sea_orm(string_value = "AT_RISK")]
    AtRisk,
    /// No such finding, and everything was covered.
    #[sea_orm(string_value = "SAFE")]
    Safe,
    /// Anything else, see the reason.
    #[sea_orm(string_value = "UNKNOWN")]
    Unknown,
}

/// A container image, identified by its config digest; the same image on many hosts is one row.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "images")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Digest of the image configuration, `sha256:…`.
    pub digest: String,
    /// Bytes, uncompressed where known.
    pub size: i64,
    /// Operating system, as the configuration says it.
    pub os: String,
    /// CPU architecture, as the configuration says it.
    pub architecture: String,
    /// Pretty name of the distribution, empty when unknown.
    pub distro: String,
    /// OSV ecosystem of the distribution's packages (`Debian:11`), empty when none.
    pub ecosystem: String,
    /// Who made it, empty when unsaid.
    pub author: String,
    /// When it was built, 0 when unknown.
    pub created_at: Timestamp,
    /// When Lazaret first saw it.
    pub first_seen_at: Timestamp,
    /// When Lazaret last saw it.
    pub last_seen_at: Timestamp,
    /// Since when no host has it.
    pub gone_at: Option<Timestamp>,
    /// Whether it may be scanned.
    pub authorized: bool,
    /// Where its scans stand.
    pub scan_status: ScanStatus,
    /// Why the last scan failed; empty when it did not.
    pub scan_error: String,
    /// When a task last finished, 0 when never.
    pub last_scanned_at: Timestamp,
    /// The verdict.
    pub security_status: SecurityStatus,
    /// Why the verdict is UNKNOWN; empty when it is not.
    pub security_reason: String,
    /// Distinct CRITICAL vulnerabilities.
    pub critical: i32,
    /// Distinct HIGH vulnerabilities.
    pub high: i32,
    /// Distinct MEDIUM vulnerabilities.
    pub medium: i32,
    /// Distinct LOW vulnerabilities.
    pub low: i32,
    /// Distinct vulnerabilities without a known severity.
    pub unknown: i32,
    /// CRITICAL ones with a fixed version.
    pub fixable_critical: i32,
    /// HIGH ones with a fixed version.
    pub fixable_high: i32,
    /// Secrets that count, of any severity.
    pub secrets: i32,
    /// Malware that counts, of any severity.
    pub malware: i32,
    /// Categories with a finding at or above the risk floor that counts.
    pub categories_at_risk: Categories,
    /// Sort key that packs the counts of all categories: the greater, the worse.
    pub risk_rank: i64,
    /// First tag, else the short digest: what lists sort and search by.
    pub name: String,
    /// Hosts that have it now.
    pub hosts_count: i32,
    /// Containers that use it now.
    pub containers_count: i32,
    /// What was not covered, a JSON list of strings.
    pub not_assessed: String,
    /// What of the packages could not be read, as JSON.
    pub warnings: String,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
