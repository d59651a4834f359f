//! One lease queue for everything that is done later, on SQLite and PostgreSQL.
//!
//! A row of the table `queue` says only what to do and when; the row of the thing itself says how it went, and both
//! change in one transaction. A worker claims, commits, works, and finishes in the transaction that stores what the
//! work gave. Everything it writes is fenced by the token of its claim: who lost the lease can no longer finish.

mod claim;
mod end;
mod order;
mod runner;
#[cfg(test)]
mod runner_tests;
mod settle;
mod sql;
#[cfg(test)]
mod tests;

#[cfg(test)]
use claim::due;
pub use claim::{Beat, claim, heartbeat, next_due, reap};
pub use end::{Retried, finish, give_back, retry};
pub use order::{Cancelled, Enqueued, cancel, enqueue};
pub use runner::{Abandoned, Ended, Failure, Handler, Runner, RunnerOptions, Stop, Task};

use lazaret_entities::queue::QueueState;
use sea_orm::DbErr;

use crate::clock::Clock;
use crate::store::StoreError;

/// A claim on one row, for a limited time.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The row.
    pub id: i64,
    /// What sort of work.
    pub kind: String,
    /// Which thing to work on.
    pub key: String,
    /// The fence: only who holds the newest token may write.
    pub token: i64,
    /// Which attempt this is, 1 the first.
    pub attempt: i32,
    /// How many there may be.
    pub max_attempts: i32,
    /// Whether it was cancelled before it was claimed.
    pub cancel_requested: bool,
    clock: Clock,
}

/// An error of the queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The lease ended or was taken by another worker: nothing of the work may be stored.
    #[error("the lease on {kind} {key} was lost, another worker may have it; its result is dropped")]
    LeaseLost {
        /// What sort of work.
        kind: String,
        /// Which thing.
        key: String,
    },
    /// The row was opened and closed again and again while it was being ordered.
    #[error("cannot queue {kind} {key}: others finish it as fast as it is ordered; order it again")]
    Contended {
        /// What sort of work.
        kind: String,
        /// Which thing.
        key: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DbErr> for QueueError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl Lease {
    fn lost(&self) -> QueueError {
        QueueError::LeaseLost { kind: self.kind.clone(), key: self.key.clone() }
    }
}

fn is_running(state: QueueState) -> bool {
    state == QueueState::Running
}
