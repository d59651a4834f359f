//! The ends of a claim. Each is fenced: it happens only while the lease is still the caller's.

use lazaret_entities::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::sql::Sql;
use super::{Lease, QueueError};

/// What became of work that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// It waits for its next attempt.
    Queued,
    /// It was cancelled in the meantime and is not tried again.
    Cancelled,
    /// It was the last attempt.
    GaveUp,
}

/// Ends the work. Call it first in the transaction that stores the result: an order that joins the work then comes
/// either before it, and is served, or after it, and makes a row of its own.
///
/// # Errors
/// [`QueueError::LeaseLost`]: the transaction must be undone. Or the database fails.
pub async fn finish(tx: &DatabaseTransaction, lease: &Lease) -> Result<(), QueueError> {
    let mut sql = Sql::new(tx.get_database_backend(), &lease.clock);
    let (now, fence) = (sql.now(), fence(&mut sql, lease));
    let text = format!(
        "UPDATE queue SET state = 'DONE', lease_until = 0, finished_at = {now}, error = '' WHERE {fence}"
    );
    held(lease, tx.execute_raw(sql.statement(&text)).await?.rows_affected())
}

/// Puts failed work back to be tried at `run_at`, unless that was its last attempt or it was cancelled.
///
/// # Errors
/// [`QueueError::LeaseLost`], or the database fails.
pub async fn retry(
    tx: &DatabaseTransaction,
    lease: &Lease,
    error: &str,
    run_at: Timestamp,
) -> Result<Retried, QueueError> {
    let mut sql = Sql::new(tx.get_database_backend(), &lease.clock);
    let (now, error, run_at) = (sql.now(), sql.bind(error), sql.bind(run_at.as_micros()));
    let fence = fence(&mut sql, lease);
    let over = "cancel_requested OR attempt >= max_attempts";
    let text = format!(
        "UPDATE queue SET state = CASE WHEN {over} THEN 'DONE' ELSE 'QUEUED' END, \
         finished_at = CASE WHEN {over} THEN {now} ELSE 0 END, run_at = {run_at}, lease_until = 0, error = {error} \
         WHERE {fence} RETURNING state, cancel_requested"
    );
    let row = tx.query_one_raw(sql.statement(&text)).await?.ok_or_else(|| lease.lost())?;
    let state: String = row.try_get("", "state")?;
    Ok(match (state.as_str(), row.try_get("", "cancel_requested")?) {
        ("QUEUED", _) => Retried::Queued,
        (_, true) => Retried::Cancelled,
        (_, false) => Retried::GaveUp,
    })
}

/// Gives work back that was not done, as if it had not been claimed: the attempt does not count.
///
/// # Errors
/// [`QueueError::LeaseLost`], or the database fails.
pub async fn give_back(tx: &DatabaseTransaction, lease: &Lease) -> Result<(), QueueError> {
    let mut sql = Sql::new(tx.get_database_backend(), &lease.clock);
    let fence = fence(&mut sql, lease);
    let text =
        format!("UPDATE queue SET state = 'QUEUED', attempt = attempt - 1, lease_until = 0 WHERE {fence}");
    held(lease, tx.execute_raw(sql.statement(&text)).await?.rows_affected())
}

fn fence(sql: &mut Sql<'_>, lease: &Lease) -> String {
    let (id, token) = (sql.bind(lease.id), sql.bind(lease.token));
    format!("id = {id} AND state = 'RUNNING' AND lease_token = {token}")
}

fn held(lease: &Lease, rows: u64) -> Result<(), QueueError> {
    if rows == 1 { Ok(()) } else { Err(lease.lost()) }
}
