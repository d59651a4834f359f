use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lazaret_entities::queue as row;
use lazaret_entities::queue::QueueState;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::store::testing::{on_each_database, sqlite};
use crate::store::{BoxFuture, Store};

/// Does what the key says: `ok…`, `fail…`, `panic…`, `wait…` (until it is told to stop).
struct Worker {
    store: Store,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    ran: Mutex<Vec<String>>,
    abandoned: Mutex<Vec<(String, Abandoned)>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Worker {
    async fn work(&self, mut task: Task) -> Result<Ended, Failure> {
        self.seen.ran.lock().unwrap().push(task.lease.key.clone());
        let key = task.lease.key.clone();
        if key.starts_with("fail") {
            return Err("it broke".into());
        }
        assert!(!key.starts_with("panic"), "a bug");
        if key.starts_with("wait") {
            return match task.stop().await {
                Stop::ShuttingDown => Ok(Ended::GiveBack),
                Stop::Cancelled => Err("cancelled".into()),
                Stop::Lost => Err("lost".into()),
            };
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        let tx = self.store.begin_write().await?;
        finish(&tx, &task.lease).await?;
        tx.commit().await?;
        Ok(Ended::Finished)
    }
}

impl Handler for Worker {
    fn kind(&self) -> &'static str {
        "TEST"
    }

    fn run(&self, task: Task) -> BoxFuture<'_, Result<Ended, Failure>> {
        Box::pin(async move {
            let now = self.seen.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.seen.most.fetch_max(now, Ordering::SeqCst);
            let ended = self.work(task).await;
            self.seen.now.fetch_sub(1, Ordering::SeqCst);
            ended
        })
    }

    fn abandoned<'t>(
        &'t self,
        _tx: &'t DatabaseTransaction,
        key: &'t str,
        why: &'t Abandoned,
    ) -> BoxFuture<'t, Result<(), QueueError>> {
        self.seen.abandoned.lock().unwrap().push((key.to_owned(), why.clone()));
        Box::pin(async { Ok(()) })
    }
}

struct Running {
    seen: Arc<Seen>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// A runner whose slow poll is too slow for any test: what happens, happens because something woke it.
fn start(store: &Store, slots: usize) -> Running {
    let options = RunnerOptions {
        slots,
        heartbeat: Duration::from_millis(50),
        poll: Duration::from_mins(10),
        retry: Duration::ZERO,
        ..RunnerOptions::default()
    };
    let seen = Arc::new(Seen::default());
    let stop = CancellationToken::new();
    let worker = Worker { store: store.clone(), seen: Arc::clone(&seen) };
    let task = tokio::spawn(Runner::new(store.clone(), worker, options).run(stop.clone()));
    Running { seen, stop, task }
}

impl Running {
    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

async fn order(store: &Store, keys: &[&str]) {
    let tx = store.begin_write().await.unwrap();
    for key in keys {
        enqueue(&tx, "TEST", key, store.clock().now(), 2).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn state(store: &Store, key: &str) -> Option<row::Model> {
    row::Entity::find().all(store.read()).await.unwrap().into_iter().find(|row| row.key == key)
}

/// Waits until `condition` holds; the time-out is for a broken test only.
async fn until(condition: impl AsyncFn() -> bool) {
    for _ in 0..3000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came true");
}

async fn done(store: &Store, key: &str) -> bool {
    state(store, key).await.is_some_and(|row| row.state == QueueState::Done)
}

#[tokio::test]
async fn a_commit_wakes_the_runner_and_slots_are_the_limit() {
    on_each_database("a_commit_wakes_the_runner", |store| async move {
        let running = start(&store, 3);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let keys: Vec<String> = (0..20).map(|number| format!("ok{number}")).collect();
        order(&store, &keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
        until(async || running.seen.ran.lock().unwrap().len() == 20).await;
        until(async || done(&store, "ok19").await).await;
        assert_eq!(running.seen.most.load(Ordering::SeqCst), 3);
        running.end().await;
    })
    .await;
}

#[tokio::test]
async fn failures_and_panics_end_the_attempt_and_not_the_runner() {
    on_each_database("failures_and_panics", |store| async move {
        order(&store, &["fail", "panic", "ok"]).await;
        let running = start(&store, 1);
        until(async || running.seen.abandoned.lock().unwrap().len() == 2).await;
        until(async || done(&store, "ok").await).await;
        let abandoned = running.seen.abandoned.lock().unwrap().clone();
        assert!(abandoned.contains(&("fail".to_owned(), Abandoned::Failed("it broke".to_owned()))));
        let panic = abandoned.iter().find(|(key, _)| key == "panic").unwrap();
        assert!(matches!(&panic.1, Abandoned::Failed(why) if why.contains("a bug")), "{panic:?}");
        assert_eq!(running.seen.ran.lock().unwrap().len(), 5, "two attempts each, and one");
        running.end().await;
    })
    .await;
}

#[tokio::test]
async fn cancelling_stops_what_runs() {
    on_each_database("cancelling_stops_what_runs", |store| async move {
        order(&store, &["wait"]).await;
        let running = start(&store, 1);
        until(async || running.seen.now.load(Ordering::SeqCst) == 1).await;
        let tx = store.begin_write().await.unwrap();
        assert_eq!(cancel(&tx, "TEST", "wait").await.unwrap(), Cancelled::Requested);
        tx.commit().await.unwrap();
        until(async || done(&store, "wait").await).await;
        assert_eq!(*running.seen.abandoned.lock().unwrap(), [("wait".to_owned(), Abandoned::Cancelled)]);
        running.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_lost_lease_stops_the_work_and_stores_nothing() {
    on_each_database("a_lost_lease_stops_the_work", |store| async move {
        order(&store, &["wait"]).await;
        let running = start(&store, 1);
        until(async || running.seen.now.load(Ordering::SeqCst) == 1).await;
        let tx = store.begin_write().await.unwrap();
        // As another worker would leave it.
        tx.execute_unprepared("UPDATE queue SET lease_token = lease_token + 1").await.unwrap();
        tx.commit().await.unwrap();
        until(async || running.seen.now.load(Ordering::SeqCst) == 0).await;
        running.end().await;
        let row = state(&store, "wait").await.unwrap();
        assert_eq!((row.state, row.attempt), (QueueState::Running, 1));
    })
    .await;
}

#[tokio::test]
async fn a_graceful_stop_gives_the_lease_back() {
    on_each_database("a_graceful_stop_gives_the_lease_back", |store| async move {
        order(&store, &["wait1", "wait2"]).await;
        let running = start(&store, 2);
        until(async || running.seen.now.load(Ordering::SeqCst) == 2).await;
        running.end().await;
        for key in ["wait1", "wait2"] {
            let row = state(&store, key).await.unwrap();
            assert_eq!((row.state, row.attempt, row.lease_until.as_micros()), (QueueState::Queued, 0, 0));
        }
    })
    .await;
}

#[tokio::test]
async fn the_runner_outlives_a_lock_longer_than_the_busy_timeout() {
    let (store, folder) = sqlite().await;
    let tx = store.begin_write().await.unwrap();
    tx.execute_unprepared("PRAGMA busy_timeout = 20").await.unwrap();
    tx.commit().await.unwrap();
    let config = crate::store::StoreConfig { url: String::new(), data_dir: folder.path().to_path_buf() };
    let other = Store::open(&config, store.clock().clone()).await.unwrap();

    order(&store, &["ok"]).await;
    let blocker = other.begin_write().await.unwrap();
    blocker.execute_unprepared("UPDATE queue SET error = ''").await.unwrap();
    let running = start(&store, 1);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(store.begin_write().await.is_err(), "the lock outlasts the timeout");
    assert!(running.seen.ran.lock().unwrap().is_empty());
    blocker.commit().await.unwrap();
    until(async || done(&store, "ok").await).await;
    running.end().await;
}

#[tokio::test]
async fn the_runner_outlives_broken_connections() {
    on_each_database("the_runner_outlives_broken_connections", |store| async move {
        if store.backend() != DbBackend::Postgres {
            return;
        }
        let running = start(&store, 1);
        for round in 0..5 {
            // Ends every connection of the pool, that of this statement too.
            let _ = store
                .read()
                .execute_unprepared(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()",
                )
                .await;
            let key = format!("ok{round}");
            until(async || {
                let Ok(tx) = store.begin_write().await else { return false };
                let queued = enqueue(&tx, "TEST", &key, store.clock().now(), 2).await.is_ok();
                queued && tx.commit().await.is_ok()
            })
            .await;
            until(async || {
                row::Entity::find()
                    .all(store.read())
                    .await
                    .is_ok_and(|rows| rows.iter().any(|row| row.key == key && row.state == QueueState::Done))
            })
            .await;
        }
        running.end().await;
    })
    .await;
}
