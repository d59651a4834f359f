//! The schema: whether it is this program's, and how it becomes so.

use std::path::{Path, PathBuf};

use lazaret_migration::Migrator;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use sea_orm_migration::{MigratorTrait, SchemaManager};

use super::lock::MigrateLock;
use super::{Store, StoreError};

/// One number for all Lazarets: who migrates PostgreSQL holds this advisory lock.
const POSTGRES_LOCK: i64 = 0x6c61_7a61_7265_7400;

/// How the schema of a database stands to this program.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Empty,
    Older,
    Current,
}

async fn state(connection: &DatabaseConnection) -> Result<State, StoreError> {
    if !SchemaManager::new(connection).has_table("seaql_migrations").await? {
        return Ok(State::Empty);
    }
    let statement = Statement::from_string(
        connection.get_database_backend(),
        "SELECT version FROM seaql_migrations ORDER BY version",
    );
    let applied = connection
        .query_all_raw(statement)
        .await?
        .iter()
        .map(|row| row.try_get::<String>("", "version"))
        .collect::<Result<Vec<_>, DbErr>>()?;
    let known: Vec<String> =
        Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    if let Some(unknown) = applied.iter().find(|name| !known.contains(name)) {
        return Err(StoreError::NewerSchema { migration: unknown.clone() });
    }
    Ok(match applied.len() {
        0 => State::Empty,
        count if count < known.len() => State::Older,
        _ => State::Current,
    })
}

/// Brings the schema to this program's version, if it is not. `file` is that of SQLite.
pub(super) async fn ensure(store: &Store, lock: &MigrateLock, file: Option<&Path>) -> Result<(), StoreError> {
    let connection = store.writer();
    let state = state(connection).await?;
    if state == State::Current {
        return Ok(());
    }
    let Some(file) = file else { return migrate_postgres(store).await };
    if lock.try_serve()?.is_none() {
        return Err(StoreError::VersionsDiffer { path: store.data_dir().to_path_buf() });
    }
    if state == State::Older {
        let path = backup(connection, file, store.clock().now().as_micros()).await?;
        tracing::info!(copy = %path.display(), "copied the database before upgrading it");
    }
    let transaction = store.begin_write().await?;
    Migrator::up(&*transaction, None).await.map_err(StoreError::Migration)?;
    transaction.commit().await
}

async fn migrate_postgres(store: &Store) -> Result<(), StoreError> {
    let transaction = store.begin_write().await?;
    // Held until the transaction ends; who comes second finds nothing left to do.
    let lock = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_advisory_xact_lock($1)",
        [POSTGRES_LOCK.into()],
    );
    transaction.execute_raw(lock).await?;
    Migrator::up(&*transaction, None).await.map_err(StoreError::Migration)?;
    transaction.commit().await
}

#[cfg(test)]
pub(super) async fn refuse_newer(store: &Store) -> Result<(), StoreError> {
    state(store.read()).await.map(|_| ())
}

/// Copies the database beside itself; a copy by the file system would miss what is in the write-ahead log.
pub(super) async fn backup(
    connection: &DatabaseConnection,
    file: &Path,
    now: i64,
) -> Result<PathBuf, StoreError> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".before-upgrade-{}", now / 1_000_000));
    let path = file.with_file_name(name);
    let statement = Statement::from_sql_and_values(
        DbBackend::Sqlite,
        "VACUUM INTO ?",
        [path.to_string_lossy().into_owned().into()],
    );
    match connection.execute_raw(statement).await {
        Ok(_) => Ok(path),
        Err(source) => Err(StoreError::Backup { path, source }),
    }
}
