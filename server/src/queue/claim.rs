//! Taking work, keeping it, and taking it back from workers that died.

use std::collections::HashSet;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, QueryResult};

use super::runner::{Abandoned, Handler};
use super::sql::{Sql, until};
use super::{Lease, QueueError};
use crate::store::{Store, WriteTx};

/// How many rows one pass of the reaper touches: it must not hold up other writers.
const REAP_BATCH: i64 = 200;
/// How many finished rows one pass removes.
const PURGE_BATCH: i64 = 1000;
/// How long finished rows stay, for a person who looks.
const KEEP_DONE: Duration = Duration::from_hours(1);

/// What a heartbeat found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beat {
    /// Rows whose lease is no longer the worker's: stop, and store nothing.
    pub lost: Vec<i64>,
    /// Rows that are to be cancelled: stop, and say so.
    pub cancelled: Vec<i64>,
}

/// How long until work of `kind` is due; nothing waits when there is none.
///
/// # Errors
/// The database fails.
pub async fn next_due(store: &Store, kind: &str) -> Result<Option<Duration>, QueueError> {
    let mut sql = Sql::new(store.backend(), store.clock());
    let (now, kind) = (sql.now(), sql.bind(kind));
    let text = format!(
        "SELECT run_at, {now} AS now FROM queue WHERE kind = {kind} AND state = 'QUEUED' ORDER BY run_at, id LIMIT 1"
    );
    let Some(row) = store.read().query_one_raw(sql.statement(&text)).await? else { return Ok(None) };
    let (run_at, now): (i64, i64) = (row.try_get("", "run_at")?, row.try_get("", "now")?);
    Ok(Some(until(run_at, now.into())))
}

/// Claims up to `slots` due rows of `kind` for `lease`, the longest due first. Claim only what can begin at once.
///
/// # Errors
/// The database fails; nothing is claimed.
pub async fn claim(
    store: &Store,
    kind: &str,
    slots: usize,
    lease: Duration,
) -> Result<Vec<Lease>, QueueError> {
    let mut sql = Sql::new(store.backend(), store.clock());
    let until = sql.in_future(lease);
    let due = due(&mut sql, kind, slots);
    let due = sql.ids(&due);
    // The attempt counts from here: work that kills its worker must not be tried for ever.
    let text = format!(
        "UPDATE queue SET state = 'RUNNING', lease_token = lease_token + 1, attempt = attempt + 1, \
         lease_until = {until} WHERE {due} \
         RETURNING id, key, lease_token, attempt, max_attempts, cancel_requested, run_at"
    );
    let tx = store.begin_write().await?;
    let rows = tx.query_all_raw(sql.statement(&text)).await?;
    tx.commit_quietly().await?;
    let mut leases =
        rows.iter().map(|row| read_lease(store, kind, row)).collect::<Result<Vec<(i64, Lease)>, DbErr>>()?;
    // An UPDATE returns its rows in no order.
    leases.sort_by_key(|(run_at, lease)| (*run_at, lease.id));
    Ok(leases.into_iter().map(|(_, lease)| lease).collect())
}

/// The SELECT of the rows to claim next.
pub(super) fn due(sql: &mut Sql<'_>, kind: &str, slots: usize) -> String {
    let (now, kind) = (sql.now(), sql.bind(kind));
    let slots = sql.bind(i64::try_from(slots).unwrap_or(i64::MAX));
    // The state stands in the text: only so does the planner see that the partial index fits.
    format!(
        "SELECT id FROM queue WHERE kind = {kind} AND state = 'QUEUED' AND run_at <= {now} \
         ORDER BY run_at, id LIMIT {slots}"
    )
}

fn read_lease(store: &Store, kind: &str, row: &QueryResult) -> Result<(i64, Lease), DbErr> {
    let lease = Lease {
        id: row.try_get("", "id")?,
        kind: kind.to_owned(),
        key: row.try_get("", "key")?,
        token: row.try_get("", "lease_token")?,
        attempt: row.try_get("", "attempt")?,
        max_attempts: row.try_get("", "max_attempts")?,
        cancel_requested: row.try_get("", "cancel_requested")?,
        clock: store.clock().clone(),
    };
    Ok((row.try_get("", "run_at")?, lease))
}

/// Renews leases for `lease` from now, given as `(id, token)`.
///
/// # Errors
/// The database fails; the leases then run on as they were.
pub async fn heartbeat(store: &Store, held: &[(i64, i64)], lease: Duration) -> Result<Beat, QueueError> {
    if held.is_empty() {
        return Ok(Beat::default());
    }
    let mut sql = Sql::new(store.backend(), store.clock());
    let until = sql.in_future(lease);
    let pairs: Vec<String> =
        held.iter().map(|(id, token)| format!("({}, {})", sql.bind(*id), sql.bind(*token))).collect();
    let text = format!(
        "UPDATE queue SET lease_until = {until} WHERE state = 'RUNNING' AND (id, lease_token) IN (VALUES {}) \
         RETURNING id, cancel_requested",
        pairs.join(", ")
    );
    let tx = store.begin_write().await?;
    let rows = tx.query_all_raw(sql.statement(&text)).await?;
    tx.commit_quietly().await?;
    let (mut kept, mut cancelled) = (HashSet::new(), Vec::new());
    for row in rows {
        let id: i64 = row.try_get("", "id")?;
        kept.insert(id);
        if row.try_get("", "cancel_requested")? {
            cancelled.push(id);
        }
    }
    let lost = held.iter().map(|(id, _)| *id).filter(|id| !kept.contains(id)).collect();
    Ok(Beat { lost, cancelled })
}

/// Takes back what workers that died had claimed: to be tried again, or given up where that was the last attempt, and
/// then `handler` hears of it in the same transaction. Removes rows that were finished long ago.
///
/// # Errors
/// The database fails, or `handler` does; nothing of that pass is kept.
pub async fn reap<H: Handler + ?Sized>(store: &Store, handler: &H) -> Result<(), QueueError> {
    // Most passes find nothing: they must not wait for the gate, nor make others wait.
    if exists(store, "state = 'RUNNING' AND lease_until <=", Duration::ZERO).await? {
        let tx = store.begin_write().await?;
        take_back(&tx, store, handler).await?;
        tx.commit().await?;
    }
    if exists(store, "state = 'DONE' AND finished_at <=", KEEP_DONE).await? {
        let tx = store.begin_write().await?;
        purge(&tx, store).await?;
        tx.commit_quietly().await?;
    }
    Ok(())
}

async fn exists(store: &Store, condition: &str, ago: Duration) -> Result<bool, QueueError> {
    let mut sql = Sql::new(store.backend(), store.clock());
    let (now, ago) = (sql.now(), sql.bind(micros(ago)));
    let text = format!("SELECT 1 FROM queue WHERE {condition} {now} - {ago} LIMIT 1");
    Ok(store.read().query_one_raw(sql.statement(&text)).await?.is_some())
}

async fn take_back<H: Handler + ?Sized>(
    tx: &DatabaseTransaction,
    store: &Store,
    handler: &H,
) -> Result<(), QueueError> {
    let mut sql = Sql::new(store.backend(), store.clock());
    let (now, kind, batch) = (sql.now(), sql.bind(handler.kind()), sql.bind(REAP_BATCH));
    let dead = sql.ids(&format!(
        "SELECT id FROM queue WHERE kind = {kind} AND state = 'RUNNING' AND lease_until <= {now} \
         ORDER BY lease_until, id LIMIT {batch}"
    ));
    let over = "cancel_requested OR attempt >= max_attempts";
    let text = format!(
        "UPDATE queue SET state = CASE WHEN {over} THEN 'DONE' ELSE 'QUEUED' END, \
         finished_at = CASE WHEN {over} THEN {now} ELSE 0 END, run_at = {now}, lease_until = 0, \
         error = 'its worker stopped without a word' \
         WHERE {dead} RETURNING key, state, attempt, cancel_requested"
    );
    for row in tx.query_all_raw(sql.statement(&text)).await? {
        let (key, state): (String, String) = (row.try_get("", "key")?, row.try_get("", "state")?);
        if state != "DONE" {
            continue;
        }
        let why = if row.try_get("", "cancel_requested")? {
            Abandoned::Cancelled
        } else {
            let attempts: i32 = row.try_get("", "attempt")?;
            Abandoned::Failed(format!(
                "its worker stopped without a word, {attempts} times; see the log of the server, it may need more memory"
            ))
        };
        handler.abandoned(tx, &key, &why).await?;
    }
    Ok(())
}

async fn purge(tx: &WriteTx, store: &Store) -> Result<(), QueueError> {
    let mut sql = Sql::new(store.backend(), store.clock());
    let (now, keep, batch) = (sql.now(), sql.bind(micros(KEEP_DONE)), sql.bind(PURGE_BATCH));
    let old = sql.ids(&format!(
        "SELECT id FROM queue WHERE state = 'DONE' AND finished_at <= {now} - {keep} \
         ORDER BY finished_at LIMIT {batch}"
    ));
    tx.execute_raw(sql.statement(&format!("DELETE FROM queue WHERE {old}"))).await?;
    Ok(())
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
