//! Table `tags`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// A `repository:tag` reference that points to an image on a host.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tags")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The host.
    pub host_id: i64,
    /// The image.
    pub image_id: i64,
    /// The reference, `debian:12`.
    pub reference: String,
    /// When it was first seen to point there.
    pub first_seen_at: Timestamp,
    /// When it was last seen to point there.
    pub last_seen_at: Timestamp,
    /// Since when it no longer points there.
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
