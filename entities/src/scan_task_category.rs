//! Table `scan_task_categories`.

use sea_orm::entity::prelude::*;

use crate::category::Category;
use crate::scan_task::TaskStatus;

/// Where one category of a scan task stands: one may fail while the others succeed.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scan_task_categories")]
pub struct Model {
    /// The task.
    #[sea_orm(primary_key, auto_increment = false)]
    pub task_id: i64,
    /// The category.
    #[sea_orm(primary_key, auto_increment = false)]
    pub category: Category,
    /// Where it stands.
    pub status: TaskStatus,
    /// Per cent, 0 to 100.
    pub progress: i32,
    /// Why it failed; empty when it did not.
    pub error: String,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The task.
    #[sea_orm(
        belongs_to = "super::scan_task::Entity",
        from = "Column::TaskId",
        to = "super::scan_task::Column::Id"
    )]
    Task,
}

impl Related<super::scan_task::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Task.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
