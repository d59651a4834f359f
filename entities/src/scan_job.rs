//! Table `scan_jobs`.

use sea_orm::entity::prelude::*;

use crate::category::Categories;
use crate::timestamp::Timestamp;

/// What asked for a scan job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Trigger {
    /// A person asked.
    #[sea_orm(string_value = "MANUAL")]
    Manual,
    /// A schedule asked.
    #[sea_orm(string_value = "SCHEDULED")]
    Scheduled,
    /// Something changed that asks for it.
    #[sea_orm(string_value = "RESCAN")]
    Rescan,
}

/// Which images a scan job concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Scope {
    /// Every authorized image.
    #[sea_orm(string_value = "ALL")]
    All,
    /// The images that were named.
    #[sea_orm(string_value = "SELECTED")]
    Selected,
}

/// Where a scan job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum JobStatus {
    /// No task has begun.
    #[sea_orm(string_value = "QUEUED")]
    Queued,
    /// Some have begun, not all are finished.
    #[sea_orm(string_value = "RUNNING")]
    Running,
    /// All finished well.
    #[sea_orm(string_value = "SUCCEEDED")]
    Succeeded,
    /// At least one failed.
    #[sea_orm(string_value = "FAILED")]
    Failed,
    /// It was cancelled.
    #[sea_orm(string_value = "CANCELLED")]
    Cancelled,
}

/// One order to scan.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scan_jobs")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What asked for it.
    pub trigger: Trigger,
    /// Which images it concerns.
    pub scope: Scope,
    /// What it looks for.
    pub categories: Categories,
    /// Where it stands.
    pub status: JobStatus,
    /// Images it concerns.
    pub total: i32,
    /// Images that are finished, whatever the end.
    pub done: i32,
    /// Images that failed.
    pub failed: i32,
    /// Images that were cancelled.
    pub cancelled: i32,
    /// When it was ordered.
    pub created_at: Timestamp,
    /// When the first task began, 0 before.
    pub started_at: Timestamp,
    /// When the last task ended, 0 before.
    pub finished_at: Timestamp,
    /// Who ordered it: the token's name, or the program.
    pub requested_by: String,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
