//! Table `containers`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// State of a container, as the engine says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum ContainerState {
    /// Made, never started.
    #[sea_orm(string_value = "CREATED")]
    Created,
    /// Running.
    #[sea_orm(string_value = "RUNNING")]
    Running,
    /// Frozen.
    #[sea_orm(string_value = "PAUSED")]
    Paused,
    /// Being restarted.
    #[sea_orm(string_value = "RESTARTING")]
    Restarting,
    /// Being removed.
    #[sea_orm(string_value = "REMOVING")]
    Removing,
    /// Ended.
    #[sea_orm(string_value = "EXITED")]
    Exited,
    /// Could not be removed.
    #[sea_orm(string_value = "DEAD")]
    Dead,
}

/// An instance of an image on a host.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "containers")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The host.
    pub host_id: i64,
    /// The id the engine gives it.
    pub engine_id: String,
    /// Its name, without a leading slash.
    pub name: String,
    /// The image it was made from.
    pub image_id: i64,
    /// As the engine says it.
    pub state: ContainerState,
    /// The command it runs.
    pub command: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last started, 0 when never or unknown.
    pub started_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
    /// Since when the host no longer lists it.
    pub gone_at: Option<Timestamp>,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The host.
    #[sea_orm(belongs_to = "super::host::Entity", from = "Column::HostId", to = "super::host::Column::Id")]
    Host,
    /// The image it was made from.
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
