//! Table `advisory_sets`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// The state of the advisories of one ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "advisory_sets")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Base name of the ecosystem, `Debian`.
    pub ecosystem: String,
    /// Base address it came from, or `import`.
    pub source: String,
    /// `ETag` of the last download, empty when none.
    pub etag: String,
    /// When the set was last loaded, 0 when never.
    pub fetched_at: Timestamp,
    /// The newest `modified` of its records, 0 when it has none.
    pub newest_modified: Timestamp,
    /// How many records it has.
    pub records: i64,
    /// Why the last try failed; empty when it did not.
    pub last_error: String,
    /// When it was last tried, 0 when never.
    pub last_tried_at: Timestamp,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
