use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lazaret_entities::{package, setting};
use lazaret_migration::Migrator;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, Database, DbBackend, EntityTrait, PaginatorTrait,
    Statement,
};

use sea_orm_migration::MigratorTrait;

use super::testing::{START, on_each_database, postgres, sqlite};
use super::{Store, StoreConfig, StoreError, schema};
use crate::clock::Clock;

fn setting(key: &str, value: &str) -> setting::ActiveModel {
    setting::ActiveModel { key: Set(key.to_owned()), value: Set(value.to_owned()) }
}

fn config(url: &str, data_dir: &Path) -> StoreConfig {
    StoreConfig { url: url.to_owned(), data_dir: data_dir.to_path_buf() }
}

async fn open(url: &str, data_dir: &Path) -> Result<Store, StoreError> {
    Store::open(&config(url, data_dir), Clock::manual(START)).await
}

async fn settings(store: &Store) -> u64 {
    setting::Entity::find().count(store.read()).await.unwrap()
}

#[tokio::test]
async fn what_fails_or_is_dropped_is_undone() {
    on_each_database("what_fails_or_is_dropped_is_undone", |store| async move {
        let failed = store
            .write_tx(|tx| {
                Box::pin(async move {
                    setting("a", "1").insert(tx).await?;
                    Err::<(), StoreError>(sea_orm::DbErr::Custom("no".to_owned()).into())
                })
            })
            .await;
        assert!(failed.is_err());
        let tx = store.begin_write().await.unwrap();
        setting("b", "1").insert(&*tx).await.unwrap();
        drop(tx);
        assert_eq!(settings(&store).await, 0);
        let stored: Result<_, StoreError> =
            store.write_tx(|tx| Box::pin(async move { Ok(setting("c", "1").insert(tx).await?) })).await;
        assert_eq!(stored.unwrap().key, "c");
        assert_eq!(settings(&store).await, 1);
    })
    .await;
}

#[tokio::test]
async fn readers_refuse_to_write_on_sqlite() {
    let (store, _folder) = sqlite().await;
    assert!(setting("a", "1").insert(store.read()).await.is_err());
}

#[tokio::test]
async fn sqlite_keeps_its_temporary_data_out_of_the_systems_folder() {
    let (store, _folder) = sqlite().await;
    let tx = store.begin_write().await.unwrap();
    let query = || Statement::from_string(DbBackend::Sqlite, "PRAGMA temp_store");
    for row in [tx.query_one_raw(query()).await.unwrap(), store.read().query_one_raw(query()).await.unwrap()]
    {
        let kept: i32 = row.unwrap().try_get_by_index(0).unwrap();
        assert_eq!(kept, 2, "2 is MEMORY");
    }
}

#[tokio::test]
async fn writers_come_in_the_order_of_asking() {
    let (store, _folder) = sqlite().await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let first = store.begin_write().await.unwrap();
    let mut waiting = Vec::new();
    for number in 0..20 {
        let (store, order) = (store.clone(), Arc::clone(&order));
        waiting.push(tokio::spawn(async move {
            let tx = store.begin_write().await.unwrap();
            order.lock().unwrap().push(number);
            tx.commit().await.unwrap();
        }));
        // On one thread: the task is at the gate before the next one is made.
        tokio::task::yield_now().await;
    }
    first.commit().await.unwrap();
    for task in waiting {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reading_then_writing_loses_nothing_beside_another_process() {
    let (store, folder) = sqlite().await;
    // A second store on the same file has a gate of its own, as a second process has.
    let other = open("", folder.path()).await.unwrap();
    let tx = store.begin_write().await.unwrap();
    setting("count", "0").insert(&*tx).await.unwrap();
    tx.commit().await.unwrap();
    let mut tasks = Vec::new();
    for number in 0..100 {
        let store = if number % 2 == 0 { store.clone() } else { other.clone() };
        tasks.push(tokio::spawn(async move {
            let tx = store.begin_write().await.unwrap();
            let row = setting::Entity::find_by_id("count").one(&*tx).await.unwrap().unwrap();
            let next = row.value.parse::<u32>().unwrap() + 1;
            setting("count", &next.to_string()).update(&*tx).await.unwrap();
            tx.commit().await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let row = setting::Entity::find_by_id("count").one(store.read()).await.unwrap().unwrap();
    assert_eq!(row.value, "100");
}

#[tokio::test]
async fn only_one_server_per_data_folder() {
    let (store, folder) = sqlite().await;
    let lock = store.lock_for_serve().await.unwrap();
    // A short command opens the store beside the server, and may write.
    let other = open("", folder.path()).await.unwrap();
    let tx = other.begin_write().await.unwrap();
    setting("a", "1").insert(&*tx).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(other.lock_for_serve().await, Err(StoreError::AlreadyServing { .. })));
    drop(lock);
    other.lock_for_serve().await.unwrap();
}

#[tokio::test]
async fn nothing_migrates_beside_a_server_of_another_version() {
    let (store, folder) = sqlite().await;
    let _lock = store.lock_for_serve().await.unwrap();
    let tx = store.begin_write().await.unwrap();
    tx.execute_unprepared("DELETE FROM seaql_migrations").await.unwrap();
    tx.commit().await.unwrap();
    let error = open("", folder.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::VersionsDiffer { .. }), "{error}");
    assert!(error.to_string().contains("versions differ"));
}

#[tokio::test]
async fn a_newer_schema_refuses_to_start() {
    on_each_database("a_newer_schema_refuses_to_start", |store| async move {
        let tx = store.begin_write().await.unwrap();
        tx.execute_unprepared(
            "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000001_future', 0)",
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let error = schema::refuse_newer(&store).await.unwrap_err();
        assert!(error.to_string().contains("m20991231_000001_future"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn the_copy_before_an_upgrade_holds_everything() {
    let (store, folder) = sqlite().await;
    let tx = store.begin_write().await.unwrap();
    setting("a", "1").insert(&*tx).await.unwrap();
    tx.commit().await.unwrap();
    let file = folder.path().join("lazaret.db");
    let copy = schema::backup(store.writer(), &file, START.as_micros()).await.unwrap();
    assert_eq!(copy.file_name().unwrap(), "lazaret.db.before-upgrade-1767225600");
    let copied = open(&format!("sqlite://{}", copy.display()), folder.path()).await.unwrap();
    assert_eq!(settings(&copied).await, 1);
    let again = schema::backup(store.writer(), &file, START.as_micros()).await.unwrap_err();
    assert!(matches!(again, StoreError::Backup { .. }), "{again}");
}

#[tokio::test]
async fn what_cannot_be_opened_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["sqlite::memory:", "sqlite://", "mysql://u:secret@host/db", "nonsense"] {
        let error = open(url, folder.path()).await.unwrap_err().to_string();
        assert!(error.contains("cannot be used") && error.contains("postgres://user@host"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let error = open("sqlite:///nowhere/at/all.db", folder.path()).await.unwrap_err().to_string();
    assert!(error.contains("/nowhere/at/all.db"), "{error}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = open("", &file.join("data")).await.unwrap_err();
    assert!(matches!(error, StoreError::DataFolder { .. }), "{error}");
    assert!(error.to_string().contains("--data-dir"));
}

#[tokio::test]
async fn a_silent_postgres_is_named_without_its_password() {
    // A port that accepts and never answers.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgresql://ann:secret@127.0.0.1:{port}/lazaret");
    let opened = tokio::time::timeout(Duration::from_mins(1), open(&url, folder.path())).await.unwrap();
    let error = opened.unwrap_err().to_string();
    assert!(error.contains(&format!("127.0.0.1:{port}/lazaret")), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

/// A package as the first schema has it.
const OLD_PACKAGE: &str = "INSERT INTO packages (ecosystem, name, version, source_name, source_version, arch, module, \
    match_name, match_version, matched_at) VALUES ('npm', 'a', '1', 'a', '1', '', '', 'a', '1', 0)";

#[tokio::test]
async fn an_older_schema_is_upgraded_with_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lazaret.db");
    let old = Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    Migrator::up(&old, Some(1)).await.unwrap();
    old.execute_unprepared(OLD_PACKAGE).await.unwrap();
    old.close().await.unwrap();
    let store = open("", folder.path()).await.unwrap();
    let packages = package::Entity::find().all(store.read()).await.unwrap();
    assert_eq!((packages.len(), packages[0].licenses.as_str()), (1, ""));
    let seconds = START.as_micros() / 1_000_000;
    assert!(folder.path().join(format!("lazaret.db.before-upgrade-{seconds}")).is_file());

    let Some((store, _folder)) = postgres().await else {
        println!(
            "skipped: an_older_schema_is_upgraded_with_its_rows on PostgreSQL: LAZARET_TEST_POSTGRES is not set"
        );
        return;
    };
    let connection = store.writer();
    connection.execute_unprepared("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
    Migrator::up(connection, Some(1)).await.unwrap();
    connection.execute_unprepared(OLD_PACKAGE).await.unwrap();
    Migrator::up(connection, None).await.unwrap();
    assert_eq!(package::Entity::find().all(connection).await.unwrap()[0].licenses, "");
}
