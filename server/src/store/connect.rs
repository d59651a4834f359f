//! Connections: a pool of readers and one writer for SQLite, one pool for PostgreSQL.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use url::Url;

use super::StoreError;

/// How long a SQLite writer waits for the writer of another process.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long PostgreSQL may take to answer the first time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a statement may wait for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
const SQLITE_READERS: u32 = 8;
const POSTGRES_CONNECTIONS: u32 = 16;

/// SQLite's own temporary files lie in the system's folder for them: outside of the data folder nothing is written.
const TEMP_STORE: &str = "MEMORY";

/// Which database a URL means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Sqlite(PathBuf),
    Postgres { url: String, server: String },
}

/// Reads the database URL; an empty one means SQLite in the data folder.
pub(super) fn target(url: &str, data_dir: &Path) -> Result<Target, StoreError> {
    if url.is_empty() {
        return Ok(Target::Sqlite(data_dir.join("lazaret.db")));
    }
    let bad = |url: &str, reason: &str| StoreError::BadUrl { url: url.to_owned(), reason: reason.to_owned() };
    if let Some(rest) = url.strip_prefix("sqlite:") {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        return match path {
            "" | "/" => Err(bad(url, "it names no file")),
            ":memory:" => Err(bad(url, "a database in memory would be lost at the end of each command")),
            path => Ok(Target::Sqlite(PathBuf::from(path))),
        };
    }
    let parsed = Url::parse(url).map_err(|error| bad("given", &error.to_string()))?;
    let scheme = parsed.scheme();
    if scheme != "postgres" && scheme != "postgresql" {
        return Err(bad(
            &without_password(&parsed),
            &format!("{scheme} is not a database that Lazaret knows"),
        ));
    }
    let server = format!(
        "{}:{}{}",
        parsed.host_str().filter(|host| !host.is_empty()).unwrap_or("the default socket"),
        parsed.port().unwrap_or(5432),
        parsed.path()
    );
    // sea-orm knows one spelling of the scheme.
    let url = format!("postgres{}", &url[scheme.len()..]);
    Ok(Target::Postgres { url, server })
}

fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    // It fails only for URLs that can have no password.
    let _ = url.set_password(None);
    url.to_string()
}

/// The one connection that writes to a SQLite file; it makes the file.
pub(super) async fn sqlite_writer(path: &Path) -> Result<DatabaseConnection, StoreError> {
    let file = path.to_path_buf();
    let mut options = options("sqlite://lazaret.db", 1);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(&file)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "NORMAL")
            .pragma("temp_store", TEMP_STORE)
    });
    connect_sqlite(options, path).await
}

/// The connections that read from a SQLite file. They refuse to write: writes go through the gate.
pub(super) async fn sqlite_readers(path: &Path) -> Result<DatabaseConnection, StoreError> {
    let file = path.to_path_buf();
    let mut options = options("sqlite://lazaret.db", SQLITE_READERS);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(&file)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("query_only", "ON")
            .pragma("temp_store", TEMP_STORE)
    });
    connect_sqlite(options, path).await
}

async fn connect_sqlite(options: ConnectOptions, path: &Path) -> Result<DatabaseConnection, StoreError> {
    Database::connect(options)
        .await
        .map_err(|source| StoreError::OpenFile { path: path.to_path_buf(), source })
}

/// The pool of PostgreSQL connections.
pub(super) async fn postgres(url: &str, server: &str) -> Result<DatabaseConnection, StoreError> {
    let unreachable = |reason: String| StoreError::Unreachable { server: server.to_owned(), reason };
    let mut options = options(url, POSTGRES_CONNECTIONS);
    options.set_application_name("lazaret");
    match tokio::time::timeout(CONNECT_TIMEOUT, Database::connect(options)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(DbErr::Conn(error))) => Err(unreachable(error.to_string())),
        Ok(Err(error)) => Err(unreachable(error.to_string())),
        // A refused connection is tried again until the time is over: the server may be starting.
        Err(_) => Err(unreachable(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()))),
    }
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    options
}
