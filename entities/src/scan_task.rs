//! Table `scan_tasks`.

use sea_orm::entity::prelude::*;

use crate::category::Categories;
use crate::timestamp::Timestamp;

/// Where a scan task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum TaskStatus {
    /// It waits.
    #[sea_orm(string_value = "QUEUED")]
    Queued,
    /// A worker has it.
    #[sea_orm(string_value = "RUNNING")]
    Running,
    /// It ended well.
    #[sea_orm(string_value = "SUCCEEDED")]
    Succeeded,
    /// It ended with an error.
    #[sea_orm(string_value = "FAILED")]
    Failed,
    /// It was cancelled.
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
}

/// The scan of one image, which several jobs may share.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scan_tasks")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The image.
    pub image_id: i64,
    /// What it looks for.
    pub categories: Categories,
    /// Where it stands.
    pub status: TaskStatus,
    /// Per cent, 0 to 100.
    pub progress: i32,
    /// Why it failed; empty when it did not.
    pub error: String,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it last began, 0 before.
    pub started_at: Timestamp,
    /// When it ended, 0 before.
    pub finished_at: Timestamp,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The image.
    #[sea_orm(belongs_to = "super::image::Entity", from = "Column::ImageId", to = "super::image::Column::Id")]
    Image,
}

impl Related<super::image::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Image.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
