//! Table `queue`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// Where a piece of work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum QueueState {
    /// It waits for its time.
    #[sea_orm(string_value = "QUEUED")]
    Queued,
    /// A worker has a lease on it.
    #[sea_orm(string_value = "RUNNING")]
    Running,
    /// It is finished.
    #[sea_orm(string_value = "DONE")]
    Done,
}

/// Work to be done, with its lease: scheduling only, results are elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "queue")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What sort of work: `SCAN`.
    pub kind: String,
    /// Which thing to work on; one open row per kind and key.
    pub key: String,
    /// Where it stands.
    pub state: QueueState,
    /// Not before this time.
    pub run_at: Timestamp,
    /// Grows with each claim: who holds an older one has lost the lease.
    pub lease_token: i64,
    /// Until when the lease holds, 0 when nobody has it.
    pub lease_until: Timestamp,
    /// How often it was claimed.
    pub attempt: i32,
    /// How often it may be claimed.
    pub max_attempts: i32,
    /// Whether the worker is asked to stop.
    pub cancel_requested: bool,
    /// When it ended, 0 before.
    pub finished_at: Timestamp,
    /// What the last attempt failed with; empty when it did not.
    pub error: String,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
