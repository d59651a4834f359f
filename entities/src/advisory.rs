//! Table `advisories`.

use sea_orm::entity::prelude::*;

use crate::severity::Severity;
use crate::timestamp::Timestamp;

/// One record of an advisory source.
#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "advisories")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Base name of the ecosystem, `Debian`.
    pub ecosystem: String,
    /// The record's id, `DSA-5343-1`.
    pub osv_id: String,
    /// When the record last changed.
    pub modified: Timestamp,
    /// When it was published, 0 when unsaid.
    pub published: Timestamp,
    /// Whether it was taken back.
    pub withdrawn: bool,
    /// Its rating.
    pub severity: Severity,
    /// Who rated it (`GHSA`, `CVSS 3.1`), empty when nobody did.
    pub severity_source: String,
    /// CVSS base score.
    pub cvss_score: Option<f64>,
    /// CVSS vector, empty when none.
    pub cvss_vector: String,
    /// One line.
    pub summary: String,
    /// The long text, compressed with zstd.
    pub details: Vec<u8>,
    /// Where to read more, empty when unknown.
    pub url: String,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
