//! The store: connections, transactions and the schema, on SQLite or PostgreSQL.
//!
//! Room functions that read take `&impl ConnectionTrait` and are given [`Store::read`]; those that write take the
//! transaction of their caller, which comes from [`Store::write_tx`] or [`Store::begin_write`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbBackend};
use tokio::sync::futures::Notified;

use crate::clock::Clock;

mod connect;
mod error;
mod json;
mod lock;
pub mod page;
mod schema;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod upgrade_tests;
mod write;

pub use error::StoreError;
pub use json::read_json;
pub use lock::ServeLock;
pub use write::{BoxFuture, WriteTx};

use connect::Target;
use write::Gate;

/// Where the store is.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Database URL (`postgres://…`, `sqlite:…`); empty for SQLite in the data folder.
    pub url: String,
    /// The data folder; it is made when it is not there.
    pub data_dir: PathBuf,
}

/// An open store. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    data_dir: PathBuf,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    gate: Gate,
    clock: Clock,
}

impl Store {
    /// Opens the store and brings its schema to this program's version.
    ///
    /// An existing SQLite file is copied before its schema changes. While a server of another version uses the data
    /// folder, nothing is changed.
    ///
    /// # Errors
    /// The folder cannot be written to, the URL is wrong, PostgreSQL does not answer, or the schema is not one that
    /// this program may use.
    pub async fn open(config: &StoreConfig, clock: Clock) -> Result<Self, StoreError> {
        let target = connect::target(&config.url, &config.data_dir)?;
        // First of all: it tells clearly when the folder cannot be written to, and it keeps two processes from making
        // the same file at once.
        let lock = lock::MigrateLock::take(&config.data_dir).await?;
        let (reader, writer, gate, file) = match target {
            Target::Sqlite(path) => {
                let writer = connect::sqlite_writer(&path).await?;
                (connect::sqlite_readers(&path).await?, writer, Gate::one_at_a_time(), Some(path))
            }
            Target::Postgres { url, server } => {
                let pool = connect::postgres(&url, &server).await?;
                (pool.clone(), pool, Gate::open(), None)
            }
        };
        let inner = Inner { data_dir: config.data_dir.clone(), reader, writer, gate, clock };
        let store = Self { inner: Arc::new(inner) };
        schema::ensure(&store, &lock, file.as_deref()).await?;
        Ok(store)
    }

    /// Makes this process the one server of the data folder for as long as the lock lives.
    ///
    /// # Errors
    /// Another server has it, or the folder cannot be written to.
    pub async fn lock_for_serve(&self) -> Result<ServeLock, StoreError> {
        let path = &self.inner.data_dir;
        let lock = lock::MigrateLock::take(path).await?;
        lock.try_serve()?.ok_or_else(|| StoreError::AlreadyServing { path: path.clone() })
    }

    /// Connections to read from. On SQLite they refuse to write.
    pub fn read(&self) -> &DatabaseConnection {
        &self.inner.reader
    }

    /// The clock that all times in the store come from.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Which of the two databases it is.
    pub fn backend(&self) -> DbBackend {
        self.inner.reader.get_database_backend()
    }

    /// Runs `work` in a transaction: committed when it returns `Ok`, undone when it returns `Err` or is dropped.
    ///
    /// `work` owns what it uses; where it must borrow, [`Store::begin_write`] says the same in another shape. Do no
    /// slow work in it: on SQLite every other writer of the process waits.
    ///
    /// # Errors
    /// What `work` returns, or the database refuses to begin or to commit.
    pub async fn write_tx<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, E>> + Send,
        T: Send,
        E: From<StoreError> + Send,
    {
        let transaction = self.begin_write().await?;
        match work(&transaction).await {
            Ok(value) => {
                transaction.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // The error of the work says more than that of a connection that broke on the way back.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }

    /// Begins a transaction that may write; it changes nothing until [`WriteTx::commit`].
    ///
    /// # Errors
    /// The database cannot be reached, or another process holds SQLite's write lock for longer than 30 s.
    pub async fn begin_write(&self) -> Result<WriteTx, StoreError> {
        self.inner.gate.begin(&self.inner.writer).await
    }

    /// Resolves at the next commit of this process; a hint that there may be work.
    pub(crate) fn committed(&self) -> Notified<'_> {
        self.inner.gate.committed().notified()
    }

    fn data_dir(&self) -> &Path {
        &self.inner.data_dir
    }

    fn writer(&self) -> &DatabaseConnection {
        &self.inner.writer
    }
}
