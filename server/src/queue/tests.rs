use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use lazaret_entities::queue as row;
use lazaret_entities::queue::QueueState;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, Statement};

use super::sql::Sql;
use super::*;
use crate::store::testing::on_each_database;
use crate::store::{BoxFuture, Store};

const LEASE: Duration = Duration::from_mins(1);

/// Remembers what was abandoned.
#[derive(Default)]
struct Deaf(Mutex<Vec<(String, Abandoned)>>);

impl Handler for Deaf {
    fn kind(&self) -> &'static str {
        "TEST"
    }

    fn run(&self, _task: Task) -> BoxFuture<'_, Result<Ended, Failure>> {
        Box::pin(async { Ok(Ended::GiveBack) })
    }

    fn abandoned<'t>(
        &'t self,
        _tx: &'t DatabaseTransaction,
        key: &'t str,
        why: &'t Abandoned,
    ) -> BoxFuture<'t, Result<(), QueueError>> {
        self.0.lock().unwrap().push((key.to_owned(), why.clone()));
        Box::pin(async { Ok(()) })
    }
}

async fn order(store: &Store, key: &str, max_attempts: i32) -> Enqueued {
    let tx = store.begin_write().await.unwrap();
    let enqueued = enqueue(&tx, "TEST", key, store.clock().now(), max_attempts).await.unwrap();
    tx.commit().await.unwrap();
    enqueued
}

async fn claim_all(store: &Store) -> Vec<Lease> {
    claim(store, "TEST", 100, LEASE).await.unwrap()
}

async fn end(store: &Store, lease: &Lease) -> Result<(), QueueError> {
    let tx = store.begin_write().await?;
    finish(&tx, lease).await?;
    Ok(tx.commit().await?)
}

async fn run(store: &Store, text: &str) {
    let tx = store.begin_write().await.unwrap();
    tx.execute_unprepared(text).await.unwrap();
    tx.commit().await.unwrap();
}

/// Time goes by for the leases: the rows move, not the clock, which on PostgreSQL is the server's.
async fn expire(store: &Store) {
    run(store, "UPDATE queue SET lease_until = 1 WHERE state = 'RUNNING'").await;
}

async fn rows(store: &Store) -> Vec<row::Model> {
    row::Entity::find().all(store.read()).await.unwrap()
}

#[tokio::test]
async fn who_lost_the_lease_cannot_write() {
    on_each_database("who_lost_the_lease_cannot_write", |store| async move {
        order(&store, "a", 3).await;
        let old = claim_all(&store).await.remove(0);
        expire(&store).await;
        reap(&store, &Deaf::default()).await.unwrap();
        let new = claim_all(&store).await.remove(0);
        assert!(new.token > old.token && new.attempt == 2);

        assert!(matches!(end(&store, &old).await, Err(QueueError::LeaseLost { .. })));
        let tx = store.begin_write().await.unwrap();
        let now = store.clock().now();
        assert!(matches!(retry(&tx, &old, "no", now).await, Err(QueueError::LeaseLost { .. })));
        assert!(matches!(give_back(&tx, &old).await, Err(QueueError::LeaseLost { .. })));
        drop(tx);
        let beat = heartbeat(&store, &[(old.id, old.token)], LEASE).await.unwrap();
        assert_eq!(beat, Beat { lost: vec![old.id], cancelled: vec![] });

        end(&store, &new).await.unwrap();
        assert!(matches!(end(&store, &new).await, Err(QueueError::LeaseLost { .. })));
        assert_eq!(rows(&store).await[0].state, QueueState::Done);
    })
    .await;
}

#[tokio::test]
async fn one_heartbeat_renews_all_and_tells_what_is_cancelled_or_lost() {
    on_each_database("one_heartbeat_renews_all", |store| async move {
        for key in ["a", "b", "c"] {
            order(&store, key, 3).await;
        }
        let leases = claim_all(&store).await;
        let before: Vec<_> = rows(&store).await.iter().map(|row| row.lease_until).collect();
        let tx = store.begin_write().await.unwrap();
        assert_eq!(cancel(&tx, "TEST", "b").await.unwrap(), Cancelled::Requested);
        finish(&tx, &leases[2]).await.unwrap();
        tx.commit().await.unwrap();
        let pairs: Vec<_> = leases.iter().map(|lease| (lease.id, lease.token)).collect();
        let beat = heartbeat(&store, &pairs, LEASE * 10).await.unwrap();
        assert_eq!(beat, Beat { lost: vec![leases[2].id], cancelled: vec![leases[1].id] });
        let mut after = rows(&store).await;
        after.sort_by_key(|row| row.id);
        assert!(after[0].lease_until > before[0] && after[1].lease_until > before[1]);
    })
    .await;
}

#[tokio::test]
async fn a_claim_takes_what_is_due_and_no_more_than_its_slots() {
    on_each_database("a_claim_takes_what_is_due", |store| async move {
        for key in ["a", "b", "c"] {
            order(&store, key, 3).await;
        }
        run(&store, "UPDATE queue SET run_at = run_at - 5 WHERE key = 'c'").await;
        let leases = claim(&store, "TEST", 2, LEASE).await.unwrap();
        assert_eq!(leases.iter().map(|lease| lease.key.as_str()).collect::<Vec<_>>(), ["c", "a"]);
        assert!(claim(&store, "OTHER", 2, LEASE).await.unwrap().is_empty());
        // Ten years ahead of both clocks.
        run(&store, "UPDATE queue SET run_at = run_at + 315360000000000 WHERE key = 'b'").await;
        assert!(claim_all(&store).await.is_empty());
        assert!(next_due(&store, "TEST").await.unwrap().unwrap() > Duration::from_hours(1));
        assert_eq!(next_due(&store, "OTHER").await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_claimers_get_each_row_once() {
    on_each_database("many_claimers_get_each_row_once", |store| async move {
        for number in 0..60 {
            order(&store, &number.to_string(), 3).await;
        }
        let mut claimers = Vec::new();
        for _ in 0..6 {
            let store = store.clone();
            claimers.push(tokio::spawn(async move {
                let mut keys = Vec::new();
                while let Some(lease) = claim(&store, "TEST", 1, LEASE).await.unwrap().pop() {
                    end(&store, &lease).await.unwrap();
                    keys.push(lease.key);
                }
                keys
            }));
        }
        let mut keys = Vec::new();
        for claimer in claimers {
            keys.extend(claimer.await.unwrap());
        }
        assert_eq!((keys.len(), keys.iter().collect::<HashSet<_>>().len()), (60, 60));
    })
    .await;
}

#[tokio::test]
async fn the_reaper_gives_up_at_the_last_attempt_and_a_clean_end_does_not_count() {
    on_each_database("the_reaper_gives_up", |store| async move {
        order(&store, "deadly", 2).await;
        let lease = claim_all(&store).await.remove(0);
        let tx = store.begin_write().await.unwrap();
        give_back(&tx, &lease).await.unwrap();
        tx.commit().await.unwrap();
        let handler = Deaf::default();
        for attempt in 1..=2 {
            let lease = claim_all(&store).await.remove(0);
            assert_eq!(lease.attempt, attempt);
            expire(&store).await;
            reap(&store, &handler).await.unwrap();
        }
        assert!(claim_all(&store).await.is_empty());
        let abandoned = handler.0.lock().unwrap().clone();
        assert_eq!(abandoned.len(), 1);
        assert!(matches!(&abandoned[0], (key, Abandoned::Failed(why)) if key == "deadly" && why.contains("2 times")));
        assert_eq!(rows(&store).await[0].state, QueueState::Done);
    })
    .await;
}

#[tokio::test]
async fn a_failure_is_tried_again_until_its_attempts_are_over() {
    on_each_database("a_failure_is_tried_again", |store| async move {
        order(&store, "a", 2).await;
        for expected in [Retried::Queued, Retried::GaveUp] {
            let lease = claim_all(&store).await.remove(0);
            let tx = store.begin_write().await.unwrap();
            assert_eq!(retry(&tx, &lease, "it broke", store.clock().now()).await.unwrap(), expected);
            tx.commit().await.unwrap();
        }
        let row = rows(&store).await.remove(0);
        assert_eq!((row.state, row.error.as_str(), row.attempt), (QueueState::Done, "it broke", 2));

        order(&store, "b", 5).await;
        let lease = claim_all(&store).await.remove(0);
        let tx = store.begin_write().await.unwrap();
        cancel(&tx, "TEST", "b").await.unwrap();
        assert_eq!(retry(&tx, &lease, "stopped", store.clock().now()).await.unwrap(), Retried::Cancelled);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn one_open_row_per_thing() {
    on_each_database("one_open_row_per_thing", |store| async move {
        let Enqueued::New(id) = order(&store, "a", 3).await else { panic!("it is new") };
        assert_eq!(order(&store, "a", 3).await, Enqueued::Joined { id, running: false });
        let lease = claim_all(&store).await.remove(0);
        assert_eq!(order(&store, "a", 3).await, Enqueued::Joined { id, running: true });
        end(&store, &lease).await.unwrap();
        assert!(matches!(order(&store, "a", 3).await, Enqueued::New(next) if next != id));

        let tx = store.begin_write().await.unwrap();
        assert_eq!(cancel(&tx, "TEST", "a").await.unwrap(), Cancelled::Removed);
        assert_eq!(cancel(&tx, "TEST", "a").await.unwrap(), Cancelled::Nothing);
        tx.commit().await.unwrap();
        assert!(claim_all(&store).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn claims_use_their_index_beside_many_finished_rows_and_old_ones_go() {
    on_each_database("claims_use_their_index", |store| async move {
        run(
            &store,
            "INSERT INTO queue (kind, key, state, run_at, lease_token, lease_until, attempt, max_attempts, \
             cancel_requested, finished_at, error) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
             SELECT 'TEST', 'old', 'DONE', i, 1, 0, 1, 3, FALSE, 1, '' FROM n",
        )
        .await;
        order(&store, "new", 3).await;
        run(&store, "ANALYZE queue").await;
        let mut sql = Sql::new(store.backend(), store.clock());
        let select = due(&mut sql, "TEST", 10);
        let explain =
            if store.backend() == sea_orm::DbBackend::Sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
        let plan = store.read().query_all_raw(sql.statement(&format!("{explain} {select}"))).await.unwrap();
        let column = if explain == "EXPLAIN" { "QUERY PLAN" } else { "detail" };
        let plan: Vec<String> = plan.iter().map(|row| row.try_get("", column).unwrap()).collect();
        assert!(plan.iter().any(|line| line.contains("queue_due")), "{plan:?}");

        assert_eq!(claim_all(&store).await.len(), 1);
        reap(&store, &Deaf::default()).await.unwrap();
        let count = Statement::from_string(store.backend(), "SELECT count(*) AS n FROM queue");
        let left: i64 = store.read().query_one_raw(count).await.unwrap().unwrap().try_get("", "n").unwrap();
        assert_eq!(left, 99_001, "one pass removes a batch, not all");
    })
    .await;
}
