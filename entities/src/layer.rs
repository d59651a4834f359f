//! Table `layers`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// A filesystem layer, identified by its diff ID.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "layers")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Digest of the uncompressed tar, `sha256:…`.
    pub diff_id: String,
    /// Bytes, uncompressed; 0 when unknown.
    pub size: i64,
    /// When Lazaret first saw it.
    pub created_at: Timestamp,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
