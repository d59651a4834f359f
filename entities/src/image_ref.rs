//! Table `image_refs`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// One image as one engine knows it.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image_refs")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The host.
    pub host_id: i64,
    /// The id the engine gives it.
    pub engine_id: String,
    /// Digest of the manifest, empty when unknown.
    pub manifest_digest: String,
    /// The image.
    pub image_id: i64,
    /// Path of the archive that holds it, empty on an engine.
    pub location: String,
    /// When it was last listed.
    pub last_seen_at: Timestamp,
    /// Since when the host no longer lists it.
    pub gone_at: Option<Timestamp>,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The host.
    #[sea_orm(belongs_to = "super::host::Entity", from = "Column::HostId", to = "super::host::Column::Id")]
    Host,
    /// The image.
    #[sea_orm(belongs_to = "super::image::Entity", from = "Column::ImageId", to = "super::image::Column::Id")]
    Image,
}

impl Related<super::host::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Host.def()
    }
}

impl Related<super::image::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Image.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
