//! Table `scan_job_items`.

use sea_orm::entity::prelude::*;

/// Which task serves which image of a job.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scan_job_items")]
pub struct Model {
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: i64,
    /// The image.
    #[sea_orm(primary_key, auto_increment = false)]
    pub image_id: i64,
    /// The task; the last one when there are two.
    pub task_id: i64,
    /// The task that was running already and looks for some of the categories; `task_id` waits for it.
    pub joined_task_id: Option<i64>,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The job.
    #[sea_orm(
        belongs_to = "super::scan_job::Entity",
        from = "Column::JobId",
        to = "super::scan_job::Column::Id"
    )]
    Job,
    /// The image.
    #[sea_orm(belongs_to = "super::image::Entity", from = "Column::ImageId", to = "super::image::Column::Id")]
    Image,
    /// The task.
    #[sea_orm(
        belongs_to = "super::scan_task::Entity",
        from = "Column::TaskId",
        to = "super::scan_task::Column::Id"
    )]
    Task,
}

impl Related<super::scan_job::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Job.def()
    }
}

impl Related<super::image::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Image.def()
    }
}

impl Related<super::scan_task::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Task.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
