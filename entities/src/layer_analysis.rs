//! Table `layer_analyses`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// What an analyser found in a layer; read once for all images that share the layer.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "layer_analyses")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Diff ID of the layer.
    pub diff_id: String,
    /// Which analyser: `PACKAGES`.
    pub analyser: String,
    /// Version of the analyser and its rules: another one makes another row.
    pub fingerprint: String,
    /// Version of the encoding of `blob`.
    pub format: i32,
    /// The analysis as JSON, compressed with zstd.
    pub blob: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
