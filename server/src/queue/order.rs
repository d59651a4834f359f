//! Ordering work, and taking the order back.

use lazaret_entities::Timestamp;
use lazaret_entities::queue::QueueState;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, QueryResult, Statement, Value};

use super::{QueueError, is_running};

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// A row was made.
    New(i64),
    /// The thing is in the queue already; the order joins it.
    Joined {
        /// The row.
        id: i64,
        /// Whether a worker has it already.
        running: bool,
    },
}

/// What became of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It had not begun and is gone from the queue.
    Removed,
    /// Its worker was asked to stop, and will say when it has.
    Requested,
    /// It was not in the queue.
    Nothing,
}

/// Orders `key` of `kind`, not before `run_at`; one that is open already is joined.
///
/// A row that is joined stays as it is until `tx` ends: its worker can finish only after that, and then sees what `tx`
/// wrote. Call it once per thing, in one order (by key) where several are ordered in one transaction.
///
/// # Errors
/// The database fails.
pub async fn enqueue(
    tx: &DatabaseTransaction,
    kind: &str,
    key: &str,
    run_at: Timestamp,
    max_attempts: i32,
) -> Result<Enqueued, QueueError> {
    // Between the insert that met an open row and the look at it, the row may have been finished.
    for _ in 0..8 {
        let insert = Statement::from_sql_and_values(
            tx.get_database_backend(),
            "INSERT INTO queue (kind, key, state, run_at, lease_token, lease_until, attempt, max_attempts, \
             cancel_requested, finished_at, error) VALUES ($1, $2, 'QUEUED', $3, 0, 0, 0, $4, $5, 0, '') \
             ON CONFLICT (kind, key) WHERE state IN ('QUEUED', 'RUNNING') DO NOTHING RETURNING id",
            [
                Value::from(kind),
                Value::from(key),
                Value::from(run_at.as_micros()),
                Value::from(max_attempts),
                Value::from(false),
            ],
        );
        if let Some(row) = tx.query_one_raw(insert).await? {
            return Ok(Enqueued::New(row.try_get("", "id")?));
        }
        if let Some((id, state)) = open_row(tx, kind, key).await? {
            return Ok(Enqueued::Joined { id, running: is_running(state) });
        }
    }
    Err(QueueError::Contended { kind: kind.to_owned(), key: key.to_owned() })
}

/// Cancels the open row of `key`: removes it when it waits, asks its worker to stop when it runs.
///
/// Where several are cancelled in one transaction, cancel them in one order (by key).
///
/// # Errors
/// The database fails.
pub async fn cancel(tx: &DatabaseTransaction, kind: &str, key: &str) -> Result<Cancelled, QueueError> {
    let Some((id, state)) = open_row(tx, kind, key).await? else { return Ok(Cancelled::Nothing) };
    let (text, answer) = if is_running(state) {
        ("UPDATE queue SET cancel_requested = TRUE WHERE id = $1", Cancelled::Requested)
    } else {
        ("DELETE FROM queue WHERE id = $1", Cancelled::Removed)
    };
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), text, [Value::from(id)]))
        .await?;
    Ok(answer)
}

/// The open row of a thing, locked until the transaction ends.
async fn open_row(
    tx: &DatabaseTransaction,
    kind: &str,
    key: &str,
) -> Result<Option<(i64, QueueState)>, DbErr> {
    let backend = tx.get_database_backend();
    let lock = if backend == sea_orm::DbBackend::Postgres { " FOR UPDATE" } else { "" };
    let text = format!(
        "SELECT id, state FROM queue WHERE kind = $1 AND key = $2 AND state IN ('QUEUED', 'RUNNING'){lock}"
    );
    let select = Statement::from_sql_and_values(backend, text, [Value::from(kind), Value::from(key)]);
    let read = |row: QueryResult| Ok((row.try_get("", "id")?, row.try_get("", "state")?));
    tx.query_one_raw(select).await?.map(read).transpose()
}
