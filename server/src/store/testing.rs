//! Stores for tests: real SQLite files and, where a server is given, real PostgreSQL databases.
//!
//! `LAZARET_TEST_POSTGRES` is the URL of a server on which databases may be made, without a database in its path.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lazaret_entities::Timestamp;
use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{Store, StoreConfig};
use crate::clock::Clock;

/// The time at which the manual clock of a test store begins: 2026-01-01 00:00 UTC.
pub const START: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// Runs `body` on a fresh SQLite store and, when there is a server, on a fresh PostgreSQL store.
///
/// `name` is the test's name, for the line that says what was skipped. The clock is manual and begins at [`START`].
pub async fn on_each_database<F, Fut>(name: &str, body: F)
where
    F: Fn(Store) -> Fut,
    Fut: Future<Output = ()>,
{
    let (store, _folder) = sqlite().await;
    body(store).await;
    match postgres().await {
        Some((store, _folder)) => body(store).await,
        None => println!("skipped: {name} on PostgreSQL: LAZARET_TEST_POSTGRES is not set"),
    }
}

/// A fresh SQLite store, in a folder that lives as long as the second value.
///
/// # Panics
/// It cannot be made; that fails the test.
pub async fn sqlite() -> (Store, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = StoreConfig { url: String::new(), data_dir: folder.path().to_path_buf() };
    let store = Store::open(&config, Clock::manual(START)).await.expect("a SQLite store");
    (store, folder)
}

/// A fresh PostgreSQL store, when `LAZARET_TEST_POSTGRES` names a server.
///
/// # Panics
/// The server does not answer, or refuses; that fails the test.
pub async fn postgres() -> Option<(Store, TempDir)> {
    let url = postgres_database().await?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = StoreConfig { url, data_dir: folder.path().to_path_buf() };
    Some((Store::open(&config, Clock::manual(START)).await.expect("a PostgreSQL store"), folder))
}

/// The URL of a fresh PostgreSQL database with the schema, copied from a template that is migrated once.
async fn postgres_database() -> Option<String> {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let server = std::env::var("LAZARET_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
    let server = server.trim_end_matches('/').to_owned();
    let process = std::process::id();
    let template = TEMPLATE
        .get_or_init(async || {
            let name = format!("lazaret_template_{process}");
            administer(
                &server,
                &[format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")],
            )
            .await;
            let folder = tempfile::tempdir().expect("a temporary folder");
            let config =
                StoreConfig { url: format!("{server}/{name}"), data_dir: folder.path().to_path_buf() };
            let store = Store::open(&config, Clock::manual(START)).await.expect("a migrated template");
            // A template with open connections cannot be copied.
            store.read().clone().close().await.expect("a closed pool");
            name
        })
        .await;
    let name = format!("lazaret_test_{process}_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    administer(
        &server,
        &[
            format!("DROP DATABASE IF EXISTS {name}"),
            format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"),
        ],
    )
    .await;
    Some(format!("{server}/{name}"))
}

/// Runs statements on the server. Copying a template waits for whoever else copies it.
async fn administer(server: &str, statements: &[String]) {
    let connection = Database::connect(format!("{server}/postgres")).await.expect("the PostgreSQL server");
    for statement in statements {
        let mut tries = 0;
        while let Err(error) = connection.execute_unprepared(statement).await {
            tries += 1;
            assert!(tries < 50, "{statement}: {error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    connection.close().await.expect("a closed connection");
}
