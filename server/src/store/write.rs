//! The only way to write: one transaction after the other on SQLite, in the order of asking.
//!
//! A SQLite transaction that begins by reading and then writes fails when another has written in between, and no
//! time-out helps. So each takes the write lock when it begins (IMMEDIATE). And because SQLite hands its lock to
//! whoever polls at the right moment, all writers of the process pass one gate that is first come, first served.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::StoreError;

/// A future on the heap, as `Store::write_tx` takes it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Who may write now.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    /// None on PostgreSQL, where writers do not exclude each other.
    turn: Option<Arc<Semaphore>>,
    committed: Arc<Notify>,
}

impl Gate {
    pub(super) fn one_at_a_time() -> Self {
        Self { turn: Some(Arc::new(Semaphore::new(1))), committed: Arc::default() }
    }

    pub(super) fn open() -> Self {
        Self { turn: None, committed: Arc::default() }
    }

    /// Told after each commit of this process.
    pub(super) fn committed(&self) -> &Notify {
        &self.committed
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that begins a transaction")]
    pub(super) async fn begin(&self, connection: &DatabaseConnection) -> Result<WriteTx, StoreError> {
        let turn = match &self.turn {
            // It is never closed: no permit means that the process is ending.
            Some(turn) => Arc::clone(turn).acquire_owned().await.ok(),
            None => None,
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = connection.begin_with_options(options).await?;
        Ok(WriteTx { transaction, committed: Arc::clone(&self.committed), _turn: turn })
    }
}

/// A transaction that may write. Dropped without [`WriteTx::commit`], it changes nothing.
#[derive(Debug)]
pub struct WriteTx {
    // Before the turn: fields are dropped in order, so the next writer finds this transaction ended.
    transaction: DatabaseTransaction,
    committed: Arc<Notify>,
    _turn: Option<OwnedSemaphorePermit>,
}

impl WriteTx {
    /// Makes the changes last, and wakes whoever waits for work.
    ///
    /// # Errors
    /// The database refuses; then nothing has changed.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.commit_quietly().await.map(|committed| committed.notify_waiters())
    }

    /// Commits without waking anybody: for changes that make no work.
    pub(crate) async fn commit_quietly(self) -> Result<Arc<Notify>, StoreError> {
        self.transaction.commit().await?;
        Ok(self.committed)
    }

    /// Undoes the changes.
    ///
    /// # Errors
    /// The connection broke; then nothing has changed either.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.transaction.rollback().await?)
    }
}

impl Deref for WriteTx {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}
